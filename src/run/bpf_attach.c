// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attaching. Only mechanisms that live in a file descriptor: BPF links, raw
 * tracepoints, perf events. Nothing is written to tracefs, but for the one
 * thing that has no other way (bpf_tracefs.c).
 *
 * Uprobes of one program in one file become a single link (uprobe.multi,
 * Linux 6.6), which makes thousands of places cheap; before that each place is
 * a perf event. The cookie of every attachment is the index of its attach
 * record, so one program can tell its places apart.
 */
#include "run/bpf_int.h"

#include "base/insn.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the headers of 6.1 do not have. */
#define UPROBE_MULTI_RETURN 1u

struct link_create_uprobe_multi {
	uint32_t prog_fd, target_fd, attach_type, flags;
	uint64_t path, offsets, ref_ctr_offsets, cookies;
	uint32_t cnt, multi_flags, pid, pad;
};

struct raw_tracepoint_open {
	uint64_t name;
	uint32_t prog_fd, pad;
	uint64_t cookie; /* 6.10 */
};

static int sys_bpf(int cmd, void *attr, unsigned size)
{
	int fd = (int)syscall(SYS_bpf, cmd, attr, size);

	return fd < 0 ? -errno : fd;
}

/* ---- descriptors ---- */

int bpf_keep_fd(struct bpf_target *t, int fd)
{
	if (t->nkept == t->cap_kept) {
		uint32_t cap = t->cap_kept ? 2 * t->cap_kept : 16;
		struct bpf_kept *bigger =
			realloc(t->kept, cap * sizeof(*bigger));

		if (!bigger) {
			close(fd);
			return -ENOMEM;
		}
		t->kept = bigger;
		t->cap_kept = cap;
	}
	t->kept[t->nkept++] = (struct bpf_kept){fd, t->base.group, NULL};
	return 0;
}

uint64_t bpf_target_missed(const struct bpf_target *t)
{
	bool told = false;
	uint64_t n = 0;

	for (uint32_t i = 0; i < t->nkept; i++)
		told |= bpf_link_missed(t->kept[i].fd, &n);
	return told ? n : n + bpf_tracefs_missed(t);
}

void bpf_target_detach_fds(struct bpf_target *t)
{
	/* Links before the perf events they use. */
	t->missed += bpf_target_missed(t);
	while (t->nkept)
		close(t->kept[--t->nkept].fd);
	bpf_tracefs_remove(t);
}

void bpf_target_disarm(struct run_target *rt, uint32_t group)
{
	struct bpf_target *t = (struct bpf_target *)rt;
	uint32_t n = t->nkept, left = 0;

	bpf_modules_forget(t, group);
	for (uint32_t i = 0; i < n; i++)
		if (t->kept[i].group == group)
			bpf_link_missed(t->kept[i].fd, &t->missed);
	for (uint32_t i = n; i-- > 0;)
		if (t->kept[i].group == group)
			close(t->kept[i].fd);
	for (uint32_t i = 0; i < n; i++)
		if (t->kept[i].group != group)
			t->kept[left++] = t->kept[i];
	t->nkept = left;
}

/* ---- messages ---- */

/* What a user calls it: the probe point. */
static const char *point(const struct bpf_target *t, uint32_t index)
{
	const struct image *img = t->base.image;

	return image_text(img, img->attach[index].name);
}

int bpf_attach_report(struct bpf_target *t, struct diag *d, uint32_t index,
		      int err, const char *why)
{
	const struct wire_attach *a = &t->base.image->attach[index];

	if (a->flags & WIRE_ATTACH_OPTIONAL) {
		diag_report(d, RUN_ATTACH_OPTIONAL, LOC_NONE, NULL,
			    point(t, index), why ? why : strerror(-err));
		return 0;
	}
	if (err == -EPERM || err == -EACCES) {
		run_report_permission(d, "attaching a probe");
		return err;
	}
	diag_report(d, RUN_ATTACH, LOC_NONE, NULL, point(t, index),
		    why ? why : strerror(-err));
	return err;
}

/* ---- tracepoints ---- */

int bpf_open_raw_tracepoint(const char *name, int prog_fd, uint64_t cookie)
{
	struct raw_tracepoint_open attr = {.name = (uintptr_t)name,
					   .prog_fd = (uint32_t)prog_fd,
					   .cookie = cookie};
	int fd = sys_bpf(BPF_RAW_TRACEPOINT_OPEN, &attr, sizeof(attr));

	/* A kernel that does not know the cookie refuses the longer struct if
	   there is anything in it. */
	if (fd == -E2BIG || fd == -EINVAL)
		fd = sys_bpf(BPF_RAW_TRACEPOINT_OPEN, &attr,
			     offsetof(struct raw_tracepoint_open, cookie));
	return fd;
}

const char *bpf_tracepoint_name(const struct image *img, uint32_t index)
{
	const char *name = image_text(img, img->attach[index].target);
	const char *colon = strrchr(name, ':');

	return colon ? colon + 1 : name;
}

static bool by_iterator(const struct image *img, const struct wire_attach *a)
{
	return img->handlers[a->handler].prog_type == IMAGE_PROG_ITERATOR;
}

int bpf_tracepoint_report(struct bpf_target *t, struct diag *d, uint32_t index,
			  int err)
{
	const struct wire_attach *a = &t->base.image->attach[index];
	struct diag_msg *m;

	if (err == -ENOENT && !(a->flags & WIRE_ATTACH_OPTIONAL)) {
		m = diag_report(d, RUN_NO_TRACEPOINT, LOC_NONE, NULL,
				point(t, index),
				bpf_tracepoint_name(t->base.image, index));
		diag_remedy(m, "if it belongs to a module, load the module "
			       "first; stap -l 'kernel.trace(\"*\")' lists "
			       "what there is");
		return err;
	}
	return bpf_attach_report(t, d, index, err,
		      err == -ENOENT ? "no such tracepoint" : NULL);
}

static int attach_tracepoint(struct bpf_target *t, struct diag *d,
			     uint32_t index)
{
	const struct wire_attach *a = &t->base.image->attach[index];
	int fd = bpf_open_raw_tracepoint(
		bpf_tracepoint_name(t->base.image, index),
		t->prog_fd[a->handler], index);

	return fd >= 0 ? bpf_keep_fd(t, fd)
		       : bpf_tracepoint_report(t, d, index, fd);
}

/* ---- uprobes ---- */

static int link_uprobe_multi(int prog_fd, const char *path,
			     const uint64_t *offsets,
			     const uint64_t *semaphores,
			     const uint64_t *cookies, uint32_t n,
			     uint32_t flags, pid_t pid)
{
	struct link_create_uprobe_multi attr = {
		.prog_fd = (uint32_t)prog_fd,
		.attach_type = ATTACH_TRACE_UPROBE_MULTI,
		.path = (uintptr_t)path,
		.offsets = (uintptr_t)offsets,
		.ref_ctr_offsets = (uintptr_t)semaphores,
		.cookies = (uintptr_t)cookies,
		.cnt = n,
		.multi_flags = flags,
		.pid = pid > 0 ? (uint32_t)pid : 0,
	};

	return sys_bpf(BPF_LINK_CREATE, &attr, sizeof(attr));
}

bool bpf_has_uprobe_multi(void)
{
	/* r0 = 0; exit */
	static const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, o,
		    .expected_attach_type =
			    ATTACH_TRACE_UPROBE_MULTI);
	uint64_t offset = 0;
	int prog, link;

	prog = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", insns, 2, &o);
	if (prog < 0)
		return false;
	/* A directory has no text to probe: EBADF from a kernel that got as
	   far as looking at it. */
	link = link_uprobe_multi(prog, "/", &offset, NULL, NULL, 1, 0, 0);
	if (link >= 0)
		close(link);
	close(prog);
	return link == -EBADF;
}

static int read_number(const char *path, const char *format, unsigned *v)
{
	FILE *f = fopen(path, "re");
	int n = 0;

	if (!f)
		return -errno;
	n = fscanf(f, format, v);
	fclose(f);
	return n == 1 ? 0 : -EINVAL;
}

/* semaphore: file offset, or 0. */
static int open_perf_uprobe(const char *path, uint64_t offset,
			    uint64_t semaphore, bool is_return, pid_t pid)
{
	static const char pmu[] = "/sys/bus/event_source/devices/uprobe/";
	struct perf_event_attr attr = {.size = sizeof(attr)};
	char file[128];
	unsigned type, bit;
	int err;

	snprintf(file, sizeof(file), "%stype", pmu);
	err = read_number(file, "%u", &type);
	if (err)
		return err;
	snprintf(file, sizeof(file), "%sformat/retprobe", pmu);
	err = read_number(file, "config:%u", &bit);
	if (err)
		return err;
	attr.type = type;
	attr.config = is_return ? 1ull << bit : 0;
	/* format/ref_ctr_offset: config:32-63 (Linux 4.20) */
	attr.config |= semaphore << 32;
	attr.config1 = (uintptr_t)path;
	attr.config2 = offset;
	/* Any process: the event belongs to CPU 0, the probe is everywhere. */
	return bpf_perf_event(&attr, pid > 0 ? pid : -1, pid > 0 ? -1 : 0);
}

static int attach_perf_uprobe(struct bpf_target *t, uint32_t index)
{
	const struct wire_attach *a = &t->base.image->attach[index];
	int fd = open_perf_uprobe(image_text(t->base.image, a->target), a->offset,
				  a->semaphore, a->flags & WIRE_ATTACH_RETURN,
				  a->pid);

	if (fd < 0)
		return fd;
	return bpf_attach_perf(t, fd, t->prog_fd[a->handler], index);
}

static const char *explain_uprobe(int err)
{
	switch (-err) {
	case EINVAL:
		return "its offset is not in the file's executable part";
	case ENOENT:
		return "there is no such place in the file";
	case EOPNOTSUPP:
	case EIO:
		return "the kernel cannot probe the instruction there";
	case ESRCH:
		return "the process has ended";
	default:
		return NULL;
	}
}

/* One place, by whatever works here. */
static int attach_one_uprobe(struct bpf_target *t, struct diag *d,
			     uint32_t index)
{
	const struct wire_attach *a = &t->base.image->attach[index];
	uint64_t cookie = index, offset = a->offset, sem = a->semaphore;
	int err;

	if (t->uprobe_multi) {
		err = link_uprobe_multi(
			t->prog_fd[a->handler],
			image_text(t->base.image, a->target), &offset,
			sem ? &sem : NULL, &cookie, 1,
			a->flags & WIRE_ATTACH_RETURN ? UPROBE_MULTI_RETURN : 0,
			a->pid);
		if (err >= 0)
			err = bpf_keep_fd(t, err);
	} else {
		err = attach_perf_uprobe(t, index);
	}
	if (err < 0)
		return bpf_attach_report(t, d, index, err, explain_uprobe(err));
	return 0;
}

/* Records that can share a link: all of index[0..n). */
static int attach_uprobe_group(struct bpf_target *t, struct diag *d,
			       const uint32_t *index, uint32_t n)
{
	const struct image *img = t->base.image;
	const struct wire_attach *a = &img->attach[index[0]];
	uint64_t *offsets, *cookies, *sems;
	int fd = -1, err = 0;

	if (t->uprobe_multi && n > 1) {
		offsets = calloc(n, sizeof(*offsets));
		cookies = calloc(n, sizeof(*cookies));
		sems = calloc(n, sizeof(*sems));
		if (offsets && cookies && sems) {
			for (uint32_t i = 0; i < n; i++) {
				offsets[i] = img->attach[index[i]].offset;
				cookies[i] = index[i];
				sems[i] = img->attach[index[i]].semaphore;
			}
			fd = link_uprobe_multi(t->prog_fd[a->handler],
					       image_text(img, a->target), offsets,
					       sems, cookies, n,
					       a->flags & WIRE_ATTACH_RETURN
						       ? UPROBE_MULTI_RETURN
						       : 0,
					       a->pid);
		}
		free(offsets);
		free(cookies);
		free(sems);
		if (fd >= 0)
			return bpf_keep_fd(t, fd);
		/* One of them is at fault: find out which. */
	}
	for (uint32_t i = 0; i < n && !err; i++)
		err = attach_one_uprobe(t, d, index[i]);
	return err;
}

/* The file is there, and the one that the offsets were taken from. */
static int check_file(struct bpf_target *t, struct diag *d, uint32_t index)
{
	const struct wire_attach *a = &t->base.image->attach[index];
	const char *path = image_text(t->base.image, a->target);
	struct diag_msg *m;
	uint8_t id[20];
	int n = run_build_id(path, id);

	if (n < 0 && n != -ENOEXEC) {
		if (a->flags & WIRE_ATTACH_OPTIONAL)
			return bpf_attach_report(t, d, index, n, NULL) ? n : 1;
		diag_report(d, RUN_TARGET_GONE, LOC_NONE, NULL, point(t, index),
			    path, strerror(-n));
		return n;
	}
	if (!a->build_id_len ||
	    (n == (int)a->build_id_len && !memcmp(id, a->build_id, (size_t)n)))
		return 0;
	if (a->flags & WIRE_ATTACH_OPTIONAL)
		return bpf_attach_report(t, d, index, -ESTALE, "its build-id differs")
			       ? -ESTALE
			       : 1;
	m = diag_report(d, RUN_TARGET_CHANGED, LOC_NONE, NULL, point(t, index),
			path, "its build-id differs");
	diag_remedy(m, "translate the script again on this machine");
	return -ESTALE;
}

static const struct image *sort_image; /* qsort() passes no argument */
static const int *sort_prog;

static int compare_uprobes(const void *pa, const void *pb)
{
	const uint32_t ia = *(const uint32_t *)pa, ib = *(const uint32_t *)pb;
	const struct wire_attach *a = &sort_image->attach[ia];
	const struct wire_attach *b = &sort_image->attach[ib];
	int c = strcmp(image_text(sort_image, a->target),
		       image_text(sort_image, b->target));

	if (c)
		return c;
	if (sort_prog[a->handler] != sort_prog[b->handler])
		return sort_prog[a->handler] < sort_prog[b->handler] ? -1 : 1;
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	if ((a->flags ^ b->flags) & WIRE_ATTACH_RETURN)
		return a->flags & WIRE_ATTACH_RETURN ? 1 : -1;
	return ia < ib ? -1 : ia > ib;
}

static bool same_group(const struct image *img, uint32_t ia, uint32_t ib)
{
	const struct wire_attach *a = &img->attach[ia], *b = &img->attach[ib];

	return sort_prog[a->handler] == sort_prog[b->handler] &&
	       a->pid == b->pid &&
	       !((a->flags ^ b->flags) & WIRE_ATTACH_RETURN) &&
	       !strcmp(image_text(img, a->target), image_text(img, b->target));
}

static int attach_uprobes(struct bpf_target *t, struct diag *d, uint32_t *index,
			  uint32_t n)
{
	const struct image *img = t->base.image;
	int err = 0;

	sort_image = img;
	sort_prog = t->prog_fd;
	qsort(index, n, sizeof(*index), compare_uprobes);
	for (uint32_t i = 0, k; i < n; i = k) {
		for (k = i + 1; k < n && same_group(img, index[i], index[k]);)
			k++;
		err = check_file(t, d, index[i]);
		if (!err)
			err = attach_uprobe_group(t, d, index + i, k - i);
		if (err < 0)
			return err;
	}
	return 0;
}

/* Before what may read them. */
static int attach_counters(struct bpf_target *t, struct diag *d,
			   const uint32_t *index, uint32_t n)
{
	uint32_t *counters = calloc(n + 1, sizeof(*counters)), ncounters = 0;
	int err;

	if (!counters)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		if (t->base.image->attach[index[i]].kind == WIRE_PROBE_COUNTER)
			counters[ncounters++] = index[i];
	err = bpf_attach_counters(t, d, counters, ncounters);
	free(counters);
	return err;
}

/* A program of many system calls is attached once for all; those that are: */
struct prog_list {
	uint32_t *fd, n;
};

static bool is_attached(const struct bpf_target *t, const struct wire_attach *a,
			struct prog_list *done)
{
	uint32_t fd = (uint32_t)t->prog_fd[a->handler];

	if (!a->syscall)
		return false;
	for (uint32_t i = 0; i < done->n; i++)
		if (done->fd[i] == fd)
			return true;
	done->fd[done->n++] = fd;
	return false;
}

/* Attaching a record takes up to three descriptors; the command of -c, started
   before, keeps the limit it has. */
static void raise_file_limit(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) || l.rlim_cur == l.rlim_max)
		return;
	l.rlim_cur = l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
}

int bpf_target_attach(struct run_target *rt, struct diag *d,
		      const uint32_t *index, uint32_t n)
{
	struct bpf_target *t = (struct bpf_target *)rt;
	uint32_t *uprobes = calloc(4 * n + 1, sizeof(*uprobes)), nuprobes = 0;
	uint32_t *kprobes = uprobes + n, nkprobes = 0;
	uint32_t *iterators = kprobes + n, niterators = 0;
	struct prog_list done = {.fd = iterators + n};
	int err = uprobes ? attach_counters(t, d, index, n) : -ENOMEM;

	if (n > 200)
		raise_file_limit();
	for (uint32_t i = 0; i < n && !err; i++) {
		const struct wire_attach *a = &rt->image->attach[index[i]];

		if (a->handler >= rt->image->nhandlers) {
			diag_report(d, RUN_IMAGE, LOC_NONE, NULL,
				    "a probe has no handler");
			err = -EINVAL;
			break;
		}
		switch (a->kind) {
		case WIRE_PROBE_RAWTP:
		case WIRE_PROBE_PROCESS:
			if (is_attached(t, a, &done))
				break;
			if (by_iterator(rt->image, a))
				iterators[niterators++] = index[i];
			else
				err = attach_tracepoint(t, d, index[i]);
			break;
		case WIRE_PROBE_PROFILE:
			err = bpf_attach_profile(t, d, index[i]);
			break;
		case WIRE_PROBE_PERF:
			err = bpf_attach_sampler(t, d, index[i]);
			break;
		case WIRE_PROBE_DATA:
			err = bpf_attach_watch(t, d, index[i]);
			break;
		case WIRE_PROBE_NETFILTER:
			err = bpf_attach_netfilter(t, d, index[i]);
			break;
		case WIRE_PROBE_COUNTER:
			break; /* they come first */
		case WIRE_PROBE_UPROBE:
			uprobes[nuprobes++] = index[i];
			break;
		case WIRE_PROBE_KPROBE:
			kprobes[nkprobes++] = index[i];
			break;
		case WIRE_PROBE_FENTRY:
			err = bpf_attach_traced(t, d, index[i]);
			break;
		default:
			err = -EINVAL;
			break;
		}
	}
	if (!err)
		err = bpf_attach_iterators(t, d, iterators, niterators);
	if (!err)
		err = attach_uprobes(t, d, uprobes, nuprobes);
	if (!err)
		nkprobes = bpf_modules_wait(t, d, kprobes, nkprobes);
	if (!err)
		err = bpf_attach_kprobes(t, d, kprobes, nkprobes);
	free(uprobes);
	return err;
}
