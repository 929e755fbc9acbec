/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Aggregates: adding samples, asking for results, histogram buckets. */
#include "ir/lower_impl.h"

const struct var_info *lower_stat_var(const struct expr *statop)
{
	const struct expr *e = lower_bound(statop->statop.stat);

	if (e->kind == E_INDEX)
		e = e->index.base;
	return e->sym.ref->aux;
}

/* What does not exist yet reads as an empty aggregate. */
static struct ir_val existing(struct lower *L, const struct var_decl *array,
			      struct ir_val entry)
{
	struct label there = {0}, missing = {0}, end = {0};
	ir_reg d = lower_reg(L);

	lower_branch(L, CC_NE, entry, iv_imm(0), &there, &missing);
	lower_place(L, &there);
	lower_move(L, d, lower_at(L, entry, lower_info(array)->val_off));
	lower_jump(L, &end);
	lower_place(L, &missing);
	lower_move(L, d, iv_heap(L->zero_stat));
	lower_place(L, &end);
	return iv_reg(d);
}

struct stat_ref lower_stat_ref(struct lower *L, const struct expr *e)
{
	const struct var_decl *v;
	struct stat_ref r;
	struct key k;

	e = lower_bound(e);
	if (e->kind == E_SYMBOL) {
		r.var = lower_var(L, e->sym.ref);
		r.stat = r.var->mem;
	} else {
		v = e->index.base->sym.ref;
		r.var = lower_info(v);
		lower_key(L, v, e->index.keys.v, e->index.keys.n, &k);
		r.stat = existing(L, v, lower_find(L, v, &k));
	}
	r.desc = iv_heap(r.var->desc);
	return r;
}

#define OP(op) (1u << STAT_##op)
/* What needs no more than two sums; everything else is the library's. */
#define OPS_SUMS (OP(COUNT) | OP(SUM) | OP(AVG))
#define OPS_BASIC (OPS_SUMS | OP(MIN) | OP(MAX))

static void add_to(struct lower *L, struct ir_val stat, int32_t off,
		   struct ir_val n)
{
	struct ir_val old = lower_load(L, stat, off, 8, false);

	lower_store(L, stat, off, lower_op(L, IR_ADD, old, n), 8);
}

/* Keeps no field that nothing in the script reads. */
static void add_sample(struct lower *L, const struct var_decl *v,
		       struct ir_val stat, struct ir_val sample)
{
	if (v->stat_ops & ~OPS_BASIC) {
		RT_CALL(L, stat_add, stat, iv_heap(lower_info(v)->desc),
			sample);
		return;
	}
	if (v->stat_ops & ~OPS_SUMS) {
		RT_CALL(L, stat_add_basic, stat, sample);
		return;
	}
	if (v->stat_ops & (OP(COUNT) | OP(AVG)))
		add_to(L, stat, offsetof(struct rt_stat, count), iv_imm(1));
	if (v->stat_ops & (OP(SUM) | OP(AVG)))
		add_to(L, stat, offsetof(struct rt_stat, sum), sample);
}

/* a <<< v: the element is made once the sample is known */
void lower_aggregate(struct lower *L, const struct expr *e)
{
	const struct expr *lhs = lower_bound(e->assign.a);
	const struct var_decl *v;
	struct ir_val stat, sample;
	struct key k;

	if (lhs->kind == E_SYMBOL) {
		v = lhs->sym.ref;
		sample = lower_long(L, e->assign.b);
		stat = lower_var(L, lhs->sym.ref)->mem;
	} else {
		v = lhs->index.base->sym.ref;
		lower_key(L, v, lhs->index.keys.v, lhs->index.keys.n, &k);
		sample = lower_long(L, e->assign.b);
		stat = lower_at(L, lower_insert(L, v, &k, lhs->loc),
				lower_info(v)->val_off);
	}
	add_sample(L, v, stat, sample);
}

static int64_t rt_statop(enum statop op)
{
	switch (op) {
	case STAT_SUM:
		return RT_STAT_SUM;
	case STAT_MIN:
		return RT_STAT_MIN;
	case STAT_MAX:
		return RT_STAT_MAX;
	case STAT_AVG:
		return RT_STAT_AVG;
	case STAT_VARIANCE:
		return RT_STAT_VARIANCE;
	default:
		return RT_STAT_COUNT;
	}
}

struct ir_val lower_statop(struct lower *L, const struct expr *e)
{
	struct stat_ref r = lower_stat_ref(L, e->statop.stat);
	struct ir_val v;

	if (e->statop.op == STAT_COUNT)
		return lower_load(L, r.stat, offsetof(struct rt_stat, count), 8,
				  false);
	if (e->statop.op == STAT_SUM)
		return lower_load(L, r.stat, offsetof(struct rt_stat, sum), 8,
				  false);
	v = RT_CALL(L, stat_get, LOWER_CTX, r.stat, r.desc,
		    iv_imm(rt_statop(e->statop.op)));
	lower_check(L, e->loc);
	return v;
}

static struct ir_val bucket(struct lower *L, const struct stat_ref *r,
			    struct ir_val index, struct loc loc)
{
	struct ir_val v =
		RT_CALL(L, stat_bucket, LOWER_CTX, r->stat, r->desc, index);

	lower_check(L, loc);
	return v;
}

struct ir_val lower_bucket_at(struct lower *L, const struct expr *statop,
			      struct ir_val index)
{
	struct stat_ref r = lower_stat_ref(L, statop->statop.stat);

	return bucket(L, &r, index, statop->loc);
}

/* @hist_log(x)[i] */
struct ir_val lower_bucket(struct lower *L, const struct expr *e)
{
	const struct expr *hist = e->index.base;
	struct stat_ref r = lower_stat_ref(L, hist->statop.stat);

	return bucket(L, &r, lower_long(L, e->index.keys.v[0]), hist->loc);
}
