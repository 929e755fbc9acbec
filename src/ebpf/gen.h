/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the back end share. The way of a module:
 *
 *	plan.c     which functions are called how, which run-time functions
 *		   are needed
 *	cfg.c      a function's blocks, prepared for BPF: loops bounded,
 *		   suspension points split off, order, liveness
 *	regalloc.c registers, spill slots, frame layout
 *	select.c   instructions of a body
 *	entry.c    what stands around bodies: handler entry, dispatchers
 *	quick.c    a handler's usual case without entering
 *	group.c    many handlers in few programs
 *	btf.c      type and debug information
 *	object.c   the ELF file
 *
 * Two kinds of function bodies
 * ----------------------------
 * A *plain* function is a global BPF function f(context, frame): the caller
 * has put the arguments into the frame. BPF stacks at most eight calls, knows
 * no recursion, and without may_goto no loop that the verifier gets through in
 * linear time. Where that does not suffice a function is a *step* function:
 * step(context, frame) runs until it ends, or until a call of another step
 * function, or a back edge; there it leaves everything that lives on in its
 * frame, notes where to resume, and returns. A dispatcher (one per handler)
 * calls whatever ctx.cur_fn says, again and again. So recursion, deep calls
 * and unbounded loops all become the one loop of the dispatcher, which the
 * kernel bounds.
 *
 * Registers
 * ---------
 *	r0, r1   scratch within the expansion of one instruction
 *	r2-r5    allocated between calls
 *	r6       functions: their frame (pointer); handlers: allocated
 *	r7       the context (pointer); a handler's frame follows it
 *	r8, r9   allocated, survive calls
 * BPF stack, at most 48 bytes with what may_goto adds:
 *	[r10-8]   handlers: the program's context pointer
 *	[r10-16]  heap offset of the context
 *	[r10-24]  functions: heap offset of the frame
 */
#ifndef EBPF_GEN_H
#define EBPF_GEN_H

#include <linux/bpf.h>

#include "ebpf/ebpf.h"
#include "ebpf/rtlib.h"
#include "rt.h"

/* Operations that the back end adds to the IR's. */
enum m_op {
	M_LAUNDER = IR_OP_COUNT, /* make what is live unknown to the verifier */
	M_OVERLOAD,		 /* turn the pending error into an abort */
	M_RESULT, /* d = result of the step function just called */
	/* block ends */
	M_LOOP,	   /* may_goto: to[0] when the budget is used up, else to[1] */
	M_SUSPEND, /* call of a step function; resumes at to[0] */
	M_YIELD,   /* back edge of a step function; resumes at to[0] */
};

struct m_block {
	VEC(const struct ir_insn *) insns;
	uint32_t depth;	 /* loops around it */
	uint32_t resume; /* number in the frame's resume word; 0: none */
	uint32_t first;	 /* number of its first instruction */
};

#define REG_NONE 0xff
#define NO_SLOT UINT32_MAX
#define NO_FUNC UINT32_MAX

/* A load from the probe's context, made before the body starts: of step
   handlers, and of fentry and fexit. */
struct m_ctxload {
	const struct ir_insn *insn;
	uint32_t slot;
};

/* Frame of a step function, before its parameters. */
struct step_frame {
	uint32_t resume, caller_fn, caller_frame, spare;
	uint64_t result; /* for the caller to take */
};

struct m_func {
	const struct ir_func *ir;
	bool used; /* reachable from a handler */
	bool step;
	bool has_loop;
	uint32_t depth; /* BPF stack frames of a call, itself included */

	VEC(struct m_block) blocks;
	uint32_t *order; /* block numbers as laid out */
	uint32_t norder;
	uint32_t nresume; /* highest resume number */
	uint32_t ninsns;
	struct ir_live live; /* in: by block */

	uint8_t *reg;	    /* by IR register: its BPF register or REG_NONE */
	uint32_t *spill;    /* ... and its frame offset or NO_SLOT */
	uint32_t *slot_off; /* by IR slot: frame offset */
	uint32_t params_off;
	uint32_t scratch_off; /* 8 bytes, for M_LAUNDER */
	uint32_t frame_size;
	VEC(struct m_ctxload) ctxloads;

	/* in unit.out */
	uint32_t out;	/* the body */
	uint32_t drive; /* handlers: dispatcher, or NO_FUNC */
};

enum code_reloc_kind {
	CODE_CALL, /* of function `target` */
	CODE_ADDR, /* ld_imm64 of function `target` */
	CODE_HEAP,
	CODE_RING,
	CODE_EVENTS, /* the maps of perf counters */
	CODE_TASKS,
	CODE_TEXT, /* a byte of RTLIB_TEXTS */
};

/* Bytes that maps take in ".maps": the ring buffer, others. */
#define EBPF_MAP_RING 16u
#define EBPF_MAP_OTHER 32u

struct code_reloc {
	uint32_t insn;
	enum code_reloc_kind kind;
	uint32_t target; /* in unit.out */
};

struct code_line {
	uint32_t insn;
	struct loc loc; /* may be LOC_NONE */
};

struct code_core {
	uint32_t insn;
	const struct field_reloc *field;
};

/* A function of the object. */
struct ebpf_func {
	const char *name;
	const char *section;
	bool is_static; /* a callback: verified with its caller */
	bool is_handler;
	bool is_runtime;
	bool merged; /* its code stands in a group's program (group.c) */
	uint8_t nargs;
	const struct ir_func *ir; /* or NULL */
	VEC(struct bpf_insn) code;
	VEC(struct code_reloc) relocs;
	VEC(struct code_line) lines;
	VEC(struct code_core) cores;
	uint32_t sec_insn; /* first instruction in its section */
};

struct unit {
	struct arena *arena;
	struct diag *diag; /* NULL while only frame sizes are asked for */
	const struct ir_module *m;
	const struct ebpf_opts *opts;
	const struct rtlib *rt;
	uint16_t rt_index[RT_FN_COUNT]; /* in rt->funcs */
	uint8_t *rt_depth;    /* by rt->funcs index; 0: not known yet */
	uint32_t *rt_out;     /* by rt->funcs index: in out, or NO_FUNC */
	struct m_func *funcs; /* as m->funcs */
	VEC(struct ebpf_func) out;
	VEC(uint32_t) layout; /* out in the order of the file */
	uint32_t mask;
	uint32_t slack; /* heap_slack of the object: covers the largest frame */
	bool failed;
};

/* What stands before and behind a frame, arguments of a call included. */
#define FRAME_AROUND (RT_CTX_FRAME + sizeof(struct step_frame) + 512)

/* ---- plan.c ---- */
#define CALL_FRAMES 8 /* MAX_CALL_FRAMES of the kernel */
bool plan_unit(struct unit *u);
/* By run-time function: index in unit.out, taking it in when it is new. */
uint32_t plan_rt(struct unit *u, enum rt_fn fn);
/* Takes in what the function calls, but not itself; its index in rt->funcs. */
uint32_t plan_rt_callees(struct unit *u, enum rt_fn fn);
/* The same for a function that the library keeps to itself: "i_lock". */
uint32_t plan_rt_internal(struct unit *u, const char *name);
/* Reports a BPF_LIMIT with a remedy. */
void unit_fail(struct unit *u, struct loc loc, const char *remedy,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* ---- cfg.c ---- */
bool cfg_has_loop(struct arena *a, const struct ir_func *f);
void cfg_build(struct unit *u, struct m_func *f);
bool m_is_end(const struct ir_insn *in);
uint32_t m_nsucc(const struct ir_insn *end);
/* Clobbers r0-r5. */
bool m_is_call(const struct ir_insn *in);

static inline bool bit_test(const uint64_t *set, uint32_t i)
{
	return set[i / 64] >> (i % 64) & 1;
}

/* ---- regalloc.c ---- */
void alloc_registers(struct unit *u, struct m_func *f);
/* Frame offset of what this CTXLD of a step handler loads; NO_SLOT: none. */
uint32_t ctxload_slot(const struct m_func *f, const struct ir_insn *in);

/* ---- select.c ---- */
void select_body(struct unit *u, struct m_func *f);

/* ---- entry.c ---- */
/* The program of a step handler, and its dispatcher. */
void entry_step_handler(struct unit *u, struct m_func *f);
void entry_dispatcher(struct unit *u, struct m_func *f);
/* A copy of a run-time function. */
void entry_runtime(struct unit *u, uint32_t rt_index);

/* ---- group.c ---- */
/* Merges programs when there are many; the last step before the file. */
void group_programs(struct unit *u);
#define GROUP_FROM 64 /* handlers of a script; fewer are programs each */
#define COMPACT_FROM 500 /* from here on, all begin and end by calls */

/* ---- emit.c: building code ---- */
struct gen {
	struct unit *u;
	uint32_t out; /* index, as u->out may move */
};

/* ---- quick.c ---- */
/* The handler's usual case, if it is small, without entering; r1 is the
   program's context pointer before and behind. */
void gen_quick(struct gen *g, const struct ir_func *f);

/* The body of a run-time function in place of a call, when it can stand there:
   it uses no stack to speak of, and registers that a call keeps only if
   keep_none. False:
   nothing was emitted. */
bool entry_splice(struct gen *g, enum rt_fn fn, bool keep_none);

static inline struct ebpf_func *gen_func(struct gen *g)
{
	return &g->u->out.v[g->out];
}
uint32_t gen_emit(struct gen *g, struct bpf_insn insn); /* its index */
uint32_t gen_pos(struct gen *g);
void gen_line(struct gen *g, struct loc loc);
void gen_heap_addr(struct gen *g, int reg, uint32_t off);
void gen_imm64(struct gen *g, int reg, int64_t v); /* shortest form */
void gen_call(struct gen *g, uint32_t target);
void gen_rt(struct gen *g, enum rt_fn fn);
/*
 * First instruction of a function with a loop by may_goto. The verifier finds
 * out which values matter by walking back to where they come from. When it
 * gets to the start of a function it must have stored a state there, or it
 * gives up and takes all values to matter, even those that are dead; a call in
 * the loop then stops it ("verifier bug: global subprog unexpected regs", seen
 * on 6.18). At a may_goto it stores one. (6.12 refuses one that jumps to the
 * next instruction, so it jumps over another that does nothing.)
 */
void gen_checkpoint(struct gen *g);
/* insn jumps to the next instruction to be emitted */
void gen_here(struct gen *g, uint32_t insn);
/* dst := heap + (dst & mask), rounded down to `align`; clobbers r0. (The
   verifier must know that atomic operations are aligned.) */
void gen_pointer(struct gen *g, int dst, uint32_t align);
/* Where the kernel preempts, the handler's program can be preempted, and can be
   kept from it. (What reads absent pages sleeps: that cannot.) */
bool gen_can_be_preempted(const struct image_handler *h);
/* The program's first and last instructions; r1 is its context pointer before
   and behind the first. Between them it is not preempted, where that can be. */
void gen_begin(struct gen *g, uint32_t handler);
void gen_end(struct gen *g, uint32_t handler, int status);
/* rt_enter() for this handler; leaves c in [r10-16] and r7. The program ends
   here when the hit is to be skipped. */
void gen_enter(struct gen *g, uint32_t handler, bool save_ctx);
/* rt_leave(), end of the program */
void gen_leave(struct gen *g, uint32_t handler);
uint32_t gen_new_func(struct unit *u, const char *name, const char *section,
		      uint8_t nargs);
const char *gen_section(const struct ir_module *m, uint32_t handler);
/* A handler of type fentry, fexit or netfilter. The verifier gives the words of its
   context the types of the kernel's structures, or refuses them; so they are
   fetched, by helpers or through the heap, before the body starts. */
bool gen_is_traced(const struct ir_module *m, const struct ir_func *f);
/*
 * Where the program's context has what a handler loads from `off` of its own;
 * -1: not in a register. (ITERATOR: the function has one argument more than the
 * handlers that it calls, before theirs.)
 */
int32_t gen_ctx_off(const struct ir_module *m, uint32_t handler, int32_t off);
/* Puts m_func.ctxloads into the frame; r7 is the context. */
void gen_ctxloads(struct gen *g, const struct m_func *f);

#define STACK_PROG_CTX (-8)
#define STACK_C (-16)
#define STACK_FRAME (-24)
#define CTX_OFF(field) ((int)__builtin_offsetof(struct rt_ctx, field))
#define STEP_OFF(field) ((int)__builtin_offsetof(struct step_frame, field))
#define CUR_FN_NONE (-1) /* ctx.cur_fn: the dispatcher is done */

/* ---- object.c, btf.c ---- */
struct bytes {
	unsigned char *v;
	uint32_t n, cap;
};
uint32_t bytes_add(struct arena *a, struct bytes *b, const void *p, uint32_t n);
uint32_t bytes_str(struct arena *a, struct bytes *b, const char *s);
void bytes_align(struct arena *a, struct bytes *b, uint32_t to);

/* Makes .BTF and .BTF.ext; sections: names of those with code, in order. */
void btf_write(struct unit *u, const char *const *sections, uint32_t nsections,
	       struct bytes *btf, struct bytes *ext);
struct ebpf_object *object_write(struct unit *u);
/* Does any function of the object refer to such a thing? */
bool unit_refers(const struct unit *u, enum code_reloc_kind kind);

#endif
