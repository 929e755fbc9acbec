// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Modules of the kernel that are not loaded, or are another kernel's: their
 * functions and types from their files. (What is loaded, the kernel itself
 * tells better: kernel_funcs.c, kernel_types.c.)
 */
#include <dirent.h>
#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "target/cache.h"

struct module_file {
	const char *name; /* as the kernel calls it: with "_" */
	const char *path;
	bool types_tried, funcs_tried;
	struct kbtf *types;
	struct kfunc_list funcs;
	struct name_list init_funcs;
};

/* As the kernel calls it. */
static const char *with_underscores(struct target_cache *c, const char *module,
				    size_t len)
{
	char *name = arena_strndup(c->arena, module, len);

	for (char *s = name; *s; s++)
		if (*s == '-')
			*s = '_';
	return name;
}

/* "dm-delay.ko.xz" -> "dm_delay"; NULL: no module. */
static const char *module_name(struct target_cache *c, const char *path)
{
	const char *base = strrchr(path, '/');
	const char *end;

	base = base ? base + 1 : path;
	end = strstr(base, ".ko");
	if (!end || end == base || (end[3] && end[3] != '.'))
		return NULL;
	return with_underscores(c, base, (size_t)(end - base));
}

static void note_file(struct target_cache *c, struct map *files,
		      const char *path)
{
	const char *name = module_name(c, path);
	struct module_file *f;

	if (!name || map_has(files, name))
		return;
	f = arena_new_obj(c->arena, struct module_file);
	f->name = name;
	f->path = arena_strdup(c->arena, path);
	map_put(files, name, f);
}

#define MAX_DEPTH 12 /* of directories */

static void walk(struct target_cache *c, struct map *files, const char *dir,
		 unsigned depth)
{
	DIR *d = depth < MAX_DEPTH ? opendir(dir) : NULL;
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		const char *path;
		if (e->d_name[0] == '.' || e->d_type == DT_LNK)
			continue;
		path = arena_printf(c->arena, "%s/%s", dir, e->d_name);
		if (e->d_type == DT_DIR)
			walk(c, files, path, depth + 1);
		else
			note_file(c, files, path);
	}
	if (d)
		closedir(d);
}

/* modules.dep: "kernel/fs/ext4/ext4.ko: kernel/...". */
static bool read_dep(struct target_cache *c, struct map *files, const char *dir)
{
	char *line = NULL;
	size_t cap = 0;
	FILE *f = fopen(arena_printf(c->arena, "%s/modules.dep", dir), "re");

	if (!f)
		return false;
	while (getline(&line, &cap, f) > 0) {
		size_t n = strcspn(line, ":\n");
		if (!n)
			continue;
		line[n] = '\0';
		note_file(c, files,
			  line[0] == '/' ? line
					 : arena_printf(c->arena, "%s/%s", dir,
							line));
	}
	free(line);
	fclose(f);
	return files->entries.n > 0;
}

/* The files below PREFIX/lib/modules/RELEASE, by module. */
static const struct map *files_below(struct target_cache *c, const char *prefix)
{
	struct map *files = map_get(&c->module_files, prefix);
	const char *dir;

	if (files)
		return files;
	files = arena_new_obj(c->arena, struct map);
	map_init(files, c->arena);
	map_put(&c->module_files, arena_strdup(c->arena, prefix), files);
	dir = target_path(c, arena_printf(c->arena, "%s/lib/modules/%s", prefix,
					  target_kernel_release(c)));
	if (!read_dep(c, files, dir))
		walk(c, files, dir, 0);
	return files;
}

/* Those that will be loaded: a build tree has them where they are built. */
static const struct map *own_files(struct target_cache *c)
{
	static const char built[] = "(build tree)";
	const struct map *files = files_below(c, "");
	struct map *more = map_get(&c->module_files, built);

	if (files->entries.n || !c->build_dir)
		return files;
	if (!more) {
		more = arena_new_obj(c->arena, struct map);
		map_init(more, c->arena);
		map_put(&c->module_files, built, more);
		walk(c, more, c->build_dir, 0);
	}
	return more;
}

const char *target_module_file(struct target_cache *c, const char *module,
			       const char *prefix)
{
	const struct map *files = *prefix ? files_below(c, prefix)
					  : own_files(c);
	struct module_file *f = map_get(files, with_underscores(c, module, strlen(module)));

	return f ? f->path : NULL;
}

bool target_module_builtin(struct target_cache *c, const char *module)
{
	const char *path = target_path(
		c, arena_printf(c->arena, "/lib/modules/%s/modules.builtin",
				target_kernel_release(c)));
	const char *wanted = with_underscores(c, module, strlen(module)), *name;
	FILE *f = fopen(path, "re");
	bool found = false;
	char *line = NULL;
	size_t cap = 0;

	while (f && !found && getline(&line, &cap, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		name = module_name(c, line);
		found = name && !strcmp(name, wanted);
	}
	free(line);
	if (f)
		fclose(f);
	return found;
}

/* ---- their contents ---- */

static Elf_Data *section_data(Elf *e, const char *name, uint32_t type,
			      GElf_Shdr *h)
{
	Elf_Scn *scn = NULL;
	size_t names;

	if (elf_getshdrstrndx(e, &names))
		return NULL;
	while ((scn = elf_nextscn(e, scn))) {
		const char *s;
		if (!gelf_getshdr(scn, h) || h->sh_type == SHT_NOBITS)
			continue;
		s = elf_strptr(e, names, h->sh_name);
		if (type ? h->sh_type == type : s && !strcmp(s, name))
			return elf_getdata(scn, NULL);
	}
	return NULL;
}

/* Modules may be compressed; libdw sees to that. */
static Elf *open_module(const struct module_file *f, int *fd)
{
	*fd = open(f->path, O_RDONLY | O_CLOEXEC);
	elf_version(EV_CURRENT);
	return *fd < 0 ? NULL : dwelf_elf_begin(*fd);
}

static void close_module(Elf *e, int fd)
{
	elf_end(e);
	if (fd >= 0)
		close(fd);
}

static void read_types(struct target_cache *c, struct module_file *f)
{
	const struct kbtf *base = target_vmlinux(c, NULL, NULL);
	const char *why;
	GElf_Shdr h;
	int fd;

	f->types_tried = true;
	if (!base)
		return;
	Elf *e = open_module(f, &fd);
	Elf_Data *d = e ? section_data(e, ".BTF", 0, &h) : NULL;
	if (d && d->d_size)
		kbtf_from_memory(arena_memdup(c->arena, d->d_buf, d->d_size),
				 d->d_size, base, &f->types, &why);
	close_module(e, fd);
}

static const char *section_of(Elf *e, size_t names, const GElf_Sym *sym)
{
	Elf_Scn *scn = elf_getscn(e, sym->st_shndx);
	GElf_Shdr h;

	return scn && gelf_getshdr(scn, &h) ? elf_strptr(e, names, h.sh_name)
					    : NULL;
}

static bool is_function(const GElf_Sym *sym, const char *name)
{
	return GELF_ST_TYPE(sym->st_info) == STT_FUNC && sym->st_size && name &&
	       *name && !target_odd_symbol(name, strlen(name)) &&
	       strcmp(name, "init_module") && strcmp(name, "cleanup_module");
}

static void read_funcs(struct target_cache *c, struct module_file *f)
{
	size_t names = 0;
	GElf_Shdr h;
	GElf_Sym s;
	int fd;

	f->funcs_tried = true;
	Elf *e = open_module(f, &fd);
	Elf_Data *d = e && !elf_getshdrstrndx(e, &names)
			      ? section_data(e, NULL, SHT_SYMTAB, &h)
			      : NULL;
	size_t n = d && h.sh_entsize ? d->d_size / h.sh_entsize : 0;
	for (size_t i = 0; i < n; i++) {
		if (!gelf_getsym(d, (int)i, &s))
			continue;
		const char *name = elf_strptr(e, h.sh_link, s.st_name);
		const char *section = section_of(e, names, &s);
		if (!is_function(&s, name) || !section)
			continue;
		/* What runs once is gone when its work is done. */
		if (!strncmp(section, ".init", 5))
			vec_push(c->arena, &f->init_funcs.v,
				 arena_strdup(c->arena, name));
		if (!strncmp(section, ".init", 5) ||
		    !strncmp(section, ".exit", 5))
			continue;
		struct kfunc fn = {
			.name = arena_strdup(c->arena, name),
			.module = f->name,
			.addr = (uint64_t)s.st_shndx << 40 | s.st_value,
			.global = GELF_ST_BIND(s.st_info) != STB_LOCAL,
		};
		vec_push(c->arena, &f->funcs.v, fn);
	}
	close_module(e, fd);
	target_finish_funcs(&f->funcs, 0);
	vec_for (&f->funcs.v, i)
		f->funcs.v.v[i].addr = 0; /* not the kernel's */
}

static void take_funcs(struct target_cache *c, struct module_file *f,
		       const char *name, struct kfunc_list *out)
{
	if (!f->funcs_tried)
		read_funcs(c, f);
	vec_for (&f->funcs.v, i)
		if (!fnmatch(name, f->funcs.v.v[i].name, 0))
			vec_push(c->arena, &out->v, f->funcs.v.v[i]);
}

bool target_module_file_funcs(struct target_cache *c, const char *module,
			      const char *name, struct kfunc_list *out)
{
	const struct map *files = own_files(c);
	uint32_t before = out->v.n;

	module = with_underscores(c, module, strlen(module));
	if (!target_is_pattern(module)) {
		struct module_file *f = map_get(files, module);
		if (f)
			take_funcs(c, f, name, out);
		return out->v.n > before;
	}
	map_for (files, i) {
		struct module_file *f = files->entries.v[i].val;
		if (!fnmatch(module, f->name, 0))
			take_funcs(c, f, name, out);
	}
	return out->v.n > before;
}

const char *target_module_init_func(struct target_cache *c, const char *module,
				    const char *name)
{
	struct module_file *f = map_get(
		own_files(c), with_underscores(c, module, strlen(module)));

	if (!f)
		return NULL;
	if (!f->funcs_tried)
		read_funcs(c, f);
	vec_for (&f->init_funcs.v, i)
		if (!fnmatch(name, f->init_funcs.v.v[i], 0))
			return f->init_funcs.v.v[i];
	return NULL;
}

void target_module_names(struct target_cache *c, const char *pattern,
			 struct name_list *out)
{
	const struct map *files = c->other ? own_files(c) : NULL;
	FILE *f = files ? NULL : fopen(target_path(c, "/proc/modules"), "re");
	char line[512];

	pattern = with_underscores(c, pattern, strlen(pattern));
	if (files)
		map_for (files, i) {
			const struct module_file *mf =
				files->entries.v[i].val;
			if (!fnmatch(pattern, mf->name, 0))
				vec_push(c->arena, &out->v, mf->name);
		}
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, " \n")] = '\0';
		if (!fnmatch(pattern, line, 0))
			vec_push(c->arena, &out->v,
				 arena_strdup(c->arena, line));
	}
	if (f)
		fclose(f);
}

const struct kbtf *target_module_file_types(struct target_cache *c,
					    const char *module)
{
	struct module_file *f =
		map_get(own_files(c), with_underscores(c, module, strlen(module)));

	if (!f)
		return NULL;
	if (!f->types_tried)
		read_types(c, f);
	return f->types;
}

void target_module_files_free(struct target_cache *c)
{
	map_for (&c->module_files, i) {
		const struct map *files = c->module_files.entries.v[i].val;

		map_for (files, k) {
			struct module_file *f = files->entries.v[k].val;
			kbtf_close(f->types);
		}
	}
}
