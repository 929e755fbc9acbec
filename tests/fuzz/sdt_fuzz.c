// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the reader of static marks: a file, or, when it does not begin as an
 * ELF file, the text of operands, for each architecture.
 *
 * With clang -fsanitize=fuzzer this is a libFuzzer target. Without it
 * (-DFUZZ_MAIN) the program runs each file named on its command line.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/sdt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_args(struct arena *a, uint16_t machine, const char *text)
{
	unsigned n = sdt_count_args(text), seen = 0;
	struct sdt_arg arg;
	const char *why;

	for (;; seen++) {
		bool ok = sdt_next_arg(a, machine, &text, &arg, &why);
		if (!ok && !why)
			break;
		if (ok && (arg.kind > SDT_MEM ||
			   (arg.size != 1 && arg.size != 2 && arg.size != 4 &&
			    arg.size != 8) ||
			   arg.base.off > 264 || arg.index.off > 264))
			abort();
	}
	if (seen != n)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *why = NULL;

	if (size > 4 && !memcmp(data, "\177ELF", 4)) {
		void *copy = arena_memdup(a, data, size);
		struct sdt_file *f = sdt_file_from_memory(a, copy, size, &why);
		uint64_t addr;
		if (!f && !why)
			abort();
		for (uint32_t i = 0; f && i < f->nmarks; i++) {
			read_args(a, f->machine, f->marks[i].args);
			sdt_symbol_addr(f, f->marks[i].name, &addr);
		}
	} else {
		const char *text = arena_strndup(a, (const char *)data, size);
		read_args(a, EM_X86_64, text);
		read_args(a, EM_386, text);
		read_args(a, EM_AARCH64, text);
	}
	arena_free(a);
	return 0;
}

#define FUZZ_MAX (1 << 24)
#include "fuzz_main.h"
