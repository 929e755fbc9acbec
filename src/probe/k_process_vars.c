// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Variables at probes of programs. A uprobe's context is struct pt_regs, and
 * its instruction pointer is the probe's own address: what is added to the
 * link-time address of a position-independent file is their difference. At a
 * return the instruction pointer is the caller's; the main program's place is
 * known from its mm then.
 */
#include <string.h>

#include "probe/process.h"
#include "target/arch.h"

/* ---- the frame ---- */

/* Link-time start of the first executable segment: mm->start_code. */
static uint64_t code_start(const struct elf_file *f)
{
	uint64_t lo = UINT64_MAX;

	vec_for (&f->segs, i)
		if (f->segs.v[i].addr < lo)
			lo = f->segs.v[i].addr;
	return lo;
}

static struct expr *plus(const struct probe_env *env, struct expr *x,
			 int64_t n)
{
	return !n ? x
		  : long_add(env->arena, x, prim_number(env->arena, x->loc, n));
}

static struct expr *user_address(const struct frame *f,
				 const struct probe_env *env, struct loc loc,
				 uint64_t addr, const char **why)
{
	const struct scope *sc = f->ctx;
	const struct elf_file *elf = sc ? sc->elf : NULL;
	const struct arch *arch = arch_native();

	if (!dw_is_relocated(f->m))
		return prim_number(env->arena, loc, (int64_t)addr);
	if (f->pc && !f->is_return && arch)
		return plus(env, prim_ctx(env->arena, loc, arch->pc, 8, false),
			    (int64_t)(addr - f->pc));
	if (!elf || !elf->is_program || !elf->segs.n) {
		*why = "where the library is mapped is known at the entry of "
		       "its functions only; @entry(...) takes the value there";
		return NULL;
	}
	struct expr *start = task_field(
		env, loc, (const char *const[]){"mm", "start_code", NULL}, why);
	return start ? plus(env, start, (int64_t)(addr - code_start(elf)))
		     : NULL;
}

/*
 * A library's block is found as its own code does it: by the word that the
 * dynamic linker filled in, through the thread's vector of blocks (dtv).
 */
static struct expr *library_tls(const struct frame *f,
				const struct probe_env *env, struct loc loc,
				struct expr *tp, int64_t off, const char **why)
{
	struct arena *a = env->arena;
	struct dw_tls_slot slot;
	struct expr *word, *dtv;

	if (!dw_tls_slot(f->m, &slot)) {
		*why = "the library's own code does not tell where its "
		       "thread-local variables are";
		return NULL;
	}
	word = f->address(f, env, loc, slot.addr, why);
	if (!word)
		return NULL;
	word = prim_read(a, loc, word, 8, false, true);
	if (!slot.is_module)
		return plus(env, long_add(a, tp, word), off - slot.more);
	dtv = prim_read(a, loc, plus(env, tp, 8), 8, false, true);
	word = long_binary(a, OP_SHL, word, prim_number(a, loc, 4));
	return plus(env,
		    prim_read(a, loc, long_add(a, dtv, word), 8, false, true),
		    off);
}

static struct expr *user_tls(const struct frame *f, const struct probe_env *env,
			     struct loc loc, uint64_t off, const char **why)
{
	const struct scope *sc = f->ctx;
	struct expr *tp;
	int64_t from_tp;

	if (dw_machine(f->m) != EM_X86_64) {
		*why = "thread-local variables can be read on x86_64 only";
		return NULL;
	}
	tp = task_field(env, loc,
			(const char *const[]){"thread", "fsbase", NULL}, why);
	if (!tp)
		return NULL;
	if (!sc || !sc->elf || !sc->elf->is_program)
		return library_tls(f, env, loc, tp, (int64_t)off, why);
	if (!dw_tls_offset(f->m, off, &from_tp)) {
		*why = "the place of the thread-local variable is not known";
		return NULL;
	}
	return plus(env, tp, from_tp);
}

void process_frame(struct frame *f, const struct scope *sc, struct dw_module *m,
		   const Dwarf_Die *func, uint64_t pc, bool is_return)
{
	*f = (struct frame){.m = m,
			    .pc = pc,
			    .user = true,
			    .is_return = is_return,
			    .reg = frame_pt_reg,
			    .address = user_address,
			    .tls = user_tls,
			    .ctx = sc};
	if (func)
		f->func = *func;
}

void process_set_frame(struct probe_site *s, struct dw_module *m,
		       const Dwarf_Die *func, uint64_t pc, bool is_return)
{
	struct process_site *ps = s->data;

	process_frame(&ps->frame, ps->sc, m, func, pc, is_return);
	ps->has_frame = true;
}

const struct frame *process_site_frame(const struct probe_site *s)
{
	const struct process_site *ps = s->data;

	return ps->has_frame ? &ps->frame : NULL;
}

/* ---- binding ---- */

static bool is_group(const char *name)
{
	return !strcmp(name, "$parms") || !strcmp(name, "$vars") ||
	       !strcmp(name, "$locals") || !strcmp(name, "$return");
}

/* Symbol tables know nothing of variables: the groups are empty then. */
static bool bind_without(const struct probe_env *env,
			 const struct probe_site *site, struct expr *e,
			 const char **why, const char **have)
{
	const struct process_site *ps = site->data;
	const char *reason = NULL, *remedy = NULL;

	if (is_group(e->target.name) && !e->target.steps.n) {
		e->target.bound = expr_string(env->arena, e->loc, "");
		return true;
	}
	*have = "$$name";
	if (target_dwarf(env->targets, ps->sc->elf->path, &reason, &remedy)) {
		*why = "the debug information does not describe this function";
		return false;
	}
	*why = arena_printf(env->arena, "%s: %s%s%s", ps->sc->elf->path, reason,
			    remedy ? "; " : "", remedy ? remedy : "");
	return false;
}

bool process_bind(const struct probe_env *env, struct probe_site *site,
		  struct expr *e, bool lvalue, const char **why,
		  const char **have)
{
	const struct process_site *ps = site->data;

	if (!strcmp(e->target.name, "$name") && !e->target.steps.n && !lvalue) {
		e->target.bound = expr_string(env->arena, e->loc, site->symbol);
		return true;
	}
	if (!ps->has_frame)
		return bind_without(env, site, e, why, have);
	return frame_bind_site(&ps->frame, env, e, lvalue, why, have);
}

void process_list_vars(const struct probe_env *env, struct probe_site *site,
		       struct strbuf *out)
{
	const struct process_site *ps = site->data;

	if (ps->has_frame)
		frame_list_vars(&ps->frame, env, out);
}
