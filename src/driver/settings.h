/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What -D and -G set: limits, and initial values of globals. */
#ifndef DRIVER_SETTINGS_H
#define DRIVER_SETTINGS_H

#include "driver/options.h"
#include "ir/lower.h"
#include "sema/sema.h"

/*
 * Every -D into *limits, which hold the defaults. False when one was wrong. An
 * unknown name is a warning: scripts written for the kernel-module runtime
 * define macros of its C code, which mean nothing here.
 */
bool settings_limits(struct arena *a, struct diag *d, const struct options *o,
		     struct lower_limits *limits);

/*
 * Every -G that names a global of the script's files, before pass 2: there its
 * value takes part in the inference of types. `done` has a flag for each -G.
 */
void settings_script_globals(struct arena *a, struct diag *d,
			     const struct options *o, struct file *const *files,
			     uint32_t nfiles, bool *done);

/* The others, after pass 2: globals of the tapset files that the script uses.
 */
void settings_tapset_globals(struct arena *a, struct diag *d,
			     const struct options *o, const struct program *p,
			     struct file *const *files, uint32_t nfiles,
			     const bool *done);

#endif
