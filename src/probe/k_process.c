// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * process("PATH").function("PATTERN"): functions of programs and libraries,
 * as uprobes at file offsets. Debug information knows most of them
 * (k_process_dwarf.c); the symbol tables add those it does not describe, and
 * are all there is for files without any.
 *
 * A uprobe belongs to the file and sees every process that maps it. What
 * narrows that down is checked by the handler's prologue (scope.c): the
 * process of process(PID), or the target's process tree under -c and -x.
 */
#include <ctype.h>
#include <string.h>

#include "probe/process.h"
#include "target/demangle.h"

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
		       const struct elf_file *f, const char *text,
		       const char *func)
{
	struct arena *a = env->arena;
	struct name_list l = {0};

	for (uint32_t i = 0; i < f->nfuncs; i++)
		vec_push(a, &l.v, f->funcs[i].name);
	struct diag_msg *m = diag_report(
		env->diag, PROCESS_NO_FUNCTION, p->comps.v[scope_rest(p)].arg->loc,
		arena_printf(a, "string '%s'", text), text, f->path,
		similar_suffix(a, func, l.v.v, l.v.n));
	if (f->n_undefined + f->n_indirect + f->n_outside)
		diag_note(m, LOC_NONE,
			  "left out: %u functions of other files, %u chosen at "
			  "run time (IFUNC), %u outside of its code",
			  f->n_undefined, f->n_indirect, f->n_outside);
	if (!f->has_symtab && !f->has_go_table && !f->debug_path)
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
bool process_returns(const char *name)
{
	return strcmp(name, "_start") != 0;
}

struct probe_site *process_add(const struct probe_env *env,
			       const struct probe_point *p,
			       const struct scope *sc,
			       const struct place_suffix *sfx, uint64_t addr,
			       const char *func, const char *arg,
			       const char *label, struct site_list *out)
{
	struct arena *a = env->arena;
	unsigned rest = scope_rest(p);
	const char *text = pp_string(p, rest);
	uint64_t off;

	if (!elf_offset_of(sc->elf, addr, &off))
		return NULL;
	struct probe_site *s = scope_uprobe(env, &probe_kind_process, p, sc,
					    off, addr, out);
	struct process_site *ps = arena_new_obj(a, struct process_site);
	ps->sc = sc;
	s->data = ps;
	s->name = place_point(a, sc->head, p, rest, arg, label);
	s->attach.flags |=
		(sfx->is_return ? WIRE_ATTACH_RETURN : 0) |
		(text && has_wildcard(text) ? WIRE_ATTACH_OPTIONAL : 0);
	s->symbol = func;
	s->share_class = arena_printf(
		a, "uprobe%s:%s", sfx->is_return ? "ret" : "", sc->head);
	return s;
}

static bool function_fits(const struct elf_func *fn,
			  const struct place_suffix *sfx)
{
	return (!sfx->exported || fn->exported) &&
	       (!sfx->is_return || process_returns(fn->name));
}

/* Identifiers stand in mangled names as they are. */
static bool may_be(const struct dw_pattern *pat, const char *symbol)
{
	size_t n = strcspn(pat->func, "<");

	if (target_is_thunk(symbol))
		return false; /* it has a mangled name only */
	return has_wildcard(pat->func) || !isalnum((unsigned char)*pat->func) ||
	       !strncmp(pat->func, "operator", 8) ||
	       memmem(symbol, strlen(symbol), pat->func, n);
}

/* What a symbol that the pattern means is shown as, or NULL. */
static const char *symbol_fits(const struct probe_env *env,
			       const struct elf_func *fn,
			       const struct dw_pattern *pat)
{
	bool scoped = pat->scope || pat->rooted;
	struct dw_func f = {.linkage = fn->name};
	const char *full;

	if (!scoped && !strcmp(pat->func, fn->name))
		return fn->name;
	full = may_be(pat, fn->name) ? target_demangle(env->arena, fn->name)
				     : NULL;
	if (!full)
		return !scoped && name_matches(pat->func, fn->name) ? fn->name
								    : NULL;
	dw_name_split(env->arena, full, &f);
	if (dw_pattern_names(pat, &f) ||
	    (!scoped && name_matches(pat->func, fn->name)))
		return full;
	return NULL;
}

/* A function that the symbol table calls so; DWARF may know it by another
   name. */
static bool add_symbol(const struct probe_env *env, const struct probe_point *p,
		       const struct scope *sc, struct dw_module *m,
		       const struct elf_func *fn, const char *shown,
		       const struct dw_pattern *pat,
		       const struct place_suffix *sfx, struct site_list *out)
{
	const struct dw_func *f = m ? process_func_at(m, fn->addr) : NULL;
	uint64_t pc = fn->addr;

	if (f && dw_pattern_names(pat, f))
		return false; /* it is there already */
	if (f && !sfx->is_return)
		pc = dw_after_prologue(m, f);
	struct probe_site *s =
		process_add(env, p, sc, sfx, pc, shown,
			    arena_printf(env->arena, "\"%s\"", shown),
			    NULL, out);
	if (!s)
		return false;
	s->function = fn->addr;
	if (f)
		process_set_frame(s, m, &f->die, pc, sfx->is_return);
	return true;
}

/* "f.cold", "f.cold.1": what the compiler moved out of f; nobody calls it. */
static bool is_cold_part(const struct elf_func *fn)
{
	const char *cold = strstr(fn->name, ".cold");

	return cold && (!cold[5] || cold[5] == '.');
}

/* One probe for each address, whatever number of names it has. */
static uint32_t add_symbols(const struct probe_env *env,
			    const struct probe_point *p, const struct scope *sc,
			    struct dw_module *m, const struct dw_pattern *pat,
			    const struct place_suffix *sfx,
			    struct site_list *out)
{
	const struct elf_file *f = sc->elf;
	uint32_t found = 0;
	bool have_last = false;
	uint64_t last = 0;

	for (uint32_t i = 0; i < f->nfuncs; i++) {
		const struct elf_func *fn = &f->funcs[i];
		const char *shown;
		if ((have_last && fn->addr == last) ||
		    !function_fits(fn, sfx) || is_cold_part(fn) ||
		    !(shown = symbol_fits(env, fn, pat)))
			continue;
		found += add_symbol(env, p, sc, m, fn, shown, pat, sfx, out);
		have_last = true;
		last = fn->addr;
	}
	return found;
}

struct dw_module *process_dwarf(const struct probe_env *env,
				const struct probe_point *p,
				const struct scope *sc, bool quiet)
{
	const char *why = NULL, *remedy = NULL;
	struct dw_module *m =
		target_dwarf(env->targets, sc->elf->path, &why, &remedy);

	if (m || quiet)
		return m;
	unsigned rest = scope_rest(p);
	const char *text = pp_string(p, rest);
	struct diag_msg *d = diag_report(
		env->diag, PROCESS_NO_DWARF, p->comps.v[rest].loc,
		pp_what(env, p, rest), sc->elf->path, why,
		text ? arena_printf(env->arena, "%s(\"%s\")",
				    p->comps.v[rest].name, text)
		     : p->comps.v[rest].name);
	if (remedy)
		diag_remedy(d, "%s", remedy);
	return NULL;
}

static uint32_t add_all(const struct probe_env *env,
			const struct probe_point *p, const struct scope *sc,
			struct dw_module *m, const struct dw_pattern *pat,
			const struct place_suffix *sfx, struct site_list *out)
{
	uint32_t n = 0;

	if (m)
		n = process_dwarf_functions(env, p, sc, m, pat, sfx, out);
	if (!sfx->dwarf_at && !pat->file)
		n += add_symbols(env, p, sc, m, pat, sfx, out);
	return n;
}

static int no_callee(const struct probe_env *env, const struct probe_point *p)
{
	unsigned i = scope_rest(p) + 1;

	diag_remedy(pp_unavailable(env, p, i,
				   "the debug information lists no such call"),
		    "compilers list calls from -O1 on, but none through "
		    "pointers or into other files; probe the called function "
		    "itself for those");
	return PROBE_ERROR;
}

static int by_name(const struct probe_env *env, const struct probe_point *p,
		   const struct scope *sc, const struct place_suffix *sfx,
		   const char *text, bool quiet, struct site_list *out)
{
	struct dw_pattern pat;
	const char *why = NULL;

	if (!dw_pattern_parse(env->arena, text, &pat, &why))
		return quiet ? PROBE_ERROR
			     : place_bad_pattern(env, p, scope_rest(p), text,
						 why, PROCESS_FORMS);
	bool need = sfx->dwarf_at || pat.file;
	struct dw_module *m = process_dwarf(env, p, sc, quiet || !need);
	if (need && !m)
		return PROBE_ERROR;
	if (add_all(env, p, sc, m, &pat, sfx, out))
		return PROBE_MATCHED;
	if (quiet)
		return PROBE_ERROR;
	if (!m && !sc->elf->nfuncs)
		return no_symbols(env, p, sc->elf);
	struct place_suffix plain = {.dwarf_at = sfx->dwarf_at};
	struct site_list ignored = {0};
	if ((sfx->callee || sfx->callees) &&
	    add_all(env, p, sc, m, &pat, &plain, &ignored))
		return no_callee(env, p);
	return no_function(env, p, sc->elf, text, pat.func);
}

static int no_function_at(const struct probe_env *env,
			  const struct probe_point *p, const struct scope *sc,
			  uint64_t addr)
{
	bool outside = !elf_offset_of(sc->elf, addr, &(uint64_t){0});
	const char *text = arena_printf(env->arena, "%#llx",
					(unsigned long long)addr);

	diag_remedy(diag_report(env->diag, PROCESS_NO_FUNCTION,
				p->comps.v[scope_rest(p)].arg->loc, NULL, text,
				sc->elf->path,
				outside ? ": the address is outside of its code"
					: ""),
		    "give a virtual address as nm and objdump print them");
	return PROBE_ERROR;
}

/*
 * .function(0x1234): what holds an address of the file. Where nothing tells
 * (stripped programs) a function is taken to begin there.
 */
static int by_address(const struct probe_env *env, const struct probe_point *p,
		      const struct scope *sc, const struct place_suffix *sfx,
		      int64_t number, struct site_list *out)
{
	struct dw_module *m = process_dwarf(env, p, sc, !sfx->is_inline);
	uint64_t addr = (uint64_t)number;
	struct place pl = {.addr = addr};
	struct probe_site *s = NULL;

	if (sfx->is_inline && !m)
		return PROBE_ERROR;
	bool known = m && place_at(m, addr, sfx, &pl);
	const char *text = arena_printf(env->arena, "%#llx",
					(unsigned long long)pl.addr);
	if (known || !(sfx->is_inline || sfx->exported))
		s = process_add(env, p, sc, sfx, pl.addr, known ? pl.name : text,
				text, NULL, out);
	if (!s)
		return no_function_at(env, p, sc, addr);
	s->function = pl.addr;
	if (known)
		process_set_frame(s, m, &pl.die, pl.addr, sfx->is_return);
	return PROBE_MATCHED;
}

/* ---- points ---- */

bool process_suffixes(const struct probe_point *p, unsigned from,
		      struct place_suffix *out)
{
	*out = (struct place_suffix){0};
	for (unsigned i = from; i < p->comps.n; i++)
		if (!place_suffix_take(p, i, out))
			return false;
	return true;
}

static int process_match(const struct probe_env *env,
			 const struct probe_point *p, struct site_list *out)
{
	unsigned rest = scope_rest(p);
	const char *text = pp_string(p, rest), *path = NULL, *why = NULL;
	struct scope_list scopes = {0};
	struct place_suffix sfx;
	int64_t addr = 0;

	if (p->comps.n <= rest || !pp_is(p, 0, "process") ||
	    !pp_is(p, rest, "function") ||
	    (!text && !pp_number(p, rest, &addr)) ||
	    !process_suffixes(p, rest + 1, &sfx) ||
	    !place_suffix_of_function(&sfx, !text))
		return PROBE_NOT_MINE;
	if (!scope_find(env, p, true, &scopes, &path, &why))
		return scope_error(env, p, path, why);
	/* One program: say what is wrong. Several: take what there is. */
	if (scopes.v.n == 1)
		return text ? by_name(env, p, scopes.v.v[0], &sfx, text, false,
				      out)
			    : by_address(env, p, scopes.v.v[0], &sfx, addr,
					 out);
	vec_for (&scopes.v, i)
		if (text)
			by_name(env, p, scopes.v.v[i], &sfx, text, true, out);
	return PROBE_MATCHED;
}

#define SUFFIXED(f)                                                            \
	SCOPED_LIB(f), SCOPED_LIB(f ".call"), SCOPED_LIB(f ".return"),         \
		SCOPED_LIB(f ".exported"), SCOPED_LIB(f ".inline"),            \
		SCOPED_LIB(f ".exported.return"),                              \
		SCOPED_LIB(f ".label(string)"),                                \
		SCOPED_LIB(f ".callee(string)"),                               \
		SCOPED_LIB(f ".callee(string).call"),                          \
		SCOPED_LIB(f ".callee(string).return"),                        \
		SCOPED_LIB(f ".callees"), SCOPED_LIB(f ".callees(number)")

static const char *const forms[] = {SUFFIXED("function(string)"),
				    SCOPED_LIB("function(number)"),
				    SCOPED_LIB("function(number).call"),
				    SCOPED_LIB("function(number).exported"),
				    SCOPED_LIB("function(number).inline"),
				    SCOPED_LIB("function(number).return"), NULL};

const struct probe_kind probe_kind_process = {
	.name = "process.function",
	.forms = forms,
	.match = process_match,
	.bind = process_bind,
	.frame = process_site_frame,
	.list_vars = process_list_vars,
};
