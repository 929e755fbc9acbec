// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Functions of the kernel. A handler's functions become one link where the
 * kernel has kprobe.multi (Linux 5.18, needs CONFIG_FPROBE) and the probes are
 * at their first instructions; otherwise each is a perf event. fentry and fexit
 * are links of their own.
 *
 * Functions are attached by address: a name may stand for several. Within the
 * boot that the script was translated in, the addresses are in the records; an
 * image from a file has them looked up in /proc/kallsyms.
 */
#include "run/bpf_int.h"
#include "run/kallsyms.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the headers of 6.1 do not have. */
struct link_create_kprobe_multi {
	uint32_t prog_fd, target_fd, attach_type, flags;
	uint32_t multi_flags, cnt;
	uint64_t syms, addrs, cookies;
};
#define KPROBE_MULTI_RETURN 1u

/* ---- kprobe.multi ---- */

static int link_kprobe_multi(int prog_fd, const uint64_t *addrs,
			     const char *const *syms, const uint64_t *cookies,
			     uint32_t n, uint32_t flags)
{
	struct link_create_kprobe_multi attr = {
		.prog_fd = (uint32_t)prog_fd,
		.attach_type = BPF_TRACE_KPROBE_MULTI,
		.multi_flags = flags,
		.cnt = n,
		.syms = (uintptr_t)syms,
		.addrs = (uintptr_t)addrs,
		.cookies = (uintptr_t)cookies,
	};
	int fd = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));

	return fd < 0 ? -errno : fd;
}

bool bpf_has_kprobe_multi(void)
{
	/* r0 = 0; exit */
	static const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, o,
		    .expected_attach_type = BPF_TRACE_KPROBE_MULTI);
	/* A kernel without fprobe refuses before it looks for the name. */
	const char *sym = "stap no such symbol";
	int prog, link;

	prog = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", insns, 2, &o);
	if (prog < 0)
		return false;
	link = link_kprobe_multi(prog, NULL, &sym, NULL, 1, 0);
	if (link >= 0)
		close(link);
	close(prog);
	return link == -ESRCH || link == -ENOENT;
}

bool bpf_wants_kprobe_multi(const struct image *img, uint32_t handler)
{
	bool any = false;

	for (uint32_t i = 0; i < img->nattach; i++) {
		const struct wire_attach *a = &img->attach[i];

		if (a->handler != handler)
			continue;
		if (a->kind != WIRE_PROBE_KPROBE || a->offset || a->maxactive ||
		    a->flags & WIRE_ATTACH_ABSOLUTE)
			return false;
		any = true;
	}
	return any;
}

/* ---- perf events ---- */

static int read_pmu(const char *file, const char *format, unsigned *v)
{
	char path[128];
	int n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/kprobe/%s",
		 file);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	n = fscanf(f, format, v);
	fclose(f);
	return n == 1 ? 0 : -EINVAL;
}

static int open_perf_kprobe(struct bpf_target *t, const char *name,
			    uint64_t addr, uint64_t off, bool is_return)
{
	struct perf_event_attr attr = {.size = sizeof(attr)};
	int err, fd;

	if (!t->kprobe_type) {
		err = read_pmu("type", "%u", &t->kprobe_type);
		if (!err)
			err = read_pmu("format/retprobe", "config:%u",
				       &t->kprobe_ret_bit);
		if (err)
			return err == -ENOENT ? -EOPNOTSUPP : err;
	}
	attr.type = t->kprobe_type;
	attr.config = is_return ? 1ull << t->kprobe_ret_bit : 0;
	attr.config1 = addr ? 0 : (uintptr_t)name;
	attr.config2 = addr ? addr : off;
	fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1,
			  PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static const char *explain(int err)
{
	switch (-err) {
	case EINVAL:
		return "the kernel says that it must not be probed; a function "
		       "that calls it, or that it calls, may be";
	case EILSEQ:
		return "the address is not the start of an instruction; "
		       "objdump -d shows where they start";
	case ENOENT:
	case ESRCH:
		return "this kernel has no such function; stap -l "
		       "'kernel.function(\"*\")' lists those that it has";
	case EADDRNOTAVAIL:
		return "several functions have this name; "
		       "kernel.function(\"NAME@FILE\") says which, where "
		       "debug information is installed";
	case EOPNOTSUPP:
		return "this kernel has no kprobes (CONFIG_KPROBE_EVENTS); "
		       "kernel.trace(\"*\") works without";
	case EBUSY:
		return "something else has taken hold of the function; "
		       "/sys/kernel/debug/kprobes/list may say what";
	default:
		return NULL;
	}
}

static int attach_one(struct bpf_target *t, struct diag *d, uint32_t index)
{
	const struct wire_attach *a = &t->base.image->attach[index];
	const char *name = image_text(t->base.image, a->symbol);
	const char *module = image_text(t->base.image, a->target);
	char full[512];
	uint64_t addr;
	int fd, err;

	if (*module) {
		snprintf(full, sizeof(full), "%s:%s", module, name);
		name = full;
	}
	addr = t->kaddr[index];
	fd = a->maxactive ? bpf_tracefs_kretprobe(t, name, addr, a->maxactive)
			  : open_perf_kprobe(t, name, addr, a->offset,
					     a->flags & WIRE_ATTACH_RETURN);
	err = fd;
	if (fd >= 0)
		err = bpf_attach_perf(t, fd, t->prog_fd[a->handler], index);
	if (err < 0)
		return bpf_attach_report(t, d, index, err, explain(err));
	return 0;
}

/* ---- groups ---- */

struct group {
	const uint32_t *index; /* attach records */
	const uint64_t *addrs; /* or NULL: by name */
	const char *const *syms;
	uint64_t *cookies;
	uint32_t flags; /* KPROBE_MULTI_ */
};

/*
 * All of [from, to) in one link; when the kernel does not take that, halves,
 * until those that are at fault stand alone.
 */
static int link_range(struct bpf_target *t, struct diag *d,
		      const struct group *g, uint32_t from, uint32_t to)
{
	const struct wire_attach *a = &t->base.image->attach[g->index[from]];
	uint32_t mid = from + (to - from) / 2;
	int fd, err;

	fd = link_kprobe_multi(t->prog_fd[a->handler],
			       g->addrs ? g->addrs + from : NULL,
			       g->addrs ? NULL : g->syms + from,
			       g->cookies + from, to - from, g->flags);
	if (fd >= 0)
		return bpf_keep_fd(t, fd);
	if (to - from == 1 || fd == -EPERM || fd == -ENOMEM)
		return bpf_attach_report(t, d, g->index[from], fd,
					 explain(fd));
	err = link_range(t, d, g, from, mid);
	return err ? err : link_range(t, d, g, mid, to);
}

/* addrs NULL: by name. */
static int link_group(struct bpf_target *t, struct diag *d,
		      const uint32_t *index, const uint64_t *addrs,
		      const char *const *syms, uint32_t n, uint32_t flags)
{
	struct group g = {
		.index = index,
		.addrs = addrs,
		.syms = syms,
		.cookies = calloc(n, sizeof(uint64_t)),
		.flags = flags,
	};
	int err = -ENOMEM;

	for (uint32_t i = 0; g.cookies && i < n; i++)
		g.cookies[i] = index[i];
	if (g.cookies)
		err = link_range(t, d, &g, 0, n);
	free(g.cookies);
	return err;
}

int bpf_link_functions(struct bpf_target *t, struct diag *d,
		       const uint32_t *index, const char *const *syms,
		       uint32_t n)
{
	return link_group(t, d, index, NULL, syms, n, 0);
}

static int attach_multi(struct bpf_target *t, struct diag *d,
			const uint32_t *index, uint32_t n)
{
	const struct image *img = t->base.image;
	uint64_t *addrs = calloc(n, sizeof(*addrs));
	const char **syms = calloc(n, sizeof(*syms));
	bool by_name = false;
	int err = -ENOMEM;

	for (uint32_t i = 0; addrs && syms && i < n; i++) {
		addrs[i] = t->kaddr[index[i]];
		syms[i] = image_text(img, img->attach[index[i]].symbol);
		by_name |= !addrs[i];
	}
	if (addrs && syms)
		err = link_group(t, d, index, by_name ? NULL : addrs, syms, n,
				 img->attach[*index].flags & WIRE_ATTACH_RETURN
					 ? KPROBE_MULTI_RETURN
					 : 0);
	free(addrs);
	free(syms);
	return err;
}

/* Not those of another boot, nor of a module that was loaded since. */
static bool known_address(const struct bpf_target *t,
			  const struct wire_attach *a)
{
	if (a->flags & WIRE_ATTACH_ABSOLUTE)
		return true;
	/* A module may be somewhere else when it is loaded again. */
	if (t->modules_moved && *image_text(t->base.image, a->target))
		return false;
	return !t->from_file && a->address;
}

/* Fills in t->kaddr. */
static int find_addresses(struct bpf_target *t, const uint32_t *index,
			  uint32_t n)
{
	const struct image *img = t->base.image;
	bool look = false;
	int err;

	if (!t->kaddr)
		t->kaddr = calloc(img->nattach + 1, sizeof(*t->kaddr));
	if (!t->kaddr)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		const struct wire_attach *a = &img->attach[index[i]];

		if (known_address(t, a))
			t->kaddr[index[i]] = a->address;
		else
			look |= t->from_file || *image_text(img, a->target);
	}
	if (!look)
		return 0;
	err = run_kallsyms(img, index, n, t->kaddr);
	for (uint32_t i = 0; i < n; i++)
		if (known_address(t, &img->attach[index[i]]))
			t->kaddr[index[i]] = img->attach[index[i]].address;
	return err;
}

int bpf_attach_kprobes(struct bpf_target *t, struct diag *d,
		       const uint32_t *index, uint32_t n)
{
	const struct image *img = t->base.image;
	int err = n ? find_addresses(t, index, n) : 0;

	if (err) {
		diag_report(d, RUN_SESSION, LOC_NONE, NULL,
			    "reading /proc/kallsyms", strerror(-err));
		return err;
	}

	for (uint32_t i = 0, k; i < n && !err; i = k) {
		uint32_t handler = img->attach[index[i]].handler;

		for (k = i + 1;
		     k < n && img->attach[index[k]].handler == handler;)
			k++;
		if (t->kprobe_multi && bpf_wants_kprobe_multi(img, handler)) {
			err = attach_multi(t, d, index + i, k - i);
			continue;
		}
		for (uint32_t m = i; m < k && !err; m++)
			err = attach_one(t, d, index[m]);
	}
	return err;
}

/* ---- fentry, fexit ---- */

int bpf_attach_traced(struct bpf_target *t, struct diag *d, uint32_t index)
{
	const struct wire_attach *a = &t->base.image->attach[index];
	struct {
		uint64_t name;
		uint32_t prog_fd, pad;
	} attr = {.prog_fd = (uint32_t)t->prog_fd[a->handler]};
	int fd = (int)syscall(SYS_bpf, BPF_RAW_TRACEPOINT_OPEN, &attr,
			      sizeof(attr));

	if (fd < 0)
		return bpf_attach_report(t, d, index, -errno, explain(-errno));
	return bpf_keep_fd(t, fd);
}

/*
 * libbpf would look for the function by name in all of the kernel's types; the
 * record has its number. To libbpf the program is a raw tracepoint's until the
 * moment it is loaded, or it would read those types anyway.
 */
static struct bpf_target *being_loaded;

static int prepare_traced(struct bpf_program *p,
			  struct bpf_prog_load_opts *opts, long is_exit)
{
	const struct image *img = being_loaded->base.image;
	const char *name = bpf_program__name(p);

	for (uint32_t i = 0; i < img->nattach; i++) {
		const struct wire_attach *a = &img->attach[i];

		if (a->kind != WIRE_PROBE_FENTRY ||
		    strcmp(image_text(img, img->handlers[a->handler].name), name))
			continue;
		opts->attach_btf_id = a->btf_id;
		opts->expected_attach_type =
			is_exit ? BPF_TRACE_FEXIT : BPF_TRACE_FENTRY;
		return bpf_program__set_type(p, BPF_PROG_TYPE_TRACING);
	}
	return -EINVAL;
}

int bpf_traced_begin(struct bpf_target *t)
{
	static bool registered;
	int err = 0;

	being_loaded = t;
	if (registered)
		return 0;
	for (long is_exit = 0; is_exit < 2 && err >= 0; is_exit++) {
		LIBBPF_OPTS(libbpf_prog_handler_opts, o, .cookie = is_exit,
			    .prog_prepare_load_fn = prepare_traced);

		err = libbpf_register_prog_handler(
			is_exit ? "fexit/" : "fentry/",
			BPF_PROG_TYPE_RAW_TRACEPOINT, 0, &o);
	}
	registered = err >= 0;
	return err < 0 ? err : 0;
}

/* ---- what the kernel missed ---- */

/* struct bpf_link_info, as far as it is needed here. */
#define LINK_PERF_EVENT 7u
#define LINK_KPROBE_MULTI 8u
#define PERF_EVENT_KPROBE 3u
#define PERF_EVENT_KRETPROBE 4u

bool bpf_link_missed(int fd, uint64_t *missed)
{
	struct {
		uint32_t type, id, prog_id, pad;
		union {
			struct {
				uint64_t addrs;
				uint32_t count, flags;
				uint64_t missed, cookies;
			} multi; /* missed: Linux 6.7 */
			struct {
				uint32_t type, pad;
				uint64_t name;
				uint32_t name_len, offset;
				uint64_t addr, missed, cookie;
			} perf;
			uint64_t room[16];
		};
	} info = {0};
	struct {
		uint32_t fd, len;
		uint64_t info;
	} attr = {.fd = (uint32_t)fd,
		  .len = sizeof(info),
		  .info = (uintptr_t)&info};

	if (syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)))
		return false;
	/* The kernel says how much of the structure it has filled. */
	if (attr.len < offsetof(typeof(info), perf.cookie))
		return false;
	if (info.type == LINK_KPROBE_MULTI)
		*missed += info.multi.missed;
	else if (info.type == LINK_PERF_EVENT &&
		 (info.perf.type == PERF_EVENT_KPROBE ||
		  info.perf.type == PERF_EVENT_KRETPROBE))
		*missed += info.perf.missed;
	else
		return false;
	return true;
}
