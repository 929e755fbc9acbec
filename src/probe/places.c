// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/places.h"

const char *place_text(struct arena *a, const char *name, const char *file,
		       unsigned line)
{
	return file && *file ? arena_printf(a, "%s@%s:%u", name, file, line)
			     : name;
}

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
