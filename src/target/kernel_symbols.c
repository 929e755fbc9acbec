// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Symbols of the kernel by name. Its list has some hundred thousand lines: for
 * a few names it is searched, a millisecond each; who asks for many gets an
 * index.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "target/cache.h"

#define INDEX_AFTER 20u

/* Open addressing: lines of one name stand in the order of the list. */
struct symbol_index {
	uint32_t mask;	/* slots - 1 */
	uint32_t *slot; /* where in the list a line begins, + 1; 0: free */
};

/* The name in a line "address type name [module]". */
static const char *name_in(const char *line, size_t *n)
{
	const char *s = line;

	for (unsigned i = 0; i < 2; i++) {
		s += strcspn(s, " \n");
		s += *s == ' ';
	}
	*n = strcspn(s, " \t\n");
	return s;
}

static const char *next_line(const char *s)
{
	s = strchr(s, '\n');
	return s ? s + 1 : NULL;
}

static struct symbol_index *make_index(struct target_cache *c)
{
	const char *text = c->kallsyms.s;
	struct symbol_index *x = arena_new_obj(c->arena, struct symbol_index);
	uint32_t lines = 1, slots = 16;

	if (c->kallsyms.len >= UINT32_MAX)
		return NULL;
	for (const char *s = text; (s = next_line(s));)
		lines++;
	while (slots < 2 * lines)
		slots *= 2;
	x->mask = slots - 1;
	x->slot = arena_new_array(c->arena, uint32_t, slots);
	for (const char *s = text; s && *s; s = next_line(s)) {
		size_t n;
		const char *name = name_in(s, &n);
		uint32_t at = hash_bytes32(name, n) & x->mask;

		while (x->slot[at])
			at = (at + 1) & x->mask;
		x->slot[at] = (uint32_t)(s - text) + 1;
	}
	return x;
}

struct symbol_lines target_symbol_lines(struct target_cache *c,
					const char *name)
{
	struct symbol_lines l = {.name = name, .n = strlen(name)};

	if (++c->names_asked == INDEX_AFTER)
		c->symbols = make_index(c);
	l.index = c->symbols;
	if (l.index)
		l.at = hash_bytes32(name, l.n) & l.index->mask;
	return l;
}

static const char *next_indexed(struct target_cache *c, struct symbol_lines *l)
{
	uint32_t off;

	while ((off = l->index->slot[l->at]) != 0) {
		const char *line = c->kallsyms.s + off - 1;
		size_t n;
		const char *name = name_in(line, &n);

		l->at = (l->at + 1) & l->index->mask;
		if (n == l->n && !memcmp(name, l->name, n))
			return line;
	}
	return NULL;
}

static const char *next_found(struct target_cache *c, struct symbol_lines *l)
{
	const char *text = c->kallsyms.s, *end = text + c->kallsyms.len;
	const char *s = text + l->at, *line;

	while (l->n && (s = memmem(s, (size_t)(end - s), l->name, l->n))) {
		line = s++;
		if (line == text || line[-1] != ' ' ||
		    !memchr(" \t\n", line[l->n], 4)) /* or the end's NUL */
			continue;
		while (line > text && line[-1] != '\n')
			line--;
		l->at = (uint32_t)(s - text);
		return line;
	}
	return NULL;
}

const char *target_next_symbol_line(struct target_cache *c,
				    struct symbol_lines *l)
{
	return l->index ? next_indexed(c, l) : next_found(c, l);
}

/* Any kind of symbol, the kernel's own before those of modules. */
static bool find_symbol(struct target_cache *c, const char *name,
			uint64_t *addr)
{
	struct symbol_lines l = target_symbol_lines(c, name);
	const char *line = target_next_symbol_line(c, &l);

	if (line)
		*addr = strtoull(line, NULL, 16);
	return line;
}

bool target_kernel_symbol(struct target_cache *c, const char *name,
			  uint64_t *addr, const char **why)
{
	uint64_t data;

	if (!target_kallsyms(c, why))
		return false;
	if (!find_symbol(c, name, addr)) {
		*why = arena_printf(c->arena, "the kernel has no symbol '%s'%s",
				    name,
				    find_symbol(c, "jiffies", &data)
					    ? ""
					    : "; its list has none of "
					      "variables "
					      "(CONFIG_KALLSYMS_ALL)");
		return false;
	}
	if (!*addr)
		*why = "the kernel hides its addresses from this user "
		       "(kernel.kptr_restrict); root sees them";
	return *addr != 0;
}
