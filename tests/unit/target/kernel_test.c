// SPDX-License-Identifier: GPL-2.0-or-later
/* Facts about the kernel, read from a made-up system's files. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <zlib.h>

#include "target/target.h"
#include "unit/target/fake_kernel.h"

struct fixture {
	char dir[32];
	struct target_cache *c;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/stap-test-XXXXXX");
	fake_root(f->dir);
	f->c = target_cache_new();
	target_cache_set_root(f->c, f->dir);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	target_cache_free(f->c);
	fake_remove(f->dir);
	free(f);
	return 0;
}

static void test_configuration(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(target_kernel_config(f->c, "CONFIG_HZ"), "250");
	assert_string_equal(target_kernel_config(f->c, "CONFIG_BPF"), "y");
	assert_string_equal(target_kernel_config(f->c, "CONFIG_LOCALVERSION"),
			    "\"-test\"");
	/* the last line has no newline */
	assert_string_equal(target_kernel_config(f->c, "CONFIG_MODULES"), "m");
	assert_null(target_kernel_config(f->c, "CONFIG_KPROBES"));
	assert_null(target_kernel_config(f->c, "CONFIG_H"));
}

static void test_configuration_compressed(void **state)
{
	struct fixture *f = *state;
	char path[128];

	snprintf(path, sizeof(path), "%s/proc/config.gz", f->dir);
	gzFile g = gzopen(path, "w");
	/* a line longer than the reader's buffer, before one that counts */
	for (int i = 0; i < 9000; i++)
		gzputs(g, "#");
	gzputs(g, "\nCONFIG_X=y\n");
	gzclose(g);
	assert_string_equal(target_kernel_config(f->c, "CONFIG_X"), "y");
}

static void test_configuration_in_boot(void **state)
{
	struct fixture *f = *state;
	char path[256];

	snprintf(path, sizeof(path), "%s/proc/config.gz", f->dir);
	unlink(path);
	snprintf(path, sizeof(path), "/boot/config-%s",
		 target_kernel_release(f->c));
	fake_write(f->dir, path, "CONFIG_Y=m\n", 11);
	assert_string_equal(target_kernel_config(f->c, "CONFIG_Y"), "m");
}

static void test_no_configuration(void **state)
{
	struct fixture *f = *state;
	char path[256];

	snprintf(path, sizeof(path), "%s/proc/config.gz", f->dir);
	unlink(path);
	assert_null(target_kernel_config(f->c, "CONFIG_HZ"));
	assert_in_range(target_hz(f->c), 24, 10000);
}

static void test_machine(void **state)
{
	struct fixture *f = *state;

	assert_true(*target_kernel_release(f->c));
	assert_true(*target_arch(f->c));
	assert_true(target_ncpus(f->c) > 0);
	assert_in_range(target_hz(f->c), 24, 10000);
}

static void test_symbols(void **state)
{
	struct fixture *f = *state;
	const char *why = NULL;
	uint64_t addr;

	for (int twice = 0; twice < 2; twice++) {
		assert_true(target_kernel_symbol(f->c, "my_sym", &addr, &why));
		assert_int_equal(addr, 0xffffffff81000010);
		assert_false(target_kernel_symbol(f->c, "my_", &addr, &why));
		assert_non_null(strstr(why, "no symbol 'my_'"));
		assert_false(
			target_kernel_symbol(f->c, "hidden_sym", &addr, &why));
		assert_non_null(strstr(why, "kptr_restrict"));
	}
}

static void test_no_symbols(void **state)
{
	struct fixture *f = *state;
	const char *why = NULL;
	char path[128];
	uint64_t addr;

	snprintf(path, sizeof(path), "%s/proc/kallsyms", f->dir);
	unlink(path);
	assert_false(target_kernel_symbol(f->c, "other", &addr, &why));
	assert_non_null(strstr(why, "/proc/kallsyms"));
}

static void find_funcs(struct fixture *f, const char *module, const char *name,
		       struct kfunc_list *l)
{
	const char *why = NULL;

	memset(l, 0, sizeof(*l));
	assert_true(target_kernel_funcs(f->c, module, name, l, &why));
}

static void test_functions_by_name(void **state)
{
	struct fixture *f = *state;
	struct kfunc_list l;

	find_funcs(f, NULL, "do_demo", &l);
	assert_int_equal(l.v.n, 1);
	assert_int_equal(l.v.v[0].addr, 0xffffffff81001000);
	assert_true(l.v.v[0].global);
	assert_null(l.v.v[0].module);
	find_funcs(f, NULL, "do_dem", &l);
	assert_int_equal(l.v.n, 0);
	find_funcs(f, NULL, "my_sym_longer", &l); /* data */
	assert_int_equal(l.v.n, 0);
	find_funcs(f, NULL, "twin", &l);
	assert_int_equal(l.v.n, 2);
	assert_int_equal(l.v.v[0].nth, 0);
	assert_int_equal(l.v.v[1].nth, 1);
	assert_int_equal(l.v.v[1].namesakes, 1);
	assert_false(l.v.v[0].global);
	find_funcs(f, NULL, "mod_fn", &l);
	assert_int_equal(l.v.n, 0);
	find_funcs(f, "fakemod", "mod_fn", &l);
	assert_int_equal(l.v.n, 1);
	assert_string_equal(l.v.v[0].module, "fakemod");
}

static void test_functions_by_pattern(void **state)
{
	struct fixture *f = *state;
	struct kfunc_list l;

	/* BTF alone tells what can be hooked */
	find_funcs(f, NULL, "do_*", &l);
	assert_int_equal(l.v.n, 2);
	assert_string_equal(l.v.v[1].name, "do_void");
	find_funcs(f, NULL, "do_[a-d]*", &l);
	assert_int_equal(l.v.n, 1);
}

static void test_functions_by_pattern_with_tracefs(void **state)
{
	struct fixture *f = *state;
	struct kfunc_list l;

	/* it may know others than BTF, and fewer */
	fake_write(f->dir, "/sys/kernel/tracing/available_filter_functions",
		   "do_demo\nmod_fn [fakemod]\ntwin\n", 30);
	find_funcs(f, NULL, "*", &l);
	assert_int_equal(l.v.n, 3); /* do_demo, twin, twin */
	find_funcs(f, "fake*", "*", &l);
	assert_int_equal(l.v.n, 1);
}

static void test_functions_by_address(void **state)
{
	static const char list[] = "0xffffffff81001100-0xffffffff81001200\tx\n";
	struct fixture *f = *state;
	struct kfunc fn;
	uint64_t off;

	assert_true(
		target_kernel_func_at(f->c, 0xffffffff81001010, &fn, &off));
	assert_string_equal(fn.name, "do_demo");
	assert_int_equal(off, 0x10);
	assert_false(target_kernel_func_at(f->c, 0x1000, &fn, &off));
	fake_write(f->dir, "/sys/kernel/debug/kprobes/blacklist", list,
		   sizeof(list) - 1);
	assert_true(target_func_blacklisted(f->c, 0xffffffff81001100));
	assert_true(target_func_blacklisted(f->c, 0xffffffff810011ff));
	assert_false(target_func_blacklisted(f->c, 0xffffffff81001200));
	assert_false(target_func_blacklisted(f->c, 0xffffffff81001000));
	assert_false(target_func_blacklisted(f->c, 0));
}

static void test_no_btf(void **state)
{
	struct fixture *f = *state;
	const char *why = NULL, *remedy = NULL;
	struct tracepoint tp;
	char path[128];
	uint32_t n;

	snprintf(path, sizeof(path), "%s/sys/kernel/btf/vmlinux", f->dir);
	unlink(path);
	for (int twice = 0; twice < 2; twice++) {
		assert_null(target_vmlinux(f->c, &why, &remedy));
		assert_non_null(strstr(why, "/sys/kernel/btf/vmlinux"));
		assert_non_null(strstr(remedy, "CONFIG_DEBUG_INFO_BTF=y"));
	}
	assert_false(target_find_tracepoint(f->c, "demo", &tp));
	target_tracepoints(f->c, &n);
	assert_int_equal(n, 0);
}

static void test_broken_btf(void **state)
{
	struct fixture *f = *state;
	const char *why = NULL, *remedy = NULL;

	fake_write(f->dir, "/sys/kernel/btf/vmlinux", "BTF!", 4);
	assert_null(target_vmlinux(f->c, &why, &remedy));
	assert_non_null(strstr(why, "too short"));
	assert_non_null(strstr(remedy, "intact"));
}

static void test_tracepoints_without_tracefs(void **state)
{
	struct fixture *f = *state;
	struct tracepoint tp;
	uint32_t n;

	assert_true(target_find_tracepoint(f->c, "demo", &tp));
	assert_string_equal(tp.system, "");
	assert_null(tp.module);
	assert_false(target_has_tracefs(f->c));
	const struct tracepoint *all = target_tracepoints(f->c, &n);
	assert_int_equal(n, 7);
	for (uint32_t i = 1; i < n; i++)
		assert_true(strcmp(all[i - 1].name, all[i].name) < 0);
}

static void test_systems_from_tracefs(void **state)
{
	struct fixture *f = *state;
	struct tracepoint tp;
	uint32_t n;
	static const char events[] = "/sys/kernel/tracing/events";
	char path[128];

	snprintf(path, sizeof(path), "%s/mine/demo/id", events);
	fake_write(f->dir, path, "1", 1);
	snprintf(path, sizeof(path), "%s/kprobes/other/id", events);
	fake_write(f->dir, path, "1", 1);
	snprintf(path, sizeof(path), "%s/enable", events);
	fake_write(f->dir, path, "0", 1);

	assert_true(target_has_tracefs(f->c));
	assert_true(target_find_tracepoint(f->c, "demo", &tp));
	assert_string_equal(tp.system, "mine");
	/* users' own events have names of their own choice */
	assert_true(target_find_tracepoint(f->c, "other", &tp));
	assert_string_equal(tp.system, "");
	const struct tracepoint *all = target_tracepoints(f->c, &n);
	for (uint32_t i = 0; i < n; i++)
		assert_string_equal(all[i].system,
				    strcmp(all[i].name, "demo") ? "" : "mine");
	/* the same answers after everything was listed */
	assert_string_equal(target_tracepoint_system(f->c, "demo"), "mine");
	assert_string_equal(target_tracepoint_system(f->c, "other"), "");
}

static void test_tracepoints_of_modules(void **state)
{
	struct fixture *f = *state;
	struct fake_types t;
	struct btf *base = fake_btf(&t), *m = btf__new_empty_split(base);
	static const char *const names[] = {"value"};
	int args[] = {t.int_};
	struct tracepoint tp;
	unsigned len;
	uint32_t n;

	fake_tp(m, "mod_event", args, names, 1, t.void_ptr);
	const void *raw = btf__raw_data(m, &len);
	fake_write(f->dir, "/sys/kernel/btf/mymod", raw, len);
	fake_write(f->dir, "/sys/kernel/btf/broken", "x", 1);
	assert_true(target_find_tracepoint(f->c, "mod_event", &tp));
	assert_string_equal(tp.module, "mymod");
	target_tracepoints(f->c, &n);
	assert_int_equal(n, 8);
	btf__free(m);
	btf__free(base);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_configuration),
		T(test_configuration_compressed),
		T(test_configuration_in_boot),
		T(test_no_configuration),
		T(test_machine),
		T(test_symbols),
		T(test_no_symbols),
		T(test_functions_by_name),
		T(test_functions_by_pattern),
		T(test_functions_by_pattern_with_tracefs),
		T(test_functions_by_address),
		T(test_no_btf),
		T(test_broken_btf),
		T(test_tracepoints_without_tracefs),
		T(test_systems_from_tracefs),
		T(test_tracepoints_of_modules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
