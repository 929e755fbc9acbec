// SPDX-License-Identifier: GPL-2.0-or-later
/* Copies, the visitor, comparison. */
#include "syntax_util.h"
#include "tree_random.h"

struct counter {
	struct visitor v;
	unsigned exprs, stmts;
	const char *rename_from, *rename_to;
};

static void count_expr(struct visitor *v, struct expr **e)
{
	struct counter *c = (struct counter *)v;

	c->exprs++;
	if (c->rename_from && (*e)->kind == E_SYMBOL &&
	    !strcmp((*e)->sym.name, c->rename_from))
		(*e)->sym.name = c->rename_to;
	expr_children(v, *e);
}

static void count_stmt(struct visitor *v, struct stmt **s)
{
	struct counter *c = (struct counter *)v;

	c->stmts++;
	stmt_children(v, *s);
}

static struct counter visit(struct stmt *s)
{
	struct counter c = {.v = {count_expr, count_stmt, NULL}};

	count_stmt(&c.v, &s);
	return c;
}

static void visitor_reaches_everything(void **state)
{
	struct fixture *f = *state;
	struct counter c;

	c = visit(statement(f, "a = b + c[d, e]"));
	assert_int_equal(c.exprs, 8);
	assert_int_equal(c.stmts, 1);
	/* '*' is no expression. */
	c = visit(statement(f, "foreach (v = [i, j] in a[k, *] limit n) m"));
	assert_int_equal(c.exprs, 7);
	assert_int_equal(c.stmts, 2);
	c = visit(statement(f, "try { a; b } catch (m) { if (c) d; else e }"));
	assert_int_equal(c.exprs, 6);
	assert_int_equal(c.stmts, 8);
	c = visit(statement(f, "for (a; b; c) while (d) { }"));
	assert_int_equal(c.exprs, 4);
	c = visit(statement(f, "printf(\"%d\", @cast(p, \"t\")->q[r], $s[t])"));
	assert_int_equal(c.exprs, 7);
	c = visit(statement(f, "x = a ? @count(b) : [c, *] in d || e =~ \"f\" "
			       "|| @defined(g) || @kderef(h, i) || j++"));
	assert_int_equal(c.exprs, 23);
}

static void copies_share_nothing(void **state)
{
	struct fixture *f = *state;

	for (unsigned seed = 1; seed <= 300; seed++) {
		struct gen g = {.a = f->a, .state = seed, .budget = 40};
		struct stmt *s = gen_stmt(&g), *copy = stmt_clone(f->a, s);
		struct stmt *second = stmt_clone(f->a, s);
		struct counter c = {.v = {count_expr, count_stmt, NULL},
				    .rename_from = "a",
				    .rename_to = "renamed"};

		assert_true(stmt_equal(s, copy));
		count_stmt(&c.v, &copy);
		/* What was done to one copy is not seen in the other. */
		assert_true(stmt_equal(s, second));
	}
	assert_null(expr_clone(f->a, NULL));
	assert_null(stmt_clone(f->a, NULL));
}

static void differences_are_seen(void **state)
{
	struct fixture *f = *state;
	static const char *const all[] = {
		"a",
		"b",
		"a[1]",
		"a[2]",
		"a[1, 1]",
		"1",
		"2",
		"\"1\"",
		"\"2\"",
		"$a",
		"$b",
		"$a->b",
		"$a->c",
		"$a[1]",
		"$a[2]",
		"$a$",
		"$a$$",
		"&$a",
		"$$a",
		"@var(\"a\")",
		"@var(\"a\", \"b\")",
		"@cast(a, \"b\")",
		"@cast(a, \"c\")",
		"@cast(b, \"b\")",
		"a->b",
		"-a",
		"!a",
		"-b",
		"a++",
		"++a",
		"a--",
		"--a",
		"a + b",
		"a - b",
		"b + a",
		"a = b",
		"a += b",
		"b = a",
		"a ? b : c",
		"a ? c : b",
		"b in a",
		"[b, c] in a",
		"[b, *] in a",
		"b in c",
		"a =~ \"b\"",
		"a !~ \"b\"",
		"a =~ \"c\"",
		"a()",
		"a(1)",
		"b()",
		"@count(a)",
		"@sum(a)",
		"@count(b)",
		"@variance(a)",
		"@variance(a, 1)",
		"@variance(a, 2)",
		"print(a)",
		"println(a)",
		"sprint(a)",
		"print(b)",
		"printd(\"a\", b, c)",
		"printf(\"a\")",
		"printf(\"b\")",
		"@defined($a)",
		"@defined($b)",
		"@entry($a)",
		"print_char(a)",
	};
	enum { N = sizeof(all) / sizeof(*all) };
	struct expr *e[N];

	for (unsigned i = 0; i < N; i++)
		e[i] = expression(f, all[i]);
	for (unsigned i = 0; i < N; i++)
		for (unsigned j = 0; j < N; j++)
			if (expr_equal(e[i], e[j]) != (i == j))
				fail_msg("%s and %s", all[i], all[j]);
}

static void different_declarations(void **state)
{
	struct fixture *f = *state;
	static const char *const all[] = {
		"global z",
		"global a",
		"global b",
		"private global a",
		"global a%",
		"global a[3]",
		"global a[4]",
		"global a = 1",
		"global a = \"1\"",
		"global a, b",
		"function a() {}",
		"private function a() {}",
		"function a:long() {}",
		"function a(b) {}",
		"function a(b:long) {}",
		"function a():1 {}",
		"function a():2 {}",
		"function a() { next }",
		"probe a {}",
		"probe a? {}",
		"probe a! {}",
		"probe a if (b) {}",
		"probe a(1) {}",
		"probe a(\"1\") {}",
		"probe a.b {}",
		"probe a, b {}",
		"probe a { next }",
		"probe a = b {}",
		"probe a += b {}",
		"probe a = b {}, {}",
		"probe a = b, c {}",
		"probe a = b = c {}",
	};
	enum { N = sizeof(all) / sizeof(*all) };
	struct file *file[N];

	for (unsigned i = 0; i < N; i++)
		file[i] = parse_ok(f, all[i]);
	for (unsigned i = 0; i < N; i++)
		for (unsigned j = 0; j < N; j++)
			if (file_equal(file[i], file[j]) != (i == j))
				fail_msg("%s and %s", all[i], all[j]);
	/* Layout, parentheses and the way a literal was written do not. */
	assert_true(file_equal(parse_ok(f, "probe a { x = (0x10) ; }"),
			       parse_ok(f, "# c\nprobe a{x=16}")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(visitor_reaches_everything),
		TEST(copies_share_nothing),
		TEST(differences_are_seen),
		TEST(different_declarations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
