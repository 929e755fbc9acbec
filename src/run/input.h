/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Standard input for input.char and input.line probes. */
#ifndef RUN_INPUT_H
#define RUN_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#include "run/run.h"

struct run_input {
	struct run_target *t;
	int fd;	  /* -1: no input probes, or the end was reached */
	bool raw; /* saved is to be restored */
	struct termios saved;
	bool wants_chars, wants_lines, at_end;
	char *line; /* what was read of the current line */
	size_t len, cap;
	/* read but not yet handed out */
	char *pending;
	size_t npending, at;
	uint32_t next_attach; /* next record to look at for this event */
	enum { INPUT_IDLE, INPUT_CHAR, INPUT_LINE } phase;
};

struct run_input_event {
	uint32_t handler;
	size_t len; /* bytes of text, now in the heap */
};

/* Puts a text, cut to MAXSTRINGLEN, into a handler's place in the heap; the
   length that it has there. */
size_t run_put_text(struct run_target *t, uint64_t off, const char *text,
		    size_t len);

/* in_fd: 0 is standard input. A terminal is switched to single characters
   when an input.char probe wants them. -ENOMEM. */
int run_input_init(struct run_input *in, struct run_target *t, int in_fd);
void run_input_free(struct run_input *in);
/* To poll; -1: none. */
int run_input_fd(const struct run_input *in);
/* Takes what is there to read. */
void run_input_read(struct run_input *in);
/* Puts the next handler's text into the heap; false: nothing to do. */
bool run_input_next(struct run_input *in, struct run_input_event *e);

#endif
