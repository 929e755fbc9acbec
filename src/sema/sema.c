// SPDX-License-Identifier: GPL-2.0-or-later
/* The steps of pass 2, in order. */
#include <stdlib.h>

#include "probe/counters.h"
#include "sema/pass.h"

void sema_init(struct sema *s, const struct probe_env *env, struct tapset *lib,
	       const struct sema_opts *o)
{
	*s = (struct sema){.arena = env->arena,
			   .diag = env->diag,
			   .env = env,
			   .lib = lib,
			   .opts = o};
	s->prog = arena_new_obj(env->arena, struct program);
	s->prog->arena = env->arena;
	map_init(&s->globals, env->arena);
	map_init(&s->funcs, env->arena);
}

static void resolve_handlers(struct sema *s, uint32_t first)
{
	for (uint32_t i = first; i < s->prog->handlers.n; i++) {
		struct unit u = {.h = s->prog->handlers.v[i]};

		resolve_unit(s, &u);
		resolve_condition(s, u.h);
	}
	resolve_pending(s);
}

static struct file *next_file(struct sema *s)
{
	vec_for (&s->prog->files, i) {
		struct file *f = s->prog->files.v[i];

		if (!f->probed && (f->used || !f->is_tapset))
			return f;
	}
	return NULL;
}

/* Probes of the user's files; then those of library files of which something
   is used (a pattern reads many more), as long as there are new ones. */
static void build_and_resolve(struct sema *s)
{
	struct file *f;

	while ((f = next_file(s))) {
		uint32_t first = s->prog->handlers.n;

		f->probed = true;
		vec_for (&f->probes, i) {
			f->probes.v[i]->file = f;
			handlers_build(s, f->probes.v[i]);
		}
		resolve_handlers(s, first);
	}
}

static void check_embedded_blocks(struct sema *s)
{
	vec_for (&s->prog->embeds, i)
		resolve_embedded(s, s->prog->embeds.v[i]->loc);
}

void sema_resolve(struct sema *s)
{
	vec_for (&s->prog->files, i)
		s->prog->files.v[i]->probed = true;
	resolve_handlers(s, 0);
	build_and_resolve(s);
	vec_for (&s->reached, i)
		vec_push(s->arena, &s->prog->funcs, s->reached.v[i]);
}

static int by_first_use(const void *a, const void *b, void *ctx)
{
	const struct var_decl *const *x = a, *const *y = b;
	uint32_t m = var_info(ctx, (struct var_decl *)*x)->seen - 1;
	uint32_t n = var_info(ctx, (struct var_decl *)*y)->seen - 1;

	return m < n ? -1 : m > n;
}

/* Globals are listed in the order of their first use, unused ones last. */
static void sort_globals(struct sema *s)
{
	if (s->prog->globals.n)
		qsort_r(s->prog->globals.v, s->prog->globals.n,
			sizeof(*s->prog->globals.v), by_first_use, s);
}

static void fold_units(struct sema *s, struct unit *u, void *ctx)
{
	fold_unit(s, u);
}

static void cut_overloads(void *ctx, struct expr *e)
{
	if (e->kind != E_CALL)
		return;
	vec_for (&e->call.funcs, i)
		if (!e->call.funcs.v[i]->uses_next)
			e->call.funcs.n = i + 1;
}

/* Overloads behind one without "next" are checked like all others, but never
   run. */
static void cut_unit(struct sema *s, struct unit *u, void *ctx)
{
	walk_exprs(*unit_body(u), cut_overloads, NULL);
}

static void check_units(struct sema *s, struct unit *u, void *ctx)
{
	check_unit(s, u);
}

/* aux is the lowering's from here on. */
static void number_locals(struct sema *s, struct unit *u, void *ctx)
{
	for (uint32_t i = 0; i < unit_nlocals(u); i++) {
		unit_local(u, i)->id = i;
		unit_local(u, i)->aux = NULL;
	}
	if (!u->f)
		return;
	u->f->aux = NULL;
	vec_for (&u->f->params, i) {
		u->f->params.v[i]->id = i;
		u->f->params.v[i]->aux = NULL;
	}
}

static void number(struct sema *s)
{
	vec_for (&s->prog->globals, i) {
		s->prog->globals.v[i]->id = i;
		s->prog->globals.v[i]->aux = NULL;
	}
	vec_for (&s->prog->funcs, i)
		s->prog->funcs.v[i]->id = i;
	vec_for (&s->prog->handlers, i)
		s->prog->handlers.v[i]->index = i;
	each_unit(s, number_locals, NULL);
}

struct program *sema_run(const struct probe_env *env, struct tapset *lib,
			 struct file **user, unsigned nuser,
			 const struct sema_opts *o)
{
	struct sema s;
	unsigned errors = diag_errors(env->diag);

	sema_init(&s, env, lib, o);
	for (unsigned i = 0; i < nuser; i++)
		symbols_add_file(&s, user[i]);
	symbols_absorb(&s);

	/* names */
	build_and_resolve(&s);
	vec_for (&s.reached, i)
		vec_push(s.arena, &s.prog->funcs, s.reached.v[i]);
	sort_globals(&s);
	each_unit(&s, check_units, NULL);
	check_embedded_blocks(&s);
	counters_finish(env);
	if (diag_errors(env->diag) != errors) {
		targets_report(&s);
		return s.prog;
	}

	/* what cannot run or has no effect */
	each_unit(&s, fold_units, NULL);
	unused_prune(&s, true);
	targets_report(&s);
	if (diag_errors(env->diag) != errors)
		return s.prog;
	if (!s.prog->handlers.n) {
		struct diag_msg *m =
			diag_report(env->diag, NO_PROBES, LOC_NONE, NULL);
		diag_remedy(m, "a script needs at least one probe with a "
			       "handler that does something");
		return s.prog;
	}

	/* types */
	types_infer(&s);
	if (diag_errors(env->diag) != errors)
		return s.prog;
	s.typed = true;
	each_unit(&s, fold_units, NULL);
	if (!o->no_global_display && !o->listing) {
		display_globals(&s);
		types_infer(&s);
	}
	stats_collect(&s);
	if (diag_errors(env->diag) != errors)
		return s.prog;

	/* what became removable, numbers, locks */
	each_unit(&s, cut_unit, NULL);
	each_unit(&s, fold_units, NULL);
	unused_prune(&s, false);
	number(&s);
	locks_collect(&s);
	return s.prog;
}

void sema_refuse_module_needs(const struct program *p, struct diag *d)
{
	vec_for (&p->module_needs, i) {
		const struct module_need *need = &p->module_needs.v[i];

		if (need->function)
			diag_remedy(diag_report(d, MODULE_FUNCTION, need->loc,
						need->function),
				    "run with --runtime=kernel -g");
		else
			diag_remedy(diag_report(d, EMBEDDED_RUNTIME, need->loc,
						"embedded-code"),
				    "run with --runtime=kernel, or write it in "
				    "the script language");
	}
}

struct sema_counts sema_count(const struct program *p)
{
	struct sema_counts c = {.functions = p->funcs.n,
				.embeds = p->embeds.n,
				.globals = p->globals.n};

	vec_for (&p->handlers, i)
		c.probes += p->handlers.v[i]->sites.n;
	return c;
}
