// SPDX-License-Identifier: GPL-2.0-or-later
/* The optimiser, rewrite by rewrite: text before, text after. */
#include "unit/ir/ir_util.h"

#define HEAD "statics 4096\nsymbol g 2048 64\nsymbol lit 2200 24\n\n"
#define H(body) HEAD "handler 0 p {\n" body "}\n"

static void expect(const char *pass, const char *text, const char *want)
{
	struct arena *a = arena_new();
	struct ir_module *m = util_parse(a, text);
	struct ir_module *w = util_parse(a, want);
	const char *err;

	util_check(a, m);
	util_check(a, w);
	if (pass)
		assert_true(ir_optimise_pass(m, pass));
	else
		ir_optimise(m);
	err = ir_check(a, m);
	if (err)
		fail_msg("%s in\n%s", err, util_print(a, m));
	assert_string_equal(util_print(a, m), util_print(a, w));
	arena_free(a);
}

/* What one instruction on %1 and %2 becomes: "%3 = <before>". */
static void folds_to(const char *before, const char *after)
{
	struct arena *a = arena_new();
	const char *frame = H("b0:\n%%1 = ctxld.8 [0]\n%%2 = ctxld.8 [8]\n"
			      "%%3 = %s\nst.8 [@g], %%3\nret\n");
	char *want = arena_printf(a, frame, after);

	/* a move is used up by the store */
	if (strncmp(after, "mov ", 4) == 0)
		want = arena_printf(
			a,
			H("b0:\n%%1 = ctxld.8 [0]\n%%2 = ctxld.8 [8]\n"
			  "%%3 = %s\nst.8 [@g], %s\nret\n"),
			after, after + 4);
	expect("values", arena_printf(a, frame, before), want);
	arena_free(a);
}

static void constants_fold(void **state)
{
	folds_to("add 2, 3", "mov 5");
	folds_to("sub 2, 3", "mov -1");
	folds_to("mul -4, 3", "mov -12");
	folds_to("and 12, 10", "mov 8");
	folds_to("or 12, 10", "mov 14");
	folds_to("xor 12, 10", "mov 6");
	folds_to("shl 1, 65", "mov 2");
	folds_to("shr -1, 60", "mov 15");
	folds_to("sar -16, 2", "mov -4");
	folds_to("neg 5", "mov -5");
	folds_to("not 5", "mov -6");
	folds_to("set lt -1, 0", "mov 1");
	folds_to("set ult -1, 0", "mov 0");
	folds_to("add 9223372036854775807, 1", "mov -9223372036854775808");
	folds_to("rt div(ctx, -7, 2)", "mov -3");
	folds_to("rt mod(ctx, -7, 2)", "mov -1");
	folds_to("rt div(ctx, -9223372036854775808, -1)",
		 "mov -9223372036854775808");
	folds_to("rt mod(ctx, -9223372036854775808, -1)", "mov 0");
}

static void neutral_elements_disappear(void **state)
{
	folds_to("add %1, 0", "mov %1");
	folds_to("add 0, %1", "mov %1");
	folds_to("sub %1, 0", "mov %1");
	folds_to("sub 0, %1", "neg %1");
	folds_to("sub %1, %1", "mov 0");
	folds_to("mul %1, 1", "mov %1");
	folds_to("mul 0, %1", "mov 0");
	folds_to("mul %1, -1", "neg %1");
	folds_to("and %1, -1", "mov %1");
	folds_to("and %1, 0", "mov 0");
	folds_to("and %1, %1", "mov %1");
	folds_to("or %1, 0", "mov %1");
	folds_to("or %1, -1", "mov -1");
	folds_to("xor %1, %1", "mov 0");
	folds_to("shl %1, 64", "mov %1");
	folds_to("shr 0, %1", "mov 0");
	folds_to("set eq %1, %1", "mov 1");
	folds_to("set lt %1, %1", "mov 0");
	folds_to("set ult %1, 0", "mov 0");
	folds_to("set uge %1, 0", "mov 1");
	folds_to("set gt %1, 9223372036854775807", "mov 0");
	folds_to("rt div(ctx, %1, 1)", "mov %1");
	folds_to("rt div(ctx, %1, -1)", "neg %1");
	folds_to("rt mod(ctx, %1, -1)", "mov 0");
	folds_to("rt str_eq(@lit, @lit)", "mov 1");
	folds_to("rt str_cmp(%1, %1)", "mov 0");
}

static void operations_take_their_simplest_form(void **state)
{
	folds_to("sub %1, 5", "add %1, -5");
	folds_to("add 5, %1", "add %1, 5");
	folds_to("set lt 5, %1", "set gt %1, 5");
	folds_to("mul %1, 8", "shl %1, 3");
	folds_to("mul 6, %1", "mul %1, 6");
	folds_to("shl %1, 67", "shl %1, 3");
	/* and what must stay */
	folds_to("rt div(ctx, %1, 0)", "rt div(ctx, %1, 0)");
	folds_to("rt div(ctx, %1, 10)", "rt div(ctx, %1, 10)");
	folds_to("sub %1, %2", "sub %1, %2");
}

static void copies_and_constants_reach_their_uses(void **state)
{
	expect("values",
	       H("b0:\n%1 = ctxld.8 [0]\n%2 = mov %1\n%3 = mov 7\n"
		 "%4 = add %2, %3\nst.8 [@g], %4\n"
		 "%1 = mov 1\n" /* %2 is no longer %1 */
		 "%5 = add %2, %1\nst.8 [@g+8], %5\nret\n"),
	       H("b0:\n%1 = ctxld.8 [0]\n%2 = mov %1\n%3 = mov 7\n"
		 "%4 = add %1, 7\nst.8 [@g], %4\n"
		 "%1 = mov 1\n"
		 "%5 = add %2, 1\nst.8 [@g+8], %5\nret\n"));
}

static void addresses_move_into_accesses_and_arguments(void **state)
{
	expect("values",
	       H("slot0 s 32\nb0:\n%1 = addr slot0+8\n%2 = add %1, 8\n"
		 "st.8 [%2+8], 1\n%3 = addr @g\nst.8 [%3+8], 2\n"
		 "rt str_set(ctx, %1, 0)\nret\n"),
	       H("slot0 s 32\nb0:\n%1 = addr slot0+8\n%2 = addr slot0+16\n"
		 "st.8 [slot0+24], 1\n%3 = addr @g\nst.8 [@g+8], 2\n"
		 "rt str_set(ctx, slot0+8, 0)\nret\n"));
	/* not where the access would leave the slot */
	expect("values",
	       H("slot0 s 8\nb0:\n%1 = addr slot0\nst.8 [%1+8], 1\n"
		 "ret\n"),
	       H("slot0 s 8\nb0:\n%1 = addr slot0\nst.8 [%1+8], 1\nret\n"));
}

static void numbers_in_a_row_combine(void **state)
{
	expect("values",
	       H("b0:\n%1 = ctxld.8 [0]\n%2 = add %1, 5\n%3 = sub %2, 3\n"
		 "st.8 [@g], %3\n%4 = and %1, 12\n%5 = and %4, 10\n"
		 "st.8 [@g+8], %5\nret\n"),
	       H("b0:\n%1 = ctxld.8 [0]\n%2 = add %1, 5\n%3 = add %1, 2\n"
		 "st.8 [@g], %3\n%4 = and %1, 12\n%5 = and %1, 8\n"
		 "st.8 [@g+8], %5\nret\n"));
}

static void common_expressions_are_computed_once(void **state)
{
	expect("values",
	       H("b0:\n%1 = ctxld.8 [0]\n%2 = ctxld.8 [0]\n"
		 "%3 = mul %1, 6\n%4 = mul %2, 6\n%5 = rt pid_tgid()\n"
		 "rt exit(ctx)\n%6 = rt pid_tgid()\n"
		 "%7 = rt mono_ns()\n%8 = rt mono_ns()\n" /* time goes on */
		 "%1 = mov 1\n%9 = mul %1, 6\nst.8 [@g], %9\nret\n"),
	       H("b0:\n%1 = ctxld.8 [0]\n%2 = mov %1\n"
		 "%3 = mul %1, 6\n%4 = mov %3\n%5 = rt pid_tgid()\n"
		 "rt exit(ctx)\n%6 = mov %5\n"
		 "%7 = rt mono_ns()\n%8 = rt mono_ns()\n"
		 "%1 = mov 1\n%9 = mov 6\nst.8 [@g], 6\nret\n"));
}

static void facts_hold_behind_error_checks_but_not_behind_joins(void **state)
{
	expect("values",
	       H("b0:\n%1 = ctxld.8 [0]\n%2 = rt div(ctx, 1, %1)\n"
		 "brerr b3, b1\n"
		 "b1:\n%3 = ctxld.8 [0]\nbr lt %2, %3 -> b2, b3\n"
		 "b2:\n%4 = ctxld.8 [0]\nst.8 [@g], %4\njmp b3\n"
		 "b3:\n%5 = ctxld.8 [0]\nst.8 [@g], %5\nret\n"),
	       H("b0:\n%1 = ctxld.8 [0]\n%2 = rt div(ctx, 1, %1)\n"
		 "brerr b3, b1\n"
		 "b1:\n%3 = mov %1\nbr lt %2, %1 -> b2, b3\n"
		 "b2:\n%4 = mov %1\nst.8 [@g], %1\njmp b3\n"
		 "b3:\n%5 = ctxld.8 [0]\nst.8 [@g], %5\nret\n"));
}

static void facts_of_one_branch_are_gone_in_the_other(void **state)
{
	expect("values",
	       H("b0:\n%1 = ctxld.8 [0]\nbr eq %1, 5 -> b1, b2\n"
		 "b1:\n%2 = add %1, 1\nst.8 [@g], %2\nret\n"
		 "b2:\n%2 = add %1, 1\nst.8 [@g], %2\nret\n"),
	       H("b0:\n%1 = ctxld.8 [0]\nbr eq %1, 5 -> b1, b2\n"
		 "b1:\n%2 = mov 6\nst.8 [@g], 6\nret\n"
		 "b2:\n%2 = add %1, 1\nst.8 [@g], %2\nret\n"));
}

static void branches_on_comparisons_compare_themselves(void **state)
{
	expect("values",
	       H("b0:\n%1 = ctxld.8 [0]\n%2 = set lt %1, 5\n"
		 "%3 = set eq %2, 0\nbr ne %3, 0 -> b1, b2\n"
		 "b1:\nret\nb2:\nst.8 [@g], 1\nret\n"),
	       H("b0:\n%1 = ctxld.8 [0]\n%2 = set lt %1, 5\n"
		 "%3 = set ge %1, 5\nbr ge %1, 5 -> b1, b2\n"
		 "b1:\nret\nb2:\nst.8 [@g], 1\nret\n"));
}

static void loads_are_not_repeated(void **state)
{
	expect("values",
	       H("slot0 s 16\nb0:\n%1 = ld.8 [@g]\n%2 = ld.8 [@g]\n"
		 "st.8 [slot0], %1\n%3 = ld.8 [slot0]\n"
		 "st.4 [slot0+8], -1\n%4 = ld.4 [slot0+8]\n"
		 "%5 = ld.4s [slot0+8]\n"
		 "st.8 [@g+8], 0\n%6 = ld.8 [@g]\n" /* beside it */
		 "rt flush(ctx)\n%7 = ld.8 [@g]\n%8 = ld.8 [slot0]\n"
		 "ret\n"),
	       H("slot0 s 16\nb0:\n%1 = ld.8 [@g]\n%2 = mov %1\n"
		 "st.8 [slot0], %1\n%3 = mov %1\n"
		 "st.4 [slot0+8], -1\n%4 = mov 4294967295\n"
		 "%5 = mov -1\n"
		 "st.8 [@g+8], 0\n%6 = mov %1\n"
		 "rt flush(ctx)\n%7 = ld.8 [@g]\n%8 = mov %1\n"
		 "ret\n"));
}

static void stores_through_registers_end_what_they_may_hit(void **state)
{
	expect("values",
	       H("slot0 s 8\nb0:\n%1 = ctxld.8 [0]\n%2 = ld.8 [@g]\n"
		 "%3 = ld.8 [slot0]\n%4 = ld.4 [ctx+12]\n"
		 "%8 = ld.8 [%1]\nst.8 [%1+8], 1\n"
		 "%5 = ld.8 [@g]\n%6 = ld.8 [slot0]\n%7 = ld.4 [ctx+12]\n"
		 "%9 = ld.8 [%1]\nret\n"),
	       H("slot0 s 8\nb0:\n%1 = ctxld.8 [0]\n%2 = ld.8 [@g]\n"
		 "%3 = ld.8 [slot0]\n%4 = ld.4 [ctx+12]\n"
		 "%8 = ld.8 [%1]\nst.8 [%1+8], 1\n"
		 "%5 = ld.8 [@g]\n%6 = mov %3\n%7 = mov %4\n"
		 "%9 = mov %8\nret\n"));
}

static void string_functions_end_only_what_they_write(void **state)
{
	expect("values",
	       H("slot0 s 72\nslot1 t 72\nb0:\n%1 = ctxld.8 [0]\n"
		 "%2 = ld.4 [@g]\n%3 = ld.4 [slot0]\n%4 = ld.4 [%1]\n"
		 "rt str_cat(ctx, slot1, slot0)\n" /* slot1 only */
		 "%5 = ld.4 [@g]\n%6 = ld.4 [slot0]\n"
		 "rt str_cat(ctx, slot0, slot1)\n"
		 "%7 = ld.4 [@g]\n%8 = ld.4 [slot0]\n"
		 "rt str_cat(ctx, @g, slot1)\n"
		 "%9 = ld.4 [@g]\n%10 = ld.4 [slot0]\n%11 = ld.4 [%1]\n"
		 "rt out_str(ctx, @g)\n%12 = ld.4 [@g]\n%13 = ld.4 [%1]\n"
		 "ret\n"),
	       H("slot0 s 72\nslot1 t 72\nb0:\n%1 = ctxld.8 [0]\n"
		 "%2 = ld.4 [@g]\n%3 = ld.4 [slot0]\n%4 = ld.4 [%1]\n"
		 "rt str_cat(ctx, slot1, slot0)\n"
		 "%5 = mov %2\n%6 = mov %3\n"
		 "rt str_cat(ctx, slot0, slot1)\n"
		 "%7 = mov %2\n%8 = ld.4 [slot0]\n"
		 "rt str_cat(ctx, @g, slot1)\n"
		 "%9 = ld.4 [@g]\n%10 = mov %8\n%11 = ld.4 [%1]\n"
		 "rt out_str(ctx, @g)\n%12 = mov %9\n%13 = mov %11\n"
		 "ret\n"));
}

static void a_relocated_constant_is_not_a_constant(void **state)
{
	struct arena *a = arena_new();
	struct ir_module *m = util_parse(
		a, H("b0:\n%1 = mov 24\n%2 = add %1, 0\nst.8 [@g], %2\nret\n"));
	static const char fake = 0; /* never looked into */

	m->funcs.v[0]->blocks.v[0]->insns.v[0].reloc = (const void *)&fake;
	ir_optimise(m);
	assert_string_equal(util_print(a, m),
			    util_print(a, util_parse(a, H("b0:\n%2 = mov 24\n"
							  "st.8 [@g], %2\n"
							  "ret\n"))));
	assert_ptr_equal(m->funcs.v[0]->blocks.v[0]->insns.v[0].reloc, &fake);
	arena_free(a);
}

/* ---- control flow ---- */

static void known_branches_and_empty_blocks_disappear(void **state)
{
	expect("cfg",
	       H("b0:\nbr lt 1, 2 -> b1, b2\nb1:\njmp b3\n"
		 "b2:\nst.8 [@g], 2\njmp b3\n"
		 "b3:\njmp b4\nb4:\nst.8 [@g], 1\nret\n"),
	       H("b0:\nst.8 [@g], 1\nret\n"));
	expect("cfg",
	       H("b0:\nbrerr b1, b2\nb1:\njmp b3\nb2:\njmp b3\n"
		 "b3:\nst.8 [@g], 1\nret\n"),
	       H("b0:\nst.8 [@g], 1\nret\n"));
}

static void a_jump_to_a_decided_branch_goes_where_it_leads(void **state)
{
	expect("cfg",
	       H("b0:\n%2 = ctxld.8 [0]\nbr eq %2, 0 -> b1, b2\n"
		 "b1:\n%1 = mov 0\njmp b3\nb2:\n%1 = mov 1\njmp b3\n"
		 "b3:\nbr ne %1, 0 -> b4, b5\n"
		 "b4:\nst.8 [@g], 1\nret\nb5:\nst.8 [@g], %1\nret\n"),
	       H("b0:\n%2 = ctxld.8 [0]\nbr eq %2, 0 -> b1, b2\n"
		 "b1:\n%1 = mov 0\nst.8 [@g], %1\nret\n"
		 "b2:\n%1 = mov 1\nst.8 [@g], 1\nret\n"));
}

static void endless_empty_loops_stay(void **state)
{
	expect(NULL, H("b0:\njmp b1\nb1:\njmp b2\nb2:\njmp b1\n"),
	       H("b0:\njmp b1\nb1:\njmp b1\n"));
}

static void loops_keep_their_shape(void **state)
{
	static const char loop[] =
		H("b0:\n%1 = ctxld.8 [0]\njmp b1\n"
		  "b1:\nbr gt %1, 0 -> b2, b3\n"
		  "b2:\nxadd.8 [@g], 1\n%1 = add %1, -1\njmp b1\n"
		  "b3:\nst.8 [@g+8], 1\nret\n");

	expect(NULL, loop, loop);
}

/* ---- errors ---- */

static void checks_behind_what_cannot_fail_disappear(void **state)
{
	expect("errors",
	       H("b0:\n%1 = ctxld.8 [0]\n%2 = rt div(ctx, %1, 10)\n"
		 "brerr b3, b1\n"
		 "b1:\nst.8 [@g], %2\n%2 = rt div(ctx, 10, %1)\n"
		 "brerr b3, b2\n"
		 "b2:\nst.8 [@g], %2\nbrerr b3, b4\n"
		 "b3:\nst.8 [@g], 0\nret\nb4:\nst.8 [@g], 1\nret\n"),
	       H("b0:\n%1 = ctxld.8 [0]\n%2 = rt div(ctx, %1, 10)\n"
		 "jmp b1\n"
		 "b1:\nst.8 [@g], %2\n%2 = rt div(ctx, 10, %1)\n"
		 "brerr b3, b2\n"
		 "b2:\nst.8 [@g], %2\njmp b4\n"
		 "b3:\nst.8 [@g], 0\nret\nb4:\nst.8 [@g], 1\nret\n"));
	/* an error that was raised is there; one that was stored may be */
	expect("errors",
	       H("b0:\nrt error(ctx, @lit)\nbrerr b1, b2\n"
		 "b1:\nst.4 [ctx+8], 0\nbrerr b2, b3\n"
		 "b2:\nret\nb3:\nst.8 [@g], 1\nret\n"),
	       H("b0:\nrt error(ctx, @lit)\njmp b1\n"
		 "b1:\nst.4 [ctx+8], 0\nbrerr b2, b3\n"
		 "b2:\nret\nb3:\nst.8 [@g], 1\nret\n"));
}

static void a_callee_may_catch_or_leave_an_error(void **state)
{
	static const char calls[] =
		HEAD "func f(0) {\nb0:\nrt catch(ctx, 0)\nret\n}\n"
		     "handler 0 p {\nb0:\ncall f()\nbrerr b1, b2\n"
		     "b1:\nrt error(ctx, @lit)\ncall f()\nbrerr b2, b3\n"
		     "b2:\nret\nb3:\nst.8 [@g], 1\nret\n}\n";

	expect("errors", calls, calls);
}

/* ---- division ---- */

static void division_by_powers_of_two_needs_no_call(void **state)
{
	expect("reduce",
	       H("b0:\n%1 = ctxld.8 [0]\n%2 = rt div(ctx, %1, 8)\n"
		 "%2 = rt div(ctx, %1, 7)\nst.8 [@g], %2\nret\n"),
	       H("b0:\n%1 = ctxld.8 [0]\n%3 = sar %1, 63\n%3 = shr %3, 61\n"
		 "%4 = add %1, %3\n%2 = sar %4, 3\n"
		 "%2 = rt div(ctx, %1, 7)\nst.8 [@g], %2\nret\n"));
	expect("reduce",
	       H("b0:\n%1 = ctxld.8 [0]\n%1 = rt mod(ctx, %1, 2)\n"
		 "st.8 [@g], %1\nret\n"),
	       H("b0:\n%1 = ctxld.8 [0]\n%2 = sar %1, 63\n%2 = shr %2, 63\n"
		 "%3 = add %1, %2\n%3 = and %3, 1\n%1 = sub %3, %2\n"
		 "st.8 [@g], %1\nret\n"));
}

static void a_remainder_that_is_only_compared_with_zero(void **state)
{
	expect("reduce",
	       H("b0:\n%1 = ctxld.8 [0]\n%2 = rt mod(ctx, %1, 8)\n"
		 "br ne %2, 0 -> b1, b2\nb1:\nret\n"
		 "b2:\nst.8 [@g], 1\nret\n"),
	       H("b0:\n%1 = ctxld.8 [0]\n%2 = and %1, 7\n"
		 "br ne %2, 0 -> b1, b2\nb1:\nret\n"
		 "b2:\nst.8 [@g], 1\nret\n"));
}

static void a_remainder_among_other_values_stays_one(void **state)
{
	expect("reduce",
	       H("b0:\n%1 = ctxld.8 [0]\n%2 = mov 5\n"
		 "br eq %1, 0 -> b2, b1\n"
		 "b1:\n%2 = rt mod(ctx, %1, 8)\njmp b2\n"
		 "b2:\nbr ne %2, 0 -> b3, b4\nb3:\nret\n"
		 "b4:\nst.8 [@g], 1\nret\n"),
	       H("b0:\n%1 = ctxld.8 [0]\n%2 = mov 5\n"
		 "br eq %1, 0 -> b2, b1\n"
		 "b1:\n%3 = sar %1, 63\n%3 = shr %3, 61\n%4 = add %1, %3\n"
		 "%4 = and %4, 7\n%2 = sub %4, %3\njmp b2\n"
		 "b2:\nbr ne %2, 0 -> b3, b4\nb3:\nret\n"
		 "b4:\nst.8 [@g], 1\nret\n"));
}

/* ---- strings and stores ---- */

static void readers_of_a_copy_read_the_original(void **state)
{
	expect("strings",
	       H("slot0 s 72\nslot1 t 72\nb0:\n"
		 "rt str_copy(ctx, slot0, @lit)\nrt out_str(ctx, slot0)\n"
		 "rt str_copy(ctx, slot1, slot0)\n"
		 "rt str_cat(ctx, slot0, slot1)\n"
		 "rt out_str(ctx, slot0)\nrt out_str(ctx, slot1)\n"
		 "rt str_copy(ctx, slot1, slot1)\nret\n"),
	       H("slot0 s 72\nslot1 t 72\nb0:\n"
		 "rt str_copy(ctx, slot0, @lit)\nrt out_str(ctx, @lit)\n"
		 "rt str_copy(ctx, slot1, @lit)\n"
		 "rt str_cat(ctx, slot0, @lit)\n"
		 "rt out_str(ctx, slot0)\nrt out_str(ctx, @lit)\n"
		 "ret\n"));
}

static void a_changed_original_is_not_read(void **state)
{
	static const char changed[] =
		H("slot0 s 72\nb0:\n"
		  "rt str_copy(ctx, slot0, @lit)\nst.8 [@g], 1\n"
		  "rt out_str(ctx, slot0)\n"
		  "rt str_copy(ctx, slot0, @lit)\nrt map_clear(@g)\n"
		  "rt out_str(ctx, slot0)\n"
		  "%1 = addr @lit\n"
		  "rt str_copy(ctx, slot0, %1)\n%1 = addr @g\n"
		  "rt out_str(ctx, slot0)\n"
		  /* replace may not read what it writes */
		  "rt str_copy(ctx, slot0, @g)\n"
		  "rt str_replace(ctx, @g, slot0, @lit, @lit)\n"
		  /* longer than a string, perhaps */
		  "rt str_copy(ctx, slot0, ctx+512)\nrt out_str(ctx, slot0)\n"
		  "ret\n");

	expect("strings", changed, changed);
}

static void functions_that_get_a_copy_may_change_it(void **state)
{
	static const char changed[] =
		HEAD "func f(1) {\nb0:\n%1 = param 0\nst.8 [%1], 0\nret\n}\n"
		     "handler 0 p {\nslot0 s 72\nb0:\n"
		     "rt str_copy(ctx, slot0, @lit)\ncall f(slot0)\n"
		     "rt out_str(ctx, slot0)\n"
		     "rt str_copy(ctx, slot0, @lit)\n"
		     "rt key_str(slot0, @g)\nrt out_str(ctx, slot0)\n"
		     "rt str_copy(ctx, slot0, @lit)\n"
		     "rt str_cat(ctx, slot0, @g)\nrt out_str(ctx, slot0)\n"
		     "ret\n}\n";

	expect("strings", changed, changed);
}

static void literals_that_do_not_fit_are_copied(void **state)
{
	struct arena *a = arena_new();
	struct ir_module *m = util_parse(
		a, H("slot0 s 72\nb0:\nrt str_copy(ctx, slot0, @lit)\n"
		     "rt out_str(ctx, slot0)\nret\n"));
	char *before = util_print(a, m);
	struct rt_str *lit;

	util_image(a, m);
	lit = (struct rt_str *)(uintptr_t)(m->image->heap_init + 2200);
	lit->len = UTIL_STRING_CAP + 1;
	ir_optimise_pass(m, "strings");
	assert_string_equal(util_print(a, m), before);
	lit->len = UTIL_STRING_CAP;
	ir_optimise_pass(m, "strings");
	assert_non_null(strstr(util_print(a, m), "out_str(ctx, @lit)"));
	arena_free(a);
}

static void slots_that_nobody_reads_are_not_written(void **state)
{
	expect("stores",
	       H("slot0 s 72\nslot1 t 8\nb0:\nrt str_copy(ctx, slot0, @lit)\n"
		 "rt str_cat(ctx, slot0, @lit)\nst.8 [slot1], 1\n"
		 "xadd.8 [slot1], 1\nrt read_str(ctx, slot0, 0, 0, 4)\nret\n"),
	       H("slot0 s 72\nslot1 t 8\nb0:\n"
		 "rt str_copy(ctx, slot0, @lit)\nrt str_cat(ctx, slot0, @lit)\n"
		 "rt read_str(ctx, slot0, 0, 0, 4)\nret\n"));
	expect("stores",
	       H("slot0 s 72\nb0:\nrt str_copy(ctx, slot0, @lit)\n"
		 "rt fmt_str(ctx, slot0, @g, @lit, 0)\nst.8 [@g], 1\nret\n"),
	       H("slot0 s 72\nb0:\nst.8 [@g], 1\nret\n"));
}

static void overwritten_stores_disappear(void **state)
{
	expect("stores",
	       H("slot0 s 16\nb0:\nst.8 [@g], 1\nst.4 [@g+4], 2\n"
		 "st.8 [@g], 3\n" /* covers both */
		 "st.4 [ctx+12], 1\n%1 = ctxld.8 [0]\nst.4 [ctx+12], 2\n"
		 "st.8 [@g+8], 1\n%2 = ld.8 [@g+8]\nst.8 [@g+8], 2\n"
		 "st.8 [@g+16], 1\nrt flush(ctx)\nst.8 [@g+16], 2\n"
		 "st.8 [@g+24], 1\nst.4 [@g+24], 2\n" /* not all of it */
		 "st.8 [@g+32], 1\n%3 = ld.8 [%1]\nst.8 [@g+32], 2\n"
		 "%4 = ld.8 [slot0]\nst.8 [slot0], 9\nret\n"),
	       H("slot0 s 16\nb0:\n"
		 "st.8 [@g], 3\n"
		 "%1 = ctxld.8 [0]\nst.4 [ctx+12], 2\n"
		 "st.8 [@g+8], 1\n%2 = ld.8 [@g+8]\nst.8 [@g+8], 2\n"
		 "st.8 [@g+16], 1\nrt flush(ctx)\nst.8 [@g+16], 2\n"
		 "st.8 [@g+24], 1\nst.4 [@g+24], 2\n"
		 "st.8 [@g+32], 1\n%3 = ld.8 [%1]\nst.8 [@g+32], 2\n"
		 "%4 = ld.8 [slot0]\nret\n"));
}

/* ---- moves ---- */

static void values_are_made_where_they_are_wanted(void **state)
{
	expect("moves",
	       H("b0:\n%1 = ctxld.8 [0]\njmp b1\n"
		 "b1:\n%2 = add %1, 1\nst.8 [@g], %2\n%1 = mov %2\n"
		 "st.8 [@g+8], %2\nbr lt %1, 9 -> b1, b2\nb2:\nret\n"),
	       H("b0:\n%1 = ctxld.8 [0]\njmp b1\n"
		 "b1:\n%1 = add %1, 1\nst.8 [@g], %1\n"
		 "st.8 [@g+8], %1\nbr lt %1, 9 -> b1, b2\nb2:\nret\n"));
}

static void moves_stay_where_the_registers_differ_later(void **state)
{
	/* the old %1 is read; %2 lives on; %2 is read when %1 has changed */
	static const char old_read[] =
		H("b0:\n%1 = ctxld.8 [0]\njmp b1\n"
		  "b1:\n%2 = add %1, 1\nst.8 [@g], %1\n%1 = mov %2\n"
		  "br lt %1, 9 -> b1, b2\nb2:\nret\n");
	static const char lives_on[] =
		H("b0:\n%1 = ctxld.8 [0]\n%2 = ctxld.8 [8]\njmp b1\n"
		  "b1:\n%2 = add %1, 1\n%1 = mov %2\n"
		  "br lt %1, 9 -> b1, b2\nb2:\nst.8 [@g], %2\nret\n");
	static const char changed[] =
		H("b0:\n%2 = ctxld.8 [0]\n%1 = mov %2\n%1 = add %1, 1\n"
		  "st.8 [@g], %1\nst.8 [@g+8], %2\nret\n");

	expect("moves", old_read, old_read);
	expect("moves", lives_on, lives_on);
	expect("moves", changed, changed);
}

/* ---- dead results ---- */

static void unused_results_are_not_computed(void **state)
{
	expect("dead",
	       H("b0:\n%1 = ctxld.8 [0]\n%2 = add %1, 1\n%3 = mul %2, 2\n"
		 "%4 = ld.8 [@g]\n%5 = rt mono_ns()\n%6 = mov 1\n%6 = mov %6\n"
		 "%7 = rt div(ctx, %1, 3)\nret\n"),
	       H("b0:\nret\n"));
}

static void effects_stay_without_their_results(void **state)
{
	expect("dead",
	       H("b0:\n%1 = ctxld.8 [0]\n%2 = rt div(ctx, 1, %1)\n"
		 "%3 = rt random(5)\nrt str_set(ctx, @g, 0)\n"
		 "xadd.8 [@g+32], 1\nret\n"),
	       H("b0:\n%1 = ctxld.8 [0]\nrt div(ctx, 1, %1)\n"
		 "rt random(5)\nrt str_set(ctx, @g, 0)\n"
		 "xadd.8 [@g+32], 1\nret\n"));
}

static void results_live_around_a_loop_stay(void **state)
{
	static const char loop[] = H("b0:\n%1 = mov 0\n%2 = mov 9\njmp b1\n"
				     "b1:\nst.8 [@g], %1\n%1 = mov %2\n"
				     "%2 = ld.8 [@g+8]\n"
				     "br ne %2, 0 -> b1, b2\n"
				     "b2:\nst.8 [@g], 1\nret\n");

	expect("dead", loop, loop);
}

static void all_passes_together(void **state)
{
	/* if (x % 2 == 0 && name == name) print("even"), by way of a local */
	expect(NULL,
	       H("slot0 local 72\nb0:\n%1 = ctxld.8 [0]\n"
		 "%2 = rt mod(ctx, %1, 2)\nbrerr b9, b1\n"
		 "b1:\n%3 = set eq %2, 0\nbr ne %3, 0 -> b2, b3\n"
		 "b2:\n%4 = rt str_eq(@lit, @lit)\n%5 = set ne %4, 0\njmp b4\n"
		 "b3:\n%5 = mov 0\njmp b4\n"
		 "b4:\nbr ne %5, 0 -> b5, b6\n"
		 "b5:\nrt str_copy(ctx, slot0, @lit)\n"
		 "rt out_text(ctx, 2, slot0)\njmp b6\n"
		 "b6:\njmp b7\nb7:\nret\n"
		 "b8:\nret\nb9:\nret\n"),
	       H("slot0 local 72\nb0:\n%1 = ctxld.8 [0]\n"
		 "%2 = and %1, 1\nbr eq %2, 0 -> b2, b1\n"
		 "b1:\nret\n"
		 "b2:\nrt out_text(ctx, 2, @lit)\nret\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constants_fold),
		cmocka_unit_test(neutral_elements_disappear),
		cmocka_unit_test(operations_take_their_simplest_form),
		cmocka_unit_test(copies_and_constants_reach_their_uses),
		cmocka_unit_test(addresses_move_into_accesses_and_arguments),
		cmocka_unit_test(numbers_in_a_row_combine),
		cmocka_unit_test(common_expressions_are_computed_once),
		cmocka_unit_test(
			facts_hold_behind_error_checks_but_not_behind_joins),
		cmocka_unit_test(facts_of_one_branch_are_gone_in_the_other),
		cmocka_unit_test(branches_on_comparisons_compare_themselves),
		cmocka_unit_test(loads_are_not_repeated),
		cmocka_unit_test(
			stores_through_registers_end_what_they_may_hit),
		cmocka_unit_test(string_functions_end_only_what_they_write),
		cmocka_unit_test(a_relocated_constant_is_not_a_constant),
		cmocka_unit_test(known_branches_and_empty_blocks_disappear),
		cmocka_unit_test(
			a_jump_to_a_decided_branch_goes_where_it_leads),
		cmocka_unit_test(endless_empty_loops_stay),
		cmocka_unit_test(loops_keep_their_shape),
		cmocka_unit_test(checks_behind_what_cannot_fail_disappear),
		cmocka_unit_test(a_callee_may_catch_or_leave_an_error),
		cmocka_unit_test(division_by_powers_of_two_needs_no_call),
		cmocka_unit_test(a_remainder_that_is_only_compared_with_zero),
		cmocka_unit_test(a_remainder_among_other_values_stays_one),
		cmocka_unit_test(readers_of_a_copy_read_the_original),
		cmocka_unit_test(a_changed_original_is_not_read),
		cmocka_unit_test(functions_that_get_a_copy_may_change_it),
		cmocka_unit_test(literals_that_do_not_fit_are_copied),
		cmocka_unit_test(slots_that_nobody_reads_are_not_written),
		cmocka_unit_test(overwritten_stores_disappear),
		cmocka_unit_test(values_are_made_where_they_are_wanted),
		cmocka_unit_test(moves_stay_where_the_registers_differ_later),
		cmocka_unit_test(unused_results_are_not_computed),
		cmocka_unit_test(effects_stay_without_their_results),
		cmocka_unit_test(results_live_around_a_loop_stay),
		cmocka_unit_test(all_passes_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
