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
	/* and its newer ones */
	{"_RNvC1a1f", "a::f"},
	{"_RNvNtCs6GmmlP4bgsG_1r6shapes4area", "r::shapes::area"},
	{"_RINvNtCs6GmmlP4bgsG_1r6shapes5totalNtB2_2SqEB4_",
	 "r::shapes::total<r::shapes::Sq>"},
	{"_RNvXNtCs6GmmlP4bgsG_1r6shapesNtB2_2SqNtB2_4Area4area",
	 "<r::shapes::Sq as r::shapes::Area>::area"},
	{"_RNCNvC1a4main0B3_", "a::main::{closure#0}"},
	{"_RNCNvC1a4mains_0B3_", "a::main::{closure#1}"},
	{"_RNvMC1aNtB2_1S3new", "<a::S>::new"},
	{"_RINvC1a1fhRSjTmlEAhj4_FcEuPOeE",
	 "a::f<u8, &[usize], (u32, i32), [u8; 0x4], fn(char), *const *mut str>"},
	{"_RINvC1a1fDNtC1b1TEL_Kb1_Klna_E", "a::f<dyn b::T, true, -0xa>"},
	{"_RNvC1a1f.llvm.123", "a::f"},
	{"_RNvC1a", NULL},
	{"_RNvC1a9f", NULL},
	{"_RNvB_1f", NULL},
	{"_RINvC1a1fB9_E", NULL},
	{"_Runtime", NULL},
	{"_R", NULL},
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
