// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * "%5 = add %1, 1; ...; %1 = mov %5" becomes "%1 = add %1, 1": a value is made
 * in the register where it is wanted. Within a block:
 *
 *   i: t = ...          x is neither read nor written between i and j;
 *   j: x = mov t        behind j, t is read only as long as x is the same, and
 *                       not at all behind the block
 */
#include "ir/opt.h"

#include <string.h>

static void rename_uses(struct ir_insn *in, ir_reg from, ir_reg to)
{
	uint32_t n = ir_noperands(in);

	for (uint32_t i = 0; i < n; i++) {
		struct ir_val *v = ir_operand(in, i);

		if (v->kind == IV_REG && v->reg == from)
			v->reg = to;
	}
}

/* Where t gets its value; false when x is in the way. */
static bool find_source(const struct ir_block *b, uint32_t j, ir_reg t,
			ir_reg x, uint32_t *out)
{
	for (uint32_t i = j; i-- > 0;) {
		const struct ir_insn *in = &b->insns.v[i];

		if (in->d == t) {
			*out = i;
			return true;
		}
		if (in->d == x || ir_reads(in, x))
			return false;
	}
	return false;
}

/* The last instruction, from j on, that may name x instead of t. */
static bool find_end(const struct ir_block *b, uint32_t j, ir_reg t, ir_reg x,
		     bool live_out, uint32_t *out)
{
	bool same = true;

	for (uint32_t k = j + 1; k < b->insns.n; k++) {
		const struct ir_insn *in = &b->insns.v[k];

		if (ir_reads(in, t) && !same)
			return false;
		if (in->d == t) {
			*out = k;
			return true;
		}
		if (in->d == x)
			same = false;
	}
	*out = b->insns.n - 1;
	return !live_out;
}

static bool coalesce(struct ir_block *b, uint32_t j,
		     const struct ir_set *live_out)
{
	struct ir_insn *mov = &b->insns.v[j];
	ir_reg x = mov->d, t = mov->a.reg;
	uint32_t i, end;

	if (mov->op != IR_MOV || mov->a.kind != IV_REG || x == t ||
	    !find_source(b, j, t, x, &i) ||
	    !find_end(b, j, t, x, ir_set_has(live_out, t), &end))
		return false;
	b->insns.v[i].d = x;
	for (uint32_t k = i + 1; k <= end; k++)
		rename_uses(&b->insns.v[k], t, x);
	return true;
}

bool opt_moves(struct opt *o)
{
	struct ir_func *f = o->f;
	struct ir_live lives;
	struct ir_set live;
	bool changed = false;

	ir_liveness(o->a, &lives, f);
	ir_set_init(o->a, &live, f->nregs);
	vec_for (&f->blocks, n) {
		struct ir_block *b = f->blocks.v[n];
		uint32_t kept = 0;

		if (!b->reachable)
			continue;
		ir_live_out(&lives, &vec_last(&b->insns), &live);
		for (uint32_t j = 0; j < b->insns.n; j++)
			/* leaves "x = mov x" */
			changed |= coalesce(b, j, &live);
		for (uint32_t j = 0; j < b->insns.n; j++) {
			const struct ir_insn *in = &b->insns.v[j];

			if (in->op != IR_MOV || in->a.kind != IV_REG ||
			    in->a.reg != in->d)
				b->insns.v[kept++] = *in;
		}
		b->insns.n = kept;
	}
	return changed;
}
