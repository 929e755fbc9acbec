/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Overload: a script whose probes take more than STP_OVERLOAD_THRESHOLD of
 * STP_OVERLOAD_INTERVAL cycles of some CPU is ended.
 *
 * The kernel measures how long programs run, for all CPUs together, if it is
 * asked to; a hit then costs some 40 ns more. So it is asked for 50 ms in a
 * second, and for a whole interval only when that looked like too much. No CPU
 * can have been in probes for longer than it was not idle, which gives the
 * least that the busiest one was.
 */
#ifndef RUN_OVERLOAD_H
#define RUN_OVERLOAD_H

#include "run/run.h"

struct run_cpu_times {
	uint32_t n; /* CPUs */
	uint64_t *idle_ns;
};

struct run_overload {
	struct run_target *t;
	enum { OVERLOAD_OFF, OVERLOAD_REST, OVERLOAD_LOOK, OVERLOAD_MEASURE } phase;
	uint64_t interval_ns, limit_ns; /* of each interval at most the limit */
	uint64_t next_ns;		/* CLOCK_MONOTONIC: end of the phase */
	uint64_t start_ns, start_run_ns;
	struct run_cpu_times start_cpus;
};

/* head: with the limits. Off when there are none, or the target cannot be
   measured. */
void run_overload_init(struct run_overload *o, struct run_target *t,
		       const struct rt_head *head, uint64_t now);
void run_overload_free(struct run_overload *o);

/* When run_overload_turn() is due; UINT64_MAX: never. */
uint64_t run_overload_next(const struct run_overload *o);

/* Does what is due. True: too much time goes into probes; *percent says how
   much, of some CPU. */
bool run_overload_turn(struct run_overload *o, uint64_t now,
		       unsigned *percent);

/*
 * Run time of `run_ns` spread over n CPUs, none of which can have more than its
 * busy_ns: the least that the one with the most has. Sorts busy_ns.
 */
uint64_t run_overload_least_max(uint64_t run_ns, uint64_t *busy_ns,
				uint32_t n);

#endif
