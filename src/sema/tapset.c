// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tapset library. Opening it only learns which file defines which names:
 * from the index file of a directory where that is present and matches the
 * files, else by scanning the texts for definitions (scan_definitions(), much
 * cheaper than parsing). A file is parsed when the script first needs one of
 * its names, so a script pays only for what it uses.
 *
 * Directories are searched in order and with their subdirectories; one named
 * like an architecture counts only on that architecture.
 */
#include "sema/tapset.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "sema/tapset_index.h"

/* Files that define a name, in search order. */
struct definers {
	VEC(uint32_t) files;
};

struct lib_file {
	const char *path;
	bool is_macros; /* .stpm */
	bool loaded;
};

struct alias_entry {
	const char *name; /* "syscall.read.return" */
	uint32_t file;
};

struct tapset {
	struct arena *arena;
	struct diag *diag;
	const struct parse_env *env;
	const char *own; /* the directory that comes with stap */
	VEC(struct lib_file) files;
	VEC(struct file *) parsed;
	VEC(struct alias_entry) aliases;
	struct map names[INDEX_MACRO + 1]; /* -> struct definers; INDEX_ALIAS
					      is not used */
};

static void add_name(struct tapset *t, enum index_kind kind, const char *name,
		     uint32_t file)
{
	struct definers *d = map_get(&t->names[kind], name);

	if (!d) {
		d = arena_new_obj(t->arena, struct definers);
		map_put(&t->names[kind], name, d);
	}
	if (!d->files.n || vec_last(&d->files) != file)
		vec_push(t->arena, &d->files, file);
}

static void add_definition(void *ctx, const char *path, enum index_kind kind,
			   const char *name)
{
	struct tapset *t = ctx;
	uint32_t file = t->files.n - 1;

	if (!t->files.n || strcmp(vec_last(&t->files).path, path)) {
		size_t n = strlen(path);
		struct lib_file f = {
			.path = arena_strdup(t->arena, path),
			.is_macros = n > 5 && !strcmp(path + n - 5, ".stpm"),
		};

		vec_push(t->arena, &t->files, f);
		file = t->files.n - 1;
	}
	if (!name)
		return;
	if (kind == INDEX_ALIAS) {
		struct alias_entry a = {arena_strdup(t->arena, name), file};

		vec_push(t->arena, &t->aliases, a);
	} else {
		add_name(t, kind, name, file);
	}
}

struct tapset *tapset_open(struct arena *a, struct diag *d,
			   const struct parse_env *env, const char *const *dirs,
			   unsigned ndirs)
{
	struct tapset *t = arena_new_obj(a, struct tapset);

	t->arena = a;
	t->diag = d;
	t->env = env;
	t->own = ndirs ? dirs[0] : "";
	for (unsigned i = 0; i <= INDEX_MACRO; i++)
		map_init(&t->names[i], a);
	for (unsigned i = 0; i < ndirs; i++)
		tapset_index_read(a, dirs[i], env->arch, add_definition, t);
	return t;
}

unsigned tapset_nfiles(const struct tapset *t)
{
	return t->files.n;
}

unsigned tapset_nparsed(const struct tapset *t)
{
	return t->parsed.n;
}

struct file *tapset_file(struct tapset *t, unsigned i)
{
	return t->parsed.v[i];
}

void tapset_names(const struct tapset *t, enum index_kind kind, struct map *out)
{
	if (kind == INDEX_ALIAS) {
		vec_for (&t->aliases, i)
			map_put(out, t->aliases.v[i].name, out);
		return;
	}
	map_for (&t->names[kind], i)
		map_put(out, t->names[kind].entries.v[i].key, out);
}

static struct source *read_file(struct tapset *t, struct lib_file *f)
{
	struct source *src = source_read(t->arena, f->path);

	f->loaded = true;
	if (!src) {
		diag_report(t->diag, TAPSET_UNREADABLE, LOC_NONE, NULL, f->path,
			    strerror(errno));
		return NULL;
	}
	src->is_tapset = 1;
	src->is_own = *t->own && !strncmp(f->path, t->own, strlen(t->own));
	return src;
}

static void load_macro_file(struct tapset *t, struct lib_file *f)
{
	struct source *src = read_file(t, f);

	if (!src)
		return;
	tapset_load_macros(t, src);
	parse_macro_library(t->arena, t->diag, t->env, src);
}

void tapset_load_macros(struct tapset *t, const struct source *src)
{
	const char *p = src->text, *end = p + src->len;

	if (!t->env->macros)
		return;
	while ((p = memchr(p, '@', (size_t)(end - p)))) {
		const char *from = ++p;
		struct definers *d;

		while (p < end && (isalnum((unsigned char)*p) || *p == '_'))
			p++;
		d = p > from ? map_getn(&t->names[INDEX_MACRO], from,
					(size_t)(p - from))
			     : NULL;
		for (uint32_t i = 0; d && i < d->files.n; i++) {
			uint32_t at = d->files.v[i];

			if (!t->files.v[at].loaded)
				load_macro_file(t, &t->files.v[at]);
		}
	}
}

static bool parse_lib_file(struct tapset *t, uint32_t at)
{
	struct lib_file *f = &t->files.v[at];
	struct source *src;

	if (f->loaded)
		return false;
	src = read_file(t, f);
	if (!src)
		return false;
	tapset_load_macros(t, src);
	vec_push(t->arena, &t->parsed,
		 parse_script(t->arena, t->diag, t->env, src, true));
	return true;
}

bool tapset_need(struct tapset *t, enum index_kind kind, const char *name)
{
	struct definers *d = map_get(&t->names[kind], name);
	bool any = false;

	for (uint32_t i = 0; d && i < d->files.n; i++)
		any |= parse_lib_file(t, d->files.v[i]);
	return any;
}

/*
 * May the alias `name` match the point, wholly or as its beginning? Braces
 * and parentheses in either are taken as "yes".
 */
static bool alias_possible(struct tapset *t, const char *name,
			   const struct probe_point *p)
{
	vec_for (&p->comps, i) {
		const char *pat = p->comps.v[i].name;
		size_t n = strcspn(name, ".");
		char part[128];

		if (strpbrk(pat, "{}") || strstr(pat, "**"))
			return true;
		if (n >= sizeof(part) || memchr(name, '(', n) ||
		    memchr(name, '{', n))
			return true;
		memcpy(part, name, n);
		part[n] = 0;
		if (strcmp(pat, part) && !name_matches(pat, part))
			return false;
		name += n;
		if (!*name++)
			return true;
	}
	/* The alias is longer than the point: no match. */
	return false;
}

bool tapset_need_alias(struct tapset *t, const struct probe_point *p)
{
	bool any = false;

	vec_for (&t->aliases, i)
		if (!t->files.v[t->aliases.v[i].file].loaded &&
		    alias_possible(t, t->aliases.v[i].name, p))
			any |= parse_lib_file(t, t->aliases.v[i].file);
	return any;
}
