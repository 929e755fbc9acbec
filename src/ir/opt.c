// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The optimiser: this list of passes, over and over until nothing changes.
 * Every pass keeps what a handler does to memory, output, errors and counters;
 * the one exception is the counter of truncated strings, which does not see
 * strings that nobody looks at.
 *
 * Registers are reassigned freely (this is not SSA), so facts about values
 * hold within extended basic blocks only: a block, and those that can be
 * reached from nowhere else. Lowering splits blocks at each operation that may
 * fail, and all those pieces are one extended block, which makes this enough
 * in practice.
 */
#include "ir/opt.h"

#include <string.h>

static const struct pass {
	const char *name;
	bool (*run)(struct opt *o);
} passes[] = {
	/* dead branches, jumps to jumps, unreachable and split blocks */
	{"cfg", opt_cfg},
	/* division by powers of two */
	{"reduce", opt_reduce},
	/* constants, copies, common subexpressions, repeated loads */
	{"values", opt_values},
	/* error checks behind what cannot fail */
	{"errors", opt_errors},
	/* string copies that only change the place */
	{"strings", opt_strings},
	/* stores that nobody reads */
	{"stores", opt_stores},
	/* values made where they are wanted */
	{"moves", opt_moves},
	/* results that nobody reads */
	{"dead", opt_dead},
};
#define NPASSES (sizeof(passes) / sizeof(*passes))

const char *const ir_pass_names[] = {"cfg",    "reduce",  "values",
				     "errors", "strings", "stores",
				     "moves",  "dead",	  NULL};
_Static_assert(sizeof(ir_pass_names) / sizeof(char *) == NPASSES + 1,
	       "names in step with passes");

/* More rounds find next to nothing. */
#define MAX_ROUNDS 6

bool opt_same_val(const struct ir_val *a, const struct ir_val *b)
{
	return a->kind == b->kind && a->reg == b->reg && a->imm == b->imm;
}

void opt_to_move(struct ir_insn *in, struct ir_val v)
{
	bool place = v.kind == IV_HEAP || v.kind == IV_SLOT || v.kind == IV_CTX;

	*in = (struct ir_insn){.op = place ? IR_ADDR : IR_MOV,
			       .d = in->d,
			       .a = v,
			       .loc = in->loc};
}

bool opt_is_safe_division(const struct ir_insn *in)
{
	return in->op == IR_RT &&
	       (in->fn == RT_FN_div || in->fn == RT_FN_mod) &&
	       in->args[2].kind == IV_IMM && in->args[2].imm != 0;
}

bool opt_may_fail(const struct ir_insn *in)
{
	if (in->op == IR_CALL)
		return true;
	return in->op == IR_RT && (rt_info[in->fn].flags & RTF_FAIL) &&
	       !opt_is_safe_division(in);
}

bool opt_is_removable(const struct ir_insn *in)
{
	if (in->op == IR_RT)
		return (rt_info[in->fn].flags & (RTF_PURE | RTF_READ)) &&
		       !opt_may_fail(in);
	return in->op != IR_ST && in->op != IR_ATOMIC_ADD &&
	       in->op != IR_CALL && !ir_is_end(in);
}

bool opt_writes(const struct ir_insn *in)
{
	if (in->op == IR_RT)
		return !(rt_info[in->fn].flags & (RTF_PURE | RTF_READ));
	return in->op == IR_ST || in->op == IR_ATOMIC_ADD || in->op == IR_CALL;
}

bool *opt_find_escapes(struct opt *o)
{
	struct ir_func *f = o->f;
	bool *escapes = arena_new_array(o->a, bool, f->slots.n);

	vec_for (&f->blocks, b) {
		const struct ir_block *block = f->blocks.v[b];

		vec_for (&block->insns, i) {
			const struct ir_insn *in = &block->insns.v[i];

			if (in->op == IR_ADDR && in->a.kind == IV_SLOT)
				escapes[in->a.reg] = true;
			for (uint32_t k = 0; k < in->nargs; k++)
				if (in->args[k].kind == IV_SLOT)
					escapes[in->args[k].reg] = true;
		}
	}
	return escapes;
}

/* Only as a base of accesses, and as an argument of run-time functions (which
   do not keep it). */
static bool ctx_stays_in_place(const struct ir_module *m)
{
	vec_for (&m->funcs, i) {
		vec_for (&m->funcs.v[i]->blocks, b) {
			const struct ir_block *block =
				m->funcs.v[i]->blocks.v[b];

			vec_for (&block->insns, k) {
				const struct ir_insn *in = &block->insns.v[k];

				if (in->op == IR_ADDR && in->a.kind == IV_CTX)
					return false;
				if (in->op != IR_CALL)
					continue;
				for (uint32_t n = 0; n < in->nargs; n++)
					if (in->args[n].kind == IV_CTX)
						return false;
			}
		}
	}
	return true;
}

static bool run_pass(struct ir_module *m, const struct pass *p)
{
	bool in_place = ctx_stays_in_place(m), changed = false;

	vec_for (&m->funcs, i) {
		struct arena *a = arena_new();
		struct opt o = {.a = a,
				.m = m,
				.f = m->funcs.v[i],
				.ctx_in_place = in_place};

		ir_analyse(a, o.f);
		changed |= p->run(&o);
		arena_free(a);
	}
	return changed;
}

/* The facts of the last analysis are in an arena that is gone. */
static void analyse_all(struct ir_module *m)
{
	vec_for (&m->funcs, i)
		ir_analyse(m->arena, m->funcs.v[i]);
}

bool ir_optimise_pass(struct ir_module *m, const char *pass)
{
	for (uint32_t i = 0; i < NPASSES; i++) {
		if (strcmp(passes[i].name, pass) == 0) {
			run_pass(m, &passes[i]);
			analyse_all(m);
			return true;
		}
	}
	return false;
}

void ir_optimise(struct ir_module *m)
{
	bool changed = true;

	for (uint32_t round = 0; changed && round < MAX_ROUNDS; round++) {
		changed = false;
		for (uint32_t i = 0; i < NPASSES; i++)
			changed |= run_pass(m, &passes[i]);
	}
	/* leaves no jumps to jumps behind, whatever ran last */
	run_pass(m, &passes[0]);
	analyse_all(m);
}
