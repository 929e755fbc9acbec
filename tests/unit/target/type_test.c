// SPDX-License-Identifier: GPL-2.0-or-later
/* Type names as scripts write them, and as they are shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "target/target.h"
#include "unit/target/fake_kernel.h"

static struct fake_types types;
static struct kbtf *k;

static int setup(void **state)
{
	static struct btf *b;
	const char *why;
	unsigned len;

	*state = b = fake_btf(&types);
	const void *raw = btf__raw_data(b, &len);
	return kbtf_from_memory(raw, len, NULL, &k, &why);
}

static int teardown(void **state)
{
	kbtf_close(k);
	btf__free(*state);
	return 0;
}

static void expect(const char *text, int id, unsigned stars)
{
	uint32_t got = 9999;
	unsigned n = 9;

	if (!ttype_parse(kbtf_types(k), text, &got, &n))
		fail_msg("\"%s\" is not found", text);
	assert_int_equal(got, id);
	assert_int_equal(n, stars);
}

static void refuse(const char *text)
{
	uint32_t id;
	unsigned stars;

	if (ttype_parse(kbtf_types(k), text, &id, &stars))
		fail_msg("\"%s\" is accepted", text);
}

static void test_names_with_and_without_a_tag(void **state)
{
	expect("task_struct", types.task, 0);
	expect("struct task_struct", types.task, 0);
	expect(" const struct  task_struct ", types.task, 0);
	expect("atomic_t", types.atomic, 0);
	expect("enum color", types.color, 0);
	expect("color", types.color, 0);
	refuse("union task_struct");
	refuse("enum task_struct");
	refuse("struct atomic_t");
	refuse("struct color");
}

static void test_pointers(void **state)
{
	expect("struct task_struct *", types.task, 1);
	expect("task_struct**", types.task, 2);
	expect("char * const *", types.char_, 2);
	expect("void*", 0, 1);
	refuse("*task_struct");
	refuse("task_struct * inner");
}

static void test_base_types_in_any_order(void **state)
{
	expect("int", types.int_, 0);
	expect("signed", types.int_, 0);
	expect("unsigned", types.u32, 0);
	expect("unsigned int", types.u32, 0);
	expect("int unsigned", types.u32, 0);
	expect("unsigned long", types.u64, 0);
	expect("long unsigned int", types.u64, 0);
	expect("long", types.long_, 0);
	expect("char", types.char_, 0);
	expect("unsigned char", types.u8, 0);
	refuse("short"); /* this kernel has none */
	refuse("long task_struct");
	refuse("struct int");
}

static void test_what_is_no_type(void **state)
{
	refuse("");
	refuse("struct");
	refuse("task_struct[3]");
	refuse("a-b");
	refuse("struct struct inner");
	char big[600];
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	refuse(big);
}

static void spelled(uint32_t id, const char *want)
{
	struct strbuf sb = {0};

	ttype_spell(&sb, kbtf_types(k), id);
	assert_string_equal(sb_str(&sb), want);
	sb_free(&sb);
}

static void test_spelling(void **state)
{
	spelled((uint32_t)types.task_ptr, "struct task_struct*");
	spelled((uint32_t)types.char_ptr, "char const*");
	spelled((uint32_t)types.atomic, "atomic_t");
	spelled((uint32_t)types.tagless, "struct {...}");
	spelled((uint32_t)types.fwd, "struct secret");
	spelled(0, "void");
	spelled(99999, "unknown");
}

static void test_lists_members(void **state)
{
	struct arena *a = arena_new();
	struct ttype t;

	kbtf_types(k)->ops->get(kbtf_types(k), (uint32_t)types.task, &t);
	assert_string_equal(ttype_member_names(a, &t, 6),
			    "pid, tgid, inner, in, u_long, u_int, ...");
	kbtf_types(k)->ops->get(kbtf_types(k), (uint32_t)types.inner, &t);
	assert_string_equal(ttype_member_names(a, &t, 6), "a, name, next");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_with_and_without_a_tag),
		cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_base_types_in_any_order),
		cmocka_unit_test(test_what_is_no_type),
		cmocka_unit_test(test_spelling),
		cmocka_unit_test(test_lists_members),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
