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
 * when the probes were set find nothing, and their returns are passed over.
 *
 * This comes after binding: what a return handler says of a parameter turns
 * out to be an @entry only then (see probe/kfunc_vars.c).
 */
#include <string.h>

#include "probe/kind.h"
#include "sema/pass.h"

struct entry {
	struct sema *s;
	struct handler *h;
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

static struct expr *replace_one(struct entry *en, const struct expr *entry)
{
	struct arena *a = en->s->arena;
	struct expr *arg = entry->defined.arg, *e;
	struct loc loc = entry->loc;

	vec_for (&en->saved, i)
		if (expr_equal(en->saved.v[i], arg))
			return expr_clone(a, en->locals.v[i]);
	vec_push(a, &en->saved, arg);
	vec_push(a, &en->locals,
		 expr_symbol(
			 a, loc,
			 arena_printf(a, "__entry_value%u", en->saved.n - 1)));
	e = expr_clone(a, vec_last(&en->locals));
	e->ctype = entry->ctype;
	return e;
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
	*e = replace_one(en, x);
}

static void rewrite_stmt(struct visitor *v, struct stmt **st)
{
	stmt_children(v, *st);
}

static struct var_decl *new_global(struct entry *en, const char *name)
{
	struct sema *s = en->s;
	struct var_decl *g = arena_new_obj(s->arena, struct var_decl);

	g->kind = VAR_GLOBAL;
	g->name = name;
	g->loc = en->loc;
	g->file = en->h->decl->file;
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
	vec_push(a, &b->block.list,
		 stmt_next_if(a, en->loc, expr_not(a, expr_clone(a, level))));
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

static bool same_place(const struct probe_site *a, const struct probe_site *b)
{
	return a->function == b->function &&
	       (a->function || (a->attach.address == b->attach.address &&
				a->attach.offset == b->attach.offset)) &&
	       a->attach.nth == b->attach.nth && a->symbol && b->symbol &&
	       !strcmp(a->symbol, b->symbol) &&
	       !strcmp(a->target ? a->target : "", b->target ? b->target : "");
}

static bool is_wanted(const struct handler *h, const struct probe_site *site)
{
	vec_for (&h->sites, i)
		if (same_place(h->sites.v[i], site))
			return true;
	return false;
}

/* The entries of the handler's functions, by the points they came from. */
static void entry_sites(struct entry *en, struct variant_list *out)
{
	struct sema *s = en->s;
	const struct probe_point *last = NULL;

	vec_for (&en->h->sites, i) {
		const struct probe_point *from = en->h->sites.v[i]->point;
		struct variant *ev;
		struct site_list all = {0};

		if (from == last)
			continue;
		last = from;
		ev = arena_new_obj(s->arena, struct variant);
		ev->cond = en->h->cond;
		ev->point = entry_point(s->arena, from);
		if (!ev->point)
			continue;
		/* What is left out was reported with the returns. */
		unsigned mark = diag_mark(s->diag);
		probe_match(s->env, ev->point, &all);
		diag_rollback(s->diag, mark);
		vec_for (&all.v, k)
			if (is_wanted(en->h, all.v.v[k]))
				vec_push(s->arena, &ev->sites.v, all.v.v[k]);
		vec_push(s->arena, &out->v, ev);
	}
}

static void add_entry_handlers(struct entry *en, const struct names *n)
{
	struct sema *s = en->s;
	struct probe_decl *d = arena_new_obj(s->arena, struct probe_decl);
	struct variant_list vl = {0};

	entry_sites(en, &vl);
	d->loc = en->h->decl->loc;
	d->file = en->h->decl->file;
	d->is_synthetic = true;
	vec_for (&vl.v, i)
		vec_push(s->arena, &d->points,
			 (struct probe_point *)vl.v.v[i]->point);
	d->body = save_body(en, n);
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

/* The last n handlers move in front of handler `at`: entries are attached
   before the returns that need them, and detached after. */
static void move_before(struct sema *s, uint32_t at, uint32_t n)
{
	struct handler **v = s->prog->handlers.v;
	uint32_t total = s->prog->handlers.n;
	struct handler **tail = arena_new_array(s->arena, struct handler *, n);

	memcpy(tail, v + total - n, n * sizeof(*v));
	memmove(v + at + n, v + at, (total - n - at) * sizeof(*v));
	memcpy(v + at, tail, n * sizeof(*v));
}

uint32_t entry_rewrite(struct sema *s, uint32_t at)
{
	struct entry en = {.s = s, .h = s->prog->handlers.v[at]};
	struct visitor v = {rewrite_expr, rewrite_stmt, &en};
	uint32_t before = s->prog->handlers.n;
	struct stmt *block;
	struct names names;

	walk_exprs(en.h->body, find_entry, &en.loc);
	if (!en.loc.src)
		return 0;
	rewrite_stmt(&v, &en.h->body);
	names = make_names(&en);
	block = block_of(s->arena, en.h->decl->loc);
	block->block.end = en.h->decl->body->block.end;
	vec_push(s->arena, &block->block.list, restore_body(&en, &names));
	vec_push(s->arena, &block->block.list, en.h->body);
	en.h->body = block;
	add_entry_handlers(&en, &names);
	move_before(s, at, s->prog->handlers.n - before);
	return s->prog->handlers.n - before;
}
