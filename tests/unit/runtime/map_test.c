/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arrays against a plain model, and sorting. */
#include "rt_test.h"

/* of rt_int.h */
w_u64 rt_i_sort_finish(w_u64 map, w_u64 done);
w_u64 rt_i_near_name(w_u64 map, w_u64 first, w_u64 second, w_u64 more,
		     w_u64 with_more);
w_u64 rt_i_near_longs(w_u64 map, w_u64 first, w_u64 second, w_u64 n);

#define KEY_CAP 256u

enum value { LONG, STRING, STAT };

static w_u32 desc; /* of the last STAT map */

/* kinds: 'i' or 's' per key */
static w_u32 map_new(const char *kinds, w_u32 entries, enum value v,
		     w_u32 nbuckets, w_u32 flags)
{
	w_u32 off = heap_alloc(sizeof(struct rt_map));
	struct rt_map *m = at(off);

	m->nkeys = (w_u32)strlen(kinds);
	for (w_u32 i = 0; i < m->nkeys; i++)
		m->key_kind[i] = kinds[i] == 's';
	m->nbuckets = nbuckets;
	m->buckets_off = heap_alloc(nbuckets * 4);
	m->key_off = sizeof(struct rt_entry);
	m->key_cap = KEY_CAP;
	m->val_off = m->key_off + KEY_CAP;
	m->val_size = v == LONG ? 8 : RT_STR_SIZE(head()->string_cap);
	m->flags = flags | (v == STRING ? RT_MAP_STRVAL : 0) |
		   (v == STAT ? RT_MAP_STAT : 0);
	if (v == STAT) {
		struct rt_stat_desc *d;

		desc = heap_alloc(sizeof(*d));
		d = at(desc);
		d->size = sizeof(struct rt_stat);
		d->want_variance = 1;
		m->stat_desc_off = desc;
		m->val_size = d->size;
	}
	m->entry_size = m->val_off + m->val_size;
	m->max_entries = entries;
	m->entries_off = heap_alloc(entries * m->entry_size);
	return off;
}

static struct rt_map *map_at(w_u32 m)
{
	return at(m);
}

static w_s64 *value_of(w_u32 m, w_u64 e)
{
	return at(e + map_at(m)->val_off);
}

/* ---- packed keys ---- */
static w_u32 key_off;

static w_u64 key2(const char *s, w_s64 v)
{
	w_u32 save = next_off;
	w_u32 off = heap_alloc(RT_STR_SIZE((w_u32)strlen(s)));
	w_u64 end;

	rt_heap_write_str(at(off), s);
	end = rt_key_str(key_off, off);
	*(w_s64 *)at(end) = v;
	next_off = save;
	return (end + 8 - key_off) / 8;
}

/* ---- the model: entries in list order ---- */
struct model {
	struct {
		char s[40];
		w_s64 v, value;
	} e[256];
	unsigned n, max;
	bool wrap;
};

static int model_find(struct model *m, const char *s, w_s64 v)
{
	for (unsigned i = 0; i < m->n; i++)
		if (m->e[i].v == v && !strcmp(m->e[i].s, s))
			return (int)i;
	return -1;
}

static void model_remove(struct model *m, int i)
{
	memmove(m->e + i, m->e + i + 1,
		sizeof(*m->e) * (m->n - (unsigned)i - 1));
	m->n--;
}

static int model_insert(struct model *m, const char *s, w_s64 v)
{
	int i = model_find(m, s, v);

	if (i >= 0)
		return i;
	if (m->n == m->max) {
		if (!m->wrap)
			return -1;
		model_remove(m, 0);
	}
	snprintf(m->e[m->n].s, sizeof(m->e[0].s), "%s", s);
	m->e[m->n].v = v;
	m->e[m->n].value = 0;
	return (int)m->n++;
}

/* Both lists, forwards and backwards, and every component of every key. */
static void model_check(struct model *model, w_u32 m)
{
	struct rt_map *map = map_at(m);
	w_u32 e = map->head, prev = 0;

	assert_int_equal(map->count, model->n);
	for (unsigned i = 0; i < model->n; i++) {
		struct rt_entry *entry = at(e);
		struct rt_str *s;

		assert_int_not_equal(e, 0);
		assert_int_equal(entry->prev, prev);
		s = at(rt_entry_key(m, e, 0));
		assert_string_equal((char *)s->text, model->e[i].s);
		assert_int_equal(*(w_s64 *)at(rt_entry_key(m, e, 1)),
				 model->e[i].v);
		assert_int_equal(*value_of(m, e), model->e[i].value);
		prev = e;
		e = entry->next;
	}
	assert_int_equal(e, 0);
	assert_int_equal(map->tail, prev);
}

/* What is remembered is in the array. */
static void check_last(w_u32 m)
{
	for (w_u32 i = 0; i < RT_MAP_LAST; i++) {
		w_u32 e = map_at(m)->head;

		while (e && e != map_at(m)->last[i])
			e = ((struct rt_entry *)at(e))->next;
		assert_int_equal(e, map_at(m)->last[i]);
	}
}

/* The quick search finds what is there and near, whatever the kernel keeps
   behind a name's NUL, and nothing else. Returns whether it found it. */
static bool near_agrees(w_u32 m, const char *s, w_s64 v)
{
	w_u64 e = rt_map_find(m, key_off, key2(s, v)), near, w[2];
	char comm[16];

	for (unsigned i = 0; i < sizeof(comm); i++)
		comm[i] = (char)rnd(256);
	strcpy(comm, s);
	memcpy(w, comm, sizeof(w));
	near = rt_i_near_name(m, w[0], w[1], (w_u64)v, 1);
	assert_true(near == 0 || near == e);
	check_last(m);
	return near != 0;
}

static void random_name(char *s)
{
	size_t n = rnd(4) ? rnd(3) : 7 + rnd(30);

	for (size_t i = 0; i < n; i++)
		s[i] = (char)('a' + rnd(2));
	s[n] = 0;
}

static void behaves(w_u32 max, w_u32 nbuckets, bool wrap)
{
	struct model *model = calloc(1, sizeof(*model));

	heap_new(127);
	w_u32 m = map_new("si", max, LONG, nbuckets, wrap ? RT_MAP_WRAP : 0);
	unsigned near = 0;
	key_off = heap_alloc(KEY_CAP);
	model->max = max;
	model->wrap = wrap;
	for (int round = 0; round < 4000; round++) {
		char s[40];
		w_s64 v = (w_s64)rnd(3) - 1;
		unsigned what = (unsigned)rnd(100);
		w_u64 words, e;
		int i;

		random_name(s);
		words = key2(s, v);
		if (what < 50) {
			i = model_insert(model, s, v);
			e = rt_map_insert(ctx, m, key_off, words);
			assert_int_equal(e != 0, i >= 0);
			if (e) {
				assert_int_equal(*value_of(m, e),
						 model->e[i].value);
				*value_of(m, e) = model->e[i].value = round;
				assert_no_error();
			} else {
				assert_error(ARRAY_FULL);
			}
		} else if (what < 75) {
			i = model_find(model, s, v);
			e = rt_map_find(m, key_off, words);
			assert_int_equal(e != 0, i >= 0);
			if (e)
				assert_int_equal(*value_of(m, e),
						 model->e[i].value);
		} else if (what < 90) {
			i = model_find(model, s, v);
			if (i >= 0)
				model_remove(model, i);
			rt_map_delete(m, key_off, words);
		} else if (what < 98 && model->n) {
			rt_map_remove(m, map_at(m)->head);
			model_remove(model, 0);
		} else if (what == 99 && !rnd(4)) {
			rt_map_clear(m);
			model->n = 0;
		}
		model_check(model, m);
		check_last(m);
		if (strlen(s) < 16)
			near += near_agrees(m, s, v);
	}
	assert_true(near > 100);
	free(model);
}

static void arrays_behave_like_the_model(void **state)
{
	behaves(200, 256, false);
	behaves(200, 1, false); /* one chain */
	behaves(16, 8, false);
	behaves(1, 1, false);
	assert_true(counter(WIRE_CNT_ARRAY_FULL) > 0);
}

static void wrapping_arrays_behave_like_the_model(void **state)
{
	behaves(16, 8, true);
	behaves(1, 1, true);
	behaves(3, 1, true);
	assert_int_equal(counter(WIRE_CNT_ARRAY_FULL), 0);
}

static void integer_keys_have_a_short_way(void **state)
{
	heap_new(127);
	w_u32 m = map_new("i", 64, LONG, 16, 0);
	w_u32 key = heap_alloc(8);

	for (w_s64 i = 0; i < 64; i++) {
		w_u64 e = rt_map_insert1(ctx, m, (w_u64)(i * i - 500));

		assert_int_equal(*value_of(m, e), 0);
		*value_of(m, e) = i;
	}
	assert_int_equal(rt_map_insert1(ctx, m, 1u << 30), 0);
	assert_error(ARRAY_FULL);
	assert_int_equal(counter(WIRE_CNT_ARRAY_FULL), 1);
	for (w_s64 i = 0; i < 64; i++) {
		w_u64 e = rt_map_find1(m, (w_u64)(i * i - 500));

		assert_int_equal(*value_of(m, e), i);
		/* the general way finds the same */
		*(w_s64 *)at(key) = i * i - 500;
		assert_int_equal(rt_map_find(m, key, 1), e);
		assert_int_equal(rt_map_insert(ctx, m, key, 1), e);
	}
	assert_int_equal(rt_map_find1(m, 77), 0);
}

static void pairs_of_integers_are_found_near(void **state)
{
	(void)state;
	heap_new(127);
	w_u32 m = map_new("ii", 64, LONG, 16, 0);
	w_u32 one = map_new("i", 64, LONG, 4, 0);
	unsigned found = 0;

	key_off = heap_alloc(KEY_CAP);
	for (w_s64 i = 0; i < 64; i++) {
		w_s64 *k = at(key_off);
		w_u64 e, near;

		k[0] = i;
		k[1] = -i;
		e = rt_map_insert(ctx, m, key_off, 2);
		near = rt_i_near_longs(m, (w_u64)i, (w_u64)-i, 2);
		assert_int_equal(near, e); /* new ones are first */
		assert_int_equal(rt_i_near_longs(m, (w_u64)i, (w_u64)-i - 1, 2),
				 0);
		near = rt_i_near_longs(m, 0, 0, 2);
		assert_true(!near || near == map_at(m)->head);
		found += near != 0;
		e = rt_map_insert1(ctx, one, (w_u64)i);
		assert_int_equal(rt_i_near_longs(one, (w_u64)i, 0, 1), e);
		assert_int_equal(rt_i_near_longs(one, 100, 0, 1), 0);
		check_last(m);
		check_last(one);
	}
	assert_true(found >= 3 && found < 64);
}

static void a_reused_entry_is_empty(void **state)
{
	heap_new(31);
	w_u32 s = map_new("i", 1, STRING, 4, 0), a;
	w_u64 e = rt_map_insert1(ctx, s, 1);

	rt_str_copy(ctx, e + map_at(s)->val_off, str("left over"));
	rt_map_remove(s, e);
	e = rt_map_insert1(ctx, s, 2);
	assert_int_equal(((struct rt_str *)value_of(s, e))->len, 0);
	assert_int_equal(((struct rt_str *)value_of(s, e))->text[0], 0);

	a = map_new("i", 1, STAT, 4, 0);
	e = rt_map_insert1(ctx, a, 1);
	rt_stat_add(e + map_at(a)->val_off, desc, 5);
	rt_map_clear(a);
	e = rt_map_insert1(ctx, a, 2);
	assert_int_equal(
		rt_stat_get(ctx, e + map_at(a)->val_off, desc, RT_STAT_COUNT),
		0);
}

static void key_components_match(void **state)
{
	heap_new(127);
	w_u32 m = map_new("si", 8, LONG, 4, 0);
	w_u64 words, e, other;

	key_off = heap_alloc(KEY_CAP);
	words = key2("some longer name", 7);
	e = rt_map_insert(ctx, m, key_off, words);
	other = rt_map_insert(ctx, m, key_off, key2("some longer nam", 7));
	key2("some longer name", 8);
	assert_int_equal(rt_key_match(m, e, 0, key_off), 1);
	assert_int_equal(rt_key_match(m, other, 0, key_off), 0);
	assert_int_equal(rt_key_match(m, e, 1, key_off + (words - 1) * 8), 0);
	*(w_s64 *)at(key_off) = 7;
	assert_int_equal(rt_key_match(m, e, 1, key_off), 1);
}

/* ---- sorting ---- */

static int compare_long(w_s64 a, w_s64 b)
{
	return (a > b) - (a < b);
}

/* The order of every pair of neighbours, and stability by a serial number. */
static void check_sorted(w_u32 m, int dir,
			 int (*cmp)(w_u32 m, w_u32 a, w_u32 b),
			 w_u32 (*serial)(w_u32 m, w_u32 e))
{
	struct rt_map *map = map_at(m);
	w_u32 n = 0, prev = 0;

	for (w_u32 e = map->head; e; e = ((struct rt_entry *)at(e))->next) {
		assert_int_equal(((struct rt_entry *)at(e))->prev, prev);
		if (prev) {
			int c = cmp(m, prev, e) * dir;

			assert_true(c <= 0);
			if (c == 0 && serial)
				assert_true(serial(m, prev) < serial(m, e));
		}
		prev = e;
		n++;
	}
	assert_int_equal(map->tail, prev);
	assert_int_equal(n, map->count);
}

static int by_value(w_u32 m, w_u32 a, w_u32 b)
{
	return compare_long(*value_of(m, a), *value_of(m, b));
}

static int by_string_value(w_u32 m, w_u32 a, w_u32 b)
{
	return strcmp((char *)value_of(m, a) + 8, (char *)value_of(m, b) + 8);
}

static int by_key0(w_u32 m, w_u32 a, w_u32 b)
{
	return strcmp(
		(char *)((struct rt_str *)at(rt_entry_key(m, a, 0)))->text,
		(char *)((struct rt_str *)at(rt_entry_key(m, b, 0)))->text);
}

static int by_key1(w_u32 m, w_u32 a, w_u32 b)
{
	return compare_long(*(w_s64 *)at(rt_entry_key(m, a, 1)),
			    *(w_s64 *)at(rt_entry_key(m, b, 1)));
}

static enum rt_statop stat_op;

static int by_stat(w_u32 m, w_u32 a, w_u32 b)
{
	struct rt_stat *x = (void *)value_of(m, a), *y = (void *)value_of(m, b);
	w_s64 vx = 0, vy = 0;

	if (x->count)
		vx = (w_s64)rt_stat_get(ctx, a + map_at(m)->val_off, desc,
					stat_op);
	if (y->count)
		vy = (w_s64)rt_stat_get(ctx, b + map_at(m)->val_off, desc,
					stat_op);
	return compare_long(vx, vy);
}

/* Entries are used in order, so the offset tells the order of insertion. */
static w_u32 by_offset(w_u32 m, w_u32 e)
{
	return e;
}

static void sorts_by_value_and_keeps_equals_in_order(void **state)
{
	for (w_u32 n = 0; n < 140; n++) {
		heap_new(127);
		w_u32 m = map_new("i", 200, LONG, 64, 0);

		for (w_u32 i = 0; i < n; i++)
			*value_of(m, rt_map_insert1(ctx, m, i)) =
				(w_s64)rnd(n / 3 + 2) - 3;
		rt_map_sort(m, 0, 1, 0);
		check_sorted(m, 1, by_value, by_offset);
		/* from sorted to sorted the other way: equals stay */
		rt_map_sort(m, 0, (w_u64)-1, 0);
		check_sorted(m, -1, by_value, by_offset);
	}
}

/* Those of the first two that a better one pushes out follow them; the rest
   keeps its order. */
static void the_first_entries_alone(void **state)
{
	static const w_s64 values[] = {5, 10, 3, 8, 1, 6, 11, 4, 9};
	static const w_s64 want[] = {11, 10, 8, 5, 3, 1, 6, 4, 9};
	w_u32 e, last = 0;

	heap_new(127);
	w_u32 m = map_new("i", 20, LONG, 64, 0);

	for (unsigned i = 0; i < 9; i++)
		*value_of(m, rt_map_insert1(ctx, m, i)) = values[i];
	rt_map_sort(m, 0, (w_u64)-1, 2);
	e = map_at(m)->head;
	for (unsigned i = 0; i < 9; i++) {
		assert_int_equal(*value_of(m, e), want[i]);
		assert_int_equal(((struct rt_entry *)at(e))->prev, last);
		last = e;
		e = ((struct rt_entry *)at(e))->next;
	}
	assert_int_equal(e, 0);
	assert_int_equal(map_at(m)->tail, last);
}

static void sorts_by_any_column(void **state)
{
	static const int dirs[] = {1, -1};

	heap_new(127);
	w_u32 m = map_new("si", 150, STRING, 64, 0);
	key_off = heap_alloc(KEY_CAP);
	for (int i = 0; i < 150; i++) {
		char s[40];
		w_u64 e;

		random_name(s);
		e = rt_map_insert(ctx, m, key_off, key2(s, (w_s64)rnd(7) - 3));
		random_name(s);
		rt_heap_write_str(value_of(m, (w_u32)e), s);
	}
	for (int d = 0; d < 2; d++) {
		rt_map_sort(m, 0, (w_u64)dirs[d], 0);
		check_sorted(m, dirs[d], by_string_value, NULL);
		rt_map_sort(m, 1, (w_u64)dirs[d], 0);
		check_sorted(m, dirs[d], by_key0, NULL);
		rt_map_sort(m, 2, (w_u64)dirs[d], 0);
		check_sorted(m, dirs[d], by_key1, NULL);
	}
	/* sorted by the second column, then the first: the second is kept
	   within the first */
	rt_map_sort(m, 2, 1, 0);
	rt_map_sort(m, 1, 1, 0);
	check_sorted(m, 1, by_key0, NULL);
	for (w_u32 e = map_at(m)->head; e;) {
		w_u32 next = ((struct rt_entry *)at(e))->next;

		if (next && by_key0(m, e, next) == 0)
			assert_true(by_key1(m, e, next) <= 0);
		e = next;
	}
}

static void sorts_by_aggregate(void **state)
{
	heap_new(127);
	w_u32 m = map_new("i", 100, STAT, 64, 0);
	for (w_u32 i = 0; i < 100; i++) {
		w_u64 e = rt_map_insert1(ctx, m, i);

		for (w_u64 k = rnd(5); k; k--)
			rt_stat_add(e + map_at(m)->val_off, desc, rnd(50) - 25);
	}
	for (stat_op = RT_STAT_COUNT; stat_op <= RT_STAT_VARIANCE; stat_op++) {
		rt_map_sort(m, 1, 1, 0); /* by insertion again */
		rt_map_sort(m, 16 + stat_op, (w_u64)-1, 0);
		check_sorted(m, -1, by_stat, by_offset);
	}
}

static void sorts_ten_thousand(void **state)
{
	heap_new(15);
	w_u32 m = map_new("i", 2, LONG, 1024, 0);
	struct rt_map *map = map_at(m);

	/* small entries, so that they fit */
	map->key_cap = 8;
	map->val_off = map->key_off + 8;
	map->entry_size = map->val_off + 8;
	map->max_entries = 10000;
	map->entries_off = heap_alloc(10000 * map->entry_size);
	for (w_u32 i = 0; i < 10000; i++)
		*value_of(m, rt_map_insert1(ctx, m, i)) = (w_s64)rnd(1000);
	rt_map_sort(m, 0, 1, 0);
	check_sorted(m, 1, by_value, by_offset);
	assert_int_equal(counter(WIRE_CNT_SKIP_OVERLOAD), 0);
	for (w_u32 i = 0; i < 10000; i++)
		assert_int_not_equal(rt_map_find1(m, i), 0);
}

/* Deleting and inserting goes on in a sorted list. */
static void a_sorted_array_still_works(void **state)
{
	heap_new(15);
	w_u32 m = map_new("i", 4, LONG, 4, RT_MAP_WRAP);

	for (w_u32 i = 0; i < 4; i++)
		*value_of(m, rt_map_insert1(ctx, m, i)) = (w_s64)(10 - i);
	rt_map_sort(m, 0, 1, 0);   /* 3 2 1 0 */
	rt_map_insert1(ctx, m, 9); /* reuses the list's first: 3 */
	assert_int_equal(rt_map_find1(m, 3), 0);
	rt_map_remove(m, rt_map_find1(m, 1));
	rt_map_insert1(ctx, m, 5);
	static const w_u64 want[] = {2, 0, 9, 5};
	w_u32 e = map_at(m)->head;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(*(w_u64 *)at(rt_entry_key(m, e, 0)), want[i]);
		e = ((struct rt_entry *)at(e))->next;
	}
	assert_int_equal(e, 0);
}

/* What a sort that ran out of time leaves: links in any order. */
static void an_unfinished_sort_changes_nothing(void **state)
{
	heap_new(15);
	w_u32 m = map_new("i", 50, LONG, 8, 0);

	for (w_u32 i = 0; i < 50; i++)
		*value_of(m, rt_map_insert1(ctx, m, i)) = (w_s64)rnd(9);
	for (w_u32 e = 0; e < 50; e++) {
		struct rt_map *map = map_at(m);

		((struct rt_entry *)at(map->entries_off + e * map->entry_size))
			->next = (w_u32)rnd(HEAP);
	}
	rt_i_sort_finish(m, 0);
	w_u32 e = map_at(m)->head;
	for (w_u64 i = 0; i < 50; i++) {
		assert_int_equal(*(w_u64 *)at(rt_entry_key(m, e, 0)), i);
		e = ((struct rt_entry *)at(e))->next;
	}
	assert_int_equal(e, 0);
	assert_int_equal(counter(WIRE_CNT_SKIP_OVERLOAD), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arrays_behave_like_the_model),
		cmocka_unit_test(wrapping_arrays_behave_like_the_model),
		cmocka_unit_test(integer_keys_have_a_short_way),
		cmocka_unit_test(pairs_of_integers_are_found_near),
		cmocka_unit_test(a_reused_entry_is_empty),
		cmocka_unit_test(key_components_match),
		cmocka_unit_test(sorts_by_value_and_keeps_equals_in_order),
		cmocka_unit_test(the_first_entries_alone),
		cmocka_unit_test(sorts_by_any_column),
		cmocka_unit_test(sorts_by_aggregate),
		cmocka_unit_test(sorts_ten_thousand),
		cmocka_unit_test(a_sorted_array_still_works),
		cmocka_unit_test(an_unfinished_sort_changes_nothing),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	heap_free();
	return r;
}
