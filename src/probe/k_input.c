// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * input.char and input.line: what the user types at a running script. The
 * runner reads standard input, and the handler finds the character or the
 * line (its newline included) in the variable of that name, or as $value.
 */
#include <string.h>

#include "probe/kind.h"

/* Events of WIRE_PROBE_INPUT, see wire.h. */
static const char *const events[] = {"char", "line"};

static struct expr *input_text(const struct probe_env *env, struct loc loc)
{
	struct expr *e = expr_new(env->arena, E_PRIM, loc);

	e->prim.op = PRIM_INPUT;
	e->type = TY_STRING;
	return e;
}

static int input_match(const struct probe_env *env, const struct probe_point *p,
		       struct site_list *out)
{
	if (p->comps.n != 2 || !pp_bare(p, 0, "input"))
		return PROBE_NOT_MINE;
	for (unsigned i = 0; i < sizeof(events) / sizeof(*events); i++) {
		if (!pp_bare(p, 1, events[i]))
			continue;
		struct probe_site *s = site_new(env, &probe_kind_input, p, out);
		s->attach.kind = WIRE_PROBE_INPUT;
		s->attach.event = i;
		s->prog_type = IMAGE_PROG_RUN;
		s->handler_flags = IMAGE_HANDLER_INTERRUPTIBLE;
		/* No position: a script need not use it. */
		s->prologue = stmt_expr(
			env->arena, expr_assign(env->arena, LOC_NONE, events[i],
						input_text(env, LOC_NONE)));
		return PROBE_MATCHED;
	}
	return PROBE_NOT_MINE;
}

static bool input_bind(const struct probe_env *env, struct probe_site *site,
		       struct expr *e, bool lvalue, const char **why,
		       const char **have)
{
	*have = "$value";
	if (strcmp(e->target.name, "value") || e->target.steps.n ||
	    e->target.addr_of)
		return false;
	if (lvalue) {
		*why = "input cannot be modified";
		return false;
	}
	e->target.bound = input_text(env, e->loc);
	return true;
}

static void input_list_vars(const struct probe_env *env,
			    struct probe_site *site, struct strbuf *out)
{
	sb_printf(out, " %s:string", events[site->attach.event]);
}

static const char *const forms[] = {"input.char", "input.line", NULL};

const struct probe_kind probe_kind_input = {
	.name = "input",
	.forms = forms,
	.match = input_match,
	.bind = input_bind,
	.list_vars = input_list_vars,
};
