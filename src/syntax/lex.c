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

/* "@" alone is a T_AT too, one of no meaning. */
static void lex_at(struct lexer *l, struct token *t)
{
	const char *s = l->p;

	if (lex_arg(l, t))
		return;
	for (l->p++; l->p < l->end && (ident_start(*l->p) || is_digit(*l->p));
	     l->p++)
		;
	t->kind = T_AT;
	t->id = find_word(s, (size_t)(l->p - s), AT_DEFINE, AT_HIST_LINEAR);
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
			l->d, PARSE_UNTERMINATED_STRING, t->loc,
			arena_printf(diag_arena(l->d), "junk '\"%.*s'",
				     t->len < 40 ? (int)t->len : 40, t->s));

		diag_remedy(m, "close it on the same line; pieces on several "
			       "lines (\"one\" \"two\") are joined");
	}
}

/* A character that starts no token: the parser says what it expected there.
   'text' in one line is a string with the wrong quotes, and one token. */
static void lex_junk(struct lexer *l, struct token *t)
{
	unsigned char c = (unsigned char)*l->p++;
	const char *end = l->p;

	t->kind = c > ' ' && c < 127 ? T_PUNCT : T_JUNK;
	t->len = 1;
	if (c != '\'')
		return;
	while (end < l->end && *end != '\'' && *end != '\n')
		end++;
	if (end < l->end && *end == '\'')
		l->p = end + 1;
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

static void lex_one(struct lexer *l, struct token *t)
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
		return;
	} else if (c == '$') {
		if (!lex_arg(l, t))
			lex_name(l, t);
	} else if (c == '@') {
		lex_at(l, t);
	} else if (c == '%' && at(l, 1) == '{') {
		lex_embedded(l, t);
		return;
	} else if (!lex_punct(l, t)) {
		lex_junk(l, t);
		return;
	}
	t->len = (uint32_t)(l->p - t->s);
}

struct token lex_next(struct lexer *l)
{
	struct token t = {0};

	skip_blank(l);
	t.loc = here(l);
	t.s = l->p;
	if (l->p < l->end)
		lex_one(l, &t);
	return t;
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
		[T_EMBEDDED] = "embedded-code", [T_JUNK] = "junk"};
	enum { SHOWN = 40 };
	char buf[SHOWN + 4];
	uint32_t n = t->len < SHOWN ? t->len : SHOWN;

	if (t->kind == T_EOF)
		return arena_printf(a, "%s EOF", t->loc.src ? t->loc.src->name
							    : "");
	if (t->kind == T_EMBEDDED || t->kind == T_KEYWORD)
		return kind[t->kind];
	if (t->kind == T_JUNK)
		return arena_printf(a, "junk '\\x%02x'", (unsigned char)*t->s);
	for (uint32_t i = 0; i < n; i++)
		buf[i] = (unsigned char)t->s[i] < 32 || t->s[i] == 127
				 ? '?'
				 : t->s[i];
	strcpy(buf + n, t->len > SHOWN ? "..." : "");
	return arena_printf(a, "%s '%s'", kind[t->kind],
			    buf);
}
