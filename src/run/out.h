/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the script's output goes: a file descriptor with a large buffer.
 * Writing never blocks the session: when the reader of a pipe does not read,
 * the owner is asked (on_block) whether to go on waiting.
 */
#ifndef RUN_OUT_H
#define RUN_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct run_out {
	int fd;
	bool own_fd;
	bool atomic_writes; /* a pipe, socket or terminal: PIPE_BUF pieces */
	char *buf;
	size_t len, cap;
	uint64_t written;   /* bytes given to the current file */
	uint64_t discarded; /* bytes that could not be written */
	int error; /* first failure, -errno; later output is discarded */
	uint64_t oldest_ns; /* when the first byte in buf came; 0: unknown */
	/* -S */
	const char *pattern;
	uint64_t limit;
	uint32_t keep, serial;
	bool append;
	char **names; /* of the `keep` newest files */
	/* Called while fd cannot take more. 0: try again; -errno: give up. */
	int (*on_block)(void *arg, int fd);
	void *arg;
};

#define RUN_OUT_FLUSH 65536 /* bytes after which the buffer is written */

/* fd is not closed by run_out_close(). */
int run_out_init(struct run_out *o, int fd);
/*
 * Opens the file that pattern names (strftime(3)); with a limit the files are
 * pattern.0, pattern.1, ... and at most `keep` of them stay (0: all).
 */
int run_out_open(struct run_out *o, const char *pattern, bool append,
		 uint64_t limit, uint32_t keep);
/* Flushes, closes, frees. The first write error, or 0. */
int run_out_close(struct run_out *o);

/* Room for n bytes at the end of the buffer; NULL when memory is short (the
   bytes then count as discarded). Then run_out_advance() by what was used. */
char *run_out_reserve(struct run_out *o, size_t n);
static inline void run_out_advance(struct run_out *o, size_t n)
{
	o->len += n;
}
void run_out_write(struct run_out *o, const void *p, size_t n);
/* 0, or the first write error. */
int run_out_flush(struct run_out *o);
/* Starts the next file now (-S, switch_file()). Without -o: nothing. */
int run_out_switch(struct run_out *o);

#endif
