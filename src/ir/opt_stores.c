// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stores that nobody reads: all of those to a slot that is only ever written,
 * and those that are overwritten later in their block, or end with the frame.
 */
#include "ir/opt.h"

#include <string.h>

/* ---- slots that are only written ---- */

/* The slot that this instruction writes and does not read; -1: none. Strings
   that are appended to are read for this instruction's own sake only. */
static int64_t written_slot(const struct ir_insn *in)
{
	const struct ir_val *v = NULL;

	if (in->op == IR_ST || in->op == IR_ATOMIC_ADD)
		v = &in->a;
	else if (in->op == IR_RT && opt_rt[in->fn].only_dst)
		v = &in->args[1];
	return v && v->kind == IV_SLOT ? (int64_t)v->reg : -1;
}

static void find_read_slots(const struct ir_func *f, bool *read)
{
	vec_for (&f->blocks, b) {
		const struct ir_block *block = f->blocks.v[b];

		vec_for (&block->insns, i) {
			const struct ir_insn *in = &block->insns.v[i];
			uint32_t n = ir_noperands(in);
			int64_t own = written_slot(in);
			uint32_t own_at = in->op == IR_RT ? 3 : 0;

			for (uint32_t k = 0; k < n; k++) {
				const struct ir_val *v = ir_operand(in, k);

				if (v->kind == IV_SLOT &&
				    !(own >= 0 && k == own_at))
					read[v->reg] = true;
			}
		}
	}
}

static bool drop_unread_slots(struct opt *o)
{
	struct ir_func *f = o->f;
	bool *read = arena_new_array(o->a, bool, f->slots.n);
	bool changed = false;

	find_read_slots(f, read);
	vec_for (&f->blocks, b) {
		struct ir_block *block = f->blocks.v[b];
		uint32_t n = 0;

		vec_for (&block->insns, i) {
			int64_t slot = written_slot(&block->insns.v[i]);

			if (slot >= 0 && !read[slot])
				changed = true;
			else
				block->insns.v[n++] = block->insns.v[i];
		}
		block->insns.n = n;
	}
	return changed;
}

/* ---- stores that are overwritten, backwards through a block ---- */

struct place {
	enum ir_val_kind kind; /* HEAP, SLOT, CTX */
	uint32_t slot;
	int64_t from, to;
};

struct overwritten {
	struct opt *o;
	VEC(struct place) places;
	bool *escapes;
};

static bool place_of(const struct ir_insn *in, struct place *p)
{
	if (in->a.kind != IV_HEAP && in->a.kind != IV_SLOT &&
	    in->a.kind != IV_CTX)
		return false;
	*p = (struct place){.kind = in->a.kind,
			    .slot = in->a.reg,
			    .from = in->a.imm + in->off};
	p->to = p->from + in->size;
	return true;
}

static bool is_overwritten(const struct overwritten *w, const struct place *p)
{
	vec_for (&w->places, i) {
		const struct place *q = &w->places.v[i];

		if (q->kind == p->kind && q->slot == p->slot &&
		    q->from <= p->from && q->to >= p->to)
			return true;
	}
	return false;
}

static void is_read(struct overwritten *w, const struct place *p)
{
	uint32_t n = 0;

	vec_for (&w->places, i) {
		const struct place *q = &w->places.v[i];

		if (q->kind != p->kind || q->slot != p->slot ||
		    q->from >= p->to || q->to <= p->from)
			w->places.v[n++] = *q;
	}
	w->places.n = n;
}

/* By something that may look anywhere: a call, a register. */
static void anything_is_read(struct overwritten *w)
{
	uint32_t n = 0;

	vec_for (&w->places, i) {
		const struct place *q = &w->places.v[i];

		if (q->kind == IV_SLOT && !w->escapes[q->slot])
			w->places.v[n++] = *q;
	}
	w->places.n = n;
}

/* The frame ends: no slot is read any more. */
static void frame_ends(struct overwritten *w)
{
	vec_for (&w->o->f->slots, i) {
		struct place p = {.kind = IV_SLOT,
				  .slot = i,
				  .to = w->o->f->slots.v[i].size};

		vec_push(w->o->a, &w->places, p);
	}
}

/* True when the instruction is a store that can go. */
static bool step_back(struct overwritten *w, const struct ir_insn *in)
{
	struct place p;

	switch (in->op) {
	case IR_ST:
		if (!place_of(in, &p))
			return false;
		if (is_overwritten(w, &p))
			return true;
		vec_push(w->o->a, &w->places, p);
		return false;
	case IR_LD:
	case IR_ATOMIC_ADD:
		if (place_of(in, &p))
			is_read(w, &p);
		else
			anything_is_read(w);
		return false;
	case IR_RT:
	case IR_CALL:
		anything_is_read(w);
		return false;
	case IR_RET:
		frame_ends(w);
		return false;
	default:
		return false;
	}
}

static bool drop_overwritten(struct opt *o)
{
	struct ir_func *f = o->f;
	struct overwritten w = {
		.o = o,
		.escapes = opt_find_escapes(o),
	};
	bool changed = false;

	vec_for (&f->blocks, b) {
		struct ir_block *block = f->blocks.v[b];
		uint32_t kept = block->insns.n;

		w.places.n = 0;
		for (uint32_t i = block->insns.n; i-- > 0;) {
			if (step_back(&w, &block->insns.v[i]))
				changed = true;
			else
				block->insns.v[--kept] = block->insns.v[i];
		}
		if (!kept)
			continue;
		block->insns.n -= kept;
		memmove(block->insns.v, block->insns.v + kept,
			block->insns.n * sizeof(*block->insns.v));
	}
	return changed;
}

bool opt_stores(struct opt *o)
{
	bool changed = drop_unread_slots(o);

	return drop_overwritten(o) || changed;
}
