// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DWARF as a source of types. An id is the place of a DIE in a table, given
 * when the DIE is first met; 0 is void. Names are indexed once, over all
 * units, when something is looked up by name or a mere declaration must be
 * completed; "ns::S" is found by its full and by its last name.
 */
#include <stdlib.h>
#include <string.h>

#include "target/dwarf_int.h"

struct member_list {
	VEC(struct tmember) v;
};

struct type_names {
	VEC(Dwarf_Die) v;
};

struct var_dies {
	VEC(Dwarf_Die) v;
};

static struct dw_module *module_of(const struct type_src *s)
{
	return (struct dw_module *)s;
}

uint32_t dw_type_id(struct dw_module *m, Dwarf_Die *type)
{
	uint32_t id = die_table_get(&m->ids, type->addr);

	if (id)
		return id;
	id = m->dies.n;
	vec_push(m->arena, &m->dies, *type);
	vec_push(m->arena, &m->members, NULL);
	die_table_put(m, &m->ids, type->addr, id);
	return id;
}

void dw_types_init(struct dw_module *m)
{
	m->types.ops = &dw_type_ops;
	vec_push(m->arena, &m->dies, (Dwarf_Die){0});
	vec_push(m->arena, &m->members, NULL);
	map_init(&m->names, m->arena);
	map_init(&m->globals, m->arena);
	map_init(&m->externs, m->arena);
}

/* The DIE of DW_AT_type; type units by signature are followed by libdw. */
static bool type_die(Dwarf_Die *die, Dwarf_Die *out)
{
	Dwarf_Attribute a;

	return dwarf_attr_integrate(die, DW_AT_type, &a) &&
	       dwarf_formref_die(&a, out);
}

bool dw_type_of(struct dw_module *m, Dwarf_Die *die, uint32_t *type)
{
	Dwarf_Die t;

	*type = 0;
	if (!type_die(die, &t))
		return false;
	*type = dw_type_id(m, &t);
	return true;
}

/* ---- names ---- */

static enum ttype_kind kind_of_tag(int tag)
{
	switch (tag) {
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
		return TT_STRUCT;
	case DW_TAG_union_type:
		return TT_UNION;
	case DW_TAG_enumeration_type:
		return TT_ENUM;
	case DW_TAG_base_type:
		return TT_INT;
	default:
		return TT_VOID;
	}
}

static void note_name(struct dw_module *m, const char *name, Dwarf_Die *die)
{
	struct type_names *n = map_get(&m->names, name);

	if (!n) {
		n = arena_new_obj(m->arena, struct type_names);
		map_put(&m->names, name, n);
	}
	/* One header in a thousand units: the first few are enough. */
	if (n->v.n < 64)
		vec_push(m->arena, &n->v, *die);
}

static void note_global(struct dw_module *m, const char *name, Dwarf_Die *die)
{
	struct var_dies *n = map_get(&m->globals, name);

	if (!n) {
		n = arena_new_obj(m->arena, struct var_dies);
		map_put(&m->globals, name, n);
	}
	vec_push(m->arena, &n->v, *die);
}

static const char *scoped(struct dw_module *m, const char *scope,
			  const char *name)
{
	return *scope ? arena_printf(m->arena, "%s::%s", scope, name) : name;
}

static void walk_names(struct dw_module *m, Dwarf_Die *parent,
		       const char *scope, unsigned depth);

static void note_type(struct dw_module *m, Dwarf_Die *d, const char *scope,
		      unsigned depth)
{
	const char *name = dwarf_diename(d);
	int tag = dwarf_tag(d);

	if (name && !dw_flag(d, DW_AT_declaration)) {
		note_name(m, name, d);
		if (*scope)
			note_name(m, scoped(m, scope, name), d);
	}
	if (tag == DW_TAG_enumeration_type)
		vec_push(m->arena, &m->enums, *d);
	else if (tag != DW_TAG_typedef && tag != DW_TAG_base_type)
		walk_names(m, d, name ? scoped(m, scope, name) : scope,
			   depth + 1);
}

static void note_variable(struct dw_module *m, Dwarf_Die *d)
{
	const char *name = dwarf_diename(d);

	if (!name)
		return;
	if (!dw_flag(d, DW_AT_declaration))
		note_global(m, name, d);
	else if (!map_has(&m->externs, name))
		map_put(&m->externs, name, arena_memdup(m->arena, d, sizeof(*d)));
}

static void walk_names(struct dw_module *m, Dwarf_Die *parent,
		       const char *scope, unsigned depth)
{
	Dwarf_Die d;

	if (depth > DW_MAX_DEPTH || dwarf_child(parent, &d))
		return;
	do {
		const char *name;
		switch (dwarf_tag(&d)) {
		case DW_TAG_structure_type:
		case DW_TAG_class_type:
		case DW_TAG_union_type:
		case DW_TAG_enumeration_type:
		case DW_TAG_typedef:
		case DW_TAG_base_type:
			note_type(m, &d, scope, depth);
			break;
		case DW_TAG_variable:
			note_variable(m, &d);
			break;
		case DW_TAG_namespace:
		case DW_TAG_module:
			name = dwarf_diename(&d);
			walk_names(m, &d, name ? scoped(m, scope, name) : scope,
				   depth + 1);
			break;
		}
	} while (!dwarf_siblingof(&d, &d));
}

static void read_names(struct dw_module *m)
{
	const struct dw_units *u = dw_units(m);

	if (m->names_read)
		return;
	m->names_read = true;
	vec_for (&u->v, i)
		walk_names(m, &u->v.v[i], "", 0);
}

static bool find_name(struct dw_module *m, enum ttype_kind kind, int tag,
		      const char *name, Dwarf_Die *out)
{
	read_names(m);
	struct type_names *n = map_get(&m->names, name);
	if (!n)
		return false;
	vec_for (&n->v, i) {
		int t = dwarf_tag(&n->v.v[i]);
		if (tag ? t != tag : kind_of_tag(t) != kind)
			continue;
		*out = n->v.v[i];
		return true;
	}
	return false;
}

static bool types_find(const struct type_src *s, enum ttype_kind kind,
		       const char *name, uint32_t *id)
{
	struct dw_module *m = module_of(s);
	Dwarf_Die d;

	if (!find_name(m, kind, 0, name, &d))
		return false;
	*id = dw_type_id(m, &d);
	return true;
}

static bool types_find_typedef(const struct type_src *s, const char *name,
			       uint32_t *id)
{
	struct dw_module *m = module_of(s);
	Dwarf_Die d;

	if (!find_name(m, TT_VOID, DW_TAG_typedef, name, &d))
		return false;
	*id = dw_type_id(m, &d);
	return true;
}

/* ---- what a type looks like ---- */

static bool is_wrapper(int tag)
{
	return tag == DW_TAG_typedef || tag == DW_TAG_const_type ||
	       tag == DW_TAG_volatile_type || tag == DW_TAG_restrict_type ||
	       tag == DW_TAG_atomic_type || tag == DW_TAG_immutable_type ||
	       tag == DW_TAG_packed_type || tag == DW_TAG_shared_type;
}

static uint8_t quals_of(int tag)
{
	return tag == DW_TAG_const_type	     ? TTYPE_CONST
	       : tag == DW_TAG_volatile_type ? TTYPE_VOLATILE
	       : tag == DW_TAG_restrict_type ? TTYPE_RESTRICT
					     : 0;
}

/* Typedefs and qualifiers off. False: it ended in void, or in a cycle. */
static bool unwrap(struct dw_module *m, Dwarf_Die *d, struct ttype *out)
{
	for (int hops = 0; is_wrapper(dwarf_tag(d)); hops++) {
		if (hops > 4 * DW_MAX_HOPS)
			return false;
		if (dwarf_tag(d) == DW_TAG_typedef && !out->alias) {
			out->alias = dwarf_diename(d);
			out->alias_id = dw_type_id(m, d);
		}
		if (!out->alias)
			out->quals |= quals_of(dwarf_tag(d));
		Dwarf_Die next;
		if (!type_die(d, &next)) {
			out->kind = TT_VOID;
			return true;
		}
		*d = next;
	}
	return true;
}

static uint64_t unsigned_attr(Dwarf_Die *d, unsigned name, uint64_t otherwise)
{
	Dwarf_Attribute a;
	Dwarf_Word w;

	if (!dwarf_attr_integrate(d, name, &a) || dwarf_formudata(&a, &w))
		return otherwise;
	return w;
}

static void base_type(Dwarf_Die *d, struct ttype *out)
{
	out->kind = TT_INT;
	switch (unsigned_attr(d, DW_AT_encoding, DW_ATE_unsigned)) {
	case DW_ATE_boolean:
		out->is_bool = true;
		break;
	case DW_ATE_signed_char:
		out->is_char = true;
		out->is_signed = true;
		break;
	case DW_ATE_unsigned_char:
		out->is_char = true;
		break;
	case DW_ATE_signed:
		out->is_signed = true;
		break;
	case DW_ATE_float:
	case DW_ATE_complex_float:
	case DW_ATE_imaginary_float:
	case DW_ATE_decimal_float:
		out->kind = TT_FLOAT;
		break;
	}
}

static uint32_t count_children(Dwarf_Die *d, int tag1, int tag2)
{
	uint32_t n = 0;
	Dwarf_Die c;

	if (dwarf_child(d, &c))
		return 0;
	do {
		int tag = dwarf_tag(&c);
		n += tag == tag1 || tag == tag2;
	} while (n < UINT32_MAX && !dwarf_siblingof(&c, &c));
	return n;
}

static void function_type(struct dw_module *m, Dwarf_Die *d, struct ttype *out)
{
	Dwarf_Die ret;

	out->n = count_children(d, DW_TAG_formal_parameter,
				DW_TAG_formal_parameter);
	out->is_variadic = count_children(d, DW_TAG_unspecified_parameters,
					  DW_TAG_unspecified_parameters) != 0;
	out->elem = type_die(d, &ret) ? dw_type_id(m, &ret) : 0;
}

static bool types_param(const struct ttype *t, uint32_t i, uint32_t *type)
{
	struct dw_module *m = (struct dw_module *)t->src;
	Dwarf_Die d, c;

	if (t->id >= m->dies.n || t->kind != TT_FUNC)
		return false;
	d = m->dies.v[t->id];
	if (dwarf_child(&d, &c))
		return false;
	do {
		if (dwarf_tag(&c) != DW_TAG_formal_parameter || i--)
			continue;
		return dw_type_of(m, &c, type);
	} while (!dwarf_siblingof(&c, &c));
	return false;
}

/* Elements of one dimension. */
static uint32_t dimension(Dwarf_Die *sub)
{
	uint64_t n = unsigned_attr(sub, DW_AT_count, UINT64_MAX);

	if (n == UINT64_MAX) {
		uint64_t lo = unsigned_attr(sub, DW_AT_lower_bound, 0);
		n = unsigned_attr(sub, DW_AT_upper_bound, UINT64_MAX) - lo + 1;
		if (!dwarf_hasattr_integrate(sub, DW_AT_upper_bound))
			n = 0;
	}
	return n < UINT32_MAX ? (uint32_t)n : 0;
}

/*
 * int a[2][3] is one DIE with two subranges. The type of a[i] is that of the
 * second subrange on: its id is the subrange's DIE.
 */
static void array_from(struct dw_module *m, Dwarf_Die *array, Dwarf_Die *sub,
		       struct ttype *out)
{
	Dwarf_Die next = *sub, elem;

	out->kind = TT_ARRAY;
	out->n = dimension(sub);
	while (!dwarf_siblingof(&next, &next)) {
		int tag = dwarf_tag(&next);
		if (tag == DW_TAG_subrange_type ||
		    tag == DW_TAG_enumeration_type) {
			out->elem = dw_type_id(m, &next);
			die_table_put(m, &m->array_of, next.addr,
				      dw_type_id(m, array));
			return;
		}
	}
	if (type_die(array, &elem))
		out->elem = dw_type_id(m, &elem);
}

static bool first_subrange(Dwarf_Die *array, Dwarf_Die *sub)
{
	if (dwarf_child(array, sub))
		return false;
	do {
		int tag = dwarf_tag(sub);
		if (tag == DW_TAG_subrange_type ||
		    tag == DW_TAG_enumeration_type)
			return true;
	} while (!dwarf_siblingof(sub, sub));
	return false;
}

bool dw_array_length(struct dw_module *m, const struct ttype *array,
		     struct dw_length *out)
{
	Dwarf_Die sub, d;
	Dwarf_Attribute a;

	*out = (struct dw_length){.more = 0};
	if (array->src != &m->types || array->id >= m->dies.n ||
	    array->kind != TT_ARRAY)
		return false;
	d = sub = m->dies.v[array->id];
	if (dwarf_tag(&d) == DW_TAG_array_type && !first_subrange(&d, &sub))
		return false;
	if (!dwarf_attr(&sub, DW_AT_count, &a)) {
		if (!dwarf_attr_integrate(&sub, DW_AT_upper_bound, &a))
			return false;
		out->more = 1 - (int64_t)unsigned_attr(&sub, DW_AT_lower_bound, 0);
	}
	out->is_var = dwarf_formref_die(&a, &out->var.die) != NULL;
	if (out->is_var)
		return dw_type_of(m, &out->var.die, &out->var.type);
	out->expr.kind = DW_LOC_EXPR;
	out->expr.attr = a;
	return !dwarf_getlocation(&out->expr.attr, &out->expr.ops,
				  &out->expr.nops) &&
	       out->expr.nops;
}

/* The array that a subrange stands in, when array_from() went past it. */
static bool subrange_parent(struct dw_module *m, Dwarf_Die *sub,
			    Dwarf_Die *array)
{
	uint32_t id = die_table_get(&m->array_of, sub->addr);

	if (id)
		*array = m->dies.v[id];
	return id != 0;
}

static void pointer_to(struct dw_module *m, Dwarf_Die *d, struct ttype *out)
{
	Dwarf_Die to;

	out->kind = TT_PTR;
	out->size = unsigned_attr(d, DW_AT_byte_size, 8);
	if (type_die(d, &to))
		out->elem = dw_type_id(m, &to);
}

/* Pointers to members: offsets, or pairs, that nothing is read through. */
static void member_pointer(Dwarf_Die *d, struct ttype *out)
{
	Dwarf_Die to;

	out->kind = TT_INT;
	out->size = unsigned_attr(d, DW_AT_byte_size, 8);
	if (type_die(d, &to) && dwarf_tag(&to) == DW_TAG_subroutine_type)
		out->size = 16;
}

static const struct member_list *members_of(struct dw_module *m, uint32_t id);

static void composite(struct dw_module *m, Dwarf_Die *d, struct ttype *out)
{
	int tag = dwarf_tag(d);

	if (dw_flag(d, DW_AT_declaration)) {
		Dwarf_Die full;
		const char *name = dwarf_diename(d);
		if (!name ||
		    !find_name(m, kind_of_tag(tag), 0, name, &full)) {
			out->kind = TT_FWD;
			return;
		}
		*d = full;
		out->id = dw_type_id(m, d);
	}
	out->kind = kind_of_tag(tag);
	out->is_class = tag == DW_TAG_class_type;
	out->n = count_children(d, DW_TAG_member, DW_TAG_inheritance);
	/* Rust's enums: a member for each variant */
	if (count_children(d, DW_TAG_variant_part, DW_TAG_variant_part))
		out->n = members_of(m, dw_type_id(m, d))->v.n;
}

static void enumeration(Dwarf_Die *d, struct ttype *out)
{
	Dwarf_Die base, c;
	struct ttype t = {0};

	out->kind = TT_ENUM;
	out->n = count_children(d, DW_TAG_enumerator, DW_TAG_enumerator);
	if (type_die(d, &base) && dwarf_tag(&base) == DW_TAG_base_type) {
		base_type(&base, &t);
		out->is_signed = t.is_signed;
		return;
	}
	/* Without a base type: signed when a value is. */
	if (dwarf_child(d, &c))
		return;
	do {
		Dwarf_Attribute a;
		Dwarf_Sword v;
		if (dwarf_attr(&c, DW_AT_const_value, &a) &&
		    dwarf_whatform(&a) == DW_FORM_sdata &&
		    !dwarf_formsdata(&a, &v) && v < 0)
			out->is_signed = true;
	} while (!dwarf_siblingof(&c, &c));
}

void dw_follow_signature(Dwarf_Die *d)
{
	Dwarf_Attribute a;
	Dwarf_Die full;

	if (dwarf_attr(d, DW_AT_signature, &a) && dwarf_formref_die(&a, &full))
		*d = full;
}

static bool fill(struct dw_module *m, Dwarf_Die *d, struct ttype *out)
{
	Dwarf_Die sub;

	switch (dwarf_tag(d)) {
	case DW_TAG_base_type:
		base_type(d, out);
		break;
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		pointer_to(m, d, out);
		return true;
	case DW_TAG_ptr_to_member_type:
		member_pointer(d, out);
		return true;
	case DW_TAG_array_type:
		out->kind = TT_ARRAY;
		if (first_subrange(d, &sub))
			array_from(m, d, &sub, out);
		return true;
	case DW_TAG_subrange_type:
		if (subrange_parent(m, d, &sub)) {
			array_from(m, &sub, d, out);
			return true;
		}
		out->kind = TT_INT; /* an integer type with bounds */
		break;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
		composite(m, d, out);
		break;
	case DW_TAG_enumeration_type:
		enumeration(d, out);
		break;
	case DW_TAG_subroutine_type:
		out->kind = TT_FUNC;
		function_type(m, d, out);
		return true;
	case DW_TAG_unspecified_type: /* decltype(nullptr), void of Rust */
		out->kind = TT_VOID;
		out->name = dwarf_diename(d);
		if (out->name && !strcmp(out->name, "decltype(nullptr)")) {
			out->kind = TT_PTR;
			out->size = 8;
		}
		return true;
	default:
		return false;
	}
	out->name = dwarf_diename(d);
	out->size = unsigned_attr(d, DW_AT_byte_size, 0);
	return true;
}

static bool types_get(const struct type_src *s, uint32_t id, struct ttype *out)
{
	struct dw_module *m = module_of(s);

	*out = (struct ttype){.src = s, .name = ""};
	if (id >= m->dies.n)
		return false;
	if (!id)
		return true;
	Dwarf_Die d = m->dies.v[id];
	if (!unwrap(m, &d, out))
		return false;
	if (is_wrapper(dwarf_tag(&d)))
		return true; /* const void */
	dw_follow_signature(&d);
	out->id = dw_type_id(m, &d);
	bool ok = fill(m, &d, out);
	if (!out->name)
		out->name = "";
	return ok;
}

/* ---- members ---- */

/* DWARF 2: DW_AT_data_member_location is an expression, "plus_uconst N". */
static bool member_offset(Dwarf_Die *d, uint64_t *bytes)
{
	Dwarf_Attribute a;
	Dwarf_Op *ops;
	Dwarf_Word w;
	size_t n;

	*bytes = 0;
	if (!dwarf_attr(d, DW_AT_data_member_location, &a))
		return true; /* unions */
	if (!dwarf_formudata(&a, &w)) {
		*bytes = w;
		return true;
	}
	if (dwarf_getlocation(&a, &ops, &n) || n != 1 ||
	    (ops[0].atom != DW_OP_plus_uconst && ops[0].atom != DW_OP_constu))
		return false; /* a virtual base: depends on the object */
	*bytes = ops[0].number;
	return true;
}

/*
 * "dup, deref, constant, minus, deref, plus": the vtable has the distance.
 * 0: it is nothing of the kind.
 */
static uint32_t virtual_base(Dwarf_Die *d)
{
	static const uint8_t rest[] = {DW_OP_minus, DW_OP_deref, DW_OP_plus};
	Dwarf_Attribute a;
	Dwarf_Op *ops;
	Dwarf_Word at;
	size_t n;

	if (!dwarf_attr(d, DW_AT_data_member_location, &a) ||
	    dwarf_getlocation(&a, &ops, &n) || n != 6 ||
	    ops[0].atom != DW_OP_dup || ops[1].atom != DW_OP_deref)
		return 0;
	for (unsigned i = 0; i < sizeof(rest); i++)
		if (ops[3 + i].atom != rest[i])
			return 0;
	at = ops[2].atom >= DW_OP_lit0 && ops[2].atom <= DW_OP_lit31
		     ? (Dwarf_Word)(ops[2].atom - DW_OP_lit0)
	     : ops[2].atom == DW_OP_constu || ops[2].atom == DW_OP_const1u ||
			     ops[2].atom == DW_OP_const2u
		     ? ops[2].number
		     : 0;
	return at < 65536 ? (uint32_t)at : 0;
}

static bool read_member(struct dw_module *m, Dwarf_Die *d, struct tmember *out)
{
	uint64_t bytes, bits, size;
	const char *name = dwarf_diename(d);

	*out = (struct tmember){.name = name ? name : ""};
	if (dwarf_tag(d) == DW_TAG_inheritance) {
		out->name = ""; /* its members are the class' own */
		out->vbase = virtual_base(d);
		if (out->vbase)
			return dw_type_of(m, d, &out->type);
	}
	if (!dw_type_of(m, d, &out->type) || !member_offset(d, &bytes) ||
	    bytes > UINT32_MAX / 8)
		return false;
	size = unsigned_attr(d, DW_AT_bit_size, 0);
	if (size > 64)
		return false;
	bits = bytes * 8;
	if (dwarf_hasattr(d, DW_AT_data_bit_offset)) {
		bits = unsigned_attr(d, DW_AT_data_bit_offset, 0);
	} else if (size && dwarf_hasattr(d, DW_AT_bit_offset)) {
		/* DWARF 3: counted from the storage unit's highest bit */
		struct ttype t;
		uint64_t unit = unsigned_attr(d, DW_AT_byte_size, 0);
		if (!unit && types_get(&m->types, out->type, &t))
			unit = t.size;
		Dwarf_Attribute a;
		Dwarf_Sword off = 0;
		if (dwarf_attr(d, DW_AT_bit_offset, &a))
			dwarf_formsdata(&a, &off);
		bits += unit * 8 - (uint64_t)off - size;
	}
	if (bits > UINT32_MAX)
		return false;
	out->bit_off = (uint32_t)bits;
	out->bit_size = (uint32_t)size;
	return true;
}

/* Static data members have no place in the object. */
static bool is_static_member(Dwarf_Die *d)
{
	return dw_flag(d, DW_AT_external) || dw_flag(d, DW_AT_declaration);
}

/* Rust's enums: what the discriminant chooses from, all at their places. */
static void variant_members(struct dw_module *m, Dwarf_Die *part,
			    struct member_list *l)
{
	Dwarf_Die v, c;
	struct tmember tm;

	if (dwarf_child(part, &v))
		return;
	do {
		if (dwarf_tag(&v) != DW_TAG_variant || dwarf_child(&v, &c))
			continue;
		do {
			if (dwarf_tag(&c) == DW_TAG_member &&
			    read_member(m, &c, &tm))
				vec_push(m->arena, &l->v, tm);
		} while (!dwarf_siblingof(&c, &c));
	} while (!dwarf_siblingof(&v, &v));
}

static const struct member_list *members_of(struct dw_module *m, uint32_t id)
{
	struct member_list *l = m->members.v[id];
	Dwarf_Die c;

	if (l)
		return l;
	l = arena_new_obj(m->arena, struct member_list);
	m->members.v[id] = l;
	if (dwarf_child(&m->dies.v[id], &c))
		return l;
	do {
		struct tmember tm;
		int tag = dwarf_tag(&c);
		if (tag == DW_TAG_variant_part)
			variant_members(m, &c, l);
		if ((tag != DW_TAG_member && tag != DW_TAG_inheritance) ||
		    is_static_member(&c) || !read_member(m, &c, &tm))
			continue;
		vec_push(m->arena, &l->v, tm);
	} while (!dwarf_siblingof(&c, &c));
	return l;
}

static bool types_member(const struct ttype *t, uint32_t i, struct tmember *out)
{
	struct dw_module *m = module_of(t->src);

	if (t->id >= m->dies.n)
		return false;
	const struct member_list *l = members_of(m, t->id);
	if (i >= l->v.n)
		return false;
	*out = l->v.v[i];
	return true;
}

static bool enum_value(Dwarf_Die *c, int64_t *value)
{
	Dwarf_Attribute a;
	Dwarf_Sword s;
	Dwarf_Word u;

	if (!dwarf_attr(c, DW_AT_const_value, &a))
		return false;
	/* libdw sign-extends data1 to data4, which stand for large numbers. */
	unsigned form = dwarf_whatform(&a);
	bool is_signed =
		form == DW_FORM_sdata || form == DW_FORM_implicit_const;
	if (is_signed ? dwarf_formsdata(&a, &s) : dwarf_formudata(&a, &u))
		return false;
	*value = is_signed ? s : (int64_t)u;
	return true;
}

static bool types_enumerator(const struct ttype *t, uint32_t i,
			     const char **name, int64_t *value)
{
	struct dw_module *m = module_of(t->src);
	Dwarf_Die c;

	if (t->id >= m->dies.n || dwarf_child(&m->dies.v[t->id], &c))
		return false;
	do {
		if (dwarf_tag(&c) == DW_TAG_enumerator && !i--) {
			*name = dwarf_diename(&c);
			return *name && enum_value(&c, value);
		}
	} while (!dwarf_siblingof(&c, &c));
	return false;
}

bool dw_find_enumerator(struct dw_module *m, const char *name, int64_t *value)
{
	read_names(m);
	vec_for (&m->enums, i) {
		Dwarf_Die c;
		if (dwarf_child(&m->enums.v[i], &c))
			continue;
		do {
			const char *n = dwarf_diename(&c);
			if (n && !strcmp(n, name))
				return enum_value(&c, value);
		} while (!dwarf_siblingof(&c, &c));
	}
	return false;
}

const struct type_ops dw_type_ops = {
	.get = types_get,
	.member = types_member,
	.enumerator = types_enumerator,
	.param = types_param,
	.find = types_find,
	.find_typedef = types_find_typedef,
};

/* ---- global variables ---- */

static bool file_wanted(struct dw_module *m, Dwarf_Die *d, const char *file)
{
	Dwarf_Die cu;
	const char *f;

	if (!file)
		return true;
	f = dw_decl_file(m, d);
	if (f && dw_file_fits(file, f))
		return true;
	f = dw_unit_of(d, &cu) ? dwarf_diename(&cu) : NULL;
	return f && dw_file_fits(file, f);
}

/* The definition that a declaration within a class stands for. */
static Dwarf_Die definition_of(struct dw_module *m, Dwarf_Die *decl)
{
	struct var_dies *l;

	read_names(m);
	l = map_get(&m->globals, dwarf_diename(decl));
	for (uint32_t i = 0; l && i < l->v.n; i++) {
		Dwarf_Die d = l->v.v[i];
		if (dw_origin(&d).addr == decl->addr)
			return d;
	}
	/* The class stands in a type unit: its definition refers to a copy. */
	for (uint32_t i = 0; l && i < l->v.n; i++)
		if (dwarf_hasattr(&l->v.v[i], DW_AT_specification))
			return l->v.v[i];
	return *decl; /* a constant knows its value itself */
}

static bool find_static(struct dw_module *m, Dwarf_Die *class,
			const char *name, unsigned depth, Dwarf_Die *out)
{
	Dwarf_Die c, base;

	dw_follow_signature(class);
	if (depth > DW_MAX_HOPS || dwarf_child(class, &c))
		return false;
	do {
		int tag = dwarf_tag(&c);
		const char *n = dwarf_diename(&c);
		if (tag == DW_TAG_inheritance && type_die(&c, &base) &&
		    find_static(m, &base, name, depth + 1, out))
			return true;
		if ((tag != DW_TAG_member && tag != DW_TAG_variable) || !n ||
		    strcmp(n, name) || !is_static_member(&c))
			continue;
		*out = definition_of(m, &c);
		return true;
	} while (!dwarf_siblingof(&c, &c));
	return false;
}

bool dw_static_member(struct dw_module *m, uint32_t type, const char *name,
		      struct dw_var *out)
{
	Dwarf_Die d, class;

	if (!type || type >= m->dies.n)
		return false;
	class = m->dies.v[type];
	if (!find_static(m, &class, name, 0, &d))
		return false;
	*out = (struct dw_var){.name = name, .die = d};
	return dw_type_of(m, &d, &out->type);
}

static bool same_unit(Dwarf_Die *a, Dwarf_Die *b)
{
	Dwarf_Die x, y;

	return dw_unit_of(a, &x) && dw_unit_of(b, &y) && x.addr == y.addr;
}

/* What assembly or the linker defines, as the kernel's jiffies: a symbol. */
static bool find_extern(struct dw_module *m, const char *name,
			struct dw_var *out)
{
	Dwarf_Die *d = map_get(&m->externs, name);
	uint64_t addr;

	if (!d || !dw_symbol_address(m, name, &addr))
		return false;
	*out = (struct dw_var){.name = name, .die = *d};
	dw_type_of(m, d, &out->type);
	return true;
}

bool dw_find_global(struct dw_module *m, Dwarf_Die *near, bool only_near,
		    const char *name, struct dw_var *out)
{
	size_t n = strcspn(name, "@");
	const char *file = name[n] ? name + n + 1 : NULL;
	Dwarf_Die *best = NULL;

	read_names(m);
	const char *base = arena_strndup(m->arena, name, n);
	/* "ns::v": the last part is what DIEs are called by. */
	const char *last = strrchr(base, ':');
	struct var_dies *l = map_get(&m->globals, last ? last + 1 : base);
	if (!l)
		return !file && !only_near && find_extern(m, base, out);
	vec_for (&l->v, i) {
		Dwarf_Die *d = &l->v.v[i];
		if (!file_wanted(m, d, file))
			continue;
		bool here = near && same_unit(d, near);
		if (here || (!best && !only_near))
			best = d;
		if (here)
			break;
	}
	if (!best)
		return false;
	*out = (struct dw_var){.name = dwarf_diename(best), .die = *best};
	dw_type_of(m, best, &out->type);
	return true;
}
