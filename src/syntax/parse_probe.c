// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Probe points: dotted components with wildcards, literal arguments and brace
 * expansion.
 *
 *   probe_point := components [? | !] [if (expression)]
 *   components  := component { . component }
 *   component   := name [( literal )] | { probe_point , ... }
 *
 * Braces are expanded here, in product order: {a,b}.{c,d} becomes a.c, a.d,
 * b.c, b.d. So a probe point in the tree never holds any.
 */
#include <string.h>

#include "syntax/parser.h"

static void parse_components(struct parser *p, point_list *out);

/*
 * What may be part of a component's name. Wildcards and words stand without
 * blanks between them: "sys*open", "*64". Any keyword will do.
 */
static bool is_name_part(const struct token *t)
{
	return t->kind == T_IDENT || t->kind == T_KEYWORD ||
	       t->kind == T_NUMBER || t->id == P_STAR;
}

static const char *parse_component_name(struct parser *p)
{
	struct token t = *peek(p, 0);
	char_vec name = {0};

	if (!is_name_part(&t))
		expected(p, "identifier or '*' or '{'");
	for (;;) {
		struct token part = next_token(p);
		const struct token *n = peek(p, 0);

		for (uint32_t i = 0; i < part.len; i++)
			vec_push(p->a, &name, part.s[i]);
		if (!is_name_part(n) || !token_adjacent(&part, n))
			return arena_strndup(p->a, name.v, name.n);
	}
}

static struct expr *parse_component_arg(struct parser *p)
{
	struct expr *e;

	if (peek(p, 0)->kind == T_STRING)
		e = parse_string_literal(p, "");
	else
		e = parse_number_literal(p, "literal string or number");
	expect(p, P_RPAREN);
	return e;
}

/* One more component on each point of the list. */
static void append_component(struct parser *p, point_list *out,
			     const struct pp_component *c)
{
	for (uint32_t i = 0; i < out->n; i++)
		vec_push(p->a, &out->v[i]->comps, *c);
}

__attribute__((noreturn)) static void
brace_error(struct parser *p, const struct token *t, const char *what)
{
	parser_report(p, PARSE_BRACES, t, what);
	recover(p);
}

static struct probe_point *joined(struct parser *p, const struct probe_point *l,
				  const struct probe_point *r)
{
	struct probe_point *n = arena_memdup(p->a, r, sizeof(*r));

	n->loc = l->loc;
	memset(&n->comps, 0, sizeof(n->comps));
	vec_for (&l->comps, i)
		vec_push(p->a, &n->comps, l->comps.v[i]);
	vec_for (&r->comps, i)
		vec_push(p->a, &n->comps, r->comps.v[i]);
	return n;
}

/* Each point of `out`, continued with each of `tails`. */
static void append_product(struct parser *p, point_list *out,
			   const point_list *tails)
{
	point_list all = {0};

	if ((uint64_t)out->n * tails->n > PARSE_MAX_POINTS)
		too_deep(p, "brace expansion", PARSE_MAX_POINTS);
	for (uint32_t i = 0; i < out->n; i++)
		for (uint32_t j = 0; j < tails->n; j++)
			vec_push(p->a, &all, joined(p, out->v[i], tails->v[j]));
	*out = all;
}

/* "{ a, b.c, {d,e} }" */
static void parse_brace_group(struct parser *p, point_list *tails)
{
	if (++p->expr_depth > PARSE_MAX_EXPR_NESTING)
		too_deep(p, "braces", PARSE_MAX_EXPR_NESTING);
	expect(p, P_LBRACE);
	do {
		point_list one = {0};

		parse_probe_point_braces(p, &one);
		for (uint32_t i = 0; i < one.n; i++)
			vec_push(p->a, tails, one.v[i]);
		if (tails->n > PARSE_MAX_POINTS)
			too_deep(p, "brace expansion", PARSE_MAX_POINTS);
	} while (accept(p, P_COMMA));
	/* what may end a point elsewhere does not end the braces */
	if (at(p, P_LBRACE) || at(p, P_ASSIGN) || at(p, P_ADD_ASSIGN))
		missing(p, "'}'");
	if (!at(p, P_RBRACE))
		missing(p, "one of ', { } = +='");
	next_token(p);
	p->expr_depth--;
}

static void parse_component(struct parser *p, point_list *out)
{
	struct pp_component c = {.loc = peek(p, 0)->loc};

	if (at(p, P_LBRACE)) {
		point_list tails = {0};

		parse_brace_group(p, &tails);
		append_product(p, out, &tails);
		if (!at(p, P_DOT))
			return;
		for (uint32_t i = 0; i < tails.n; i++)
			if (tails.v[i]->optional || tails.v[i]->sufficient ||
			    tails.v[i]->cond)
				brace_error(p, peek(p, 0),
					    "'?', '!' and conditions within "
					    "braces are only possible in the "
					    "last component");
		return;
	}
	c.name = parse_component_name(p);
	if (accept(p, P_LPAREN))
		c.arg = parse_component_arg(p);
	append_component(p, out, &c);
}

static void parse_components(struct parser *p, point_list *out)
{
	struct probe_point *first = arena_new_obj(p->a, struct probe_point);

	if (peek(p, 0)->kind == T_NUMBER &&
	    strspn(peek(p, 0)->s, "0123456789") >= peek(p, 0)->len)
		expected(p, "identifier or '*' or '{'");
	first->loc = peek(p, 0)->loc;
	vec_push(p->a, out, first);
	do {
		parse_component(p, out);
	} while (accept(p, P_DOT));
}

static struct expr *parse_condition(struct parser *p)
{
	struct expr *e;

	next_token(p);
	expect(p, P_LPAREN);
	e = parse_expression(p);
	expect(p, P_RPAREN);
	return e;
}

/* Both conditions must hold when a brace group's point has one already. */
static struct expr *both(struct parser *p, struct expr *a, struct expr *b)
{
	if (!a || !b)
		return a ? a : b;
	return finish(p, expr_binary(p->a, b->loc, OP_LOGAND, a, b));
}

static void parse_suffixes(struct parser *p, point_list *out)
{
	bool optional = accept(p, P_QUESTION);
	bool sufficient = !optional && accept(p, P_NOT);
	struct expr *cond = at(p, KW_IF) ? parse_condition(p) : NULL;

	for (uint32_t i = 0; i < out->n; i++) {
		struct probe_point *pt = out->v[i];

		/* '!' says all that '?' does. */
		pt->sufficient |= sufficient;
		pt->optional = (pt->optional || optional) && !pt->sufficient;
		pt->cond = both(p, pt->cond, i ? expr_clone(p->a, cond) : cond);
	}
}

void parse_probe_point_braces(struct parser *p, point_list *out)
{
	point_list one = {0};

	parse_components(p, &one);
	parse_suffixes(p, &one);
	for (uint32_t i = 0; i < one.n; i++)
		vec_push(p->a, out, one.v[i]);
}
