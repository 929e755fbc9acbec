/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strings (struct rt_str in wire.h). A destination holds string_cap bytes of
 * text; what does not fit is cut off and counted.
 *
 * Aliasing: the destination of rt_str_copy, rt_str_cat, rt_substr and
 * rt_tokenize may be one of their sources. It must not be for rt_str_replace,
 * rt_text_str, rt_text_strn, rt_string_quoted and the rt_fmt_ functions.
 */
#include "rt_int.h"

/* Puts n <= 8 bytes behind a text of len bytes, and zeros behind them; whole
   words only, because what follows the string's memory is not ours. */
RT_INLINE void append_word(w_u64 dst, w_u64 len, w_u64 from, w_u64 n)
{
	w_u64 v = rt_ld64u(from), at = len & 7;
	rt_word *w = rt_at(dst + RT_STR_HDR + (len & ~7ull));
	w_u64 low = w[0] & rt_first_bytes(at);

	if (n < 8)
		v &= rt_first_bytes(n);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	w[0] = low | v << (at * 8);
	if (at + n >= 8)
		w[1] = at ? v >> (64 - at * 8) : 0;
#else
	w[0] = low | v >> (at * 8);
	if (at + n >= 8)
		w[1] = at ? v << (64 - at * 8) : 0;
#endif
}

RT_FN w_u64 rt_i_append(w_u64 dst, w_u64 from, w_u64 n)
{
	w_u64 len = rt_string(dst)->len;
	w_u64 all = rt_str_fit(len + n);

	if (all <= len)
		return 0;
	if (all - len <= 8) {
		/* a helper call costs more than it does */
		append_word(dst, len, from, all - len);
		rt_str_head(dst, all);
		return 0;
	}
	rt_copy(dst + RT_STR_HDR + len, from, all - len);
	rt_str_end(dst, all);
	return 0;
}

struct fill {
	w_u64 at;
	w_u64 ch;
};

RT_STEP(fill_step, struct fill)
{
	rt_st8(st->at, st->ch);
	rt_advance(st->at, 1);
	return 0;
}

RT_FN w_u64 rt_i_fill(w_u64 dst, w_u64 ch, w_u64 n)
{
	w_u64 len = rt_string(dst)->len;
	w_u64 all = rt_str_fit(len + n);
	struct fill f;

	if (all <= len)
		return 0;
	f.at = dst + RT_STR_HDR + len;
	f.ch = ch;
	RT_LOOP(all - len, fill_step, &f);
	rt_str_end(dst, all);
	return 0;
}

RT_FN w_u64 rt_str_copy(w_u64 c, w_u64 dst, w_u64 src)
{
	w_u64 len = rt_string(src)->len, fit = rt_str_fit(len);

	RT_UNUSED(c);
	rt_copy_words(dst + RT_STR_HDR, src + RT_STR_HDR, RT_STR_WORDS(fit));
	if (rt_likely(fit == len))
		rt_st64(dst, rt_ld64(src));
	else
		rt_str_end(dst, fit);
	return 0;
}

RT_FN w_u64 rt_str_cat(w_u64 c, w_u64 dst, w_u64 src)
{
	w_u64 n = rt_string(src)->len;

	RT_UNUSED(c);
	return rt_i_append(dst, src + RT_STR_HDR, n);
}

/* `word`: up to 8 bytes of text as they stand in memory, then zeros. */
RT_FN w_u64 rt_str_set(w_u64 c, w_u64 dst, w_u64 word)
{
	w_u64 len = rt_word_len(word), fit = rt_str_fit(len);

	RT_UNUSED(c);
	rt_st64(dst + RT_STR_HDR, word);
	if (fit == 8) {
		rt_st64(dst + RT_STR_HDR + 8, 0);
		rt_str_head(dst, 8);
	} else {
		rt_str_end(dst, fit);
	}
	return 0;
}

struct nul {
	w_u64 at;  /* of the next word */
	w_u64 len; /* of the text before it, then up to the NUL */
};

RT_STEP(nul_step, struct nul)
{
	w_u64 n = rt_word_len(rt_ld64(st->at));

	rt_advance(st->len, n);
	rt_advance(st->at, 8);
	return n < 8;
}

/* As far as strings go, a text ends at its first NUL: %c and %b make some. */
RT_FN w_u64 rt_str_nul(w_u64 c, w_u64 dst)
{
	struct nul n;

	RT_UNUSED(c);
	n.at = dst + RT_STR_HDR;
	n.len = rt_zero();
	RT_LOOP(RT_STR_WORDS((w_u64)rt_string(dst)->len), nul_step, &n);
	if (n.len < rt_string(dst)->len)
		rt_str_end(dst, n.len);
	return 0;
}

struct cmp {
	w_u64 a, b; /* offsets of the next words */
	w_u64 x, y; /* the words that differ */
};

RT_STEP(cmp_step, struct cmp)
{
	w_u64 x = rt_ld64(st->a), y = rt_ld64(st->b);

	st->x = x;
	st->y = y;
	rt_advance(st->a, 8);
	rt_advance(st->b, 8);
	return x != y;
}

RT_FN w_u64 rt_str_eq(w_u64 a, w_u64 b)
{
	w_u64 len = rt_string(a)->len;
	struct cmp s;

	if (len != rt_string(b)->len ||
	    rt_ld64(a + RT_STR_HDR) != rt_ld64(b + RT_STR_HDR))
		return 0;
	if (len < 8)
		return 1;
	s.a = a + RT_STR_HDR + 8;
	s.b = b + RT_STR_HDR + 8;
	s.x = s.y = rt_zero();
	RT_LOOP(len >> 3, cmp_step, &s);
	return s.x == s.y;
}

RT_FN w_u64 rt_str_cmp(w_u64 a, w_u64 b)
{
	w_u64 words = RT_STR_WORDS((w_u64)rt_string(a)->len);
	w_u64 bwords = RT_STR_WORDS((w_u64)rt_string(b)->len);
	struct cmp s;

	if (bwords < words)
		words = bwords;
	s.a = a + RT_STR_HDR;
	s.b = b + RT_STR_HDR;
	s.x = s.y = rt_zero();
	RT_LOOP(words, cmp_step, &s);
	if (s.x == s.y)
		return 0;
	return rt_text_order(s.x) < rt_text_order(s.y) ? ~0ull : 1;
}

/* "" when start or length make no sense; less when s ends before. */
RT_FN w_u64 rt_substr(w_u64 c, w_u64 dst, w_u64 s, w_u64 start, w_u64 length)
{
	w_u64 len = rt_string(s)->len;

	RT_UNUSED(c);
	if (start >= len || (w_s64)length <= 0) {
		rt_st64(dst + RT_STR_HDR, 0);
		rt_str_end(dst, 0);
		return 0;
	}
	if (length > len - start)
		length = len - start;
	length = rt_str_fit(length);
	rt_copy(dst + RT_STR_HDR, s + RT_STR_HDR + start, length);
	rt_str_end(dst, length);
	return 0;
}

struct find {
	w_u64 s, sub;
	w_u64 pos; /* where sub is tried */
	w_u64 k;   /* bytes of sub that match there, a multiple of 8 */
	w_u64 found;
};

/* Compares one word; 1: decided, st->found says how. */
RT_STEP(find_step, struct find)
{
	w_u64 sublen = rt_string(st->sub)->len, rest = sublen - st->k;
	w_u64 diff;

	if (st->pos + sublen > rt_string(st->s)->len)
		return 1;
	diff = rt_ld64u(st->s + RT_STR_HDR + st->pos + st->k) ^
	       rt_ld64(st->sub + RT_STR_HDR + st->k);
	if (rest < 8)
		diff &= rt_first_bytes(rest);
	if (diff) {
		rt_advance(st->pos, 1);
		st->k = rt_zero();
		return 0;
	}
	if (rest <= 8) {
		st->found = 1;
		return 1;
	}
	rt_advance(st->k, 8);
	return 0;
}

/* The empty string is in every string, at 0. */
RT_FN w_u64 rt_strpos(w_u64 s, w_u64 sub)
{
	struct find f;

	f.s = s;
	f.sub = sub;
	f.pos = f.k = f.found = rt_zero();
	RT_LOOP(RT_LOOP_MAX, find_step, &f);
	return f.found ? f.pos : ~0ull;
}

RT_FN w_u64 rt_isinstr(w_u64 s, w_u64 sub)
{
	return rt_strpos(s, sub) != ~0ull;
}

/* A character as 0 .. 255; 0 behind the text; positions that no string can
   have are an error. */
RT_FN w_u64 rt_stringat(w_u64 c, w_u64 s, w_u64 pos)
{
	w_u64 len = rt_string(s)->len;

	if (pos >= len)
		return rt_fail(c, RT_MSG_BAD_POS);
	return (w_u64)((w_s64)(rt_ld8(s + RT_STR_HDR + pos) << 56) >> 56);
}

/* Value of a digit, or 255: hexadecimal ones are all there are. */
RT_INLINE w_u64 digit_value(w_u64 ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	ch |= 32;
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : 255;
}

struct number {
	w_u64 at; /* of the next character; the NUL ends the scan */
	w_u64 base;
	w_u64 value;
};

RT_STEP(digit_step, struct number)
{
	w_u64 d = digit_value(rt_ld8(st->at)), base = st->base;

	if (d >= base)
		return 1;
	rt_advance(st->at, 1);
	st->value = st->value * base + d;
	return 0;
}

/*
 * As the kernel's simple_strtol(): only a minus may stand before the digits,
 * base 0 goes by the prefix, and what does not fit 64 bits wraps.
 */
RT_FN w_u64 rt_strtol(w_u64 s, w_u64 base)
{
	w_u64 len = rt_string(s)->len, negative;
	struct number n;

	n.at = s + RT_STR_HDR;
	n.base = base;
	n.value = rt_zero();
	negative = rt_ld8(n.at) == '-';
	n.at += negative;
	if (rt_ld8(n.at) != '0') {
		if (!base)
			n.base = 10;
	} else if ((rt_ld8(n.at + 1) | 32) == 'x' &&
		   (base == 16 ||
		    (!base && digit_value(rt_ld8(n.at + 2)) < 16))) {
		n.at += 2;
		n.base = 16;
	} else if (!base) {
		n.base = 8;
	}
	RT_LOOP(len, digit_step, &n);
	return negative ? -n.value : n.value;
}

/* 1 when the first character is a decimal digit. */
RT_FN w_u64 rt_isdigit(w_u64 s)
{
	w_u64 ch = rt_ld8(s + RT_STR_HDR);

	return ch >= '0' && ch <= '9';
}

struct replace {
	w_u32 s, old, new, dst;
	w_u32 pos;  /* in s: what stands before it is done */
	w_u32 k;    /* bytes of old that match at pos */
	w_u32 len;  /* of dst so far */
	w_u32 full; /* dst could take no more */
};

RT_INLINE void replace_put(struct replace *r, w_u64 from, w_u64 n)
{
	w_u64 len = r->len, cap = rt_head()->string_cap;

	if (len + n > cap) {
		n = cap - len;
		r->full = 1;
	}
	r->len = len + n;
	rt_copy((w_u64)r->dst + RT_STR_HDR + len, from, n);
}

/* Compares one word of `old`, or takes one character, or one replacement. */
RT_STEP(replace_step, struct rt_in_heap)
{
	struct replace *r = rt_at(st->at);
	w_u64 slen = rt_string(r->s)->len, rest, diff, at;

	if (r->pos >= slen || r->full)
		return 1;
	at = (w_u64)r->s + RT_STR_HDR + r->pos;
	rest = rt_string(r->old)->len;
	if (r->pos + rest > slen) {
		replace_put(r, at, slen - r->pos);
		return 1;
	}
	rest -= r->k;
	diff = rt_ld64u(at + r->k) ^ rt_ld64((w_u64)r->old + RT_STR_HDR + r->k);
	if (rest < 8)
		diff &= rt_first_bytes(rest);
	if (!diff && rest > 8) {
		r->k += 8;
		return 0;
	}
	r->k = 0;
	if (diff) {
		r->pos++;
		replace_put(r, at, 1);
	} else {
		r->pos += rt_string(r->old)->len;
		replace_put(r, (w_u64)r->new + RT_STR_HDR,
			    rt_string(r->new)->len);
	}
	return 0;
}

/* Replaces every `old` from left to right; an empty `old` is nowhere. */
RT_FN w_u64 rt_str_replace(w_u64 c, w_u64 dst, w_u64 s, w_u64 old, w_u64 new)
{
	struct replace *r = rt_at(RT_SCRATCH(c));
	struct rt_in_heap h;

	if (!rt_string(old)->len)
		return rt_str_copy(c, dst, s);
	r->s = s;
	r->old = old;
	r->new = new;
	r->dst = dst;
	r->pos = r->k = r->len = r->full = 0;
	h.at = RT_SCRATCH(c);
	RT_LOOP(RT_LOOP_MAX, replace_step, &h);
	r = rt_at(RT_SCRATCH(c));
	if (r->full)
		rt_count(WIRE_CNT_TRUNCATED);
	rt_str_end(dst, r->len);
	return 0;
}

/* In ctx.scratch: a set of characters, and a scan for what is (not) in it. */
struct charset {
	w_u64 bits[4];
	w_u32 text;	/* offset of the text */
	w_u32 pos, end; /* in the text */
	w_u32 until;	/* stop at a member (1) or a non-member (0) */
};

RT_STEP(charset_add_step, struct rt_in_heap)
{
	struct charset *s = rt_at(st->at);
	w_u64 ch, at;

	if (s->pos >= s->end)
		return 1;
	ch = rt_ld8((w_u64)s->text + s->pos);
	at = st->at + (ch >> 6) * 8;
	rt_st64(at, rt_ld64(at) | 1ull << (ch & 63));
	s->pos++;
	return 0;
}

RT_STEP(charset_scan_step, struct rt_in_heap)
{
	struct charset *s = rt_at(st->at);
	w_u64 ch;

	if (s->pos >= s->end)
		return 1;
	ch = rt_ld8((w_u64)s->text + s->pos);
	if ((rt_ld64(st->at + (ch >> 6) * 8) >> (ch & 63) & 1) == s->until)
		return 1;
	s->pos++;
	return 0;
}

/* Finds the next token of `text` and moves tok_pos behind it: its start. */
RT_FN w_u64 rt_i_token(w_u64 c, w_u64 text, w_u64 delim)
{
	struct charset *s = rt_at(RT_SCRATCH(c));
	struct rt_in_heap h;
	w_u64 start;

	s->bits[0] = s->bits[1] = s->bits[2] = s->bits[3] = 0;
	s->text = delim + RT_STR_HDR;
	s->pos = 0;
	s->end = rt_string(delim)->len;
	h.at = RT_SCRATCH(c);
	RT_LOOP(RT_LOOP_MAX, charset_add_step, &h);
	s = rt_at(h.at);
	s->text = text + RT_STR_HDR;
	s->pos = rt_ctx(c)->tok_pos;
	s->end = rt_string(text)->len;
	s->until = 0;
	RT_LOOP(RT_LOOP_MAX, charset_scan_step, &h);
	s = rt_at(h.at);
	start = s->pos;
	s->until = 1;
	RT_LOOP(RT_LOOP_MAX, charset_scan_step, &h);
	s = rt_at(h.at);
	rt_ctx(c)->tok_pos = s->pos;
	return start;
}

/*
 * The next non-empty token, between characters of `delim`; "" when there is
 * none. A non-empty s starts afresh, and is kept in the context; the empty one
 * goes on with what is left. A handler starts with nothing left.
 */
RT_FN w_u64 rt_tokenize(w_u64 c, w_u64 dst, w_u64 s, w_u64 delim)
{
	w_u64 kept =
		c + rt_head()->ctx_strings_off +
		RT_CTX_STR_TOKENS * RT_STR_SIZE((w_u64)rt_head()->string_cap);
	w_u64 start, end;

	if (rt_string(s)->len) {
		rt_str_copy(c, kept, s);
		rt_ctx(c)->tok_pos = 0;
	} else if (rt_ctx(c)->tok_pos == ~0u) {
		return rt_substr(c, dst, kept, 0, 0);
	}
	start = rt_i_token(c, kept, delim);
	end = rt_ctx(c)->tok_pos;
	if (end < rt_string(kept)->len)
		rt_ctx(c)->tok_pos = (w_u32)end + 1; /* past the delimiter */
	return rt_substr(c, dst, kept, start, end - start);
}

/* In ctx.scratch. */
struct escaping {
	w_u32 from, end; /* the text: where the next character is */
	w_u32 to;	 /* where the next output goes */
	w_u32 room;	 /* bytes left there */
};

/* The character that starts at a byte above 0x7f, and its bytes; 0: none. */
RT_INLINE w_u64 utf8_char(w_u64 at, w_u64 end, w_u64 *bytes)
{
	w_u64 a = rt_ld8(at), b = rt_ld8(at + 1), c = rt_ld8(at + 2), ch;
	w_u64 d = rt_ld8(at + 3);

	*bytes = a < 0xe0 ? 2 : a < 0xf0 ? 3 : 4;
	if (a < 0xc2 || a > 0xf4 || at + *bytes > end || (b & 0xc0) != 0x80)
		return 0;
	if (*bytes == 2)
		return (a & 31) << 6 | (b & 63);
	if ((c & 0xc0) != 0x80)
		return 0;
	ch = (b & 63) << 6 | (c & 63);
	if (*bytes == 3) {
		ch |= (a & 15) << 12;
		return ch < 0x800 || (ch & 0xf800) == 0xd800 ? 0 : ch;
	}
	ch = (a & 7) << 18 | ch << 6 | (d & 63);
	return (d & 0xc0) != 0x80 || ch < 0x10000 || ch > 0x10ffff ? 0 : ch;
}

RT_INLINE void put_hex(w_u8 *to, w_u64 v)
{
	for (unsigned i = 0; i < 4; i++) {
		w_u64 n = v >> (12 - 4 * i) & 15;

		to[i] = n < 10 ? '0' + n : 'A' + n - 10;
	}
}

/* \uXXXX or \UXXXXXXXX */
RT_INLINE long escape_wide(struct escaping *x, w_u64 ch, w_u64 bytes)
{
	w_u64 n = ch > 0xffff ? 10 : 6;
	w_u8 *to = rt_at(x->to);

	if (n > x->room)
		return 1;
	to[0] = '\\';
	to[1] = n == 6 ? 'u' : 'U';
	put_hex(to + 2, n == 6 ? ch : ch >> 16);
	if (n > 6)
		put_hex(to + 6, ch);
	x->room -= n;
	x->to += n;
	x->from += bytes;
	return 0;
}

RT_STEP(escape_step, struct rt_in_heap)
{
	struct escaping *x = rt_at(st->at);
	w_u64 e, n;
	w_u8 *to;

	if (x->from >= x->end)
		return 1;
	if (rt_ld8(x->from) > 0x7f && (e = utf8_char(x->from, x->end, &n)))
		return escape_wide(x, e, n);
	e = rt_escape(rt_ld8(x->from));
	n = rt_escape_len(e);
	if (n > x->room)
		return 1;
	to = rt_at(x->to);
	to[0] = e;
	if (n > 1)
		to[1] = e >> 8;
	if (n > 2) {
		to[2] = e >> 16;
		to[3] = e >> 24;
	}
	x->room -= n;
	x->to += n;
	x->from++;
	return 0;
}

/* Escapes s to text offset `to` within n bytes: 1 when all of it fitted. */
RT_FN w_u64 rt_i_escape(w_u64 c, w_u64 to, w_u64 s, w_u64 n)
{
	struct escaping *x = rt_at(RT_SCRATCH(c));
	struct rt_in_heap h;

	x->from = s + RT_STR_HDR;
	x->end = s + RT_STR_HDR + rt_string(s)->len;
	x->to = to;
	x->room = n;
	h.at = RT_SCRATCH(c);
	RT_LOOP(RT_LOOP_MAX, escape_step, &h);
	x = rt_at(RT_SCRATCH(c));
	return x->from == x->end;
}

/*
 * Escapes s so that the result has at most n bytes (0: as many as a string
 * holds). Quoted: in double quotes, which n includes, and followed by "..."
 * when something had to be left out. Never ends in half an escape.
 */
RT_INLINE w_u64 text_strn(w_u64 c, w_u64 dst, w_u64 s, w_u64 n, w_u64 quoted)
{
	w_u64 cap = rt_head()->string_cap, text = dst + RT_STR_HDR, end;

	if (!n || n > cap)
		n = cap;
	if (!quoted) {
		if (!rt_i_escape(c, text, s, n) && n == cap)
			rt_count(WIRE_CNT_TRUNCATED);
		end = ((struct escaping *)rt_at(RT_SCRATCH(c)))->to;
		rt_str_end(dst, end - text);
		return 0;
	}
	if (cap < 5)
		return rt_substr(c, dst, s, 0, 0);
	/* the quotes and the dots come in any case, as in SystemTap 5.6 */
	if (n < 5)
		n = 5;
	rt_st8(text, '"');
	if (rt_i_escape(c, text + 1, s, n - 2)) {
		end = ((struct escaping *)rt_at(RT_SCRATCH(c)))->to;
		rt_st8(end, '"');
		rt_str_end(dst, end + 1 - text);
		return 0;
	}
	if (n == cap)
		rt_count(WIRE_CNT_TRUNCATED);
	/* once more, leaving room for the dots */
	rt_i_escape(c, text + 1, s, n - 5);
	end = ((struct escaping *)rt_at(RT_SCRATCH(c)))->to;
	rt_st8(end, '"');
	rt_st8(end + 1, '.');
	rt_st8(end + 2, '.');
	rt_st8(end + 3, '.');
	rt_str_end(dst, end + 4 - text);
	return 0;
}

RT_FN w_u64 rt_text_strn(w_u64 c, w_u64 dst, w_u64 s, w_u64 n, w_u64 quoted)
{
	return text_strn(c, dst, s, n, quoted);
}

RT_FN w_u64 rt_text_str(w_u64 c, w_u64 dst, w_u64 s)
{
	return text_strn(c, dst, s, 0, 0);
}

RT_FN w_u64 rt_string_quoted(w_u64 c, w_u64 dst, w_u64 s)
{
	return text_strn(c, dst, s, 0, 1);
}
