// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files as a running process has them: under its own mounts, and as they were
 * when it mapped them, which need not be what stands under their names now.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "target/cache.h"

static const char gone[] = " (deleted)";

static bool read_link(struct target_cache *c, const char *path, char *buf,
		      size_t size)
{
	ssize_t n = readlink(target_path(c, path), buf, size - 1);

	if (n < 0)
		return false;
	buf[n] = '\0';
	return true;
}

const char *target_in_mounts(struct target_cache *c, int pid, const char *path)
{
	char ours[64], theirs[64];
	const char *there;
	struct stat st;

	if (*path != '/' || !read_link(c, "/proc/self/ns/mnt", ours, 64) ||
	    !read_link(c, arena_printf(c->arena, "/proc/%d/ns/mnt", pid),
		       theirs, 64) ||
	    !strcmp(ours, theirs))
		return NULL;
	there = arena_printf(c->arena, "/proc/%d/root%s", pid, path);
	return stat(there, &st) ? NULL : there;
}

bool target_next_mapping(struct target_cache *c, int pid, FILE *maps,
			 struct target_mapping *out)
{
	static char line[8192];

	while (fgets(line, sizeof(line), maps)) {
		/* "from-to r-xp offset device inode  /path" */
		char *path = strchr(line, '/'), *mode = strchr(line, ' ');
		unsigned long long ino;
		size_t n;

		if (!path || !mode || mode[3] != 'x' ||
		    sscanf(mode, " %*s %*s %*s %llu", &ino) != 1)
			continue;
		n = strcspn(path, "\n");
		path[n] = '\0';
		out->deleted = n > sizeof(gone) - 1 &&
			       !strcmp(path + n - (sizeof(gone) - 1), gone);
		if (out->deleted)
			path[n - (sizeof(gone) - 1)] = '\0';
		out->ino = ino;
		out->path = arena_strdup(c->arena, path);
		out->file = arena_printf(c->arena, "/proc/%d/map_files/%.*s",
					 pid, (int)(mode - line), line);
		return true;
	}
	return false;
}

const struct elf_file *target_other_mapped(struct target_cache *c, int pid,
					   const struct elf_file *elf)
{
	const char *path = target_path(
		c, arena_printf(c->arena, "/proc/%d/maps", pid));
	const struct elf_file *found = NULL, *f;
	FILE *maps = fopen(path, "re");
	struct target_mapping m;
	const char *why;

	while (maps && target_next_mapping(c, pid, maps, &m)) {
		if (strcmp(m.path, elf->path))
			continue;
		if (m.ino == elf->ino) {
			found = NULL; /* both are there, or it is the same */
			break;
		}
		f = target_elf(c, m.file, &why);
		if (f && f->build_id_len &&
		    (f->build_id_len != elf->build_id_len ||
		     memcmp(f->build_id, elf->build_id, f->build_id_len)))
			found = f;
	}
	if (maps)
		fclose(maps);
	return found;
}

static bool runs(struct target_cache *c, int pid, const char *path)
{
	char link[64], exe[4096];
	size_t n = strlen(path);

	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	return read_link(c, link, exe, sizeof(exe)) &&
	       !strncmp(exe, path, n) && (!exe[n] || !strcmp(exe + n, gone));
}

int target_next_running(struct target_cache *c, const char *path, int pid)
{
	DIR *d = opendir(target_path(c, "/proc"));
	const struct dirent *e;
	int next = 0;

	while (d && (e = readdir(d))) {
		int k = atoi(e->d_name);
		if (k > pid && (!next || k < next) && runs(c, k, path))
			next = k;
	}
	if (d)
		closedir(d);
	return next;
}
