/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user's file of options that always apply. */
#ifndef DRIVER_RC_H
#define DRIVER_RC_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"

struct rc_words {
	const char *path; /* of the file */
	int n;		  /* words in v, which has "stap" first as argv has */
	char **v;
};

/*
 * Reads $SYSTEMTAP_DIR/rc, or ~/.systemtap/rc. Its lines are split into words
 * as a shell does (quotes, ~ and $VARIABLES, no commands); a line that begins
 * with # is a comment. No file means no words. False when it was reported.
 */
bool rc_read(struct arena *a, struct diag *d, struct rc_words *out);

#endif
