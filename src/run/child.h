/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command of -c: started stopped, let go when the probes are armed. */
#ifndef RUN_CHILD_H
#define RUN_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct run_child {
	pid_t pid;   /* 0: none */
	int go_fd;   /* writing one byte lets it exec; -1: done */
	int exec_fd; /* tells errno when exec failed */
	bool released;
	bool ended;
	int status; /* waitpid(2), when ended */
};

/*
 * How a command line is run: argv of the words, when it needs no shell (so
 * that target() is the program itself), else { "sh", "-c", cmd }. Free with
 * run_argv_free(). -errno.
 */
int run_argv(const char *cmd, char ***argv);
void run_argv_free(char **argv);

/*
 * Forks; the child waits before exec. Its signal mask is set to `mask`, and
 * SIGPIPE as `sigpipe` says. When this process dies before run_child_go() the
 * child dies too; afterwards it lives on. -errno.
 */
int run_child_start(struct run_child *c, const char *cmd, const sigset_t *mask,
		    const struct sigaction *sigpipe);
/* Lets it go and waits until it runs the command: 0, or -errno of exec. */
int run_child_go(struct run_child *c);
/* Takes its exit status if it has ended; true when it has. */
bool run_child_reap(struct run_child *c);
/* Kills it if it was never let go, and closes the descriptors. */
void run_child_close(struct run_child *c);

/* sh -c cmd in the background, reaped by the caller. pid, or -errno. */
pid_t run_shell(const char *cmd, const sigset_t *mask,
		const struct sigaction *sigpipe);

#endif
