// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the compiler of regular expressions and its automaton in the run-time
 * library. The input is a pattern, a newline and the subject. Against the C
 * library's regular expressions, for patterns that both accept: whether there is
 * a match, and where.
 *
 * With clang -fsanitize=fuzzer this is a libFuzzer target. Without it
 * (-DFUZZ_MAIN) the program runs each file named on its command line.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* runtime/ has a regex.h, too, and comes first */
#include "/usr/include/regex.h"

#include "native.h"
#include "regex.h"
#include "rt.h"
#include "sema/regex.h"

#define HEAP (1u << 20)
#define CAP 511u
#define FUZZ_MAX 1024u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *heap;
static w_u32 ctx, next_off;

static void heap_new(void)
{
	static w_u32 messages;

	if (!heap)
		heap = malloc(HEAP + RT_NATIVE_SLACK);
	memset(heap, 0, 1u << 16);
	rt_native_env_reset();
	ctx = rt_native_setup(heap, HEAP, CAP);
	next_off = rt_native_free_off();
	messages = next_off;
	next_off += (rt_msgs_size() + 7u) & ~7u;
	rt_write_msgs(heap + messages, messages);
	((struct rt_head *)heap)->msgs_off = messages;
	if (rt_enter(0, 0, 1u << RT_RUNNING) != ctx)
		abort();
}

/*
 * The C library differs, or is known to be wrong, in these: back references and
 * letters behind a backslash (\w, \<), an anchor or a repetition that something
 * repeats, and classes by name.
 */
static bool comparable(const char *p)
{
	for (; *p; p++) {
		if (*p == '\\' && (!p[1] || !strchr(".[](){}*+?|^$\\", p[1])))
			return false;
		if (*p == '\\')
			p++;
		else if (*p == '[' || *p == '{' || *p == '^' || *p == '$')
			return false;
		else if (strchr("*+?", *p) && p[1] && strchr("*+?", p[1]))
			return false;
		else if ((unsigned char)*p < 32 || (unsigned char)*p > 126)
			return false;
	}
	return true;
}

static void differs(const char *pattern, const char *subject, const char *how)
{
	fprintf(stderr, "pattern \"%s\", subject \"%s\": %s\n", pattern,
		subject, how);
	abort();
}

static void run(const struct regex_table *t, const char *pattern,
		const char *subject, bool groups)
{
	static char group[RT_STR_SIZE(CAP)];
	w_u32 re, s, d;
	regmatch_t m;
	regex_t posix;
	bool found;

	heap_new();
	re = next_off;
	if (t->size > HEAP - re - 4 * RT_STR_SIZE(CAP))
		return;
	memcpy(heap + re, t->data, t->size);
	s = re + ((t->size + 15u) & ~7u);
	d = s + RT_STR_SIZE(CAP) + 8;
	rt_heap_write_strn(heap + s, subject, (w_u32)strlen(subject));
	found = rt_regex_match(ctx, re, s);
	memset(group, 0, sizeof(group));
	if (found && groups)
		for (w_u64 n = 0; n < t->ngroups; n++)
			rt_regex_group(ctx, d, n);
	if (!comparable(pattern) || regcomp(&posix, pattern, REG_EXTENDED))
		return;
	if (found != !regexec(&posix, subject, 1, &m, 0))
		differs(pattern, subject, found ? "only we match" : "no match");
	if (found && groups) {
		const struct rt_str *g = (const void *)(heap + d);

		((struct rt_ctx *)(heap + ctx))->error = 0;
		rt_regex_group(ctx, d, 0);
		if (g->len != (w_u32)(m.rm_eo - m.rm_so) ||
		    memcmp(g->text, subject + m.rm_so, g->len))
			differs(pattern, subject, "another match");
	}
	regfree(&posix);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char pattern[FUZZ_MAX + 1], subject[CAP + 1];
	const uint8_t *nl = memchr(data, '\n', size);
	size_t np = nl ? (size_t)(nl - data) : size, ns = nl ? size - np - 1 : 0;
	struct arena *a = arena_new();

	/* What repeats repetitions takes the C library for ever. */
	if (np > 60)
		np = 60;
	if (ns > CAP)
		ns = CAP;
	memcpy(pattern, data, np);
	pattern[np] = 0;
	if (ns)
		memcpy(subject, nl + 1, ns);
	subject[ns] = 0;
	for (int groups = 0; groups < 2; groups++) {
		struct regex_table t;
		const char *err = NULL;
		uint32_t at;

		if (regex_compile(a, pattern, groups, &t, &err, &at))
			run(&t, pattern, subject, groups);
		else if (!err || at > strlen(pattern))
			abort();
	}
	arena_free(a);
	return 0;
}

#include "fuzz_main.h"
