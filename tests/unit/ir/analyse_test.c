// SPDX-License-Identifier: GPL-2.0-or-later
/* Flow graph facts, liveness, the tables of operations. */
#include "unit/ir/ir_util.h"

static struct ir_func *parse_func(struct arena *a, const char *text)
{
	struct ir_func *f = util_parse(a, text)->funcs.v[0];

	ir_analyse(a, f);
	return f;
}

/* Two nested loops, a diamond, and a block nobody reaches. */
static const char nest[] = "func f(0) {\n"
			   "b0:\n%1 = mov 0\njmp b1\n"
			   "b1:\nbr lt %1, 9 -> b2, b7\n"
			   "b2:\n%2 = mov 0\njmp b3\n"
			   "b3:\nbr eq %2, %1 -> b4, b5\n"
			   "b4:\n%1 = add %1, 1\njmp b1\n"
			   "b5:\n%2 = add %2, 1\njmp b3\n"
			   "b6:\njmp b7\n"
			   "b7:\nret\n"
			   "}\n";

static void predecessors_and_reachability(void **state)
{
	struct arena *a = arena_new();
	struct ir_func *f = parse_func(a, nest);

	assert_int_equal(f->blocks.v[0]->preds.n, 0);
	assert_int_equal(f->blocks.v[1]->preds.n, 2);
	assert_int_equal(f->blocks.v[1]->preds.v[0], 0);
	assert_int_equal(f->blocks.v[1]->preds.v[1], 4);
	assert_int_equal(f->blocks.v[3]->preds.n, 2);
	/* b6 is unreachable, and so no predecessor */
	assert_int_equal(f->blocks.v[7]->preds.n, 1);
	for (uint32_t i = 0; i < f->blocks.n; i++)
		assert_int_equal(f->blocks.v[i]->reachable, i != 6);
	/* a second analysis says the same */
	ir_analyse(a, f);
	assert_int_equal(f->blocks.v[1]->preds.n, 2);
	arena_free(a);
}

static void both_ways_to_one_block_are_one_predecessor(void **state)
{
	struct arena *a = arena_new();
	struct ir_func *f =
		parse_func(a, "func f(0) {\nb0:\nbrerr b1, b1\nb1:\nret\n}\n");

	assert_int_equal(f->blocks.v[1]->preds.n, 1);
	arena_free(a);
}

static void loop_headers_are_targets_of_back_edges(void **state)
{
	struct arena *a = arena_new();
	struct ir_func *f = parse_func(a, nest);

	for (uint32_t i = 0; i < f->blocks.n; i++)
		assert_int_equal(f->blocks.v[i]->loop_header, i == 1 || i == 3);
	arena_free(a);
}

static void reverse_postorder_puts_blocks_before_what_they_lead_to(void **state)
{
	struct arena *a = arena_new();
	struct ir_func *f = parse_func(a, nest);
	uint32_t *order, *pos;

	assert_int_equal(ir_rpo(a, f, &order, &pos), 7);
	assert_int_equal(order[0], 0);
	assert_true(pos[1] < pos[2] && pos[2] < pos[3] && pos[3] < pos[4] &&
		    pos[3] < pos[5] && pos[1] < pos[7]);
	assert_int_equal(pos[6], UINT32_MAX);
	arena_free(a);
}

static void dominators(void **state)
{
	static const uint32_t want[] = {0, 0, 1, 2, 3, 3, UINT32_MAX, 1};
	struct arena *a = arena_new();
	uint32_t *idom = ir_dominators(a, parse_func(a, nest));

	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(idom[i], want[i]);
	arena_free(a);
}

static void a_join_is_dominated_by_its_fork(void **state)
{
	struct arena *a = arena_new();
	uint32_t *idom = ir_dominators(
		a, parse_func(a, "func f(0) {\nb0:\nbrerr b1, b2\n"
				 "b1:\nbrerr b3, b4\nb2:\njmp b5\n"
				 "b3:\njmp b5\nb4:\njmp b5\nb5:\nret\n}\n"));

	assert_int_equal(idom[5], 0);
	assert_int_equal(idom[3], 1);
	assert_int_equal(idom[4], 1);
	arena_free(a);
}

/* The registers as bits; they rise, each is there once. */
static uint64_t bits(const ir_regs *in)
{
	uint64_t set = 0;

	vec_for (in, i) {
		assert_true(!i || in->v[i] > in->v[i - 1]);
		set |= 1ull << in->v[i];
	}
	return set;
}

static void liveness_follows_loops(void **state)
{
	static const uint64_t want[] = {0, 2, 2, 6, 2, 6, 0, 0};
	struct arena *a = arena_new();
	struct ir_live live;

	ir_liveness(a, &live, parse_func(a, nest));
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(bits(&live.in[i]), want[i]);
	arena_free(a);
}

static void liveness_sees_what_is_read_before_it_is_written(void **state)
{
	struct arena *a = arena_new();
	struct ir_func *f =
		parse_func(a, "func f(0) value {\nb0:\n%63 = mov 1\n"
			      "%62 = mov 2\nbrerr b1, b2\n"
			      "b1:\n%63 = add %63, %62\nret %63\n"
			      "b2:\n%62 = mov 3\n%61 = add %62, %60\n"
			      "ret %61\n}\n");
	struct ir_live live;
	struct ir_set out;

	ir_liveness(a, &live, f);
	assert_int_equal(bits(&live.in[0]), 1ull << 60);
	assert_int_equal(bits(&live.in[1]), 1ull << 62 | 1ull << 63);
	assert_int_equal(bits(&live.in[2]), 1ull << 60);
	ir_set_init(a, &out, f->nregs);
	ir_live_out(&live, &vec_last(&f->blocks.v[0]->insns), &out);
	assert_int_equal(out.n, 3);
	for (ir_reg r = 0; r < f->nregs; r++)
		assert_int_equal(ir_set_has(&out, r),
				 r == 60 || r == 62 || r == 63);
	arena_free(a);
}

static void a_step_back_through_an_instruction(void **state)
{
	struct arena *a = arena_new();
	struct ir_val args[] = {iv_reg(2), iv_imm(3), iv_reg(4)};
	struct ir_insn in = {.op = IR_CALL, .d = 1, .args = args, .nargs = 3};
	struct ir_set live;

	ir_set_init(a, &live, 5);
	ir_set_add(&live, 1);
	ir_live_step(&live, &in);
	assert_int_equal(live.n, 2);
	assert_true(ir_set_has(&live, 2) && ir_set_has(&live, 4));
	/* d = d + 1 keeps d */
	in = (struct ir_insn){
		.op = IR_ADD, .d = 2, .a = iv_reg(2), .b = iv_imm(1)};
	ir_live_step(&live, &in);
	assert_int_equal(live.n, 2);
	assert_true(ir_set_has(&live, 2) && ir_set_has(&live, 4));
	arena_free(a);
}

static void conditions_negate_and_swap(void **state)
{
	static const uint64_t v[] = {0, 1, 2, INT64_MAX, 1ull << 63, ~0ull};

	for (uint32_t cc = 0; cc < IR_CC_COUNT; cc++) {
		for (uint32_t i = 0; i < 36; i++) {
			uint64_t x = v[i / 6], y = v[i % 6];
			bool r = ir_eval_cc(cc, x, y);

			assert_int_equal(ir_eval_cc(ir_cc_negate(cc), x, y),
					 !r);
			assert_int_equal(ir_eval_cc(ir_cc_swap(cc), y, x), r);
		}
	}
}

static void tables_name_every_operation_and_function(void **state)
{
	for (uint32_t i = 0; i < IR_OP_COUNT; i++)
		assert_non_null(ir_op_info[i].text);
	for (uint32_t i = 0; i < RT_FN_COUNT; i++) {
		assert_non_null(rt_info[i].name);
		assert_true(rt_info[i].nargs <= 5);
		/* a value without effect is the only reason to call it */
		if (rt_info[i].flags & (RTF_PURE | RTF_READ))
			assert_true(rt_info[i].flags & RTF_VALUE);
	}
	assert_string_equal(rt_info[RT_FN_str_copy].name, "str_copy");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(predecessors_and_reachability),
		cmocka_unit_test(both_ways_to_one_block_are_one_predecessor),
		cmocka_unit_test(loop_headers_are_targets_of_back_edges),
		cmocka_unit_test(
			reverse_postorder_puts_blocks_before_what_they_lead_to),
		cmocka_unit_test(dominators),
		cmocka_unit_test(a_join_is_dominated_by_its_fork),
		cmocka_unit_test(liveness_follows_loops),
		cmocka_unit_test(
			liveness_sees_what_is_read_before_it_is_written),
		cmocka_unit_test(a_step_back_through_an_instruction),
		cmocka_unit_test(conditions_negate_and_swap),
		cmocka_unit_test(tables_name_every_operation_and_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
