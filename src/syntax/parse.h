/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pass 1: text to syntax tree, and back. */
#ifndef SYNTAX_PARSE_H
#define SYNTAX_PARSE_H

#include "base/diag.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "syntax/ast.h"

/* What the preprocessor and the parser may ask about the session. */
struct parse_env {
	const char *kernel_release; /* kernel_vr: "6.18.44-fc-v509" */
	const char *arch; /* "x86_64" */
	const char *runtime; /* "bpf", "user", "kernel" */
	const char *systemtap_v; /* "5.6", or --compatible's */
	const char *privilege; /* "stapdev", "stapsys", "stapusr" */
	bool guru_mode;
	/* CONFIG_* of the target kernel: returns "y", "m", a value, or NULL
	   when it is not set. May be NULL. */
	const char *(*config)(void *ctx, const char *name);
	void *config_ctx;
	/* script arguments ($1 ...), and whether each was used */
	const char *const *args;
	unsigned nargs;
	bool *arg_used; /* nargs elements, or NULL */
	/* library macros from .stpm files: name -> struct macro (macro.h) */
	struct map *macros;
};

/*
 * Parses one script or tapset file. Errors go to d, with recovery at
 * statement and declaration level so that several are found; the tree holds
 * what could be understood. Never returns NULL.
 */
struct file *parse_script(struct arena *a, struct diag *d,
			  const struct parse_env *env,
			  const struct source *src, bool is_tapset);

/*
 * Reads the macros of a .stpm file into env->macros. Only @define's (and
 * comments and conditionals) may stand in such a file.
 */
void parse_macro_library(struct arena *a, struct diag *d,
			 const struct parse_env *env,
			 const struct source *src);

/*
 * A cheap scan that names what a tapset file defines, without parsing it;
 * conditionals are not evaluated (all branches count), so this may name too
 * much, never too little: an alias whose name depends on a conditional or a
 * macro is reported as "*", any. What is private is left out. Used to build
 * the library index.
 */
enum index_kind { INDEX_FUNC, INDEX_GLOBAL, INDEX_ALIAS, INDEX_MACRO };
void scan_definitions(const struct source *src,
		      void (*found)(void *ctx, enum index_kind kind,
				    const char *name, size_t len),
		      void *ctx);

/*
 * Probe points as after "probe", for -l and -L: *n of them, in the arena. NULL
 * after an error.
 */
struct probe_point **parse_point_list(struct arena *a, struct diag *d,
				      const struct parse_env *env,
				      const char *text, uint32_t *n);

/* Un-parser: text that parses again to the same tree. */
void unparse_file(struct strbuf *out, const struct file *f);
void unparse_expr(struct strbuf *out, const struct expr *e);
void unparse_stmt(struct strbuf *out, const struct stmt *s, int indent);
void unparse_probe_point(struct strbuf *out, const struct probe_point *p);
/* "name = points", without bodies */
void unparse_alias_head(struct strbuf *out, const struct alias_decl *al);

#endif
