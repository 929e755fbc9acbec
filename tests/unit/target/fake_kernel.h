/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small kernel's type information, made with libbpf, and a directory tree
 * that holds it where a system would: the same answers on every machine.
 */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

#include <bpf/btf.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fake_types {
	int int_, u32, u64, u8, bool_, char_, long_;
	int char_ptr, uchar_ptr, void_ptr;
	int color, big; /* enums */
	int inner, inner_ptr, task, task_ptr;
	int packed, tagless, atomic, fwd, user_ptr;
};

static inline void fake_tp(struct btf *b, const char *name, const int *types,
			   const char *const *names, int n, int void_ptr)
{
	char s[128];
	int proto = btf__add_func_proto(b, 0);

	btf__add_func_param(b, "", void_ptr);
	for (int i = 0; i < n; i++)
		btf__add_func_param(b, "", types[i]);
	int ptr = btf__add_ptr(b, proto);
	snprintf(s, sizeof(s), "btf_trace_%s", name);
	btf__add_typedef(b, s, ptr);
	if (!names)
		return;
	proto = btf__add_func_proto(b, 0);
	btf__add_func_param(b, "__data", void_ptr);
	for (int i = 0; i < n; i++)
		btf__add_func_param(b, names[i], types[i]);
	snprintf(s, sizeof(s), "__traceiter_%s", name);
	btf__add_func(b, s, BTF_FUNC_GLOBAL, proto);
}

static inline void fake_tracepoints(struct btf *b, const struct fake_types *t)
{
	const int demo[] = {t->int_,  t->bool_, t->task_ptr, t->char_ptr, t->u8,
			    t->color, t->u64,	t->user_ptr, t->tagless};
	static const char *const demo_names[] = {"count", "flag",  "task",
						 "text",  "small", "color",
						 "big",	  "buf",   "pair"};
	const int exit_args[] = {t->task_ptr, t->bool_};
	static const char *const exit_names[] = {"p", "group_dead"};
	const int two[] = {t->task_ptr, t->long_};
	static const char *const two_names[] = {"regs", "ret"};

	fake_tp(b, "demo", demo, demo_names, 9, t->void_ptr);
	fake_tp(b, "demo_bare", two, NULL, 2, t->void_ptr);
	fake_tp(b, "demo_none", two, two_names, 0, t->void_ptr);
	fake_tp(b, "other", two, two_names, 2, t->void_ptr);
	fake_tp(b, "sched_process_exec", two, two_names, 2, t->void_ptr);
	fake_tp(b, "sched_process_exit", exit_args, exit_names, 2, t->void_ptr);
	fake_tp(b, "sys_exit", two, two_names, 2, t->void_ptr);
}

static inline void fake_structs(struct btf *b, struct fake_types *t)
{
	btf__add_struct(b, "inner", 24);
	t->inner = btf__type_cnt(b) - 1;
	btf__add_field(b, "a", t->int_, 0, 0);
	btf__add_field(b, "name", btf__type_cnt(b) + 1, 32, 0);
	btf__add_field(b, "next", btf__type_cnt(b), 128, 0);
	t->inner_ptr = btf__add_ptr(b, t->inner);
	btf__add_array(b, t->int_, t->char_, 8);

	t->tagless = btf__add_struct(b, NULL, 8);
	btf__add_field(b, "lo", t->int_, 0, 0);
	btf__add_field(b, "hi", t->int_, 32, 0);
	t->atomic = btf__add_typedef(b, "atomic_t", t->tagless);

	/* an anonymous union within task_struct */
	int anon = btf__add_union(b, NULL, 8);
	btf__add_field(b, "u_long", t->long_, 0, 0);
	btf__add_field(b, "u_int", t->int_, 0, 0);
	int arr = btf__add_array(b, t->int_, t->inner, 4);
	int grid_row = btf__add_array(b, t->int_, t->int_, 3);
	int grid = btf__add_array(b, t->int_, grid_row, 2);

	t->task = btf__add_struct(b, "task_struct", 256);
	t->task_ptr = t->task + 1;
	btf__add_field(b, "pid", t->int_, 0, 0);
	btf__add_field(b, "tgid", t->int_, 32, 0);
	btf__add_field(b, "inner", t->inner_ptr, 64, 0);
	btf__add_field(b, "in", t->inner, 128, 0);
	btf__add_field(b, "", anon, 320, 0);
	btf__add_field(b, "bit1", t->u32, 384, 1);
	btf__add_field(b, "bits3", t->u32, 385, 3);
	btf__add_field(b, "sbits5", t->int_, 388, 5);
	btf__add_field(b, "cross", t->u8, 390, 6);
	btf__add_field(b, "arr", arr, 448, 0);
	btf__add_field(b, "real_parent", t->task_ptr, 1216, 0);
	btf__add_field(b, "count", t->atomic, 1280, 0);
	btf__add_field(b, "letter", t->char_, 1344, 0);
	btf__add_field(b, "ratio", btf__type_cnt(b) + 1, 1408, 0);
	btf__add_field(b, "grid", grid, 1472, 0);
	btf__add_field(b, "mm", btf__type_cnt(b) + 3, 1664, 0);
	btf__add_field(b, "hidden", btf__type_cnt(b) + 5, 1728, 0);
	btf__add_ptr(b, t->task);
	btf__add_float(b, "double", 8);
	/* the path to the program file, for process("PATH").begin */
	int mm = btf__add_struct(b, "mm_struct", 8);
	btf__add_field(b, "exe_file", mm + 4, 0, 0);
	btf__add_ptr(b, mm);
	t->fwd = btf__add_fwd(b, "secret", BTF_FWD_STRUCT);
	btf__add_ptr(b, t->fwd);
	btf__add_ptr(b, mm + 5);
	btf__add_struct(b, "file", 32);
	btf__add_field(b, "f_inode", mm + 8, 0, 0);
	btf__add_field(b, "f_path", mm + 9, 64, 0);
	btf__add_struct(b, "inode", 16);
	btf__add_field(b, "i_ino", t->u64, 0, 0);
	btf__add_field(b, "i_sb", mm + 13, 64, 0);
	btf__add_struct(b, "super_block", 8);
	btf__add_field(b, "s_dev", t->u32, 0, 0);
	btf__add_ptr(b, mm + 6);
	btf__add_struct(b, "path", 16);
	btf__add_field(b, "dentry", mm + 14, 64, 0);
	btf__add_struct(b, "qstr", 16);
	btf__add_field(b, "name", t->uchar_ptr, 64, 0);
	btf__add_struct(b, "dentry", 16);
	btf__add_field(b, "d_name", mm + 10, 0, 0);
	btf__add_struct(b, "pt_regs", 16);
	btf__add_field(b, "orig_ax", t->u64, 0, 0);
	btf__add_field(b, "syscallno", t->u64, 64, 0);
	btf__add_ptr(b, mm + 7);
	btf__add_ptr(b, mm + 11);
}

/* NULL when libbpf cannot make it. The caller frees it. */
/* int do_demo(task, count, flag, small, text, big, seventh), void do_void(),
   and a structure by value. */
static inline void fake_functions(struct btf *b, const struct fake_types *t)
{
	int proto = btf__add_func_proto(b, t->int_);

	btf__add_func_param(b, "task", t->task_ptr);
	btf__add_func_param(b, "count", t->int_);
	btf__add_func_param(b, "flag", t->bool_);
	btf__add_func_param(b, "small", t->u8);
	btf__add_func_param(b, "text", t->char_ptr);
	btf__add_func_param(b, "big", t->u64);
	btf__add_func_param(b, "seventh", t->int_);
	btf__add_func(b, "do_demo", BTF_FUNC_GLOBAL, proto);
	proto = btf__add_func_proto(b, 0);
	btf__add_func(b, "do_void", BTF_FUNC_STATIC, proto);
	proto = btf__add_func_proto(b, t->task_ptr);
	btf__add_func_param(b, "in", t->inner);
	btf__add_func_param(b, "pair", t->tagless);
	btf__add_func_param(b, "last", t->long_);
	btf__add_func(b, "by_value", BTF_FUNC_STATIC, proto);
	proto = btf__add_func_proto(b, t->long_);
	btf__add_func_param(b, "p", t->task_ptr);
	btf__add_func_param(b, "n", t->int_);
	btf__add_func(b, "plain", BTF_FUNC_STATIC, proto);
}

static inline struct btf *fake_btf(struct fake_types *t)
{
	struct btf *b = btf__new_empty();

	if (!b)
		return NULL;
	t->int_ = btf__add_int(b, "int", 4, BTF_INT_SIGNED);
	t->u32 = btf__add_int(b, "unsigned int", 4, 0);
	t->u64 = btf__add_int(b, "long unsigned int", 8, 0);
	t->u8 = btf__add_int(b, "unsigned char", 1, 0);
	t->bool_ = btf__add_int(b, "_Bool", 1, BTF_INT_BOOL);
	t->char_ = btf__add_int(b, "char", 1, BTF_INT_SIGNED);
	t->long_ = btf__add_int(b, "long int", 8, BTF_INT_SIGNED);
	t->void_ptr = btf__add_ptr(b, 0);
	t->char_ptr = btf__add_ptr(b, btf__add_const(b, t->char_));
	t->uchar_ptr = btf__add_ptr(b, t->u8);
	t->color = btf__add_enum(b, "color", 4);
	btf__add_enum_value(b, "RED", 0);
	btf__add_enum_value(b, "GREEN", 5);
	t->user_ptr = btf__add_ptr(b, btf__add_type_tag(b, "user", t->int_));
	fake_structs(b, t);
	fake_tracepoints(b, t);
	btf__add_var(b, "cpu_number", BTF_VAR_GLOBAL_ALLOCATED, t->int_);
	fake_functions(b, t);
	int var = btf__add_var(b, "pcpu_task", BTF_VAR_GLOBAL_ALLOCATED,
			       t->task);
	btf__add_datasec(b, ".data..percpu", 4096);
	btf__add_datasec_var_info(b, var, 64, 256);
	return b;
}

static inline void fake_write(const char *dir, const char *path,
			      const void *data, size_t len)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", dir, path);
	for (char *p = full + strlen(dir) + 1; (p = strchr(p, '/'));
	     *p++ = '/') {
		*p = '\0';
		mkdir(full, 0755);
	}
	FILE *f = fopen(full, "w");
	if (!f || fwrite(data, 1, len, f) != len)
		abort();
	fclose(f);
}

/* A tree with /sys/kernel/btf/vmlinux and what goes with it; its path in dir
   (a template for mkdtemp). */
static inline void fake_root(char *dir)
{
	static const char config[] =
		"# Linux\nCONFIG_HZ=250\nCONFIG_BPF=y\n"
		"CONFIG_LOCALVERSION=\"-test\"\n# CONFIG_KPROBES is not set\n"
		"CONFIG_MODULES=m";
	static const char syms[] = "0000000000000000 A hidden_sym\n"
				   "ffffffff81000010 T my_sym\n"
				   "ffffffff81000020 d my_sym_longer\n"
				   "ffffffff81001000 T do_demo\n"
				   "ffffffff81001100 t do_void\n"
				   "ffffffff81001200 t by_value\n"
				   "ffffffff81001300 t plain\n"
				   "ffffffff81001400 t twin\n"
				   "ffffffff81001500 t twin\n"
				   "ffffffff81001600 d __ksymtab_do_demo\n"
				   "0000000000000040 D pcpu_task\n"
				   "ffffffff81001700 D cpu_number\n"
				   "ffffffff81001800 D __per_cpu_offset\n"
				   "ffffffffc0000000 t mod_fn\t[fakemod]\n";
	struct fake_types t;
	struct btf *b = fake_btf(&t);
	unsigned len;

	if (!b || !mkdtemp(dir))
		abort();
	const void *raw = btf__raw_data(b, &len);
	fake_write(dir, "/sys/kernel/btf/vmlinux", raw, len);
	btf__free(b);
	fake_write(dir, "/proc/config.gz", config, sizeof(config) - 1);
	fake_write(dir, "/proc/kallsyms", syms, sizeof(syms) - 1);
}

static inline void fake_remove(const char *dir)
{
	char cmd[600];

	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	if (system(cmd))
		abort();
}

#endif
