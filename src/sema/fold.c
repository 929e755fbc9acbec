// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Constant folding: arithmetic on literals, conditions that are known, loops
 * that never run, statements behind a jump. Arithmetic wraps at 64 bits as it
 * does at run time; what would be a run-time error (division by zero) stays.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sema/pass.h"

static void fold_any(struct visitor *v, struct expr **ep);
static void fold_stmt(struct visitor *v, struct stmt **sp);

int expr_truth(const struct expr *e)
{
	return e->kind == E_NUMBER ? e->num.v != 0 : -1;
}

static bool arith(enum op op, int64_t x, int64_t y, int64_t *r)
{
	uint64_t a = (uint64_t)x, b = (uint64_t)y;

	switch (op) {
	case OP_MUL:
		*r = (int64_t)(a * b);
		return true;
	case OP_DIV:
		if (!y)
			return false;
		*r = y == -1 ? (int64_t)(0 - a) : x / y;
		return true;
	case OP_MOD:
		if (!y)
			return false;
		*r = y == -1 ? 0 : x % y;
		return true;
	case OP_ADD:
		*r = (int64_t)(a + b);
		return true;
	case OP_SUB:
		*r = (int64_t)(a - b);
		return true;
	case OP_BITAND:
		*r = x & y;
		return true;
	case OP_BITOR:
		*r = x | y;
		return true;
	case OP_BITXOR:
		*r = x ^ y;
		return true;
	/* At run time only the last six bits of how far count; here, as in
	   SystemTap, what is no number of bits moves nothing. */
	case OP_SHL:
		*r = b > 63 ? x : (int64_t)(a << b);
		return true;
	case OP_SHR:
		*r = b > 63 ? x : x >> b;
		return true;
	case OP_USHR:
		*r = (int64_t)(a >> (b & 63));
		return true;
	default:
		return false;
	}
}

static bool compare(enum op op, int c, int64_t *r)
{
	switch (op) {
	case OP_LT:
		*r = c < 0;
		return true;
	case OP_LE:
		*r = c <= 0;
		return true;
	case OP_GT:
		*r = c > 0;
		return true;
	case OP_GE:
		*r = c >= 0;
		return true;
	case OP_EQ:
		*r = c == 0;
		return true;
	case OP_NE:
		*r = c != 0;
		return true;
	default:
		return false;
	}
}

static void put_number(struct sema *s, struct expr **ep, int64_t v)
{
	struct expr *e = expr_number(s->arena, (*ep)->loc, v);

	e->type = TY_LONG;
	*ep = e;
}

static void put_string(struct sema *s, struct expr **ep, const char *text)
{
	struct expr *e = expr_string(s->arena, (*ep)->loc, text);

	e->type = TY_STRING;
	*ep = e;
}

/* x << 0, and x << -1 all the same. */
static bool moves_nothing(enum op op, const struct expr *by)
{
	return (op == OP_SHL || op == OP_SHR) && by->kind == E_NUMBER &&
	       by->num.v <= 0;
}

static void fold_binary(struct sema *s, struct expr **ep)
{
	struct expr *e = *ep, *a = e->binary.a, *b = e->binary.b;
	int64_t r;

	if (e->binary.op == OP_LOGAND || e->binary.op == OP_LOGOR) {
		bool is_or = e->binary.op == OP_LOGOR;
		int ta = expr_truth(a), tb = expr_truth(b);

		/* Before types are known an operand counts for them, even one
		   that is never evaluated. */
		if ((ta == is_or && s->typed) || (ta >= 0 && tb >= 0))
			put_number(s, ep, ta == is_or ? is_or : tb);
		return;
	}
	if (s->typed && moves_nothing(e->binary.op, b)) {
		*ep = a;
		return;
	}
	if (a->kind == E_NUMBER && b->kind == E_NUMBER) {
		int64_t x = a->num.v, y = b->num.v;

		if (arith(e->binary.op, x, y, &r) ||
		    compare(e->binary.op, x < y ? -1 : x > y, &r))
			put_number(s, ep, r);
	} else if (a->kind == E_STRING && b->kind == E_STRING) {
		if (e->binary.op == OP_CONCAT)
			put_string(s, ep,
				   arena_printf(s->arena, "%s%s", a->str.s,
						b->str.s));
		else if (compare(e->binary.op, strcmp(a->str.s, b->str.s), &r))
			put_number(s, ep, r);
	}
}

static void fold_unary(struct sema *s, struct expr **ep)
{
	struct expr *a = (*ep)->unary.a;

	if (a->kind != E_NUMBER)
		return;
	switch ((*ep)->unary.op) {
	case OP_NEG:
		put_number(s, ep, (int64_t)(0 - (uint64_t)a->num.v));
		break;
	case OP_POS:
		put_number(s, ep, a->num.v);
		break;
	case OP_NOT:
		put_number(s, ep, !a->num.v);
		break;
	case OP_BITNOT:
		put_number(s, ep, ~a->num.v);
		break;
	default:
		break;
	}
}

static void fold_any(struct visitor *v, struct expr **ep)
{
	struct expr *e = *ep;
	int cond;

	expr_children(v, e);
	switch (e->kind) {
	case E_UNARY:
		fold_unary(v->ctx, ep);
		break;
	case E_BINARY:
		fold_binary(v->ctx, ep);
		break;
	case E_TERNARY:
		cond = expr_truth(e->ternary.cond);
		if (cond >= 0)
			*ep = cond ? e->ternary.a : e->ternary.b;
		break;
	default:
		break;
	}
}

static bool is_jump(const struct stmt *st)
{
	switch (st->kind) {
	case S_NEXT:
	case S_RETURN:
	case S_BREAK:
	case S_CONTINUE:
		return true;
	case S_BLOCK:
		vec_for (&st->block.list, i)
			if (is_jump(st->block.list.v[i]))
				return true;
		return false;
	case S_IF:
		return st->if_.otherwise && is_jump(st->if_.then) &&
		       is_jump(st->if_.otherwise);
	default:
		return false;
	}
}

static struct stmt *null_stmt(struct sema *s, struct stmt *at)
{
	return stmt_new(s->arena, S_NULL, at->loc);
}

/* What stands behind a jump is kept until its types have been looked at. */
static void fold_block(struct sema *s, struct stmt *b)
{
	uint32_t n = 0;

	vec_for (&b->block.list, i) {
		struct stmt *st = b->block.list.v[i];

		if (st->kind == S_NULL ||
		    (st->kind == S_BLOCK && !st->block.list.n))
			continue;
		b->block.list.v[n++] = st;
		if (s->typed && is_jump(st))
			break;
	}
	b->block.list.n = n;
}

static struct stmt *expr_stmt(struct sema *s, struct expr *e)
{
	struct stmt *st = stmt_new(s->arena, S_EXPR, e->loc);

	st->expr = e;
	return st;
}

static void find_target(void *ctx, struct expr *e)
{
	bool *found = ctx;

	*found |= e->kind == E_TARGET || e->kind == E_ENTRY;
}

static bool is_written_number(const struct expr *e)
{
	size_t len;
	const char *line;

	if (e->kind != E_NUMBER || !in_user_file(e->loc))
		return false;
	line = source_line(e->loc.src, e->loc.line, &len);
	return e->loc.col <= len && isdigit((unsigned char)line[e->loc.col - 1]);
}

bool counts_for_types(const struct sema *s, const struct expr *cond,
		      struct stmt *body)
{
	bool found = false;

	if (s->typed || !is_written_number(cond))
		return false;
	walk_exprs(body, find_target, &found);
	return !found;
}

static void fold_if(struct sema *s, struct stmt **sp)
{
	struct stmt *st = *sp;
	int cond = expr_truth(st->if_.cond);

	if (cond >= 0 && counts_for_types(s, st->if_.cond, st))
		return;
	if (cond >= 0) {
		struct stmt *taken = cond ? st->if_.then : st->if_.otherwise;

		*sp = taken ? taken : null_stmt(s, st);
		return;
	}
	if (st->if_.otherwise && st->if_.otherwise->kind == S_NULL)
		st->if_.otherwise = NULL;
}

static void fold_stmt(struct visitor *v, struct stmt **sp)
{
	struct sema *s = v->ctx;
	struct stmt *st = *sp;

	stmt_children(v, st);
	switch (st->kind) {
	case S_BLOCK:
		fold_block(s, st);
		break;
	case S_IF:
		fold_if(s, sp);
		break;
	case S_WHILE:
	case S_FOR:
		if (st->loop.cond && !expr_truth(st->loop.cond) &&
		    !counts_for_types(s, st->loop.cond, st))
			*sp = st->kind == S_FOR && st->loop.init
				      ? expr_stmt(s, st->loop.init)
				      : null_stmt(s, st);
		break;
	default:
		break;
	}
}

void fold_unit(struct sema *s, struct unit *u)
{
	struct visitor v = {fold_any, fold_stmt, s};

	fold_stmt(&v, unit_body(u));
	if (u->h && u->h->cond)
		fold_any(&v, &u->h->cond);
}
