/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How programs of the kernel's tracepoints are run. */
#ifndef PROBE_TRACE_WAY_H
#define PROBE_TRACE_WAY_H

#include "probe/probe.h"

/* The site is hit at this tracepoint, of this module or (NULL) the kernel: its
   target and type of program. */
void site_at_tracepoint(const struct probe_env *env, struct probe_site *s,
			const char *tracepoint, const char *module);

#endif
