// SPDX-License-Identifier: GPL-2.0-or-later
/* Printed histograms: drawn by the run-time library, on a heap made for it. */
#include "run/hist.h"

#include <stdlib.h>
#include <string.h>

#include "native.h"
#include "rt.h"

#define LINE_CAP 255u /* both columns have at most 22 characters, a bar 200 */

/* What the library draws from, behind its own part of the heap. */
struct drawing {
	struct rt_stat_desc desc;
	struct rt_hist_rows rows;
	w_u64 line[(RT_STR_SIZE(LINE_CAP) + 7) / 8];
	struct rt_stat stat; /* the buckets follow */
};

static void draw(struct run_out *o, struct drawing *d, w_u64 ctx, w_u64 at)
{
	const w_u64 line = at + offsetof(struct drawing, line),
		    rows = at + offsetof(struct drawing, rows),
		    stat = at + offsetof(struct drawing, stat),
		    desc = at + offsetof(struct drawing, desc);
	w_u64 more;

	rt_hist_begin(ctx, rows, stat, desc);
	do {
		const struct rt_str *s = (const void *)d->line;

		rt_heap_write_strn(d->line, "", 0);
		more = rt_hist_line(ctx, line, rows, stat, desc);
		run_out_write(o, (const char *)s->text, s->len);
	} while (more);
}

bool hist_print(struct run_out *o, const struct hist *h, int elision,
		unsigned width)
{
	size_t buckets = 8 * (size_t)h->nbuckets;
	size_t need =
		RT_NATIVE_MIN(LINE_CAP) + sizeof(struct drawing) + buckets;
	void *outer = rt_native_base(), *heap;
	struct drawing *d;
	w_u32 size = 4096, ctx, at;

	while (size < need)
		size *= 2;
	heap = calloc(1, size + RT_NATIVE_SLACK);
	if (!heap)
		return false;
	ctx = rt_native_setup(heap, size, LINE_CAP);
	((struct rt_head *)heap)->hist_elision = elision < 0 ? -1 : elision + 1;
	((struct rt_head *)heap)->hist_width = width;
	at = (rt_native_free_off() + 7) & ~7u;
	d = (void *)((char *)heap + at);
	d->desc.hist = h->linear ? RT_HIST_LINEAR : RT_HIST_LOG;
	d->desc.nbuckets = h->nbuckets;
	d->desc.low = h->low;
	d->desc.high = h->high;
	d->desc.step = h->step;
	d->stat.count = 1;
	memcpy(d + 1, h->bucket, buckets);
	draw(o, d, ctx, at);
	rt_native_restore(outer);
	free(heap);
	return true;
}
