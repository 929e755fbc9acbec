// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes pass 2, with the tapset of the source tree: names, aliases, types,
 * folding, pruning. What pass 2 accepts must be what pass 3 can lower: no
 * internal error, and IR that the checker accepts. Run it in the top directory.
 *
 * With clang -fsanitize=fuzzer this is a libFuzzer target. Without it
 * (-DFUZZ_MAIN) the program runs each file named on its command line.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir/ir.h"
#include "ir/lower.h"
#include "probe/counters.h"
#include "sema/sema.h"
#include "sema/tapset.h"
#include "target/target.h"

#define FUZZ_MAX (1u << 14)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const args[] = {"5", "my \"string"};
static bool arg_used[2];
static FILE *null;

/* What the system has is looked up once. */
static struct target_cache *targets(void)
{
	static struct target_cache *t;

	if (!t)
		t = target_cache_new();
	return t;
}

static void check_lowering(struct arena *a, struct diag *d,
			   const struct program *p)
{
	struct lower_opts lo;
	struct ir_module *m;
	const char *wrong;
	struct diag_msg *last;

	/* embedded C, and what else only modules do */
	sema_refuse_module_needs(p, d);
	if (diag_errors(d))
		return;
	lower_opts_init(&lo);
	lo.limits.max_entries = 16;
	lo.native = true;
	lo.targets = targets();
	m = ir_lower(a, d, p, &lo);
	last = diag_last(d);
	if (diag_errors(d)) {
		/* Limits and patterns are pass 3's; anything else is not. */
		char *text = NULL;
		size_t n;
		FILE *f = open_memstream(&text, &n);

		diag_flush(d, f);
		fclose(f);
		if (last && strstr(text, "[internal]")) {
			fputs(text, stderr);
			abort();
		}
		free(text);
		return;
	}
	wrong = ir_check(a, m);
	if (wrong) {
		fprintf(stderr, "%s\n", wrong);
		abort();
	}
	ir_optimise(m);
	wrong = ir_check(a, m);
	if (wrong) {
		fprintf(stderr, "optimised: %s\n", wrong);
		abort();
	}
}

/* Points that would read files or BTF of this machine are left out: they are
   slow, and their readers have fuzzers of their own. */
static bool reads_files(const char *text, size_t n)
{
	static const char *const word[] = {"process", "kernel", "module",
					   "syscall", "vfs",	"tcp",
					   "ext4",    "@cast",	"@var"};

	for (size_t i = 0; i < sizeof(word) / sizeof(*word); i++)
		if (memmem(text, n, word[i], strlen(word[i])))
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const dirs[] = {"tapset"};
	struct arena *a;
	struct diag *d;
	struct map macros;

	if (!null)
		null = fopen("/dev/null", "w");
	if (size > FUZZ_MAX || reads_files((const char *)data, size))
		return -1;
	a = arena_new();
	d = diag_new(a, (struct diag_opts){.show_tag = true});
	map_init(&macros, a);
	struct parse_env parse = {.kernel_release = "6.18.0",
				  .arch = "x86_64",
				  .runtime = "bpf",
				  .systemtap_v = "5.6",
				  .privilege = "stapdev",
				  .guru_mode = size & 1,
				  .macros = &macros,
				  .args = args,
				  .nargs = 2,
				  .arg_used = arg_used};
	struct probe_env env = {.arena = a,
				.diag = d,
				.runtime = "bpf",
				.guru_mode = size & 1,
				.ncpus = 2,
				.targets = targets(),
				.counters = arena_new_obj(
					a, struct counter_table)};
	struct sema_opts opts = {.keep_unused = (size & 7) == 7,
				 .guru_mode = size & 1};
	struct source *src = source_new(a, "<fuzz>", (const char *)data, size);
	struct tapset *lib = tapset_open(a, d, &parse, dirs, 1);
	struct file *file;

	tapset_load_macros(lib, src);
	file = parse_script(a, d, &parse, src, false);
	if (!diag_errors(d)) {
		struct program *p = sema_run(&env, lib, &file, 1, &opts);

		if (!diag_errors(d)) {
			struct strbuf sb = {0};

			sema_print(&sb, p, true);
			sb_free(&sb);
			check_lowering(a, d, p);
		}
	}
	diag_flush(d, null);
	arena_free(a);
	return 0;
}

#include "fuzz_main.h"
