// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stap -l and -L: which points a pattern stands for, and with -L what a
 * handler finds there: the point's context variables ($x) and the variables
 * that aliases set.
 */
#include <stdlib.h>
#include <string.h>

#include "sema/pass.h"

struct list {
	const struct probe_env *env;
	struct tapset *lib;
	const struct sema_opts *opts;
	bool with_vars;
	struct map seen; /* name -> its variables */
};

/* " name:long" for each variable that the aliases' bodies set. */
static void put_alias_vars(struct list *l, struct variant *var,
			   struct strbuf *line)
{
	struct probe_decl *decl;
	struct variant_list one = {0};
	struct variant copy = *var;
	unsigned mark = diag_mark(l->env->diag);
	struct sema s;

	sema_init(&s, l->env, l->lib, l->opts);
	decl = arena_new_obj(s.arena, struct probe_decl);
	decl->loc = var->point->loc;
	decl->body = block_of(s.arena, var->point->loc);
	/* One site is enough: the variables are the alias's. */
	copy.sites.v.n = 1;
	vec_push(s.arena, &one.v, &copy);
	symbols_absorb(&s);
	handlers_from_variants(&s, decl, &one);
	sema_resolve(&s);
	types_infer(&s);
	diag_rollback(l->env->diag, mark);
	vec_for (&s.prog->handlers, i) {
		struct handler *h = s.prog->handlers.v[i];

		vec_for (&h->locals, k)
			if (strncmp(h->locals.v[k]->name, "__", 2))
				sb_printf(line, " %s:%s", h->locals.v[k]->name,
					  type_name(h->locals.v[k]->type));
	}
}

/* The end of " $name:type" or " name:type", where the next one begins: types
   have spaces in them too, but no colon. */
static const char *var_end(const char *s)
{
	for (s++; *s; s++)
		if (*s == ' ' && s[1 + strcspn(s + 1, " :")] == ':')
			return s;
	return s;
}

static bool has_var(const char *vars, const char *v, size_t n)
{
	for (const char *s = vars; *s; s = var_end(s))
		if ((size_t)(var_end(s) - s) == n && !memcmp(s, v, n))
			return true;
	return false;
}

/* A name that stands for several places has the variables of all of them. */
static const char *common_vars(struct arena *a, const char *x, const char *y)
{
	struct strbuf sb = {0};

	for (const char *s = x; *s; s = var_end(s))
		if (has_var(y, s, (size_t)(var_end(s) - s)))
			sb_printf(&sb, "%.*s", (int)(var_end(s) - s), s);
	const char *text = arena_strdup(a, sb_str(&sb));
	sb_free(&sb);
	return text;
}

static const char *site_vars(struct list *l, struct variant *var,
			     struct probe_site *site)
{
	struct strbuf vars = {0};

	if (site->kind->list_vars)
		site->kind->list_vars(l->env, site, &vars);
	if (var->prologues.n)
		put_alias_vars(l, var, &vars);
	const char *text = arena_printf(
		l->env->arena, "%s%s",
		vars.len && vars.s[0] != ' ' ? " " : "", sb_str(&vars));
	sb_free(&vars);
	return text;
}

static void list_site(struct list *l, struct variant *var,
		      struct probe_site *site)
{
	const char *name = var->shown	 ? var->shown
			   : site->alias ? site->alias
					 : site->name;
	const char *vars = l->with_vars ? site_vars(l, var, site) : "";
	const char *known = map_get(&l->seen, name);

	if (known && strcmp(known, vars))
		vars = common_vars(l->env->arena, known, vars);
	map_put(&l->seen, arena_strdup(l->env->arena, name), (void *)vars);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void sema_list(const struct probe_env *env, struct tapset *lib,
	       struct probe_point **patterns, uint32_t n, bool with_vars,
	       struct strbuf *out)
{
	struct sema_opts opts = {.listing = true, .keep_unused = true};
	struct list l = {
		.env = env, .lib = lib, .opts = &opts, .with_vars = with_vars};
	struct variant_list variants = {0};
	const char **lines;
	struct sema s;

	map_init(&l.seen, env->arena);
	sema_init(&s, env, lib, &opts);
	symbols_absorb(&s);
	alias_expand(&s, patterns, n, true, &variants);
	vec_for (&variants.v, i) {
		struct variant *var = variants.v.v[i];

		vec_for (&var->sites.v, k) {
			list_site(&l, var, var->sites.v.v[k]);
			if (var->shown)
				break;
		}
	}
	lines = arena_new_array(env->arena, const char *, l.seen.entries.n + 1);
	map_for (&l.seen, i)
		lines[i] = arena_printf(
			env->arena, "%s%s", l.seen.entries.v[i].key,
			(const char *)l.seen.entries.v[i].val);
	qsort(lines, l.seen.entries.n, sizeof(lines[0]), by_text);
	map_for (&l.seen, i)
		sb_printf(out, "%s\n", lines[i]);
}
