/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the steps of pass 2 share among themselves. sema.c lists the steps in
 * order; each is one file with one entry point declared here.
 */
#ifndef SEMA_PASS_H
#define SEMA_PASS_H

#include "base/map.h"
#include "sema/sema.h"

/* All functions of one name, in declaration order. */
struct func_set {
	VEC(struct func_decl *) list;
};

struct sema {
	struct arena *arena;
	struct diag *diag;
	const struct probe_env *env;
	struct tapset *lib; /* may be NULL */
	const struct sema_opts *opts;
	struct program *prog;

	struct map globals; /* scope_key() -> struct var_decl */
	struct map funcs;   /* name -> struct func_set */
	VEC(struct alias_decl *) aliases;
	uint32_t nlib;			 /* library files taken over so far */
	VEC(struct func_decl *) pending; /* reached, body not resolved yet */
	VEC(struct func_decl *) reached; /* bodies resolved */
	VEC(struct func_decl *) bound;	 /* target variables are bound */
	VEC(struct unbound *) unbound;	 /* target variables, see targets.c */
	uint32_t nentry;		 /* globals made for @entry */
	bool typed;			 /* type inference is done */
	uint32_t nseen;			 /* globals that were used so far */
};

/* Facts about a variable that only pass 2 needs (var_decl.aux). */
struct var_info {
	uint32_t seen; /* rank of its first use among all globals; 0: unused */
	bool arity_known;
	struct loc arity_loc;
	uint32_t reads;	  /* value is wanted */
	uint32_t writes;  /* any change */
	uint32_t updates; /* x++, x += 1 whose own value is not wanted */
	bool is_loop_var; /* assigned by foreach or catch */
	bool warned;
	struct loc hist_loc, variance_loc;
};
struct var_info *var_info(struct sema *s, struct var_decl *v);

/* A body under work: a handler's or a function's; exactly one is set. */
struct unit {
	struct handler *h;
	struct func_decl *f;
};
typedef void unit_fn(struct sema *s, struct unit *u, void *ctx);
/* Every handler, then every function in prog->funcs. */
void each_unit(struct sema *s, unit_fn *fn, void *ctx);
struct stmt **unit_body(struct unit *u);
uint32_t unit_nlocals(const struct unit *u);
struct var_decl *unit_local(const struct unit *u, uint32_t i);
void unit_add_local(struct sema *s, struct unit *u, struct var_decl *v);

/* ---- sema.c ---- */
void sema_init(struct sema *s, const struct probe_env *env, struct tapset *lib,
	       const struct sema_opts *o);
/* Resolves handlers that were built by hand, and what they call. */
void sema_resolve(struct sema *s);

/* ---- util.c ---- */
/* The token as a message shows it: "identifier 'x'", "number '1'". */
const char *expr_what(struct arena *a, const struct expr *e);
const char *ident_what(struct arena *a, const char *name);
const char *type_name(enum type t); /* "long", "string", "stats", "unknown" */
bool in_user_file(struct loc loc);
/* The file that a piece of code was written in; NULL for made code. */
struct file *file_of(struct sema *s, struct loc loc);
/* Variable that an lvalue or aggregate operand names: the symbol of
   E_SYMBOL and E_INDEX; NULL otherwise. */
struct expr *base_symbol(struct expr *e);
struct var_decl *base_var(struct expr *e);
bool is_hist(const struct expr *e); /* @hist_log(...), @hist_linear(...) */
struct stmt *block_of(struct arena *a, struct loc loc);
struct expr *symbol_of(struct arena *a, struct loc loc, struct var_decl *v);
/* Message suffix " (similar: a, b)" or "". */
const char *similar_to(struct sema *s, const char *name,
		       const char *const *cands, unsigned n);
/* Calls fn for each expression of the tree, parents first. */
void walk_exprs(struct stmt *body, void (*fn)(void *ctx, struct expr *e),
		void *ctx);

/* ---- symbols.c ---- */
void symbols_add_file(struct sema *s, struct file *f);
/* Takes over library files that were parsed meanwhile. */
void symbols_absorb(struct sema *s);
struct var_decl *symbols_global(struct sema *s, struct file *from,
				const char *name);
/* Overloads with this many parameters that `from` can see, in the order in
   which they are tried; up to the first that never says "next". */
uint32_t symbols_functions(struct sema *s, struct file *from, const char *name,
			   uint32_t nargs, struct func_decl ***out);
/* Any function of that name, to explain a wrong number of arguments. */
struct func_decl *symbols_any_function(struct sema *s, struct file *from,
				       const char *name);
void symbols_function_names(struct sema *s, struct map *out);
void symbols_global_names(struct sema *s, struct map *out);

/* ---- alias.c ---- */
/* What one probe point came to: sites that share prologue and epilogue. */
struct variant {
	VEC(struct stmt *) prologues; /* outermost first to run */
	VEC(struct stmt *) epilogues;
	struct expr *cond;
	const char *shown; /* for -l: alias name, or NULL: each site's */
	struct probe_point *point; /* derived, aliases gone */
	struct site_list sites;
};
struct variant_list {
	VEC(struct variant *) v;
};
/* Expands a list of points; reports errors unless `quiet`. Returns the number
   of sites found. */
uint32_t alias_expand(struct sema *s, struct probe_point **points, uint32_t n,
		      bool quiet, struct variant_list *out);

/* ---- steps, in the order of sema.c ---- */
void handlers_build(struct sema *s, struct probe_decl *decl);
void handlers_from_variants(struct sema *s, struct probe_decl *decl,
			    struct variant_list *vl);
/*
 * Replaces the target variables of a body (site NULL: of a function), folding
 * what depends on @defined on the way. user: the handler that the script
 * wrote, without what aliases add to it (for @probewrite), or NULL.
 */
void targets_bind(struct sema *s, struct probe_site *site,
		  const struct stmt *user, struct stmt **body);
/* The same for a function, once. */
void bind_function(struct sema *s, struct func_decl *f);
/* Reports what could not be bound and is still in the program. */
void targets_report(struct sema *s);
bool body_has_targets(const struct stmt *body);
/*
 * Does away with @entry() in handler number `at`, whose body is bound: puts
 * handlers in front of it that save the values at function entry. How many.
 */
uint32_t entry_rewrite(struct sema *s, uint32_t at);
void resolve_unit(struct sema *s, struct unit *u);
void resolve_condition(struct sema *s, struct handler *h);
void resolve_pending(struct sema *s);
/* Notes embedded C for which this runtime has no compiler. */
void resolve_embedded(struct sema *s, struct loc loc);
void check_unit(struct sema *s, struct unit *u);
void fold_unit(struct sema *s, struct unit *u);
/* Constant truth: -1 not constant, else 0 or 1. */
int expr_truth(const struct expr *e);
/*
 * if (0) ..., as it is written: as in SystemTap, what stands there has a say in
 * types and may be wrong. Not so where a condition asks what there is, like
 * @defined, nor where target variables occur, which need not exist then.
 */
bool counts_for_types(const struct sema *s, const struct expr *cond,
		      struct stmt *body);
/* Reads, writes and updates of every variable (struct var_info). */
void unused_count(struct sema *s);
void unused_prune(struct sema *s, bool warn);
/* Functions and variables that no code mentions any more. */
void unused_drop(struct sema *s);
/* Statements that are never reached. */
void dead_cut(struct sema *s);
void types_infer(struct sema *s);
void stats_collect(struct sema *s);
void display_globals(struct sema *s);
void locks_collect(struct sema *s);

#endif
