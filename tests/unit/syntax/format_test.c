// SPDX-License-Identifier: GPL-2.0-or-later
#include "syntax_util.h"

static struct format *format(struct fixture *f, const char *text)
{
	struct format *fmt = format_parse(f->a, f->d, LOC_NONE, text);

	if (!fmt)
		fail_msg("%s: %s", text, said(f));
	return fmt;
}

static struct wire_spec spec(struct fixture *f, const char *text)
{
	struct format *fmt = format(f, text);

	assert_int_equal(fmt->parts.n, 1);
	return fmt->parts.v[0].spec;
}

static void every_conversion(void **state)
{
	struct fixture *f = *state;
	static const char text[] = "%s%d%i%u%x%X%o%c%b%p%m%M";
	static const char want[] = "sdduxXocbpmM";
	struct format *fmt = format(f, text);

	assert_int_equal(fmt->parts.n, 12);
	assert_int_equal(fmt->nargs, 12);
	for (unsigned i = 0; i < 12; i++)
		assert_int_equal(fmt->parts.v[i].spec.conv, want[i]);
}

static void literals_around_directives(void **state)
{
	struct fixture *f = *state;
	struct format *fmt = format(f, "a%%b %d c%s");

	assert_int_equal(fmt->parts.n, 2);
	assert_string_equal(fmt->parts.v[0].literal, "a%b ");
	assert_int_equal(fmt->parts.v[0].literal_len, 4);
	assert_string_equal(fmt->parts.v[1].literal, " c");
	fmt = format(f, "%d\n");
	assert_int_equal(fmt->parts.n, 2);
	assert_int_equal(fmt->parts.v[1].spec.conv, 0);
	assert_string_equal(fmt->parts.v[1].literal, "\n");
	assert_int_equal(format(f, "")->parts.n, 1);
	assert_int_equal(format(f, "%%")->nargs, 0);
}

static void flags_width_precision(void **state)
{
	struct fixture *f = *state;
	static const struct {
		char flag;
		uint32_t bit;
	} flags[] = {{'-', WIRE_SPEC_LEFT},
		     {'+', WIRE_SPEC_PLUS},
		     {' ', WIRE_SPEC_SPACE},
		     {'0', WIRE_SPEC_ZERO},
		     {'#', WIRE_SPEC_ALT}};
	struct wire_spec s;
	char text[16] = "%?012.34d";

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		text[1] = flags[i].flag;
		s = spec(f, text);
		assert_int_equal(s.flags, flags[i].bit | WIRE_SPEC_HAS_PREC);
		assert_int_equal(s.width, 12);
		assert_int_equal(s.prec, 34);
	}
	s = spec(f, "%08x");
	assert_int_equal(s.flags, WIRE_SPEC_ZERO);
	assert_int_equal(s.width, 8);
	/* A period alone means precision 0. */
	s = spec(f, "%.s");
	assert_int_equal(s.flags, WIRE_SPEC_HAS_PREC);
	assert_int_equal(s.prec, 0);
	s = spec(f, "%ld");
	assert_int_equal(s.conv, 'd');
	s = spec(f, "%10.4M");
	assert_int_equal(s.width, 10);
	assert_int_equal(s.prec, 4);
}

static void stars_take_arguments(void **state)
{
	struct fixture *f = *state;
	struct format *fmt = format(f, "%*d %-*.*s");

	assert_int_equal(fmt->nargs, 5);
	assert_int_equal(fmt->parts.v[0].spec.flags, WIRE_SPEC_WIDTH_ARG);
	assert_int_equal(fmt->parts.v[1].spec.flags,
			 WIRE_SPEC_LEFT | WIRE_SPEC_WIDTH_ARG |
				 WIRE_SPEC_PREC_ARG | WIRE_SPEC_HAS_PREC);
}

static void fields_have_a_greatest_size(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(spec(f, "%65535d").width, 65535);
	assert_int_equal(spec(f, "%99999999999d").width, WIRE_MAX_FIELD);
	assert_int_equal(spec(f, "%4294967301d").width, WIRE_MAX_FIELD);
	assert_int_equal(spec(f, "%.99999999s").prec, WIRE_MAX_FIELD);
}

static void wrong_formats(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {"%",
					  "%y",
					  "%5",
					  "%-",
					  "%.",
					  "%l",
					  "%e",
					  "%f",
					  "%n",
					  "a%d%",
					  "%**d",
					  "% %d",
					  "%5.-2d"};

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (format_parse(f->a, f->d, LOC_NONE, bad[i]))
			fail_msg("%s is accepted", bad[i]);
		assert_has(said(f), "[parse-format]");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_conversion),	     TEST(literals_around_directives),
		TEST(flags_width_precision), TEST(fields_have_a_greatest_size),
		TEST(stars_take_arguments),  TEST(wrong_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
