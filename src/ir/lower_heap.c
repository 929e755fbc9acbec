/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The heap's static part: head, globals, constants; then zero memory.
 *
 * Constants are found while the code is lowered, so their end is known last;
 * but what is zero at start (the elements of arrays, megabytes) must come
 * behind them, or the image would have to carry it. Zero memory therefore gets
 * provisional offsets from HEAP_ZERO on, and heap_finish() moves them: in the
 * code (HEAP operands), in the symbols, and where the initialised part itself
 * holds such an offset (heap_put32() remembers these places).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir/lower_impl.h"

void heap_init(struct lower *L)
{
	map_init(&L->heap.strings, L->arena);
	map_init(&L->heap.regexes, L->arena);
	map_init(&L->heap.keys, L->arena);
	heap_alloc(L, sizeof(struct rt_head), 64);
}

uint32_t heap_alloc(struct lower *L, uint32_t size, uint32_t align)
{
	struct heap *h = &L->heap;
	uint32_t off = (h->len + align - 1) & ~(align - 1);
	uint64_t end = (uint64_t)off + size;

	if (end >= HEAP_ZERO) {
		h->too_big = true;
		return off;
	}
	if (end > h->cap) {
		uint32_t cap = h->cap ? h->cap : 4096;
		uint8_t *grown;

		while (cap < end)
			cap *= 2;
		grown = arena_alloc(L->arena, cap);
		if (h->len)
			memcpy(grown, h->init, h->len);
		h->init = grown;
		h->cap = cap;
	}
	h->len = (uint32_t)end;
	return off;
}

uint32_t heap_input(struct lower *L)
{
	if (!L->input_off) {
		L->input_off = heap_alloc(L, L->string_size, 8);
		heap_symbol(L, "input", L->input_off, L->string_size);
	}
	return L->input_off;
}

uint32_t heap_zero(struct lower *L, uint64_t size, uint32_t align)
{
	struct heap *h = &L->heap;
	uint32_t off = (h->zero + align - 1) & ~(align - 1);

	if (off + size > IR_HEAP_MAX) {
		h->too_big = true;
		return HEAP_ZERO;
	}
	h->zero = off + (uint32_t)size;
	return HEAP_ZERO + off;
}

void heap_put32(struct lower *L, uint32_t off, uint32_t v)
{
	memcpy(L->heap.init + off, &v, 4);
	if (v >= HEAP_ZERO)
		vec_push(L->arena, &L->heap.patches, off);
}

uint32_t heap_string(struct lower *L, const char *s, size_t len, struct loc loc)
{
	uintptr_t known = (uintptr_t)map_getn(&L->heap.strings, s, len);
	const char *key;
	uint32_t n, off;

	if (known)
		return (uint32_t)(known - 1);
	key = arena_strndup(L->arena, s, len);
	if (len > L->string_cap) {
		struct diag_msg *msg =
			lower_error(L, STRING_TOO_LONG, loc, NULL,
				    (unsigned)len, L->string_cap);

		diag_remedy(msg, "raise the limit with -DMAXSTRINGLEN=%u",
			    (unsigned)len + 1);
		len = L->string_cap;
	}
	n = (uint32_t)len;
	off = heap_alloc(L, RT_STR_SIZE(n), 8);
	if (L->heap.too_big)
		return 0;
	memcpy(L->heap.init + off, &n, 4);
	memcpy(L->heap.init + off + RT_STR_HDR, s, n);
	map_put(&L->heap.strings, key, (void *)(uintptr_t)(off + 1));
	return off;
}

struct ir_val heap_cstring(struct lower *L, const char *s)
{
	size_t len = strlen(s);

	/* names of probe points and the like: cut quietly */
	if (len > L->string_cap)
		len = L->string_cap;
	return iv_heap(heap_string(L, s, len, LOC_NONE));
}

uint32_t heap_bytes(struct lower *L, const void *p, uint32_t size)
{
	const uint8_t *b = p;
	char *key = arena_alloc(L->arena, 2 * (size_t)size + 1);
	uintptr_t known;
	uint32_t off;

	for (uint32_t i = 0; i < size; i++)
		sprintf(key + 2 * (size_t)i, "%02x", b[i]);
	known = (uintptr_t)map_get(&L->heap.keys, key);
	if (known)
		return (uint32_t)(known - 1);
	off = heap_alloc(L, size, 8);
	if (L->heap.too_big)
		return 0;
	memcpy(L->heap.init + off, p, size);
	map_put(&L->heap.keys, key, (void *)(uintptr_t)(off + 1));
	return off;
}

uint32_t heap_spec(struct lower *L, const struct wire_spec *spec)
{
	return heap_bytes(L, spec, sizeof(*spec));
}

void heap_symbol(struct lower *L, const char *name, uint32_t off, uint32_t size)
{
	struct ir_symbol s = {.name = name, .off = off, .size = size};

	vec_push(L->arena, &L->m->symbols, s);
}

/* ---- finishing ---- */

static void move_operands(struct ir_module *m, uint32_t zero_at)
{
	vec_for (&m->funcs, fi) {
		struct ir_func *f = m->funcs.v[fi];

		vec_for (&f->blocks, b) {
			struct ir_block *blk = f->blocks.v[b];

			vec_for (&blk->insns, i) {
				struct ir_insn *in = &blk->insns.v[i];

				for (uint32_t o = 0; o < ir_noperands(in);
				     o++) {
					struct ir_val *v = ir_operand(in, o);

					if (v->kind == IV_HEAP &&
					    v->imm >= HEAP_ZERO)
						v->imm += (int64_t)zero_at -
							  HEAP_ZERO;
				}
			}
		}
	}
}

static int by_offset(const void *a, const void *b)
{
	const struct ir_symbol *x = a, *y = b;

	return (x->off > y->off) - (x->off < y->off);
}

static void move_symbols(struct ir_module *m, uint32_t zero_at)
{
	vec_for (&m->symbols, i)
		if (m->symbols.v[i].off >= HEAP_ZERO)
			m->symbols.v[i].off += zero_at - HEAP_ZERO;
	if (m->symbols.n)
		qsort(m->symbols.v, m->symbols.n, sizeof(m->symbols.v[0]),
		      by_offset);
}

static void fill_head(struct lower *L, struct rt_head *h)
{
	const struct lower_limits *l = &L->opts->limits;
	uint32_t n = L->img.handlers.n;

	h->string_cap = L->string_cap;
	h->max_errors = (uint32_t)l->max_errors;
	h->max_skipped = (uint32_t)l->max_skipped;
	h->max_backtrace = (uint32_t)l->max_backtrace;
	h->overload_interval = (w_u64)l->overload_interval;
	h->overload_threshold =
		l->no_overload ? 0 : (w_u64)l->overload_threshold;
	h->max_trylock = (uint32_t)l->max_trylock;
	h->max_nesting = L->max_nesting;
	h->max_action = (uint32_t)l->max_action;
	h->max_action_interruptible =
		(uint32_t)(l->max_action_interruptible
				   ? l->max_action_interruptible
				   : 10 * l->max_action);
	h->nprobes = n;
	/* 0 is for images that do not say; see wire.h */
	h->hist_elision =
		l->hist_elision < 0 ? -1 : (w_s32)(l->hist_elision + 1);
	h->hist_width = (w_u32)l->hist_width;
	h->flags =
		(L->opts->suppress_handler_errors ? RT_F_SUPPRESS_ERRORS : 0) |
		(L->opts->suppress_time_limits ? RT_F_NO_TIME_LIMITS : 0) |
		(L->opts->timing ? RT_F_TIMING : 0);
}

/* Built-in error messages: strings, and a table of their offsets. */
static void add_messages(struct lower *L)
{
	static const char *const text[RT_MSG_COUNT] = {
#define M(id, s) s,
#include "rt_msg.def"
#undef M
	};
	uint32_t table = heap_alloc(L, 4 * RT_MSG_COUNT, 8);

	for (unsigned i = 0; i < RT_MSG_COUNT; i++) {
		struct ir_val s = heap_cstring(L, text[i]);

		heap_put32(L, table + 4 * i, (uint32_t)s.imm);
	}
	heap_put32(L, offsetof(struct rt_head, msgs_off), table);
}

static void report_too_big(struct lower *L)
{
	struct diag_msg *m =
		lower_error(L, HEAP_TOO_BIG, LOC_NONE, NULL, IR_HEAP_MAX >> 20);

	diag_remedy(m, "make arrays smaller (global a[1000]), or lower "
		       "-DMAXMAPENTRIES, -DMAXSTRINGLEN or -DMAXNESTING");
}

void heap_finish(struct lower *L)
{
	struct heap *h = &L->heap;
	struct image *img = L->m->image;
	uint32_t zero_at, len;

	add_messages(L);
	if (L->opts->timing)
		heap_put32(L, offsetof(struct rt_head, probe_stats_off),
			   heap_zero(L,
				     (uint64_t)L->img.handlers.n *
					     sizeof(struct rt_probe_stat),
				     64));
	zero_at = (h->len + 63) & ~63u;
	if (h->too_big || (uint64_t)zero_at + h->zero > IR_HEAP_MAX) {
		report_too_big(L);
		return;
	}
	vec_for (&h->patches, i) {
		uint32_t v;

		memcpy(&v, h->init + h->patches.v[i], 4);
		v += zero_at - HEAP_ZERO;
		memcpy(h->init + h->patches.v[i], &v, 4);
	}
	move_operands(L->m, zero_at);
	move_symbols(L->m, zero_at);
	fill_head(L, (struct rt_head *)h->init);
	L->m->statics_end = zero_at + h->zero;

	for (len = h->len; len > sizeof(struct rt_head); len--)
		if (h->init[len - 1])
			break;
	img->heap_init = h->init;
	img->heap_init_len = len;
}
