// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is asked of each aggregate anywhere, so that it keeps no more than
 * that: which operations, one kind of histogram, one bit shift for @variance.
 */
#include "sema/pass.h"
#include "sema/regex.h"

#define MAX_BUCKETS 10000

static void note_range(struct sema *s, struct expr *e)
{
	int64_t low = e->statop.param[0], high = e->statop.param[1];
	int64_t step = e->statop.param[2];
	const char *what = NULL;

	if (high <= low)
		what = "the upper bound must be above the lower";
	else if (step <= 0)
		what = "the bucket width must be above zero";
	else if (((uint64_t)high - (uint64_t)low) / (uint64_t)step >
		 MAX_BUCKETS)
		what = "too many buckets";
	if (what) {
		struct diag_msg *m =
			diag_report(s->diag, HISTOGRAM_RANGE, e->loc,
				    expr_what(s->arena, e), what);
		diag_remedy(m,
			    "@hist_linear(v, LOW, HIGH, WIDTH) with "
			    "LOW < HIGH, WIDTH > 0 and at most %d buckets",
			    MAX_BUCKETS);
	}
}

static void note_hist(struct sema *s, struct var_decl *v, struct expr *e)
{
	uint32_t both = (1u << STAT_HIST_LOG) | (1u << STAT_HIST_LINEAR);
	bool linear = e->statop.op == STAT_HIST_LINEAR;
	struct var_info *vi = var_info(s, v);

	if (v->stat_ops & both) {
		struct diag_msg *m;

		if (v->stat_ops & (1u << e->statop.op) &&
		    (!linear || (v->hist_low == e->statop.param[0] &&
				 v->hist_high == e->statop.param[1] &&
				 v->hist_step == e->statop.param[2])))
			return;
		m = diag_report(s->diag, HISTOGRAM_CONFLICT, e->loc,
				expr_what(s->arena, e), v->name);
		diag_note(m, vi->hist_loc, "another one here");
		diag_remedy(m, "feed a second aggregate for the other "
			       "histogram");
		return;
	}
	vi->hist_loc = e->loc;
	if (!linear)
		return;
	note_range(s, e);
	v->hist_low = e->statop.param[0];
	v->hist_high = e->statop.param[1];
	v->hist_step = e->statop.param[2];
}

static void note_variance(struct sema *s, struct var_decl *v, struct expr *e)
{
	uint32_t shift = e->statop.nparams ? (uint32_t)e->statop.param[0] : 0;
	struct var_info *vi = var_info(s, v);

	if (e->statop.nparams && (uint64_t)e->statop.param[0] > 62) {
		diag_remedy(diag_report(s->diag, VARIANCE_SHIFT, e->loc,
					expr_what(s->arena, e),
					(long long)e->statop.param[0]),
			    "more bits make @variance more exact, and overflow "
			    "sooner");
		return;
	}
	if (!shift)
		return;
	if (v->variance_shift && v->variance_shift != shift) {
		struct diag_msg *m =
			diag_report(s->diag, VARIANCE_CONFLICT, e->loc,
				    expr_what(s->arena, e), v->variance_shift);
		diag_note(m, vi->variance_loc, "the other one");
		return;
	}
	v->variance_shift = shift;
	vi->variance_loc = e->loc;
}

static void check_regex(struct sema *s, const struct expr *pattern)
{
	const char *err;
	uint32_t at;

	if (!regex_check(s->arena, pattern->str.s, &err, &at))
		diag_report(s->diag, REGEX_BAD, pattern->loc,
			    expr_what(s->arena, pattern), at, err);
}

static void stats_expr(struct visitor *vis, struct expr **ep)
{
	struct sema *s = vis->ctx;
	struct expr *e = *ep;
	struct var_decl *v;

	if (e->kind == E_STATOP && (v = base_var(e->statop.stat))) {
		if (is_hist(e))
			note_hist(s, v, e);
		else if (e->statop.op == STAT_VARIANCE)
			note_variance(s, v, e);
		v->stat_ops |= 1u << e->statop.op;
	}
	if (e->kind == E_REGEX)
		check_regex(s, e->regex.pattern);
	expr_children(vis, e);
}

static void stats_stmt(struct visitor *vis, struct stmt **sp)
{
	struct stmt *st = *sp;
	struct var_decl *v;

	if (st->kind == S_FOREACH && (v = base_var(st->foreach.base)) &&
	    v->type == TY_STATS && st->foreach.sort_column == -1)
		v->stat_ops |=
			1u << (st->foreach.sort_has_stat ? st->foreach.sort_stat
							 : STAT_COUNT);
	stmt_children(vis, st);
}

static void stats_unit(struct sema *s, struct unit *u, void *ctx)
{
	struct visitor v = {stats_expr, stats_stmt, s};

	stats_stmt(&v, unit_body(u));
	if (u->h && u->h->cond)
		stats_expr(&v, &u->h->cond);
}

void stats_collect(struct sema *s)
{
	each_unit(s, stats_unit, NULL);
}
