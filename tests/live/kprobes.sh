# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Functions of the kernel, on kernels that let them be probed.

# A program that says what it does, in the words of the script below.
write_doer() {
	cat >doer.c <<'C'
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define SAY(...) fprintf(log_, __VA_ARGS__)
static FILE *log_;

int main(int argc, char **argv)
{
	char buf[4096] = "hello";
	struct stat st;

	log_ = fopen(argv[1], "w");
	setvbuf(log_, malloc(1 << 16), _IOFBF, 1 << 16);
	int fd = open("file-a", O_RDWR | O_CREAT | O_EXCL, 0640);
	SAY("do_sys_openat2 file-a %d\n", O_RDWR | O_CREAT | O_EXCL | 0100000);
	SAY("vfs_write file-a 1234 = %ld\n", (long)write(fd, buf, 1234));
	SAY("lseek %d %d %d = %ld\n", fd, 77, SEEK_SET,
	    (long)lseek(fd, 77, SEEK_SET));
	SAY("vfs_read file-a 555 = %ld\n", (long)read(fd, buf, 555));
	SAY("vfs_fallocate file-a 0 4096 8192 = %d\n",
	    fallocate(fd, 0, 4096, 8192));
	SAY("do_truncate file-a 4321 = %d\n", ftruncate(fd, 4321));
	SAY("do_fcntl %d %d %d = %d\n", fd, F_SETFL, O_APPEND,
	    fcntl(fd, F_SETFL, O_APPEND));
	SAY("chmod_common file-a %o = %d\n", 0600, fchmod(fd, 0600));
	SAY("chown_common file-a %d %d = %d\n", 12, 34, fchown(fd, 12, 34));
	struct iovec iov[3] = {{buf, 10}, {buf, 20}, {buf, 30}};
	lseek(fd, 0, SEEK_SET);
	SAY("lseek %d %d %d = 0\n", fd, 0, SEEK_SET);
	SAY("vfs_readv file-a 3 = %ld\n", (long)readv(fd, iov, 3));
	SAY("vfs_mkdir dir-a\n");
	SAY("do_mkdirat dir-a %o = %d\n", 0711, mkdir("dir-a", 0711));
	SAY("do_linkat file-a file-b = %d\n", link("file-a", "file-b"));
	SAY("do_symlinkat target-c file-c = %d\n", symlink("target-c", "file-c"));
	SAY("do_renameat2 file-b file-d %d = %d\n", 1,
	    (int)syscall(SYS_renameat2, AT_FDCWD, "file-b", AT_FDCWD, "file-d",
			 1));
	SAY("vfs_statx file-d = %d\n", stat("file-d", &st));
	SAY("do_unlinkat file-d = %d\n", unlink("file-d"));
	SAY("do_rmdir dir-a = %d\n", rmdir("dir-a"));
	SAY("do_rmdir no-such = %d\n", rmdir("no-such") ? -2 : 0);
	int d = dup3(fd, 200, O_CLOEXEC);
	SAY("ksys_dup3 %d 200 %d = %d\n", fd, O_CLOEXEC, d);
	int p[2], r = pipe2(p, O_NONBLOCK);
	SAY("do_pipe2 %d = %d\n", O_NONBLOCK, r);
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	SAY("__sys_socket %d %d 0 = %d\n", AF_UNIX, SOCK_STREAM, s);
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "sock-a"};
	r = bind(s, (void *)&un, sizeof(un));
	SAY("__sys_bind %d sock-a %d = %d\n", s, (int)sizeof(un), r);
	SAY("__sys_listen %d 17 = %d\n", s, listen(s, 17));
	int c = socket(AF_UNIX, SOCK_STREAM, 0);
	SAY("__sys_socket %d %d 0 = %d\n", AF_UNIX, SOCK_STREAM, c);
	r = connect(c, (void *)&un, sizeof(un));
	SAY("__sys_connect %d sock-a = %d\n", c, r);
	SAY("__sys_sendto %d 100 %d = %ld\n", c, MSG_NOSIGNAL,
	    (long)send(c, buf, 100, MSG_NOSIGNAL));
	struct timespec ts = {0, 1234567};
	nanosleep(&ts, NULL);
	SAY("hrtimer_nanosleep 1234567\n");
	SAY("set_user_nice 5\n");
	setpriority(PRIO_PROCESS, 0, 5);
	SAY("__set_task_comm new-name\n");
	prctl(PR_SET_NAME, "new-name");
	struct sigaction sa = {.sa_handler = SIG_IGN};
	sigaction(SIGUSR2, &sa, NULL);
	SAY("do_sigaction %d 1\n", SIGUSR2);
	int e = epoll_create1(0), ev = eventfd(42, EFD_NONBLOCK);
	SAY("do_eventfd 42 %d = %d\n", EFD_NONBLOCK, ev);
	struct epoll_event ee = {.events = EPOLLIN};
	SAY("do_epoll_ctl %d %d %d = %d\n", e, EPOLL_CTL_ADD, ev,
	    epoll_ctl(e, EPOLL_CTL_ADD, ev, &ee));
	int t = timerfd_create(CLOCK_MONOTONIC, 0);
	struct itimerspec its = {.it_value = {3, 4}};
	SAY("do_timerfd_settime %d 3 4 = %d\n", t,
	    timerfd_settime(t, 0, &its, NULL));
	fsetxattr(fd, "user.a", "12345", 5, 0);
	SAY("vfs_setxattr file-a user.a 5\n");
	struct rlimit rl;
	getrlimit(RLIMIT_NOFILE, &rl);
	SAY("do_prlimit %d\n", RLIMIT_NOFILE);
	pid_t kid = fork();
	if (!kid)
		_exit(3);
	int status;
	waitpid(kid, &status, 0);
	SAY("kernel_wait4 kid = kid\n");
	close(c);
	SAY("filp_close %s\n", "socket");
	fclose(log_);
	return 0;
}
C
	cc -O1 -w doer.c -o doer
}

write_doer_script() {
	cat >doer.stp <<'S'
function file_name:string(file:long)
{
	return kernel_string(@cast(file, "struct file", "kernel")->f_path->dentry->d_name->name)
}
# Functions by the name of one kernel or else of the other ("!").
# only the program itself, and not what it does at its start and end
function mine:long() { return pid() == target() && on }
global on
probe kernel.function("do_sys_openat2") {
	if (pid() != target()) next
	name = user_string($filename)
	if (name == "file-a") { on = 1; printf("do_sys_openat2 %s %d\n", name, $how->flags) }
}
probe kernel.function("vfs_write").return {
	if (mine()) { n = file_name(@entry($file)); if (n == "file-a") printf("vfs_write %s %d = %d\n", n, @entry($count), $return) }
}
probe kernel.function("vfs_read").return {
	if (mine()) { n = file_name(@entry($file)); if (n == "file-a") printf("vfs_read %s %d = %d\n", n, @entry($count), $return) }
}
probe kernel.function("__x64_sys_lseek").return {
	if (mine()) printf("lseek %d %d %d = %d\n", @entry($regs->di), @entry($regs->si), @entry($regs->dx), $return)
}
probe kernel.function("vfs_fallocate").return {
	if (mine()) printf("vfs_fallocate %s %d %d %d = %d\n", file_name(@entry($file)), @entry($mode), @entry($offset), @entry($len), $return)
}
probe kernel.function("do_truncate").return {
	if (mine()) printf("do_truncate %s %d = %d\n", kernel_string(@entry($dentry->d_name->name)), @entry($length), $return)
}
probe kernel.function("do_fcntl").return {
	if (mine()) printf("do_fcntl %d %d %d = %d\n", @entry($fd), @entry($cmd), @entry($arg), $return)
}
probe kernel.function("chmod_common").return {
	if (mine()) printf("chmod_common %s %o = %d\n", kernel_string(@entry($path->dentry->d_name->name)), @entry($mode), $return)
}
probe kernel.function("chown_common").return {
	if (mine()) printf("chown_common %s %d %d = %d\n", kernel_string(@entry($path->dentry->d_name->name)), @entry($user), @entry($group), $return)
}
probe kernel.function("vfs_readv").return {
	if (mine()) printf("vfs_readv %s %d = %d\n", file_name(@entry($file)), @entry($vlen), $return)
}
probe kernel.function("do_mkdirat").return!, kernel.function("filename_mkdirat").return {
	if (mine()) printf("do_mkdirat %s %o = %d\n", @entry(kernel_string($name->name)), @entry($mode), $return)
}
probe kernel.function("vfs_mkdir") {
	if (mine()) printf("vfs_mkdir %s\n", kernel_string($dentry->d_name->name))
}
probe kernel.function("do_linkat").return!, kernel.function("filename_linkat").return {
	if (mine()) printf("do_linkat %s %s = %d\n", @entry(kernel_string($old->name)), @entry(kernel_string($new->name)), $return)
}
probe kernel.function("do_symlinkat").return!, kernel.function("filename_symlinkat").return {
	if (mine()) printf("do_symlinkat %s %s = %d\n", @entry(kernel_string($from->name)), @entry(kernel_string($to->name)), $return)
}
probe kernel.function("do_renameat2").return!, kernel.function("filename_renameat2").return {
	if (mine()) printf("do_renameat2 %s %s %d = %d\n", @entry(kernel_string($from->name)), @entry(kernel_string($to->name)), @entry($flags), $return)
}
probe kernel.function("vfs_statx").return {
	if (mine()) { n = @entry(kernel_string($filename->name)); if (n == "file-d") printf("vfs_statx %s = %d\n", n, $return) }
}
probe kernel.function("do_unlinkat").return!, kernel.function("filename_unlinkat").return {
	if (mine()) printf("do_unlinkat %s = %d\n", @entry(kernel_string($name->name)), $return)
}
probe kernel.function("do_rmdir").return!, kernel.function("filename_rmdir").return {
	if (mine()) printf("do_rmdir %s = %d\n", @entry(kernel_string($name->name)), $return)
}
probe kernel.function("ksys_dup3").return {
	if (mine()) printf("ksys_dup3 %d %d %d = %d\n", @entry($oldfd), @entry($newfd), @entry($flags), $return)
}
probe kernel.function("do_pipe2").return {
	if (mine()) printf("do_pipe2 %d = %d\n", @entry($flags), $return)
}
probe kernel.function("__sys_socket").return {
	if (mine()) printf("__sys_socket %d %d %d = %d\n", @entry($family), @entry($type), @entry($protocol), $return)
}
probe kernel.function("__sys_bind").return {
	if (mine()) printf("__sys_bind %d %s %d = %d\n", @entry($fd), @entry(user_string($umyaddr + 2)), @entry($addrlen), $return)
}
probe kernel.function("__sys_listen").return {
	if (mine()) printf("__sys_listen %d %d = %d\n", @entry($fd), @entry($backlog), $return)
}
probe kernel.function("__sys_connect").return {
	if (mine()) printf("__sys_connect %d %s = %d\n", @entry($fd), @entry(user_string($uservaddr + 2)), $return)
}
probe kernel.function("__sys_sendto").return {
	if (mine()) printf("__sys_sendto %d %d %d = %d\n", @entry($fd), @entry($len), @entry($flags), $return)
}
probe kernel.function("hrtimer_nanosleep") {
	if (mine()) printf("hrtimer_nanosleep %d\n", $rqtp)
}
probe kernel.function("set_user_nice") {
	if (mine()) printf("set_user_nice %d\n", $nice)
}
probe kernel.function("__set_task_comm") {
	if (mine()) printf("__set_task_comm %s\n", kernel_string($buf))
}
probe kernel.function("do_sigaction") {
	if (mine() && $sig == 12) printf("do_sigaction %d %d\n", $sig, $act->sa->sa_handler)
}
probe kernel.function("do_eventfd").return {
	if (mine()) printf("do_eventfd %d %d = %d\n", @entry($count), @entry($flags), $return)
}
probe kernel.function("do_epoll_ctl").return {
	if (mine()) printf("do_epoll_ctl %d %d %d = %d\n", @entry($epfd), @entry($op), @entry($fd), $return)
}
probe kernel.function("do_timerfd_settime").return {
	if (mine()) printf("do_timerfd_settime %d %d %d = %d\n", @entry($ufd), @entry($new->it_value->tv_sec), @entry($new->it_value->tv_nsec), $return)
}
probe kernel.function("vfs_setxattr") {
	if (mine()) printf("vfs_setxattr %s %s %d\n", kernel_string($dentry->d_name->name), kernel_string($name), $size)
}
probe kernel.function("do_prlimit") {
	if (mine() && $resource == 7) printf("do_prlimit %d\n", $resource)
}
probe kernel.function("kernel_wait4").return {
	if (mine()) printf("kernel_wait4 %s = %s\n", @entry($upid) > 0 ? "kid" : "?", $return == @entry($upid) ? "kid" : "?")
}
probe kernel.function("filp_close") {
	if (mine() && ($filp->f_inode->i_mode & 0170000) == 0140000) { printf("filp_close socket\n"); on = 0 }
}
S
}

test_kernel_functions_tell_what_a_program_did() {
	need kprobes
	need cc
	write_doer
	write_doer_script
	"$stap" -w -c './doer said' doer.stp >seen 2>err || { cat err; false; }
	diff said seen
	[ "$(wc -l <said)" -ge 37 ]
}

# The same functions by the other mechanisms: wildcards are kprobes, maxactive
# makes kretprobes of the old kind.
test_every_mechanism_sees_the_same() {
	need kprobes
	need cc
	cat >p.c <<'C'
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
int main(void)
{
	for (int i = 0; i < 1000; i++)
		mkdir(i % 2 ? "made" : "/", i);
	return 0;
}
C
	cc -O1 p.c -o p
	f=do_mkdirat
	"$stap" -l "kernel.function(\"$f\")" >/dev/null 2>&1 || f=filename_mkdirat
	"$stap" -w -c ./p -e '
		global a, b, c, sa, sb, sc, ra, rb, rc, rs, kids
		function mine() { return pid() == target() }
		probe kernel.function("'$f'") { if (mine()) { a++ sa += $mode } }
		probe kernel.function("'${f%?}'?") { if (mine()) { b++ sb += $mode } }
		probe kprobe.function("'$f'") { if (mine()) { c++ sc += $mode } }
		probe kernel.function("'$f'").return { if (mine()) { ra++ rs += $return } }
		probe kernel.function("'${f%?}'*").return { if (mine()) { rb++ rs -= $return } }
		probe kernel.function("'$f'").return.maxactive(20) { if (mine()) { rc++ kids += $return == -17 } }
		probe end { printf("%d %d %d %d %d %d %d %d %d %d %d\n", a, b, c, sa, sb, sc, ra, rb, rc, rs, kids) }' >out
	expect '^1000 1000 1000 499500 499500 499500 1000 1000 1000 0 999$' out
	! grep -q stap_kretprobes /sys/kernel/tracing/kprobe_events
}

test_entry_values_survive_recursion_and_threads() {
	need kprobes
	need cc
	cat >p.c <<'C'
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>
static void *work(void *arg)
{
	char buf[4096];
	int fd = open("/dev/zero", 0);
	for (int i = 1; i <= 500; i++)
		read(fd, buf, i + 1000 * (int)(long)arg % 4096);
	return 0;
}
int main(void)
{
	pthread_t t[4];
	for (long i = 0; i < 4; i++)
		pthread_create(&t[i], 0, work, (void *)i);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], 0);
	return 0;
}
C
	cc -O1 -w -pthread p.c -o p
	# what was asked for is what was read; path walks nest in each other
	"$stap" -w -c ./p -e '
		global n, bad, times, deep
		probe kernel.function("vfs_read").return {
			if (pid() != target()) next
			if (@entry(kernel_string($file->f_path->dentry->d_name->name)) != "zero") next
			n++
			if (@entry($count) != $return || $count != $return) bad++
		}
		probe kernel.function("vfs_r*").return {
			if (pid() == target()) times <<< gettimeofday_ns() - @entry(gettimeofday_ns())
		}
		probe end { printf("%d %d %d\n", n, bad, @min(times) > 0 && @max(times) < 10000000000) }' >out
	expect '^2000 0 1$' out
}

test_missed_returns_are_counted_as_the_kernel_counts() {
	need kprobes
	need cc
	cat >p.c <<'C'
#include <time.h>
#include <pthread.h>
static void *work(void *arg)
{
	struct timespec t = {0, 300000000};
	nanosleep(&t, 0);
	return arg;
}
int main(void)
{
	pthread_t t[8];
	for (int i = 0; i < 8; i++)
		pthread_create(&t[i], 0, work, 0);
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], 0);
	return 0;
}
C
	cc -O1 -pthread p.c -o p
	"$stap" -w --accounting=acc.json -c ./p -e '
		global n
		probe kernel.function("hrtimer_nanosleep").return.maxactive(3) { if (pid() == target()) n++ }
		probe kernel.function("kernel_clone").return { }
		probe end { println(n) }' >out 2>err || true
	cat out acc.json
	# eight slept at the same time, and there was room for three
	[ "$(cat out)" = 3 ]
	expect '"missed": *5' acc.json
}

test_kernel_faults_are_script_errors() {
	need kprobes
	"$stap" -w -c true -e 'probe kernel.function("vfs_read") {
		try { println(@cast(8, "task_struct", "kernel")->pid) } catch (e) { println(e) }
		try { println(kernel_string(5)) } catch (e) { println(e) }
		try { println(kernel_long(5)) } catch (e) { println(e) }
		println(kernel_string2(5, "unknown"))
		exit() }' >out
	cat out
	expect '^read fault .*at 0x[0-9a-f]+' out
	expect '^kernel string copy fault at 0x5' out
	expect '^kernel long copy fault at 0x5' out
	expect '^unknown$' out
}

test_modules_of_the_kernel() {
	need kprobes
	modprobe -n dummy 2>/dev/null || skip "needs the module dummy"
	fails "$stap" -e 'probe module("dummy").function("dummy_xmit") { exit() }' 2>err
	expect 'modprobe dummy' err
	modprobe dummy numdummies=1
	ip link set dummy0 up
	"$stap" -T 20 -e 'probe begin { system("ping -c 1 -W 1 -I dummy0 10.9.9.9 >/dev/null 2>&1; ip -6 address add fd00::1/64 dev dummy0") }
		probe module("dummy").function("dummy_xmit") { printf("%s %s\n", kernel_string($dev->name), ppfunc()); exit() }' >out
	expect '^dummy0 dummy_xmit$' out
}

test_types_of_modules() {
	need kprobes
	modprobe ext4 2>/dev/null || skip "needs the module ext4"
	"$stap" -e 'probe begin { println(&@cast(0, "struct ext4_inode_info", "ext4")->vfs_inode > 0); exit() }' >out
	expect '^1$' out
	# at a probe in the module, its types need no name
	"$stap" -w -p2 -e 'probe module("ext4").function("ext4_sync_file") {
		println(&@cast(0, "ext4_inode_info")->vfs_inode, $datasync) }' >out
	expect 'module."ext4".*ext4_sync_file' out
	"$stap" -l 'module("ext4").trace("ext4_sync_*")' >out
	expect 'module."ext4"..trace.".*ext4_sync_file_enter"' out
	! grep -q jbd2 out
}

test_a_kept_script_finds_its_functions_again() {
	need kprobes
	"$stap" -w -p4 -m kept -e 'probe kernel.function("vfs_rea*") { if (pid() == target() && probefunc() == "vfs_read") hits++ }
		probe kernel.function("vfs_read").return { if (pid() == target()) returns += $return > 0 }
		probe kprobe.function("do_filp_open") { if (pid() == target()) name = kernel_string($pathname->name) }
		global hits, returns, name
		probe end { printf("%d %d %s\n", hits > 0, returns > 0, name) }'
	echo text >some-file
	"${stap}run" -c 'cat some-file' kept.bpf.o >out
	expect '^1 1 some-file$' out
}

test_variables_of_the_kernel() {
	need kprobes
	grep -q ' runqueues$' /proc/kallsyms || skip "needs symbols of data (CONFIG_KALLSYMS_ALL)"
	"$stap" -w -c 'sleep 0.1' -e 'global n, good
		probe kernel.function("hrtimer_nanosleep") {
			if (pid() != target()) next
			n++
			# the per-CPU copy of this CPU, structures and pointers
			if (@var("runqueues")->cpu == cpu() && @var("runqueues")->curr->pid == tid() &&
			    @var("runqueues")->curr == task_current() &&
			    kernel_string(@var("runqueues")->curr->comm) == "sleep" &&
			    @cast(&@var("init_task"), "struct task_struct", "kernel<linux/sched.h>")->pid == 0 &&
			    kernel_string(@cast(&@var("init_task"), "task_struct")->comm) == "swapper/0")
				good++
		}
		probe end { printf("%d %d\n", n > 0, n == good) }' >out
	expect '^1 1$' out
}

test_returns_of_twenty_functions_are_timed() {
	need kprobes
	points=
	for f in vfs_read vfs_write vfs_open vfs_statx vfs_getattr do_sys_openat2 \
		do_filp_open path_openat filp_close kernel_clone kernel_wait4 \
		iterate_dir do_unlinkat do_sigaction vfs_getattr_nosec \
		getname_flags link_path_walk vm_munmap ksys_mmap_pgoff \
		load_elf_binary; do
		points="$points${points:+, }kernel.function(\"$f\").return?"
	done
	"$stap" -w -c 'sh -c "ls -lR /sys/bus >/dev/null; echo x >f; cat f; rm f"' -e '
		global t, n
		probe '"$points"' {
			d = gettimeofday_ns() - @entry(gettimeofday_ns())
			t[ppfunc()] <<< d
			if (d <= 0) n++
		}
		probe end { k = 0; foreach (f in t) { k++; if (@count(t[f]) == 0) n++ }
			printf("%d %d\n", k, n)
			foreach (f in t- limit 1) print(@hist_log(t[f])) }' >out 2>err || { cat err; false; }
	cat out
	# what is inlined on one kernel or the other is passed over
	expect '^(1[5-9]|20) 0$' out
	expect '@@@' out
}
