// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which globals a handler looks at and which it changes, over all functions it
 * may call. A sorted foreach reorders the array in place: that is a change.
 */
#include "sema/pass.h"

enum { READ = 1, WRITE = 2 };

struct locks {
	struct sema *s;
	uint8_t *use; /* per global id */
	bool *seen;   /* per function id */
};

static void locks_expr(struct visitor *v, struct expr **ep);
static void locks_stmt(struct visitor *v, struct stmt **sp);

static void touch(struct locks *l, struct var_decl *v, unsigned how)
{
	if (!v || v->kind != VAR_GLOBAL)
		return;
	l->use[v->id] |= how;
	v->read |= (how & READ) != 0;
	v->written |= (how & WRITE) != 0;
}

static void locks_expr(struct visitor *v, struct expr **ep)
{
	struct locks *l = v->ctx;
	struct expr *e = *ep;

	switch (e->kind) {
	case E_SYMBOL:
		touch(l, e->sym.ref, READ);
		break;
	case E_ASSIGN:
		touch(l, base_var(e->assign.a), WRITE);
		break;
	case E_INCDEC:
		touch(l, base_var(e->incdec.a), WRITE);
		break;
	case E_CALL:
		vec_for (&e->call.funcs, i) {
			struct func_decl *f = e->call.funcs.v[i];

			if (l->seen[f->id])
				continue;
			l->seen[f->id] = true;
			locks_stmt(v, &f->body);
		}
		break;
	default:
		break;
	}
	expr_children(v, e);
}

static void locks_stmt(struct visitor *v, struct stmt **sp)
{
	struct locks *l = v->ctx;
	struct stmt *st = *sp;

	if (st->kind == S_DELETE)
		touch(l, base_var(st->expr), WRITE);
	if (st->kind == S_FOREACH) {
		touch(l, base_var(st->foreach.base),
		      st->foreach.sort_column || st->foreach.sort_dir ? WRITE
								      : READ);
		/* The loop variables may be globals. */
		vec_for (&st->foreach.keys, i)
			touch(l, base_var(st->foreach.keys.v[i]), WRITE);
		if (st->foreach.value)
			touch(l, base_var(st->foreach.value), WRITE);
	}
	if (st->kind == S_TRY && st->try_.var)
		touch(l, base_var(st->try_.var), WRITE);
	stmt_children(v, st);
}

void locks_collect(struct sema *s)
{
	struct arena *a = s->arena;

	vec_for (&s->prog->handlers, i) {
		struct handler *h = s->prog->handlers.v[i];
		struct locks l = {
			.s = s,
			.use = arena_new_array(a, uint8_t, s->prog->globals.n),
			.seen = arena_new_array(a, bool, s->prog->funcs.n),
		};
		struct visitor v = {locks_expr, locks_stmt, &l};

		locks_stmt(&v, &h->body);
		if (h->cond)
			locks_expr(&v, &h->cond);
		h->reads.n = h->writes.n = 0;
		vec_for (&s->prog->globals, k) {
			struct var_decl *g = s->prog->globals.v[k];

			if (l.use[g->id] & WRITE)
				vec_push(a, &h->writes, g);
			else if (l.use[g->id] & READ)
				vec_push(a, &h->reads, g);
		}
	}
}
