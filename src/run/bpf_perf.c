// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Handlers that run when a perf event overflows: timer.profile, perf.*.
 *
 * An event belongs to a CPU, whatever runs there, or to a task, wherever that
 * runs. One that belongs to a task is inherited by the threads and processes
 * that the task starts later, each with a count of its own.
 */
#include "run/bpf_int.h"
#include "run/kallsyms.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int bpf_perf_event(struct perf_event_attr *attr, pid_t pid, int cpu)
{
	int fd = (int)syscall(SYS_perf_event_open, attr, pid, cpu, -1,
			      PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int bpf_attach_perf(struct bpf_target *t, int event_fd, int prog_fd,
		    uint64_t cookie)
{
	LIBBPF_OPTS(bpf_link_create_opts, o, .perf_event.bpf_cookie = cookie);
	int link, err;

	err = bpf_keep_fd(t, event_fd);
	if (err)
		return err;
	link = bpf_link_create(prog_fd, event_fd, BPF_PERF_EVENT, &o);
	if (link >= 0)
		err = bpf_keep_fd(t, link);
	else if (ioctl(event_fd, PERF_EVENT_IOC_SET_BPF, prog_fd))
		err = -errno;
	if (!err && ioctl(event_fd, PERF_EVENT_IOC_ENABLE, 0))
		err = -errno;
	return err;
}

/* ---- where events are opened ---- */

/* Opens one event and lets the program run at its overflows. */
struct opener {
	struct bpf_target *t;
	struct perf_event_attr *attr;
	uint32_t index; /* of the attach record */
};

static int open_one(const struct opener *o, pid_t pid, int cpu)
{
	const struct wire_attach *a = &o->t->base.image->attach[o->index];
	int fd = bpf_perf_event(o->attr, pid, cpu);

	if (fd < 0)
		return fd;
	return bpf_attach_perf(o->t, fd, o->t->prog_fd[a->handler], o->index);
}

/* "0-3,5" */
static bool next_cpu_range(const char **p, unsigned *from, unsigned *to)
{
	int n;

	if (sscanf(*p, "%u-%u%n", from, to, &n) != 2) {
		if (sscanf(*p, "%u%n", from, &n) != 1)
			return false;
		*to = *from;
	}
	*p += n;
	if (**p == ',')
		++*p;
	return true;
}

int bpf_each_cpu(int (*fn)(void *ctx, int cpu), void *ctx)
{
	char list[4096] = "0";
	const char *p = list;
	unsigned cpu, last;
	FILE *f;

	f = fopen("/sys/devices/system/cpu/online", "re");
	if (f && !fgets(list, sizeof(list), f))
		strcpy(list, "0");
	if (f)
		fclose(f);
	while (next_cpu_range(&p, &cpu, &last))
		for (; cpu <= last; cpu++) {
			int err = fn(ctx, (int)cpu);

			/* A CPU may go offline under our hands. */
			if (err < 0 && err != -ENODEV)
				return err;
		}
	return 0;
}

static int open_one_cpu(void *ctx, int cpu)
{
	return open_one(ctx, -1, cpu);
}

static int open_on_cpus(struct opener *o)
{
	return bpf_each_cpu(open_one_cpu, o);
}

#define MAX_THREADS 32768

/* The threads of a process; -errno. */
static int list_threads(pid_t pid, pid_t *tid, unsigned max)
{
	char path[64];
	struct dirent *e;
	int n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (!dir)
		return -ESRCH;
	while ((e = readdir(dir)) && (unsigned)n < max)
		if (*e->d_name != '.')
			tid[n++] = (pid_t)strtol(e->d_name, NULL, 10);
	closedir(dir);
	return n;
}

/*
 * All are listed before the first event is opened: a thread that appears later
 * has inherited one from its maker, and a second would count twice. (One that
 * is made in between by a thread whose turn is still to come is missed; the
 * process of -c is held until all is attached.)
 */
static int open_in_threads(const struct opener *o, pid_t pid)
{
	pid_t *tid = malloc(MAX_THREADS * sizeof(*tid));
	int n, err;

	if (!tid)
		return -ENOMEM;
	n = err = list_threads(pid, tid, MAX_THREADS);
	for (int i = 0; i < n; i++) {
		err = open_one(o, tid[i], -1);
		if (err == -ESRCH && i) /* it has ended */
			err = 0;
		if (err < 0)
			break;
	}
	free(tid);
	return err < 0 ? err : 0;
}

/* The tasks that a record means, or every CPU. */
static int open_everywhere(struct opener *o)
{
	const struct wire_attach *a = &o->t->base.image->attach[o->index];
	pid_t pid = a->pid > 0			      ? a->pid
		    : a->flags & WIRE_ATTACH_TARGET_ONLY ? o->t->base.target_pid
							 : 0;

	if (!pid)
		return open_on_cpus(o);
	o->attr->inherit = 1;
	return open_in_threads(o, pid);
}

/* Hits by frequency where one is given, else at each so many counts. */
static void set_rate(struct perf_event_attr *attr, uint64_t freq_hz,
		     uint64_t period)
{
	attr->freq = freq_hz != 0;
	if (freq_hz)
		attr->sample_freq = freq_hz;
	else
		attr->sample_period = period;
}

/* ---- timer.profile ---- */

int bpf_attach_profile(struct bpf_target *t, struct diag *d, uint32_t index)
{
	const struct wire_attach *a = &t->base.image->attach[index];
	struct perf_event_attr attr = {.size = sizeof(attr),
				       .type = PERF_TYPE_SOFTWARE,
				       .config = PERF_COUNT_SW_CPU_CLOCK};
	struct opener o = {t, &attr, index};
	int err;

	set_rate(&attr, a->freq_hz, a->period_ns);
	err = open_on_cpus(&o);
	return err < 0 ? bpf_attach_report(t, d, index, err, NULL) : 0;
}

/* ---- perf.* ---- */

const char *bpf_explain_event(const struct wire_attach *a, int err)
{
	switch (-err) {
	case ENOENT:
	case ENODEV:
	case EOPNOTSUPP:
		if (a->event == PERF_TYPE_SOFTWARE)
			return "this kernel has no such software event";
		if (a->event > PERF_TYPE_RAW)
			return "this kernel has no events of this type "
			       "(/sys/bus/event_source/devices/*/type has "
			       "those that it has)";
		return "this machine has no such hardware counter (virtual "
		       "machines often have none); perf.sw.cpu_clock and "
		       "timer.profile sample by time";
	case EINVAL:
		return "the kernel knows no event of this type and config, or "
		       "does not count it in this way";
	case EMFILE:
	case ENOSPC:
		return "all counters of the processor are in use";
	case EBUSY:
		return "another user has the counter for itself";
	case ESRCH:
		return "the process has ended";
	default:
		return NULL;
	}
}

int bpf_attach_sampler(struct bpf_target *t, struct diag *d, uint32_t index)
{
	const struct wire_attach *a = &t->base.image->attach[index];
	struct perf_event_attr attr = {.size = sizeof(attr),
				       .type = a->event,
				       .config = a->address,
				       .disabled = 1};
	struct opener o = {t, &attr, index};
	int err;

	set_rate(&attr, a->freq_hz, a->period);
	err = open_everywhere(&o);
	return err < 0 ? bpf_attach_report(t, d, index, err,
					   bpf_explain_event(a, err))
		       : 0;
}

/* ---- kernel.data, process.data ---- */

/* Some virtual machines take breakpoints and never deliver one. */
static bool breakpoints_work(void)
{
	static volatile uint64_t watched;
	struct perf_event_attr attr = {.size = sizeof(attr),
				       .type = PERF_TYPE_BREAKPOINT,
				       .bp_type = HW_BREAKPOINT_W,
				       .bp_addr = (uintptr_t)&watched,
				       .bp_len = HW_BREAKPOINT_LEN_8,
				       .exclude_kernel = 1};
	uint64_t count = 1;
	int fd = bpf_perf_event(&attr, 0, -1);

	/* The kernel says itself why not. */
	if (fd < 0)
		return true;
	watched++;
	if (read(fd, &count, sizeof(count)) != sizeof(count))
		count = 1;
	close(fd);
	return count > 0;
}

static const char *explain_watch(int err)
{
	switch (-err) {
	case ENOENT:
	case ENODEV:
	case EOPNOTSUPP:
		return "the kernel has no hardware breakpoints "
		       "(CONFIG_HAVE_HW_BREAKPOINT)";
	case ENOSPC:
		return "the processor's breakpoint registers are all in use "
		       "(x86 has 4)";
	case EINVAL:
		return "the processor cannot watch these bytes: the address "
		       "must be a multiple of the length";
	case ESRCH:
		return "the process has ended";
	default:
		return NULL;
	}
}

int bpf_attach_watch(struct bpf_target *t, struct diag *d, uint32_t index)
{
	const struct wire_attach *a = &t->base.image->attach[index];
	const char *symbol = image_text(t->base.image, a->symbol);
	struct perf_event_attr attr = {.size = sizeof(attr),
				       .type = PERF_TYPE_BREAKPOINT,
				       .bp_type = a->event,
				       .bp_addr = a->address,
				       .bp_len = a->period,
				       .sample_period = 1,
				       .disabled = 1};
	struct opener o = {t, &attr, index};
	int err;

	if (*symbol) {
		attr.bp_addr = run_kallsyms_data(symbol);
		if (!attr.bp_addr)
			return bpf_attach_report(
				t, d, index, -ENOENT,
				"the kernel has, or shows, no such symbol");
	}
	if (!breakpoints_work())
		return bpf_attach_report(
			t, d, index, -EOPNOTSUPP,
			"this machine takes hardware breakpoints and never "
			"delivers one, as some virtual machines do: the probe "
			"would not be hit; a timer that reads the memory "
			"(kernel_long(), user_long()) sees what changed");
	err = open_everywhere(&o);
	return err < 0 ? bpf_attach_report(t, d, index, err, explain_watch(err))
		       : 0;
}
