/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time and memory of a pass, in the form of stap's -v lines. */
#ifndef DRIVER_USAGE_H
#define DRIVER_USAGE_H

#include <stdint.h>

struct usage {
	int64_t usr_ms, sys_ms, real_ms;
};

/* Of this process and its ended children. */
struct usage usage_now(void);
/* "20usr/10sys/31real ms" since a start; buf is returned. */
const char *usage_since(const struct usage *start, char *buf, unsigned len);
/* "10000virt/8000res/4000shr/5000data kb" of this process now. */
const char *usage_memory(char *buf, unsigned len);

#endif
