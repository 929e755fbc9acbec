// SPDX-License-Identifier: GPL-2.0-or-later
#include "driver/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "driver/rc.h"

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
	ID_SYMBOLS,
	ID_LDD,
	ID_ALL_MODULES,
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
	ID_SYSROOT,
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
	ID_UNPRIVILEGED,
	ID_BACKGROUND,
	ID_EXAMPLE,
	ID_RLIMIT_AS,
	ID_RLIMIT_CPU,
	ID_RLIMIT_NPROC,
	ID_RLIMIT_STACK,
	ID_RLIMIT_FSIZE,
	ID_NOTHING,
	ID_PROLOGUE,
	ID_ARCH,
	ID_CLEAN_CACHE,
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

static void print_limits(void)
{
	static const struct {
		const char *name;
		long long dflt;
		const char *help;
	} limits[] = {
#define LIMIT(name, field, def, least, most, help) {#name, def, help},
#include "ir/limits.def"
#undef LIMIT
	};

	printf("\nLimits (-D NAME=VALUE; default in parentheses, 0: chosen by "
	       "the translator):\n");
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		printf("  %-26s %s (%lld)\n", limits[i].name, limits[i].help,
		       limits[i].dflt);
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

/* "SIZE" or "SIZE,N" */
/* NAME or NAME.ko; what is too long for a module is cut. */
static bool module_name(struct arena *a, struct diag *d, const char *arg,
			struct options *o)
{
	enum { MAX = 55 };
	size_t n = strlen(arg);

	if (n > 3 && !strcmp(arg + n - 3, ".ko"))
		n -= 3;
	if (!n)
		return bad(d, NULL, "option -m needs a name");
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)arg[i]) && arg[i] != '_')
			return bad(d, NULL,
				   "invalid module name '%s': only letters, "
				   "digits and _ are allowed",
				   arg);
	o->module_name = arena_strndup(a, arg, n < MAX ? n : MAX);
	if (arg[strlen(o->module_name)])
		diag_report(d, MODULE_NAME_CUT, LOC_NONE, NULL, o->module_name);
	return true;
}

static bool rotation(struct diag *d, const char *text, struct options *o)
{
	unsigned long long mb, files = 0;
	char *end;
	bool ok = isdigit((unsigned char)*text);

	errno = 0;
	mb = strtoull(text, &end, 10);
	if (ok && *end == ',') {
		ok = isdigit((unsigned char)end[1]);
		files = strtoull(end + 1, &end, 10);
		ok = ok && files;
	}
	if (!ok || *end || errno || !mb || mb > 1 << 20 || files > 100000)
		return bad(d, NULL,
			   "invalid value '%s' for option -S: SIZE or SIZE,N "
			   "is needed, megabytes of a file and how many files "
			   "to keep",
			   text);
	o->rotate_bytes = mb << 20;
	o->rotate_files = (unsigned)files;
	return true;
}

static bool compatible(struct diag *d, const char *text, struct options *o)
{
	long major, minor = 0, our_major = 0, our_minor = 0;
	char *end;
	bool ok = isdigit((unsigned char)*text);

	major = strtol(text, &end, 10);
	if (ok && *end == '.') {
		ok = isdigit((unsigned char)end[1]);
		minor = strtol(end + 1, &end, 10);
	}
	/* a third number, or "-rc1", says nothing about the language */
	if (!ok || (*end && *end != '.' && *end != '-' && *end != '/'))
		return bad(d, NULL,
			   "invalid value '%s' for option --compatible: a "
			   "version such as 4.8 is needed",
			   text);
	sscanf(STAP_LANGUAGE, "%ld.%ld", &our_major, &our_minor);
	if (major > our_major || (major == our_major && minor > our_minor))
		return bad(d, NULL,
			   "version %s cannot be compatible with the future "
			   "version %s",
			   STAP_LANGUAGE, text);
	o->compatible = text;
	return true;
}

/* SYSTEMTAP_COLORS that is empty or wrong switches colours off: stap(1). */
static bool colors_valid(void)
{
	const char *p = getenv("SYSTEMTAP_COLORS");

	if (!p)
		return true;
	if (!*p)
		return false;
	for (;;) {
		size_t key = strspn(p, "abcdefghijklmnopqrstuvwxyz");
		size_t value;

		if (!key || p[key] != '=')
			return false;
		value = strspn(p + key + 1, "0123456789;");
		p += key + 1 + value;
		if (!value || (*p && *p != ':'))
			return false;
		if (!*p++)
			return true;
	}
}

static bool when(struct diag *d, const char *option, const char *text)
{
	if (!text || !strcmp(text, "never") || !strcmp(text, "always") ||
	    !strcmp(text, "auto"))
		return true;
	return bad(d, NULL,
		   "invalid value '%s' for option %s: never, always or auto",
		   text, option);
}

/* The options of setrlimit(2): each sets the soft limit, and the hard one where
   that is higher, as nobody wants it back. */
static bool resource_limit(struct diag *d, int id, const char *text)
{
	static const struct {
		int id;
		__rlimit_resource_t resource;
		const char *option;
	} kinds[] = {
		{ID_RLIMIT_AS, RLIMIT_AS, "--rlimit-as"},
		{ID_RLIMIT_CPU, RLIMIT_CPU, "--rlimit-cpu"},
		{ID_RLIMIT_NPROC, RLIMIT_NPROC, "--rlimit-nproc"},
		{ID_RLIMIT_STACK, RLIMIT_STACK, "--rlimit-stack"},
		{ID_RLIMIT_FSIZE, RLIMIT_FSIZE, "--rlimit-fsize"},
	};
	unsigned i = 0;
	struct rlimit limit;
	char *end;

	while (kinds[i].id != id)
		i++;
	errno = 0;
	limit.rlim_cur = limit.rlim_max = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno)
		return bad(d, NULL,
			   "invalid value '%s' for option %s: a number is "
			   "needed",
			   text, kinds[i].option);
	if (setrlimit(kinds[i].resource, &limit))
		return bad(d, "ulimit -Ha shows what may be asked for",
			   "option %s: the limit cannot be set: %s",
			   kinds[i].option, strerror(errno));
	return true;
}

static bool architecture(struct diag *d, const char *text)
{
	struct utsname u;

	if (uname(&u) || !strcmp(text, u.machine))
		return true;
	return bad(d, "run stap on a machine of that kind; its objects load on "
		      "every kernel there",
		   "option -a: programs for %s cannot be made on this machine",
		   text);
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
	case ID_SYMBOLS:
		vec_push(a, &o->modules, arg);
		break;
	case ID_LDD:
	case ID_ALL_MODULES:
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
		return module_name(a, d, arg, o);
	case ID_OUTPUT:
		if (!*arg)
			return bad(d, NULL, "option -o needs a file name");
		o->output = arg;
		break;
	case ID_ROTATE:
		return rotation(d, arg, o);
	case ID_COMMAND:
		if (!arg[strspn(arg, " \t\n")])
			return bad(d, NULL, "option -c needs a command");
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
	case ID_SYSROOT:
		o->sysroot = arg;
		break;
	case ID_RUNTIME:
		if (strcmp(arg, "bpf") && strcmp(arg, "user"))
			return bad(d,
				   "bpf: in the kernel (default); user: in "
				   "this process, without kernel help",
				   !strcmp(arg, "kernel") ||
						   !strcmp(arg, "dyninst")
					   ? "there is no runtime '%s' here"
					   : "unknown runtime '%s'",
				   arg);
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
		return compatible(d, arg, o);
	case ID_COLOR:
		if (!arg || !strcmp(arg, "always"))
			o->color = colors_valid();
		else if (!strcmp(arg, "never"))
			o->color = false;
		else if (!strcmp(arg, "auto"))
			o->color = isatty(2) && colors_valid();
		else
			return when(d, "--color", arg);
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
	case ID_UNPRIVILEGED:
		o->privilege = "stapusr";
		break;
	case ID_BACKGROUND:
		o->background = true;
		break;
	case ID_EXAMPLE:
		o->example = true;
		break;
	case ID_RLIMIT_AS:
	case ID_RLIMIT_CPU:
	case ID_RLIMIT_NPROC:
	case ID_RLIMIT_STACK:
	case ID_RLIMIT_FSIZE:
		return resource_limit(d, id, arg);
	case ID_PROLOGUE:
		return when(d, "--prologue-searching", arg);
	case ID_ARCH:
		return architecture(d, arg);
	case ID_NOTHING:
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
	if (o->rotate_bytes && !o->output)
		return bad(d, NULL, "-S needs -o FILE");
	if (o->example && !o->script_file)
		return bad(d, NULL, "--example needs the name of a script");
	if (o->no_time_limits && !o->guru)
		return bad(d, "add -g",
			   "--suppress-time-limits needs guru mode");
	return true;
}

/* Options of SystemTap for what there is no need of, or no way to, here. */
static const struct {
	const char *name, *why;
} absent[] = {
#define SERVERS "no compiler is needed, so there are no compile servers"
#define ELSEWHERE                                                              \
	"stap -p4 -m NAME makes an object here, staprun NAME.bpf.o runs it "   \
	"on another machine"
	{"build-as", "no kernel modules are built"},
	{"debug", "no kernel modules are built; -k keeps all intermediates"},
	{"dyninst", "programs are traced through the kernel, or with "
		    "--runtime=user not at all"},
	{"interactive", "scripts are given by -e SCRIPT, in a file, or by - on "
			"standard input"},
	{"language-server", "editors cannot ask stap for completions"},
	{"list-servers", SERVERS},
	{"monitor", "nothing watches a session but its output; probe procfs "
		    "and probe prometheus answer while it runs"},
	{"remote", ELSEWHERE},
	{"remote-prefix", ELSEWHERE},
	{"sysenv", "set the variable in the environment of stap"},
	{"target-namespaces", "functions ns_* know the namespaces that stap "
			      "runs in: nsenter(1) runs it in others"},
	{"trust-servers", SERVERS},
#undef SERVERS
#undef ELSEWHERE
};

static bool is_absent(struct diag *d, const char *name, const char *shown)
{
	for (size_t i = 0; i < sizeof(absent) / sizeof(*absent); i++) {
		if (strcmp(absent[i].name, name))
			continue;
		bad(d, NULL, "there is no option %s: %s", shown, absent[i].why);
		return true;
	}
	return false;
}

/* A long option that getopt_long() does not take: what is wrong with it. */
static void bad_long_option(struct arena *a, struct diag *d, const char *text)
{
	const char *names[NROWS], *near;
	const char *all = "";
	unsigned n = 0, prefixed = 0;
	char *bare = arena_strdup(a, text + 2);

	bare[strcspn(bare, "=")] = 0;
	if (is_absent(d, bare, arena_printf(a, "--%s", bare)))
		return;
	for (size_t i = 0; i < NROWS; i++) {
		const char *name = rows[i].long_name;

		if (!name)
			continue;
		if (!strcmp(name, bare)) {
			bad(d, NULL, "option '--%s' takes no argument", bare);
			return;
		}
		if (*bare && !strncmp(name, bare, strlen(bare))) {
			all = arena_printf(a, "%s%s--%s", all,
					   prefixed++ ? ", " : "", name);
		}
		names[n++] = name;
	}
	if (prefixed > 1) {
		bad(d, NULL, "option '--%s' is ambiguous: %s", bare, all);
		return;
	}
	near = diag_similar(a, bare, names, n, 1);
	bad(d, "stap --help lists the options", "unknown option '--%s'%s%s%s",
	    bare, near ? " (similar: --" : "", near ? near : "",
	    near ? ")" : "");
}

/* The tables of getopt_long(), from options.def. */
struct getopt_tables {
	char shorts[NROWS * 2 + 4];
	struct option longs[NROWS + 1];
};

static void make_tables(struct getopt_tables *t)
{
	size_t ns, nl = 0;

	memset(t, 0, sizeof(*t));
	/* ':' for a missing argument */
	ns = (size_t)sprintf(t->shorts, ":");
	for (size_t i = 0; i < NROWS; i++) {
		if (rows[i].short_name) {
			t->shorts[ns++] = (char)rows[i].short_name;
			if (rows[i].has_arg == required_argument)
				t->shorts[ns++] = ':';
		}
		if (rows[i].long_name)
			t->longs[nl++] = (struct option){rows[i].long_name,
							 rows[i].has_arg, NULL,
							 OPT_BASE + rows[i].id};
	}
}

static int option_id(int c)
{
	for (size_t i = 0; i < NROWS; i++)
		if (c == rows[i].short_name || c == OPT_BASE + rows[i].id)
			return rows[i].id;
	return 0;
}

/*
 * Applies the options of argv, wherever they stand in front of "--": after it,
 * argv has the other words from optind on.
 */
static enum options_result parse_words(struct arena *a, struct diag *d,
				       int argc, char **argv, struct options *o)
{
	struct getopt_tables t;
	bool ok = true;
	int c;

	make_tables(&t);
	opterr = 0;
	optind = 0; /* glibc: start over */
	while ((c = getopt_long(argc, argv, t.shorts, t.longs, NULL)) != -1) {
		int id;

		if (c == ':') {
			const char *name =
				optopt < OPT_BASE
					? arena_printf(a, "-%c", optopt)
					: argv[optind - 1];

			bad(d, "stap --help lists the options",
			    "option '%s' needs an argument", name);
			return OPTIONS_BAD;
		}
		if (c == '?') {
			if (optopt == 'i')
				is_absent(d, "interactive", "-i");
			else if (optopt && optopt < OPT_BASE)
				bad(d,
				    "stap --help lists the options; the "
				    "script's arguments that begin with - "
				    "stand behind --",
				    "unknown option '-%c'", optopt);
			else
				bad_long_option(a, d, argv[optind - 1]);
			return OPTIONS_BAD;
		}
		id = option_id(c);
		if (id == ID_HELP) {
			print_help();
			print_limits();
			return OPTIONS_DONE;
		}
		if (id == ID_VERSION) {
			print_version();
			return OPTIONS_DONE;
		}
		if (id == ID_CLEAN_CACHE)
			return OPTIONS_DONE;
		ok &= apply(a, d, o, id, optarg);
	}
	return ok ? OPTIONS_RUN : OPTIONS_BAD;
}

static void set_diag(struct diag *d, const struct options *o)
{
	diag_set_opts(d, (struct diag_opts){
				 .color = o->color,
				 .verbose = o->verbose[0] > 0,
				 .no_warnings = o->no_warnings,
				 .warnings_are_errors = o->warnings_are_errors,
				 .show_tag = true,
			 });
}

enum options_result options_parse(struct arena *a, struct diag *d, int argc,
				  char **argv, struct options *o)
{
	struct rc_words rc;
	enum options_result r = OPTIONS_BAD;

	memset(o, 0, sizeof(*o));
	o->last_pass = 5;
	o->runtime = "bpf";
	o->privilege = "stapdev";
	o->compatible = STAP_LANGUAGE;
	o->color = isatty(2) && colors_valid();
	set_diag(d, o);
	if (rc_read(a, d, &rc))
		r = parse_words(a, d, rc.n, rc.v, o);
	if (r == OPTIONS_RUN && optind < rc.n) {
		bad(d, NULL, "%s may hold only options, not '%s'", rc.path,
		    rc.v[optind]);
		r = OPTIONS_BAD;
	} else if (r == OPTIONS_BAD && rc.n > 1) {
		diag_note(diag_last(d), LOC_NONE, "in %s", rc.path);
	}
	if (r == OPTIONS_RUN)
		r = parse_words(a, d, argc, argv, o);
	set_diag(d, o);
	if (r != OPTIONS_RUN)
		return r;
	if (!o->script && !o->list && optind < argc && !o->dump_types &&
	    !o->dump_functions && !o->dump_aliases && !o->update_index)
		o->script_file = argv[optind++];
	o->args = (const char *const *)(argv + optind);
	o->nargs = (unsigned)(argc - optind);
	return consistent(d, o) ? OPTIONS_RUN : OPTIONS_BAD;
}
