// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/print.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/hash.h"
#include "base/strbuf.h"
#include "run/hist.h"

/* Whether the directive's argument is sent as a string: the text of %s, and
   the bytes that %m and %M print, which the handler has read. */
static bool takes_string(const struct wire_spec *s)
{
	return s->conv == 's' || s->conv == 'm' || s->conv == 'M';
}

/* Widths beyond this go the slow way, which has its own limits. */
#define FAST_WIDTH_MAX 1024u

static uint8_t fast_conv(const struct wire_spec *s)
{
	if ((s->flags & ~WIRE_SPEC_LEFT) || s->width > FAST_WIDTH_MAX)
		return 0;
	return strchr("duxs", s->conv) ? s->conv : 0;
}

static int compile_format(struct printer *p, const struct image_format *f,
			  struct print_format *out)
{
	const struct image *img = p->img;
	uint64_t room = 0;

	if ((uint64_t)f->first_part + f->nparts > img->nparts)
		return -EINVAL;
	*out = (struct print_format){.op = p->ops + f->first_part,
				     .nops = f->nparts,
				     .all_fast = true};
	for (uint32_t i = 0; i < f->nparts; i++) {
		const struct image_part *part = &img->parts[f->first_part + i];
		struct print_op *op = &p->ops[f->first_part + i];
		const struct wire_spec *s = &part->spec;

		if ((uint64_t)part->literal + part->literal_len >=
		    img->nstrings)
			return -EINVAL;
		*op = (struct print_op){
			.literal = img->strings + part->literal,
			.literal_len = part->literal_len,
			.width = s->width,
			.left = s->flags & WIRE_SPEC_LEFT,
			.spec = s,
		};
		room += part->literal_len;
		if (!s->conv)
			continue;
		op->fast = fast_conv(s);
		out->all_fast &= op->fast != 0;
		room += op->fast ? (s->width > 24 ? s->width : 24) : 0;
		out->nlongs += !!(s->flags & WIRE_SPEC_WIDTH_ARG) +
			       !!(s->flags & WIRE_SPEC_PREC_ARG);
		if (takes_string(s))
			out->nstrings++;
		else
			out->nlongs++;
	}
	if (room > UINT32_MAX / 2)
		return -EINVAL;
	out->room = (uint32_t)room;
	return 0;
}

int printer_init(struct printer *p, const struct image *img,
		 struct run_out *out, FILE *err)
{
	int rc = -ENOMEM;

	memset(p, 0, sizeof(*p));
	p->img = img;
	p->out = out;
	p->err = err;
	p->elision = HIST_ELISION_DEFAULT;
	p->kmsg_fd = p->marker_fd = -1;
	p->ops = calloc(img->nparts + 1, sizeof(*p->ops));
	p->formats = calloc(img->nformats + 1, sizeof(*p->formats));
	if (!p->ops || !p->formats)
		goto fail;
	for (uint32_t i = 0; i < img->nformats; i++) {
		rc = compile_format(p, &img->formats[i], &p->formats[i]);
		if (rc)
			goto fail;
	}
	return 0;
fail:
	printer_free(p);
	return rc;
}

void printer_free(struct printer *p)
{
	free(p->ops);
	free(p->formats);
	run_fmt_free(p->fmt);
	if (p->kmsg_fd >= 0)
		close(p->kmsg_fd);
	if (p->marker_fd >= 0)
		close(p->marker_fd);
	p->ops = NULL;
	p->formats = NULL;
	p->fmt = NULL;
	p->kmsg_fd = p->marker_fd = -1;
}

void printer_message(struct printer *p, enum print_severity sev,
		     const char *fmt, ...)
{
	static const char *const name[] = {"WARNING: ", "ERROR: "};
	static const enum diag_role role[] = {DIAG_ROLE_WARNING,
					      DIAG_ROLE_ERROR};
	char code[24];
	va_list ap;

	run_out_flush(p->out);
	if (p->color) {
		diag_color_code(role[sev], code);
		fprintf(p->err, "\033[%sm\033[K%s\033[m\033[K", code,
			name[sev]);
	} else {
		fputs(name[sev], p->err);
	}
	va_start(ap, fmt);
	vfprintf(p->err, fmt, ap);
	va_end(ap);
	fputc('\n', p->err);
	fflush(p->err);
}

/* ---- reading an entry ---- */

/* A string argument, within a record. */
struct str_arg {
	const char *text;
	uint32_t len;
};

struct cursor {
	const char *p, *end;
};

static bool take_long(struct cursor *c, uint64_t *v)
{
	if (c->end - c->p < 8)
		return false;
	memcpy(v, c->p, 8);
	c->p += 8;
	return true;
}

static bool take_string(struct cursor *c, struct str_arg *s)
{
	uint64_t size;

	if (c->end - c->p < (ptrdiff_t)RT_STR_HDR)
		return false;
	memcpy(&s->len, c->p, sizeof(s->len));
	size = RT_STR_HDR + 8 * (uint64_t)RT_STR_WORDS((uint64_t)s->len);
	if (size > (uint64_t)(c->end - c->p))
		return false;
	s->text = c->p + RT_STR_HDR;
	c->p += size;
	/* The NUL is part of the layout; callers print it as a C string. */
	return s->text[s->len] == 0;
}

/* ---- directives ---- */

static const char digit_pairs[] = "0001020304050607080910111213141516171819"
				  "2021222324252627282930313233343536373839"
				  "4041424344454647484950515253545556575859"
				  "6061626364656667686970717273747576777879"
				  "8081828384858687888990919293949596979899";

/* Writes backwards from end; the first character. */
static char *put_decimal(char *end, uint64_t v)
{
	while (v >= 100) {
		memcpy(end -= 2, digit_pairs + 2 * (v % 100), 2);
		v /= 100;
	}
	if (v >= 10)
		memcpy(end -= 2, digit_pairs + 2 * v, 2);
	else
		*--end = (char)('0' + v);
	return end;
}

static char *put_hex(char *end, uint64_t v)
{
	do
		*--end = "0123456789abcdef"[v & 15];
	while (v >>= 4);
	return end;
}

static char *put_padded(char *to, const char *text, size_t len, size_t width,
			bool left)
{
	size_t pad = width > len ? width - len : 0;

	if (!left && pad) {
		memset(to, ' ', pad);
		to += pad;
	}
	memcpy(to, text, len);
	to += len;
	if (left && pad) {
		memset(to, ' ', pad);
		to += pad;
	}
	return to;
}

static char *put_fast(char *to, const struct print_op *op, uint64_t v,
		      const struct str_arg *s)
{
	char buf[24], *end = buf + sizeof(buf), *p;

	switch (op->fast) {
	case 's':
		return put_padded(to, s->text, s->len, op->width, op->left);
	case 'x':
		p = put_hex(end, v);
		break;
	case 'd':
		if ((int64_t)v < 0) {
			p = put_decimal(end, -v);
			*--p = '-';
			break;
		}
		/* fall through */
	default:
		p = put_decimal(end, v);
		break;
	}
	return put_padded(to, p, (size_t)(end - p), op->width, op->left);
}

static void put_slow(struct printer *p, const struct print_op *op, uint64_t v,
		     const struct str_arg *s, uint32_t width, uint32_t prec)
{
	const char *text;
	size_t len;

	if (!p->fmt)
		p->fmt = run_fmt_new();
	if (!p->fmt) {
		p->out->discarded++;
		return;
	}
	if (takes_string(op->spec))
		text = run_fmt_str(p->fmt, op->spec, s->text, s->len, width,
				   prec, &len);
	else
		text = run_fmt_long(p->fmt, op->spec, v, width, prec, &len);
	run_out_write(p->out, text, len);
}

/* The common case: one reservation, no calls. */
static bool print_fast(struct printer *p, const struct print_format *f,
		       struct cursor longs, struct cursor strings)
{
	size_t size = (size_t)(strings.end - longs.p) + f->room;
	char *start = run_out_reserve(p->out, size), *to = start;

	if (!start)
		return true;
	for (uint32_t i = 0; i < f->nops; i++) {
		const struct print_op *op = &f->op[i];
		struct str_arg s = {0};
		uint64_t v = 0;

		memcpy(to, op->literal, op->literal_len);
		to += op->literal_len;
		if (!op->spec->conv)
			continue;
		if (op->fast == 's') {
			if (!take_string(&strings, &s))
				return false;
		} else if (!take_long(&longs, &v)) {
			return false;
		}
		to = put_fast(to, op, v, &s);
	}
	run_out_advance(p->out, (size_t)(to - start));
	return true;
}

static bool print_format(struct printer *p, const struct print_format *f,
			 struct cursor c)
{
	struct cursor longs = c, strings = c;

	if ((uint64_t)(c.end - c.p) < 8 * (uint64_t)f->nlongs)
		return false;
	strings.p += 8 * (size_t)f->nlongs;
	if (f->all_fast)
		return print_fast(p, f, longs, strings);
	for (uint32_t i = 0; i < f->nops; i++) {
		const struct print_op *op = &f->op[i];
		uint64_t width = RUN_FMT_NOT_GIVEN, prec = RUN_FMT_NOT_GIVEN;
		struct str_arg s = {0};
		uint64_t v = 0;

		run_out_write(p->out, op->literal, op->literal_len);
		if (!op->spec->conv)
			continue;
		if ((op->spec->flags & WIRE_SPEC_WIDTH_ARG) &&
		    !take_long(&longs, &width))
			return false;
		if ((op->spec->flags & WIRE_SPEC_PREC_ARG) &&
		    !take_long(&longs, &prec))
			return false;
		if (takes_string(op->spec) ? !take_string(&strings, &s)
					   : !take_long(&longs, &v))
			return false;
		put_slow(p, op, v, &s, (uint32_t)width, (uint32_t)prec);
	}
	return true;
}

/* ---- other entries ---- */

static bool print_hist(struct printer *p, struct cursor c)
{
	uint64_t v[8];
	struct hist h;

	for (int i = 0; i < 8; i++)
		if (!take_long(&c, &v[i]))
			return false;
	h = (struct hist){
		.linear = v[0] == 1,
		.low = (int64_t)v[1],
		.high = (int64_t)v[2],
		.step = (int64_t)v[3],
		.bucket = (const uint64_t *)(const void *)c.p,
		.nbuckets = (uint32_t)((c.end - c.p) / 8),
	};
	if (v[0] > 1 || h.nbuckets < 3 ||
	    (v[0] == 0 && h.nbuckets != RT_HIST_LOG_BUCKETS))
		return false;
	return hist_print(p->out, &h, p->elision, p->hist_width);
}

static const char *image_text(const struct image *img, uint32_t off)
{
	return off < img->nstrings ? img->strings + off : "";
}

/* before, "identifier 'f' at script.stp:1:2", after; nothing when unknown */
static void append_loc(struct strbuf *b, const struct image *img, uint64_t loc,
		       const char *before, const char *after)
{
	const struct image_loc *l;
	const char *what;

	if (loc >= img->nlocs || !img->locs[loc].line)
		return;
	l = &img->locs[loc];
	what = image_text(img, l->what);
	sb_printf(b, "%s%s%s%s:%u:%u%s", before, what, *what ? " at " : "",
		  image_text(img, l->file), l->line, l->col, after);
}

static void append_callers(struct strbuf *b, const struct image *img,
			   const void *callers, uint64_t n)
{
	uint32_t locs[RT_CALLERS];

	memcpy(locs, callers, sizeof(locs));
	for (uint64_t i = 0; i < n && i < RT_CALLERS; i++)
		append_loc(b, img, locs[i], " (called from ", ")");
	if (n > RT_CALLERS)
		sb_printf(b, " (and %" PRIu64 " callers more)",
			      n - RT_CALLERS);
}

static bool print_error(struct printer *p, struct cursor c)
{
	const struct image *img = p->img;
	uint64_t loc, probe, callers[RT_CALLERS / 2];
	struct strbuf where = {0};
	struct str_arg s;

	if (!take_long(&c, &loc) || !take_long(&c, &probe))
		return false;
	for (unsigned i = 0; i < RT_CALLERS / 2; i++)
		if (!take_long(&c, &callers[i]))
			return false;
	if (!take_string(&c, &s))
		return false;
	p->errors++;
	append_loc(&where, img, loc, " near ", "");
	append_callers(&where, img, callers, probe >> 32);
	if ((uint32_t)probe < img->nhandlers)
		sb_printf(&where, " in probe %s",
			      image_text(img, img->handlers[(uint32_t)probe].pp));
	printer_message(p, PRINT_ERROR, "%s%s", s.text, sb_str(&where));
	sb_free(&where);
	return true;
}

static void write_to_kernel(int *fd, const char *const *paths, const char *text,
			    size_t len)
{
	for (; *fd < 0 && *paths; paths++)
		*fd = open(*paths, O_WRONLY | O_CLOEXEC);
	/* Best effort, as in the kernel: the log may be rate limited. */
	if (*fd >= 0 && write(*fd, text, len) < 0)
		return;
}

static bool print_kernel_log(struct printer *p, struct cursor c)
{
	static const char *const path[] = {"/dev/kmsg", NULL};
	struct str_arg s;
	uint64_t level;
	char *text;
	int n;

	if (!take_long(&c, &level) || !take_string(&c, &s))
		return false;
	n = asprintf(&text, "<%u>%s", (unsigned)(level & 7), s.text);
	if (n >= 0) {
		write_to_kernel(&p->kmsg_fd, path, text, (size_t)n);
		free(text);
	}
	return true;
}

/* A text that warn() has given before is not repeated. */
static bool is_news(struct printer *p, const struct str_arg *s)
{
	uint64_t h = hash_more(HASH_START, s->text, s->len);

	for (unsigned i = 0; i < p->nwarned; i++)
		if (p->warned[i] == h)
			return p->all_warnings;
	if (p->nwarned < sizeof(p->warned) / sizeof(*p->warned))
		p->warned[p->nwarned++] = h;
	return true;
}

/* The line ends anyway: a newline that the script gave does not end another. */
static void put_warning(struct printer *p, const struct str_arg *s)
{
	size_t n = s->len;

	n -= n && s->text[n - 1] == '\n';
	printer_message(p, PRINT_WARNING, "%.*s", (int)n, s->text);
}

static bool print_text_entry(struct printer *p, unsigned kind, struct cursor c)
{
	static const char *const marker[] = {
		"/sys/kernel/tracing/trace_marker",
		"/sys/kernel/debug/tracing/trace_marker", NULL};
	struct str_arg s;

	if (!take_string(&c, &s))
		return false;
	switch (kind) {
	case WIRE_ENT_LOG:
		run_out_write(p->out, s.text, s.len);
		run_out_write(p->out, "\n", 1);
		break;
	case WIRE_ENT_WARN:
		if (!p->no_warnings && is_news(p, &s))
			put_warning(p, &s);
		break;
	case WIRE_ENT_SYSTEM:
		/* Its output comes after what is printed so far. */
		run_out_flush(p->out);
		if (p->hooks.system)
			p->hooks.system(p->hooks.arg, s.text);
		break;
	case WIRE_ENT_REPLY:
	case WIRE_ENT_REPLY_MORE:
		if (p->hooks.reply)
			p->hooks.reply(p->hooks.arg, s.text, s.len,
				       kind == WIRE_ENT_REPLY_MORE);
		break;
	case WIRE_ENT_SWITCH_FILE:
		run_out_switch(p->out);
		break;
	case WIRE_ENT_FTRACE:
		write_to_kernel(&p->marker_fd, marker, s.text, s.len);
		break;
	default: /* TEXT, BINARY */
		run_out_write(p->out, s.text, s.len);
		break;
	}
	return true;
}

static bool print_entry(struct printer *p, const struct wire_entry *e,
			struct cursor c)
{
	switch (e->kind) {
	case WIRE_ENT_FORMAT:
		return e->format < p->img->nformats &&
		       print_format(p, &p->formats[e->format], c);
	case WIRE_ENT_ERROR:
		return print_error(p, c);
	case WIRE_ENT_EXIT:
		if (p->hooks.exit)
			p->hooks.exit(p->hooks.arg);
		return true;
	case WIRE_ENT_HIST:
		return print_hist(p, c);
	case WIRE_ENT_PRINTK:
		return print_kernel_log(p, c);
	case WIRE_ENT_TEXT:
	case WIRE_ENT_WARN:
	case WIRE_ENT_LOG:
	case WIRE_ENT_SYSTEM:
	case WIRE_ENT_SWITCH_FILE:
	case WIRE_ENT_FTRACE:
	case WIRE_ENT_BINARY:
	case WIRE_ENT_REPLY:
	case WIRE_ENT_REPLY_MORE:
		return print_text_entry(p, e->kind, c);
	default:
		return false;
	}
}

int printer_record(struct printer *p, const void *record, size_t size)
{
	struct wire_record r;
	const char *at = record, *end;
	uint32_t n = 0;

	p->records++;
	if (size < sizeof(r))
		goto malformed;
	memcpy(&r, record, sizeof(r));
	if (r.size < sizeof(r) || r.size > size ||
	    (r.kind != WIRE_REC_OUTPUT && r.kind != WIRE_REC_CONT))
		goto malformed;
	p->entries += r.seq;
	end = at + r.size;
	for (at += sizeof(r); at < end; n++) {
		struct wire_entry e;

		if (end - at < (ptrdiff_t)sizeof(e))
			goto malformed;
		memcpy(&e, at, sizeof(e));
		if (e.size < sizeof(e) || e.size > (size_t)(end - at) ||
		    (e.size & 7))
			goto malformed;
		if (!print_entry(p, &e,
				 (struct cursor){at + sizeof(e), at + e.size}))
			goto malformed;
		at += e.size;
	}
	if (n == r.seq)
		goto done;
malformed:
	p->malformed++;
done:
	if (p->out->len >= RUN_OUT_FLUSH)
		run_out_flush(p->out);
	return p->out->error;
}
