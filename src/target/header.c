// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * @cast(p, "type", "<header.h>"): a header's types, by compiling it. The
 * compiler is told to keep what nothing uses.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target/cache.h"

extern char **environ;

/* Compiles "#include NAME" from stdin into the file behind out. */
static bool compile(const char *include, int out, const char **why)
{
	char target[32];
	const char *cc = getenv("CC");
	int in = memfd_create("header.c", MFD_CLOEXEC), status;
	posix_spawn_file_actions_t fa;
	pid_t pid;

	if (!cc || !*cc)
		cc = "cc";
	snprintf(target, sizeof(target), "/proc/self/fd/%d", 3);
	char *argv[] = {(char *)cc,
			"-x",
			"c",
			"-g",
			"-fno-eliminate-unused-debug-types",
			"-w",
			"-c",
			"-o",
			target,
			"-",
			NULL};
	if (in < 0 || dprintf(in, "#include %s\n", include) < 0 ||
	    lseek(in, 0, SEEK_SET)) {
		*why = "a temporary file cannot be made";
		if (in >= 0)
			close(in);
		return false;
	}
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, in, 0);
	posix_spawn_file_actions_adddup2(&fa, out, 3);
	int r = posix_spawnp(&pid, cc, &fa, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	close(in);
	if (r) {
		*why = "its types need a C compiler, and \"cc\" cannot be "
		       "started (install gcc or clang, or set CC)";
		return false;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		*why = "the C compiler rejects it";
		return false;
	}
	return true;
}

struct dw_module *target_header(struct target_cache *c, const char *include,
				const char **why)
{
	struct dw_module *m = map_get(&c->headers, include);

	if (m)
		return m;
	int fd = memfd_create("header.o", MFD_CLOEXEC);
	if (fd < 0) {
		*why = "a temporary file cannot be made";
		return NULL;
	}
	if (!compile(include, fd, why)) {
		close(fd);
		return NULL;
	}
	m = dw_open_fd(c->arena, fd, include, why);
	if (m)
		map_put(&c->headers, include, m);
	return m;
}

void target_headers_free(struct target_cache *c)
{
	map_for (&c->headers, i)
		dw_close(c->headers.entries.v[i].val);
}
