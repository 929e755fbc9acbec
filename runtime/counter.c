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

/* Words of the scratch memory. */
enum {
	AT_CPU = 0,
	AT_TASK = 8,
	AT_EVENT = 16, /* three of them */
	AT_MOVES = 40,
	AT_MOVED = 48,
	AT_SUM = 56,
	AT_BASE = 64,
	AT_DONE = 72, /* not 0: it was read */
};

/* One try. The handler may be taken off its CPU in the middle: 0, once more. */
RT_FN w_u64 rt_i_counter(w_u64 c, w_u64 which)
{
	w_u64 at = RT_SCRATCH(c);
	long err;

	rt_st64(at + AT_TASK, rt_env_task());
	rt_env_counts(at + AT_TASK, 0, at + AT_MOVES);
	rt_env_counts(at + AT_TASK, which + 1, at + AT_SUM);
	rt_st64(at + AT_CPU, rt_env_cpu());
	rt_env_counts(at + AT_CPU, which + 1, at + AT_BASE);
	err = rt_env_event(at + AT_EVENT,
			   rt_ld64(at + AT_CPU) * RT_COUNTERS + which);
	rt_env_counts(at + AT_TASK, 0, at + AT_MOVED);
	rt_st64(at + AT_DONE, !err);
	return rt_ld64(at + AT_MOVED) == rt_ld64(at + AT_MOVES);
}

/* No loop: on 6.18 the verifier fails where one stands around a call of a global
   function (see rt_i_other_context()). */
RT_FN w_u64 rt_counter(w_u64 c, w_u64 which)
{
	w_u64 at, read = 0;

#define TRY()                                                                  \
	do {                                                                   \
		if (!read)                                                     \
			read = rt_i_counter(c, which);                         \
	} while (0)
	TRY();
	TRY();
	TRY();
	TRY();
	TRY();
	TRY();
#undef TRY
	at = RT_SCRATCH(c);
	if (!read || !rt_ld64(at + AT_DONE)) {
		rt_error_code(c, RT_MSG_COUNTER);
		return 0;
	}
	return rt_ld64(at + AT_EVENT) - rt_ld64(at + AT_BASE) +
	       rt_ld64(at + AT_SUM);
}
