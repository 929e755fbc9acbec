// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The numbers, arguments and results of system calls: what sys_enter(regs,
 * number) and sys_exit(regs, result) pass, and the registers that the kernel's
 * entry code kept in struct pt_regs. They are still there at the return.
 */
#include "probe/syscall_args.h"

#include <string.h>

/* Members of struct pt_regs; NULL-terminated paths of at most two steps. */
struct reg_names {
	const char *arch;
	const char *number;
	const char *arg[6];
	const char *compat[6]; /* of 32-bit programs */
	bool in_array;	       /* arg[n] is regs[n], but for the first */
};

static const struct reg_names reg_names[] = {
	{"x86_64",
	 "orig_ax",
	 {"di", "si", "dx", "r10", "r8", "r9"},
	 {"bx", "cx", "dx", "si", "di", "bp"},
	 false},
	{"arm64", "syscallno", {"orig_x0"}, {NULL}, true},
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
			    bool compat, unsigned n, const char **why)
{
	const struct reg_names *r = regs_of(env);

	if (!r) {
		*why = "where arguments lie is not known on this machine";
		return NULL;
	}
	if (r->in_array && n)
		return load_reg(env, loc, "regs", n, why);
	if (!compat)
		return load_reg(env, loc, r->arg[n], -1, why);
	struct expr *e = load_reg(env, loc, r->compat[n], -1, why);
	return e ? prim_extract(env->arena, loc, e, 0, 32, false) : NULL;
}

struct expr *syscall_number(const struct probe_env *env, struct loc loc,
			    bool is_return, const char **why)
{
	const struct reg_names *r = regs_of(env);

	if (!is_return)
		return prim_ctx(env->arena, loc, 8, 8, true);
	if (!r) {
		*why = "where the number lies is not known on this machine";
		return NULL;
	}
	return load_reg(env, loc, r->number, -1, why);
}

static struct expr *all_args(const struct probe_env *env, struct loc loc,
			     bool compat, const char **why)
{
	struct pretty p;

	pretty_init(&p, env, loc);
	for (unsigned i = 0; i < 6; i++) {
		struct expr *v = nth_arg(env, loc, compat, i, why);
		pretty_text(&p, arena_printf(env->arena,
					     "%s$arg%u=", i ? " " : "", i + 1));
		if (v)
			pretty_arg(&p, "%#x", v);
		else
			pretty_text(&p, "?");
	}
	return pretty_done(&p);
}

uint64_t syscall_number_offset(const struct probe_env *env)
{
	const struct reg_names *r = regs_of(env);
	const struct kbtf *b = target_vmlinux(env->targets, NULL, NULL);
	const struct type_src *src = b ? kbtf_types(b) : NULL;
	struct tmember_path path;
	struct ttype regs;
	uint32_t id;

	if (!r || !src || !src->ops->find(src, TT_STRUCT, "pt_regs", &id) ||
	    !src->ops->get(src, id, &regs) ||
	    !ttype_find_member(&regs, r->number, &path))
		return 0;
	return path.bit_off / 8;
}

bool syscall_bind_var(const struct probe_env *env, bool is_return, bool compat,
		      struct expr *e, bool lvalue, const char **why,
		      const char **have)
{
	const char *name = e->target.name;
	struct expr *v = NULL;

	*why = NULL;
	*have = is_return ? "$syscall, $return, $arg1, $arg2, $arg3, $arg4, "
			    "$arg5, $arg6"
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
		v = syscall_number(env, e->loc, is_return, why);
	else if (is_return && !strcmp(name, "return"))
		v = prim_ctx(env->arena, e->loc, 8, 8, true);
	else if (!strncmp(name, "arg", 3) && name[3] >= '1' && name[3] <= '6' &&
		 !name[4])
		v = nth_arg(env, e->loc, compat, (unsigned)(name[3] - '1'),
			    why);
	else if (!is_return &&
		 (!strcmp(name, "$parms") || !strcmp(name, "$vars")))
		v = all_args(env, e->loc, compat, why);
	e->target.bound = v;
	return v != NULL;
}

void syscall_list_args(bool is_return, struct strbuf *out)
{
	sb_puts(out,
		is_return ? " $syscall:long $return:long" : " $syscall:long");
	for (int i = 1; i <= 6; i++)
		sb_printf(out, " $arg%d:long", i);
}
