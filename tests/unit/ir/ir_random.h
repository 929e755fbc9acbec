/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random modules that pass ir_check(), end by themselves and touch only their
 * own memory, so that two versions of one can be compared by what they leave
 * in @out: the final registers of the handler, and all stores.
 */
#ifndef UNIT_IR_RANDOM_H
#define UNIT_IR_RANDOM_H

#include <stddef.h>

#include "unit/ir/ir_util.h"

#define RANDOM_OUT 2048u /* heap offset of @out */
#define RANDOM_OUT_SIZE 1024u
#define RANDOM_STATICS 4096u

struct random_gen {
	uint64_t state;
	struct ir_module *m;
	struct ir_func *f;
	uint32_t cur;	      /* block */
	uint32_t nvars;	      /* registers 1..nvars are variables */
	uint32_t ints, strs;  /* slots: one for integers, then strings */
	uint32_t loops;	      /* nesting */
	uint32_t handler_err; /* where errors go; 0: nowhere */
	ir_reg caller; /* in functions: address of the caller's integers */
};

static inline uint32_t rnd(struct random_gen *g, uint32_t n)
{
	g->state ^= g->state << 13;
	g->state ^= g->state >> 7;
	g->state ^= g->state << 17;
	return (uint32_t)(g->state >> 20) % n;
}

static inline void rnd_emit(struct random_gen *g, struct ir_insn in)
{
	ir_emit(g->m, g->f, g->cur, in);
}

static inline ir_reg rnd_var(struct random_gen *g)
{
	return 1 + rnd(g, g->nvars);
}

static inline int64_t rnd_number(struct random_gen *g)
{
	static const int64_t nice[] = {0,  1,  -1, 2,  8,	  16,	    63,
				       64, -8, 7,  10, INT64_MIN, INT64_MAX};

	switch (rnd(g, 3)) {
	case 0:
		return nice[rnd(g, 13)];
	case 1:
		return (int64_t)rnd(g, 100);
	default:
		return (int64_t)((uint64_t)rnd(g, UINT32_MAX) << 32 |
				 rnd(g, UINT32_MAX));
	}
}

static inline struct ir_val rnd_plain(struct random_gen *g)
{
	return rnd(g, 3) ? iv_reg(rnd_var(g)) : iv_imm(rnd_number(g));
}

/* A place for 8 aligned bytes; *off for the instruction. */
static inline struct ir_val rnd_place(struct random_gen *g, int32_t *off)
{
	ir_reg r;

	*off = (int32_t)(8 * rnd(g, 4));
	switch (rnd(g, 6)) {
	case 5:
		if (g->caller)
			return iv_reg(g->caller);
		return iv_slot(g->ints, 8);
	case 4: /* a field that the run-time library leaves alone */
		*off = 0;
		return iv_ctx(offsetof(struct rt_ctx, ret));
	case 0:
		return iv_slot(g->ints, 8 * rnd(g, 4));
	case 1:
		return iv_heap(RANDOM_OUT + 512 + 8 * rnd(g, 16));
	case 2:
		r = ir_reg_new(g->f);
		rnd_emit(g, (struct ir_insn){.op = IR_ADDR,
					     .d = r,
					     .a = iv_slot(g->ints, 0)});
		return iv_reg(r);
	default:
		r = ir_reg_new(g->f);
		rnd_emit(g, (struct ir_insn){.op = IR_AND,
					     .d = r,
					     .a = iv_reg(rnd_var(g)),
					     .b = iv_imm(0x38)});
		rnd_emit(g, (struct ir_insn){.op = IR_ADD,
					     .d = r,
					     .a = iv_reg(r),
					     .b = iv_imm(RANDOM_OUT + 512)});
		return iv_reg(r);
	}
}

static inline void rnd_rt(struct random_gen *g, enum rt_fn fn, ir_reg d,
			  const struct ir_val *args)
{
	rnd_emit(g, (struct ir_insn){
			    .op = IR_RT,
			    .d = d,
			    .fn = fn,
			    .args = ir_args(g->m, args, rt_info[fn].nargs),
			    .nargs = rt_info[fn].nargs});
}

/* A string: a slot, a global, or a register that points to either. */
static inline struct ir_val rnd_str(struct random_gen *g)
{
	struct ir_val v = iv_slot(g->strs + rnd(g, 3), 0);
	ir_reg r;

	if (!rnd(g, 3))
		v = iv_heap(RANDOM_OUT + 768);
	if (rnd(g, 5))
		return v;
	r = ir_reg_new(g->f);
	rnd_emit(g, (struct ir_insn){.op = IR_ADDR, .d = r, .a = v});
	return iv_reg(r);
}

static inline void rnd_brerr(struct random_gen *g)
{
	uint32_t next = ir_block_new(g->m, g->f);
	uint32_t fail = g->handler_err ? g->handler_err : next;

	rnd_emit(g, (struct ir_insn){.op = IR_BRERR, .to = {fail, next}});
	g->cur = next;
}

static inline void rnd_string_op(struct random_gen *g)
{
	struct ir_val c = iv_ctx(0), s = rnd_str(g), t = rnd_str(g);

	switch (rnd(g, 16)) {
	case 13: /* errors are seen here, too */
		rnd_emit(g, (struct ir_insn){.op = IR_LD,
					     .size = 4,
					     .d = rnd_var(g),
					     .a = iv_ctx(offsetof(struct rt_ctx,
								  error))});
		return;
	case 9:
	case 10: /* a short string by words, as lowering makes it */
		rnd_emit(g, (struct ir_insn){.op = IR_ST,
					     .size = 8,
					     .a = s,
					     .b = iv_imm(1)});
		rnd_emit(g, (struct ir_insn){.op = IR_ST,
					     .size = 8,
					     .a = s,
					     .off = 8,
					     .b = iv_imm('0' + rnd(g, 9))});
		return;
	case 11:
	case 12:
		rnd_emit(g, (struct ir_insn){.op = IR_LD,
					     .size = rnd(g, 2) ? 4 : 8,
					     .d = rnd_var(g),
					     .a = s,
					     .off = rnd(g, 2) ? 8 : 0});
		return;
	case 0:
		rnd_rt(g, RT_FN_str_set, 0,
		       (struct ir_val[]){c, s, iv_imm('a' + rnd(g, 20))});
		return;
	case 1:
		rnd_rt(g, RT_FN_str_cat, 0, (struct ir_val[]){c, s, t});
		return;
	case 2:
		rnd_rt(g, RT_FN_str_eq, rnd_var(g), (struct ir_val[]){s, t});
		return;
	case 3:
		rnd_rt(g, RT_FN_substr, 0,
		       (struct ir_val[]){c, s, t, rnd_plain(g), rnd_plain(g)});
		return;
	case 4:
		rnd_rt(g, RT_FN_out_text, 0,
		       (struct ir_val[]){c, iv_imm(WIRE_ENT_TEXT), t});
		return;
	case 5:
		rnd_rt(g, RT_FN_error, 0, (struct ir_val[]){c, t});
		if (rnd(g, 3))
			rnd_rt(g, RT_FN_catch, 0, (struct ir_val[]){c, s});
		else
			rnd_brerr(g);
		return;
	case 6:
		rnd_rt(g, RT_FN_strpos, rnd_var(g), (struct ir_val[]){s, t});
		return;
	default:
		rnd_rt(g, RT_FN_str_copy, 0, (struct ir_val[]){c, s, t});
		return;
	}
}

static inline void rnd_call(struct random_gen *g)
{
	struct ir_func *callee;
	struct ir_val args[3];

	if (!g->f->index)
		return;
	callee = g->m->funcs.v[rnd(g, g->f->index)];
	args[0] = iv_slot(g->ints, 0);
	if (rnd(g, 2)) {
		ir_reg r = ir_reg_new(g->f);

		rnd_emit(g,
			 (struct ir_insn){.op = IR_ADDR, .d = r, .a = args[0]});
		args[0] = iv_reg(r);
	}
	for (uint32_t i = 1; i < callee->nparams; i++)
		args[i] = rnd_plain(g);
	rnd_emit(g,
		 (struct ir_insn){.op = IR_CALL,
				  .d = rnd(g, 4) ? rnd_var(g) : 0,
				  .fn = callee->index,
				  .args = ir_args(g->m, args, callee->nparams),
				  .nargs = callee->nparams});
	rnd_brerr(g);
}

static inline void rnd_simple(struct random_gen *g)
{
	static const uint8_t sizes[] = {1, 2, 4, 8, 8, 8};
	struct ir_insn in = {.d = rnd_var(g)};

	switch (rnd(g, 17)) {
	case 0:
		in.op = IR_MOV;
		in.a = rnd_plain(g);
		break;
	case 1:
		in.op = rnd(g, 2) ? IR_NEG : IR_NOT;
		in.a = rnd_plain(g);
		break;
	case 2:
		in.op = IR_SET;
		in.cc = rnd(g, IR_CC_COUNT);
		in.a = rnd_plain(g);
		in.b = rnd_plain(g);
		break;
	case 3:
		in.op = IR_LD;
		in.size = sizes[rnd(g, 6)];
		in.is_signed = rnd(g, 2);
		in.a = rnd_place(g, &in.off);
		break;
	case 4:
	case 5:
		in.op = rnd(g, 6) ? IR_ST : IR_ATOMIC_ADD;
		in.size = in.op == IR_ST ? sizes[rnd(g, 6)] : 8;
		in.d = 0;
		in.b = rnd_plain(g);
		in.a = rnd_place(g, &in.off);
		break;
	case 6:
		rnd_rt(g, rnd(g, 2) ? RT_FN_div : RT_FN_mod, in.d,
		       (struct ir_val[]){iv_ctx(0), rnd_plain(g),
					 rnd_plain(g)});
		if (rnd(g, 4))
			rnd_brerr(g);
		return;
	case 7:
	case 12:
	case 13:
	case 14:
	case 15:
		rnd_string_op(g);
		return;
	case 8:
		if (!rnd(g, 2))
			rnd_call(g);
		return;
	default:
		in.op = IR_ADD + rnd(g, IR_SAR - IR_ADD + 1);
		in.a = rnd_plain(g);
		in.b = rnd_plain(g);
		break;
	}
	rnd_emit(g, in);
}

static inline void rnd_body(struct random_gen *g, uint32_t budget);

static inline void rnd_if(struct random_gen *g, uint32_t budget)
{
	uint32_t then = ir_block_new(g->m, g->f);
	uint32_t other = ir_block_new(g->m, g->f);
	uint32_t after = ir_block_new(g->m, g->f);

	rnd_emit(g, (struct ir_insn){.op = IR_BR,
				     .cc = rnd(g, IR_CC_COUNT),
				     .a = rnd_plain(g),
				     .b = rnd_plain(g),
				     .to = {then, other}});
	g->cur = then;
	rnd_body(g, budget / 2);
	rnd_emit(g, (struct ir_insn){.op = IR_JMP, .to = {after}});
	g->cur = other;
	if (rnd(g, 2))
		rnd_body(g, budget / 2);
	rnd_emit(g, (struct ir_insn){.op = IR_JMP, .to = {after}});
	g->cur = after;
}

static inline void rnd_loop(struct random_gen *g, uint32_t budget)
{
	uint32_t head = ir_block_new(g->m, g->f);
	uint32_t body = ir_block_new(g->m, g->f);
	uint32_t after = ir_block_new(g->m, g->f);
	ir_reg count = ir_reg_new(g->f);

	rnd_emit(g, (struct ir_insn){
			    .op = IR_MOV, .d = count, .a = iv_imm(rnd(g, 5))});
	rnd_emit(g, (struct ir_insn){.op = IR_JMP, .to = {head}});
	g->cur = head;
	rnd_emit(g, (struct ir_insn){.op = IR_BR,
				     .cc = CC_GT,
				     .a = iv_reg(count),
				     .b = iv_imm(0),
				     .to = {body, after}});
	g->cur = body;
	rnd_emit(g, (struct ir_insn){.op = IR_SUB,
				     .d = count,
				     .a = iv_reg(count),
				     .b = iv_imm(1)});
	g->loops++;
	rnd_body(g, budget / 2);
	g->loops--;
	rnd_emit(g, (struct ir_insn){.op = IR_JMP, .to = {head}});
	g->cur = after;
}

static inline void rnd_body(struct random_gen *g, uint32_t budget)
{
	uint32_t n = 1 + rnd(g, budget + 1);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t kind = rnd(g, 12);

		if (kind == 0 && budget > 3)
			rnd_if(g, budget);
		else if (kind == 1 && budget > 3 && g->loops < 2)
			rnd_loop(g, budget);
		else
			rnd_simple(g);
	}
}

/* Registers and slots get values; there is no undefined behaviour to meet. */
static inline void rnd_prologue(struct random_gen *g)
{
	g->cur = ir_block_new(g->m, g->f);
	for (uint32_t i = 0; i < g->nvars; i++) {
		ir_reg r = ir_reg_new(g->f);
		struct ir_insn in = {.op = IR_MOV, .d = r};

		in.a = iv_imm(rnd_number(g));
		if (g->f->is_handler && rnd(g, 2)) {
			in.op = IR_CTXLD;
			in.a = IV_NOTHING;
			in.off = (int32_t)(8 * i);
			in.size = 8;
		} else if (i + 1 < g->f->nparams) {
			in.op = IR_PARAM;
			in.a = iv_imm(i + 1);
		}
		rnd_emit(g, in);
	}
	g->caller = 0;
	if (!g->f->is_handler) {
		g->caller = ir_reg_new(g->f);
		rnd_emit(g, (struct ir_insn){.op = IR_PARAM,
					     .d = g->caller,
					     .a = iv_imm(0)});
	}
	g->ints = ir_slot_new(g->m, g->f, "ints", 64);
	for (uint32_t i = 0; i < 8; i++)
		rnd_emit(g, (struct ir_insn){.op = IR_ST,
					     .size = 8,
					     .a = iv_slot(g->ints, 0),
					     .off = (int32_t)(8 * i),
					     .b = iv_imm(rnd_number(g))});
	for (uint32_t i = 0; i < 3; i++) {
		struct ir_val c = iv_ctx(0);
		uint32_t s = ir_slot_new(g->m, g->f, "str",
					 RT_STR_SIZE(UTIL_STRING_CAP));

		if (!i)
			g->strs = s;
		rnd_rt(g, RT_FN_str_set, 0,
		       (struct ir_val[]){c, iv_slot(s, 0),
					 iv_imm(rnd(g, 2) ? 'x' : 0)});
	}
}

/* Everything that a handler computed becomes visible. */
static inline void rnd_epilogue(struct random_gen *g)
{
	uint32_t at = RANDOM_OUT;

	for (uint32_t i = 1; i <= g->nvars; i++, at += 8)
		rnd_emit(g, (struct ir_insn){.op = IR_ST,
					     .size = 8,
					     .a = iv_heap(at),
					     .b = iv_reg(i)});
	for (uint32_t i = 0; i < 8; i++, at += 8) {
		ir_reg r = ir_reg_new(g->f);

		rnd_emit(g, (struct ir_insn){.op = IR_LD,
					     .size = 8,
					     .d = r,
					     .a = iv_slot(g->ints, 8 * i)});
		rnd_emit(g, (struct ir_insn){.op = IR_ST,
					     .size = 8,
					     .a = iv_heap(at),
					     .b = iv_reg(r)});
	}
	for (uint32_t i = 0; i < 3; i++, at += RT_STR_SIZE(UTIL_STRING_CAP))
		rnd_rt(g, RT_FN_str_copy, 0,
		       (struct ir_val[]){iv_ctx(0), iv_heap(at),
					 iv_slot(g->strs + i, 0)});
}

static inline void rnd_func(struct random_gen *g, const char *name,
			    bool is_handler)
{
	uint32_t err = 0;

	g->f = ir_func_new(g->m, name);
	g->f->is_handler = is_handler;
	g->f->nparams = is_handler ? 0 : 1 + rnd(g, 3);
	g->f->returns_value = !is_handler;
	g->nvars = 3 + rnd(g, 5);
	g->loops = 0;
	rnd_prologue(g);
	if (rnd(g, 3))
		err = ir_block_new(g->m, g->f);
	g->handler_err = err;
	rnd_body(g, 24);
	if (err) {
		rnd_emit(g, (struct ir_insn){.op = IR_JMP, .to = {err}});
		g->cur = err;
	}
	if (is_handler) {
		rnd_epilogue(g);
		rnd_emit(g, (struct ir_insn){.op = IR_RET});
	} else {
		rnd_emit(g, (struct ir_insn){.op = IR_RET,
					     .a = iv_reg(rnd_var(g))});
	}
}

static inline struct ir_module *random_module(struct arena *a, uint64_t seed)
{
	struct random_gen g = {.state = seed * 0x9e3779b97f4a7c15ull | 1};
	uint32_t nfuncs;

	for (int i = 0; i < 4; i++)
		rnd(&g, 2);
	g.m = ir_module_new(a);
	g.m->statics_end = RANDOM_STATICS;
	vec_push(a, &g.m->symbols,
		 ((struct ir_symbol){"out", RANDOM_OUT, RANDOM_OUT_SIZE}));
	nfuncs = rnd(&g, 3);
	for (uint32_t i = 0; i < nfuncs; i++)
		rnd_func(&g, arena_printf(a, "fn_%u", i), false);
	rnd_func(&g, "probe_0", true);
	return g.m;
}

#endif
