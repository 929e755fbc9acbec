/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expressions: integers, conditions, assignments. */
#include "ir/lower_impl.h"

const struct expr *lower_bound(const struct expr *e)
{
	while (e->kind == E_TARGET && e->target.bound)
		e = e->target.bound;
	return e;
}

/* ---- several values at once ---- */

/* An own copy of a borrowed value. */
static struct val keep(struct lower *L, struct val v, enum type t)
{
	if (t == TY_STRING) {
		struct ir_val tmp = lower_temp_str(L);

		lower_str_copy(L, tmp, v.v);
		return (struct val){.v = tmp};
	} else {
		ir_reg r = lower_reg(L);

		lower_move(L, r, v.v);
		return (struct val){.v = iv_reg(r)};
	}
}

void lower_operands(struct lower *L, struct expr *const *e, uint32_t n,
		    struct val *out)
{
	for (uint32_t i = 0; i < n; i++) {
		out[i] = lower_value(L, e[i]);
		for (uint32_t j = i + 1; out[i].of && j < n; j++)
			if (effects_modifies(L, e[j], out[i].of))
				out[i] = keep(L, out[i], e[i]->type);
	}
}

static void lower_pair(struct lower *L, struct expr *a, struct expr *b,
		       struct ir_val out[2])
{
	struct expr *e[2] = {a, b};
	struct val v[2];

	lower_operands(L, e, 2, v);
	out[0] = v[0].v;
	out[1] = v[1].v;
}

/* ---- operators ---- */

static bool compare_code(enum op op, enum ir_cc *cc)
{
	switch (op) {
	case OP_LT:
		*cc = CC_LT;
		return true;
	case OP_LE:
		*cc = CC_LE;
		return true;
	case OP_GT:
		*cc = CC_GT;
		return true;
	case OP_GE:
		*cc = CC_GE;
		return true;
	case OP_EQ:
		*cc = CC_EQ;
		return true;
	case OP_NE:
		*cc = CC_NE;
		return true;
	default:
		return false;
	}
}

static struct ir_val divide(struct lower *L, enum op op, struct ir_val a,
			    struct ir_val b, struct loc loc)
{
	struct ir_val r;

	if (op == OP_DIV)
		r = RT_CALL(L, div, LOWER_CTX, a, b);
	else
		r = RT_CALL(L, mod, LOWER_CTX, a, b);
	if (b.kind != IV_IMM || !b.imm)
		lower_check(L, loc);
	return r;
}

/* a op b on integers; what short-circuits and what compares is elsewhere. */
static struct ir_val arithmetic(struct lower *L, enum op op, struct ir_val a,
				struct ir_val b, struct loc loc)
{
	switch (op) {
	case OP_MUL:
		return lower_op(L, IR_MUL, a, b);
	case OP_DIV:
	case OP_MOD:
		return divide(L, op, a, b, loc);
	case OP_ADD:
		return lower_op(L, IR_ADD, a, b);
	case OP_SUB:
		return lower_op(L, IR_SUB, a, b);
	case OP_SHL:
		return lower_op(L, IR_SHL, a, b);
	case OP_SHR:
		return lower_op(L, IR_SAR, a, b);
	case OP_USHR:
		return lower_op(L, IR_SHR, a, b);
	case OP_BITAND:
		return lower_op(L, IR_AND, a, b);
	case OP_BITXOR:
		return lower_op(L, IR_XOR, a, b);
	default:
		return lower_op(L, IR_OR, a, b);
	}
}

/* The truth of e as 0 or 1. */
static struct ir_val truth(struct lower *L, const struct expr *e)
{
	struct label yes = {0}, no = {0}, end = {0};
	ir_reg d = lower_reg(L);

	lower_cond(L, e, &yes, &no);
	lower_place(L, &yes);
	lower_move(L, d, iv_imm(1));
	lower_jump(L, &end);
	lower_place(L, &no);
	lower_move(L, d, iv_imm(0));
	lower_place(L, &end);
	return iv_reg(d);
}

static struct ir_val lower_binary(struct lower *L, const struct expr *e)
{
	struct ir_val v[2];
	enum ir_cc cc;

	if (e->binary.op == OP_LOGAND || e->binary.op == OP_LOGOR)
		return truth(L, e);
	if (compare_code(e->binary.op, &cc)) {
		if (e->binary.a->type == TY_STRING)
			return lower_compare_str(L, cc, e->binary.a,
						 e->binary.b);
		lower_pair(L, e->binary.a, e->binary.b, v);
		return lower_set(L, cc, v[0], v[1]);
	}
	lower_pair(L, e->binary.a, e->binary.b, v);
	return arithmetic(L, e->binary.op, v[0], v[1], e->loc);
}

static struct val lower_unary(struct lower *L, const struct expr *e)
{
	struct val a;

	if (e->unary.op == OP_NOT)
		return (struct val){.v = truth(L, e)};
	a = lower_value(L, e->unary.a);
	if (e->unary.op == OP_NEG)
		return (struct val){.v = lower_op(L, IR_NEG, a.v, IV_NOTHING)};
	if (e->unary.op == OP_BITNOT)
		return (struct val){.v = lower_op(L, IR_NOT, a.v, IV_NOTHING)};
	return a;
}

static struct ir_val lower_ternary(struct lower *L, const struct expr *e)
{
	struct label yes = {0}, no = {0}, end = {0};
	ir_reg d = lower_reg(L);

	lower_cond(L, e->ternary.cond, &yes, &no);
	lower_place(L, &yes);
	if (!lower_dead(L))
		lower_move(L, d, lower_long(L, e->ternary.a));
	lower_jump(L, &end);
	lower_place(L, &no);
	if (!lower_dead(L))
		lower_move(L, d, lower_long(L, e->ternary.b));
	lower_place(L, &end);
	return iv_reg(d);
}

/* ---- conditions: jumps instead of values ---- */

static void cond_binary(struct lower *L, const struct expr *e,
			struct label *yes, struct label *no)
{
	struct label second = {0};
	struct ir_val v[2];
	enum ir_cc cc;

	if (e->binary.op == OP_LOGAND || e->binary.op == OP_LOGOR) {
		if (e->binary.op == OP_LOGAND)
			lower_cond(L, e->binary.a, &second, no);
		else
			lower_cond(L, e->binary.a, yes, &second);
		lower_place(L, &second);
		if (!lower_dead(L))
			lower_cond(L, e->binary.b, yes, no);
		return;
	}
	if (compare_code(e->binary.op, &cc) && e->binary.a->type != TY_STRING) {
		lower_pair(L, e->binary.a, e->binary.b, v);
	} else {
		v[0] = lower_binary(L, e);
		v[1] = iv_imm(0);
		cc = CC_NE;
	}
	lower_branch(L, cc, v[0], v[1], yes, no);
}

static void cond_value(struct lower *L, const struct expr *e, struct label *yes,
		       struct label *no)
{
	struct ir_val v = lower_long(L, e);

	lower_branch(L, CC_NE, v, iv_imm(0), yes, no);
}

void lower_cond(struct lower *L, const struct expr *e, struct label *yes,
		struct label *no)
{
	e = lower_bound(e);
	L->loc = e->loc;
	if (e->kind == E_BINARY)
		cond_binary(L, e, yes, no);
	else if (e->kind == E_UNARY && e->unary.op == OP_NOT)
		lower_cond(L, e->unary.a, no, yes);
	else
		cond_value(L, e, yes, no);
}

/* ---- variables ---- */

struct val lower_get_var(struct lower *L, const struct var_decl *var)
{
	const struct var_info *vi = lower_var(L, var);

	if (var->type == TY_STRING)
		return (struct val){
			.v = vi->mem,
			.of = var->kind == VAR_PARAM && !var->written ? NULL
								      : var,
		};
	if (var->kind == VAR_GLOBAL)
		return (struct val){.v = lower_load(L, vi->mem, 0, 8, false)};
	return (struct val){.v = iv_reg(vi->reg), .of = var};
}

void lower_set_var(struct lower *L, const struct var_decl *var, struct ir_val v)
{
	const struct var_info *vi = lower_var(L, var);

	if (var->type == TY_STRING)
		lower_str_copy(L, vi->mem, v);
	else if (var->kind == VAR_GLOBAL)
		lower_store(L, vi->mem, 0, v, 8);
	else
		lower_move(L, vi->reg, v);
}

/* ---- assignment ---- */

static struct val assign_symbol_str(struct lower *L, const struct expr *e)
{
	const struct var_decl *var = e->assign.a->sym.ref;
	struct ir_val mem = lower_var(L, var)->mem;
	struct val v;

	if (e->assign.op == OP_CONCAT) {
		v = lower_str(L, e->assign.b);
		if (v.of == var)
			v = keep(L, v, TY_STRING);
		RT_CALL(L, str_cat, LOWER_CTX, mem, v.v);
	} else {
		lower_assign_str(L, e->assign.b, mem, var);
	}
	return (struct val){.v = mem, .of = var};
}

static struct val assign_symbol(struct lower *L, const struct expr *e)
{
	const struct var_decl *var = e->assign.a->sym.ref;
	struct val old, v;

	if (var->type == TY_STRING)
		return assign_symbol_str(L, e);
	v = lower_value(L, e->assign.b);
	if (e->assign.op != OP_NONE) {
		old = lower_get_var(L, var);
		v.v = arithmetic(L, e->assign.op, old.v, v.v, e->loc);
		v.of = NULL;
	}
	lower_set_var(L, var, v.v);
	if (var->kind == VAR_GLOBAL)
		return v;
	return (struct val){.v = iv_reg(lower_var(L, var)->reg), .of = var};
}

/*
 * a[k] = string. Text that can be made without disturbing the array is made
 * in the element itself.
 */
static struct val assign_element_str(struct lower *L, const struct expr *e,
				     const struct var_decl *array,
				     const struct key *k)
{
	const struct expr *rhs = e->assign.b;
	struct ir_val entry, mem;
	struct val v;

	if (e->assign.op == OP_NONE && !effects_can_fail(rhs) &&
	    !effects_touches(L, rhs, array)) {
		entry = lower_insert(L, array, k, e->assign.a->loc);
		mem = lower_at(L, entry, lower_info(array)->val_off);
		lower_str_into(L, rhs, mem);
		return (struct val){.v = mem, .of = array};
	}
	v = lower_str(L, rhs);
	if (v.of == array) /* inserting may reuse that element's memory */
		v = keep(L, v, TY_STRING);
	entry = lower_insert(L, array, k, e->assign.a->loc);
	mem = lower_at(L, entry, lower_info(array)->val_off);
	if (e->assign.op == OP_CONCAT)
		RT_CALL(L, str_cat, LOWER_CTX, mem, v.v);
	else
		lower_str_copy(L, mem, v.v);
	return (struct val){.v = mem, .of = array};
}

/* The element's integer, 0 when there is none. */
static struct ir_val load_element(struct lower *L, const struct var_decl *array,
				  struct ir_val entry)
{
	struct label there = {0}, missing = {0}, end = {0};
	ir_reg d = lower_reg(L);

	lower_branch(L, CC_NE, entry, iv_imm(0), &there, &missing);
	lower_place(L, &there);
	lower_move(L, d,
		   lower_load(L, entry, (int32_t)lower_info(array)->val_off, 8,
			      false));
	lower_jump(L, &end);
	lower_place(L, &missing);
	lower_move(L, d, iv_imm(0));
	lower_place(L, &end);
	return iv_reg(d);
}

static struct val assign_element(struct lower *L, const struct expr *e)
{
	const struct expr *lhs = e->assign.a;
	const struct var_decl *array = lhs->index.base->sym.ref;
	int32_t off = (int32_t)lower_info(array)->val_off;
	enum op op = e->assign.op;
	struct ir_val entry;
	struct key k;
	struct val v;

	lower_key(L, array, lhs->index.keys.v, lhs->index.keys.n, &k);
	if (array->type == TY_STRING)
		return assign_element_str(L, e, array, &k);
	v = lower_value(L, e->assign.b);
	if (op == OP_DIV || op == OP_MOD) {
		/* may fail, and then leaves no element behind */
		entry = lower_find(L, array, &k);
		v.v = divide(L, op, load_element(L, array, entry), v.v, e->loc);
		v.of = NULL;
		op = OP_NONE;
	}
	entry = lower_insert(L, array, &k, lhs->loc);
	if (op != OP_NONE) {
		v.v = arithmetic(L, op, lower_load(L, entry, off, 8, false),
				 v.v, e->loc);
		v.of = NULL;
	}
	lower_store(L, entry, off, v.v, 8);
	return v;
}

struct val lower_assign(struct lower *L, const struct expr *e)
{
	const struct expr *lhs = lower_bound(e->assign.a);

	L->loc = e->loc;
	if (e->assign.op == OP_AGGREGATE) {
		lower_aggregate(L, e);
		return (struct val){.v = iv_imm(0)};
	}
	if (lhs->kind == E_SYMBOL)
		return assign_symbol(L, e);
	if (lhs->kind == E_INDEX && lhs->index.base->kind == E_SYMBOL)
		return assign_element(L, e);
	lower_impossible(L, e->loc);
	return (struct val){.v = iv_imm(0)};
}

struct val lower_incdec(struct lower *L, const struct expr *e)
{
	const struct expr *lhs = lower_bound(e->incdec.a);
	struct ir_val old, changed, delta = iv_imm(e->incdec.delta);

	L->loc = e->loc;
	if (lhs->kind == E_SYMBOL) {
		const struct var_decl *var = lhs->sym.ref;
		struct val v = lower_get_var(L, var);

		if (v.of && !e->incdec.prefix)
			v = keep(L, v, TY_LONG);
		old = v.v;
		changed = lower_op(L, IR_ADD, old, delta);
		lower_set_var(L, var, changed);
	} else if (lhs->kind == E_INDEX && lhs->index.base->kind == E_SYMBOL) {
		const struct var_decl *array = lhs->index.base->sym.ref;
		int32_t off = (int32_t)lower_info(array)->val_off;
		struct ir_val entry;
		struct key k;

		lower_key(L, array, lhs->index.keys.v, lhs->index.keys.n, &k);
		entry = lower_insert(L, array, &k, lhs->loc);
		old = lower_load(L, entry, off, 8, false);
		changed = lower_op(L, IR_ADD, old, delta);
		lower_store(L, entry, off, changed, 8);
	} else {
		lower_impossible(L, e->loc);
		return (struct val){.v = iv_imm(0)};
	}
	return (struct val){.v = e->incdec.prefix ? changed : old};
}

/* ---- any expression ---- */

static struct val long_value(struct lower *L, const struct expr *e)
{
	switch (e->kind) {
	case E_NUMBER:
		return (struct val){.v = iv_imm(e->num.v)};
	case E_SYMBOL:
		return lower_get_var(L, e->sym.ref);
	case E_INDEX:
		return lower_index_get(L, e);
	case E_UNARY:
		return lower_unary(L, e);
	case E_INCDEC:
		return lower_incdec(L, e);
	case E_BINARY:
		return (struct val){.v = lower_binary(L, e)};
	case E_ASSIGN:
		return lower_assign(L, e);
	case E_TERNARY:
		return (struct val){.v = lower_ternary(L, e)};
	case E_IN:
		return (struct val){.v = lower_in(L, e)};
	case E_REGEX:
		return (struct val){.v = lower_regex(L, e)};
	case E_CALL:
		return lower_call(L, e, IV_NOTHING);
	case E_STATOP:
		return (struct val){.v = lower_statop(L, e)};
	case E_PRINT:
		lower_print(L, e);
		return (struct val){.v = iv_imm(0)};
	case E_PRIM:
		return lower_prim(L, e, IV_NOTHING);
	case E_EMBEDDED:
		lower_impossible(L, e->loc);
		return (struct val){.v = iv_imm(0)};
	default:
		lower_impossible(L, e->loc);
		return (struct val){.v = iv_imm(0)};
	}
}

struct val lower_value(struct lower *L, const struct expr *e)
{
	struct loc outer = L->loc;
	struct val v;

	e = lower_bound(e);
	L->loc = e->loc;
	/* a unary '+' and a print have no type of their own to go by */
	if (e->type == TY_STRING)
		v = lower_str(L, e);
	else
		v = long_value(L, e);
	L->loc = outer;
	return v;
}

struct ir_val lower_long(struct lower *L, const struct expr *e)
{
	return lower_value(L, e).v;
}

void lower_discard(struct lower *L, const struct expr *e)
{
	struct temps_mark mark = lower_temps_mark(L);

	lower_value(L, e);
	lower_temps_release(L, mark);
}
