/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where globals live. Each starts a cache line, lock word first: who takes the
 * lock has the value. Globals that are always used together, in the same ways,
 * share the lock of the first of them (lower_effects.c finds them).
 */
#include <string.h>

#include "ir/lower_impl.h"

static uint32_t round8(uint32_t n)
{
	return (n + 7) & ~7u;
}

static void put_string(struct lower *L, uint32_t off, const char *s,
		       uint32_t len, struct loc loc)
{
	/* for the check of the length */
	heap_string(L, s, len, loc);
	if (len > L->string_cap)
		len = L->string_cap;
	memcpy(L->heap.init + off, &len, 4);
	memcpy(L->heap.init + off + RT_STR_HDR, s, len);
}

/* Description of the aggregate; its size goes to *size. */
static uint32_t make_desc(struct lower *L, const struct var_decl *v,
			  uint32_t *size)
{
	struct rt_stat_desc d = {0};
	uint32_t off;

	if (v->stat_ops & 1u << STAT_HIST_LOG) {
		d.hist = RT_HIST_LOG;
		d.nbuckets = RT_HIST_LOG_BUCKETS;
	} else if (v->stat_ops & 1u << STAT_HIST_LINEAR) {
		d.hist = RT_HIST_LINEAR;
		d.low = v->hist_low;
		d.high = v->hist_high;
		d.step = v->hist_step;
		d.nbuckets = (uint32_t)((v->hist_high - v->hist_low) /
					v->hist_step) +
			     3;
	}
	d.want_variance = !!(v->stat_ops & 1u << STAT_VARIANCE);
	d.variance_shift = (w_u8)v->variance_shift;
	d.in_array = v->is_array;
	d.size = sizeof(struct rt_stat) + 8 * d.nbuckets;
	off = heap_alloc(L, sizeof(d), 8);
	if (!L->heap.too_big)
		memcpy(L->heap.init + off, &d, sizeof(d));
	*size = d.size;
	return off;
}

static uint32_t power_of_two(uint64_t n)
{
	uint32_t p = 1;

	while (p < n)
		p *= 2;
	return p;
}

/* A bucket per element, more or fewer by MAPHASHBIAS. */
static uint32_t bucket_count(struct lower *L, uint32_t entries)
{
	int64_t bias = L->opts->limits.hash_bias;
	uint64_t n = power_of_two(entries);

	n = bias >= 0 ? n << bias : n >> -bias;
	return (uint32_t)(n < 4 ? 4 : n);
}

static void layout_array(struct lower *L, const struct var_decl *v,
			 struct var_info *i)
{
	struct ir_val full = iv_imm(0);
	struct rt_map m = {0};
	uint64_t entries =
		(uint64_t)(v->max_entries ? v->max_entries
					  : L->opts->limits.max_entries);

	if (entries > 1u << 26) { /* no heap holds them; said at the end */
		L->heap.too_big = true;
		return;
	}
	m.nkeys = v->nkeys;
	for (uint32_t k = 0; k < v->nkeys; k++) {
		m.key_kind[k] = v->key_type[k] == TY_STRING;
		m.key_cap += m.key_kind[k] ? L->string_size : 8;
	}
	m.val_size = 8;
	if (v->type == TY_STRING) {
		m.val_size = L->string_size;
		m.flags |= RT_MAP_STRVAL;
	} else if (v->type == TY_STATS) {
		i->desc = make_desc(L, v, &m.val_size);
		m.stat_desc_off = i->desc;
		m.flags |= RT_MAP_STAT;
	}
	m.flags |= v->wrap ? RT_MAP_WRAP : 0;
	/* what is short stands next to the entry's head */
	if (m.val_size <= m.key_cap) {
		m.val_off = sizeof(struct rt_entry);
		m.key_off = m.val_off + round8(m.val_size);
		m.entry_size = m.key_off + m.key_cap;
	} else {
		m.key_off = sizeof(struct rt_entry);
		m.val_off = m.key_off + m.key_cap;
		m.entry_size = m.val_off + round8(m.val_size);
	}
	m.max_entries = (w_u32)entries;
	m.nbuckets = bucket_count(L, m.max_entries);
	/*
	 * The entries first: those of the first array, which are used first,
	 * then share a page with the head and the locks. After a system call
	 * every page that a handler touches can cost a walk of the page tables.
	 */
	m.entries_off = heap_zero(L, entries * m.entry_size, 64);
	m.buckets_off = heap_zero(L, 4ull * m.nbuckets, 64);

	if (v->max_entries && !v->wrap)
		full = heap_cstring(L, arena_printf(L->arena,
						    "Array overflow, check size "
						    "limit (%llu)",
						    (unsigned long long)entries));
	i->off = heap_alloc(L, sizeof(m), 8);
	i->key_off = m.key_off;
	i->key_cap = m.key_cap;
	i->val_off = m.val_off;
	i->val_size = m.val_size;
	if (L->heap.too_big)
		return;
	memcpy(L->heap.init + i->off, &m, sizeof(m));
	heap_put32(L, i->off + offsetof(struct rt_map, buckets_off),
		   m.buckets_off);
	heap_put32(L, i->off + offsetof(struct rt_map, entries_off),
		   m.entries_off);
	heap_put32(L, i->off + offsetof(struct rt_map, full_msg),
		   (uint32_t)full.imm);
	heap_symbol(L, arena_printf(L->arena, "%s.entries", v->name),
		    m.entries_off, (uint32_t)(entries * m.entry_size));
}

static void layout_scalar(struct lower *L, const struct var_decl *v,
			  struct var_info *i)
{
	uint32_t size = 8;

	if (v->type == TY_STATS) {
		i->desc = make_desc(L, v, &size);
		i->off = heap_zero(L, size, 64);
		heap_symbol(L, v->name, i->off, size);
		return;
	}
	if (v->type == TY_STRING)
		size = L->string_size;
	i->off = heap_alloc(L, size, 8);
	heap_symbol(L, v->name, i->off, size);
	if (!v->init || L->heap.too_big)
		return;
	if (v->init->kind == E_STRING)
		put_string(L, i->off, v->init->str.s, v->init->str.len,
			   v->init->loc);
	else if (v->init->kind == E_NUMBER)
		memcpy(L->heap.init + i->off, &v->init->num.v, 8);
}

static void layout_global(struct lower *L, struct var_decl *v)
{
	struct var_info *i = arena_new_obj(L->arena, struct var_info);
	uint32_t lock = heap_alloc(L, 8, 64);

	v->aux = i;
	i->lock = NO_LOCK;
	L->lock_off[v->id] = lock;
	heap_symbol(L, arena_printf(L->arena, "%s.lock", v->name), lock, 8);
	if (v->is_array) {
		layout_array(L, v, i);
		heap_symbol(L, v->name, i->off, sizeof(struct rt_map));
	} else {
		layout_scalar(L, v, i);
	}
	i->mem = iv_heap(i->off);
	if (v->type == TY_STATS && i->desc && !L->heap.too_big) {
		struct rt_stat_desc d;

		memcpy(&d, L->heap.init + i->desc, sizeof(d));
		i->nbuckets = d.nbuckets;
		if (d.size > L->zero_stat_size)
			L->zero_stat_size = d.size;
	}
}

void globals_layout(struct lower *L)
{
	uint32_t from = heap_alloc(L, 0, 64);

	L->lock_off =
		arena_new_array(L->arena, uint32_t, L->prog->globals.n + 1);
	vec_for (&L->prog->globals, i)
		layout_global(L, L->prog->globals.v[i]);
	if (L->zero_stat_size)
		L->zero_stat = heap_zero(L, L->zero_stat_size, 8);
	heap_put32(L, offsetof(struct rt_head, globals_off), from);
	heap_put32(L, offsetof(struct rt_head, globals_size),
		   L->heap.len - from);
}
