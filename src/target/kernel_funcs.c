// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Functions of the kernel and of its loaded modules.
 *
 * Three lists tell of them, none of them alone enough:
 *   /proc/kallsyms                  every symbol with its address (0 for users
 *                                   who may not see it)
 *   available_filter_functions      those that ftrace can hook, which is what
 *                                   the kernel lets probes attach to (tracefs;
 *                                   the addresses of its newer sibling are
 *                                   those of the hooks, not of the functions)
 *   kprobes/blacklist               those that must not be probed (debugfs)
 * Without tracefs, BTF stands in for the second: pahole describes functions
 * that ftrace can hook.
 *
 * The kernel takes some 10 ms to produce each of them, a few hundred under
 * emulation; so each is read once, as text, and searched.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "target/cache.h"

/* ---- files of the kernel, as a whole ---- */

bool target_read_text(struct target_cache *c, const char *path,
		      struct target_text *t)
{
	size_t cap = 1u << 20, n = 0;
	int fd;

	if (t->tried)
		return t->s;
	t->tried = true;
	fd = open(target_path(c, path), O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		t->err = errno;
		return false;
	}
	char *s = malloc(cap + 1);
	while (s) {
		ssize_t got = read(fd, s + n, cap - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			if (got < 0)
				t->err = errno;
			break;
		}
		n += (size_t)got;
		if (cap - n >= 64 * 1024)
			continue;
		cap *= 2;
		char *bigger = realloc(s, cap + 1);
		if (!bigger) {
			free(s);
			s = NULL;
			break;
		}
		s = bigger;
	}
	close(fd);
	if (!s || (!n && t->err)) {
		free(s);
		return false;
	}
	s[n] = '\0';
	t->s = s;
	t->len = n;
	return true;
}

bool target_kallsyms(struct target_cache *c, const char **why)
{
	if (c->other) {
		if (!target_other_kallsyms(c, &c->kallsyms) && why)
			*why = arena_printf(c->arena,
					    "the symbols of Linux %s are not "
					    "here (a vmlinux, or System.map)",
					    c->release);
		return c->kallsyms.s != NULL;
	}
	if (target_read_text(c, "/proc/kallsyms", &c->kallsyms))
		return true;
	if (why)
		*why = arena_printf(c->arena,
				    "/proc/kallsyms cannot be read: %s",
				    strerror(c->kallsyms.err));
	return false;
}

/* tracefs' list, or NULL. */
static struct target_text *hookable(struct target_cache *c)
{
	static const char *const paths[] = {
		"/sys/kernel/tracing/available_filter_functions",
		"/sys/kernel/debug/tracing/available_filter_functions"};

	for (unsigned i = 0; i < 2 && !c->other; i++)
		if (target_read_text(c, paths[i], &c->hookable[i]))
			return &c->hookable[i];
	return NULL;
}

void target_funcs_free(struct target_cache *c)
{
	free(c->kallsyms.s);
	free(c->hookable[0].s);
	free(c->hookable[1].s);
	free(c->blacklist_text.s);
}

/* ---- lines ---- */

/* A line of either list: addr, type (or 0), name, module. */
struct line {
	uint64_t addr;
	char type;
	const char *name, *module;
	uint32_t name_len, module_len; /* module_len 0: vmlinux */
};

static const char *hex(const char *s, uint64_t *v)
{
	for (*v = 0;; s++) {
		unsigned d = (unsigned char)*s;
		if (d - '0' < 10)
			d -= '0';
		else if ((d | 32) - 'a' < 6)
			d = (d | 32) - 'a' + 10;
		else
			return s;
		*v = *v << 4 | d;
	}
}

/* Parses the line at s; the start of the next. Lists end in NUL. */
static const char *parse_line(const char *s, bool with_addr, bool with_type,
			      struct line *l)
{
	*l = (struct line){0};
	if (with_addr) {
		s = hex(s, &l->addr);
		s += *s == ' ';
	}
	if (with_type && *s && s[1] == ' ') {
		l->type = *s;
		s += 2;
	}
	l->name = s;
	while (*s && *s != '\n' && *s != ' ' && *s != '\t')
		s++;
	l->name_len = (uint32_t)(s - l->name);
	while (*s == ' ' || *s == '\t')
		s++;
	if (*s == '[') {
		l->module = ++s;
		while (*s && *s != '\n' && *s != ']')
			s++;
		l->module_len = (uint32_t)(s - l->module);
	}
	while (*s && *s != '\n')
		s++;
	return *s ? s + 1 : s;
}

static bool is_text(char type)
{
	return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

/* What a question asks for. */
struct want {
	const char *module; /* NULL: vmlinux; may be a pattern */
	const char *name;   /* may be a pattern */
	size_t name_len, prefix;
	bool wild, module_wild;
};

static bool text_fits(const char *pattern, bool is_wild, const char *s,
		      uint32_t len)
{
	char buf[512];

	if (!is_wild)
		return strlen(pattern) == len && !memcmp(pattern, s, len);
	if (!strcmp(pattern, "*"))
		return true;
	if (len >= sizeof(buf))
		return false;
	memcpy(buf, s, len);
	buf[len] = '\0';
	return !fnmatch(pattern, buf, 0);
}

bool target_odd_symbol(const char *name, size_t len)
{
	static const char *const prefixes[] = {
		"__pfx_", "__cfi_", "__ftrace_invalid_address___"};

	for (unsigned i = 0; i < 3; i++) {
		size_t n = strlen(prefixes[i]);
		if (len > n && !memcmp(name, prefixes[i], n))
			return true;
	}
	return memmem(name, len, ".cold", 5) != NULL;
}

/* Kallsyms groups what the kernel makes at run time as if by modules. */
static bool made_at_run_time(const struct line *l)
{
	static const char builtin[] = "__builtin__";

	return (l->module_len == 3 && !memcmp(l->module, "bpf", 3)) ||
	       (l->module_len >= sizeof(builtin) &&
		!memcmp(l->module, builtin, sizeof(builtin) - 1));
}

static bool line_fits(const struct want *w, const struct line *l)
{
	if (!w->module != !l->module_len || made_at_run_time(l))
		return false;
	if (l->name_len < w->prefix || memcmp(l->name, w->name, w->prefix))
		return false;
	if (!text_fits(w->name, w->wild, l->name, l->name_len))
		return false;
	return !w->module ||
	       text_fits(w->module, w->module_wild, l->module, l->module_len);
}

static void push(struct target_cache *c, const struct line *l,
		 struct kfunc_list *out)
{
	struct kfunc f = {.addr = l->addr};

	f.name = arena_strndup(c->arena, l->name, l->name_len);
	if (l->module_len)
		f.module = arena_strndup(c->arena, l->module, l->module_len);
	f.global = l->type == 'T' || l->type == 'W';
	vec_push(c->arena, &out->v, f);
}

/* ---- by pattern ---- */

/* The kernel's names have less than 512 bytes (KSYM_NAME_LEN), modules' 64. */
struct name_key {
	char s[640];
};

/* "vfs_read ", "ext4_sync_fs ext4": in k. */
static const char *name_key(struct name_key *k, const char *name, size_t n,
			    const char *module, size_t module_len)
{
	if (n + module_len + 2 > sizeof(k->s))
		n = module_len = 0; /* none of the kernel's */
	memcpy(k->s, name, n);
	k->s[n] = ' ';
	if (module_len)
		memcpy(k->s + n + 1, module, module_len);
	k->s[n + 1 + module_len] = '\0';
	return k->s;
}

static const char *line_key(struct name_key *k, const struct line *l)
{
	return name_key(k, l->name, l->name_len, l->module, l->module_len);
}

/* The names that can be hooked: from tracefs, or else from BTF. */
static bool add_btf_name(void *ctx, const char *name, uint32_t proto)
{
	struct map *m = ctx;
	struct name_key k;

	(void)proto;
	map_put(m, name_key(&k, name, strlen(name), NULL, 0), m);
	return true;
}

/* Of tracefs' list, what is asked for (w NULL: all). */
static void take_names(struct target_cache *c, const struct target_text *t,
		       const struct want *w, struct map *names)
{
	struct name_key k;
	struct line l;

	for (const char *s = t->s; *s;) {
		s = parse_line(s, false, false, &l);
		if (!w || line_fits(w, &l))
			map_put(names, line_key(&k, &l), c);
	}
}

static void hookable_names(struct target_cache *c, const struct want *w,
			   struct map *names, bool *known)
{
	struct target_text *t = hookable(c);
	const struct kbtf *b;

	*known = true;
	if (t) {
		take_names(c, t, w, names);
		return;
	}
	b = target_vmlinux(c, NULL, NULL);
	*known = b && !w->module;
	if (*known)
		kbtf_each_func(b, add_btf_name, names);
}

bool target_func_traceable(struct target_cache *c, const struct kfunc *fn)
{
	struct target_text *t = hookable(c);
	struct name_key k;

	if (!t)
		return true;
	if (!c->traceable) {
		c->traceable = arena_new_obj(c->arena, struct map);
		map_init(c->traceable, c->arena);
		take_names(c, t, NULL, c->traceable);
	}
	return map_has(c->traceable,
		       name_key(&k, fn->name, strlen(fn->name), fn->module,
				fn->module ? strlen(fn->module) : 0));
}

static int by_name_addr(const void *pa, const void *pb)
{
	const struct kfunc *a = pa, *b = pb;
	int r = strcmp(a->name, b->name);

	if (!r)
		r = strcmp(a->module ? a->module : "",
			   b->module ? b->module : "");
	return r ? r : a->addr < b->addr ? -1 : a->addr > b->addr;
}

void target_finish_funcs(struct kfunc_list *out, uint32_t first)
{
	struct kfunc *v = out->v.v + first;
	uint32_t n = out->v.n - first, kept = 0;

	if (!n)
		return;
	qsort(v, n, sizeof(*v), by_name_addr);
	for (uint32_t i = 0; i < n; i++)
		if (!kept || by_name_addr(&v[i], &v[kept - 1]))
			v[kept++] = v[i];
	out->v.n = first + kept;
	for (uint32_t i = 0, k; i < kept; i = k) {
		for (k = i + 1;
		     k < kept && !strcmp(v[i].name, v[k].name) &&
		     !strcmp(v[i].module ? v[i].module : "",
			     v[k].module ? v[k].module : "");)
			k++;
		for (uint32_t m = i; m < k; m++) {
			v[m].nth = m - i;
			v[m].namesakes = k - i - 1;
		}
	}
}

static bool by_pattern(struct target_cache *c, const struct want *w,
		       struct kfunc_list *out, const char **why)
{
	struct name_key k;
	struct map names;
	struct line l;
	bool known;

	if (!target_kallsyms(c, why))
		return false;
	map_init(&names, c->arena);
	hookable_names(c, w, &names, &known);
	for (const char *s = c->kallsyms.s; *s;) {
		s = parse_line(s, true, true, &l);
		if (!is_text(l.type) || !line_fits(w, &l) || target_odd_symbol(l.name, l.name_len))
			continue;
		if (!known || map_has(&names, line_key(&k, &l)))
			push(c, &l, out);
	}
	return true;
}

/* ---- by name ---- */

static bool by_name(struct target_cache *c, const struct want *w,
		    struct kfunc_list *out, const char **why)
{
	struct symbol_lines lines;
	const char *text;
	struct line l;

	if (!target_kallsyms(c, why))
		return false;
	lines = target_symbol_lines(c, w->name);
	while ((text = target_next_symbol_line(c, &lines))) {
		parse_line(text, true, true, &l);
		if (is_text(l.type) && line_fits(w, &l))
			push(c, &l, out);
	}
	return true;
}

bool target_kernel_funcs(struct target_cache *c, const char *module,
			 const char *name, struct kfunc_list *out,
			 const char **why)
{
	struct want w = {
		.module = module,
		.name = name,
		.name_len = strlen(name),
		.prefix = strcspn(name, "*?[\\"),
		.wild = target_is_pattern(name),
		.module_wild = module && target_is_pattern(module),
	};
	uint32_t first = out->v.n;
	bool ok;

	if (!w.name_len) {
		*why = "the name is empty";
		return false;
	}
	if (module && c->other) {
		target_module_file_funcs(c, module, name, out);
		return true;
	}
	ok = w.wild ? by_pattern(c, &w, out, why) : by_name(c, &w, out, why);
	if (ok)
		target_finish_funcs(out, first);
	/* one that may be loaded later */
	if (module && out->v.n == first && !w.module_wild &&
	    !target_module_loaded(c, module))
		ok |= target_module_file_funcs(c, module, name, out);
	return ok;
}

/* /proc/kallsyms goes on to tell of the kernel's own. */
bool target_init_funcs(struct target_cache *c, const struct kfunc_list *l)
{
	uint64_t from, to;
	const char *why;

	if (!l->v.n || !target_kernel_symbol(c, "_sinittext", &from, &why) ||
	    !target_kernel_symbol(c, "_einittext", &to, &why))
		return false;
	vec_for (&l->v, i)
		if (l->v.v[i].addr < from || l->v.v[i].addr >= to)
			return false;
	return true;
}

static int func_by_addr(const void *pa, const void *pb)
{
	const struct kfunc *a = pa, *b = pb;

	return a->addr < b->addr ? -1 : a->addr > b->addr;
}

/* Text symbols by address; of several at one address the first. */
static void read_by_addr(struct target_cache *c)
{
	struct kfunc_list all = {0};
	struct line l;

	if (c->by_addr_read || !target_kallsyms(c, NULL))
		return;
	c->by_addr_read = true;
	for (const char *s = c->kallsyms.s; *s;) {
		s = parse_line(s, true, true, &l);
		if (is_text(l.type) && l.addr && !target_odd_symbol(l.name, l.name_len))
			push(c, &l, &all);
	}
	if (all.v.n)
		qsort(all.v.v, all.v.n, sizeof(*all.v.v), func_by_addr);
	c->by_addr = all;
}

bool target_kernel_func_at(struct target_cache *c, uint64_t addr,
			   struct kfunc *out, uint64_t *off)
{
	uint32_t lo = 0, hi;

	read_by_addr(c);
	hi = c->by_addr.v.n;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (c->by_addr.v.v[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return false;
	*out = c->by_addr.v.v[lo - 1];
	while (lo > 1 && c->by_addr.v.v[lo - 2].addr == out->addr)
		*out = c->by_addr.v.v[--lo - 1];
	*off = addr - out->addr;
	return true;
}

bool target_module_loaded(struct target_cache *c, const char *module)
{
	return !access(target_path(c, arena_printf(c->arena, "/sys/module/%s",
						   module)),
		       F_OK);
}

#define MAX_FENTRY 40u

bool target_fentry_budget(struct target_cache *c)
{
	return c->nfentry < MAX_FENTRY && ++c->nfentry;
}

/* ---- the blacklist ---- */

struct range {
	uint64_t from, to;
};

static int by_from(const void *pa, const void *pb)
{
	const struct range *a = pa, *b = pb;

	return a->from < b->from ? -1 : a->from > b->from;
}

static void read_blacklist(struct target_cache *c)
{
	struct target_text *t = &c->blacklist_text;
	VEC(struct range) v = {0};

	if (c->blacklist_read)
		return;
	c->blacklist_read = true;
	if (c->other ||
	    !target_read_text(c, "/sys/kernel/debug/kprobes/blacklist", t))
		return;
	for (const char *s = t->s; *s;) {
		struct range r;
		if (s[0] == '0' && s[1] == 'x')
			s += 2;
		s = hex(s, &r.from);
		if (*s == '-')
			s++;
		if (s[0] == '0' && s[1] == 'x')
			s += 2;
		s = hex(s, &r.to);
		if (r.from)
			vec_push(c->arena, &v, r);
		s = strchr(s, '\n');
		if (!s)
			break;
		s++;
	}
	if (v.n)
		qsort(v.v, v.n, sizeof(*v.v), by_from);
	c->blacklist = v.v;
	c->nblacklist = v.n;
}

bool target_func_blacklisted(struct target_cache *c, uint64_t addr)
{
	uint32_t lo = 0, hi;

	read_blacklist(c);
	hi = c->nblacklist;
	while (addr && lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct range *r = &c->blacklist[mid];
		if (addr < r->from)
			hi = mid;
		else if (addr >= r->to && addr != r->from)
			lo = mid + 1;
		else
			return true;
	}
	return false;
}
