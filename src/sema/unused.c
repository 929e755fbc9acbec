// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Code that does nothing. Assignments to locals that nobody reads, statements
 * without effect, probes whose body got empty, functions that nobody calls,
 * globals that nobody touches: each removal may make room for the next, so it
 * goes round until nothing changes. What the user wrote is warned about once;
 * library code is pruned silently (aliases set variables for whoever wants
 * them).
 */
#include <string.h>

#include "sema/pass.h"

#define MAX_ROUNDS 32

struct prune {
	struct sema *s;
	bool warn;
	bool changed;
	expr_list left; /* right sides of stores that were taken out */
};

/* ---- who reads and writes what ---- */

struct count {
	struct sema *s;
	bool top; /* the expression's value is thrown away */
};

static void count_expr(struct visitor *v, struct expr **ep);
static void count_stmt(struct visitor *v, struct stmt **sp);

static void count_void(struct visitor *v, struct expr **ep)
{
	struct count *c = v->ctx;

	c->top = true;
	count_expr(v, ep);
	c->top = false;
}

/* Indexes of an lvalue are read; its variable is not. */
static void count_lvalue(struct visitor *v, struct expr *e)
{
	if (e->kind == E_INDEX)
		vec_for (&e->index.keys, i)
			if (e->index.keys.v[i])
				count_expr(v, &e->index.keys.v[i]);
}

static void count_change(struct visitor *v, struct expr *lvalue, bool reads,
			 bool top)
{
	struct count *c = v->ctx;
	struct var_decl *var = base_var(lvalue);

	if (!var) {
		count_expr(v, &lvalue);
		return;
	}
	count_lvalue(v, lvalue);
	var_info(c->s, var)->writes++;
	if (reads && top)
		var_info(c->s, var)->updates++;
	else if (reads)
		var_info(c->s, var)->reads++;
}

static void count_expr(struct visitor *v, struct expr **ep)
{
	struct count *c = v->ctx;
	struct expr *e = *ep;
	bool top = c->top;

	c->top = false;
	switch (e->kind) {
	case E_SYMBOL:
		if (e->sym.ref)
			var_info(c->s, e->sym.ref)->reads++;
		break;
	case E_ASSIGN:
		count_change(v, e->assign.a,
			     e->assign.op != OP_NONE &&
				     e->assign.op != OP_AGGREGATE,
			     top);
		count_expr(v, &e->assign.b);
		break;
	case E_INCDEC:
		count_change(v, e->incdec.a, true, top);
		break;
	default:
		expr_children(v, e);
	}
}

static void count_loop_var(struct visitor *v, struct expr *sym)
{
	if (sym && sym->kind == E_SYMBOL)
		count_change(v, sym, false, true);
}

static void count_stmt(struct visitor *v, struct stmt **sp)
{
	struct stmt *st = *sp;

	switch (st->kind) {
	case S_EXPR:
		count_void(v, &st->expr);
		break;
	case S_FOR:
	case S_WHILE:
		if (st->loop.init)
			count_void(v, &st->loop.init);
		if (st->loop.cond)
			count_expr(v, &st->loop.cond);
		if (st->loop.step)
			count_void(v, &st->loop.step);
		count_stmt(v, &st->loop.body);
		break;
	case S_FOREACH:
		vec_for (&st->foreach.keys, i)
			count_loop_var(v, st->foreach.keys.v[i]);
		count_loop_var(v, st->foreach.value);
		vec_for (&st->foreach.slice, i)
			if (st->foreach.slice.v[i])
				count_expr(v, &st->foreach.slice.v[i]);
		if (st->foreach.limit)
			count_expr(v, &st->foreach.limit);
		count_expr(v, &st->foreach.base);
		count_stmt(v, &st->foreach.body);
		break;
	case S_DELETE:
		if (st->expr->kind == E_INDEX || base_var(st->expr))
			count_change(v, st->expr, false, true);
		/* Who empties an array does not want it shown at the end. */
		if (base_var(st->expr))
			var_info(((struct count *)v->ctx)->s,
				 base_var(st->expr))->reads++;
		break;
	case S_TRY:
		count_stmt(v, &st->try_.body);
		count_loop_var(v, st->try_.var);
		if (st->try_.handler)
			count_stmt(v, &st->try_.handler);
		break;
	default:
		stmt_children(v, st);
	}
}

static void count_unit(struct sema *s, struct unit *u, void *ctx)
{
	struct count c = {.s = s};
	struct visitor v = {count_expr, count_stmt, &c};

	for (uint32_t i = 0; i < unit_nlocals(u); i++) {
		struct var_info *vi = var_info(s, unit_local(u, i));

		vi->reads = vi->writes = vi->updates = 0;
	}
	if (u->f)
		vec_for (&u->f->params, i) {
			struct var_info *vi = var_info(s, u->f->params.v[i]);

			vi->reads = vi->updates = 0;
			vi->writes = 1;
		}
	count_stmt(&v, unit_body(u));
	if (u->h && u->h->cond)
		count_expr(&v, &u->h->cond);
}

void unused_count(struct sema *s)
{
	vec_for (&s->prog->globals, i) {
		struct var_decl *g = s->prog->globals.v[i];
		struct var_info *vi = var_info(s, g);

		vi->reads = vi->updates = 0;
		vi->writes = g->init ? 1 : 0;
	}
	each_unit(s, count_unit, NULL);
}

/* ---- side effects ---- */

static bool expr_has_effect(struct sema *s, struct expr *e);

static void stmt_effect(struct visitor *v, struct stmt **sp);

struct effect {
	struct sema *s;
	bool found;
};

static bool function_has_effect(struct sema *s, struct func_decl *f)
{
	struct effect ef = {.s = s};
	struct visitor v = {NULL, stmt_effect, &ef};
	struct stmt *body = f->body;
	uintptr_t state = (uintptr_t)f->aux;

	/* aux: 1 being looked at (recursion adds nothing), 2 no, 3 yes */
	if (state)
		return state == 3;
	f->aux = (void *)1;
	if (body->kind == S_EMBEDDED)
		ef.found = !strstr(body->embedded, "/* pure */");
	else
		stmt_effect(&v, &body);
	f->aux = (void *)(uintptr_t)(ef.found ? 3 : 2);
	return ef.found;
}

/* 1++ changes nothing; it is an error only where its value is wanted. */
static bool is_change(const struct expr *e)
{
	return e->kind == E_ASSIGN ||
	       (e->kind == E_INCDEC && !e->incdec.no_lvalue);
}

static void expr_effect(struct visitor *v, struct expr **ep)
{
	struct effect *ef = v->ctx;
	struct expr *e = *ep, *to;

	switch (e->kind) {
	case E_ASSIGN:
	case E_INCDEC:
		if (!is_change(e))
			break;
		to = e->kind == E_ASSIGN ? e->assign.a : e->incdec.a;
		if (!base_var(to) || base_var(to)->kind == VAR_GLOBAL)
			ef->found = true;
		break;
	case E_PRINT:
		if (!e->print.to_string)
			ef->found = true;
		break;
	case E_CALL:
		if (e->call.builtin && e->call.builtin->flags & BF_EFFECT)
			ef->found = true;
		vec_for (&e->call.funcs, i)
			if (function_has_effect(ef->s, e->call.funcs.v[i]))
				ef->found = true;
		break;
	case E_EMBEDDED:
		if (!strstr(e->embedded.code, "/* pure */"))
			ef->found = true;
		break;
	case E_REGEX: /* sets what matched() returns */
		ef->found = true;
		break;
	default:
		break;
	}
	if (!ef->found)
		expr_children(v, e);
}

static void stmt_effect(struct visitor *v, struct stmt **sp)
{
	struct effect *ef = v->ctx;
	struct visitor full = {expr_effect, stmt_effect, ef};

	if ((*sp)->kind == S_DELETE)
		ef->found = true;
	if (!ef->found)
		stmt_children(&full, *sp);
}

/* Any effect at all, on locals too. */
static bool expr_has_effect(struct sema *s, struct expr *e)
{
	struct effect ef = {.s = s};
	struct visitor v = {expr_effect, stmt_effect, &ef};

	if (is_change(e))
		return true;
	expr_effect(&v, &e);
	return ef.found;
}

static void local_effect(void *ctx, struct expr *e)
{
	if (is_change(e))
		*(bool *)ctx = true;
}

static bool keeps(struct sema *s, struct expr *e)
{
	struct stmt st = {.kind = S_EXPR, .expr = e};
	bool found = expr_has_effect(s, e);

	if (!found)
		walk_exprs(&st, local_effect, &found);
	return found;
}

/* ---- removal ---- */

static bool is_dead(struct prune *p, struct expr *lvalue)
{
	struct var_decl *v = base_var(lvalue);
	struct var_info *vi = v ? var_info(p->s, v) : NULL;

	/* Globals that are only written are still displayed at the end. */
	return v && v->kind != VAR_GLOBAL && !vi->reads && !vi->updates &&
	       !vi->is_loop_var;
}

/* A variable of ours ("__x"), not of the script's author. */
static bool is_made_up(const struct expr *e)
{
	return e->kind == E_SYMBOL && !strncmp(e->sym.name, "__", 2);
}

static void dead_stores(struct visitor *v, struct expr **ep)
{
	struct prune *p = v->ctx;
	struct expr *e = *ep;

	expr_children(v, e);
	if (e->kind != E_ASSIGN ||
	    (e->assign.op != OP_NONE && e->assign.op != OP_AGGREGATE) ||
	    !is_dead(p, e->assign.a))
		return;
	if (p->warn && in_user_file(e->loc) && !is_made_up(e->assign.a))
		diag_report(p->s->diag, ELIDED_ASSIGNMENT, e->loc,
			    expr_what(p->s->arena, e),
			    base_var(e->assign.a)->name);
	*ep = e->assign.b;
	vec_push(p->s->arena, &p->left, e->assign.b);
	p->changed = true;
}

static void add_effects(struct prune *p, struct stmt *block, struct expr *e);

struct effects {
	struct prune *p;
	struct stmt *block;
};

static void child_effects(struct visitor *v, struct expr **ep)
{
	struct effects *ef = v->ctx;

	add_effects(ef->p, ef->block, *ep);
}

/* Of an expression whose value nobody wants: only the parts that act. */
static void add_effects(struct prune *p, struct stmt *block, struct expr *e)
{
	struct effects ef = {p, block};
	struct visitor v = {child_effects, NULL, &ef};
	struct stmt *st;

	if (!keeps(p->s, e))
		return;
	switch (e->kind) {
	case E_UNARY:
	case E_IN:
	case E_INDEX:
		expr_children(&v, e);
		return;
	case E_BINARY:
		if (e->binary.op == OP_LOGAND || e->binary.op == OP_LOGOR)
			break;
		expr_children(&v, e);
		return;
	default:
		break;
	}
	st = stmt_new(p->s->arena, S_EXPR, e->loc);
	st->expr = e;
	vec_push(p->s->arena, &block->block.list, st);
}

static struct expr *leftmost(struct expr *e)
{
	switch (e->kind) {
	case E_BINARY:
		return leftmost(e->binary.a);
	case E_INCDEC:
		return e->incdec.prefix ? e : leftmost(e->incdec.a);
	case E_TERNARY:
		return leftmost(e->ternary.cond);
	default:
		return e;
	}
}

/* Its assignment was warned about already. */
static bool is_leftover(const struct prune *p, const struct expr *e)
{
	vec_for (&p->left, i)
		if (p->left.v[i] == e)
			return true;
	return false;
}

static void prune_expr_stmt(struct prune *p, struct stmt **sp)
{
	struct sema *s = p->s;
	struct expr *e = (*sp)->expr;
	struct stmt *block = block_of(s->arena, e->loc);

	add_effects(p, block, e);
	if (block->block.list.n == 1 && block->block.list.v[0]->expr == e)
		return;
	p->changed = true;
	if (block->block.list.n) {
		*sp = block->block.list.n == 1 ? block->block.list.v[0] : block;
		return;
	}
	if (p->warn && in_user_file(e->loc) && !is_leftover(p, e))
		diag_report(s->diag, ELIDED_EXPRESSION, leftmost(e)->loc,
			    expr_what(s->arena, leftmost(e)));
	*sp = stmt_new(s->arena, S_NULL, e->loc);
}

static bool is_nothing(const struct stmt *st)
{
	if (!st || st->kind == S_NULL)
		return true;
	if (st->kind != S_BLOCK)
		return false;
	vec_for (&st->block.list, i)
		if (!is_nothing(st->block.list.v[i]))
			return false;
	return true;
}

/* A loop in which nothing happens, however long it runs. */
static void prune_loop(struct prune *p, struct stmt **sp)
{
	struct stmt *st = *sp;

	if (!is_nothing(st->loop.body) ||
	    (st->loop.init && keeps(p->s, st->loop.init)) ||
	    (st->loop.cond && keeps(p->s, st->loop.cond)) ||
	    (st->loop.step && keeps(p->s, st->loop.step)))
		return;
	p->changed = true;
	*sp = stmt_new(p->s->arena, S_NULL, st->loc);
}

static void prune_stmt(struct visitor *v, struct stmt **sp)
{
	struct prune *p = v->ctx;
	struct stmt *st = *sp;

	stmt_children(v, st);
	switch (st->kind) {
	case S_EXPR:
		prune_expr_stmt(p, sp);
		break;
	case S_IF:
		if (!is_nothing(st->if_.then) || !is_nothing(st->if_.otherwise))
			break;
		p->changed = true;
		*sp = stmt_new(p->s->arena, S_EXPR, st->if_.cond->loc);
		(*sp)->expr = st->if_.cond;
		break;
	case S_WHILE:
	case S_FOR:
		prune_loop(p, sp);
		break;
	case S_TRY:
		if (is_nothing(st->try_.body)) {
			p->changed = true;
			if (st->try_.var) /* who reads it reads "" */
				st->try_.var->sym.ref->type = TY_STRING;
			*sp = stmt_new(p->s->arena, S_NULL, st->loc);
		}
		break;
	default:
		break;
	}
}

static void never_assigned(struct sema *s, struct var_decl *v, const char *kind,
			   const struct unit *u)
{
	VEC(const char *) cands = {0};
	struct var_info *vi = var_info(s, v);

	if (vi->warned || !in_user_file(v->loc))
		return;
	for (uint32_t i = 0; u && i < unit_nlocals(u); i++)
		if (unit_local(u, i) != v)
			vec_push(s->arena, &cands, unit_local(u, i)->name);
	vec_for (&s->prog->globals, i)
		if (s->prog->globals.v[i] != v)
			vec_push(s->arena, &cands, s->prog->globals.v[i]->name);
	diag_report(s->diag, NEVER_ASSIGNED, v->loc,
		    ident_what(s->arena, v->name), kind, v->name,
		    similar_to(s, v->name, cands.v, cands.n));
}

static void warn_unassigned(struct sema *s, struct unit *u, void *ctx)
{
	for (uint32_t i = 0; i < unit_nlocals(u); i++) {
		struct var_info *vi = var_info(s, unit_local(u, i));

		if (vi->reads && !vi->writes && !vi->is_loop_var)
			never_assigned(s, unit_local(u, i), "local", u);
	}
}

/* Locals that nothing mentions any more leave the list. */
static void drop_locals(struct sema *s, struct unit *u, void *ctx)
{
	uint32_t n = 0, total = unit_nlocals(u);

	for (uint32_t i = 0; i < total; i++) {
		struct var_decl *v = unit_local(u, i);
		struct var_info *vi = var_info(s, v);

		if (!vi->reads && !vi->writes && !vi->updates)
			continue;
		if (u->h)
			u->h->locals.v[n++] = v;
		else
			u->f->locals.v[n++] = v;
	}
	if (u->h)
		u->h->locals.n = n;
	else
		u->f->locals.n = n;
}

static void dead_stores_stmt(struct visitor *v, struct stmt **sp)
{
	stmt_children(v, *sp);
}

static void prune_unit(struct sema *s, struct unit *u, void *ctx)
{
	struct visitor stores = {dead_stores, dead_stores_stmt, ctx};
	struct visitor stmts = {NULL, prune_stmt, ctx};
	struct stmt **body = unit_body(u);

	dead_stores_stmt(&stores, body);
	prune_stmt(&stmts, body);
	fold_unit(s, u);
}

/* ---- functions, globals, probes ---- */

static void reach(struct sema *s, struct func_decl *f);

static void reach_call(void *ctx, struct expr *e)
{
	if (e->kind == E_CALL)
		vec_for (&e->call.funcs, i)
			reach(ctx, e->call.funcs.v[i]);
}

static void reach(struct sema *s, struct func_decl *f)
{
	if (f->live)
		return;
	f->live = true;
	walk_exprs(f->body, reach_call, s);
}

static void drop_functions(struct prune *p)
{
	struct sema *s = p->s;
	uint32_t n = 0;

	vec_for (&s->prog->funcs, i) {
		s->prog->funcs.v[i]->live = false;
		s->prog->funcs.v[i]->aux = NULL;
	}
	vec_for (&s->prog->handlers, i)
		walk_exprs(s->prog->handlers.v[i]->body, reach_call, s);
	vec_for (&s->prog->funcs, i) {
		struct func_decl *f = s->prog->funcs.v[i];

		if (f->live)
			s->prog->funcs.v[n++] = f;
		else
			p->changed = true;
	}
	s->prog->funcs.n = n;
}

static void drop_globals(struct prune *p)
{
	struct sema *s = p->s;
	uint32_t n = 0;

	vec_for (&s->prog->globals, i) {
		struct var_decl *g = s->prog->globals.v[i];
		struct var_info *vi = var_info(s, g);

		if (vi->reads || vi->updates || vi->writes > (g->init != NULL))
			s->prog->globals.v[n++] = g;
	}
	s->prog->globals.n = n;
}

/* `stap -p2 -e 'probe kernel.function("*") {}'` asks which there are. */
static bool lists_places(const struct sema *s)
{
	if (!s->opts->list_empty || !s->prog->handlers.n)
		return false;
	vec_for (&s->prog->handlers, i) {
		const struct handler *h = s->prog->handlers.v[i];

		if (!is_nothing(h->body) ||
		    h->sites.v[0]->prog_type == IMAGE_PROG_RUN)
			return false;
	}
	return true;
}

static void drop_probes(struct prune *p)
{
	struct sema *s = p->s;
	uint32_t n = 0;

	if (lists_places(s))
		return;

	vec_for (&s->prog->handlers, i) {
		struct handler *h = s->prog->handlers.v[i];

		/* A counter is there to be read elsewhere. */
		if (!is_nothing(h->body) ||
		    h->sites.v[0]->attach.kind == WIRE_PROBE_COUNTER) {
			s->prog->handlers.v[n++] = h;
			continue;
		}
		p->changed = true;
		if (p->warn && in_user_file(h->decl->loc))
			diag_report(
				s->diag, PROBE_ELIDED, h->decl->loc, "keyword",
				h->sites.v[0]->name ? h->sites.v[0]->name : "");
	}
	s->prog->handlers.n = n;
}

void unused_drop(struct sema *s)
{
	struct prune p = {.s = s};

	drop_functions(&p);
	unused_count(s);
	each_unit(s, drop_locals, NULL);
	drop_globals(&p);
}

void unused_prune(struct sema *s, bool warn)
{
	struct prune p = {.s = s, .warn = warn};
	bool code = !s->opts->keep_unused;

	unused_count(s);
	if (warn) {
		each_unit(s, warn_unassigned, NULL);
		vec_for (&s->prog->globals, i) {
			struct var_decl *g = s->prog->globals.v[i];
			struct var_info *vi = var_info(s, g);

			if (vi->reads && !vi->writes && !vi->updates)
				never_assigned(s, g, "global", NULL);
		}
	}
	for (unsigned round = 0; round < MAX_ROUNDS; round++) {
		p.changed = false;
		drop_functions(&p);
		unused_count(s);
		if (code)
			each_unit(s, prune_unit, &p);
		/* Later, what folding emptied runs all the same. */
		if (code && warn)
			drop_probes(&p);
		if (!p.changed)
			break;
	}
	unused_drop(s);
}
