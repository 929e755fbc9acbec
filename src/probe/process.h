/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Probes in the code of programs: what k_process*.c share. */
#ifndef PROBE_PROCESS_H
#define PROBE_PROCESS_H

#include "probe/frame.h"
#include "probe/places.h"
#include "probe/scope.h"

struct process_site {
	const struct scope *sc;
	bool has_frame; /* else no debug information knows the place */
	struct frame frame;
};

/* What stands behind .function(...) and .statement(...); false: not ours. */
bool process_suffixes(const struct probe_point *p, unsigned from,
		      struct place_suffix *out);
/* A function's name: can its return be probed? */
bool process_returns(const char *name);

/*
 * A site at a link-time address; NULL when that is not in the file's code.
 * func: what probefunc() says; arg: what the derived name has in place of the
 * pattern, quotes included; label: the same of a label, or NULL.
 */
struct probe_site *process_add(const struct probe_env *env,
			       const struct probe_point *p,
			       const struct scope *sc,
			       const struct place_suffix *sfx, uint64_t addr,
			       const char *func, const char *arg,
			       const char *label, struct site_list *out);
/* Gives the site variables. */
void process_set_frame(struct probe_site *s, struct dw_module *m,
		       const Dwarf_Die *func, uint64_t pc, bool is_return);

/* A frame of a process that maps sc's file (k_process_vars.c). */
void process_frame(struct frame *f, const struct scope *sc, struct dw_module *m,
		   const Dwarf_Die *func, uint64_t pc, bool is_return);
const struct frame *process_site_frame(const struct probe_site *s);
bool process_bind(const struct probe_env *env, struct probe_site *site,
		  struct expr *e, bool lvalue, const char **why,
		  const char **have);
void process_list_vars(const struct probe_env *env, struct probe_site *site,
		       struct strbuf *out);

/* Debug information of the scope's file, or NULL with an error reported
   unless quiet. */
struct dw_module *process_dwarf(const struct probe_env *env,
				const struct probe_point *p,
				const struct scope *sc, bool quiet);

/* ---- by DWARF (k_process_dwarf.c): how many sites were added ---- */
uint32_t process_dwarf_functions(const struct probe_env *env,
				 const struct probe_point *p,
				 const struct scope *sc, struct dw_module *m,
				 const struct dw_pattern *pat,
				 const struct place_suffix *sfx,
				 struct site_list *out);
uint32_t process_dwarf_lines(const struct probe_env *env,
			     const struct probe_point *p,
			     const struct scope *sc, struct dw_module *m,
			     const struct dw_pattern *pat,
			     const struct place_suffix *sfx, unsigned around[2],
			     struct site_list *out);
/* What patterns of a program's functions look like. */
#define PROCESS_FORMS "\"f\", \"f@file.c\", \"f@file.c:12\", \"ns::f\""
/* The function with code that begins at addr. */
const struct dw_func *process_func_at(struct dw_module *m, uint64_t addr);

#endif
