/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parser's inside: a recursive-descent parser whose functions carry the
 * names of the grammar's rules.
 *
 *   parse.c        files and declarations, errors and recovery
 *   parse_probe.c  probe points
 *   parse_stmt.c   statements
 *   parse_expr.c   expressions
 *   parse_value.c  what expressions are made of: literals, calls, @operators,
 *                  target variables, print
 *
 * An error is reported where it is found and then jumps (longjmp) to the
 * nearest place that can go on: the statement list or the declaration list.
 * Everything is on the arena, so nothing is lost by jumping.
 */
#ifndef SYNTAX_PARSER_H
#define SYNTAX_PARSER_H

#include <setjmp.h>

#include "syntax/preproc.h"

enum {
	PARSE_MAX_EXPR_NESTING = 200,
	PARSE_MAX_POINTS = 4096, /* that one probe point's braces expand to */
	PARSE_LOOKAHEAD = 4,
};

/* A place to continue at after an error. */
struct recovery {
	jmp_buf env;
	struct recovery *outer;
	unsigned expr_depth, stmt_depth;
	unsigned nest; /* open ( and [ */
	uint64_t consumed;
};

struct parser {
	struct arena *a;
	struct diag *d;
	struct preproc pp;
	struct file *file;
	struct token look[PARSE_LOOKAHEAD];
	unsigned nlook;
	struct token last;	 /* consumed last */
	struct token last_error; /* where one was expected last */
	uint64_t consumed;
	unsigned nest, expr_depth, stmt_depth;
	struct map globals; /* declared in this file */
	bool in_function;
	bool whole_histogram; /* the next value may be one */
	struct recovery *recovery; /* innermost */
	struct recovery *top;	   /* of the declaration list */
};

/* Tokens. peek(p, 0) is the next one. The pointer holds until the next call. */
const struct token *peek(struct parser *p, unsigned n);
struct token next_token(struct parser *p);
static inline bool at(struct parser *p, enum token_id id)
{
	return peek(p, 0)->id == id;
}
/* Consumes the token if it is next. */
bool accept(struct parser *p, enum token_id id);
/* The same, or an error. */
struct token expect(struct parser *p, enum token_id id);
struct token expect_identifier(struct parser *p, const char *what);
const char *token_text(struct parser *p, const struct token *t);

/* Errors: report, then jump. `what` completes "expected ...". */
void expected(struct parser *p, const char *what) __attribute__((noreturn));
/* The same for what ends or goes on with something that has begun: that is said
   where the text ends, too, instead of the end. */
void missing(struct parser *p, const char *what) __attribute__((noreturn));
/*
 * The report alone; NULL when it would only be a consequence of an earlier
 * error: a second one at the same token, or after input that was cut short.
 */
struct diag_msg *report_expected(struct parser *p, const char *what);
struct diag_msg *report_missing(struct parser *p, const char *what);
void recover(struct parser *p) __attribute__((noreturn));
void too_deep(struct parser *p, const char *what, unsigned limit)
	__attribute__((noreturn));
/* Reports at the next token without jumping. */
#define parser_report(p, tag, t, ...) pp_report(&(p)->pp, tag, t, ##__VA_ARGS__)

void recovery_begin(struct parser *p, struct recovery *r);
void recovery_end(struct parser *p, struct recovery *r);
/* True for a keyword that starts a declaration. */
bool starts_declaration(const struct token *t);
/* A keyword that comes next is only a name. */
bool after_dot(const struct parser *p);

/* Completes a node: bounds the height of the tree. */
struct expr *finish(struct parser *p, struct expr *e);

/* parse_probe.c */
typedef VEC(struct probe_point *) point_list;
/* One probe point, brace expansion done: appends one or more. */
void parse_probe_point_braces(struct parser *p, point_list *out);

/* parse_stmt.c */
struct stmt *parse_stmt_block(struct parser *p);
struct stmt *parse_statement(struct parser *p);

/* parse_expr.c */
struct expr *parse_expression(struct parser *p);
struct expr *parse_unary(struct parser *p);
/* Up to the ']', which is consumed; '*' is an element too, as NULL. */
void parse_tuple(struct parser *p, expr_list *keys);

/* parse_value.c */
struct expr *parse_value(struct parser *p);
struct expr *parse_symbol(struct parser *p);
/* "literal" "literal" ..., or an error naming what was expected. */
struct expr *parse_string_literal(struct parser *p, const char *what);
/* A number with an optional '-'. */
struct expr *parse_number_literal(struct parser *p, const char *what);
/* Comma-separated up to `close`, which is consumed. stars: '*' is an element
   too, as NULL. False: something else stands behind an element. */
bool parse_expression_list(struct parser *p, expr_list *out,
			   enum token_id close, bool stars);
/* At the key that is one too many. */
void too_many_keys(struct parser *p) __attribute__((noreturn));
/* After the base: "[" keys "]"; '*' is a key too. */
struct expr *parse_array_key_list(struct parser *p, struct expr *base);
bool is_histogram(const struct token *t);
bool is_statop(const struct token *t);
enum statop statop_of(enum token_id id);
struct expr *parse_stat_operator(struct parser *p);
struct expr *parse_embedded_expr(struct parser *p);
/* Reports an @name that is neither operator nor macro. */
void unknown_macro(struct parser *p, const struct token *t)
	__attribute__((noreturn));
/* Embedded code, after checking that it is allowed here. */
const char *parse_embedded(struct parser *p, bool is_value);

#endif
