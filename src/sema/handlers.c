// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From sites to handlers. Each site would get its own copy of the body, with
 * its own target variables; sites of one class share a handler when, after
 * binding, the bodies are the same (and always when the body has no target
 * variables: a wildcard over a thousand functions stays one program).
 */
#include <string.h>

#include "sema/pass.h"

static void note_target(void *ctx, struct expr *e)
{
	if (e->kind == E_TARGET || e->kind == E_DEFINED || e->kind == E_ENTRY ||
	    e->kind == E_PROBEWRITE)
		*(bool *)ctx = true;
}

bool body_has_targets(const struct stmt *body)
{
	bool found = false;

	walk_exprs((struct stmt *)body, note_target, &found);
	return found;
}

/* prologues, the user's body, epilogues: a fresh copy. */
static struct stmt *assemble(struct sema *s, struct probe_decl *decl,
			     struct variant *var)
{
	struct arena *a = s->arena;
	struct stmt *b;

	if (!var->prologues.n && !var->epilogues.n)
		return stmt_clone(a, decl->body);
	b = block_of(a, decl->loc);
	b->block.end = decl->body->block.end;
	vec_for(&var->prologues, i) vec_push(
		a, &b->block.list, stmt_clone(a, var->prologues.v[i]));
	vec_push(a, &b->block.list, stmt_clone(a, decl->body));
	vec_for(&var->epilogues, i) vec_push(
		a, &b->block.list, stmt_clone(a, var->epilogues.v[i]));
	return b;
}

static bool same_class(const struct probe_site *a, const struct probe_site *b)
{
	return a->share_class && b->share_class &&
	       !strcmp(a->share_class, b->share_class) && a->kind == b->kind &&
	       a->prog_type == b->prog_type &&
	       a->handler_flags == b->handler_flags &&
	       (a->prologue == b->prologue ||
		(a->prologue && b->prologue &&
		 stmt_equal(a->prologue, b->prologue)));
}

/* Handlers made for this variant, with their bodies as bound (the body of a
   handler is worked on further only after all variants are built). */
static struct handler *find_shared(struct sema *s, uint32_t first,
				   struct probe_site *site,
				   const struct stmt *bound)
{
	for (uint32_t i = first; i < s->prog->handlers.n; i++) {
		struct handler *h = s->prog->handlers.v[i];

		if (same_class(h->sites.v[0], site) &&
		    (!bound || stmt_equal(h->body, bound)))
			return h;
	}
	return NULL;
}

static void add_site(struct sema *s, struct probe_decl *decl,
		     struct variant *var, uint32_t first,
		     struct probe_site *site, bool targets)
{
	struct handler *h = NULL;
	struct stmt *body;

	if (!targets && site->share_class)
		h = find_shared(s, first, site, NULL);
	if (!h) {
		body = assemble(s, decl, var);
		if (site->prologue) {
			struct stmt *b = block_of(s->arena, decl->loc);

			b->block.end = body->block.end;
			vec_push(s->arena, &b->block.list,
				 stmt_clone(s->arena, site->prologue));
			vec_push(s->arena, &b->block.list, body);
			body = b;
		}
		if (targets || site->prologue)
			targets_bind(s, site, &body);
		if (targets && site->share_class)
			h = find_shared(s, first, site, body);
	}
	if (!h) {
		h = arena_new_obj(s->arena, struct handler);
		h->decl = decl;
		h->body = body;
		h->cond = var->cond ? expr_clone(s->arena, var->cond) : NULL;
		vec_push(s->arena, &s->prog->handlers, h);
	}
	vec_push(s->arena, &h->sites, site);
}

void handlers_from_variants(struct sema *s, struct probe_decl *given,
			    struct variant_list *vl)
{
	vec_for(&vl->v, i)
	{
		struct variant *var = vl->v.v[i];
		struct probe_decl *decl = given;
		uint32_t first;
		bool targets = body_has_targets(decl->body);

		vec_for(&var->prologues, k) targets |=
			body_has_targets(var->prologues.v[k]);
		vec_for(&var->epilogues, k) targets |=
			body_has_targets(var->epilogues.v[k]);
		if (targets)
			decl = entry_rewrite(s, decl, var);
		first = s->prog->handlers.n;
		vec_for(&var->sites.v, k) add_site(s, decl, var, first,
						   var->sites.v.v[k], targets);
	}
}

void handlers_build(struct sema *s, struct probe_decl *decl)
{
	struct variant_list vl = { 0 };

	alias_expand(s, decl->points.v, decl->points.n, false, &vl);
	handlers_from_variants(s, decl, &vl);
}
