/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the run-time library: memory access, loops, and what differs between
 * its three homes.
 *
 * Memory. rt_at(off) is the only way from a heap offset to an address. It masks
 * the offset, so no script, however wrong, reaches outside the heap (plus the
 * slack behind it). For BPF the mask is an inline assembler AND with a magic
 * immediate: clang cannot fold it away, the verifier learns the bound from it,
 * and the object writer replaces the immediate by the real heap's. A pointer
 * that rt_at() gave may be used with constant displacements only; everything
 * computed goes into the offset.
 *
 * Loops. The verifier must see each loop end. A body is a step function, long
 * step(i, state), that returns 1 to stop; RT_LOOP(n, step, &state) calls it for
 * i = 0 .. n - 1 and gives 0, or 1 when it was cut short because it ran for too
 * long. may_goto (Linux 6.9) makes it a plain loop with the body inlined,
 * bpf_loop (5.17) makes the body a callback; elsewhere it is a plain loop.
 * Bodies call no global function and contain no loop of their own, and the
 * verifier must not learn exact values that change from step to step, or it
 * follows each on its own. So: what counts starts from rt_zero(), not from 0;
 * it is counted up with rt_advance(), which keeps clang from deriving a counter
 * of its own that starts from 0; and what was compared with 0 before is
 * counted up by rt_unknown(n), because the comparison tells. `i` is not for
 * addresses: it is bounded by n, and bounds that move do not converge.
 *
 * Stack. A state of more than a few words stands in ctx.scratch, and the
 * RT_LOOP's state is a struct rt_in_heap that says where.
 */
#ifndef RUNTIME_RT_INT_H
#define RUNTIME_RT_INT_H

#include "rt.h"

#define RT_INLINE static inline __attribute__((always_inline, unused))
/*
 * A parameter that a function has for its callers' sake. Without this clang
 * leaves the argument's register undefined in calls from within the library.
 */
#ifdef RT_BPF
#define RT_UNUSED(x) asm volatile("" : : "r"(x))
#else
#define RT_UNUSED(x) ((void)(x))
#endif
#define RT_OFF(type, field) __builtin_offsetof(type, field)
#define rt_likely(x) __builtin_expect(!!(x), 1)
#define rt_unlikely(x) __builtin_expect(!!(x), 0)

/* Heap words, whatever the memory holds otherwise. */
typedef w_u64 __attribute__((may_alias)) rt_word;

#ifdef RT_BPF
#define RT_FN __attribute__((noinline))
typedef rt_word rt_unaligned;

#ifdef RT_TEST_BPF /* see tests/unit/runtime: a heap of its own */
#define RT_TEST_HEAP (1u << 20)
#define RT_MASK_TEXT "0xfffff"
extern char rt_heap[RT_TEST_HEAP + WIRE_SLACK];
#else
/* Bit 3 is clear, so it is no real mask. */
#define RT_MASK_TEXT "0x1ffffff7"
extern char rt_heap[] __attribute__((aligned(4096)));
#endif

RT_INLINE void *rt_at(w_u64 off)
{
	asm("%0 &= " RT_MASK_TEXT : "+r"(off));
	return rt_heap + off;
}

static long (*rt_probe_read_kernel)(void *dst, w_u32 size,
				    const void *src) = (void *)113;

/* The largest helper size: what the slack behind the heap covers. */
RT_INLINE w_u64 rt_helper_size(w_u64 n)
{
	asm("%0 &= 0x1ffff" : "+r"(n));
	return n;
}

RT_INLINE void rt_copy(w_u64 dst, w_u64 src, w_u64 n)
{
	rt_probe_read_kernel(rt_at(dst), rt_helper_size(n), rt_at(src));
}

/* The helper clears the destination when it cannot read the source. */
RT_INLINE void rt_clear(w_u64 at, w_u64 n)
{
	rt_probe_read_kernel(rt_at(at), rt_helper_size(n), (void *)0);
}

/*
 * Writes 0 after everything before it. BPF had no release store before Linux
 * 6.15; an exchange is one everywhere. Where stores stay in order by
 * themselves (x86, RT_TSO: an image serves one architecture) a plain one does,
 * 3 to 5 ns faster.
 */
#ifdef RT_TSO
#define RT_RELEASE(word)                                                       \
	do {                                                                   \
		asm volatile("" ::: "memory");                                 \
		*(volatile w_u32 *)(word) = 0;                                 \
	} while (0)
#else
#define RT_RELEASE(word) ((void)__sync_lock_test_and_set(word, 0))
#endif

#else /* native */
#include <string.h>

#define RT_FN
typedef w_u64 __attribute__((may_alias, aligned(1))) rt_unaligned;

extern __thread char *rt_heap_base;
extern __thread w_u32 rt_heap_mask;
#define rt_heap rt_heap_base

RT_INLINE void *rt_at(w_u64 off)
{
	return rt_heap_base + (off & rt_heap_mask);
}

RT_INLINE void rt_copy(w_u64 dst, w_u64 src, w_u64 n)
{
	memmove(rt_at(dst), rt_at(src), n & (WIRE_SLACK - 1));
}

RT_INLINE void rt_clear(w_u64 at, w_u64 n)
{
	memset(rt_at(at), 0, n & (WIRE_SLACK - 1));
}

#define RT_RELEASE(word) __atomic_store_n(word, 0, __ATOMIC_RELEASE)
#endif

/* rt_copy() and rt_clear() take at most this many bytes. */
#define RT_COPY_MAX (WIRE_SLACK - 8)
/* string_cap is at most this: MAXSTRINGLEN is up to 65536, with the end mark.
   A string is then one rt_copy(). */
#define RT_STRING_CAP_MAX 0xffffu

/* ------------------------------------------------------------------ *
 * Loops
 * ------------------------------------------------------------------ */
#define RT_LOOP_MAX (1u << 23) /* the most that bpf_loop takes */

#if defined(RT_BPF) && defined(RT_MAY_GOTO)

#define RT_STEP(name, type) RT_INLINE long name(w_u64 i, type *st)
#define rt_may_goto(label)                                                     \
	asm goto(".byte 0xe5; .byte 0; .long ((%l[" #label                     \
		 "] - . - 6) / 8) & 0xffff; .short 0" ::                       \
			 :                                                     \
		 : label)
#define RT_LOOP(n, step, st)                                                   \
	({                                                                     \
		__label__ over_;                                               \
		w_u64 i_ = rt_zero(), n_ = (n);                                \
		long cut_ = 1;                                                 \
		for (; i_ < n_; i_++) {                                        \
			asm volatile("" : "+r"(i_));                           \
			rt_may_goto(over_);                                    \
			if (step(i_, st))                                      \
				break;                                         \
		}                                                              \
		cut_ = 0;                                                      \
	over_:                                                                 \
		cut_;                                                          \
	})

#elif defined(RT_BPF)

static long (*rt_bpf_loop)(w_u32 n, void *step, void *st,
			   w_u64 flags) = (void *)181;
#define RT_STEP(name, type)                                                    \
	static __attribute__((noinline)) long name(w_u64 i, type *st)
#define RT_LOOP(n, step, st) (rt_bpf_loop(n, step, st, 0) < 0)

#else

#define RT_STEP(name, type) RT_INLINE long name(w_u64 i, type *st)
#define RT_LOOP(n, step, st)                                                   \
	({                                                                     \
		w_u64 n_ = (n);                                                \
		for (w_u64 i_ = 0; i_ < n_; i_++)                              \
			if (step(i_, st))                                      \
				break;                                         \
		0;                                                             \
	})
#endif

struct rt_in_heap {
	w_u64 at; /* heap offset of the state */
};
#define RT_SCRATCH(c) ((c) + RT_OFF(struct rt_ctx, scratch))
#define RT_SCRATCH_END(c) (RT_SCRATCH(c) + 64)

/* ------------------------------------------------------------------ *
 * Memory
 * ------------------------------------------------------------------ */
RT_INLINE struct rt_head *rt_head(void)
{
	return (struct rt_head *)rt_heap;
}

/* A zero that the compiler and the verifier do not know. */
RT_INLINE w_u64 rt_zero(void)
{
	return *(volatile w_u64 *)&rt_head()->zero;
}

/* n, as a number that the verifier does not know. */
RT_INLINE w_u64 rt_unknown(w_u64 n)
{
	return n + rt_zero();
}

/* For loop bodies: x += n, see above. */
#ifdef RT_BPF
#define rt_advance(x, n)                                                       \
	do {                                                                   \
		(x) += (n);                                                    \
		asm volatile("" : "+r"(x));                                    \
	} while (0)
#else
#define rt_advance(x, n) ((void)((x) += (n)))
#endif

/* For atomics: the verifier wants to see that they are aligned. */
RT_INLINE void *rt_at_aligned(w_u64 off)
{
#ifdef RT_BPF
	asm("%0 &= " RT_MASK_TEXT "\n\t%0 &= -8" : "+r"(off));
	return rt_heap + off;
#else
	return rt_at(off);
#endif
}

RT_INLINE struct rt_ctx *rt_ctx(w_u64 c)
{
	return rt_at(c);
}

RT_INLINE struct rt_str *rt_string(w_u64 off)
{
	return rt_at(off);
}

RT_INLINE w_u64 rt_ld8(w_u64 off)
{
	return *(w_u8 *)rt_at(off);
}

RT_INLINE void rt_st8(w_u64 off, w_u64 v)
{
	*(w_u8 *)rt_at(off) = v;
}

RT_INLINE w_u64 rt_ld32(w_u64 off)
{
	return *(w_u32 *)rt_at(off);
}

RT_INLINE void rt_st32(w_u64 off, w_u64 v)
{
	*(w_u32 *)rt_at(off) = v;
}

RT_INLINE w_u64 rt_ld64(w_u64 off)
{
	return *(rt_word *)rt_at(off);
}

RT_INLINE void rt_st64(w_u64 off, w_u64 v)
{
	*(rt_word *)rt_at(off) = v;
}

RT_INLINE w_u64 rt_ld64u(w_u64 off)
{
	return *(rt_unaligned *)rt_at(off);
}

/* Whole words; dst and src are the same or do not overlap. */
RT_INLINE void rt_copy_words(w_u64 dst, w_u64 src, w_u64 words)
{
	rt_word *d, *s;

	if (words > 4) {
		rt_copy(dst, src, words * 8);
		return;
	}
	if (!words)
		return;
	d = rt_at(dst);
	s = rt_at(src);
	d[0] = s[0];
	if (words < 2)
		return;
	d[1] = s[1];
	if (words < 3)
		return;
	d[2] = s[2];
	if (words < 4)
		return;
	d[3] = s[3];
}

RT_INLINE void rt_count(enum wire_counter k)
{
	__sync_fetch_and_add(&rt_head()->counters[k], 1);
}

/* ------------------------------------------------------------------ *
 * Integers
 * ------------------------------------------------------------------ */
RT_INLINE w_u64 rt_abs64(w_u64 v)
{
	return (w_s64)v < 0 ? -v : v;
}

/* a / b as signed numbers, truncated towards zero; b is not 0. */
RT_INLINE w_u64 rt_sdiv(w_u64 a, w_u64 b)
{
	w_u64 q = rt_abs64(a) / rt_abs64(b);

	return (w_s64)(a ^ b) < 0 ? -q : q;
}

/* Position of the highest bit; v is not 0. */
RT_INLINE w_u64 rt_log2(w_u64 v)
{
	w_u64 k = 0;

	if (v >> 32) {
		k += 32;
		v >>= 32;
	}
	if (v >> 16) {
		k += 16;
		v >>= 16;
	}
	if (v >> 8) {
		k += 8;
		v >>= 8;
	}
	if (v >> 4) {
		k += 4;
		v >>= 4;
	}
	if (v >> 2) {
		k += 2;
		v >>= 2;
	}
	return k + (v >> 1);
}

/* ------------------------------------------------------------------ *
 * Words of text
 * ------------------------------------------------------------------ */
/* Mask of a word's first n bytes in memory order, 0 <= n < 8. */
RT_INLINE w_u64 rt_first_bytes(w_u64 n)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return ((w_u64)1 << (n * 8)) - 1;
#else
	return ~(~(w_u64)0 >> (n * 8));
#endif
}

/* A word whose integer order is the order of its bytes as text. */
RT_INLINE w_u64 rt_text_order(w_u64 w)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap64(w);
#else
	return w;
#endif
}

/* Bytes before the first NUL of a word in memory order; 8: none. */
RT_INLINE w_u64 rt_word_len(w_u64 w)
{
	const w_u64 ones = 0x0101010101010101ull;
	w_u64 z;

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	/* the lowest set bit is exact: borrows go upwards only */
	z = (w - ones) & ~w & ones << 7;
	/* it goes to the bottom of its byte: one less has a 1 at the bottom of
	   each byte below (of all eight, when there is none); they are added
	   up in the top byte */
	z = (z & -z) >> 7;
	return ((z - 1) & ones) * ones >> 56;
}

/*
 * How a character is shown, as little-endian text: itself, a C escape, or a
 * backslash and three octal digits.
 */
RT_INLINE w_u64 rt_escape(w_u64 ch)
{
	w_u64 e;

	if (ch >= 32 && ch < 127 && ch != '"' && ch != '\\')
		return ch;
	e = ch == '"'	 ? '"'
	    : ch == '\\' ? '\\'
	    : ch == 7	 ? 'a'
	    : ch == 8	 ? 'b'
	    : ch == 9	 ? 't'
	    : ch == 10	 ? 'n'
	    : ch == 11	 ? 'v'
	    : ch == 12	 ? 'f'
	    : ch == 13	 ? 'r'
			 : 0;
	if (e)
		return '\\' | e << 8;
	return '\\' | (w_u64)('0' + (ch >> 6)) << 8 |
	       (w_u64)('0' + (ch >> 3 & 7)) << 16 |
	       (w_u64)('0' + (ch & 7)) << 24;
}

/* Little-endian text of up to eight bytes, as text in memory. */
RT_INLINE void rt_st_text(w_u64 at, w_u64 text)
{
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	text = __builtin_bswap64(text);
#endif
	rt_st64(at, text);
}

/* Bytes of an rt_escape(). */
RT_INLINE w_u64 rt_escape_len(w_u64 e)
{
	return e < 256 ? 1 : e < 65536 ? 2 : 4;
}

/* The header of a string of this length as one word, as in a packed key. */
RT_INLINE w_u64 rt_head_word(w_u64 len)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return len;
#else
	return len << 32;
#endif
}

/* Written as the one word that keys are hashed and compared by: two halves
   would not be there yet when the word is read (no store forwarding). */
RT_INLINE void rt_str_head(w_u64 dst, w_u64 len)
{
	*(rt_word *)rt_at(dst) = rt_head_word(len);
}

/* Length of a task's name, two words as the kernel keeps it: at most 15. */
RT_INLINE w_u64 rt_name_len(w_u64 first, w_u64 second)
{
	w_u64 len = rt_word_len(first), more;

	if (len < 8)
		return len;
	more = rt_word_len(second);
	return 8 + more - (more >> 3);
}

/* Sets the length, and restores the zeros behind the text. */
RT_INLINE void rt_str_end(w_u64 dst, w_u64 len)
{
	rt_word *last = rt_at(dst + RT_STR_HDR + (len & ~7ull));

	*last &= rt_first_bytes(len & 7);
	rt_str_head(dst, len);
}

/* How much of `len` bytes a string can hold; a truncation is counted. */
RT_INLINE w_u64 rt_str_fit(w_u64 len)
{
	w_u64 cap = rt_head()->string_cap;

	if (rt_unlikely(len > cap)) {
		rt_count(WIRE_CNT_TRUNCATED);
		return cap;
	}
	return len;
}

RT_INLINE void rt_str_empty(w_u64 dst)
{
	rt_word *d = rt_at(dst);

	d[0] = 0;
	d[1] = 0;
}

/* dst = text, a string's offset; 0: "". */
RT_INLINE w_u64 rt_copy_or_empty(w_u64 c, w_u64 dst, w_u64 text)
{
	if (text)
		return rt_str_copy(c, dst, text);
	rt_str_empty(dst);
	return 0;
}

/* ------------------------------------------------------------------ *
 * Aggregates
 * ------------------------------------------------------------------ */
RT_INLINE w_u64 rt_stat_buckets(const struct rt_stat_desc *d)
{
	return d->hist == RT_HIST_LOG	   ? RT_HIST_LOG_BUCKETS
	       : d->hist == RT_HIST_LINEAR ? d->nbuckets
					   : 0;
}

/* See stat.c. */
RT_INLINE w_u64 rt_stat_variance(const struct rt_stat *s,
				 const struct rt_stat_desc *desc)
{
	w_u64 n = s->count, shift = desc->variance_shift & 63, d = 0;

	if (n < 2)
		return 0;
	if (!desc->in_array)
		d = rt_sdiv((w_u64)s->sum << shift, n) - (w_u64)s->avg_s;
	/* each part rounded, as SystemTap's figures are */
	return (w_s64)(rt_sdiv(s->var_s, n - 1) + rt_sdiv(n * d * d, n - 1)) >>
	       ((2 * shift) & 63);
}

/* op: enum rt_statop. 0 for whatever an empty one is asked. */
RT_INLINE w_u64 rt_stat_value(w_u64 stat, w_u64 desc, w_u64 op)
{
	struct rt_stat *s = rt_at(stat);

	if (op == RT_STAT_COUNT || !s->count)
		return s->count;
	if (op == RT_STAT_SUM)
		return s->sum;
	if (op == RT_STAT_MIN)
		return s->min;
	if (op == RT_STAT_MAX)
		return s->max;
	if (op == RT_STAT_AVG)
		return rt_sdiv(s->sum, s->count);
	return rt_stat_variance(s, rt_at(desc));
}

/* ------------------------------------------------------------------ *
 * Shared between files; global functions, not to be called from loop bodies.
 * ------------------------------------------------------------------ */
/* Appends n bytes at heap offset `from` to the string dst. */
w_u64 rt_i_append(w_u64 dst, w_u64 from, w_u64 n);
/* Appends the byte `ch` n times. */
w_u64 rt_i_fill(w_u64 dst, w_u64 ch, w_u64 n);
/* format.c: parts of rt_fmt_long() and rt_fmt_str(). */
w_u64 rt_i_memory(w_u64 c, w_u64 dst, w_u64 addr, w_u64 n, w_u64 hex);
w_u64 rt_i_digits(w_u64 c, w_u64 value, w_u64 conv);
/* hist.c */
w_u64 rt_i_hist_label(w_u64 c, w_u64 desc, w_u64 index);
/* Counts a skipped hit; too many stop the session. */
w_u64 rt_i_skip(w_u64 counter);
w_u64 rt_i_other_context(w_u64 cpu);
w_u64 rt_i_touched_str(w_u64 at, w_u64 size, w_u64 addr);
w_u64 rt_i_refuse(w_u64 state);
w_u64 rt_i_leave(w_u64 c);
w_u64 rt_i_lock(w_u64 c, w_u64 word, w_u64 mode);
w_u64 rt_i_counter(w_u64 c, w_u64 which);
w_u64 rt_i_execname_task(w_u64 c, w_u64 dst);
/* Asks the session to stop. */
w_u64 rt_i_stop(w_u64 exit_status);
/* Reports the context's pending error. */
w_u64 rt_i_report(w_u64 c);
w_u64 rt_i_fault(w_u64 c, w_u64 code, w_u64 addr);
w_u64 rt_i_number_error(w_u64 c, w_u64 code, w_u64 value);
/* Adds an activation to its probe's times. */
w_u64 rt_i_timing(w_u64 c);
/* string.c, map.c, sort.c, regex.c: parts of the functions they are named
 * after. */
w_u64 rt_i_token(w_u64 c, w_u64 text, w_u64 delim);
w_u64 rt_i_escape(w_u64 c, w_u64 to, w_u64 s, w_u64 n);
w_u64 rt_i_map_insert(w_u64 c, w_u64 map, w_u64 key, w_u64 words);
w_u64 rt_i_insert1(w_u64 c, w_u64 map, w_u64 value, w_u64 hash);
w_u64 rt_i_insert(w_u64 c, w_u64 map, w_u64 key, w_u64 words, w_u64 hash);
w_u64 rt_i_near_name(w_u64 map, w_u64 first, w_u64 second, w_u64 more,
		     w_u64 with_more);
w_u64 rt_i_near_longs(w_u64 map, w_u64 first, w_u64 second, w_u64 n);
w_u64 rt_i_sort_locate(w_u64 map, w_u64 column);
w_u64 rt_i_sort_run(w_u64 map);
w_u64 rt_i_sort_top(w_u64 map, w_u64 limit);
w_u64 rt_i_sort_finish(w_u64 map, w_u64 done);
w_u64 rt_i_search(w_u64 table, w_u64 n, w_u64 size, w_u64 key);
w_u64 rt_i_usym(w_u64 mod, w_u64 off);
w_u64 rt_i_source(w_u64 c, w_u64 addr);
w_u64 rt_i_inline(w_u64 row, w_u64 n);
/* float_text.c: decimal digits of a number; a decimal number scaled by 10^exp. */
w_u64 rt_i_fp_digits(w_u64 work, w_u64 a, w_u64 prec);
w_u64 rt_i_fp_scale(w_u64 work, w_u64 v, w_u64 exp10, w_u64 sticky);
w_u64 rt_i_own_frames(w_u64 c);
w_u64 rt_i_regex_name(w_u64 re, w_u64 first, w_u64 second);
w_u64 rt_i_regex_result(w_u64 c, w_u64 re, w_u64 s, w_u64 matched);

/* ------------------------------------------------------------------ *
 * Output, see output.c
 * ------------------------------------------------------------------ */
/* Begins an entry behind what is in the buffer: offset of its longs. */
RT_INLINE w_u64 rt_entry_begin(w_u64 c, w_u64 kind_format, w_u64 longs)
{
	struct rt_ctx *ctx = rt_ctx(c);
	w_u64 size = sizeof(struct wire_entry) + longs * 8;
	w_u64 len = ctx->out_len, at = ctx->out_off;
	struct wire_record *r = rt_at(at);
	struct wire_entry *e;

	if (!len) {
		len = sizeof(struct wire_record);
		r->seq = 0;
	}
	r->seq++;
	ctx->out_entry = len;
	ctx->out_len = len + size;
	at += len;
	e = rt_at(at);
	e->kind = kind_format;
	e->format = kind_format >> 16;
	e->size = size;
	return at + sizeof(struct wire_entry);
}

/* rt_out(), for functions that are deep in calls already. */
RT_INLINE w_u64 rt_out_begin(w_u64 c, w_u64 kind_format, w_u64 longs,
			     w_u64 strings)
{
	w_u64 need = sizeof(struct wire_entry) + longs * 8 + strings;

	if (rt_unlikely(rt_ctx(c)->out_len + need > rt_head()->out_cap))
		rt_flush(c);
	return rt_entry_begin(c, kind_format, longs);
}

/* errors, from inside the library */
RT_INLINE w_u64 rt_fail(w_u64 c, enum rt_msg code)
{
	rt_error_code(c, code);
	return 0;
}

_Static_assert(sizeof(struct rt_ctx) <= RT_CTX_FRAME,
	       "rt_ctx outgrew its room");
_Static_assert(RT_CTX_FRAME % 8 == 0 && sizeof(struct rt_entry) % 8 == 0 &&
		       sizeof(struct rt_map) % 8 == 0 &&
		       sizeof(struct rt_head) % 8 == 0 &&
		       sizeof(struct rt_stat_desc) % 8 == 0,
	       "heap objects are made of words");

#include "env.h"

#endif
