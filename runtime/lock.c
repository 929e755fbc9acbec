/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks of global variables: a 32-bit heap word. High half: cpu + 1 of the
 * writer, or 0; low half: number of readers. Spinning is bounded, and useless
 * when the writer is a handler that we interrupted on our own CPU.
 */
#include "rt_int.h"

#define LOCK_READERS 0xffffu

enum { LOCK_MISSED, LOCK_WAITING, LOCK_GOT };

struct lock_try {
	w_u64 word;
	w_u64 deadline; /* how long to wait; LOCK_WAITING: until when */
	w_u32 cpu, mode;
	w_u64 outcome;
};

RT_STEP(lock_step, struct lock_try)
{
	w_u32 *word = rt_at_aligned(st->word);
	w_u32 old = *(volatile w_u32 *)word, new;
	w_u64 now;

	if (st->mode) {
		new = (st->cpu + 1) << 16;
		if (old)
			goto wait;
	} else {
		new = old + 1;
		if (old >= LOCK_READERS)
			goto wait;
	}
	if (__sync_val_compare_and_swap(word, old, new) == old) {
		st->outcome = LOCK_GOT;
		return 1;
	}
	return 0;
wait:
	if (old >> 16 == st->cpu + 1)
		return 1;
	now = rt_env_mono_ns();
	if (st->outcome == LOCK_MISSED) {
		st->outcome = LOCK_WAITING;
		st->deadline += now;
	}
	return now >= st->deadline;
}

/* Time that one of max_trylock tries stands for, as in SystemTap
   (TRYLOCKDELAY); and for a handler that interrupted another one on its CPU,
   which may be the one that holds the lock. */
#define LOCK_TRY_NS 10000u
#define LOCK_TRY_NESTED_NS 100u

/*
 * rt_lock() for reading, and when the lock was not free. RT_F_NO_TIME_LIMITS: waits for as long
 * as the verifier lets it.
 */
RT_FN w_u64 rt_i_lock(w_u64 c, w_u64 word, w_u64 mode)
{
	struct rt_head *h = rt_head();
	w_u64 home;
	struct lock_try t;

	t.word = word;
	t.cpu = rt_ctx(c)->cpu;
	t.mode = mode;
	t.outcome = LOCK_MISSED;
	home = h->ctx_off +
	       (t.cpu & (h->ctx_count - 1)) * (w_u64)h->ctx_size;
	t.deadline = (w_u64)h->max_trylock *
		     (c == home ? LOCK_TRY_NS : LOCK_TRY_NESTED_NS);
	if (h->flags & RT_F_NO_TIME_LIMITS)
		t.deadline = ~0ull >> 1;
	RT_LOOP(RT_LOOP_MAX, lock_step, &t);
	if (rt_likely(t.outcome == LOCK_GOT))
		return 1;
	rt_i_skip(WIRE_CNT_SKIP_LOCK);
	return 0;
}

/*
 * Takes the lock for writing (mode 1) or reading (0); 1, or 0 when it gave up
 * after max_trylock tries (of LOCK_TRY_NS) and counted the hit as skipped.
 */
RT_FN w_u64 rt_lock(w_u64 c, w_u64 word, w_u64 mode)
{
	if (rt_likely(mode)) {
		w_u32 new = (rt_ctx(c)->cpu + 1) << 16;

		/* one after the other, so that few registers are needed */
		asm volatile("" : "+r"(new));
		if (rt_likely(!__sync_val_compare_and_swap(
			    (w_u32 *)rt_at_aligned(word), 0, new)))
			return 1;
	}
	return rt_i_lock(c, word, mode);
}

/* Gives back what rt_lock() with the same mode took. */
RT_FN w_u64 rt_unlock(w_u64 c, w_u64 word, w_u64 mode)
{
	RT_UNUSED(c);
	if (mode)
		RT_RELEASE((w_u32 *)rt_at_aligned(word));
	else
		__sync_fetch_and_add((w_u32 *)rt_at_aligned(word), -1);
	return 0;
}
