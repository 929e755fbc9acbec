/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking doubles apart and making them, see float.c. */
#ifndef RUNTIME_FLOAT_H
#define RUNTIME_FLOAT_H

#include "rt_int.h"

#define FP_SIGN (1ull << 63)
#define FP_ONE (1ull << 52) /* the leading one, which is not kept */
#define FP_INF (0x7ffull << 52)
#define FP_NAN (0x7ff8ull << 48)
#define FP_QUIET (1ull << 51) /* of a NaN */
#define FP_BIAS 1023

RT_INLINE w_u64 fp_abs(w_u64 a)
{
	return a & ~FP_SIGN;
}

RT_INLINE w_u64 fp_is_nan(w_u64 a)
{
	return fp_abs(a) > FP_INF;
}

RT_INLINE w_u64 fp_is_signalling(w_u64 a)
{
	return fp_is_nan(a) && !(a & FP_QUIET);
}

/* What an operation on a NaN gives. */
RT_INLINE w_u64 fp_nan(w_u64 a, w_u64 b)
{
	if (fp_is_signalling(b) && !fp_is_signalling(a))
		a = b;
	return (fp_is_nan(a) ? a : b) | FP_QUIET;
}

/* v >> n, where what falls off sets the lowest bit. */
RT_INLINE w_u64 shift_sticky(w_u64 v, w_u64 n)
{
	if (!n)
		return v;
	if (n > 63)
		return v != 0;
	return v >> n | (v << (64 - n) != 0);
}

/* Not known to the verifier, or it would follow every number on its own. */
RT_INLINE w_u64 top_bit(w_u64 v)
{
	return rt_unknown(rt_log2(v));
}

/* The double nearest to a number of which bit 63 is the leading one. */
RT_INLINE w_u64 fp_pack(w_u64 sign, w_s64 exp, w_u64 sig)
{
	w_u64 kept, rest;

	if (exp >= 2047)
		return sign | FP_INF;
	if (exp <= 0) {
		sig = shift_sticky(sig, 1 - exp);
		exp = 1;
	}
	kept = sig >> 11;
	rest = sig & 0x7ff;
	if (rest > 0x400 || (rest == 0x400 && kept & 1))
		kept++;
	/* the leading one counts as one more exponent, so does a carry */
	return sign | ((((w_u64)exp - 1) << 52) + kept);
}

/* The same with the leading one anywhere; exp is what it means at bit 63.
   sig 0: a zero. */
RT_INLINE w_u64 fp_pack_any(w_u64 sign, w_s64 exp, w_u64 sig)
{
	w_u64 n;

	if (!sig)
		return sign;
	n = 63 - top_bit(sig);
	return fp_pack(sign, exp - (w_s64)n, sig << n);
}

/* Exponent of a number whose leading one is moved to bit 52. */
RT_INLINE w_s64 fp_exp(w_u64 a)
{
	w_u64 exp = a >> 52 & 0x7ff, fraction = a & (FP_ONE - 1);

	if (exp || !fraction)
		return exp;
	return (w_s64)top_bit(fraction) - 51;
}

/* Its 53 bits; 0 for a zero. */
RT_INLINE w_u64 fp_sig(w_u64 a)
{
	w_u64 fraction = a & (FP_ONE - 1);

	if (a >> 52 & 0x7ff)
		return fraction | FP_ONE;
	return fraction ? fraction << (52 - top_bit(fraction)) : 0;
}

#endif
