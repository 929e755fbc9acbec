/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Process numbers in containers. The kernel's handlers see the numbers of the
 * initial PID namespace; a session that runs in another one knows its target
 * (-x, the command of -c, itself) only by the numbers of its own.
 */
#ifndef RUN_PIDNS_H
#define RUN_PIDNS_H

#include <stdint.h>

/*
 * Replaces each of the n numbers, which are of our namespace, by the one that
 * the process has in the initial namespace; 0 stays. At no cost when ours is
 * the initial one; else a BPF task iterator (Linux 5.8) is asked. -ESRCH: there
 * is no such process; other -errno: the kernel does not let us look. Then
 * *failed is the index of the number that could not be replaced; those before
 * it are.
 */
int pidns_global(uint32_t *pids, unsigned n, unsigned *failed);

#endif
