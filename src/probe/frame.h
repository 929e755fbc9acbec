/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Variables of traced code, by DWARF: from a name at a place to a tree that
 * reads it. Nothing here knows whether the place is in a program or in the
 * kernel; a frame says where registers come from and what makes run-time
 * addresses of link-time ones.
 */
#ifndef PROBE_FRAME_H
#define PROBE_FRAME_H

#include "probe/access.h"

struct frame {
	struct dw_module *m;
	Dwarf_Die func;	   /* the function or inlined instance; addr NULL:
			      only global variables */
	uint64_t pc;	   /* link-time address of the probe */
	bool user;	   /* memory is read as user space's */
	bool is_return;	   /* pc is the entry, registers are the caller's */
	const char *label; /* pc stands at, for messages; or NULL */
	/* DWARF's register, 64 bits; NULL: *why. */
	struct expr *(*reg)(const struct frame *f, const struct probe_env *env,
			    struct loc loc, unsigned regno, const char **why);
	/* Run-time address of a link-time one; NULL: *why. */
	struct expr *(*address)(const struct frame *f,
				const struct probe_env *env, struct loc loc,
				uint64_t addr, const char **why);
	/* Address of what is `off` bytes within the file's thread-local
	   variables; NULL: *why. */
	struct expr *(*tls)(const struct frame *f, const struct probe_env *env,
			    struct loc loc, uint64_t off, const char **why);
	const void *ctx; /* of these */
};

/* A frame.reg that reads pt_regs, the context of kprobes and uprobes. */
struct expr *frame_pt_reg(const struct frame *f, const struct probe_env *env,
			  struct loc loc, unsigned regno, const char **why);

/* ---- frame_loc.c ---- */
/* The place of a variable; false: *why ("optimised out"). */
bool frame_place(const struct frame *f, const struct probe_env *env,
		 struct loc loc, struct dw_var *var, struct access *out,
		 const char **why);
/*
 * Is the function at f running because of these calls? From the innermost
 * outwards. NULL: *why.
 */
struct expr *frame_called_by(const struct frame *f, const struct probe_env *env,
			     struct loc loc, const struct dw_call *const *calls,
			     unsigned n, const char **why);
/* What the function returns, at a frame that is_return. */
bool frame_return(const struct frame *f, const struct probe_env *env,
		  struct loc loc, struct access *out, const char **why);

/* ---- frame_bind.c ---- */
/* $name, $$vars and so on: a kind's bind(). */
bool frame_bind(const struct frame *f, const struct probe_env *env,
		struct expr *e, bool lvalue, const char **why,
		const char **have);
/* The same where what a return's handler says of a variable means the entry. */
bool frame_bind_site(const struct frame *f, const struct probe_env *env,
		     struct expr *e, bool lvalue, const char **why,
		     const char **have);
/* @var("name"): globals only. */
bool frame_bind_global(const struct frame *f, const struct probe_env *env,
		       struct expr *e, bool lvalue, const char **why,
		       const char **have);
/* " $x:int $p:struct s*" for -L. */
void frame_list_vars(const struct frame *f, const struct probe_env *env,
		     struct strbuf *out);

#endif
