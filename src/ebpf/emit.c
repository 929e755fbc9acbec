// SPDX-License-Identifier: GPL-2.0-or-later
/* Building the code of a function, and the pieces that several kinds share. */
#include "ebpf/gen.h"

#include <string.h>

#include "base/insn.h"
#include "target/arch.h"

uint32_t gen_emit(struct gen *g, struct bpf_insn insn)
{
	struct ebpf_func *f = gen_func(g);

	vec_push(g->u->arena, &f->code, insn);
	return f->code.n - 1;
}

uint32_t gen_pos(struct gen *g)
{
	return gen_func(g)->code.n;
}

void gen_line(struct gen *g, struct loc loc)
{
	struct ebpf_func *f = gen_func(g);
	struct code_line *last = f->lines.n ? &vec_last(&f->lines) : NULL;

	if (last && (!loc.src ||
		     (last->loc.src == loc.src && last->loc.line == loc.line)))
		return;
	if (last && last->insn == f->code.n) {
		last->loc = loc;
		return;
	}
	vec_push(g->u->arena, &f->lines, ((struct code_line){f->code.n, loc}));
}

static void add_reloc(struct gen *g, enum code_reloc_kind kind, uint32_t target)
{
	struct ebpf_func *f = gen_func(g);
	struct code_reloc r = {f->code.n, kind, target};

	vec_push(g->u->arena, &f->relocs, r);
}

void gen_heap_addr(struct gen *g, int reg, uint32_t off)
{
	add_reloc(g, CODE_HEAP, 0);
	gen_emit(g, insn_make(INSN_LD_IMM64, reg, 0, 0, (int32_t)off));
	gen_emit(g, insn_make(0, 0, 0, 0, 0));
}

void gen_imm64(struct gen *g, int reg, int64_t v)
{
	if (v == (int32_t)v) {
		gen_emit(g, MOV_IMM(reg, (int32_t)v));
		return;
	}
	gen_emit(g, insn_make(INSN_LD_IMM64, reg, 0, 0, (int32_t)v));
	gen_emit(g, insn_make(0, 0, 0, 0, (int32_t)(v >> 32)));
}

void gen_call(struct gen *g, uint32_t target)
{
	add_reloc(g, CODE_CALL, target);
	gen_emit(g, insn_make(INSN_CALL, 0, BPF_PSEUDO_CALL, 0, -1));
}

void gen_checkpoint(struct gen *g)
{
	gen_emit(g, insn_make(INSN_MAY_GOTO, 0, 0, 1, 0));
	gen_emit(g, MOV_IMM(R0, 0));
}

void gen_rt(struct gen *g, enum rt_fn fn)
{
	gen_call(g, plan_rt(g->u, fn));
}

void gen_here(struct gen *g, uint32_t insn)
{
	struct ebpf_func *f = gen_func(g);

	f->code.v[insn].off = (int16_t)(f->code.n - insn - 1);
}

void gen_pointer(struct gen *g, int dst, uint32_t align)
{
	gen_emit(g,
		 ALU64_IMM(BPF_AND, dst, (int32_t)(g->u->mask & ~(align - 1))));
	gen_heap_addr(g, R0, 0);
	gen_emit(g, ALU64_REG(BPF_ADD, dst, R0));
}

/* One of many that are not hit often, or of so many that each would take too
   long to load: short rather than quick. */
static bool is_compact(const struct unit *u, uint32_t handler)
{
	const struct image *im = u->m->image;

	return im->nhandlers > COMPACT_FROM ||
	       (im->nhandlers > GROUP_FROM &&
		im->handlers[handler].prog_type == IMAGE_PROG_RUN);
}

/* Its program says what becomes of a packet: 1, it passes. */
static bool is_netfilter(const struct gen *g, uint32_t handler)
{
	return g->u->m->image->handlers[handler].prog_type ==
	       IMAGE_PROG_NETFILTER;
}

static w_u32 entry_kind(const struct gen *g, uint32_t handler)
{
	static const w_u32 kinds[IMAGE_PROG_TYPES] = {
		[IMAGE_PROG_UPROBE] = RT_ENTRY_REGS,
		[IMAGE_PROG_KPROBE] = RT_ENTRY_REGS,
		[IMAGE_PROG_PERF] = RT_ENTRY_PERF,
	};

	return kinds[g->u->m->image->handlers[handler].prog_type];
}

/* For rt_kregs(): r7 is the context. */
static void keep_entry(struct gen *g, uint32_t handler)
{
	gen_emit(g, LDX(BPF_DW, R1, R10, STACK_PROG_CTX));
	gen_emit(g, STX(BPF_DW, R7, CTX_OFF(entry), R1));
	gen_emit(g, ST_IMM(BPF_W, R7, CTX_OFF(entry_kind),
			   (int32_t)entry_kind(g, handler)));
}

/* All sites of a handler are of one kind. */
static bool is_return(const struct gen *g, uint32_t handler)
{
	const struct image *img = g->u->m->image;

	for (uint32_t i = 0; i < img->nattach; i++)
		if (img->attach[i].handler == handler)
			return img->attach[i].flags & WIRE_ATTACH_RETURN;
	return false;
}

/*
 * For rt_kplace() and rt_kfrom(). bpf_get_func_ip() knows where functions begin,
 * also at their returns; elsewhere (it is 0) there is a breakpoint, one byte
 * long on x86, behind which the registers are.
 */
static void keep_place(struct gen *g, uint32_t handler)
{
	enum image_prog_type type = g->u->m->image->handlers[handler].prog_type;
	const struct arch *a = arch_native();

	gen_emit(g, ST_IMM(BPF_DW, R7, CTX_OFF(entry_at), 0));
	gen_emit(g, ST_IMM(BPF_DW, R7, CTX_OFF(returns_from), 0));
	if (type != IMAGE_PROG_KPROBE && type != IMAGE_PROG_FENTRY)
		return;
	gen_emit(g, LDX(BPF_DW, R1, R10, STACK_PROG_CTX));
	gen_emit(g, HELPER(BPF_FUNC_get_func_ip));
	if (is_return(g, handler)) {
		gen_emit(g, STX(BPF_DW, R7, CTX_OFF(returns_from), R0));
		return;
	}
	if (type == IMAGE_PROG_KPROBE && a && !strcmp(a->name, "x86_64")) {
		gen_emit(g, JMP_IMM(BPF_JNE, R0, 0, 3));
		gen_emit(g, LDX(BPF_DW, R1, R10, STACK_PROG_CTX));
		gen_emit(g, LDX(BPF_DW, R0, R1, (int16_t)a->pc));
		gen_emit(g, ALU64_IMM(BPF_SUB, R0, 1));
	}
	gen_emit(g, STX(BPF_DW, R7, CTX_OFF(entry_at), R0));
}

/* For ctx.kstack_first: the frame's number + 1, or 0: to be found out, as it
   begins in the program. The function that calls handlers is not shown. */
static int first_frame(const struct gen *g, uint32_t handler)
{
	if (g->u->m->image->handlers[handler].prog_type == IMAGE_PROG_ITERATOR)
		return 2;
	return entry_kind(g, handler) != RT_ENTRY_PLAIN;
}

/* bpf_get_stack() wants the program's context, which functions do not have. */
static void take_kstack(struct gen *g, uint32_t handler)
{
	const struct rt_head *head = (const void *)g->u->m->image->heap_init;

	gen_emit(g, LDX(BPF_DW, R2, R10, STACK_C));
	gen_emit(g, ALU64_IMM(BPF_ADD, R2, (int32_t)head->kstack_off));
	gen_pointer(g, R2, 8);
	gen_emit(g, LDX(BPF_DW, R1, R10, STACK_PROG_CTX));
	gen_emit(g, MOV_IMM(R3, (int32_t)(8 * head->kstack_max)));
	gen_emit(g, MOV_IMM(R4, 0));
	gen_emit(g, HELPER(BPF_FUNC_get_stack));
	gen_emit(g, STX(BPF_W, R7, CTX_OFF(kstack_len), R0));
	gen_emit(g, ST_IMM(BPF_W, R7, CTX_OFF(kstack_first),
			   first_frame(g, handler)));
}

bool gen_can_be_preempted(const struct image_handler *h)
{
	return h->prog_type == IMAGE_PROG_RAWTP ||
	       h->prog_type == IMAGE_PROG_FENTRY ||
	       h->prog_type == IMAGE_PROG_FEXIT ||
	       (h->prog_type == IMAGE_PROG_UPROBE &&
		!(h->flags & IMAGE_HANDLER_SLEEPABLE));
}

static bool prevents_preemption(const struct gen *g, uint32_t handler)
{
	return g->u->opts->preempt_off &&
	       gen_can_be_preempted(&g->u->m->image->handlers[handler]);
}

void gen_begin(struct gen *g, uint32_t handler)
{
	if (!prevents_preemption(g, handler))
		return;
	gen_emit(g, MOV_REG(R6, R1));
	gen_emit(g, KFUNC(g->u->opts->preempt_off));
	gen_emit(g, MOV_REG(R1, R6));
}

void gen_end(struct gen *g, uint32_t handler, int status)
{
	if (prevents_preemption(g, handler))
		gen_emit(g, KFUNC(g->u->opts->preempt_on));
	gen_emit(g, MOV_IMM(R0, status));
	gen_emit(g, EXIT_INSN);
}

void gen_enter(struct gen *g, uint32_t handler, bool save_ctx)
{
	uint32_t flags = g->u->m->image->handlers[handler].flags;
	uint32_t entered;

	if (save_ctx || flags & (IMAGE_HANDLER_SITE | IMAGE_HANDLER_REGS |
				 IMAGE_HANDLER_KSTACK))
		gen_emit(g, STX(BPF_DW, R10, STACK_PROG_CTX, R1));
	gen_emit(g, MOV_IMM(R1, (int32_t)handler));
	gen_emit(g, MOV_IMM(R2, (int32_t)flags));
	gen_emit(g, MOV_IMM(R3, (int32_t)IMAGE_HANDLER_STATES(flags)));
	if (is_compact(g->u, handler) || !entry_splice(g, RT_FN_enter, true))
		gen_rt(g, RT_FN_enter);
	entered = gen_emit(g, JMP_IMM(BPF_JNE, R0, 0, 0));
	gen_end(g, handler, is_netfilter(g, handler));
	gen_here(g, entered);
	gen_emit(g, STX(BPF_DW, R10, STACK_C, R0));
	gen_emit(g, MOV_REG(R7, R0));
	gen_pointer(g, R7, 8);
	if (is_netfilter(g, handler))
		gen_emit(g, ST_IMM(BPF_W, R7, CTX_OFF(verdict), 1));
	if (flags & IMAGE_HANDLER_SITE) {
		gen_emit(g, LDX(BPF_DW, R1, R10, STACK_PROG_CTX));
		gen_emit(g, HELPER(BPF_FUNC_get_attach_cookie));
		gen_emit(g, STX(BPF_W, R7, CTX_OFF(site), R0));
	}
	if (flags & IMAGE_HANDLER_REGS)
		keep_entry(g, handler);
	if (flags & IMAGE_HANDLER_KSTACK)
		take_kstack(g, handler);
	if (flags & (IMAGE_HANDLER_REGS | IMAGE_HANDLER_KSTACK))
		keep_place(g, handler);
}

void gen_leave(struct gen *g, uint32_t handler)
{
	/* The context is not ours any more when the program returns. */
	if (is_netfilter(g, handler)) {
		gen_emit(g, LDX(BPF_DW, R1, R10, STACK_C));
		gen_pointer(g, R1, 8);
		gen_emit(g, LDX(BPF_W, R0, R1, CTX_OFF(verdict)));
		gen_emit(g, STX(BPF_DW, R10, STACK_PROG_CTX, R0));
	}
	gen_emit(g, LDX(BPF_DW, R1, R10, STACK_C));
	if (is_compact(g->u, handler) || !entry_splice(g, RT_FN_leave, true))
		gen_rt(g, RT_FN_leave);
	if (!is_netfilter(g, handler)) {
		gen_end(g, handler, 0);
		return;
	}
	gen_emit(g, LDX(BPF_DW, R0, R10, STACK_PROG_CTX));
	gen_emit(g, ALU64_IMM(BPF_AND, R0, 1));
	gen_emit(g, EXIT_INSN);
}

uint32_t gen_new_func(struct unit *u, const char *name, const char *section,
		      uint8_t nargs)
{
	struct ebpf_func f = {.name = name, .section = section, .nargs = nargs};

	vec_push(u->arena, &u->out, f);
	return u->out.n - 1;
}

/* "fentry/vfs_read", so that a loader that knows nothing of our attach records
   finds the function too. */
static const char *traced_section(const struct ir_module *m, uint32_t handler,
				  const char *kind)
{
	for (uint32_t i = 0; i < m->image->nattach; i++)
		if (m->image->attach[i].handler == handler)
			return arena_printf(m->arena, "%s/%s", kind,
					    m->image->strings +
						    m->image->attach[i].symbol);
	return kind;
}

bool gen_is_traced(const struct ir_module *m, const struct ir_func *f)
{
	uint32_t type;

	if (!f->is_handler)
		return false;
	type = m->image->handlers[f->handler].prog_type;
	return type == IMAGE_PROG_FENTRY || type == IMAGE_PROG_FEXIT ||
	       type == IMAGE_PROG_NETFILTER || type == IMAGE_PROG_ITERATOR;
}

int32_t gen_ctx_off(const struct ir_module *m, uint32_t handler, int32_t off)
{
	const struct arch *a = arch_native();
	uint32_t n = (uint32_t)off / 8 + 1;

	if (m->image->handlers[handler].prog_type != IMAGE_PROG_ITERATOR)
		return off;
	return n < a->nargs ? a->arg[n] : -1;
}

const char *gen_section(const struct ir_module *m, uint32_t handler)
{
	switch (m->image->handlers[handler].prog_type) {
	case IMAGE_PROG_UPROBE:
		return m->image->handlers[handler].flags &
				       IMAGE_HANDLER_SLEEPABLE
			       ? "uprobe.s"
			       : "uprobe";
	case IMAGE_PROG_PERF:
		return "perf_event";
	case IMAGE_PROG_NETFILTER:
		return "netfilter";
	case IMAGE_PROG_KPROBE:
	case IMAGE_PROG_ITERATOR:
		return "kprobe";
	case IMAGE_PROG_FENTRY:
		return traced_section(m, handler, "fentry");
	case IMAGE_PROG_FEXIT:
		return traced_section(m, handler, "fexit");
	default:
		return "raw_tp";
	}
}
