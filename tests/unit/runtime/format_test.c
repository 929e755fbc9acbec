/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rt_test.h"

#define NOT_GIVEN 0xffffffffffffffffull

static w_u32 spec_new(char conv, w_u32 flags, w_u32 width, w_u32 prec)
{
	w_u32 off = heap_alloc(sizeof(struct wire_spec));
	struct wire_spec *s = at(off);

	s->conv = (w_u8)conv;
	s->flags = (w_u8)flags;
	s->width = width;
	s->prec = prec;
	return off;
}

/* The same directive for printf. */
static void c_format(char *out, char conv, w_u32 flags, w_u32 width, w_u32 prec)
{
	out += sprintf(out, "%%%s%s%s%s%s", flags & WIRE_SPEC_LEFT ? "-" : "",
		       flags & WIRE_SPEC_PLUS ? "+" : "",
		       flags & WIRE_SPEC_SPACE ? " " : "",
		       flags & WIRE_SPEC_ZERO ? "0" : "",
		       flags & WIRE_SPEC_ALT ? "#" : "");
	if (width)
		out += sprintf(out, "%u", width);
	if (flags & WIRE_SPEC_HAS_PREC)
		out += sprintf(out, ".%u", prec);
	sprintf(out, "%s%c", conv == 's' ? "" : "ll", conv);
}

static int64_t odd_value(void)
{
	static const int64_t v[] = {0,	1,	   -1,	      9,
				    10, INT64_MAX, INT64_MIN, 0x7fffffff};

	if (rnd(2))
		return v[rnd(8)];
	return (int64_t)((rnd(1ull << 63) * 2 + rnd(2)) >> rnd(64));
}

static void numbers_print_as_in_c(void **state)
{
	char fmt[32], want[256];

	heap_new(200);
	w_u32 base = next_off;
	for (int round = 0; round < 30000; round++) {
		char conv = "duxXo"[rnd(5)];
		w_u32 flags =
			(w_u32)rnd(32) | (rnd(2) ? WIRE_SPEC_HAS_PREC : 0);
		w_u32 width = rnd(2) ? (w_u32)rnd(40) : 0;
		w_u32 prec = (w_u32)rnd(rnd(2) ? 4 : 40);
		int64_t v = odd_value();

		/* here scripts differ from C: see below */
		if (!v || (conv == 'o' && flags & WIRE_SPEC_HAS_PREC))
			flags &= ~WIRE_SPEC_ALT;
		if (flags & WIRE_SPEC_HAS_PREC)
			flags &= ~WIRE_SPEC_ZERO;
		if (!v && !prec)
			prec = 1;
		next_off = base;
		w_u32 d = str("> ");
		w_u32 spec = spec_new(conv, flags, width, prec);

		c_format(fmt, conv, flags, width, prec);
		strcpy(want, "> ");
		snprintf(want + 2, sizeof(want) - 2, fmt, (long long)v);
		rt_fmt_long(ctx, d, spec, (w_u64)v, NOT_GIVEN);
		assert_string_equal(text(d), want);
	}
}

/* As SystemTap prints it: 0x0; and %#o has its 0 before the precision's. */
static void zero_has_its_prefix(void **state)
{
	static const struct {
		char conv;
		const char *want;
	} t[] = {{'x', "0x0"}, {'X', "0X0"}, {'o', "00"}, {'d', "0"}};

	heap_new(200);
	for (unsigned i = 0; i < sizeof(t) / sizeof(*t); i++) {
		w_u32 d = str("");
		w_u32 spec = spec_new(t[i].conv, WIRE_SPEC_ALT, 0, 0);
		rt_fmt_long(ctx, d, spec, 0, NOT_GIVEN);
		assert_string_equal(text(d), t[i].want);
		/* the digit of a zero is there with a precision of 0 too */
		d = str("");
		spec = spec_new(t[i].conv, WIRE_SPEC_ALT | WIRE_SPEC_HAS_PREC,
				0, 0);
		rt_fmt_long(ctx, d, spec, 0, NOT_GIVEN);
		assert_string_equal(text(d), t[i].want);
	}
	w_u32 d = str("");
	w_u32 spec = spec_new('o', WIRE_SPEC_ALT | WIRE_SPEC_HAS_PREC, 0, 6);

	rt_fmt_long(ctx, d, spec, 511, NOT_GIVEN);
	assert_string_equal(text(d), "0000777");
}

/* In C they do not. */
static void zeros_fill_up_a_precision(void **state)
{
	heap_new(200);
	w_u32 d = str("");
	w_u32 spec = spec_new('d', WIRE_SPEC_ZERO | WIRE_SPEC_HAS_PREC, 8, 3);

	rt_fmt_long(ctx, d, spec, 2010, NOT_GIVEN);
	assert_string_equal(text(d), "00002010");
}

static void strings_print_as_in_c(void **state)
{
	char fmt[32], want[256], s[40];

	heap_new(200);
	w_u32 base = next_off;
	for (int round = 0; round < 5000; round++) {
		w_u32 flags = (rnd(2) ? WIRE_SPEC_LEFT : 0) |
			      (rnd(2) ? WIRE_SPEC_HAS_PREC : 0);
		w_u32 width = (w_u32)rnd(50), prec = (w_u32)rnd(45);
		size_t n = rnd(39);

		for (size_t i = 0; i < n; i++)
			s[i] = (char)('!' + rnd(90));
		s[n] = 0;
		next_off = base;
		w_u32 d = str("> ");

		c_format(fmt, 's', flags, width, prec);
		strcpy(want, "> ");
		snprintf(want + 2, sizeof(want) - 2, fmt, s);
		rt_fmt_str(ctx, d, spec_new('s', flags, width, prec), str(s),
			   NOT_GIVEN);
		assert_string_equal(text(d), want);
	}
}

static void stars_take_width_and_precision(void **state)
{
	heap_new(63);
	w_u32 both = spec_new('d',
			      WIRE_SPEC_WIDTH_ARG | WIRE_SPEC_PREC_ARG |
				      WIRE_SPEC_HAS_PREC,
			      0, 0);
	w_u32 d = str("");

	rt_fmt_long(ctx, d, both, 42, 6ull << 32 | 4);
	assert_string_equal(text(d), "  0042");
	/* negative ones are 0 */
	d = str("");
	rt_fmt_long(ctx, d, both, 42, (w_u64)(w_u32)-6 << 32 | (w_u32)-4);
	assert_string_equal(text(d), "42");
	d = str("");
	rt_fmt_str(ctx, d,
		   spec_new('s', WIRE_SPEC_PREC_ARG | WIRE_SPEC_HAS_PREC, 6, 0),
		   str("abcdef"), 0xffffffff00000002ull);
	assert_string_equal(text(d), "    ab");
}

static void pointers_have_a_prefix(void **state)
{
	heap_new(63);
	w_u32 d = str("");

	rt_fmt_long(ctx, d, spec_new('p', 0, 0, 0), 0x1234abcd, NOT_GIVEN);
	assert_string_equal(text(d), "0x1234abcd");
	d = str("");
	rt_fmt_long(ctx, d, spec_new('p', 0, 0, 0), 0, NOT_GIVEN);
	assert_string_equal(text(d), "0x0");
	d = str("");
	rt_fmt_long(ctx, d, spec_new('p', WIRE_SPEC_ZERO, 18, 0), 0xbc614e,
		    NOT_GIVEN);
	assert_string_equal(text(d), "0x0000000000bc614e");
}

static void characters_are_bytes_or_escapes(void **state)
{
	static const struct {
		w_u64 value;
		const char *want;
	} t[] = {{'a', "a"},  {9, "\\t"},   {0, "\\000"},    {42, "*"},
		 {'"', "\""}, {'\\', "\\"}, {0x1ff, "\\377"}};

	heap_new(63);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		w_u32 d = str("");

		rt_fmt_long(ctx, d, spec_new('c', WIRE_SPEC_ALT, 0, 0),
			    t[i].value, NOT_GIVEN);
		assert_string_equal(text(d), t[i].want);
	}
	w_u32 d = str("");
	rt_fmt_long(ctx, d, spec_new('c', WIRE_SPEC_LEFT, 3, 0), 'x',
		    NOT_GIVEN);
	rt_fmt_long(ctx, d, spec_new('c', 0, 3, 0), 'y', NOT_GIVEN);
	assert_string_equal(text(d), "x    y");
}

static void binary_values_keep_their_zeros(void **state)
{
	heap_new(63);
	w_u32 d = str("");
	struct rt_str *s = at(d);
	w_u64 v = 0xc0dedbad;

	rt_fmt_long(ctx, d, spec_new('b', 0, 0, 0), v, NOT_GIVEN);
	str_check_n(d);
	assert_int_equal(s->len, 8);
	assert_memory_equal(s->text, &v, 8);
	for (w_u32 n = 1; n <= 8; n *= 2) {
		d = str("");
		s = at(d);
		rt_fmt_long(ctx, d, spec_new('b', 0, n, 0), 0x4847464544434241,
			    NOT_GIVEN);
		assert_int_equal(s->len, n);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		assert_memory_equal(s->text, "ABCDEFGH", n);
#endif
	}
}

static void nuls_fill_binary_values(void **state)
{
	heap_new(63);
	w_u32 d = str("");
	struct rt_str *s = at(d);

	rt_fmt_long(ctx, d, spec_new('b', WIRE_SPEC_HAS_PREC, 3, 1), 'A',
		    NOT_GIVEN);
	rt_fmt_long(ctx, d,
		    spec_new('b', WIRE_SPEC_HAS_PREC | WIRE_SPEC_LEFT, 3, 1),
		    'B', NOT_GIVEN);
	rt_fmt_long(ctx, d, spec_new('b', 0, 10, 0), 0x4847464544434241,
		    NOT_GIVEN);
	assert_int_equal(s->len, 16);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	assert_memory_equal(s->text, "\0\0AB\0\0\0\0ABCDEFGH", 16);
#endif
}

static void memory_is_dumped(void **state)
{
	static const unsigned char mem[] = {'h', 'i', 0xff, 0x01, 'z'};
	w_u64 addr = (w_u64)(uintptr_t)mem;

	heap_new(63);
	w_u32 d = str(":");
	rt_fmt_long(ctx, d, spec_new('m', 0, 0, 0), addr, NOT_GIVEN);
	assert_string_equal(text(d), ":h");
	d = str(":");
	rt_fmt_long(ctx, d, spec_new('m', WIRE_SPEC_HAS_PREC, 5, 2), addr,
		    NOT_GIVEN);
	assert_string_equal(text(d), ":   hi");
	d = str(":");
	rt_fmt_long(ctx, d, spec_new('M', WIRE_SPEC_HAS_PREC, 12, 5), addr,
		    NOT_GIVEN);
	assert_string_equal(text(d), ":  6869ff017a");
	d = str(":");
	rt_fmt_long(ctx, d,
		    spec_new('M', WIRE_SPEC_HAS_PREC | WIRE_SPEC_LEFT, 6, 2),
		    addr, NOT_GIVEN);
	assert_string_equal(text(d), ":6869  ");
	assert_no_error();
	d = str(":");
	rt_fmt_long(ctx, d, spec_new('M', WIRE_SPEC_HAS_PREC, 0, 2), 16,
		    NOT_GIVEN);
	assert_error_text("read fault [man error::fault] at 0x10");
	assert_string_equal(text(d), ":");
}

static void output_beyond_the_limit_is_cut(void **state)
{
	for (w_u32 cap = 1; cap < 30; cap++) {
		char want[64], full[64];

		heap_new(cap);
		w_u32 d = str("");
		snprintf(full, sizeof(full), "%15.8llx|%-10s|", 0xabcdll,
			 "xyz");
		rt_fmt_long(ctx, d, spec_new('x', WIRE_SPEC_HAS_PREC, 15, 8),
			    0xabcd, NOT_GIVEN);
		w_u32 lit = heap_alloc(16);
		rt_heap_write_str(at(lit), "|");
		rt_fmt_lit(ctx, d, lit);
		w_u32 xyz = heap_alloc(16);
		rt_heap_write_str(at(xyz), "xyz");
		rt_fmt_str(ctx, d, spec_new('s', WIRE_SPEC_LEFT, 10, 0), xyz,
			   NOT_GIVEN);
		rt_fmt_lit(ctx, d, lit);
		snprintf(want, sizeof(want), "%.*s", (int)cap, full);
		assert_string_equal(text(d), want);
		assert_int_equal(counter(WIRE_CNT_TRUNCATED) > 0,
				 strlen(full) > cap);
	}
}

static void huge_widths_are_only_cut(void **state)
{
	heap_new(20);
	w_u32 d = str("");

	rt_fmt_long(ctx, d, spec_new('d', WIRE_SPEC_ZERO, 4000000000u, 0), 1,
		    NOT_GIVEN);
	assert_string_equal(text(d), "00000000000000000000");
	d = str("");
	rt_fmt_long(ctx, d, spec_new('d', WIRE_SPEC_HAS_PREC, 0, 4000000000u),
		    (w_u64)-1, NOT_GIVEN);
	assert_string_equal(text(d), "-0000000000000000000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_print_as_in_c),
		cmocka_unit_test(zero_has_its_prefix),
		cmocka_unit_test(zeros_fill_up_a_precision),
		cmocka_unit_test(strings_print_as_in_c),
		cmocka_unit_test(stars_take_width_and_precision),
		cmocka_unit_test(pointers_have_a_prefix),
		cmocka_unit_test(characters_are_bytes_or_escapes),
		cmocka_unit_test(binary_values_keep_their_zeros),
		cmocka_unit_test(nuls_fill_binary_values),
		cmocka_unit_test(memory_is_dumped),
		cmocka_unit_test(output_beyond_the_limit_is_cut),
		cmocka_unit_test(huge_widths_are_only_cut),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	heap_free();
	return r;
}
