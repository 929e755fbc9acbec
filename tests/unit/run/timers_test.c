// SPDX-License-Identifier: GPL-2.0-or-later
/* Timer probes by a clock that the test turns. */
#include "unit/run/build_image.h"

#include "run/timers.h"

static struct image_builder *with_timers(unsigned n, const uint64_t *periods)
{
	struct image_builder *b = image_new();

	image_probe(b, WIRE_PROBE_BEGIN, "begin", 0);
	for (unsigned i = 0; i < n; i++) {
		uint32_t h = image_probe(b, WIRE_PROBE_TIMER, "timer", 0);

		b->attach[h].period_ns = periods[i];
	}
	return b;
}

static void fire_in_the_order_of_time(void **state)
{
	struct image_builder *b =
		with_timers(3, (const uint64_t[]){30, 20, 30});
	struct run_timers t;

	assert_int_equal(run_timers_init(&t, &b->img, 1), 0);
	run_timers_start(&t, 1000);
	assert_int_equal(run_timers_next(&t), 1020);
	assert_int_equal(run_timers_take(&t, 1019), -1);
	/* 2 at 1020, then 1 and 3 at 1030 as in the script; 2 again at 1040 */
	assert_int_equal(run_timers_take(&t, 1035), 2);
	assert_int_equal(run_timers_take(&t, 1035), 1);
	assert_int_equal(run_timers_take(&t, 1035), 3);
	assert_int_equal(run_timers_take(&t, 1035), -1);
	assert_int_equal(run_timers_next(&t), 1040);
	assert_int_equal(t.overruns, 0);
	run_timers_free(&t);
	free(b);
}

static void late_expirations_are_counted_not_repeated(void **state)
{
	struct image_builder *b = with_timers(1, (const uint64_t[]){10});
	struct run_timers t;

	assert_int_equal(run_timers_init(&t, &b->img, 1), 0);
	run_timers_start(&t, 0);
	/* due at 10, 20, 30, 40, 50 */
	assert_int_equal(run_timers_take(&t, 55), 1);
	assert_int_equal(run_timers_take(&t, 55), -1);
	assert_int_equal(t.overruns, 4);
	/* and stays on the grid */
	assert_int_equal(run_timers_next(&t), 60);
	run_timers_free(&t);
	free(b);
}

static void randomized_intervals_stay_in_range_and_differ(void **state)
{
	struct image_builder *b = with_timers(1, (const uint64_t[]){1000});
	struct run_timers t;
	uint64_t now = 0, least = UINT64_MAX, most = 0;

	b->attach[1].randomize_ns = 200;
	assert_int_equal(run_timers_init(&t, &b->img, 42), 0);
	run_timers_start(&t, now);
	for (int i = 0; i < 2000; i++) {
		uint64_t due = run_timers_next(&t);

		assert_true(due - now >= 800 && due - now <= 1200);
		if (due - now < least)
			least = due - now;
		if (due - now > most)
			most = due - now;
		now = due;
		assert_int_equal(run_timers_take(&t, now), 1);
	}
	/* both ends are reached, or nearly */
	assert_true(least < 810 && most > 1190);
	assert_int_equal(t.overruns, 0);
	run_timers_free(&t);
	free(b);
}

static void a_period_of_zero_does_not_divide(void **state)
{
	struct image_builder *b = with_timers(1, (const uint64_t[]){0});
	struct run_timers t;

	assert_int_equal(run_timers_init(&t, &b->img, 1), 0);
	run_timers_start(&t, 5);
	assert_int_equal(run_timers_take(&t, 10), 1);
	assert_int_equal(run_timers_next(&t), 11);
	run_timers_free(&t);
	free(b);
}

static void without_timers_nothing_is_due(void **state)
{
	struct image_builder *b = with_timers(0, NULL);
	struct run_timers t;

	assert_int_equal(run_timers_init(&t, &b->img, 1), 0);
	run_timers_start(&t, 0);
	assert_true(run_timers_next(&t) == RUN_TIMERS_NEVER);
	assert_int_equal(run_timers_take(&t, UINT64_MAX), -1);
	run_timers_free(&t);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fire_in_the_order_of_time),
		cmocka_unit_test(late_expirations_are_counted_not_repeated),
		cmocka_unit_test(randomized_intervals_stay_in_range_and_differ),
		cmocka_unit_test(a_period_of_zero_does_not_divide),
		cmocka_unit_test(without_timers_nothing_is_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
