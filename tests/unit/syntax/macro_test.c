// SPDX-License-Identifier: GPL-2.0-or-later
#include "syntax_util.h"

/* Definitions, then the value of an expression that uses them. */
static const char *expand(struct fixture *f, const char *defs, const char *use)
{
	struct file *file = parse_ok(
		f, arena_printf(f->a, "%s\nprobe begin { x = %s }", defs, use));
	struct strbuf b = {0};
	const char *s;

	unparse_expr(&b, file->probes.v[0]->body->block.list.v[0]->expr);
	s = arena_strdup(f->a, sb_str(&b) + strlen("x = "));
	sb_free(&b);
	return s;
}

static void with_and_without_parameters(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(expand(f, "@define foo %( 1 + 2 %)", "@foo * 3"),
			    "1 + 2 * 3");
	assert_string_equal(
		expand(f, "@define add(a,b) %( ((@a)+(@b)) %)", "@add(2, 3*4)"),
		"((2) + (3 * 4))");
	assert_string_equal(expand(f, "@define none() %( 7 %)", "@none()"),
			    "7");
	/* Without parameters, a '(' after it is none of its business. */
	assert_string_equal(expand(f, "@define fn %( f %)", "@fn(1, 2)"),
			    "f(1, 2)");
	assert_string_equal(
		expand(f, "@define s(x) %( \"a\" @x %)", "@s(\"b\") \"c\""),
		"\"abc\"");
}

static void arguments_hold_brackets_and_commas(void **state)
{
	struct fixture *f = *state;
	const char *defs = "@define one(x) %( f(@x) %)";

	assert_string_equal(expand(f, defs, "@one(g(1, 2))"), "f(g(1, 2))");
	assert_string_equal(expand(f, defs, "@one(a[1, 2])"), "f(a[1, 2])");
	assert_string_equal(expand(f, defs, "@one()"), "f()");
	assert_string_equal(expand(f, defs, "@one(%( 1 == 1 %? 2, 3 %: ) %))"),
			    "f(2, 3)");
}

static void arguments_belong_to_the_place_that_wrote_them(void **state)
{
	struct fixture *f = *state;

	/* "@x" in the argument is the outer macro's x, not the inner one's. */
	assert_string_equal(expand(f,
				   "@define inner(x) %( [@x] %)"
				   "@define call(x) %( in_(@x) %)"
				   "@define outer(x) %( g(@call(@x + 1)) %)",
				   "@outer(5)"),
			    "g(in_(5 + 1))");
	/* A macro may be used in its own argument. */
	assert_string_equal(expand(f, "@define add(a,b) %( (@a + @b) %)",
				   "@add(1, @add(2, 3))"),
			    "(1 + (2 + 3))");
	/* A parameter hides a macro and an operator of its name. */
	assert_string_equal(expand(f,
				   "@define v %( 1 %)"
				   "@define m(v, count) %( @v + @count %)",
				   "@m(2, 3)"),
			    "2 + 3");
	/* ... and only within the body. */
	assert_string_equal(expand(f,
				   "@define v %( 1 %)"
				   "@define user %( @v %)"
				   "@define m(v) %( @user + @v %)",
				   "@m(2)"),
			    "1 + 2");
}

static void expanded_before_conditionals(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(expand(f, "@define limit_ %( 5 %)",
				   "%( 5 == @limit_ %? 1 %: 2 %)"),
			    "1");
	assert_string_equal(
		expand(f, "@define k %( %( arch == \"x86*\" %? 1 %: 2 %) %)",
		       "@k"),
		"1");
	/* Only the branch that is read defines. */
	assert_string_equal(
		expand(f, "%( 1 == 2 %? @define a %( 1 %) %: @define a %( 2 %) %)",
		       "@a"),
		"2");
	assert_has(parse_bad(f, "%( 1 == 2 %? @define a %( 1 %) %) "
				"probe begin { x = @a }"),
		   "[parse-macro-unknown]");
}

static void a_definition_may_come_from_an_argument(void **state)
{
	struct fixture *f = *state;
	static const char *const args[] = {"3, 4"};

	f->env.args = args;
	f->env.nargs = 1;
	assert_string_equal(expand(f, "@define d(x) %( f(@x) %)", "@d($1)"),
			    "f(3, 4)");
	assert_string_equal(expand(f, "@define d %( @1 %)", "@d"), "\"3, 4\"");
}

static void library(void **state)
{
	struct fixture *f = *state;
	struct macro *m;

	parse_macro_library(f->a, f->d, &f->env,
			    text_source(f, "# library\n"
					   "@define twice(x) %( @x @x %)\n"
					   "%( arch == \"x86_64\" %?\n"
					   "@define word %( 8 %)\n"
					   "%: @define word %( 4 %) %)"));
	assert_string_equal(said(f), "");
	m = map_get(&f->macros, "twice");
	assert_non_null(m);
	assert_int_equal(m->params.n, 1);
	assert_string_equal(m->params.v[0], "x");
	assert_int_equal(m->body.n, 2);
	assert_int_equal(m->loc.line, 2);
	assert_string_equal(expand(f, "", "@word"), "8");
	/* A file's own macro comes first. */
	assert_string_equal(expand(f, "@define word %( 2 %)", "@word"), "2");
}

static void library_errors(void **state)
{
	struct fixture *f = *state;

	parse_macro_library(f->a, f->d, &f->env,
			    text_source(f, "@define a %( 1 %) probe begin {}"));
	assert_has(said(f), "[parse-macro-library]");
	assert_int_equal(diag_errors(f->d), 1);
	parse_macro_library(f->a, f->d, &f->env,
			    text_source(f, "@define a %( 2 %)"));
	assert_has(said(f), "[parse-macro-redefined]");
}

static void wrong_definitions(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {
		"@define",
		"@define 5",
		"@define a",
		"@define a 5",
		"@define a(b %( %)",
		"@define a(1) %( %)",
		"@define a(b,) %( %)",
		"@define a %( x",
		"@define a %( @define b %( %) %)",
	};

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_has(parse_bad(f, bad[i]), "[parse-macro-definition]");
	assert_has(parse_bad(f, "@define if %( 1 %)"),
		   "[parse-macro-definition]");
	assert_has(parse_bad(f, "@define a %( 1 %) @define a %( 2 %)"),
		   "note: first defined here: at <input>:1:9");
}

static void wrong_uses(void **state)
{
	struct fixture *f = *state;
	const char *s;

	s = parse_bad(f, "@define m(a,b) %( @a %) probe x { @m(1) }");
	assert_has(s, "too few parameters for macro '@m' (expected 2)");
	assert_has(s, "note: defined here: at <input>:1:9");
	assert_has(parse_bad(f, "@define m(a) %( @a %) probe x { @m(1,2) }"),
		   "too many parameters for macro");
	assert_has(parse_bad(f, "@define m() %( 1 %) probe x { @m(1) }"),
		   "(expected 0)");
	assert_has(parse_bad(f, "@define m(a) %( @a %) probe x { @m }"),
		   "expected '(' in invocation of macro '@m'");
	assert_has(parse_bad(f, "@define m(a) %( @a %) probe x { @m( }"),
		   "[parse-macro-unterminated]");
	assert_has(
		parse_bad(f, "probe x { y = @cuont(z) }"),
		"unknown operator @cuont (similar: const, count)");
}

static void errors_in_a_body_name_both_places(void **state)
{
	struct fixture *f = *state;
	const char *s = parse_bad(f, "@define m(a) %(\n  @a + *\n%)\n"
				     "probe x {\n  y = @m(3)\n}");

	assert_has(s, "saw: operator '*' at <input>:2:8");
	assert_has(s, "note: in the expansion of macro '@m': at <input>:5:7");
}

static void recursion_is_an_error(void **state)
{
	struct fixture *f = *state;

	assert_has(parse_bad(f, "@define a %( @a %) probe x { @a }"),
		   "[parse-macro-recursive]");
	assert_has(parse_bad(f, "@define a %( @b %) @define b %( @a %) "
				"probe x { @a }"),
		   "[parse-macro-recursive]");
	assert_has(parse_bad(f, "@define a(x) %( @a(@x) %) probe x { @a(1) }"),
		   "[parse-macro-recursive]");
}

static void explosion_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct strbuf b = {0};

	sb_puts(&b, "@define m0 %( 1 + %)\n");
	for (int i = 1; i < 40; i++)
		sb_printf(&b, "@define m%d %%( @m%d @m%d %%)\n", i, i - 1,
			  i - 1);
	sb_puts(&b, "probe x { y = @m39 1 }");
	/* Long before 2^39 tokens something says stop. */
	parse_bad(f, sb_str(&b));
	sb_reset(&b);
	/* The same with nothing for the parser to see. */
	sb_puts(&b, "@define m0 %( %)\n");
	for (int i = 1; i < 40; i++)
		sb_printf(&b, "@define m%d %%( @m%d @m%d %%)\n", i, i - 1,
			  i - 1);
	sb_puts(&b, "probe x { y = @m39 1 }");
	assert_has(parse_bad(f, sb_str(&b)), "[parse-macro-too-long]");
	sb_free(&b);
}

static void deep_macros_are_an_error(void **state)
{
	struct fixture *f = *state;
	struct strbuf b = {0};

	sb_puts(&b, "@define m0 %( 1 %)\n");
	for (int i = 1; i < 300; i++)
		sb_printf(&b, "@define m%d %%( @m%d %%)\n", i, i - 1);
	sb_puts(&b, "probe x { y = @m299 }");
	assert_has(parse_bad(f, sb_str(&b)), "[parse-too-deep]");
	sb_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(with_and_without_parameters),
		TEST(arguments_hold_brackets_and_commas),
		TEST(arguments_belong_to_the_place_that_wrote_them),
		TEST(expanded_before_conditionals),
		TEST(a_definition_may_come_from_an_argument),
		TEST(library),
		TEST(library_errors),
		TEST(wrong_definitions),
		TEST(wrong_uses),
		TEST(errors_in_a_body_name_both_places),
		TEST(recursion_is_an_error),
		TEST(explosion_is_an_error),
		TEST(deep_macros_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
