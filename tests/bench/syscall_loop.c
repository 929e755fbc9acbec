// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * syscall_loop N: makes N system calls (getppid) and prints to stderr, in
 * nanoseconds per call:
 *
 *	WALL CPU PROG
 *
 * WALL and CPU (user + sys) are medians over chunks, so that what else runs on
 * the machine for a moment does not show. PROG is the time inside the BPF
 * program that ran at the calls, by the kernel's own statistics, which are
 * switched on for further N / 4 calls only, since they cost time themselves
 * (the same for every program: compare with an empty one). The program is one
 * of our parent, the tracer (its -c); "-": there is none.
 */
#include <dirent.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CHUNKS 101
#define PROGS 1024

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static int bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

struct prog {
	uint32_t id;
	uint64_t count, ns;
};

static void ask_program(struct prog *p)
{
	union bpf_attr attr;
	struct bpf_prog_info info;
	int fd;

	memset(&attr, 0, sizeof(attr));
	memset(&info, 0, sizeof(info));
	attr.prog_id = p->id;
	fd = bpf(BPF_PROG_GET_FD_BY_ID, &attr);
	if (fd < 0)
		return;
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	if (!bpf(BPF_OBJ_GET_INFO_BY_FD, &attr)) {
		p->count = info.run_cnt;
		p->ns = info.run_time_ns;
	}
	close(fd);
}

/* The programs that our parent, the tracer, holds; how many. */
static int list_programs(struct prog *p)
{
	char dir[64], path[512], line[256];
	struct dirent *e;
	int n = 0;
	DIR *d;

	snprintf(dir, sizeof(dir), "/proc/%d/fdinfo", (int)getppid());
	d = opendir(dir);
	while (d && n < PROGS && (e = readdir(d))) {
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		f = fopen(path, "r");
		while (f && fgets(line, sizeof(line), f))
			if (sscanf(line, "prog_id: %u", &p[n].id) == 1) {
				int k = 0;

				while (p[k].id != p[n].id)
					k++;
				n += k == n; /* links name it again */
				break;
			}
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
	return n;
}

static void call(long n)
{
	for (long i = 0; i < n; i++)
		syscall(SYS_getppid);
}

static void print_program_time(long n)
{
	static struct prog p[PROGS + 1];
	union bpf_attr attr = {0};
	int stats = bpf(BPF_ENABLE_STATS, &attr), nprogs = list_programs(p);
	uint64_t hits = 0;
	double ns = 0;

	for (int i = 0; i < nprogs; i++)
		ask_program(&p[i]);
	call(n);
	for (int i = 0; i < nprogs; i++) {
		struct prog after = p[i];

		ask_program(&after);
		if (after.count - p[i].count < (uint64_t)n)
			continue;
		hits = after.count - p[i].count;
		ns = (double)(after.ns - p[i].ns) / (double)hits;
	}
	if (stats >= 0)
		close(stats);
	if (hits)
		fprintf(stderr, "%.2f\n", ns);
	else
		fprintf(stderr, "-\n");
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 1000000, chunk = n / CHUNKS;
	double wall[CHUNKS], cpu[CHUNKS];

	call(n - chunk * CHUNKS);
	for (int i = 0; i < CHUNKS; i++) {
		double w = now(CLOCK_MONOTONIC),
		       c = now(CLOCK_PROCESS_CPUTIME_ID);

		call(chunk);
		cpu[i] = (now(CLOCK_PROCESS_CPUTIME_ID) - c) / (double)chunk;
		wall[i] = (now(CLOCK_MONOTONIC) - w) / (double)chunk;
	}
	qsort(wall, CHUNKS, sizeof(*wall), compare);
	qsort(cpu, CHUNKS, sizeof(*cpu), compare);
	fprintf(stderr, "%.2f %.2f ", wall[CHUNKS / 2], cpu[CHUNKS / 2]);
	print_program_time(n / 4);
	return 0;
}
