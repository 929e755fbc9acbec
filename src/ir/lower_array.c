/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Associative arrays. Keys are packed into a buffer of the frame, component
 * after component; a string is made where it belongs in the buffer. A single
 * integer travels in a register, and keys of constants stand packed in the
 * heap.
 */
#include <string.h>

#include "ir/lower_impl.h"

/* ---- keys ---- */

static bool constant_key(struct lower *L, struct expr *const *keys, uint32_t n,
			 struct key *k)
{
	uint8_t *buf;
	uint32_t at = 0, size = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (!keys[i])
			return false;
		if (keys[i]->kind == E_STRING &&
		    keys[i]->str.len <= L->string_cap)
			size += RT_STR_SIZE(keys[i]->str.len);
		else if (keys[i]->kind == E_NUMBER)
			size += 8;
		else
			return false;
	}
	buf = arena_alloc(L->arena, size);
	for (uint32_t i = 0; i < n; i++) {
		if (keys[i]->kind == E_STRING) {
			memcpy(buf + at, &keys[i]->str.len, 4);
			memcpy(buf + at + RT_STR_HDR, keys[i]->str.s,
			       keys[i]->str.len);
			at += RT_STR_SIZE(keys[i]->str.len);
		} else {
			memcpy(buf + at, &keys[i]->num.v, 8);
			at += 8;
		}
	}
	k->buf = iv_heap(heap_bytes(L, buf, size));
	k->words = iv_imm(size / 8);
	return true;
}

/* A string component at pos; what follows it goes to *next when asked for. The
   number of its words. */
static struct ir_val pack_string(struct lower *L, struct ir_val pos,
				 const struct expr *e, struct ir_val *next)
{
	struct temps_mark mark = lower_temps_mark(L);
	const struct expr *b = lower_bound(e);
	struct ir_val words, after = IV_NOTHING;

	if (b->kind == E_STRING || b->kind == E_SYMBOL || b->kind == E_INDEX ||
	    b->kind == E_ASSIGN) {
		/* it is somewhere already */
		after = RT_CALL(L, key_str, pos, lower_str(L, b).v);
	} else {
		lower_str_into(L, b, pos);
	}
	lower_temps_release(L, mark);
	/* header, and RT_STR_WORDS(len) words */
	words = lower_op(L, IR_SHR,
			 lower_op(L, IR_ADD, lower_str_len(L, pos),
				  iv_imm(RT_STR_HDR + 8)),
			 iv_imm(3));
	if (next && after.kind == IV_NONE)
		after = lower_op(L, IR_ADD, lower_addr(L, pos),
				 lower_op(L, IR_SHL, words, iv_imm(3)));
	if (next)
		*next = after;
	return words;
}

void lower_key(struct lower *L, const struct var_decl *array,
	       struct expr *const *keys, uint32_t n, struct key *k)
{
	const struct var_info *vi = lower_info(array);
	struct ir_val pos;

	memset(k, 0, sizeof(*k));
	if (n == 1 && keys[0] && keys[0]->type == TY_LONG) {
		struct val v = lower_value(L, keys[0]);

		k->single = true;
		k->buf = v.v;
		if (v.of) { /* what comes next may change the variable */
			ir_reg copy = lower_reg(L);

			lower_move(L, copy, v.v);
			k->buf = iv_reg(copy);
		}
		return;
	}
	if (constant_key(L, keys, n, k))
		return;
	k->buf = pos = lower_temp_key(L, vi->key_cap);
	k->words = iv_imm(0);
	for (uint32_t i = 0; i < n; i++) {
		struct ir_val words = iv_imm(1);

		if (keys[i]->type == TY_STRING) {
			words = pack_string(L, pos, keys[i],
					    i + 1 < n ? &pos : NULL);
		} else {
			lower_store(L, pos, 0, lower_long(L, keys[i]), 8);
			pos = lower_at(L, pos, 8);
		}
		k->words = lower_op(L, IR_ADD, words, k->words);
	}
}

struct ir_val lower_find(struct lower *L, const struct var_decl *array,
			 const struct key *k)
{
	struct ir_val map = lower_var(L, array)->mem;

	if (k->single)
		return RT_CALL(L, map_find1, map, k->buf);
	return RT_CALL(L, map_find, map, k->buf, k->words);
}

struct ir_val lower_insert(struct lower *L, const struct var_decl *array,
			   const struct key *k, struct loc loc)
{
	struct ir_val entry, map = lower_var(L, array)->mem;

	if (k->single)
		entry = RT_CALL(L, map_insert1, LOWER_CTX, map, k->buf);
	else
		entry = RT_CALL(L, map_insert, LOWER_CTX, map, k->buf,
				k->words);
	lower_check(L, loc);
	return entry;
}

/* ---- reading ---- */

struct val lower_index_get(struct lower *L, const struct expr *e)
{
	const struct var_decl *array;
	struct label there = {0}, missing = {0}, end = {0};
	struct ir_val entry;
	struct key k;
	int32_t off;
	ir_reg d;

	if (e->index.base->kind == E_STATOP)
		return (struct val){.v = lower_bucket(L, e)};
	array = e->index.base->sym.ref;
	off = (int32_t)lower_info(array)->val_off;
	lower_key(L, array, e->index.keys.v, e->index.keys.n, &k);
	entry = lower_find(L, array, &k);
	d = lower_reg(L);
	lower_branch(L, CC_NE, entry, iv_imm(0), &there, &missing);
	lower_place(L, &there);
	if (array->type == TY_STRING)
		lower_move(L, d, lower_at(L, entry, off));
	else
		lower_move(L, d, lower_load(L, entry, off, 8, false));
	lower_jump(L, &end);
	lower_place(L, &missing);
	lower_move(L, d,
		   array->type == TY_STRING ? heap_cstring(L, "") : iv_imm(0));
	lower_place(L, &end);
	return (struct val){
		.v = iv_reg(d),
		.of = array->type == TY_STRING ? array : NULL,
	};
}

/* ---- slices ---- */

/*
 * Slices compare component by component, so each needs a place in memory, a
 * single integer too.
 */
static void slice_key(struct lower *L, const struct var_decl *array,
		      struct expr *const *keys, uint32_t n, struct key *k)
{
	struct ir_val pos = lower_temp_key(L, lower_info(array)->key_cap);

	memset(k, 0, sizeof(*k));
	k->buf = pos;
	for (uint32_t i = 0; i < n; i++) {
		if (!keys[i])
			continue;
		k->part[i] = pos;
		if (keys[i]->type == TY_STRING) {
			pack_string(L, pos, keys[i], &pos);
			continue;
		}
		lower_store(L, pos, 0, lower_long(L, keys[i]), 8);
		pos = lower_at(L, pos, 8);
	}
}

void lower_match(struct lower *L, const struct var_decl *array,
		 const struct key *k, struct ir_val entry, struct label *no)
{
	struct ir_val map = lower_var(L, array)->mem;

	for (uint32_t i = 0; i < array->nkeys; i++) {
		struct label equal = {0};
		struct ir_val same;

		if (k->part[i].kind == IV_NONE)
			continue;
		same = RT_CALL(L, key_match, map, entry, iv_imm(i), k->part[i]);
		lower_branch(L, CC_NE, same, iv_imm(0), &equal, no);
		lower_place(L, &equal);
	}
}

static struct ir_val load_head(struct lower *L, const struct var_decl *array)
{
	return lower_load(L, lower_var(L, array)->mem,
			  offsetof(struct rt_map, head), 4, false);
}

static struct ir_val load_next(struct lower *L, struct ir_val entry)
{
	return lower_load(L, entry, offsetof(struct rt_entry, next), 4, false);
}

/*
 * For each entry of the array that the slice matches: `found` is called to
 * emit code; the walk goes on at the label it is given, or ends at `end`.
 */
static void
walk_slice(struct lower *L, const struct var_decl *array, const struct key *k,
	   void (*found)(struct lower *L, const struct var_decl *array,
			 struct ir_val entry, struct label *found_l),
	   struct label *found_l)
{
	struct label head = {0}, body = {0}, step = {0}, end = {0};
	ir_reg e = lower_reg(L), next = lower_reg(L);

	lower_move(L, e, load_head(L, array));
	lower_jump(L, &head);
	lower_place(L, &head);
	lower_branch(L, CC_NE, iv_reg(e), iv_imm(0), &body, &end);
	lower_place(L, &body);
	lower_move(L, next, load_next(L, iv_reg(e)));
	lower_match(L, array, k, iv_reg(e), &step);
	found(L, array, iv_reg(e), found_l);
	lower_place(L, &step);
	lower_check_account(L, L->loc);
	lower_move(L, e, iv_reg(next));
	lower_jump(L, &head);
	lower_place(L, &end);
}

static void found_one(struct lower *L, const struct var_decl *array,
		      struct ir_val entry, struct label *found)
{
	(void)array;
	(void)entry;
	lower_jump(L, found);
}

static void remove_one(struct lower *L, const struct var_decl *array,
		       struct ir_val entry, struct label *unused)
{
	(void)unused;
	RT_CALL(L, map_remove, lower_var(L, array)->mem, entry);
}

/* n in @hist_log(x) */
static struct ir_val in_histogram(struct lower *L, const struct expr *e)
{
	struct ir_val index = lower_long(L, e->in.keys.v[0]);

	return lower_set(L, CC_ULT, index,
			 iv_imm(lower_stat_var(e->in.array)->nbuckets));
}

/* [k, *] in a */
struct ir_val lower_in(struct lower *L, const struct expr *e)
{
	const struct var_decl *array = NULL;
	struct label found = {0}, end = {0};
	struct key k;
	ir_reg d;

	if (e->in.array->kind == E_STATOP)
		return in_histogram(L, e);
	array = e->in.array->sym.ref;
	if (!effects_has_star(&e->in.keys)) {
		lower_key(L, array, e->in.keys.v, e->in.keys.n, &k);
		return lower_set(L, CC_NE, lower_find(L, array, &k), iv_imm(0));
	}
	d = lower_reg(L);
	slice_key(L, array, e->in.keys.v, e->in.keys.n, &k);
	walk_slice(L, array, &k, found_one, &found);
	lower_move(L, d, iv_imm(0));
	lower_jump(L, &end);
	lower_place(L, &found);
	lower_move(L, d, iv_imm(1));
	lower_place(L, &end);
	return iv_reg(d);
}

/* ---- delete ---- */

static void delete_scalar(struct lower *L, const struct var_decl *v)
{
	const struct var_info *vi = lower_var(L, v);

	if (v->type == TY_STATS)
		RT_CALL(L, stat_clear, vi->mem, iv_heap(vi->desc));
	else if (v->type == TY_STRING)
		lower_str_empty(L, vi->mem);
	else
		lower_set_var(L, v, iv_imm(0));
}

void lower_delete(struct lower *L, const struct stmt *s)
{
	const struct expr *e = lower_bound(s->expr);
	const struct var_decl *array;
	struct key k;

	if (e->kind == E_SYMBOL && !e->sym.ref->is_array) {
		delete_scalar(L, e->sym.ref);
		return;
	}
	if (e->kind == E_SYMBOL) {
		RT_CALL(L, map_clear, lower_var(L, e->sym.ref)->mem);
		return;
	}
	array = e->index.base->sym.ref;
	if (effects_has_star(&e->index.keys)) {
		slice_key(L, array, e->index.keys.v, e->index.keys.n, &k);
		walk_slice(L, array, &k, remove_one, NULL);
		return;
	}
	lower_key(L, array, e->index.keys.v, e->index.keys.n, &k);
	if (k.single) {
		/* map_delete() wants the key in memory */
		struct ir_val buf = lower_temp_key(L, 8);

		lower_store(L, buf, 0, k.buf, 8);
		k.buf = buf;
		k.words = iv_imm(1);
	}
	RT_CALL(L, map_delete, lower_var(L, array)->mem, k.buf, k.words);
}

/* ---- foreach ---- */

struct walk_loop {
	const struct stmt *s;
	const struct var_decl *array;
	struct label head, body, cont, step, next, end;
	ir_reg entry, left; /* left: of the limit, or 0 */
	struct key slice;
	bool sliced;
};

static int64_t sort_column(const struct stmt *s, const struct var_decl *array)
{
	if (s->foreach.sort_column > 0)
		return s->foreach.sort_column;
	if (array->type != TY_STATS)
		return 0;
	/* By @variance is by @count, as in SystemTap. */
	return 16 + (s->foreach.sort_has_stat &&
				     s->foreach.sort_stat != STAT_VARIANCE
			     ? (int)s->foreach.sort_stat
			     : (int)STAT_COUNT);
}

static void assign_keys(struct lower *L, struct walk_loop *w)
{
	const struct var_decl *array = w->array;
	const struct var_info *vi = lower_var(L, array);
	uint32_t at = vi->key_off; /* while only integers came before */
	bool fixed = true;

	vec_for (&w->s->foreach.keys, i) {
		const struct expr *var = w->s->foreach.keys.v[i];
		struct ir_val part;

		if (fixed)
			part = lower_at(L, iv_reg(w->entry), at);
		else
			part = RT_CALL(L, entry_key, vi->mem, iv_reg(w->entry),
				       iv_imm(i));
		if (array->key_type[i] == TY_STRING) {
			lower_set_var(L, var->sym.ref, part);
			fixed = false;
		} else {
			lower_set_var(L, var->sym.ref,
				      lower_load(L, part, 0, 8, false));
			at += 8;
		}
	}
}

static void assign_value(struct lower *L, struct walk_loop *w)
{
	const struct var_decl *array = w->array;
	struct ir_val v;

	if (!w->s->foreach.value || array->type == TY_STATS)
		return;
	if (array->type == TY_STRING)
		v = lower_at(L, iv_reg(w->entry), lower_info(array)->val_off);
	else
		v = lower_load(L, iv_reg(w->entry),
			       (int32_t)lower_info(array)->val_off, 8, false);
	lower_set_var(L, w->s->foreach.value->sym.ref, v);
}

/* Limit, slice and order are settled before the first element. */
static void begin_walk(struct lower *L, struct walk_loop *w)
{
	const struct stmt *s = w->s;
	struct label some = {0};
	struct ir_val limit = iv_imm(0);

	if (s->foreach.limit) {
		limit = lower_long(L, s->foreach.limit);
		w->left = lower_reg(L);
		lower_move(L, w->left, limit);
		lower_branch(L, CC_GT, limit, iv_imm(0), &some, &w->end);
		lower_place(L, &some);
		limit = iv_reg(w->left);
	}
	if (s->foreach.slice.n) {
		w->sliced = true;
		slice_key(L, w->array, s->foreach.slice.v, s->foreach.slice.n,
			  &w->slice);
	}
	if (s->foreach.sort_dir)
		RT_CALL(L, map_sort, lower_var(L, w->array)->mem,
			iv_imm(sort_column(s, w->array)),
			iv_imm(s->foreach.sort_dir),
			w->sliced ? iv_imm(0) : limit);
	lower_move(L, w->entry, load_head(L, w->array));
}

static void foreach_array(struct lower *L, const struct stmt *s)
{
	struct walk_loop w = {.s = s, .array = s->foreach.base->sym.ref};
	struct loop loop = {.brk = &w.end, .cont = &w.cont, .outer = L->loop};

	lower_need_locks(L);
	w.entry = lower_reg(L);
	lower_count(L);
	lower_charge(L);
	begin_walk(L, &w);
	lower_jump(L, &w.head);

	lower_place(L, &w.head);
	lower_branch(L, CC_NE, iv_reg(w.entry), iv_imm(0), &w.body, &w.end);
	lower_place(L, &w.body);
	if (w.sliced)
		lower_match(L, w.array, &w.slice, iv_reg(w.entry), &w.step);
	assign_keys(L, &w);
	assign_value(L, &w);
	L->loop = &loop;
	lower_tick(L);
	lower_stmt(L, s->foreach.body);
	L->loop = loop.outer;
	if (w.cont.block)
		lower_charge(L);

	lower_place(L, &w.cont);
	lower_charge_check(L, s->loc);
	if (w.left && !lower_dead(L)) {
		lower_move(L, w.left,
			   lower_op(L, IR_SUB, iv_reg(w.left), iv_imm(1)));
		lower_branch(L, CC_GT, iv_reg(w.left), iv_imm(0), &w.step,
			     &w.end);
	}
	/*
	 * The order that counts is the one after the body, which may have
	 * sorted the array. An array that it has deleted has no elements.
	 */
	lower_place(L, &w.step);
	if (!lower_dead(L)) {
		lower_branch(L, CC_NE, load_head(L, w.array), iv_imm(0),
			     &w.next, &w.end);
		lower_place(L, &w.next);
		lower_move(L, w.entry, load_next(L, iv_reg(w.entry)));
	}
	lower_jump(L, &w.head);
	lower_place(L, &w.end);
}

/* foreach (bucket in @hist_log(x)): the numbers of all buckets */
static void foreach_buckets(struct lower *L, const struct stmt *s)
{
	const struct expr *hist = s->foreach.base;
	struct label head = {0}, body = {0}, cont = {0}, end = {0};
	struct loop loop = {.brk = &end, .cont = &cont, .outer = L->loop};
	uint32_t nbuckets = lower_stat_var(hist)->nbuckets;
	ir_reg i = lower_reg(L), left = 0;

	lower_need_locks(L);
	lower_count(L);
	if (s->foreach.limit) {
		left = lower_reg(L);
		lower_move(L, left, lower_long(L, s->foreach.limit));
	}
	lower_charge(L);
	lower_move(L, i, iv_imm(0));
	lower_jump(L, &head);
	lower_place(L, &head);
	lower_branch(L, CC_LT, iv_reg(i), iv_imm(nbuckets), &body, &end);
	lower_place(L, &body);
	if (left) {
		struct label more = {0};

		lower_branch(L, CC_GT, iv_reg(left), iv_imm(0), &more, &end);
		lower_place(L, &more);
		lower_move(L, left,
			   lower_op(L, IR_SUB, iv_reg(left), iv_imm(1)));
	}
	lower_tick(L);
	lower_set_var(L, s->foreach.keys.v[0]->sym.ref, iv_reg(i));
	if (s->foreach.value)
		lower_set_var(L, s->foreach.value->sym.ref,
			      lower_bucket_at(L, hist, iv_reg(i)));
	L->loop = &loop;
	lower_stmt(L, s->foreach.body);
	L->loop = loop.outer;
	if (cont.block)
		lower_charge(L);
	lower_place(L, &cont);
	lower_charge_check(L, s->loc);
	if (!lower_dead(L))
		lower_move(L, i, lower_op(L, IR_ADD, iv_reg(i), iv_imm(1)));
	lower_jump(L, &head);
	lower_place(L, &end);
}

void lower_foreach(struct lower *L, const struct stmt *s)
{
	if (s->foreach.base->kind == E_STATOP)
		foreach_buckets(L, s);
	else
		foreach_array(L, s);
}
