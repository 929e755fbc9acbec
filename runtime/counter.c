/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * @perf("name"): what a perf event has counted. The kernel lets a program read
 * an event of the CPU that it runs on. So the events are the CPUs', and whenever
 * a CPU changes tasks a program of the runner's (run/bpf_counter.c) adds what
 * was counted since the last change to the task that goes. The count of the
 * task that runs is that sum, and what its CPU has counted since. (Of a counter
 * that is not of tasks the sums stay 0: the count is the CPU's.)
 */
#include "rt_int.h"

struct counter_read {
	w_u64 c, which;
	w_u64 done;
};

/* The handler may be taken off its CPU between the steps: then once more. */
RT_STEP(counter_step, struct counter_read)
{
	w_u64 at = RT_SCRATCH(st->c), task = at + 8, event = at + 16;
	w_u64 moves = 0, moved = 0, sum = 0, base = 0, cpu;
	long err;

	(void)i;
	rt_st64(task, rt_env_task());
	if (rt_env_counts(task, 0, &moves))
		rt_env_counts(task, st->which + 1, &sum);
	cpu = rt_env_cpu();
	rt_st64(at, cpu);
	rt_env_counts(at, st->which + 1, &base);
	err = rt_env_event(event, cpu * RT_COUNTERS + st->which);
	rt_env_counts(task, 0, &moved);
	if (moved != moves)
		return 0;
	if (!err) {
		st->done = 1;
		rt_st64(at, rt_ld64(event) - base + sum);
	}
	return 1;
}

RT_FN w_u64 rt_counter(w_u64 c, w_u64 which)
{
	struct counter_read st;

	st.c = c;
	st.which = which;
	st.done = rt_zero();
	RT_LOOP(64, counter_step, &st);
	if (!st.done) {
		rt_error_code(c, RT_MSG_COUNTER);
		return 0;
	}
	return rt_ld64(RT_SCRATCH(c));
}
