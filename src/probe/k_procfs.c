// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * procfs("PATH").read and .write: files whose content the script makes, and
 * that it listens to. Without a path it is "command". The handlers are run by
 * the runner, which keeps the files (run/procfs.c says what they are).
 *
 * A read handler assigns the content to $value, or appends to it; a write
 * handler finds in $value what was written.
 */
#include <limits.h>
#include <string.h>

#include "probe/kind.h"

#define MAX_SIZE (1 << 20)
#define DEFAULT_PATH "command"

struct procfs_point {
	int64_t umask, max_size;
	bool has_umask, write;
};

static bool parse(const struct probe_point *p, struct procfs_point *pp)
{
	bool event = false, sized = false;

	*pp = (struct procfs_point){0};
	if (p->comps.n < 2 || !pp_is(p, 0, "procfs") ||
	    (pp_has_arg(p, 0) && !pp_string(p, 0)))
		return false;
	for (unsigned i = 1; i < p->comps.n; i++) {
		if (pp_is(p, i, "umask") && pp_number(p, i, &pp->umask) &&
		    !pp->has_umask)
			pp->has_umask = true;
		else if (pp_is(p, i, "maxsize") && !sized &&
			 pp_number(p, i, &pp->max_size))
			sized = true;
		else if (!event &&
			 (pp_bare(p, i, "read") || pp_bare(p, i, "write"))) {
			event = true;
			pp->write = pp_bare(p, i, "write");
		} else
			return false;
	}
	return event && !(pp->write && sized);
}

/* Below the directory, whatever it says: "name" or "folder/name". */
static bool path_is_bad(const char *path)
{
	for (const char *name = path;; name++) {
		size_t n = strcspn(name, "/");

		if (!n || *name == '.' || n > NAME_MAX)
			return true;
		name += n;
		if (!*name)
			return strlen(path) >= PATH_MAX / 2;
	}
}

static int procfs_match(const struct probe_env *env,
			const struct probe_point *p, struct site_list *out)
{
	struct procfs_point pp;
	const char *path = DEFAULT_PATH;

	if (!parse(p, &pp))
		return PROBE_NOT_MINE;
	if (pp_string(p, 0))
		path = pp_string(p, 0);
	if (path_is_bad(path)) {
		diag_remedy(diag_report(env->diag, PROCFS_PATH,
					p->comps.v[0].arg->loc,
					pp_what(env, p, 0), path),
			    "give a file name, or one in a folder: procfs(\"status\"), procfs(\"disk/status\")");
		return PROBE_ERROR;
	}
	for (unsigned i = 1; i < p->comps.n; i++) {
		if (pp_is(p, i, "umask") && (pp.umask < 0 || pp.umask > 0777))
			return pp_out_of_range(env, p, i, pp.umask, 0, 0777,
					       "");
		if (pp_is(p, i, "maxsize") &&
		    (pp.max_size < 1 || pp.max_size > MAX_SIZE))
			return pp_out_of_range(env, p, i, pp.max_size, 1,
					       MAX_SIZE, "");
	}
	struct probe_site *s = site_new(env, &probe_kind_procfs, p, out);
	s->attach.kind = WIRE_PROBE_PROCFS;
	s->attach.event = pp.write ? WIRE_PROCFS_WRITE : WIRE_PROCFS_READ;
	s->attach.nth = (uint32_t)pp.umask;
	s->attach.flags = pp.has_umask ? WIRE_ATTACH_UMASK : 0;
	s->attach.period = (uint64_t)pp.max_size;
	s->target = path;
	s->prog_type = IMAGE_PROG_RUN;
	s->handler_flags = IMAGE_HANDLER_INTERRUPTIBLE;
	return PROBE_MATCHED;
}

static bool procfs_bind(const struct probe_env *env, struct probe_site *site,
			struct expr *e, bool lvalue, const char **why,
			const char **have)
{
	bool write = site->attach.event == WIRE_PROCFS_WRITE;

	*have = "$value";
	if (strcmp(e->target.name, "value") || e->target.steps.n ||
	    e->target.addr_of)
		return false;
	if (write == lvalue) {
		*why = write ? "procfs $value variable is read-only in a procfs "
			       "write probe: it is what was written"
			     : "procfs $value variable cannot be read in a "
			       "procfs read probe: assign or append to it what "
			       "the file's reader gets";
		return false;
	}
	struct expr *v = expr_new(env->arena, E_PRIM, e->loc);
	v->prim.op = write ? PRIM_INPUT : PRIM_REPLY;
	v->type = TY_STRING;
	e->target.bound = v;
	return true;
}

static const char *const forms[] = {
	"procfs.read",
	"procfs.read.maxsize(number)",
	"procfs.umask(number).read",
	"procfs.umask(number).read.maxsize(number)",
	"procfs.umask(number).maxsize(number).read",
	"procfs.write",
	"procfs.umask(number).write",
	"procfs(string).read",
	"procfs(string).read.maxsize(number)",
	"procfs(string).umask(number).read",
	"procfs(string).umask(number).read.maxsize(number)",
	"procfs(string).umask(number).maxsize(number).read",
	"procfs(string).write",
	"procfs(string).umask(number).write",
	NULL,
};

const struct probe_kind probe_kind_procfs = {
	.name = "procfs",
	.forms = forms,
	.match = procfs_match,
	.bind = procfs_bind,
	.own_values = true,
};
