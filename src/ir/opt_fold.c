// SPDX-License-Identifier: GPL-2.0-or-later
/* What one instruction computes, said more simply. */
#include "ir/opt.h"

static bool is_imm(const struct ir_val *v, int64_t n)
{
	return v->kind == IV_IMM && v->imm == n;
}

static bool is_power_of_two(int64_t n)
{
	return n > 0 && !(n & (n - 1));
}

static bool to_imm(struct ir_insn *in, uint64_t v)
{
	opt_to_move(in, iv_imm((int64_t)v));
	return true;
}

static bool to_copy(struct ir_insn *in)
{
	opt_to_move(in, in->a);
	return true;
}

/* Numbers stand on the right; subtraction of a number is an addition. */
static bool put_in_order(struct ir_insn *in)
{
	bool commutes = in->op == IR_ADD || in->op == IR_MUL ||
			in->op == IR_AND || in->op == IR_OR || in->op == IR_XOR;
	bool compares = in->op == IR_SET || in->op == IR_BR;

	if ((commutes || compares) && in->a.kind == IV_IMM &&
	    in->b.kind != IV_IMM) {
		struct ir_val t = in->a;

		in->a = in->b;
		in->b = t;
		if (compares)
			in->cc = ir_cc_swap(in->cc);
		return true;
	}
	if (in->op == IR_SUB && in->b.kind == IV_IMM && in->a.kind != IV_IMM) {
		in->op = IR_ADD;
		in->b.imm = (int64_t) - (uint64_t)in->b.imm;
		return true;
	}
	return false;
}

/* x op x */
static bool fold_same(struct ir_insn *in)
{
	switch (in->op) {
	case IR_SUB:
	case IR_XOR:
		return to_imm(in, 0);
	case IR_AND:
	case IR_OR:
		return to_copy(in);
	default:
		return false;
	}
}

/* x op number */
static bool fold_right(struct ir_insn *in)
{
	int64_t n = in->b.imm;

	switch (in->op) {
	case IR_ADD:
	case IR_XOR:
		return n == 0 && to_copy(in);
	case IR_OR:
		return n == 0	 ? to_copy(in)
		       : n == -1 ? to_imm(in, ~0ull)
				 : false;
	case IR_AND:
		return n == -1 ? to_copy(in) : n == 0 ? to_imm(in, 0) : false;
	case IR_SHL:
	case IR_SHR:
	case IR_SAR:
		if ((n & 63) == 0)
			return to_copy(in);
		if (n == (n & 63))
			return false;
		in->b.imm = n & 63;
		return true;
	case IR_MUL:
		if (n == 0)
			return to_imm(in, 0);
		if (n == 1)
			return to_copy(in);
		if (n == -1) {
			in->op = IR_NEG;
			in->b = IV_NOTHING;
			return true;
		}
		if (!is_power_of_two(n))
			return false;
		in->op = IR_SHL;
		in->b.imm = __builtin_ctzll((uint64_t)n);
		return true;
	default:
		return false;
	}
}

static bool fold_binary(struct ir_insn *in)
{
	bool changed = put_in_order(in);

	if (in->a.kind == IV_IMM && in->b.kind == IV_IMM)
		return to_imm(in, ir_eval(in->op, (uint64_t)in->a.imm,
					  (uint64_t)in->b.imm));
	if (in->b.kind == IV_IMM)
		return fold_right(in) || changed;
	if (opt_same_val(&in->a, &in->b))
		return fold_same(in) || changed;
	if (is_imm(&in->a, 0) &&
	    (in->op == IR_SHL || in->op == IR_SHR || in->op == IR_SAR))
		return to_imm(in, 0);
	if (is_imm(&in->a, 0) && in->op == IR_SUB) {
		in->op = IR_NEG;
		in->a = in->b;
		in->b = IV_NOTHING;
		return true;
	}
	return changed;
}

/* Comparisons with a bound that nothing is beyond. 1, 0, or -1: open. */
static int decide(const struct ir_insn *in)
{
	if (in->a.kind == IV_IMM && in->b.kind == IV_IMM)
		return ir_eval_cc(in->cc, (uint64_t)in->a.imm,
				  (uint64_t)in->b.imm);
	if (opt_same_val(&in->a, &in->b))
		return ir_eval_cc(in->cc, 0, 0);
	if (in->cc == CC_ULT && is_imm(&in->b, 0))
		return 0;
	if (in->cc == CC_UGE && is_imm(&in->b, 0))
		return 1;
	if (in->cc == CC_LT && is_imm(&in->b, INT64_MIN))
		return 0;
	if (in->cc == CC_GT && is_imm(&in->b, INT64_MAX))
		return 0;
	return -1;
}

static bool fold_compare(struct ir_insn *in)
{
	bool changed = put_in_order(in);
	int known = decide(in);

	if (known < 0)
		return changed;
	if (in->op == IR_SET)
		return to_imm(in, (uint64_t)known);
	*in = (struct ir_insn){
		.op = IR_JMP, .to = {in->to[!known]}, .loc = in->loc};
	return true;
}

static bool fold_division(struct ir_insn *in)
{
	bool is_div = in->fn == RT_FN_div;
	struct ir_val a = in->args[1];
	uint64_t b = (uint64_t)in->args[2].imm, q;

	if (!opt_is_safe_division(in) || !in->d)
		return false;
	if (b == 1 || b == -1ull) {
		if (!is_div)
			return to_imm(in, 0);
		opt_to_move(in, a);
		if (b == 1 || in->op != IR_MOV)
			return true;
		in->op = IR_NEG;
		return true;
	}
	if (a.kind != IV_IMM)
		return false;
	/* b is not -1 here, so this cannot overflow */
	q = (uint64_t)(a.imm / (int64_t)b);
	return to_imm(in, is_div ? q : (uint64_t)a.imm - q * b);
}

static bool fold_rt(struct ir_insn *in)
{
	switch (in->fn) {
	case RT_FN_div:
	case RT_FN_mod:
		/* a heap offset is not a plain operand */
		if (in->args[1].kind != IV_IMM && in->args[1].kind != IV_REG)
			return false;
		return fold_division(in);
	case RT_FN_str_eq:
		return in->d && opt_same_val(&in->args[0], &in->args[1]) &&
		       to_imm(in, 1);
	case RT_FN_str_cmp:
		return in->d && opt_same_val(&in->args[0], &in->args[1]) &&
		       to_imm(in, 0);
	default:
		return false;
	}
}

bool opt_fold(struct ir_insn *in)
{
	switch (in->op) {
	case IR_NEG:
	case IR_NOT:
		return in->a.kind == IV_IMM &&
		       to_imm(in, ir_eval(in->op, (uint64_t)in->a.imm, 0));
	case IR_ADD:
	case IR_SUB:
	case IR_MUL:
	case IR_AND:
	case IR_OR:
	case IR_XOR:
	case IR_SHL:
	case IR_SHR:
	case IR_SAR:
		return fold_binary(in);
	case IR_SET:
	case IR_BR:
		return fold_compare(in);
	case IR_RT:
		return fold_rt(in);
	default:
		return false;
	}
}
