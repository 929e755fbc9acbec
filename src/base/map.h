/* SPDX-License-Identifier: GPL-2.0-or-later */
/* String-keyed hash table on an arena. Iteration is in insertion order. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/arena.h"

struct map_entry {
	const char *key; /* owned by the map's arena */
	void *val;
	uint32_t hash;
	uint32_t next; /* chain: index + 1, 0 ends */
};

struct map {
	struct arena *arena;
	VEC(struct map_entry) entries;
	uint32_t *bucket;
	uint32_t nbucket;
};

void map_init(struct map *m, struct arena *a);
/* NULL when absent (or when NULL was stored; see map_has). */
void *map_get(const struct map *m, const char *key);
void *map_getn(const struct map *m, const char *key, size_t n);
int map_has(const struct map *m, const char *key);
/* Replaces; returns the previous value or NULL. */
void *map_put(struct map *m, const char *key, void *val);

/* for (each entry) { struct map_entry *e = &m->entries.v[i]; } */
#define map_for(m, i) vec_for (&(m)->entries, i)

#endif
