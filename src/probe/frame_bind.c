// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names at a frame: $x is a variable visible at the probe's address, or a
 * global one of the same unit; $$vars and its like print all of a group.
 */
#include <string.h>

#include "probe/frame_int.h"
#include "probe/kind.h"

static void visible(const struct frame *f, dw_var_list *out)
{
	Dwarf_Die func = f->func;

	if (func.addr)
		dw_visible(f->m, &func, f->pc, out);
}

static bool find_var(const struct frame *f, const char *name,
		     struct dw_var *out)
{
	dw_var_list l = {0};
	Dwarf_Die func = f->func;

	visible(f, &l);
	vec_for (&l, i) {
		if (strcmp(l.v[i].name, name))
			continue;
		*out = l.v[i];
		return true;
	}
	return dw_find_global(f->m, func.addr ? &func : NULL, true, name, out);
}

static const char *names_of(const struct frame *f, struct arena *a)
{
	dw_var_list l = {0};
	struct strbuf sb = {0};

	visible(f, &l);
	if (f->is_return)
		sb_puts(&sb, "$return, ");
	vec_for (&l, i)
		sb_printf(&sb, "$%s, ", l.v[i].name);
	sb_puts(&sb, f->is_return ? "$$return, $$parms, $$vars"
				  : "$$parms, $$locals, $$vars");
	const char *s = arena_strdup(a, sb_str(&sb));
	sb_free(&sb);
	return s;
}

/* ---- groups ---- */

static void find_unknown(struct visitor *v, struct expr **ep)
{
	bool *found = v->ctx;

	if ((*ep)->kind == E_CALL &&
	    !strcmp((*ep)->call.name, FRAME_UNKNOWN_CALL))
		*found = true;
	expr_children(v, *ep);
}

/* It may turn out that the value cannot be had (frame_caller.c). */
static bool may_be_unknown(struct expr *e)
{
	bool found = false;
	struct visitor v = {.expr = find_unknown, .ctx = &found};

	find_unknown(&v, &e);
	return found;
}

/* The operand that is a choice, or NULL. */
static struct expr **chosen_operand(struct expr *e)
{
	struct expr **x = NULL;

	if (e->kind == E_PRIM && !e->prim.arg[1])
		x = &e->prim.arg[0];
	else if (e->kind == E_BINARY)
		x = may_be_unknown(e->binary.a) ? &e->binary.a : &e->binary.b;
	return x && *x && (*x)->kind == E_TERNARY ? x : NULL;
}

/* f(c ? x : y) as c ? f(x) : f(y); other expressions as they are. */
static struct expr *choice_outside(struct arena *a, struct expr *e)
{
	struct expr **x = chosen_operand(e), *t, *yes, *no;

	if (!x)
		return e;
	t = expr_clone(a, *x);
	yes = expr_clone(a, e);
	no = expr_clone(a, e);
	*chosen_operand(yes) = t->ternary.a;
	*chosen_operand(no) = t->ternary.b;
	t->ternary.a = yes;
	t->ternary.b = no;
	return t;
}

/* The number as text, "?" where it would be an error. */
static struct expr *shown_number(const struct probe_env *env, struct loc loc,
				 struct expr *e)
{
	struct pretty p;
	struct expr *t;

	if (may_be_unknown(e))
		e = choice_outside(env->arena, e);
	if (e->kind == E_TERNARY && may_be_unknown(e) &&
	    !may_be_unknown(e->ternary.cond)) {
		t = expr_new(env->arena, E_TERNARY, loc);
		t->ternary.cond = e->ternary.cond;
		t->ternary.a = shown_number(env, loc, e->ternary.a);
		t->ternary.b = shown_number(env, loc, e->ternary.b);
		return t;
	}
	if (may_be_unknown(e))
		return expr_string(env->arena, loc, "?");
	pretty_init(&p, env, loc);
	pretty_arg(&p, "%#x", e);
	return pretty_done(&p);
}

/* Without "$" behind the group's name: numbers in hex, the rest hinted at. */
static void put_short(struct pretty *p, struct access *a)
{
	const char *why = NULL;
	struct ttype t;
	bool known = a->src->ops->get(a->src, a->type, &t);
	struct expr *v = NULL;

	if (known && (t.kind == TT_STRUCT || t.kind == TT_UNION))
		pretty_text(p, "{...}");
	else if (known && t.kind == TT_ARRAY)
		pretty_text(p, "[...]");
	else if (known && (v = access_load(a, &why)) && may_be_unknown(v))
		pretty_arg(p, "%s", shown_number(p->env, p->loc, v));
	else if (known && v)
		pretty_arg(p, "%#x", v);
	else
		pretty_text(p, "?");
}

static void put_place(struct pretty *p, struct access *a, unsigned depth)
{
	const char *why = NULL;
	struct expr *v;

	if (!depth) {
		put_short(p, a);
		return;
	}
	v = access_pretty(a, depth > 1, &why);
	if (v)
		pretty_arg(p, "%s", v);
	else
		pretty_text(p, "?");
}

static void put_var(struct pretty *p, const struct frame *f,
		    struct dw_var *var, unsigned depth)
{
	const char *why = NULL;
	struct access a;

	if (p->args.n || p->fmt.len)
		pretty_text(p, " ");
	pretty_text(p, var->name);
	pretty_text(p, "=");
	if (!frame_place(f, p->env, p->loc, var, &a, &why)) {
		pretty_text(p, "?");
		return;
	}
	put_place(p, &a, depth);
	access_free(&a);
}

static struct expr *group_vars(const struct frame *f,
			       const struct probe_env *env, struct loc loc,
			       bool parms, bool locals, unsigned depth)
{
	dw_var_list l = {0};
	struct pretty p;

	pretty_init(&p, env, loc);
	visible(f, &l);
	/* parameters first, as they are written */
	for (int pass = 0; pass < 2; pass++)
		vec_for (&l, i)
			if (l.v[i].is_param == !pass &&
			    (pass ? locals : parms))
				put_var(&p, f, &l.v[i], depth);
	return pretty_done(&p);
}

/* "return=0x1"; nothing for structures unless asked to print them. */
static struct expr *group_return(const struct frame *f,
				 const struct probe_env *env, struct loc loc,
				 unsigned depth)
{
	const char *why = NULL;
	struct pretty p;
	struct access a;
	struct ttype t;

	pretty_init(&p, env, loc);
	if (!f->is_return || !frame_return(f, env, loc, &a, &why))
		return pretty_done(&p);
	if (a.src->ops->get(a.src, a.type, &t) &&
	    (depth || (t.kind != TT_STRUCT && t.kind != TT_UNION))) {
		pretty_text(&p, "return=");
		put_place(&p, &a, depth);
	}
	access_free(&a);
	return pretty_done(&p);
}

static bool bind_group(const struct frame *f, const struct probe_env *env,
		       struct expr *e, const char **why, const char **have)
{
	const char *name = e->target.name + 1;
	unsigned depth = e->target.pretty;

	if (e->target.steps.n || e->target.addr_of) {
		*why = "it is a string";
		return false;
	}
	if (!strcmp(name, "vars"))
		e->target.bound =
			group_vars(f, env, e->loc, true, true, depth);
	else if (!strcmp(name, "parms"))
		e->target.bound =
			group_vars(f, env, e->loc, true, false, depth);
	else if (!strcmp(name, "locals"))
		e->target.bound =
			group_vars(f, env, e->loc, false, true, depth);
	else if (!strcmp(name, "return") && f->is_return)
		e->target.bound = group_return(f, env, e->loc, depth);
	else {
		*have = names_of(f, env->arena);
		return false;
	}
	return true;
}

/* ---- single variables ---- */

static bool bind_return(const struct frame *f, const struct probe_env *env,
			struct expr *e, bool lvalue, const char **why,
			const char **have)
{
	struct access a;

	if (!f->is_return) {
		*why = "only a .return probe has a value that is returned";
		*have = names_of(f, env->arena);
		return false;
	}
	if (!frame_return(f, env, e->loc, &a, why))
		return false;
	bool ok = access_bind(&a, e, lvalue, why, have);
	access_free(&a);
	return ok;
}

static bool bind_place(const struct frame *f, const struct probe_env *env,
		       struct expr *e, struct dw_var *var, bool lvalue,
		       const char **why, const char **have)
{
	struct access a;

	if (!frame_place(f, env, e->loc, var, &a, why))
		return false;
	bool ok = access_bind(&a, e, lvalue, why, have);
	access_free(&a);
	return ok;
}

bool frame_bind(const struct frame *f, const struct probe_env *env,
		struct expr *e, bool lvalue, const char **why,
		const char **have)
{
	const char *name = e->target.name;
	struct dw_var var;

	*why = *have = NULL;
	if (*name == '$' && lvalue) {
		*why = "it cannot be modified";
		return false;
	}
	if (*name == '$')
		return bind_group(f, env, e, why, have);
	if (!strcmp(name, "return") && !find_var(f, name, &var))
		return bind_return(f, env, e, lvalue, why, have);
	if (!find_var(f, name, &var)) {
		*have = names_of(f, env->arena);
		return false;
	}
	return bind_place(f, env, e, &var, lvalue, why, have);
}

/* What a return handler says of a variable means the function's entry. */
static bool means_entry(const struct frame *f, const struct expr *e)
{
	const char *name = e->target.name;

	return f->is_return && strcmp(name, "return") &&
	       strcmp(name, "$return");
}

static bool bind_entry(const struct frame *f, const struct probe_env *env,
		       struct expr *e, const char **why, const char **have)
{
	struct frame at = *f;
	struct expr *probe = expr_clone(env->arena, e), *x;

	/* Would it bind there? */
	at.is_return = false;
	if (!frame_bind(&at, env, probe, false, why, have))
		return false;
	x = expr_new(env->arena, E_ENTRY, e->loc);
	x->defined.arg = expr_clone(env->arena, e);
	x->ctype = value_type_of(probe->target.bound);
	e->target.bound = x;
	return true;
}

bool frame_bind_site(const struct frame *f, const struct probe_env *env,
		     struct expr *e, bool lvalue, const char **why,
		     const char **have)
{
	if (lvalue && f->is_return) {
		*why = "it cannot be modified after the function";
		return false;
	}
	if (means_entry(f, e))
		return bind_entry(f, env, e, why, have);
	return frame_bind(f, env, e, lvalue, why, have);
}

bool frame_bind_global(const struct frame *f, const struct probe_env *env,
		       struct expr *e, bool lvalue, const char **why,
		       const char **have)
{
	Dwarf_Die func = f->func;
	struct dw_var var;

	*why = *have = NULL;
	if (dw_find_global(f->m, func.addr ? &func : NULL, false,
			   e->target.name, &var))
		return bind_place(f, env, e, &var, lvalue, why, have);
	*why = arena_printf(env->arena,
			    "the debug information of %s has no such variable",
			    dw_path(f->m));
	return false;
}

/* ---- -L ---- */

/* What has a place here: the others were optimised out. */
static void list_var(const struct frame *f, struct dw_var *v, struct strbuf *out)
{
	struct dw_loc l;
	const char *why;

	if (!dw_location(f->m, &v->die, f->pc, &l, &why) ||
	    l.kind == DW_LOC_NONE)
		return;
	sb_printf(out, " $%s:", v->name);
	ttype_spell(out, dw_types(f->m), v->type);
}

void frame_list_vars(const struct frame *f, const struct probe_env *env,
		     struct strbuf *out)
{
	Dwarf_Die func = f->func;
	dw_var_list l = {0};
	struct dw_loc loc;
	const char *why;
	uint32_t type;

	if (f->is_return && dw_return_value(f->m, &func, &type, &loc, &why)) {
		sb_puts(out, " $return:");
		ttype_spell(out, dw_types(f->m), type);
	}
	visible(f, &l);
	/* parameters first, as they are written */
	for (int pass = 0; pass < 2; pass++)
		vec_for (&l, i)
			if (l.v[i].is_param == !pass)
				list_var(f, &l.v[i], out);
}
