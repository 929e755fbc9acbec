// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of a session, in order:
 *
 *	STARTING  begin probes, by their number
 *	          attach; RUNNING; let the command go
 *	RUNNING   records, timers, signals, input, until something ends it:
 *	          exit(), errors, a signal, the command's end, -T
 *	STOPPING  detach; what is still in the transport is printed
 *	ENDING    end probes, or the error probes when errors ended it
 *	STOPPED   the rest is printed, then the accounting
 *
 * Everything happens in one thread around one ppoll(). Signals are blocked
 * and read from a descriptor, so they are seen between two handlers or two
 * pieces of output, never in the middle. The state lives in the heap, where
 * handlers see it: exit() in a handler changes it too.
 */
#include "run/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run/account.h"
#include "run/arm.h"
#include "run/child.h"
#include "run/drain.h"
#include "run/head.h"
#include "run/input.h"
#include "run/overload.h"
#include "run/pidns.h"
#include "run/print.h"
#include "run/procfs.h"
#include "run/timers.h"

#define NSEC 1000000000ull
/* How often records of attached probes are looked for without being woken. */
#define TICK_NS (10 * 1000000ull)
/* After a look, the transport's wake-ups are ignored for this long: under
   load one wake-up per record would cost more than the record. */
#define THROTTLE_NS (2 * 1000000ull)
/* How often it looks for modules that probes wait for. */
#define LATE_NS (20 * 1000000ull)
/* Output waits at most this long in the buffer. */
#define FLUSH_NS (50 * 1000000ull)
/* Records taken between two looks at signals and timers. */
#define BATCH_BYTES (256 * 1024)
/* All that the transport can hold, and an end where probes never stop. */
#define REPLY_BYTES (64u << 20)

struct session {
	const struct run_opts *o;
	struct run_result *r;
	struct run_target *t;
	struct rt_head *head;
	struct run_out out;
	struct printer printer;
	FILE *err;
	struct run_child child;
	struct run_timers timers;
	struct run_input input;
	struct run_procfs procfs;
	struct run_drain drain;
	struct run_overload overload;
	struct run_arms arms;
	int signal_fd, pid_fd;
	sigset_t old_mask;
	struct sigaction old_sigpipe;
	bool attached, stop, force, quiet_output;
	bool late; /* records may wait to be attached */
	uint64_t timeout_ns; /* CLOCK_MONOTONIC; never: UINT64_MAX */
	uint64_t batch;	     /* bytes taken by the current consume() */
	uint64_t last_look_ns, next_clock_look, next_late_ns;
	uint64_t last_run_ns; /* of a handler by us */
};

static uint64_t now_ns(void)
{
	return run_clock_ns(CLOCK_MONOTONIC);
}

/* ---- state ---- */

static uint32_t state(const struct session *s)
{
	return __atomic_load_n(&s->head->state, __ATOMIC_ACQUIRE);
}

/* False when a handler called exit() in the meantime. */
static bool advance_state(struct session *s, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(&s->head->state, &from, to, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* No more hits from here on; the loop ends. */
static void request_stop(struct session *s)
{
	s->stop = true;
	if (!advance_state(s, RT_RUNNING, RT_STOPPING))
		advance_state(s, RT_STARTING, RT_STOPPING);
}

/* What the session was asked for cannot be done. */
static void stop_failed(struct session *s)
{
	s->r->exit_status = 1;
	request_stop(s);
}

static bool stopping(struct session *s)
{
	if (state(s) >= RT_STOPPING)
		s->stop = true;
	return s->stop;
}

static void on_exit_record(void *arg)
{
	request_stop(arg);
}

static void on_system(void *arg, const char *cmd)
{
	struct session *s = arg;
	pid_t pid = run_shell(cmd, &s->old_mask, &s->old_sigpipe);

	if (pid < 0)
		printer_message(&s->printer, PRINT_WARNING,
				"system(\"%s\"): %s", cmd, strerror(-pid));
}

static void on_reply(void *arg, const char *text, size_t len, bool append)
{
	struct session *s = arg;

	run_procfs_reply(&s->procfs, text, len, append);
}

/* ---- signals ---- */

static void on_child_signal(struct session *s)
{
	int status;

	if (s->child.pid && run_child_reap(&s->child) && s->child.released)
		request_stop(s);
	/* Commands of system(): pids that only we wait for. The command of -c
	   must stay waitable until it is reaped above. */
	for (;;) {
		siginfo_t si = {0};

		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) ||
		    !si.si_pid || si.si_pid == s->child.pid)
			break;
		waitpid(si.si_pid, &status, WNOHANG);
	}
}

static void read_signals(struct session *s)
{
	struct signalfd_siginfo si;

	while (read(s->signal_fd, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGCHLD) {
			on_child_signal(s);
			continue;
		}
		if (s->r->interrupted)
			s->force = true;
		s->r->interrupted = true;
		request_stop(s);
	}
}

/* The output's reader does not read: see signals and the time limit while
   waiting for it. */
static int on_output_blocked(void *arg, int fd)
{
	struct session *s = arg;
	uint64_t now = now_ns();
	struct pollfd p[2] = {{.fd = fd, .events = POLLOUT},
			      {.fd = s->signal_fd, .events = POLLIN}};
	int wait = -1;

	if (now >= s->timeout_ns)
		request_stop(s);
	else if (s->timeout_ns != UINT64_MAX)
		wait = (int)((s->timeout_ns - now) / 1000000 + 1);
	if (poll(p, 2, wait) > 0 && (p[1].revents & POLLIN))
		read_signals(s);
	return s->force ? -EINTR : 0;
}

static int setup_signals(struct session *s)
{
	struct sigaction ign = {.sa_handler = SIG_IGN};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, &s->old_mask))
		return -errno;
	/* A reader that went away is an error of write(), not our death. */
	sigaction(SIGPIPE, &ign, &s->old_sigpipe);
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signal_fd < 0) {
		int err = -errno;

		sigaction(SIGPIPE, &s->old_sigpipe, NULL);
		sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
		return err;
	}
	return 0;
}

static void restore_signals(struct session *s)
{
	if (s->signal_fd < 0)
		return;
	/* Signals that ended the session have had their effect. */
	read_signals(s);
	close(s->signal_fd);
	sigaction(SIGPIPE, &s->old_sigpipe, NULL);
	sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
}

/* ---- records ---- */

static int on_record(void *arg, const void *record, size_t size)
{
	struct session *s = arg;

	s->batch += size;
	if (printer_record(&s->printer, record, size))
		request_stop(s);
	return s->force;
}

/* Prints what is there, up to a batch. True when there may be more. */
static bool consume_batch(struct session *s)
{
	int n;

	s->batch = 0;
	n = s->t->ops->consume(s->t, on_record, s, BATCH_BYTES);
	return n > 0 && s->batch >= BATCH_BYTES / 2;
}

static void consume_all(struct session *s)
{
	int n;

	do {
		read_signals(s);
		n = s->t->ops->consume(s->t, on_record, s, BATCH_BYTES);
	} while (n > 0 && !s->force);
}

/* Handlers that are run more often than this need no help with their output,
   and the helper would cost more than they do. */
#define DRAIN_INTERVAL_NS (5 * 1000000ull)

static void on_drain(void *arg)
{
	consume_batch(arg);
}

static int call_handler(struct session *s, uint32_t handler,
			const uint64_t *args, unsigned nargs)
{
	uint64_t now = now_ns();
	bool drain =
		s->t->asynchronous && now - s->last_run_ns >= DRAIN_INTERVAL_NS;
	int err;

	s->last_run_ns = now;
	if (drain)
		run_drain_begin(&s->drain);
	err = s->t->ops->run_handler(s->t, handler, args, nargs);
	if (drain)
		run_drain_end(&s->drain);
	return err;
}

static int run_handler(struct session *s, uint32_t handler,
		       const uint64_t *args, unsigned nargs)
{
	int err = call_handler(s, handler, args, nargs);

	if (err) {
		const struct image *img = s->o->image;

		diag_report(s->o->diag, RUN_HANDLER, LOC_NONE, NULL,
			    image_text(img, img->handlers[handler].pp),
			    strerror(-err));
		stop_failed(s);
		return err;
	}
	/* While probes produce, "all" would have no end; the loop takes what
	   comes, in its order. */
	if (!s->attached || !s->t->asynchronous || state(s) != RT_RUNNING)
		consume_all(s);
	return 0;
}

/* ---- begin, end and error probes ---- */

struct ordered {
	int64_t order;
	uint32_t index, handler;
};

static int compare_order(const void *pa, const void *pb)
{
	const struct ordered *a = pa, *b = pb;

	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

/* More errors than MAXERRORS allows. */
static bool died(const struct session *s)
{
	return __atomic_load_n(&s->head->exit_status, __ATOMIC_RELAXED) != 0;
}

/*
 * Runs all handlers of a kind, as long as the session stays in state `in`; end
 * probes, until one fails.
 */
static int run_ordered(struct session *s, uint32_t kind, uint32_t in)
{
	const struct image *img = s->o->image;
	struct ordered *list = calloc(img->nattach + 1, sizeof(*list));
	uint32_t n = 0;
	int err = 0;

	if (!list)
		return -ENOMEM;
	for (uint32_t i = 0; i < img->nattach; i++)
		if (img->attach[i].kind == kind)
			list[n++] = (struct ordered){img->attach[i].order, i,
						     img->attach[i].handler};
	qsort(list, n, sizeof(*list), compare_order);
	for (uint32_t i = 0; i < n && !err && state(s) == in; i++) {
		read_signals(s);
		if (s->force || (kind == WIRE_PROBE_END && died(s)))
			break;
		err = run_handler(s, list[i].handler, NULL, 0);
	}
	free(list);
	return err;
}

/* ---- setting up ---- */

static void report_errno(struct session *s, const char *what, int err)
{
	diag_report(s->o->diag, RUN_SESSION, LOC_NONE, NULL, what,
		    strerror(-err));
}

static int setup_pid(struct session *s)
{
	struct diag_msg *m;

	if (!s->o->pid)
		return 0;
	if (kill(s->o->pid, 0) && errno != EPERM) {
		m = diag_report(s->o->diag, RUN_NO_PROCESS, LOC_NONE, NULL,
				(int)s->o->pid, strerror(errno));
		diag_remedy(m, "-x takes the id of a running process; -c CMD "
			       "starts one");
		return -ESRCH;
	}
	if (s->o->end_with_pid)
		s->pid_fd = (int)syscall(SYS_pidfd_open, s->o->pid, 0);
	return 0;
}

/* What handlers compare with pid(), which knows no containers. */
static void use_global_pids(struct session *s)
{
	uint32_t ids[] = {s->head->target_pid, s->head->stap_pid};
	unsigned failed;
	int err = pidns_global(ids, 2, &failed);

	if (err)
		diag_remedy(diag_report(s->o->diag, RUN_PID_NAMESPACE, LOC_NONE,
					NULL, (int)ids[failed], strerror(-err)),
			    "run stap outside of the container, with the "
			    "process number seen there");
	s->head->target_pid = ids[0];
	s->head->stap_pid = ids[1];
}

static int setup_output(struct session *s)
{
	const struct run_opts *o = s->o;
	int err;

	if (o->output) {
		err = run_out_open(&s->out, o->output, o->append,
				   o->output_limit, o->output_files);
		if (err) {
			diag_report(o->diag, RUN_OUTPUT, LOC_NONE, NULL,
				    o->output, strerror(-err));
			return err;
		}
	} else {
		err = run_out_init(&s->out, o->out_fd ? o->out_fd : 1);
		if (err) {
			report_errno(s, "output buffer", err);
			return err;
		}
	}
	s->out.on_block = on_output_blocked;
	s->out.arg = s;
	/* Someone is looking: do not let text wait in the buffer. */
	s->quiet_output = !isatty(s->out.fd);
	err = printer_init(&s->printer, o->image, &s->out, s->err);
	if (err == -EINVAL)
		diag_report(o->diag, RUN_IMAGE, LOC_NONE, NULL,
			    "its format table points outside of it");
	else if (err)
		report_errno(s, "printer", err);
	if (err)
		return err;
	s->printer.color = o->color;
	s->printer.no_warnings = o->no_warnings;
	s->printer.all_warnings = o->verbose > 0;
	s->printer.hooks = (struct print_hooks){
		.exit = on_exit_record,
		.system = on_system,
		.reply = on_reply,
		.arg = s,
	};
	if (s->head->hist_elision)
		s->printer.elision = s->head->hist_elision < 0
					     ? -1
					     : s->head->hist_elision - 1;
	s->printer.hist_width = s->head->hist_width;
	return 0;
}

static int setup_child(struct session *s)
{
	int err;

	if (!s->o->cmd)
		return 0;
	err = run_child_start(&s->child, s->o->cmd, &s->old_mask,
			      &s->old_sigpipe);
	if (err)
		diag_report(s->o->diag, RUN_COMMAND, LOC_NONE, NULL, s->o->cmd,
			    strerror(-err));
	return err;
}

static int setup(struct session *s)
{
	int err = setup_signals(s);

	if (err) {
		report_errno(s, "signals", err);
		return err;
	}
	err = setup_pid(s);
	if (!err)
		err = setup_output(s);
	if (!err)
		err = setup_child(s);
	if (err)
		return err;
	s->t->target_pid = s->o->cmd ? s->child.pid : s->o->pid;
	run_head_fill(s->head, s->o, s->t->target_pid);
	if (s->t->asynchronous)
		use_global_pids(s);
	run_drain_init(&s->drain, on_drain, s);
	err = run_arms_init(&s->arms, s->t);
	if (!err)
		err = run_timers_init(&s->timers, s->o->image, s->head->rand_state[0]);
	if (!err)
		err = run_input_init(&s->input, s->t, s->o->in_fd);
	if (err) {
		report_errno(s, "timers and input", err);
		return err;
	}
	return run_procfs_init(&s->procfs, s->t,
			       image_text(s->o->image, s->o->image->name),
			       s->o->diag);
}

static void teardown(struct session *s)
{
	run_drain_free(&s->drain);
	run_procfs_free(&s->procfs);
	run_input_free(&s->input);
	run_timers_free(&s->timers);
	run_arms_free(&s->arms);
	run_child_close(&s->child);
	if (s->pid_fd >= 0)
		close(s->pid_fd);
	printer_free(&s->printer);
	run_out_close(&s->out);
	restore_signals(s);
}

/* ---- running ---- */

static int attach_all(struct session *s)
{
	const struct image *img = s->o->image;
	uint32_t *index, n = 0;
	int err = 0;

	index = calloc(img->nattach + 1, sizeof(*index));
	if (!index)
		return -ENOMEM;
	for (uint32_t i = 0; i < img->nattach; i++) {
		if (run_arms_has(&s->arms, img->attach[i].handler))
			continue;
		switch (img->attach[i].kind) {
		case WIRE_PROBE_PROFILE:
		case WIRE_PROBE_RAWTP:
		case WIRE_PROBE_UPROBE:
		case WIRE_PROBE_PROCESS:
		case WIRE_PROBE_KPROBE:
		case WIRE_PROBE_FENTRY:
		case WIRE_PROBE_PERF:
		case WIRE_PROBE_DATA:
		case WIRE_PROBE_NETFILTER:
		case WIRE_PROBE_COUNTER:
			index[n++] = i;
			break;
		default:
			break;
		}
	}
	if (n || s->arms.n) {
		s->attached = true;
		s->late = s->t->ops->attach_late;
	}
	if (n)
		err = s->t->ops->attach(s->t, s->o->diag, index, n);
	if (!err)
		err = run_arms_look(&s->arms, s->t, s->o->diag, now_ns());
	free(index);
	diag_flush(s->o->diag, s->err);
	return err;
}

/* Conditions of probes may have changed. */
static void follow_conditions(struct session *s)
{
	if (run_arms_look(&s->arms, s->t, s->o->diag, now_ns()))
		stop_failed(s);
	s->late |= s->arms.n && s->t->ops->attach_late;
	diag_flush(s->o->diag, s->err);
}

/* Looks for modules that have been loaded since. */
static void attach_late(struct session *s)
{
	int left;

	if (!s->late || now_ns() < s->next_late_ns)
		return;
	left = s->t->ops->attach_late(s->t, s->o->diag);
	s->late = left > 0;
	s->next_late_ns = now_ns() + LATE_NS;
	if (left < 0)
		stop_failed(s);
	diag_flush(s->o->diag, s->err);
}

static void release_child(struct session *s)
{
	int err;

	if (!s->child.pid)
		return;
	err = run_child_go(&s->child);
	if (err) {
		run_out_flush(&s->out);
		diag_report(s->o->diag, RUN_COMMAND, LOC_NONE, NULL, s->o->cmd,
			    strerror(-err));
		diag_flush(s->o->diag, s->err);
		s->r->child_failed = true;
		request_stop(s);
	}
}

static void run_due_timers(struct session *s)
{
	uint64_t now = now_ns();
	int64_t handler;

	if (now >= s->timeout_ns) {
		request_stop(s);
		return;
	}
	while (!stopping(s) &&
	       (handler = run_timers_take(&s->timers, now)) >= 0)
		run_handler(s, (uint32_t)handler, NULL, 0);
}

static void run_input(struct session *s)
{
	struct run_input_event e;

	while (!stopping(s) && run_input_next(&s->input, &e)) {
		uint64_t len = e.len;

		run_handler(s, e.handler, &len, 1);
	}
}

/* What the handler sent is there when this returns. */
static void run_procfs_handler(void *arg, uint32_t handler, uint64_t len)
{
	struct session *s = arg;

	if (stopping(s) || run_handler(s, handler, &len, 1))
		return;
	s->t->ops->consume(s->t, on_record, s, REPLY_BYTES);
}

static void run_procfs(struct session *s)
{
	if (run_procfs_active(&s->procfs) && !stopping(s))
		run_procfs_turn(&s->procfs, run_procfs_handler, s);
}

/* Until when nothing needs to be done unless a descriptor says so. */
static uint64_t next_event(const struct session *s, uint64_t now, bool more)
{
	uint64_t next = s->timeout_ns, due = run_timers_next(&s->timers);

	if (more)
		return now;
	if (due < next)
		next = due;
	if (run_arms_next(&s->arms) < next)
		next = run_arms_next(&s->arms);
	if (run_overload_next(&s->overload) < next)
		next = run_overload_next(&s->overload);
	if (((s->attached && s->t->asynchronous) ||
	     run_procfs_active(&s->procfs)) &&
	    now + TICK_NS < next)
		next = now + TICK_NS;
	if (s->out.len && s->out.oldest_ns + FLUSH_NS < next)
		next = s->out.oldest_ns + FLUSH_NS;
	return next;
}

static void flush_when_due(struct session *s)
{
	uint64_t now;

	if (!s->out.len)
		return;
	now = now_ns();
	if (!s->out.oldest_ns)
		s->out.oldest_ns = now;
	if ((!s->quiet_output || now - s->out.oldest_ns >= FLUSH_NS) &&
	    run_out_flush(&s->out))
		request_stop(s);
}

/* Ends the session as an error does. */
static void watch_load(struct session *s)
{
	unsigned percent;

	if (!run_overload_turn(&s->overload, now_ns(), &percent))
		return;
	printer_message(&s->printer, PRINT_ERROR,
			"probe overhead exceeded threshold: %u %% of a CPU's "
			"time went into probes (-DSTP_OVERLOAD_THRESHOLD, "
			"-DSTP_OVERLOAD_INTERVAL, -DSTP_NO_OVERLOAD)",
			percent);
	__atomic_store_n(&s->head->exit_status, 1, __ATOMIC_RELAXED);
	request_stop(s);
}

enum { FD_SIGNAL, FD_PID, FD_INPUT, FD_RECORDS, FD_COUNT };

/* Sleeps until something happens. */
static void wait_events(struct session *s, bool more)
{
	struct pollfd p[FD_COUNT] = {
		[FD_SIGNAL] = {.fd = s->signal_fd, .events = POLLIN},
		[FD_PID] = {.fd = s->pid_fd, .events = POLLIN},
		[FD_INPUT] = {.fd = run_input_fd(&s->input), .events = POLLIN},
		[FD_RECORDS] = {.fd = -1, .events = POLLIN},
	};
	uint64_t now = now_ns(), next = next_event(s, now, more);
	struct timespec ts = {0};

	if (s->attached && s->t->asynchronous) {
		if (now - s->last_look_ns >= THROTTLE_NS)
			p[FD_RECORDS].fd = s->t->ops->record_fd(s->t);
		else if (next > s->last_look_ns + THROTTLE_NS)
			next = s->last_look_ns + THROTTLE_NS;
	}
	if (next > now) {
		ts.tv_sec = (time_t)((next - now) / NSEC);
		ts.tv_nsec = (long)((next - now) % NSEC);
	}
	if (ppoll(p, FD_COUNT, next == UINT64_MAX ? NULL : &ts, NULL) <= 0)
		return;
	if (p[FD_SIGNAL].revents)
		read_signals(s);
	if (p[FD_PID].revents)
		request_stop(s);
	if (p[FD_INPUT].revents)
		run_input_read(&s->input);
}

static void event_loop(struct session *s)
{
	bool more = false;

	/* The default slack of 50 us would make short timers late. */
	if (s->timers.n)
		prctl(PR_SET_TIMERSLACK, 1);
	run_timers_start(&s->timers, now_ns());
	run_overload_init(&s->overload, s->t, s->head, now_ns());
	while (!stopping(s)) {
		run_head_follow_clock(s->head, s->t->realtime_clock,
				      &s->next_clock_look);
		flush_when_due(s);
		wait_events(s, more);
		run_due_timers(s);
		watch_load(s);
		attach_late(s);
		if (s->arms.n)
			follow_conditions(s);
		run_input(s);
		run_procfs(s);
		more = consume_batch(s);
		if (more)
			s->last_look_ns = 0;
		else if (s->batch)
			s->last_look_ns = now_ns();
	}
	if (s->timers.n)
		prctl(PR_SET_TIMERSLACK, 0);
}

/* 0, or -errno when the session could not be brought to run. */
static int start(struct session *s)
{
	int err = run_ordered(s, WIRE_PROBE_BEGIN, RT_STARTING);

	if (err || stopping(s))
		return err;
	run_out_flush(&s->out);
	err = attach_all(s);
	if (err)
		return err;
	if (advance_state(s, RT_STARTING, RT_RUNNING))
		release_child(s);
	return 0;
}

static void finish(struct session *s, bool failed)
{
	request_stop(s);
	run_overload_free(&s->overload);
	if (s->attached)
		s->t->ops->detach(s->t);
	consume_all(s);
	if (!failed && !s->force && s->out.error != -EPIPE) {
		__atomic_store_n(&s->head->state, RT_ENDING, __ATOMIC_SEQ_CST);
		run_ordered(s, WIRE_PROBE_END, RT_ENDING);
		if (died(s))
			run_ordered(s, WIRE_PROBE_ERROR, RT_ENDING);
	}
	__atomic_store_n(&s->head->state, RT_STOPPED, __ATOMIC_SEQ_CST);
	consume_all(s);
	run_out_flush(&s->out);
	diag_flush(s->o->diag, s->err);
}

/* ---- results ---- */

static void judge_child(struct session *s)
{
	const struct run_child *c = &s->child;

	if (!c->pid || !c->ended || s->r->child_failed)
		return;
	s->r->child_status = c->status;
	/* Ctrl-C goes to the command as well: it is meant to end. */
	if (s->r->interrupted)
		return;
	if (WIFEXITED(c->status) && WEXITSTATUS(c->status)) {
		s->r->child_failed = true;
		printer_message(&s->printer, PRINT_WARNING,
				"Child process exited with status %d",
				WEXITSTATUS(c->status));
	} else if (WIFSIGNALED(c->status)) {
		s->r->child_failed = true;
		printer_message(&s->printer, PRINT_WARNING,
				"Child process exited with signal %d (%s)",
				WTERMSIG(c->status),
				strsignal(WTERMSIG(c->status)));
	}
}

static void judge_output(struct session *s)
{
	/* head(1) has seen enough: that is no failure. */
	if (!s->out.error || s->out.error == -EPIPE || s->force)
		return;
	s->r->exit_status = 1;
	diag_report(s->o->diag, RUN_OUTPUT_WRITE, LOC_NONE, NULL,
		    strerror(-s->out.error),
		    (unsigned long long)s->out.discarded);
}

static void account(struct session *s)
{
	struct run_result *r = s->r;
	const struct run_opts *o = s->o;
	int err;

	r->forced = s->force;
	r->records = s->printer.entries;
	r->timer_overruns = s->timers.overruns;
	account_collect(r, s->head, s->t->ops->missed(s->t));
	judge_child(s);
	judge_output(s);
	if (s->printer.malformed) {
		r->exit_status = 1;
		printer_message(&s->printer, PRINT_ERROR,
				"%llu damaged output records",
				(unsigned long long)s->printer.malformed);
	}
	/* errors that MAXERRORS let pass are a failure in the end, too */
	if (__atomic_load_n(&s->head->exit_status, __ATOMIC_RELAXED) ||
	    r->counters[WIRE_CNT_ERRORS] || r->child_failed ||
	    (r->missing && !s->force))
		r->exit_status = 1;
	if (!o->quiet)
		account_print(r, &s->printer);
	if (o->timing)
		account_timing(r, o->image, s->head, s->t->heap_len, s->err);
	if (o->json) {
		err = account_json(r, o->image, s->head, s->t->heap_len,
				   o->json);
		if (err) {
			diag_report(o->diag, RUN_ACCOUNTING, LOC_NONE, NULL,
				    o->json, strerror(-err));
			r->exit_status = 1;
		}
	}
	diag_flush(o->diag, s->err);
}

static FILE *error_stream(const struct run_opts *o)
{
	int fd = o->err_fd ? dup(o->err_fd) : -1;

	if (!o->err_fd)
		return stderr;
	return fd < 0 ? NULL : fdopen(fd, "w");
}

int run_session(const struct run_opts *o, struct run_result *result)
{
	struct session s = {.o = o,
			    .r = result,
			    .t = o->target,
			    .head = o->target->heap,
			    .signal_fd = -1,
			    .pid_fd = -1,
			    .timeout_ns = UINT64_MAX};
	int err;

	memset(result, 0, sizeof(*result));
	s.out.fd = -1;
	s.child.go_fd = s.child.exec_fd = -1;
	s.input.fd = -1;
	s.procfs.dir_fd = -1;
	s.printer.kmsg_fd = s.printer.marker_fd = -1;
	s.err = error_stream(o);
	if (!s.err)
		s.err = stderr;
	if (o->timeout_s > 0)
		s.timeout_ns = now_ns() + (uint64_t)(o->timeout_s * 1e9);
	err = setup(&s);
	if (err) {
		result->exit_status = 1;
		diag_flush(o->diag, s.err);
	} else {
		err = start(&s);
		if (err)
			result->exit_status = 1;
		else
			event_loop(&s);
		finish(&s, err != 0);
		account(&s);
	}
	teardown(&s);
	o->target->ops->close(o->target);
	if (s.err != stderr)
		fclose(s.err);
	return result->exit_status;
}
