// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * String copies. Behind "str_copy(ctx, slot1, X)", and as long as neither has
 * changed, whatever only reads slot1 can as well read X. Once nobody reads
 * slot1, opt_stores() drops the copy. Facts hold within a block.
 *
 * X may be another slot, static data, or what a register points to (an array
 * element). Not a context field: an error message may be longer than a
 * string, and is cut by the copy; the same goes for literals that are too
 * long.
 */
#include "ir/opt.h"

struct copy {
	struct ir_val dst; /* a slot */
	struct ir_val src;
};

struct strings {
	struct opt *o;
	VEC(struct copy) copies;
	bool *addressed; /* slots that a register may point into */
	bool changed;
};

static void find_addressed(struct strings *s)
{
	struct ir_func *f = s->o->f;

	vec_for (&f->blocks, b) {
		const struct ir_block *block = f->blocks.v[b];

		vec_for (&block->insns, i) {
			const struct ir_insn *in = &block->insns.v[i];
			const struct ir_val *v = NULL;

			if (in->op == IR_ADDR)
				v = &in->a;
			else if (in->op == IR_RT && in->fn == RT_FN_key_str)
				v = &in->args[0];
			if (v && v->kind == IV_SLOT)
				s->addressed[v->reg] = true;
		}
	}
}

/* ---- what ends a fact ---- */

static bool may_hit(const struct strings *s, const struct ir_val *store,
		    const struct ir_val *v)
{
	if (v->kind == IV_SLOT)
		return (store->kind == IV_SLOT && store->reg == v->reg) ||
		       (store->kind == IV_REG && s->addressed[v->reg]);
	if (store->kind == IV_SLOT)
		return v->kind == IV_REG && s->addressed[store->reg];
	return store->kind == IV_HEAP || store->kind == IV_REG;
}

static void forget(struct strings *s, const struct ir_val *store)
{
	uint32_t n = 0;

	vec_for (&s->copies, i) {
		struct copy *c = &s->copies.v[i];

		if (!may_hit(s, store, &c->dst) && !may_hit(s, store, &c->src))
			s->copies.v[n++] = *c;
	}
	s->copies.n = n;
}

static void forget_register(struct strings *s, ir_reg r)
{
	uint32_t n = 0;

	vec_for (&s->copies, i) {
		struct copy *c = &s->copies.v[i];

		if (c->src.kind != IV_REG || c->src.reg != r)
			s->copies.v[n++] = *c;
	}
	s->copies.n = n;
}

/* Everything but slots that it was not given. */
static void forget_for_call(struct strings *s, const struct ir_insn *in)
{
	struct ir_val anywhere = iv_reg(0);

	forget(s, &anywhere);
	for (uint32_t i = 0; i < in->nargs; i++)
		if (in->args[i].kind == IV_SLOT)
			forget(s, &in->args[i]);
}

static void note_effects(struct strings *s, const struct ir_insn *in)
{
	if (in->op == IR_ST || in->op == IR_ATOMIC_ADD) {
		forget(s, &in->a);
	} else if (in->op == IR_CALL) {
		forget_for_call(s, in);
	} else if (in->op == IR_RT && opt_writes(in)) {
		if (opt_rt[in->fn].effect == EFFECT_ANY)
			forget_for_call(s, in);
		else if (opt_rt[in->fn].effect == EFFECT_DST)
			forget(s, &in->args[1]);
	}
	if (in->d)
		forget_register(s, in->d);
}

/* ---- facts ---- */

/* Whether the string is one that str_copy would not cut. */
static bool fits(const struct strings *s, const struct ir_val *src)
{
	const struct image *image = s->o->m->image;
	const struct rt_head *head;
	const struct rt_str *str;

	if (src->kind == IV_SLOT || src->kind == IV_REG)
		return true;
	if (src->kind != IV_HEAP)
		return false;
	if (!image || image->heap_init_len < sizeof(*head))
		return true; /* a test's module: all is zero */
	if (src->imm < 0 ||
	    (uint64_t)src->imm + sizeof(*str) > image->heap_init_len)
		return true; /* a variable: starts empty */
	head = (const struct rt_head *)image->heap_init;
	str = (const struct rt_str *)(image->heap_init + src->imm);
	return str->len <= head->string_cap;
}

static void note_copy(struct strings *s, const struct ir_insn *in)
{
	struct copy c;

	if (in->op != IR_RT || in->fn != RT_FN_str_copy)
		return;
	c = (struct copy){in->args[1], in->args[2]};
	if (c.dst.kind == IV_SLOT && fits(s, &c.src) &&
	    !(c.src.kind == IV_SLOT && c.src.reg == c.dst.reg))
		vec_push(s->o->a, &s->copies, c);
}

/* A function may demand that what it reads is not what it writes. */
static bool writes_to(const struct strings *s, const struct ir_insn *in,
		      const struct ir_val *src)
{
	const struct ir_val *dst = &in->args[1];

	if (opt_rt[in->fn].effect != EFFECT_DST)
		return false;
	if (src->kind == IV_SLOT)
		return dst->kind == IV_SLOT ? dst->reg == src->reg
					    : dst->kind == IV_REG;
	if (src->kind == IV_HEAP && dst->kind == IV_HEAP)
		return dst->imm == src->imm;
	if (dst->kind == IV_SLOT)
		return src->kind == IV_REG && s->addressed[dst->reg];
	return dst->kind == IV_HEAP || dst->kind == IV_REG;
}

static void read_originals(struct strings *s, struct ir_insn *in)
{
	if (in->op != IR_RT)
		return;
	for (uint32_t i = 0; i < in->nargs; i++) {
		if (!(opt_rt[in->fn].reads & 1u << i))
			continue;
		vec_for (&s->copies, k) {
			const struct copy *c = &s->copies.v[k];

			if (!opt_same_val(&in->args[i], &c->dst) ||
			    writes_to(s, in, &c->src))
				continue;
			in->args[i] = c->src;
			s->changed = true;
			break;
		}
	}
}

/* A copy of a string to itself, or once more to where it is already. */
static bool is_needless(const struct strings *s, const struct ir_insn *in)
{
	if (in->op != IR_RT || in->fn != RT_FN_str_copy)
		return false;
	if (opt_same_val(&in->args[1], &in->args[2]))
		return true;
	vec_for (&s->copies, k) {
		const struct copy *c = &s->copies.v[k];

		if (opt_same_val(&in->args[1], &c->dst) &&
		    opt_same_val(&in->args[2], &c->src))
			return true;
	}
	return false;
}

bool opt_strings(struct opt *o)
{
	struct ir_func *f = o->f;
	struct strings s = {
		.o = o,
		.addressed = arena_new_array(o->a, bool, f->slots.n),
	};

	find_addressed(&s);
	vec_for (&f->blocks, b) {
		struct ir_block *block = f->blocks.v[b];
		uint32_t n = 0;

		s.copies.n = 0;
		vec_for (&block->insns, i) {
			struct ir_insn *in = &block->insns.v[i];

			if (is_needless(&s, in)) {
				s.changed = true;
				continue;
			}
			read_originals(&s, in);
			if (is_needless(&s, in)) {
				s.changed = true;
				continue;
			}
			note_effects(&s, in);
			note_copy(&s, in);
			block->insns.v[n++] = *in;
		}
		block->insns.n = n;
	}
	return s.changed;
}
