/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modules for tests: from text, with an image that the engine can run. */
#ifndef UNIT_IR_UTIL_H
#define UNIT_IR_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "ir/ir.h"

static inline struct ir_module *util_parse(struct arena *a, const char *text)
{
	const char *err = NULL;
	struct ir_module *m = ir_parse(a, text, &err);

	if (!m)
		fail_msg("%s in\n%s", err, text);
	return m;
}

static inline char *util_print(struct arena *a, const struct ir_module *m)
{
	struct strbuf sb = {0};
	char *s;

	ir_print(&sb, m, false);
	s = arena_strdup(a, sb_str(&sb));
	sb_free(&sb);
	return s;
}

static inline void util_check(struct arena *a, const struct ir_module *m)
{
	const char *err = ir_check(a, m);

	if (err)
		fail_msg("%s in\n%s", err, util_print(a, m));
}

#define UTIL_STRING_CAP 63u
#define UTIL_MAX_NESTING 30u

/*
 * An image for the module: zeroed static data behind rt_head, one entry per
 * handler, contexts laid out for the engine. Sets statics_end when the text
 * did not.
 */
static inline struct image *util_image(struct arena *a, struct ir_module *m)
{
	struct image *image = arena_new_obj(a, struct image);
	struct image_handler *handlers;
	uint32_t *frames = arena_new_array(a, uint32_t, m->funcs.n);
	struct rt_head *head;

	if (m->statics_end < sizeof(*head))
		m->statics_end = (sizeof(*head) + 63) & ~63u;
	head = arena_alloc(a, m->statics_end);
	head->state = RT_RUNNING;
	head->string_cap = UTIL_STRING_CAP;
	head->max_nesting = UTIL_MAX_NESTING;
	head->max_action = head->max_action_interruptible = 1u << 20;
	head->max_errors = head->max_skipped = 1u << 30;
	image->heap_init = (const w_u8 *)head;
	image->heap_init_len = m->statics_end;
	vec_for (&m->funcs, i)
		if (m->funcs.v[i]->is_handler &&
		    m->funcs.v[i]->handler >= image->nhandlers)
			image->nhandlers = m->funcs.v[i]->handler + 1;
	handlers = arena_new_array(a, struct image_handler, image->nhandlers);
	image->handlers = handlers;
	head->nprobes = image->nhandlers;
	m->image = image;
	engine_frame_sizes(m, frames);
	assert_true(ir_layout_contexts(
		m, ir_stack_bytes(a, m, frames, UTIL_MAX_NESTING), 4096, 1));
	return image;
}

#define UTIL_RUNNING (1u << RT_RUNNING)

#endif
