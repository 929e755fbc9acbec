// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is known about ctx.error, forward through the flow graph; an error
 * check whose outcome is known becomes a jump.
 */
#include "ir/opt.h"

#include <stddef.h>
#include <string.h>

enum error_state {
	ES_NEW, /* no path seen yet */
	ES_CLEAR,
	ES_SET,
	ES_ANY,
};

static bool touches_error(const struct opt *o, const struct ir_insn *in)
{
	int64_t at, lo = offsetof(struct rt_ctx, error), hi = lo + 4;

	if (in->op != IR_ST && in->op != IR_ATOMIC_ADD)
		return false;
	if (in->a.kind == IV_REG)
		return !o->ctx_in_place;
	if (in->a.kind != IV_CTX)
		return false;
	at = in->a.imm + in->off;
	return at < hi && at + in->size > lo;
}

static enum error_state after(const struct opt *o, const struct ir_insn *in,
			      enum error_state s)
{
	/* a callee may even catch what its caller left pending */
	if (in->op == IR_CALL || touches_error(o, in))
		return ES_ANY;
	if (in->op == IR_RT) {
		switch (in->fn) {
		case RT_FN_error:
		case RT_FN_error_code:
		case RT_FN_abort:
			return ES_SET;
		case RT_FN_catch:
			return s == ES_CLEAR ? s : ES_ANY;
		default:
			break;
		}
	}
	/* a first error stays when a second one follows */
	return opt_may_fail(in) && s != ES_SET ? ES_ANY : s;
}

static enum error_state meet(enum error_state a, enum error_state b)
{
	return a == ES_NEW ? b : b == ES_NEW || a == b ? a : ES_ANY;
}

static enum error_state at_end(const struct opt *o, const struct ir_block *b,
			       enum error_state s)
{
	vec_for (&b->insns, i)
		s = after(o, &b->insns.v[i], s);
	return s;
}

bool opt_errors(struct opt *o)
{
	struct ir_func *f = o->f;
	uint32_t *order, count = ir_rpo(o->a, f, &order, NULL);
	uint8_t *in = arena_alloc(o->a, f->blocks.n);
	bool again = true, changed = false;

	/* a function may be called while an error is pending */
	in[0] = f->is_handler ? ES_CLEAR : ES_ANY;
	while (again) {
		again = false;
		for (uint32_t i = 0; i < count; i++) {
			const struct ir_block *b = f->blocks.v[order[i]];
			const struct ir_insn *end = &vec_last(&b->insns);
			enum error_state s = at_end(o, b, in[order[i]]);
			uint32_t nsucc = ir_nsucc(end);

			for (uint32_t k = 0; k < nsucc; k++) {
				uint32_t to = end->to[k];
				enum error_state e = s, was = in[to];

				if (end->op == IR_BRERR &&
				    end->to[0] != end->to[1])
					e = k ? ES_CLEAR : ES_SET;
				in[to] = meet(was, e);
				again |= in[to] != was;
			}
		}
	}
	for (uint32_t i = 0; i < count; i++) {
		struct ir_block *b = f->blocks.v[order[i]];
		struct ir_insn *end = &vec_last(&b->insns);
		enum error_state s = at_end(o, b, in[order[i]]);

		if (end->op != IR_BRERR || (s != ES_CLEAR && s != ES_SET))
			continue;
		*end = (struct ir_insn){.op = IR_JMP,
					.to = {end->to[s == ES_CLEAR]},
					.loc = end->loc};
		changed = true;
	}
	return changed;
}
