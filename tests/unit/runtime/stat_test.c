/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Integers and aggregates. */
#include <limits.h>

#include "rt_test.h"

static w_u32 desc_new(enum rt_hist hist, w_s64 low, w_s64 high, w_s64 step)
{
	w_u32 off = heap_alloc(sizeof(struct rt_stat_desc));
	struct rt_stat_desc *d = at(off);

	d->hist = (w_u8)hist;
	d->low = low;
	d->high = high;
	d->step = step;
	if (hist == RT_HIST_LOG)
		d->nbuckets = RT_HIST_LOG_BUCKETS;
	else if (hist == RT_HIST_LINEAR)
		d->nbuckets = (w_u32)((high - low) / step + 3);
	d->size = (w_u32)sizeof(struct rt_stat) + 8 * d->nbuckets;
	return off;
}

static w_u32 stat_new(w_u32 desc)
{
	return heap_alloc(((struct rt_stat_desc *)at(desc))->size);
}

static w_s64 get(w_u32 stat, w_u32 desc, enum rt_statop op)
{
	return (w_s64)rt_stat_get(ctx, stat, desc, op);
}

static void division_truncates_towards_zero(void **state)
{
	heap_new(31);
	for (int i = 0; i < 20000; i++) {
		w_s64 a = (w_s64)(rnd(1ull << 63) >> rnd(63)) - (w_s64)rnd(99);
		w_s64 b = (w_s64)(rnd(1ull << 63) >> rnd(63)) - (w_s64)rnd(99);

		if (!b)
			continue;
		if (rnd(2))
			a = -a;
		if (rnd(2))
			b = -b;
		assert_true((w_s64)rt_div(ctx, (w_u64)a, (w_u64)b) == a / b);
		assert_true((w_s64)rt_mod(ctx, (w_u64)a, (w_u64)b) == a % b);
	}
	assert_no_error();
}

static void the_most_negative_number_wraps(void **state)
{
	heap_new(31);
	assert_true((w_s64)rt_div(ctx, (w_u64)LLONG_MIN, (w_u64)-1) ==
		    LLONG_MIN);
	assert_true(rt_mod(ctx, (w_u64)LLONG_MIN, (w_u64)-1) == 0);
	assert_true((w_s64)rt_div(ctx, (w_u64)LLONG_MIN, 1) == LLONG_MIN);
	assert_true((w_s64)rt_div(ctx, (w_u64)LLONG_MIN, (w_u64)LLONG_MIN) ==
		    1);
	assert_no_error();
}

static void division_by_zero_is_an_error(void **state)
{
	heap_new(31);
	assert_int_equal(rt_div(ctx, 5, 0), 0);
	assert_error(DIV_ZERO);
	assert_int_equal(rt_mod(ctx, 5, 0), 0);
	assert_error(DIV_ZERO);
}

static void aggregates_follow_their_samples(void **state)
{
	for (int round = 0; round < 300; round++) {
		w_s64 n = (w_s64)rnd(20) + 1, sum = 0, min = 0, max = 0;

		heap_new(31);
		w_u32 desc = desc_new(RT_HIST_NONE, 0, 0, 0);
		w_u32 stat = stat_new(desc);
		for (w_s64 i = 0; i < n; i++) {
			w_s64 v = (w_s64)rnd(2001) - 1000;

			if (rnd(2))
				rt_stat_add(stat, desc, (w_u64)v);
			else
				rt_stat_add_basic(stat, (w_u64)v);
			sum += v;
			min = i && min < v ? min : v;
			max = i && max > v ? max : v;
		}
		assert_int_equal(get(stat, desc, RT_STAT_COUNT), n);
		assert_int_equal(get(stat, desc, RT_STAT_SUM), sum);
		assert_int_equal(get(stat, desc, RT_STAT_MIN), min);
		assert_int_equal(get(stat, desc, RT_STAT_MAX), max);
		assert_int_equal(get(stat, desc, RT_STAT_AVG), sum / n);
		assert_no_error();
	}
}

static void an_empty_aggregate_has_a_count_and_a_sum_only(void **state)
{
	heap_new(31);
	w_u32 desc = desc_new(RT_HIST_NONE, 0, 0, 0), stat = stat_new(desc);

	assert_int_equal(get(stat, desc, RT_STAT_COUNT), 0);
	assert_int_equal(get(stat, desc, RT_STAT_SUM), 0);
	assert_no_error();
	for (int op = RT_STAT_MIN; op <= RT_STAT_VARIANCE; op++) {
		assert_int_equal(get(stat, desc, (enum rt_statop)op), 0);
		assert_error(EMPTY_STAT);
	}
}

static w_s64 variance(const w_s64 *v, int n, w_u8 shift)
{
	w_u32 desc = desc_new(RT_HIST_NONE, 0, 0, 0), stat = stat_new(desc);
	struct rt_stat_desc *d = at(desc);

	d->want_variance = 1;
	d->variance_shift = shift;
	for (int i = 0; i < n; i++)
		rt_stat_add(stat, desc, (w_u64)v[i]);
	return get(stat, desc, RT_STAT_VARIANCE);
}

static void variance_gives_the_manuals_figures(void **state)
{
	static const w_s64 v[] = {1, 2, 3, 4, 5};

	heap_new(31);
	assert_int_equal(variance(v, 5, 0), 12);
	assert_int_equal(variance(v, 5, 1), 2);
	assert_int_equal(variance(v, 1, 1), 0);
}

static void variance_with_enough_bits_is_the_textbooks(void **state)
{
	w_s64 v[40];

	for (int round = 0; round < 200; round++) {
		int n = 2 + (int)rnd(38);
		double mean = 0, m2 = 0;

		heap_new(31);
		for (int i = 0; i < n; i++) {
			v[i] = (w_s64)rnd(2000) - 1000;
			mean += (double)v[i] / n;
		}
		for (int i = 0; i < n; i++)
			m2 += ((double)v[i] - mean) * ((double)v[i] - mean);
		m2 /= n - 1;
		w_s64 got = variance(v, n, 16);
		assert_true((double)got <= m2 + 1 && (double)got >= m2 - 1);
	}
}

static void logarithmic_buckets_double(void **state)
{
	heap_new(31);
	w_u32 desc = desc_new(RT_HIST_LOG, 0, 0, 0);

	for (int i = 0; i < 20000; i++) {
		w_s64 v = (w_s64)(rnd(1ull << 63) * 2 + rnd(2)) >> rnd(64);
		w_u32 save = next_off, stat = stat_new(desc);
		int bucket = -1;

		rt_stat_add(stat, desc, (w_u64)v);
		for (w_u32 k = 0; k < RT_HIST_LOG_BUCKETS; k++) {
			w_u64 n = rt_stat_bucket(ctx, stat, desc, k);

			assert_true(n <= 1);
			if (n) {
				assert_int_equal(bucket, -1);
				bucket = (int)k;
			}
		}
		w_s64 low = (w_s64)rt_stat_bucket_low(desc, (w_u64)bucket);
		if (v == 0)
			assert_int_equal(bucket, RT_HIST_LOG_ZERO);
		else if (v > 0)
			assert_true(low <= v && v / 2 < low);
		else
			assert_true(low >= v && v / 2 > low);
		next_off = save;
	}
	assert_int_equal((w_s64)rt_stat_bucket_low(desc, 64), 0);
	assert_int_equal((w_s64)rt_stat_bucket_low(desc, 65), 1);
	assert_int_equal((w_s64)rt_stat_bucket_low(desc, 68), 8);
	assert_int_equal((w_s64)rt_stat_bucket_low(desc, 63), -1);
	assert_int_equal((w_s64)rt_stat_bucket_low(desc, 60), -8);
	assert_true((w_s64)rt_stat_bucket_low(desc, 0) == LLONG_MIN);
	assert_no_error();
}

static void linear_buckets_have_outsiders(void **state)
{
	static const struct {
		w_s64 v;
		w_u64 bucket;
	} t[] = {{-11, 0}, {LLONG_MIN, 0}, {-10, 1},	  {-6, 1},
		 {-5, 2},  {0, 3},	   {9, 4},	  {10, 5},
		 {14, 5},  {15, 6},	   {LLONG_MAX, 6}};

	heap_new(31);
	w_u32 desc = desc_new(RT_HIST_LINEAR, -10, 10, 5);
	assert_int_equal(((struct rt_stat_desc *)at(desc))->nbuckets, 7);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		w_u32 stat = stat_new(desc);

		rt_stat_add(stat, desc, (w_u64)t[i].v);
		for (w_u64 k = 0; k < 7; k++)
			assert_int_equal(rt_stat_bucket(ctx, stat, desc, k),
					 k == t[i].bucket);
	}
	assert_int_equal((w_s64)rt_stat_bucket_low(desc, 0), -10);
	assert_int_equal((w_s64)rt_stat_bucket_low(desc, 1), -10);
	assert_int_equal((w_s64)rt_stat_bucket_low(desc, 2), -5);
	w_u32 stat = stat_new(desc);
	assert_no_error();
	assert_int_equal(rt_stat_bucket(ctx, stat, desc, 1), 0);
	assert_error(EMPTY_STAT);
	rt_stat_add(stat, desc, 0);
	assert_int_equal(rt_stat_bucket(ctx, stat, desc, 7), 0);
	assert_error(BAD_BUCKET);
	rt_stat_bucket(ctx, stat, desc, (w_u64)-1);
	assert_error(BAD_BUCKET);
}

static void clearing_makes_an_aggregate_empty(void **state)
{
	heap_new(31);
	w_u32 desc = desc_new(RT_HIST_LOG, 0, 0, 0), stat = stat_new(desc);
	w_u32 behind = heap_alloc(8);

	*(w_u64 *)at(behind) = CANARY;
	rt_stat_add(stat, desc, 5);
	rt_stat_clear(stat, desc);
	assert_int_equal(get(stat, desc, RT_STAT_COUNT), 0);
	for (w_u64 k = 0; k < RT_HIST_LOG_BUCKETS; k++)
		assert_int_equal(rt_stat_bucket(ctx, stat, desc, k), 0);
	assert_true(*(w_u64 *)at(behind) == CANARY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(division_truncates_towards_zero),
		cmocka_unit_test(the_most_negative_number_wraps),
		cmocka_unit_test(division_by_zero_is_an_error),
		cmocka_unit_test(aggregates_follow_their_samples),
		cmocka_unit_test(an_empty_aggregate_has_a_count_and_a_sum_only),
		cmocka_unit_test(variance_gives_the_manuals_figures),
		cmocka_unit_test(variance_with_enough_bits_is_the_textbooks),
		cmocka_unit_test(logarithmic_buckets_double),
		cmocka_unit_test(linear_buckets_have_outsiders),
		cmocka_unit_test(clearing_makes_an_aggregate_empty),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	heap_free();
	return r;
}
