// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Families of probe points that scripts may name and this build does not
 * attach: each answers with one sentence, and with what else would do.
 */
#include <string.h>

#include "probe/kind.h"

#define PYTHON_MARKS                                                           \
	"its interpreter has marks: "                                          \
	"process(\"python3\").mark(\"function__entry\")"

static const struct family {
	const char *name; /* leading components, without arguments */
	/* Kernel options it would need; NULL: none */
	const char *config[2];
	const char *what;
	const char *instead; /* remedy, or NULL */
} families[] = {
	{"kernel.lsm",
	 {"CONFIG_BPF_LSM"},
	 "hooks of security modules",
	 "kernel.function(\"security_...\") is called at the same places"},
	{"kernel.mark",
	 {NULL},
	 "kernel markers, which Linux dropped in 2.6.32,",
	 "kernel.trace(\"...\") probes their successors"},
	{"java",
	 {NULL},
	 "Java methods",
	 "libjvm.so has marks: stap -l "
	 "'process(\"/PATH/libjvm.so\").mark(\"*\")'"},
	{"python2", {NULL}, "Python functions", PYTHON_MARKS},
	{"python3", {NULL}, "Python functions", PYTHON_MARKS},
	{"debuginfod",
	 {NULL},
	 "files of debuginfod servers",
	 "process(\"PATH\") takes debug information from the servers of "
	 "DEBUGINFOD_URLS"},
	{"process.insn",
	 {NULL},
	 "single steps",
	 "process(\"PATH\").statement(\"f@file.c:*\") probes every line"},
};

static bool begins_with(const struct probe_point *p, const char *name)
{
	for (unsigned i = 0;; i++) {
		size_t n = strcspn(name, ".");
		if (i >= p->comps.n || strlen(p->comps.v[i].name) != n ||
		    memcmp(p->comps.v[i].name, name, n))
			return false;
		if (!name[n])
			return true;
		name += n + 1;
	}
}

bool absent_family(const char *name)
{
	size_t n = strlen(name);

	for (unsigned i = 0; i < sizeof(families) / sizeof(*families); i++)
		if (strcspn(families[i].name, ".") == n &&
		    !memcmp(families[i].name, name, n))
			return true;
	return false;
}

/* The kernel options that are known to be off, or NULL. */
static const char *missing_config(const struct probe_env *env,
				  const struct family *f)
{
	for (unsigned i = 0; i < 2 && f->config[i]; i++) {
		const char *v =
			target_kernel_config(env->targets, f->config[i]);
		/* Without any configuration nothing is known to be off. */
		if (!v && target_kernel_config(env->targets, "CONFIG_BPF"))
			return f->config[i];
	}
	return NULL;
}

static int absent_match(const struct probe_env *env,
			const struct probe_point *p, struct site_list *out)
{
	struct arena *a = env->arena;

	for (unsigned i = 0; i < sizeof(families) / sizeof(*families); i++) {
		const struct family *f = &families[i];
		if (!begins_with(p, f->name))
			continue;
		const char *missing = missing_config(env, f);
		const char *why =
			missing ? arena_printf(
					  a,
					  "this kernel (%s) is built without "
					  "%s, which %s need",
					  target_kernel_release(env->targets),
					  missing, f->what)
				: arena_printf(a,
					       "this version does not probe %s",
					       f->what);
		struct diag_msg *m = pp_unavailable(env, p, 0, why);
		if (f->instead)
			diag_remedy(m, "%s", f->instead);
		return PROBE_ERROR;
	}
	return PROBE_NOT_MINE;
}

static const char *const forms[] = {NULL};

const struct probe_kind probe_kind_absent = {
	.name = "absent",
	.forms = forms,
	.match = absent_match,
};
