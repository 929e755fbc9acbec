// SPDX-License-Identifier: GPL-2.0-or-later
#include "driver/usage.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static int64_t ms(struct timeval t)
{
	return (int64_t)t.tv_sec * 1000 + t.tv_usec / 1000;
}

struct usage usage_now(void)
{
	struct rusage self, kids;
	struct timespec now;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &kids);
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (struct usage){
		.usr_ms = ms(self.ru_utime) + ms(kids.ru_utime),
		.sys_ms = ms(self.ru_stime) + ms(kids.ru_stime),
		.real_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000,
	};
}

const char *usage_since(const struct usage *start, char *buf, unsigned len)
{
	struct usage now = usage_now();

	snprintf(buf, len, "%lldusr/%lldsys/%lldreal ms",
		 (long long)(now.usr_ms - start->usr_ms),
		 (long long)(now.sys_ms - start->sys_ms),
		 (long long)(now.real_ms - start->real_ms));
	return buf;
}

const char *usage_memory(char *buf, unsigned len)
{
	unsigned long virt = 0, res = 0, shr = 0, text, lib, data = 0;
	long kb = sysconf(_SC_PAGESIZE) / 1024;
	FILE *f = fopen("/proc/self/statm", "re");

	/* Fields in pages: proc(5). Zeros when /proc is not mounted. */
	if (f) {
		if (fscanf(f, "%lu %lu %lu %lu %lu %lu", &virt, &res, &shr,
			   &text, &lib, &data) != 6)
			virt = res = shr = data = 0;
		fclose(f);
	}
	snprintf(buf, len, "%luvirt/%lures/%lushr/%ludata kb", virt * kb,
		 res * kb, shr * kb, data * kb);
	return buf;
}
