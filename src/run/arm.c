// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/arm.h"

#include <errno.h>
#include <stdlib.h>

#include "run/run.h"

/* How often conditions are asked. What they depend on may have changed in any
   handler, so a probe is armed late by up to this. */
#define LOOK_NS (10 * 1000000ull)
/* A condition that is false for less than this is not worth detaching: every
   hit after it turns true again is seen. */
#define IDLE_NS (100 * 1000000ull)

int run_arms_init(struct run_arms *a, const struct run_target *t)
{
	const struct image *img = t->image;

	if (!t->ops->disarm)
		return 0;
	a->v = calloc(img->nattach + 1, sizeof(*a->v));
	a->of = calloc(img->nhandlers + 1, sizeof(*a->of));
	if (!a->v || !a->of)
		return -ENOMEM;
	for (uint32_t i = 0; i < img->nattach; i++) {
		const struct wire_attach *at = &img->attach[i];
		const char *word = (const char *)t->heap + at->offset;

		if (at->kind != WIRE_PROBE_CONDITION ||
		    at->offset + sizeof(uint64_t) > t->heap_len)
			continue;
		if (!a->of[at->handler]) {
			a->v[a->n] = (struct run_arm){
				.condition = at->handler,
				.answer = (const void *)word,
			};
			a->of[at->handler] = ++a->n;
		}
		a->of[at->event] = a->of[at->handler];
	}
	return 0;
}

void run_arms_free(struct run_arms *a)
{
	free(a->v);
	free(a->of);
	*a = (struct run_arms){0};
}

bool run_arms_has(const struct run_arms *a, uint32_t handler)
{
	return a->n && a->of[handler];
}

static int attach(const struct run_arms *a, uint32_t group,
		  struct run_target *t, struct diag *d)
{
	const struct image *img = t->image;
	uint32_t *index = calloc(img->nattach + 1, sizeof(*index)), n = 0;
	int err;

	if (!index)
		return -ENOMEM;
	for (uint32_t i = 0; i < img->nattach; i++)
		if (img->attach[i].kind != WIRE_PROBE_CONDITION &&
		    a->of[img->attach[i].handler] == group)
			index[n++] = i;
	t->group = group;
	err = t->ops->attach(t, d, index, n);
	t->group = 0;
	free(index);
	return err;
}

int run_arms_look(struct run_arms *a, struct run_target *t, struct diag *d,
		  uint64_t now)
{
	if (!a->n || now < a->next_ns)
		return 0;
	a->next_ns = now + LOOK_NS;
	for (uint32_t i = 0; i < a->n; i++) {
		struct run_arm *arm = &a->v[i];
		int err = t->ops->run_handler(t, arm->condition, NULL, 0);

		/* what cannot be asked stays attached */
		if (err || __atomic_load_n(arm->answer, __ATOMIC_ACQUIRE)) {
			arm->true_ns = now;
			if (!arm->armed && (err = attach(a, i + 1, t, d)))
				return err;
			arm->armed = true;
		} else if (arm->armed && now - arm->true_ns >= IDLE_NS) {
			t->ops->disarm(t, i + 1);
			arm->armed = false;
		}
	}
	return 0;
}

uint64_t run_arms_next(const struct run_arms *a)
{
	return a->n ? a->next_ns : UINT64_MAX;
}
