/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * .callee("PATTERN"), .callees and .callees(DEPTH): functions when they are
 * called from one function, or from what that calls.
 */
#ifndef PROBE_CALLEES_H
#define PROBE_CALLEES_H

#include "probe/places.h"

/* Adds what q's suffix asks for of the functions that `from` calls, and of the
   bodies inlined there: how many sites. */
uint32_t callees_find(const struct place_query *q, const struct dw_func *from);

#endif
