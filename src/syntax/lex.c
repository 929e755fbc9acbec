// SPDX-License-Identifier: GPL-2.0-or-later
#include "syntax/lex.h"

#include <ctype.h>
#include <string.h>

struct word {
	const char *text;
	uint8_t len;
};

static const struct word words[ID_COUNT] = {
#define K(id, t) [KW_##id] = {t, sizeof(t) - 1},
#include "syntax/token.def"
#define P(id, t) [P_##id] = {t, sizeof(t) - 1},
#include "syntax/token.def"
#define A(id, t) [AT_##id] = {t, sizeof(t) - 1},
#include "syntax/token.def"
};

void lex_init(struct lexer *l, struct diag *d, const struct source *src)
{
	static const char bom[] = "\xef\xbb\xbf";
	const char *start = src->text;

	if (src->len >= 3 && !memcmp(start, bom, 3))
		start += 3;
	*l = (struct lexer){.d = d,
			    .src = src,
			    .p = start,
			    .end = src->text + src->len,
			    .line_start = start,
			    .line = 1};
}

static bool ident_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (ident_start(c) && c != '_');
}

static struct loc here(const struct lexer *l)
{
	return (struct loc){l->src, l->line,
			    (uint32_t)(l->p - l->line_start) + 1};
}

/* The character at distance n, or NUL past the end. */
static char at(const struct lexer *l, size_t n)
{
	return n < (size_t)(l->end - l->p) ? l->p[n] : 0;
}

static bool may_report(struct lexer *l)
{
	if (!l->d || l->quiet)
		return false;
	if (l->errors && *l->errors >= LEX_MAX_ERRORS)
		return false;
	if (l->errors)
		++*l->errors;
	return true;
}

static void newline(struct lexer *l)
{
	l->line++;
	l->line_start = l->p + 1;
}

static void skip_line(struct lexer *l)
{
	const char *nl = memchr(l->p, '\n', (size_t)(l->end - l->p));

	l->p = nl ? nl : l->end;
}

static void skip_comment(struct lexer *l)
{
	struct loc start = here(l);

	for (l->p += 2; l->p < l->end; l->p++) {
		if (*l->p == '\n')
			newline(l);
		else if (*l->p == '*' && at(l, 1) == '/') {
			l->p += 2;
			return;
		}
	}
	if (may_report(l))
		diag_report(l->d, PARSE_UNTERMINATED_COMMENT, start, NULL);
}

static void skip_blank(struct lexer *l)
{
	while (l->p < l->end) {
		char c = *l->p;

		if (c == '\n') {
			newline(l);
			l->p++;
		} else if (c == ' ' || (c >= '\t' && c <= '\r')) {
			l->p++;
		} else if (c == '#' || (c == '/' && at(l, 1) == '/')) {
			skip_line(l);
		} else if (c == '/' && at(l, 1) == '*') {
			skip_comment(l);
		} else {
			return;
		}
	}
}

/* Characters that cannot start a token; a run of them is one error. */
static void skip_junk(struct lexer *l)
{
	struct loc loc = here(l);
	unsigned char c = (unsigned char)*l->p;
	struct diag_msg *m;

	do {
		l->p++;
	} while (l->p < l->end && (unsigned char)*l->p >= 0x80 && c >= 0x80);
	if (!may_report(l))
		return;
	if (c > 32 && c < 127)
		m = diag_report(l->d, PARSE_JUNK, loc, NULL, c);
	else
		m = diag_report(l->d, PARSE_JUNK_BYTE, loc, NULL, c);
	if (c == '@')
		diag_remedy(m, "'@' is followed by a name or a number: "
			       "@count(x), @1");
}

static bool lex_punct(struct lexer *l, struct token *t)
{
	size_t left = (size_t)(l->end - l->p);

	for (int id = P_PP_OPEN; id <= P_RBRACE; id++) {
		const struct word *w = &words[id];

		if (w->text[0] == *l->p && w->len <= left &&
		    !memcmp(w->text, l->p, w->len)) {
			t->kind = T_PUNCT;
			t->id = (enum token_id)id;
			l->p += w->len;
			return true;
		}
	}
	return false;
}

static enum token_id find_word(const char *s, size_t len, int from, int to)
{
	for (int id = from; id <= to; id++)
		if (words[id].len == len && !memcmp(words[id].text, s, len))
			return (enum token_id)id;
	return ID_NONE;
}

static void lex_name(struct lexer *l, struct token *t)
{
	const char *s = l->p;
	bool only_dollars = true;

	while (l->p < l->end &&
	       (ident_start(*l->p) || is_digit(*l->p) || *l->p == '$'))
		only_dollars &= *l->p++ == '$';
	t->kind = T_IDENT;
	if (only_dollars) {
		if (l->p - s > 2) /* "$$" and then whatever follows */
			l->p = s + 2;
		t->kind = T_DOLLAR;
		return;
	}
	t->id = find_word(s, (size_t)(l->p - s), KW_PROBE, KW_CATCH);
	if (t->id)
		t->kind = T_KEYWORD;
}

/* After '$' or '@': a script argument? */
static bool lex_arg(struct lexer *l, struct token *t)
{
	char c = at(l, 1);

	if (c == '*' || c == '#') {
		l->p += 2;
	} else if (is_digit(c)) {
		for (l->p++; l->p < l->end && is_digit(*l->p); l->p++)
			;
	} else {
		return false;
	}
	t->kind = T_ARG;
	return true;
}

static bool lex_at(struct lexer *l, struct token *t)
{
	const char *s = l->p;

	if (lex_arg(l, t))
		return true;
	if (!ident_start(at(l, 1)))
		return false;
	for (l->p++; l->p < l->end && (ident_start(*l->p) || is_digit(*l->p));
	     l->p++)
		;
	t->kind = T_AT;
	t->id = find_word(s, (size_t)(l->p - s), AT_DEFINE, AT_HIST_LINEAR);
	return true;
}

static void lex_string(struct lexer *l, struct token *t)
{
	t->kind = T_STRING;
	t->s = ++l->p;
	while (l->p < l->end && *l->p != '"' && *l->p != '\n') {
		if (*l->p == '\\' && l->p + 1 < l->end) {
			l->p++;
			if (*l->p == '\n')
				newline(l);
		}
		l->p++;
	}
	t->len = (uint32_t)(l->p - t->s);
	if (l->p < l->end && *l->p == '"') {
		l->p++;
		return;
	}
	t->bad = true;
	if (may_report(l)) {
		struct diag_msg *m = diag_report(
			l->d, PARSE_UNTERMINATED_STRING, t->loc, NULL);

		diag_remedy(m, "close it on the same line; pieces on several "
			       "lines (\"one\" \"two\") are joined");
	}
}

/* 'text' in one line: a string with the wrong quotes. */
static bool lex_quoted(struct lexer *l, struct token *t)
{
	const char *end = l->p + 1;

	while (end < l->end && *end != '\'' && *end != '\n')
		end++;
	if (end == l->end || *end != '\'')
		return false;
	if (may_report(l))
		diag_remedy(diag_report(l->d, PARSE_JUNK, t->loc, NULL, '\''),
			    "strings stand in double quotes: \"text\"");
	t->kind = T_STRING;
	t->bad = true;
	t->s = l->p + 1;
	t->len = (uint32_t)(end - t->s);
	l->p = end + 1;
	return true;
}

static void lex_embedded(struct lexer *l, struct token *t)
{
	t->kind = T_EMBEDDED;
	l->p += 2;
	t->s = l->p;
	for (; l->p < l->end; l->p++) {
		if (*l->p == '\n') {
			newline(l);
		} else if (*l->p == '%' && at(l, 1) == '}') {
			t->len = (uint32_t)(l->p - t->s);
			l->p += 2;
			return;
		}
	}
	t->len = (uint32_t)(l->p - t->s);
	if (may_report(l))
		diag_report(l->d, PARSE_UNTERMINATED_EMBEDDED, t->loc, NULL);
}

static bool lex_one(struct lexer *l, struct token *t)
{
	char c = *l->p;

	t->s = l->p;
	if (ident_start(c)) {
		lex_name(l, t);
	} else if (is_digit(c)) {
		t->kind = T_NUMBER;
		while (l->p < l->end && is_alnum(*l->p))
			l->p++;
	} else if (c == '"') {
		lex_string(l, t);
		return true;
	} else if (c == '\'') {
		return lex_quoted(l, t);
	} else if (c == '$') {
		if (!lex_arg(l, t))
			lex_name(l, t);
	} else if (c == '@') {
		if (!lex_at(l, t))
			return false;
	} else if (c == '%' && at(l, 1) == '{') {
		lex_embedded(l, t);
		return true;
	} else if (!lex_punct(l, t)) {
		return false;
	}
	t->len = (uint32_t)(l->p - t->s);
	return true;
}

struct token lex_next(struct lexer *l)
{
	for (;;) {
		struct token t = {0};

		skip_blank(l);
		t.loc = here(l);
		t.s = l->p;
		if (l->p >= l->end || lex_one(l, &t))
			return t;
		skip_junk(l);
	}
}

bool token_text_is(const struct token *t, const char *text)
{
	return strlen(text) == t->len && !memcmp(text, t->s, t->len);
}

bool token_adjacent(const struct token *a, const struct token *b)
{
	return a->loc.src == b->loc.src && a->s + a->len == b->s;
}

const char *token_id_text(enum token_id id)
{
	return words[id].text;
}

const char *token_describe(struct arena *a, const struct token *t)
{
	static const char *const kind[] = {
		[T_IDENT] = "identifier",      [T_KEYWORD] = "keyword",
		[T_NUMBER] = "number",	       [T_STRING] = "string",
		[T_PUNCT] = "operator",	       [T_AT] = "operator",
		[T_DOLLAR] = "operator",       [T_ARG] = "script argument",
		[T_EMBEDDED] = "embedded-code"};
	enum { SHOWN = 40 };
	char buf[SHOWN + 4];
	uint32_t n = t->len < SHOWN ? t->len : SHOWN;

	if (t->kind == T_EOF)
		return arena_printf(a, "%s EOF", t->loc.src ? t->loc.src->name
							    : "");
	if (t->kind == T_EMBEDDED || t->kind == T_KEYWORD)
		return kind[t->kind];
	bool is_macro = t->kind == T_AT && !t->id;
	for (uint32_t i = 0; i < n; i++)
		buf[i] = (unsigned char)t->s[i] < 32 || t->s[i] == 127
				 ? '?'
				 : t->s[i];
	strcpy(buf + n, t->len > SHOWN ? "..." : "");
	return arena_printf(a, "%s '%s'", is_macro ? "macro" : kind[t->kind],
			    buf);
}
