/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by regex.c and regex_dfa.c. */
#ifndef SEMA_REGEX_IMPL_H
#define SEMA_REGEX_IMPL_H

#include "sema/regex.h"
#include "../runtime/regex.h"

#define RE_NONE UINT32_MAX

struct re_set {
	uint64_t bit[4];
};

static inline bool re_set_has(const struct re_set *s, unsigned c)
{
	return s->bit[c / 64] >> c % 64 & 1;
}

/* A non-deterministic automaton; what comes first is preferred. */
enum re_kind {
	RE_SET,	  /* a byte of the set, then out */
	RE_SPLIT, /* out, or out2 */
	RE_TAG,	  /* the position is remembered, then out */
	RE_BOL,	  /* at the beginning of the subject, then out */
	RE_EOL,	  /* at its end, then out */
	RE_MATCH,
};

struct re_state {
	enum re_kind kind;
	uint32_t out, out2;
	uint32_t tag;
	struct re_set set;
};

struct re_nfa {
	struct arena *arena;
	VEC(struct re_state) states;
	uint32_t start;
	uint32_t ntags; /* two per group */
	bool groups;
};

/* regex_dfa.c; false when the automaton would be too large: *err says so. */
bool re_determinise(const struct re_nfa *n, struct regex_table *out,
		    const char **err);

#endif
