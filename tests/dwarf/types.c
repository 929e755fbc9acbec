// SPDX-License-Identifier: GPL-2.0-or-later
/* All kinds of C types and places of variables. Lines marked "@" are probed. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __clang__
#define KEEP __attribute__((noinline))
#else
#define KEEP __attribute__((noinline, noclone))
#endif

enum colour { RED, GREEN = 5, BLUE = -3 };
enum big { BIG = 0x80000000u, BIGGER = 0xfffffff0u };
typedef uint16_t port_t;

struct bits {
	unsigned a : 3;
	int b : 5;
	unsigned long c : 33;
	unsigned char d : 1;
	bool e : 1;
	int64_t f : 40;
};
struct __attribute__((packed)) packed {
	char c;
	int i;
	short s;
	unsigned x : 7, y : 13;
	long l;
};
struct inner {
	short s[3];
	union {
		int as_int;
		float as_float;
		struct {
			uint8_t lo, hi;
		};
	};
};
struct node {
	int key;
	struct node *next;
	struct inner in;
	const char *name;
	int (*fn)(int);
	enum colour col;
	struct {
		int anon_x, anon_y;
	};
	struct inner arr[2];
	char text[8];
	volatile port_t port;
	double weight;
	void *opaque;
	struct node **self;
};

int g_int = -42;
static unsigned long s_ulong = 0xdeadbeefcafef00dul;
const short g_const = 77;
static struct node g_node = {.key = 1000, .name = "global"};
int g_matrix[2][3] = {{1, 2, 3}, {4, 5, 6}};
__thread int t_int = 31;
static __thread long t_long = -9;
__thread struct inner t_inner = {.s = {7, 8, 9}};
float g_float = 1.25f;
double g_double = -2.5;
bool g_bool = true;
enum colour g_colour = BLUE;
enum big g_big = BIGGER;
struct bits g_bits = {5, -7, 0x1abcdef01ul, 1, true, -5};
char g_text[] = "text";
volatile int sink;

KEEP static int twice(int x)
{
	return x * 2;
}

KEEP int integers(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e,
		  uint32_t f, int64_t g, uint64_t h, char i, bool j)
{
	long sum = a + b + c + d + e + f + g + h + i + j;
	static int calls;

	calls++;
	sink = (int)sum; /* @ */
	sum *= 3;
	sink = (int)sum + calls; /* @ */
	return (int)sum;
}

KEEP double floats(float a, double b, long double c)
{
	double r = a + b;
	float q = (float)r * 2;

	sink = (int)q; /* @ */
	r += (double)c;
	sink = (int)r; /* @ */
	return r;
}

KEEP long structs(struct node *n, struct bits b, struct packed p,
		  struct inner in, struct node **pp)
{
	struct bits local = b;
	struct packed *q = &p;
	struct inner *ip = &in;

	local.b++;
	sink = local.b + q->i; /* @ */
	long r = n->key + local.a + p.l + ip->s[1] + (*pp)->in.s[2];
	sink = (int)r; /* @ */
	return r;
}

KEEP int arrays(int *p, int n, char **names, int m[2][3])
{
	int local[4] = {n, n + 1, n + 2, n + 3};
	char buf[8];
	int i, sum = 0;

	memset(buf, 0, sizeof(buf));
	strcpy(buf, names[0]);
	for (i = 0; i < n; i++)
		sum += p[i]; /* @ */
	sink = sum + local[i & 3] + m[1][2] + buf[0]; /* @ */
	return sum + local[n & 3];
}

KEEP int blocks(int x)
{
	int r = 0;

	for (int i = 0; i < 3; i++) {
		int x2 = x * i;
		{
			int x = x2 + 1;
			r += twice(x); /* @ */
			sink = x;
		}
		r += x2; /* @ */
	}
	return r + x;
}

KEEP int thread_local_sum(int k)
{
	t_int += k;
	t_long -= k;
	t_inner.s[1]++;
	sink = t_int; /* @ */
	return t_int + (int)t_long + t_inner.s[0];
}

KEEP enum colour colours(enum colour c, enum big b, const enum colour *p)
{
	enum colour next = c == RED ? GREEN : BLUE;

	sink = next; /* @ */
	return b == BIG ? *p : next;
}

KEEP struct inner by_value(int k)
{
	struct inner r = {.s = {1, (short)k, 3}, .as_int = k};

	sink = r.s[1]; /* @ */
	return r;
}

KEEP const char *strings(const char *s, unsigned char *u, const char *none)
{
	const char *end = s + strlen(s);

	sink = u[0] + !none; /* @ */
	return end - 1;
}

KEEP void *pointers(void *v, int (*f)(int), int **pp, const volatile int *cv)
{
	int k = f(**pp);

	sink = k + *cv; /* @ */
	return (char *)v + k;
}

/* What is not initialised is the same everywhere, what main() sees present. */
__attribute__((constructor)) static void paint(void)
{
	volatile char a[16384];

	for (unsigned i = 0; i < sizeof(a); i++)
		a[i] = 0x5a;
}

int main(int argc, char **argv)
{
	struct node n = {.key = 17,
			 .next = &g_node,
			 .in = {.s = {1, -2, 3}, .as_float = 0.5f},
			 .name = "node",
			 .fn = twice,
			 .col = GREEN,
			 .anon_x = 6,
			 .anon_y = -6,
			 .text = "seven77",
			 .port = 8080,
			 .weight = 3.75};
	struct node *np = &n;
	struct bits b = {3, -3, 0x155555555ul, 0, true, 1ll << 35};
	struct packed p = {'c', 0x12345678, -2, 100, 5000, 1l << 50};
	enum colour c = BLUE;
	char *names[] = {"zero", "one", NULL};
	int v = 21, *vp = &v, arr[5] = {5, 4, 3, 2, 1};

	n.self = &np;
	n.opaque = &n;
	n.arr[1].s[2] = 99;
	sink = argc; /* @ */
	sink += integers(-1, 255, -300, 60000, -70000, 4000000000u, -1099511627776ll,
			 ~0ull, 'q', true);
	sink += (int)floats(1.5f, -2.25, 3.0l);
	sink += (int)structs(&n, b, p, n.in, &np);
	sink += arrays(arr, 5, names, g_matrix);
	sink += blocks(4);
	sink += thread_local_sum(2);
	sink += colours(RED, BIGGER, &c);
	sink += by_value(12).as_int;
	sink += *strings("hello", (unsigned char *)"\377\1", NULL);
	sink += pointers(&v, twice, &vp, &g_int) != NULL;
	g_node.key++;
	s_ulong += (unsigned long)g_const;
	return argv[0] == NULL; /* @ */
}
