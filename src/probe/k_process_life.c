// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * process.begin, .end, .thread.begin, .thread.end: the life of processes and
 * threads, told by tracepoints that run in their own context, so that pid(),
 * tid() and execname() are theirs:
 *
 *   begin         sched_process_exec: a program starts; and for a fork
 *                 without exec, the child's first return to user mode, seen by
 *                 sys_exit as a clone or fork that returns 0 (the fork
 *                 tracepoints run in the parent); a process that ran before
 *                 the session started is reported when it first returns from
 *                 a system call (tapset/process_begin.stp);
 *   thread.begin  the same return in a new thread;
 *   end           sched_process_exit of the last thread;
 *   thread.end    sched_process_exit of any thread but the first.
 *
 * Linux 6.16 moved sched_process_exit to where the program file is still
 * known and gave it a second argument; before, the end of a program with a
 * path is the entry of do_exit(), which every thread calls with its program
 * still there (a kprobe).
 */
#include <string.h>

#include "base/hash.h"
#include "probe/scope.h"
#include "probe/trace_way.h"

static const struct life {
	const char *a, *b; /* components after process(...) */
	enum wire_process_event event;
} lives[] = {
	{"begin", NULL, WIRE_PROC_BEGIN},
	{"end", NULL, WIRE_PROC_END},
	{"thread", "begin", WIRE_PROC_THREAD_BEGIN},
	{"thread", "end", WIRE_PROC_THREAD_END},
};

static const struct life *find_life(const struct probe_point *p)
{
	if (p->comps.n < 2 || strcmp(p->comps.v[0].name, "process"))
		return NULL;
	for (unsigned i = 0; i < sizeof(lives) / sizeof(*lives); i++) {
		const struct life *l = &lives[i];
		if (pp_bare(p, 1, l->a) && p->comps.n == (l->b ? 3 : 2) &&
		    (!l->b || pp_bare(p, 2, l->b)))
			return l;
	}
	return NULL;
}

/* ---- the events ---- */

static struct expr *arg(const struct probe_env *env, struct loc loc, unsigned i)
{
	return prim_ctx(env->arena, loc, 8 * i, 8, false);
}

static struct expr *eq(const struct probe_env *env, struct expr *x, int64_t v)
{
	return expr_binary(env->arena, x->loc, OP_EQ, x,
			   expr_number(env->arena, x->loc, v));
}

/* Does this kernel's sched_process_exit come with group_dead? */
static bool exit_has_group_dead(const struct probe_env *env)
{
	struct tracepoint tp;

	return target_find_tracepoint(env->targets, "sched_process_exit",
				      &tp) &&
	       kbtf_tp_params(&tp.tp, NULL, 0) >= 2;
}

/* Leaves unless the exiting thread is what the event is about. */
static struct stmt *exit_filter(const struct probe_env *env, struct loc loc,
				const struct life *l, const char **why)
{
	struct arena *a = env->arena;

	if (l->event == WIRE_PROC_THREAD_END)
		return stmt_next_if(a, loc,
				    expr_binary(a, loc, OP_EQ,
						expr_call(a, loc, "tid"),
						expr_call(a, loc, "pid")));
	if (exit_has_group_dead(env))
		return stmt_next_if(
			a, loc,
			eq(env,
			   prim_extract(a, loc, arg(env, loc, 1), 0, 8, false),
			   0));
	struct expr *live = task_field(
		env, loc,
		(const char *const[]){"signal", "live", "counter", NULL}, why);
	return live ? stmt_next_if(a, loc, live) : NULL;
}

/* The same at the entry of do_exit(), which has not counted this one off. */
static struct stmt *dying_filter(const struct probe_env *env, struct loc loc,
				 const struct life *l, const char **why)
{
	struct arena *a = env->arena;
	struct expr *live;

	if (l->event == WIRE_PROC_THREAD_END)
		return exit_filter(env, loc, l, why);
	live = task_field(
		env, loc,
		(const char *const[]){"signal", "live", "counter", NULL}, why);
	return live ? stmt_next_if(a, loc,
				   expr_binary(a, loc, OP_NE, live,
					       expr_number(a, loc, 1)))
		    : NULL;
}

/* System calls that make processes: their numbers. */
static const int *fork_numbers(const struct probe_env *env)
{
	static const int x86_64[] = {56, 57, 58, 435, -1};
	static const int generic[] = {220, 435, -1};

	return strcmp(target_arch(env->targets), "x86_64") ? generic : x86_64;
}

/*
 * Leaves unless this is the first return of a new process (or thread): result
 * 0 of clone and friends. sys_exit has the arguments regs and ret.
 */
static struct stmt *newborn_filter(const struct probe_env *env, struct loc loc,
				   const struct life *l, const char **why)
{
	struct arena *a = env->arena;
	const struct kbtf *b = target_vmlinux(env->targets, why, NULL);
	const struct type_src *src = b ? kbtf_types(b) : NULL;
	uint32_t id;

	if (!src)
		return NULL;
	if (!src->ops->find(src, TT_STRUCT, "pt_regs", &id)) {
		*why = "the kernel's type information lacks struct pt_regs";
		return NULL;
	}
	struct access regs;
	const char *have;
	access_memory(&regs, env, loc, src, id, arg(env, loc, 0), false);
	bool ok = access_member(&regs,
				strcmp(target_arch(env->targets), "x86_64")
					? "syscallno"
					: "orig_ax",
				why, &have);
	struct expr *nr = ok ? access_load(&regs, why) : NULL;
	access_free(&regs);
	if (!nr)
		return NULL;
	struct expr *is_fork = NULL;
	static const char var[] = "__syscall_nr";
	for (const int *n = fork_numbers(env); *n >= 0; n++) {
		struct expr *x = is_fork ? expr_symbol(a, loc, var)
					 : expr_assign(a, loc, var, nr);
		x = eq(env, x, *n);
		is_fork =
			is_fork ? expr_binary(a, loc, OP_LOGOR, is_fork, x) : x;
	}
	struct stmt *block = stmt_block(a, loc);
	vec_push(a, &block->block.list,
		 stmt_next_if(a, loc,
			      expr_binary(a, loc, OP_NE, arg(env, loc, 1),
					  expr_number(a, loc, 0))));
	vec_push(a, &block->block.list,
		 stmt_next_if(a, loc, expr_not(a, is_fork)));
	vec_push(a, &block->block.list,
		 stmt_next_if(a, loc,
			      expr_binary(a, loc,
					  l->event == WIRE_PROC_BEGIN ? OP_NE
								      : OP_EQ,
					  expr_call(a, loc, "tid"),
					  expr_call(a, loc, "pid"))));
	return block;
}

/* ---- sites ---- */

static const char *life_name(const struct probe_env *env,
			     const struct probe_point *p,
			     const struct scope *sc)
{
	struct strbuf sb = {0};

	sb_puts(&sb, "process");
	if (*sc->shown)
		sb_printf(&sb, "(%s)", sc->shown);
	for (unsigned i = 1; i < p->comps.n; i++)
		sb_printf(&sb, ".%s", p->comps.v[i].name);
	const char *s = arena_strdup(env->arena, sb_str(&sb));
	sb_free(&sb);
	return s;
}

/* filter NULL is fine where the event itself says enough; tracepoint NULL: the
   caller says what the site is attached to. */
static bool add_site(const struct probe_env *env, const struct probe_point *p,
		     const struct life *l, const struct scope *sc,
		     const char *tracepoint, struct stmt *filter,
		     struct site_list *out, const char **why)
{
	struct arena *a = env->arena;
	struct stmt *block = stmt_block(a, p->loc);
	struct stmt *where = scope_prologue_exe(env, sc, p->loc, why);

	if (!where)
		return false;
	if (filter)
		vec_push(a, &block->block.list, filter);
	vec_push(a, &block->block.list, where);
	struct probe_site *s = site_new(env, &probe_kind_process_life, p, out);
	s->name = life_name(env, p, sc);
	s->attach.kind = WIRE_PROBE_PROCESS;
	s->attach.event = l->event;
	s->attach.pid = sc->pid ? sc->pid : -1;
	s->attach.flags = sc->target_only ? WIRE_ATTACH_TARGET_ONLY : 0;
	if (tracepoint)
		site_at_tracepoint(env, s, tracepoint, NULL);
	s->prologue = block;
	return true;
}

/* Tells this probe from others in tapset/process_begin.stp. */
static int64_t begin_key(const struct probe_point *p, const struct scope *sc)
{
	uint32_t h = hash_bytes32(sc->head, strlen(sc->head));

	return (int64_t)((uint64_t)h << 32 |
			 (uint32_t)(p->loc.line << 12 ^ p->loc.col));
}

static struct expr *call_begin(const struct probe_env *env,
			       const struct probe_point *p,
			       const struct scope *sc, const char *name)
{
	struct expr *e = expr_call(env->arena, p->loc, name);

	vec_push(env->arena, &e->call.args,
		 expr_number(env->arena, p->loc, begin_key(p, sc)));
	return e;
}

/* A new program in the process, and what ran before the session. */
static bool add_programs(const struct probe_env *env,
			 const struct probe_point *p, const struct life *l,
			 const struct scope *sc, struct site_list *out,
			 const char **why)
{
	struct arena *a = env->arena;
	/* Nothing of a command's tree is older than the session. */
	bool old = !(sc->target_only && env->target_cmd);
	struct stmt *note =
		old ? stmt_expr(a, call_begin(env, p, sc, "__process_began"))
		    : NULL;

	if (!add_site(env, p, l, sc, "sched_process_exec", note, out, why))
		return false;
	if (!old)
		return true;
	struct expr *news = call_begin(env, p, sc, "__process_is_news");
	return add_site(env, p, l, sc, "sys_exit",
			stmt_next_if(a, p->loc, expr_not(a, news)), out, why);
}

static bool add_begin(const struct probe_env *env, const struct probe_point *p,
		      const struct life *l, const struct scope *sc,
		      struct site_list *out, const char **why)
{
	struct stmt *newborn = newborn_filter(env, p->loc, l, why);

	if (!newborn)
		return false;
	if (l->event == WIRE_PROC_BEGIN &&
	    !add_programs(env, p, l, sc, out, why))
		return false;
	return add_site(env, p, l, sc, "sys_exit", newborn, out, why);
}

static void set_at_do_exit(struct probe_site *s)
{
	s->attach.kind = WIRE_PROBE_KPROBE;
	s->attach.event = 0;
	s->symbol = "do_exit";
	s->prog_type = IMAGE_PROG_KPROBE;
}

static bool add_end(const struct probe_env *env, const struct probe_point *p,
		    const struct life *l, const struct scope *sc,
		    struct site_list *out, const char **why)
{
	struct stmt *filter;

	if (sc->elf && !sc->pid && !exit_has_group_dead(env)) {
		filter = dying_filter(env, p->loc, l, why);
		if (!filter || !add_site(env, p, l, sc, NULL, filter, out, why))
			return false;
		set_at_do_exit(vec_last(&out->v));
		return true;
	}
	filter = exit_filter(env, p->loc, l, why);
	return filter &&
	       add_site(env, p, l, sc, "sched_process_exit", filter, out, why);
}

static int life_match(const struct probe_env *env, const struct probe_point *p,
		      struct site_list *out)
{
	const struct life *l = find_life(p);
	struct scope_list scopes = {0};
	const char *path, *why, *remedy = NULL;

	if (!l)
		return PROBE_NOT_MINE;
	if (!scope_find(env, p, false, &scopes, &path, &why))
		return scope_error(env, p, path, why);
	vec_for (&scopes.v, i) {
		const struct scope *sc = scopes.v.v[i];
		bool begin = l->event == WIRE_PROC_BEGIN ||
			     l->event == WIRE_PROC_THREAD_BEGIN;
		if (begin ? add_begin(env, p, l, sc, out, &why)
			  : add_end(env, p, l, sc, out, &why))
			continue;
		struct diag_msg *m = pp_unavailable(env, p, 0, why);
		if (!target_vmlinux(env->targets, &why, &remedy))
			diag_remedy(m, "%s", remedy);
		else
			diag_remedy(m,
				    "use process.%s%s and test execname() or "
				    "pid() in the handler",
				    l->a,
				    l->b ? arena_printf(env->arena, ".%s", l->b)
					 : "");
		return PROBE_ERROR;
	}
	return PROBE_MATCHED;
}

static bool life_bind(const struct probe_env *env, struct probe_site *site,
		      struct expr *e, bool lvalue, const char **why,
		      const char **have)
{
	*have = NULL;
	*why = "the begin and end of a process have no context variables; "
	       "pid(), tid() and execname() are those of the process";
	return false;
}


static const char *const forms[] = {
	SCOPED("begin"),      SCOPED("end"), SCOPED("thread.begin"),
	SCOPED("thread.end"), NULL,
};

const struct probe_kind probe_kind_process_life = {
	.name = "process.begin",
	.forms = forms,
	.match = life_match,
	.bind = life_bind,
};
