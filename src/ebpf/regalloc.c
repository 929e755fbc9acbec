// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Registers and frame layout of one function.
 *
 * A register of the IR lives in ranges of positions (instruction i reads at
 * 2i and writes at 2i + 1), holes in between are free for others. Registers
 * are given out by weight: uses, ten times as much for each loop around them,
 * per length. One that lives across a call can only have a callee-saved
 * register; one that lives across a suspension point, none. What gets no
 * register has a word in the frame; such words are shared the same way.
 */
#include "ebpf/gen.h"

#include <stdlib.h>
#include <string.h>

#include "base/insn.h"

struct range {
	uint32_t start, end; /* [start, end) */
};

typedef VEC(struct range) range_list;

struct interval {
	range_list ranges; /* last one first */
	uint64_t weight;
	uint32_t length;
	uint8_t hint; /* BPF register that would save a move */
	ir_reg mate;  /* copied from or to it */
	bool crosses_call, crosses_suspend;
};

struct alloc {
	struct unit *u;
	struct m_func *f;
	struct interval *iv;
	VEC(uint32_t) calls, suspends; /* instruction numbers, rising */
	range_list taken[R10];	       /* by BPF register, rising */
};

/* ---- ranges ---- */
static void add_range(struct alloc *al, ir_reg r, uint32_t start, uint32_t end)
{
	range_list *l = &al->iv[r].ranges;

	if (l->n && vec_last(l).start <= end) {
		if (start < vec_last(l).start)
			vec_last(l).start = start;
		if (end > vec_last(l).end)
			vec_last(l).end = end;
		return;
	}
	vec_push(al->u->arena, l, ((struct range){start, end}));
}

static void note_use(struct alloc *al, ir_reg r, uint32_t depth)
{
	uint64_t w = 1;

	for (uint32_t i = 0; i < depth && i < 6; i++)
		w *= 10;
	al->iv[r].weight += w;
}

static void note_hints(struct alloc *al, const struct ir_insn *in)
{
	if (in->op == IR_MOV && in->a.kind == IV_REG) {
		al->iv[in->d].mate = in->a.reg;
		al->iv[in->a.reg].mate = in->d;
	}
	if (in->op != IR_RT)
		return;
	for (uint32_t i = 1; i < in->nargs && i < 5; i++)
		if (in->args[i].kind == IV_REG)
			al->iv[in->args[i].reg].hint = R1 + i;
}

static void insn_ranges(struct alloc *al, const struct m_block *b,
			const struct ir_insn *in, uint32_t num)
{
	if (in->d) {
		range_list *l = &al->iv[in->d].ranges;

		note_use(al, in->d, b->depth);
		/* Live behind it: the range, begun at the block's start so
		   far, begins here. */
		if (l->n && vec_last(l).start <= 2 * num + 1)
			vec_last(l).start = 2 * num + 1;
		else
			add_range(al, in->d, 2 * num + 1, 2 * num + 2);
	}
	for (uint32_t i = 0; i < ir_noperands(in); i++) {
		const struct ir_val *v = ir_operand(in, i);

		if (v->kind != IV_REG)
			continue;
		note_use(al, v->reg, b->depth);
		add_range(al, v->reg, 2 * b->first, 2 * num + 1);
	}
	note_hints(al, in);
}

static void build_ranges(struct alloc *al)
{
	struct m_func *f = al->f;

	for (uint32_t i = f->norder; i-- > 0;) {
		const struct m_block *b = &f->blocks.v[f->order[i]];

		for (uint32_t s = 0; s < m_nsucc(vec_last(&b->insns)); s++) {
			const ir_regs *l =
				&f->live.in[vec_last(&b->insns)->to[s]];

			vec_for (l, k)
				add_range(al, l->v[k], 2 * b->first,
					  2 * (b->first + b->insns.n));
		}
		for (uint32_t k = b->insns.n; k-- > 0;)
			insn_ranges(al, b, b->insns.v[k], b->first + k);
	}
	for (uint32_t i = 0; i < f->norder; i++) {
		const struct m_block *b = &f->blocks.v[f->order[i]];

		vec_for (&b->insns, k) {
			const struct ir_insn *in = b->insns.v[k];

			if (m_is_call(in))
				vec_push(al->u->arena, &al->calls,
					 b->first + k);
			if (in->op == M_SUSPEND || in->op == M_YIELD)
				vec_push(al->u->arena, &al->suspends,
					 b->first + k);
		}
	}
}

static bool crosses(const uint32_t *nums, uint32_t n, const range_list *l)
{
	vec_for (l, i) {
		struct range r = l->v[i];
		uint32_t lo = 0, hi = n;

		/* first instruction with 2 * num >= start */
		while (lo < hi) {
			uint32_t mid = (lo + hi) / 2;

			if (2 * nums[mid] >= r.start)
				hi = mid;
			else
				lo = mid + 1;
		}
		if (lo < n && r.end > 2 * nums[lo] + 1)
			return true;
	}
	return false;
}

/* ---- giving out ---- */
static uint32_t first_after(const range_list *l, uint32_t pos)
{
	uint32_t lo = 0, hi = l->n;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (l->v[mid].end > pos)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static bool is_free(const range_list *taken, const range_list *l)
{
	vec_for (l, i) {
		uint32_t k = first_after(taken, l->v[i].start);

		if (k < taken->n && taken->v[k].start < l->v[i].end)
			return false;
	}
	return true;
}

static void take(struct arena *a, range_list *taken, const range_list *l)
{
	vec_for (l, i) {
		uint32_t k = first_after(taken, l->v[i].start);

		vec_push(a, taken, l->v[i]);
		memmove(&taken->v[k + 1], &taken->v[k],
			(taken->n - 1 - k) * sizeof(*taken->v));
		taken->v[k] = l->v[i];
	}
}

static bool try_reg(struct alloc *al, ir_reg r, uint8_t reg)
{
	struct interval *iv = &al->iv[r];

	if (reg == REG_NONE || (iv->crosses_call && reg <= R5) ||
	    !is_free(&al->taken[reg], &iv->ranges))
		return false;
	take(al->u->arena, &al->taken[reg], &iv->ranges);
	al->f->reg[r] = reg;
	return true;
}

static void give_reg(struct alloc *al, ir_reg r)
{
	static const uint8_t regs[] = {R5, R4, R3, R2, R9, R8, R6};
	struct interval *iv = &al->iv[r];
	/* Functions hold their frame in r6. */
	uint32_t n = al->f->ir->is_handler && !al->f->step ? 7 : 6;

	if (iv->crosses_suspend)
		return;
	if (iv->mate && try_reg(al, r, al->f->reg[iv->mate]))
		return;
	if (iv->hint && try_reg(al, r, iv->hint))
		return;
	for (uint32_t i = 0; i < n; i++)
		if (try_reg(al, r, regs[i]))
			return;
}

struct order {
	ir_reg reg;
	uint64_t rank;
};

static int by_rank(const void *pa, const void *pb)
{
	const struct order *a = pa, *b = pb;

	if (a->rank != b->rank)
		return a->rank < b->rank ? 1 : -1;
	return a->reg < b->reg ? -1 : 1;
}

static void give_regs(struct alloc *al)
{
	uint32_t nregs = al->f->ir->nregs, n = 0;
	struct order *order =
		arena_new_array(al->u->arena, struct order, nregs);

	for (ir_reg r = 1; r < nregs; r++) {
		struct interval *iv = &al->iv[r];

		if (!iv->ranges.n)
			continue;
		vec_for (&iv->ranges, i)
			iv->length +=
				iv->ranges.v[i].end - iv->ranges.v[i].start;
		iv->crosses_call =
			crosses(al->calls.v, al->calls.n, &iv->ranges);
		iv->crosses_suspend =
			crosses(al->suspends.v, al->suspends.n, &iv->ranges);
		order[n].reg = r;
		order[n++].rank = iv->weight * 4096 / iv->length;
	}
	qsort(order, n, sizeof(*order), by_rank);
	for (uint32_t i = 0; i < n; i++)
		give_reg(al, order[i].reg);
}

/* ---- the frame ---- */
static uint32_t give_spills(struct alloc *al, uint32_t off)
{
	VEC(range_list) words = {0};
	struct arena *a = al->u->arena;

	for (ir_reg r = 1; r < al->f->ir->nregs; r++) {
		uint32_t w;

		if (!al->iv[r].ranges.n || al->f->reg[r] != REG_NONE)
			continue;
		for (w = 0; w < words.n; w++)
			if (is_free(&words.v[w], &al->iv[r].ranges))
				break;
		if (w == words.n)
			vec_push(a, &words, ((range_list){0}));
		take(a, &words.v[w], &al->iv[r].ranges);
		al->f->spill[r] = off + 8 * w;
	}
	return off + 8 * words.n;
}

uint32_t ctxload_slot(const struct m_func *f, const struct ir_insn *in)
{
	vec_for (&f->ctxloads, i) {
		const struct m_ctxload *l = &f->ctxloads.v[i];

		if (l->insn->off == in->off && l->insn->size == in->size)
			return l->slot;
	}
	return NO_SLOT;
}

/* Loads from the probe context that are made early, each kept in a word. */
static uint32_t place_ctxloads(struct unit *u, struct m_func *f, uint32_t off)
{
	for (uint32_t i = 0; i < f->norder; i++) {
		const struct m_block *b = &f->blocks.v[f->order[i]];

		vec_for (&b->insns, k) {
			struct m_ctxload l = {b->insns.v[k], off};

			if (l.insn->op != IR_CTXLD ||
			    ctxload_slot(f, l.insn) != NO_SLOT)
				continue;
			vec_push(u->arena, &f->ctxloads, l);
			off += 8;
		}
	}
	return off;
}

static void layout(struct alloc *al)
{
	struct m_func *f = al->f;
	uint32_t off = f->step ? sizeof(struct step_frame) : 0;

	f->params_off = off;
	off += 8 * f->ir->nparams;
	if (f->ir->is_handler && (f->step || gen_is_traced(al->u->m, f->ir)))
		off = place_ctxloads(al->u, f, off);
	f->scratch_off = off;
	if (f->has_loop)
		off += 8;
	off = give_spills(al, off);
	f->slot_off = arena_new_array(al->u->arena, uint32_t, f->ir->slots.n);
	vec_for (&f->ir->slots, i) {
		f->slot_off[i] = off;
		off += (f->ir->slots.v[i].size + 7) & ~7u;
	}
	f->frame_size = off;
}

void alloc_registers(struct unit *u, struct m_func *f)
{
	struct alloc al = {.u = u, .f = f};
	uint32_t nregs = f->ir->nregs;

	al.iv = arena_new_array(u->arena, struct interval, nregs);
	f->reg = arena_alloc(u->arena, nregs);
	memset(f->reg, REG_NONE, nregs);
	f->spill = arena_new_array(u->arena, uint32_t, nregs);
	memset(f->spill, 0xff, nregs * sizeof(*f->spill));
	build_ranges(&al);
	give_regs(&al);
	layout(&al);
}
