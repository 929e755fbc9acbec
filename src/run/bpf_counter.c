// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Perf events that handlers read (@perf): runtime/counter.c has the reading,
 * here is the counting.
 *
 * An event of a task would be read most simply, but a program may read only
 * events that are not inherited, which new threads do not have. So events are
 * the CPUs', and three programs keep the accounts of the tasks:
 *
 *   sched_switch          what the CPU counted since its last change of tasks
 *                         is the task's that goes;
 *   sched_process_exec    a new program begins at 0;
 *   sched_process_free    the task's account is closed. (Only then can its
 *                         address be another one's.)
 *
 * The table of accounts is allocated in advance: at sched_switch the kernel
 * holds a lock under which nothing can be.
 */
#include "run/bpf_int.h"

#include "base/insn.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MAX_TASKS 32768
#define EVENTS_MAP "rt_events" /* ebpf/ebpf.h */
#define TASKS_MAP "rt_tasks"

int bpf_counters_prepare(struct bpf_target *t)
{
	struct bpf_map *events =
		bpf_object__find_map_by_name(t->obj, EVENTS_MAP);
	struct bpf_map *tasks = bpf_object__find_map_by_name(t->obj, TASKS_MAP);
	int ncpus = libbpf_num_possible_cpus();

	if (!events || !tasks)
		return 0;
	if (ncpus < 0)
		return ncpus;
	bpf_map__set_max_entries(events, (uint32_t)ncpus * RT_COUNTERS);
	bpf_map__set_max_entries(tasks, (uint32_t)ncpus + MAX_TASKS);
	return 0;
}

/* ---- the programs ---- */

#define KEY (-8)
#define EVENT (KEY - 24) /* struct bpf_perf_event_value */
#define EMPTY (EVENT - (int)sizeof(struct rt_counts))
#define SUM(i) ((int16_t)(offsetof(struct rt_counts, sum) + 8 * (i)))

struct code {
	struct bpf_insn v[1024];
	uint32_t n;
	int events_fd, tasks_fd;
};

static void put(struct code *c, struct bpf_insn insn)
{
	c->v[c->n++] = insn;
}

static void put_map(struct code *c, int reg, int fd)
{
	put(c, insn_make(INSN_LD_IMM64, reg, BPF_PSEUDO_MAP_FD, 0, fd));
	put(c, insn_make(0, 0, 0, 0, 0));
}

static void put_stack(struct code *c, int reg, int off)
{
	put(c, MOV_REG(reg, R10));
	put(c, ALU64_IMM(BPF_ADD, reg, off));
}

/* r0: the accounts whose key is r0, or 0. */
static void put_lookup(struct code *c)
{
	put(c, STX(BPF_DW, R10, KEY, R0));
	put_map(c, R1, c->tasks_fd);
	put_stack(c, R2, KEY);
	put(c, HELPER(BPF_FUNC_map_lookup_elem));
}

/* The jump at `at` leads here. */
static void land(struct code *c, uint32_t at)
{
	c->v[at].off = (int16_t)(c->n - at - 1);
}

/* r6: the CPU, r7: its accounts, r8: those of the current task, or 0. */
static void put_accounts(struct code *c)
{
	uint32_t have, made;

	put(c, HELPER(BPF_FUNC_get_smp_processor_id));
	put(c, MOV_REG(R6, R0));
	put_lookup(c);
	put(c, JMP_IMM(BPF_JNE, R0, 0, 2));
	put(c, MOV_IMM(R0, 0));
	put(c, EXIT_INSN);
	put(c, MOV_REG(R7, R0));
	put(c, HELPER(BPF_FUNC_get_current_task));
	put_lookup(c);
	put(c, MOV_REG(R8, R0));
	have = c->n;
	put(c, JMP_IMM(BPF_JNE, R8, 0, 0));
	for (int off = EMPTY; off < EVENT; off += 8)
		put(c, ST_IMM(BPF_DW, R10, (int16_t)off, 0));
	put_map(c, R1, c->tasks_fd);
	put_stack(c, R2, KEY);
	put_stack(c, R3, EMPTY);
	put(c, MOV_IMM(R4, BPF_NOEXIST));
	put(c, HELPER(BPF_FUNC_map_update_elem));
	put_map(c, R1, c->tasks_fd);
	put_stack(c, R2, KEY);
	put(c, HELPER(BPF_FUNC_map_lookup_elem));
	put(c, MOV_REG(R8, R0));
	made = c->n;
	put(c, JMP_IMM(BPF_JNE, R8, 0, 0));
	/* of a CPU's accounts this says what was lost */
	put(c, LDX(BPF_DW, R1, R7, 0));
	put(c, ALU64_IMM(BPF_ADD, R1, 1));
	put(c, STX(BPF_DW, R7, 0, R1));
	land(c, made);
	land(c, have);
}

/* r1: what event i of this CPU has counted; the jump that is returned is taken
   when that cannot be told. */
static uint32_t put_count(struct code *c, uint32_t i)
{
	uint32_t failed;

	put_map(c, R1, c->events_fd);
	put(c, MOV_REG(R2, R6));
	put(c, ALU64_IMM(BPF_MUL, R2, RT_COUNTERS));
	put(c, ALU64_IMM(BPF_ADD, R2, (int32_t)i));
	put_stack(c, R3, EVENT);
	put(c, MOV_IMM(R4, 24));
	put(c, HELPER(BPF_FUNC_perf_event_read_value));
	failed = c->n;
	put(c, JMP_IMM(BPF_JNE, R0, 0, 0));
	put(c, LDX(BPF_DW, R1, R10, EVENT));
	return failed;
}

static bool counts_switches(const struct wire_attach *a)
{
	return a->event == PERF_TYPE_SOFTWARE &&
	       a->address == PERF_COUNT_SW_CONTEXT_SWITCHES;
}

/* What this change of tasks itself will count, behind the tracepoint, is the
   task's that goes. */
static void put_switch(struct code *c, const struct wire_attach *a)
{
	uint32_t i = a->nth, failed = put_count(c, i), none;

	put(c, ALU64_IMM(BPF_ADD, R1, counts_switches(a)));
	put(c, LDX(BPF_DW, R2, R7, SUM(i)));
	put(c, STX(BPF_DW, R7, SUM(i), R1));
	put(c, ALU64_REG(BPF_SUB, R1, R2));
	none = c->n;
	put(c, JMP_IMM(BPF_JEQ, R8, 0, 0));
	put(c, LDX(BPF_DW, R2, R8, SUM(i)));
	put(c, ALU64_REG(BPF_ADD, R2, R1));
	put(c, STX(BPF_DW, R8, SUM(i), R2));
	land(c, none);
	land(c, failed);
}

/* So that sum + what the CPU has counted since its last change is 0. */
static void put_exec(struct code *c, const struct wire_attach *a)
{
	uint32_t i = a->nth, failed = put_count(c, i), none;

	put(c, LDX(BPF_DW, R2, R7, SUM(i)));
	put(c, ALU64_REG(BPF_SUB, R2, R1));
	none = c->n;
	put(c, JMP_IMM(BPF_JEQ, R8, 0, 0));
	put(c, STX(BPF_DW, R8, SUM(i), R2));
	land(c, none);
	land(c, failed);
}

static void put_end(struct code *c)
{
	uint32_t none = c->n;

	put(c, JMP_IMM(BPF_JEQ, R8, 0, 0));
	put(c, LDX(BPF_DW, R1, R8, 0));
	put(c, ALU64_IMM(BPF_ADD, R1, 1));
	put(c, STX(BPF_DW, R8, 0, R1));
	land(c, none);
	put(c, MOV_IMM(R0, 0));
	put(c, EXIT_INSN);
}

/* The tracepoint's first argument is the task. */
static void put_free(struct code *c)
{
	put(c, LDX(BPF_DW, R0, R1, 0));
	put(c, STX(BPF_DW, R10, KEY, R0));
	put_map(c, R1, c->tasks_fd);
	put_stack(c, R2, KEY);
	put(c, HELPER(BPF_FUNC_map_delete_elem));
	put(c, MOV_IMM(R0, 0));
	put(c, EXIT_INSN);
}

static int attach_program(struct bpf_target *t, const char *tracepoint,
			  const struct code *c)
{
	int prog = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "stap_count",
				 "GPL", c->v, c->n, NULL);
	int fd;

	if (prog < 0)
		return prog;
	fd = bpf_open_raw_tracepoint(tracepoint, prog, 0);
	close(prog);
	return fd < 0 ? fd : bpf_keep_fd(t, fd);
}

/* What put_one() puts is done there for each of the counters that are of tasks. */
static int attach_change(struct bpf_target *t, const char *tracepoint,
			 int events_fd, const uint32_t *index, uint32_t n,
			 void (*put_one)(struct code *c,
					 const struct wire_attach *a))
{
	const struct wire_attach *attach = t->base.image->attach;
	struct code c = {.events_fd = events_fd, .tasks_fd = t->tasks_fd};

	put_accounts(&c);
	for (uint32_t i = 0; i < n; i++)
		if (attach[index[i]].flags & WIRE_ATTACH_PER_TASK)
			put_one(&c, &attach[index[i]]);
	put_end(&c);
	return attach_program(t, tracepoint, &c);
}

static int attach_accounting(struct bpf_target *t, int events_fd,
			     const uint32_t *index, uint32_t n)
{
	struct code c = {.tasks_fd = t->tasks_fd};
	int err;

	put_free(&c);
	err = attach_program(t, "sched_process_free", &c);
	if (!err)
		err = attach_change(t, "sched_process_exec", events_fd, index,
				    n, put_exec);
	if (!err)
		err = attach_change(t, "sched_switch", events_fd, index, n,
				    put_switch);
	return err;
}

/* ---- the events ---- */

struct opener {
	struct bpf_target *t;
	const struct wire_attach *a;
	int events_fd; /* -1: nobody reads them; they are only tried out */
};

static int open_event(void *ctx, int cpu)
{
	const struct opener *o = ctx;
	struct perf_event_attr attr = {.size = sizeof(attr),
				       .type = o->a->event,
				       .config = o->a->address,
				       .disabled = 1,
				       /* always on, or an error */
				       .pinned = 1};
	uint32_t key = (uint32_t)cpu * RT_COUNTERS + o->a->nth;
	int fd = bpf_perf_event(&attr, -1, cpu);
	int err;

	if (fd < 0)
		return fd;
	err = bpf_keep_fd(o->t, fd);
	if (!err && o->events_fd >= 0)
		err = bpf_map_update_elem(o->events_fd, &key, &fd, BPF_ANY);
	return err;
}

/* The events that were kept from here on begin to count. */
static int enable(const struct bpf_target *t, uint32_t first)
{
	uint64_t count;

	for (uint32_t i = first; i < t->nkept; i++)
		if (ioctl(t->kept[i].fd, PERF_EVENT_IOC_ENABLE, 0))
			return -errno;
	for (uint32_t i = first; i < t->nkept; i++)
		if (!read(t->kept[i].fd, &count, sizeof(count)))
			return -ENOSPC;
	return 0;
}

static int open_counter(struct bpf_target *t, struct diag *d, uint32_t index,
			int events_fd)
{
	struct opener o = {t, &t->base.image->attach[index], events_fd};
	uint32_t first = t->nkept;
	int err = bpf_each_cpu(open_event, &o);

	if (!err)
		err = enable(t, first);
	return err ? bpf_attach_report(t, d, index, err,
				       bpf_explain_event(o.a, err))
		   : 0;
}

static int make_cpu_accounts(const struct bpf_target *t)
{
	const struct rt_counts none = {0};
	int ncpus = libbpf_num_possible_cpus(), err = 0;

	for (uint64_t cpu = 0; (int)cpu < ncpus && !err; cpu++)
		err = bpf_map_update_elem(t->tasks_fd, &cpu, &none, BPF_ANY);
	return ncpus < 0 ? ncpus : err;
}

int bpf_attach_counters(struct bpf_target *t, struct diag *d,
			const uint32_t *index, uint32_t n)
{
	int events_fd = bpf_object__find_map_fd_by_name(t->obj, EVENTS_MAP);
	bool per_task = false;
	int err = 0;

	if (!n)
		return 0;
	for (uint32_t i = 0; i < n; i++)
		per_task |= t->base.image->attach[index[i]].flags &
			    WIRE_ATTACH_PER_TASK;
	if (events_fd >= 0) {
		t->tasks_fd =
			bpf_object__find_map_fd_by_name(t->obj, TASKS_MAP);
		err = make_cpu_accounts(t);
		/* From the first event on. */
		if (!err && per_task)
			err = attach_accounting(t, events_fd, index, n);
		if (err)
			return bpf_attach_report(t, d, index[0], err, NULL);
	}
	for (uint32_t i = 0; i < n && !err; i++)
		err = open_counter(t, d, index[i], events_fd);
	return err;
}

uint64_t bpf_counters_lost(const struct bpf_target *t)
{
	int ncpus = libbpf_num_possible_cpus();
	struct rt_counts counts;
	uint64_t lost = 0;

	if (t->tasks_fd < 0)
		return 0;
	for (uint64_t cpu = 0; (int)cpu < ncpus; cpu++)
		if (!bpf_map_lookup_elem(t->tasks_fd, &cpu, &counts))
			lost += counts.switches;
	return lost;
}
