/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A place in the kernel's code, and what can be said of its variables. */
#ifndef PROBE_KFUNC_H
#define PROBE_KFUNC_H

#include "probe/frame.h"
#include "probe/places.h"

#define KFUNC_MAX_PARAMS 16u

/* What a point of kernel.function and its like says. */
struct kfunc_spec {
	enum { IN_KERNEL, IN_MODULE, BY_KPROBE } family;
	const char *module; /* or NULL */
	bool is_statement;
	const char *text; /* pattern; NULL: number */
	int64_t number;
	unsigned at; /* the component with the pattern */
	struct place_suffix sfx;
	bool has_maxactive;
	int64_t maxactive;
};

struct kfunc_site {
	struct kfunc fn; /* name "" : an address that belongs to none */
	uint64_t off;	 /* of the probed instruction within it */
	bool is_return;
	bool fentry; /* program of type FENTRY or FEXIT: no registers */
	bool frame_tried;
	bool has_frame; /* debug information knows the place */
	struct frame frame;
	/* from the types, once they are asked for */
	bool types_read;
	const struct kbtf *types; /* NULL: not described */
	uint32_t proto, ret, nparams;
	bool variadic;
	struct kbtf_param *params;
};

/* Reads the types (btf.c); false: they do not describe the function. */
bool kfunc_types(const struct probe_env *env, struct kfunc_site *k);

/*
 * Arguments and result are what fentry and fexit can hand over: integers and
 * pointers, one register each.
 */
bool kfunc_is_plain(const struct probe_env *env, struct kfunc_site *k);

/* ---- sites (k_func.c) ---- */
/*
 * A site at an offset into a function. pl: what debug information calls the
 * place, or NULL.
 */
struct probe_site *kfunc_add(const struct probe_env *env,
			     const struct probe_point *p,
			     const struct kfunc_spec *s, const struct kfunc *fn,
			     uint64_t off, const struct place *pl,
			     struct site_list *out);

/* ---- by DWARF (kfunc_dwarf.c) ---- */
/*
 * How many sites were added in vmlinux or one module (NULL: vmlinux); dropped
 * counts those that must not be probed. around: see dw_lines().
 */
uint32_t kfunc_by_dwarf(const struct probe_env *env,
			const struct probe_point *p,
			const struct kfunc_spec *s, struct dw_module *m,
			const char *module, const struct dw_pattern *pat,
			uint32_t *dropped, unsigned around[2],
			struct site_list *out);
/* A site at a place of vmlinux or a module; NULL: no probe may be there. */
struct probe_site *kfunc_at_place(const struct probe_env *env,
				  const struct probe_point *p,
				  const struct kfunc_spec *s,
				  struct dw_module *m, const char *module,
				  const struct place *pl, uint32_t *dropped,
				  struct site_list *out);

/* ---- frames (kfunc_frame.c) ---- */
/* Gives the site variables by DWARF, at a link-time address. */
void kfunc_set_frame(const struct probe_env *env, struct probe_site *s,
		     struct dw_module *m, const Dwarf_Die *func, uint64_t pc);
const struct frame *kfunc_frame(const struct probe_site *site);
/* $name by debug information; false: there is none (*why stays NULL), or *why. */
bool kfunc_bind_frame(const struct probe_env *env, struct probe_site *site,
		      struct expr *e, const char **why, const char **have);
/* @var("name"): of any unit of vmlinux or of a module (NULL: vmlinux). False
   without *why: there is no debug information. */
bool kfunc_bind_global(const struct probe_env *env, struct expr *e,
		       const char *module, const char **why,
		       const char **have);
/* The address of this CPU's copy of a per-CPU variable; NULL: *why. */
struct expr *kfunc_percpu(const struct probe_env *env, struct loc loc,
			  uint64_t sym, const char **why);

/* For struct probe_kind; site->data is a struct kfunc_site. */
bool kfunc_bind(const struct probe_env *env, struct probe_site *site,
		struct expr *e, bool lvalue, const char **why,
		const char **have);
void kfunc_list_vars(const struct probe_env *env, struct probe_site *site,
		     struct strbuf *out);

#endif
