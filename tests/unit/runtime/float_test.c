/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Floating point in integers does what this machine's doubles do. */
#include <math.h>

#include "rt_test.h"

static uint64_t bits(double d)
{
	uint64_t v;

	memcpy(&v, &d, sizeof(v));
	return v;
}

static double value(uint64_t v)
{
	double d;

	memcpy(&d, &v, sizeof(d));
	return d;
}

/* Any pattern, ordinary sizes, neighbours of round numbers, edges. */
static uint64_t a_number(void)
{
	static const uint64_t edge[] = {
		0,
		1,
		0x7ff0000000000000,
		0x7ff8000000000001,
		0x000fffffffffffff,
		0x0010000000000000,
		0x7fefffffffffffff,
		0x3ff0000000000000,
		0x4340000000000000,
		0x43e0000000000000,
		0x3fe0000000000000,
		0x4330000000000001,
	};
	uint64_t v = rnd(1ull << 32) << 32 | rnd(1ull << 32);

	switch (rnd(5)) {
	case 0:
		break;
	case 1:
		v = (v & ~(0x7ffull << 52)) | (1023 - 60 + rnd(120)) << 52;
		break;
	case 2:
		v = bits((double)rnd(100) / 8) + rnd(3) - 1;
		break;
	case 3:
		v = edge[rnd(sizeof(edge) / sizeof(*edge))];
		break;
	default: /* close to zero */
		v &= 0x801fffffffffffff;
		v >>= rnd(2) ? rnd(52) : 0;
		break;
	}
	return rnd(2) ? v : v ^ 1ull << 63;
}

static void same(uint64_t got, double want, const char *op, uint64_t a,
		 uint64_t b)
{
	if (want != want ? value(got) == value(got) : got != bits(want))
		fail_msg("%s of %a (%#llx) and %a (%#llx): %a, not %a", op,
			 value(a), (unsigned long long)a, value(b),
			 (unsigned long long)b, value(got), want);
}

static void arithmetic_rounds_as_the_machine(void **state)
{
	heap_new(31);
	for (int i = 0; i < 200000; i++) {
		uint64_t a = a_number(), b = a_number();

		if (!rnd(4)) /* close to each other */
			b = a + rnd(4) - 2;
		same(rt_fp_add(a, b), value(a) + value(b), "sum", a, b);
		same(rt_fp_mul(a, b), value(a) * value(b), "product", a, b);
		same(rt_fp_div(a, b), value(a) / value(b), "quotient", a, b);
		same(rt_fp_sqrt(a), sqrt(value(a)), "root", a, a);
	}
	for (int i = 0; i < 3000; i++) {
		uint64_t a = a_number(), b = a_number();
		double r = remainder(value(a), value(b));

		/* glibc 2.36 forgets the sign of some zeros */
		same(rt_fp_rem(a, b), r == 0 ? copysign(r, value(a)) : r,
		     "remainder", a, b);
	}
}

/* As SystemTap's. */
static void nans_survive(void **state)
{
	const uint64_t quiet = 0xfff8000000000005, one = bits(1.0),
		       signalling = 0x7ff0000000000001;

	heap_new(31);
	assert_true(rt_fp_add(one, quiet) == quiet);
	assert_true(rt_fp_mul(quiet, 0x7ff8000000000007) == quiet);
	assert_true(rt_fp_div(quiet, signalling) == 0x7ff8000000000001);
	assert_true(rt_fp_rem(signalling, quiet) == 0x7ff8000000000001);
	assert_true(rt_fp_sqrt(signalling) == 0x7ff8000000000001);
	assert_true(rt_fp_sqrt(bits(-1.0)) == 0x7ff8000000000000);
	assert_true(rt_fp_div(0, 0) == 0x7ff8000000000000);
}

static void integers_round_as_asked(void **state)
{
	heap_new(31);
	for (int i = 0; i < 100000; i++) {
		uint64_t a = a_number();
		double v = value(a);
		double to[8] = {nearbyint(v), trunc(v), floor(v), ceil(v),
				round(v),     trunc(v), trunc(v), trunc(v)};
		int64_t n = (int64_t)rnd(1ull << 63) >> rnd(63);

		for (unsigned mode = 0; mode < 8; mode++) {
			int64_t got = (int64_t)rt_fp_to_long(a, mode);

			if (v != v)
				assert_true(got == 0);
			else if (to[mode] >= 0x1p63)
				assert_true(got == INT64_MAX);
			else if (to[mode] < -0x1p63)
				assert_true(got == INT64_MIN);
			else
				assert_true(got == (int64_t)to[mode]);
		}
		if (rnd(2))
			n = -n;
		same(rt_fp_of_long((w_u64)n), (double)n, "integer", 0, 0);
	}
}

/* The exact decimal number, cut to prec digits and rounded: printf() rounds
   halves to even, SystemTap up. */
static void decimal(char *to, double v, int prec)
{
	size_t n = (size_t)snprintf(to, 1700, "%.1100f", v) - 1100 + (size_t)prec;
	bool up = to[n] >= '5';

	to[n] = 0;
	while (up && n--) {
		if (to[n] == '.')
			continue;
		if (to[n] == '-')
			break;
		up = to[n] == '9';
		to[n] = up ? '0' : (char)(to[n] + 1);
	}
	if (up) {
		n = to[0] == '-';
		memmove(to + n + 1, to + n, strlen(to + n) + 1);
		to[n] = '1';
	}
}

static const char *text_of(w_u32 dst, w_u32 work, uint64_t a, int prec)
{
	memset(at(work), 0xa5, RT_FP_WORK);
	rt_fp_text(ctx, dst, work, a, (w_u64)prec);
	return (char *)((struct rt_str *)at(dst))->text;
}

static void new_texts(w_u32 *str, w_u32 *work)
{
	heap_new(1500);
	*str = heap_alloc(RT_STR_SIZE(1500));
	*work = heap_alloc(RT_FP_WORK);
}

static void texts_are_exact(void **state)
{
	w_u32 dst, work;
	char want[1700];

	new_texts(&dst, &work);
	for (int i = 0; i < 5000; i++) {
		uint64_t a = a_number();
		int prec = rnd(20) ? 1 + (int)rnd(20) : 1 + (int)rnd(1099);

		if (value(a) != value(a))
			a = 0x3fe0000000000000;
		if (isfinite(value(a)))
			decimal(want, value(a), prec);
		if (isinf(value(a)))
			strcpy(want, value(a) < 0 ? "-Infinity" : "Infinity");
		assert_string_equal(text_of(dst, work, a, prec), want);
	}
	assert_string_equal(text_of(dst, work, bits(2.9), 0), "2");
	assert_string_equal(text_of(dst, work, bits(-2.9), -5), "-2");
	assert_string_equal(text_of(dst, work, bits(1e21), 0),
			    "1000000000000000000000");
	assert_string_equal(text_of(dst, work, bits(NAN), 3), "NaN");
}

static uint64_t parsed(w_u32 s, w_u32 work, const char *text)
{
	struct rt_str *str = at(s);

	str->len = (w_u32)strlen(text);
	memset(str->text, 0, RT_STR_WORDS(str->len) * 8);
	memcpy(str->text, text, str->len);
	memset(at(work), 0xa5, RT_FP_WORK);
	return rt_fp_parse(ctx, s, work);
}

static void texts_are_read_exactly(void **state)
{
	w_u32 s, work;
	char text[64];

	new_texts(&s, &work);
	for (int i = 0; i < 30000; i++) {
		uint64_t a = a_number();

		if (!isfinite(value(a)))
			continue;
		/* 17 digits tell doubles apart, fewer make ties */
		snprintf(text, sizeof(text), "%.*e", (int)rnd(18), value(a));
		same(parsed(s, work, text), strtod(text, NULL), text, a, 0);
	}
	for (int i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "%llu.%0*llu",
			 (unsigned long long)rnd(1ull << rnd(60)),
			 1 + (int)rnd(9), (unsigned long long)rnd(1000));
		same(parsed(s, work, text), strtod(text, NULL), text, 0, 0);
	}
	assert_true(parsed(s, work, "1e999") == bits(INFINITY));
	assert_true(parsed(s, work, "-1e-999") == bits(-0.0));
	/* parts that are missing are 0 */
	assert_true(parsed(s, work, "") == 0);
	assert_true(parsed(s, work, "-") == bits(-0.0));
	assert_true(parsed(s, work, ".5") == bits(0.5));
	assert_true(parsed(s, work, "5.e") == bits(5));
	assert_no_error();
}

static void what_is_no_number_is_an_error(void **state)
{
	static const char *const bad[] = {"abc", "12abc", " 5", "1.2.3", "--1",
					  "0x10", "5 ", "1e3.5", "inf", "1,5"};
	w_u32 s, work;

	heap_new(200);
	s = heap_alloc(RT_STR_SIZE(200));
	work = heap_alloc(RT_FP_WORK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		context()->error = 0;
		parsed(s, work, bad[i]);
		if (!context()->error)
			fail_msg("\"%s\" is taken for a number", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arithmetic_rounds_as_the_machine),
		cmocka_unit_test(nans_survive),
		cmocka_unit_test(integers_round_as_asked),
		cmocka_unit_test(texts_are_exact),
		cmocka_unit_test(texts_are_read_exactly),
		cmocka_unit_test(what_is_no_number_is_an_error),
	};

	int r = cmocka_run_group_tests(tests, NULL, NULL);

	heap_free();
	return r;
}
