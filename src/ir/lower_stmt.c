/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statements. */
#include "ir/lower_impl.h"

static void lower_if(struct lower *L, const struct stmt *s)
{
	struct label then = {0}, otherwise = {0}, end = {0};

	lower_count(L, 1, s->loc);
	lower_charge(L);
	lower_cond(L, s->if_.cond, &then, s->if_.otherwise ? &otherwise : &end);
	lower_charge(L);
	lower_place(L, &then);
	lower_stmt(L, s->if_.then);
	lower_charge(L);
	if (s->if_.otherwise) {
		lower_jump(L, &end);
		lower_place(L, &otherwise);
		lower_stmt(L, s->if_.otherwise);
		lower_charge(L);
	}
	lower_place(L, &end);
}

static void lower_loop(struct lower *L, const struct stmt *s)
{
	struct label head = {0}, body = {0}, step = {0}, end = {0};
	struct loop loop = {.brk = &end, .cont = &step, .outer = L->loop};
	bool is_for = s->kind == S_FOR;

	lower_count(L, 1, s->loc);
	if (is_for && s->loop.init)
		lower_discard(L, s->loop.init);
	lower_charge(L);
	if (!is_for || !s->loop.step)
		loop.cont = &head;
	lower_jump(L, &head);
	lower_place(L, &head);
	lower_count(L, 1, s->loc);
	lower_charge(L);
	if (s->loop.cond)
		lower_cond(L, s->loop.cond, &body, &end);
	else
		lower_jump(L, &body);
	lower_place(L, &body);
	L->loop = &loop;
	lower_stmt(L, s->loop.body);
	L->loop = loop.outer;
	lower_charge(L);
	if (is_for && s->loop.step) {
		lower_place(L, &step);
		if (!lower_dead(L)) {
			struct temps_mark mark = lower_temps_mark(L);

			L->loc = s->loop.step->loc;
			lower_discard(L, s->loop.step);
			lower_temps_release(L, mark);
			lower_charge(L);
		}
	}
	lower_jump(L, &head);
	lower_place(L, &end);
}

/*
 * The handler block looks at the class of the error first: what is not to be
 * caught goes on outwards.
 */
static void lower_try(struct lower *L, const struct stmt *s)
{
	struct label caught = {0}, soft = {0}, end = {0};
	struct label *outer = L->on_error;
	struct ir_val class, dst = iv_imm(0);

	lower_count(L, 1, s->loc);
	lower_charge(L);
	L->on_error = &caught;
	L->try_depth++;
	lower_stmt(L, s->try_.body);
	L->try_depth--;
	L->on_error = outer;
	lower_charge(L);
	lower_jump(L, &end);

	lower_place(L, &caught);
	class = lower_load(L, iv_ctx(offsetof(struct rt_ctx, error)), 0, 4,
			   false);
	lower_branch(L, CC_EQ, class, iv_imm(RT_ERR_SOFT), &soft, outer);
	lower_place(L, &soft);
	if (!lower_dead(L)) {
		if (s->try_.var)
			dst = lower_var(L, s->try_.var->sym.ref)->mem;
		RT_CALL(L, catch, LOWER_CTX, dst);
		lower_stmt(L, s->try_.handler);
		lower_charge(L);
	}
	lower_place(L, &end);
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
		lower_if(L, s);
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
	lower_count(L, 1, s->loc);
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
			lower_next_overload(L, s->loc);
		else
			lower_jump(L, L->exit);
		return;
	default:
		lower_error(L, NO_EMBEDDED_C, s->loc, NULL);
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
