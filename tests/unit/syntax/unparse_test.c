// SPDX-License-Identifier: GPL-2.0-or-later
/* What is un-parsed parses to the same program. */
#include <glob.h>

#include "syntax_util.h"
#include "tree_random.h"

static void prints(struct fixture *f, const char *text, const char *want)
{
	struct strbuf b = {0};

	unparse_expr(&b, expression(f, text));
	if (strcmp(sb_str(&b), want))
		fail_msg("%s\n prints as %s\n not as   %s", text, sb_str(&b),
			 want);
	sb_free(&b);
}

static void parentheses_as_written_or_needed(void **state)
{
	struct fixture *f = *state;
	struct strbuf b = {0};
	struct expr *e;

	prints(f, "a+b*c", "a + b * c");
	prints(f, "(a+b)*c", "(a + b) * c");
	prints(f, "(a*b)+c", "(a * b) + c");
	prints(f, "- -a", "- -a");
	prints(f, "-(-a)", "-(-a)");
	prints(f, "!~a", "! ~a");
	prints(f, "!!a", "!!a");
	prints(f, "a - -1", "a - -1");
	prints(f, "x in a", "[x] in a");
	prints(f, "(q)$", "(q)$");
	prints(f, "($x)->y", "($x)->y");
	prints(f, "f()$$", "f()$$");
	/* Made by a pass: no parentheses were written. */
	e = expr_binary(f->a, LOC_NONE, OP_SUB, expression(f, "a"),
			expression(f, "b - c"));
	unparse_expr(&b, e);
	assert_string_equal(sb_str(&b), "a - (b - c)");
	sb_reset(&b);
	unparse_expr(&b, expr_number(f->a, LOC_NONE, INT64_MIN));
	assert_string_equal(sb_str(&b), "-9223372036854775808");
	sb_free(&b);
}

static void literals(void **state)
{
	struct fixture *f = *state;

	/* Numbers stay as they were written. */
	prints(f, "0x1F + 017 + 18446744073709551615",
	       "0x1F + 017 + 18446744073709551615");
	prints(f, "\"a\\tb\\x01\\\"\\\\\\\\.\" \"c\"",
	       "\"a\\tb\\001\\\"\\\\\\\\.c\"");
}

static const char program[] =
	"global a\n"
	"global b%[10]\n"
	"private global c = -5\n"
	"\n"
	"%{ #include <x.h> %}\n"
	"\n"
	"function f:string (x:long, y):3 {\n"
	"  return sprintf(\"%d\", x);\n"
	"}\n"
	"\n"
	"function g (p) %{ STAP_RETURN(1); %}\n"
	"\n"
	"probe kernel.function(\"f*\").return?, timer.s(1) if (a) {\n"
	"  if (x)\n"
	"    y = 1;\n"
	"  else if (z) {\n"
	"    foreach (v = [i-, j] in b[1, *] limit 5)\n"
	"      println(i);\n"
	"  }\n"
	"  else {\n"
	"    while (1)\n"
	"      break;\n"
	"  }\n"
	"  for (i = 0; i < 3; i++) {\n"
	"    a <<< $v->m[i]$;\n"
	"  }\n"
	"  try {\n"
	"    delete b[*, 1];\n"
	"  }\n"
	"  catch (e) {\n"
	"    next;\n"
	"  }\n"
	"}\n"
	"\n"
	"probe n = m {\n"
	"}\n"
	", {\n"
	"}\n";

static void layout(void **state)
{
	struct fixture *f = *state;
	const char *got;

	f->env.guru_mode = true;
	got = unparsed(f, parse_ok(f, program));
	assert_string_equal(got, program);
	assert_true(file_equal(parse_ok(f, program), parse_ok(f, got)));
}

static void an_else_keeps_its_if(void **state)
{
	struct fixture *f = *state;
	struct stmt *inner = statement(f, "while (1) if (b) c");
	struct stmt *s = statement(f, "if (a) x; else y");
	struct strbuf b = {0};
	struct stmt *again;

	s->if_.then = inner;
	unparse_stmt(&b, s, 0);
	again = statement(f, sb_str(&b));
	assert_non_null(again->if_.otherwise);
	assert_int_equal(again->if_.then->kind, S_BLOCK);
	sb_free(&b);
}

static void random_programs_survive(void **state)
{
	struct fixture *f = *state;

	f->env.guru_mode = true;
	for (unsigned seed = 1; seed <= 3000; seed++) {
		struct arena *a = arena_new();
		struct gen g = {.a = a, .state = seed, .budget = 60};
		struct diag *d = diag_new(a, (struct diag_opts){0});
		struct stmt *s = gen_stmt(&g);
		struct strbuf b = {0};
		struct file *file;
		stmt_list l;

		sb_puts(&b, "function x() {\n");
		unparse_stmt(&b, s, 1);
		sb_puts(&b, "}\n");
		file = parse_script(a, d, &f->env,
				    source_new(a, "<r>", sb_str(&b), b.len),
				    false);
		if (diag_errors(d)) {
			diag_flush(d, stderr);
			fail_msg("seed %u does not parse:\n%s", seed,
				 sb_str(&b));
		}
		l = file->funcs.v[0]->body->block.list;
		if (l.n != 1 || !stmt_equal(s, l.v[0]))
			fail_msg("seed %u is another program:\n%s", seed,
				 sb_str(&b));
		if (!stmt_equal(s, stmt_clone(a, s)))
			fail_msg("seed %u: the copy differs", seed);
		sb_free(&b);
		arena_free(a);
	}
}

/* Scripts of the tree; errors are theirs to have, not to make. */
static unsigned check_files(struct fixture *f, const char *pattern)
{
	static const char *const args[] = {"1", "2", "3", "4"};
	unsigned checked = 0;
	glob_t g;

	f->env.guru_mode = true;
	f->env.args = args;
	f->env.nargs = 4;
	if (glob(pattern, 0, NULL, &g))
		return 0;
	for (size_t i = 0; i < g.gl_pathc; i++) {
		unsigned before = diag_errors(f->d);
		struct source *src = source_read(f->a, g.gl_pathv[i]);
		struct file *file =
			parse_script(f->a, f->d, &f->env, src, false);
		const char *text = unparsed(f, file);

		if (diag_errors(f->d) != before)
			continue;
		if (!file_equal(file, parse_ok(f, text)))
			fail_msg("%s is another program:\n%s", g.gl_pathv[i],
				 text);
		checked++;
	}
	globfree(&g);
	return checked;
}

static void files_of_the_tree_survive(void **state)
{
	struct fixture *f = *state;
	unsigned n = check_files(f, "tests/golden/parse/*.stp");

	/* Run from elsewhere, there is nothing to read. */
	if (!n)
		skip();
	assert_true(n >= 20);
	check_files(f, "tests/golden/*/*.stp");
	check_files(f, "tests/eval/*");
	check_files(f, "examples/*.stp");
	check_files(f, "tapset/*.stp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(parentheses_as_written_or_needed),
		TEST(literals),
		TEST(layout),
		TEST(an_else_keeps_its_if),
		TEST(random_programs_survive),
		TEST(files_of_the_tree_survive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
