// SPDX-License-Identifier: GPL-2.0-or-later
/* Globals, functions, probes, aliases and their probe points. */
#include "syntax_util.h"

/* All points of the first probe as text, joined by " | ". */
static const char *points_of(struct fixture *f, const char *text)
{
	struct file *file =
		parse_ok(f, arena_printf(f->a, "probe %s {}", text));
	struct strbuf b = {0};
	const char *s;

	vec_for (&file->probes.v[0]->points, i) {
		sb_puts(&b, i ? " | " : "");
		unparse_probe_point(&b, file->probes.v[0]->points.v[i]);
	}
	s = arena_strdup(f->a, sb_str(&b));
	sb_free(&b);
	return s;
}

static void globals(void **state)
{
	struct fixture *f = *state;
	struct file *file = parse_ok(
		f, "global a, b = 5, c = \"x\" \"y\"; global d[10], e%, f%[3]\n"
		   "private global g = -1 private h\n");

	assert_int_equal(file->globals.n, 8);
	assert_null(file->globals.v[0]->init);
	assert_int_equal(file->globals.v[0]->kind, VAR_GLOBAL);
	assert_int_equal(file->globals.v[1]->init->num.v, 5);
	assert_string_equal(file->globals.v[2]->init->str.s, "xy");
	assert_int_equal(file->globals.v[3]->max_entries, 10);
	assert_false(file->globals.v[3]->wrap);
	assert_true(file->globals.v[4]->wrap);
	assert_int_equal(file->globals.v[4]->max_entries, 0);
	assert_true(file->globals.v[5]->wrap);
	assert_int_equal(file->globals.v[5]->max_entries, 3);
	assert_true(file->globals.v[6]->is_private);
	assert_int_equal(file->globals.v[6]->init->num.v, -1);
	assert_true(file->globals.v[7]->is_private);
	assert_ptr_equal(file->globals.v[7]->file, file);
	assert_int_equal(file->order.n, 8);
}

static void functions(void **state)
{
	struct fixture *f = *state;
	struct file *file = parse_ok(
		f, "function a() {} function b:string (x:long, y, z:string):3 "
		   "{ return \"\" } private function c:long () { return 1 }");
	struct func_decl *b = file->funcs.v[1];

	assert_int_equal(file->funcs.n, 3);
	assert_false(file->funcs.v[0]->ret_declared);
	assert_false(file->funcs.v[0]->has_priority);
	assert_string_equal(b->name, "b");
	assert_int_equal(b->ret, TY_STRING);
	assert_int_equal(b->params.n, 3);
	assert_int_equal(b->params.v[0]->type, TY_LONG);
	assert_int_equal(b->params.v[0]->kind, VAR_PARAM);
	assert_int_equal(b->params.v[1]->type, TY_UNKNOWN);
	assert_int_equal(b->params.v[2]->type, TY_STRING);
	assert_true(b->has_priority);
	assert_int_equal(b->priority, 3);
	assert_int_equal(b->body->kind, S_BLOCK);
	assert_true(file->funcs.v[2]->is_private);
}

static void embedded_c(void **state)
{
	struct fixture *f = *state;
	struct source *src =
		text_source(f, "%{ #include <a.h> %} function f:long (x) "
			       "%{ /* pure */ STAP_RETURN(1); %}");
	struct file *file = parse_script(f->a, f->d, &f->env, src, true);

	/* A tapset may always. */
	assert_string_equal(said(f), "");
	assert_true(file->is_tapset && file->guru);
	assert_string_equal(file->embeds.v[0]->code, " #include <a.h> ");
	assert_int_equal(file->funcs.v[0]->body->kind, S_EMBEDDED);
	parse_script(f->a, f->d, &f->env, src, false);
	assert_int_equal(diag_errors(f->d), 2);
	assert_has(said(f), "remedy: embedded C needs guru mode: stap -g");
	f->env.guru_mode = true;
	assert_true(parse_script(f->a, f->d, &f->env, src, false)->guru);
	assert_string_equal(said(f), "");
}

static void probes_and_aliases(void **state)
{
	struct fixture *f = *state;
	struct file *file = parse_ok(
		f, "probe a, b.c { x } probe n.m = k.f(\"g\"), k.h { p }, { e }"
		   " probe q += r { s }");

	assert_int_equal(file->probes.n, 1);
	assert_int_equal(file->probes.v[0]->points.n, 2);
	assert_int_equal(file->aliases.n, 2);
	assert_int_equal(file->aliases.v[0]->names.n, 1);
	assert_int_equal(file->aliases.v[0]->names.v[0]->comps.n, 2);
	assert_int_equal(file->aliases.v[0]->points.n, 2);
	assert_non_null(file->aliases.v[0]->body2);
	assert_false(file->aliases.v[0]->epilogue_style);
	assert_true(file->aliases.v[1]->epilogue_style);
	assert_null(file->aliases.v[1]->body2);
	assert_int_equal(file->order.n, 3);
	assert_int_equal(file->order.v[0].kind, DECL_PROBE);
	assert_int_equal(file->order.v[1].kind, DECL_ALIAS);
}

static void components(void **state)
{
	struct fixture *f = *state;
	struct probe_point *p;
	struct file *file;

	file = parse_ok(f, "probe kernel.function(\"a\" \"b\").return"
			   ".maxactive(10), begin(-5) ?, x(0x10)! if (y) {}");
	p = file->probes.v[0]->points.v[0];
	assert_int_equal(p->comps.n, 4);
	assert_string_equal(p->comps.v[1].name, "function");
	assert_string_equal(p->comps.v[1].arg->str.s, "ab");
	assert_null(p->comps.v[2].arg);
	assert_int_equal(p->comps.v[3].arg->num.v, 10);
	assert_int_equal(p->comps.v[3].loc.col, 39);
	p = file->probes.v[0]->points.v[1];
	assert_int_equal(p->comps.v[0].arg->num.v, -5);
	assert_true(p->optional);
	p = file->probes.v[0]->points.v[2];
	assert_true(p->sufficient);
	assert_false(p->optional);
	assert_string_equal(p->cond->sym.name, "y");
}

static void wildcards(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(points_of(f, "syscall.*"), "syscall.*");
	assert_string_equal(points_of(f, "sys**open.*64.a*b*.2c"),
			    "sys**open.*64.a*b*.2c");
	assert_string_equal(points_of(f, "syscall.* ? if (a)"),
			    "syscall.*? if (a)");
	assert_string_equal(points_of(f, "a.*?"), "a.*?");
	assert_string_equal(points_of(f, "next.probe.if.in"),
			    "next.probe.if.in");
	/* A handler may follow closely. */
	assert_int_equal(parse_ok(f, "probe begin{x} probe a*{}")->probes.n, 2);
	assert_has(parse_bad(f, "probe a* b {}"), "expected one of");
}

static void braces_multiply(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(points_of(f, "syscall.{read,write}"),
			    "syscall.read | syscall.write");
	assert_string_equal(
		points_of(f, "{kernel,module(\"nfs\")}.function(\"n*\")!"),
		"kernel.function(\"n*\")! | module(\"nfs\").function(\"n*\")!");
	assert_string_equal(points_of(f, "{a,b}.{c,d}.e"),
			    "a.c.e | a.d.e | b.c.e | b.d.e");
	assert_string_equal(points_of(f, "a.{b.{c,d},e.f(1)}.return"),
			    "a.b.c.return | a.b.d.return | a.e.f(1).return");
	assert_string_equal(points_of(f, "a.{b?,c!,d if (x)} if (y), e"),
			    "a.b? if (y) | a.c! if (y) | a.d if (x && y) | e");
	assert_int_equal(
		parse_ok(f, "probe {a,b} = c {}")->aliases.v[0]->names.n, 2);
}

static struct probe_point **point_list_of(struct fixture *f, const char *text,
					  uint32_t *n)
{
	return parse_point_list(f->a, f->d, &f->env, text, n);
}

static void probe_points_alone(void **state)
{
	struct fixture *f = *state;
	uint32_t n;
	struct probe_point **p =
		point_list_of(f, "kernel.function(\"vfs_*\").return", &n);

	assert_non_null(p);
	assert_int_equal(n, 1);
	assert_int_equal(p[0]->comps.n, 3);
	assert_non_null(point_list_of(f, "{a,b}.c, d?", &n));
	assert_int_equal(n, 3);
	assert_null(point_list_of(f, "a b", &n));
	assert_int_equal(n, 0);
	assert_has(said(f), "or the end");
	assert_null(point_list_of(f, "", &n));
	assert_null(point_list_of(f, "a,", &n));
	assert_null(point_list_of(f, "a(`)", &n));
	assert_int_equal(diag_errors(f->d), 4);
}

static void wrong_declarations(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[][2] = {
		{"foo", "expected 'probe', 'global'"},
		{"prob begin {}", "did you mean 'probe'?"},
		{"private 5", "expected 'function' or identifier"},
		{"private probe a = begin {}", "[parse-private-probe]"},
		{"global a, b, a", "[parse-duplicate-global]"},
		{"private a global a", "[parse-duplicate-global]"},
		{"function f():0 {}", "[parse-priority]"},
		{"function f():-1 {}", "[parse-priority]"},
		{"probe begin {} ;", "expected 'probe', 'global'"},
		{"private probe begin {}", "[parse-private-probe]"},
		{"global", "expected identifier"},
		{"global next", "'next' is a keyword"},
		{"global $x", "that does not start with '$'"},
		{"global a = b", "expected literal string or number"},
		{"global a = ", "expected literal string or number"},
		{"global a[0]", "array size out of range"},
		{"global a[-4]", "it is -4"},
		{"global a[9999999999]", "[parse-array-size]"},
		{"global a[3", "expected ']'"},
		{"global a[3] = 4", "[parse-global-init]"},
		{"global a,", "expected identifier"},
		{"function", "expected identifier"},
		{"function f {}", "expected '('"},
		{"function f:int () {}", "'string' or 'long'"},
		{"function f(a b) {}", "',' or ')'"},
		{"function f(a, a) {}", "duplicate parameter names"},
		{"function f():x {}", "expected literal string or number"},
		{"function f()", "expected '{'"},
		{"probe", "expected identifier or '*'"},
		{"probe {}", "expected identifier or '*'"},
		{"probe a", "expected one of ', { } = +='"},
		{"probe a.", "expected identifier or '*'"},
		{"probe a(b) {}", "expected literal string or number"},
		{"probe a(1 {}", "expected ')'"},
		{"probe a = {}", "expected identifier or '*'"},
		{"probe a = b", "expected one of ', { } = +='"},
		{"probe a? = b {}", "[parse-braces]"},
		{"probe a if (x) = b {}", "[parse-braces]"},
		{"probe a = b {}, c", "expected '{'"},
		{"probe {a?,b}.c {}", "last component"},
		{"probe {a {}", "expected '}'"},
		{"probe a { x", "expected statement"},
		{"@nosuch", "[parse-macro-unknown]"},
	};

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_has(parse_bad(f, bad[i][0]), bad[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(globals),
		TEST(functions),
		TEST(embedded_c),
		TEST(probes_and_aliases),
		TEST(components),
		TEST(wildcards),
		TEST(braces_multiply),
		TEST(probe_points_alone),
		TEST(wrong_declarations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
