// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Division by a power of two, without a call. Signed division truncates
 * towards zero, so a negative dividend is first moved up by the divisor less
 * one:
 *
 *   bias = (a >> 63) >>> (64 - k)       2^k - 1 when a < 0, else 0
 *   a / 2^k = (a + bias) >> k
 *   a % 2^k = ((a + bias) & (2^k - 1)) - bias
 *   a % 2^k == 0 is (a & (2^k - 1)) == 0
 */
#include "ir/opt.h"

static bool is_reducible(const struct ir_insn *in)
{
	int64_t n;

	if (!opt_is_safe_division(in) || !in->d || in->args[1].kind != IV_REG)
		return false;
	n = in->args[2].imm;
	return n > 1 && !(n & (n - 1));
}

/* "x op %d, 0" with eq or ne */
static bool compares_with_zero(const struct ir_insn *in)
{
	return (in->op == IR_BR || in->op == IR_SET) &&
	       (in->cc == CC_EQ || in->cc == CC_NE) && in->b.kind == IV_IMM &&
	       in->b.imm == 0;
}

/* Whether nobody asks more of a remainder than if it is 0. */
static bool only_zero_matters(const struct ir_func *f, ir_reg d)
{
	uint32_t defs = 0;

	vec_for (&f->blocks, b) {
		const struct ir_block *block = f->blocks.v[b];

		vec_for (&block->insns, i) {
			const struct ir_insn *in = &block->insns.v[i];
			uint32_t n = ir_noperands(in);

			defs += in->d == d;
			for (uint32_t k = 0; k < n; k++) {
				const struct ir_val *v = ir_operand(in, k);

				if (v->kind == IV_REG && v->reg == d &&
				    (k != 0 || !compares_with_zero(in)))
					return false;
			}
		}
	}
	return defs == 1;
}

static ir_reg step(struct opt *o, struct ir_block *b, struct loc loc,
		   enum ir_op op, ir_reg d, ir_reg x, struct ir_val y)
{
	struct ir_insn in = {
		.op = op, .d = d, .a = iv_reg(x), .b = y, .loc = loc};

	vec_push(o->m->arena, &b->insns, in);
	return d;
}

static void reduce(struct opt *o, struct ir_block *b, const struct ir_insn *in)
{
	ir_reg a = in->args[1].reg, bias, sum;
	int64_t n = in->args[2].imm;
	int k = __builtin_ctzll((uint64_t)n);

	if (in->fn == RT_FN_mod && only_zero_matters(o->f, in->d)) {
		step(o, b, in->loc, IR_AND, in->d, a, iv_imm(n - 1));
		return;
	}
	bias = ir_reg_new(o->f);
	sum = ir_reg_new(o->f);
	step(o, b, in->loc, IR_SAR, bias, a, iv_imm(63));
	step(o, b, in->loc, IR_SHR, bias, bias, iv_imm(64 - k));
	step(o, b, in->loc, IR_ADD, sum, a, iv_reg(bias));
	if (in->fn == RT_FN_div) {
		step(o, b, in->loc, IR_SAR, in->d, sum, iv_imm(k));
		return;
	}
	step(o, b, in->loc, IR_AND, sum, sum, iv_imm(n - 1));
	step(o, b, in->loc, IR_SUB, in->d, sum, iv_reg(bias));
}

bool opt_reduce(struct opt *o)
{
	bool changed = false;

	vec_for (&o->f->blocks, i) {
		struct ir_block *block = o->f->blocks.v[i], out = *block;
		bool here = false;

		vec_for (&block->insns, k)
			here |= is_reducible(&block->insns.v[k]);
		if (!here)
			continue;
		changed = true;
		out.insns.v = NULL;
		out.insns.n = out.insns.cap = 0;
		vec_for (&block->insns, k) {
			const struct ir_insn *in = &block->insns.v[k];

			if (is_reducible(in))
				reduce(o, &out, in);
			else
				vec_push(o->m->arena, &out.insns, *in);
		}
		*block = out;
	}
	return changed;
}
