// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * process("PATH").function("PATTERN") and .return: functions of programs and
 * libraries, as uprobes at file offsets from the ELF symbol tables.
 *
 * A uprobe belongs to the file and sees every process that maps it. What
 * narrows that down is checked by the handler's prologue (scope.c): the
 * process of process(PID), or the target's process tree under -c and -x.
 */
#include <limits.h>
#include <string.h>

#include "probe/scope.h"

struct pattern {
	const char *text; /* as the script has it */
	const char *name; /* of the function, may hold wildcards */
	bool is_return;
	bool exported_only;
};

/* ---- which functions ---- */

static int no_symbols(const struct probe_env *env, const struct probe_point *p,
		      const struct elf_file *f)
{
	struct diag_msg *m =
		diag_report(env->diag, PROCESS_NO_SYMBOLS, p->comps.v[scope_rest(p)].loc,
			    pp_what(env, p, scope_rest(p)), f->path);

	if (f->has_symtab)
		diag_note(m, LOC_NONE,
			  "its symbol table names no function "
			  "with code in this file");
	else if (f->build_id_len > 1)
		diag_remedy(m,
			    "it is stripped: install its debug symbols "
			    "(/usr/lib/debug/.build-id/%02x/...), or use a "
			    "build with symbols",
			    f->build_id[0]);
	else
		diag_remedy(m, "it is stripped: use a build with symbols");
	return PROBE_ERROR;
}

static int no_function(const struct probe_env *env, const struct probe_point *p,
		       const struct elf_file *f, const struct pattern *pat)
{
	struct arena *a = env->arena;
	struct name_list l = {0};

	for (uint32_t i = 0; i < f->nfuncs; i++)
		vec_push(a, &l.v, f->funcs[i].name);
	struct diag_msg *m = diag_report(
		env->diag, PROCESS_NO_FUNCTION, p->comps.v[scope_rest(p)].arg->loc,
		arena_printf(a, "string '%s'", pat->text), pat->text, f->path,
		similar_suffix(a, pat->name, l.v.v, l.v.n));
	if (f->n_undefined + f->n_indirect + f->n_outside)
		diag_note(m, LOC_NONE,
			  "left out: %u functions of other files, %u chosen at "
			  "run time (IFUNC), %u outside of its code",
			  f->n_undefined, f->n_indirect, f->n_outside);
	if (!f->has_symtab && !f->debug_path)
		diag_remedy(m, "the file is stripped: only exported functions "
			       "are known; install its debug symbols for the "
			       "others");
	else
		diag_remedy(m,
			    "stap -l 'process(\"%s\").function(\"*\")' "
			    "lists its functions; inlined ones need debug "
			    "information",
			    f->path);
	return PROBE_ERROR;
}

/*
 * A return probe replaces the return address on the stack; at _start there is
 * none, but the program's arguments.
 */
static bool returns(const struct elf_func *fn)
{
	return strcmp(fn->name, "_start") != 0;
}

/* is_address: fn->name is not a name but the address as a number. */
static void add_site(const struct probe_env *env, const struct probe_point *p,
		     const struct scope *sc, const struct elf_func *fn,
		     const struct pattern *pat, bool is_address,
		     struct site_list *out)
{
	const char *quote = is_address ? "" : "\"";
	struct arena *a = env->arena;
	struct probe_site *s = scope_uprobe(env, &probe_kind_process, p, sc,
					    fn->file_off, fn->addr, out);
	struct strbuf name = {0};

	sb_printf(&name, "%s.function(%s%s%s)", sc->head, quote, fn->name,
		  quote);
	for (unsigned i = scope_rest(p) + 1; i < p->comps.n; i++)
		sb_printf(&name, ".%s", p->comps.v[i].name);
	s->name = arena_strdup(a, sb_str(&name));
	sb_free(&name);
	s->attach.flags |=
		(pat->is_return ? WIRE_ATTACH_RETURN : 0) |
		(has_wildcard(pat->name) ? WIRE_ATTACH_OPTIONAL : 0);
	s->symbol = fn->name;
	s->share_class = arena_printf(a, "uprobe%s:%s",
				      pat->is_return ? "ret" : "", sc->head);
	s->data = (void *)sc;
}

static bool function_fits(const struct elf_func *fn, const struct pattern *pat)
{
	return name_matches(pat->name, fn->name) &&
	       (!pat->exported_only || fn->exported) &&
	       (!pat->is_return || returns(fn));
}

/* One probe for each address, whatever number of names it has. */
static uint32_t add_matching(const struct probe_env *env,
			     const struct probe_point *p,
			     const struct scope *sc, const struct pattern *pat,
			     struct site_list *out)
{
	const struct elf_file *f = sc->elf;
	uint32_t found = 0;
	bool have_last = false;
	uint64_t last = 0;

	for (uint32_t i = 0; i < f->nfuncs; i++) {
		const struct elf_func *fn = &f->funcs[i];
		if ((have_last && fn->addr == last) || !function_fits(fn, pat))
			continue;
		add_site(env, p, sc, fn, pat, false, out);
		have_last = true;
		last = fn->addr;
		found++;
	}
	return found;
}

static int by_name(const struct probe_env *env, const struct probe_point *p,
		   const struct scope *sc, const struct pattern *pat,
		   struct site_list *out)
{
	if (strchr(pat->name, '@')) {
		diag_remedy(
			diag_report(env->diag, PROBE_POINT_UNAVAILABLE,
				    p->comps.v[scope_rest(p)].arg->loc, NULL, pat->text,
				    "source files are known from DWARF debug "
				    "information only, which this version does "
				    "not read"),
			"leave out what follows the '@'");
		return PROBE_ERROR;
	}
	if (add_matching(env, p, sc, pat, out))
		return PROBE_MATCHED;
	if (!sc->elf->nfuncs)
		return no_symbols(env, p, sc->elf);
	return no_function(env, p, sc->elf, pat);
}

/* .function(0x1234): an address in the file, for stripped programs. */
static int by_address(const struct probe_env *env, const struct probe_point *p,
		      const struct scope *sc, struct pattern *pat, int64_t addr,
		      struct site_list *out)
{
	struct elf_func fn = {.addr = (uint64_t)addr};

	pat->text = arena_printf(env->arena, "0x%llx", (long long)addr);
	fn.name = pat->name = pat->text;
	if (!elf_offset_of(sc->elf, fn.addr, &fn.file_off)) {
		diag_remedy(diag_report(env->diag, PROCESS_NO_FUNCTION,
					p->comps.v[scope_rest(p)].arg->loc, NULL, pat->text,
					sc->elf->path,
					": the address is outside of its code"),
			    "give a virtual address as nm and objdump print "
			    "them");
		return PROBE_ERROR;
	}
	add_site(env, p, sc, &fn, pat, true, out);
	return PROBE_MATCHED;
}

/* ---- points ---- */

/* What stands behind .function(...). False: not one of ours. */
static bool parse_suffix(const struct probe_point *p, struct pattern *pat)
{
	for (unsigned i = scope_rest(p) + 1; i < p->comps.n; i++) {
		if (pp_bare(p, i, "return"))
			pat->is_return = true;
		else if (pp_bare(p, i, "exported"))
			pat->exported_only = true;
		else if (!pp_bare(p, i, "call"))
			return false;
	}
	return p->comps.n <= scope_rest(p) + 3;
}

static bool needs_dwarf(const struct probe_point *p)
{
	static const char *const names[] = {"inline", "label", "callee",
					    "callees"};

	for (unsigned i = scope_rest(p) + 1; i < p->comps.n; i++)
		for (unsigned k = 0; k < sizeof(names) / sizeof(*names); k++)
			if (!strcmp(p->comps.v[i].name, names[k]))
				return true;
	return false;
}

static int process_match(const struct probe_env *env,
			 const struct probe_point *p, struct site_list *out)
{
	unsigned rest = scope_rest(p);
	struct pattern pat = {.text = pp_string(p, rest)};
	int64_t addr = 0;

	if (p->comps.n <= rest || !pp_is(p, 0, "process") ||
	    !pp_is(p, rest, "function") || (!pat.text && !pp_number(p, rest, &addr)))
		return PROBE_NOT_MINE;
	if (needs_dwarf(p)) {
		diag_report(env->diag, PROBE_POINT_UNAVAILABLE,
			    p->comps.v[rest + 1].loc, pp_what(env, p, rest + 1),
			    pp_text(env->arena, p, UINT_MAX, NULL),
			    "inlined functions, labels and callees are known "
			    "from DWARF debug information only, which this "
			    "version does not read");
		return PROBE_ERROR;
	}
	if (!parse_suffix(p, &pat))
		return PROBE_NOT_MINE;
	pat.name = pat.text;
	struct scope_list scopes = {0};
	const char *path = NULL, *why = NULL;
	if (!scope_find(env, p, true, &scopes, &path, &why))
		return scope_error(env, p, path, why);
	/* One program: say what is wrong. Several: take what there is. */
	if (scopes.v.n == 1)
		return pat.text ? by_name(env, p, scopes.v.v[0], &pat, out)
				: by_address(env, p, scopes.v.v[0], &pat, addr,
					     out);
	vec_for (&scopes.v, i) {
		if (pat.text)
			add_matching(env, p, scopes.v.v[i], &pat, out);
	}
	return PROBE_MATCHED;
}

/*
 * Symbol tables know nothing of variables: what DWARF will answer. The names
 * that need no debug information are here.
 */
static bool process_bind(const struct probe_env *env, struct probe_site *site,
			 struct expr *e, bool lvalue, const char **why,
			 const char **have)
{
	*have = "$$name";
	if (!strcmp(e->target.name, "$name") && !e->target.steps.n && !lvalue) {
		e->target.bound = expr_string(env->arena, e->loc, site->symbol);
		return true;
	}
	*why = "variables of programs need DWARF debug information, which "
	       "this version does not read";
	return false;
}

#define SUFFIXED(f)                                                            \
	SCOPED_LIB(f), SCOPED_LIB(f ".call"), SCOPED_LIB(f ".return"),         \
		SCOPED_LIB(f ".exported")

static const char *const forms[] = {SUFFIXED("function(string)"),
				    SCOPED_LIB("function(number)"),
				    SCOPED_LIB("function(number).return"), NULL};

const struct probe_kind probe_kind_process = {
	.name = "process.function",
	.forms = forms,
	.match = process_match,
	.bind = process_bind,
};
