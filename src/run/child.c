// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wordexp.h>

static int shell_argv(const char *cmd, char ***argv)
{
	char **v = calloc(4, sizeof(*v));

	if (!v)
		return -ENOMEM;
	v[0] = strdup("sh");
	v[1] = strdup("-c");
	v[2] = strdup(cmd);
	if (!v[0] || !v[1] || !v[2]) {
		run_argv_free(v);
		return -ENOMEM;
	}
	*argv = v;
	return 0;
}

/* "A=1 cmd" is an assignment for the shell, not a program's name. */
static bool is_assignment(const char *word)
{
	size_t n = strcspn(word, "=/");

	return n && word[n] == '=';
}

/* $$ that is not quoted: wordexp() would put in the pid of this process. */
static bool asks_pid(const char *cmd)
{
	bool in_double = false;

	for (const char *s = cmd; *s; s++) {
		if (*s == '\\' && s[1])
			s++;
		else if (*s == '"')
			in_double = !in_double;
		else if (*s == '$' && s[1] == '$')
			return true;
		else if (*s == '\'' && !in_double) {
			s = strchr(s + 1, '\'');
			if (!s)
				return false;
		}
	}
	return false;
}

int run_argv(const char *cmd, char ***argv)
{
	wordexp_t w;
	char **v;

	/* Whatever wordexp() does not take, pipes or $(...) or an unset
	   variable, is for the shell to do or to complain about. */
	if (asks_pid(cmd) || wordexp(cmd, &w, WRDE_NOCMD | WRDE_UNDEF))
		return shell_argv(cmd, argv);
	if (!w.we_wordc || is_assignment(w.we_wordv[0])) {
		wordfree(&w);
		return shell_argv(cmd, argv);
	}
	v = calloc(w.we_wordc + 1, sizeof(*v));
	for (size_t i = 0; v && i < w.we_wordc; i++) {
		v[i] = strdup(w.we_wordv[i]);
		if (!v[i]) {
			run_argv_free(v);
			v = NULL;
		}
	}
	wordfree(&w);
	if (!v)
		return -ENOMEM;
	*argv = v;
	return 0;
}

void run_argv_free(char **argv)
{
	for (char **p = argv; argv && *p; p++)
		free(*p);
	free(argv);
}

static void restore_signals(const sigset_t *mask,
			    const struct sigaction *sigpipe)
{
	sigaction(SIGPIPE, sigpipe, NULL);
	sigprocmask(SIG_SETMASK, mask, NULL);
}

static _Noreturn void child_main(char **argv, const sigset_t *mask,
				 const struct sigaction *sigpipe, pid_t parent,
				 int go_fd, int exec_fd)
{
	char go;
	ssize_t n;

	/* Until it is let go, it is nothing without us. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	do
		n = read(go_fd, &go, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(127);
	prctl(PR_SET_PDEATHSIG, 0);
	restore_signals(mask, sigpipe);
	execvp(argv[0], argv);

	int err = errno;

	while (write(exec_fd, &err, sizeof(err)) < 0 && errno == EINTR)
		;
	_exit(127);
}

int run_child_start(struct run_child *c, const char *cmd, const sigset_t *mask,
		    const struct sigaction *sigpipe)
{
	int go[2], ex[2], err;
	pid_t parent = getpid(), pid;
	char **argv = NULL;

	err = run_argv(cmd, &argv);
	if (err)
		return err;
	if (pipe2(go, O_CLOEXEC)) {
		err = -errno;
		goto out_argv;
	}
	if (pipe2(ex, O_CLOEXEC)) {
		err = -errno;
		goto out_go;
	}
	pid = fork();
	if (pid < 0) {
		err = -errno;
		close(ex[0]);
		close(ex[1]);
		goto out_go;
	}
	if (!pid) {
		/* Or it would never see that we are gone. */
		close(go[1]);
		close(ex[0]);
		child_main(argv, mask, sigpipe, parent, go[0], ex[1]);
	}
	close(go[0]);
	close(ex[1]);
	run_argv_free(argv);
	*c = (struct run_child){.pid = pid, .go_fd = go[1], .exec_fd = ex[0]};
	return 0;
out_go:
	close(go[0]);
	close(go[1]);
out_argv:
	run_argv_free(argv);
	return err;
}

int run_child_go(struct run_child *c)
{
	int err = 0;
	ssize_t n;

	do
		n = write(c->go_fd, "g", 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		err = -errno;
	close(c->go_fd);
	c->go_fd = -1;
	c->released = true;
	if (!err) {
		int exec_errno;

		do
			n = read(c->exec_fd, &exec_errno, sizeof(exec_errno));
		while (n < 0 && errno == EINTR);
		if (n == sizeof(exec_errno))
			err = -exec_errno;
	}
	close(c->exec_fd);
	c->exec_fd = -1;
	return err;
}

bool run_child_reap(struct run_child *c)
{
	pid_t got;

	if (!c->pid || c->ended)
		return c->ended;
	do
		got = waitpid(c->pid, &c->status, WNOHANG);
	while (got < 0 && errno == EINTR);
	c->ended = got == c->pid;
	return c->ended;
}

void run_child_close(struct run_child *c)
{
	if (!c->pid)
		return;
	if (c->go_fd >= 0)
		close(c->go_fd);
	if (c->exec_fd >= 0)
		close(c->exec_fd);
	if (!c->released && !c->ended) {
		kill(c->pid, SIGKILL);
		while (waitpid(c->pid, &c->status, 0) < 0 && errno == EINTR)
			;
		c->ended = true;
	}
	c->go_fd = c->exec_fd = -1;
	c->pid = 0;
}

pid_t run_shell(const char *cmd, const sigset_t *mask,
		const struct sigaction *sigpipe)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid) {
		restore_signals(mask, sigpipe);
		execl("/bin/sh", "sh", "-c", cmd, (char *)NULL);
		_exit(127);
	}
	return pid;
}
