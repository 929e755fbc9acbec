/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * .callee("PATTERN"), .callees and .callees(DEPTH): functions when they are
 * called from one function, or from what that calls.
 */
#ifndef PROBE_CALLEES_H
#define PROBE_CALLEES_H

#include "probe/frame.h"

struct callees_query {
	const struct probe_env *env;
	struct dw_module *m;
	const char *pattern;
	unsigned depth;
	/* A site at the entry (or return) of a called function, or NULL. */
	struct probe_site *(*add)(void *ctx, const struct dw_func *f);
	/* An inlined body, which is there only when called so; or NULL: leave
	   these out. */
	void (*add_inline)(void *ctx, const struct dw_inline *in);
	const struct frame *(*frame)(const struct probe_site *s);
	void *ctx;
};
/* How many sites of called functions were added; at: the component that a
   message points to. */
uint32_t callees_find(const struct callees_query *q,
		      const struct probe_point *p, unsigned at,
		      const struct dw_func *from);

#endif
