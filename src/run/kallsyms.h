/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbols of the running kernel (kallsyms.c). */
#ifndef RUN_KALLSYMS_H
#define RUN_KALLSYMS_H

#include <stdint.h>

#include "run/run.h"

/*
 * Addresses of the records' symbols (and offsets from them) in the running
 * kernel, to out[index[i]]; 0: there is none, or it is hidden. 0 or -errno.
 */
int run_kallsyms(const struct image *img, const uint32_t *index, uint32_t n,
		 uint64_t *out);

/* The address of a variable; 0: there is none, or it is hidden. */
uint64_t run_kallsyms_data(const char *name);

#endif
