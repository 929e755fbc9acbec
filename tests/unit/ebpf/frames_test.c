// SPDX-License-Identifier: GPL-2.0-or-later
/* Every function of the run-time library can be called from a step function:
   the program, its dispatcher, a bpf_loop callback where may_goto is missing and
   the step function itself leave it the rest of the kernel's eight frames. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ebpf/gen.h"

static uint32_t frames(const struct rtlib *rt, uint32_t index, uint8_t *known)
{
	const struct rtlib_func *f = &rt->funcs[index];
	uint32_t deepest = 0;

	if (known[index])
		return known[index];
	for (uint32_t i = 0; i < f->nrelocs; i++) {
		uint32_t d;

		if (f->relocs[i].kind != RTLIB_CALL &&
		    f->relocs[i].kind != RTLIB_FUNC)
			continue;
		d = frames(rt, f->relocs[i].target, known);
		if (d > deepest)
			deepest = d;
	}
	return known[index] = (uint8_t)(deepest + 1);
}

static void check(const struct rtlib *rt, uint32_t most)
{
	uint8_t *known = calloc(rt->nfuncs, 1);
	uint32_t bad = 0;

	assert_true(rt->nfuncs > 100);
	for (uint32_t i = 0; i < rt->nfuncs; i++) {
		if (frames(rt, i, known) <= most)
			continue;
		printf("%s takes %u frames, %u are left\n", rt->funcs[i].name,
		       known[i], most);
		bad++;
	}
	free(known);
	assert_int_equal(bad, 0);
}

static void test_frames_with_bpf_loop(void **state)
{
	(void)state;
	check(&rtlib_bpfloop, CALL_FRAMES - 4);
}

static void test_frames_with_may_goto(void **state)
{
	(void)state;
	check(&rtlib_maygoto, CALL_FRAMES - 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames_with_bpf_loop),
		cmocka_unit_test(test_frames_with_may_goto),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
