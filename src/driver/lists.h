/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -l, -L and the --dump-* options. Both return the exit status. */
#ifndef DRIVER_LISTS_H
#define DRIVER_LISTS_H

#include "driver/options.h"
#include "sema/sema.h"

int list_probes(struct arena *a, struct diag *d, struct probe_env *env,
		struct tapset *lib, const struct parse_env *parse,
		const struct options *o);
int list_dump(struct arena *a, const struct options *o, struct tapset *lib);

#endif
