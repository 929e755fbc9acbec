// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The same names in several files and in a library: spread.c is the program's,
 * spread_other.c its other file and, with -DLIBRARY, a shared library.
 */
#include "spread.h"

static int same = 1;
static struct spread state = {1, "program"};
__thread int tls_program = 5;
volatile long sink;

static KEEP int helper(int k)
{
	static int calls = 10;

	calls += k;
	sink = calls + same; /* @ */
	return calls;
}

KEEP long use(struct spread *s, int k)
{
	long r = helper(k) + tls_program;

	tls_program++;
	state.n += (int)r;
	sink = s->n + state.n; /* @ */
	return r;
}

int main(void)
{
	sink = use(&state, 3);
	sink = other_use(&state, 4);
	sink = library_use(&state, 5);
	return 0; /* @ */
}
