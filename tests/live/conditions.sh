# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Probes with conditions: attached only while they are true.

# The command looks at what its tracer holds, turns the condition over by a
# system call that the script waits for, and waits until that has an effect.
condition_watcher() {
	cat >watch.sh <<'W'
links() { grep -ls '^link_type' /proc/$PPID/fdinfo/* | wc -l; }
turn() { perl -e 'getppid()'; }
await() { # number
	for _ in $(seq 200); do
		[ "$(links)" = "$1" ] && return
		sleep 0.05
	done
	echo "still $(links), not $1"
}
n=$(links)
turn; await $((n + $1)); echo "armed $(($(links) - n))"
sleep 0.3
turn; await $n; echo "disarmed $(($(links) - n))"
turn; await $((n + $1)); echo "armed again $(($(links) - n))"
sleep 0.2
W
}

test_probes_are_attached_while_their_condition_is_true() {
	need bpf
	need perl
	condition_watcher
	"$stap" -c 'sh watch.sh 1' -e 'global on, n, turns
		probe kernel.trace("sys_enter") { if ($id == 110 && execname() == "perl") { on = !on; turns++ } }
		probe kernel.trace("sched_switch") if (on) { n++ }
		probe end { printf("%d turns, %s\n", turns, n > 0 ? "hits" : "none") }' >out 2>err
	expect '^armed 1$' out
	expect '^disarmed 0$' out
	expect '^armed again 1$' out
	expect '^3 turns, hits$' out
}

test_armed_user_probes_count_while_it_lasts() {
	need bpf
	need cc
	cat >calls.c <<'C'
#include <unistd.h>
__attribute__((noinline)) void quiet(void) { __asm__ volatile(""); }
__attribute__((noinline)) void loud(void) { __asm__ volatile(""); }
__attribute__((noinline)) void turn(void) { __asm__ volatile(""); }
int main(void)
{
	for (int i = 0; i < 1000; i++) quiet(), loud();
	turn();
	usleep(2000000); /* until it is armed, on any machine */
	for (int i = 0; i < 1000; i++) quiet(), loud();
	return 0;
}
C
	cc -O1 calls.c -o calls
	"$stap" -c ./calls -e 'global on, n, m
		probe process("./calls").function("turn") { on = 1 }
		probe process("./calls").function("quiet") if (on) { n++ }
		probe process("./calls").function("loud") if (!on) { m++ }
		probe end { println(n, " ", m) }' >out 2>err
	expect '^1000 1000$' out
	fails grep . err
}

# What a condition cannot say (a division by zero) is said at the hit.
test_conditions_that_fail() {
	need bpf
	fails "$stap" -c 'sh -c "exit 0"' -e 'global z, n
		probe kernel.trace("sys_enter") if (5 / z) { n++ }
		probe end { println("end ", n) }' >out 2>err
	expect 'division by 0' err
}

# One condition over many points is asked once, for all of them.
test_a_condition_of_many_points_is_asked_once() {
	need bpf
	script='global on, n, ticks
		probe kernel.trace("sched_*") if (on) {
			if (isinstr(pn(), "sched_switch\"")) n["switch"]++
			if (isinstr(pn(), "sched_wakeup\"")) n["wakeup"]++
		}
		probe timer.ms(200) {
			on = 1
			seen = n["switch"] > 0 && n["wakeup"] > 0
			if (seen || ++ticks == 100) { println(seen) exit() }
		}'
	"$stap" -p3 -e "$script" >ir
	[ "$(grep -c '^handler .* condition_' ir)" = 1 ] || fail "$(grep -c condition_ ir) handlers ask"
	"$stap" -e "$script" >out 2>err
	expect '^1$' out
}
