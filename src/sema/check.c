// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Arrays must not change while foreach goes over them. Only `delete ARRAY` is
 * let pass, as in SystemTap: it ends the iteration.
 */
#include "sema/pass.h"

struct iteration {
	const struct iteration *outer;
	struct var_decl *array;
	struct loc loc;
};

struct check {
	struct sema *s;
	const struct iteration *iter;
};

static void check_expr(struct visitor *v, struct expr **ep);
static void check_stmt(struct visitor *v, struct stmt **sp);

static void modified(struct check *c, struct expr *lvalue)
{
	struct var_decl *var = base_var(lvalue);

	for (const struct iteration *it = c->iter; var && it; it = it->outer) {
		struct diag_msg *m;

		if (it->array != var)
			continue;
		m = diag_report(c->s->diag, FOREACH_MODIFIES, lvalue->loc,
				ident_what(c->s->arena, var->name), var->name);
		diag_note(m, it->loc, "the iteration");
		diag_remedy(m, "collect the changes and make them after the "
			       "loop");
		return;
	}
}

/* Does the function, or one that it calls, change the array? */
struct changes {
	struct sema *s;
	struct var_decl *array;
	VEC(struct func_decl *) seen;
	bool found;
};

static void changes_expr(struct visitor *v, struct expr **ep);
static void changes_stmt(struct visitor *v, struct stmt **sp);

static void function_changes(struct changes *c, struct func_decl *f)
{
	struct visitor v = {changes_expr, changes_stmt, c};

	vec_for (&c->seen, i)
		if (c->seen.v[i] == f)
			return;
	vec_push(c->s->arena, &c->seen, f);
	changes_stmt(&v, &f->body);
}

static void changes_expr(struct visitor *v, struct expr **ep)
{
	struct changes *c = v->ctx;
	struct expr *e = *ep;

	if ((e->kind == E_ASSIGN && base_var(e->assign.a) == c->array) ||
	    (e->kind == E_INCDEC && base_var(e->incdec.a) == c->array))
		c->found = true;
	if (e->kind == E_CALL)
		vec_for (&e->call.funcs, i)
			function_changes(c, e->call.funcs.v[i]);
	expr_children(v, e);
}

static bool deletes_elements(const struct stmt *st)
{
	return st->kind == S_DELETE && st->expr->kind == E_INDEX;
}

static void changes_stmt(struct visitor *v, struct stmt **sp)
{
	struct changes *c = v->ctx;

	if (deletes_elements(*sp) && base_var((*sp)->expr) == c->array)
		c->found = true;
	stmt_children(v, *sp);
}

static void called(struct check *c, struct expr *call)
{
	for (const struct iteration *it = c->iter; it; it = it->outer) {
		struct changes ch = {.s = c->s, .array = it->array};
		struct diag_msg *m;

		vec_for (&call->call.funcs, i)
			if (it->array)
				function_changes(&ch, call->call.funcs.v[i]);
		if (!ch.found)
			continue;
		m = diag_report(c->s->diag, CALL_MODIFIES, call->loc,
				expr_what(c->s->arena, call), it->array->name);
		diag_note(m, it->loc, "the iteration");
		diag_remedy(m, "collect the changes and make them after the "
			       "loop");
		return;
	}
}

static void check_expr(struct visitor *v, struct expr **ep)
{
	struct check *c = v->ctx;
	struct expr *e = *ep;

	if (e->kind == E_ASSIGN)
		modified(c, e->assign.a);
	else if (e->kind == E_INCDEC)
		modified(c, e->incdec.a);
	else if (e->kind == E_CALL && c->iter)
		called(c, e);
	expr_children(v, e);
}

static void check_stmt(struct visitor *v, struct stmt **sp)
{
	struct check *c = v->ctx;
	struct stmt *st = *sp;
	struct iteration it;

	if (deletes_elements(st))
		modified(c, st->expr);
	if (st->kind != S_FOREACH) {
		stmt_children(v, st);
		return;
	}
	it = (struct iteration){c->iter, base_var(st->foreach.base),
				st->foreach.base->loc};
	c->iter = &it;
	stmt_children(v, st);
	c->iter = it.outer;
}

void check_unit(struct sema *s, struct unit *u)
{
	struct check c = {.s = s};
	struct visitor v = {check_expr, check_stmt, &c};

	check_stmt(&v, unit_body(u));
}
