/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has to be known of a processor: where struct pt_regs keeps the
 * registers, what scripts call them, how DWARF numbers them, and which of them
 * carry arguments and results of C functions.
 */
#ifndef TARGET_ARCH_H
#define TARGET_ARCH_H

#include <stdbool.h>
#include <stdint.h>

struct arch_reg {
	const char *name; /* as register() takes it: "rdi", "edi", "x0" */
	uint16_t off;	  /* in struct pt_regs */
	uint8_t size;	  /* bytes, from the register's low end */
	int8_t dwarf;	  /* number in DWARF (full registers), or -1 */
};

struct arch {
	const char *name; /* as target_arch() has it */
	const struct arch_reg *regs;
	uint32_t nregs;
	const uint16_t *arg; /* offsets of the argument registers */
	uint32_t nargs;
	uint16_t ret, ret2; /* of results: low and high word */
	uint16_t pc, sp, fp;
	/* Address of an argument that is no longer in a register, from the
	   stack pointer at a function's first instruction. */
	uint16_t stack_args;
	/* At a function's first instruction the return address lies at sp, or
	   (false) in the register `link`. */
	bool return_on_stack;
	uint16_t link;
};

/* NULL: not known. */
const struct arch *arch_find(const char *name);
/* The one this program was built for. */
const struct arch *arch_native(void);
const struct arch_reg *arch_reg_named(const struct arch *a, const char *name);
/* The full register of this DWARF number. */
const struct arch_reg *arch_reg_dwarf(const struct arch *a, unsigned number);

#endif
