// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/wire.h"

#define READ_SIZE 4096
/* A line longer than this is handed out in pieces. */
#define LINE_MAX_LEN 65536

enum { EVENT_CHAR, EVENT_LINE };

static void stop_reading(struct run_input *in)
{
	if (in->raw)
		tcsetattr(in->fd, TCSANOW, &in->saved);
	in->raw = false;
	in->fd = -1;
}

static void raw_mode(struct run_input *in)
{
	struct termios t;

	if (!isatty(in->fd) || tcgetattr(in->fd, &in->saved))
		return;
	t = in->saved;
	/* Characters as they come; Ctrl-C still is a signal. */
	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	in->raw = !tcsetattr(in->fd, TCSANOW, &t);
}

int run_input_init(struct run_input *in, struct run_target *t, int in_fd)
{
	const struct image *img = t->image;

	memset(in, 0, sizeof(*in));
	in->t = t;
	in->fd = -1;
	for (uint32_t i = 0; i < img->nattach; i++) {
		if (img->attach[i].kind != WIRE_PROBE_INPUT)
			continue;
		if (img->attach[i].event == EVENT_CHAR)
			in->wants_chars = true;
		else
			in->wants_lines = true;
	}
	if (!in->wants_chars && !in->wants_lines)
		return 0;
	in->pending = malloc(READ_SIZE);
	in->cap = LINE_MAX_LEN;
	in->line = malloc(in->cap);
	if (!in->pending || !in->line) {
		run_input_free(in);
		return -ENOMEM;
	}
	in->fd = in_fd;
	if (in->wants_chars)
		raw_mode(in);
	return 0;
}

void run_input_free(struct run_input *in)
{
	stop_reading(in);
	free(in->pending);
	free(in->line);
	in->pending = in->line = NULL;
}

int run_input_fd(const struct run_input *in)
{
	/* First hand out what was read. */
	return in->at < in->npending ? -1 : in->fd;
}

void run_input_read(struct run_input *in)
{
	ssize_t n;

	if (in->fd < 0 || in->at < in->npending)
		return;
	n = read(in->fd, in->pending, READ_SIZE);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	in->at = 0;
	in->npending = n > 0 ? (size_t)n : 0;
	if (n <= 0) {
		in->at_end = true;
		stop_reading(in);
	}
}

size_t run_put_text(struct run_target *t, uint64_t off, const char *text,
		    size_t len)
{
	const struct rt_head *h = t->heap;
	struct rt_str *s;
	uint64_t end;

	if (len > h->string_cap)
		len = h->string_cap;
	end = off + RT_STR_SIZE((uint64_t)h->string_cap);
	if ((off & 7) || end > t->heap_len)
		return 0;
	s = (void *)((char *)t->heap + off);
	memset(s->text, 0, RT_STR_WORDS(len) * 8);
	memcpy(s->text, text, len);
	s->len = (w_u32)len;
	return len;
}

/* The next record, from where the last call stopped, that takes the event. */
static bool next_handler(struct run_input *in, unsigned event, const char *text,
			 size_t len, struct run_input_event *e)
{
	const struct image *img = in->t->image;

	while (in->next_attach < img->nattach) {
		const struct wire_attach *a = &img->attach[in->next_attach++];

		if (a->kind != WIRE_PROBE_INPUT || a->event != event)
			continue;
		e->handler = a->handler;
		e->len = run_put_text(in->t, a->offset, text, len);
		return true;
	}
	in->next_attach = 0;
	return false;
}

/* Takes the next character; true when it completes a line. */
static bool take_char(struct run_input *in)
{
	char c = in->pending[in->at++];

	/* Handlers see texts, which hold no NUL. */
	if (!c)
		return false;
	if (in->wants_lines)
		in->line[in->len++] = c;
	return c == '\n' || in->len == in->cap;
}

bool run_input_next(struct run_input *in, struct run_input_event *e)
{
	for (;;) {
		switch (in->phase) {
		case INPUT_IDLE:
			if (in->at < in->npending) {
				in->phase = INPUT_CHAR;
				break;
			}
			/* The last line may lack its newline. */
			if (!in->at_end || !in->len)
				return false;
			in->phase = INPUT_LINE;
			break;
		case INPUT_CHAR:
			if (in->pending[in->at] &&
			    next_handler(in, EVENT_CHAR, in->pending + in->at,
					 1, e))
				return true;
			in->phase = take_char(in) ? INPUT_LINE : INPUT_IDLE;
			break;
		case INPUT_LINE:
			if (in->wants_lines &&
			    next_handler(in, EVENT_LINE, in->line, in->len, e))
				return true;
			in->len = 0;
			in->phase = INPUT_IDLE;
			break;
		}
	}
}
