// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The source of all code of a file, as one table: which line, and which
 * inlined bodies around it, from each address on. For symbolising where libdw
 * is not at hand (ir/lower_umods.c). Line rows and the ranges of inlined
 * bodies, which nest, are swept by address.
 */
#include <stdlib.h>

#include "target/dwarf_int.h"

enum event_kind { EVENT_CLOSE, EVENT_END, EVENT_LINE, EVENT_OPEN };

struct event {
	uint64_t addr;
	enum event_kind kind;
	uint32_t seq;  /* order of what has the same address and kind */
	uint64_t hi;   /* OPEN: where it ends */
	unsigned line; /* LINE */
	const char *file;
	uint32_t frame; /* OPEN */
};

struct sweep {
	struct dw_module *m;
	struct dw_source_table *out;
	VEC(struct event) events;
	/* of the row before: the file, as the table names it and in full */
	const char *raw, *file;
};

static void push(struct sweep *s, struct event e)
{
	e.seq = s->events.n;
	vec_push(s->m->arena, &s->events, e);
}

/* A row of a line table: code from addr on, to the next row. */
struct row {
	uint64_t addr;
	int line; /* 0 or less: not known */
	bool end; /* of a sequence: no code follows */
	const char *src; /* as the table names the file; may be NULL */
};

static void each_row(Dwarf_Die *cu, void (*fn)(void *ctx, Dwarf_Die *cu,
					       const struct row *r), void *ctx)
{
	Dwarf_Lines *ls;
	size_t n;

	if (dwarf_getsrclines(cu, &ls, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		Dwarf_Line *l = dwarf_onesrcline(ls, i);
		struct row r = {0};
		Dwarf_Addr addr;

		if (!l || dwarf_lineaddr(l, &addr) || !addr ||
		    dwarf_lineendsequence(l, &r.end) ||
		    dwarf_lineno(l, &r.line))
			continue;
		r.addr = addr;
		r.src = dwarf_linesrc(l, NULL, NULL);
		fn(ctx, cu, &r);
	}
}

static void add_line(void *ctx, Dwarf_Die *cu, const struct row *r)
{
	struct sweep *s = ctx;

	if (r->end) {
		push(s, (struct event){.addr = r->addr, .kind = EVENT_END});
		return;
	}
	if (r->src != s->raw) {
		s->raw = r->src;
		s->file = dw_abs_file(s->m, cu, r->src);
	}
	push(s, (struct event){.addr = r->addr,
			       .kind = EVENT_LINE,
			       .line = r->line > 0 ? (unsigned)r->line : 0,
			       .file = s->file});
}

static void add_lines(struct sweep *s, Dwarf_Die *cu)
{
	s->raw = s->file = NULL;
	each_row(cu, add_line, s);
}

static void add_ranges(struct sweep *s, Dwarf_Die *d, uint32_t frame)
{
	Dwarf_Addr base, lo, hi;

	for (ptrdiff_t at = 0; (at = dwarf_ranges(d, at, &base, &lo, &hi)) > 0;)
		if (lo && lo < hi)
			push(s, (struct event){.addr = lo,
					       .kind = EVENT_OPEN,
					       .hi = hi,
					       .frame = frame}),
				push(s, (struct event){.addr = hi,
						       .kind = EVENT_CLOSE});
}

/* frame: of the body around, 0: none. */
static void add_inlines(struct sweep *s, Dwarf_Die *parent, uint32_t outer,
			unsigned depth)
{
	Dwarf_Die d, cu;

	if (depth > DW_MAX_DEPTH || dwarf_child(parent, &d))
		return;
	do {
		int tag = dwarf_tag(&d);

		if (tag == DW_TAG_inlined_subroutine) {
			struct dw_source_frame f = {.name = dwarf_diename(&d),
						    .outer = outer};
			Dwarf_Attribute a;
			Dwarf_Word line;

			if (!f.name)
				continue;
			if (!dwarf_formudata(dwarf_attr(&d, DW_AT_call_line,
							&a),
					     &line))
				f.line = (unsigned)line;
			if (dw_unit_of(&d, &cu))
				f.file = dw_abs_file(s->m, &cu,
						     dw_call_file(&d));
			vec_push(s->m->arena, &s->out->frames, f);
			add_ranges(s, &d, s->out->frames.n);
			add_inlines(s, &d, s->out->frames.n, depth + 1);
		} else if (tag == DW_TAG_lexical_block ||
			   tag == DW_TAG_try_block ||
			   tag == DW_TAG_catch_block) {
			add_inlines(s, &d, outer, depth + 1);
		}
	} while (!dwarf_siblingof(&d, &d));
}

static int event_order(const void *pa, const void *pb)
{
	const struct event *a = pa, *b = pb;

	if (a->addr != b->addr)
		return a->addr < b->addr ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	/* an outer body was found, and is opened, before those in it */
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static void emit(struct sweep *s, struct dw_source row)
{
	uint32_t n = s->out->rows.n;
	const struct dw_source *last = n ? &s->out->rows.v[n - 1] : NULL;

	if (last && last->line == row.line && last->file == row.file &&
	    last->frame == row.frame)
		return;
	vec_push(s->m->arena, &s->out->rows, row);
}

static void sweep(struct sweep *s)
{
	struct dw_source row = {0};
	VEC(struct event) open = {0};

	for (uint32_t i = 0; i < s->events.n; i++) {
		const struct event *e = &s->events.v[i];

		switch (e->kind) {
		case EVENT_CLOSE:
			while (open.n && open.v[open.n - 1].hi <= e->addr)
				open.n--;
			break;
		case EVENT_END:
			row.line = 0;
			row.file = NULL;
			break;
		case EVENT_LINE:
			row.line = e->line;
			row.file = e->file;
			break;
		case EVENT_OPEN:
			vec_push(s->m->arena, &open, *e);
			break;
		}
		if (i + 1 < s->events.n && s->events.v[i + 1].addr == e->addr)
			continue;
		row.addr = e->addr;
		row.frame = open.n ? open.v[open.n - 1].frame : 0;
		emit(s, row);
	}
}

void dw_sources(struct dw_module *m, struct dw_source_table *out)
{
	const struct dw_units *u = dw_units(m);
	struct sweep s = {.m = m, .out = out};
	const struct dw_func *f;
	uint32_t n;

	f = dw_funcs(m, &n);
	vec_for (&u->v, i)
		if (dwarf_tag(&u->v.v[i]) == DW_TAG_compile_unit)
			add_lines(&s, &u->v.v[i]);
	for (uint32_t i = 0; i < n && f[i].entry; i++) {
		Dwarf_Die d = f[i].die;

		add_inlines(&s, &d, 0, 0);
	}
	if (!s.events.n)
		return;
	qsort(s.events.v, s.events.n, sizeof(*s.events.v), event_order);
	sweep(&s);
}

/* ---- lines only ---- */

struct lister {
	struct dw_module *m;
	struct dw_source_lines *out;
	const char *raw; /* of the file that was added last */
};

static void list_row(void *ctx, Dwarf_Die *cu, const struct row *r)
{
	struct lister *s = ctx;
	struct dw_source_lines *out = s->out;
	struct dw_source_line l = {.addr = r->addr}, *last;

	if (!out->files.n || r->src != s->raw) {
		s->raw = r->src;
		vec_push(s->m->arena, &out->files,
			 r->src ? dw_abs_file(s->m, cu, r->src) : "");
	}
	l.line = r->end || r->line < 0 ? 0 : (uint32_t)r->line;
	l.file = out->files.n - 1;
	/* Of rows at one place the last counts. */
	if (out->rows.n && vec_last(&out->rows).addr == l.addr)
		out->rows.n--;
	last = out->rows.n ? &vec_last(&out->rows) : NULL;
	if (!last || last->line != l.line || last->file != l.file)
		vec_push(s->m->arena, &out->rows, l);
}

/* Sequences do not overlap, but for the end of one where another begins. */
static int line_order(const void *pa, const void *pb)
{
	const struct dw_source_line *a = pa, *b = pb;

	if (a->addr != b->addr)
		return a->addr < b->addr ? -1 : 1;
	return (a->line != 0) - (b->line != 0);
}

void dw_source_lines(struct dw_module *m, struct dw_source_lines *out)
{
	const struct dw_units *u = dw_units(m);
	struct lister s = {.m = m, .out = out};

	vec_for (&u->v, i)
		if (dwarf_tag(&u->v.v[i]) == DW_TAG_compile_unit) {
			s.raw = NULL;
			each_row(&u->v.v[i], list_row, &s);
		}
	if (out->rows.n)
		qsort(out->rows.v, out->rows.n, sizeof(*out->rows.v),
		      line_order);
}
