// SPDX-License-Identifier: GPL-2.0-or-later
/* Pass 1, the outermost rules: files and declarations. */
#include "syntax/parse.h"

#include <string.h>

#include "syntax/parser.h"

/* ------------------------------------------------------------------ *
 * Tokens
 * ------------------------------------------------------------------ */

const struct token *peek(struct parser *p, unsigned n)
{
	while (p->nlook <= n)
		p->look[p->nlook++] = pp_next(&p->pp);
	return &p->look[n];
}

struct token next_token(struct parser *p)
{
	struct token t = *peek(p, 0);

	if (t.kind == T_EOF)
		return t;
	memmove(p->look, p->look + 1, --p->nlook * sizeof(*p->look));
	p->consumed++;
	p->last = t;
	if (t.id == P_LPAREN || t.id == P_LBRACKET)
		p->nest++;
	else if ((t.id == P_RPAREN || t.id == P_RBRACKET) && p->nest)
		p->nest--;
	return t;
}

bool accept(struct parser *p, enum token_id id)
{
	if (!at(p, id))
		return false;
	next_token(p);
	return true;
}

struct token expect(struct parser *p, enum token_id id)
{
	const char *what;

	if (at(p, id))
		return next_token(p);
	what = arena_printf(p->a, "'%s'", token_id_text(id));
	if (id == P_RPAREN || id == P_LBRACE)
		missing(p, what);
	expected(p, what);
}

struct token expect_identifier(struct parser *p, const char *what)
{
	if (peek(p, 0)->kind != T_IDENT)
		expected(p, what);
	return next_token(p);
}

const char *token_text(struct parser *p, const struct token *t)
{
	return arena_strndup(p->a, t->s, t->len);
}

/* ------------------------------------------------------------------ *
 * Errors and recovery
 * ------------------------------------------------------------------ */

void recovery_begin(struct parser *p, struct recovery *r)
{
	r->outer = p->recovery;
	r->expr_depth = p->expr_depth;
	r->stmt_depth = p->stmt_depth;
	r->nest = p->nest;
	r->consumed = p->consumed;
	p->recovery = r;
}

void recovery_end(struct parser *p, struct recovery *r)
{
	p->recovery = r->outer;
	p->expr_depth = r->expr_depth;
	p->stmt_depth = r->stmt_depth;
}

void recover(struct parser *p)
{
	if (p->pp.eof)
		p->recovery = p->top;
	longjmp(p->recovery->env, 1);
}

/* A reserved word where a name belongs is a common slip. */
static void keyword_remedy(struct diag_msg *m, const struct token *t,
			   const char *what)
{
	if (t->kind == T_KEYWORD && !strncmp(what, "identifier", 10))
		diag_remedy(m, "'%.*s' is a keyword; choose another name",
			    (int)t->len, t->s);
}

static bool same_place(const struct token *a, const struct token *b)
{
	return a->from == b->from && loc_same(a->loc, b->loc);
}

/* eof: where the text ends, that is the news, as in SystemTap. */
static struct diag_msg *report(struct parser *p, const char *what, bool eof)
{
	const struct token *t = peek(p, 0);
	struct diag_msg *m;

	if (p->pp.eof || p->last.bad || same_place(t, &p->last_error))
		return NULL;
	p->last_error = *t;
	if (t->kind == T_EOF && eof) {
		m = parser_report(p, PARSE_EOF, t);
		diag_note(m, LOC_NONE, "expected %s", what);
	} else {
		m = parser_report(p, PARSE_EXPECTED, t, what);
	}
	if (t->kind == T_PUNCT && *t->s == '\'')
		diag_remedy(m, "strings stand in double quotes: \"text\"");
	/* An expansion that lacks its end shows only behind it. */
	if (!t->from && p->last.from)
		diag_note(m, p->last.from->loc,
			  "after the expansion of '%.60s'", p->last.from->name);
	return m;
}

struct diag_msg *report_expected(struct parser *p, const char *what)
{
	return report(p, what, true);
}

struct diag_msg *report_missing(struct parser *p, const char *what)
{
	return report(p, what, false);
}

void expected(struct parser *p, const char *what)
{
	const struct token *t = peek(p, 0);
	struct diag_msg *m = report_expected(p, what);

	if (m)
		keyword_remedy(m, t, what);
	recover(p);
}

void missing(struct parser *p, const char *what)
{
	report_missing(p, what);
	recover(p);
}

/* Deeply nested input would only yield the same error at every level. */
void too_deep(struct parser *p, const char *what, unsigned limit)
{
	parser_report(p, PARSE_TOO_DEEP, peek(p, 0), what, limit);
	p->pp.eof = true;
	recover(p);
}

bool starts_declaration(const struct token *t)
{
	return t->id == KW_PROBE || t->id == KW_FUNCTION ||
	       t->id == KW_GLOBAL || t->id == KW_PRIVATE;
}

bool after_dot(const struct parser *p)
{
	return p->last.id == P_DOT || p->last.id == P_ARROW;
}

/* To the next declaration: its keyword, or behind the end of a block. */
static void skip_declaration(struct parser *p)
{
	unsigned depth = 0;

	for (;;) {
		const struct token *t = peek(p, 0);

		if (t->kind == T_EOF ||
		    (starts_declaration(t) && !after_dot(p)))
			return;
		if (t->id == P_LBRACE)
			depth++;
		else if (t->id == P_RBRACE && depth && !--depth) {
			next_token(p);
			return;
		}
		next_token(p);
	}
}

struct height {
	struct visitor v;
	uint16_t max;
};

static void max_height(struct visitor *v, struct expr **e)
{
	struct height *h = (struct height *)v;

	if ((*e)->height > h->max)
		h->max = (*e)->height;
}

struct expr *finish(struct parser *p, struct expr *e)
{
	struct height h = {.v.expr = max_height};

	expr_children(&h.v, e);
	e->height = (uint16_t)(h.max + 1);
	if (e->height > AST_MAX_HEIGHT)
		too_deep(p, "expression", AST_MAX_HEIGHT);
	return e;
}

/* ------------------------------------------------------------------ *
 * global NAME[%][[SIZE]] [= LITERAL], ...
 * ------------------------------------------------------------------ */

static struct expr *parse_literal(struct parser *p)
{
	const struct token *t = peek(p, 0);

	if (t->kind == T_STRING)
		return parse_string_literal(p, "literal string or number");
	return parse_number_literal(p, "literal string or number");
}

static void parse_array_size(struct parser *p, struct var_decl *g)
{
	struct token at_size = *peek(p, 0);
	struct expr *size = parse_number_literal(p, "number");
	struct diag_msg *m;

	if (size->num.v < 1 || size->num.v > INT32_MAX) {
		m = parser_report(p, PARSE_ARRAY_SIZE, &at_size);
		diag_note(m, LOC_NONE, "it is %lld", (long long)size->num.v);
		diag_remedy(m, "the number of elements, 1 to %d", INT32_MAX);
	}
	g->max_entries = size->num.v;
	expect(p, P_RBRACKET);
}

static void check_duplicate_global(struct parser *p, const struct token *name,
				   struct var_decl *g)
{
	const struct var_decl *old = map_get(&p->globals, g->name);
	struct diag_msg *m;

	if (!old) {
		map_put(&p->globals, g->name, g);
		return;
	}
	m = parser_report(p, PARSE_DUPLICATE_GLOBAL, name);
	diag_note(m, old->loc, "first declared here");
	diag_remedy(m, "rename one of them");
}

static void parse_one_global(struct parser *p, bool is_private)
{
	struct token name = expect_identifier(p, "identifier");
	struct var_decl *g = arena_new_obj(p->a, struct var_decl);

	g->kind = VAR_GLOBAL;
	g->name = token_text(p, &name);
	g->loc = name.loc;
	g->file = p->file;
	g->is_private = is_private;
	if (g->name[0] == '$')
		parser_report(p, PARSE_EXPECTED, &name,
			      "identifier that does not start with '$'");
	check_duplicate_global(p, &name, g);
	g->wrap = accept(p, P_PERCENT);
	if (accept(p, P_LBRACKET))
		parse_array_size(p, g);
	if (at(p, P_ASSIGN)) {
		if (g->wrap || g->max_entries)
			diag_remedy(
				parser_report(p, PARSE_GLOBAL_INIT, peek(p, 0)),
				"fill the array in a begin probe");
		next_token(p);
		g->init = parse_literal(p);
	}
	vec_push(p->a, &p->file->globals, g);
	vec_push(p->a, &p->file->order, ((struct decl){DECL_GLOBAL, g}));
}

static void parse_global(struct parser *p, bool is_private)
{
	do {
		parse_one_global(p, is_private);
	} while (accept(p, P_COMMA));
	accept(p, P_SEMICOLON);
}

/* ------------------------------------------------------------------ *
 * function NAME[:TYPE] (PARAM[:TYPE], ...) [:PRIORITY] BODY
 * ------------------------------------------------------------------ */

static enum type parse_type(struct parser *p)
{
	if (accept(p, KW_STRING))
		return TY_STRING;
	if (accept(p, KW_LONG))
		return TY_LONG;
	expected(p, "'string' or 'long'");
}

static void parse_parameter(struct parser *p, struct func_decl *f)
{
	struct token name = expect_identifier(p, "identifier");
	struct var_decl *v = arena_new_obj(p->a, struct var_decl);

	v->kind = VAR_PARAM;
	v->name = token_text(p, &name);
	v->loc = name.loc;
	v->file = p->file;
	vec_for (&f->params, i)
		if (!strcmp(f->params.v[i]->name, v->name))
			diag_note(parser_report(p, PARSE_DUPLICATE_PARAMETER,
						&name),
				  f->params.v[i]->loc, "first named here");
	if (accept(p, P_COLON))
		v->type = parse_type(p);
	vec_push(p->a, &f->params, v);
}

static void parse_parameters(struct parser *p, struct func_decl *f)
{
	expect(p, P_LPAREN);
	if (accept(p, P_RPAREN))
		return;
	for (;;) {
		parse_parameter(p, f);
		/* A comma may stand behind the last one. */
		if (accept(p, P_RPAREN))
			return;
		if (!at(p, P_COMMA))
			expected(p, "',' or ')'");
		next_token(p);
		if (accept(p, P_RPAREN))
			return;
	}
}

static struct stmt *parse_function_body(struct parser *p)
{
	struct stmt *s;

	if (peek(p, 0)->kind != T_EMBEDDED) {
		if (!at(p, P_LBRACE))
			missing(p, "'{'");
		return parse_stmt_block(p);
	}
	s = stmt_new(p->a, S_EMBEDDED, peek(p, 0)->loc);
	s->embedded = parse_embedded(p, false);
	return s;
}

static void parse_functiondecl(struct parser *p, bool is_private)
{
	struct func_decl *f = arena_new_obj(p->a, struct func_decl);
	struct token name = expect_identifier(p, "identifier");

	f->name = token_text(p, &name);
	f->loc = name.loc;
	f->file = p->file;
	f->is_private = is_private;
	if (accept(p, P_COLON)) {
		f->ret_declared = true;
		f->ret = parse_type(p);
	}
	parse_parameters(p, f);
	if (accept(p, P_COLON)) {
		struct token at_priority = *peek(p, 0);

		f->has_priority = true;
		f->priority = parse_number_literal(p, "literal string or number")->num.v;
		if (f->priority <= 0)
			diag_remedy(parser_report(p, PARSE_PRIORITY,
						  &at_priority),
				    "1 is tried first");
	}
	p->in_function = true;
	f->body = parse_function_body(p);
	p->in_function = false;
	vec_push(p->a, &p->file->funcs, f);
	vec_push(p->a, &p->file->order, ((struct decl){DECL_FUNC, f}));
}

/* ------------------------------------------------------------------ *
 * probe POINTS BODY, probe NAME = [NAME =] POINTS BODY [, BODY]
 * ------------------------------------------------------------------ */

static void check_alias_name(struct parser *p, const struct probe_point *n)
{
	struct token t = {.kind = T_PUNCT, .loc = n->loc, .s = "?", .len = 1};
	const char *what = "the name of an alias takes no '?', '!' or "
			   "condition";

	if (n->sufficient)
		t.s = "!";
	else if (n->cond)
		t = (struct token){.kind = T_KEYWORD,
				   .loc = n->cond->loc,
				   .s = "if",
				   .len = 2};
	else if (!n->optional)
		t.len = 0;
	vec_for (&n->comps, i)
		if (n->comps.v[i].arg) {
			t = (struct token){.kind = T_PUNCT,
					   .loc = n->comps.v[i].arg->loc,
					   .s = "(",
					   .len = 1};
			what = "the name of an alias takes no parameters";
		}
	if (t.len)
		diag_remedy(parser_report(p, PARSE_BRACES, &t, what),
			    "write them after the probe point that it stands "
			    "for");
}

static bool at_alias(struct parser *p)
{
	return at(p, P_ASSIGN) || at(p, P_ADD_ASSIGN);
}

static void at_body(struct parser *p)
{
	if (!at(p, P_LBRACE))
		missing(p, "one of ', { } = +='");
}

/* One point, or several of braces: what may be the name of an alias. */
static void add_names(struct parser *p, struct alias_decl *al,
		      const point_list *names)
{
	for (uint32_t i = 0; i < names->n; i++) {
		check_alias_name(p, names->v[i]);
		vec_push(p->a, &al->names, names->v[i]);
	}
}

static void more_points(struct parser *p, point_list *points)
{
	while (accept(p, P_COMMA))
		parse_probe_point_braces(p, points);
	if (at_alias(p))
		expected(p, "probe point specifier");
}

/* NAME = NAME = ... = POINTS: all of these are names of the same alias. */
static void parse_alias(struct parser *p, const struct loc *loc,
			const point_list *names)
{
	struct alias_decl *al = arena_new_obj(p->a, struct alias_decl);
	point_list points;

	al->loc = *loc;
	al->file = p->file;
	add_names(p, al, names);
	for (;;) {
		if (next_token(p).id == P_ADD_ASSIGN)
			al->epilogue_style = true;
		points = (point_list){0};
		parse_probe_point_braces(p, &points);
		if (!at_alias(p))
			break;
		add_names(p, al, &points);
	}
	more_points(p, &points);
	memcpy(&al->points, &points, sizeof(points));
	at_body(p);
	al->body = parse_stmt_block(p);
	if (!al->epilogue_style && accept(p, P_COMMA))
		al->body2 = parse_stmt_block(p);
	vec_push(p->a, &p->file->aliases, al);
	vec_push(p->a, &p->file->order, ((struct decl){DECL_ALIAS, al}));
}

static void parse_probe(struct parser *p, bool is_private)
{
	struct token kw = next_token(p);
	point_list points = {0};
	struct probe_decl *pr;

	if (is_private)
		diag_remedy(parser_report(p, PARSE_PRIVATE_PROBE, &kw),
			    "a probe or an alias cannot be private: leave "
			    "'private' out");
	parse_probe_point_braces(p, &points);
	if (at_alias(p)) {
		parse_alias(p, &kw.loc, &points);
		return;
	}
	more_points(p, &points);
	at_body(p);
	pr = arena_new_obj(p->a, struct probe_decl);
	pr->loc = kw.loc;
	pr->file = p->file;
	memcpy(&pr->points, &points, sizeof(points));
	pr->body = parse_stmt_block(p);
	vec_push(p->a, &p->file->probes, pr);
	vec_push(p->a, &p->file->order, ((struct decl){DECL_PROBE, pr}));
}

/* ------------------------------------------------------------------ *
 * Files
 * ------------------------------------------------------------------ */

const char *parse_embedded(struct parser *p, bool is_value)
{
	struct token t = next_token(p);

	if (!p->file->guru)
		diag_remedy(parser_report(p, PARSE_EMBEDDED_UNPRIVILEGED, &t,
					  is_value ? "expression " : ""),
			    "embedded C needs guru mode: stap -g");
	return token_text(p, &t);
}

static void parse_embedded_decl(struct parser *p)
{
	struct embedded_decl *e = arena_new_obj(p->a, struct embedded_decl);

	e->loc = peek(p, 0)->loc;
	e->code = parse_embedded(p, false);
	vec_push(p->a, &p->file->embeds, e);
	vec_push(p->a, &p->file->order, ((struct decl){DECL_EMBEDDED, e}));
}

static void __attribute__((noreturn))
expected_declaration(struct parser *p, const struct token *t, bool is_private)
{
	static const char *const words[] = {"probe", "global", "function",
					    "private"};
	struct diag_msg *m;
	const char *near = NULL;

	m = report_expected(p, is_private
				       ? "'function' or identifier"
				       : "'probe', 'global', 'private', "
					 "'function', or '%{'");
	if (m && t->kind == T_IDENT && t->len < 20)
		near = diag_similar(p->a, token_text(p, t), words, 4, 1);
	if (near)
		diag_remedy(m, "did you mean '%s'?", near);
	recover(p);
}

static void parse_declaration(struct parser *p)
{
	const struct token *t = peek(p, 0);
	bool is_private = t->id == KW_PRIVATE;

	if (is_private) {
		next_token(p);
		t = peek(p, 0);
		if (t->kind == T_IDENT) {
			parse_global(p, true);
			return;
		}
	}
	if (t->id == KW_PROBE) {
		parse_probe(p, is_private);
	} else if (t->id == KW_FUNCTION) {
		next_token(p);
		parse_functiondecl(p, is_private);
	} else if (t->id == KW_GLOBAL) {
		next_token(p);
		parse_global(p, is_private);
	} else if (t->kind == T_EMBEDDED && !is_private) {
		parse_embedded_decl(p);
	} else if (t->kind == T_AT && !t->id) {
		unknown_macro(p, t);
	} else {
		expected_declaration(p, t, is_private);
	}
}

/* One declaration, or after an error to the start of the next. */
static void parse_declaration_or_skip(struct parser *p)
{
	struct recovery r;

	recovery_begin(p, &r);
	p->top = &r;
	p->nest = 0;
	p->in_function = false;
	if (!setjmp(r.env)) {
		parse_declaration(p);
		recovery_end(p, &r);
		return;
	}
	recovery_end(p, &r);
	if (p->consumed == r.consumed)
		next_token(p);
	skip_declaration(p);
}

static struct parser *parser_new(struct arena *a, struct diag *d,
				 const struct parse_env *env,
				 const struct source *src, bool is_tapset)
{
	static const struct parse_env no_env;
	struct parser *p = arena_new_obj(a, struct parser);

	if (!env)
		env = &no_env;
	p->a = a;
	p->d = d;
	map_init(&p->globals, a);
	pp_init(&p->pp, a, d, env, src);
	p->file = arena_new_obj(a, struct file);
	p->file->src = src;
	p->file->is_tapset = is_tapset;
	p->file->guru = is_tapset || env->guru_mode;
	return p;
}

/* A script without a declaration is an error, a library file is not. */
static void report_empty(struct parser *p)
{
	const struct source *src = p->file->src;
	struct lexer l;
	bool blank;

	lex_init(&l, NULL, src);
	blank = lex_next(&l).kind == T_EOF;
	diag_report(p->d, PARSE_EMPTY, LOC_NONE, NULL, src->name,
		    blank ? "" : " after preprocessing");
}

struct file *parse_script(struct arena *a, struct diag *d,
			  const struct parse_env *env, const struct source *src,
			  bool is_tapset)
{
	struct parser *p = parser_new(a, d, env, src, is_tapset);

	if (peek(p, 0)->kind == T_EOF && !is_tapset && !p->pp.bad_condition)
		report_empty(p);
	while (peek(p, 0)->kind != T_EOF)
		parse_declaration_or_skip(p);
	if (p->pp.errors >= PP_MAX_ERRORS)
		diag_report(d, PARSE_TOO_MANY, LOC_NONE, NULL);
	return p->file;
}

struct probe_point **parse_point_list(struct arena *a, struct diag *d,
				      const struct parse_env *env,
				      const char *text, uint32_t *n)
{
	struct source *src = source_new(a, "<input>", text, strlen(text));
	struct parser *p = parser_new(a, d, env, src, false);
	struct recovery r;
	point_list points = {0};
	struct probe_point **volatile all = NULL;

	recovery_begin(p, &r);
	p->top = &r;
	*n = 0;
	if (!setjmp(r.env)) {
		parse_probe_point_braces(p, &points);
		more_points(p, &points);
		if (peek(p, 0)->kind != T_EOF)
			missing(p, "one of '. , ( ? !' or the end");
		if (p->pp.errors == 0) {
			all = points.v;
			*n = points.n;
		}
	}
	recovery_end(p, &r);
	return all;
}
