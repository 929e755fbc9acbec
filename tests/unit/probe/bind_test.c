// SPDX-License-Identifier: GPL-2.0-or-later
/* @cast, @var, @kderef, @enum and -> on script values. */
#include "unit/probe/probe_util.h"
#include "unit/target/fake_kernel.h"

static char root[32];

static int setup(void **state)
{
	struct fixture *f = fixture_new();

	strcpy(root, "/tmp/stap-bind-XXXXXX");
	fake_root(root);
	target_cache_set_root(f->env.targets, root);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fake_remove(root);
	return fixture_teardown(state);
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" lacks \"%s\"", text, part);
}

static void test_cast(void **state)
{
	struct fixture *f = *state;
	static const char want[] = "rk4s((7 + off<task_struct reloc>))";

	assert_string_equal(bound(f, NULL, "@cast(7, \"task_struct\")->tgid"),
			    want);
	assert_string_equal(
		bound(f, NULL,
		      "@cast(7, \"struct task_struct\", \"kernel\")->tgid"),
		want);
	assert_string_equal(bound(f, NULL,
				  "@cast(7, \"task_struct*\", "
				  "\"kernel<linux/sched.h>\")->tgid"),
			    want);
	assert_string_equal(
		bound(f, NULL,
		      "@cast(7, \"task_struct\", \"/bin/x:kernel\")->tgid"),
		want);
	/* a pointer to a pointer is followed first */
	assert_string_equal(bound(f, NULL, "@cast(7, \"task_struct**\")->tgid"),
			    "rk4s((rk8(7) + off<task_struct reloc>))");
	/* alone it is the pointer */
	assert_string_equal(bound(f, NULL, "@cast(7, \"task_struct\")"), "7");
}

static void test_cast_indexes_like_a_pointer(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(bound(f, NULL, "@cast(7, \"unsigned int\")[3]"),
			    "rk4((7 + 12))");
	assert_string_equal(bound(f, NULL, "@cast(7, \"long\")[pid()]"),
			    "rk8s((7 + (pid() * 8)))");
	/* the idiom for sizeof */
	assert_string_equal(bound(f, NULL, "&@cast(0, \"task_struct\")[1]"),
			    "(0 + 256)");
	assert_string_equal(
		bound(f, NULL, "@cast(7, \"task_struct\")[2]->tgid"),
		"rk4s((7 + off<task_struct reloc>))");
}

static void test_cast_address_and_text(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(bound(f, NULL, "&@cast(7, \"task_struct\")->in->a"),
			    "(7 + off<task_struct reloc>)");
	assert_string_equal(bound(f, NULL, "@cast(7, \"atomic_t\")$"),
			    "sprintf('{.lo=%d, .hi=%d}', rk4s((7 + "
			    "off<atomic_t reloc>)), rk4s((7 + off<atomic_t "
			    "reloc>)))");
}

static void test_wrong_casts(void **state)
{
	struct fixture *f = *state;

	has(bound(f, NULL, "@cast(7, \"task_strct\")->x"),
	    "!type definition 'task_strct' not found in the kernel (similar: "
	    "task_struct)");
	has(bound(f, NULL, "@cast(7, \"x\", \"/bin/ls\")->x"),
	    "!/bin/ls: it has no DWARF debug information");
	has(bound(f, NULL, "@cast(7, \"task_struct\")->nope"),
	    "unable to find member 'nope'");
	has(bound(f, NULL, "@cast(7, \"secret\")->x"), "not found");
	has(bound(f, NULL, "@cast(7, \"int\")->x"), "not a structure");
}

static void test_dereference(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(bound(f, NULL, "@kderef(4, 99)"), "rk4(99)");
	assert_string_equal(bound(f, NULL, "@uderef(8, 99)"), "ru8(99)");
	has(bound(f, NULL, "@kderef(3, 99)"), "!the size must be 1, 2, 4 or 8");
	has(bound(f, NULL, "@uderef(pid(), 99)"), "!the size must be");
}

static void test_kernel_variables(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(bound(f, NULL, "&@var(\"my_sym\")"), "-2130706416");
	assert_string_equal(bound(f, NULL, "&@var(\"my_sym\", \"kernel\")"),
			    "-2130706416");
	assert_string_equal(bound(f, NULL, "&@var(\"my_sym@kernel/x.c\")"),
			    "-2130706416");
	has(bound(f, NULL, "@var(\"my_sym\")"),
	    "!the kernel's type information "
	    "does not describe");
	has(bound(f, NULL, "&@var(\"no_sym\")"), "!the kernel has no symbol");
	has(bound(f, NULL, "&@var(\"hidden_sym\")"), "kptr_restrict");
	has(bound(f, NULL, "&@var(\"x\", \"/bin/ls\")"), "debug information");
}

static void test_enums(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(bound(f, NULL, "@enum(\"GREEN\")"), "5");
	has(bound(f, NULL, "@enum(\"BLUE\")"), "!the kernel has no enumerator");
	assert_string_equal(bound(f, NULL, "@enumname(3, \"color\")"),
			    "(3 == 0) ? 'RED' : (3 == 5) ? 'GREEN' : "
			    "sprintf('%d', 3)");
	has(bound(f, NULL, "@enumname(3, \"task_struct\")"),
	    "!'task_struct' is no enum");
}

static void test_context_variables_elsewhere(void **state)
{
	struct fixture *f = *state;

	has(bound(f, NULL, "$x"), "those of a probe");
	has(bound(f, only_site(f, "begin"), "$x"),
	    "this probe point has no context variables");
	has(bound(f, NULL, "@errno"), "!");
}

static void test_perf_counters(void **state)
{
	struct fixture *f = *state;

	has(bound(f, NULL, "@perf(\"x\")"), "__counter(0)");
	has(bound(f, NULL, "@perf(\"y\")"), "__counter(1)");
	has(bound(f, only_site(f, "kernel.trace(\"demo\")"), "@perf(\"x\")"),
	    "__counter(0)");
	has(bound(f, only_site(f, "begin"), "@perf(\"x\")"),
	    "where a process runs");
}

/* A value that came from a typed read carries its type on. */
static void test_autocast(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "kernel.trace(\"demo\")");
	const char *why = NULL, *have = NULL;
	struct expr *from = expression(f, "$task->inner");

	assert_true(probe_bind_target(&f->env, s, from, false, &why, &have));
	const struct value_type *t = value_type_of(from);
	assert_non_null(t);
	assert_ptr_equal(t, value_type_of(from->target.bound));

	struct expr *e = expression(f, "foo->a");
	assert_int_equal(e->target.tk, TGT_AUTOCAST);
	assert_false(probe_bind_target(&f->env, s, e, false, &why, &have));
	has(why, "say it with @cast");
	e->target.arg->ctype = t;
	assert_true(probe_bind_target(&f->env, s, e, false, &why, &have));
	assert_string_equal(dumped(f, e->target.bound),
			    "rk4s((foo + off<inner reloc>))");
	/* and so on: what was read is typed again */
	e = expression(f, "foo->next");
	e->target.arg->ctype = t;
	assert_true(probe_bind_target(&f->env, s, e, false, &why, &have));
	assert_non_null(value_type_of(e));
}

static void test_types_that_are_carried(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "kernel.trace(\"demo\")");
	static const struct {
		const char *text;
		const char *type; /* what it points to; NULL: no pointer */
	} cases[] = {
		{"$task", "struct task_struct"},
		{"$task->inner", "struct inner"},
		{"&$task->in", "struct inner"},
		{"$task->in->name", "char"},
		{"@cast(5, \"task_struct\")", "struct task_struct"},
		{"&$task->pid", "int"},
		{"$task->pid", NULL},
		{"$$parms", NULL},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *why, *have;
		struct expr *e = expression(f, cases[i].text);
		assert_true(
			probe_bind_target(&f->env, s, e, false, &why, &have));
		const struct value_type *t = value_type_of(e);
		if (!cases[i].type) {
			assert_null(t);
			continue;
		}
		assert_non_null(t);
		struct strbuf sb = {0};
		ttype_spell(&sb, t->src, t->id);
		assert_string_equal(sb_str(&sb), cases[i].type);
		sb_free(&sb);
	}
}

static void test_cast_needs_types(void **state)
{
	struct fixture *f = *state;
	char path[128];

	snprintf(path, sizeof(path), "%s/sys/kernel/btf/vmlinux", root);
	unlink(path);
	has(bound(f, NULL, "@cast(7, \"task_struct\")->pid"),
	    "!the kernel's type information (/sys/kernel/btf/vmlinux) cannot "
	    "be read");
	has(bound(f, NULL, "@enum(\"X\")"), "cannot be read");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_cast),
		T(test_cast_indexes_like_a_pointer),
		T(test_cast_address_and_text),
		T(test_wrong_casts),
		T(test_dereference),
		T(test_kernel_variables),
		T(test_enums),
		T(test_context_variables_elsewhere),
		T(test_perf_counters),
		T(test_autocast),
		T(test_types_that_are_carried),
		T(test_cast_needs_types),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
