/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of a regular expression in the heap; see regex.c. */
#ifndef RUNTIME_REGEX_H
#define RUNTIME_REGEX_H

#include "wire/wire.h"

#define RT_REGEX_MAGIC 0x52454758u
#define RT_REGEX_UNSET 0xffffffffu
#define RT_REGEX_MAX_GROUPS 10u /* the whole match is group 0 */
#define RT_REGEX_MAX_REGS 48u

/* A multiple of 8 bytes; offsets count from its start. */
struct rt_regex {
	w_u32 magic; /* RT_REGEX_MAGIC */
	w_u32 flags; /* RT_REGEX_NO_GROUPS */
	w_u32 nstates, nclasses;
	w_u32 start;	  /* state */
	w_u32 start_list; /* commands to run at the beginning, or 0 */
	w_u32 ngroups;	  /* 1 .. RT_REGEX_MAX_GROUPS */
	w_u32 classes_off, trans_off, accept_off, commands_off;
	w_u32 pad_;
};
/* matched() is not used: transitions and `start` are offsets of rows, and */
#define RT_REGEX_NO_GROUPS 1u
#define RT_REGEX_DEAD 0u  /* nothing can match any more */
#define RT_REGEX_FOUND 1u /* it matches */

/* Commands: op | dst << 8 | src << 16. The position is the number of bytes
   read, the transition's own byte included. */
enum rt_regex_op {
	RT_REGEX_END,
	RT_REGEX_SET,	     /* dst = position */
	RT_REGEX_SET_BEFORE, /* dst = position - 1 */
	RT_REGEX_COPY,	     /* dst = src */
	RT_REGEX_UNSET_REG,  /* dst = RT_REGEX_UNSET */
};

#endif
