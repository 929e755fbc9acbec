/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Regular expressions (=~, !~) to the tables that runtime/regex.c runs. */
#ifndef SEMA_REGEX_H
#define SEMA_REGEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct regex_table {
	uint8_t *data; /* struct rt_regex first; a multiple of 8 bytes */
	uint32_t size;
	uint32_t ngroups; /* the whole match included */
};

/*
 * POSIX extended syntax, without back references; leftmost match, the longest
 * of those. groups: matched() is used. False with *err (why) and *at (where in
 * the pattern, from 0).
 */
bool regex_compile(struct arena *a, const char *pattern, bool groups,
		   struct regex_table *out, const char **err, uint32_t *at);

/* The same verdict on the pattern's syntax, without a table. */
bool regex_check(struct arena *a, const char *pattern, const char **err,
		 uint32_t *at);

#endif
