// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes pass 1: lexer, preprocessor, parser, un-parser, the index scan, the
 * macro library reader and printf formats. Besides not crashing, what parses
 * without error must un-parse to text that parses to an equal tree.
 *
 * With clang -fsanitize=fuzzer this is a libFuzzer target. Without it
 * (-DFUZZ_MAIN) the program runs each file named on its command line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "syntax/format.h"
#include "syntax/macro.h"
#include "syntax/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *config(void *ctx, const char *name)
{
	return strstr(name, "NET") ? "y" : strstr(name, "MOD") ? "m" : NULL;
}

static const char *const args[] = {"5+5", "my \"string", "@2 $1", "%( $# %)"};
static bool arg_used[4];

static struct parse_env make_env(struct arena *a)
{
	struct parse_env env = {.kernel_release = "6.18.44-fc",
				.arch = "x86_64",
				.runtime = "bpf",
				.systemtap_v = "5.6",
				.privilege = "stapdev",
				.guru_mode = true,
				.config = config,
				.args = args,
				.nargs = 4,
				.arg_used = arg_used};

	env.macros = arena_new_obj(a, struct map);
	map_init(env.macros, a);
	return env;
}

static void fail(const char *what, const char *text)
{
	fprintf(stderr, "%s:\n%s\n", what, text);
	abort();
}

static void clone_statement(struct arena *a, const struct stmt *s)
{
	if (s && !stmt_equal(s, stmt_clone(a, s)))
		fail("a copy differs", "");
}

static void check_clone(struct arena *a, const struct file *f)
{
	vec_for (&f->probes, i)
		clone_statement(a, f->probes.v[i]->body);
	vec_for (&f->funcs, i)
		clone_statement(a, f->funcs.v[i]->body);
}

static void check_round_trip(struct arena *a, const struct file *f)
{
	struct diag *d = diag_new(a, (struct diag_opts){0});
	struct parse_env env = make_env(a);
	struct strbuf one = {0}, two = {0};
	struct file *again;

	unparse_file(&one, f);
	again = parse_script(a, d, &env,
			     source_new(a, "<unparsed>", sb_str(&one), one.len),
			     false);
	if (diag_errors(d)) {
		diag_flush(d, stderr);
		fail("what was un-parsed does not parse", sb_str(&one));
	}
	unparse_file(&two, again);
	if (!file_equal(f, again))
		fail("what was un-parsed is another program", sb_str(&one));
	if (strcmp(sb_str(&one), sb_str(&two)))
		fail("un-parsing is not stable", sb_str(&two));
	sb_free(&one);
	sb_free(&two);
}

static void found(void *ctx, enum index_kind kind, const char *name, size_t len)
{
	*(size_t *)ctx += len + (size_t)kind;
	if (len && !name)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *null;
	struct arena *a = arena_new();
	struct diag *d = diag_new(a, (struct diag_opts){.show_tag = true});
	struct parse_env env = make_env(a);
	struct source *src = source_new(a, "<fuzz>", (const char *)data, size);
	size_t seen = 0;
	uint32_t points;
	struct file *f = parse_script(a, d, &env, src, false);

	if (!null)
		null = fopen("/dev/null", "w");
	if (!diag_errors(d)) {
		check_clone(a, f);
		check_round_trip(a, f);
	}
	diag_flush(d, null);
	scan_definitions(src, found, &seen);
	parse_macro_library(a, d, &env, src);
	parse_point_list(a, d, &env, src->text, &points);
	format_parse(a, d, LOC_NONE, src->text);
	diag_flush(d, null);
	arena_free(a);
	return 0;
}

#ifdef FUZZ_MAIN
int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct arena *a = arena_new();
		struct source *src = source_read(a, argv[i]);

		if (!src) {
			perror(argv[i]);
			return 1;
		}
		LLVMFuzzerTestOneInput((const uint8_t *)src->text, src->len);
		arena_free(a);
	}
	printf("%d inputs, no finding\n", argc - 1);
	return 0;
}
#endif
