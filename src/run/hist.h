/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Histograms as text, in SystemTap's layout. */
#ifndef RUN_HIST_H
#define RUN_HIST_H

#include <stdbool.h>
#include <stdint.h>

#include "run/out.h"

struct hist {
	int linear;		 /* 0: @hist_log, 1: @hist_linear */
	int64_t low, high, step; /* linear */
	const uint64_t *bucket;	 /* as in struct rt_stat; may be unaligned */
	uint32_t nbuckets;
};

#define HIST_ELISION_DEFAULT 2

/* elision: empty buckets kept at each end of an empty range; negative: every
   bucket is printed. An empty line ends it. False without memory. */
bool hist_print(struct run_out *o, const struct hist *h, int elision,
		unsigned width);

#endif
