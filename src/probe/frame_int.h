/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between frame_loc.c and frame_caller.c: each needs the other. */
#ifndef PROBE_FRAME_INT_H
#define PROBE_FRAME_INT_H

#include "probe/frame.h"

/* frame_loc.c: an expression that comes to a number (an address or a value);
   nested counts how deep such calls stand in each other. */
struct expr *frame_number(const struct frame *f, const struct probe_env *env,
			  struct loc loc, struct dw_loc *l, unsigned nested,
			  const char **why);
/* The register that call frame information says was saved so. */
struct expr *frame_saved(const struct frame *f, const struct probe_env *env,
			 struct loc loc, Dwarf_Op *ops, size_t n,
			 unsigned nested, const char **why);

/* frame_caller.c: what a register (or, when param is given, that parameter)
   held when the function at f was entered. NULL: *why. */
struct expr *frame_entry_value(const struct frame *f,
			       const struct probe_env *env, struct loc loc,
			       unsigned reg, const Dwarf_Die *param,
			       unsigned nested, const char **why);

/* What stands for a value that no known caller tells: fails at run time. */
#define FRAME_UNKNOWN_CALL "__entry_value_unknown"

#endif
