// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Target expressions that are the same at every probe: @cast, @var, @kderef,
 * ->members of script values, @enum. They look at the kernel's types; those
 * of programs come with debug information (DWARF).
 */
#include <string.h>

#include "probe/access.h"

/* "kernel", "kernel<linux/sched.h>", "vmlinux", or nothing said. */
static bool means_kernel(const char *module)
{
	return !module || !*module || !strcmp(module, "vmlinux") ||
	       !strcmp(module, "kernel") || !strncmp(module, "kernel<", 7);
}

/* @cast's third argument may be a list with ':' between. */
static bool lists_kernel(struct arena *a, const char *modules)
{
	if (!modules)
		return true;
	while (*modules) {
		size_t n = strcspn(modules, ":");
		if (means_kernel(arena_strndup(a, modules, n)))
			return true;
		modules += n + (modules[n] == ':');
	}
	return false;
}

static const struct type_src *kernel_types(const struct probe_env *env,
					   const char **why)
{
	const struct kbtf *b = target_vmlinux(env->targets, why, NULL);

	return b ? kbtf_types(b) : NULL;
}

static const char *no_program_types(const struct probe_env *env,
				    const char *module)
{
	return arena_printf(env->arena,
			    "types of '%s' need debug information of programs, "
			    "which this build does not read; \"kernel\" names "
			    "the kernel's types",
			    module);
}

/* Structs of about this name, to suggest. Slow, so only on errors. */
static const char *similar_types(const struct probe_env *env,
				 const struct type_src *src, const char *name)
{
	const struct kbtf *b = (const struct kbtf *)src;
	struct name_list l = {0};
	size_t n = strlen(name);

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

static bool bind_cast(const struct probe_env *env, struct expr *e, bool lvalue,
		      const char **why, const char **have)
{
	if (!lists_kernel(env->arena, e->target.module)) {
		*why = no_program_types(env, e->target.module);
		return false;
	}
	const struct type_src *src = kernel_types(env, why);
	if (!src)
		return false;
	uint32_t id;
	unsigned stars;
	if (!ttype_parse(src, e->target.name, &id, &stars)) {
		*why = arena_printf(env->arena,
				    "type definition '%s' not found "
				    "in the kernel%s",
				    e->target.name,
				    similar_types(env, src, e->target.name));
		return false;
	}
	/* Without steps it is the pointer itself. */
	if (!e->target.steps.n && !e->target.pretty) {
		if (lvalue) {
			*why = "a cast is no variable";
			return false;
		}
		struct value_type *v =
			arena_new_obj(env->arena, struct value_type);
		*v = (struct value_type){.src = src, .id = id};
		e->target.bound = expr_clone(env->arena, e->target.arg);
		if (stars <= 1)
			e->target.bound->ctype = v;
		return true;
	}
	/* "struct x" and "struct x *" both say what the value points to. */
	struct expr *addr = e->target.arg;
	for (; stars > 1; stars--)
		addr = prim_read(env->arena, e->loc, addr, sizeof(void *),
				 false, false);
	struct access a;
	access_memory(&a, env, e->loc, src, id, addr, false);
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

/*
 * Kernel variables: the address from kallsyms. BTF has types of per-CPU ones
 * only, and those lie elsewhere on each CPU; so what can be given is the
 * address, and the script says the type.
 */
static bool bind_var(const struct probe_env *env, struct expr *e, bool lvalue,
		     const char **why)
{
	struct arena *ar = env->arena;
	const char *name = e->target.name;
	size_t n = strcspn(name, "@");

	if (!means_kernel(e->target.module)) {
		*why = no_program_types(env, e->target.module);
		return false;
	}
	name = arena_strndup(ar, name, n);
	uint64_t addr;
	if (!target_kernel_symbol(env->targets, name, &addr, why))
		return false;
	if (lvalue || e->target.steps.n || e->target.pretty ||
	    !e->target.addr_of) {
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

static bool bind_deref(const struct probe_env *env, struct expr *e, bool lvalue,
		       bool user, const char **why)
{
	const struct expr *size = e->target.arg2;

	if (lvalue) {
		*why = "memory of the traced system cannot be written by BPF "
		       "programs";
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

static bool bind_enum(const struct probe_env *env, struct expr *e,
		      const char **why)
{
	const struct kbtf *b = target_vmlinux(env->targets, why, NULL);
	int64_t v;

	if (!b)
		return false;
	if (!kbtf_find_enumerator(b, e->target.name, &v)) {
		*why = arena_printf(env->arena,
				    "the kernel has no enumerator '%s'",
				    e->target.name);
		return false;
	}
	e->target.bound = expr_number(env->arena, e->loc, v);
	return true;
}

/* value == A ? "A" : value == B ? "B" : sprintf("%d", value) */
static bool bind_enumname(const struct probe_env *env, struct expr *e,
			  const char **why)
{
	struct arena *ar = env->arena;
	const struct type_src *src = kernel_types(env, why);
	struct ttype t;
	uint32_t id;
	unsigned stars;

	if (!src)
		return false;
	if (!ttype_parse(src, e->target.name, &id, &stars) || stars ||
	    !src->ops->get(src, id, &t) || t.kind != TT_ENUM) {
		*why = arena_printf(ar, "the kernel has no enum '%s'",
				    e->target.name);
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
		return bind_cast(env, e, lvalue, why, have);
	case TGT_AUTOCAST:
		return bind_autocast(env, e, lvalue, why, have);
	case TGT_ATVAR:
		/* @var("name") is also another way to write $name. */
		if (site && site->kind->bind && !e->target.module &&
		    site->kind->bind(env, site, e, lvalue, why, have))
			return true;
		*why = *have = NULL;
		return bind_var(env, e, lvalue, why);
	case TGT_KDEREF:
		return bind_deref(env, e, lvalue, false, why);
	case TGT_UDEREF:
		return bind_deref(env, e, lvalue, true, why);
	case TGT_ENUM:
		return bind_enum(env, e, why);
	case TGT_ENUMNAME:
		return bind_enumname(env, e, why);
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
		*why = "@perf() needs a perf.counter probe in the script";
		return false;
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
