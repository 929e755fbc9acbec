// SPDX-License-Identifier: GPL-2.0-or-later
/* kernel.trace: points, variables, pretty-printing, against a made-up kernel
   and the running one. */
#include "unit/probe/probe_util.h"
#include "unit/target/fake_kernel.h"

static char root[32];

static int setup(void **state)
{
	struct fixture *f = fixture_new();

	strcpy(root, "/tmp/stap-trace-XXXXXX");
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

static void test_point(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "kernel.trace(\"demo\")");

	assert_string_equal(s->name, "kernel.trace(\"demo\")");
	assert_string_equal(s->target, "demo");
	assert_int_equal(s->attach.kind, WIRE_PROBE_RAWTP);
	assert_int_equal(s->prog_type, IMAGE_PROG_RAWTP);
	assert_int_equal(s->attach.pid, -1);
	assert_null(s->prologue);
	/* without tracefs the system is taken on trust */
	s = only_site(f, "kernel.trace(\"mine:demo\")");
	assert_string_equal(s->name, "kernel.trace(\"mine:demo\")");
	assert_string_equal(s->target, "demo");
	only_site(f, "kernel.tracepoint(\"demo\")");
}

static void test_wildcards(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(match(f, "kernel.trace(\"demo*\")"), PROBE_MATCHED);
	assert_int_equal(f->sites.v.n, 3);
	assert_string_equal(f->sites.v.v[1]->name,
			    "kernel.trace(\"demo_bare\")");
	assert_non_null(f->sites.v.v[0]->share_class);
	assert_string_equal(f->sites.v.v[0]->share_class,
			    f->sites.v.v[1]->share_class);
	assert_int_equal(match(f, "kernel.trace(\"*\")"), PROBE_MATCHED);
	assert_int_equal(f->sites.v.n, 7);
	assert_int_equal(match(f, "kernel.trace(\"d?mo\")"), PROBE_MATCHED);
	assert_int_equal(f->sites.v.n, 1);
	expect_error(f, "kernel.trace(\"x*\")", "no tracepoint matches \"x*\"");
	expect_error(f, "kernel.trace(\"sched:*\")", "mount -t tracefs");
}

static void test_systems_with_tracefs(void **state)
{
	struct fixture *f = *state;

	fake_write(root, "/sys/kernel/tracing/events/mine/demo/id", "1", 1);
	fake_write(root, "/sys/kernel/tracing/events/mine/other/id", "1", 1);
	fake_write(root, "/sys/kernel/tracing/events/your/demo_bare/id", "1",
		   1);
	assert_string_equal(only_site(f, "kernel.trace(\"demo\")")->name,
			    "kernel.trace(\"mine:demo\")");
	assert_int_equal(match(f, "kernel.trace(\"mine:*\")"), PROBE_MATCHED);
	assert_int_equal(f->sites.v.n, 2);
	assert_int_equal(match(f, "kernel.trace(\"*:demo*\")"), PROBE_MATCHED);
	assert_int_equal(f->sites.v.n, 2);
	expect_error(f, "kernel.trace(\"your:demo\")",
		     "the tracepoint is kernel.trace(\"mine:demo\")");
	/* one that tracefs does not list has no system to be wrong about */
	only_site(f, "kernel.trace(\"any:sys_exit\")");
}

static void test_unknown(void **state)
{
	struct fixture *f = *state;

	expect_error(f, "kernel.trace(\"deno\")", "(similar: demo)");
	expect_error(f, "kernel.trace(\"deno\")", "[tracepoint-unknown]");
	expect_error(f, "kernel.trace(\"sys_enter_open\")", "syscall.NAME");
	expect_error(f, "kernel.trace(\"syscalls:x\")", "syscall.NAME");
	expect_error(f, "kernel.trace(\"\")", "no tracepoint");
	expect_error(f, "kernel.trace(\":\")", "no tracepoint");
}

static void test_no_type_information(void **state)
{
	struct fixture *f = *state;
	char path[128];

	snprintf(path, sizeof(path), "%s/sys/kernel/btf/vmlinux", root);
	unlink(path);
	expect_error(f, "kernel.trace(\"demo\")", "CONFIG_DEBUG_INFO_BTF=y");
	expect_error(f, "kernel.trace(\"demo\")", "[kernel-types-unreadable]");
	expect_error(f, "process.begin", "CONFIG_DEBUG_INFO_BTF=y");
}

/* Arguments arrive as 64-bit words, narrow ones zero-extended. */
static void test_arguments(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "kernel.trace(\"demo\")");

	assert_string_equal(bound(f, s, "$count"), "extracts<32,32>(ctx[0:8])");
	assert_string_equal(bound(f, s, "$flag"), "extractu<56,56>(ctx[8:8])");
	assert_string_equal(bound(f, s, "$task"), "ctx[16:8]");
	assert_string_equal(bound(f, s, "$text"), "ctx[24:8]");
	assert_string_equal(bound(f, s, "$small"),
			    "extractu<56,56>(ctx[32:8])");
	assert_string_equal(bound(f, s, "$color"),
			    "extractu<32,32>(ctx[40:8])");
	assert_string_equal(bound(f, s, "$big"), "ctx[48:8]");
	assert_string_equal(bound(f, s, "$arg1"), "extracts<32,32>(ctx[0:8])");
	assert_string_equal(bound(f, s, "$arg9->lo"),
			    "extracts<32,32>(ctx[64:8])");
}

static void test_arguments_without_names(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "kernel.trace(\"demo_bare\")");

	assert_string_equal(bound(f, s, "$arg1->pid"),
			    "rk4s((ctx[0:8] + off<task_struct reloc>))");
	assert_string_equal(bound(f, s, "$arg2"), "ctx[8:8]");
	assert_string_equal(bound(f, s, "$$parms"),
			    "sprintf('arg1=%#x arg2=%#x', ctx[0:8], ctx[8:8])");
	assert_non_null(strstr(bound(f, s, "$arg3"), "!|$arg1, $arg2, "));
	assert_non_null(strstr(bound(f, s, "$arg0"), "!"));
	assert_non_null(strstr(bound(f, s, "$arg1x"), "!"));
}

static void test_unknown_variables_say_what_there_is(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "kernel.trace(\"demo\")");

	assert_string_equal(bound(f, s, "$tusk"),
			    "!|$count, $flag, $task, $text, $small, $color, "
			    "$big, $buf, $pair, $$name, $$system, $$parms, "
			    "$$vars");
	assert_non_null(strstr(bound(f, s, "$$foo"), "!|$count"));
	assert_string_equal(bound(f, s, "$task->pids"),
			    "!unable to find member 'pids' for struct "
			    "task_struct (similar: pid)|pid, tgid, "
			    "inner, in, u_long, u_int, bit1, bits3, sbits5, "
			    "cross, arr, real_parent, count, letter, ratio, "
			    "grid, mm, hidden");
}

static void test_members(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "kernel.trace(\"demo\")");

	assert_string_equal(bound(f, s, "$task->pid"),
			    "rk4s((ctx[16:8] + off<task_struct reloc>))");
	/* a pointer is followed, a contained struct is not */
	assert_string_equal(bound(f, s, "$task->inner->a"),
			    "rk4s((rk8((ctx[16:8] + off<task_struct reloc>)) + "
			    "off<inner reloc>))");
	assert_string_equal(bound(f, s, "$task->in->next"),
			    "rk8((ctx[16:8] + off<task_struct reloc>))");
	assert_string_equal(bound(f, s, "$task->u_int"),
			    "rk4s((ctx[16:8] + off<task_struct reloc>))");
	assert_string_equal(bound(f, s, "&$task->in->a"),
			    "(ctx[16:8] + off<task_struct reloc>)");
	/* an array is its address, as in C */
	assert_string_equal(bound(f, s, "$task->in->name"),
			    "(ctx[16:8] + off<task_struct reloc>)");
	assert_string_equal(bound(f, s, "$task->letter"),
			    "rk1s((ctx[16:8] + off<task_struct reloc>))");
}

static struct expr *offset_of(struct fixture *f, struct probe_site *s,
			      const char *text)
{
	struct expr *e = expression(f, text);
	const char *why, *have;

	assert_true(probe_bind_target(&f->env, s, e, false, &why, &have));
	e = e->target.bound; /* read(ctx + offset), or ctx + offset */
	if (e->kind == E_PRIM)
		e = e->prim.arg[0];
	assert_int_equal(e->kind, E_BINARY);
	return e->binary.b;
}

static void relocation(struct fixture *f, struct probe_site *s,
		       const char *text, const char *type, const char *path,
		       int64_t value)
{
	const struct expr *o = offset_of(f, s, text);

	assert_int_equal(o->prim.value, value);
	assert_string_equal(o->prim.reloc->type_name, type);
	assert_string_equal(o->prim.reloc->access, path);
	assert_true(o->prim.reloc->btf_id > 0);
}

static void test_offsets_and_their_relocations(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "kernel.trace(\"demo\")");

	relocation(f, s, "$task->pid", "task_struct", "0:0", 0);
	relocation(f, s, "$task->u_int", "task_struct", "0:4:1", 40);
	relocation(f, s, "$task->in->a", "task_struct", "0:3:0", 16);
	relocation(f, s, "$task->arr[2]->a", "task_struct", "0:9:2:0", 104);
	relocation(f, s, "$task->grid[1][2]", "task_struct", "0:14:1:2", 204);
	relocation(f, s, "$task->count->hi", "task_struct", "0:11:1", 164);
	/* the task after this one */
	relocation(f, s, "$task[1]->tgid", "task_struct", "1:1", 260);
	/* a struct without a tag is known by its typedef */
	relocation(f, s, "@cast($task, \"atomic_t\")->hi", "atomic_t", "0:1",
		   4);
}

static void test_bit_fields(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "kernel.trace(\"demo\")");

	assert_string_equal(bound(f, s, "$task->bit1"),
			    "extractu<63,63>(rk4((ctx[16:8] + 48)))");
	assert_string_equal(bound(f, s, "$task->bits3"),
			    "extractu<60,61>(rk4((ctx[16:8] + 48)))");
	assert_string_equal(bound(f, s, "$task->sbits5"),
			    "extracts<55,59>(rk4((ctx[16:8] + 48)))");
	/* does not fit in its own unit */
	assert_string_equal(bound(f, s, "$task->cross"),
			    "extractu<52,58>(rk8((ctx[16:8] + 48)))");
	assert_non_null(strstr(bound(f, s, "&$task->bit1"),
			       "!a bit-field has no address"));
}

static void test_indexes(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "kernel.trace(\"demo\")");

	assert_string_equal(
		bound(f, s, "$task->arr[pid()]->a"),
		"rk4s((((ctx[16:8] + off<task_struct reloc>) + (pid() * 24)) + "
		"off<inner reloc>))");
	assert_string_equal(bound(f, s, "$text[3]"), "rk1s((ctx[24:8] + 3))");
	assert_string_equal(bound(f, s, "$text[pid()]"),
			    "rk1s((ctx[24:8] + pid()))");
	assert_non_null(strstr(bound(f, s, "$count[1]"), "not an array"));
	assert_non_null(strstr(bound(f, s, "$task->pid[1]"), "not an array"));
}

static void test_user_space_pointers(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "kernel.trace(\"demo\")");

	assert_string_equal(bound(f, s, "$buf"), "ctx[56:8]");
	assert_string_equal(bound(f, s, "$buf[1]"), "ru4s((ctx[56:8] + 4))");
}

static void test_what_cannot_be_read(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "kernel.trace(\"demo\")");

	assert_non_null(strstr(bound(f, s, "$task->in"),
			       "'struct inner' is being accessed instead of a "
			       "member"));
	/* floating point: its bits, as SystemTap reads it */
	assert_string_equal(bound(f, s, "$task->ratio"),
			    "rk8((ctx[16:8] + off<task_struct reloc>))");
	assert_non_null(strstr(bound(f, s, "$count->x"), "not a structure"));
	assert_non_null(strstr(bound(f, s, "$task->hidden->x"),
			       "members are not in the type information"));
	assert_non_null(strstr(bound(f, s, "&$count"), "no address"));
	assert_non_null(strstr(bound(f, s, "$$name->x"), "it is a string"));
}

static void test_nothing_can_be_written(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "kernel.trace(\"demo\")");
	static const char *const exprs[] = {"$count", "$task->pid", "$$parms"};

	for (unsigned i = 0; i < 3; i++) {
		const char *why = NULL, *have = NULL;
		struct expr *e = expression(f, exprs[i]);
		assert_false(
			probe_bind_target(&f->env, s, e, true, &why, &have));
		assert_non_null(why);
	}
}

static void test_names_and_groups(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "kernel.trace(\"sys:demo\")");

	assert_string_equal(bound(f, s, "$$name"), "'demo'");
	assert_string_equal(bound(f, s, "$$system"), "'sys'");
	assert_string_equal(bound(f, s, "$$locals"), "''");
	const char *parms = bound(f, s, "$$parms");
	assert_non_null(strstr(parms,
			       "sprintf('count=%#x flag=%#x task=%#x text=%#x "
			       "small=%#x color=%#x big=%#x buf=%#x pair={...}', "));
	assert_string_equal(bound(f, s, "$$vars"), parms);
	assert_string_equal(bound(f,
				  only_site(f, "kernel.trace(\"demo_none\")"),
				  "$$parms"),
			    "sprintf('')");
}

static void test_pretty_printing(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "kernel.trace(\"demo\")");

	assert_string_equal(bound(f, s, "$text$"),
			    "sprintf('%s', __kernel_text(ctx[24:8]))");
	assert_string_equal(bound(f, s, "$count$"),
			    "sprintf('%d', extracts<32,32>(ctx[0:8]))");
	assert_string_equal(
		bound(f, s, "$task->in->name$"),
		"sprintf('%s', __kernel_text("
		"(ctx[16:8] + off<task_struct reloc>)8))");
	/* the base is computed once, by the first argument */
	assert_string_equal(
		bound(f, s, "$task->inner$"),
		"sprintf('{.a=%d, .name=[...], .next=%p}', "
		"rk4s(((__pretty_1_21 = rk8((ctx[16:8] + off<task_struct "
		"reloc>))) + off<inner reloc>)), rk8((__pretty_1_21 + "
		"off<inner reloc>)))");
	assert_string_equal(bound(f, s, "@cast(7, \"qstr\")$"),
			    "sprintf('{.name=%s}', __kernel_text("
			    "rk8((7 + off<qstr reloc>))))");
	assert_string_equal(bound(f, s, "$pair$"),
			    "sprintf('{.lo=%d, .hi=%d}', "
			    "extracts<32,32>(ctx[64:8]), "
			    "extracts<0,32>(ctx[64:8]))");
}

static void test_pretty_printing_depth(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "kernel.trace(\"demo\")");

	assert_non_null(strstr(
		bound(f, s, "$task$"),
		"sprintf('{.pid=%d, .tgid=%d, .inner=%p, .in={...}, "
		"<union>={...}, .bit1=%u, .bits3=%u, .sbits5=%d, "
		".cross=%u, .arr=[...], .real_parent=%p, .count={...}, "
		".letter='%#c', .ratio=?, .grid=[...], .mm=%p, .hidden=%p}'"));
	assert_non_null(strstr(bound(f, s, "$task$$"),
			       ".in={.a=%d, .name=%s, .next=%p}, "));
	assert_non_null(strstr(bound(f, s, "$task$$"),
			       ".grid=[%d, ...]"));
	assert_non_null(strstr(bound(f, s, "$task$$"),
			       "<union>={.u_long=%d, .u_int=%d}, "));
}

static void test_list_of_variables(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "kernel.trace(\"demo\")");
	struct strbuf sb = {0};

	s->kind->list_vars(&f->env, s, &sb);
	assert_string_equal(
		sb_str(&sb),
		" $count:int "
		"$flag:_Bool $task:struct task_struct* $text:char const* "
		"$small:unsigned char $color:enum color "
		"$big:long unsigned int $buf:int* $pair:struct {...}");
	sb_free(&sb);
}

static void test_running_kernel(void **state)
{
	struct fixture *f = *state;

	target_cache_free(f->env.targets);
	f->env.targets = target_cache_new();
	SKIP_WITHOUT_BTF(f);
	struct probe_site *s =
		only_site(f, "kernel.trace(\"sched:sched_switch\")");
	assert_string_equal(bound(f, s, "$prev->pid"),
			    "rk4s((ctx[8:8] + off<task_struct reloc>))");
	assert_string_equal(bound(f, s, "$next->comm"),
			    "(ctx[16:8] + off<task_struct reloc>)");
	assert_non_null(strstr(bound(f, s, "$$parms"), "prev=%#x next=%#x"));
	assert_non_null(strstr(bound(f, s, "$prev$"), ".flags=%u, "));
	assert_int_equal(match(f, "kernel.trace(\"sched_*\")"), PROBE_MATCHED);
	assert_true(f->sites.v.n > 10);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_point),
		T(test_wildcards),
		T(test_systems_with_tracefs),
		T(test_unknown),
		T(test_no_type_information),
		T(test_arguments),
		T(test_arguments_without_names),
		T(test_unknown_variables_say_what_there_is),
		T(test_members),
		T(test_offsets_and_their_relocations),
		T(test_bit_fields),
		T(test_indexes),
		T(test_user_space_pointers),
		T(test_what_cannot_be_read),
		T(test_nothing_can_be_written),
		T(test_names_and_groups),
		T(test_pretty_printing),
		T(test_pretty_printing_depth),
		T(test_list_of_variables),
		T(test_running_kernel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
