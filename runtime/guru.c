/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is done to the thread that was hit: it waits, or gets a signal. Scripts
 * may use this with -g only.
 */
#include "rt_int.h"

struct delay {
	w_u64 until;
};

RT_STEP(delay_step, struct delay)
{
	(void)i;
	return rt_env_mono_ns() >= st->until;
}

/* A loop in BPF has an end: after about 200 ms there is an error, since a delay
   that ended early would be one of unknown length. */
RT_FN w_u64 rt_delay(w_u64 c, w_u64 ns)
{
	struct delay d = {rt_env_mono_ns() + ns};

	if ((w_s64)ns <= 0)
		return 0;
	RT_LOOP(RT_LOOP_MAX, delay_step, &d);
	if (rt_env_mono_ns() < d.until)
		rt_error_code(c, RT_MSG_DELAY);
	return 0;
}

RT_FN w_u64 rt_raise(w_u64 c, w_u64 signo)
{
	RT_UNUSED(c);
	return rt_env_raise(signo);
}
