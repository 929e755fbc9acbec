// SPDX-License-Identifier: GPL-2.0-or-later
#include "syntax/lex.h"
#include "syntax_util.h"

/* All tokens as "kind:text" with a blank between. */
static const char *tokens(struct fixture *f, const char *text, size_t len)
{
	static const char kinds[] = "EIKNSP@$ACJ";
	struct source *src = source_new(f->a, "<input>", text, len);
	struct lexer l;
	const char *out = "";

	lex_init(&l, f->d, src);
	for (;;) {
		struct token t = lex_next(&l);

		if (t.kind == T_EOF)
			return out;
		out = arena_printf(f->a, "%s%s%c:%.*s", out, *out ? " " : "",
				   kinds[t.kind], (int)t.len, t.s);
	}
}

#define TOKENS(f, text) tokens(f, text, strlen(text))

static void kinds_of_tokens(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(TOKENS(f, "a probe 12 \"s\" @count $x"),
			    "I:a K:probe N:12 S:s @:@count I:$x");
	assert_string_equal(TOKENS(f, "$$parms $x$ $x->y$$ [0]$ f()$$"),
			    "I:$$parms I:$x$ I:$x P:-> I:y$$ P:[ N:0 P:] $:$ "
			    "I:f P:( P:) $:$$");
	assert_string_equal(TOKENS(f, "$1 @2 $* @* $# @#"),
			    "A:$1 A:@2 A:$* A:@* A:$# A:@#");
	assert_string_equal(TOKENS(f, "%{ a \"%\" %} x"), "C: a \"%\"  I:x");
	assert_string_equal(TOKENS(f, "_a9 a$b"), "I:_a9 I:a$b");
}

static void longest_operator_wins(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(TOKENS(f, "<<<>>>=>>>>>=<<=<<"),
			    "P:<<< P:>>>= P:>>> P:>>= P:<<= P:<<");
	assert_string_equal(TOKENS(f, "a+++b---c->d"),
			    "I:a P:++ P:+ I:b P:-- P:- I:c P:-> I:d");
	assert_string_equal(TOKENS(f, "%(%?%:%)%=%"),
			    "P:%( P:%? P:%: P:%) P:%= P:%");
	assert_string_equal(TOKENS(f, "=~!~!===.=."),
			    "P:=~ P:!~ P:!= P:== P:.= P:.");
}

static void comments_are_blank(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(TOKENS(f, "#!/bin/stap\na // b\nc /* d\n*/e # f"),
			    "I:a I:c I:e");
	assert_string_equal(TOKENS(f, "a/**/b/*/*/c"), "I:a I:b I:c");
	assert_string_equal(said(f), "");
	TOKENS(f, "a /* b");
	assert_has(said(f), "[parse-unterminated-comment]\n        at: "
			    "<input>:1:3");
}

static void byte_order_mark(void **state)
{
	struct fixture *f = *state;
	struct lexer l;

	lex_init(&l, f->d,
		 text_source(f, "\xef\xbb\xbf"
				"a"));
	assert_int_equal(lex_next(&l).loc.col, 1);
	assert_int_equal(lex_next(&l).kind, T_EOF);
}

static void positions(void **state)
{
	struct fixture *f = *state;
	static const uint32_t want[][2] = {
		{1, 1}, {1, 3}, {2, 2}, {3, 5}, {4, 1}};
	struct source *src;
	struct lexer l;

	src = text_source(f, "a b\n\tc\n/**/d\ne");
	lex_init(&l, f->d, src);
	for (int i = 0; i < 5; i++) {
		struct token t = lex_next(&l);

		assert_int_equal(t.loc.line, want[i][0]);
		assert_int_equal(t.loc.col, want[i][1]);
	}
	assert_int_equal(lex_next(&l).kind, T_EOF);
	/* A line that goes on in a string counts too. */
	src = text_source(f, "\"x\\\ny\" z");
	lex_init(&l, f->d, src);
	lex_next(&l);
	struct token z = lex_next(&l);
	assert_int_equal(z.loc.line, 2);
	assert_int_equal(z.loc.col, 4);
}

static int64_t number(struct fixture *f, const char *text, unsigned *errors)
{
	struct lexer l;
	struct token t;

	lex_init(&l, f->d, text_source(f, text));
	t = lex_next(&l);
	assert_int_equal(t.kind, T_NUMBER);
	return token_number(f->d, &t, errors);
}

static void numbers(void **state)
{
	struct fixture *f = *state;
	unsigned errors = 0;

	assert_int_equal(number(f, "0", &errors), 0);
	assert_int_equal(number(f, "123", &errors), 123);
	assert_int_equal(number(f, "0x7fFF", &errors), 0x7fff);
	assert_int_equal(number(f, "0X10", &errors), 16);
	assert_int_equal(number(f, "0755", &errors), 0755);
	assert_int_equal(number(f, "9223372036854775807", &errors), INT64_MAX);
	assert_int_equal(number(f, "9223372036854775808", &errors), INT64_MIN);
	assert_int_equal(number(f, "18446744073709551615", &errors), -1);
	assert_int_equal(number(f, "0xffffffffffffffff", &errors), -1);
	assert_int_equal(errors, 0);
}

static void bad_numbers(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {"18446744073709551616",
					  "0x10000000000000000",
					  "99999999999999999999999999999999",
					  "08",
					  "0x",
					  "0xg",
					  "12ab",
					  "1e5",
					  "10L"};

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		unsigned errors = 0;

		number(f, bad[i], &errors);
		assert_int_equal(errors, 1);
		assert_has(said(f), "[parse-number]");
	}
}

static const char *string(struct fixture *f, const char *text)
{
	struct lexer l;
	struct token t;
	char_vec out = {0};

	lex_init(&l, f->d, text_source(f, text));
	t = lex_next(&l);
	assert_int_equal(t.kind, T_STRING);
	token_string(f->a, &t, &out);
	vec_push(f->a, &out, '\0');
	return out.v;
}

static void escapes(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(string(f, "\"a\\tb\\n\\\\\\\"\\a\""),
			    "a\tb\n\\\"\a");
	assert_string_equal(string(f, "\"\\101\\60x\\x41g\\x4\""), "A0xAg\4");
	assert_string_equal(string(f, "\"\\x4142\\x00043z\""), "BCz");
	assert_string_equal(string(f, "\"\\1234\""), "S4");
	assert_string_equal(string(f, "\"one\\\ntwo\""), "onetwo");
	/* What is no escape stands for itself. */
	assert_string_equal(string(f, "\"a\\.b\\(\\w\\e\""), "a.b(we");
	assert_string_equal(string(f, "\"\xc3\xa9\xff\""), "\xc3\xa9\xff");
	/* A string ends at its first NUL. */
	assert_string_equal(string(f, "\"a\\0b\""), "a");
	assert_string_equal(string(f, "\"a\\400b\""), "a");
	assert_string_equal(said(f), "");
}

static void unterminated_things(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(TOKENS(f, "\"abc\nd"), "S:abc I:d");
	assert_has(said(f), "Could not find matching closing quote");
	assert_string_equal(TOKENS(f, "\"abc\\"), "S:abc\\");
	assert_has(said(f), "[parse-unterminated-string]");
	assert_string_equal(TOKENS(f, "%{ abc"), "C: abc");
	assert_has(said(f), "[parse-unterminated-embedded]");
}

static void junk_is_the_parsers(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(TOKENS(f, "a ` b"), "I:a P:` I:b");
	assert_string_equal(tokens(f, "b\x01", 2), "I:b J:\x01");
	assert_string_equal(TOKENS(f, "x\xc3\xa9y"), "I:x J:\xc3 J:\xa9 I:y");
	assert_string_equal(TOKENS(f, "@ ' x"), "@:@ P:' I:x");
	/* Text in single quotes is one token. */
	assert_string_equal(TOKENS(f, "'x y' z"), "P:' I:z");
	assert_string_equal(said(f), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(kinds_of_tokens),	   TEST(longest_operator_wins),
		TEST(comments_are_blank),  TEST(positions),
		TEST(byte_order_mark),	   TEST(numbers),
		TEST(bad_numbers),	   TEST(escapes),
		TEST(unterminated_things), TEST(junk_is_the_parsers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
