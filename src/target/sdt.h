/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Static marks (SDT): what <sys/sdt.h> leaves in a program's .note.stapsdt,
 * and where the arguments of a mark lie when it is hit.
 */
#ifndef TARGET_SDT_H
#define TARGET_SDT_H

#include "target/elf.h"

struct sdt_mark {
	const char *provider, *name;
	const char *args;  /* operand texts, as sdt_next_arg() reads them */
	uint64_t addr;	   /* virtual address in the file */
	uint64_t file_off; /* where a uprobe goes */
	uint64_t sem_off;  /* file offset of the semaphore, 0: it has none */
};

struct sdt_symbol {
	const char *name;
	uint64_t addr;
};

struct sdt_file {
	/* By provider, name and address. */
	struct sdt_mark *marks;
	uint32_t nmarks;
	/* Notes left out: damaged, or outside of the file's code. */
	uint32_t n_bad;
	/* Data and functions by name: operands may name them. */
	struct sdt_symbol *symbols;
	uint32_t nsymbols;
	uint16_t machine;
	bool fixed; /* addresses are those at run time (not PIE) */
};

/* NULL: *why. A file without marks is no failure. */
struct sdt_file *sdt_file_read(struct arena *a, const char *path,
			       const char **why);
/* The same of a file in memory (fuzzing, tests). */
struct sdt_file *sdt_file_from_memory(struct arena *a, void *data, size_t len,
				      const char **why);
bool sdt_symbol_addr(const struct sdt_file *f, const char *name,
		     uint64_t *addr);

/* A register as the probe's struct pt_regs holds it. */
struct sdt_reg {
	uint16_t off;  /* bytes from its start */
	uint8_t size;  /* 1, 2, 4, 8; 0: none */
};

/*
 * One operand: an immediate (disp), a register (base), or memory at
 * disp + symbol + base + index * scale.
 */
struct sdt_arg {
	enum { SDT_IMM, SDT_REG, SDT_MEM } kind;
	uint8_t size; /* of the argument in bytes */
	bool is_signed, is_float;
	int64_t disp;
	const char *symbol; /* or NULL */
	bool pc_relative;   /* the symbol is reached from the program counter:
			       its address needs the load bias */
	struct sdt_reg base, index;
	uint8_t scale; /* 1, 2, 4, 8 */
	uint8_t addr_size; /* of an address: 4 or 8 */
};

/*
 * Reads the operand at *text ("-4@8(%rsp)") and moves on behind it. False at
 * the end of the text (then *why is NULL), or when it cannot be read; the text
 * has moved on nevertheless.
 */
bool sdt_next_arg(struct arena *a, uint16_t machine, const char **text,
		  struct sdt_arg *out, const char **why);
/* How many operands the text holds. */
unsigned sdt_count_args(const char *text);

#endif
