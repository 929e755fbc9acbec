// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Automaton to tables: subsets, as usual, but ordered ones.
 *
 * A state of the deterministic automaton is a list of threads: places in the
 * non-deterministic one, the most preferred first. Threads that began at the
 * same byte of the subject stand together, earlier beginnings first. So the
 * leftmost match is the first in the list; once there is one, threads that
 * began later are dropped and no new ones begin, and the others go on because
 * the match may get longer.
 *
 * Where groups begin and end is kept in registers. A thread has a register (or
 * none yet) for each tag; threads share registers that hold the same position.
 * Registers are numbered by their first use in the list, which makes states
 * that differ only in numbers equal, and keeps their count finite; a transition
 * then copies registers into the next state's numbering. Without groups there
 * are no registers, and the search ends at the first match.
 *
 * Registers 0 .. 2 * groups - 1 hold the best match so far, the working ones
 * follow; the last one is for turning cycles of copies.
 */
#include "sema/regex_impl.h"

#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/strbuf.h"

#define MAX_STATES 16000u
#define MAX_CELLS 1000000u /* of the table of transitions, 4 bytes each */
#define MAX_COMMANDS 60000u
/* Threads of all sets together, each with its tags: a second, and 200 MB. */
#define MAX_EFFORT 8000000u
#define FIRST_WORK (2 * RT_REGEX_MAX_GROUPS)
#define TEMP (RT_REGEX_MAX_REGS - 1)
#define MAX_WORK (TEMP - FIRST_WORK)

/* Values of a tag: a register of the state before (or of this one, once
   numbered), or one of these. */
#define VAL_UNSET 0xffu
#define VAL_HERE 0xfeu /* the position behind the byte just read */

#define MAX_TAGS (2 * RT_REGEX_MAX_GROUPS)

struct thread {
	uint32_t at; /* a RE_SET or RE_EOL */
	uint8_t val[MAX_TAGS];
};

struct dstate {
	VEC(struct thread) threads;
	bool matched; /* here or before: nothing new begins */
	bool accepts;
	uint8_t val[MAX_TAGS]; /* of the match, when it accepts */
	uint32_t accept_list;
	uint32_t *trans; /* next | list << 16, per class and for the end */
};

struct dfa {
	struct arena *arena;
	const struct re_nfa *n;
	VEC(struct dstate *) states; /* [0] is dead */
	struct map known;	     /* key -> number */
	struct map lists;	     /* commands -> index + 1 */
	VEC(uint32_t) commands;
	uint8_t class_of[256];
	uint32_t nclasses;
	uint8_t sample[256]; /* a byte of each class */
	uint32_t *seen, stamp;
	const char *err;
	uint32_t effort; /* see MAX_EFFORT */
};

/* ---- classes of bytes that no set tells apart ---- */

static void make_classes(struct dfa *d)
{
	uint8_t next[256], id[256][2];

	d->nclasses = 1;
	vec_for (&d->n->states, i) {
		const struct re_state *s = &d->n->states.v[i];
		uint32_t n = 0;

		if (s->kind != RE_SET)
			continue;
		memset(id, 0xff, sizeof(id));
		for (unsigned c = 0; c < 256; c++) {
			uint8_t *to =
				&id[d->class_of[c]][re_set_has(&s->set, c)];

			/* 256 classes need the number 255, too: it is the
			   last one given, to one byte */
			if (*to == 0xff && n < 256)
				*to = (uint8_t)n++;
			next[c] = *to;
		}
		memcpy(d->class_of, next, 256);
		d->nclasses = n;
	}
	for (unsigned c = 256; c-- > 0;)
		d->sample[d->class_of[c]] = (uint8_t)c;
}

/* ---- following what consumes nothing ---- */

struct closure {
	struct dfa *d;
	struct dstate *to;
	bool bol, eol;
	uint8_t val[MAX_TAGS];
};

static void follow(struct closure *c, uint32_t at)
{
	const struct re_state *s = &c->d->n->states.v[at];
	struct thread t;
	uint8_t old;

	if (c->d->seen[at] == c->d->stamp)
		return; /* a preferred thread is here already */
	c->d->seen[at] = c->d->stamp;
	switch (s->kind) {
	case RE_SPLIT:
		follow(c, s->out);
		follow(c, s->out2);
		return;
	case RE_TAG:
		old = c->val[s->tag];
		c->val[s->tag] = VAL_HERE;
		follow(c, s->out);
		c->val[s->tag] = old;
		return;
	case RE_BOL:
		if (c->bol)
			follow(c, s->out);
		return;
	case RE_EOL:
		if (c->eol) {
			follow(c, s->out);
			return;
		}
		break;
	case RE_MATCH:
		if (!c->to->accepts) {
			c->to->accepts = c->to->matched = true;
			memcpy(c->to->val, c->val, MAX_TAGS);
		}
		return;
	case RE_SET:
		if (c->eol)
			return;
		break;
	}
	c->d->effort += 1 + c->d->n->ntags;
	if (c->d->effort > MAX_EFFORT) {
		c->d->err = "too complex";
		return;
	}
	t.at = at;
	memcpy(t.val, c->val, MAX_TAGS);
	vec_push(c->d->arena, &c->to->threads, t);
}

static struct closure closure_begin(struct dfa *d, struct dstate *to, bool bol,
				    bool eol)
{
	struct closure c = {.d = d, .to = to, .bol = bol, .eol = eol};

	d->stamp++;
	memset(c.val, VAL_UNSET, sizeof(c.val));
	return c;
}

static void begin_thread(struct closure *c)
{
	memset(c->val, VAL_UNSET, sizeof(c->val));
	follow(c, c->d->n->start);
}

static bool began_together(const struct dfa *d, const struct thread *a,
			   const struct thread *b)
{
	return !d->n->groups || a->val[0] == b->val[0];
}

/* What state s becomes by a byte (of class k). Values are s's registers. */
static struct dstate *advance(struct dfa *d, const struct dstate *s, uint32_t k)
{
	struct dstate *to = arena_new_obj(d->arena, struct dstate);
	struct closure c = closure_begin(d, to, false, false);

	to->matched = s->matched;
	vec_for (&s->threads, i) {
		const struct thread *t = &s->threads.v[i];
		const struct re_state *st = &d->n->states.v[t->at];

		if (i && to->accepts && !began_together(d, t - 1, t))
			break; /* these began later than the match */
		if (st->kind != RE_SET || !re_set_has(&st->set, d->sample[k]))
			continue;
		memcpy(c.val, t->val, MAX_TAGS);
		follow(&c, st->out);
	}
	if (!to->matched)
		begin_thread(&c);
	return to;
}

/* ---- commands ---- */

static uint32_t command(enum rt_regex_op op, uint32_t dst, uint32_t src)
{
	return (uint32_t)op | dst << 8 | src << 16;
}

struct command_list {
	VEC(uint32_t) v;
};

/* Index of the list; 0 for an empty one. */
static uint32_t add_list(struct dfa *d, const struct command_list *l)
{
	struct strbuf key = {0};
	uintptr_t known;

	if (!l->v.n)
		return 0;
	for (uint32_t i = 0; i < l->v.n; i++)
		sb_printf(&key, "%x ", l->v.v[i]);
	known = (uintptr_t)map_get(&d->lists, sb_str(&key));
	if (!known) {
		known = d->commands.n;
		map_put(&d->lists, arena_strdup(d->arena, sb_str(&key)),
			(void *)known);
		for (uint32_t i = 0; i < l->v.n; i++)
			vec_push(d->arena, &d->commands, l->v.v[i]);
		vec_push(d->arena, &d->commands, 0);
		if (d->commands.n > MAX_COMMANDS)
			d->err = "too complex";
	}
	sb_free(&key);
	return (uint32_t)known;
}

/* from[k]: what working register k becomes: another's value, or VAL_HERE. All
   at once: a register is written when nobody needs it any more. */
static void parallel_copies(struct dfa *d, const uint8_t *from, uint32_t n,
			    struct command_list *l)
{
	bool done[MAX_WORK] = {false};
	uint8_t src[MAX_WORK];
	uint32_t left = 0;

	memcpy(src, from, n);
	for (uint32_t k = 0; k < n; k++) {
		done[k] = src[k] == VAL_HERE || src[k] == k;
		left += !done[k];
	}
	while (left) {
		uint32_t free = n, cycle = n;

		for (uint32_t k = 0; k < n && free == n; k++) {
			bool needed = false;

			if (done[k])
				continue;
			cycle = k;
			for (uint32_t o = 0; o < n; o++)
				needed |= !done[o] && o != k && src[o] == k;
			if (!needed)
				free = k;
		}
		if (free == n) {
			/* every one is needed: save one of them */
			vec_push(d->arena, &l->v,
				 command(RT_REGEX_COPY, TEMP,
					 FIRST_WORK + cycle));
			for (uint32_t o = 0; o < n; o++)
				if (!done[o] && src[o] == cycle)
					src[o] = TEMP - FIRST_WORK;
			continue;
		}
		vec_push(d->arena, &l->v,
			 command(RT_REGEX_COPY, FIRST_WORK + free,
				 FIRST_WORK + src[free]));
		done[free] = true;
		left--;
	}
	for (uint32_t k = 0; k < n; k++)
		if (from[k] == VAL_HERE)
			vec_push(d->arena, &l->v,
				 command(RT_REGEX_SET, FIRST_WORK + k, 0));
}

/* The match's positions into registers 0 .. ntags - 1. */
static uint32_t store_match(struct dfa *d, const uint8_t *val,
			    enum rt_regex_op here)
{
	struct command_list l = {0};

	for (uint32_t i = 0; i < d->n->ntags; i++)
		vec_push(d->arena, &l.v,
			 val[i] == VAL_UNSET ? command(RT_REGEX_UNSET_REG, i, 0)
			 : val[i] == VAL_HERE ? command(here, i, 0)
					      : command(RT_REGEX_COPY, i,
							FIRST_WORK + val[i]));
	return add_list(d, &l);
}

/* ---- states ---- */

/* Numbers the values by first use; from[]: what each number was. */
static uint32_t number(struct dfa *d, struct dstate *s, uint8_t *from)
{
	uint8_t to[256];
	uint32_t n = 0;

	memset(to, VAL_UNSET, sizeof(to));
	for (uint32_t i = 0; i <= s->threads.n; i++) {
		uint8_t *val = i < s->threads.n ? s->threads.v[i].val : s->val;

		if (i == s->threads.n && !s->accepts)
			break;
		for (uint32_t t = 0; t < d->n->ntags; t++) {
			if (val[t] == VAL_UNSET)
				continue;
			if (to[val[t]] == VAL_UNSET) {
				if (n == MAX_WORK) {
					d->err = "too many groups that may "
						 "begin or end in too many "
						 "ways";
					return 0;
				}
				from[n] = val[t];
				to[val[t]] = (uint8_t)n++;
			}
			val[t] = to[val[t]];
		}
	}
	return n;
}

static char *state_key(struct dfa *d, const struct dstate *s)
{
	struct strbuf b = {0};
	char *key;

	sb_printf(&b, "%d%d", s->matched, s->accepts);
	for (uint32_t t = 0; s->accepts && t < d->n->ntags; t++)
		sb_printf(&b, ".%x", s->val[t]);
	vec_for (&s->threads, i) {
		sb_printf(&b, " %x", s->threads.v[i].at);
		for (uint32_t t = 0; t < d->n->ntags; t++)
			sb_printf(&b, ".%x", s->threads.v[i].val[t]);
	}
	key = arena_strdup(d->arena, sb_str(&b));
	sb_free(&b);
	return key;
}

static uint32_t add_state(struct dfa *d, struct dstate *s)
{
	s->trans = arena_new_array(d->arena, uint32_t, d->nclasses + 1);
	vec_push(d->arena, &d->states, s);
	if (d->states.n > MAX_STATES ||
	    d->states.n * (d->nclasses + 1) > MAX_CELLS)
		d->err = "too complex";
	return d->states.n - 1;
}

/* The state's number, and in *list what the way there does. */
static uint32_t intern(struct dfa *d, struct dstate *s, uint32_t *list)
{
	uint8_t from[MAX_WORK] = {0};
	struct command_list l = {0};
	uintptr_t known;
	uint32_t n;
	char *key;

	*list = 0;
	if (!s->threads.n && !s->accepts)
		return 0;
	n = number(d, s, from);
	parallel_copies(d, from, n, &l);
	*list = add_list(d, &l);
	key = state_key(d, s);
	known = (uintptr_t)map_get(&d->known, key);
	if (!known) {
		if (s->accepts)
			s->accept_list = store_match(d, s->val, RT_REGEX_SET);
		known = add_state(d, s);
		map_put(&d->known, key, (void *)known);
	}
	return (uint32_t)known;
}

/*
 * The end of the subject: threads before a '$' may match now. Where the match
 * is stored, "here" is the position before the transition.
 */
static uint32_t at_end(struct dfa *d, const struct dstate *s)
{
	struct dstate *to = arena_new_obj(d->arena, struct dstate);
	struct closure c = closure_begin(d, to, false, true);
	char *key;
	uintptr_t known;

	vec_for (&s->threads, i) {
		const struct thread *t = &s->threads.v[i];

		/* not better than what was found already */
		if (to->accepts ||
		    (s->accepts && (!d->n->groups || t->val[0] == s->val[0])))
			break;
		if (d->n->states.v[t->at].kind != RE_EOL)
			continue;
		memcpy(c.val, t->val, MAX_TAGS);
		follow(&c, d->n->states.v[t->at].out);
	}
	if (!to->accepts)
		return 0;
	to->accept_list = store_match(d, to->val, RT_REGEX_SET_BEFORE);
	key = arena_printf(d->arena, "end %u", to->accept_list);
	known = (uintptr_t)map_get(&d->known, key);
	if (!known) {
		known = add_state(d, to);
		map_put(&d->known, key, (void *)known);
	}
	return (uint32_t)known;
}

static void expand(struct dfa *d, struct dstate *s)
{
	uint32_t list, next;

	if (s->accepts && !d->n->groups)
		return; /* found is enough */
	for (uint32_t k = 0; k < d->nclasses && !d->err; k++) {
		next = intern(d, advance(d, s, k), &list);
		s->trans[k] = next ? next | list << 16 : 0;
	}
	if (!d->err)
		s->trans[d->nclasses] = at_end(d, s);
}

/* ---- tables ---- */

/* A transition where groups do not matter, see runtime/regex.c. */
static uint32_t plain_transition(const struct dfa *d, const struct rt_regex *r,
				 uint32_t trans)
{
	uint32_t state = trans & 0xffff;

	if (!state)
		return RT_REGEX_DEAD;
	if (d->states.v[state]->accepts)
		return RT_REGEX_FOUND;
	return r->trans_off + 4 * state * (d->nclasses + 1);
}

/* A column of its own for the end: that of the byte 0 if it has one. */
static uint8_t end_column(const struct dfa *d)
{
	uint32_t others = 0;

	for (unsigned c = 1; c < 256; c++)
		others += d->class_of[c] == d->class_of[0];
	return others ? (uint8_t)d->nclasses : d->class_of[0];
}

static void make_plain(const struct dfa *d, struct rt_regex *r, uint8_t *data)
{
	uint32_t columns = d->nclasses + 1;
	uint8_t end = end_column(d);

	data[r->classes_off] = end;
	for (uint32_t i = 1; i < d->states.n; i++) {
		const struct dstate *s = d->states.v[i];
		uint32_t *row = (uint32_t *)(void *)(data + r->trans_off) +
				i * columns;

		for (uint32_t k = 0; k < columns; k++)
			row[k] = plain_transition(d, r, s->trans[k]);
		row[end] = plain_transition(d, r, s->trans[d->nclasses]);
	}
	r->start = plain_transition(d, r, r->start);
	memcpy(data, r, sizeof(*r));
}

static void write_tables(struct dfa *d, uint32_t start, uint32_t start_list,
			 struct regex_table *out)
{
	uint32_t columns = d->nclasses + 1, n = d->states.n;
	struct rt_regex r = {
		.magic = RT_REGEX_MAGIC,
		.flags = d->n->groups ? 0 : RT_REGEX_NO_GROUPS,
		.nstates = n,
		.nclasses = d->nclasses,
		.start = start,
		.start_list = start_list,
		.ngroups = out->ngroups,
		.classes_off = sizeof(r),
		.trans_off = sizeof(r) + 256,
	};

	r.accept_off = r.trans_off + 4 * n * columns;
	r.commands_off = r.accept_off + (d->n->groups ? 4 * n : 0);
	out->size = r.commands_off;
	if (d->n->groups)
		out->size += 4 * d->commands.n;
	out->size = (out->size + 7) & ~7u;
	out->data = arena_alloc(d->arena, out->size);
	memcpy(out->data, &r, sizeof(r));
	memcpy(out->data + r.classes_off, d->class_of, 256);
	if (!d->n->groups) {
		make_plain(d, &r, out->data);
		return;
	}
	for (uint32_t i = 1; i < n; i++) {
		const struct dstate *s = d->states.v[i];
		uint32_t accept = s->accepts ? 1 + s->accept_list : 0;

		memcpy(out->data + r.trans_off + 4 * i * columns, s->trans,
		       4 * columns);
		memcpy(out->data + r.accept_off + 4 * i, &accept, 4);
	}
	memcpy(out->data + r.commands_off, d->commands.v, 4 * d->commands.n);
}

bool re_determinise(const struct re_nfa *n, struct regex_table *out,
		    const char **err)
{
	struct dfa d = {.arena = n->arena, .n = n};
	struct dstate *first = arena_new_obj(d.arena, struct dstate);
	struct closure c;
	uint32_t start, start_list;

	map_init(&d.known, d.arena);
	map_init(&d.lists, d.arena);
	d.seen = arena_new_array(d.arena, uint32_t, n->states.n);
	vec_push(d.arena, &d.commands, 0); /* list 0 does nothing */
	make_classes(&d);
	add_state(&d, arena_new_obj(d.arena, struct dstate));
	c = closure_begin(&d, first, true, false);
	begin_thread(&c);
	start = intern(&d, first, &start_list);
	for (uint32_t i = 1; i < d.states.n && !d.err; i++)
		expand(&d, d.states.v[i]);
	if (d.err) {
		*err = d.err;
		return false;
	}
	write_tables(&d, start, start_list, out);
	return true;
}
