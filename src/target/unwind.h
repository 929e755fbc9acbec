/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the frames of a program's functions are left, from .eh_frame. */
#ifndef TARGET_UNWIND_H
#define TARGET_UNWIND_H

#include "target/elf.h"

enum unwind_cfa {
	UNWIND_NONE, /* not known */
	UNWIND_SP,
	UNWIND_BP,
	UNWIND_END,   /* the outermost frame */
	UNWIND_SIGNAL, /* made by the kernel: see struct rt_unwind */
};

/* Valid from addr (virtual, in the file) up to the next row. Offsets from the
   canonical frame address; 0: the register was not saved. */
struct unwind_row {
	uint64_t addr;
	enum unwind_cfa cfa;
	int32_t cfa_off, bp_off, ra_off;
};

struct unwind_table {
	VEC(struct unwind_row) v; /* by address */
};

/* False: the file has none that can be read. */
bool unwind_read(struct arena *a, const char *path, struct unwind_table *out);
/* The same of a file in memory (fuzzing, tests). */
bool unwind_read_memory(struct arena *a, void *data, size_t len,
			struct unwind_table *out);

#endif
