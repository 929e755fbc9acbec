// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A function's flow graph, prepared for BPF.
 *
 * Loops of a plain function stay loops. Edges that enter one go through a
 * block with M_LAUNDER, so that the verifier sees unknown values in it and
 * finds the second iteration equal to the first; then comes M_LOOP, which
 * leaves the loop when the kernel's budget is used up:
 *
 *	enter -> [launder] -> [may_goto] -> header ... -> back to [may_goto]
 *			          `-> [overload error] -> error path
 *
 * In a step function the back edges of loops that cannot stay (no may_goto, or
 * a step function is called inside) become M_YIELD, and calls of step
 * functions end their blocks as M_SUSPEND; both resume at the block behind.
 */
#include "ebpf/gen.h"

#include <string.h>

bool m_is_end(const struct ir_insn *in)
{
	return in->op >= M_LOOP || (in->op >= IR_JMP && in->op < IR_OP_COUNT);
}

uint32_t m_nsucc(const struct ir_insn *end)
{
	switch (end->op) {
	case IR_RET:
		return 0;
	case IR_JMP:
	case M_SUSPEND:
	case M_YIELD:
		return 1;
	default:
		return 2;
	}
}

bool m_is_call(const struct ir_insn *in)
{
	return in->op == IR_RT || in->op == IR_CALL || in->op == M_SUSPEND;
}

bool cfg_has_loop(struct arena *a, const struct ir_func *f)
{
	uint32_t *order, *pos;
	uint32_t n = ir_rpo(a, f, &order, &pos);

	for (uint32_t i = 0; i < n; i++) {
		const struct ir_block *b = f->blocks.v[order[i]];
		const struct ir_insn *end = &vec_last(&b->insns);

		for (uint32_t s = 0; s < ir_nsucc(end); s++)
			if (pos[end->to[s]] <= i)
				return true;
	}
	return false;
}

struct loop {
	uint32_t header;
	bool has_suspend;
	uint64_t *body; /* bitset of the blocks there were at first */
};

struct cfg {
	struct unit *u;
	struct m_func *f;
	uint32_t *pos;	 /* block -> place in order, UINT32_MAX: unreachable */
	uint32_t nfirst; /* blocks before loops were changed */
	VEC(struct loop) loops;
	uint32_t *entry; /* header -> block that enters its loop */
	/* error paths of exhausted loops, linked when all loops are done */
	VEC(struct ir_insn *) late;
};

static const struct ir_insn *block_end(const struct m_block *b)
{
	return vec_last(&b->insns);
}

static uint32_t new_block(struct cfg *c, uint32_t depth)
{
	struct m_block b = {.depth = depth};

	vec_push(c->u->arena, &c->f->blocks, b);
	return c->f->blocks.n - 1;
}

static struct ir_insn *append(struct cfg *c, uint32_t block, uint16_t op)
{
	struct ir_insn *in = arena_new_obj(c->u->arena, struct ir_insn);

	in->op = op;
	vec_push(c->u->arena, &c->f->blocks.v[block].insns, in);
	return in;
}

static bool calls_step(const struct unit *u, const struct ir_insn *in)
{
	return in->op == IR_CALL && u->funcs[in->fn].step;
}

/* Moves what follows each suspending call to a block of its own. */
static void split_calls(struct cfg *c, uint32_t b)
{
	struct m_func *f = c->f;

	for (uint32_t i = 0; i < f->blocks.v[b].insns.n; i++) {
		const struct ir_insn *call = f->blocks.v[b].insns.v[i];
		struct ir_insn *end, *result;
		uint32_t next;

		if (!calls_step(c->u, call))
			continue;
		next = new_block(c, 0);
		if (call->d) {
			result = append(c, next, M_RESULT);
			result->d = call->d;
			result->loc = call->loc;
		}
		for (uint32_t k = i + 1; k < f->blocks.v[b].insns.n; k++)
			vec_push(c->u->arena, &f->blocks.v[next].insns,
				 f->blocks.v[b].insns.v[k]);
		end = arena_memdup(c->u->arena, call, sizeof(*call));
		end->op = M_SUSPEND;
		end->d = 0;
		end->to[0] = next;
		f->blocks.v[b].insns.v[i] = end;
		f->blocks.v[b].insns.n = i + 1;
		b = next;
		i = UINT32_MAX; /* on from the new block's start */
	}
}

/* A branch that always goes one way is a jump: the verifier refuses code that
   cannot be reached. */
static const struct ir_insn *simplify(struct cfg *c, const struct ir_insn *in)
{
	struct ir_insn *jmp;
	uint32_t to = 0;

	if (in->op != IR_BR && in->op != IR_BRERR)
		return in;
	if (in->to[0] != in->to[1]) {
		if (in->op == IR_BRERR || in->a.kind != IV_IMM ||
		    in->b.kind != IV_IMM)
			return in;
		to = !ir_eval_cc(in->cc, (uint64_t)in->a.imm,
				 (uint64_t)in->b.imm);
	}
	jmp = arena_new_obj(c->u->arena, struct ir_insn);
	jmp->op = IR_JMP;
	jmp->to[0] = in->to[to];
	jmp->loc = in->loc;
	return jmp;
}

static void copy_blocks(struct cfg *c)
{
	const struct ir_func *ir = c->f->ir;

	vec_for (&ir->blocks, b) {
		const struct ir_block *block = ir->blocks.v[b];

		new_block(c, 0);
		vec_for (&block->insns, i)
			vec_push(c->u->arena, &c->f->blocks.v[b].insns,
				 simplify(c, &block->insns.v[i]));
	}
	if (c->f->step)
		vec_for (&ir->blocks, b)
			split_calls(c, b);
}

/*
 * Which successor to visit first. The one visited last comes right behind
 * its predecessor: that should be the inner of loops, the path without an
 * error, and otherwise the "then" branch.
 */
static uint32_t visit_order(const struct m_func *f, const struct ir_insn *end,
			    uint32_t k)
{
	uint32_t d0, d1;

	if (m_nsucc(end) < 2)
		return end->to[0];
	if (end->op == IR_BRERR || end->op == M_LOOP)
		return end->to[k];
	d0 = f->blocks.v[end->to[0]].depth;
	d1 = f->blocks.v[end->to[1]].depth;
	return end->to[d0 < d1 ? k : 1 - k];
}

struct dfs_frame {
	uint32_t block, next;
};

static void order_blocks(struct cfg *c)
{
	struct m_func *f = c->f;
	struct arena *a = c->u->arena;
	uint32_t n = f->blocks.n, count = 0, depth = 0;
	uint32_t *post = arena_new_array(a, uint32_t, n);
	bool *seen = arena_new_array(a, bool, n);
	struct dfs_frame *stack = arena_new_array(a, struct dfs_frame, n);

	stack[depth++] = (struct dfs_frame){0, 0};
	seen[0] = true;
	while (depth) {
		struct dfs_frame *top = &stack[depth - 1];
		const struct ir_insn *end = block_end(&f->blocks.v[top->block]);
		uint32_t to;

		if (top->next == m_nsucc(end)) {
			post[count++] = top->block;
			depth--;
			continue;
		}
		to = visit_order(f, end, top->next++);
		if (!seen[to]) {
			seen[to] = true;
			stack[depth++] = (struct dfs_frame){to, 0};
		}
	}
	f->order = arena_new_array(a, uint32_t, count);
	f->norder = count;
	c->pos = arena_new_array(a, uint32_t, n);
	memset(c->pos, 0xff, sizeof(uint32_t) * n);
	for (uint32_t i = 0; i < count; i++) {
		f->order[i] = post[count - 1 - i];
		c->pos[f->order[i]] = i;
	}
}

/* ---- loops ---- */
static struct loop *loop_of(struct cfg *c, uint32_t header)
{
	struct loop l = {.header = header};

	vec_for (&c->loops, i)
		if (c->loops.v[i].header == header)
			return &c->loops.v[i];
	l.body = arena_new_array(c->u->arena, uint64_t, (c->nfirst + 63) / 64);
	l.body[header / 64] |= 1ull << (header % 64);
	vec_push(c->u->arena, &c->loops, l);
	return &vec_last(&c->loops);
}

typedef VEC(uint32_t) block_list;

/* Everything that reaches the back edge without passing the header. */
static void collect_body(struct cfg *c, struct loop *l, uint32_t from,
			 const block_list *preds)
{
	block_list work = {0};

	vec_push(c->u->arena, &work, from);
	while (work.n) {
		uint32_t b = work.v[--work.n];

		if (bit_test(l->body, b))
			continue;
		l->body[b / 64] |= 1ull << (b % 64);
		vec_for (&preds[b], i)
			vec_push(c->u->arena, &work, preds[b].v[i]);
	}
}

static void find_loops(struct cfg *c)
{
	struct m_func *f = c->f;
	block_list *preds =
		arena_new_array(c->u->arena, block_list, f->blocks.n);

	c->nfirst = f->blocks.n;
	for (uint32_t i = 0; i < f->norder; i++) {
		uint32_t b = f->order[i];
		const struct ir_insn *end = block_end(&f->blocks.v[b]);

		for (uint32_t s = 0; s < m_nsucc(end); s++)
			vec_push(c->u->arena, &preds[end->to[s]], b);
	}
	for (uint32_t i = 0; i < f->norder; i++) {
		uint32_t b = f->order[i];
		const struct ir_insn *end = block_end(&f->blocks.v[b]);

		for (uint32_t s = 0; s < m_nsucc(end); s++)
			if (c->pos[end->to[s]] <= i)
				collect_body(c, loop_of(c, end->to[s]), b,
					     preds);
	}
	vec_for (&c->loops, l) {
		struct loop *loop = &c->loops.v[l];

		for (uint32_t b = 0; b < c->nfirst; b++) {
			if (!bit_test(loop->body, b))
				continue;
			f->blocks.v[b].depth++;
			if (block_end(&f->blocks.v[b])->op == M_SUSPEND)
				loop->has_suspend = true;
		}
	}
}

/* Redirects edges of block b from `from` to `to`. */
static void redirect(struct cfg *c, uint32_t b, uint32_t from, uint32_t to)
{
	struct m_block *block = &c->f->blocks.v[b];
	struct ir_insn *end =
		arena_memdup(c->u->arena, block_end(block), sizeof(*end));

	for (uint32_t s = 0; s < m_nsucc(end); s++)
		if (end->to[s] == from)
			end->to[s] = to;
	block->insns.v[block->insns.n - 1] = end;
}

static bool goes_to(const struct m_block *b, uint32_t to)
{
	const struct ir_insn *end = block_end(b);

	for (uint32_t s = 0; s < m_nsucc(end); s++)
		if (end->to[s] == to)
			return true;
	return false;
}

static void yield_at_back_edges(struct cfg *c, struct loop *l)
{
	struct m_func *f = c->f;
	uint32_t y = new_block(c, f->blocks.v[l->header].depth);
	struct ir_insn *end = append(c, y, M_YIELD);

	end->to[0] = l->header;
	end->loc = block_end(&f->blocks.v[l->header])->loc;
	for (uint32_t b = 0; b < c->nfirst; b++)
		if (bit_test(l->body, b) && goes_to(&f->blocks.v[b], l->header))
			redirect(c, b, l->header, y);
}

/* The block that lowering makes in every loop for MAXACTION: it leaves past all
   catches, releasing what is held. */
static bool leaves_for_maxaction(const struct m_block *b)
{
	const struct ir_insn *in = b->insns.n ? b->insns.v[0] : NULL;

	return in && in->op == IR_RT && in->fn == RT_FN_error_code &&
	       in->args[1].kind == IV_IMM &&
	       in->args[1].imm == RT_MSG_MAXACTION;
}

/*
 * Where an error inside the loop goes: the loop ended by force is such an
 * error, and may not end up in a catch. Without a MAXACTION check, an error
 * that leaves the loop is preferred to a handler inside it.
 */
static uint32_t error_target(struct cfg *c, const struct loop *l)
{
	uint32_t inside = UINT32_MAX;

	for (uint32_t b = 0; b < c->nfirst; b++) {
		const struct ir_insn *end = block_end(&c->f->blocks.v[b]);

		if (!bit_test(l->body, b) || end->op != IR_BR)
			continue;
		for (uint32_t i = 0; i < 2; i++)
			if (!bit_test(l->body, end->to[i]) &&
			    leaves_for_maxaction(&c->f->blocks.v[end->to[i]]))
				return end->to[i];
	}
	for (uint32_t b = 0; b < c->nfirst; b++) {
		const struct ir_insn *end = block_end(&c->f->blocks.v[b]);

		if (!bit_test(l->body, b) || end->op != IR_BRERR)
			continue;
		if (!bit_test(l->body, end->to[0]))
			return end->to[0];
		inside = end->to[0];
	}
	return inside;
}

static void bound_loop(struct cfg *c, struct loop *l)
{
	struct m_func *f = c->f;
	uint32_t h = l->header, depth = f->blocks.v[h].depth;
	uint32_t pre = new_block(c, depth - 1), loop = new_block(c, depth);
	uint32_t over = new_block(c, 0), target = error_target(c, l);
	struct loc loc = f->blocks.v[h].insns.v[0]->loc;
	struct ir_insn *in;

	for (uint32_t b = 0; b < f->blocks.n; b++) {
		if (b == pre || b == loop || b == over ||
		    (b < c->nfirst && c->pos[b] == UINT32_MAX) ||
		    !goes_to(&f->blocks.v[b], h))
			continue;
		redirect(c, b, h,
			 b < c->nfirst && bit_test(l->body, b) ? loop : pre);
	}
	in = append(c, pre, M_LAUNDER);
	in->to[0] = h;
	in->loc = loc;
	append(c, pre, IR_JMP)->to[0] = loop;
	in = append(c, loop, M_LOOP);
	in->to[0] = over;
	in->to[1] = h;
	in->loc = loc;

	in = append(c, over, IR_RT);
	in->fn = RT_FN_error_code;
	in->nargs = 2;
	in->args = arena_new_array(c->u->arena, struct ir_val, 2);
	in->args[0] = iv_ctx(0);
	in->args[1] = iv_imm(RT_MSG_OVERLOAD);
	in->loc = loc;
	append(c, over, M_OVERLOAD);
	in = append(c, over, target == UINT32_MAX ? IR_RET : IR_JMP);
	if (target == UINT32_MAX) {
		in->a = f->ir->returns_value ? iv_imm(0) : IV_NOTHING;
	} else {
		in->to[0] = target;
		vec_push(c->u->arena, &c->late, in);
	}
	c->entry[h] = pre;
}

static void change_loops(struct cfg *c)
{
	c->entry = arena_new_array(c->u->arena, uint32_t, c->nfirst);
	for (uint32_t b = 0; b < c->nfirst; b++)
		c->entry[b] = b;
	vec_for (&c->loops, i) {
		struct loop *l = &c->loops.v[i];

		c->f->has_loop = true;
		if (c->f->step && (!c->u->opts->may_goto || l->has_suspend))
			yield_at_back_edges(c, l);
		else
			bound_loop(c, l);
	}
	vec_for (&c->late, i)
		c->late.v[i]->to[0] = c->entry[c->late.v[i]->to[0]];
}

/* ---- liveness ---- */
static void liveness(struct cfg *c)
{
	struct m_func *f = c->f;

	ir_live_begin(c->u->arena, &f->live, f->blocks.n, f->ir->nregs);
	for (uint32_t i = 0; i < f->norder; i++) {
		uint32_t n = f->order[i];
		const struct m_block *b = &f->blocks.v[n];
		const struct ir_insn *end = block_end(b);

		vec_for (&b->insns, k)
			ir_live_insn(&f->live, n, b->insns.v[k]);
		for (uint32_t s = 0; s < m_nsucc(end); s++)
			ir_live_edge(&f->live, n, end->to[s]);
	}
	ir_live_end(&f->live);
}

static void number(struct cfg *c)
{
	struct m_func *f = c->f;

	for (uint32_t i = 0; i < f->norder; i++) {
		struct m_block *b = &f->blocks.v[f->order[i]];
		const struct ir_insn *end = block_end(b);

		b->first = f->ninsns;
		f->ninsns += b->insns.n;
		if (end->op == M_SUSPEND || end->op == M_YIELD) {
			struct m_block *to = &f->blocks.v[end->to[0]];

			if (!to->resume)
				to->resume = ++f->nresume;
		}
	}
}

void cfg_build(struct unit *u, struct m_func *f)
{
	struct cfg c = {.u = u, .f = f};

	copy_blocks(&c);
	order_blocks(&c);
	find_loops(&c);
	change_loops(&c);
	order_blocks(&c);
	liveness(&c);
	number(&c);
}
