/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the runner tells the handlers in the heap's head. */
#ifndef RUN_HEAD_H
#define RUN_HEAD_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "run/run.h"

uint64_t run_clock_ns(clockid_t clock);
/* Everything that is known before the first handler runs. */
void run_head_fill(struct rt_head *h, const struct run_opts *o, pid_t target);
/*
 * Keeps the handlers' real time right when someone sets the clock: called now
 * and then, it looks at most once a second (next_look starts at 0).
 */
void run_head_follow_clock(struct rt_head *h, clockid_t clock,
			   uint64_t *next_look);

/*
 * Fills in what the running kernel's type information says (vma.c): for
 * scripts that ask about code addresses. Without it they stay unresolved.
 */
void run_head_structs(struct rt_head *h);

#endif
