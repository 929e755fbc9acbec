// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/overload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/head.h"

#define REST_NS (1000 * 1000000ull)
#define LOOK_NS (50 * 1000000ull)

/* ---- how busy the CPUs were ---- */

static int compare_ns(const void *pa, const void *pb)
{
	uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;

	return a < b ? -1 : a > b;
}

uint64_t run_overload_least_max(uint64_t run_ns, uint64_t *busy_ns, uint32_t n)
{
	qsort(busy_ns, n, sizeof(*busy_ns), compare_ns);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t each = run_ns / (n - i);

		/* the rest of them can share evenly what is left */
		if (busy_ns[i] >= each || i + 1 == n)
			return each;
		run_ns -= busy_ns[i];
	}
	return run_ns;
}

/* From /proc/stat: idle and waiting time of each CPU since boot. */
static bool read_cpus(struct run_cpu_times *c)
{
	uint64_t tick_ns = 1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK);
	FILE *f = fopen("/proc/stat", "re");
	char line[512];

	c->n = 0;
	while (f && fgets(line, sizeof(line), f)) {
		unsigned long long idle, wait;
		uint64_t *more;

		if (strncmp(line, "cpu", 3) || line[3] == ' ' ||
		    sscanf(line + 3, "%*u %*u %*u %*u %llu %llu", &idle,
			   &wait) != 2)
			continue;
		more = realloc(c->idle_ns, (c->n + 1) * sizeof(*more));
		if (!more)
			break;
		c->idle_ns = more;
		c->idle_ns[c->n++] = (idle + wait) * tick_ns;
	}
	if (f)
		fclose(f);
	return c->n != 0;
}

/* Time in probes of the busiest CPU since the start, at least. */
static uint64_t busiest(const struct run_overload *o, uint64_t run_ns,
			uint64_t passed_ns)
{
	struct run_cpu_times now = {0};
	uint64_t most = 0;

	if (read_cpus(&now) && now.n == o->start_cpus.n) {
		for (uint32_t i = 0; i < now.n; i++) {
			uint64_t idle = now.idle_ns[i] -
					o->start_cpus.idle_ns[i];

			now.idle_ns[i] =
				idle < passed_ns ? passed_ns - idle : 0;
		}
		most = run_overload_least_max(run_ns, now.idle_ns, now.n);
	}
	free(now.idle_ns);
	return most;
}

/* ---- phases ---- */

static void rest(struct run_overload *o, uint64_t now)
{
	if (o->phase > OVERLOAD_REST)
		o->t->ops->measure(o->t, false);
	o->phase = OVERLOAD_REST;
	o->next_ns = now + REST_NS;
}

static void begin(struct run_overload *o, int phase, uint64_t length_ns)
{
	uint64_t now;

	if (o->phase == OVERLOAD_REST && o->t->ops->measure(o->t, true)) {
		o->phase = OVERLOAD_OFF; /* before Linux 5.8, or forbidden */
		return;
	}
	/* the kernel changed its code meanwhile, which takes a while */
	now = run_clock_ns(CLOCK_MONOTONIC);
	o->phase = phase;
	o->start_ns = now;
	o->next_ns = now + length_ns;
	o->start_run_ns = o->t->ops->run_ns(o->t);
	if (!read_cpus(&o->start_cpus))
		rest(o, now);
}

void run_overload_init(struct run_overload *o, struct run_target *t,
		       const struct rt_head *head, uint64_t now)
{
	/* cycles per millisecond; the threshold is a share of the interval, so
	   a guess does */
	uint64_t per_ms = head->cpu_khz ? head->cpu_khz : 2500000;

	memset(o, 0, sizeof(*o));
	o->t = t;
	if (!head->overload_threshold || !t->ops->measure ||
	    head->flags & RT_F_NO_TIME_LIMITS)
		return;
	o->interval_ns = head->overload_interval * 1000000 / per_ms;
	o->limit_ns = head->overload_threshold * 1000000 / per_ms;
	if (o->interval_ns < LOOK_NS) {
		o->limit_ns = o->limit_ns * LOOK_NS / (o->interval_ns + 1);
		o->interval_ns = LOOK_NS;
	}
	o->phase = OVERLOAD_REST;
	o->next_ns = now + o->interval_ns;
}

void run_overload_free(struct run_overload *o)
{
	if (o->phase > OVERLOAD_REST)
		o->t->ops->measure(o->t, false);
	o->phase = OVERLOAD_OFF;
	free(o->start_cpus.idle_ns);
	o->start_cpus.idle_ns = NULL;
}

uint64_t run_overload_next(const struct run_overload *o)
{
	return o->phase == OVERLOAD_OFF ? UINT64_MAX : o->next_ns;
}

bool run_overload_turn(struct run_overload *o, uint64_t now, unsigned *percent)
{
	uint64_t passed, run;

	if (now < run_overload_next(o))
		return false;
	if (o->phase == OVERLOAD_REST) {
		begin(o, OVERLOAD_LOOK, LOOK_NS);
		return false;
	}
	passed = now - o->start_ns;
	run = busiest(o, o->t->ops->run_ns(o->t) - o->start_run_ns, passed);
	if ((double)run * (double)o->interval_ns <=
	    (double)o->limit_ns * (double)passed) {
		rest(o, now);
		return false;
	}
	*percent = (unsigned)(run * 100 / passed);
	if (o->phase == OVERLOAD_MEASURE)
		return true;
	begin(o, OVERLOAD_MEASURE, o->interval_ns);
	return false;
}
