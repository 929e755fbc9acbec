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
#include "probe/frame.h"

#define MAX_DEPTH 6
#define MAX_PATHS 64u /* to one function */

/* From the innermost call outwards. */
struct call_path {
	const struct dw_call *call[MAX_DEPTH];
	unsigned n;
};

/* A function as one other calls it, or a body inlined there. */
struct target {
	struct place place;
	bool always; /* it is in the first function's own code */
	VEC(struct call_path) paths;
};

struct callees {
	const struct place_query *q;
	const char *pattern;
	unsigned depth;
	VEC(struct target) targets;
};

static void add_path(struct callees *c, const struct place *pl,
		     const struct call_path *path)
{
	struct arena *a = c->q->env->arena;
	struct target *t = NULL;

	vec_for (&c->targets, i)
		if (c->targets.v[i].place.die.addr == pl->die.addr &&
		    !strcmp(c->targets.v[i].place.caller, pl->caller))
			t = &c->targets.v[i];
	if (!t) {
		vec_push(a, &c->targets, (struct target){.place = *pl});
		t = &vec_last(&c->targets);
	}
	t->always |= !path->n;
	if (t->paths.n < MAX_PATHS)
		vec_push(a, &t->paths, *path);
}

static bool within(const struct call_path *p, const struct dw_func *f)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->call[i]->callee == f)
			return true;
	return false;
}

static const char *caller_text(struct callees *c, const struct dw_func *f)
{
	struct place pl;

	place_of_function(c->q->m, f, &pl);
	return place_arg(c->q->env->arena, &pl);
}

/* Bodies inlined in f, below a path that leads to it. */
static void take_inlined(struct callees *c, const struct dw_func *f,
			 const struct call_path *outer)
{
	dw_inline_list l = {0};
	struct place pl;

	dw_inlines_in(c->q->m, f, c->depth - outer->n, &l);
	vec_for (&l, i) {
		if (!name_matches(c->pattern, l.v[i].func->name))
			continue;
		place_of_inline(c->q->m, &l.v[i], &pl);
		pl.caller = caller_text(c, l.v[i].outer);
		add_path(c, &pl, outer);
	}
}

/* All calls in f, below a path that leads to it. */
static void follow_calls(struct callees *c, const struct dw_func *f,
			 const struct call_path *outer)
{
	dw_call_list l = {0};
	struct place pl;

	if (!c->q->sfx->is_return)
		take_inlined(c, f, outer);
	dw_calls_in(c->q->m, f, &l);
	vec_for (&l, i) {
		const struct dw_call *call = &l.v[i];
		struct call_path p = {.call = {call}, .n = outer->n + 1};
		if (!call->callee || call->is_tail)
			continue;
		memcpy(p.call + 1, outer->call,
		       outer->n * sizeof(*outer->call));
		if (name_matches(c->pattern, call->callee->name)) {
			place_of_function(c->q->m, call->callee, &pl);
			pl.caller = caller_text(c, f);
			add_path(c, &pl, &p);
		}
		if (p.n < c->depth && !within(outer, call->callee) &&
		    call->callee != f)
			follow_calls(c, call->callee, &p);
	}
}

/* Came the hit by one of the paths? */
static struct expr *came_by(const struct place_query *q, const struct frame *at,
			    struct loc loc, const struct target *t,
			    const char **why)
{
	struct expr *any = NULL;

	vec_for (&t->paths, i) {
		const struct call_path *p = &t->paths.v[i];
		struct expr *e = frame_called_by(at, q->env, loc, p->call, p->n,
						 why);
		if (!e)
			return NULL;
		any = any ? expr_binary(q->env->arena, loc, OP_LOGOR, any, e)
			  : e;
	}
	return any;
}

static bool only_these(const struct place_query *q, struct probe_site *s,
		       const struct target *t, const char **why)
{
	struct arena *a = q->env->arena;
	struct loc loc = s->point->loc;
	struct expr *e = came_by(q, s->kind->frame(s), loc, t, why);

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

uint32_t callees_find(const struct place_query *q, const struct dw_func *from)
{
	struct callees c = {.q = q,
			    .pattern = q->sfx->callee ?: "*",
			    .depth = q->sfx->callees
					     ? (unsigned)q->sfx->callees
					     : 1};
	struct call_path none = {.n = 0};
	uint32_t added = 0;

	if (c.depth > MAX_DEPTH)
		c.depth = MAX_DEPTH;
	follow_calls(&c, from, &none);
	vec_for (&c.targets, i) {
		const struct target *t = &c.targets.v[i];
		const char *why = NULL;
		struct probe_site *s = q->add(q->ctx, &t->place);
		if (!s)
			continue;
		added++;
		if (!t->always && !only_these(q, s, t, &why))
			cannot_tell(q->env, q->p, q->at, t->place.name, why);
	}
	return added;
}
