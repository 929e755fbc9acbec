// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pattern compiler and runtime together; the C library's regular expressions
 * say where a match is.
 */
#include "unit/runtime/rt_test.h"

/* runtime/ has a regex.h, too, and comes first */
#include "/usr/include/regex.h"

#include "regex.h"
#include "sema/regex.h"

static struct arena *arena;

/* Offset of the automaton; 0 when the pattern is refused. */
static w_u32 compile(const char *pattern, bool groups)
{
	struct regex_table t;
	const char *err = NULL;
	uint32_t where;
	w_u32 off;

	if (!regex_compile(arena, pattern, groups, &t, &err, &where)) {
		assert_non_null(err);
		return 0;
	}
	assert_int_equal(t.size % 8, 0);
	off = heap_alloc(t.size);
	memcpy(at(off), t.data, t.size);
	return off;
}

/* matched(n), NULL when there is no such group. */
static const char *group_of(w_u64 n)
{
	w_u32 d = str("garbage");

	rt_regex_group(ctx, d, n);
	if (context()->error) {
		context()->error = 0;
		return NULL;
	}
	return text(d);
}

static void patterns_match_as_in_the_manual(void **state)
{
	static const struct {
		const char *pattern, *s;
		bool matches;
	} t[] = {
		{"abc", "xabcx", true},
		{"abc", "ab", false},
		{"", "", true},
		{"", "x", true},
		{"^abc", "abcd", true},
		{"^abc", "xabc", false},
		{"abc$", "xabc", true},
		{"abc$", "abcx", false},
		{"^$", "", true},
		{"^$", "x", false},
		{"a.c", "abc", true},
		{"a.c", "ac", false},
		{"ab*c", "ac", true},
		{"ab+c", "ac", false},
		{"ab?c", "abbc", false},
		{"a{3}", "aa", false},
		{"a{3}", "aaa", true},
		{"^a{2,3}$", "aaaa", false},
		{"^a{2,}$", "aaaa", true},
		{"^(ab|cd)+$", "abcdab", true},
		{"^(ab|cd)+$", "abcda", false},
		{"[a-c][^a-c]", "bz", true},
		{"[a-c][^a-c]", "bb", false},
		{"[]x]", "]", true},
		{"[^]x]", "]", false},
		{"[a-]", "-", true},
		{"[[:digit:]]+", "x12", true},
		{"^[[:alpha:]_][[:alnum:]_]*$", "x_12", true},
		{"^[[:alpha:]_][[:alnum:]_]*$", "1x", false},
		{"\\.c$", "foo.c", true},
		{"\\.c$", "fooxc", false},
		{"\\(\\)", "f()", true},
		{"\\\\", "a\\b", true},
		{"(a|b|)c", "xc", true},
		{"a|^b|c$", "xb", false},
		{"\xff+", "\xff\xff", true},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		for (int groups = 0; groups < 2; groups++) {
			heap_new(63);
			w_u32 re = compile(t[i].pattern, groups);

			assert_int_not_equal(re, 0);
			if ((int)rt_regex_match(ctx, re, str(t[i].s)) !=
			    t[i].matches)
				fail_msg("\"%s\" =~ \"%s\"", t[i].s,
					 t[i].pattern);
		}
}

static void groups_are_where_they_should_be(void **state)
{
	static const struct {
		const char *pattern, *s;
		const char *g[4];
	} t[] = {
		{"str(ing)", "an example string", {"string", "ing"}},
		{"([a-z]+)=([0-9]*)", "x: k=15;", {"k=15", "k", "15"}},
		{"(a)|(b)", "b", {"b", "", "b"}},
		{"(a*)(a*)", "aaa", {"aaa", "aaa", ""}},
		{"x(a(b(c)?)?)?", "xab", {"xab", "ab", "b", ""}},
		{"^(.*)/([^/]*)$",
		 "/usr/bin/ls",
		 {"/usr/bin/ls", "/usr/bin", "ls"}},
		{"(ab|a)(bc)?", "abc", {"abc", "a", "bc"}},
		{"a|ab|abc", "xabcx", {"abc"}},
		{"b|ob|foobar", "foobar", {"foobar"}},
		{"(..)$", "abcd", {"cd", "cd"}},
		{"$", "abc", {""}},
		{"c*$", "abcc", {"cc"}},
		{"(a|b)*c", "xabac", {"abac", "a"}},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		heap_new(63);
		w_u32 re = compile(t[i].pattern, true);

		assert_int_not_equal(re, 0);
		assert_int_equal(rt_regex_match(ctx, re, str(t[i].s)), 1);
		for (w_u64 n = 0; n < 4 && t[i].g[n]; n++) {
			const char *got = group_of(n);

			assert_non_null(got);
			if (strcmp(got, t[i].g[n]))
				fail_msg("\"%s\" =~ \"%s\": group %u is "
					 "\"%s\", not \"%s\"",
					 t[i].s, t[i].pattern, (unsigned)n, got,
					 t[i].g[n]);
		}
	}
}

static void wrong_patterns_are_refused_with_their_place(void **state)
{
	static const struct {
		const char *pattern;
		uint32_t where;
		const char *why;
	} t[] = {
		{"(a", 1, "expected ), found end of regex"},
		{"a)", 0, NULL},
		{"[", 0, "unclosed character class"},
		{"[a", 1, "unclosed character class"},
		{"a**", 0, NULL}, /* repeats a repetition: fine */
		{"(?:a)", 0, NULL},
		{"*a", 0, "unexpected '*'"},
		{"a|+", 2, "unexpected '+'"},
		{"^*", 1, "postfix closure '*' applied to anchoring operator"},
		{"a{2,1}", 6, "inverted bounds"},
		{"a{99999}", 8, "99999 is too large"},
		{"a{", 2, "expected number"},
		{"a{x}", 3, "expected number"},
		{"[z-a]", 4, "Inverted character range z-a"},
		{"[[:nope:]]", 3, "unknown character class 'nope'"},
		{"a\\", 2, "unexpected end of regex"},
	};
	struct regex_table out;

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		const char *err = NULL;
		uint32_t where = 0;
		bool ok = regex_compile(arena, t[i].pattern, false, &out, &err,
					&where);

		assert_int_equal(ok, t[i].why == NULL);
		if (ok)
			continue;
		assert_string_equal(err, t[i].why);
		assert_int_equal(where, t[i].where);
	}
}

static void what_would_be_too_large_is_refused(void **state)
{
	static const char *const patterns[] = {
		"((a{200}){200}){200}",
		"(a|b)*a(a|b){16}c",
	};
	struct regex_table out;

	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
		const char *err = NULL;
		uint32_t where;

		assert_false(regex_compile(arena, patterns[i], false, &out,
					   &err, &where));
		assert_non_null(strstr(err, "too "));
	}
}

/* ---- random patterns against the C library ---- */

static uint32_t dice_seed = 1;

static uint32_t dice(uint32_t n)
{
	dice_seed = dice_seed * 1664525 + 1013904223;
	return (dice_seed >> 16) % n;
}

static char *random_pattern(char *p, int depth)
{
	uint32_t n = 1 + dice(3);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t r = dice(depth > 2 ? 6 : 9);

		if (i && r == 8)
			*p++ = '|';
		if (r < 4)
			*p++ = (char)('a' + dice(3));
		else if (r == 4)
			*p++ = '.';
		else if (r == 5)
			p = stpcpy(p, dice(2) ? "[ab]" : "[^a]");
		else {
			*p++ = '(';
			p = random_pattern(p, depth + 1);
			*p++ = ')';
		}
		if (dice(3) == 0)
			p = stpcpy(p, dice(4) ? dice(2) ? "*" : "?" : "{1,2}");
	}
	*p = 0;
	return p;
}

static void matches_are_where_the_c_library_finds_them(void **state)
{
	unsigned compared = 0;

	for (unsigned i = 0; i < 3000; i++) {
		char pattern[4096] = "", *p = pattern, s[16];
		struct rt_ctx *c;
		regmatch_t m;
		regex_t libc;
		w_u32 re, plain;

		dice_seed = i * 2654435761u + 1;
		if (dice(6) == 0)
			*p++ = '^';
		p = random_pattern(p, 0);
		if (dice(6) == 0)
			*p++ = '$';
		*p = 0;
		assert_int_equal(regcomp(&libc, pattern, REG_EXTENDED), 0);
		heap_new(63);
		re = compile(pattern, true);
		plain = compile(pattern, false);
		assert_int_not_equal(plain, 0);
		for (int k = 0; k < 8; k++) {
			uint32_t len = dice(12);
			bool found;

			for (uint32_t j = 0; j < len; j++)
				s[j] = (char)('a' + dice(3));
			s[len] = 0;
			found = !regexec(&libc, s, 1, &m, 0);
			if (rt_regex_match(ctx, plain, str(s)) != found)
				fail_msg("\"%s\" =~ \"%s\"", s, pattern);
			if (!re)
				continue; /* too many registers */
			if (rt_regex_match(ctx, re, str(s)) != found)
				fail_msg("\"%s\" =~ \"%s\", groups", s,
					 pattern);
			c = context();
			if (found && (c->regex_groups[0] != (w_u32)m.rm_so ||
				      c->regex_groups[1] != (w_u32)m.rm_eo))
				fail_msg("\"%s\" =~ \"%s\": at %u to %u, not "
					 "%d to %d",
					 s, pattern, c->regex_groups[0],
					 c->regex_groups[1], m.rm_so, m.rm_eo);
			compared++;
		}
		regfree(&libc);
	}
	assert_true(compared > 15000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match_as_in_the_manual),
		cmocka_unit_test(groups_are_where_they_should_be),
		cmocka_unit_test(wrong_patterns_are_refused_with_their_place),
		cmocka_unit_test(what_would_be_too_large_is_refused),
		cmocka_unit_test(matches_are_where_the_c_library_finds_them),
	};
	int r;

	arena = arena_new();
	r = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	heap_free();
	return r;
}
