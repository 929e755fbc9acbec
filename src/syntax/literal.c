// SPDX-License-Identifier: GPL-2.0-or-later
/* What the text of number and string literals means. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "syntax/lex.h"

static struct diag_msg *bad_number(struct diag *d, const struct token *t,
				   unsigned *errors, const char *why)
{
	struct diag_msg *m;

	if (errors)
		++*errors;
	m = diag_report(d, PARSE_NUMBER, t->loc,
			token_describe(diag_arena(d), t));
	diag_note(m, LOC_NONE, "%s", why);
	return m;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

int64_t token_number(struct diag *d, const struct token *t, unsigned *errors)
{
	const char *s = t->s, *end = t->s + t->len;
	unsigned base = 10;
	uint64_t v = 0;
	struct diag_msg *m;

	if (t->len > 1 && s[0] == '0') {
		bool hex = s[1] == 'x' || s[1] == 'X';
		bool bin = s[1] == 'b' || s[1] == 'B';

		base = hex ? 16 : bin ? 2 : 8;
		s += hex || bin ? 2 : 1;
	}
	if (s == end) {
		bad_number(d, t, errors,
			   base == 2 ? "no digits after 0b"
				     : "no digits after 0x");
		return 0;
	}
	for (; s < end; s++) {
		unsigned dv = (unsigned)digit_value(*s);

		if (dv >= base) {
			m = bad_number(d, t, errors,
				       base == 8 && dv < 10
					       ? "not an octal digit"
					       : "not a digit of this base");
			if (base == 8 && dv < 10)
				diag_remedy(m, "a leading 0 makes a number "
					       "octal; leave it out");
			return 0;
		}
		/* Values up to 2^64 - 1 are taken, and wrap to negative. */
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)dv, &v)) {
			bad_number(d, t, errors, "out of the range of 64 bits");
			return 0;
		}
	}
	return (int64_t)v;
}

/*
 * One escape sequence at s (after the backslash); returns the characters it
 * took. *c is the character, or -1: none (a continued line). A character that
 * is no escape stands for itself, without the backslash: a regular expression
 * that wants one says "a\\.b".
 */
static size_t escape(const char *s, const char *end, int *c)
{
	static const char from[] = "abfnrtv";
	static const char to[] = "\a\b\f\n\r\t\v";
	const char *hit, *start = s;

	if (*s >= '0' && *s <= '7') {
		for (*c = 0; s < end && s - start < 3 && *s >= '0' && *s <= '7';
		     s++)
			*c = *c * 8 + (*s - '0');
		*c &= 0xff;
		return (size_t)(s - start);
	}
	if (*s == 'x' && s + 1 < end && digit_value(s[1]) < 16) {
		/* all digits that follow, as in C; the last two count */
		for (*c = 0, s++; s < end && digit_value(*s) < 16; s++)
			*c = (*c * 16 + digit_value(*s)) & 0xff;
		return (size_t)(s - start);
	}
	if (*s == '\n') {
		*c = -1;
		return 1;
	}
	hit = *s ? strchr(from, *s) : NULL;
	*c = (unsigned char)(hit ? to[hit - from] : *s);
	return 1;
}

void token_string(struct arena *a, const struct token *t, char_vec *out)
{
	const char *s = t->s, *end = t->s + t->len;
	bool ended = false;

	while (s < end) {
		int c = (unsigned char)*s++;

		if (c == '\\' && !t->cooked && s < end) {
			s += escape(s, end, &c);
			if (c == -1)
				continue;
		}
		/* A string ends at its first NUL, as it does when it runs. */
		if (!c)
			ended = true;
		if (!ended)
			vec_push(a, out, (char)c);
	}
}
