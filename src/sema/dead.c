// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Statements that are never reached: behind next, return, break or continue in
 * the same block. What they say of types counts, so they stay until types are
 * inferred; but a variable that only they mention needs no type.
 */
#include "sema/pass.h"

/* Cuts what is dead within the statement. True if the statement behind it is
   never reached. */
static bool leaves(struct stmt *st, bool *cut)
{
	bool first;

	switch (st->kind) {
	case S_BREAK:
	case S_CONTINUE:
	case S_RETURN:
	case S_NEXT:
		return true;
	case S_BLOCK:
		vec_for (&st->block.list, i) {
			if (!leaves(st->block.list.v[i], cut))
				continue;
			*cut |= i + 1 < st->block.list.n;
			st->block.list.n = i + 1;
			return true;
		}
		return false;
	case S_IF:
		first = leaves(st->if_.then, cut);
		return st->if_.otherwise && leaves(st->if_.otherwise, cut) &&
		       first;
	case S_TRY:
		first = leaves(st->try_.body, cut);
		return leaves(st->try_.handler, cut) && first;
	case S_WHILE:
	case S_FOR:
		leaves(st->loop.body, cut);
		return false;
	case S_FOREACH:
		leaves(st->foreach.body, cut);
		return false;
	default:
		return false;
	}
}

static void cut_unit(struct sema *s, struct unit *u, void *ctx)
{
	leaves(*unit_body(u), ctx);
}

void dead_cut(struct sema *s)
{
	bool cut = false;

	if (s->opts->keep_unused)
		return;
	each_unit(s, cut_unit, &cut);
	if (cut)
		unused_drop(s);
}
