// SPDX-License-Identifier: GPL-2.0-or-later
/* Which kind takes a point, and what is said when none does. */
#include <unistd.h>

#include "unit/probe/probe_util.h"

static void test_begin_end_error(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "begin");

	assert_int_equal(s->attach.kind, WIRE_PROBE_BEGIN);
	assert_int_equal(s->attach.order, 0);
	assert_int_equal(s->prog_type, IMAGE_PROG_RUN);
	assert_true(s->handler_flags & IMAGE_HANDLER_INTERRUPTIBLE);
	assert_int_equal(IMAGE_HANDLER_STATES(s->handler_flags),
			 1u << RT_STARTING);
	assert_string_equal(s->name, "begin");
	s = only_site(f, "end(-5)");
	assert_int_equal(s->attach.kind, WIRE_PROBE_END);
	assert_int_equal(s->attach.order, -5);
	assert_string_equal(s->name, "end(-5)");
	s = only_site(f, "error(7)");
	assert_int_equal(s->attach.kind, WIRE_PROBE_ERROR);
	assert_int_equal(IMAGE_HANDLER_STATES(s->handler_flags),
			 1u << RT_ENDING);
	assert_int_equal(
		only_site(f, "begin(-9223372036854775807)")->attach.order,
		-INT64_MAX);
}

static void test_never(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(only_site(f, "never")->attach.kind, WIRE_PROBE_NEVER);
	expect_error(f, "never(1)", "wrong argument in 'never(1)'");
}

static void interval(struct fixture *f, const char *text, uint64_t period,
		     uint64_t randomize)
{
	struct probe_site *s = only_site(f, text);

	assert_int_equal(s->attach.kind, WIRE_PROBE_TIMER);
	assert_int_equal(s->prog_type, IMAGE_PROG_RUN);
	assert_int_equal(s->attach.period_ns, period);
	assert_int_equal(s->attach.randomize_ns, randomize);
	assert_string_equal(s->name, text);
}

static void test_timer_units(void **state)
{
	struct fixture *f = *state;
	unsigned hz = target_hz(f->env.targets);

	interval(f, "timer.s(1)", 1000000000, 0);
	interval(f, "timer.sec(3)", 3000000000, 0);
	interval(f, "timer.ms(200)", 200000000, 0);
	interval(f, "timer.msec(1)", 1000000, 0);
	interval(f, "timer.us(5)", 5000, 0);
	interval(f, "timer.usec(5)", 5000, 0);
	interval(f, "timer.ns(70)", 70, 0);
	interval(f, "timer.nsec(70)", 70, 0);
	interval(f, "timer.jiffies(10)", 10000000000 / hz, 0);
	interval(f, "timer.hz(100)", 10000000, 0);
	assert_int_equal(only_site(f, "timer.hz(100)")->attach.freq_hz, 100);
}

static void test_timer_randomize(void **state)
{
	struct fixture *f = *state;

	interval(f, "timer.ms(200).randomize(50)", 200000000, 50000000);
	interval(f, "timer.ms(200).randomize(199)", 200000000, 199000000);
	interval(f, "timer.s(2).randomize(0)", 2000000000, 0);
	interval(f, "timer.ms(200).randomize(200)", 200000000, 200000000);
	expect_error(f, "timer.ms(200).randomize(201)",
		     "randomization value out of range");
	expect_error(f, "timer.ms(200).randomize(-1)", "out of range");
	expect_error(f, "timer.hz(5).randomize(1)", "identifier 'randomize'");
}

static void test_timer_ranges(void **state)
{
	struct fixture *f = *state;

	expect_error(f, "timer.ms(0)", "interval value out of range (1, 86400000)");
	expect_error(f, "timer.s(-1)", "out of range");
	expect_error(f, "timer.s(86401)", "(1, 86400)");
	interval(f, "timer.s(86400)", 86400000000000, 0);
	expect_error(f, "timer.jiffies(1000001)", "(1, 1000000)");
	expect_error(f, "timer.hz(0)", "frequency must be greater than 0");
	expect_error(f, "timer.hz(1000001)", "1000000");
	expect_error(f, "timer.ns(9223372036854775807)", "larger unit");
}

static void test_profile_timers(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "timer.profile");
	unsigned hz = target_hz(f->env.targets);

	assert_int_equal(s->attach.kind, WIRE_PROBE_PROFILE);
	assert_int_equal(s->prog_type, IMAGE_PROG_PERF);
	assert_int_equal(s->attach.freq_hz, hz);
	assert_int_equal(s->handler_flags, 0);
	assert_int_equal(only_site(f, "timer.profile.tick")->attach.freq_hz,
			 hz);
	s = only_site(f, "timer.profile.freq.hz(99)");
	assert_int_equal(s->attach.freq_hz, 99);
	assert_int_equal(s->attach.period_ns, 10101010);
	expect_error(f, "timer.profile.freq.hz(0)", "frequency must be");
	expect_error(f, "timer.profile.freq", "probe point truncated");
	expect_error(f, "timer.profile.tock", "similar: tick");
}

static void test_perf(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "perf.type(1).config(2)");

	assert_int_equal(s->attach.kind, WIRE_PROBE_PERF);
	assert_int_equal(s->prog_type, IMAGE_PROG_PERF);
	assert_int_equal(s->attach.event, 1);
	assert_int_equal(s->attach.address, 2);
	assert_int_equal(s->attach.period, 1000000);
	assert_int_equal(s->attach.freq_hz, 0);
	assert_string_equal(s->name, "perf.type(1).config(2).sample(1000000)");
	s = only_site(f, "perf.type(4).config(0x1a8).hz(99)");
	assert_int_equal(s->attach.address, 0x1a8);
	assert_int_equal(s->attach.period, 0);
	assert_int_equal(s->attach.freq_hz, 99);
	s = only_site(f, "perf.type(1).config(2).counter(\"a\")");
	assert_int_equal(s->attach.kind, WIRE_PROBE_COUNTER);
	assert_int_equal(s->attach.nth, 0);
	assert_int_equal(s->attach.flags, 0);
	s = only_site(f, "perf.type(1).config(2).process(\"/bin/sh\")"
			 ".counter(\"b\")");
	assert_int_equal(s->attach.nth, 1);
	assert_int_equal(s->attach.flags, WIRE_ATTACH_PER_TASK);
	expect_error(f, "perf.type(1).config(2).counter(\"b\")", "duplicate");
	expect_error(f, "perf.type(1).config(2).hz(9).counter(\"c\")",
		     "invalid suffix");
	expect_error(f, "perf.type(-1).config(2)", "(0 to 4294967295)");
	expect_error(f, "perf.type(1).config(2).sample(0)", "out of range");
	expect_error(f, "perf.type(1).config(2).hz(0)", "out of range");
	expect_error(f, "perf.type(1).config(2).process", "needs a program");
	expect_error(f, "perf.type(1).config(2).process(\"/no\")",
		     "No such file");
	expect_error(f, "perf.type(1)", "probe point truncated");
}

static void test_procfs(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "procfs.read");

	assert_int_equal(s->attach.kind, WIRE_PROBE_PROCFS);
	assert_int_equal(s->attach.event, WIRE_PROCFS_READ);
	assert_int_equal(s->prog_type, IMAGE_PROG_RUN);
	assert_int_equal(s->attach.flags, 0);
	assert_string_equal(s->target, "command");
	s = only_site(f, "procfs(\"x\").umask(022).read.maxsize(70)");
	assert_string_equal(s->target, "x");
	assert_int_equal(s->attach.flags, WIRE_ATTACH_UMASK);
	assert_int_equal(s->attach.nth, 022);
	assert_int_equal(s->attach.period, 70);
	s = only_site(f, "procfs(\"x\").write");
	assert_int_equal(s->attach.event, WIRE_PROCFS_WRITE);
	assert_string_equal(bound(f, s, "$value"), "input");
	expect_error(f, "procfs(\"a//b\").read", "is not below");
	expect_error(f, "procfs(\"a/..\").read", "is not below");
	expect_error(f, "procfs.umask(01000).read", "out of range");
	expect_error(f, "procfs.read.maxsize(0)", "out of range");
	expect_error(f, "procfs.write.maxsize(9)", "identifier 'maxsize'");
}

static void test_data(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "kernel.data(4096).write");

	assert_int_equal(s->attach.kind, WIRE_PROBE_DATA);
	assert_int_equal(s->prog_type, IMAGE_PROG_PERF);
	assert_int_equal(s->attach.address, 4096);
	assert_int_equal(s->attach.event, 2);
	assert_int_equal(s->attach.period, 1);
	assert_int_equal(s->attach.flags, 0);
	s = only_site(f, "kernel.data(4096).length(3).rw");
	assert_int_equal(s->attach.event, 3);
	assert_int_equal(s->attach.period, 4);
	f->env.target_pid = getpid();
	s = only_site(f, "process.data(8).length(5).rw");
	assert_int_equal(s->attach.period, 8);
	assert_int_equal(s->attach.flags, WIRE_ATTACH_TARGET_ONLY);
	expect_error(f, "process.data(\"x\").rw", "watched by address");
	f->env.target_pid = 0;
	expect_error(f, "process.data(8).rw", "needs a program");
	expect_error(f, "kernel.data(8).length(9).rw", "(1 to 8)");
	expect_error(f, "kernel.data(\"no_such_symbol\").rw", "no_such_symbol");
}

static void test_input(void **state)
{
	struct fixture *f = *state;
	struct probe_site *s = only_site(f, "input.char");

	assert_int_equal(s->attach.kind, WIRE_PROBE_INPUT);
	assert_int_equal(s->attach.event, 0);
	assert_int_equal(s->prog_type, IMAGE_PROG_RUN);
	assert_int_equal(s->prologue->kind, S_EXPR);
	assert_string_equal(dumped(f, s->prologue->expr), "(char = input)");
	assert_string_equal(bound(f, s, "$value"), "input");
	assert_string_equal(bound(f, s, "$other"), "!|$value");
	s = only_site(f, "input.line");
	assert_int_equal(s->attach.event, 1);
	assert_string_equal(dumped(f, s->prologue->expr), "(line = input)");
	expect_error(f, "input.word", "input.char, input.line");
	expect_error(f, "input", "input.line");
}

static void test_wrong_arguments(void **state)
{
	struct fixture *f = *state;

	expect_error(f, "timer.ms", "write timer.ms(number)");
	expect_error(f, "timer.ms(\"5\")", "wrong argument");
	expect_error(f, "begin(\"x\")", "wrong argument in 'begin(\"x\")'");
	expect_error(f, "kernel.trace(5)", "write kernel.trace(string)");
	expect_error(f, "timer", "probe point truncated");
	expect_error(f, "timer", "timer.s(number)");
}

static void test_suggestions(void **state)
{
	struct fixture *f = *state;

	expect_error(f, "beginn", "probe point mismatch (similar: begin)");
	expect_error(f, "beginn", "[probe-point-unknown]");
	expect_error(f, "beginn", "identifier 'beginn' at <input>:1:1");
	expect_error(f, "timer.millis(5)", "identifier 'millis'");
	expect_error(f, "timer.mss(5)", "did you mean timer.ms(number)?");
	expect_error(f, "kernel.trac(\"x\")",
		     "did you mean kernel.trace(string)?");
	expect_error(f, "xyzzy", "--dump-probe-types");
	expect_error(f, "begin(1).foo", "nothing may follow");
	expect_error(f, "process(\"x\").functio(\"y\")",
		     "did you mean process(string).function(string)?");
}

static void test_wildcards_in_names(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(match(f, "timer.*(10)"), PROBE_MATCHED);
	assert_int_equal(f->sites.v.n, 10);
	assert_string_equal(f->sites.v.v[0]->name, "timer.s(10)");
	assert_int_equal(match(f, "timer.*s(3).rand*(1)"), PROBE_MATCHED);
	assert_int_equal(f->sites.v.n, 5); /* s ms us ns jiffies */
	assert_string_equal(f->sites.v.v[1]->name, "timer.ms(3).randomize(1)");
	assert_int_equal(match(f, "*"), PROBE_MATCHED);
	assert_int_equal(f->sites.v.n, 4); /* begin end error never */
	assert_int_equal(match(f, "timer.**"), PROBE_MATCHED);
	assert_int_equal(f->sites.v.n, 2); /* profile, profile.tick */
	/* what a pattern cannot have is passed over without a word */
	assert_int_equal(match(f, "timer.*(50000000000)"), PROBE_MATCHED);
	assert_int_equal(f->sites.v.n, 4);
	assert_string_equal(messages(f), "");
	expect_error(f, "foo.*", "mismatch");
}

static void test_name_patterns(void **state)
{
	assert_true(name_matches("a*c", "abbc"));
	assert_true(name_matches("a*c", "a/c"));
	assert_true(name_matches("a?c", "abc"));
	assert_true(name_matches("[ab]c", "bc"));
	assert_true(name_matches("[!a]c", "bc"));
	assert_false(name_matches("a?c", "ac"));
	assert_false(name_matches("abc", "abcd"));
	assert_true(has_wildcard("a*") && has_wildcard("a?") &&
		    has_wildcard("[a]"));
	assert_false(has_wildcard("abc"));
}

static void test_families_that_are_not_here(void **state)
{
	struct fixture *f = *state;
	static const char *const points[] = {
		"kernel.statement(\"x@y.c:1\")",
		"kernel.mark(\"x\")",
		"netfilter.hook(\"x\").pf(\"y\")",
		"java(\"x\").class(\"y\").method(\"z\")",
		"python3.module(\"x\").function(\"y\")",
		"process(\"x\").insn",
	};

	for (unsigned i = 0; i < sizeof(points) / sizeof(*points); i++)
		expect_error(f, points[i], "[probe-point-unavailable]");
}

static void test_families(void **state)
{
	static const char *const known[] = {"begin",   "timer",	 "kernel",
					    "process", "module", "java"};
	static const char *const unknown[] = {"", "beg", "beginn", "syscall",
					      "kernel.function"};

	for (unsigned i = 0; i < sizeof(known) / sizeof(*known); i++)
		assert_true(probe_knows_family(known[i]));
	for (unsigned i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
		assert_false(probe_knows_family(unknown[i]));
}

static void test_engine_takes_what_needs_no_kernel(void **state)
{
	struct fixture *f = *state;

	f->env.runtime = "user";
	only_site(f, "begin");
	only_site(f, "timer.ms(5)");
	only_site(f, "never");
	only_site(f, "input.line");
	expect_error(f, "timer.profile", "--runtime=user");
	assert_int_equal(f->sites.v.n, 0);
	expect_error(f, "process.end", "leave out --runtime=user");
	f->env.listing = true;
	only_site(f, "timer.profile");
}

static void test_forms_are_well_formed(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; probe_kinds()[i]; i++) {
		const char *const *forms = probe_kinds()[i]->forms;
		for (unsigned k = 0; forms[k]; k++) {
			struct form_part part[FORM_MAX_PARTS];
			unsigned n = form_parse(f->a, forms[k], part);
			struct strbuf sb = {0};
			for (unsigned j = 0; j < n; j++)
				sb_printf(&sb, "%s%s%s", j ? "." : "",
					  part[j].name,
					  part[j].arg == ARG_NUMBER ? "(number)"
					  : part[j].arg == ARG_STRING
						  ? "(string)"
						  : "");
			assert_string_equal(sb_str(&sb), forms[k]);
			sb_free(&sb);
		}
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(test_begin_end_error),
		T(test_never),
		T(test_timer_units),
		T(test_timer_randomize),
		T(test_timer_ranges),
		T(test_profile_timers),
		T(test_perf),
		T(test_procfs),
		T(test_data),
		T(test_input),
		T(test_wrong_arguments),
		T(test_suggestions),
		T(test_wildcards_in_names),
		T(test_name_patterns),
		T(test_families_that_are_not_here),
		T(test_families),
		T(test_engine_takes_what_needs_no_kernel),
		T(test_forms_are_well_formed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
