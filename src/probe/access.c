// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An access is a place: a value, or memory at base + constant. Steps within
 * one object (members, constant indexes) only move the constant, which
 * becomes a single relocatable PRIM_FIELD_OFFSET when the place is read;
 * following a pointer reads it and starts anew from what it points to.
 *
 * Integers end sign- or zero-extended to 64 bits as their C type says. Bit
 * positions are those of little-endian machines (x86_64, arm64).
 */
#include "probe/access.h"

#include <string.h>

/* ---- small trees ---- */

static struct expr *prim(struct arena *a, struct loc loc, enum prim_op op,
			 enum type type)
{
	struct expr *e = expr_new(a, E_PRIM, loc);

	e->prim.op = op;
	e->type = type;
	return e;
}

struct expr *prim_ctx(struct arena *a, struct loc loc, uint32_t off,
		      uint32_t size, bool is_signed)
{
	struct expr *e = prim(a, loc, PRIM_CTX, TY_LONG);

	e->prim.off = off;
	e->prim.size = size;
	e->prim.is_signed = is_signed;
	return e;
}

struct expr *prim_read(struct arena *a, struct loc loc, struct expr *addr,
		       uint32_t size, bool is_signed, bool user)
{
	struct expr *e =
		prim(a, loc, user ? PRIM_READ_USER : PRIM_READ_KERNEL, TY_LONG);

	e->prim.arg[0] = addr;
	e->prim.size = size;
	e->prim.is_signed = is_signed;
	return e;
}

struct expr *prim_string(struct arena *a, struct loc loc, struct expr *addr,
			 uint64_t max, bool user, bool soft)
{
	struct expr *e =
		prim(a, loc, user ? PRIM_STR_USER : PRIM_STR_KERNEL, TY_STRING);

	e->prim.arg[0] = addr;
	if (max) {
		e->prim.arg[1] = expr_number(a, loc, (int64_t)max);
		e->prim.arg[1]->type = TY_LONG;
	}
	e->prim.off = soft ? PRIM_STR_SOFT : 0;
	return e;
}

struct expr *prim_extract(struct arena *a, struct loc loc, struct expr *v,
			  unsigned pos, unsigned size, bool is_signed)
{
	if (!pos && size >= 64)
		return v;
	struct expr *e = prim(a, loc, PRIM_EXTRACT, TY_LONG);
	e->prim.arg[0] = v;
	e->prim.shl = (uint8_t)(64 - pos - size);
	e->prim.shr = (uint8_t)(64 - size);
	e->prim.is_signed = is_signed;
	return e;
}

struct expr *prim_number(struct arena *a, struct loc loc, int64_t v)
{
	struct expr *e = expr_number(a, loc, v);

	e->type = TY_LONG;
	return e;
}

struct expr *long_binary(struct arena *a, enum op op, struct expr *x,
			 struct expr *y)
{
	struct expr *e = expr_binary(a, x->loc, op, x, y);

	e->type = TY_LONG;
	return e;
}

struct expr *long_add(struct arena *a, struct expr *x, struct expr *y)
{
	return long_binary(a, OP_ADD, x, y);
}

/* ---- places ---- */

static bool get(const struct access *a, struct ttype *t, const char **why)
{
	if (a->src->ops->get(a->src, a->type, t))
		return true;
	*why = "its type is damaged";
	return false;
}

static const char *spelled(const struct access *a, uint32_t type)
{
	struct strbuf sb = {0};

	ttype_spell(&sb, a->src, type);
	const char *s = arena_strdup(a->env->arena, sb_str(&sb));
	sb_free(&sb);
	return s;
}

static void start_at(struct access *a, struct expr *addr, uint32_t type)
{
	a->value = NULL;
	a->parts = NULL;
	a->deref = NULL;
	a->base = addr;
	a->bit_off = 0;
	a->bit_size = 0;
	a->type = a->root = type;
	a->reloc = false;
	sb_reset(&a->path);
}

void access_value(struct access *a, const struct probe_env *env, struct loc loc,
		  const struct type_src *src, uint32_t type, struct expr *value)
{
	*a = (struct access){.env = env,
			     .loc = loc,
			     .src = src,
			     .type = type,
			     .root = type,
			     .value = value};
}

void access_memory(struct access *a, const struct probe_env *env,
		   struct loc loc, const struct type_src *src, uint32_t type,
		   struct expr *addr, bool user)
{
	*a = (struct access){.env = env, .loc = loc, .src = src, .user = user};
	start_at(a, addr, type);
}

void access_parts(struct access *a, const struct probe_env *env, struct loc loc,
		  const struct type_src *src, uint32_t type,
		  const struct access_part *parts, uint32_t nparts)
{
	*a = (struct access){.env = env,
			     .loc = loc,
			     .src = src,
			     .type = type,
			     .root = type,
			     .parts = parts,
			     .nparts = nparts};
}

void access_free(struct access *a)
{
	sb_free(&a->path);
}

/*
 * What another kernel's BTF needs to find the member again: the root's name.
 * A root without any cannot be found, so its offset stays as it is here.
 */
static const struct field_reloc *reloc_of(const struct access *a)
{
	struct ttype t;

	if (!a->src->ops->get(a->src, a->root, &t) || (!*t.name && !t.alias))
		return NULL;
	struct field_reloc *r =
		arena_new_obj(a->env->arena, struct field_reloc);
	r->type_name = *t.name ? t.name : t.alias;
	r->types = a->src;
	r->is_union = t.kind == TT_UNION;
	r->btf_id = *t.name ? t.id : t.alias_id;
	r->access = arena_strdup(a->env->arena, a->path.s);
	return r;
}

/* base + the constant, whose bits below 8 are left out. */
static struct expr *address_of(const struct access *a, bool relocatable)
{
	struct arena *ar = a->env->arena;
	int64_t off = (int64_t)a->bit_off / 8;

	if (!a->reloc && !off)
		return a->base;
	if (!a->reloc || !relocatable || !a->src->ops->relocatable)
		return long_add(ar, a->base, prim_number(ar, a->loc, off));
	struct expr *e = prim(ar, a->loc, PRIM_FIELD_OFFSET, TY_LONG);
	e->prim.value = off;
	e->prim.reloc = reloc_of(a);
	return long_add(ar, a->base, e);
}

/* Follows a pointer: the place is what it points to. */
static bool follow(struct access *a, const struct ttype *ptr, const char **why)
{
	if (a->deref)
		return a->deref(a, why);
	struct expr *addr = access_load(a, why);
	if (!addr)
		return false;
	a->user |= ptr->user;
	start_at(a, addr, ptr->elem);
	return true;
}

/* ---- steps ---- */

bool access_vbase(struct access *a, uint64_t off, uint32_t vbase, uint32_t type,
		  const char **why)
{
	struct arena *ar = a->env->arena;
	struct expr *at, *vtable, *distance;

	if (a->value || a->parts || a->deref) {
		*why = "its object is not in memory here, and only that tells "
		       "where the virtual base is";
		return false;
	}
	a->bit_off += off * 8;
	at = address_of(a, false);
	vtable = prim_read(ar, a->loc, expr_clone(ar, at), 8, false, a->user);
	distance = prim_read(ar, a->loc,
			     long_add(ar, vtable,
				      prim_number(ar, a->loc, -(int64_t)vbase)),
			     8, false, a->user);
	start_at(a, long_add(ar, expr_clone(ar, at), distance), type);
	return true;
}

static bool take_member(struct access *a, const struct ttype *t,
			const char *name, const char **why, const char **have)
{
	struct arena *ar = a->env->arena;
	struct tmember_path m;

	if (!ttype_find_member(t, name, &m)) {
		struct name_list l = {0};
		*why = NULL;
		if (a->statics && a->statics(a, t, name, why))
			return true;
		if (*why)
			return false;
		ttype_all_members(ar, t, &l);
		*why = arena_printf(ar, "unable to find member '%s' for %s%s",
				    name, spelled(a, a->type),
				    similar_suffix(ar, name, l.v.v, l.v.n));
		*have = ttype_member_names(ar, t, 40);
		return false;
	}
	if (m.vbase)
		return access_vbase(a, m.bit_off / 8, m.vbase, m.type, why) &&
		       access_member(a, name, why, have);
	if (a->value) {
		/* A small struct passed by value: its bits. */
		struct ttype mt;
		uint64_t size;
		if (!a->src->ops->get(a->src, m.type, &mt) ||
		    !ttype_size(a->src, m.type, &size) ||
		    m.bit_off + (m.bit_size ? m.bit_size : size * 8) > 64) {
			*why = "it does not fit in a register";
			return false;
		}
		a->value = prim_extract(
			ar, a->loc, a->value, (unsigned)m.bit_off,
			m.bit_size ? m.bit_size : (unsigned)size * 8,
			mt.is_signed);
		a->type = m.type;
		return true;
	}
	a->deref = NULL;
	if (!a->path.len)
		sb_puts(&a->path, "0");
	for (uint32_t i = 0; i < m.depth; i++)
		sb_printf(&a->path, ":%u", m.index[i]);
	a->reloc = true;
	a->bit_off += m.bit_off;
	a->bit_size = m.bit_size;
	a->type = m.type;
	return true;
}

bool access_member(struct access *a, const char *name, const char **why,
		   const char **have)
{
	struct ttype t;

	a->pointee = false;
	if (!get(a, &t, why))
		return false;
	if (t.kind == TT_PTR) {
		if (!follow(a, &t, why) || !get(a, &t, why))
			return false;
	}
	if (t.kind == TT_STRUCT || t.kind == TT_UNION)
		return take_member(a, &t, name, why, have);
	*why = t.kind == TT_FWD
		       ? arena_printf(a->env->arena,
				      "%s is declared, but its members are not "
				      "in the type information",
				      spelled(a, a->type))
		       : arena_printf(a->env->arena,
				      "invalid access '->%s' vs %s: not a "
				      "structure or union",
				      name, spelled(a, a->type));
	return false;
}

/* Of a row of an array whose dimensions are known at run time. */
static struct expr *size_at_run_time(struct access *a, uint32_t id,
				     const char **why)
{
	struct arena *ar = a->env->arena;
	struct expr *size = NULL, *n;
	struct ttype t;

	for (int depth = 0; depth < TTYPE_MAX_DEPTH; depth++) {
		if (!a->elements || !a->src->ops->get(a->src, id, &t))
			return NULL;
		uint64_t fixed = t.kind == TT_ARRAY ? t.n : t.size;
		if (fixed)
			n = prim_number(ar, a->loc, (int64_t)fixed);
		else
			n = t.kind == TT_ARRAY ? a->elements(a, &t, why) : NULL;
		if (!n)
			return NULL;
		size = size ? long_binary(ar, OP_MUL, size, n) : n;
		if (t.kind != TT_ARRAY)
			return size;
		id = t.elem;
	}
	return NULL;
}

static bool move_by_unknown(struct access *a, uint32_t elem, struct expr *index,
			    const char **why)
{
	struct arena *ar = a->env->arena;
	struct expr *size;

	*why = NULL;
	size = a->parts ? NULL : size_at_run_time(a, elem, why);
	if (!size) {
		if (!*why)
			*why = arena_printf(ar, "the size of %s is not known",
					    spelled(a, elem));
		return false;
	}
	index = long_binary(ar, OP_MUL, index, size);
	start_at(a, long_add(ar, address_of(a, true), index), elem);
	return true;
}

/* Moves on by index elements of the given type, of which a is the first. */
static bool move_by(struct access *a, uint32_t elem, struct expr *index,
		    const char **why)
{
	struct arena *ar = a->env->arena;
	uint64_t size;

	if (!ttype_size(a->src, elem, &size))
		return move_by_unknown(a, elem, index, why);
	if (index->kind == E_NUMBER) {
		int64_t n = index->num.v;
		if (n < 0 || (uint64_t)n > (1u << 30) / size) {
			*why = "the index is out of range";
			return false;
		}
		/* An index before any member counts objects at base. */
		if (!a->path.len)
			sb_printf(&a->path, "%lld", (long long)n);
		else
			sb_printf(&a->path, ":%lld", (long long)n);
		a->bit_off += (uint64_t)n * size * 8;
		a->type = elem;
		return true;
	}
	if (a->parts) {
		*why = "it is no memory here, so that its index must be a "
		       "number";
		return false;
	}
	struct expr *off = size == 1
				   ? index
				   : long_binary(ar, OP_MUL, index,
					    prim_number(ar, a->loc, (int64_t)size));
	start_at(a, long_add(ar, address_of(a, true), off), elem);
	return true;
}

bool access_index(struct access *a, struct expr *index, const char **why)
{
	bool pointee = a->pointee;
	struct ttype t;

	a->pointee = false;
	if (!get(a, &t, why))
		return false;
	if (pointee && t.kind != TT_ARRAY)
		return move_by(a, a->type, index, why);
	if (t.kind == TT_PTR)
		return follow(a, &t, why) && move_by(a, t.elem, index, why);
	if (t.kind != TT_ARRAY || a->value) {
		*why = arena_printf(a->env->arena,
				    "invalid access '[]' vs %s: not an array "
				    "or a pointer",
				    spelled(a, a->type));
		return false;
	}
	/* the array is no member of anything */
	bool whole = !a->reloc && !a->parts;
	if (!move_by(a, t.elem, index, why))
		return false;
	if (whole && a->bit_off)
		start_at(a, address_of(a, false), t.elem);
	else if (whole)
		start_at(a, a->base, t.elem);
	return true;
}

bool access_steps(struct access *a, const struct expr *target, const char **why,
		  const char **have)
{
	vec_for (&target->target.steps, i) {
		const struct target_step *s = &target->target.steps.v[i];
		bool ok = s->kind == STEP_MEMBER
				  ? access_member(a, s->member, why, have)
				  : access_index(a, s->index, why);
		if (!ok)
			return false;
	}
	return true;
}

/* ---- ends ---- */

static struct expr *load_bits(struct access *a, const struct ttype *t,
			      const char **why)
{
	struct arena *ar = a->env->arena;
	uint64_t unit = t->size && t->size <= 8 ? t->size : 8;
	uint64_t first = a->bit_off / (unit * 8) * unit;
	unsigned pos = (unsigned)(a->bit_off - first * 8);

	if (pos + a->bit_size > unit * 8) {
		/* packed, across two units */
		unit = 8;
		first = a->bit_off / 8;
		pos = a->bit_off % 8;
	}
	if (pos + a->bit_size > 64) {
		*why = "the bit-field crosses nine bytes";
		return NULL;
	}
	struct access word = *a;
	word.bit_off = first * 8;
	return prim_extract(ar, a->loc,
			    prim_read(ar, a->loc, address_of(&word, false),
				      (uint32_t)unit, false, a->user),
			    pos, a->bit_size, t->is_signed);
}

/* Bits of a value in parts, put together. */
static struct expr *gather(struct access *a, const struct ttype *t,
			   const char **why)
{
	struct arena *ar = a->env->arena;
	uint64_t size = a->bit_size ? a->bit_size : t->size * 8;
	uint64_t lo = a->bit_off, hi = lo + size, done = 0;
	struct expr *sum = NULL;

	if (!size || size > 64) {
		*why = arena_printf(ar,
				    "%s has %llu bytes, more than an integer",
				    spelled(a, a->type),
				    (unsigned long long)t->size);
		return NULL;
	}
	for (uint32_t i = 0; i < a->nparts; i++) {
		const struct access_part *p = &a->parts[i];
		uint64_t end = p->bit_off + p->bit_size;
		if (end <= lo || p->bit_off >= hi || !p->value)
			continue;
		uint64_t from = p->bit_off > lo ? p->bit_off : lo;
		uint64_t to = end < hi ? end : hi;
		unsigned n = (unsigned)(to - from);
		bool last = n == size;
		struct expr *x = prim_extract(
			ar, a->loc, expr_clone(ar, p->value),
			(unsigned)(from - p->bit_off), n,
			last && t->is_signed);
		done += n;
		if (last)
			return x;
		if (from > lo)
			x = long_binary(ar, OP_SHL, x,
					prim_number(ar, a->loc,
						    (int64_t)(from - lo)));
		sum = sum ? long_binary(ar, OP_BITOR, sum, x) : x;
	}
	if (done < size) {
		*why = a->lost ? a->lost : "it was optimised out here";
		return NULL;
	}
	return prim_extract(ar, a->loc, sum, 0, (unsigned)size, t->is_signed);
}

static struct expr *load_scalar(struct access *a, const struct ttype *t,
				const char **why)
{
	if (a->deref) {
		*why = "it points to an object that was optimised out of "
		       "memory; only its members can be read";
		return NULL;
	}
	if (a->value)
		return a->value;
	if (a->parts)
		return gather(a, t, why);
	if (a->bit_size)
		return load_bits(a, t, why);
	if (t->size != 1 && t->size != 2 && t->size != 4 && t->size != 8) {
		*why = arena_printf(a->env->arena,
				    "%s has %llu bytes, more than an integer",
				    spelled(a, a->type),
				    (unsigned long long)t->size);
		return NULL;
	}
	return prim_read(a->env->arena, a->loc, address_of(a, true),
			 (uint32_t)t->size, t->is_signed, a->user);
}

/*
 * The language has no floating point: a double is its bits, and so is a
 * float, which the tapset library widens.
 */
static struct expr *load_float(struct access *a, const struct ttype *t,
			       const char **why)
{
	struct arena *ar = a->env->arena;

	if (t->size != 4 && t->size != 8) {
		*why = arena_printf(ar, "a value of type %s is no integer",
				    spelled(a, a->type));
		return NULL;
	}
	struct expr *v = load_scalar(a, t, why);
	if (!v || t->size == 8)
		return v;
	struct expr *call = expr_call(ar, a->loc, "fp32_to_fp64");
	vec_push(ar, &call->call.args, v);
	return call;
}

struct expr *access_load(struct access *a, const char **why)
{
	struct ttype t;

	if (!get(a, &t, why))
		return NULL;
	switch (t.kind) {
	case TT_INT:
	case TT_ENUM:
	case TT_PTR:
		return load_scalar(a, &t, why);
	case TT_FLOAT:
		return load_float(a, &t, why);
	case TT_ARRAY:
		if (!a->value && !a->parts)
			return address_of(a, true);
		/* fall through */
	case TT_STRUCT:
	case TT_UNION:
		*why = arena_printf(a->env->arena,
				    "'%s' is being accessed instead of a "
				    "member",
				    spelled(a, a->type));
		return NULL;
	default:
		*why = arena_printf(a->env->arena,
				    "a value of type %s is no integer",
				    spelled(a, a->type));
		return NULL;
	}
}

/*
 * What is assigned to: the integer in memory of a process, which the rest of
 * pass 2 makes a call of __write_user() of.
 */
static struct expr *access_lvalue(struct access *a, const char **why)
{
	struct ttype t;

	if (!get(a, &t, why))
		return NULL;
	if (a->value || a->parts || a->deref)
		*why = "it is in a register or was optimised out of memory: "
		       "BPF programs can change memory of the process only";
	else if (!a->user)
		*why = KERNEL_IS_READ_ONLY;
	else if (a->bit_size)
		*why = "a bit-field cannot be written";
	else if (t.kind != TT_INT && t.kind != TT_ENUM && t.kind != TT_PTR)
		*why = "only integers and pointers can be written";
	else
		return load_scalar(a, &t, why);
	return NULL;
}

struct expr *access_address(struct access *a, const char **why)
{
	if (a->value || a->parts) {
		*why = "it has no address: it is a value, not memory";
		return NULL;
	}
	if (a->bit_size) {
		*why = "a bit-field has no address";
		return NULL;
	}
	return address_of(a, true);
}

/* The C type of what was bound, so that script variables may carry it. */
static void note_type(const struct access *a, struct expr *bound, bool addr_of)
{
	struct ttype t;

	if (!a->src->ops->get(a->src, a->type, &t))
		return;
	uint32_t pointee;
	if (addr_of)
		pointee = a->type;
	else if (t.kind == TT_PTR || t.kind == TT_ARRAY)
		pointee = t.elem;
	else
		return;
	struct value_type *v = arena_new_obj(a->env->arena, struct value_type);
	v->src = a->src;
	v->id = pointee;
	v->user = a->user || t.user;
	bound->ctype = v;
}

const struct value_type *value_type_of(const struct expr *e)
{
	if (!e)
		return NULL;
	if (e->ctype)
		return e->ctype;
	switch (e->kind) {
	case E_TARGET:
		return value_type_of(e->target.bound);
	case E_TERNARY: {
		const struct value_type *t = value_type_of(e->ternary.a);
		return t ? t : value_type_of(e->ternary.b);
	}
	case E_ASSIGN:
		return value_type_of(e->assign.b);
	default:
		return NULL;
	}
}

bool access_bind(struct access *a, struct expr *e, bool lvalue,
		 const char **why, const char **have)
{
	if (!access_steps(a, e, why, have))
		return false;
	struct expr *b;
	if (lvalue)
		b = access_lvalue(a, why);
	else if (e->target.pretty)
		b = access_pretty(a, e->target.pretty > 1, why);
	else if (e->target.addr_of)
		b = access_address(a, why);
	else
		b = access_load(a, why);
	if (!b)
		return false;
	if (!e->target.pretty)
		note_type(a, b, e->target.addr_of);
	e->target.bound = b;
	return true;
}
