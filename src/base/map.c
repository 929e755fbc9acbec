// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/map.h"

#include <string.h>

#include "base/hash.h"

void map_init(struct map *m, struct arena *a)
{
	memset(m, 0, sizeof(*m));
	m->arena = a;
}

static struct map_entry *find(const struct map *m, const char *key, size_t n,
			      uint32_t h)
{
	if (!m->nbucket)
		return NULL;
	for (uint32_t i = m->bucket[h & (m->nbucket - 1)]; i;) {
		struct map_entry *e = &m->entries.v[i - 1];

		if (e->hash == h && !strncmp(e->key, key, n) && !e->key[n])
			return e;
		i = e->next;
	}
	return NULL;
}

static void rehash(struct map *m, uint32_t nbucket)
{
	m->bucket = arena_new_array(m->arena, uint32_t, nbucket);
	m->nbucket = nbucket;
	map_for (m, i) {
		struct map_entry *e = &m->entries.v[i];
		uint32_t b = e->hash & (nbucket - 1);

		e->next = m->bucket[b];
		m->bucket[b] = i + 1;
	}
}

void *map_getn(const struct map *m, const char *key, size_t n)
{
	struct map_entry *e = find(m, key, n, hash_bytes32(key, n));

	return e ? e->val : NULL;
}

void *map_get(const struct map *m, const char *key)
{
	return map_getn(m, key, strlen(key));
}

int map_has(const struct map *m, const char *key)
{
	size_t n = strlen(key);

	return find(m, key, n, hash_bytes32(key, n)) != NULL;
}

void *map_put(struct map *m, const char *key, void *val)
{
	size_t n = strlen(key);
	uint32_t h = hash_bytes32(key, n);
	struct map_entry *e = find(m, key, n, h);

	if (e) {
		void *old = e->val;

		e->val = val;
		return old;
	}
	vec_push(m->arena, &m->entries,
		 ((struct map_entry){.key = arena_strdup(m->arena, key),
				     .val = val,
				     .hash = h}));
	if (m->entries.n > m->nbucket) {
		rehash(m, m->nbucket ? m->nbucket * 2 : 16);
	} else {
		uint32_t b = h & (m->nbucket - 1);

		vec_last(&m->entries).next = m->bucket[b];
		m->bucket[b] = m->entries.n;
	}
	return NULL;
}
