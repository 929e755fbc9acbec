// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which libraries a program uses. A running process tells by what it maps,
 * libraries opened later included. Of a program on disk it is what the dynamic
 * loader would load: DT_NEEDED names, looked for in DT_RPATH or DT_RUNPATH, in
 * LD_LIBRARY_PATH, in /etc/ld.so.cache and in the default directories, and so
 * on for each library found.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "target/cache.h"

#define MAX_LIBRARIES 1000u

struct library {
	const char *path;
	const char *name; /* as it was asked for: the soname */
};

struct libs {
	struct target_cache *c;
	struct arena *a;
	uint16_t machine;
	VEC(struct library) v;
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool fits(const struct libs *l, const char *path)
{
	const char *why;
	struct stat st;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return false;
	const struct elf_file *f = target_elf(l->c, path, &why);
	return f && f->machine == l->machine;
}

/* ---- where the loader looks ---- */

/* "dir:dir", with $ORIGIN for the directory of the file that says so. */
static const char *search_dirs(struct libs *l, const char *dirs,
			       const char *origin, const char *name)
{
	while (dirs && *dirs) {
		struct strbuf sb = {0};
		size_t n = strcspn(dirs, ":");
		for (size_t i = 0; i < n;) {
			size_t skip = !strncmp(dirs + i, "$ORIGIN", 7)	   ? 7
				      : !strncmp(dirs + i, "${ORIGIN}", 9) ? 9
									   : 0;
			if (skip && i + skip <= n) {
				sb_write(&sb, origin,
					 (size_t)(base_name(origin) - origin));
				sb_putc(&sb, '.');
				i += skip;
			} else {
				sb_putc(&sb, dirs[i++]);
			}
		}
		sb_printf(&sb, "/%s", name);
		const char *path = arena_strdup(l->a, sb_str(&sb));
		sb_free(&sb);
		if (n && fits(l, path))
			return path;
		dirs += n + (dirs[n] == ':');
	}
	return NULL;
}

/*
 * /etc/ld.so.cache: a header of 48 bytes that begins with this text, then
 * entries of 24 bytes, with the offsets of name and path (from the header) at
 * 4 and 8. An older table may stand in front of it.
 */
static const char cache_magic[] = "glibc-ld.so.cache1.1";

static const char *cache_text(const uint8_t *head, size_t len, uint32_t off)
{
	return off < len && memchr(head + off, 0, len - off)
		       ? (const char *)head + off
		       : "";
}

static const char *scan_cache(struct libs *l, const uint8_t *data, size_t len,
			      const char *name)
{
	const uint8_t *head = memmem(data, len, cache_magic,
				     sizeof(cache_magic) - 1);
	uint32_t n, at[2];

	if (!head || (size_t)(data + len - head) < 48)
		return NULL;
	len -= (size_t)(head - data);
	memcpy(&n, head + 20, 4);
	for (uint32_t i = 0; i < n && 48 + 24 * ((uint64_t)i + 1) <= len; i++) {
		memcpy(at, head + 48 + 24 * (size_t)i + 4, 8);
		const char *path = cache_text(head, len, at[1]);
		if (!strcmp(cache_text(head, len, at[0]), name) &&
		    fits(l, path))
			return arena_strdup(l->a, path);
	}
	return NULL;
}

static const char *search_cache(struct libs *l, const char *name)
{
	const char *file = target_path(l->c, "/etc/ld.so.cache"), *path = NULL;
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && st.st_size > 48) {
		size_t len = (size_t)st.st_size;
		void *p = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
		if (p != MAP_FAILED) {
			path = scan_cache(l, p, len, name);
			munmap(p, len);
		}
	}
	close(fd);
	return path;
}

/* rpath: of the file that needs it (`origin`), or NULL. */
static const char *find_library(struct libs *l, const char *rpath,
				const char *origin, const char *name)
{
	static const char defaults[] = "/lib64:/usr/lib64:/lib:/usr/lib";

	if (strchr(name, '/'))
		return fits(l, name) ? name : NULL;
	const char *p = search_dirs(l, rpath, origin, name);
	if (!p)
		p = search_dirs(l, getenv("LD_LIBRARY_PATH"), origin, name);
	if (!p)
		p = search_cache(l, name);
	return p ? p : search_dirs(l, defaults, origin, name);
}

/* ---- what a file needs ---- */

static void add(struct libs *l, const char *path, const char *name)
{
	/* A link below /proc leads into other mounts, its text does not. */
	char *real = strncmp(path, "/proc/", 6) ? realpath(path, NULL) : NULL;
	const char *p = arena_strdup(l->a, real ? real : path);

	free(real);
	vec_for (&l->v, i)
		if (!strcmp(l->v.v[i].path, p))
			return;
	struct library lib = {p, arena_strdup(l->a, name)};
	if (l->v.n < MAX_LIBRARIES)
		vec_push(l->a, &l->v, lib);
}

static void needs_of(struct libs *l, Elf *e, const char *path)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(e, scn))) {
		if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_DYNAMIC ||
		    !sh.sh_entsize)
			continue;
		Elf_Data *d = elf_getdata(scn, NULL);
		const char *rpath = NULL;
		size_t n = d ? d->d_size / sh.sh_entsize : 0;
		GElf_Dyn dyn;
		/* The path may stand behind the names. */
		for (size_t i = 0; i < n && gelf_getdyn(d, (int)i, &dyn); i++)
			if (dyn.d_tag == DT_RUNPATH ||
			    (dyn.d_tag == DT_RPATH && !rpath))
				rpath = elf_strptr(e, sh.sh_link,
						   dyn.d_un.d_val);
		for (size_t i = 0; i < n && gelf_getdyn(d, (int)i, &dyn); i++) {
			if (dyn.d_tag != DT_NEEDED)
				continue;
			const char *name =
				elf_strptr(e, sh.sh_link, dyn.d_un.d_val);
			const char *file =
				name ? find_library(l, rpath, path, name)
				     : NULL;
			if (file)
				add(l, file, name);
		}
	}
}

static void read_needs(struct libs *l, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return;
	elf_version(EV_CURRENT);
	Elf *e = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (e && elf_kind(e) == ELF_K_ELF)
		needs_of(l, e, path);
	elf_end(e);
	close(fd);
}

/* The loader itself is a library of the program too. */
static void read_interpreter(struct libs *l, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char name[256];
	size_t n = 0;
	GElf_Phdr ph;

	if (fd < 0)
		return;
	Elf *e = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (e && elf_kind(e) == ELF_K_ELF && !elf_getphdrnum(e, &n))
		for (size_t i = 0; i < n && gelf_getphdr(e, (int)i, &ph); i++) {
			if (ph.p_type != PT_INTERP || !ph.p_filesz ||
			    ph.p_filesz > sizeof(name) ||
			    pread(fd, name, ph.p_filesz,
				  (off_t)ph.p_offset) != (ssize_t)ph.p_filesz)
				continue;
			name[ph.p_filesz - 1] = '\0';
			if (fits(l, name))
				add(l, name, base_name(name));
		}
	elf_end(e);
	close(fd);
}

static void read_maps(struct libs *l, int pid)
{
	const char *maps = target_path(
		l->c, arena_printf(l->a, "/proc/%d/maps", pid));
	FILE *f = fopen(maps, "re");
	struct target_mapping m;

	while (f && target_next_mapping(l->c, pid, f, &m)) {
		const char *there =
			m.deleted ? m.file
				  : target_in_mounts(l->c, pid, m.path);
		const char *use = there ? there : m.path;

		if (fits(l, use))
			add(l, use, base_name(m.path));
	}
	if (f)
		fclose(f);
}

static bool named(const struct library *lib, const char *pattern)
{
	const char *file = base_name(lib->path);

	if (strchr(pattern, '/')) {
		char *real = realpath(pattern, NULL);
		bool same = real && !strcmp(real, lib->path);
		free(real);
		return same || !fnmatch(pattern, lib->path, 0);
	}
	return !fnmatch(pattern, lib->name, 0) || !fnmatch(pattern, file, 0);
}

void target_libraries(struct target_cache *c, const struct elf_file *program,
		      int pid, const char *pattern, struct name_list *found,
		      struct name_list *known)
{
	struct libs l = {.c = c, .a = c->arena, .machine = program->machine};

	if (pid) {
		read_maps(&l, pid);
	} else {
		read_interpreter(&l, program->path);
		read_needs(&l, program->path);
		for (uint32_t i = 0; i < l.v.n; i++)
			read_needs(&l, l.v.v[i].path);
	}
	vec_for (&l.v, i) {
		const struct library *lib = &l.v.v[i];
		if (!strcmp(lib->path, program->path))
			continue;
		vec_push(c->arena, &known->v, lib->name);
		if (named(lib, pattern))
			vec_push(c->arena, &found->v, lib->path);
	}
	if (found->v.n || strpbrk(pattern, "*?["))
		return;
	/* Not linked to it: it may open it later. */
	const char *file = find_library(&l, NULL, program->path, pattern);
	char *real = file ? realpath(file, NULL) : NULL;
	if (real)
		vec_push(c->arena, &found->v, arena_strdup(c->arena, real));
	free(real);
}
