// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * printf directives by the run-time library itself, on a small heap of our
 * own. The library's heap is a property of the thread, and the in-process
 * engine uses it too: each call puts back what was bound before.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "native.h"
#include "rt.h"
#include "run/print.h"

/* The longest text of one directive: a field of the greatest width, or a number
   of as many digits with its sign and prefix. No string is longer. */
#define FMT_STRING_CAP (WIRE_MAX_FIELD + 64)
#define FMT_HEAP (1u << 19)

struct run_fmt {
	void *heap;
	w_u32 ctx, spec, dst, src; /* heap offsets */
	void *outer;		   /* bound before */
};

static void enter(struct run_fmt *f)
{
	f->outer = rt_native_base();
	rt_native_bind(f->heap, FMT_HEAP);
}

struct run_fmt *run_fmt_new(void)
{
	struct run_fmt *f = calloc(1, sizeof(*f));
	w_u32 at;

	if (!f)
		return NULL;
	/* Zeroed lazily by the kernel: only what is used is ever touched. */
	f->heap = calloc(1, FMT_HEAP + RT_NATIVE_SLACK);
	if (!f->heap) {
		free(f);
		return NULL;
	}
	f->outer = rt_native_base();
	f->ctx = rt_native_setup(f->heap, FMT_HEAP, FMT_STRING_CAP);
	at = (rt_native_free_off() + 7) & ~7u;
	f->spec = at;
	f->dst = at += (sizeof(struct wire_spec) + 7) & ~7u;
	f->src = at + RT_STR_SIZE(FMT_STRING_CAP);
	rt_native_restore(f->outer);
	return f;
}

void run_fmt_free(struct run_fmt *f)
{
	if (!f)
		return;
	free(f->heap);
	free(f);
}

static void *at(struct run_fmt *f, w_u32 off)
{
	return (char *)f->heap + off;
}

static w_u64 width_prec(uint32_t width, uint32_t prec)
{
	return (w_u64)width << 32 | prec;
}

/* Binds the heap, with the directive in it and an empty result. */
static void begin(struct run_fmt *f, const struct wire_spec *spec)
{
	enter(f);
	memcpy(at(f, f->spec), spec, sizeof(*spec));
	rt_heap_write_strn(at(f, f->dst), "", 0);
}

static const char *finish(struct run_fmt *f, size_t *len)
{
	struct rt_str *dst = at(f, f->dst);

	rt_native_restore(f->outer);
	*len = dst->len;
	return (const char *)dst->text;
}

const char *run_fmt_long(struct run_fmt *f, const struct wire_spec *spec,
			 uint64_t value, uint32_t width, uint32_t prec,
			 size_t *len)
{
	begin(f, spec);
	rt_fmt_long(f->ctx, f->dst, f->spec, value, width_prec(width, prec));
	return finish(f, len);
}

const char *run_fmt_str(struct run_fmt *f, const struct wire_spec *spec,
			const char *text, uint32_t text_len, uint32_t width,
			uint32_t prec, size_t *len)
{
	begin(f, spec);
	if (text_len > FMT_STRING_CAP)
		text_len = FMT_STRING_CAP;
	rt_heap_write_strn(at(f, f->src), text, text_len);
	rt_fmt_str(f->ctx, f->dst, f->spec, f->src, width_prec(width, prec));
	return finish(f, len);
}
