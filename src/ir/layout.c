// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The end of heap layout. After the static data come the contexts, one behind
 * the other:
 *
 *   ctx_off + i * ctx_size: struct rt_ctx, padded to RT_CTX_FRAME
 *                           frame area: the handler's slots, then those of
 *                           the functions that it calls, stacked
 *                           RT_CTX_STRINGS strings, if the module needs them
 *                           the kernel's stack, if a handler asks for it
 *                           output buffer, out_cap bytes
 *
 * How large the frame area must be follows from the call graph: the deepest
 * path, where functions that can call themselves count as often as
 * MAXNESTING lets them.
 */
#include "ir/ir.h"

#include <string.h>

_Static_assert(sizeof(struct rt_ctx) <= RT_CTX_FRAME, "context head too large");

static uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

static uint32_t *head_field(w_u8 *heap, size_t offset)
{
	return (uint32_t *)(heap + offset);
}

#define HEAD(heap, field)                                                      \
	(*head_field((heap), __builtin_offsetof(struct rt_head, field)))

/* error() with a text that may be longer than what every context has room for:
   it is kept among the context's strings. */
static bool is_long_error(const struct ir_module *m, const struct ir_insn *in)
{
	const uint8_t *text;
	uint32_t room, len;

	if (in->fn != RT_FN_error)
		return false;
	text = in->args[1].kind == IV_HEAP
		       ? ir_constant(m, in->args[1].imm, &room)
		       : NULL;
	if (!text || room < sizeof(len))
		return true;
	memcpy(&len, text, sizeof(len));
	return len > RT_ERRMSG_CAP;
}

/* tokenize() and matched() keep strings from one call to the next. */
static bool uses_context_strings(const struct ir_module *m, bool *long_errors)
{
	bool used = false;

	*long_errors = false;
	vec_for (&m->funcs, i) {
		vec_for (&m->funcs.v[i]->blocks, b) {
			const struct ir_block *block =
				m->funcs.v[i]->blocks.v[b];

			vec_for (&block->insns, k) {
				const struct ir_insn *in = &block->insns.v[k];

				if (in->op != IR_RT)
					continue;
				*long_errors |= is_long_error(m, in);
				used |= in->fn == RT_FN_tokenize ||
					in->fn == RT_FN_regex_match ||
					in->fn == RT_FN_regex_group;
			}
		}
	}
	return used || *long_errors;
}

/* Bytes of the output entry of an error whose message is as long as strings
   are. */
static uint64_t longest_error(uint32_t string_cap)
{
	return sizeof(struct wire_entry) + 8 * (2 + RT_CALLERS / 2) +
	       RT_STR_SIZE((uint64_t)string_cap);
}

/* Frames that stand in front of what was probed: BPF's own. */
#define OWN_FRAMES 12

/* Addresses of the kernel's stack that a context has room for; 0: nobody
   asks. */
static uint64_t kstack_depth(const struct image *image, uint32_t max_backtrace)
{
	return image_any_handler(image, IMAGE_HANDLER_KSTACK)
		       ? max_backtrace + OWN_FRAMES
		       : 0;
}

bool ir_layout_contexts(struct ir_module *m, uint32_t frame_bytes,
			uint32_t out_cap, uint32_t count)
{
	struct image *image = m->image;
	uint64_t out = round_up(out_cap, 8);
	uint64_t start = m->statics_end;
	uint64_t ctx_size, strings = 0, stack = 0, depth = 0, end, size = 4096;
	const struct rt_head *before = (const void *)image->heap_init;
	bool has_head = image->heap_init_len >= sizeof(*before);
	uint64_t need = m->out_need;
	bool long_errors = false;
	w_u8 *heap;

	if (has_head)
		strings = uses_context_strings(m, &long_errors);
	if (long_errors && need < longest_error(before->string_cap))
		need = longest_error(before->string_cap);
	if (out < sizeof(struct wire_record) + need)
		out = round_up(sizeof(struct wire_record) + need, 8);
	if (start < sizeof(struct rt_head))
		start = sizeof(struct rt_head);
	start = round_up(start, 64);
	ctx_size = RT_CTX_FRAME + round_up(frame_bytes, 64);
	if (strings) {
		strings = ctx_size;
		ctx_size += RT_CTX_STRINGS *
			    RT_STR_SIZE((uint64_t)before->string_cap);
	}
	if (has_head)
		depth = kstack_depth(image, before->max_backtrace);
	if (depth) {
		stack = round_up(ctx_size, 8);
		ctx_size = stack + 8 * depth;
	}
	ctx_size = round_up(ctx_size + out, 64);
	end = start + ctx_size * count;
	while (size < end)
		size *= 2;
	if (size > IR_HEAP_MAX)
		return false;

	image->heap_size = size;
	image->heap_slack = IR_SLACK;
	if (image->heap_init_len < sizeof(struct rt_head)) {
		heap = arena_alloc(m->arena, sizeof(struct rt_head));
		if (image->heap_init_len)
			memcpy(heap, image->heap_init, image->heap_init_len);
		image->heap_init_len = sizeof(struct rt_head);
	} else {
		heap = arena_memdup(m->arena, image->heap_init,
				    image->heap_init_len);
	}
	HEAD(heap, heap_size) = size;
	HEAD(heap, ctx_off) = start;
	HEAD(heap, ctx_size) = ctx_size;
	HEAD(heap, ctx_count) = count;
	HEAD(heap, out_cap) = out;
	HEAD(heap, ctx_strings_off) = strings;
	HEAD(heap, kstack_off) = stack;
	HEAD(heap, kstack_max) = depth;
	image->heap_init = heap;
	return true;
}

/*
 * Tarjan's strongly connected components, with an explicit stack: a script
 * may have long chains of functions. Components come out callees first, so
 * the depth below a component is known when it is closed.
 */
struct scc {
	const struct ir_module *m;
	const uint32_t *size;
	uint64_t rounds; /* how often a recursive function is on the stack */
	uint32_t *index, *low, next_index; /* index 0: not visited */
	uint32_t *stack, nstack;
	bool *on_stack, *recursive;
	uint64_t *depth; /* bytes from this function down, once closed */
	struct scc_frame {
		uint32_t fn, block, insn;
	} * walk;
	uint32_t nwalk;
};

/* The next callee of a function, or false. */
static bool next_call(const struct ir_func *f, struct scc_frame *w,
		      uint32_t *callee)
{
	for (; w->block < f->blocks.n; w->block++, w->insn = 0) {
		const struct ir_block *b = f->blocks.v[w->block];

		while (w->insn < b->insns.n) {
			const struct ir_insn *in = &b->insns.v[w->insn++];

			if (in->op == IR_CALL) {
				*callee = in->fn;
				return true;
			}
		}
	}
	return false;
}

static void open_func(struct scc *s, uint32_t fn)
{
	s->index[fn] = s->low[fn] = ++s->next_index;
	s->stack[s->nstack++] = fn;
	s->on_stack[fn] = true;
	s->walk[s->nwalk++] = (struct scc_frame){.fn = fn};
}

/* depth[] holds the deepest closed callee of each member until here. */
static void close_component(struct scc *s, uint32_t root)
{
	uint32_t from = s->nstack;
	uint64_t own = 0, below = 0;
	bool recursive;

	do {
		uint32_t fn = s->stack[--from];

		own += s->size[fn];
		if (s->depth[fn] > below)
			below = s->depth[fn];
	} while (s->stack[from] != root);
	recursive = s->nstack - from > 1 || s->recursive[root];
	if (own > UINT32_MAX)
		own = UINT32_MAX;
	if (recursive)
		own *= s->rounds;
	if (own + below > UINT32_MAX)
		own = UINT32_MAX - below;
	for (uint32_t i = from; i < s->nstack; i++) {
		s->on_stack[s->stack[i]] = false;
		s->depth[s->stack[i]] = own + below;
	}
	s->nstack = from;
}

static void return_to(struct scc *s, uint32_t caller, uint32_t callee)
{
	if (s->on_stack[callee]) {
		if (s->low[callee] < s->low[caller])
			s->low[caller] = s->low[callee];
	} else if (s->depth[callee] > s->depth[caller]) {
		s->depth[caller] = s->depth[callee];
	}
}

static void visit(struct scc *s, uint32_t fn)
{
	open_func(s, fn);
	while (s->nwalk) {
		struct scc_frame *w = &s->walk[s->nwalk - 1];
		uint32_t callee;

		if (!next_call(s->m->funcs.v[w->fn], w, &callee)) {
			uint32_t done = w->fn;

			if (s->low[done] == s->index[done])
				close_component(s, done);
			if (--s->nwalk)
				return_to(s, w[-1].fn, done);
			continue;
		}
		if (callee == w->fn)
			s->recursive[callee] = true;
		if (!s->index[callee])
			open_func(s, callee);
		else
			return_to(s, w->fn, callee);
	}
}

uint32_t ir_stack_bytes(struct arena *a, const struct ir_module *m,
			const uint32_t *frame_size, uint32_t max_nesting)
{
	uint32_t n = m->funcs.n;
	uint64_t deepest = 0;
	struct scc s = {
		.m = m,
		.size = frame_size,
		.rounds = (uint64_t)max_nesting + 1,
		.index = arena_new_array(a, uint32_t, n),
		.low = arena_new_array(a, uint32_t, n),
		.stack = arena_new_array(a, uint32_t, n),
		.on_stack = arena_new_array(a, bool, n),
		.recursive = arena_new_array(a, bool, n),
		.depth = arena_new_array(a, uint64_t, n),
		.walk = arena_new_array(a, struct scc_frame, n),
	};

	for (uint32_t i = 0; i < n; i++) {
		if (!s.index[i])
			visit(&s, i);
		if (m->funcs.v[i]->is_handler && s.depth[i] > deepest)
			deepest = s.depth[i];
	}
	return deepest > UINT32_MAX ? UINT32_MAX : (uint32_t)deepest;
}
