/* SPDX-License-Identifier: GPL-2.0-or-later */
#define KEEP __attribute__((noinline))
struct spread {
	int n;
	const char *name;
};
extern volatile long sink;
long other_use(struct spread *s, int k);
long library_use(struct spread *s, int k);
