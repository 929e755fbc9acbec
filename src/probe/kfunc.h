/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A place in the kernel's code, and what can be said of its variables. */
#ifndef PROBE_KFUNC_H
#define PROBE_KFUNC_H

#include "probe/access.h"

#define KFUNC_MAX_PARAMS 16u

struct kfunc_site {
	struct kfunc fn; /* name "" : an address that belongs to none */
	uint64_t off;	 /* of the probed instruction within it */
	bool is_return;
	bool fentry; /* program of type FENTRY or FEXIT: no registers */
	/* from the types, once they are asked for */
	bool types_read;
	const struct kbtf *types; /* NULL: not described */
	uint32_t proto, ret, nparams;
	bool variadic;
	struct kbtf_param params[KFUNC_MAX_PARAMS];
};

/* Reads the types (btf.c); false: they do not describe the function. */
bool kfunc_types(const struct probe_env *env, struct kfunc_site *k);

/*
 * Arguments and result are what fentry and fexit can hand over: integers and
 * pointers, one register each.
 */
bool kfunc_is_plain(const struct probe_env *env, struct kfunc_site *k);

/* For struct probe_kind; site->data is a struct kfunc_site. */
bool kfunc_bind(const struct probe_env *env, struct probe_site *site,
		struct expr *e, bool lvalue, const char **why,
		const char **have);
void kfunc_list_vars(const struct probe_env *env, struct probe_site *site,
		     struct strbuf *out);

#endif
