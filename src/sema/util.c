// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "sema/pass.h"

struct var_info *var_info(struct sema *s, struct var_decl *v)
{
	if (!v->aux)
		v->aux = arena_new_obj(s->arena, struct var_info);
	return v->aux;
}

void each_unit(struct sema *s, unit_fn *fn, void *ctx)
{
	/* By index: a step may append handlers while it runs. */
	for (uint32_t i = 0; i < s->prog->handlers.n; i++) {
		struct unit u = {.h = s->prog->handlers.v[i]};

		fn(s, &u, ctx);
	}
	for (uint32_t i = 0; i < s->prog->funcs.n; i++) {
		struct unit u = {.f = s->prog->funcs.v[i]};

		fn(s, &u, ctx);
	}
}

struct stmt **unit_body(struct unit *u)
{
	return u->h ? &u->h->body : &u->f->body;
}

uint32_t unit_nlocals(const struct unit *u)
{
	return u->h ? u->h->locals.n : u->f->locals.n;
}

struct var_decl *unit_local(const struct unit *u, uint32_t i)
{
	return u->h ? u->h->locals.v[i] : u->f->locals.v[i];
}

void unit_add_local(struct sema *s, struct unit *u, struct var_decl *v)
{
	if (u->h)
		vec_push(s->arena, &u->h->locals, v);
	else
		vec_push(s->arena, &u->f->locals, v);
}

const char *ident_what(struct arena *a, const char *name)
{
	return arena_printf(a, "identifier '%s'", name);
}

static const char *statop_text(enum statop op)
{
	static const char *const names[] = {
		[STAT_COUNT] = "@count",
		[STAT_SUM] = "@sum",
		[STAT_MIN] = "@min",
		[STAT_MAX] = "@max",
		[STAT_AVG] = "@avg",
		[STAT_VARIANCE] = "@variance",
		[STAT_HIST_LOG] = "@hist_log",
		[STAT_HIST_LINEAR] = "@hist_linear",
	};

	return names[op];
}

static const char *print_text(struct arena *a, const struct expr *e)
{
	if (e->print.is_char)
		return "print_char";
	return arena_printf(a, "%sprint%s%s%s", e->print.to_string ? "s" : "",
			    e->print.with_format ? "f" : "",
			    e->print.with_delim ? "d" : "",
			    e->print.newline ? "ln" : "");
}

static const char *target_text(struct arena *a, const struct expr *e)
{
	switch (e->target.tk) {
	case TGT_VAR:
		return arena_printf(a, "identifier '$%s'", e->target.name);
	case TGT_ATVAR:
		return "operator '@var'";
	case TGT_CAST:
		return "operator '@cast'";
	case TGT_PERF:
		return "operator '@perf'";
	case TGT_KREGISTER:
		return "operator '@kregister'";
	case TGT_UREGISTER:
		return "operator '@uregister'";
	case TGT_KDEREF:
		return "operator '@kderef'";
	case TGT_UDEREF:
		return "operator '@uderef'";
	case TGT_CONST:
		return "operator '@const'";
	case TGT_ERRNO:
		return "operator '@errno'";
	case TGT_ENUM:
		return "operator '@enum'";
	case TGT_ENUMNAME:
		return "operator '@enumname'";
	case TGT_AUTOCAST:
		if (e->target.addr_of)
			return "operator '&'";
		if (!e->target.steps.n)
			return e->target.pretty > 1 ? "identifier '$$'"
						    : "identifier '$'";
		return e->target.steps.v[0].kind == STEP_INDEX ? "operator '['"
							       : "operator '->'";
	}
	return NULL;
}

const char *expr_what(struct arena *a, const struct expr *e)
{
	switch (e->kind) {
	case E_NUMBER:
		return e->num.text ? arena_printf(a, "number '%s'", e->num.text)
				   : arena_printf(a, "number '%lld'",
						  (long long)e->num.v);
	case E_STRING:
		return arena_printf(a, "string '%s'", e->str.s);
	case E_SYMBOL:
		return ident_what(a, e->sym.name);
	case E_INDEX:
		return expr_what(a, e->index.base);
	case E_TARGET:
		return target_text(a, e);
	case E_UNARY:
		return arena_printf(a, "operator '%s'", op_text(e->unary.op));
	case E_INCDEC:
		return e->incdec.delta > 0 ? "operator '++'" : "operator '--'";
	case E_BINARY:
		return arena_printf(a, "operator '%s'", op_text(e->binary.op));
	case E_ASSIGN:
		if (e->assign.op == OP_AGGREGATE)
			return "operator '<<<'";
		return arena_printf(
			a, "operator '%s='",
			e->assign.op == OP_NONE ? "" : op_text(e->assign.op));
	case E_TERNARY:
		return "operator '?'";
	case E_IN:
		return "keyword";
	case E_REGEX:
		return e->regex.negated ? "operator '!~'" : "operator '=~'";
	case E_CALL:
		return ident_what(a, e->call.name);
	case E_STATOP:
		return arena_printf(a, "operator '%s'",
				    statop_text(e->statop.op));
	case E_PRINT:
		return ident_what(a, print_text(a, e));
	case E_DEFINED:
		return "operator '@defined'";
	case E_ENTRY:
		return "operator '@entry'";
	case E_PROBEWRITE:
		return "operator '@probewrite'";
	case E_EMBEDDED:
		return "embedded-code";
	case E_PRIM:
	case E_KIND_COUNT:
		break;
	}
	return NULL;
}

const char *type_name(enum type t)
{
	switch (t) {
	case TY_LONG:
		return "long";
	case TY_STRING:
		return "string";
	case TY_STATS:
		return "stats";
	default:
		return "unknown";
	}
}

bool in_user_file(struct loc loc)
{
	return loc.src && !loc.src->is_tapset && !loc.src->is_synthetic;
}

struct file *file_of(struct sema *s, struct loc loc)
{
	vec_for (&s->prog->files, i)
		if (s->prog->files.v[i]->src == loc.src)
			return s->prog->files.v[i];
	return NULL;
}

struct expr *base_symbol(struct expr *e)
{
	if (e->kind == E_INDEX)
		e = e->index.base;
	return e->kind == E_SYMBOL ? e : NULL;
}

struct var_decl *base_var(struct expr *e)
{
	e = base_symbol(e);
	return e ? e->sym.ref : NULL;
}

bool is_hist(const struct expr *e)
{
	return e->kind == E_STATOP && (e->statop.op == STAT_HIST_LOG ||
				       e->statop.op == STAT_HIST_LINEAR);
}

struct stmt *block_of(struct arena *a, struct loc loc)
{
	struct stmt *b = stmt_new(a, S_BLOCK, loc);

	b->block.end = loc;
	return b;
}

struct expr *symbol_of(struct arena *a, struct loc loc, struct var_decl *v)
{
	struct expr *e = expr_symbol(a, loc, v->name);

	e->sym.ref = v;
	return e;
}

const char *similar_to(struct sema *s, const char *name,
		       const char *const *cands, unsigned n)
{
	const char *list = diag_similar(s->arena, name, cands, n, 5);

	return list ? arena_printf(s->arena, " (similar: %s)", list) : "";
}

struct walk {
	void (*fn)(void *ctx, struct expr *e);
	void *ctx;
};

static void walk_expr(struct visitor *v, struct expr **e)
{
	struct walk *w = v->ctx;

	w->fn(w->ctx, *e);
	expr_children(v, *e);
}

static void walk_stmt(struct visitor *v, struct stmt **s)
{
	stmt_children(v, *s);
}

void walk_exprs(struct stmt *body, void (*fn)(void *ctx, struct expr *e),
		void *ctx)
{
	struct walk w = {fn, ctx};
	struct visitor v = {walk_expr, walk_stmt, &w};

	walk_stmt(&v, &body);
}
