// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Places in the kernel's code that debug information knows: functions by file
 * and line, inlined instances, labels, statements, and functions when another
 * one calls them. Probes attach to symbols and offsets; target/kernel_dwarf.c
 * leads from the one to the other.
 */
#include <string.h>

#include "probe/callees.h"
#include "probe/kfunc.h"
#include "probe/places.h"

struct adder {
	const struct probe_env *env;
	const struct probe_point *p;
	const struct kfunc_spec *spec;
	struct dw_module *m;
	const char *module;
	const struct dw_pattern *pat;
	struct site_list *out;
	uint32_t added, dropped;
	const char *caller; /* of callees: "f@file:1", or NULL */
};

static struct probe_site *add_at(struct adder *ad, uint64_t addr,
				 const char *name, const char *shown,
				 const Dwarf_Die *die, const char *label)
{
	struct arena *a = ad->env->arena;
	struct kfunc fn = {0};
	uint64_t off = 0;

	if (!target_kernel_place(ad->env->targets, ad->module, addr, &fn,
				 &off))
		return NULL;
	if (fn.addr && target_func_blacklisted(ad->env->targets, fn.addr + off)) {
		ad->dropped++;
		return NULL;
	}
	const char *arg = ad->caller
				  ? arena_printf(a, "\"%s\").callee(\"%s\"",
						 ad->caller, shown)
				  : arena_printf(a, "\"%s\"", shown);
	struct probe_site *s = kfunc_add(ad->env, ad->p, ad->spec, &fn, off,
					 arg, label, ad->out);
	s->func = name;
	kfunc_set_frame(ad->env, s, ad->m, die, addr);
	ad->added++;
	return s;
}

/* ---- functions ---- */

static const char *shown_func(struct adder *ad, const struct dw_func *f)
{
	return place_text(ad->env->arena, f->name, dw_func_file(ad->m, f),
			f->line);
}

static struct probe_site *add_function(struct adder *ad,
				       const struct dw_func *f)
{
	return add_at(ad, f->entry, f->name, shown_func(ad, f), &f->die, NULL);
}

static void add_inlines(struct adder *ad, const struct dw_func *f)
{
	dw_inline_list l = {0};

	dw_inlines_of(ad->m, f, &l);
	vec_for (&l, i)
		add_at(ad, l.v[i].entry, f->name, shown_func(ad, f),
		       &l.v[i].die, NULL);
}

static void add_labels(struct adder *ad, const struct dw_func *f)
{
	dw_label_list l = {0};
	Dwarf_Die d = f->die;

	dw_labels(ad->m, &d, ad->spec->label, &l);
	vec_for (&l, i)
		add_at(ad, l.v[i].addr, f->name,
		       place_text(ad->env->arena, f->name, l.v[i].file,
				l.v[i].line),
		       &f->die, l.v[i].name);
}

/* ---- callees ---- */

static struct probe_site *add_callee(void *ctx, const struct dw_func *f)
{
	return add_function(ctx, f);
}

static void add_inlined_callee(void *ctx, const struct dw_inline *in)
{
	struct adder *ad = ctx;

	add_at(ad, in->entry, in->func->name, shown_func(ad, in->func),
	       &in->die, NULL);
}

static void add_callees(struct adder *ad, const struct dw_func *f)
{
	struct callees_query q = {
		.env = ad->env,
		.m = ad->m,
		.pattern = ad->spec->callee ?: "*",
		.depth = ad->spec->callees ? (unsigned)ad->spec->callees : 1,
		.add = add_callee,
		.add_inline = ad->spec->is_return ? NULL : add_inlined_callee,
		.frame = kfunc_frame,
		.ctx = ad,
	};
	const char *outer = ad->caller;

	ad->caller = shown_func(ad, f);
	callees_find(&q, ad->p, ad->spec->at, f);
	ad->caller = outer;
}

static void add_fitting(struct adder *ad, const struct dw_func *f)
{
	const struct kfunc_spec *x = ad->spec;

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
	if (f->entry && !x->is_inline && (!x->exported || f->external))
		add_function(ad, f);
	if (f->can_inline && !x->call && !x->exported && !x->is_return)
		add_inlines(ad, f);
}

static void by_function(struct adder *ad)
{
	uint32_t n;
	const struct dw_func *f = dw_funcs(ad->m, &n);
	uint64_t last = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (f[i].entry && f[i].entry == last)
			continue;
		if (!dw_pattern_fits(ad->m, ad->pat, &f[i]) ||
		    !dw_pattern_covers(ad->m, ad->pat, &f[i]))
			continue;
		last = f[i].entry;
		add_fitting(ad, &f[i]);
	}
}

/* ---- statements ---- */

static void by_line(struct adder *ad, unsigned around[2])
{
	dw_line_list l = {0};

	dw_lines(ad->m, ad->pat, ad->spec->nearest, &l, around);
	vec_for (&l, i) {
		Dwarf_Die die = l.v[i].body;
		const char *name = dwarf_diename(&die);
		if (!name)
			continue;
		add_at(ad, l.v[i].addr, name,
		       place_text(ad->env->arena, name, l.v[i].file, l.v[i].line),
		       &die, NULL);
	}
}

uint32_t kfunc_by_dwarf(const struct probe_env *env,
			const struct probe_point *p,
			const struct kfunc_spec *s, struct dw_module *m,
			const char *module, const struct dw_pattern *pat,
			uint32_t *dropped, unsigned around[2],
			struct site_list *out)
{
	struct adder ad = {.env = env,
			   .p = p,
			   .spec = s,
			   .m = m,
			   .module = module,
			   .pat = pat,
			   .out = out};

	if (s->is_statement && pat->line_kind != DW_LINE_NONE)
		by_line(&ad, around);
	else
		by_function(&ad);
	*dropped += ad.dropped;
	return ad.added;
}

struct probe_site *kfunc_at_address(const struct probe_env *env,
				    const struct probe_point *p,
				    const struct kfunc_spec *s,
				    struct dw_module *m, const char *module,
				    uint64_t addr, struct site_list *out)
{
	struct kfunc fn = {0};
	struct probe_site *st;
	const char *name;
	uint64_t off = 0;
	Dwarf_Die die;

	if (!target_kernel_place(env->targets, module, addr, &fn, &off) ||
	    !dw_func_at(m, addr, &die))
		return NULL;
	st = kfunc_add(env, p, s, &fn, off, NULL, NULL, out);
	name = dwarf_diename(&die);
	if (name)
		st->func = name;
	kfunc_set_frame(env, st, m, &die, addr);
	return st;
}
