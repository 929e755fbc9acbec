/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A macro: @define NAME(PARAMS) %( BODY %). */
#ifndef SYNTAX_MACRO_H
#define SYNTAX_MACRO_H

#include "syntax/lex.h"

typedef VEC(struct token) token_list;

struct macro {
	const char *name;	  /* without '@' */
	struct loc loc;		  /* of the name in the definition */
	bool has_params;	  /* parentheses were given, even if empty */
	VEC(const char *) params; /* without '@' */
	token_list body;
};

#endif
