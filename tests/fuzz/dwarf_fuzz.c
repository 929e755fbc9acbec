// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the readers of debug information: a file is opened and everything in
 * it is asked for. Whatever it says, nothing may crash, hang or grow without
 * bounds, and a failure must come with a reason.
 *
 * Most mutations change bytes within .debug_* and .eh_frame, or sizes and
 * places in the section table: the rest only finds what the ELF reader
 * refuses.
 *
 * With clang -fsanitize=fuzzer this is a libFuzzer target. Without it
 * (-DFUZZ_MAIN) the program runs each file named on its command line.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "target/dwarf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned seed);

/* ---- everything ---- */

#define MAX_EACH 40u

static void walk_type(const struct type_src *src, uint32_t id, unsigned depth)
{
	struct ttype t;
	struct tmember tm;
	const char *name;
	int64_t v;
	uint64_t size;

	if (depth > 3 || !src->ops->get(src, id, &t))
		return;
	if (!t.name)
		abort();
	ttype_size(src, id, &size);
	for (uint32_t i = 0; i < t.n && i < MAX_EACH; i++) {
		if (t.kind == TT_ENUM)
			src->ops->enumerator(&t, i, &name, &v);
		else if ((t.kind == TT_STRUCT || t.kind == TT_UNION) &&
			 src->ops->member(&t, i, &tm))
			walk_type(src, tm.type, depth + 1);
	}
	if (t.kind == TT_PTR || t.kind == TT_ARRAY)
		walk_type(src, t.elem, depth + 1);
	struct strbuf sb = {0};
	ttype_spell(&sb, src, id);
	sb_free(&sb);
	if (t.kind == TT_STRUCT) {
		struct tmember_path p;
		ttype_find_member(&t, "x", &p);
	}
}

static void read_vars(struct dw_module *m, Dwarf_Die *func, uint64_t pc)
{
	dw_var_list l = {0};
	const char *why = NULL;
	struct dw_length length;
	struct dw_var var;
	struct dw_loc loc;
	struct ttype t;

	dw_visible(m, func, pc, &l);
	for (uint32_t i = 0; i < l.n && i < MAX_EACH; i++) {
		if (!dw_location(m, &l.v[i].die, pc, &loc, &why) && !why)
			abort();
		walk_type(dw_types(m), l.v[i].type, 0);
		if (dw_types(m)->ops->get(dw_types(m), l.v[i].type, &t) &&
		    dw_array_length(m, &t, &length) && length.is_var)
			dw_location(m, &length.var.die, pc, &loc, &why);
		dw_static_member(m, l.v[i].type, "count", &var);
	}
}

static void read_frame(struct dw_module *m, uint64_t pc)
{
	struct dw_loc loc;
	const char *why = NULL;
	Dwarf_Op *ops;
	size_t n;

	if (!dw_frame_base(m, pc, &loc, &why) && !why)
		abort();
	why = NULL;
	if (!dw_cfa(m, pc, &ops, &n, &why) && !why)
		abort();
	dw_return_address(m, pc, &ops, &n);
	dw_caller_reg(m, pc, 3, &ops, &n);
}

static void read_func(struct dw_module *m, const struct dw_func *f)
{
	Dwarf_Die d = f->die;
	dw_label_list labels = {0};
	const char *why = NULL;
	struct dw_loc loc;
	struct dw_line line;
	uint32_t type, n;

	if (!f->name || !f->scope || !dw_func_file(m, f))
		abort();
	if (!f->entry)
		return;
	dw_labels(m, &d, "*", &labels);
	dw_return_value(m, &d, &type, &loc, &why);
	uint64_t pc = dw_after_prologue(m, f);
	read_vars(m, &d, pc);
	read_frame(m, pc);
	dw_line_at(m, pc, &line);
	const struct dw_call *c = dw_calls_of(m, f->entry, &n);
	for (uint32_t i = 0; i < n && i < MAX_EACH; i++) {
		dw_call_argument(&c[i], 5, NULL, &loc);
		dw_call_argument(&c[i], 5, &d, &loc);
	}
}

static void read_inlines(struct dw_module *m, const struct dw_func *f)
{
	dw_inline_list l = {0};
	struct dw_inline at;

	dw_inlines_of(m, f, &l);
	if (f->entry)
		dw_inlines_in(m, f, 2, &l);
	for (uint32_t i = 0; i < l.n && i < MAX_EACH; i++) {
		Dwarf_Die d = l.v[i].die;
		read_vars(m, &d, l.v[i].entry);
		if (!l.v[i].func || !l.v[i].outer)
			abort();
		if (dw_inline_at(m, l.v[i].entry, &at) && (!at.func || !at.outer))
			abort();
	}
}

static void read_all(struct arena *a, struct dw_module *m)
{
	struct dw_pattern p;
	dw_line_list lines = {0};
	unsigned around[2];
	const char *why = NULL;
	struct dw_var var;
	int64_t value;
	uint32_t n, id;

	const struct dw_func *f = dw_funcs(m, &n);
	for (uint32_t i = 0; i < n && i < MAX_EACH; i++)
		read_func(m, &f[i]);
	struct dw_source_table sources = {0};
	dw_sources(m, &sources);
	for (uint32_t i = 0; i < n && i < MAX_EACH; i++)
		read_inlines(m, &f[i]);
	dw_calls(m, &n);
	if (dw_pattern_parse(a, "*@*.c:*", &p, &why))
		dw_lines(m, &p, false, &lines, around);
	dw_find_global(m, NULL, false, "counter", &var);
	dw_find_global(m, NULL, false, "table@opt.c", &var);
	dw_find_enumerator(m, "GREEN", &value);
	dw_types(m)->ops->find(dw_types(m), TT_STRUCT, "pair", &id);
	dw_types(m)->ops->find_typedef(dw_types(m), "port_t", &id);
	dw_tls_offset(m, 4, &value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *why = NULL;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	struct dw_module *m = dw_open_fd(a, fd, "fuzz", &why);
	if (!m && !why)
		abort();
	if (m) {
		read_all(a, m);
		dw_close(m);
	}
	arena_free(a);
	return 0;
}

/* ---- mutations ---- */

static uint32_t next_random(uint32_t *s)
{
	*s = *s * 1664525 + 1013904223;
	return *s >> 8;
}

/* Values that lengths, offsets, forms and tags go wrong with. */
static void spoil(uint8_t *p, size_t n, uint32_t *s)
{
	static const uint64_t odd[] = {0, 1, 0x7f, 0x80, 0xff, 0xffff,
				       0x7fffffff, 0xffffffff, UINT64_MAX,
				       INT64_MAX};
	size_t at = next_random(s) % n, len = 1u << next_random(s) % 4;
	uint64_t v = next_random(s) % 3 ? next_random(s)
					: odd[next_random(s) % 10];

	if (len > n - at)
		len = 1;
	memcpy(p + at, &v, len);
}

static bool section_of(const uint8_t *data, size_t size, uint32_t pick,
		       Elf64_Shdr *out)
{
	Elf64_Ehdr eh;
	Elf64_Shdr sh, names;

	if (size < sizeof(eh))
		return false;
	memcpy(&eh, data, sizeof(eh));
	if (memcmp(eh.e_ident, ELFMAG, 4) || !eh.e_shnum ||
	    eh.e_shstrndx >= eh.e_shnum || eh.e_shoff > size ||
	    (size - eh.e_shoff) / sizeof(sh) < eh.e_shnum)
		return false;
	memcpy(&names, data + eh.e_shoff + eh.e_shstrndx * sizeof(sh),
	       sizeof(sh));
	for (unsigned i = 0; i < eh.e_shnum; i++) {
		memcpy(&sh, data + eh.e_shoff +
			       (i + pick) % eh.e_shnum * sizeof(sh),
		       sizeof(sh));
		if (sh.sh_type == SHT_NOBITS || !sh.sh_size ||
		    sh.sh_offset > size || sh.sh_size > size - sh.sh_offset ||
		    names.sh_offset > size || sh.sh_name > size ||
		    names.sh_offset + sh.sh_name + 10 > size)
			continue;
		const char *name = (const char *)data + names.sh_offset +
				   sh.sh_name;
		if (strncmp(name, ".debug_", 7) && strncmp(name, ".eh_fram", 8))
			continue;
		*out = sh;
		return true;
	}
	return false;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned seed)
{
	uint32_t s = seed;
	Elf64_Shdr sh;
	Elf64_Ehdr eh;

	switch (next_random(&s) % 16) {
	case 0:
		return LLVMFuzzerMutate(data, size, max);
	case 1: /* the section table */
		if (size < sizeof(eh))
			return LLVMFuzzerMutate(data, size, max);
		memcpy(&eh, data, sizeof(eh));
		if (eh.e_shoff < size)
			spoil(data + eh.e_shoff, size - eh.e_shoff, &s);
		return size;
	case 2:
		return size > 64 ? size - next_random(&s) % (size / 2) : size;
	}
	for (unsigned n = 1 + next_random(&s) % 6; n; n--)
		if (section_of(data, size, next_random(&s), &sh))
			spoil(data + sh.sh_offset, sh.sh_size, &s);
	return size;
}

#ifdef FUZZ_MAIN
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max)
{
	return size;
}
#endif

#define FUZZ_MAX (1 << 24)
#include "fuzz_main.h"
