// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * .gopclntab: a header, then tables at the offsets that it states. The one of
 * functions has pairs, by address: where the function starts and where more is
 * said of it, its name's offset first. Since 1.18 both are 32 bits, the first
 * counted from the start of the code; before that they are words.
 */
#include "target/gotab.h"

#include <stdbool.h>
#include <string.h>

#define GO_1_16 0xfffffffau
#define GO_1_18 0xfffffff0u
#define GO_1_20 0xfffffff1u
#define WORD 8u
#define MAX_FUNCS (1u << 22)

struct gotab {
	const uint8_t *data;
	size_t len;
	bool words; /* entries are words and addresses */
	uint64_t n, text, names, funcs;
};

/* Reads past the end give 0. */
static uint64_t number(const struct gotab *g, uint64_t at, unsigned size)
{
	uint64_t v = 0;

	if (at < g->len && g->len - at >= size)
		memcpy(&v, g->data + at, size);
	return v;
}

static bool read_header(struct gotab *g, uint64_t text)
{
	uint32_t magic = (uint32_t)number(g, 0, 4);
	unsigned at = 8 + 2 * WORD; /* behind the numbers of functions, files */

	if ((magic != GO_1_16 && magic != GO_1_18 && magic != GO_1_20) ||
	    number(g, 7, 1) != WORD)
		return false;
	g->n = number(g, 8, WORD);
	g->words = magic == GO_1_16;
	if (!g->words) {
		g->text = number(g, at, WORD);
		at += WORD;
		if (!g->text) /* relocated when it is loaded */
			g->text = text;
	}
	g->names = number(g, at, WORD);
	g->funcs = number(g, at + 4 * WORD, WORD);
	return g->n <= MAX_FUNCS && g->names < g->len && g->funcs < g->len;
}

static uint64_t entry(const struct gotab *g, uint64_t i, unsigned which)
{
	unsigned size = g->words ? WORD : 4;

	return number(g, g->funcs + (2 * i + which) * size, size);
}

static const char *name_of(const struct gotab *g, uint64_t i)
{
	uint64_t more = g->funcs + entry(g, i, 1);
	uint64_t at = g->names + number(g, more + (g->words ? WORD : 4), 4);

	if (at >= g->len || !memchr(g->data + at, 0, g->len - at))
		return NULL;
	return (const char *)g->data + at;
}

uint32_t gotab_functions(const uint8_t *data, size_t len, uint64_t text,
			 void (*found)(void *ctx, const char *name,
				       uint64_t addr, uint64_t size),
			 void *ctx)
{
	struct gotab g = {.data = data, .len = len};
	uint32_t n = 0;

	if (!read_header(&g, text))
		return 0;
	for (uint64_t i = 0; i < g.n; i++) {
		uint64_t addr = entry(&g, i, 0), next = entry(&g, i + 1, 0);
		const char *name = name_of(&g, i);

		/* "go.buildid" and the like have no code */
		if (!name || !*name || next <= addr)
			continue;
		found(ctx, name, g.text + addr, next - addr);
		n++;
	}
	return n;
}
