/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One directive of printf at a time, appended to a string. Used inside scripts
 * for sprintf, and by the runner for the rest, so what a directive means is
 * decided here only.
 *
 * A number is padding, sign or prefix, zeros, digits, padding. The digits are
 * made from the right into ctx.scratch (the longest, octal, has 22).
 */
#include "rt_int.h"

#define SCRATCH RT_OFF(struct rt_ctx, scratch)
#define SCRATCH_END (SCRATCH + 64)

struct directive {
	w_u32 conv, flags;
	w_u32 width;
	w_u32 prec; /* NO_PREC: not given */
};
#define NO_PREC 0xffffffffu

RT_INLINE void directive_read(struct directive *d, w_u64 spec, w_u64 args)
{
	struct wire_spec *s = rt_at(spec);
	w_s32 width, prec;

	d->conv = s->conv;
	d->flags = s->flags;
	d->width = s->width;
	d->prec = s->flags & WIRE_SPEC_HAS_PREC ? s->prec : NO_PREC;
	if (d->flags & WIRE_SPEC_WIDTH_ARG) {
		width = (w_s32)(args >> 32);
		if (width < 0) {
			d->flags |= WIRE_SPEC_LEFT;
			width = -(w_u32)width;
		}
		d->width = width;
	}
	if (d->flags & WIRE_SPEC_PREC_ARG) {
		prec = (w_s32)args;
		d->prec = prec < 0 ? NO_PREC : (w_u32)prec;
	}
}

RT_FN w_u64 rt_fmt_lit(w_u64 c, w_u64 dst, w_u64 lit)
{
	return rt_str_cat(c, dst, lit);
}

struct digits {
	w_u64 value;
	w_u64 at; /* where the last digit was put */
	w_u32 base, letter; /* 'a' or 'A' */
};

RT_STEP(digits_step, struct digits)
{
	w_u64 v = st->value, q = v / st->base, d = v - q * st->base;

	rt_advance(st->at, -1);
	rt_st8(st->at, d < 10 ? '0' + d : st->letter + d - 10);
	st->value = q;
	return q == 0;
}

/* Appends n bytes at `from`, padded with blanks to the width. */
RT_FN w_u64 rt_i_padded(w_u64 dst, w_u64 from, w_u64 n, w_u64 width, w_u64 left)
{
	w_u64 pad = width > n ? width - n : 0;

	if (pad && !left)
		rt_i_fill(dst, ' ', pad);
	rt_i_append(dst, from, n);
	if (pad && left)
		rt_i_fill(dst, ' ', pad);
	return 0;
}

/*
 * %c: one byte; with '#' a byte that is not printable as its C escape (%b and
 * %c may put a NUL into a string: its length tells).
 */
RT_FN w_u64 rt_i_char(w_u64 c, w_u64 dst, w_u64 spec, w_u64 value, w_u64 args)
{
	w_u64 at = c + SCRATCH, n = 1;
	struct directive d;

	directive_read(&d, spec, args);
	value &= 255;
	if (d.flags & WIRE_SPEC_ALT) {
		if (value != '"' && value != '\\')
			value = rt_escape(value);
		n = rt_escape_len(value);
	}
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	value = __builtin_bswap64(value);
#endif
	rt_st64(at, value);
	return rt_i_padded(dst, at, n, d.width, d.flags & WIRE_SPEC_LEFT);
}

struct hexdump {
	w_u64 from, to;
};

/* From the last byte to the first, so that the text may grow over its source */
RT_STEP(hexdump_step, struct hexdump)
{
	w_u64 b, hi, lo;

	rt_advance(st->from, -1);
	rt_advance(st->to, -2);
	b = rt_ld8(st->from);
	hi = b >> 4;
	lo = b & 15;
	rt_st8(st->to, hi < 10 ? '0' + hi : 'a' + hi - 10);
	rt_st8(st->to + 1, lo < 10 ? '0' + lo : 'a' + lo - 10);
	return 0;
}

/*
 * %m: `prec` bytes (default 1) of kernel memory at the address `value` as they
 * are; %M: as two hexadecimal digits each. A fault is an error.
 */
RT_FN w_u64 rt_i_memory(w_u64 c, w_u64 dst, w_u64 spec, w_u64 value, w_u64 args)
{
	w_u64 len = rt_string(dst)->len, hex, n, room, width, left, at;
	struct directive d;
	struct hexdump h;

	directive_read(&d, spec, args);
	hex = d.conv == 'M';
	n = d.prec == NO_PREC ? 1 : d.prec;
	width = d.width;
	left = d.flags & WIRE_SPEC_LEFT;
	if (!left && width > n << hex)
		rt_i_fill(dst, ' ', width - (n << hex));
	len = rt_string(dst)->len;
	room = (rt_head()->string_cap - len) >> hex;
	if (n > room) {
		rt_count(WIRE_CNT_TRUNCATED);
		n = room;
	}
	at = dst + RT_STR_HDR + len;
	if (rt_env_read(at, n, value, 0)) {
		rt_str_end(dst, len);
		return rt_fail(c, RT_MSG_READ_FAULT);
	}
	if (hex) {
		h.from = at + n;
		h.to = at + 2 * n;
		RT_LOOP(n, hexdump_step, &h);
	}
	n <<= hex;
	rt_str_end(dst, len + n);
	if (left && width > n)
		rt_i_fill(dst, ' ', width - n);
	return 0;
}

/* %b: the low 1, 2, 4 or 8 bytes in memory order. */
RT_INLINE void fmt_binary(w_u64 c, w_u64 dst, w_u64 spec, w_u64 value)
{
	struct wire_spec *s = rt_at(spec);
	w_u64 n = s->size ? s->size : s->width ? s->width : 8;

	if (n > 8)
		n = 8;
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	value <<= (8 - n) * 8;
#endif
	rt_st64(c + SCRATCH, value);
	rt_i_append(dst, c + SCRATCH, n);
}

/* Up to two characters before the digits: sign, or 0x; as little-endian text.*/
RT_INLINE w_u64 number_prefix(const struct directive *d, w_u64 value)
{
	if (d->conv == 'd') {
		if ((w_s64)value < 0)
			return '-';
		return d->flags & WIRE_SPEC_PLUS  ? '+' :
		       d->flags & WIRE_SPEC_SPACE ? ' ' :
						    0;
	}
	if (d->conv == 'p' ||
	    (d->conv == 'x' && d->flags & WIRE_SPEC_ALT && value))
		return '0' | 'x' << 8;
	if (d->conv == 'X' && d->flags & WIRE_SPEC_ALT && value)
		return '0' | 'X' << 8;
	return 0;
}

/*
 * Appends the digits of `value` into the scratch area; returns their number.
 * As in C, a zero with an explicit precision of 0 has none.
 */
RT_FN w_u64 rt_i_digits(w_u64 c, w_u64 value, w_u64 conv)
{
	struct digits g;

	g.value = value;
	g.at = c + SCRATCH_END;
	g.base = conv == 'o'				     ? 8 :
		 conv == 'x' || conv == 'X' || conv == 'p' ? 16 :
								 10;
	g.letter = conv == 'X' ? 'A' : 'a';
	RT_LOOP(22, digits_step, &g);
	return c + SCRATCH_END - g.at;
}

/*
 * Appends a number by its directive. args: width << 32 | prec for '*', see
 * rt.def. %p is %#x that shows its 0x always.
 */
RT_FN w_u64 rt_fmt_long(w_u64 c, w_u64 dst, w_u64 spec, w_u64 value, w_u64 args)
{
	w_u64 conv = rt_ld8(spec), n, zeros, prefix, pad;
	struct directive d;

	if (conv == 'c')
		return rt_i_char(c, dst, spec, value, args);
	if (conv == 'm' || conv == 'M')
		return rt_i_memory(c, dst, spec, value, args);
	if (conv == 'b') {
		fmt_binary(c, dst, spec, value);
		return 0;
	}
	directive_read(&d, spec, args);
	prefix = number_prefix(&d, value);
	n = 0;
	if (value || d.prec)
		n = rt_i_digits(c, prefix == '-' ? -value : value, conv);
	if (!prefix && !d.flags && !d.width)
		return rt_i_append(dst, c + SCRATCH_END - n, n);
	zeros = 0;
	if (d.prec != NO_PREC && d.prec > n)
		zeros = d.prec - n;
	if (conv == 'o' && d.flags & WIRE_SPEC_ALT && !zeros &&
	    (value || !d.prec))
		zeros = 1;
	pad = n + zeros + (prefix > 255 ? 2 : prefix > 0);
	pad = d.width > pad ? d.width - pad : 0;
	if (!(d.flags & WIRE_SPEC_LEFT)) {
		if (d.flags & WIRE_SPEC_ZERO && d.prec == NO_PREC)
			zeros += pad;
		else if (pad)
			rt_i_fill(dst, ' ', pad);
		pad = 0;
	}
	if (prefix) {
		rt_st8(c + SCRATCH, prefix);
		rt_st8(c + SCRATCH + 1, prefix >> 8);
		rt_i_append(dst, c + SCRATCH, prefix > 255 ? 2 : 1);
	}
	if (zeros)
		rt_i_fill(dst, '0', zeros);
	rt_i_append(dst, c + SCRATCH_END - n, n);
	if (pad)
		rt_i_fill(dst, ' ', pad);
	return 0;
}

/* %s: at most `prec` bytes, padded to the width. */
RT_FN w_u64 rt_fmt_str(w_u64 c, w_u64 dst, w_u64 spec, w_u64 s, w_u64 args)
{
	w_u64 n = rt_string(s)->len;
	struct directive d;

	RT_UNUSED(c);
	directive_read(&d, spec, args);
	if (d.prec != NO_PREC && d.prec < n)
		n = d.prec;
	return rt_i_padded(dst, s + RT_STR_HDR, n, d.width,
			   d.flags & WIRE_SPEC_LEFT);
}
