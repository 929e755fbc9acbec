# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Events that the kernel or the processor count.

# Touches argv[1] new pages in each of argv[2] threads; prints the faults of
# the process since main() began.
perf_toucher() {
	cat >touch.c <<'C'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

static int pages;

__attribute__((noinline)) void begin_touch(void) { asm volatile(""); }
__attribute__((noinline)) void end_touch(void) { asm volatile(""); }

static void *work(void *mem)
{
	begin_touch();
	for (int i = 0; i < pages; i++)
		((volatile char *)mem)[4096 * i] = 1;
	end_touch();
	return NULL;
}

static long faults(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return r.ru_minflt + r.ru_majflt;
}

int main(int argc, char **argv)
{
	long before = faults();
	int threads = atoi(argv[2]);
	pthread_t id[16];

	pages = atoi(argv[1]);
	for (int i = 0; i < threads; i++) {
		void *mem = mmap(NULL, 4096 * pages, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		madvise(mem, 4096 * pages, MADV_NOHUGEPAGE);
		pthread_create(&id[i], NULL, work, mem);
	}
	for (int i = 0; i < threads; i++)
		pthread_join(id[i], NULL);
	fprintf(stderr, "%ld\n", faults() - before);
	return 0;
}
C
	cc -O2 -g -pthread touch.c -o touch
}

test_perf_counts_every_event_of_the_target() {
	need bpf
	need cc
	perf_toucher
	"$stap" -c './touch 500 3' -e 'global n, s
		probe perf.sw.page_faults.sample(1).process { n++ }
		probe perf.sw.page_faults.sample(100).process { s++ }
		probe end { println(n, " ", s) }' >out 2>err
	read -r n s <out
	read -r want <err
	# the program loader has its faults, too
	[ "$n" -ge "$want" ] && [ "$n" -lt $((want + 300)) ] ||
		fail "$n faults, the program saw $want"
	# each thread counts for itself
	[ "$s" -ge 12 ] && [ "$s" -le $((n / 100 + 4)) ] ||
		fail "$s samples of $n faults"
}

test_perf_samples_by_frequency_on_every_cpu() {
	need bpf
	# on an idle CPU the kernel does not find the period
	busy=
	for cpu in $(seq 0 $(($(nproc) - 1))); do
		taskset -c "$cpu" sh -c 'while :; do :; done' &
		busy="$busy $!"
	done
	"$stap" -e 'global n probe perf.sw.cpu_clock.hz(100) { n[cpu()]++ }
		probe timer.s(1) { exit() }
		probe end { foreach (c+ in n) println(c, " ", n[c]) }' >out
	kill $busy
	[ "$(wc -l <out)" = "$(nproc)" ]
	while read -r _ n; do
		[ "$n" -ge 20 ] && [ "$n" -le 130 ] || fail "$n samples: $(tr "\n" " " <out)"
	done <out
}

test_perf_of_another_process() {
	need bpf
	need cc
	perf_toucher
	"$stap" -c "sh -c './touch 400 1 2>err; true'" -e "global n, other probe perf.sw.page_faults.sample(1).process(\"$PWD/touch\") {
		if (execname() == \"touch\") n++ else other++ }
		probe end { println(n, \" \", other) }" >out
	read -r n other <out
	read -r want <err
	[ "$n" -ge "$want" ] && [ "$other" = 0 ] || fail "$n of $want, $other"
}

test_perf_says_what_the_machine_lacks() {
	need bpf
	fails "$stap" -T 1 -e 'probe perf.type(1).config(77) { exit() }' 2>err
	expect 'this kernel has no such software event' err
	fails "$stap" -T 1 -e 'probe perf.type(4000000).config(1) { exit() }' 2>err
	expect 'no events of this type' err
	[ -e /sys/bus/event_source/devices/cpu ] && return
	fails "$stap" -T 1 -e 'probe perf.hw.cpu_cycles { exit() }' 2>err
	expect 'no such hardware counter' err
}

# Every thread says what it has seen of itself, in the arguments of mark().
perf_accountant() {
	cat >account.c <<'C'
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

__attribute__((noinline)) void mark(long faults, long switches, long us)
{
	asm volatile("" : : "r"(faults), "r"(switches), "r"(us));
}

static void tell(void)
{
	struct timespec t;
	struct rusage r;

	getrusage(RUSAGE_THREAD, &r);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	mark(r.ru_minflt + r.ru_majflt, r.ru_nvcsw + r.ru_nivcsw,
	     t.tv_sec * 1000000 + t.tv_nsec / 1000);
}

static void *work(void *arg)
{
	int pages = (int)(long)arg;
	volatile char *mem = mmap(NULL, 4096 * pages, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise((void *)mem, 4096 * pages, MADV_NOHUGEPAGE);
	tell();
	tell(); /* its own faults are done with */
	for (int i = 0; i < pages; i++) {
		mem[4096 * i] = 1;
		if (i % 10 == 0)
			nanosleep(&(struct timespec){0, 100000}, NULL);
		for (volatile int k = 0; k < 100000; k++)
			;
	}
	tell();
	return NULL;
}

int main(void)
{
	pthread_t id[3];

	for (long i = 0; i < 3; i++)
		pthread_create(&id[i], NULL, work, (void *)(200 + 100 * i));
	for (int i = 0; i < 3; i++)
		pthread_join(id[i], NULL);
	return 0;
}
C
	cc -O1 -g -pthread account.c -o account
}

# What a thread's counter rose by between its second and third report is what
# the program saw itself. (It may be taken off its CPU between its own look and
# the probe: a switch, and time that is not the program's.)
test_perf_counter_of_a_thread_is_what_the_thread_saw() {
	need bpf
	need cc
	perf_accountant
	"$stap" -c ./account -e 'global n, f, c, t, wf, wc, wt
		probe perf.sw.page_faults.process("'"$PWD"'/account").counter("faults") {}
		probe perf.sw.context_switches.process("'"$PWD"'/account").counter("switches") {}
		probe perf.sw.task_clock.process("'"$PWD"'/account").counter("clock") {}
		function clock() { return @perf("clock") / 1000 }
		probe process("'"$PWD"'/account").function("mark") {
			i = tid()
			if (++n[i] == 2) {
				f[i] = @perf("faults"); c[i] = @perf("switches"); t[i] = clock()
				wf[i] = $faults; wc[i] = $switches; wt[i] = $us
			} else if (n[i] == 3)
				println(@perf("faults") - f[i], " ", $faults - wf[i], " ",
					@perf("switches") - c[i], " ", $switches - wc[i], " ",
					clock() - t[i], " ", $us - wt[i])
		}' >out
	[ "$(wc -l <out)" = 3 ] || fail "$(cat out)"
	while read -r f wf c wc t wt; do
		[ "$f" = "$wf" ] && [ "$f" -ge 200 ] || fail "$f faults, $wf: $(cat out)"
		[ $((c - wc)) -ge -2 ] && [ $((c - wc)) -le 2 ] && [ "$c" -ge 20 ] ||
			fail "$c switches, $wc: $(cat out)"
		[ $((t * 10)) -ge $((wt * 7)) ] && [ $((t * 7)) -le $((wt * 10 + 100000)) ] ||
			fail "$t us, $wt: $(cat out)"
	done <out
}

# A thread's count begins at 0 with the thread, a process's with its program.
test_perf_counter_begins_with_the_program() {
	need bpf
	need cc
	perf_accountant
	cat >first.c <<'C'
#include <unistd.h>
static char mem[4096 * 5000];
int main(void)
{
	for (int i = 0; i < sizeof(mem); i += 4096)
		((volatile char *)mem)[i] = 1;
	return execl("./account", "account", (char *)0);
}
C
	cc -O1 first.c -o first
	"$stap" -c ./first -e 'global n
		probe perf.sw.page_faults.process("'"$PWD"'/account").counter("faults") {}
		probe process("'"$PWD"'/account").function("main") { println(@perf("faults")) }
		probe process("'"$PWD"'/account").function("mark") { if (!n[tid()]++) println(@perf("faults")) }' >out
	[ "$(wc -l <out)" = 4 ] || fail "$(cat out)"
	read -r main <out
	[ "$main" -ge 20 ] && [ "$main" -le 2000 ] || fail "$(cat out)"
	tail -n 3 out | while read -r n; do
		[ "$n" -le 50 ] || fail "a new thread has $n"
	done
}

# Without .process it is what the CPU has counted, for whomever.
test_perf_counter_of_a_cpu() {
	need bpf
	need cc
	perf_toucher
	"$stap" -c 'taskset -c 0 ./touch 400 1' -e 'global s, f
		probe perf.sw.page_faults.counter("all") { println("never") }
		probe perf.sw.page_faults.process("'"$PWD"'/touch").counter("own") {}
		probe process("'"$PWD"'/touch").function("begin_touch") { s = @perf("all"); f = @perf("own") }
		probe process("'"$PWD"'/touch").function("end_touch") { println(@perf("all") - s, " ", @perf("own") - f) }
		' >out 2>err
	read -r all own <out
	[ "$own" -ge 400 ] && [ "$own" -le 405 ] && [ "$all" -ge "$own" ] && [ "$(wc -l <out)" = 1 ] ||
		fail "$(cat out)"
}

test_perf_counter_that_the_machine_lacks() {
	need bpf
	fails "$stap" -T 1 -e 'probe perf.type(1).config(77).counter("x") {}
		probe kernel.trace("sys_enter") { println(@perf("x")) }' 2>err
	expect 'this kernel has no such software event' err
}
