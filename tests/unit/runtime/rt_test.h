/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A heap for tests of the run-time library: strings stand between canaries, and
 * every string that is looked at is checked against the invariants of wire.h.
 */
#ifndef TESTS_RT_TEST_H
#define TESTS_RT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "native.h"
#include "rt.h"

#define HEAP (1u << 20)
#define CANARY 0xc5c5c5c5c5c5c5c5ull

static char *heap;
static w_u32 ctx;      /* a context, taken */
static w_u32 next_off; /* free heap memory */

static inline struct rt_head *head(void)
{
	return (struct rt_head *)heap;
}

static inline struct rt_ctx *context(void)
{
	return (struct rt_ctx *)(heap + ctx);
}

static inline void *at(w_u64 off)
{
	return heap + off;
}

static inline w_u32 heap_alloc(w_u32 size)
{
	w_u32 off = next_off;

	next_off += (size + 7u) & ~7u;
	assert_true(next_off <= HEAP);
	memset(heap + off, 0, size);
	return off;
}

static w_u32 messages;

static inline void heap_new(w_u32 cap)
{
	free(heap);
	heap = calloc(1, HEAP + RT_NATIVE_SLACK);
	rt_native_env_reset();
	ctx = rt_native_setup(heap, HEAP, cap);
	next_off = rt_native_free_off();
	messages = heap_alloc(rt_msgs_size());
	rt_write_msgs(heap + messages, messages);
	head()->msgs_off = messages;
	assert_int_equal(rt_enter(0, 0, 1u << RT_RUNNING), ctx);
}

static inline void heap_free(void)
{
	free(heap);
	heap = NULL;
}

static inline w_u64 counter(enum wire_counter k)
{
	return head()->counters[k];
}

/* ---- strings ---- */

/* Memory of a destination string, holding garbage, between canaries. */
static inline w_u32 str_new(void)
{
	w_u32 size = RT_STR_SIZE(head()->string_cap);
	w_u32 off = heap_alloc(size + 16) + 8;

	*(uint64_t *)at(off - 8) = CANARY;
	*(uint64_t *)at(off + size) = CANARY;
	memset(at(off), 0xee, size);
	rt_heap_write_str(at(off), "");
	return off;
}

static inline w_u32 str_n(const char *text, size_t len)
{
	w_u32 off = str_new();

	assert_true(len <= head()->string_cap);
	rt_heap_write_strn(at(off), text, (w_u32)len);
	return off;
}

static inline w_u32 str(const char *text)
{
	return str_n(text, strlen(text));
}

/* Length fits, zeros behind the text up to the word's end, canaries intact. */
static inline void str_check_n(w_u32 off)
{
	const struct rt_str *s = at(off);
	w_u32 size = RT_STR_SIZE(head()->string_cap);

	assert_true(s->len <= head()->string_cap);
	assert_int_equal(s->spare, 0);
	for (w_u32 i = s->len; i < RT_STR_WORDS(s->len) * 8; i++)
		assert_int_equal(s->text[i], 0);
	assert_true(*(uint64_t *)at(off - 8) == CANARY);
	assert_true(*(uint64_t *)at(off + size) == CANARY);
}

static inline const char *text(w_u32 off)
{
	const struct rt_str *s = at(off);

	str_check_n(off);
	assert_int_equal(strlen((const char *)s->text), s->len);
	return (const char *)s->text;
}

/* ---- errors ---- */

/* The pending error's message, which is cleared; NULL: none. */
static inline const char *take_error(void)
{
	static char msg[RT_ERRMSG_CAP + 1];
	struct rt_ctx *c = context();

	if (!c->error)
		return NULL;
	memcpy(msg, c->errmsg_text, sizeof(msg));
	c->error = 0;
	return msg;
}

#define assert_error(code)                                                     \
	do {                                                                   \
		const char *msg_ = take_error();                               \
                                                                               \
		assert_non_null(msg_);                                         \
		assert_string_equal(msg_, rt_msg_text(RT_MSG_##code));         \
	} while (0)
#define assert_error_text(text_)                                               \
	do {                                                                   \
		const char *msg_ = take_error();                               \
                                                                               \
		assert_non_null(msg_);                                         \
		assert_string_equal(msg_, text_);                              \
	} while (0)
#define assert_no_error() assert_null(take_error())

/* ---- random numbers ---- */
static uint64_t rnd_state = 88172645463325252ull;

static inline uint64_t rnd(uint64_t n)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return rnd_state % n;
}

#endif
