/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A translated script in memory: what pass 3 hands to pass 4 and 5. For the
 * BPF target it is also written into the ELF object (sections named .stap.*,
 * see ebpf/object.c) and read back by staprun (run/image_read.c); the
 * in-process engine takes it together with the IR.
 *
 * Strings are offsets into `strings` (NUL-terminated, offset 0 is "").
 */
#ifndef WIRE_IMAGE_H
#define WIRE_IMAGE_H

#include "wire/wire.h"

/* One part of a printf format: literal text, then a directive. */
struct image_part {
	w_u32 literal, literal_len; /* in strings */
	struct wire_spec spec; /* conv 0: none */
};

struct image_format {
	w_u32 first_part, nparts; /* in parts[] */
	w_u32 nargs;
};

/* Where an error can come from. */
struct image_loc {
	w_u32 file; /* in strings */
	w_u32 line, col;
	w_u32 what; /* in strings: "operator '/'", "identifier 'foo'" */
};

/* A probe handler: one program. */
enum image_prog_type {
	IMAGE_PROG_RUN, /* begin, end, timers: run by the runner; its argument
			   IMAGE_RUN_ARG is the handler's number */
	IMAGE_PROG_RAWTP,
	IMAGE_PROG_UPROBE,
	IMAGE_PROG_PERF,
	IMAGE_PROG_KPROBE, /* struct pt_regs */
	IMAGE_PROG_FENTRY, /* arguments by number; no registers */
	IMAGE_PROG_FEXIT, /* the same, and IMAGE_CTX_RETVAL */
	IMAGE_PROG_NETFILTER, /* two pointers: struct nf_hook_state, sk_buff */
	IMAGE_PROG_ITERATOR, /* arguments as RAWTP; run where the kernel's
				__traceiter_NAME begins, which calls the
				handlers of a tracepoint */
	IMAGE_PROG_TYPES
};

/* Probe context of FENTRY and FEXIT: argument i at 8 * i, and the function's
   result here. */
#define IMAGE_CTX_RETVAL 1024u

#define IMAGE_RUN_ARG 11u
struct image_handler {
	w_u32 name; /* in strings: C identifier of its program, "probe_0"; many
		       handlers may share one */
	w_u32 point; /* in strings: probe point as written by the user */
	w_u32 pp; /* in strings: pp(), the derived probe point */
	w_u32 prog_type; /* enum image_prog_type */
	w_u32 file, line, col; /* of the probe in the script */
	w_u32 flags; /* IMAGE_HANDLER_* */
};
#define IMAGE_HANDLER_INTERRUPTIBLE 1u /* begin, end, timers: the larger
					  MAXACTION */
#define IMAGE_HANDLER_SITE 2u /* several places, and it asks which: the cookie of
				 the attachment tells (rt_ctx.site) */
#define IMAGE_HANDLER_SLEEPABLE 4u /* of a UPROBE program: reads memory of the
				      process, whose pages may be absent */
#define IMAGE_HANDLER_REGS 8u	/* asks for the registers at the hit */
#define IMAGE_HANDLER_KSTACK 16u /* asks for the kernel's stack at the hit */
/* Session states (enum rt_state) in which the handler runs: begin RT_STARTING,
   end and error RT_ENDING. None given: only RT_RUNNING. */
#define IMAGE_HANDLER_STATE(state) (0x100u << (state))
#define IMAGE_HANDLER_STATES(flags) \
	((flags) >> 8 & 0xffu ? (flags) >> 8 & 0xffu : 1u << RT_RUNNING)

#define WIRE_SLACK_MAX (1u << 24)

struct image {
	w_u32 version; /* WIRE_VERSION */
	w_u32 name; /* in strings: module name, "stap_<hash>" */
	/* heap: init bytes, the rest is zero */
	w_u32 heap_size; /* power of two */
	w_u32 heap_slack; /* bytes after it that may be touched; at most
			     WIRE_SLACK_MAX */
	w_u32 heap_init_len;
	w_u32 ringbuf_size; /* bytes, power of two, >= page */
	w_u32 nstrings; /* bytes */
	w_u32 nparts, nformats, nlocs, nhandlers, nattach;
	const w_u8 *heap_init;
	const char *strings;
	const struct image_part *parts;
	const struct image_format *formats;
	const struct image_loc *locs;
	const struct image_handler *handlers;
	const struct wire_attach *attach;
	/* release and build-id of the kernel it was translated for */
	w_u32 kernel_release, arch; /* in strings */
	w_u32 kernel_id; /* in strings: its build-id in hexadecimal, or "" */
};

/* Has any handler one of these IMAGE_HANDLER_ flags? */
static inline int image_any_handler(const struct image *image, w_u32 flags)
{
	for (w_u32 i = 0; i < image->nhandlers; i++)
		if (image->handlers[i].flags & flags)
			return 1;
	return 0;
}

#endif
