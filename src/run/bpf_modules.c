// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Modules of the kernel that are loaded while the session runs, or once more:
 * probes of their functions wait until they are. (Functions that a module runs
 * before it is ready are over by then.)
 *
 * What was attached to a module that is gone never hits again, and costs
 * nothing: it stays until the session ends.
 */
#include "run/bpf_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/*
 * A number that a module has from when it is loaded until it is unloaded, 0
 * while it is not ready. (What is a part of the kernel itself has a directory,
 * but no state.) known: a number that it had when it was ready.
 */
static uint64_t module_id(const char *module, uint64_t known)
{
	char path[160], state[16] = "";
	struct stat st;
	FILE *f;

	if (snprintf(path, sizeof(path), "/sys/module/%s/initstate", module) >=
	    (int)sizeof(path))
		return 1;
	if (!stat(path, &st)) {
		if (st.st_ino == known)
			return known;
		f = fopen(path, "re");
		if (!f || fscanf(f, "%15s", state) != 1)
			*state = '\0';
		if (f)
			fclose(f);
		return strcmp(state, "live") ? 0 : st.st_ino;
	}
	*strrchr(path, '/') = '\0';
	return stat(path, &st) ? 0 : st.st_ino;
}

/* The same, and whether it is another number than when the session began. */
static uint64_t look_at_module(struct bpf_target *t, const char *module,
			       uint64_t known)
{
	uint64_t id = module_id(module, known);
	struct bpf_module *more;

	for (uint32_t i = 0; i < t->nmodules; i++)
		if (!strcmp(t->modules[i].name, module)) {
			t->modules_moved |= id && id != t->modules[i].id;
			return id;
		}
	more = realloc(t->modules, (t->nmodules + 1) * sizeof(*more));
	if (!more) {
		t->modules_moved = true;
		return id;
	}
	t->modules = more;
	more[t->nmodules++] = (struct bpf_module){module, id};
	return id;
}

static const char *module_of(const struct bpf_target *t, uint32_t index)
{
	return image_text(t->base.image, t->base.image->attach[index].target);
}

static void tell(const struct bpf_target *t, uint32_t from, struct diag *d)
{
	for (uint32_t i = from, n; i < t->nof_modules; i += n) {
		const struct bpf_module_probe *p = &t->of_modules[i];
		const char *m = module_of(t, p->index);

		for (n = 1; i + n < t->nof_modules &&
			    !strcmp(module_of(t, p[n].index), m);)
			n++;
		if (!p->id)
			diag_remedy(diag_report(d, RUN_MODULE_WAIT, LOC_NONE,
						NULL, m, n, n == 1 ? "" : "s"),
				    "modprobe %s", m);
	}
}

uint32_t bpf_modules_wait(struct bpf_target *t, struct diag *d, uint32_t *index,
			  uint32_t n)
{
	uint32_t ready = 0, from = t->nof_modules;
	const char *last = "";
	uint64_t id = 0;
	struct bpf_module_probe *more =
		realloc(t->of_modules, (from + n + 1) * sizeof(*more));

	if (!more)
		return n; /* they fail with the kernel's words */
	t->of_modules = more;
	for (uint32_t i = 0; i < n; i++) {
		const char *m = module_of(t, index[i]);

		if (strcmp(m, last))
			id = *m ? look_at_module(t, m, 0) : 0;
		last = m;
		if (*m)
			more[t->nof_modules++] = (struct bpf_module_probe){
				index[i], t->base.group, id};
		if (!*m || id)
			index[ready++] = index[i];
	}
	tell(t, from, d);
	return ready;
}

/* Those of p[0..n), which are one group's, whose module is there (again). */
static int attach_ready(struct bpf_target *t, struct diag *d,
			struct bpf_module_probe *p, uint32_t n, uint32_t *index)
{
	const char *last = "";
	uint64_t id = 0;
	uint32_t ready = 0;
	int err;

	for (uint32_t i = 0; i < n; i++) {
		const char *m = module_of(t, p[i].index);

		if (strcmp(m, last))
			id = look_at_module(t, m, p[i].id);
		last = m;
		if (id && id != p[i].id)
			index[ready++] = p[i].index;
		p[i].id = id;
	}
	if (!ready)
		return 0;
	t->base.group = p->group;
	err = bpf_attach_kprobes(t, d, index, ready);
	t->base.group = 0;
	return err;
}

int bpf_target_attach_late(struct run_target *rt, struct diag *d)
{
	struct bpf_target *t = (struct bpf_target *)rt;
	struct bpf_module_probe *p = t->of_modules;
	uint32_t *index;
	int err = 0;

	if (!t->nof_modules)
		return 0;
	index = calloc(t->nof_modules, sizeof(*index));
	if (!index)
		return -ENOMEM;
	for (uint32_t i = 0, n; !err && i < t->nof_modules; i += n) {
		for (n = 1;
		     i + n < t->nof_modules && p[i + n].group == p[i].group;)
			n++;
		err = attach_ready(t, d, p + i, n, index);
	}
	free(index);
	return err ? err : (int)t->nof_modules;
}

void bpf_modules_forget(struct bpf_target *t, uint32_t group)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < t->nof_modules; i++)
		if (t->of_modules[i].group != group)
			t->of_modules[kept++] = t->of_modules[i];
	t->nof_modules = kept;
}
