// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tapset.index, one line each:
 *   F <size> <mtime in seconds> <path below the directory>
 *   f|g|a|m <name>      a function, global, alias, macro of that file
 * It is believed only when its F lines are exactly the files that are there.
 */
#include "sema/tapset_index.h"

#include <dirent.h>
#include <fcntl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "sema/sema.h"

#define MAX_DEPTH 5
#define INDEX_NAME "tapset.index"

struct entry {
	const char *path; /* below the directory */
	long long size, mtime;
};

struct listing {
	struct arena *arena;
	const char *dir;
	const char *arch; /* NULL: all architectures */
	VEC(struct entry) files;
};

static const char *const arch_dirs[] = {"x86_64", "i386",    "arm",
					"arm64",  "powerpc", "s390",
					"mips",	  "riscv",   "ia64"};

static bool other_arch(const char *arch, const char *name)
{
	for (unsigned i = 0; i < sizeof(arch_dirs) / sizeof(arch_dirs[0]); i++)
		if (!strcmp(arch_dirs[i], name))
			return arch && strcmp(arch, name);
	return false;
}

static bool is_tapset_name(const char *name)
{
	size_t n = strlen(name);

	return (n > 4 && !strcmp(name + n - 4, ".stp")) ||
	       (n > 5 && !strcmp(name + n - 5, ".stpm"));
}

static void list_dir(struct listing *l, const char *below, unsigned depth)
{
	DIR *d = opendir(*below ? arena_printf(l->arena, "%s/%s", l->dir, below)
				: l->dir);
	struct dirent *de;

	if (!d)
		return;
	while ((de = readdir(d))) {
		struct stat st;
		const char *path;

		if (de->d_name[0] == '.' ||
		    (de->d_type == DT_REG && !is_tapset_name(de->d_name)))
			continue;
		path = arena_printf(l->arena, "%s%s%s", below,
				    *below ? "/" : "", de->d_name);
		/* a link may be a file of the library, but never a folder: it
		   could lead in a circle, or out of the library */
		if (fstatat(dirfd(d), de->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    (S_ISLNK(st.st_mode) &&
		     (fstatat(dirfd(d), de->d_name, &st, 0) ||
		      S_ISDIR(st.st_mode))))
			continue;
		if (S_ISDIR(st.st_mode)) {
			if (depth < MAX_DEPTH &&
			    !other_arch(l->arch, de->d_name))
				list_dir(l, path, depth + 1);
		} else if (is_tapset_name(de->d_name)) {
			struct entry e = {path, st.st_size, st.st_mtime};

			vec_push(l->arena, &l->files, e);
		}
	}
	closedir(d);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->path,
		      ((const struct entry *)b)->path);
}

static void list_files(struct listing *l, struct arena *a, const char *dir,
		       const char *arch)
{
	*l = (struct listing){.arena = a, .dir = dir, .arch = arch};
	list_dir(l, "", 0);
	if (l->files.n)
		qsort(l->files.v, l->files.n, sizeof(l->files.v[0]), by_path);
}

static const struct entry *find_entry(const struct listing *l, const char *path)
{
	struct entry key = {.path = path};

	return l->files.n ? bsearch(&key, l->files.v, l->files.n, sizeof(key),
				    by_path)
			  : NULL;
}

/* Does the path lead through the directory of another architecture? */
static bool path_other_arch(struct arena *a, const char *arch, const char *path)
{
	char *copy = arena_strdup(a, path), *save = NULL;

	for (char *part = strtok_r(copy, "/", &save); part;
	     part = strtok_r(NULL, "/", &save))
		if (other_arch(arch, part))
			return true;
	return false;
}

struct index_line {
	char kind;	  /* 'F', 'f', 'g', 'a', 'm' */
	const char *text; /* path or name */
	struct entry file;
};

static bool parse_line(char *line, struct index_line *out)
{
	int used = 0;

	out->kind = line[0];
	if (line[0] == 'F') {
		if (sscanf(line, "F %lld %lld %n", &out->file.size,
			   &out->file.mtime, &used) < 2 ||
		    !used || !line[used])
			return false;
		out->text = line + used;
		return true;
	}
	if (!line[0] || !strchr("fgam", line[0]) || line[1] != ' ' || !line[2])
		return false;
	out->text = line + 2;
	return true;
}

static const enum index_kind kind_of[128] = {
	['f'] = INDEX_FUNC,
	['g'] = INDEX_GLOBAL,
	['a'] = INDEX_ALIAS,
	['m'] = INDEX_MACRO,
};

/* Splits into lines; true when they describe exactly the files listed. */
static bool index_fresh(const struct listing *l, char *text,
			struct index_line **lines, uint32_t *nlines)
{
	VEC(struct index_line) v = {0};
	uint32_t nfiles = 0;
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		struct index_line il = {0};

		if (!parse_line(line, &il))
			return false;
		if (il.kind == 'F' &&
		    !path_other_arch(l->arena, l->arch, il.text)) {
			const struct entry *e = find_entry(l, il.text);

			if (!e || e->size != il.file.size ||
			    e->mtime != il.file.mtime)
				return false;
			nfiles++;
		}
		vec_push(l->arena, &v, il);
	}
	*lines = v.v;
	*nlines = v.n;
	return nfiles == l->files.n;
}

static bool read_index(const struct listing *l, index_found_fn *found,
		       void *ctx)
{
	struct source *src = source_read(
		l->arena, arena_printf(l->arena, "%s/" INDEX_NAME, l->dir));
	struct index_line *lines;
	const char *path = NULL;
	uint32_t n;

	if (!src ||
	    !index_fresh(l, arena_strndup(l->arena, src->text, src->len),
			 &lines, &n))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		if (lines[i].kind == 'F') {
			path = path_other_arch(l->arena, l->arch, lines[i].text)
				       ? NULL
				       : arena_printf(l->arena, "%s/%s", l->dir,
						      lines[i].text);
			if (path)
				found(ctx, path, INDEX_FUNC, NULL);
		} else if (path) {
			found(ctx, path, kind_of[(unsigned char)lines[i].kind],
			      lines[i].text);
		}
	}
	return true;
}

struct scan {
	struct arena *arena;
	const char *path;
	index_found_fn *found;
	void *ctx;
};

static void scanned(void *ctx, enum index_kind kind, const char *name,
		    size_t len)
{
	struct scan *sc = ctx;

	sc->found(sc->ctx, sc->path, kind, arena_strndup(sc->arena, name, len));
}

static void scan_files(const struct listing *l, index_found_fn *found,
		       void *ctx)
{
	vec_for (&l->files, i) {
		struct scan sc = {
			.arena = l->arena,
			.path = arena_printf(l->arena, "%s/%s", l->dir,
					     l->files.v[i].path),
			.found = found,
			.ctx = ctx,
		};
		struct source *src = source_read(l->arena, sc.path);

		found(ctx, sc.path, INDEX_FUNC, NULL);
		if (src)
			scan_definitions(src, scanned, &sc);
	}
}

void tapset_index_read(struct arena *a, const char *dir, const char *arch,
		       index_found_fn *found, void *ctx)
{
	struct listing l;

	list_files(&l, a, dir, arch);
	if (!read_index(&l, found, ctx))
		scan_files(&l, found, ctx);
}

struct writer {
	FILE *out;
	const struct listing *l;
};

static void write_line(void *ctx, const char *path, enum index_kind kind,
		       const char *name)
{
	static const char letter[] = {[INDEX_FUNC] = 'f',
				      [INDEX_GLOBAL] = 'g',
				      [INDEX_ALIAS] = 'a',
				      [INDEX_MACRO] = 'm'};
	struct writer *w = ctx;
	const struct entry *e;

	if (name) {
		/* A name with a newline in it would break the format; the
		   reader then sees a malformed index and scans. */
		fprintf(w->out, "%c %s\n", letter[kind], name);
		return;
	}
	e = find_entry(w->l, path + strlen(w->l->dir) + 1);
	if (e)
		fprintf(w->out, "F %lld %lld %s\n", e->size, e->mtime, e->path);
}

int tapset_write_index(const char *dir)
{
	struct arena *a = arena_new();
	struct listing l;
	struct writer w;
	char *path = arena_printf(a, "%s/" INDEX_NAME, dir);
	char *tmp = arena_printf(a, "%s.%d", path, (int)getpid());
	int err = 0;

	list_files(&l, a, dir, NULL);
	w = (struct writer){.out = fopen(tmp, "w"), .l = &l};
	if (!w.out) {
		err = -errno;
		arena_free(a);
		return err;
	}
	scan_files(&l, write_line, &w);
	if (ferror(w.out))
		err = -EIO;
	if (fclose(w.out) && !err)
		err = -errno;
	if (!err && rename(tmp, path))
		err = -errno;
	if (err)
		unlink(tmp);
	arena_free(a);
	return err;
}
