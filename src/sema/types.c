// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Type inference: longs, strings, aggregates. Every variable, array index,
 * parameter and function has one type; knowledge flows both ways (an operand
 * takes its type from the operator, a variable gives its type to whatever it
 * is used with). All bodies are visited until nothing changes; then what is
 * still unknown is an error.
 *
 * infer(e, want): `want` is the type that the context needs, TY_UNKNOWN when
 * any will do, TY_NONE when the value is thrown away.
 *
 * Which of two places that disagree gets the error is part of the language's
 * behaviour: the one that is visited later. So the order of the visits is
 * SystemTap's: functions by name, then probes; the left side before the right
 * one; an operand knows the type of the other one only if it is a literal or
 * was visited before.
 */
#include <stdlib.h>
#include <string.h>

#include "sema/pass.h"
#include "syntax/format.h"
#include "syntax/lex.h"

struct infer {
	struct sema *s;
	struct func_decl *func; /* whose body this is, or NULL */
	bool changed;
	bool final;	   /* last round: report what is unknown */
	struct map warned; /* functions already reported as unknown */
	VEC(struct func_decl *) funcs; /* in the order of the visits */
};

static void infer(struct infer *in, struct expr *e, enum type want);
static void infer_stmt(struct infer *in, struct stmt *st);
static void must_be_known(struct infer *in, struct expr *e);

static bool known(enum type t)
{
	return t == TY_LONG || t == TY_STRING || t == TY_STATS;
}

/* ---- errors ---- */

static bool is_var_use(const struct expr *e)
{
	return e->kind == E_SYMBOL ||
	       (e->kind == E_INDEX && e->index.base->kind == E_SYMBOL);
}

static void stats_remedy(struct diag_msg *m, const char *name)
{
	diag_remedy(m,
		    "take a number out of it: @count(%s), @sum(%s), "
		    "@min(%s), @max(%s), @avg(%s)",
		    name, name, name, name, name);
}

/* "identifier 'x'": what stands there. */
static const char *token_at(struct infer *in, struct loc loc)
{
	struct lexer l;
	size_t len;
	struct token t;

	lex_init(&l, NULL, loc.src);
	l.line_start = source_line(loc.src, loc.line, &len);
	l.line = loc.line;
	l.p = l.line_start + (loc.col - 1 < len ? loc.col - 1 : len);
	t = lex_next(&l);
	return token_describe(in->s->arena, &t);
}

static void note_first(struct infer *in, struct diag_msg *m, struct loc loc,
		       const char *what, enum type t)
{
	diag_note(m, loc, "%s was first inferred here (%s)", what,
		  type_name(t));
	if (loc.src)
		diag_note_what(m, token_at(in, loc));
}

static struct diag_msg *expected(struct infer *in, struct expr *e,
				 enum type want)
{
	struct diag_msg *m = diag_report(in->s->diag, TYPE_EXPECTED, e->loc,
					 expr_what(in->s->arena, e),
					 type_name(want), type_name(e->type));

	if (want == TY_STRING && e->type == TY_LONG)
		diag_remedy(m, "sprint(...) makes a string of a number");
	else if (want == TY_LONG && e->type == TY_STRING)
		diag_remedy(m, "strtol(..., 10) makes a number of a string");
	return m;
}

/* "index 0": which of the values that an array or a function takes. */
static const char *index_type(struct infer *in, uint32_t i)
{
	return arena_printf(in->s->arena, "type of index %u", i);
}

/* A variable of type v->type is used as `want`. */
static void var_mismatch(struct infer *in, struct expr *e, enum type want)
{
	struct var_decl *v = base_var(e);
	const char *what = expr_what(in->s->arena, e);
	struct diag_msg *m;

	if (v->type_declared) {
		diag_note(expected(in, e, want), v->type_loc,
			  "'%s' was declared as a %s here", v->name,
			  type_name(v->type));
		return;
	}
	if (v->type_arg) {
		m = diag_report(in->s->diag, INDEX_TYPE, e->loc, what,
				v->type_arg - 1, type_name(want));
		note_first(in, m, v->type_loc, index_type(in, v->type_arg - 1),
			   v->type);
		return;
	}
	m = diag_report(in->s->diag, TYPE_MISMATCH, e->loc, what,
			type_name(want));
	note_first(in, m, v->type_loc.src ? v->type_loc : v->loc, "type",
		   v->type);
	if (v->type == TY_STATS)
		stats_remedy(m, v->name);
	else if (want == TY_STRING && v->type == TY_LONG)
		diag_remedy(m, "sprint(%s) makes a string of a number",
			    v->name);
}

/* The value of f() is used as `want`. */
static void function_mismatch(struct infer *in, struct expr *e,
			      struct func_decl *f, enum type want)
{
	struct diag_msg *m;

	if (f->ret_declared || !f->ret_loc.src) {
		e->type = f->ret;
		diag_note(expected(in, e, want), f->loc,
			  "this function returns a %s", type_name(f->ret));
		return;
	}
	m = diag_report(in->s->diag, TYPE_MISMATCH, e->loc,
			expr_what(in->s->arena, e), type_name(want));
	note_first(in, m, f->ret_loc, "type", f->ret);
}

/* A part of an operation has a type that the other part does not have. */
static void sides_mismatch(struct infer *in, struct expr *e, enum type a,
			   enum type b)
{
	diag_report(in->s->diag, TYPE_SIDES, e->loc,
		    expr_what(in->s->arena, e), type_name(a), type_name(b));
}

static void invalid_type(struct infer *in, struct expr *e)
{
	struct diag_msg *m =
		diag_report(in->s->diag, AGGREGATE_VALUE, e->loc,
			    expr_what(in->s->arena, e), type_name(e->type));

	if (e->type == TY_STATS && base_var(e))
		stats_remedy(m, base_var(e)->name);
}

static void no_value(struct infer *in, struct expr *e, const char *name,
		     struct loc defined)
{
	struct diag_msg *m =
		diag_report(in->s->diag, FUNCTION_NO_VALUE, e->loc,
			    expr_what(in->s->arena, e));

	diag_note(m, defined, "function '%s' returns no value", name);
}

static void unresolved(struct infer *in, struct expr *e)
{
	struct var_decl *v = is_var_use(e) ? base_var(e) : NULL;
	struct diag_msg *m;

	if (v && var_info(in->s, v)->warned)
		return;
	if (e->kind == E_CALL && map_put(&in->warned, e->call.name, e))
		return;
	m = diag_report(in->s->diag, UNRESOLVED_TYPE, e->loc,
			expr_what(in->s->arena, e));
	if (v) {
		var_info(in->s, v)->warned = true;
		diag_remedy(m,
			    "nothing says whether '%s' is a number or a "
			    "string: assign to it, or initialize it",
			    v->name);
	} else if (e->kind == E_CALL) {
		diag_remedy(m,
			    "declare it: function %s:long (...) or "
			    "function %s:string (...)",
			    e->call.name, e->call.name);
	}
}

/* An operand that its context needs: the value of a function may be thrown
   away or passed on otherwise. */
static void must_be_known(struct infer *in, struct expr *e)
{
	if (!in->final)
		return;
	if (e->type == TY_NONE && e->kind == E_CALL)
		no_value(in, e, e->call.name,
			 e->call.funcs.n ? e->call.funcs.v[0]->loc : LOC_NONE);
	else if (e->type == TY_UNKNOWN)
		unresolved(in, e);
}

/* ---- unification ---- */

/* The expression has this type; checks it against the context. */
static void settle(struct infer *in, struct expr *e, enum type t,
		   enum type want)
{
	if (t != e->type && known(t)) {
		e->type = t;
		in->changed = true;
	}
	if (known(want) && known(e->type) && e->type != want)
		expected(in, e, want);
}

static void settle_var(struct infer *in, struct expr *e, struct var_decl *v,
		       enum type want)
{
	if (!known(v->type) && known(want)) {
		v->type = want;
		v->type_loc = e->loc;
		in->changed = true;
	}
	if (e->type != v->type) {
		e->type = v->type;
		in->changed = true;
	}
	if (known(want) && known(v->type) && v->type != want)
		var_mismatch(in, e, want);
}

/* A literal cannot be what it is needed as. */
static bool is_wrong_literal(const struct expr *e, enum type want)
{
	return (e->kind == E_NUMBER || e->kind == E_STRING) && known(want) &&
	       e->type != want;
}

/*
 * Value i of what an array or a function takes, against the type that is known
 * for it: first inferred at `first`. True if the value gives it its type.
 */
static bool infer_taken(struct infer *in, struct expr *e, uint32_t i,
			enum type t, struct loc first)
{
	unsigned before = diag_errors(in->s->diag);
	struct diag_msg *m;

	if (is_wrong_literal(e, t)) {
		note_first(in, expected(in, e, t), first, index_type(in, i), t);
		return false;
	}
	infer(in, e, t);
	must_be_known(in, e);
	if (!known(e->type) || diag_errors(in->s->diag) != before)
		return false;
	if (e->type == TY_STATS) {
		if (in->final)
			invalid_type(in, e);
		return false;
	}
	if (known(t) && e->type != t) {
		m = diag_report(in->s->diag, INDEX_TYPE, e->loc,
				expr_what(in->s->arena, e), i,
				type_name(e->type));
		note_first(in, m, first, index_type(in, i), t);
	}
	return !known(t);
}

/* An index expression against the array's index type. */
static void infer_key(struct infer *in, struct var_decl *v, uint32_t i,
		      struct expr *key)
{
	if (key && infer_taken(in, key, i, v->key_type[i], v->key_loc[i])) {
		v->key_type[i] = key->type;
		v->key_loc[i] = key->loc;
		in->changed = true;
	}
}

static void infer_keys(struct infer *in, struct var_decl *v, expr_list *keys)
{
	for (uint32_t i = 0; i < keys->n && i < AST_MAX_KEYS; i++)
		infer_key(in, v, i, keys->v[i]);
}

static void infer_assign(struct infer *in, struct expr *e, enum type want)
{
	struct expr *a = e->assign.a, *b = e->assign.b;
	unsigned before = diag_errors(in->s->diag);

	switch (e->assign.op) {
	case OP_NONE:
		want = want == TY_NONE ? TY_UNKNOWN : want;
		if (b->type == TY_STATS) {
			infer(in, b, TY_UNKNOWN);
			invalid_type(in, b);
			return;
		}
		infer(in, a, known(b->type) ? b->type : want);
		if (known(b->type) && diag_errors(in->s->diag) != before)
			return;
		infer(in, b, known(a->type) ? a->type : want);
		settle(in, e, a->type, want);
		return;
	case OP_CONCAT:
		infer(in, a, TY_STRING);
		infer(in, b, TY_STRING);
		settle(in, e, TY_STRING, want);
		return;
	case OP_AGGREGATE:
		infer(in, a, TY_STATS);
		infer(in, b, TY_LONG);
		settle(in, e, TY_LONG, want);
		return;
	default:
		infer(in, a, TY_LONG);
		infer(in, b, TY_LONG);
		settle(in, e, TY_LONG, want);
	}
}

/* Its type does not depend on the context. */
static bool has_own_type(const struct expr *e)
{
	return e->kind == E_PRINT || e->kind == E_BINARY ||
	       e->kind == E_UNARY || e->kind == E_INCDEC ||
	       (e->kind == E_ASSIGN && e->assign.op != OP_NONE);
}

/* The two sides are compared when both are known. */
static void infer_operand(struct infer *in, struct expr *e, enum type want)
{
	infer(in, e, has_own_type(e) ? TY_UNKNOWN : want);
}

static void infer_comparison(struct infer *in, struct expr *e)
{
	struct expr *a = e->binary.a, *b = e->binary.b;
	unsigned before = diag_errors(in->s->diag);

	infer_operand(in, a, b->type);
	infer_operand(in, b, a->type);
	must_be_known(in, b);
	if (known(a->type) && known(b->type) && a->type != b->type &&
	    diag_errors(in->s->diag) == before)
		sides_mismatch(in, e, a->type, b->type);
}

static void infer_arithmetic(struct infer *in, struct expr *e)
{
	struct expr *a = e->binary.a, *b = e->binary.b;
	unsigned before = diag_errors(in->s->diag);

	infer_operand(in, a, TY_LONG);
	infer_operand(in, b, TY_LONG);
	if (!known(a->type) || !known(b->type) ||
	    diag_errors(in->s->diag) != before)
		return;
	if (a->type != b->type)
		sides_mismatch(in, e, a->type, b->type);
	else if (a->type != TY_LONG)
		expected(in, a, TY_LONG);
}

static void infer_binary(struct infer *in, struct expr *e, enum type want)
{
	struct expr *a = e->binary.a, *b = e->binary.b;

	switch (e->binary.op) {
	case OP_CONCAT:
		infer(in, a, TY_STRING);
		infer(in, b, TY_STRING);
		settle(in, e, TY_STRING, want);
		return;
	case OP_LT:
	case OP_LE:
	case OP_GT:
	case OP_GE:
	case OP_EQ:
	case OP_NE:
		infer_comparison(in, e);
		break;
	default:
		infer_arithmetic(in, e);
	}
	settle(in, e, TY_LONG, want);
}

static void infer_param(struct infer *in, struct var_decl *p, struct expr *arg,
			uint32_t i)
{
	if (infer_taken(in, arg, i, p->type,
			p->type_loc.src ? p->type_loc : p->loc)) {
		p->type = arg->type;
		p->type_loc = arg->loc;
		p->type_arg = i + 1;
		in->changed = true;
	}
}

static void infer_function(struct infer *in, struct expr *e,
			   struct func_decl *f, enum type want)
{
	if (!known(f->ret) && f->ret != TY_NONE && known(want)) {
		f->ret = want;
		f->ret_loc = e->loc;
		in->changed = true;
	}
	if (known(want) && known(f->ret) && f->ret != want)
		function_mismatch(in, e, f, want);
	if (in->final && f->ret == TY_NONE && known(want))
		no_value(in, e, f->name, f->loc);
	if (f->ret == TY_NONE)
		e->type = TY_NONE;
	settle(in, e, f->ret, TY_UNKNOWN);
	for (uint32_t i = 0; i < f->params.n && i < e->call.args.n; i++)
		infer_param(in, f->params.v[i], e->call.args.v[i], i);
}

static void infer_builtin(struct infer *in, struct expr *e, enum type want)
{
	const struct builtin *b = e->call.builtin;

	vec_for (&e->call.args, i)
		infer(in, e->call.args.v[i],
		      b->args[i] == 's' ? TY_STRING : TY_LONG);
	if (b->ret == '-') {
		/* as a number it is 0: done && exit() */
		e->type = want == TY_LONG ? TY_LONG : TY_NONE;
		if (in->final && want == TY_STRING)
			no_value(in, e, b->name, LOC_NONE);
		return;
	}
	settle(in, e, b->ret == 's' ? TY_STRING : TY_LONG, want);
}

static void infer_call(struct infer *in, struct expr *e, enum type want)
{
	if (e->call.builtin) {
		infer_builtin(in, e, want);
		return;
	}
	/* Overloads of one call must return the same. */
	vec_for (&e->call.funcs, i)
		infer_function(in, e, e->call.funcs.v[i],
			       i && known(e->type) ? e->type : want);
	/* One that only says "next" has the type of the others. */
	vec_for (&e->call.funcs, i) {
		struct func_decl *f = e->call.funcs.v[i];

		if (f->ret == TY_UNKNOWN && known(e->type)) {
			f->ret = e->type;
			in->changed = true;
		}
	}
}

/* What a directive takes; '*' takes longs before it. */
static enum type directive_type(const struct wire_spec *sp)
{
	return sp->conv == 's' || sp->conv == 'S' ? TY_STRING : TY_LONG;
}

static void infer_format(struct infer *in, struct expr *e)
{
	const struct format *f = e->print.fmt;
	uint32_t at = 0;

	for (uint32_t i = 0; f && i < f->parts.n; i++) {
		const struct wire_spec *sp = &f->parts.v[i].spec;

		if (!sp->conv)
			continue;
		if (sp->flags & WIRE_SPEC_WIDTH_ARG && at < e->print.args.n)
			infer(in, e->print.args.v[at++], TY_LONG);
		if (sp->flags & WIRE_SPEC_PREC_ARG && at < e->print.args.n)
			infer(in, e->print.args.v[at++], TY_LONG);
		if (at < e->print.args.n)
			infer(in, e->print.args.v[at++], directive_type(sp));
	}
}

/* print(@hist_log(x)) and sprint(@hist_log(x)) draw it: the only argument. */
static bool prints_histogram(const struct expr *e)
{
	return e->print.args.n && is_hist(e->print.args.v[0]);
}

/* What an operator like @count takes. */
static void infer_aggregate(struct infer *in, struct expr *e)
{
	infer_operand(in, e, TY_STATS);
	if (in->final && known(e->type) && e->type != TY_STATS)
		expected(in, e, TY_STATS);
	else if (in->final && e->type == TY_STATS && !is_var_use(e))
		diag_report(in->s->diag, AGGREGATE_OPERAND, e->loc,
			    expr_what(in->s->arena, e));
}

static void infer_hist(struct infer *in, struct expr *e)
{
	infer_aggregate(in, e->statop.stat);
	e->type = TY_STATS;
}

static void infer_print(struct infer *in, struct expr *e, enum type want)
{
	if (e->print.with_format) {
		infer_format(in, e);
	} else if (prints_histogram(e)) {
		infer_hist(in, e->print.args.v[0]);
	} else {
		vec_for (&e->print.args, i) {
			struct expr *arg = e->print.args.v[i];

			infer(in, arg, e->print.is_char ? TY_LONG : TY_UNKNOWN);
			must_be_known(in, arg);
			if (in->final && arg->type == TY_STATS)
				invalid_type(in, arg);
		}
	}
	if (e->print.with_delim && e->print.format)
		infer(in, e->print.format, TY_STRING);
	settle(in, e, e->print.to_string ? TY_STRING : TY_LONG, want);
}

static void infer_statop(struct infer *in, struct expr *e, enum type want)
{
	infer_aggregate(in, e->statop.stat);
	settle(in, e, TY_LONG, want);
}

static void infer_index(struct infer *in, struct expr *e, enum type want)
{
	struct var_decl *v;

	if (e->index.base->kind != E_SYMBOL) {
		if (is_hist(e->index.base))
			infer_hist(in, e->index.base);
		if (e->index.keys.n != 1 && in->final)
			diag_report(in->s->diag, UNRESOLVED_TYPE, e->loc,
				    expr_what(in->s->arena, e));
		vec_for (&e->index.keys, i)
			if (e->index.keys.v[i])
				infer(in, e->index.keys.v[i], TY_LONG);
		settle(in, e, TY_LONG, want);
		return;
	}
	v = e->index.base->sym.ref;
	if (!v)
		return;
	settle_var(in, e, v, want);
	infer_keys(in, v, &e->index.keys);
	e->index.base->type = v->type;
}

static void infer_prim(struct infer *in, struct expr *e, enum type want)
{
	bool str = e->prim.op == PRIM_STR_KERNEL ||
		   e->prim.op == PRIM_STR_USER || e->prim.op == PRIM_INPUT ||
		   e->prim.op == PRIM_REPLY;

	for (unsigned i = 0; i < 2; i++)
		if (e->prim.arg[i])
			infer(in, e->prim.arg[i], TY_LONG);
	settle(in, e, str ? TY_STRING : TY_LONG, want);
}

/* The second branch is to agree with the first one. */
static void infer_ternary(struct infer *in, struct expr *e, enum type want)
{
	struct expr *a = e->ternary.a, *b = e->ternary.b;

	infer(in, e->ternary.cond, TY_LONG);
	infer(in, a, want);
	infer(in, b, known(want) || want == TY_NONE ? want : a->type);
	if (want == TY_NONE) {
		e->type = a->type;
		return;
	}
	if (!known(a->type) && known(b->type))
		infer(in, a, b->type);
	settle(in, e, a->type, TY_UNKNOWN);
}

static void infer_in(struct infer *in, struct expr *e, enum type want)
{
	if (is_hist(e->in.array)) {
		infer_hist(in, e->in.array);
		infer(in, e->in.keys.v[0], TY_LONG);
	} else if (e->in.array->sym.ref) {
		if (in->final && e->in.array->sym.ref->type == TY_UNKNOWN)
			unresolved(in, e->in.array);
		infer_keys(in, e->in.array->sym.ref, &e->in.keys);
		e->in.array->type = e->in.array->sym.ref->type;
	}
	settle(in, e, TY_LONG, want);
}

static void infer(struct infer *in, struct expr *e, enum type want)
{
	switch (e->kind) {
	case E_NUMBER:
		settle(in, e, TY_LONG, want);
		break;
	case E_STRING:
		settle(in, e, TY_STRING, want);
		break;
	case E_SYMBOL:
		if (e->sym.ref)
			settle_var(in, e, e->sym.ref, want);
		break;
	case E_INDEX:
		infer_index(in, e, want);
		break;
	case E_UNARY:
		infer(in, e->unary.a, TY_LONG);
		settle(in, e, TY_LONG, want);
		break;
	case E_INCDEC:
		if (in->final && e->incdec.no_lvalue)
			diag_report(in->s->diag, INVALID_LVALUE,
				    e->incdec.a->loc,
				    expr_what(in->s->arena, e->incdec.a));
		infer(in, e->incdec.a, TY_LONG);
		settle(in, e, TY_LONG, want);
		break;
	case E_BINARY:
		infer_binary(in, e, want);
		break;
	case E_ASSIGN:
		infer_assign(in, e, want);
		break;
	case E_TERNARY:
		infer_ternary(in, e, want);
		break;
	case E_IN:
		infer_in(in, e, want);
		break;
	case E_REGEX:
		infer(in, e->regex.a, TY_STRING);
		infer(in, e->regex.pattern, TY_STRING);
		settle(in, e, TY_LONG, want);
		break;
	case E_CALL:
		infer_call(in, e, want);
		break;
	case E_STATOP:
		infer_statop(in, e, want);
		break;
	case E_PRINT:
		infer_print(in, e, want);
		break;
	case E_EMBEDDED:
		settle(in, e,
		       strstr(e->embedded.code, "/* string */") ? TY_STRING
								: TY_LONG,
		       want);
		break;
	case E_PRIM:
		infer_prim(in, e, want);
		break;
	case E_TARGET: /* an error is reported */
	case E_DEFINED:
	case E_ENTRY:
	case E_PROBEWRITE:
	case E_KIND_COUNT:
		return;
	}
	if (in->final && want != TY_NONE && e->type == TY_UNKNOWN &&
	    is_var_use(e))
		unresolved(in, e);
}

/* ---- statements ---- */

static void infer_foreach(struct infer *in, struct stmt *st)
{
	struct expr *base = st->foreach.base;
	struct var_decl *v = base->kind == E_SYMBOL ? base->sym.ref : NULL;

	if (st->foreach.limit)
		infer(in, st->foreach.limit, TY_LONG);
	if (!v) {
		if (is_hist(base))
			infer_hist(in, base);
		vec_for (&st->foreach.keys, i)
			infer(in, st->foreach.keys.v[i], TY_LONG);
		if (st->foreach.value)
			infer(in, st->foreach.value, TY_LONG);
		return;
	}
	base->type = v->type;
	if (in->final && st->foreach.sort_has_stat && v->type != TY_STATS)
		invalid_type(in, base);
	infer_keys(in, v, &st->foreach.slice);
	infer_keys(in, v, &st->foreach.keys);
	if (in->final && v->type == TY_UNKNOWN)
		unresolved(in, base);
	if (!st->foreach.value)
		return;
	if (v->type == TY_STATS) {
		struct diag_msg *m;

		if (!in->final)
			return;
		m = diag_report(in->s->diag, AGGREGATE_VALUE,
				st->foreach.value->loc,
				expr_what(in->s->arena, st->foreach.value),
				type_name(TY_STATS));
		diag_remedy(m, "a loop variable cannot hold an aggregate: use "
			       "@count(%s[...]) etc. in the loop", v->name);
		if (st->foreach.value->sym.ref)
			var_info(in->s, st->foreach.value->sym.ref)->warned =
				true;
		return;
	}
	infer(in, st->foreach.value, v->type);
	if (!known(v->type) && known(st->foreach.value->type)) {
		v->type = st->foreach.value->type;
		v->type_loc = st->foreach.value->loc;
		in->changed = true;
	}
}

static void note_return(struct infer *in, struct diag_msg *m)
{
	struct func_decl *f = in->func;

	if (f->ret_declared || !f->ret_loc.src)
		diag_note(m, f->loc, "function '%s' returns a %s", f->name,
			  type_name(f->ret));
	else
		note_first(in, m, f->ret_loc, "type", f->ret);
}

static void return_mismatch(struct infer *in, struct loc loc, const char *what,
			    enum type t)
{
	struct func_decl *f = in->func;

	if (f->ret_declared || !f->ret_loc.src)
		note_return(in, diag_report(in->s->diag, TYPE_EXPECTED, loc,
					    what, type_name(t),
					    type_name(f->ret)));
	else
		note_return(in, diag_report(in->s->diag, TYPE_MISMATCH, loc,
					    what, type_name(t)));
}

static void infer_return(struct infer *in, struct stmt *st)
{
	struct func_decl *f = in->func;
	struct expr *e = st->expr;
	unsigned before;

	if (!f)
		return;
	if (!e) {
		if (known(f->ret))
			return_mismatch(in, st->loc, "keyword", TY_UNKNOWN);
		return;
	}
	if (is_wrong_literal(e, f->ret)) {
		note_return(in, expected(in, e, f->ret));
		return;
	}
	before = diag_errors(in->s->diag);
	infer_operand(in, e, f->ret == TY_NONE ? TY_UNKNOWN : f->ret);
	if (e->type == TY_STATS) {
		invalid_type(in, e);
	} else if (!known(f->ret) && known(e->type)) {
		f->ret = e->type;
		f->ret_loc = e->loc;
		in->changed = true;
	} else if (known(e->type) && e->type != f->ret && known(f->ret) &&
		   diag_errors(in->s->diag) == before) {
		return_mismatch(in, e->loc, expr_what(in->s->arena, e),
				e->type);
	}
}

static void infer_delete(struct infer *in, struct expr *e)
{
	struct var_decl *v = base_var(e);

	if (!v)
		return;
	if (e->kind == E_INDEX)
		infer_keys(in, v, &e->index.keys);
	e->type = v->type;
	if (in->final && e->type == TY_UNKNOWN)
		unresolved(in, e);
}

/* The error message of catch(x). A conflict is reported where x is mentioned
   first, as in SystemTap. */
static void infer_caught(struct infer *in, struct expr *e)
{
	struct loc loc = e->loc;

	if (e->sym.ref && e->sym.ref->kind == VAR_LOCAL)
		e->loc = e->sym.ref->loc;
	infer(in, e, TY_STRING);
	e->loc = loc;
}

static void infer_stmt(struct infer *in, struct stmt *st)
{
	if (!st)
		return;
	switch (st->kind) {
	case S_EXPR:
		infer(in, st->expr, TY_NONE);
		break;
	case S_BLOCK:
		vec_for (&st->block.list, i)
			infer_stmt(in, st->block.list.v[i]);
		break;
	case S_IF:
		infer(in, st->if_.cond, TY_LONG);
		infer_stmt(in, st->if_.then);
		infer_stmt(in, st->if_.otherwise);
		break;
	case S_WHILE:
	case S_FOR:
		if (st->loop.init)
			infer(in, st->loop.init, TY_NONE);
		if (st->loop.cond)
			infer(in, st->loop.cond, TY_LONG);
		if (st->loop.step)
			infer(in, st->loop.step, TY_NONE);
		infer_stmt(in, st->loop.body);
		break;
	case S_FOREACH:
		infer_foreach(in, st);
		infer_stmt(in, st->foreach.body);
		break;
	case S_RETURN:
		infer_return(in, st);
		break;
	case S_DELETE:
		infer_delete(in, st->expr);
		break;
	case S_TRY:
		infer_stmt(in, st->try_.body);
		if (st->try_.var)
			infer_caught(in, st->try_.var);
		infer_stmt(in, st->try_.handler);
		break;
	case S_NULL:
	case S_BREAK:
	case S_CONTINUE:
	case S_NEXT:
	case S_EMBEDDED:
	case S_KIND_COUNT:
		break;
	}
}

static void infer_unit(struct infer *in, struct unit *u)
{
	in->func = u->f;
	infer_stmt(in, *unit_body(u));
	if (u->h && u->h->cond)
		infer(in, u->h->cond, TY_LONG);
}

static int by_name(const void *a, const void *b)
{
	const struct func_decl *const *f = a, *const *g = b;
	int c = (*f)->is_private - (*g)->is_private;

	if (!c)
		c = strcmp((*f)->name, (*g)->name);
	if (!c)
		c = (*f)->loc.line < (*g)->loc.line ? -1
						    : (*f)->loc.line >
							      (*g)->loc.line;
	return c ? c : (*f)->loc.col < (*g)->loc.col ? -1 : 1;
}

/* Functions by name, overloads as they are declared; then handlers. */
static void infer_all(struct infer *in)
{
	struct program *p = in->s->prog;

	vec_for (&in->funcs, i)
		infer_unit(in, &(struct unit){.f = in->funcs.v[i]});
	vec_for (&p->handlers, i)
		infer_unit(in, &(struct unit){.h = p->handlers.v[i]});
}

static void sort_functions(struct infer *in)
{
	struct program *p = in->s->prog;

	vec_for (&p->funcs, i)
		vec_push(in->s->arena, &in->funcs, p->funcs.v[i]);
	if (in->funcs.n)
		qsort(in->funcs.v, in->funcs.n, sizeof(*in->funcs.v), by_name);
}

/* ---- the end: what is known, what is not ---- */

static void find_return(struct visitor *v, struct stmt **st)
{
	if ((*st)->kind == S_RETURN && (*st)->expr)
		*(bool *)v->ctx = true;
	stmt_children(v, *st);
}

static void skip_expr(struct visitor *v, struct expr **e)
{
}

/* Functions that never return a value have none. */
static void find_valueless(struct sema *s)
{
	vec_for (&s->prog->funcs, i) {
		struct func_decl *f = s->prog->funcs.v[i];
		bool found = false;
		struct visitor v = {skip_expr, find_return, &found};
		struct stmt *body = f->body;

		if (f->ret_declared || body->kind == S_EMBEDDED) {
			if (f->ret == TY_UNKNOWN)
				f->ret = TY_NONE;
			continue;
		}
		find_return(&v, &body);
		if (!found && f->ret == TY_UNKNOWN)
			f->ret = TY_NONE;
	}
}

/* A "return f()" of an f without a value, and nobody wants it. */
static void returns_nothing(struct sema *s)
{
	vec_for (&s->prog->funcs, i)
		if (s->prog->funcs.v[i]->ret == TY_UNKNOWN)
			s->prog->funcs.v[i]->ret = TY_NONE;
}

static void unresolved_var(struct sema *s, struct var_decl *v, const char *kind)
{
	struct diag_msg *m;

	if (var_info(s, v)->warned)
		return;
	var_info(s, v)->warned = true;
	m = diag_report(s->diag, UNRESOLVED_TYPE, v->loc,
			ident_what(s->arena, v->name));
	diag_remedy(m, "nothing says whether %s '%s' is a number or a string",
		    kind, v->name);
}

static void check_var(struct sema *s, struct var_decl *v)
{
	if (v->type == TY_STATS && v->kind != VAR_GLOBAL) {
		struct diag_msg *m =
			diag_report(s->diag, AGGREGATE_LOCAL, v->type_loc,
				    ident_what(s->arena, v->name));

		diag_remedy(m, "declare 'global %s'", v->name);
	}
	if (v->wrap && !v->is_array)
		diag_remedy(diag_report(s->diag, WRAP_SCALAR, v->loc,
					ident_what(s->arena, v->name)),
			    "leave the '%%' out");
	if (v->type == TY_UNKNOWN)
		unresolved_var(s, v,
			       v->kind == VAR_PARAM    ? "parameter"
			       : v->kind == VAR_GLOBAL ? "global"
						       : "local");
	for (uint32_t i = 0; i < v->nkeys && i < AST_MAX_KEYS; i++)
		if (v->key_type[i] == TY_UNKNOWN) {
			unresolved_var(s, v, "an index of");
			break;
		}
}

static void check_locals(struct sema *s, struct unit *u, void *ctx)
{
	for (uint32_t i = 0; i < unit_nlocals(u); i++)
		check_var(s, unit_local(u, i));
	if (u->f)
		vec_for (&u->f->params, i)
			check_var(s, u->f->params.v[i]);
}

/* Globals whose uses leave their type open, and whose value is that of -G, are
   what that looks like. */
static bool take_given_types(struct sema *s)
{
	bool any = false;

	vec_for (&s->prog->globals, i) {
		struct var_decl *v = s->prog->globals.v[i];

		if (!v->given || v->is_array || known(v->type))
			continue;
		v->type = v->init->type;
		v->type_loc = v->init->loc;
		any = true;
	}
	return any;
}

void types_infer(struct sema *s)
{
	struct infer in = {.s = s};
	unsigned errors = diag_errors(s->diag);

	map_init(&in.warned, s->arena);
	sort_functions(&in);
	do {
		in.changed = false;
		infer_all(&in);
	} while (diag_errors(s->diag) == errors &&
		 (in.changed || take_given_types(s)));
	if (diag_errors(s->diag) != errors)
		return;
	dead_cut(s);
	in.funcs.n = 0;
	sort_functions(&in);
	find_valueless(s);
	in.final = true;
	infer_all(&in);
	if (diag_errors(s->diag) != errors)
		return;
	returns_nothing(s);
	each_unit(s, check_locals, NULL);
	vec_for (&s->prog->globals, i)
		check_var(s, s->prog->globals.v[i]);
}
