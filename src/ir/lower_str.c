/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strings. lower_str() gives a value wherever it is; lower_str_into() makes it
 * in given memory. What either does with an error half-way: memory of the
 * script's own variables changes only when the whole value is known (see
 * lower_assign_str()), temporaries may hold anything.
 */
#include <string.h>

#include "ir/lower_impl.h"

void lower_str_empty(struct lower *L, struct ir_val dst)
{
	lower_store(L, dst, 0, iv_imm(0), 8);
	lower_store(L, dst, 8, iv_imm(0), 8);
}

static bool same_place(struct ir_val a, struct ir_val b)
{
	return a.kind == b.kind && a.reg == b.reg && a.imm == b.imm;
}

/* Up to seven characters are stored as words. */
void lower_str_literal(struct lower *L, struct ir_val dst, const char *s,
		       size_t len, struct loc loc)
{
	uint32_t header[2] = {(uint32_t)len, 0}; /* len, spare */
	int64_t head, word = 0;

	if (len > 7) {
		lower_str_copy(L, dst, iv_heap(heap_string(L, s, len, loc)));
		return;
	}
	memcpy(&word, s, len);
	memcpy(&head, header, sizeof(head));
	lower_store(L, dst, 0, iv_imm(head), 8);
	lower_store(L, dst, 8, iv_imm(word), 8);
}

void lower_str_copy(struct lower *L, struct ir_val dst, struct ir_val src)
{
	if (!same_place(dst, src))
		RT_CALL(L, str_copy, LOWER_CTX, dst, src);
}

struct ir_val lower_str_len(struct lower *L, struct ir_val s)
{
	return lower_load(L, s, offsetof(struct rt_str, len), 4, false);
}

/* ---- comparison ---- */

static bool is_empty_literal(const struct expr *e)
{
	return e->kind == E_STRING && e->str.len == 0;
}

struct ir_val lower_compare_str(struct lower *L, enum ir_cc cc, struct expr *a,
				struct expr *b)
{
	struct expr *both[2] = {a, b};
	struct val v[2];
	struct ir_val r;

	if (is_empty_literal(b) && (cc == CC_EQ || cc == CC_NE))
		return lower_set(L, cc, lower_str_len(L, lower_str(L, a).v),
				 iv_imm(0));
	lower_operands(L, both, 2, v);
	if (cc == CC_EQ)
		return RT_CALL(L, str_eq, v[0].v, v[1].v);
	if (cc == CC_NE) {
		r = RT_CALL(L, str_eq, v[0].v, v[1].v);
		return lower_op(L, IR_XOR, r, iv_imm(1));
	}
	r = RT_CALL(L, str_cmp, v[0].v, v[1].v);
	return lower_set(L, cc, r, iv_imm(0));
}

/* ---- concatenation ---- */

typedef VEC(struct expr *) part_list;

static void flatten(struct lower *L, const struct expr *e, part_list *parts)
{
	e = lower_bound(e);
	if (e->kind == E_BINARY && e->binary.op == OP_CONCAT) {
		flatten(L, e->binary.a, parts);
		flatten(L, e->binary.b, parts);
		return;
	}
	vec_push(L->arena, parts, (struct expr *)e);
}

static void append(struct lower *L, struct ir_val dst, const struct expr *e)
{
	struct temps_mark mark = lower_temps_mark(L);

	/* formatted text appends by itself */
	if (e->kind == E_PRINT && !e->print.on_error)
		lower_sprint(L, e, dst, true);
	else
		RT_CALL(L, str_cat, LOWER_CTX, dst, lower_str(L, e).v);
	lower_temps_release(L, mark);
}

static void concat_into(struct lower *L, const struct expr *e,
			struct ir_val dst)
{
	part_list parts = {0};

	flatten(L, e, &parts);
	lower_str_into(L, parts.v[0], dst);
	for (uint32_t i = 1; i < parts.n; i++)
		append(L, dst, parts.v[i]);
}

/* ---- choice ---- */

static bool is_stable(const struct expr *e)
{
	e = lower_bound(e);
	return e->kind == E_STRING ||
	       (e->kind == E_SYMBOL && e->sym.ref->kind == VAR_PARAM &&
		!e->sym.ref->written);
}

/* c ? "a" : "b": no copy, the offset is chosen. */
static struct val choose_offset(struct lower *L, const struct expr *e)
{
	struct label yes = {0}, no = {0}, end = {0};
	ir_reg d = lower_reg(L);

	lower_cond(L, e->ternary.cond, &yes, &no);
	lower_place(L, &yes);
	lower_move(L, d, lower_str(L, e->ternary.a).v);
	lower_jump(L, &end);
	lower_place(L, &no);
	lower_move(L, d, lower_str(L, e->ternary.b).v);
	lower_place(L, &end);
	return (struct val){.v = iv_reg(d)};
}

static void ternary_into(struct lower *L, const struct expr *e,
			 struct ir_val dst)
{
	struct label yes = {0}, no = {0}, end = {0};

	lower_cond(L, e->ternary.cond, &yes, &no);
	lower_place(L, &yes);
	if (!lower_dead(L))
		lower_str_into(L, e->ternary.a, dst);
	lower_jump(L, &end);
	lower_place(L, &no);
	if (!lower_dead(L))
		lower_str_into(L, e->ternary.b, dst);
	lower_place(L, &end);
}

/* ---- text that stands for an error ---- */

/* As try { dst = sprintf(...) } catch { dst = on_error } */
static void sprint_or_else(struct lower *L, const struct expr *e,
			   struct ir_val dst)
{
	struct lower_trial t;

	lower_need_locks(L);
	lower_trial_begin(L, &t);
	lower_sprint(L, e, dst, false);
	if (lower_trial_caught(L, &t)) {
		RT_CALL(L, catch, LOWER_CTX, iv_imm(0));
		lower_str_literal(L, dst, e->print.on_error,
				  (uint32_t)strlen(e->print.on_error), e->loc);
	}
	lower_trial_end(L, &t);
}

/* ---- any string ---- */

void lower_str_into(struct lower *L, const struct expr *e, struct ir_val dst)
{
	struct loc outer = L->loc;

	e = lower_bound(e);
	L->loc = e->loc;
	switch (e->kind) {
	case E_STRING:
		lower_str_literal(L, dst, e->str.s, e->str.len, e->loc);
		break;
	case E_BINARY:
		concat_into(L, e, dst);
		break;
	case E_TERNARY:
		if (is_stable(e->ternary.a) && is_stable(e->ternary.b))
			lower_str_copy(L, dst, choose_offset(L, e).v);
		else
			ternary_into(L, e, dst);
		break;
	case E_CALL:
		lower_call(L, e, dst);
		break;
	case E_PRINT:
		if (e->print.on_error)
			sprint_or_else(L, e, dst);
		else
			lower_sprint(L, e, dst, false);
		break;
	case E_PRIM:
		lower_prim(L, e, dst);
		break;
	default:
		lower_str_copy(L, dst, lower_str(L, e).v);
		break;
	}
	L->loc = outer;
}

struct val lower_str(struct lower *L, const struct expr *e)
{
	struct ir_val tmp;

	e = lower_bound(e);
	switch (e->kind) {
	case E_STRING:
		return (struct val){
			.v = iv_heap(
				heap_string(L, e->str.s, e->str.len, e->loc)),
		};
	case E_SYMBOL:
		return lower_get_var(L, e->sym.ref);
	case E_INDEX:
		return lower_index_get(L, e);
	case E_ASSIGN:
		return lower_assign(L, e);
	case E_CALL:
		return lower_call(L, e, IV_NOTHING);
	case E_TERNARY:
		if (is_stable(e->ternary.a) && is_stable(e->ternary.b))
			return choose_offset(L, e);
		break;
	case E_BINARY:
	case E_PRINT:
	case E_PRIM:
		break;
	case E_EMBEDDED:
		lower_impossible(L, e->loc);
		return (struct val){.v = heap_cstring(L, "")};
	default:
		lower_impossible(L, e->loc);
		return (struct val){.v = heap_cstring(L, "")};
	}
	tmp = lower_temp_str(L);
	lower_str_into(L, e, tmp);
	return (struct val){.v = tmp};
}

/* ---- assignment ---- */

/* Might an error leave part of the new text in the destination? */
static bool writes_early(const struct expr *e)
{
	e = lower_bound(e);
	switch (e->kind) {
	case E_BINARY:
	case E_PRIM:
		return effects_can_fail(e);
	case E_TERNARY:
		return writes_early(e->ternary.a) || writes_early(e->ternary.b);
	case E_CALL:
		return e->call.builtin && (e->call.builtin->flags & BF_FAIL);
	default:
		return false;
	}
}

void lower_str_whole(struct lower *L, const struct expr *e, struct ir_val dst)
{
	if (writes_early(e))
		lower_str_copy(L, dst, lower_str(L, e).v);
	else
		lower_str_into(L, e, dst);
}

/*
 * s = s . x . y, where neither x nor y minds s: appended in place. False when
 * it is not of that form, or an error in between would show.
 */
static bool append_self(struct lower *L, const struct expr *e,
			struct ir_val dst, const struct var_decl *of,
			bool seen_later)
{
	part_list parts = {0};

	flatten(L, e, &parts);
	if (parts.v[0]->kind != E_SYMBOL || parts.v[0]->sym.ref != of)
		return false;
	for (uint32_t i = 1; i < parts.n; i++)
		if (effects_touches(L, parts.v[i], of) ||
		    (seen_later && effects_can_fail(parts.v[i])))
			return false;
	for (uint32_t i = 1; i < parts.n; i++)
		append(L, dst, parts.v[i]);
	return true;
}

void lower_assign_str(struct lower *L, const struct expr *e, struct ir_val dst,
		      const struct var_decl *of)
{
	const struct expr *b = lower_bound(e);
	bool seen_later = L->try_depth || of->kind == VAR_GLOBAL;
	struct temps_mark mark;

	/* s = s . x appends */
	if (b->kind == E_BINARY && append_self(L, b, dst, of, seen_later))
		return;
	/* values that are copied whole need no care */
	if (b->kind == E_STRING || b->kind == E_SYMBOL || b->kind == E_INDEX ||
	    (!effects_touches(L, b, of) && !(seen_later && writes_early(b)))) {
		lower_str_into(L, b, dst);
		return;
	}
	mark = lower_temps_mark(L);
	lower_str_copy(L, dst, lower_str(L, b).v);
	lower_temps_release(L, mark);
}
