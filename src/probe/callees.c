// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * .callee("PATTERN"), .callees and .callees(DEPTH): functions when they are
 * called from one function, or from what that calls. The debug information
 * lists the calls of a function; a probe at the callee's entry (or return)
 * then leaves its handler unless the return addresses on the stack are those
 * of such calls. Calls through pointers, into other files and jumps ("tail
 * calls", which leave no return address) are not among them.
 */
#include <string.h>

#include "probe/callees.h"

#define MAX_DEPTH 6
#define MAX_PATHS 64u /* to one function */

/* From the innermost call outwards. */
struct call_path {
	const struct dw_call *call[MAX_DEPTH];
	unsigned n;
};

struct target {
	const struct dw_func *func;
	VEC(struct call_path) paths;
};

struct callees {
	const struct callees_query *q;
	unsigned depth;
	VEC(struct target) targets;
};

static struct target *target_of(struct callees *c, const struct dw_func *f)
{
	struct target t = {.func = f};

	vec_for (&c->targets, i)
		if (c->targets.v[i].func == f)
			return &c->targets.v[i];
	vec_push(c->q->env->arena, &c->targets, t);
	return &vec_last(&c->targets);
}

static bool within(const struct call_path *p, const struct dw_func *f)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->call[i]->callee == f)
			return true;
	return false;
}

/* All calls in f, below a path that leads to it. */
static void follow_calls(struct callees *c, const struct dw_func *f,
			 const struct call_path *outer)
{
	dw_call_list l = {0};

	dw_calls_in(c->q->m, f, &l);
	vec_for (&l, i) {
		const struct dw_call *call = &l.v[i];
		struct call_path p = {.call = {call}, .n = outer->n + 1};
		if (!call->callee || call->is_tail)
			continue;
		memcpy(p.call + 1, outer->call,
		       outer->n * sizeof(*outer->call));
		if (name_matches(c->q->pattern, call->callee->name)) {
			struct target *t = target_of(c, call->callee);
			if (t->paths.n < MAX_PATHS)
				vec_push(c->q->env->arena, &t->paths, p);
		}
		if (p.n < c->depth && !within(outer, call->callee) &&
		    call->callee != f)
			follow_calls(c, call->callee, &p);
	}
}

/* Came the hit by one of the paths? */
static struct expr *came_by(struct callees *c, const struct frame *at,
			    struct loc loc, const struct target *t,
			    const char **why)
{
	struct expr *any = NULL;

	vec_for (&t->paths, i) {
		const struct call_path *p = &t->paths.v[i];
		struct expr *e = frame_called_by(at, c->q->env, loc, p->call, p->n,
						 why);
		if (!e)
			return NULL;
		any = any ? expr_binary(c->q->env->arena, loc, OP_LOGOR, any, e)
			  : e;
	}
	return any;
}

static bool only_these(struct callees *c, struct probe_site *s,
		       const struct target *t, const char **why)
{
	struct arena *a = c->q->env->arena;
	struct loc loc = s->point->loc;
	struct expr *e = came_by(c, c->q->frame(s), loc, t, why);

	if (!e)
		return false;
	struct stmt *block = stmt_block(a, loc);
	if (s->prologue)
		vec_push(a, &block->block.list, s->prologue);
	vec_push(a, &block->block.list,
		 stmt_next_if(a, loc, expr_not(a, e)));
	s->prologue = block;
	s->share_class = NULL; /* this prologue is its own */
	return true;
}

static int cannot_tell(const struct probe_env *env, const struct probe_point *p,
		       unsigned at, const char *func, const char *why)
{
	diag_remedy(pp_unavailable(
			    env, p, at,
			    arena_printf(env->arena,
					 "who called %s cannot be told: %s",
					 func, why)),
		    "probe the entry of the called function, and keep what "
		    "its return needs with @entry(...)");
	return PROBE_ERROR;
}

static void find_inlined(struct callees *c, const struct dw_func *from)
{
	dw_inline_list l = {0};

	dw_inlines_in(c->q->m, from, c->depth, &l);
	vec_for (&l, i)
		if (name_matches(c->q->pattern, l.v[i].func->name))
			c->q->add_inline(c->q->ctx, &l.v[i]);
}

uint32_t callees_find(const struct callees_query *q,
		      const struct probe_point *p, unsigned at,
		      const struct dw_func *from)
{
	struct callees c = {.q = q, .depth = q->depth};
	struct call_path none = {.n = 0};
	uint32_t added = 0;

	if (c.depth > MAX_DEPTH)
		c.depth = MAX_DEPTH;
	follow_calls(&c, from, &none);
	vec_for (&c.targets, i) {
		const struct target *t = &c.targets.v[i];
		const char *why = NULL;
		struct probe_site *s = q->add(q->ctx, t->func);
		if (!s)
			continue;
		added++;
		if (!only_these(&c, s, t, &why))
			cannot_tell(q->env, p, at, t->func->name, why);
	}
	if (q->add_inline)
		find_inlined(&c, from);
	return added;
}
