// SPDX-License-Identifier: GPL-2.0-or-later
/* ELF files: functions, offsets, and what is wrong with bad files. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "target/target.h"
#include "unit/target/make_elf.h"

static char dir[] = "/tmp/stap-elf-XXXXXX";
static struct target_cache *c;

static int group_setup(void **state)
{
	make_elf_dir(dir);
	in_dir(dir, "cc -O1 -pie -fPIE -o pie t.c");
	in_dir(dir, "cc -O1 -no-pie -fno-pie -o nopie t.c");
	in_dir(dir, "cc -O1 -shared -fPIC -o lib.so t.c");
	in_dir(dir, "cc -O1 -c -o obj.o t.c");
	in_dir(dir, "cp pie stripped && strip stripped");
	in_dir(dir, "cp lib.so libs.so && strip libs.so");
	c = target_cache_new();
	return 0;
}

static int group_teardown(void **state)
{
	char cmd[64];

	target_cache_free(c);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static const char *in(const char *name)
{
	static char path[2][128];
	static int turn;

	turn ^= 1;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static const struct elf_file *open_elf(const char *name)
{
	const char *why = NULL;
	const struct elf_file *f = target_elf(c, in(name), &why);

	if (!f)
		fail_msg("%s: %s", name, why);
	return f;
}

static const struct elf_func *find(const struct elf_file *f, const char *name)
{
	for (uint32_t i = 0; i < f->nfuncs; i++)
		if (!strcmp(f->funcs[i].name, name))
			return &f->funcs[i];
	return NULL;
}

/* What nm says of a symbol; 0: nothing. */
static uint64_t nm(const char *file, const char *name)
{
	char cmd[256];
	unsigned long long v = 0;

	snprintf(cmd, sizeof(cmd), "nm %s | awk '$3 == \"%s\" { print $1 }'",
		 in(file), name);
	FILE *p = popen(cmd, "r");
	if (fscanf(p, "%llx", &v) != 1)
		v = 0;
	pclose(p);
	return v;
}

static void test_functions_and_addresses(void **state)
{
	static const char *const names[] = {"main", "helper", "first_name",
					    "second_name", "weak_fn"};
	const struct elf_file *f = open_elf("pie");

	assert_true(f->is_pie);
	assert_true(f->is_program);
	assert_true(f->has_symtab);
	assert_true(f->build_id_len == 0 || f->build_id_len == 20);
	for (unsigned i = 0; i < 5; i++) {
		const struct elf_func *fn = find(f, names[i]);
		assert_non_null(fn);
		assert_int_equal(fn->addr, nm("pie", names[i]));
	}
	assert_int_equal(find(f, "helper")->bind, 0);
	assert_int_equal(find(f, "main")->bind, 1);
	assert_int_equal(find(f, "weak_fn")->bind, 2);
	for (uint32_t i = 1; i < f->nfuncs; i++)
		assert_true(f->funcs[i - 1].addr <= f->funcs[i].addr);
}

static void test_leaves_out_what_cannot_be_probed(void **state)
{
	const struct elf_file *f = open_elf("pie");

	assert_null(find(f, "puts"));
	assert_null(find(f, "some_data"));
	assert_null(find(f, "chosen"));
	assert_true(f->n_undefined > 0);
	assert_int_equal(f->n_indirect, 1);
}

/* The bytes at the offset are the function's. */
static void test_offsets_point_at_the_code(void **state)
{
	const struct elf_file *f = open_elf("nopie");
	const struct elf_func *fn = find(f, "first_name");
	uint64_t off;

	assert_false(f->is_pie);
	assert_true(f->is_program);
	assert_non_null(fn);
	assert_int_not_equal(fn->file_off, fn->addr);
	assert_true(elf_offset_of(f, fn->addr, &off));
	assert_int_equal(off, fn->file_off);
	assert_false(elf_offset_of(f, 0, &off));
	assert_false(elf_offset_of(f, UINT64_MAX, &off));

	char cmd[512];
	snprintf(cmd, sizeof(cmd),
		 "objdump -d --start-address=0x%llx --stop-address=0x%llx %s "
		 "| grep -q '<first_name>:'",
		 (unsigned long long)fn->addr,
		 (unsigned long long)fn->addr + fn->size, in("nopie"));
	assert_int_equal(system(cmd), 0);
}

static void test_names_of_one_address_stand_together(void **state)
{
	const struct elf_file *f = open_elf("pie");
	const struct elf_func *a = find(f, "first_name");
	const struct elf_func *b = find(f, "second_name");

	assert_int_equal(a->addr, b->addr);
	assert_ptr_equal(a + 1, b);
}

static void test_libraries_export(void **state)
{
	const struct elf_file *f = open_elf("lib.so");

	assert_true(f->is_pie);
	assert_false(f->is_program);
	assert_true(f->has_symtab && f->has_dynsym);
	assert_true(find(f, "first_name")->exported);
	assert_false(find(f, "helper")->exported);
	/* in both tables, and yet one function */
	uint32_t n = 0;
	for (uint32_t i = 0; i < f->nfuncs; i++)
		n += !strcmp(f->funcs[i].name, "first_name");
	assert_int_equal(n, 1);
}

static void test_stripped_files(void **state)
{
	const struct elf_file *f = open_elf("stripped");

	assert_false(f->has_symtab);
	assert_null(find(f, "main"));
	f = open_elf("libs.so");
	assert_non_null(find(f, "first_name"));
	assert_null(find(f, "helper"));
}

static void test_separate_debug_file(void **state)
{
	const struct elf_file *plain = open_elf("pie");
	struct arena *a = arena_new();
	char cmd[512];
	const char *why = NULL;
	struct elf_file *f;

	if (!plain->build_id_len) {
		print_message("the compiler makes no build-ids\n");
		arena_free(a);
		skip();
	}
	snprintf(cmd, sizeof(cmd),
		 "d=root/usr/lib/debug/.build-id/%02x && mkdir -p $d && "
		 "objcopy --only-keep-debug pie $d/$(readelf -n pie | sed -n "
		 "'s/.*Build ID: ..//p').debug",
		 plain->build_id[0]);
	in_dir(dir, cmd);
	f = elf_file_read(a, in("root"), in("stripped"), &why);
	assert_non_null(f);
	assert_non_null(f->debug_path);
	const struct elf_func *fn = find(f, "helper");
	assert_non_null(fn);
	assert_int_equal(fn->file_off, find(plain, "helper")->file_off);
	arena_free(a);
}

/* ---- bad files ---- */

static void refused(const char *name, const char *part)
{
	const char *why = NULL;

	if (target_elf(c, in(name), &why))
		fail_msg("%s is accepted", name);
	if (!strstr(why, part))
		fail_msg("%s: \"%s\" lacks \"%s\"", name, why, part);
}

static void test_refuses_bad_files(void **state)
{
	in_dir(dir, "echo hello >text; : >empty; mkdir -p sub; mkfifo pipe; "
		    "head -c 40 pie >cut40; printf '\\177ELF' >magic; "
		    "ar rc arch.a obj.o");
	in_dir(dir, "printf '#! /usr/bin/env python3\\n' >script");
	refused("script", "its interpreter, /usr/bin/env");
	refused("nothing", strerror(ENOENT));
	refused("text", "not an ELF file");
	refused("empty", "empty");
	refused("sub", "directory");
	refused("pipe", "not a regular file");
	refused("arch.a", "archive");
	refused("obj.o", "object file");
	refused("cut40", "");
	refused("magic", "");
}

static void test_refuses_other_machines(void **state)
{
	in_dir(dir, "cp pie alien; printf '\\025\\000' | dd of=alien bs=1 "
		    "seek=18 conv=notrunc 2>/dev/null");
	refused("alien", "another machine");
}

/* However much is missing, the answer is a file or a reason. */
static void test_any_truncation_is_survived(void **state)
{
	struct arena *a = arena_new();
	FILE *in_file = fopen(in("pie"), "r");
	static char buf[1 << 16];
	size_t len = fread(buf, 1, sizeof(buf), in_file);

	fclose(in_file);
	for (size_t n = 1; n < len; n += n < 2000 ? 7 : 151) {
		char *copy = malloc(n);
		const char *why = NULL;
		memcpy(copy, buf, n);
		struct elf_file *f =
			elf_file_from_memory(a, copy, n, "x", &why);
		assert_true(f || why);
		free(copy);
	}
	arena_free(a);
}

static void test_no_permission(void **state)
{
	const char *why = NULL;
	uid_t self = geteuid();

	in_dir(dir, "chmod 755 . && cp pie secret && chmod 0 secret");
	if (!access(in("secret"), R_OK)) {
		/* root may read anything; ask as nobody */
		if (seteuid(65534)) {
			print_message("cannot become another user\n");
			skip();
		}
	}
	const struct elf_file *f = target_elf(c, in("secret"), &why);
	if (geteuid() != self && seteuid(self))
		abort();
	assert_null(f);
	assert_non_null(why);
	assert_string_equal(why, strerror(EACCES));
}

/* ---- which file ---- */

static void test_searches_path(void **state)
{
	const char *why = NULL, *old = getenv("PATH");
	char path[512];
	char *keep = strdup(old ? old : "/usr/bin:/bin");

	in_dir(dir, "mkdir -p bin1 bin2/prog2 bin3; : >bin1/prog2; "
		    "ln -sf ../pie bin3/prog2; ln -sf pie link");
	snprintf(path, sizeof(path), "%s/bin1:%s/bin2:%s/bin3", dir, dir, dir);
	setenv("PATH", path, 1);
	/* bin1 has a file without x, bin2 a directory, bin3 a link */
	const char *found = target_find_program(c, "prog2", &why);
	assert_non_null(found);
	assert_string_equal(found, in("pie"));
	assert_null(target_find_program(c, "no-such-program", &why));
	assert_non_null(strstr(why, "$PATH"));
	setenv("PATH", keep, 1);
	free(keep);

	assert_string_equal(target_find_program(c, in("link"), &why),
			    in("pie"));
	assert_null(target_find_program(c, in("absent"), &why));
	assert_string_equal(why, strerror(ENOENT));
	assert_null(target_find_program(c, "", &why));
}

static void test_same_file_is_read_once(void **state)
{
	assert_ptr_equal(open_elf("pie"), open_elf("pie"));
}

static void test_program_of_a_process(void **state)
{
	const char *why = NULL;
	const char *p = target_pid_program(c, getpid(), &why);

	assert_non_null(p);
	assert_non_null(strstr(p, "elf_test"));
	assert_true(target_pid_exists(c, getpid()));
	assert_false(target_pid_exists(c, 1 << 30));
	assert_null(target_pid_program(c, 1 << 30, &why));
	assert_non_null(strstr(why, "no such process"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_functions_and_addresses),
		cmocka_unit_test(test_leaves_out_what_cannot_be_probed),
		cmocka_unit_test(test_offsets_point_at_the_code),
		cmocka_unit_test(test_names_of_one_address_stand_together),
		cmocka_unit_test(test_libraries_export),
		cmocka_unit_test(test_stripped_files),
		cmocka_unit_test(test_separate_debug_file),
		cmocka_unit_test(test_refuses_bad_files),
		cmocka_unit_test(test_refuses_other_machines),
		cmocka_unit_test(test_any_truncation_is_survived),
		cmocka_unit_test(test_no_permission),
		cmocka_unit_test(test_searches_path),
		cmocka_unit_test(test_same_file_is_read_once),
		cmocka_unit_test(test_program_of_a_process),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
