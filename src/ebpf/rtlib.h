/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run-time library as BPF instructions. The tables are made by
 * tools/rtembed from what clang produced (build/gen/rtlib.c).
 */
#ifndef EBPF_RTLIB_H
#define EBPF_RTLIB_H

#include <stdint.h>

/* The runtime's heap mask as it is compiled (RT_MASK_MAGIC in rt_bpf code);
   replaced by heap_size - 1 when an object is written. */
#define RTLIB_MASK_MAGIC 0x1ffffff7
/* Offset of task_struct.comm in rt_i_execname_task(), of its first and second
   eight bytes; replaced likewise. */
#define RTLIB_COMM_MAGIC 0x7ff0

enum rtlib_reloc_kind {
	RTLIB_CALL, /* call of function `target` */
	RTLIB_FUNC, /* ld_imm64 of the address of function `target`: a
		       callback of bpf_loop */
	RTLIB_HEAP, /* ld_imm64 of the heap's address; imm holds an addend */
	RTLIB_RING, /* ld_imm64 of the ring buffer map */
	RTLIB_MASK, /* imm is the heap mask */
	RTLIB_EVENTS, /* ld_imm64 of the map of perf events */
	RTLIB_TASKS, /* ld_imm64 of the map of struct rt_counts */
	RTLIB_TEXT, /* ld_imm64 of a byte of RTLIB_TEXTS; imm says which */
};

/* What the library refers to as rt_texts: constants of which a helper wants to
   see that they are. */
#define RTLIB_TEXTS "%ps\0%pS"

struct rtlib_reloc {
	uint32_t insn;	 /* index in the function */
	uint16_t kind;	 /* enum rtlib_reloc_kind */
	uint16_t target; /* index of a function of the same variant */
};

struct rtlib_func {
	const char *name;		  /* "rt_map_find" */
	const uint64_t *insns;		  /* struct bpf_insn each */
	const struct rtlib_reloc *relocs; /* by rising insn */
	uint32_t ninsns, nrelocs;
	uint8_t nargs;
	uint8_t returns_void;
	uint8_t is_static; /* static in C: callbacks and what clang left */
};

struct rtlib {
	const struct rtlib_func *funcs;
	uint32_t nfuncs;
};

extern const struct rtlib rtlib_maygoto;
extern const struct rtlib rtlib_bpfloop;

#endif
