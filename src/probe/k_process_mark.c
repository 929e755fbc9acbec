// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * process("PATH").mark("NAME") and .provider("P").mark("NAME"): static marks
 * that a program's author put in with <sys/sdt.h>, and their arguments $arg1,
 * $arg2, ... They need no debug information. Several places of one name are
 * probes of their own.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "probe/scope.h"

struct mark_site {
	const struct scope *scope;
	const struct sdt_file *file;
	const struct sdt_mark *mark;
};

struct pattern {
	const char *provider; /* NULL: any */
	const char *name;
};

/* ---- points ---- */

static bool parse(const struct probe_point *p, struct pattern *pat)
{
	unsigned i = scope_rest(p);

	memset(pat, 0, sizeof(*pat));
	if (!pp_is(p, 0, "process"))
		return false;
	if (pp_is(p, i, "provider")) {
		pat->provider = pp_string(p, i++);
		if (!pat->provider)
			return false;
	}
	pat->name = pp_is(p, i, "mark") ? pp_string(p, i) : NULL;
	return pat->name && p->comps.n == i + 1;
}

/* In source code a '-' is written "__"; scripts may use either. */
static bool text_fits(struct arena *a, const char *pattern, const char *name)
{
	if (name_matches(pattern, name))
		return true;
	if (!strchr(pattern, '-'))
		return false;
	struct strbuf sb = {0};
	for (; *pattern; pattern++)
		sb_puts(&sb, *pattern == '-' ? "__"
					     : (char[]){*pattern, '\0'});
	bool ok = name_matches(sb_str(&sb), name);
	sb_free(&sb);
	return ok;
}

static void add_site(const struct probe_env *env, const struct probe_point *p,
		     const struct scope *sc, const struct sdt_file *f,
		     const struct sdt_mark *m, const struct pattern *pat,
		     struct site_list *out)
{
	struct arena *a = env->arena;
	struct mark_site *ms = arena_new_obj(a, struct mark_site);
	struct probe_site *s = scope_uprobe(env, &probe_kind_process_mark, p,
					    sc, m->file_off, m->addr, out);

	*ms = (struct mark_site){sc, f, m};
	/* What is hit is an address; the name is only how it was found. */
	s->name = arena_printf(a, "%s.statement(0x%llx)", sc->head,
			       (unsigned long long)m->addr);
	s->alias = pat->provider
			   ? arena_printf(a, "%s.provider(\"%s\").mark(\"%s\")",
					 sc->head, m->provider, m->name)
			  : arena_printf(a, "%s.mark(\"%s\")", sc->head,
					 m->name);
	s->attach.semaphore = m->sem_off;
	if (has_wildcard(pat->name))
		s->attach.flags |= WIRE_ATTACH_OPTIONAL;
	s->share_class = arena_printf(a, "mark:%s", sc->head);
	s->data = ms;
}

static bool add_matching(const struct probe_env *env,
			 const struct probe_point *p, const struct scope *sc,
			 const struct sdt_file *f, const struct pattern *pat,
			 struct site_list *out)
{
	bool any = false;

	for (uint32_t i = 0; i < f->nmarks; i++) {
		const struct sdt_mark *m = &f->marks[i];
		if (!text_fits(env->arena, pat->name, m->name) ||
		    (pat->provider &&
		     !text_fits(env->arena, pat->provider, m->provider)))
			continue;
		add_site(env, p, sc, f, m, pat, out);
		any = true;
	}
	return any;
}

static int no_mark(const struct probe_env *env, const struct probe_point *p,
		   const struct scope *sc, const struct sdt_file *f,
		   const struct pattern *pat)
{
	struct name_list names = {0};
	const char *last = "";

	for (uint32_t i = 0; i < f->nmarks; i++) {
		if (strcmp(f->marks[i].name, last))
			vec_push(env->arena, &names.v, f->marks[i].name);
		last = f->marks[i].name;
	}
	struct diag_msg *m = diag_report(
		env->diag, PROCESS_NO_MARK, vec_last(&p->comps).arg->loc, NULL,
		pat->name, sc->elf->path,
		similar_suffix(env->arena, pat->name, names.v.v, names.v.n));
	if (f->n_bad)
		diag_note(m, LOC_NONE,
			  "%u notes of marks are damaged or lie outside of its "
			  "code",
			  f->n_bad);
	if (f->nmarks)
		diag_remedy(m, "stap -L '%s.provider(\"*\").mark(\"*\")' "
			       "lists its marks and their arguments",
			    sc->head);
	else
		diag_remedy(m, "it has none: its author would put them in with "
			       "<sys/sdt.h>; .function(\"NAME\") probes "
			       "functions");
	return PROBE_ERROR;
}

static int mark_match(const struct probe_env *env, const struct probe_point *p,
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
		const struct sdt_file *f =
			target_sdt(env->targets, sc->elf, &why);
		if (!f)
			return scope_error(env, p, sc->elf->path, why);
		if (!add_matching(env, p, sc, f, &pat, out) &&
		    scopes.v.n == 1)
			return no_mark(env, p, sc, f, &pat);
	}
	return PROBE_MATCHED;
}

/* ---- arguments ---- */

static struct expr *reg_value(struct arena *a, struct loc loc,
			      const struct sdt_reg *r, unsigned size,
			      bool is_signed)
{
	if (size > r->size)
		size = r->size;
	return prim_ctx(a, loc, r->off, size, is_signed);
}

static struct expr *number(struct arena *a, struct loc loc, int64_t v)
{
	struct expr *e = expr_number(a, loc, v);

	e->type = TY_LONG;
	return e;
}

static struct expr *plus(struct arena *a, struct expr *x, struct expr *y)
{
	return x ? long_add(a, x, y) : y;
}

/*
 * Where a symbol of the file lies in the process: as far from the mark as it
 * does in the file, and the mark is where the program counter is.
 */
static struct expr *symbol_address(struct arena *a, struct loc loc,
				   const struct mark_site *s, uint64_t addr)
{
	struct sdt_reg pc = {s->file->machine == EM_AARCH64 ? 256 : 128, 8};

	if (s->file->fixed)
		return number(a, loc, (int64_t)addr);
	return long_add(a, reg_value(a, loc, &pc, 8, false),
			number(a, loc, (int64_t)(addr - s->mark->addr)));
}

/* disp + symbol + base + index * scale */
static struct expr *address(struct arena *a, struct loc loc,
			    const struct mark_site *s, const struct sdt_arg *arg,
			    const char **why)
{
	struct expr *e = NULL;
	uint64_t sym = 0;

	if (arg->symbol) {
		if (!sdt_symbol_addr(s->file, arg->symbol, &sym)) {
			*why = arena_printf(a,
					    "it lies at the symbol '%s', which "
					    "the file's symbol table does not "
					    "have (is it stripped?)",
					    arg->symbol);
			return NULL;
		}
		e = symbol_address(a, loc, s, sym + (uint64_t)arg->disp);
	}
	if (arg->base.size)
		e = plus(a, e, reg_value(a, loc, &arg->base, 8, false));
	if (arg->index.size) {
		struct expr *i = reg_value(a, loc, &arg->index, 8, false);
		if (arg->scale > 1) {
			i = expr_binary(a, loc, OP_MUL, i,
					number(a, loc, arg->scale));
			i->type = TY_LONG;
		}
		e = plus(a, e, i);
	}
	if (!e)
		return number(a, loc, arg->disp);
	if (arg->disp && !arg->symbol)
		e = long_add(a, e, number(a, loc, arg->disp));
	return arg->addr_size == 4 ? prim_extract(a, loc, e, 0, 32, false) : e;
}

static struct expr *arg_value(struct arena *a, struct loc loc,
			      const struct mark_site *s,
			      const struct sdt_arg *arg, const char **why)
{
	struct expr *e;

	if (arg->is_float) {
		*why = "it is a floating-point number, which scripts do not "
		       "have";
		return NULL;
	}
	switch (arg->kind) {
	case SDT_REG:
		return reg_value(a, loc, &arg->base, arg->size, arg->is_signed);
	case SDT_IMM:
		if (arg->symbol)
			return address(a, loc, s, arg, why);
		return prim_extract(a, loc, number(a, loc, arg->disp), 0,
				    arg->size * 8u, arg->is_signed);
	default:
		e = address(a, loc, s, arg, why);
		return e ? prim_read(a, loc, e, arg->size, arg->is_signed, true)
			 : NULL;
	}
}

/* Argument n, from 1; NULL: *why. */
static struct expr *nth_arg(const struct probe_env *env, struct loc loc,
			    const struct mark_site *s, unsigned n,
			    const char **why)
{
	const char *text = s->mark->args;
	struct sdt_arg arg;
	bool ok = false;

	for (unsigned i = 0; i < n; i++)
		ok = sdt_next_arg(env->arena, s->file->machine, &text, &arg,
				  why);
	return ok ? arg_value(env->arena, loc, s, &arg, why) : NULL;
}

static struct expr *all_args(const struct probe_env *env, struct loc loc,
			     const struct mark_site *s)
{
	unsigned n = sdt_count_args(s->mark->args);
	struct pretty p;
	const char *why;

	pretty_init(&p, env, loc);
	for (unsigned i = 1; i <= n; i++) {
		struct expr *v = nth_arg(env, loc, s, i, &why);
		pretty_text(&p, arena_printf(env->arena, "%s$arg%u=",
					     i > 1 ? " " : "", i));
		if (v)
			pretty_arg(&p, "%#x", v);
		else
			pretty_text(&p, "?");
	}
	return pretty_done(&p);
}

static const char *have_args(struct arena *a, unsigned n)
{
	struct strbuf sb = {0};

	for (unsigned i = 1; i <= n; i++)
		sb_printf(&sb, "$arg%u, ", i);
	sb_puts(&sb, "$$name, $$provider, $$parms, $$vars");
	const char *s = arena_strdup(a, sb_str(&sb));
	sb_free(&sb);
	return s;
}

/* The names that begin with "$$"; NULL: not one of them. */
static struct expr *bind_group(const struct probe_env *env,
			       const struct mark_site *s, const struct expr *e)
{
	const char *name = e->target.name + 1;

	if (!strcmp(name, "name"))
		return expr_string(env->arena, e->loc, s->mark->name);
	if (!strcmp(name, "provider"))
		return expr_string(env->arena, e->loc, s->mark->provider);
	if (!strcmp(name, "parms") || !strcmp(name, "vars"))
		return all_args(env, e->loc, s);
	if (!strcmp(name, "locals"))
		return expr_string(env->arena, e->loc, "");
	return NULL;
}

static bool mark_bind(const struct probe_env *env, struct probe_site *site,
		      struct expr *e, bool lvalue, const char **why,
		      const char **have)
{
	const struct mark_site *s = site->data;
	const char *name = e->target.name;
	unsigned count = sdt_count_args(s->mark->args);
	char *end;

	*why = NULL;
	*have = have_args(env->arena, count);
	if (lvalue) {
		*why = "arguments of marks cannot be modified";
		return false;
	}
	if (e->target.addr_of) {
		*why = "it has no address: it is a value";
		return false;
	}
	if (*name == '$') {
		if (!e->target.steps.n)
			e->target.bound = bind_group(env, s, e);
		return e->target.bound != NULL;
	}
	unsigned long n = !strncmp(name, "arg", 3) && name[3] >= '1' &&
					  name[3] <= '9'
				  ? strtoul(name + 3, &end, 10)
				  : 0;
	if (!n || *end || n > count)
		return false;
	if (e->target.steps.n || e->target.pretty) {
		*why = arena_printf(env->arena,
				    "marks carry no types; say which it is "
				    "with @cast($arg%lu, \"type\")",
				    n);
		return false;
	}
	e->target.bound = nth_arg(env, e->loc, s, (unsigned)n, why);
	return e->target.bound != NULL;
}

static void mark_list_vars(const struct probe_env *env, struct probe_site *site,
			   struct strbuf *out)
{
	const struct mark_site *s = site->data;
	unsigned n = sdt_count_args(s->mark->args);

	for (unsigned i = 1; i <= n; i++)
		sb_printf(out, " $arg%u:long", i);
}

static const char *const forms[] = {
	SCOPED_LIB("mark(string)"),
	SCOPED_LIB("provider(string).mark(string)"),
	NULL,
};

const struct probe_kind probe_kind_process_mark = {
	.name = "process.mark",
	.forms = forms,
	.match = mark_match,
	.bind = mark_bind,
	.list_vars = mark_list_vars,
};
