// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rust's symbols since "v0": "_RNvNtC1a3mod4func" is a::mod::func. A name is a
 * tree that is written prefix by prefix; one reader goes through it and writes
 * what it stands for. Arguments of generic functions follow as in debug
 * information, "f<u8>". Hashes of crates are left out.
 *
 * "B" goes back to a part that was read before, so a short symbol can stand for
 * a very long name: depth and length have bounds.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "target/demangle.h"

#define MAX_DEPTH 100u
#define MAX_OUT 4096u

struct rust {
	const char *start, *p; /* behind "_R" */
	struct strbuf out;
	unsigned depth;
	bool quiet; /* read without writing: paths of impl blocks */
	bool bad;
};

static void path(struct rust *r);
static void type(struct rust *r);

static void put_n(struct rust *r, const char *s, size_t n)
{
	if (r->out.len + n > MAX_OUT)
		r->bad = true;
	for (size_t i = 0; i < n && !r->bad && !r->quiet; i++)
		sb_putc(&r->out, s[i]);
}

static void put(struct rust *r, const char *s)
{
	put_n(r, s, strlen(s));
}

static bool take(struct rust *r, char c)
{
	if (r->bad || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* "_" is 0, "0_" 1, ... */
static uint64_t base_62(struct rust *r)
{
	uint64_t n = 0;

	if (take(r, '_'))
		return 0;
	while (!r->bad && *r->p != '_') {
		char c = *r->p++;
		unsigned digit = isdigit((unsigned char)c) ? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'z'
					 ? (unsigned)(c - 'a') + 10
				 : c >= 'A' && c <= 'Z'
					 ? (unsigned)(c - 'A') + 36
					 : 99;
		if (digit > 61 || n > UINT64_MAX / 64)
			r->bad = true;
		n = n * 62 + digit;
	}
	take(r, '_');
	return n + 1;
}

/* The number of namesakes before this one. */
static uint64_t disambiguator(struct rust *r)
{
	return take(r, 's') ? base_62(r) + 1 : 0;
}

static size_t decimal(struct rust *r)
{
	size_t n = 0;

	if (!isdigit((unsigned char)*r->p))
		r->bad = true;
	if (take(r, '0'))
		return 0;
	while (isdigit((unsigned char)*r->p) && n < 100000)
		n = n * 10 + (size_t)(*r->p++ - '0');
	return n;
}

/* Its bytes; names in other scripts ("u") stay in their encoding. */
static const char *bytes(struct rust *r, size_t *n)
{
	const char *s;

	take(r, 'u');
	*n = decimal(r);
	take(r, '_');
	if (r->bad || strnlen(r->p, *n) < *n) {
		r->bad = true;
		*n = 0;
	}
	s = r->p;
	r->p += *n;
	return s;
}

static void back(struct rust *r, void (*part)(struct rust *r))
{
	const char *from = r->p - 1, *after;
	uint64_t at = base_62(r);

	if (r->bad || at >= (uint64_t)(from - r->start)) {
		r->bad = true;
		return;
	}
	after = r->p;
	r->p = r->start + at;
	if (!r->quiet)
		part(r);
	r->p = after;
}

static void constant(struct rust *r)
{
	const char *digits;
	char kind;

	if (take(r, 'B')) {
		back(r, constant);
		return;
	}
	if (take(r, 'p')) {
		put(r, "_");
		return;
	}
	kind = *r->p;
	if (kind)
		r->p++;
	if (take(r, 'n'))
		put(r, "-");
	digits = r->p;
	while (isxdigit((unsigned char)*r->p))
		r->p++;
	if (kind == 'b') {
		put(r, *digits == '1' ? "true" : "false");
	} else {
		put(r, "0x");
		put_n(r, digits, (size_t)(r->p - digits));
	}
	if (!take(r, '_'))
		r->bad = true;
}

static void generic_arguments(struct rust *r)
{
	bool first = true;

	put(r, "<");
	while (!r->bad && !take(r, 'E')) {
		if (take(r, 'L')) { /* lifetimes are not told apart */
			base_62(r);
			continue;
		}
		put(r, first ? "" : ", ");
		first = false;
		if (take(r, 'K'))
			constant(r);
		else
			type(r);
	}
	put(r, ">");
}

static void nested(struct rust *r)
{
	char space = *r->p, number[32];
	uint64_t nth;
	const char *s;
	size_t n;

	if (!isalpha((unsigned char)space)) {
		r->bad = true;
		return;
	}
	r->p++;
	path(r);
	nth = disambiguator(r);
	s = bytes(r, &n);
	if (isupper((unsigned char)space)) {
		put(r, "::{");
		put(r, space == 'C' ? "closure" : space == 'S' ? "shim" : "");
		put(r, n ? ":" : "");
		put_n(r, s, n);
		snprintf(number, sizeof(number), "#%llu}",
			 (unsigned long long)nth);
		put(r, number);
	} else if (n) {
		put(r, "::");
		put_n(r, s, n);
	}
}

/* The block that implements something is not part of the name. */
static void impl_path(struct rust *r)
{
	bool quiet = r->quiet;

	r->quiet = true;
	disambiguator(r);
	path(r);
	r->quiet = quiet;
}

static void trait_of(struct rust *r)
{
	put(r, "<");
	type(r);
	put(r, " as ");
	path(r);
	put(r, ">");
}

static void path_tag(struct rust *r, char tag)
{
	const char *s;
	size_t n;

	switch (tag) {
	case 'C':
		disambiguator(r);
		s = bytes(r, &n);
		put_n(r, s, n);
		break;
	case 'M':
		impl_path(r);
		put(r, "<");
		type(r);
		put(r, ">");
		break;
	case 'X':
		impl_path(r);
		trait_of(r);
		break;
	case 'Y':
		trait_of(r);
		break;
	case 'N':
		nested(r);
		break;
	case 'I':
		path(r);
		generic_arguments(r);
		break;
	case 'B':
		back(r, path);
		break;
	default:
		r->bad = true;
	}
}

static void path(struct rust *r)
{
	if (r->bad || !*r->p || ++r->depth > MAX_DEPTH) {
		r->bad = true;
		return;
	}
	path_tag(r, *r->p++);
	r->depth--;
}

/* ---- types ---- */

static const char *const basic['z' + 1] = {
	['a'] = "i8",	['b'] = "bool",	 ['c'] = "char", ['d'] = "f64",
	['e'] = "str",	['f'] = "f32",	 ['h'] = "u8",	 ['i'] = "isize",
	['j'] = "usize", ['l'] = "i32",	 ['m'] = "u32",	 ['n'] = "i128",
	['o'] = "u128", ['p'] = "_",	 ['s'] = "i16",	 ['t'] = "u16",
	['u'] = "()",	['v'] = "...",	 ['x'] = "i64",	 ['y'] = "u64",
	['z'] = "!",
};

static void list(struct rust *r)
{
	bool first = true;

	while (!r->bad && !take(r, 'E')) {
		put(r, first ? "" : ", ");
		first = false;
		type(r);
	}
}

static void binder(struct rust *r)
{
	if (take(r, 'G'))
		base_62(r);
}

static void function(struct rust *r)
{
	size_t n;

	binder(r);
	put(r, take(r, 'U') ? "unsafe fn(" : "fn(");
	if (take(r, 'K') && !take(r, 'C'))
		bytes(r, &n);
	list(r);
	put(r, ")");
	if (take(r, 'u'))
		return;
	put(r, " -> ");
	type(r);
}

static void dynamic(struct rust *r)
{
	const char *s;
	bool first = true;
	size_t n;

	put(r, "dyn ");
	binder(r);
	while (!r->bad && !take(r, 'E')) {
		put(r, first ? "" : " + ");
		first = false;
		path(r);
		while (take(r, 'p')) { /* of an associated type */
			put(r, "<");
			s = bytes(r, &n);
			put_n(r, s, n);
			put(r, " = ");
			type(r);
			put(r, ">");
		}
	}
	if (take(r, 'L'))
		base_62(r);
}

static void reference(struct rust *r, const char *how)
{
	if (take(r, 'L'))
		base_62(r);
	put(r, how);
	type(r);
}

static void type_tag(struct rust *r, char tag)
{
	switch (tag) {
	case 'A':
	case 'S':
		put(r, "[");
		type(r);
		if (tag == 'A') {
			put(r, "; ");
			constant(r);
		}
		put(r, "]");
		break;
	case 'T':
		put(r, "(");
		list(r);
		put(r, ")");
		break;
	case 'R':
		reference(r, "&");
		break;
	case 'Q':
		reference(r, "&mut ");
		break;
	case 'P':
		reference(r, "*const ");
		break;
	case 'O':
		reference(r, "*mut ");
		break;
	case 'F':
		function(r);
		break;
	case 'D':
		dynamic(r);
		break;
	case 'B':
		back(r, type);
		break;
	default:
		path_tag(r, tag);
	}
}

static void type(struct rust *r)
{
	char tag = *r->p;

	if (r->bad || !tag || ++r->depth > MAX_DEPTH) {
		r->bad = true;
		return;
	}
	r->p++;
	if (tag >= 'a' && tag <= 'z' && basic[(unsigned char)tag])
		put(r, basic[(unsigned char)tag]);
	else
		type_tag(r, tag);
	r->depth--;
}

const char *target_demangle_rust(struct arena *a, const char *symbol)
{
	struct rust r = {.start = symbol + 2, .p = symbol + 2};
	const char *name = NULL;

	if (strncmp(symbol, "_R", 2) || !isupper((unsigned char)symbol[2]))
		return NULL;
	path(&r);
	/* the crate that made the instance, and what the linker appended */
	if (!r.bad && isupper((unsigned char)*r.p)) {
		r.quiet = true;
		path(&r);
	}
	if (!r.bad && (!*r.p || *r.p == '.' || *r.p == '$'))
		name = arena_strdup(a, sb_str(&r.out));
	sb_free(&r.out);
	return name && *name ? name : NULL;
}
