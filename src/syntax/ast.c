// SPDX-License-Identifier: GPL-2.0-or-later
/* Constructors, deep copies and the visitor. Comparison is in equal.c. */
#include "syntax/ast.h"

#include <string.h>

static const char *const op_texts[OP_COUNT] = {
	[OP_NONE] = "",	    [OP_NEG] = "-",    [OP_POS] = "+",
	[OP_NOT] = "!",	    [OP_BITNOT] = "~", [OP_ADDR] = "&",
	[OP_MUL] = "*",	    [OP_DIV] = "/",    [OP_MOD] = "%",
	[OP_ADD] = "+",	    [OP_SUB] = "-",    [OP_CONCAT] = ".",
	[OP_SHL] = "<<",    [OP_SHR] = ">>",   [OP_USHR] = ">>>",
	[OP_LT] = "<",	    [OP_LE] = "<=",    [OP_GT] = ">",
	[OP_GE] = ">=",	    [OP_EQ] = "==",    [OP_NE] = "!=",
	[OP_BITAND] = "&",  [OP_BITXOR] = "^", [OP_BITOR] = "|",
	[OP_LOGAND] = "&&", [OP_LOGOR] = "||", [OP_AGGREGATE] = "<<<",
};

const char *op_text(enum op op)
{
	return op < OP_COUNT ? op_texts[op] : "?";
}

struct expr *expr_new(struct arena *a, enum expr_kind k, struct loc loc)
{
	struct expr *e = arena_new_obj(a, struct expr);

	e->kind = k;
	e->loc = loc;
	return e;
}

struct stmt *stmt_new(struct arena *a, enum stmt_kind k, struct loc loc)
{
	struct stmt *s = arena_new_obj(a, struct stmt);

	s->kind = k;
	s->loc = loc;
	return s;
}

struct expr *expr_number(struct arena *a, struct loc loc, int64_t v)
{
	struct expr *e = expr_new(a, E_NUMBER, loc);

	e->type = TY_LONG;
	e->num.v = v;
	return e;
}

struct expr *expr_string(struct arena *a, struct loc loc, const char *s)
{
	struct expr *e = expr_new(a, E_STRING, loc);

	e->type = TY_STRING;
	e->str.s = s;
	e->str.len = (uint32_t)strlen(s);
	return e;
}

struct expr *expr_symbol(struct arena *a, struct loc loc, const char *name)
{
	struct expr *e = expr_new(a, E_SYMBOL, loc);

	e->sym.name = name;
	return e;
}

struct expr *expr_binary(struct arena *a, struct loc loc, enum op op,
			 struct expr *l, struct expr *r)
{
	struct expr *e = expr_new(a, E_BINARY, loc);

	e->binary.op = op;
	e->binary.a = l;
	e->binary.b = r;
	return e;
}

struct expr *expr_call(struct arena *a, struct loc loc, const char *name)
{
	struct expr *e = expr_new(a, E_CALL, loc);

	e->call.name = name;
	return e;
}

/* ------------------------------------------------------------------ *
 * Visitor
 * ------------------------------------------------------------------ */

static void visit_expr(struct visitor *v, struct expr **e)
{
	if (*e && v->expr)
		v->expr(v, e);
}

static void visit_stmt(struct visitor *v, struct stmt **s)
{
	if (*s && v->stmt)
		v->stmt(v, s);
}

static void visit_list(struct visitor *v, expr_list *l)
{
	vec_for (l, i)
		visit_expr(v, &l->v[i]);
}

static void target_children(struct visitor *v, struct expr *e)
{
	visit_expr(v, &e->target.arg);
	visit_expr(v, &e->target.arg2);
	vec_for (&e->target.steps, i)
		visit_expr(v, &e->target.steps.v[i].index);
	visit_expr(v, &e->target.bound);
}

void expr_children(struct visitor *v, struct expr *e)
{
	switch (e->kind) {
	case E_NUMBER:
	case E_STRING:
	case E_SYMBOL:
	case E_EMBEDDED:
	case E_KIND_COUNT:
		break;
	case E_INDEX:
		visit_expr(v, &e->index.base);
		visit_list(v, &e->index.keys);
		break;
	case E_TARGET:
		target_children(v, e);
		break;
	case E_UNARY:
		visit_expr(v, &e->unary.a);
		break;
	case E_INCDEC:
		visit_expr(v, &e->incdec.a);
		break;
	case E_BINARY:
		visit_expr(v, &e->binary.a);
		visit_expr(v, &e->binary.b);
		break;
	case E_ASSIGN:
		visit_expr(v, &e->assign.a);
		visit_expr(v, &e->assign.b);
		break;
	case E_TERNARY:
		visit_expr(v, &e->ternary.cond);
		visit_expr(v, &e->ternary.a);
		visit_expr(v, &e->ternary.b);
		break;
	case E_IN:
		visit_list(v, &e->in.keys);
		visit_expr(v, &e->in.array);
		break;
	case E_REGEX:
		visit_expr(v, &e->regex.a);
		visit_expr(v, &e->regex.pattern);
		break;
	case E_CALL:
		visit_list(v, &e->call.args);
		break;
	case E_STATOP:
		visit_expr(v, &e->statop.stat);
		break;
	case E_PRINT:
		visit_expr(v, &e->print.format);
		visit_list(v, &e->print.args);
		break;
	case E_DEFINED:
	case E_ENTRY:
	case E_PROBEWRITE:
		visit_expr(v, &e->defined.arg);
		break;
	case E_PRIM:
		visit_expr(v, &e->prim.arg[0]);
		visit_expr(v, &e->prim.arg[1]);
		break;
	}
}

static void foreach_children(struct visitor *v, struct stmt *s)
{
	visit_list(v, &s->foreach.keys);
	visit_expr(v, &s->foreach.value);
	visit_expr(v, &s->foreach.base);
	visit_list(v, &s->foreach.slice);
	visit_expr(v, &s->foreach.limit);
	visit_stmt(v, &s->foreach.body);
}

void stmt_children(struct visitor *v, struct stmt *s)
{
	switch (s->kind) {
	case S_NULL:
	case S_BREAK:
	case S_CONTINUE:
	case S_NEXT:
	case S_EMBEDDED:
	case S_KIND_COUNT:
		break;
	case S_EXPR:
	case S_RETURN:
	case S_DELETE:
		visit_expr(v, &s->expr);
		break;
	case S_BLOCK:
		vec_for (&s->block.list, i)
			visit_stmt(v, &s->block.list.v[i]);
		break;
	case S_IF:
		visit_expr(v, &s->if_.cond);
		visit_stmt(v, &s->if_.then);
		visit_stmt(v, &s->if_.otherwise);
		break;
	case S_WHILE:
	case S_FOR:
		visit_expr(v, &s->loop.init);
		visit_expr(v, &s->loop.cond);
		visit_expr(v, &s->loop.step);
		visit_stmt(v, &s->loop.body);
		break;
	case S_FOREACH:
		foreach_children(v, s);
		break;
	case S_TRY:
		visit_stmt(v, &s->try_.body);
		visit_expr(v, &s->try_.var);
		visit_stmt(v, &s->try_.handler);
		break;
	}
}

/* ------------------------------------------------------------------ *
 * Copies: the node first, then whatever it points to.
 * ------------------------------------------------------------------ */

#define CLONE_VEC(a, vec)                                                      \
	do {                                                                   \
		if ((vec)->n)                                                  \
			(vec)->v = arena_memdup((a), (vec)->v,                 \
						sizeof(*(vec)->v) * (vec)->n); \
		(vec)->cap = (vec)->n;                                         \
	} while (0)

static void clone_one_expr(struct visitor *v, struct expr **e)
{
	*e = expr_clone(v->ctx, *e);
}

static void clone_one_stmt(struct visitor *v, struct stmt **s)
{
	*s = stmt_clone(v->ctx, *s);
}

struct expr *expr_clone(struct arena *a, const struct expr *e)
{
	struct visitor v = {clone_one_expr, clone_one_stmt, a};
	struct expr *n;

	if (!e)
		return NULL;
	n = arena_memdup(a, e, sizeof(*e));
	switch (n->kind) {
	case E_INDEX:
		CLONE_VEC(a, &n->index.keys);
		break;
	case E_TARGET:
		CLONE_VEC(a, &n->target.steps);
		break;
	case E_IN:
		CLONE_VEC(a, &n->in.keys);
		break;
	case E_CALL:
		CLONE_VEC(a, &n->call.args);
		CLONE_VEC(a, &n->call.funcs);
		break;
	case E_PRINT:
		CLONE_VEC(a, &n->print.args);
		break;
	default:
		break;
	}
	expr_children(&v, n);
	return n;
}

struct stmt *stmt_clone(struct arena *a, const struct stmt *s)
{
	struct visitor v = {clone_one_expr, clone_one_stmt, a};
	struct stmt *n;

	if (!s)
		return NULL;
	n = arena_memdup(a, s, sizeof(*s));
	if (n->kind == S_BLOCK) {
		CLONE_VEC(a, &n->block.list);
	} else if (n->kind == S_FOREACH) {
		CLONE_VEC(a, &n->foreach.keys);
		CLONE_VEC(a, &n->foreach.slice);
	}
	stmt_children(&v, n);
	return n;
}
