/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Source texts and positions in them. */
#ifndef BASE_SOURCE_H
#define BASE_SOURCE_H

#include <stdbool.h>

#include "base/arena.h"

struct source {
	const char *name; /* as printed: path, or "<input>" for -e and stdin */
	const char *text; /* NUL-terminated; may hold NULs inside */
	size_t len;
	struct source_cursor *last; /* where source_line() was last */
	unsigned is_tapset : 1;	   /* library file, not the user's */
	unsigned is_own : 1;	   /* of the library that comes with stap */
	unsigned is_synthetic : 1; /* made by the translator */
};

/* line and col count from 1; a loc without source is "no position". */
struct loc {
	const struct source *src;
	uint32_t line, col;
};

struct source *source_new(struct arena *a, const char *name, const char *text,
			  size_t len);
/* Returns NULL and sets errno when the file cannot be read. */
struct source *source_read(struct arena *a, const char *path);

/* The text of a line without its newline; len 0 when there is none. */
const char *source_line(const struct source *s, uint32_t line, size_t *len);

#define LOC_NONE ((struct loc){0})

static inline bool loc_same(struct loc a, struct loc b)
{
	return a.src == b.src && a.line == b.line && a.col == b.col;
}

#endif
