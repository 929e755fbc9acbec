/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reading end of a ring of records in shared memory, laid out as the
 * kernel's BPF ring buffer: a page with the consumer's position, a page with
 * the producer's, then the data, mapped twice in a row so that no record is
 * cut at the end.
 */
#ifndef RUN_RING_H
#define RUN_RING_H

#include <stddef.h>
#include <stdint.h>

#include "run/run.h"

struct run_ring {
	volatile unsigned long *consumer_pos; /* ours */
	const volatile unsigned long *producer_pos;
	const char *data;
	uint64_t mask;			   /* size of the data - 1 */
	void *consumer_map, *producer_map; /* NULL: not ours to unmap */
	size_t consumer_len, producer_len;
};

/* map_fd: a BPF_MAP_TYPE_RINGBUF of `size` bytes. -errno. */
int run_ring_map(struct run_ring *r, int map_fd, uint32_t size);
void run_ring_unmap(struct run_ring *r);
/* See run_target_ops.consume(). */
int run_ring_consume(struct run_ring *r, run_record_fn fn, void *arg,
		     size_t max_bytes);

#endif
