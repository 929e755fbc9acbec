// SPDX-License-Identifier: GPL-2.0-or-later
/* Results that nobody reads. */
#include "ir/opt.h"

#include <string.h>

static bool dead_in_block(struct ir_block *b, struct ir_set *live)
{
	uint32_t kept = b->insns.n;
	bool changed = false;

	for (uint32_t i = b->insns.n; i-- > 0;) {
		struct ir_insn *in = &b->insns.v[i];
		bool unused = !in->d || !ir_set_has(live, in->d);
		bool nop = in->op == IR_MOV && in->a.kind == IV_REG &&
			   in->a.reg == in->d;

		if ((unused && opt_is_removable(in)) || nop) {
			changed = true;
			continue;
		}
		if (in->d && unused) {
			in->d = 0;
			changed = true;
		}
		ir_live_step(live, in);
		b->insns.v[--kept] = *in;
	}
	if (kept) {
		b->insns.n -= kept;
		memmove(b->insns.v, b->insns.v + kept,
			b->insns.n * sizeof(*b->insns.v));
	}
	return changed;
}

bool opt_dead(struct opt *o)
{
	struct ir_func *f = o->f;
	struct ir_live lives;
	struct ir_set live;
	bool changed = false;

	ir_liveness(o->a, &lives, f);
	ir_set_init(o->a, &live, f->nregs);
	vec_for (&f->blocks, b) {
		struct ir_block *block = f->blocks.v[b];

		if (!block->reachable)
			continue;
		ir_live_out(&lives, &vec_last(&block->insns), &live);
		changed |= dead_in_block(block, &live);
	}
	return changed;
}
