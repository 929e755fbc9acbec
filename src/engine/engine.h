/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The in-process engine: runs a module's handlers without any kernel help
 * (--runtime=user), and is the oracle that other targets are compared with.
 *
 * An engine runs one handler at a time. Different engines may be used from
 * different threads, or in turn. Results are -errno; nothing here ends the
 * process.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "ir/ir.h"

struct engine;
struct rt_native_env; /* native.h */

struct engine_env {
	/* A complete output record (struct wire_record first); 0, or -1 when
	   there was no room and the record is lost. flags: 1: look at once. */
	int (*output)(void *data, const void *record, w_u64 size, w_u32 flags);
	void *data;
	/* Other answers to handlers (process, clocks, memory), given `data`,
	   too; NULL: this process's own. Must outlive the engine. */
	const struct rt_native_env *answers;
	/* Loop iterations and calls that one run may take; 0: no limit. For
	   tests that run code which may not end. */
	uint64_t step_limit;
};

/*
 * The module must pass ir_check(), have its image, and its contexts must be
 * laid out for the sizes of engine_frame_sizes(). It is not used after the
 * call. NULL with errno: EINVAL (no image, heap sizes missing), ENOMEM.
 */
struct engine *engine_new(const struct ir_module *m,
			  const struct engine_env *env);
void engine_free(struct engine *e);

/*
 * What every target does around a handler: enter (in one of `states`, bits
 * 1 << enum rt_state), body, leave. pctx: the bytes that CTXLD reads, zero
 * beyond pctx_len. 0, also when the hit was skipped; -ENOENT: no such
 * handler; -ETIME: step_limit reached, the handler was left in the middle;
 * -ENOSPC, -EFAULT: the frame area is too small, or rt_head was overwritten.
 */
int engine_run_handler(struct engine *e, uint32_t handler, uint32_t states,
		       const void *pctx, size_t pctx_len);

/* The heap; struct rt_head first. Valid until engine_free(). */
void *engine_heap(struct engine *e);

/* For ir_stack_bytes(): each function's frame on this target; out[index]. */
void engine_frame_sizes(const struct ir_module *m, uint32_t *out);

#endif
