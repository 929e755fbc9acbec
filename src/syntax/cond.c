// SPDX-License-Identifier: GPL-2.0-or-later
/* Script arguments and conditionals: the upper layers of preproc.h. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "syntax/preproc.h"

/* ------------------------------------------------------------------ *
 * Script arguments
 * ------------------------------------------------------------------ */

static struct token made_token(const struct token *at, enum token_kind kind,
			       const char *text)
{
	struct token t = *at;

	t.kind = kind;
	t.id = ID_NONE;
	t.s = text;
	t.len = (uint32_t)strlen(text);
	t.cooked = true;
	return t;
}

/* All arguments as one text: a, b, c. */
static const char *joined_args(struct preproc *pp)
{
	const char *text = "";

	for (unsigned i = 0; i < pp->env->nargs; i++)
		text = arena_printf(pp->a, "%s%s%s", text, i ? ", " : "",
				    pp->env->args[i]);
	return text;
}

static void push_arg_text(struct preproc *pp, const struct token *t,
			  const char *text)
{
	struct origin *o = arena_new_obj(pp->a, struct origin);
	struct source *src;

	*o = (struct origin){.up = t->from,
			     .name = arena_strndup(pp->a, t->s, t->len),
			     .loc = t->loc};
	src = source_new(pp->a, arena_printf(pp->a, "<argument %s>", o->name),
			 text, strlen(text));
	src->is_synthetic = true;
	pp_push_text(pp, src, o);
}

static void push_quoted_args(struct preproc *pp, const struct token *t)
{
	token_list *list = arena_new_obj(pp->a, token_list);

	for (unsigned i = 0; i < pp->env->nargs; i++) {
		struct token comma = made_token(t, T_PUNCT, ",");

		comma.id = P_COMMA;
		if (i)
			vec_push(pp->a, list, comma);
		vec_push(pp->a, list,
			 made_token(t, T_STRING, pp->env->args[i]));
	}
	pp_push_tokens(pp, list);
}

static void mark_used(struct preproc *pp, unsigned first, unsigned n)
{
	if (pp->env->arg_used)
		for (unsigned i = first; i < first + n; i++)
			pp->env->arg_used[i] = true;
}

static int shown_len(const struct token *t)
{
	return t->len < 20 ? (int)t->len : 20;
}

/* $N and @N: the index, or -1 after an error. */
static int arg_index(struct preproc *pp, const struct token *t)
{
	unsigned long n = 0;

	for (uint32_t i = 1; i < t->len && n < 1000000; i++)
		n = n * 10 + (unsigned long)(t->s[i] - '0');
	if (n >= 1 && n <= pp->env->nargs)
		return (int)n - 1;
	/* "$# > 1 && $2 == 3" is a fair question. */
	if (pp->idle)
		return -1;
	diag_remedy(pp_report(pp, PARSE_ARGUMENT, t, pp->env->nargs),
		    "arguments stand after the script: stap SCRIPT ARG1 ARG2");
	return -1;
}

static bool inside_argument(const struct token *t)
{
	return t->loc.src && t->loc.src->is_synthetic && t->from &&
	       !t->from->macro;
}

/*
 * Replaces a script argument. True: *t is the replacement; false: it was put
 * on the stack, read on.
 */
static bool expand_arg(struct preproc *pp, struct token *t)
{
	bool quoted = t->s[0] == '@';
	int i;

	if (inside_argument(t)) {
		pp_report(pp, PARSE_ARGUMENT_NESTED, t, shown_len(t), t->s,
			  t->from->name);
		*t = made_token(t, quoted ? T_STRING : T_NUMBER, "0");
		return true;
	}
	if (t->s[1] == '#') {
		*t = made_token(t, quoted ? T_STRING : T_NUMBER,
				arena_printf(pp->a, "%u", pp->env->nargs));
		return true;
	}
	if (t->s[1] == '*') {
		mark_used(pp, 0, pp->env->nargs);
		if (quoted)
			push_quoted_args(pp, t);
		else
			push_arg_text(pp, t, joined_args(pp));
		return false;
	}
	i = arg_index(pp, t);
	if (i < 0) {
		*t = made_token(t, quoted ? T_STRING : T_NUMBER, "0");
		return true;
	}
	mark_used(pp, (unsigned)i, 1);
	if (quoted) {
		*t = made_token(t, T_STRING, pp->env->args[i]);
		return true;
	}
	push_arg_text(pp, t, pp->env->args[i]);
	return false;
}

struct token pp_arg_next(struct preproc *pp)
{
	for (;;) {
		struct token t = pp_macro_next(pp);

		if (t.kind != T_ARG || pp->skipping || expand_arg(pp, &t))
			return t;
	}
}

/* ------------------------------------------------------------------ *
 * Conditions
 * ------------------------------------------------------------------ */

/* One side of a comparison. */
struct operand {
	bool is_number, is_version;
	bool is_config; /* compared as a number where the other side is one */
	bool only_equality;
	int64_t num;
	const char *str;
};

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static const char *config_value(struct preproc *pp, const struct token *t)
{
	if (!pp->env->config)
		return "";
	return or_empty(pp->env->config(pp->env->config_ctx,
					arena_strndup(pp->a, t->s, t->len)));
}

static bool named_operand(struct preproc *pp, const struct token *t,
			  struct operand *o)
{
	const struct parse_env *env = pp->env;

	*o = (struct operand){0};
	if (token_text_is(t, "kernel_vr")) {
		o->str = or_empty(env->kernel_release);
		o->is_version = true;
	} else if (token_text_is(t, "kernel_v")) {
		const char *r = or_empty(env->kernel_release);

		o->str = arena_strndup(pp->a, r, strcspn(r, "-"));
		o->is_version = true;
	} else if (token_text_is(t, "systemtap_v")) {
		o->str = or_empty(env->systemtap_v);
		o->is_version = true;
	} else if (token_text_is(t, "guru_mode")) {
		o->is_number = true;
		o->num = env->guru_mode;
	} else if (token_text_is(t, "arch")) {
		o->str = or_empty(env->arch);
	} else if (token_text_is(t, "runtime")) {
		o->str = or_empty(env->runtime);
	} else if (token_text_is(t, "systemtap_privilege")) {
		o->str = or_empty(env->privilege);
	} else if (t->len > 7 && !memcmp(t->s, "CONFIG_", 7)) {
		o->str = config_value(pp, t);
		o->is_config = true;
	} else {
		return false;
	}
	o->only_equality = !o->is_version && !o->is_config;
	return true;
}

static void unknown_condition(struct preproc *pp, const struct token *t)
{
	static const char *const names[] = {
		"kernel_v",  "kernel_vr",   "arch",    "runtime",
		"guru_mode", "systemtap_v", "CONFIG_", "systemtap_privilege"};
	const char *near = NULL;
	struct diag_msg *m;

	if (t->kind == T_IDENT && t->len < 60)
		near = diag_similar(pp->a, arena_strndup(pp->a, t->s, t->len),
				    names, sizeof(names) / sizeof(*names), 2);
	m = pp_report(pp, PARSE_CONDITION, t,
		      "expected 'arch', 'kernel_v', 'kernel_vr', "
		      "'systemtap_v',\n             'runtime', "
		      "'systemtap_privilege', 'CONFIG_...', or\n"
		      "             comparison between strings or integers");
	if (near)
		diag_remedy(m, "similar: %s", near);
}

static bool literal_operand(struct preproc *pp, struct token t,
			    struct operand *o)
{
	bool minus = token_is(&t, P_MINUS);

	*o = (struct operand){0};
	if (minus)
		t = pp_arg_next(pp);
	if (t.kind == T_NUMBER) {
		uint64_t v = (uint64_t)token_number(pp->d, &t, &pp->errors);

		o->is_number = true;
		o->num = (int64_t)(minus ? -v : v);
		return true;
	}
	if (t.kind == T_STRING && !minus) {
		char_vec text = {0};

		token_string(pp->a, &t, &text);
		o->str = arena_strndup(pp->a, text.n ? text.v : "", text.n);
		return true;
	}
	return false;
}

static bool compare(enum token_id op, int64_t c)
{
	switch (op) {
	case P_LT:
		return c < 0;
	case P_LE:
		return c <= 0;
	case P_GT:
		return c > 0;
	case P_GE:
		return c >= 0;
	case P_NE:
		return c != 0;
	default:
		return c == 0;
	}
}

static bool evaluate(const struct operand *l, enum token_id op,
		     const struct operand *r)
{
	if (l->is_number)
		return compare(op, l->num < r->num ? -1 : l->num > r->num);
	if ((op == P_EQ || op == P_NE) && strpbrk(r->str, "*?["))
		return (fnmatch(r->str, l->str, 0) == 0) == (op == P_EQ);
	/* The manual promises strverscmp()'s order. */
	return compare(op, l->is_version ? strverscmp(l->str, r->str)
					 : strcmp(l->str, r->str));
}

/* The option's number; 0 when it is not set. False: it is a text. */
static bool config_number(struct operand *o)
{
	char *end;

	errno = 0;
	o->num = strtoll(o->str, &end, 0);
	o->is_number = !*end && !errno;
	return o->is_number;
}

/*
 * CONFIG_X against a literal or another option: in numbers where both sides
 * have one, otherwise in texts. False after an error.
 */
static bool config_comparison(struct preproc *pp, const struct token *left,
			      struct operand *l, enum token_id op,
			      struct operand *r, struct token *right)
{
	if (r->is_config) {
		struct operand a = *l, b = *r;

		if (config_number(&a) && config_number(&b)) {
			*l = a;
			*r = b;
		}
		return true;
	}
	if (r->is_number && !config_number(l)) {
		pp_report(pp, PARSE_CONDITION, left,
			  "Config option value not a number");
		return false;
	}
	if (!r->is_number && op != P_EQ && op != P_NE) {
		pp_report(pp, PARSE_CONDITION, right,
			  "a text can be compared by '==' and '!=' only");
		return false;
	}
	return true;
}

static bool is_comparison(enum token_id id)
{
	return id == P_LT || id == P_LE || id == P_GT || id == P_GE ||
	       id == P_EQ || id == P_NE;
}

static const char *expected_operand(const struct token *left,
				    const struct operand *l)
{
	if (left->kind == T_NUMBER)
		return "expected number literal as right value";
	if (left->kind == T_STRING)
		return "expected string literal as right value";
	return l->is_number ? "expected number" : "expected string literal";
}

/* Returns -1 after an error. */
static int cond_comparison(struct preproc *pp)
{
	struct token left = pp_arg_next(pp), op, right;
	struct operand l, r;

	if (!named_operand(pp, &left, &l) && !literal_operand(pp, left, &l)) {
		unknown_condition(pp, &left);
		return -1;
	}
	op = pp_arg_next(pp);
	if (!is_comparison(op.id)) {
		pp_report(pp, PARSE_CONDITION, &op,
			  "expected comparison operator");
		return -1;
	}
	if (l.only_equality && op.id != P_EQ && op.id != P_NE) {
		pp_report(pp, PARSE_CONDITION, &op, "expected '==' or '!='");
		return -1;
	}
	right = pp_arg_next(pp);
	if (!literal_operand(pp, right, &r) &&
	    !(l.is_config && named_operand(pp, &right, &r) && r.is_config)) {
		pp_report(pp, PARSE_CONDITION, &right,
			  expected_operand(&left, &l));
		return -1;
	}
	if (l.is_config && !config_comparison(pp, &left, &l, op.id, &r, &right))
		return -1;
	if (l.is_number != r.is_number) {
		pp_report(pp, PARSE_CONDITION, &right,
			  expected_operand(&left, &l));
		return -1;
	}
	return evaluate(&l, op.id, &r);
}

/* "&&" binds tighter than "||"; there are no parentheses. Reads "%?". */
static int condition(struct preproc *pp, const struct token *open)
{
	int any = 0, all = 1;

	for (;;) {
		struct diag_msg *m;
		struct token t;
		int c;

		pp->idle = any || !all;
		c = cond_comparison(pp);
		pp->idle = false;
		if (c < 0)
			return -1;
		all = all && c;
		t = pp_arg_next(pp);
		if (token_is(&t, P_LOGAND))
			continue;
		any = any || all;
		all = 1;
		if (token_is(&t, P_LOGOR))
			continue;
		if (token_is(&t, P_PP_THEN))
			return any;
		m = pp_report(pp, PARSE_CONDITION, open,
			      "expected '%?' marker for conditional");
		diag_note(m, t.loc, "it, '&&' or '||' belongs here");
		return -1;
	}
}

/* ------------------------------------------------------------------ *
 * Conditionals
 * ------------------------------------------------------------------ */

/* Reads over a part up to its "%:" or "%)", or the end; returns that. */
static struct token skip_part(struct preproc *pp, bool stop_at_else)
{
	unsigned depth = 0;
	struct token t;

	pp->skipping = true;
	for (;;) {
		t = pp_macro_next(pp);
		if (t.kind == T_EOF)
			break;
		if (token_is(&t, P_PP_OPEN))
			depth++;
		else if (token_is(&t, P_PP_CLOSE) && depth-- == 0)
			break;
		else if (token_is(&t, P_PP_ELSE) && !depth && stop_at_else)
			break;
		else if (token_is(&t, P_PP_ELSE) && !depth)
			pp_report(pp, PARSE_CONDITION_STRAY, &t,
				  "invalid conditional - duplicate '%:'");
	}
	pp->skipping = false;
	return t;
}

static void unterminated(struct preproc *pp, struct loc open)
{
	pp->errors++;
	diag_report(pp->d, PARSE_UNTERMINATED_CONDITIONAL, open,
		    "operator '%('");
}

static void begin_conditional(struct preproc *pp, const struct token *open)
{
	int c;

	if (pp->conds.n >= PP_MAX_CONDITIONALS) {
		pp_report(pp, PARSE_TOO_DEEP, open, "preprocessor conditionals",
			  (unsigned)PP_MAX_CONDITIONALS);
		pp->eof = true;
		return;
	}
	c = condition(pp, open);
	pp->bad_condition |= c < 0;
	if (c <= 0) {
		struct token t = skip_part(pp, true);

		if (t.kind == T_EOF) {
			/* After a bad condition that would only be noise. */
			if (c == 0)
				unterminated(pp, open->loc);
			return;
		}
		if (token_is(&t, P_PP_CLOSE))
			return;
	}
	vec_push(pp->a, &pp->conds,
		 ((struct pp_cond){open->loc, .in_else = c <= 0}));
}

/* A "%:" or "%)" that no "%(" waits for. */
static void stray(struct preproc *pp, const struct token *t)
{
	bool second = token_is(t, P_PP_ELSE) && pp->conds.n;

	pp_report(pp, PARSE_CONDITION_STRAY, t,
		  second ? "invalid conditional - duplicate '%:'"
			 : "incomplete conditional - missing '%('");
}

/* "%:" after the chosen branch. */
static bool leave_branch(struct preproc *pp)
{
	struct pp_cond *c = pp->conds.n ? &vec_last(&pp->conds) : NULL;
	struct token t;

	if (!c || c->in_else)
		return false;
	t = skip_part(pp, false);
	if (t.kind == T_EOF)
		unterminated(pp, c->loc);
	pp->conds.n--;
	return true;
}

struct token pp_next(struct preproc *pp)
{
	for (;;) {
		struct token t = pp_arg_next(pp);

		switch (t.id) {
		case P_PP_OPEN:
			begin_conditional(pp, &t);
			continue;
		case P_PP_ELSE:
			if (leave_branch(pp))
				continue;
			break;
		case P_PP_CLOSE:
			if (pp->conds.n) {
				pp->conds.n--;
				continue;
			}
			break;
		case P_PP_THEN:
			break;
		default:
			if (t.kind == T_EOF && pp->conds.n && !pp->eof)
				unterminated(pp,
					     pp->conds.v[--pp->conds.n].loc);
			if (t.kind == T_EOF)
				pp->conds.n = 0;
			return t;
		}
		stray(pp, &t);
	}
}
