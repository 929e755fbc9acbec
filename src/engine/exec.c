// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The interpreter's loop. Script functions run on an explicit stack (registers
 * in engine.regs, slots in the context's frame area), so recursion in a script
 * never deepens the C stack.
 *
 * Memory is safe for every module that passed ir_check(): an offset from a
 * register is masked to the heap, and the constant added to it is smaller
 * than the slack behind the heap.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "engine/code.h"
#include "rt.h"

/* Sets up the registers that code.h gives a meaning. */
static void frame_init(const struct code_func *f, uint64_t *regs, uint64_t fp,
		       uint64_t c)
{
	uint64_t *s = regs + f->nregs;

	s[CODE_ZERO] = 0;
	s[CODE_FRAME] = fp;
	s[CODE_CONTEXT] = c;
}

static uint64_t load_probe_context(const struct engine *e,
				   const struct code_insn *in)
{
	uint8_t v1 = 0, *bytes;
	uint16_t v2 = 0;
	uint32_t v4 = 0;
	uint64_t v8 = 0;

	bytes = in->size == 1	? &v1
		: in->size == 2 ? (uint8_t *)&v2
		: in->size == 4 ? (uint8_t *)&v4
				: (uint8_t *)&v8;
	for (uint32_t i = 0; i < in->size; i++)
		if ((uint64_t)in->off + i < e->pctx_len)
			bytes[i] = e->pctx[in->off + i];
	if (in->is_signed)
		return in->size == 1   ? (uint64_t)(int8_t)v1
		       : in->size == 2 ? (uint64_t)(int16_t)v2
		       : in->size == 4 ? (uint64_t)(int32_t)v4
				       : v8;
	return v1 | v2 | v4 | v8;
}

/*
 * Room for one more activation; enough for every chain of calls that
 * MAXNESTING allows, so running out means that the script's own check of
 * ctx.nesting is missing.
 */
static bool can_call(const struct engine *e, const struct code_func *callee,
		     const uint64_t *regs, const struct code_call *top,
		     uint64_t fp, uint64_t frame_end)
{
	return top < e->calls_end && e->regs_end - regs >= callee->frame_regs &&
	       fp + callee->frame_size <= frame_end;
}

/* clang-format off */

/* Operands: see the head of code.h. */
#define A r[in->a]
#define B (r[in->b] + (uint64_t)in->imm)
#define D r[in->d]
#define MEM (heap + (r[in->a] & mask) + in->off)
#define ARG(i) (r[in->args[i].reg] + (uint64_t)in->args[i].imm)
#define FN(...) ((w_u64 (*)(__VA_ARGS__))in->fn)

#define NEXT goto *label[(++in)->op]
#define JUMP(where) do { in = &e->code[where]; goto *label[in->op]; } while (0)

#define DO_BIN(name, value) L_##name: D = (value); NEXT;
#define DO_CC(name, type, op)                           \
	L_SET_##name: D = (type)A op (type)B; NEXT;     \
	L_BR_##name: JUMP(in->to[!((type)A op (type)B)]);
#define DO_LD(name, type)                               \
	L_##name: {                                     \
		type v_;                                \
		memcpy(&v_, MEM, sizeof(v_));           \
		D = (uint64_t)v_;                       \
	} NEXT;
#define DO_ST(name, type)                               \
	L_##name: {                                     \
		type v_ = (type)B;                      \
		memcpy(MEM, &v_, sizeof(v_));           \
	} NEXT;
/* Atomic where it is aligned, as checked programs are. */
#define DO_XADD(name, type)                             \
	L_##name: {                                     \
		void *p_ = MEM;                         \
		type v_;                                \
		if ((uintptr_t)p_ % sizeof(v_) == 0) {  \
			__atomic_fetch_add((type *)p_, (type)B, \
					   __ATOMIC_RELAXED); \
		} else {                                \
			memcpy(&v_, p_, sizeof(v_));    \
			v_ += (type)B;                  \
			memcpy(p_, &v_, sizeof(v_));    \
		}                                       \
	} NEXT;

int engine_exec(struct engine *e, const struct code_func *f, uint32_t c)
{
	static const void *const label[CODE_OP_COUNT] = {
#define X(name) &&L_##name,
		CODE_OPS(X)
#undef X
	};
	w_u8 *const heap = e->heap;
	const uint64_t mask = e->heap_size - 1;
	const struct rt_ctx *ctx = (const struct rt_ctx *)(heap + c);
	const uint64_t frame_end = (uint64_t)c + RT_CTX_FRAME + e->frame_bytes;
	const struct code_insn *in;
	struct code_call *top = e->calls;
	uint64_t *r = e->regs, fp = (uint64_t)c + RT_CTX_FRAME;
	uint64_t steps = e->env.step_limit;

	if (!can_call(e, f, r, top, fp, frame_end))
		return -ENOSPC;
	frame_init(f, r, fp, c);
	JUMP(f->entry);

	DO_BIN(MOV, A + (uint64_t)in->imm)
	DO_BIN(NEG, -A)
	DO_BIN(NOT, ~A)
	DO_BIN(ADD, A + B)
	DO_BIN(SUB, A - B)
	DO_BIN(MUL, A * B)
	DO_BIN(AND, A & B)
	DO_BIN(OR, A | B)
	DO_BIN(XOR, A ^ B)
	DO_BIN(SHL, A << (B & 63))
	DO_BIN(SHR, A >> (B & 63))
	DO_BIN(SAR, (uint64_t)((int64_t)A >> (B & 63)))

	DO_CC(EQ, uint64_t, ==)
	DO_CC(NE, uint64_t, !=)
	DO_CC(LT, int64_t, <)
	DO_CC(LE, int64_t, <=)
	DO_CC(GT, int64_t, >)
	DO_CC(GE, int64_t, >=)
	DO_CC(ULT, uint64_t, <)
	DO_CC(ULE, uint64_t, <=)
	DO_CC(UGT, uint64_t, >)
	DO_CC(UGE, uint64_t, >=)

	DO_LD(LD1, uint8_t)
	DO_LD(LD2, uint16_t)
	DO_LD(LD4, uint32_t)
	DO_LD(LD8, uint64_t)
	DO_LD(LD1S, int8_t)
	DO_LD(LD2S, int16_t)
	DO_LD(LD4S, int32_t)
	DO_ST(ST1, uint8_t)
	DO_ST(ST2, uint16_t)
	DO_ST(ST4, uint32_t)
	DO_ST(ST8, uint64_t)
	DO_XADD(XADD4, uint32_t)
	DO_XADD(XADD8, uint64_t)
	DO_BIN(CTXLD, load_probe_context(e, in))

	DO_BIN(RT0, FN(void)())
	DO_BIN(RT1, FN(w_u64)(ARG(0)))
	DO_BIN(RT2, FN(w_u64, w_u64)(ARG(0), ARG(1)))
	DO_BIN(RT3, FN(w_u64, w_u64, w_u64)(ARG(0), ARG(1), ARG(2)))
	DO_BIN(RT4, FN(w_u64, w_u64, w_u64, w_u64)
		       (ARG(0), ARG(1), ARG(2), ARG(3)))
	DO_BIN(RT5, FN(w_u64, w_u64, w_u64, w_u64, w_u64)
		       (ARG(0), ARG(1), ARG(2), ARG(3), ARG(4)))

L_CALL: {
		const struct code_func *callee = in->func;
		uint64_t *regs = r + f->frame_regs, *params;

		if (!can_call(e, callee, regs, top, fp + f->frame_size,
			      frame_end)) {
			D = 0;
			rt_error_code(c, RT_MSG_MAXNESTING);
			NEXT;
		}
		params = regs + callee->nregs + CODE_PARAMS;
		for (uint32_t i = 0; i < callee->nparams; i++)
			params[i] = ARG(i);
		*top++ = (struct code_call){ in, f, r };
		fp += f->frame_size;
		f = callee;
		r = regs;
		frame_init(f, r, fp, c);
		JUMP(f->entry);
	}
L_RET: {
		uint64_t value = A + (uint64_t)in->imm;

		if (top == e->calls)
			return 0;
		top--;
		in = top->pc;
		f = top->func;
		r = top->regs;
		fp -= f->frame_size;
		D = value;
		NEXT;
	}
L_JMP:
	JUMP(in->to[0]);
L_BRERR:
	JUMP(in->to[!ctx->error]);
L_STEP:
	if (!--steps)
		return -ETIME;
	NEXT;
}
/* clang-format on */
