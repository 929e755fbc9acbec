/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signed division for machines that have none (BPF before cpu v4): truncates
 * towards zero as C does; the most negative number by -1 wraps.
 */
#include "rt_int.h"

RT_FN w_u64 rt_div(w_u64 c, w_u64 a, w_u64 b)
{
	if (rt_unlikely(!b))
		return rt_fail(c, RT_MSG_DIV_ZERO);
	return rt_sdiv(a, b);
}

/* The remainder has the sign of a. */
RT_FN w_u64 rt_mod(w_u64 c, w_u64 a, w_u64 b)
{
	w_u64 r;

	if (rt_unlikely(!b))
		return rt_fail(c, RT_MSG_DIV_ZERO);
	r = rt_abs64(a) % rt_abs64(b);
	return (w_s64)a < 0 ? -r : r;
}
