/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of pass 1 share: parse a text, look at trees and messages. */
#ifndef TESTS_SYNTAX_UTIL_H
#define TESTS_SYNTAX_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "syntax/format.h"
#include "syntax/macro.h"
#include "syntax/parse.h"

struct fixture {
	struct arena *a;
	struct diag *d;
	struct parse_env env;
	struct map macros;
	bool used[8];
	char *messages; /* of the last parse, see said() */
	size_t size;
};

static const char *test_config(void *ctx, const char *name)
{
	if (!strcmp(name, "CONFIG_NET"))
		return "y";
	if (!strcmp(name, "CONFIG_EXT4_FS"))
		return "m";
	if (!strcmp(name, "CONFIG_HZ"))
		return "250";
	return NULL;
}

static inline struct fixture *fixture_new(void)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->a = arena_new();
	f->d = diag_new(f->a, (struct diag_opts){.show_tag = true});
	map_init(&f->macros, f->a);
	f->env = (struct parse_env){.kernel_release = "6.18.44-fc-v509",
				    .arch = "x86_64",
				    .runtime = "bpf",
				    .systemtap_v = "5.6",
				    .privilege = "stapdev",
				    .config = test_config,
				    .arg_used = f->used,
				    .macros = &f->macros};
	return f;
}

static inline void fixture_free(struct fixture *f)
{
	free(f->messages);
	arena_free(f->a);
	free(f);
}

static inline int setup(void **state)
{
	*state = fixture_new();
	return 0;
}

static inline int teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

static inline struct source *text_source(struct fixture *f, const char *text)
{
	return source_new(f->a, "<input>", text, strlen(text));
}

/* Everything reported since the last call, as it would be printed. */
static inline const char *said(struct fixture *f)
{
	FILE *out;

	free(f->messages);
	f->messages = NULL;
	out = open_memstream(&f->messages, &f->size);
	diag_flush(f->d, out);
	fclose(out);
	return f->messages;
}

static inline struct file *parse_any(struct fixture *f, const char *text)
{
	return parse_script(f->a, f->d, &f->env, text_source(f, text), false);
}

/* Parses what must be free of errors. */
static inline struct file *parse_ok(struct fixture *f, const char *text)
{
	unsigned before = diag_errors(f->d);
	struct file *file = parse_any(f, text);

	if (diag_errors(f->d) != before)
		fail_msg("unexpected error in: %s\n%s", text, said(f));
	return file;
}

/* Parses what must be wrong; returns the messages. */
static inline const char *parse_bad(struct fixture *f, const char *text)
{
	unsigned before = diag_errors(f->d);

	parse_any(f, text);
	if (diag_errors(f->d) == before)
		fail_msg("no error in: %s", text);
	return said(f);
}

static inline void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static inline void assert_has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("'%s' is in:\n%s", part, text);
}

/* The statements of "probe begin { TEXT }". */
static inline stmt_list statements(struct fixture *f, const char *text)
{
	struct file *file =
		parse_ok(f, arena_printf(f->a, "probe begin { %s\n}", text));

	assert_int_equal(file->probes.n, 1);
	return file->probes.v[0]->body->block.list;
}

static inline struct stmt *statement(struct fixture *f, const char *text)
{
	stmt_list l = statements(f, text);

	if (l.n != 1)
		fail_msg("%u statements, not 1: %s", l.n, text);
	return l.v[0];
}

static inline struct expr *expression(struct fixture *f, const char *text)
{
	struct stmt *s = statement(f, text);

	assert_int_equal(s->kind, S_EXPR);
	return s->expr;
}

/* The whole file un-parsed, on the arena. */
static inline const char *unparsed(struct fixture *f, const struct file *file)
{
	struct strbuf b = {0};
	const char *s;

	unparse_file(&b, file);
	s = arena_strdup(f->a, sb_str(&b));
	sb_free(&b);
	return s;
}

/* A text as the parser sees it after macros, conditionals and arguments: the
   expression of "probe begin { x = TEXT }" un-parsed. */
static inline const char *value_of(struct fixture *f, const char *text)
{
	struct expr *e = expression(f, arena_printf(f->a, "x = %s", text));
	struct strbuf b = {0};
	const char *s;

	assert_int_equal(e->kind, E_ASSIGN);
	unparse_expr(&b, e->assign.b);
	s = arena_strdup(f->a, sb_str(&b));
	sb_free(&b);
	return s;
}

#endif
