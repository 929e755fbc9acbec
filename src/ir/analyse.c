// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Facts about control flow: order, predecessors, loops, dominators, and which
 * functions of the library are called. All of it tolerates functions that
 * ir_check() would refuse for other reasons, as long as every block ends in its
 * terminator and block numbers are valid.
 */
#include "ir/ir.h"

#include <string.h>

static const struct ir_insn *block_end(const struct ir_func *f, uint32_t b)
{
	return &vec_last(&f->blocks.v[b]->insns);
}

struct dfs_frame {
	uint32_t block, next;
};

enum dfs_colour { DFS_NEW, DFS_OPEN, DFS_DONE };

/*
 * Depth-first walk with an explicit stack, as functions may have thousands of
 * blocks. A back edge is one to a block that is still open.
 */
static uint32_t dfs(struct arena *a, const struct ir_func *f, uint32_t *post,
		    bool *header)
{
	uint32_t n = f->blocks.n, npost = 0, depth = 0;
	uint8_t *colour = arena_alloc(a, n);
	struct dfs_frame *stack = arena_new_array(a, struct dfs_frame, n);

	if (!n)
		return 0;
	stack[depth++] = (struct dfs_frame){0, 0};
	colour[0] = DFS_OPEN;
	while (depth) {
		struct dfs_frame *top = &stack[depth - 1];
		const struct ir_insn *end = block_end(f, top->block);

		if (top->next == ir_nsucc(end)) {
			colour[top->block] = DFS_DONE;
			post[npost++] = top->block;
			depth--;
			continue;
		}
		uint32_t to = end->to[top->next++];

		if (colour[to] == DFS_OPEN) {
			header[to] = true;
		} else if (colour[to] == DFS_NEW) {
			colour[to] = DFS_OPEN;
			stack[depth++] = (struct dfs_frame){to, 0};
		}
	}
	return npost;
}

uint32_t ir_rpo(struct arena *a, const struct ir_func *f, uint32_t **order,
		uint32_t **pos)
{
	uint32_t n = f->blocks.n;
	uint32_t *v = arena_new_array(a, uint32_t, n);
	uint32_t count = dfs(a, f, v, arena_new_array(a, bool, n));

	for (uint32_t i = 0; i < count / 2; i++) {
		uint32_t t = v[i];

		v[i] = v[count - 1 - i];
		v[count - 1 - i] = t;
	}
	*order = v;
	if (!pos)
		return count;
	*pos = arena_new_array(a, uint32_t, n);
	memset(*pos, 0xff, sizeof(uint32_t) * n);
	for (uint32_t i = 0; i < count; i++)
		(*pos)[v[i]] = i;
	return count;
}

void ir_analyse(struct arena *a, struct ir_func *f)
{
	uint32_t n = f->blocks.n;
	uint32_t *post = arena_new_array(a, uint32_t, n);
	bool *header = arena_new_array(a, bool, n);
	uint32_t count = dfs(a, f, post, header);

	vec_for (&f->blocks, i) {
		struct ir_block *b = f->blocks.v[i];

		/* not n = 0: the old storage may be in another arena */
		memset(&b->preds, 0, sizeof(b->preds));
		b->reachable = false;
		b->loop_header = header[i];
	}
	for (uint32_t i = 0; i < count; i++)
		f->blocks.v[post[i]]->reachable = true;
	/* In block order, so that the lists do not depend on the walk. */
	vec_for (&f->blocks, i) {
		const struct ir_insn *end = block_end(f, i);
		uint32_t nsucc = ir_nsucc(end);

		if (!f->blocks.v[i]->reachable)
			continue;
		for (uint32_t s = 0; s < nsucc; s++) {
			if (s && end->to[1] == end->to[0])
				break;
			vec_push(a, &f->blocks.v[end->to[s]]->preds, i);
		}
	}
}

/* Cooper, Harvey, Kennedy: A Simple, Fast Dominance Algorithm. */
uint32_t *ir_dominators(struct arena *a, const struct ir_func *f)
{
	uint32_t *order, *pos, *idom;
	uint32_t count = ir_rpo(a, f, &order, &pos);
	bool changed = true;

	idom = arena_new_array(a, uint32_t, f->blocks.n);
	memset(idom, 0xff, sizeof(uint32_t) * f->blocks.n);
	if (!count)
		return idom;
	idom[0] = 0;
	while (changed) {
		changed = false;
		for (uint32_t i = 1; i < count; i++) {
			const struct ir_block *b = f->blocks.v[order[i]];
			uint32_t dom = UINT32_MAX;

			vec_for (&b->preds, k) {
				uint32_t p = b->preds.v[k];

				if (idom[p] == UINT32_MAX)
					continue;
				if (dom == UINT32_MAX) {
					dom = p;
					continue;
				}
				while (p != dom) {
					if (pos[p] > pos[dom])
						p = idom[p];
					else
						dom = idom[dom];
				}
			}
			if (dom != idom[order[i]]) {
				idom[order[i]] = dom;
				changed = true;
			}
		}
	}
	return idom;
}

bool ir_calls_rt(const struct ir_func *f, enum rt_fn fn)
{
	vec_for (&f->blocks, b)
		vec_for (&f->blocks.v[b]->insns, i) {
			const struct ir_insn *in = &f->blocks.v[b]->insns.v[i];

			if (in->op == IR_RT && in->fn == fn)
				return true;
		}
	return false;
}

bool ir_module_calls_rt(const struct ir_module *m, enum rt_fn fn)
{
	vec_for (&m->funcs, i)
		if (ir_calls_rt(m->funcs.v[i], fn))
			return true;
	return false;
}
