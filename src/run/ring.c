// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Why not libbpf's ring_buffer__consume(): it goes on until the ring is empty,
 * which under load is never, so that signals and timers would starve; and it
 * tells the kernel about each record. Here a call takes a bounded amount and
 * publishes its position every few kilobytes.
 */
#include "run/ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PUBLISH_BYTES 16384

int run_ring_map(struct run_ring *r, int map_fd, uint32_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *c, *p;

	c = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (c == MAP_FAILED)
		return -errno;
	p = mmap(NULL, page + 2 * (size_t)size, PROT_READ, MAP_SHARED, map_fd,
		 (off_t)page);
	if (p == MAP_FAILED) {
		int err = -errno;

		munmap(c, page);
		return err;
	}
	*r = (struct run_ring){
		.consumer_pos = c,
		.producer_pos = p,
		.data = (const char *)p + page,
		.mask = size - 1,
		.consumer_map = c,
		.producer_map = p,
		.consumer_len = page,
		.producer_len = page + 2 * (size_t)size,
	};
	return 0;
}

void run_ring_unmap(struct run_ring *r)
{
	if (r->consumer_map)
		munmap(r->consumer_map, r->consumer_len);
	if (r->producer_map)
		munmap(r->producer_map, r->producer_len);
	memset(r, 0, sizeof(*r));
}

int run_ring_consume(struct run_ring *r, run_record_fn fn, void *arg,
		     size_t max_bytes)
{
	unsigned long start, pos, published, end;
	int n = 0;

	pos = start = published =
		__atomic_load_n(r->consumer_pos, __ATOMIC_RELAXED);
	end = __atomic_load_n(r->producer_pos, __ATOMIC_ACQUIRE);
	while (pos - start < max_bytes) {
		const char *rec;
		uint32_t len;
		int stop = 0;

		if (pos == end) {
			end = __atomic_load_n(r->producer_pos,
					      __ATOMIC_ACQUIRE);
			if (pos == end)
				break;
		}
		rec = r->data + (pos & r->mask);
		len = __atomic_load_n((const uint32_t *)(const void *)rec,
				      __ATOMIC_ACQUIRE);
		if (len & BPF_RINGBUF_BUSY_BIT)
			break; /* reserved, being written */
		pos += ((len & ~(uint32_t)(BPF_RINGBUF_BUSY_BIT |
					   BPF_RINGBUF_DISCARD_BIT)) +
			BPF_RINGBUF_HDR_SZ + 7) &
		       ~7ul;
		if (!(len & BPF_RINGBUF_DISCARD_BIT)) {
			stop = fn(arg, rec + BPF_RINGBUF_HDR_SZ, len);
			n++;
		}
		if (stop)
			break;
		if (pos - published >= PUBLISH_BYTES) {
			__atomic_store_n(r->consumer_pos, pos,
					 __ATOMIC_RELEASE);
			published = pos;
		}
	}
	if (pos != published)
		__atomic_store_n(r->consumer_pos, pos, __ATOMIC_RELEASE);
	/*
	 * The kernel wakes a sleeping reader when the record it commits is at
	 * the consumer's position. A record committed between our last look
	 * and the store above found the old position and woke nobody; the
	 * full barrier and another look by the caller (the session polls
	 * again within its tick) cover that.
	 */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return n;
}
