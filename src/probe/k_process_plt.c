// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * process("PATH").plt("NAME"): the calls of a program to functions of
 * libraries, at the entries of its own linkage table; so another program's
 * calls of the same function do not count. .return is the function's return
 * to this caller.
 */
#include <string.h>

#include "probe/scope.h"
#include "target/plt.h"

struct pattern {
	const char *name; /* NULL: .plt, every entry */
	bool is_return;
};

static bool parse(const struct probe_point *p, struct pattern *pat)
{
	unsigned i = scope_rest(p);

	memset(pat, 0, sizeof(*pat));
	if (!pp_is(p, 0, "process") || !pp_is(p, i, "plt"))
		return false;
	if (pp_has_arg(p, i)) {
		pat->name = pp_string(p, i);
		if (!pat->name)
			return false;
	}
	pat->is_return = pp_bare(p, i + 1, "return");
	return p->comps.n == i + 1 + pat->is_return;
}

static void add_site(const struct probe_env *env, const struct probe_point *p,
		     const struct scope *sc, const struct plt_entry *entry,
		     const struct pattern *pat, struct site_list *out)
{
	struct arena *a = env->arena;
	struct probe_site *s =
		scope_uprobe(env, &probe_kind_process_plt, p, sc,
			     entry->file_off, entry->addr, out);
	const char *ret = pat->is_return ? ".return" : "";

	s->name = arena_printf(a, "%s.statement(0x%llx)%s", sc->head,
			       (unsigned long long)entry->addr, ret);
	s->alias = arena_printf(a, "%s.plt(\"%s\")%s", sc->head, entry->name,
				ret);
	s->symbol = entry->name;
	if (pat->is_return)
		s->attach.flags |= WIRE_ATTACH_RETURN;
	if (!pat->name || has_wildcard(pat->name))
		s->attach.flags |= WIRE_ATTACH_OPTIONAL;
	s->share_class = arena_printf(a, "plt%s:%s", ret, sc->head);
	s->data = (void *)entry->name;
}

static int no_entry(const struct probe_env *env, const struct probe_point *p,
		    const struct scope *sc, const struct plt_table *t,
		    const struct pattern *pat)
{
	const struct pp_component *c = &p->comps.v[scope_rest(p)];
	const char *name = pat->name ? pat->name : "*";
	struct name_list names = {0};

	vec_for (&t->v, i)
		vec_push(env->arena, &names.v, t->v.v[i].name);
	struct diag_msg *m = diag_report(
		env->diag, PROCESS_NO_PLT, c->arg ? c->arg->loc : c->loc, NULL,
		sc->elf->path, name,
		similar_suffix(env->arena, name, names.v.v, names.v.n));
	if (t->v.n)
		diag_remedy(m, "stap -l '%s.plt' lists its entries", sc->head);
	else
		diag_remedy(m, "the table is empty: the program is static, or "
			       "calls by addresses that are bound at its start "
			       "(-fno-plt); .library(\"L\").function(\"F\") "
			       "probes the function itself");
	return PROBE_ERROR;
}

static int plt_match(const struct probe_env *env, const struct probe_point *p,
		     struct site_list *out)
{
	struct pattern pat;
	struct scope_list scopes = {0};
	const char *path = NULL, *why = NULL;

	if (!parse(p, &pat))
		return PROBE_NOT_MINE;
	if (!scope_find(env, p, true, &scopes, &path, &why))
		return scope_error(env, p, path, why);
	vec_for (&scopes.v, i) {
		const struct scope *sc = scopes.v.v[i];
		struct plt_table table = {0};
		bool any = false;
		if (!plt_read(env->arena, sc->elf, &table, &why))
			return scope_error(env, p, sc->elf->path, why);
		vec_for (&table.v, k) {
			const struct plt_entry *entry = &table.v.v[k];
			if (pat.name && !name_matches(pat.name, entry->name))
				continue;
			add_site(env, p, sc, entry, &pat, out);
			any = true;
		}
		if (!any && scopes.v.n == 1)
			return no_entry(env, p, sc, &table, &pat);
	}
	return PROBE_MATCHED;
}

static bool plt_bind(const struct probe_env *env, struct probe_site *site,
		     struct expr *e, bool lvalue, const char **why,
		     const char **have)
{
	*have = "$$name";
	*why = NULL;
	if (!strcmp(e->target.name, "$name") && !e->target.steps.n && !lvalue) {
		e->target.bound = expr_string(env->arena, e->loc, site->data);
		return true;
	}
	*why = "an entry of the linkage table has no variables; long_arg(1), "
	       "pointer_arg(2), ... are the arguments of the call";
	return false;
}

static const char *const forms[] = {
	SCOPED_LIB("plt"),
	SCOPED_LIB("plt(string)"),
	SCOPED_LIB("plt.return"),
	SCOPED_LIB("plt(string).return"),
	NULL,
};

const struct probe_kind probe_kind_process_plt = {
	.name = "process.plt",
	.forms = forms,
	.match = plt_match,
	.bind = plt_bind,
};
