// SPDX-License-Identifier: GPL-2.0-or-later
/* Modules by name: the kernel, programs, libraries, headers. */
#include <string.h>

#include "probe/modules.h"
#include "probe/process.h"

struct search {
	const struct probe_env *env;
	const struct probe_site *site;
	bool (*found)(void *ctx, const struct module *m);
	void *ctx;
	const char *looked, *why;
};

static void note(struct search *s, const char *where)
{
	s->looked = s->looked ? arena_printf(s->env->arena, "%s and %s",
					     s->looked, where)
			      : where;
}

static bool try_kernel(struct search *s)
{
	const struct kbtf *b = target_vmlinux(s->env->targets, &s->why, NULL);
	struct module m = {0};

	note(s, "the kernel");
	if (!b)
		return false;
	m.types = kbtf_types(b);
	return s->found(s->ctx, &m);
}

/* A loaded module of the kernel; its types continue the kernel's. */
static bool try_kernel_module(struct search *s, const char *name)
{
	const struct kbtf *b = strchr(name, '/')
				       ? NULL
				       : target_module_types(s->env->targets,
							     name);
	struct module m = {0};

	if (!b)
		return false;
	note(s, arena_printf(s->env->arena, "the module %s", name));
	m.types = kbtf_types(b);
	m.kernel_module = name;
	return s->found(s->ctx, &m);
}

/* Of a probe in a module of the kernel. */
static bool try_own_module(struct search *s)
{
	return s->site && s->site->attach.kind == WIRE_PROBE_KPROBE &&
	       s->site->target && try_kernel_module(s, s->site->target);
}

static bool try_frame(struct search *s, const struct frame *f)
{
	struct module m = {.types = dw_types(f->m),
			   .user = f->user,
			   .dwarf = f->m,
			   .frame = f};

	note(s, dw_path(f->m));
	return s->found(s->ctx, &m);
}

static const struct frame *site_frame(const struct probe_site *site)
{
	return site && site->kind && site->kind->frame
		       ? site->kind->frame(site)
		       : NULL;
}

/* A file: the site's own, with its place, or another. */
static bool try_file(struct search *s, const char *name)
{
	const struct frame *here = site_frame(s->site);
	const char *why = NULL, *remedy = NULL;
	const char *path = target_find_program(s->env->targets, name, &why);

	if (!path && here) {
		/* "libc.so.6" as the site's own file is called */
		const char *base = strrchr(dw_path(here->m), '/');
		if (base && !strcmp(base + 1, name))
			path = dw_path(here->m);
	}
	if (path && here && !strcmp(path, dw_path(here->m)))
		return try_frame(s, here);
	struct dw_module *m =
		path ? target_dwarf(s->env->targets, path, &why, &remedy)
		     : NULL;
	if (!m) {
		s->why = arena_printf(s->env->arena, "%s: %s%s%s", name, why,
				      remedy ? "; " : "", remedy ? remedy : "");
		note(s, name);
		return false;
	}
	struct scope *sc = arena_new_obj(s->env->arena, struct scope);
	struct frame *f = arena_new_obj(s->env->arena, struct frame);
	sc->elf = target_elf(s->env->targets, path, &why);
	process_frame(f, sc, m, NULL, 0, false);
	return try_frame(s, f);
}

/* Of a probe in a program that has no variables there, as a mark has none. */
static bool try_own_file(struct search *s)
{
	return s->site && s->site->attach.kind == WIRE_PROBE_UPROBE &&
	       s->site->target && try_file(s, s->site->target);
}

static bool try_header(struct search *s, const char *name)
{
	const char *why = NULL;
	struct dw_module *d = target_header(s->env->targets, name, &why);

	note(s, name);
	if (!d) {
		s->why = arena_printf(s->env->arena, "%s: %s", name, why);
		return false;
	}
	struct module m = {.types = dw_types(d), .user = true, .dwarf = d};
	return s->found(s->ctx, &m);
}

static bool try_one(struct search *s, const char *name)
{
	if (!*name || !strcmp(name, "kernel") || !strcmp(name, "vmlinux") ||
	    !strncmp(name, "kernel<", 7) || !strncmp(name, "kernel\"", 7))
		return try_kernel(s);
	if (*name == '<' || *name == '"')
		return try_header(s, name);
	return try_kernel_module(s, name) || try_file(s, name);
}

bool modules_each(const struct probe_env *env, const struct probe_site *site,
		  const char *list,
		  bool (*found)(void *ctx, const struct module *m), void *ctx,
		  const char **looked, const char **why)
{
	struct search s = {
		.env = env, .site = site, .found = found, .ctx = ctx};
	const struct frame *here = site_frame(site);
	bool ok = false;

	if (!list || !*list)
		ok = (here ? try_frame(&s, here) : try_own_file(&s)) ||
		     try_own_module(&s) || try_kernel(&s);
	while (!ok && list && *list) {
		size_t n = strcspn(list, ":");
		ok = try_one(&s, arena_strndup(env->arena, list, n));
		list += n + (list[n] == ':');
	}
	*looked = s.looked;
	*why = s.why;
	return ok;
}
