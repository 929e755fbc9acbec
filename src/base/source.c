// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Lines are asked for in about rising order: the search goes on from the last
   one instead of from the start. */
struct source_cursor {
	uint32_t line; /* 0: none yet */
	size_t off;
};

struct source *source_new(struct arena *a, const char *name, const char *text,
			  size_t len)
{
	struct source *s = arena_new_obj(a, struct source);

	s->name = arena_strdup(a, name);
	s->text = arena_memdup(a, text, len);
	s->len = len;
	s->last = arena_new_obj(a, struct source_cursor);
	return s;
}

struct source *source_read(struct arena *a, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0, cap = 16384;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st)) {
		if (S_ISDIR(st.st_mode)) {
			close(fd);
			errno = EISDIR;
			return NULL;
		}
		if (st.st_size > 0)
			cap = (size_t)st.st_size + 1;
	}
	char *buf = malloc(cap);

	while (buf) {
		if (len == cap) {
			char *n = realloc(buf, cap *= 2);

			if (!n)
				break;
			buf = n;
		}
		ssize_t r = read(fd, buf + len, cap - len);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0) {
			int e = errno;

			free(buf);
			close(fd);
			errno = e;
			return NULL;
		}
		if (r == 0)
			break;
		len += (size_t)r;
	}
	close(fd);
	if (!buf) {
		errno = ENOMEM;
		return NULL;
	}
	struct source *s = source_new(a, path, buf, len);

	free(buf);
	return s;
}

const char *source_line(const struct source *s, uint32_t line, size_t *len)
{
	struct source_cursor at = *s->last;
	const char *end = s->text + s->len, *p, *nl;

	if (!at.line || at.line > line) {
		at.line = 1;
		/* columns do not count a byte order mark either */
		at.off = s->len >= 3 && !memcmp(s->text, "\xef\xbb\xbf", 3)
				 ? 3
				 : 0;
	}
	p = s->text + at.off;
	while (at.line < line && p < end) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			break;
		p = nl + 1;
		at.line++;
	}
	if (at.line < line) {
		*len = 0;
		return end;
	}
	at.off = (size_t)(p - s->text);
	*s->last = at;
	nl = memchr(p, '\n', (size_t)(end - p));
	*len = (size_t)((nl ? nl : end) - p);
	return p;
}
