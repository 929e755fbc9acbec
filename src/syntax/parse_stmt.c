// SPDX-License-Identifier: GPL-2.0-or-later
/* Statements. A semicolon ends one where it stands, but none is needed. */
#include "syntax/parser.h"

/* ------------------------------------------------------------------ *
 * Recovery within a block
 * ------------------------------------------------------------------ */

static bool starts_statement(enum token_id id)
{
	switch (id) {
	case KW_IF:
	case KW_FOR:
	case KW_FOREACH:
	case KW_WHILE:
	case KW_RETURN:
	case KW_DELETE:
	case KW_BREAK:
	case KW_CONTINUE:
	case KW_NEXT:
	case KW_TRY:
		return true;
	default:
		return false;
	}
}

/*
 * A keyword, or a name at the start of a line: outside of the parentheses of
 * the statement to skip.
 */
static bool looks_like_statement(const struct parser *p, const struct token *t,
				 const struct recovery *r)
{
	bool first = t->loc.line != p->last.loc.line;
	bool outside = p->nest <= r->nest;

	if (after_dot(p))
		return false;
	if (starts_declaration(t))
		return true;
	if (starts_statement(t->id))
		return first || outside;
	return first && outside && (t->kind == T_IDENT || t->kind == T_AT);
}

/*
 * Skips what is left of a statement in which an error was found. `for_header`:
 * semicolons within its parentheses do not end it.
 */
static void skip_statement(struct parser *p, const struct recovery *r,
			   bool for_header)
{
	if (p->consumed == r->consumed)
		next_token(p);
	for (;;) {
		const struct token *t = peek(p, 0);

		if (t->kind == T_EOF || t->id == P_LBRACE || t->id == P_RBRACE)
			return;
		if (looks_like_statement(p, t, r))
			return;
		if (for_header && t->id == P_RPAREN && p->nest <= r->nest + 1) {
			next_token(p);
			return;
		}
		if (t->id == P_SEMICOLON &&
		    !(for_header && p->nest > r->nest)) {
			next_token(p);
			return;
		}
		next_token(p);
	}
}

/* NULL after an error; the parser stands at a place to go on from. */
static struct stmt *parse_statement_or_skip(struct parser *p)
{
	bool is_for = at(p, KW_FOR);
	struct recovery r;
	struct stmt *s;

	recovery_begin(p, &r);
	if (!setjmp(r.env)) {
		s = parse_statement(p);
		recovery_end(p, &r);
		return s;
	}
	recovery_end(p, &r);
	skip_statement(p, &r, is_for);
	p->nest = r.nest;
	return NULL;
}

/* ------------------------------------------------------------------ *
 * Rules
 * ------------------------------------------------------------------ */

struct stmt *parse_stmt_block(struct parser *p)
{
	struct token open = expect(p, P_LBRACE);
	struct stmt *s = stmt_new(p->a, S_BLOCK, open.loc);

	for (;;) {
		const struct token *t = peek(p, 0);
		struct stmt *one;

		if (t->id == P_RBRACE) {
			s->block.end = next_token(p).loc;
			return s;
		}
		if (t->kind == T_EOF || starts_declaration(t)) {
			struct diag_msg *m =
				report_missing(p, "statement");

			if (m)
				diag_note(m, open.loc, "the block starts here");
			s->block.end = t->loc;
			return s;
		}
		one = parse_statement_or_skip(p);
		if (one)
			vec_push(p->a, &s->block.list, one);
	}
}

static struct expr *parse_paren_expression(struct parser *p)
{
	struct expr *e;

	expect(p, P_LPAREN);
	e = parse_expression(p);
	expect(p, P_RPAREN);
	return e;
}

static void parse_if_statement(struct parser *p, struct stmt *s)
{
	s->kind = S_IF;
	s->if_.cond = parse_paren_expression(p);
	s->if_.then = parse_statement(p);
	if (accept(p, KW_ELSE))
		s->if_.otherwise = parse_statement(p);
}

static void parse_while_loop(struct parser *p, struct stmt *s)
{
	s->kind = S_WHILE;
	s->loop.cond = parse_paren_expression(p);
	s->loop.body = parse_statement(p);
}

static void parse_for_loop(struct parser *p, struct stmt *s)
{
	s->kind = S_FOR;
	expect(p, P_LPAREN);
	if (!at(p, P_SEMICOLON))
		s->loop.init = parse_expression(p);
	expect(p, P_SEMICOLON);
	if (!at(p, P_SEMICOLON))
		s->loop.cond = parse_expression(p);
	expect(p, P_SEMICOLON);
	if (!at(p, P_RPAREN))
		s->loop.step = parse_expression(p);
	expect(p, P_RPAREN);
	s->loop.body = parse_statement(p);
}

/* '+' or '-' after a key, the value or the array; column -1 is the value. */
static void parse_sort_suffix(struct parser *p, struct stmt *s, int column)
{
	const struct token *t = peek(p, 0);

	if (t->id != P_PLUS && t->id != P_MINUS)
		return;
	if (s->foreach.sort_dir) {
		parser_report(p, PARSE_SORT, t);
		recover(p);
	}
	s->foreach.sort_dir = t->id == P_PLUS ? 1 : -1;
	s->foreach.sort_column = column;
	next_token(p);
}

static struct expr *parse_foreach_symbol(struct parser *p)
{
	struct token t = expect_identifier(p, "identifier");

	return finish(p, expr_symbol(p->a, t.loc, token_text(p, &t)));
}

static void parse_foreach_keys(struct parser *p, struct stmt *s)
{
	expr_list *keys = &s->foreach.keys;

	if (!accept(p, P_LBRACKET)) {
		vec_push(p->a, keys, parse_foreach_symbol(p));
		parse_sort_suffix(p, s, 1);
		return;
	}
	do {
		if (keys->n == AST_MAX_KEYS)
			too_many_keys(p);
		vec_push(p->a, keys, parse_foreach_symbol(p));
		parse_sort_suffix(p, s, (int)keys->n);
	} while (accept(p, P_COMMA));
	if (!at(p, P_RBRACKET))
		missing(p, "',' or ']'");
	next_token(p);
}

/* "v =", "v+ =", "v- =" (also written "v-=") before the keys */
static void parse_foreach_value(struct parser *p, struct stmt *s)
{
	enum token_id t1 = peek(p, 1)->id, t2;

	if (peek(p, 0)->kind != T_IDENT)
		return;
	if (t1 == P_ASSIGN) {
		s->foreach.value = parse_foreach_symbol(p);
	} else if (t1 == P_ADD_ASSIGN || t1 == P_SUB_ASSIGN) {
		s->foreach.value = parse_foreach_symbol(p);
		s->foreach.sort_dir = t1 == P_ADD_ASSIGN ? 1 : -1;
		s->foreach.sort_column = -1;
	} else if (t1 == P_PLUS || t1 == P_MINUS) {
		t2 = peek(p, 2)->id;
		if (t2 != P_ASSIGN)
			return;
		s->foreach.value = parse_foreach_symbol(p);
		parse_sort_suffix(p, s, -1);
	} else {
		return;
	}
	next_token(p);
}

/* The array, with its slice and its sort direction, or a histogram. */
static void parse_foreach_array(struct parser *p, struct stmt *s)
{
	const struct token *t = peek(p, 0);

	if (is_histogram(t)) {
		s->foreach.base = parse_stat_operator(p);
	} else if (t->kind == T_IDENT) {
		s->foreach.base = parse_foreach_symbol(p);
		if (accept(p, P_LBRACKET))
			parse_tuple(p, &s->foreach.slice);
	} else {
		expected(p, "identifier or statistical operation");
	}
	t = peek(p, 0);
	if (t->kind == T_AT && (!is_statop(t) || is_histogram(t)))
		expected(p, "statistical operation");
	if (is_statop(t)) {
		s->foreach.sort_has_stat = true;
		s->foreach.sort_stat = statop_of(next_token(p).id);
		if (!at(p, P_PLUS) && !at(p, P_MINUS))
			expected(p, "sort directive");
	}
	parse_sort_suffix(p, s, -1);
}

static void parse_foreach_loop(struct parser *p, struct stmt *s)
{
	s->kind = S_FOREACH;
	expect(p, P_LPAREN);
	parse_foreach_value(p, s);
	parse_foreach_keys(p, s);
	if (at(p, P_COMMA)) {
		struct diag_msg *m = report_expected(p, "'in'");

		if (m)
			diag_remedy(m, "foreach ([a, b] in array) for an array "
				       "of two indexes; foreach (v = k in "
				       "array) for an index and the value");
		recover(p);
	}
	expect(p, KW_IN);
	parse_foreach_array(p, s);
	if (accept(p, KW_LIMIT))
		s->foreach.limit = parse_expression(p);
	expect(p, P_RPAREN);
	s->foreach.body = parse_statement(p);
}

static void parse_try_block(struct parser *p, struct stmt *s)
{
	s->kind = S_TRY;
	s->try_.body = parse_stmt_block(p);
	expect(p, KW_CATCH);
	if (accept(p, P_LPAREN)) {
		s->try_.var = parse_foreach_symbol(p);
		expect(p, P_RPAREN);
	}
	s->try_.handler = parse_stmt_block(p);
}

static struct expr *parse_delete_operand(struct parser *p)
{
	const struct token *t = peek(p, 0);
	struct token name;
	struct expr *e;

	if (t->id == P_LPAREN) {
		e = parse_paren_expression(p);
		e->parens = true;
		return e;
	}
	/* A '*' may stand for an index here, as nowhere else in a value. */
	if (t->kind != T_IDENT || t->s[0] == '$' ||
	    peek(p, 1)->id != P_LBRACKET)
		return parse_unary(p);
	name = next_token(p);
	e = finish(p, expr_symbol(p->a, name.loc, token_text(p, &name)));
	return parse_array_key_list(p, e);
}

/* Does what follows "return" belong to it? */
static bool starts_expression(const struct token *t)
{
	switch (t->kind) {
	case T_IDENT:
	case T_NUMBER:
	case T_STRING:
	case T_AT:
	case T_EMBEDDED:
		return true;
	case T_PUNCT:
		return t->id == P_LPAREN || t->id == P_LBRACKET ||
		       t->id == P_MINUS || t->id == P_PLUS || t->id == P_NOT ||
		       t->id == P_TILDE || t->id == P_AMP || t->id == P_INC ||
		       t->id == P_DEC || t->id == P_NOMATCH;
	default:
		return false;
	}
}

/* A statement that nothing else introduces is an expression. */
static const char *statement_name(const struct token *t)
{
	return t->kind == T_EOF || t->kind == T_KEYWORD || t->kind == T_JUNK
		       ? "statement"
		       : "literal string or number";
}

/* Statements that a semicolon may end. */
static void parse_simple_statement(struct parser *p, struct stmt *s)
{
	switch (peek(p, 0)->id) {
	case KW_BREAK:
		s->kind = S_BREAK;
		next_token(p);
		break;
	case KW_CONTINUE:
		s->kind = S_CONTINUE;
		next_token(p);
		break;
	case KW_NEXT:
		s->kind = S_NEXT;
		next_token(p);
		break;
	case KW_RETURN:
		s->kind = S_RETURN;
		if (!p->in_function)
			diag_remedy(parser_report(p, RETURN_IN_PROBE,
						  peek(p, 0)),
				    "'next' ends a probe handler");
		next_token(p);
		if (starts_expression(peek(p, 0)))
			s->expr = parse_expression(p);
		break;
	case KW_DELETE:
		s->kind = S_DELETE;
		next_token(p);
		s->expr = parse_delete_operand(p);
		break;
	default:
		if (!starts_expression(peek(p, 0)))
			missing(p, statement_name(peek(p, 0)));
		s->kind = S_EXPR;
		s->expr = parse_expression(p);
	}
	accept(p, P_SEMICOLON);
}

struct stmt *parse_statement(struct parser *p)
{
	const struct token *t = peek(p, 0);
	struct stmt *s;

	if (++p->stmt_depth > AST_MAX_NESTING)
		too_deep(p, "statements", AST_MAX_NESTING);
	if (t->id == P_LBRACE) {
		s = parse_stmt_block(p);
		p->stmt_depth--;
		return s;
	}
	s = stmt_new(p->a, S_NULL, t->loc);
	switch (t->id) {
	case P_SEMICOLON:
		next_token(p);
		break;
	case KW_IF:
		next_token(p);
		parse_if_statement(p, s);
		break;
	case KW_WHILE:
		next_token(p);
		parse_while_loop(p, s);
		break;
	case KW_FOR:
		next_token(p);
		parse_for_loop(p, s);
		break;
	case KW_FOREACH:
		next_token(p);
		parse_foreach_loop(p, s);
		break;
	case KW_TRY:
		next_token(p);
		parse_try_block(p, s);
		break;
	default:
		parse_simple_statement(p, s);
	}
	p->stmt_depth--;
	return s;
}
