/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks of global variables: a 32-bit heap word. High half: cpu + 1 of the
 * writer, or 0; low half: number of readers. Spinning is bounded, and useless
 * when the writer is a handler that we interrupted on our own CPU.
 */
#include "rt_int.h"

#define LOCK_READERS 0xffffu

struct lock_try {
	w_u64 word;
	w_u32 cpu, mode;
	w_u64 got;
};

RT_STEP(lock_step, struct lock_try)
{
	w_u32 *word = rt_at_aligned(st->word);
	w_u32 old = *(volatile w_u32 *)word, new;

	if (st->mode) {
		new = (st->cpu + 1) << 16;
		if (old)
			goto wait;
	} else {
		new = old + 1;
		if (old > LOCK_READERS || old == LOCK_READERS)
			goto wait;
	}
	if (__sync_val_compare_and_swap(word, old, new) == old) {
		st->got = 1;
		return 1;
	}
	return 0;
wait:
	if (old >> 16 == st->cpu + 1)
		return 1;
	/* reading a clock is the longest harmless thing at hand: about 100 ns
	 */
	rt_env_mono_ns();
	rt_env_mono_ns();
	rt_env_mono_ns();
	rt_env_mono_ns();
	return 0;
}

/*
 * Takes the lock for writing (mode 1) or reading (0); 1, or 0 when it gave up
 * after max_trylock tries and counted the hit as skipped. RT_F_NO_TIME_LIMITS:
 * tries for as long as the verifier lets it.
 */
RT_FN w_u64 rt_lock(w_u64 c, w_u64 word, w_u64 mode)
{
	struct rt_head *h = rt_head();
	struct lock_try t;

	RT_UNUSED(c);
	t.word = word;
	t.cpu = rt_env_cpu();
	t.mode = mode;
	t.got = 0;
	RT_LOOP(h->flags & RT_F_NO_TIME_LIMITS ? RT_LOOP_MAX
					       : h->max_trylock + 1,
		lock_step, &t);
	if (rt_likely(t.got))
		return 1;
	rt_i_skip(WIRE_CNT_SKIP_LOCK);
	return 0;
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
