/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run-time library with a heap and a ring buffer of its own, and one
 * program per public function that calls it with arguments from the heap. See
 * verify_test.c.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} rt_ring_map SEC(".maps");
#define rt_ring (&rt_ring_map)

#include "../../../runtime/bpf_unity.c"
#include "verify.h"

char rt_heap[RT_TEST_HEAP + 65536] __attribute__((aligned(4096)));

#define ARG(i) rt_ld64(VERIFY_ARGS + (i)*8)
#define ARGS_0
#define ARGS_1 ARG(0)
#define ARGS_2 ARGS_1, ARG(1)
#define ARGS_3 ARGS_2, ARG(2)
#define ARGS_4 ARGS_3, ARG(3)
#define ARGS_5 ARGS_4, ARG(4)

#define RT(name, n, flags)                                                     \
	SEC("raw_tp")                                                          \
	int call_##name(void *ctx)                                             \
	{                                                                      \
		w_u64 r = rt_##name(ARGS_##n);                                 \
                                                                               \
		rt_st64(VERIFY_RESULT, r);                                     \
		return 0;                                                      \
	}
#include "rt.def"
#undef RT

/* ---- measured paths ---- */

/* A handler that does nothing. */
SEC("raw_tp")
int time_enter_leave(void *ctx)
{
	w_u64 c = rt_enter(0, 0, 1 << RT_RUNNING);

	if (c)
		rt_leave(c);
	return 0;
}

/* counts[execname(), pid()]++ */
SEC("raw_tp")
int time_count(void *ctx)
{
	w_u64 c = rt_enter(0, 0, 1 << RT_RUNNING), key, end, e;

	if (!c)
		return 0;
	key = ARG(1);
	rt_execname(c, ARG(2));
	end = rt_key_str(key, ARG(2));
	rt_st64(end, rt_pid_tgid() >> 32);
	e = rt_map_insert(c, ARG(0), key, (end + 8 - key) >> 3);
	if (e) {
		e += ((struct rt_map *)rt_at(ARG(0)))->val_off;
		rt_st64(e, rt_ld64(e) + 1);
	}
	rt_leave(c);
	return 0;
}

/* The map's part of it alone: the key is ready. */
SEC("raw_tp")
int time_map_insert(void *ctx)
{
	rt_map_insert(ARG(1), ARG(0), ARG(2), ARG(3));
	return 0;
}

/* printf("%d %d %d") */
SEC("raw_tp")
int time_out(void *ctx)
{
	w_u64 c = rt_enter(0, 0, 1 << RT_RUNNING), at;

	if (!c)
		return 0;
	at = rt_out(c, WIRE_ENT_FORMAT | 1 << 16, 3, 0);
	rt_st64(at, 1);
	rt_st64(at + 8, 2);
	rt_st64(at + 16, 3);
	rt_leave(c);
	return 0;
}

char _license[] SEC("license") = "GPL";
