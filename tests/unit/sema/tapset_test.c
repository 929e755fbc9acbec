// SPDX-License-Identifier: GPL-2.0-or-later
/* The library: what is parsed when, the index file, macro libraries. */
#include "sema_util.h"

#include <utime.h>

#include "sema/tapset.h"

static void three_files(struct fixture *f)
{
	lib_file(f, "a.stp",
		 "function fa () { return fb() + 1 }\n"
		 "probe fam.one = begin { x = 1 }\n");
	lib_file(f, "b.stp",
		 "function fb () { return 2 }\n"
		 "global shared_value = 7\n");
	lib_file(f, "c.stp", "function fc () { this is wrong\n");
}

static void only_needed_files_are_parsed(void **state)
{
	struct fixture *f = fixture_new();

	three_files(f);
	lib_open(f);
	assert_int_equal(tapset_nfiles(f->lib), 3);
	assert_int_equal(tapset_nparsed(f->lib), 0);
	run_ok(f, "probe begin { println(1) }");
	assert_int_equal(tapset_nparsed(f->lib), 0);
	fixture_free(f);
}

static void a_needed_file_pulls_in_what_it_needs(void **state)
{
	struct fixture *f = fixture_new();
	struct program *p;

	three_files(f);
	lib_open(f);
	p = run_ok(f, "probe begin { println(fa()) }");
	assert_int_equal(tapset_nparsed(f->lib), 2);
	assert_non_null(function(p, "fa"));
	assert_non_null(function(p, "fb"));
	/* Nobody touches it. */
	assert_null(global(p, "shared_value"));
	fixture_free(f);
}

static void globals_and_aliases_are_found_too(void **state)
{
	struct fixture *f = fixture_new();
	struct program *p;

	three_files(f);
	lib_open(f);
	p = run_ok(f, "probe fam.* { println(x, shared_value) }");
	assert_int_equal(tapset_nparsed(f->lib), 2);
	assert_non_null(global(p, "shared_value"));
	assert_string_equal(p->handlers.v[0]->sites.v[0]->alias, "fam.one");
	fixture_free(f);
}

static void a_broken_file_is_an_error_when_needed(void **state)
{
	struct fixture *f = fixture_new();

	three_files(f);
	lib_open(f);
	run(f, "probe begin { println(fc()) }");
	assert_true(diag_errors(f->d) > 0);
	assert_non_null(strstr(said(f), "c.stp"));
	fixture_free(f);
}

static void a_file_that_vanished_is_named(void **state)
{
	struct fixture *f = fixture_new();
	char path[128];

	three_files(f);
	lib_open(f);
	snprintf(path, sizeof(path), "%s/b.stp", f->dir);
	assert_int_equal(unlink(path), 0);
	run(f, "probe begin { println(fb()) }");
	assert_true(diag_errors(f->d) > 0);
	assert_non_null(strstr(said(f), "[tapset-unreadable]"));
	assert_non_null(strstr(f->messages, "b.stp"));
	fixture_free(f);
}

static void a_missing_directory_is_empty(void **state)
{
	struct fixture *f = fixture_new();
	const char *dirs[] = {"/nonexistent/tapset"};

	f->lib = tapset_open(f->a, f->d, &f->parse, dirs, 1);
	assert_int_equal(tapset_nfiles(f->lib), 0);
	run_ok(f, "probe begin { println(1) }");
	fixture_free(f);
}

static void other_architectures_are_left_out(void **state)
{
	struct fixture *f = fixture_new();
	struct program *p;

	lib_file(f, "gen/x86_64/n.stp", "function where () { return \"x\" }");
	lib_file(f, "gen/arm64/n.stp", "function where () { return \"a\" }");
	assert_int_equal(tapset_write_index(f->dir), 0);
	lib_open(f);
	assert_int_equal(tapset_nfiles(f->lib), 1);
	p = run_ok(f, "probe begin { println(where()) }");
	assert_non_null(strstr(printed(f, p, true), "return \"x\""));
	fixture_free(f);
}

static void user_functions_come_before_library_ones(void **state)
{
	struct fixture *f = fixture_new();
	struct program *p;

	three_files(f);
	lib_open(f);
	p = run_ok(f, "function fb () { return 5 }\n"
		      "probe begin { println(fa()) }");
	assert_int_equal(p->funcs.n, 2);
	assert_string_equal(function(p, "fb")->file->src->name, "<input>");
	fixture_free(f);
}

/* ---- the index file ---- */

static void write_text(struct fixture *f, const char *name, const char *text)
{
	lib_file(f, name, text);
}

static void the_index_is_believed_while_fresh(void **state)
{
	struct fixture *f = fixture_new();
	char path[128], line[256];
	FILE *in;
	struct strbuf b = {0};

	three_files(f);
	assert_int_equal(tapset_write_index(f->dir), 0);
	/* Put a name into it that no file defines: only someone who reads the
	   index can know it. */
	snprintf(path, sizeof(path), "%s/tapset.index", f->dir);
	in = fopen(path, "r");
	assert_non_null(in);
	while (fgets(line, sizeof(line), in)) {
		sb_puts(&b, line);
		if (strstr(line, " b.stp"))
			sb_puts(&b, "f only_in_the_index\n");
	}
	fclose(in);
	write_text(f, "tapset.index", sb_str(&b));
	sb_free(&b);
	lib_open(f);
	assert_int_equal(tapset_nfiles(f->lib), 3);
	assert_true(tapset_need(f->lib, INDEX_FUNC, "only_in_the_index"));
	assert_int_equal(tapset_nparsed(f->lib), 1);
	fixture_free(f);
}

static void lib_defines(struct fixture *f, const char *name, bool yes)
{
	lib_open(f);
	assert_int_equal(tapset_need(f->lib, INDEX_FUNC, name), yes);
}

static void a_changed_file_makes_the_index_stale(void **state)
{
	struct fixture *f = fixture_new();

	three_files(f);
	assert_int_equal(tapset_write_index(f->dir), 0);
	lib_file(f, "b.stp", "function fnew () { return 2 }\n");
	lib_defines(f, "fnew", true);
	fixture_free(f);
}

static void a_touched_file_makes_the_index_stale(void **state)
{
	struct fixture *f = fixture_new();
	struct utimbuf then = {1000, 1000};
	char path[128];

	lib_file(f, "b.stp", "function old1 () { return 2 }\n");
	assert_int_equal(tapset_write_index(f->dir), 0);
	/* The same size, another time. */
	lib_file(f, "b.stp", "function new1 () { return 2 }\n");
	snprintf(path, sizeof(path), "%s/b.stp", f->dir);
	assert_int_equal(utime(path, &then), 0);
	lib_defines(f, "new1", true);
	fixture_free(f);
}

static void a_new_file_makes_the_index_stale(void **state)
{
	struct fixture *f = fixture_new();

	three_files(f);
	assert_int_equal(tapset_write_index(f->dir), 0);
	lib_file(f, "d.stp", "function fd () { return 2 }\n");
	lib_defines(f, "fd", true);
	fixture_free(f);
}

static void a_damaged_index_is_ignored(void **state)
{
	static const char *const damaged[] = {
		"",    "garbage\n", "F 1 2\n",	  "F x y z\n",
		"f\n", "q name\n",  "f orphan\n",
	};
	struct fixture *f = fixture_new();

	three_files(f);
	for (unsigned i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		write_text(f, "tapset.index", damaged[i]);
		lib_defines(f, "fa", true);
	}
	fixture_free(f);
}

static void writing_an_index_where_it_cannot_be(void **state)
{
	assert_true(tapset_write_index("/nonexistent/tapset") < 0);
	assert_true(tapset_write_index("/proc/self/attr") < 0);
}

/* ---- macros ---- */

static void macro_libraries_are_read_when_used(void **state)
{
	struct fixture *f = fixture_new();
	struct program *p;

	lib_file(f, "one.stpm", "@define twice(x) %( (@plus(@x, @x)) %)\n");
	lib_file(f, "two.stpm", "@define plus(a, b) %( @a + @b %)\n");
	lib_file(f, "bad.stpm", "@define %( nothing\n");
	lib_open(f);
	assert_int_equal(tapset_nfiles(f->lib), 3);
	p = run_ok(f, "probe begin { println(@twice(21)) }");
	assert_non_null(strstr(printed(f, p, true), "println(42)"));
	fixture_free(f);
}

static void library_files_may_use_macro_libraries(void **state)
{
	struct fixture *f = fixture_new();
	struct program *p;

	lib_file(f, "m.stpm", "@define answer %( 42 %)\n");
	lib_file(f, "f.stp", "function answer () { return @answer }\n");
	lib_open(f);
	p = run_ok(f, "probe begin { println(answer()) }");
	assert_non_null(strstr(printed(f, p, true), "return 42"));
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_needed_files_are_parsed),
		cmocka_unit_test(a_needed_file_pulls_in_what_it_needs),
		cmocka_unit_test(globals_and_aliases_are_found_too),
		cmocka_unit_test(a_broken_file_is_an_error_when_needed),
		cmocka_unit_test(a_file_that_vanished_is_named),
		cmocka_unit_test(a_missing_directory_is_empty),
		cmocka_unit_test(other_architectures_are_left_out),
		cmocka_unit_test(user_functions_come_before_library_ones),
		cmocka_unit_test(the_index_is_believed_while_fresh),
		cmocka_unit_test(a_changed_file_makes_the_index_stale),
		cmocka_unit_test(a_touched_file_makes_the_index_stale),
		cmocka_unit_test(a_new_file_makes_the_index_stale),
		cmocka_unit_test(a_damaged_index_is_ignored),
		cmocka_unit_test(writing_an_index_where_it_cannot_be),
		cmocka_unit_test(macro_libraries_are_read_when_used),
		cmocka_unit_test(library_files_may_use_macro_libraries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
