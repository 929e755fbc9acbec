# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Hardware breakpoints.

# A program whose variable `watched` has a fixed address; it writes it argv[1]
# times and reads it as often, in two threads.
data_program() {
	cat >w.c <<'C'
#include <pthread.h>
#include <stdlib.h>
/* not in .bss, which the kernel clears at exec */
volatile int watched = 1, other = 1;
static int n;

static void *work(void *arg)
{
	for (int i = 0; i < n; i++) {
		watched = i;
		other = watched;
	}
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t t;

	n = atoi(argv[1]) / 2;
	pthread_create(&t, NULL, work, NULL);
	work(NULL);
	pthread_join(t, NULL);
	return 0;
}
C
	cc -O1 -no-pie -pthread w.c -o w
	address=0x$(nm w | awk '$3 == "watched" { print $1 }')
}

test_data_of_the_target_is_watched() {
	need bpf
	need cc
	data_program
	if ! "$stap" -c './w 100' -e "global n
		probe process.data($address).length(4).write { n++ }
		probe end { println(n) }" >out 2>err; then
		grep -q 'never delivers one' err && skip "needs hardware breakpoints that fire"
		cat err
		fail "failed"
	fi
	[ "$(cat out)" = 100 ]
	"$stap" -c './w 100' -e "global n
		probe process.data($address).length(4).rw { n++ }
		probe end { println(n) }" >out
	[ "$(cat out)" = 200 ]
}

test_data_of_the_kernel_is_watched() {
	need bpf
	grep -q ' [dDbB] jiffies_64$' /proc/kallsyms ||
		skip "needs names of the kernel's variables (CONFIG_KALLSYMS_ALL)"
	if ! "$stap" -T 20 -e 'global n probe kernel.data("jiffies_64").write { n++ exit() }
		probe end { println(n > 0) }' >out 2>err; then
		grep -q 'never delivers one' err && skip "needs hardware breakpoints that fire"
		cat err
		fail "failed"
	fi
	[ "$(cat out)" = 1 ]
}

test_data_probes_say_what_is_missing() {
	need bpf
	fails "$stap" -c true -e 'probe process.data(0x1001).length(8).write { exit() }' 2>err
	expect 'must be a multiple of the length|never delivers one' err
}
