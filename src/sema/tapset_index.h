/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of a tapset directory define, and the file that caches it. */
#ifndef SEMA_TAPSET_INDEX_H
#define SEMA_TAPSET_INDEX_H

#include "syntax/parse.h"

/* name NULL: the file exists. All calls for one file follow each other. */
typedef void index_found_fn(void *ctx, const char *path, enum index_kind kind,
			    const char *name);

/*
 * Reports each file under dir (sorted by path) and its definitions, from the
 * directory's tapset.index when that describes exactly the files that exist,
 * else by scanning them. A directory that cannot be read has no files.
 */
void tapset_index_read(struct arena *a, const char *dir, const char *arch,
		       index_found_fn *found, void *ctx);

#endif
