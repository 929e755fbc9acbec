/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probe kinds. A kind is one file (k_*.c): it recognises probe points,
 * expands wildcards to the places that exist, offers the context variables of
 * such a place, and ends in a plain attach record. Adding a kind touches that
 * file, one row of kinds.def, its test and its doc.
 *
 * Pass 2 (sema) first resolves aliases; what is left reaches probe_match().
 */
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include "base/diag.h"
#include "base/map.h"
#include "syntax/ast.h"
#include "base/strbuf.h"
#include "wire/image.h"

/* Ways to attach to a function or a tracepoint of the kernel. */
enum probe_way {
	WAY_KPROBE,
	WAY_KPROBE_MULTI,
	WAY_FENTRY, /* fexit too */
	WAY_ITERATOR, /* see trace_way.c: it is possible, and needed */
};

/* What kinds may ask about the session; read-only. */
struct probe_env {
	struct arena *arena;
	struct diag *diag;
	const char *target_cmd; /* -c: program path of the command, or NULL */
	int target_pid;		/* -x, or 0 */
	bool guru_mode;
	const char *runtime; /* "bpf", "user" */
	unsigned ncpus;
	/* memory of lazily opened targets (BTF, ELF files), see target/ */
	struct target_cache *targets;
	struct counter_table *counters; /* made by the caller, empty */
	/* list mode (-l/-L): do not fail on what cannot be attached */
	bool listing;
	/*
	 * Does the kernel that will run the script grant this? Tried out when
	 * first asked. NULL: not known (another machine's, or nothing will
	 * run); then only what all kernels have is used.
	 */
	bool (*grants)(enum probe_way way, struct target_cache *targets);
	/*
	 * The number by which handlers know the process that is pid here: not
	 * the same in a container. 0: it cannot be told, *why says why. NULL:
	 * the same.
	 */
	int (*seen_pid)(int pid, const char **why);
};

struct probe_kind;
struct frame;

/* One concrete place: what a wildcard was expanded to. */
struct probe_site {
	const struct probe_kind *kind;
	const struct probe_point *point; /* what the user or alias wrote */
	const char *name;		 /* derived point, wildcards resolved:
					    kernel.trace("sched:sched_switch") */
	const char *alias; /* what lists and pn() call it, wildcards resolved,
			      where that differs from the derived name: an alias
			      (sema), a mark; or NULL */
	/* Link-time address of the function whose entry or return this is,
	   where a probe of its entry may stand behind it (after the
	   prologue); otherwise 0. */
	uint64_t function;
	struct wire_attach attach; /* kind, period, ...; `handler`, `name`,
				      `target`, `symbol` are filled in by pass
				      3 from the fields below */
	const char *target;	   /* text for attach.target, or NULL */
	const char *symbol;	   /* text for attach.symbol, or NULL */
	const char *func; /* what probefunc() says; NULL: the symbol */
	enum image_prog_type prog_type;
	uint32_t handler_flags; /* IMAGE_HANDLER_* */
	/* A statement to run before the handler body (filters like "only
	   this process": `if (...) next`), or NULL. */
	struct stmt *prologue;
	/* Two sites with equal class and equal bound variables share one
	   handler (program); NULL: never shared. */
	const char *share_class;
	void *data; /* of the kind */
};

struct site_list {
	VEC(struct probe_site *) v;
};

struct probe_kind {
	const char *name; /* "timer", "kernel.trace", ... */
	/* Forms for docs, --dump-probe-types and "did you mean":
	   "timer.ms(number)", ...; NULL-terminated. */
	const char *const *forms;
	/*
	 * Is this point (aliases already resolved; wildcards still in) one of
	 * ours? If so append what it matches. Returns:
	 *   PROBE_NOT_MINE  another kind may try;
	 *   PROBE_MATCHED   mine, zero or more sites were appended (zero means
	 *                   "no match": sema reports unless the point is
	 *                   optional);
	 *   PROBE_ERROR     mine, and an error was reported.
	 */
	int (*match)(const struct probe_env *env, const struct probe_point *p,
		     struct site_list *out);
	/*
	 * Binds a target variable (E_TARGET, TGT_VAR) at a site: stores the
	 * replacement tree (E_PRIM, arithmetic, calls) in e->target.bound.
	 * Returns false when the variable does not exist here; then *why (may
	 * stay NULL) says why and *have lists what exists ("prev, next, ...").
	 * Reports nothing itself: @defined() uses this too. `lvalue`: the
	 * variable is assigned to.
	 */
	bool (*bind)(const struct probe_env *env, struct probe_site *site,
		     struct expr *e, bool lvalue, const char **why,
		     const char **have);
	/* Where DWARF's variables are at a site (probe/frame.h), or NULL. */
	const struct frame *(*frame)(const struct probe_site *site);
	/* Called before a body is bound that asks for the registers, the stack or
	   the place of the hit: a site whose mechanism cannot give both those
	   and the variables takes another one. May be NULL. */
	void (*need_registers)(const struct probe_env *env,
			       struct probe_site *site);
	/* Context variables belong to the probe, not to what is traced: they may
	   be assigned to without guru mode. */
	bool own_values;
	/* For -L: "name:type" of each context variable, appended to out. */
	void (*list_vars)(const struct probe_env *env, struct probe_site *site,
			  struct strbuf *out);
};

enum { PROBE_NOT_MINE, PROBE_MATCHED, PROBE_ERROR };

/* Tries every kind in the order of kinds.def; results as for match(). */
int probe_match(const struct probe_env *env, const struct probe_point *p,
		struct site_list *out);

/*
 * Do the kinds have an answer to points whose first component is this, be it
 * an error that explains why not? Otherwise an alias may have been meant.
 */
bool probe_knows_family(const char *name);

/* All kinds, NULL-terminated. */
const struct probe_kind *const *probe_kinds(void);

/*
 * Binds what does not depend on the kind: @cast, @var, @kderef, autocasts,
 * `->`/[] steps on typed values: see bind.c. Same contract as kind->bind.
 */
bool probe_bind_target(const struct probe_env *env, struct probe_site *site,
		       struct expr *e, bool lvalue, const char **why,
		       const char **have);

/* ---- helpers for kinds ---- */

/* Matches "name", "name(string)", "name(number)" components: the component's
   name equals `name` (or matches it when it has wildcards). */
bool pp_is(const struct probe_point *p, unsigned i, const char *name);
const char *pp_string(const struct probe_point *p, unsigned i);
bool pp_number(const struct probe_point *p, unsigned i, int64_t *v);
/* A site, appended to out; its name is the point as it was written. */
struct probe_site *site_new(const struct probe_env *env,
			    const struct probe_kind *k,
			    const struct probe_point *p, struct site_list *out);
/* The same with another name, which is the arena's. */
struct probe_site *site_named(const struct probe_env *env,
			      const struct probe_kind *k,
			      const struct probe_point *p, const char *name,
			      struct site_list *out);
/* Shell-style pattern with * ? [..] as SystemTap's wildcards. */
bool name_matches(const char *pattern, const char *name);
bool has_wildcard(const char *pattern);

#endif
