/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel at the hit: registers, stack, and what an address is called.
 *
 * The names come from the kernel itself, when they are asked for, so those of
 * modules that were loaded later are right too, and it does not matter whether
 * anyone may read /proc/kallsyms.
 */
#include "rt_int.h"

/* Address of the struct pt_regs of the hit, or 0. */
RT_FN w_u64 rt_kregs(w_u64 c)
{
	struct rt_ctx *ctx = rt_ctx(c);
	w_u64 at = RT_SCRATCH(c);

	if (!rt_env_has_kernel() || ctx->entry_kind == RT_ENTRY_PLAIN)
		return 0;
	if (ctx->entry_kind == RT_ENTRY_REGS)
		return ctx->entry;
	if (rt_env_read(at, 8, ctx->entry, 0))
		return 0;
	return rt_ld64(at);
}

/* A kprobe's registers are behind the breakpoint, or the call, that brought it
   there. */
RT_FN w_u64 rt_kplace(w_u64 c)
{
	return rt_env_has_kernel() ? rt_ctx(c)->entry_at : 0;
}

/* Where the function begins whose return was hit; 0: no function returns. */
RT_FN w_u64 rt_kfrom(w_u64 c)
{
	return rt_env_has_kernel() ? rt_ctx(c)->returns_from : 0;
}

/* What becomes of the packet, in handlers of netfilter hooks. */
RT_FN w_u64 rt_verdict(w_u64 c, w_u64 v)
{
	if (v > 1 && v != 5)
		return rt_fail(c, RT_MSG_VERDICT);
	rt_ctx(c)->verdict = v != 0;
	return 0;
}

/* Where the handler's own frame is: on the stack of what was hit, unless BPF
   programs have stacks of their own. */
RT_FN w_u64 rt_ksp(w_u64 c)
{
	return rt_env_frame(RT_SCRATCH(c));
}

#define EIGHT(a, b, c, d, e, f, g, h)                                          \
	((w_u64)(a) | (w_u64)(b) << 8 | (w_u64)(c) << 16 | (w_u64)(d) << 24 |  \
	 (w_u64)(e) << 32 | (w_u64)(f) << 40 | (w_u64)(g) << 48 |              \
	 (w_u64)(h) << 56)

/* Does a name that begins so belong to what runs BPF programs? */
RT_INLINE w_u64 is_own(w_u64 w)
{
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w == EIGHT('b', 'p', 'f', '_', 'p', 'r', 'o', 'g') ||
	       w == EIGHT('b', 'p', 'f', '_', 't', 'r', 'a', 'c') ||
	       w == EIGHT('b', 'p', 'f', '_', 't', 'r', 'a', 'm') ||
	       w == EIGHT('b', 'p', 'f', '_', 'g', 'e', 't', '_') ||
	       w == EIGHT('_', '_', 'b', 'p', 'f', '_', 't', 'r') ||
	       w == EIGHT('_', '_', 't', 'r', 'a', 'c', 'e', 'i');
}

struct own_search {
	w_u64 at; /* of an address of the stack */
	w_u64 end;
	w_u64 scratch;
	w_u64 n; /* frames of BPF's own so far */
};

RT_STEP(own_step, struct own_search)
{
	if (st->at >= st->end)
		return 1;
	rt_env_ksym(st->scratch, 16, st->at, 0);
	if (!is_own(rt_ld64(st->scratch)))
		return 1;
	rt_advance(st->n, 1);
	rt_advance(st->at, 8);
	return 0;
}

/* How many frames the program itself and its callers take. */
RT_FN w_u64 rt_i_own_frames(w_u64 c)
{
	struct rt_ctx *ctx = rt_ctx(c);
	struct own_search s;

	s.at = c + rt_head()->kstack_off;
	s.end = s.at + (w_u64)(w_u32)ctx->kstack_len;
	s.scratch = RT_SCRATCH(c);
	s.n = rt_zero();
	RT_LOOP(16, own_step, &s);
	return s.n;
}

/* Address number n of the kernel's stack at the hit; 0: there are fewer. */
RT_FN w_u64 rt_kstack(w_u64 c, w_u64 n)
{
	struct rt_ctx *ctx = rt_ctx(c);

	if (!rt_env_has_kernel() || ctx->kstack_len <= 0)
		return 0;
	if (n >= rt_head()->max_backtrace) {
		if (n == rt_head()->max_backtrace)
			rt_count(WIRE_CNT_BACKTRACE);
		return 0;
	}
	if (!n && ctx->entry_at)
		return ctx->entry_at;
	if (!ctx->kstack_first)
		ctx->kstack_first = 1 + rt_i_own_frames(c);
	ctx = rt_ctx(c);
	n += ctx->kstack_first - 1;
	if (n >= (w_u64)(w_u32)ctx->kstack_len / 8)
		return 0;
	return rt_ld64(c + rt_head()->kstack_off + n * 8);
}

/* Both in the scratch memory. */
struct ip_search {
	w_u64 word;  /* what is read */
	w_u64 table; /* address of it in the kernel */
	w_u64 lo, hi;
	w_u64 key;
};

RT_STEP(ip_step, struct rt_in_heap)
{
	struct ip_search *s = rt_at(st->at);
	w_u64 lo = s->lo, hi = s->hi, mid = (lo + hi) >> 1;
	w_u64 row = s->table + mid * 4;

	if (hi - lo <= 1)
		return 1;
	if (rt_env_read(st->at, 4, row, 0)) {
		s->hi = lo;
		return 1;
	}
	/* each row says how far the code is from itself */
	row += (w_u64)(w_s64)(w_s32)s->word;
	if (row <= s->key)
		s->lo = mid;
	else
		s->hi = mid;
	return 0;
}

/* The row of a table of the kernel's, of n 32-bit distances to code in
   ascending order, that is the last at or before `key`; -1: none, or a fault. */
RT_FN w_u64 rt_ip_row(w_u64 c, w_u64 table, w_u64 n, w_u64 key)
{
	struct rt_in_heap st;
	struct ip_search *s;

	st.at = RT_SCRATCH(c);
	if (!rt_env_has_kernel() || !n || n >> 31)
		return (w_u64)-1;
	s = rt_at(st.at);
	s->table = table;
	s->lo = 0;
	s->hi = n;
	s->key = key;
	RT_LOOP(32, ip_step, &st);
	s = rt_at(RT_SCRATCH(c));
	table += s->lo * 4;
	if (s->hi == s->lo || rt_env_read(RT_SCRATCH(c), 4, table, 0))
		return (w_u64)-1;
	table += (w_u64)(w_s64)(w_s32)s->word;
	return table <= key ? s->lo : (w_u64)-1;
}

struct span_search {
	w_u64 word;
	w_u64 node, head;
	w_u64 base, size; /* where they are, from the node */
	w_u64 key;
	w_u64 found; /* the node, or 0 */
};

RT_STEP(span_step, struct rt_in_heap)
{
	struct span_search *s = rt_at(st->at);
	w_u64 base;

	if (rt_env_read(st->at, 8, s->node, 0))
		return 1;
	s->node = s->word;
	if (s->node == s->head || rt_env_read(st->at, 8, s->node + s->base, 0))
		return 1;
	base = s->word;
	s->word = 0;
	if (rt_env_read(st->at, 4, s->node + s->size, 0))
		return 1;
	if (s->key - base < s->word)
		s->found = s->node;
	return s->found != 0;
}

/*
 * The node of a list of the kernel's (struct list_head) whose span of memory
 * holds `key`; 0: none. `places`: where, counted from the node, the span's
 * address is, and in the upper half its size, of 32 bits.
 */
RT_FN w_u64 rt_span_node(w_u64 c, w_u64 head, w_u64 places, w_u64 key)
{
	struct rt_in_heap st;
	struct span_search *s;

	st.at = RT_SCRATCH(c);
	if (!rt_env_has_kernel())
		return 0;
	s = rt_at(st.at);
	s->node = s->head = head;
	s->base = (w_u64)(w_s64)(w_s32)places;
	s->size = (w_u64)((w_s64)places >> 32);
	s->key = key;
	s->found = 0;
	/* a list that changes meanwhile need not end */
	RT_LOOP(4096, span_step, &st);
	s = rt_at(RT_SCRATCH(c));
	return s->found;
}

/* The row of the table that holds an address of the kernel, or 0. */
RT_INLINE w_u64 kernel_source(w_u64 addr)
{
	struct rt_head *h = rt_head();
	w_u64 off = addr - h->kernel_text;

	if (!h->kernel_text || off >> 32)
		return 0;
	return rt_i_search(h->ksources_off, h->nksources,
			   sizeof(struct rt_source), off);
}

RT_FN w_u64 rt_ksym_line(w_u64 addr)
{
	w_u64 row = kernel_source(addr);

	return row ? ((struct rt_source *)rt_at(row))->line : 0;
}

RT_FN w_u64 rt_ksym_file(w_u64 c, w_u64 dst, w_u64 addr)
{
	w_u64 row = kernel_source(addr), file;

	file = row ? ((struct rt_source *)rt_at(row))->file : 0;
	return rt_copy_or_empty(c, dst, file);
}

/* What the kernel calls an address; which 1: with place and size.
   "" when it is unknown. */
RT_FN w_u64 rt_ksym(w_u64 c, w_u64 dst, w_u64 addr, w_u64 which)
{
	w_u64 at = RT_SCRATCH(c), cap = rt_head()->string_cap, n;

	rt_st64(at, addr);
	n = (w_u64)rt_env_ksym(dst + RT_STR_HDR, cap + 1, at, which);
	/* the address in hexadecimal: no name */
	if ((w_s64)n <= 1 || rt_ld8(dst + RT_STR_HDR) == '0') {
		rt_str_empty(dst);
		return 0;
	}
	rt_str_end(dst, rt_str_fit(n - 1));
	return 0;
}
