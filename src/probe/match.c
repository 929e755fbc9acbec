// SPDX-License-Identifier: GPL-2.0-or-later
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

bool probe_knows_family(const char *name)
{
	size_t n = strlen(name);

	for (unsigned i = 0; kinds[i]; i++)
		for (const char *const *f = kinds[i]->forms; *f; f++)
			if (strcspn(*f, ".(") == n && !memcmp(*f, name, n))
				return true;
	return absent_family(name);
}

/*
 * The in-process engine has no part in the kernel: only what the runner itself
 * can start works there.
 */
static bool runs_here(const struct probe_env *env, const struct probe_point *p,
		      const struct site_list *out, uint32_t first)
{
	if (env->listing || !env->runtime || strcmp(env->runtime, "user"))
		return true;
	for (uint32_t i = first; i < out->v.n; i++) {
		if (out->v.v[i]->prog_type == IMAGE_PROG_RUN)
			continue;
		diag_remedy(
			pp_unavailable(
				env, p, 0,
				"--runtime=user runs scripts without the "
				"kernel's help: begin, end, error, never, "
				"input and interval timers"),
			"leave out --runtime=user");
		return false;
	}
	return true;
}

static int ask_kinds(const struct probe_env *env, const struct probe_point *p,
		     struct site_list *out)
{
	for (unsigned i = 0; kinds[i]; i++) {
		uint32_t first = out->v.n;
		int r = kinds[i]->match(env, p, out);
		if (r == PROBE_MATCHED && !runs_here(env, p, out, first)) {
			out->v.n = first;
			return PROBE_ERROR;
		}
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
	vec_for (&p->comps, i)
		if (has_wildcard(p->comps.v[i].name))
			return true;
	return false;
}

int probe_match(const struct probe_env *env, const struct probe_point *p,
		struct site_list *out)
{
	if (has_wild_name(p)) {
		struct wild w = {.env = env, .out = out};
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
