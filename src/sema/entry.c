// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * @entry(EXPR) in a return probe: the value EXPR had when the function was
 * entered. A handler is added at the entry of the same functions; it keeps a
 * depth per thread and saves each value under thread and depth:
 *
 *	__entry_depthN[tid()]++
 *	__entryN_0[tid(), __entry_depthN[tid()]] = EXPR
 *
 * The return handler first takes its values off that stack into locals, so
 * that it does not matter how it ends. Functions that were already running
 * when the probes were set find nothing and see 0 or "".
 */
#include <string.h>

#include "sema/pass.h"

struct entry {
	struct sema *s;
	struct probe_decl *decl;
	struct loc loc;	  /* of the first @entry */
	bool inside;	  /* in the operand of an @entry */
	expr_list saved;  /* operands */
	expr_list locals; /* a symbol for each, as the body uses it */
};

static void find_entry(void *ctx, struct expr *e)
{
	struct loc *loc = ctx;

	if (e->kind == E_ENTRY && !loc->src)
		*loc = e->loc;
}

static struct expr *replace_one(struct entry *en, struct expr *arg,
				struct loc loc)
{
	struct arena *a = en->s->arena;

	vec_for (&en->saved, i)
		if (expr_equal(en->saved.v[i], arg))
			return expr_clone(a, en->locals.v[i]);
	vec_push(a, &en->saved, arg);
	vec_push(a, &en->locals,
		 expr_symbol(
			 a, loc,
			 arena_printf(a, "__entry_value%u", en->saved.n - 1)));
	return expr_clone(a, vec_last(&en->locals));
}

static void rewrite_expr(struct visitor *v, struct expr **e)
{
	struct entry *en = v->ctx;
	bool outer = en->inside;
	struct expr *x = *e;

	if (x->kind != E_ENTRY) {
		expr_children(v, x);
		return;
	}
	if (outer)
		diag_report(en->s->diag, ENTRY_NESTED, x->loc,
			    expr_what(en->s->arena, x));
	en->inside = true;
	expr_children(v, x);
	en->inside = outer;
	*e = replace_one(en, x->defined.arg, x->loc);
}

static void rewrite_stmt(struct visitor *v, struct stmt **st)
{
	stmt_children(v, *st);
}

static struct stmt *rewrite(struct entry *en, const struct stmt *body)
{
	struct visitor v = {rewrite_expr, rewrite_stmt, en};
	struct stmt *copy = stmt_clone(en->s->arena, body);

	rewrite_stmt(&v, &copy);
	return copy;
}

static struct var_decl *new_global(struct entry *en, const char *name)
{
	struct sema *s = en->s;
	struct var_decl *g = arena_new_obj(s->arena, struct var_decl);

	g->kind = VAR_GLOBAL;
	g->name = name;
	g->loc = en->loc;
	g->file = en->decl->file;
	g->is_synthetic = true;
	g->is_array = true;
	map_put(&s->globals, name, g);
	vec_push(s->arena, &s->prog->globals, g);
	return g;
}

/* name[tid()] or name[tid(), depth] */
static struct expr *slot(struct entry *en, const char *name, struct expr *depth)
{
	struct arena *a = en->s->arena;
	struct expr *e = expr_new(a, E_INDEX, en->loc);

	e->index.base = expr_symbol(a, en->loc, name);
	vec_push(a, &e->index.keys, expr_call(a, en->loc, "tid"));
	if (depth)
		vec_push(a, &e->index.keys, depth);
	return e;
}

static void add_expr(struct entry *en, struct stmt *block, struct expr *e)
{
	struct stmt *st = stmt_new(en->s->arena, S_EXPR, en->loc);

	st->expr = e;
	vec_push(en->s->arena, &block->block.list, st);
}

static void add_delete(struct entry *en, struct stmt *block, struct expr *e)
{
	struct stmt *st = stmt_new(en->s->arena, S_DELETE, en->loc);

	st->expr = e;
	vec_push(en->s->arena, &block->block.list, st);
}

static struct expr *assign(struct entry *en, struct expr *to, enum op op,
			   struct expr *value)
{
	struct expr *e = expr_new(en->s->arena, E_ASSIGN, en->loc);

	e->assign.op = op;
	e->assign.a = to;
	e->assign.b = value;
	return e;
}

struct names {
	const char *depth;  /* global */
	const char *level;  /* local */
	const char **value; /* globals, one per operand */
};

static struct stmt *save_body(struct entry *en, const struct names *n)
{
	struct arena *a = en->s->arena;
	struct stmt *b = block_of(a, en->loc);
	struct expr *level = expr_symbol(a, en->loc, n->level);

	add_expr(en, b,
		 assign(en, level, OP_NONE,
			assign(en, slot(en, n->depth, NULL), OP_ADD,
			       expr_number(a, en->loc, 1))));
	vec_for (&en->saved, i)
		add_expr(en, b,
			 assign(en, slot(en, n->value[i], expr_clone(a, level)),
				OP_NONE, en->saved.v[i]));
	return b;
}

/* Takes the values of this level off into the locals. */
static struct stmt *restore_body(struct entry *en, const struct names *n)
{
	struct arena *a = en->s->arena;
	struct stmt *b = block_of(a, en->loc);
	struct stmt *pop = stmt_new(a, S_IF, en->loc);
	struct stmt *dec = stmt_new(a, S_EXPR, en->loc);
	struct expr *level = expr_symbol(a, en->loc, n->level);

	add_expr(en, b, assign(en, level, OP_NONE, slot(en, n->depth, NULL)));
	vec_for (&en->saved, i) {
		struct expr *at = slot(en, n->value[i], expr_clone(a, level));

		add_expr(en, b,
			 assign(en, expr_clone(a, en->locals.v[i]), OP_NONE,
				expr_clone(a, at)));
		add_delete(en, b, at);
	}
	pop->if_.cond = expr_binary(a, en->loc, OP_GT, expr_clone(a, level),
				    expr_number(a, en->loc, 1));
	dec->expr = assign(en, slot(en, n->depth, NULL), OP_SUB,
			   expr_number(a, en->loc, 1));
	pop->if_.then = dec;
	pop->if_.otherwise = stmt_new(a, S_DELETE, en->loc);
	pop->if_.otherwise->expr = slot(en, n->depth, NULL);
	vec_push(a, &b->block.list, pop);
	return b;
}

/* The point without ".return" and what follows it; NULL when it has none. */
static struct probe_point *entry_point(struct arena *a,
				       const struct probe_point *p)
{
	struct probe_point *q = arena_new_obj(a, struct probe_point);

	*q = *p;
	q->comps.v = NULL;
	q->comps.n = q->comps.cap = 0;
	vec_for (&p->comps, i) {
		if (i && !strcmp(p->comps.v[i].name, "return"))
			return q;
		vec_push(a, &q->comps, p->comps.v[i]);
	}
	return NULL;
}

static void add_entry_handler(struct entry *en, struct variant *var,
			      struct probe_point *point, const struct names *n)
{
	struct sema *s = en->s;
	struct probe_decl *d = arena_new_obj(s->arena, struct probe_decl);
	struct variant *ev = arena_new_obj(s->arena, struct variant);
	struct variant_list vl = {0};

	d->loc = en->decl->loc;
	d->file = en->decl->file;
	d->is_synthetic = true;
	vec_push(s->arena, &d->points, point);
	d->body = save_body(en, n);
	ev->cond = var->cond;
	ev->point = point;
	probe_match(s->env, point, &ev->sites);
	vec_push(s->arena, &vl.v, ev);
	handlers_from_variants(s, d, &vl);
}

static struct names make_names(struct entry *en)
{
	struct arena *a = en->s->arena;
	uint32_t id = en->s->nentry++;
	struct names n = {
		.depth = arena_printf(a, "__entry_depth%u", id),
		.level = "__entry_level",
		.value = arena_new_array(a, const char *, en->saved.n),
	};

	new_global(en, n.depth);
	vec_for (&en->saved, i) {
		n.value[i] = arena_printf(a, "__entry%u_%u", id, i);
		new_global(en, n.value[i]);
	}
	return n;
}

struct probe_decl *entry_rewrite(struct sema *s, struct probe_decl *decl,
				 struct variant *var)
{
	struct entry en = {.s = s, .decl = decl};
	struct probe_decl *copy;
	struct probe_point *point;
	struct names names;

	walk_exprs(decl->body, find_entry, &en.loc);
	vec_for (&var->prologues, i)
		walk_exprs(var->prologues.v[i], find_entry, &en.loc);
	vec_for (&var->epilogues, i)
		walk_exprs(var->epilogues.v[i], find_entry, &en.loc);
	if (!en.loc.src)
		return decl;
	point = entry_point(s->arena, var->point);
	/* Without an entry the @entry stays, and binding reports it. */
	if (!point)
		return decl;
	copy = arena_new_obj(s->arena, struct probe_decl);
	*copy = *decl;
	vec_for (&var->prologues, i)
		var->prologues.v[i] = rewrite(&en, var->prologues.v[i]);
	copy->body = rewrite(&en, decl->body);
	vec_for (&var->epilogues, i)
		var->epilogues.v[i] = rewrite(&en, var->epilogues.v[i]);
	names = make_names(&en);
	add_entry_handler(&en, var, point, &names);
	/* In front of all prologues. */
	vec_push(s->arena, &var->prologues, NULL);
	memmove(var->prologues.v + 1, var->prologues.v,
		(var->prologues.n - 1) * sizeof(var->prologues.v[0]));
	var->prologues.v[0] = restore_body(&en, &names);
	return copy;
}
