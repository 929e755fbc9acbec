// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/counters.h"

#include <string.h>

#include "probe/kind.h"

/* The number of the counter of this name, which is made if it is new. */
static uint32_t find(const struct probe_env *env, const char *name)
{
	struct counter_table *t = env->counters;
	struct counter *c;

	vec_for (&t->v, i)
		if (!strcmp(t->v.v[i]->name, name))
			return i;
	c = arena_new_obj(env->arena, struct counter);
	c->name = name;
	vec_push(env->arena, &t->v, c);
	return t->v.n - 1;
}

int counters_define(const struct probe_env *env, const struct probe_point *p,
		    unsigned i)
{
	struct loc loc = p->comps.v[i].arg->loc;
	const char *name = pp_string(p, i);
	uint32_t n = find(env, name);
	struct counter *c = env->counters->v.v[n];

	/* A point may be asked about more than once. */
	if (c->defined.src && !loc_same(c->defined, loc)) {
		struct diag_msg *m = diag_report(env->diag, COUNTER_DUPLICATE,
						 loc, pp_what(env, p, i), name);

		diag_note(m, c->defined, "it is here, too");
		diag_remedy(m, "give each counter a name of its own");
		return -1;
	}
	c->defined = loc;
	if (n >= RT_COUNTERS) {
		diag_remedy(diag_report(env->diag, COUNTER_TOO_MANY, loc,
					pp_what(env, p, i), RT_COUNTERS),
			    "split the script into several");
		return -1;
	}
	return (int)n;
}

bool counters_bind(const struct probe_env *env, const struct probe_site *site,
		   struct expr *e, bool lvalue, const char **why)
{
	struct counter *c;
	struct expr *call;
	uint32_t n;

	if (lvalue) {
		*why = "a counter can only be read";
		return false;
	}
	if (site && site->prog_type == IMAGE_PROG_RUN) {
		*why = "perf counters are read where a process runs: in a "
		       "process, kernel or module probe";
		return false;
	}
	n = find(env, e->target.name);
	c = env->counters->v.v[n];
	if (!c->used.src)
		c->used = e->loc;
	call = expr_call(env->arena, e->loc, "__counter");
	vec_push(env->arena, &call->call.args,
		 expr_number(env->arena, e->loc, n));
	e->target.bound = call;
	return true;
}

void counters_finish(const struct probe_env *env)
{
	const struct counter_table *t = env->counters;
	VEC(const char *) defined = {0};

	vec_for (&t->v, i)
		if (t->v.v[i]->defined.src)
			vec_push(env->arena, &defined, t->v.v[i]->name);
	vec_for (&t->v, i) {
		const struct counter *c = t->v.v[i];

		if (c->defined.src)
			continue;
		diag_remedy(diag_report(env->diag, COUNTER_UNKNOWN, c->used,
					"operator '@perf'", c->name,
					similar_suffix(env->arena, c->name,
						       defined.v, defined.n)),
			    "define it: probe perf.type(T).config(C)"
			    ".process(\"PATH\").counter(\"%s\") {}",
			    c->name);
	}
}
