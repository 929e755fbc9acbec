// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Places in the kernel's code that debug information knows (places.c), as
 * kprobes. Those attach to symbols and offsets; target/kernel_dwarf.c leads
 * from addresses to them.
 */
#include "probe/kfunc.h"

struct adder {
	const struct probe_env *env;
	const struct probe_point *p;
	const struct kfunc_spec *spec;
	struct dw_module *m;
	const char *module;
	struct site_list *out;
	uint32_t dropped;
};

/* Named one by one, what cannot be attached is an error when it is tried. */
static bool names_many(const struct kfunc_spec *s)
{
	return (s->text && has_wildcard(s->text)) || s->sfx.callee ||
	       s->sfx.callees;
}

/* An inlined body is in many functions: those that can be probed will do. */
static bool is_one_of_many(const struct kfunc_spec *s, const struct place *pl)
{
	return names_many(s) || pl->kind == PLACE_INLINE;
}

struct probe_site *kfunc_at_place(const struct probe_env *env,
				  const struct probe_point *p,
				  const struct kfunc_spec *s,
				  struct dw_module *m, const char *module,
				  const struct place *pl, uint32_t *dropped,
				  struct site_list *out)
{
	struct kfunc fn = {0};
	uint64_t off = 0;

	if (!target_kernel_place(env->targets, module, pl->addr, &fn, &off))
		return NULL;
	if ((fn.addr && target_func_blacklisted(env->targets, fn.addr + off)) ||
	    (is_one_of_many(s, pl) &&
	     !target_func_traceable(env->targets, &fn))) {
		++*dropped;
		return NULL;
	}
	struct probe_site *st = kfunc_add(env, p, s, &fn, off, pl, out);
	if (pl->name)
		st->func = pl->name;
	if (pl->kind == PLACE_INLINE)
		st->attach.flags |= WIRE_ATTACH_OPTIONAL;
	kfunc_set_frame(env, st, m, &pl->die, pl->addr);
	return st;
}

static struct probe_site *add_place(void *ctx, const struct place *pl)
{
	struct adder *ad = ctx;

	return kfunc_at_place(ad->env, ad->p, ad->spec, ad->m, ad->module, pl,
			      &ad->dropped, ad->out);
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
			   .out = out};
	struct place_query q = {.env = env,
				.p = p,
				.at = s->at,
				.m = m,
				.pat = pat,
				.sfx = &s->sfx,
				.add = add_place,
				.ctx = &ad};
	uint32_t n = s->is_statement && pat->line_kind != DW_LINE_NONE
			     ? place_statements(&q, around)
			     : place_functions(&q);

	*dropped += ad.dropped;
	return n;
}
