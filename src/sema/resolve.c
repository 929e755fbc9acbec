// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names. A name is a local (or parameter) of its handler or function, else a
 * global of its file, the script or the library, else a new local. Functions
 * are found by name and number of arguments; what they call is put on a list
 * and resolved in turn, so only library files that are reached get parsed.
 *
 * The number of indexes of an array ("arity", 0 for a scalar) is fixed by its
 * first use.
 */
#include <string.h>

#include "sema/pass.h"
#include "syntax/format.h"

struct resolve {
	struct sema *s;
	struct unit u;
	unsigned loops;
};

static void resolve_expr(struct visitor *v, struct expr **ep);
static void resolve_stmt(struct visitor *v, struct stmt **sp);

/* ---- variables ---- */

static struct var_decl *find_local(struct resolve *r, const char *name)
{
	uint32_t n = unit_nlocals(&r->u);

	for (uint32_t i = 0; i < n; i++)
		if (!strcmp(unit_local(&r->u, i)->name, name))
			return unit_local(&r->u, i);
	if (r->u.f)
		vec_for (&r->u.f->params, i)
			if (!strcmp(r->u.f->params.v[i]->name, name))
				return r->u.f->params.v[i];
	return NULL;
}

/* Globals of a script are nothing to the functions that come with stap: which
   names these have for their locals is not the user's concern. Functions under
   -I see them, as in SystemTap. */
static bool is_hidden(const struct resolve *r, const struct var_decl *global)
{
	return r->u.f && r->u.f->loc.src && r->u.f->loc.src->is_own &&
	       in_user_file(global->loc);
}

static struct var_decl *find_var(struct resolve *r, const struct expr *sym)
{
	struct var_decl *v = find_local(r, sym->sym.name);
	struct var_info *vi;

	if (v)
		return v;
	v = symbols_global(r->s, file_of(r->s, sym->loc), sym->sym.name);
	if (!v || is_hidden(r, v))
		return NULL;
	vi = var_info(r->s, v);
	if (!vi->seen)
		vi->seen = ++r->s->nseen;
	return v;
}

static struct var_decl *new_local(struct resolve *r, const struct expr *sym)
{
	struct var_decl *v = arena_new_obj(r->s->arena, struct var_decl);
	struct var_info *vi = var_info(r->s, v);

	v->kind = VAR_LOCAL;
	v->name = sym->sym.name;
	v->loc = sym->loc;
	v->file = file_of(r->s, sym->loc);
	vi->arity_known = true;
	vi->arity_loc = sym->loc;
	unit_add_local(r->s, &r->u, v);
	return v;
}

static void set_arity(struct sema *s, struct expr *sym, uint32_t arity)
{
	struct var_decl *v = sym->sym.ref;
	struct var_info *vi = var_info(s, v);
	struct diag_msg *m;

	if (!vi->arity_known && v->is_array && !arity) {
		/* Declared with a size: an array, its indexes not yet seen. */
		m = diag_report(s->diag, ARRAY_ARITY, sym->loc,
				expr_what(s->arena, sym), 1u, 0u);
		diag_note(m, v->loc, "declared as an array here");
		diag_remedy(m, "use '%s' with an index", v->name);
		return;
	}
	if (!vi->arity_known) {
		vi->arity_known = true;
		vi->arity_loc = sym->loc;
		v->is_array = arity > 0;
		v->nkeys = arity;
		return;
	}
	if (v->nkeys == arity)
		return;
	m = diag_report(s->diag, ARRAY_ARITY, sym->loc,
			expr_what(s->arena, sym), v->nkeys, arity);
	diag_note(m, vi->arity_loc, "arity %u first inferred here", v->nkeys);
	if (!arity)
		diag_remedy(m, "'%s' is an array: give %u index%s", v->name,
			    v->nkeys, v->nkeys == 1 ? "" : "es");
	else if (!v->nkeys)
		diag_remedy(m, "'%s' is a scalar: use it without an index",
			    v->name);
	else
		diag_remedy(m, "use %u index%s everywhere", v->nkeys,
			    v->nkeys == 1 ? "" : "es");
}

static const char *similar_variables(struct resolve *r, const char *name,
				     bool arrays)
{
	struct map names;
	VEC(const char *) cands = {0};

	map_init(&names, r->s->arena);
	if (!arrays)
		for (uint32_t i = 0; i < unit_nlocals(&r->u); i++)
			map_put(&names, unit_local(&r->u, i)->name, r);
	symbols_global_names(r->s, &names);
	map_for (&names, i)
		if (strcmp(names.entries.v[i].key, name))
			vec_push(r->s->arena, &cands, names.entries.v[i].key);
	return similar_to(r->s, name, cands.v, cands.n);
}

static bool no_such_array(struct resolve *r, struct expr *sym, uint32_t arity)
{
	struct sema *s = r->s;
	struct diag_msg *m =
		diag_report(s->diag, UNRESOLVED_ARRAY, sym->loc,
			    expr_what(s->arena, sym), arity, sym->sym.name,
			    similar_variables(r, sym->sym.name, true));

	diag_remedy(m, "arrays are global: add 'global %s' at the top level",
		    sym->sym.name);
	return false;
}

/* A symbol that must be an array of this many indexes. */
static bool resolve_array(struct resolve *r, struct expr *sym, uint32_t arity)
{
	struct sema *s = r->s;
	struct var_decl *v = find_var(r, sym);
	struct diag_msg *m;

	if (!v)
		return no_such_array(r, sym, arity);
	sym->sym.ref = v;
	if (v->kind != VAR_GLOBAL) {
		m = diag_report(s->diag, LOCAL_INDEXED, sym->loc,
				expr_what(s->arena, sym), arity, v->name);
		diag_note(m, v->loc, "local variable first used here");
		diag_remedy(m,
			    "arrays are global: add 'global %s' at the top "
			    "level",
			    v->name);
		return false;
	}
	set_arity(s, sym, arity);
	return true;
}

static void resolve_scalar(struct resolve *r, struct expr *sym)
{
	struct var_decl *v = find_var(r, sym);

	if (!v)
		v = new_local(r, sym);
	sym->sym.ref = v;
	if (v->kind == VAR_GLOBAL)
		set_arity(r->s, sym, 0);
}

/* ---- calls ---- */

/*
 * Reading strings of the traced system is what the read primitives do; the
 * functions of the language are just names for them.
 */
static const struct intrinsic {
	const char *name;
	uint32_t nargs;
	enum prim_op op;
	const char *shown;
} intrinsics[] = {
	{"kernel_string", 1, PRIM_STR_KERNEL, "kernel_string:string (long)"},
	{"kernel_string_n", 2, PRIM_STR_KERNEL,
	 "kernel_string_n:string (long, long)"},
	{"user_string", 1, PRIM_STR_USER, "user_string:string (long)"},
	{"user_string_n", 2, PRIM_STR_USER,
	 "user_string_n:string (long, long)"},
};

const char *sema_intrinsic(unsigned i)
{
	return i < sizeof(intrinsics) / sizeof(*intrinsics)
		       ? intrinsics[i].shown
		       : NULL;
}

static void no_such_function(struct resolve *r, struct expr *e)
{
	struct sema *s = r->s;
	struct file *from = file_of(s, e->loc);
	struct func_decl *f = symbols_any_function(s, from, e->call.name);
	const struct builtin *b = NULL;
	VEC(const char *) cands = {0};
	struct map names;
	struct diag_msg *m;

	for (unsigned i = 0; i < BUILTIN_COUNT && !b; i++)
		if (!strcmp(builtins[i].name, e->call.name))
			b = &builtins[i];
	if (f || b) {
		m = diag_report(s->diag, FUNCTION_ARITY, e->loc,
				expr_what(s->arena, e), e->call.name,
				f ? f->params.n : (unsigned)strlen(b->args));
		if (f)
			diag_note(m, f->loc, "defined here");
		return;
	}
	map_init(&names, s->arena);
	symbols_function_names(s, &names);
	map_for (&names, i)
		vec_push(s->arena, &cands, names.entries.v[i].key);
	for (unsigned i = 0; i < sizeof(intrinsics) / sizeof(intrinsics[0]);
	     i++)
		vec_push(s->arena, &cands, intrinsics[i].name);
	vec_push(s->arena, &cands, "print");
	vec_push(s->arena, &cands, "println");
	vec_push(s->arena, &cands, "printf");
	vec_push(s->arena, &cands, "sprintf");
	m = diag_report(s->diag, UNRESOLVED_FUNCTION, e->loc,
			expr_what(s->arena, e), e->call.name,
			similar_to(s, e->call.name, cands.v, cands.n));
	diag_remedy(m, "functions come from the script and the tapset library; "
		       "-I DIR adds a directory to it");
}

static bool resolve_intrinsic(struct expr *e)
{
	for (unsigned i = 0; i < sizeof(intrinsics) / sizeof(intrinsics[0]);
	     i++) {
		const struct intrinsic *in = &intrinsics[i];
		struct expr *arg[2] = {0};

		if (strcmp(in->name, e->call.name) ||
		    in->nargs != e->call.args.n)
			continue;
		for (uint32_t k = 0; k < in->nargs; k++)
			arg[k] = e->call.args.v[k];
		e->kind = E_PRIM;
		memset(&e->prim, 0, sizeof(e->prim));
		e->prim.op = in->op;
		memcpy(e->prim.arg, arg, sizeof(arg));
		return true;
	}
	return false;
}

static void need_module(struct sema *s, struct loc loc, const char *function)
{
	const char *rt = s->env->runtime;
	struct module_need need = {loc, function};

	if (!rt || strcmp(rt, "kernel"))
		vec_push(s->arena, &s->prog->module_needs, need);
}

static void find_guru_call(void *ctx, struct expr *e)
{
	const struct builtin *b;
	bool *found = ctx;

	if (e->kind != E_CALL)
		return;
	b = builtin_find(e->call.name, e->call.args.n);
	*found |= b && b->flags & BF_GURU;
}

/* Functions of the library that change what is traced call a built-in for
   that themselves. */
static bool needs_guru(const struct func_decl *f)
{
	bool found = false;

	if (f->file->is_tapset && f->body)
		walk_exprs(f->body, find_guru_call, &found);
	return found;
}

/* The script's call of a function that only -g allows is an error. */
static bool refuse_guru(struct resolve *r, struct expr *e,
			struct func_decl **found, uint32_t n)
{
	bool guru = !n && e->call.builtin && e->call.builtin->flags & BF_GURU;

	if (r->s->env->guru_mode || !in_user_file(e->loc))
		return false;
	for (uint32_t i = 0; i < n; i++)
		guru |= needs_guru(found[i]);
	if (guru)
		diag_remedy(diag_report(r->s->diag, GURU_FUNCTION, e->loc,
					expr_what(r->s->arena, e)),
			    "stap -g allows scripts to change what they trace");
	return guru;
}

static void resolve_call(struct resolve *r, struct expr *e)
{
	struct func_decl **found = NULL;
	uint32_t n = symbols_functions(r->s, file_of(r->s, e->loc),
				       e->call.name, e->call.args.n, &found);

	e->call.funcs.v = NULL;
	e->call.funcs.n = e->call.funcs.cap = 0;
	if (!n)
		e->call.builtin = builtin_find(e->call.name, e->call.args.n);
	if (refuse_guru(r, e, found, n))
		return;
	for (uint32_t i = 0; i < n; i++) {
		vec_push(r->s->arena, &e->call.funcs, found[i]);
		vec_push(r->s->arena, &r->s->pending, found[i]);
	}
	if (!n && resolve_intrinsic(e))
		return;
	if (!n && !e->call.builtin)
		no_such_function(r, e);
	else if (!n && e->call.builtin->flags & BF_MODULE)
		need_module(r->s, e->loc, expr_what(r->s->arena, e));
}

/* ---- expressions ---- */

static bool is_lvalue(const struct expr *e)
{
	return e->kind == E_SYMBOL || e->kind == E_TARGET ||
	       e->kind == E_PRIM ||
	       (e->kind == E_INDEX && e->index.base->kind == E_SYMBOL);
}

static void expect_lvalue(struct resolve *r, struct expr *at, struct expr *e)
{
	struct diag_msg *m;

	if (is_lvalue(e))
		return;
	m = diag_report(r->s->diag, NOT_AN_LVALUE, at->loc,
			expr_what(r->s->arena, at), "assignment");
	diag_note(m, e->loc, "this is not a variable");
}

static void resolve_keys(struct visitor *v, expr_list *keys)
{
	vec_for (keys, i)
		if (keys->v[i])
			resolve_expr(v, &keys->v[i]);
}

/* 3 in @hist_log(x): is there such a bucket? */
static void resolve_in_histogram(struct visitor *v, struct expr *e)
{
	struct resolve *r = v->ctx;

	resolve_expr(v, &e->in.array);
	if (e->in.keys.n != 1 || !e->in.keys.v[0])
		diag_report(r->s->diag, FOREACH_HISTOGRAM, e->in.array->loc,
			    expr_what(r->s->arena, e->in.array));
}

static void resolve_index(struct visitor *v, struct expr *e)
{
	struct resolve *r = v->ctx;
	struct diag_msg *m;

	resolve_keys(v, &e->index.keys);
	if (e->index.base->kind != E_SYMBOL)
		resolve_expr(v, &e->index.base);
	else if (!resolve_array(r, e->index.base, e->index.keys.n))
		return;
	vec_for (&e->index.keys, i) {
		if (e->index.keys.v[i])
			continue;
		m = diag_report(r->s->diag, WILDCARD_INDEX, e->loc,
				expr_what(r->s->arena, e->index.base));
		diag_remedy(m, "'*' stands for any key with 'in', 'delete' and "
			       "in the slice of 'foreach'");
		return;
	}
}

static void resolve_print(struct visitor *v, struct expr *e)
{
	struct resolve *r = v->ctx;
	struct sema *s = r->s;
	struct expr *f = e->print.format;

	if (f && e->print.with_format) {
		if (!e->print.fmt)
			e->print.fmt = format_parse(s->arena, s->diag, f->loc,
						    f->str.s);
	} else if (f) {
		resolve_expr(v, &e->print.format);
	}
	vec_for (&e->print.args, i)
		resolve_expr(v, &e->print.args.v[i]);
	if (e->print.fmt && e->print.fmt->nargs != e->print.args.n) {
		struct diag_msg *m = diag_report(s->diag, FORMAT_ARGS, e->loc,
						 expr_what(s->arena, e));

		diag_note(m, f->loc, "the format takes %u, %u given",
			  e->print.fmt->nargs, e->print.args.n);
	}
}

void resolve_embedded(struct sema *s, struct loc loc)
{
	need_module(s, loc, NULL);
}

static void resolve_expr(struct visitor *v, struct expr **ep)
{
	struct resolve *r = v->ctx;
	struct expr *e = *ep;

	switch (e->kind) {
	case E_SYMBOL:
		resolve_scalar(r, e);
		break;
	case E_INDEX:
		resolve_index(v, e);
		break;
	case E_IN:
		resolve_keys(v, &e->in.keys);
		if (e->in.array->kind == E_SYMBOL)
			resolve_array(r, e->in.array, e->in.keys.n);
		else
			resolve_in_histogram(v, e);
		break;
	case E_CALL:
		vec_for (&e->call.args, i)
			resolve_expr(v, &e->call.args.v[i]);
		resolve_call(r, e);
		break;
	case E_ASSIGN:
		expect_lvalue(r, e, e->assign.a);
		resolve_expr(v, &e->assign.a);
		resolve_expr(v, &e->assign.b);
		break;
	case E_INCDEC:
		e->incdec.no_lvalue = !is_lvalue(e->incdec.a);
		resolve_expr(v, &e->incdec.a);
		break;
	case E_PRINT:
		resolve_print(v, e);
		break;
	case E_EMBEDDED:
		resolve_embedded(r->s, e->loc);
		break;
	default:
		expr_children(v, e);
	}
}

/* ---- statements ---- */

static void loop_var(struct visitor *v, struct expr **sym)
{
	struct resolve *r = v->ctx;

	resolve_expr(v, sym);
	if ((*sym)->kind == E_SYMBOL && (*sym)->sym.ref)
		var_info(r->s, (*sym)->sym.ref)->is_loop_var = true;
}

static void foreach_base(struct visitor *v, struct stmt *st)
{
	struct resolve *r = v->ctx;
	struct diag_msg *m;

	if (st->foreach.base->kind != E_SYMBOL) {
		resolve_expr(v, &st->foreach.base);
		if (st->foreach.keys.n != 1 || st->foreach.slice.n)
			diag_report(r->s->diag, FOREACH_HISTOGRAM, st->loc,
				    expr_what(r->s->arena, st->foreach.base));
		return;
	}
	unsigned errors = diag_errors(r->s->diag);

	resolve_array(r, st->foreach.base, st->foreach.keys.n);
	if (diag_errors(r->s->diag) != errors && st->foreach.keys.n == 2 &&
	    !st->foreach.value && st->foreach.base->sym.ref &&
	    st->foreach.base->sym.ref->nkeys == 1)
		diag_remedy(diag_last(r->s->diag),
			    "foreach (%s = %s in %s) has the value beside the "
			    "index",
			    st->foreach.keys.v[1]->sym.name,
			    st->foreach.keys.v[0]->sym.name,
			    st->foreach.base->sym.name);
	if (st->foreach.slice.n && st->foreach.slice.n != st->foreach.keys.n) {
		m = diag_report(r->s->diag, FOREACH_SLICE,
				st->foreach.base->loc,
				expr_what(r->s->arena, st->foreach.base),
				st->foreach.base->sym.name, st->foreach.slice.n,
				st->foreach.keys.n);
		diag_remedy(m, "use '*' for the indexes that may be anything");
	}
}

static void resolve_foreach(struct visitor *v, struct stmt *st)
{
	struct resolve *r = v->ctx;

	vec_for (&st->foreach.keys, i)
		loop_var(v, &st->foreach.keys.v[i]);
	if (st->foreach.value)
		loop_var(v, &st->foreach.value);
	resolve_keys(v, &st->foreach.slice);
	foreach_base(v, st);
	if (st->foreach.limit)
		resolve_expr(v, &st->foreach.limit);
	r->loops++;
	resolve_stmt(v, &st->foreach.body);
	r->loops--;
}

static void resolve_delete(struct visitor *v, struct stmt *st)
{
	struct resolve *r = v->ctx;
	struct sema *s = r->s;
	struct expr *e = st->expr;
	struct diag_msg *m;

	if (e->kind == E_INDEX && e->index.base->kind == E_SYMBOL) {
		resolve_keys(v, &e->index.keys);
		resolve_array(r, e->index.base, e->index.keys.n);
	} else if (e->kind == E_SYMBOL) {
		/* A whole array or a scalar: no arity follows from this. */
		struct var_decl *var = find_var(r, e);

		e->sym.ref = var;
		if (!var) {
			m = diag_report(
				s->diag, UNRESOLVED_DELETE, e->loc,
				expr_what(s->arena, e),
				similar_variables(r, e->sym.name, true));
			diag_remedy(m, "only globals and variables that were "
				       "set before can be deleted");
		}
	} else {
		m = diag_report(s->diag, DELETE_OPERAND, e->loc,
				expr_what(s->arena, e));
		diag_remedy(m, "delete takes a variable, an array or an "
			       "element of one");
	}
}

static void need_loop(struct resolve *r, const struct stmt *st,
		      const char *word)
{
	if (!r->loops)
		diag_report(r->s->diag, BREAK_OUTSIDE_LOOP, st->loc, "keyword",
			    word);
}

static void resolve_stmt(struct visitor *v, struct stmt **sp)
{
	struct resolve *r = v->ctx;
	struct stmt *st = *sp;

	switch (st->kind) {
	case S_FOREACH:
		resolve_foreach(v, st);
		break;
	case S_DELETE:
		resolve_delete(v, st);
		break;
	case S_WHILE:
	case S_FOR:
		/* A loop's head cannot break out of it; counting it in anyway
		   is harmless, as statements stand only in the body. */
		r->loops++;
		stmt_children(v, st);
		r->loops--;
		break;
	case S_BREAK:
		need_loop(r, st, "break");
		break;
	case S_CONTINUE:
		need_loop(r, st, "continue");
		break;
	case S_TRY:
		resolve_stmt(v, &st->try_.body);
		if (st->try_.var)
			loop_var(v, &st->try_.var);
		if (st->try_.handler)
			resolve_stmt(v, &st->try_.handler);
		break;
	case S_EMBEDDED:
		resolve_embedded(r->s, st->loc);
		break;
	default:
		stmt_children(v, st);
	}
}

void resolve_unit(struct sema *s, struct unit *u)
{
	struct resolve r = {.s = s, .u = *u};
	struct visitor v = {resolve_expr, resolve_stmt, &r};
	struct stmt **body = unit_body(u);

	resolve_stmt(&v, body);
}

static void resolve_cond_var(struct sema *s, struct expr *sym, uint32_t arity)
{
	sym->sym.ref = symbols_global(s, file_of(s, sym->loc), sym->sym.name);
	if (sym->sym.ref)
		set_arity(s, sym, arity);
	else
		diag_remedy(diag_report(s->diag, CONDITION_LOCAL, sym->loc,
					expr_what(s->arena, sym)),
			    "declare 'global %s', or test it inside the handler",
			    sym->sym.name);
}

static void resolve_cond_expr(struct visitor *v, struct expr **ep)
{
	struct sema *s = v->ctx;
	struct expr *e = *ep;
	struct diag_msg *m;

	if (e->kind == E_SYMBOL) {
		resolve_cond_var(s, e, 0);
		return;
	}
	if (e->kind == E_INDEX && e->index.base->kind == E_SYMBOL) {
		vec_for (&e->index.keys, i)
			if (e->index.keys.v[i])
				resolve_cond_expr(v, &e->index.keys.v[i]);
		resolve_cond_var(s, e->index.base, e->index.keys.n);
		return;
	}
	if (e->kind == E_IN && e->in.array->kind == E_SYMBOL) {
		vec_for (&e->in.keys, i)
			if (e->in.keys.v[i])
				resolve_cond_expr(v, &e->in.keys.v[i]);
		resolve_cond_var(s, e->in.array, e->in.keys.n);
		return;
	}
	if (e->kind == E_NUMBER || e->kind == E_STRING || e->kind == E_UNARY ||
	    e->kind == E_BINARY || e->kind == E_TERNARY || e->kind == E_REGEX ||
	    e->kind == E_STATOP) {
		expr_children(v, e);
		return;
	}
	m = diag_report(s->diag, CONDITION_ARRAY, e->loc,
			expr_what(s->arena, e),
			e->kind == E_ASSIGN || e->kind == E_INCDEC
				? "not modify any variables"
			: e->kind == E_CALL
				? "not reference function"
				: "only reference globals and constants");
	diag_remedy(m, "test it inside the handler");
}

void resolve_condition(struct sema *s, struct handler *h)
{
	struct visitor v = {resolve_cond_expr, NULL, s};

	if (h->cond)
		resolve_cond_expr(&v, &h->cond);
}

void resolve_pending(struct sema *s)
{
	for (uint32_t i = 0; i < s->pending.n; i++) {
		struct func_decl *f = s->pending.v[i];
		struct unit u = {.f = f};
		bool known = false;

		vec_for (&s->reached, k)
			known |= s->reached.v[k] == f;
		if (known)
			continue;
		vec_push(s->arena, &s->reached, f);
		vec_for (&f->params, k) {
			struct var_info *vi = var_info(s, f->params.v[k]);

			f->params.v[k]->kind = VAR_PARAM;
			f->params.v[k]->file = f->file;
			vi->arity_known = true;
			if (f->params.v[k]->type) {
				f->params.v[k]->type_loc = f->params.v[k]->loc;
				f->params.v[k]->type_declared = true;
			}
		}
		bind_function(s, f);
		resolve_unit(s, &u);
	}
	s->pending.n = 0;
}
