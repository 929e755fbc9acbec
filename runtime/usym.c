/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code addresses of the current process: which file they belong to, which
 * function, who called it.
 *
 * The kernel says which mapping an address lies in, and the file behind it;
 * the files that a script may meet have a struct rt_umod in the heap, with
 * their functions and how each piece of code is unwound. All tables are sorted
 * by offset in the file, which is what a mapping gives.
 */
#include "rt_int.h"

/* ---- the tables ---- */

struct search {
	w_u64 table, lo, hi; /* entries [lo, hi): the last one <= key */
	w_u64 key;
	w_u64 size;	     /* bytes of an entry */
};

/* Narrows to one entry; each begins with its offset, a w_u32. */
RT_STEP(search_step, struct search)
{
	w_u64 mid = (st->lo + st->hi) >> 1;

	if (st->hi - st->lo <= 1)
		return 1;
	if ((rt_ld64(st->table + mid * st->size) & 0xffffffff) <= st->key)
		st->lo = mid;
	else
		st->hi = mid;
	return 0;
}

/* The last of n entries that begins at or before `key`, or 0. */
RT_FN w_u64 rt_i_search(w_u64 table, w_u64 n, w_u64 size, w_u64 key)
{
	struct search s;
	w_u64 at;

	if (!n)
		return 0;
	s.table = rt_unknown(table);
	s.lo = rt_zero();
	s.hi = rt_unknown(n);
	s.key = key;
	s.size = size;
	RT_LOOP(32, search_step, &s);
	at = table + s.lo * size;
	return (rt_ld64(at) & 0xffffffff) <= key ? at : 0;
}

struct umod_search {
	w_u64 at; /* of the module */
	w_u64 ino, dev;
	w_u64 found;
};

RT_STEP(umod_step, struct umod_search)
{
	struct rt_umod *m = rt_at(st->at);

	if (m->ino == st->ino && (!m->dev || m->dev == st->dev)) {
		st->found = st->at;
		return 1;
	}
	rt_advance(st->at, sizeof(struct rt_umod));
	return 0;
}

/* The module of the mapping in ctx.vma_*, or 0. */
RT_INLINE w_u64 mapped_module(w_u64 c)
{
	struct rt_ctx *ctx = rt_ctx(c);
	struct umod_search s;

	s.at = rt_unknown(rt_head()->umods_off);
	s.ino = ctx->vma_ino;
	s.dev = ctx->vma_dev;
	s.found = rt_zero();
	RT_LOOP(rt_head()->numods, umod_step, &s);
	return s.found;
}

/* ---- mappings of other processes, and of those that are gone ---- */

/* Places for a mapping: the first free one of so many, or else the first. */
#define SEEN_TRIES 4u

/* Keeps the mapping in ctx.vma_* and its module. */
RT_INLINE void remember_mapping(w_u64 c, w_u64 mod)
{
	struct rt_ctx *ctx = rt_ctx(c);
	struct rt_umod *m = rt_at(mod);
	w_u64 start = ctx->vma_start, end = ctx->vma_end;
	w_u64 off = ctx->vma_pgoff * 4096, page = start >> 12;
	w_u64 slot = page ^ page >> 10 ^ page >> 20, at = 0;
	struct rt_seen *e;

	/* .bss follows, in pages that have no file */
	if (off <= m->data_off && m->data_off < off + (end - start) &&
	    end < start + m->data_end - off)
		end = start + m->data_end - off;
	for (w_u32 i = 0; i < SEEN_TRIES; i++) {
		w_u64 try = rt_head()->seen_off + ((slot + i) & (RT_SEEN - 1)) *
						sizeof(struct rt_seen);

		e = rt_at(try);
		if (e->start == start && e->end == end && e->off == off &&
		    e->mod == mod)
			return;
		if (!i || !e->mod)
			at = try;
		if (!e->mod)
			break;
	}
	e = rt_at(at);
	e->mod = 0;
	e->start = start;
	e->end = end;
	e->off = off;
	e->mod = mod;
}

struct seen_search {
	w_u64 at, addr;
	w_u64 found;
};

RT_STEP(seen_step, struct seen_search)
{
	struct rt_seen *e = rt_at(st->at);

	if (e->mod && st->addr >= e->start && st->addr < e->end) {
		st->found = st->at;
		return 1;
	}
	rt_advance(st->at, sizeof(struct rt_seen));
	return 0;
}

RT_INLINE w_u64 remembered_module(w_u64 c, w_u64 addr)
{
	struct seen_search s;
	struct rt_seen *e;

	if (!rt_head()->seen_off)
		return 0;
	s.at = rt_unknown(rt_head()->seen_off);
	s.addr = addr;
	s.found = rt_zero();
	RT_LOOP(RT_SEEN, seen_step, &s);
	if (!s.found)
		return 0;
	e = rt_at(s.found);
	rt_ctx(c)->usym_off = addr - e->start + e->off;
	return e->mod;
}

/* Uninitialised data lies behind the file's mapping, which goes before. */
RT_INLINE w_u64 bss_module(w_u64 c, w_u64 addr)
{
	w_u64 mod, off;
	struct rt_umod *m;

	if (rt_env_find_vma(c, rt_ctx(c)->vma_start - 1))
		return 0;
	mod = mapped_module(c);
	m = rt_at(mod);
	off = addr - rt_ctx(c)->vma_start + rt_ctx(c)->vma_pgoff * 4096;
	if (!mod || off < m->data_off || off >= m->data_end)
		return 0;
	rt_ctx(c)->usym_off = off;
	return mod;
}

/*
 * The module that the address lies in: offset of its struct rt_umod, or 0. The
 * address's offset in the file is left in ctx.usym_off; without a module its
 * distance from the mapping's start.
 */
RT_FN w_u64 rt_umod(w_u64 c, w_u64 addr)
{
	struct rt_ctx *ctx;
	w_u64 mod;

	if (rt_env_find_vma(c, addr)) {
		rt_ctx(c)->usym_off = 0;
		return rt_ctx(c)->vma_start ? bss_module(c, addr)
					    : remembered_module(c, addr);
	}
	ctx = rt_ctx(c);
	ctx->usym_off = addr - ctx->vma_start + ctx->vma_pgoff * 4096;
	mod = mapped_module(c);
	if (mod)
		remember_mapping(c, mod);
	return mod;
}

/* The function or the data of the module that holds the offset, or 0. */
RT_FN w_u64 rt_i_usym(w_u64 mod, w_u64 off)
{
	struct rt_umod *m = rt_at(mod);
	struct rt_usym *s;
	w_u64 at = rt_i_search(m->syms, m->nsyms, sizeof(struct rt_usym), off);

	if (!at)
		return 0;
	s = rt_at(at);
	/* A symbol without a size goes on to the next one. */
	return !s->size || off - s->off < s->size ? at : 0;
}

/* ---- what scripts ask ---- */

/* which: 0 the path, 1 the build-id in hexadecimal digits. */
RT_FN w_u64 rt_umod_text(w_u64 c, w_u64 dst, w_u64 addr, w_u64 which)
{
	w_u64 mod = rt_umod(c, addr);
	struct rt_umod *m = rt_at(mod);

	return rt_copy_or_empty(c, dst,
				!mod	? 0
				: which ? m->build_id
					: m->path);
}

/* Address in the file as nm prints it, for an address of the process. */
RT_FN w_u64 rt_umod_addr(w_u64 c, w_u64 addr)
{
	w_u64 mod = rt_umod(c, addr), off = rt_ctx(c)->usym_off;
	struct rt_umod *m = rt_at(mod);

	if (!mod)
		return addr;
	return off + (off >= m->data_off && off < m->data_end ? m->data_bias
							      : m->bias);
}

/* Bytes of memory that the address's module takes; 0: it is not known. */
RT_FN w_u64 rt_umod_span(w_u64 c, w_u64 addr)
{
	w_u64 mod = rt_umod(c, addr);

	return mod ? ((struct rt_umod *)rt_at(mod))->span : 0;
}

RT_FN w_u64 rt_usym_name(w_u64 c, w_u64 dst, w_u64 addr)
{
	w_u64 mod = rt_umod(c, addr), s;

	s = mod ? rt_i_usym(mod, rt_ctx(c)->usym_off) : 0;
	if (s) {
		rt_str_copy(c, dst, ((struct rt_usym *)rt_at(s))->name);
		return 0;
	}
	rt_count(WIRE_CNT_UNRESOLVED);
	rt_str_empty(dst);
	return 0;
}

/* Size of the address's function << 32 | bytes from its start; 0: unknown. */
RT_FN w_u64 rt_usym_place(w_u64 c, w_u64 addr)
{
	w_u64 mod = rt_umod(c, addr), off = rt_ctx(c)->usym_off, s;
	struct rt_usym *sym;

	s = mod ? rt_i_usym(mod, off) : 0;
	if (!s)
		return 0;
	sym = rt_at(s);
	return (w_u64)sym->size << 32 | (off - sym->off);
}

/* ---- source ---- */

/* The row that holds a code address, or 0. */
RT_FN w_u64 rt_i_source(w_u64 c, w_u64 addr)
{
	w_u64 mod = rt_umod(c, addr);
	struct rt_umod *m = rt_at(mod);

	return mod ? rt_i_search(m->sources, m->nsources,
				 sizeof(struct rt_source), rt_ctx(c)->usym_off)
		   : 0;
}

struct frame_walk {
	w_u64 at; /* struct rt_inline */
};

RT_STEP(outward_step, struct frame_walk)
{
	if (!st->at)
		return 1;
	st->at = ((struct rt_inline *)rt_at(st->at))->outer;
	return 0;
}

/* The inlined body that is frame n at the row's code, or 0. */
RT_FN w_u64 rt_i_inline(w_u64 row, w_u64 n)
{
	struct rt_source *s = rt_at(row);
	struct frame_walk w;

	w.at = row ? s->frame : 0;
	RT_LOOP(n, outward_step, &w);
	return w.at;
}

RT_FN w_u64 rt_usym_line(w_u64 c, w_u64 addr, w_u64 frame)
{
	w_u64 row = rt_i_source(c, addr);
	struct rt_inline *in;

	if (!frame)
		return row ? ((struct rt_source *)rt_at(row))->line : 0;
	row = rt_i_inline(row, frame - 1);
	in = rt_at(row);
	return row ? in->line : 0;
}

RT_FN w_u64 rt_usym_file(w_u64 c, w_u64 dst, w_u64 addr, w_u64 frame)
{
	w_u64 row = rt_i_source(c, addr), file;

	if (!frame) {
		file = row ? ((struct rt_source *)rt_at(row))->file : 0;
	} else {
		row = rt_i_inline(row, frame - 1);
		file = row ? ((struct rt_inline *)rt_at(row))->file : 0;
	}
	return rt_copy_or_empty(c, dst, file);
}

RT_FN w_u64 rt_usym_inline(w_u64 c, w_u64 dst, w_u64 addr, w_u64 frame)
{
	w_u64 in = rt_i_inline(rt_i_source(c, addr), frame);

	return rt_copy_or_empty(
		c, dst, in ? ((struct rt_inline *)rt_at(in))->name : 0);
}

/* ---- who called ---- */

/* Starts at the probe: its program counter. */
RT_FN w_u64 rt_unwind_start(w_u64 c)
{
	w_u64 regs = rt_env_uregs(c), at = c + RT_OFF(struct rt_ctx, unw_pc);

	rt_ctx(c)->unw_count = 0;
	rt_ctx(c)->unw_frames = 1;
	rt_st64(at, 0);
	if (!regs)
		return 0;
	rt_env_read(at, 8, regs + rt_head()->ureg_pc, 0);
	rt_env_read(at + 8, 8, regs + rt_head()->ureg_sp, 0);
	rt_env_read(at + 16, 8, regs + rt_head()->ureg_bp, 0);
	if (rt_head()->seen_off) /* for who asks later */
		rt_umod(c, rt_ld64(at));
	return rt_ld64(at);
}

/* A word of the process at `addr` to heap offset `at`; 0: it is there. */
RT_INLINE long read_word(w_u64 at, w_u64 addr)
{
	return rt_env_read(at, 8, addr, 1);
}

/* By frame pointers: [bp] is the caller's, [bp + 8] where it goes on. */
RT_INLINE w_u64 step_frame_pointer(w_u64 c)
{
	w_u64 at = c + RT_OFF(struct rt_ctx, unw_pc);
	w_u64 bp = rt_ld64(at + 16);

	if (bp < rt_ld64(at + 8) || bp & 7)
		return 0;
	if (read_word(at, bp + 8) || read_word(at + 16, bp))
		return 0;
	rt_st64(at + 8, bp + 16);
	return rt_ld64(at);
}

/* By a row of the unwind table: see struct rt_unwind. */
RT_INLINE w_u64 step_row(w_u64 c, w_u64 row)
{
	w_u64 at = c + RT_OFF(struct rt_ctx, unw_pc);
	struct rt_unwind *u = rt_at(row);
	w_u64 base = rt_ld64(at + (u->cfa_reg == RT_UNWIND_BP ? 16 : 8));
	w_u64 signal = u->cfa_reg == RT_UNWIND_SIGNAL;
	w_u64 cfa = base + (w_u64)(w_s64)u->cfa_off;
	w_u64 ra = (w_u64)(w_s64)u->ra_off, bp = (w_u64)(w_s64)u->bp_off;

	if (!signal)
		base = cfa;
	if (ra && read_word(at, base + ra))
		return 0;
	if (bp && read_word(at + 16, base + bp))
		return 0;
	if (!signal)
		rt_st64(at + 8, cfa);
	else if (read_word(at + 8, cfa))
		return 0;
	else /* what was interrupted goes on right there */
		rt_ctx(c)->unw_count = 0;
	return rt_ld64(at);
}

/*
 * The next caller's address, or 0 at the end. A return address belongs to the
 * call before it, so it is looked up a byte earlier.
 */
RT_FN w_u64 rt_unwind_next(w_u64 c)
{
	struct rt_ctx *ctx = rt_ctx(c);
	w_u64 pc = ctx->unw_pc, mod, row;
	struct rt_umod *m;

	if (!pc)
		return 0;
	if (ctx->unw_frames >= rt_head()->max_backtrace) {
		rt_count(WIRE_CNT_BACKTRACE);
		ctx->unw_pc = 0;
		return 0;
	}
	ctx->unw_frames++;
	mod = rt_umod(c, pc - (ctx->unw_count != 0));
	ctx = rt_ctx(c);
	ctx->unw_count++;
	if (!mod)
		return step_frame_pointer(c);
	m = rt_at(mod);
	row = rt_i_search(m->unwinds, m->nunwinds, sizeof(struct rt_unwind),
			  ctx->usym_off);
	if (!row || ((struct rt_unwind *)rt_at(row))->cfa_reg == RT_UNWIND_NONE)
		return step_frame_pointer(c);
	if (((struct rt_unwind *)rt_at(row))->cfa_reg == RT_UNWIND_END)
		return 0;
	return step_row(c, row);
}
