// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Debug information of the kernel and of its modules: which file has it, and
 * how its addresses become those of symbols, which is what probes attach to.
 *
 * Distributions put it below /usr/lib/debug in packages of their own; a build
 * tree has it in vmlinux itself; debuginfod servers have it by build-id.
 */
#include <dlfcn.h>
#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/build_id.h"
#include "target/cache.h"
#include "target/dwarf_int.h"

struct kernel_debug {
	const char *module; /* NULL: vmlinux */
	struct dw_module *m;
	const char *why, *remedy; /* of m NULL */
	bool have_bias;
	uint64_t bias; /* vmlinux: run-time address - link-time address */
};

/* ---- which file ---- */

/* What elfutils' library offers; it is not needed otherwise. */
struct debuginfod {
	void *(*begin)(void);
	int (*find)(void *client, const unsigned char *id, int len,
		    char **path);
	void (*end)(void *client);
};

static bool load_debuginfod(struct debuginfod *d)
{
	void *lib = dlopen("libdebuginfod.so.1", RTLD_LAZY);

	if (!lib)
		return false;
	*(void **)&d->begin = dlsym(lib, "debuginfod_begin");
	*(void **)&d->find = dlsym(lib, "debuginfod_find_debuginfo");
	*(void **)&d->end = dlsym(lib, "debuginfod_end");
	return d->begin && d->find && d->end;
}

/* From the servers of $DEBUGINFOD_URLS, by build-id in hexadecimal digits. */
static const char *from_servers(struct target_cache *c, const char *id)
{
	const char *urls = getenv("DEBUGINFOD_URLS");
	struct debuginfod d;
	const char *res = NULL;
	char *path = NULL;

	if (!*id || !urls || !*urls || !load_debuginfod(&d))
		return NULL;
	void *client = d.begin();
	if (!client)
		return NULL;
	/* length 0: the id is text */
	int fd = d.find(client, (const unsigned char *)id, 0, &path);
	if (fd >= 0) {
		res = arena_strdup(c->arena, path);
		close(fd);
		free(path);
	}
	d.end(client);
	return res;
}

static bool has_id(struct dw_module *m, const char *id)
{
	const unsigned char *bits;
	char text[BUILD_ID_TEXT];
	GElf_Addr at;
	int n = dwfl_module_build_id(m->mod, &bits, &at);

	if (n <= 0 || !*id)
		return true; /* nothing to compare */
	build_id_text(bits, (uint32_t)n, text);
	return !strcmp(text, id);
}

/* Takes the file when it is readable, has DWARF, and is of the kernel meant. */
static bool try_file(struct target_cache *c, struct kernel_debug *k,
		     const char *path, const char *id)
{
	const char *why = NULL;

	if (!path || access(path, R_OK))
		return false;
	struct dw_module *m = dw_open(c->arena, c->root, path, &why, NULL);
	if (!m)
		return false;
	if (!has_id(m, id)) {
		k->why = arena_printf(c->arena, "%s is of another build",
				      path);
		dw_close(m);
		return false;
	}
	k->m = m;
	return true;
}

static void find_vmlinux(struct target_cache *c, struct kernel_debug *k)
{
	static const char *const forms[] = {
		"/usr/lib/debug/lib/modules/%s/vmlinux",
		"/usr/lib/debug/boot/vmlinux-%s",
		"/usr/lib/debug/boot/vmlinux-%s.debug",
		"/usr/lib/debug/lib/modules/%s/vmlinux.debug",
		"/lib/modules/%s/build/vmlinux",
		"/lib/modules/%s/vmlinux",
		"/boot/vmlinux-%s",
	};
	const char *rel = target_kernel_release(c);
	const char *id = target_kernel_build_id(c);

	if (c->vmlinux_path && try_file(c, k, c->vmlinux_path, id))
		return;
	if (strlen(id) > 2 &&
	    try_file(c, k,
		     target_path(c, arena_printf(c->arena,
						 "/usr/lib/debug/.build-id/"
						 "%.2s/%s.debug",
						 id, id + 2)),
		     id))
		return;
	for (unsigned i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct strbuf sb = {0};
		const char *at = strstr(forms[i], "%s");

		sb_printf(&sb, "%.*s%s%s", (int)(at - forms[i]), forms[i], rel,
			  at + 2);
		bool ok = try_file(c, k, target_path(c, sb_str(&sb)), id);
		sb_free(&sb);
		if (ok)
			return;
	}
	try_file(c, k, from_servers(c, id), id);
}

static void find_module(struct target_cache *c, struct kernel_debug *k)
{
	const char *path = target_module_file(c, k->module, "/usr/lib/debug");

	if (try_file(c, k, path, ""))
		return;
	/* Its own file may have it, or leads to it. */
	try_file(c, k, target_module_file(c, k->module, ""), "");
}

static struct kernel_debug *entry_of(struct target_cache *c, const char *module)
{
	const char *key = module ? module : "";
	struct kernel_debug *k = map_get(&c->kernel_debug, key);
	const char *rel = target_kernel_release(c);

	if (k)
		return k;
	k = arena_new_obj(c->arena, struct kernel_debug);
	k->module = module ? arena_strdup(c->arena, module) : NULL;
	map_put(&c->kernel_debug, arena_strdup(c->arena, key), k);
	if (module)
		find_module(c, k);
	else
		find_vmlinux(c, k);
	if (k->m)
		return k;
	if (!k->why)
		k->why = module ? arena_printf(c->arena,
					       "debug information of module "
					       "%s of Linux %s is not here",
					       module, rel)
				: arena_printf(c->arena,
					       "debug information of Linux %s "
					       "is not here",
					       rel);
	k->remedy = arena_printf(
		c->arena,
		"install its debug package (linux-image-%s-dbg, "
		"kernel-debuginfo), or name a server by DEBUGINFOD_URLS; %s",
		rel,
		"kernel.function(\"NAME\") and .return need no debug "
		"information");
	return k;
}

struct dw_module *target_kernel_dwarf(struct target_cache *c,
				      const char *module, const char **why,
				      const char **remedy)
{
	struct kernel_debug *k = entry_of(c, module);

	if (!k->m && why)
		*why = k->why;
	if (!k->m && remedy)
		*remedy = k->remedy;
	return k->m;
}

void target_kernel_dwarf_free(struct target_cache *c)
{
	map_for (&c->kernel_debug, i) {
		struct kernel_debug *k = c->kernel_debug.entries.v[i].val;

		dw_close(k->m);
	}
}

/* ---- addresses ---- */

bool target_kernel_bias(struct target_cache *c, uint64_t *bias)
{
	struct kernel_debug *k = entry_of(c, NULL);
	uint64_t here, linked;
	const char *why;

	if (!k->m)
		return false;
	/* Another kernel's symbols are where they were linked, too. */
	if (c->other)
		k->have_bias = true;
	if (!k->have_bias) {
		if (!target_kernel_symbol(c, "_stext", &here, &why) ||
		    !dw_symbol_address(k->m, "_stext", &linked))
			return false;
		k->have_bias = true;
		k->bias = here - linked;
	}
	*bias = k->bias;
	return true;
}

/* Which of its namesakes it is: those come in the order of addresses. */
static void number(struct target_cache *c, struct kfunc *fn)
{
	struct kfunc_list l = {0};
	const char *why;

	if (!target_kernel_funcs(c, fn->module, fn->name, &l, &why))
		return;
	vec_for (&l.v, i) {
		if (l.v.v[i].addr != fn->addr)
			continue;
		fn->nth = l.v.v[i].nth;
		fn->namesakes = l.v.v[i].namesakes;
	}
}

/* What runs while booting is gone afterwards. */
static bool is_gone(struct target_cache *c, uint64_t addr)
{
	uint64_t from, to;
	const char *why;

	return target_kernel_symbol(c, "_sinittext", &from, &why) &&
	       target_kernel_symbol(c, "_einittext", &to, &why) &&
	       addr >= from && addr < to;
}

static bool in_vmlinux(struct target_cache *c, uint64_t addr,
		       struct kfunc *out, uint64_t *off)
{
	uint64_t bias;

	if (!target_kernel_bias(c, &bias) ||
	    is_gone(c, addr + bias) ||
	    !target_kernel_func_at(c, addr + bias, out, off) || out->module)
		return false;
	number(c, out);
	return true;
}

/* A module's sections are anywhere: by the symbol in front. */
static bool in_module(struct target_cache *c, struct kernel_debug *k,
		      uint64_t addr, struct kfunc *out, uint64_t *off)
{
	struct kfunc_list l = {0};
	const char *why, *name = dw_symbol_at(k->m, addr, off);
	uint64_t nth = 0;

	if (!name)
		return false;
	*out = (struct kfunc){.name = name, .module = k->module};
	if (!target_kernel_funcs(c, k->module, name, &l, &why) || !l.v.n)
		return true;
	if (l.v.n > 1)
		nth = dw_symbol_number(k->m, name, addr - *off);
	if (nth < l.v.n)
		*out = l.v.v[nth];
	return true;
}

bool target_kernel_place(struct target_cache *c, const char *module,
			 uint64_t addr, struct kfunc *out, uint64_t *off)
{
	struct kernel_debug *k = entry_of(c, module);

	if (!k->m)
		return false;
	return module ? in_module(c, k, addr, out, off)
		      : in_vmlinux(c, addr, out, off);
}

bool target_module_section(struct target_cache *c, const char *module,
			   const char *section, uint64_t *addr)
{
	const char *path = target_path(
		c, arena_printf(c->arena, "/sys/module/%s/sections/%s", module,
				section));
	unsigned long long at = 0;
	FILE *f = c->other ? NULL : fopen(path, "re");

	if (!f)
		return false;
	if (fscanf(f, "%llx", &at) != 1)
		at = 0;
	fclose(f);
	*addr = at;
	return at != 0;
}
