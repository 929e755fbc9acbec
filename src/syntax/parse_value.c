// SPDX-License-Identifier: GPL-2.0-or-later
/* What expressions are made of. */
#include <string.h>

#include "syntax/format.h"
#include "syntax/parser.h"

/* ------------------------------------------------------------------ *
 * Literals
 * ------------------------------------------------------------------ */

struct expr *parse_string_literal(struct parser *p, const char *what)
{
	struct loc loc = peek(p, 0)->loc;
	char_vec text = {0};

	if (peek(p, 0)->kind != T_STRING)
		expected(p, what);
	while (peek(p, 0)->kind == T_STRING) {
		struct token t = next_token(p);

		token_string(p->a, &t, &text);
	}
	vec_push(p->a, &text, '\0');
	return finish(p, expr_string(p->a, loc, text.v));
}

struct expr *parse_number_literal(struct parser *p, const char *what)
{
	struct loc loc = peek(p, 0)->loc;
	bool minus = accept(p, P_MINUS);
	struct token t;
	uint64_t v;
	struct expr *e;

	if (peek(p, 0)->kind != T_NUMBER)
		expected(p, what);
	t = next_token(p);
	v = (uint64_t)token_number(p->d, &t, &p->pp.errors);
	e = expr_number(p->a, loc, (int64_t)(minus ? -v : v));
	/* A malformed one was 0. */
	if (v || t.len == 1)
		e->num.text = arena_printf(p->a, "%s%.*s", minus ? "-" : "",
					   (int)t.len, t.s);
	return finish(p, e);
}

struct expr *parse_embedded_expr(struct parser *p)
{
	struct expr *e = expr_new(p->a, E_EMBEDDED, peek(p, 0)->loc);

	e->embedded.code = parse_embedded(p, true);
	return finish(p, e);
}

/* ------------------------------------------------------------------ *
 * Lists
 * ------------------------------------------------------------------ */

void too_many_keys(struct parser *p)
{
	parser_report(p, PARSE_KEYS, peek(p, 0), (unsigned)AST_MAX_KEYS);
	recover(p);
}

bool parse_expression_list(struct parser *p, expr_list *out,
			   enum token_id close, bool stars)
{
	if (close == P_RPAREN && accept(p, close))
		return true;
	for (;;) {
		struct expr *e = NULL;

		if (close == P_RBRACKET && out->n == AST_MAX_KEYS)
			too_many_keys(p);
		if (at(p, P_STAR) && stars)
			next_token(p);
		else
			e = parse_expression(p);
		vec_push(p->a, out, e);
		if (accept(p, close))
			return true;
		if (!accept(p, P_COMMA))
			return false;
	}
}

struct expr *parse_array_key_list(struct parser *p, struct expr *base)
{
	struct expr *e = expr_new(p->a, E_INDEX, base->loc);

	e->index.base = base;
	expect(p, P_LBRACKET);
	if (!parse_expression_list(p, &e->index.keys, P_RBRACKET, true))
		expected(p, "one of '] ,'");
	return finish(p, e);
}

/* ------------------------------------------------------------------ *
 * Statistics
 * ------------------------------------------------------------------ */

bool is_statop(const struct token *t)
{
	return t->id >= AT_COUNT && t->id <= AT_HIST_LINEAR;
}

bool is_histogram(const struct token *t)
{
	return t->id == AT_HIST_LOG || t->id == AT_HIST_LINEAR;
}

static bool is_histogram_op(enum statop op)
{
	return op == STAT_HIST_LOG || op == STAT_HIST_LINEAR;
}

enum statop statop_of(enum token_id id)
{
	return (enum statop)(id - AT_COUNT + STAT_COUNT);
}

_Static_assert(AT_HIST_LINEAR - AT_COUNT == STAT_HIST_LINEAR - STAT_COUNT,
	       "token.def lists the statistics operators in enum statop order");

static unsigned max_params(enum statop op)
{
	return op == STAT_HIST_LINEAR ? 3 : op == STAT_VARIANCE ? 1 : 0;
}

static void parse_statistics_params(struct parser *p, struct expr *e)
{
	unsigned max = max_params(e->statop.op);
	bool all = e->statop.op == STAT_HIST_LINEAR;

	while (e->statop.nparams < max && (all || at(p, P_COMMA))) {
		expect(p, P_COMMA);
		e->statop.param[e->statop.nparams++] =
			parse_number_literal(p, "number")->num.v;
	}
	if (at(p, P_COMMA) && !is_histogram_op(e->statop.op)) {
		parser_report(p, PARSE_STATISTICS, peek(p, 0), max + 1,
			      max ? "s" : "");
		recover(p);
	}
}

struct expr *parse_stat_operator(struct parser *p)
{
	struct token t = next_token(p);
	struct expr *e = expr_new(p->a, E_STATOP, t.loc);

	e->statop.op = statop_of(t.id);
	expect(p, P_LPAREN);
	e->statop.stat = parse_expression(p);
	parse_statistics_params(p, e);
	expect(p, P_RPAREN);
	finish(p, e);
	if (is_histogram(&t) && at(p, P_LBRACKET))
		return parse_array_key_list(p, e);
	return e;
}

/* A whole histogram is no value: only print and foreach take one. */
static struct expr *parse_stat_value(struct parser *p)
{
	struct token t = *peek(p, 0);
	bool may_be_whole = p->whole_histogram;
	struct expr *e;

	p->whole_histogram = false;
	e = parse_stat_operator(p);
	if (is_histogram(&t) && e->kind == E_STATOP && !may_be_whole)
		diag_remedy(parser_report(p, PARSE_HISTOGRAM, &t),
			    "print it alone, or index a bucket: %.*s(x)[n]",
			    (int)t.len, t.s);
	if (is_histogram(&t) && e->kind == E_STATOP && !at(p, P_RPAREN))
		expected(p, "')'");
	return e;
}

/* ------------------------------------------------------------------ *
 * Print family
 * ------------------------------------------------------------------ */

enum { PR_FORMAT = 1, PR_DELIM = 2, PR_LINE = 4, PR_STRING = 8, PR_CHAR = 16 };

static const struct {
	const char *name;
	unsigned flags;
} printers[] = {
	{"print", 0},
	{"println", PR_LINE},
	{"printd", PR_DELIM},
	{"printdln", PR_DELIM | PR_LINE},
	{"printf", PR_FORMAT},
	{"print_char", PR_CHAR},
	{"sprint", PR_STRING},
	{"sprintln", PR_STRING | PR_LINE},
	{"sprintd", PR_STRING | PR_DELIM},
	{"sprintdln", PR_STRING | PR_DELIM | PR_LINE},
	{"sprintf", PR_STRING | PR_FORMAT},
};

static int find_printer(const struct token *t)
{
	for (size_t i = 0; i < sizeof(printers) / sizeof(*printers); i++)
		if (token_text_is(t, printers[i].name))
			return (int)i;
	return -1;
}

static void parse_print_format(struct parser *p, struct expr *e)
{
	unsigned before = diag_errors(p->d);

	e->print.format =
		parse_string_literal(p, "literal string");
	e->print.fmt = format_parse(p->a, p->d, e->print.format->loc,
				    e->print.format->str.s);
	p->pp.errors += diag_errors(p->d) - before;
}

static void check_print_args(struct parser *p, const struct token *t,
			     unsigned flags, unsigned n)
{
	const char *what = NULL;

	if (flags & PR_CHAR && n != 1)
		what = "print_char takes one argument";
	else if (flags & PR_DELIM && n < 2)
		what = "expected a delimiter and two or more values to print";
	if (what)
		parser_report(p, PARSE_PRINT_ARGS, t, what);
}

static struct expr *parse_print(struct parser *p, unsigned flags)
{
	struct token t = next_token(p);
	struct expr *e = expr_new(p->a, E_PRINT, t.loc);
	bool ends;

	e->print.to_string = flags & PR_STRING;
	e->print.with_format = flags & PR_FORMAT;
	e->print.with_delim = flags & PR_DELIM;
	e->print.newline = flags & PR_LINE;
	e->print.is_char = flags & PR_CHAR;
	expect(p, P_LPAREN);
	if (flags & PR_FORMAT)
		parse_print_format(p, e);
	else if (flags & PR_DELIM)
		e->print.format =
			parse_string_literal(p, "literal string");
	if (!(flags & (PR_FORMAT | PR_DELIM | PR_LINE)) && at(p, P_RPAREN))
		expected(p, "literal string or number");
	p->whole_histogram = !e->print.format && !e->print.is_char &&
			     is_histogram(peek(p, 0));
	if (!e->print.format || accept(p, P_COMMA))
		ends = parse_expression_list(p, &e->print.args, P_RPAREN,
					     false);
	else
		ends = accept(p, P_RPAREN);
	if (!ends)
		expected(p, "one of ', )'");
	check_print_args(p, &t, flags, e->print.args.n);
	return finish(p, e);
}

/* ------------------------------------------------------------------ *
 * @operators
 * ------------------------------------------------------------------ */

static struct expr *new_target(struct parser *p, enum target_kind tk)
{
	struct expr *e = expr_new(p->a, E_TARGET, next_token(p).loc);

	e->target.tk = tk;
	return e;
}

static const char *parse_string_arg(struct parser *p, const char *what)
{
	return parse_string_literal(p, what)->str.s;
}

/* ("name"), or ("name", "module") when a module may follow */
static struct expr *parse_named_op(struct parser *p, enum target_kind tk,
				   const char *what, bool module)
{
	struct expr *e = new_target(p, tk);

	expect(p, P_LPAREN);
	e->target.name = parse_string_arg(p, what);
	if (module && accept(p, P_COMMA))
		e->target.module = parse_string_arg(p, "string");
	expect(p, P_RPAREN);
	return finish(p, e);
}

/* @cast(e, "type"[, "module"]), @enumname(e[, "type"[, "module"]]) */
static struct expr *parse_cast_op(struct parser *p, enum target_kind tk)
{
	struct expr *e = new_target(p, tk);

	expect(p, P_LPAREN);
	e->target.arg = parse_expression(p);
	if (tk == TGT_CAST && !at(p, P_COMMA))
		expected(p, "','");
	if (accept(p, P_COMMA))
		e->target.name = parse_string_arg(p, "string");
	if (e->target.name && accept(p, P_COMMA))
		e->target.module = parse_string_arg(p, "string");
	expect(p, P_RPAREN);
	return finish(p, e);
}

/* @kregister(n), @kderef(size, address) */
static struct expr *parse_raw_op(struct parser *p, enum target_kind tk,
				 bool has_size)
{
	struct expr *e = new_target(p, tk);

	expect(p, P_LPAREN);
	e->target.arg = parse_expression(p);
	if (has_size) {
		e->target.arg2 = e->target.arg;
		expect(p, P_COMMA);
		e->target.arg = parse_expression(p);
	}
	expect(p, P_RPAREN);
	return finish(p, e);
}

/* @defined(e), @entry(e), @probewrite(x) */
static struct expr *parse_wrapping_op(struct parser *p, enum expr_kind kind)
{
	struct expr *e = expr_new(p->a, kind, next_token(p).loc);

	expect(p, P_LPAREN);
	e->defined.arg = parse_expression(p);
	expect(p, P_RPAREN);
	return finish(p, e);
}

static const char *similar_macros(struct parser *p, const struct token *t)
{
	VEC(const char *) names = {0};
	const struct map *maps[] = {&p->pp.macros, p->pp.env->macros};
	const char *near;

	if (t->len > 60)
		return "";
	for (int id = AT_DEFINE; id <= AT_HIST_LINEAR; id++)
		vec_push(p->a, &names, token_id_text((enum token_id)id) + 1);
	for (int i = 0; i < 2; i++)
		for (uint32_t j = 0; maps[i] && j < maps[i]->entries.n; j++)
			vec_push(p->a, &names, maps[i]->entries.v[j].key);
	near = diag_similar(p->a, arena_strndup(p->a, t->s + 1, t->len - 1),
			    names.v, names.n, 5);
	return near ? arena_printf(p->a, " (similar: %s)", near) : "";
}

void unknown_macro(struct parser *p, const struct token *t)
{
	bool named = t->len > 1;

	diag_remedy(parser_report(p, PARSE_MACRO_UNKNOWN, t,
				  t->len < 60 ? (int)t->len : 60, t->s,
				  named ? similar_macros(p, t) : ""),
		    named ? "define it with '@define', or add the folder of "
			    "its .stpm library with -I"
			  : "'@' is followed by a name or a number: @count(x), "
			    "@1");
	recover(p);
}

static struct expr *parse_at_operator(struct parser *p)
{
	struct token t = *peek(p, 0);

	switch (t.id) {
	case AT_DEFINED:
		return parse_wrapping_op(p, E_DEFINED);
	case AT_ENTRY:
		return parse_wrapping_op(p, E_ENTRY);
	case AT_PROBEWRITE:
		return parse_wrapping_op(p, E_PROBEWRITE);
	case AT_VAR:
		return parse_named_op(p, TGT_ATVAR, "string",
				      true);
	case AT_PERF:
		return parse_named_op(p, TGT_PERF, "literal string",
				      false);
	case AT_CONST:
		return parse_named_op(p, TGT_CONST, "constant name string",
				      false);
	case AT_ENUM:
		return parse_named_op(p, TGT_ENUM, "enumerator name string",
				      true);
	case AT_CAST:
		return parse_cast_op(p, TGT_CAST);
	case AT_ENUMNAME:
		return parse_cast_op(p, TGT_ENUMNAME);
	case AT_KREGISTER:
		return parse_raw_op(p, TGT_KREGISTER, false);
	case AT_UREGISTER:
		return parse_raw_op(p, TGT_UREGISTER, false);
	case AT_KDEREF:
		return parse_raw_op(p, TGT_KDEREF, true);
	case AT_UDEREF:
		return parse_raw_op(p, TGT_UDEREF, true);
	case AT_ERRNO:
		return finish(p, new_target(p, TGT_ERRNO));
	default:
		if (is_statop(&t))
			return parse_stat_value(p);
		unknown_macro(p, &t);
	}
}

/* ------------------------------------------------------------------ *
 * Names
 * ------------------------------------------------------------------ */

/* $name, $$name; a '$' or '$$' at its end asks for pretty-printing */
static struct expr *parse_target_symbol(struct parser *p)
{
	struct token t = *peek(p, 0);
	struct expr *e = new_target(p, TGT_VAR);
	uint32_t dollars = 0;

	while (t.s[t.len - 1 - dollars] == '$')
		dollars++;
	if (dollars > 2) {
		parser_report(p, PARSE_EXPECTED, &t,
			      "'$' or '$$' as pretty-print suffix");
		recover(p);
	}
	e->target.pretty = (uint8_t)dollars;
	e->target.name = arena_strndup(p->a, t.s + 1, t.len - 1 - dollars);
	return finish(p, e);
}

struct expr *parse_symbol(struct parser *p)
{
	struct token t = *peek(p, 0);
	struct expr *e;
	int printer;

	if (t.kind == T_AT)
		return parse_at_operator(p);
	if (t.s[0] == '$')
		return parse_target_symbol(p);
	printer = find_printer(&t);
	if (printer >= 0)
		return parse_print(p, printers[printer].flags);
	if (peek(p, 1)->id == P_LPAREN) {
		next_token(p);
		next_token(p);
		e = expr_call(p->a, t.loc, token_text(p, &t));
		if (!parse_expression_list(p, &e->call.args, P_RPAREN, false))
			expected(p, "one of ') ,'");
		return finish(p, e);
	}
	next_token(p);
	e = finish(p, expr_symbol(p->a, t.loc, token_text(p, &t)));
	return at(p, P_LBRACKET) ? parse_array_key_list(p, e) : e;
}

static void __attribute__((noreturn)) expected_value(struct parser *p)
{
	const struct token *t = peek(p, 0);
	struct diag_msg *m = report_missing(
		p, t->kind == T_EOF ? "value" : "literal string or number");

	if (!m)
		recover(p);
	if (t->id == P_LBRACKET)
		diag_remedy(m, "a membership test needs parentheses here: "
			       "([x, y] in array)");
	else if (t->kind == T_KEYWORD)
		diag_remedy(m, "'%.*s' is a keyword; choose another name",
			    (int)t->len, t->s);
	recover(p);
}

struct expr *parse_value(struct parser *p)
{
	const struct token *t = peek(p, 0);
	struct expr *e;

	switch (t->kind) {
	case T_EMBEDDED:
		return parse_embedded_expr(p);
	case T_IDENT:
	case T_AT:
		return parse_symbol(p);
	case T_STRING:
		return parse_string_literal(p, "");
	case T_NUMBER:
		return parse_number_literal(p, "");
	default:
		break;
	}
	if (t->id != P_LPAREN)
		expected_value(p);
	next_token(p);
	e = parse_expression(p);
	expect(p, P_RPAREN);
	e->parens = true;
	return e;
}
