// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the probe points of a script to sites. A point is expanded until no
 * alias matches it any more; what is left goes to the probe kinds.
 *
 * Which aliases a point matches: those that match all of its components; and
 * those that match only its first ones, when no longer alias continues the
 * same name with what follows (the rest then is a suffix, which goes to the
 * points the alias stands for). With wildcards the probe kinds are asked too,
 * without wildcards an alias hides them.
 *
 * Bodies pile up around the user's handler: a prologue of an alias nearer to
 * the real point runs earlier, an epilogue later.
 */
#include <string.h>

#include "sema/pass.h"
#include "sema/tapset.h"

#define MAX_ALIAS_DEPTH 32

/* The way from the user's point to the one being expanded. */
struct step {
	const struct step *up;
	const struct alias_decl *alias; /* NULL: the user's probe */
	struct probe_point *point;	/* what was expanded here */
	const char *shown; /* name and suffix of the first alias, for -l */
};

struct expand {
	struct sema *s;
	bool quiet;
	struct variant_list *out;
};

static uint32_t expand_point(struct expand *x, struct probe_point *p,
			     const struct step *up);

static bool args_equal(const struct expr *a, const struct expr *b)
{
	return (!a && !b) || (a && b && expr_equal(a, b));
}

static bool is_pattern(const char *name)
{
	return has_wildcard(name);
}

static bool point_has_pattern(const struct probe_point *p)
{
	vec_for (&p->comps, i)
		if (is_pattern(p->comps.v[i].name))
			return true;
	return false;
}

static bool comp_matches(const struct pp_component *pat,
			 const struct pp_component *c)
{
	return args_equal(pat->arg, c->arg) &&
	       (!strcmp(pat->name, c->name) ||
		(is_pattern(pat->name) && name_matches(pat->name, c->name)));
}

/*
 * Components of the point from i on against those of an alias name from j on.
 * Returns how many components of the point the whole alias name uses up, or 0.
 */
static uint32_t match_from(const struct probe_point *p, uint32_t i,
			   const struct probe_point *name, uint32_t j)
{
	if (j == name->comps.n)
		return i;
	if (i == p->comps.n)
		return 0;
	if (strstr(p->comps.v[i].name, "**")) {
		/* "**" stands for one component or more. */
		const char *pat = p->comps.v[i].name;
		char text[256] = "";

		for (uint32_t k = j; k < name->comps.n; k++) {
			size_t n = strlen(text);
			uint32_t used;

			if (name->comps.v[k].arg)
				break;
			snprintf(text + n, sizeof(text) - n, "%s%s",
				 n ? "." : "", name->comps.v[k].name);
			if (!name_matches(pat, text))
				continue;
			used = match_from(p, i + 1, name, k + 1);
			if (used)
				return used;
		}
		return 0;
	}
	if (!comp_matches(&p->comps.v[i], &name->comps.v[j]))
		return 0;
	return match_from(p, i + 1, name, j + 1);
}

struct match {
	struct alias_decl *alias;
	struct probe_point *name;
	uint32_t used; /* components of the point */
};

/* Is `longer` a continuation of the name of `shorter`? */
static bool continues(const struct probe_point *shorter,
		      const struct probe_point *longer)
{
	if (longer->comps.n <= shorter->comps.n)
		return false;
	vec_for (&shorter->comps, i)
		if (strcmp(shorter->comps.v[i].name, longer->comps.v[i].name))
			return false;
	return true;
}

typedef VEC(struct match) match_list;

static void find_aliases(struct sema *s, const struct probe_point *p,
			 match_list *out)
{
	match_list all = {0};

	if (s->lib && tapset_need_alias(s->lib, p))
		symbols_absorb(s);
	vec_for (&s->aliases, i)
		vec_for (&s->aliases.v[i]->names, k) {
			struct match m = {s->aliases.v[i],
					  s->aliases.v[i]->names.v[k], 0};

			m.used = match_from(p, 0, m.name, 0);
			if (m.used)
				vec_push(s->arena, &all, m);
		}
	vec_for (&all, i) {
		bool shadowed = false;

		if (all.v[i].used < p->comps.n)
			vec_for (&all, k)
				shadowed |=
					continues(all.v[i].name, all.v[k].name);
		if (!shadowed)
			vec_push(s->arena, out, all.v[i]);
	}
}

static const char *point_text(struct sema *s, const struct probe_point *p)
{
	struct strbuf b = {0};
	const char *text;

	unparse_probe_point(&b, p);
	text = arena_strdup(s->arena, sb_str(&b));
	sb_free(&b);
	return text;
}

/* "syscall.read" + ".return": what -l shows for an alias with suffix. */
static const char *shown_name(struct sema *s, const struct match *m,
			      const struct probe_point *p)
{
	struct probe_point q = {0};

	vec_for (&m->name->comps, i)
		vec_push(s->arena, &q.comps, m->name->comps.v[i]);
	for (uint32_t i = m->used; i < p->comps.n; i++)
		vec_push(s->arena, &q.comps, p->comps.v[i]);
	return point_text(s, &q);
}

static void note_origin(struct diag_msg *m, const struct step *up)
{
	for (; up && up->alias; up = up->up)
		diag_note(m, up->point->loc, "in the expansion of alias '%s'",
			  up->alias->names.v[0]->comps.v[0].name);
}

static bool has_component_at(const struct probe_point *p, struct loc loc)
{
	vec_for (&p->comps, i)
		if (loc_same(p->comps.v[i].loc, loc))
			return true;
	return false;
}

/* The point that the message is about: where its suffix was written when it is
   the suffix that is wrong. */
static void note_point(struct sema *s, struct diag_msg *m,
		       const struct probe_point *p, struct loc wrong)
{
	const struct pp_component *c;

	while (p->from && has_component_at(p->from, wrong))
		p = p->from;
	c = &p->comps.v[0];
	diag_while(m, c->loc, ident_what(s->arena, c->name),
		   "while resolving probe point");
}

static void report_mismatch(struct expand *x, const struct probe_point *p,
			    const struct step *up)
{
	struct sema *s = x->s;
	const struct pp_component *c = &p->comps.v[0];
	const struct probe_kind *const *k = probe_kinds();
	VEC(const char *) cands = {0};
	struct diag_msg *m;
	struct map names;

	map_init(&names, s->arena);
	for (; *k; k++)
		for (const char *const *f = (*k)->forms; f && *f; f++)
			map_put(&names,
				arena_strndup(s->arena, *f, strcspn(*f, ".(")),
				s);
	if (s->lib)
		tapset_names(s->lib, INDEX_ALIAS, &names);
	vec_for (&s->aliases, i)
		vec_for (&s->aliases.v[i]->names, n)
			map_put(&names,
				point_text(s, s->aliases.v[i]->names.v[n]), s);
	map_for (&names, i) {
		const char *key = names.entries.v[i].key;

		vec_push(s->arena, &cands,
			 arena_strndup(s->arena, key, strcspn(key, ".(")));
		vec_push(s->arena, &cands, key);
	}
	m = diag_report(
		s->diag, PROBE_MISMATCH, c->loc, ident_what(s->arena, c->name),
		similar_to(s,
			   strchr(point_text(s, p), '.') ? point_text(s, p)
							 : c->name,
			   cands.v, cands.n));
	note_point(s, m, p, c->loc);
	note_origin(m, up);
	diag_remedy(m,
		    "see stapprobes(3stap), or list what exists: "
		    "stap -l '%s.**'",
		    c->name);
}

static struct variant *variant_new(struct expand *x, struct probe_point *p,
				   const struct step *up)
{
	struct variant *v = arena_new_obj(x->s->arena, struct variant);
	struct arena *a = x->s->arena;

	v->point = p;
	v->cond = p->cond;
	v->shown = up ? up->shown : NULL;
	for (; up && up->alias; up = up->up) {
		const struct alias_decl *al = up->alias;

		if (!al->epilogue_style && al->body)
			vec_push(a, &v->prologues, al->body);
		if (al->epilogue_style && al->body)
			vec_push(a, &v->epilogues, al->body);
		if (al->body2)
			vec_push(a, &v->epilogues, al->body2);
	}
	/* Both lists were collected from the real point outwards: right for
	   the prologues; epilogues run the other way round. */
	for (uint32_t i = 0, k = v->epilogues.n; i + 1 < k; i++, k--) {
		struct stmt *t = v->epilogues.v[i];

		v->epilogues.v[i] = v->epilogues.v[k - 1];
		v->epilogues.v[k - 1] = t;
	}
	return v;
}

/* A misspelt alias of a family that the kinds know, too: perf.sw.page_fault */
static void note_similar_aliases(struct sema *s, const struct probe_point *p)
{
	const char *family = p->comps.v[0].name, *sim;
	size_t n = strlen(family);
	VEC(const char *) cands = {0};
	struct map names;

	if (!s->lib)
		return;
	map_init(&names, s->arena);
	tapset_names(s->lib, INDEX_ALIAS, &names);
	map_for (&names, i) {
		const char *key = names.entries.v[i].key;

		if (!strncmp(key, family, n) && key[n] == '.')
			vec_push(s->arena, &cands, key);
	}
	sim = similar_to(s, point_text(s, p), cands.v, cands.n);
	if (*sim)
		diag_note(diag_last(s->diag), LOC_NONE, "aliases%s", sim);
}

/* Asks the probe kinds; returns the number of sites. */
static uint32_t expand_kinds(struct expand *x, struct probe_point *p,
			     const struct step *up, int *result)
{
	struct variant *v = variant_new(x, p, up);
	unsigned mark = diag_mark(x->s->diag);

	*result = probe_match(x->s->env, p, &v->sites);
	/* Otherwise the user may have meant an alias, and the kinds' own
	   message would not suggest one. */
	if (*result == PROBE_ERROR && !probe_knows_family(p->comps.v[0].name))
		*result = PROBE_NOT_MINE;
	if (*result == PROBE_NOT_MINE ||
	    (*result == PROBE_ERROR &&
	     (x->quiet || p->optional || p->sufficient)))
		diag_rollback(x->s->diag, mark);
	else if (*result == PROBE_ERROR && diag_mark(x->s->diag) != mark) {
		struct diag_msg *m = diag_last(x->s->diag);

		note_point(x->s, m, p, diag_where(m));
		note_origin(m, up);
		note_similar_aliases(x->s, p);
	}
	/* What may be absent now may be absent when the session starts. */
	if (p->optional || p->sufficient)
		vec_for (&v->sites.v, i)
			v->sites.v.v[i]->attach.flags |= WIRE_ATTACH_OPTIONAL;
	if (v->sites.v.n)
		vec_push(x->s->arena, &x->out->v, v);
	return v->sites.v.n;
}

static bool on_the_way(const struct step *up, const struct alias_decl *al)
{
	uint32_t depth = 0;

	for (; up; up = up->up)
		if (up->alias == al || ++depth > MAX_ALIAS_DEPTH)
			return true;
	return false;
}

/* The point q of the alias m with the suffix, markers and condition of p. */
static struct probe_point *derive(struct sema *s, const struct match *m,
				  const struct probe_point *q,
				  const struct probe_point *p)
{
	struct probe_point *r = arena_new_obj(s->arena, struct probe_point);

	*r = *q;
	r->comps.v = NULL;
	r->comps.n = r->comps.cap = 0;
	r->from = p;
	r->written = q;
	r->alias = m->alias;
	vec_for (&q->comps, i)
		vec_push(s->arena, &r->comps, q->comps.v[i]);
	for (uint32_t i = m->used; i < p->comps.n; i++)
		vec_push(s->arena, &r->comps, p->comps.v[i]);
	r->optional |= p->optional | p->sufficient;
	if (p->cond && q->cond)
		r->cond = expr_binary(s->arena, p->cond->loc, OP_LOGAND,
				      q->cond, p->cond);
	else
		r->cond = p->cond ? p->cond : q->cond;
	return r;
}

static void report_recursion(struct expand *x, const struct match *m,
			     const struct probe_point *p, const struct step *up)
{
	const struct pp_component *c = &p->comps.v[0];
	struct diag_msg *msg =
		diag_report(x->s->diag, ALIAS_RECURSION, c->loc,
			    ident_what(x->s->arena, c->name),
			    point_text(x->s, m->name));

	note_point(x->s, msg, p, c->loc);
	note_origin(msg, up);
}

/* One alias that matched: its points, with the rest of p as suffix. */
static uint32_t expand_alias(struct expand *x, const struct match *m,
			     struct probe_point *p, const struct step *up)
{
	struct step here = {.up = up, .alias = m->alias, .point = p};
	uint32_t found = 0;

	if (on_the_way(up, m->alias)) {
		if (!x->quiet)
			report_recursion(x, m, p, up);
		return 0;
	}
	here.shown = up && up->shown ? up->shown : shown_name(x->s, m, p);
	vec_for (&m->alias->points, i) {
		struct probe_point *q = m->alias->points.v[i];
		unsigned errors = diag_errors(x->s->diag);
		uint32_t n =
			expand_point(x, derive(x->s, m, q, p), &here);

		found += n;
		if (n && q->sufficient)
			break;
		/* The next one would fail for the same reason. */
		if (!n && diag_errors(x->s->diag) != errors)
			break;
	}
	m->alias->file->used |= found != 0;
	return found;
}

static bool suffix_has_pattern(const struct probe_point *p, uint32_t from)
{
	for (uint32_t i = from; i < p->comps.n; i++)
		if (is_pattern(p->comps.v[i].name))
			return true;
	return false;
}

static uint32_t expand_point(struct expand *x, struct probe_point *p,
			     const struct step *up)
{
	bool pattern = point_has_pattern(p);
	unsigned errors = diag_errors(x->s->diag);
	int result = PROBE_NOT_MINE;
	match_list matches = {0};
	uint32_t found = 0;

	find_aliases(x->s, p, &matches);
	if (!pattern) {
		/* The longest name wins. */
		uint32_t most = 0;

		vec_for (&matches, i)
			if (matches.v[i].used > most)
				most = matches.v[i].used;
		vec_for (&matches, i)
			if (matches.v[i].used == most)
				found += expand_alias(x, &matches.v[i], p, up);
	} else {
		bool quiet = x->quiet;

		/* A pattern may reach aliases that cannot have what follows. */
		vec_for (&matches, i)
			if (!suffix_has_pattern(p, matches.v[i].used)) {
				x->quiet = quiet || matches.v[i].used < p->comps.n;
				found += expand_alias(x, &matches.v[i], p, up);
			}
		x->quiet = quiet;
	}
	if (pattern || !matches.n) {
		bool quiet = x->quiet;

		/* What a pattern does not match is no error when it matched
		   something. */
		x->quiet |= found != 0;
		found += expand_kinds(x, p, up, &result);
		x->quiet = quiet;
	}
	if (pattern && !found) {
		vec_for (&matches, i)
			if (suffix_has_pattern(p, matches.v[i].used))
				found += expand_alias(x, &matches.v[i], p, up);
	}
	if (!found && !p->optional && !p->sufficient && !x->quiet &&
	    diag_errors(x->s->diag) == errors)
		report_mismatch(x, p, up);
	return found;
}

uint32_t alias_expand(struct sema *s, struct probe_point **points, uint32_t n,
		      bool quiet, struct variant_list *out)
{
	struct expand x = {.s = s, .quiet = quiet, .out = out};
	uint32_t found = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t here = expand_point(&x, points[i], NULL);

		found += here;
		if (here && points[i]->sufficient)
			break;
	}
	return found;
}
