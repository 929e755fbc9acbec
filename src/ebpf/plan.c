// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which functions are plain and which are step functions (gen.h), and which
 * run-time functions are taken in.
 *
 * BPF allows CALL_FRAMES frames: the handler's program is one; a plain call
 * adds one; a dispatcher adds itself, its bpf_loop callback where may_goto is
 * missing, and the step function.
 */
#include "ebpf/gen.h"

#include <string.h>

#include "base/insn.h"

void unit_fail(struct unit *u, struct loc loc, const char *remedy,
	       const char *fmt, ...)
{
	struct diag_msg *m;
	va_list ap;

	if (u->failed)
		return;
	u->failed = true;
	if (!u->diag)
		return;
	va_start(ap, fmt);
	m = diag_report(u->diag, BPF_LIMIT, loc, NULL,
			arena_vprintf(u->arena, fmt, ap));
	va_end(ap);
	if (remedy)
		diag_remedy(m, "%s", remedy);
}

/* ---- run-time functions ---- */
static uint32_t rt_find(const struct rtlib *rt, const char *name)
{
	for (uint32_t i = 0; i < rt->nfuncs; i++)
		if (!strncmp(rt->funcs[i].name, "rt_", 3) &&
		    !strcmp(rt->funcs[i].name + 3, name))
			return i;
	return UINT16_MAX;
}

/* Frames of a call, the function itself and callbacks included. */
static uint8_t rt_frames(struct unit *u, uint32_t index)
{
	const struct rtlib_func *f = &u->rt->funcs[index];
	uint8_t deepest = 0;

	if (u->rt_depth[index])
		return u->rt_depth[index];
	u->rt_depth[index] = 1; /* C has no recursion there */
	for (uint32_t i = 0; i < f->nrelocs; i++) {
		uint8_t d;

		if (f->relocs[i].kind != RTLIB_CALL &&
		    f->relocs[i].kind != RTLIB_FUNC)
			continue;
		d = rt_frames(u, f->relocs[i].target);
		if (d > deepest)
			deepest = d;
	}
	return u->rt_depth[index] = deepest + 1;
}

static uint32_t rt_fn_frames(struct unit *u, enum rt_fn fn)
{
	return u->rt_index[fn] == UINT16_MAX ? 0
					     : rt_frames(u, u->rt_index[fn]);
}

static void take_rt(struct unit *u, uint32_t index);

static void take_callees(struct unit *u, const struct rtlib_func *f)
{
	for (uint32_t i = 0; i < f->nrelocs; i++)
		if (f->relocs[i].kind == RTLIB_CALL ||
		    f->relocs[i].kind == RTLIB_FUNC)
			take_rt(u, f->relocs[i].target);
}

static void take_rt(struct unit *u, uint32_t index)
{
	const struct rtlib_func *f = &u->rt->funcs[index];

	if (u->rt_out[index] != NO_FUNC)
		return;
	u->rt_out[index] = gen_new_func(u, f->name, ".text", f->nargs);
	take_callees(u, f);
}

uint32_t plan_rt_callees(struct unit *u, enum rt_fn fn)
{
	uint32_t index = u->rt_index[fn];

	take_callees(u, &u->rt->funcs[index]);
	return index;
}

uint32_t plan_rt(struct unit *u, enum rt_fn fn)
{
	uint32_t index = u->rt_index[fn];

	if (index == UINT16_MAX) {
		unit_fail(u, LOC_NONE, NULL,
			  "the run-time library has no function rt_%s",
			  rt_info[fn].name);
		return 0;
	}
	take_rt(u, index);
	return u->rt_out[index];
}

uint32_t plan_rt_internal(struct unit *u, const char *name)
{
	uint32_t index = rt_find(u->rt, name);

	if (index == UINT16_MAX) {
		unit_fail(u, LOC_NONE, NULL,
			  "the run-time library has no function rt_%s", name);
		return 0;
	}
	take_rt(u, index);
	return u->rt_out[index];
}

/* ---- whether a feature is worth asking for ---- */

static bool has_may_goto(struct unit *u, uint32_t index, bool *seen)
{
	const struct rtlib_func *f = &u->rt->funcs[index];

	if (seen[index])
		return false;
	seen[index] = true;
	for (uint32_t i = 0; i < f->ninsns; i++) {
		struct bpf_insn insn;

		memcpy(&insn, &f->insns[i], sizeof(insn));
		if (insn.code == INSN_MAY_GOTO)
			return true;
		if (insn.code == INSN_LD_IMM64)
			i++;
	}
	for (uint32_t i = 0; i < f->nrelocs; i++)
		if (f->relocs[i].kind == RTLIB_CALL &&
		    has_may_goto(u, f->relocs[i].target, seen))
			return true;
	return false;
}

/* Loops of the script's, and those of the library in what the script does; not
   those that stand in every program for errors, locks that are held and -t. */
static bool wants_may_goto(struct arena *a, const struct ir_module *m)
{
	struct unit u = {.arena = a, .m = m, .rt = &rtlib_maygoto};
	bool *seen = arena_new_array(a, bool, u.rt->nfuncs);

	vec_for (&m->funcs, n) {
		const struct ir_func *f = m->funcs.v[n];

		if (cfg_has_loop(a, f))
			return true;
		vec_for (&f->blocks, b)
			vec_for (&f->blocks.v[b]->insns, i) {
				const struct ir_insn *in =
					&f->blocks.v[b]->insns.v[i];
				uint32_t rt;

				if (in->op == IR_CALL)
					return true;
				if (in->op != IR_RT || in->fn == RT_FN_lock)
					continue;
				rt = rt_find(u.rt, rt_info[in->fn].name);
				if (rt != UINT16_MAX &&
				    has_may_goto(&u, rt, seen))
					return true;
			}
	}
	return false;
}

/* An operation of the IR is some instructions, a lock about thirty. */
#define IR_INSNS_SHORT 500

bool ebpf_wants(struct arena *a, const struct ir_module *m, enum ebpf_feature f)
{
	if (f == EBPF_MAY_GOTO)
		return wants_may_goto(a, m);
	if (f == EBPF_LONG_JUMP && m->image->nhandlers > GROUP_FROM)
		return true;
	vec_for (&m->funcs, i) {
		const struct ir_func *fn = m->funcs.v[i];
		uint32_t n = 0;

		vec_for (&fn->blocks, b)
			n += fn->blocks.v[b]->insns.n;
		if (n > IR_INSNS_SHORT)
			return f == EBPF_LONG_JUMP;
	}
	return false;
}

bool ebpf_wants_preempt(const struct ir_module *m)
{
	vec_for (&m->funcs, i) {
		const struct ir_func *f = m->funcs.v[i];

		if (f->is_handler && ir_calls_rt(f, RT_FN_lock) &&
		    gen_can_be_preempted(&m->image->handlers[f->handler]))
			return true;
	}
	return false;
}

/* ---- the call graph ---- */
struct planner {
	struct unit *u;
	uint8_t *state; /* by function: 0 new, 1 open, 2 done */
	bool changed;
};

static void mark_used(struct unit *u, uint32_t fn)
{
	const struct ir_func *f = u->m->funcs.v[fn];

	if (u->funcs[fn].used)
		return;
	u->funcs[fn].used = true;
	vec_for (&f->blocks, b)
		vec_for (&f->blocks.v[b]->insns, i)
			if (f->blocks.v[b]->insns.v[i].op == IR_CALL)
				mark_used(u, f->blocks.v[b]->insns.v[i].fn);
}

static void make_step(struct planner *p, uint32_t fn)
{
	struct m_func *f = &p->u->funcs[fn];

	if (f->step || f->ir->is_handler)
		return;
	f->step = true;
	p->changed = true;
}

/*
 * Depth first: f->depth, and step functions where a call closes a cycle. All
 * of a cycle become step functions, as callers of step functions do.
 */
static void visit(struct planner *p, uint32_t fn)
{
	struct unit *u = p->u;
	struct m_func *f = &u->funcs[fn];
	uint32_t deepest = 0;

	p->state[fn] = 1;
	vec_for (&f->ir->blocks, b) {
		const struct ir_block *block = f->ir->blocks.v[b];

		vec_for (&block->insns, i) {
			const struct ir_insn *in = &block->insns.v[i];
			uint32_t d = 0;

			if (in->op == IR_RT) {
				d = rt_fn_frames(u, in->fn);
			} else if (in->op == IR_CALL) {
				if (!p->state[in->fn])
					visit(p, in->fn);
				if (p->state[in->fn] == 1)
					make_step(p, in->fn);
				if (u->funcs[in->fn].step)
					make_step(p, fn);
				else
					d = u->funcs[in->fn].depth;
			}
			if (d > deepest)
				deepest = d;
		}
	}
	f->depth = deepest + 1;
	p->state[fn] = 2;
}

static void visit_all(struct planner *p)
{
	uint32_t n = p->u->m->funcs.n;

	do {
		p->changed = false;
		memset(p->state, 0, n);
		for (uint32_t i = 0; i < n; i++)
			if (p->u->funcs[i].used && !p->state[i])
				visit(p, i);
	} while (p->changed);
}

/* Makes step functions of the callees that stand too deep below fn. */
static void limit_depth(struct planner *p, uint32_t fn, uint32_t allowed)
{
	const struct ir_func *f = p->u->m->funcs.v[fn];

	vec_for (&f->blocks, b)
		vec_for (&f->blocks.v[b]->insns, i) {
			const struct ir_insn *in = &f->blocks.v[b]->insns.v[i];

			if (in->op == IR_CALL && !p->u->funcs[in->fn].step &&
			    p->u->funcs[in->fn].depth > allowed)
				make_step(p, in->fn);
		}
}

static void classify(struct planner *p)
{
	struct unit *u = p->u;
	uint32_t n = u->m->funcs.n;
	/* program, dispatcher, bpf_loop callback, step function */
	uint32_t step_frames = u->opts->may_goto ? 3 : 4;

	for (uint32_t i = 0; i < n; i++) {
		struct m_func *f = &u->funcs[i];

		if (!f->used || u->opts->may_goto ||
		    !cfg_has_loop(u->arena, f->ir))
			continue;
		f->step = true;
	}
	do {
		visit_all(p);
		p->changed = false;
		for (uint32_t i = 0; i < n; i++) {
			struct m_func *f = &u->funcs[i];

			if (!f->used)
				continue;
			if (f->step)
				limit_depth(p, i, CALL_FRAMES - step_frames);
			else if (f->ir->is_handler)
				limit_depth(p, i, CALL_FRAMES - 1);
		}
	} while (p->changed);
}

static bool calls_step(const struct unit *u, const struct ir_func *f)
{
	vec_for (&f->blocks, b)
		vec_for (&f->blocks.v[b]->insns, i) {
			const struct ir_insn *in = &f->blocks.v[b]->insns.v[i];

			if (in->op == IR_CALL && u->funcs[in->fn].step)
				return true;
		}
	return false;
}

static void name_outputs(struct unit *u)
{
	vec_for (&u->m->funcs, i) {
		struct m_func *f = &u->funcs[i];
		const struct ir_func *ir = f->ir;

		f->out = f->drive = NO_FUNC;
		if (!f->used)
			continue;
		if (ir->is_handler && !f->step)
			f->out = gen_new_func(
				u, ir->name, gen_section(u->m, ir->handler), 1);
		else if (ir->is_handler)
			f->out = gen_new_func(
				u, arena_printf(u->arena, "%s_body", ir->name),
				".text", 2);
		else
			f->out = gen_new_func(u, ir->name, ".text", 2);
		u->out.v[f->out].ir = ir;
		u->out.v[f->out].is_handler = ir->is_handler && !f->step;
		if (ir->is_handler && (f->step || calls_step(u, ir)))
			f->drive = gen_new_func(
				u, arena_printf(u->arena, "%s_run", ir->name),
				".text", 3);
	}
}

bool plan_unit(struct unit *u)
{
	struct planner p = {.u = u};
	uint32_t n = u->m->funcs.n;

	u->rt = u->opts->may_goto ? &rtlib_maygoto : &rtlib_bpfloop;
	for (uint32_t i = 0; i < RT_FN_COUNT; i++)
		u->rt_index[i] = rt_find(u->rt, rt_info[i].name);
	if (u->opts->comm_off)
		u->rt_index[RT_FN_execname] =
			rt_find(u->rt, "i_execname_task");
	u->rt_depth = arena_alloc(u->arena, u->rt->nfuncs);
	u->rt_out = arena_new_array(u->arena, uint32_t, u->rt->nfuncs);
	memset(u->rt_out, 0xff, u->rt->nfuncs * sizeof(*u->rt_out));
	u->funcs = arena_new_array(u->arena, struct m_func, n);
	p.state = arena_alloc(u->arena, n);
	for (uint32_t i = 0; i < n; i++)
		u->funcs[i].ir = u->m->funcs.v[i];
	for (uint32_t i = 0; i < n; i++)
		if (u->m->funcs.v[i]->is_handler)
			mark_used(u, i);
	classify(&p);
	name_outputs(u);
	for (uint32_t i = 0; i < n; i++) {
		if (!u->funcs[i].used)
			continue;
		cfg_build(u, &u->funcs[i]);
		alloc_registers(u, &u->funcs[i]);
	}
	return !u->failed;
}
