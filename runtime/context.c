/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contexts: a handler owns one from rt_enter() to rt_leave(). The slot is
 * looked for from the CPU's number on, but belongs to the handler, not to the
 * CPU: a handler may be preempted, and may go on elsewhere.
 */
#include "rt_int.h"

RT_INLINE w_u64 ctx_try(w_u64 slot)
{
	struct rt_head *h = rt_head();
	w_u64 c = h->ctx_off + (slot & (h->ctx_count - 1)) * (w_u64)h->ctx_size;

	if (__sync_lock_test_and_set(&((struct rt_ctx *)rt_at_aligned(c))->busy,
				     1))
		return 0;
	return c;
}

/* The CPU's own context is taken: its offset, or that of one of the next
   (handlers that wait for a page keep theirs, so there are some); 0 when those
   are taken too and the hit was counted as skipped. No loop: on 6.18 the
   verifier fails (EFAULT) where one stands in front of this call. */
RT_FN w_u64 rt_i_other_context(w_u64 cpu)
{
	w_u64 c;

#define TRY(n)                                                                 \
	do {                                                                   \
		c = ctx_try(cpu + n);                                          \
		if (c)                                                         \
			return c;                                              \
	} while (0)
	TRY(1);
	TRY(2);
	TRY(3);
	TRY(4);
	TRY(5);
	TRY(6);
	TRY(7);
#undef TRY
	rt_i_skip(WIRE_CNT_SKIP_CONTEXT);
	return 0;
}

/* A hit in a state that it is not meant for. */
RT_FN w_u64 rt_i_refuse(w_u64 state)
{
	if (state > RT_RUNNING)
		rt_count(WIRE_CNT_SKIP_STOPPED);
	return 0;
}

/*
 * Begins a handler: probe is its index, flags its IMAGE_HANDLER_ bits, states a
 * bit per enum rt_state in which it may run. A context, or 0: the hit was
 * counted as skipped. Hits after the session's end are counted too, but are no
 * fault: they do not add up towards max_skipped.
 *
 * The BPF back end copies this function and rt_leave(), rt_lock() and
 * rt_unlock() into handlers, since calls cost more than what they do: keep to
 * the usual path here, and use no stack.
 */
RT_FN w_u64 rt_enter(w_u64 probe, w_u64 flags, w_u64 states)
{
	struct rt_head *h = rt_head();
	struct rt_ctx *ctx;
	w_u32 state = *(volatile w_u32 *)&h->state;
	w_u64 c, cpu;

	if (rt_unlikely(!(states >> (state & 7) & 1)))
		return rt_i_refuse(state);
	cpu = rt_env_cpu();
	c = ctx_try(cpu);
	if (rt_unlikely(!c)) {
		c = rt_i_other_context(cpu);
		if (!c)
			return 0;
	}
	ctx = rt_ctx(c);
	ctx->probe = probe;
	ctx->error = RT_ERR_NONE;
	ctx->action_left = flags & 1 ? h->max_action_interruptible :
				       h->max_action;
	ctx->out_off = c + h->ctx_size - h->out_cap;
	ctx->out_len = 0;
	ctx->nesting = 0;
	ctx->cpu = cpu;
	ctx->flags = 0;
	ctx->regex_ngroups = 0;
	ctx->tok_pos = ~0u;
	if (rt_unlikely(h->flags & RT_F_TIMING))
		ctx->enter_ns = rt_env_mono_ns();
	return c;
}

struct extreme {
	w_u64 at; /* heap offset of the word */
	w_u64 value;
	w_u64 want_max;
};

/* One try to move the word to the value; 0 ns stands for "none yet". */
RT_STEP(extreme_step, struct extreme)
{
	w_u64 *word = rt_at_aligned(st->at);
	w_u64 old = *(volatile w_u64 *)word;

	if (old && (st->want_max ? old >= st->value : old <= st->value))
		return 1;
	return __sync_val_compare_and_swap(word, old, st->value) == old;
}

/* -t: adds this activation to the probe's times. */
RT_FN w_u64 rt_i_timing(w_u64 c)
{
	struct rt_head *h = rt_head();
	w_u64 at = h->probe_stats_off +
		   (w_u64)rt_ctx(c)->probe * sizeof(struct rt_probe_stat);
	w_u64 ns = rt_env_mono_ns() - rt_ctx(c)->enter_ns;
	struct rt_probe_stat *ps = rt_at_aligned(at);
	struct extreme x;

	if (!ns)
		ns = 1;
	__sync_fetch_and_add(&ps->hits, 1);
	__sync_fetch_and_add(&ps->total_ns, ns);
	x.value = ns;
	x.at = at + RT_OFF(struct rt_probe_stat, min_ns);
	x.want_max = 0;
	RT_LOOP(64, extreme_step, &x);
	x.at = at + RT_OFF(struct rt_probe_stat, max_ns);
	x.want_max = 1;
	RT_LOOP(64, extreme_step, &x);
	return 0;
}

/* rt_leave() when there is more to do than to let go of the context. */
RT_FN w_u64 rt_i_leave(w_u64 c)
{
	struct rt_ctx *ctx = rt_ctx(c);
	struct rt_head *h = rt_head();

	if (rt_unlikely(ctx->error)) {
		rt_i_report(c);
		ctx = rt_ctx(c);
	}
	if (ctx->out_len)
		rt_flush(c);
	if (rt_unlikely(h->flags & RT_F_TIMING) && h->probe_stats_off)
		rt_i_timing(c);
	RT_RELEASE(&((struct rt_ctx *)rt_at_aligned(c))->busy);
	return 0;
}

/*
 * Ends a handler: a pending error is reported and counted (abort() has none to
 * report), what was printed is handed over, the context is free again.
 */
RT_FN w_u64 rt_leave(w_u64 c)
{
	struct rt_ctx *ctx = rt_at_aligned(c);

	if (ctx->error | ctx->out_len | (rt_head()->flags & RT_F_TIMING))
		return rt_i_leave(c);
	RT_RELEASE(&ctx->busy);
	return 0;
}

/* Counts a hit that was skipped for want of something. */
RT_FN w_u64 rt_i_skip(w_u64 counter)
{
	struct rt_head *h = rt_head();
	w_u64 *n =
		rt_at_aligned(RT_OFF(struct rt_head, counters) + counter * 8);

	__sync_fetch_and_add(n, 1);
	if (__sync_fetch_and_add(&h->skipped, 1) >= h->max_skipped &&
	    !(h->flags & RT_F_SUPPRESS_ERRORS))
		rt_i_stop(1);
	return 0;
}

/*
 * Asks the session to stop, once; begin probes may ask too. In the end phase it
 * is stopping already. exit_status 1 stays.
 */
RT_FN w_u64 rt_i_stop(w_u64 exit_status)
{
	struct rt_head *h = rt_head();

	if (exit_status)
		*(volatile w_u32 *)&h->exit_status = 1;
	if (__sync_val_compare_and_swap(&h->state, RT_STARTING, RT_STOPPING) !=
	    RT_STARTING)
		__sync_val_compare_and_swap(&h->state, RT_RUNNING, RT_STOPPING);
	return 0;
}
