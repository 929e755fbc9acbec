/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls as sys_enter and sys_exit show them. */
#ifndef PROBE_SYSCALL_ARGS_H
#define PROBE_SYSCALL_ARGS_H

#include "probe/access.h"

/* The number; NULL with *why set when it cannot be told. */
struct expr *syscall_number(const struct probe_env *env, struct loc loc,
			    bool is_return, const char **why);
/* Where struct pt_regs has it; 0: nowhere. */
uint64_t syscall_number_offset(const struct probe_env *env);
/* A probe kind's bind() and list_vars(). compat: of a 32-bit program. */
bool syscall_bind_var(const struct probe_env *env, bool is_return, bool compat,
		      struct expr *e, bool lvalue, const char **why,
		      const char **have);
void syscall_list_args(bool is_return, struct strbuf *out);

#endif
