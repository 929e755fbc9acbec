/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of struct target_cache; for target/ only. */
#ifndef TARGET_CACHE_H
#define TARGET_CACHE_H

#include <string.h>

#include "base/map.h"
#include "target/target.h"

struct target_module {
	const char *name;
	struct kbtf *btf;
};

/* A file of the kernel, read as a whole. */
struct target_text {
	bool tried;
	int err; /* why s is NULL */
	char *s; /* NUL-terminated; from malloc() */
	size_t len;
};

struct target_cache {
	struct arena *arena;
	const char *root; /* "" or a directory without its last slash */

	/* kernel_other.c */
	bool other; /* not the running kernel */
	const char *vmlinux_path, *build_dir; /* of another one, or NULL */

	/* kernel.c */
	const char *release, *arch;
	bool preempts_known, preempts;
	bool config_read;
	struct map config; /* CONFIG_X -> value */

	/* kernel_types.c */
	bool vmlinux_tried;
	struct kbtf *vmlinux;
	const char *btf_why, *btf_remedy;
	bool modules_read;
	VEC(struct target_module) modules;
	VEC(struct tracepoint) tps;
	bool tps_read;
	bool tracefs_tried;
	int tracefs_events;	   /* directory fd, or -1 */
	VEC(const char *) systems; /* names of its subdirectories */
	bool events_read;
	struct map events; /* event -> system, once all are asked for */

	/* kernel_funcs.c */
	struct target_text kallsyms, hookable[2], blacklist_text;
	struct map *traceable; /* name_key() of all in hookable; NULL: not asked */
	bool by_addr_read, blacklist_read;
	struct kfunc_list by_addr;
	const struct range *blacklist;
	uint32_t nblacklist;
	uint32_t nfentry;

	/* kernel_symbols.c */
	uint32_t names_asked;
	struct symbol_index *symbols; /* NULL: not yet */

	/* kernel_modules.c: "" or "/usr/lib/debug" -> struct map of its modules */
	struct map module_files;
	/* kernel_dwarf.c: module, "" for vmlinux -> struct kernel_debug */
	struct map kernel_debug;

	/* elf_cache.c */
	struct map elfs; /* real path -> struct elf_file */
	struct map sdts; /* path -> struct sdt_file */
	struct map dwarfs; /* path -> struct dwarf_entry */
	struct map headers; /* header.c: "<x.h>" -> struct dw_module */
};

/* kernel_other.c: 0 or -errno, and *why. */
int target_other_btf(struct target_cache *c, struct kbtf **out,
		     const char **why);
/* Its symbols, in the form of /proc/kallsyms. */
bool target_other_kallsyms(struct target_cache *c, struct target_text *t);

/*
 * kernel_symbols.c: the lines of the kernel's list of symbols, which has been
 * read, with this name; in the order of the list.
 *   struct symbol_lines l = target_symbol_lines(c, name);
 *   while ((line = target_next_symbol_line(c, &l)))
 */
struct symbol_lines {
	const char *name; /* the caller's */
	size_t n;
	const struct symbol_index *index; /* or NULL */
	uint32_t at;			  /* slot; text, without an index */
};
struct symbol_lines target_symbol_lines(struct target_cache *c,
					const char *name);
/* NULL: no more. */
const char *target_next_symbol_line(struct target_cache *c,
				    struct symbol_lines *l);

/* kernel_funcs.c */
static inline bool target_is_pattern(const char *s)
{
	return strpbrk(s, "*?[") != NULL;
}
/* Symbols that stand for no function of their own. */
bool target_odd_symbol(const char *name, size_t len);
/* Sorts those from `first` on, drops what came twice, and counts namesakes. */
void target_finish_funcs(struct kfunc_list *out, uint32_t first);

/* kernel_modules.c: the file of a module below PREFIX/lib/modules/RELEASE;
   NULL: none. */
const char *target_module_file(struct target_cache *c, const char *module,
			       const char *prefix);
/* Functions by pattern in modules by pattern, appended; false: none. */
bool target_module_file_funcs(struct target_cache *c, const char *module,
			      const char *name, struct kfunc_list *out);
const struct kbtf *target_module_file_types(struct target_cache *c,
					    const char *module);
void target_module_files_free(struct target_cache *c);

/* kernel_dwarf.c */
void target_kernel_dwarf_free(struct target_cache *c);

/* kernel_types.c: gives back what is not in the arena. */
void target_types_free(struct target_cache *c);

/* kernel_funcs.c */
void target_funcs_free(struct target_cache *c);
/* c->kallsyms is read; false: *why (may be NULL). */
bool target_kallsyms(struct target_cache *c, const char **why);
/* Once; t->s stays until the cache is freed. */
bool target_read_text(struct target_cache *c, const char *path,
		      struct target_text *t);
/* elf_cache.c: the same. */
void target_dwarfs_free(struct target_cache *c);
/* header.c */
void target_headers_free(struct target_cache *c);

/* "<root>/rest". */
const char *target_path(struct target_cache *c, const char *path);

#endif
