// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs many groups of tests/eval in one process, for machines where starting a
 * program takes long: stap and staprun are linked into it, and each group is a
 * forked child that calls their main().
 *
 *	batch [-j JOBS] [-l SECONDS] [-t SECONDS] stap|staprun DIR...
 *
 * DIR was written by "run.sh --prepare": script, args, want, status, stderr,
 * name, and for staprun obj.bpf.o and obj.err, what stap said then. A group without an object (stap refuses it,
 * or it is for the other runtime) is no case for staprun. -l is the time that
 * one may take; after that of -t none begins, and the rest is skipped. Prints
 * what failed or was skipped, and "N passed, N failed, N skipped".
 */
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ebpf/ebpf.h"

#define MAX_ARGS 64
#define MAX_JOBS 64

int stap_main(int argc, char **argv);
int staprun_main(int argc, char **argv);

struct job {
	pid_t pid;
	const char *dir;
};

static char *work; /* where outputs go */
static unsigned passed, failed, skipped;

__attribute__((noreturn, format(printf, 1, 2))) static void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

__attribute__((format(printf, 1, 2))) static char *text(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		die("out of memory");
	va_end(ap);
	return s;
}

/* The file's bytes and a NUL. */
static char *contents(const char *path, size_t *len)
{
	FILE *f = fopen(path, "r"), *m;
	char *data = NULL, part[4096];
	size_t n;

	if (!f)
		die("%s: %s", path, strerror(errno));
	m = open_memstream(&data, len);
	while ((n = fread(part, 1, sizeof(part), f)))
		fwrite(part, 1, n, m);
	fclose(m);
	fclose(f);
	return data;
}

static char *contents_of(const char *dir, const char *name, size_t *len)
{
	char *path = text("%s/%s", dir, name), *data = contents(path, len);

	free(path);
	return data;
}

/* ---- one group ---- */

static int add_words(char **argv, int n, char *words)
{
	for (char *w; (w = strsep(&words, " \t"));)
		if (*w && n < MAX_ARGS - 2)
			argv[n++] = w;
	return n;
}

/* What run.sh gives to stap; of that, what staprun is to be told. */
static int arguments(const char *dir, bool image, char **argv)
{
	size_t len;
	char *options = contents_of(dir, "args", &len), *script_args;
	int n = 1;

	script_args = strchr(options, '\n');
	*script_args++ = 0;
	script_args[strcspn(script_args, "\n")] = 0;
	if (image) {
		if (strstr(options, "--suppress-handler-errors"))
			argv[n++] = "--suppress-handler-errors";
		argv[n++] = text("%s/obj.bpf.o", dir);
		return n;
	}
	n = add_words(argv, n, options);
	argv[n++] = text("%s/script", dir);
	return add_words(argv, n, script_args);
}

static void redirect(int fd, const char *path, int flags)
{
	int to = open(path, flags, 0600);

	if (to < 0)
		die("%s: %s", path, strerror(errno));
	dup2(to, fd);
	close(to);
}

/* What stap said when it made the object. */
static void repeat_messages(const char *dir)
{
	size_t len;
	char *said = contents_of(dir, "obj.err", &len);

	fwrite(said, 1, len, stderr);
	free(said);
}

static char *output_of(const struct job *j, const char *what)
{
	return text("%s/%d.%s", work, (int)j->pid, what);
}

static void start(struct job *j, const char *dir, bool image, unsigned limit)
{
	char *argv[MAX_ARGS] = {image ? "staprun" : "stap"};
	int argc;

	fflush(stdout);
	j->dir = dir;
	j->pid = fork();
	if (j->pid < 0)
		die("fork: %s", strerror(errno));
	if (j->pid)
		return;
	j->pid = getpid();
	argc = arguments(dir, image, argv);
	redirect(0, "/dev/null", O_RDONLY);
	redirect(1, output_of(j, "out"), O_WRONLY | O_CREAT | O_TRUNC);
	redirect(2, output_of(j, "err"), O_WRONLY | O_CREAT | O_TRUNC);
	if (image)
		repeat_messages(dir);
	alarm(limit);
	optind = 0; /* getopt() begins anew */
	exit((image ? staprun_main : stap_main)(argc, argv));
}

/* The first pattern of the group that no line of standard error matches. */
static char *unmatched(const char *dir, const char *err)
{
	size_t len;
	char *patterns = contents_of(dir, "stderr", &len), *p;

	while ((p = strsep(&patterns, "\n"))) {
		regex_t re;

		if (!*p)
			continue;
		if (regcomp(&re, p, REG_EXTENDED | REG_NOSUB | REG_NEWLINE))
			die("%s/stderr: %s", dir, p);
		if (regexec(&re, err, 0, NULL, 0))
			return p;
		regfree(&re);
	}
	return NULL;
}

static void check(const struct job *j, const char *program, int wstatus)
{
	char *out_file = output_of(j, "out"), *err_file = output_of(j, "err");
	size_t len, want_len, err_len;
	char *out = contents(out_file, &len), *err = contents(err_file, &err_len);
	char *want = contents_of(j->dir, "want", &want_len);
	char *name = contents_of(j->dir, "name", &(size_t){0});
	int status = WIFEXITED(wstatus) ? WEXITSTATUS(wstatus)
					: 128 + WTERMSIG(wstatus);
	bool bad_status =
		status != atoi(contents_of(j->dir, "status", &(size_t){0}));
	bool bad_output = len != want_len || memcmp(out, want, len);
	char *pattern = unmatched(j->dir, err);

	if (!bad_status && !bad_output && !pattern) {
		passed++;
	} else {
		failed++;
		name[strcspn(name, "\n")] = 0;
		printf("FAIL %s %s:", program, name);
		if (bad_status)
			printf(" status %d", status);
		if (pattern)
			printf(" no \"%s\" on stderr", pattern);
		printf("\n--- expected\n%s--- got\n%s--- stderr\n%s", want, out,
		       err);
	}
	unlink(out_file);
	unlink(err_file);
	free(out);
	free(err);
	free(want);
	free(name);
}

static void finish_one(struct job *jobs, unsigned n, const char *program)
{
	int status;
	pid_t pid = wait(&status);

	if (pid < 0)
		die("wait: %s", strerror(errno));
	for (unsigned i = 0; i < n; i++) {
		if (jobs[i].pid != pid)
			continue;
		check(&jobs[i], program, status);
		jobs[i].pid = 0;
	}
}

static struct job *free_job(struct job *jobs, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!jobs[i].pid)
			return &jobs[i];
	return NULL;
}

static void skip(const char *program, const char *dir)
{
	char *name = contents_of(dir, "name", &(size_t){0});

	name[strcspn(name, "\n")] = 0;
	printf("SKIP %s %s: the time is over\n", program, name);
	free(name);
	skipped++;
}

static bool running(const struct job *jobs, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (jobs[i].pid)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	unsigned number[128] = {['j'] = 2, ['l'] = 60, ['t'] = 1u << 30};
	unsigned njobs;
	struct job jobs[MAX_JOBS] = {0}, *j;
	time_t begin = time(NULL);
	const char *program;
	bool image;
	int c;

	while ((c = getopt(argc, argv, "j:l:t:")) != -1) {
		if (c == '?')
			return 2;
		number[c] = (unsigned)atoi(optarg);
	}
	njobs = number['j'];
	if (optind + 2 > argc || !njobs || njobs > MAX_JOBS)
		die("batch [-j JOBS] [-l SECONDS] [-t SECONDS] stap|staprun "
		    "DIR...");
	program = argv[optind++];
	image = !strcmp(program, "staprun");
	work = mkdtemp(text("%s/batch.XXXXXX", getenv("TMPDIR") ?: "/tmp"));
	if (!work)
		die("mkdtemp: %s", strerror(errno));
	/* what the children would all have to ask */
	for (int f = 0; f < EBPF_FEATURE_COUNT; f++)
		ebpf_feature((enum ebpf_feature)f, NULL);
	for (int i = optind; i < argc; i++) {
		char *obj = text("%s/obj.bpf.o", argv[i]);
		bool wanted = !image || !access(obj, R_OK);

		free(obj);
		if (!wanted)
			continue;
		while (!(j = free_job(jobs, njobs)))
			finish_one(jobs, njobs, program);
		if (time(NULL) - begin >= number['t'])
			skip(program, argv[i]);
		else
			start(j, argv[i], image, number['l']);
	}
	while (running(jobs, njobs))
		finish_one(jobs, njobs, program);
	rmdir(work);
	printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
	return failed != 0;
}
