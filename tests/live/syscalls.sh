# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# System calls by name: kernel.syscall() and the aliases syscall.*.

build_calls() {
	need cc
	cc -O1 "$(dirname "$stap")/tests/live/syscalls.c" -o calls || fail "cc"
}

test_syscall_arguments_as_text() {
	need bpf
	build_calls
	"$stap" -c ./calls -e '
		probe syscall.openat, syscall.write, syscall.pwrite, syscall.lseek, syscall.faccessat,
		      syscall.mprotect, syscall.socket, syscall.connect, syscall.sendto, syscall.kill,
		      syscall.nanosleep, syscall.dup3, syscall.unlinkat, syscall.mknodat, syscall.umask,
		      syscall.sched_setscheduler, syscall.futex, syscall.close {
			if (pid() == target() && execname() == "calls")
				printf("%s(%s)\n", name, argstr) }' >out || fail "stap"
	while IFS= read -r line; do
		grep -qFx -- "$line" out || fail "no $line"
	done <<'W'
openat(AT_FDCWD, "/dev/null", O_RDWR|O_CREAT|O_APPEND|O_CLOEXEC, 0644)
openat(AT_FDCWD, "/no\"where\n", O_RDONLY)
write(3, "hello\nworld", 11)
pwrite(3, "abc", 3, 7)
lseek(-1, -5, SEEK_CUR)
faccessat(AT_FDCWD, "/etc", R_OK|W_OK)
mprotect(0x1000, 4096, PROT_READ|PROT_EXEC)
socket(PF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP)
connect(99, {AF_INET, 127.0.0.1, 80}, 16)
sendto(99, "hi", 2, MSG_DONTWAIT|MSG_NOSIGNAL, NULL, 0)
nanosleep([0.000001000], 0x0)
dup3(3, 51, O_CLOEXEC)
unlinkat(AT_FDCWD, "/nofile", AT_REMOVEDIR)
mknodat(AT_FDCWD, "/nodir/x", S_IFIFO|0644, 0)
umask(022)
sched_setscheduler(0, SCHED_BATCH, 0x0)
close(99)
W
	expect '^futex\(0x[0-9a-f]+, FUTEX_WAKE_PRIVATE, 1\)$' out
	expect '^kill\([0-9]+, SIG_0\)$' out
}

test_parts_of_socket_addresses() {
	need bpf
	build_calls
	"$stap" -c ./calls -e '
		probe syscall.connect { if (execname() == "calls")
			printf("%s|%s|%s|%s|%s\n", uaddr_af, uaddr_ip, uaddr_ip_port, uaddr_ipv6_flowinfo,
				uaddr_ipv6_scope_id) }' >out
	[ "$(cat out)" = 'AF_INET|127.0.0.1|80||' ]
}

test_syscall_results_as_text() {
	need bpf
	build_calls
	"$stap" -c ./calls -e '
		probe syscall.openat.return, syscall.lseek.return, syscall.unlinkat.return,
		      syscall.dup3.return, syscall.mprotect.return {
			if (pid() == target() && execname() == "calls")
				printf("%s = %s\n", name, retstr)
			if (retval != $return)
				println("differs") }' >out || fail "stap"
	tail -n 5 out >results
	diff - results <<'W' || fail "results"
openat = -2 (ENOENT)
lseek = -9 (EBADF)
mprotect = -12 (ENOMEM)
dup3 = 51
unlinkat = -2 (ENOENT)
W
}

# Some hundred handlers become few programs; each sees its own calls, once.
test_all_syscalls_at_once() {
	need bpf
	"$stap" -c 'dd if=/dev/zero of=/dev/null bs=1 count=1000' -e '
		global own, all, twice, returns
		probe syscall.* { if (pid() == target()) own[name]++ }
		probe syscall.{read,write} { if (pid() == target()) twice[name]++ }
		probe syscall.*.return { if (pid() == target()) returns[name]++ }
		probe kernel.trace("sys_enter") {
			if (pid() == target() && $id < 2)
				all[$id ? "write" : "read"]++ }
		probe end {
			foreach (n in all)
				println(n, all[n] >= 1000, own[n] == all[n], twice[n] == all[n],
					returns[n] - all[n] < 2 && all[n] - returns[n] < 2)
		}' >out 2>err || fail "stap"
	grep -qFx read1111 out && grep -qFx write1111 out || { cat out; fail "counts"; }
}

test_syscalls_have_names() {
	need bpf
	"$stap" -p2 -e 'probe syscall.nosuchcall { }' >/dev/null 2>err && fail "accepted"
	expect 'probe point mismatch' err
	"$stap" -l 'nd_syscall.openat.return' >out || fail "list"
	grep -qFx nd_syscall.openat.return out
}

# Calls that only 32-bit programs have; their numbers are others' elsewhere.
test_syscalls_of_32_bit_programs() {
	need bpf
	need cc
	[ "$(uname -m)" = x86_64 ] || skip "is about x86-64"
	cat >old.c <<'C'
static long old_call(long nr, long a, long b, long c)
{
	__asm__ volatile("int $0x80" : "+a"(nr) : "b"(a), "c"(b), "d"(c) : "memory");
	return nr;
}
int main(void)
{
	/* nice(5), waitpid(-1, NULL, WNOHANG) */
	return old_call(34, 5, 0, 0) || old_call(7, -1, 0, 1) != -10;
}
C
	cc old.c -o old && ./old || skip "needs 32-bit system calls (CONFIG_IA32_EMULATION)"
	"$stap" -c ./old -e '
		probe syscall.nice, syscall.waitpid, syscall.pause, syscall.poll {
			if (execname() == "old") printf("%s(%s)\n", name, argstr) }
		probe syscall.waitpid.return { if (execname() == "old") println(name, " = ", retstr) }' >out
	diff - out <<'W' || fail "differs"
nice(5)
waitpid(-1, 0x0, WNOHANG)
waitpid = -10 (ECHILD)
W
}

test_exec_probes() {
	need bpf
	"$stap" -c 'env /bin/true one "t w"' -e '
		probe kprocess.exec { if (filename == "\"/bin/true\"") println(args) }
		probe kprocess.exec_complete { if (execname() == "true") println(name, success, errno) }' >out
	diff - out <<'W' || fail "differs"
["/bin/true", "one", "t w"]
execve10
W
}
