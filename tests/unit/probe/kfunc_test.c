// SPDX-License-Identifier: GPL-2.0-or-later
/* kernel.function and its kin against a made-up kernel: which functions, by
   what kind of program, and where its parameters are. */
#include "unit/probe/probe_util.h"
#include "unit/target/fake_kernel.h"

static char root[32];
static bool has_fentry, has_kprobe;

static bool grants(enum probe_way way, struct target_cache *targets)
{
	(void)targets;
	return way == WAY_FENTRY ? has_fentry : has_kprobe;
}

static int setup(void **state)
{
	struct fixture *f = fixture_new();

	strcpy(root, "/tmp/stap-kfunc-XXXXXX");
	fake_root(root);
	target_cache_set_root(f->env.targets, root);
	f->env.grants = grants;
	has_fentry = has_kprobe = true;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fake_remove(root);
	return fixture_teardown(state);
}

static const char *at(struct fixture *f, const char *pt, const char *var)
{
	return bound(f, only_site(f, pt), var);
}

static void expect_unbound(struct fixture *f, struct probe_site *s,
			   const char *var, const char *part)
{
	const char *got = bound(f, s, var);

	if (*got != '!' || !strstr(got, part))
		fail_msg("%s: no \"%s\" in: %s", var, part, got);
}

static void test_single_function_is_fentry(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "kernel.function(\"plain\")");

	assert_string_equal(s->name, "kernel.function(\"plain\")");
	assert_int_equal(s->attach.kind, WIRE_PROBE_FENTRY);
	assert_int_equal(s->prog_type, IMAGE_PROG_FENTRY);
	assert_true(s->attach.btf_id > 0);
	assert_string_equal(s->symbol, "plain");
	assert_null(s->share_class);
	s = only_site(f, "kernel.function(\"plain\").return");
	assert_int_equal(s->prog_type, IMAGE_PROG_FEXIT);
	assert_int_equal(s->attach.flags, WIRE_ATTACH_RETURN);
}

static void test_kprobes_where_fentry_cannot(void **state)
{
	static const char *const points[] = {
		"kernel.function(\"do_demo\")",  /* seven parameters */
		"kernel.function(\"by_value\")", /* structures */
		"kernel.function(\"plain*\")",
		"kernel.function(\"plain\").return.maxactive(3)",
		"kprobe.function(\"plain\")",
		"module(\"fakemod\").function(\"mod_fn\")",
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < sizeof(points) / sizeof(*points); i++) {
		struct probe_site *s = only_site(f, points[i]);
		assert_int_equal(s->attach.kind, WIRE_PROBE_KPROBE);
		assert_int_equal(s->prog_type, IMAGE_PROG_KPROBE);
		assert_non_null(s->share_class);
		assert_true(s->attach.address != 0);
	}
	has_fentry = false;
	assert_int_equal(
		only_site(f, "kernel.function(\"plain\")")->attach.kind,
		WIRE_PROBE_KPROBE);
	assert_int_equal(
		only_site(f, "kernel.function(\"plain\").return.maxactive(3)")
			->attach.maxactive,
		3);
}

static void test_which_functions(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(match(f, "kernel.function(\"do_*\")"), PROBE_MATCHED);
	assert_int_equal(f->sites.v.n, 2);
	assert_string_equal(f->sites.v.v[0]->name,
			    "kernel.function(\"do_demo\")");
	assert_true(f->sites.v.v[0]->attach.flags & WIRE_ATTACH_OPTIONAL);
	assert_int_equal(match(f, "kernel.function(\"twin\")"), PROBE_MATCHED);
	assert_int_equal(f->sites.v.n, 2);
	assert_int_equal(f->sites.v.v[1]->attach.nth, 1);
	assert_int_equal(match(f, "kernel.function(\"do_*\").exported"),
			 PROBE_MATCHED);
	assert_int_equal(f->sites.v.n, 1);
	assert_int_equal(match(f, "module(\"f*\").function(\"*\")"),
			 PROBE_MATCHED);
	assert_string_equal(f->sites.v.v[0]->name,
			    "module(\"fakemod\").function(\"mod_fn\")");
	expect_error(f, "kernel.function(\"do_demmo\")",
		     "(similar functions: do_demo");
	expect_error(f, "module(\"nomod\").function(\"x\")",
		     "modprobe nomod");
	expect_error(f, "kernel.function(\"plain\").return.maxactive(0)",
		     "[probe-number-range]");
}

static void test_blacklist(void **state)
{
	static const char list[] = "0xffffffff81001100-0xffffffff81001101\tx\n";
	struct fixture *f = *state;

	fake_write(root, "/sys/kernel/debug/kprobes/blacklist", list,
		   sizeof(list) - 1);
	expect_error(f, "kernel.function(\"do_void\")", "left out: 1");
	assert_int_equal(match(f, "kernel.function(\"do_*\")"), PROBE_MATCHED);
	assert_int_equal(f->sites.v.n, 1);
	expect_message(f, "[kernel-dropped]");
	f->env.guru_mode = true;
	expect_error(f, "kernel.statement(0xffffffff81001100).absolute",
		     "[kernel-blacklisted]");
}

static void test_parameters_of_kprobes(void **state)
{
	struct fixture *f = *state;
	const char *demo = "kprobe.function(\"do_demo\")";

	assert_string_equal(at(f, demo, "$task"), "ctx[112:8]");
	assert_string_equal(at(f, demo, "$count"), "ctx[104:4s]");
	assert_string_equal(at(f, demo, "$flag"), "ctx[96:1]");
	assert_string_equal(at(f, demo, "$big"), "ctx[64:8]");
	/* beyond the registers */
	assert_non_null(strstr(at(f, demo, "$seventh"), "ctx[152:8]"));
	/* 24 bytes by value lie on the stack, and take no register */
	demo = "kprobe.function(\"by_value\")";
	assert_non_null(strstr(at(f, demo, "$in->a"), "ctx[152:8]"));
	assert_non_null(strstr(at(f, demo, "$pair->hi"), "ctx[112:8]"));
	assert_string_equal(at(f, demo, "$last"), "ctx[104:8s]");
	assert_string_equal(at(f, "kprobe.function(\"plain\").return",
				  "$return"),
			    "ctx[80:8s]");
}

static void test_parameters_of_fentry(void **state)
{
	struct fixture *f = *state;
	const char *plain = "kernel.function(\"plain\")";
	const char *ret = "kernel.function(\"plain\").return";

	assert_string_equal(at(f, plain, "$p"), "ctx[0:8]");
	assert_non_null(strstr(at(f, plain, "$n"), "ctx[8:8]"));
	assert_string_equal(at(f, ret, "$return"), "ctx[1024:8]");
	/* a parameter itself is still there; what it points to may not be */
	assert_string_equal(at(f, ret, "$p"), "ctx[0:8]");
	assert_string_equal(at(f, ret, "$p->pid"), "@entry($p->pid)");
	has_fentry = false;
	assert_string_equal(at(f, ret, "$p"), "@entry($p)");
}

static void test_what_does_not_exist(void **state)
{
	struct fixture *f = *state;

	expect_unbound(f, only_site(f, "kernel.function(\"plain\")"), "$nope",
		       "$p, $n, $$parms");
	expect_unbound(f, only_site(f, "kernel.function(\"plain\").return"),
		       "$p->nope", "unable to find member 'nope'");
	expect_unbound(f, only_site(f, "kernel.function(\"do_void\").return"),
		       "$return", "returns nothing");
	expect_unbound(f, f->sites.v.v[0], "$return", "returns nothing");
	assert_int_equal(match(f, "kernel.function(\"twin\")"), PROBE_MATCHED);
	expect_unbound(f, f->sites.v.v[0], "$x", "does not describe");
}

static void test_variables_of_the_kernel(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "kernel.function(\"plain\")");

	/* BTF has its type */
	assert_string_equal(bound(f, s, "@var(\"cpu_number\")"),
			    "rk4s(-2130700544)");
	/* a copy on each CPU */
	assert_string_equal(
		bound(f, s, "@var(\"pcpu_task\")->tgid"),
		"rk4s(((64 + rk8((-2130700288 + (cpu() * 8)))) + "
		"off<task_struct reloc>))");
	expect_unbound(f, s, "@var(\"my_sym\")", "does not describe");
}

static void test_list(void **state)
{
	struct fixture *f = *state;
	struct strbuf sb = {0};
	struct probe_site *s = only_site(f, "kernel.function(\"plain\").return");

	s->kind->list_vars(&f->env, s, &sb);
	assert_string_equal(sb_str(&sb), " $return:long int $p:struct "
					 "task_struct* $n:int");
	sb_free(&sb);
}

static void test_addresses(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s;

	f->env.guru_mode = true;
	s = only_site(f, "kernel.statement(0xffffffff81001010).absolute");
	assert_string_equal(s->symbol, "do_demo");
	assert_int_equal(s->attach.offset, 0x10);
	assert_int_equal(s->attach.address, 0xffffffff81001010);
	assert_true(s->attach.flags & WIRE_ATTACH_ABSOLUTE);
	expect_unbound(f, s, "$task", "DWARF");
	s = only_site(f, "kernel.function(0xffffffff81001300)");
	assert_string_equal(s->symbol, "plain");
	assert_int_equal(s->attach.offset, 0);
	f->env.guru_mode = false;
	expect_error(f, "kernel.statement(0xffffffff81001010).absolute",
		     "need stap -g");
}

static void test_needs_dwarf(void **state)
{
	static const char *const points[] = {
		"kernel.function(\"plain@fs/x.c\")",
		"kernel.statement(\"plain@fs/x.c:10\")",
		"kernel.statement(\"plain@fs/x.c:10\").nearest",
		"kernel.function(\"plain\").inline",
		"kernel.function(\"plain\").label(\"out\")",
		"module(\"fakemod\").function(\"mod_fn\").callees(2)",
		"kernel.statement(0x1000)",
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < sizeof(points) / sizeof(*points); i++)
		expect_error(f, points[i], "debug information of ");
}

static void test_kernel_without_kprobes(void **state)
{
	struct fixture *f = *state;

	has_fentry = has_kprobe = false;
	expect_error(f, "kernel.function(\"plain\")", "without CONFIG_KPROBES");
	expect_error(f, "module(\"fakemod\").function(\"mod_fn\").return",
		     "kernel.trace");
	/* to list what there is needs none */
	f->env.listing = true;
	only_site(f, "kernel.function(\"plain\")");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_single_function_is_fentry),
		T(test_kprobes_where_fentry_cannot),
		T(test_which_functions),
		T(test_blacklist),
		T(test_parameters_of_kprobes),
		T(test_parameters_of_fentry),
		T(test_what_does_not_exist),
		T(test_variables_of_the_kernel),
		T(test_list),
		T(test_addresses),
		T(test_needs_dwarf),
		T(test_kernel_without_kprobes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
