// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The forms of all kinds ("timer.ms(number)") as a grammar of probe points:
 * wildcards in component names expand over them, and a point that no kind
 * takes is explained by the form that comes nearest.
 */
#include <string.h>

#include "probe/kind.h"

unsigned form_parse(struct arena *a, const char *form, struct form_part *out)
{
	unsigned n = 0;

	while (n < FORM_MAX_PARTS && *form) {
		size_t len = strcspn(form, ".(");
		out[n].name = arena_strndup(a, form, len);
		out[n].arg = ARG_NONE;
		form += len;
		if (*form == '(') {
			out[n].arg = !strncmp(form, "(number)", 8) ? ARG_NUMBER
								   : ARG_STRING;
			form += strcspn(form, ")") + 1;
		}
		n++;
		if (*form == '.')
			form++;
	}
	return n;
}

static bool arg_fits(const struct pp_component *c, const struct form_part *f)
{
	if (!c->arg)
		return f->arg == ARG_NONE;
	return f->arg == (c->arg->kind == E_NUMBER ? ARG_NUMBER : ARG_STRING);
}

/* "**" stands for any number of components, the others for one each. */
static bool match_from(const struct probe_point *p, unsigned i,
		       const struct form_part *f, unsigned n, unsigned k,
		       int *used)
{
	if (i == p->comps.n)
		return k == n;
	const struct pp_component *c = &p->comps.v[i];
	bool deep = strstr(c->name, "**") != NULL;
	if (k < n && arg_fits(c, &f[k]) && name_matches(c->name, f[k].name)) {
		used[k] = (int)i;
		if (match_from(p, i + 1, f, n, k + 1, used))
			return true;
	}
	if (!deep || c->arg)
		return false;
	/* Grow the name that "**" sees: "a.b.c". */
	char name[256];
	size_t len = 0;
	for (unsigned m = k; m < n && f[m].arg == ARG_NONE; m++) {
		size_t l = strlen(f[m].name);
		if (len + l + 2 > sizeof(name))
			return false;
		if (m > k)
			name[len++] = '.';
		memcpy(name + len, f[m].name, l + 1);
		len += l;
		used[m] = -1;
		if (m > k && name_matches(c->name, name) &&
		    match_from(p, i + 1, f, n, m + 1, used))
			return true;
	}
	return false;
}

static const struct probe_point *concrete(const struct probe_env *env,
					  const struct probe_point *p,
					  const struct form_part *f, unsigned n,
					  const int *used)
{
	struct probe_point *q = arena_new_obj(env->arena, struct probe_point);

	*q = *p;
	memset(&q->comps, 0, sizeof(q->comps));
	for (unsigned k = 0; k < n; k++) {
		struct pp_component c = {.name = f[k].name, .loc = p->loc};
		if (used[k] >= 0) {
			c.loc = p->comps.v[used[k]].loc;
			c.arg = p->comps.v[used[k]].arg;
		}
		vec_push(env->arena, &q->comps, c);
	}
	return q;
}

bool form_expand(const struct probe_env *env, const struct probe_point *p,
		 void (*found)(void *ctx, const struct probe_point *q),
		 void *ctx)
{
	bool any = false;

	for (unsigned i = 0; probe_kinds()[i]; i++) {
		const char *const *forms = probe_kinds()[i]->forms;
		for (unsigned k = 0; forms[k]; k++) {
			struct form_part f[FORM_MAX_PARTS];
			int used[FORM_MAX_PARTS];
			unsigned n = form_parse(env->arena, forms[k], f);
			if (!match_from(p, 0, f, n, 0, used))
				continue;
			any = true;
			found(ctx, concrete(env, p, f, n, used));
		}
	}
	return any;
}

/* ---- why a point is not known ---- */

/* How many leading components have the names of this form. */
static unsigned common(const struct probe_point *p, const struct form_part *f,
		       unsigned n)
{
	unsigned i = 0;

	while (i < n && i < p->comps.n &&
	       name_matches(p->comps.v[i].name, f[i].name))
		i++;
	return i;
}

struct near {
	unsigned best;		     /* components that are right */
	const char *same_names;	     /* form that differs in arguments only */
	struct name_list next;	     /* what may stand at `best` */
	struct name_list next_forms; /* the forms with these */
	bool may_end;		     /* a form ends before `best` */
};

static void push_once(struct arena *a, struct name_list *l, const char *s)
{
	vec_for (&l->v, i)
		if (!strcmp(l->v.v[i], s))
			return;
	vec_push(a, &l->v, s);
}

static void consider(const struct probe_env *env, const struct probe_point *p,
		     const char *form, struct near *nr)
{
	struct form_part f[FORM_MAX_PARTS];
	unsigned n = form_parse(env->arena, form, f);
	unsigned c = common(p, f, n);

	if (c < nr->best)
		return;
	if (c > nr->best) {
		nr->best = c;
		memset(&nr->next, 0, sizeof(nr->next));
		memset(&nr->next_forms, 0, sizeof(nr->next_forms));
		nr->may_end = false;
	}
	if (c == p->comps.n && c == n && !nr->same_names)
		nr->same_names = form;
	if (c == n)
		nr->may_end = true;
	else {
		push_once(env->arena, &nr->next, f[c].name);
		push_once(env->arena, &nr->next_forms, form);
	}
}

/* Forms whose next component is one of the similar names. */
static const char *did_you_mean(const struct probe_env *env,
				const struct near *nr, const char *name)
{
	struct arena *a = env->arena;
	const char *best = diag_similar(a, name, nr->next.v.v, nr->next.v.n, 1);

	if (!best)
		return NULL;
	vec_for (&nr->next_forms.v, i) {
		struct form_part f[FORM_MAX_PARTS];
		unsigned n = form_parse(a, nr->next_forms.v.v[i], f);
		if (nr->best < n && !strcmp(f[nr->best].name, best))
			return nr->next_forms.v.v[i];
	}
	return NULL;
}

static const char *forms_list(struct arena *a, const struct name_list *l)
{
	struct strbuf sb = {0};

	vec_for (&l->v, i) {
		if (i == 6) {
			sb_puts(&sb, ", ...");
			break;
		}
		sb_printf(&sb, "%s%s", i ? ", " : "", l->v.v[i]);
	}
	const char *s = arena_strdup(a, sb_str(&sb));
	sb_free(&sb);
	return s;
}

/* " hz ms s", as SystemTap writes it */
static const char *names_list(struct arena *a, const struct name_list *l)
{
	struct strbuf sb = {0};

	vec_for (&l->v, i)
		sb_printf(&sb, " %s", l->v.v[i]);
	const char *s = arena_strdup(a, sb_str(&sb));
	sb_free(&sb);
	return s;
}

void form_report_mismatch(const struct probe_env *env,
			  const struct probe_point *p)
{
	struct near nr = {0};
	struct arena *a = env->arena;

	for (unsigned i = 0; probe_kinds()[i]; i++)
		for (unsigned k = 0; probe_kinds()[i]->forms[k]; k++)
			consider(env, p, probe_kinds()[i]->forms[k], &nr);
	unsigned at = nr.best < p->comps.n ? nr.best : p->comps.n - 1;
	const struct pp_component *c = &p->comps.v[at];
	const char *text = pp_text(a, p, UINT32_MAX, NULL);

	if (nr.same_names) {
		diag_remedy(diag_report(env->diag, PROBE_POINT_ARGUMENT, c->loc,
					pp_what(env, p, at), text),
			    "write %s", nr.same_names);
		return;
	}
	if (nr.best == p->comps.n) {
		diag_remedy(diag_report(env->diag, PROBE_POINT_INCOMPLETE,
					c->loc, pp_what(env, p, at),
					names_list(a, &nr.next)),
			    "write one of: %s", forms_list(a, &nr.next_forms));
		return;
	}
	const char *sim = similar_suffix(a, c->name, nr.next.v.v, nr.next.v.n);
	const char *what = pp_what(env, p, at);
	struct diag_msg *m =
		nr.best && nr.may_end
			? diag_report(env->diag, PROBE_POINT_SUFFIX, c->loc,
				      what, sim)
			: diag_report(env->diag, PROBE_POINT_UNKNOWN, c->loc,
				      what, sim);
	const char *form = did_you_mean(env, &nr, c->name);
	if (form)
		diag_remedy(m, "did you mean %s?", form);
	else if (nr.best && nr.next_forms.v.n)
		diag_remedy(m, "what may follow here: %s",
			    forms_list(a, &nr.next_forms));
	else if (nr.best)
		diag_remedy(m, "nothing may follow here; leave it out");
	else
		diag_remedy(m, "stap --dump-probe-types lists what there is");
}
