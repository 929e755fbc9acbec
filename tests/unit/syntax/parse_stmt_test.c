// SPDX-License-Identifier: GPL-2.0-or-later
#include "syntax_util.h"

static void semicolons_are_optional(void **state)
{
	struct fixture *f = *state;
	stmt_list l = statements(f, "a = 1 b = 2; c(3) next");

	assert_int_equal(l.n, 4);
	assert_int_equal(l.v[3]->kind, S_NEXT);
	/* One ends a statement, a further one is a statement. */
	l = statements(f, "a = 1;; ; b");
	assert_int_equal(l.n, 4);
	assert_int_equal(l.v[1]->kind, S_NULL);
	assert_int_equal(l.v[2]->kind, S_NULL);
	l = statements(f, "if (a) b; else c;");
	assert_int_equal(l.n, 1);
	assert_non_null(l.v[0]->if_.otherwise);
	/* "++" goes to what stands before it, as the manual warns. */
	l = statements(f, "a ++ b");
	assert_int_equal(l.n, 2);
	assert_int_equal(l.v[0]->expr->kind, E_INCDEC);
}

static void conditions_and_loops(void **state)
{
	struct fixture *f = *state;
	struct stmt *s = statement(f, "if (a) if (b) c; else d");

	/* "else" belongs to the nearest "if". */
	assert_null(s->if_.otherwise);
	assert_non_null(s->if_.then->if_.otherwise);
	s = statement(f, "while (a < 3) { a++; break; continue }");
	assert_int_equal(s->kind, S_WHILE);
	assert_int_equal(s->loop.body->block.list.n, 3);
	s = statement(f, "for (i = 0; i < 3; i++) ;");
	assert_int_equal(s->kind, S_FOR);
	assert_int_equal(s->loop.init->kind, E_ASSIGN);
	assert_int_equal(s->loop.step->kind, E_INCDEC);
	assert_int_equal(s->loop.body->kind, S_NULL);
	s = statement(f, "for (;;) {}");
	assert_null(s->loop.init);
	assert_null(s->loop.cond);
	assert_null(s->loop.step);
}

static void returns(void **state)
{
	struct fixture *f = *state;
	struct file *file;
	struct stmt *body;

	file = parse_ok(f, "function f() { if (1) return else return 3 "
			   "return; x }");
	body = file->funcs.v[0]->body;
	assert_int_equal(body->block.list.n, 3);
	assert_null(body->block.list.v[0]->if_.then->expr);
	assert_int_equal(body->block.list.v[0]->if_.otherwise->expr->num.v, 3);
	assert_null(body->block.list.v[1]->expr);
	file = parse_ok(f, "function f() { return }");
	assert_null(file->funcs.v[0]->body->block.list.v[0]->expr);
	file = parse_ok(f, "function f() { return -x }");
	assert_int_equal(file->funcs.v[0]->body->block.list.v[0]->expr->kind,
			 E_UNARY);
}

static void foreach_plain(void **state)
{
	struct fixture *f = *state;
	struct stmt *s = statement(f, "foreach (k in a) print(k)");

	assert_int_equal(s->kind, S_FOREACH);
	assert_int_equal(s->foreach.keys.n, 1);
	assert_null(s->foreach.value);
	assert_int_equal(s->foreach.sort_dir, 0);
	assert_int_equal(s->foreach.sort_column, 0);
	assert_null(s->foreach.limit);
	s = statement(f, "foreach ([i, j, k] in a) ;");
	assert_int_equal(s->foreach.keys.n, 3);
	s = statement(f, "foreach (v = [i, j] in a limit n * 2) ;");
	assert_string_equal(s->foreach.value->sym.name, "v");
	assert_int_equal(s->foreach.limit->kind, E_BINARY);
	s = statement(f, "foreach (v = i in a) ;");
	assert_string_equal(s->foreach.value->sym.name, "v");
	assert_int_equal(s->foreach.keys.n, 1);
}

static void sorted(struct fixture *f, const char *head, int column, int dir)
{
	struct stmt *s =
		statement(f, arena_printf(f->a, "foreach (%s) ;", head));

	if (s->foreach.sort_column != column || s->foreach.sort_dir != dir)
		fail_msg("%s: column %d, direction %d", head,
			 s->foreach.sort_column, s->foreach.sort_dir);
}

static void foreach_sorted(void **state)
{
	struct fixture *f = *state;
	struct stmt *s;

	sorted(f, "k+ in a", 1, 1);
	sorted(f, "k- in a", 1, -1);
	sorted(f, "[i, j-, k] in a", 2, -1);
	sorted(f, "[i, j, k+] in a limit 3", 3, 1);
	sorted(f, "k in a+", -1, 1);
	sorted(f, "[i, j] in a- limit 3", -1, -1);
	/* The value's own suffix says the same as the array's. */
	sorted(f, "v+ = [i] in a", -1, 1);
	sorted(f, "v- = [i] in a", -1, -1);
	sorted(f, "v-= [i] in a", -1, -1);
	s = statement(f, "foreach (k in a @sum- limit 5) ;");
	assert_true(s->foreach.sort_has_stat);
	assert_int_equal(s->foreach.sort_stat, STAT_SUM);
	assert_int_equal(s->foreach.sort_dir, -1);
	assert_has(parse_bad(f, "probe x { foreach (k+ in a-) ; }"),
		   "[parse-sort]");
}

static void foreach_slices_and_histograms(void **state)
{
	struct fixture *f = *state;
	struct stmt *s =
		statement(f, "foreach ([i, j] in a[pid(), *] @count+) ;");

	assert_int_equal(s->foreach.slice.n, 2);
	assert_int_equal(s->foreach.slice.v[0]->kind, E_CALL);
	assert_null(s->foreach.slice.v[1]);
	s = statement(f, "foreach (b in @hist_log(s[1])) ;");
	assert_int_equal(s->foreach.base->kind, E_STATOP);
	assert_int_equal(s->foreach.base->statop.op, STAT_HIST_LOG);
}

static void try_and_delete(void **state)
{
	struct fixture *f = *state;
	struct stmt *s = statement(f, "try { a } catch (msg) { b }");

	assert_int_equal(s->kind, S_TRY);
	assert_string_equal(s->try_.var->sym.name, "msg");
	assert_null(statement(f, "try { a } catch { b }")->try_.var);
	assert_int_equal(statement(f, "delete a")->expr->kind, E_SYMBOL);
	s = statement(f, "delete a[1, *, \"x\"]");
	assert_int_equal(s->kind, S_DELETE);
	assert_int_equal(s->expr->index.keys.n, 3);
	assert_null(s->expr->index.keys.v[1]);
	assert_int_equal(statement(f, "delete(a[1])")->expr->kind, E_INDEX);
}

static void positions(void **state)
{
	struct fixture *f = *state;
	struct file *file = parse_ok(f, "probe a {\n  if (b)\n    c = 1\n}\n");
	struct stmt *block = file->probes.v[0]->body, *s;

	assert_int_equal(block->loc.col, 9);
	assert_int_equal(block->block.end.line, 4);
	assert_int_equal(block->block.end.col, 1);
	s = block->block.list.v[0];
	assert_int_equal(s->loc.line, 2);
	assert_int_equal(s->loc.col, 3);
	assert_int_equal(s->if_.then->loc.line, 3);
	assert_int_equal(s->if_.then->loc.col, 5);
}

static void wrong_statements(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[][2] = {
		{"if a", "expected '('"},
		{"if () a", "expected literal"},
		{"if (a) }", "expected literal string or number"},
		{"else b", "expected statement"},
		{"while (a", "expected ')'"},
		{"for (a; b) c", "expected ';'"},
		{"for (a, b; c; d) e", "expected ';'"},
		{"foreach (a) b", "expected 'in'"},
		{"foreach (a in) b", "identifier or statistical operation"},
		{"foreach (5 in a) b", "expected identifier"},
		{"foreach ([a b] in c) d", "',' or ']'"},
		{"foreach (a in b limit) c", "expected literal"},
		{"foreach (a in b @count) c", "expected sort directive"},
		{"foreach (a in b c) d", "expected ')'"},
		{"foreach ([a,b,c,d,e,f,g,h,i,j] in k) l", "[parse-keys]"},
		{"try a catch b", "expected '{'"},
		{"try { a }", "expected 'catch'"},
		{"try { a } catch (5) { }", "expected identifier"},
		{"delete", "expected literal"},
		{") a", "expected literal string or number"},
	};

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_has(parse_bad(f, arena_printf(f->a, "probe x { %s }",
						     bad[i][0])),
			   bad[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(semicolons_are_optional),
		TEST(conditions_and_loops),
		TEST(returns),
		TEST(foreach_plain),
		TEST(foreach_sorted),
		TEST(foreach_slices_and_histograms),
		TEST(try_and_delete),
		TEST(positions),
		TEST(wrong_statements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
