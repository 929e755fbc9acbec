// SPDX-License-Identifier: GPL-2.0-or-later
/* Who is meant by a name: blocks in blocks, equal names, lengths at run time. */
#include <alloca.h>
#include <stdint.h>
#include <string.h>

#define KEEP __attribute__((noinline))

volatile long sink;
static int shared_name = 1;
int value = 1000;
__thread int per_thread = 7;

KEEP long lengths(int n, int m)
{
	int vla[n];
	short table[n][m];
	char *raw = alloca(16);

	memset(table, 0, sizeof(table));
	strcpy(raw, "alloca");
	for (int i = 0; i < n; i++) {
		vla[i] = i * i;
		table[i][m - 1] = (short)-i;
	}
	sink = vla[n - 1] + table[n - 1][m - 1] + raw[0]; /* @ */
	{
		long vla[m];

		vla[0] = -1;
		vla[m - 1] = -m;
		sink = vla[0] + vla[m - 1]; /* @ */
	}
	return vla[1];
}

KEEP long shadows(int value, char c)
{
	long sum = value;

	for (int value = 10; value < 12; value++) {
		sink = value; /* @ */
		for (long value = 20; value < 21; value++) {
			sum += value; /* @ */
			if (c) {
				char value = c;

				sum += value; /* @ */
				{
					extern int value;

					sum += value; /* @ */
				}
			}
		}
	}
	sink = sum + value; /* @ */
	return sum;
}

KEEP long first_static(int k)
{
	static int calls = 5;
	static struct { int calls; } state = {50};

	calls += k;
	state.calls++;
	sink = calls + shared_name; /* @ */
	return calls;
}

KEEP long second_static(int k)
{
	static long calls = -5;
	long r = 0;

	{
		static short calls = 99;

		calls += (short)k;
		r = calls; /* @ */
		sink = r;
	}
	calls -= k;
	sink = calls + r; /* @ */
	return calls;
}

KEEP long hidden_global(int k)
{
	int shared_name = k + 1;

	sink = shared_name; /* @ */
	per_thread += shared_name;
	return per_thread; /* @ */
}

KEEP long jumps(int k)
{
	int before = k;
	long r = 0;

again:
	{
		int round = before * 2;

		r += round; /* @ */
		if (before++ < 3)
			goto again;
	}
	switch (k) {
		int in_switch;
	case 2:
		in_switch = 22;
		r += in_switch; /* @ */
		break;
	default:
		in_switch = 33;
		r -= in_switch;
	}
	return r;
}

KEEP long recursion(int n, int *outer)
{
	int here = n * 10;

	if (n == 0) {
		sink = here + *outer; /* @ */
		return 0;
	}
	return recursion(n - 1, &here) + here;
}

#ifndef __clang__
KEEP long within(int k)
{
	int captured = k + 100;

	KEEP int nested(int arg)
	{
		captured += arg;
		sink = captured; /* @ */
		return captured;
	}
	return nested(1) + nested(2);
}
#endif

__attribute__((constructor)) static void paint(void)
{
	volatile char a[16384];

	for (unsigned i = 0; i < sizeof(a); i++)
		a[i] = 0x5a;
}

int main(void)
{
	int top = 3;

	sink = lengths(4, 3);
	sink = shadows(5, 'c');
	sink = first_static(2);
	sink = second_static(3);
	sink = hidden_global(4);
	sink = jumps(2);
	sink = recursion(3, &top);
#ifndef __clang__
	sink = within(6);
#endif
	return 0; /* @ */
}
