/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reader of BTF, the kernel's type information.
 *
 * Made for start-up time: the 5 MB of vmlinux are mapped (Linux 6.16; read
 * before), walked once to note where each type stands, and looked at only
 * where asked. Nothing is copied, and names are hashed only when many have been
 * asked for: until then a lookup finds the string first and then the type that
 * uses it, 0.2 ms for 126,000 types.
 */
#ifndef TARGET_BTF_H
#define TARGET_BTF_H

#include <stddef.h>

#include "target/type.h"

struct kbtf;

/*
 * Reads BTF from memory that stays valid until kbtf_close(). base: vmlinux
 * when this is a module's, else NULL. On failure returns -errno and *why says
 * what is wrong with the data.
 */
int kbtf_from_memory(const void *data, size_t len, const struct kbtf *base,
		     struct kbtf **out, const char **why);
/* The same from a file. */
int kbtf_from_file(const char *path, const struct kbtf *base, struct kbtf **out,
		   const char **why);
void kbtf_close(struct kbtf *b);

const struct type_src *kbtf_types(const struct kbtf *b);
/* Ids in this file: first .. end - 1. */
uint32_t kbtf_first_id(const struct kbtf *b);
uint32_t kbtf_end_id(const struct kbtf *b);

/* A typedef "btf_trace_NAME" of this file: how tracepoints show in BTF. */
struct kbtf_tp {
	const struct kbtf *btf;
	const char *name; /* without the prefix */
	uint32_t proto;	  /* id of the FUNC_PROTO, 0 when malformed */
};
/* Calls found for each tracepoint of this file, until it returns false. */
void kbtf_each_tp(const struct kbtf *b,
		  bool (*found)(void *ctx, const struct kbtf_tp *tp),
		  void *ctx);
bool kbtf_find_tp(const struct kbtf *b, const char *name, struct kbtf_tp *out);

struct kbtf_param {
	const char *name; /* NULL: not known */
	uint32_t type;
};
/*
 * The arguments of a tracepoint, its internal first one left out. Returns
 * how many there are, at most max are stored.
 */
uint32_t kbtf_tp_params(const struct kbtf_tp *tp, struct kbtf_param *out,
			uint32_t max);

/* Calls found for each function of this file, until it returns false. */
void kbtf_each_func(const struct kbtf *b,
		    bool (*found)(void *ctx, const char *name, uint32_t proto),
		    void *ctx);
/* The prototype of a function of this file: its id, or 0. *id: the
   function's own. */
uint32_t kbtf_find_func(const struct kbtf *b, const char *name, uint32_t *id);
/*
 * The parameters of a prototype. Returns how many there are, at most max are
 * stored. *ret: the type of the result, 0: void. *variadic: "..." follows.
 */
uint32_t kbtf_func_params(const struct kbtf *b, uint32_t proto,
			  struct kbtf_param *out, uint32_t max, uint32_t *ret,
			  bool *variadic);

/* Type of a global variable (BTF has per-CPU ones only), or false. */
bool kbtf_find_var(const struct kbtf *b, const char *name, uint32_t *type);
/* The section that a variable of this file lies in (".data..percpu"), or "". */
const char *kbtf_var_section(const struct kbtf *b, const char *name);

/*
 * An enumerator by name, as a constant. Walks every enum: slow (ms), for
 * @enum() only.
 */
bool kbtf_find_enumerator(const struct kbtf *b, const char *name,
			  int64_t *value);

#endif
