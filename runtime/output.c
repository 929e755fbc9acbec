/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a handler prints is collected in its context's buffer as one record
 * (wire.h), and handed to the transport as a whole: when the handler ends, or
 * when the buffer is full. So prints of different handlers never mix, and a
 * handler that prints much costs few hand-overs. A record that the transport
 * has no room for is lost as a whole; its entries are counted.
 *
 * The buffer has room for any single entry without strings; strings are cut
 * when the rest of the buffer does not hold them, and that is counted too.
 */
#include "rt_int.h"

RT_FN w_u64 rt_flush(w_u64 c)
{
	struct rt_ctx *ctx = rt_ctx(c);
	struct rt_head *h = rt_head();
	struct wire_record *r;
	w_u64 size = ctx->out_len, entries, wake;

	if (!size)
		return 0;
	r = rt_at(ctx->out_off);
	r->size = size;
	r->kind = ctx->flags & RT_CTX_CONT ? WIRE_REC_CONT : WIRE_REC_OUTPUT;
	r->cpu = rt_env_cpu();
	r->probe = ctx->probe;
	entries = r->seq;
	wake = ctx->flags & RT_CTX_WAKE ? RT_OUT_WAKE : 0;
	ctx->flags = RT_CTX_CONT;
	ctx->out_len = 0;
	if (rt_likely(!rt_env_output(ctx->out_off, size, wake)))
		__sync_fetch_and_add(&h->counters[WIRE_CNT_RECORDS], entries);
	else
		__sync_fetch_and_add(&h->counters[WIRE_CNT_DROPPED], entries);
	return 0;
}

/*
 * Begins an entry: kind | format << 16, number of longs, and the most bytes
 * that the strings (struct rt_str each) will take which rt_out_str() appends.
 * Without strings the entry is complete when the longs have been stored; with
 * strings, after rt_out_end(). The offset of the longs' place; never 0.
 */
RT_FN w_u64 rt_out(w_u64 c, w_u64 kind_format, w_u64 longs, w_u64 strings)
{
	return rt_out_begin(c, kind_format, longs, strings);
}

RT_FN w_u64 rt_out_str(w_u64 c, w_u64 s)
{
	struct rt_ctx *ctx = rt_ctx(c);
	w_u64 room = rt_head()->out_cap - ctx->out_len;
	w_u64 len = rt_string(s)->len, fit = len;
	w_u64 at = (w_u64)ctx->out_off + ctx->out_len;

	if (rt_unlikely(RT_STR_SIZE(len) > room)) {
		rt_count(WIRE_CNT_TRUNCATED);
		if (room < RT_STR_SIZE(0))
			return 0;
		fit = ((room - RT_STR_HDR) & ~7ull) - 1;
	}
	ctx->out_len += RT_STR_SIZE(fit);
	rt_copy_words(at + RT_STR_HDR, s + RT_STR_HDR, RT_STR_WORDS(fit));
	rt_str_end(at, fit);
	return 0;
}

RT_INLINE void entry_end(w_u64 c)
{
	struct rt_ctx *ctx = rt_ctx(c);
	struct wire_entry *e = rt_at((w_u64)ctx->out_off + ctx->out_entry);

	e->size = ctx->out_len - ctx->out_entry;
}

RT_FN w_u64 rt_out_end(w_u64 c)
{
	entry_end(c);
	return 0;
}

/* An entry that is one string. */
RT_FN w_u64 rt_out_text(w_u64 c, w_u64 kind, w_u64 s)
{
	rt_out_begin(c, kind & 0xffff, 0,
		     RT_STR_SIZE((w_u64)rt_string(s)->len));
	rt_out_str(c, s);
	entry_end(c);
	return 0;
}

/*
 * A histogram with its aggregate's figures, see WIRE_ENT_HIST; of no samples,
 * an error. Dropped, and counted, if no buffer can hold it.
 */
RT_FN w_u64 rt_out_hist(w_u64 c, w_u64 stat, w_u64 desc)
{
	struct rt_stat_desc *d = rt_at(desc);
	w_u64 n = rt_stat_buckets(d);
	rt_word *longs;
	struct rt_stat *s;
	w_u64 at;

	if (!((struct rt_stat *)rt_at(stat))->count)
		return rt_fail(c, RT_MSG_EMPTY_STAT);
	if (sizeof(struct wire_record) + sizeof(struct wire_entry) +
		    (8 + n) * 8 >
	    rt_head()->out_cap) {
		rt_count(WIRE_CNT_DROPPED);
		return 0;
	}
	at = rt_out_begin(c, WIRE_ENT_HIST, 8 + n, 0);
	longs = rt_at(at);
	d = rt_at(desc);
	s = rt_at(stat);
	longs[0] = d->hist == RT_HIST_LINEAR;
	longs[1] = d->low;
	longs[2] = d->high;
	longs[3] = d->step;
	longs[4] = s->count;
	longs[5] = s->sum;
	longs[6] = s->min;
	longs[7] = s->max;
	rt_copy(at + 64, stat + sizeof(struct rt_stat), n * 8);
	return 0;
}
