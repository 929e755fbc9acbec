// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/timers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int run_timers_init(struct run_timers *t, const struct image *img,
		    uint64_t seed)
{
	uint32_t n = 0;

	memset(t, 0, sizeof(*t));
	t->rng = seed | 1;
	for (uint32_t i = 0; i < img->nattach; i++)
		n += img->attach[i].kind == WIRE_PROBE_TIMER;
	if (!n)
		return 0;
	t->timer = calloc(n, sizeof(*t->timer));
	if (!t->timer)
		return -ENOMEM;
	for (uint32_t i = 0; i < img->nattach; i++) {
		const struct wire_attach *a = &img->attach[i];

		if (a->kind != WIRE_PROBE_TIMER)
			continue;
		t->timer[t->n++] = (struct run_timer){
			.handler = a->handler,
			.period_ns = a->period_ns ? a->period_ns : 1,
			.randomize_ns = a->randomize_ns,
		};
	}
	return 0;
}

void run_timers_free(struct run_timers *t)
{
	free(t->timer);
	memset(t, 0, sizeof(*t));
}

static uint64_t next_random(struct run_timers *t)
{
	/* xorshift64* */
	t->rng ^= t->rng >> 12;
	t->rng ^= t->rng << 25;
	t->rng ^= t->rng >> 27;
	return t->rng * 2685821657736338717ull;
}

/* period + a uniform value from -randomize to +randomize, at least 1. */
static uint64_t interval(struct run_timers *t, const struct run_timer *tm)
{
	uint64_t r = tm->randomize_ns, v;

	if (!r)
		return tm->period_ns;
	v = tm->period_ns + next_random(t) % (2 * r + 1);
	return v > r ? v - r : 1;
}

void run_timers_start(struct run_timers *t, uint64_t now)
{
	for (uint32_t i = 0; i < t->n; i++)
		t->timer[i].due_ns = now + interval(t, &t->timer[i]);
}

uint64_t run_timers_next(const struct run_timers *t)
{
	uint64_t next = RUN_TIMERS_NEVER;

	for (uint32_t i = 0; i < t->n; i++)
		if (t->timer[i].due_ns < next)
			next = t->timer[i].due_ns;
	return next;
}

int64_t run_timers_take(struct run_timers *t, uint64_t now)
{
	struct run_timer *first = NULL;
	uint64_t late;

	for (uint32_t i = 0; i < t->n; i++)
		if (t->timer[i].due_ns <= now &&
		    (!first || t->timer[i].due_ns < first->due_ns))
			first = &t->timer[i];
	if (!first)
		return -1;
	late = (now - first->due_ns) / first->period_ns;
	t->overruns += late;
	/* Stay on the grid of the period: no drift. */
	if (first->randomize_ns)
		first->due_ns = now + interval(t, first);
	else
		first->due_ns += (late + 1) * first->period_ns;
	return first->handler;
}
