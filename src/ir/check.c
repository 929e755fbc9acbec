// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rules at the top of ir.h, in the order they can be relied on: first each
 * instruction by itself, then block structure, then what needs the flow graph
 * (reducible loops, registers written before they are read). The first
 * violation ends the check.
 */
#include "ir/ir.h"

#include <string.h>

#include "base/map.h"

struct checker {
	struct arena *arena;
	const struct ir_module *m;
	const struct ir_func *f;
	uint32_t block, insn;
	const char *err;
};

__attribute__((format(printf, 2, 3))) static bool bad(struct checker *c,
						      const char *fmt, ...)
{
	va_list ap;
	const char *text;

	va_start(ap, fmt);
	text = arena_vprintf(c->arena, fmt, ap);
	va_end(ap);
	if (!c->f)
		c->err = text;
	else if (c->block == UINT32_MAX)
		c->err = arena_printf(c->arena, "%s: %s", c->f->name, text);
	else if (c->insn == UINT32_MAX)
		c->err = arena_printf(c->arena, "%s b%u: %s", c->f->name,
				      c->block, text);
	else
		c->err = arena_printf(c->arena, "%s b%u #%u: %s", c->f->name,
				      c->block, c->insn, text);
	return false;
}

/* ---- operands ---- */
#define K(kind) (1u << IV_##kind)
#define K_NONE K(NONE)
#define K_PLAIN (K(REG) | K(IMM))
#define K_MEMORY (K(HEAP) | K(SLOT) | K(CTX))

/* Bytes from a constant place; size 0: only its address is taken. */
static bool check_place(struct checker *c, const struct ir_val *v, int64_t off,
			uint32_t size)
{
	int64_t end, at;

	switch (v->kind) {
	case IV_SLOT:
		end = c->f->slots.v[v->reg].size;
		break;
	case IV_CTX:
		end = RT_CTX_FRAME;
		break;
	default:
		end = c->m->statics_end ? c->m->statics_end : IR_HEAP_MAX;
		break;
	}
	if (v->imm < 0 || v->imm > IR_HEAP_MAX)
		return bad(c, "offset %lld is outside of the heap",
			   (long long)v->imm);
	at = v->imm + off;
	if (at < 0 || at + size > end)
		return bad(c,
			   "bytes %lld to %lld are outside of the %s (%lld "
			   "bytes)",
			   (long long)at, (long long)(at + size),
			   v->kind == IV_SLOT  ? "slot"
			   : v->kind == IV_CTX ? "context"
					       : "static data",
			   (long long)end);
	return true;
}

static bool check_val(struct checker *c, const struct ir_val *v,
		      const char *what, uint32_t kinds)
{
	static const char *const names[] = {
		[IV_NONE] = "nothing", [IV_REG] = "a register",
		[IV_IMM] = "a number", [IV_HEAP] = "a heap offset",
		[IV_SLOT] = "a slot",  [IV_CTX] = "a context field",
	};

	if (v->kind > IV_CTX)
		return bad(c, "%s is of no kind", what);
	if (!(kinds & (1u << v->kind)))
		return bad(c, "%s may not be %s", what, names[v->kind]);
	if (v->kind == IV_REG && (!v->reg || v->reg >= c->f->nregs))
		return bad(c, "%s: no register %%%u", what, v->reg);
	if (v->kind == IV_SLOT && v->reg >= c->f->slots.n)
		return bad(c, "%s: no slot%u", what, v->reg);
	return true;
}

/* ---- instructions by themselves ---- */
enum dest { DEST_NONE, DEST_MAY, DEST_MUST };

static bool check_dest(struct checker *c, const struct ir_insn *in,
		       enum dest dest)
{
	if (in->d >= c->f->nregs)
		return bad(c, "destination: no register %%%u", in->d);
	if (in->d && dest == DEST_NONE)
		return bad(c, "has no result, but a destination");
	if (!in->d && dest == DEST_MUST)
		return bad(c, "has no destination");
	return true;
}

static bool check_shape(struct checker *c, const struct ir_insn *in,
			enum dest dest, uint32_t a, uint32_t b)
{
	if (in->nargs)
		return bad(c, "has arguments");
	return check_dest(c, in, dest) &&
	       check_val(c, &in->a, "operand 1", a) &&
	       check_val(c, &in->b, "operand 2", b);
}

static bool check_access(struct checker *c, const struct ir_insn *in)
{
	uint32_t size = in->size;

	if (size != 1 && size != 2 && size != 4 && size != 8)
		return bad(c, "size %u", size);
	if (in->op == IR_ATOMIC_ADD && size < 4)
		return bad(c, "atomic add of size %u", size);
	if (in->op == IR_CTXLD || in->a.kind == IV_REG) {
		if (in->off < 0 || in->off + size > IR_SLACK)
			return bad(c, "offset %d is not within 0 to %u",
				   in->off, IR_SLACK - size);
		return true;
	}
	return check_place(c, &in->a, in->off, size);
}

static bool check_call(struct checker *c, const struct ir_insn *in)
{
	uint32_t want;
	bool value;

	if (in->op == IR_RT) {
		if (in->fn >= RT_FN_COUNT)
			return bad(c, "no run-time function %u", in->fn);
		if (in->fn == RT_FN_enter || in->fn == RT_FN_leave)
			return bad(c, "%s is called by the target only",
				   rt_info[in->fn].name);
		want = rt_info[in->fn].nargs;
		value = rt_info[in->fn].flags & RTF_VALUE;
	} else {
		if (in->fn >= c->m->funcs.n)
			return bad(c, "no function %u", in->fn);
		if (c->m->funcs.v[in->fn]->is_handler)
			return bad(c, "calls a handler");
		want = c->m->funcs.v[in->fn]->nparams;
		value = c->m->funcs.v[in->fn]->returns_value;
	}
	if (in->nargs != want)
		return bad(c, "%u arguments instead of %u", in->nargs, want);
	if (!check_dest(c, in, value ? DEST_MAY : DEST_NONE) ||
	    !check_val(c, &in->a, "operand 1", K_NONE) ||
	    !check_val(c, &in->b, "operand 2", K_NONE))
		return false;
	for (uint32_t i = 0; i < in->nargs; i++) {
		const struct ir_val *v = &in->args[i];
		const char *what = arena_printf(c->arena, "argument %u", i + 1);

		if (!check_val(c, v, what, K_PLAIN | K_MEMORY))
			return false;
		if ((K_MEMORY & (1u << v->kind)) && !check_place(c, v, 0, 0))
			return false;
	}
	return true;
}

static bool check_param(struct checker *c, const struct ir_insn *in)
{
	if (!check_shape(c, in, DEST_MUST, K(IMM), K_NONE))
		return false;
	if (c->block)
		return bad(c, "param outside of the entry block");
	if (in->a.imm < 0 || in->a.imm >= c->f->nparams)
		return bad(c, "no parameter %lld", (long long)in->a.imm);
	return true;
}

static bool check_end(struct checker *c, const struct ir_insn *in)
{
	uint32_t nsucc = ir_nsucc(in);
	uint32_t a = K_NONE, b = K_NONE;

	if (in->op == IR_BR)
		a = b = K_PLAIN;
	else if (in->op == IR_RET && c->f->returns_value)
		a = K_PLAIN;
	if (!check_shape(c, in, DEST_NONE, a, b))
		return false;
	if (in->op == IR_BR && in->cc >= IR_CC_COUNT)
		return bad(c, "condition %u", in->cc);
	for (uint32_t i = 0; i < nsucc; i++)
		if (in->to[i] >= c->f->blocks.n)
			return bad(c, "no block b%u", in->to[i]);
		else if (!in->to[i])
			return bad(c, "jumps to the entry block");
	return true;
}

static bool check_insn(struct checker *c, const struct ir_insn *in)
{
	switch ((enum ir_op)in->op) {
	case IR_MOV:
	case IR_NEG:
	case IR_NOT:
		return check_shape(c, in, DEST_MUST, K_PLAIN, K_NONE);
	case IR_ADDR:
		return check_shape(c, in, DEST_MUST, K_MEMORY, K_NONE) &&
		       check_place(c, &in->a, 0, 0);
	case IR_ADD:
	case IR_SUB:
	case IR_MUL:
	case IR_AND:
	case IR_OR:
	case IR_XOR:
	case IR_SHL:
	case IR_SHR:
	case IR_SAR:
		return check_shape(c, in, DEST_MUST, K_PLAIN, K_PLAIN);
	case IR_SET:
		if (in->cc >= IR_CC_COUNT)
			return bad(c, "condition %u", in->cc);
		return check_shape(c, in, DEST_MUST, K_PLAIN, K_PLAIN);
	case IR_LD:
		return check_shape(c, in, DEST_MUST, K(REG) | K_MEMORY,
				   K_NONE) &&
		       check_access(c, in);
	case IR_CTXLD:
		if (!c->f->is_handler)
			return bad(c, "ctxld outside of a handler");
		return check_shape(c, in, DEST_MUST, K_NONE, K_NONE) &&
		       check_access(c, in);
	case IR_PARAM:
		return check_param(c, in);
	case IR_ST:
	case IR_ATOMIC_ADD:
		return check_shape(c, in, DEST_NONE, K(REG) | K_MEMORY,
				   K_PLAIN) &&
		       check_access(c, in);
	case IR_RT:
	case IR_CALL:
		return check_call(c, in);
	case IR_JMP:
	case IR_BR:
	case IR_BRERR:
	case IR_RET:
		return check_end(c, in);
	case IR_OP_COUNT:
		break;
	}
	return bad(c, "no operation %u", in->op);
}

/* ---- structure ---- */
static bool check_blocks(struct checker *c)
{
	if (!c->f->blocks.n)
		return bad(c, "has no blocks");
	vec_for (&c->f->blocks, b) {
		const struct ir_block *block = c->f->blocks.v[b];

		c->block = b;
		c->insn = UINT32_MAX;
		if (!block->insns.n)
			return bad(c, "is empty");
		vec_for (&block->insns, i) {
			const struct ir_insn *in = &block->insns.v[i];

			c->insn = i;
			if (!check_insn(c, in))
				return false;
			if (ir_is_end(in) && i + 1 < block->insns.n)
				return bad(c, "terminator within a block");
		}
		if (!ir_is_end(&vec_last(&block->insns)))
			return bad(c, "block without terminator");
	}
	return true;
}

/* With dominators known: an edge back in reverse postorder must go to a block
   that dominates its source, or the loop has a second entry. */
static bool check_reducible(struct checker *c)
{
	uint32_t *order, *pos, *idom = ir_dominators(c->arena, c->f);
	uint32_t count = ir_rpo(c->arena, c->f, &order, &pos);

	for (uint32_t i = 0; i < count; i++) {
		const struct ir_block *b = c->f->blocks.v[order[i]];
		const struct ir_insn *end = &vec_last(&b->insns);
		uint32_t nsucc = ir_nsucc(end);

		for (uint32_t s = 0; s < nsucc; s++) {
			uint32_t d = order[i], to = end->to[s];

			if (pos[to] > i)
				continue;
			while (d != to && d)
				d = idom[d];
			c->block = order[i];
			c->insn = b->insns.n - 1;
			if (d != to)
				return bad(c, "enters a loop beside its "
					      "header, or jumps into one");
		}
	}
	return true;
}

/* Registers written on every path: one that is live at the entry is not. */
static bool check_defined(struct checker *c)
{
	const struct ir_func *f = c->f;
	bool *unwritten = arena_new_array(c->arena, bool, f->blocks.n);
	struct ir_live live;
	uint32_t *order, count;
	ir_reg r;

	ir_liveness(c->arena, &live, f);
	if (!live.in[0].n)
		return true;
	/* To its first read: no way there needs a back edge. */
	r = live.in[0].v[0];
	count = ir_rpo(c->arena, f, &order, NULL);
	unwritten[0] = true;
	for (uint32_t i = 0; i < count; i++) {
		const struct ir_block *b = f->blocks.v[order[i]];
		const struct ir_insn *in = b->insns.v;

		if (!unwritten[order[i]])
			continue;
		while (!ir_reads(in, r) && in->d != r && !ir_is_end(in))
			in++;
		c->block = order[i];
		c->insn = (uint32_t)(in - b->insns.v);
		if (ir_reads(in, r))
			break;
		for (uint32_t s = 0; in->d != r && s < ir_nsucc(in); s++)
			unwritten[in->to[s]] = true;
	}
	return bad(c, "%%%u may be read before it is written", r);
}

/* ---- functions and module ---- */
static bool is_identifier(const char *s)
{
	if (!s || !*s || (*s >= '0' && *s <= '9'))
		return false;
	return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789_") == strlen(s);
}

static bool check_handler(struct checker *c)
{
	const struct ir_func *f = c->f;

	if (f->nparams)
		return bad(c, "a handler has no parameters");
	if (f->returns_value)
		return bad(c, "a handler returns no value");
	if (c->m->image && f->handler >= c->m->image->nhandlers)
		return bad(c, "the image has no handler %u", f->handler);
	for (uint32_t i = 0; i < f->index; i++)
		if (c->m->funcs.v[i]->is_handler &&
		    c->m->funcs.v[i]->handler == f->handler)
			return bad(c, "handler %u is %s already", f->handler,
				   c->m->funcs.v[i]->name);
	return true;
}

static bool check_func(struct checker *c, uint32_t index, struct map *names)
{
	struct ir_func *f = c->m->funcs.v[index];

	if (!is_identifier(f->name))
		return bad(c, "function %u: its name is not an identifier",
			   index);
	c->f = f;
	c->block = UINT32_MAX;
	if (f->index != index)
		return bad(c, "is function %u, not %u", index, f->index);
	if (map_has(names, f->name))
		return bad(c, "the name is used twice");
	map_put(names, f->name, f);
	if (f->is_handler && !check_handler(c))
		return false;
	if (!f->nregs)
		return bad(c, "nregs counts register 0, too");
	vec_for (&f->slots, i)
		if (f->slots.v[i].size > IR_HEAP_MAX)
			return bad(c, "slot%u is larger than the heap", i);
	if (!check_blocks(c))
		return false;
	ir_analyse(c->m->arena, f);
	if (!check_reducible(c) || !check_defined(c))
		return false;
	c->f = NULL;
	return true;
}

static bool check_symbols(struct checker *c)
{
	const struct ir_module *m = c->m;
	uint64_t end = m->statics_end ? m->statics_end : IR_HEAP_MAX;

	if (m->statics_end > IR_HEAP_MAX)
		return bad(c, "static data is larger than the heap");
	vec_for (&m->symbols, i) {
		const struct ir_symbol *s = &m->symbols.v[i];

		if (!s->name)
			return bad(c, "symbol %u has no name", i);
		if (i && s->off < m->symbols.v[i - 1].off)
			return bad(c, "symbol %s is not in order", s->name);
		if ((uint64_t)s->off + s->size > end)
			return bad(c, "symbol %s is outside of the static data",
				   s->name);
	}
	return true;
}

const char *ir_check(struct arena *a, const struct ir_module *m)
{
	struct checker c = {.arena = a, .m = m};
	struct map names;

	map_init(&names, a);
	if (!check_symbols(&c))
		return c.err;
	vec_for (&m->funcs, i)
		if (!check_func(&c, i, &names))
			return c.err;
	return NULL;
}
