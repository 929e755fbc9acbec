// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * process.syscall and .syscall.return: the system calls of a program, told by
 * sys_enter(regs, number) and sys_exit(regs, result), which run in the caller.
 * Arguments are where the kernel's entry code put them: in struct pt_regs.
 */
#include <string.h>

#include "probe/scope.h"

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
		s->target = what.is_return ? "sys_exit" : "sys_enter";
		s->prog_type = IMAGE_PROG_RAWTP;
		s->prologue = where;
		s->data = data;
	}
	return PROBE_MATCHED;
}

/* ---- variables ---- */

/* Members of struct pt_regs; NULL-terminated paths of at most two steps. */
struct reg_names {
	const char *arch;
	const char *number;
	const char *arg[6];
	bool in_array; /* arg[n] is regs[n], but for the first */
};

static const struct reg_names reg_names[] = {
	{"x86_64", "orig_ax", {"di", "si", "dx", "r10", "r8", "r9"}, false},
	{"arm64", "syscallno", {"orig_x0"}, true},
};

static const struct reg_names *regs_of(const struct probe_env *env)
{
	const char *arch = target_arch(env->targets);

	for (size_t i = 0; i < sizeof(reg_names) / sizeof(*reg_names); i++)
		if (!strcmp(reg_names[i].arch, arch))
			return &reg_names[i];
	return NULL;
}

/* Member `name` of the registers, or element `index` of regs[]. */
static struct expr *load_reg(const struct probe_env *env, struct loc loc,
			     const char *name, int64_t index, const char **why)
{
	const struct kbtf *b = target_vmlinux(env->targets, why, NULL);
	const struct type_src *src = b ? kbtf_types(b) : NULL;
	struct access a;
	const char *have;
	uint32_t id;

	if (!src || !src->ops->find(src, TT_STRUCT, "pt_regs", &id)) {
		*why = "the kernel's type information lacks struct pt_regs";
		return NULL;
	}
	access_memory(&a, env, loc, src, id,
		      prim_ctx(env->arena, loc, 0, 8, false), false);
	bool ok = access_member(&a, name, why, &have) &&
		  (index < 0 ||
		   access_index(&a, expr_number(env->arena, loc, index), why));
	struct expr *e = ok ? access_load(&a, why) : NULL;
	access_free(&a);
	return e;
}

static struct expr *nth_arg(const struct probe_env *env, struct loc loc,
			    unsigned n, const char **why)
{
	const struct reg_names *r = regs_of(env);

	if (!r) {
		*why = "where arguments lie is not known on this machine";
		return NULL;
	}
	if (r->in_array && n)
		return load_reg(env, loc, "regs", n, why);
	return load_reg(env, loc, r->arg[n], -1, why);
}

static struct expr *number_of(const struct probe_env *env, struct loc loc,
			      const struct syscall_site *s, const char **why)
{
	const struct reg_names *r = regs_of(env);

	if (!s->is_return)
		return prim_ctx(env->arena, loc, 8, 8, true);
	if (!r) {
		*why = "where the number lies is not known on this machine";
		return NULL;
	}
	return load_reg(env, loc, r->number, -1, why);
}

static struct expr *all_args(const struct probe_env *env, struct loc loc,
			     const char **why)
{
	struct pretty p;

	pretty_init(&p, env, loc);
	for (unsigned i = 0; i < 6; i++) {
		struct expr *v = nth_arg(env, loc, i, why);
		pretty_text(&p, arena_printf(env->arena, "%s$arg%u=",
					     i ? " " : "", i + 1));
		if (v)
			pretty_arg(&p, "%#x", v);
		else
			pretty_text(&p, "?");
	}
	return pretty_done(&p);
}

static bool syscall_bind(const struct probe_env *env, struct probe_site *site,
			 struct expr *e, bool lvalue, const char **why,
			 const char **have)
{
	const struct syscall_site *s = site->data;
	const char *name = e->target.name;
	struct expr *v = NULL;

	*why = NULL;
	*have = s->is_return ? "$syscall, $return"
			     : "$syscall, $arg1, $arg2, $arg3, $arg4, $arg5, "
			       "$arg6, $$parms, $$vars";
	if (lvalue) {
		*why = "it cannot be modified";
		return false;
	}
	if (e->target.steps.n || e->target.addr_of) {
		*why = "it is a number; @cast($arg1, \"type\") says what it "
		       "points to";
		return false;
	}
	if (!strcmp(name, "syscall"))
		v = number_of(env, e->loc, s, why);
	else if (s->is_return && !strcmp(name, "return"))
		v = prim_ctx(env->arena, e->loc, 8, 8, true);
	else if (!s->is_return && !strncmp(name, "arg", 3) && name[3] >= '1' &&
		 name[3] <= '6' && !name[4])
		v = nth_arg(env, e->loc, (unsigned)(name[3] - '1'), why);
	else if (!s->is_return &&
		 (!strcmp(name, "$parms") || !strcmp(name, "$vars")))
		v = all_args(env, e->loc, why);
	e->target.bound = v;
	return v != NULL;
}

static void syscall_list_vars(const struct probe_env *env,
			      struct probe_site *site, struct strbuf *out)
{
	const struct syscall_site *s = site->data;

	sb_puts(out, s->is_return
			     ? " $syscall:long $return:long"
			     : " $syscall:long $arg1:long $arg2:long "
			       "$arg3:long $arg4:long $arg5:long $arg6:long");
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
