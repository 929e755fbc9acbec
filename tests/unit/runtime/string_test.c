/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rt_test.h"

static void copy_keeps_text_and_padding(void **state)
{
	static const char *const texts[] = {
		"",	     "a",
		"sevenxy",   "eight___",
		"nine_____", "a longer text of more than four words"};

	heap_new(127);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		w_u32 d =
			str("previous contents that are longer than the rest");

		rt_str_copy(ctx, d, str(texts[i]));
		assert_string_equal(text(d), texts[i]);
	}
	assert_int_equal(counter(WIRE_CNT_TRUNCATED), 0);
}

static void copy_to_itself_changes_nothing(void **state)
{
	w_u32 s;

	heap_new(127);
	s = str("itself");
	rt_str_copy(ctx, s, s);
	assert_string_equal(text(s), "itself");
}

static void text_beyond_the_limit_is_cut_and_counted(void **state)
{
	heap_new(10);
	w_u32 d = str("12345678"), s = str("abcdef");

	rt_str_cat(ctx, d, s);
	assert_string_equal(text(d), "12345678ab");
	assert_int_equal(counter(WIRE_CNT_TRUNCATED), 1);
	rt_str_cat(ctx, d, s);
	assert_string_equal(text(d), "12345678ab");
	assert_int_equal(counter(WIRE_CNT_TRUNCATED), 2);
	/* a literal may be longer than what a variable holds */
	w_u32 lit = heap_alloc(64);
	rt_heap_write_str(at(lit), "a literal of 24 bytes...");
	rt_str_copy(ctx, d, lit);
	assert_string_equal(text(d), "a literal ");
	assert_int_equal(counter(WIRE_CNT_TRUNCATED), 3);
}

static void a_string_can_be_appended_to_itself(void **state)
{
	heap_new(20);
	w_u32 s = str("abcdefg");

	rt_str_cat(ctx, s, s);
	assert_string_equal(text(s), "abcdefgabcdefg");
	rt_str_cat(ctx, s, s);
	assert_string_equal(text(s), "abcdefgabcdefgabcdef");
}

static w_u64 word_of(const char *t)
{
	w_u64 w = 0;

	memcpy(&w, t, strlen(t));
	return w;
}

static void short_texts_are_set_from_a_word(void **state)
{
	for (w_u32 cap = 1; cap < 12; cap++) {
		char want[16];

		heap_new(cap);
		w_u32 d = str_new();
		rt_str_set(ctx, d, word_of("abcdefgh"));
		snprintf(want, sizeof(want), "%.*s", (int)cap, "abcdefgh");
		assert_string_equal(text(d), want);
		rt_str_set(ctx, d, word_of("x"));
		assert_string_equal(text(d), "x");
		rt_str_set(ctx, d, 0);
		assert_string_equal(text(d), "");
	}
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

static void comparisons_agree_with_strcmp(void **state)
{
	char a[40], b[40];

	heap_new(63);
	w_u32 base = next_off;
	for (int round = 0; round < 3000; round++) {
		size_t la = rnd(30), lb = rnd(2) ? la : rnd(30);

		for (size_t i = 0; i < la; i++)
			a[i] = (char)(1 + rnd(3) * 100);
		memcpy(b, a, sizeof(a));
		if (rnd(2) && lb)
			b[rnd(lb)] = (char)(1 + rnd(255));
		for (size_t i = la; i < lb; i++)
			b[i] = (char)(1 + rnd(255));
		a[la] = b[lb] = 0;
		next_off = base;
		w_u32 x = str(a), y = str(b);
		int want = sign(strcmp(a, b));

		assert_int_equal((w_s64)rt_str_cmp(x, y), want);
		assert_int_equal((w_s64)rt_str_cmp(y, x), -want);
		assert_int_equal(rt_str_eq(x, y), want == 0);
	}
}

static void substr_cuts(void **state)
{
	heap_new(31);
	w_u32 s = str("hello world"), d = str_new();
	static const struct {
		w_s64 start, len;
		const char *want;
	} t[] = {
		{0, 5, "hello"}, {6, 5, "world"}, {6, 50, "world"},
		{0, 0, ""},	 {3, -1, ""},	  {-1, 3, ""},
		{11, 1, ""},	 {10, 1, "d"},	  {1, 1LL << 62, "ello world"}};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		rt_substr(ctx, d, s, (w_u64)t[i].start, (w_u64)t[i].len);
		assert_string_equal(text(d), t[i].want);
	}
	/* in place */
	rt_substr(ctx, s, s, 2, 7);
	assert_string_equal(text(s), "llo wor");
}

static void positions_agree_with_strstr(void **state)
{
	char s[64], sub[40];

	heap_new(127);
	w_u32 base = next_off;
	for (int round = 0; round < 5000; round++) {
		size_t ls = rnd(60), lsub = rnd(20);

		for (size_t i = 0; i < ls; i++)
			s[i] = (char)('a' + rnd(2));
		s[ls] = 0;
		if (rnd(2) && lsub <= ls)
			memcpy(sub, s + rnd(ls - lsub + 1), lsub);
		else
			for (size_t i = 0; i < lsub; i++)
				sub[i] = (char)('a' + rnd(2));
		sub[lsub] = 0;
		const char *p = strstr(s, sub);

		next_off = base;
		w_u32 x = str(s), y = str(sub);
		assert_int_equal((w_s64)rt_strpos(x, y), p ? p - s : -1);
		assert_int_equal(rt_isinstr(x, y), p != NULL);
	}
}

static void stringat_knows_its_bounds(void **state)
{
	heap_new(15);
	w_u32 s = str("a\xff");

	assert_int_equal(rt_stringat(ctx, s, 0), 'a');
	assert_int_equal((w_s64)rt_stringat(ctx, s, 1), -1);
	assert_no_error();
	assert_int_equal(rt_stringat(ctx, s, 2), 0);
	assert_error(BAD_POS);
	assert_int_equal(rt_stringat(ctx, s, (w_u64)-1), 0);
	assert_error(BAD_POS);
}

static void strtol_reads_numbers_as_c_does(void **state)
{
	static const char *const t[] = {"0",
					"12",
					"-12",
					"0x1f",
					"0X1F",
					"017",
					"",
					"-",
					"0x",
					"0xg",
					"-0x10",
					"08",
					"1 2"};
	static const int bases[] = {0, 2, 8, 10, 16};

	heap_new(63);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		w_u32 s = str(t[i]);

		for (size_t b = 0; b < sizeof(bases) / sizeof(*bases); b++)
			assert_true((w_s64)rt_strtol(s, (w_u64)bases[b]) ==
				    strtoll(t[i], NULL, bases[b]));
	}
	assert_no_error();
}

static void strtol_is_the_kernels(void **state)
{
	heap_new(63);
	assert_int_equal(rt_strtol(str(" 9"), 10), 0);
	assert_int_equal(rt_strtol(str("+5"), 10), 0);
	assert_int_equal(rt_strtol(str("9223372036854775807"), 10), ~0ull >> 1);
	assert_int_equal(rt_strtol(str("9223372036854775808"), 10), 1ull << 63);
	assert_int_equal(rt_strtol(str("18446744073709551617"), 10), 1);
	assert_int_equal(rt_strtol(str("zz"), 36), 0);
	assert_int_equal(rt_strtol(str("f0"), 36), 15 * 36);
	assert_int_equal(rt_strtol(str("5"), 1), 0);
	assert_int_equal(rt_strtol(str("5"), (w_u64)-1), 5);
	assert_no_error();
}

static void isdigit_looks_at_the_first_character(void **state)
{
	heap_new(15);
	assert_int_equal(rt_isdigit(str("7up")), 1);
	assert_int_equal(rt_isdigit(str("up7")), 0);
	assert_int_equal(rt_isdigit(str("")), 0);
	assert_int_equal(rt_isdigit(str("/")), 0);
	assert_int_equal(rt_isdigit(str(":")), 0);
}

/* The plain way. */
static void naive_replace(char *out, size_t cap, const char *s, const char *old,
			  const char *new)
{
	char big[4096];
	size_t n = 0, lo = strlen(old), ln = strlen(new);

	while (*s) {
		if (lo && !strncmp(s, old, lo)) {
			memcpy(big + n, new, ln);
			n += ln;
			s += lo;
		} else {
			big[n++] = *s++;
		}
	}
	if (n > cap)
		n = cap;
	memcpy(out, big, n);
	out[n] = 0;
}

static void replacements_agree_with_the_plain_way(void **state)
{
	char s[41], old[20], new[20], want[64];

	for (w_u32 cap = 40; cap <= 44; cap++) {
		heap_new(cap);
		w_u32 base = next_off;
		for (int round = 0; round < 1500; round++) {
			size_t ls = rnd(40), lo = rnd(rnd(2) ? 4 : 18);
			size_t ln = rnd(12);

			for (size_t i = 0; i < ls; i++)
				s[i] = (char)('a' + rnd(2));
			for (size_t i = 0; i < ln; i++)
				new[i] = (char)('A' + rnd(26));
			s[ls] = new[ln] = 0;
			if (lo > ls)
				lo = ls;
			memcpy(old, s + rnd(ls - lo + 1), lo);
			old[lo] = 0;
			naive_replace(want, cap, s, old, new);
			next_off = base;
			w_u32 d = str("garbage garbage garbage");
			rt_str_replace(ctx, d, str(s), str(old), str(new));
			assert_string_equal(text(d), want);
		}
		assert_true(counter(WIRE_CNT_TRUNCATED) > 0);
	}
}

static void tokens_come_one_by_one(void **state)
{
	heap_new(63);
	w_u32 s = str("::one:, two,three"), delim = str(":,"), d = str_new();
	w_u32 none = str("");

	rt_tokenize(ctx, d, none, delim);
	assert_string_equal(text(d), ""); /* nothing to go on with */
	rt_tokenize(ctx, d, s, delim);
	assert_string_equal(text(d), "one");
	rt_heap_write_str(at(s), "changed meanwhile");
	rt_tokenize(ctx, d, none, delim);
	assert_string_equal(text(d), " two");
	rt_tokenize(ctx, d, none, str("e"));
	assert_string_equal(text(d), "thr");
	rt_tokenize(ctx, d, none, str(""));
	assert_string_equal(text(d), "e");
	rt_tokenize(ctx, d, none, delim);
	assert_string_equal(text(d), "");
	/* the source may be the destination */
	s = str("a b");
	rt_tokenize(ctx, s, s, str(" "));
	assert_string_equal(text(s), "a");
	rt_tokenize(ctx, s, none, str(" "));
	assert_string_equal(text(s), "b");
	/* bytes above 127 delimit too */
	rt_tokenize(ctx, d, str("x\xfey"), str("\xfe"));
	assert_string_equal(text(d), "x");
}

static void the_next_handler_has_no_tokens(void **state)
{
	heap_new(63);
	w_u32 d = str_new();

	rt_tokenize(ctx, d, str("a b"), str(" "));
	rt_leave(ctx);
	assert_int_equal(rt_enter(0, 0, 2), ctx);
	rt_tokenize(ctx, d, str(""), str(" "));
	assert_string_equal(text(d), "");
}

static void escapes_make_text_printable(void **state)
{
	heap_new(63);
	w_u32 s = str("a\n\t\"\\\x01\x7f\xe9\a\b\v\f\rz"), d = str_new();

	rt_text_str(ctx, d, s);
	assert_string_equal(text(d),
			    "a\\n\\t\\\"\\\\\\001\\177\\351\\a\\b\\v\\f\\rz");
	rt_string_quoted(ctx, d, s);
	assert_string_equal(
		text(d), "\"a\\n\\t\\\"\\\\\\001\\177\\351\\a\\b\\v\\f\\rz\"");
	rt_string_quoted(ctx, d, str(""));
	assert_string_equal(text(d), "\"\"");
	assert_int_equal(counter(WIRE_CNT_TRUNCATED), 0);
}

static void escaped_text_is_cut_between_escapes(void **state)
{
	heap_new(63);
	w_u32 s = str("ab\001cd"), d = str_new();

	rt_text_strn(ctx, d, s, 5, 0);
	assert_string_equal(text(d), "ab");
	rt_text_strn(ctx, d, s, 6, 0);
	assert_string_equal(text(d), "ab\\001");
	rt_text_strn(ctx, d, s, 8, 0);
	assert_string_equal(text(d), "ab\\001cd");
	rt_text_strn(ctx, d, s, 10, 1);
	assert_string_equal(text(d), "\"ab\\001cd\"");
	rt_text_strn(ctx, d, s, 9, 1);
	assert_string_equal(text(d), "\"ab\"...");
	rt_text_strn(ctx, d, s, 5, 1);
	assert_string_equal(text(d), "\"\"...");
	rt_text_strn(ctx, d, s, 4, 1);
	assert_string_equal(text(d), "\"\"...");
	assert_int_equal(counter(WIRE_CNT_TRUNCATED), 0);
}

static void escapes_beyond_the_limit_are_counted(void **state)
{
	heap_new(10);
	w_u32 s = str("\001\002\003"), d = str_new();

	rt_text_str(ctx, d, s);
	assert_string_equal(text(d), "\\001\\002");
	rt_string_quoted(ctx, d, s);
	assert_string_equal(text(d), "\"\\001\"...");
	assert_int_equal(counter(WIRE_CNT_TRUNCATED), 2);
}

/* Every function with tiny strings: the canaries and invariants hold. */
static void tiny_limits(void **state)
{
	for (w_u32 cap = 1; cap <= 18; cap++) {
		heap_new(cap);
		w_u32 base = next_off;
		for (int round = 0; round < 400; round++) {
			char buf[3][20];
			w_u32 s[3], d;

			next_off = base;
			for (int i = 0; i < 3; i++) {
				size_t n = rnd(cap + 1);

				for (size_t k = 0; k < n; k++)
					buf[i][k] = (char)("ab\n\x01 "[rnd(5)]);
				s[i] = str_n(buf[i], n);
			}
			d = str_n(buf[0], ((struct rt_str *)at(s[0]))->len);
			rt_str_cat(ctx, d, s[1]);
			text(d);
			rt_str_replace(ctx, d, s[0], s[1], s[2]);
			text(d);
			rt_tokenize(ctx, d, s[0], s[1]);
			text(d);
			rt_text_strn(ctx, d, s[0], rnd(cap + 3), rnd(2));
			text(d);
			rt_execname(ctx, d);
			text(d);
			rt_ctime(ctx, d, rnd(1u << 31));
			text(d);
			rt_substr(ctx, d, d, rnd(cap + 1), rnd(cap + 1));
			text(d);
			for (int i = 0; i < 3; i++)
				text(s[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copy_keeps_text_and_padding),
		cmocka_unit_test(copy_to_itself_changes_nothing),
		cmocka_unit_test(text_beyond_the_limit_is_cut_and_counted),
		cmocka_unit_test(a_string_can_be_appended_to_itself),
		cmocka_unit_test(short_texts_are_set_from_a_word),
		cmocka_unit_test(comparisons_agree_with_strcmp),
		cmocka_unit_test(substr_cuts),
		cmocka_unit_test(positions_agree_with_strstr),
		cmocka_unit_test(stringat_knows_its_bounds),
		cmocka_unit_test(strtol_reads_numbers_as_c_does),
		cmocka_unit_test(strtol_is_the_kernels),
		cmocka_unit_test(isdigit_looks_at_the_first_character),
		cmocka_unit_test(replacements_agree_with_the_plain_way),
		cmocka_unit_test(tokens_come_one_by_one),
		cmocka_unit_test(the_next_handler_has_no_tokens),
		cmocka_unit_test(escapes_make_text_printable),
		cmocka_unit_test(escaped_text_is_cut_between_escapes),
		cmocka_unit_test(escapes_beyond_the_limit_are_counted),
		cmocka_unit_test(tiny_limits),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	heap_free();
	return r;
}
