// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * printf formats: %[flag][width][.precision][l]conversion
 *
 * Flag - + space 0 or #; width and precision a number or '*'; the length l is
 * taken and means nothing, all integers have 64 bits. The precision or width of
 * %b says how many bytes it writes, the precision of %m and %M how many bytes
 * they read.
 */
#include "syntax/format.h"

#include <string.h>

#define CONVERSIONS "sdiuxXocbpmM"

/* What is larger than a field can be is as large as it can be. */
static uint32_t parse_count(const char **s)
{
	uint32_t v = 0;

	for (; **s >= '0' && **s <= '9'; (*s)++)
		if ((v = v * 10 + (uint32_t)(**s - '0')) > WIRE_MAX_FIELD)
			v = WIRE_MAX_FIELD;
	return v;
}

/* One at most, as in SystemTap: what follows is the width, whose leading zeros
   mean nothing. */
static void parse_flag(const char **s, struct wire_spec *spec)
{
	static const char chars[] = "-+ 0#";
	static const w_u8 bits[] = {WIRE_SPEC_LEFT, WIRE_SPEC_PLUS,
				    WIRE_SPEC_SPACE, WIRE_SPEC_ZERO,
				    WIRE_SPEC_ALT};
	const char *hit;

	if (!**s || !(hit = strchr(chars, **s)))
		return;
	spec->flags |= bits[hit - chars];
	(*s)++;
}

static void parse_width(const char **s, struct wire_spec *spec)
{
	if (**s == '*') {
		spec->flags |= WIRE_SPEC_WIDTH_ARG;
		(*s)++;
	} else {
		spec->width = parse_count(s);
	}
}

static void parse_precision(const char **s, struct wire_spec *spec)
{
	if (**s != '.')
		return;
	(*s)++;
	spec->flags |= WIRE_SPEC_HAS_PREC;
	if (**s == '*') {
		spec->flags |= WIRE_SPEC_PREC_ARG;
		(*s)++;
	} else {
		spec->prec = parse_count(s);
	}
}

/* One directive: returns what is wrong with it, or NULL. */
static const char *parse_directive(const char **s, struct wire_spec *spec)
{
	parse_flag(s, spec);
	parse_width(s, spec);
	parse_precision(s, spec);
	*s += **s == 'l';
	if (!**s)
		return "the format ends within a directive";
	if (!strchr(CONVERSIONS, **s))
		return "unknown conversion";
	spec->conv = (w_u8)(**s == 'i' ? 'd' : **s);
	(*s)++;
	return NULL;
}

static uint32_t args_of(const struct wire_spec *spec)
{
	return 1u + !!(spec->flags & WIRE_SPEC_WIDTH_ARG) +
	       !!(spec->flags & WIRE_SPEC_PREC_ARG);
}

typedef VEC(char) text_vec;

static void finish_part(struct arena *a, struct format *f, text_vec *lit,
			const struct wire_spec *spec)
{
	struct format_part part = {.literal_len = lit->n, .spec = *spec};

	part.literal = arena_memdup(a, lit->n ? lit->v : "", lit->n);
	vec_push(a, &f->parts, part);
	*lit = (text_vec){0};
}

/* The directive up to where it went wrong, as far as it is printable. */
static const char *shown(struct arena *a, const char *from, const char *at)
{
	int n = 0;

	while (n < 20 && from + n <= at && from[n] >= ' ' && from[n] != 127)
		n++;
	return arena_printf(a, "string '%.*s'", n, from);
}

struct format *format_parse(struct arena *a, struct diag *d, struct loc loc,
			    const char *text)
{
	struct format *f = arena_new_obj(a, struct format);
	static const struct wire_spec none;
	text_vec lit = {0};

	for (const char *s = text; *s;) {
		struct wire_spec spec = {0};
		const char *start = s, *wrong;
		struct diag_msg *m;

		if (*s != '%' || s[1] == '%') {
			vec_push(a, &lit, *s);
			s += *s == '%' ? 2 : 1;
			continue;
		}
		s++;
		wrong = parse_directive(&s, &spec);
		if (wrong) {
			m = diag_report(d, PARSE_FORMAT, loc,
					shown(a, start, s));
			diag_note(m, LOC_NONE, "%s", wrong);
			diag_remedy(
				m,
				"a directive is %%[-, +, 0, # or space][width][.precision] "
				"and one of %s; %%%% prints a '%%'",
				CONVERSIONS);
			return NULL;
		}
		finish_part(a, f, &lit, &spec);
		f->nargs += args_of(&spec);
	}
	if (lit.n || !f->parts.n)
		finish_part(a, f, &lit, &none);
	return f;
}
