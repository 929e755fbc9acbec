/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code as the engine runs it. decode.c makes it, exec.c runs it.
 *
 * Every operand is "register + constant": a number is the register that holds
 * 0 plus the number, a slot the frame register plus an offset, and so on. That
 * leaves one form of each operation, and no test of operand kinds when it
 * runs. A function's registers:
 *
 *   0                 takes results that nobody wants
 *   1 .. nregs - 1    the IR's registers
 *   nregs             always 0
 *   nregs + 1         heap offset of the frame
 *   nregs + 2         heap offset of the context
 *   nregs + 3         left operand of an operation, when it is not a register
 *   nregs + 4 ...     parameters
 */
#ifndef ENGINE_CODE_H
#define ENGINE_CODE_H

#include "engine/engine.h"

#define CODE_OPS(X)                                                            \
	X(MOV)                                                                 \
	X(NEG)                                                                 \
	X(NOT)                                                                 \
	X(ADD) X(SUB) X(MUL) X(AND) X(OR) X(XOR) X(SHL) X(SHR)                 \
		X(SAR) /* in the order of enum ir_cc */                        \
		X(SET_EQ) X(SET_NE) X(SET_LT) X(SET_LE) X(SET_GT) X(SET_GE)    \
			X(SET_ULT) X(SET_ULE) X(SET_UGT) X(SET_UGE) X(BR_EQ)   \
				X(BR_NE) X(BR_LT) X(BR_LE) X(BR_GT) X(BR_GE)   \
					X(BR_ULT) X(BR_ULE) X(BR_UGT) X(       \
						BR_UGE) /* by size 1 2 4 8 */  \
		X(LD1) X(LD2) X(LD4) X(LD8) X(LD1S) X(LD2S) X(LD4S) X(ST1)     \
			X(ST2) X(ST4) X(ST8) X(XADD4) X(XADD8) X(CTXLD) X(RT0) \
				X(RT1) X(RT2) X(RT3) X(RT4) X(RT5) X(CALL)     \
					X(JMP) X(BRERR) X(RET) X(STEP)

enum code_op {
#define X(name) CODE_##name,
	CODE_OPS(X)
#undef X
		CODE_OP_COUNT
};

enum code_special {
	CODE_ZERO,
	CODE_FRAME,
	CODE_CONTEXT,
	CODE_LEFT,
	CODE_PARAMS, /* the first of them */
};

struct code_arg {
	uint32_t reg;
	int64_t imm;
};

typedef void (*code_fn)(void); /* cast to its real type by argument count */

struct code_func {
	uint32_t entry; /* index in code[] */
	uint32_t nregs; /* of the IR */
	uint32_t nparams;
	uint32_t frame_regs; /* all registers of a frame */
	uint32_t frame_size; /* bytes of slots */
};

struct code_insn {
	uint16_t op;  /* enum code_op */
	uint8_t size; /* CTXLD */
	bool is_signed;
	uint32_t d, a, b; /* registers */
	union {
		int64_t imm;		     /* added to b (to a: MOV, RET) */
		const struct code_arg *args; /* RT, CALL */
	};
	union {
		int64_t off;		      /* added to a: memory */
		uint32_t to[2];		      /* index in code[] */
		code_fn fn;		      /* RT */
		const struct code_func *func; /* CALL */
	};
};

/* An activation to return to. */
struct code_call {
	const struct code_insn *pc;
	const struct code_func *func;
	uint64_t *regs;
};

struct engine {
	struct code_insn *code;
	uint32_t ncode;
	struct code_arg *args;
	uint32_t nargs;
	struct code_func *funcs;
	uint32_t nfuncs;
	struct handler {
		const struct code_func
			*func; /* NULL: the handler has no code */
		uint32_t flags;
	} * handlers;
	uint32_t nhandlers;

	w_u8 *heap;
	size_t heap_map; /* bytes mapped, guard page included */
	uint32_t heap_size;
	/* copies: what a wild store does to rt_head must not mislead us */
	uint32_t ctx_off, ctx_size, ctx_count, frame_bytes;

	/* enough for the deepest call chain that MAXNESTING allows */
	uint64_t *regs, *regs_end;
	struct code_call *calls, *calls_end;

	const w_u8 *pctx;
	size_t pctx_len;
	struct engine_env env;
};

/* Fills code, args, funcs, handlers. 0 or -ENOMEM. */
int engine_decode(struct engine *e, const struct ir_module *m);
/* c: the context's heap offset. 0, -ETIME, or -ENOSPC: frame area too small. */
int engine_exec(struct engine *e, const struct code_func *f, uint32_t c);

#endif
