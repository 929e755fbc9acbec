// SPDX-License-Identifier: GPL-2.0-or-later
/* process.*: functions of programs, lives of processes, whom they mean. */
#include "unit/probe/probe_util.h"
#include "unit/target/fake_kernel.h"
#include "unit/target/make_elf.h"

static char dir[32], root[32];

static int group_setup(void **state)
{
	strcpy(dir, "/tmp/stap-proc-XXXXXX");
	make_elf_dir(dir);
	in_dir(dir, "cc -O1 -o prog t.c && cp prog stripped && strip stripped "
		    "&& ln -s prog link && echo text >text && mkdir multi && "
		    "cp prog multi/one && cp prog multi/two && cp text multi "
		    "&& cc -O1 -shared -fPIC -o lib.so t.c");
	return 0;
}

static int group_teardown(void **state)
{
	fake_remove(dir);
	return 0;
}

static int setup(void **state)
{
	struct fixture *f = fixture_new();

	strcpy(root, "/tmp/stap-root-XXXXXX");
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

/* process("<dir>/FILE")REST */
static const char *pp(struct fixture *f, const char *file, const char *rest)
{
	return arena_printf(f->a, "process(\"%s/%s\")%s", dir, file, rest);
}

static void test_function(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s =
		only_site(f, pp(f, "prog", ".function(\"main\")"));

	assert_int_equal(s->attach.kind, WIRE_PROBE_UPROBE);
	assert_int_equal(s->prog_type, IMAGE_PROG_UPROBE);
	assert_string_equal(s->name, pp(f, "prog", ".function(\"main\")"));
	assert_string_equal(s->target, arena_printf(f->a, "%s/prog", dir));
	assert_string_equal(s->symbol, "main");
	assert_true(s->attach.offset > 0);
	assert_int_equal(s->attach.flags, 0);
	assert_int_equal(s->attach.pid, -1);
	assert_null(s->prologue);
}

static void test_return_call_exported(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s =
		only_site(f, pp(f, "prog", ".function(\"main\").return"));

	assert_int_equal(s->attach.flags, WIRE_ATTACH_RETURN);
	assert_string_equal(s->name,
			    pp(f, "prog", ".function(\"main\").return"));
	s = only_site(f, pp(f, "prog", ".function(\"main\").call"));
	assert_int_equal(s->attach.flags, 0);
	only_site(f, pp(f, "lib.so", ".function(\"first_name\").exported"));
	expect_error(f, pp(f, "lib.so", ".function(\"helper\").exported"),
		     "no function matches");
	expect_error(f, pp(f, "prog", ".function(\"main\").inline"), "DWARF");
	expect_error(f, pp(f, "prog", ".function(\"main\").label(\"x\")"),
		     "DWARF");
	expect_error(f, pp(f, "prog", ".function(\"main\").retrun"),
		     "similar: return");
}

static void test_wildcards_collapse_aliases(void **state)
{
	struct fixture *f = *state;

	/* two names, one address: the first in the table's order */
	struct probe_site *s =
		only_site(f, pp(f, "prog", ".function(\"*_name\")"));
	assert_string_equal(s->symbol, "first_name");
	assert_true(s->attach.flags & WIRE_ATTACH_OPTIONAL);
	/* by its exact name each can be had */
	s = only_site(f, pp(f, "prog", ".function(\"second_name\")"));
	assert_string_equal(s->symbol, "second_name");
	assert_int_equal(match(f, pp(f, "prog", ".function(\"*\")")),
			 PROBE_MATCHED);
	uint64_t last = 0;
	vec_for (&f->sites.v, i) {
		assert_true(f->sites.v.v[i]->attach.address > last);
		last = f->sites.v.v[i]->attach.address;
		assert_string_not_equal(f->sites.v.v[i]->symbol, "puts");
	}
}

/* A return probe there would change the program's argument count. */
static void test_start_has_no_return(void **state)
{
	struct fixture *f = *state;

	only_site(f, pp(f, "prog", ".function(\"_start\")"));
	expect_error(f, pp(f, "prog", ".function(\"_start\").return"),
		     "no function matches");
	match(f, pp(f, "prog", ".function(\"*\").return"));
	assert_true(f->sites.v.n > 3);
	vec_for (&f->sites.v, i)
		assert_string_not_equal(f->sites.v.v[i]->symbol, "_start");
}

static void test_address(void **state)
{
	struct fixture *f = *state;
	struct probe_site *main_site =
		only_site(f, pp(f, "prog", ".function(\"main\")"));
	const char *text =
		pp(f, "prog",
		   arena_printf(f->a, ".function(0x%llx)",
				(unsigned long long)main_site->attach.address));
	struct probe_site *s = only_site(f, text);

	assert_int_equal(s->attach.offset, main_site->attach.offset);
	assert_string_equal(s->name, text);
	expect_error(f, pp(f, "prog", ".function(0x1)"), "outside of its code");
}

static void test_one_file_by_many_names(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(
		only_site(f, pp(f, "link", ".function(\"main\")"))->name,
		pp(f, "prog", ".function(\"main\")"));
	assert_int_equal(match(f, pp(f, "multi/*", ".function(\"main\")")),
			 PROBE_MATCHED);
	assert_int_equal(f->sites.v.n, 2);
	expect_error(f, pp(f, "multi/t*xt", ".function(\"main\")"),
		     "no file of this pattern is a program");
	expect_error(f, pp(f, "none*", ".function(\"main\")"),
		     "no file matches");
	expect_error(f, "process(\"no such *\").function(\"main\")",
		     "no file matches");
}

static void test_errors(void **state)
{
	struct fixture *f = *state;

	expect_error(f, pp(f, "prog", ".function(\"man\")"), "(similar: main)");
	expect_error(f, pp(f, "prog", ".function(\"man\")"),
		     "[process-no-function]");
	expect_error(f, pp(f, "prog", ".function(\"puts\")"), "left out:");
	expect_error(f, pp(f, "stripped", ".function(\"main\")"),
		     "[process-no-symbols]");
	expect_error(f, pp(f, "stripped", ".function(\"main\")"),
		     "it is stripped");
	expect_error(f, pp(f, "absent", ".function(\"main\")"),
		     "No such file or directory [process-unreadable]");
	expect_error(f, pp(f, "text", ".function(\"main\")"),
		     "it is not an ELF file");
	expect_error(f, pp(f, "multi", ".function(\"main\")"),
		     "it is a directory");
	expect_error(f, "process(\"no-such-prog\").function(\"main\")",
		     "$PATH has such a program");
	expect_error(f, pp(f, "prog", ".function(\"main@t.c\")"), "DWARF");
	expect_error(f, "process.function(\"main\")", "[process-no-target]");
	expect_error(f, "process(\"4711\").begin", "process(4711)");
	expect_error(f, "process(-1).function(\"main\")", "no process id");
	expect_error(f, "process(1073741824).function(\"main\")",
		     "there is no such process");
	expect_error(f, "process(1073741824).begin", "no such process");
}

static void test_command_of_c(void **state)
{
	struct fixture *f = *state;

	f->env.target_cmd = arena_printf(f->a, "%s/prog", dir);
	struct probe_site *s = only_site(f, "process.function(\"main\")");
	assert_string_equal(s->name, pp(f, "prog", ".function(\"main\")"));
	assert_int_equal(s->attach.flags, WIRE_ATTACH_TARGET_ONLY);
	assert_non_null(s->prologue);
	f->env.target_cmd = "no-such-prog";
	expect_error(f, "process.function(\"main\")", "$PATH");
}

static void test_own_process(void **state)
{
	struct fixture *f = *state;

	target_cache_set_root(f->env.targets, "");
	struct probe_site *s = only_site(
		f, arena_printf(f->a, "process(%d).function(\"main\")",
				(int)getpid()));
	assert_int_equal(s->attach.pid, getpid());
	assert_non_null(strstr(s->target, "process_test"));
	f->env.target_pid = getpid();
	s = only_site(f, "process.function(\"main\")");
	assert_int_equal(s->attach.pid, -1);
	assert_int_equal(s->attach.flags, WIRE_ATTACH_TARGET_ONLY);
}

static void test_variables_need_dwarf(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s =
		only_site(f, pp(f, "prog", ".function(\"main\")"));

	assert_non_null(strstr(bound(f, s, "$argc"), "DWARF"));
	assert_string_equal(bound(f, s, "$$name"), "'main'");
}

/* ---- lives ---- */

static void lives(struct fixture *f, const char *text, uint32_t event,
		  unsigned nsites, const char *first)
{
	assert_int_equal(match(f, text), PROBE_MATCHED);
	assert_int_equal(f->sites.v.n, nsites);
	vec_for (&f->sites.v, i) {
		struct probe_site *s = f->sites.v.v[i];
		assert_int_equal(s->attach.kind, WIRE_PROBE_PROCESS);
		assert_int_equal(s->attach.event, event);
		assert_int_equal(s->prog_type, IMAGE_PROG_RAWTP);
		assert_non_null(s->prologue);
		assert_null(s->share_class);
	}
	assert_string_equal(f->sites.v.v[0]->target, first);
}

static void test_lives_of_processes(void **state)
{
	struct fixture *f = *state;

	lives(f, "process.begin", WIRE_PROC_BEGIN, 3, "sched_process_exec");
	assert_string_equal(f->sites.v.v[1]->target, "sys_exit");
	assert_string_equal(f->sites.v.v[2]->target, "sys_exit");
	assert_string_equal(f->sites.v.v[0]->name, "process.begin");
	lives(f, "process.end", WIRE_PROC_END, 1, "sched_process_exit");
	lives(f, "process.thread.begin", WIRE_PROC_THREAD_BEGIN, 1, "sys_exit");
	lives(f, "process.thread.end", WIRE_PROC_THREAD_END, 1,
	      "sched_process_exit");
	lives(f, pp(f, "prog", ".begin"), WIRE_PROC_BEGIN, 3,
	      "sched_process_exec");
	assert_string_equal(f->sites.v.v[0]->name, pp(f, "prog", ".begin"));
	lives(f, pp(f, "prog", ".end"), WIRE_PROC_END, 1, "sched_process_exit");
	assert_non_null(strstr(bound(f, f->sites.v.v[0], "$x"),
			       "have no context variables"));
}

/* The statements of a prologue as text. */
static void show(struct fixture *f, struct strbuf *sb, const struct stmt *s)
{
	switch (s->kind) {
	case S_BLOCK:
		vec_for (&s->block.list, i)
			show(f, sb, s->block.list.v[i]);
		break;
	case S_IF:
		sb_printf(
			sb, "if %s: ",
			s->if_.cond->kind == E_UNARY
				? arena_printf(f->a, "!%s",
					       dumped(f, s->if_.cond->unary.a))
				: dumped(f, s->if_.cond));
		show(f, sb, s->if_.then);
		break;
	case S_NEXT:
		sb_puts(sb, "next\n");
		break;
	case S_EXPR:
		sb_printf(sb, "%s\n", dumped(f, s->expr));
		break;
	case S_WHILE:
		sb_printf(sb, "while %s:\n", dumped(f, s->loop.cond));
		show(f, sb, s->loop.body);
		break;
	default:
		fail();
	}
}

static const char *prologue(struct fixture *f, unsigned site)
{
	struct strbuf sb = {0};

	show(f, &sb, f->sites.v.v[site]->prologue);
	const char *s = arena_strdup(f->a, sb_str(&sb));
	sb_free(&sb);
	return s;
}

static void test_checks_of_the_event(void **state)
{
	struct fixture *f = *state;

	match(f, "process.begin");
	assert_non_null(strstr(prologue(f, 0), "__process_began("));
	assert_non_null(strstr(prologue(f, 1), "if !__process_is_news("));
	if (!strcmp(target_arch(f->env.targets), "x86_64"))
		assert_string_equal(
			prologue(f, 2),
			"if (ctx[8:8] != 0): next\n"
			"if !(((((__syscall_nr = rk8((ctx[0:8] + off<pt_regs "
			"reloc>))) == 56) || (__syscall_nr == 57)) || "
			"(__syscall_nr == 58)) || (__syscall_nr == 435)): "
			"next\n"
			"if (tid() != pid()): next\n");
	match(f, "process.end");
	assert_string_equal(prologue(f, 0),
			    "if (extractu<56,56>(ctx[8:8]) == 0): next\n");
	match(f, "process.thread.end");
	assert_string_equal(prologue(f, 0), "if (tid() == pid()): next\n");
}

static void test_checks_of_the_program(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(stat(arena_printf(f->a, "%s/prog", dir), &st), 0);
	match(f, pp(f, "prog", ".thread.end"));
	const char *p = prologue(f, 0);
	assert_non_null(strstr(
		p, "if !(__exe_file = rk8((task_current() + off<task_struct "
		   "reloc>))): next\n"
		   "if !(__exe_file = rk8((__exe_file + off<mm_struct "
		   "reloc>))): next\n"));
	assert_non_null(strstr(p, arena_printf(f->a, "!= %llu): next",
					       (unsigned long long)st.st_ino)));
}

static void test_checks_of_the_target(void **state)
{
	struct fixture *f = *state;
	int pid = getpid();

	fake_write(root, arena_printf(f->a, "/proc/%d/x", pid), "", 0);
	match(f, arena_printf(f->a, "process(%d).thread.end", pid));
	assert_non_null(
		strstr(prologue(f, 0),
		       arena_printf(f->a, "if (pid() != %d): next", pid)));
	assert_int_equal(f->sites.v.v[0]->attach.pid, pid);
	f->env.target_pid = pid;
	match(f, "process.thread.end");
	assert_int_equal(f->sites.v.v[0]->attach.flags,
			 WIRE_ATTACH_TARGET_ONLY);
	assert_string_equal(
		prologue(f, 0),
		"if (tid() == pid()): next\n"
		"if (pid() != target()): (__tree_task = task_current())\n"
		"(__tree_hops = 20)\n"
		"while ((__tree_pid = rk4s((__tree_task + off<task_struct "
		"reloc>))) != target()):\n"
		"if ((__tree_pid <= 1) || (__tree_hops <= 0)): next\n"
		"(__tree_task = rk8((__tree_task + off<task_struct reloc>)))\n"
		"(__tree_hops = (__tree_hops - 1))\n");
}

/* Before Linux 6.16 sched_process_exit has one argument; what do_exit() needs
   instead may be missing. */
static void test_old_kernels_lose_the_program_at_exit(void **state)
{
	struct fixture *f = *state;
	struct btf *b = btf__new_empty();
	int vp = btf__add_ptr(b, 0);
	int args[] = {vp, vp};
	static const char *const names[] = {"p", "x"};
	unsigned len;

	btf__add_int(b, "int", 4, BTF_INT_SIGNED);
	fake_tp(b, "sched_process_exit", args, names, 1, vp);
	const void *raw = btf__raw_data(b, &len);
	fake_write(root, "/sys/kernel/btf/vmlinux", raw, len);
	btf__free(b);
	expect_error(f, pp(f, "prog", ".end"), "lacks struct task_struct");
	expect_error(f, pp(f, "prog", ".thread.end"),
		     "use process.thread.end and test execname()");
	/* structures that a check needs may be missing, too */
	expect_error(f, "process.end", "lacks struct task_struct");
	expect_error(f, "process.begin", "lacks struct pt_regs");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_function),
		T(test_return_call_exported),
		T(test_wildcards_collapse_aliases),
		T(test_start_has_no_return),
		T(test_address),
		T(test_one_file_by_many_names),
		T(test_errors),
		T(test_command_of_c),
		T(test_own_process),
		T(test_variables_need_dwarf),
		T(test_lives_of_processes),
		T(test_checks_of_the_event),
		T(test_checks_of_the_program),
		T(test_checks_of_the_target),
		T(test_old_kernels_lose_the_program_at_exit),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
