/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was lost, and how long probes took: printed at the end of a session. */
#ifndef RUN_ACCOUNT_H
#define RUN_ACCOUNT_H

#include <stdio.h>

#include "run/print.h"
#include "run/run.h"

/* Reads the counters of the heap into r; missed: the kernel's own count. */
void account_collect(struct run_result *r, const struct rt_head *head,
		     uint64_t missed);
/* Warnings for what is not zero: "WARNING: Number of errors: 1, skipped
   probes: 0", then one per kind of loss. */
void account_print(const struct run_result *r, struct printer *p);
/* -t: hits and times of each probe, then every counter. */
void account_timing(const struct run_result *r, const struct image *img,
		    const struct rt_head *head, size_t heap_len, FILE *err);
/* 0 or -errno; the file is complete or absent. */
int account_json(const struct run_result *r, const struct image *img,
		 const struct rt_head *head, size_t heap_len, const char *path);

#endif
