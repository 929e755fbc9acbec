// SPDX-License-Identifier: GPL-2.0-or-later
/* "ns::f@dir/file.c:12": which functions and lines a script means. */
#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "target/dwarf_int.h"

/* "12", "12-20", "3,5-7"; false: not that. */
static bool parse_lines(struct arena *a, const char *s, struct dw_pattern *p)
{
	VEC(struct dw_range) l = {0};

	if (!strcmp(s, "*")) {
		p->line_kind = DW_LINE_ALL;
		return true;
	}
	for (;;) {
		struct dw_range r;
		char *end;
		if (!isdigit((unsigned char)*s))
			return false;
		r.lo = r.hi = (unsigned)strtoul(s, &end, 10);
		if (*end == '-' && isdigit((unsigned char)end[1]))
			r.hi = (unsigned)strtoul(end + 1, &end, 10);
		vec_push(a, &l, r);
		if (!*end)
			break;
		if (*end != ',')
			return false;
		s = end + 1;
	}
	p->lines = l.v;
	p->nlines = l.n;
	p->line_kind = l.n == 1 && l.v[0].lo == l.v[0].hi ? DW_LINE_ABSOLUTE
							  : DW_LINE_RANGE;
	return true;
}

/* Cuts ":12", ":+2" or "+2" off the end; the length of what is before. */
static size_t cut_lines(struct arena *a, const char *s, struct dw_pattern *p)
{
	const char *colon = strrchr(s, ':'), *plus = strrchr(s, '+');

	if (plus && isdigit((unsigned char)plus[1]) &&
	    !plus[1 + strspn(plus + 1, "0123456789")] &&
	    parse_lines(a, plus + 1, p)) {
		p->line_kind = DW_LINE_RELATIVE;
		if (plus > s && plus[-1] == ':')
			plus--;
		return (size_t)(plus - s);
	}
	if (colon && (colon == s || colon[-1] != ':') &&
	    parse_lines(a, colon + 1, p))
		return (size_t)(colon - s);
	return strlen(s);
}

/* The last "::" outside of template arguments. */
static const char *last_scope(const char *s)
{
	const char *last = NULL;
	int depth = 0;

	for (; *s; s++) {
		if (*s == '<')
			depth++;
		else if (*s == '>' && depth)
			depth--;
		else if (!depth && s[0] == ':' && s[1] == ':')
			last = s++;
	}
	return last;
}

void dw_name_split(struct arena *a, const char *full, struct dw_func *out)
{
	const char *sep = last_scope(full);

	out->name = sep ? sep + 2 : full;
	out->scope = sep ? arena_strndup(a, full, (size_t)(sep - full)) : "";
}

bool dw_pattern_parse(struct arena *a, const char *text, struct dw_pattern *out,
		      const char **why)
{
	const char *at = strchr(text, '@');
	const char *func;

	*out = (struct dw_pattern){0};
	if (at) {
		func = arena_strndup(a, text, (size_t)(at - text));
		size_t n = cut_lines(a, at + 1, out);
		out->file = arena_strndup(a, at + 1, n);
		if (!n) {
			*why = "a file name is missing after the '@'";
			return false;
		}
	} else {
		size_t n = cut_lines(a, text, out);
		func = arena_strndup(a, text, n);
		if (out->line_kind != DW_LINE_NONE &&
		    out->line_kind != DW_LINE_RELATIVE && strchr(func, '.')) {
			out->file = func; /* "file.c:12" */
			func = "*";
		}
	}
	if (!*func) {
		*why = "a function name is missing";
		return false;
	}
	if (!strncmp(func, "::", 2)) {
		out->rooted = true;
		func += 2;
	}
	const char *sep = last_scope(func);
	if (sep) {
		out->scope = arena_strndup(a, func, (size_t)(sep - func));
		func = sep + 2;
	}
	out->func = func;
	return true;
}

bool dw_file_fits(const char *pattern, const char *path)
{
	if (!fnmatch(pattern, path, 0))
		return true;
	size_t n = strlen(pattern);
	char any[4096 + 3];
	if (n > 4096)
		return false;
	any[0] = '*';
	any[1] = '/';
	memcpy(any + 2, pattern, n + 1);
	return !fnmatch(any, path, 0);
}

/* The innermost scopes fit, all of them when rooted. */
static bool scope_fits(const struct dw_pattern *p, const char *scope)
{
	if (!p->scope)
		return !p->rooted || !*scope;
	if (!fnmatch(p->scope, scope, 0))
		return true;
	if (p->rooted)
		return false;
	for (const char *s = strstr(scope, "::"); s; s = strstr(s + 2, "::"))
		if (!fnmatch(p->scope, s + 2, 0))
			return true;
	return false;
}

bool dw_pattern_names(const struct dw_pattern *p, const struct dw_func *f)
{
	bool wild = strpbrk(p->func, "*?[") != NULL;

	if (f->is_thunk)
		return false;
	if (!p->scope && f->linkage && !strcmp(p->func, f->linkage))
		return true;
	if (wild ? fnmatch(p->func, f->name, 0) != 0
		 : strcmp(p->func, f->name) != 0) {
		/* f for f<int>: nobody wants to spell arguments */
		size_t n = strcspn(f->name, "<");
		if (!f->name[n] || strncmp(f->name, "operator", 8) == 0 ||
		    strlen(p->func) != n || strncmp(p->func, f->name, n))
			return false;
	}
	return scope_fits(p, f->scope);
}

bool dw_pattern_fits(struct dw_module *m, const struct dw_pattern *p,
		     const struct dw_func *f)
{
	return dw_pattern_names(p, f) &&
	       (!p->file || dw_file_fits(p->file, dw_func_file(m, f)));
}
