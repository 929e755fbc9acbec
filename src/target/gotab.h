/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TARGET_GOTAB_H
#define TARGET_GOTAB_H

#include <stddef.h>
#include <stdint.h>

/*
 * Functions by .gopclntab, the table that Go programs keep for their own
 * tracebacks, also when they are stripped. text: where .text starts. Calls
 * found() for each, names as Go has them ("main.(*T).f"), NUL-terminated
 * within the data; how many. Go 1.16 and later, 64 bits.
 */
uint32_t gotab_functions(const uint8_t *data, size_t len, uint64_t text,
			 void (*found)(void *ctx, const char *name,
				       uint64_t addr, uint64_t size),
			 void *ctx);

#endif
