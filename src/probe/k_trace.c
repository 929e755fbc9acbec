// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kernel.trace("name" or "system:name"): the kernel's tracepoints, as raw
 * tracepoints of BPF. Their arguments arrive as an array of 64-bit words, one
 * each; BTF says what they are.
 *
 * kernel.tracepoint("name") is the same with $arg1, $arg2, ... (which also
 * work in the first form).
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "probe/access.h"
#include "probe/trace_way.h"

#define MAX_PARAMS 16u /* the kernel's own limit is 12 */

struct trace {
	struct tracepoint tp;
	const char *system; /* as found, or as the script says it; or "" */
	bool params_read;
	struct kbtf_param params[MAX_PARAMS];
	uint32_t nparams;
};

/* When first asked for: a wildcard finds many whose arguments nobody wants. */
static struct trace *with_params(const struct probe_site *s)
{
	struct trace *t = s->data;

	if (!t->params_read) {
		t->params_read = true;
		t->nparams = kbtf_tp_params(&t->tp.tp, t->params, MAX_PARAMS);
		if (t->nparams > MAX_PARAMS)
			t->nparams = MAX_PARAMS;
	}
	return t;
}

/* "sched:sched_switch" -> system and name; system NULL when not given. */
static const char *split_system(struct arena *a, const char *text,
				const char **system)
{
	const char *colon = strchr(text, ':');

	*system = colon ? arena_strndup(a, text, (size_t)(colon - text)) : NULL;
	return colon ? colon + 1 : text;
}

static void add_site(const struct probe_env *env, const struct probe_point *p,
		     const struct tracepoint *tp, const char *system,
		     struct site_list *out)
{
	struct arena *a = env->arena;
	struct probe_site *s = site_new(env, &probe_kind_trace, p, out);
	struct trace *t = arena_new_obj(a, struct trace);

	t->tp = *tp;
	t->system = *tp->system			      ? tp->system
		    : system && !has_wildcard(system) ? system
						      : "";
	s->name = pp_text(
		a, p, 1,
		*t->system ? arena_printf(a, "%s:%s", t->system, tp->name)
			   : tp->name);
	s->attach.kind = WIRE_PROBE_RAWTP;
	site_at_tracepoint(env, s, tp->name, tp->module);
	s->symbol = tp->name;
	s->share_class = s->prog_type == IMAGE_PROG_RAWTP ? "rawtp"
							  : "iterator";
	s->data = t;
}

/* module("M").trace: those of this module only. */
static bool module_fits(const struct probe_point *p, const char *module)
{
	const char *pattern = pp_string(p, 0);

	return !pattern || (module && name_matches(pattern, module));
}

/* Where BTF alone is there, the system cannot be checked: the name decides. */
static bool system_fits(const char *pattern, const char *system)
{
	return !pattern || !*system || name_matches(pattern, system);
}

static int no_types(const struct probe_env *env, const struct probe_point *p)
{
	const char *why = NULL, *remedy = NULL;

	target_vmlinux(env->targets, &why, &remedy);
	diag_remedy(diag_report(env->diag, KERNEL_TYPES_UNREADABLE,
				p->comps.v[1].loc, pp_what(env, p, 1), why),
		    "%s", remedy);
	return PROBE_ERROR;
}

static int no_match(const struct probe_env *env, const struct probe_point *p,
		    const char *system, const char *name)
{
	struct arena *a = env->arena;
	struct name_list l = {0};
	uint32_t n;
	const struct tracepoint *all = target_tracepoints(env->targets, &n);

	for (uint32_t i = 0; i < n; i++)
		vec_push(a, &l.v, all[i].name);
	struct diag_msg *m = diag_report(
		env->diag, TRACEPOINT_UNKNOWN, p->comps.v[1].arg->loc,
		arena_printf(a, "string '%s'", p->comps.v[1].arg->str.s),
		p->comps.v[1].arg->str.s,
		similar_suffix(a, name, l.v.v, l.v.n));
	struct tracepoint tp;
	if ((system && !strcmp(system, "syscalls")) ||
	    !strncmp(name, "sys_enter_", 10) || !strncmp(name, "sys_exit_", 9))
		diag_remedy(m, "system calls by name are no tracepoints of "
			       "their own: use kernel.trace(\"sys_enter\") or "
			       "kernel.trace(\"sys_exit\") and compare $id, or "
			       "syscall.NAME");
	else if (system && target_find_tracepoint(env->targets, name, &tp))
		diag_remedy(m, "the tracepoint is kernel.trace(\"%s:%s\")",
			    tp.system, tp.name);
	else
		diag_remedy(m, "stap -l 'kernel.trace(\"*\")' lists the "
			       "tracepoints of this kernel");
	return PROBE_ERROR;
}

/*
 * rcu_read_unlock(), which ends each program, may ask the scheduler for another
 * task and so pass this one (seen on 7.2: the stack overflows).
 */
static bool is_unsafe(const char *tracepoint)
{
	return !strcmp(tracepoint, "sched_set_need_resched_tp");
}

static int unsafe(const struct probe_env *env, const struct probe_point *p,
		  const char *name)
{
	diag_remedy(diag_report(env->diag, TRACEPOINT_UNSAFE,
				p->comps.v[1].arg->loc,
				arena_printf(env->arena, "string '%s'",
					     p->comps.v[1].arg->str.s),
				name),
		    "kernel.trace(\"sched_switch\") is hit when the task "
		    "changes");
	return PROBE_ERROR;
}

static int find_exact(const struct probe_env *env, const struct probe_point *p,
		      const char *system, const char *name,
		      struct site_list *out)
{
	struct tracepoint tp;

	if (is_unsafe(name))
		return unsafe(env, p, name);
	if (!target_find_tracepoint(env->targets, name, &tp) ||
	    !module_fits(p, tp.module) ||
	    !system_fits(system, tp.system))
		return no_match(env, p, system, name);
	add_site(env, p, &tp, system, out);
	return PROBE_MATCHED;
}

static int find_wild(const struct probe_env *env, const struct probe_point *p,
		     const char *system, const char *name,
		     struct site_list *out)
{
	uint32_t n, found = 0, dropped = 0;
	const struct tracepoint *all = target_tracepoints(env->targets, &n);

	for (uint32_t i = 0; i < n; i++) {
		if (!name_matches(name, all[i].name) ||
		    !module_fits(p, all[i].module) ||
		    !system_fits(system, all[i].system))
			continue;
		/* "sched:*" without tracefs: only the name can tell. */
		if (system && !*all[i].system)
			continue;
		if (is_unsafe(all[i].name)) {
			dropped++;
			continue;
		}
		add_site(env, p, &all[i], system, out);
		found++;
	}
	if (dropped && !env->listing)
		diag_report(env->diag, TRACEPOINT_DROPPED, p->comps.v[1].loc,
			    NULL, pp_text(env->arena, p, UINT_MAX, NULL),
			    dropped, dropped == 1 ? "" : "s");
	if (found)
		return PROBE_MATCHED;
	if (system && !target_has_tracefs(env->targets)) {
		diag_remedy(
			diag_report(env->diag, TRACEPOINT_UNKNOWN,
				    p->comps.v[1].arg->loc, NULL,
				    p->comps.v[1].arg->str.s,
				    ": which subsystem a tracepoint belongs to "
				    "is only known from tracefs, and it is not "
				    "mounted"),
			"mount -t tracefs tracefs /sys/kernel/tracing, or "
			"give a pattern of names: kernel.trace(\"%s_*\")",
			has_wildcard(system) ? "sched" : system);
		return PROBE_ERROR;
	}
	return no_match(env, p, system, name);
}

static int trace_match(const struct probe_env *env, const struct probe_point *p,
		       struct site_list *out)
{
	const char *text = pp_string(p, 1), *system;

	if (p->comps.n != 2 || !text ||
	    (!pp_bare(p, 0, "kernel") &&
	     (!pp_is(p, 0, "module") || !pp_string(p, 0))) ||
	    (strcmp(p->comps.v[1].name, "trace") &&
	     strcmp(p->comps.v[1].name, "tracepoint")))
		return PROBE_NOT_MINE;
	if (!target_vmlinux(env->targets, NULL, NULL))
		return no_types(env, p);
	const char *name = split_system(env->arena, text, &system);
	if (has_wildcard(name) || (system && has_wildcard(system)))
		return find_wild(env, p, system, name, out);
	return find_exact(env, p, system, name, out);
}

/* ---- variables ---- */

static const char *param_name(const struct trace *t, uint32_t i,
			      struct arena *a)
{
	return t->params[i].name ? t->params[i].name
				 : arena_printf(a, "arg%u", i + 1);
}

static bool find_param(const struct trace *t, const char *name, uint32_t *i)
{
	for (*i = 0; *i < t->nparams; ++*i)
		if (t->params[*i].name && !strcmp(t->params[*i].name, name))
			return true;
	if (strncmp(name, "arg", 3) || name[3] < '1' || name[3] > '9')
		return false;
	char *end;
	unsigned long n = strtoul(name + 3, &end, 10);
	*i = (uint32_t)n - 1;
	return !*end && n <= t->nparams;
}

/*
 * The word of an argument, cut to its type: the kernel passes a narrow
 * integer zero-extended, whatever its sign.
 */
static void start_param(struct access *a, const struct probe_env *env,
			struct loc loc, const struct trace *t, uint32_t i)
{
	const struct type_src *src = kbtf_types(t->tp.tp.btf);
	struct expr *v = prim_ctx(env->arena, loc, 8 * i, 8, false);
	struct ttype ty;

	if (src->ops->get(src, t->params[i].type, &ty) && ty.size < 8 &&
	    (ty.kind == TT_INT || ty.kind == TT_ENUM) && ty.size)
		v = prim_extract(env->arena, loc, v, 0, (unsigned)ty.size * 8,
				 ty.is_signed);
	access_value(a, env, loc, src, t->params[i].type, v);
}

static const char *list_params(struct arena *a, const struct trace *t)
{
	struct strbuf sb = {0};

	for (uint32_t i = 0; i < t->nparams; i++)
		sb_printf(&sb, "$%s, ", param_name(t, i, a));
	sb_puts(&sb, "$$name, $$system, $$parms, $$vars");
	const char *s = arena_strdup(a, sb_str(&sb));
	sb_free(&sb);
	return s;
}

static struct expr *all_params(const struct probe_env *env,
			       const struct expr *e, const struct trace *t)
{
	struct pretty p;
	struct access a;

	pretty_init(&p, env, e->loc);
	for (uint32_t i = 0; i < t->nparams; i++) {
		if (i)
			pretty_text(&p, " ");
		start_param(&a, env, e->loc, t, i);
		pretty_named(&p, param_name(t, i, env->arena), &a,
			     e->target.pretty);
		access_free(&a);
	}
	return pretty_done(&p);
}

static bool bind_group(const struct probe_env *env, const struct trace *t,
		       struct expr *e, const char **why, const char **have)
{
	const char *name = e->target.name + 1;

	if (e->target.steps.n || e->target.addr_of) {
		*why = "it is a string";
		return false;
	}
	if (!strcmp(name, "name"))
		e->target.bound = expr_string(env->arena, e->loc, t->tp.name);
	else if (!strcmp(name, "system"))
		e->target.bound = expr_string(env->arena, e->loc, t->system);
	else if (!strcmp(name, "parms") || !strcmp(name, "vars"))
		e->target.bound = all_params(env, e, t);
	else if (!strcmp(name, "locals"))
		e->target.bound = expr_string(env->arena, e->loc, "");
	else {
		*have = list_params(env->arena, t);
		return false;
	}
	return true;
}

static bool trace_bind(const struct probe_env *env, struct probe_site *site,
		       struct expr *e, bool lvalue, const char **why,
		       const char **have)
{
	const struct trace *t = with_params(site);
	const char *name = e->target.name;
	uint32_t i;

	*why = *have = NULL;
	if (*name == '$') {
		if (!lvalue)
			return bind_group(env, t, e, why, have);
		*why = "it cannot be modified";
		return false;
	}
	if (!find_param(t, name, &i)) {
		*have = list_params(env->arena, t);
		return false;
	}
	struct access a;
	start_param(&a, env, e->loc, t, i);
	bool ok = access_bind(&a, e, lvalue, why, have);
	access_free(&a);
	return ok;
}

static void trace_list_vars(const struct probe_env *env,
			    struct probe_site *site, struct strbuf *out)
{
	const struct trace *t = with_params(site);

	for (uint32_t i = 0; i < t->nparams; i++) {
		sb_printf(out, " $%s:", param_name(t, i, env->arena));
		ttype_spell(out, kbtf_types(t->tp.tp.btf), t->params[i].type);
	}
}

static const char *const forms[] = {"kernel.trace(string)",
				    "kernel.tracepoint(string)",
				    "module(string).trace(string)",
				    "module(string).tracepoint(string)", NULL};

const struct probe_kind probe_kind_trace = {
	.name = "kernel.trace",
	.forms = forms,
	.match = trace_match,
	.bind = trace_bind,
	.list_vars = trace_list_vars,
};
