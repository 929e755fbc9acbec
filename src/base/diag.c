// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/diag.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

struct note {
	struct loc loc;
	const char *what; /* stands there, or NULL */
	const char *text;
	bool is_remedy;
};

struct diag_msg {
	struct arena *arena;
	enum diag_id id;
	struct loc loc;
	const char *what;
	const char *text;
	struct { /* what was being done, or text is NULL */
		struct loc loc;
		const char *what, *text;
	} during;
	VEC(struct note) notes;
};

struct diag {
	struct arena *arena;
	struct diag_opts opts;
	VEC(struct diag_msg *) msgs;
	VEC(const char *) seen_warnings;
	uint32_t printed;
	unsigned errors, warnings, suppressed;
};

static const struct {
	const char *name;
	enum diag_class cls;
} table[DIAG_COUNT] = {
#define D(tag, c, text) [DIAG_##tag] = {#tag, c},
#include "base/diag.def"
#undef D
};

struct diag *diag_new(struct arena *a, struct diag_opts opts)
{
	struct diag *d = arena_new_obj(a, struct diag);

	d->arena = a;
	d->opts = opts;
	return d;
}

struct arena *diag_arena(const struct diag *d)
{
	return d->arena;
}

void diag_set_opts(struct diag *d, struct diag_opts opts)
{
	d->opts = opts;
}

static bool counts_as_error(const struct diag *d, enum diag_id id)
{
	return table[id].cls != DIAG_CLASS_WARNING ||
	       d->opts.warnings_are_errors;
}

struct diag_msg *diag_emit(struct diag *d, enum diag_id id, struct loc loc,
			   const char *what, const char *fmt, ...)
{
	struct diag_msg *m = arena_new_obj(d->arena, struct diag_msg);
	va_list ap;

	m->arena = d->arena;
	m->id = id;
	m->loc = loc;
	m->what = what;
	va_start(ap, fmt);
	m->text = arena_vprintf(d->arena, fmt, ap);
	va_end(ap);
	vec_push(d->arena, &d->msgs, m);
	if (counts_as_error(d, id))
		d->errors++;
	else
		d->warnings++;
	return m;
}

void diag_while(struct diag_msg *m, struct loc loc, const char *what,
		const char *doing)
{
	m->during.loc = loc;
	m->during.what = what;
	m->during.text = doing;
}

void diag_note(struct diag_msg *m, struct loc loc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vec_push(m->arena, &m->notes,
		 ((struct note){.loc = loc,
				.text = arena_vprintf(m->arena, fmt, ap)}));
	va_end(ap);
}

void diag_note_what(struct diag_msg *m, const char *what)
{
	if (m->notes.n)
		vec_last(&m->notes).what = what;
}

void diag_remedy(struct diag_msg *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vec_push(m->arena, &m->notes,
		 ((struct note){.text = arena_vprintf(m->arena, fmt, ap),
				.is_remedy = true}));
	va_end(ap);
}

struct loc diag_where(const struct diag_msg *m)
{
	return m->loc;
}

struct diag_msg *diag_last(struct diag *d)
{
	return d->msgs.n ? vec_last(&d->msgs) : NULL;
}

unsigned diag_errors(const struct diag *d)
{
	return d->errors;
}

unsigned diag_warnings(const struct diag *d)
{
	return d->warnings;
}

unsigned diag_mark(const struct diag *d)
{
	return d->msgs.n;
}

void diag_rollback(struct diag *d, unsigned mark)
{
	while (d->msgs.n > mark && d->msgs.n > d->printed) {
		if (counts_as_error(d, vec_last(&d->msgs)->id))
			d->errors--;
		else
			d->warnings--;
		d->msgs.n--;
	}
}

const char *diag_tag_name(enum diag_id id)
{
	static char buf[64];
	size_t i;

	for (i = 0; table[id].name[i] && i < sizeof(buf) - 1; i++)
		buf[i] = table[id].name[i] == '_'
				 ? '-'
				 : (char)tolower(
					   (unsigned char)table[id].name[i]);
	buf[i] = 0;
	return buf;
}

static const char *const role_name[] = {"error", "warning", "source", "caret",
					"token"};
static const char *const role_default[] = {"01;31", "00;33", "00;34", "01",
					   "01"};

void diag_color_code(enum diag_role r, char out[24])
{
	const char *env = getenv("SYSTEMTAP_COLORS");
	size_t n = strlen(role_name[r]);

	snprintf(out, 24, "%s", role_default[r]);
	for (const char *p = env; p && *p;
	     p = strchr(p, ':') ? strchr(p, ':') + 1 : NULL)
		if (!strncmp(p, role_name[r], n) && p[n] == '=') {
			size_t len = strspn(p + n + 1, "0123456789;");

			if (len && len < 24)
				snprintf(out, 24, "%.*s", (int)len, p + n + 1);
		}
}

static void put(const struct diag *d, FILE *out, enum diag_role r,
		const char *text)
{
	char code[24];

	if (!d->opts.color) {
		fputs(text, out);
		return;
	}
	diag_color_code(r, code);
	fprintf(out, "\033[%sm\033[K%s\033[m\033[K", code, text);
}

static void print_source(const struct diag *d, FILE *out, struct loc loc)
{
	size_t len;
	const char *line;

	if (!loc.src || !loc.line)
		return;
	line = source_line(loc.src, loc.line, &len);
	if (!len && loc.col > 1)
		return;
	if (len && line[len - 1] == '\r')
		len--;
	/* Long lines are shown around the caret. */
	size_t from = 0;

	if (loc.col > 160)
		from = loc.col - 80;
	if (from > len)
		from = len;
	if (len - from > 200)
		len = from + 200;
	fputs("        ", out);
	put(d, out, DIAG_ROLE_SOURCE, "source: ");
	for (size_t i = from; i < len; i++) {
		unsigned char c = (unsigned char)line[i];

		fputc(c == '\t' || (c >= 32 && c != 127) ? c : '?', out);
	}
	fputs("\n                ", out);
	/* columns are bytes; what follows the first of UTF-8 has no width */
	for (size_t i = from; i + 1 < loc.col && i < len; i++)
		if ((line[i] & 0xc0) != 0x80)
			fputc(line[i] == '\t' ? '\t' : ' ', out);
	put(d, out, DIAG_ROLE_CARET, "^");
	fputc('\n', out);
}

static const char *prefix_of(enum diag_class cls)
{
	static const char *const prefix[] = {
		"parse error: ", "semantic error: ", "WARNING: ", "ERROR: ",
		"parse error: ", ""};

	return prefix[cls];
}

/* "identifier 'x' at file:1:7" and the line; parse errors start a new line for
   it: "saw: identifier 'x' at ..." or "at: ..." */
static void print_place(const struct diag *d, FILE *out, enum diag_class cls,
			const char *what, struct loc loc)
{
	bool parse = cls == DIAG_CLASS_PARSE || cls == DIAG_CLASS_PREPROC;

	if (loc.src) {
		if (!parse)
			fputs(": ", out);
		else
			fprintf(out, "\n        %s",
				!what			    ? ""
				: cls == DIAG_CLASS_PREPROC ? " at: "
							    : "saw: ");
		if (what)
			put(d, out, DIAG_ROLE_TOKEN, what);
		fprintf(out, "%s %s:%u:%u", what ? " at" : parse ? "at:" : "at",
			loc.src->name, loc.line, loc.col);
	}
	fputc('\n', out);
	print_source(d, out, loc);
}

static void print_msg(const struct diag *d, FILE *out, const struct diag_msg *m)
{
	enum diag_class cls = table[m->id].cls;
	enum diag_role role = cls == DIAG_CLASS_WARNING ? DIAG_ROLE_WARNING
							: DIAG_ROLE_ERROR;

	if (m->during.text) {
		put(d, out, role, prefix_of(cls));
		fputs(m->during.text, out);
		print_place(d, out, cls, m->during.what, m->during.loc);
	}
	put(d, out, role, prefix_of(cls));
	fputs(m->text, out);
	if (d->opts.show_tag)
		fprintf(out, " [%s]", diag_tag_name(m->id));
	print_place(d, out, cls, m->what, m->loc);
	vec_for (&m->notes, i) {
		const struct note *n = &m->notes.v[i];

		if (n->is_remedy) {
			fprintf(out, "        remedy: %s\n", n->text);
			continue;
		}
		fprintf(out, "        note: %s", n->text);
		if (n->loc.src)
			fprintf(out, ": %s%sat %s:%u:%u",
				n->what ? n->what : "", n->what ? " " : "",
				n->loc.src->name, n->loc.line, n->loc.col);
		fputc('\n', out);
		print_source(d, out, n->loc);
	}
}

void diag_flush(struct diag *d, FILE *out)
{
	for (; d->printed < d->msgs.n; d->printed++) {
		const struct diag_msg *m = d->msgs.v[d->printed];
		bool repeated = false;

		if (table[m->id].cls == DIAG_CLASS_WARNING) {
			if (d->opts.no_warnings && !d->opts.warnings_are_errors)
				continue;
			const char *key =
				arena_printf(d->arena, "%d:%s", m->id, m->text);
			vec_for (&d->seen_warnings, i)
				if (!strcmp(d->seen_warnings.v[i], key))
					repeated = true;
			if (repeated && !d->opts.verbose) {
				d->suppressed++;
				continue;
			}
			vec_push(d->arena, &d->seen_warnings, key);
		}
		print_msg(d, out, m);
	}
	if (d->suppressed && !d->opts.no_warnings)
		fprintf(out,
			"Number of similar warning messages suppressed: %u.\n"
			"Rerun with -v to see them.\n",
			d->suppressed);
	d->suppressed = 0;
	fflush(out);
}

static unsigned edit_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned row[65];

	if (la > 64 || lb > 64)
		return 1000;
	for (size_t j = 0; j <= lb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned diag = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned sub = diag + (a[i - 1] != b[j - 1]);

			diag = row[j];
			unsigned v = row[j] + 1;
			if (row[j - 1] + 1 < v)
				v = row[j - 1] + 1;
			row[j] = sub < v ? sub : v;
		}
	}
	return row[lb];
}

const char *diag_similar(struct arena *a, const char *name,
			 const char *const *cands, unsigned n, unsigned max_out)
{
	unsigned limit = (unsigned)strlen(name) / 3 + 1;
	const char *best[16];
	unsigned dist[16], k = 0;
	struct strbuf b = {0};
	const char *res;

	if (max_out > 16)
		max_out = 16;
	for (unsigned i = 0; i < n; i++) {
		unsigned dv = edit_distance(name, cands[i]), at;
		bool dup = false;

		for (at = 0; at < k; at++)
			dup |= !strcmp(best[at], cands[i]);
		if (dup || dv > limit || (k == max_out && dv >= dist[k - 1]))
			continue;
		if (k < max_out)
			k++;
		for (at = k - 1; at > 0 && dist[at - 1] > dv; at--) {
			best[at] = best[at - 1];
			dist[at] = dist[at - 1];
		}
		best[at] = cands[i];
		dist[at] = dv;
	}
	for (unsigned i = 0; i < k; i++)
		sb_printf(&b, "%s%s", i ? ", " : "", best[i]);
	res = k ? arena_strdup(a, sb_str(&b)) : NULL;
	sb_free(&b);
	return res;
}
