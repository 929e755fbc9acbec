// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether two trees are the same program: what the un-parser must keep. */
#include <string.h>

#include "syntax/ast.h"

static bool str_equal(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return !strcmp(a, b);
}

static bool list_equal(const expr_list *a, const expr_list *b)
{
	if (a->n != b->n)
		return false;
	vec_for (a, i)
		if (!expr_equal(a->v[i], b->v[i]))
			return false;
	return true;
}

static bool target_equal(const struct expr *a, const struct expr *b)
{
	if (a->target.tk != b->target.tk ||
	    !str_equal(a->target.name, b->target.name) ||
	    !str_equal(a->target.module, b->target.module) ||
	    a->target.addr_of != b->target.addr_of ||
	    a->target.pretty != b->target.pretty ||
	    a->target.steps.n != b->target.steps.n ||
	    !expr_equal(a->target.arg, b->target.arg) ||
	    !expr_equal(a->target.arg2, b->target.arg2))
		return false;
	vec_for (&a->target.steps, i) {
		const struct target_step *x = &a->target.steps.v[i];
		const struct target_step *y = &b->target.steps.v[i];

		if (x->kind != y->kind || !str_equal(x->member, y->member) ||
		    !expr_equal(x->index, y->index))
			return false;
	}
	return true;
}

static bool statop_equal(const struct expr *a, const struct expr *b)
{
	if (a->statop.op != b->statop.op ||
	    a->statop.nparams != b->statop.nparams)
		return false;
	for (uint32_t i = 0; i < a->statop.nparams; i++)
		if (a->statop.param[i] != b->statop.param[i])
			return false;
	return expr_equal(a->statop.stat, b->statop.stat);
}

static bool print_equal(const struct expr *a, const struct expr *b)
{
	return a->print.to_string == b->print.to_string &&
	       a->print.with_format == b->print.with_format &&
	       a->print.with_delim == b->print.with_delim &&
	       a->print.newline == b->print.newline &&
	       a->print.is_char == b->print.is_char &&
	       expr_equal(a->print.format, b->print.format) &&
	       list_equal(&a->print.args, &b->print.args);
}

static bool prim_equal(const struct expr *a, const struct expr *b)
{
	return a->prim.op == b->prim.op && a->prim.off == b->prim.off &&
	       a->prim.size == b->prim.size &&
	       a->prim.is_signed == b->prim.is_signed &&
	       a->prim.shl == b->prim.shl && a->prim.shr == b->prim.shr &&
	       a->prim.value == b->prim.value &&
	       expr_equal(a->prim.arg[0], b->prim.arg[0]) &&
	       expr_equal(a->prim.arg[1], b->prim.arg[1]);
}

bool expr_equal(const struct expr *a, const struct expr *b)
{
	if (!a || !b)
		return a == b;
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case E_NUMBER:
		return a->num.v == b->num.v;
	case E_STRING:
		return a->str.len == b->str.len &&
		       !memcmp(a->str.s, b->str.s, a->str.len);
	case E_SYMBOL:
		return str_equal(a->sym.name, b->sym.name);
	case E_INDEX:
		return expr_equal(a->index.base, b->index.base) &&
		       list_equal(&a->index.keys, &b->index.keys);
	case E_TARGET:
		return target_equal(a, b);
	case E_UNARY:
		return a->unary.op == b->unary.op &&
		       expr_equal(a->unary.a, b->unary.a);
	case E_INCDEC:
		return a->incdec.delta == b->incdec.delta &&
		       a->incdec.prefix == b->incdec.prefix &&
		       expr_equal(a->incdec.a, b->incdec.a);
	case E_BINARY:
		return a->binary.op == b->binary.op &&
		       expr_equal(a->binary.a, b->binary.a) &&
		       expr_equal(a->binary.b, b->binary.b);
	case E_ASSIGN:
		return a->assign.op == b->assign.op &&
		       expr_equal(a->assign.a, b->assign.a) &&
		       expr_equal(a->assign.b, b->assign.b);
	case E_TERNARY:
		return expr_equal(a->ternary.cond, b->ternary.cond) &&
		       expr_equal(a->ternary.a, b->ternary.a) &&
		       expr_equal(a->ternary.b, b->ternary.b);
	case E_IN:
		return list_equal(&a->in.keys, &b->in.keys) &&
		       expr_equal(a->in.array, b->in.array);
	case E_REGEX:
		return a->regex.negated == b->regex.negated &&
		       expr_equal(a->regex.a, b->regex.a) &&
		       expr_equal(a->regex.pattern, b->regex.pattern);
	case E_CALL:
		return str_equal(a->call.name, b->call.name) &&
		       list_equal(&a->call.args, &b->call.args);
	case E_STATOP:
		return statop_equal(a, b);
	case E_PRINT:
		return print_equal(a, b);
	case E_DEFINED:
	case E_ENTRY:
	case E_PROBEWRITE:
		return expr_equal(a->defined.arg, b->defined.arg);
	case E_EMBEDDED:
		return str_equal(a->embedded.code, b->embedded.code);
	case E_PRIM:
		return prim_equal(a, b);
	case E_KIND_COUNT:
		break;
	}
	return false;
}

static bool block_equal(const struct stmt *a, const struct stmt *b)
{
	if (a->block.list.n != b->block.list.n)
		return false;
	vec_for (&a->block.list, i)
		if (!stmt_equal(a->block.list.v[i], b->block.list.v[i]))
			return false;
	return true;
}

static bool foreach_equal(const struct stmt *a, const struct stmt *b)
{
	return a->foreach.sort_column == b->foreach.sort_column &&
	       a->foreach.sort_dir == b->foreach.sort_dir &&
	       a->foreach.sort_has_stat == b->foreach.sort_has_stat &&
	       (!a->foreach.sort_has_stat ||
		a->foreach.sort_stat == b->foreach.sort_stat) &&
	       list_equal(&a->foreach.keys, &b->foreach.keys) &&
	       expr_equal(a->foreach.value, b->foreach.value) &&
	       expr_equal(a->foreach.base, b->foreach.base) &&
	       list_equal(&a->foreach.slice, &b->foreach.slice) &&
	       expr_equal(a->foreach.limit, b->foreach.limit) &&
	       stmt_equal(a->foreach.body, b->foreach.body);
}

bool stmt_equal(const struct stmt *a, const struct stmt *b)
{
	if (!a || !b)
		return a == b;
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case S_NULL:
	case S_BREAK:
	case S_CONTINUE:
	case S_NEXT:
		return true;
	case S_EXPR:
	case S_RETURN:
	case S_DELETE:
		return expr_equal(a->expr, b->expr);
	case S_BLOCK:
		return block_equal(a, b);
	case S_IF:
		return expr_equal(a->if_.cond, b->if_.cond) &&
		       stmt_equal(a->if_.then, b->if_.then) &&
		       stmt_equal(a->if_.otherwise, b->if_.otherwise);
	case S_WHILE:
	case S_FOR:
		return expr_equal(a->loop.init, b->loop.init) &&
		       expr_equal(a->loop.cond, b->loop.cond) &&
		       expr_equal(a->loop.step, b->loop.step) &&
		       stmt_equal(a->loop.body, b->loop.body);
	case S_FOREACH:
		return foreach_equal(a, b);
	case S_TRY:
		return stmt_equal(a->try_.body, b->try_.body) &&
		       expr_equal(a->try_.var, b->try_.var) &&
		       stmt_equal(a->try_.handler, b->try_.handler);
	case S_EMBEDDED:
		return str_equal(a->embedded, b->embedded);
	case S_KIND_COUNT:
		break;
	}
	return false;
}

/* ------------------------------------------------------------------ *
 * Declarations
 * ------------------------------------------------------------------ */

static bool point_equal(const struct probe_point *a,
			const struct probe_point *b)
{
	if (a->comps.n != b->comps.n || a->optional != b->optional ||
	    a->sufficient != b->sufficient || !expr_equal(a->cond, b->cond))
		return false;
	vec_for (&a->comps, i)
		if (strcmp(a->comps.v[i].name, b->comps.v[i].name) ||
		    !expr_equal(a->comps.v[i].arg, b->comps.v[i].arg))
			return false;
	return true;
}

static bool points_equal(struct probe_point *const *a, uint32_t na,
			 struct probe_point *const *b, uint32_t nb)
{
	if (na != nb)
		return false;
	for (uint32_t i = 0; i < na; i++)
		if (!point_equal(a[i], b[i]))
			return false;
	return true;
}

static bool probe_equal(const struct probe_decl *a, const struct probe_decl *b)
{
	return points_equal(a->points.v, a->points.n, b->points.v,
			    b->points.n) &&
	       stmt_equal(a->body, b->body);
}

static bool alias_equal(const struct alias_decl *a, const struct alias_decl *b)
{
	return a->epilogue_style == b->epilogue_style &&
	       points_equal(a->names.v, a->names.n, b->names.v, b->names.n) &&
	       points_equal(a->points.v, a->points.n, b->points.v,
			    b->points.n) &&
	       stmt_equal(a->body, b->body) && stmt_equal(a->body2, b->body2);
}

static bool global_equal(const struct var_decl *a, const struct var_decl *b)
{
	return !strcmp(a->name, b->name) && a->is_private == b->is_private &&
	       a->max_entries == b->max_entries && a->wrap == b->wrap &&
	       expr_equal(a->init, b->init);
}

static bool func_equal(const struct func_decl *a, const struct func_decl *b)
{
	if (strcmp(a->name, b->name) || a->is_private != b->is_private ||
	    a->ret_declared != b->ret_declared ||
	    (a->ret_declared && a->ret != b->ret) ||
	    a->has_priority != b->has_priority || a->priority != b->priority ||
	    a->params.n != b->params.n)
		return false;
	vec_for (&a->params, i)
		if (strcmp(a->params.v[i]->name, b->params.v[i]->name) ||
		    a->params.v[i]->type != b->params.v[i]->type)
			return false;
	return stmt_equal(a->body, b->body);
}

static bool decl_equal(const struct decl *a, const struct decl *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case DECL_PROBE:
		return probe_equal(a->p, b->p);
	case DECL_ALIAS:
		return alias_equal(a->p, b->p);
	case DECL_GLOBAL:
		return global_equal(a->p, b->p);
	case DECL_FUNC:
		return func_equal(a->p, b->p);
	case DECL_EMBEDDED:
		return str_equal(((const struct embedded_decl *)a->p)->code,
				 ((const struct embedded_decl *)b->p)->code);
	}
	return false;
}

bool file_equal(const struct file *a, const struct file *b)
{
	if (a->order.n != b->order.n)
		return false;
	vec_for (&a->order, i)
		if (!decl_equal(&a->order.v[i], &b->order.v[i]))
			return false;
	return true;
}
