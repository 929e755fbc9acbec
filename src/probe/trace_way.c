// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Since Linux 7.0 the handlers of tracepoints are run with preemption on. A
 * task that is preempted within a BPF program keeps it busy on that CPU: until
 * the task goes on, the program is not run there for anybody (seen on 7.2: a
 * third of the system calls of eight busy threads). So there the program runs
 * as a kprobe of the function that calls the tracepoint's handlers, which is
 * not preempted. Kprobes' programs do not run within each other, as when an
 * interrupt comes: tracepoints that no task can be preempted in stay as they
 * are.
 */
#include "probe/trace_way.h"

#include <string.h>

#include "target/target.h"

/* Beginnings of names: hit with preemption or interrupts off. */
static const char *const never_preempted[] = {
	"sched_switch",	  "sched_wak",	    "sched_migrate_task",
	"sched_stat_",	  "irq_handler_",   "softirq_",
	"tasklet_",	  "timer_start",    "timer_cancel",
	"timer_expire_",  "hrtimer_start",  "hrtimer_cancel",
	"hrtimer_expire", "tick_stop",	    "local_timer_",
	"reschedule_",	  "call_function_", "ipi_",
	"cpu_idle",	  "nmi_handler",    NULL};

/* Those most used, which ftrace knows of: the list of all that it does takes
   its time to read. */
static const char *const traceable[] = {"sys_enter", "sys_exit",
					"sched_process_", NULL};

static bool begins_with_one(const char *name, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (!strncmp(name, *prefixes, strlen(*prefixes)))
			return true;
	return false;
}

static bool by_iterator(const struct probe_env *env, const char *tracepoint,
			const char *module)
{
	struct kfunc fn = {.module = module};

	if (!env->grants || begins_with_one(tracepoint, never_preempted) ||
	    !env->grants(WAY_ITERATOR, env->targets))
		return false;
	if (begins_with_one(tracepoint, traceable))
		return true;
	fn.name = arena_printf(env->arena, "__traceiter_%s", tracepoint);
	return target_func_traceable(env->targets, &fn);
}

void site_at_tracepoint(const struct probe_env *env, struct probe_site *s,
			const char *tracepoint, const char *module)
{
	s->target = tracepoint;
	s->prog_type = by_iterator(env, tracepoint, module)
			       ? IMAGE_PROG_ITERATOR
			       : IMAGE_PROG_RAWTP;
}
