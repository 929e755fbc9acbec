// SPDX-License-Identifier: GPL-2.0-or-later
/* Symbols of a file with debug information, in its own addresses. */
#include <string.h>

#include "target/dwarf_int.h"

static bool is_function(const GElf_Sym *s)
{
	return GELF_ST_TYPE(s->st_info) == STT_FUNC && s->st_size;
}

const char *dw_symbol_at(struct dw_module *m, uint64_t addr, uint64_t *off)
{
	int n = dwfl_module_getsymtab(m->mod);
	const char *best = NULL;
	GElf_Sym s;
	GElf_Addr at;

	for (int i = 1; i < n; i++) {
		const char *name = dwfl_module_getsym_info(m->mod, i, &s, &at,
							   NULL, NULL, NULL);
		if (!name || !is_function(&s) || addr < at ||
		    addr - at >= s.st_size)
			continue;
		/* of several names the one that others may use */
		if (best && GELF_ST_BIND(s.st_info) == STB_LOCAL)
			continue;
		best = name;
		*off = addr - at;
	}
	return best;
}

uint32_t dw_symbol_number(struct dw_module *m, const char *name, uint64_t addr)
{
	int n = dwfl_module_getsymtab(m->mod);
	uint32_t before = 0;
	GElf_Sym s;
	GElf_Addr at;

	for (int i = 1; i < n; i++) {
		const char *sym = dwfl_module_getsym_info(m->mod, i, &s, &at,
							  NULL, NULL, NULL);
		if (sym && is_function(&s) && at < addr && !strcmp(sym, name))
			before++;
	}
	return before;
}

bool dw_symbol_address(struct dw_module *m, const char *name, uint64_t *addr)
{
	int n = dwfl_module_getsymtab(m->mod);
	GElf_Sym s;
	GElf_Addr at;

	for (int i = 1; i < n; i++) {
		const char *sym = dwfl_module_getsym_info(m->mod, i, &s, &at,
							  NULL, NULL, NULL);
		if (!sym || s.st_shndx == SHN_UNDEF || strcmp(sym, name))
			continue;
		*addr = at;
		return true;
	}
	return false;
}

const char *dw_section_at(struct dw_module *m, uint64_t addr, uint64_t *start)
{
	Dwarf_Addr at = addr;
	GElf_Addr bias;
	GElf_Shdr h;
	size_t names;
	Elf_Scn *scn = dwfl_module_address_section(m->mod, &at, &bias);
	Elf *e = dwfl_module_getelf(m->mod, &bias);

	if (scn && gelf_getshdr(scn, &h) && !elf_getshdrstrndx(e, &names)) {
		*start = addr - at;
		return elf_strptr(e, names, h.sh_name);
	}
	/* Sections with addresses of their own overlap others': per-CPU. */
	scn = NULL;
	while ((scn = elf_nextscn(e, scn)))
		if (gelf_getshdr(scn, &h) && h.sh_flags & SHF_ALLOC &&
		    addr >= h.sh_addr && addr - h.sh_addr < h.sh_size &&
		    !elf_getshdrstrndx(e, &names)) {
			*start = h.sh_addr;
			return elf_strptr(e, names, h.sh_name);
		}
	return NULL;
}
