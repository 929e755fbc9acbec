// SPDX-License-Identifier: GPL-2.0-or-later
/* `stap -p2`: the elaborated program. */
#include <stdlib.h>
#include <string.h>

#include "sema/pass.h"

static void put_global(struct strbuf *out, const struct var_decl *v, bool init)
{
	sb_puts(out, v->name);
	if (v->wrap)
		sb_putc(out, '%');
	if (v->max_entries)
		sb_printf(out, "[%lld]", (long long)v->max_entries);
	sb_printf(out, ":%s", type_name(v->type));
	if (v->is_array) {
		sb_puts(out, " [");
		for (uint32_t i = 0; i < v->nkeys; i++)
			sb_printf(out, "%s%s", i ? ", " : "",
				  type_name(v->key_type[i]));
		sb_putc(out, ']');
	}
	if (init && v->init) {
		sb_puts(out, " = ");
		unparse_expr(out, v->init);
	}
	sb_putc(out, '\n');
}

static void put_locals(struct strbuf *out, struct var_decl **v, uint32_t n)
{
	if (n)
		sb_puts(out, "  # locals\n");
	for (uint32_t i = 0; i < n; i++)
		sb_printf(out, "  %s:%s\n", v[i]->name, type_name(v[i]->type));
}

static void put_body(struct strbuf *out, const struct stmt *body)
{
	if (body->kind == S_EMBEDDED)
		sb_printf(out, "%%{%s%%}\n", body->embedded);
	else
		unparse_stmt(out, body, 0);
	if (out->len && out->s[out->len - 1] != '\n')
		sb_putc(out, '\n');
}

static void put_function(struct strbuf *out, const struct func_decl *f,
			 bool bodies)
{
	sb_printf(out, "%s:%s (", f->name, type_name(f->ret));
	vec_for (&f->params, i)
		sb_printf(out, "%s%s:%s", i ? ", " : "", f->params.v[i]->name,
			  type_name(f->params.v[i]->type));
	sb_puts(out, ")\n");
	put_locals(out, f->locals.v, f->locals.n);
	if (bodies)
		put_body(out, f->body);
}

/* What the site came from: "<- a = begin, end <- a": the aliases, the innermost
   first, and the points of the probe. */
static void put_origin(struct strbuf *out, const struct probe_decl *d,
		       const struct probe_point *p)
{
	for (; p->from; p = p->from) {
		sb_puts(out, " <- ");
		unparse_alias_head(out, p->alias);
	}
	if (d->is_synthetic) {
		sb_puts(out, " <- ");
		unparse_probe_point(out, p);
	}
	for (uint32_t i = 0; !d->is_synthetic && i < d->points.n; i++) {
		sb_puts(out, i ? "," : " <- ");
		unparse_probe_point(out, d->points.v[i]);
	}
}

/* "?" and "!" as they stand behind the point itself, not behind an alias. */
static const char *marker(const struct probe_point *p)
{
	const struct probe_point *q = p->from ? p->written : p;

	return q->sufficient ? "!" : q->optional ? "?" : "";
}

static void put_handler(struct strbuf *out, const struct handler *h,
			bool bodies)
{
	vec_for (&h->sites, i) {
		const struct probe_site *site = h->sites.v[i];

		sb_printf(out, "%s%s", site->name, marker(site->point));
		if (h->cond) {
			sb_puts(out, " if (");
			unparse_expr(out, h->cond);
			sb_putc(out, ')');
		}
		sb_puts(out, " /*");
		put_origin(out, h->decl, site->point);
		sb_puts(out, " */\n");
	}
	put_locals(out, h->locals.v, h->locals.n);
	if (bodies)
		put_body(out, h->body);
}

/* A line of "# functions"; overloads keep their order. */
struct shown {
	const char *name;
	uint32_t order;
	const struct func_decl *f; /* or */
	const struct builtin *b;
};

struct shown_list {
	struct arena *arena;
	VEC(struct shown) v;
	bool seen[BUILTIN_COUNT];
};

static int by_name(const void *a, const void *b)
{
	const struct shown *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

static void add_builtin(void *ctx, struct expr *e)
{
	struct shown_list *l = ctx;
	const struct builtin *b = e->kind == E_CALL ? e->call.builtin : NULL;
	struct shown s = {.b = b};

	if (!b || l->seen[b->id] || !strncmp(b->name, "__", 2))
		return;
	l->seen[b->id] = true;
	s.name = b->name;
	vec_push(l->arena, &l->v, s);
}

static void put_builtin(struct strbuf *out, const struct builtin *b)
{
	const char *name = b->params;

	sb_printf(out, "%s:%s (", b->name,
		  b->ret == 's' ? "string" : b->ret == 'l' ? "long" : "unknown");
	for (const char *t = b->args; *t; t++) {
		size_t n = strcspn(name, ",");

		sb_printf(out, "%s%.*s:%s", t > b->args ? ", " : "", (int)n,
			  name, *t == 's' ? "string" : "long");
		name += n + (name[n] == ',');
	}
	sb_puts(out, ")\n");
}

/* The script's, the library's and those that the translator knows itself: how
   one is made is nothing that its user has to know. */
static void put_functions(struct strbuf *out, const struct program *p,
			  bool bodies)
{
	struct shown_list l = {.arena = p->arena};

	vec_for (&p->handlers, i)
		walk_exprs(p->handlers.v[i]->body, add_builtin, &l);
	vec_for (&p->funcs, i) {
		struct func_decl *f = p->funcs.v[i];
		struct shown s = {f->name, f->id, f, NULL};

		walk_exprs(f->body, add_builtin, &l);
		vec_push(l.arena, &l.v, s);
	}
	if (!l.v.n)
		return;
	qsort(l.v.v, l.v.n, sizeof(*l.v.v), by_name);
	sb_puts(out, "# functions\n");
	vec_for (&l.v, i)
		if (l.v.v[i].f)
			put_function(out, l.v.v[i].f, bodies);
		else
			put_builtin(out, l.v.v[i].b);
}

void sema_print(struct strbuf *out, const struct program *p, bool bodies)
{
	if (p->embeds.n)
		sb_puts(out, "# global embedded code\n");
	vec_for (&p->embeds, i)
		sb_printf(out, "%%{%s%%}\n", p->embeds.v[i]->code);
	if (p->globals.n)
		sb_puts(out, "# globals\n");
	vec_for (&p->globals, i)
		put_global(out, p->globals.v[i], bodies);
	put_functions(out, p, bodies);
	if (p->handlers.n)
		sb_puts(out, "# probes\n");
	vec_for (&p->handlers, i)
		put_handler(out, p->handlers.v[i], bodies);
}
