// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kernel.function, module("M").function and kprobe.*: functions of the kernel
 * and addresses in its code.
 *
 * A function by name becomes a program of its own, of type fentry or fexit,
 * where the kernel grants that: nothing is cheaper. Wildcards, and what fentry
 * cannot do (namesakes, odd arguments, modules, maxactive), become kprobes;
 * sites whose handlers come out the same share one program, and the runner
 * attaches it to all of them at once where it can.
 */
#include <limits.h>
#include <string.h>

#include "probe/kfunc.h"

struct spec {
	enum { IN_KERNEL, IN_MODULE, BY_KPROBE } family;
	const char *module; /* or NULL */
	bool is_statement;
	const char *text; /* pattern; NULL: number */
	int64_t number;
	unsigned at; /* the component with the pattern */
	bool call, is_return, exported, absolute, nearest;
	bool has_maxactive;
	int64_t maxactive;
	unsigned dwarf_at; /* component that only DWARF can answer; or 0 */
};

/* ---- points ---- */

static bool parse_head(const struct probe_point *p, struct spec *s)
{
	unsigned i = 1;

	if (pp_bare(p, 0, "kernel")) {
		s->family = IN_KERNEL;
	} else if (pp_is(p, 0, "module") && pp_string(p, 0)) {
		s->family = IN_MODULE;
		s->module = pp_string(p, 0);
	} else if (pp_bare(p, 0, "kprobe")) {
		s->family = BY_KPROBE;
		if (pp_is(p, 1, "module") && pp_string(p, 1)) {
			s->module = pp_string(p, 1);
			i = 2;
		}
	} else {
		return false;
	}
	s->at = i;
	if (i >= p->comps.n)
		return false;
	s->is_statement = pp_is(p, i, "statement");
	if (!s->is_statement && !pp_is(p, i, "function"))
		return false;
	s->text = pp_string(p, i);
	return s->text || pp_number(p, i, &s->number);
}

static bool parse_suffix(const struct probe_point *p, unsigned i,
			 struct spec *s)
{
	static const char *const dwarf[] = {"inline", "label", "callee",
					    "callees"};

	for (unsigned k = 0; k < 4; k++) {
		if (!pp_is(p, i, dwarf[k]))
			continue;
		if (!s->dwarf_at)
			s->dwarf_at = i;
		return true;
	}
	if (pp_bare(p, i, "call"))
		s->call = true;
	else if (pp_bare(p, i, "return"))
		s->is_return = true;
	else if (pp_bare(p, i, "exported"))
		s->exported = true;
	else if (pp_bare(p, i, "absolute"))
		s->absolute = true;
	else if (pp_bare(p, i, "nearest"))
		s->nearest = true;
	else if (pp_is(p, i, "maxactive") && s->is_return &&
		 pp_number(p, i, &s->maxactive))
		s->has_maxactive = true;
	else
		return false;
	return true;
}

static bool parse(const struct probe_point *p, struct spec *s)
{
	*s = (struct spec){0};
	if (!parse_head(p, s))
		return false;
	for (unsigned i = s->at + 1; i < p->comps.n; i++)
		if (!parse_suffix(p, i, s))
			return false;
	if (s->is_statement)
		return !s->is_return && !s->call && !s->exported &&
		       !s->has_maxactive;
	return !s->absolute && !s->nearest;
}

/* kernel.function("vfs_read").return, wildcards resolved. */
static const char *site_name(struct arena *a, const struct probe_point *p,
			     const struct spec *s, const struct kfunc *fn)
{
	struct strbuf sb = {0};

	vec_for (&p->comps, i) {
		const struct pp_component *c = &p->comps.v[i];
		sb_printf(&sb, "%s%s", i ? "." : "", c->name);
		if (!c->arg)
			continue;
		if (i == s->at && s->text)
			sb_printf(&sb, "(\"%s\")", fn->name);
		else if (i == s->at)
			sb_printf(&sb, "(%#llx)", (long long)s->number);
		else if (c->arg->kind == E_NUMBER)
			sb_printf(&sb, "(%lld)", (long long)c->arg->num.v);
		else if (!strcmp(c->name, "module") && fn->module)
			sb_printf(&sb, "(\"%s\")", fn->module);
		else
			sb_printf(&sb, "(\"%s\")", c->arg->str.s);
	}
	const char *text = arena_strdup(a, sb_str(&sb));
	sb_free(&sb);
	return text;
}

/* ---- what the kernel grants ---- */

static bool grants(const struct probe_env *env, enum probe_way way)
{
	return env->grants && env->grants(way, env->targets);
}

/* The kernel options that probes of functions need, and it lacks. */
static const char *missing_options(const struct probe_env *env)
{
	static const char *const needed[] = {"CONFIG_KPROBES",
					     "CONFIG_KPROBE_EVENTS",
					     "CONFIG_PERF_EVENTS"};

	if (!target_kernel_config(env->targets, "CONFIG_BPF"))
		return NULL; /* nothing is known of it */
	for (unsigned i = 0; i < 3; i++)
		if (!target_kernel_config(env->targets, needed[i]))
			return needed[i];
	return NULL;
}

static int unavailable(const struct probe_env *env, const struct probe_point *p)
{
	const char *option = missing_options(env);
	const char *release = target_kernel_release(env->targets);
	struct arena *a = env->arena;

	const char *why =
		option ? arena_printf(a,
				      "this kernel (%s) is built without %s, "
				      "which functions of the kernel need",
				      release, option)
		       : arena_printf(a,
				      "this kernel (%s) grants neither kprobes "
				      "nor fentry",
				      release);

	diag_remedy(
		pp_unavailable(env, p, 0, why),
		"a tracepoint near it answers often: stap -l "
		"'kernel.trace(\"*\")'");
	return PROBE_ERROR;
}

static int needs_dwarf(const struct probe_env *env, const struct probe_point *p,
		       unsigned at, const char *what)
{
	struct arena *a = env->arena;

	diag_remedy(
		pp_unavailable(env, p, at,
			       arena_printf(a,
					    "%s known from the kernel's DWARF "
					    "debug information only",
					    what)),
		"kernel.function(\"NAME\") and .return need no debug "
		"information");
	return PROBE_ERROR;
}

/* ---- sites ---- */

static bool can_fentry(const struct probe_env *env, const struct spec *s,
		       struct kfunc_site *k)
{
	/* The kernel denies these to fentry, or counts by them. */
	static const char *const denied[] = {
		"migrate_disable",  "migrate_enable",
		"__rcu_read_lock",  "__rcu_read_unlock",
		"preempt_count_add", "preempt_count_sub",
		"rcu_read_unlock_strict"};

	if (s->is_statement || !s->text || has_wildcard(s->text) ||
	    s->has_maxactive || s->family == BY_KPROBE || k->fn.module ||
	    k->fn.namesakes)
		return false;
	for (unsigned i = 0; i < sizeof(denied) / sizeof(*denied); i++)
		if (!strcmp(k->fn.name, denied[i]))
			return false;
	return kfunc_is_plain(env, k) && grants(env, WAY_FENTRY) &&
	       target_fentry_budget(env->targets);
}

static void set_fentry(const struct probe_env *env, struct probe_site *st,
		       struct kfunc_site *k)
{
	k->fentry = true;
	st->attach.kind = WIRE_PROBE_FENTRY;
	kbtf_find_func(target_vmlinux(env->targets, NULL, NULL), k->fn.name,
		       &st->attach.btf_id);
	st->prog_type = k->is_return ? IMAGE_PROG_FEXIT : IMAGE_PROG_FENTRY;
}

static void add_site(const struct probe_env *env, const struct probe_point *p,
		     const struct spec *s, const struct kfunc *fn, uint64_t off,
		     struct site_list *out)
{
	struct arena *a = env->arena;
	struct probe_site *st = site_new(env, &probe_kind_func, p, out);
	struct kfunc_site *k = arena_new_obj(a, struct kfunc_site);

	k->fn = *fn;
	k->off = off;
	k->is_return = s->is_return;
	st->data = k;
	st->name = site_name(a, p, s, fn);
	st->target = fn->module;
	st->symbol = fn->name;
	/* Another kernel's addresses are not those of its next boot. */
	if (fn->addr && (s->absolute || target_kernel_is_running(env->targets)))
		st->attach.address = fn->addr + off;
	st->attach.offset = off;
	st->attach.nth = fn->nth;
	st->attach.flags =
		(s->is_return ? WIRE_ATTACH_RETURN : 0) |
		(s->text && has_wildcard(s->text) ? WIRE_ATTACH_OPTIONAL : 0) |
		(s->absolute || !*fn->name ? WIRE_ATTACH_ABSOLUTE : 0);
	if (can_fentry(env, s, k)) {
		set_fentry(env, st, k);
		return;
	}
	st->attach.kind = WIRE_PROBE_KPROBE;
	st->attach.maxactive = (w_u32)s->maxactive;
	st->prog_type = IMAGE_PROG_KPROBE;
	st->share_class = arena_printf(a, "kprobe %d %d", s->is_return,
				       (int)s->maxactive);
}

/* ---- by name ---- */

static int no_function(const struct probe_env *env, const struct probe_point *p,
		       const struct spec *s, uint32_t dropped)
{
	struct arena *a = env->arena;
	const struct pp_component *c = &p->comps.v[s->at];
	const char *where =
		s->module ? arena_printf(a, "module %s", s->module)
			  : "the kernel";
	struct kfunc_list all = {0};
	struct name_list l = {0};
	const char *why;
	struct diag_msg *m;

	if (s->module && !has_wildcard(s->module) &&
	    !target_module_loaded(env->targets, s->module)) {
		m = diag_report(env->diag, KERNEL_NO_MODULE,
				p->comps.v[s->at - 1].loc,
				pp_what(env, p, s->at - 1), s->module);
		diag_remedy(m, "load it first: modprobe %s", s->module);
		return PROBE_ERROR;
	}
	if (!has_wildcard(s->text) &&
	    target_kernel_funcs(env->targets, s->module, "*", &all, &why))
		vec_for (&all.v, i)
			vec_push(a, &l.v, all.v.v[i].name);
	const char *similar = l.v.n ? diag_similar(a, s->text, l.v.v, l.v.n, 5)
				    : NULL;
	m = diag_report(env->diag, KERNEL_NO_FUNCTION, c->arg->loc,
			arena_printf(a, "string '%s'", s->text),
			similar ? arena_printf(a, " (similar functions: %s)",
					       similar)
				: "");
	diag_note(m, LOC_NONE, "%s has no function '%s'%s", where, s->text,
		  dropped ? " that may be probed" : "");
	if (dropped)
		diag_note(m, LOC_NONE,
			  "left out: %u that must not be probed (the kernel's "
			  "list of them: /sys/kernel/debug/kprobes/blacklist)",
			  dropped);
	diag_remedy(m,
		    "a function that the compiler inlined everywhere has no "
		    "symbol; stap -l '%s.function(\"*\")' lists what there is",
		    s->module ? arena_printf(a, "module(\"%s\")", s->module)
			      : "kernel");
	return PROBE_ERROR;
}

/* EXPORT_SYMBOL leaves a symbol __ksymtab_NAME. */
static bool is_exported(const struct probe_env *env, const struct kfunc *fn)
{
	const char *why;
	uint64_t addr;

	return target_kernel_symbol(
		env->targets,
		arena_printf(env->arena, "__ksymtab_%s", fn->name), &addr,
		&why);
}

static int by_name(const struct probe_env *env, const struct probe_point *p,
		   const struct spec *s, struct site_list *out)
{
	struct kfunc_list l = {0};
	uint32_t dropped = 0, first = out->v.n;
	const char *why = NULL;

	if (!target_kernel_funcs(env->targets, s->module, s->text, &l, &why)) {
		pp_unavailable(env, p, s->at, why);
		return PROBE_ERROR;
	}
	vec_for (&l.v, i) {
		const struct kfunc *fn = &l.v.v[i];
		if (target_func_blacklisted(env->targets, fn->addr))
			dropped++;
		else if (!s->exported || is_exported(env, fn))
			add_site(env, p, s, fn, 0, out);
	}
	if (out->v.n == first)
		return no_function(env, p, s, dropped);
	if (dropped && !env->listing)
		diag_report(env->diag, KERNEL_DROPPED, p->comps.v[s->at].loc,
			    NULL, pp_text(env->arena, p, UINT_MAX, NULL),
			    dropped, dropped == 1 ? "" : "s");
	return PROBE_MATCHED;
}

/* ---- by address ---- */

static int by_address(const struct probe_env *env, const struct probe_point *p,
		      const struct spec *s, struct site_list *out)
{
	struct kfunc fn = {.name = ""};
	uint64_t off = 0, addr = (uint64_t)s->number;

	if (s->is_statement && !s->absolute)
		return needs_dwarf(env, p, s->at,
				   "which statement an address belongs to is");
	if (s->absolute && !env->guru_mode) {
		diag_remedy(diag_report(env->diag, KERNEL_ABSOLUTE,
					p->comps.v[s->at].loc,
					pp_what(env, p, s->at)),
			    "stap -g allows probes anywhere");
		return PROBE_ERROR;
	}
	if (!s->absolute) {
		/* An offset into the kernel as it was linked. */
		const char *why;
		uint64_t text;
		if (addr >> 63 == 0 &&
		    target_kernel_symbol(env->targets, "_stext", &text, &why))
			addr += text;
	}
	if (!target_kernel_func_at(env->targets, addr, &fn, &off)) {
		fn = (struct kfunc){.name = "", .addr = addr};
		off = 0;
	}
	if (target_func_blacklisted(env->targets, addr)) {
		diag_report(env->diag, KERNEL_BLACKLISTED,
			    p->comps.v[s->at].loc, pp_what(env, p, s->at),
			    arena_printf(env->arena, "%#llx",
					 (unsigned long long)addr));
		return PROBE_ERROR;
	}
	add_site(env, p, s, &fn, off, out);
	return PROBE_MATCHED;
}

static int func_match(const struct probe_env *env, const struct probe_point *p,
		      struct site_list *out)
{
	struct spec s;

	if (!parse(p, &s))
		return PROBE_NOT_MINE;
	if (!env->listing && env->grants && !grants(env, WAY_KPROBE) &&
	    !grants(env, WAY_FENTRY))
		return unavailable(env, p);
	if (s.dwarf_at)
		return needs_dwarf(env, p, s.dwarf_at,
				   "inlined functions, labels and callees are");
	if (s.text && (s.is_statement || strchr(s.text, '@')))
		return needs_dwarf(env, p, s.at,
				   "source files and lines are");
	if (s.has_maxactive && (s.maxactive < 1 || s.maxactive > 1 << 16)) {
		diag_report(env->diag, PROBE_NUMBER_RANGE, p->loc, NULL,
			    "maxactive", (long long)s.maxactive, 1ll,
			    1ll << 16);
		return PROBE_ERROR;
	}
	return s.text ? by_name(env, p, &s, out) : by_address(env, p, &s, out);
}

#define FUNCS(head)                                                            \
	head ".function(string)", head ".function(string).call",               \
		head ".function(string).return",                               \
		head ".function(string).return.maxactive(number)",             \
		head ".function(string).exported",                             \
		head ".function(string).inline",                               \
		head ".function(string).label(string)",                        \
		head ".function(string).callee(string)",                       \
		head ".function(string).callee(string).call",                  \
		head ".function(string).callee(string).return",                \
		head ".function(string).callees",                              \
		head ".function(string).callees(number)",                      \
		head ".statement(string)", head ".statement(string).nearest"
#define ADDRESSES(head)                                                        \
	head ".function(number)", head ".function(number).call",               \
		head ".function(number).return",                               \
		head ".function(number).return.maxactive(number)",             \
		head ".function(number).inline", head ".statement(number)",    \
		head ".statement(number).nearest",                             \
		head ".statement(number).absolute"
#define KPROBES(head)                                                          \
	head ".function(string)", head ".function(string).call",               \
		head ".function(string).return",                               \
		head ".function(string).return.maxactive(number)"

static const char *const forms[] = {
	FUNCS("kernel"),     ADDRESSES("kernel"),	FUNCS("module(string)"),
	ADDRESSES("module(string)"), KPROBES("kprobe"),
	KPROBES("kprobe.module(string)"), "kprobe.statement(number).absolute",
	NULL};

const struct probe_kind probe_kind_func = {
	.name = "kernel.function",
	.forms = forms,
	.match = func_match,
	.bind = kfunc_bind,
	.list_vars = kfunc_list_vars,
};
