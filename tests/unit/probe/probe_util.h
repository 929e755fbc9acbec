/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of probe/ share: a session, points and expressions from
   text, and bound trees as text. */
#ifndef PROBE_UTIL_H
#define PROBE_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "probe/access.h"
#include "probe/counters.h"
#include "syntax/parse.h"

struct fixture {
	struct arena *a;
	struct diag *d;
	struct probe_env env;
	struct parse_env parse;
	struct site_list sites;
};

static inline struct fixture *fixture_new(void)
{
	struct arena *a = arena_new();
	struct fixture *f = arena_new_obj(a, struct fixture);

	f->a = a;
	f->d = diag_new(a, (struct diag_opts){.show_tag = true});
	f->env = (struct probe_env){.arena = a,
				    .diag = f->d,
				    .runtime = "bpf",
				    .ncpus = 2,
				    .targets = target_cache_new(),
				    .counters = arena_new_obj(
					    a, struct counter_table)};
	f->parse = (struct parse_env){.kernel_release = "6.18.0",
				      .arch = "x86_64",
				      .runtime = "bpf",
				      .systemtap_v = "5.6",
				      .privilege = "stapdev"};
	return f;
}

static inline int fixture_setup(void **state)
{
	*state = fixture_new();
	return 0;
}

static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	target_cache_free(f->env.targets);
	arena_free(f->a);
	return 0;
}

static inline struct probe_point *point(struct fixture *f, const char *text)
{
	uint32_t n;
	struct probe_point **p =
		parse_point_list(f->a, f->d, &f->parse, text, &n);

	assert_non_null(p);
	assert_int_equal(n, 1);
	return p[0];
}

/* Matches a point; the sites are in f->sites. */
static inline int match(struct fixture *f, const char *text)
{
	memset(&f->sites, 0, sizeof(f->sites));
	return probe_match(&f->env, point(f, text), &f->sites);
}

static inline struct probe_site *only_site(struct fixture *f, const char *text)
{
	assert_int_equal(match(f, text), PROBE_MATCHED);
	assert_int_equal(f->sites.v.n, 1);
	return f->sites.v.v[0];
}

/* Everything reported since the last call, as it would be printed. */
static inline const char *messages(struct fixture *f)
{
	char *text = NULL;
	size_t len = 0;
	FILE *m = open_memstream(&text, &len);

	diag_flush(f->d, m);
	fclose(m);
	const char *s = arena_strndup(f->a, text, len);
	free(text);
	return s;
}

static inline void expect_message(struct fixture *f, const char *part)
{
	const char *m = messages(f);

	if (!strstr(m, part))
		fail_msg("no \"%s\" in:\n%s", part, m);
}

static inline void expect_error(struct fixture *f, const char *text,
				const char *part)
{
	int r = match(f, text);

	if (r != PROBE_ERROR)
		fail_msg("%s: result %d, not an error", text, r);
	expect_message(f, part);
}

/* An expression as it would stand in a probe body. */
static inline struct expr *expression(struct fixture *f, const char *text)
{
	const char *s = arena_printf(f->a, "probe begin { print(%s) }", text);
	struct source *src = source_new(f->a, "<test>", s, strlen(s));
	struct file *file = parse_script(f->a, f->d, &f->parse, src, false);
	struct stmt *body = file->probes.v[0]->body;

	if (diag_errors(f->d))
		fail_msg("%s", messages(f));
	return body->block.list.v[0]->expr->print.args.v[0];
}

/* Trees of bound variables as one line. */
static inline void dump(struct strbuf *b, const struct expr *e)
{
	static const char *const prims[] = {"ctx",  "rk",  "ru",      "strk",
					    "stru", "off", "extract", "input"};
	if (!e) {
		sb_puts(b, "-");
		return;
	}
	switch (e->kind) {
	case E_NUMBER:
		sb_printf(b, "%lld", (long long)e->num.v);
		break;
	case E_STRING:
		sb_printf(b, "'%s'", e->str.s);
		break;
	case E_SYMBOL:
		sb_puts(b, e->sym.name);
		break;
	case E_CALL:
		sb_printf(b, "%s(", e->call.name);
		vec_for (&e->call.args, i)
			dump(b, e->call.args.v[i]);
		sb_puts(b, ")");
		break;
	case E_BINARY:
		sb_puts(b, "(");
		dump(b, e->binary.a);
		sb_printf(b, " %s ", op_text(e->binary.op));
		dump(b, e->binary.b);
		sb_puts(b, ")");
		break;
	case E_ASSIGN:
		sb_puts(b, "(");
		dump(b, e->assign.a);
		sb_puts(b, " = ");
		dump(b, e->assign.b);
		sb_puts(b, ")");
		break;
	case E_PRINT:
		sb_printf(b, "sprintf('%s'", e->print.format->str.s);
		vec_for (&e->print.args, i) {
			sb_puts(b, ", ");
			dump(b, e->print.args.v[i]);
		}
		sb_puts(b, ")");
		break;
	case E_TERNARY:
		dump(b, e->ternary.cond);
		sb_puts(b, " ? ");
		dump(b, e->ternary.a);
		sb_puts(b, " : ");
		dump(b, e->ternary.b);
		break;
	case E_PRIM:
		sb_puts(b, prims[e->prim.op]);
		if (e->prim.op == PRIM_CTX)
			sb_printf(b, "[%u:%u%s]", e->prim.off, e->prim.size,
				  e->prim.is_signed ? "s" : "");
		else if (e->prim.op == PRIM_INPUT)
			break;
		else if (e->prim.op == PRIM_FIELD_OFFSET)
			sb_printf(b, "<%s %s>",
				  e->prim.reloc ? e->prim.reloc->type_name
						: "?",
				  e->prim.reloc ? "reloc" : "fixed");
		else if (e->prim.op == PRIM_EXTRACT) {
			sb_printf(b, "%s<%u,%u>(",
				  e->prim.is_signed ? "s" : "u", e->prim.shl,
				  e->prim.shr);
			dump(b, e->prim.arg[0]);
			sb_puts(b, ")");
		} else if (e->prim.op == PRIM_STR_KERNEL ||
			   e->prim.op == PRIM_STR_USER) {
			sb_printf(b, "%s(", e->prim.off ? "?" : "");
			dump(b, e->prim.arg[0]);
			if (e->prim.arg[1]) {
				sb_puts(b, ", ");
				dump(b, e->prim.arg[1]);
			}
			sb_puts(b, ")");
		} else {
			sb_printf(b, "%u%s(", e->prim.size,
				  e->prim.is_signed ? "s" : "");
			dump(b, e->prim.arg[0]);
			sb_puts(b, ")");
		}
		break;
	case E_ENTRY: {
		struct strbuf arg = {0};
		unparse_expr(&arg, e->defined.arg);
		sb_printf(b, "@entry(%s)", sb_str(&arg));
		sb_free(&arg);
		break;
	}
	default:
		sb_printf(b, "<kind %d>", e->kind);
	}
}

static inline const char *dumped(struct fixture *f, const struct expr *e)
{
	struct strbuf b = {0};

	dump(&b, e);
	const char *s = arena_strdup(f->a, sb_str(&b));
	sb_free(&b);
	return s;
}

/* The tree that a target expression becomes at a site, or "!why". */
static inline const char *bound(struct fixture *f, struct probe_site *site,
				const char *text)
{
	struct expr *e = expression(f, text);
	const char *why = NULL, *have = NULL;

	assert_int_equal(e->kind, E_TARGET);
	if (!probe_bind_target(&f->env, site, e, false, &why, &have))
		return arena_printf(f->a, "!%s|%s", why ? why : "",
				    have ? have : "");
	assert_non_null(e->target.bound);
	return dumped(f, e->target.bound);
}

#define SKIP_WITHOUT_BTF(f)                                                    \
	do {                                                                   \
		if (!target_vmlinux((f)->env.targets, NULL, NULL)) {           \
			print_message("no BTF of the running kernel\n");       \
			skip();                                                \
		}                                                              \
	} while (0)

#endif
