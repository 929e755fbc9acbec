// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What lowering puts into the heap and the image, and how code is shaped where
 * behaviour does not show it: locks, copies, statement accounts. What scripts
 * do is in tests/eval.
 */
#include "unit/sema/sema_util.h"

#include "ir/lower.h"
#include "rt.h"

struct low {
	struct fixture *f;
	struct lower_opts opts;
	struct ir_module *m;
	const char *text; /* all functions */
};

static struct low *low_new(void)
{
	struct low *l = calloc(1, sizeof(*l));

	l->f = fixture_new();
	lower_opts_init(&l->opts);
	return l;
}

static void low_free(struct low *l)
{
	fixture_free(l->f);
	free(l);
}

static void lower(struct low *l, const char *script)
{
	struct program *p = run_ok(l->f, script);
	struct strbuf b = {0};
	const char *wrong;

	l->m = ir_lower(l->f->a, l->f->d, p, &l->opts);
	if (diag_errors(l->f->d))
		return;
	wrong = ir_check(l->f->a, l->m);
	if (wrong)
		fail_msg("%s", wrong);
	ir_print(&b, l->m, false);
	l->text = arena_strdup(l->f->a, sb_str(&b));
	sb_free(&b);
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

static const struct ir_symbol *symbol(const struct low *l, const char *name)
{
	vec_for (&l->m->symbols, i)
		if (!strcmp(l->m->symbols.v[i].name, name))
			return &l->m->symbols.v[i];
	fail_msg("no symbol %s", name);
	return NULL;
}

static const struct rt_head *head(const struct low *l)
{
	return (const struct rt_head *)l->m->image->heap_init;
}

static const char *image_text(const struct low *l, w_u32 off)
{
	return l->m->image->strings + off;
}

/* ---- limits ---- */

static void limits_are_set_by_name(void **state)
{
	struct low *l = low_new();
	struct lower_limits *li = &l->opts.limits;
	int64_t least, most;

	assert_int_equal(lower_limit_set(li, "MAXACTION", 7, &least, &most), 1);
	assert_int_equal(li->max_action, 7);
	assert_int_equal(lower_limit_set(li, "MAXACTION", 0, &least, &most),
			 -1);
	assert_int_equal(least, 1);
	assert_int_equal(li->max_action, 7);
	assert_int_equal(lower_limit_set(li, "NOSUCH", 1, &least, &most), 0);
	low_free(l);
}

static void the_head_says_the_limits(void **state)
{
	struct low *l = low_new();

	l->opts.limits.max_action = 50;
	l->opts.limits.max_string = 64;
	l->opts.limits.max_errors = 3;
	l->opts.limits.max_skipped = 4;
	l->opts.limits.max_trylock = 5;
	l->opts.suppress_handler_errors = true;
	lower(l, "probe begin { println(\"x\") }");
	assert_int_equal(head(l)->max_action, 50);
	assert_int_equal(head(l)->max_action_interruptible, 500);
	assert_int_equal(head(l)->string_cap, 63);
	assert_int_equal(head(l)->max_errors, 3);
	assert_int_equal(head(l)->max_skipped, 4);
	assert_int_equal(head(l)->max_trylock, 5);
	assert_int_equal(head(l)->flags, RT_F_SUPPRESS_ERRORS);
	assert_int_equal(head(l)->nprobes, 1);
	low_free(l);
}

static void nesting_follows_from_the_calls(void **state)
{
	static const struct {
		const char *script;
		unsigned levels;
	} t[] = {
		{"probe begin { println(1) }", 0},
		{"function a () { return b() + 1 } function b () { return 1 }\n"
		 "probe begin { println(a()) }",
		 2},
		{"function a (n) { return n ? a(n - 1) + 1 : 0 }\n"
		 "probe begin { println(a(3)) }",
		 13},
		{"function a (n) { return n ? b(n - 1) : c() }\n"
		 "function b (n) { return a(n) } function c () { return 1 }\n"
		 "probe begin { println(a(3)) }",
		 15},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct low *l = low_new();

		lower(l, t[i].script);
		assert_int_equal(head(l)->max_nesting, t[i].levels);
		low_free(l);
	}
}

static void nesting_is_counted_only_where_it_can_run_out(void **state)
{
	static const char chain[] = "function a (n) { return b(n) + n } "
				    "function b (n) { return n }\n"
				    "probe begin { println(a(3)) }";
	struct low *l = low_new();

	lower(l, chain);
	assert_int_equal(count(l->text, "rt error_code"), 0);
	low_free(l);

	l = low_new();
	l->opts.limits.max_nesting = 1;
	lower(l, chain);
	assert_int_equal(count(l->text, "rt error_code"), 2);
	low_free(l);
}

/* ---- the heap ---- */

static void zeros_are_not_carried(void **state)
{
	struct low *l = low_new();

	lower(l, "global a, b[100000]\n"
		 "probe begin { a[1] = 1 b[\"x\", 2] = \"y\"\n"
		 "  println(a[1], b[\"x\", 2]) }");
	assert_true(l->m->statics_end > 100000 * 1000);
	assert_true(l->m->image->heap_init_len < 8192);
	low_free(l);
}

static void offsets_of_zero_memory_are_final(void **state)
{
	struct low *l = low_new();
	const struct rt_map *m;

	lower(l, "global a probe begin { a[1] = 1 println(a[1]) }");
	m = (const void *)(l->m->image->heap_init + symbol(l, "a")->off);
	assert_int_equal(m->entries_off, symbol(l, "a.entries")->off);
	assert_true(m->buckets_off >= l->m->image->heap_init_len);
	assert_true(m->entries_off + m->entry_size * m->max_entries <=
		    l->m->statics_end);
	assert_int_equal(m->nbuckets, 2048);
	low_free(l);
}

static void an_array_knows_its_keys(void **state)
{
	struct low *l = low_new();
	const struct rt_map *m;

	l->opts.limits.max_string = 64;
	lower(l, "global a%[10] probe begin { a[1, \"x\", 2] = \"s\"\n"
		 "  println(a[1, \"x\", 2]) }");
	m = (const void *)(l->m->image->heap_init + symbol(l, "a")->off);
	assert_int_equal(m->nkeys, 3);
	assert_int_equal(m->key_kind[0], 0);
	assert_int_equal(m->key_kind[1], 1);
	assert_int_equal(m->key_kind[2], 0);
	assert_int_equal(m->key_cap, 8 + RT_STR_SIZE(63) + 8);
	assert_int_equal(m->val_size, RT_STR_SIZE(63));
	assert_int_equal(m->flags, RT_MAP_WRAP | RT_MAP_STRVAL);
	assert_int_equal(m->max_entries, 10);
	assert_true(m->entry_size >=
		    sizeof(struct rt_entry) + m->key_cap + m->val_size);
	assert_int_equal(m->entry_size % 8, 0);
	low_free(l);
}

static void fields_of_aggregates_that_nothing_reads_are_not_kept(void **state)
{
	static const struct {
		const char *reads;
		unsigned adds, calls; /* for the sample */
	} t[] = {
		{"@count(s)", 1, 0},	   {"@sum(s)", 1, 0},
		{"@avg(s)", 2, 0},	   {"@count(s) + @sum(s)", 2, 0},
		{"@count(s) + @min(s)", 0, 1}, {"@max(s)", 0, 1},
		{"@variance(s)", 0, 1},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct low *l = low_new();
		char script[200];
		const char *end;

		snprintf(script, sizeof(script),
			 "global s probe timer.s(1) { s <<< 5 }\n"
			 "probe timer.s(2) { println(%s) }",
			 t[i].reads);
		lower(l, script);
		end = strstr(l->text, "handler 1");
		assert_non_null(end);
		*(char *)end = 0;
		assert_int_equal(count(l->text, "st.8 [@s"), t[i].adds);
		assert_int_equal(count(l->text, "rt stat_add"), t[i].calls);
		low_free(l);
	}
}

static void aggregates_hold_what_is_asked_for(void **state)
{
	struct low *l = low_new();

	lower(l, "global plain, log, lin\n"
		 "probe begin { plain <<< 1 log <<< 1 lin <<< 1\n"
		 "  println(@sum(plain)) print(@hist_log(log))\n"
		 "  print(@hist_linear(lin, 0, 100, 10)) }");
	assert_int_equal(symbol(l, "plain")->size, sizeof(struct rt_stat));
	assert_int_equal(symbol(l, "log")->size,
			 sizeof(struct rt_stat) + 8 * RT_HIST_LOG_BUCKETS);
	assert_int_equal(symbol(l, "lin")->size,
			 sizeof(struct rt_stat) + 8 * 13);
	low_free(l);
}

static void globals_start_with_their_values(void **state)
{
	struct low *l = low_new();
	const struct rt_str *s;
	int64_t v;

	lower(l, "global n = -5, s = \"text\"\n"
		 "probe begin { println(n, s) n++ s .= \"\" }");
	memcpy(&v, l->m->image->heap_init + symbol(l, "n")->off, 8);
	assert_int_equal(v, -5);
	s = (const void *)(l->m->image->heap_init + symbol(l, "s")->off);
	assert_int_equal(s->len, 4);
	assert_string_equal((const char *)s->text, "text");
	low_free(l);
}

static void too_much_memory_is_an_error_with_a_remedy(void **state)
{
	struct low *l = low_new();

	lower(l, "global a[1000000]\n"
		 "probe begin { a[\"x\", \"y\"] = \"z\" println(a[\"x\", "
		 "\"y\"]) }");
	assert_int_equal(diag_errors(l->f->d), 1);
	said(l->f);
	assert_non_null(strstr(l->f->messages, "[heap-too-big]"));
	assert_non_null(strstr(l->f->messages, "remedy: "));
	low_free(l);
}

static void a_literal_longer_than_strings_is_cut(void **state)
{
	struct low *l = low_new();

	l->opts.limits.max_string = 16;
	lower(l,
	      "global s probe begin { s = \"0123456789abcdef\" println(s) }");
	assert_int_equal(diag_errors(l->f->d), 0);
	said(l->f);
	assert_non_null(strstr(l->f->messages, "[string-too-long]"));
	assert_non_null(strstr(l->f->messages, "-DMAXSTRINGLEN=17"));
	low_free(l);
}

static void an_entry_larger_than_usual_is_asked_for(void **state)
{
	struct low *l = low_new();

	lower(l, "probe begin { s = sprint(1) println(s, s) }");
	assert_int_equal(l->m->out_need,
			 sizeof(struct wire_entry) + 2 * RT_STR_SIZE(511));
	low_free(l);
}

/* ---- the image ---- */

static void errors_are_named_as_the_script_does(void **state)
{
	struct low *l = low_new();
	const struct image_loc *loc;
	bool division = false, call = false;

	lower(l, "global a, z probe begin { z = 0 a = 1 / z error(\"x\")\n"
		 "  println(a) }");
	for (w_u32 i = 1; i < l->m->image->nlocs; i++) {
		loc = &l->m->image->locs[i];
		assert_string_equal(image_text(l, loc->file), "<input>");
		division |= !strcmp(image_text(l, loc->what), "operator '/'") &&
			    loc->line == 1 && loc->col == 39;
		call |= !strcmp(image_text(l, loc->what), "identifier 'error'");
	}
	assert_true(division);
	assert_true(call);
	low_free(l);
}

static void equal_formats_are_kept_once(void **state)
{
	struct low *l = low_new();

	lower(l, "global n probe begin { n = 1 printf(\"a %d\\n\", n)\n"
		 "  println(\"a \", n) printf(\"a %d\\n\", n + 1)\n"
		 "  printf(\"b %5d\\n\", n) }");
	assert_int_equal(l->m->image->nformats, 2);
	low_free(l);
}

static void handlers_that_ask_where_they_are_get_a_program_each(void **state)
{
	static const char asks[] = "function where () { return pp() }\n"
				   "probe begin, begin(1) { println(where()) }";
	struct low *l = low_new();

	lower(l, "probe begin, begin(1) { println(1) }");
	assert_int_equal(l->m->image->nattach, 2);
	low_free(l);

	l = low_new();
	lower(l, asks);
	assert_int_equal(l->m->image->nhandlers, 2);
	assert_int_equal(l->m->image->nattach, 2);
	assert_string_equal(image_text(l, l->m->image->handlers[0].pp),
			    "begin");
	assert_string_equal(image_text(l, l->m->image->handlers[1].pp),
			    "begin(1)");
	assert_int_equal(l->m->image->attach[1].handler, 1);
	low_free(l);
}

/* ---- locks ---- */

static void begin_probes_need_no_locks(void **state)
{
	struct low *l = low_new();

	lower(l, "global g probe begin { g = 5 println(g) }");
	assert_int_equal(count(l->text, "rt lock"), 0);
	low_free(l);
}

static void what_only_begin_changes_needs_no_lock(void **state)
{
	struct low *l = low_new();

	lower(l, "global g probe begin { g = 5 }\n"
		 "probe timer.s(1) { println(g) }");
	assert_int_equal(count(l->text, "rt lock"), 0);
	low_free(l);
}

static void readers_and_writers_take_the_lock_in_their_mode(void **state)
{
	struct low *l = low_new();

	lower(l, "global g probe timer.s(1) { g = g + 1 }\n"
		 "probe timer.s(2) { println(g) }");
	assert_int_equal(count(l->text, "rt lock(ctx, @g.lock, 1)"), 1);
	assert_int_equal(count(l->text, "rt unlock(ctx, @g.lock, 1)"), 1);
	assert_int_equal(count(l->text, "rt lock(ctx, @g.lock, 0)"), 1);
	assert_int_equal(count(l->text, "rt unlock(ctx, @g.lock, 0)"), 1);
	low_free(l);
}

static void sorting_takes_the_lock_for_writing(void **state)
{
	struct low *l = low_new();

	lower(l, "global a probe timer.s(1) { foreach (k+ in a) println(k) }\n"
		 "probe begin { a[1] = 1 }");
	assert_int_equal(count(l->text, "rt lock(ctx, @a.lock, 1)"), 1);
	low_free(l);
}

static void globals_used_alike_share_a_lock(void **state)
{
	struct low *l = low_new();

	lower(l, "global a, b, c\n"
		 "probe timer.s(1) { a++ b++ c++ }\n"
		 "probe timer.s(2) { println(a, b) }\n"
		 "probe timer.s(3) { println(c) }");
	assert_int_equal(count(l->text, "rt lock(ctx, @a.lock"), 2);
	assert_int_equal(count(l->text, "rt lock(ctx, @b.lock"), 0);
	assert_int_equal(count(l->text, "rt lock(ctx, @c.lock"), 2);
	low_free(l);
}

static void filters_run_without_locks(void **state)
{
	static const char *const scripts[] = {
		"global g probe timer.s(1) { if (pid() == 1) g++ }",
		"global g probe timer.s(1) { if (pid() != 1) next; g++ }",
		"global g probe timer.s(1) { println(\"x\"); if (pid() == 1)\n"
		"  { println(\"y\"); g++ } }",
	};

	for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++) {
		struct low *l = low_new();
		const char *filter, *lock;

		l->f->opts.no_global_display = true;
		lower(l, scripts[i]);
		filter = strstr(l->text, "br ");
		lock = strstr(l->text, "rt lock");
		assert_non_null(filter);
		assert_non_null(lock);
		assert_true(filter < lock);
		low_free(l);
	}
}

static void keys_are_made_before_the_lock_is_taken(void **state)
{
	struct low *l = low_new();
	const char *key, *lock, *insert;

	lower(l, "global a probe timer.s(1) { a[execname()]++ }");
	key = strstr(l->text, "rt execname");
	lock = strstr(l->text, "rt lock");
	insert = strstr(l->text, "rt map_insert");
	assert_true(key && lock && insert);
	assert_true(key < lock && lock < insert);
	/* and made in the key itself */
	assert_int_equal(count(l->text, "rt key_str"), 0);
	low_free(l);
}

static void every_way_out_releases(void **state)
{
	struct low *l = low_new();
	const char *locked;

	l->f->opts.no_global_display = true;
	lower(l, "global a probe timer.s(1) {\n"
		 "  a++; if (a > 5) next; a = a / (a - 3)\n"
		 "  while (a > 0) a--; }\n"
		 "probe timer.s(2) { a++ }");
	/* the ways out of the first handler meet in one release; the hit that
	   did not get the lock leaves behind it */
	locked = strstr(l->text, "handler 1");
	assert_non_null(locked);
	*(char *)locked = 0;
	assert_int_equal(count(l->text, "rt lock"), 1);
	assert_int_equal(count(l->text, "rt unlock"), 1);
	assert_int_equal(count(l->text, "  ret\n"), 1);
	low_free(l);
}

/* ---- statement accounts ---- */

static void short_handlers_are_not_charged(void **state)
{
	struct low *l = low_new();

	lower(l, "global g probe timer.profile { g++; if (g > 3) g = 0 }");
	assert_int_equal(count(l->text, "[ctx+12]"), 0);
	low_free(l);
}

static void loops_look_at_the_account_once_a_round(void **state)
{
	struct low *l = low_new();

	l->f->opts.no_global_display = true;
	lower(l, "probe begin { for (i = 0; i < 9; i++)\n"
		 "  { println(i); println(i + 1) } }");
	/* before the loop, and in it */
	assert_int_equal(count(l->text, "ld.4s [ctx+12]"), 2);
	assert_int_equal(count(l->text, "rt error_code"), 1);
	low_free(l);
}

static void every_loop_has_a_way_out_past_catches(void **state)
{
	struct low *l = low_new();

	l->opts.suppress_time_limits = true;
	lower(l, "probe begin { while (i < 9) { try { i++\n"
		 "  error(\"x\") } catch { i++ } } }");
	assert_int_equal(count(l->text, "rt error_code"), 1);
	assert_int_equal(count(l->text, "st.4 [ctx+12]"), 0);
	low_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_set_by_name),
		cmocka_unit_test(the_head_says_the_limits),
		cmocka_unit_test(nesting_follows_from_the_calls),
		cmocka_unit_test(nesting_is_counted_only_where_it_can_run_out),
		cmocka_unit_test(zeros_are_not_carried),
		cmocka_unit_test(offsets_of_zero_memory_are_final),
		cmocka_unit_test(an_array_knows_its_keys),
		cmocka_unit_test(
			fields_of_aggregates_that_nothing_reads_are_not_kept),
		cmocka_unit_test(aggregates_hold_what_is_asked_for),
		cmocka_unit_test(globals_start_with_their_values),
		cmocka_unit_test(too_much_memory_is_an_error_with_a_remedy),
		cmocka_unit_test(a_literal_longer_than_strings_is_cut),
		cmocka_unit_test(an_entry_larger_than_usual_is_asked_for),
		cmocka_unit_test(errors_are_named_as_the_script_does),
		cmocka_unit_test(equal_formats_are_kept_once),
		cmocka_unit_test(
			handlers_that_ask_where_they_are_get_a_program_each),
		cmocka_unit_test(begin_probes_need_no_locks),
		cmocka_unit_test(what_only_begin_changes_needs_no_lock),
		cmocka_unit_test(
			readers_and_writers_take_the_lock_in_their_mode),
		cmocka_unit_test(sorting_takes_the_lock_for_writing),
		cmocka_unit_test(globals_used_alike_share_a_lock),
		cmocka_unit_test(filters_run_without_locks),
		cmocka_unit_test(keys_are_made_before_the_lock_is_taken),
		cmocka_unit_test(every_way_out_releases),
		cmocka_unit_test(short_handlers_are_not_charged),
		cmocka_unit_test(loops_look_at_the_account_once_a_round),
		cmocka_unit_test(every_loop_has_a_way_out_past_catches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
