// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Functions: one walk over the top levels of all units (namespaces and
 * classes entered), without looking into bodies. Inlined instances, labels
 * and calls need bodies; those are walked when asked for.
 *
 * One source function may show as several DIEs: a declaration within a class
 * (which knows the class), an abstract one (which knows that it is inlined)
 * and a concrete one with the code. References lead from the latter to the
 * former; scopes are filled in when all have been seen.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "target/dwarf_int.h"

/* ---- the index ---- */

struct walk {
	struct dw_module *m;
	struct die_table scope_of; /* subprogram's die -> index in scopes */
	VEC(const char *) scopes;
	VEC(const void *) decls; /* of each function: where references end */
};

static const char *join(struct arena *a, const char *scope, const char *name)
{
	return *scope ? arena_printf(a, "%s::%s", scope, name) : name;
}

const char *dw_linkage_name(Dwarf_Die *die)
{
	Dwarf_Attribute a;

	return dwarf_formstring(
		dwarf_attr_integrate(die, DW_AT_linkage_name, &a)
			?: dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name,
						&a));
}

/* Bytes from entry to the end of the range that holds it. */
static uint64_t size_at(Dwarf_Die *die, uint64_t entry)
{
	Dwarf_Addr base, lo, hi;
	ptrdiff_t off = 0;

	while ((off = dwarf_ranges(die, off, &base, &lo, &hi)) > 0)
		if (entry >= lo && entry < hi)
			return hi - entry;
	return 0;
}

static void note_scope(struct walk *w, Dwarf_Die *die, const char *scope)
{
	if (!*scope)
		return;
	vec_push(w->m->arena, &w->scopes, scope);
	die_table_put(w->m, &w->scope_of, die->addr, w->scopes.n);
}

bool dw_entry(Dwarf_Die *die, Dwarf_Addr *entry)
{
	Dwarf_Addr base, end;

	return !dwarf_entrypc(die, entry) ||
	       dwarf_ranges(die, 0, &base, entry, &end) > 0;
}

static void take_function(struct walk *w, Dwarf_Die *die, const char *scope)
{
	struct dw_module *m = w->m;
	struct dw_func f = {.scope = "", .die = *die};
	uint64_t entry;
	int line = 0;

	note_scope(w, die, scope);
	if (dw_flag(die, DW_AT_declaration))
		return;
	bool has_code = dw_entry(die, &entry);
	/* What the linker threw away starts at 0. */
	if (has_code && (entry || m->etype == ET_REL))
		f.entry = entry;
	/* gcc's link-time optimisation leaves the attribute out. */
	f.can_inline = dwarf_func_inline(die) != 0 || !has_code;
	f.linkage = dw_linkage_name(die);
	f.name = dwarf_diename(die);
	if (!f.name) {
		f.is_thunk = true;
		f.name = f.linkage;
	}
	if (!f.name || (!f.entry && !f.can_inline))
		return;
	Dwarf_Die origin = dw_origin(die);
	f.file = NULL; /* when asked for: dw_decl_file() */
	if (!dwarf_decl_line(die, &line) || !dwarf_decl_line(&origin, &line))
		f.line = (unsigned)line;
	f.external = dw_flag(&origin, DW_AT_external) ||
		     dw_flag(die, DW_AT_external);
	f.size = f.entry ? size_at(die, f.entry) : 0;
	vec_push(m->arena, &m->funcs, f);
	vec_push(m->arena, &w->decls, origin.addr);
}

static bool has_methods(Dwarf_Die *cu)
{
	switch (dwarf_srclang(cu)) {
	case DW_LANG_C:
	case DW_LANG_C89:
	case DW_LANG_C99:
	case DW_LANG_C11:
	case DW_LANG_Mips_Assembler:
		return false;
	default:
		return true;
	}
}

/*
 * Functions within functions, as gcc has them in C: the linker calls them
 * "name.0" (and "name.part.0" what it cut from others).
 */
static bool has_nested(struct dw_module *m)
{
	int n = dwfl_module_getsymtab(m->mod);

	for (int i = 1; i < n; i++) {
		GElf_Sym sym;
		const char *name = dwfl_module_getsym(m->mod, i, &sym, NULL);
		const char *dot = name ? strchr(name, '.') : NULL;

		if (dot && GELF_ST_TYPE(sym.st_info) == STT_FUNC && dot[1] &&
		    !dot[1 + strspn(dot + 1, "0123456789")])
			return true;
	}
	return false;
}

static void walk_level(struct walk *w, Dwarf_Die *parent, const char *scope,
		       bool methods, unsigned depth)
{
	Dwarf_Die d;

	if (depth > DW_MAX_DEPTH || dwarf_child(parent, &d))
		return;
	do {
		const char *name;
		switch (dwarf_tag(&d)) {
		case DW_TAG_subprogram:
			take_function(w, &d, scope);
			/* lambdas and local classes stand in the body */
			if (methods)
				walk_level(w, &d, scope, methods, depth + 1);
			break;
		case DW_TAG_lexical_block:
			walk_level(w, &d, scope, methods, depth + 1);
			break;
		case DW_TAG_class_type:
		case DW_TAG_structure_type:
		case DW_TAG_union_type:
		case DW_TAG_enumeration_type:
			if (!methods)
				break;
			/* fall through */
		case DW_TAG_namespace:
		case DW_TAG_module:
			name = dwarf_diename(&d);
			walk_level(w, &d,
				   name ? join(w->m->arena, scope, name)
					: scope,
				   methods, depth + 1);
			break;
		}
	} while (!dwarf_siblingof(&d, &d));
}

static void fill_scopes(struct walk *w)
{
	vec_for (&w->m->funcs, i) {
		uint32_t k = die_table_get(&w->scope_of, w->decls.v[i]);
		if (!k)
			k = die_table_get(&w->scope_of,
					  w->m->funcs.v[i].die.addr);
		if (k)
			w->m->funcs.v[i].scope = w->scopes.v[k - 1];
	}
}

static int func_order(const void *a, const void *b)
{
	const struct dw_func *x = a, *y = b;

	if (!x->entry != !y->entry)
		return x->entry ? -1 : 1;
	if (x->entry != y->entry)
		return x->entry < y->entry ? -1 : 1;
	uintptr_t p = (uintptr_t)x->die.addr, q = (uintptr_t)y->die.addr;
	return p < q ? -1 : p > q;
}

const struct dw_func *dw_funcs(struct dw_module *m, uint32_t *n)
{
	if (!m->funcs_read) {
		const struct dw_units *u = dw_units(m);
		struct walk w = {.m = m};
		bool nested = has_nested(m);
		m->funcs_read = true;
		vec_for (&u->v, i)
			walk_level(&w, &u->v.v[i], "",
				   nested || has_methods(&u->v.v[i]), 0);
		fill_scopes(&w);
		if (m->funcs.n)
			qsort(m->funcs.v, m->funcs.n, sizeof(*m->funcs.v),
			      func_order);
		vec_for (&m->funcs, i)
			die_table_put(m, &m->by_die, m->funcs.v[i].die.addr,
				      i + 1);
	}
	*n = m->funcs.n;
	return m->funcs.v;
}

const char *dw_func_file(struct dw_module *m, const struct dw_func *f)
{
	struct dw_func *w = (struct dw_func *)f;

	if (!w->file) {
		Dwarf_Die d = f->die;
		w->file = dw_decl_file(m, &d);
		if (!w->file)
			w->file = "";
	}
	return w->file;
}

/* ---- bodies ---- */

/* The abstract function of an inlined instance, or NULL. */
static const struct dw_func *inlined_func(struct dw_module *m, Dwarf_Die *d)
{
	Dwarf_Die origin = dw_origin(d), next;
	uint32_t k = die_table_get(&m->by_die, origin.addr), abstract;
	Dwarf_Attribute a;

	/* A class' declaration stands behind its abstract. */
	if (dwarf_attr(d, DW_AT_abstract_origin, &a) &&
	    dwarf_formref_die(&a, &next) &&
	    (abstract = die_table_get(&m->by_die, next.addr)))
		k = abstract;
	return k ? &m->funcs.v[k - 1] : NULL;
}

/* outer: the body that they are in, which is within `level` others. */
static void walk_inlines(struct dw_module *m, Dwarf_Die *parent,
			 const struct dw_func *outer, unsigned level,
			 dw_inline_list *out, unsigned depth)
{
	Dwarf_Die d;

	if (depth > DW_MAX_DEPTH || dwarf_child(parent, &d))
		return;
	do {
		struct dw_inline in = {.outer = outer, .level = level, .die = d};
		switch (dwarf_tag(&d)) {
		case DW_TAG_inlined_subroutine:
			in.func = inlined_func(m, &d);
			if (in.func && dw_entry(&d, &in.entry) && in.entry)
				vec_push(m->arena, out, in);
			walk_inlines(m, &d, in.func ?: outer, level + 1, out,
				     depth + 1);
			break;
		case DW_TAG_lexical_block:
		case DW_TAG_try_block:
		case DW_TAG_catch_block:
			walk_inlines(m, &d, outer, level, out, depth + 1);
			break;
		}
	} while (!dwarf_siblingof(&d, &d));
}

static void inlines_in(struct dw_module *m, const struct dw_func *f,
		       dw_inline_list *out)
{
	Dwarf_Die d = f->die;

	walk_inlines(m, &d, f, 0, out, 0);
}

void dw_inlines_in(struct dw_module *m, const struct dw_func *f, unsigned depth,
		   dw_inline_list *out)
{
	dw_inline_list all = {0};

	inlines_in(m, f, &all);
	vec_for (&all, i)
		if (all.v[i].level < depth)
			vec_push(m->arena, out, all.v[i]);
}

static int inline_order(const void *a, const void *b)
{
	const struct dw_inline *x = a, *y = b;

	if (x->func != y->func)
		return x->func < y->func ? -1 : 1;
	if (x->entry != y->entry)
		return x->entry < y->entry ? -1 : 1;
	uintptr_t p = (uintptr_t)x->die.addr, q = (uintptr_t)y->die.addr;
	return p < q ? -1 : p > q;
}

static void sort_inlines(dw_inline_list *l)
{
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), inline_order);
}

static int unit_order(const void *a, const void *b)
{
	const struct dw_func *x = *(const struct dw_func *const *)a;
	const struct dw_func *y = *(const struct dw_func *const *)b;
	uintptr_t p = (uintptr_t)x->die.cu, q = (uintptr_t)y->die.cu;

	if (p != q)
		return p < q ? -1 : 1;
	return (x > y) - (x < y);
}

/* Functions with code, those of a unit together. */
static void order_by_unit(struct dw_module *m)
{
	if (m->by_unit.n)
		return;
	vec_for (&m->funcs, i)
		if (m->funcs.v[i].entry)
			vec_push(m->arena, &m->by_unit, &m->funcs.v[i]);
	if (m->by_unit.n)
		qsort(m->by_unit.v, m->by_unit.n, sizeof(*m->by_unit.v),
		      unit_order);
}

/* All inlined instances in a unit, ordered. */
static const dw_inline_list *unit_inlines(struct dw_module *m,
					  const struct Dwarf_CU *cu)
{
	uint32_t k = die_table_get(&m->unit_seen, cu), lo = 0, hi;
	dw_inline_list *l;

	if (k)
		return m->unit_inlines.v[k - 1];
	order_by_unit(m);
	for (hi = m->by_unit.n; lo < hi;) {
		uint32_t mid = lo + (hi - lo) / 2;
		if ((uintptr_t)m->by_unit.v[mid]->die.cu < (uintptr_t)cu)
			lo = mid + 1;
		else
			hi = mid;
	}
	l = arena_new_obj(m->arena, dw_inline_list);
	for (; lo < m->by_unit.n && m->by_unit.v[lo]->die.cu == cu; lo++)
		inlines_in(m, m->by_unit.v[lo], l);
	sort_inlines(l);
	vec_push(m->arena, &m->unit_inlines, l);
	die_table_put(m, &m->unit_seen, cu, m->unit_inlines.n);
	return l;
}

/*
 * May inlined instances in the unit be of another unit's functions? Its
 * abbreviations tell without a look at the bodies: only some forms lead out.
 */
static bool reaches_out(Dwarf_Die *unit)
{
	Dwarf_Off at = 0;
	size_t len;

	for (;;) {
		Dwarf_Abbrev *ab = dwarf_getabbrev(unit, at, &len);
		size_t n;
		if (!ab || ab == DWARF_END_ABBREV)
			return false;
		at += len;
		if (dwarf_getabbrevtag(ab) != DW_TAG_inlined_subroutine ||
		    dwarf_getattrcnt(ab, &n))
			continue;
		for (size_t i = 0; i < n; i++) {
			unsigned name, form;
			if (dwarf_getabbrevattr(ab, i, &name, &form, NULL))
				return true;
			if (name == DW_AT_abstract_origin &&
			    form != DW_FORM_ref1 && form != DW_FORM_ref2 &&
			    form != DW_FORM_ref4 && form != DW_FORM_ref8 &&
			    form != DW_FORM_ref_udata)
				return true;
		}
	}
}

/*
 * Instances of other units' functions, ordered: link-time optimisation puts
 * them there, and dwz, which moves what units share to units without code.
 */
static const dw_inline_list *far_inlines(struct dw_module *m)
{
	const struct dw_units *u = dw_units(m);

	if (m->far_read)
		return &m->far_inlines;
	m->far_read = true;
	vec_for (&u->v, i) {
		const dw_inline_list *l;
		if (!reaches_out(&u->v.v[i]))
			continue;
		l = unit_inlines(m, u->v.v[i].cu);
		vec_for (l, k)
			if (l->v[k].func->die.cu != u->v.v[i].cu)
				vec_push(m->arena, &m->far_inlines, l->v[k]);
	}
	sort_inlines(&m->far_inlines);
	return &m->far_inlines;
}

static void take_of(struct dw_module *m, const dw_inline_list *l,
		    const struct dw_func *f, dw_inline_list *out)
{
	uint32_t lo = 0;

	for (uint32_t hi = l->n; lo < hi;) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (l->v[mid].func < f)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < l->n && l->v[lo].func == f; lo++)
		vec_push(m->arena, out, l->v[lo]);
}

void dw_inlines_of(struct dw_module *m, const struct dw_func *f,
		   dw_inline_list *out)
{
	dw_inline_list l = {0};
	uint64_t last = 0;

	take_of(m, unit_inlines(m, f->die.cu), f, &l);
	take_of(m, far_inlines(m), f, &l);
	sort_inlines(&l);
	vec_for (&l, i) {
		if (l.v[i].entry == last)
			continue;
		last = l.v[i].entry;
		vec_push(m->arena, out, l.v[i]);
	}
}

/* The inlined bodies at pc below a function, outermost first. */
static uint32_t descend(const Dwarf_Die *func, uint64_t pc, Dwarf_Die *out,
			uint32_t max)
{
	Dwarf_Die d, block = *func;
	uint32_t n = 0;

	for (unsigned depth = 0; depth < DW_MAX_DEPTH; depth++) {
		bool found = false;
		if (dwarf_child(&block, &d))
			return n;
		do {
			int tag = dwarf_tag(&d);
			if ((tag == DW_TAG_inlined_subroutine ||
			     tag == DW_TAG_lexical_block) &&
			    dwarf_haspc(&d, pc) > 0) {
				if (tag == DW_TAG_inlined_subroutine &&
				    n < max)
					out[n++] = d;
				block = d;
				found = true;
				break;
			}
		} while (!dwarf_siblingof(&d, &d));
		if (!found)
			return n;
	}
	return n;
}

const struct dw_func *dw_func_of(struct dw_module *m, uint64_t pc)
{
	uint32_t n, lo = 0;
	const struct dw_func *f = dw_funcs(m, &n);
	Dwarf_Die d;

	/* The last that starts at or before pc, most likely; parts that were
	   split off stand elsewhere. */
	for (uint32_t hi = n; lo < hi;) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (f[mid].entry && f[mid].entry <= pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (uint32_t i = lo; i-- > 0 && i + 8 > lo;) {
		d = f[i].die;
		if (dwarf_haspc(&d, pc) > 0)
			return &f[i];
	}
	for (uint32_t i = 0; i < n && f[i].entry; i++) {
		d = f[i].die;
		if (dwarf_haspc(&d, pc) > 0)
			return &f[i];
	}
	return NULL;
}

bool dw_outer_func(struct dw_module *m, uint64_t pc, Dwarf_Die *out)
{
	const struct dw_func *f = dw_func_of(m, pc);

	if (f)
		*out = f->die;
	return f;
}

uint32_t dw_bodies_at(struct dw_module *m, uint64_t pc, Dwarf_Die *out,
		      uint32_t max)
{
	if (!dw_outer_func(m, pc, out))
		return 0;
	return 1 + descend(out, pc, out + 1, max - 1);
}

bool dw_func_at(struct dw_module *m, uint64_t pc, Dwarf_Die *out)
{
	Dwarf_Die body[DW_MAX_DEPTH];
	uint32_t n = dw_bodies_at(m, pc, body, DW_MAX_DEPTH);

	if (n)
		*out = body[n - 1];
	return n != 0;
}

bool dw_inline_at(struct dw_module *m, uint64_t pc, struct dw_inline *out)
{
	Dwarf_Die body[DW_MAX_DEPTH];
	uint32_t n = dw_bodies_at(m, pc, body, DW_MAX_DEPTH);
	struct dw_inline in = {.outer = dw_func_of(m, pc)};

	for (uint32_t i = 1; i < n; i++) {
		if (in.func)
			in.outer = in.func;
		in.func = inlined_func(m, &body[i]);
		in.level = i - 1;
		in.die = body[i];
	}
	if (!in.func || !dw_entry(&in.die, &in.entry) || !in.entry)
		return false;
	*out = in;
	return true;
}

/* ---- labels ---- */

struct body_walk {
	struct dw_module *m;
	const char *pattern;
	dw_label_list *labels;
};

static void take_label(struct body_walk *b, Dwarf_Die *d)
{
	const char *name = dwarf_diename(d);
	struct dw_label l = {.name = name};
	Dwarf_Addr addr;
	int line = 0;

	if (!name || fnmatch(b->pattern, name, 0) || dwarf_lowpc(d, &addr) ||
	    !addr)
		return;
	Dwarf_Die origin = dw_origin(d);
	l.addr = addr;
	if (!dwarf_decl_line(&origin, &line))
		l.line = (unsigned)line;
	l.file = dw_decl_file(b->m, d);
	vec_push(b->m->arena, b->labels, l);
}

static void walk_body(struct body_walk *b, Dwarf_Die *parent, unsigned depth)
{
	Dwarf_Die d;

	if (depth > DW_MAX_DEPTH || dwarf_child(parent, &d))
		return;
	do {
		switch (dwarf_tag(&d)) {
		case DW_TAG_label:
			take_label(b, &d);
			break;
		case DW_TAG_lexical_block:
			walk_body(b, &d, depth + 1);
			break;
		}
	} while (!dwarf_siblingof(&d, &d));
}

void dw_labels(struct dw_module *m, Dwarf_Die *func, const char *pattern,
	       dw_label_list *out)
{
	struct body_walk b = {.m = m, .pattern = pattern, .labels = out};

	walk_body(&b, func, 0);
}
