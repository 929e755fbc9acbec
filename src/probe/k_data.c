// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kernel.data(ADDRESS or "SYMBOL") and process.data(ADDRESS), .write or .rw:
 * the processor's breakpoint registers watch a few bytes. Those of the target
 * of -c or -x are watched in its threads, those of the kernel on every CPU.
 */
#include <string.h>

#include "probe/scope.h"

#define MAX_LENGTH 8

/* HW_BREAKPOINT_W, HW_BREAKPOINT_RW of linux/hw_breakpoint.h */
#define ON_WRITE 2
#define ON_ACCESS 3

struct data_point {
	bool kernel;
	const char *symbol;
	int64_t address, length;
	unsigned access;
};

static bool parse(const struct probe_point *p, struct data_point *d)
{
	unsigned n = p->comps.n;

	*d = (struct data_point){.length = 1};
	if (n < 3 || n > 4 || !pp_is(p, 1, "data"))
		return false;
	d->kernel = pp_bare(p, 0, "kernel");
	if (!d->kernel && !pp_is(p, 0, "process"))
		return false;
	d->symbol = pp_string(p, 1);
	if (!d->symbol && !pp_number(p, 1, &d->address))
		return false;
	if (n == 4 && !(pp_is(p, 2, "length") && pp_number(p, 2, &d->length)))
		return false;
	d->access = pp_bare(p, n - 1, "write") ? ON_WRITE
		    : pp_bare(p, n - 1, "rw")  ? ON_ACCESS
					       : 0;
	return d->access != 0;
}

static int unavailable(const struct probe_env *env,
		       const struct probe_point *p, const char *why,
		       const char *remedy)
{
	struct diag_msg *m = pp_unavailable(env, p, 1, why);

	if (remedy)
		diag_remedy(m, "%s", remedy);
	return PROBE_ERROR;
}

/* A kernel symbol's address now; the runner looks it up again. */
static int find_symbol(const struct probe_env *env,
		       const struct probe_point *p, struct data_point *d)
{
	const char *why = NULL;
	uint64_t addr = 0;

	if (!d->kernel)
		return unavailable(
			env, p, "variables of a process are watched by address",
			"print the address first: printf(\"%#x\", "
			"&@var(\"NAME\")), or link the program with -no-pie "
			"and look it up with nm");
	if (!target_kernel_symbol(env->targets, d->symbol, &addr, &why))
		return unavailable(
			env, p, why,
			target_kernel_config(env->targets,
					     "CONFIG_KALLSYMS_ALL")
				? NULL
				: "this kernel is built without "
				  "CONFIG_KALLSYMS_ALL, so that only functions "
				  "have names: give the address, "
				  "kernel.data(0x...)");
	d->address = (int64_t)addr;
	return PROBE_MATCHED;
}

static const char *derived_name(const struct probe_env *env,
				const struct data_point *d,
				const struct scope *sc)
{
	struct arena *a = env->arena;

	return arena_printf(
		a, "%s.data(%s).length(%lld).%s", sc ? sc->head : "kernel",
		d->symbol ? arena_printf(a, "\"%s\"", d->symbol)
			  : arena_printf(a, "%#llx", (long long)d->address),
		(long long)d->length, d->access == ON_WRITE ? "write" : "rw");
}

static int data_match(const struct probe_env *env, const struct probe_point *p,
		      struct site_list *out)
{
	struct scope_list scopes = {0};
	const struct scope *sc = NULL;
	const char *path, *why;
	struct data_point d;

	if (!parse(p, &d))
		return PROBE_NOT_MINE;
	if (d.length < 1 || d.length > MAX_LENGTH) {
		diag_remedy(diag_report(env->diag, PROBE_NUMBER_RANGE,
					p->comps.v[2].arg->loc,
					pp_what(env, p, 2), "length",
					(long long)d.length, 1ll,
					(long long)MAX_LENGTH),
			    "a breakpoint register watches 1, 2, 4 or 8 bytes");
		return PROBE_ERROR;
	}
	if (d.symbol) {
		int r = find_symbol(env, p, &d);
		if (r != PROBE_MATCHED)
			return r;
	}
	if (!d.kernel) {
		if (!scope_find(env, p, true, &scopes, &path, &why))
			return scope_error(env, p, path, why);
		sc = scopes.v.v[0];
		if (!sc->pid && !sc->target_only)
			return unavailable(env, p,
					   "the process to watch must be given",
					   "run it with -c CMD, or name it with "
					   "-x PID");
	}
	struct probe_site *s = site_new(env, &probe_kind_data, p, out);
	s->name = derived_name(env, &d, sc);
	if (!sc)
		s->alias = pp_text(env->arena, p, UINT32_MAX, NULL);
	s->attach.kind = WIRE_PROBE_DATA;
	s->attach.address = (uint64_t)d.address;
	s->attach.period = d.length <= 2   ? (uint64_t)d.length
			   : d.length <= 4 ? 4
					   : 8;
	s->attach.event = d.access;
	s->attach.pid = sc && sc->pid ? sc->pid : -1;
	s->attach.flags = sc && !sc->pid ? WIRE_ATTACH_TARGET_ONLY : 0;
	s->symbol = d.symbol;
	s->prog_type = IMAGE_PROG_PERF;
	return PROBE_MATCHED;
}

#define ACCESSES(point) point ".write", point ".rw"

static const char *const forms[] = {
	ACCESSES("kernel.data(number)"),
	ACCESSES("kernel.data(number).length(number)"),
	ACCESSES("kernel.data(string)"),
	ACCESSES("process.data(number)"),
	ACCESSES("process.data(number).length(number)"),
	ACCESSES("process(number).data(number)"),
	ACCESSES("process(number).data(number).length(number)"),
	NULL,
};

const struct probe_kind probe_kind_data = {
	.name = "data",
	.forms = forms,
	.match = data_match,
};
