// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A kernel that is not the running one (-r): its type information, symbols and
 * configuration from files. The same kernel's files, under another root
 * (--sysroot), are those of another machine.
 *
 * What only a running kernel tells is not asked then: addresses of this boot,
 * tracefs, which functions may be probed, modules.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/build_id.h"
#include "base/strbuf.h"
#include "target/cache.h"

static const char *const vmlinux_forms[] = {
	"/usr/lib/debug/lib/modules/%s/vmlinux",
	"/usr/lib/debug/boot/vmlinux-%s",
	"/lib/modules/%s/vmlinux",
	"/lib/modules/%s/build/vmlinux",
	"/boot/vmlinux-%s",
};
static const char *const map_forms[] = {
	"/usr/lib/debug/boot/System.map-%s",
	"/boot/System.map-%s",
	"/lib/modules/%s/System.map",
	"/lib/modules/%s/build/System.map",
};

__attribute__((format(printf, 2, 0))) static const char *
existing(struct target_cache *c, const char *form, const char *release)
{
	const char *path = target_path(c, arena_printf(c->arena, form, release));

	return access(path, R_OK) ? NULL : path;
}

static const char *first_of(struct target_cache *c, const char *const *forms,
			    unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const char *path = existing(c, forms[i], c->release);

		if (path)
			return path;
	}
	return NULL;
}

bool target_kernel_is_running(const struct target_cache *c)
{
	return !c->other;
}

/* ---- which one ---- */

/*
 * "Linux version 6.1.0-56-amd64 (...": in every vmlinux, near its begin. With
 * debug information it is large: mapped, not read.
 */
static const char *release_of(struct target_cache *c, const char *path)
{
	static const char banner[] = "Linux version ";
	const char *res = NULL, *map, *at;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || !st.st_size) {
		close(fd);
		return NULL;
	}
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return NULL;
	at = memmem(map, (size_t)st.st_size, banner, sizeof(banner) - 1);
	if (at) {
		size_t n = 0, rest;

		at += sizeof(banner) - 1;
		rest = (size_t)(map + st.st_size - at);
		while (n < rest && !strchr(" %\n", at[n])) /* or its end, '\0' */
			n++;
		res = arena_strndup(c->arena, at, n);
	}
	munmap((void *)map, (size_t)st.st_size);
	return res && *res ? res : NULL;
}

static const char *first_line(struct target_cache *c, const char *path)
{
	struct target_text t = {0};
	const char *res;

	if (!target_read_text(c, path, &t))
		return NULL;
	res = arena_strndup(c->arena, t.s, strcspn(t.s, "\n"));
	free(t.s);
	return *res ? res : NULL;
}

/* -r /DIR, or -r /DIR/vmlinux: not under the root. */
static bool take_path(struct target_cache *c, const char *path,
		      const char **why)
{
	struct stat st;

	if (stat(path, &st)) {
		*why = arena_printf(c->arena, "%s: %s", path, strerror(errno));
		return false;
	}
	c->vmlinux_path = path;
	if (S_ISDIR(st.st_mode)) {
		c->build_dir = path;
		c->vmlinux_path = arena_printf(c->arena, "%s/vmlinux", path);
		c->release = first_line(
			c, arena_printf(c->arena,
					"%s/include/config/kernel.release",
					path));
		if (access(c->vmlinux_path, R_OK))
			c->vmlinux_path = NULL;
	}
	if (!c->release && c->vmlinux_path)
		c->release = release_of(c, c->vmlinux_path);
	if (c->release)
		return true;
	*why = arena_printf(c->arena,
			    S_ISDIR(st.st_mode)
				    ? "%s is no kernel's build tree: it has "
				      "neither include/config/kernel.release "
				      "nor vmlinux"
				    : "%s is no kernel (vmlinux)",
			    path);
	return false;
}

bool target_set_kernel(struct target_cache *c, const char *kernel,
		       const char **why)
{
	struct utsname u = {0};

	uname(&u);
	if (!*c->root && !strcmp(u.release, kernel))
		return true;
	if (*kernel == '/') {
		if (!take_path(c, kernel, why))
			return false;
	} else {
		c->release = arena_strdup(c->arena, kernel);
		c->vmlinux_path =
			first_of(c, vmlinux_forms,
				 sizeof(vmlinux_forms) / sizeof(*vmlinux_forms));
		if (!c->vmlinux_path && !existing(c, "/lib/modules/%s", kernel) &&
		    !existing(c, "/boot/config-%s", kernel)) {
			*why = arena_printf(
				c->arena,
				"there is neither %s nor %s, nor a vmlinux in "
				"/usr/lib/debug or /boot",
				target_path(c, arena_printf(c->arena,
							    "/lib/modules/%s",
							    kernel)),
				target_path(c, arena_printf(c->arena,
							    "/boot/config-%s",
							    kernel)));
			return false;
		}
	}
	c->other = *c->root || strcmp(u.release, c->release);
	return true;
}

/* ---- its types ---- */

static Elf *open_elf(const char *path, int *fd)
{
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return NULL;
	elf_version(EV_CURRENT);
	return elf_begin(*fd, ELF_C_READ_MMAP, NULL);
}

static void close_elf(Elf *e, int fd)
{
	elf_end(e);
	if (fd >= 0)
		close(fd);
}

/* The section of this name or type (0: any); NULL: none. */
static Elf_Data *find_section(Elf *e, const char *name, uint32_t type,
			      GElf_Shdr *h)
{
	Elf_Scn *scn = NULL;
	size_t names;

	if (!e || elf_getshdrstrndx(e, &names))
		return NULL;
	while ((scn = elf_nextscn(e, scn))) {
		const char *s;

		if (!gelf_getshdr(scn, h) || h->sh_type == SHT_NOBITS ||
		    (type && h->sh_type != type))
			continue;
		s = elf_strptr(e, names, h->sh_name);
		if (s && !strcmp(s, name))
			return elf_getdata(scn, NULL);
	}
	return NULL;
}

int target_other_btf(struct target_cache *c, struct kbtf **out,
		     const char **why)
{
	int fd = -1, err = -ENOENT;
	GElf_Shdr h;
	Elf_Data *d;
	Elf *e;

	if (!c->vmlinux_path) {
		*why = arena_printf(c->arena, "no vmlinux of %s is here",
				    c->release);
		return -ENOENT;
	}
	e = open_elf(c->vmlinux_path, &fd);
	d = find_section(e, ".BTF", 0, &h);
	if (!d || !d->d_size)
		*why = arena_printf(c->arena, "%s has no BTF", c->vmlinux_path);
	else
		err = kbtf_from_memory(
			arena_memdup(c->arena, d->d_buf, d->d_size), d->d_size,
			NULL, out, why);
	close_elf(e, fd);
	return err;
}

/* ---- its symbols, in the form of /proc/kallsyms ---- */

static void put_symbols(Elf *e, const GElf_Shdr *h, Elf_Data *d,
			struct strbuf *sb)
{
	size_t n = h->sh_entsize ? d->d_size / h->sh_entsize : 0;
	GElf_Sym s;

	for (size_t i = 0; i < n; i++) {
		const char *name;
		bool local;
		char type;

		if (!gelf_getsym(d, (int)i, &s) || s.st_shndx == SHN_UNDEF)
			continue;
		type = GELF_ST_TYPE(s.st_info) == STT_FUNC     ? 't'
		       : GELF_ST_TYPE(s.st_info) == STT_OBJECT ? 'd'
							       : 0;
		name = elf_strptr(e, h->sh_link, s.st_name);
		if (!type || !name || !*name)
			continue;
		local = GELF_ST_BIND(s.st_info) == STB_LOCAL;
		sb_printf(sb, "%016llx %c %s\n", (unsigned long long)s.st_value,
			  local ? type : type - 32, name);
	}
}

/* Debian's System.map without the debug package only says where it is. */
#define REAL_MAP 4096

bool target_other_kallsyms(struct target_cache *c, struct target_text *t)
{
	struct strbuf sb = {0};
	const char *map;
	GElf_Shdr h;
	Elf_Data *d;
	int fd = -1;
	Elf *e;

	if (t->tried)
		return t->s != NULL;
	map = c->build_dir
		      ? arena_printf(c->arena, "%s/System.map", c->build_dir)
		      : first_of(c, map_forms,
				 sizeof(map_forms) / sizeof(*map_forms));
	if (map && target_read_text(c, map, t) && t->len >= REAL_MAP)
		return true;
	free(t->s);
	*t = (struct target_text){.tried = true, .err = ENOENT};
	if (!c->vmlinux_path)
		return false;
	e = open_elf(c->vmlinux_path, &fd);
	d = find_section(e, ".symtab", SHT_SYMTAB, &h);
	if (d)
		put_symbols(e, &h, d, &sb);
	close_elf(e, fd);
	if (!sb.len)
		return false;
	t->len = sb.len;
	sb_str(&sb);
	t->s = sb.s;
	return true;
}

/* ---- its build-id ---- */

const char *target_kernel_build_id(struct target_cache *c)
{
	uint8_t id[BUILD_ID_MAX];
	char text[BUILD_ID_TEXT];
	uint32_t n = 0;
	GElf_Shdr h;
	int fd = -1;

	if (!c->other) {
		n = build_id_of_kernel(id);
	} else if (c->vmlinux_path) {
		Elf *e = open_elf(c->vmlinux_path, &fd);
		Elf_Data *d = find_section(e, ".notes", SHT_NOTE, &h);

		if (!d)
			d = find_section(e, ".note.gnu.build-id", SHT_NOTE, &h);
		if (d)
			n = build_id_in_notes(d->d_buf, d->d_size,
					      h.sh_addralign, id);
		close_elf(e, fd);
	}
	build_id_text(id, n, text);
	return arena_strdup(c->arena, text);
}
