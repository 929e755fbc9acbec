// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Expressions, loosest binding first:
 *
 *   expression     assignment: = += -= *= /= %= <<= >>= >>>= &= ^= |= .= <<<
 *                  (to the right)
 *   ternary        ? :
 *   logical_or     ||
 *   logical_and    &&
 *   boolean_or     |
 *   boolean_xor    ^
 *   boolean_and    &
 *   array_in       x in a, [x, *] in a; [x] alone is x
 *   comparison     < > <= >= == !=, or one =~ or !~
 *   shift          << >> >>>
 *   concatenation  .
 *   additive       + -
 *   multiplicative * / %
 *   unary          + - ! ~ &
 *   crement        ++ --
 *   dwarf_value    ->member [index] $ $$ after a target variable or a value
 *   value          literals, names, calls, @operators, ( expression )
 *
 * A binary node's position is that of its operator.
 */
#include "syntax/parser.h"

static void enter(struct parser *p)
{
	if (++p->expr_depth > PARSE_MAX_EXPR_NESTING)
		too_deep(p, "expression", PARSE_MAX_EXPR_NESTING);
}

static void leave(struct parser *p)
{
	p->expr_depth--;
}

static struct expr *binary(struct parser *p, const struct token *op_token,
			   enum op op, struct expr *l, struct expr *r)
{
	return finish(p, expr_binary(p->a, op_token->loc, op, l, r));
}

/* ------------------------------------------------------------------ *
 * Unary and tighter
 * ------------------------------------------------------------------ */

/* "$", "$$" at the end of a name, counted and taken off. */
static uint32_t trailing_dollars(const struct token *t)
{
	uint32_t n = 0;

	while (n < t->len && t->s[t->len - 1 - n] == '$')
		n++;
	return n;
}

static void set_pretty(struct parser *p, struct expr *e, const struct token *t,
		       uint32_t dollars)
{
	if (dollars > 2) {
		parser_report(p, PARSE_EXPECTED, t,
			      "'$' or '$$' as pretty-print suffix");
		recover(p);
	}
	e->target.pretty = (uint8_t)dollars;
}

static void parse_member_step(struct parser *p, struct expr *e)
{
	struct token t;
	struct target_step step = {.kind = STEP_MEMBER};
	uint32_t dollars;

	next_token(p); /* -> */
	t = *peek(p, 0);
	if ((t.kind != T_IDENT && t.kind != T_KEYWORD) || t.s[0] == '$')
		expected(p, "identifier or keyword");
	next_token(p);
	dollars = trailing_dollars(&t);
	step.loc = t.loc;
	step.member = arena_strndup(p->a, t.s, t.len - dollars);
	set_pretty(p, e, &t, dollars);
	vec_push(p->a, &e->target.steps, step);
}

static void parse_index_step(struct parser *p, struct expr *e)
{
	struct target_step step = {.kind = STEP_INDEX};

	next_token(p); /* [ */
	step.loc = peek(p, 0)->loc;
	step.index = parse_expression(p);
	expect(p, P_RBRACKET);
	vec_push(p->a, &e->target.steps, step);
}

/* ->member, [index] ..., and a pretty-print suffix */
static void parse_target_steps(struct parser *p, struct expr *e)
{
	while (!e->target.pretty) {
		const struct token *t = peek(p, 0);

		if (t->id == P_ARROW) {
			parse_member_step(p, e);
		} else if (t->id == P_LBRACKET) {
			parse_index_step(p, e);
		} else {
			if (t->kind == T_DOLLAR) {
				struct token d = next_token(p);

				set_pretty(p, e, &d, d.len);
			}
			return;
		}
	}
}

static bool takes_steps(const struct expr *e)
{
	return e->kind == E_TARGET && !e->parens &&
	       (e->target.tk == TGT_VAR || e->target.tk == TGT_ATVAR ||
		e->target.tk == TGT_CAST);
}

static struct expr *parse_dwarf_value(struct parser *p)
{
	struct expr *e = parse_value(p);

	if (takes_steps(e)) {
		parse_target_steps(p, e);
		return finish(p, e);
	}
	/* Any other value: its type may be known all the same ("autocast"). */
	if (at(p, P_ARROW) || at(p, P_LBRACKET) ||
	    peek(p, 0)->kind == T_DOLLAR) {
		struct expr *cast =
			expr_new(p->a, E_TARGET, peek(p, 0)->loc);

		cast->target.tk = TGT_AUTOCAST;
		cast->target.arg = e;
		parse_target_steps(p, cast);
		return finish(p, cast);
	}
	return e;
}

static struct expr *parse_crement(struct parser *p)
{
	const struct token *t = peek(p, 0);
	bool prefix = t->id == P_INC || t->id == P_DEC;
	struct expr *e, *operand;
	struct token op;

	if (prefix) {
		op = next_token(p);
		operand = parse_dwarf_value(p);
		e = expr_new(p->a, E_INCDEC, op.loc);
	} else {
		operand = parse_dwarf_value(p);
		if (!at(p, P_INC) && !at(p, P_DEC))
			return operand;
		op = next_token(p);
		e = expr_new(p->a, E_INCDEC, operand->loc);
	}
	e->incdec.a = operand;
	e->incdec.delta = op.id == P_INC ? 1 : -1;
	e->incdec.prefix = prefix;
	return finish(p, e);
}

static struct expr *unary(struct parser *p, struct loc loc, enum op op,
			  struct expr *a)
{
	struct expr *e = expr_new(p->a, E_UNARY, loc);

	e->unary.op = op;
	e->unary.a = a;
	return finish(p, e);
}

/* Of a target variable, or of what any other value points to. */
static struct expr *parse_address_of(struct parser *p)
{
	struct loc loc = next_token(p).loc;
	struct expr *e = parse_dwarf_value(p), *cast;

	if (e->kind == E_TARGET && !e->target.addr_of) {
		e->target.addr_of = true;
		e->loc = loc;
		return e;
	}
	cast = expr_new(p->a, E_TARGET, loc);
	cast->target.tk = TGT_AUTOCAST;
	cast->target.arg = e;
	cast->target.addr_of = true;
	return finish(p, cast);
}

struct expr *parse_unary(struct parser *p)
{
	enum op op = OP_NONE;
	struct loc loc = peek(p, 0)->loc;
	struct expr *e;

	switch (peek(p, 0)->id) {
	case P_PLUS:
		op = OP_POS;
		break;
	case P_MINUS:
		op = OP_NEG;
		break;
	case P_NOT:
	case P_NOMATCH: /* "!~x": two operators that met */
		op = OP_NOT;
		break;
	case P_TILDE:
		op = OP_BITNOT;
		break;
	case P_AMP:
		return parse_address_of(p);
	default:
		return parse_crement(p);
	}
	enter(p);
	if (next_token(p).id == P_NOMATCH)
		e = unary(p, loc, OP_BITNOT, parse_unary(p));
	else
		e = parse_unary(p);
	leave(p);
	return unary(p, loc, op, e);
}

/* ------------------------------------------------------------------ *
 * Binary operators that group to the left
 * ------------------------------------------------------------------ */

static struct expr *parse_multiplicative(struct parser *p)
{
	struct expr *e = parse_unary(p);

	for (;;) {
		enum token_id id = peek(p, 0)->id;
		enum op op = id == P_STAR      ? OP_MUL
			     : id == P_SLASH   ? OP_DIV
			     : id == P_PERCENT ? OP_MOD
					       : OP_NONE;
		struct token t;

		if (!op)
			return e;
		t = next_token(p);
		e = binary(p, &t, op, e, parse_unary(p));
	}
}

static struct expr *parse_additive(struct parser *p)
{
	struct expr *e = parse_multiplicative(p);

	while (at(p, P_PLUS) || at(p, P_MINUS)) {
		struct token t = next_token(p);

		e = binary(p, &t, t.id == P_PLUS ? OP_ADD : OP_SUB, e,
			   parse_multiplicative(p));
	}
	return e;
}

static struct expr *parse_concatenation(struct parser *p)
{
	struct expr *e = parse_additive(p);

	while (at(p, P_DOT)) {
		struct token t = next_token(p);

		e = binary(p, &t, OP_CONCAT, e, parse_additive(p));
	}
	return e;
}

static struct expr *parse_shift(struct parser *p)
{
	struct expr *e = parse_concatenation(p);

	for (;;) {
		enum token_id id = peek(p, 0)->id;
		enum op op = id == P_SHL    ? OP_SHL
			     : id == P_SHR  ? OP_SHR
			     : id == P_USHR ? OP_USHR
					    : OP_NONE;
		struct token t;

		if (!op)
			return e;
		t = next_token(p);
		e = binary(p, &t, op, e, parse_concatenation(p));
	}
}

static enum op comparison_op(enum token_id id)
{
	switch (id) {
	case P_LT:
		return OP_LT;
	case P_LE:
		return OP_LE;
	case P_GT:
		return OP_GT;
	case P_GE:
		return OP_GE;
	case P_EQ:
		return OP_EQ;
	case P_NE:
		return OP_NE;
	default:
		return OP_NONE;
	}
}

static struct expr *parse_regex(struct parser *p, struct expr *subject)
{
	struct token t = next_token(p);
	struct expr *e = expr_new(p->a, E_REGEX, t.loc);

	e->regex.a = subject;
	e->regex.negated = t.id == P_NOMATCH;
	if (peek(p, 0)->kind != T_STRING) {
		struct diag_msg *m = parser_report(p, PARSE_REGEX, peek(p, 0));

		if (t.id == P_MATCH)
			diag_remedy(m, "to assign a complement, write '= ~'");
		recover(p);
	}
	e->regex.pattern = parse_string_literal(p, "");
	return finish(p, e);
}

static struct expr *parse_comparison_or_regex_query(struct parser *p)
{
	struct expr *e = parse_shift(p);

	if (at(p, P_MATCH) || at(p, P_NOMATCH))
		return parse_regex(p, e);
	for (;;) {
		enum op op = comparison_op(peek(p, 0)->id);
		struct token t;

		if (!op)
			return e;
		t = next_token(p);
		e = binary(p, &t, op, e, parse_shift(p));
	}
}

/* What 'in' looks into: an array, or the buckets of a histogram. */
static struct expr *parse_container(struct parser *p)
{
	struct token name;

	if (is_histogram(peek(p, 0)))
		return parse_stat_operator(p);
	name = expect_identifier(p, "identifier or statistical operation");
	return finish(p, expr_symbol(p->a, name.loc, token_text(p, &name)));
}

void parse_tuple(struct parser *p, expr_list *keys)
{
	if (!parse_expression_list(p, keys, P_RBRACKET, true))
		missing(p, "',' or ']'");
}

static struct expr *lone_key(struct parser *p, const expr_list *keys)
{
	if (keys->n == 1 && keys->v[0])
		return keys->v[0];
	parser_report(p, PARSE_KEY_LIST, peek(p, 0));
	recover(p);
}

/* x in a, [x, y] in a, [x, *] in a; without "in", [x] is x */
static struct expr *parse_array_in(struct parser *p)
{
	struct token first = *peek(p, 0), in;
	expr_list keys = {0};
	struct expr *e;

	if (first.id == P_LBRACKET) {
		next_token(p);
		parse_tuple(p, &keys);
		if (!at(p, KW_IN))
			return lone_key(p, &keys);
	} else {
		e = parse_comparison_or_regex_query(p);
		if (!at(p, KW_IN))
			return e;
		vec_push(p->a, &keys, e);
	}
	in = expect(p, KW_IN);
	e = expr_new(p->a, E_IN, in.loc);
	e->in.keys = keys;
	e->in.array = parse_container(p);
	return finish(p, e);
}

static struct expr *parse_boolean_and(struct parser *p)
{
	struct expr *e = parse_array_in(p);

	while (at(p, P_AMP)) {
		struct token t = next_token(p);

		e = binary(p, &t, OP_BITAND, e, parse_array_in(p));
	}
	return e;
}

static struct expr *parse_boolean_xor(struct parser *p)
{
	struct expr *e = parse_boolean_and(p);

	while (at(p, P_CARET)) {
		struct token t = next_token(p);

		e = binary(p, &t, OP_BITXOR, e, parse_boolean_and(p));
	}
	return e;
}

static struct expr *parse_boolean_or(struct parser *p)
{
	struct expr *e = parse_boolean_xor(p);

	while (at(p, P_PIPE)) {
		struct token t = next_token(p);

		e = binary(p, &t, OP_BITOR, e, parse_boolean_xor(p));
	}
	return e;
}

static struct expr *parse_logical_and(struct parser *p)
{
	struct expr *e = parse_boolean_or(p);

	while (at(p, P_LOGAND)) {
		struct token t = next_token(p);

		e = binary(p, &t, OP_LOGAND, e, parse_boolean_or(p));
	}
	return e;
}

static struct expr *parse_logical_or(struct parser *p)
{
	struct expr *e = parse_logical_and(p);

	while (at(p, P_LOGOR)) {
		struct token t = next_token(p);

		e = binary(p, &t, OP_LOGOR, e, parse_logical_and(p));
	}
	return e;
}

/* ------------------------------------------------------------------ *
 * Operators that group to the right
 * ------------------------------------------------------------------ */

static struct expr *parse_ternary(struct parser *p)
{
	struct expr *cond = parse_logical_or(p), *e;

	if (!at(p, P_QUESTION))
		return cond;
	e = expr_new(p->a, E_TERNARY, next_token(p).loc);
	e->ternary.cond = cond;
	e->ternary.a = parse_expression(p);
	expect(p, P_COLON);
	/* "a ? b : c = d" assigns to the whole, which is no lvalue. */
	enter(p);
	e->ternary.b = parse_ternary(p);
	leave(p);
	return finish(p, e);
}

static const struct {
	enum token_id id;
	enum op op;
} assignments[] = {
	{P_ASSIGN, OP_NONE},	   {P_AGGREGATE, OP_AGGREGATE},
	{P_ADD_ASSIGN, OP_ADD},	   {P_SUB_ASSIGN, OP_SUB},
	{P_MUL_ASSIGN, OP_MUL},	   {P_DIV_ASSIGN, OP_DIV},
	{P_MOD_ASSIGN, OP_MOD},	   {P_CONCAT_ASSIGN, OP_CONCAT},
	{P_SHL_ASSIGN, OP_SHL},	   {P_SHR_ASSIGN, OP_SHR},
	{P_USHR_ASSIGN, OP_USHR},  {P_AND_ASSIGN, OP_BITAND},
	{P_XOR_ASSIGN, OP_BITXOR}, {P_OR_ASSIGN, OP_BITOR},
};

static struct expr *parse_assignment(struct parser *p)
{
	struct expr *l = parse_ternary(p), *e;
	enum token_id id = peek(p, 0)->id;

	for (size_t i = 0; i < sizeof(assignments) / sizeof(*assignments);
	     i++) {
		if (assignments[i].id != id)
			continue;
		e = expr_new(p->a, E_ASSIGN, next_token(p).loc);
		e->assign.op = assignments[i].op;
		e->assign.a = l;
		e->assign.b = parse_expression(p);
		return finish(p, e);
	}
	return l;
}

struct expr *parse_expression(struct parser *p)
{
	struct expr *e;

	enter(p);
	e = parse_assignment(p);
	leave(p);
	return e;
}
