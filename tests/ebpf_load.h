/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading and running BPF objects in tests, through libbpf, without a session:
 *
 *	struct ebpf_loaded l;
 *	if (ebpf_load(&l, obj->data, obj->size, image) == 0)
 *		ebpf_run(&l, "probe_0", NULL, 0);
 *	... l.heap ...
 *	ebpf_unload(&l);
 */
#ifndef TESTS_EBPF_LOAD_H
#define TESTS_EBPF_LOAD_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wire/image.h"

#define EBPF_LOG_SIZE (16u << 20)

struct ebpf_loaded {
	struct bpf_object *obj;
	unsigned char *heap;
	size_t heap_len;
	int heap_fd;
	uint64_t insns_processed; /* by the verifier, all programs */
};

static char ebpf_log_buf[EBPF_LOG_SIZE];

static inline int ebpf_quiet_(enum libbpf_print_level level, const char *fmt,
			      va_list ap)
{
	if (level == LIBBPF_WARN && getenv("EBPF_VERBOSE"))
		vfprintf(stderr, fmt, ap);
	return 0;
}

static inline void ebpf_unload(struct ebpf_loaded *l)
{
	bpf_object__close(l->obj);
	if (l->heap && l->heap != MAP_FAILED)
		munmap(l->heap, l->heap_len);
	if (l->heap_fd >= 0)
		close(l->heap_fd);
	memset(l, 0, sizeof(*l));
	l->heap_fd = -1;
}

static inline int ebpf_make_heap_(struct ebpf_loaded *l, const struct image *im)
{
	LIBBPF_OPTS(bpf_map_create_opts, mo, .map_flags = BPF_F_MMAPABLE);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	l->heap_len = ((size_t)im->heap_size + im->heap_slack + page - 1) &
		      ~(page - 1);
	l->heap_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "test_heap", 4,
				    im->heap_size + im->heap_slack, 1, &mo);
	if (l->heap_fd < 0)
		return -errno;
	l->heap = mmap(NULL, l->heap_len, PROT_READ | PROT_WRITE, MAP_SHARED,
		       l->heap_fd, 0);
	if (l->heap == MAP_FAILED)
		return -errno;
	memcpy(l->heap, im->heap_init, im->heap_init_len);
	return 0;
}

/* 0 or -errno; then the verifier's log goes to stderr. */
static inline int ebpf_load(struct ebpf_loaded *l, const void *data,
			    size_t size, const struct image *im)
{
	LIBBPF_OPTS(bpf_object_open_opts, oo, .object_name = "test");
	struct bpf_program *p;
	struct bpf_map *m;
	int err;

	memset(l, 0, sizeof(*l));
	l->heap_fd = -1;
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	libbpf_set_print(ebpf_quiet_);
	err = ebpf_make_heap_(l, im);
	if (err)
		return err;
	l->obj = bpf_object__open_mem(data, size, &oo);
	if (!l->obj)
		return -errno;
	bpf_object__for_each_map(m,
				 l->obj) if (strstr(bpf_map__name(m), ".bss"))
	{
		err = bpf_map__reuse_fd(m, l->heap_fd);
		if (err)
			return err;
	}
	ebpf_log_buf[0] = 0;
	bpf_object__for_each_program(p, l->obj)
	{
		/* one buffer for all: enough for the first that fails */
		bpf_program__set_log_buf(p, ebpf_log_buf, EBPF_LOG_SIZE);
		bpf_program__set_log_level(
			p, getenv("EBPF_LOG")
				   ? (uint32_t)atoi(getenv("EBPF_LOG"))
				   : 4);
	}
	err = bpf_object__load(l->obj);
	if (err || getenv("EBPF_LOG"))
		fprintf(stderr, "%.*s\n", getenv("EBPF_LOG") ? 1 << 30 : 20000,
			ebpf_log_buf);
	if (err)
		return err;
	bpf_object__for_each_program(p, l->obj)
	{
		struct bpf_prog_info info = {0};
		uint32_t len = sizeof(info);

		if (!bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &len))
			l->insns_processed += info.verified_insns;
	}
	return 0;
}

/* Runs a raw_tp program with these as its arguments. */
static inline int ebpf_run(struct ebpf_loaded *l, const char *prog,
			   const uint64_t *args, unsigned nargs)
{
	LIBBPF_OPTS(bpf_test_run_opts, o);
	struct bpf_program *p = bpf_object__find_program_by_name(l->obj, prog);
	uint64_t none[1] = {0};

	if (!p)
		return -ENOENT;
	o.ctx_in = nargs ? args : none;
	o.ctx_size_in = (nargs ? nargs : 1) * 8;
	if (bpf_prog_test_run_opts(bpf_program__fd(p), &o))
		return -errno;
	return (int)o.retval;
}

static inline uint64_t ebpf_word(const struct ebpf_loaded *l, uint32_t off)
{
	uint64_t v;

	memcpy(&v, l->heap + off, sizeof(v));
	return v;
}

#endif
