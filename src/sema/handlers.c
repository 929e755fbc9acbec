// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From sites to handlers. Each site would get its own copy of the body, with
 * its own target variables; sites of one class share a handler when, after
 * binding, the bodies are the same (and always when the body has no target
 * variables: a wildcard over a thousand functions stays one program).
 */
#include <string.h>

#include "base/hash.h"
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
	vec_for (&var->prologues, i)
		vec_push(a, &b->block.list, stmt_clone(a, var->prologues.v[i]));
	vec_push(a, &b->block.list, stmt_clone(a, decl->body));
	vec_for (&var->epilogues, i)
		vec_push(a, &b->block.list, stmt_clone(a, var->epilogues.v[i]));
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

/* What has been made for one probe so far. */
struct builder {
	struct sema *s;
	struct probe_decl *decl;
	struct variant *var;		/* being built */
	bool targets;			/* its bodies have target variables */
	uint32_t first;			/* handler of this probe */
	/* of each handler from first on */
	VEC(struct variant *) variants;
	VEC(uint64_t) hashes; /* of their bodies */
};

static void hash_leaf(void *ctx, struct expr *e)
{
	uint64_t *h = ctx;

	switch (e->kind) {
	case E_NUMBER:
		*h = hash_more(*h, &e->num.v, sizeof(e->num.v));
		break;
	case E_STRING:
		*h = hash_more(*h, e->str.s, e->str.len);
		break;
	case E_SYMBOL:
		*h = hash_more(*h, e->sym.name, strlen(e->sym.name));
		break;
	case E_PRIM:
		*h = hash_more(*h, &e->prim.off, sizeof(e->prim.off));
		*h = hash_more(*h, &e->prim.value, sizeof(e->prim.value));
		break;
	default:
		break;
	}
}

/* The same for bodies that are equal: thousands are told apart without being
   compared with each other. */
static uint64_t body_hash(struct stmt *body)
{
	uint64_t h = HASH_START;

	walk_exprs(body, hash_leaf, &h);
	return h;
}

static bool same_cond(const struct expr *a, const struct expr *b)
{
	return (!a && !b) || (a && b && expr_equal(a, b));
}

/*
 * A handler that the site can share. Bodies are compared as bound: they are
 * worked on further only after all handlers are built. Sites of one variant
 * without target variables have the same body for sure (body NULL).
 */
static struct handler *find_shared(struct builder *b, struct probe_site *site,
				   const struct stmt *body, uint64_t hash)
{
	if (!site->share_class)
		return NULL;
	for (uint32_t i = 0; i < b->variants.n; i++) {
		struct handler *h = b->s->prog->handlers.v[b->first + i];

		if (body ? b->hashes.v[i] != hash : b->variants.v[i] != b->var)
			continue;
		if (same_class(h->sites.v[0], site) &&
		    (!body || (same_cond(h->cond, b->var->cond) &&
			       stmt_equal(h->body, body))))
			return h;
	}
	return NULL;
}

/* ---- what a body asks for ---- */

struct asking {
	struct sema *s;
	VEC(struct func_decl *) seen;
	bool found;
};

static void ask_call(void *ctx, struct expr *e)
{
	struct asking *as = ctx;
	const struct builtin *bi;
	struct func_decl **f = NULL;

	if (e->kind != E_CALL || as->found)
		return;
	uint32_t n = symbols_functions(as->s, file_of(as->s, e->loc),
				       e->call.name, e->call.args.n, &f);
	bi = n ? NULL : builtin_find(e->call.name, e->call.args.n);
	as->found = bi && (bi->id == BUILTIN___kregs ||
			   bi->id == BUILTIN___kplace ||
			   bi->id == BUILTIN___kfrom ||
			   bi->id == BUILTIN___kstack);
	for (uint32_t i = 0; i < n; i++) {
		bool again = false;
		vec_for (&as->seen, k)
			again |= as->seen.v[k] == f[i];
		if (again || f[i]->body->kind == S_EMBEDDED)
			continue;
		vec_push(as->s->arena, &as->seen, f[i]);
		walk_exprs(f[i]->body, ask_call, as);
	}
}

/* Does it, or a function that it may call, want the registers, the stack or the
   place of the hit? By names: nothing is resolved yet. */
static bool asks_registers(struct sema *s, struct stmt *body)
{
	struct asking as = {.s = s};

	walk_exprs(body, ask_call, &as);
	return as.found;
}

static struct stmt *bound_body(struct builder *b, struct probe_site *site)
{
	struct sema *s = b->s;
	struct stmt *body = assemble(s, b->decl, b->var), *block;

	if (site->prologue) {
		block = block_of(s->arena, b->decl->loc);
		block->block.end = body->block.end;
		vec_push(s->arena, &block->block.list,
			 stmt_clone(s->arena, site->prologue));
		vec_push(s->arena, &block->block.list, body);
		body = block;
	}
	if (b->targets && site->prog_type == IMAGE_PROG_FEXIT && site->kind &&
	    site->kind->need_registers && asks_registers(s, body))
		site->kind->need_registers(s->env, site);
	if (b->targets || site->prologue)
		targets_bind(s, site, b->decl->body, &body);
	return body;
}

static void add_site(struct builder *b, struct probe_site *site)
{
	struct sema *s = b->s;
	struct handler *h = b->targets ? NULL : find_shared(b, site, NULL, 0);

	if (b->var->shown)
		site->alias = b->var->shown;
	if (!h) {
		struct stmt *body = bound_body(b, site);

		uint64_t hash = body_hash(body);

		h = find_shared(b, site, body, hash);
		if (!h) {
			h = arena_new_obj(s->arena, struct handler);
			h->decl = b->decl;
			h->body = body;
			h->cond = b->var->cond
					  ? expr_clone(s->arena, b->var->cond)
					  : NULL;
			vec_push(s->arena, &s->prog->handlers, h);
			vec_push(s->arena, &b->variants, b->var);
			vec_push(s->arena, &b->hashes, hash);
		}
	}
	vec_push(s->arena, &h->sites, site);
}

static bool variant_has_targets(const struct probe_decl *decl,
				const struct variant *var)
{
	if (body_has_targets(decl->body))
		return true;
	vec_for (&var->prologues, i)
		if (body_has_targets(var->prologues.v[i]))
			return true;
	vec_for (&var->epilogues, i)
		if (body_has_targets(var->epilogues.v[i]))
			return true;
	return false;
}

void handlers_from_variants(struct sema *s, struct probe_decl *decl,
			    struct variant_list *vl)
{
	struct builder b = {.s = s, .decl = decl};

	b.first = s->prog->handlers.n;
	vec_for (&vl->v, i) {
		struct variant *var = vl->v.v[i];

		b.var = var;
		b.decl = decl;
		b.targets = variant_has_targets(decl, var);
		vec_for (&var->sites.v, k)
			add_site(&b, var->sites.v.v[k]);
	}
	for (uint32_t i = b.first; i < s->prog->handlers.n; i++)
		i += entry_rewrite(s, i);
}

void handlers_build(struct sema *s, struct probe_decl *decl)
{
	struct variant_list vl = {0};

	alias_expand(s, decl->points.v, decl->points.n, false, &vl);
	handlers_from_variants(s, decl, &vl);
}
