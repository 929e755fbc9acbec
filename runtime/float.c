/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating point in integers: a value is the bits of an IEEE double. Results
 * are exact, rounded to the nearest, ties to even. A NaN among the operands is
 * the result (a signalling one first, made quiet); others are FP_NAN.
 *
 * Between unpacking and packing a number is a sign, an exponent as a double
 * has it (biased; here it may leave the range), and 64 bits of which the
 * highest is the leading one: the 53 that stay, and 11 behind them. The last
 * of these also stands for everything below it that is not zero.
 *
 * Decimal texts (float_text.c) use the same unpacking.
 */
#include "float.h"

RT_FN w_u64 rt_fp_add(w_u64 a, w_u64 b)
{
	w_u64 big, small;
	w_s64 exp;

	if (fp_is_nan(a) || fp_is_nan(b))
		return fp_nan(a, b);
	if (a << 1 < b << 1) {
		big = a;
		a = b;
		b = big;
	}
	if (fp_abs(a) == FP_INF)
		return b == (a ^ FP_SIGN) ? FP_NAN : a;
	exp = fp_exp(a);
	big = fp_sig(a) << 10;
	small = fp_sig(b);
	if (small)
		small = shift_sticky(small << 10, exp - fp_exp(b));
	if (!((a ^ b) & FP_SIGN))
		return fp_pack_any(a & FP_SIGN, exp + 1, big + small);
	return fp_pack_any(big == small ? 0 : a & FP_SIGN, exp + 1,
			   big - small);
}

/* The upper half of a 128-bit product; its lowest bit is sticky. */
RT_INLINE w_u64 mul_high(w_u64 a, w_u64 b)
{
	w_u64 al = (w_u32)a, ah = a >> 32, bl = (w_u32)b, bh = b >> 32;
	w_u64 low = al * bl, m1 = ah * bl, m2 = al * bh, high = ah * bh;

	m1 += low >> 32;
	m2 += (w_u32)m1;
	high += (m1 >> 32) + (m2 >> 32);
	return high | ((w_u32)m2 != 0 || (w_u32)low != 0);
}

RT_FN w_u64 rt_fp_mul(w_u64 a, w_u64 b)
{
	w_u64 sign = (a ^ b) & FP_SIGN, x = fp_abs(a), y = fp_abs(b);

	if (x > FP_INF || y > FP_INF)
		return fp_nan(a, b);
	if (x == FP_INF || y == FP_INF)
		return x && y ? sign | FP_INF : FP_NAN;
	if (!x || !y)
		return sign;
	return fp_pack_any(sign, fp_exp(a) + fp_exp(b) - FP_BIAS + 1,
			   mul_high(fp_sig(a) << 11, fp_sig(b) << 11));
}

/* The next 11 bits of a quotient: the rest has 53. */
#define MORE_BITS                                                              \
	do {                                                                   \
		rest <<= 11;                                                   \
		d = rest / by;                                                 \
		rest -= d * by;                                                \
		q = q << 11 | d;                                               \
	} while (0)

RT_FN w_u64 rt_fp_div(w_u64 a, w_u64 b)
{
	w_u64 sign = (a ^ b) & FP_SIGN, x = fp_abs(a), y = fp_abs(b);
	w_u64 rest, by, q = 1, d;
	w_s64 exp;

	if (x > FP_INF || y > FP_INF)
		return fp_nan(a, b);
	if ((x == FP_INF && y == FP_INF) || !(x | y))
		return FP_NAN;
	if (x == FP_INF || !y)
		return sign | FP_INF;
	if (y == FP_INF || !x)
		return sign;
	exp = fp_exp(a) - fp_exp(b) + FP_BIAS;
	rest = fp_sig(a);
	by = fp_sig(b);
	if (rest < by) {
		rest <<= 1;
		exp--;
	}
	rest -= by;
	MORE_BITS;
	MORE_BITS;
	MORE_BITS;
	MORE_BITS;
	MORE_BITS;
	return fp_pack(sign, exp, q << 8 | (rest != 0));
}

struct fp_rest {
	w_u64 rest, by;
	w_u64 bits; /* of the quotient that are missing */
	w_u64 q;
};

RT_STEP(rem_step, struct fp_rest)
{
	w_u64 n = st->bits < 11 ? st->bits : 11, r = st->rest << n;

	if (!n)
		return 1;
	st->q = r / st->by;
	st->rest = r - st->q * st->by;
	st->bits -= n;
	return 0;
}

/* IEEE's remainder: a - n * b, n being the integer nearest to a / b. */
RT_FN w_u64 rt_fp_rem(w_u64 a, w_u64 b)
{
	w_u64 sign = a & FP_SIGN, x = fp_abs(a), y = fp_abs(b);
	struct fp_rest r;
	w_s64 exp, diff;

	if (x > FP_INF || y > FP_INF)
		return fp_nan(a, b);
	if (x == FP_INF || !y)
		return FP_NAN;
	if (y == FP_INF || !x)
		return a;
	exp = fp_exp(b);
	diff = fp_exp(a) - exp;
	if (diff < -1)
		return a;
	r.rest = fp_sig(a);
	r.by = fp_sig(b);
	r.q = rt_zero();
	r.bits = rt_zero();
	if (diff < 0) {
		/* in units of a's last bit */
		r.by <<= 1;
		exp--;
	} else {
		if (r.rest >= r.by) {
			r.rest -= r.by;
			r.q++;
		}
		r.bits += diff;
		RT_LOOP(RT_LOOP_MAX, rem_step, &r);
	}
	if (2 * r.rest > r.by || (2 * r.rest == r.by && r.q & 1)) {
		r.rest = r.by - r.rest;
		sign ^= FP_SIGN;
	}
	return fp_pack_any(r.rest ? sign : a & FP_SIGN, exp + 11, r.rest);
}

struct fp_root {
	w_u64 value; /* bits that are still to come, from the top */
	w_u64 rest, root;
};

RT_STEP(sqrt_step, struct fp_root)
{
	w_u64 rest = st->rest << 2 | st->value >> 62, next = st->root << 2 | 1;

	st->value <<= 2;
	st->root <<= 1;
	if (rest >= next) {
		rest -= next;
		st->root |= 1;
	}
	st->rest = rest;
	return 0;
}

RT_FN w_u64 rt_fp_sqrt(w_u64 a)
{
	struct fp_root r;
	w_s64 exp;

	if (fp_is_nan(a))
		return fp_nan(a, a);
	if (!fp_abs(a) || a == FP_INF)
		return a;
	if (a & FP_SIGN)
		return FP_NAN;
	exp = fp_exp(a) - FP_BIAS;
	/* from 1 to 4: two bits before the point */
	r.value = fp_sig(a) << (exp & 1 ? 11 : 10);
	r.rest = r.root = rt_zero();
	RT_LOOP(56, sqrt_step, &r);
	return fp_pack(0, (exp >> 1) + FP_BIAS, r.root << 8 | (r.rest != 0));
}

/*
 * To an integer. mode: 0 to the nearest, ties to even; 2 down; 3 up; 4 to the
 * nearest, ties away from zero; any other towards zero. What is too large
 * gives the largest, a NaN 0.
 */
RT_FN w_u64 rt_fp_to_long(w_u64 a, w_u64 mode)
{
	w_u64 negative = a >> 63, sig = fp_sig(a) << 11, v, rest;
	w_s64 exp = fp_exp(a) - FP_BIAS;

	if (fp_is_nan(a))
		return 0;
	if (exp >= 63)
		return FP_SIGN - !negative;
	/* v.rest, with the point between both */
	v = exp < 0 ? 0 : sig >> (63 - exp);
	rest = exp < 0 ? shift_sticky(sig, -1 - exp) : sig << 1 << exp;
	if (mode == 0)
		v += rest > FP_SIGN || (rest == FP_SIGN && v & 1);
	else if (mode == 4)
		v += rest >= FP_SIGN;
	else if (mode == 2)
		v += rest && negative;
	else if (mode == 3)
		v += rest && !negative;
	if (v >> 63)
		return FP_SIGN - !negative;
	return negative ? -v : v;
}

RT_FN w_u64 rt_fp_of_long(w_u64 v)
{
	return fp_pack_any(v & FP_SIGN, FP_BIAS + 63, rt_abs64(v));
}
