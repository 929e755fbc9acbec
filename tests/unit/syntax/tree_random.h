/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random trees: any shape that the parser could make, for property tests. */
#ifndef TESTS_TREE_RANDOM_H
#define TESTS_TREE_RANDOM_H

#include "syntax/ast.h"

struct gen {
	struct arena *a;
	uint64_t state;
	int budget; /* nodes that may still be made */
};

static inline unsigned pick(struct gen *g, unsigned n)
{
	g->state = g->state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(g->state >> 33) % n;
}

static inline const char *gen_name(struct gen *g)
{
	static const char *const names[] = {"a",  "b2", "foo",	 "_x",
					    "n$", "i",	"printx"};

	return names[pick(g, 7)];
}

static inline const char *gen_text(struct gen *g)
{
	static const char *const texts[] = {
		"",	    "x",	"a\nb\t\"q\"", "\\.\\\\",
		"\x01\x7f", "\xff\xc3", "%d",	       "?"};

	return texts[pick(g, 8)];
}

static inline struct expr *gen_expr(struct gen *g);

static inline void gen_list(struct gen *g, expr_list *l, unsigned min,
			    unsigned max, bool stars)
{
	unsigned n = min + pick(g, max - min + 1);

	while (n--) {
		struct expr *e = stars && pick(g, 3) == 0 ? NULL : gen_expr(g);

		vec_push(g->a, l, e);
	}
}

static inline struct expr *gen_symbol(struct gen *g)
{
	return expr_symbol(g->a, LOC_NONE, gen_name(g));
}

static inline struct expr *gen_number(struct gen *g)
{
	static const int64_t some[] = {0, 1, 42, INT64_MAX, 4096};

	return expr_number(g->a, LOC_NONE, some[pick(g, 5)]);
}

static inline struct expr *gen_index(struct gen *g, bool stars)
{
	struct expr *e = expr_new(g->a, E_INDEX, LOC_NONE);

	e->index.base = gen_symbol(g);
	gen_list(g, &e->index.keys, 1, 3, stars);
	return e;
}

static inline struct expr *gen_statop(struct gen *g, bool hist)
{
	struct expr *e = expr_new(g->a, E_STATOP, LOC_NONE);

	e->statop.op = hist ? (pick(g, 2) ? STAT_HIST_LOG : STAT_HIST_LINEAR)
			    : (enum statop)pick(g, STAT_HIST_LOG);
	e->statop.stat = pick(g, 2) ? gen_symbol(g) : gen_index(g, false);
	if (e->statop.op == STAT_HIST_LINEAR)
		e->statop.nparams = 3;
	else if (e->statop.op == STAT_VARIANCE)
		e->statop.nparams = pick(g, 2);
	for (uint32_t i = 0; i < e->statop.nparams; i++)
		e->statop.param[i] = (int64_t)pick(g, 100) - 50;
	return e;
}

static inline void gen_steps(struct gen *g, struct expr *e, unsigned min)
{
	unsigned n = min + pick(g, 3);

	for (unsigned i = 0; i < n; i++) {
		struct target_step s = {0};

		/* An autocast starts with "->". */
		if (pick(g, 2) || (min && !i)) {
			s.member = pick(g, 4) ? "m" : "next";
		} else {
			s.kind = STEP_INDEX;
			s.index = gen_expr(g);
		}
		vec_push(g->a, &e->target.steps, s);
	}
	e->target.pretty = (uint8_t)pick(g, 3);
	e->target.addr_of = pick(g, 5) == 0;
}

static inline struct expr *gen_target(struct gen *g)
{
	struct expr *e = expr_new(g->a, E_TARGET, LOC_NONE);

	e->target.tk = (enum target_kind)pick(g, TGT_AUTOCAST + 1);
	switch (e->target.tk) {
	case TGT_VAR:
		e->target.name = pick(g, 4) ? "v" : "$parms";
		gen_steps(g, e, 0);
		break;
	case TGT_ATVAR:
	case TGT_CAST:
		if (e->target.tk == TGT_CAST)
			e->target.arg = gen_expr(g);
		e->target.name = gen_text(g);
		e->target.module = pick(g, 2) ? gen_text(g) : NULL;
		gen_steps(g, e, 0);
		break;
	case TGT_PERF:
	case TGT_CONST:
	case TGT_ENUM:
		e->target.name = gen_text(g);
		break;
	case TGT_KDEREF:
	case TGT_UDEREF:
		e->target.arg2 = gen_expr(g);
		/* fall through */
	case TGT_KREGISTER:
	case TGT_UREGISTER:
		e->target.arg = gen_expr(g);
		break;
	case TGT_ENUMNAME:
		e->target.arg = gen_expr(g);
		e->target.name = pick(g, 2) ? gen_text(g) : NULL;
		e->target.module = e->target.name && pick(g, 2) ? "m" : NULL;
		break;
	case TGT_ERRNO:
		break;
	case TGT_AUTOCAST:
		e->target.arg = gen_expr(g);
		gen_steps(g, e, 1);
		break;
	}
	return e;
}

static inline struct expr *gen_print(struct gen *g)
{
	struct expr *e = expr_new(g->a, E_PRINT, LOC_NONE);

	e->print.to_string = pick(g, 2);
	switch (pick(g, 4)) {
	case 0:
		e->print.with_format = true;
		e->print.format =
			expr_string(g->a, LOC_NONE, pick(g, 2) ? "%d\n" : "x");
		break;
	case 1:
		e->print.with_delim = true;
		e->print.newline = pick(g, 2);
		e->print.format =
			expr_string(g->a, LOC_NONE, pick(g, 2) ? ", " : "");
		break;
	case 2:
		e->print.newline = pick(g, 2);
		if (pick(g, 4))
			break;
		vec_push(g->a, &e->print.args, gen_statop(g, true));
		return e;
	default:
		e->print.to_string = false;
		e->print.is_char = true;
	}
	gen_list(g, &e->print.args, e->print.with_delim ? 2 : 1,
		 e->print.is_char ? 1 : 3, false);
	return e;
}

/* What "++" and assignments may stand at. */
static inline struct expr *gen_lvalue(struct gen *g)
{
	struct expr *e;

	switch (pick(g, 3)) {
	case 0:
		return gen_symbol(g);
	case 1:
		return gen_index(g, false);
	default:
		e = expr_new(g->a, E_TARGET, LOC_NONE);
		e->target.name = "v";
		return e;
	}
}

static inline struct expr *gen_leaf(struct gen *g)
{
	switch (pick(g, 3)) {
	case 0:
		return gen_number(g);
	case 1:
		return expr_string(g->a, LOC_NONE, gen_text(g));
	default:
		return gen_symbol(g);
	}
}

static inline struct expr *gen_operator(struct gen *g, enum expr_kind k)
{
	struct expr *e = expr_new(g->a, k, LOC_NONE);

	switch (k) {
	case E_UNARY:
		e->unary.op = (enum op)(OP_NEG + pick(g, 4));
		e->unary.a = gen_expr(g);
		break;
	case E_INCDEC:
		e->incdec.a = gen_lvalue(g);
		e->incdec.delta = pick(g, 2) ? 1 : -1;
		e->incdec.prefix = pick(g, 2);
		break;
	case E_BINARY:
		e->binary.op =
			(enum op)(OP_MUL + pick(g, OP_LOGOR - OP_MUL + 1));
		e->binary.a = gen_expr(g);
		e->binary.b = gen_expr(g);
		break;
	case E_ASSIGN:
		e->assign.op = pick(g, 3)   ? OP_NONE
			       : pick(g, 5) ? (enum op)(OP_MUL + pick(g, 9))
					    : OP_AGGREGATE;
		e->assign.a = gen_lvalue(g);
		e->assign.b = gen_expr(g);
		break;
	case E_TERNARY:
		e->ternary.cond = gen_expr(g);
		e->ternary.a = gen_expr(g);
		e->ternary.b = gen_expr(g);
		break;
	case E_IN:
		gen_list(g, &e->in.keys, 1, 3, true);
		e->in.array = gen_symbol(g);
		break;
	case E_REGEX:
		e->regex.a = gen_expr(g);
		e->regex.pattern = expr_string(g->a, LOC_NONE, gen_text(g));
		e->regex.negated = pick(g, 2);
		break;
	default:
		e->defined.arg = gen_expr(g);
	}
	return e;
}

static inline struct expr *gen_expr(struct gen *g)
{
	static const enum expr_kind operators[] = {
		E_UNARY, E_INCDEC, E_BINARY, E_BINARY,	E_ASSIGN,    E_TERNARY,
		E_IN,	 E_REGEX,  E_ENTRY,  E_DEFINED, E_PROBEWRITE};
	struct expr *e;

	if (--g->budget < 0)
		return gen_leaf(g);
	switch (pick(g, 9)) {
	case 0:
		return gen_leaf(g);
	case 1:
		return gen_index(g, false);
	case 2:
		return gen_target(g);
	case 3:
		e = expr_call(g->a, LOC_NONE, gen_name(g));
		gen_list(g, &e->call.args, 0, 3, false);
		return e;
	case 4:
		return gen_statop(g, false);
	case 5:
		return gen_print(g);
	case 6:
		if (pick(g, 4))
			break;
		e = expr_new(g->a, E_EMBEDDED, LOC_NONE);
		e->embedded.code = " c(\"}\") ";
		return e;
	default:
		break;
	}
	return gen_operator(g, operators[pick(g, 11)]);
}

static inline struct stmt *gen_stmt(struct gen *g);

static inline struct stmt *gen_block(struct gen *g)
{
	struct stmt *s = stmt_new(g->a, S_BLOCK, LOC_NONE);
	unsigned n = pick(g, 4);

	while (n--) {
		struct stmt *one = gen_stmt(g);

		vec_push(g->a, &s->block.list, one);
	}
	return s;
}

static inline struct stmt *gen_simple(struct gen *g)
{
	struct stmt *s = stmt_new(g->a, S_NULL, LOC_NONE);

	if (pick(g, 3)) {
		s->kind = S_EXPR;
		s->expr = gen_expr(g);
	}
	return s;
}

static inline void gen_foreach(struct gen *g, struct stmt *s)
{
	unsigned n = 1 + pick(g, 3);
	bool hist = pick(g, 5) == 0;

	while (n--) {
		struct expr *k = gen_symbol(g);

		vec_push(g->a, &s->foreach.keys, k);
	}
	s->foreach.value = pick(g, 2) ? gen_symbol(g) : NULL;
	s->foreach.base = hist ? gen_statop(g, true) : gen_symbol(g);
	if (!hist && pick(g, 3) == 0)
		gen_list(g, &s->foreach.slice, 1, 3, true);
	if (pick(g, 2)) {
		s->foreach.sort_dir = pick(g, 2) ? 1 : -1;
		s->foreach.sort_column =
			pick(g, 2) ? -1 : 1 + (int)pick(g, s->foreach.keys.n);
		if (s->foreach.sort_column < 0 && pick(g, 2)) {
			s->foreach.sort_has_stat = true;
			s->foreach.sort_stat =
				(enum statop)pick(g, STAT_VARIANCE);
		}
	}
	s->foreach.limit = pick(g, 3) ? NULL : gen_expr(g);
	s->foreach.body = gen_stmt(g);
}

static inline struct stmt *gen_stmt(struct gen *g)
{
	struct stmt *s = stmt_new(g->a, S_EXPR, LOC_NONE);

	g->budget--;
	switch (g->budget < 0 ? pick(g, 5) : pick(g, 12)) {
	case 0:
		s->kind = S_NULL;
		break;
	case 1:
		s->kind = S_NEXT;
		break;
	case 2:
		s->kind = pick(g, 2) ? S_BREAK : S_CONTINUE;
		break;
	case 3:
		s->kind = S_RETURN;
		s->expr = pick(g, 2) ? gen_expr(g) : NULL;
		break;
	case 4:
		s->kind = S_DELETE;
		s->expr = pick(g, 2) ? gen_symbol(g) : gen_index(g, true);
		break;
	case 5:
		s->kind = S_IF;
		s->if_.cond = gen_expr(g);
		/* Only a block keeps an inner "if" from taking the "else". */
		s->if_.then = pick(g, 2) ? gen_block(g) : gen_simple(g);
		s->if_.otherwise = pick(g, 2) ? gen_stmt(g) : NULL;
		break;
	case 6:
		s->kind = S_WHILE;
		s->loop.cond = gen_expr(g);
		s->loop.body = gen_stmt(g);
		break;
	case 7:
		s->kind = S_FOR;
		s->loop.init = pick(g, 2) ? gen_expr(g) : NULL;
		s->loop.cond = pick(g, 2) ? gen_expr(g) : NULL;
		s->loop.step = pick(g, 2) ? gen_expr(g) : NULL;
		s->loop.body = gen_stmt(g);
		break;
	case 8:
		s->kind = S_FOREACH;
		gen_foreach(g, s);
		break;
	case 9:
		s->kind = S_TRY;
		s->try_.body = gen_block(g);
		s->try_.var = pick(g, 2) ? gen_symbol(g) : NULL;
		s->try_.handler = gen_block(g);
		break;
	default:
		s->expr = gen_expr(g);
	}
	return s;
}

#endif
