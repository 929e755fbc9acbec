/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which processes a process.* probe means, and the check for it at run time.
 */
#ifndef PROBE_SCOPE_H
#define PROBE_SCOPE_H

#include "probe/access.h"

struct scope {
	const struct elf_file *elf; /* the program; NULL: any */
	int pid;		    /* process(PID), or 0 */
	bool target_only;	    /* -c or -x: the target's process tree */
	const char *shown; /* in derived names: "\"/bin/ls\"", "1234", "" */
};

struct scope_list {
	VEC(struct scope *) v;
};

/*
 * Component 0 of the point, process(...). need_elf: a program must be known
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

#endif
