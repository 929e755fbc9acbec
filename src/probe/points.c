// SPDX-License-Identifier: GPL-2.0-or-later
/* Helpers for probe kinds: probe points, names, small statements. */
#include <fnmatch.h>
#include <limits.h>
#include <string.h>

#include "probe/kind.h"

bool has_wildcard(const char *pattern)
{
	return strpbrk(pattern, "*?[") != NULL;
}

bool name_matches(const char *pattern, const char *name)
{
	return !fnmatch(pattern, name, 0);
}

bool pp_is(const struct probe_point *p, unsigned i, const char *name)
{
	return i < p->comps.n &&
	       (has_wildcard(p->comps.v[i].name)
			? name_matches(p->comps.v[i].name, name)
			: !strcmp(p->comps.v[i].name, name));
}

bool pp_has_arg(const struct probe_point *p, unsigned i)
{
	return i < p->comps.n && p->comps.v[i].arg;
}

bool pp_bare(const struct probe_point *p, unsigned i, const char *name)
{
	return pp_is(p, i, name) && !p->comps.v[i].arg;
}

const char *pp_string(const struct probe_point *p, unsigned i)
{
	if (!pp_has_arg(p, i) || p->comps.v[i].arg->kind != E_STRING)
		return NULL;
	return p->comps.v[i].arg->str.s;
}

bool pp_number(const struct probe_point *p, unsigned i, int64_t *v)
{
	if (!pp_has_arg(p, i) || p->comps.v[i].arg->kind != E_NUMBER)
		return false;
	*v = p->comps.v[i].arg->num.v;
	return true;
}

const char *pp_what(const struct probe_env *env, const struct probe_point *p,
		    unsigned i)
{
	return arena_printf(env->arena, "identifier '%s'", p->comps.v[i].name);
}

struct diag_msg *pp_unavailable(const struct probe_env *env,
				const struct probe_point *p, unsigned i,
				const char *why)
{
	return diag_report(env->diag, PROBE_POINT_UNAVAILABLE,
			   p->comps.v[i].loc, pp_what(env, p, i),
			   pp_text(env->arena, p, UINT_MAX, NULL), why);
}

const char *pp_number_what(const struct probe_env *env, int64_t v)
{
	return arena_printf(env->arena, "number '%lld'", (long long)v);
}

int pp_out_of_range(const struct probe_env *env, const struct probe_point *p,
		    unsigned i, int64_t v, int64_t low, int64_t high,
		    const char *more)
{
	diag_remedy(diag_report(env->diag, PROBE_NUMBER_RANGE,
				p->comps.v[i].arg->loc,
				pp_number_what(env, v),
				p->comps.v[i].name, (long long)v,
				(long long)low, (long long)high),
		    "choose a number within this range%s", more);
	return PROBE_ERROR;
}

static void put_quoted(struct strbuf *sb, const char *s)
{
	sb_putc(sb, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			sb_putc(sb, '\\');
		sb_putc(sb, *s);
	}
	sb_putc(sb, '"');
}

/* An address of the kernel has the sign bit set; nobody wrote it so. */
static void put_number(struct strbuf *sb, const struct expr *e)
{
	bool minus = e->num.text && e->num.text[0] == '-';

	if (e->num.v < 0 && e->num.text && !minus)
		sb_printf(sb, "0x%llx", (unsigned long long)e->num.v);
	else
		sb_printf(sb, "%lld", (long long)e->num.v);
}

const char *pp_text(struct arena *a, const struct probe_point *p, unsigned at,
		    const char *arg)
{
	struct strbuf sb = {0};

	vec_for (&p->comps, i) {
		const struct pp_component *c = &p->comps.v[i];
		sb_printf(&sb, "%s%s", i ? "." : "", c->name);
		if (i != at && !c->arg)
			continue;
		sb_putc(&sb, '(');
		if (i == at)
			put_quoted(&sb, arg);
		else if (c->arg->kind == E_STRING)
			put_quoted(&sb, c->arg->str.s);
		else
			put_number(&sb, c->arg);
		sb_putc(&sb, ')');
	}
	const char *s = arena_memdup(a, sb_str(&sb), sb.len);
	sb_free(&sb);
	return s;
}

struct probe_site *site_named(const struct probe_env *env,
			      const struct probe_kind *k,
			      const struct probe_point *p, const char *name,
			      struct site_list *out)
{
	struct probe_site *s = arena_new_obj(env->arena, struct probe_site);

	s->kind = k;
	s->point = p;
	s->name = name;
	s->attach.pid = -1;
	vec_push(env->arena, &out->v, s);
	return s;
}

struct probe_site *site_new(const struct probe_env *env,
			    const struct probe_kind *k,
			    const struct probe_point *p, struct site_list *out)
{
	return site_named(env, k, p, pp_text(env->arena, p, UINT_MAX, NULL),
			  out);
}

const char *similar_suffix(struct arena *a, const char *name,
			   const char *const *cands, unsigned n)
{
	const char *s = n ? diag_similar(a, name, cands, n, 5) : NULL;

	return s ? arena_printf(a, " (similar: %s)", s) : "";
}

struct stmt *stmt_expr(struct arena *a, struct expr *e)
{
	struct stmt *s = stmt_new(a, S_EXPR, e->loc);

	s->expr = e;
	return s;
}

struct stmt *stmt_block(struct arena *a, struct loc loc)
{
	struct stmt *s = stmt_new(a, S_BLOCK, loc);

	s->block.end = loc;
	return s;
}

struct stmt *stmt_next_if(struct arena *a, struct loc loc, struct expr *cond)
{
	struct stmt *s = stmt_new(a, S_IF, loc);

	s->if_.cond = cond;
	s->if_.then = stmt_new(a, S_NEXT, loc);
	return s;
}

struct expr *expr_assign(struct arena *a, struct loc loc, const char *name,
			 struct expr *value)
{
	struct expr *e = expr_new(a, E_ASSIGN, loc);

	e->assign.op = OP_NONE;
	e->assign.a = expr_symbol(a, loc, name);
	e->assign.b = value;
	return e;
}

struct expr *expr_not(struct arena *a, struct expr *e)
{
	struct expr *n = expr_new(a, E_UNARY, e->loc);

	n->unary.op = OP_NOT;
	n->unary.a = e;
	return n;
}
