// SPDX-License-Identifier: GPL-2.0-or-later
#include <limits.h>
#include <string.h>

#include "probe/callees.h"
#include "probe/places.h"

/* ---- points ---- */

/* Those that only debug information can answer. */
static bool take_dwarf_suffix(const struct probe_point *p, unsigned i,
			      struct place_suffix *s)
{
	const char *text = pp_string(p, i);
	int64_t n;

	if (pp_bare(p, i, "inline"))
		s->is_inline = true;
	else if (pp_bare(p, i, "callees"))
		s->callees = 1;
	else if (pp_is(p, i, "callees") && pp_number(p, i, &n) && n > 0 &&
		 n < INT_MAX)
		s->callees = (int)n;
	else if (pp_is(p, i, "label") && text)
		s->label = text;
	else if (pp_is(p, i, "callee") && text)
		s->callee = text;
	else
		return false;
	if (!s->dwarf_at)
		s->dwarf_at = i;
	return true;
}

bool place_suffix_take(const struct probe_point *p, unsigned i,
		       struct place_suffix *s)
{
	if (take_dwarf_suffix(p, i, s))
		return true;
	if (pp_bare(p, i, "call"))
		s->call = true;
	else if (pp_bare(p, i, "return"))
		s->is_return = true;
	else if (pp_bare(p, i, "exported"))
		s->exported = true;
	else if (pp_bare(p, i, "absolute"))
		s->absolute = true;
	else if (pp_bare(p, i, "nearest"))
		s->nearest = true;
	else
		return false;
	return true;
}

bool place_suffix_of_function(const struct place_suffix *s, bool by_number)
{
	unsigned inner = !!s->label + !!s->callee + !!s->callees;

	if (s->absolute || s->nearest || inner > 1 || (by_number && inner))
		return false;
	if (s->is_inline + s->call + s->is_return > 1 ||
	    (s->exported && s->is_inline))
		return false;
	return !s->label || !(s->is_inline || s->call || s->is_return ||
			      s->exported);
}

bool place_suffix_of_statement(const struct place_suffix *s, bool by_number)
{
	if (s->call || s->exported || s->dwarf_at)
		return false;
	return by_number ? !(s->nearest && s->absolute) &&
				   (!s->is_return || s->absolute)
			 : !s->absolute && !s->is_return;
}

/* ".return", ".label(\"again\")" */
static void put_suffix(struct strbuf *sb, const struct probe_point *p,
		       unsigned at, const char *label)
{
	for (unsigned i = at + 1; i < p->comps.n; i++) {
		const char *text = pp_string(p, i);
		int64_t n;
		if (pp_is(p, i, "callee") || pp_is(p, i, "callees"))
			continue;
		sb_printf(sb, ".%s", p->comps.v[i].name);
		if (text)
			sb_printf(sb, "(\"%s\")",
				  label && pp_is(p, i, "label") ? label : text);
		else if (pp_number(p, i, &n))
			sb_printf(sb, "(%lld)", (long long)n);
	}
}

const char *place_point(struct arena *a, const char *head,
			const struct probe_point *p, unsigned at,
			const char *arg, const char *label)
{
	struct strbuf sb = {0};

	sb_printf(&sb, "%s.%s(%s)", head, p->comps.v[at].name, arg);
	put_suffix(&sb, p, at, label);
	const char *s = arena_memdup(a, sb_str(&sb), sb.len);
	sb_free(&sb);
	return s;
}

/* ---- places ---- */

const char *place_arg(struct arena *a, const struct place *pl)
{
	const char *name =
		*pl->scope ? arena_printf(a, "%s::%s", pl->scope, pl->name)
			   : pl->name;

	return *pl->file ? arena_printf(a, "\"%s@%s:%u\"", name, pl->file,
					pl->line)
			 : arena_printf(a, "\"%s\"", name);
}

const char *place_alias(struct arena *a, const char *head,
			const struct probe_point *p, unsigned at,
			const struct place *pl)
{
	return !pl->caller
		       ? NULL
		       : place_point(a, head, p, at,
				     arena_printf(a, "%s).callee(%s", pl->caller,
						  place_arg(a, pl)),
				     NULL);
}

void place_of_function(struct dw_module *m, const struct dw_func *f,
		       struct place *out)
{
	struct dw_line first;

	*out = (struct place){.kind = PLACE_FUNCTION,
			      .func = f,
			      .name = f->name,
			      .scope = "",
			      .file = dw_func_file(m, f),
			      .line = f->line,
			      .addr = f->entry,
			      .die = f->die};
	/* Go declares functions in files, not at lines. */
	if (!f->line && f->entry && dw_line_at(m, f->entry, &first))
		out->line = first.line;
}

void place_of_inline(struct dw_module *m, const struct dw_inline *in,
		     struct place *out)
{
	place_of_function(m, in->func, out);
	out->kind = PLACE_INLINE;
	out->addr = in->entry;
	out->die = in->die;
}

/* ---- functions ---- */

struct finder {
	const struct place_query *q;
	uint32_t added;
};

static void add(struct finder *fi, struct place *pl)
{
	/* whoever asks with a scope is answered with it */
	if (fi->q->pat->scope && pl->func)
		pl->scope = pl->func->scope;
	fi->added += fi->q->add(fi->q->ctx, pl) != NULL;
}

static void add_inlines(struct finder *fi, const struct dw_func *f)
{
	dw_inline_list l = {0};
	struct place pl;

	dw_inlines_of(fi->q->m, f, &l);
	vec_for (&l, i) {
		place_of_inline(fi->q->m, &l.v[i], &pl);
		add(fi, &pl);
	}
}

static void add_labels(struct finder *fi, const struct dw_func *f)
{
	dw_label_list l = {0};
	Dwarf_Die d = f->die;
	struct place pl;

	dw_labels(fi->q->m, &d, fi->q->sfx->label, &l);
	vec_for (&l, i) {
		place_of_function(fi->q->m, f, &pl);
		pl.kind = PLACE_LABEL;
		pl.file = l.v[i].file ?: "";
		pl.line = l.v[i].line;
		pl.label = l.v[i].name;
		pl.addr = l.v[i].addr;
		add(fi, &pl);
	}
}

static void add_fitting(struct finder *fi, const struct dw_func *f)
{
	const struct place_suffix *x = fi->q->sfx;
	struct place pl;

	if (x->callee || x->callees) {
		if (f->entry)
			fi->added += callees_find(fi->q, f);
		return;
	}
	if (x->label) {
		if (f->entry)
			add_labels(fi, f);
		return;
	}
	if (f->entry && !x->is_inline && (!x->exported || f->external)) {
		place_of_function(fi->q->m, f, &pl);
		add(fi, &pl);
	}
	if (f->can_inline && !x->call && !x->exported && !x->is_return)
		add_inlines(fi, f);
}

uint32_t place_functions(const struct place_query *q)
{
	struct finder fi = {.q = q};
	uint32_t n;
	const struct dw_func *f = dw_funcs(q->m, &n);
	uint64_t last = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (f[i].entry && f[i].entry == last)
			continue;
		if (!dw_pattern_fits(q->m, q->pat, &f[i]) ||
		    !dw_pattern_covers(q->m, q->pat, &f[i]))
			continue;
		last = f[i].entry;
		add_fitting(&fi, &f[i]);
	}
	return fi.added;
}

uint32_t place_statements(const struct place_query *q, unsigned around[2])
{
	struct finder fi = {.q = q};
	dw_line_list l = {0};

	dw_lines(q->m, q->pat, q->sfx->nearest, &l, around);
	vec_for (&l, i) {
		struct place pl = {.kind = PLACE_LINE,
				   .scope = "",
				   .file = l.v[i].file ?: "",
				   .line = l.v[i].line,
				   .addr = l.v[i].addr,
				   .die = l.v[i].body};
		pl.name = dwarf_diename(&pl.die);
		if (pl.name)
			add(&fi, &pl);
	}
	return fi.added;
}

bool place_at(struct dw_module *m, uint64_t addr, const struct place_suffix *s,
	      struct place *out)
{
	struct dw_inline in;

	if (!(s->call || s->is_return || s->exported) &&
	    dw_inline_at(m, addr, &in)) {
		place_of_inline(m, &in, out);
		return true;
	}
	const struct dw_func *f = s->is_inline ? NULL : dw_func_of(m, addr);
	if (!f || (s->exported && !f->external))
		return false;
	place_of_function(m, f, out);
	return true;
}

/* ---- messages ---- */
int place_bad_pattern(const struct probe_env *env, const struct probe_point *p,
		      unsigned i, const char *text, const char *why,
		      const char *forms)
{
	diag_remedy(diag_report(env->diag, PROCESS_PATTERN,
				p->comps.v[i].arg->loc, NULL, text, why),
		    "patterns are %s; f may have wildcards", forms);
	return PROBE_ERROR;
}

int place_no_line(const struct probe_env *env, const struct probe_point *p,
		  unsigned i, const char *where, const char *text,
		  const unsigned around[2])
{
	struct arena *a = env->arena;
	const char *near = "";

	if (around[0] && around[1])
		near = arena_printf(a, " (lines with code: %u, %u)", around[0],
				    around[1]);
	else if (around[0] || around[1])
		near = arena_printf(a, " (line with code: %u)",
				    around[0] ? around[0] : around[1]);
	diag_remedy(diag_report(env->diag, PROCESS_NO_LINE,
				p->comps.v[i].arg->loc,
				arena_printf(a, "string '%s'", text), where,
				text, near),
		    "append .nearest to take the next line with code; stap -l "
		    "'....statement(\"FUNCTION@FILE:*\")' lists them");
	return PROBE_ERROR;
}
