/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modules to objects to the kernel, for the tests of the BPF back end. */
#ifndef UNIT_EBPF_UTIL_H
#define UNIT_EBPF_UTIL_H

#include "../../bpf_usable.h"
#include "unit/ir/ir_util.h"

#include "ebpf/ebpf.h"
#include "ebpf_load.h"

#define OUT 3072u /* heap offset of @out in the programs here */

/* Lays out the module's contexts again, for BPF frames. */
static inline void ebpf_util_layout(struct arena *a, struct ir_module *m,
				    const struct ebpf_opts *o)
{
	uint32_t *sizes;

	if (!m->image)
		util_image(a, m);
	m->image->version = WIRE_VERSION;
	m->image->ringbuf_size = 65536;
	m->image->strings = "";
	m->image->nstrings = 1;
	sizes = ebpf_frame_sizes(a, m, o);
	assert_true(ir_layout_contexts(
		m, ir_stack_bytes(a, m, sizes, UTIL_MAX_NESTING), 4096, 4));
}

static inline struct ebpf_object *ebpf_util_compile(struct arena *a,
						    struct ir_module *m,
						    const struct ebpf_opts *o)
{
	struct diag *d = diag_new(a, (struct diag_opts){0});
	struct ebpf_object *obj;

	ebpf_util_layout(a, m, o);
	obj = ebpf_compile(a, d, m, o);
	diag_flush(d, stderr);
	return obj;
}

/* Compiles the module and loads it; fails the test when either fails. */
static inline struct ebpf_object *ebpf_util_load(struct arena *a,
						 struct ir_module *m,
						 bool may_goto,
						 struct ebpf_loaded *l)
{
	struct ebpf_opts o = {.may_goto = may_goto, .long_jumps = true};
	struct ebpf_object *obj = ebpf_util_compile(a, m, &o);

	assert_non_null(obj);
	assert_int_equal(ebpf_load(l, obj->data, obj->size, m->image), 0);
	return obj;
}

/* Skips the test where no program can be loaded; first in a test, before it
   holds anything. */
static inline void ebpf_util_need_bpf(void)
{
	const char *cause;

	if (tests_bpf_unusable())
		skip();
	if (!ebpf_feature(EBPF_PERMISSION, &cause)) {
		print_message("SKIP: %s\n", cause);
		skip();
	}
}

/* True, with a word why, when this kind of loop is not known here. */
static inline bool ebpf_util_skip(bool may_goto)
{
	const char *cause;

	ebpf_util_need_bpf();
	if (ebpf_feature(may_goto ? EBPF_MAY_GOTO : EBPF_BPF_LOOP, &cause))
		return false;
	print_message("SKIP: %s\n", cause);
	return true;
}

#endif
