// SPDX-License-Identifier: GPL-2.0-or-later
/* IR -> the engine's code: one flat array for the whole module. */
#include <errno.h>
#include <stdlib.h>

#include "engine/code.h"
#include "rt.h"

struct decoder {
	struct engine *e;
	const struct ir_module *m;
	const struct ir_func *f;
	uint32_t *block_at; /* of this function, index in code[] */
	bool steps;	    /* count steps */
};

static const code_fn rt_entry[RT_FN_COUNT] = {
#define RT(name, nargs, flags) [RT_FN_##name] = (code_fn)rt_##name,
#include "../runtime/rt.def"
#undef RT
};

static uint32_t special(const struct decoder *d, enum code_special s)
{
	return d->f->nregs + s;
}

static struct code_arg operand(const struct decoder *d, const struct ir_val *v)
{
	switch (v->kind) {
	case IV_REG:
		return (struct code_arg){v->reg, 0};
	case IV_SLOT: {
		uint32_t at = 0;

		for (uint32_t i = 0; i < v->reg; i++)
			at += (d->f->slots.v[i].size + 7) & ~7u;
		return (struct code_arg){special(d, CODE_FRAME), at + v->imm};
	}
	case IV_CTX:
		return (struct code_arg){special(d, CODE_CONTEXT), v->imm};
	case IV_HEAP:
	case IV_IMM:
	case IV_NONE:
		break;
	}
	return (struct code_arg){special(d, CODE_ZERO), v->imm};
}

static struct code_insn *emit(struct decoder *d, enum code_op op)
{
	struct code_insn *in = &d->e->code[d->e->ncode++];

	*in = (struct code_insn){.op = op};
	return in;
}

/* A left operand of arithmetic and comparisons is a bare register. */
static uint32_t left(struct decoder *d, const struct ir_val *v)
{
	struct code_insn *in;

	if (v->kind == IV_REG)
		return v->reg;
	if (v->imm == 0)
		return special(d, CODE_ZERO);
	in = emit(d, CODE_MOV);
	in->d = special(d, CODE_LEFT);
	in->a = special(d, CODE_ZERO);
	in->imm = v->imm;
	return in->d;
}

static void binary(struct decoder *d, const struct ir_insn *ir, enum code_op op)
{
	uint32_t a = left(d, &ir->a);
	struct code_arg b = operand(d, &ir->b);
	struct code_insn *in = emit(d, op);

	in->d = ir->d;
	in->a = a;
	in->b = b.reg;
	in->imm = b.imm;
	in->to[0] = ir->to[0];
	in->to[1] = ir->to[1];
}

/* d = a, wherever a comes from */
static void move(struct decoder *d, const struct ir_insn *ir)
{
	struct code_arg a = operand(d, &ir->a);
	struct code_insn *in = emit(d, CODE_MOV);

	in->d = ir->d;
	in->a = a.reg;
	in->imm = a.imm;
	if (ir->op == IR_PARAM) {
		in->a = special(d, CODE_PARAMS) + (uint32_t)ir->a.imm;
		in->imm = 0;
	}
}

static uint32_t log2_size(uint32_t size)
{
	return (uint32_t)__builtin_ctz(size);
}

static enum code_op memory_op(const struct ir_insn *ir)
{
	uint32_t l = log2_size(ir->size);

	switch (ir->op) {
	case IR_LD:
		return (ir->is_signed && l < 3 ? CODE_LD1S : CODE_LD1) + l;
	case IR_ST:
		return CODE_ST1 + l;
	default:
		return CODE_XADD4 + l - 2;
	}
}

static void memory(struct decoder *d, const struct ir_insn *ir)
{
	struct code_arg a = operand(d, &ir->a), b = operand(d, &ir->b);
	struct code_insn *in = emit(d, memory_op(ir));

	in->d = ir->d;
	in->a = a.reg;
	in->off = a.imm + ir->off;
	/* Within the heap even if statics_end was not known to the checker. */
	if (ir->a.kind == IV_HEAP)
		in->off &= d->e->heap_size - 1;
	in->b = b.reg;
	in->imm = b.imm;
}

static void probe_context(struct decoder *d, const struct ir_insn *ir)
{
	struct code_insn *in = emit(d, CODE_CTXLD);

	in->d = ir->d;
	in->size = ir->size;
	in->is_signed = ir->is_signed;
	in->off = ir->off;
}

static void call(struct decoder *d, const struct ir_insn *ir)
{
	struct code_insn *in =
		emit(d, ir->op == IR_CALL ? CODE_CALL : CODE_RT0 + ir->nargs);

	in->d = ir->d;
	in->args = &d->e->args[d->e->nargs];
	for (uint32_t i = 0; i < ir->nargs; i++)
		d->e->args[d->e->nargs++] = operand(d, &ir->args[i]);
	if (ir->op == IR_CALL)
		in->func = &d->e->funcs[ir->fn];
	else
		in->fn = rt_entry[ir->fn];
}

static void block_end(struct decoder *d, const struct ir_insn *ir, uint32_t b)
{
	struct code_insn *in;
	struct code_arg a;

	switch (ir->op) {
	case IR_JMP:
		if (ir->to[0] == b + 1) /* falls through */
			return;
		in = emit(d, CODE_JMP);
		in->to[0] = ir->to[0];
		return;
	case IR_BR:
		binary(d, ir, CODE_BR_EQ + ir->cc);
		return;
	case IR_BRERR:
		in = emit(d, CODE_BRERR);
		in->a = special(d, CODE_CONTEXT);
		in->to[0] = ir->to[0];
		in->to[1] = ir->to[1];
		return;
	default:
		a = operand(d, &ir->a);
		in = emit(d, CODE_RET);
		in->a = a.reg;
		in->imm = a.imm;
		return;
	}
}

static void insn(struct decoder *d, const struct ir_insn *ir, uint32_t b)
{
	switch ((enum ir_op)ir->op) {
	case IR_MOV:
	case IR_ADDR:
	case IR_PARAM:
		move(d, ir);
		return;
	case IR_NEG:
	case IR_NOT:
		binary(d, ir, CODE_NEG + (ir->op - IR_NEG));
		return;
	case IR_ADD:
	case IR_SUB:
	case IR_MUL:
	case IR_AND:
	case IR_OR:
	case IR_XOR:
	case IR_SHL:
	case IR_SHR:
	case IR_SAR:
		binary(d, ir, CODE_ADD + (ir->op - IR_ADD));
		return;
	case IR_SET:
		binary(d, ir, CODE_SET_EQ + ir->cc);
		return;
	case IR_LD:
	case IR_ST:
	case IR_ATOMIC_ADD:
		memory(d, ir);
		return;
	case IR_CTXLD:
		probe_context(d, ir);
		return;
	case IR_RT:
	case IR_CALL:
		call(d, ir);
		return;
	case IR_JMP:
	case IR_BR:
	case IR_BRERR:
	case IR_RET:
		block_end(d, ir, b);
		return;
	case IR_OP_COUNT:
		return;
	}
}

/* Block numbers -> places in code[]. */
static void resolve(struct decoder *d, uint32_t from)
{
	for (uint32_t i = from; i < d->e->ncode; i++) {
		struct code_insn *in = &d->e->code[i];
		bool branch = in->op == CODE_BRERR ||
			      (in->op >= CODE_BR_EQ && in->op <= CODE_BR_UGE);

		if (branch || in->op == CODE_JMP)
			in->to[0] = d->block_at[in->to[0]];
		if (branch)
			in->to[1] = d->block_at[in->to[1]];
	}
}

static void func(struct decoder *d)
{
	uint32_t from = d->e->ncode;

	vec_for (&d->f->blocks, b) {
		const struct ir_block *block = d->f->blocks.v[b];

		d->block_at[b] = d->e->ncode;
		if (d->steps && (!b || block->loop_header))
			emit(d, CODE_STEP);
		vec_for (&block->insns, i)
			insn(d, &block->insns.v[i], b);
	}
	resolve(d, from);
}

void engine_frame_sizes(const struct ir_module *m, uint32_t *out)
{
	vec_for (&m->funcs, i) {
		const struct ir_func *f = m->funcs.v[i];

		out[i] = 0;
		vec_for (&f->slots, s)
			out[i] += (f->slots.v[s].size + 7) & ~7u;
	}
}

static void measure(struct engine *e, const struct ir_module *m,
		    uint32_t *most_blocks, size_t *ncode, size_t *nargs)
{
	vec_for (&m->funcs, i) {
		const struct ir_func *f = m->funcs.v[i];

		if (f->blocks.n > *most_blocks)
			*most_blocks = f->blocks.n;
		vec_for (&f->blocks, b) {
			const struct ir_block *block = f->blocks.v[b];

			/* a step; each instruction and its left operand */
			*ncode += 1 + 2 * (size_t)block->insns.n;
			vec_for (&block->insns, k)
				*nargs += block->insns.v[k].nargs;
		}
	}
}

static void headers(struct engine *e, const struct ir_module *m)
{

	vec_for (&m->funcs, i) {
		const struct ir_func *f = m->funcs.v[i];
		struct code_func *cf = &e->funcs[i];

		cf->nregs = f->nregs;
		cf->nparams = f->nparams;
		cf->frame_regs = f->nregs + CODE_PARAMS + f->nparams;
		vec_for (&f->slots, s)
			cf->frame_size += (f->slots.v[s].size + 7) & ~7u;
		if (f->is_handler && f->handler < e->nhandlers)
			e->handlers[f->handler].func = cf;
	}
	for (uint32_t i = 0; i < e->nhandlers; i++)
		e->handlers[i].flags = m->image->handlers[i].flags;
}

int engine_decode(struct engine *e, const struct ir_module *m)
{
	struct decoder d = {.e = e, .m = m, .steps = e->env.step_limit};
	uint32_t most_blocks = 0;
	size_t ncode = 0, nargs = 0;

	measure(e, m, &most_blocks, &ncode, &nargs);
	e->nfuncs = m->funcs.n;
	e->nhandlers = m->image->nhandlers;
	e->code = calloc(ncode + 1, sizeof(*e->code));
	e->args = calloc(nargs + 1, sizeof(*e->args));
	e->funcs = calloc(e->nfuncs + 1, sizeof(*e->funcs));
	e->handlers = calloc(e->nhandlers + 1, sizeof(*e->handlers));
	d.block_at = calloc(most_blocks + 1, sizeof(*d.block_at));
	if (!e->code || !e->args || !e->funcs || !e->handlers || !d.block_at) {
		free(d.block_at);
		return -ENOMEM; /* engine_free() has the rest */
	}
	headers(e, m);
	vec_for (&m->funcs, i) {
		d.f = m->funcs.v[i];
		e->funcs[i].entry = e->ncode;
		func(&d);
	}
	free(d.block_at);
	return 0;
}
