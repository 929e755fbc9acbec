// SPDX-License-Identifier: GPL-2.0-or-later
#include "driver/lists.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "sema/tapset.h"

int list_probes(struct arena *a, struct diag *d, struct probe_env *env,
		struct tapset *lib, const struct parse_env *parse,
		const struct options *o)
{
	uint32_t n;
	struct probe_point **p = parse_point_list(a, d, parse, o->list, &n);
	struct strbuf text = {0};
	int status = 1;

	if (p && !diag_errors(d))
		sema_list(env, lib, p, n, o->list_vars, &text);
	if (text.len) {
		fputs(sb_str(&text), stdout);
		status = 0;
	}
	sb_free(&text);
	return status;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void print_sorted(const char **v, size_t n)
{
	qsort(v, n, sizeof(*v), by_text);
	for (size_t i = 0; i < n; i++)
		if (!i || strcmp(v[i], v[i - 1]))
			puts(v[i]);
}

/* "strtol:long (string, long)" */
static const char *signature(struct arena *a, const struct builtin *b)
{
	struct strbuf s = {0};
	const char *text;

	sb_puts(&s, b->name);
	if (b->ret != '-')
		sb_puts(&s, b->ret == 's' ? ":string" : ":long");
	sb_puts(&s, " (");
	for (const char *p = b->args; *p; p++)
		sb_printf(&s, "%s%s", p == b->args ? "" : ", ",
			  *p == 's' ? "string" : "long");
	sb_puts(&s, ")");
	text = arena_strdup(a, sb_str(&s));
	sb_free(&s);
	return text;
}

/* The library's own names begin with "_"; -v shows them. */
static bool is_public(const struct options *o, const char *name)
{
	return *name != '_' || o->verbose[0];
}

int list_dump(struct arena *a, const struct options *o, struct tapset *lib)
{
	VEC(const char *) out = {0};
	struct map names;

	map_init(&names, a);
	if (o->dump_types)
		for (const struct probe_kind *const *k = probe_kinds(); *k; k++)
			for (const char *const *f = (*k)->forms; *f; f++)
				vec_push(a, &out, *f);
	if (o->dump_functions) {
		for (int i = 0; i < BUILTIN_COUNT; i++)
			if (is_public(o, builtins[i].name))
				vec_push(a, &out, signature(a, &builtins[i]));
		for (unsigned i = 0; sema_intrinsic(i); i++)
			vec_push(a, &out, sema_intrinsic(i));
		tapset_names(lib, INDEX_FUNC, &names);
	}
	if (o->dump_aliases)
		tapset_names(lib, INDEX_ALIAS, &names);
	map_for (&names, i)
		if (is_public(o, names.entries.v[i].key))
			vec_push(a, &out, names.entries.v[i].key);
	print_sorted(out.v, out.n);
	return 0;
}
