/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The BPF executor's insides, shared by bpf_target.c and bpf_attach.c. */
#ifndef RUN_BPF_INT_H
#define RUN_BPF_INT_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "run/ring.h"
#include "run/run.h"

struct bpf_target {
	struct run_target base;
	struct bpf_object *obj;
	int heap_fd, ring_fd;
	int stats_fd; /* the kernel measures while it is open; or -1 */
	struct run_ring ring;
	int *prog_fd; /* per handler; owned by obj */
	/* Everything that is attached: closing it detaches. */
	struct bpf_kept {
		int fd;
		uint32_t group; /* of the session */
		const char *enables; /* see bpf_iterator.c; or NULL */
	} *kept;
	uint32_t nkept, cap_kept;
	uint64_t missed; /* taken when detached */
	int tasks_fd; /* map of struct rt_counts; -1: nothing is counted */
	bool uprobe_multi, kprobe_multi, sleepable;
	unsigned kprobe_type, kprobe_ret_bit; /* of perf events; type 0: ask */
	unsigned ntracefs; /* events made in tracefs */
	int idle_fd; /* a program that does nothing; -1: not needed yet */
	bool from_file;
	uint64_t *kaddr; /* by attach record: where its kprobe goes, or 0 */
	/* Records of modules' functions, attached or not. */
	struct bpf_module_probe {
		uint32_t index, group;
		uint64_t id; /* of the module when it was attached; or 0 */
	} *of_modules;
	uint32_t nof_modules;
	struct bpf_module {
		const char *name;
		uint64_t id; /* when the session began */
	} *modules;
	uint32_t nmodules;
	bool modules_moved; /* since the script was translated */
};

/* ---- bpf_attach.c ---- */
int bpf_target_attach(struct run_target *t, struct diag *d,
		      const uint32_t *index, uint32_t n);
void bpf_target_detach_fds(struct bpf_target *t);
void bpf_target_disarm(struct run_target *t, uint32_t group);
/* Hits of what is attached that the kernel did not deliver. */
uint64_t bpf_target_missed(const struct bpf_target *t);
/* Whether links of one program to many places of a file work (Linux 6.6). */
bool bpf_has_uprobe_multi(void);

/* Takes over fd, which is closed to detach. */
int bpf_keep_fd(struct bpf_target *t, int fd);
/* The program runs at a tracepoint: a descriptor, or -errno. */
int bpf_open_raw_tracepoint(const char *name, int prog_fd, uint64_t cookie);
/* Of a record that is attached to one, without its system. */
const char *bpf_tracepoint_name(const struct image *img, uint32_t index);
/* 0 when the record is optional, else err. */
int bpf_attach_report(struct bpf_target *t, struct diag *d, uint32_t index,
		      int err, const char *why);
/* The same for a tracepoint that cannot be had. */
int bpf_tracepoint_report(struct bpf_target *t, struct diag *d, uint32_t index,
			  int err);
/* ---- bpf_perf.c ---- */
struct perf_event_attr;
/* perf_event_open(2): a descriptor, or -errno. */
int bpf_perf_event(struct perf_event_attr *attr, pid_t pid, int cpu);
/* Lets the program run at each of the event's hits. Takes over event_fd. */
int bpf_attach_perf(struct bpf_target *t, int event_fd, int prog_fd,
		    uint64_t cookie);
/* Calls fn for every CPU that is online, until it returns an error other than
   -ENODEV: that, or 0. */
int bpf_each_cpu(int (*fn)(void *ctx, int cpu), void *ctx);
/* Why such an event cannot be opened; NULL: the error says it. */
const char *bpf_explain_event(const struct wire_attach *a, int err);
/* Records of kind PROFILE, PERF and DATA. */
int bpf_attach_profile(struct bpf_target *t, struct diag *d, uint32_t index);
int bpf_attach_sampler(struct bpf_target *t, struct diag *d, uint32_t index);
int bpf_attach_watch(struct bpf_target *t, struct diag *d, uint32_t index);

/* ---- bpf_counter.c ---- */
/* Before the object is loaded: how much its maps hold. */
int bpf_counters_prepare(struct bpf_target *t);
/* Records of kind COUNTER, all of them: their events begin to count. */
int bpf_attach_counters(struct bpf_target *t, struct diag *d,
			const uint32_t *index, uint32_t n);
/* Changes of tasks that could not be accounted for. */
uint64_t bpf_counters_lost(const struct bpf_target *t);

/* ---- bpf_netfilter.c ---- */
int bpf_attach_netfilter(struct bpf_target *t, struct diag *d, uint32_t index);

/* ---- bpf_kprobe.c ---- */
/* Records of kind KPROBE, those of a handler next to each other. */
int bpf_attach_kprobes(struct bpf_target *t, struct diag *d,
		       const uint32_t *index, uint32_t n);
int bpf_attach_traced(struct bpf_target *t, struct diag *d, uint32_t index);
/* The records' program, which is one, runs at the entry of these functions. */
int bpf_link_functions(struct bpf_target *t, struct diag *d,
		       const uint32_t *index, const char *const *syms,
		       uint32_t n);
bool bpf_has_kprobe_multi(void);
/* The handler's program is to be loaded for such a link. */
bool bpf_wants_kprobe_multi(const struct image *img, uint32_t handler);
/* Before an object with fentry programs is opened, whose records hold BTF ids
   of this kernel. */
int bpf_traced_begin(struct bpf_target *t);
/* Adds the hits that the kernel did not deliver, where the link tells them
   (Linux 6.7). */
bool bpf_link_missed(int fd, uint64_t *missed);

/* ---- bpf_iterator.c ---- */
/* Records of tracepoints whose programs are of type ITERATOR, those of a
   handler next to each other; index is changed. */
int bpf_attach_iterators(struct bpf_target *t, struct diag *d, uint32_t *index,
			 uint32_t n);

/* ---- bpf_modules.c ---- */
/* Takes the records of modules that are not loaded out of index[0..n), says so,
   and returns how many remain. */
uint32_t bpf_modules_wait(struct bpf_target *t, struct diag *d, uint32_t *index,
			  uint32_t n);
int bpf_target_attach_late(struct run_target *t, struct diag *d);
/* The group is disarmed. */
void bpf_modules_forget(struct bpf_target *t, uint32_t group);

/* ---- bpf_sleep.c ---- */
/* Before an object is opened: its programs that are given BPF_F_SLEEPABLE
   will read memory of processes by a helper that waits for absent pages. */
void bpf_sleep_begin(void);
/* Whether uprobe programs (multi: of uprobe.multi links) may sleep (Linux
   6.0); verbose: says so on stderr when not. */
bool bpf_has_sleepable_uprobes(bool multi, int verbose);

/* ---- bpf_tracefs.c ---- */
/* A perf event's descriptor, or -errno. addr 0: by name. */
int bpf_tracefs_kretprobe(struct bpf_target *t, const char *name, uint64_t addr,
			  uint32_t maxactive);
uint64_t bpf_tracefs_missed(const struct bpf_target *t);
void bpf_tracefs_remove(struct bpf_target *t);

/* ---- bpf_log.c ---- */
/* libbpf's messages, verifier logs among them, from here on go to a buffer
   (to stderr as well when verbose > 2). */
void bpf_log_begin(int verbose);
void bpf_log_end(void);
/*
 * Reports why bpf_object__load() failed with err: permission, or which
 * program the verifier refused and the gist of its log, the whole of which is
 * written to a new file in dir (NULL: $TMPDIR).
 */
void bpf_log_report(struct diag *d, const struct image *img, int err,
		    const char *dir);

/* ---- perm.c ---- */
/* RUN_NO_PERMISSION with what is missing here. */
void run_report_permission(struct diag *d, const char *what);

/* ---- build_id.c ---- */
/* Reads the GNU build-id of an ELF file; its length, 0: has none, -errno. */
int run_build_id(const char *path, uint8_t id[20]);

#endif
