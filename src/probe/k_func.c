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

static bool parse_suffix(const struct probe_point *p, unsigned i,
			 struct kfunc_spec *s)
{
	if (place_suffix_take(p, i, &s->sfx))
		return true;
	s->has_maxactive = pp_is(p, i, "maxactive") && s->sfx.is_return &&
			   pp_number(p, i, &s->maxactive);
	return s->has_maxactive;
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
		return place_suffix_of_statement(&s->sfx, !s->text) &&
		       !s->sfx.is_return && !s->has_maxactive;
	return place_suffix_of_function(&s->sfx, !s->text) &&
	       !(s->family == BY_KPROBE && s->sfx.dwarf_at);
}

/* kernel, module("ext4"), kprobe.module("ext4") */
static const char *site_head(struct arena *a, const struct probe_point *p,
			     const struct kfunc_spec *s, const char *module)
{
	const char *first = p->comps.v[0].name;

	if (!s->module)
		return first;
	return arena_printf(a, "%smodule(\"%s\")",
			    s->family == BY_KPROBE ? "kprobe." : "",
			    module ?: s->module);
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

static void set_kprobe(const struct probe_env *env, struct probe_site *st,
		       bool is_return, int maxactive)
{
	st->attach.kind = WIRE_PROBE_KPROBE;
	st->attach.maxactive = (w_u32)maxactive;
	st->prog_type = IMAGE_PROG_KPROBE;
	st->share_class =
		maxactive    ? arena_printf(env->arena, "kretprobe %d", maxactive)
		: is_return  ? "kretprobe"
			     : "kprobe";
}

/* fexit has the parameters and the result, and nothing else. (At entries the
   lowering changes what has to be changed, it sees more.) */
static void need_registers(const struct probe_env *env, struct probe_site *st)
{
	struct kfunc_site *k = st->data;

	if (!k->fentry || !k->is_return)
		return;
	k->fentry = false;
	st->attach.btf_id = 0;
	set_kprobe(env, st, true, 0);
}

static const char *site_arg(struct arena *a, const struct kfunc_spec *s,
			    const struct kfunc *fn, const struct place *pl)
{
	if (!s->text)
		return arena_printf(a, "%#llx", (long long)s->number);
	return pl ? place_arg(a, pl) : arena_printf(a, "\"%s\"", fn->name);
}

struct probe_site *kfunc_add(const struct probe_env *env,
			     const struct probe_point *p,
			     const struct kfunc_spec *s, const struct kfunc *fn,
			     uint64_t off, const struct place *pl,
			     struct site_list *out)
{
	struct arena *a = env->arena;
	const char *head = site_head(a, p, s, fn->module);
	struct probe_site *st = site_named(
		env, &probe_kind_func, p,
		place_point(a, head, p, s->at, site_arg(a, s, fn, pl),
			    pl ? pl->label : NULL),
		out);
	struct kfunc_site *k = arena_new_obj(a, struct kfunc_site);

	k->fn = *fn;
	k->off = off;
	k->is_return = s->sfx.is_return;
	st->data = k;
	st->alias = pl ? place_alias(a, head, p, s->at, pl) : NULL;
	st->target = fn->module;
	st->symbol = fn->name;
	/* Another kernel's addresses are not those of its next boot. */
	if (fn->addr && (s->sfx.absolute || target_kernel_is_running(env->targets)))
		st->attach.address = fn->addr + off;
	st->attach.offset = off;
	st->attach.nth = fn->nth;
	st->attach.flags =
		(s->sfx.is_return ? WIRE_ATTACH_RETURN : 0) |
		(s->text && has_wildcard(s->text) ? WIRE_ATTACH_OPTIONAL : 0) |
		(s->sfx.absolute || !*fn->name ? WIRE_ATTACH_ABSOLUTE : 0);
	if (!off && can_fentry(env, s, k)) {
		set_fentry(env, st, k);
		return st;
	}
	set_kprobe(env, st, s->sfx.is_return, (int)s->maxactive);
	return st;
}

/* ---- by name ---- */

/* It ran before a probe could be there. */
static int init_function(const struct probe_env *env,
			 const struct probe_point *p,
			 const struct kfunc_spec *s, const char *name)
{
	const char *when =
		s->module ? arena_printf(env->arena,
					 "module %s is being loaded", s->module)
			  : "the kernel starts";
	struct diag_msg *m = diag_report(
		env->diag, KERNEL_INIT_FUNCTION, p->comps.v[s->at].arg->loc,
		arena_printf(env->arena, "string '%s'", s->text), name, when);

	if (s->module)
		diag_remedy(m, "kernel.function(\"do_init_module\") and "
			       ".return are around it, "
			       "kernel.trace(\"module_load\") is before");
	else
		diag_remedy(m, "stap -l 'kernel.function(\"*\")' lists what "
			       "there is now");
	return PROBE_ERROR;
}

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
	const char *init = !s->module ? NULL
				      : target_module_init_func(env->targets,
								s->module,
								s->text);

	if (init)
		return init_function(env, p, s, init);
	if (s->module && target_module_builtin(env->targets, s->module)) {
		m = diag_report(env->diag, KERNEL_BUILTIN,
				p->comps.v[s->at - 1].loc,
				pp_what(env, p, s->at - 1), s->module);
		diag_remedy(m, "kernel.function(\"%s\") looks there", s->text);
		return PROBE_ERROR;
	}
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
	if (!s->module && !has_wildcard(s->text) &&
	    target_init_funcs(env->targets, &l))
		return init_function(env, p, s, s->text);
	vec_for (&l.v, i) {
		const struct kfunc *fn = &l.v.v[i];
		if (target_func_blacklisted(env->targets, fn->addr))
			dropped++;
		else if (!s->sfx.exported || is_exported(env, fn))
			kfunc_add(env, p, s, fn, 0, NULL, out);
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
	if (s->sfx.is_inline)
		return "inlined functions are";
	if (s->sfx.label)
		return "labels are";
	if (s->sfx.callee || s->sfx.callees)
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
		return no_dwarf(env, p, s->sfx.dwarf_at ? s->sfx.dwarf_at : s->at,
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

static int blacklisted(const struct probe_env *env, const struct probe_point *p,
		       const struct kfunc_spec *s)
{
	struct diag_msg *m = diag_report(
		env->diag, KERNEL_BLACKLISTED, p->comps.v[s->at].loc,
		pp_what(env, p, s->at),
		arena_printf(env->arena, "%#llx",
			     (unsigned long long)s->number));

	diag_remedy(m, "a function that calls it, or that it calls, may be: "
		       "/sys/kernel/debug/kprobes/blacklist has those that "
		       "must not");
	return PROBE_ERROR;
}

/* What holds an address; or the statement that begins there or (if any will do)
   around it. */
static bool known_place(struct dw_module *m, uint64_t addr,
			const struct kfunc_spec *s, struct place *out)
{
	struct dw_line l;

	if (!s->is_statement)
		return place_at(m, addr, &s->sfx, out);
	*out = (struct place){.kind = PLACE_LINE, .addr = addr, .file = "",
			      .scope = ""};
	if (!dw_line_at(m, addr, &l) || (!s->sfx.nearest && l.addr != addr))
		return false;
	out->addr = l.addr;
	if (!dw_func_at(m, l.addr, &out->die))
		return false;
	out->name = dwarf_diename(&out->die);
	return true;
}

/* An address of this boot, or as it was linked, that only debug information
   can say more of. */
static int by_known_address(const struct probe_env *env,
			    const struct probe_point *p,
			    const struct kfunc_spec *s, struct site_list *out)
{
	uint64_t addr = (uint64_t)s->number, bias = 0;
	struct dw_module *m = s->module && has_wildcard(s->module)
				      ? NULL
				      : target_kernel_dwarf(env->targets,
							    s->module, NULL,
							    NULL);
	uint32_t dropped = 0;
	struct place pl;

	if (!m)
		return no_dwarf(env, p, s->sfx.dwarf_at ?: s->at,
				s->is_statement ? "where statements begin is"
						: dwarf_question(s),
				s->module);
	if (!s->module && target_kernel_bias(env->targets, &bias))
		addr -= bias;
	if ((known_place(m, addr, s, &pl) ||
	     known_place(m, addr + bias, s, &pl)) &&
	    kfunc_at_place(env, p, s, m, s->module, &pl, &dropped, out))
		return PROBE_MATCHED;
	if (dropped)
		return blacklisted(env, p, s);
	diag_remedy(diag_report(env->diag, PROCESS_NO_ADDRESS,
				p->comps.v[s->at].arg->loc, NULL,
				(unsigned long long)s->number,
				s->module ? s->module : "the kernel",
				s->is_statement ? "no statement begins there"
						: "no inlined body is there"),
		    s->is_statement ? "append .nearest, or .absolute if an "
				      "instruction begins there"
				    : "leave out .inline to probe the function "
				      "that holds the address");
	return PROBE_ERROR;
}

/* Any instruction, as the kernel runs: s->number or what it leads to. */
static int by_instruction(const struct probe_env *env,
			  const struct probe_point *p,
			  const struct kfunc_spec *s, uint64_t addr,
			  struct site_list *out)
{
	struct kfunc fn = {.name = ""};
	uint64_t off = 0;

	if (!target_kernel_func_at(env->targets, addr, &fn, &off))
		fn = (struct kfunc){.name = "", .addr = addr};
	else if (!s->is_statement)
		off = 0; /* the function that holds it */
	if (target_func_blacklisted(env->targets, fn.addr + off))
		return blacklisted(env, p, s);
	kfunc_add(env, p, s, &fn, off, NULL, out);
	return PROBE_MATCHED;
}

static int by_address(const struct probe_env *env, const struct probe_point *p,
		      const struct kfunc_spec *s, struct site_list *out)
{
	uint64_t addr = (uint64_t)s->number, text;
	const char *why;

	if (s->sfx.is_inline || (s->is_statement && !s->sfx.absolute))
		return by_known_address(env, p, s, out);
	if (s->sfx.absolute && !env->guru_mode) {
		diag_remedy(diag_report(env->diag, KERNEL_ABSOLUTE,
					p->comps.v[s->at].loc,
					pp_what(env, p, s->at)),
			    "stap -g allows probes anywhere");
		return PROBE_ERROR;
	}
	/* An offset into the kernel as it was linked. */
	if (!s->sfx.absolute && addr >> 63 == 0 &&
	    target_kernel_symbol(env->targets, "_stext", &text, &why))
		addr += text;
	return by_instruction(env, p, s, addr, out);
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
	.need_registers = need_registers,
	.list_vars = kfunc_list_vars,
};
