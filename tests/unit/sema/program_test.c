// SPDX-License-Identifier: GPL-2.0-or-later
/* What pass 3 relies on in struct program, beyond what -p2 prints. */
#include "sema_util.h"

static bool has(struct var_decl **v, uint32_t n, const char *name)
{
	for (uint32_t i = 0; i < n; i++)
		if (!strcmp(v[i]->name, name))
			return true;
	return false;
}

#define HAS(list, name) has((list).v, (list).n, name)

static void reads_and_writes_go_through_functions(void **state)
{
	struct fixture *f = fixture_new();
	struct program *p = run_ok(
		f, "global direct, nested, looked, sorted, walked, key, on\n"
		   "function outer () { inner(); return looked }\n"
		   "function inner () { nested++; if (nested < 3) outer() }\n"
		   "probe begin if (on) { direct = outer() println(direct)\n"
		   "  foreach (k+ in sorted) println(k)\n"
		   "  foreach (key in walked) println(key) }\n"
		   "probe end { println(direct) delete sorted on = 1\n"
		   "  sorted[\"a\"] = 1 walked[1] = 2 looked = 3 }");
	struct handler *b = p->handlers.v[0], *e = p->handlers.v[1];

	assert_true(HAS(b->writes, "direct"));
	assert_true(HAS(b->writes, "nested"));
	assert_true(HAS(b->writes, "sorted")); /* sorting reorders it */
	assert_true(HAS(b->writes, "key"));    /* a loop variable */
	assert_true(HAS(b->reads, "looked"));
	assert_true(HAS(b->reads, "walked"));
	assert_true(HAS(b->reads, "on")); /* the condition */
	assert_int_equal(b->reads.n, 3);
	assert_true(HAS(e->reads, "direct"));
	assert_int_equal(e->reads.n, 1);
	assert_true(HAS(e->writes, "sorted"));
	assert_true(HAS(e->writes, "looked"));
	fixture_free(f);
}

static void a_variable_is_in_one_list_only(void **state)
{
	struct fixture *f = fixture_new();
	struct program *p =
		run_ok(f, "global x probe begin { x = x + 1 println(x) }");

	assert_int_equal(p->handlers.v[0]->reads.n, 0);
	assert_int_equal(p->handlers.v[0]->writes.n, 1);
	fixture_free(f);
}

static void numbers_are_dense_and_aux_is_free(void **state)
{
	struct fixture *f = fixture_new();
	struct program *p = run_ok(
		f, "global unused, a, gone, b\n"
		   "function lost () { return gone }\n"
		   "function f (x, y) { l = x m = y return l + m }\n"
		   "probe begin { v = a w = b println(f(v, w)) a = b = 1 }\n"
		   "probe end { println(f(1, 2)) }");

	assert_int_equal(p->globals.n, 2);
	vec_for (&p->globals, i) {
		assert_int_equal(p->globals.v[i]->id, i);
		assert_null(p->globals.v[i]->aux);
	}
	assert_int_equal(p->funcs.n, 1);
	assert_int_equal(p->funcs.v[0]->id, 0);
	assert_null(p->funcs.v[0]->aux);
	vec_for (&p->funcs.v[0]->locals, i)
		assert_int_equal(p->funcs.v[0]->locals.v[i]->id, i);
	vec_for (&p->funcs.v[0]->params, i)
		assert_int_equal(p->funcs.v[0]->params.v[i]->id, i);
	vec_for (&p->handlers, i)
		assert_int_equal(p->handlers.v[i]->index, i);
	vec_for (&p->handlers.v[0]->locals, i)
		assert_null(p->handlers.v[0]->locals.v[i]->aux);
	fixture_free(f);
}

static void statistics_know_what_is_asked_of_them(void **state)
{
	struct fixture *f = fixture_new();
	struct program *p = run_ok(
		f,
		"global lin, log, var, sorted, plain\n"
		"function ask () { return @max(plain) }\n"
		"probe begin { lin <<< 1 log <<< 1 var <<< 1 plain <<< 1\n"
		"  sorted[1] <<< 1\n"
		"  print(@hist_linear(lin, -5, 50, 5)) print(@hist_log(log))\n"
		"  println(@variance(var, 3), @sum(var), ask())\n"
		"  foreach (k in sorted @avg-) println(k)\n"
		"  foreach (k in sorted+) println(k) }");
	struct var_decl *lin = global(p, "lin");

	assert_int_equal(lin->stat_ops, 1u << STAT_HIST_LINEAR);
	assert_int_equal(lin->hist_low, -5);
	assert_int_equal(lin->hist_high, 50);
	assert_int_equal(lin->hist_step, 5);
	assert_int_equal(global(p, "log")->stat_ops, 1u << STAT_HIST_LOG);
	assert_int_equal(global(p, "var")->stat_ops,
			 1u << STAT_VARIANCE | 1u << STAT_SUM);
	assert_int_equal(global(p, "var")->variance_shift, 3);
	assert_int_equal(global(p, "sorted")->stat_ops,
			 1u << STAT_AVG | 1u << STAT_COUNT);
	assert_int_equal(global(p, "plain")->stat_ops, 1u << STAT_MAX);
	fixture_free(f);
}

static void displayed_aggregates_are_asked_for_everything(void **state)
{
	struct fixture *f = fixture_new();
	struct program *p = run_ok(f, "global s probe begin { s <<< 1 }");

	assert_int_equal(global(p, "s")->stat_ops,
			 1u << STAT_COUNT | 1u << STAT_MIN | 1u << STAT_MAX |
				 1u << STAT_SUM | 1u << STAT_AVG);
	fixture_free(f);
}

static struct expr *last_call(struct program *p)
{
	struct stmt *body = p->handlers.v[0]->body;
	struct stmt *st = vec_last(&body->block.list);

	return st->expr->print.args.v[0];
}

static void overloads_stop_at_the_first_without_next(void **state)
{
	struct fixture *f = fixture_new();
	struct program *p =
		run_ok(f, "function f (x):2 { return 3 }\n"
			  "function f (x):1 { if (x) next return 2 }\n"
			  "function f (x):3 { return 4 }\n"
			  "function f (x, y) { return 5 }\n"
			  "probe begin { println(f(1)) }");
	struct expr *call = last_call(p);

	assert_int_equal(call->call.funcs.n, 2);
	assert_true(call->call.funcs.v[0]->uses_next);
	assert_int_equal(call->call.funcs.v[0]->priority, 1);
	assert_int_equal(call->call.funcs.v[1]->priority, 2);
	assert_int_equal(p->funcs.n, 2);
	fixture_free(f);
}

static void built_ins_are_found_by_name_and_arity(void **state)
{
	struct fixture *f = fixture_new();
	struct program *p = run_ok(f, "probe begin { println(strlen(\"a\")) }");

	assert_ptr_equal(last_call(p)->call.builtin, &builtins[BUILTIN_strlen]);
	assert_int_equal(last_call(p)->call.funcs.n, 0);
	assert_null(builtin_find("strlen", 2));
	assert_null(builtin_find("nosuch", 0));
	assert_int_equal(builtin_find("substr", 3)->id, BUILTIN_substr);
	fixture_free(f);
}

static void the_table_of_built_ins_is_consistent(void **state)
{
	for (unsigned i = 0; i < BUILTIN_COUNT; i++) {
		const struct builtin *b = &builtins[i];

		assert_int_equal(b->id, i);
		assert_non_null(strchr("ls-", b->ret));
		assert_int_equal(strspn(b->args, "ls"), strlen(b->args));
		assert_true(strlen(b->help) > 0);
		/* What has no value must do something. */
		if (b->ret == '-')
			assert_true(b->flags & BF_EFFECT);
		assert_ptr_equal(
			builtin_find(b->name, (unsigned)strlen(b->args)), b);
	}
}

static void every_node_is_typed(void **state)
{
	struct fixture *f = fixture_new();
	struct program *p =
		run_ok(f, "global a probe begin { a[\"k\"] = 1\n"
			  "  println(a[\"k\"] ? \"yes\" : \"no\") }");
	struct expr *arg = last_call(p);

	assert_int_equal(arg->type, TY_STRING);
	assert_int_equal(arg->ternary.cond->type, TY_LONG);
	assert_int_equal(arg->ternary.a->type, TY_STRING);
	assert_int_equal(global(p, "a")->type, TY_LONG);
	assert_true(global(p, "a")->is_array);
	assert_int_equal(global(p, "a")->nkeys, 1);
	assert_int_equal(global(p, "a")->key_type[0], TY_STRING);
	fixture_free(f);
}

static void counts_are_of_sites(void **state)
{
	struct fixture *f = fixture_new();
	struct program *p = run_ok(f, "global g function f () { g++ }\n"
				      "probe begin, end, timer.s(1) { f() }");
	struct sema_counts n = sema_count(p);

	assert_int_equal(n.probes, 4); /* and the one that displays g */
	assert_int_equal(n.functions, 1);
	assert_int_equal(n.globals, 1);
	assert_int_equal(n.embeds, 0);
	fixture_free(f);
}

static void errors_leave_a_program_and_say_why(void **state)
{
	struct fixture *f = fixture_new();
	struct program *p = run(f, "probe begin { nosuch(1) }\n"
				   "probe end { x[1] = 2 }");

	assert_non_null(p);
	assert_int_equal(diag_errors(f->d), 2);
	assert_non_null(strstr(said(f), "[unresolved-function]"));
	assert_non_null(strstr(f->messages, "[unresolved-array]"));
	fixture_free(f);
}

static void several_user_files_are_one_program(void **state)
{
	struct fixture *f = fixture_new();
	const char *text[] = {"global g probe begin { g = seven() }",
			      "private global p function seven () "
			      "{ p++ return 7 } probe end { println(g) }",
			      "private global p probe end { p = 2 }"};
	struct file *files[3];
	struct program *p;

	for (unsigned i = 0; i < 3; i++)
		files[i] = parse_script(
			f->a, f->d, &f->parse,
			source_new(f->a, "<input>", text[i], strlen(text[i])),
			false);
	p = sema_run(&f->env, NULL, files, 3, &f->opts);
	if (diag_errors(f->d))
		fail_msg("%s", said(f));
	/* g and one p for each file that has one */
	assert_int_equal(p->globals.n, 3);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_writes_go_through_functions),
		cmocka_unit_test(a_variable_is_in_one_list_only),
		cmocka_unit_test(numbers_are_dense_and_aux_is_free),
		cmocka_unit_test(statistics_know_what_is_asked_of_them),
		cmocka_unit_test(displayed_aggregates_are_asked_for_everything),
		cmocka_unit_test(overloads_stop_at_the_first_without_next),
		cmocka_unit_test(built_ins_are_found_by_name_and_arity),
		cmocka_unit_test(the_table_of_built_ins_is_consistent),
		cmocka_unit_test(every_node_is_typed),
		cmocka_unit_test(counts_are_of_sites),
		cmocka_unit_test(errors_leave_a_program_and_say_why),
		cmocka_unit_test(several_user_files_are_one_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
