// SPDX-License-Identifier: GPL-2.0-or-later
/* The heap's head follows the clock when somebody sets it. */
#include "unit/run/build_image.h"

#include "run/head.h"

static uint64_t true_base(void)
{
	return run_clock_ns(CLOCK_REALTIME) - run_clock_ns(CLOCK_MONOTONIC);
}

static void a_step_of_the_clock_is_followed(void **state)
{
	struct rt_head h = {.realtime_base_ns = true_base() - 3600000000000};
	uint64_t next_look = 0;

	run_head_follow_clock(&h, CLOCK_MONOTONIC, &next_look);
	assert_true(llabs((long long)(h.realtime_base_ns - true_base())) <
		    1000000000);
	assert_true(next_look > run_clock_ns(CLOCK_MONOTONIC));
}

static void noise_is_not(void **state)
{
	uint64_t base = true_base(), next_look = 0;
	struct rt_head h = {.realtime_base_ns = base + 100};

	run_head_follow_clock(&h, CLOCK_MONOTONIC, &next_look);
	/* unless the clock really was set meanwhile */
	if (llabs((long long)(true_base() - base)) < 500000)
		assert_true(h.realtime_base_ns == base + 100);
}

static void it_looks_only_when_it_is_time(void **state)
{
	struct rt_head h = {.realtime_base_ns = 1};
	uint64_t next_look = UINT64_MAX;

	run_head_follow_clock(&h, CLOCK_MONOTONIC, &next_look);
	assert_true(h.realtime_base_ns == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_of_the_clock_is_followed),
		cmocka_unit_test(noise_is_not),
		cmocka_unit_test(it_looks_only_when_it_is_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
