// SPDX-License-Identifier: GPL-2.0-or-later
/* Layouts that are rarely seen, and types behind many names. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define KEEP __attribute__((noinline))

volatile long sink;

enum sign { LOWEST = -2147483647 - 1, MINUS = -1, NONE, PLUS = 0x7fffffff };
enum wide { HUGE_ONE = 0x123456789abcdefll, HUGE_MINUS = -5 };
enum __attribute__((packed)) tiny { T_MINUS = -100, T_PLUS = 100 };

union overlay {
	struct {
		unsigned lo : 4, mid : 24, hi : 4;
	};
	struct {
		int s_lo : 7;
		int : 0; /* the next one starts a word */
		int s_hi : 31;
	} split;
	uint64_t whole;
	long long narrow : 45;
	enum sign e : 32;
	bool flag : 1;
};

struct flexible {
	uint16_t n;
	struct {
		char tag;
		int value;
	} item[];
};
struct nothing {
	int before;
	int none[0];
	int after;
};

struct nested {
	int level0;
	struct {
		int level1;
		union {
			int level2;
			struct {
				short level3;
				struct {
					char level4[2];
					struct {
						signed char level5;
					};
				};
			};
		};
	};
	struct {
		struct {
			struct {
				long deep;
			} c;
		} b[2];
	} a;
};

struct __attribute__((packed)) odd {
	char c;
	unsigned long long x : 39;
	signed long long y : 25;
	enum tiny t;
	double d;
	uint32_t last;
};
struct __attribute__((aligned(32))) aligned {
	char c;
	_Alignas(16) short s;
};

typedef const int const_int;
typedef volatile const_int cv_int;
typedef cv_int *cv_int_ptr;
typedef cv_int_ptr const fixed_ptr;
typedef struct nested nested_t;
typedef const nested_t *const nested_ref;
typedef int (*binary)(int, int);
typedef binary (*chooser)(char);
typedef int grid[2][3];
typedef grid *grid_ptr;
typedef struct opaque opaque_t;

static int plus(int a, int b)
{
	return a + b;
}
static int minus(int a, int b)
{
	return a - b;
}
static binary choose(char c)
{
	return c == '+' ? plus : minus;
}

binary operations[2] = {plus, minus};
chooser g_choose = choose;
union overlay g_overlay = {.whole = 0x9abcdef0fedcba98ull};
static const struct odd g_odd = {'o', 0x5555555555ull, -3, T_MINUS, 0.5, 7};
struct aligned g_aligned[2] = {{'a', -1}, {'b', -2}};
int g_cube[2][3][4] = {{{1}, {2, 3}}, {{4}, {5}, {6, 7, 8, 9}}};
const char *const g_names[] = {"first", "second", NULL};
char g_letters[3][4] = {"abc", "de", "f"};
wchar_t g_wide[] = L"wide";
struct nothing g_nothing = {1, {}, 2};

KEEP long unions(union overlay o, union overlay *p, enum sign s, enum wide w, enum tiny t)
{
	union overlay copy = *p;
	enum sign worst = s < 0 ? LOWEST : PLUS;

	copy.mid++;
	sink = copy.mid + o.lo; /* @ */
	copy.split.s_hi = -77;
	sink = (long)w + t + worst + copy.split.s_hi; /* @ */
	return copy.hi;
}

KEEP long flexibles(struct flexible *f, const struct nothing *n, opaque_t *unknown)
{
	long sum = 0;

	for (unsigned i = 0; i < f->n; i++)
		sum += f->item[i].value; /* @ */
	sink = sum + n->after + (unknown != NULL); /* @ */
	return sum;
}

KEEP long nests(struct nested n, nested_ref r, struct nested v[2])
{
	struct nested *inside = &v[1];

	sink = n.level5 + r->level4[1]; /* @ */
	inside->a.b[1].c.deep += n.level3;
	return sink + inside->level2; /* @ */
}

KEEP long chains(const_int a, cv_int b, cv_int_ptr c, fixed_ptr *d, grid g, grid_ptr h, int (*row)[3])
{
	const_int local = a + *c;
	cv_int_ptr again = *d;

	sink = local + *again + g[1][2] + (*h)[0][1] + row[1][0]; /* @ */
	return b;
}

KEEP long functions(binary f, binary *table, chooser pick, int (**raw)(int, int))
{
	binary chosen = pick('+');
	int (*(*again)(char))(int, int) = pick;

	sink = f(3, 4) + table[1](5, 6) + chosen(1, 2); /* @ */
	return again('-')(9, 1) + raw[0](1, 1);
}

KEEP long odds(struct odd o, const struct odd *p, struct aligned *q, size_t n)
{
	struct odd v[2] = {o, *p};

	v[1].last -= 2;
	sink = v[1].last + (long)v[0].d + q[1].s; /* @ */
	return (long)n + v[1].x;
}

__attribute__((constructor)) static void paint(void)
{
	volatile char a[16384];

	for (unsigned i = 0; i < sizeof(a); i++)
		a[i] = 0x5a;
}

int main(void)
{
	union overlay o = {.whole = 0x0123456789abcdefull};
	struct flexible *f = calloc(1, 64);
	struct nested n[2] = {{.level0 = 1, .level1 = 2, .level3 = -3, .level5 = -9}, {.a.b[1].c.deep = 1l << 40}};
	cv_int one = 1;
	fixed_ptr p = &one;
	grid g = {{1, 2, 3}, {4, 5, 6}};

	f->n = 2;
	f->item[0].tag = 'x';
	f->item[0].value = -10;
	f->item[1].tag = 'y';
	f->item[1].value = 20;
	sink = unions(o, &g_overlay, MINUS, HUGE_MINUS, T_MINUS);
	sink = unions(g_overlay, &o, PLUS, HUGE_ONE, T_PLUS);
	sink = flexibles(f, &g_nothing, NULL);
	sink = nests(n[0], &n[1], n);
	sink = chains(5, -6, &one, &p, g, &g, g);
	sink = functions(minus, operations, g_choose, operations);
	sink = odds(g_odd, &g_odd, g_aligned, sizeof(g_odd));
	return 0; /* @ */
}
