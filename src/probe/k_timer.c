// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timers. Those by interval are driven by the runner (a timerfd each);
 * timer.profile by the kernel, on every CPU, in the context of whatever runs
 * there.
 */
#include <string.h>

#include "probe/kind.h"

#define NSEC 1000000000ull
#define MAX_PERIOD_NS (24 * 3600 * NSEC)
#define MAX_JIFFIES 1000000
#define MAX_HZ 1000000

static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = {
	{"s", NSEC},  {"sec", NSEC},  {"ms", 1000000}, {"msec", 1000000},
	{"us", 1000}, {"usec", 1000}, {"ns", 1},       {"nsec", 1},
};

static struct probe_site *timer_site(const struct probe_env *env,
				     const struct probe_point *p,
				     struct site_list *out)
{
	struct probe_site *s = site_new(env, &probe_kind_timer, p, out);

	s->attach.kind = WIRE_PROBE_TIMER;
	s->prog_type = IMAGE_PROG_RUN;
	s->handler_flags = IMAGE_HANDLER_INTERRUPTIBLE;
	return s;
}

/* timer.UNIT(N) and timer.UNIT(N).randomize(M), in units of ns. */
static int interval(const struct probe_env *env, const struct probe_point *p,
		    struct site_list *out, uint64_t ns, int64_t max)
{
	int64_t n, m = 0;

	if (!pp_number(p, 1, &n) || p->comps.n > 3)
		return PROBE_NOT_MINE;
	if (p->comps.n == 3 &&
	    (!pp_is(p, 2, "randomize") || !pp_number(p, 2, &m)))
		return PROBE_NOT_MINE;
	if (n < 1 || n > max) {
		diag_remedy(diag_report(env->diag, TIMER_INTERVAL,
					p->comps.v[1].arg->loc,
					pp_number_what(env, n), (long long)max),
			    "choose a number within this range%s",
			    n > max ? ", or a larger unit" : "");
		return PROBE_ERROR;
	}
	if (p->comps.n == 3 && (m < 0 || m > n)) {
		diag_remedy(diag_report(env->diag, TIMER_RANDOMIZE,
					p->comps.v[2].arg->loc,
					pp_number_what(env, m)),
			    "choose a number from 0 to %lld", (long long)n);
		return PROBE_ERROR;
	}
	struct probe_site *s = timer_site(env, p, out);
	s->attach.period_ns = (uint64_t)n * ns;
	s->attach.randomize_ns = (uint64_t)m * ns;
	return PROBE_MATCHED;
}

static int frequency(const struct probe_env *env, const struct probe_point *p,
		     struct site_list *out, unsigned at, bool profile)
{
	int64_t hz;

	if (!pp_number(p, at, &hz) || p->comps.n != at + 1)
		return PROBE_NOT_MINE;
	if (hz < 1 || hz > MAX_HZ) {
		diag_remedy(diag_report(env->diag, TIMER_FREQUENCY,
					p->comps.v[at].arg->loc,
					pp_number_what(env, hz),
					hz < 1 ? "" : " and not so large"),
			    "choose a number from 1 to %d", MAX_HZ);
		return PROBE_ERROR;
	}
	struct probe_site *s = timer_site(env, p, out);
	s->attach.period_ns = NSEC / (uint64_t)hz;
	s->attach.freq_hz = (uint64_t)hz;
	if (profile) {
		s->attach.kind = WIRE_PROBE_PROFILE;
		s->prog_type = IMAGE_PROG_PERF;
		s->handler_flags = 0;
	}
	return PROBE_MATCHED;
}

static int profile(const struct probe_env *env, const struct probe_point *p,
		   struct site_list *out)
{
	if (pp_has_arg(p, 1))
		return PROBE_NOT_MINE;
	if (p->comps.n == 4 && pp_bare(p, 2, "freq") && pp_is(p, 3, "hz"))
		return frequency(env, p, out, 3, true);
	if (p->comps.n != 2 && !(p->comps.n == 3 && pp_bare(p, 2, "tick")))
		return PROBE_NOT_MINE;
	struct probe_site *s = timer_site(env, p, out);
	s->attach.kind = WIRE_PROBE_PROFILE;
	s->attach.freq_hz = target_hz(env->targets);
	s->attach.period_ns = NSEC / s->attach.freq_hz;
	s->prog_type = IMAGE_PROG_PERF;
	s->handler_flags = 0;
	return PROBE_MATCHED;
}

static int timer_match(const struct probe_env *env, const struct probe_point *p,
		       struct site_list *out)
{
	if (p->comps.n < 2 || !pp_bare(p, 0, "timer"))
		return PROBE_NOT_MINE;
	const char *what = p->comps.v[1].name;
	for (unsigned i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (!strcmp(what, units[i].name))
			return interval(env, p, out, units[i].ns,
					(int64_t)(MAX_PERIOD_NS / units[i].ns));
	if (!strcmp(what, "jiffies"))
		return interval(env, p, out, NSEC / target_hz(env->targets),
				MAX_JIFFIES);
	if (!strcmp(what, "hz"))
		return frequency(env, p, out, 1, false);
	if (!strcmp(what, "profile"))
		return profile(env, p, out);
	return PROBE_NOT_MINE;
}

#define UNIT_FORMS(u)                                                          \
	"timer." u "(number)", "timer." u "(number).randomize(number)"

static const char *const forms[] = {
	UNIT_FORMS("s"),
	UNIT_FORMS("sec"),
	UNIT_FORMS("ms"),
	UNIT_FORMS("msec"),
	UNIT_FORMS("us"),
	UNIT_FORMS("usec"),
	UNIT_FORMS("ns"),
	UNIT_FORMS("nsec"),
	UNIT_FORMS("jiffies"),
	"timer.hz(number)",
	"timer.profile",
	"timer.profile.tick",
	"timer.profile.freq.hz(number)",
	NULL,
};

const struct probe_kind probe_kind_timer = {
	.name = "timer",
	.forms = forms,
	.match = timer_match,
};
