/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statements. */
#include "ir/lower_impl.h"

/*
 * Each branch pays for itself; what was counted before is left to the code
 * that follows both, unless a loop in one of them settles it.
 */
void lower_if(struct lower *L, const struct stmt *s,
	      void (*branch)(struct lower *L, const struct stmt *s))
{
	struct label then = {0}, otherwise = {0}, end = {0};
	const struct stmt *other = s->if_.otherwise;
	uint32_t before;

	lower_count(L);
	if (effects_loops(s))
		lower_charge(L);
	before = L->actions;
	lower_cond(L, s->if_.cond, &then, other ? &otherwise : &end);
	lower_place(L, &then);
	branch(L, s->if_.then);
	lower_charge_to(L, before);
	if (other) {
		lower_jump(L, &end);
		lower_place(L, &otherwise);
		branch(L, other);
		lower_charge_to(L, before);
	}
	lower_place(L, &end);
}

static void lower_step(struct lower *L, const struct expr *step)
{
	L->loc = step->loc;
	lower_discard(L, step);
}

static void lower_loop(struct lower *L, const struct stmt *s)
{
	struct label head = {0}, body = {0}, step = {0}, end = {0};
	struct loop loop = {.brk = &end, .cont = &step, .outer = L->loop};

	lower_need_locks(L);
	lower_count(L);
	if (s->kind == S_FOR && s->loop.init)
		lower_discard(L, s->loop.init);
	lower_charge(L);
	lower_jump(L, &head);
	lower_place(L, &head);
	if (s->loop.cond)
		lower_cond(L, s->loop.cond, &body, &end);
	else
		lower_jump(L, &body);
	lower_place(L, &body);
	L->loop = &loop;
	lower_tick(L);
	lower_stmt(L, s->loop.body);
	L->loop = loop.outer;
	if (step.block) /* "continue" has paid, too */
		lower_charge(L);
	lower_place(L, &step);
	if (s->kind == S_FOR && s->loop.step && !lower_dead(L))
		lower_step(L, s->loop.step);
	L->loc = s->loc;
	lower_charge_check(L, s->loc);
	lower_jump(L, &head);
	lower_place(L, &end);
}

void lower_trial_begin(struct lower *L, struct lower_trial *t)
{
	*t = (struct lower_trial){.outer = L->on_error, .before = L->actions};
	L->on_error = &t->caught;
	L->try_depth++;
}

/* The class of the error comes first: what is not to be caught goes on outwards. */
bool lower_trial_caught(struct lower *L, struct lower_trial *t)
{
	struct ir_val class;

	L->try_depth--;
	L->on_error = t->outer;
	lower_charge_to(L, t->before);
	lower_jump(L, &t->end);
	lower_place(L, &t->caught);
	class = lower_load(L, iv_ctx(offsetof(struct rt_ctx, error)), 0, 4,
			   false);
	lower_branch(L, CC_EQ, class, iv_imm(RT_ERR_SOFT), &t->soft, t->outer);
	lower_place(L, &t->soft);
	return !lower_dead(L);
}

void lower_trial_end(struct lower *L, struct lower_trial *t)
{
	lower_place(L, &t->end);
}

static void lower_try(struct lower *L, const struct stmt *s)
{
	struct ir_val dst = iv_imm(0);
	struct lower_trial t;

	lower_need_locks(L);
	lower_count(L);
	if (effects_loops(s))
		lower_charge(L);
	lower_trial_begin(L, &t);
	lower_stmt(L, s->try_.body);
	if (lower_trial_caught(L, &t)) {
		if (s->try_.var)
			dst = lower_var(L, s->try_.var->sym.ref)->mem;
		RT_CALL(L, catch, LOWER_CTX, dst);
		lower_stmt(L, s->try_.handler);
		lower_charge_to(L, t.before);
	}
	lower_trial_end(L, &t);
}

static void lower_return(struct lower *L, const struct stmt *s)
{
	if (s->expr && L->fn->ret == TY_STRING) {
		lower_str_whole(L, s->expr, L->ret_str);
	} else if (s->expr && L->fn->ret == TY_LONG) {
		struct ir_val v = lower_long(L, s->expr);

		lower_move(L, L->ret, v);
	} else if (s->expr) {
		lower_discard(L, s->expr);
	} else if (L->fn->ret == TY_STRING) {
		lower_str_empty(L, L->ret_str);
	}
	lower_charge(L);
	lower_jump(L, L->exit);
}

static void lower_one(struct lower *L, const struct stmt *s)
{
	switch (s->kind) {
	case S_NULL:
		return;
	case S_BLOCK:
		vec_for (&s->block.list, i)
			lower_stmt(L, s->block.list.v[i]);
		return;
	case S_IF:
		lower_if(L, s, lower_stmt);
		return;
	case S_WHILE:
	case S_FOR:
		lower_loop(L, s);
		return;
	case S_FOREACH:
		lower_foreach(L, s);
		return;
	case S_TRY:
		lower_try(L, s);
		return;
	default:
		break;
	}
	lower_count(L);
	switch (s->kind) {
	case S_EXPR:
		lower_discard(L, s->expr);
		return;
	case S_DELETE:
		lower_delete(L, s);
		return;
	case S_RETURN:
		lower_return(L, s);
		return;
	case S_BREAK:
		lower_charge(L);
		lower_jump(L, L->loop->brk);
		return;
	case S_CONTINUE:
		lower_charge(L);
		lower_jump(L, L->loop->cont);
		return;
	case S_NEXT:
		lower_charge(L);
		if (L->fn)
			lower_next_overload(L);
		else
			lower_jump(L, L->exit);
		return;
	default:
		lower_impossible(L, s->loc);
		return;
	}
}

void lower_stmt(struct lower *L, const struct stmt *s)
{
	struct temps_mark mark = lower_temps_mark(L);

	if (lower_dead(L)) /* after return, next, ... */
		return;
	L->loc = s->loc;
	lower_one(L, s);
	lower_temps_release(L, mark);
}
