/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of procfs probes. BPF has no files in /proc; named pipes stand in for
 * them, in /var/tmp/systemtap-USER/NAME, NAME being the session's name (-m).
 */
#ifndef RUN_PROCFS_H
#define RUN_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/run.h"

struct procfs_file {
	const char *path; /* within the directory */
	bool reads, writes; /* which probes there are */
	uint32_t mode, max_size; /* of a reply */
	int in_fd; /* held open, so that writers need not wait; or -1 */
	/* who writes now: what the pipe was when data came; or -1 */
	int writer_fd;
	/* who reads now, and what is still to be sent */
	int reader_fd;
	char *reply;
	size_t reply_len, sent;
};

struct run_procfs {
	struct run_target *t;
	char *dir;
	int dir_fd; /* locked while the session runs; -1: no procfs probes */
	struct procfs_file *file;
	uint32_t nfiles;
	/* the file whose read handlers run, or NULL */
	struct procfs_file *replying;
};

/* Runs a handler and hands its records over. */
typedef void (*procfs_call)(void *arg, uint32_t handler, uint64_t len);

/*
 * Makes the files, reports what went wrong: 0 or -errno. `name` is the
 * session's.
 */
int run_procfs_init(struct run_procfs *p, struct run_target *t,
		    const char *name, struct diag *d);
void run_procfs_free(struct run_procfs *p);
/* Looks after all files: to be called every few milliseconds. */
void run_procfs_turn(struct run_procfs *p, procfs_call call, void *arg);
/* A read handler sets its value, or adds to it. */
void run_procfs_reply(struct run_procfs *p, const char *text, size_t len,
		      bool append);
static inline bool run_procfs_active(const struct run_procfs *p)
{
	return p->nfiles > 0;
}

#endif
