// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel's verifier says is for kernel developers: thousands of lines,
 * of which the last one before the statistics names the reason. The user gets
 * that line, and the name of a file with the rest.
 */
#include "run/bpf_int.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/build_id.h"
#include "base/strbuf.h"

/* libbpf's callback has no argument. */
static struct strbuf messages;
static int show_messages;
static libbpf_print_fn_t previous;

static int capture(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (level == LIBBPF_DEBUG && show_messages <= 3)
		return 0;
	if (show_messages > 2) {
		va_list copy;

		va_copy(copy, ap);
		vfprintf(stderr, fmt, copy);
		va_end(copy);
	}
	if (level == LIBBPF_WARN)
		sb_vprintf(&messages, fmt, ap);
	return 0;
}

void bpf_log_begin(int verbose)
{
	sb_reset(&messages);
	show_messages = verbose;
	previous = libbpf_set_print(capture);
}

void bpf_log_end(void)
{
	libbpf_set_print(previous);
	sb_free(&messages);
}

/* Verifier messages that have a plain meaning. */
static const struct {
	const char *in_log, *meaning, *remedy;
} known[] = {
	{"BPF program is too large",
	 "it is too complex for the kernel's verifier",
	 "split the probe's handler into smaller ones, or lower limits like "
	 "-DMAXSTRINGLEN"},
	{"The sequence of", "it is too complex for the kernel's verifier",
	 "split the probe's handler into smaller ones"},
	{"use helper bpf_probe_write_user",
	 "this kernel does not let it write memory of a process",
	 "that takes CAP_SYS_ADMIN of the initial user namespace, and a kernel "
	 "that is not locked down (/sys/kernel/security/lockdown)"},
	{"unknown func bpf_loop", "this kernel has no bpf_loop()",
	 "use Linux 5.17 or later"},
	{"invalid func unknown#",
	 "it needs a BPF helper that this kernel "
	 "does not have",
	 "use Linux 5.17 or later"},
	{"unknown opcode",
	 "it needs instructions that this kernel does not "
	 "know",
	 "translate the script on this machine"},
	{"failed to resolve CO-RE relocation",
	 "it uses a kernel structure or member that this kernel does not have",
	 "translate the script on this machine: it says which"},
};

/* An instruction of the trace, a source line, or statistics: no reason. */
static bool is_noise(const char *line, size_t n)
{
	size_t digits = 0;

	while (digits < n && isdigit((unsigned char)line[digits]))
		digits++;
	if (!n || line[0] == ';' || line[0] == '-' ||
	    (digits && digits < n && line[digits] == ':'))
		return true;
	static const char *const start[] = {
		"processed ",	   "verification time",
		"stack depth",	   "libbpf: ",
		"max_states",	   "from ",
		"mark_precise",	   "peak_states",
		"Func#",	   "last_idx",
		"regs=",	   "parent ",
		"Validating ",	   "propagating ",
		"arg#0 reference", "insns_state ",
	};
	for (size_t i = 0; i < sizeof(start) / sizeof(*start); i++)
		if (n >= strlen(start[i]) &&
		    !strncmp(line, start[i], strlen(start[i])))
			return true;
	return false;
}

/* The last line that says something. */
static const char *last_reason(const char *log, const char *end, size_t *len)
{
	while (end > log) {
		const char *line = end - 1;

		while (line > log && line[-1] != '\n')
			line--;
		*len = (size_t)(end - line);
		if (*len && line[*len - 1] == '\n')
			--*len;
		if (!is_noise(line, *len))
			return line;
		end = line;
	}
	*len = 0;
	return NULL;
}

/* Which program failed: "prog 'probe_0': BPF program load failed: ...". */
static bool failed_program(const char *text, char name[64])
{
	const char *p = strstr(text, ": BPF program load failed"), *q;

	if (!p || p == text || p[-1] != '\'')
		return false;
	for (q = p - 1; q > text && q[-1] != '\'';)
		q--;
	if ((size_t)(p - 1 - q) >= 64)
		return false;
	memcpy(name, q, (size_t)(p - 1 - q));
	name[p - 1 - q] = 0;
	return true;
}

static void describe_program(const struct image *img, const char *program,
			     char *out, size_t size)
{
	for (uint32_t i = 0; i < img->nhandlers; i++) {
		const struct image_handler *h = &img->handlers[i];

		if (strcmp(image_text(img, h->name), program))
			continue;
		if (i + 1 < img->nhandlers && h[1].name == h->name)
			break; /* it could be any of them */
		snprintf(out, size, "program %s (probe %s at %s:%u:%u)",
			 program, image_text(img, h->point), image_text(img, h->file),
			 h->line, h->col);
		return;
	}
	snprintf(out, size, "program %s", program);
}

/* Writes the log; false when that is not possible. */
static bool save_log(const char *text, const char *dir, char *path, size_t size)
{
	size_t len = strlen(text);
	bool ok;
	int fd;

	if (!dir)
		dir = getenv("TMPDIR");
	if (!dir || !*dir)
		dir = "/tmp";
	if ((size_t)snprintf(path, size, "%s/stap-verifier-XXXXXX", dir) >=
	    size)
		return false;
	fd = mkstemp(path);
	if (fd < 0)
		return false;
	ok = write(fd, text, len) == (ssize_t)len;
	close(fd);
	return ok;
}

/* Between libbpf's markers around the verifier's log, or everything. */
static void find_log(const char *text, const char **log, const char **end)
{
	static const char begin_mark[] = "-- BEGIN PROG LOAD LOG --\n";
	const char *p = strstr(text, begin_mark);

	*log = p ? p + sizeof(begin_mark) - 1 : text;
	*end = strstr(*log, "-- END PROG LOAD LOG --");
	if (!*end)
		*end = *log + strlen(*log);
}

/* In SystemTap's words: scripts look for them. */
static void note_kernels(struct diag_msg *m, const struct image *img)
{
	uint8_t id[BUILD_ID_MAX];
	char here[BUILD_ID_TEXT];

	build_id_text(id, build_id_of_kernel(id), here);
	if (strcmp(image_text(img, img->kernel_id), here))
		diag_note(m, LOC_NONE,
			  "Build-id mismatch [man error::buildid]: \"kernel\" "
			  "%s vs. \"vmlinux\" %s (Linux %s)",
			  *here ? here : "unknown",
			  *image_text(img, img->kernel_id)
				  ? image_text(img, img->kernel_id)
				  : "unknown",
			  image_text(img, img->kernel_release));
}

void bpf_log_report(struct diag *d, const struct image *img, int err,
		    const char *dir)
{
	char program[64], who[512] = "the script", path[256];
	const char *text = sb_str(&messages), *log, *end, *line;
	const char *why = NULL, *remedy = NULL;
	struct diag_msg *m;
	bool have_log;
	size_t len;

	have_log = strstr(text, "-- BEGIN PROG LOAD LOG --");
	if (err == -EPERM && !have_log) {
		run_report_permission(d, "loading a BPF program");
		return;
	}
	if (failed_program(text, program))
		describe_program(img, program, who, sizeof(who));
	find_log(text, &log, &end);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known) && !why; i++)
		if (strstr(text, known[i].in_log)) {
			why = known[i].meaning;
			remedy = known[i].remedy;
		}
	m = diag_report(d, RUN_LOAD, LOC_NONE, NULL, who,
			why	   ? why
			: have_log ? "its verifier does not accept it"
				   : strerror(-err));
	if (strstr(text, "CO-RE relocation"))
		note_kernels(m, img);
	line = last_reason(log, end, &len);
	if (line)
		diag_note(m, LOC_NONE, "the verifier says: %.*s",
			  (int)(len < 300 ? len : 300), line);
	if (*text && save_log(text, dir, path, sizeof(path)))
		diag_note(m, LOC_NONE, "the whole log is in %s", path);
	diag_remedy(m, "%s",
		    remedy ? remedy
			   : "this is a defect of stap: please report it with "
			     "the script and that log");
}
