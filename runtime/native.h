/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run-time library inside a process: for the in-process engine, for the
 * formatter of the runner, for the compiler's constant strings, and for tests.
 * Everything is per thread.
 */
#ifndef RUNTIME_NATIVE_H
#define RUNTIME_NATIVE_H

#include "wire/wire.h"

/*
 * Answers to what a handler asks. rt_native_env starts with the process's own
 * answers from system calls, and an output that has no room for anything.
 * `data` is handed to each.
 */
struct rt_native_env {
	void *data;
	/* A whole struct wire_record; 0, or -1 when there is no room. flags:
	   1: the reader should look at once. */
	int (*output)(void *data, const void *record, w_u64 size, w_u32 flags);
	w_u64 (*pid_tgid)(void *data); /* tgid << 32 | tid */
	w_u64 (*uid_gid)(void *data);  /* gid << 32 | uid */
	w_u64 (*cpu)(void *data);
	void (*comm)(void *data, void *buf); /* 16 bytes, zero-padded */
	w_u64 (*mono_ns)(void *data);
	w_u64 (*boot_ns)(void *data);
	w_u64 (*real_ns)(void *data);
	w_u64 (*random)(void *data); /* 64 random bits */
	int (*raise)(void *data, int signo); /* to this thread; 0 or -errno */
	/* Memory of the traced process; 0, or -1: fault. */
	int (*read)(void *data, void *dst, w_u64 size, w_u64 addr, int user);
	/* Text of at most size bytes with its NUL, which is always written when
	   size > 0; bytes with the NUL, or -1: fault. */
	long (*read_str)(void *data, void *dst, w_u64 size, w_u64 addr,
			 int user);
};
extern __thread struct rt_native_env rt_native_env;
void rt_native_env_reset(void);

/* Slack that must follow a heap: see wire/image.h, heap_slack. */
#define RT_NATIVE_SLACK WIRE_SLACK

/*
 * The heap of this thread from now on: `size` bytes, a power of two, followed
 * by RT_NATIVE_SLACK bytes that may be touched, aligned to 8.
 */
void rt_native_bind(void *base, w_u32 size);
void *rt_native_base(void);
/* Binds again what rt_native_base() gave before, NULL: nothing. */
void rt_native_restore(void *base);

/*
 * Makes and binds a small heap with one free context and nothing else, for
 * users of the string and format functions: `string_cap` bytes of text per
 * string. The context is returned; memory from rt_native_free_off() on is the
 * caller's. size must be at least RT_NATIVE_MIN(string_cap).
 */
w_u32 rt_native_setup(void *base, w_u32 size, w_u32 string_cap);
w_u32 rt_native_free_off(void);
#define RT_NATIVE_OUT_CAP 4096u
#define RT_NATIVE_MIN(string_cap)                                              \
	(sizeof(struct rt_head) + RT_CTX_FRAME + RT_NATIVE_OUT_CAP +           \
	 RT_CTX_STRINGS * RT_STR_SIZE(string_cap) + 4096u)

/* Writes `text` as a struct rt_str; bytes written, RT_STR_SIZE(length). */
w_u32 rt_heap_write_str(void *at, const char *text);
/* As above, of `len` bytes that need no NUL. */
w_u32 rt_heap_write_strn(void *at, const char *text, w_u32 len);

/* Text of the built-in message `code` (enum rt_msg), "" if there is none. */
const char *rt_msg_text(w_u32 code);
/* Bytes that rt_write_msgs() fills. */
w_u32 rt_msgs_size(void);
/*
 * Writes the table that rt_head.msgs_off points to, and the messages, at heap
 * offset `off` (a multiple of 8), which is memory `at`.
 */
void rt_write_msgs(void *at, w_u32 off);

#endif
