// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Functions by DWARF: by file and scope, inlined instances, labels, and
 * functions called by others.
 */
#include <string.h>

#include "probe/callees.h"
#include "probe/places.h"
#include "probe/process.h"

/* "\"f@/src/f.c:12\"" */
static const char *shown_at(struct arena *a, const char *name, const char *file,
			    unsigned line)
{
	return arena_printf(a, "\"%s\"", place_text(a, name, file, line));
}

struct adder {
	const struct probe_env *env;
	const struct probe_point *p;
	const struct scope *sc;
	struct dw_module *m;
	const struct dw_pattern *pat;
	const struct process_suffix *sfx;
	struct site_list *out;
	uint32_t added;
};

static struct probe_site *add_at(struct adder *ad, const struct dw_func *f,
				 uint64_t addr, uint64_t pc,
				 const Dwarf_Die *die)
{
	unsigned line = f->line;
	struct dw_line first;

	/* Go declares functions in files, not at lines. */
	if (!line && f->entry && dw_line_at(ad->m, f->entry, &first))
		line = first.line;
	const char *arg = shown_at(ad->env->arena, f->name,
				   dw_func_file(ad->m, f), line);
	struct probe_site *s = process_add(ad->env, ad->p, ad->sc, ad->sfx,
					   addr, f->name, arg, ad->out);

	if (!s)
		return NULL;
	process_set_frame(s, ad->m, die, pc, ad->sfx->is_return);
	ad->added++;
	return s;
}

static struct probe_site *add_function(struct adder *ad,
				       const struct dw_func *f)
{
	bool ret = ad->sfx->is_return;
	uint64_t pc = ret ? f->entry : dw_after_prologue(ad->m, f);
	struct probe_site *s = add_at(ad, f, pc, pc, &f->die);

	if (s)
		s->function = f->entry;
	return s;
}

static struct probe_site *add_callee(void *ctx, const struct dw_func *f)
{
	return add_function(ctx, f);
}

static void add_callees(struct adder *ad, const struct dw_func *f)
{
	struct callees_query q = {
		.env = ad->env,
		.m = ad->m,
		.pattern = ad->sfx->callee ?: "*",
		.depth = ad->sfx->callees ? (unsigned)ad->sfx->callees : 1,
		.add = add_callee,
		.frame = process_site_frame,
		.ctx = ad,
	};

	callees_find(&q, ad->p, scope_rest(ad->p), f);
}

static void add_inlines(struct adder *ad, const struct dw_func *f)
{
	uint32_t n, lo = 0;
	const struct dw_inline *all = dw_inlines(ad->m, &n);

	for (uint32_t hi = n; lo < hi;) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (all[mid].func < f)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (uint32_t i = lo; i < n && all[i].func == f; i++)
		if (i == lo || all[i].entry != all[i - 1].entry)
			add_at(ad, f, all[i].entry, all[i].entry, &all[i].die);
}

static void add_labels(struct adder *ad, const struct dw_func *f)
{
	struct arena *a = ad->env->arena;
	dw_label_list l = {0};
	Dwarf_Die d = f->die;

	dw_labels(ad->m, &d, ad->sfx->label, &l);
	vec_for (&l, i) {
		struct process_suffix sfx = *ad->sfx;
		const char *arg = shown_at(a, f->name, l.v[i].file,
					   l.v[i].line);
		sfx.label = l.v[i].name;
		struct probe_site *s =
			process_add(ad->env, ad->p, ad->sc, &sfx, l.v[i].addr,
				    f->name, arg, ad->out);
		if (!s)
			continue;
		process_set_frame(s, ad->m, &f->die, l.v[i].addr, false);
		ad->added++;
	}
}

static void add_fitting(struct adder *ad, const struct dw_func *f)
{
	const struct process_suffix *x = ad->sfx;

	if (x->callee || x->callees) {
		if (f->entry)
			add_callees(ad, f);
		return;
	}
	if (x->label) {
		if (f->entry)
			add_labels(ad, f);
		return;
	}
	if (f->entry && !x->is_inline && (!x->exported || f->external) &&
	    (!x->is_return || strcmp(f->name, "_start")))
		add_function(ad, f);
	if (f->can_inline && !x->call && !x->exported && !x->is_return)
		add_inlines(ad, f);
}

uint32_t process_dwarf_functions(const struct probe_env *env,
				 const struct probe_point *p,
				 const struct scope *sc, struct dw_module *m,
				 const struct dw_pattern *pat,
				 const struct process_suffix *sfx,
				 struct site_list *out)
{
	struct adder ad = {.env = env,
			   .p = p,
			   .sc = sc,
			   .m = m,
			   .pat = pat,
			   .sfx = sfx,
			   .out = out};
	uint32_t n;
	const struct dw_func *f = dw_funcs(m, &n);
	uint64_t last = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (f[i].entry && f[i].entry == last)
			continue;
		if (!dw_pattern_fits(m, pat, &f[i]) || !dw_pattern_covers(m, pat, &f[i]))
			continue;
		last = f[i].entry;
		add_fitting(&ad, &f[i]);
	}
	return ad.added;
}

const struct dw_func *process_func_at(struct dw_module *m, uint64_t addr)
{
	uint32_t n, lo = 0;
	const struct dw_func *f = dw_funcs(m, &n);

	for (uint32_t hi = n; lo < hi;) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (f[mid].entry && f[mid].entry < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && f[lo].entry == addr ? &f[lo] : NULL;
}
