/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * C types of what is traced, whatever told us of them (BTF, DWARF). A
 * type is a number within its source; struct ttype is what it looks like
 * once typedefs and qualifiers are gone.
 */
#ifndef TARGET_TYPE_H
#define TARGET_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/strbuf.h"

enum ttype_kind {
	TT_VOID,
	TT_INT, /* and char, _Bool */
	TT_ENUM,
	TT_FLOAT,
	TT_PTR,
	TT_ARRAY,
	TT_STRUCT,
	TT_UNION,
	TT_FUNC, /* only behind a pointer */
	TT_FWD,	 /* declared, never defined here */
};

struct type_src {
	const struct type_ops *ops;
};

enum ttype_quals {
	TTYPE_CONST = 1,
	TTYPE_VOLATILE = 2,
	TTYPE_RESTRICT = 4,
};

struct ttype {
	const struct type_src *src;
	enum ttype_kind kind;
	uint32_t id;	   /* in src; what typedefs and qualifiers led to */
	const char *name;  /* tag or base type, "" when it has none */
	const char *alias; /* the nearest typedef's name, or NULL */
	uint32_t alias_id;
	uint8_t quals; /* TTYPE_* of what the alias, or else the name, follows */
	uint64_t size; /* bytes; 0: unknown, or incomplete */
	bool is_signed, is_char, is_bool;
	bool is_variadic;	    /* FUNC */
	bool is_class; /* STRUCT: C++'s other word for it */
	bool user;     /* pointer into user space (__user, where it is known) */
	uint32_t elem; /* PTR, ARRAY; FUNC: what it returns */
	uint32_t n; /* ARRAY: elements; STRUCT, UNION: members; ENUM: values;
		       FUNC: parameters */
};

struct tmember {
	const char *name; /* "" when anonymous */
	uint32_t type;
	uint32_t bit_off;  /* from the start of the struct */
	uint32_t bit_size; /* of a bit-field, else 0 */
	/* A virtual base class, else 0: the object's vtable holds the base's
	   distance from the object, this many bytes before what the object's
	   first word points to. bit_off is 0. */
	uint32_t vbase;
};

struct type_ops {
	/* Offsets are the running kernel's; another may have others (CO-RE). */
	bool relocatable;
	/* False when the id is bad or leads nowhere. */
	bool (*get)(const struct type_src *s, uint32_t id, struct ttype *out);
	bool (*member)(const struct ttype *t, uint32_t i, struct tmember *out);
	/* Enumerator i: its name and value. */
	bool (*enumerator)(const struct ttype *t, uint32_t i, const char **name,
			   int64_t *value);
	/* Type of parameter i of a FUNC. */
	bool (*param)(const struct ttype *t, uint32_t i, uint32_t *type);
	/* The type of this kind and name; false when there is none. */
	bool (*find)(const struct type_src *s, enum ttype_kind kind,
		     const char *name, uint32_t *id);
	/* The typedef of this name. */
	bool (*find_typedef)(const struct type_src *s, const char *name,
			     uint32_t *id);
};

/* Bytes of an object, arrays included; false: not known. */
bool ttype_size(const struct type_src *s, uint32_t id, uint64_t *size);

#define TTYPE_MAX_DEPTH 16 /* of anonymous members within each other */

/* Where a named member lies, also when it is within anonymous members. */
struct tmember_path {
	uint32_t type;
	uint64_t bit_off; /* from the start of the outer struct */
	uint32_t bit_size;
	uint32_t index[TTYPE_MAX_DEPTH]; /* one per level, outermost first */
	uint32_t depth;
	/* Not 0: what is at bit_off has a virtual base (struct tmember) of this
	   type, in which the member must be looked for. */
	uint32_t vbase;
};
bool ttype_find_member(const struct ttype *t, const char *name,
		       struct tmember_path *out);

/* "prev, next, ...": the members' names, for messages; at most max. */
const char *ttype_member_names(struct arena *a, const struct ttype *t,
			       uint32_t max);
/* Names of all members (anonymous ones entered), for "did you mean". */
struct name_list {
	VEC(const char *) v;
};
void ttype_all_members(struct arena *a, const struct ttype *t,
		       struct name_list *out);

/* The type as C would spell it: "struct task_struct*". */
void ttype_spell(struct strbuf *out, const struct type_src *s, uint32_t id);

/*
 * Parses what @cast calls a type name: "task_struct", "struct task_struct",
 * "pid_t", "unsigned long", each with any number of "*" behind it. A bare
 * name means the struct, union, typedef, enum or base type of that name, in
 * this order. stars: the pointers on top of *id.
 */
bool ttype_parse(const struct type_src *s, const char *text, uint32_t *id,
		 unsigned *stars);

#endif
