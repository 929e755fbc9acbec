// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls: from which place of which function, to which one, and what the
 * compiler says of the arguments there. A function's parameters that are gone
 * in its body can often be computed anew in the frame of its caller.
 */
#include <stdlib.h>
#include <string.h>

#include "target/dwarf_int.h"

/* ---- who is called ---- */

static const char *symbol_of(const struct dw_func *f)
{
	return f->linkage ? f->linkage : f->name;
}

static const struct callee_index *callee_index(struct dw_module *m)
{
	struct callee_index *ix = m->callee_index;
	uint32_t n;
	const struct dw_func *f = dw_funcs(m, &n);

	if (ix)
		return ix;
	m->callee_index = ix = arena_new_obj(m->arena, struct callee_index);
	map_init(&ix->by_name, m->arena);
	for (uint32_t i = 0; i < n && f[i].entry; i++) {
		Dwarf_Die d = f[i].die, origin = dw_origin(&d);
		die_table_put(m, &ix->by_origin, d.addr, i + 1);
		if (!die_table_get(&ix->by_origin, origin.addr))
			die_table_put(m, &ix->by_origin, origin.addr, i + 1);
		if (f[i].external && !map_get(&ix->by_name, symbol_of(&f[i])))
			map_put(&ix->by_name, symbol_of(&f[i]), (void *)&f[i]);
	}
	return ix;
}

/* The function a call names; NULL: called through a pointer, or elsewhere. */
static const struct dw_func *callee_of(struct dw_module *m,
				       const struct callee_index *ix,
				       Dwarf_Die *site)
{
	Dwarf_Attribute a;
	Dwarf_Die d;

	if (!(dwarf_attr(site, DW_AT_call_origin, &a) ||
	      dwarf_attr(site, DW_AT_abstract_origin, &a)) ||
	    !dwarf_formref_die(&a, &d))
		return NULL;
	Dwarf_Die origin = dw_origin(&d);
	uint32_t k = die_table_get(&ix->by_origin, d.addr);
	if (!k)
		k = die_table_get(&ix->by_origin, origin.addr);
	if (k)
		return &m->funcs.v[k - 1];
	/* a declaration of what another unit defines */
	const char *name = dw_linkage_name(&d);
	if (!name)
		name = dwarf_diename(&d);
	return name ? map_get(&ix->by_name, name) : NULL;
}

/* ---- the index ---- */

static void take_call(struct dw_module *m, dw_call_list *out,
		      const struct dw_func *caller, Dwarf_Die *d)
{
	struct dw_call c = {.die = *d, .caller = caller};
	Dwarf_Attribute a;
	Dwarf_Addr pc;

	/* GNU's extension to DWARF 4 says it by DW_AT_low_pc. */
	if (!(dwarf_attr(d, DW_AT_call_return_pc, &a) ||
	      dwarf_attr(d, DW_AT_low_pc, &a)) ||
	    dwarf_formaddr(&a, &pc))
		return;
	c.return_pc = pc;
	c.is_tail = dw_flag(d, DW_AT_call_tail_call) ||
		    dw_flag(d, DW_AT_GNU_tail_call);
	c.callee = callee_of(m, callee_index(m), d);
	vec_push(m->arena, out, c);
}

static void walk_calls(struct dw_module *m, dw_call_list *out,
		       const struct dw_func *caller, Dwarf_Die *parent,
		       unsigned depth)
{
	Dwarf_Die d;

	if (depth > DW_MAX_DEPTH || dwarf_child(parent, &d))
		return;
	do {
		switch (dwarf_tag(&d)) {
		case DW_TAG_call_site:
		case DW_TAG_GNU_call_site:
			take_call(m, out, caller, &d);
			break;
		case DW_TAG_lexical_block:
		case DW_TAG_inlined_subroutine:
		case DW_TAG_try_block:
		case DW_TAG_catch_block:
			walk_calls(m, out, caller, &d, depth + 1);
			break;
		}
	} while (!dwarf_siblingof(&d, &d));
}

static int call_order(const void *a, const void *b)
{
	const struct dw_call *x = a, *y = b;

	if (x->callee != y->callee)
		return x->callee < y->callee ? -1 : 1;
	return x->return_pc < y->return_pc ? -1 : x->return_pc > y->return_pc;
}

void dw_calls_in(struct dw_module *m, const struct dw_func *f,
		 dw_call_list *out)
{
	Dwarf_Die d = f->die;

	walk_calls(m, out, f, &d, 0);
}

const struct dw_call *dw_calls(struct dw_module *m, uint32_t *n)
{
	uint32_t nfuncs;

	if (!m->calls_read) {
		m->calls_read = true;
		const struct dw_func *f = dw_funcs(m, &nfuncs);
		for (uint32_t i = 0; i < nfuncs && f[i].entry; i++) {
			Dwarf_Die d = f[i].die;
			walk_calls(m, &m->calls, &f[i], &d, 0);
		}
		if (m->calls.n)
			qsort(m->calls.v, m->calls.n, sizeof(*m->calls.v),
			      call_order);
	}
	*n = m->calls.n;
	return m->calls.v;
}

/* The first function that begins at or behind an address: those of one address
   stand together. */
static uint32_t first_at(const struct dw_func *f, uint32_t n, uint64_t addr)
{
	uint32_t lo = 0;

	while (lo < n) {
		uint32_t mid = lo + (n - lo) / 2;
		if (f[mid].entry && f[mid].entry < addr)
			lo = mid + 1;
		else
			n = mid;
	}
	return lo;
}

static uint32_t first_call_of(const struct dw_call *c, uint32_t n,
			      const struct dw_func *callee)
{
	uint32_t lo = 0;

	while (lo < n) {
		uint32_t mid = lo + (n - lo) / 2;
		if (c[mid].callee < callee)
			lo = mid + 1;
		else
			n = mid;
	}
	return lo;
}

const struct dw_call *dw_calls_of(struct dw_module *m, uint64_t entry,
				  uint32_t *n)
{
	uint32_t all, nfuncs, lo;
	const struct dw_call *c = dw_calls(m, &all);
	const struct dw_func *f = dw_funcs(m, &nfuncs);

	*n = 0;
	if (!all || !nfuncs)
		return NULL;
	lo = first_call_of(c, all, f + first_at(f, nfuncs, entry));
	*n = first_call_of(c, all, f + first_at(f, nfuncs, entry + 1)) - lo;
	return c + lo;
}

/* ---- arguments ---- */

static bool is_register(Dwarf_Die *param, unsigned reg)
{
	Dwarf_Attribute a;
	Dwarf_Op *ops;
	size_t n;

	if (!dwarf_attr(param, DW_AT_location, &a) ||
	    dwarf_getlocation(&a, &ops, &n) || n != 1)
		return false;
	if (ops[0].atom >= DW_OP_reg0 && ops[0].atom <= DW_OP_reg31)
		return ops[0].atom - DW_OP_reg0 == (int)reg;
	return ops[0].atom == DW_OP_regx && ops[0].number == reg;
}

static bool is_parameter(Dwarf_Die *param, const Dwarf_Die *which)
{
	Dwarf_Attribute a;
	Dwarf_Die d;

	return (dwarf_attr(param, DW_AT_call_parameter, &a) ||
		dwarf_attr(param, DW_AT_abstract_origin, &a)) &&
	       dwarf_formref_die(&a, &d) && d.addr == which->addr;
}

bool dw_call_argument(const struct dw_call *c, unsigned reg,
		      const Dwarf_Die *which, struct dw_loc *out)
{
	Dwarf_Die site = c->die, d;

	*out = (struct dw_loc){.kind = DW_LOC_NONE};
	if (dwarf_child(&site, &d))
		return false;
	do {
		int tag = dwarf_tag(&d);
		if ((tag != DW_TAG_call_site_parameter &&
		     tag != DW_TAG_GNU_call_site_parameter) ||
		    !(which ? is_parameter(&d, which) : is_register(&d, reg)))
			continue;
		if (!(dwarf_attr(&d, DW_AT_call_value, &out->attr) ||
		      dwarf_attr(&d, DW_AT_GNU_call_site_value, &out->attr)) ||
		    dwarf_getlocation(&out->attr, &out->ops, &out->nops) ||
		    !out->nops)
			return false;
		out->kind = DW_LOC_EXPR;
		return true;
	} while (!dwarf_siblingof(&d, &d));
	return false;
}
