// SPDX-License-Identifier: GPL-2.0-or-later
#include "syntax_util.h"

struct found {
	struct arena *a;
	const char *text;
};

static void add(void *ctx, enum index_kind kind, const char *name, size_t len)
{
	struct found *r = ctx;

	r->text =
		arena_printf(r->a, "%s%s%c:%.*s", r->text, *r->text ? " " : "",
			     "FGAM"[kind], (int)len, name);
}

static const char *scan(struct fixture *f, const char *text)
{
	struct found r = {f->a, ""};

	scan_definitions(text_source(f, text), add, &r);
	return r.text;
}

static void definitions(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(scan(f, "function a() {} function b:long (x) %{ "
				    "function c() %}"),
			    "F:a F:b");
	assert_string_equal(scan(f, "global a, b = 5, c[3], d%, e%[4]; x "
				    "global f = \"x\" \"y\" global g"),
			    "G:a G:b G:c G:d G:e G:f G:g");
	assert_string_equal(
		scan(f, "@define m %( x %) @define n(a,b) %( @a %)"),
		"M:m M:n");
	assert_string_equal(scan(f, "probe a.b = c { } probe d, e.f += g {}"),
			    "A:a.b A:d A:e.f");
	assert_string_equal(scan(f, "probe a.b = c.d = e.{f,g} { x = 1 }"),
			    "A:a.b A:c.d");
}

static void what_defines_nothing(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(scan(f, "probe a.b(\"c\") { x = 1 }"), "");
	assert_string_equal(scan(f, "private function a() {} private b "
				    "private global c private probe d = e {}"),
			    "");
	assert_string_equal(scan(f, "probe kernel.function(\"x\") { $a->global"
				    " = $b->function; $c->probe }"),
			    "");
	assert_string_equal(scan(f, "# function a\n/* global b */ "
				    "probe x { y = \"function c\" }"),
			    "");
}

static void after_each_other(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(scan(f, "global a probe b = c {} global d\n"
				    "function e() {} probe f {} probe g = h {}"
				    "global i function j() {}"),
			    "G:a A:b G:d F:e A:g G:i F:j");
}

static void all_branches_count(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(scan(f, "%( 1 == 2 %? function a() { %: "
				    "function b() { %) } global c"),
			    "F:a F:b G:c");
	assert_string_equal(scan(f, "global a %( 1 == 1 %? , b %) "
				    "function c() {}"),
			    "G:a G:b F:c");
	/* A name that depends on a condition could be any. */
	assert_string_equal(scan(f, "probe a.%( 1 == 1 %? b %: c %) = d {}"),
			    "A:*");
	assert_string_equal(scan(f, "probe @name = d {}"), "A:*");
}

static void braces_multiply(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(scan(f, "probe a.{b,c}.d = x {}"),
			    "A:a.b.d A:a.c.d");
	assert_string_equal(scan(f, "probe {a,b}.{c,d} = x {}"),
			    "A:a.c A:b.c A:a.d A:b.d");
	assert_string_equal(scan(f, "probe a.{b,c} { }"), "");
}

static void harmful_input(void **state)
{
	struct fixture *f = *state;
	static const char *const texts[] = {
		"function",
		"global",
		"probe",
		"@define",
		"private",
		"probe {",
		"probe {{{{{{{{{{a = b",
		"probe a =",
		"global a =",
		"\"",
		"/*",
		"%{",
		"probe }",
		"probe a.{b",
	};

	for (unsigned i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_non_null(scan(f, texts[i]));
	assert_int_equal(diag_errors(f->d), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(definitions),	TEST(what_defines_nothing),
		TEST(after_each_other), TEST(all_branches_count),
		TEST(braces_multiply),	TEST(harmful_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
