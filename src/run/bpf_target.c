// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel as executor. Everything is held by descriptors of this process:
 * maps, programs, links. When it is gone, however it went, so are they.
 */
#include "run/bpf_int.h"

#include "base/insn.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PROG_ARGS 12 /* of a raw tracepoint */

static struct bpf_target *target(struct run_target *t)
{
	return (struct bpf_target *)t;
}

static int bpf_run_handler(struct run_target *rt, uint32_t handler,
			   const uint64_t *args, unsigned nargs)
{
	struct bpf_target *t = target(rt);
	uint64_t ctx[PROG_ARGS] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, o, .ctx_in = ctx,
		    .ctx_size_in = sizeof(ctx));

	if (nargs > IMAGE_RUN_ARG || handler >= rt->image->nhandlers)
		return -EINVAL;
	if (nargs)
		memcpy(ctx, args, nargs * sizeof(*args));
	ctx[IMAGE_RUN_ARG] = handler;
	return bpf_prog_test_run_opts(t->prog_fd[handler], &o);
}

static int bpf_consume(struct run_target *rt, run_record_fn fn, void *arg,
		       size_t max_bytes)
{
	return run_ring_consume(&target(rt)->ring, fn, arg, max_bytes);
}

static int bpf_record_fd(struct run_target *rt)
{
	return target(rt)->ring_fd;
}

static uint64_t count_missed(struct bpf_target *t)
{
	uint64_t n = t->missed + bpf_target_missed(t) + bpf_counters_lost(t);
	struct bpf_program *p;

	bpf_object__for_each_program(p, t->obj)
	{
		struct bpf_prog_info info = {0};
		__u32 len = sizeof(info);

		if (bpf_program__fd(p) >= 0 &&
		    !bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &len))
			n += info.recursion_misses;
	}
	return n;
}

static uint64_t bpf_missed(struct run_target *rt)
{
	return count_missed(target(rt));
}

/* The kernel measures all programs, ours or not, while the descriptor is
   open. */
static int bpf_measure(struct run_target *rt, bool on)
{
	struct bpf_target *t = target(rt);

	if (t->stats_fd >= 0)
		close(t->stats_fd);
	t->stats_fd = -1;
	if (!on)
		return 0;
	t->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	return t->stats_fd < 0 ? -errno : 0;
}

static uint64_t bpf_run_ns(struct run_target *rt)
{
	struct bpf_program *p;
	uint64_t sum = 0;

	bpf_object__for_each_program(p, target(rt)->obj)
	{
		struct bpf_prog_info info = {0};
		__u32 len = sizeof(info);

		if (bpf_program__fd(p) >= 0 &&
		    !bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &len))
			sum += info.run_time_ns;
	}
	return sum;
}

static bool context_busy(const struct bpf_target *t)
{
	const struct rt_head *h = t->base.heap;

	for (uint32_t i = 0; i < h->ctx_count; i++) {
		uint64_t off = h->ctx_off + (uint64_t)i * h->ctx_size;
		const struct rt_ctx *c;

		if (off + sizeof(*c) > t->base.heap_len)
			return false;
		c = (const void *)((const char *)h + off);
		if (__atomic_load_n(&c->busy, __ATOMIC_ACQUIRE))
			return true;
	}
	return false;
}

/*
 * Closing a link does not wait for handlers that run at this moment on other
 * CPUs. Wait for those that have just begun (a grace period), then for those
 * that own a context, so that their records are not missed. A handler that
 * sleeps on an absent page may take its time, but not forever.
 */
static void bpf_detach(struct run_target *rt)
{
	struct bpf_target *t = target(rt);
	struct timespec nap = {.tv_nsec = 200000};

	bpf_target_detach_fds(t);
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
	for (int i = 0; i < 5000 && context_busy(t); i++)
		nanosleep(&nap, NULL);
}

static void bpf_close(struct run_target *rt)
{
	struct bpf_target *t = target(rt);

	bpf_target_detach_fds(t);
	free(t->kept);
	free(t->kaddr);
	free(t->of_modules);
	free(t->modules);
	run_ring_unmap(&t->ring);
	if (t->base.heap)
		munmap(t->base.heap, t->base.heap_len);
	if (t->heap_fd >= 0)
		close(t->heap_fd);
	if (t->idle_fd >= 0)
		close(t->idle_fd);
	bpf_measure(rt, false);
	bpf_object__close(t->obj);
	free(t->prog_fd);
	free(t);
}

static const struct run_target_ops bpf_ops = {
	.run_handler = bpf_run_handler,
	.attach = bpf_target_attach,
	.attach_late = bpf_target_attach_late,
	.detach = bpf_detach,
	.disarm = bpf_target_disarm,
	.consume = bpf_consume,
	.record_fd = bpf_record_fd,
	.missed = bpf_missed,
	.measure = bpf_measure,
	.run_ns = bpf_run_ns,
	.close = bpf_close,
};

/* ---- loading ---- */

static void set_type(struct bpf_target *t, struct bpf_program *p,
		     uint32_t handler)
{
	const struct image *img = t->base.image;

	switch (img->handlers[handler].prog_type) {
	case IMAGE_PROG_UPROBE:
		bpf_program__set_type(p, BPF_PROG_TYPE_KPROBE);
		bpf_program__set_expected_attach_type(
			p, t->uprobe_multi ? ATTACH_TRACE_UPROBE_MULTI : 0);
		if (t->sleepable &&
		    img->handlers[handler].flags & IMAGE_HANDLER_SLEEPABLE)
			bpf_program__set_flags(p, bpf_program__flags(p) |
							  BPF_F_SLEEPABLE);
		break;
	case IMAGE_PROG_KPROBE:
		bpf_program__set_type(p, BPF_PROG_TYPE_KPROBE);
		bpf_program__set_expected_attach_type(
			p, t->kprobe_multi &&
					   bpf_wants_kprobe_multi(img, handler)
				   ? BPF_TRACE_KPROBE_MULTI
				   : 0);
		break;
	case IMAGE_PROG_ITERATOR:
		bpf_program__set_type(p, BPF_PROG_TYPE_KPROBE);
		bpf_program__set_expected_attach_type(p,
						      BPF_TRACE_KPROBE_MULTI);
		break;
	case IMAGE_PROG_FENTRY:
	case IMAGE_PROG_FEXIT:
		break; /* by its section */
	case IMAGE_PROG_NETFILTER:
		bpf_program__set_type(p, PROG_TYPE_NETFILTER);
		bpf_program__set_expected_attach_type(p, ATTACH_NETFILTER);
		break;
	case IMAGE_PROG_PERF:
		bpf_program__set_type(p, BPF_PROG_TYPE_PERF_EVENT);
		bpf_program__set_expected_attach_type(p, 0);
		break;
	default:
		bpf_program__set_type(p, BPF_PROG_TYPE_RAW_TRACEPOINT);
		bpf_program__set_expected_attach_type(p, 0);
		break;
	}
}

/* Every handler has its program, of the right type. */
static int prepare_programs(struct bpf_target *t, int verbose, struct diag *d)
{
	const struct image *img = t->base.image;

	for (uint32_t i = 0; i < img->nhandlers; i++)
		if (img->handlers[i].prog_type == IMAGE_PROG_UPROBE)
			t->uprobe_multi = true;
		else if (bpf_wants_kprobe_multi(img, i))
			t->kprobe_multi = true;
	t->kprobe_multi = t->kprobe_multi && bpf_has_kprobe_multi();
	t->uprobe_multi = t->uprobe_multi && bpf_has_uprobe_multi();
	t->sleepable = image_any_handler(img, IMAGE_HANDLER_SLEEPABLE) &&
		       bpf_has_sleepable_uprobes(t->uprobe_multi, verbose);
	for (uint32_t i = 0; i < img->nhandlers; i++) {
		const char *name = image_text(img, img->handlers[i].name);
		struct bpf_program *p =
			bpf_object__find_program_by_name(t->obj, name);

		if (!p) {
			diag_report(d, RUN_IMAGE, LOC_NONE, NULL,
				    "a handler has no program");
			return -EINVAL;
		}
		set_type(t, p, i);
	}
	return 0;
}

/*
 * The heap is the object's only mmapable array. libbpf would fill it from a
 * copy of its own, touching every page; so it gets a map made here.
 */
static int prepare_heap(struct bpf_target *t, struct bpf_map *map,
			struct diag *d)
{
	const struct image *img = t->base.image;
	uint64_t size = (uint64_t)img->heap_size + img->heap_slack;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	LIBBPF_OPTS(bpf_map_create_opts, o, .map_flags = BPF_F_MMAPABLE);
	void *heap;
	int err;

	if (bpf_map__value_size(map) < size ||
	    img->heap_init_len > img->heap_size ||
	    img->heap_init_len < sizeof(struct rt_head)) {
		diag_report(d, RUN_IMAGE, LOC_NONE, NULL,
			    "the heap has another size than the program's");
		return -EINVAL;
	}
	t->heap_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "stap_heap", 4,
				    bpf_map__value_size(map), 1, &o);
	if (t->heap_fd < 0) {
		err = t->heap_fd;
		goto fail;
	}
	size = (bpf_map__value_size(map) + page - 1) & ~(page - 1);
	heap = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, t->heap_fd,
		    0);
	if (heap == MAP_FAILED) {
		err = -errno;
		goto fail;
	}
	memcpy(heap, img->heap_init, img->heap_init_len);
	t->base.heap = heap;
	t->base.heap_len = size;
	err = bpf_map__reuse_fd(map, t->heap_fd);
	if (!err)
		return 0;
fail:
	if (err == -EPERM)
		run_report_permission(d, "creating a BPF map");
	else
		diag_report(d, RUN_MEMORY, LOC_NONE, NULL, "the heap",
			    strerror(-err));
	return err;
}

/* A reader that is kept from running for a tenth of a second, by other work or
   a slow disk, should cost no records: at 700,000 records/s that is this. */
#define RING_ATTACHED (8u << 20)

/* Records come while we do something else. */
static bool has_kernel_probes(const struct image *img)
{
	for (uint32_t i = 0; i < img->nhandlers; i++)
		if (img->handlers[i].prog_type != IMAGE_PROG_RUN)
			return true;
	return false;
}

static uint32_t ring_size(const struct image *img, uint32_t buffer_mb)
{
	uint64_t want = buffer_mb ? (uint64_t)buffer_mb << 20 :
				    img->ringbuf_size;
	uint64_t size = (uint64_t)sysconf(_SC_PAGESIZE);

	if (!buffer_mb && want < RING_ATTACHED && has_kernel_probes(img))
		want = RING_ATTACHED;
	while (size < want && size < 1u << 30)
		size *= 2;
	return (uint32_t)size;
}

static int prepare_maps(struct bpf_target *t, uint32_t buffer_mb,
			struct bpf_map **ring, struct diag *d)
{
	struct bpf_map *map, *heap = NULL;

	*ring = NULL;
	bpf_object__for_each_map(map, t->obj)
	{
		if (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF)
			*ring = map;
		else if (bpf_map__type(map) == BPF_MAP_TYPE_ARRAY &&
			 bpf_map__map_flags(map) & BPF_F_MMAPABLE)
			heap = map;
	}
	if (!*ring || !heap) {
		diag_report(d, RUN_IMAGE, LOC_NONE, NULL,
			    *ring ? "it has no heap" : "it has no ring buffer");
		return -EINVAL;
	}
	bpf_map__set_max_entries(*ring, ring_size(t->base.image, buffer_mb));
	return prepare_heap(t, heap, d);
}

static bool has_traced(const struct image *img)
{
	for (uint32_t i = 0; i < img->nattach; i++)
		if (img->attach[i].kind == WIRE_PROBE_FENTRY)
			return true;
	return false;
}

static int load(struct bpf_target *t, const struct run_bpf_opts *o,
		struct diag *d)
{
	LIBBPF_OPTS(bpf_object_open_opts, oo, .object_name = "stap");
	const struct image *img = o->image;
	struct bpf_map *ring;
	int err;

	if (!o->from_file && has_traced(img)) {
		err = bpf_traced_begin(t);
		if (err)
			return err;
	}
	bpf_sleep_begin();
	t->obj = bpf_object__open_mem(o->elf, o->elf_len, &oo);
	if (!t->obj) {
		err = -errno;
		diag_report(d, RUN_IMAGE, LOC_NONE, NULL,
			    "it is no BPF object");
		return err;
	}
	err = prepare_programs(t, o->verbose, d);
	if (!err)
		err = prepare_maps(t, o->buffer_mb, &ring, d);
	if (err)
		return err;
	err = bpf_counters_prepare(t);
	if (err)
		return err;
	err = bpf_object__load(t->obj);
	if (err) {
		bpf_log_report(d, img, err, o->log_dir);
		return err;
	}
	for (uint32_t i = 0; i < img->nhandlers; i++)
		t->prog_fd[i] =
			bpf_program__fd(bpf_object__find_program_by_name(
				t->obj, image_text(img, img->handlers[i].name)));
	t->ring_fd = bpf_map__fd(ring);
	err = run_ring_map(&t->ring, t->ring_fd, bpf_map__max_entries(ring));
	if (err)
		diag_report(d, RUN_MEMORY, LOC_NONE, NULL, "the output buffer",
			    strerror(-err));
	return err;
}

int run_bpf_open(const struct run_bpf_opts *o, struct diag *d,
		 struct run_target **out)
{
	struct bpf_target *t = calloc(1, sizeof(*t));
	int err = -ENOMEM;

	if (!t)
		goto no_memory;
	t->base = (struct run_target){.ops = &bpf_ops,
				      .image = o->image,
				      .realtime_clock = CLOCK_MONOTONIC,
				      .asynchronous = true};
	t->from_file = o->from_file;
	t->heap_fd = t->ring_fd = t->stats_fd = t->tasks_fd = -1;
	t->idle_fd = -1;
	t->prog_fd = malloc((o->image->nhandlers + 1) * sizeof(int));
	if (!t->prog_fd)
		goto no_memory;
	for (uint32_t i = 0; i < o->image->nhandlers; i++)
		t->prog_fd[i] = -1;
	bpf_log_begin(o->verbose);
	err = load(t, o, d);
	bpf_log_end();
	if (err) {
		bpf_close(&t->base);
		return err;
	}
	*out = &t->base;
	return 0;
no_memory:
	free(t);
	diag_report(d, RUN_MEMORY, LOC_NONE, NULL, "the loader",
		    strerror(ENOMEM));
	return err;
}
