// SPDX-License-Identifier: GPL-2.0-or-later
#include "driver/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- -D ---- */

static const char *const limit_names[] = {
#define LIMIT(name, field, def, least, most, help) #name,
#include "ir/limits.def"
#undef LIMIT
};
#define NLIMITS (sizeof(limit_names) / sizeof(limit_names[0]))

/*
 * Settings of SystemTap's module that have nothing to set here: the kernel's
 * BPF keeps to its stacks and its memory by itself, and allocates a probe when
 * it is attached. Scripts that name them run unchanged.
 */
static const char *const without_effect[] = {
	"MINSTACKSPACE", "MAXUPROBES", "STP_MAXMEMORY", "KRETACTIVE",
	"INTERRUPTIBLE", "TRYLOCKDELAY", "STP_OVERLOAD",
	"STP_NO_BUILDID_CHECK", "STP_NO_VERREL_CHECK",
	"TASK_FINDER_VMA_ENTRY_ITEMS", "STP_PROCFS_BUFSIZE",
};

static bool has_no_effect(const char *name)
{
	for (size_t i = 0; i < sizeof(without_effect) / sizeof(char *); i++)
		if (!strcmp(without_effect[i], name))
			return true;
	return false;
}

static bool is_limit(const char *name)
{
	for (size_t i = 0; i < NLIMITS; i++)
		if (!strcmp(limit_names[i], name))
			return true;
	return false;
}

static void unknown_limit(struct arena *a, struct diag *d, const char *name)
{
	const char *near = diag_similar(a, name, limit_names, NLIMITS, 3);
	struct diag_msg *m;

	m = diag_report(d, LIMIT_UNKNOWN, LOC_NONE, NULL, name,
			near ? arena_printf(a, " (similar: %s)", near) : "");
	diag_remedy(m, "stap --help lists the limits");
}

/* A whole number, decimal, hexadecimal or octal. */
static bool parse_number(const char *text, int64_t *v)
{
	char *end;

	errno = 0;
	*v = strtoll(text, &end, 0);
	return end != text && !*end && !errno;
}

bool settings_limits(struct arena *a, struct diag *d, const struct options *o,
		     struct lower_limits *limits)
{
	unsigned errors = diag_errors(d);

	vec_for (&o->define, i) {
		const struct name_value *nv = &o->define.v[i];
		int64_t least = 0, most = 0, v;

		if (has_no_effect(nv->name))
			continue;
		if (!is_limit(nv->name)) {
			unknown_limit(a, d, nv->name);
			continue;
		}
		if (!parse_number(nv->value, &v))
			diag_report(d, LIMIT_VALUE, LOC_NONE, NULL, nv->name,
				    nv->value);
		else if (lower_limit_set(limits, nv->name, v, &least, &most) <
			 0)
			diag_report(d, LIMIT_RANGE, LOC_NONE, NULL, nv->name,
				    (long long)v, (long long)least,
				    (long long)most);
	}
	return diag_errors(d) == errors;
}

/* ---- -G ---- */

static void unknown_global(struct arena *a, struct diag *d, const char *name,
			   struct file *const *files, uint32_t nfiles)
{
	VEC(const char *) names = {0};
	const char *near;

	for (uint32_t f = 0; f < nfiles; f++)
		vec_for (&files[f]->globals, k)
			vec_push(a, &names, files[f]->globals.v[k]->name);
	near = diag_similar(a, name, names.v, names.n, 3);
	diag_report(d, GLOBAL_UNKNOWN, LOC_NONE, NULL, name,
		    near ? arena_printf(a, " (similar: %s)", near) : "");
}

/* The option as a place in a source, for messages about its value. */
static struct loc value_loc(struct arena *a, const struct name_value *g)
{
	const char *text = arena_printf(a, "%s=%s", g->name, g->value);

	return (struct loc){source_new(a, "option -G", text, strlen(text)), 1,
			    (uint32_t)strlen(g->name) + 2};
}

/* The value as `type`; where that is not known, as what it looks like. */
static void set_global(struct arena *a, struct diag *d,
		       const struct name_value *g, struct var_decl *v)
{
	struct loc loc = value_loc(a, g);
	int64_t n;
	bool number = parse_number(g->value, &n);
	struct diag_msg *m;

	if (v->is_array || v->max_entries || v->wrap || v->type == TY_STATS) {
		m = diag_report(d, GLOBAL_NOT_SCALAR, loc, NULL, g->name);
		diag_note(m, v->loc, "declared here");
		return;
	}
	if (v->type == TY_LONG && !number) {
		m = diag_report(d, GLOBAL_NUMBER, loc, NULL, g->name);
		diag_note(m, v->loc, "declared here");
		return;
	}
	v->init = number && v->type != TY_STRING
			  ? expr_number(a, loc, n)
			  : expr_string(a, loc, g->value);
	v->init->type = v->init->kind == E_NUMBER ? TY_LONG : TY_STRING;
}

static struct var_decl *script_global(struct file *const *files,
				      uint32_t nfiles, const char *name)
{
	for (uint32_t f = 0; f < nfiles; f++)
		vec_for (&files[f]->globals, k)
			if (!strcmp(files[f]->globals.v[k]->name, name))
				return files[f]->globals.v[k];
	return NULL;
}

static struct var_decl *tapset_global(const struct program *p, const char *name)
{
	vec_for (&p->globals, k)
		if (!p->globals.v[k]->is_private &&
		    !p->globals.v[k]->is_synthetic &&
		    !strcmp(p->globals.v[k]->name, name))
			return p->globals.v[k];
	return NULL;
}

void settings_announce_globals(struct arena *a, struct diag *d,
			       const struct options *o,
			       struct file *const *files, uint32_t nfiles)
{
	vec_for (&o->global, i) {
		const struct name_value *g = &o->global.v[i];
		struct var_decl *v = script_global(files, nfiles, g->name);

		if (!v || (v->init && !v->given) || v->is_array ||
		    v->max_entries || v->wrap)
			continue;
		set_global(a, d, g, v);
		v->given = true;
	}
}

void settings_globals(struct arena *a, struct diag *d, const struct options *o,
		      const struct program *p, struct file *const *files,
		      uint32_t nfiles)
{
	vec_for (&o->global, i) {
		const struct name_value *g = &o->global.v[i];
		struct var_decl *v = script_global(files, nfiles, g->name);

		if (!v)
			v = tapset_global(p, g->name);
		if (v)
			set_global(a, d, g, v);
		else
			unknown_global(a, d, g->name, files, nfiles);
	}
}
