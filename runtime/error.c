/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors: an operation that fails leaves the reason in the context, the
 * handler unwinds, and try/catch or rt_leave() takes it from there. The first
 * reason wins: what fails while unwinding is a consequence.
 */
#include "rt_int.h"

#define ERRMSG RT_OFF(struct rt_ctx, errmsg_len)

RT_INLINE w_u64 long_message(w_u64 c)
{
	struct rt_head *h = rt_head();

	return c + h->ctx_strings_off +
	       RT_CTX_STR_ERROR * RT_STR_SIZE((w_u64)h->string_cap);
}

/* The pending error's message, a string. */
RT_INLINE w_u64 message(w_u64 c)
{
	return rt_ctx(c)->flags & RT_CTX_LONG_ERROR ? long_message(c)
						    : c + ERRMSG;
}

/* `msg` 0: no text */
RT_INLINE void set_error(w_u64 c, w_u32 kind, w_u64 msg)
{
	struct rt_ctx *ctx = rt_ctx(c);
	w_u64 at = c + ERRMSG, cap = RT_ERRMSG_CAP, len;

	if (ctx->error)
		return;
	ctx->error = kind;
	ctx->ncallers = 0;
	ctx->flags &= ~RT_CTX_LONG_ERROR;
	if (!msg) {
		rt_str_empty(c + ERRMSG);
		return;
	}
	len = rt_string(msg)->len;
	if (len > RT_ERRMSG_CAP && rt_head()->ctx_strings_off &&
	    rt_head()->string_cap > RT_ERRMSG_CAP) {
		ctx->flags |= RT_CTX_LONG_ERROR;
		at = long_message(c);
		cap = rt_head()->string_cap;
	}
	if (len > cap) {
		rt_count(WIRE_CNT_TRUNCATED);
		len = cap;
	}
	rt_copy(at + RT_STR_HDR, msg + RT_STR_HDR, len);
	rt_str_end(at, len);
}

/* error(msg). An empty message is an error all the same. */
RT_FN w_u64 rt_error(w_u64 c, w_u64 msg)
{
	set_error(c, RT_ERR_SOFT, msg);
	return 0;
}

/* A built-in message (enum rt_msg). Exhausted limits are not to be caught. */
RT_FN w_u64 rt_error_code(w_u64 c, w_u64 code)
{
	w_u64 table = rt_head()->msgs_off;
	w_u32 kind = RT_ERR_SOFT;
	w_u64 msg = 0;

	if (code == RT_MSG_MAXACTION || code == RT_MSG_OVERLOAD)
		kind = RT_ERR_ABORT;
	if (table)
		msg = rt_ld32(table + code * 4);
	set_error(c, kind, msg);
	return 0;
}

/* Eight digits for 32 bits, the first in the lowest byte. */
RT_INLINE w_u64 hex_digits(w_u64 v)
{
	w_u64 letters;

	v = (v << 16 | v) & 0x0000ffff0000ffff;
	v = (v << 8 | v) & 0x00ff00ff00ff00ff;
	v = (v << 4 | v) & 0x0f0f0f0f0f0f0f0f;
	letters = (v + 0x0606060606060606) >> 4 & 0x0101010101010101;
	v += 0x3030303030303030 + letters * ('a' - '0' - 10);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

/* Text at `from` behind the pending message. */
RT_INLINE void message_more(w_u64 c, w_u64 from, w_u64 n)
{
	w_u64 len = rt_ctx(c)->errmsg_len;

	if (len + n > RT_ERRMSG_CAP)
		return;
	rt_copy(c + ERRMSG + RT_STR_HDR + len, from, n);
	rt_str_end(c + ERRMSG, len + n);
}

/* The message after `code` behind the pending one. */
RT_INLINE void message_end(w_u64 c, w_u64 code)
{
	w_u64 tail = rt_ld32(rt_head()->msgs_off + (code + 1) * 4);

	message_more(c, tail + RT_STR_HDR, rt_string(tail)->len);
}

/* Message `code`, the signed number, and the message after `code`. */
RT_FN w_u64 rt_i_number_error(w_u64 c, w_u64 code, w_u64 value)
{
	w_u64 negative = value >> 63, n;

	if (rt_ctx(c)->error)
		return 0;
	rt_error_code(c, code);
	if (!rt_head()->msgs_off)
		return 0;
	n = rt_i_digits(c, negative ? -value : value, 'd');
	if (negative)
		rt_st8(RT_SCRATCH_END(c) - ++n, '-');
	message_more(c, RT_SCRATCH_END(c) - n, n);
	message_end(c, code);
	return 0;
}

/*
 * A fault at an address: message `code`, the address as 0x1f, and the message
 * after `code`.
 */
RT_FN w_u64 rt_i_fault(w_u64 c, w_u64 code, w_u64 addr)
{
	w_u64 at = RT_SCRATCH(c), v = addr, n = 1;

	if (rt_ctx(c)->error)
		return 0;
	rt_error_code(c, code);
	if (!rt_head()->msgs_off)
		return 0;
	if (v >> 32) {
		n += 8;
		v >>= 32;
	}
	if (v >> 16) {
		n += 4;
		v >>= 16;
	}
	if (v >> 8) {
		n += 2;
		v >>= 8;
	}
	n += v >> 4 ? 1 : 0;
	addr <<= 64 - 4 * n;
	/* "0x" ends a word, so that the digits are aligned */
	rt_st8(at + 6, '0');
	rt_st8(at + 7, 'x');
	rt_st64(at + 8, hex_digits(addr >> 32));
	rt_st64(at + 16, hex_digits(addr & 0xffffffff));
	message_more(c, at + 6, n + 2);
	message_end(c, code);
	return 0;
}

/* A function returned with an error: notes where it was called. */
RT_FN w_u64 rt_error_from(w_u64 c, w_u64 loc)
{
	struct rt_ctx *ctx = rt_ctx(c);
	w_u64 n;

	if (ctx->error_loc == RT_LOC_CALL) {
		ctx->error_loc = loc;
		return 0;
	}
	n = ctx->ncallers++;
	if (n < RT_CALLERS)
		*(w_u32 *)rt_at(c + RT_OFF(struct rt_ctx, callers) + n * 4) =
			loc;
	return 0;
}

/* abort(): ends the session as exit() does, and this handler now. */
RT_FN w_u64 rt_abort(w_u64 c)
{
	rt_exit(c);
	set_error(c, RT_ERR_ABORT, 0);
	return 0;
}

/* catch (dst): takes the message; dst 0 drops it. Leaves ABORT alone. */
RT_FN w_u64 rt_catch(w_u64 c, w_u64 dst)
{
	struct rt_ctx *ctx = rt_ctx(c);

	if (ctx->error != RT_ERR_SOFT)
		return 0;
	ctx->error = RT_ERR_NONE;
	if (dst)
		rt_str_copy(c, dst, message(c));
	return 0;
}

/* exit(): no new hits; the runner hears of it at once. */
RT_FN w_u64 rt_exit(w_u64 c)
{
	rt_i_stop(0);
	rt_out_begin(c, WIRE_ENT_EXIT, 0, 0);
	rt_ctx(c)->flags |= RT_CTX_WAKE;
	return 0;
}

/*
 * Reports the pending error to the user and counts it; more than max_errors
 * end the session. abort() left no message: nothing to report.
 */
RT_FN w_u64 rt_i_report(w_u64 c)
{
	struct rt_head *h = rt_head();
	struct rt_ctx *ctx = rt_ctx(c);
	w_u64 *longs, at, msg = message(c);

	if (ctx->error == RT_ERR_ABORT && !ctx->errmsg_len)
		return 0;
	if (h->flags & RT_F_SUPPRESS_ERRORS) {
		rt_count(WIRE_CNT_ERRORS_SUPPRESSED);
		return 0;
	}
	rt_count(WIRE_CNT_ERRORS);
	at = rt_out_begin(c, WIRE_ENT_ERROR, 2 + RT_CALLERS / 2,
			  RT_STR_SIZE((w_u64)rt_string(msg)->len));
	ctx = rt_ctx(c);
	longs = rt_at(at);
	longs[0] = ctx->error_loc;
	longs[1] = ctx->probe | (w_u64)ctx->ncallers << 32;
	rt_copy(at + 16, c + RT_OFF(struct rt_ctx, callers), RT_CALLERS * 4);
	rt_out_str(c, msg);
	rt_out_end(c);
	if (__sync_fetch_and_add(&h->soft_errors, 1) >= h->max_errors)
		rt_i_stop(1);
	return 0;
}
