/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From output records to text. What a printf directive means is decided by
 * the run-time library (runtime/format.c); the plain ones, %d %u %x %s with
 * at most a width, are done here as well, because they are most of what is
 * printed. Unit tests hold both against each other.
 */
#ifndef RUN_PRINT_H
#define RUN_PRINT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "run/out.h"
#include "wire/image.h"
#include "wire/wire.h"

struct run_fmt; /* the run-time library on a private heap (print_slow.c) */

/* What a record asks of the session. */
struct print_hooks {
	void (*exit)(void *arg);
	void (*system)(void *arg, const char *cmd);
	void (*reply)(void *arg, const char *text, size_t len, bool append);
	void *arg;
};

struct print_op {
	const char *literal; /* printed before the directive */
	uint32_t literal_len;
	uint32_t width;
	uint8_t fast; /* 'd' 'u' 'x' 's', or 0: by the run-time library */
	bool left;
	const struct wire_spec *spec; /* conv 0: literal only */
};

struct print_format {
	const struct print_op *op;
	uint32_t nops, nlongs, nstrings;
	uint32_t room; /* bytes of output at most, besides the strings */
	bool all_fast;
};

struct printer {
	const struct image *img;
	struct run_out *out;
	FILE *err; /* warnings and errors */
	struct print_hooks hooks;
	struct print_op *ops;
	struct print_format *formats;
	struct run_fmt *fmt;
	int elision;
	unsigned hist_width; /* 0: the default */
	bool color, no_warnings;
	bool all_warnings; /* of warn(): the same text again, too */
	uint64_t warned[256]; /* hashes of the texts that were printed */
	unsigned nwarned;
	int kmsg_fd, marker_fd; /* printk(), ftrace(); -1: not opened */
	uint64_t records, malformed;
	uint64_t entries; /* as the senders counted them */
	uint64_t errors;  /* ERROR entries printed */
};

/*
 * img, out and err must stay valid. -EINVAL when the format table is
 * damaged, -ENOMEM.
 */
int printer_init(struct printer *p, const struct image *img,
		 struct run_out *out, FILE *err);
void printer_free(struct printer *p);
/*
 * Prints a record of `size` bytes. Never trusts what is in it: a malformed
 * one is counted and its rest skipped. The first write error of `out`, or 0.
 */
int printer_record(struct printer *p, const void *record, size_t size);

enum print_severity { PRINT_WARNING, PRINT_ERROR };
/* "WARNING: " or "ERROR: " and the text; out is flushed first, so that the
   order is kept where both go to the same place. */
void printer_message(struct printer *p, enum print_severity sev,
		     const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- print_slow.c ---- */
/* NULL: out of memory. */
struct run_fmt *run_fmt_new(void);
void run_fmt_free(struct run_fmt *f);
#define RUN_FMT_NOT_GIVEN 0xffffffffu
/*
 * One directive's text, valid until the next call; *len its length (%b and %m
 * may hold NULs). width, prec: from '*', or RUN_FMT_NOT_GIVEN.
 */
const char *run_fmt_long(struct run_fmt *f, const struct wire_spec *spec,
			 uint64_t value, uint32_t width, uint32_t prec,
			 size_t *len);
const char *run_fmt_str(struct run_fmt *f, const struct wire_spec *spec,
			const char *text, uint32_t text_len, uint32_t width,
			uint32_t prec, size_t *len);

#endif
