/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of struct dw_module; for target/dwarf*.c only. */
#ifndef TARGET_DWARF_INT_H
#define TARGET_DWARF_INT_H

#include <dwarf.h>
#include <elfutils/libdwfl.h>

#include "base/map.h"
#include "target/dwarf.h"

/* No chain of references in sane debug information is longer. */
#define DW_MAX_HOPS 16
/* Nesting of blocks, namespaces and inlined bodies that is followed. */
#define DW_MAX_DEPTH 256

/* From a DIE's place in memory (what makes it unique) to a number. */
struct die_table {
	struct die_slot {
		const void *addr;
		uint32_t val;
	} *slot;
	uint32_t n, cap; /* cap: a power of two */
};
void die_table_put(struct dw_module *m, struct die_table *t, const void *addr,
		   uint32_t val);
/* 0 when absent: store what is not 0. */
uint32_t die_table_get(const struct die_table *t, const void *addr);

/* Functions with code: by where their references end, and by linkage name. */
struct callee_index {
	struct die_table by_origin; /* -> index + 1 in funcs */
	struct map by_name;
};

struct dw_units {
	VEC(Dwarf_Die) v; /* of split units: the one with the content */
};

struct dw_module {
	struct type_src types; /* first: a source of types */
	struct arena *arena;
	const char *path;
	Dwfl *dwfl;
	Dwfl_Module *mod;
	char *debug_path; /* for libdwfl; or NULL */
	Dwarf *dw;
	Dwarf_Addr dw_bias; /* from DWARF's addresses to libdwfl's */
	uint16_t machine, etype;
	bool cfi_read;
	Dwarf_CFI *eh_cfi, *dw_cfi;
	Dwarf_Addr eh_bias, dw_cfi_bias;
	bool units_read;
	struct dw_units units;

	/* dwarf_funcs.c */
	bool funcs_read;
	VEC(struct dw_func) funcs;
	uint32_t nfuncs_code;	 /* with an entry: these come first */
	struct die_table by_die; /* function's die -> index + 1 */
	VEC(struct dw_func *) by_unit;
	struct die_table unit_seen; /* unit -> index + 1 in unit_inlines */
	VEC(const dw_inline_list *) unit_inlines;
	bool far_read;
	dw_inline_list far_inlines; /* of other units' functions */

	/* dwarf_calls.c */
	bool calls_read;
	struct callee_index *callee_index; /* once asked for */
	dw_call_list calls; /* those of one callee together */

	/* dwarf_types.c */
	VEC(Dwarf_Die) dies; /* by type id; [0] is void */
	struct die_table ids;
	struct die_table array_of; /* a later subrange -> its array's id */
	VEC(struct member_list *) members; /* by type id, once asked for */
	bool names_read;
	struct map names; /* type's name -> struct type_names */
	VEC(Dwarf_Die) enums;
	bool globals_read;
	struct map globals; /* variable's name -> struct var_dies */
	struct map externs; /* name of one that is only declared -> its die */
};

const struct dw_units *dw_units(struct dw_module *m);
/* Type units: what stands elsewhere only names them. */
void dw_follow_signature(Dwarf_Die *type);
/* The unit that a die belongs to. */
bool dw_unit_of(Dwarf_Die *die, Dwarf_Die *cu);
/* Follows DW_AT_specification and DW_AT_abstract_origin to the end. */
Dwarf_Die dw_origin(Dwarf_Die *die);
/* Source file of a declaration, absolute where the unit's directory helps. */
const char *dw_decl_file(struct dw_module *m, Dwarf_Die *die);
const char *dw_abs_file(struct dw_module *m, Dwarf_Die *cu, const char *file);
/* Where an inlined body is called: as the unit names the file, or NULL. */
const char *dw_call_file(Dwarf_Die *die);
bool dw_flag(Dwarf_Die *die, unsigned attr);
/* Mangled name, references followed; or NULL. */
const char *dw_linkage_name(Dwarf_Die *die);

extern const struct type_ops dw_type_ops;
void dw_types_init(struct dw_module *m);

#endif
