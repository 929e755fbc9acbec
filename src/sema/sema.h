/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass 2: from syntax trees to a typed program: every name resolved, every
 * alias and wildcard expanded, target variables bound, types inferred,
 * constants folded, unused code gone.
 */
#ifndef SEMA_SEMA_H
#define SEMA_SEMA_H

#include "base/diag.h"
#include "probe/probe.h"
#include "syntax/ast.h"
#include "syntax/parse.h"

#define BF_CTX 1u /* the run-time function's first argument is the context */
#define BF_FAIL 2u /* may raise an error */
#define BF_PURE 4u /* depends on arguments only */
#define BF_STABLE 8u /* the same all through one handler run */
#define BF_READ 16u /* no effect, but changes from call to call */
#define BF_EFFECT 32u /* must not be removed */
#define BF_SPECIAL 64u /* lowering knows it by name */
#define BF_GURU 128u /* changes what is traced: only with -g */
#define BF_MODULE 256u /* only in a kernel module */

enum builtin_id {
#define B(name, ret, args, params, rt, flags, help) BUILTIN_##name,
#include "sema/builtin.def"
#undef B
	BUILTIN_COUNT
};

struct builtin {
	enum builtin_id id;
	const char *name;
	char ret; /* 'l', 's', '-' */
	const char *args; /* "sl" */
	const char *params; /* "str,pos"; "" when they have no names */
	uint32_t flags;
	const char *rt_name; /* run-time function, or "none" */
	const char *help;
};
/* NULL when there is none of this name and number of arguments. */
const struct builtin *builtin_find(const char *name, unsigned nargs);
extern const struct builtin builtins[BUILTIN_COUNT];

/* The tapset library: directories searched in order; lazily parsed. */
struct tapset;
struct tapset_dir {
	const char *path;
};
struct tapset *tapset_open(struct arena *a, struct diag *d,
			   const struct parse_env *env,
			   const char *const *dirs, unsigned ndirs);
unsigned tapset_nfiles(const struct tapset *t); /* known files */
unsigned tapset_nparsed(const struct tapset *t); /* parsed so far */
/* Reads the .stpm libraries that define a macro (@name) used in the text, into
   env->macros (which must be set before tapset_open); call it before
   parse_script() on a user's file. */
void tapset_load_macros(struct tapset *t, const struct source *src);
/* Writes dir/tapset.index, which spares tapset_open() the scan of the texts
   as long as no file changes. Returns 0 or -errno. */
int tapset_write_index(const char *dir);

/* One handler: a body that one or more sites share. */
struct handler {
	struct probe_decl *decl; /* the user's or tapset's probe */
	VEC(struct probe_site *) sites; /* at least one; same program */
	struct stmt *body; /* own copy: prologues, body, epilogues; typed */
	VEC(struct var_decl *) locals;
	struct expr *cond; /* probe condition over globals, or NULL */
	/* globals that this handler, its condition and the functions it calls
	   change, and those they only look at */
	VEC(struct var_decl *) reads, writes;
	uint32_t index;
};

/* Something that only a kernel module can do. */
struct module_need {
	struct loc loc;
	const char *function; /* the call, as messages show it; NULL: C */
};

struct program {
	struct arena *arena;
	VEC(struct file *) files; /* user script first, then used tapsets */
	VEC(struct var_decl *) globals; /* live ones, ids dense */
	VEC(struct func_decl *) funcs; /* live ones, ids dense */
	VEC(struct handler *) handlers;
	VEC(struct embedded_decl *) embeds;
	VEC(struct module_need) module_needs; /* that this runtime lacks */
};

struct sema_opts {
	bool keep_unused; /* -u: no elision */
	bool list_empty; /* -p2: when no handler does anything, those that are
			    attached to something are shown all the same */
	bool no_global_display; /* --no-global-var-display */
	bool guru_mode;
	bool skip_badvars; /* context variables that do not exist are 0 */
	bool listing; /* -l/-L */
	bool verbose;
};

/* An error for everything that only a kernel module can do. */
void sema_refuse_module_needs(const struct program *p, struct diag *d);

/*
 * Runs pass 2 over the user's file(s). Errors are reported to env->diag; the
 * program is returned in any case, and usable only when diag_errors() is 0.
 */
struct program *sema_run(const struct probe_env *env, struct tapset *lib,
			 struct file **user, unsigned nuser,
			 const struct sema_opts *o);

/* For "Pass 2: analyzed script: ..." */
struct sema_counts {
	unsigned probes, functions, embeds, globals;
};
struct sema_counts sema_count(const struct program *p);

/* `stap -p2` text: "# globals", "# functions", "# probes", as SystemTap's. */
void sema_print(struct strbuf *out, const struct program *p, bool bodies);

/* -l and -L: the points that n patterns match, sorted. */
void sema_list(const struct probe_env *env, struct tapset *lib,
	       struct probe_point **patterns, uint32_t n, bool with_vars,
	       struct strbuf *out);

/* ---- for pass 3 ---- */
/* Folded constants and resolved references make these simple to lower; after
   sema_run no E_TARGET, E_DEFINED, E_EMBEDDED-less E_ENTRY remains: targets
   are replaced by their bound trees. */

/* Functions that are neither the library's nor builtins, as --dump-functions
   shows them; NULL after the last. */
const char *sema_intrinsic(unsigned i);

#endif
