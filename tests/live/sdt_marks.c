/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Marks of every kind for the live tests: sizes, signs, operands of memory,
   registers and constants, a semaphore that guards. */
#define _SDT_HAS_SEMAPHORES 1
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sdt.h>

#define SEMAPHORE __attribute__((section(".probes")))
SEMAPHORE unsigned short demo_many_semaphore;
SEMAPHORE unsigned short demo_memory_semaphore;
SEMAPHORE unsigned short demo_guarded_semaphore;

struct spot {
	int x;
	long y;
	const char *name;
};
static struct spot spot = {7, -9, "spot"};
long table[8] = {11, 22, 33, 44, 55, 66, 77, 88};
int counter = 5;
static volatile int at = 3;

__attribute__((noinline)) void many(int8_t a, uint8_t b, int16_t c, uint16_t d,
				    int32_t e, uint32_t f, int64_t g,
				    uint64_t h, const void *p, const char *s,
				    struct spot *q, int last);
void many(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e, uint32_t f,
	  int64_t g, uint64_t h, const void *p, const char *s, struct spot *q,
	  int last)
{
	STAP_PROBE12(demo, many, a, b, c, d, e, f, g, h, p, s, q, last);
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 3;
	char *text = strdup("hello"); /* present in memory */

	for (int i = 0; i < n; i++) {
		many(-1 - i, 200, -300, 60000, -70000, 4000000000u,
		     -5000000000l, 0xfedcba9876543210ul, &table[1], text, &spot,
		     i);
		STAP_PROBE3(demo, memory, table[at], counter, 42);
		if (demo_guarded_semaphore) {
			puts("armed");
			STAP_PROBE1(demo, guarded, i);
		}
	}
	free(text);
	return 0;
}
