// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * process("PATH").statement("f@file.c:12"), .nearest, and statement(ADDRESS):
 * places within functions, from the compiler's line table. A probe must begin
 * at an instruction, or it would destroy the program; what the line table
 * lists does. .absolute takes the script's word for it.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "probe/process.h"

/* ---- by line ---- */

static int no_line(const struct probe_env *env, const struct probe_point *p,
		   const struct dw_module *m, const char *text,
		   const unsigned around[2])
{
	return place_no_line(env, p, scope_rest(p), dw_path(m), text, around);
}

static int by_line(const struct probe_env *env, const struct probe_point *p,
		   const struct scope *sc, const struct place_suffix *sfx,
		   const char *text, bool quiet, struct site_list *out)
{
	unsigned around[2] = {0};
	struct dw_module *m = process_dwarf(env, p, sc, quiet);
	struct dw_pattern pat;
	const char *why = NULL;
	uint32_t n;

	if (!m)
		return PROBE_ERROR;
	if (!dw_pattern_parse(env->arena, text, &pat, &why))
		return quiet ? PROBE_ERROR
			     : place_bad_pattern(env, p, scope_rest(p), text,
						 why, PROCESS_FORMS);
	/* Without a line: the function's own beginning. */
	n = pat.line_kind == DW_LINE_NONE
		    ? process_dwarf_functions(env, p, sc, m, &pat, sfx, out)
		    : process_dwarf_lines(env, p, sc, m, &pat, sfx, around, out);
	if (n)
		return PROBE_MATCHED;
	return quiet ? PROBE_ERROR : no_line(env, p, m, text, around);
}

/* ---- by address ---- */

static int no_address(const struct probe_env *env, const struct probe_point *p,
		      int64_t addr, const char *path, const char *why,
		      const char *remedy)
{
	diag_remedy(diag_report(env->diag, PROCESS_NO_ADDRESS,
				p->comps.v[scope_rest(p)].arg->loc, NULL,
				(unsigned long long)addr, path, why),
		    "%s", remedy);
	return PROBE_ERROR;
}

static bool begins_statement(struct dw_module *m, const struct elf_file *f,
			     uint64_t addr)
{
	struct dw_line l;

	if (m && dw_line_at(m, addr, &l) && l.addr == addr)
		return true;
	for (uint32_t i = 0; i < f->nfuncs; i++)
		if (f->funcs[i].addr == addr)
			return true;
	return false;
}

/* Where a process has mapped an address: the link-time address in the file. */
static bool unmap_address(const struct scope *sc, uint64_t *addr)
{
	char path[64], line[PATH_MAX + 128];
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%d/maps", sc->pid);
	FILE *f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f)) {
		unsigned long long lo, hi, off, ino;
		unsigned maj, min;
		if (sscanf(line, "%llx-%llx %*s %llx %x:%x %llu", &lo, &hi,
			   &off, &maj, &min, &ino) != 6)
			continue;
		if (*addr < lo || *addr >= hi || ino != sc->elf->ino)
			continue;
		uint64_t in_file = *addr - lo + off;
		vec_for (&sc->elf->segs, i) {
			const struct elf_segment *g = &sc->elf->segs.v[i];
			if (in_file < g->file_off ||
			    in_file - g->file_off >= g->size)
				continue;
			*addr = in_file - g->file_off + g->addr;
			found = true;
			break;
		}
	}
	if (f)
		fclose(f);
	return found;
}

static int by_address(const struct probe_env *env, const struct probe_point *p,
		      const struct scope *sc, const struct place_suffix *sfx,
		      int64_t wanted, struct site_list *out)
{
	struct dw_module *m = process_dwarf(env, p, sc, true);
	uint64_t addr = (uint64_t)wanted;
	const char *func = "";
	struct dw_line l;
	Dwarf_Die die;

	if (sfx->nearest && m && dw_line_at(m, addr, &l))
		addr = l.addr;
	if (sfx->absolute && sc->pid && sc->elf->is_pie &&
	    !unmap_address(sc, &addr))
		return no_address(env, p, wanted, sc->elf->path,
				  "the process has not mapped its code there",
				  "give an address within the program's "
				  "lines of /proc/PID/maps");
	if (!sfx->absolute && !begins_statement(m, sc->elf, addr))
		return no_address(
			env, p, wanted, sc->elf->path,
			"no statement begins there",
			"take an address that objdump -dl shows at a line's "
			"first instruction, or append .nearest, or .absolute if an "
			"instruction begins there: a probe within an "
			"instruction destroys the program");
	bool known = m && dw_func_at(m, addr, &die);
	if (known && dwarf_diename(&die))
		func = dwarf_diename(&die);
	struct probe_site *s = process_add(
		env, p, sc, sfx, addr, func,
		arena_printf(env->arena, "0x%llx", (unsigned long long)(sfx->nearest ? addr : (uint64_t)wanted)),
		NULL, out);
	if (!s)
		return no_address(env, p, wanted, sc->elf->path,
				  "the address is outside of its code",
				  "give a virtual address as nm and objdump "
				  "print them");
	if (known)
		process_set_frame(s, m, &die, addr, sfx->is_return);
	return PROBE_MATCHED;
}

/* ---- the kind ---- */

static int stmt_match(const struct probe_env *env, const struct probe_point *p,
		      struct site_list *out)
{
	unsigned rest = scope_rest(p);
	const char *text = pp_string(p, rest), *path = NULL, *why = NULL;
	struct place_suffix sfx;
	struct scope_list scopes = {0};
	int64_t addr = 0;

	if (p->comps.n <= rest || !pp_is(p, 0, "process") ||
	    !pp_is(p, rest, "statement") ||
	    (!text && !pp_number(p, rest, &addr)) ||
	    !process_suffixes(p, rest + 1, &sfx) ||
	    !place_suffix_of_statement(&sfx, !text))
		return PROBE_NOT_MINE;
	if (!scope_find(env, p, true, &scopes, &path, &why))
		return scope_error(env, p, path, why);
	if (scopes.v.n == 1)
		return text ? by_line(env, p, scopes.v.v[0], &sfx, text, false,
				      out)
			    : by_address(env, p, scopes.v.v[0], &sfx, addr,
					 out);
	vec_for (&scopes.v, i)
		if (text)
			by_line(env, p, scopes.v.v[i], &sfx, text, true, out);
	return PROBE_MATCHED;
}

static const char *const forms[] = {
	SCOPED_LIB("statement(string)"),
	SCOPED_LIB("statement(string).nearest"),
	SCOPED_LIB("statement(number)"),
	SCOPED_LIB("statement(number).nearest"),
	SCOPED_LIB("statement(number).absolute"),
	SCOPED_LIB("statement(number).absolute.return"),
	NULL,
};

const struct probe_kind probe_kind_process_stmt = {
	.name = "process.statement",
	.forms = forms,
	.match = stmt_match,
	.bind = process_bind,
	.frame = process_site_frame,
	.list_vars = process_list_vars,
};
