/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where and when a handler runs. */
#include "rt_int.h"

RT_FN w_u64 rt_pid_tgid(void)
{
	return rt_env_pid_tgid();
}

RT_FN w_u64 rt_uid_gid(void)
{
	return rt_env_uid_gid();
}

RT_FN w_u64 rt_cpu(void)
{
	return rt_env_cpu();
}

RT_FN w_u64 rt_task(void)
{
	return rt_env_task();
}

RT_FN w_u64 rt_uregs(w_u64 c)
{
	return rt_env_uregs(c);
}

RT_FN w_u64 rt_mono_ns(void)
{
	return rt_env_mono_ns();
}

RT_FN w_u64 rt_boot_ns(void)
{
	return rt_env_boot_ns();
}

RT_FN w_u64 rt_real_ns(void)
{
	return rt_env_real_ns();
}

/* dst := up to 15 bytes of text in two words, whatever follows their NUL. */
RT_INLINE void set_name(w_u64 dst, w_u64 first, w_u64 second)
{
	rt_word *to = rt_at(dst + RT_STR_HDR);
	w_u64 len = rt_name_len(first, second), cap = rt_head()->string_cap;

	if (len < 8) {
		to[0] = first & rt_first_bytes(len);
	} else {
		to[0] = first;
		if (rt_likely(cap >= 8))
			to[1] = second & rt_first_bytes(len & 7);
	}
	if (rt_unlikely(len > cap))
		rt_str_end(dst, rt_str_fit(len));
	else
		rt_str_head(dst, len);
}

/* The name of the task: up to 15 bytes. */
RT_FN w_u64 rt_execname(w_u64 c, w_u64 dst)
{
	w_u64 at = c + RT_OFF(struct rt_ctx, scratch);
	rt_word *from;

	rt_env_comm(at);
	from = rt_at(at);
	set_name(dst, from[0], from[1]);
	return 0;
}

#ifdef RT_BPF
/*
 * The same from the task's own field, without the helper that copies it, which
 * takes longer than all the rest. The back end puts this function in the place
 * of rt_execname() when it knows where task_struct.comm is, and replaces the
 * two offsets (RTLIB_COMM_MAGIC).
 */
RT_FN w_u64 rt_i_execname_task(w_u64 c, w_u64 dst)
{
	void *task = rt_h_task_btf();
	w_u64 first, second;

	RT_UNUSED(c);
	asm volatile("%0 = *(u64 *)(%1 + 0x7ff0)" : "=r"(first) : "r"(task));
	asm volatile("%0 = *(u64 *)(%1 + 0x7ff8)" : "=r"(second) : "r"(task));
	set_name(dst, first, second);
	return 0;
}
#endif

RT_FN w_u64 rt_tz_name(w_u64 c, w_u64 dst)
{
	rt_word *from = (rt_word *)((char *)rt_at(rt_zero()) +
				    RT_OFF(struct rt_head, tz_name));

	RT_UNUSED(c);
	set_name(dst, from[0], from[1]);
	return 0;
}

/* 0 <= result < limit; 0 for limit <= 0. The bias of the remainder is below
   limit / 2^64. */
RT_FN w_u64 rt_random(w_u64 limit)
{
	if ((w_s64)limit <= 0)
		return 0;
	return rt_env_random() % limit;
}

struct civil {
	w_u64 days;		/* since 0000-03-01, then the rest */
	w_u64 year, month, day; /* month 0 is March */
};

/* Days since 1970-01-01 (at least -719468) to a date of the Gregorian
   calendar. Years start in March here: the leap day is their last. */
RT_INLINE void civil_from_days(struct civil *d, w_s64 since)
{
	w_u64 z = since + 719468, era = z / 146097, doe = z % 146097;
	w_u64 yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	w_u64 doy = doe - (365 * yoe + yoe / 4 - yoe / 100);

	d->month = (5 * doy + 2) / 153;
	d->day = doy - (153 * d->month + 2) / 5 + 1;
	d->year = yoe + era * 400 + (d->month >= 10);
}

#define THREE(a, b, c) ((w_u64)(a) | (w_u64)(b) << 8 | (w_u64)(c) << 16)

RT_INLINE w_u64 day_name(w_u64 d)
{
	return d == 0	? THREE('S', 'u', 'n')
	       : d == 1 ? THREE('M', 'o', 'n')
	       : d == 2 ? THREE('T', 'u', 'e')
	       : d == 3 ? THREE('W', 'e', 'd')
	       : d == 4 ? THREE('T', 'h', 'u')
	       : d == 5 ? THREE('F', 'r', 'i')
			: THREE('S', 'a', 't');
}

/* Month 0 is March. */
RT_INLINE w_u64 month_name(w_u64 m)
{
	return m == 0	 ? THREE('M', 'a', 'r')
	       : m == 1	 ? THREE('A', 'p', 'r')
	       : m == 2	 ? THREE('M', 'a', 'y')
	       : m == 3	 ? THREE('J', 'u', 'n')
	       : m == 4	 ? THREE('J', 'u', 'l')
	       : m == 5	 ? THREE('A', 'u', 'g')
	       : m == 6	 ? THREE('S', 'e', 'p')
	       : m == 7	 ? THREE('O', 'c', 't')
	       : m == 8	 ? THREE('N', 'o', 'v')
	       : m == 9	 ? THREE('D', 'e', 'c')
	       : m == 10 ? THREE('J', 'a', 'n')
			 : THREE('F', 'e', 'b');
}

/* Two characters; the first is `pad` when it would be a leading zero. */
RT_INLINE w_u64 two_digits(w_u64 v, w_u64 pad)
{
	return (v < 10 ? pad : '0' + v / 10) | ('0' + v % 10) << 8;
}

RT_INLINE void put_text(w_u64 *word, w_u64 text)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	*word = text;
#else
	*word = __builtin_bswap64(text);
#endif
}

/*
 * "Wed Jun 30 21:49:08 1993", in UTC, always 24 characters. Times that do not
 * fit 32 bits are an error.
 */
RT_FN w_u64 rt_ctime(w_u64 c, w_u64 dst, w_u64 seconds)
{
	w_u64 at = c + RT_OFF(struct rt_ctx, scratch), s, tod, days;
	w_u64 *text;
	struct civil d;

	rt_str_empty(dst);
	if ((w_s64)seconds > 2147483647ll)
		return rt_fail(c, RT_MSG_CTIME_LATE);
	if ((w_s64)seconds < -2147483648ll)
		return rt_fail(c, RT_MSG_CTIME_EARLY);
	/* 2^16 days earlier all is positive; 4 January 1970 was a Sunday */
	s = seconds + 65536ull * 86400;
	days = s / 86400;
	tod = s % 86400;
	civil_from_days(&d, (w_s64)(days - 65536));
	text = rt_at(at);
	put_text(text, day_name((days + 2) % 7) | (w_u64)' ' << 24 |
			       month_name(d.month) << 32 | (w_u64)' ' << 56);
	put_text(text + 1, two_digits(d.day, ' ') | (w_u64)' ' << 16 |
				   two_digits(tod / 3600, '0') << 24 |
				   (w_u64)':' << 40 |
				   two_digits(tod / 60 % 60, '0') << 48);
	put_text(text + 2, ':' | two_digits(tod % 60, '0') << 8 |
				   (w_u64)' ' << 24 |
				   two_digits(d.year / 100, '0') << 32 |
				   two_digits(d.year % 100, '0') << 48);
	rt_i_append(dst, at, 24);
	return 0;
}
