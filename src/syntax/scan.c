// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a tapset file defines, found by its keywords alone: no macros, no
 * conditionals, no parsing, so all branches count. Private things are of no
 * interest to other files and left out.
 *
 * The names of an alias may hold braces, conditionals and macros. Braces are
 * expanded; for the rest the name found is "*", which means "could be any".
 */
#include <string.h>

#include "syntax/lex.h"
#include "syntax/parse.h"

struct scan {
	struct lexer lex;
	struct token t;	    /* the current one */
	enum token_id last; /* before it */
	void (*found)(void *ctx, enum index_kind kind, const char *name,
		      size_t len);
	void *ctx;
};

static void advance(struct scan *s)
{
	s->last = s->t.id;
	s->t = lex_next(&s->lex);
}

static void report(struct scan *s, enum index_kind kind)
{
	s->found(s->ctx, kind, s->t.s, s->t.len);
}

/* NAME[%][[SIZE]] [= LITERAL], ... */
static void scan_globals(struct scan *s)
{
	for (;;) {
		/* A macro or conditional may stand anywhere. */
		while (s->t.kind == T_PUNCT && s->t.id != P_SEMICOLON)
			advance(s);
		if (s->t.kind != T_IDENT)
			return;
		report(s, INDEX_GLOBAL);
		advance(s);
		while (s->t.kind == T_NUMBER || s->t.kind == T_STRING ||
		       s->t.kind == T_ARG || s->t.kind == T_AT ||
		       (s->t.kind == T_PUNCT && s->t.id != P_COMMA &&
			s->t.id != P_SEMICOLON && s->t.id != P_LBRACE))
			advance(s);
		if (s->t.id != P_COMMA)
			return;
		advance(s);
	}
}

enum { NAME_MAX_LEN = 256, NAMES_MAX = 64 };

/* The names of one alias so far, as braces multiply them. */
struct names {
	char text[NAMES_MAX][NAME_MAX_LEN];
	unsigned n;
};

static void append(struct names *all, unsigned from, const char *s, size_t len)
{
	for (unsigned i = from; i < all->n; i++) {
		size_t have = strlen(all->text[i]);

		if (have + len < NAME_MAX_LEN) {
			memcpy(all->text[i] + have, s, len);
			all->text[i][have + len] = 0;
		}
	}
}

static bool ends_name(const struct token *t)
{
	return t->kind == T_EOF || t->id == P_ASSIGN || t->id == P_ADD_ASSIGN ||
	       t->id == P_COMMA || t->id == P_RBRACE;
}

/* False: too much for this; the name could be any. */
static bool scan_name(struct scan *s, struct names *all, unsigned depth);

static bool scan_braces(struct scan *s, struct names *all, unsigned depth)
{
	struct names prefix, sum = {.n = 0};

	memcpy(&prefix, all, sizeof(prefix));
	do {
		struct names one;

		memcpy(&one, &prefix, sizeof(one));
		advance(s);
		if (!scan_name(s, &one, depth + 1) || sum.n + one.n > NAMES_MAX)
			return false;
		memcpy(sum.text + sum.n, one.text, sizeof(*one.text) * one.n);
		sum.n += one.n;
	} while (s->t.id == P_COMMA);
	if (s->t.id != P_RBRACE)
		return false;
	memcpy(all, &sum, sizeof(sum));
	return true;
}

static bool scan_name(struct scan *s, struct names *all, unsigned depth)
{
	while (!ends_name(&s->t)) {
		if (s->t.kind == T_IDENT || s->t.kind == T_KEYWORD ||
		    s->t.kind == T_NUMBER || s->t.id == P_STAR ||
		    s->t.id == P_DOT) {
			append(all, 0, s->t.s, s->t.len);
		} else if (s->t.id == P_LBRACE && depth < 3 &&
			   (s->last == P_DOT || s->last == KW_PROBE ||
			    s->last == P_COMMA || s->last == P_LBRACE)) {
			if (!scan_braces(s, all, depth))
				return false;
		} else {
			return false;
		}
		advance(s);
	}
	return true;
}

static bool is_assign(const struct scan *s)
{
	return s->t.id == P_ASSIGN || s->t.id == P_ADD_ASSIGN;
}

/*
 * After "probe": names, each with '=' behind it, and a probe point, which is of
 * no interest. Which of the two it is shows only at its end.
 */
static void scan_alias(struct scan *s)
{
	struct scan start = *s;
	unsigned assigns = 0, braces = 0;
	bool bad = false;

	for (; s->t.kind != T_EOF; advance(s)) {
		if (is_assign(s))
			assigns++;
		if (s->t.id == P_LBRACE) {
			if (s->last != P_DOT && s->last != KW_PROBE &&
			    s->last != P_COMMA && s->last != P_LBRACE)
				break; /* the handler */
			braces++;
		} else if (s->t.id == P_RBRACE) {
			if (!braces--)
				break;
		}
	}
	if (!assigns)
		return;
	*s = start;
	while (assigns) {
		struct names all = {.n = 1};

		if (!scan_name(s, &all, 0)) {
			bad = true;
			break;
		}
		for (unsigned i = 0; i < all.n; i++)
			s->found(s->ctx, INDEX_ALIAS, all.text[i],
				 strlen(all.text[i]));
		assigns -= is_assign(s);
		if (is_assign(s) || s->t.id == P_COMMA)
			advance(s);
		else if (s->t.kind == T_EOF || s->t.id == P_RBRACE)
			return;
	}
	if (bad)
		s->found(s->ctx, INDEX_ALIAS, "*", 1);
}

void scan_definitions(const struct source *src,
		      void (*found)(void *ctx, enum index_kind kind,
				    const char *name, size_t len),
		      void *ctx)
{
	struct scan s = {.found = found, .ctx = ctx};

	lex_init(&s.lex, NULL, src);
	advance(&s);
	while (s.t.kind != T_EOF) {
		enum token_id id = s.t.id, before = s.last;

		advance(&s);
		if (before == P_DOT || before == P_ARROW ||
		    before == KW_PRIVATE)
			continue;
		if (id == KW_FUNCTION && s.t.kind == T_IDENT)
			report(&s, INDEX_FUNC);
		else if (id == KW_GLOBAL)
			scan_globals(&s);
		else if (id == KW_PROBE)
			scan_alias(&s);
		else if (id == AT_DEFINE &&
			 (s.t.kind == T_IDENT || s.t.kind == T_KEYWORD))
			report(&s, INDEX_MACRO);
	}
}
