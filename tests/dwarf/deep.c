// SPDX-License-Identifier: GPL-2.0-or-later
/* Much inlined and cloned code: what is left of variables at -O3. */
#include <stdint.h>
#include <stdlib.h>

#define KEEP __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))

struct span {
	const int *start;
	long n;
};
struct three {
	int a, b, c;
};
struct mixed {
	double d;
	int i;
};
struct tree {
	struct tree *left, *right;
	int key;
};

volatile long sink;
static int numbers[16] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3};

INLINE int clamp(int v, int lo, int hi)
{
	int r = v < lo ? lo : v > hi ? hi : v;

	sink = r; /* @ */
	return r;
}

INLINE long total(struct span s, int lo)
{
	long sum = 0;

	for (long i = 0; i < s.n; i++)
		sum += clamp(s.start[i], lo, 8); /* @ */
	return sum;
}

KEEP long spans(struct span s, unsigned skip)
{
	struct span rest = {s.start + skip, s.n - skip};
	long all = total(rest, 2);

	sink = all; /* @ */
	return all + total(s, 3);
}

KEEP struct three triples(struct three t, struct three *out)
{
	struct three r = {t.c, t.a, t.b};

	sink = r.a; /* @ */
	*out = r;
	r.b += (int)sink;
	sink = r.b; /* @ */
	return r;
}

KEEP double mixes(struct mixed m, float f, int k)
{
	double scaled = m.d * f;
	int whole = m.i + k;

	sink = whole; /* @ */
	scaled += whole;
	sink = (long)scaled; /* @ */
	return scaled;
}

static int depth(const struct tree *t, int level)
{
	if (!t)
		return level;
	int l = depth(t->left, level + 1), r = depth(t->right, level + 1);

	sink = l - r; /* @ */
	return l > r ? l : r;
}

KEEP static long cloned(int mode, long x, long unused)
{
	if (mode == 1)
		x *= 3;
	sink = x; /* @ */
	return x + mode;
}

KEEP long tail(long a, long b, int left)
{
	long next = a * b + left;

	sink = next; /* @ */
	if (left)
		return tail(b, next & 0xffff, left - 1);
	return next;
}

KEEP long overwritten(long a, long b, long c, long d, long e, long f, long g)
{
	long r = sink;

	for (int i = 0; i < 3; i++) {
		r ^= a * i + b;
		a += c;
		sink = r; /* @ */
	}
	b = r + d;
	sink = b + e; /* @ */
	return b ^ f ^ g;
}

KEEP int by_parts(uint8_t small, int16_t medium, uint64_t large)
{
	struct {
		uint32_t lo, hi;
	} both = {(uint32_t)large, (uint32_t)(large >> 32)};
	struct {
		uint8_t s;
		int16_t m;
	} kept = {small, medium};

	sink = both.hi + kept.m; /* @ */
	both.lo ^= kept.s;
	return (int)both.lo; /* @ */
}

__attribute__((constructor)) static void paint(void)
{
	volatile char a[16384];

	for (unsigned i = 0; i < sizeof(a); i++)
		a[i] = 0x5a;
}

int main(int argc, char **argv)
{
	struct three t = {1, 2, 3}, out;
	struct tree leaf = {0, 0, 1}, mid = {&leaf, 0, 2}, root = {&mid, &leaf, 3};

	sink = spans((struct span){numbers, 16}, 5);
	sink = triples(t, &out).c + out.a;
	sink = (long)mixes((struct mixed){2.5, argc}, 1.5f, 4);
	sink = depth(&root, argc);
	sink = cloned(1, argc + 40, 7) + cloned(1, 50, 8);
	sink = tail(argc, 2, 3);
	sink = overwritten(1, 2, 3, 4, argc, 6, 7);
	sink = by_parts((uint8_t)argc, -300, 0x1122334455667788ull + (uint64_t)argc);
	return argv[0] == NULL; /* @ */
}
