// SPDX-License-Identifier: GPL-2.0-or-later
/* What the user reads when the kernel refuses, and files that are not what
   they were. */
#include "unit/run/build_image.h"

#include <errno.h>
#include <sys/wait.h>

#include "run/bpf_int.h"

static struct arena *arena;
static struct diag *diag;
static struct image_builder *b;

static int setup(void **state)
{
	arena = arena_new();
	diag = diag_new(arena, (struct diag_opts){.show_tag = true});
	b = image_new();
	image_probe(b, WIRE_PROBE_TIMER, "timer.s(1)", 0);
	b->handlers[0].name = image_str(b, "probe_0");
	return 0;
}

static int teardown(void **state)
{
	free(b);
	arena_free(arena);
	return 0;
}

static const char *messages(void)
{
	static char text[65536];
	int fd = capture_fd();
	FILE *f = fdopen(dup(fd), "w");

	diag_flush(diag, f);
	fclose(f);
	snprintf(text, sizeof(text), "%s", captured(fd));
	close(fd);
	return text;
}

/* As libbpf says things. */
static void libbpf_says(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));
static void libbpf_says(const char *fmt, ...)
{
	libbpf_print_fn_t fn = libbpf_set_print(NULL);
	va_list ap;

	libbpf_set_print(fn);
	va_start(ap, fmt);
	fn(LIBBPF_WARN, fmt, ap);
	va_end(ap);
}

static char log_dir[] = "/tmp/run-log-XXXXXX";

/* The name of the log file in the message; the file is removed. */
static void check_and_remove_log(const char *text, const char *holds)
{
	const char *p = strstr(text, "the whole log is in ");
	char path[256], log[65536] = "";
	FILE *f;

	assert_non_null(p);
	assert_int_equal(sscanf(p, "the whole log is in %255s", path), 1);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_true(fread(log, 1, sizeof(log) - 1, f) > 0);
	fclose(f);
	assert_non_null(strstr(log, holds));
	unlink(path);
}

static void the_reason_is_the_last_line_of_the_log(void **state)
{
	const char *text;

	assert_non_null(mkdtemp(log_dir));
	bpf_log_begin(0);
	libbpf_says("libbpf: prog 'probe_0': BPF program load failed: "
		    "Permission denied\n");
	libbpf_says(
		"libbpf: prog 'probe_0': -- BEGIN PROG LOAD LOG --\n%s-- END "
		"PROG LOAD LOG --\n",
		"0: R1=ctx(off=0,imm=0) R10=fp0\n"
		"; x = y\n"
		"12: (79) r1 = *(u64 *)(r3 +8)\n"
		"R3 invalid mem access 'scalar'\n"
		"processed 13 insns (limit 1000000) max_states_per_insn 0\n");
	bpf_log_report(diag, &b->img, -EACCES, log_dir);
	bpf_log_end();
	text = messages();
	assert_non_null(
		strstr(text, "ERROR: the kernel refused program probe_0 (probe "
			     "timer.s(1) at <input>:1:1): its verifier does "
			     "not accept it "
			     "[run-load]\n"));
	assert_non_null(strstr(text, "note: the verifier says: R3 invalid mem "
				     "access 'scalar'\n"));
	/* never the log itself */
	assert_null(strstr(text, "12: (79)"));
	check_and_remove_log(text, "12: (79)");
	rmdir(log_dir);
}

static void known_reasons_are_put_plainly(void **state)
{
	const char *text;

	bpf_log_begin(0);
	libbpf_says("libbpf: prog 'probe_0': BPF program load failed: Argument "
		    "list too long\n");
	libbpf_says("libbpf: prog 'probe_0': -- BEGIN PROG LOAD LOG --\n"
		    "BPF program is too large. Processed 1000001 insn\n"
		    "processed 1000001 insns\n-- END PROG LOAD LOG --\n");
	bpf_log_report(diag, &b->img, -E2BIG, "/nonexistent");
	bpf_log_end();
	text = messages();
	assert_non_null(strstr(text, "too complex for the kernel's verifier"));
	assert_non_null(strstr(text, "remedy: split the probe's handler"));
	/* a log that cannot be saved is not promised */
	assert_null(strstr(text, "the whole log is in"));
}

/* In a child without privileges: what is missing, and what to do. */
static void a_missing_permission_is_named(void **state)
{
	int p[2], status;
	char text[4096] = "";
	pid_t pid;

	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (!pid) {
		const char *m;

		if (!geteuid() && setresuid(65534, 65534, 65534))
			_exit(2);
		bpf_log_begin(0);
		libbpf_says(
			"libbpf: failed to load: Operation not permitted\n");
		bpf_log_report(diag, &b->img, -EPERM, NULL);
		bpf_log_end();
		m = messages();
		if (write(p[1], m, strlen(m)) < 0)
			_exit(3);
		_exit(0);
	}
	close(p[1]);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	assert_true(read(p[0], text, sizeof(text) - 1) > 0);
	close(p[0]);
	assert_non_null(strstr(text, "ERROR: no permission for loading a BPF "
				     "program: this process lacks CAP_BPF and "
				     "CAP_PERFMON"));
	assert_non_null(strstr(text, "[run-no-permission]"));
	assert_non_null(strstr(text, "remedy: "));
}

/* The same before anything is tried. */
static void permission_can_be_asked_for(void **state)
{
	char why[256] = "", remedy[512] = "";
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (!geteuid() && setresuid(65534, 65534, 65534))
			_exit(2);
		if (run_bpf_permitted(why, sizeof(why), remedy,
				      sizeof(remedy)) != -EPERM)
			_exit(3);
		_exit(strstr(why, "CAP_BPF") && strstr(remedy, "--runtime=user")
			      ? 0
			      : 4);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

static void an_object_that_is_none_is_refused(void **state)
{
	struct run_bpf_opts o = {
		.elf = "not an object", .elf_len = 13, .image = &b->img};
	struct run_target *t = NULL;

	assert_true(run_bpf_open(&o, diag, &t) < 0);
	assert_null(t);
	assert_non_null(strstr(messages(), "it is no BPF object"));
}

static void build_ids_are_read(void **state)
{
	uint8_t id[20], again[20];
	int n = run_build_id("/proc/self/exe", id);
	static const uint8_t zero[20];

	/* Debian's compiler gives every program one */
	assert_int_equal(n, 20);
	assert_memory_not_equal(id, zero, 20);
	assert_int_equal(run_build_id("/proc/self/exe", again), 20);
	assert_memory_equal(id, again, 20);
	assert_int_equal(run_build_id("/etc/passwd", id), -ENOEXEC);
	assert_int_equal(run_build_id("/nonexistent", id), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_reason_is_the_last_line_of_the_log, setup,
			teardown),
		cmocka_unit_test_setup_teardown(known_reasons_are_put_plainly,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_missing_permission_is_named,
						setup, teardown),
		cmocka_unit_test(permission_can_be_asked_for),
		cmocka_unit_test_setup_teardown(
			an_object_that_is_none_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(build_ids_are_read, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
