// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What functions return, and where. libdw knows the calling conventions; what
 * it does not see is told here: C++ objects and references, and structures
 * whose definition stands in a type unit, which are taken apart as x86_64's
 * convention does (System V ABI 3.2.3).
 */
#include <string.h>

#include "target/dwarf_int.h"

/* ---- structures in type units ---- */

/* Of eight bytes of a structure. */
enum eight { NO_CLASS, SSE, INTEGER };

struct classes {
	enum eight of[2];
};

static bool take_scalar(struct classes *c, uint64_t off, uint64_t size,
			enum eight e)
{
	if (!size || size > 8 || off % size || off + size > 16)
		return false;
	if (c->of[off / 8] < e)
		c->of[off / 8] = e;
	return true;
}

static bool classify(const struct type_src *s, uint32_t id, uint64_t off,
		     struct classes *c, unsigned depth);

static bool classify_members(const struct ttype *t, uint64_t off,
			     struct classes *c, unsigned depth)
{
	for (uint32_t i = 0; i < t->n; i++) {
		struct tmember f;
		if (!t->src->ops->member(t, i, &f) || f.vbase)
			return false;
		uint64_t at = off + f.bit_off / 8;
		if (f.bit_size ? !take_scalar(c, at, 1, INTEGER)
			       : !classify(t->src, f.type, at, c, depth + 1))
			return false;
	}
	return true;
}

/* False: not in registers 0 and 1 of either kind. */
static bool classify(const struct type_src *s, uint32_t id, uint64_t off,
		     struct classes *c, unsigned depth)
{
	struct ttype t;
	uint64_t size;

	if (depth > TTYPE_MAX_DEPTH || !s->ops->get(s, id, &t))
		return false;
	switch (t.kind) {
	case TT_INT:
	case TT_ENUM:
	case TT_PTR:
		return take_scalar(c, off, t.size, INTEGER);
	case TT_FLOAT:
		return take_scalar(c, off, t.size, SSE);
	case TT_STRUCT:
	case TT_UNION:
		return t.size <= 16 && classify_members(&t, off, c, depth);
	case TT_ARRAY:
		if (!t.n || t.n > 16 || !ttype_size(s, t.elem, &size) || !size)
			return false;
		for (uint32_t i = 0; i < t.n; i++)
			if (!classify(s, t.elem, off + i * size, c, depth + 1))
				return false;
		return true;
	default:
		return false;
	}
}

/* How many ops; -1: not known. */
static int in_registers(struct dw_module *m, uint32_t type,
			const Dwarf_Op **out)
{
	static const uint8_t general[] = {DW_OP_reg0, DW_OP_reg1},
			     vector[] = {DW_OP_reg17, DW_OP_reg18};
	static const Dwarf_Op at_reg0 = {.atom = DW_OP_breg0};
	Dwarf_Op *ops = arena_alloc(m->arena, 4 * sizeof(*ops));
	unsigned used[2] = {0}, n = 0;
	struct classes c = {{0}};
	struct ttype t;

	if (m->machine != EM_X86_64 || !dw_types(m)->ops->get(dw_types(m), type, &t) ||
	    !t.size)
		return -1;
	*out = &at_reg0;
	if (t.size > 16)
		return 1;
	if (!classify(dw_types(m), type, 0, &c, 0) || !c.of[0] ||
	    (t.size > 8 && !c.of[1]))
		return -1;
	memset(ops, 0, 4 * sizeof(*ops));
	for (unsigned i = 0; i < (t.size + 7) / 8; i++) {
		bool sse = c.of[i] == SSE;
		ops[n++].atom = (sse ? vector : general)[used[sse]++];
		if (t.size > 8) {
			ops[n].atom = DW_OP_piece;
			ops[n++].number = 8;
		}
	}
	*out = ops;
	return (int)n;
}

/* ---- all ---- */

/* C++ objects that cannot be copied bit by bit are returned in memory. */
static bool by_reference(Dwarf_Die *type)
{
	Dwarf_Attribute a;
	Dwarf_Word cc;

	return dwarf_attr(type, DW_AT_calling_convention, &a) &&
	       !dwarf_formudata(&a, &cc) && cc == DW_CC_pass_by_reference;
}

bool dw_return_value(struct dw_module *m, Dwarf_Die *func, uint32_t *type,
		     struct dw_loc *out, const char **why)
{
	static const Dwarf_Op at_reg0 = {.atom = DW_OP_breg0},
			      in_reg0 = {.atom = DW_OP_reg0};
	const Dwarf_Op *ops = NULL;
	Dwarf_Attribute a;
	Dwarf_Die t, peeled;

	*out = (struct dw_loc){.kind = DW_LOC_NONE};
	if (!dw_type_of(m, func, type)) {
		*why = "the function returns nothing";
		return false;
	}
	int n = dwfl_module_return_value_location(m->mod, func, &ops);
	bool known = dwarf_attr_integrate(func, DW_AT_type, &a) &&
		     dwarf_formref_die(&a, &t) && !dwarf_peel_type(&t, &peeled);
	if (known && dw_flag(&peeled, DW_AT_declaration)) {
		dw_follow_signature(&peeled);
		n = in_registers(m, *type, &ops);
	}
	if (known && m->machine == EM_X86_64 && by_reference(&peeled)) {
		ops = &at_reg0;
		n = 1;
	}
	/* C++ references, which libdw does not know to be pointers; register 0
	   is the first one on both machines */
	if (n < 0 && known &&
	    (dwarf_tag(&peeled) == DW_TAG_reference_type ||
	     dwarf_tag(&peeled) == DW_TAG_rvalue_reference_type)) {
		ops = &in_reg0;
		n = 1;
	}
	if (n <= 0) {
		*why = n ? "how a value of its type is returned is not known"
			 : "the function returns nothing";
		return false;
	}
	out->kind = DW_LOC_EXPR;
	out->ops = arena_memdup(m->arena, ops, (size_t)n * sizeof(*ops));
	out->nops = (size_t)n;
	return true;
}
