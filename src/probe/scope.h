/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which processes a process.* probe means, and the check for it at run time.
 */
#ifndef PROBE_SCOPE_H
#define PROBE_SCOPE_H

#include "probe/access.h"

struct scope {
	/* The file that holds the probes; NULL: none was needed */
	const struct elf_file *elf;
	/* What the process runs; NULL: anything. Another file than elf when a
	   library was named: process("P").library("L") */
	const struct elf_file *program;
	int pid;		    /* process(PID), or 0 */
	int mapped_by;		    /* the process under whose own mounts the
				       program was found, or 0 */
	int seen_pid;		    /* the same as handlers see it */
	bool target_only;	    /* -c or -x: the target's process tree */
	const char *shown; /* in derived names: "\"/bin/ls\"", "1234", "" */
	const char *head;  /* what these begin with: process("P").library("L")
			    */
};

struct scope_list {
	VEC(struct scope *) v;
};

/* Index of the component behind process(...) and .library(...). */
unsigned scope_rest(const struct probe_point *p);

/*
 * process(...) and .library(...), the start of the point. need_elf: a program must be known
 * (bare `process` then means the command of -c). Wildcards in a path may give
 * several. False: *path and *why name a file that cannot be used; *path NULL:
 * no program is given.
 */
bool scope_find(const struct probe_env *env, const struct probe_point *p,
		bool need_elf, struct scope_list *out, const char **path,
		const char **why);

/* Reports a failure of scope_find(); PROBE_ERROR. */
int scope_error(const struct probe_env *env, const struct probe_point *p,
		const char *path, const char *why);

/*
 * Statements that leave the handler when it runs in another process; NULL
 * when any will do. Not for exec'ed programs: see scope_prologue_exe().
 */
struct stmt *scope_prologue(const struct probe_env *env, const struct scope *s,
			    struct loc loc);
/* The same, and the current process must run s->elf. NULL with *why set when
   that cannot be told. */
struct stmt *scope_prologue_exe(const struct probe_env *env,
				const struct scope *s, struct loc loc,
				const char **why);

/* A field of the current task: "mm->exe_file", read by pointer steps. */
struct expr *task_field(const struct probe_env *env, struct loc loc,
			const char *const *members, const char **why);

/*
 * A probe at one place of the scope's file: a new site with its attach record
 * and prologue; name, symbol, class and data are the kind's.
 */
struct probe_site *scope_uprobe(const struct probe_env *env,
				const struct probe_kind *k,
				const struct probe_point *p,
				const struct scope *sc, uint64_t file_off,
				uint64_t addr, struct site_list *out);

/* Forms of a probe in a process, and in a library of it. */
#define SCOPED(rest)                                                           \
	"process(string)." rest, "process(number)." rest, "process." rest
#define SCOPED_LIB(rest) SCOPED(rest), SCOPED("library(string)." rest)

#endif
