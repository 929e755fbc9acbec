// SPDX-License-Identifier: GPL-2.0-or-later
/* stap -l and -L. */
#include "sema_util.h"

static struct fixture *with_library(void)
{
	struct fixture *f = fixture_new();

	lib_file(f, "l.stp",
		 "probe fam.two = timer.s(1), begin { b = 1 name = \"two\" }\n"
		 "probe fam.one = begin { a = \"text\" __hidden = 1 }\n"
		 "probe fam.one.deep = end { d = a_function(2) }\n"
		 "probe fam.broken = begin { ok = 1 bad = $nosuch }\n"
		 "probe lost = nosuch.point { }\n"
		 "function a_function:string (n) { return sprint(n) }\n");
	lib_open(f);
	return f;
}

static void aliases_are_listed_sorted_and_once(void **state)
{
	struct fixture *f = with_library();

	assert_string_equal(listed(f, "fam.*", false),
			    "fam.broken\nfam.one\nfam.two\n");
	assert_string_equal(listed(f, "fam.**", false),
			    "fam.broken\nfam.one\nfam.one.deep\nfam.two\n");
	assert_string_equal(listed(f, "fam.one", false), "fam.one\n");
	fixture_free(f);
}

static void aliases_show_the_variables_they_set(void **state)
{
	struct fixture *f = with_library();

	assert_string_equal(listed(f, "fam.two", true),
			    "fam.two b:long name:string\n");
	assert_string_equal(listed(f, "fam.one*", true), "fam.one a:string\n");
	assert_string_equal(listed(f, "fam.one.deep", true),
			    "fam.one.deep d:string\n");
	fixture_free(f);
}

static void aliases_of_aliases_show_what_these_have_in_common(void **state)
{
	struct fixture *f = fixture_new();

	lib_file(f, "l.stp",
		 "probe x.one = begin { mine = 1 both = \"\" too = 2 }\n"
		 "probe x.two = end { both = \"\" other = 1 too = 2 }\n"
		 "probe mix = x.one, x.two { }\n");
	lib_open(f);
	assert_string_equal(listed(f, "mix", true),
			    "mix both:string too:long\n");
	fixture_free(f);
}

static void what_cannot_be_bound_is_no_error_in_a_list(void **state)
{
	struct fixture *f = with_library();

	assert_string_equal(listed(f, "fam.broken", true),
			    "fam.broken ok:long bad:unknown\n");
	assert_int_equal(diag_errors(f->d), 0);
	fixture_free(f);
}

static void a_suffix_stays_in_the_name(void **state)
{
	struct fixture *f = fixture_new();

	lib_file(f, "l.stp", "probe tick = timer { }");
	lib_open(f);
	assert_string_equal(listed(f, "tick.ms(5)", false), "tick.ms(5)\n");
	fixture_free(f);
}

static void nothing_matches_nothing_is_listed(void **state)
{
	struct fixture *f = with_library();

	assert_string_equal(listed(f, "nosuch.*", false), "");
	assert_string_equal(listed(f, "lost", false), "");
	assert_string_equal(listed(f, "timer.nosuch(1)", false), "");
	assert_int_equal(diag_errors(f->d), 0);
	fixture_free(f);
}

static void plain_points_are_listed_by_their_own_name(void **state)
{
	struct fixture *f = fixture_new();

	assert_string_equal(listed(f, "begin", false), "begin\n");
	assert_string_equal(listed(f, "timer.s(3)", true), "timer.s(3)\n");
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aliases_are_listed_sorted_and_once),
		cmocka_unit_test(aliases_show_the_variables_they_set),
		cmocka_unit_test(
			aliases_of_aliases_show_what_these_have_in_common),
		cmocka_unit_test(what_cannot_be_bound_is_no_error_in_a_list),
		cmocka_unit_test(a_suffix_stays_in_the_name),
		cmocka_unit_test(nothing_matches_nothing_is_listed),
		cmocka_unit_test(plain_points_are_listed_by_their_own_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
