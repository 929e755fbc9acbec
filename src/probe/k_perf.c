// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * perf.type(N).config(M): events of perf_event_open(2), which the kernel or
 * the processor count. The numbers are handed on as they are; perf.hw.*,
 * perf.sw.* and perf.hw_cache.* are aliases (tapset/perf.stp).
 *
 *   .sample(N)      the handler runs at every Nth event (default: 1000000),
 *   .hz(N)          or about N times a second,
 *   .process("P")   where a process runs this program,
 *   .counter("N")   it never runs: @perf("N") reads what was counted, by the
 *                   thread that asks (with .process), or by its CPU.
 *
 * The task tree of -c and -x has events of its own, whose counts are not
 * advanced by anyone else; other processes are told by a check in front of
 * the handler, and share the count of their CPU.
 */
#include <string.h>

#include "probe/counters.h"
#include "probe/scope.h"

#define DEFAULT_PERIOD 1000000

/* What the components behind .config() say. */
struct perf_point {
	int64_t type, config, period, hz;
	bool has_period, has_hz;
	int process; /* component, or -1 */
	int counter; /* the same */
};

static bool take_suffix(const struct probe_point *p, unsigned i,
			struct perf_point *pp)
{
	if (pp_is(p, i, "sample") && pp_number(p, i, &pp->period) &&
	    !pp->has_period && !pp->has_hz)
		return pp->has_period = true;
	if (pp_is(p, i, "hz") && pp_number(p, i, &pp->hz) && !pp->has_period &&
	    !pp->has_hz)
		return pp->has_hz = true;
	if (pp_is(p, i, "process") && pp->process < 0 &&
	    (!pp_has_arg(p, i) || pp_string(p, i))) {
		pp->process = (int)i;
		return true;
	}
	if (pp_is(p, i, "counter") && pp_string(p, i) && !pp->has_period &&
	    !pp->has_hz && i + 1 == p->comps.n) {
		pp->counter = (int)i;
		return true;
	}
	return false;
}

static int parse(const struct probe_env *env, const struct probe_point *p,
		 struct perf_point *pp)
{
	*pp = (struct perf_point){
		.period = DEFAULT_PERIOD, .process = -1, .counter = -1};
	if (p->comps.n < 3 || !pp_bare(p, 0, "perf") || !pp_is(p, 1, "type") ||
	    !pp_number(p, 1, &pp->type) || !pp_is(p, 2, "config") ||
	    !pp_number(p, 2, &pp->config))
		return PROBE_NOT_MINE;
	for (unsigned i = 3; i < p->comps.n; i++)
		if (!take_suffix(p, i, pp))
			return PROBE_NOT_MINE;
	if (pp->type < 0 || pp->type > UINT32_MAX)
		return pp_out_of_range(env, p, 1, pp->type, 0, UINT32_MAX, "");
	for (unsigned i = 3; i < p->comps.n; i++) {
		if (pp_is(p, i, "sample") && pp->period < 1)
			return pp_out_of_range(env, p, i, pp->period, 1, INT64_MAX, "");
		if (pp_is(p, i, "hz") && (pp->hz < 1 || pp->hz > INT32_MAX))
			return pp_out_of_range(env, p, i, pp->hz, 1, INT32_MAX, "");
	}
	return PROBE_MATCHED;
}

/* The name with the default written out, as stap shows it. */
static const char *derived_name(const struct probe_env *env,
				const struct probe_point *p,
				const struct perf_point *pp,
				const struct scope *sc)
{
	struct strbuf sb = {0};

	sb_printf(&sb, "perf.type(%lld).config(%lld)", (long long)pp->type,
		  (long long)pp->config);
	if (pp->has_hz)
		sb_printf(&sb, ".hz(%lld)", (long long)pp->hz);
	else
		sb_printf(&sb, ".sample(%lld)",
			  (long long)(pp->counter < 0 ? pp->period : 0));
	if (sc)
		sb_printf(&sb, ".%s", sc->head);
	if (pp->counter >= 0)
		sb_printf(&sb, ".counter(\"%s\")",
			  pp_string(p, (unsigned)pp->counter));
	const char *s = arena_strdup(env->arena, sb_str(&sb));
	sb_free(&sb);
	return s;
}

static struct probe_site *add_site(const struct probe_env *env,
				   const struct probe_point *p,
				   const struct perf_point *pp,
				   const struct scope *sc,
				   struct site_list *out)
{
	struct probe_site *s = site_new(env, &probe_kind_perf, p, out);

	s->name = derived_name(env, p, pp, sc);
	if (!sc)
		s->alias = pp_text(env->arena, p, UINT32_MAX, NULL);
	s->attach.kind = WIRE_PROBE_PERF;
	s->attach.event = (uint32_t)pp->type;
	s->attach.address = (uint64_t)pp->config;
	s->attach.pid = -1;
	if (pp->has_hz)
		s->attach.freq_hz = (uint64_t)pp->hz;
	else
		s->attach.period = (uint64_t)pp->period;
	s->prog_type = IMAGE_PROG_PERF;
	return s;
}

/* The point that begins at .process(), for scope_find(). */
static struct probe_point *process_part(const struct probe_env *env,
					const struct probe_point *p, int at)
{
	struct probe_point *q = arena_new_obj(env->arena, struct probe_point);

	*q = *p;
	memset(&q->comps, 0, sizeof(q->comps));
	vec_push(env->arena, &q->comps, p->comps.v[at]);
	return q;
}

static int match_process(const struct probe_env *env,
			 const struct probe_point *p,
			 const struct perf_point *pp, struct site_list *out)
{
	const struct probe_point *q = process_part(env, p, pp->process);
	struct scope_list scopes = {0};
	const char *path, *why;

	if (!scope_find(env, q, true, &scopes, &path, &why))
		return scope_error(env, q, path, why);
	vec_for (&scopes.v, i) {
		const struct scope *sc = scopes.v.v[i];
		struct stmt *where =
			scope_prologue_exe(env, sc, p->loc, &why);

		if (!where) {
			pp_unavailable(env, p, (unsigned)pp->process, why);
			return PROBE_ERROR;
		}
		struct probe_site *s = add_site(env, p, pp, sc, out);
		s->prologue = where;
		s->attach.flags =
			sc->target_only ? WIRE_ATTACH_TARGET_ONLY : 0;
	}
	return PROBE_MATCHED;
}

/* Its handler is a program that is never attached. */
static int match_counter(const struct probe_env *env,
			 const struct probe_point *p,
			 const struct perf_point *pp, struct site_list *out)
{
	uint32_t first = out->v.n;
	struct probe_site *s;
	int n;

	if (pp->process < 0)
		add_site(env, p, pp, NULL, out);
	else if (match_process(env, p, pp, out) != PROBE_MATCHED)
		return PROBE_ERROR;
	if (out->v.n == first)
		return PROBE_MATCHED; /* no program */
	n = counters_define(env, p, (unsigned)pp->counter);
	if (n < 0)
		return PROBE_ERROR;
	/* Threads are counted one by one: one record does for all programs. */
	out->v.n = first + 1;
	s = out->v.v[first];
	s->attach.kind = WIRE_PROBE_COUNTER;
	s->attach.nth = (uint32_t)n;
	s->attach.flags = pp->process >= 0 ? WIRE_ATTACH_PER_TASK : 0;
	s->attach.period = 0;
	s->prologue = stmt_new(env->arena, S_NEXT, p->loc);
	s->prog_type = IMAGE_PROG_RAWTP;
	return PROBE_MATCHED;
}

static int perf_match(const struct probe_env *env, const struct probe_point *p,
		      struct site_list *out)
{
	struct perf_point pp;
	int r = parse(env, p, &pp);

	if (r != PROBE_MATCHED)
		return r;
	if (pp.counter >= 0)
		return match_counter(env, p, &pp, out);
	if (pp.process >= 0)
		return match_process(env, p, &pp, out);
	add_site(env, p, &pp, NULL, out);
	return PROBE_MATCHED;
}

#define BY_COUNT(rest)                                                         \
	"perf.type(number).config(number)" rest,                               \
		"perf.type(number).config(number).sample(number)" rest,        \
		"perf.type(number).config(number).hz(number)" rest

static const char *const forms[] = {
	BY_COUNT(""),
	BY_COUNT(".process"),
	BY_COUNT(".process(string)"),
	"perf.type(number).config(number).counter(string)",
	"perf.type(number).config(number).process.counter(string)",
	"perf.type(number).config(number).process(string).counter(string)",
	NULL};

const struct probe_kind probe_kind_perf = {
	.name = "perf",
	.forms = forms,
	.match = perf_match,
};
