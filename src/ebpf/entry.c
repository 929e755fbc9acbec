// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What stands around function bodies: the program of a handler whose body is
 * a step function, dispatchers, and copies of run-time functions.
 */
#include "ebpf/gen.h"

#include "base/insn.h"
#include "target/arch.h"

#define BPF_MAX_LOOPS (8 * 1024 * 1024) /* of bpf_loop(), the kernel's */

static int mem_size(uint32_t size)
{
	return size == 1   ? BPF_B
	       : size == 2 ? BPF_H
	       : size == 4 ? BPF_W
			   : BPF_DW;
}

/* r1 = c, r2 = the handler's frame */
static void pass_handler_frame(struct gen *g)
{
	gen_emit(g, LDX(BPF_DW, R1, R10, STACK_C));
	gen_emit(g, MOV_REG(R2, R1));
	gen_emit(g, ALU64_IMM(BPF_ADD, R2, RT_CTX_FRAME));
}

/* bpf_get_func_arg(ctx, n, &word) or bpf_get_func_ret(ctx, &word) */
static void fetch_traced(struct gen *g, const struct m_ctxload *l)
{
	bool is_ret = (uint32_t)l->insn->off == IMAGE_CTX_RETVAL;
	int at = is_ret ? R2 : R3;

	gen_emit(g, LDX(BPF_DW, R1, R10, STACK_PROG_CTX));
	if (!is_ret)
		gen_emit(g, MOV_IMM(R2, l->insn->off / 8));
	gen_emit(g, MOV_REG(at, R7));
	gen_emit(g, ALU64_IMM(BPF_ADD, at, (int32_t)(RT_CTX_FRAME + l->slot)));
	gen_emit(g, HELPER(is_ret ? BPF_FUNC_get_func_ret
				  : BPF_FUNC_get_func_arg));
}

/* A word that a tracepoint's handlers are given, from a register or the stack. */
static void fetch_iterated(struct gen *g, const struct m_func *f,
			   const struct m_ctxload *l)
{
	const struct arch *a = arch_native();
	int32_t off = gen_ctx_off(g->u->m, f->ir->handler, l->insn->off);
	int16_t slot = (int16_t)(RT_CTX_FRAME + l->slot);

	gen_emit(g, LDX(BPF_DW, R1, R10, STACK_PROG_CTX));
	if (off >= 0) {
		gen_emit(g, LDX(BPF_DW, R0, R1, (int16_t)off));
		gen_emit(g, STX(BPF_DW, R7, slot, R0));
		return;
	}
	gen_emit(g, LDX(BPF_DW, R3, R1, (int16_t)a->sp));
	gen_emit(g, ALU64_IMM(BPF_ADD, R3,
			      a->stack_args + l->insn->off + 8 -
				      8 * (int32_t)a->nargs));
	gen_emit(g, MOV_IMM(R2, 8));
	gen_emit(g, MOV_REG(R1, R7));
	gen_emit(g, ALU64_IMM(BPF_ADD, R1, slot));
	gen_emit(g, HELPER(BPF_FUNC_probe_read_kernel));
}

void gen_ctxloads(struct gen *g, const struct m_func *f)
{
	uint32_t type = g->u->m->image->handlers[f->ir->handler].prog_type;
	/* A pointer that goes through the heap is a number. */
	bool traced = gen_is_traced(g->u->m, f->ir) &&
		      type != IMAGE_PROG_NETFILTER;

	vec_for (&f->ctxloads, i) {
		const struct m_ctxload *l = &f->ctxloads.v[i];

		if (traced) {
			if (type == IMAGE_PROG_ITERATOR)
				fetch_iterated(g, f, l);
			else
				fetch_traced(g, l);
			continue;
		}
		gen_emit(g, LDX(BPF_DW, R1, R10, STACK_PROG_CTX));
		gen_emit(g, LDX(mem_size(l->insn->size), R0, R1,
				(int16_t)l->insn->off));
		gen_emit(g, STX(BPF_DW, R7, (int16_t)(RT_CTX_FRAME + l->slot),
				R0));
	}
}

void entry_step_handler(struct unit *u, struct m_func *f)
{
	struct gen g = {u, gen_new_func(u, f->ir->name,
					gen_section(u->m, f->ir->handler), 1)};
	uint32_t done;

	gen_func(&g)->is_handler = true;
	gen_func(&g)->ir = f->ir;
	gen_line(&g, f->ir->loc);
	gen_begin(&g, f->ir->handler);
	gen_enter(&g, f->ir->handler, f->ctxloads.n);
	gen_ctxloads(&g, f);
	gen_emit(&g, ST_IMM(BPF_W, R7, RT_CTX_FRAME + STEP_OFF(resume), 0));
	pass_handler_frame(&g);
	gen_emit(&g, MOV_IMM(R3, (int32_t)f->ir->index));
	gen_call(&g, f->drive);
	done = gen_emit(&g, JMP_IMM(BPF_JEQ, R0, 0, 0));
	/*
	 * Out of budget: the error is pending. The handler goes on where it
	 * waits and finds it at the next check, so that it undoes what it
	 * holds.
	 */
	pass_handler_frame(&g);
	gen_emit(&g, MOV_IMM(R3, (int32_t)f->ir->index));
	gen_call(&g, f->drive);
	gen_here(&g, done);
	gen_leave(&g, f->ir->handler);
}

/* ---- dispatcher ---- */

/* Calls the step function that ctx.cur_fn says; r7 = context, r1 = c. */
static void call_current(struct gen *g, const struct m_func *handler,
			 const uint64_t *reach)
{
	struct unit *u = g->u;
	VEC(uint32_t) done = {0};

	gen_emit(g, LDX(BPF_W, R3, R7, CTX_OFF(cur_fn)));
	gen_emit(g, LDX(BPF_W, R2, R7, CTX_OFF(cur_frame)));
	gen_emit(g, MOV_IMM(R0, 0));
	vec_for (&u->m->funcs, i) {
		const struct m_func *f = &u->funcs[i];
		uint32_t next;

		if (!f->step || !bit_test(reach, i) ||
		    (f->ir->is_handler && f != handler))
			continue;
		next = gen_emit(g, JMP_IMM(BPF_JNE, R3, (int32_t)i, 0));
		gen_call(g, f->out);
		vec_push(u->arena, &done, gen_emit(g, JA(0)));
		gen_here(g, next);
	}
	vec_for (&done, i)
		gen_here(g, done.v[i]);
}

static void overload_error(struct gen *g)
{
	gen_emit(g, LDX(BPF_DW, R1, R10, STACK_C));
	gen_emit(g, MOV_IMM(R2, RT_MSG_OVERLOAD));
	gen_rt(g, RT_FN_error_code);
	gen_emit(g, ST_IMM(BPF_W, R7, CTX_OFF(error), RT_ERR_ABORT));
	gen_emit(g, MOV_IMM(R0, 1));
	gen_emit(g, EXIT_INSN);
}

/* The loop's body for bpf_loop(): f(index, &c). */
static uint32_t loop_callback(struct unit *u, const struct m_func *handler,
			      const uint64_t *reach)
{
	struct gen g = {u, gen_new_func(u,
					arena_printf(u->arena, "%s_turn",
						     handler->ir->name),
					".text", 2)};

	gen_func(&g)->is_static = true;
	gen_line(&g, handler->ir->loc);
	gen_emit(&g, LDX(BPF_DW, R1, R2, 0));
	gen_emit(&g, MOV_REG(R7, R1));
	gen_pointer(&g, R7, 8);
	call_current(&g, handler, reach);
	/* go on (0) while steps return 1 */
	gen_emit(&g, MOV_REG(R1, R0));
	gen_emit(&g, MOV_IMM(R0, 1));
	gen_emit(&g, JMP_IMM(BPF_JEQ, R1, 0, 1));
	gen_emit(&g, MOV_IMM(R0, 0));
	gen_emit(&g, EXIT_INSN);
	return g.out;
}

static void turn_by_bpf_loop(struct gen *g, uint32_t callback)
{
	struct code_reloc r = {0, CODE_ADDR, callback};

	gen_emit(g, MOV_IMM(R1, BPF_MAX_LOOPS));
	r.insn = gen_pos(g);
	vec_push(g->u->arena, &gen_func(g)->relocs, r);
	gen_emit(g, insn_make(INSN_LD_IMM64, R2, BPF_PSEUDO_FUNC, 0, 0));
	gen_emit(g, insn_make(0, 0, 0, 0, 0));
	gen_emit(g, MOV_REG(R3, R10));
	gen_emit(g, ALU64_IMM(BPF_ADD, R3, STACK_C));
	gen_emit(g, MOV_IMM(R4, 0));
	gen_emit(g, HELPER(BPF_FUNC_loop));
	gen_emit(g, LDX(BPF_W, R1, R7, CTX_OFF(cur_fn)));
	gen_emit(g, MOV_IMM(R0, 0));
	gen_emit(g,
		 insn_make(BPF_JMP32 | BPF_JNE | BPF_K, R1, 0, 1, CUR_FN_NONE));
	gen_emit(g, EXIT_INSN);
	overload_error(g);
}

static void turn_by_may_goto(struct gen *g, const struct m_func *handler,
			     const uint64_t *reach)
{
	uint32_t top, over, fin;

	top = gen_pos(g);
	over = gen_emit(g, insn_make(INSN_MAY_GOTO, 0, 0, 0, 0));
	gen_emit(g, LDX(BPF_DW, R1, R10, STACK_C));
	call_current(g, handler, reach);
	fin = gen_emit(g, JMP_IMM(BPF_JEQ, R0, 0, 0));
	gen_emit(g, JA((int16_t)(top - gen_pos(g) - 1)));
	gen_here(g, over);
	overload_error(g);
	gen_here(g, fin);
	gen_emit(g, MOV_IMM(R0, 0));
	gen_emit(g, EXIT_INSN);
}

/* Step functions that a handler can come to call. */
static void mark_reach(struct unit *u, uint32_t fn, uint64_t *reach)
{
	const struct ir_func *f = u->m->funcs.v[fn];

	if (bit_test(reach, fn))
		return;
	reach[fn / 64] |= 1ull << (fn % 64);
	vec_for (&f->blocks, b)
		vec_for (&f->blocks.v[b]->insns, i)
			if (f->blocks.v[b]->insns.v[i].op == IR_CALL)
				mark_reach(u, f->blocks.v[b]->insns.v[i].fn,
					   reach);
}

/*
 * dispatcher(c, frame, fn): runs step function fn in that frame, and what it
 * calls, to its end: 0; or 1 when the loop ran out of budget, with the error
 * set.
 */
void entry_dispatcher(struct unit *u, struct m_func *f)
{
	struct gen g = {u, f->drive};
	uint64_t *reach =
		arena_new_array(u->arena, uint64_t, (u->m->funcs.n + 63) / 64);
	uint32_t callback = 0;

	mark_reach(u, f->ir->index, reach);
	if (!u->opts->may_goto)
		callback = loop_callback(u, f, reach);
	gen_line(&g, f->ir->loc);
	if (u->opts->may_goto)
		gen_checkpoint(&g);
	gen_emit(&g, STX(BPF_DW, R10, STACK_C, R1));
	gen_emit(&g, MOV_REG(R7, R1));
	gen_pointer(&g, R7, 8);
	gen_emit(&g, STX(BPF_W, R7, CTX_OFF(cur_fn), R3));
	gen_emit(&g, STX(BPF_W, R7, CTX_OFF(cur_frame), R2));
	gen_emit(&g, STX(BPF_W, R7, CTX_OFF(base_frame), R2));
	if (u->opts->may_goto) {
		turn_by_may_goto(&g, f, reach);
		return;
	}
	turn_by_bpf_loop(&g, callback);
}

/* What an instruction of the library becomes here; its relocations follow r. */
static struct bpf_insn runtime_insn(struct gen *g, const struct rtlib_func *src,
				    uint32_t i, uint32_t *r)
{
	static const enum code_reloc_kind kinds[] = {
		[RTLIB_CALL] = CODE_CALL,
		[RTLIB_FUNC] = CODE_ADDR,
		[RTLIB_HEAP] = CODE_HEAP,
		[RTLIB_RING] = CODE_RING,
		[RTLIB_EVENTS] = CODE_EVENTS,
		[RTLIB_TASKS] = CODE_TASKS,
		[RTLIB_TEXT] = CODE_TEXT,
	};
	struct unit *u = g->u;
	struct bpf_insn insn;

	__builtin_memcpy(&insn, &src->insns[i], sizeof(insn));
	if (insn.code == (BPF_LDX | BPF_MEM | BPF_DW) &&
	    (insn.off & ~8) == RTLIB_COMM_MAGIC)
		insn.off += (int16_t)((int)u->opts->comm_off -
				      RTLIB_COMM_MAGIC);
	for (; *r < src->nrelocs && src->relocs[*r].insn == i; ++*r) {
		const struct rtlib_reloc *from = &src->relocs[*r];
		struct code_reloc reloc = {gen_pos(g), 0, 0};

		if (from->kind == RTLIB_MASK) {
			insn.imm = (int32_t)u->mask;
			continue;
		}
		reloc.kind = kinds[from->kind];
		if (reloc.kind <= CODE_ADDR)
			reloc.target = u->rt_out[from->target];
		vec_push(u->arena, &gen_func(g)->relocs, reloc);
	}
	return insn;
}

/* What a body may have on the stack: one word at [r10-8], for which a handler
   has [r10-24]. */
static bool is_stack_word(const struct bpf_insn *insn)
{
	int cls = BPF_CLASS(insn->code);

	return insn->off == -8 && BPF_MODE(insn->code) == BPF_MEM &&
	       ((cls == BPF_LDX && insn->src_reg == R10) ||
		((cls == BPF_STX || cls == BPF_ST) && insn->dst_reg == R10 &&
		 insn->src_reg != R10));
}

static bool can_splice(const struct rtlib_func *src, bool keep_none)
{
	for (uint32_t i = 0; i < src->ninsns; i++) {
		struct bpf_insn insn;

		__builtin_memcpy(&insn, &src->insns[i], sizeof(insn));
		if (insn.code == INSN_LD_IMM64) {
			i++;
			if (insn.dst_reg >= R6 && !keep_none)
				return false;
			continue;
		}
		if (insn.code == (BPF_JMP | BPF_CALL))
			continue;
		if (insn.code == INSN_MAY_GOTO)
			return false;
		if ((insn.dst_reg == R10 || insn.src_reg == R10) &&
		    !(keep_none && is_stack_word(&insn)))
			return false;
		if (!keep_none && (insn.dst_reg >= R6 || insn.src_reg >= R6))
			return false;
	}
	return true;
}

bool entry_splice(struct gen *g, enum rt_fn fn, bool keep_none)
{
	struct unit *u = g->u;
	uint32_t index = u->rt_index[fn], r = 0;
	const struct rtlib_func *src;
	VEC(uint32_t) exits = {0};

	if (index == UINT16_MAX || !can_splice(&u->rt->funcs[index], keep_none))
		return false;
	src = &u->rt->funcs[plan_rt_callees(u, fn)];
	for (uint32_t i = 0; i < src->ninsns; i++) {
		struct bpf_insn insn = runtime_insn(g, src, i, &r);

		if (is_stack_word(&insn))
			insn.off = STACK_FRAME;
		if (insn.code != (BPF_JMP | BPF_EXIT)) {
			gen_emit(g, insn);
			if (insn.code == INSN_LD_IMM64)
				gen_emit(g, runtime_insn(g, src, ++i, &r));
		} else if (i + 1 < src->ninsns) {
			vec_push(u->arena, &exits, gen_emit(g, JA(0)));
		}
	}
	vec_for (&exits, i)
		gen_here(g, exits.v[i]);
	return true;
}

void entry_runtime(struct unit *u, uint32_t rt_index)
{
	const struct rtlib_func *src = &u->rt->funcs[rt_index];
	struct gen g = {u, u->rt_out[rt_index]};
	uint32_t r = 0;

	gen_func(&g)->is_static = src->is_static;
	gen_func(&g)->is_runtime = true;
	gen_line(&g, LOC_NONE);
	for (uint32_t i = 0; i < src->ninsns; i++)
		gen_emit(&g, runtime_insn(&g, src, i, &r));
}
