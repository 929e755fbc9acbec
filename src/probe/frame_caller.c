// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DW_OP_entry_value: what a register held when the function was entered, long
 * after it was overwritten. The caller may know: its call site says how the
 * argument is computed from what the call has left alone. Which caller it is
 * shows at run time, by the return address, so what comes out is
 *
 *	(ra = return address - entry) == 0x12 ? A : ra == 0x34 ? B : an error
 *
 * where A and B are evaluated in frames one up: registers are found as the
 * call frame information of this one says.
 */
#include <dwarf.h>

#include "probe/frame_int.h"
#include "probe/kind.h"
#include "target/arch.h"

/* Call sites of one function that are told apart, and of their callers. */
#define MAX_SITES 32u
#define MAX_SITES_NESTED 4u

/* ---- the caller's frame ---- */

struct caller {
	struct frame frame;
	const struct frame *callee;
	unsigned nested;
};

static struct expr *caller_reg(const struct frame *f,
			       const struct probe_env *env, struct loc loc,
			       unsigned regno, const char **why)
{
	const struct caller *c = f->ctx;
	const struct frame *inner = c->callee;
	Dwarf_Op *ops;
	size_t n;

	/* What the frame information is silent about was not touched. */
	if (!dw_caller_reg(inner->m, inner->pc, (int)regno, &ops, &n) || !n)
		return inner->reg(inner, env, loc, regno, why);
	return frame_saved(inner, env, loc, ops, n, c->nested + 1, why);
}

static struct expr *caller_address(const struct frame *f,
				   const struct probe_env *env, struct loc loc,
				   uint64_t addr, const char **why)
{
	const struct caller *c = f->ctx;

	return c->callee->address(c->callee, env, loc, addr, why);
}

static struct expr *caller_tls(const struct frame *f,
			       const struct probe_env *env, struct loc loc,
			       uint64_t off, const char **why)
{
	const struct caller *c = f->ctx;

	return c->callee->tls ? c->callee->tls(c->callee, env, loc, off, why)
			      : NULL;
}

/* pc: within the call, so that ranges which end there still hold. */
static void caller_frame(struct caller *c, const struct frame *inner,
			 const struct dw_call *site, unsigned nested)
{
	*c = (struct caller){.callee = inner, .nested = nested};
	c->frame = (struct frame){.m = inner->m,
				  .func = site->caller->die,
				  .pc = site->return_pc - 1,
				  .user = inner->user,
				  .reg = caller_reg,
				  .address = caller_address,
				  .tls = caller_tls,
				  .ctx = c};
}

/* ---- one of several ---- */

static const char gone[] = "it was optimised out here: only its value at the "
			   "function's entry is known, and that is gone";

/* Fails at run time. */
static struct expr *unknown(const struct probe_env *env, struct loc loc)
{
	struct expr *e = expr_call(env->arena, loc, FRAME_UNKNOWN_CALL);

	e->type = TY_LONG;
	return e;
}

/* Where the function at f will return to. */
static struct expr *return_address(const struct frame *f,
				   const struct probe_env *env, struct loc loc,
				   unsigned nested, const char **why)
{
	const struct arch *arch = arch_native();
	Dwarf_Op *ops;
	size_t n;

	if (f->is_return && arch) /* it has */
		return prim_ctx(env->arena, loc, arch->pc, 8, false);
	if (!dw_return_address(f->m, f->pc, &ops, &n)) {
		*why = "the call frame is not described there (.eh_frame)";
		return NULL;
	}
	return frame_saved(f, env, loc, ops, n, nested + 1, why);
}

/* Return address - run-time address of the function's entry. */
static struct expr *return_offset(const struct frame *f,
				  const struct probe_env *env, struct loc loc,
				  uint64_t entry, unsigned nested,
				  const char **why)
{
	struct expr *ra = return_address(f, env, loc, nested, why), *base;

	base = ra ? f->address(f, env, loc, entry, why) : NULL;
	return base ? long_binary(env->arena, OP_SUB, ra, base) : NULL;
}

/* ---- ways into a function ---- */

/* How many functions may hand over to the next by a jump before. */
#define MAX_JUMPS 4u

/* From the innermost call outwards: all but the last are jumps ("tail calls"),
   which leave no frame. */
struct way {
	const struct dw_call *call[MAX_JUMPS + 1];
	unsigned n;
};
typedef VEC(struct way) way_list;

static bool goes_through(const struct way *w, const struct dw_func *f)
{
	for (unsigned i = 0; i < w->n; i++)
		if (w->call[i]->caller == f)
			return true;
	return false;
}

static void find_ways(struct arena *a, struct dw_module *m, uint64_t entry,
		      const struct way *inner, way_list *out)
{
	uint32_t n;
	const struct dw_call *c = dw_calls_of(m, entry, &n);

	for (uint32_t i = 0; i < n && out->n <= MAX_SITES; i++) {
		struct way w = *inner;
		if (goes_through(inner, c[i].caller))
			continue;
		w.call[w.n++] = &c[i];
		if (!c[i].is_tail)
			vec_push(a, out, w);
		else if (w.n <= MAX_JUMPS)
			find_ways(a, m, c[i].caller->entry, &w, out);
	}
}

static uint64_t returns_to(const struct way *w)
{
	return w->call[w->n - 1]->return_pc;
}

/* Nothing tells two ways with the same return address apart. */
static bool is_ambiguous(const way_list *l, uint32_t which)
{
	vec_for (l, i)
		if (i != which && returns_to(&l->v[i]) == returns_to(&l->v[which]))
			return true;
	return false;
}

/*
 * The frame of a function that has jumped to the next: its registers are gone,
 * but what it was entered with may be known.
 */
struct jumped {
	struct frame frame;
	const struct frame *inner; /* the one that is there */
	struct way into;	   /* the function */
};

static struct expr *jumped_reg(const struct frame *f,
			       const struct probe_env *env, struct loc loc,
			       unsigned regno, const char **why)
{
	*why = gone;
	return NULL;
}

static struct expr *jumped_address(const struct frame *f,
				   const struct probe_env *env, struct loc loc,
				   uint64_t addr, const char **why)
{
	const struct jumped *j = f->ctx;

	return j->inner->address(j->inner, env, loc, addr, why);
}

static const struct frame *jumped_frame(struct arena *a,
					const struct frame *inner,
					const struct way *w)
{
	struct jumped *j = arena_new_obj(a, struct jumped);

	j->inner = inner;
	j->into.n = w->n - 1;
	for (unsigned i = 1; i < w->n; i++)
		j->into.call[i - 1] = w->call[i];
	j->frame = (struct frame){.m = inner->m,
				  .func = w->call[0]->caller->die,
				  .pc = w->call[0]->return_pc - 1,
				  .user = inner->user,
				  .reg = jumped_reg,
				  .address = jumped_address,
				  .ctx = j};
	return &j->frame;
}

/* What the innermost call handed over; f: the frame of the function that was
   entered last. */
static struct expr *argument_by(const struct frame *f,
				const struct probe_env *env, struct loc loc,
				const struct way *w, unsigned reg,
				const Dwarf_Die *param, unsigned nested)
{
	const char *why = NULL;
	const struct frame *from;
	struct dw_loc l;

	if (!dw_call_argument(w->call[0], reg, param, &l))
		return NULL;
	if (w->n > 1) {
		from = jumped_frame(env->arena, f, w);
	} else {
		struct caller *c = arena_new_obj(env->arena, struct caller);
		caller_frame(c, f, w->call[0], nested);
		from = &c->frame;
	}
	return frame_number(from, env, loc, &l, nested + 1, &why);
}

/* The frame of a call that has just returned. */
static void returned_frame(struct frame *f, const struct frame *callee,
			   const struct dw_call *call)
{
	*f = *callee;
	f->func = call->caller->die;
	f->pc = call->return_pc;
	f->is_return = false;
}

struct expr *frame_called_by(const struct frame *f, const struct probe_env *env,
			     struct loc loc, const struct dw_call *const *calls,
			     unsigned n, const char **why)
{
	struct arena *a = env->arena;
	struct expr *all = NULL;

	for (unsigned i = 0; i < n; i++) {
		struct expr *ra = return_address(f, env, loc, i, why);
		struct expr *to = ra ? f->address(f, env, loc,
						  calls[i]->return_pc, why)
				     : NULL;
		if (!to)
			return NULL;
		struct expr *e = long_binary(a, OP_EQ, ra, to);
		all = all ? expr_binary(a, loc, OP_LOGAND, all, e) : e;
		if (f->is_return) {
			struct frame *up = arena_new_obj(a, struct frame);
			returned_frame(up, f, calls[i]);
			f = up;
		} else {
			struct caller *up = arena_new_obj(a, struct caller);
			caller_frame(up, f, calls[i], i);
			f = &up->frame;
		}
	}
	return all;
}

/* at the entry: which way was it? */
static struct expr *by_way(const struct frame *f, const struct probe_env *env,
			   struct loc loc, uint64_t entry, const way_list *l,
			   unsigned reg, const Dwarf_Die *param, unsigned nested,
			   const char **why)
{
	struct expr *all = unknown(env, loc), *last = NULL;
	struct expr *offset = return_offset(f, env, loc, entry, nested, why);

	if (!offset)
		return NULL;
	const char *temp = arena_printf(env->arena, "__return_%u_%u_%u",
					loc.line, loc.col, nested);
	for (uint32_t i = l->n; i-- > 0;) {
		struct expr *x = is_ambiguous(l, i)
					 ? NULL
					 : argument_by(f, env, loc, &l->v[i],
						       reg, param, nested);
		if (!x)
			continue;
		last = expr_new(env->arena, E_TERNARY, loc);
		last->type = TY_LONG;
		last->ternary.cond = long_binary(
			env->arena, OP_EQ, expr_symbol(env->arena, loc, temp),
			prim_number(env->arena, loc,
				    (int64_t)(returns_to(&l->v[i]) - entry)));
		last->ternary.a = x;
		last->ternary.b = all;
		all = last;
	}
	*why = gone;
	if (!last)
		return NULL;
	/* the first that is compared computes it */
	last->ternary.cond->binary.a =
		expr_assign(env->arena, loc, temp, offset);
	return all;
}

struct expr *frame_entry_value(const struct frame *f,
			       const struct probe_env *env, struct loc loc,
			       unsigned reg, const Dwarf_Die *param,
			       unsigned nested, const char **why)
{
	const struct jumped *j = f->ctx;
	struct way none = {.n = 0};
	way_list l = {0};
	uint64_t entry;
	Dwarf_Die func;

	*why = gone;
	if (f->reg == jumped_reg)
		return argument_by(j->inner, env, loc, &j->into, reg, param,
				   nested);
	if (f->is_return || !dw_outer_func(f->m, f->pc, &func) ||
	    !dw_entry(&func, &entry))
		return NULL;
	find_ways(env->arena, f->m, entry, &none, &l);
	if (!l.n || l.n > (nested ? MAX_SITES_NESTED : MAX_SITES))
		return NULL;
	return by_way(f, env, loc, entry, &l, reg, param, nested, why);
}
