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
 * Before pass 2: a global of the script that only -G gives a value is one that
 * has a value. Its type is what its uses say.
 */
void settings_announce_globals(struct arena *a, struct diag *d,
			       const struct options *o,
			       struct file *const *files, uint32_t nfiles);

/* After pass 2: the values of all -G, each of the type of its global, be it
   the script's or one of a tapset file that the script uses. */
void settings_globals(struct arena *a, struct diag *d, const struct options *o,
		      const struct program *p, struct file *const *files,
		      uint32_t nfiles);

#endif
