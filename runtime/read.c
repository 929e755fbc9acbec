/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of the traced system: every access may fault. */
#include "rt_int.h"

/* An integer of 1, 2, 4 or 8 bytes. A fault is an error, and 0. */
RT_FN w_u64 rt_read(w_u64 c, w_u64 addr, w_u64 size, w_u64 flags)
{
	w_u64 at = c + RT_OFF(struct rt_ctx, scratch);
	w_u64 unused = (64 - size * 8) & 63, v;

	rt_st64(at, 0);
	if (rt_unlikely(rt_env_read(at, size & 15, addr, flags & RT_READ_USER)))
		return rt_i_fault(c, RT_MSG_READ_FAULT, addr);
	v = rt_ld64(at);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	v <<= unused;
#endif
	if (flags & RT_READ_SIGNED)
		return (w_u64)((w_s64)v >> unused);
	return v >> unused;
}

struct user_text {
	w_u64 at, size;
	w_u64 addr;
	w_u64 got; /* bytes with the NUL; 0: none yet */
};

RT_STEP(touch_step, struct user_text)
{
	w_u64 page = i ? (st->addr & ~4095ull) + (i << 12) : st->addr;
	long got;

	if (rt_env_read(st->at, 1, page, 1))
		return 1;
	got = rt_env_read_str(st->at, st->size, st->addr, 1);
	st->got = got > 0 ? (w_u64)got : 0;
	return got > 0;
}

/*
 * A text that could not be read: rt_env_read_str() never waits for pages, but
 * rt_env_read() may. So each page is touched until all is there, or one is
 * not. Bytes with the NUL; 0: a fault.
 */
RT_FN w_u64 rt_i_touched_str(w_u64 at, w_u64 size, w_u64 addr)
{
	struct user_text t;

	t.at = at;
	t.size = size;
	t.addr = addr;
	t.got = rt_zero();
	RT_LOOP((size >> 12) + 2, touch_step, &t);
	return t.got;
}

/*
 * A NUL-terminated text of at most `limit` bytes (none when negative); 0, but
 * for RT_READ_LIMITED: as many as a string holds, and text that goes on is
 * counted as truncated. A fault is an error,
 * and "", or just "" (RT_READ_NO_ERROR).
 */
RT_FN w_u64 rt_read_str(w_u64 c, w_u64 dst, w_u64 addr, w_u64 limit,
			w_u64 flags)
{
	w_u64 cap = rt_head()->string_cap;
	w_u64 n = limit && limit < cap ? limit : cap;
	w_u64 text = dst + RT_STR_HDR;
	w_u64 at = c + RT_OFF(struct rt_ctx, scratch);
	long got;

	if (rt_unlikely((w_s64)limit <= 0 && flags & RT_READ_LIMITED)) {
		rt_str_empty(dst);
		return 0;
	}
	got = rt_env_read_str(text, n + 1, addr, flags & RT_READ_USER);
	if (rt_unlikely(got <= 0) && flags & RT_READ_USER)
		got = (long)rt_i_touched_str(text, n + 1, addr);
	if (rt_unlikely(got <= 0)) {
		rt_str_empty(dst);
		if (!(flags & RT_READ_NO_ERROR))
			rt_i_fault(c,
				   flags & RT_READ_USER
					   ? RT_MSG_USER_STRING_FAULT
					   : RT_MSG_KERNEL_STRING_FAULT,
				   addr);
		return 0;
	}
	rt_str_end(dst, (w_u64)got - 1);
	if ((w_u64)got - 1 < cap || (limit && limit <= cap))
		return 0;
	if (!rt_env_read(at, 1, addr + cap, flags & RT_READ_USER) && rt_ld8(at))
		rt_count(WIRE_CNT_TRUNCATED);
	return 0;
}

/* The page must be there and writable: nothing is copied for the process here,
   as it would be when it wrote itself. */
RT_FN w_u64 rt_write_user(w_u64 c, w_u64 addr, w_u64 size, w_u64 value)
{
	w_u64 at = c + RT_OFF(struct rt_ctx, scratch);

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	rt_st64(at, value);
#else
	rt_st64(at, value << ((64 - size * 8) & 63));
#endif
	if (rt_unlikely(rt_env_write_user(at, size & 15, addr)))
		rt_i_fault(c, RT_MSG_WRITE_FAULT, addr);
	return value;
}

RT_FN w_u64 rt_write_user_str(w_u64 c, w_u64 addr, w_u64 n, w_u64 s)
{
	w_u64 all = (w_u64)rt_string(s)->len + 1;

	if (n > all)
		n = all;
	if (n && rt_unlikely(rt_env_write_user(s + RT_STR_HDR, n, addr)))
		rt_i_fault(c, RT_MSG_WRITE_FAULT, addr);
	return 0;
}
