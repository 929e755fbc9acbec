/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probes with conditions (`probe POINT if (EXPR)`) that the kernel drives:
 * attached only while the condition is true, so that they cost nothing while it
 * is false. The handler itself asks again at each hit; this is only about the
 * cost.
 */
#ifndef RUN_ARM_H
#define RUN_ARM_H

#include <stdbool.h>
#include <stdint.h>

struct diag;
struct run_target;

/* All probes with one condition. */
struct run_arm {
	uint32_t condition;	/* the handler that answers */
	const uint64_t *answer; /* in the heap */
	bool armed;
	uint64_t true_ns; /* when the condition was found to be true last */
};

struct run_arms {
	struct run_arm *v;
	uint32_t n;
	uint32_t *of; /* by handler: number of its arm, from 1; 0: none */
	uint64_t next_ns; /* of the next look, CLOCK_MONOTONIC */
};

/* 0 or -ENOMEM. None, when the target attaches nothing. */
int run_arms_init(struct run_arms *a, const struct run_target *t);
void run_arms_free(struct run_arms *a);

/* Whether the handler's records are left to run_arms_look(). */
bool run_arms_has(const struct run_arms *a, uint32_t handler);

/*
 * Asks the conditions when it is time to, and attaches and detaches
 * accordingly: at once when one became true, when it has been false for a while
 * otherwise. 0, or -errno when a probe could not be attached (reported).
 */
int run_arms_look(struct run_arms *a, struct run_target *t, struct diag *d,
		  uint64_t now);

/* When to look next; never: UINT64_MAX. */
uint64_t run_arms_next(const struct run_arms *a);

#endif
