/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a session is found to take too much time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "run/head.h"
#include "run/overload.h"

#define MS 1000000ull

static uint64_t least_max(uint64_t run, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t busy[] = {a, b, c};

	return run_overload_least_max(run, busy, 3);
}

static void the_busiest_cpu_has_at_least_this_much(void **state)
{
	assert_int_equal(least_max(90, 100, 100, 100), 30);
	assert_int_equal(least_max(90, 100, 0, 0), 90);
	assert_int_equal(least_max(90, 10, 100, 100), 40);
	assert_int_equal(least_max(90, 10, 20, 100), 60);
	assert_int_equal(least_max(0, 10, 20, 100), 0);
	/* more than they can have: the clocks differ a little */
	assert_int_equal(least_max(90, 0, 0, 10), 90);
}

/* A target whose handlers take a share of every CPU's time. */
static uint64_t measured_since;
static unsigned share, switched_on;
static long cpus = 64; /* more than are busy here: each has its share */

static int measure(struct run_target *t, bool on)
{
	measured_since = run_clock_ns(CLOCK_MONOTONIC);
	switched_on += on;
	return 0;
}

static uint64_t run_ns(struct run_target *t)
{
	uint64_t passed = run_clock_ns(CLOCK_MONOTONIC) - measured_since;

	return passed * share / 100 * (uint64_t)cpus;
}

static int refuse(struct run_target *t, bool on)
{
	return on ? -1 : 0;
}

static bool overload_within(uint64_t ns, const struct run_target_ops *ops,
			    const struct rt_head *h)
{
	struct run_target t = {.ops = ops};
	struct run_overload o;
	uint64_t now = run_clock_ns(CLOCK_MONOTONIC), end = now + ns;
	unsigned percent = 0;
	bool found = false;

	switched_on = 0;
	run_overload_init(&o, &t, h, now);
	while (!found && now < end && run_overload_next(&o) < end) {
		uint64_t next = run_overload_next(&o);
		struct timespec ts = {.tv_nsec = 1000000};

		if (now < next)
			nanosleep(&ts, NULL);
		now = run_clock_ns(CLOCK_MONOTONIC);
		found = run_overload_turn(&o, now, &percent);
	}
	run_overload_free(&o);
	assert_true(!found || percent > 50);
	return found;
}

static void too_much_is_found_and_little_is_not(void **state)
{
	const struct run_target_ops ops = {.measure = measure,
					   .run_ns = run_ns};
	/* 100 ms, half of which probes may take */
	struct rt_head h = {.cpu_khz = 1000000,
			    .overload_interval = 100000000,
			    .overload_threshold = 50000000};

	share = 80;
	assert_true(overload_within(3000 * MS, &ops, &h));
	assert_int_equal(switched_on, 1);
	share = 0;
	assert_false(overload_within(400 * MS, &ops, &h));
	assert_int_equal(switched_on, 1);
}

static void without_a_limit_nothing_is_measured(void **state)
{
	const struct run_target_ops ops = {.measure = measure,
					   .run_ns = run_ns},
				    none = {0},
				    refused = {.measure = refuse,
					       .run_ns = run_ns};
	struct rt_head h = {.overload_interval = 100000000};

	share = 100;
	assert_false(overload_within(500 * MS, &ops, &h));
	h.overload_threshold = 1000;
	assert_false(overload_within(500 * MS, &none, &h));
	assert_false(overload_within(500 * MS, &refused, &h));
	h.flags = RT_F_NO_TIME_LIMITS;
	assert_false(overload_within(500 * MS, &ops, &h));
	assert_int_equal(switched_on, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_busiest_cpu_has_at_least_this_much),
		cmocka_unit_test(too_much_is_found_and_little_is_not),
		cmocka_unit_test(without_a_limit_nothing_is_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
