/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The linkage table of a program: through which of its entries it calls the
   functions of libraries. */
#ifndef TARGET_PLT_H
#define TARGET_PLT_H

#include "target/elf.h"

struct plt_entry {
	const char *name;  /* of the function called */
	uint64_t addr;	   /* of the entry, a virtual address in the file */
	uint64_t file_off; /* where a uprobe goes */
};

struct plt_table {
	VEC(struct plt_entry) v; /* by name */
};

/* False: *why. A table may be empty (bound at start: -fno-plt, static). */
bool plt_read(struct arena *a, const struct elf_file *f, struct plt_table *out,
	      const char **why);
/* The same of a file in memory (fuzzing, tests). */
bool plt_read_memory(struct arena *a, const struct elf_file *f, void *data,
		     size_t len, struct plt_table *out, const char **why);

#endif
