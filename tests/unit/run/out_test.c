// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit/run/build_image.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "run/out.h"

static void everything_written_arrives_once(void **state)
{
	int fd = capture_fd();
	struct run_out o;
	size_t total = 0;
	const char *text;

	assert_int_equal(run_out_init(&o, fd), 0);
	for (int i = 0; i < 50000; i++) {
		char line[16];
		int n = snprintf(line, sizeof(line), "%d\n", i);

		run_out_write(&o, line, (size_t)n);
		total += (size_t)n;
	}
	assert_int_equal(run_out_close(&o), 0);
	text = captured(fd);
	assert_int_equal(strlen(text), total);
	for (int i = 0; i < 50000; i++) {
		char *end;

		assert_int_equal(strtol(text, &end, 10), i);
		text = end + 1;
	}
	close(fd);
}

static void a_piece_may_be_larger_than_the_buffer(void **state)
{
	size_t n = 1 << 20;
	char *big = malloc(n + 1);
	int fd = capture_fd();
	struct run_out o;

	memset(big, 'b', n);
	big[n] = 0;
	assert_int_equal(run_out_init(&o, fd), 0);
	run_out_write(&o, "a", 1);
	run_out_write(&o, big, n);
	run_out_write(&o, "c", 1);
	assert_int_equal(run_out_close(&o), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), (off_t)n + 2);
	assert_int_equal(captured(fd)[n + 1], 'c');
	free(big);
	close(fd);
}

static void errors_stay_and_are_counted(void **state)
{
	struct run_out o;
	int fd = open("/dev/full", O_WRONLY);

	assert_int_equal(run_out_init(&o, fd), 0);
	run_out_write(&o, "12345", 5);
	assert_int_equal(run_out_flush(&o), -ENOSPC);
	run_out_write(&o, "678", 3);
	assert_int_equal(run_out_flush(&o), -ENOSPC);
	assert_int_equal(o.discarded, 8);
	run_out_close(&o);
	close(fd);
}

static void a_closed_pipe_is_an_error_not_a_signal(void **state)
{
	struct run_out o;
	int p[2];

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(p), 0);
	close(p[0]);
	assert_int_equal(run_out_init(&o, p[1]), 0);
	run_out_write(&o, "x", 1);
	assert_int_equal(run_out_flush(&o), -EPIPE);
	run_out_close(&o);
	close(p[1]);
	signal(SIGPIPE, SIG_DFL);
}

static int blocked;

/* Reads some on the third time: then writing goes on. */
static int when_blocked(void *arg, int fd)
{
	char sink[65536];

	if (++blocked % 3)
		return 0;
	assert_true(read(*(int *)arg, sink, sizeof(sink)) > 0);
	return 0;
}

static int give_up(void *arg, int fd)
{
	return -EINTR;
}

static void a_full_pipe_asks_instead_of_blocking(void **state)
{
	char text[8192];
	struct run_out o;
	int p[2];

	memset(text, 'x', sizeof(text));
	assert_int_equal(pipe(p), 0);
	assert_int_equal(run_out_init(&o, p[1]), 0);
	o.on_block = when_blocked;
	o.arg = &p[0];
	for (int i = 0; i < 100; i++)
		run_out_write(&o, text, sizeof(text));
	assert_int_equal(run_out_flush(&o), 0);
	assert_int_equal(o.written, 100 * sizeof(text));
	assert_true(blocked >= 3);
	/* the pipe still holds something, and never has room for all this */
	o.on_block = give_up;
	for (int i = 0; i < 100; i++)
		run_out_write(&o, text, sizeof(text));
	assert_int_equal(run_out_flush(&o), -EINTR);
	assert_int_equal(o.written + o.discarded, 200 * sizeof(text));
	run_out_close(&o);
	close(p[0]);
	close(p[1]);
}

static bool exists(const char *dir, int n)
{
	char name[128];

	snprintf(name, sizeof(name), "%s/out.%d", dir, n);
	return !access(name, F_OK);
}

/* -S SIZE,N: the next file after SIZE bytes, the N newest stay. */
static void files_are_switched_and_the_oldest_removed(void **state)
{
	char dir[] = "/tmp/run-out-XXXXXX", pattern[64], name[128];
	struct run_out o;

	assert_non_null(mkdtemp(dir));
	snprintf(pattern, sizeof(pattern), "%s/out", dir);
	assert_int_equal(run_out_open(&o, pattern, false, 100, 2), 0);
	for (int i = 0; i < 5; i++) {
		char text[60];

		memset(text, '0' + i, sizeof(text));
		run_out_write(&o, text, sizeof(text));
		run_out_flush(&o);
		run_out_write(&o, text, sizeof(text));
		run_out_flush(&o);
	}
	assert_int_equal(run_out_close(&o), 0);
	/* 0 .. 4 with 120 bytes each, and 5, empty */
	for (int i = 0; i < 4; i++)
		assert_false(exists(dir, i));
	assert_true(exists(dir, 4));
	assert_true(exists(dir, 5));
	assert_false(exists(dir, 6));
	for (int i = 4; i < 6; i++) {
		snprintf(name, sizeof(name), "%s/out.%d", dir, i);
		unlink(name);
	}
	rmdir(dir);
}

static void append_keeps_what_is_there(void **state)
{
	char name[] = "/tmp/run-out-XXXXXX";
	int fd = mkstemp(name);
	struct run_out o;

	assert_int_equal(write(fd, "old\n", 4), 4);
	assert_int_equal(run_out_open(&o, name, true, 0, 0), 0);
	run_out_write(&o, "new\n", 4);
	assert_int_equal(run_out_close(&o), 0);
	assert_string_equal(captured(fd), "old\nnew\n");
	assert_int_equal(run_out_open(&o, name, false, 0, 0), 0);
	assert_int_equal(run_out_close(&o), 0);
	assert_string_equal(captured(fd), "");
	close(fd);
	unlink(name);
}

static void a_directory_is_no_output_file(void **state)
{
	struct run_out o;

	assert_int_equal(run_out_open(&o, "/tmp", false, 0, 0), -EISDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_written_arrives_once),
		cmocka_unit_test(a_piece_may_be_larger_than_the_buffer),
		cmocka_unit_test(errors_stay_and_are_counted),
		cmocka_unit_test(a_closed_pipe_is_an_error_not_a_signal),
		cmocka_unit_test(a_full_pipe_asks_instead_of_blocking),
		cmocka_unit_test(files_are_switched_and_the_oldest_removed),
		cmocka_unit_test(append_keeps_what_is_there),
		cmocka_unit_test(a_directory_is_no_output_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
