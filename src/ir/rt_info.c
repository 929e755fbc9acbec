// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables made from op.def and runtime/rt.def, and what the operations
   compute. */
#include "ir/ir.h"

const struct rt_info rt_info[RT_FN_COUNT] = {
#define RT(name, nargs, flags) [RT_FN_##name] = {#name, nargs, flags},
#include "../runtime/rt.def"
#undef RT
};

const struct ir_op_info ir_op_info[IR_OP_COUNT] = {
#define I(name, text, cls) [IR_##name] = {text, IR_CLASS_##cls},
#include "ir/op.def"
#undef I
};

const char *const ir_cc_text[IR_CC_COUNT] = {
	[CC_EQ] = "eq",	  [CC_NE] = "ne",   [CC_LT] = "lt",   [CC_LE] = "le",
	[CC_GT] = "gt",	  [CC_GE] = "ge",   [CC_ULT] = "ult", [CC_ULE] = "ule",
	[CC_UGT] = "ugt", [CC_UGE] = "uge",
};

enum ir_cc ir_cc_negate(enum ir_cc cc)
{
	static const uint8_t neg[IR_CC_COUNT] = {
		[CC_EQ] = CC_NE,   [CC_NE] = CC_EQ,   [CC_LT] = CC_GE,
		[CC_LE] = CC_GT,   [CC_GT] = CC_LE,   [CC_GE] = CC_LT,
		[CC_ULT] = CC_UGE, [CC_ULE] = CC_UGT, [CC_UGT] = CC_ULE,
		[CC_UGE] = CC_ULT,
	};
	return neg[cc];
}

enum ir_cc ir_cc_swap(enum ir_cc cc)
{
	static const uint8_t swap[IR_CC_COUNT] = {
		[CC_EQ] = CC_EQ,   [CC_NE] = CC_NE,   [CC_LT] = CC_GT,
		[CC_LE] = CC_GE,   [CC_GT] = CC_LT,   [CC_GE] = CC_LE,
		[CC_ULT] = CC_UGT, [CC_ULE] = CC_UGE, [CC_UGT] = CC_ULT,
		[CC_UGE] = CC_ULE,
	};
	return swap[cc];
}

bool ir_eval_cc(enum ir_cc cc, uint64_t a, uint64_t b)
{
	switch (cc) {
	case CC_EQ:
		return a == b;
	case CC_NE:
		return a != b;
	case CC_LT:
		return (int64_t)a < (int64_t)b;
	case CC_LE:
		return (int64_t)a <= (int64_t)b;
	case CC_GT:
		return (int64_t)a > (int64_t)b;
	case CC_GE:
		return (int64_t)a >= (int64_t)b;
	case CC_ULT:
		return a < b;
	case CC_ULE:
		return a <= b;
	case CC_UGT:
		return a > b;
	case CC_UGE:
		return a >= b;
	}
	return false;
}

uint64_t ir_eval(enum ir_op op, uint64_t a, uint64_t b)
{
	switch (op) {
	case IR_NEG:
		return -a;
	case IR_NOT:
		return ~a;
	case IR_ADD:
		return a + b;
	case IR_SUB:
		return a - b;
	case IR_MUL:
		return a * b;
	case IR_AND:
		return a & b;
	case IR_OR:
		return a | b;
	case IR_XOR:
		return a ^ b;
	case IR_SHL:
		return a << (b & 63);
	case IR_SHR:
		return a >> (b & 63);
	case IR_SAR:
		return (uint64_t)((int64_t)a >> (b & 63));
	default:
		return a;
	}
}
