// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text form, out. Grammar, line by line; `;` starts a comment:
 *
 *   statics 4096                           heap offset after static data
 *   symbol counts 1024 512                 name, offset, size
 *   handler 0 probe_0 {                    handler number, name
 *   func fn_fib(1) value {                 parameters; "value": returns one
 *     slot0 tmp 136                        name, size
 *   b0:
 *     %1 = param 0
 *     %2 = ld.4s [@counts+16]              1 2 4 8, s: sign-extended
 *     %3 = add %1, -5
 *     %4 = set lt %3, %2
 *     %5 = ctxld.8 [8]
 *     st.8 [slot0+16], %3
 *     xadd.8 [%5+8], 1
 *     %6 = addr slot0+8
 *     %7 = rt map_insert(ctx, @counts, slot0, 3)
 *     %8 = call fn_fib(%7)
 *     brerr b1, b2
 *     br lt %1, 10 -> b1, b2               jmp b1 / ret / ret %1
 *   }
 *
 * Heap offsets are @name+n inside a symbol, else @n. A name that is not an
 * identifier is quoted, with \", \\, \n, \t and \xHH escapes. Constant offsets
 * are printed as one sum, however they were split between operand and
 * instruction.
 */
#include "ir/ir.h"

#include <inttypes.h>
#include <string.h>

#include "base/map.h"

struct printer {
	struct strbuf *out;
	const struct ir_module *m;
	struct map first; /* name -> the symbol that it means in text */
	bool with_source;
	const struct source *src; /* last line shown */
	uint32_t line;
};

static bool plain_name(const char *s)
{
	if (!*s || (*s >= '0' && *s <= '9'))
		return false;
	return s[strspn(s, "abcdefghijklmnopqrstuvwxyz_.$"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")] == '\0';
}

static void print_name(struct strbuf *out, const char *s)
{
	if (!s)
		s = "";
	if (plain_name(s)) {
		sb_puts(out, s);
		return;
	}
	sb_putc(out, '"');
	for (; *s; s++) {
		unsigned char ch = *s;

		if (ch == '"' || ch == '\\')
			sb_printf(out, "\\%c", ch);
		else if (ch == '\n')
			sb_puts(out, "\\n");
		else if (ch == '\t')
			sb_puts(out, "\\t");
		else if (ch < ' ' || ch == 0x7f)
			sb_printf(out, "\\x%02x", ch);
		else
			sb_putc(out, ch);
	}
	sb_putc(out, '"');
}

/* The symbol that covers off, or NULL. Symbols may nest a little. */
static const struct ir_symbol *find_symbol(const struct printer *p, int64_t off)
{
	uint32_t lo = 0, hi = p->m->symbols.n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (p->m->symbols.v[mid].off <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (uint32_t tries = 0; lo > 0 && tries < 8; tries++) {
		const struct ir_symbol *s = &p->m->symbols.v[--lo];
		const char *name = s->name ? s->name : "";

		if ((off == s->off || off - s->off < s->size) &&
		    map_get(&p->first, name) == s)
			return s;
	}
	return NULL;
}

static void print_heap(struct printer *p, int64_t off)
{
	const struct ir_symbol *s = find_symbol(p, off);

	sb_putc(p->out, '@');
	if (!s) {
		sb_printf(p->out, "%" PRId64, off);
		return;
	}
	print_name(p->out, s->name);
	if (off != s->off)
		sb_printf(p->out, "+%" PRId64, off - s->off);
}

/* off: the instruction's, for bases of memory accesses. */
static void print_val(struct printer *p, const struct ir_val *v, int32_t off)
{
	/* wraps: text of modules that ir_check() refuses must not trap */
	int64_t at = (int64_t)((uint64_t)v->imm + (uint64_t)(int64_t)off);

	switch (v->kind) {
	case IV_NONE:
		sb_puts(p->out, "none");
		return;
	case IV_REG:
		sb_printf(p->out, "%%%u", v->reg);
		at = off;
		break;
	case IV_IMM:
		sb_printf(p->out, "%" PRId64, v->imm);
		at = off;
		break;
	case IV_HEAP:
		print_heap(p, at);
		return;
	case IV_SLOT:
		sb_printf(p->out, "slot%u", v->reg);
		break;
	case IV_CTX:
		sb_puts(p->out, "ctx");
		break;
	}
	if (at)
		sb_printf(p->out, "%+" PRId64, at);
}

static void print_mem(struct printer *p, const struct ir_insn *in)
{
	sb_putc(p->out, '[');
	if (in->op == IR_CTXLD)
		sb_printf(p->out, "%d", in->off);
	else
		print_val(p, &in->a, in->off);
	sb_putc(p->out, ']');
}

static void print_call(struct printer *p, const struct ir_insn *in)
{
	const char *name = "?";

	if (in->op == IR_RT && in->fn < RT_FN_COUNT)
		name = rt_info[in->fn].name;
	else if (in->op == IR_CALL && in->fn < p->m->funcs.n)
		name = p->m->funcs.v[in->fn]->name;
	sb_printf(p->out, " %s(", name);
	for (uint32_t i = 0; i < in->nargs; i++) {
		if (i)
			sb_puts(p->out, ", ");
		print_val(p, &in->args[i], 0);
	}
	sb_putc(p->out, ')');
}

static void print_cc(struct printer *p, const struct ir_insn *in)
{
	sb_printf(p->out, " %s ",
		  in->cc < IR_CC_COUNT ? ir_cc_text[in->cc] : "?");
	print_val(p, &in->a, 0);
	sb_puts(p->out, ", ");
	print_val(p, &in->b, 0);
}

static void print_end(struct printer *p, const struct ir_insn *in)
{
	switch (in->op) {
	case IR_JMP:
		sb_printf(p->out, " b%u", in->to[0]);
		break;
	case IR_BR:
		print_cc(p, in);
		sb_printf(p->out, " -> b%u, b%u", in->to[0], in->to[1]);
		break;
	case IR_BRERR:
		sb_printf(p->out, " b%u, b%u", in->to[0], in->to[1]);
		break;
	default:
		if (in->a.kind != IV_NONE) {
			sb_putc(p->out, ' ');
			print_val(p, &in->a, 0);
		}
		break;
	}
}

static void print_insn(struct printer *p, const struct ir_insn *in)
{
	const struct ir_op_info *info;

	if (in->op >= IR_OP_COUNT) {
		sb_puts(p->out, "  ?\n");
		return;
	}
	info = &ir_op_info[in->op];
	sb_puts(p->out, "  ");
	if (in->d)
		sb_printf(p->out, "%%%u = ", in->d);
	sb_puts(p->out, info->text);
	switch (info->cls) {
	case IR_CLASS_UN:
	case IR_CLASS_BIN:
		sb_putc(p->out, ' ');
		print_val(p, &in->a, 0);
		if (info->cls == IR_CLASS_UN)
			break;
		sb_puts(p->out, ", ");
		print_val(p, &in->b, 0);
		break;
	case IR_CLASS_CMP:
		print_cc(p, in);
		break;
	case IR_CLASS_MEM:
		sb_printf(p->out, ".%u%s ", in->size, in->is_signed ? "s" : "");
		print_mem(p, in);
		if (in->op == IR_LD || in->op == IR_CTXLD)
			break;
		sb_puts(p->out, ", ");
		print_val(p, &in->b, 0);
		break;
	case IR_CLASS_CALL:
		print_call(p, in);
		break;
	case IR_CLASS_END:
		print_end(p, in);
		break;
	}
	if (p->with_source && in->reloc)
		sb_puts(p->out, " ; relocated field offset");
	sb_putc(p->out, '\n');
}

static void print_source(struct printer *p, const struct loc *loc)
{
	const char *text, *base;
	size_t len;

	if (!loc->src || (loc->src == p->src && loc->line == p->line))
		return;
	p->src = loc->src;
	p->line = loc->line;
	text = source_line(loc->src, loc->line, &len);
	while (len && (*text == ' ' || *text == '\t')) {
		text++;
		len--;
	}
	base = strrchr(loc->src->name, '/');
	sb_printf(p->out, "  ; %s:%u: ", base ? base + 1 : loc->src->name,
		  loc->line);
	for (size_t i = 0; i < len; i++)
		sb_putc(p->out, text[i] && text[i] != '\r' ? text[i] : ' ');
	sb_putc(p->out, '\n');
}

static void print_block(struct printer *p, const struct ir_block *b, uint32_t n)
{
	sb_printf(p->out, "b%u:", n);
	if (p->with_source && b->preds.n) {
		sb_puts(p->out, "  ; from");
		vec_for (&b->preds, i)
			sb_printf(p->out, " b%u", b->preds.v[i]);
		if (b->loop_header)
			sb_puts(p->out, ", loop");
	}
	sb_putc(p->out, '\n');
	vec_for (&b->insns, i) {
		if (p->with_source)
			print_source(p, &b->insns.v[i].loc);
		print_insn(p, &b->insns.v[i]);
	}
}

static void print_func(struct printer *p, const struct ir_func *f)
{
	if (f->is_handler)
		sb_printf(p->out, "handler %u %s {\n", f->handler, f->name);
	else
		sb_printf(p->out, "func %s(%u)%s {\n", f->name, f->nparams,
			  f->returns_value ? " value" : "");
	p->src = NULL;
	if (p->with_source)
		print_source(p, &f->loc);
	vec_for (&f->slots, i) {
		sb_printf(p->out, "  slot%u ", i);
		print_name(p->out, f->slots.v[i].name);
		sb_printf(p->out, " %u\n", f->slots.v[i].size);
	}
	vec_for (&f->blocks, i)
		print_block(p, f->blocks.v[i], i);
	sb_puts(p->out, "}\n");
}

void ir_print(struct strbuf *out, const struct ir_module *m, bool with_source)
{
	struct printer p = {.out = out, .m = m, .with_source = with_source};

	map_init(&p.first, m->arena);
	sb_printf(out, "statics %u\n", m->statics_end);
	vec_for (&m->symbols, i) {
		struct ir_symbol *s = &m->symbols.v[i];
		const char *name = s->name ? s->name : "";

		if (!map_has(&p.first, name))
			map_put(&p.first, name, s);
		sb_puts(out, "symbol ");
		print_name(out, name);
		sb_printf(out, " %u %u\n", s->off, s->size);
	}
	vec_for (&m->funcs, i) {
		sb_putc(out, '\n');
		print_func(&p, m->funcs.v[i]);
	}
}
