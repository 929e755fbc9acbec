/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of pass 2 share: a session with a library of its own,
   scripts from text, and what was said about them. */
#ifndef TESTS_SEMA_UTIL_H
#define TESTS_SEMA_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/counters.h"
#include "sema/sema.h"
#include "target/target.h"

struct fixture {
	struct arena *a;
	struct diag *d;
	struct parse_env parse;
	struct probe_env env;
	struct map macros;
	struct sema_opts opts;
	struct tapset *lib; /* NULL: none */
	char dir[64];	    /* of the library's files, made on demand */
	char *messages;
	size_t size;
};

static inline struct fixture *fixture_new(void)
{
	struct arena *a = arena_new();
	struct fixture *f = arena_new_obj(a, struct fixture);

	f->a = a;
	f->d = diag_new(a, (struct diag_opts){.show_tag = true});
	map_init(&f->macros, a);
	f->parse = (struct parse_env){.kernel_release = "6.18.0",
				      .arch = "x86_64",
				      .runtime = "bpf",
				      .systemtap_v = "5.6",
				      .privilege = "stapdev",
				      .macros = &f->macros};
	f->env = (struct probe_env){.arena = a,
				    .diag = f->d,
				    .runtime = "bpf",
				    .ncpus = 2,
				    .targets = target_cache_new(),
				    .counters = arena_new_obj(
					    f->a, struct counter_table)};
	return f;
}

static inline void fixture_free(struct fixture *f)
{
	char cmd[128];

	if (f->dir[0]) {
		snprintf(cmd, sizeof(cmd), "rm -rf '%s'", f->dir);
		assert_int_equal(system(cmd), 0);
	}
	free(f->messages);
	target_cache_free(f->env.targets);
	arena_free(f->a);
}

/* A file of the library; directories of its path are made. */
static inline void lib_file(struct fixture *f, const char *name,
			    const char *text)
{
	char path[256];
	FILE *out;

	if (!f->dir[0]) {
		strcpy(f->dir, "/tmp/sema_test.XXXXXX");
		assert_non_null(mkdtemp(f->dir));
	}
	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	for (char *s = path + strlen(f->dir) + 1; (s = strchr(s, '/')); s++) {
		*s = 0;
		mkdir(path, 0777);
		*s = '/';
	}
	out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static inline void lib_open(struct fixture *f)
{
	const char *dirs[] = {f->dir};

	f->lib = tapset_open(f->a, f->d, &f->parse, dirs, 1);
}

static inline struct program *run(struct fixture *f, const char *script)
{
	struct source *src =
		source_new(f->a, "<input>", script, strlen(script));
	struct file *file;

	if (f->lib)
		tapset_load_macros(f->lib, src);
	file = parse_script(f->a, f->d, &f->parse, src, false);
	assert_int_equal(diag_errors(f->d), 0);
	return sema_run(&f->env, f->lib, &file, 1, &f->opts);
}

/* All messages since the last call. */
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

/* A program that must be right. */
static inline struct program *run_ok(struct fixture *f, const char *script)
{
	struct program *p = run(f, script);

	if (diag_errors(f->d))
		fail_msg("%s", said(f));
	return p;
}

static inline const char *printed(struct fixture *f, const struct program *p,
				  bool bodies)
{
	struct strbuf b = {0};
	const char *text;

	sema_print(&b, p, bodies);
	text = arena_strdup(f->a, sb_str(&b));
	sb_free(&b);
	return text;
}

static inline const char *listed(struct fixture *f, const char *point,
				 bool vars)
{
	uint32_t n;
	struct probe_point **p =
		parse_point_list(f->a, f->d, &f->parse, point, &n);
	struct strbuf b = {0};
	const char *text;

	assert_non_null(p);
	f->env.listing = true;
	sema_list(&f->env, f->lib, p, n, vars, &b);
	f->env.listing = false;
	text = arena_strdup(f->a, sb_str(&b));
	sb_free(&b);
	return text;
}

static inline struct var_decl *global(struct program *p, const char *name)
{
	vec_for (&p->globals, i)
		if (!strcmp(p->globals.v[i]->name, name))
			return p->globals.v[i];
	return NULL;
}

static inline struct func_decl *function(struct program *p, const char *name)
{
	vec_for (&p->funcs, i)
		if (!strcmp(p->funcs.v[i]->name, name))
			return p->funcs.v[i];
	return NULL;
}

#endif
