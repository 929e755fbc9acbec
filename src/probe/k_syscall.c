// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kernel.syscall("read") and .return: one system call of all processes, what
 * the aliases syscall.* stand for. sys_enter(regs, number) and sys_exit(regs,
 * result) tell of all of them; the handler leaves at once when it is another
 * one, or a 32-bit process's, whose numbers mean other calls. Calls that only
 * 32-bit processes have are those processes'. Many such handlers become one
 * program that looks the number up (ebpf/group.c).
 */
#include <limits.h>
#include <string.h>

#include "probe/syscall_args.h"
#include "probe/trace_way.h"

struct syscall_row {
	const char *arch, *name;
	uint32_t nr;
};

static const struct syscall_row rows[] = {
#define S(arch, name, nr) {#arch, #name, nr},
#include "probe/syscalls.def"
#undef S
};

struct one_syscall {
	bool is_return, compat;
};

/* What 32-bit programs on this machine are called in rows; NULL: none known. */
static const char *compat_arch(const char *arch)
{
	return !strcmp(arch, "x86_64") ? "ia32" : NULL;
}

/* ---- points ---- */

static bool parse(const struct probe_point *p, bool *is_return)
{
	unsigned n = 2;
	int64_t unused;

	if (!pp_bare(p, 0, "kernel") || !pp_is(p, 1, "syscall") ||
	    !pp_string(p, 1))
		return false;
	*is_return = pp_bare(p, n, "return");
	n += *is_return;
	/* nothing is kept for a call that is under way */
	if (*is_return && pp_is(p, n, "maxactive") && pp_number(p, n, &unused))
		n++;
	return p->comps.n == n;
}

static void add_site(const struct probe_env *env, const struct probe_point *p,
		     const struct syscall_row *row, bool is_return, bool compat,
		     struct site_list *out)
{
	struct arena *a = env->arena;
	struct probe_site *s = site_named(env, &probe_kind_syscall, p,
					  pp_text(a, p, 1, row->name), out);
	struct one_syscall *data = arena_new_obj(a, struct one_syscall);
	struct stmt *block = stmt_block(a, p->loc);
	const char *why = NULL;
	struct expr *nr = syscall_number(env, p->loc, is_return, &why);
	struct expr *is_compat = expr_call(a, p->loc, "__task_is_compat");

	data->is_return = is_return;
	data->compat = compat;
	s->attach.kind = WIRE_PROBE_RAWTP;
	s->attach.syscall = row->nr + 1;
	if (compat)
		s->attach.flags |= WIRE_ATTACH_COMPAT;
	if (is_return) {
		s->attach.flags |= WIRE_ATTACH_RETURN;
		s->attach.offset = syscall_number_offset(env);
	}
	site_at_tracepoint(env, s, is_return ? "sys_exit" : "sys_enter", NULL);
	s->symbol = row->name;
	s->data = data;
	if (nr)
		vec_push(a, &block->block.list,
			 stmt_next_if(
				 a, p->loc,
				 expr_binary(a, p->loc, OP_NE, nr,
					     expr_number(a, p->loc, row->nr))));
	vec_push(a, &block->block.list,
		 stmt_next_if(a, p->loc,
			      compat ? expr_not(a, is_compat) : is_compat));
	s->prologue = block;
}

static uint32_t add_sites(const struct probe_env *env,
			  const struct probe_point *p, const char *arch,
			  bool is_return, bool compat, struct site_list *out)
{
	uint32_t found = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (strcmp(rows[i].arch, arch) ||
		    !name_matches(pp_string(p, 1), rows[i].name))
			continue;
		add_site(env, p, &rows[i], is_return, compat, out);
		found++;
	}
	return found;
}

/* Other machines' calls are no match; what none has is an error. */
static int no_match(const struct probe_env *env, const struct probe_point *p,
		    const char *arch)
{
	struct name_list l = {0};
	const char *name = pp_string(p, 1);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (!strcmp(rows[i].arch, arch))
			vec_push(env->arena, &l.v, rows[i].name);
		else if (name_matches(name, rows[i].name))
			return PROBE_MATCHED;
	diag_report(env->diag, SYSCALL_UNKNOWN, p->comps.v[1].arg->loc,
		    arena_printf(env->arena, "string '%s'", name), name, arch,
		    similar_suffix(env->arena, name, l.v.v, l.v.n));
	return PROBE_ERROR;
}

static int syscall_match(const struct probe_env *env,
			 const struct probe_point *p, struct site_list *out)
{
	const char *arch = target_arch(env->targets), *why = NULL;
	const char *remedy = NULL;
	uint32_t found;
	bool is_return;

	if (!parse(p, &is_return))
		return PROBE_NOT_MINE;
	if (!target_vmlinux(env->targets, &why, &remedy)) {
		diag_remedy(diag_report(env->diag, KERNEL_TYPES_UNREADABLE,
					p->comps.v[1].loc, pp_what(env, p, 1),
					why),
			    "%s", remedy);
		return PROBE_ERROR;
	}
	found = add_sites(env, p, arch, is_return, false, out);
	if (!found && compat_arch(arch) && !has_wildcard(pp_string(p, 1)))
		found = add_sites(env, p, compat_arch(arch), is_return, true,
				  out);
	return found ? PROBE_MATCHED : no_match(env, p, arch);
}

/* ---- variables ---- */

static bool syscall_bind(const struct probe_env *env, struct probe_site *site,
			 struct expr *e, bool lvalue, const char **why,
			 const char **have)
{
	const struct one_syscall *s = site->data;

	return syscall_bind_var(env, s->is_return, s->compat, e, lvalue, why,
				have);
}

static void syscall_list(const struct probe_env *env, struct probe_site *site,
			 struct strbuf *out)
{
	const struct one_syscall *s = site->data;

	syscall_list_args(s->is_return, out);
}

static const char *const forms[] = {
	"kernel.syscall(string)", "kernel.syscall(string).return",
	"kernel.syscall(string).return.maxactive(number)", NULL};

const struct probe_kind probe_kind_syscall = {
	.name = "kernel.syscall",
	.forms = forms,
	.match = syscall_match,
	.bind = syscall_bind,
	.list_vars = syscall_list,
};
