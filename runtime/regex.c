/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regular expressions: runs the tables that the compiler made. One pass over
 * the subject, one table access a byte, whatever the expression.
 *
 * The automaton is deterministic and searches: its start state already allows
 * for text before the match. To know where groups are it carries registers
 * (a tagged automaton): a transition may have a list of commands that set
 * registers to the position, or copy registers.
 *
 * Layout at the automaton's offset: struct rt_regex (below), then where its
 * offsets (from the automaton's start) say:
 *
 *  classes  w_u8[256]: equivalence class of each byte.
 *  trans    w_u32[nstates * (nclasses + 1)]: row per state, column per class;
 * the last column is for the end of the subject. Low half: next state, high
 * half: index of the command list to run first, 0 for none. State 0 is dead:
 * the search ends there. At the end's column the next state's number only says
 * whether it accepts. accept   w_u32[nstates]: 0: not accepting; else 1 + index
 * of the command list that stores the match into registers 0 .. 2 * ngroups - 1
 *           (pairs of start and end; unset ones are RT_REGEX_UNSET). It is run
 *           whenever the state is entered, so that the last accepting position
 *           stays when the search ends.
 *  commands w_u32[]: command lists. A list's index is that of its first word;
 *           each word is op | dst << 8 | src << 16; op 0 ends the list.
 *
 * Where nobody asks for groups (RT_REGEX_NO_GROUPS) the search may end at the
 * first match, and nothing but the state is kept. There a transition is the
 * offset of the next state's row, RT_REGEX_FOUND or RT_REGEX_DEAD; the class of
 * the byte 0, which no text has, is the end's column. So a text and the zeros
 * behind it are read a word at a time, with two table accesses a byte.
 *
 * The tables are trusted to name registers below 48 and states below nstates
 * (anything else reads other heap memory, but nothing else). List index 0 is
 * reserved: word 0 of commands is an end.
 */
#include "regex.h"
#include "rt_int.h"

/* In ctx.scratch. */
struct matcher {
	w_u32 re;      /* automaton */
	w_u32 subject; /* text */
	w_u32 len;
	w_u32 pos; /* of the next byte; len: the end; beyond: stop */
	w_u32 state;
	w_u32 list;	 /* next command, or 0 */
	w_u32 next_list; /* to run after it: that of accepting */
	w_u32 matched;
	w_u32 regs; /* offset of the registers */
};

RT_INLINE struct rt_regex *automaton(w_u64 re)
{
	return rt_at(re);
}

RT_INLINE void regex_command(struct matcher *m)
{
	w_u64 cmd = rt_ld32((w_u64)m->re + automaton(m->re)->commands_off +
			    m->list * 4ull);
	w_u64 dst = m->regs + (cmd >> 8 & 0xff) * 4;
	w_u64 value = m->pos;

	if (!(cmd & 0xff)) {
		m->list = m->next_list;
		m->next_list = 0;
		return;
	}
	if ((cmd & 0xff) == RT_REGEX_SET_BEFORE)
		value--;
	else if ((cmd & 0xff) == RT_REGEX_COPY)
		value = rt_ld32(m->regs + (cmd >> 16 & 0xff) * 4);
	else if ((cmd & 0xff) == RT_REGEX_UNSET_REG)
		value = RT_REGEX_UNSET;
	m->list++;
	rt_st32(dst, value);
}

/* Enters a state: after the commands of `list`, those of accepting. */
RT_INLINE void regex_enter(struct matcher *m, w_u64 state, w_u64 list)
{
	w_u64 accept = rt_ld32((w_u64)m->re + automaton(m->re)->accept_off +
			       state * 4);

	m->state = state;
	m->list = list;
	if (!accept)
		return;
	m->matched = 1;
	if (list)
		m->next_list = accept - 1;
	else
		m->list = accept - 1;
}

/* One command, or one byte. The commands of a transition see the position
   behind its byte. */
RT_STEP(regex_step, struct rt_in_heap)
{
	struct matcher *m = rt_at(st->at);
	struct rt_regex *r;
	w_u64 class, trans;

	if (m->list) {
		regex_command(m);
		return 0;
	}
	r = automaton(m->re);
	if (!m->state || m->pos > m->len)
		return 1;
	class = r->nclasses;
	if (m->pos < m->len)
		class = rt_ld8((w_u64)m->re + r->classes_off +
			       rt_ld8((w_u64)m->subject + m->pos));
	trans = rt_ld32((w_u64)m->re + r->trans_off +
			(m->state * (r->nclasses + 1ull) + class) * 4);
	m->pos++;
	regex_enter(m, trans & 0xffff, trans >> 16);
	return 0;
}

struct regex_search {
	w_u64 text; /* next word */
	w_u64 row;  /* as in a transition */
	w_u64 re, classes;
};

/* Eight bytes, one after the other; whether the search is over. */
RT_INLINE w_u64 regex_word(struct regex_search *st, w_u64 w)
{
	w_u64 row = st->row;

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	w = __builtin_bswap64(w);
#endif
#define BYTE(k)                                                                \
	row = rt_ld32(st->re + row +                                           \
		      rt_ld8(st->classes + (w >> 8 * (k) & 255)) * 4);         \
	if (row <= RT_REGEX_FOUND)                                             \
		goto over
	BYTE(0);
	BYTE(1);
	BYTE(2);
	BYTE(3);
	BYTE(4);
	BYTE(5);
	BYTE(6);
	BYTE(7);
#undef BYTE
	st->row = row;
	return 0;
over:
	st->row = row;
	return 1;
}

RT_STEP(regex_search_step, struct regex_search)
{
	if (regex_word(st, rt_ld64(st->text)))
		return 1;
	rt_advance(st->text, 8);
	return 0;
}

RT_INLINE void begin_search(struct regex_search *h, w_u64 re)
{
	struct rt_regex *r = automaton(re);

	h->row = r->start;
	h->re = re;
	h->classes = re + r->classes_off;
}

/* Whether the expression matches anywhere. */
RT_INLINE w_u64 regex_found(w_u64 re, w_u64 s)
{
	struct regex_search h;

	begin_search(&h, re);
	if (h.row <= RT_REGEX_FOUND)
		return h.row;
	h.text = s + RT_STR_HDR;
	RT_LOOP(RT_LOOP_MAX, regex_search_step, &h);
	return h.row == RT_REGEX_FOUND;
}

/* The same of a task's name as the kernel keeps it: whatever follows its NUL is
   not looked at. */
RT_FN w_u64 rt_i_regex_name(w_u64 re, w_u64 first, w_u64 second)
{
	struct regex_search h;

	begin_search(&h, re);
	if (h.row > RT_REGEX_FOUND && !regex_word(&h, first))
		regex_word(&h, second);
	return h.row == RT_REGEX_FOUND;
}

/* s =~ re: 1 or 0. Remembers the groups for rt_regex_group(). */
RT_FN w_u64 rt_regex_match(w_u64 c, w_u64 re, w_u64 s)
{
	struct matcher *m = rt_at(RT_SCRATCH(c));
	struct rt_regex *r = automaton(re);
	struct rt_in_heap h;

	if (rt_unlikely(r->magic != RT_REGEX_MAGIC))
		return rt_fail(c, RT_MSG_REGEX);
	if (r->flags & RT_REGEX_NO_GROUPS)
		return regex_found(re, s);
	m->re = re;
	m->subject = s + RT_STR_HDR;
	m->len = rt_string(s)->len;
	m->pos = m->next_list = m->matched = 0;
	m->regs = c + RT_OFF(struct rt_ctx, regex_regs);
	regex_enter(m, r->start, r->start_list);
	h.at = RT_SCRATCH(c);
	RT_LOOP(RT_LOOP_MAX, regex_step, &h);
	m = rt_at(RT_SCRATCH(c));
	return rt_i_regex_result(c, re, s, m->matched);
}

/* Keeps what matched() needs of a search's end. */
RT_FN w_u64 rt_i_regex_result(w_u64 c, w_u64 re, w_u64 s, w_u64 matched)
{
	struct rt_regex *r = automaton(re);
	struct rt_ctx *ctx = rt_ctx(c);
	w_u64 kept;

	ctx->regex_ngroups = 0;
	if (!matched)
		return 0;
	kept = c + rt_head()->ctx_strings_off +
	       RT_CTX_STR_SUBJECT * RT_STR_SIZE((w_u64)rt_head()->string_cap);
	ctx->regex_subject = kept;
	ctx->regex_ngroups = r->ngroups;
	rt_copy(c + RT_OFF(struct rt_ctx, regex_groups),
		c + RT_OFF(struct rt_ctx, regex_regs), r->ngroups * 8ull);
	rt_str_copy(c, kept, s);
	return 1;
}

/* matched(n) of the handler's last search. "" for a group that took no part;
   an error after a failed search, or for a group that the expression lacks. */
RT_FN w_u64 rt_regex_group(w_u64 c, w_u64 dst, w_u64 n)
{
	struct rt_ctx *ctx = rt_ctx(c);
	w_u64 at = c + RT_OFF(struct rt_ctx, regex_groups) + n * 8, from, to;

	if (n >= ctx->regex_ngroups || n >= 10) {
		rt_str_empty(dst);
		return rt_fail(c, RT_MSG_NO_GROUP);
	}
	from = rt_ld32(at);
	to = rt_ld32(at + 4);
	if (from == RT_REGEX_UNSET || to == RT_REGEX_UNSET)
		to = from = 0;
	return rt_substr(c, dst, ctx->regex_subject, from, to - from);
}
