// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Small programs, compiled, loaded and run by the kernel, each with both kinds
 * of loops. Expectations stand beside the text as "out+N = value".
 */
#include "unit/ebpf/ebpf_util.h"

#include <bpf/btf.h>
#include <time.h>

#define HEAD "statics 4096\nsymbol out 3072 512\n"

struct want {
	uint32_t word; /* of @out */
	int64_t value;
};

static const uint64_t args[] = {11, 22, (uint64_t)-33, 44};

static void check_words(const struct ebpf_loaded *l, const struct want *want,
			uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal((int64_t)ebpf_word(l, OUT + 8 * want[i].word),
				 want[i].value);
}

/* Runs probe_0 in one mode. */
static void run_mode(const char *text, bool may_goto, const struct want *want,
		     uint32_t n)
{
	struct arena *a = arena_new();
	struct ir_module *m = util_parse(a, text);
	struct ebpf_loaded l;
	struct rt_head *head;

	util_check(a, m);
	ebpf_util_load(a, m, may_goto, &l);
	assert_int_equal(ebpf_run(&l, "probe_0", args, 4), 0);
	check_words(&l, want, n);
	head = (struct rt_head *)l.heap;
	assert_int_equal(head->counters[WIRE_CNT_ERRORS], 0);
	assert_int_equal(head->counters[WIRE_CNT_SKIP_CONTEXT], 0);
	/* the context is free again: so a second run works */
	assert_int_equal(ebpf_run(&l, "probe_0", args, 4), 0);
	assert_int_equal(head->counters[WIRE_CNT_SKIP_CONTEXT], 0);
	ebpf_unload(&l);
	arena_free(a);
}

static void run_both(const char *text, const struct want *want, uint32_t n)
{
	for (int may_goto = 0; may_goto < 2; may_goto++)
		if (!ebpf_util_skip(may_goto))
			run_mode(text, may_goto, want, n);
}
#define RUN(text, ...)                                                         \
	run_both((text), (const struct want[]){__VA_ARGS__},                   \
		 sizeof((const struct want[]){__VA_ARGS__}) /                  \
			 sizeof(struct want))

static void empty_handler(void **state)
{
	ebpf_util_need_bpf();
	RUN(HEAD "handler 0 probe_0 {\nb0:\n ret\n}\n", {0, 0});
}

static void context_loads_extend(void **state)
{
	ebpf_util_need_bpf();
	RUN(HEAD "handler 0 probe_0 {\n"
		 "b0:\n"
		 "  %1 = ctxld.8 [0]\n"
		 "  st.8 [@out], %1\n"
		 "  %2 = ctxld.8 [16]\n"
		 "  st.8 [@out+8], %2\n"
		 "  %3 = ctxld.8 [24]\n"
		 "  %4 = add %1, %3\n"
		 "  st.8 [@out+16], %4\n"
		 "  ret\n}\n",
	    {0, 11}, {1, -33}, {2, 55});
}

static void loads_and_stores_of_every_size(void **state)
{
	ebpf_util_need_bpf();
	RUN(HEAD "handler 0 probe_0 {\n"
		 "  slot0 s 64\n"
		 "b0:\n"
		 "  st.8 [slot0], -2\n"
		 "  %1 = ld.1 [slot0]\n  st.8 [@out], %1\n"
		 "  %1 = ld.1s [slot0]\n  st.8 [@out+8], %1\n"
		 "  %1 = ld.2 [slot0]\n  st.8 [@out+16], %1\n"
		 "  %1 = ld.2s [slot0]\n  st.8 [@out+24], %1\n"
		 "  %1 = ld.4 [slot0]\n  st.8 [@out+32], %1\n"
		 "  %1 = ld.4s [slot0]\n  st.8 [@out+40], %1\n"
		 "  %2 = addr slot0+8\n"
		 "  st.8 [%2], 0\n"
		 "  st.1 [%2+1], 255\n"
		 "  st.2 [%2+2], 65535\n"
		 "  st.4 [%2+4], 1234567890123\n"
		 "  %1 = ld.8 [slot0+8]\n  st.8 [@out+48], %1\n"
		 "  xadd.8 [%2], %1\n"
		 "  %1 = ld.8 [%2]\n  st.8 [@out+56], %1\n"
		 "  st.4 [@out+64], 7\n"
		 "  xadd.4 [@out+64], -3\n"
		 "  %3 = ctxld.8 [0]\n"
		 "  xadd.8 [@out+72], %3\n"
		 "  xadd.8 [@out+72], 5\n"
		 "  st.8 [slot0+16], 81985529216486895\n"
		 "  %1 = ld.8 [slot0+16]\n  st.8 [@out+80], %1\n"
		 "  ret\n}\n",
	    {0, 0xfe}, {1, -2}, {2, 0xfffe}, {3, -2}, {4, 0xfffffffe}, {5, -2},
	    {6, (int64_t)((1234567890123ull << 32) | 0xffffff00ull)},
	    {7, (int64_t)(2 * ((1234567890123ull << 32) | 0xffffff00ull))},
	    {8, 4}, {10, 81985529216486895});
}

static void registers_hold_offsets_into_the_heap(void **state)
{
	ebpf_util_need_bpf();
	RUN(HEAD "handler 0 probe_0 {\n"
		 "  slot0 a 16\n"
		 "  slot1 b 40000\n"
		 "  slot2 c 16\n"
		 "b0:\n"
		 "  st.8 [slot0], 1\n"
		 "  st.8 [slot2], 3\n"
		 "  st.8 [slot1+39992], 2\n"
		 "  %1 = addr slot1\n"
		 "  %2 = ld.8 [%1+39992]\n"
		 "  %3 = addr slot2\n"
		 "  %4 = ld.8 [%3]\n"
		 "  %5 = ld.8 [slot0]\n"
		 "  st.8 [@out], %5\n  st.8 [@out+8], %2\n"
		 "  st.8 [@out+16], %4\n"
		 "  %6 = addr @out+24\n"
		 "  %7 = add %6, 8\n"
		 "  st.8 [%6], 5\n  st.8 [%7], 6\n"
		 "  xadd.8 [slot2], 4\n"
		 "  %8 = ld.8 [slot2]\n"
		 "  st.8 [@out+40], %8\n"
		 "  %9 = addr ctx\n"
		 "  %10 = ld.4 [%9]\n" /* rt_ctx.busy */
		 "  st.8 [@out+48], %10\n"
		 "  ret\n}\n",
	    {0, 1}, {1, 2}, {2, 3}, {3, 5}, {4, 6}, {5, 7}, {6, 1});
}

/* Thirty values that live across a call, and thirty that do not. */
static void more_values_than_registers(void **state)
{
	struct strbuf sb = {0};
	int64_t sum = 0;

	ebpf_util_need_bpf();
	sb_puts(&sb, HEAD "handler 0 probe_0 {\nb0:\n  %1 = ctxld.8 [0]\n");
	for (int i = 2; i <= 30; i++)
		sb_printf(&sb, "  %%%d = mul %%1, %d\n", i, i);
	for (int i = 31; i <= 60; i++)
		sb_printf(&sb, "  %%%d = add %%%d, %%%d\n", i, i - 30,
			  1 + (i * 7) % 30);
	sb_puts(&sb, "  %61 = rt cpu()\n  %62 = mov 0\n");
	for (int i = 1; i <= 60; i++)
		sb_printf(&sb,
			  "  %%62 = mul %%62, 3\n"
			  "  %%62 = xor %%62, %%%d\n",
			  i);
	sb_puts(&sb, "  st.8 [@out], %62\n  ret\n}\n");
	{
		uint64_t v[61], x = 0;

		v[1] = 11;
		for (int i = 2; i <= 30; i++)
			v[i] = 11u * (unsigned)i;
		for (int i = 31; i <= 60; i++)
			v[i] = v[i - 30] + v[1 + (i * 7) % 30];
		for (int i = 1; i <= 60; i++)
			x = (x * 3) ^ v[i];
		sum = (int64_t)x;
	}
	RUN(sb_str(&sb), {0, sum});
	sb_free(&sb);
}

#define NEST                                                                   \
	"func fn_nest(2) value {\n"                                            \
	"b0:\n"                                                                \
	"  %1 = param 0\n"                                                     \
	"  %2 = param 1\n"                                                     \
	"  %3 = mov 0\n"                                                       \
	"  %4 = mov 0\n"                                                       \
	"  jmp b1\n"                                                           \
	"b1:\n"                                                                \
	"  br lt %3, %1 -> b2, b5\n"                                           \
	"b2:\n"                                                                \
	"  %5 = mov 0\n"                                                       \
	"  jmp b3\n"                                                           \
	"b3:\n"                                                                \
	"  br lt %5, %2 -> b4, b6\n"                                           \
	"b4:\n"                                                                \
	"  %6 = call fn_leaf(%3, %5)\n"                                        \
	"  %4 = add %4, %6\n"                                                  \
	"  %5 = add %5, 1\n"                                                   \
	"  jmp b3\n"                                                           \
	"b5:\n"                                                                \
	"  ret %4\n"                                                           \
	"b6:\n"                                                                \
	"  %3 = add %3, 1\n"                                                   \
	"  jmp b1\n"                                                           \
	"}\n"                                                                  \
	"func fn_leaf(2) value {\n"                                            \
	"b0:\n"                                                                \
	"  %1 = param 0\n"                                                     \
	"  %2 = param 1\n"                                                     \
	"  %3 = mul %1, %2\n"                                                  \
	"  ret %3\n"                                                           \
	"}\n"

static void nested_loops_call_functions(void **state)
{
	ebpf_util_need_bpf();
	RUN(HEAD "handler 0 probe_0 {\nb0:\n"
		 "  %1 = call fn_nest(70, 90)\n"
		 "  st.8 [@out], %1\n  ret\n}\n" NEST,
	    {0, 70 * 69 / 2 * (90 * 89 / 2)});
}

static void handler_loops_over_its_context(void **state)
{
	ebpf_util_need_bpf();
	RUN(HEAD "handler 0 probe_0 {\n"
		 "b0:\n"
		 "  %1 = mov 0\n"
		 "  %2 = mov 0\n"
		 "  jmp b1\n"
		 "b1:\n"
		 "  br lt %1, 1000 -> b2, b3\n"
		 "b2:\n"
		 "  %3 = ctxld.8 [8]\n"
		 "  %4 = ctxld.8 [16]\n"
		 "  %2 = add %2, %3\n"
		 "  %2 = add %2, %4\n"
		 "  %5 = rt cpu()\n"
		 "  %1 = add %1, 1\n"
		 "  jmp b1\n"
		 "b3:\n"
		 "  st.8 [@out], %2\n"
		 "  ret\n}\n",
	    {0, 1000 * (22 - 33)});
}

static void recursion(void **state)
{
	ebpf_util_need_bpf();
	RUN(HEAD "handler 0 probe_0 {\nb0:\n"
		 "  %1 = call fn_fib(15)\n"
		 "  %2 = call fn_even(11)\n"
		 "  %3 = call fn_even(10)\n"
		 "  st.8 [@out], %1\n"
		 "  st.8 [@out+8], %2\n"
		 "  st.8 [@out+16], %3\n"
		 "  ret\n}\n"
		 "func fn_fib(1) value {\n"
		 "b0:\n"
		 "  %1 = param 0\n"
		 "  br lt %1, 2 -> b1, b2\n"
		 "b1:\n"
		 "  ret %1\n"
		 "b2:\n"
		 "  %2 = sub %1, 1\n"
		 "  %3 = call fn_fib(%2)\n"
		 "  %4 = sub %1, 2\n"
		 "  %5 = call fn_fib(%4)\n"
		 "  %6 = add %3, %5\n"
		 "  ret %6\n}\n"
		 "func fn_even(1) value {\n"
		 "b0:\n"
		 "  %1 = param 0\n"
		 "  br eq %1, 0 -> b1, b2\n"
		 "b1:\n"
		 "  ret 1\n"
		 "b2:\n"
		 "  %2 = sub %1, 1\n"
		 "  %3 = call fn_odd(%2)\n"
		 "  ret %3\n}\n"
		 "func fn_odd(1) value {\n"
		 "b0:\n"
		 "  %1 = param 0\n"
		 "  br eq %1, 0 -> b1, b2\n"
		 "b1:\n"
		 "  ret 0\n"
		 "b2:\n"
		 "  %2 = sub %1, 1\n"
		 "  %3 = call fn_even(%2)\n"
		 "  ret %3\n}\n",
	    {0, 610}, {1, 0}, {2, 1});
}

/* A recursive function that loops over calls of itself and of a plain one. */
static void loops_within_recursion(void **state)
{
	ebpf_util_need_bpf();
	RUN(HEAD "handler 0 probe_0 {\nb0:\n"
		 "  %1 = call fn_tree(4)\n"
		 "  st.8 [@out], %1\n"
		 "  ret\n}\n"
		 "func fn_tree(1) value {\n"
		 "  slot0 tmp 16\n"
		 "b0:\n"
		 "  %1 = param 0\n"
		 "  st.8 [slot0], %1\n"
		 "  %2 = mov 1\n"
		 "  %3 = mov 0\n"
		 "  jmp b1\n"
		 "b1:\n"
		 "  br lt %3, %1 -> b2, b3\n"
		 "b2:\n"
		 "  %4 = sub %1, 1\n"
		 "  %5 = call fn_tree(%4)\n"
		 "  %6 = call fn_nest(2, 3)\n"
		 "  %5 = add %5, %6\n"
		 "  %2 = add %2, %5\n"
		 "  %3 = add %3, 1\n"
		 "  jmp b1\n"
		 "b3:\n"
		 "  %7 = ld.8 [slot0]\n"
		 "  %2 = add %2, %7\n"
		 "  ret %2\n}\n" NEST,
	    /* t(0) = 1; t(n) = 1 + n + n * (t(n - 1) + 3) */
	    {0, 5 + 4 * (4 + 3 * (3 + 2 * (2 + 1 * (1 + 3) + 3) + 3) + 3)});
}

static void chain(struct strbuf *sb, int n)
{
	for (int i = 1; i < n; i++)
		sb_printf(sb,
			  "func fn_c%d(1) value {\nb0:\n"
			  "  %%1 = param 0\n"
			  "  %%2 = call fn_c%d(%%1)\n"
			  "  %%3 = add %%2, %d\n"
			  "  ret %%3\n}\n",
			  i, i + 1, i);
	sb_printf(sb,
		  "func fn_c%d(1) value {\nb0:\n"
		  "  %%1 = param 0\n"
		  "  %%4 = rt div(ctx, %%1, 2)\n"
		  "  ret %%4\n}\n",
		  n);
}

static void deep_call_chains(void **state)
{
	ebpf_util_need_bpf();
	for (int n = 1; n <= 40; n += n < 12 ? 1 : 28) {
		struct strbuf sb = {0};

		sb_puts(&sb, HEAD "handler 0 probe_0 {\nb0:\n"
				  "  %1 = call fn_c1(84)\n"
				  "  st.8 [@out], %1\n"
				  "  ret\n}\n");
		chain(&sb, n);
		RUN(sb_str(&sb), {0, 42 + n * (n - 1) / 2});
		sb_free(&sb);
	}
}

static void many_parameters(void **state)
{
	struct strbuf sb = {0};

	ebpf_util_need_bpf();
	sb_puts(&sb, HEAD "handler 0 probe_0 {\nb0:\n  %1 = ctxld.8 [0]\n"
			  "  %2 = call fn_many(%1");
	for (int i = 2; i <= 20; i++)
		sb_printf(&sb, ", %d", i);
	sb_puts(&sb, ")\n  st.8 [@out], %2\n  ret\n}\n"
		     "func fn_many(20) value {\nb0:\n  %1 = mov 0\n");
	for (int i = 0; i < 20; i++)
		sb_printf(&sb, "  %%%d = param %d\n", i + 2, i);
	for (int i = 0; i < 20; i++)
		sb_printf(&sb, "  %%1 = mul %%1, 3\n  %%1 = add %%1, %%%d\n",
			  i + 2);
	sb_puts(&sb, "  ret %1\n}\n");
	{
		int64_t x = 11;

		for (int i = 2; i <= 20; i++)
			x = x * 3 + i;
		RUN(sb_str(&sb), {0, x});
	}
	sb_free(&sb);
}

static void many_functions(void **state)
{
	struct strbuf sb = {0};

	ebpf_util_need_bpf();
	sb_puts(&sb, HEAD "handler 0 probe_0 {\nb0:\n  %1 = mov 0\n");
	for (int i = 0; i < 200; i++)
		sb_printf(&sb, "  %%1 = call fn_%d(%%1)\n", i);
	sb_puts(&sb, "  st.8 [@out], %1\n  ret\n}\n");
	for (int i = 0; i < 200; i++)
		sb_printf(&sb,
			  "func fn_%d(1) value {\nb0:\n  %%1 = param 0\n"
			  "  %%2 = add %%1, %d\n  ret %%2\n}\n",
			  i, i);
	RUN(sb_str(&sb), {0, 199 * 100});
	sb_free(&sb);
}

static void strings_through_the_runtime(void **state)
{
	ebpf_util_need_bpf();
	RUN(HEAD "handler 0 probe_0 {\n"
		 "  slot0 a 72\n"
		 "  slot1 b 72\n"
		 "b0:\n"
		 "  rt str_set(ctx, slot0, 6513249)\n" /* "abc" */
		 "  rt str_set(ctx, slot1, 6579556)\n" /* "ded" */
		 "  rt str_cat(ctx, slot0, slot1)\n"
		 "  rt str_copy(ctx, @out, slot0)\n"
		 "  %1 = rt str_eq(slot0, slot1)\n"
		 "  st.8 [@out+128], %1\n"
		 "  %1 = rt str_eq(slot0, @out)\n"
		 "  st.8 [@out+136], %1\n"
		 "  ret\n}\n",
	    {0, 6}, {1, 0x646564636261}, {16, 0}, {17, 1});
}

/* An error leaves through BRERR and is counted; the context is given back. */
static void errors_branch(void **state)
{
	static const char text[] = HEAD "handler 0 probe_0 {\n"
					"b0:\n"
					"  %1 = ctxld.8 [0]\n"
					"  %2 = sub %1, 11\n"
					"  %3 = rt div(ctx, %1, %2)\n"
					"  brerr b1, b2\n"
					"b1:\n"
					"  st.8 [@out], 1\n"
					"  ret\n"
					"b2:\n"
					"  st.8 [@out], 2\n"
					"  ret\n}\n";

	ebpf_util_need_bpf();
	for (int may_goto = 0; may_goto < 2; may_goto++) {
		struct arena *a = arena_new();
		struct ebpf_loaded l;
		struct rt_head *head;

		if (ebpf_util_skip(may_goto))
			continue;
		ebpf_util_load(a, util_parse(a, text), may_goto, &l);
		head = (struct rt_head *)l.heap;
		for (int i = 1; i <= 3; i++) {
			assert_int_equal(ebpf_run(&l, "probe_0", args, 4), 0);
			assert_int_equal(ebpf_word(&l, OUT), 1);
			assert_int_equal(head->counters[WIRE_CNT_ERRORS], i);
		}
		assert_int_equal(head->counters[WIRE_CNT_SKIP_CONTEXT], 0);
		ebpf_unload(&l);
		arena_free(a);
	}
}

/* A loop without end is ended, through the loop's error path. */
static void endless_loops_are_ended(void **state)
{
	static const char text[] = HEAD "handler 0 probe_0 {\n"
					"b0:\n"
					"  %1 = mov 0\n"
					"  jmp b1\n"
					"b1:\n"
					"  %1 = add %1, 1\n"
					"  %2 = ld.4 [@out+64]\n"
					"  st.8 [@out], %1\n"
					"  brerr b2, b1\n"
					"b2:\n"
					"  st.8 [@out+8], 77\n"
					"  ret\n}\n";

	ebpf_util_need_bpf();
	for (int may_goto = 0; may_goto < 2; may_goto++) {
		struct arena *a = arena_new();
		struct ebpf_loaded l;
		struct rt_head *head;

		if (ebpf_util_skip(may_goto))
			continue;
		ebpf_util_load(a, util_parse(a, text), may_goto, &l);
		assert_int_equal(ebpf_run(&l, "probe_0", args, 4), 0);
		assert_true(ebpf_word(&l, OUT) > 1000000);
		assert_int_equal(ebpf_word(&l, OUT + 8), 77);
		head = (struct rt_head *)l.heap;
		assert_int_equal(head->counters[WIRE_CNT_SKIP_CONTEXT], 0);
		assert_int_equal(ebpf_run(&l, "probe_0", args, 4), 0);
		assert_int_equal(head->counters[WIRE_CNT_SKIP_CONTEXT], 0);
		ebpf_unload(&l);
		arena_free(a);
	}
}

/* Handlers run only in the session states they are for. */
static void states_are_respected(void **state)
{
	ebpf_util_need_bpf();

	static const char text[] = HEAD "handler 0 probe_0 {\nb0:\n"
					"  xadd.8 [@out], 1\n  ret\n}\n";
	struct arena *a = arena_new();
	struct ir_module *m = util_parse(a, text);
	struct ebpf_loaded l;
	struct rt_head *head;

	if (ebpf_util_skip(true))
		return;
	util_image(a, m);
	((struct image_handler *)m->image->handlers)[0].flags =
		IMAGE_HANDLER_STATE(RT_STARTING) |
		IMAGE_HANDLER_STATE(RT_ENDING);
	ebpf_util_load(a, m, true, &l);
	head = (struct rt_head *)l.heap;
	for (uint32_t s = RT_STARTING; s <= RT_STOPPED; s++) {
		uint64_t before = ebpf_word(&l, OUT);

		head->state = s;
		assert_int_equal(ebpf_run(&l, "probe_0", args, 4), 0);
		assert_int_equal(ebpf_word(&l, OUT) - before,
				 s == RT_STARTING || s == RT_ENDING);
	}
	ebpf_unload(&l);
	arena_free(a);
}

/* n times the same piece of a handler; what the verifier looks at. */
static uint64_t verify_cost(const char *piece, int n, bool may_goto)
{
	struct arena *a = arena_new();
	struct strbuf sb = {0};
	struct ebpf_loaded l;
	uint64_t cost;

	sb_puts(&sb, HEAD "handler 0 probe_0 {\nb0:\n  %1 = ctxld.8 [0]\n"
			  "  jmp b1\n");
	for (int i = 0; i < n; i++) {
		uint32_t b = 1 + (uint32_t)i * 4;

		sb_printf(&sb, piece, b, b + 1, b + 2, b + 3, b + 4);
	}
	sb_printf(&sb, "b%d:\n  st.8 [@out], %%1\n  ret\n}\n", 1 + n * 4);
	ebpf_util_load(a, util_parse(a, sb_str(&sb)), may_goto, &l);
	cost = l.insns_processed;
	ebpf_unload(&l);
	sb_free(&sb);
	arena_free(a);
	return cost;
}

/* Ids of functions in vmlinux's BTF; false: they are not there. */
static bool preempt_calls(uint32_t *off, uint32_t *on)
{
	struct btf *b = btf__load_vmlinux_btf();
	int ids[2] = {-1, -1};

	if (b) {
		ids[0] = btf__find_by_name_kind(b, "bpf_preempt_disable",
						BTF_KIND_FUNC);
		ids[1] = btf__find_by_name_kind(b, "bpf_preempt_enable",
						BTF_KIND_FUNC);
		btf__free(b);
	}
	*off = (uint32_t)ids[0];
	*on = (uint32_t)ids[1];
	return ids[0] > 0 && ids[1] > 0 && ebpf_preempt_works(*off, *on);
}

static uint32_t count_kernel_calls(const struct ebpf_object *obj)
{
	struct strbuf text = {0};
	const char *p;
	uint32_t n = 0;

	ebpf_list(&text, obj);
	for (p = sb_str(&text); (p = strstr(p, "call kernel function")); p++)
		n++;
	sb_free(&text);
	return n;
}

/* Whatever the way to the handler's end: the verifier wants the calls to be in
   pairs. */
static void run_unpreempted(struct ebpf_opts *o)
{
	static const char text[] =
		HEAD "handler 0 probe_0 {\n"
		     "b0:\n"
		     "  %1 = ctxld.8 [0]\n"
		     "  %2 = mov 0\n  %3 = mov 0\n"
		     "  jmp b1\n"
		     "b1:\n"
		     "  br lt %2, 10 -> b2, b3\n"
		     "b2:\n"
		     "  %2 = add %2, 1\n"
		     "  %3 = rt div(ctx, %1, %2)\n"
		     "  brerr b3, b1\n"
		     "b3:\n"
		     "  st.8 [@out], %3\n"
		     "  ret\n}\n";
	struct arena *a = arena_new();
	struct ir_module *m = util_parse(a, text);
	struct ebpf_object *obj;
	struct ebpf_loaded l;

	util_check(a, m);
	util_image(a, m);
	((struct image_handler *)m->image->handlers)[0].prog_type =
		IMAGE_PROG_RAWTP;
	obj = ebpf_util_compile(a, m, o);
	assert_non_null(obj);
	/* off; on where it is not entered, on at the end */
	assert_int_equal(count_kernel_calls(obj), 3);
	assert_int_equal(ebpf_load(&l, obj->data, obj->size, m->image), 0);
	assert_int_equal(ebpf_run(&l, "probe_0", args, 4), 0);
	assert_int_equal(ebpf_word(&l, OUT), 1);
	ebpf_unload(&l);
	arena_free(a);
}

static void handlers_are_kept_from_preemption(void **state)
{
	struct ebpf_opts o = {.long_jumps = true};

	ebpf_util_need_bpf();
	if (!preempt_calls(&o.preempt_off, &o.preempt_on)) {
		print_message("SKIP: no bpf_preempt_disable() that allows "
			      "calls in this kernel\n");
		skip();
	}
	for (int may_goto = 0; may_goto < 2; may_goto++) {
		o.may_goto = may_goto;
		if (!ebpf_util_skip(may_goto))
			run_unpreempted(&o);
	}
}

static void verification_is_linear(void **state)
{
	static const char branchy[] = "b%1$u:\n"
				      "  %%2 = ld.8 [@out]\n"
				      "  br lt %%2, %%1 -> b%2$u, b%3$u\n"
				      "b%2$u:\n"
				      "  %%1 = mov 5\n  jmp b%4$u\n"
				      "b%3$u:\n"
				      "  %%1 = mov 7\n  jmp b%4$u\n"
				      "b%4$u:\n  st.8 [@out+8], %%1\n"
				      "  %%3 = rt div(ctx, %%2, 5)\n"
				      "  st.8 [@out+16], %%3\n"
				      "  jmp b%5$u\n";
	static const char loopy[] = "b%1$u:\n"
				    "  %%2 = mov 0\n"
				    "  jmp b%2$u\n"
				    "b%2$u:\n"
				    "  br lt %%2, 10 -> b%3$u, b%4$u\n"
				    "b%3$u:\n"
				    "  %%2 = add %%2, 1\n"
				    "  %%1 = add %%1, %%2\n"
				    "  %%4 = rt div(ctx, %%1, 7)\n"
				    "  jmp b%2$u\n"
				    "b%4$u:\n  st.8 [@out+8], %%1\n"
				    "  jmp b%5$u\n";

	ebpf_util_need_bpf();
	for (int may_goto = 0; may_goto < 2; may_goto++) {
		uint64_t one, ten, hundred;

		if (ebpf_util_skip(may_goto))
			continue;
		for (int i = 0; i < 2; i++) {
			const char *piece = i ? loopy : branchy;

			one = verify_cost(piece, 1, may_goto);
			ten = verify_cost(piece, 10, may_goto);
			hundred = verify_cost(piece, 100, may_goto);
			print_message("verified with %s: %llu %llu %llu\n",
				      may_goto ? "may_goto" : "bpf_loop",
				      (unsigned long long)one,
				      (unsigned long long)ten,
				      (unsigned long long)hundred);
			assert_true(hundred - one < 15 * (ten - one));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_handler),
		cmocka_unit_test(context_loads_extend),
		cmocka_unit_test(loads_and_stores_of_every_size),
		cmocka_unit_test(registers_hold_offsets_into_the_heap),
		cmocka_unit_test(more_values_than_registers),
		cmocka_unit_test(nested_loops_call_functions),
		cmocka_unit_test(handler_loops_over_its_context),
		cmocka_unit_test(recursion),
		cmocka_unit_test(loops_within_recursion),
		cmocka_unit_test(deep_call_chains),
		cmocka_unit_test(many_parameters),
		cmocka_unit_test(many_functions),
		cmocka_unit_test(strings_through_the_runtime),
		cmocka_unit_test(errors_branch),
		cmocka_unit_test(endless_loops_are_ended),
		cmocka_unit_test(states_are_respected),
		cmocka_unit_test(handlers_are_kept_from_preemption),
		cmocka_unit_test(verification_is_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
