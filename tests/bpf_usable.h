/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests/bpf-usable found out, for unit tests that would load programs. */
#ifndef TESTS_BPF_USABLE_H
#define TESTS_BPF_USABLE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* True, with a line that says why, when no program may be loaded here. */
static inline bool tests_bpf_unusable(void)
{
	const char *said = getenv("STAP_TEST_BPF");

	if (!said || !strcmp(said, "yes"))
		return false;
	printf("SKIP: %s\n", said);
	return true;
}

#endif
