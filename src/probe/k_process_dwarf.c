// SPDX-License-Identifier: GPL-2.0-or-later
/* Places in programs that debug information knows (places.c), as uprobes. */
#include <string.h>

#include "probe/process.h"

struct adder {
	const struct probe_env *env;
	const struct probe_point *p;
	const struct scope *sc;
	struct dw_module *m;
	const struct place_suffix *sfx;
	struct site_list *out;
};

/* A function is probed behind its prologue, where its variables are set up. */
static struct probe_site *add_place(void *ctx, const struct place *pl)
{
	struct adder *ad = ctx;
	struct arena *a = ad->env->arena;
	bool entry = pl->kind == PLACE_FUNCTION;
	bool ret = ad->sfx->is_return;
	uint64_t addr = pl->addr;

	if (ret && !process_returns(pl->name))
		return NULL;
	if (entry && !ret)
		addr = dw_after_prologue(ad->m, pl->func);
	struct probe_site *s = process_add(ad->env, ad->p, ad->sc, ad->sfx,
					   addr, pl->name, place_arg(a, pl),
					   pl->label, ad->out);
	if (!s)
		return NULL;
	s->alias = place_alias(a, ad->sc->head, ad->p, scope_rest(ad->p), pl);
	if (entry)
		s->function = pl->addr;
	process_set_frame(s, ad->m, &pl->die, addr, ret);
	return s;
}

static struct place_query query(struct adder *ad, const struct dw_pattern *pat)
{
	return (struct place_query){.env = ad->env,
				    .p = ad->p,
				    .at = scope_rest(ad->p),
				    .m = ad->m,
				    .pat = pat,
				    .sfx = ad->sfx,
				    .add = add_place,
				    .ctx = ad};
}

uint32_t process_dwarf_functions(const struct probe_env *env,
				 const struct probe_point *p,
				 const struct scope *sc, struct dw_module *m,
				 const struct dw_pattern *pat,
				 const struct place_suffix *sfx,
				 struct site_list *out)
{
	struct adder ad = {env, p, sc, m, sfx, out};
	struct place_query q = query(&ad, pat);

	return place_functions(&q);
}

uint32_t process_dwarf_lines(const struct probe_env *env,
			     const struct probe_point *p,
			     const struct scope *sc, struct dw_module *m,
			     const struct dw_pattern *pat,
			     const struct place_suffix *sfx, unsigned around[2],
			     struct site_list *out)
{
	struct adder ad = {env, p, sc, m, sfx, out};
	struct place_query q = query(&ad, pat);

	return place_statements(&q, around);
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
