/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The BPF target: a module in IR becomes an ordinary BPF ELF object.
 *
 *	sizes = ebpf_frame_sizes(a, m, &opts);
 *	ir_layout_contexts(m, ir_stack_bytes(a, m, sizes, ...), ...);
 *	obj = ebpf_compile(a, d, m, &opts);
 *
 * The IR must not change between the two calls, nor the options.
 *
 * What is in the object:
 *  - one program per handler, or for many of them when there are many, named
 *    as image_handler.name, in the sections
 *    "raw_tp" (IMAGE_PROG_RUN, IMAGE_PROG_RAWTP), "uprobe", "uprobe.s" (an
 *    attach record of the handler says IMAGE_HANDLER_SLEEPABLE), "perf_event",
 *    "kprobe", "fentry/FUNCTION", "fexit/FUNCTION";
 *  - ".text": script functions and the run-time functions they need;
 *  - the heap: the variable EBPF_HEAP alone in ".bss", so a libbpf map of
 *    type ARRAY, one element of heap_size + heap_slack bytes, mmapable. A
 *    loader that cares for memory creates that map itself and gives it to
 *    libbpf with bpf_map__reuse_fd(): libbpf would touch every page of it;
 *  - the ring buffer: EBPF_RING in ".maps"; EBPF_EVENTS and EBPF_TASKS, where
 *    perf counters are read (wire.h, struct rt_counts);
 *  - constant texts, where they are needed: EBPF_TEXTS in ".rodata";
 *  - .BTF, .BTF.ext with the script's lines, "license";
 *  - the image: sections ".stap.*" (read back by run/image_read.h).
 */
#ifndef EBPF_EBPF_H
#define EBPF_EBPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/strbuf.h"
#include "ir/ir.h"

#define EBPF_HEAP "rt_heap"
#define EBPF_RING "rt_ring"
#define EBPF_EVENTS "rt_events"
#define EBPF_TASKS "rt_tasks"
#define EBPF_TEXTS "rt_texts"

struct ebpf_opts {
	/* Loops by may_goto (see EBPF_MAY_GOTO); else by bpf_loop */
	bool may_goto;
	/* 32-bit jumps may be used where 16 bits do not reach (Linux 6.6) */
	bool long_jumps;
	/*
	 * Record CO-RE relocations, for an object that is kept (-p4) and may
	 * meet another kernel. An object for the running kernel does without:
	 * libbpf would have to parse the kernel's BTF.
	 */
	bool core;
	/*
	 * Offset of task_struct.comm in this kernel, for execname() without a
	 * helper; 0: not known, or EBPF_TASK_FIELDS is missing.
	 */
	uint32_t comm_off;
	/*
	 * bpf_preempt_disable() and bpf_preempt_enable() in this kernel's BTF
	 * (see ebpf_preempt_works()), for programs that could be preempted
	 * while they hold a global's lock: other handlers on their CPU would
	 * wait for nothing. 0: not to be used.
	 */
	uint32_t preempt_off, preempt_on;
};

struct ebpf_func; /* for listings, see list.c */

struct ebpf_object {
	const void *data; /* the ELF file */
	size_t size;
	/* how it came about: for ebpf_list() and tests */
	const struct ir_module *module;
	const struct ebpf_func *funcs;
	uint32_t nfuncs;
	uint32_t ninsns; /* instructions of all functions */
	uint32_t nprograms;
};

/*
 * Bytes of frame that each function of the module needs (index: ir_func.index),
 * including spilled registers and the arguments it is called with.
 */
uint32_t *ebpf_frame_sizes(struct arena *a, const struct ir_module *m,
			   const struct ebpf_opts *o);

/*
 * Needs a module that passed ir_check() and whose contexts are laid out.
 * NULL after reporting why (BPF_LIMIT) when the module does not fit into what
 * BPF allows.
 */
struct ebpf_object *ebpf_compile(struct arena *a, struct diag *d,
				 const struct ir_module *m,
				 const struct ebpf_opts *o);

/* 0 or -errno; a partly written regular file is removed. */
int ebpf_write_file(const struct ebpf_object *obj, const char *path);

/* Readable listing: symbols, script lines, instructions. */
void ebpf_list(struct strbuf *out, const struct ebpf_object *obj);

/* ---- what the running kernel can do (features.c) ---- */
enum ebpf_feature {
#define F(id, name, probe) EBPF_##id,
#include "ebpf/features.def"
#undef F
	EBPF_FEATURE_COUNT
};

/*
 * Tries it out on the running kernel, once per process: well under 1 ms.
 * True when it works; otherwise *cause (when not NULL) says why in one line
 * without newline: "...: Operation not permitted (needs CAP_BPF ...)".
 */
bool ebpf_feature(enum ebpf_feature f, const char **cause);
/*
 * EBPF_MAY_GOTO, EBPF_LONG_JUMP: whether the module gains from it, so that a
 * session that does not need not load a program to find out. Wants a module
 * that passed ir_check().
 */
bool ebpf_wants(struct arena *a, const struct ir_module *m,
		enum ebpf_feature f);
const char *ebpf_feature_name(enum ebpf_feature f);
/* Whether a program may read task_struct.comm, at this offset, through the
   pointer that bpf_get_current_task_btf() returns (Linux 5.11). */
bool ebpf_comm_readable(uint32_t comm_off);

/*
 * Whether fentry and fexit programs can be attached here, tried with this
 * function (a FUNC of the kernel's BTF) the first time.
 */
bool ebpf_fentry_works(uint32_t btf_id);

/*
 * Whether programs may call these two kernel functions, ids of vmlinux's BTF,
 * and global functions between them (Linux 6.10 has the two, later ones allow
 * the calls).
 */
bool ebpf_preempt_works(uint32_t off_id, uint32_t on_id);
/* Whether the module has such programs: they take locks, in a context that can
   be preempted. */
bool ebpf_wants_preempt(const struct ir_module *m);

#endif
