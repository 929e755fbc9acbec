// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A blocking write() to a pipe whose reader has stopped would make the session
 * deaf: no Ctrl-C, no counters. O_NONBLOCK is no way out, because the open
 * file is shared with other processes (a terminal with the shell). So for
 * everything but regular files: poll first, then write at most PIPE_BUF bytes,
 * which a descriptor that polls writable takes without blocking.
 */
#include "run/out.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void set_fd(struct run_out *o, int fd, bool own)
{
	struct stat st;

	o->fd = fd;
	o->own_fd = own;
	o->atomic_writes = fstat(fd, &st) || !S_ISREG(st.st_mode);
}

int run_out_init(struct run_out *o, int fd)
{
	memset(o, 0, sizeof(*o));
	o->cap = 2 * RUN_OUT_FLUSH;
	o->buf = malloc(o->cap);
	if (!o->buf)
		return -ENOMEM;
	set_fd(o, fd, false);
	return 0;
}

static int expand_name(const struct run_out *o, char *name, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;
	size_t n;

	localtime_r(&now, &tm);
	n = strftime(name, size, o->pattern, &tm);
	if (!n)
		return -ENAMETOOLONG;
	if (o->limit &&
	    (size_t)snprintf(name + n, size - n, ".%u", o->serial) >= size - n)
		return -ENAMETOOLONG;
	return 0;
}

/* Remembers a new file's name and removes the oldest beyond `keep`. */
static int remember_name(struct run_out *o, const char *name)
{
	char *copy;

	if (!o->limit || !o->keep)
		return 0;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	if (o->names[o->keep - 1])
		unlink(o->names[o->keep - 1]);
	free(o->names[o->keep - 1]);
	memmove(o->names + 1, o->names, (o->keep - 1) * sizeof(*o->names));
	o->names[0] = copy;
	return 0;
}

static int open_next(struct run_out *o)
{
	char name[PATH_MAX];
	int fd, err;

	err = expand_name(o, name, sizeof(name));
	if (err)
		return err;
	fd = open(name,
		  O_WRONLY | O_CREAT | O_CLOEXEC |
			  (o->append && !o->serial ? O_APPEND : O_TRUNC),
		  0666);
	if (fd < 0)
		return -errno;
	err = remember_name(o, name);
	if (err) {
		close(fd);
		return err;
	}
	if (o->own_fd && o->fd >= 0)
		close(o->fd);
	set_fd(o, fd, true);
	o->written = 0;
	o->serial++;
	return 0;
}

int run_out_open(struct run_out *o, const char *pattern, bool append,
		 uint64_t limit, uint32_t keep)
{
	int err = run_out_init(o, -1);

	if (err)
		return err;
	o->pattern = pattern;
	o->append = append;
	o->limit = limit;
	o->keep = keep;
	if (limit && keep) {
		o->names = calloc(keep, sizeof(*o->names));
		if (!o->names)
			err = -ENOMEM;
	}
	if (!err)
		err = open_next(o);
	if (err) {
		free(o->names);
		free(o->buf);
		memset(o, 0, sizeof(*o));
		o->fd = -1;
	}
	return err;
}

static int wait_writable(struct run_out *o)
{
	for (;;) {
		struct pollfd p = {.fd = o->fd, .events = POLLOUT};
		int n = poll(&p, 1, o->on_block ? 0 : -1);

		if (n < 0 && errno != EINTR)
			return -errno;
		/* An error or hang-up is reported by the write itself. */
		if (n > 0)
			return 0;
		if (n == 0) {
			int err = o->on_block(o->arg, o->fd);

			if (err)
				return err;
		}
	}
}

static int write_all(struct run_out *o, const char *p, size_t n)
{
	while (n) {
		size_t piece = n;
		ssize_t w;

		if (o->atomic_writes) {
			int err = wait_writable(o);

			if (err)
				return err;
			if (piece > PIPE_BUF)
				piece = PIPE_BUF;
		}
		w = write(o->fd, p, piece);
		if (w < 0) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			return -errno;
		}
		p += w;
		n -= (size_t)w;
		o->written += (uint64_t)w;
	}
	return 0;
}

int run_out_flush(struct run_out *o)
{
	size_t n = o->len;

	if (!n)
		return o->error;
	o->len = 0;
	o->oldest_ns = 0;
	if (!o->error) {
		uint64_t before = o->written;

		o->error = write_all(o, o->buf, n);
		if (o->error)
			o->discarded += n - (o->written - before);
	} else {
		o->discarded += n;
	}
	if (!o->error && o->limit && o->written >= o->limit)
		o->error = open_next(o);
	return o->error;
}

int run_out_switch(struct run_out *o)
{
	run_out_flush(o);
	if (!o->error && o->pattern && o->limit)
		o->error = open_next(o);
	return o->error;
}

char *run_out_reserve(struct run_out *o, size_t n)
{
	if (o->cap - o->len >= n)
		return o->buf + o->len;
	run_out_flush(o);
	if (o->cap < n) {
		char *bigger = realloc(o->buf, n);

		if (!bigger) {
			o->discarded += n;
			return NULL;
		}
		o->buf = bigger;
		o->cap = n;
	}
	return o->buf;
}

void run_out_write(struct run_out *o, const void *p, size_t n)
{
	char *to = run_out_reserve(o, n);

	if (!to)
		return;
	memcpy(to, p, n);
	run_out_advance(o, n);
}

int run_out_close(struct run_out *o)
{
	int err = 0;

	if (o->buf)
		err = run_out_flush(o);
	/* A full disk may show only now (NFS, quotas). */
	if (o->own_fd && o->fd >= 0 && close(o->fd) && !err)
		err = -errno;
	if (o->names)
		for (uint32_t i = 0; i < o->keep; i++)
			free(o->names[i]);
	free(o->names);
	free(o->buf);
	memset(o, 0, sizeof(*o));
	o->fd = -1;
	return err;
}
