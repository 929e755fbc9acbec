// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes N system calls (getppid) and prints what the BPF programs that saw all
 * of them took, in nanoseconds per call and all together, by the kernel's own
 * clock (BPF_STATS_RUN_TIME, Linux 5.8). To be run as the command (-c) of a
 * tracer: it needs no quiet machine, for only the programs are timed. Every
 * figure has the same cost of reading the clock in it: subtract what an empty
 * program takes.
 */
#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of all programs that ran at least n times: ns per run, added up. */
static double ns_per_hit(unsigned long long n)
{
	double ns = 0;

	for (uint32_t id = 0; !bpf_prog_get_next_id(id, &id);) {
		struct bpf_prog_info info = {0};
		uint32_t len = sizeof(info);
		int fd = bpf_prog_get_fd_by_id(id);

		if (fd < 0)
			continue;
		if (!bpf_obj_get_info_by_fd(fd, &info, &len) &&
		    info.run_cnt >= n)
			ns += (double)info.run_time_ns / (double)info.run_cnt;
		close(fd);
	}
	return ns;
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 1000000;
	int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);

	if (stats < 0) {
		perror("bpf_enable_stats");
		return 1;
	}
	for (long i = 0; i < n; i++)
		syscall(SYS_getppid);
	fprintf(stderr, "%.1f\n", ns_per_hit((unsigned long long)n));
	close(stats);
	return 0;
}
