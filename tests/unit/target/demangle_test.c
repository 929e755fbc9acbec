// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/demangle.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *symbol, *name;
} cases[] = {
	{"_ZN2ns1fEi", "ns::f"},
	{"_ZNK2ns3box3getEi", "ns::box::get"},
	{"_ZN2ns3boxclEl", "ns::box::operator()"},
	{"_ZN2ns5twiceIiEET_S1_", "ns::twice<int>"},
	{"_ZN12_GLOBAL__N_16hiddenEi", "(anonymous namespace)::hidden"},
	{"_ZN1AcvPKcEv", "A::operator char const*"},
	{"_Z1fPFivE", "f"},
	{"_Z1fv.cold", "f"},
	{"_ZThn8_N1A1fEv", "A::f"},
	/* Rust's older names: a hash stands behind */
	{"_ZN5hello4main17h0123456789abcdefE", "hello::main"},
	{"main", NULL},
	{"_Z", NULL},
	{"_Znonsense", NULL},
	{"", NULL},
};

static void names_are_written_without_parameters(void **state)
{
	struct arena *a = arena_new();

	if (!dlopen("libstdc++.so.6", RTLD_LAZY))
		skip();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = target_demangle(a, cases[i].symbol);

		if (cases[i].name)
			assert_string_equal(got ? got : "(none)",
					    cases[i].name);
		else
			assert_null(got);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_written_without_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
