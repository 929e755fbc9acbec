// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void need(struct strbuf *b, size_t extra)
{
	if (b->cap - b->len > extra && b->s)
		return;

	size_t cap = b->cap ? b->cap * 2 : 256;

	while (cap - b->len <= extra)
		cap *= 2;

	char *s = realloc(b->s, cap);

	if (!s) {
		fputs("stap: out of memory\n", stderr);
		exit(1);
	}
	b->s = s;
	b->cap = cap;
	b->s[b->len] = 0;
}

void sb_write(struct strbuf *b, const void *p, size_t n)
{
	need(b, n);
	if (n)
		memcpy(b->s + b->len, p, n);
	b->len += n;
	b->s[b->len] = 0;
}

void sb_putc(struct strbuf *b, char c)
{
	sb_write(b, &c, 1);
}

void sb_puts(struct strbuf *b, const char *s)
{
	sb_write(b, s, strlen(s));
}

void sb_vprintf(struct strbuf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	/* most texts fit in what is there: formatted once */
	need(b, 64);
	va_copy(again, ap);
	n = vsnprintf(b->s + b->len, b->cap - b->len, fmt, again);
	va_end(again);
	if (n < 0) {
		b->s[b->len] = 0;
		return;
	}
	if ((size_t)n >= b->cap - b->len) {
		need(b, (size_t)n);
		vsnprintf(b->s + b->len, (size_t)n + 1, fmt, ap);
	}
	b->len += (size_t)n;
}

void sb_printf(struct strbuf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sb_vprintf(b, fmt, ap);
	va_end(ap);
}

const char *sb_str(struct strbuf *b)
{
	return b->s ? b->s : "";
}

void sb_reset(struct strbuf *b)
{
	b->len = 0;
	if (b->s)
		b->s[0] = 0;
}

void sb_free(struct strbuf *b)
{
	free(b->s);
	*b = (struct strbuf){0};
}
