// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Target variables of kernel functions by BTF: at the entry the parameters, at
 * the return $return and, as they were at the entry, the parameters.
 *
 * Two kinds of programs see them differently. kprobes have the registers, from
 * which the C calling convention tells the parameters; what does not fit in
 * registers lies on the stack. fentry and fexit have the parameters by number,
 * at the return too, but nothing else.
 *
 * Whatever a return handler says of a parameter means the entry: $p->x is
 * @entry($p->x), as memory may have changed since. Only a parameter itself
 * needs no saving under fexit.
 */
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "probe/kfunc.h"
#include "target/arch.h"

/* ---- types ---- */

/*
 * Of several functions of a name with different parameters BTF describes none;
 * but before pahole 1.25 it describes the first of them.
 */
static bool may_be_a_namesake(const struct probe_env *env,
			      const struct kfunc_site *k)
{
	const char *version =
		target_kernel_config(env->targets, "CONFIG_PAHOLE_VERSION");

	return k->fn.namesakes && !k->fn.module && version &&
	       atoi(version) < 125;
}

bool kfunc_types(const struct probe_env *env, struct kfunc_site *k)
{
	uint32_t id;

	if (k->types_read)
		return k->types;
	k->types_read = true;
	const struct kbtf *b =
		!*k->fn.name ? NULL
		: k->fn.module
			? target_module_types(env->targets, k->fn.module)
			: target_vmlinux(env->targets, NULL, NULL);
	if (!b || may_be_a_namesake(env, k))
		return false;
	k->proto = kbtf_find_func(b, k->fn.name, &id);
	if (!k->proto)
		return false;
	k->types = b;
	k->params = arena_new_array(env->arena, struct kbtf_param,
				    KFUNC_MAX_PARAMS);
	k->nparams = kbtf_func_params(b, k->proto, k->params, KFUNC_MAX_PARAMS,
				      &k->ret, &k->variadic);
	if (k->nparams > KFUNC_MAX_PARAMS)
		k->nparams = KFUNC_MAX_PARAMS;
	return true;
}

static bool is_word(const struct ttype *t)
{
	return (t->kind == TT_INT || t->kind == TT_ENUM || t->kind == TT_PTR) &&
	       t->size && t->size <= 8;
}

bool kfunc_is_plain(const struct probe_env *env, struct kfunc_site *k)
{
	struct ttype t;

	if (!kfunc_types(env, k) || k->variadic || k->nparams > 6)
		return false;
	const struct type_src *src = kbtf_types(k->types);
	for (uint32_t i = 0; i < k->nparams; i++)
		if (!src->ops->get(src, k->params[i].type, &t) || !is_word(&t))
			return false;
	return src->ops->get(src, k->ret, &t) &&
	       (t.kind == TT_VOID || is_word(&t));
}

/* ---- where a parameter is ---- */

struct where {
	bool in_reg;
	uint32_t index; /* of the register; or of the word on the stack */
};

/*
 * The rules for integers, pointers and structures of such: each eight bytes
 * take a register, and what does not fit as a whole goes to the stack.
 * Structures of more than two words do at once: on x86_64 as they are, on
 * arm64 as a pointer to a copy.
 */
static bool find_param(const struct kfunc_site *k, const struct arch *arch,
		       uint32_t n, struct where *w)
{
	const struct type_src *src = kbtf_types(k->types);
	bool by_copy = !arch->return_on_stack;
	uint32_t reg = 0, stack = 0;

	for (uint32_t i = 0; i <= n; i++) {
		struct ttype t;
		uint32_t words;
		if (!src->ops->get(src, k->params[i].type, &t) || !t.size)
			return false;
		words = (uint32_t)((t.size + 7) / 8);
		if (words > 2 && by_copy)
			words = 1;
		w->in_reg = words <= 2 && reg + words <= arch->nargs;
		w->index = w->in_reg ? reg : stack;
		if (w->in_reg)
			reg += words;
		else
			stack += words;
	}
	return true;
}

/* The low bytes of a register, as its C type says. */
static struct expr *reg_value(const struct probe_env *env, struct loc loc,
			      uint32_t off, const struct ttype *t, bool fentry)
{
	struct expr *v;
	unsigned size = t->size && t->size < 8 ? (unsigned)t->size : 8;

	if (size != 1 && size != 2 && size != 4)
		size = 8;
	if (!fentry)
		return prim_ctx(env->arena, loc, off, size,
				is_word(t) && t->is_signed);
	v = prim_ctx(env->arena, loc, off, 8, false);
	return prim_extract(env->arena, loc, v, 0, size * 8, t->is_signed);
}

static bool start_param(struct access *a, const struct probe_env *env,
			struct loc loc, const struct kfunc_site *k, uint32_t n,
			const char **why)
{
	const struct type_src *src = kbtf_types(k->types);
	const struct arch *arch = arch_find(target_arch(env->targets));
	uint32_t type = k->params[n].type;
	struct arena *ar = env->arena;
	struct ttype t;
	struct where w;

	if (!src->ops->get(src, type, &t)) {
		*why = "its type is damaged";
		return false;
	}
	if (k->fentry) {
		access_value(a, env, loc, src, type,
			     reg_value(env, loc, 8 * n, &t, true));
		return true;
	}
	if (!arch || !find_param(k, arch, n, &w)) {
		*why = "how this processor passes it is not known";
		return false;
	}
	if (w.in_reg && t.size <= 8) {
		access_value(a, env, loc, src, type,
			     reg_value(env, loc, arch->arg[w.index], &t,
				       false));
		return true;
	}
	if (w.in_reg && (t.size <= 16 || arch->return_on_stack)) {
		*why = "it is a structure in two registers";
		return false;
	}
	struct expr *addr;
	if (w.in_reg)
		addr = prim_ctx(ar, loc, arch->arg[w.index], 8, false);
	else
		addr = long_add(
			ar, prim_ctx(ar, loc, arch->sp, 8, false),
			expr_number(ar, loc, arch->stack_args + 8 * w.index));
	access_memory(a, env, loc, src, type, addr, false);
	return true;
}

static bool start_return(struct access *a, const struct probe_env *env,
			 struct loc loc, const struct kfunc_site *k,
			 const char **why)
{
	const struct type_src *src = kbtf_types(k->types);
	const struct arch *arch = arch_find(target_arch(env->targets));
	struct ttype t;

	if (!src->ops->get(src, k->ret, &t) || !arch) {
		*why = "its type is damaged";
		return false;
	}
	if (t.kind == TT_VOID) {
		*why = arena_printf(env->arena,
				    "the function %s returns nothing",
				    k->fn.name);
		return false;
	}
	if (!t.size || t.size > 8) {
		*why = "it does not fit in a register";
		return false;
	}
	access_value(a, env, loc, src, k->ret,
		     reg_value(env, loc,
			       k->fentry ? IMAGE_CTX_RETVAL : arch->ret, &t,
			       k->fentry));
	return true;
}

/* ---- names ---- */

static bool named_param(const struct kfunc_site *k, const char *name,
			uint32_t *i)
{
	for (*i = 0; *i < k->nparams; ++*i)
		if (k->params[*i].name && !strcmp(k->params[*i].name, name))
			return true;
	return false;
}

static bool returns_value(const struct kfunc_site *k)
{
	const struct type_src *src = kbtf_types(k->types);
	struct ttype t;

	return k->is_return && src->ops->get(src, k->ret, &t) &&
	       t.kind != TT_VOID;
}

static const char *names(struct arena *a, const struct kfunc_site *k)
{
	struct strbuf sb = {0};

	if (k->types && (!k->off || k->is_return)) {
		if (returns_value(k))
			sb_puts(&sb, "$return, $$return, ");
		for (uint32_t i = 0; i < k->nparams; i++)
			if (k->params[i].name)
				sb_printf(&sb, "$%s, ", k->params[i].name);
		sb_puts(&sb, "$$parms, ");
	}
	sb_puts(&sb, "$$vars");
	const char *s = arena_strdup(a, sb_str(&sb));
	sb_free(&sb);
	return s;
}

static const char *not_described(const struct probe_env *env,
				 const struct kfunc_site *k)
{
	const char *why = NULL;

	if (!*k->fn.name)
		return "the address belongs to no function";
	if (!k->fn.module && !target_vmlinux(env->targets, &why, NULL))
		return why;
	if (may_be_a_namesake(env, k))
		return arena_printf(env->arena,
				    "the kernel has %u functions %s, and its "
				    "type information describes one of them: "
				    "debug information tells them apart",
				    k->fn.namesakes + 1, k->fn.name);
	return arena_printf(env->arena,
			    "the type information of %s does not describe "
			    "the function %s",
			    k->fn.module ? k->fn.module : "the kernel",
			    k->fn.name);
}

/* ---- groups: $$parms and the like ---- */

static void put_params(struct pretty *p, const struct probe_env *env,
		       struct loc loc, struct kfunc_site *k, unsigned depth)
{
	for (uint32_t i = 0; i < k->nparams; i++) {
		const char *why = NULL;
		struct access a;
		const char *name =
			k->params[i].name
				? k->params[i].name
				: arena_printf(env->arena, "arg%u", i + 1);
		if (i)
			pretty_text(p, " ");
		if (!start_param(&a, env, loc, k, i, &why)) {
			pretty_text(p, name);
			pretty_text(p, "=?");
			continue;
		}
		pretty_named(p, name, &a, depth);
		access_free(&a);
	}
}

static struct expr *at_entry(struct arena *a, const struct expr *e)
{
	struct expr *x = expr_new(a, E_ENTRY, e->loc);

	x->defined.arg = expr_clone(a, e);
	return x;
}

/* Of a return: parameters come from the entry, one string for all. */
static struct expr *params_group(const struct probe_env *env, struct expr *e,
				 struct kfunc_site *k)
{
	struct pretty p;

	if (k->is_return && (!k->fentry || e->target.pretty)) {
		struct expr *x = expr_clone(env->arena, e);
		x->target.name = "$parms";
		return at_entry(env->arena, x);
	}
	pretty_init(&p, env, e->loc);
	put_params(&p, env, e->loc, k, e->target.pretty);
	return pretty_done(&p);
}

static struct expr *return_group(const struct probe_env *env, struct expr *e,
				 struct kfunc_site *k)
{
	const char *why = NULL;
	struct pretty p;
	struct access a;

	pretty_init(&p, env, e->loc);
	if (returns_value(k) && start_return(&a, env, e->loc, k, &why)) {
		pretty_named(&p, "return", &a, e->target.pretty);
		access_free(&a);
	}
	return pretty_done(&p);
}

/* One of the many places of a pattern? */
static bool is_of_pattern(const struct probe_site *site)
{
	vec_for (&site->point->comps, i) {
		const char *text = pp_string(site->point, i);

		if (text && has_wildcard(text))
			return true;
	}
	return false;
}

static bool bind_group(const struct probe_env *env,
		       const struct probe_site *site, struct expr *e,
		       const char **why, const char **have)
{
	struct kfunc_site *k = site->data;
	const char *name = e->target.name + 1;
	struct arena *a = env->arena;
	bool described = k->types && (!k->off || k->is_return);

	if (e->target.steps.n || e->target.addr_of) {
		*why = "it is a string";
		return false;
	}
	if (!strcmp(name, "locals")) {
		e->target.bound = expr_string(a, e->loc, "");
	} else if ((!strcmp(name, "parms") || !strcmp(name, "vars")) &&
		   described) {
		e->target.bound = params_group(env, e, k);
	} else if (!strcmp(name, "return") && described) {
		e->target.bound = return_group(env, e, k);
	} else if (!strcmp(name, "vars") ||
		   (!described && is_of_pattern(site) &&
		    (!strcmp(name, "parms") || !strcmp(name, "return")))) {
		/* one function that nothing describes must not hinder the
		   others of the pattern */
		e->target.bound = expr_string(a, e->loc, "");
	} else {
		if (!described)
			*why = not_described(env, k);
		*have = names(a, k);
		return false;
	}
	return true;
}

/* ---- the kind's hooks ---- */

/* A parameter at a return. */
static bool bind_entry_value(const struct probe_env *env, struct kfunc_site *k,
			     struct expr *e, uint32_t n, const char **why,
			     const char **have)
{
	struct access a;
	struct expr *bound;

	if (!start_param(&a, env, e->loc, k, n, why))
		return false;
	/* Tried here, so that @defined() has its answer. */
	bool ok = access_bind(&a, e, false, why, have);
	access_free(&a);
	if (!ok)
		return false;
	if (k->fentry && !e->target.steps.n && !e->target.pretty &&
	    !e->target.addr_of)
		return true;
	bound = e->target.bound;
	e->target.bound = NULL;
	struct expr *x = at_entry(env->arena, e);
	x->ctype = value_type_of(bound);
	e->target.bound = x;
	return true;
}

/* The function's parameters are where the calling convention puts them. */
static bool params_in_place(const struct kfunc_site *k)
{
	Dwarf_Die func = k->frame.func;

	if (k->has_frame && dwarf_tag(&func) == DW_TAG_inlined_subroutine)
		return false;
	return !k->off || k->is_return;
}

/* Do the types alone tell it? */
static bool by_types(const struct kfunc_site *k, const char *name)
{
	uint32_t n;

	if (!k->types || !params_in_place(k))
		return false;
	if (*name == '$')
		return strcmp(name, "$locals") &&
		       (k->is_return || strcmp(name, "$vars"));
	return (k->is_return && !strcmp(name, "return")) ||
	       named_param(k, name, &n);
}

bool kfunc_bind(const struct probe_env *env, struct probe_site *site,
		struct expr *e, bool lvalue, const char **why,
		const char **have)
{
	struct kfunc_site *k = site->data;
	const char *name = e->target.name;
	struct access a;
	uint32_t n;
	bool ok;

	kfunc_types(env, k);
	if (!lvalue && !by_types(k, name)) {
		if (kfunc_bind_frame(env, site, e, why, have))
			return true;
		if (*why)
			return false;
	}
	if (lvalue) {
		*why = KERNEL_IS_READ_ONLY;
		return false;
	}
	if (*name == '$')
		return bind_group(env, site, e, why, have);
	if (!k->types) {
		*why = not_described(env, k);
		return false;
	}
	if (k->off && !k->is_return) {
		*why = "where variables are within a function is known from "
		       "DWARF debug information only";
		return false;
	}
	if (k->is_return && !strcmp(name, "return")) {
		if (!start_return(&a, env, e->loc, k, why))
			return false;
	} else if (!named_param(k, name, &n)) {
		*have = names(env->arena, k);
		return false;
	} else if (k->is_return) {
		return bind_entry_value(env, k, e, n, why, have);
	} else if (!start_param(&a, env, e->loc, k, n, why)) {
		return false;
	}
	ok = access_bind(&a, e, false, why, have);
	access_free(&a);
	return ok;
}

void kfunc_list_vars(const struct probe_env *env, struct probe_site *site,
		     struct strbuf *out)
{
	struct kfunc_site *k = site->data;

	if (k->has_frame) {
		frame_list_vars(&k->frame, env, out);
		return;
	}
	if (!kfunc_types(env, k) || !params_in_place(k))
		return;
	const struct type_src *src = kbtf_types(k->types);
	if (returns_value(k)) {
		sb_puts(out, " $return:");
		ttype_spell(out, src, k->ret);
	}
	for (uint32_t i = 0; i < k->nparams; i++) {
		if (!k->params[i].name)
			continue;
		sb_printf(out, " $%s:", k->params[i].name);
		ttype_spell(out, src, k->params[i].type);
	}
}
