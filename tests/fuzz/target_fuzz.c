// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the readers of files that others write: ELF (programs to be probed)
 * and BTF (of the kernel, of modules on top of it). Everything that such a
 * file can be asked is asked of it.
 *
 * With clang -fsanitize=fuzzer this is a libFuzzer target. Without it
 * (-DFUZZ_MAIN) the program runs each file named on its command line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_type(struct arena *a, const struct type_src *s, uint32_t id)
{
	struct strbuf sb = {0};
	struct tmember_path path;
	struct tmember m;
	struct ttype t;
	const char *name;
	int64_t v;

	if (!s->ops->get(s, id, &t))
		return;
	if (strlen(t.name) > 1u << 30)
		abort();
	for (uint32_t i = 0; i < t.n && i < 16; i++) {
		s->ops->enumerator(&t, i, &name, &v);
		if (!s->ops->member(&t, i, &m))
			continue;
		if (ttype_find_member(&t, m.name, &path) &&
		    path.depth > TTYPE_MAX_DEPTH)
			abort();
	}
	ttype_find_member(&t, "no such member", &path);
	ttype_spell(&sb, s, id);
	sb_free(&sb);
	(void)ttype_member_names(a, &t, 10);
}

static bool on_tracepoint(void *ctx, const struct kbtf_tp *tp)
{
	struct kbtf_param p[4];
	struct ttype t;
	const struct type_src *s = kbtf_types(tp->btf);
	uint32_t n = kbtf_tp_params(tp, p, 4);

	for (uint32_t i = 0; i < n && i < 4; i++) {
		s->ops->get(s, p[i].type, &t);
		if (p[i].name && strlen(p[i].name) > 1u << 30)
			abort();
	}
	return ++*(unsigned *)ctx < 50;
}

static void ask_btf(struct arena *a, const struct kbtf *k)
{
	static const char *const names[] = {"a", "task_struct", "unsigned long",
					    "struct x *", "demo"};
	const struct type_src *s = kbtf_types(k);
	unsigned tps = 0, stars;
	struct kbtf_tp tp;
	uint32_t id;
	int64_t v;

	for (uint32_t i = 0; i < kbtf_end_id(k) && i < 150; i++)
		fuzz_type(a, s, i);
	fuzz_type(a, s, kbtf_end_id(k));
	fuzz_type(a, s, UINT32_MAX);
	kbtf_each_tp(k, on_tracepoint, &tps);
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (ttype_parse(s, names[i], &id, &stars))
			fuzz_type(a, s, id);
		if (kbtf_find_tp(k, names[i], &tp))
			on_tracepoint(&tps, &tp);
		kbtf_find_var(k, names[i], &id);
		kbtf_find_enumerator(k, names[i], &v);
	}
}

/* As vmlinux' BTF, and as a module's on top of itself. */
static void fuzz_btf(const uint8_t *data, size_t size)
{
	struct kbtf *base = NULL, *mod = NULL;
	const char *why = NULL;
	struct arena *a = arena_new();
	uint8_t *copy = malloc(size + 1); /* aligned, and bounded by ASan */

	memcpy(copy, data, size);
	if (!kbtf_from_memory(copy, size, NULL, &base, &why)) {
		ask_btf(a, base);
		if (!kbtf_from_memory(copy, size, base, &mod, &why))
			ask_btf(a, mod);
	} else if (!why) {
		abort();
	}
	kbtf_close(mod);
	kbtf_close(base);
	free(copy);
	arena_free(a);
}

static void fuzz_elf(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	struct arena *a = arena_new();
	uint8_t *copy = malloc(size + 1);
	uint64_t off;

	memcpy(copy, data, size);
	struct elf_file *f = elf_file_from_memory(a, copy, size, "x", &why);
	if (!f && !why)
		abort();
	for (uint32_t i = 0; f && i < f->nfuncs; i++) {
		const struct elf_func *fn = &f->funcs[i];
		if (!*fn->name || !elf_offset_of(f, fn->addr, &off) ||
		    off != fn->file_off)
			abort();
		if (i && fn[-1].addr > fn->addr)
			abort();
	}
	if (f && f->build_id_len > sizeof(f->build_id))
		abort();
	free(copy);
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 4 && !memcmp(data, "\177ELF", 4))
		fuzz_elf(data, size);
	else
		fuzz_btf(data, size);
	return 0;
}

#define FUZZ_MAX (1 << 20)
#include "fuzz_main.h"
