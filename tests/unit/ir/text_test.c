// SPDX-License-Identifier: GPL-2.0-or-later
/* The text form: what is printed parses back, and prints the same. */
#include "unit/ir/ir_random.h"

static const char every_form[] =
	"statics 4096\n"
	"symbol counts 1024 512\n"
	"symbol \"say \\\"hi\\\"\\n\\t\\\\\\x01\" 1536 16\n"
	"symbol a.b$1 1600 0\n"
	"\n"
	"func fn_fib(1) value {\n"
	"b0:\n"
	"  %1 = param 0\n"
	"  br lt %1, 2 -> b1, b2\n"
	"b1:\n"
	"  ret %1\n"
	"b2:\n"
	"  %2 = sub %1, 1\n"
	"  %3 = call fn_fib(%2)\n"
	"  %2 = neg %3\n"
	"  ret %2\n"
	"}\n"
	"\n"
	"func fn_nothing(0) {\n"
	"b0:\n"
	"  ret\n"
	"}\n"
	"\n"
	"handler 3 probe_3 {\n"
	"  slot0 tmp 136\n"
	"  slot1 \"two words\" 8\n"
	"b0:\n"
	"  %1 = ctxld.8 [16]\n"
	"  %2 = ctxld.4s [0]\n"
	"  %3 = ld.2 [@counts+16]\n"
	"  %4 = ld.1s [%3]\n"
	"  %4 = ld.8 [%3+24]\n"
	"  %5 = ld.4 [ctx+8]\n"
	"  st.8 [slot0+16], %3\n"
	"  st.1 [ctx], -1\n"
	"  st.4 [@\"say \\\"hi\\\"\\n\\t\\\\\\x01\"], 9223372036854775807\n"
	"  xadd.8 [@a.b$1], 1\n"
	"  xadd.4 [@8], %1\n"
	"  %6 = addr slot1\n"
	"  %6 = addr @counts+511\n"
	"  %6 = addr ctx+24\n"
	"  %7 = mov -9223372036854775808\n"
	"  %7 = not %7\n"
	"  %7 = add %7, 1\n"
	"  %7 = mul 3, %7\n"
	"  %7 = and %7, %6\n"
	"  %7 = or %7, %6\n"
	"  %7 = xor %7, %6\n"
	"  %7 = shl %7, 3\n"
	"  %7 = shr %7, 3\n"
	"  %7 = sar %7, 3\n"
	"  %8 = set uge %7, %6\n"
	"  %9 = rt map_insert(ctx, @counts, slot1+8, %8)\n"
	"  brerr b3, b1\n"
	"b1:\n"
	"  rt exit(ctx)\n"
	"  call fn_nothing()\n"
	"  %9 = call fn_fib(-7)\n"
	"  jmp b2\n"
	"b2:\n"
	"  ret\n"
	"b3:\n"
	"  ret\n"
	"}\n";

static void every_form_prints_as_it_was_read(void **state)
{
	struct arena *a = arena_new();
	struct ir_module *m = util_parse(a, every_form);

	util_check(a, m);
	assert_string_equal(util_print(a, m), every_form);
	assert_int_equal(m->funcs.v[0]->nregs, 4);
	assert_int_equal(m->funcs.v[2]->handler, 3);
	assert_true(m->funcs.v[0]->returns_value);
	assert_int_equal(m->funcs.v[2]->slots.v[0].size, 136);
	assert_string_equal(m->symbols.v[1].name, "say \"hi\"\n\t\\\x01");
	arena_free(a);
}

static void spaces_and_comments_do_not_matter(void **state)
{
	struct arena *a = arena_new();
	struct ir_module *m = util_parse(
		a,
		"; a comment\n\n\tstatics   64 ; here\nfunc f ( 0 )  value{\n"
		" b0 : ; from nowhere\n%1=mov 0x10\n  ret   %1;done\n}  \n");

	assert_string_equal(util_print(a, m), "statics 64\n"
					      "\n"
					      "func f(0) value {\n"
					      "b0:\n"
					      "  %1 = mov 16\n"
					      "  ret %1\n"
					      "}\n");
	arena_free(a);
}

static void split_offsets_are_printed_as_their_sum(void **state)
{
	struct arena *a = arena_new();
	struct ir_module *m = ir_module_new(a);
	struct ir_func *f = ir_func_new(m, "f");

	ir_slot_new(m, f, NULL, 64);
	ir_block_new(m, f);
	ir_emit(m, f, 0,
		(struct ir_insn){.op = IR_ST,
				 .size = 8,
				 .a = iv_slot(0, 8),
				 .off = 16,
				 .b = iv_imm(0)});
	ir_emit(m, f, 0, (struct ir_insn){.op = IR_RET});
	assert_string_equal(util_print(a, m), "statics 0\n"
					      "\n"
					      "func f(0) {\n"
					      "  slot0 \"\" 64\n"
					      "b0:\n"
					      "  st.8 [slot0+24], 0\n"
					      "  ret\n"
					      "}\n");
	arena_free(a);
}

static void a_name_used_twice_means_the_first_symbol(void **state)
{
	struct arena *a = arena_new();
	struct ir_module *m = util_parse(a, "statics 64\n"
					    "symbol x 0 8\n"
					    "symbol x 8 8\n"
					    "func f(0) value {\n"
					    "b0:\n"
					    "%1 = ld.8 [@8]\n"
					    "%1 = ld.8 [@x]\n"
					    "ret %1\n"
					    "}\n");

	assert_int_equal(m->funcs.v[0]->blocks.v[0]->insns.v[0].a.imm, 8);
	assert_non_null(strstr(util_print(a, m), "ld.8 [@8]"));
	assert_non_null(strstr(util_print(a, m), "ld.8 [@x]"));
	arena_free(a);
}

static void source_lines_stand_above_their_code(void **state)
{
	static const char script[] = "probe begin {\n\tx = 1\n\ty = 2\n}\n";
	struct arena *a = arena_new();
	struct source *src = source_new(a, "dir/s.stp", script, strlen(script));
	struct ir_module *m = ir_module_new(a);
	struct ir_func *f = ir_func_new(m, "probe_0");
	struct strbuf sb = {0};

	f->is_handler = true;
	f->loc = (struct loc){src, 1, 1};
	ir_block_new(m, f);
	for (uint32_t i = 0; i < 4; i++)
		ir_emit(m, f, 0,
			(struct ir_insn){.op = IR_MOV,
					 .d = ir_reg_new(f),
					 .a = iv_imm(i),
					 .loc = {src, 2 + i / 2, 1}});
	ir_emit(m, f, 0, (struct ir_insn){.op = IR_RET});
	ir_print(&sb, m, true);
	assert_string_equal(sb_str(&sb), "statics 0\n"
					 "\n"
					 "handler 0 probe_0 {\n"
					 "  ; s.stp:1: probe begin {\n"
					 "b0:\n"
					 "  ; s.stp:2: x = 1\n"
					 "  %1 = mov 0\n"
					 "  %2 = mov 1\n"
					 "  ; s.stp:3: y = 2\n"
					 "  %3 = mov 2\n"
					 "  %4 = mov 3\n"
					 "  ret\n"
					 "}\n");
	/* and they are comments */
	assert_non_null(util_parse(a, sb_str(&sb)));
	sb_free(&sb);
	arena_free(a);
}

static void listings_name_predecessors_and_loops(void **state)
{
	struct arena *a = arena_new();
	struct ir_module *m = util_parse(a, "func f(0) {\n"
					    "b0:\njmp b1\n"
					    "b1:\nbr eq 1, 2 -> b1, b2\n"
					    "b2:\nret\n"
					    "}\n");
	struct strbuf sb = {0};

	ir_analyse(a, m->funcs.v[0]);
	ir_print(&sb, m, true);
	assert_non_null(strstr(sb_str(&sb), "b1:  ; from b0 b1, loop\n"));
	assert_non_null(strstr(sb_str(&sb), "b2:  ; from b1\n"));
	sb_free(&sb);
	arena_free(a);
}

#define F(body) "func f(0) {\nb0:\n" body "\nret\n}\n"
static const struct {
	const char *text, *err;
} malformed[] = {
	{"nonsense\n", "line 1: statics, symbol, handler or func expected"},
	{"statics x\n", "line 1: number expected"},
	{"statics 5000000000\n", "line 1: number out of range"},
	{"statics 1 2\n", "line 1: more than expected"},
	{"symbol \"x\n", "line 1: unterminated name"},
	{"symbol \"\\q\" 1 1\n", "line 1: bad escape"},
	{"symbol \"\\x0\" 1 1\n", "line 1: bad \\x escape"},
	{"symbol \"\\x00\" 1 1\n", "line 1: bad \\x escape"},
	{"symbol  1 1\n", "line 1: number expected"},
	{"symbol ; 1 1\n", "line 1: name expected"},
	{"func (0) {\n}\n", "line 1: function name expected"},
	{"func f(0)\n", "line 1: '{' expected"},
	{"func f(0) {\nb0:\nret\n", "line 3: '}' expected"},
	{"func f(0) {\n}\nfunc f(0) {\n}\n", "line 3: second function 'f'"},
	{"handler probe_0 {\n}\n", "line 1: number expected"},
	{"func f(0) {\nret\n}\n", "line 2: instruction outside of a block"},
	{"func f(0) {\nb1:\nret\n}\n", "line 2: blocks stand in order"},
	{"func f(0) {\nb0\nret\n}\n", "line 2: ':' expected"},
	{"func f(0) {\nslot1 x 8\n}\n",
	 "line 2: slots stand in order, before the blocks"},
	{F("slot0 x 8"), "line 3: slots stand in order, before the blocks"},
	{F("%0 = mov 1"), "line 3: registers count from %1"},
	{F("%99999999 = mov 1"), "line 3: number out of range"},
	{F("%1 mov 1"), "line 3: '=' expected"},
	{F("%1 = move 1"), "line 3: no operation 'move'"},
	{F("%1 = add 1"), "line 3: ',' expected"},
	{F("%1 = add 1, 2, 3"), "line 3: more than expected"},
	{F("%1 = mov 99999999999999999999"), "line 3: number out of range"},
	{F("%1 = set like 1, 2"), "line 3: no condition 'like'"},
	{F("%1 = ld [ctx]"), "line 3: '.' expected"},
	{F("%1 = ld.8 ctx"), "line 3: '[' expected"},
	{F("%1 = ld.8 [ctx"), "line 3: ']' expected"},
	{F("%1 = ld.8 [%1+5000000000]"), "line 3: offset out of range"},
	{F("%1 = ld.8 [@nowhere]"), "line 3: no symbol 'nowhere'"},
	{F("rt nothing()"), "line 3: no run-time function 'nothing'"},
	{F("call g()"), "line 3: no function 'g'"},
	{F("call f(1 2)"), "line 3: ',' expected"},
	{F("call f"), "line 3: '(' expected"},
	{F("jmp 1"), "line 3: 'b' expected"},
	{F("br lt 1, 2, b0, b0"), "line 3: '->' expected"},
};

static void malformed_text_is_refused_with_its_line(void **state)
{
	for (size_t i = 0; i < sizeof(malformed) / sizeof(*malformed); i++) {
		struct arena *a = arena_new();
		const char *err = NULL;

		if (ir_parse(a, malformed[i].text, &err))
			fail_msg("accepted: %s", malformed[i].text);
		assert_string_equal(err, malformed[i].err);
		arena_free(a);
	}
}

static void random_modules_round_trip(void **state)
{
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct arena *a = arena_new();
		struct ir_module *m = random_module(a, seed);
		char *text = util_print(a, m);
		struct ir_module *back = util_parse(a, text);

		util_check(a, m);
		util_check(a, back);
		assert_string_equal(util_print(a, back), text);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_prints_as_it_was_read),
		cmocka_unit_test(spaces_and_comments_do_not_matter),
		cmocka_unit_test(split_offsets_are_printed_as_their_sum),
		cmocka_unit_test(a_name_used_twice_means_the_first_symbol),
		cmocka_unit_test(source_lines_stand_above_their_code),
		cmocka_unit_test(listings_name_predecessors_and_loops),
		cmocka_unit_test(malformed_text_is_refused_with_its_line),
		cmocka_unit_test(random_modules_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
