/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images, records and captured output for the tests of src/run. */
#ifndef TESTS_RUN_BUILD_IMAGE_H
#define TESTS_RUN_BUILD_IMAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "wire/image.h"
#include "wire/wire.h"

struct image_builder {
	struct image img;
	char strings[4096];
	struct image_part parts[64];
	struct image_format formats[64];
	struct image_loc locs[8];
	struct image_handler handlers[16];
	struct wire_attach attach[16];
	_Alignas(8) char heap[8192];
};

static inline struct image_builder *image_new(void)
{
	struct image_builder *b = calloc(1, sizeof(*b));
	struct rt_head *h = (void *)b->heap;

	b->img = (struct image){.version = WIRE_VERSION,
				.heap_size = sizeof(b->heap),
				.heap_init = (void *)b->heap,
				.heap_init_len = sizeof(struct rt_head),
				.ringbuf_size = 4096,
				.nstrings = 1,
				.nlocs = 1,
				.strings = b->strings,
				.parts = b->parts,
				.formats = b->formats,
				.locs = b->locs,
				.handlers = b->handlers,
				.attach = b->attach};
	h->heap_size = sizeof(b->heap);
	h->string_cap = 127;
	return b;
}

static inline w_u32 image_str(struct image_builder *b, const char *s)
{
	w_u32 at = b->img.nstrings;

	strcpy(b->strings + at, s);
	b->img.nstrings += (w_u32)strlen(s) + 1;
	return at;
}

/* A format of literal, directive, literal, directive, ...; a spec with conv 0
   ends it. Its index. */
struct part {
	const char *literal;
	struct wire_spec spec;
};

static inline w_u32 image_fmt(struct image_builder *b, const struct part *p,
			      w_u32 n)
{
	b->formats[b->img.nformats] =
		(struct image_format){.first_part = b->img.nparts, .nparts = n};
	for (w_u32 i = 0; i < n; i++)
		b->parts[b->img.nparts++] = (struct image_part){
			.literal = image_str(b, p[i].literal),
			.literal_len = (w_u32)strlen(p[i].literal),
			.spec = p[i].spec,
		};
	return b->img.nformats++;
}

/* A handler and its attach record; the handler's index. */
static inline w_u32 image_probe(struct image_builder *b, w_u32 kind,
				const char *point, w_s64 order)
{
	w_u32 i = b->img.nhandlers++;

	b->handlers[i] = (struct image_handler){.name = image_str(b, "probe"),
						.point = image_str(b, point),
						.pp = image_str(b, point),
						.file = image_str(b, "<input>"),
						.line = 1,
						.col = i + 1};
	b->attach[b->img.nattach++] =
		(struct wire_attach){.kind = kind,
				     .handler = i,
				     .name = b->handlers[i].point,
				     .order = order,
				     .pid = -1};
	return i;
}

/* ---- records ---- */
struct rec {
	_Alignas(8) char b[16384];
	size_t len, entry;
};

static inline void rec_begin(struct rec *r)
{
	struct wire_record h = {.kind = WIRE_REC_OUTPUT};

	memset(r, 0, sizeof(*r));
	memcpy(r->b, &h, sizeof(h));
	r->len = sizeof(h);
	((struct wire_record *)(void *)r->b)->size = (w_u32)r->len;
}

static inline void rec_entry(struct rec *r, unsigned kind, unsigned format)
{
	struct wire_record *h = (void *)r->b;
	struct wire_entry e = {.kind = (w_u16)kind,
			       .format = (w_u16)format,
			       .size = sizeof(e)};

	r->entry = r->len;
	memcpy(r->b + r->len, &e, sizeof(e));
	r->len += sizeof(e);
	h->size = (w_u32)r->len;
	h->seq++;
}

static inline void rec_grow(struct rec *r, size_t n)
{
	struct wire_entry *e = (void *)(r->b + r->entry);

	r->len += n;
	e->size += (w_u32)n;
	((struct wire_record *)(void *)r->b)->size = (w_u32)r->len;
}

static inline void rec_long(struct rec *r, int64_t v)
{
	memcpy(r->b + r->len, &v, 8);
	rec_grow(r, 8);
}

/* rt_ctx.callers of an error: two location indexes, then none. */
static inline void rec_callers(struct rec *r, uint32_t first, uint32_t second)
{
	uint32_t callers[RT_CALLERS] = {first, second};

	memcpy(r->b + r->len, callers, sizeof(callers));
	rec_grow(r, sizeof(callers));
}

static inline void rec_strn(struct rec *r, const char *s, size_t n)
{
	w_u32 len = (w_u32)n;

	memcpy(r->b + r->len, &len, 4);
	memcpy(r->b + r->len + RT_STR_HDR, s, n);
	rec_grow(r, RT_STR_HDR + 8 * (size_t)RT_STR_WORDS(n));
}

static inline void rec_str(struct rec *r, const char *s)
{
	rec_strn(r, s, strlen(s));
}

/* ---- captured files ---- */
static inline int capture_fd(void)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* What was written so far; valid until the next call. */
static inline const char *captured(int fd)
{
	static char *text;
	off_t n = lseek(fd, 0, SEEK_END);

	free(text);
	text = calloc(1, (size_t)n + 1);
	assert_int_equal(pread(fd, text, (size_t)n, 0), n);
	return text;
}

#endif
