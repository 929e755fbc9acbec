/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What @cast, @var and @enum call modules: whose types and variables.
 */
#ifndef PROBE_MODULES_H
#define PROBE_MODULES_H

#include "probe/frame.h"

struct module {
	const struct type_src *types;
	bool user;		   /* pointers lead into user space */
	struct dw_module *dwarf;   /* NULL: the kernel's BTF */
	const struct frame *frame; /* of its global variables; NULL: kernel,
				      or only types (a header) */
	const char *kernel_module; /* the name of one of the kernel's modules */
};

/*
 * Calls found() for each module of the list "a:b<c.h>" until it returns true;
 * NULL or "": the site's own, then the kernel. False: none did; *looked is
 * where was looked ("/bin/x and the kernel"), *why, when not NULL, why one
 * could not be opened.
 */
bool modules_each(const struct probe_env *env, const struct probe_site *site,
		  const char *list,
		  bool (*found)(void *ctx, const struct module *m), void *ctx,
		  const char **looked, const char **why);

#endif
