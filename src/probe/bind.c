// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Target expressions that are the same at every probe: @cast, @var, @kderef,
 * ->members of script values, @enum. A module says whose types and variables
 * are meant: "kernel" (BTF), a program or library (DWARF), a header, which is
 * compiled, or a list of these; without one, the probed program's come before
 * the kernel's.
 */
#include <string.h>

#include "probe/counters.h"
#include "probe/kfunc.h"
#include "probe/modules.h"

/* Structs of about this name, to suggest. Slow, so only on errors. */
static const char *similar_types(const struct probe_env *env, const char *name)
{
	const struct kbtf *b = target_vmlinux(env->targets, NULL, NULL);
	const struct type_src *src;
	struct name_list l = {0};
	size_t n = strlen(name);

	if (!b)
		return "";
	src = kbtf_types(b);
	for (uint32_t id = kbtf_first_id(b); id < kbtf_end_id(b); id++) {
		struct ttype t;
		if (!src->ops->get(src, id, &t) || t.id != id ||
		    (t.kind != TT_STRUCT && t.kind != TT_UNION))
			continue;
		size_t m = strlen(t.name);
		if (m && m + 3 > n && n + 3 > m && t.name[0] == name[0])
			vec_push(env->arena, &l.v, t.name);
	}
	return similar_suffix(env->arena, name, l.v.v, l.v.n);
}

struct type_search {
	const char *name;
	const struct type_src *src;
	uint32_t id;
	unsigned stars;
	bool user;
};

static bool try_types(void *ctx, const struct module *m)
{
	struct type_search *t = ctx;

	if (!ttype_parse(m->types, t->name, &t->id, &t->stars))
		return false;
	t->src = m->types;
	t->user = m->user;
	return true;
}

static bool find_type(const struct probe_env *env,
		      const struct probe_site *site, const struct expr *e,
		      struct type_search *t, const char **why)
{
	const char *looked = NULL;

	*t = (struct type_search){.name = e->target.name};
	*why = NULL;
	if (modules_each(env, site, e->target.module, try_types, t, &looked,
			 why))
		return true;
	if (!*why)
		*why = arena_printf(
			env->arena, "type definition '%s' not found in %s%s",
			t->name, looked,
			strstr(looked, "kernel") ? similar_types(env, t->name)
						 : "");
	return false;
}

static bool bind_cast(const struct probe_env *env,
		      const struct probe_site *site, struct expr *e,
		      bool lvalue, const char **why, const char **have)
{
	struct type_search t;

	if (!find_type(env, site, e, &t, why))
		return false;
	const struct type_src *src = t.src;
	uint32_t id = t.id;
	unsigned stars = t.stars;
	/* Without steps it is the pointer itself. */
	if (!e->target.steps.n && !e->target.pretty) {
		if (lvalue) {
			*why = "a cast is no variable";
			return false;
		}
		struct value_type *v =
			arena_new_obj(env->arena, struct value_type);
		*v = (struct value_type){
			.src = src, .id = id, .user = t.user};
		e->target.bound = expr_clone(env->arena, e->target.arg);
		if (stars <= 1)
			e->target.bound->ctype = v;
		return true;
	}
	/* "struct x" and "struct x *" both say what the value points to. */
	struct expr *addr = e->target.arg;
	for (; stars > 1; stars--)
		addr = prim_read(env->arena, e->loc, addr, sizeof(void *),
				 false, t.user);
	struct access a;
	access_memory(&a, env, e->loc, src, id, addr, t.user);
	a.pointee = true;
	bool ok = access_bind(&a, e, lvalue, why, have);
	access_free(&a);
	return ok;
}

static bool bind_autocast(const struct probe_env *env, struct expr *e,
			  bool lvalue, const char **why, const char **have)
{
	const struct value_type *t = value_type_of(e->target.arg);

	if (!t) {
		*why = "the type of the value is not known; say it with "
		       "@cast(value, \"type\", \"kernel\")";
		return false;
	}
	struct access a;
	access_memory(&a, env, e->loc, t->src, t->id, e->target.arg, t->user);
	a.pointee = true;
	bool ok = access_bind(&a, e, lvalue, why, have);
	access_free(&a);
	return ok;
}

/* A variable whose type BTF has: mostly the per-CPU ones. */
static bool bind_typed_var(const struct probe_env *env, struct expr *e,
			   const struct kbtf *b, const char *name,
			   uint32_t type, bool lvalue, const char **why,
			   const char **have)
{
	struct expr *addr;
	struct access a;
	uint64_t sym = 0;
	bool ok;

	/* The first per-CPU variable has the value 0. */
	if (!target_kernel_symbol(env->targets, name, &sym, why) &&
	    strcmp(name, "fixed_percpu_data"))
		return false;
	addr = expr_number(env->arena, e->loc, (int64_t)sym);
	if (!strcmp(kbtf_var_section(b, name), ".data..percpu"))
		addr = kfunc_percpu(env, e->loc, sym, why);
	if (!addr)
		return false;
	access_memory(&a, env, e->loc, kbtf_types(b), type, addr, false);
	ok = access_bind(&a, e, lvalue, why, have);
	access_free(&a);
	return ok;
}

/* The type that points to `id`, or 0. */
static uint32_t pointer_to(const struct kbtf *b, uint32_t id)
{
	const struct type_src *src = kbtf_types(b);
	struct ttype t;

	for (uint32_t p = kbtf_first_id(b); p < kbtf_end_id(b); p++)
		if (src->ops->get(src, p, &t) && t.id == p &&
		    t.kind == TT_PTR && t.elem == id)
			return p;
	return 0;
}

/* A variable whose type is always the same. False without *why: it is none. */
static bool bind_known_var(const struct probe_env *env, struct expr *e,
			   const struct kbtf *b, const char *name,
			   uint64_t sym, bool lvalue, const char **why,
			   const char **have)
{
	const char *text = target_kernel_var_type(name);
	const struct type_src *src = b ? kbtf_types(b) : NULL;
	struct expr *addr = expr_number(env->arena, e->loc, (int64_t)sym);
	struct access a;
	unsigned stars;
	uint32_t id;

	if (!b || !text)
		return false;
	size_t n = strcspn(text, "[");
	bool is_array = text[n];
	if (!ttype_parse(src, arena_strndup(env->arena, text, n), &id,
			 &stars) ||
	    (stars && !(id = pointer_to(b, id))))
		return false;
	if (is_array && !e->target.steps.n && !e->target.pretty && !lvalue) {
		e->target.bound = addr;
		return true;
	}
	access_memory(&a, env, e->loc, src, id, addr, false);
	a.pointee = is_array;
	bool ok = access_bind(&a, e, lvalue, why, have);
	access_free(&a);
	return ok;
}

/*
 * Kernel variables: the address from kallsyms, the type from BTF where it has
 * it, from debug information, or because it is well known. Otherwise what can
 * be given is the address, and the script says the type.
 */
static bool bind_kernel_var(const struct probe_env *env, struct expr *e,
			    bool lvalue, const char **why, const char **have)
{
	const struct kbtf *b = target_vmlinux(env->targets, NULL, NULL);
	struct arena *ar = env->arena;
	const char *name = e->target.name, *dwarf_why = NULL;
	const char *known_why;
	uint64_t addr;
	uint32_t type;

	name = arena_strndup(ar, name, strcspn(name, "@"));
	if (b && kbtf_find_var(b, name, &type))
		return bind_typed_var(env, e, b, name, type, lvalue, why, have);
	if (!target_kernel_symbol(env->targets, name, &addr, why))
		return false;
	if (!lvalue && kfunc_bind_global(env, e, NULL, &dwarf_why, have))
		return true;
	if (bind_known_var(env, e, b, name, addr, lvalue,
			   dwarf_why ? &known_why : &dwarf_why, have))
		return true;
	if (lvalue || e->target.steps.n || e->target.pretty ||
	    !e->target.addr_of) {
		*why = dwarf_why;
		if (*why)
			return false;
		*why = arena_printf(
			ar,
			"the kernel's type information does not describe the "
			"variable '%s'; its address is &@var(\"%s\"), so write "
			"@cast(&@var(\"%s\"), \"type\", \"kernel\")->member or "
			"@kderef(size, &@var(\"%s\"))",
			name, name, name, name);
		return false;
	}
	e->target.bound = expr_number(ar, e->loc, (int64_t)addr);
	return true;
}

struct var_search {
	const struct probe_env *env;
	struct expr *e;
	bool lvalue;
	const char **why, **have;
};

/* Of a module, whose type information has no variables. */
static bool bind_module_var(struct var_search *v, const char *module)
{
	if (v->lvalue) {
		*v->why = KERNEL_IS_READ_ONLY;
		return false;
	}
	if (kfunc_bind_global(v->env, v->e, module, v->why, v->have))
		return true;
	if (!*v->why)
		*v->why = arena_printf(v->env->arena,
				       "where variables of the module %s are "
				       "is known from its debug information "
				       "only, which is not installed",
				       module);
	return false;
}

static bool try_variable(void *ctx, const struct module *m)
{
	struct var_search *v = ctx;

	if (m->kernel_module)
		return bind_module_var(v, m->kernel_module);
	return m->frame ? frame_bind_global(m->frame, v->env, v->e, v->lvalue,
					    v->why, v->have)
			: bind_kernel_var(v->env, v->e, v->lvalue, v->why,
					  v->have);
}

static bool bind_var(const struct probe_env *env, const struct probe_site *site,
		     struct expr *e, bool lvalue, const char **why,
		     const char **have)
{
	struct var_search v = {env, e, lvalue, why, have};
	const char *looked = NULL, *missing = NULL;

	*why = NULL;
	if (modules_each(env, site, e->target.module, try_variable, &v, &looked,
			 &missing))
		return true;
	if (!*why)
		*why = missing ? missing
			       : arena_printf(env->arena,
					      "%s has no such variable",
					      looked);
	return false;
}

static bool bind_deref(const struct probe_env *env, struct expr *e, bool lvalue,
		       bool user, const char **why)
{
	const struct expr *size = e->target.arg2;

	if (lvalue) {
		*why = KERNEL_IS_READ_ONLY;
		return false;
	}
	if (!size || size->kind != E_NUMBER ||
	    (size->num.v != 1 && size->num.v != 2 && size->num.v != 4 &&
	     size->num.v != 8)) {
		*why = "the size must be 1, 2, 4 or 8, as a number";
		return false;
	}
	e->target.bound = prim_read(env->arena, e->loc, e->target.arg,
				    (uint32_t)size->num.v, false, user);
	return true;
}

struct enum_search {
	const struct probe_env *env;
	const char *name;
	int64_t value;
};

static bool try_enumerator(void *ctx, const struct module *m)
{
	struct enum_search *s = ctx;

	return m->dwarf ? dw_find_enumerator(m->dwarf, s->name, &s->value)
			: kbtf_find_enumerator(
				  target_vmlinux(s->env->targets, NULL, NULL),
				  s->name, &s->value);
}

static bool bind_enum(const struct probe_env *env,
		      const struct probe_site *site, struct expr *e,
		      const char **why)
{
	struct enum_search s = {env, e->target.name, 0};
	const char *looked = NULL;

	*why = NULL;
	if (modules_each(env, site, e->target.module, try_enumerator, &s,
			 &looked, why)) {
		e->target.bound = expr_number(env->arena, e->loc, s.value);
		return true;
	}
	if (!*why)
		*why = arena_printf(env->arena, "%s has no enumerator '%s'",
				    looked, e->target.name);
	return false;
}

/* value == A ? "A" : value == B ? "B" : sprintf("%d", value) */
static bool bind_enumname(const struct probe_env *env,
			  const struct probe_site *site, struct expr *e,
			  const char **why)
{
	struct arena *ar = env->arena;
	struct type_search ts;
	struct ttype t;

	if (!find_type(env, site, e, &ts, why))
		return false;
	const struct type_src *src = ts.src;
	if (ts.stars || !src->ops->get(src, ts.id, &t) || t.kind != TT_ENUM) {
		*why = arena_printf(ar, "'%s' is no enum", e->target.name);
		return false;
	}
	struct pretty p;
	pretty_init(&p, env, e->loc);
	pretty_arg(&p, "%d", expr_clone(ar, e->target.arg));
	struct expr *x = pretty_done(&p);
	/* Deep trees cost; enums that long have no names anyone prints. */
	for (uint32_t i = t.n < 256 ? t.n : 256; i-- > 0;) {
		const char *name;
		int64_t v;
		if (!src->ops->enumerator(&t, i, &name, &v))
			continue;
		struct expr *c = expr_new(ar, E_TERNARY, e->loc);
		c->ternary.cond = expr_binary(ar, e->loc, OP_EQ,
					      expr_clone(ar, e->target.arg),
					      expr_number(ar, e->loc, v));
		c->ternary.a = expr_string(ar, e->loc, name);
		c->ternary.b = x;
		x = c;
	}
	e->target.bound = x;
	return true;
}

bool probe_bind_target(const struct probe_env *env, struct probe_site *site,
		       struct expr *e, bool lvalue, const char **why,
		       const char **have)
{
	*why = *have = NULL;
	switch (e->target.tk) {
	case TGT_CAST:
		return bind_cast(env, site, e, lvalue, why, have);
	case TGT_AUTOCAST:
		return bind_autocast(env, e, lvalue, why, have);
	case TGT_ATVAR:
		/* @var("name") is also another way to write $name. */
		if (site && site->kind->bind && !e->target.module &&
		    site->kind->bind(env, site, e, lvalue, why, have))
			return true;
		*why = *have = NULL;
		return bind_var(env, site, e, lvalue, why, have);
	case TGT_KDEREF:
		return bind_deref(env, e, lvalue, false, why);
	case TGT_UDEREF:
		return bind_deref(env, e, lvalue, true, why);
	case TGT_ENUM:
		return bind_enum(env, site, e, why);
	case TGT_ENUMNAME:
		return bind_enumname(env, site, e, why);
	case TGT_VAR:
		if (site && site->kind->bind)
			return site->kind->bind(env, site, e, lvalue, why,
						have);
		*why = site ? "this probe point has no context variables"
			    : "context variables are those of a probe, not of "
			      "a function";
		return false;
	case TGT_CONST:
		*why = "@const() takes a C expression, which only the kernel "
		       "module runtime can evaluate";
		return false;
	case TGT_PERF:
		return counters_bind(env, site, e, lvalue, why);
	case TGT_ERRNO:
		*why = "@errno needs debug information of the C library";
		return false;
	case TGT_KREGISTER:
	case TGT_UREGISTER:
		*why = "registers are not known at this probe point";
		return false;
	}
	return false;
}
