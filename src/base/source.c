// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct source *source_new(struct arena *a, const char *name, const char *text,
			  size_t len)
{
	struct source *s = arena_new_obj(a, struct source);

	s->name = arena_strdup(a, name);
	s->text = arena_memdup(a, text, len);
	s->len = len;
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
	const char *p = s->text, *end = s->text + s->len;

	/* columns do not count a byte order mark either */
	if (s->len >= 3 && !memcmp(p, "\xef\xbb\xbf", 3))
		p += 3;
	while (line > 1 && p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		if (!nl)
			break;
		p = nl + 1;
		line--;
	}
	if (line > 1) {
		*len = 0;
		return end;
	}
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	*len = (size_t)((nl ? nl : end) - p);
	return p;
}
