/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small automata by hand, for tests. Includes after rt_test.h. */
#ifndef TESTS_REGEX_TABLE_H
#define TESTS_REGEX_TABLE_H

#include "regex.h"

#define CMD(op, dst, src) ((w_u32)(op) | (w_u32)(dst) << 8 | (w_u32)(src) << 16)
#define GO(state, list) ((w_u32)(state) | (w_u32)(list) << 16)

struct table {
	w_u32 flags, nstates, nclasses, ngroups;
	w_u32 start, start_list;
	const char
		*classes; /* class k is that of character k; all else: last */
	const w_u32 *trans, *accept, *commands;
	w_u32 ncommands;
};

/* The same automaton without groups: only whether it matches. */
static inline w_u32 plain_transition(const struct rt_regex *r,
				     const struct table *t, w_u32 trans)
{
	w_u32 state = trans & 0xffff;

	return !state		    ? RT_REGEX_DEAD
	       : t->accept[state] ? RT_REGEX_FOUND
				  : r->trans_off +
					    4 * state * (t->nclasses + 1);
}

static inline void table_plain(struct rt_regex *r, const struct table *t)
{
	w_u32 *trans = (w_u32 *)((char *)r + r->trans_off);

	for (w_u32 i = 0; i < t->nstates * (t->nclasses + 1); i++)
		trans[i] = plain_transition(r, t, t->trans[i]);
	*((char *)r + r->classes_off) = (char)t->nclasses;
	r->start = plain_transition(r, t, t->start);
}

static inline w_u32 table_new(const struct table *t)
{
	w_u32 size = (w_u32)sizeof(struct rt_regex) + 256;
	w_u32 rows = t->nstates * (t->nclasses + 1);
	w_u32 off = heap_alloc(size + 4 * (rows + t->nstates + t->ncommands));
	struct rt_regex *r = at(off);
	w_u8 *classes;

	r->magic = RT_REGEX_MAGIC;
	r->flags = t->flags;
	r->nstates = t->nstates;
	r->nclasses = t->nclasses;
	r->start = t->start;
	r->start_list = t->start_list;
	r->ngroups = t->ngroups;
	r->classes_off = sizeof(*r);
	r->trans_off = size;
	r->accept_off = r->trans_off + 4 * rows;
	r->commands_off = r->accept_off + 4 * t->nstates;
	classes = at(off + r->classes_off);
	memset(classes, (int)t->nclasses - 1, 256);
	for (w_u32 i = 0; t->classes[i]; i++)
		classes[(w_u8)t->classes[i]] = (w_u8)i;
	memcpy(at(off + r->trans_off), t->trans, 4 * rows);
	memcpy(at(off + r->accept_off), t->accept, 4 * t->nstates);
	memcpy(at(off + r->commands_off), t->commands, 4 * t->ncommands);
	if (t->flags & RT_REGEX_NO_GROUPS)
		table_plain(r, t);
	return off;
}

/*
 * x(a*)(b)?y, anywhere. Registers: 0 1 match, 2 3 group 1, 4 5 group 2; while
 * it is not known to match: 6 start, 7 10 group 1, 8 9 group 2.
 */
static inline w_u32 table_groups(w_u32 flags)
{
	/* states: 0 dead, 1 search, 2 in a*, 3 after b, 4 accepted */
	static const w_u32 trans[] = {
		/* x, a, b, y, other, end */
		0,	  0, 0,
		0,	  0, 0, /* dead */
		GO(2, 1), 1, 1,
		1,	  1, 0, /* search */
		GO(2, 1), 2, GO(3, 4),
		GO(4, 8), 1, 0, /* a* */
		GO(2, 1), 1, 1,
		GO(4, 0), 1, 0, /* b */
		0,	  0, 0,
		0,	  0, 0, /* accepted: nothing can be longer */
	};
	static const w_u32 accept[] = {0, 0, 0, 0, 1 + 12};
	static const w_u32 commands[] = {
		0,
		/* 1: x read */
		CMD(RT_REGEX_SET_BEFORE, 6, 0),
		CMD(RT_REGEX_SET, 7, 0),
		0,
		/* 4: b read */
		CMD(RT_REGEX_SET_BEFORE, 8, 0),
		CMD(RT_REGEX_SET, 9, 0),
		CMD(RT_REGEX_SET_BEFORE, 10, 0),
		0,
		/* 8: y read without b */
		CMD(RT_REGEX_UNSET_REG, 8, 0),
		CMD(RT_REGEX_UNSET_REG, 9, 0),
		CMD(RT_REGEX_SET_BEFORE, 10, 0),
		0,
		/* 12: accept */
		CMD(RT_REGEX_COPY, 0, 6),
		CMD(RT_REGEX_SET, 1, 0),
		CMD(RT_REGEX_COPY, 2, 7),
		CMD(RT_REGEX_COPY, 3, 10),
		CMD(RT_REGEX_COPY, 4, 8),
		CMD(RT_REGEX_COPY, 5, 9),
		0,
	};
	struct table t = {
		.flags = flags,
		.nstates = 5,
		.nclasses = 5,
		.ngroups = 3,
		.start = 1,
		.classes = "xaby",
		.trans = trans,
		.accept = accept,
		.commands = commands,
		.ncommands = sizeof(commands) / 4,
	};

	return table_new(&t);
}

/* ^b*: accepts at once, longest match. */
static inline w_u32 table_prefix(void)
{
	static const w_u32 trans[] = {0, 0, 0, /* dead */
				      1, 0, 0 /* b */};
	static const w_u32 accept[] = {0, 1 + 1};
	static const w_u32 commands[] = {0, CMD(RT_REGEX_SET, 1, 0), 0,
					 CMD(RT_REGEX_SET, 0, 0), 0};
	struct table t = {
		.nstates = 2,
		.nclasses = 2,
		.ngroups = 1,
		.start = 1,
		.start_list = 3,
		.classes = "b",
		.trans = trans,
		.accept = accept,
		.commands = commands,
		.ncommands = 5,
	};

	return table_new(&t);
}

#endif
