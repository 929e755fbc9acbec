// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel: release, configuration, symbols, clock tick, CPUs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "target/cache.h"

struct target_cache *target_cache_new(void)
{
	struct arena *a = arena_new();
	struct target_cache *c = arena_new_obj(a, struct target_cache);

	c->arena = a;
	c->root = "";
	c->tracefs_events = -1;
	map_init(&c->config, a);
	map_init(&c->elfs, a);
	map_init(&c->sdts, a);

	map_init(&c->dwarfs, a);
	map_init(&c->headers, a);
	map_init(&c->events, a);
	map_init(&c->module_files, a);
	map_init(&c->kernel_debug, a);
	return c;
}

void target_cache_free(struct target_cache *c)
{
	if (!c)
		return;
	target_kernel_dwarf_free(c);
	target_module_files_free(c);
	target_types_free(c);
	target_funcs_free(c);

	target_dwarfs_free(c);
	target_headers_free(c);
	arena_free(c->arena);
}

void target_cache_set_root(struct target_cache *c, const char *root)
{
	size_t n = strlen(root);

	while (n && root[n - 1] == '/')
		n--;
	c->root = arena_strndup(c->arena, root, n);
}

const char *target_path(struct target_cache *c, const char *path)
{
	return *c->root ? arena_printf(c->arena, "%s%s", c->root, path) : path;
}

static void read_uname(struct target_cache *c)
{
	struct utsname u;

	if (c->arch)
		return;
	if (uname(&u))
		strcpy(u.release, strcpy(u.machine, "unknown"));
	if (!c->release)
		c->release = arena_strdup(c->arena, u.release);
	/* As SystemTap's `arch` names them. */
	c->arch = !strcmp(u.machine, "aarch64")
			  ? "arm64"
			  : arena_strdup(c->arena, u.machine);
}

const char *target_kernel_release(struct target_cache *c)
{
	read_uname(c);
	return c->release;
}

const char *target_arch(struct target_cache *c)
{
	read_uname(c);
	return c->arch;
}

unsigned target_ncpus(struct target_cache *c)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned)n : 1;
}

unsigned target_hz(struct target_cache *c)
{
	/* The coarse clocks advance once a tick, and say so. */
	struct timespec t;
	if (!clock_getres(CLOCK_MONOTONIC_COARSE, &t) && !t.tv_sec &&
	    t.tv_nsec > 0)
		return (unsigned)((1000000000L + t.tv_nsec / 2) / t.tv_nsec);
	const char *hz = target_kernel_config(c, "CONFIG_HZ");
	long n = hz ? atol(hz) : 0;
	return n > 0 && n < 100000 ? (unsigned)n : 250;
}

static bool ask_preemption(struct target_cache *c)
{
	static const char *const configs[] = {
		"CONFIG_PREEMPT", "CONFIG_PREEMPT_LAZY", "CONFIG_PREEMPT_RT"};
	/* "none voluntary full (lazy) " */
	FILE *f = fopen("/sys/kernel/debug/sched/preempt", "re");
	char text[64] = "";

	if (f) {
		const char *now = fgets(text, sizeof(text), f) ?
					  strchr(text, '(') : NULL;

		fclose(f);
		if (now)
			return strncmp(now, "(none", 5) &&
			       strncmp(now, "(voluntary", 10);
	}
	for (unsigned i = 0; i < 3; i++)
		if (target_kernel_config(c, configs[i]))
			return true;
	return false;
}

bool target_kernel_preempts(struct target_cache *c)
{
	if (!c->preempts_known)
		c->preempts = ask_preemption(c);
	c->preempts_known = true;
	return c->preempts;
}

bool target_tracepoints_preempt(struct target_cache *c)
{
	return atoi(target_kernel_release(c)) >= 7 && target_kernel_preempts(c);
}

/* ---- CONFIG_* ---- */

static void config_line(struct target_cache *c, const char *s, size_t n)
{
	if (n < 8 || memcmp(s, "CONFIG_", 7))
		return;
	const char *eq = memchr(s, '=', n);
	if (!eq)
		return;
	const char *v = eq + 1;
	size_t vn = (size_t)(s + n - v);
	map_put(&c->config, arena_strndup(c->arena, s, (size_t)(eq - s)),
		arena_strndup(c->arena, v, vn));
}

#define CONFIG_MAX_BYTES (16u << 20)

/* gzread() reads plain files as they are. */
static bool config_file(struct target_cache *c, const char *path)
{
	gzFile f = gzopen(path, "rbe");
	char buf[4096];
	size_t have = 0, total = 0;
	int got;

	if (!f)
		return false;
	while (total < CONFIG_MAX_BYTES &&
	       (got = gzread(f, buf + have, (unsigned)(sizeof(buf) - have))) >
		       0) {
		total += (size_t)got;
		have += (size_t)got;
		char *line = buf, *nl;
		while ((nl = memchr(line, '\n', have - (size_t)(line - buf)))) {
			config_line(c, line, (size_t)(nl - line));
			line = nl + 1;
		}
		have -= (size_t)(line - buf);
		if (have == sizeof(buf))
			have = 0; /* an overlong line is not for us */
		memmove(buf, line, have);
	}
	config_line(c, buf, have);
	gzclose(f);
	return c->config.entries.n > 0;
}

static void read_config(struct target_cache *c)
{
	static const char *const forms[] = {"/boot/config-%s",
					    "/lib/modules/%s/config",
					    "/lib/modules/%s/build/.config"};

	c->config_read = true;
	if (!c->other && config_file(c, target_path(c, "/proc/config.gz")))
		return;
	if (c->build_dir) {
		config_file(c, arena_printf(c->arena, "%s/.config",
					    c->build_dir));
		return;
	}
	for (unsigned i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		char path[512];
		snprintf(path, sizeof(path), forms[i],
			 target_kernel_release(c));
		if (config_file(c, target_path(c, path)))
			return;
	}
}

const char *target_kernel_config(void *ctx, const char *name)
{
	struct target_cache *c = ctx;

	if (!c->config_read)
		read_config(c);
	return map_get(&c->config, name);
}

const char *target_kernel_var_type(const char *name)
{
	static const struct {
		const char *name, *type;
	} vars[] = {
#define V(name, type) {#name, type},
#include "target/kernel_vars.def"
#undef V
	};

	for (unsigned i = 0; i < sizeof(vars) / sizeof(*vars); i++)
		if (!strcmp(vars[i].name, name))
			return vars[i].type;
	return NULL;
}
