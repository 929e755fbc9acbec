/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The drawing of @hist_log and @hist_linear, line by line, for print() (the
 * runner draws) and sprint() (the handler does). What its users rely on:
 *
 *	value |-------------------------------------------------- count
 *	    0 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1650
 *	  200 |                                                      8
 *	      ~
 *
 * and an empty line at the end.
 *
 * The value column is as wide as the widest label printed (at least "value"),
 * the count column as wide as the largest count. A bar has at most HIST_WIDTH
 * (50) '@'; counts up to that are drawn one to one, larger ones divided by the
 * smallest whole number that makes the largest fit. Two empty buckets stand
 * before the first and after the last one with a count. In a range of empty
 * buckets the first and last HIST_ELISION are kept and the others become one
 * '~', but for those at the end, which just end.
 * A log histogram without negative values does not go below 0. Under- and
 * overflow of a linear histogram show only when they happened.
 */
#include "rt_int.h"

#define BAR_WIDTH 50u /* by default */
#define AROUND 2u      /* empty buckets shown before and after the others */
#define LABEL_WIDTH 5u /* of "value" */
#define ELISION 2u     /* by default */

#define BUCKETS(stat) ((stat) + sizeof(struct rt_stat))

RT_INLINE w_u64 bar_width(void)
{
	w_u64 width = rt_head()->hist_width;

	return width ? width : BAR_WIDTH;
}

RT_STEP(scan_step, struct rt_in_heap)
{
	struct rt_hist_rows *r = rt_at(st->at);
	w_u64 n = rt_ld64(r->at);

	if (n) {
		if (!r->max)
			r->first = r->index;
		r->last = r->index;
		if (n > r->max)
			r->max = n;
	}
	r->index++;
	r->at += 8;
	return 0;
}

RT_STEP(empty_step, struct rt_in_heap)
{
	struct rt_hist_rows *r = rt_at(st->at);

	if (rt_ld64(r->at))
		return 1;
	r->at += 8;
	r->run_end++;
	return 0;
}

/*
 * The label of a bucket, made where ctx.scratch ends; its length. That of 2^63
 * exists only as a lower bound of the bucket after the last positive one.
 */
RT_FN w_u64 rt_i_hist_label(w_u64 c, w_u64 desc, w_u64 index)
{
	w_u64 v = rt_stat_bucket_low(desc, index), mark = 0, negative, n;
	struct rt_stat_desc *d = rt_at(desc);

	negative = index < RT_HIST_LOG_ZERO;
	if (d->hist == RT_HIST_LINEAR) {
		if (!index)
			mark = '<';
		if (index == d->nbuckets - 1) {
			mark = '>';
			v -= (w_u64)d->step;
		}
		negative = (w_s64)v < 0;
	}
	n = rt_i_digits(c, negative ? -v : v, 'd');
	if (negative) {
		n++;
		rt_st8(RT_SCRATCH_END(c) - n, '-');
	}
	if (mark) {
		n++;
		rt_st8(RT_SCRATCH_END(c) - n, mark);
	}
	return n;
}

/* Prepares for rt_hist_line(); of no samples, an error. */
RT_FN w_u64 rt_hist_begin(w_u64 c, w_u64 rows, w_u64 stat, w_u64 desc)
{
	struct rt_hist_rows *r = rt_at(rows);
	struct rt_stat_desc *d = rt_at(desc);
	w_u64 n = rt_stat_buckets(d), linear = d->hist == RT_HIST_LINEAR;
	w_u64 low = 0, high = n - 1, width, first;
	struct rt_in_heap state;

	rt_clear(rows, sizeof(*r));
	if (!((struct rt_stat *)rt_at(stat))->count)
		return rt_fail(c, RT_MSG_EMPTY_STAT);
	r->at = BUCKETS(stat);
	state.at = rows;
	RT_LOOP(n, scan_step, &state);

	r = rt_at(rows);
	if (!r->max) { /* no buckets, only the heading */
		r->next = 1;
		r->width = LABEL_WIDTH;
		return 0;
	}
	first = r->first;
	r->scale = (r->max - 1) / bar_width() + 1;
	if (linear) {
		if (first)
			low = 1;
		if (r->last < high)
			high--;
	} else if (first >= RT_HIST_LOG_ZERO) {
		low = RT_HIST_LOG_ZERO;
	}
	r->next = first - low > AROUND ? first - AROUND : low;
	if (high - r->last > AROUND)
		high = r->last + AROUND;
	r->last = high;
	/* labels grow towards both ends, and the marks stand there */
	width = rt_i_hist_label(c, desc,
				((struct rt_hist_rows *)rt_at(rows))->next);
	n = rt_i_hist_label(c, desc,
			    ((struct rt_hist_rows *)rt_at(rows))->last);
	if (width < n)
		width = n;
	r = rt_at(rows);
	r->width = width > LABEL_WIDTH ? width : LABEL_WIDTH;
	n = rt_i_digits(c, r->max, 'd');
	r = rt_at(rows);
	r->count_width = n;
	return 0;
}

RT_INLINE void draw_text(w_u64 c, w_u64 dst, w_u64 text, w_u64 n)
{
	rt_st_text(RT_SCRATCH(c), text);
	rt_i_append(dst, RT_SCRATCH(c), n);
}

/* Looks at the empty buckets from the next one on, and what of them to draw. */
RT_INLINE void look_ahead(w_u64 rows, w_u64 stat)
{
	struct rt_hist_rows *r = rt_at(rows);
	w_s64 elision = rt_head()->hist_elision;
	w_u64 keep = elision ? elision - 1 : ELISION, n;
	struct rt_in_heap state;

	r->run_end = r->next;
	r->at = BUCKETS(stat) + r->next * 8;
	state.at = rows;
	RT_LOOP(r->last + 1 - r->next, empty_step, &state);
	r = rt_at(rows);
	n = r->run_end - r->next;
	if (elision < 0 || n <= 2 * keep)
		return;
	r->gap = r->next + keep;
	r->gap_end = r->run_end > r->last ? r->run_end : r->run_end - keep;
}

RT_INLINE void draw_row(w_u64 c, w_u64 dst, w_u64 rows, w_u64 desc, w_u64 count)
{
	struct rt_hist_rows *r = rt_at(rows);
	w_u64 n = rt_i_hist_label(c, desc, r->next), bar;

	r = rt_at(rows);
	rt_i_fill(dst, ' ', r->width - n);
	rt_i_append(dst, RT_SCRATCH_END(c) - n, n);
	draw_text(c, dst, ' ' | '|' << 8, 2);
	r = rt_at(rows);
	bar = count / r->scale;
	rt_i_fill(dst, '@', bar);
	n = rt_i_digits(c, count, 'd');
	r = rt_at(rows);
	rt_i_fill(dst, ' ', bar_width() - bar + 1 + r->count_width - n);
	rt_i_append(dst, RT_SCRATCH_END(c) - n, n);
	draw_text(c, dst, '\n', 1);
}

RT_INLINE void draw_heading(w_u64 c, w_u64 dst, w_u64 rows)
{
	struct rt_hist_rows *r = rt_at(rows);

	r->headed = 1;
	rt_i_fill(dst, ' ', r->width - LABEL_WIDTH);
	draw_text(c, dst, 0x7c2065756c6176ull, 7); /* "value |" */
	rt_i_fill(dst, '-', bar_width());
	draw_text(c, dst, 0x0a746e756f6320ull, 7); /* " count\n" */
}

RT_FN w_u64 rt_hist_line(w_u64 c, w_u64 dst, w_u64 rows, w_u64 stat, w_u64 desc)
{
	struct rt_hist_rows *r = rt_at(rows);
	w_u64 count;

	if (!r->headed) {
		draw_heading(c, dst, rows);
	} else if (r->next > r->last) {
		draw_text(c, dst, '\n', 1);
		return 0;
	} else {
		count = rt_ld64(BUCKETS(stat) + r->next * 8);
		if (!count && r->next >= r->run_end)
			look_ahead(rows, stat);
		r = rt_at(rows);
		if (r->next == r->gap && r->gap < r->gap_end) {
			r->next = r->gap_end;
			if (r->next <= r->last) {
				rt_i_fill(dst, ' ', r->width + 1);
				draw_text(c, dst, '~' | '\n' << 8, 2);
			}
		} else {
			draw_row(c, dst, rows, desc, count);
			r = rt_at(rows);
			r->next++;
		}
	}
	return rt_string(dst)->len < rt_head()->string_cap;
}
