// SPDX-License-Identifier: GPL-2.0-or-later
#include "driver/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPT_BASE 1000 /* getopt value of long options: OPT_BASE + id */

struct row {
	int short_name;
	const char *long_name;
	int has_arg;
	int id;
	const char *arg_name, *help;
};

enum id {
	ID_HELP = 1,
	ID_VERSION,
	ID_PASS,
	ID_VERBOSE,
	ID_VP,
	ID_KEEP,
	ID_GURU,
	ID_UNOPTIMISED,
	ID_NO_WARNINGS,
	ID_WARNINGS_ERRORS,
	ID_TIMING,
	ID_BULK,
	ID_BUFSIZE,
	ID_INCLUDE,
	ID_DEFINE,
	ID_GLOBAL,
	ID_MODULE,
	ID_OUTPUT,
	ID_ROTATE,
	ID_COMMAND,
	ID_PID,
	ID_TIMEOUT,
	ID_SCRIPT,
	ID_EXTRA,
	ID_LIST,
	ID_LIST_VARS,
	ID_RELEASE,
	ID_RUNTIME,
	ID_RT_BPF,
	ID_SUPPRESS_ERRORS,
	ID_NO_TIME_LIMITS,
	ID_SKIP_BADVARS,
	ID_NO_GLOBAL_DISPLAY,
	ID_COMPATIBLE,
	ID_COLOR,
	ID_PRIVILEGE,
	ID_DUMP_TYPES,
	ID_DUMP_FUNCTIONS,
	ID_DUMP_ALIASES,
	ID_TMPDIR,
	ID_ACCOUNTING,
	ID_UPDATE_INDEX,
	ID_TAGS,
};

static const struct row rows[] = {
#define O(s, l, arg, id, name, help) {s, l, arg, ID_##id, name, help},
#include "driver/options.def"
#undef O
};
#define NROWS (sizeof(rows) / sizeof(rows[0]))

static void print_help(void)
{
	printf("Usage: stap [options] FILE [arguments]   run the script in "
	       "FILE\n"
	       "   or: stap [options] - [arguments]      ... from standard "
	       "input\n"
	       "   or: stap [options] -e SCRIPT [arguments]\n"
	       "   or: stap [options] -l PROBE | -L PROBE\n\nOptions:\n");
	for (size_t i = 0; i < NROWS; i++) {
		char left[64];
		int n = 0;

		if (rows[i].short_name)
			n = snprintf(left, sizeof(left), "-%c%s%s",
				     rows[i].short_name,
				     rows[i].arg_name && !rows[i].long_name
					     ? " "
					     : "",
				     rows[i].arg_name && !rows[i].long_name
					     ? rows[i].arg_name
					     : "");
		if (rows[i].long_name)
			n += snprintf(left + n, sizeof(left) - (size_t)n,
				      "%s--%s%s%s", n ? " " : "",
				      rows[i].long_name,
				      rows[i].arg_name ? "=" : "",
				      rows[i].arg_name ? rows[i].arg_name : "");
		printf("  %-26s %s\n", left, rows[i].help);
	}
}

static void print_version(void)
{
	printf("Systemtap translator/driver (version %s, language %s)\n"
	       "A SystemTap-compatible tracer, written anew in C.\n"
	       "This is free software, GPL-2.0-or-later; there is NO "
	       "WARRANTY.\n"
	       "enabled features: BPF_JIT RINGBUF BTF LIBBPF LIBDW LIBELF\n",
	       STAP_VERSION, STAP_LANGUAGE);
}

static bool bad(struct diag *d, const char *remedy, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static bool bad(struct diag *d, const char *remedy, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	struct diag_msg *m = diag_report(d, OPTION_BAD, LOC_NONE, NULL, text);

	if (remedy)
		diag_remedy(m, "%s", remedy);
	return false;
}

static bool number(struct diag *d, const char *opt, const char *text, long lo,
		   long hi, long *out)
{
	char *end;

	errno = 0;
	long v = strtol(text, &end, 10);

	if (!*text || *end || errno || v < lo || v > hi)
		return bad(d, NULL,
			   "invalid value '%s' for option %s: a number from "
			   "%ld to %ld is needed",
			   text, opt, lo, hi);
	*out = v;
	return true;
}

static bool name_value(struct arena *a, struct diag *d, const char *opt,
		       const char *text, bool value_needed,
		       struct name_value *out)
{
	const char *eq = strchr(text, '=');
	size_t n = eq ? (size_t)(eq - text) : strlen(text);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '_')
			n = 0;
	if (!n || isdigit((unsigned char)text[0]) || (value_needed && !eq))
		return bad(d, NULL, "option %s needs NAME=VALUE, not '%s'", opt,
			   text);
	out->name = arena_strndup(a, text, n);
	out->value = eq ? eq + 1 : "1";
	return true;
}

static bool apply(struct arena *a, struct diag *d, struct options *o, int id,
		  const char *arg)
{
	struct name_value nv;
	long v;

	switch (id) {
	case ID_PASS:
		if (!number(d, "-p", arg, 1, 5, &v))
			return false;
		o->last_pass = (int)v;
		break;
	case ID_VERBOSE:
		for (int i = 0; i < 6; i++)
			o->verbose[i]++;
		break;
	case ID_VP:
		for (int i = 0; arg[i]; i++) {
			if (i >= 5 || !isdigit((unsigned char)arg[i]))
				return bad(
					d, NULL,
					"invalid value '%s' for option --vp: "
					"up to five digits are needed",
					arg);
			o->verbose[i + 1] += (unsigned)(arg[i] - '0');
		}
		break;
	case ID_KEEP:
		o->keep = true;
		break;
	case ID_GURU:
		o->guru = true;
		break;
	case ID_UNOPTIMISED:
		o->unoptimised = true;
		break;
	case ID_NO_WARNINGS:
		o->no_warnings = true;
		break;
	case ID_WARNINGS_ERRORS:
		o->warnings_are_errors = true;
		break;
	case ID_TIMING:
		o->timing = true;
		break;
	case ID_BULK:
		o->bulk = true;
		break;
	case ID_BUFSIZE:
		if (!number(d, "-s", arg, 1, 4095, &v))
			return false;
		o->buffer_mb = (unsigned)v;
		break;
	case ID_INCLUDE:
		vec_push(a, &o->include, arg);
		break;
	case ID_DEFINE:
		if (!name_value(a, d, "-D", arg, false, &nv))
			return false;
		vec_push(a, &o->define, nv);
		break;
	case ID_GLOBAL:
		if (!name_value(a, d, "-G", arg, true, &nv))
			return false;
		vec_push(a, &o->global, nv);
		break;
	case ID_MODULE:
		for (const char *p = arg; *p; p++)
			if (!isalnum((unsigned char)*p) && *p != '_')
				return bad(d, NULL,
					   "invalid module name '%s': only "
					   "letters, digits and _ are allowed",
					   arg);
		if (!*arg || strlen(arg) > 56)
			return bad(d, NULL,
				   "a module name has 1 to 56 characters");
		o->module_name = arg;
		break;
	case ID_OUTPUT:
		o->output = arg;
		break;
	case ID_ROTATE:
		o->rotate = arg;
		break;
	case ID_COMMAND:
		o->command = arg;
		break;
	case ID_PID:
		if (!number(d, "-x", arg, 1, 4194304, &v))
			return false;
		if (kill((pid_t)v, 0) && errno == ESRCH)
			return bad(d, "see ps -e for what is running",
				   "option -x: there is no process %ld", v);
		o->pid = (int)v;
		break;
	case ID_TIMEOUT: {
		char *end;
		double s = strtod(arg, &end);

		if (!*arg || *end || !(s > 0) || s > 1e9)
			return bad(d, NULL,
				   "invalid value '%s' for option -T: seconds "
				   "are needed",
				   arg);
		o->timeout_s = s;
		break;
	}
	case ID_SCRIPT:
		if (o->script)
			return bad(d, "use -E for further scripts",
				   "only one script can be given by -e");
		o->script = arg;
		break;
	case ID_EXTRA:
		vec_push(a, &o->extra, arg);
		break;
	case ID_LIST:
	case ID_LIST_VARS:
		if (o->list)
			return bad(d, NULL, "-l and -L can be given only once");
		o->list = arg;
		o->list_vars = id == ID_LIST_VARS;
		break;
	case ID_RELEASE:
		o->release = arg;
		break;
	case ID_RUNTIME:
		if (strcmp(arg, "bpf") && strcmp(arg, "user"))
			return bad(d,
				   "bpf: in the kernel (default); user: in "
				   "this process, without kernel help",
				   "unknown runtime '%s'", arg);
		o->runtime = arg;
		break;
	case ID_RT_BPF:
		o->runtime = "bpf";
		break;
	case ID_SUPPRESS_ERRORS:
		o->suppress_errors = true;
		break;
	case ID_NO_TIME_LIMITS:
		o->no_time_limits = true;
		break;
	case ID_SKIP_BADVARS:
		o->skip_badvars = true;
		break;
	case ID_NO_GLOBAL_DISPLAY:
		o->no_global_display = true;
		break;
	case ID_COMPATIBLE:
		o->compatible = arg;
		break;
	case ID_COLOR:
		if (!arg || !strcmp(arg, "always"))
			o->color = true;
		else if (!strcmp(arg, "never"))
			o->color = false;
		else if (strcmp(arg, "auto"))
			return bad(d, NULL,
				   "invalid value '%s' for option --color: "
				   "never, always or auto",
				   arg);
		break;
	case ID_PRIVILEGE:
		if (strcmp(arg, "stapusr") && strcmp(arg, "stapsys") &&
		    strcmp(arg, "stapdev"))
			return bad(d, NULL,
				   "invalid value '%s' for option --privilege: "
				   "stapusr, stapsys or stapdev",
				   arg);
		o->privilege = arg;
		break;
	case ID_DUMP_TYPES:
		o->dump_types = true;
		break;
	case ID_DUMP_FUNCTIONS:
		o->dump_functions = true;
		break;
	case ID_DUMP_ALIASES:
		o->dump_aliases = true;
		break;
	case ID_TMPDIR:
		o->tmpdir = arg;
		break;
	case ID_ACCOUNTING:
		o->accounting = arg;
		break;
	case ID_UPDATE_INDEX:
		o->update_index = arg;
		break;
	case ID_TAGS:
		o->tags = true;
		break;
	}
	return true;
}

static bool consistent(struct diag *d, const struct options *o)
{
	bool has_script = o->script || o->script_file || o->extra.n;

	if (o->dump_types || o->dump_functions || o->dump_aliases ||
	    o->update_index)
		return true;
	if (o->list && (o->script || o->script_file))
		return bad(d, NULL,
			   "-l and -L list probe points: a script is not "
			   "needed with them");
	if (!o->list && !has_script)
		return bad(
			d,
			"stap -e 'probe begin { println(\"hello\") exit() }', "
			"or stap FILE; stap --help lists the options",
			"a script must be specified");
	if (o->command && o->pid)
		return bad(d, NULL,
			   "-c and -x both name the target: give one of them");
	if (o->rotate && !o->output)
		return bad(d, NULL, "-S needs -o FILE");
	if (o->no_time_limits && !o->guru)
		return bad(d, "add -g",
			   "--suppress-time-limits needs guru mode");
	return true;
}

/* "-foo": the nearest option names, for a mistyped one. */
static void unknown_option(struct arena *a, struct diag *d, const char *text)
{
	const char *names[NROWS];
	unsigned n = 0;

	for (size_t i = 0; i < NROWS; i++)
		if (rows[i].long_name)
			names[n++] = rows[i].long_name;
	while (*text == '-')
		text++;

	char *bare = arena_strdup(a, text);

	bare[strcspn(bare, "=")] = 0;

	const char *near = diag_similar(a, bare, names, n, 3);

	bad(d, "stap --help lists the options", "unknown option '%s'%s%s%s",
	    text, near ? " (similar: --" : "", near ? near : "",
	    near ? ")" : "");
}

enum options_result options_parse(struct arena *a, struct diag *d, int argc,
				  char **argv, struct options *o)
{
	char shorts[NROWS * 2 + 4] = "+:";
	struct option longs[NROWS + 1];
	size_t ns = 2, nl = 0;
	bool ok = true;
	int c;

	memset(o, 0, sizeof(*o));
	o->last_pass = 5;
	o->runtime = "bpf";
	o->privilege = "stapdev";
	o->compatible = STAP_LANGUAGE;
	o->color = isatty(2);
	memset(longs, 0, sizeof(longs));
	for (size_t i = 0; i < NROWS; i++) {
		if (rows[i].short_name) {
			shorts[ns++] = (char)rows[i].short_name;
			if (rows[i].has_arg == required_argument)
				shorts[ns++] = ':';
		}
		if (rows[i].long_name)
			longs[nl++] = (struct option){rows[i].long_name,
						      rows[i].has_arg, NULL,
						      OPT_BASE + rows[i].id};
	}
	shorts[ns] = 0;
	opterr = 0;
	optind = 1;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		int id = 0;

		if (c == ':') {
			bad(d, "stap --help lists the options",
			    "option '%s' needs an argument", argv[optind - 1]);
			return OPTIONS_BAD;
		}
		if (c == '?') {
			if (optopt && optopt < OPT_BASE)
				bad(d, "stap --help lists the options",
				    "unknown option '-%c'", optopt);
			else
				unknown_option(a, d, argv[optind - 1]);
			return OPTIONS_BAD;
		}
		for (size_t i = 0; i < NROWS && !id; i++)
			if (c == rows[i].short_name ||
			    c == OPT_BASE + rows[i].id)
				id = rows[i].id;
		if (id == ID_HELP) {
			print_help();
			return OPTIONS_DONE;
		}
		if (id == ID_VERSION) {
			print_version();
			return OPTIONS_DONE;
		}
		ok &= apply(a, d, o, id, optarg);
	}
	if (!ok)
		return OPTIONS_BAD;
	if (!o->script && !o->list && optind < argc && !o->dump_types &&
	    !o->dump_functions && !o->dump_aliases && !o->update_index)
		o->script_file = argv[optind++];
	o->args = (const char *const *)(argv + optind);
	o->nargs = (unsigned)(argc - optind);
	return consistent(d, o) ? OPTIONS_RUN : OPTIONS_BAD;
}

int64_t options_limit(const struct options *o, const char *name, int64_t dflt)
{
	/* the last one wins, as with cpp's -D */
	for (uint32_t i = o->define.n; i-- > 0;)
		if (!strcmp(o->define.v[i].name, name))
			return strtoll(o->define.v[i].value, NULL, 0);
	return dflt;
}
