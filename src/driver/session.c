// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The five passes, in order: session_run() is the list of them. Each pass takes
 * what the one before made, and prints stap's -v line about itself.
 */
#include "driver/session.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "driver/engine_target.h"
#include "driver/lists.h"
#include "driver/settings.h"
#include "driver/usage.h"
#include "ebpf/ebpf.h"
#include "engine/engine.h"
#include "ir/ir.h"
#include "ir/lower.h"
#include "probe/counters.h"
#include "probe/probe.h"
#include "run/child.h"
#include "run/pidns.h"
#include "run/recorder.h"
#include "run/run.h"
#include "sema/sema.h"
#include "syntax/parse.h"
#include "target/arch.h"
#include "target/target.h"

/*
 * BPF programs of one session. When a process ends, the kernel frees its
 * programs one by one in work items that all want one mutex; its holder may
 * wait for another item of the same queue. A queue runs 1,024 at a time on a
 * CPU: more programs than that can block BPF on the whole machine for good
 * (seen on 6.18 with 10,000). Half of it leaves room for a second session.
 */
#define MAX_PROGRAMS 500u

/* Megabytes of output that -F keeps. */
#define RECORDER_MB 1u

/* Bytes that a handler may print before they are handed on. */
#define OUT_CAP 8192u

struct session {
	struct arena *a;
	struct diag *d;
	const struct options *o;
	struct target_cache *targets;
	struct parse_env parse;
	struct probe_env probe;
	struct map macros;
	struct tapset *tapset;
	VEC(struct file *) files;
	struct program *program;
	struct ir_module *module;
	struct ebpf_opts ebpf;
	struct ebpf_object *object;
	bool *arg_used;
	struct lower_limits limits;
	const char *name;   /* module name */
	const char *tmpdir; /* -k, or NULL */
	uint64_t hash;	    /* of everything that makes the module */
	struct usage start; /* of the current pass */
};

static bool user_runtime(const struct session *s)
{
	return !strcmp(s->o->runtime, "user");
}

/* This session runs the object, on the running kernel. */
static bool runs_here(const struct session *s)
{
	return !user_runtime(s) && s->o->last_pass == 5 &&
	       target_kernel_is_running(s->targets);
}

/* The object is for this kernel alone. One that is kept must load on others
   too: loops by bpf_loop (5.17), no 32-bit jumps, CO-RE. */
static bool running_kernel(const struct session *s)
{
	return runs_here(s) && !s->o->module_name;
}

/* probe_env.grants */
static bool kernel_grants(enum probe_way way, struct target_cache *targets)
{
	/* made for being traced; else something that is seldom called */
	static const char *const funcs[] = {"bpf_fentry_test1", "do_sysinfo",
					    "si_meminfo"};
	const struct kbtf *b;
	uint32_t id;

	switch (way) {
	case WAY_KPROBE:
		return ebpf_feature(EBPF_KPROBE, NULL);
	case WAY_KPROBE_MULTI:
		return ebpf_feature(EBPF_KPROBE_MULTI, NULL);
	case WAY_FENTRY:
		/*
		 * A program that its task leaves half run is not run again on
		 * that CPU until the task goes on: hits are missed (seen on
		 * 7.2: 482 of 2,000). Those of kprobes cannot be preempted.
		 */
		if (target_kernel_preempts(targets) &&
		    ebpf_feature(EBPF_KPROBE_MULTI, NULL))
			return false;
		b = target_vmlinux(targets, NULL, NULL);
		for (unsigned i = 0; b && i < 3; i++)
			if (kbtf_find_func(b, funcs[i], &id))
				return ebpf_fentry_works(id);
		return false;
	case WAY_ITERATOR:
		b = target_vmlinux(targets, NULL, NULL);
		return target_tracepoints_preempt(targets) && arch_native() &&
		       ebpf_feature(EBPF_KPROBE_MULTI, NULL) && b &&
		       kbtf_find_func(b, "__traceiter_sys_enter", &id);
	}
	return false;
}

/* The same for an object that is kept: what other kernels have too. */
static bool kept_grants(enum probe_way way, struct target_cache *targets)
{
	return way == WAY_KPROBE && kernel_grants(way, targets);
}

/* probe_env.seen_pid */
static int pid_in_handlers(int pid, const char **why)
{
	uint32_t seen = (uint32_t)pid;
	unsigned failed;

	if (pidns_global(&seen, 1, &failed)) {
		*why = "the number that the kernel's handlers know it by "
		       "cannot be found from inside this container (PID "
		       "namespace)";
		return 0;
	}
	return (int)seen;
}

/* ---- -v lines, -k files ---- */

static bool verbose(const struct session *s, int pass)
{
	return s->o->verbose[pass] > 0;
}

static const char *cost(struct session *s, bool memory)
{
	char mem[96], time[64];

	usage_since(&s->start, time, sizeof(time));
	if (!memory)
		return arena_printf(s->a, "in %s.", time);
	usage_memory(mem, sizeof(mem));
	return arena_printf(s->a, "using %s, in %s.", mem, time);
}

static void keep(struct session *s, const char *name, const void *data,
		 size_t len)
{
	if (!s->tmpdir)
		return;

	const char *path = arena_printf(s->a, "%s/%s", s->tmpdir, name);
	FILE *f = fopen(path, "we");

	if (!f || fwrite(data, 1, len, f) != len || fclose(f))
		diag_report(s->d, FILE_WRITE, LOC_NONE, NULL, path,
			    strerror(errno));
}

static bool failed(struct session *s, int pass, const char *what)
{
	if (!diag_errors(s->d))
		return false;
	diag_flush(s->d, stderr);
	fprintf(stderr, "Pass %d: %s failed.  [man error::pass%d]\n", pass,
		what, pass);
	return true;
}

static bool make_tmpdir(struct session *s)
{
	const char *base = s->o->tmpdir ? s->o->tmpdir : getenv("TMPDIR");
	char *path;

	if (!base || !*base)
		base = "/tmp";
	path = arena_printf(s->a, "%s/stapXXXXXX", base);
	if (!mkdtemp(path)) {
		diag_report(s->d, FILE_WRITE, LOC_NONE, NULL, base,
			    strerror(errno));
		return false;
	}
	s->tmpdir = path;
	return true;
}

/* ---- what the passes may ask ---- */

struct dir_list {
	VEC(const char *) v;
};

/*
 * A directory that comes with stap: beside the program when it runs from the
 * source tree, or under the prefix it was really installed to.
 */
static const char *own_dir(struct session *s, const char *name)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	struct stat st;

	if (n > 0) {
		exe[n] = 0;
		char *slash = strrchr(exe, '/');

		if (slash)
			*slash = 0;
		const char *near = arena_printf(s->a, "%s/%s", exe, name);
		const char *share = arena_printf(s->a, "%s/../share/stap/%s",
						 exe, name);

		if (!stat(near, &st))
			return near;
		if (!stat(share, &st))
			return share;
	}
	return arena_printf(s->a, STAP_PREFIX "/share/stap/%s", name);
}

static void tapset_dirs(struct session *s, struct dir_list *out)
{
	const char *env = getenv("SYSTEMTAP_TAPSET");
	struct stat st;

	vec_push(s->a, &out->v, env && *env ? env : own_dir(s, "tapset"));
	vec_for (&s->o->include, i) {
		const char *dir = s->o->include.v[i];
		int err = stat(dir, &st) ? errno : 0;

		if (!err && !S_ISDIR(st.st_mode))
			err = ENOTDIR;
		if (!err && access(dir, R_OK | X_OK))
			err = errno;
		if (err)
			diag_report(s->d, INCLUDE_DIR, LOC_NONE, NULL, dir,
				    strerror(err));
		else
			vec_push(s->a, &out->v, dir);
	}
}

/* The program that -c starts; what only a shell understands is the shell's. */
static const char *command_program(struct arena *a, const char *cmd)
{
	const char *program;
	char **argv;

	if (!cmd || run_argv(cmd, &argv))
		return cmd;
	program = arena_strdup(a, argv[0]);
	run_argv_free(argv);
	return program;
}

/* -r and --sysroot. What was translated for another kernel is not run here. */
static bool choose_kernel(struct session *s, struct options *o)
{
	const char *why = NULL;

	if (o->sysroot)
		target_cache_set_root(s->targets, o->sysroot);
	if (o->sysroot && !o->release)
		o->release = target_kernel_release(s->targets);
	if (!o->release)
		return true;
	if (!target_set_kernel(s->targets, o->release, &why)) {
		/* Pass 1 only compares the release with what conditionals say. */
		if (o->last_pass == 1 && *o->release != '/')
			return true;
		diag_remedy(diag_report(s->d, KERNEL_NO_RELEASE, LOC_NONE, NULL,
					o->release, why),
			    "install its headers, image or debug package, or "
			    "name its build tree or vmlinux: -r /PATH");
		return false;
	}
	o->release = target_kernel_release(s->targets);
	if (o->last_pass < 5 || target_kernel_is_running(s->targets) ||
	    o->list || user_runtime(s))
		return true;
	if (!o->no_warnings)
		fprintf(stderr,
			"WARNING: this machine runs another kernel than %s: "
			"the script is translated, not run (-p4)\n",
			o->release);
	o->last_pass = 4;
	return true;
}

static void set_up(struct session *s)
{
	const struct options *o = s->o;
	struct dir_list dirs = {0};

	map_init(&s->macros, s->a);
	s->arg_used = arena_new_array(s->a, bool, o->nargs + 1);
	s->parse = (struct parse_env){
		.kernel_release = o->release
					  ? o->release
					  : target_kernel_release(s->targets),
		.arch = target_arch(s->targets),
		.runtime = o->runtime,
		.systemtap_v = o->compatible,
		.privilege = o->privilege,
		.guru_mode = o->guru,
		.config = target_kernel_config,
		.config_ctx = s->targets,
		.args = o->args,
		.nargs = o->nargs,
		.arg_used = s->arg_used,
		.macros = &s->macros,
	};
	s->probe = (struct probe_env){
		.arena = s->a,
		.diag = s->d,
		.target_cmd = command_program(s->a, o->command),
		.target_pid = o->pid,
		.guru_mode = o->guru,
		.runtime = o->runtime,
		.ncpus = target_ncpus(s->targets),
		.targets = s->targets,
		.counters = arena_new_obj(s->a, struct counter_table),
		.listing = o->list != NULL,
		.grants = running_kernel(s) ? kernel_grants
			  : runs_here(s)    ? kept_grants
					    : NULL,
		.seen_pid = running_kernel(s) ? pid_in_handlers : NULL,
	};
	tapset_dirs(s, &dirs);
	s->tapset = tapset_open(s->a, s->d, &s->parse, dirs.v.v, dirs.v.n);
}

/* ---- pass 1 ---- */

static void hash_in(struct session *s, const char *p, size_t n)
{
	s->hash = hash_more(s->hash, p, n);
}

/* With its NUL, so that "a" "bc" and "ab" "c" differ. */
static void hash_text(struct session *s, const char *text)
{
	hash_in(s, text, strlen(text) + 1);
}

static void parse_one(struct session *s, const struct source *src)
{
	hash_in(s, src->text, src->len);
	tapset_load_macros(s->tapset, src);
	vec_push(s->a, &s->files,
		 parse_script(s->a, s->d, &s->parse, src, false));
}

/* What a file is that cannot be a script; NULL when it may be one. */
static const char *binary_kind(const struct source *src)
{
	const char *p = src->text;
	size_t n = src->len < 1024 ? src->len : 1024, control = 0;

	if (n >= 4 && !memcmp(p, "\177ELF", 4))
		return "a program or a library (ELF)";
	if (n >= 2 && (!memcmp(p, "\xff\xfe", 2) || !memcmp(p, "\xfe\xff", 2)))
		return "UTF-16 text";
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		control += c < 32 && !(c >= '\t' && c <= '\r') && c != 27;
	}
	return control > n / 16 ? "binary data" : NULL;
}

static struct source *read_script(struct session *s, const char *path)
{
	bool is_stdin = !strcmp(path, "-");
	struct source *src = source_read(s->a, is_stdin ? "/dev/stdin" : path);

	if (!src) {
		struct diag_msg *m = diag_report(s->d, SCRIPT_FILE, LOC_NONE,
						 NULL, path, strerror(errno));

		if (errno == ENOENT)
			diag_remedy(m, "for a script on the command line use "
				       "-e 'SCRIPT'");
		return NULL;
	}
	const char *binary = binary_kind(src);

	if (binary) {
		struct diag_msg *m = diag_report(s->d, SCRIPT_BINARY, LOC_NONE,
						 NULL, path, binary);

		if (strstr(binary, "ELF"))
			diag_remedy(m, "to trace a program: stap -c %s SCRIPT",
				    path);
		else
			diag_remedy(m, "a script is plain text, ASCII or "
				       "UTF-8");
		return NULL;
	}
	if (is_stdin)
		src->name = "<input>";
	return src;
}

/* A broken script may not have got to its arguments; library scripts use them
   too. */
static void check_args(struct session *s)
{
	if (s->o->list || diag_errors(s->d))
		return;
	for (unsigned i = 0; i < s->o->nargs; i++)
		if (!s->arg_used[i])
			diag_report(s->d, ARG_UNUSED, LOC_NONE, NULL, i + 1,
				    i + 1, s->o->args[i]);
}

static void hash_settings(struct session *s)
{
	const struct options *o = s->o;

	vec_for (&o->global, i) {
		hash_text(s, o->global.v[i].name);
		hash_text(s, o->global.v[i].value);
	}
	vec_for (&o->define, i) {
		hash_text(s, o->define.v[i].name);
		hash_text(s, o->define.v[i].value);
	}
}

static bool pass_1(struct session *s)
{
	const struct options *o = s->o;
	struct strbuf text = {0};

	s->start = usage_now();
	s->hash = HASH_START;
	if (o->script) {
		parse_one(s, source_new(s->a, "<input>", o->script,
					strlen(o->script)));
	} else if (o->script_file) {
		const char *file = o->script_file;

		if (o->example)
			file = arena_printf(s->a, "%s/%s",
					    own_dir(s, "examples"), file);
		struct source *src = read_script(s, file);

		if (src)
			parse_one(s, src);
	}
	vec_for (&o->extra, i)
		parse_one(s, source_new(s->a,
					arena_printf(s->a, "<input%u>", i + 1),
					o->extra.v[i], strlen(o->extra.v[i])));
	settings_announce_globals(s->a, s->d, o, s->files.v, s->files.n);
	hash_settings(s);
	if (o->last_pass == 1)
		check_args(s);
	if (failed(s, 1, "parse"))
		return false;
	if (o->last_pass == 1 || s->tmpdir) {
		vec_for (&s->files, i)
			unparse_file(&text, s->files.v[i]);
		keep(s, "pass1.stp", sb_str(&text), text.len);
		if (o->last_pass == 1)
			fputs(sb_str(&text), stdout);
	}
	sb_free(&text);
	if (verbose(s, 1))
		fprintf(stderr,
			"Pass 1: parsed user script and %u library scripts "
			"%s\n",
			tapset_nfiles(s->tapset), cost(s, true));
	return true;
}

/* ---- pass 2 ---- */

static bool pass_2(struct session *s)
{
	const struct options *o = s->o;
	struct sema_opts so = {
		.keep_unused = o->unoptimised,
		.list_empty = o->last_pass == 2,
		.no_global_display = o->no_global_display,
		.guru_mode = o->guru,
		.skip_badvars = o->skip_badvars,
		.verbose = verbose(s, 2),
	};

	s->start = usage_now();
	s->program =
		sema_run(&s->probe, s->tapset, s->files.v, s->files.n, &so);
	if (!diag_errors(s->d))
		settings_globals(s->a, s->d, o, s->program, s->files.v,
				 s->files.n);
	check_args(s);
	if (failed(s, 2, "analysis"))
		return false;
	if (o->last_pass == 2 || s->tmpdir) {
		struct strbuf text = {0};

		sema_print(&text, s->program, verbose(s, 2));
		keep(s, "pass2.txt", sb_str(&text), text.len);
		if (o->last_pass == 2)
			fputs(sb_str(&text), stdout);
		sb_free(&text);
	}
	if (verbose(s, 2)) {
		struct sema_counts n = sema_count(s->program);

		fprintf(stderr,
			"Pass 2: analyzed script: %u probe%s, %u function%s, "
			"%u embed%s, %u global%s %s\n",
			n.probes, n.probes == 1 ? "" : "s", n.functions,
			n.functions == 1 ? "" : "s", n.embeds,
			n.embeds == 1 ? "" : "s", n.globals,
			n.globals == 1 ? "" : "s", cost(s, true));
	}
	return true;
}

/* ---- pass 3 ---- */

/* Offset of task_struct.comm where handlers may read it; 0: they ask the
   helper, which takes longer. */
static uint32_t comm_offset(struct session *s)
{
	const char *why, *remedy;
	const struct kbtf *b = target_vmlinux(s->targets, &why, &remedy);
	const struct type_src *src = b ? kbtf_types(b) : NULL;
	struct tmember_path path;
	struct ttype task;
	uint32_t id;

	if (!src || !src->ops->find(src, TT_STRUCT, "task_struct", &id) ||
	    !src->ops->get(src, id, &task) ||
	    !ttype_find_member(&task, "comm", &path) || path.bit_off % 64)
		return 0;
	id = (uint32_t)(path.bit_off / 8);
	return ebpf_comm_readable(id) ? id : 0;
}

/* Programs that hold locks are not preempted where the kernel offers that. */
static void find_preempt_calls(struct session *s)
{
	const struct kbtf *b;
	uint32_t off, on;

	if (!target_kernel_preempts(s->targets))
		return;
	b = target_vmlinux(s->targets, NULL, NULL);
	if (!b || !kbtf_find_func(b, "bpf_preempt_disable", &off) ||
	    !kbtf_find_func(b, "bpf_preempt_enable", &on) ||
	    !ebpf_preempt_works(off, on))
		return;
	s->ebpf.preempt_off = off;
	s->ebpf.preempt_on = on;
}

static const char *module_name(struct session *s)
{
	hash_in(s, s->parse.kernel_release, strlen(s->parse.kernel_release));
	hash_in(s, s->o->runtime, strlen(s->o->runtime));
	if (s->o->module_name)
		return s->o->module_name;
	return arena_printf(s->a, "stap_%016llx_%d",
			    (unsigned long long)s->hash, (int)getpid());
}

/* Places the contexts, once the target says how large frames are. */
static void lay_out(struct session *s)
{
	uint32_t *sizes, ncpus = s->probe.ncpus, count = 4;
	uint32_t frames;

	if (user_runtime(s)) {
		sizes = arena_new_array(s->a, uint32_t, s->module->funcs.n + 1);
		engine_frame_sizes(s->module, sizes);
		count = 1;
	} else {
		sizes = ebpf_frame_sizes(s->a, s->module, &s->ebpf);
		/* Levels: a handler may interrupt another on its CPU, and run
		   while another waits for a page. */
		if (image_any_handler(s->module->image,
				      IMAGE_HANDLER_SLEEPABLE))
			count = 16;
		while (count < 2 * ncpus && count < 4096)
			count *= 2;
	}
	const struct rt_head *head = (const void *)s->module->image->heap_init;

	frames = ir_stack_bytes(s->a, s->module, sizes, head->max_nesting);
	if (!ir_layout_contexts(s->module, frames, OUT_CAP, count)) {
		struct diag_msg *m =
			diag_report(s->d, HEAP_TOO_BIG, LOC_NONE, NULL,
				    IR_HEAP_MAX >> 20);

		diag_remedy(m, "make arrays smaller (global a[1000]), or lower "
			       "-DMAXMAPENTRIES, -DMAXSTRINGLEN or "
			       "-DMAXNESTING");
	}
}

/* Asked only when it makes a difference: each answer loads a program. */
static bool has_feature(struct session *s, enum ebpf_feature f)
{
	return running_kernel(s) && ebpf_wants(s->a, s->module, f) &&
	       ebpf_feature(f, NULL);
}

/* Code of these has names and is unwound: -d's, and what -c or -x traces. */
static void name_modules(struct session *s, struct lower_opts *lo)
{
	const char *target = NULL, *why, **all;
	const struct options *o = s->o;

	if (s->probe.target_cmd)
		target = target_find_program(s->targets, s->probe.target_cmd,
					     &why);
	else if (o->pid)
		target = target_pid_program(s->targets, o->pid, &why);
	all = arena_new_array(s->a, const char *, o->modules.n + 1);
	for (unsigned i = 0; i < o->modules.n; i++)
		all[lo->nmodules++] = o->modules.v[i];
	if (target)
		all[lo->nmodules++] = target;
	lo->modules = all;
}

static bool pass_3(struct session *s)
{
	const struct options *o = s->o;
	struct lower_opts lo;
	const char *wrong;

	s->start = usage_now();
	lower_opts_init(&lo);
	lo.limits = s->limits;
	s->name = module_name(s);
	lo.module_name = s->name;
	lo.kernel_release = s->parse.kernel_release;
	lo.arch = s->parse.arch;
	lo.kernel_id = target_kernel_build_id(s->targets);
	lo.timing = o->timing;
	lo.suppress_handler_errors = o->suppress_errors;
	lo.suppress_time_limits = o->no_time_limits;
	lo.native = user_runtime(s);
	lo.tracepoint_cookies = running_kernel(s) &&
				lower_wants_cookies(s->program) &&
				ebpf_feature(EBPF_TRACEPOINT_COOKIE, NULL);
	lo.targets = s->targets;
	name_modules(s, &lo);
	if (o->buffer_mb) {
		lo.ringbuf_size = 4096;
		/* more than 1 GB is no use, and more than BPF has */
		while (lo.ringbuf_size < o->buffer_mb << 20 &&
		       lo.ringbuf_size < 1u << 30)
			lo.ringbuf_size *= 2;
	}
	sema_refuse_module_needs(s->program, s->d);
	if (failed(s, 3, "translation"))
		return false;
	s->module = ir_lower(s->a, s->d, s->program, &lo);
	if (failed(s, 3, "translation"))
		return false;
	if (!o->unoptimised)
		ir_optimise(s->module);
	wrong = ir_check(s->a, s->module);
	if (wrong)
		diag_report(s->d, INTERNAL, LOC_NONE, NULL, wrong);
	if (failed(s, 3, "translation"))
		return false;
	if (running_kernel(s) && ir_module_calls_rt(s->module, RT_FN_execname))
		s->ebpf.comm_off = comm_offset(s);
	if (running_kernel(s) && ebpf_wants_preempt(s->module))
		find_preempt_calls(s);
	s->ebpf.may_goto = has_feature(s, EBPF_MAY_GOTO);
	s->ebpf.long_jumps = has_feature(s, EBPF_LONG_JUMP);
	lay_out(s);
	if (failed(s, 3, "translation"))
		return false;
	if (o->last_pass == 3 || s->tmpdir) {
		struct strbuf text = {0};

		ir_print(&text, s->module, true);
		keep(s, arena_printf(s->a, "%s.ir", s->name), sb_str(&text),
		     text.len);
		if (o->last_pass == 3)
			fputs(sb_str(&text), stdout);
		sb_free(&text);
	}
	if (verbose(s, 3))
		fprintf(stderr,
			"Pass 3: translated to IR into \"%s%s%s.ir\" %s\n",
			s->tmpdir ? s->tmpdir : "", s->tmpdir ? "/" : "",
			s->name, cost(s, true));
	return true;
}

/* ---- pass 4 ---- */

static bool pass_4(struct session *s)
{
	const struct options *o = s->o;
	const char *file = arena_printf(s->a, "%s.bpf.o", s->name);

	s->start = usage_now();
	if (user_runtime(s)) {
		if (o->last_pass == 4)
			diag_report(s->d, USER_RUNTIME_OBJECT, LOC_NONE, NULL);
		if (failed(s, 4, "compilation"))
			return false;
		if (verbose(s, 4))
			fprintf(stderr,
				"Pass 4: nothing to compile for the in-process "
				"engine %s\n",
				cost(s, false));
		return true;
	}
	s->object = ebpf_compile(s->a, s->d, s->module, &s->ebpf);
	if (s->object && s->object->nprograms > MAX_PROGRAMS) {
		struct diag_msg *m =
			diag_report(s->d, TOO_MANY_PROGRAMS, LOC_NONE, NULL,
				    s->object->nprograms, MAX_PROGRAMS);

		diag_remedy(m, "give several probe points one handler, or "
			       "narrow the wildcards");
	}
	if (failed(s, 4, "compilation"))
		return false;
	keep(s, file, s->object->data, s->object->size);
	if (s->tmpdir) {
		struct strbuf text = {0};

		ebpf_list(&text, s->object);
		keep(s, arena_printf(s->a, "%s.bpf.txt", s->name),
		     sb_str(&text), text.len);
		sb_free(&text);
	}
	if (o->last_pass == 4 || o->module_name) {
		int err = ebpf_write_file(s->object, file);

		if (err)
			diag_report(s->d, FILE_WRITE, LOC_NONE, NULL, file,
				    strerror(-err));
		if (failed(s, 4, "compilation"))
			return false;
		if (o->last_pass == 4)
			printf("%s\n", file);
	}
	if (verbose(s, 4))
		fprintf(stderr, "Pass 4: compiled BPF into \"%s%s%s\" %s\n",
			s->tmpdir ? s->tmpdir : "", s->tmpdir ? "/" : "", file,
			cost(s, false));
	return true;
}

/* ---- pass 5 ---- */

static int open_target(struct session *s, struct run_target **t)
{
	if (user_runtime(s)) {
		int err = engine_target_open(s->module, 256u << 20, t);

		if (err)
			diag_report(s->d, RUN_MEMORY, LOC_NONE, NULL, "the heap",
				    strerror(-err));
		return err;
	}
	struct run_bpf_opts bo = {
		.elf = s->object->data,
		.elf_len = s->object->size,
		.image = s->module->image,
		.buffer_mb = s->o->buffer_mb,
		.verbose = (int)s->o->verbose[5],
		.log_dir = s->tmpdir,
	};
	return run_bpf_open(&bo, s->d, t);
}

/* staprun beside this program. */
static const char *runner_path(struct session *s)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n <= 0)
		return "staprun";
	exe[n] = 0;
	return arena_printf(s->a, "%srun", exe);
}

/* As a process of its own, that no terminal knows. */
static pid_t fork_detached(void)
{
	pid_t pid = fork();

	if (pid)
		return pid < 0 ? -errno : pid;
	setsid();
	int null = open("/dev/null", O_RDWR);
	if (null >= 0) {
		dup2(null, 0);
		dup2(null, 1);
		close(null);
	}
	return 0;
}

/*
 * -F: the rest happens in another process. With -o its number goes to standard
 * output; else what it is called, for staprun -A. False: we are done.
 */
static bool go_on_in_background(struct session *s, const char *name,
				int *status)
{
	uint64_t mb = s->o->buffer_mb ? s->o->buffer_mb : RECORDER_MB;
	pid_t pid = s->o->output ? fork_detached()
				 : run_recorder_start(name, mb << 20);

	if (!pid)
		return true;
	*status = pid < 0;
	if (pid < 0)
		diag_report(s->d, RUN_SESSION, LOC_NONE, NULL,
			    "in the background",
			    pid == -EADDRINUSE
				    ? "another session of this name runs"
				    : strerror(-pid));
	else if (s->o->output)
		printf("%d\n", (int)pid);
	else
		printf("The session goes on in the background: \"staprun -A "
		       "%s\" shows what it keeps, \"staprun -d %s\" ends it\n",
		       name, name);
	return false;
}

static int pass_5(struct session *s)
{
	const struct options *o = s->o;
	struct run_result res = {0};
	struct run_opts ro = {
		.image = s->module->image,
		.diag = s->d,
		.cmd = o->command,
		.pid = o->pid,
		.output = o->output,
		.output_limit = o->rotate_bytes,
		.output_files = o->rotate_files,
		.timeout_s = o->timeout_s,
		.verbose = (int)o->verbose[5],
		.timing = o->timing,
		.no_warnings = o->no_warnings,
		.suppress_handler_errors = o->suppress_errors,
		.color = o->color,
		.json = o->accounting,
	};
	int status;

	s->start = usage_now();
	if (verbose(s, 5))
		fprintf(stderr, "Pass 5: starting run.\n");
	fflush(stdout);
	diag_flush(s->d, stderr);
	if (open_target(s, &ro.target)) {
		failed(s, 5, "run");
		return 1;
	}
	if (o->background && !go_on_in_background(s, s->name, &status))
		return status;
	status = run_session(&ro, &res);
	diag_flush(s->d, stderr);
	if (verbose(s, 5))
		fprintf(stderr, "Pass 5: run completed %s\n", cost(s, false));
	if (status) {
		/* stap's users and tools look for these two lines; there is no
		   separate process here, but the status is the same. */
		if (!o->no_warnings)
			fprintf(stderr, "WARNING: %s exited with status: %d\n",
				runner_path(s), status);
		fprintf(stderr, "Pass 5: run failed.  [man error::pass5]\n");
	}
	return status;
}

/* ---- all of them ---- */

static int run_passes(struct session *s)
{
	const struct options *o = s->o;

	struct lower_opts defaults;

	lower_opts_init(&defaults);
	s->limits = defaults.limits;
	if (!settings_limits(s->a, s->d, o, &s->limits))
		return 1;
	if (o->keep && !make_tmpdir(s))
		return 1;
	if (!pass_1(s))
		return 1;
	if (o->list)
		return list_probes(s->a, s->d, &s->probe, s->tapset, &s->parse,
				   o);
	if (o->last_pass == 1)
		return 0;
	if (!pass_2(s))
		return 1;
	if (o->last_pass == 2)
		return 0;
	s->ebpf.core = !running_kernel(s);
	if (!pass_3(s))
		return 1;
	if (o->last_pass == 3)
		return 0;
	if (!pass_4(s))
		return 1;
	if (o->last_pass == 4)
		return 0;
	return pass_5(s);
}

int session_run(struct arena *a, struct diag *d, const struct options *o)
{
	struct options chosen = *o;
	struct session s = {.a = a, .d = d, .o = &chosen};
	int status;

	if (o->update_index) {
		int err = tapset_write_index(o->update_index);

		if (err)
			diag_report(d, FILE_WRITE, LOC_NONE, NULL,
				    o->update_index, strerror(-err));
		return err ? 1 : 0;
	}
	s.targets = target_cache_new();
	if (!choose_kernel(&s, &chosen)) {
		diag_flush(d, stderr);
		target_cache_free(s.targets);
		return 1;
	}
	set_up(&s);
	if (o->dump_types || o->dump_functions || o->dump_aliases)
		status = list_dump(a, o, s.tapset);
	else
		status = run_passes(&s);
	diag_flush(d, stderr);
	if (s.tmpdir)
		fprintf(stderr, "Keeping temporary directory \"%s\"\n",
			s.tmpdir);
	target_cache_free(s.targets);
	return status;
}
