// SPDX-License-Identifier: GPL-2.0-or-later
/* The command of -c, with real processes. */
#include "unit/run/build_image.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "run/child.h"

static sigset_t no_signals;
static struct sigaction default_pipe = {.sa_handler = SIG_DFL};

static void expect_argv(const char *cmd, const char *const *words)
{
	char **argv;
	int i;

	assert_int_equal(run_argv(cmd, &argv), 0);
	for (i = 0; words[i]; i++)
		assert_string_equal(argv[i], words[i]);
	assert_null(argv[i]);
	run_argv_free(argv);
}

static void simple_commands_need_no_shell(void **state)
{
	expect_argv("ls -l  'a b' \"c d\"",
		    (const char *const[]){"ls", "-l", "a b", "c d", NULL});
	setenv("RUN_CHILD_TEST", "value", 1);
	expect_argv("echo $RUN_CHILD_TEST",
		    (const char *const[]){"echo", "value", NULL});
	expect_argv("sh -c 'kill -9 $$'",
		    (const char *const[]){"sh", "-c", "kill -9 $$", NULL});
	expect_argv("echo \"it's\" \\$",
		    (const char *const[]){"echo", "it's", "$", NULL});
}

static void the_shell_gets_what_only_it_can_do(void **state)
{
	static const char *const cmd[] = {
		"ls | wc -l",	  "a; b",	"echo $(date)",	  "A=1 env",
		"cat <file >out", "echo 'open", "echo $UNSET_XYZ",
		"kill -9 $$",	  "sh -c \"kill -9 $$\""};

	for (size_t i = 0; i < sizeof(cmd) / sizeof(*cmd); i++)
		expect_argv(cmd[i],
			    (const char *const[]){"sh", "-c", cmd[i], NULL});
}

/* Runs cmd to its end; its wait status. */
static int run(const char *cmd)
{
	struct run_child c;
	int status;

	assert_int_equal(run_child_start(&c, cmd, &no_signals, &default_pipe),
			 0);
	assert_int_equal(run_child_go(&c), 0);
	while (!run_child_reap(&c))
		usleep(1000);
	status = c.status;
	assert_true(c.ended);
	run_child_close(&c);
	return status;
}

static void exit_statuses_and_signals_are_seen(void **state)
{
	int status;

	status = run("true");
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	status = run("sh -c 'exit 42'");
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	status = run("exit 7; true");
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	status = run("sh -c 'kill -USR1 $$'");
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
}

static void exec_failures_are_told(void **state)
{
	struct run_child c;

	assert_int_equal(
		run_child_start(&c, "/nonexistent", &no_signals, &default_pipe),
		0);
	assert_int_equal(run_child_go(&c), -ENOENT);
	run_child_close(&c);
	assert_int_equal(
		run_child_start(&c, "/etc/passwd", &no_signals, &default_pipe),
		0);
	assert_int_equal(run_child_go(&c), -EACCES);
	run_child_close(&c);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

/* Before it is let go it is a copy of us, with the pid it will keep. */
static void it_waits_before_exec(void **state)
{
	char link[64], before[256] = "", self[256] = "", comm[64] = "";
	struct run_child c;
	pid_t pid;
	int fd;

	assert_int_equal(
		run_child_start(&c, "sleep 100", &no_signals, &default_pipe),
		0);
	pid = c.pid;
	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	assert_true(readlink(link, before, sizeof(before) - 1) > 0);
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	assert_string_equal(before, self);
	assert_int_equal(run_child_go(&c), 0);
	assert_int_equal(c.pid, pid);
	snprintf(link, sizeof(link), "/proc/%d/comm", pid);
	fd = open(link, O_RDONLY);
	assert_true(read(fd, comm, sizeof(comm) - 1) > 0);
	close(fd);
	assert_string_equal(comm, "sleep\n");
	assert_false(run_child_reap(&c));
	kill(pid, SIGKILL);
	while (!run_child_reap(&c))
		usleep(1000);
	run_child_close(&c);
}

static void it_is_killed_when_it_never_ran(void **state)
{
	struct run_child c;
	pid_t pid;

	assert_int_equal(
		run_child_start(&c, "sleep 100", &no_signals, &default_pipe),
		0);
	pid = c.pid;
	run_child_close(&c);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void a_running_one_survives_close(void **state)
{
	struct run_child c;
	pid_t pid;

	assert_int_equal(
		run_child_start(&c, "sleep 100", &no_signals, &default_pipe),
		0);
	assert_int_equal(run_child_go(&c), 0);
	pid = c.pid;
	run_child_close(&c);
	assert_int_equal(kill(pid, 0), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* When we are killed while it waits, it goes too. */
static void it_dies_with_us_before_it_ran(void **state)
{
	int p[2];
	pid_t us, child = 0;

	assert_int_equal(pipe(p), 0);
	/* Orphans come to us, so that their end can be seen. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	us = fork();
	if (!us) {
		struct run_child c;

		if (run_child_start(&c, "sleep 100", &no_signals,
				    &default_pipe))
			_exit(1);
		if (write(p[1], &c.pid, sizeof(c.pid)) < 0)
			_exit(1);
		pause();
		_exit(1);
	}
	assert_int_equal(read(p[0], &child, sizeof(child)), sizeof(child));
	kill(us, SIGKILL);
	assert_int_equal(waitpid(us, NULL, 0), us);
	assert_int_equal(waitpid(child, NULL, 0), child);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	close(p[0]);
	close(p[1]);
}

/* Whatever we block and ignore, the command starts as from a shell. */
static void it_has_the_signals_of_the_user(void **state)
{
	struct sigaction ign = {.sa_handler = SIG_IGN}, old;
	sigset_t set, before;
	int status;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &before);
	sigaction(SIGPIPE, &ign, &old);
	status = run("grep -q '^SigBlk:.0*$' /proc/self/status");
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	status = run("sh -c 'kill -PIPE $$'");
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
	sigaction(SIGPIPE, &old, NULL);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void shell_commands_run_in_the_background(void **state)
{
	pid_t pid = run_shell("exit 5", &no_signals, &default_pipe);
	int status;

	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(simple_commands_need_no_shell),
		cmocka_unit_test(the_shell_gets_what_only_it_can_do),
		cmocka_unit_test(exit_statuses_and_signals_are_seen),
		cmocka_unit_test(exec_failures_are_told),
		cmocka_unit_test(it_waits_before_exec),
		cmocka_unit_test(it_is_killed_when_it_never_ran),
		cmocka_unit_test(a_running_one_survives_close),
		cmocka_unit_test(it_dies_with_us_before_it_ran),
		cmocka_unit_test(it_has_the_signals_of_the_user),
		cmocka_unit_test(shell_commands_run_in_the_background),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
