// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Values: what registers and memory are known to hold, down each extended
 * basic block (a tree of blocks, each but the root with one predecessor).
 *
 * Registers are reassigned, so every fact about a register carries the version
 * that the register had; an assignment gives it a new version, and all facts
 * about the old one are void without being looked for. Going back up the tree
 * undoes versions and facts by a log.
 *
 * What follows from it, each instruction in place:
 *  - operands that are copies, numbers or addresses become those;
 *  - opt_fold();
 *  - an expression that some register still holds becomes a move;
 *  - a load of what was just loaded or stored becomes a move;
 *  - a branch on a comparison's result compares itself;
 *  - on the equal side of "br eq %x, 5", %x is 5.
 */
#include "ir/opt.h"

#include <string.h>

/* How far back expressions and memory are remembered. */
#define WINDOW 128u

struct operand {
	struct ir_val v;
	uint32_t ver; /* of v.reg, for IV_REG */
};

struct expr {
	uint16_t op;
	uint8_t cc, size, is_signed;
	uint32_t fn, nops;
	struct operand ops[5];
	struct operand d; /* holds the result */
};

/* `size` bytes at base + off hold value. */
struct memory {
	struct operand base; /* imm is 0: all of the offset is in off */
	int64_t off;
	uint8_t size;
	bool is_signed; /* a load's value: extended so */
	bool is_store;
	bool dead;
	struct operand value;
};

struct change {
	enum { CH_VER, CH_VALUE, CH_MEMORY } what;
	uint32_t index;
	uint32_t ver;
	struct operand value;
};

struct values {
	struct opt *o;
	struct operand *value; /* of each register; IV_NONE: unknown */
	uint32_t *ver, next_ver;
	VEC(struct expr) exprs;
	VEC(struct memory) mem;
	VEC(struct change) log;
	bool *escapes; /* slots whose address leaves the function's hands */
	bool changed;
};

/* ---- facts, and undoing them ---- */

static struct operand capture(const struct values *s, struct ir_val v)
{
	return (struct operand){v, v.kind == IV_REG ? s->ver[v.reg] : 0};
}

static bool holds(const struct values *s, const struct operand *op)
{
	return op->v.kind != IV_REG || s->ver[op->v.reg] == op->ver;
}

static bool same_operand(const struct operand *a, const struct operand *b)
{
	return opt_same_val(&a->v, &b->v) && a->ver == b->ver;
}

static void set_value(struct values *s, ir_reg r, struct operand v)
{
	struct change c = {.what = CH_VALUE, .index = r, .value = s->value[r]};

	vec_push(s->o->a, &s->log, c);
	s->value[r] = v;
}

static void new_version(struct values *s, ir_reg r)
{
	struct change c = {.what = CH_VER, .index = r, .ver = s->ver[r]};

	vec_push(s->o->a, &s->log, c);
	s->ver[r] = ++s->next_ver;
}

static void forget_memory(struct values *s, uint32_t i)
{
	struct change c = {.what = CH_MEMORY, .index = i};

	vec_push(s->o->a, &s->log, c);
	s->mem.v[i].dead = true;
}

static void undo(struct values *s, uint32_t mark)
{
	while (s->log.n > mark) {
		const struct change *c = &s->log.v[--s->log.n];

		switch (c->what) {
		case CH_VER:
			s->ver[c->index] = c->ver;
			break;
		case CH_VALUE:
			s->value[c->index] = c->value;
			break;
		case CH_MEMORY:
			s->mem.v[c->index].dead = false;
			break;
		}
	}
}

/* The known value of a register, or IV_NONE. */
static struct ir_val known(const struct values *s, ir_reg r)
{
	const struct operand *op = &s->value[r];

	return holds(s, op) ? op->v : IV_NOTHING;
}

/* ---- operands ---- */

static bool is_place(const struct ir_val *v)
{
	return v->kind == IV_HEAP || v->kind == IV_SLOT || v->kind == IV_CTX;
}

/* The rule of ir_check() for constant places. */
static bool place_has(const struct values *s, const struct ir_val *v,
		      int64_t off, uint32_t size)
{
	int64_t at, end = s->o->m->statics_end;

	if (v->kind == IV_SLOT)
		end = s->o->f->slots.v[v->reg].size;
	else if (v->kind == IV_CTX)
		end = RT_CTX_FRAME;
	if (v->imm < 0 || v->imm > IR_HEAP_MAX)
		return false;
	at = v->imm + off;
	return at >= 0 && at + size <= end;
}

static void use_plain(struct values *s, struct ir_val *v)
{
	struct ir_val k;

	if (v->kind != IV_REG)
		return;
	k = known(s, v->reg);
	if (k.kind != IV_REG && k.kind != IV_IMM)
		return;
	*v = k;
	s->changed = true;
}

static void use_base(struct values *s, struct ir_insn *in)
{
	struct ir_val k;

	if (in->a.kind != IV_REG)
		return;
	k = known(s, in->a.reg);
	if (k.kind == IV_REG) {
		in->a = k;
		s->changed = true;
		return;
	}
	if (k.kind == IV_IMM)
		k.kind = IV_HEAP;
	if (!is_place(&k) || !place_has(s, &k, in->off, in->size))
		return;
	k.imm += in->off;
	in->a = k;
	in->off = 0;
	s->changed = true;
}

static void use_arg(struct values *s, struct ir_val *v)
{
	struct ir_val k;

	if (v->kind != IV_REG)
		return;
	k = known(s, v->reg);
	if (k.kind == IV_NONE)
		return;
	*v = k;
	s->changed = true;
}

static void use_known(struct values *s, struct ir_insn *in)
{
	struct ir_val k;

	switch (in->op) {
	case IR_LD:
		use_base(s, in);
		return;
	case IR_ST:
	case IR_ATOMIC_ADD:
		use_base(s, in);
		use_plain(s, &in->b);
		return;
	case IR_RT:
	case IR_CALL:
		for (uint32_t i = 0; i < in->nargs; i++)
			use_arg(s, &in->args[i]);
		return;
	case IR_MOV:
		k = in->a.kind == IV_REG ? known(s, in->a.reg) : IV_NOTHING;
		if (is_place(&k)) {
			opt_to_move(in, k);
			s->changed = true;
			return;
		}
		break;
	case IR_ADDR:
	case IR_PARAM:
		return;
	default:
		break;
	}
	use_plain(s, &in->a);
	use_plain(s, &in->b);
}

/* ---- expressions ---- */

/* Functions whose answer stays the same while a handler runs. */
static bool is_stable(const struct ir_insn *in)
{
	return (rt_info[in->fn].flags & RTF_PURE) || in->fn == RT_FN_pid_tgid ||
	       in->fn == RT_FN_uid_gid || in->fn == RT_FN_task ||
	       opt_is_safe_division(in);
}

/* False when the instruction is no expression that could be remembered. */
static bool make_expr(const struct values *s, const struct ir_insn *in,
		      struct expr *e)
{
	uint32_t n = 2;

	*e = (struct expr){.op = in->op};
	if (in->op == IR_SET)
		e->cc = in->cc;
	if (in->op == IR_CTXLD) {
		e->size = in->size;
		e->is_signed = in->is_signed;
		e->fn = (uint32_t)in->off;
	} else if (in->op == IR_RT && is_stable(in)) {
		e->fn = in->fn;
		n = 2 + in->nargs;
	} else if (in->op < IR_NEG || in->op > IR_SET) {
		return false;
	}
	if (!in->d)
		return false;
	for (uint32_t i = n == 2 ? 0 : 2; i < n; i++)
		e->ops[e->nops++] = capture(s, *ir_operand(in, i));
	return true;
}

static bool same_expr(const struct expr *a, const struct expr *b)
{
	if (a->op != b->op || a->cc != b->cc || a->fn != b->fn ||
	    a->size != b->size || a->is_signed != b->is_signed ||
	    a->nops != b->nops)
		return false;
	for (uint32_t i = 0; i < a->nops; i++)
		if (!same_operand(&a->ops[i], &b->ops[i]))
			return false;
	return true;
}

static uint32_t window_start(uint32_t n)
{
	return n > WINDOW ? n - WINDOW : 0;
}

static const struct expr *find_expr(const struct values *s,
				    const struct expr *want)
{
	for (uint32_t i = s->exprs.n, lo = window_start(i); i-- > lo;)
		if (same_expr(&s->exprs.v[i], want) &&
		    holds(s, &s->exprs.v[i].d))
			return &s->exprs.v[i];
	return NULL;
}

/* The expression that a register holds, if its operands still do, too. */
static const struct expr *find_definition(const struct values *s, ir_reg r)
{
	for (uint32_t i = s->exprs.n, lo = window_start(i); i-- > lo;) {
		const struct expr *e = &s->exprs.v[i];

		if (e->d.v.reg != r || !holds(s, &e->d))
			continue;
		for (uint32_t k = 0; k < e->nops; k++)
			if (!holds(s, &e->ops[k]))
				return NULL;
		return e;
	}
	return NULL;
}

/* set / br of "%x eq 0" and "%x ne 0", where %x is a comparison. */
static bool compare_directly(struct values *s, struct ir_insn *in)
{
	const struct expr *e;

	if ((in->op != IR_SET && in->op != IR_BR) ||
	    (in->cc != CC_EQ && in->cc != CC_NE) || in->a.kind != IV_REG ||
	    in->b.kind != IV_IMM || in->b.imm != 0)
		return false;
	e = find_definition(s, in->a.reg);
	if (!e || e->op != IR_SET)
		return false;
	in->cc = in->cc == CC_NE ? e->cc : ir_cc_negate(e->cc);
	in->a = e->ops[0].v;
	in->b = e->ops[1].v;
	return true;
}

/* (%x op n) op m, where both numbers can become one */
static bool combine_numbers(struct values *s, struct ir_insn *in)
{
	const struct expr *e;

	if ((in->op != IR_ADD && in->op != IR_AND && in->op != IR_OR &&
	     in->op != IR_XOR && in->op != IR_MUL) ||
	    in->a.kind != IV_REG || in->b.kind != IV_IMM)
		return false;
	e = find_definition(s, in->a.reg);
	if (!e || e->op != in->op || e->ops[0].v.kind != IV_REG ||
	    e->ops[1].v.kind != IV_IMM)
		return false;
	in->a = e->ops[0].v;
	in->b.imm = (int64_t)ir_eval(in->op, (uint64_t)in->b.imm,
				     (uint64_t)e->ops[1].v.imm);
	return true;
}

/* A known address and a number. */
static bool add_to_address(struct values *s, struct ir_insn *in)
{
	struct ir_val k;

	if (in->op != IR_ADD || in->a.kind != IV_REG || in->b.kind != IV_IMM)
		return false;
	k = known(s, in->a.reg);
	if (!is_place(&k) || in->b.imm < -(int64_t)IR_HEAP_MAX ||
	    in->b.imm > IR_HEAP_MAX || !place_has(s, &k, in->b.imm, 0))
		return false;
	k.imm += in->b.imm;
	opt_to_move(in, k);
	return true;
}

static void simplify(struct values *s, struct ir_insn *in)
{
	while (opt_fold(in) || compare_directly(s, in) ||
	       combine_numbers(s, in) || add_to_address(s, in))
		s->changed = true;
}

/* ---- memory ---- */

static struct memory locate(const struct values *s, const struct ir_insn *in)
{
	struct memory m = {.base = capture(s, in->a),
			   .off = in->off,
			   .size = in->size,
			   .is_signed = in->is_signed};

	m.off += in->a.imm;
	m.base.v.imm = 0;
	return m;
}

static bool overlap(const struct memory *a, const struct memory *b)
{
	return a->off < b->off + b->size && b->off < a->off + a->size;
}

/* Whether a store through some register may hit m. */
static bool reachable_by_register(const struct values *s,
				  const struct memory *m)
{
	if (m->base.v.kind == IV_SLOT)
		return s->escapes[m->base.v.reg];
	if (m->base.v.kind == IV_CTX)
		return !s->o->ctx_in_place;
	return true;
}

static bool may_alias(const struct values *s, const struct memory *a,
		      const struct memory *b)
{
	if (same_operand(&a->base, &b->base))
		return overlap(a, b);
	if (a->base.v.kind == IV_REG)
		return reachable_by_register(s, b);
	if (b->base.v.kind == IV_REG)
		return reachable_by_register(s, a);
	return false;
}

static void store_kills(struct values *s, const struct memory *store)
{
	for (uint32_t i = s->mem.n, lo = window_start(i); i-- > lo;)
		if (!s->mem.v[i].dead && may_alias(s, &s->mem.v[i], store))
			forget_memory(s, i);
}

/* Whether a call may change m; slots that only this function knows are safe. */
static bool call_hits(const struct values *s, const struct ir_insn *in,
		      const struct memory *m)
{
	enum ir_val_kind kind = m->base.v.kind;
	bool context =
		kind == IV_CTX || (kind == IV_REG && !s->o->ctx_in_place);
	const struct ir_val *dst;

	if (in->op == IR_CALL ||
	    (opt_writes(in) && opt_rt[in->fn].effect == EFFECT_ANY))
		return kind != IV_SLOT || s->escapes[m->base.v.reg];
	if (context)
		return true;
	if (!opt_writes(in) || opt_rt[in->fn].effect == EFFECT_CTX)
		return false;
	dst = &in->args[1];
	if (kind == IV_SLOT && dst->kind == IV_SLOT)
		return m->base.v.reg == dst->reg;
	if (kind == IV_SLOT)
		return dst->kind == IV_REG && s->escapes[m->base.v.reg];
	/* a register may point to anything that has its address taken */
	return kind == IV_REG || dst->kind != IV_SLOT;
}

static void call_kills(struct values *s, const struct ir_insn *in)
{
	for (uint32_t i = s->mem.n, lo = window_start(i); i-- > lo;)
		if (!s->mem.v[i].dead && call_hits(s, in, &s->mem.v[i]))
			forget_memory(s, i);
}

static uint64_t extend(uint64_t v, uint32_t size, bool is_signed)
{
	uint32_t unused = 64 - 8 * size;

	v <<= unused;
	return is_signed ? (uint64_t)((int64_t)v >> unused) : v >> unused;
}

/* What a load gives, if it is known. */
static bool find_load(const struct values *s, const struct memory *load,
		      struct ir_val *out)
{
	for (uint32_t i = s->mem.n, lo = window_start(i); i-- > lo;) {
		const struct memory *m = &s->mem.v[i];

		if (m->dead || !same_operand(&m->base, &load->base) ||
		    m->off != load->off || m->size != load->size ||
		    !holds(s, &m->value))
			continue;
		*out = m->value.v;
		if (m->size == 8)
			return true;
		if (out->kind == IV_IMM) {
			out->imm = (int64_t)extend((uint64_t)out->imm, m->size,
						   load->is_signed);
			return true;
		}
		if (!m->is_store && m->is_signed == load->is_signed)
			return true;
	}
	return false;
}

static void remember_memory(struct values *s, struct memory m,
			    struct ir_val value, bool is_store)
{
	m.value = capture(s, value);
	m.is_store = is_store;
	vec_push(s->o->a, &s->mem, m);
}

/* ---- instructions ---- */

static void define(struct values *s, const struct ir_insn *in)
{
	struct operand v = {.v = IV_NOTHING};

	if (!in->d)
		return;
	if (in->op == IR_ADDR || (in->op == IR_MOV && !in->reloc))
		v = capture(s, in->a);
	if (v.v.kind == IV_REG && v.v.reg == in->d)
		return; /* d = d */
	new_version(s, in->d);
	set_value(s, in->d, v);
}

static void visit_load(struct values *s, struct ir_insn *in)
{
	struct memory m = locate(s, in);
	struct ir_val v;

	if (find_load(s, &m, &v)) {
		opt_to_move(in, v);
		s->changed = true;
		define(s, in);
		return;
	}
	define(s, in);
	/* the base may just have been overwritten: then m is void at once */
	remember_memory(s, m, iv_reg(in->d), false);
}

static void visit_effect(struct values *s, const struct ir_insn *in)
{
	struct memory m;

	if (in->op == IR_ST || in->op == IR_ATOMIC_ADD) {
		m = locate(s, in);
		store_kills(s, &m);
		if (in->op == IR_ST)
			remember_memory(s, m, in->b, true);
	} else if (opt_writes(in) || opt_may_fail(in)) {
		call_kills(s, in);
	}
	define(s, in);
}

static void visit(struct values *s, struct ir_insn *in)
{
	struct expr e;
	const struct expr *found;

	if (in->op == IR_MOV && in->reloc) {
		define(s, in);
		return;
	}
	use_known(s, in);
	simplify(s, in);
	if (in->op == IR_LD) {
		visit_load(s, in);
		return;
	}
	if (!make_expr(s, in, &e)) {
		visit_effect(s, in);
		return;
	}
	found = find_expr(s, &e);
	if (found) {
		opt_to_move(in, found->d.v);
		s->changed = true;
		define(s, in);
		return;
	}
	define(s, in);
	e.d = capture(s, iv_reg(in->d));
	vec_push(s->o->a, &s->exprs, e);
}

/* ---- blocks ---- */

struct step {
	uint32_t block, succ;
	uint32_t log, exprs, mem; /* marks */
};

/* On the edge number `succ` out of a block with this end. */
static void learn(struct values *s, const struct ir_insn *end, uint32_t succ)
{
	if (end->op != IR_BR || end->a.kind != IV_REG || end->b.kind != IV_IMM)
		return;
	if ((end->cc == CC_EQ && succ == 0) || (end->cc == CC_NE && succ == 1))
		set_value(s, end->a.reg, capture(s, end->b));
}

static void visit_block(struct values *s, uint32_t b)
{
	struct ir_block *block = s->o->f->blocks.v[b];

	vec_for (&block->insns, i)
		visit(s, &block->insns.v[i]);
}

static void visit_tree(struct values *s, struct step *stack, uint32_t root)
{
	struct ir_func *f = s->o->f;
	uint32_t depth = 0;

	stack[depth++] = (struct step){.block = root};
	visit_block(s, root);
	while (depth) {
		struct step *top = &stack[depth - 1];
		const struct ir_insn *end =
			&vec_last(&f->blocks.v[top->block]->insns);
		uint32_t succ = top->succ++, to;

		if (succ >= ir_nsucc(end)) {
			undo(s, top->log);
			s->exprs.n = top->exprs;
			s->mem.n = top->mem;
			depth--;
			continue;
		}
		to = end->to[succ];
		if (f->blocks.v[to]->preds.n != 1 ||
		    (ir_nsucc(end) == 2 && end->to[0] == end->to[1]))
			continue;
		stack[depth++] = (struct step){.block = to,
					       .log = s->log.n,
					       .exprs = s->exprs.n,
					       .mem = s->mem.n};
		learn(s, end, succ);
		visit_block(s, to);
	}
}

bool opt_values(struct opt *o)
{
	struct ir_func *f = o->f;
	struct values s = {
		.o = o,
		.value = arena_new_array(o->a, struct operand, f->nregs),
		.ver = arena_new_array(o->a, uint32_t, f->nregs),
		.escapes = opt_find_escapes(o),
	};
	struct step *stack = arena_new_array(o->a, struct step, f->blocks.n);

	vec_for (&f->blocks, b)
		if (f->blocks.v[b]->reachable && f->blocks.v[b]->preds.n != 1)
			visit_tree(&s, stack, b);
	return s.changed;
}
