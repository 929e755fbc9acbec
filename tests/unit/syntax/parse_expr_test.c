// SPDX-License-Identifier: GPL-2.0-or-later
/* Precedence, associativity, and what each kind of expression is made of. */
#include "syntax_util.h"

/* The tree in prefix form, with nothing left to precedence. */
static const char *tree(struct fixture *f, const struct expr *e);

static const char *trees(struct fixture *f, const expr_list *l)
{
	const char *s = "";

	vec_for (l, i)
		s = arena_printf(f->a, "%s %s", s,
				 l->v[i] ? tree(f, l->v[i]) : "*");
	return s;
}

static const char *tree(struct fixture *f, const struct expr *e)
{
	struct strbuf b = {0};
	const char *s;

	switch (e->kind) {
	case E_UNARY:
		return arena_printf(f->a, "(%s %s)", op_text(e->unary.op),
				    tree(f, e->unary.a));
	case E_BINARY:
		return arena_printf(f->a, "(%s %s %s)", op_text(e->binary.op),
				    tree(f, e->binary.a), tree(f, e->binary.b));
	case E_ASSIGN:
		return arena_printf(f->a, "(%s= %s %s)", op_text(e->assign.op),
				    tree(f, e->assign.a), tree(f, e->assign.b));
	case E_TERNARY:
		return arena_printf(
			f->a, "(? %s %s %s)", tree(f, e->ternary.cond),
			tree(f, e->ternary.a), tree(f, e->ternary.b));
	case E_INCDEC:
		return arena_printf(
			f->a, e->incdec.prefix ? "(%s %s)" : "(post%s %s)",
			e->incdec.delta > 0 ? "++" : "--",
			tree(f, e->incdec.a));
	case E_IN:
		return arena_printf(f->a, "(in%s %s)", trees(f, &e->in.keys),
				    tree(f, e->in.array));
	case E_REGEX:
		return arena_printf(
			f->a, "(%s %s %s)", e->regex.negated ? "!~" : "=~",
			tree(f, e->regex.a), tree(f, e->regex.pattern));
	default:
		unparse_expr(&b, e);
		s = arena_strdup(f->a, sb_str(&b));
		sb_free(&b);
		return s;
	}
}

static void groups_as(struct fixture *f, const char *text, const char *want)
{
	const char *got = tree(f, expression(f, text));

	if (strcmp(got, want))
		fail_msg("%s\n groups as %s\n not as   %s", text, got, want);
}

static void each_level_binds_tighter_than_the_one_before(void **state)
{
	struct fixture *f = *state;

	groups_as(f, "a = b ? c : d", "(= a (? b c d))");
	groups_as(f, "a ? b || c : d || e", "(? a (|| b c) (|| d e))");
	groups_as(f, "a || b && c", "(|| a (&& b c))");
	groups_as(f, "a && b | c", "(&& a (| b c))");
	groups_as(f, "a | b ^ c", "(| a (^ b c))");
	groups_as(f, "a ^ b & c", "(^ a (& b c))");
	groups_as(f, "a & b in c", "(& a (in b c))");
	groups_as(f, "a == b in c", "(in (== a b) c)");
	groups_as(f, "a == b << c", "(== a (<< b c))");
	groups_as(f, "a << b . c", "(<< a (. b c))");
	groups_as(f, "a . b + c", "(. a (+ b c))");
	groups_as(f, "a + b * c", "(+ a (* b c))");
	groups_as(f, "a * -b", "(* a (- b))");
	groups_as(f, "-a++", "(- (post++ a))");
}

static void binary_operators_group_to_the_left(void **state)
{
	struct fixture *f = *state;
	static const char *const ops[] = {
		"*",  "/",  "%", "+", "-", ".",	 "<",  "<=", ">",  ">=",
		"==", "!=", "&", "^", "|", "&&", "||", "<<", ">>", ">>>"};

	for (unsigned i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		groups_as(
			f, arena_printf(f->a, "a %s b %s c", ops[i], ops[i]),
			arena_printf(f->a, "(%s (%s a b) c)", ops[i], ops[i]));
	groups_as(f, "a + b - c", "(- (+ a b) c)");
	groups_as(f, "a / b % c * d", "(* (% (/ a b) c) d)");
	/* All comparisons share one level. */
	groups_as(f, "a == b < c", "(< (== a b) c)");
	groups_as(f, "a < b == c", "(== (< a b) c)");
	groups_as(f, "(a =~ \"x\") == c", "(== (=~ a \"x\") c)");
}

static void assignment_and_ternary_group_to_the_right(void **state)
{
	struct fixture *f = *state;

	groups_as(f, "a = b = c", "(= a (= b c))");
	groups_as(f, "a += b -= c", "(+= a (-= b c))");
	groups_as(f, "a ? b : c ? d : e", "(? a b (? c d e))");
	groups_as(f, "a ? b ? c : d : e", "(? a (? b c d) e)");
	groups_as(f, "a ? b = c : d = e", "(= (? a (= b c) d) e)");
}

static void every_assignment_operator(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text;
		enum op op;
	} all[] = {
		{"=", OP_NONE},	   {"+=", OP_ADD},	  {"-=", OP_SUB},
		{"*=", OP_MUL},	   {"/=", OP_DIV},	  {"%=", OP_MOD},
		{"<<=", OP_SHL},   {">>=", OP_SHR},	  {">>>=", OP_USHR},
		{"&=", OP_BITAND}, {"^=", OP_BITXOR},	  {"|=", OP_BITOR},
		{".=", OP_CONCAT}, {"<<<", OP_AGGREGATE},
	};

	for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct expr *e = expression(
			f, arena_printf(f->a, "a[1] %s 3", all[i].text));

		assert_int_equal(e->kind, E_ASSIGN);
		assert_int_equal(e->assign.op, all[i].op);
		assert_int_equal(e->assign.a->kind, E_INDEX);
	}
}

static void unary_operators(void **state)
{
	struct fixture *f = *state;

	groups_as(f, "- - a", "(- (- a))");
	groups_as(f, "!~a", "(! (~ a))");
	groups_as(f, "+a - -b", "(- (+ a) (- b))");
	groups_as(f, "--a - b--", "(- (-- a) (post-- b))");
	groups_as(f, "!a in b", "(in (! a) b)");
	groups_as(f, "a[1]++ + ++$x->y", "(+ (post++ a[1]) (++ $x->y))");
}

static void membership(void **state)
{
	struct fixture *f = *state;

	groups_as(f, "[a, b] in c", "(in a b c)");
	groups_as(f, "[*, b, *] in c && d", "(&& (in * b * c) d)");
	groups_as(f, "x = [a] in b", "(= x (in a b))");
	groups_as(f, "!([a, *] in b)", "(! (in a * b))");
}

static void regex(void **state)
{
	struct fixture *f = *state;

	groups_as(f, "a =~ \"x\" \"y\" && b !~ \"z\"",
		  "(&& (=~ a \"xy\") (!~ b \"z\"))");
	assert_has(parse_bad(f, "probe x { a =~b }"), "write '= ~'");
}

static void target_variables(void **state)
{
	struct fixture *f = *state;
	struct expr *e = expression(f, "&$a->b[i + 1]->next$$");

	assert_int_equal(e->kind, E_TARGET);
	assert_int_equal(e->target.tk, TGT_VAR);
	assert_string_equal(e->target.name, "a");
	assert_true(e->target.addr_of);
	assert_int_equal(e->target.pretty, 2);
	assert_int_equal(e->target.steps.n, 3);
	assert_string_equal(e->target.steps.v[0].member, "b");
	assert_int_equal(e->target.steps.v[1].kind, STEP_INDEX);
	assert_int_equal(e->target.steps.v[1].index->kind, E_BINARY);
	/* A keyword is a fine member name. */
	assert_string_equal(e->target.steps.v[2].member, "next");
	e = expression(f, "$$parms");
	assert_string_equal(e->target.name, "$parms");
	e = expression(f, "$x$");
	assert_string_equal(e->target.name, "x");
	assert_int_equal(e->target.pretty, 1);
	e = expression(f, "@var(\"v@f.c\", \"m\")[2]$");
	assert_int_equal(e->target.tk, TGT_ATVAR);
	assert_string_equal(e->target.name, "v@f.c");
	assert_string_equal(e->target.module, "m");
	assert_int_equal(e->target.pretty, 1);
}

static void casts(void **state)
{
	struct fixture *f = *state;
	struct expr *e = expression(f, "@cast(p + 1, \"t\", \"m\")->x");

	assert_int_equal(e->target.tk, TGT_CAST);
	assert_string_equal(e->target.name, "t");
	assert_string_equal(e->target.module, "m");
	assert_int_equal(e->target.arg->kind, E_BINARY);
	assert_int_equal(e->target.steps.n, 1);
	e = expression(f, "@cast(p, \"t\")");
	assert_null(e->target.module);
	/* Values that carry a type: script variables, results. */
	e = expression(f, "p->x[1]->y");
	assert_int_equal(e->target.tk, TGT_AUTOCAST);
	assert_int_equal(e->target.arg->kind, E_SYMBOL);
	assert_int_equal(e->target.steps.n, 3);
	assert_int_equal(expression(f, "f()->x")->target.arg->kind, E_CALL);
	assert_int_equal(expression(f, "a[1]->x")->target.arg->kind, E_INDEX);
	assert_int_equal(expression(f, "@entry($x)->y")->target.arg->kind,
			 E_ENTRY);
	assert_int_equal(expression(f, "($x)->y")->target.tk, TGT_AUTOCAST);
}

static void at_operators(void **state)
{
	struct fixture *f = *state;
	struct expr *e;

	assert_int_equal(expression(f, "@defined($x->y)")->kind, E_DEFINED);
	assert_int_equal(expression(f, "@entry(f(1))")->kind, E_ENTRY);
	assert_int_equal(expression(f, "@probewrite(x)")->kind, E_PROBEWRITE);
	assert_int_equal(expression(f, "@errno + 1")->binary.a->target.tk,
			 TGT_ERRNO);
	e = expression(f, "@kderef(4, p)");
	assert_int_equal(e->target.tk, TGT_KDEREF);
	assert_int_equal(e->target.arg2->num.v, 4);
	assert_string_equal(e->target.arg->sym.name, "p");
	assert_int_equal(expression(f, "@uderef(1, 2)")->target.tk, TGT_UDEREF);
	assert_int_equal(expression(f, "@kregister(5)")->target.tk,
			 TGT_KREGISTER);
	assert_int_equal(expression(f, "@uregister(5)")->target.tk,
			 TGT_UREGISTER);
	assert_string_equal(expression(f, "@perf(\"c\")")->target.name, "c");
	assert_string_equal(expression(f, "@const(\"C\")")->target.name, "C");
	assert_string_equal(expression(f, "@enum(\"C\")")->target.name, "C");
	e = expression(f, "@enumname(v, \"t\", \"m\")");
	assert_int_equal(e->target.tk, TGT_ENUMNAME);
	assert_string_equal(e->target.module, "m");
	assert_null(expression(f, "@enumname(v)")->target.name);
}

static void statistics(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text;
		enum statop op;
	} plain[] = {
		{"@count(s)", STAT_COUNT},	{"@sum(s[1, \"x\"])", STAT_SUM},
		{"@min(s)", STAT_MIN},		{"@max(s)", STAT_MAX},
		{"@avg(s)", STAT_AVG},		{"@variance(s)", STAT_VARIANCE}};
	struct expr *e;

	for (unsigned i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		e = expression(f, plain[i].text);
		assert_int_equal(e->kind, E_STATOP);
		assert_int_equal(e->statop.op, plain[i].op);
		assert_int_equal(e->statop.nparams, 0);
	}
	e = expression(f, "@variance(s, 8)");
	assert_int_equal(e->statop.nparams, 1);
	assert_int_equal(e->statop.param[0], 8);
	e = expression(f, "print(@hist_linear(s, -10, 0x20, 5))")
		    ->print.args.v[0];
	assert_int_equal(e->statop.nparams, 3);
	assert_int_equal(e->statop.param[0], -10);
	assert_int_equal(e->statop.param[1], 32);
	assert_int_equal(e->statop.param[2], 5);
	e = expression(f, "@hist_log(s)[3]");
	assert_int_equal(e->kind, E_INDEX);
	assert_int_equal(e->index.base->kind, E_STATOP);
}

static void print_family(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text;
		bool str, fmt, delim, line, chr;
		unsigned n;
	} all[] = {
		{"print(1, 2)", 0, 0, 0, 0, 0, 2},
		{"println()", 0, 0, 0, 1, 0, 0},
		{"printd(\":\", 1, 2)", 0, 0, 1, 0, 0, 2},
		{"printdln(\":\", 1, x)", 0, 0, 1, 1, 0, 2},
		{"printf(\"%d\", 1)", 0, 1, 0, 0, 0, 1},
		{"printf(\"x\")", 0, 1, 0, 0, 0, 0},
		{"print_char(65)", 0, 0, 0, 0, 1, 1},
		{"sprint(1)", 1, 0, 0, 0, 0, 1},
		{"sprintln(1)", 1, 0, 0, 1, 0, 1},
		{"sprintd(\":\", 1, 2)", 1, 0, 1, 0, 0, 2},
		{"sprintdln(\":\", 1, 2)", 1, 0, 1, 1, 0, 2},
		{"sprintf(\"%s\", x)", 1, 1, 0, 0, 0, 1},
	};

	for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct expr *e = expression(f, all[i].text);

		assert_int_equal(e->kind, E_PRINT);
		assert_int_equal(e->print.to_string, all[i].str);
		assert_int_equal(e->print.with_format, all[i].fmt);
		assert_int_equal(e->print.with_delim, all[i].delim);
		assert_int_equal(e->print.newline, all[i].line);
		assert_int_equal(e->print.is_char, all[i].chr);
		assert_int_equal(e->print.args.n, all[i].n);
		assert_int_equal(e->print.format != NULL,
				 all[i].fmt || all[i].delim);
		assert_int_equal(e->print.fmt != NULL, all[i].fmt);
	}
}

static void positions(void **state)
{
	struct fixture *f = *state;
	struct expr *e = expression(f, "aa = bb +\n cc(dd[1]) ? -ee : ff++");

	/* Binary nodes stand at their operator, others at their start. The
	   text follows "probe begin { ". */
	assert_int_equal(e->loc.col, 14 + 4);
	e = e->assign.b;
	assert_int_equal(e->kind, E_TERNARY);
	assert_int_equal(e->loc.line, 2);
	assert_int_equal(e->loc.col, 12);
	assert_int_equal(e->ternary.cond->loc.col, 14 + 9);
	assert_int_equal(e->ternary.cond->binary.b->loc.col, 2);
	assert_int_equal(e->ternary.cond->binary.b->call.args.v[0]->loc.col, 5);
	assert_int_equal(e->ternary.a->loc.col, 14);
	assert_int_equal(e->ternary.b->loc.col, 20);
}

static void embedded_code(void **state)
{
	struct fixture *f = *state;

	assert_has(parse_bad(f, "probe x { a = %{ 1 %} }"),
		   "embedded expression code in unprivileged script");
	f->env.guru_mode = true;
	assert_string_equal(
		expression(f, "a + %{ 1 %}")->binary.b->embedded.code, " 1 ");
}

static void wrong_expressions(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[][2] = {
		{"a = ", "expected literal string or number"},
		{"f(1,", "expected literal"},
		{"f(1 2)", "expected one of ') ,'"},
		{"a[1 2]", "expected one of '] ,'"},
		{"a[]", "expected literal"},
		{"print(@hist_log(a) . \"\")", "expected ')'"},
		{"print(@hist_log(a), 1)", "expected ')'"},
		{"a[1,2,3,4,5,6,7,8,9,10]", "[parse-keys]"},
		{"[a, b]", "[parse-key-list]"},
		{"a in 5", "expected identifier or statistical operation"},
		{"1 + [a] in b", "needs parentheses"},
		{"(1", "expected ')'"},
		{"a ? b", "expected ':'"},
		{"&&x", "expected literal string or number"},
		{"$x->5", "expected identifier or keyword"},
		{"$x$$$", "pretty-print suffix"},
		{"$x->y$$$", "pretty-print suffix"},
		{"@cast(p)", "expected ','"},
		{"@cast(p, t)", "expected string"},
		{"@var(x)", "expected string"},
		{"@perf(5)", "expected literal string"},
		{"@kderef(4)", "expected ','"},
		{"@hist_linear(s, 1, 2)", "expected ','"},
		{"@hist_log(s, 5)", "expected ')'"},
		{"@count(s, 1)", "[parse-statistics]"},
		{"printf(x)", "expected literal string"},
		{"printf(\"%d %q\", 1)", "[parse-format]"},
		{"print()", "expected literal string or number"},
		{"print + 1", "expected '('"},
		{"println(1, @hist_log(s))", "[parse-histogram]"},
		{"@hist_log(s)", "[parse-histogram]"},
		{"a < b =~ \"x\"", "expected"},
		{"printd(\",\")", "[parse-print-args]"},
		{"printdln(\",\", 1)", "[parse-print-args]"},
		{"print_char(1, 2)", "[parse-print-args]"},
		{"x = string", "'string' is a keyword"},
	};

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_has(parse_bad(f, arena_printf(f->a, "probe x { %s }",
						     bad[i][0])),
			   bad[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_level_binds_tighter_than_the_one_before),
		TEST(binary_operators_group_to_the_left),
		TEST(assignment_and_ternary_group_to_the_right),
		TEST(every_assignment_operator),
		TEST(unary_operators),
		TEST(membership),
		TEST(regex),
		TEST(target_variables),
		TEST(casts),
		TEST(at_operators),
		TEST(statistics),
		TEST(print_family),
		TEST(positions),
		TEST(embedded_code),
		TEST(wrong_expressions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
