// SPDX-License-Identifier: GPL-2.0-or-later
/* What optimisers make of variables: registers, constants, pieces, values that
   only the caller knows, pointers to objects that do not exist. */
#include <stdint.h>
#include <stddef.h>

#ifdef __clang__
#define KEEP __attribute__((noinline))
#else
#define KEEP __attribute__((noinline, noclone))
#endif
#define INLINE static inline __attribute__((always_inline))

struct pair {
	long a, b;
};
struct small {
	int x;
	short y;
	char z;
};
struct list {
	struct list *next;
	int value;
	struct pair pair;
};

volatile long sink;
static const int table[4] = {10, 20, 30, 40};
static int counter = 3;

KEEP void touch(void *p)
{
	__asm__ volatile("" : : "r"(p) : "memory");
}

KEEP long use(long v)
{
	sink += v;
	return sink;
}

INLINE long add_pair(struct pair p, int scale)
{
	long t = p.a * scale;

	sink = t; /* @ */
	return t + p.b;
}

INLINE int depth_two(int alpha, int beta)
{
	int gamma = alpha * beta + 1;

	sink = gamma; /* @ */
	return gamma ^ beta;
}

INLINE int depth_one(int first, const int *second, struct small *third)
{
	int mid = first + *second;

	sink = mid; /* @ */
	return depth_two(mid, third->x) + depth_two(first, 7);
}

/* Parameters die at the first call: entry values. */
KEEP long entry_values(long a, int b, short c, void *d)
{
	long r = use(a + b);

	sink = r; /* @ */
	r += use(c);
	sink = r + (d != NULL); /* @ */
	return use(r);
}

KEEP long derived(int n, int m)
{
	long twice = 2l * n, both = (long)n * m, none = 5;

	use(1);
	use(twice); /* @ */
	use(both);
	sink = none; /* @ */
	return 0;
}

KEEP long pieces(long a, long b)
{
	struct pair p = {a, b}, q;
	struct small s = {(int)a, (short)b, 'z'};

	use(p.a);
	q.a = p.b;
	q.b = p.a + 1; /* @ */
	use(q.a);
	s.x += (int)q.b;
	sink = s.x + s.y; /* @ */
	return use(q.b + p.b);
}

KEEP long inlined(struct pair p, int k)
{
	struct small s = {k, 2, 3};
	int second = k + 1;
	long r = add_pair(p, 3);

	touch(&s);
	r += depth_one(k, &second, &s); /* @ */
	use(r);
	r += add_pair((struct pair){r, 5}, 4);
	return r;
}

KEEP long loops(struct list *head, int n)
{
	long sum = 0;
	int i = 0;

	for (struct list *l = head; l; l = l->next, i++) {
		long here = l->value * (long)n;
		sum += here; /* @ */
		sink = sum;
	}
	for (unsigned k = 0; k < 4; k++)
		sum += use(table[k] + i); /* @ */
	return sum;
}

KEEP long constants(int a)
{
	const int seven = 7;
	static const char name[] = "constants";
	long eight = seven + 1;
	double half = 0.5;
	struct pair pr = {1, 2};
	const char *str = name;

	use(a * eight); /* @ */
	sink = pr.a + pr.b + (long)(half * 4) + str[0]; /* @ */
	return counter++;
}

KEEP long many(long a, long b, long c, long d, long e, long f, long g, int h,
	       struct pair i, char j)
{
	long x = a + h, y = b * g, z = c ^ i.a, w = d - j, v = e | f;

	use(x);
	use(y + z); /* @ */
	use(w);
	use(v + x + y); /* @ */
	return use(z + w + i.b);
}

KEEP int recursion(int n, int acc)
{
	int here = n * 10;

	if (!n)
		return acc; /* @ */
	acc = recursion(n - 1, acc + here) + here;
	sink = acc; /* @ */
	return acc;
}

KEEP static int cold_part(int err, const char *msg)
{
	if (__builtin_expect(err < 0, 0)) {
		int bad = -err;
		use(bad + msg[0]); /* @ */
		use(bad);
	}
	return err;
}

KEEP double reals(double a, float b, int n)
{
	double acc = a;

	for (int i = 0; i < n; i++) {
		acc = acc * 2 + b;
		sink = (long)acc; /* @ */
	}
	use(n);
	sink = (long)(acc + a); /* @ */
	return acc;
}

KEEP uint64_t narrow(uint8_t a, int8_t b, uint16_t c, int16_t d, uint32_t e)
{
	uint8_t m = (uint8_t)(a + c);
	int8_t n = (int8_t)(b - d);
	uint32_t o = e * 3;

	use(m);
	use(n); /* @ */
	use(o);
	return m + (uint64_t)n + o; /* @ */
}

/* What is not initialised is the same everywhere, what main() sees present. */
__attribute__((constructor)) static void paint(void)
{
	volatile char a[16384];

	for (unsigned i = 0; i < sizeof(a); i++)
		a[i] = 0x5a;
	/* in memory from here on */
	sink = table[a[0] & 3];
}

int main(void)
{
	struct list c = {NULL, 3, {5, 6}}, b = {&c, 2, {3, 4}},
		    a = {&b, 1, {1, 2}};
	volatile int v = 6;
	int k = v;

	use(entry_values(k, k + 1, (short)-k, &a));
	use(derived(k, 9));
	use(pieces(k, -k)); /* @ */
	use(inlined((struct pair){k, 2}, k));
	use(loops(&a, k));
	use(constants(k));
	use(many(1, 2, 3, 4, 5, 6, k, 8, (struct pair){k, 10}, 'j'));
	use(recursion(3, k));
	use(cold_part(-k, "message"));
	use((long)reals(1.5, 0.25f, 3));
	use((long)narrow(250, -100, 1000, -1000, 3000000000u));
	entry_values(1, 2, 3, NULL);
	return 0; /* @ */
}
