/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lexer: text to tokens. It allocates nothing; a token is a slice of the
 * source. Macros, conditionals and script arguments are preproc.h's.
 */
#ifndef SYNTAX_LEX_H
#define SYNTAX_LEX_H

#include "base/diag.h"

enum token_kind {
	T_EOF,
	T_IDENT, /* may start with '$' or '$$', and hold '$' */
	T_KEYWORD,
	T_NUMBER, /* starts with a digit; may yet turn out malformed */
	T_STRING, /* text without the quotes, escapes not decoded yet */
	T_PUNCT,
	T_AT,	    /* @name: an operator or a macro */
	T_DOLLAR,   /* "$" or "$$" alone: pretty-print suffix */
	T_ARG,	    /* $1 @1 $* @* $# @# */
	T_EMBEDDED, /* text between %{ and %} */
	T_JUNK,	    /* a byte that no token has */
};

/* What exactly a T_KEYWORD, T_PUNCT or T_AT is. */
enum token_id {
	ID_NONE, /* also: a T_AT or T_PUNCT that is no operator */
#define K(id, text) KW_##id,
#include "syntax/token.def"
#define P(id, text) P_##id,
#include "syntax/token.def"
#define A(id, text) AT_##id,
#include "syntax/token.def"
	ID_COUNT
};

/* Why a token is where it is, when it does not stand there in the source. */
struct origin {
	const struct origin *up;
	const struct macro *macro; /* NULL: a script argument */
	const char *name;	   /* "@foo", "$1" */
	struct loc loc;		   /* of the use */
};

struct token {
	enum token_kind kind;
	enum token_id id;
	struct loc loc;
	const char *s; /* not NUL-terminated */
	uint32_t len;
	bool cooked; /* T_STRING: nothing left to decode (from @1, @#) */
	bool bad;    /* an error was reported for it: another is no news */
	const struct origin *from;
	const struct macro_scope *scope; /* preproc.c's */
};

/* Of one file; the lexer falls silent then. */
#define LEX_MAX_ERRORS 25

struct lexer {
	struct diag *d; /* NULL: errors are not reported */
	const struct source *src;
	const char *p, *end, *line_start;
	uint32_t line;
	bool quiet;	  /* in a part that a conditional leaves out */
	unsigned *errors; /* count of what was reported, or NULL */
};

void lex_init(struct lexer *l, struct diag *d, const struct source *src);
struct token lex_next(struct lexer *l);

static inline bool token_is(const struct token *t, enum token_id id)
{
	return t->id == id;
}
bool token_text_is(const struct token *t, const char *text);
/* True when nothing stands between the two, not even a blank. */
bool token_adjacent(const struct token *a, const struct token *b);
/* Text of a keyword, operator or @operator: "{" for P_LBRACE. */
const char *token_id_text(enum token_id id);

/* "operator '}'", "identifier 'x'", ... as error messages name it. */
const char *token_describe(struct arena *a, const struct token *t);

/* Tags and the places a macro came from, as notes. */
void token_note_origin(struct diag_msg *m, const struct token *t);

/*
 * Decode a literal. On a malformed one they report it, count it in *errors
 * (unless NULL) and give a usable value all the same.
 */
int64_t token_number(struct diag *d, const struct token *t, unsigned *errors);
/* Appends the text of a T_STRING to a growing arena buffer. */
typedef VEC(char) char_vec;
void token_string(struct arena *a, const struct token *t, char_vec *out);

#endif
