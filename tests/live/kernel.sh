# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The kernel: tracepoints, timers, profiles.

# ./p: so many calls of getegid(). Not getppid(): stap asks that itself in the
# new process; and nothing that gives the CPU away, which on a busy machine takes
# minutes.
write_calls() {
	cat >p.c <<'C'
#include <sys/syscall.h>
#include <unistd.h>
int main(void)
{
	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getegid);
	return 0;
}
C
	cc -O2 -DCALLS="$1" p.c -o p
}

test_syscalls_are_counted_exactly() {
	need bpf
	need cc
	write_calls 54321
	"$stap" -c ./p -e 'global n probe kernel.trace("sys_enter") {
		if (pid() == target() && $id == 108) n++ }
		probe end { println(n) }' >out
	[ "$(cat out)" = 54321 ]
}

# Threads that take the CPU from each other in the middle of handlers.
test_syscalls_of_many_threads_are_counted_exactly() {
	need bpf
	need cc
	local n
	n=$(many 100000)
	cat >p.c <<'C'
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
static long n;
static void *call(void *unused)
{
	for (long i = 0; i < n; i++)
		syscall(SYS_getegid);
	return unused;
}
int main(int argc, char **argv)
{
	pthread_t t[8];
	n = atol(argv[1]);
	for (int i = 0; i < 8; i++)
		pthread_create(&t[i], NULL, call, NULL);
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	return 0;
}
C
	cc -O2 -pthread p.c -o p
	"$stap" -DSTP_NO_OVERLOAD -c "./p $n" -e 'global n, plain
		probe kernel.trace("sys_enter") {
			if (pid() == target() && $id == 108) n <<< $id }
		probe process.syscall { if ($syscall == 108) plain++ }
		probe end { println(@count(n), " ", plain) }' >out
	[ "$(cat out)" = "$((8 * n)) $((8 * n))" ] || { cat out; false; }
}

# Not all of them come in registers everywhere; ftrace says what they are.
test_tracepoints_have_all_their_arguments() {
	need bpf
	local in=/sys/kernel/tracing/instances/stap_args_$$
	[ -d /sys/kernel/tracing/events/vmalloc/alloc_vmap_area ] ||
		skip "needs the tracepoint vmalloc:alloc_vmap_area"
	mkdir "$in" || skip "needs instances of ftrace"
	trap "rmdir '$in'" EXIT
	echo 1 >"$in/events/vmalloc/alloc_vmap_area/enable"
	# each process and each program that is loaded allocates some
	"$stap" -c "$stap -e 'probe begin { exit() }'" -e '
		probe kernel.trace("vmalloc:alloc_vmap_area") {
			printf("va_start: %u size=%u align=%u vstart=%#x vend=%#x failed=%d\n",
				$addr, $size, $align, $vstart, $vend, $failed) }' >out
	echo 0 >"$in/events/vmalloc/alloc_vmap_area/enable"
	sed -n 's/.*alloc_vmap_area: //p' "$in/trace" | sort >want
	[ "$(wc -l <out)" -gt 3 ]
	sort out | comm -23 - want >other
	[ ! -s other ] || { head other want; false; }
}

test_tracepoints_that_would_call_themselves() {
	grep -qsa __traceiter_sched_set_need_resched_tp /sys/kernel/btf/vmlinux ||
		skip "needs the tracepoint sched_set_need_resched_tp"
	fails "$stap" -p2 -e 'probe kernel.trace("sched_set_need_resched*") { next }' 2>err
	expect 'left out 1 tracepoint that must not be probed \[tracepoint-dropped\]' err
}

# One program at all of them is told which one it is at.
test_which_tracepoints_a_program_hits() {
	need bpf
	need cc
	write_calls 2000
	"$stap" -c ./p -e 'global n probe kernel.trace("*") {
		if (pid() == target()) n[pn()]++ }
		probe end {
			foreach (p in n) {
				if (p =~ "[:\"]sys_enter\"") entry = n[p]
				if (p =~ "[:\"]sys_exit\"") back = n[p]
				if (p !~ "^kernel.trace.\"[a-zA-Z0-9_:]+\".$") odd++
			}
			printf("%d %d %d\n", entry >= 2000 && entry < 2500,
			       entry - back >= 0 && entry - back < 3, odd) }' >out 2>err ||
		{ grep -q too-many-programs err && skip "needs cookies of raw tracepoints (Linux 6.10)"; cat err; false; }
	[ "$(cat out)" = '1 1 0' ] || { cat out err; false; }
}

test_tracepoint_structures() {
	need bpf
	"$stap" -c 'sh -c "sleep 0.05; true"' -e 'global ok probe kernel.trace("sched_switch") {
		if ($prev->pid == tid() && kernel_string($prev->comm) == execname()) ok++ else bad++ }
		global bad probe end { printf("%d %d\n", ok > 0, bad) }' >out
	expect '^1 0$' out
}

test_exec_and_exit_are_seen() {
	need bpf
	"$stap" -c 'sh -c "/bin/true; /bin/true"' -e 'global b, e
		probe process.begin { b++ } probe process.end { e++ }
		probe end { printf("%d %d\n", b >= 2, e >= 2) }' >out
	[ "$(cat out)" = '1 1' ]
}

test_profile_timer_hits_every_cpu() {
	need bpf
	"$stap" -T 60 -e 'global c probe timer.profile { c[cpu()]++ }
		probe timer.ms(200) { n = 0 foreach (k in c) n++ if (n == $1) exit() }
		probe end { n = 0 foreach (k in c) n++ println(n) }' "$(nproc)" >out
	[ "$(cat out)" = "$(nproc)" ]
}

test_lost_records_are_counted_exactly() {
	need bpf
	need cc
	cat >p.c <<'C'
#include <sys/syscall.h>
#include <unistd.h>
int main(void)
{
	for (int i = 0; i < 400000; i++)
		syscall(SYS_getppid);
	return 0;
}
C
	cc -O2 p.c -o p
	mkfifo pipe
	# a reader that sleeps until all is written: the buffer of 1 MB must overflow
	(until [ -e over ]; do sleep 0.1; done; cat) <pipe >out &
	reader=$!
	"$stap" -s 1 --accounting=acc.json -c "sh -c './p; touch over'" -e 'probe kernel.trace("sys_enter") {
		if (execname() == "p" && $id == 110) printf("%s %d\n", execname(), $id) }' >pipe 2>err || true
	wait $reader
	lines=$(grep -c '^p 110$' out)
	lost=$(sed -n 's/.*"dropped": *\([0-9]*\).*/\1/p' acc.json)
	echo "lines $lines lost $lost"
	[ $((lines + lost)) = 400000 ]
	[ "$lost" -gt 0 ]
}

test_functions_of_modules_are_listed_without_made_up_ones() {
	need bpf
	"$stap" -l 'module("*").function("*")' >out || true
	fails grep -E 'module\("(bpf|__builtin__.*)"\)' out
	# a listing that is cut off says nothing
	"$stap" -l 'kernel.trace("*")' 2>err | head -1 >out
	[ ! -s err ]
	expect '^kernel\.trace\("' out
}

# As SystemTap shows them: numbers in hexadecimal, structures on demand.
test_groups_of_a_tracepoints_parameters() {
	need bpf
	"$stap" -DMAXSTRINGLEN=8192 -c true -e '
global n
probe kernel.trace("sys_enter") {
	if (pid() != target() || n++) next
	println($$parms == sprintf("regs=%#x id=%#x", $regs, $id), $$parms == $$vars)
}
probe kernel.trace("sched_process_exit") {
	if (pid() == target() && isinstr($$parms$, "p={.thread_info={...}, ") && !isinstr($$parms, "{"))
		println("exit")
}' -o out
	printf '11\nexit\n' | diff - out
}
