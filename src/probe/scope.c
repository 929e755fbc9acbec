// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A process is recognised at run time by what cannot be mistaken:
 *
 *  - its pid, for process(PID);
 *  - the inode and the device of its program file (current->mm->exe_file),
 *    for process("PATH"): exact whatever path, link or mount namespace it was
 *    started through, and a few reads. Overlay and btrfs report another device
 *    by stat() than their inodes hold, so there the file's name stands in for
 *    the device;
 *  - its chain of parents, for the process tree of -c and -x. A process whose
 *    parent ended is handed to another one and so leaves the tree.
 *
 * The checks are ordinary statements in front of the handler's body.
 */
#include "probe/scope.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#define TREE_HOPS 20 /* generations below the target that are recognised */

/* ---- which program ---- */

unsigned scope_rest(const struct probe_point *p)
{
	return pp_is(p, 1, "library") && pp_string(p, 1) ? 2 : 1;
}

static struct scope *new_scope(const struct probe_env *env)
{
	struct scope *s = arena_new_obj(env->arena, struct scope);

	s->target_only = env->target_cmd || env->target_pid;
	s->shown = "";
	s->head = "process";
	return s;
}

static void show(const struct probe_env *env, struct scope *s,
		 const char *shown)
{
	s->shown = shown;
	s->head = arena_printf(env->arena, "process(%s)", shown);
}

/* Probes go to the file; the process may run what stood there before. */
static void report_mapped(const struct probe_env *env,
			  const struct elf_file *elf, const struct elf_file *m,
			  int pid)
{
	diag_remedy(diag_report(env->diag, BUILD_ID_MISMATCH, LOC_NONE, NULL,
				elf->path, pid,
				elf_build_id_text(env->arena, elf),
				elf_build_id_text(env->arena, m)),
		    "process(%d) means what it runs; restart it to probe the "
		    "new file",
		    pid);
}

static void check_mapped(const struct probe_env *env,
			 const struct elf_file *elf, int pid)
{
	const struct elf_file *m =
		pid ? target_other_mapped(env->targets, pid, elf) : NULL;

	if (m)
		report_mapped(env, elf, m, pid);
}

/*
 * Without -x or -c anybody may run the program: the first process that has
 * another build of `elf` mapped. `program`: what it runs; elf, or linked to it.
 */
static void check_everybody(const struct probe_env *env,
			    const struct elf_file *program,
			    const struct elf_file *elf)
{
	const struct elf_file *m;
	int pid = 0;

	if (env->target_pid || env->target_cmd)
		return;
	while ((pid = target_next_running(env->targets, program->path, pid))) {
		m = target_other_mapped(env->targets, pid, elf);
		if (m) {
			report_mapped(env, elf, m, pid);
			return;
		}
	}
}

static bool add_program(const struct probe_env *env, const char *file,
			struct scope_list *out, const char **why)
{
	const struct elf_file *elf = target_elf(env->targets, file, why);

	if (!elf)
		return false;
	/* A pattern may find a file by several names. */
	vec_for (&out->v, i)
		if (out->v.v[i]->elf == elf)
			return true;
	struct scope *s = new_scope(env);
	s->elf = s->program = elf;
	check_mapped(env, elf, env->target_pid);
	check_everybody(env, elf, elf);
	show(env, s, arena_printf(env->arena, "\"%s\"", elf->path));
	vec_push(env->arena, &out->v, s);
	return true;
}

/* With -x, a path is what the process finds there. */
static bool find_path(const struct probe_env *env, const char *path,
		      struct scope_list *out, const char **why)
{
	const char *file = NULL;

	if (env->target_pid)
		file = target_in_mounts(env->targets, env->target_pid, path);
	if (file) {
		if (!add_program(env, file, out, why))
			return false;
		out->v.v[out->v.n - 1]->mapped_by = env->target_pid;
		return true;
	}
	file = target_find_program(env->targets, path, why);
	return file && add_program(env, file, out, why);
}

/* File names also know alternatives: {a,b}. */
static bool is_pattern(const char *path)
{
	return strpbrk(path, "*?[{") != NULL;
}

/* Files of the pattern that are no programs are passed over. */
static void add_glob(const struct probe_env *env, const char *pattern,
		     struct scope_list *out, const char **why)
{
	const char *ignored;
	glob_t g;

	if (glob(pattern, GLOB_BRACE, NULL, &g))
		return;
	for (size_t i = 0; i < g.gl_pathc; i++)
		if (!find_path(env, g.gl_pathv[i], out, &ignored))
			*why = "no file of this pattern is a program or "
			       "library";
	globfree(&g);
}

static bool find_glob(const struct probe_env *env, const char *pattern,
		      struct scope_list *out, const char **why)
{
	const char *p = getenv("PATH");

	*why = "no file matches this pattern";
	if (strchr(pattern, '/')) {
		add_glob(env, pattern, out, why);
		return out->v.n > 0;
	}
	for (p = p ? p : "/usr/bin:/bin"; *p;) {
		size_t n = strcspn(p, ":");
		add_glob(env,
			 arena_printf(env->arena, "%.*s/%s", (int)n, p,
				      pattern),
			 out, why);
		p += n + (p[n] == ':');
	}
	return out->v.n > 0;
}

static bool find_pid(const struct probe_env *env, int64_t pid, bool need_elf,
		     struct scope_list *out, const char **path,
		     const char **why)
{
	const char *shown = arena_printf(env->arena, "%lld", (long long)pid);

	*path = shown;
	if (pid < 1 || pid > INT32_MAX) {
		*why = "this is no process id";
		return false;
	}
	if (need_elf) {
		const char *file =
			target_pid_program(env->targets, (int)pid, why);
		if (!file || !add_program(env, file, out, why))
			return false;
	} else {
		if (!target_pid_exists(env->targets, (int)pid)) {
			*why = "there is no such process";
			return false;
		}
		vec_push(env->arena, &out->v, new_scope(env));
	}
	struct scope *s = vec_last(&out->v);
	s->pid = s->seen_pid = (int)pid;
	if (env->seen_pid)
		s->seen_pid = env->seen_pid(s->pid, why);
	if (!s->seen_pid)
		return false;
	s->target_only = false;
	show(env, s, shown);
	return true;
}

/* process without an argument, where a program must be known. */
static bool find_target(const struct probe_env *env, struct scope_list *out,
			const char **path, const char **why)
{
	if (env->target_cmd) {
		*path = env->target_cmd;
		return find_path(env, env->target_cmd, out, why);
	}
	if (env->target_pid) {
		*path = arena_printf(env->arena, "%d", env->target_pid);
		const char *file =
			target_pid_program(env->targets, env->target_pid, why);
		return file && add_program(env, file, out, why);
	}
	return false;
}

static bool find_programs(const struct probe_env *env,
			  const struct probe_point *p, bool need_elf,
			  struct scope_list *out, const char **path,
			  const char **why)
{
	int64_t pid;

	*path = *why = NULL;
	if (pp_number(p, 0, &pid))
		return find_pid(env, pid, need_elf, out, path, why);
	if (pp_string(p, 0)) {
		*path = pp_string(p, 0);
		return is_pattern(*path) ? find_glob(env, *path, out, why)
					 : find_path(env, *path, out, why);
	}
	if (need_elf)
		return find_target(env, out, path, why);
	vec_push(env->arena, &out->v, new_scope(env));
	return true;
}

/* ---- libraries ---- */

static bool add_library(const struct probe_env *env, const struct scope *prog,
			const char *file, struct scope_list *out,
			const char **why)
{
	const struct elf_file *elf = target_elf(env->targets, file, why);

	if (!elf)
		return false;
	struct scope *s = new_scope(env);
	*s = *prog;
	check_mapped(env, elf, prog->pid ? prog->pid : env->target_pid);
	if (!prog->pid && prog->elf)
		check_everybody(env, prog->elf, elf);
	s->elf = elf;
	s->head = arena_printf(env->arena, "%s.library(\"%s\")", prog->head,
			       elf->path);
	vec_push(env->arena, &out->v, s);
	return true;
}

/*
 * The libraries of one program that the pattern names. A pattern may match
 * none of one program and some of another.
 */
static bool find_libraries(const struct probe_env *env,
			   const struct scope *prog, const char *pattern,
			   struct scope_list *out, const char **why)
{
	struct name_list files = {0}, known = {0};
	bool any = false;

	target_libraries(env->targets, prog->program,
			 prog->pid ? prog->pid : prog->mapped_by, pattern,
			 &files, &known);
	if (!files.v.n) {
		*why = arena_printf(env->arena, "it uses no such library%s",
				    similar_suffix(env->arena, pattern,
						   known.v.v, known.v.n));
		return false;
	}
	vec_for (&files.v, i)
		any |= add_library(env, prog, files.v.v[i], out, why);
	return any;
}

bool scope_find(const struct probe_env *env, const struct probe_point *p,
		bool need_elf, struct scope_list *out, const char **path,
		const char **why)
{
	bool library = scope_rest(p) == 2;
	struct scope_list programs = {0};

	if (!find_programs(env, p, need_elf || library,
			   library ? &programs : out, path, why))
		return false;
	if (!library)
		return true;
	*path = pp_string(p, 1);
	vec_for (&programs.v, i)
		find_libraries(env, programs.v.v[i], *path, out, why);
	return out->v.n > 0;
}

/* What is wrong with the library, not with the program? */
static bool library_failed(const struct probe_point *p, const char *path)
{
	return scope_rest(p) == 2 && path == pp_string(p, 1);
}

static int library_error(const struct probe_env *env,
			 const struct probe_point *p, const char *path,
			 const char *why)
{
	struct diag_msg *m =
		diag_report(env->diag, PROCESS_NO_LIBRARY,
			    p->comps.v[1].arg->loc, pp_what(env, p, 1), path,
			    why);

	if (!strchr(path, '/'))
		diag_remedy(m, "a library that is opened later (dlopen) is "
			       "named by its path");
	return PROBE_ERROR;
}

int scope_error(const struct probe_env *env, const struct probe_point *p,
		const char *path, const char *why)
{
	struct arena *a = env->arena;
	const struct pp_component *c = &p->comps.v[0];

	if (path && library_failed(p, path))
		return library_error(env, p, path, why);
	if (!path) {
		diag_remedy(diag_report(env->diag, PROCESS_NO_TARGET, c->loc,
					pp_what(env, p, 0)),
			    "write process(\"PATH\"), or give a command with "
			    "-c CMD");
		return PROBE_ERROR;
	}
	struct diag_msg *m = diag_report(env->diag, PROCESS_UNREADABLE,
					 c->arg ? c->arg->loc : c->loc,
					 pp_what(env, p, 0), path, why);
	if (strstr(why, strerror(EACCES)))
		diag_remedy(m, "run as a user who may read it");
	else if (pp_string(p, 0) && *path && !path[strspn(path, "0123456789")])
		diag_remedy(m, "a process id is given as a number: process(%s)",
			    path);
	else if (pp_string(p, 0) && !strchr(path, '/'))
		diag_remedy(m, "give the program's path: %s",
			    arena_printf(a, "process(\"/dir/%s\")", path));
	return PROBE_ERROR;
}

/* ---- the check at run time ---- */

static struct expr *call0(const struct probe_env *env, struct loc loc,
			  const char *name)
{
	return expr_call(env->arena, loc, name);
}

/* The struct `name` at an address; false with *why. */
static bool at_struct(const struct probe_env *env, struct loc loc,
		      const char *name, struct expr *addr, struct access *a,
		      const char **why)
{
	const struct kbtf *b = target_vmlinux(env->targets, why, NULL);
	const struct type_src *src = b ? kbtf_types(b) : NULL;
	uint32_t id;

	if (!src)
		return false;
	if (!src->ops->find(src, TT_STRUCT, name, &id)) {
		*why = arena_printf(env->arena,
				    "the kernel's type information lacks "
				    "struct %s",
				    name);
		return false;
	}
	access_memory(a, env, loc, src, id, addr, false);
	return true;
}

/* Members in turn, NULL-terminated; pointers are followed. */
static struct expr *fields(const struct probe_env *env, struct loc loc,
			   const char *type, struct expr *addr,
			   const char *const *members, const char **why)
{
	struct access a;
	const char *have;

	if (!at_struct(env, loc, type, addr, &a, why))
		return NULL;
	bool ok = true;
	for (unsigned i = 0; ok && members[i]; i++)
		ok = access_member(&a, members[i], why, &have);
	struct expr *e = ok ? access_load(&a, why) : NULL;
	access_free(&a);
	return e;
}

#define FIELDS(env, loc, type, addr, why, ...)                                 \
	fields((env), (loc), (type), (addr),                                   \
	       (const char *const[]){__VA_ARGS__, NULL}, (why))

struct expr *task_field(const struct probe_env *env, struct loc loc,
			const char *const *members, const char **why)
{
	return fields(env, loc, "task_struct", call0(env, loc, "task_current"),
		      members, why);
}

static void push(const struct probe_env *env, struct stmt *block,
		 struct stmt *s)
{
	vec_push(env->arena, &block->block.list, s);
}

/* if (x OP y) next */
static struct stmt *leave_if(const struct probe_env *env, enum op op,
			     struct expr *x, struct expr *y)
{
	return stmt_next_if(env->arena, x->loc,
			    expr_binary(env->arena, x->loc, op, x, y));
}

static struct expr *num(const struct probe_env *env, struct loc loc, int64_t v)
{
	return expr_number(env->arena, loc, v);
}

/*
 * if (pid() != target()) {
 *	task = task_current(); hops = TREE_HOPS
 *	while ((up = task->tgid) != target()) {
 *		if (up <= 1 || --hops <= 0) next
 *		task = task->real_parent
 *	}
 * }
 */
static struct stmt *in_tree(const struct probe_env *env, struct loc loc)
{
	static const char task[] = "__tree_task", hops[] = "__tree_hops",
			  up[] = "__tree_pid";
	struct arena *a = env->arena;
	const char *why = NULL;
	struct expr *tgid = FIELDS(env, loc, "task_struct",
				   expr_symbol(a, loc, task), &why, "tgid");
	struct expr *parent =
		FIELDS(env, loc, "task_struct", expr_symbol(a, loc, task), &why,
		       "real_parent");
	if (!tgid || !parent)
		/* Without BTF: the target itself, not its children. */
		return leave_if(env, OP_NE, call0(env, loc, "pid"),
				call0(env, loc, "target"));
	struct stmt *walk = stmt_block(a, loc);
	push(env, walk,
	     stmt_expr(a, expr_assign(a, loc, task,
				      call0(env, loc, "task_current"))));
	push(env, walk,
	     stmt_expr(a, expr_assign(a, loc, hops, num(env, loc, TREE_HOPS))));
	struct stmt *loop = stmt_new(a, S_WHILE, loc);
	loop->loop.cond =
		expr_binary(a, loc, OP_NE, expr_assign(a, loc, up, tgid),
			    call0(env, loc, "target"));
	loop->loop.body = stmt_block(a, loc);
	push(env, loop->loop.body,
	     stmt_next_if(a, loc,
			  expr_binary(a, loc, OP_LOGOR,
				      expr_binary(a, loc, OP_LE,
						  expr_symbol(a, loc, up),
						  num(env, loc, 1)),
				      expr_binary(a, loc, OP_LE,
						  expr_symbol(a, loc, hops),
						  num(env, loc, 0)))));
	push(env, loop->loop.body,
	     stmt_expr(a, expr_assign(a, loc, task, parent)));
	push(env, loop->loop.body,
	     stmt_expr(a, expr_assign(a, loc, hops,
				      expr_binary(a, loc, OP_SUB,
						  expr_symbol(a, loc, hops),
						  num(env, loc, 1)))));
	push(env, walk, loop);
	struct stmt *s = stmt_new(a, S_IF, loc);
	s->if_.cond = expr_binary(a, loc, OP_NE, call0(env, loc, "pid"),
				  call0(env, loc, "target"));
	s->if_.then = walk;
	return s;
}

static struct stmt *where_prologue(const struct probe_env *env,
				   const struct scope *s, struct loc loc)
{
	struct arena *a = env->arena;

	if (s->pid)
		return leave_if(env, OP_NE, call0(env, loc, "pid"),
				num(env, loc, s->seen_pid));
	if (!s->target_only)
		return NULL;
	struct stmt *block = stmt_block(a, loc);
	push(env, block, in_tree(env, loc));
	return block;
}

struct stmt *scope_prologue(const struct probe_env *env, const struct scope *s,
			    struct loc loc)
{
	const char *why;

	/* A library is everybody's: only this program counts. Without BTF it
	   cannot be told, and the library's users all do. */
	if (s->program != s->elf && !s->pid) {
		struct stmt *exe = scope_prologue_exe(env, s, loc, &why);
		if (exe)
			return exe;
	}
	return where_prologue(env, s, loc);
}

/* The device number as the kernel holds it in s_dev. */
static int64_t kernel_dev(uint64_t st_dev)
{
	return (int64_t)major(st_dev) << 20 | minor(st_dev);
}

/*
 * exe = task_current()->mm ? ...->exe_file : 0, step by step: a kernel thread
 * has no mm, and a process that is being taken down no file.
 */
static bool load_exe(const struct probe_env *env, struct loc loc,
		     struct stmt *block, const char *exe, const char **why)
{
	struct arena *a = env->arena;
	struct expr *mm =
		task_field(env, loc, (const char *const[]){"mm", NULL}, why);
	struct expr *file = FIELDS(env, loc, "mm_struct",
				   expr_symbol(a, loc, exe), why, "exe_file");

	if (!mm || !file)
		return false;
	push(env, block,
	     stmt_next_if(a, loc, expr_not(a, expr_assign(a, loc, exe, mm))));
	push(env, block,
	     stmt_next_if(a, loc, expr_not(a, expr_assign(a, loc, exe, file))));
	return true;
}

struct stmt *scope_prologue_exe(const struct probe_env *env,
				const struct scope *s, struct loc loc,
				const char **why)
{
	static const char exe[] = "__exe_file";
	struct arena *a = env->arena;
	struct stmt *block = stmt_block(a, loc);
	struct stmt *where = where_prologue(env, s, loc);

	if (s->program && !s->pid) {
		struct expr *file = expr_symbol(a, loc, exe);
		struct expr *ino =
			FIELDS(env, loc, "file", file, why, "f_inode", "i_ino");
		struct expr *dev =
			FIELDS(env, loc, "file", expr_symbol(a, loc, exe), why,
			       "f_inode", "i_sb", "s_dev");
		struct expr *name =
			FIELDS(env, loc, "file", expr_symbol(a, loc, exe), why,
			       "f_path", "dentry", "d_name", "name");
		if (!ino || !dev || !name ||
		    !load_exe(env, loc, block, exe, why))
			return NULL;
		push(env, block,
		     leave_if(env, OP_NE, ino,
			      num(env, loc, (int64_t)s->program->ino)));
		if (s->program->odd_dev)
			push(env, block,
			     leave_if(env, OP_NE,
				      prim_string(a, loc, name, 0, false, true),
				      expr_string(a, loc,
						  strrchr(s->program->path, '/') +
							  1)));
		else
			push(env, block,
			     leave_if(env, OP_NE, dev,
				      num(env, loc, kernel_dev(s->program->dev))));
	}
	if (where)
		push(env, block, where);
	return block;
}

struct probe_site *scope_uprobe(const struct probe_env *env,
				const struct probe_kind *k,
				const struct probe_point *p,
				const struct scope *sc, uint64_t file_off,
				uint64_t addr, struct site_list *out)
{
	struct probe_site *s = site_new(env, k, p, out);
	const struct elf_file *f = sc->elf;

	s->attach.kind = WIRE_PROBE_UPROBE;
	s->attach.offset = file_off;
	s->attach.address = addr;
	s->attach.pid = sc->pid ? sc->pid : -1;
	s->attach.build_id_len = f->build_id_len;
	memcpy(s->attach.build_id, f->build_id, sizeof(f->build_id));
	s->attach.flags = sc->target_only ? WIRE_ATTACH_TARGET_ONLY : 0;
	s->target = f->path;
	s->prog_type = IMAGE_PROG_UPROBE;
	s->prologue = scope_prologue(env, sc, p->loc);
	return s;
}
