// SPDX-License-Identifier: GPL-2.0-or-later
/* stap: translate a script and run it. */
#include <stdio.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/stdfds.h"
#include "driver/options.h"
#include "driver/session.h"

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
	/* a write before the last one may have been the one that failed */
	if ((fflush(stdout) || ferror(stdout)) && !status) {
		perror("stap: standard output");
		status = 1;
	}
	arena_free(a);
	return status;
}
