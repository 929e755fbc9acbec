// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Instruction selection: one operation after the other, with r0 and r1 as
 * scratch. A body is translated twice: the first time to learn what its entry
 * must provide (and whether its jumps reach), the second time for good.
 */
#include "ebpf/gen.h"

#include <string.h>

#include "base/insn.h"

#define SHORT_JUMP 32000 /* instructions that a 16-bit jump surely reaches */
/* The verifier keeps one of two ways of each branch for later. */
#define MAX_BRANCHES 8000

struct fixup {
	uint32_t insn, block;
};

struct sel {
	struct gen g;
	struct m_func *f;
	int fbase; /* register and displacement of the frame */
	int32_t fdisp;
	/* what the entry must provide; all true in the first pass */
	bool need_prog_ctx, need_c, need_frame_off, need_frame, need_ctx;
	bool used_prog_ctx, used_c, used_frame_off, used_frame, used_ctx;
	bool long_jumps;
	uint32_t *pc; /* by block */
	VEC(struct fixup) fixups;
	VEC(uint32_t) leaves; /* handlers: jumps to the common end */
	uint32_t nbranches;
	uint32_t next_block; /* laid out behind the current one */
	/* r1 holds the pointer for the heap offset in this IR register, as
	   gen_pointer() made it, rounded to pointer_align; 0: it does not */
	ir_reg pointer;
	uint32_t pointer_align;
};

/* What changes r1 comes through here, or clears s->pointer itself. */
static uint32_t emit(struct sel *s, struct bpf_insn in)
{
	uint8_t cls = BPF_CLASS(in.code);

	if (in.dst_reg == R1 && (cls == BPF_ALU64 || cls == BPF_LDX))
		s->pointer = 0;
	return gen_emit(&s->g, in);
}

static void call(struct sel *s, uint32_t target)
{
	s->pointer = 0;
	gen_call(&s->g, target);
}

static int size_code(uint32_t size)
{
	return size == 1   ? BPF_B
	       : size == 2 ? BPF_H
	       : size == 4 ? BPF_W
			   : BPF_DW;
}

/* ---- places ---- */
struct place {
	int reg;
	int32_t off;
};

static void load_c(struct sel *s, int reg)
{
	s->used_c = true;
	emit(s, LDX(BPF_DW, reg, R10, STACK_C));
}

static void add_imm(struct sel *s, int reg, int64_t v)
{
	if (v)
		emit(s, ALU64_IMM(BPF_ADD, reg, (int32_t)v));
}

/* reg = heap offset of a place in the frame */
static void load_frame_off(struct sel *s, int reg, uint32_t off)
{
	if (s->fbase == R7) {
		load_c(s, reg);
		add_imm(s, reg, (int64_t)RT_CTX_FRAME + off);
		return;
	}
	s->used_frame_off = true;
	emit(s, LDX(BPF_DW, reg, R10, STACK_FRAME));
	add_imm(s, reg, off);
}

/* A place `off` bytes into what reg points to; through tmp when it is far. */
static struct place near_place(struct sel *s, int reg, int64_t off, int tmp)
{
	if (off <= INT16_MAX - 8)
		return (struct place){reg, (int32_t)off};
	if (tmp != reg)
		emit(s, MOV_REG(tmp, reg));
	add_imm(s, tmp, off);
	return (struct place){tmp, 0};
}

static struct place frame_place(struct sel *s, uint32_t off, int tmp)
{
	if (s->fbase == R7)
		s->used_ctx = true;
	else
		s->used_frame = true;
	return near_place(s, s->fbase, (int64_t)s->fdisp + off, tmp);
}

static struct place spill_place(struct sel *s, ir_reg r, int tmp)
{
	return frame_place(s, s->f->spill[r], tmp);
}

static uint8_t reg_of(const struct sel *s, ir_reg r)
{
	return s->f->reg[r];
}

/* ---- values ---- */
static void load_value(struct sel *s, const struct ir_val *v, int reg)
{
	struct place p;

	switch (v->kind) {
	case IV_REG:
		if (reg_of(s, v->reg) == reg)
			return;
		if (reg_of(s, v->reg) != REG_NONE) {
			emit(s, MOV_REG(reg, reg_of(s, v->reg)));
			return;
		}
		p = spill_place(s, v->reg, reg);
		emit(s, LDX(BPF_DW, reg, p.reg, (int16_t)p.off));
		return;
	case IV_SLOT:
		load_frame_off(s, reg,
			       s->f->slot_off[v->reg] + (uint32_t)v->imm);
		return;
	case IV_CTX:
		load_c(s, reg);
		add_imm(s, reg, v->imm);
		return;
	default:
		if (reg == R1)
			s->pointer = 0;
		gen_imm64(&s->g, reg, v->imm);
	}
}

/* The register that holds v, which may be `scratch`. */
static int use_value(struct sel *s, const struct ir_val *v, int scratch)
{
	if (v->kind == IV_REG && reg_of(s, v->reg) != REG_NONE)
		return reg_of(s, v->reg);
	load_value(s, v, scratch);
	return scratch;
}

static bool is_const(const struct ir_val *v)
{
	return v->kind == IV_IMM || v->kind == IV_HEAP;
}

static bool is_imm32(const struct ir_val *v)
{
	return is_const(v) && v->imm == (int32_t)v->imm;
}

static bool holds(const struct sel *s, int reg, const struct ir_val *v)
{
	return v->kind == IV_REG && reg_of(s, v->reg) == reg;
}

/* Where to compute d: its register, or r0. */
static int dest_reg(const struct sel *s, ir_reg d)
{
	return reg_of(s, d) == REG_NONE ? R0 : reg_of(s, d);
}

/* d has been computed in reg. A register that is never read has no place. */
static void put_dest(struct sel *s, ir_reg d, int reg)
{
	struct place p;

	if (!d || reg_of(s, d) == reg)
		return;
	if (reg_of(s, d) != REG_NONE) {
		emit(s, MOV_REG(reg_of(s, d), reg));
	} else {
		p = spill_place(s, d, reg == R0 ? R1 : R0);
		emit(s, STX(BPF_DW, p.reg, (int16_t)p.off, reg));
	}
}

/* ---- arithmetic ---- */
static const uint8_t alu_op[IR_OP_COUNT] = {
	[IR_ADD] = BPF_ADD, [IR_SUB] = BPF_SUB, [IR_MUL] = BPF_MUL,
	[IR_AND] = BPF_AND, [IR_OR] = BPF_OR,	[IR_XOR] = BPF_XOR,
	[IR_SHL] = BPF_LSH, [IR_SHR] = BPF_RSH, [IR_SAR] = BPF_ARSH,
};

static bool commutes(enum ir_op op)
{
	return op == IR_ADD || op == IR_MUL || op == IR_AND || op == IR_OR ||
	       op == IR_XOR;
}

static bool is_shift(enum ir_op op)
{
	return op == IR_SHL || op == IR_SHR || op == IR_SAR;
}

static void select_bin(struct sel *s, const struct ir_insn *in)
{
	struct ir_val a = in->a, b = in->b;
	int d = dest_reg(s, in->d);

	if (commutes(in->op) && (holds(s, d, &b) || is_const(&a))) {
		a = in->b;
		b = in->a;
	}
	if (is_shift(in->op) && b.kind == IV_IMM)
		b.imm &= 63;
	if (holds(s, d, &b) && !holds(s, d, &a))
		d = R0;
	load_value(s, &a, d);
	if (is_imm32(&b))
		emit(s, ALU64_IMM(alu_op[in->op], d, (int32_t)b.imm));
	else
		emit(s, ALU64_REG(alu_op[in->op], d, use_value(s, &b, R1)));
	put_dest(s, in->d, d);
}

static void select_un(struct sel *s, const struct ir_insn *in)
{
	int d = dest_reg(s, in->d);

	if (in->op == IR_MOV && in->reloc) {
		vec_push(s->g.u->arena, &gen_func(&s->g)->cores,
			 ((struct code_core){gen_pos(&s->g), in->reloc}));
		emit(s, MOV_IMM(d, (int32_t)in->a.imm));
		put_dest(s, in->d, d);
		return;
	}
	if (in->op == IR_MOV && is_imm32(&in->a) &&
	    reg_of(s, in->d) == REG_NONE) {
		struct place p = spill_place(s, in->d, R1);

		emit(s,
		     ST_IMM(BPF_DW, p.reg, (int16_t)p.off, (int32_t)in->a.imm));
		return;
	}
	if (in->op == IR_MOV) {
		/* straight from where it is to where it goes */
		if (reg_of(s, in->d) == REG_NONE)
			d = use_value(s, &in->a, R0);
		else
			load_value(s, &in->a, d);
		put_dest(s, in->d, d);
		return;
	}
	load_value(s, &in->a, d);
	if (in->op == IR_NEG)
		emit(s, insn_make(BPF_ALU64 | BPF_NEG, d, 0, 0, 0));
	else if (in->op == IR_NOT)
		emit(s, ALU64_IMM(BPF_XOR, d, -1));
	put_dest(s, in->d, d);
}

/* ---- comparisons ---- */
static const uint8_t jump_op[IR_CC_COUNT] = {
	[CC_EQ] = BPF_JEQ,  [CC_NE] = BPF_JNE,	[CC_LT] = BPF_JSLT,
	[CC_LE] = BPF_JSLE, [CC_GT] = BPF_JSGT, [CC_GE] = BPF_JSGE,
	[CC_ULT] = BPF_JLT, [CC_ULE] = BPF_JLE, [CC_UGT] = BPF_JGT,
	[CC_UGE] = BPF_JGE,
};

/* Jumps by `off` when a cc b; not both are constants. */
static uint32_t compare(struct sel *s, enum ir_cc cc, const struct ir_val *pa,
			const struct ir_val *pb, int16_t off)
{
	struct ir_val a = *pa, b = *pb;
	int ra, rb;

	if (is_const(&a)) {
		a = *pb;
		b = *pa;
		cc = ir_cc_swap(cc);
	}
	s->nbranches++;
	ra = use_value(s, &a, R0);
	if (is_imm32(&b))
		return emit(s, JMP_IMM(jump_op[cc], ra, (int32_t)b.imm, off));
	rb = use_value(s, &b, R1);
	return emit(s, JMP_REG(jump_op[cc], ra, rb, off));
}

static void select_set(struct sel *s, const struct ir_insn *in)
{
	int d = dest_reg(s, in->d);
	bool busy = d == R0 || holds(s, d, &in->a) || holds(s, d, &in->b);

	if (is_const(&in->a) && is_const(&in->b)) {
		emit(s, MOV_IMM(d, ir_eval_cc(in->cc, (uint64_t)in->a.imm,
					      (uint64_t)in->b.imm)));
	} else if (busy) {
		compare(s, in->cc, &in->a, &in->b, 2);
		emit(s, MOV_IMM(d, 0));
		emit(s, JA(1));
		emit(s, MOV_IMM(d, 1));
	} else {
		/* operands into scratch first: loads must not come between */
		emit(s, MOV_IMM(d, 1));
		compare(s, in->cc, &in->a, &in->b, 1);
		emit(s, MOV_IMM(d, 0));
	}
	put_dest(s, in->d, d);
}

/* ---- memory ---- */

/* Clobbers r0 and r1; afterwards r0 is free. */
static struct place memory(struct sel *s, const struct ir_insn *in)
{
	const struct ir_val *a = &in->a;
	int64_t off = a->imm + in->off;
	uint32_t align;

	switch (a->kind) {
	case IV_SLOT:
		return frame_place(s, s->f->slot_off[a->reg] + (uint32_t)off,
				   R1);
	case IV_CTX:
		s->used_ctx = true;
		return near_place(s, R7, off, R1);
	case IV_REG:
		align = in->op == IR_ATOMIC_ADD ? in->size : 1;
		if (s->pointer != a->reg || s->pointer_align != align) {
			load_value(s, a, R1);
			gen_pointer(&s->g, R1, align);
			s->pointer = a->reg;
			s->pointer_align = align;
		}
		return near_place(s, R1, in->off, R1);
	default:
		s->pointer = 0;
		gen_heap_addr(&s->g, R1, (uint32_t)off);
		return (struct place){R1, 0};
	}
}

static void extend(struct sel *s, int reg, const struct ir_insn *in)
{
	int bits = 64 - 8 * in->size;

	if (!in->is_signed || !bits)
		return;
	emit(s, ALU64_IMM(BPF_LSH, reg, bits));
	emit(s, ALU64_IMM(BPF_ARSH, reg, bits));
}

static void select_ld(struct sel *s, const struct ir_insn *in)
{
	int d = dest_reg(s, in->d);
	struct place p = memory(s, in);

	emit(s, LDX(size_code(in->size), d, p.reg, (int16_t)p.off));
	extend(s, d, in);
	put_dest(s, in->d, d);
}

static void select_st(struct sel *s, const struct ir_insn *in)
{
	struct place p = memory(s, in);
	int size = size_code(in->size), b;

	if (in->op == IR_ATOMIC_ADD) {
		b = use_value(s, &in->b, R0);
		emit(s, ATOMIC(size, p.reg, (int16_t)p.off, b, BPF_ADD));
	} else if (is_const(&in->b) && (is_imm32(&in->b) || in->size < 8)) {
		emit(s,
		     ST_IMM(size, p.reg, (int16_t)p.off, (int32_t)in->b.imm));
	} else {
		b = use_value(s, &in->b, R0);
		emit(s, STX(size, p.reg, (int16_t)p.off, b));
	}
}

static void select_ctxld(struct sel *s, const struct ir_insn *in)
{
	int d = dest_reg(s, in->d);
	struct place p;

	if (ctxload_slot(s->f, in) == NO_SLOT) {
		s->used_prog_ctx = true;
		emit(s, LDX(BPF_DW, R1, R10, STACK_PROG_CTX));
		emit(s, LDX(size_code(in->size), d, R1, (int16_t)in->off));
	} else {
		p = frame_place(s, ctxload_slot(s->f, in), R1);
		emit(s, LDX(BPF_DW, d, p.reg, (int16_t)p.off));
	}
	extend(s, d, in);
	put_dest(s, in->d, d);
}

/* ---- calls ---- */

/*
 * Arguments into r1..: values in registers first, in an order that overwrites
 * none that is still needed (r0 breaks cycles), then the rest.
 */
static void place_args(struct sel *s, const struct ir_val *args, uint32_t n)
{
	int src[5] = {-1, -1, -1, -1, -1};
	uint32_t left = 0;

	for (uint32_t i = 0; i < n; i++)
		if (args[i].kind == IV_REG &&
		    reg_of(s, args[i].reg) != REG_NONE) {
			src[i] = reg_of(s, args[i].reg);
			left++;
		}
	while (left) {
		bool moved = false;

		for (uint32_t i = 0; i < n; i++) {
			int dst = R1 + (int)i;
			bool wanted = false;

			if (src[i] < 0)
				continue;
			for (uint32_t k = 0; k < n; k++)
				wanted |= k != i && src[k] == dst;
			if (wanted)
				continue;
			if (src[i] != dst)
				emit(s, MOV_REG(dst, src[i]));
			src[i] = -1;
			left--;
			moved = true;
		}
		if (moved)
			continue;
		/* only cycles are left: free one register */
		for (uint32_t i = 0; i < n; i++) {
			int freed = src[i];

			if (freed < 0)
				continue;
			emit(s, MOV_REG(R0, freed));
			for (uint32_t k = 0; k < n; k++)
				if (src[k] == freed)
					src[k] = R0;
			break;
		}
	}
	for (uint32_t i = 0; i < n; i++)
		if (args[i].kind != IV_REG ||
		    reg_of(s, args[i].reg) == REG_NONE)
			load_value(s, &args[i], R1 + (int)i);
}

static void store_frame(struct sel *s, int size, uint32_t off,
			const struct ir_val *v)
{
	struct place p = frame_place(s, off, R1);

	if (is_imm32(v))
		emit(s, ST_IMM(size, p.reg, (int16_t)p.off, (int32_t)v->imm));
	else
		emit(s, STX(size, p.reg, (int16_t)p.off, use_value(s, v, R0)));
}

static void store_frame_imm(struct sel *s, int size, uint32_t off, int64_t v)
{
	struct ir_val imm = iv_imm(v);

	store_frame(s, size, off, &imm);
}

/* The callee's frame begins where ours ends. */
static void store_args(struct sel *s, const struct ir_insn *in)
{
	const struct m_func *callee = &s->g.u->funcs[in->fn];
	uint32_t base = s->f->frame_size +
			(callee->step ? sizeof(struct step_frame) : 0);

	for (uint32_t i = 0; i < in->nargs; i++)
		store_frame(s, BPF_DW, base + 8 * i, &in->args[i]);
}

/* Of the step function that was called last. */
static void load_result(struct sel *s, int reg)
{
	struct place p =
		frame_place(s, s->f->frame_size + STEP_OFF(result), R1);

	emit(s, LDX(BPF_DW, reg, p.reg, (int16_t)p.off));
}

static void select_call(struct sel *s, const struct ir_insn *in)
{
	const struct m_func *callee = &s->g.u->funcs[in->fn];
	uint32_t size = s->f->frame_size;

	store_args(s, in);
	if (callee->step)
		store_frame_imm(s, BPF_W, size + STEP_OFF(resume), 0);
	load_c(s, R1);
	if (s->fbase == R7) {
		emit(s, MOV_REG(R2, R1));
		add_imm(s, R2, (int64_t)RT_CTX_FRAME + size);
	} else {
		load_frame_off(s, R2, size);
	}
	if (!callee->step) {
		call(s, callee->out);
	} else {
		emit(s, MOV_IMM(R3, (int32_t)in->fn));
		call(s, s->f->drive);
		if (in->d)
			load_result(s, R0);
	}
	put_dest(s, in->d, R0);
}

static void select_rt(struct sel *s, const struct ir_insn *in)
{
	place_args(s, in->args, in->nargs);
	/* what is shorter than a call */
	if ((in->fn != RT_FN_lock && in->fn != RT_FN_unlock) ||
	    !entry_splice(&s->g, in->fn, false))
		call(s, plan_rt(s->g.u, in->fn));
	put_dest(s, in->d, R0);
}

/* ---- step functions ---- */
static void exit_step(struct sel *s, bool more)
{
	emit(s, MOV_IMM(R0, more));
	emit(s, EXIT_INSN);
}

static uint32_t resume_number(struct sel *s, const struct ir_insn *in)
{
	return s->f->blocks.v[in->to[0]].resume;
}

static void select_suspend(struct sel *s, const struct ir_insn *in)
{
	uint32_t size = s->f->frame_size;
	struct place p;

	store_args(s, in);
	store_frame_imm(s, BPF_W, STEP_OFF(resume), resume_number(s, in));
	store_frame_imm(s, BPF_W, size + STEP_OFF(resume), 0);
	store_frame_imm(s, BPF_W, size + STEP_OFF(caller_fn), s->f->ir->index);
	load_frame_off(s, R0, 0);
	p = frame_place(s, size + STEP_OFF(caller_frame), R1);
	emit(s, STX(BPF_W, p.reg, (int16_t)p.off, R0));
	add_imm(s, R0, size);
	s->used_ctx = true;
	emit(s, STX(BPF_W, R7, CTX_OFF(cur_frame), R0));
	emit(s, ST_IMM(BPF_W, R7, CTX_OFF(cur_fn), (int32_t)in->fn));
	exit_step(s, true);
}

/* Back to the caller's frame, or done when there is none. */
static void return_step(struct sel *s, const struct ir_insn *in)
{
	uint32_t last = UINT32_MAX;
	struct place p;

	s->used_ctx = true;
	if (in->a.kind != IV_NONE)
		store_frame(s, BPF_DW, STEP_OFF(result), &in->a);
	if (!s->f->ir->is_handler) {
		load_frame_off(s, R0, 0);
		emit(s, LDX(BPF_W, R1, R7, CTX_OFF(base_frame)));
		last = emit(s, JMP_REG(BPF_JEQ, R0, R1, 0));
		p = frame_place(s, STEP_OFF(caller_fn), R1);
		emit(s, LDX(BPF_W, R0, p.reg, (int16_t)p.off));
		emit(s, STX(BPF_W, R7, CTX_OFF(cur_fn), R0));
		p = frame_place(s, STEP_OFF(caller_frame), R1);
		emit(s, LDX(BPF_W, R0, p.reg, (int16_t)p.off));
		emit(s, STX(BPF_W, R7, CTX_OFF(cur_frame), R0));
		exit_step(s, true);
		gen_here(&s->g, last);
	}
	emit(s, ST_IMM(BPF_W, R7, CTX_OFF(cur_fn), CUR_FN_NONE));
	exit_step(s, false);
}

static void select_yield(struct sel *s, const struct ir_insn *in)
{
	store_frame_imm(s, BPF_W, STEP_OFF(resume), resume_number(s, in));
	exit_step(s, true);
}

/* ---- jumps ---- */
static void jump_to(struct sel *s, uint32_t insn, uint32_t block)
{
	vec_push(s->g.u->arena, &s->fixups, ((struct fixup){insn, block}));
}

static void jump(struct sel *s, uint32_t block)
{
	if (block == s->next_block)
		return;
	jump_to(s,
		emit(s,
		     s->long_jumps ? insn_make(INSN_GOTOL, 0, 0, 0, 0) : JA(0)),
		block);
}

/* insn, a conditional jump just emitted, goes to block; over a long jump when
   needed. */
static void branch_to(struct sel *s, uint32_t insn, uint32_t block)
{
	uint32_t over;

	if (!s->long_jumps) {
		jump_to(s, insn, block);
		return;
	}
	gen_func(&s->g)->code.v[insn].off = 1;
	over = emit(s, JA(1));
	jump_to(s, emit(s, insn_make(INSN_GOTOL, 0, 0, 0, 0)), block);
	gen_here(&s->g, over);
}

static void select_br(struct sel *s, const struct ir_insn *in)
{
	if (in->to[0] == s->next_block) {
		branch_to(s,
			  compare(s, ir_cc_negate(in->cc), &in->a, &in->b, 0),
			  in->to[1]);
	} else {
		branch_to(s, compare(s, in->cc, &in->a, &in->b, 0), in->to[0]);
		jump(s, in->to[1]);
	}
}

static void select_brerr(struct sel *s, const struct ir_insn *in)
{
	s->used_ctx = true;
	s->nbranches++;
	emit(s, LDX(BPF_W, R0, R7, CTX_OFF(error)));
	if (in->to[0] == s->next_block) {
		branch_to(s, emit(s, JMP_IMM(BPF_JEQ, R0, 0, 0)), in->to[1]);
	} else {
		branch_to(s, emit(s, JMP_IMM(BPF_JNE, R0, 0, 0)), in->to[0]);
		jump(s, in->to[1]);
	}
}

static void select_ret(struct sel *s, const struct ir_insn *in)
{
	if (s->f->step) {
		return_step(s, in);
	} else if (s->f->ir->is_handler) {
		if (s->next_block == UINT32_MAX)
			return; /* the common end follows */
		vec_push(s->g.u->arena, &s->leaves,
			 emit(s, s->long_jumps
					 ? insn_make(INSN_GOTOL, 0, 0, 0, 0)
					 : JA(0)));
	} else {
		if (in->a.kind == IV_NONE)
			emit(s, MOV_IMM(R0, 0));
		else
			load_value(s, &in->a, R0);
		emit(s, EXIT_INSN);
	}
}

/* ---- loops ---- */

/* What enters a loop must be unknown to the verifier. */
static void select_launder(struct sel *s, const struct ir_insn *in)
{
	const ir_regs *live = &s->f->live.in[in->to[0]];
	struct place p;

	vec_for (live, i) {
		uint8_t reg = reg_of(s, live->v[i]);

		if (reg == REG_NONE)
			continue;
		p = frame_place(s, s->f->scratch_off, R0);
		emit(s, STX(BPF_DW, p.reg, (int16_t)p.off, reg));
		emit(s, LDX(BPF_DW, reg, p.reg, (int16_t)p.off));
	}
}

static void select_loop(struct sel *s, const struct ir_insn *in)
{
	branch_to(s, emit(s, insn_make(INSN_MAY_GOTO, 0, 0, 0, 0)), in->to[0]);
	jump(s, in->to[1]);
}

static void select_insn(struct sel *s, const struct ir_insn *in)
{
	struct place p;
	int d;

	switch (in->op) {
	case IR_MOV:
	case IR_NEG:
	case IR_NOT:
		select_un(s, in);
		break;
	case IR_ADDR:
		d = dest_reg(s, in->d);
		load_value(s, &in->a, d);
		put_dest(s, in->d, d);
		break;
	case IR_SET:
		select_set(s, in);
		break;
	case IR_LD:
		select_ld(s, in);
		break;
	case IR_CTXLD:
		select_ctxld(s, in);
		break;
	case IR_PARAM:
		d = dest_reg(s, in->d);
		p = frame_place(s, s->f->params_off + 8 * (uint32_t)in->a.imm,
				R1);
		emit(s, LDX(BPF_DW, d, p.reg, (int16_t)p.off));
		put_dest(s, in->d, d);
		break;
	case IR_ST:
	case IR_ATOMIC_ADD:
		select_st(s, in);
		break;
	case IR_RT:
		select_rt(s, in);
		break;
	case IR_CALL:
		select_call(s, in);
		break;
	case IR_JMP:
		jump(s, in->to[0]);
		break;
	case IR_BR:
		select_br(s, in);
		break;
	case IR_BRERR:
		select_brerr(s, in);
		break;
	case IR_RET:
		select_ret(s, in);
		break;
	case M_LAUNDER:
		select_launder(s, in);
		break;
	case M_OVERLOAD:
		s->used_ctx = true;
		emit(s, ST_IMM(BPF_W, R7, CTX_OFF(error), RT_ERR_ABORT));
		break;
	case M_RESULT:
		d = dest_reg(s, in->d);
		load_result(s, d);
		put_dest(s, in->d, d);
		break;
	case M_LOOP:
		select_loop(s, in);
		break;
	case M_SUSPEND:
		select_suspend(s, in);
		break;
	case M_YIELD:
		select_yield(s, in);
		break;
	default:
		select_bin(s, in);
	}
}

/* ---- the body's frame ---- */
static void function_entry(struct sel *s)
{
	if (s->f->has_loop && s->g.u->opts->may_goto)
		gen_checkpoint(&s->g);
	if (s->need_c)
		emit(s, STX(BPF_DW, R10, STACK_C, R1));
	if (s->need_frame_off)
		emit(s, STX(BPF_DW, R10, STACK_FRAME, R2));
	if (s->need_ctx) {
		emit(s, MOV_REG(R7, R1));
		gen_pointer(&s->g, R7, 8);
	}
	if (s->need_frame) {
		emit(s, MOV_REG(R6, R2));
		gen_pointer(&s->g, R6, 8);
	}
}

/* On paths that are only taken when a loop runs out of budget a register may
   be read that was never written; the verifier wants it to hold something. */
static void clear_undefined(struct sel *s)
{
	const ir_regs *live = &s->f->live.in[0];

	vec_for (live, i)
		if (reg_of(s, live->v[i]) != REG_NONE)
			emit(s, MOV_IMM(reg_of(s, live->v[i]), 0));
}

/* r0 = resume word: blocks[lo..hi) by rising number, or the start */
static void resume_switch(struct sel *s, const uint32_t *blocks, uint32_t lo,
			  uint32_t hi)
{
	uint32_t mid = (lo + hi) / 2, right;

	if (hi - lo <= 4) {
		for (uint32_t i = lo; i < hi; i++)
			branch_to(s,
				  emit(s,
				       JMP_IMM(BPF_JEQ, R0, (int32_t)i + 1, 0)),
				  blocks[i]);
		return;
	}
	right = emit(s, JMP_IMM(BPF_JGT, R0, (int32_t)mid, 0));
	resume_switch(s, blocks, lo, mid);
	jump(s, 0);
	gen_here(&s->g, right);
	resume_switch(s, blocks, mid, hi);
}

static void step_entry(struct sel *s)
{
	struct m_func *f = s->f;
	uint32_t *blocks = arena_new_array(s->g.u->arena, uint32_t, f->nresume);
	struct place p;

	function_entry(s);
	if (!f->nresume)
		return;
	for (uint32_t i = 0; i < f->norder; i++) {
		uint32_t r = f->blocks.v[f->order[i]].resume;

		if (r)
			blocks[r - 1] = f->order[i];
	}
	p = frame_place(s, STEP_OFF(resume), R1);
	emit(s, LDX(BPF_W, R0, p.reg, (int16_t)p.off));
	s->next_block = UINT32_MAX;
	resume_switch(s, blocks, 0, f->nresume);
}

static bool resolve(struct sel *s)
{
	struct ebpf_func *f = gen_func(&s->g);
	bool fits = true;

	vec_for (&s->fixups, i) {
		struct bpf_insn *in = &f->code.v[s->fixups.v[i].insn];
		int64_t off = (int64_t)s->pc[s->fixups.v[i].block] -
			      s->fixups.v[i].insn - 1;

		if (in->code == INSN_GOTOL)
			in->imm = (int32_t)off;
		else if (off == (int16_t)off)
			in->off = (int16_t)off;
		else
			fits = false;
	}
	return fits;
}

static void reset(struct sel *s)
{
	struct ebpf_func *f = gen_func(&s->g);

	f->code.n = f->relocs.n = f->lines.n = f->cores.n = 0;
	s->fixups.n = s->leaves.n = s->nbranches = 0;
	s->used_prog_ctx = s->used_c = s->used_frame_off = false;
	s->used_frame = s->used_ctx = false;
}

/* True when all jumps reach. */
static bool translate(struct sel *s)
{
	struct m_func *f = s->f;
	bool program = f->ir->is_handler && !f->step, fits;

	reset(s);
	gen_line(&s->g, f->ir->loc);
	if (program) {
		gen_begin(&s->g, f->ir->handler);
		gen_quick(&s->g, f->ir);
		gen_enter(&s->g, f->ir->handler,
			  s->need_prog_ctx || f->ctxloads.n);
		gen_ctxloads(&s->g, f);
	} else if (f->step) {
		step_entry(s);
	} else {
		function_entry(s);
	}
	s->pc[0] = gen_pos(&s->g);
	clear_undefined(s);
	for (uint32_t i = 0; i < f->norder; i++) {
		const struct m_block *b = &f->blocks.v[f->order[i]];

		s->pointer = 0;
		if (i)
			s->pc[f->order[i]] = gen_pos(&s->g);
		s->next_block =
			i + 1 < f->norder ? f->order[i + 1] : UINT32_MAX;
		vec_for (&b->insns, k) {
			gen_line(&s->g, b->insns.v[k]->loc);
			select_insn(s, b->insns.v[k]);
			if (b->insns.v[k]->d == s->pointer)
				s->pointer = 0;
		}
	}
	fits = resolve(s);
	if (!program)
		return fits;
	vec_for (&s->leaves, i) {
		struct bpf_insn *in = &gen_func(&s->g)->code.v[s->leaves.v[i]];
		uint32_t off = gen_pos(&s->g) - s->leaves.v[i] - 1;

		if (in->code == INSN_GOTOL)
			in->imm = (int32_t)off;
		else
			in->off = (int16_t)off;
	}
	gen_leave(&s->g, f->ir->handler);
	return fits && gen_pos(&s->g) < (s->long_jumps ? INT32_MAX : INT16_MAX);
}

static void check_limits(struct sel *s, bool fits)
{
	struct unit *u = s->g.u;
	const char *what = s->f->ir->is_handler ? "probe handler" : "function";

	if (!fits)
		unit_fail(u, s->f->ir->loc, "move parts of it to functions",
			  "this %s is too long for BPF: %u instructions", what,
			  gen_pos(&s->g));
	else if (s->nbranches > MAX_BRANCHES)
		unit_fail(u, s->f->ir->loc, "move parts of it to functions",
			  "this %s has too many branches for the BPF "
			  "verifier: %u",
			  what, s->nbranches);
}

void select_body(struct unit *u, struct m_func *f)
{
	struct sel s = {.g = {u, f->out}, .f = f};
	bool program = f->ir->is_handler && !f->step, fits;

	s.fbase = program ? R7 : R6;
	s.fdisp = program ? RT_CTX_FRAME : 0;
	s.need_prog_ctx = s.need_c = s.need_frame_off = true;
	s.need_frame = s.need_ctx = true;
	s.pc = arena_new_array(u->arena, uint32_t, f->blocks.n);
	fits = translate(&s);
	if (gen_pos(&s.g) > SHORT_JUMP && u->opts->long_jumps)
		s.long_jumps = true;
	s.need_prog_ctx = s.used_prog_ctx;
	s.need_c = s.used_c;
	s.need_frame_off = s.used_frame_off;
	s.need_frame = s.used_frame;
	s.need_ctx = s.used_ctx;
	fits = translate(&s);
	check_limits(&s, fits);
}
