/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The in-process engine as an executor of a session (--runtime=user). */
#ifndef DRIVER_ENGINE_TARGET_H
#define DRIVER_ENGINE_TARGET_H

#include "ir/ir.h"
#include "run/run.h"

/*
 * The module must be checked and laid out for engine_frame_sizes(). limit:
 * bytes of records that may wait to be read; more are lost, and counted. 0, or
 * -errno.
 */
int engine_target_open(const struct ir_module *m, size_t limit,
		       struct run_target **out);

#endif
