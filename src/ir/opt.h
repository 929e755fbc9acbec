/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the optimiser; opt.c has the passes in order. */
#ifndef IR_OPT_H
#define IR_OPT_H

#include "ir/ir.h"

struct opt {
	struct arena *a;     /* gone after the pass */
	struct ir_module *m; /* what stays is allocated in m->arena */
	struct ir_func *f;
	/*
	 * A context's address is only ever used in place (as an operand), so a
	 * store through a register cannot hit ctx.error and its neighbours.
	 */
	bool ctx_in_place;
};

/* A pass over one function; true when it changed something. The function's
   ir_analyse() facts are fresh before each pass. */
bool opt_cfg(struct opt *o);
bool opt_reduce(struct opt *o);
bool opt_values(struct opt *o);
bool opt_errors(struct opt *o);
bool opt_strings(struct opt *o);
bool opt_stores(struct opt *o);
bool opt_moves(struct opt *o);
bool opt_dead(struct opt *o);

/* ---- facts about single instructions (opt.c) ---- */
/* A division by a number other than 0 can neither fail nor read anything. */
bool opt_is_safe_division(const struct ir_insn *in);
/* May leave ctx.error set. */
bool opt_may_fail(const struct ir_insn *in);
/* Its result is all that it does. */
bool opt_is_removable(const struct ir_insn *in);
/* May change memory: anything but the frame of a slot that is never passed. */
bool opt_writes(const struct ir_insn *in);
/* Slots whose address is taken or passed: bool per slot. */
bool *opt_find_escapes(struct opt *o);
bool opt_same_val(const struct ir_val *a, const struct ir_val *b);
/* in becomes "d = mov v" (addr, for memory operands), keeping d and loc. */
void opt_to_move(struct ir_insn *in, struct ir_val v);

/* ---- what run-time functions do to memory (opt_rt.c) ---- */
enum opt_effect {
	EFFECT_ANY, /* may write all that is not a slot of ours it never saw */
	EFFECT_DST, /* the string at argument 1, and the context */
	EFFECT_CTX, /* the context (struct rt_ctx, output buffer) only */
};

struct opt_rt {
	uint8_t effect; /* enum opt_effect */
	uint8_t reads;	/* bit i: argument i is a string that it only reads */
	bool only_dst;	/* pointless when nobody reads the string */
};
extern const struct opt_rt opt_rt[RT_FN_COUNT];

/* Folds constants and simplifies, within one instruction; opt_fold.c. */
bool opt_fold(struct ir_insn *in);

#endif
