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
#include "probe/places.h"

/* ---- points ---- */

static bool parse_head(const struct probe_point *p, struct kfunc_spec *s)
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

/* Those that only debug information can answer. */
static bool parse_dwarf_suffix(const struct probe_point *p, unsigned i,
			       struct kfunc_spec *s)
{
	const char *text = pp_string(p, i);

	if (pp_bare(p, i, "inline"))
		s->is_inline = true;
	else if (pp_bare(p, i, "callees"))
		s->callees = 1;
	else if (pp_is(p, i, "callees") && pp_number(p, i, &s->callees) &&
		 s->callees > 0)
		;
	else if (pp_is(p, i, "label") && text)
		s->label = text;
	else if (pp_is(p, i, "callee") && text)
		s->callee = text;
	else
		return false;
	if (!s->dwarf_at)
		s->dwarf_at = i;
	return true;
}

static bool parse_suffix(const struct probe_point *p, unsigned i,
			 struct kfunc_spec *s)
{
	if (parse_dwarf_suffix(p, i, s))
		return true;
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

/* Which of them go together behind .function(). */
static bool function_suffixes(const struct kfunc_spec *s)
{
	unsigned inner = !!s->label + !!s->callee + !!s->callees;

	if (s->absolute || s->nearest || inner > 1 ||
	    s->is_inline + s->call + s->is_return > 1 ||
	    (s->exported && s->is_inline))
		return false;
	if (s->family == BY_KPROBE && s->dwarf_at)
		return false;
	if (!s->text && (s->exported || inner))
		return false;
	return !s->label || !(s->is_inline || s->call || s->is_return ||
			      s->exported);
}

static bool parse(const struct probe_point *p, struct kfunc_spec *s)
{
	*s = (struct kfunc_spec){0};
	if (!parse_head(p, s))
		return false;
	for (unsigned i = s->at + 1; i < p->comps.n; i++)
		if (!parse_suffix(p, i, s))
			return false;
	if (s->is_statement)
		return !s->is_return && !s->call && !s->exported &&
		       !s->has_maxactive && !s->dwarf_at &&
		       !(s->text && s->absolute);
	return function_suffixes(s);
}

/* kernel.function("vfs_read").return, wildcards resolved. */
static const char *site_name(struct arena *a, const struct probe_point *p,
			     const struct kfunc_spec *s, const struct kfunc *fn,
			     const char *arg, const char *label)
{
	struct strbuf sb = {0};

	vec_for (&p->comps, i) {
		const struct pp_component *c = &p->comps.v[i];
		/* a callee is called by its own name */
		if (pp_is(p, i, "callee") || pp_is(p, i, "callees"))
			continue;
		sb_printf(&sb, "%s%s", i ? "." : "", c->name);
		if (!c->arg)
			continue;
		if (i == s->at && arg)
			sb_printf(&sb, "(%s)", arg);
		else if (i == s->at && s->text)
			sb_printf(&sb, "(\"%s\")", fn->name);
		else if (i == s->at)
			sb_printf(&sb, "(%#llx)", (long long)s->number);
		else if (c->arg->kind == E_NUMBER)
			sb_printf(&sb, "(%lld)", (long long)c->arg->num.v);
		else if (!strcmp(c->name, "module") && fn->module)
			sb_printf(&sb, "(\"%s\")", fn->module);
		else if (label && pp_is(p, i, "label"))
			sb_printf(&sb, "(\"%s\")", label);
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

static int no_dwarf(const struct probe_env *env, const struct probe_point *p,
		    unsigned at, const char *what, const char *module)
{
	const char *why = NULL, *remedy = NULL;

	target_kernel_dwarf(env->targets, module, &why, &remedy);
	diag_remedy(pp_unavailable(
			    env, p, at,
			    arena_printf(env->arena,
					 "%s known from debug information "
					 "only, and %s",
					 what, why)),
		    "%s", remedy);
	return PROBE_ERROR;
}

/* ---- sites ---- */

static bool can_fentry(const struct probe_env *env, const struct kfunc_spec *s,
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

struct probe_site *kfunc_add(const struct probe_env *env,
			     const struct probe_point *p,
			     const struct kfunc_spec *s, const struct kfunc *fn,
			     uint64_t off, const char *arg, const char *label,
			     struct site_list *out)
{
	struct arena *a = env->arena;
	struct probe_site *st = site_new(env, &probe_kind_func, p, out);
	struct kfunc_site *k = arena_new_obj(a, struct kfunc_site);

	k->fn = *fn;
	k->off = off;
	k->is_return = s->is_return;
	st->data = k;
	st->name = site_name(a, p, s, fn, arg, label);
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
	if (!off && can_fentry(env, s, k)) {
		set_fentry(env, st, k);
		return st;
	}
	st->attach.kind = WIRE_PROBE_KPROBE;
	st->attach.maxactive = (w_u32)s->maxactive;
	st->prog_type = IMAGE_PROG_KPROBE;
	st->share_class = arena_printf(a, "kprobe %d %d", s->is_return,
				       (int)s->maxactive);
	return st;
}

/* ---- by name ---- */

static int no_function(const struct probe_env *env, const struct probe_point *p,
		       const struct kfunc_spec *s, uint32_t dropped)
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

/* How many functions a pattern named that must not be probed. */
static void note_dropped(const struct probe_env *env,
			 const struct probe_point *p,
			 const struct kfunc_spec *s, uint32_t dropped)
{
	if (dropped && !env->listing)
		diag_report(env->diag, KERNEL_DROPPED, p->comps.v[s->at].loc,
			    NULL, pp_text(env->arena, p, UINT_MAX, NULL),
			    dropped, dropped == 1 ? "" : "s");
}

static int by_name(const struct probe_env *env, const struct probe_point *p,
		   const struct kfunc_spec *s, struct site_list *out)
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
			kfunc_add(env, p, s, fn, 0, NULL, NULL, out);
	}
	if (out->v.n == first)
		return no_function(env, p, s, dropped);
	note_dropped(env, p, s, dropped);
	return PROBE_MATCHED;
}

/* ---- by debug information ---- */

/* Only debug information can answer this; what it is about. */
static const char *dwarf_question(const struct kfunc_spec *s)
{
	if (s->is_inline)
		return "inlined functions are";
	if (s->label)
		return "labels are";
	if (s->callee || s->callees)
		return "who calls which function is";
	if (s->text && strchr(s->text, '@'))
		return "source files and lines are";
	return NULL;
}

/* vmlinux, or the modules that are meant. */
static void modules_meant(const struct probe_env *env,
			  const struct kfunc_spec *s, struct name_list *out)
{
	if (!s->module)
		vec_push(env->arena, &out->v, NULL);
	else if (!has_wildcard(s->module))
		vec_push(env->arena, &out->v, s->module);
	else
		target_module_names(env->targets, s->module, out);
}

/*
 * Adds what debug information knows. PROBE_MATCHED with nothing added: there
 * is none, and the question can do without.
 */
static int by_dwarf(const struct probe_env *env, const struct probe_point *p,
		    const struct kfunc_spec *s, uint32_t *dropped,
		    struct site_list *out)
{
	const char *question = dwarf_question(s), *why = NULL;
	uint32_t added = 0, known = 0;
	unsigned around[2] = {0};
	struct name_list modules = {0};
	struct dw_pattern pat;

	if (!dw_pattern_parse(env->arena, s->text, &pat, &why))
		return place_bad_pattern(env, p, s->at, s->text, why,
					 "\"f\", \"f@file.c\", "
					 "\"f@file.c:12\"");
	modules_meant(env, s, &modules);
	vec_for (&modules.v, i) {
		struct dw_module *m = target_kernel_dwarf(
			env->targets, modules.v.v[i], NULL, NULL);
		if (!m)
			continue;
		known++;
		added += kfunc_by_dwarf(env, p, s, m, modules.v.v[i], &pat,
					dropped, around, out);
	}
	if (added || !question)
		return PROBE_MATCHED;
	if (!known)
		return no_dwarf(env, p, s->dwarf_at ? s->dwarf_at : s->at,
				question,
				modules.v.n ? modules.v.v[0] : s->module);
	if (s->is_statement)
		return place_no_line(env, p, s->at,
				     s->module ? s->module : "the kernel",
				     s->text, around);
	return no_function(env, p, s, *dropped);
}

/* A pattern or name; what debug information knows comes first. */
static int by_text(const struct probe_env *env, const struct probe_point *p,
		   const struct kfunc_spec *s, struct site_list *out)
{
	uint32_t first = out->v.n, dropped = 0;
	int r = PROBE_MATCHED;

	/* Every inlined body of the kernel would be asked too much. */
	if (dwarf_question(s) ||
	    (s->family != BY_KPROBE && s->text[strspn(s->text, "*")]))
		r = by_dwarf(env, p, s, &dropped, out);
	if (r != PROBE_MATCHED)
		return r;
	if (out->v.n == first)
		return by_name(env, p, s, out);
	note_dropped(env, p, s, dropped);
	return PROBE_MATCHED;
}

/* ---- by address ---- */

/* The start of a statement at (or, if any will do, next to) an address. */
static bool begins_statement(struct dw_module *m, uint64_t *addr, bool nearest)
{
	struct dw_line l;

	if (!dw_line_at(m, *addr, &l))
		return false;
	if (nearest)
		*addr = l.addr;
	return l.addr == *addr;
}

/* kernel.statement(ADDR): an address of this boot, or as it was linked. */
static int by_statement(const struct probe_env *env,
			const struct probe_point *p,
			const struct kfunc_spec *s, struct site_list *out)
{
	uint64_t addr = (uint64_t)s->number, bias = 0;
	struct dw_module *m = s->module && has_wildcard(s->module)
				      ? NULL
				      : target_kernel_dwarf(env->targets,
							    s->module, NULL,
							    NULL);

	if (!m)
		return no_dwarf(env, p, s->at,
				"where statements begin is", s->module);
	if (!s->module && target_kernel_bias(env->targets, &bias))
		addr -= bias;
	if (!begins_statement(m, &addr, s->nearest)) {
		addr = (uint64_t)s->number;
		if (!begins_statement(m, &addr, s->nearest))
			addr = 0;
	}
	if (addr && kfunc_at_address(env, p, s, m, s->module, addr, out))
		return PROBE_MATCHED;
	diag_remedy(diag_report(env->diag, PROCESS_NO_ADDRESS,
				p->comps.v[s->at].arg->loc, NULL,
				(unsigned long long)s->number,
				s->module ? s->module : "the kernel",
				"no statement begins there"),
		    "append .nearest, or .absolute if an instruction begins "
		    "there");
	return PROBE_ERROR;
}

static int by_address(const struct probe_env *env, const struct probe_point *p,
		      const struct kfunc_spec *s, struct site_list *out)
{
	struct kfunc fn = {.name = ""};
	uint64_t off = 0, addr = (uint64_t)s->number;

	if (s->is_statement && !s->absolute)
		return by_statement(env, p, s, out);
	if (s->is_inline)
		return no_dwarf(env, p, s->dwarf_at, dwarf_question(s),
				s->module);
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
	kfunc_add(env, p, s, &fn, off, NULL, NULL, out);
	return PROBE_MATCHED;
}

static int func_match(const struct probe_env *env, const struct probe_point *p,
		      struct site_list *out)
{
	struct kfunc_spec s;

	if (!parse(p, &s))
		return PROBE_NOT_MINE;
	if (!env->listing && env->grants && !grants(env, WAY_KPROBE) &&
	    !grants(env, WAY_FENTRY))
		return unavailable(env, p);
	if (s.has_maxactive && (s.maxactive < 1 || s.maxactive > 1 << 16)) {
		diag_report(env->diag, PROBE_NUMBER_RANGE, p->loc, NULL,
			    "maxactive", (long long)s.maxactive, 1ll,
			    1ll << 16);
		return PROBE_ERROR;
	}
	return s.text ? by_text(env, p, &s, out) : by_address(env, p, &s, out);
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
	.frame = kfunc_frame,
	.list_vars = kfunc_list_vars,
};
