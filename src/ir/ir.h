/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The intermediate representation: what a script means, decided once (in
 * lower*.c), for all targets.
 *
 * A module has functions: one handler per probe, and the script's functions.
 * A function has basic blocks of instructions on virtual registers (64-bit
 * integers, freely reassigned; this is not SSA) and slots: pieces of memory in
 * its frame. Block 0 is the entry. Control flow is reducible. Registers and
 * slots are undefined until written; lowering initialises what the language
 * says is zero.
 *
 * Memory is the heap (wire.h): constant offsets (HEAP operands), the
 * function's frame (SLOT operands), the handler's context (CTX operands), and
 * computed offsets (REG operands). An access through a register may touch at
 * most image.heap_slack bytes behind it.
 *
 * Errors: an operation that can fail leaves ctx.error set; lowering puts a
 * BRERR behind each such operation. Nothing else branches implicitly.
 *
 * Script functions take and return integers (a string is its heap offset).
 * A function that returns a string gets the offset of the result's memory as
 * its first parameter. Calls may nest and recurse; frames are stacked by the
 * target.
 *
 * Rules, all checked by ir_check():
 *  - Operands. REG or IMM: MOV, NEG, NOT, arithmetic, SET, BR, RET, the value
 *    (b) of ST and ATOMIC_ADD. HEAP, SLOT or CTX: ADDR. REG, HEAP, SLOT or
 *    CTX: the base (a) of LD, ST, ATOMIC_ADD. Any of them: arguments of RT and
 *    CALL (memory operands pass their heap offset). IMM: PARAM. What an op
 *    does not use is IV_NONE, register 0.
 *  - An access through a register has 0 <= off and off + size <= IR_SLACK.
 *    Others lie within their slot, the context (RT_CTX_FRAME bytes) or the
 *    static data (statics_end, when it is not 0).
 *  - Every block ends in its only terminator. The entry block has no
 *    predecessors. PARAM stands only in the entry block, CTXLD only in
 *    handlers. Every loop is entered at its header only (reducible).
 *  - A register is written on every path before it is read.
 *  - Handlers have no parameters and return nothing. d is set only by what
 *    has a value: a run-time function with RTF_VALUE, a returns_value callee.
 *    RET has an operand exactly in functions that return a value.
 */
#ifndef IR_IR_H
#define IR_IR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/source.h"
#include "base/strbuf.h"
#include "wire/image.h"
#include "wire/wire.h"

enum ir_op {
#define I(name, text, cls) IR_##name,
#include "ir/op.def"
#undef I
	IR_OP_COUNT
};

/* Run-time functions: RT_FN_str_copy, ... */
enum rt_fn {
#define RT(name, nargs, flags) RT_FN_##name,
#include "../runtime/rt.def"
#undef RT
	RT_FN_COUNT
};

/* flags column of rt.def */
#define RTF_VALUE 1u /* returns a value */
#define RTF_FAIL 2u /* may set ctx.error */
#define RTF_PURE 4u /* no effect but its value; depends on arguments only */
#define RTF_READ 8u /* no effect; depends on memory or the environment */
#define RTF_BARRIER 16u /* lock, unlock, flush: nothing moves across */
/* neither PURE nor READ: writes memory */

struct rt_info {
	const char *name;
	uint8_t nargs;
	uint32_t flags;
};
extern const struct rt_info rt_info[RT_FN_COUNT];

/* class column of op.def: which fields an operation has */
enum ir_op_class {
	IR_CLASS_UN, /* d = op a */
	IR_CLASS_BIN, /* d = a op b */
	IR_CLASS_CMP, /* d = a cc b */
	IR_CLASS_MEM,
	IR_CLASS_CALL,
	IR_CLASS_END,
};

struct ir_op_info {
	const char *text;
	enum ir_op_class cls;
};
extern const struct ir_op_info ir_op_info[IR_OP_COUNT];

enum ir_cc { CC_EQ, CC_NE, CC_LT, CC_LE, CC_GT, CC_GE, /* signed */
	     CC_ULT, CC_ULE, CC_UGT, CC_UGE };
#define IR_CC_COUNT 10u
extern const char *const ir_cc_text[IR_CC_COUNT];
enum ir_cc ir_cc_negate(enum ir_cc cc); /* !(a cc b) */
enum ir_cc ir_cc_swap(enum ir_cc cc); /* b cc' a == a cc b */
/* What the operations mean; the optimiser and the engine share these. */
bool ir_eval_cc(enum ir_cc cc, uint64_t a, uint64_t b);
/* MOV NEG NOT (b ignored) and ADD .. SAR */
uint64_t ir_eval(enum ir_op op, uint64_t a, uint64_t b);

/* An access may touch this many bytes behind the offset in a register. */
#define IR_SLACK WIRE_SLACK
/* Largest heap; the BPF verifier wants the mask below 2^29. */
#define IR_HEAP_MAX (1u << 29)

enum ir_val_kind {
	IV_NONE,
	IV_REG, /* reg */
	IV_IMM, /* imm */
	IV_HEAP, /* imm: constant heap offset */
	IV_SLOT, /* reg: slot number, imm: offset in it */
	IV_CTX, /* imm: offset in struct rt_ctx */
};

struct ir_val {
	enum ir_val_kind kind;
	uint32_t reg;
	int64_t imm;
};

typedef uint32_t ir_reg; /* 0 is "none" */
typedef VEC(ir_reg) ir_regs;

struct ir_insn {
	uint16_t op; /* enum ir_op */
	uint8_t cc; /* enum ir_cc */
	uint8_t size; /* 1 2 4 8 */
	bool is_signed;
	ir_reg d;
	struct ir_val a, b;
	int32_t off; /* LD ST CTXLD ATOMIC_ADD */
	uint32_t fn; /* RT: enum rt_fn; CALL: index in module funcs */
	struct ir_val *args;
	uint32_t nargs;
	uint32_t to[2]; /* block numbers */
	struct loc loc; /* script position, for listings and debug info */
	/* CO-RE: the constant in `a` (MOV) is this field's offset; or NULL */
	const struct field_reloc *reloc;
};

struct ir_block {
	VEC(struct ir_insn) insns;
	/* filled by ir_analyse(): */
	VEC(uint32_t) preds;
	bool reachable;
	bool loop_header; /* target of a back edge */
};

struct ir_slot {
	const char *name;
	uint32_t size; /* bytes; alignment is always 8 */
};

struct ir_func {
	const char *name; /* unique C identifier: "probe_0", "fn_fib" */
	struct loc loc;
	bool is_handler;
	uint32_t handler; /* index in image handlers */
	uint32_t nparams;
	bool returns_value;
	uint32_t nregs; /* registers are 1 .. nregs - 1 */
	VEC(struct ir_slot) slots;
	VEC(struct ir_block *) blocks;
	uint32_t index; /* in module funcs */
};

/* A named piece of the heap, for listings: "@counts+16". */
struct ir_symbol {
	const char *name;
	uint32_t off, size;
};

struct ir_module {
	struct arena *arena;
	VEC(struct ir_func *) funcs;
	VEC(struct ir_symbol) symbols; /* by rising offset */
	/* Everything but code. Context area: see ir_layout_contexts(). */
	struct image *image;
	uint32_t statics_end; /* heap offset after all static data */
	uint32_t out_need; /* longest output entry: out_cap must hold it */
};

/* The initial bytes at a heap offset that no handler writes to, and their
   number in *n; NULL when there are none. */
const uint8_t *ir_constant(const struct ir_module *m, int64_t off, uint32_t *n);

/* ---- builder (build.c) ---- */
struct ir_module *ir_module_new(struct arena *a);
struct ir_func *ir_func_new(struct ir_module *m, const char *name);
uint32_t ir_block_new(struct ir_module *m, struct ir_func *f);
ir_reg ir_reg_new(struct ir_func *f);
uint32_t ir_slot_new(struct ir_module *m, struct ir_func *f, const char *name,
		     uint32_t size);

static inline struct ir_val iv_reg(ir_reg r)
{
	return (struct ir_val){ .kind = IV_REG, .reg = r };
}
static inline struct ir_val iv_imm(int64_t v)
{
	return (struct ir_val){ .kind = IV_IMM, .imm = v };
}
static inline struct ir_val iv_heap(uint32_t off)
{
	return (struct ir_val){ .kind = IV_HEAP, .imm = off };
}
static inline struct ir_val iv_slot(uint32_t slot, int64_t off)
{
	return (struct ir_val){ .kind = IV_SLOT, .reg = slot, .imm = off };
}
static inline struct ir_val iv_ctx(int64_t off)
{
	return (struct ir_val){ .kind = IV_CTX, .imm = off };
}
#define IV_NOTHING ((struct ir_val){ .kind = IV_NONE })

/* Appends to a block; the result stays valid until the next append. */
struct ir_insn *ir_emit(struct ir_module *m, struct ir_func *f, uint32_t block,
			struct ir_insn insn);
/* Copies args into the module's arena. */
struct ir_val *ir_args(struct ir_module *m, const struct ir_val *args,
		       uint32_t n);

/* ---- walking ---- */
/* Operands a, b, args as one list; unused ones are IV_NONE. */
static inline uint32_t ir_noperands(const struct ir_insn *in)
{
	return 2 + in->nargs;
}
static inline struct ir_val *ir_operand(const struct ir_insn *in, uint32_t i)
{
	return i == 0 ? (struct ir_val *)&in->a :
	       i == 1 ? (struct ir_val *)&in->b :
			&in->args[i - 2];
}
static inline bool ir_reads(const struct ir_insn *in, ir_reg r)
{
	for (uint32_t i = 0; i < ir_noperands(in); i++) {
		const struct ir_val *v = ir_operand(in, i);

		if (v->kind == IV_REG && v->reg == r)
			return true;
	}
	return false;
}
/* Whether the function's own code, or any of the module's, calls it. */
bool ir_calls_rt(const struct ir_func *f, enum rt_fn fn);
bool ir_module_calls_rt(const struct ir_module *m, enum rt_fn fn);
static inline bool ir_is_end(const struct ir_insn *in)
{
	return in->op >= IR_JMP;
}
/* Successors of a block's last instruction: to[0 .. n-1]. */
static inline uint32_t ir_nsucc(const struct ir_insn *end)
{
	return end->op == IR_RET ? 0 : end->op == IR_JMP ? 1 : 2;
}

/* ---- analysis, checker, optimiser ---- */
/* preds, reachable, loop_header of every block. */
void ir_analyse(struct arena *a, struct ir_func *f);
/*
 * Reachable blocks in reverse postorder (entry first); returns how many.
 * pos[block] (optional) is the place in it, UINT32_MAX when unreachable.
 */
uint32_t ir_rpo(struct arena *a, const struct ir_func *f, uint32_t **order,
		uint32_t **pos);
/* Immediate dominator of every reachable block (entry: itself); UINT32_MAX
   for the others. Wants ir_analyse() first. */
uint32_t *ir_dominators(struct arena *a, const struct ir_func *f);
/* A set of registers with members in any order, emptied by n = 0 (Briggs and
   Torczon: An Efficient Representation for Sparse Sets). */
struct ir_set {
	uint32_t n;
	ir_reg *dense; /* the members: dense[0 .. n-1] */
	uint32_t *place;
};
/* For registers below nregs, empty. */
void ir_set_init(struct arena *a, struct ir_set *s, uint32_t nregs);
void ir_set_add(struct ir_set *s, ir_reg r);
void ir_set_remove(struct ir_set *s, ir_reg r);
static inline bool ir_set_has(const struct ir_set *s, ir_reg r)
{
	return s->place[r] < s->n && s->dense[s->place[r]] == r;
}

/* Registers live at the start of each block, rising: in[block]. */
struct ir_live {
	ir_regs *in;
	struct ir_live_build *build;
};
/*
 * For a graph of any kind of block: ir_live_begin(), then for each reachable
 * block all its instructions in order, and each edge, then ir_live_end().
 * Blocks have numbers below nblocks, registers below nregs.
 */
void ir_live_begin(struct arena *a, struct ir_live *l, uint32_t nblocks,
		   uint32_t nregs);
void ir_live_insn(struct ir_live *l, uint32_t block, const struct ir_insn *in);
void ir_live_edge(struct ir_live *l, uint32_t from, uint32_t to);
void ir_live_end(struct ir_live *l);
/* All of it for a function. Wants ir_analyse() first. */
void ir_liveness(struct arena *a, struct ir_live *l, const struct ir_func *f);
/* out := live behind a block that ends in `end`. */
void ir_live_out(const struct ir_live *l, const struct ir_insn *end,
		 struct ir_set *out);
/* In place: live behind the instruction -> live before it. */
void ir_live_step(struct ir_set *live, const struct ir_insn *in);
/*
 * Every rule of this header and of op.def; NULL, or what is wrong
 * ("probe_0 b2 #3: ..."). Fills in what ir_analyse() does on the way.
 */
const char *ir_check(struct arena *a, const struct ir_module *m);
/* Passes that keep the meaning; see opt.c for the list. */
void ir_optimise(struct ir_module *m);
/* One pass by its name in opt.c, for tests and dumps between passes; false
   when there is no such pass. */
bool ir_optimise_pass(struct ir_module *m, const char *pass);
/* Names of the passes in the order they run first, NULL at the end. */
extern const char *const ir_pass_names[];

/* ---- text form (text.c) ---- */
/* With source: each statement's script line is printed above its code. */
void ir_print(struct strbuf *out, const struct ir_module *m, bool with_source);
/* Parses what ir_print() prints (code and symbols only; image data is
   not part of the text). NULL with *err set on malformed text. Says nothing
   about meaning: see ir_check(). */
struct ir_module *ir_parse(struct arena *a, const char *text,
			   const char **err);

/*
 * Heap layout is finished here, once frame sizes are known: places the context
 * area after the static data, chooses heap_size (power of two) and
 * heap_slack, and fills the rt_head fields that describe them in
 * image->heap_init. frame_bytes: the deepest stack of frames of any handler;
 * out_cap: bytes of output buffer; count: contexts (power of two).
 * False when the heap would exceed IR_HEAP_MAX; then nothing has changed.
 * A context's output buffer is its last out_cap bytes (more than asked for
 * when an entry needs it: out_need).
 */
bool ir_layout_contexts(struct ir_module *m, uint32_t frame_bytes,
			uint32_t out_cap, uint32_t count);

/*
 * Deepest stack of frames, given each function's own frame size
 * (frame_size[index]); recursive calls count max_nesting + 1 times.
 * UINT32_MAX when it would not fit in 32 bits.
 */
uint32_t ir_stack_bytes(struct arena *a, const struct ir_module *m,
			const uint32_t *frame_size, uint32_t max_nesting);

#endif
