/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A growing text buffer on the C heap; always NUL-terminated once used. */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stdarg.h>
#include <stddef.h>

struct strbuf {
	char *s; /* NULL until first use; see sb_str() */
	size_t len, cap;
};

void sb_putc(struct strbuf *b, char c);
void sb_puts(struct strbuf *b, const char *s);
void sb_write(struct strbuf *b, const void *p, size_t n);
void sb_printf(struct strbuf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void sb_vprintf(struct strbuf *b, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
/* Never NULL; valid until the next change. */
const char *sb_str(struct strbuf *b);
void sb_reset(struct strbuf *b);
void sb_free(struct strbuf *b);

#endif
