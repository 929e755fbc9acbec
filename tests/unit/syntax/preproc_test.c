// SPDX-License-Identifier: GPL-2.0-or-later
/* Conditionals and script arguments. */
#include "syntax_util.h"

static void assert_true_cond(struct fixture *f, const char *cond, bool want)
{
	const char *text = arena_printf(f->a, "%%( %s %%? 1 %%: 0 %%)", cond);

	if (strcmp(value_of(f, text), want ? "1" : "0"))
		fail_msg("%s is not %d", cond, want);
}

static void kernel_versions(void **state)
{
	struct fixture *f = *state;

	assert_true_cond(f, "kernel_v == \"6.18.44\"", true);
	assert_true_cond(f, "kernel_v != \"6.18.44\"", false);
	assert_true_cond(f, "kernel_v > \"6.9\"", true);
	assert_true_cond(f, "kernel_v >= \"6.18\"", true);
	assert_true_cond(f, "kernel_v < \"6.18.5\"", false);
	assert_true_cond(f, "kernel_v <= \"10.0\"", true);
	assert_true_cond(f, "kernel_vr == \"6.18.44-fc-v509\"", true);
	assert_true_cond(f, "kernel_vr == \"6.18.*\"", true);
	assert_true_cond(f, "kernel_vr != \"*-fc-*\"", false);
	assert_true_cond(f, "kernel_v == \"6.[0-9]*\"", true);
	assert_true_cond(f, "systemtap_v >= \"4.0\"", true);
	assert_true_cond(f, "systemtap_v < \"5.10\"", true);
}

static void other_names(void **state)
{
	struct fixture *f = *state;

	assert_true_cond(f, "arch == \"x86_64\"", true);
	assert_true_cond(f, "arch == \"x86*\"", true);
	assert_true_cond(f, "arch != \"arm64\"", true);
	assert_true_cond(f, "runtime == \"bpf\"", true);
	assert_true_cond(f, "runtime != \"b?f\"", false);
	assert_true_cond(f, "systemtap_privilege == \"stapdev\"", true);
	assert_true_cond(f, "guru_mode == 0", true);
	assert_true_cond(f, "guru_mode != 0", false);
	f->env.guru_mode = true;
	assert_true_cond(f, "guru_mode == 1", true);
	assert_true_cond(f, "CONFIG_NET == \"y\"", true);
	assert_true_cond(f, "CONFIG_EXT4_FS == \"[ym]\"", true);
	assert_true_cond(f, "CONFIG_HZ == \"250\"", true);
	assert_true_cond(f, "CONFIG_NOT_THERE == \"\"", true);
	assert_true_cond(f, "CONFIG_NOT_THERE == \"y\"", false);
	/* as numbers; what is not set is 0 */
	assert_true_cond(f, "CONFIG_HZ == 250", true);
	assert_true_cond(f, "CONFIG_HZ >= 1000", false);
	assert_true_cond(f, "CONFIG_HZ > CONFIG_NOT_THERE", true);
	assert_true_cond(f, "CONFIG_NOT_THERE < 5", true);
	assert_true_cond(f, "CONFIG_NOT_THERE == 0", true);
	assert_true_cond(f, "CONFIG_NOT_THERE != 1", true);
	assert_true_cond(f, "CONFIG_NET == CONFIG_NET", true);
	assert_true_cond(f, "CONFIG_NET != CONFIG_NOT_THERE", true);
	assert_true_cond(f, "CONFIG_NET == CONFIG_HZ", false);
}

static void literals(void **state)
{
	struct fixture *f = *state;

	assert_true_cond(f, "1 == 1", true);
	assert_true_cond(f, "-5 < 3", true);
	assert_true_cond(f, "0x10 >= 16", true);
	assert_true_cond(f, "2 > 10", false);
	assert_true_cond(f, "\"abc\" < \"abd\"", true);
	assert_true_cond(f, "\"2\" > \"10\"", true);
	assert_true_cond(f, "\"abc\" == \"a*\"", true);
	assert_true_cond(f, "\"abc\" != \"abc\"", false);
}

static void and_binds_tighter_than_or(void **state)
{
	struct fixture *f = *state;

	assert_true_cond(f, "1 == 1 || 1 == 0 && 1 == 0", true);
	assert_true_cond(f, "1 == 0 && 1 == 0 || 1 == 1", true);
	assert_true_cond(f, "1 == 0 || 1 == 1 && 1 == 0", false);
	assert_true_cond(f, "1 == 1 && 2 == 2 && 3 == 3", true);
}

static void nesting_and_missing_else(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(
		value_of(f, "%( 1 == 2 %? 1 %: %( 1 == 1 %? 2 %: 3 %) %)"),
		"2");
	assert_string_equal(
		value_of(f, "%( 1 == 1 %? %( 1 == 2 %? 2 %: 3 %) %: 4 %)"),
		"3");
	assert_string_equal(value_of(f, "5 %( 1 == 2 %? + 1 %)"), "5");
	assert_string_equal(value_of(f, "5 %( 1 == 1 %? + 1 %)"), "5 + 1");
	/* Around declarations, and any piece of one. */
	assert_int_equal(parse_ok(f, "%( arch == \"ia64\" %? probe x {} %) "
				     "probe %( 1 == 1 %? a %: b %) {}")
				 ->probes.n,
			 1);
}

static void left_out_parts_are_not_checked(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(value_of(f, "%( 1 == 2 %? **ERROR** ` $9 @nosuch "
					"0x %: 7 %)"),
			    "7");
	assert_string_equal(value_of(f, "%( 1 == 1 %? 7 %: ) ) $9 %( 2 == 2 "
					"%? 'x' %: y %) %)"),
			    "7");
}

static void wrong_conditions(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[][2] = {
		{"kernel_v > 3", "expected string literal"},
		{"kernel_v + \"3\"", "expected comparison operator"},
		{"kernl_v > \"3\"", "similar: kernel_v"},
		{"arch < \"x\"", "expected '==' or '!='"},
		{"guru_mode == \"1\"", "expected number"},
		{"1 == x", "expected number literal as right value"},
		{"(1 == 1)", "expected 'arch', 'kernel_v'"},
		{"1 == 1 &&", "expected 'arch', 'kernel_v'"},
		{"1 == 1 1", "expected '%?'"},
	};

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *s = parse_bad(
			f, arena_printf(f->a, "%%( %s %%? probe a {} %%)",
					bad[i][0]));

		assert_has(s, "[parse-condition]");
		assert_has(s, bad[i][1]);
		/* One mistake, one message; and nothing is left. */
		assert_int_equal(diag_errors(f->d), i + 1);
	}
}

static void unbalanced_conditionals(void **state)
{
	struct fixture *f = *state;

	assert_has(parse_bad(f, "%( 1 == 1 %? probe a {}"),
		   "[parse-unterminated-conditional]");
	assert_has(parse_bad(f, "%( 1 == 2 %? probe a {}"),
		   "[parse-unterminated-conditional]");
	assert_has(parse_bad(f, "%( 1 == 1 %? probe a {} %: probe b {}"),
		   "[parse-unterminated-conditional]");
	assert_has(parse_bad(f, "probe a { %) }"), "[parse-condition-stray]");
	assert_has(parse_bad(f, "probe a { %: }"), "[parse-condition-stray]");
	assert_has(parse_bad(f, "probe a { %? }"), "[parse-condition-stray]");
	assert_has(parse_bad(f, "%( 1 == 1 %? %: %: %)"),
		   "[parse-condition-stray]");
}

static const char *const three[] = {"5+5", "my \"x\\n", "n"};

static void arguments(void **state)
{
	struct fixture *f = *state;

	f->env.args = three;
	f->env.nargs = 3;
	/* $1 is pasted as it is: tokens, not a value. */
	assert_string_equal(value_of(f, "$1*2"), "5 + 5 * 2");
	assert_string_equal(value_of(f, "@1"), "\"5+5\"");
	/* @2 is no source text: nothing in it is an escape. */
	assert_string_equal(value_of(f, "@2"), "\"my \\\"x\\\\n\"");
	assert_string_equal(value_of(f, "\"a\" @1 \"b\""), "\"a5+5b\"");
	assert_string_equal(value_of(f, "$#"), "3");
	assert_string_equal(value_of(f, "@#"), "\"3\"");
	assert_string_equal(value_of(f, "f(@*)"),
			    "f(\"5+5\", \"my \\\"x\\\\n\", \"n\")");
	assert_string_equal(value_of(f, "%( $# == 3 %? $3 %: $4 %)"), "n");
	assert_string_equal(value_of(f, "%( @1 == \"5+5\" %? 1 %)"), "1");
}

static void all_arguments_pasted(void **state)
{
	struct fixture *f = *state;
	static const char *const two[] = {"a+1", "g(2)"};

	assert_string_equal(value_of(f, "f($*)"), "f()");
	assert_string_equal(value_of(f, "f(@*)"), "f()");
	f->env.args = two;
	f->env.nargs = 2;
	assert_string_equal(value_of(f, "f($*)"), "f(a + 1, g(2))");
}

static void used_arguments_are_marked(void **state)
{
	struct fixture *f = *state;

	f->env.args = three;
	f->env.nargs = 3;
	value_of(f, "%( 1 == 2 %? @3 %: @1 %)");
	assert_true(f->used[0]);
	assert_false(f->used[1]);
	assert_false(f->used[2]);
	value_of(f, "f(@*)");
	assert_true(f->used[1] && f->used[2]);
}

static void missing_arguments_may_be_asked_about(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(value_of(f, "%( $# > 0 && $1 == 5 %? 1 %: 2 %)"),
			    "2");
	assert_string_equal(value_of(f, "%( $# == 0 || @1 == \"x\" %? 1 %)"),
			    "1");
	assert_has(parse_bad(f, "%( $1 == 5 && $# > 0 %? probe a {} %)"),
		   "[parse-argument]");
}

static void wrong_arguments(void **state)
{
	struct fixture *f = *state;
	static const char *const nested[] = {"$2", "3", ")"};
	const char *s = parse_bad(f, "probe begin { x = $1 }");

	assert_has(s, "[parse-argument]");
	assert_has(s, "remedy: arguments stand after the script");
	assert_has(parse_bad(f, "probe begin { x = @99999999999999999999 }"),
		   "[parse-argument]");
	assert_has(parse_bad(f, "probe begin { x = $0 }"), "[parse-argument]");
	f->env.args = nested;
	f->env.nargs = 3;
	assert_has(parse_bad(f, "probe begin { x = $1 }"),
		   "[parse-argument-nested]");
	/* Both places are told. */
	s = parse_bad(f, "probe begin { x = $3 }");
	assert_has(s, "in the expansion of script argument '$3': at "
		      "<input>:1:19");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(kernel_versions),
		TEST(other_names),
		TEST(literals),
		TEST(and_binds_tighter_than_or),
		TEST(nesting_and_missing_else),
		TEST(left_out_parts_are_not_checked),
		TEST(wrong_conditions),
		TEST(unbalanced_conditionals),
		TEST(arguments),
		TEST(all_arguments_pasted),
		TEST(used_arguments_are_marked),
		TEST(missing_arguments_may_be_asked_about),
		TEST(wrong_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
