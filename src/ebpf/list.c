// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A readable listing of an object: functions in the order of the file, script
 * lines above their code, instructions in the notation of the kernel's own
 * disassembler, with the names of what they refer to.
 */
#include "ebpf/gen.h"

#include "base/insn.h"

static const char *helper_name(int32_t id)
{
#define NAME(x) [BPF_FUNC_##x] = "bpf_" #x
	static const char *const names[] = {__BPF_FUNC_MAPPER(NAME)};
#undef NAME

	return id > 0 && (size_t)id < sizeof(names) / sizeof(*names) ? names[id]
								     : NULL;
}

static const char *size_name(uint8_t code)
{
	switch (BPF_SIZE(code)) {
	case BPF_B:
		return "u8";
	case BPF_H:
		return "u16";
	case BPF_W:
		return "u32";
	default:
		return "u64";
	}
}

static const char *const alu_text[16] = {
	"+=",  "-=", "*=", "/=", "|=",	 "&=",	 "<<=", ">>=",
	"neg", "%=", "^=", "=",	 "s>>=", "swap", "?",	"?",
};

static const char *const jump_text[16] = {
	"goto", "==",	">", ">=", "&",	 "!=",	"s>",	    "s>=",
	"call", "exit", "<", "<=", "s<", "s<=", "may_goto", "?",
};

struct lister {
	struct strbuf *out;
	const struct ebpf_object *obj;
	const struct ebpf_func *f;
	uint32_t reloc, line;
};

/* "@counts+16" */
static void list_heap(struct lister *l, int32_t off)
{
	const struct ir_module *m = l->obj->module;

	vec_for (&m->symbols, i) {
		const struct ir_symbol *s = &m->symbols.v[i];

		if ((uint32_t)off < s->off || (uint32_t)off - s->off >= s->size)
			continue;
		sb_printf(l->out, "@%s", s->name);
		if ((uint32_t)off > s->off)
			sb_printf(l->out, "+%u", (uint32_t)off - s->off);
		return;
	}
	sb_printf(l->out, "heap+%d", off);
}

static void list_alu(struct lister *l, const struct bpf_insn *in)
{
	char c = BPF_CLASS(in->code) == BPF_ALU ? 'w' : 'r';

	if (BPF_OP(in->code) == BPF_NEG)
		sb_printf(l->out, "%c%d = -%c%d", c, in->dst_reg, c,
			  in->dst_reg);
	else if (BPF_SRC(in->code) == BPF_X)
		sb_printf(l->out, "%c%d %s %c%d", c, in->dst_reg,
			  alu_text[BPF_OP(in->code) >> 4], c, in->src_reg);
	else
		sb_printf(l->out, "%c%d %s %d", c, in->dst_reg,
			  alu_text[BPF_OP(in->code) >> 4], in->imm);
}

static void list_ld(struct lister *l, const struct bpf_insn *in,
		    const struct code_reloc *r)
{
	sb_printf(l->out, "r%d = ", in->dst_reg);
	if (!r)
		sb_printf(l->out, "0x%llx ll",
			  (unsigned long long)(uint32_t)in[0].imm |
				  (unsigned long long)(uint32_t)in[1].imm
					  << 32);
	else if (r->kind == CODE_HEAP)
		list_heap(l, in->imm);
	else if (r->kind == CODE_RING)
		sb_puts(l->out, EBPF_RING);
	else if (r->kind == CODE_EVENTS)
		sb_puts(l->out, EBPF_EVENTS);
	else if (r->kind == CODE_TASKS)
		sb_puts(l->out, EBPF_TASKS);
	else
		sb_puts(l->out, l->obj->funcs[r->target].name);
}

static void list_call(struct lister *l, const struct bpf_insn *in,
		      const struct code_reloc *r)
{
	const char *name = helper_name(in->imm);

	if (r)
		sb_printf(l->out, "call %s", l->obj->funcs[r->target].name);
	else if (in->src_reg == BPF_PSEUDO_KFUNC_CALL)
		sb_printf(l->out, "call kernel function %d", in->imm);
	else if (name)
		sb_printf(l->out, "call %s", name);
	else
		sb_printf(l->out, "call helper %d", in->imm);
}

static void list_jump(struct lister *l, const struct bpf_insn *in, uint32_t pc)
{
	char c = BPF_CLASS(in->code) == BPF_JMP32 ? 'w' : 'r';
	uint32_t to =
		pc + 1 + (uint32_t)(in->code == INSN_GOTOL ? in->imm : in->off);
	uint8_t op = BPF_OP(in->code);

	if (op == BPF_EXIT)
		sb_puts(l->out, "exit");
	else if (op == BPF_JA || in->code == INSN_MAY_GOTO)
		sb_printf(l->out, "%s %u", jump_text[op >> 4], to);
	else if (BPF_SRC(in->code) == BPF_X)
		sb_printf(l->out, "if %c%d %s %c%d goto %u", c, in->dst_reg,
			  jump_text[op >> 4], c, in->src_reg, to);
	else
		sb_printf(l->out, "if %c%d %s %d goto %u", c, in->dst_reg,
			  jump_text[op >> 4], in->imm, to);
}

static void list_atomic(struct lister *l, const struct bpf_insn *in)
{
	sb_printf(l->out, "lock *(%s *)(r%d %+d) ", size_name(in->code),
		  in->dst_reg, in->off);
	switch (in->imm) {
	case BPF_XCHG:
		sb_printf(l->out, "<-> r%d", in->src_reg);
		break;
	case BPF_CMPXCHG:
		sb_printf(l->out, "== r0 ? r%d", in->src_reg);
		break;
	default:
		sb_printf(l->out, "%s r%d%s", alu_text[BPF_OP(in->imm) >> 4],
			  in->src_reg, in->imm & BPF_FETCH ? ", fetch" : "");
	}
}

static void list_insn(struct lister *l, uint32_t pc, const struct code_reloc *r)
{
	const struct bpf_insn *in = &l->f->code.v[pc];

	sb_printf(l->out, "%6u: ", pc);
	switch (BPF_CLASS(in->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		list_alu(l, in);
		break;
	case BPF_LD:
		list_ld(l, in, r);
		break;
	case BPF_LDX:
		sb_printf(l->out, "r%d = *(%s *)(r%d %+d)", in->dst_reg,
			  size_name(in->code), in->src_reg, in->off);
		break;
	case BPF_ST:
		sb_printf(l->out, "*(%s *)(r%d %+d) = %d", size_name(in->code),
			  in->dst_reg, in->off, in->imm);
		break;
	case BPF_STX:
		if (BPF_MODE(in->code) == BPF_ATOMIC)
			list_atomic(l, in);
		else
			sb_printf(l->out, "*(%s *)(r%d %+d) = r%d",
				  size_name(in->code), in->dst_reg, in->off,
				  in->src_reg);
		break;
	default:
		if (in->code == INSN_CALL)
			list_call(l, in, r);
		else
			list_jump(l, in, pc);
	}
	sb_putc(l->out, '\n');
}

static void list_source(struct lister *l, uint32_t pc)
{
	while (l->line < l->f->lines.n && l->f->lines.v[l->line].insn == pc) {
		struct loc loc = l->f->lines.v[l->line++].loc;
		const char *text;
		size_t len;

		if (!loc.src)
			continue;
		text = source_line(loc.src, loc.line, &len);
		while (len && (*text == ' ' || *text == '\t')) {
			text++;
			len--;
		}
		sb_printf(l->out, "  ; %s:%u: %.*s\n", loc.src->name, loc.line,
			  (int)len, text);
	}
}

static void list_func(struct lister *l)
{
	const struct ebpf_func *f = l->f;

	sb_printf(l->out, "%s %s, %u instructions:\n", f->section, f->name,
		  f->code.n);
	l->reloc = l->line = 0;
	for (uint32_t pc = 0; pc < f->code.n; pc++) {
		const struct code_reloc *r = NULL;

		list_source(l, pc);
		if (l->reloc < f->relocs.n && f->relocs.v[l->reloc].insn == pc)
			r = &f->relocs.v[l->reloc++];
		list_insn(l, pc, r);
		if (f->code.v[pc].code == INSN_LD_IMM64)
			pc++;
	}
	sb_putc(l->out, '\n');
}

void ebpf_list(struct strbuf *out, const struct ebpf_object *obj)
{
	struct lister l = {.out = out, .obj = obj};

	/* The run-time library is the same for all scripts: names only. */
	for (uint32_t i = 0; i < obj->nfuncs; i++) {
		l.f = &obj->funcs[i];
		if (!l.f->is_runtime && !l.f->merged)
			list_func(&l);
	}
	for (uint32_t i = 0; i < obj->nfuncs; i++) {
		l.f = &obj->funcs[i];
		if (l.f->is_runtime)
			sb_printf(out,
				  "%s %s, %u instructions (run-time "
				  "library)\n",
				  l.f->section, l.f->name, l.f->code.n);
	}
}
