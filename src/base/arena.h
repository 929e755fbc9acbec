/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arena allocation for the compiler passes: everything a translation session
 * makes lives until the session ends, so nothing is freed one by one.
 * Running out of memory ends the process with a message (style: two memory
 * regimes; long-running code in src/run does not use this).
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* Never returns NULL. */
struct arena *arena_new(void);
void arena_free(struct arena *a);

/* Zeroed memory, aligned to 16 bytes; size 0 gives a unique valid pointer. */
void *arena_alloc(struct arena *a, size_t size);
/* Copies [p, p+size) and appends a NUL. */
void *arena_memdup(struct arena *a, const void *p, size_t size);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
/* Bytes handed out so far (for -v and tests). */
size_t arena_used(const struct arena *a);

#define arena_new_obj(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_new_array(a, type, n)                                            \
	((type *)arena_alloc((a), sizeof(type) * (size_t)(n)))

/*
 * Growing vector on an arena: VEC(struct foo *) list = {0};
 * Old storage is abandoned to the arena on growth.
 */
#define VEC(type)                                                              \
	struct {                                                               \
		type *v;                                                       \
		uint32_t n;                                                    \
		uint32_t cap;                                                  \
	}

void *vec_grow_(struct arena *a, void *v, uint32_t n, uint32_t *cap,
		size_t elem);

#define vec_push(a, vec, item)                                                 \
	do {                                                                   \
		if ((vec)->n == (vec)->cap)                                    \
			(vec)->v = vec_grow_((a), (vec)->v, (vec)->n,          \
					     &(vec)->cap, sizeof(*(vec)->v));  \
		(vec)->v[(vec)->n++] = (item);                                 \
	} while (0)

#define vec_last(vec) ((vec)->v[(vec)->n - 1])
/* for (each index i) */
#define vec_for(vec, i) for (uint32_t i = 0; i < (vec)->n; i++)

#endif
