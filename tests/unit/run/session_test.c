// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A session with an executor that only writes down what is asked of it: the
 * order of things, what ends it, and what it makes of failures.
 */
#include "unit/run/build_image.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "run/pidns.h"
#include "run/run.h"

struct fake;
typedef void (*handler_fn)(struct fake *f, const uint64_t *args,
			   unsigned nargs);

struct fake {
	struct run_target t;
	struct image_builder *b;
	handler_fn fn[16];
	char log[1024]; /* what happened, in order */
	struct rec queue[8];
	uint32_t nqueue;
	pthread_mutex_t queue_lock; /* a record is there whole, or not at all */
	int attach_error;
	uint32_t nattached, kernel_missed;
	int printed; /* records handed over; read by a running handler */
	void (*on_consume)(struct fake *f);
	bool fail_handlers;
	/* the session */
	struct run_opts o;
	struct run_result r;
	struct arena *arena;
	int out_fd, err_fd;
	bool closed;
	const char *wrong; /* see EXPECT() */
};

/*
 * What is asked inside of a session, perhaps in its helper thread, must not
 * leave it by longjmp as a failed assertion does: run() fails afterwards.
 */
#define EXPECT(f, cond)                                                        \
	((cond) || (f)->wrong ? (void)0                                        \
			      : (void)((f)->wrong = __FILE__ ": " #cond))

static void note(struct fake *f, const char *what)
{
	size_t n = strlen(f->log);

	snprintf(f->log + n, sizeof(f->log) - n, "%s%s", n ? " " : "", what);
}

static struct fake *of(struct run_target *t)
{
	return (struct fake *)t;
}

/* ---- the executor ---- */

static int fake_run_handler(struct run_target *t, uint32_t handler,
			    const uint64_t *args, unsigned nargs)
{
	struct fake *f = of(t);
	const struct image_handler *h = &f->b->handlers[handler];

	if (f->fail_handlers)
		return -EINVAL;
	note(f, f->b->strings + h->point);
	if (f->fn[handler])
		f->fn[handler](f, args, nargs);
	return 0;
}

static int fake_attach(struct run_target *t, struct diag *d,
		       const uint32_t *index, uint32_t n)
{
	note(of(t), "attach");
	of(t)->nattached = n;
	EXPECT(of(t), t->heap->state == RT_STARTING);
	if (of(t)->attach_error)
		diag_report(d, RUN_ATTACH, LOC_NONE, NULL, "here", "no");
	return of(t)->attach_error;
}

static void fake_detach(struct run_target *t)
{
	EXPECT(of(t), t->heap->state >= RT_STOPPING || of(t)->attach_error);
	note(of(t), "detach");
}

static int fake_consume(struct run_target *t, run_record_fn fn, void *arg,
			size_t max)
{
	struct fake *f = of(t);
	uint32_t n;

	if (f->on_consume && t->heap->state == RT_RUNNING)
		f->on_consume(f);
	pthread_mutex_lock(&f->queue_lock);
	n = __atomic_exchange_n(&f->nqueue, 0, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < n; i++)
		fn(arg, f->queue[i].b, f->queue[i].len);
	pthread_mutex_unlock(&f->queue_lock);
	__atomic_add_fetch(&f->printed, (int)n, __ATOMIC_SEQ_CST);
	return (int)n;
}

static int fake_record_fd(struct run_target *t)
{
	return -1;
}

static uint64_t fake_missed(struct run_target *t)
{
	return of(t)->kernel_missed;
}

static void fake_close(struct run_target *t)
{
	note(of(t), "close");
	of(t)->closed = true;
}

static const struct run_target_ops fake_ops = {
	.run_handler = fake_run_handler,
	.attach = fake_attach,
	.detach = fake_detach,
	.consume = fake_consume,
	.record_fd = fake_record_fd,
	.missed = fake_missed,
	.close = fake_close,
};

static struct fake *fake_new(void)
{
	struct fake *f = calloc(1, sizeof(*f));

	f->b = image_new();
	f->arena = arena_new();
	pthread_mutex_init(&f->queue_lock, NULL);
	f->out_fd = capture_fd();
	f->err_fd = capture_fd();
	f->t = (struct run_target){.ops = &fake_ops,
				   .image = &f->b->img,
				   .heap = (void *)f->b->heap,
				   .heap_len = sizeof(f->b->heap),
				   .realtime_clock = CLOCK_MONOTONIC,
				   .asynchronous = true};
	f->o = (struct run_opts){
		.image = &f->b->img,
		.target = &f->t,
		.diag = diag_new(f->arena, (struct diag_opts){.show_tag = true}),
		.out_fd = f->out_fd,
		.err_fd = f->err_fd,
		.timeout_s = 20, /* no test hangs */
	};
	return f;
}

static uint32_t add(struct fake *f, uint32_t kind, const char *point,
		    int64_t order, handler_fn fn)
{
	uint32_t h = image_probe(f->b, kind, point, order);

	f->fn[h] = fn;
	return h;
}

static int run(struct fake *f)
{
	int status = run_session(&f->o, &f->r);

	if (f->wrong)
		fail_msg("in the session: not true: %s", f->wrong);
	assert_int_equal(status, f->r.exit_status);
	assert_true(f->closed);
	return status;
}

static void fake_free(struct fake *f)
{
	close(f->out_fd);
	close(f->err_fd);
	arena_free(f->arena);
	free(f->b);
	free(f);
}

/* ---- handlers ---- */

static void put_record(struct fake *f, const struct rec *r)
{
	pthread_mutex_lock(&f->queue_lock);
	EXPECT(f, f->nqueue < 8);
	if (f->nqueue < 8)
		f->queue[f->nqueue++] = *r;
	f->t.heap->counters[WIRE_CNT_RECORDS]++;
	pthread_mutex_unlock(&f->queue_lock);
}

static void say(struct fake *f, const char *text)
{
	struct rec r;

	rec_begin(&r);
	rec_entry(&r, WIRE_ENT_TEXT, 0);
	rec_str(&r, text);
	put_record(f, &r);
}

/* As the run-time library does. */
static void call_exit(struct fake *f)
{
	struct rec r;

	rec_begin(&r);
	rec_entry(&r, WIRE_ENT_EXIT, 0);
	put_record(f, &r);
	if (f->t.heap->state < RT_STOPPING)
		f->t.heap->state = RT_STOPPING;
}

static void call_error(struct fake *f)
{
	struct rec r;

	rec_begin(&r);
	rec_entry(&r, WIRE_ENT_ERROR, 0);
	rec_long(&r, 0);
	rec_long(&r, 0);
	rec_callers(&r, 0, 0);
	rec_str(&r, "division by 0");
	put_record(f, &r);
	f->t.heap->counters[WIRE_CNT_ERRORS]++;
	f->t.heap->exit_status = 1;
	if (f->t.heap->state < RT_STOPPING)
		f->t.heap->state = RT_STOPPING;
}

static void h_exit(struct fake *f, const uint64_t *args, unsigned nargs)
{
	call_exit(f);
}

static void h_fail(struct fake *f, const uint64_t *args, unsigned nargs)
{
	call_error(f);
}

static void h_say(struct fake *f, const uint64_t *args, unsigned nargs)
{
	say(f, "said\n");
}

static void h_interrupt(struct fake *f, const uint64_t *args, unsigned nargs)
{
	kill(getpid(), SIGINT);
}

static void h_interrupt_twice(struct fake *f, const uint64_t *args,
			      unsigned nargs)
{
	kill(getpid(), SIGINT);
	kill(getpid(), SIGTERM);
}

/* ---- order ---- */

static void begin_exit_end_in_order(void **state)
{
	struct fake *f = fake_new();

	add(f, WIRE_PROBE_END, "end(1)", 1, NULL);
	add(f, WIRE_PROBE_END, "end", 0, NULL);
	add(f, WIRE_PROBE_BEGIN, "begin(3)", 3, h_exit);
	add(f, WIRE_PROBE_BEGIN, "begin", 0, NULL);
	add(f, WIRE_PROBE_BEGIN, "begin(-1)", -1, NULL);
	add(f, WIRE_PROBE_BEGIN, "begin'", 0, NULL);
	add(f, WIRE_PROBE_ERROR, "error", 0, NULL);
	add(f, WIRE_PROBE_NEVER, "never", 0, NULL);
	assert_int_equal(run(f), 0);
	assert_string_equal(f->log, "begin(-1) begin begin' begin(3) end "
				    "end(1) close");
	fake_free(f);
}

/* After exit() in begin nothing is attached, and later begins do not run. */
static void exit_in_begin_attaches_nothing(void **state)
{
	struct fake *f = fake_new();

	add(f, WIRE_PROBE_BEGIN, "begin", 0, h_exit);
	add(f, WIRE_PROBE_BEGIN, "begin(1)", 1, NULL);
	add(f, WIRE_PROBE_RAWTP, "trace", 0, NULL);
	add(f, WIRE_PROBE_TIMER, "timer", 0, NULL);
	add(f, WIRE_PROBE_END, "end", 0, NULL);
	assert_int_equal(run(f), 0);
	assert_string_equal(f->log, "begin end close");
	fake_free(f);
}

static void a_timer_ends_it(void **state)
{
	struct fake *f = fake_new();
	uint32_t h;

	add(f, WIRE_PROBE_BEGIN, "begin", 0, NULL);
	add(f, WIRE_PROBE_RAWTP, "trace", 0, NULL);
	h = add(f, WIRE_PROBE_TIMER, "timer", 0, h_exit);
	f->b->attach[h].period_ns = 1000000;
	add(f, WIRE_PROBE_END, "end", 0, NULL);
	assert_int_equal(run(f), 0);
	assert_string_equal(f->log, "begin attach timer detach end close");
	assert_int_equal(f->nattached, 1);
	fake_free(f);
}

static void timers_alone_attach_nothing(void **state)
{
	struct fake *f = fake_new();
	uint32_t h = add(f, WIRE_PROBE_TIMER, "timer", 0, h_exit);

	f->b->attach[h].period_ns = 1000;
	assert_int_equal(run(f), 0);
	assert_string_equal(f->log, "timer close");
	fake_free(f);
}

/* ---- what is in the heap ---- */

static void check_head(struct fake *f, const uint64_t *args, unsigned nargs)
{
	struct rt_head *h = f->t.heap;
	struct timespec ts;
	int64_t now, real;
	/* in a container, the numbers outside of it; where the kernel does not
	   tell them, they stay */
	uint32_t ids[] = {(uint32_t)getpid(), (uint32_t)getppid()};
	unsigned failed;

	pidns_global(ids, 2, &failed);
	EXPECT(f, h->state == RT_STARTING);
	EXPECT(f, h->stap_pid == ids[0]);
	EXPECT(f, h->target_pid == ids[1]);
	EXPECT(f, h->hz >= 24 && h->hz <= 2000);
	EXPECT(f, h->start_ns != 0);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = ts.tv_sec;
	clock_gettime(CLOCK_REALTIME, &ts);
	real = ts.tv_sec;
	EXPECT(f, llabs((long long)(h->realtime_base_ns / 1000000000) + now -
			real) <= 2);
	EXPECT(f, !strcmp((char *)h->tz_name, "XYZ"));
	EXPECT(f, h->tz_offset_s == 2 * 3600);
	EXPECT(f, h->flags & RT_F_SUPPRESS_ERRORS);
	call_exit(f);
}

static void the_head_tells_about_the_session(void **state)
{
	struct fake *f = fake_new();

	setenv("TZ", "XYZ-2", 1);
	tzset();
	f->o.pid = getppid();
	f->o.suppress_handler_errors = true;
	add(f, WIRE_PROBE_BEGIN, "begin", 0, check_head);
	assert_int_equal(run(f), 0);
	assert_string_equal(f->log, "begin close");
	unsetenv("TZ");
	tzset();
	fake_free(f);
}

/* ---- errors ---- */

static void errors_run_error_probes_instead_of_end(void **state)
{
	struct fake *f = fake_new();

	add(f, WIRE_PROBE_BEGIN, "begin", 0, h_fail);
	add(f, WIRE_PROBE_END, "end", 0, NULL);
	add(f, WIRE_PROBE_ERROR, "error(2)", 2, NULL);
	add(f, WIRE_PROBE_ERROR, "error", 0, NULL);
	assert_int_equal(run(f), 1);
	assert_string_equal(f->log, "begin error error(2) close");
	assert_string_equal(
		captured(f->err_fd),
		"ERROR: division by 0 in probe begin\n"
		"WARNING: Number of errors: 1, skipped probes: 0\n");
	assert_int_equal(f->r.errors, 1);
	fake_free(f);
}

static void tolerated_errors_are_told_in_the_status(void **state)
{
	struct fake *f = fake_new();

	add(f, WIRE_PROBE_BEGIN, "begin", 0, h_exit);
	f->t.heap->counters[WIRE_CNT_ERRORS] = 2;
	f->t.heap->counters[WIRE_CNT_SKIP_LOCK] = 3;
	assert_int_equal(run(f), 1);
	assert_non_null(
		strstr(captured(f->err_fd),
		       "WARNING: Number of errors: 2, skipped probes: 3\n"));
	assert_non_null(
		strstr(captured(f->err_fd),
		       "WARNING: 3 hits skipped: a global was locked for too "
		       "long (remedy: "));
	fake_free(f);
}

static void a_failed_attach_ends_it(void **state)
{
	struct fake *f = fake_new();

	f->attach_error = -EINVAL;
	f->o.cmd = "true";
	add(f, WIRE_PROBE_BEGIN, "begin", 0, NULL);
	add(f, WIRE_PROBE_UPROBE, "uprobe", 0, NULL);
	add(f, WIRE_PROBE_END, "end", 0, NULL);
	assert_int_equal(run(f), 1);
	assert_string_equal(f->log, "begin attach detach close");
	assert_non_null(strstr(captured(f->err_fd), "cannot attach here: no"));
	fake_free(f);
}

static void a_handler_that_cannot_run_ends_it(void **state)
{
	struct fake *f = fake_new();

	f->fail_handlers = true;
	add(f, WIRE_PROBE_BEGIN, "begin", 0, NULL);
	assert_int_equal(run(f), 1);
	assert_non_null(strstr(captured(f->err_fd), "[run-handler]"));
	fake_free(f);
}

static void no_descriptors_left_fails(void **state)
{
	struct fake *f = fake_new();
	int err_fd = dup(2);
	struct rlimit was, none;

	/* This comes before the session has its own streams. */
	dup2(f->err_fd, 2);
	getrlimit(RLIMIT_NOFILE, &was);
	none = was;
	none.rlim_cur = (rlim_t)dup(0);
	close((int)none.rlim_cur);
	add(f, WIRE_PROBE_BEGIN, "begin", 0, NULL);
	setrlimit(RLIMIT_NOFILE, &none);
	assert_int_equal(run(f), 1);
	setrlimit(RLIMIT_NOFILE, &was);
	dup2(err_fd, 2);
	close(err_fd);
	assert_non_null(strstr(captured(f->err_fd), "[run-session]"));
	fake_free(f);
}

static void a_dead_pid_is_refused(void **state)
{
	struct fake *f = fake_new();
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	f->o.pid = pid;
	add(f, WIRE_PROBE_BEGIN, "begin", 0, NULL);
	assert_int_equal(run(f), 1);
	assert_string_equal(f->log, "close");
	assert_non_null(strstr(captured(f->err_fd), "[run-no-process]"));
	fake_free(f);
}

/* ---- signals ---- */

static void ctrl_c_runs_the_end_probes(void **state)
{
	struct fake *f = fake_new();

	add(f, WIRE_PROBE_BEGIN, "begin", 0, h_interrupt);
	add(f, WIRE_PROBE_END, "end", 0, h_say);
	assert_int_equal(run(f), 0);
	assert_string_equal(f->log, "begin end close");
	assert_string_equal(captured(f->out_fd), "said\n");
	assert_true(f->r.interrupted);
	assert_false(f->r.forced);
	fake_free(f);
}

static void a_second_signal_skips_the_end_probes(void **state)
{
	struct fake *f = fake_new();

	add(f, WIRE_PROBE_BEGIN, "begin", 0, h_interrupt_twice);
	add(f, WIRE_PROBE_END, "end", 0, NULL);
	run(f);
	assert_string_equal(f->log, "begin close");
	assert_true(f->r.forced);
	fake_free(f);
}

static void a_signal_between_end_probes_skips_the_rest(void **state)
{
	struct fake *f = fake_new();

	add(f, WIRE_PROBE_BEGIN, "begin", 0, h_interrupt);
	add(f, WIRE_PROBE_END, "end", 0, h_interrupt);
	add(f, WIRE_PROBE_END, "end(1)", 1, NULL);
	run(f);
	assert_string_equal(f->log, "begin end close");
	assert_true(f->r.forced);
	fake_free(f);
}

static void signals_are_as_before_afterwards(void **state)
{
	struct fake *f = fake_new();
	struct sigaction sa;
	sigset_t before, after;

	sigprocmask(SIG_SETMASK, NULL, &before);
	add(f, WIRE_PROBE_BEGIN, "begin", 0, h_interrupt);
	run(f);
	sigprocmask(SIG_SETMASK, NULL, &after);
	assert_int_equal(sigismember(&before, SIGINT),
			 sigismember(&after, SIGINT));
	sigaction(SIGPIPE, NULL, &sa);
	assert_true(sa.sa_handler == SIG_DFL);
	fake_free(f);
}

static void the_time_limit_ends_it(void **state)
{
	struct fake *f = fake_new();

	f->o.timeout_s = 0.01;
	add(f, WIRE_PROBE_RAWTP, "trace", 0, NULL);
	add(f, WIRE_PROBE_END, "end", 0, NULL);
	assert_int_equal(run(f), 0);
	assert_string_equal(f->log, "attach detach end close");
	fake_free(f);
}

/* ---- commands ---- */

static char marker[64];

static void no_marker_yet(struct fake *f, const uint64_t *args, unsigned nargs)
{
	struct rt_head *h = f->t.heap;

	/* It has a pid, which is another one in a container, and has not
	   begun. */
	EXPECT(f, h->target_pid != 0);
	if (h->stap_pid == (uint32_t)getpid())
		EXPECT(f, kill((pid_t)h->target_pid, 0) == 0);
	EXPECT(f, access(marker, F_OK) == -1);
}

static void the_command_runs_after_the_probes_are_armed(void **state)
{
	struct fake *f = fake_new();
	char cmd[128];

	snprintf(marker, sizeof(marker), "/tmp/run-session-test-%d", getpid());
	snprintf(cmd, sizeof(cmd), "touch %s", marker);
	f->o.cmd = cmd;
	add(f, WIRE_PROBE_BEGIN, "begin", 0, no_marker_yet);
	add(f, WIRE_PROBE_RAWTP, "trace", 0, NULL);
	add(f, WIRE_PROBE_END, "end", 0, NULL);
	assert_int_equal(run(f), 0);
	assert_string_equal(f->log, "begin attach detach end close");
	assert_int_equal(unlink(marker), 0);
	assert_string_equal(captured(f->err_fd), "");
	fake_free(f);
}

static void a_failing_command_fails_the_session(void **state)
{
	static const struct {
		const char *cmd, *message;
	} row[] = {
		{"sh -c 'exit 3'",
		 "WARNING: Child process exited with status 3\n"},
		{"sh -c 'kill -SEGV $$'",
		 "WARNING: Child process exited with signal 11 "
		 "(Segmentation fault)\n"},
		{"/nonexistent/program",
		 "ERROR: cannot run the command '/nonexistent/program': No "
		 "such file or directory [run-command]\n"},
	};

	for (size_t i = 0; i < 3; i++) {
		struct fake *f = fake_new();

		f->o.cmd = row[i].cmd;
		add(f, WIRE_PROBE_END, "end", 0, NULL);
		assert_int_equal(run(f), 1);
		assert_string_equal(f->log, "end close");
		assert_string_equal(captured(f->err_fd), row[i].message);
		assert_true(f->r.child_failed);
		fake_free(f);
	}
}

static void a_command_never_let_go_is_killed(void **state)
{
	struct fake *f = fake_new();
	pid_t pid;

	f->o.cmd = "sleep 100";
	add(f, WIRE_PROBE_BEGIN, "begin", 0, h_exit);
	assert_int_equal(run(f), 0);
	pid = (pid_t)f->t.heap->target_pid;
	assert_true(pid > 0);
	assert_int_equal(kill(pid, 0), -1);
	fake_free(f);
}

static pid_t pid_target;

static void kill_target(struct fake *f, const uint64_t *args, unsigned nargs)
{
	kill(pid_target, SIGKILL);
}

static void the_end_of_the_traced_process_ends_it_when_asked(void **state)
{
	struct fake *f = fake_new();
	uint32_t h;

	pid_target = fork();
	if (!pid_target) {
		pause();
		_exit(0);
	}
	f->o.pid = pid_target;
	f->o.end_with_pid = true;
	h = add(f, WIRE_PROBE_TIMER, "timer", 0, kill_target);
	f->b->attach[h].period_ns = 2000000;
	add(f, WIRE_PROBE_END, "end", 0, NULL);
	assert_int_equal(run(f), 0);
	assert_non_null(strstr(f->log, "timer"));
	assert_non_null(strstr(f->log, "end close"));
	waitpid(pid_target, NULL, WNOHANG);
	fake_free(f);
}

static void system_runs_a_command_in_the_background(void **state)
{
	struct fake *f = fake_new();
	struct rec r;
	char cmd[128];

	snprintf(marker, sizeof(marker), "/tmp/run-session-sys-%d", getpid());
	snprintf(cmd, sizeof(cmd), "touch %s", marker);
	rec_begin(&r);
	rec_entry(&r, WIRE_ENT_SYSTEM, 0);
	rec_str(&r, cmd);
	put_record(f, &r);
	add(f, WIRE_PROBE_BEGIN, "begin", 0, h_exit);
	assert_int_equal(run(f), 0);
	for (int i = 0; i < 1000 && access(marker, F_OK); i++)
		usleep(10000);
	assert_int_equal(unlink(marker), 0);
	fake_free(f);
}

/* ---- output ---- */

static int produced;

static void produce(struct fake *f)
{
	if (produced == 40) {
		f->t.heap->state = RT_STOPPING;
		return;
	}
	produced++;
	say(f, "line\n");
}

static void records_of_attached_probes_are_printed(void **state)
{
	struct fake *f = fake_new();

	produced = 0;
	f->on_consume = produce;
	add(f, WIRE_PROBE_RAWTP, "trace", 0, NULL);
	assert_int_equal(run(f), 0);
	assert_int_equal(f->r.records, 40);
	assert_int_equal(strlen(captured(f->out_fd)), 40 * 5);
	fake_free(f);
}

static void output_goes_to_a_file_named_by_the_time(void **state)
{
	struct fake *f = fake_new();
	char pattern[64], name[96], year[8];
	time_t now = time(NULL);
	struct stat st;

	snprintf(pattern, sizeof(pattern), "/tmp/run-out-%d-%%Y", getpid());
	strftime(year, sizeof(year), "%Y", localtime(&now));
	snprintf(name, sizeof(name), "/tmp/run-out-%d-%s", getpid(), year);
	f->o.output = pattern;
	add(f, WIRE_PROBE_BEGIN, "begin", 0, h_say);
	add(f, WIRE_PROBE_BEGIN, "begin(1)", 1, h_exit);
	assert_int_equal(run(f), 0);
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_size, 5);
	assert_string_equal(captured(f->out_fd), "");
	unlink(name);
	fake_free(f);
}

static void an_output_file_that_cannot_be_made_fails(void **state)
{
	struct fake *f = fake_new();

	f->o.output = "/nonexistent/dir/file";
	add(f, WIRE_PROBE_BEGIN, "begin", 0, NULL);
	assert_int_equal(run(f), 1);
	assert_string_equal(f->log, "close");
	assert_non_null(
		strstr(captured(f->err_fd), "cannot open the output file"));
	fake_free(f);
}

static void a_full_disk_fails(void **state)
{
	struct fake *f = fake_new();

	f->o.output = "/dev/full";
	add(f, WIRE_PROBE_BEGIN, "begin", 0, h_say);
	add(f, WIRE_PROBE_END, "end", 0, NULL);
	assert_int_equal(run(f), 1);
	assert_non_null(strstr(captured(f->err_fd),
			       "cannot write the output: No space left on "
			       "device (5 bytes not written)"));
	fake_free(f);
}

/* head(1) has seen enough. */
static void a_reader_that_left_ends_it_quietly(void **state)
{
	struct fake *f = fake_new();
	int p[2];

	assert_int_equal(pipe(p), 0);
	close(p[0]);
	f->o.out_fd = p[1];
	add(f, WIRE_PROBE_BEGIN, "begin", 0, h_say);
	add(f, WIRE_PROBE_RAWTP, "trace", 0, NULL);
	assert_int_equal(run(f), 0);
	assert_string_equal(captured(f->err_fd), "");
	close(p[1]);
	fake_free(f);
}

static void say_much(struct fake *f, const uint64_t *args, unsigned nargs)
{
	char text[8001];

	memset(text, 'x', 8000);
	text[8000] = 0;
	for (int i = 0; i < 8; i++)
		say(f, text);
}

/* Sends two signals when the pipe is full; a child's work. */
static void interrupt_when_full(int pipe_fd, pid_t whom)
{
	struct pollfd p = {.fd = pipe_fd, .events = POLLOUT};

	for (int i = 0; i < 6000 && poll(&p, 1, 0) == 1; i++)
		usleep(10000);
	kill(whom, SIGTERM);
	kill(whom, SIGINT);
	_exit(0);
}

/* A pipe that nobody reads does not make the session deaf to Ctrl-C. */
static void a_stuck_reader_can_be_interrupted(void **state)
{
	struct fake *f = fake_new();
	int p[2];
	pid_t killer, me = getpid();

	assert_int_equal(pipe(p), 0);
	f->o.out_fd = p[1];
	/* 64000 bytes each, the pipe holds 65536 */
	add(f, WIRE_PROBE_BEGIN, "begin", 0, say_much);
	add(f, WIRE_PROBE_BEGIN, "begin(1)", 1, say_much);
	add(f, WIRE_PROBE_BEGIN, "begin(2)", 2, say_much);
	add(f, WIRE_PROBE_END, "end", 0, NULL);
	killer = fork();
	if (!killer)
		interrupt_when_full(p[1], me);
	run(f);
	waitpid(killer, NULL, 0);
	assert_true(f->r.forced);
	assert_null(strstr(f->log, "end"));
	close(p[0]);
	close(p[1]);
	fake_free(f);
}

/* ---- accounting ---- */

static void losses_are_printed_and_add_up(void **state)
{
	struct fake *f = fake_new();
	struct rt_head *h = f->t.heap;

	h->counters[WIRE_CNT_DROPPED] = 7;
	h->counters[WIRE_CNT_SKIP_STOPPED] = 99;
	h->counters[WIRE_CNT_MISSED] = 1;
	f->kernel_missed = 4;
	add(f, WIRE_PROBE_BEGIN, "begin", 0, h_say);
	add(f, WIRE_PROBE_BEGIN, "begin(1)", 1, h_exit);
	assert_int_equal(run(f), 0);
	assert_string_equal(
		captured(f->err_fd),
		"WARNING: 7 output records dropped: the transport buffer was "
		"full (remedy: a larger buffer: -s MB; or print less)\n"
		"WARNING: 5 hits missed by the kernel (recursion, no kretprobe "
		"slot)\n");
	assert_int_equal(f->r.records, 2);
	assert_int_equal(f->r.counters[WIRE_CNT_RECORDS], 2);
	assert_int_equal(f->r.counters[WIRE_CNT_MISSED], 5);
	assert_int_equal(f->r.missing, 0);
	fake_free(f);
}

static void records_that_never_came_fail_the_session(void **state)
{
	struct fake *f = fake_new();

	f->t.heap->counters[WIRE_CNT_RECORDS] = 10;
	add(f, WIRE_PROBE_BEGIN, "begin", 0, h_exit);
	assert_int_equal(run(f), 1);
	assert_int_equal(f->r.missing, 10);
	assert_non_null(strstr(captured(f->err_fd),
			       "ERROR: 10 output records were sent but never "
			       "arrived\n"));
	fake_free(f);
}

static void accounting_goes_to_a_json_file(void **state)
{
	struct fake *f = fake_new();
	char name[64], text[4096] = "";
	FILE *in;

	snprintf(name, sizeof(name), "/tmp/run-json-%d", getpid());
	f->o.json = name;
	f->t.heap->counters[WIRE_CNT_DROPPED] = 7;
	add(f, WIRE_PROBE_BEGIN, "begin", 0, h_exit);
	assert_int_equal(run(f), 0);
	in = fopen(name, "r");
	assert_non_null(in);
	assert_true(fread(text, 1, sizeof(text) - 1, in) > 0);
	fclose(in);
	unlink(name);
	assert_non_null(strstr(text, "\"exit_status\": 0,"));
	assert_non_null(strstr(text, "\"dropped\": 7,"));
	assert_non_null(strstr(text, "\"records_printed\": 1,"));
	fake_free(f);
}

static void timing_reports_each_probe(void **state)
{
	struct fake *f = fake_new();
	struct rt_head *h = f->t.heap;
	struct rt_probe_stat *st;

	add(f, WIRE_PROBE_BEGIN, "begin", 0, h_exit);
	add(f, WIRE_PROBE_END, "end", 0, NULL);
	h->probe_stats_off = 4096;
	h->nprobes = 2;
	st = (void *)(f->b->heap + 4096);
	st[0] = (struct rt_probe_stat){
		.hits = 2, .total_ns = 300, .min_ns = 100, .max_ns = 200};
	f->o.timing = true;
	assert_int_equal(run(f), 0);
	assert_int_equal(h->flags & RT_F_TIMING, RT_F_TIMING);
	assert_non_null(strstr(captured(f->err_fd),
			       "----- probe hit report: \n"
			       "begin, (<input>:1:1), hits: 2, ns: "
			       "100min/150avg/200max, from: begin, index: 0\n"
			       "----- counters: \n"));
	fake_free(f);
}

/* What a long handler prints is taken while it runs: the queue holds 8. */
static void say_slowly(struct fake *f, const uint64_t *args, unsigned nargs)
{
	for (int i = 0; i < 5; i++) {
		struct rec *r = &f->queue[0];

		rec_begin(r);
		rec_entry(r, WIRE_ENT_TEXT, 0);
		rec_str(r, "part\n");
		f->t.heap->counters[WIRE_CNT_RECORDS]++;
		__atomic_store_n(&f->nqueue, 1, __ATOMIC_SEQ_CST);
		/* until the helper has taken it */
		for (int k = 0;
		     k < 10000 &&
		     __atomic_load_n(&f->printed, __ATOMIC_SEQ_CST) <= i;
		     k++)
			usleep(1000);
		EXPECT(f, f->printed == i + 1);
	}
	call_exit(f);
}

static void a_long_handler_is_printed_while_it_runs(void **state)
{
	struct fake *f = fake_new();

	add(f, WIRE_PROBE_BEGIN, "begin", 0, say_slowly);
	assert_int_equal(run(f), 0);
	assert_string_equal(captured(f->out_fd),
			    "part\npart\npart\npart\npart\n");
	fake_free(f);
}

/* ---- input ---- */

static void h_line(struct fake *f, const uint64_t *args, unsigned nargs)
{
	struct rt_str *s = (void *)(f->b->heap + 2048);

	EXPECT(f, nargs == 1);
	EXPECT(f, args[0] == s->len);
	EXPECT(f, s->text[s->len] == 0);
	note(f, (char *)s->text);
	if (!strcmp((char *)s->text, "bye"))
		call_exit(f);
}

static void input_lines_reach_their_handlers(void **state)
{
	struct fake *f = fake_new();
	uint32_t h;
	int p[2];

	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], "one\ntwo\nbye", 11), 11);
	close(p[1]);
	f->o.in_fd = p[0];
	h = add(f, WIRE_PROBE_INPUT, "line:", 0, h_line);
	f->b->attach[h].event = 1;
	f->b->attach[h].offset = 2048;
	assert_int_equal(run(f), 0);
	assert_string_equal(f->log, "line: one\n line: two\n line: bye close");
	close(p[0]);
	fake_free(f);
}

static void h_char(struct fake *f, const uint64_t *args, unsigned nargs)
{
	struct rt_str *s = (void *)(f->b->heap + 2048);

	EXPECT(f, args[0] == 1);
	note(f, s->text[0] == '\n' ? "newline" : (char *)s->text);
}

/* A character's handlers run before those of the line that it ends. */
static void input_characters_come_before_their_line(void **state)
{
	struct fake *f = fake_new();
	uint32_t h;
	int p[2];

	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], "a\nbye", 5), 5);
	close(p[1]);
	f->o.in_fd = p[0];
	h = add(f, WIRE_PROBE_INPUT, "line:", 0, h_line);
	f->b->attach[h].event = 1;
	f->b->attach[h].offset = 2048;
	h = add(f, WIRE_PROBE_INPUT, "char:", 0, h_char);
	f->b->attach[h].offset = 2048;
	assert_int_equal(run(f), 0);
	assert_string_equal(f->log, "char: a char: newline line: a\n char: b "
				    "char: y char: e line: bye close");
	close(p[0]);
	fake_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begin_exit_end_in_order),
		cmocka_unit_test(exit_in_begin_attaches_nothing),
		cmocka_unit_test(a_timer_ends_it),
		cmocka_unit_test(timers_alone_attach_nothing),
		cmocka_unit_test(the_head_tells_about_the_session),
		cmocka_unit_test(errors_run_error_probes_instead_of_end),
		cmocka_unit_test(tolerated_errors_are_told_in_the_status),
		cmocka_unit_test(a_failed_attach_ends_it),
		cmocka_unit_test(a_handler_that_cannot_run_ends_it),
		cmocka_unit_test(no_descriptors_left_fails),
		cmocka_unit_test(a_dead_pid_is_refused),
		cmocka_unit_test(ctrl_c_runs_the_end_probes),
		cmocka_unit_test(a_second_signal_skips_the_end_probes),
		cmocka_unit_test(a_signal_between_end_probes_skips_the_rest),
		cmocka_unit_test(signals_are_as_before_afterwards),
		cmocka_unit_test(the_time_limit_ends_it),
		cmocka_unit_test(the_command_runs_after_the_probes_are_armed),
		cmocka_unit_test(a_failing_command_fails_the_session),
		cmocka_unit_test(a_command_never_let_go_is_killed),
		cmocka_unit_test(
			the_end_of_the_traced_process_ends_it_when_asked),
		cmocka_unit_test(system_runs_a_command_in_the_background),
		cmocka_unit_test(records_of_attached_probes_are_printed),
		cmocka_unit_test(output_goes_to_a_file_named_by_the_time),
		cmocka_unit_test(an_output_file_that_cannot_be_made_fails),
		cmocka_unit_test(a_full_disk_fails),
		cmocka_unit_test(a_reader_that_left_ends_it_quietly),
		cmocka_unit_test(a_stuck_reader_can_be_interrupted),
		cmocka_unit_test(losses_are_printed_and_add_up),
		cmocka_unit_test(records_that_never_came_fail_the_session),
		cmocka_unit_test(accounting_goes_to_a_json_file),
		cmocka_unit_test(timing_reports_each_probe),
		cmocka_unit_test(a_long_handler_is_printed_while_it_runs),
		cmocka_unit_test(input_lines_reach_their_handlers),
		cmocka_unit_test(input_characters_come_before_their_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
