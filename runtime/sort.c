/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sorting an array's list in place: a stable merge sort, as one flat loop, so
 * that the BPF verifier sees one simple body.
 *
 * Entries are taken from the list one by one, each a sorted run of one. Runs
 * wait in pending[]: slot k holds a run of about 2^k entries or none. A new run
 * is merged with the one that waits in slot 0, the result with the one in slot
 * 1, ... until a free slot takes it, as a binary counter carries. When the list
 * is used up, what waits is merged from the lowest slot on. A waiting run is
 * always older than the one merged into it, so "older first when equal" keeps
 * the order of equal entries.
 *
 * While sorting only the `next` links change. If the loop is cut short (it may
 * run for a quarter of a second), the `prev` links still give the old order,
 * and the list is made from them again.
 *
 * The state is in rt_map.sort: callers hold the array's lock. Each entry's
 * `spare` is where, from its start, the value to compare stands.
 */
#include "rt_int.h"

enum sort_phase {
	SORT_TAKE,  /* take an entry from the input */
	SORT_CARRY, /* put the run into slot k, or merge with what is there */
	SORT_MERGE, /* move one entry from the older or the newer run */
};

/* Comparisons that finding the first entries alone may take. */
#define SORT_TOP_MAX (1u << 21)

enum sort_kind { SORT_LONG, SORT_STRING, SORT_STAT };

struct sorting {
	w_u32 phase;
	w_u32 kind; /* enum sort_kind */
	w_u32 op;   /* SORT_STAT: enum rt_statop */
	w_u32 descending;
	w_u32 desc;	     /* SORT_STAT: offset of the description */
	w_u32 input;	     /* entries not yet taken */
	w_u32 run;	     /* the run in hand */
	w_u32 older;	     /* MERGE: the other run */
	w_u32 out, out_tail; /* MERGE: the result so far */
	w_u32 k;	     /* slot */
	w_u32 word;	     /* SORT_STRING: bytes known to be equal */
	union {
		w_u32 pending[24];
		struct {
			w_u32 limit, have; /* entries in front that are sorted:
					      most, now */
			w_u32 before;	   /* the one before `older`, or 0 */
		} top;
	};
};
_Static_assert(sizeof(struct sorting) <= sizeof(((struct rt_map *)0)->sort),
	       "rt_map.sort holds the state");

struct sort_arg {
	w_u64 at; /* offset of struct sorting */
};

RT_INLINE w_u64 pending_at(w_u64 at, w_u64 k)
{
	return at + RT_OFF(struct sorting, pending) + k * 4;
}

/* < 0, 0, > 0; SORT_GO_ON: the next words decide. */
#define SORT_GO_ON 2
RT_INLINE long sort_compare(struct sorting *s)
{
	w_u64 a = s->older, b = s->run, x, y;

	a += ((struct rt_entry *)rt_at(a))->spare;
	b += ((struct rt_entry *)rt_at(b))->spare;
	if (s->kind == SORT_STRING) {
		w_u64 word = s->word;

		x = rt_text_order(rt_ld64(a + RT_STR_HDR + word));
		y = rt_text_order(rt_ld64(b + RT_STR_HDR + word));
		if (x == y) {
			/* equal, and no NUL at the word's end: it goes on */
			if (x & 0xff) {
				s->word = word + 8;
				return SORT_GO_ON;
			}
			return 0;
		}
		return x < y ? -1 : 1;
	}
	if (s->kind == SORT_STAT) {
		x = rt_stat_value(a, s->desc, s->op);
		y = rt_stat_value(b, s->desc, s->op);
	} else {
		x = rt_ld64(a);
		y = rt_ld64(b);
	}
	return x == y ? 0 : (w_s64)x < (w_s64)y ? -1 : 1;
}

RT_INLINE struct rt_entry *sort_entry(w_u64 off)
{
	return rt_at(off);
}

/* MERGE: one entry; when one run is used up, the other is the rest. */
RT_INLINE void sort_merge(struct sort_arg *st)
{
	struct sorting *s = rt_at(st->at);
	long order = sort_compare(s);
	w_u64 e, next;

	/* forget what was derived: it would not fit the stack */
	rt_advance(st->at, 0);
	s = rt_at(st->at);
	if (order == SORT_GO_ON)
		return;
	s->word = 0;
	if (s->descending)
		order = -order;
	if (order <= 0) {
		e = s->older;
		next = sort_entry(e)->next;
		s->older = next;
	} else {
		e = s->run;
		next = sort_entry(e)->next;
		s->run = next;
	}
	if (s->out)
		sort_entry(s->out_tail)->next = e;
	else
		s->out = e;
	s->out_tail = e;
	if (next)
		return;
	sort_entry(e)->next = s->older ? s->older : s->run;
	s->run = s->out;
	s->k++;
	s->phase = SORT_CARRY;
}

RT_STEP(sort_step, struct sort_arg)
{
	struct sorting *s = rt_at(st->at);
	w_u64 slot, other;

	if (s->phase == SORT_MERGE) {
		sort_merge(st);
		return 0;
	}
	if (s->phase == SORT_TAKE) {
		s->run = s->input;
		s->k = 0;
		s->phase = SORT_CARRY;
		if (s->run) {
			s->input = sort_entry(s->run)->next;
			sort_entry(s->run)->next = 0;
		}
		return 0;
	}
	if (s->k >= 24)
		return 1;
	slot = pending_at(st->at, s->k);
	other = rt_ld32(slot);
	if (!other) {
		if (s->input) {
			rt_st32(slot, s->run);
			s->phase = SORT_TAKE;
		} else {
			s->k++; /* nothing more comes: carry on to the top */
		}
		return 0;
	}
	rt_st32(slot, 0);
	if (!s->run) {
		s->run = other;
		s->k++;
		return 0;
	}
	s->older = other;
	s->out = 0;
	s->phase = SORT_MERGE;
	return 0;
}

struct relink {
	w_u64 at;   /* entry */
	w_u64 last; /* the one before, on the way */
};

/* Makes `prev` (and the tail) fit `next`. */
RT_STEP(relink_step, struct relink)
{
	struct rt_entry *e;

	if (!st->at)
		return 1;
	e = sort_entry(st->at);
	e->prev = st->last;
	st->last = st->at;
	st->at = e->next;
	return 0;
}

/* Makes `next` fit `prev`, from the tail on. */
RT_STEP(undo_step, struct relink)
{
	struct rt_entry *e;

	if (!st->at)
		return 1;
	e = sort_entry(st->at);
	e->next = st->last;
	st->last = st->at;
	st->at = e->prev;
	return 0;
}

struct locating {
	w_u64 entry;
	w_u32 map, column;
	w_u32 k, at; /* components stepped over; offset of the next */
	w_u32 start; /* first value of `at` */
};

/*
 * Finds the value to compare of one entry: steps over one component of the
 * key, or goes to the next entry.
 */
RT_STEP(locate_step, struct locating)
{
	w_u64 kind, at;

	if (!st->entry)
		return 1;
	if (st->k < st->column) {
		kind = rt_ld8((w_u64)st->map + RT_OFF(struct rt_map, key_kind) +
			      st->k);
		at = st->entry + st->at;
		rt_advance(st->at, kind ? RT_STR_SIZE(rt_string(at)->len) : 8);
		rt_advance(st->k, 1);
		return 0;
	}
	sort_entry(st->entry)->spare = st->at;
	st->entry = sort_entry(st->entry)->next;
	st->k = rt_zero();
	st->at = st->start;
	return 0;
}

RT_FN w_u64 rt_i_sort_locate(w_u64 map, w_u64 column)
{
	struct rt_map *m = rt_at(map);
	struct locating l;

	l.entry = m->head;
	l.map = map;
	l.k = rt_zero();
	if (column >= 1 && column < 16) {
		l.column = column - 1;
		l.start = m->key_off;
	} else {
		l.column = 0;
		l.start = m->val_off;
	}
	l.at = l.start;
	return RT_LOOP(RT_LOOP_MAX, locate_step, &l);
}

/* Sorts for as long as one loop may run: 1 when done. */
RT_FN w_u64 rt_i_sort_run(w_u64 map)
{
	struct sort_arg a;
	struct sorting *s;

	a.at = map + RT_OFF(struct rt_map, sort);
	RT_LOOP(RT_LOOP_MAX, sort_step, &a);
	s = rt_at(a.at);
	return s->k >= 24 && s->phase == SORT_CARRY;
}

/*
 * Only the first `limit` entries are sorted, by insertion; what they push out
 * follows them, and the rest keeps its order, as in SystemTap. `run` is the
 * entry in hand and `input` the one before it.
 */
RT_STEP(sort_top_step, struct sort_arg)
{
	struct sorting *s = rt_at(st->at);
	w_u64 e, before;
	long order;

	if (!s->run)
		return 1;
	if (s->k < s->top.have) {
		order = sort_compare(s);
		rt_advance(st->at, 0);
		s = rt_at(st->at);
		if (order == SORT_GO_ON)
			return 0;
		s->word = 0;
		if (s->descending)
			order = -order;
		if (order <= 0) {
			s->top.before = s->older;
			s->older = sort_entry(s->older)->next;
			s->k++;
			return 0;
		}
		e = s->run;
		before = s->top.before;
		s->run = sort_entry(e)->next;
		sort_entry(s->input)->next = s->run;
		sort_entry(e)->next = s->older;
		if (before)
			sort_entry(before)->next = e;
		else
			s->out = e;
	} else {
		s->input = s->run;
		s->run = sort_entry(s->run)->next;
	}
	if (s->top.have < s->top.limit)
		s->top.have++;
	s->top.before = 0;
	s->older = s->out;
	s->k = 0;
	return 0;
}

/* The same with the first `limit` entries alone. */
RT_FN w_u64 rt_i_sort_top(w_u64 map, w_u64 limit)
{
	struct sort_arg a;
	struct sorting *s;

	a.at = map + RT_OFF(struct rt_map, sort);
	s = rt_at(a.at);
	s->top.limit = limit;
	s->out = ((struct rt_map *)rt_at(map))->head;
	s->run = s->out;
	RT_LOOP(RT_LOOP_MAX, sort_top_step, &a);
	s = rt_at(a.at);
	if (s->run)
		return 0;
	s->run = s->out;
	return 1;
}

/* The list in its order before sorting, or with the new order made good. */
RT_FN w_u64 rt_i_sort_finish(w_u64 map, w_u64 done)
{
	struct rt_map *m = rt_at(map);
	struct relink r;

	r.last = rt_zero();
	if (done) {
		r.at = rt_ld32(map + RT_OFF(struct rt_map, sort) +
			       RT_OFF(struct sorting, run));
		m->head = r.at;
		RT_LOOP(RT_LOOP_MAX, relink_step, &r);
		((struct rt_map *)rt_at(map))->tail = r.last;
	} else {
		r.at = m->tail;
		RT_LOOP(RT_LOOP_MAX, undo_step, &r);
		rt_count(WIRE_CNT_SKIP_OVERLOAD);
	}
	return 0;
}

/*
 * Sorts the array's list by the value (column 0), by key number column - 1, or
 * by an aggregate's operation (16 + enum rt_statop; an empty one counts as 0);
 * dir 1: smallest first, -1: largest first. Equal entries keep their order.
 * limit: so many entries will be looked at; 0: all. A sort that takes too long
 * changes nothing and is counted as overload.
 */
RT_FN w_u64 rt_map_sort(w_u64 map, w_u64 column, w_u64 dir, w_u64 limit)
{
	struct rt_map *m = rt_at(map);
	struct sorting *s = rt_at(map + RT_OFF(struct rt_map, sort));
	w_u64 done;

	if (m->count < 2)
		return 0;
	s->kind = SORT_LONG;
	if (column >= 16)
		s->kind = SORT_STAT;
	else if (column == 0 ? m->flags & RT_MAP_STRVAL
			     : rt_ld8(map + RT_OFF(struct rt_map, key_kind) +
				      column - 1))
		s->kind = SORT_STRING;
	s->op = column - 16;
	s->desc = m->stat_desc_off;
	s->descending = (w_s64)dir < 0;
	s->phase = SORT_TAKE;
	s->input = m->head;
	s->word = 0;
	s->k = 0;
	rt_clear(map + RT_OFF(struct rt_map, sort) +
			 RT_OFF(struct sorting, pending),
		 sizeof(s->pending));
	if (rt_i_sort_locate(map, column))
		return rt_i_sort_finish(map, 0);
	m = rt_at(map);
	if ((w_s64)limit > 0 && limit < m->count &&
	    limit * m->count < SORT_TOP_MAX)
		return rt_i_sort_finish(map, rt_i_sort_top(map, limit));
	/* a bpf_loop ends after 8 million steps, so up to four */
	done = rt_i_sort_run(map) || rt_i_sort_run(map) || rt_i_sort_run(map) ||
	       rt_i_sort_run(map);
	return rt_i_sort_finish(map, done);
}
