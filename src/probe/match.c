/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a probe point to the kind that takes it. */
#include <string.h>

#include "probe/kind.h"

static const struct probe_kind *const kinds[] = {
#define K(name) &probe_kind_##name,
#include "probe/kinds.def"
#undef K
	NULL,
};

const struct probe_kind *const *probe_kinds(void)
{
	return kinds;
}

static int ask_kinds(const struct probe_env *env, const struct probe_point *p,
		     struct site_list *out)
{
	for (unsigned i = 0; kinds[i]; i++) {
		int r = kinds[i]->match(env, p, out);
		if (r != PROBE_NOT_MINE)
			return r;
	}
	return PROBE_NOT_MINE;
}

struct wild {
	const struct probe_env *env;
	struct site_list *out;
	unsigned matched;
};

/* What a wildcard finds but cannot have is passed over, not an error. */
static void try_point(void *ctx, const struct probe_point *q)
{
	struct wild *w = ctx;
	unsigned mark = diag_mark(w->env->diag);
	int r = ask_kinds(w->env, q, w->out);

	if (r == PROBE_MATCHED)
		w->matched++;
	else
		diag_rollback(w->env->diag, mark);
}

static bool has_wild_name(const struct probe_point *p)
{
	vec_for(&p->comps, i) if (has_wildcard(p->comps.v[i].name)) return true;
	return false;
}

int probe_match(const struct probe_env *env, const struct probe_point *p,
		struct site_list *out)
{
	if (has_wild_name(p)) {
		struct wild w = { .env = env, .out = out };
		if (form_expand(env, p, try_point, &w) && w.matched)
			return PROBE_MATCHED;
	} else {
		int r = ask_kinds(env, p, out);
		if (r != PROBE_NOT_MINE)
			return r;
	}
	form_report_mismatch(env, p);
	return PROBE_ERROR;
}
