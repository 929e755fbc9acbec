// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Liveness, a register at a time: from each block that reads it before writing
 * it, backwards until blocks that write it. What it costs is the size of the
 * answer, which for handlers of many thousand blocks is far smaller than a
 * table of blocks and registers: nearly all registers live within one block.
 */
#include "ir/ir.h"

#define NO_BLOCK UINT32_MAX

struct link {
	uint32_t block, next; /* next: index in links, 0 ends */
};

struct ir_live_build {
	struct arena *a;
	uint32_t nregs;
	VEC(struct link) links;
	uint32_t *writers, *readers; /* by register: heads of lists */
	uint32_t *preds;	     /* by block: head of a list */
	ir_reg *written;	     /* by block: the register being solved */
};

/* ---- sets ---- */
void ir_set_init(struct arena *a, struct ir_set *s, uint32_t nregs)
{
	s->n = 0;
	s->dense = arena_new_array(a, ir_reg, nregs);
	s->place = arena_new_array(a, uint32_t, nregs);
}

void ir_set_add(struct ir_set *s, ir_reg r)
{
	if (ir_set_has(s, r))
		return;
	s->place[r] = s->n;
	s->dense[s->n++] = r;
}

void ir_set_remove(struct ir_set *s, ir_reg r)
{
	ir_reg last;

	if (!ir_set_has(s, r))
		return;
	last = s->dense[--s->n];
	s->dense[s->place[r]] = last;
	s->place[last] = s->place[r];
}

/* ---- the graph ---- */
void ir_live_begin(struct arena *a, struct ir_live *l, uint32_t nblocks,
		   uint32_t nregs)
{
	struct ir_live_build *b = arena_new_obj(a, struct ir_live_build);

	b->a = a;
	b->nregs = nregs;
	vec_push(a, &b->links, ((struct link){NO_BLOCK, 0}));
	b->writers = arena_new_array(a, uint32_t, nregs);
	b->readers = arena_new_array(a, uint32_t, nregs);
	b->preds = arena_new_array(a, uint32_t, nblocks);
	b->written = arena_new_array(a, ir_reg, nblocks);
	l->build = b;
	l->in = arena_new_array(a, ir_regs, nblocks);
}

static void push(struct ir_live_build *b, uint32_t *head, uint32_t block)
{
	vec_push(b->a, &b->links, ((struct link){block, *head}));
	*head = b->links.n - 1;
}

/* A block's instructions come together, so only the newest entry of a list
   can be of the same block. */
static bool is_newest(const struct ir_live_build *b, uint32_t head,
		      uint32_t block)
{
	return b->links.v[head].block == block;
}

void ir_live_insn(struct ir_live *l, uint32_t block, const struct ir_insn *in)
{
	struct ir_live_build *b = l->build;
	uint32_t n = ir_noperands(in);

	for (uint32_t i = 0; i < n; i++) {
		const struct ir_val *v = ir_operand(in, i);

		if (v->kind == IV_REG &&
		    !is_newest(b, b->writers[v->reg], block) &&
		    !is_newest(b, b->readers[v->reg], block))
			push(b, &b->readers[v->reg], block);
	}
	if (in->d && !is_newest(b, b->writers[in->d], block))
		push(b, &b->writers[in->d], block);
}

void ir_live_edge(struct ir_live *l, uint32_t from, uint32_t to)
{
	push(l->build, &l->build->preds[to], from);
}

/* ---- the answer ---- */
typedef VEC(uint32_t) block_list;

/* r, the highest so far, is live at the start of block. */
static void enter(struct ir_live *l, block_list *work, uint32_t block, ir_reg r)
{
	ir_regs *in = &l->in[block];

	if (in->n && vec_last(in) == r)
		return;
	vec_push(l->build->a, in, r);
	vec_push(l->build->a, work, block);
}

void ir_live_end(struct ir_live *l)
{
	struct ir_live_build *b = l->build;
	const struct link *links = b->links.v;
	block_list work = {0};

	for (ir_reg r = 1; r < b->nregs; r++) {
		if (!b->readers[r])
			continue;
		for (uint32_t i = b->writers[r]; i; i = links[i].next)
			b->written[links[i].block] = r;
		for (uint32_t i = b->readers[r]; i; i = links[i].next)
			enter(l, &work, links[i].block, r);
		while (work.n) {
			uint32_t at = work.v[--work.n];

			for (uint32_t i = b->preds[at]; i; i = links[i].next)
				if (b->written[links[i].block] != r)
					enter(l, &work, links[i].block, r);
		}
	}
}

/* ---- for functions of the IR ---- */
void ir_liveness(struct arena *a, struct ir_live *l, const struct ir_func *f)
{
	ir_live_begin(a, l, f->blocks.n, f->nregs);
	vec_for (&f->blocks, i) {
		const struct ir_block *b = f->blocks.v[i];

		if (!b->reachable)
			continue;
		vec_for (&b->insns, k)
			ir_live_insn(l, i, &b->insns.v[k]);
		vec_for (&b->preds, k)
			ir_live_edge(l, b->preds.v[k], i);
	}
	ir_live_end(l);
}

void ir_live_out(const struct ir_live *l, const struct ir_insn *end,
		 struct ir_set *out)
{
	uint32_t nsucc = ir_nsucc(end);

	out->n = 0;
	for (uint32_t s = 0; s < nsucc; s++) {
		const ir_regs *in = &l->in[end->to[s]];

		vec_for (in, i)
			ir_set_add(out, in->v[i]);
	}
}

void ir_live_step(struct ir_set *live, const struct ir_insn *in)
{
	uint32_t n = ir_noperands(in);

	if (in->d)
		ir_set_remove(live, in->d);
	for (uint32_t i = 0; i < n; i++) {
		const struct ir_val *v = ir_operand(in, i);

		if (v->kind == IV_REG)
			ir_set_add(live, v->reg);
	}
}
