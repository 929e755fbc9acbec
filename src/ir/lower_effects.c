/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What functions and handlers do, found out before any code is made: which
 * globals they read and write (for locks, and for when a borrowed value must
 * be copied), who calls whom (nesting), and how many statements they run at
 * most (MAXACTION).
 *
 * Locks. A handler holds the locks of the globals it touches while it touches
 * them. No lock is needed for a global that no handler writes but begin
 * probes: those run before any other. Globals that every handler uses in the
 * same way share one lock.
 */
#include <string.h>

#include "ir/lower_impl.h"

#define SMALL_COST 8 /* functions up to this size are charged by the caller */

static void set_bit(uint64_t *set, uint32_t id)
{
	set[id / 64] |= 1ull << id % 64;
}

bool effects_has(const uint64_t *set, uint32_t id)
{
	return set[id / 64] >> id % 64 & 1;
}

struct effects effects_new(struct lower *L)
{
	return (struct effects){
		.reads = arena_new_array(L->arena, uint64_t, L->global_words),
		.writes = arena_new_array(L->arena, uint64_t, L->global_words),
		.sorts = arena_new_array(L->arena, uint64_t, L->global_words),
	};
}

static bool merge(uint64_t *to, const uint64_t *from, uint32_t words)
{
	bool changed = false;

	for (uint32_t i = 0; i < words; i++) {
		changed |= (from[i] & ~to[i]) != 0;
		to[i] |= from[i];
	}
	return changed;
}

static bool merge_effects(struct lower *L, struct effects *to,
			  const struct effects *from)
{
	bool changed = merge(to->reads, from->reads, L->global_words);

	changed |= merge(to->writes, from->writes, L->global_words);
	changed |= merge(to->sorts, from->sorts, L->global_words);
	return changed;
}

/* ---- walking the trees ---- */

struct walk {
	struct visitor v;
	struct lower *L;
	struct effects *eff;
	VEC(struct func_decl *) callees; /* each once */
	uint32_t asks; /* ASKS_* */
	bool reads_args; /* see struct handler_info */
	/* a single variable that is asked about, or NULL */
	const struct var_decl *var;
	bool var_read, var_written;
};

/* Pass 2 leaves its own notes in aux. */
static void forget_notes(struct walk *w, struct var_decl *v)
{
	if (w->L->collecting && v->kind != VAR_GLOBAL)
		v->aux = NULL;
}

static void note_read(struct walk *w, struct var_decl *v)
{
	forget_notes(w, v);
	if (v == w->var)
		w->var_read = true;
	if (w->eff && v->kind == VAR_GLOBAL)
		set_bit(w->eff->reads, v->id);
}

static void note_write(struct walk *w, struct var_decl *v)
{
	forget_notes(w, v);
	if (v == w->var)
		w->var_written = true;
	if (v->kind == VAR_GLOBAL && w->eff)
		set_bit(w->eff->writes, v->id);
	if (v->kind == VAR_PARAM)
		v->written = true;
}

static void note_call(struct walk *w, struct func_decl *f)
{
	vec_for (&w->callees, i)
		if (w->callees.v[i] == f)
			return;
	vec_push(w->L->arena, &w->callees, f);
}

static void walk_expr(struct visitor *v, struct expr **pe);

static void walk_list(struct walk *w, expr_list *l)
{
	vec_for (l, i)
		if (l->v[i])
			walk_expr(&w->v, &l->v[i]);
}

static void walk_lvalue(struct walk *w, struct expr *e)
{
	if (e->kind == E_SYMBOL) {
		note_write(w, e->sym.ref);
	} else if (e->kind == E_INDEX && e->index.base->kind == E_SYMBOL) {
		note_write(w, e->index.base->sym.ref);
		walk_list(w, &e->index.keys);
	} else {
		walk_expr(&w->v, &e);
	}
}

static uint32_t builtin_asks(enum builtin_id id)
{
	switch (id) {
	case BUILTIN_pp:
	case BUILTIN_pn:
	case BUILTIN_ppfunc:
	case BUILTIN_probe_type:
	case BUILTIN_probefunc:
	case BUILTIN_user_mode:
		return ASKS_POINT;
	case BUILTIN___kregs:
	case BUILTIN___kplace:
	case BUILTIN___kfrom:
		return ASKS_REGS;
	case BUILTIN___kstack:
		return ASKS_KSTACK;
	default:
		return 0;
	}
}

static bool asks_for_groups(enum builtin_id id)
{
	return id == BUILTIN___matched || id == BUILTIN___ngroups;
}

static void walk_expr(struct visitor *v, struct expr **pe)
{
	struct walk *w = v->ctx;
	struct expr *e = *pe;

	switch (e->kind) {
	case E_SYMBOL:
		if (e->sym.ref)
			note_read(w, e->sym.ref);
		return;
	case E_ASSIGN:
		walk_lvalue(w, e->assign.a);
		if (e->assign.op != OP_NONE && e->assign.a->kind == E_SYMBOL)
			note_read(w, e->assign.a->sym.ref);
		walk_expr(v, &e->assign.b);
		return;
	case E_INCDEC:
		walk_lvalue(w, e->incdec.a);
		return;
	case E_TARGET:
		if (e->target.bound) {
			walk_expr(v, &e->target.bound);
			return;
		}
		break;
	case E_CALL:
		vec_for (&e->call.funcs, i)
			note_call(w, e->call.funcs.v[i]);
		if (e->call.builtin)
			w->asks |= builtin_asks(e->call.builtin->id);
		if (e->call.builtin && asks_for_groups(e->call.builtin->id))
			w->L->uses_matched = true;
		walk_list(w, &e->call.args);
		return;
	case E_PRIM:
		w->reads_args |= e->prim.op == PRIM_CTX &&
				 e->prim.off != IMAGE_CTX_RETVAL;
		break;
	default:
		break;
	}
	expr_children(v, e);
}

static void walk_foreach(struct walk *w, struct stmt *s)
{
	struct expr *base = s->foreach.base;

	walk_expr(&w->v, &base);
	if (base->kind == E_SYMBOL && s->foreach.sort_dir && w->eff)
		set_bit(w->eff->sorts, base->sym.ref->id);
	vec_for (&s->foreach.keys, i)
		walk_lvalue(w, s->foreach.keys.v[i]);
	if (s->foreach.value)
		walk_lvalue(w, s->foreach.value);
	walk_list(w, &s->foreach.slice);
	if (s->foreach.limit)
		walk_expr(&w->v, &s->foreach.limit);
	w->v.stmt(&w->v, &s->foreach.body);
}

static void walk_stmt(struct visitor *v, struct stmt **ps)
{
	struct walk *w = v->ctx;
	struct stmt *s = *ps;

	switch (s->kind) {
	case S_DELETE:
		walk_lvalue(w, s->expr);
		return;
	case S_FOREACH:
		walk_foreach(w, s);
		return;
	case S_TRY:
		if (s->try_.var)
			walk_lvalue(w, s->try_.var);
		walk_stmt(v, &s->try_.body);
		walk_stmt(v, &s->try_.handler);
		return;
	default:
		stmt_children(v, s);
	}
}

static struct walk *new_walk(struct lower *L, struct effects *eff)
{
	struct walk *w = arena_new_obj(L->arena, struct walk);

	w->v.expr = walk_expr;
	w->v.stmt = walk_stmt;
	w->v.ctx = w;
	w->L = L;
	w->eff = eff;
	return w;
}

static void add_callees(struct lower *L, struct walk *w)
{
	vec_for (&w->callees, i) {
		const struct fn_info *fi = w->callees.v[i]->aux;

		if (fi)
			merge_effects(L, w->eff, &fi->eff);
	}
}

void effects_of_stmt(struct lower *L, struct stmt *s, struct effects *out)
{
	struct walk *w = new_walk(L, out);

	walk_stmt(&w->v, &s);
	add_callees(L, w);
}

void effects_of_expr(struct lower *L, struct expr *e, struct effects *out)
{
	struct walk *w = new_walk(L, out);

	walk_expr(&w->v, &e);
	add_callees(L, w);
}

/* ---- questions about one variable ---- */

static bool is_leaf(const struct expr *e)
{
	return e->kind == E_NUMBER || e->kind == E_STRING;
}

static void ask(struct lower *L, const struct expr *e, const struct var_decl *v,
		bool *read, bool *written)
{
	struct walk *w = new_walk(L, NULL);
	struct expr *root = (struct expr *)e; /* the visitor changes nothing */

	w->var = v;
	walk_expr(&w->v, &root);
	*read = w->var_read;
	*written = w->var_written;
	if (v->kind != VAR_GLOBAL)
		return;
	vec_for (&w->callees, i) {
		const struct fn_info *fi = w->callees.v[i]->aux;

		*read |= effects_has(fi->eff.reads, v->id);
		*written |= effects_has(fi->eff.writes, v->id);
	}
}

bool effects_modifies(struct lower *L, const struct expr *e,
		      const struct var_decl *v)
{
	bool read, written;

	if (is_leaf(e) || e->kind == E_SYMBOL)
		return false;
	ask(L, e, v, &read, &written);
	return written;
}

bool effects_touches(struct lower *L, const struct expr *e,
		     const struct var_decl *v)
{
	bool read, written;

	if (is_leaf(e))
		return false;
	ask(L, e, v, &read, &written);
	return read || written;
}

/* ---- failing ---- */

static void find_failure(struct visitor *v, struct expr **pe)
{
	struct expr *e = *pe;
	bool *fails = v->ctx;
	const struct expr *divisor = NULL;

	switch (e->kind) {
	case E_BINARY:
		if (e->binary.op == OP_DIV || e->binary.op == OP_MOD)
			divisor = e->binary.b;
		break;
	case E_ASSIGN:
		if (e->assign.op == OP_DIV || e->assign.op == OP_MOD)
			divisor = e->assign.b;
		*fails |= e->assign.a->kind == E_INDEX;
		break;
	case E_INCDEC:
		*fails |= e->incdec.a->kind == E_INDEX;
		break;
	case E_CALL:
		*fails |= !e->call.builtin ||
			  (e->call.builtin->flags & BF_FAIL) != 0;
		break;
	case E_STATOP:
	case E_REGEX:
		*fails = true;
		break;
	case E_PRIM:
		*fails |= e->prim.op == PRIM_READ_KERNEL ||
			  e->prim.op == PRIM_READ_USER ||
			  e->prim.op == PRIM_STR_KERNEL ||
			  e->prim.op == PRIM_STR_USER;
		break;
	case E_TARGET:
		if (e->target.bound)
			find_failure(v, &e->target.bound);
		return;
	default:
		break;
	}
	if (divisor && (divisor->kind != E_NUMBER || divisor->num.v == 0))
		*fails = true;
	expr_children(v, e);
}

static void no_stmt(struct visitor *v, struct stmt **s)
{
	(void)v;
	(void)s;
}

bool effects_can_fail(const struct expr *e)
{
	bool fails = false;
	struct visitor v = {
		.expr = find_failure, .stmt = no_stmt, .ctx = &fails};
	struct expr *root = (struct expr *)e;

	find_failure(&v, &root);
	return fails;
}

/* ---- how many statements run at most ---- */

static uint32_t add_cost(uint32_t a, uint32_t b)
{
	return a >= COST_MANY - b ? COST_MANY : a + b;
}

bool effects_has_star(const expr_list *keys)
{
	vec_for (keys, i)
		if (!keys->v[i])
			return true;
	return false;
}

static uint32_t fn_cost(struct fn_info *fi);

static void count_calls(struct visitor *v, struct expr **pe)
{
	struct expr *e = *pe;
	uint32_t *cost = v->ctx;

	if (e->kind == E_IN && effects_has_star(&e->in.keys))
		*cost = COST_MANY; /* a walk over the array */
	if (e->kind == E_CALL && e->call.funcs.n)
		*cost = add_cost(*cost, fn_cost(e->call.funcs.v[0]->aux));
	if (e->kind == E_TARGET && e->target.bound)
		count_calls(v, &e->target.bound);
	else
		expr_children(v, e);
}

static uint32_t expr_cost(struct expr *e)
{
	uint32_t cost = 0;
	struct visitor v = {.expr = count_calls, .stmt = no_stmt, .ctx = &cost};

	if (e)
		count_calls(&v, &e);
	return cost;
}

static uint32_t stmt_cost(const struct stmt *s)
{
	uint32_t cost = 0, other = 0;

	switch (s->kind) {
	case S_NULL:
	case S_EMBEDDED:
		return 0;
	case S_BLOCK:
		vec_for (&s->block.list, i)
			cost = add_cost(cost, stmt_cost(s->block.list.v[i]));
		return cost;
	case S_IF:
		cost = stmt_cost(s->if_.then);
		if (s->if_.otherwise)
			other = stmt_cost(s->if_.otherwise);
		if (other > cost)
			cost = other;
		return add_cost(add_cost(cost, 1), expr_cost(s->if_.cond));
	case S_WHILE:
	case S_FOR:
	case S_FOREACH:
		return COST_MANY;
	case S_TRY:
		cost = add_cost(stmt_cost(s->try_.body),
				stmt_cost(s->try_.handler));
		return add_cost(cost, 1);
	case S_DELETE:
		if (s->expr->kind == E_INDEX &&
		    effects_has_star(&s->expr->index.keys))
			return COST_MANY;
		return add_cost(1, expr_cost(s->expr));
	case S_EXPR:
	case S_RETURN:
		return add_cost(1, expr_cost(s->expr));
	default: /* next, break, continue */
		return 1;
	}
}

static void find_loop(struct visitor *v, struct stmt **ps)
{
	struct stmt *s = *ps;

	if (s->kind == S_WHILE || s->kind == S_FOR || s->kind == S_FOREACH)
		*(bool *)v->ctx = true;
	else
		stmt_children(v, s);
}

static void no_expr(struct visitor *v, struct expr **e)
{
	(void)v;
	(void)e;
}

bool effects_loops(const struct stmt *s)
{
	bool found = false;
	struct visitor v = {.expr = no_expr, .stmt = find_loop, .ctx = &found};

	stmt_children(&v, (struct stmt *)s);
	return found;
}

/* COST_MANY while it is being computed, which only recursion gets to see. */
static uint32_t fn_cost(struct fn_info *fi)
{
	uint32_t cost;

	if (fi->cost || fi->recursive)
		return fi->recursive ? COST_MANY : fi->cost;
	fi->cost = COST_MANY;
	cost = stmt_cost(fi->fn->body);
	if (fi->next)
		cost = add_cost(cost, fn_cost(fi->next->aux));
	if (!cost || (cost < COST_MANY && fi->fn->file->is_tapset))
		cost = 1;
	fi->cost = cost;
	return fi->cost;
}

/* ---- the call graph ---- */

static void walk_function(struct lower *L, struct fn_info *fi)
{
	struct walk *w = new_walk(L, &fi->eff);

	walk_stmt(&w->v, &fi->fn->body);
	vec_for (&w->callees, i)
		vec_push(L->arena, &fi->callees, w->callees.v[i]);
	fi->asks = w->asks;
}

/* A later overload is called by an earlier one's "next". */
static void find_overloads(struct visitor *v, struct expr **pe)
{
	struct lower *L = v->ctx;
	struct expr *e = *pe;

	if (e->kind == E_TARGET && e->target.bound) {
		find_overloads(v, &e->target.bound);
		return;
	}
	if (e->kind == E_CALL) {
		for (uint32_t i = 0; i + 1 < e->call.funcs.n; i++) {
			struct fn_info *fi = e->call.funcs.v[i]->aux;

			fi->next = e->call.funcs.v[i + 1];
		}
	}
	expr_children(v, e);
	(void)L;
}

static void overload_stmts(struct visitor *v, struct stmt **s)
{
	stmt_children(v, *s);
}

static void link_overloads(struct lower *L)
{
	struct visitor v = {
		.expr = find_overloads, .stmt = overload_stmts, .ctx = L};

	vec_for (&L->prog->funcs, i)
		stmt_children(&v, L->prog->funcs.v[i]->body);
	vec_for (&L->prog->handlers, i)
		stmt_children(&v, L->prog->handlers.v[i]->body);
}

static void close_graph(struct lower *L)
{
	bool changed;

	do {
		changed = false;
		vec_for (&L->prog->funcs, i) {
			struct fn_info *fi = L->prog->funcs.v[i]->aux;

			vec_for (&fi->callees, c) {
				struct fn_info *to = fi->callees.v[c]->aux;

				changed |= merge_effects(L, &fi->eff, &to->eff);
				changed |= merge(fi->reach, to->reach,
						 L->fn_words);
				changed |= (to->asks & ~fi->asks) != 0;
				fi->asks |= to->asks;
			}
		}
	} while (changed);
	vec_for (&L->prog->funcs, i) {
		struct fn_info *fi = L->prog->funcs.v[i]->aux;

		fi->recursive = effects_has(fi->reach, fi->fn->id);
	}
}

/*
 * Longest chain of calls. Functions that call each other count each once, and
 * two more for the way back: what SystemTap allows for.
 */
static uint32_t fn_depth(struct lower *L, struct fn_info *fi)
{
	uint32_t deepest = 0, own = 0;

	if (fi->depth)
		return fi->depth;
	vec_for (&L->prog->funcs, i) {
		struct fn_info *o = L->prog->funcs.v[i]->aux;

		own += effects_has(fi->reach, o->fn->id) &&
		       effects_has(o->reach, fi->fn->id);
	}
	vec_for (&L->prog->funcs, i) {
		struct fn_info *o = L->prog->funcs.v[i]->aux;
		uint32_t d;

		if (!effects_has(fi->reach, o->fn->id) ||
		    effects_has(o->reach, fi->fn->id))
			continue;
		d = fn_depth(L, o);
		deepest = d > deepest ? d : deepest;
	}
	fi->depth = deepest + (own ? own + 2 : 1);
	return fi->depth;
}

static void set_nesting(struct lower *L)
{
	uint32_t depth = 0, limit = (uint32_t)L->opts->limits.max_nesting;
	bool recursive = false;

	vec_for (&L->prog->funcs, i) {
		struct fn_info *fi = L->prog->funcs.v[i]->aux;
		uint32_t d = fn_depth(L, fi);

		depth = d > depth ? d : depth;
		recursive |= fi->recursive;
	}
	L->max_nesting = limit ? limit : depth + (recursive ? 10 : 0);
	L->count_nesting = recursive || (limit && limit < depth);
}

/* ---- who counts statements ---- */

static uint64_t action_limit(struct lower *L, const struct handler *h)
{
	const struct lower_limits *l = &L->opts->limits;
	bool interruptible = true;

	vec_for (&h->sites, i)
		interruptible &= !!(h->sites.v[i]->handler_flags &
				    IMAGE_HANDLER_INTERRUPTIBLE);
	if (!interruptible)
		return (uint64_t)l->max_action;
	return (uint64_t)(l->max_action_interruptible
				  ? l->max_action_interruptible
				  : 10 * l->max_action);
}

static void mark_accounting(struct lower *L, struct func_decl *fn)
{
	struct fn_info *fi = fn->aux;

	if (fi->accounts)
		return;
	fi->accounts = fn_cost(fi) > SMALL_COST;
	if (fi->accounts)
		vec_for (&fi->callees, i)
			mark_accounting(L, fi->callees.v[i]);
}

static void set_accounting(struct lower *L)
{
	vec_for (&L->prog->handlers, i) {
		struct handler_info *hi = &L->handlers[i];

		hi->cost = add_cost(stmt_cost(hi->h->body), 1);
		hi->accounts = hi->cost > action_limit(L, hi->h);
		if (hi->accounts)
			vec_for (&hi->callees, c)
				mark_accounting(L, hi->callees.v[c]);
	}
}

/* ---- locks ---- */

bool effects_runs_alone(const struct handler *h)
{
	vec_for (&h->sites, i)
		if (h->sites.v[i]->attach.kind != WIRE_PROBE_BEGIN)
			return false;
	return true;
}

static bool same_use(struct lower *L, uint32_t a, uint32_t b)
{
	vec_for (&L->prog->handlers, i) {
		const struct effects *e = &L->handlers[i].eff;

		if (effects_runs_alone(L->handlers[i].h))
			continue;
		if (effects_has(e->reads, a) != effects_has(e->reads, b) ||
		    effects_has(e->writes, a) != effects_has(e->writes, b) ||
		    effects_has(e->sorts, a) != effects_has(e->sorts, b))
			return false;
	}
	return true;
}

static void choose_locks(struct lower *L)
{
	vec_for (&L->prog->globals, g) {
		struct var_info *vi = L->prog->globals.v[g]->aux;
		bool written = false;

		vec_for (&L->prog->handlers, i) {
			const struct effects *e = &L->handlers[i].eff;

			if (!effects_runs_alone(L->handlers[i].h))
				written |= effects_has(e->writes, g) ||
					   effects_has(e->sorts, g);
		}
		if (!written)
			continue;
		vi->lock = g;
		for (uint32_t o = 0; o < g; o++) {
			const struct var_info *first =
				L->prog->globals.v[o]->aux;

			if (first->lock == o && same_use(L, o, g)) {
				vi->lock = o;
				break;
			}
		}
	}
}

static void walk_handler(struct lower *L, struct handler_info *hi)
{
	struct walk *w;
	struct stmt *body = hi->h->body;

	hi->eff = effects_new(L);
	w = new_walk(L, &hi->eff);
	walk_stmt(&w->v, &body);
	if (hi->h->cond) {
		struct expr *cond = hi->h->cond;

		walk_expr(&w->v, &cond);
	}
	add_callees(L, w);
	hi->asks = w->asks;
	hi->reads_args = w->reads_args;
	vec_for (&w->callees, i) {
		const struct fn_info *fi = w->callees.v[i]->aux;

		vec_push(L->arena, &hi->callees, w->callees.v[i]);
		hi->asks |= fi->asks;
	}
}

void effects_analyse(struct lower *L)
{
	const struct program *p = L->prog;

	L->collecting = true;
	L->global_words = p->globals.n / 64 + 1;
	L->fn_words = p->funcs.n / 64 + 1;
	vec_for (&p->globals, i)
		p->globals.v[i]->id = i;
	vec_for (&p->funcs, i) {
		struct fn_info *fi = arena_new_obj(L->arena, struct fn_info);

		fi->fn = p->funcs.v[i];
		fi->fn->id = i;
		fi->fn->aux = fi;
		fi->eff = effects_new(L);
		fi->reach = arena_new_array(L->arena, uint64_t, L->fn_words);
	}
	link_overloads(L);
	vec_for (&p->funcs, i) {
		struct fn_info *fi = p->funcs.v[i]->aux;

		walk_function(L, fi);
		if (fi->next)
			vec_push(L->arena, &fi->callees, fi->next);
		vec_for (&fi->callees, c)
			set_bit(fi->reach, fi->callees.v[c]->id);
	}
	close_graph(L);
	set_nesting(L);
	L->handlers = arena_new_array(L->arena, struct handler_info,
				      p->handlers.n + 1);
	vec_for (&p->handlers, i) {
		L->handlers[i].h = p->handlers.v[i];
		walk_handler(L, &L->handlers[i]);
	}
	L->collecting = false;
	set_accounting(L);
	globals_layout(L);
	choose_locks(L);
}
