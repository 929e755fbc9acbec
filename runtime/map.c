/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Associative arrays: a chained hash table whose entries also stand in one
 * list, in the order in which they were made (or sorted). Memory is fixed: an
 * entry comes from the free list, then from the part never used, then (wrap
 * arrays) from the oldest entry in the list's order.
 *
 * Keys are packed words (wire.h), so hashing and comparing know no types.
 * Callers hold the array's lock.
 */
#include "rt_int.h"

RT_INLINE struct rt_map *rt_map(w_u64 map)
{
	return rt_at(map);
}

RT_INLINE struct rt_entry *rt_entry(w_u64 entry)
{
	return rt_at(entry);
}

/*
 * Appends a string to a packed key being built at pos: the next position. The
 * caller's memory holds the largest key.
 */
RT_FN w_u64 rt_key_str(w_u64 pos, w_u64 s)
{
	w_u64 len = rt_string(s)->len, words = RT_STR_WORDS(len);

	rt_str_head(pos, len);
	rt_copy_words(pos + RT_STR_HDR, s + RT_STR_HDR, words);
	return pos + RT_STR_HDR + words * 8;
}

RT_INLINE w_u64 hash_word(w_u64 h, w_u64 w)
{
	h = (h ^ w) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 32;
}

struct hashing {
	w_u64 at;
	w_u64 h;
};

RT_STEP(hash_step, struct hashing)
{
	st->h = hash_word(st->h, rt_ld64(st->at));
	rt_advance(st->at, 8);
	return 0;
}

RT_INLINE w_u32 hash_key(w_u64 key, w_u64 words)
{
	rt_word *k = rt_at(key);
	struct hashing s;
	w_u64 h = hash_word(words, k[0]);

	if (words > 1)
		h = hash_word(h, k[1]);
	if (words > 2)
		h = hash_word(h, k[2]);
	if (words > 3)
		h = hash_word(h, k[3]);
	if (words > 4)
		h = hash_word(h, k[4]);
	if (words > 5)
		h = hash_word(h, k[5]);
	if (words > 6)
		h = hash_word(h, k[6]);
	if (words > 7)
		h = hash_word(h, k[7]);
	if (words > 8) {
		s.at = key + 64;
		s.h = h;
		RT_LOOP(words - 8, hash_step, &s);
		h = s.h;
	}
	return h;
}

/* Offset of the chain head of a hash value. */
RT_INLINE w_u64 bucket_at(const struct rt_map *m, w_u64 hash)
{
	return m->buckets_off + (hash & (m->nbuckets - 1)) * 4;
}

struct finding {
	w_u32 entry; /* candidate; 0 at the chain's end */
	w_u32 key, words;
	w_u32 hash;
	w_u32 k; /* words of the candidate's key that match already */
	w_u32 key_off;
};

/* Compares up to four words, or goes on to the next candidate. */
RT_STEP(find_entry_step, struct finding)
{
	struct rt_entry *e;
	rt_word *a, *b;
	w_u32 left;

	if (!st->entry)
		return 1;
	e = rt_entry(st->entry);
	if (!st->k && (e->hash != st->hash || e->key_words != st->words)) {
		st->entry = e->chain;
		return 0;
	}
	a = rt_at((w_u64)st->entry + st->key_off + st->k * 8ull);
	b = rt_at((w_u64)st->key + st->k * 8ull);
	left = st->words - st->k;
	if (a[0] != b[0] || (left > 1 && a[1] != b[1]) ||
	    (left > 2 && a[2] != b[2]) || (left > 3 && a[3] != b[3])) {
		st->entry = e->chain;
		st->k = rt_zero();
		return 0;
	}
	rt_advance(st->k, rt_unknown(4));
	return left <= 4;
}

RT_INLINE w_u64 find_entry(w_u64 map, w_u64 key, w_u64 words, w_u32 hash)
{
	struct rt_map *m = rt_map(map);
	struct finding f;

	f.entry = rt_ld32(bucket_at(m, hash));
	if (!f.entry)
		return 0;
	f.key = key;
	f.words = words;
	f.hash = hash;
	f.k = rt_zero();
	f.key_off = m->key_off;
	RT_LOOP(RT_LOOP_MAX, find_entry_step, &f);
	return f.entry;
}

struct finding1 {
	w_u64 entry;
	w_u64 value;
	w_u64 key_off;
};

RT_STEP(find1_step, struct finding1)
{
	if (!st->entry || rt_ld64(st->entry + st->key_off) == st->value)
		return 1;
	st->entry = rt_entry(st->entry)->chain;
	return 0;
}

RT_INLINE w_u64 find1(w_u64 map, w_u64 value, w_u32 hash)
{
	struct rt_map *m = rt_map(map);
	struct finding1 f;

	f.entry = rt_ld32(bucket_at(m, hash));
	if (!f.entry)
		return 0;
	f.value = value;
	f.key_off = m->key_off;
	RT_LOOP(RT_LOOP_MAX, find1_step, &f);
	return f.entry;
}

/* words >= 1. The entry, or 0. */
RT_FN w_u64 rt_map_find(w_u64 map, w_u64 key, w_u64 words)
{
	return find_entry(map, key, words, hash_key(key, words));
}

RT_FN w_u64 rt_map_find1(w_u64 map, w_u64 value)
{
	return find1(map, value, hash_word(1, value));
}

/* ---- for handlers' quick paths, see ebpf/quick.c ---- */

RT_INLINE w_u64 remember(w_u64 map, w_u64 entry)
{
	rt_map(map)->last[rt_env_cpu() & (RT_MAP_LAST - 1)] = entry;
	return entry;
}

RT_INLINE void forget_last(struct rt_map *m)
{
	rt_word *last = (rt_word *)m->last;

	last[0] = 0;
	last[1] = 0;
	last[2] = 0;
	last[3] = 0;
}
_Static_assert(RT_MAP_LAST == 8 && RT_OFF(struct rt_map, last) % 8 == 0,
	       "four words");

/* Words of a key: the first k[0 .. n-1] of them, 2 <= n <= 4. */
RT_INLINE w_u64 key_is(w_u64 map, w_u64 entry, w_u64 n, w_u64 k0, w_u64 k1,
		       w_u64 k2, w_u64 k3)
{
	rt_word *k = rt_at(entry + rt_map(map)->key_off);

	return k[0] == k0 && k[1] == k1 && (n < 3 || k[2] == k2) &&
	       (n < 4 || k[3] == k3);
}

/*
 * The entry of a key of 2 to 4 words if it is among the first of its chain, or
 * 0: then it may be in the array or not.
 */
RT_INLINE w_u64 find_near(w_u64 map, w_u64 n, w_u64 k0, w_u64 k1, w_u64 k2,
			  w_u64 k3)
{
	w_u64 h = hash_word(hash_word(hash_word(n, k0), k1), k2), e;

	if (n < 3)
		h = hash_word(hash_word(n, k0), k1);
	else if (n > 3)
		h = hash_word(h, k3);
	e = rt_ld32(bucket_at(rt_map(map), (w_u32)h));
	if (!e)
		return 0;
	if (key_is(map, e, n, k0, k1, k2, k3))
		return remember(map, e);
	e = rt_entry(e)->chain;
	if (!e)
		return 0;
	if (key_is(map, e, n, k0, k1, k2, k3))
		return remember(map, e);
	e = rt_entry(e)->chain;
	if (e && key_is(map, e, n, k0, k1, k2, k3))
		return remember(map, e);
	return 0;
}

/* A task's name as the kernel keeps it, and `more` if `with_more`. */
RT_FN w_u64 rt_i_near_name(w_u64 map, w_u64 first, w_u64 second, w_u64 more,
			   w_u64 with_more)
{
	w_u64 len = rt_name_len(first, second);

	if (len > rt_head()->string_cap)
		return 0;
	if (len < 8) {
		first &= rt_first_bytes(len);
		return find_near(map, 2 + with_more, rt_head_word(len), first,
				 more, 0);
	}
	second &= rt_first_bytes(len & 7);
	return find_near(map, 3 + with_more, rt_head_word(len), first, second,
			 more);
}

/* Two integers, or only the first. */
RT_FN w_u64 rt_i_near_longs(w_u64 map, w_u64 first, w_u64 second, w_u64 n)
{
	w_u64 e;

	if (n > 1)
		return find_near(map, 2, first, second, 0, 0);
	e = find1(map, first, hash_word(1, first));
	return e ? remember(map, e) : 0;
}

struct unchain {
	w_u64 at; /* of the link that may point to the entry */
	w_u64 entry;
};

RT_STEP(unchain_step, struct unchain)
{
	w_u64 e = rt_ld32(st->at);

	if (e == st->entry || !e)
		return 1;
	st->at = e + RT_OFF(struct rt_entry, chain);
	return 0;
}

/* Takes an entry out of its chain and the list. */
RT_INLINE void unlink_entry(w_u64 map, w_u64 entry)
{
	struct rt_map *m = rt_map(map);
	struct rt_entry *e = rt_entry(entry);
	w_u32 next = e->next, prev = e->prev;
	struct unchain u;

	u.at = bucket_at(m, e->hash);
	u.entry = entry;
	RT_LOOP(RT_LOOP_MAX, unchain_step, &u);
	if (rt_ld32(u.at) == (w_u32)entry)
		rt_st32(u.at, rt_entry(entry)->chain);
	m = rt_map(map);
	forget_last(m);
	if (next)
		rt_entry(next)->prev = prev;
	else
		m->tail = prev;
	if (prev)
		rt_entry(prev)->next = next;
	else
		m->head = next;
	m->count--;
}

/* An unused entry, or 0 when the array is full (an error, counted). */
RT_INLINE w_u64 entry_take(w_u64 c, w_u64 map)
{
	struct rt_map *m = rt_map(map);
	w_u64 e = m->free;

	if (e) {
		m->free = rt_entry(e)->chain;
		return e;
	}
	if (m->fresh < m->max_entries)
		return m->entries_off + m->fresh++ * (w_u64)m->entry_size;
	if (m->flags & RT_MAP_WRAP && m->head) {
		e = m->head;
		unlink_entry(map, e);
		return e;
	}
	rt_count(WIRE_CNT_ARRAY_FULL);
	if (!m->full_msg)
		return rt_fail(c, RT_MSG_ARRAY_FULL);
	rt_error(c, m->full_msg);
	return 0;
}

/* Links a new entry, whose key is in place, and clears its value. */
RT_INLINE void entry_link(w_u64 map, w_u64 entry, w_u32 hash, w_u64 words)
{
	struct rt_map *m = rt_map(map);
	struct rt_entry *e = rt_entry(entry);
	w_u64 bucket = bucket_at(m, hash), value = entry + m->val_off;
	w_u32 tail = m->tail;

	e->chain = rt_ld32(bucket);
	rt_st32(bucket, entry);
	e->hash = hash;
	e->key_words = words;
	e->spare = 0;
	e->next = 0;
	e->prev = tail;
	if (tail)
		rt_entry(tail)->next = entry;
	else
		m->head = entry;
	m->tail = entry;
	m->count++;
	if (m->flags & RT_MAP_STAT)
		rt_clear(value, m->val_size);
	else if (m->flags & RT_MAP_STRVAL)
		rt_str_empty(value);
	else
		rt_st64(value, 0);
}

/* A new entry for a key that is not there, or 0. */
RT_FN w_u64 rt_i_insert(w_u64 c, w_u64 map, w_u64 key, w_u64 words, w_u64 hash)
{
	w_u64 e = entry_take(c, map);

	if (rt_unlikely(!e))
		return 0;
	rt_copy_words(e + rt_map(map)->key_off, key, words);
	entry_link(map, e, hash, words);
	return e;
}

RT_FN w_u64 rt_i_insert1(w_u64 c, w_u64 map, w_u64 value, w_u64 hash)
{
	w_u64 e = entry_take(c, map);

	if (rt_unlikely(!e))
		return 0;
	rt_st64(e + rt_map(map)->key_off, value);
	entry_link(map, e, hash, 1);
	return e;
}

/* rt_map_insert() for all keys. */
RT_FN w_u64 rt_i_map_insert(w_u64 c, w_u64 map, w_u64 key, w_u64 words)
{
	w_u32 hash = hash_key(key, words);
	w_u64 e = find_entry(map, key, words, hash);

	if (rt_likely(e))
		return e;
	return rt_i_insert(c, map, key, words, hash);
}

/*
 * The entry of the key, made with a value of 0, "" or an empty aggregate if
 * there is none; 0: the array is full. words >= 1, at most key_cap / 8.
 *
 * The usual case here, without a loop: a short key, whose entry is the first of
 * its chain.
 */
RT_FN w_u64 rt_map_insert(w_u64 c, w_u64 map, w_u64 key, w_u64 words)
{
	rt_word *k = rt_at(key), *b;
	struct rt_entry *e;
	w_u64 h = hash_word(words, k[0]), at;

	if (words > 1)
		h = hash_word(h, k[1]);
	if (words > 2)
		h = hash_word(h, k[2]);
	at = rt_ld32(bucket_at(rt_map(map), (w_u32)h));
	e = rt_entry(at);
	b = rt_at(at + rt_map(map)->key_off);
	if (words <= 3 && e->key_words == words && b[0] == k[0] &&
	    (words < 2 || b[1] == k[1]) && (words < 3 || b[2] == k[2]) && at)
		return at;
	return rt_i_map_insert(c, map, key, words);
}

RT_FN w_u64 rt_map_insert1(w_u64 c, w_u64 map, w_u64 value)
{
	w_u32 hash = hash_word(1, value);
	w_u64 e = find1(map, value, hash);

	if (rt_likely(e))
		return e;
	return rt_i_insert1(c, map, value, hash);
}

/* The entry's memory may be reused at once. */
RT_FN w_u64 rt_map_remove(w_u64 map, w_u64 entry)
{
	struct rt_map *m;

	unlink_entry(map, entry);
	m = rt_map(map);
	rt_entry(entry)->chain = m->free;
	m->free = entry;
	return 0;
}

RT_FN w_u64 rt_map_delete(w_u64 map, w_u64 key, w_u64 words)
{
	w_u64 e = rt_map_find(map, key, words);

	if (e)
		rt_map_remove(map, e);
	return 0;
}

#define CLEAR_CHUNK 32768u

struct clearing {
	w_u64 at;
	w_u64 left; /* bytes */
};

RT_STEP(clear_step, struct clearing)
{
	w_u64 n = CLEAR_CHUNK + rt_zero();

	if (st->left < n)
		n = st->left;
	rt_clear(st->at, n);
	rt_advance(st->at, n);
	rt_advance(st->left, -n);
	return st->left == 0;
}

RT_FN w_u64 rt_map_clear(w_u64 map)
{
	struct rt_map *m = rt_map(map);
	struct clearing s;

	if (m->count) {
		s.at = m->buckets_off;
		s.left = m->nbuckets * 4ull;
		RT_LOOP(RT_LOOP_MAX, clear_step, &s);
		m = rt_map(map);
	}
	forget_last(m);
	m->count = m->fresh = m->free = 0;
	m->head = m->tail = 0;
	return 0;
}

struct component {
	w_u64 kind; /* offset of its key_kind */
	w_u64 at;   /* of the component */
};

/* Steps over a component. */
RT_STEP(component_step, struct component)
{
	w_u64 kind = rt_ld8(st->kind);

	rt_advance(st->kind, 1);
	rt_advance(st->at,
		   kind ? RT_STR_SIZE((w_u64)rt_string(st->at)->len) : 8);
	return 0;
}

/* Offset of packed component number n (from 0) of an entry's key. */
RT_FN w_u64 rt_entry_key(w_u64 map, w_u64 entry, w_u64 n)
{
	struct component s;

	s.kind = map + RT_OFF(struct rt_map, key_kind);
	s.at = entry + rt_map(map)->key_off;
	RT_LOOP(n, component_step, &s);
	return s.at;
}

struct matching {
	w_u64 a, b;
	w_u64 differ;
};

RT_STEP(match_step, struct matching)
{
	st->differ = rt_ld64(st->a) ^ rt_ld64(st->b);
	rt_advance(st->a, 8);
	rt_advance(st->b, 8);
	return st->differ != 0;
}

/* foreach slices: 1 when component number n is the packed one at `key`. */
RT_FN w_u64 rt_key_match(w_u64 map, w_u64 entry, w_u64 n, w_u64 key)
{
	w_u64 kind = rt_ld8(map + RT_OFF(struct rt_map, key_kind) + n);
	struct matching s;

	s.a = rt_entry_key(map, entry, n);
	s.b = key;
	s.differ = rt_zero();
	RT_LOOP(kind ? 1 + RT_STR_WORDS((w_u64)rt_string(key)->len) : 1,
		match_step, &s);
	return s.differ == 0;
}
