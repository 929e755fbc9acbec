/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Process numbers in containers. The kernel's handlers see the numbers of the
 * initial PID namespace; a session that runs in another one knows its target
 * (-x, the command of -c, itself) only by the numbers of its own.
 */
#ifndef RUN_PIDNS_H
#define RUN_PIDNS_H

#include <sys/types.h>

/*
 * The number in the initial namespace of process `pid`, a number in ours. At
 * no cost when ours is the initial one; else a BPF task iterator (Linux 5.8)
 * is asked. -ESRCH: there is no such process; other -errno: the kernel does
 * not let us look.
 */
pid_t pidns_global(pid_t pid);

#endif
