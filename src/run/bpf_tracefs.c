// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kretprobes with a limit of their own. Only tracefs lets one say how many
 * calls of a function may be under way (maxactive), and tells how many returns
 * were missed for it on kernels whose links do not (before 6.7). Such a probe
 * is an event with a name of this process; it is taken away when detached, and
 * by the next run should this one be killed.
 */
#include "run/bpf_int.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GROUP "stap_"

static const char *tracefs(void)
{
	static const char *const dirs[] = {"/sys/kernel/tracing",
					   "/sys/kernel/debug/tracing"};

	for (unsigned i = 0; i < 2; i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/kprobe_events", dirs[i]);
		if (!access(path, W_OK))
			return dirs[i];
	}
	return NULL;
}

static int write_event(const char *text)
{
	const char *dir = tracefs();
	char path[64];
	int fd, err = 0;

	if (!dir)
		return -EOPNOTSUPP;
	snprintf(path, sizeof(path), "%s/kprobe_events", dir);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* Events of processes that are no more. */
static void sweep(void)
{
	const char *dir = tracefs();
	char path[64], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/kprobe_events", dir ? dir : "");
	f = dir ? fopen(path, "re") : NULL;
	while (f && fgets(line, sizeof(line), f)) {
		char event[64];
		unsigned number;
		int pid;

		if (sscanf(line, "%*[^:]:" GROUP "kretprobes/r%d_%u", &pid,
			   &number) != 2 ||
		    !kill(pid, 0) || errno != ESRCH)
			continue;
		snprintf(event, sizeof(event), "-:" GROUP "kretprobes/r%d_%u",
			 pid, number);
		write_event(event);
	}
	if (f)
		fclose(f);
}

static int event_id(unsigned number)
{
	char path[160];
	int id = -1;
	FILE *f;

	snprintf(path, sizeof(path), "%s/events/" GROUP "kretprobes/r%d_%u/id",
		 tracefs(), (int)getpid(), number);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	if (fscanf(f, "%d", &id) != 1)
		id = -EINVAL;
	fclose(f);
	return id;
}

static void remove_event(unsigned number)
{
	char event[64];

	snprintf(event, sizeof(event), "-:" GROUP "kretprobes/r%d_%u",
		 (int)getpid(), number);
	write_event(event);
}

int bpf_tracefs_kretprobe(struct bpf_target *t, const char *name, uint64_t addr,
			  uint32_t maxactive)
{
	struct perf_event_attr attr = {.size = sizeof(attr),
				       .type = PERF_TYPE_TRACEPOINT};
	unsigned number = t->ntracefs;
	char event[700];
	int id, fd, err;

	if (!number)
		sweep();
	if (addr)
		snprintf(event, sizeof(event),
			 "r%u:" GROUP "kretprobes/r%d_%u 0x%llx", maxactive,
			 (int)getpid(), number, (unsigned long long)addr);
	else
		snprintf(event, sizeof(event),
			 "r%u:" GROUP "kretprobes/r%d_%u %s", maxactive,
			 (int)getpid(), number, name);
	err = write_event(event);
	if (err)
		return err;
	id = event_id(number);
	if (id < 0) {
		remove_event(number);
		return id;
	}
	t->ntracefs++;
	attr.config = (unsigned)id;
	attr.sample_period = 1;
	attr.wakeup_events = 1;
	fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1,
			  PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

uint64_t bpf_tracefs_missed(const struct bpf_target *t)
{
	char path[64], line[512];
	uint64_t total = 0;
	FILE *f;

	if (!t->ntracefs)
		return 0;
	/* "  r1234_0   hits   misses": without the group, so names hold the
	   process */
	snprintf(path, sizeof(path), "%s/kprobe_profile", tracefs());
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		unsigned long long hits, missed;
		unsigned number;
		int pid;

		if (sscanf(line, " r%d_%u %llu %llu", &pid, &number, &hits,
			   &missed) == 4 &&
		    pid == (int)getpid() && number < t->ntracefs)
			total += missed;
	}
	if (f)
		fclose(f);
	return total;
}

void bpf_tracefs_remove(struct bpf_target *t)
{
	while (t->ntracefs)
		remove_event(--t->ntracefs);
}
