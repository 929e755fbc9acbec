/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rt_test.h"
#include "regex_table.h"

/* of rt_int.h */
w_u64 rt_i_regex_name(w_u64 re, w_u64 first, w_u64 second);

static const char *group(w_u64 n)
{
	w_u32 d = str("garbage");

	rt_regex_group(ctx, d, n);
	return text(d);
}

static void finds_and_knows_its_groups(void **state)
{
	static const struct {
		const char *s;
		const char *g[3]; /* g[0] NULL: no match */
	} t[] = {
		{"xy", {"xy", "", ""}},
		{"xaay", {"xaay", "aa", ""}},
		{"..xby", {"xby", "", "b"}},
		{"xaxaaaby..", {"xaaaby", "aaa", "b"}},
		{"xbxy", {"xy", "", ""}},
		{"", {NULL}},
		{"xa", {NULL}},
		{"xabby", {NULL}},
		{"a long text in front of the match xaby", {"xaby", "a", "b"}},
	};

	heap_new(63);
	w_u32 re = table_groups(0);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		w_u32 s = str(t[i].s);

		assert_int_equal(rt_regex_match(ctx, re, s), t[i].g[0] != NULL);
		/* matched() cuts from what the string was */
		rt_heap_write_str(at(s), "?");
		for (w_u64 n = 0; n < 3; n++) {
			if (t[i].g[0]) {
				assert_string_equal(group(n), t[i].g[n]);
				assert_no_error();
			} else {
				assert_string_equal(group(n), "");
				assert_error(NO_GROUP);
			}
		}
	}
}

static void asking_for_a_missing_group_is_an_error(void **state)
{
	heap_new(63);
	w_u32 re = table_groups(0);

	group(0);
	assert_error(NO_GROUP); /* nothing was matched yet */
	assert_int_equal(rt_regex_match(ctx, re, str("xy")), 1);
	group(3);
	assert_error(NO_GROUP);
	group((w_u64)-1);
	assert_error(NO_GROUP);
	rt_leave(ctx);
	assert_int_equal(rt_enter(0, 0, 2), ctx);
	group(0);
	assert_error(NO_GROUP); /* another handler */
}

static void an_unset_group_is_empty(void **state)
{
	heap_new(63);
	w_u32 re = table_groups(0);

	assert_int_equal(rt_regex_match(ctx, re, str("xaby")), 1);
	assert_int_equal(rt_regex_match(ctx, re, str("xay")), 1);
	assert_int_equal(context()->regex_groups[4], RT_REGEX_UNSET);
	assert_string_equal(group(2), "");
	assert_no_error();
}

static void the_longest_match_wins(void **state)
{
	heap_new(63);
	w_u32 re = table_prefix();

	assert_int_equal(rt_regex_match(ctx, re, str("bbbab")), 1);
	assert_string_equal(group(0), "bbb");
	assert_int_equal(rt_regex_match(ctx, re, str("ab")), 1);
	assert_string_equal(group(0), "");
	assert_int_equal(rt_regex_match(ctx, re, str("")), 1);
	assert_string_equal(group(0), "");
	assert_int_equal(rt_regex_match(ctx, re, str("bbbb")), 1);
	assert_string_equal(group(0), "bbbb");
}

static void
without_groups_the_first_accepting_state_ends_the_search(void **state)
{
	heap_new(63);
	w_u32 re = table_groups(RT_REGEX_NO_GROUPS);

	assert_int_equal(rt_regex_match(ctx, re, str("..xaaby..")), 1);
	assert_int_equal(rt_regex_match(ctx, re, str("..xaab")), 0);
	assert_int_equal(context()->regex_ngroups, 0);
}

static void a_name_is_searched_up_to_its_nul(void **state)
{
	static const char *const names[] = {
		"",	   "xy",	"xby",		  "xaaaaby",
		"xaaaaaa", "..xaaaaby", "0123456789012xy", "0123456789012xa",
	};

	heap_new(63);
	w_u32 re = table_groups(RT_REGEX_NO_GROUPS);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		/* what follows the NUL would match */
		char comm[17] = "xyxyxyxyxyxyxyxy";
		w_u64 w[2];

		strcpy(comm, names[i]);
		memcpy(w, comm, sizeof(w));
		assert_int_equal(rt_i_regex_name(re, w[0], w[1]),
				 rt_regex_match(ctx, re, str(names[i])));
	}
}

static void something_else_is_no_automaton(void **state)
{
	heap_new(63);
	assert_int_equal(rt_regex_match(ctx, heap_alloc(64), str("x")), 0);
	assert_error(REGEX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_and_knows_its_groups),
		cmocka_unit_test(asking_for_a_missing_group_is_an_error),
		cmocka_unit_test(an_unset_group_is_empty),
		cmocka_unit_test(the_longest_match_wins),
		cmocka_unit_test(
			without_groups_the_first_accepting_state_ends_the_search),
		cmocka_unit_test(a_name_is_searched_up_to_its_nul),
		cmocka_unit_test(something_else_is_no_automaton),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	heap_free();
	return r;
}
