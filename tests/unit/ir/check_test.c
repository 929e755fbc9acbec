// SPDX-License-Identifier: GPL-2.0-or-later
/* The checker: one row per rule, with exactly what it says. */
#include "unit/ir/ir_util.h"

/* A handler with one block body; slot0 has 16 bytes. */
#define H(body) "statics 4096\nhandler 0 p {\nslot0 s 16\nb0:\n" body "\n}\n"
/* ... that ends by itself */
#define R(body) H(body "\nret")

static const struct {
	const char *text, *err;
} broken[] = {
	/* operands */
	{R("%1 = mov slot0"), "p b0 #0: operand 1 may not be a slot"},
	{R("%1 = mov @64"), "p b0 #0: operand 1 may not be a heap offset"},
	{R("%1 = add 1, ctx"), "p b0 #0: operand 2 may not be a context field"},
	{R("%1 = set eq slot0, 1"), "p b0 #0: operand 1 may not be a slot"},
	{R("%1 = addr 8"), "p b0 #0: operand 1 may not be a number"},
	{R("%1 = mov 1\n%2 = addr %1"),
	 "p b0 #1: operand 1 may not be a register"},
	{R("%1 = ld.8 [64]"), "p b0 #0: operand 1 may not be a number"},
	{R("st.8 [slot0], slot0"), "p b0 #0: operand 2 may not be a slot"},
	{R("xadd.8 [slot0], @64"),
	 "p b0 #0: operand 2 may not be a heap offset"},
	{H("br eq slot0, 1 -> b1, b1\nb1:\nret"),
	 "p b0 #0: operand 1 may not be a slot"},
	{"func f(0) value {\nb0:\nret ctx\n}",
	 "f b0 #0: operand 1 may not be a context field"},
	{R("%1 = ld.8 [slot7]"), "p b0 #0: operand 1: no slot7"},
	{R("%1 = addr slot1"), "p b0 #0: operand 1: no slot1"},
	{R("rt exit(slot3)"), "p b0 #0: argument 1: no slot3"},
	/* destinations */
	{R("mov 1"), "p b0 #0: has no destination"},
	{R("ld.8 [slot0]"), "p b0 #0: has no destination"},
	{R("%1 = st.8 [slot0], 1"),
	 "p b0 #0: has no result, but a destination"},
	{R("%1 = rt exit(ctx)"), "p b0 #0: has no result, but a destination"},
	{"func g(0) {\nb0:\nret\n}\nfunc f(0) {\nb0:\n%1 = call g()\nret\n}",
	 "f b0 #0: has no result, but a destination"},
	/* sizes and places */
	{R("%1 = ld.3 [slot0]"), "p b0 #0: size 3"},
	{R("st.0 [slot0], 1"), "p b0 #0: size 0"},
	{R("xadd.2 [slot0], 1"), "p b0 #0: atomic add of size 2"},
	{R("%1 = ld.8 [slot0+9]"),
	 "p b0 #0: bytes 9 to 17 are outside of the slot (16 bytes)"},
	{R("%1 = ld.1 [slot0-1]"), "p b0 #0: offset -1 is outside of the heap"},
	{R("st.4 [ctx+894], 1"),
	 "p b0 #0: bytes 894 to 898 are outside of the context (896 bytes)"},
	{R("st.8 [@4092], 1"), "p b0 #0: bytes 4092 to 4100 are outside of the "
			       "static data (4096 bytes)"},
	{R("%1 = addr slot0+17"),
	 "p b0 #0: bytes 17 to 17 are outside of the slot (16 bytes)"},
	{R("rt exit(@4097)"), "p b0 #0: bytes 4097 to 4097 are outside of the "
			      "static data (4096 bytes)"},
	{R("%1 = mov 1\n%2 = ld.8 [%1+131065]"),
	 "p b0 #1: offset 131065 is not within 0 to 131064"},
	{R("%1 = mov 1\nst.1 [%1-1], 0"),
	 "p b0 #1: offset -1 is not within 0 to 131071"},
	{R("%1 = ctxld.8 [-8]"), "p b0 #0: offset -8 is not within 0 to 131064"},
	{"func f(0) {\nb0:\n%1 = ld.8 [@9999999999]\nret\n}",
	 "f b0 #0: offset 9999999999 is outside of the heap"},
	/* calls */
	{R("rt exit()"), "p b0 #0: 0 arguments instead of 1"},
	{R("%1 = rt pid_tgid(1)"), "p b0 #0: 1 arguments instead of 0"},
	{R("%1 = rt enter(0, 0, 0)"),
	 "p b0 #0: enter is called by the target only"},
	{R("rt leave(ctx)"), "p b0 #0: leave is called by the target only"},
	{"func g(2) {\nb0:\nret\n}\nfunc f(0) {\nb0:\ncall g(1)\nret\n}",
	 "f b0 #0: 1 arguments instead of 2"},
	{"handler 0 p {\nb0:\nret\n}\nfunc f(0) {\nb0:\ncall p()\nret\n}",
	 "f b0 #0: calls a handler"},
	/* parameters and probe context */
	{"func f(1) {\nb0:\n%1 = param 1\nret\n}", "f b0 #0: no parameter 1"},
	{"func f(1) {\nb0:\n%1 = param -1\nret\n}", "f b0 #0: no parameter -1"},
	{"func f(1) {\nb0:\njmp b1\nb1:\n%1 = param 0\nret\n}",
	 "f b1 #0: param outside of the entry block"},
	{R("%1 = param 0"), "p b0 #0: no parameter 0"},
	{"func f(0) {\nb0:\n%1 = ctxld.8 [0]\nret\n}",
	 "f b0 #0: ctxld outside of a handler"},
	/* returns */
	{H("ret 1"), "p b0 #0: operand 1 may not be a number"},
	{"func f(0) value {\nb0:\nret\n}",
	 "f b0 #0: operand 1 may not be nothing"},
	/* blocks */
	{"func f(0) {\n}", "f: has no blocks"},
	{"func f(0) {\nb0:\n}", "f b0: is empty"},
	{H("ret\nret"), "p b0 #0: terminator within a block"},
	{H("%1 = mov 1"), "p b0 #0: block without terminator"},
	{H("jmp b1"), "p b0 #0: no block b1"},
	{H("brerr b1, b2\nb1:\nret"), "p b0 #0: no block b2"},
	{H("jmp b0"), "p b0 #0: jumps to the entry block"},
	{H("br eq 1, 1 -> b1, b0\nb1:\nret"),
	 "p b0 #0: jumps to the entry block"},
	/* flow */
	{H("br eq 1, 2 -> b1, b2\nb1:\njmp b2\nb2:\nbr eq 1, 2 -> b1, b3\n"
	   "b3:\nret"),
	 "p b2 #0: enters a loop beside its header, or jumps into one"},
	{R("%1 = mov %2\n%2 = mov 1"),
	 "p b0 #0: %2 may be read before it is written"},
	{H("br eq 1, 2 -> b1, b2\nb1:\n%1 = mov 1\njmp b2\nb2:\n"
	   "st.8 [slot0], %1\nret"),
	 "p b2 #0: %1 may be read before it is written"},
	{H("jmp b1\nb1:\nbr eq 1, 2 -> b2, b3\nb2:\n%1 = mov 1\njmp b1\n"
	   "b3:\nrt exit(%1)\nret"),
	 "p b3 #0: %1 may be read before it is written"},
	/* modules */
	{"handler 0 p {\nb0:\nret\n}\nhandler 0 q {\nb0:\nret\n}",
	 "q: handler 0 is p already"},
	{"statics 64\nsymbol b 32 8\nsymbol a 0 8\n",
	 "symbol a is not in order"},
	{"statics 64\nsymbol a 60 8\n",
	 "symbol a is outside of the static data"},
	{"statics 4000000000\n", "static data is larger than the heap"},
};

static void every_broken_rule_is_named_with_its_place(void **state)
{
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		struct arena *a = arena_new();
		const char *err = ir_check(a, util_parse(a, broken[i].text));

		if (!err)
			fail_msg("accepted: %s", broken[i].text);
		assert_string_equal(err, broken[i].err);
		arena_free(a);
	}
}

/* ---- what the text form cannot say ---- */
struct raw {
	struct arena *a;
	struct ir_module *m;
	struct ir_func *f;
};

static struct raw raw_new(void)
{
	struct raw r = {.a = arena_new()};

	r.m = ir_module_new(r.a);
	r.f = ir_func_new(r.m, "f");
	ir_slot_new(r.m, r.f, "s", 16);
	ir_block_new(r.m, r.f);
	return r;
}

static void raw_expect(struct raw r, struct ir_insn in, const char *want)
{
	const char *err;

	ir_emit(r.m, r.f, 0, in);
	ir_emit(r.m, r.f, 0, (struct ir_insn){.op = IR_RET});
	err = ir_check(r.a, r.m);
	assert_non_null(err);
	assert_string_equal(err, want);
	arena_free(r.a);
}

static void raw_instructions_are_checked(void **state)
{
	struct ir_val args[1] = {{.kind = IV_IMM}};

	raw_expect(raw_new(), (struct ir_insn){.op = 9999},
		   "f b0 #0: no operation 9999");
	raw_expect(raw_new(), (struct ir_insn){.op = IR_RT, .fn = 9999},
		   "f b0 #0: no run-time function 9999");
	raw_expect(raw_new(), (struct ir_insn){.op = IR_CALL, .fn = 1},
		   "f b0 #0: no function 1");
	raw_expect(raw_new(),
		   (struct ir_insn){.op = IR_MOV, .d = 1, .a = iv_imm(1)},
		   "f b0 #0: destination: no register %1");
	raw_expect(raw_new(),
		   (struct ir_insn){.op = IR_ST,
				    .size = 8,
				    .a = iv_slot(0, 0),
				    .b = iv_reg(5)},
		   "f b0 #0: operand 2: no register %5");
	raw_expect(raw_new(),
		   (struct ir_insn){.op = IR_ST,
				    .size = 8,
				    .a = iv_slot(0, 0),
				    .b = iv_reg(0)},
		   "f b0 #0: operand 2: no register %0");
	raw_expect(raw_new(),
		   (struct ir_insn){.op = IR_ST,
				    .size = 8,
				    .a = {.kind = 77},
				    .b = iv_imm(0)},
		   "f b0 #0: operand 1 is of no kind");
	raw_expect(raw_new(),
		   (struct ir_insn){.op = IR_ST,
				    .size = 8,
				    .a = iv_slot(0, 0),
				    .b = iv_imm(0),
				    .args = args,
				    .nargs = 1},
		   "f b0 #0: has arguments");
	raw_expect(raw_new(),
		   (struct ir_insn){.op = IR_RT,
				    .fn = RT_FN_exit,
				    .a = iv_imm(0),
				    .args = args,
				    .nargs = 1},
		   "f b0 #0: operand 1 may not be a number");
	raw_expect(
		raw_new(),
		(struct ir_insn){
			.op = IR_BR, .cc = 99, .a = iv_imm(0), .b = iv_imm(0)},
		"f b0 #0: condition 99");
}

static void raw_functions_are_checked(void **state)
{
	struct raw r = raw_new();
	struct ir_func *g;

	ir_emit(r.m, r.f, 0, (struct ir_insn){.op = IR_RET});
	assert_null(ir_check(r.a, r.m));

	r.f->name = "not an identifier";
	assert_string_equal(ir_check(r.a, r.m),
			    "function 0: its name is not an identifier");
	r.f->name = "9";
	assert_non_null(ir_check(r.a, r.m));
	r.f->name = "f";
	r.f->index = 4;
	assert_string_equal(ir_check(r.a, r.m), "f: is function 0, not 4");
	r.f->index = 0;
	r.f->nregs = 0;
	assert_string_equal(ir_check(r.a, r.m),
			    "f: nregs counts register 0, too");
	r.f->nregs = 1;
	r.f->is_handler = true;
	r.f->nparams = 1;
	assert_string_equal(ir_check(r.a, r.m),
			    "f: a handler has no parameters");
	r.f->nparams = 0;
	r.f->returns_value = true;
	assert_string_equal(ir_check(r.a, r.m),
			    "f: a handler returns no value");
	r.f->returns_value = false;
	r.m->image = arena_new_obj(r.a, struct image);
	assert_string_equal(ir_check(r.a, r.m),
			    "f: the image has no handler 0");
	r.m->image = NULL;
	r.f->slots.v[0].size = UINT32_MAX;
	assert_string_equal(ir_check(r.a, r.m),
			    "f: slot0 is larger than the heap");
	r.f->slots.v[0].size = 8;

	g = ir_func_new(r.m, "f");
	ir_block_new(r.m, g);
	ir_emit(r.m, g, 0, (struct ir_insn){.op = IR_RET});
	assert_string_equal(ir_check(r.a, r.m), "f: the name is used twice");
	g->name = "g";
	assert_null(ir_check(r.a, r.m));
	arena_free(r.a);
}

static void unreachable_code_may_read_anything(void **state)
{
	struct arena *a = arena_new();

	util_check(a, util_parse(a, H("ret\nb1:\n%2 = mov %1\njmp b1")));
	arena_free(a);
}

static void registers_written_on_all_paths_are_defined(void **state)
{
	struct arena *a = arena_new();

	util_check(a, util_parse(a, H("br eq 1, 2 -> b1, b2\n"
				      "b1:\n%1 = mov 1\njmp b3\n"
				      "b2:\n%1 = mov 2\njmp b3\n"
				      "b3:\n%2 = add %1, 1\n"
				      "br lt %2, 10 -> b3, b4\n"
				      "b4:\nst.8 [slot0+8], %2\nret")));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_broken_rule_is_named_with_its_place),
		cmocka_unit_test(raw_instructions_are_checked),
		cmocka_unit_test(raw_functions_are_checked),
		cmocka_unit_test(unreachable_code_may_read_anything),
		cmocka_unit_test(registers_written_on_all_paths_are_defined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
