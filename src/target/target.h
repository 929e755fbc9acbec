/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts about the traced system, looked up when first asked for and kept for
 * the session: the kernel's release, configuration, symbols, types and
 * tracepoints, and the programs on disk (elf.h).
 *
 * Only reads; nothing is mounted or changed. What cannot be read is an answer
 * too, with a reason that names the file and the remedy.
 */
#ifndef TARGET_TARGET_H
#define TARGET_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "target/btf.h"
#include "target/dwarf.h"
#include "target/elf.h"
#include "target/sdt.h"

struct target_cache;

struct target_cache *target_cache_new(void);
void target_cache_free(struct target_cache *c);
/*
 * Looks for /sys, /proc and /boot under `root` instead of "/" (tests, other
 * systems' trees). Before the first question only.
 */
void target_cache_set_root(struct target_cache *c, const char *root);

/*
 * From now on the kernel is this one: a release, a build tree (/DIR) or a
 * vmlinux (/DIR/FILE). Before the first question only. False: *why.
 */
bool target_set_kernel(struct target_cache *c, const char *kernel,
		       const char **why);
/* Is it the one that runs here? */
bool target_kernel_is_running(const struct target_cache *c);

/* ---- kernel (kernel.c) ---- */
/* As uname says; never NULL. */
const char *target_kernel_release(struct target_cache *c);
const char *target_arch(struct target_cache *c); /* "x86_64", "arm64" */
/* In hexadecimal digits; "": not known. */
const char *target_kernel_build_id(struct target_cache *c);
unsigned target_ncpus(struct target_cache *c);	 /* online */
/* Ticks per second: CONFIG_HZ. */
unsigned target_hz(struct target_cache *c);
/*
 * "y", "m", a number or a text in its quotes, as the file has it; NULL when it is not set,
 * or no configuration is to be found. Has the form of parse_env.config: ctx
 * is the struct target_cache.
 */
const char *target_kernel_config(void *ctx, const char *name);
/*
 * Whether tasks lose their CPU in the middle of what the running kernel does
 * for them (full, lazy or real-time preemption): as the scheduler says in
 * debugfs (Linux 5.13), or else as the kernel was configured.
 */
bool target_kernel_preempts(struct target_cache *c);
/* ... also while it runs handlers of tracepoints (since Linux 7.0). */
bool target_tracepoints_preempt(struct target_cache *c);
/* A symbol's address from /proc/kallsyms; false: *why says why not. */
bool target_kernel_symbol(struct target_cache *c, const char *name,
			  uint64_t *addr, const char **why);
/* The type of a well-known variable of the kernel as @cast() spells it, "[]"
   behind for an array; NULL: it is none of them (kernel_vars.def). */
const char *target_kernel_var_type(const char *name);

/* ---- functions of the kernel (kernel_funcs.c) ---- */
struct kfunc {
	const char *name;
	const char *module; /* NULL: vmlinux */
	uint64_t addr;	    /* 0: hidden from this user */
	uint32_t nth;	    /* of those of this name in this module */
	uint32_t namesakes; /* how many others there are */
	bool global;	    /* known from /proc/kallsyms only */
};
struct kfunc_list {
	VEC(struct kfunc) v;
};
/*
 * Functions by name or pattern, sorted by name; module NULL: vmlinux' own,
 * else the name or pattern of loaded modules (a name also finds a module that
 * is not loaded, by its file; of another kernel there are only files). A
 * pattern finds those that probes can be attached to, a name any. False: *why.
 */
bool target_kernel_funcs(struct target_cache *c, const char *module,
			 const char *name, struct kfunc_list *out,
			 const char **why);
/* Whether all of them (the kernel's own) are code that is there only while it
   starts. */
bool target_init_funcs(struct target_cache *c, const struct kfunc_list *l);
/* The first function that fits of those that a module has only while it is
   being loaded; NULL: none. */
const char *target_module_init_func(struct target_cache *c, const char *module,
				    const char *name);
/* The function that an address belongs to. */
bool target_kernel_func_at(struct target_cache *c, uint64_t addr,
			   struct kfunc *out, uint64_t *off);
/* It must not be probed, says the kernel (as far as it may be asked). */
bool target_func_blacklisted(struct target_cache *c, uint64_t addr);
/*
 * The kernel's tracer knows the function; those that it does not (notrace) have
 * no probes made by users either, anywhere in them. True when it cannot be asked.
 */
bool target_func_traceable(struct target_cache *c, const struct kfunc *fn);
/* A program of its own for each function is cheap to run and costly to load:
   true for the first few that ask in this session. */
bool target_fentry_budget(struct target_cache *c);
/* Modules by pattern: loaded ones, or all of another kernel. */
void target_module_names(struct target_cache *c, const char *pattern,
			 struct name_list *out);
bool target_module_loaded(struct target_cache *c, const char *module);
/* Whether it is a part of the kernel itself (modules.builtin). */
bool target_module_builtin(struct target_cache *c, const char *module);
/* Types of a module; NULL: it has none. */
const struct kbtf *target_module_types(struct target_cache *c,
				       const char *module);

/* ---- debug information of the kernel (kernel_dwarf.c) ---- */
/*
 * Of vmlinux (module NULL) or of a module, from a debug package, a build tree
 * or a debuginfod server. NULL: *why and *remedy.
 */
struct dw_module *target_kernel_dwarf(struct target_cache *c,
				      const char *module, const char **why,
				      const char **remedy);
/* The function that a link-time address of it belongs to. */
bool target_kernel_place(struct target_cache *c, const char *module,
			 uint64_t addr, struct kfunc *out, uint64_t *off);
/* What is added to vmlinux' link-time addresses (of another kernel: 0). */
bool target_kernel_bias(struct target_cache *c, uint64_t *bias);
/* Where a loaded module's section is. */
bool target_module_section(struct target_cache *c, const char *module,
			   const char *section, uint64_t *addr);

/* ---- types and tracepoints (kernel_types.c) ---- */
/* vmlinux' BTF, or NULL: *why says why, *remedy what to do. */
const struct kbtf *target_vmlinux(struct target_cache *c, const char **why,
				  const char **remedy);

struct tracepoint {
	struct kbtf_tp tp;
	const char *name;
	const char *system; /* "" when it cannot be told */
	const char *module; /* NULL: vmlinux */
};
/* By exact name, in vmlinux, then in modules. */
bool target_find_tracepoint(struct target_cache *c, const char *name,
			    struct tracepoint *out);
/* All of them, by name; *n of them. The array lives as long as the cache. */
const struct tracepoint *target_tracepoints(struct target_cache *c,
					    uint32_t *n);
/*
 * The tracepoint's subsystem, from tracefs where it is mounted; "" otherwise.
 */
const char *target_tracepoint_system(struct target_cache *c, const char *name);
/* tracefs is readable, so that "" from the above means "has none". */
bool target_has_tracefs(struct target_cache *c);

/* ---- programs (elf_cache.c) ---- */
/*
 * Opens a program or library, once per file; the result lives as long as the
 * cache. NULL: *why says what is wrong with it.
 */
const struct elf_file *target_elf(struct target_cache *c, const char *path,
				  const char **why);
/* Number i of those opened so far, by their order; NULL: no more. */
const struct elf_file *target_elf_opened(const struct target_cache *c,
					 uint32_t i);
/*
 * Its debug information, opened once per file. NULL: *why (a sentence about
 * the file) and *remedy (or NULL) say what is missing.
 */
struct dw_module *target_dwarf(struct target_cache *c, const char *path,
			       const char **why, const char **remedy);
/* Types of a C header, "<sys/stat.h>", by way of a compiler. */
struct dw_module *target_header(struct target_cache *c, const char *include,
				const char **why);
/*
 * The file that a shell would run as `name`: with a slash itself, otherwise
 * the first executable file in $PATH; symbolic links are followed. NULL:
 * *why.
 */
const char *target_find_program(struct target_cache *c, const char *name,
				const char **why);
/*
 * Appends to `found` the libraries that `pattern` names: of the process `pid`
 * what it maps (seen from here), of a program (pid 0) what it is linked to,
 * found as the dynamic loader finds it, and by a name without wildcards any
 * that the loader would find or, with a slash, that file. `known` gets what
 * there was to choose from, for messages.
 */
void target_libraries(struct target_cache *c, const struct elf_file *program,
		      int pid, const char *pattern, struct name_list *found,
		      struct name_list *known);
/* Its static marks; NULL: *why. Kept with the cache. */
const struct sdt_file *target_sdt(struct target_cache *c,
				  const struct elf_file *f, const char **why);
/* ---- files of a running process (mapped.c) ---- */
/* The path by which a file under the process' own mounts can be opened here;
   NULL: it has the same mounts, or no such file. */
const char *target_in_mounts(struct target_cache *c, int pid, const char *path);
struct target_mapping {
	const char *path; /* as the process knows it */
	const char *file; /* by which it can be opened though it is deleted */
	uint64_t ino;
	bool deleted;
};
/* The next executable mapping of a file from /proc/PID/maps. */
bool target_next_mapping(struct target_cache *c, int pid, FILE *maps,
			 struct target_mapping *out);
/* A process with a higher number than pid that runs what is, or was, under this
   path; 0: there is none. */
int target_next_running(struct target_cache *c, const char *path, int pid);
/* What the process has mapped under the file's name when that is another
   file, by its build-id; else NULL. */
const struct elf_file *target_other_mapped(struct target_cache *c, int pid,
					   const struct elf_file *elf);

bool target_pid_exists(struct target_cache *c, int pid);
/* Path of a running process' program; NULL: *why. */
const char *target_pid_program(struct target_cache *c, int pid,
			       const char **why);

#endif
