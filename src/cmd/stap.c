// SPDX-License-Identifier: GPL-2.0-or-later
/* stap: translate a script and run it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/diag.h"
#include "driver/options.h"
#include "driver/session.h"

/*
 * A standard descriptor that the caller closed would be taken by the next file
 * we open, and the script's output would go there. /dev/null opened for the
 * other direction makes use of it an error, as the caller asked for.
 */
static void reserve_standard_fds(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			_exit(1);
}

int main(int argc, char **argv)
{
	reserve_standard_fds();

	struct arena *a = arena_new();
	struct diag *d = diag_new(a, (struct diag_opts){0});
	struct options o;
	int status = 1;

	switch (options_parse(a, d, argc, argv, &o)) {
	case OPTIONS_DONE:
		status = 0;
		break;
	case OPTIONS_BAD:
		diag_flush(d, stderr);
		break;
	case OPTIONS_RUN:
		status = session_run(a, d, &o);
		diag_flush(d, stderr);
		break;
	}
	if (fflush(stdout) && !status) {
		perror("stap: standard output");
		status = 1;
	}
	arena_free(a);
	return status;
}
