/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Typed access to what is traced: from a value or an address of known C type,
 * along -> and [] steps, to an expression of the language. Kinds start an
 * access at their variables; bind.c starts one at @cast and friends.
 */
#ifndef PROBE_ACCESS_H
#define PROBE_ACCESS_H

#include "probe/kind.h"

/* The C type of a script value; see struct expr.ctype. */
struct value_type {
	const struct type_src *src;
	uint32_t id;
	bool user; /* points into user space */
};

/* Bits of a value that is spread over registers, constants and memory. */
struct access_part {
	uint64_t bit_off;  /* within the object */
	uint32_t bit_size; /* at most 64 */
	struct expr *value; /* its low bits; NULL: optimised out */
};

struct access {
	const struct probe_env *env;
	struct loc loc;
	const struct type_src *src;
	uint32_t type; /* of the place reached */
	bool user;     /* address is in user space */
	bool pointee;  /* no step yet from a pointer's target: p[1] is its
			  neighbour, as in C */

	/* A value of its own (a register, an argument): */
	struct expr *value; /* NULL: it lies in memory */
	/* or in parts, of which [bit_off, bit_off + its size) is meant */
	const struct access_part *parts;
	uint32_t nparts;
	const char *lost; /* why some of its bits are in no part, or NULL */
	/* A pointer to an object that has no address: makes the place that
	   it points to of this one. */
	bool (*deref)(struct access *a, const char **why);
	const void *deref_ctx;
	/* Static members of C++ classes are variables elsewhere: makes the
	   place of the one called name. False: there is none, or *why. */
	bool (*statics)(struct access *a, const struct ttype *owner,
			const char *name, const char **why);
	/* How many elements an array has whose length is known at run time
	   only. NULL: not known, or *why. */
	struct expr *(*elements)(struct access *a, const struct ttype *array,
				 const char **why);
	const void *place_ctx; /* of these two */
	/* or memory: base + (constant of the steps since) */
	struct expr *base;
	uint64_t bit_off;
	uint32_t bit_size; /* bit-field */
	/* The steps since base, as CO-RE counts them; root: their type. */
	uint32_t root;
	struct strbuf path; /* "0:3:1"; empty: no member yet */
	bool reloc; /* a member was taken: the constant needs relocation */
};

/* A value of the given type. */
void access_value(struct access *a, const struct probe_env *env, struct loc loc,
		  const struct type_src *src, uint32_t type,
		  struct expr *value);
/* An object of the given type at an address. */
void access_memory(struct access *a, const struct probe_env *env,
		   struct loc loc, const struct type_src *src, uint32_t type,
		   struct expr *addr, bool user);
/* An object in parts. */
void access_parts(struct access *a, const struct probe_env *env, struct loc loc,
		  const struct type_src *src, uint32_t type,
		  const struct access_part *parts, uint32_t nparts);
void access_free(struct access *a);

/*
 * Takes a step. On failure *why says why not, and *have which members there
 * are, where that helps.
 */
bool access_member(struct access *a, const char *name, const char **why,
		   const char **have);
bool access_index(struct access *a, struct expr *index, const char **why);
bool access_steps(struct access *a, const struct expr *target, const char **why,
		  const char **have);

/* The value reached as an integer (an array's is its address), or NULL. */
struct expr *access_load(struct access *a, const char **why);
/* Its address, or NULL. */
struct expr *access_address(struct access *a, const char **why);
/*
 * Steps, then what e asks for (value, address, pretty-print); sets
 * e->target.bound.
 */
bool access_bind(struct access *a, struct expr *e, bool lvalue,
		 const char **why, const char **have);

/* What the value of a bound expression is in C, or NULL. */
const struct value_type *value_type_of(const struct expr *e);

/* ---- pretty-printing (pretty.c) ---- */
/* A sprintf of the place reached: $v$ (deep false) or $v$$. */
struct expr *access_pretty(struct access *a, bool deep, const char **why);

/*
 * Builds sprint expressions piece by piece: "prev=%#x next=%#x" and the
 * arguments.
 */
struct pretty {
	const struct probe_env *env;
	struct loc loc;
	struct strbuf fmt;
	expr_list args;
};
void pretty_init(struct pretty *p, const struct probe_env *env, struct loc loc);
void pretty_text(struct pretty *p, const char *text); /* not a format */
void pretty_arg(struct pretty *p, const char *directive, struct expr *e);
/* "name=value" of a group, as its suffix asks: $$parms (0), $$parms$ (1),
   $$parms$$ (2). */
void pretty_named(struct pretty *p, const char *name, struct access *a,
		  unsigned depth);
/* The E_PRINT (or E_STRING); frees what p holds. */
struct expr *pretty_done(struct pretty *p);

/* Why nothing of the kernel is an lvalue. */
#define KERNEL_IS_READ_ONLY                                                    \
	"BPF programs cannot write memory or registers of the kernel"

/* ---- small trees ---- */
struct expr *prim_ctx(struct arena *a, struct loc loc, uint32_t off,
		      uint32_t size, bool is_signed);
struct expr *prim_read(struct arena *a, struct loc loc, struct expr *addr,
		       uint32_t size, bool is_signed, bool user);
/*
 * The place is the virtual base of what is `off` bytes further: struct tmember
 * says where the vtable has its distance.
 */
bool access_vbase(struct access *a, uint64_t off, uint32_t vbase, uint32_t type,
		  const char **why);
/* NUL-terminated string; soft: a fault gives "". max 0: any length. */
struct expr *prim_string(struct arena *a, struct loc loc, struct expr *addr,
			 uint64_t max, bool user, bool soft);
/* Bits [pos, pos + size) of a 64-bit value, extended. */
struct expr *prim_extract(struct arena *a, struct loc loc, struct expr *v,
			  unsigned pos, unsigned size, bool is_signed);
struct expr *prim_number(struct arena *a, struct loc loc, int64_t v);
struct expr *long_binary(struct arena *a, enum op op, struct expr *x,
			 struct expr *y);
struct expr *long_add(struct arena *a, struct expr *x, struct expr *y);

#endif
