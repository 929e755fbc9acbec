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

/* Of perf counters. There are none here: reading one is an error. */
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 4);
} rt_events_map SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(key_size, 8);
	__uint(value_size, 128); /* struct rt_counts */
} rt_tasks_map SEC(".maps");
#define rt_events (&rt_events_map)
#define rt_tasks (&rt_tasks_map)

#include "../../../runtime/bpf_unity.c"
#include "verify.h"

char rt_heap[RT_TEST_HEAP + WIRE_SLACK] __attribute__((aligned(4096)));

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

/* ---- measured paths: nanoseconds of VERIFY_REPEAT runs as the result ---- */
static long (*loop)(w_u32 n, void *step, void *st, w_u64 flags) = (void *)181;

#define TIMED(name)                                                            \
	static __attribute__((noinline)) long name##_body(w_u64 i, void *st);  \
	SEC("raw_tp") int time_##name(void *ctx)                               \
	{                                                                      \
		w_u64 start = rt_mono_ns();                                    \
                                                                               \
		loop(VERIFY_REPEAT, name##_body, (void *)0, 0);                \
		rt_st64(VERIFY_RESULT, rt_mono_ns() - start);                  \
		return 0;                                                      \
	}                                                                      \
	static __attribute__((noinline)) long name##_body(w_u64 i, void *st)

TIMED(nothing)
{
	return 0;
}

/* A handler that does nothing. */
TIMED(enter_leave)
{
	w_u64 c = rt_enter(0, 0, 1 << RT_RUNNING);

	if (c)
		rt_leave(c);
	return 0;
}

/* counts[execname(), pid()]++ */
TIMED(count)
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
TIMED(map_insert)
{
	rt_map_insert(ARG(1), ARG(0), ARG(2), ARG(3));
	return 0;
}

TIMED(map_insert1)
{
	rt_map_insert1(ARG(1), ARG(4), 5);
	return 0;
}

/* printf("%d %d %d") */
TIMED(out)
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

TIMED(execname)
{
	rt_execname(ARG(1), ARG(2));
	return 0;
}

TIMED(key_str)
{
	rt_key_str(ARG(3), ARG(2));
	return 0;
}

TIMED(str_copy)
{
	rt_str_copy(ARG(1), ARG(3), ARG(2));
	return 0;
}

/* sprintf("%d") */
TIMED(fmt_long)
{
	w_u64 dst = ARG(2);

	rt_st64(dst, 0);
	rt_fmt_long(ARG(1), dst, ARG(3), 1234567 + i, ~0ull);
	return 0;
}

char _license[] SEC("license") = "GPL";
