// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Globals that the script writes but never reads are printed when it ends:
 * for each an `end` probe is added, as ordinary statements:
 *
 *	printf("name=%d\n", name)
 *	foreach (__val = [__idx0, ...] in name-) printf("name[%#d]=%d\n", ...)
 */
#include <string.h>

#include "sema/pass.h"

struct display {
	struct arena *a;
	struct var_decl *v;
	struct loc loc;
	struct strbuf fmt;
};

static struct expr *element(struct display *d)
{
	struct expr *base = expr_symbol(d->a, d->loc, d->v->name);
	struct expr *e;

	if (!d->v->is_array)
		return base;
	e = expr_new(d->a, E_INDEX, d->loc);
	e->index.base = base;
	for (uint32_t i = 0; i < d->v->nkeys; i++)
		vec_push(d->a, &e->index.keys,
			 expr_symbol(d->a, d->loc,
				     arena_printf(d->a, "__idx%u", i)));
	return e;
}

static struct expr *statop(struct display *d, enum statop op)
{
	struct expr *e = expr_new(d->a, E_STATOP, d->loc);

	e->statop.op = op;
	e->statop.stat = element(d);
	return e;
}

static struct stmt *expr_stmt(struct display *d, struct expr *e)
{
	struct stmt *st = stmt_new(d->a, S_EXPR, d->loc);

	st->expr = e;
	return st;
}

static struct expr *new_printf(struct display *d)
{
	struct expr *e = expr_new(d->a, E_PRINT, d->loc);

	e->print.with_format = true;
	return e;
}

static void set_format(struct display *d, struct expr *e)
{
	e->print.format =
		expr_string(d->a, d->loc, arena_strdup(d->a, sb_str(&d->fmt)));
	sb_reset(&d->fmt);
}

/* "name" or "name[%#d,...]" with its arguments. */
static void add_name(struct display *d, struct expr *e)
{
	sb_puts(&d->fmt, d->v->name);
	if (!d->v->is_array)
		return;
	for (uint32_t i = 0; i < d->v->nkeys; i++) {
		sb_putc(&d->fmt, i ? ',' : '[');
		sb_puts(&d->fmt,
			d->v->key_type[i] == TY_STRING ? "\"%#s\"" : "%#d");
		vec_push(d->a, &e->print.args,
			 expr_symbol(d->a, d->loc,
				     arena_printf(d->a, "__idx%u", i)));
	}
	sb_putc(&d->fmt, ']');
}

static struct stmt *print_stats(struct display *d)
{
	static const struct {
		const char *text;
		enum statop op;
	} parts[] = {{" @count=%#d", STAT_COUNT},
		     {" @min=%#d", STAT_MIN},
		     {" @max=%#d", STAT_MAX},
		     {" @sum=%#d", STAT_SUM},
		     {" @avg=%#d", STAT_AVG}};
	struct expr *e = new_printf(d), *empty;
	struct stmt *st;

	add_name(d, e);
	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		sb_puts(&d->fmt, parts[i].text);
		vec_push(d->a, &e->print.args, statop(d, parts[i].op));
	}
	sb_putc(&d->fmt, '\n');
	set_format(d, e);
	if (d->v->is_array)
		return expr_stmt(d, e);
	/* An empty aggregate has no minimum. */
	empty = new_printf(d);
	sb_printf(&d->fmt, "%s @count=0x0\n", d->v->name);
	set_format(d, empty);
	st = stmt_new(d->a, S_IF, d->loc);
	st->if_.cond = expr_binary(d->a, d->loc, OP_EQ, statop(d, STAT_COUNT),
				   expr_number(d->a, d->loc, 0));
	st->if_.then = expr_stmt(d, empty);
	st->if_.otherwise = expr_stmt(d, e);
	return st;
}

static struct stmt *print_value(struct display *d)
{
	struct expr *e = new_printf(d);

	add_name(d, e);
	sb_puts(&d->fmt, d->v->type == TY_STRING ? "=\"%#s\"\n" : "=%d\n");
	vec_push(d->a, &e->print.args,
		 d->v->is_array ? expr_symbol(d->a, d->loc, "__val")
				: element(d));
	set_format(d, e);
	return expr_stmt(d, e);
}

static struct stmt *print_var(struct display *d)
{
	struct stmt *body =
		d->v->type == TY_STATS ? print_stats(d) : print_value(d);
	struct stmt *loop;

	if (!d->v->is_array)
		return body;
	loop = stmt_new(d->a, S_FOREACH, d->loc);
	for (uint32_t i = 0; i < d->v->nkeys; i++)
		vec_push(d->a, &loop->foreach.keys,
			 expr_symbol(d->a, d->loc,
				     arena_printf(d->a, "__idx%u", i)));
	if (d->v->type != TY_STATS)
		loop->foreach.value = expr_symbol(d->a, d->loc, "__val");
	loop->foreach.base = expr_symbol(d->a, d->loc, d->v->name);
	loop->foreach.sort_column = -1;
	loop->foreach.sort_dir = -1;
	loop->foreach.body = body;
	return loop;
}

static struct probe_point *end_point(struct sema *s, struct loc loc)
{
	struct probe_point *p = arena_new_obj(s->arena, struct probe_point);
	struct pp_component c = {.name = "end", .loc = loc};

	p->loc = loc;
	vec_push(s->arena, &p->comps, c);
	return p;
}

static void display_one(struct sema *s, struct var_decl *v)
{
	struct display d = {.a = s->arena, .v = v, .loc = v->loc};
	struct probe_decl *decl = arena_new_obj(s->arena, struct probe_decl);
	uint32_t first = s->prog->handlers.n;

	decl->loc = v->loc;
	decl->file = v->file;
	decl->is_synthetic = true;
	decl->body = block_of(s->arena, v->loc);
	vec_push(s->arena, &decl->points, end_point(s, v->loc));
	vec_push(s->arena, &decl->body->block.list, print_var(&d));
	sb_free(&d.fmt);
	handlers_build(s, decl);
	for (uint32_t i = first; i < s->prog->handlers.n; i++) {
		struct unit u = {.h = s->prog->handlers.v[i]};

		resolve_unit(s, &u);
	}
}

void display_globals(struct sema *s)
{
	unused_count(s);
	for (uint32_t i = 0; i < s->prog->globals.n; i++) {
		struct var_decl *v = s->prog->globals.v[i];
		struct var_info *vi = var_info(s, v);

		if (v->is_synthetic || !in_user_file(v->loc) || vi->reads ||
		    vi->writes <= (v->init != NULL))
			continue;
		display_one(s, v);
	}
}
