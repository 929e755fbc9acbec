// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The drawing of @hist_log and @hist_linear. What its users rely on:
 *
 *	value |-------------------------------------------------- count
 *	    0 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1650
 *	  200 |                                                      8
 *	      ~
 *
 * The value column is as wide as the widest label printed (at least "value"),
 * the count column as wide as the largest count. A bar has at most 50 '@';
 * counts up to 50 are drawn one to one, larger ones divided by the smallest
 * whole number that makes the largest fit. Two empty buckets stand before the
 * first and after the last one with a count. In a range of empty buckets the
 * first and last HIST_ELISION are kept and the others become one '~', but for
 * those at the end, which just end.
 * A log histogram without negative values does not go below 0. Under- and
 * overflow of a linear histogram show only when they happened.
 */
#include "run/hist.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "wire/wire.h"

#define BAR_WIDTH 50
#define AROUND 2 /* empty buckets shown before and after the others */

static uint64_t count_at(const struct hist *h, uint32_t i)
{
	uint64_t v;

	memcpy(&v, (const char *)h->bucket + 8 * (size_t)i, sizeof(v));
	return v;
}

static int label(const struct hist *h, uint32_t i, char out[24])
{
	uint64_t v;

	if (!h->linear) {
		if (i >= RT_HIST_LOG_ZERO)
			v = i == RT_HIST_LOG_ZERO
				    ? 0
				    : 1ull << (i - RT_HIST_LOG_ZERO - 1);
		else
			v = -(1ull << (RT_HIST_LOG_ZERO - 1 - i));
		/* 1 << 63 exists only as a lower bound of negative values. */
		if (i > RT_HIST_LOG_ZERO)
			return snprintf(out, 24, "%" PRIu64, v);
		return snprintf(out, 24, "%" PRId64, (int64_t)v);
	}
	if (i == 0)
		return snprintf(out, 24, "<%" PRId64, h->low);
	/* Unsigned arithmetic: the bounds come from the script. */
	v = (uint64_t)h->low + (uint64_t)h->step * (i - 1);
	if (i == h->nbuckets - 1)
		return snprintf(out, 24, ">%" PRId64,
				(int64_t)(v - (uint64_t)h->step));
	return snprintf(out, 24, "%" PRId64, (int64_t)v);
}

/* The range of buckets to draw; false when all are empty. */
static bool range(const struct hist *h, uint32_t *first, uint32_t *last)
{
	uint32_t lo = 0, hi = h->nbuckets - 1, a, b;

	if (h->linear) {
		if (!count_at(h, lo))
			lo++;
		if (!count_at(h, hi))
			hi--;
	}
	for (a = lo; a <= hi && !count_at(h, a); a++)
		;
	if (a > hi)
		return false;
	for (b = hi; !count_at(h, b); b--)
		;
	if (!h->linear && a >= RT_HIST_LOG_ZERO)
		lo = RT_HIST_LOG_ZERO;
	*first = a - lo > AROUND ? a - AROUND : lo;
	*last = hi - b > AROUND ? b + AROUND : hi;
	return true;
}

static void print_row(struct run_out *o, const struct hist *h, uint32_t i,
		      int width, int count_width, uint64_t scale)
{
	char text[24];
	uint64_t n = count_at(h, i);
	uint64_t bar = n / scale;
	char *p;

	label(h, i, text);
	p = run_out_reserve(o, 256);
	if (!p)
		return;
	int len = snprintf(p, 64, "%*s |", width, text);

	memset(p + len, ' ', BAR_WIDTH);
	memset(p + len, '@', bar);
	len += BAR_WIDTH;
	len += snprintf(p + len, 64, " %*" PRIu64 "\n", count_width, n);
	run_out_advance(o, (size_t)len);
}

/* How many empty buckets follow from i on, up to last. */
static uint32_t empty_run(const struct hist *h, uint32_t i, uint32_t last)
{
	uint32_t n = 0;

	while (i + n <= last && !count_at(h, i + n))
		n++;
	return n;
}

void hist_print(struct run_out *o, const struct hist *h, int elision)
{
	uint32_t first = 1, last = 0;
	int width = 5, count_width = 1;
	uint64_t max = 0, scale;
	char text[24];

	if (h->nbuckets < 3 ||
	    (!h->linear && h->nbuckets != RT_HIST_LOG_BUCKETS))
		return;
	if (range(h, &first, &last))
		for (uint32_t i = first; i <= last; i++) {
			int w = label(h, i, text);

			if (w > width)
				width = w;
			if (count_at(h, i) > max)
				max = count_at(h, i);
		}
	scale = max <= BAR_WIDTH ? 1 : (max - 1) / BAR_WIDTH + 1;
	count_width = snprintf(text, sizeof(text), "%" PRIu64, max);

	char *p = run_out_reserve(o, 128);

	if (!p)
		return;
	run_out_advance(o, (size_t)snprintf(p, 128,
					    "%*s "
					    "|---------------------------------"
					    "----------------- count\n",
					    width, "value"));
	for (uint32_t i = first; i <= last; i++) {
		uint32_t run = empty_run(h, i, last);
		uint32_t keep = elision < 0 ? 0 : (uint32_t)elision;

		if (elision < 0 || run <= 2 * keep) {
			for (uint32_t k = 0; k < run; k++)
				print_row(o, h, i++, width, count_width, scale);
			if (i <= last)
				print_row(o, h, i, width, count_width, scale);
			continue;
		}
		for (uint32_t k = 0; k < keep; k++)
			print_row(o, h, i + k, width, count_width, scale);
		if (i + run > last)
			break;
		p = run_out_reserve(o, 64);
		if (p)
			run_out_advance(o, (size_t)snprintf(p, 64, "%*s~\n",
							    width + 1, ""));
		i += run - keep;
		for (uint32_t k = 0; k < keep; k++)
			print_row(o, h, i++, width, count_width, scale);
		if (i <= last)
			print_row(o, h, i, width, count_width, scale);
	}
}
