// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names of globals and functions. User files are entered first; a library
 * file is entered when a name it defines is first asked for. Private names
 * are entered under the file they belong to and hide public ones there.
 */
#include <string.h>

#include "sema/pass.h"
#include "sema/tapset.h"

static const char *scope_key(struct sema *s, const struct file *f,
			     const char *name)
{
	return arena_printf(s->arena, "%p %s", (const void *)f, name);
}

static void add_global(struct sema *s, struct file *f, struct var_decl *v)
{
	const char *key = v->is_private ? scope_key(s, f, v->name) : v->name;
	struct var_decl *old = map_get(&s->globals, key);

	v->file = f;
	v->kind = VAR_GLOBAL;
	if (old) {
		struct diag_msg *m =
			diag_report(s->diag, DUPLICATE_GLOBAL, v->loc,
				    ident_what(s->arena, v->name), v->name);

		diag_note(m, old->loc, "first declared here");
		diag_remedy(m, "rename one of them%s",
			    f->is_tapset || old->file->is_tapset
				    ? ", or make it private to its file"
				    : "");
		return;
	}
	map_put(&s->globals, key, v);
	v->is_array = v->max_entries || v->is_array;
	vec_push(s->arena, &s->prog->globals, v);
	if (v->init && !v->given) {
		struct var_info *vi = var_info(s, v);

		vi->arity_known = true;
		vi->arity_loc = v->init->loc;
		v->type = v->init->kind == E_STRING ? TY_STRING : TY_LONG;
		v->type_loc = v->init->loc;
		v->type_declared = true;
		v->init->type = v->type;
	}
}

void symbols_add_file(struct sema *s, struct file *f)
{
	vec_push(s->arena, &s->prog->files, f);
	vec_for (&f->globals, i)
		add_global(s, f, f->globals.v[i]);
	vec_for (&f->funcs, i) {
		struct func_decl *fn = f->funcs.v[i];
		struct func_set *set = map_get(&s->funcs, fn->name);

		fn->file = f;
		if (!set) {
			set = arena_new_obj(s->arena, struct func_set);
			map_put(&s->funcs, fn->name, set);
		}
		vec_push(s->arena, &set->list, fn);
	}
	vec_for (&f->aliases, i) {
		f->aliases.v[i]->file = f;
		vec_push(s->arena, &s->aliases, f->aliases.v[i]);
	}
	vec_for (&f->embeds, i)
		vec_push(s->arena, &s->prog->embeds, f->embeds.v[i]);
}

void symbols_absorb(struct sema *s)
{
	if (!s->lib)
		return;
	while (s->nlib < tapset_nparsed(s->lib))
		symbols_add_file(s, tapset_file(s->lib, s->nlib++));
}

struct var_decl *symbols_global(struct sema *s, struct file *from,
				const char *name)
{
	struct var_decl *v = map_get(&s->globals, scope_key(s, from, name));

	if (!v)
		v = map_get(&s->globals, name);
	if (!v && s->lib && tapset_need(s->lib, INDEX_GLOBAL, name)) {
		symbols_absorb(s);
		v = map_get(&s->globals, name);
	}
	if (v && v->file)
		v->file->used = true;
	return v;
}

static bool visible(const struct func_decl *f, const struct file *from)
{
	return !f->is_private || f->file == from;
}

static int64_t rank(const struct func_decl *f)
{
	return f->has_priority ? f->priority : f->file->is_tapset ? 1 : 0;
}

static void find_next(struct visitor *v, struct stmt **s)
{
	if ((*s)->kind == S_NEXT)
		*(bool *)v->ctx = true;
	stmt_children(v, *s);
}

static void ignore_expr(struct visitor *v, struct expr **e)
{
}

static bool says_next(const struct func_decl *f)
{
	bool found = false;
	struct visitor v = {ignore_expr, find_next, &found};
	struct stmt *body = f->body;

	if (body->kind == S_EMBEDDED)
		return strstr(body->embedded, "STAP_NEXT") != NULL;
	find_next(&v, &body);
	return found;
}

static struct func_set *function_set(struct sema *s, const char *name)
{
	if (s->lib && tapset_need(s->lib, INDEX_FUNC, name))
		symbols_absorb(s);
	return map_get(&s->funcs, name);
}

uint32_t symbols_functions(struct sema *s, struct file *from, const char *name,
			   uint32_t nargs, struct func_decl ***out)
{
	struct func_set *set = function_set(s, name);
	VEC(struct func_decl *) found = {0};
	uint32_t n = 0;
	bool ended = false;

	if (!set)
		return 0;
	vec_for (&set->list, i) {
		struct func_decl *f = set->list.v[i];
		uint32_t at;

		if (f->params.n != nargs || !visible(f, from))
			continue;
		vec_push(s->arena, &found, f);
		for (at = found.n - 1;
		     at > 0 && rank(found.v[at - 1]) > rank(f); at--)
			found.v[at] = found.v[at - 1];
		found.v[at] = f;
	}
	vec_for (&found, i) {
		struct func_decl *f = found.v[i];

		/* one of the script hides the library's, whatever its type */
		if (ended && f->file->is_tapset)
			continue;
		f->uses_next = says_next(f);
		f->file->used = true;
		ended |= !f->uses_next;
		found.v[n++] = f;
	}
	*out = found.v;
	return n;
}

struct func_decl *symbols_any_function(struct sema *s, struct file *from,
				       const char *name)
{
	struct func_set *set = function_set(s, name);

	if (!set)
		return NULL;
	vec_for (&set->list, i)
		if (visible(set->list.v[i], from))
			return set->list.v[i];
	return NULL;
}

void symbols_function_names(struct sema *s, struct map *out)
{
	map_for (&s->funcs, i)
		map_put(out, s->funcs.entries.v[i].key, s);
	for (unsigned i = 0; i < BUILTIN_COUNT; i++)
		map_put(out, builtins[i].name, s);
	if (s->lib)
		tapset_names(s->lib, INDEX_FUNC, out);
}

void symbols_global_names(struct sema *s, struct map *out)
{
	map_for (&s->globals, i) {
		struct var_decl *v = s->globals.entries.v[i].val;

		map_put(out, v->name, s);
	}
}
