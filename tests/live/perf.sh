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
