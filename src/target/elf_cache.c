// SPDX-License-Identifier: GPL-2.0-or-later
/* Which file a script means by a program's name, and its symbols. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "target/cache.h"

const struct elf_file *target_elf(struct target_cache *c, const char *path,
				  const char **why)
{
	struct elf_file *f = map_get(&c->elfs, path);

	if (!f) {
		f = elf_file_read(c->arena, c->root, path, why);
		if (f)
			map_put(&c->elfs, f->path, f);
	}
	return f;
}

const struct elf_file *target_elf_opened(const struct target_cache *c,
					 uint32_t i)
{
	return i < c->elfs.entries.n ? c->elfs.entries.v[i].val : NULL;
}

const struct sdt_file *target_sdt(struct target_cache *c,
				  const struct elf_file *f, const char **why)
{
	struct sdt_file *s = map_get(&c->sdts, f->path);

	if (!s) {
		s = sdt_file_read(c->arena, f->path, why);
		if (s)
			map_put(&c->sdts, f->path, s);
	}
	return s;
}

struct dwarf_entry {
	struct dw_module *m; /* NULL: why */
	const char *why, *remedy;
};

struct dw_module *target_dwarf(struct target_cache *c, const char *path,
			       const char **why, const char **remedy)
{
	struct dwarf_entry *e = map_get(&c->dwarfs, path);

	if (!e) {
		e = arena_new_obj(c->arena, struct dwarf_entry);
		e->m = dw_open(c->arena, c->root, path, &e->why, &e->remedy);
		map_put(&c->dwarfs, path, e);
	}
	if (!e->m && why)
		*why = e->why;
	if (!e->m && remedy)
		*remedy = e->remedy;
	return e->m;
}

void target_dwarfs_free(struct target_cache *c)
{
	map_for (&c->dwarfs, i) {
		struct dwarf_entry *e = c->dwarfs.entries.v[i].val;
		dw_close(e->m);
	}
}

static bool runnable(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

static const char *search_path(struct target_cache *c, const char *name)
{
	const char *p = getenv("PATH");

	if (!p)
		p = "/usr/bin:/bin";
	for (;;) {
		const char *end = strchrnul(p, ':');
		/* an empty element is the current directory */
		const char *full =
			end == p ? arena_printf(c->arena, "./%s", name)
				 : arena_printf(c->arena, "%.*s/%s",
						(int)(end - p), p, name);
		if (runnable(full))
			return full;
		if (!*end)
			return NULL;
		p = end + 1;
	}
}

static const char *real_path(struct target_cache *c, const char *path,
			     const char **why)
{
	char *r = realpath(path, NULL);

	if (!r) {
		*why = arena_strdup(c->arena, strerror(errno));
		return NULL;
	}
	const char *s = arena_strdup(c->arena, r);
	free(r);
	return s;
}

/*
 * What runs a script is its interpreter, and so on; any other file is what it
 * is. NULL stays NULL.
 */
static const char *interpreter_of(struct target_cache *c, const char *path,
				  const char **why)
{
	for (unsigned depth = 0; path && depth < 4; depth++) {
		char line[256] = "";
		struct stat st;
		if (stat(path, &st) || !S_ISREG(st.st_mode))
			return path; /* opening a FIFO would wait */
		FILE *f = fopen(path, "re");
		if (!f)
			return path; /* who opens it next will say why */
		bool script = fgets(line, sizeof(line), f) &&
			      !strncmp(line, "#!", 2);
		fclose(f);
		if (!script)
			return path;
		char *save;
		const char *name = strtok_r(line + 2, " \t\r\n", &save);
		const char *word = name ? strtok_r(NULL, " \t\r\n", &save) : NULL;
		/* env(1) becomes the program that it is given. */
		if (name && word && *word != '-' && !strchr(word, '=') &&
		    !strcmp(strrchr(name, '/') ? strrchr(name, '/') : name,
			    "/env"))
			name = search_path(c, word);
		if (!name) {
			*why = "it is a script whose interpreter is not found";
			return NULL;
		}
		path = real_path(c, name, why);
	}
	return path;
}

const char *target_find_program(struct target_cache *c, const char *name,
				const char **why)
{
	if (!*name) {
		*why = "the path is empty";
		return NULL;
	}
	if (!strchr(name, '/')) {
		name = search_path(c, name);
		if (!name) {
			*why = "no directory of $PATH has such a program";
			return NULL;
		}
	}
	return interpreter_of(c, real_path(c, name, why), why);
}

bool target_pid_exists(struct target_cache *c, int pid)
{
	return !access(target_path(c, arena_printf(c->arena, "/proc/%d", pid)),
		       F_OK);
}

const char *target_pid_program(struct target_cache *c, int pid,
			       const char **why)
{
	char buf[PATH_MAX];
	const char *link =
		target_path(c, arena_printf(c->arena, "/proc/%d/exe", pid));

	if (!target_pid_exists(c, pid)) {
		*why = "there is no such process";
		return NULL;
	}
	ssize_t n = readlink(link, buf, sizeof(buf) - 1);
	if (n < 0) {
		*why = errno == ENOENT
			       ? "it is a kernel thread, or has just ended"
			       : arena_strdup(c->arena, strerror(errno));
		return NULL;
	}
	buf[n] = '\0';
	/*
	 * The link leads to the right file also when the process lives in
	 * another mount namespace or its program was replaced; the text does
	 * not. When both lead to the same file, the text is the better name.
	 */
	struct stat a, b;
	if (!stat(link, &a) && !stat(buf, &b) && a.st_ino == b.st_ino &&
	    a.st_dev == b.st_dev)
		return arena_strdup(c->arena, buf);
	return link;
}
