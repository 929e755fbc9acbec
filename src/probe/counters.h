/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Perf counters by name: perf.*.counter("NAME") defines one, @perf("NAME")
 * reads it. Either may come first in the script.
 */
#ifndef PROBE_COUNTERS_H
#define PROBE_COUNTERS_H

#include "probe/probe.h"

struct counter {
	const char *name;
	struct loc defined, used; /* LOC_NONE: it is not */
};

struct counter_table {
	VEC(struct counter *) v;
};

/* Component i of the point names the counter that is defined; its number, or
   -1 when an error was reported. */
int counters_define(const struct probe_env *env, const struct probe_point *p,
		    unsigned i);

/* Binds @perf(): same contract as probe_bind_target(). */
bool counters_bind(const struct probe_env *env, const struct probe_site *site,
		   struct expr *e, bool lvalue, const char **why);

/* When all probes are known: reports what is read and not defined. */
void counters_finish(const struct probe_env *env);

#endif
