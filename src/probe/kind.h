/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of probe/ share. */
#ifndef PROBE_KIND_H
#define PROBE_KIND_H

#include "probe/probe.h"
#include "target/target.h"

#define K(name) extern const struct probe_kind probe_kind_##name;
#include "probe/kinds.def"
#undef K

/* Is it the first component of a family in k_absent.c? */
bool absent_family(const char *name);

/* ---- points ---- */
/* Component i is exactly "name", without an argument. */
bool pp_bare(const struct probe_point *p, unsigned i, const char *name);
bool pp_has_arg(const struct probe_point *p, unsigned i);
/* "identifier 'foo'", for diag_report()'s `what`. */
const char *pp_what(const struct probe_env *env, const struct probe_point *p,
		    unsigned i);
/* The same for an argument: "number '7'". */
const char *pp_number_what(const struct probe_env *env, int64_t v);
/*
 * The point as the user reads it, with component `at` (or none: UINT_MAX)
 * given another text argument: kernel.trace("sched_switch").
 */
const char *pp_text(struct arena *a, const struct probe_point *p, unsigned at,
		    const char *arg);

/* Reports, at component i, why the point cannot be used here. */
struct diag_msg *pp_unavailable(const struct probe_env *env,
				const struct probe_point *p, unsigned i,
				const char *why);
/* Reports that the number v of component i is not from low to high. `more`
   goes on with the remedy, or is "". PROBE_ERROR. */
int pp_out_of_range(const struct probe_env *env, const struct probe_point *p,
		    unsigned i, int64_t v, int64_t low, int64_t high,
		    const char *more);

/* Message suffix " (similar: a, b)" or "". */
const char *similar_suffix(struct arena *a, const char *name,
			   const char *const *cands, unsigned n);

/*
 * How component texts relate to the forms of all kinds (forms.c).
 */
struct form_part {
	const char *name;
	enum { ARG_NONE, ARG_NUMBER, ARG_STRING } arg;
};
#define FORM_MAX_PARTS 8
/* Splits "timer.ms(number)"; the number of parts. */
unsigned form_parse(struct arena *a, const char *form, struct form_part *out);
/* Replaces wildcards in component names by what the kinds offer; appends the
   concrete points (arguments kept). False: no form matches. */
bool form_expand(const struct probe_env *env, const struct probe_point *p,
		 void (*found)(void *ctx, const struct probe_point *q),
		 void *ctx);
/* Reports why no kind takes this point, and what comes near. */
void form_report_mismatch(const struct probe_env *env,
			  const struct probe_point *p);

/* ---- statements of prologues ---- */
/* if (cond) next */
struct stmt *stmt_next_if(struct arena *a, struct loc loc, struct expr *cond);
struct stmt *stmt_expr(struct arena *a, struct expr *e);
struct stmt *stmt_block(struct arena *a, struct loc loc);
struct expr *expr_assign(struct arena *a, struct loc loc, const char *name,
			 struct expr *value);
struct expr *expr_not(struct arena *a, struct expr *e);

#endif
