// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names of C++ and Rust functions as they are written, from their symbols. The
 * C++ run-time library knows how; it is opened when the first such name is
 * seen, and without it names stay as they are.
 */
#include "target/demangle.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef char *demangle_fn(const char *symbol, char *buf, size_t *len,
			  int *status);

static demangle_fn *demangler(void)
{
	static demangle_fn *fn;
	static bool tried;

	if (!tried) {
		void *lib = dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_LOCAL);

		tried = true;
		if (lib)
			*(void **)&fn = dlsym(lib, "__cxa_demangle");
	}
	return fn;
}

/* Rust appends "::h" and 16 digits. */
static void cut_hash(char *s)
{
	size_t n = strlen(s);

	if (n <= 19 || strncmp(s + n - 19, "::h", 3))
		return;
	for (size_t i = n - 16; i < n; i++)
		if (!isxdigit((unsigned char)s[i]))
			return;
	s[n - 19] = '\0';
}

/* Where the brackets that close at `end` open; NULL: they do not. */
static char *opening(char *s, char *end, char open, char close)
{
	int depth = 0;

	for (char *p = end; p >= s; p--) {
		if (*p == close)
			depth++;
		else if (*p == open && !--depth)
			return p;
	}
	return NULL;
}

/* "int ns::f<int>(int, char) const [clone .cold]" -> "ns::f<int>". What is
   not understood stays. */
static char *bare_name(char *s)
{
	static const char op[] = "operator";
	char *end = strstr(s, " [clone"), *p, *from = s;
	int depth = 0;

	if (end)
		*end = '\0';
	end = strrchr(s, ')');
	if (end) {
		p = opening(s, end, '(', ')');
		/* "operator()" is a name; "(anonymous namespace)" a scope */
		if (p && p > s && end[1] != ':' &&
		    !(p - s >= 8 && !strncmp(p - 8, op, 8) && p + 1 == end))
			*p = '\0';
	}
	/* a result type stands in front of template functions */
	for (p = s; *p; p++) {
		if (!strncmp(p, op, 8))
			break;
		if (*p == '<' || *p == '(')
			depth++;
		else if (*p == '>' || *p == ')')
			depth--;
		else if (*p == ' ' && !depth)
			from = p + 1;
	}
	return from;
}

const char *target_demangle(struct arena *a, const char *symbol)
{
	demangle_fn *fn;
	int status;
	char *s;

	if (symbol[0] == '_' && symbol[1] == 'R')
		return target_demangle_rust(a, symbol);
	if (strncmp(symbol, "_Z", 2) || !(fn = demangler()))
		return NULL;
	s = fn(symbol, NULL, NULL, &status);
	if (!s)
		return NULL;
	cut_hash(s);
	const char *name = arena_strdup(a, bare_name(s));
	free(s);
	return *name ? name : NULL;
}

bool target_is_thunk(const char *symbol)
{
	return !strncmp(symbol, "_ZT", 3) && symbol[3] && strchr("hvc", symbol[3]);
}
