// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Patterns: text to tree to non-deterministic automaton. The tree is needed
 * because {n,m} repeats its operand.
 */
#include "sema/regex_impl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_REPEAT 32767u
#define MAX_STATES 4000u
#define MAX_DEPTH 200u

enum node_kind {
	N_EMPTY,
	N_SET,
	N_BOL,
	N_EOL,
	N_CAT,
	N_ALT,
	N_REPEAT,
	N_GROUP
};

struct node {
	enum node_kind kind;
	struct node *a, *b;
	struct re_set set;
	uint32_t min, max; /* N_REPEAT; max RE_NONE: no limit */
	uint32_t group;
};

struct parser {
	struct arena *arena;
	const char *text, *p;
	const char *err;
	const char *err_at;
	uint32_t ngroups, depth;
};

static struct node *fail_at(struct parser *ps, const char *at, const char *why)
{
	if (!ps->err) {
		ps->err = why;
		ps->err_at = at;
	}
	return NULL;
}

static struct node *fail(struct parser *ps, const char *why)
{
	return fail_at(ps, ps->p, why);
}

/* Something is missing at the pattern's end: said at its last character. */
static struct node *fail_end(struct parser *ps, const char *why)
{
	return fail_at(ps, ps->p > ps->text ? ps->p - 1 : ps->p, why);
}

static struct node *node_new(struct parser *ps, enum node_kind k,
			     struct node *a, struct node *b)
{
	struct node *n = arena_new_obj(ps->arena, struct node);

	n->kind = k;
	n->a = a;
	n->b = b;
	return n;
}

static void set_add(struct re_set *s, unsigned c)
{
	s->bit[c / 64] |= 1ull << c % 64;
}

static void set_invert(struct re_set *s)
{
	for (int i = 0; i < 4; i++)
		s->bit[i] = ~s->bit[i];
	s->bit[0] &= ~1ull; /* no NUL in strings */
}

static struct node *one_char(struct parser *ps, unsigned char c)
{
	struct node *n = node_new(ps, N_SET, NULL, NULL);

	set_add(&n->set, c);
	return n;
}

/* ---- [...] ---- */

static bool named_class(struct parser *ps, struct re_set *s)
{
	static const struct {
		const char *name;
		int (*has)(int);
	} classes[] = {
		{"alpha", isalpha}, {"digit", isdigit}, {"alnum", isalnum},
		{"upper", isupper}, {"lower", islower}, {"space", isspace},
		{"blank", isblank}, {"punct", ispunct}, {"print", isprint},
		{"graph", isgraph}, {"cntrl", iscntrl}, {"xdigit", isxdigit},
	};
	const char *end = strstr(ps->p, ":]");

	for (size_t i = 0; end && i < sizeof(classes) / sizeof(*classes); i++) {
		if (strlen(classes[i].name) != (size_t)(end - ps->p) ||
		    memcmp(classes[i].name, ps->p, (size_t)(end - ps->p)))
			continue;
		for (int c = 1; c < 128; c++)
			if (classes[i].has(c))
				set_add(s, (unsigned)c);
		ps->p = end + 2;
		return true;
	}
	if (end)
		fail(ps, arena_printf(ps->arena, "unknown character class '%.*s'",
				      (int)(end - ps->p), ps->p));
	else
		fail_at(ps, ps->p + strlen(ps->p) - 1,
			"unclosed character class");
	return false;
}

static struct node *parse_bracket(struct parser *ps)
{
	struct node *n = node_new(ps, N_SET, NULL, NULL);
	bool negated = *ps->p == '^', first = true;

	ps->p += negated;
	for (; first || *ps->p != ']'; first = false) {
		unsigned char from = (unsigned char)*ps->p, to;

		if (!from)
			return fail_end(ps, "unclosed character class");
		if (from == '[' && ps->p[1] == ':') {
			ps->p += 2;
			if (!named_class(ps, &n->set))
				return NULL;
			continue;
		}
		ps->p++;
		to = from;
		if (*ps->p == '-' && ps->p[1] && ps->p[1] != ']') {
			to = (unsigned char)ps->p[1];
			ps->p += 2;
		}
		if (from > to)
			return fail(ps, arena_printf(ps->arena,
						     "Inverted character range "
						     "%c-%c",
						     from, to));
		for (unsigned c = from; c <= to; c++)
			set_add(&n->set, c);
	}
	ps->p++;
	if (negated)
		set_invert(&n->set);
	return n;
}

/* ---- the grammar: alternatives of sequences of repeated atoms ---- */

static struct node *parse_alternatives(struct parser *ps);

/* (a), or (?:a), which does not count for matched() */
static struct node *parse_group(struct parser *ps)
{
	struct node *n = node_new(ps, N_GROUP, NULL, NULL);
	bool counts = strncmp(ps->p, "?:", 2) != 0;

	if (counts)
		n->group = ps->ngroups++;
	else
		ps->p += 2;
	if (++ps->depth > MAX_DEPTH)
		return fail(ps, "parentheses nested too deeply");
	n->a = parse_alternatives(ps);
	ps->depth--;
	if (!n->a)
		return NULL;
	if (*ps->p != ')')
		return fail_end(ps, "expected ), found end of regex");
	ps->p++;
	return counts ? n : n->a;
}

static struct node *parse_atom(struct parser *ps)
{
	struct node *n;
	char c = *ps->p++;

	switch (c) {
	case '(':
		return parse_group(ps);
	case '[':
		return parse_bracket(ps);
	case '.':
		n = node_new(ps, N_SET, NULL, NULL);
		set_invert(&n->set);
		return n;
	case '^':
		return node_new(ps, N_BOL, NULL, NULL);
	case '$':
		return node_new(ps, N_EOL, NULL, NULL);
	case '\\':
		if (!*ps->p)
			return fail(ps, "unexpected end of regex");
		return one_char(ps, (unsigned char)*ps->p++);
	case '*':
	case '+':
	case '?':
	case '{':
		ps->p--;
		return fail(ps, arena_printf(ps->arena, "unexpected '%c'", c));
	default:
		return one_char(ps, (unsigned char)c);
	}
}

static bool parse_number(struct parser *ps, uint32_t *n)
{
	char *end;
	unsigned long v;

	if (!isdigit((unsigned char)*ps->p))
		return false;
	v = strtoul(ps->p, &end, 10);
	ps->p = end;
	*n = v > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)v;
	return true;
}

static bool bad_bounds(struct parser *ps, const char *why)
{
	fail_at(ps, *ps->p ? ps->p + 1 : ps->p, why);
	return false;
}

static bool parse_bounds(struct parser *ps, struct node *r)
{
	uint32_t most;

	if (!parse_number(ps, &r->min))
		return bad_bounds(ps, "expected number");
	r->max = r->min;
	if (*ps->p == ',') {
		ps->p++;
		if (!parse_number(ps, &r->max))
			r->max = RE_NONE;
	}
	if (*ps->p != '}')
		return bad_bounds(ps, "expected }");
	most = r->max == RE_NONE || r->min > r->max ? r->min : r->max;
	if (most > MAX_REPEAT)
		return bad_bounds(ps, arena_printf(ps->arena,
						   "%u is too large", most));
	if (r->max < r->min)
		return bad_bounds(ps, "inverted bounds");
	ps->p++;
	return true;
}

static struct node *parse_repeated(struct parser *ps)
{
	struct node *n = parse_atom(ps);

	while (n && *ps->p && strchr("*+?{", *ps->p)) {
		struct node *r = node_new(ps, N_REPEAT, n, NULL);
		char op = *ps->p;

		if (n->kind == N_BOL || n->kind == N_EOL)
			return fail(ps, arena_printf(ps->arena,
						     "postfix closure '%c' "
						     "applied to anchoring "
						     "operator",
						     op));
		ps->p++;
		r->min = op == '+';
		r->max = op == '?' ? 1 : RE_NONE;
		if (op == '{' && !parse_bounds(ps, r))
			return NULL;
		n = r;
	}
	return n;
}

static struct node *parse_sequence(struct parser *ps)
{
	struct node *seq = NULL;

	/* outside of groups a ')' is a character */
	while (*ps->p && *ps->p != '|' && (*ps->p != ')' || !ps->depth)) {
		struct node *n = parse_repeated(ps);

		if (!n)
			return NULL;
		seq = seq ? node_new(ps, N_CAT, seq, n) : n;
	}
	return seq ? seq : node_new(ps, N_EMPTY, NULL, NULL);
}

static struct node *parse_alternatives(struct parser *ps)
{
	struct node *n = parse_sequence(ps);

	while (n && *ps->p == '|') {
		struct node *b;

		ps->p++;
		b = parse_sequence(ps);
		n = b ? node_new(ps, N_ALT, n, b) : NULL;
	}
	return n;
}

/* ---- tree to automaton, from the end to the front ---- */

static uint32_t add_state(struct re_nfa *n, enum re_kind k, uint32_t out,
			  uint32_t out2)
{
	struct re_state s = {.kind = k, .out = out, .out2 = out2};

	vec_push(n->arena, &n->states, s);
	return n->states.n - 1;
}

static uint32_t add_tag(struct re_nfa *n, uint32_t tag, uint32_t next)
{
	uint32_t s;

	if (!n->groups || tag >= n->ntags)
		return next;
	s = add_state(n, RE_TAG, next, RE_NONE);
	n->states.v[s].tag = tag;
	return s;
}

static uint32_t build(struct re_nfa *n, const struct node *t, uint32_t next);

static uint32_t build_repeat(struct re_nfa *n, const struct node *t,
			     uint32_t next)
{
	if (t->max == RE_NONE) {
		uint32_t split = add_state(n, RE_SPLIT, RE_NONE, next);
		uint32_t body = build(n, t->a, split);

		n->states.v[split].out = body;
		next = split;
	} else {
		uint32_t after = next;

		for (uint32_t i = t->min;
		     i < t->max && n->states.n < MAX_STATES; i++)
			next = add_state(n, RE_SPLIT, build(n, t->a, next),
					 after);
	}
	for (uint32_t i = 0; i < t->min && n->states.n < MAX_STATES; i++)
		next = build(n, t->a, next);
	return next;
}

static uint32_t build(struct re_nfa *n, const struct node *t, uint32_t next)
{
	uint32_t s;

	if (n->states.n >= MAX_STATES)
		return next; /* said by the caller */
	switch (t->kind) {
	case N_EMPTY:
		return next;
	case N_SET:
		s = add_state(n, RE_SET, next, RE_NONE);
		n->states.v[s].set = t->set;
		return s;
	case N_BOL:
		return add_state(n, RE_BOL, next, RE_NONE);
	case N_EOL:
		return add_state(n, RE_EOL, next, RE_NONE);
	case N_CAT:
		return build(n, t->a, build(n, t->b, next));
	case N_ALT:
		s = build(n, t->b, next);
		return add_state(n, RE_SPLIT, build(n, t->a, next), s);
	case N_REPEAT:
		return build_repeat(n, t, next);
	case N_GROUP:
		next = add_tag(n, 2 * t->group + 1, next);
		return add_tag(n, 2 * t->group, build(n, t->a, next));
	}
	return next;
}

static struct node *parse(struct parser *ps, const char **err, uint32_t *at)
{
	struct node *t = parse_alternatives(ps);

	if (t)
		return t;
	*err = ps->err;
	*at = (uint32_t)(ps->err_at - ps->text);
	return NULL;
}

bool regex_check(struct arena *a, const char *pattern, const char **err,
		 uint32_t *at)
{
	struct parser ps = {
		.arena = a, .text = pattern, .p = pattern, .ngroups = 1};

	return parse(&ps, err, at);
}

bool regex_compile(struct arena *a, const char *pattern, bool groups,
		   struct regex_table *out, const char **err, uint32_t *at)
{
	struct parser ps = {
		.arena = a, .text = pattern, .p = pattern, .ngroups = 1};
	struct re_nfa n = {.arena = a, .groups = groups};
	struct node *t = parse(&ps, err, at), *whole;

	if (!t)
		return false;
	/* matched(n) knows the first nine */
	if (ps.ngroups > RT_REGEX_MAX_GROUPS)
		ps.ngroups = RT_REGEX_MAX_GROUPS;
	n.ntags = groups ? 2 * ps.ngroups : 0;
	whole = node_new(&ps, N_GROUP, t, NULL);
	n.start = build(&n, whole, add_state(&n, RE_MATCH, RE_NONE, RE_NONE));
	*at = 0;
	if (n.states.n >= MAX_STATES) {
		*err = "too long";
		return false;
	}
	out->ngroups = groups ? ps.ngroups : 1;
	return re_determinise(&n, out, err);
}
