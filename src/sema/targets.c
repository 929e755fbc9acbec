// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Target variables. Each E_TARGET of a body is bound at the site's probe kind
 * (or, when it does not depend on the place, by probe_bind_target()) and
 * replaced by the tree that reads it. @defined() is decided here, and so is
 * everything that hangs on it: `@defined($x) ? $x : 0` must not complain about
 * an $x that does not exist, so conditions are folded before their branches
 * are looked at. One that cannot be bound stays in the tree: it is an error when
 * it is still there after what has no effect was taken out, for aliases set
 * variables from whatever a kernel may have.
 */
#include <string.h>

#include "probe/access.h"
#include "sema/pass.h"

#define MAX_REBIND 64

struct bind {
	struct sema *s;
	struct probe_site *site; /* NULL in functions */
	const struct stmt *user; /* for @probewrite */
	bool quiet;		 /* under @defined: failures are answers */
	bool failed;
	bool lvalue; /* the next expression is assigned to */
	unsigned depth;
	struct map *pointees; /* script variable -> its C type (autocast) */
};

static void bind_expr(struct visitor *v, struct expr **e);
static void bind_stmt(struct visitor *v, struct stmt **st);

static const char *shown_target(struct sema *s, const struct expr *e)
{
	struct strbuf b = {0};
	const char *text;

	unparse_expr(&b, e);
	text = arena_strdup(s->arena, sb_str(&b));
	sb_free(&b);
	return text;
}

static const char *similar_in(struct sema *s, const char *name,
			      const char *have)
{
	VEC(const char *) cands = {0};
	char *copy, *save = NULL;

	if (!have || !name)
		return "";
	copy = arena_strdup(s->arena, have);
	for (char *p = strtok_r(copy, ", ", &save); p;
	     p = strtok_r(NULL, ", ", &save))
		vec_push(s->arena, &cands, *p == '$' ? p + 1 : p);
	return similar_to(s, name, cands.v, cands.n);
}

/* A target variable that could not be bound. */
struct unbound {
	struct expr *e;
	struct probe_site *site; /* NULL: in a function */
	const char *why, *have;
	bool lvalue; /* it is assigned to */
	bool alive;  /* still in the program */
};

/* value->member, and nothing is known of what the value points to. */
static bool is_untyped(const struct expr *e)
{
	return e->target.tk == TGT_AUTOCAST && !value_type_of(e->target.arg);
}

/* It is there, and it can be read. */
static bool is_read_only(const struct unbound *u)
{
	return u->lvalue && u->why && !(u->have && *u->have) &&
	       !is_untyped(u->e);
}

static void report_read_only(struct sema *s, const struct unbound *u)
{
	struct diag_msg *m = diag_report(s->diag, TARGET_READ_ONLY, u->e->loc,
					 expr_what(s->arena, u->e), u->why);

	if (u->site)
		diag_note(m, LOC_NONE, "at probe point %s", u->site->name);
	diag_remedy(m, "variables that lie in the memory of a program can be "
		       "changed, in probes of that program; the kernel's "
		       "settings are in /proc/sys and /sys");
}

static void report_unresolved(struct sema *s, const struct unbound *u)
{
	struct expr *e = u->e;
	const char *have = u->have;
	struct diag_msg *m;
	const char *name = e->target.name;

	/* The last member is what usually is misspelt. */
	vec_for (&e->target.steps, i)
		if (e->target.steps.v[i].member)
			name = e->target.steps.v[i].member;
	if (is_untyped(e))
		m = diag_report(s->diag, DEREF_TYPE, e->loc,
				expr_what(s->arena, e));
	else
		m = diag_report(s->diag, UNRESOLVED_TARGET, e->loc,
				expr_what(s->arena, e),
				similar_in(s, name, have));
	if (u->why)
		diag_note(m, LOC_NONE, "%s", u->why);
	else if (!u->site && e->target.tk == TGT_VAR)
		diag_note(m, LOC_NONE,
			  "target variables exist only in probe handlers");
	if (have && *have)
		diag_note(m, LOC_NONE, "available: %s", have);
	if (u->site)
		diag_note(m, LOC_NONE, "at probe point %s", u->site->name);
	else if (e->target.tk == TGT_VAR)
		diag_remedy(m, "pass the value as an argument");
	if (u->site)
		diag_remedy(m,
			    "stap -L '%s' lists the variables; "
			    "@defined(%s) tests for one",
			    u->site->name, shown_target(s, e));
}

static void mark_alive(void *ctx, struct expr *e)
{
	if (e->kind == E_TARGET && e->target.unbound)
		e->target.unbound->alive = true;
}

static void mark_unit(struct sema *s, struct unit *u, void *ctx)
{
	walk_exprs(*unit_body(u), mark_alive, NULL);
}

void targets_report(struct sema *s)
{
	if (!s->unbound.n)
		return;
	each_unit(s, mark_unit, NULL);
	vec_for (&s->unbound, i)
		if (s->unbound.v[i]->alive && is_read_only(s->unbound.v[i]))
			report_read_only(s, s->unbound.v[i]);
		else if (s->unbound.v[i]->alive)
			report_unresolved(s, s->unbound.v[i]);
	s->unbound.n = 0;
}

static bool bind_one(struct bind *b, struct expr *e, const char **why,
		     const char **have)
{
	bool own = e->target.tk == TGT_VAR && b->site && b->site->kind &&
		   b->site->kind->bind;

	if (e->target.tk == TGT_VAR && !own)
		return false;
	return own ? b->site->kind->bind(b->s->env, b->site, e, b->lvalue, why,
					 have)
		   : probe_bind_target(b->s->env, b->site, e, b->lvalue, why,
				       have);
}

static void cast_current(struct bind *b, struct expr *e);

static bool owns_values(const struct bind *b, const struct expr *e)
{
	return e->target.tk == TGT_VAR && b->site &&
	       b->site->kind->own_values;
}

/* What the library writes it means; macros' files are not among its files. */
static bool is_library(struct sema *s, struct loc loc)
{
	const struct file *f = file_of(s, loc);

	return !f || f->is_tapset;
}

static void bind_target(struct visitor *v, struct expr **ep)
{
	struct bind *b = v->ctx;
	struct expr *e = *ep;
	const char *why = NULL, *have = NULL;
	bool lvalue = b->lvalue, failed = b->failed;

	b->lvalue = b->failed = false;
	expr_children(v, e);
	b->lvalue = lvalue;
	if (b->failed)
		return;
	b->failed = failed;
	cast_current(b, e);
	if (lvalue && !b->s->env->guru_mode && !owns_values(b, e) &&
	    !is_untyped(e)) {
		struct diag_msg *m;

		b->failed = true;
		if (b->quiet)
			return;
		m = diag_report(b->s->diag, TARGET_WRITE, e->loc,
				expr_what(b->s->arena, e));
		diag_remedy(m, "stap -g allows scripts to change what they "
			       "trace");
		return;
	}
	if (!bind_one(b, e, &why, &have)) {
		if (b->s->opts->skip_badvars && !b->quiet && !lvalue) {
			*ep = expr_number(b->s->arena, e->loc, 0);
			return;
		}
		b->failed = true;
		if (!b->quiet) {
			struct unbound *u =
				arena_new_obj(b->s->arena, struct unbound);

			*u = (struct unbound){e, b->site, why,
					      have, lvalue, false};
			e->target.unbound = u;
			vec_push(b->s->arena, &b->s->unbound, u);
		}
		return;
	}
	*ep = e->target.bound;
	b->lvalue = false;
	if ((*ep)->kind == E_ENTRY && !b->quiet && e->target.name[0] != '$' &&
	    !is_library(b->s, e->loc))
		diag_report(b->s->diag, ENTRY_CAPTURED, e->loc,
			    expr_what(b->s->arena, e),
			    shown_target(b->s, (*ep)->defined.arg));
	/* What it was replaced by may hold target variables again. */
	if (b->depth++ < MAX_REBIND)
		bind_expr(v, ep);
	b->depth--;
}

static void to_number(struct bind *b, struct expr **e, int64_t value)
{
	struct loc loc = (*e)->loc;

	*e = expr_number(b->s->arena, loc, value);
}

/* @defined(arg): tried on a copy. */
static bool is_defined(struct bind *b, struct expr *arg)
{
	struct bind trial = *b;
	struct visitor v = {bind_expr, bind_stmt, &trial};
	struct expr *copy = expr_clone(b->s->arena, arg);
	unsigned mark = diag_mark(b->s->diag);

	trial.quiet = true;
	trial.failed = false;
	bind_expr(&v, &copy);
	diag_rollback(b->s->diag, mark);
	return !trial.failed;
}

struct written {
	const char *name;
	bool found;
};

static void find_write(void *ctx, struct expr *e)
{
	struct written *w = ctx;
	struct expr *to = e->kind == E_ASSIGN	? e->assign.a
			  : e->kind == E_INCDEC ? e->incdec.a
						: NULL;

	if (to && to->kind == E_SYMBOL && !strcmp(to->sym.name, w->name))
		w->found = true;
}

static bool is_written(struct bind *b, struct expr *arg)
{
	struct written w = {0};

	if (arg->kind != E_SYMBOL || !b->user)
		return false;
	w.name = arg->sym.name;
	walk_exprs((struct stmt *)b->user, find_write, &w);
	return w.found;
}

static void bind_lvalue(struct visitor *v, struct expr **e)
{
	struct bind *b = v->ctx;

	b->lvalue = (*e)->kind == E_TARGET;
	bind_expr(v, e);
	b->lvalue = false;
}

/*
 * A script variable keeps the C type of what it was assigned, so that
 * `p = $x->y; p->z` works. The last assignment in the text counts.
 */
static void note_pointee(struct bind *b, const struct expr *e)
{
	const struct value_type *t;

	if (e->assign.op != OP_NONE || e->assign.a->kind != E_SYMBOL)
		return;
	t = value_type_of(e->assign.b);
	if (t)
		map_put(b->pointees, e->assign.a->sym.name, (void *)t);
}

static void find_return_type(struct visitor *v, struct stmt **sp)
{
	struct stmt *st = *sp;
	const struct value_type **t = v->ctx;

	if (st->kind == S_RETURN && st->expr && !*t)
		*t = value_type_of(st->expr);
	stmt_children(v, st);
}

/* A function that returns a typed pointer: `task_parent(t)->tgid`. */
static const struct value_type *call_type(struct bind *b, struct expr *e)
{
	struct sema *s = b->s;
	struct func_decl **f = NULL;
	const struct value_type *t = NULL;
	struct visitor v = {NULL, find_return_type, &t};

	if (!symbols_functions(s, file_of(s, e->loc), e->call.name,
			       e->call.args.n, &f))
		return NULL;
	bind_function(s, f[0]);
	find_return_type(&v, &f[0]->body);
	return t;
}

/* The current task is a task_struct, whoever asks. */
static void cast_current(struct bind *b, struct expr *e)
{
	struct expr *arg = e->target.arg;

	if (e->target.tk != TGT_AUTOCAST || arg->kind != E_CALL)
		return;
	if (!strcmp(arg->call.name, "task_current") && !arg->call.args.n) {
		e->target.tk = TGT_CAST;
		e->target.name = "task_struct";
		e->target.module = "kernel";
	} else if (!arg->ctype) {
		arg->ctype = call_type(b, arg);
	}
}

static void bind_logic(struct visitor *v, struct expr **ep)
{
	struct bind *b = v->ctx;
	struct expr *e = *ep;
	int a;

	bind_expr(v, &e->binary.a);
	a = expr_truth(e->binary.a);
	if (a >= 0 && a == (e->binary.op == OP_LOGOR)) {
		to_number(b, ep, a);
		return;
	}
	bind_expr(v, &e->binary.b);
	if (a >= 0 && expr_truth(e->binary.b) >= 0)
		to_number(b, ep, expr_truth(e->binary.b));
}

/* entry.c binds the operand where it is evaluated, at the entry. */
static void note_entry_type(struct bind *b, struct expr *e)
{
	struct bind trial = *b;
	struct visitor v = {bind_expr, bind_stmt, &trial};
	struct expr *copy;
	unsigned mark = diag_mark(b->s->diag);

	if (e->ctype || e->defined.arg->kind != E_TARGET)
		return;
	copy = expr_clone(b->s->arena, e->defined.arg);
	trial.quiet = true;
	bind_expr(&v, &copy);
	diag_rollback(b->s->diag, mark);
	e->ctype = value_type_of(copy);
}

static bool is_reply(const struct expr *e)
{
	return e->kind == E_PRIM &&
	       (e->prim.op == PRIM_REPLY || e->prim.op == PRIM_VERDICT);
}

/* $value = "text", $value .= "text" of a procfs read probe; $verdict = 0 of a
   netfilter hook. */
static void assign_reply(struct bind *b, struct expr **ep)
{
	struct expr *e = *ep;
	bool verdict = e->assign.a->prim.op == PRIM_VERDICT;
	bool append = e->assign.op == OP_CONCAT && !verdict;

	if (!append && e->assign.op != OP_NONE) {
		b->failed = true;
		if (!b->quiet)
			diag_report(b->s->diag, NOT_AN_LVALUE, e->loc,
				    expr_what(b->s->arena, e),
				    verdict ? "=" : "=, .=");
		return;
	}
	*ep = expr_call(b->s->arena, e->loc,
			verdict  ? "__verdict"
			: append ? "__reply_more"
				 : "__reply");
	vec_push(b->s->arena, &(*ep)->call.args, e->assign.b);
}

/* Memory of the process that is assigned to: see access.c. */
static bool is_memory(const struct expr *e)
{
	return e->kind == E_PRIM && e->prim.op == PRIM_READ_USER;
}

static struct expr *write_call(struct bind *b, struct loc loc,
			       const struct expr *to, struct expr *value)
{
	struct arena *a = b->s->arena;
	struct expr *call = expr_call(a, loc, "__write_user");

	vec_push(a, &call->call.args, expr_clone(a, to->prim.arg[0]));
	vec_push(a, &call->call.args, expr_number(a, loc, to->prim.size));
	vec_push(a, &call->call.args, value);
	return call;
}

/* $v = x, $v += x */
static void assign_memory(struct bind *b, struct expr **ep)
{
	struct expr *e = *ep, *value = e->assign.b;

	if (e->assign.op != OP_NONE)
		value = expr_binary(b->s->arena, e->loc, e->assign.op,
				    expr_clone(b->s->arena, e->assign.a),
				    value);
	*ep = write_call(b, e->loc, e->assign.a, value);
}

/* ++$v; $v++ is the same less 1 */
static void step_memory(struct bind *b, struct expr **ep)
{
	struct expr *e = *ep;
	struct arena *a = b->s->arena;
	enum op up = e->incdec.delta > 0 ? OP_ADD : OP_SUB;
	struct expr *one = expr_number(a, e->loc, 1);

	*ep = write_call(b, e->loc, e->incdec.a,
			 expr_binary(a, e->loc, up,
				     expr_clone(a, e->incdec.a), one));
	if (!e->incdec.prefix)
		*ep = expr_binary(a, e->loc, up == OP_ADD ? OP_SUB : OP_ADD,
				  *ep, expr_number(a, e->loc, 1));
}

static void bind_expr(struct visitor *v, struct expr **ep)
{
	struct bind *b = v->ctx;
	struct expr *e = *ep;
	bool lvalue = b->lvalue;

	b->lvalue = false;
	switch (e->kind) {
	case E_TARGET:
		b->lvalue = lvalue;
		bind_target(v, ep);
		b->lvalue = false;
		break;
	case E_DEFINED:
		to_number(b, ep, is_defined(b, e->defined.arg));
		break;
	case E_PROBEWRITE:
		to_number(b, ep, is_written(b, e->defined.arg));
		break;
	case E_ENTRY:
		if (b->site && b->site->attach.flags & WIRE_ATTACH_RETURN) {
			note_entry_type(b, e);
			break;
		}
		b->failed = true;
		if (!b->quiet)
			diag_remedy(diag_report(b->s->diag, ENTRY_CONTEXT,
						e->loc,
						expr_what(b->s->arena, e)),
				    "only the return of a function has an "
				    "entry to remember");
		break;
	case E_ASSIGN:
		bind_lvalue(v, &e->assign.a);
		bind_expr(v, &e->assign.b);
		note_pointee(b, e);
		if (is_reply(e->assign.a))
			assign_reply(b, ep);
		else if (is_memory(e->assign.a))
			assign_memory(b, ep);
		break;
	case E_SYMBOL:
		if (!e->ctype)
			e->ctype = map_get(b->pointees, e->sym.name);
		break;
	case E_INCDEC:
		bind_lvalue(v, &e->incdec.a);
		if (is_memory(e->incdec.a))
			step_memory(b, ep);
		break;
	case E_UNARY:
		expr_children(v, e);
		if (e->unary.op == OP_NOT && expr_truth(e->unary.a) >= 0)
			to_number(b, ep, !expr_truth(e->unary.a));
		break;
	case E_BINARY:
		if (e->binary.op == OP_LOGAND || e->binary.op == OP_LOGOR)
			bind_logic(v, ep);
		else
			expr_children(v, e);
		break;
	case E_TERNARY: {
		int cond;

		bind_expr(v, &e->ternary.cond);
		cond = expr_truth(e->ternary.cond);
		if (cond >= 0) {
			*ep = cond ? e->ternary.a : e->ternary.b;
			bind_expr(v, ep);
		} else {
			bind_expr(v, &e->ternary.a);
			bind_expr(v, &e->ternary.b);
		}
		break;
	}
	default:
		expr_children(v, e);
	}
}

static void bind_stmt(struct visitor *v, struct stmt **sp)
{
	struct bind *b = v->ctx;
	struct stmt *st = *sp;
	int cond;

	if (st->kind != S_IF) {
		stmt_children(v, st);
		return;
	}
	bind_expr(v, &st->if_.cond);
	cond = expr_truth(st->if_.cond);
	if (cond >= 0 && !counts_for_types(b->s, st->if_.cond, st)) {
		struct stmt *taken = cond ? st->if_.then : st->if_.otherwise;

		*sp = taken ? taken : stmt_new(b->s->arena, S_NULL, st->loc);
		bind_stmt(v, sp);
		return;
	}
	bind_stmt(v, &st->if_.then);
	if (st->if_.otherwise)
		bind_stmt(v, &st->if_.otherwise);
}

void targets_bind(struct sema *s, struct probe_site *site,
		  const struct stmt *user, struct stmt **body)
{
	struct map pointees;
	struct bind b = {
		.s = s, .site = site, .user = user, .pointees = &pointees};
	struct visitor v = {bind_expr, bind_stmt, &b};

	map_init(&pointees, s->arena);
	bind_stmt(&v, body);
}

void bind_function(struct sema *s, struct func_decl *f)
{
	vec_for (&s->bound, i)
		if (s->bound.v[i] == f)
			return;
	vec_push(s->arena, &s->bound, f);
	targets_bind(s, NULL, NULL, &f->body);
}
