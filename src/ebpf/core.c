// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CO-RE: what a field's offset on another kernel is found by. libbpf looks for
 * the type by its name and for the members by theirs, so the object needs to
 * describe only the way to the field: each struct has the one member that
 * leads on, and the access string says "member 0" each time.
 *
 *	struct task_struct { 9728 bytes; pid at 2464: int }	"0:0"
 */
#include "ebpf/info.h"

#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#include "syntax/ast.h"
#include "target/type.h"

#define FIELD_BYTE_OFFSET 0 /* enum bpf_core_relo_kind */

struct core_local {
	const struct field_reloc *field;
	uint32_t id; /* of the root type */
	const char *access;
};

struct walk {
	struct info *b;
	const char *rest; /* of the access string */
	struct strbuf access;
};

static bool next_index(struct walk *w, uint32_t *index)
{
	char *end;

	if (*w->rest != ':')
		return false;
	*index = (uint32_t)strtoul(w->rest + 1, &end, 10);
	w->rest = end;
	return true;
}

/* Where the way ends: only the kind matters. */
static uint32_t leaf(struct info *b, const struct ttype *t)
{
	switch (t->kind) {
	case TT_PTR:
		return b->ptr_void;
	case TT_STRUCT:
	case TT_UNION:
		return info_type(b, t->name,
				 t->kind == TT_STRUCT ? BTF_KIND_STRUCT
						      : BTF_KIND_UNION,
				 0, (uint32_t)t->size);
	case TT_ENUM:
		return info_type(b, "", BTF_KIND_ENUM, 0, (uint32_t)t->size);
	case TT_FLOAT:
		return info_type(b, "float", BTF_KIND_FLOAT, 0,
				 (uint32_t)t->size);
	case TT_INT:
		return info_int(b, "int", (uint32_t)t->size,
				t->is_signed ? BTF_INT_SIGNED : 0);
	default:
		return 0;
	}
}

/* Describes the type and the way on from it; 0: cannot. */
static uint32_t describe(struct walk *w, const struct type_src *src,
			 uint32_t type)
{
	struct tmember m;
	struct ttype t;
	uint32_t index, inner, outer;

	if (!src->ops->get(src, type, &t))
		return 0;
	if (t.kind == TT_ARRAY) {
		/* An array may also be where the way ends. */
		if (next_index(w, &index))
			sb_printf(&w->access, ":%u", index);
		inner = describe(w, src, t.elem);
		return inner ? info_array(w->b, inner, t.n) : 0;
	}
	if (!*w->rest)
		return leaf(w->b, &t);
	if ((t.kind != TT_STRUCT && t.kind != TT_UNION) ||
	    !next_index(w, &index) || !src->ops->member(&t, index, &m) ||
	    m.bit_size)
		return 0;
	sb_puts(&w->access, ":0");
	inner = describe(w, src, m.type);
	if (!inner)
		return 0;
	outer = info_type(w->b, t.name,
			  t.kind == TT_STRUCT ? BTF_KIND_STRUCT
					      : BTF_KIND_UNION,
			  1, (uint32_t)t.size);
	info_member(w->b, m.name, inner, m.bit_off);
	/* A struct without a tag is known by its typedef, if at all. */
	if (!*t.name && t.alias)
		return info_type(w->b, t.alias, BTF_KIND_TYPEDEF, 0, outer);
	return outer;
}

static struct core_local *local_of(struct info *b,
				   const struct field_reloc *field)
{
	struct core_local *l;
	struct walk w = {.b = b};

	vec_for (&b->locals, i) {
		const struct field_reloc *f = b->locals.v[i]->field;

		if (f == field ||
		    (f->types == field->types && f->btf_id == field->btf_id &&
		     !strcmp(f->access, field->access)))
			return b->locals.v[i];
	}
	l = arena_new_obj(b->u->arena, struct core_local);
	l->field = field;
	/* "0": the first of what the pointer points to */
	if (field->types && field->access[0] == '0') {
		w.rest = field->access + 1;
		sb_puts(&w.access, "0");
		l->id = describe(&w, field->types, field->btf_id);
		l->access = arena_strdup(b->u->arena, sb_str(&w.access));
		sb_free(&w.access);
	}
	vec_push(b->u->arena, &b->locals, l);
	return l;
}

uint32_t core_record(struct info *b, const struct field_reloc *field,
		     uint32_t insn_off)
{
	const struct core_local *l;
	uint32_t rec[4];

	if (!b->u->opts->core)
		return 0;
	l = local_of(b, field);
	if (!l->id)
		return 0;
	rec[0] = insn_off;
	rec[1] = l->id;
	rec[2] = info_str(b, l->access);
	rec[3] = FIELD_BYTE_OFFSET;
	bytes_add(b->u->arena, &b->ext, rec, sizeof(rec));
	return 1;
}
