// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Control flow. Loops stay reducible: a jump is redirected around a block only
 * if the block is no loop header, or if all jumps to it are redirected the same
 * way (an empty block).
 */
#include "ir/opt.h"

#include <string.h>

static struct ir_insn *end_of(struct ir_func *f, uint32_t b)
{
	return &vec_last(&f->blocks.v[b]->insns);
}

/* ---- where a jump to a block really goes ---- */

/* Follows empty blocks; a loop of them goes nowhere and is left alone. */
static uint32_t past_empty(struct ir_func *f, uint32_t b)
{
	uint32_t at = b;

	for (uint32_t n = 0; n < f->blocks.n; n++) {
		const struct ir_block *block = f->blocks.v[at];

		if (block->insns.n != 1 || block->insns.v[0].op != IR_JMP)
			return at;
		at = block->insns.v[0].to[0];
	}
	return b;
}

/*
 * The number that `v` holds at the end of block b, if b itself (its tail) says
 * so. A relocated constant is not known yet.
 */
static bool known_at_end(struct ir_func *f, uint32_t b, const struct ir_val *v,
			 int64_t *out)
{
	const struct ir_block *block = f->blocks.v[b];

	if (v->kind == IV_IMM) {
		*out = v->imm;
		return true;
	}
	if (v->kind != IV_REG)
		return false;
	for (uint32_t i = block->insns.n; i-- > 0;) {
		const struct ir_insn *in = &block->insns.v[i];

		if (in->d != v->reg)
			continue;
		if (in->op != IR_MOV || in->a.kind != IV_IMM || in->reloc)
			return false;
		*out = in->a.imm;
		return true;
	}
	return false;
}

/* A jump from b to a block that only branches, with the outcome known in b. */
static uint32_t past_known_branch(struct ir_func *f, uint32_t b, uint32_t to)
{
	const struct ir_block *block = f->blocks.v[to];
	const struct ir_insn *br = &block->insns.v[0];
	int64_t x, y;

	if (block->insns.n != 1 || br->op != IR_BR || block->loop_header ||
	    !known_at_end(f, b, &br->a, &x) || !known_at_end(f, b, &br->b, &y))
		return to;
	return br->to[!ir_eval_cc(br->cc, (uint64_t)x, (uint64_t)y)];
}

static bool thread_end(struct ir_func *f, uint32_t b)
{
	struct ir_insn *end = end_of(f, b);
	uint32_t nsucc = ir_nsucc(end);
	bool changed = false;

	for (uint32_t s = 0; s < nsucc; s++) {
		uint32_t to = past_empty(f, end->to[s]);

		if (end->op == IR_JMP)
			to = past_known_branch(f, b, to);
		if (to != end->to[s]) {
			end->to[s] = to;
			changed = true;
		}
	}
	if (nsucc == 2 && end->to[0] == end->to[1]) {
		*end = (struct ir_insn){
			.op = IR_JMP, .to = {end->to[0]}, .loc = end->loc};
		changed = true;
	}
	/* a jump to a lone return is a return */
	if (end->op == IR_JMP && f->blocks.v[end->to[0]]->insns.n == 1 &&
	    end_of(f, end->to[0])->op == IR_RET) {
		*end = *end_of(f, end->to[0]);
		changed = true;
	}
	return changed;
}

/* Facts are as of the last analysis, but redirecting a jump may make a block a
   header only where a header is bypassed, which does not happen. */
static bool thread_jumps(struct opt *o)
{
	bool changed = false;

	vec_for (&o->f->blocks, b) {
		if (!o->f->blocks.v[b]->reachable)
			continue;
		changed |= opt_fold(end_of(o->f, b));
		changed |= thread_end(o->f, b);
	}
	if (changed)
		ir_analyse(o->a, o->f);
	return changed;
}

/* ---- merging ---- */

static void append_block(struct opt *o, struct ir_block *b, struct ir_block *s)
{
	b->insns.n--; /* the jump */
	vec_for (&s->insns, i)
		vec_push(o->m->arena, &b->insns, s->insns.v[i]);
}

/* A block and its only successor, of which it is the only predecessor. */
static bool merge_blocks(struct opt *o)
{
	struct ir_func *f = o->f;
	bool changed = false;

	vec_for (&f->blocks, b) {
		struct ir_block *block = f->blocks.v[b];

		if (!block->reachable)
			continue;
		for (;;) {
			const struct ir_insn *end = &vec_last(&block->insns);
			uint32_t to = end->to[0];
			struct ir_block *next = f->blocks.v[to];

			if (end->op != IR_JMP || to == b ||
			    next->preds.n != 1 || !next->reachable)
				break;
			append_block(o, block, next);
			next->reachable = false;
			changed = true;
		}
	}
	return changed;
}

static bool remove_unreachable(struct opt *o)
{
	struct ir_func *f = o->f;
	uint32_t *number = arena_new_array(o->a, uint32_t, f->blocks.n);
	uint32_t n = 0;

	vec_for (&f->blocks, b)
		if (f->blocks.v[b]->reachable)
			number[b] = n++;
	if (n == f->blocks.n)
		return false;
	n = 0;
	vec_for (&f->blocks, b) {
		struct ir_block *block = f->blocks.v[b];
		struct ir_insn *end = &vec_last(&block->insns);
		uint32_t nsucc = ir_nsucc(end);

		if (!block->reachable)
			continue;
		for (uint32_t s = 0; s < nsucc; s++)
			end->to[s] = number[end->to[s]];
		f->blocks.v[n++] = block;
	}
	f->blocks.n = n;
	return true;
}

bool opt_cfg(struct opt *o)
{
	bool changed = false;

	while (thread_jumps(o))
		changed = true;
	changed |= merge_blocks(o);
	changed |= remove_unreachable(o);
	return changed;
}
