/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tapset library as the other steps of pass 2 use it. */
#ifndef SEMA_TAPSET_H
#define SEMA_TAPSET_H

#include "base/map.h"
#include "sema/sema.h"

/* Parses every file that defines this public name; true when that brought at
   least one file that was not parsed before. */
bool tapset_need(struct tapset *t, enum index_kind kind, const char *name);
/* The same for files whose aliases a probe point may match. */
bool tapset_need_alias(struct tapset *t, const struct probe_point *p);
/* The i-th parsed file, in the order of parsing. */
struct file *tapset_file(struct tapset *t, unsigned i);
/* Adds all names of a kind as keys. */
void tapset_names(const struct tapset *t, enum index_kind kind,
		  struct map *out);

#endif
