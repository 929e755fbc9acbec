// SPDX-License-Identifier: GPL-2.0-or-later
/* The in-process engine: each operation against C, calls, errors, limits. */
#include <errno.h>

#include "native.h"
#include "rt.h"
#include "unit/ir/ir_util.h"

struct run {
	struct arena *a;
	struct ir_module *m;
	struct engine *e;
	uint32_t records;
	uint64_t bytes;
	char last[512];
};

static int on_output(void *data, const void *record, w_u64 size, w_u32 flags)
{
	struct run *r = data;

	r->records++;
	r->bytes += size;
	memcpy(r->last, record,
	       size < sizeof(r->last) ? size : sizeof(r->last));
	return 0;
}

static int no_output(void *data, const void *record, w_u64 size, w_u32 flags)
{
	return 0;
}

static struct run run_new_limited(const char *text, uint64_t step_limit)
{
	struct run r = {.a = arena_new()};
	struct engine_env env = {.output = no_output, .step_limit = step_limit};

	r.m = util_parse(r.a, text);
	util_check(r.a, r.m);
	util_image(r.a, r.m);
	r.e = engine_new(r.m, &env);
	assert_non_null(r.e);
	return r;
}

static struct run run_new(const char *text)
{
	return run_new_limited(text, 0);
}

static void run_free(struct run *r)
{
	engine_free(r->e);
	arena_free(r->a);
}

static uint64_t *heap_word(struct run *r, uint32_t off)
{
	return (uint64_t *)((char *)engine_heap(r->e) + off);
}

static struct rt_head *head(struct run *r)
{
	return engine_heap(r->e);
}

static void go(struct run *r, const void *pctx, size_t len)
{
	assert_int_equal(engine_run_handler(r->e, 0, UTIL_RUNNING, pctx, len),
			 0);
}

#define OUT 2048
#define PROBE(body)                                                            \
	"statics 4096\nsymbol out 2048 256\nhandler 0 probe_0 {\n" body "}\n"

/* ---- arithmetic ---- */
static const uint64_t values[] = {
	0,	    1,		 2,
	3,	    7,		 8,
	63,	    64,		 65,
	255,	    0x7fffffff,	 0x80000000,
	0xffffffff, 0x100000000, INT64_MAX,
	1ull << 63, -1ull,	 -2ull,
	-8ull,	    -1000ull,	 0x123456789abcdefull,
};
#define NVALUES (sizeof(values) / sizeof(*values))

static uint64_t c_add(uint64_t a, uint64_t b)
{
	return a + b;
}
static uint64_t c_sub(uint64_t a, uint64_t b)
{
	return a - b;
}
static uint64_t c_mul(uint64_t a, uint64_t b)
{
	return a * b;
}
static uint64_t c_and(uint64_t a, uint64_t b)
{
	return a & b;
}
static uint64_t c_or(uint64_t a, uint64_t b)
{
	return a | b;
}
static uint64_t c_xor(uint64_t a, uint64_t b)
{
	return a ^ b;
}
static uint64_t c_shl(uint64_t a, uint64_t b)
{
	return a << (b % 64);
}
static uint64_t c_shr(uint64_t a, uint64_t b)
{
	return a >> (b % 64);
}
static uint64_t c_sar(uint64_t a, uint64_t b)
{
	return (uint64_t)((int64_t)a >> (b % 64));
}
static uint64_t c_eq(uint64_t a, uint64_t b)
{
	return a == b;
}
static uint64_t c_ne(uint64_t a, uint64_t b)
{
	return a != b;
}
static uint64_t c_lt(uint64_t a, uint64_t b)
{
	return (int64_t)a < (int64_t)b;
}
static uint64_t c_le(uint64_t a, uint64_t b)
{
	return (int64_t)a <= (int64_t)b;
}
static uint64_t c_gt(uint64_t a, uint64_t b)
{
	return (int64_t)a > (int64_t)b;
}
static uint64_t c_ge(uint64_t a, uint64_t b)
{
	return (int64_t)a >= (int64_t)b;
}
static uint64_t c_ult(uint64_t a, uint64_t b)
{
	return a < b;
}
static uint64_t c_ule(uint64_t a, uint64_t b)
{
	return a <= b;
}
static uint64_t c_ugt(uint64_t a, uint64_t b)
{
	return a > b;
}
static uint64_t c_uge(uint64_t a, uint64_t b)
{
	return a >= b;
}

static const struct {
	const char *text;
	uint64_t (*f)(uint64_t, uint64_t);
} binops[] = {
	{"add", c_add},	    {"sub", c_sub},	{"mul", c_mul},
	{"and", c_and},	    {"or", c_or},	{"xor", c_xor},
	{"shl", c_shl},	    {"shr", c_shr},	{"sar", c_sar},
	{"set eq", c_eq},   {"set ne", c_ne},	{"set lt", c_lt},
	{"set le", c_le},   {"set gt", c_gt},	{"set ge", c_ge},
	{"set ult", c_ult}, {"set ule", c_ule}, {"set ugt", c_ugt},
	{"set uge", c_uge},
};

/* Each operation on two registers, and with a number on either side. */
static void operations_compute_what_c_does(void **state)
{
	for (size_t op = 0; op < sizeof(binops) / sizeof(*binops); op++) {
		struct arena *a = arena_new();
		struct run r = run_new(arena_printf(
			a,
			PROBE("b0:\n%%1 = ctxld.8 [0]\n%%2 = ctxld.8 [8]\n"
			      "%%3 = %s %%1, %%2\nst.8 [@out], %%3\nret\n"),
			binops[op].text));

		for (size_t i = 0; i < NVALUES * NVALUES; i++) {
			uint64_t ctx[2] = {values[i / NVALUES],
					   values[i % NVALUES]};

			go(&r, ctx, sizeof(ctx));
			assert_int_equal(*heap_word(&r, OUT),
					 binops[op].f(ctx[0], ctx[1]));
		}
		run_free(&r);
		arena_free(a);
	}
}

static void operations_take_numbers_on_either_side(void **state)
{
	for (size_t i = 0; i < NVALUES; i++) {
		struct arena *a = arena_new();
		struct strbuf sb = {0};
		uint64_t ctx[1] = {0x8000000000000005ull};
		struct run r;

		sb_puts(&sb, "b0:\n%1 = ctxld.8 [0]\n");
		for (size_t op = 0; op < 19; op++) {
			const char *t = binops[op].text;
			long long v = (long long)values[i];
			unsigned at = OUT + 24 * (unsigned)op;

			sb_printf(&sb, "%%2 = %s %%1, %lld\nst.8 [@%u], %%2\n",
				  t, v, at);
			sb_printf(&sb, "%%2 = %s %lld, %%1\nst.8 [@%u], %%2\n",
				  t, v, at + 8);
			sb_printf(&sb, "%%2 = %s %lld, 3\nst.8 [@%u], %%2\n", t,
				  v, at + 16);
		}
		r = run_new(arena_printf(
			a, "statics 4096\nhandler 0 probe_0 {\n%sret\n}\n",
			sb_str(&sb)));
		go(&r, ctx, sizeof(ctx));
		for (size_t op = 0; op < 19; op++) {
			unsigned at = OUT + 24 * (unsigned)op;

			assert_int_equal(*heap_word(&r, at),
					 binops[op].f(ctx[0], values[i]));
			assert_int_equal(*heap_word(&r, at + 8),
					 binops[op].f(values[i], ctx[0]));
			assert_int_equal(*heap_word(&r, at + 16),
					 binops[op].f(values[i], 3));
		}
		run_free(&r);
		sb_free(&sb);
		arena_free(a);
	}
}

static void branches_decide_as_comparisons_do(void **state)
{
	for (size_t op = 9; op < 19; op++) {
		struct arena *a = arena_new();
		struct run r = run_new(arena_printf(
			a,
			PROBE("b0:\n%%1 = ctxld.8 [0]\n%%2 = ctxld.8 [8]\n"
			      "br %s %%1, %%2 -> b1, b2\n"
			      "b1:\nst.8 [@out], 1\njmp b3\n"
			      "b2:\nst.8 [@out], 0\njmp b3\nb3:\nret\n"),
			binops[op].text + 4));

		for (size_t i = 0; i < NVALUES * NVALUES; i++) {
			uint64_t ctx[2] = {values[i / NVALUES],
					   values[i % NVALUES]};

			go(&r, ctx, sizeof(ctx));
			assert_int_equal(*heap_word(&r, OUT),
					 binops[op].f(ctx[0], ctx[1]));
		}
		run_free(&r);
		arena_free(a);
	}
}

static void unary_operations_and_moves(void **state)
{
	struct run r = run_new(PROBE("b0:\n%1 = ctxld.8 [0]\n"
				     "%2 = neg %1\nst.8 [@out], %2\n"
				     "%2 = not %1\nst.8 [@out+8], %2\n"
				     "%3 = mov %1\nst.8 [@out+16], %3\n"
				     "%3 = mov -77\nst.8 [@out+24], %3\n"
				     "%3 = neg 5\nst.8 [@out+32], %3\n"
				     "st.8 [@out+40], 123456789012\n"
				     "ret\n"));

	for (size_t i = 0; i < NVALUES; i++) {
		go(&r, &values[i], 8);
		assert_int_equal(*heap_word(&r, OUT), -values[i]);
		assert_int_equal(*heap_word(&r, OUT + 8), ~values[i]);
		assert_int_equal(*heap_word(&r, OUT + 16), values[i]);
		assert_int_equal(*heap_word(&r, OUT + 24), -77ull);
		assert_int_equal(*heap_word(&r, OUT + 32), -5ull);
		assert_int_equal(*heap_word(&r, OUT + 40), 123456789012ull);
	}
	run_free(&r);
}

/* ---- memory ---- */
static void loads_and_stores_have_size_and_sign(void **state)
{
	struct run r =
		run_new(PROBE("slot0 s 16\nb0:\n%1 = ctxld.8 [0]\n"
			      "st.8 [slot0], 0\nst.8 [slot0], %1\n"
			      "%2 = ld.1 [slot0]\nst.8 [@out], %2\n"
			      "%2 = ld.1s [slot0]\nst.8 [@out+8], %2\n"
			      "%2 = ld.2 [slot0]\nst.8 [@out+16], %2\n"
			      "%2 = ld.2s [slot0]\nst.8 [@out+24], %2\n"
			      "%2 = ld.4 [slot0]\nst.8 [@out+32], %2\n"
			      "%2 = ld.4s [slot0]\nst.8 [@out+40], %2\n"
			      "%2 = ld.8 [slot0]\nst.8 [@out+48], %2\n"
			      "%2 = ld.8s [slot0]\nst.8 [@out+56], %2\n"
			      /* narrow stores leave their neighbours alone */
			      "st.8 [slot0+8], -1\nst.1 [slot0+8], %1\n"
			      "%2 = ld.8 [slot0+8]\nst.8 [@out+64], %2\n"
			      "st.8 [slot0+8], -1\nst.2 [slot0+8], %1\n"
			      "%2 = ld.8 [slot0+8]\nst.8 [@out+72], %2\n"
			      "st.8 [slot0+8], -1\nst.4 [slot0+8], %1\n"
			      "%2 = ld.8 [slot0+8]\nst.8 [@out+80], %2\n"
			      "ret\n"));

	for (size_t i = 0; i < NVALUES; i++) {
		uint64_t v = values[i], *out = heap_word(&r, OUT);

		go(&r, &v, 8);
		assert_int_equal(out[0], (uint8_t)v);
		assert_int_equal(out[1], (uint64_t)(int8_t)v);
		assert_int_equal(out[2], (uint16_t)v);
		assert_int_equal(out[3], (uint64_t)(int16_t)v);
		assert_int_equal(out[4], (uint32_t)v);
		assert_int_equal(out[5], (uint64_t)(int32_t)v);
		assert_int_equal(out[6], v);
		assert_int_equal(out[7], v);
		assert_int_equal(out[8], (~0ull << 8) | (uint8_t)v);
		assert_int_equal(out[9], (~0ull << 16) | (uint16_t)v);
		assert_int_equal(out[10], (~0ull << 32) | (uint32_t)v);
	}
	run_free(&r);
}

static void every_base_reaches_its_memory(void **state)
{
	struct run r = run_new(
		PROBE("slot0 a 5\nslot1 b 16\nb0:\n"
		      "st.8 [slot1], 11\nst.8 [slot1+8], 22\n"
		      "st.1 [slot0+4], 7\n" /* does not run into slot1 */
		      "%1 = addr slot1\n%2 = ld.8 [%1+8]\nst.8 [@out], %2\n"
		      "%1 = addr slot1+8\n%2 = ld.8 [%1]\nst.8 [@out+8], %2\n"
		      "%2 = ld.8 [slot1]\nst.8 [@out+16], %2\n"
		      "%1 = addr @out+16\n%2 = ld.8 [%1]\nst.8 [%1+8], %2\n"
		      "%2 = ld.4 [ctx+4]\nst.8 [@out+32], %2\n" /* probe */
		      "%1 = addr ctx+4\n%2 = ld.4 [%1]\nst.8 [@out+40], %2\n"
		      /* a wild offset wraps to the heap */
		      "%1 = addr @out\n%1 = add %1, 18446744069414584320\n"
		      "st.8 [%1+48], 99\n"
		      "ret\n"));
	uint64_t *out = heap_word(&r, OUT);

	go(&r, NULL, 0);
	assert_int_equal(out[0], 22);
	assert_int_equal(out[1], 22);
	assert_int_equal(out[2], 11);
	assert_int_equal(out[3], 11);
	assert_int_equal(out[4], 0);
	assert_int_equal(out[5], 0);
	assert_int_equal(out[6], 99);
	run_free(&r);
}

static void atomic_adds(void **state)
{
	struct run r = run_new(
		PROBE("b0:\n%1 = ctxld.8 [0]\nxadd.8 [@out], %1\n"
		      "xadd.4 [@out+8], %1\n%2 = addr @out\nxadd.8 [%2+16], 3\n"
		      "xadd.8 [@out+25], 2\n" /* unaligned: plain, but right */
		      "ret\n"));
	uint64_t v = 0xffffffff, *out = heap_word(&r, OUT);
	uint64_t odd;

	out[1] = 0x500000001;
	go(&r, &v, 8);
	go(&r, &v, 8);
	memcpy(&odd, (char *)out + 25, 8);
	assert_int_equal(out[0], 2 * v);
	assert_int_equal(out[1], 0x5ffffffff);
	assert_int_equal(out[2], 6);
	assert_int_equal(odd, 4);
	run_free(&r);
}

static void the_probe_context_reads_as_zero_beyond_its_end(void **state)
{
	struct run r = run_new(PROBE("b0:\n%1 = ctxld.4s [8]\n"
				     "st.8 [@out], %1\n%1 = ctxld.2 [10]\n"
				     "st.8 [@out+8], %1\n%1 = ctxld.1s [11]\n"
				     "st.8 [@out+16], %1\n%1 = ctxld.8 [8]\n"
				     "st.8 [@out+24], %1\nret\n"));
	uint64_t ctx[2] = {1, 0x1122334480818283};
	uint64_t *out = heap_word(&r, OUT);

	go(&r, ctx, sizeof(ctx));
	assert_int_equal(out[0], 0xffffffff80818283);
	assert_int_equal(out[1], 0x8081);
	assert_int_equal(out[2], -128ull);
	assert_int_equal(out[3], ctx[1]);
	go(&r, ctx, 10);
	assert_int_equal(out[0], 0x8283);
	assert_int_equal(out[1], 0);
	assert_int_equal(out[3], 0x8283);
	go(&r, NULL, 0);
	assert_int_equal(out[0], 0);
	run_free(&r);
}

/* ---- control flow and calls ---- */
static void loops_count(void **state)
{
	/* sum of 0 .. n-1, by two nested loops */
	struct run r = run_new(
		PROBE("b0:\n%1 = ctxld.8 [0]\n%2 = mov 0\n%3 = mov 0\njmp b1\n"
		      "b1:\nbr lt %2, %1 -> b2, b5\n"
		      "b2:\n%4 = mov 0\njmp b3\n"
		      "b3:\nbr lt %4, %2 -> b4, b6\n"
		      "b4:\n%3 = add %3, 1\n%4 = add %4, 1\njmp b3\n"
		      "b5:\nst.8 [@out], %3\nret\n"
		      "b6:\n%2 = add %2, 1\njmp b1\n"));

	for (uint64_t n = 0; n < 100; n += 7) {
		go(&r, &n, 8);
		assert_int_equal(*heap_word(&r, OUT), n ? n * (n - 1) / 2 : 0);
	}
	run_free(&r);
}

static const char fib[] =
	"statics 4096\nsymbol out 2048 256\n"
	"func fn_fib(1) value {\n"
	"slot0 kept 8\n"
	"b0:\n%1 = param 0\nst.8 [slot0], %1\nbr lt %1, 2 -> b1, b2\n"
	"b1:\nret %1\n"
	"b2:\n%2 = sub %1, 1\n%3 = call fn_fib(%2)\n"
	"%4 = ld.8 [slot0]\n%4 = sub %4, 2\n%5 = call fn_fib(%4)\n"
	"%3 = add %3, %5\nret %3\n"
	"}\n"
	"handler 0 probe_0 {\nb0:\n%1 = ctxld.8 [0]\n"
	"%2 = call fn_fib(%1)\nst.8 [@out], %2\nret\n}\n";

static void recursion_keeps_registers_and_slots_apart(void **state)
{
	struct run r = run_new(fib);
	uint64_t n = 20;

	go(&r, &n, 8);
	assert_int_equal(*heap_word(&r, OUT), 6765);
	assert_int_equal(head(&r)->counters[WIRE_CNT_ERRORS], 0);
	run_free(&r);
}

static void calls_pass_all_kinds_of_arguments(void **state)
{
	struct run r = run_new(
		"statics 4096\nsymbol out 2048 256\n"
		"func six(6) value {\nb0:\n%1 = param 0\n%2 = param 1\n"
		"%3 = param 2\n%4 = param 3\n%5 = param 4\n%6 = param 5\n"
		"st.8 [%4], %1\nst.8 [%4+8], %2\n%7 = ld.8 [%5]\n"
		"%8 = ld.4 [%6+4]\n%9 = add %7, %8\n%9 = add %9, %3\n"
		"ret %9\n}\n"
		"func nothing(1) {\nb0:\n%1 = param 0\nst.8 [%1], 5\nret\n}\n"
		"handler 3 probe_3 {\nslot0 s 24\nb0:\nst.8 [slot0+16], 40\n"
		"%1 = mov 7\n"
		"%2 = call six(%1, -1, 2, @out+8, slot0+16, ctx)\n"
		"st.8 [@out], %2\ncall nothing(slot0)\n%3 = ld.8 [slot0]\n"
		"st.8 [@out+24], %3\ncall six(0, 0, 0, slot0, slot0, ctx)\n"
		"ret\n}\n");
	uint64_t *out = heap_word(&r, OUT);

	assert_int_equal(engine_run_handler(r.e, 3, UTIL_RUNNING, NULL, 0), 0);
	assert_int_equal(out[0], 40 + 3 + 2); /* ctx.probe is 3 */
	assert_int_equal(out[1], 7);
	assert_int_equal(out[2], -1ull);
	assert_int_equal(out[3], 5);
	run_free(&r);
}

/* ---- errors ---- */
static const char divide[] =
	PROBE("b0:\n%1 = ctxld.8 [0]\n%2 = rt div(ctx, 100, %1)\n"
	      "brerr b1, b2\n"
	      "b1:\nst.8 [@out], -1\nret\n"
	      "b2:\nst.8 [@out], %2\nret\n");

static void an_error_takes_the_error_branch_and_is_accounted(void **state)
{
	struct run r = run_new(divide);
	uint64_t n = 7;

	go(&r, &n, 8);
	assert_int_equal(*heap_word(&r, OUT), 14);
	assert_int_equal(head(&r)->counters[WIRE_CNT_ERRORS], 0);
	n = 0;
	go(&r, &n, 8);
	assert_int_equal(*heap_word(&r, OUT), -1ull);
	assert_int_equal(head(&r)->counters[WIRE_CNT_ERRORS], 1);
	n = -5ull; /* the next activation starts without it */
	go(&r, &n, 8);
	assert_int_equal(*heap_word(&r, OUT), -20ull);
	assert_int_equal(head(&r)->counters[WIRE_CNT_ERRORS], 1);
	run_free(&r);
}

static void a_caught_error_is_gone(void **state)
{
	struct run r = run_new(PROBE("b0:\n%1 = rt mod(ctx, 100, 0)\n"
				     "brerr b1, b2\n"
				     "b1:\nrt catch(ctx, 0)\nbrerr b2, b3\n"
				     "b2:\nst.8 [@out], 2\nret\n"
				     "b3:\nst.8 [@out], 3\nret\n"));

	go(&r, NULL, 0);
	assert_int_equal(*heap_word(&r, OUT), 3);
	assert_int_equal(head(&r)->counters[WIRE_CNT_ERRORS], 0);
	run_free(&r);
}

/* Without a check of ctx.nesting in the script, the engine's own stacks are
   the limit, and their end is an error like any other. */
static void endless_recursion_is_an_error(void **state)
{
	struct run r = run_new("statics 4096\nsymbol out 2048 256\n"
			       "func deep(0) {\nb0:\nxadd.8 [@out], 1\n"
			       "call deep()\nbrerr b1, b1\nb1:\nret\n}\n"
			       "handler 0 probe_0 {\nb0:\ncall deep()\n"
			       "brerr b1, b2\nb1:\nst.8 [@out+8], 1\nret\n"
			       "b2:\nret\n}\n");

	go(&r, NULL, 0);
	assert_int_equal(*heap_word(&r, OUT), UTIL_MAX_NESTING + 1);
	assert_int_equal(*heap_word(&r, OUT + 8), 1);
	assert_int_equal(head(&r)->counters[WIRE_CNT_ERRORS], 1);
	run_free(&r);
}

static void deep_frames_stop_at_the_frame_area(void **state)
{
	struct arena *a = arena_new();
	struct ir_module *m = util_parse(
		a, "statics 4096\nsymbol out 2048 256\n"
		   "func deep(0) {\nslot0 s 1000\nb0:\nxadd.8 [@out], 1\n"
		   "st.8 [slot0+992], -1\n"
		   "call deep()\nbrerr b1, b1\nb1:\nret\n}\n"
		   "handler 0 probe_0 {\nb0:\ncall deep()\nret\n}\n");
	struct run r = {.a = a, .m = m};
	struct engine_env env = {.output = on_output, .data = &r};

	util_image(a, m);
	/* room for five and a half of them */
	assert_true(ir_layout_contexts(m, 5500, 64, 1));
	r.e = engine_new(m, &env);
	go(&r, NULL, 0);
	assert_int_equal(*heap_word(&r, OUT), 5);
	run_free(&r);
}

/* ---- around handlers ---- */
static void a_handler_runs_only_in_its_states(void **state)
{
	struct run r = run_new(PROBE("b0:\nxadd.8 [@out], 1\nret\n"));

	assert_int_equal(engine_run_handler(r.e, 0, 1u << RT_STARTING, NULL, 0),
			 0);
	assert_int_equal(*heap_word(&r, OUT), 0);
	assert_int_equal(engine_run_handler(r.e, 0,
					    UTIL_RUNNING | 1u << RT_STARTING,
					    NULL, 0),
			 0);
	assert_int_equal(*heap_word(&r, OUT), 1);
	assert_int_equal(engine_run_handler(r.e, 1, UTIL_RUNNING, NULL, 0),
			 -ENOENT);
	run_free(&r);
}

static void handlers_without_code_do_not_exist(void **state)
{
	struct run r = run_new("handler 2 probe_2 {\nb0:\nret\n}\n");

	assert_int_equal(engine_run_handler(r.e, 2, UTIL_RUNNING, NULL, 0), 0);
	assert_int_equal(engine_run_handler(r.e, 0, UTIL_RUNNING, NULL, 0),
			 -ENOENT);
	run_free(&r);
}

static void endless_loops_end_at_the_step_limit(void **state)
{
	struct run r = run_new_limited(PROBE("b0:\njmp b1\nb1:\n"
					     "xadd.8 [@out], 1\njmp b1\n"),
				       1000);

	assert_int_equal(engine_run_handler(r.e, 0, UTIL_RUNNING, NULL, 0),
			 -ETIME);
	assert_true(*heap_word(&r, OUT) < 1000);
	assert_true(*heap_word(&r, OUT) > 900);
	/* the context is free again */
	assert_int_equal(engine_run_handler(r.e, 0, UTIL_RUNNING, NULL, 0),
			 -ETIME);
	run_free(&r);
}

static void output_reaches_the_callback(void **state)
{
	static const char script[] =
		"statics 4096\n"
		"handler 0 probe_0 {\nslot0 s 72\nb0:\n"
		"rt str_set(ctx, slot0, 8026728)\n" /* "hzz" */
		"rt out_text(ctx, 2, slot0)\nret\n}\n";
	struct run r = {.a = arena_new()};
	struct engine_env env = {.output = on_output, .data = &r};

	r.m = util_parse(r.a, script);
	util_check(r.a, r.m);
	util_image(r.a, r.m);
	r.e = engine_new(r.m, &env);
	go(&r, NULL, 0);
	assert_int_equal(r.records, 1);
	assert_non_null(memmem(r.last, sizeof(r.last), "hzz", 4));
	go(&r, NULL, 0);
	assert_int_equal(r.records, 2);
	run_free(&r);
}

/* ---- life ---- */
static void two_engines_do_not_share_anything(void **state)
{
	struct run r = run_new(fib), s = run_new(fib);
	uint64_t n = 5, k = 6;

	go(&r, &n, 8);
	go(&s, &k, 8);
	assert_int_equal(*heap_word(&r, OUT), 5);
	assert_int_equal(*heap_word(&s, OUT), 8);
	run_free(&r);
	go(&s, &n, 8);
	assert_int_equal(*heap_word(&s, OUT), 5);
	run_free(&s);
	engine_free(NULL);
}

static void unusable_images_are_refused(void **state)
{
	struct arena *a = arena_new();
	struct ir_module *m = util_parse(a, fib);
	struct engine_env env = {.output = on_output};
	struct image good, *image;
	struct rt_head *h;

	errno = 0;
	assert_null(engine_new(m, &env));
	assert_int_equal(errno, EINVAL);
	image = util_image(a, m);
	good = *image;
	image->heap_slack = 64;
	assert_null(engine_new(m, &env));
	*image = good;
	image->heap_size -= 8;
	assert_null(engine_new(m, &env));
	*image = good;
	image->heap_size = IR_HEAP_MAX * 2;
	assert_null(engine_new(m, &env));
	*image = good;
	image->heap_init_len = 8;
	assert_null(engine_new(m, &env));
	*image = good;
	h = arena_memdup(a, good.heap_init, good.heap_init_len);
	image->heap_init = (const w_u8 *)h;
	h->ctx_count = 1u << 20;
	assert_null(engine_new(m, &env));
	h->ctx_count = 0;
	assert_null(engine_new(m, &env));
	h->ctx_count = 1;
	h->out_cap = h->ctx_size;
	assert_null(engine_new(m, &env));
	arena_free(a);
}

static void a_destroyed_head_is_noticed(void **state)
{
	struct run r = run_new("statics 4096\nhandler 0 probe_0 {\nb0:\nret\n"
			       "}\n");

	head(&r)->ctx_off += 8;
	assert_int_equal(engine_run_handler(r.e, 0, UTIL_RUNNING, NULL, 0),
			 -EFAULT);
	run_free(&r);
}

static void frames_hold_every_slot_rounded_to_words(void **state)
{
	struct arena *a = arena_new();
	struct ir_module *m = util_parse(
		a, "func f(0) {\nslot0 a 1\nslot1 b 8\nslot2 c 9\nb0:\nret\n}\n"
		   "func g(0) {\nb0:\nret\n}\n");
	uint32_t sizes[2];

	engine_frame_sizes(m, sizes);
	assert_int_equal(sizes[0], 8 + 8 + 16);
	assert_int_equal(sizes[1], 0);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operations_compute_what_c_does),
		cmocka_unit_test(operations_take_numbers_on_either_side),
		cmocka_unit_test(branches_decide_as_comparisons_do),
		cmocka_unit_test(unary_operations_and_moves),
		cmocka_unit_test(loads_and_stores_have_size_and_sign),
		cmocka_unit_test(every_base_reaches_its_memory),
		cmocka_unit_test(atomic_adds),
		cmocka_unit_test(
			the_probe_context_reads_as_zero_beyond_its_end),
		cmocka_unit_test(loops_count),
		cmocka_unit_test(recursion_keeps_registers_and_slots_apart),
		cmocka_unit_test(calls_pass_all_kinds_of_arguments),
		cmocka_unit_test(
			an_error_takes_the_error_branch_and_is_accounted),
		cmocka_unit_test(a_caught_error_is_gone),
		cmocka_unit_test(endless_recursion_is_an_error),
		cmocka_unit_test(deep_frames_stop_at_the_frame_area),
		cmocka_unit_test(a_handler_runs_only_in_its_states),
		cmocka_unit_test(handlers_without_code_do_not_exist),
		cmocka_unit_test(endless_loops_end_at_the_step_limit),
		cmocka_unit_test(output_reaches_the_callback),
		cmocka_unit_test(two_engines_do_not_share_anything),
		cmocka_unit_test(unusable_images_are_refused),
		cmocka_unit_test(a_destroyed_head_is_noticed),
		cmocka_unit_test(frames_hold_every_slot_rounded_to_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
