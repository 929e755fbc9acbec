/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions and lines that debug information knows: what points in programs and
   in the kernel say of them alike. */
#ifndef PROBE_PLACES_H
#define PROBE_PLACES_H

#include "probe/kind.h"
#include "target/dwarf.h"

/* f@file.c:12; without a file the name alone. */
const char *place_text(struct arena *a, const char *name, const char *file,
		       unsigned line);
/* Reports, at component i, a pattern that dw_pattern_parse() refused (why);
   forms: what patterns look like here. PROBE_ERROR. */
int place_bad_pattern(const struct probe_env *env, const struct probe_point *p,
		      unsigned i, const char *text, const char *why,
		      const char *forms);
/* Reports, at component i, that no code in `where` has such a line; around:
   see dw_lines(). PROBE_ERROR. */
int place_no_line(const struct probe_env *env, const struct probe_point *p,
		  unsigned i, const char *where, const char *text,
		  const unsigned around[2]);

#endif
