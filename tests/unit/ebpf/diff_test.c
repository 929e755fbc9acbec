// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random modules, run by the kernel with both kinds of loops, must leave the
 * same memory as in the engine. And every arithmetic operation and condition
 * with every shape of operands, against ir_eval().
 *
 * DIFF_SEED=n runs one seed only, DIFF_COUNT=n that many.
 */
#include "unit/ebpf/ebpf_util.h"

#include "unit/ir/ir_random.h"

static const uint64_t args[10] = {
	3, 0, (uint64_t)-1, 1ull << 63, 77, 12345678901234ull, 2, 9, 10, 11};

static int drop(void *data, const void *record, w_u64 size, w_u32 flags)
{
	return 0;
}

static void run_engine(const struct ir_module *m, uint8_t *out)
{
	struct engine_env env = {.output = drop};
	struct engine *e = engine_new(m, &env);

	assert_non_null(e);
	assert_int_equal(
		engine_run_handler(e, 0, UTIL_RUNNING, args, sizeof(args)), 0);
	memcpy(out, (uint8_t *)engine_heap(e) + RANDOM_OUT, RANDOM_OUT_SIZE);
	engine_free(e);
}

static void report(struct arena *a, const struct ir_module *m,
		   const uint8_t *want, const uint8_t *got)
{
	for (uint32_t i = 0; i < RANDOM_OUT_SIZE; i += 8)
		if (memcmp(want + i, got + i, 8))
			print_error("@out+%u: want %016llx, got %016llx\n", i,
				    *(const unsigned long long *)(want + i),
				    *(const unsigned long long *)(got + i));
	print_error("%s\n", util_print(a, m));
}

static void compare_seed(uint64_t seed)
{
	uint8_t want[RANDOM_OUT_SIZE];

	for (int may_goto = 0; may_goto < 2; may_goto++) {
		if (may_goto && !ebpf_feature(EBPF_MAY_GOTO, NULL))
			continue;
		struct arena *a = arena_new();
		struct ir_module *m = random_module(a, seed);
		struct ebpf_loaded l;
		bool same;

		util_check(a, m);
		util_image(a, m);
		if (!may_goto)
			run_engine(m, want);
		ebpf_util_load(a, m, may_goto, &l);
		assert_int_equal(ebpf_run(&l, "probe_0", args, 10), 0);
		same = !memcmp(l.heap + RANDOM_OUT, want, RANDOM_OUT_SIZE);
		if (!same) {
			report(a, m, want, l.heap + RANDOM_OUT);
			fail_msg("seed %llu, %s", (unsigned long long)seed,
				 may_goto ? "may_goto" : "bpf_loop");
		}
		ebpf_unload(&l);
		arena_free(a);
	}
}

static void random_modules_agree_with_the_engine(void **state)
{
	const char *seed = getenv("DIFF_SEED"), *count = getenv("DIFF_COUNT");
	uint64_t n = count ? strtoull(count, NULL, 0) : 40;

	ebpf_util_need_bpf();
	if (ebpf_util_skip(false))
		return;
	if (seed) {
		compare_seed(strtoull(seed, NULL, 0));
		return;
	}
	for (uint64_t s = 1; s <= n; s++)
		compare_seed(s);
}

/* ---- every operation, every shape ---- */
static const int64_t values[] = {0,	     1,		-1,
				 5,	     63,	64,
				 INT64_MIN,  INT64_MAX, 0x80000000ll,
				 0x7fffffff, -7,	0x123456789abcdefll};
#define NVALUES (sizeof(values) / sizeof(*values))
#define NPAIRS (NVALUES * NVALUES)
#define SWEEP_OUT 8192u
#define KEPT 12 /* more than there are callee-saved registers */
#define KEPT_OUT 2048u

/*
 * shape: bit 0, 1: operand 1, 2 is a number; bits 2, 3: d is another register,
 * operand 1, or operand 2; bit 4: everything lives across calls, so in memory.
 */
static bool is_shape(uint32_t shape)
{
	return (shape >> 2 & 3) < 3;
}

struct sweep {
	struct ir_module *m;
	struct ir_func *f;
	uint32_t b;
};

static void mov(struct sweep *s, ir_reg d, int64_t v)
{
	ir_emit(s->m, s->f, s->b,
		(struct ir_insn){.op = IR_MOV, .d = d, .a = iv_imm(v)});
}

static void clobber(struct sweep *s, uint32_t shape)
{
	if (shape & 16)
		ir_emit(s->m, s->f, s->b,
			(struct ir_insn){.op = IR_RT, .fn = RT_FN_cpu});
}

static void store(struct sweep *s, uint32_t at, ir_reg r)
{
	ir_emit(s->m, s->f, s->b,
		(struct ir_insn){.op = IR_ST,
				 .size = 8,
				 .a = iv_heap(at),
				 .b = iv_reg(r)});
}

/* Computes `in` for the pair and stores the result. */
static void sweep_pair(struct sweep *s, struct ir_insn in, uint32_t shape,
		       int64_t va, int64_t vb, uint32_t at)
{
	ir_reg ra = ir_reg_new(s->f), rb = ir_reg_new(s->f);
	uint32_t alias = shape >> 2 & 3;

	mov(s, ra, va);
	mov(s, rb, vb);
	clobber(s, shape);
	in.a = shape & 1 ? iv_imm(va) : iv_reg(ra);
	in.b = shape & 2 ? iv_imm(vb) : iv_reg(rb);
	if (in.op == IR_NEG || in.op == IR_NOT || in.op == IR_MOV)
		in.b = IV_NOTHING;
	in.d = alias == 1 ? ra : alias == 2 ? rb : ir_reg_new(s->f);
	ir_emit(s->m, s->f, s->b, in);
	clobber(s, shape);
	store(s, at, in.d);
}

/* One handler that computes all n instructions for all pairs. */
static struct ir_module *sweep(struct arena *a, const struct ir_insn *ins,
			       uint32_t n, uint32_t shape)
{
	struct sweep s = {.m = ir_module_new(a)};
	ir_reg keep[KEPT];

	s.f = ir_func_new(s.m, "probe_0");
	s.b = ir_block_new(s.m, s.f);
	s.m->statics_end = SWEEP_OUT + 8 * NPAIRS * n;
	s.f->is_handler = true;
	for (uint32_t i = 0; i < KEPT; i++) {
		keep[i] = ir_reg_new(s.f);
		ir_emit(s.m, s.f, s.b,
			(struct ir_insn){
				.op = IR_CTXLD, .d = keep[i], .size = 8});
	}
	for (uint32_t i = 0; i < n * NPAIRS; i++)
		sweep_pair(&s, ins[i / NPAIRS], shape,
			   values[i % NPAIRS / NVALUES], values[i % NVALUES],
			   SWEEP_OUT + 8 * i);
	for (uint32_t i = 0; i < KEPT; i++)
		store(&s, KEPT_OUT + 8 * i, keep[i]);
	ir_emit(s.m, s.f, s.b, (struct ir_insn){.op = IR_RET});
	return s.m;
}

static void check_sweep(const struct ir_insn *ins, uint32_t n, uint32_t shape)
{
	bool may_goto = ebpf_feature(EBPF_MAY_GOTO, NULL);
	struct arena *a = arena_new();
	struct ir_module *m = sweep(a, ins, n, shape);
	struct ebpf_loaded l;

	util_check(a, m);
	ebpf_util_load(a, m, may_goto, &l);
	assert_int_equal(ebpf_run(&l, "probe_0", args, 10), 0);
	for (uint32_t i = 0; i < n * NPAIRS; i++) {
		const struct ir_insn *in = &ins[i / NPAIRS];
		uint64_t va = (uint64_t)values[i % NPAIRS / NVALUES];
		uint64_t vb = (uint64_t)values[i % NVALUES];
		uint64_t want = in->op == IR_SET ? ir_eval_cc(in->cc, va, vb)
						 : ir_eval(in->op, va, vb);

		if (ebpf_word(&l, SWEEP_OUT + 8 * i) != want)
			fail_msg("%s cc %u shape %u: %lld, %lld: got %lld",
				 ir_op_info[in->op].text, in->cc, shape,
				 (long long)va, (long long)vb,
				 (long long)ebpf_word(&l, SWEEP_OUT + 8 * i));
	}
	for (uint32_t i = 0; i < KEPT; i++)
		assert_int_equal(ebpf_word(&l, KEPT_OUT + 8 * i), args[0]);
	ebpf_unload(&l);
	arena_free(a);
}

/*
 * All in one program for each shape: thousands of programs loaded and closed
 * within a second can block the kernel (6.18) for good.
 */
static void every_operation_in_every_shape(void **state)
{
	struct ir_insn ins[IR_SAR - IR_MOV + 1];
	uint32_t n = 0;

	ebpf_util_need_bpf();
	if (ebpf_util_skip(false))
		return;
	for (uint32_t op = IR_MOV; op <= IR_SAR; op++)
		if (op != IR_ADDR)
			ins[n++] = (struct ir_insn){.op = op};
	for (uint32_t shape = 0; shape < 32; shape++)
		if (is_shape(shape))
			check_sweep(ins, n, shape);
}

static void every_condition_in_every_shape(void **state)
{
	struct ir_insn ins[IR_CC_COUNT];

	ebpf_util_need_bpf();
	if (ebpf_util_skip(false))
		return;
	for (uint32_t cc = 0; cc < IR_CC_COUNT; cc++)
		ins[cc] = (struct ir_insn){.op = IR_SET, .cc = cc};
	for (uint32_t shape = 0; shape < 32; shape++)
		if (is_shape(shape))
			check_sweep(ins, IR_CC_COUNT, shape);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_in_every_shape),
		cmocka_unit_test(every_condition_in_every_shape),
		cmocka_unit_test(random_modules_agree_with_the_engine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
