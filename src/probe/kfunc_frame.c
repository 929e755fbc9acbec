// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Variables of the kernel's code by DWARF. Registers are those of kprobes; a
 * site that became fentry is turned back into a kprobe when one is asked for
 * (__kregs()). Addresses of variables are those of this boot.
 */
#include <string.h>

#include "probe/kfunc.h"
#include "target/arch.h"

/* A register of a program that has none of its own. */
static struct expr *asked_reg(const struct frame *f, const struct probe_env *env,
			      struct loc loc, unsigned regno, const char **why)
{
	const struct arch *a = arch_native();
	const struct arch_reg *r = a ? arch_reg_dwarf(a, regno) : NULL;
	struct expr *regs;

	(void)f;
	if (!r) {
		*why = "it is in a vector or floating point register, which "
		       "BPF programs cannot read";
		return NULL;
	}
	regs = expr_call(env->arena, loc, "__kregs");
	regs->type = TY_LONG;
	return prim_read(env->arena, loc,
			 long_add(env->arena, regs,
				  prim_number(env->arena, loc, r->off)),
			 r->size, false, false);
}

/*
 * This CPU's copy of a per-CPU variable: the symbol's value is what the
 * kernel's table of the CPUs' areas is added to.
 */
struct expr *kfunc_percpu(const struct probe_env *env, struct loc loc,
			  uint64_t sym, const char **why)
{
	struct arena *ar = env->arena;
	struct expr *slot;
	uint64_t table;

	if (!target_kernel_symbol(env->targets, "__per_cpu_offset", &table,
				  why))
		return NULL;
	slot = long_add(ar, expr_number(ar, loc, (int64_t)table),
			expr_binary(ar, loc, OP_MUL,
				    expr_call(ar, loc, "cpu"),
				    expr_number(ar, loc, 8)));
	return long_add(ar, expr_number(ar, loc, (int64_t)sym),
			prim_read(ar, loc, slot, 8, false, false));
}

static struct expr *kernel_address(const struct frame *f,
				   const struct probe_env *env, struct loc loc,
				   uint64_t addr, const char **why)
{
	const struct kfunc_site *k = f->ctx;
	const char *module = k ? k->fn.module : NULL, *section;
	uint64_t bias, base;

	section = dw_section_at(f->m, addr, &base);
	if (!module && section && !strcmp(section, ".data..percpu"))
		return kfunc_percpu(env, loc, addr, why);
	if (!module && target_kernel_bias(env->targets, &bias))
		return prim_number(env->arena, loc, (int64_t)(addr + bias));
	if (module && section &&
	    target_module_section(env->targets, module, section, &bias))
		return prim_number(env->arena, loc,
				   (int64_t)(addr - base + bias));
	*why = "where the module's variables are is known once it is loaded";
	return NULL;
}

static void init_frame(struct frame *f, struct dw_module *m)
{
	*f = (struct frame){.m = m,
			    .reg = frame_pt_reg,
			    .address = kernel_address};
}

void kfunc_set_frame(const struct probe_env *env, struct probe_site *s,
		     struct dw_module *m, const Dwarf_Die *func, uint64_t pc)
{
	struct kfunc_site *k = s->data;

	init_frame(&k->frame, m);
	k->frame.pc = pc;
	k->frame.is_return = k->is_return;
	k->frame.ctx = k;
	k->frame.func = *func;
	if (k->fentry)
		k->frame.reg = asked_reg;
	k->has_frame = true;
}

/* A function that was found by its symbol; its debug information may be here. */
static bool find_frame(const struct probe_env *env, struct probe_site *s)
{
	struct kfunc_site *k = s->data;
	struct dw_module *m;
	uint64_t bias, addr;
	Dwarf_Die die;

	if (k->has_frame || k->frame_tried || !*k->fn.name)
		return k->has_frame;
	k->frame_tried = true;
	m = target_kernel_dwarf(env->targets, k->fn.module, NULL, NULL);
	if (!m)
		return false;
	if (k->fn.module) {
		if (k->fn.namesakes ||
		    !dw_symbol_address(m, k->fn.name, &addr))
			return false;
	} else if (target_kernel_bias(env->targets, &bias)) {
		addr = k->fn.addr - bias;
	} else {
		return false;
	}
	addr += k->off;
	if (!dw_func_at(m, addr, &die))
		return false;
	kfunc_set_frame(env, s, m, &die, addr);
	return true;
}

const struct frame *kfunc_frame(const struct probe_site *site)
{
	const struct kfunc_site *k = site->data;

	return k->has_frame ? &k->frame : NULL;
}

bool kfunc_bind_frame(const struct probe_env *env, struct probe_site *site,
		      struct expr *e, const char **why, const char **have)
{
	struct kfunc_site *k = site->data;

	if (!find_frame(env, site))
		return false;
	return frame_bind_site(&k->frame, env, e, false, why, have);
}

bool kfunc_bind_global(const struct probe_env *env, struct expr *e,
		       const char *module, const char **why, const char **have)
{
	struct dw_module *m =
		target_kernel_dwarf(env->targets, module, NULL, NULL);
	struct kfunc_site *k;
	struct frame *f;

	if (!m)
		return false;
	k = arena_new_obj(env->arena, struct kfunc_site);
	k->fn.module = module;
	f = arena_new_obj(env->arena, struct frame);
	init_frame(f, m);
	f->ctx = k;
	return frame_bind_global(f, env, e, false, why, have);
}
