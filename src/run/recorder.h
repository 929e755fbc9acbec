/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flight recorder in memory (stap -F without -o): a session in the
 * background whose newest output another process keeps until `staprun -A NAME`
 * asks for it.
 */
#ifndef RUN_RECORDER_H
#define RUN_RECORDER_H

#include <stdint.h>
#include <sys/types.h>

struct diag;

/*
 * Splits off two processes: the session's, where this returns 0 with standard
 * output going to the recorder; and the recorder itself, which keeps the last
 * `bytes` of it and never returns. In the caller: the session's pid. -errno;
 * -EADDRINUSE: there is a session of this name.
 */
pid_t run_recorder_start(const char *name, uint64_t bytes);

/*
 * Copies to standard output what the session of this name has said and says,
 * until it ends; SIGINT and SIGTERM end it. The exit status.
 */
int run_recorder_attach(struct diag *d, const char *name);
/* Ends the session and forgets its output. The exit status. */
int run_recorder_remove(struct diag *d, const char *name);

#endif
