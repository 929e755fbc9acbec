// SPDX-License-Identifier: GPL-2.0-or-later
/* Types and tracepoints of the running kernel and its modules. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "target/cache.h"

static const char *btf_remedy(struct target_cache *c, int err)
{
	if (err == -EACCES || err == -EPERM)
		return "run as root, or make the file readable";
	if (err == -ENOENT) {
		const char *v =
			target_kernel_config(c, "CONFIG_DEBUG_INFO_BTF");
		if (v)
			return "mount sysfs on /sys";
		return "this needs a kernel built with "
		       "CONFIG_DEBUG_INFO_BTF=y, as distributions' kernels are";
	}
	return "boot a kernel whose BTF is intact (CONFIG_DEBUG_INFO_BTF=y)";
}

#define BTF_FILE "/sys/kernel/btf/vmlinux"

const struct kbtf *target_vmlinux(struct target_cache *c, const char **why,
				  const char **remedy)
{
	if (!c->vmlinux_tried) {
		c->vmlinux_tried = true;
		const char *w = NULL;
		int err = c->other ? target_other_btf(c, &c->vmlinux, &w)
				   : kbtf_from_file(
					     target_path(c, BTF_FILE), NULL,
					     &c->vmlinux, &w);
		if (err && c->other) {
			c->btf_why = arena_printf(
				c->arena,
				"the type information of Linux %s cannot be "
				"read: %s",
				c->release, w);
			c->btf_remedy = arena_printf(
				c->arena,
				"install its debug package "
				"(linux-image-%s-dbg, kernel-debuginfo), or "
				"give a vmlinux with BTF: -r /PATH/vmlinux",
				c->release);
		} else if (err) {
			c->btf_why = arena_printf(
				c->arena,
				"the kernel's type information "
				"(/sys/kernel/btf/vmlinux) cannot be read: %s",
				w);
			c->btf_remedy = btf_remedy(c, err);
		}
	}
	if (!c->vmlinux) {
		if (why)
			*why = c->btf_why;
		if (remedy)
			*remedy = c->btf_remedy;
	}
	return c->vmlinux;
}

void target_types_free(struct target_cache *c)
{
	vec_for (&c->modules, i)
		kbtf_close(c->modules.v[i].btf);
	kbtf_close(c->vmlinux);
	if (c->tracefs_events >= 0)
		close(c->tracefs_events);
}

/* A module that went away or whose BTF does not fit is as good as absent. */
static void read_modules(struct target_cache *c)
{
	const char *dir = target_path(c, "/sys/kernel/btf");

	/* theirs continues the kernel's */
	if (c->modules_read || c->other || !target_vmlinux(c, NULL, NULL))
		return;
	c->modules_read = true;
	DIR *d = opendir(dir);
	if (!d)
		return;
	const struct dirent *e;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.' || !strcmp(e->d_name, "vmlinux"))
			continue;
		struct target_module m = {
			.name = arena_strdup(c->arena, e->d_name)};
		const char *why;
		if (!kbtf_from_file(
			    arena_printf(c->arena, "%s/%s", dir, e->d_name),
			    c->vmlinux, &m.btf, &why))
			vec_push(c->arena, &c->modules, m);
	}
	closedir(d);
}

const struct kbtf *target_module_types(struct target_cache *c,
				       const char *module)
{
	read_modules(c);
	vec_for (&c->modules, i)
		if (!strcmp(c->modules.v[i].name, module))
			return c->modules.v[i].btf;
	return target_module_file_types(c, module);
}

/* ---- tracefs ---- */

/*
 * BTF does not know a tracepoint's subsystem; tracefs shows it as the
 * directory events/SYSTEM/NAME. Where it is not mounted there is none: it is
 * not ours to mount.
 */
static bool made_by_users(const char *system)
{
	static const char *const groups[] = {"kprobes", "uprobes", "fprobes",
					     "synthetic", "ftrace"};

	for (unsigned i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		if (!strcmp(system, groups[i]))
			return true;
	return false;
}

static void open_tracefs(struct target_cache *c)
{
	static const char *const places[] = {
		"/sys/kernel/tracing/events",
		"/sys/kernel/debug/tracing/events",
	};

	c->tracefs_tried = true;
	for (unsigned i = 0; i < 2 && c->tracefs_events < 0 && !c->other; i++)
		c->tracefs_events = open(target_path(c, places[i]),
					 O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->tracefs_events < 0)
		return;
	int fd = fcntl(c->tracefs_events, F_DUPFD_CLOEXEC, 3);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	const struct dirent *e;
	while ((e = readdir(d)))
		if (e->d_name[0] != '.' && e->d_type != DT_REG &&
		    !made_by_users(e->d_name))
			vec_push(c->arena, &c->systems,
				 arena_strdup(c->arena, e->d_name));
	closedir(d);
}

/* For questions about all tracepoints: one listing per system, in place of
   one look for each pair. */
static void read_events(struct target_cache *c)
{
	c->events_read = true;
	vec_for (&c->systems, i) {
		int fd = openat(c->tracefs_events, c->systems.v[i],
				O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
		if (!d) {
			if (fd >= 0)
				close(fd);
			continue;
		}
		const struct dirent *e;
		while ((e = readdir(d)))
			if (e->d_name[0] != '.' && e->d_type != DT_REG &&
			    !map_has(&c->events, e->d_name))
				map_put(&c->events,
					arena_strdup(c->arena, e->d_name),
					(void *)c->systems.v[i]);
		closedir(d);
	}
}

bool target_has_tracefs(struct target_cache *c)
{
	if (!c->tracefs_tried)
		open_tracefs(c);
	return c->systems.n > 0;
}

const char *target_tracepoint_system(struct target_cache *c, const char *name)
{
	char path[512];

	if (!target_has_tracefs(c))
		return "";
	if (c->events_read) {
		const char *s = map_get(&c->events, name);
		return s ? s : "";
	}
	vec_for (&c->systems, i) {
		const char *s = c->systems.v[i];
		size_t n = strlen(s), m = strlen(name);
		if (n + m + 2 > sizeof(path))
			continue;
		memcpy(path, s, n);
		path[n] = '/';
		memcpy(path + n + 1, name, m + 1);
		if (!faccessat(c->tracefs_events, path, F_OK, 0))
			return s;
	}
	return "";
}

/* ---- tracepoints ---- */

static void fill(struct target_cache *c, struct tracepoint *out,
		 const char *module)
{
	out->name = out->tp.name;
	out->system = target_tracepoint_system(c, out->name);
	out->module = module;
}

bool target_find_tracepoint(struct target_cache *c, const char *name,
			    struct tracepoint *out)
{
	const struct kbtf *b = target_vmlinux(c, NULL, NULL);

	if (!b || !*name)
		return false;
	*out = (struct tracepoint){0};
	if (kbtf_find_tp(b, name, &out->tp)) {
		fill(c, out, NULL);
		return true;
	}
	read_modules(c);
	vec_for (&c->modules, i) {
		if (kbtf_find_tp(c->modules.v[i].btf, name, &out->tp)) {
			fill(c, out, c->modules.v[i].name);
			return true;
		}
	}
	return false;
}

struct tp_collect {
	struct target_cache *c;
	const char *module;
};

static bool collect_tp(void *ctx, const struct kbtf_tp *tp)
{
	struct tp_collect *t = ctx;
	struct tracepoint p = {.tp = *tp};

	fill(t->c, &p, t->module);
	vec_push(t->c->arena, &t->c->tps, p);
	return true;
}

static int by_name(const void *a, const void *b)
{
	const struct tracepoint *x = a, *y = b;
	return strcmp(x->name, y->name);
}

const struct tracepoint *target_tracepoints(struct target_cache *c, uint32_t *n)
{
	const struct kbtf *b = target_vmlinux(c, NULL, NULL);

	if (b && !c->tps_read) {
		c->tps_read = true;
		struct tp_collect t = {c, NULL};
		if (target_has_tracefs(c))
			read_events(c);
		kbtf_each_tp(b, collect_tp, &t);
		read_modules(c);
		vec_for (&c->modules, i) {
			t.module = c->modules.v[i].name;
			kbtf_each_tp(c->modules.v[i].btf, collect_tp, &t);
		}
		if (c->tps.n)
			qsort(c->tps.v, c->tps.n, sizeof(*c->tps.v), by_name);
	}
	*n = c->tps.n;
	return c->tps.v;
}
