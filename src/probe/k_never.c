// SPDX-License-Identifier: GPL-2.0-or-later
/* never: checked as any probe, never run. */
#include "probe/kind.h"

static int never_match(const struct probe_env *env, const struct probe_point *p,
		       struct site_list *out)
{
	if (p->comps.n != 1 || !pp_bare(p, 0, "never"))
		return PROBE_NOT_MINE;
	struct probe_site *s = site_new(env, &probe_kind_never, p, out);
	s->attach.kind = WIRE_PROBE_NEVER;
	s->prog_type = IMAGE_PROG_RUN;
	return PROBE_MATCHED;
}

static const char *const forms[] = {"never", NULL};

const struct probe_kind probe_kind_never = {
	.name = "never",
	.forms = forms,
	.match = never_match,
};
