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

/*
 * A directive with its '*' arguments filled in, at the start of ctx.scratch. A
 * negative one is 0.
 */
struct directive {
	w_u32 conv, flags;
	w_u32 width;
	w_u32 prec;   /* NO_PREC: not given */
	w_u32 digits; /* how many stand at the end of ctx.scratch */
	w_u32 prefix; /* up to two characters before them */
	w_u32 zeros;  /* between both */
	w_u32 spare;
	w_u64 text; /* eight bytes to print from */
};
_Static_assert(sizeof(struct directive) + 22 <= 64, "scratch holds both");
#define TEXT(c) (RT_SCRATCH(c) + RT_OFF(struct directive, text))
#define NO_PREC 0xffffffffu
#define DUMP_MAX 4096 /* bytes of %m and %M */

RT_INLINE struct directive *directive_at(w_u64 c)
{
	return rt_at(RT_SCRATCH(c));
}

RT_INLINE struct directive *directive_read(w_u64 c, w_u64 spec, w_u64 args)
{
	struct directive *d = directive_at(c);
	struct wire_spec *s = rt_at(spec);
	w_u32 flags = s->flags, width = s->width;
	w_u32 prec = flags & WIRE_SPEC_HAS_PREC ? s->prec : NO_PREC;

	if (flags & WIRE_SPEC_WIDTH_ARG) {
		width = args >> 32;
		if ((w_s32)width < 0)
			width = 0;
		if (width > WIRE_MAX_FIELD)
			width = WIRE_MAX_FIELD;
	}
	if (flags & WIRE_SPEC_PREC_ARG) {
		prec = args;
		if ((w_s32)prec < 0)
			prec = 0;
		if (prec > WIRE_MAX_FIELD)
			prec = WIRE_MAX_FIELD;
	}
	d->conv = s->conv;
	d->flags = flags;
	d->width = width;
	d->prec = prec;
	return d;
}

RT_FN w_u64 rt_fmt_lit(w_u64 c, w_u64 dst, w_u64 lit)
{
	return rt_str_cat(c, dst, lit);
}

struct digits {
	w_u64 value;
	w_u64 at;	    /* where the last digit was put */
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

/* Appends n bytes at `from`, padded with blanks as the directive says. */
RT_INLINE w_u64 fmt_padded(w_u64 c, w_u64 dst, w_u64 from, w_u64 n)
{
	struct directive *d = directive_at(c);

	if (d->width <= n)
		return rt_i_append(dst, from, n);
	if (d->flags & WIRE_SPEC_LEFT) {
		rt_i_append(dst, from, n);
		return rt_i_fill(dst, ' ', directive_at(c)->width - n);
	}
	rt_i_fill(dst, ' ', d->width - n);
	return rt_i_append(dst, from, n);
}

/*
 * %c: one byte; with '#' a byte that is not printable as its C escape (%b and
 * %c may put a NUL into a string: its length tells).
 */
RT_INLINE w_u64 fmt_char(w_u64 c, w_u64 dst, w_u64 value)
{
	w_u64 n = 1;

	value &= 255;
	if (directive_at(c)->flags & WIRE_SPEC_ALT && value != '"' &&
	    value != '\\') {
		value = rt_escape(value);
		n = rt_escape_len(value);
	}
	rt_st_text(TEXT(c), value);
	return fmt_padded(c, dst, TEXT(c), n);
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

/* Reads n bytes at `addr` (hex 1: as two digits each) behind dst's text. */
RT_FN w_u64 rt_i_memory(w_u64 c, w_u64 dst, w_u64 addr, w_u64 n, w_u64 hex)
{
	w_u64 len = rt_string(dst)->len;
	w_u64 room = (rt_head()->string_cap - len) >> hex;
	w_u64 at = dst + RT_STR_HDR + len;
	struct hexdump h;

	if (n > room) {
		rt_count(WIRE_CNT_TRUNCATED);
		n = room;
	}
	if (rt_env_read(at, n, addr, 0)) {
		rt_str_end(dst, len);
		return rt_i_fault(c, RT_MSG_READ_FAULT, addr);
	}
	if (hex) {
		h.from = at + n;
		h.to = at + 2 * n;
		RT_LOOP(n, hexdump_step, &h);
	}
	rt_str_end(dst, len + (n << hex));
	return 0;
}

/*
 * %m: `prec` bytes (1 without one, and for 0) of kernel memory at the address
 * `value` as they are; %M: as two hexadecimal digits each. A fault is an error,
 * and so is more than a page or a negative number; the directive has that as 0.
 */
RT_INLINE w_u64 fmt_dump(w_u64 c, w_u64 dst, w_u64 addr, w_u64 args)
{
	struct directive *d = directive_at(c);
	w_u64 hex = d->conv == 'M', n = d->prec == NO_PREC ? 1 : d->prec;
	w_u64 shown, width = d->width;

	if (d->flags & WIRE_SPEC_PREC_ARG)
		n = (w_s64)(w_s32)args;
	if (n > DUMP_MAX)
		return rt_i_number_error(c, RT_MSG_DUMP_SIZE, n);
	n = n ? n : 1;
	shown = n << hex;
	if (width <= shown)
		return rt_i_memory(c, dst, addr, n, hex);
	if (!(d->flags & WIRE_SPEC_LEFT)) {
		rt_i_fill(dst, ' ', width - shown);
		return rt_i_memory(c, dst, addr, n, hex);
	}
	rt_i_memory(c, dst, addr, n, hex);
	return rt_i_fill(dst, ' ', directive_at(c)->width - shown);
}

/*
 * %b: the low 1, 2, 4 or 8 bytes in memory order. How many is the precision, or
 * without one the width; NULs fill what is wider.
 */
RT_INLINE w_u64 fmt_binary(w_u64 c, w_u64 dst, w_u64 value)
{
	struct directive *d = directive_at(c);
	w_u64 n = d->prec && d->prec != NO_PREC ? d->prec : d->width, pad;

	if (n != 1 && n != 2 && n != 4)
		n = 8;
	pad = d->width > n ? d->width - n : 0;
	if (pad && !(d->flags & WIRE_SPEC_LEFT)) {
		rt_i_fill(dst, 0, pad);
		pad = 0;
	}
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	value <<= (8 - n) * 8;
#endif
	rt_st64(TEXT(c), value);
	rt_i_append(dst, TEXT(c), n);
	return pad ? rt_i_fill(dst, 0, pad) : 0;
}

/* What stands before the digits: sign, or 0x; little-endian text. */
RT_INLINE w_u64 number_prefix(const struct directive *d, w_u64 value)
{
	if (d->conv == 'd') {
		if ((w_s64)value < 0)
			return '-';
		return d->flags & WIRE_SPEC_PLUS    ? '+'
		       : d->flags & WIRE_SPEC_SPACE ? ' '
						    : 0;
	}
	if (d->conv == 'p' ||
	    (d->conv == 'x' && d->flags & WIRE_SPEC_ALT))
		return '0' | 'x' << 8;
	if (d->conv == 'X' && d->flags & WIRE_SPEC_ALT)
		return '0' | 'X' << 8;
	return 0;
}

/* Makes digits that end where ctx.scratch ends; how many. */
RT_FN w_u64 rt_i_digits(w_u64 c, w_u64 value, w_u64 conv)
{
	struct digits g;

	g.value = value;
	g.at = RT_SCRATCH_END(c);
	g.base = conv == 'o'				     ? 8
		 : conv == 'x' || conv == 'X' || conv == 'p' ? 16
							     : 10;
	g.letter = conv == 'X' ? 'A' : 'a';
	RT_LOOP(22, digits_step, &g);
	return RT_SCRATCH_END(c) - g.at;
}

/* Appends the number whose parts the directive holds. */
RT_INLINE w_u64 fmt_number(w_u64 c, w_u64 dst)
{
	struct directive *d = directive_at(c);
	w_u64 prefix = d->prefix > 255 ? 2 : d->prefix > 0;
	w_u64 n = d->digits + d->zeros + prefix;
	w_u64 pad = d->width > n ? d->width - n : 0;

	if (!(d->flags & WIRE_SPEC_LEFT)) {
		/* Unlike in C, a precision does not take the zeros away. */
		if (d->flags & WIRE_SPEC_ZERO)
			d->zeros += pad;
		else if (pad)
			rt_i_fill(dst, ' ', pad);
		pad = 0;
	}
	if (prefix) {
		d = directive_at(c);
		rt_st8(TEXT(c), d->prefix);
		rt_st8(TEXT(c) + 1, d->prefix >> 8);
		rt_i_append(dst, TEXT(c), prefix);
	}
	d = directive_at(c);
	if (d->zeros)
		rt_i_fill(dst, '0', d->zeros);
	n = directive_at(c)->digits;
	rt_i_append(dst, RT_SCRATCH_END(c) - n, n);
	if (pad)
		rt_i_fill(dst, ' ', pad);
	return 0;
}

/*
 * Appends a number by its directive. args: width << 32 | prec for '*', see
 * rt.def. %p is %#x that shows its 0x always. Other than in C, a zero has its
 * digit with a precision of 0 too, and %#o its 0 with every precision.
 */
RT_FN w_u64 rt_fmt_long(w_u64 c, w_u64 dst, w_u64 spec, w_u64 value, w_u64 args)
{
	struct directive *d = directive_read(c, spec, args);
	w_u64 conv = d->conv, prefix, n;

	if (conv == 'c')
		return fmt_char(c, dst, value);
	if (conv == 'm' || conv == 'M')
		return fmt_dump(c, dst, value, args);
	if (conv == 'b')
		return fmt_binary(c, dst, value);
	prefix = number_prefix(d, value);
	d->prefix = prefix;
	n = rt_i_digits(c, prefix == '-' ? -value : value, conv);
	d = directive_at(c);
	if (!prefix && !d->flags && !d->width)
		return rt_i_append(dst, RT_SCRATCH_END(c) - n, n);
	d->digits = n;
	d->zeros = d->prec != NO_PREC && d->prec > n ? d->prec - n : 0;
	/* Zero has its prefix too: 0x0, 00. */
	if (conv == 'o' && d->flags & WIRE_SPEC_ALT)
		d->zeros++;
	return fmt_number(c, dst);
}

/* %s: at most `prec` bytes, padded to the width. */
RT_FN w_u64 rt_fmt_str(w_u64 c, w_u64 dst, w_u64 spec, w_u64 s, w_u64 args)
{
	struct directive *d = directive_read(c, spec, args);
	w_u64 n = rt_string(s)->len;

	if (d->prec != NO_PREC && d->prec < n)
		n = d->prec;
	return fmt_padded(c, dst, s + RT_STR_HDR, n);
}
