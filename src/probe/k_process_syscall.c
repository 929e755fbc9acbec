// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * process.syscall and .syscall.return: the system calls of a program, told by
 * sys_enter(regs, number) and sys_exit(regs, result), which run in the caller.
 * Arguments are where the kernel's entry code put them: in struct pt_regs.
 */
#include "probe/scope.h"
#include "probe/syscall_args.h"
#include "probe/trace_way.h"

struct syscall_site {
	bool is_return;
};

/* ---- points ---- */

static bool parse(const struct probe_point *p, struct syscall_site *s)
{
	if (!pp_is(p, 0, "process") || !pp_bare(p, 1, "syscall"))
		return false;
	s->is_return = pp_bare(p, 2, "return");
	return p->comps.n == 2u + s->is_return;
}

static int unavailable(const struct probe_env *env, const struct probe_point *p,
		       const char *why)
{
	const char *remedy = NULL;
	struct diag_msg *m = pp_unavailable(env, p, 1, why);

	if (!target_vmlinux(env->targets, &why, &remedy) && remedy)
		diag_remedy(m, "%s", remedy);
	else
		diag_remedy(m, "kernel.trace(\"sys_enter\") sees the system "
			       "calls of all processes");
	return PROBE_ERROR;
}

static int syscall_match(const struct probe_env *env,
			 const struct probe_point *p, struct site_list *out)
{
	struct syscall_site what;
	struct scope_list scopes = {0};
	const char *path = NULL, *why = NULL;

	if (!parse(p, &what))
		return PROBE_NOT_MINE;
	if (!scope_find(env, p, false, &scopes, &path, &why))
		return scope_error(env, p, path, why);
	vec_for (&scopes.v, i) {
		const struct scope *sc = scopes.v.v[i];
		struct stmt *where = scope_prologue_exe(env, sc, p->loc, &why);
		if (!where)
			return unavailable(env, p, why);
		struct probe_site *s =
			site_new(env, &probe_kind_process_syscall, p, out);
		struct syscall_site *data =
			arena_new_obj(env->arena, struct syscall_site);
		*data = what;
		s->name = arena_printf(env->arena, "%s.syscall%s", sc->head,
				       what.is_return ? ".return" : "");
		s->attach.kind = WIRE_PROBE_RAWTP;
		s->attach.pid = sc->pid ? sc->pid : -1;
		s->attach.flags =
			sc->target_only ? WIRE_ATTACH_TARGET_ONLY : 0;
		site_at_tracepoint(env, s,
				   what.is_return ? "sys_exit" : "sys_enter",
				   NULL);
		s->prologue = where;
		s->data = data;
	}
	return PROBE_MATCHED;
}

/* ---- variables ---- */

static bool syscall_bind(const struct probe_env *env, struct probe_site *site,
			 struct expr *e, bool lvalue, const char **why,
			 const char **have)
{
	const struct syscall_site *s = site->data;

	return syscall_bind_var(env, s->is_return, false, e, lvalue, why, have);
}

static void syscall_list_vars(const struct probe_env *env,
			      struct probe_site *site, struct strbuf *out)
{
	const struct syscall_site *s = site->data;

	syscall_list_args(s->is_return, out);
}

static const char *const forms[] = {SCOPED("syscall"),
				    SCOPED("syscall.return"), NULL};

const struct probe_kind probe_kind_process_syscall = {
	.name = "process.syscall",
	.forms = forms,
	.match = syscall_match,
	.bind = syscall_bind,
	.list_vars = syscall_list_vars,
};
