// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/head.h"
#include "run/kallsyms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define NSEC 1000000000ull
/* Reading two clocks is not exact; smaller differences mean nothing, and time
   should not go back. */
#define CLOCK_STEP_NS 1000000

uint64_t run_clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NSEC + (uint64_t)ts.tv_nsec;
}

static uint64_t realtime_base(clockid_t clock)
{
	return run_clock_ns(CLOCK_REALTIME) - run_clock_ns(clock);
}

static uint32_t cpu_khz(void)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[256];
	double mhz = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "cpu MHz : %lf", &mhz) == 1)
			break;
	if (f)
		fclose(f);
	return (uint32_t)(mhz * 1000);
}

/* The coarse clock ticks with the kernel's HZ. */
static uint32_t kernel_hz(void)
{
	struct timespec res;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &res) || !res.tv_nsec)
		return 100;
	return (uint32_t)((NSEC + (uint64_t)res.tv_nsec / 2) /
			  (uint64_t)res.tv_nsec);
}

static void fill_zone(struct rt_head *h)
{
	time_t now = time(NULL);
	struct tm tm;

	if (!localtime_r(&now, &tm))
		return;
	h->tz_offset_s = tm.tm_gmtoff;
	snprintf((char *)h->tz_name, sizeof(h->tz_name), "%s",
		 tm.tm_zone ? tm.tm_zone : "");
}

void run_head_fill(struct rt_head *h, const struct run_opts *o, pid_t target)
{
	h->state = RT_STARTING;
	h->target_pid = (uint32_t)target;
	h->stap_pid = (uint32_t)getpid();
	h->start_ns = run_clock_ns(CLOCK_MONOTONIC);
	h->realtime_base_ns = realtime_base(o->target->realtime_clock);
	fill_zone(h);
	if (getrandom(h->rand_state, sizeof(h->rand_state), GRND_NONBLOCK) !=
	    sizeof(h->rand_state))
		h->rand_state[0] = (uint32_t)h->start_ns;
	h->rand_state[0] |= 1;
	run_head_structs(h);
	if (h->nksources)
		h->kernel_text = run_kallsyms_data("_stext");
	h->cpu_khz = cpu_khz();
	h->hz = kernel_hz();
	if (o->suppress_handler_errors)
		h->flags |= RT_F_SUPPRESS_ERRORS;
	if (o->timing && h->probe_stats_off)
		h->flags |= RT_F_TIMING;
}

void run_head_follow_clock(struct rt_head *h, clockid_t clock,
			   uint64_t *next_look)
{
	uint64_t now = run_clock_ns(CLOCK_MONOTONIC), base;

	if (now < *next_look)
		return;
	*next_look = now + NSEC;
	base = realtime_base(clock);
	if (llabs((long long)(base - h->realtime_base_ns)) >= CLOCK_STEP_NS)
		__atomic_store_n(&h->realtime_base_ns, base, __ATOMIC_RELAXED);
}
