/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Aggregates: what `<<<` adds to and @count, @sum, ... read.
 *
 * Buckets. @hist_log: bucket 64 counts zeros, 64 + 1 + k the values from 2^k to
 * 2^(k+1) - 1, 64 - 1 - k their negatives. @hist_linear: bucket 0 counts what
 * is below `low`, bucket 1 + k what is from low + k * step up to the next, the
 * last one what is above all of them.
 *
 * Variance: Welford's running mean and sum of squared distances in integers,
 * scaled by the descriptor's bit shift. The integer mean lags behind the true
 * one; when the variance of a scalar is read, the distance between both is
 * added for every sample, as when two samples' variances are combined. This
 * reproduces the manual's example (1 2 3 4 5: 12 without shift, 2 with a shift
 * of 1). For an element of an array it is not added: SystemTap's figures.
 */
#include "rt_int.h"

RT_INLINE w_u64 log_bucket(w_u64 value)
{
	if (!value)
		return RT_HIST_LOG_ZERO;
	if ((w_s64)value > 0)
		return RT_HIST_LOG_ZERO + 1 + rt_log2(value);
	return RT_HIST_LOG_ZERO - 1 - rt_log2(-value);
}

RT_INLINE w_u64 linear_bucket(const struct rt_stat_desc *d, w_u64 value)
{
	w_u64 k;

	if ((w_s64)value < d->low)
		return 0;
	k = (value - (w_u64)d->low) / (w_u64)d->step + 1;
	return k < d->nbuckets ? k : d->nbuckets - 1;
}

RT_INLINE void add_basic(struct rt_stat *s, w_u64 value)
{
	if (s->count == 0) {
		s->min = value;
		s->max = value;
	} else {
		if ((w_s64)value < s->min)
			s->min = value;
		if ((w_s64)value > s->max)
			s->max = value;
	}
	s->count++;
	s->sum = (w_u64)s->sum + value;
}

/* For aggregates with neither a variance nor a histogram. */
RT_FN w_u64 rt_stat_add_basic(w_u64 stat, w_u64 value)
{
	add_basic(rt_at(stat), value);
	return 0;
}

RT_FN w_u64 rt_stat_add(w_u64 stat, w_u64 desc, w_u64 value)
{
	struct rt_stat_desc *d = rt_at(desc);
	struct rt_stat *s = rt_at(stat);
	w_u64 bucket, at;

	add_basic(s, value);
	if (d->want_variance) {
		w_u64 x = value << (d->variance_shift & 63);
		w_u64 delta = x - (w_u64)s->avg_s;

		s->avg_s = (w_u64)s->avg_s + rt_sdiv(delta, s->count);
		s->var_s = (w_u64)s->var_s + delta * (x - (w_u64)s->avg_s);
	}
	if (d->hist == RT_HIST_NONE)
		return 0;
	bucket = d->hist == RT_HIST_LOG ? log_bucket(value)
					: linear_bucket(d, value);
	at = stat + sizeof(struct rt_stat) + bucket * 8;
	rt_st64(at, rt_ld64(at) + 1);
	return 0;
}

/* op: enum rt_statop. An aggregate without samples has a count and a sum of 0,
   and nothing else: the rest are errors. */
RT_FN w_u64 rt_stat_get(w_u64 c, w_u64 stat, w_u64 desc, w_u64 op)
{
	struct rt_stat *s = rt_at(stat);

	if (op > RT_STAT_SUM && !s->count)
		return rt_fail(c, RT_MSG_EMPTY_STAT);
	return rt_stat_value(stat, desc, op);
}

/* @hist_...(x)[index]: the count of a bucket. */
RT_FN w_u64 rt_stat_bucket(w_u64 c, w_u64 stat, w_u64 desc, w_u64 index)
{
	if (!((struct rt_stat *)rt_at(stat))->count)
		return rt_fail(c, RT_MSG_EMPTY_STAT);
	if (index >= rt_stat_buckets(rt_at(desc)))
		return rt_fail(c, RT_MSG_BAD_BUCKET);
	return rt_ld64(stat + sizeof(struct rt_stat) + index * 8);
}

/* The smallest magnitude of a logarithmic bucket, the lower bound of a linear
   one (`low` for the underflow too). */
RT_FN w_u64 rt_stat_bucket_low(w_u64 desc, w_u64 index)
{
	struct rt_stat_desc *d = rt_at(desc);

	if (d->hist == RT_HIST_LOG) {
		if (index == RT_HIST_LOG_ZERO)
			return 0;
		if (index > RT_HIST_LOG_ZERO)
			return 1ull << ((index - RT_HIST_LOG_ZERO - 1) & 63);
		return -(1ull << ((RT_HIST_LOG_ZERO - 1 - index) & 63));
	}
	if (!index)
		return d->low;
	return (w_u64)d->low + (index - 1) * (w_u64)d->step;
}

RT_FN w_u64 rt_stat_clear(w_u64 stat, w_u64 desc)
{
	struct rt_stat_desc *d = rt_at(desc);

	rt_clear(stat, d->size);
	return 0;
}
