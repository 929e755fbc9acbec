// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct chunk {
	struct chunk *next;
	size_t used, size;
	_Alignas(16) char mem[];
};

struct arena {
	struct chunk *chunks;
	size_t total;
};

/* Large chunks come zeroed from the kernel, small ones are cleared by calloc():
   who needs much gets them large. */
#define CHUNK_MIN (64u << 10)
#define CHUNK_MAX (1u << 20)

/* Who has taken so much will use most of the next chunk. */
#define POPULATE_FROM (4u << 20)

/* One call for a chunk's pages is cheaper than a fault for each; a kernel
   without it (before 5.14) faults them in. */
static void populate(void *p, size_t n)
{
#ifdef MADV_POPULATE_WRITE
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = ((uintptr_t)p + page - 1) & -page;
	uintptr_t to = ((uintptr_t)p + n) & -page;

	if (from < to)
		madvise((void *)from, to - from, MADV_POPULATE_WRITE);
#else
	(void)p;
	(void)n;
#endif
}

static void *xcalloc(size_t n)
{
	void *p = calloc(1, n);

	if (!p) {
		fputs("stap: out of memory\n", stderr);
		exit(1);
	}
	return p;
}

struct arena *arena_new(void)
{
	return xcalloc(sizeof(struct arena));
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	for (struct chunk *c = a->chunks, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	free(a);
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct chunk *c = a->chunks;

	size = (size + 15) & ~(size_t)15;
	if (!size)
		size = 16;
	a->total += size;
	if (!c || c->size - c->used < size) {
		size_t chunk = a->total > CHUNK_MAX ? CHUNK_MAX : CHUNK_MIN;
		size_t want = size > chunk / 4 ? size : chunk;

		c = xcalloc(sizeof(*c) + want);
		c->size = want;
		if (want >= CHUNK_MAX && a->total > POPULATE_FROM)
			populate(c, sizeof(*c) + want);
		/* A large object gets its own chunk behind the current one. */
		if (a->chunks && want == size) {
			c->next = a->chunks->next;
			a->chunks->next = c;
		} else {
			c->next = a->chunks;
			a->chunks = c;
		}
	}
	void *p = c->mem + c->used;
	c->used += size;
	return p;
}

void *arena_memdup(struct arena *a, const void *p, size_t size)
{
	char *d = arena_alloc(a, size + 1);

	if (size)
		memcpy(d, p, size);
	return d;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	return arena_memdup(a, s, strnlen(s, n));
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_memdup(a, s, strlen(s));
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	char buf[256]; /* most texts fit: formatted once */
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(buf, sizeof(buf), fmt, again);
	va_end(again);
	if (n < 0)
		return arena_strdup(a, "");
	if ((size_t)n < sizeof(buf))
		return arena_memdup(a, buf, (size_t)n);
	char *s = arena_alloc(a, (size_t)n + 1);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	return s;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *s = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return s;
}

size_t arena_used(const struct arena *a)
{
	return a->total;
}

void *vec_grow_(struct arena *a, void *v, uint32_t n, uint32_t *cap,
		size_t elem)
{
	uint32_t ncap = *cap ? *cap * 2 : 8;
	void *nv = arena_alloc(a, ncap * elem);

	if (n)
		memcpy(nv, v, n * elem);
	*cap = ncap;
	return nv;
}
