// SPDX-License-Identifier: GPL-2.0-or-later
/* See spread.c. */
#include "spread.h"

#ifdef LIBRARY
#define use library_use
static long same = -100;
static __thread long tls_own = -50;
__thread short tls_shared[2] = {1, 2};
volatile long lib_sink;
#define sink lib_sink
#else
#define use other_use
static char same = 'o';
static __thread char tls_own = 't';
__thread short tls_shared[2] = {3, 4};
#endif
static struct spread state = {100, "other"};

static KEEP int helper(int k)
{
	static short calls = 20;

	calls -= (short)k;
	sink = calls + same; /* @ */
	return calls;
}

KEEP long use(struct spread *s, int k)
{
	long r = helper(k) + tls_own;

	tls_own--;
	tls_shared[1] += (short)k;
	state.n -= (int)r;
	sink = s->n + state.n + tls_shared[0]; /* @ */
	return r;
}
