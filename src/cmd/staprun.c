// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * staprun: runs a script that `stap -p4` has translated, on a machine without
 * the translator.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/stdfds.h"
#include "run/image_read.h"
#include "run/recorder.h"
#include "run/run.h"

static const char usage_text[] =
	"Usage: staprun [OPTIONS] IMAGE\n"
	"Runs the script in IMAGE, which `stap -p4 -m NAME` has written.\n"
	"\n"
	"  -A         attach: print what a session in the background (stap -F)\n"
	"             has kept and says; IMAGE is its name\n"
	"  -d         end such a session\n"
	"  -c CMD     start the probes, run CMD, end with it\n"
	"  -x PID     sets target() to PID\n"
	"  -o FILE    output to FILE; strftime(3) formats are expanded\n"
	"  -S MB[,N]  a new file after MB megabytes, keep the N newest\n"
	"  -s MB      size of the buffer between kernel and staprun\n"
	"  -T SEC     end after SEC seconds\n"
	"  -t         report how often and how long each probe ran\n"
	"  -w         no warnings\n"
	"  -v         more messages; repeat for more\n"
	"  --suppress-handler-errors  errors in probes do not end the run\n"
	"  --accounting=FILE          counters as JSON\n"
	"  -h, -V     this text; version\n";

struct options {
	struct run_opts run;
	struct run_bpf_opts bpf;
	const char *image;
	bool attach, remove;
};

enum { OPT_SUPPRESS = 256, OPT_ACCOUNTING };

static const struct option long_options[] = {
	{"suppress-handler-errors", no_argument, NULL, OPT_SUPPRESS},
	{"accounting", required_argument, NULL, OPT_ACCOUNTING},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{0},
};

static bool usage_error(struct diag *d, const char *fmt, const char *arg)
{
	char text[512];
	struct diag_msg *m;

	snprintf(text, sizeof(text), fmt, arg);
	m = diag_report(d, STAPRUN_USAGE, LOC_NONE, NULL, text);
	diag_remedy(m, "staprun -h lists the options");
	return false;
}

/* A positive number that ends at `until` or at the end of the text. */
static bool parse_number(const char *s, char until, double max, double *v)
{
	char *end;

	errno = 0;
	*v = strtod(s, &end);
	return end != s && !errno && *v > 0 && *v <= max &&
	       (*end == until || !*end);
}

static bool parse_rotation(struct diag *d, struct run_opts *r, const char *arg)
{
	const char *comma = strchr(arg, ',');
	double v;

	if (!parse_number(arg, ',', 1 << 20, &v))
		return usage_error(d, "-S needs a size in megabytes, not '%s'",
				   arg);
	r->output_limit = (uint64_t)(v * (1 << 20));
	if (comma) {
		if (!parse_number(comma + 1, 0, 100000, &v))
			return usage_error(
				d, "-S needs a number of files, not '%s'",
				comma + 1);
		r->output_files = (uint32_t)v;
	}
	return true;
}

static bool parse_option(struct diag *d, struct options *o, int c)
{
	double v;

	switch (c) {
	case 'A':
		o->attach = true;
		return true;
	case 'd':
		o->remove = true;
		return true;
	case 'c':
		o->run.cmd = optarg;
		return true;
	case 'x':
		if (!parse_number(optarg, 0, 1 << 30, &v))
			return usage_error(d, "-x needs a process id, not '%s'",
					   optarg);
		o->run.pid = (pid_t)v;
		return true;
	case 'o':
		o->run.output = optarg;
		return true;
	case 'S':
		return parse_rotation(d, &o->run, optarg);
	case 's':
	case 'b':
		if (!parse_number(optarg, 0, 4095, &v))
			return usage_error(
				d,
				c == 's' ? "-s needs 1 to 4095 megabytes, not '%s'"
					 : "-b needs 1 to 4095 megabytes, not '%s'",
				optarg);
		o->bpf.buffer_mb = v < 1 ? 1 : (uint32_t)v;
		return true;
	case 'T':
		if (!parse_number(optarg, 0, 1e9, &o->run.timeout_s))
			return usage_error(
				d, "-T needs a number of seconds, not '%s'",
				optarg);
		return true;
	case 't':
		o->run.timing = true;
		return true;
	case 'w':
		o->run.no_warnings = true;
		return true;
	case 'v':
		o->run.verbose = ++o->bpf.verbose;
		return true;
	case OPT_SUPPRESS:
		o->run.suppress_handler_errors = true;
		return true;
	case OPT_ACCOUNTING:
		o->run.json = optarg;
		return true;
	default:
		return usage_error(d,
				   "unknown option, or one without its "
				   "argument%s",
				   "");
	}
}

static bool parse_args(struct diag *d, struct options *o, int argc, char **argv)
{
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "+Adc:x:o:S:s:b:T:twvhV",
				long_options, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage_text, stdout);
			exit(0);
		}
		if (c == 'V') {
			puts("staprun (systemtap language, BPF runtime)");
			exit(0);
		}
		if (!parse_option(d, o, c))
			return false;
	}
	if (optind == argc)
		return usage_error(d, "the name of an image is missing%s", "");
	if (optind + 1 < argc)
		return usage_error(d, "'%s' is one argument too many",
				   argv[optind + 1]);
	if (o->run.cmd && o->run.pid)
		return usage_error(d, "-c and -x exclude each other%s", "");
	if (o->run.output_limit && !o->run.output)
		return usage_error(d, "-S needs -o FILE%s", "");
	o->image = argv[optind];
	return true;
}

/* The whole file, which stays mapped. */
static bool map_image(struct diag *d, const char *path, const void **data,
		      size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	struct stat st;
	void *p = MAP_FAILED;

	if (fd < 0 || fstat(fd, &st)) {
		err = errno;
	} else if (!S_ISREG(st.st_mode) || !st.st_size) {
		err = ENOEXEC;
	} else {
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd,
			 0);
		if (p == MAP_FAILED)
			err = errno;
	}
	if (fd >= 0)
		close(fd);
	if (err) {
		diag_remedy(diag_report(d, STAPRUN_IMAGE, LOC_NONE, NULL, path,
					strerror(err)),
			    "stap -p4 -m NAME SCRIPT writes one");
		return false;
	}
	*data = p;
	*len = (size_t)st.st_size;
	return true;
}

static int run(struct diag *d, struct options *o)
{
	struct run_result result;
	struct image img;
	char why[256];

	if (!map_image(d, o->image, &o->bpf.elf, &o->bpf.elf_len))
		return 1;
	if (image_read(o->bpf.elf, o->bpf.elf_len, &img, why, sizeof(why))) {
		diag_remedy(diag_report(d, STAPRUN_IMAGE, LOC_NONE, NULL,
					o->image, why),
			    "stap -p4 -m NAME SCRIPT writes one");
		return 1;
	}
	o->bpf.image = o->run.image = &img;
	o->bpf.from_file = true;
	if (run_bpf_open(&o->bpf, d, &o->run.target))
		return 1;
	o->run.diag = d;
	return run_session(&o->run, &result);
}

int main(int argc, char **argv)
{
	reserve_standard_fds();

	struct arena *a = arena_new();
	bool color = isatty(2);
	struct diag *d = diag_new(a, (struct diag_opts){.color = color,
							.show_tag = true});
	struct options o = {.run.color = color};
	int status = 1;

	if (parse_args(d, &o, argc, argv))
		status = o.attach   ? run_recorder_attach(d, o.image)
			 : o.remove ? run_recorder_remove(d, o.image)
				    : run(d, &o);
	diag_flush(d, stderr);
	arena_free(a);
	return status;
}
