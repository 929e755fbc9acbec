// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Macros. A stack of frames supplies tokens: texts (the file, script
 * arguments) and token lists (bodies and arguments of macros).
 *
 * Names are resolved where they were written: "@p" in a body is the parameter
 * p of that macro, and an argument's own "@x" belongs to the place that wrote
 * the argument. So each token of a body carries the scope of its expansion,
 * and keeps it when it becomes part of another macro's argument.
 */
#include <string.h>

#include "syntax/preproc.h"

/* The arguments of one use of a macro. */
struct macro_scope {
	const struct macro *macro;
	token_list *args; /* one per parameter */
	unsigned depth;	  /* macros around this use */
};

struct pp_frame {
	struct pp_frame *up;
	bool is_text;
	struct lexer lex;	/* is_text */
	const token_list *list; /* else */
	uint32_t pos;
	/* for the tokens that have none of their own */
	const struct origin *from;
	const struct macro_scope *scope;
};

struct diag_msg *pp_reported(struct preproc *pp, const struct token *t,
			     struct diag_msg *m)
{
	if (++pp->errors >= PP_MAX_ERRORS)
		pp->eof = true;
	token_note_origin(m, t);
	return m;
}

void token_note_origin(struct diag_msg *m, const struct token *t)
{
	const struct origin *o = t->from;

	/* The innermost few places tell the story. */
	for (int i = 0; o && i < 4; o = o->up, i++)
		diag_note(m, o->loc, "in the expansion of %s'%.60s'",
			  o->macro ? "macro " : "script argument ", o->name);
}

static struct pp_frame *push(struct preproc *pp)
{
	struct pp_frame *f = arena_new_obj(pp->a, struct pp_frame);

	f->up = pp->top;
	pp->top = f;
	return f;
}

void pp_push_text(struct preproc *pp, const struct source *src,
		  const struct origin *from)
{
	struct pp_frame *f = push(pp);

	f->is_text = true;
	f->from = from;
	lex_init(&f->lex, pp->d, src);
	f->lex.errors = &pp->errors;
}

void pp_push_tokens(struct preproc *pp, const token_list *list)
{
	push(pp)->list = list;
}

void pp_init(struct preproc *pp, struct arena *a, struct diag *d,
	     const struct parse_env *env, const struct source *src)
{
	*pp = (struct preproc){.a = a, .d = d, .env = env};
	map_init(&pp->macros, a);
	pp_push_text(pp, src, NULL);
}

/* The next token as written, of whatever source is on top. */
struct token pp_raw_next(struct preproc *pp)
{
	for (;;) {
		struct pp_frame *f = pp->top;
		struct token t;

		if (pp->eof)
			return (struct token){0};
		if (f->is_text) {
			f->lex.quiet = pp->skipping;
			t = lex_next(&f->lex);
		} else if (f->pos < f->list->n) {
			t = f->list->v[f->pos++];
			pp->expanded++;
		} else {
			t = (struct token){0};
		}
		if (t.kind == T_EOF && f->up) {
			pp->top = f->up;
			continue;
		}
		if (!t.from)
			t.from = f->from;
		if (!t.scope)
			t.scope = f->scope;
		return t;
	}
}

/* What was read too far comes again. */
static void unread(struct preproc *pp, struct token t)
{
	token_list *list;

	if (t.kind == T_EOF)
		return;
	list = arena_new_obj(pp->a, token_list);
	vec_push(pp->a, list, t);
	pp_push_tokens(pp, list);
}

/* ------------------------------------------------------------------ *
 * Definitions
 * ------------------------------------------------------------------ */

static char *token_name(struct preproc *pp, const struct token *t,
			unsigned skip)
{
	return arena_strndup(pp->a, t->s + skip, t->len - skip);
}

static bool is_name(const struct token *t)
{
	return t->kind == T_IDENT;
}

static void define_error(struct preproc *pp, const struct token *t,
			 const char *what)
{
	diag_remedy(pp_report(pp, PARSE_MACRO_DEFINITION, t, what),
		    "@define NAME %%( BODY %%), or "
		    "@define NAME(A, B) %%( BODY with @A and @B %%)");
}

/* "( A, B )": false after an error. */
static bool define_params(struct preproc *pp, struct macro *m)
{
	struct token t = pp_raw_next(pp);

	m->has_params = true;
	if (token_is(&t, P_RPAREN))
		return true;
	for (;;) {
		if (!is_name(&t)) {
			define_error(pp, &t, "expected identifier");
			unread(pp, t);
			return false;
		}
		vec_push(pp->a, &m->params, token_name(pp, &t, 0));
		t = pp_raw_next(pp);
		if (token_is(&t, P_RPAREN))
			return true;
		if (!token_is(&t, P_COMMA)) {
			define_error(pp, &t, "expected ',' or ')'");
			unread(pp, t);
			return false;
		}
		t = pp_raw_next(pp);
	}
}

/* Up to the "%)" that belongs to the "%(" already read. */
static bool define_body(struct preproc *pp, struct macro *m,
			const struct token *open)
{
	unsigned depth = 1;
	bool ok = true;

	for (;;) {
		struct token t = pp_raw_next(pp);

		if (t.kind == T_EOF) {
			define_error(pp, open, "incomplete macro definition - missing '%)'");
			return false;
		}
		if (t.kind == T_AT && t.id == AT_DEFINE) {
			define_error(pp, &t, "'@define' within a macro");
			ok = false;
		}
		if (token_is(&t, P_PP_OPEN))
			depth++;
		if (token_is(&t, P_PP_CLOSE) && --depth == 0)
			return ok;
		vec_push(pp->a, &m->body, t);
	}
}

static void define_add(struct preproc *pp, struct macro *m,
		       const struct token *name)
{
	struct map *into = pp->library ? pp->env->macros : &pp->macros;
	const struct macro *old = map_get(into, m->name);
	char *at_name = arena_printf(pp->a, "@%s", m->name);

	for (int id = AT_DEFINE; id <= AT_HIST_LINEAR; id++)
		if (!strcmp(token_id_text((enum token_id)id), at_name)) {
			diag_report(pp->d, MACRO_BUILTIN, name->loc,
				    token_describe(pp->a, name), at_name);
			break;
		}
	if (old) {
		diag_note(pp_report(pp, PARSE_MACRO_REDEFINED, name, m->name),
			  old->loc, "first defined here");
		return;
	}
	map_put(into, m->name, m);
}

/* NAME[(PARAMS)] "%(": false after an error. */
static bool define_head(struct preproc *pp, struct macro *m, struct token *name,
			struct token *open)
{
	struct token t;

	*name = pp_raw_next(pp);
	if (!is_name(name)) {
		define_error(pp, name, "expected identifier");
		unread(pp, *name);
		return false;
	}
	m->name = token_name(pp, name, 0);
	m->loc = name->loc;
	t = pp_raw_next(pp);
	if (token_is(&t, P_LPAREN)) {
		if (!define_params(pp, m))
			return false;
		t = pp_raw_next(pp);
	}
	*open = t;
	if (token_is(&t, P_PP_OPEN))
		return true;
	define_error(pp, &t, "expected '%(' or '('");
	unread(pp, t);
	return false;
}

/* Reads over what is left of a broken definition, if it is in one line. */
static void skip_definition(struct preproc *pp, const struct token *at)
{
	unsigned depth = 0;

	for (;;) {
		struct token t = pp_raw_next(pp);

		if (token_is(&t, P_PP_OPEN))
			depth++;
		if (t.kind == T_EOF || (!depth && t.loc.line != at->loc.line)) {
			unread(pp, t);
			return;
		}
		if (token_is(&t, P_PP_CLOSE) && (!depth || !--depth))
			return;
	}
}

/* After "@define". */
static void define(struct preproc *pp, const struct token *at)
{
	struct macro *m = arena_new_obj(pp->a, struct macro);
	struct token name, open;

	if (at->scope)
		define_error(pp, at, "'@define' within a macro");
	else if (!define_head(pp, m, &name, &open))
		skip_definition(pp, at);
	else if (define_body(pp, m, &open))
		define_add(pp, m, &name);
}

/* ------------------------------------------------------------------ *
 * Uses
 * ------------------------------------------------------------------ */

static bool opens(const struct token *t)
{
	return t->id == P_LPAREN || t->id == P_LBRACKET || t->id == P_LBRACE ||
	       t->id == P_PP_OPEN;
}

static bool closes(const struct token *t)
{
	return t->id == P_RPAREN || t->id == P_RBRACKET || t->id == P_RBRACE ||
	       t->id == P_PP_CLOSE;
}

static void wrong_args(struct preproc *pp, const struct macro *m,
		       const struct token *at, const char *how)
{
	diag_note(pp_report(pp, PARSE_MACRO_ARGUMENTS, at, how, m->name,
			    m->params.n),
		  m->loc, "defined here");
}

/* After the "(": arguments up to its ")". False after an error. */
static bool collect_args(struct preproc *pp, const struct token *use,
			 const struct macro *m, token_list *args)
{
	struct token extra = {0}; /* where the first that is too many starts */
	unsigned depth = 0, n = 0;

	for (;;) {
		struct token t = pp_raw_next(pp);

		if (t.kind == T_EOF) {
			pp_report(pp, PARSE_MACRO_UNTERMINATED, use, m->name);
			return false;
		}
		if (!depth && token_is(&t, P_RPAREN)) {
			if (extra.len)
				wrong_args(pp, m, &extra, "many");
			else if (n + 1 < m->params.n)
				wrong_args(pp, m, &t, "few");
			return !extra.len && n + 1 >= m->params.n;
		}
		if (!depth && token_is(&t, P_COMMA)) {
			if (++n >= m->params.n && !extra.len)
				extra = t;
			continue;
		}
		if (opens(&t))
			depth++;
		else if (closes(&t) && depth)
			depth--;
		if (n < m->params.n)
			vec_push(pp->a, &args[n], t);
		else if (!extra.len)
			extra = t; /* of a macro without parameters */
	}
}

static bool is_recursive(const struct token *use, const struct macro *m)
{
	for (const struct origin *o = use->from; o; o = o->up)
		if (o->macro == m)
			return true;
	return false;
}

/* Reads and checks the arguments; false after an error. */
static bool read_args(struct preproc *pp, const struct token *use,
		      const struct macro *m, token_list *args)
{
	struct token t = pp_raw_next(pp);

	if (!token_is(&t, P_LPAREN)) {
		pp_report(pp, PARSE_MACRO_INVOCATION, &t, m->name, m->params.n,
			  m->params.n == 1 ? "" : "s");
		unread(pp, t);
		return false;
	}
	return collect_args(pp, use, m, args);
}

/* False after an error. */
static bool expand(struct preproc *pp, const struct token *use,
		   const struct macro *m)
{
	struct origin *o = arena_new_obj(pp->a, struct origin);
	struct macro_scope *s = arena_new_obj(pp->a, struct macro_scope);
	struct pp_frame *f;

	s->macro = m;
	s->depth = use->scope ? use->scope->depth + 1 : 1;
	s->args = arena_new_array(pp->a, token_list, m->params.n + 1);
	if (m->has_params && !read_args(pp, use, m, s->args))
		return false;
	if (is_recursive(use, m)) {
		diag_note(pp_report(pp, PARSE_MACRO_RECURSIVE, use, m->name),
			  m->loc, "defined here");
		return false;
	}
	if (s->depth > PP_MAX_MACRO_DEPTH) {
		pp_report(pp, PARSE_TOO_DEEP, use, "macros",
			  (unsigned)PP_MAX_MACRO_DEPTH);
		pp->eof = true;
		return false;
	}
	*o = (struct origin){use->from, m, arena_printf(pp->a, "@%s", m->name),
			     use->loc};
	f = push(pp);
	f->list = &m->body;
	f->from = o;
	f->scope = s;
	return true;
}

/* Stands where a macro could not be expanded, to please the parser. */
static struct token placeholder(const struct token *use)
{
	return (struct token){.kind = T_NUMBER,
			      .loc = use->loc,
			      .s = "0",
			      .len = 1,
			      .bad = true};
}

static const token_list *find_param(const struct token *t)
{
	if (!t->scope)
		return NULL;
	for (uint32_t i = 0; i < t->scope->macro->params.n; i++) {
		const char *p = t->scope->macro->params.v[i];

		if (strlen(p) == t->len - 1 && !memcmp(p, t->s + 1, t->len - 1))
			return &t->scope->args[i];
	}
	return NULL;
}

static const struct macro *find_macro(struct preproc *pp, const struct token *t)
{
	const struct macro *m = map_getn(&pp->macros, t->s + 1, t->len - 1);

	if (!m && pp->env && pp->env->macros)
		m = map_getn(pp->env->macros, t->s + 1, t->len - 1);
	return m;
}

struct token pp_macro_next(struct preproc *pp)
{
	for (;;) {
		struct token t = pp_raw_next(pp);
		const token_list *arg;
		const struct macro *m;

		if (t.kind != T_AT)
			return t;
		if (pp->skipping)
			return t;
		if (pp->expanded > PP_MAX_EXPANSION) {
			pp_report(pp, PARSE_MACRO_TOO_LONG, &t,
				  (unsigned)PP_MAX_EXPANSION);
			pp->eof = true;
			continue;
		}
		if ((arg = find_param(&t)))
			pp_push_tokens(pp, arg);
		else if (t.id == AT_DEFINE)
			define(pp, &t);
		else if (!(m = find_macro(pp, &t)))
			return t;
		else if (!expand(pp, &t, m))
			return placeholder(&t);
	}
}

/* ------------------------------------------------------------------ *
 * Libraries
 * ------------------------------------------------------------------ */

void parse_macro_library(struct arena *a, struct diag *d,
			 const struct parse_env *env, const struct source *src)
{
	struct preproc pp;
	bool complained = false;

	pp_init(&pp, a, d, env, src);
	pp.library = true;
	for (;;) {
		struct token t = pp_next(&pp);

		if (t.kind == T_EOF)
			return;
		if (!complained)
			pp_report(&pp, PARSE_MACRO_LIBRARY, &t);
		complained = true;
	}
}
