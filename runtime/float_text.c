/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Doubles as decimal texts, and back; exact, whatever their size. Both need
 * integers of up to 3,700 bits: limbs of 32 bits, the lowest first, in a struct
 * fp_work that the caller has memory for. Nine decimal digits are dealt with
 * at a time.
 */
#include "float.h"

#define NINE_DIGITS 1000000000ull
#define FP_LIMBS 152
#define FP_DIGITS 1104 /* bytes: 1,074 behind the point, 17 before */

struct fp_work {
	w_u64 n; /* limbs */
	w_u64 i; /* the next one to look at */
	w_u64 by; /* what all are multiplied or divided by, in */
	w_u64 times; /* this many turns, */
	w_u64 last; /* and in the last turn */
	w_u64 carry; /* or remainder */
	w_u64 sticky; /* not 0: something was lost */
	w_u64 base; /* the first limb of the integer, behind the fraction's */
	w_u64 text; /* offset of the first digit made, or of what is read */
	/* of a number that is read */
	w_u64 mant, exp10, after_point;
	w_u32 limb[FP_LIMBS];
	w_u8 digit[FP_DIGITS];
};
_Static_assert(sizeof(struct fp_work) <= RT_FP_WORK, "callers' memory");
#define LIMB(k) (RT_OFF(struct fp_work, limb) + (k)*4)

RT_INLINE struct fp_work *fp_work(w_u64 at)
{
	return rt_at(at);
}

RT_INLINE w_u64 power_of_ten(w_u64 n) /* n < 9 */
{
	return n == 0	? 1
	       : n == 1 ? 10
	       : n == 2 ? 100
	       : n == 3 ? 1000
	       : n == 4 ? 10000
	       : n == 5 ? 100000
	       : n == 6 ? 1000000
	       : n == 7 ? 10000000
			: 100000000;
}

/* Prepares for a product or quotient with 10^n. */
RT_INLINE void by_power(struct fp_work *w, w_u64 n)
{
	w->times = n / 9 + 1;
	w->last = power_of_ten(n % 9);
	w->by = n < 9 ? w->last : NINE_DIGITS;
	w->carry = 0;
	w->i = 0;
}

/* All limbs are done; 1: in the last turn. */
RT_INLINE w_u64 next_turn(struct fp_work *w)
{
	w->i = 0;
	w->carry = 0;
	w->times--;
	if (w->times == 1)
		w->by = w->last;
	return !w->times;
}

RT_STEP(mul_step, struct rt_in_heap)
{
	struct fp_work *w = fp_work(st->at);
	w_u64 at = st->at + LIMB(w->i);
	w_u64 v = rt_ld32(at) * w->by + w->carry;

	rt_st32(at, v);
	w->carry = v >> 32;
	w->i++;
	return w->i < w->n ? 0 : next_turn(w);
}

/* From the highest limb to the lowest. */
RT_STEP(div_step, struct rt_in_heap)
{
	struct fp_work *w = fp_work(st->at);
	w_u64 at = st->at + LIMB(w->n - 1 - w->i);
	w_u64 v = w->carry << 32 | rt_ld32(at), q = v / w->by;

	rt_st32(at, q);
	w->carry = v - q * w->by;
	w->i++;
	if (w->i < w->n)
		return 0;
	w->sticky |= w->carry;
	return next_turn(w);
}

RT_STEP(limbs_clear_step, struct rt_in_heap)
{
	struct fp_work *w = fp_work(st->at);

	rt_st32(st->at + LIMB(w->i), 0);
	w->i++;
	return w->i >= w->n;
}

/* n limbs: v << 32 * words + bits. */
RT_INLINE void limbs_set(w_u64 work, w_u64 v, w_u64 words, w_u64 bits, w_u64 n)
{
	struct rt_in_heap st;

	st.at = work;
	fp_work(work)->n = n;
	fp_work(work)->i = 0;
	fp_work(work)->sticky = 0;
	RT_LOOP(RT_LOOP_MAX, limbs_clear_step, &st);
	rt_st32(work + LIMB(words), v << bits);
	v >>= 32 - bits;
	rt_st32(work + LIMB(words + 1), v);
	rt_st32(work + LIMB(words + 2), v >> 32);
}

/* The integer's next nine digits are what a division by 10^9 leaves; 1: all
   that is left is 0. */
RT_STEP(digits_step9, struct rt_in_heap)
{
	struct fp_work *w = fp_work(st->at);
	w_u64 k = w->n - 1 - w->i, at = st->at + LIMB(k);
	w_u64 v = w->carry << 32 | rt_ld32(at), q = v / NINE_DIGITS;

	rt_st32(at, q);
	w->carry = v - q * NINE_DIGITS;
	if (!q && !w->i && k > w->base)
		w->n--; /* the highest one is used up */
	else
		w->i++;
	if (w->n - w->i > w->base)
		return 0;
	v = w->carry;
	w->text -= 9;
#define DIGIT(k)                                                               \
	rt_st8(w->text + (k), '0' + v % 10);                                   \
	v /= 10
	DIGIT(8);
	DIGIT(7);
	DIGIT(6);
	DIGIT(5);
	DIGIT(4);
	DIGIT(3);
	DIGIT(2);
	DIGIT(1);
	DIGIT(0);
#undef DIGIT
	w->i = 0;
	w->carry = 0;
	return w->n == w->base + 1 && !q;
}

/* Zeros at the front are no digits. */
RT_STEP(lead_step, struct rt_in_heap)
{
	struct fp_work *w = fp_work(st->at);

	if (rt_ld8(w->text) != '0')
		return 1;
	w->text++;
	return 0;
}

/* Rounds what stands before the limb w->base; a half is rounded up. */
RT_INLINE void round_integer(w_u64 work)
{
	struct fp_work *w = fp_work(work);
	struct rt_in_heap st;

	if (rt_ld32(work + LIMB(w->base - 1)) < 1u << 31)
		return;
	st.at = work;
	by_power(w, 0);
	w->i = w->base;
	w->carry = 1;
	RT_LOOP(RT_LOOP_MAX, mul_step, &st);
}

/* Makes the digits of |a| * 10^prec, rounded; how many. */
RT_FN w_u64 rt_i_fp_digits(w_u64 work, w_u64 a, w_u64 prec)
{
	w_s64 exp = fp_exp(a) - FP_BIAS - 52;
	w_u64 end = work + RT_OFF(struct fp_work, digit) + FP_DIGITS, below;
	struct rt_in_heap st;

	st.at = work;
	if (exp >= 0) {
		limbs_set(work, fp_sig(a), exp >> 5, exp & 31, (exp >> 5) + 3);
		fp_work(work)->base = 0;
	} else {
		below = (31 - exp) >> 5; /* limbs of the fraction */
		limbs_set(work, fp_sig(a), 0, 32 * below + exp,
			  below + (64 + prec * 10 / 3) / 32 + 3);
		by_power(fp_work(work), prec);
		RT_LOOP(RT_LOOP_MAX, mul_step, &st);
		fp_work(work)->base = below;
		round_integer(work);
	}
	fp_work(work)->text = end;
	fp_work(work)->i = 0;
	fp_work(work)->carry = 0;
	RT_LOOP(RT_LOOP_MAX, digits_step9, &st);
	RT_LOOP(end - fp_work(work)->text, lead_step, &st);
	return end - fp_work(work)->text;
}

/* Up to eight bytes of text, the first one lowest. */
RT_INLINE w_u64 append_text(w_u64 work, w_u64 dst, w_u64 text, w_u64 n)
{
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	text = __builtin_bswap64(text);
#endif
	rt_st64(work, text);
	return rt_i_append(dst, work, n);
}

/* The integer part. */
RT_INLINE w_u64 fp_trunc(w_u64 a)
{
	w_s64 exp = fp_exp(a) - FP_BIAS;

	if (exp < 0)
		return a & FP_SIGN;
	return exp < 52 ? a & ~((FP_ONE >> exp) - 1) : a;
}

/*
 * The number with `prec` digits behind the point, rounded (halves away from
 * zero); without any digits (prec <= 0) cut, as SystemTap does it.
 */
RT_FN w_u64 rt_fp_text(w_u64 c, w_u64 dst, w_u64 work, w_u64 a, w_u64 prec)
{
	w_u64 n, from, whole, p;

	RT_UNUSED(c);
	rt_str_empty(dst);
	if (fp_is_nan(a))
		return append_text(work, dst, 'N' | 'a' << 8 | 'N' << 16, 3);
	if (a >> 63)
		append_text(work, dst, '-', 1);
	if (fp_abs(a) == FP_INF)
		return append_text(work, dst, 0x7974696e69666e49ull, 8);
	if ((w_s64)prec <= 0) {
		prec = 0;
		a = fp_trunc(a);
	}
	/* the digits behind these are zeros */
	p = fp_exp(a) >= FP_BIAS + 52 ? 0 : prec > 1074 ? 1074 : prec;
	n = rt_i_fp_digits(work, a, p);
	from = fp_work(work)->text;
	whole = n > p ? n - p : 0;
	if (whole)
		rt_i_append(dst, from, whole);
	else
		append_text(work, dst, '0', 1);
	if (!prec)
		return 0;
	append_text(work, dst, '.', 1);
	if (n < p)
		rt_i_fill(dst, '0', p - n);
	rt_i_append(dst, from + whole, n - whole);
	return rt_i_fill(dst, '0', prec - p);
}

/* ---- reading ---- */

/* A digit or the point; the first 19 digits count. */
RT_STEP(number_step, struct rt_in_heap)
{
	struct fp_work *w = fp_work(st->at);
	w_u64 ch = rt_ld8(w->text), d = ch - '0';

	if (ch == '.' && !w->after_point) {
		w->after_point = 1;
	} else if (d < 10) {
		if (w->mant < 1000000000000000000ull) {
			w->mant = w->mant * 10 + d;
			w->exp10 -= w->after_point;
		} else {
			w->sticky |= d;
			w->exp10 += !w->after_point;
		}
	} else {
		return 1;
	}
	w->text++;
	return 0;
}

/* A digit of the exponent. */
RT_STEP(exponent_step, struct rt_in_heap)
{
	struct fp_work *w = fp_work(st->at);
	w_u64 d = rt_ld8(w->text) - '0';

	if (d >= 10)
		return 1;
	w->text++;
	if (w->mant < 100000)
		w->mant = w->mant * 10 + d;
	return 0;
}

/* Down to the highest limb that is not 0, at least the third. */
RT_STEP(top_step, struct rt_in_heap)
{
	struct fp_work *w = fp_work(st->at);

	w->i--;
	return w->i <= 2 || rt_ld32(st->at + LIMB(w->i));
}

/* Looks for bits in the limbs from w->i up to w->n. */
RT_STEP(sticky_step, struct rt_in_heap)
{
	struct fp_work *w = fp_work(st->at);

	if (w->i >= w->n)
		return 1;
	w->sticky |= rt_ld32(st->at + LIMB(w->i));
	w->i++;
	return 0;
}

/* v * 10^exp10, rounded; sticky: a little more than that. */
RT_FN w_u64 rt_i_fp_scale(w_u64 work, w_u64 v, w_u64 exp10, w_u64 sticky)
{
	w_u64 words = 0, top, n, low;
	struct rt_in_heap st;
	struct fp_work *w;

	st.at = work;
	if ((w_s64)exp10 >= 0) {
		limbs_set(work, v, 0, 0, (64 + exp10 * 10 / 3) / 32 + 4);
		by_power(fp_work(work), exp10);
		RT_LOOP(RT_LOOP_MAX, mul_step, &st);
	} else {
		exp10 = -exp10;
		/* so far up that the quotient has 64 bits */
		words = (exp10 * 10 / 3 + 64) / 32 + 1;
		limbs_set(work, v, words, 0, words + 3);
		by_power(fp_work(work), exp10);
		RT_LOOP(RT_LOOP_MAX, div_step, &st);
	}
	w = fp_work(work);
	w->sticky |= sticky;
	w->i = w->n;
	RT_LOOP(RT_LOOP_MAX, top_step, &st);
	w = fp_work(work);
	top = w->i;
	w->i = 0;
	w->n = top - 2;
	RT_LOOP(RT_LOOP_MAX, sticky_step, &st);
	v = rt_ld32(work + LIMB(top)) << 32 | rt_ld32(work + LIMB(top - 1));
	low = rt_ld32(work + LIMB(top - 2));
	/* small integers have fewer limbs */
	if (!(v >> 32)) {
		v = v << 32 | low;
		low = 0;
		top--;
	}
	if (!(v >> 32)) {
		v <<= 32;
		top--;
	}
	n = 63 - top_bit(v);
	if (n) {
		v = v << n | low << n >> 32;
		low = (w_u32)(low << n);
	}
	if (low || fp_work(work)->sticky)
		v |= 1;
	return fp_pack(0, FP_BIAS + 31 - (w_s64)n + 32 * (w_s64)(top - words),
		       v);
}

/* A sign may stand before a number. 1: it is a minus. */
RT_INLINE w_u64 skip_sign(struct fp_work *w)
{
	w_u64 ch = rt_ld8(w->text);

	w->text += ch == '-' || ch == '+';
	return ch == '-';
}

/* A decimal number, of which every part may be left out; what follows one is
   an error. */
RT_FN w_u64 rt_fp_parse(w_u64 c, w_u64 s, w_u64 work)
{
	struct fp_work *w = fp_work(work);
	w_u64 sign, mant, down;
	struct rt_in_heap st;

	st.at = work;
	w->text = s + RT_STR_HDR;
	w->mant = w->exp10 = w->after_point = w->sticky = 0;
	sign = skip_sign(w) << 63;
	RT_LOOP(RT_LOOP_MAX, number_step, &st);
	w = fp_work(work);
	mant = w->mant;
	if ((rt_ld8(w->text) | 32) == 'e') {
		w->text++;
		down = skip_sign(w);
		w->mant = 0;
		RT_LOOP(RT_LOOP_MAX, exponent_step, &st);
		w = fp_work(work);
		w->exp10 += down ? -w->mant : w->mant;
	}
	if (rt_ld8(w->text))
		return rt_fail(c, RT_MSG_FP_FORMAT);
	if (!mant || (w_s64)w->exp10 < -345)
		return sign;
	if ((w_s64)w->exp10 > 310)
		return sign | FP_INF;
	return sign | rt_i_fp_scale(work, mant, w->exp10, w->sticky);
}
