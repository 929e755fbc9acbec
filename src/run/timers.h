/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timer probes. Time is an argument, so that tests need no clock; the session
 * passes CLOCK_MONOTONIC and sleeps until run_timers_next().
 */
#ifndef RUN_TIMERS_H
#define RUN_TIMERS_H

#include <stdint.h>

#include "wire/image.h"

struct run_timer {
	uint32_t handler;
	uint64_t period_ns, randomize_ns;
	uint64_t due_ns;
};

struct run_timers {
	struct run_timer *timer;
	uint32_t n;
	uint64_t rng;
	/* Expirations that came too late to be run one by one. */
	uint64_t overruns;
};

#define RUN_TIMERS_NEVER UINT64_MAX

/* Takes the TIMER records of the image. -ENOMEM. */
int run_timers_init(struct run_timers *t, const struct image *img,
		    uint64_t seed);
void run_timers_free(struct run_timers *t);
/* Every timer is due one period from now. */
void run_timers_start(struct run_timers *t, uint64_t now);
/* When the first one is due. */
uint64_t run_timers_next(const struct run_timers *t);
/*
 * The handler of the timer that has been due longest (in the order of the
 * script for equal times), and arms it for its next time after now; -1: none
 * is due.
 */
int64_t run_timers_take(struct run_timers *t, uint64_t now);

#endif
