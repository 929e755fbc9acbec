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

/* The chain of points that the site came from: "<- a = begin <- a". */
static void put_origin(struct strbuf *out, const struct probe_point *p)
{
	for (; p; p = p->from) {
		sb_puts(out, " <- ");
		unparse_probe_point(out, p);
	}
}

static void put_handler(struct strbuf *out, const struct handler *h,
			bool bodies)
{
	vec_for (&h->sites, i) {
		const struct probe_site *site = h->sites.v[i];

		sb_puts(out, site->name);
		if (h->cond) {
			sb_puts(out, " if (");
			unparse_expr(out, h->cond);
			sb_putc(out, ')');
		}
		sb_puts(out, " /*");
		put_origin(out, site->point);
		sb_puts(out, " */\n");
	}
	put_locals(out, h->locals.v, h->locals.n);
	if (bodies)
		put_body(out, h->body);
}

static int by_name(const void *a, const void *b)
{
	const struct func_decl *const *f = a, *const *g = b;
	int c = strcmp((*f)->name, (*g)->name);

	return c ? c : ((*f)->id > (*g)->id) - ((*f)->id < (*g)->id);
}

static void put_functions(struct strbuf *out, const struct program *p,
			  bool bodies)
{
	VEC(struct func_decl *) sorted = {0};

	vec_for (&p->funcs, i)
		vec_push(p->arena, &sorted, p->funcs.v[i]);
	if (sorted.n)
		qsort(sorted.v, sorted.n, sizeof(*sorted.v), by_name);
	vec_for (&sorted, i)
		put_function(out, sorted.v[i], bodies);
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
	if (p->funcs.n) {
		sb_puts(out, "# functions\n");
		put_functions(out, p, bodies);
	}
	if (p->handlers.n)
		sb_puts(out, "# probes\n");
	vec_for (&p->handlers, i)
		put_handler(out, p->handlers.v[i], bodies);
}
