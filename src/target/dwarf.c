// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Opening. libdwfl finds separate debug files (build-id, debuglink,
 * debuginfod), applies the relocations of kernel modules and hands out CFI;
 * libdw finds dwz and .dwo files. A module is "offline" to libdwfl, which
 * gives it a place of its own in an address space; only `bias` below shows.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "target/dwarf_int.h"

/* ---- table of DIEs ---- */

static uint32_t die_hash(const void *p)
{
	uint64_t x = (uintptr_t)p;

	x *= 0x9e3779b97f4a7c15ull;
	return (uint32_t)(x >> 32);
}

static struct die_slot *die_find(const struct die_table *t, const void *addr)
{
	uint32_t i = die_hash(addr) & (t->cap - 1);

	while (t->slot[i].addr && t->slot[i].addr != addr)
		i = (i + 1) & (t->cap - 1);
	return &t->slot[i];
}

void die_table_put(struct dw_module *m, struct die_table *t, const void *addr,
		   uint32_t val)
{
	if (t->n * 2 >= t->cap) {
		struct die_table old = *t;
		t->cap = old.cap ? old.cap * 2 : 256;
		t->slot = arena_new_array(m->arena, struct die_slot, t->cap);
		for (uint32_t i = 0; i < old.cap; i++)
			if (old.slot[i].addr)
				*die_find(t, old.slot[i].addr) = old.slot[i];
	}
	struct die_slot *s = die_find(t, addr);
	if (!s->addr)
		t->n++;
	s->addr = addr;
	s->val = val;
}

uint32_t die_table_get(const struct die_table *t, const void *addr)
{
	return t->cap ? die_find(t, addr)->val : 0;
}

/* ---- opening ---- */

static Dwfl_Callbacks *callbacks(struct dw_module *m, const char *root)
{
	Dwfl_Callbacks *cb = arena_new_obj(m->arena, Dwfl_Callbacks);
	const char *dirs = getenv("SYSTEMTAP_DEBUGINFO_PATH");

	if (!dirs || !*dirs)
		dirs = arena_printf(m->arena, "+:.debug:%s/usr/lib/debug",
				    root ? root : "");
	m->debug_path = arena_strdup(m->arena, dirs);
	cb->find_elf = dwfl_build_id_find_elf;
	cb->find_debuginfo = dwfl_standard_find_debuginfo;
	cb->section_address = dwfl_offline_section_address;
	cb->debuginfo_path = &m->debug_path;
	return cb;
}

static bool read_header(struct dw_module *m, const char **why)
{
	GElf_Ehdr eh;
	GElf_Addr bias;
	Elf *e = dwfl_module_getelf(m->mod, &bias);

	if (!e || !gelf_getehdr(e, &eh)) {
		*why = "its header is damaged (is it truncated?)";
		return false;
	}
	m->machine = eh.e_machine;
	m->etype = eh.e_type;
	return true;
}

static const char *install_remedy(struct dw_module *m)
{
	const unsigned char *bits;
	GElf_Addr vaddr;
	int n = dwfl_module_build_id(m->mod, &bits, &vaddr);

	if (n < 2)
		return "compile it with -g";
	char hex[2 * 64 + 1] = "";
	for (int i = 0; i < n && i < 64; i++)
		snprintf(hex + 2 * (size_t)i, 3, "%02x", bits[i]);
	return arena_printf(
		m->arena,
		"install its debug symbols "
		"(/usr/lib/debug/.build-id/%.2s/%s.debug), name a directory "
		"by SYSTEMTAP_DEBUGINFO_PATH or a server by DEBUGINFOD_URLS, "
		"or compile it with -g",
		hex, hex + 2);
}

static struct dw_module *finish_open(struct dw_module *m, const char **why,
				     const char **remedy)
{
	dwfl_report_end(m->dwfl, NULL, NULL);
	if (!m->mod) {
		*why = "it is not an ELF file with code, or it is damaged";
		return NULL;
	}
	if (!read_header(m, why))
		return NULL;
	m->dw = dwfl_module_getdwarf(m->mod, &m->dw_bias);
	if (!m->dw) {
		*why = "it has no DWARF debug information";
		if (remedy)
			*remedy = install_remedy(m);
		return NULL;
	}
	dw_types_init(m);
	return m;
}

static struct dw_module *open_any(struct arena *a, const char *root,
				  const char *path, int fd, const char **why,
				  const char **remedy)
{
	struct dw_module *m = arena_new_obj(a, struct dw_module);

	if (remedy)
		*remedy = NULL;
	m->arena = a;
	m->path = arena_strdup(a, path);
	m->dwfl = dwfl_begin(callbacks(m, root));
	if (!m->dwfl) {
		if (fd >= 0)
			close(fd);
		*why = "no memory";
		return NULL;
	}
	dwfl_report_begin(m->dwfl);
	m->mod = dwfl_report_offline(m->dwfl, m->path, m->path, fd);
	if (!m->mod && fd >= 0)
		close(fd);
	struct dw_module *r = finish_open(m, why, remedy);
	if (!r)
		dw_close(m);
	return r;
}

struct dw_module *dw_open(struct arena *a, const char *root, const char *path,
			  const char **why, const char **remedy)
{
	return open_any(a, root, path, -1, why, remedy);
}

struct dw_module *dw_open_fd(struct arena *a, int fd, const char *name,
			     const char **why)
{
	return open_any(a, NULL, name, fd, why, NULL);
}

void dw_close(struct dw_module *m)
{
	if (m && m->dwfl) {
		dwfl_end(m->dwfl);
		m->dwfl = NULL;
	}
}

const char *dw_path(const struct dw_module *m)
{
	return m->path;
}

uint16_t dw_machine(const struct dw_module *m)
{
	return m->machine;
}

bool dw_is_relocated(const struct dw_module *m)
{
	return m->etype == ET_DYN || m->etype == ET_REL;
}

const struct type_src *dw_types(const struct dw_module *m)
{
	return &m->types;
}

/* ---- units and attributes ---- */

const struct dw_units *dw_units(struct dw_module *m)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die, sub;
	Dwarf_Half version;
	uint8_t type;

	if (m->units_read)
		return &m->units;
	m->units_read = true;
	while (!dwarf_get_units(m->dw, cu, &cu, &version, &type, &die, &sub)) {
		if (type == DW_UT_skeleton && sub.addr)
			die = sub;
		int tag = dwarf_tag(&die);
		if (tag == DW_TAG_compile_unit || tag == DW_TAG_partial_unit ||
		    tag == DW_TAG_type_unit)
			vec_push(m->arena, &m->units.v, die);
	}
	return &m->units;
}

bool dw_unit_of(Dwarf_Die *die, Dwarf_Die *cu)
{
	uint8_t addr_size, off_size;

	return dwarf_diecu(die, cu, &addr_size, &off_size) != NULL;
}

bool dw_flag(Dwarf_Die *die, unsigned attr)
{
	Dwarf_Attribute a;
	bool v = false;

	return dwarf_attr(die, attr, &a) && !dwarf_formflag(&a, &v) && v;
}

Dwarf_Die dw_origin(Dwarf_Die *die)
{
	Dwarf_Die d = *die, next;
	Dwarf_Attribute a;

	for (int i = 0; i < DW_MAX_HOPS; i++) {
		if (!dwarf_attr(&d, DW_AT_abstract_origin, &a) &&
		    !dwarf_attr(&d, DW_AT_specification, &a))
			break;
		if (!dwarf_formref_die(&a, &next))
			break;
		d = next;
	}
	return d;
}

const char *dw_abs_file(struct dw_module *m, Dwarf_Die *cu, const char *file)
{
	Dwarf_Attribute a;
	const char *dir;

	if (!file || *file == '/')
		return file;
	dir = dwarf_formstring(dwarf_attr(cu, DW_AT_comp_dir, &a));
	return dir && *dir == '/' ? arena_printf(m->arena, "%s/%s", dir, file)
				  : file;
}

/* The files of a split unit (.dwo) are its skeleton's; libdw ends the program
   when it is asked for them. */
static bool has_files(const Dwarf_Die *die)
{
	uint8_t type;

	return die->cu &&
	       !dwarf_cu_info(die->cu, NULL, &type, NULL, NULL, NULL, NULL,
			      NULL) &&
	       type != DW_UT_split_compile && type != DW_UT_split_type;
}

static const char *decl_file(Dwarf_Die *die)
{
	return has_files(die) ? dwarf_decl_file(die) : NULL;
}

const char *dw_call_file(Dwarf_Die *die)
{
	Dwarf_Files *files;
	Dwarf_Attribute a;
	Dwarf_Word index;
	Dwarf_Die cu;
	size_t n;

	if (!has_files(die) || !dw_unit_of(die, &cu) ||
	    dwarf_formudata(dwarf_attr(die, DW_AT_call_file, &a), &index) ||
	    dwarf_getsrcfiles(&cu, &files, &n) || index >= n)
		return NULL;
	return dwarf_filesrc(files, index, NULL, NULL);
}

const char *dw_decl_file(struct dw_module *m, Dwarf_Die *die)
{
	Dwarf_Die d = dw_origin(die), cu;
	const char *file = decl_file(die);

	if (!file)
		file = decl_file(&d);
	if (!file || *file == '/' || !dw_unit_of(die, &cu))
		return file;
	return dw_abs_file(m, &cu, file);
}
