/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The preprocessor: from the lexer's tokens to the parser's. Pulled token by
 * token, in three layers, each reading from the one before:
 *
 *   pp_macro_next()  a stack of token sources; takes @define away and puts
 *                    macro bodies and arguments in place of macro uses
 *   pp_arg_next()    puts script arguments in place of $1 @1 $* @* $# @#
 *   pp_next()        evaluates %( condition %? a %: b %)
 *
 * So macros are expanded before conditions are evaluated; but in a part that is
 * left out nothing is expanded, defined or checked.
 */
#ifndef SYNTAX_PREPROC_H
#define SYNTAX_PREPROC_H

#include "base/map.h"
#include "syntax/macro.h"
#include "syntax/parse.h"

enum {
	PP_MAX_ERRORS = LEX_MAX_ERRORS, /* in one file; then its input ends */
	PP_MAX_EXPANSION = 200000,	/* tokens made by macros, in one file */
	PP_MAX_MACRO_DEPTH = 200,
	PP_MAX_CONDITIONALS = 1000, /* nested */
};

struct pp_frame;

/* An open %( ... whose chosen branch is being read. */
struct pp_cond {
	struct loc loc;
	bool in_else;
};

struct preproc {
	struct arena *a;
	struct diag *d;
	const struct parse_env *env;
	struct pp_frame *top;
	struct map macros; /* of this file */
	VEC(struct pp_cond) conds;
	uint32_t expanded; /* tokens made by macros so far */
	unsigned errors;   /* reported so far, by the parser too */
	bool skipping;	   /* within a part that is left out */
	bool idle;	   /* in a comparison that cannot change the result */
	bool bad_condition; /* an error of a "%( ... %?" was reported */
	bool library; /* reading a .stpm */
	bool eof;     /* set to end the input early */
};

void pp_init(struct preproc *pp, struct arena *a, struct diag *d,
	     const struct parse_env *env, const struct source *src);
struct token pp_next(struct preproc *pp);

/* The layers, for cond.c and tests. */
struct token pp_macro_next(struct preproc *pp);
struct token pp_arg_next(struct preproc *pp);

/* macro.c: a token source on top of the others. */
void pp_push_text(struct preproc *pp, const struct source *src,
		  const struct origin *from);
void pp_push_tokens(struct preproc *pp, const token_list *list);
struct token pp_raw_next(struct preproc *pp);

/* Reports at a token, with the macros it came through. */
#define pp_report(pp, tag, t, ...)                                             \
	pp_reported((pp), (t),                                                 \
		    diag_report((pp)->d, tag, (t)->loc,                        \
				token_describe((pp)->a, (t)), ##__VA_ARGS__))
struct diag_msg *pp_reported(struct preproc *pp, const struct token *t,
			     struct diag_msg *m);

#endif
