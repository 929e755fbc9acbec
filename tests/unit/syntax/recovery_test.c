// SPDX-License-Identifier: GPL-2.0-or-later
/* Several errors in one go; limits; input that is out to do harm. */
#include "syntax_util.h"

static unsigned count(const char *text, const char *part)
{
	unsigned n = 0;

	for (; (text = strstr(text, part)); text++)
		n++;
	return n;
}

static void goes_on_with_the_next_statement(void **state)
{
	struct fixture *f = *state;
	const char *s = parse_bad(f, "probe begin {\n"
				     "  a = ;\n"
				     "  b = 1\n"
				     "  c = * 2\n"
				     "  if (d = ) { e = }\n"
				     "  for (i = 0; i <; i++) g = )\n"
				     "  h(1\n"
				     "}\n");

	assert_has(s, "at <input>:2:7");
	assert_has(s, "at <input>:4:7");
	assert_has(s, "at <input>:5:11");
	assert_has(s, "at <input>:5:19");
	assert_has(s, "at <input>:6:18");
	assert_has(s, "at <input>:6:29");
	assert_has(s, "at <input>:8:1");
	assert_int_equal(count(s, "parse error: "), 7);
}

static void goes_on_with_the_next_declaration(void **state)
{
	struct fixture *f = *state;
	struct file *file =
		parse_any(f, "probe a(\n"
			     "probe b { x = 1 }\n"
			     "function (a) { return 1 }\n"
			     "global 5\n"
			     "function g() { return $x->next }\n"
			     "probe kernel.function(\"x\") { y = }\n"
			     "probe c { z }\n");
	const char *s = said(f);

	assert_int_equal(count(s, "parse error: "), 4);
	/* What could be understood is there. */
	assert_int_equal(file->funcs.n, 1);
	assert_int_equal(file->probes.n, 3);
}

static void a_missing_brace_ends_at_the_next_declaration(void **state)
{
	struct fixture *f = *state;
	struct file *file =
		parse_any(f, "probe a { if (x) { y\n}\nprobe b { z }\n");
	const char *s = said(f);

	assert_int_equal(count(s, "parse error: "), 1);
	assert_has(s, "expected statement");
	assert_has(s, "note: the block starts here: at <input>:1:9");
	assert_int_equal(file->probes.n, 2);
}

static void statements_around_an_error_are_kept(void **state)
{
	struct fixture *f = *state;
	struct file *file = parse_any(f, "probe a { x = 1; y = ; z = 2 }");
	stmt_list l = file->probes.v[0]->body->block.list;

	assert_int_equal(l.n, 2);
	assert_string_equal(l.v[1]->expr->assign.a->sym.name, "z");
}

static void errors_end_at_some_number(void **state)
{
	struct fixture *f = *state;
	struct strbuf b = {0};
	const char *s;

	sb_puts(&b, "probe a {\n");
	for (int i = 0; i < 1000; i++)
		sb_puts(&b, "x = ;\n");
	sb_puts(&b, "}");
	s = parse_bad(f, sb_str(&b));
	assert_has(s, "[parse-too-many]");
	assert_in_range(count(s, "parse error: "), 20, 30);
	sb_reset(&b);
	for (int i = 0; i < 100000; i++)
		sb_putc(&b, '`');
	s = parse_bad(f, sb_str(&b));
	assert_in_range(count(s, "parse error: "), 1, 30);
	sb_free(&b);
}

static void repeat(struct strbuf *b, const char *s, int n)
{
	while (n--)
		sb_puts(b, s);
}

static void deep_nesting_is_an_error(void **state)
{
	struct fixture *f = *state;
	static const char *const shapes[][3] = {
		{"probe a { x = ", "(", ""},
		{"probe a { x = ", "- ", "1 }"},
		{"probe a { x = ", "!", "1 }"},
		{"probe a { x = ", "f(", ""},
		{"probe a { x = ", "a[", ""},
		{"probe a { x = ", "$x->y[", ""},
		{"probe a { x = ", "1 ? ", ""},
		{"probe a { ", "x = ", "1 }"},
		{"probe a { x = 1", "+ 1", "}"},
		{"probe a { x = 1", ". 1", "}"},
		{"probe a { x = y", "->z[1]", "->z }"},
		{"probe a ", "{", ""},
		{"probe a {", "if (1) ", "x }"},
		{"probe a {", "if (1) x else ", "x }"},
		{"probe a {", "while (1) ", "x }"},
		{"probe a {", "try {", ""},
		{"probe ", "{", ""},
		{"probe a", ".{b,c}", " {}"},
		{"", "%( 1 == 1 %? ", ""},
		{"probe a { x = ", "@defined(", ""},
		{"probe a { delete ", "(", ""},
	};

	for (unsigned i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		struct strbuf b = {0};

		sb_puts(&b, shapes[i][0]);
		repeat(&b, shapes[i][1], 30000);
		sb_puts(&b, shapes[i][2]);
		if (!strcmp(shapes[i][1], "->z[1]"))
			parse_ok(f, sb_str(&b)); /* flat, any length */
		else
			assert_has(parse_bad(f, sb_str(&b)),
				   "[parse-too-deep]");
		sb_free(&b);
	}
}

static void what_is_below_the_limits_parses(void **state)
{
	struct fixture *f = *state;
	struct strbuf b = {0};

	sb_puts(&b, "probe a { x = ");
	repeat(&b, "(", 150);
	sb_puts(&b, "1");
	repeat(&b, ")", 150);
	sb_puts(&b, "\ny = 1");
	repeat(&b, " + 1", 900);
	sb_puts(&b, "\n");
	repeat(&b, "if (x == 1) y = 2 else ", 450);
	sb_puts(&b, "z = 3 }");
	parse_ok(f, sb_str(&b));
	sb_free(&b);
}

static void huge_tokens(void **state)
{
	struct fixture *f = *state;
	static const char *const shapes[][3] = {
		{"probe a { x = \"", "a", "\" }"},
		{"probe a { ", "a", " = 1 }"},
		{"probe ", "a", " {}"},
		{"probe a { x = 0", "0", " }"},
		{"# ", "x", "\nprobe a {}"},
		{"/* ", "x", "*/ probe a {}"},
		{"", "\n", "probe a {}"},
		{"probe a { x = \"", "\\n", "\" }"},
		{"probe a { x = ", "\"a\" ", "}"},
		{"probe a {", ";", "}"},
		{"", "probe x {}", ""},
	};
	static const char *const wrong[][3] = {
		{"probe a { x = 1", "9", " }"},
		{"probe a { ", "a", ""},
		{"probe a { @", "a", " }"},
		{"\"", "a", ""},
		{"/*", "a", ""},
		{"%{", "a", ""},
		{"", "a ", ""},
		{"", "}", ""},
		{"", "%)", ""},
		{"probe a { $", "1", "}"},
		{"probe a { x = ", "[", "}"},
		{"probe a { x = $y", "$", "}"},
		{"", "probe ", ""},
		{"", "\xff", ""},
	};

	for (unsigned i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		struct strbuf b = {0};

		sb_puts(&b, shapes[i][0]);
		repeat(&b, shapes[i][1], 200000);
		sb_puts(&b, shapes[i][2]);
		parse_ok(f, sb_str(&b));
		sb_free(&b);
	}
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct strbuf b = {0};
		const char *s;

		sb_puts(&b, wrong[i][0]);
		repeat(&b, wrong[i][1], 200000);
		sb_puts(&b, wrong[i][2]);
		s = parse_bad(f, sb_str(&b));
		/* A message stays readable, whatever it is about. */
		assert_true(strlen(s) < 30000);
		sb_free(&b);
	}
}

static void cut_off_anywhere(void **state)
{
	struct fixture *f = *state;
	static const char text[] =
		"@define m(a) %( f(@a, \"x\") %) global g%[3], h = \"y\"\n"
		"probe a.{b,c(\"d\")}.e? if (x), k = n {\n"
		" %( 1 == 1 %? if (@m(1) =~ \"r\") { delete a[1, *] } %: x %)\n"
		" foreach (v = [i-, j] in a[1, *] limit 3) x = $y->z[1]$$\n"
		" try { s <<< @hist_linear(s, 1, 2, 3)[4] } catch (m) {}\n"
		" printf(\"%d\", @cast(p, \"t\")->q) /* c */ %{ e %}\n}\n"
		"private function f:long(a:string):2 { return 1 ? 2 : 3 }";

	/* No crash, no endless loop, and a message unless it happens to be
	   complete. */
	for (size_t n = 0; n < sizeof(text); n++) {
		struct source *src = source_new(f->a, "<input>", text, n);

		parse_script(f->a, f->d, &f->env, src, false);
		said(f);
	}
	assert_true(diag_errors(f->d) > 300);
}

static void no_environment_at_all(void **state)
{
	struct fixture *f = *state;

	parse_script(f->a, f->d, NULL, text_source(f, "probe a { $1 @foo }"),
		     false);
	assert_has(said(f), "[parse-argument]");
	memset(&f->env, 0, sizeof(f->env));
	parse_ok(f, "%( kernel_v == \"\" && CONFIG_X == \"\" && arch == \"\" "
		    "%? probe a {} %)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(goes_on_with_the_next_statement),
		TEST(goes_on_with_the_next_declaration),
		TEST(a_missing_brace_ends_at_the_next_declaration),
		TEST(statements_around_an_error_are_kept),
		TEST(errors_end_at_some_number),
		TEST(deep_nesting_is_an_error),
		TEST(what_is_below_the_limits_parses),
		TEST(huge_tokens),
		TEST(cut_off_anywhere),
		TEST(no_environment_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
