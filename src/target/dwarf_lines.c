// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines. The compiler's line table says where the code of each line is; one
 * line may have several pieces of code, in one function and in each place
 * where that was inlined. A statement probe goes to the lowest address of the
 * line in each of these bodies.
 */
#include <stdlib.h>
#include <string.h>

#include "target/dwarf_int.h"

/* ---- prologue ---- */

/* A location that needs the frame: it is nowhere before the prologue. */
static bool needs_frame(struct dw_module *m, Dwarf_Die *func, Dwarf_Die *var)
{
	Dwarf_Attribute a;
	Dwarf_Op *ops;
	size_t n;

	if (!dwarf_attr(var, DW_AT_location, &a))
		return false;
	if (dwarf_whatform(&a) != DW_FORM_exprloc &&
	    dwarf_whatform(&a) != DW_FORM_block1)
		return false; /* a list: right at every address */
	if (dwarf_getlocation(&a, &ops, &n) || !n)
		return false;
	if (ops[0].atom >= DW_OP_breg0 && ops[0].atom <= DW_OP_breg31)
		return true;
	if (ops[0].atom != DW_OP_fbreg)
		return false;
	/* Above the frame address lies what the caller pushed. */
	bool cfa = dwarf_attr_integrate(func, DW_AT_frame_base, &a) &&
		   !dwarf_getlocation(&a, &ops, &n) && n == 1 &&
		   ops[0].atom == DW_OP_call_frame_cfa;
	Dwarf_Op *loc;
	if (!dwarf_attr(var, DW_AT_location, &a) ||
	    dwarf_getlocation(&a, &loc, &n))
		return false;
	return !cfa || (Dwarf_Sword)loc[0].number < 0;
}

static bool frame_wanted(struct dw_module *m, Dwarf_Die *func)
{
	Dwarf_Die d;

	if (dwarf_child(func, &d))
		return false;
	do {
		if (dwarf_tag(&d) == DW_TAG_formal_parameter &&
		    needs_frame(m, func, &d))
			return true;
	} while (!dwarf_siblingof(&d, &d));
	return false;
}

uint64_t dw_after_prologue(struct dw_module *m, const struct dw_func *f)
{
	Dwarf_Die d = f->die;
	Dwarf_Addr *bp = NULL;
	uint64_t pc = f->entry;

	if (!frame_wanted(m, &d))
		return pc;
	int n = dwarf_entry_breakpoints(&d, &bp);
	for (int i = 0; i < n; i++) {
		if (bp[i] >= f->entry &&
		    (!f->size || bp[i] < f->entry + f->size)) {
			pc = bp[i];
			break;
		}
	}
	free(bp);
	return pc;
}

/* ---- the table ---- */

/* wanted: the recommended places of breakpoints, or the others. */
static bool read_line(Dwarf_Lines *ls, size_t i, bool wanted,
		      struct dw_line *out)
{
	Dwarf_Line *l = dwarf_onesrcline(ls, i);
	bool end = false, stmt = false;
	Dwarf_Addr addr;
	int no;

	if (!l || dwarf_lineendsequence(l, &end) || end ||
	    dwarf_linebeginstatement(l, &stmt) || stmt != wanted ||
	    dwarf_lineno(l, &no) || no <= 0 || dwarf_lineaddr(l, &addr) ||
	    !addr)
		return false;
	const char *file = dwarf_linesrc(l, NULL, NULL);
	if (!file)
		return false;
	*out = (struct dw_line){
		.addr = addr, .line = (unsigned)no, .file = file};
	return true;
}

static bool unit_has_file(Dwarf_Die *cu, const char *pattern)
{
	Dwarf_Files *files;
	size_t n;

	if (!pattern)
		return true;
	if (dwarf_getsrcfiles(cu, &files, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		const char *f = dwarf_filesrc(files, i, NULL, NULL);
		if (f && dw_file_fits(pattern, f))
			return true;
	}
	return false;
}

/* The last line of a function's source that has code. */
static unsigned last_line(struct dw_module *m, const struct dw_func *f)
{
	const char *file = dw_func_file(m, f);
	Dwarf_Die die = f->die, cu;
	unsigned last = f->line;
	Dwarf_Lines *ls;
	size_t n;

	if (!f->entry || !dw_unit_of(&die, &cu) ||
	    dwarf_getsrclines(&cu, &ls, &n))
		return last;
	for (size_t i = 0; i < n; i++) {
		Dwarf_Line *l = dwarf_onesrcline(ls, i);
		Dwarf_Addr addr;
		int no;

		if (!l || dwarf_lineaddr(l, &addr) || addr < f->entry ||
		    addr - f->entry >= f->size || dwarf_lineno(l, &no) ||
		    no <= (int)last)
			continue;
		const char *at = dwarf_linesrc(l, NULL, NULL);
		if (at && dw_file_fits(at, file))
			last = (unsigned)no;
	}
	return last;
}

bool dw_pattern_covers(struct dw_module *m, const struct dw_pattern *p,
		       const struct dw_func *f)
{
	if (p->line_kind == DW_LINE_NONE || p->line_kind == DW_LINE_ALL)
		return true;
	if (!p->nlines || f->line > p->lines[0].hi)
		return false;
	return !f->entry || last_line(m, f) >= p->lines[0].lo;
}

/* ---- statements ---- */

struct search {
	struct dw_module *m;
	const struct dw_pattern *p;
	dw_line_list *out;
	bool near;
	bool stmt; /* the entries that are looked at: is_stmt, or the others,
		      which count for lines that have none of the former */
	uint32_t first_other; /* in out */
	unsigned below, above; /* closest lines with code around */
};

#define MAX_BODIES 64u

static bool line_wanted(const struct dw_pattern *p, unsigned line,
			unsigned base)
{
	if (p->line_kind == DW_LINE_ALL)
		return true;
	if (p->line_kind == DW_LINE_RELATIVE)
		return line == base + p->lines[0].lo;
	for (unsigned i = 0; i < p->nlines; i++)
		if (line >= p->lines[i].lo && line <= p->lines[i].hi)
			return true;
	return false;
}

static void take_line(struct search *s, const struct dw_line *l)
{
	vec_for (s->out, i) {
		struct dw_line *o = &s->out->v[i];
		if (o->body.addr != l->body.addr || o->line != l->line)
			continue;
		if (l->addr < o->addr && (s->stmt || i >= s->first_other))
			*o = *l;
		return;
	}
	vec_push(s->m->arena, s->out, *l);
}

/* The function that a body is a copy of. */
static bool function_of(struct search *s, Dwarf_Die *die, struct dw_func *f)
{
	Dwarf_Die origin = dw_origin(die);
	uint32_t n, k = die_table_get(&s->m->by_die, die->addr);
	int line = 0;

	if (!k)
		k = die_table_get(&s->m->by_die, origin.addr);
	const struct dw_func *all = dw_funcs(s->m, &n);
	if (k) {
		*f = all[k - 1];
		return true;
	}
	*f = (struct dw_func){.name = dwarf_diename(die), .scope = ""};
	if (!dwarf_decl_line(&origin, &line))
		f->line = (unsigned)line;
	return f->name != NULL;
}

static bool same_file(struct search *s, const struct dw_func *f,
		      const struct dw_line *l)
{
	const char *file = f->die.addr ? dw_func_file(s->m, f) : "";

	return *file && (!strcmp(file, l->file) || dw_file_fits(l->file, file));
}

/*
 * Whose line it is. Where an inlined body begins, the line of the call has the
 * same address; so of the bodies there it is the one whose function is in this
 * file and begins closest in front of the line. A line of a file that none of
 * them is in (macros) belongs to the innermost.
 */
static bool owner_of(struct search *s, const struct dw_line *l, Dwarf_Die *die,
		     struct dw_func *f)
{
	Dwarf_Die body[MAX_BODIES];
	uint32_t n = dw_bodies_at(s->m, l->addr, body, MAX_BODIES);
	struct dw_func it;
	bool found = false;

	for (uint32_t i = n; i-- > 0;) {
		if (!function_of(s, &body[i], &it) || !it.line ||
		    it.line > l->line || !same_file(s, &it, l) ||
		    (found && f->line >= it.line))
			continue;
		*f = it;
		*die = body[i];
		found = true;
	}
	if (found || !n || !function_of(s, &body[n - 1], &it) ||
	    (it.line && same_file(s, &it, l)))
		return found;
	*f = it;
	*die = body[n - 1];
	return true;
}

static void note_around(struct search *s, unsigned line)
{
	unsigned want = s->p->nlines ? s->p->lines[0].lo : 0;

	if (line < want && line > s->below)
		s->below = line;
	if (line > want && (!s->above || line < s->above))
		s->above = line;
}

static bool is_any(const char *pattern)
{
	return !strcmp(pattern, "*");
}

static void search_lines(struct search *s, Dwarf_Lines *ls, size_t n)
{
	const struct dw_pattern *p = s->p;
	const char *last_file = NULL;
	bool last_fits = false;

	for (size_t i = 0; i < n; i++) {
		struct dw_line l;
		if (!read_line(ls, i, s->stmt, &l))
			continue;
		if (l.file != last_file) {
			last_file = l.file;
			last_fits = !p->file || dw_file_fits(p->file, l.file);
		}
		bool relative = p->line_kind == DW_LINE_RELATIVE;
		bool exact = relative || line_wanted(p, l.line, 0);
		if (!last_fits || (!exact && is_any(p->func) && !s->near)) {
			if (last_fits)
				note_around(s, l.line);
			continue;
		}
		struct dw_func f;
		Dwarf_Die die;
		if (!owner_of(s, &l, &die, &f) || !dw_pattern_names(p, &f))
			continue;
		if (!line_wanted(p, l.line, f.line))
			note_around(s, relative ? l.line - f.line : l.line);
		else {
			l.body = die;
			take_line(s, &l);
		}
	}
}

static void search_unit(struct search *s, Dwarf_Die *cu)
{
	Dwarf_Lines *ls;
	size_t n;

	if (!unit_has_file(cu, s->p->file) || dwarf_getsrclines(cu, &ls, &n))
		return;
	s->stmt = true;
	search_lines(s, ls, n);
	s->stmt = false;
	s->first_other = s->out->n;
	search_lines(s, ls, n);
}

static void search_all(struct search *s)
{
	const struct dw_units *u = dw_units(s->m);
	uint32_t n;

	dw_funcs(s->m, &n);
	vec_for (&u->v, i)
		if (dwarf_tag(&u->v.v[i]) == DW_TAG_compile_unit)
			search_unit(s, &u->v.v[i]);
}

uint32_t dw_lines(struct dw_module *m, const struct dw_pattern *p, bool near,
		  dw_line_list *out, unsigned around[2])
{
	struct search s = {.m = m, .p = p, .out = out, .near = near};

	search_all(&s);
	if (around) {
		around[0] = s.below;
		around[1] = s.above;
	}
	if (out->n || !near || !(s.above || s.below))
		return out->n;
	/* The next line with code, else the one before. */
	struct dw_range r = {.lo = s.above ? s.above : s.below};
	r.hi = r.lo;
	struct dw_pattern q = *p;
	q.lines = &r;
	q.nlines = 1;
	s = (struct search){.m = m, .p = &q, .out = out};
	search_all(&s);
	return out->n;
}

bool dw_line_at(struct dw_module *m, uint64_t addr, struct dw_line *out)
{
	Dwarf_Die cu, *unit = dwarf_addrdie(m->dw, addr, &cu);
	Dwarf_Line *l = unit ? dwarf_getsrc_die(unit, addr) : NULL;
	Dwarf_Die func;
	int no;

	if (!l) {
		/* No .debug_aranges: the function knows its unit. */
		if (!dw_outer_func(m, addr, &func) || !dw_unit_of(&func, &cu))
			return false;
		l = dwarf_getsrc_die(&cu, addr);
	}
	if (!l || dwarf_lineno(l, &no) || no <= 0)
		return false;
	const char *file = dwarf_linesrc(l, NULL, NULL);
	if (!file)
		return false;
	Dwarf_Addr start;
	if (dwarf_lineaddr(l, &start))
		return false;
	*out = (struct dw_line){
		.addr = start, .line = (unsigned)no, .file = file};
	return true;
}
