/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions, statements and what is in functions, as debug information knows
 * them: what points in programs and in the kernel have in common. What they
 * find becomes sites where it is known how probes attach (struct place_query's
 * add()).
 */
#ifndef PROBE_PLACES_H
#define PROBE_PLACES_H

#include "probe/kind.h"
#include "target/dwarf.h"

/* ---- points ---- */

/* What may follow .function(...) and .statement(...). */
struct place_suffix {
	bool call, is_return, is_inline, exported, absolute, nearest;
	const char *label, *callee; /* patterns */
	int callees;		    /* levels; 0: not asked for */
	unsigned dwarf_at; /* the first component that only debug information
			      can answer; or 0 */
};
/* Takes component i; false: it is none of these. */
bool place_suffix_take(const struct probe_point *p, unsigned i,
		       struct place_suffix *out);
/* Do they go together behind .function(), or behind .statement()? */
bool place_suffix_of_function(const struct place_suffix *s, bool by_number);
bool place_suffix_of_statement(const struct place_suffix *s, bool by_number);

/*
 * The derived point: head, component `at` with arg (quotes included) for its
 * argument, and what follows, with label (or NULL) for the pattern of one. A
 * callee is called by its own name.
 */
const char *place_point(struct arena *a, const char *head,
			const struct probe_point *p, unsigned at,
			const char *arg, const char *label);

/* ---- places ---- */

struct place {
	enum place_kind {
		PLACE_FUNCTION,
		PLACE_INLINE, /* a body that was put into another */
		PLACE_LABEL,
		PLACE_LINE,
	} kind;
	const struct dw_func *func; /* not of PLACE_LINE */
	const char *name;	    /* the function's */
	const char *scope;	    /* to show: "ns::cls", or "" */
	const char *file;	    /* or "" */
	unsigned line;
	const char *label;
	uint64_t addr; /* link-time; a function's entry, before the prologue */
	Dwarf_Die die; /* whose variables are there */
	const char *caller; /* place_arg() of whose callee it is; or NULL */
};
/* "f@file.c:12", quotes included. */
const char *place_arg(struct arena *a, const struct place *pl);
/* For struct probe_site: what lists call a callee; NULL: as it is derived. */
const char *place_alias(struct arena *a, const char *head,
			const struct probe_point *p, unsigned at,
			const struct place *pl);

struct place_query {
	const struct probe_env *env;
	const struct probe_point *p;
	unsigned at; /* its component with the pattern */
	struct dw_module *m;
	const struct dw_pattern *pat;
	const struct place_suffix *sfx;
	/* A site at the place, or NULL. */
	struct probe_site *(*add)(void *ctx, const struct place *pl);
	void *ctx;
};
/* How many sites were added: of functions, with what the suffix asks for. */
uint32_t place_functions(const struct place_query *q);
/* Of statements; around: see dw_lines(). */
uint32_t place_statements(const struct place_query *q, unsigned around[2]);
/*
 * What holds an address: the innermost body, or, where the suffix asks for what
 * only functions have, the function. False: nothing known.
 */
bool place_at(struct dw_module *m, uint64_t addr, const struct place_suffix *s,
	      struct place *out);
/* A function, or its copy in another. */
void place_of_function(struct dw_module *m, const struct dw_func *f,
		       struct place *out);
void place_of_inline(struct dw_module *m, const struct dw_inline *in,
		     struct place *out);

/* ---- messages ---- */

/* Reports, at component i, a pattern that dw_pattern_parse() refused (why);
   forms: what patterns look like here. PROBE_ERROR. */
int place_bad_pattern(const struct probe_env *env, const struct probe_point *p,
		      unsigned i, const char *text, const char *why,
		      const char *forms);
/* Reports, at component i, that no code in `where` has such a line; around:
   see dw_lines(). PROBE_ERROR. */
int place_no_line(const struct probe_env *env, const struct probe_point *p,
		  unsigned i, const char *where, const char *text,
		  const unsigned around[2]);

#endif
