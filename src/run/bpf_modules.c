// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Modules of the kernel that are loaded while the session runs: probes of
 * their functions wait until they are. (Functions that a module runs before it
 * is ready are over by then.)
 */
#include "run/bpf_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is a part of the kernel itself has a directory, but no state. */
static bool is_ready(const char *module)
{
	char path[160], state[16] = "";
	FILE *f;

	if (snprintf(path, sizeof(path), "/sys/module/%s/initstate", module) >=
	    (int)sizeof(path))
		return true;
	f = fopen(path, "re");
	if (f) {
		if (fscanf(f, "%15s", state) != 1)
			*state = '\0';
		fclose(f);
		return !strcmp(state, "live");
	}
	*strrchr(path, '/') = '\0';
	return !access(path, F_OK);
}

static const char *module_of(const struct bpf_target *t, uint32_t index)
{
	return image_text(t->base.image, t->base.image->attach[index].target);
}

/* Moves the records of modules that are ready (or none's) to the front and
   returns how many they are; both parts keep their order. */
static uint32_t ready_first(const struct bpf_target *t, uint32_t *index,
			    uint32_t n, uint32_t *scratch)
{
	const char *last = "";
	bool ready = true;
	uint32_t front = 0, back = 0;

	for (uint32_t i = 0; i < n; i++) {
		const char *m = module_of(t, index[i]);

		if (strcmp(m, last))
			ready = !*m || is_ready(m);
		last = m;
		if (ready)
			index[front++] = index[i];
		else
			scratch[back++] = index[i];
	}
	memcpy(index + front, scratch, back * sizeof(*index));
	return front;
}

static void tell(struct bpf_target *t, uint32_t from, struct diag *d)
{
	const char *last = "";

	for (uint32_t i = from; i < t->nwaiting; i++) {
		const char *m = module_of(t, t->waiting[i]);
		uint32_t n = 1;

		if (!strcmp(m, last))
			continue;
		last = m;
		while (i + n < t->nwaiting &&
		       !strcmp(module_of(t, t->waiting[i + n]), m))
			n++;
		diag_remedy(diag_report(d, RUN_MODULE_WAIT, LOC_NONE, NULL, m,
					n, n == 1 ? "" : "s"),
			    "modprobe %s", m);
	}
}

uint32_t bpf_modules_wait(struct bpf_target *t, struct diag *d, uint32_t *index,
			  uint32_t n)
{
	uint32_t *scratch = calloc(n + 1, sizeof(*scratch)), *more, ready;

	if (!scratch)
		return n; /* they fail with the kernel's words */
	ready = ready_first(t, index, n, scratch);
	free(scratch);
	if (ready == n)
		return n;
	more = realloc(t->waiting,
		       (t->nwaiting + n - ready) * sizeof(*more));
	if (!more)
		return n;
	memcpy(more + t->nwaiting, index + ready, (n - ready) * sizeof(*more));
	t->waiting = more;
	t->nwaiting += n - ready;
	tell(t, t->nwaiting - (n - ready), d);
	return ready;
}

int bpf_target_attach_late(struct run_target *rt, struct diag *d)
{
	struct bpf_target *t = (struct bpf_target *)rt;
	uint32_t *scratch, n;
	int err = 0;

	if (!t->nwaiting)
		return 0;
	scratch = calloc(t->nwaiting, sizeof(*scratch));
	if (!scratch)
		return -ENOMEM;
	n = ready_first(t, t->waiting, t->nwaiting, scratch);
	free(scratch);
	if (n) {
		err = bpf_attach_kprobes(t, d, t->waiting, n);
		t->nwaiting -= n;
		memmove(t->waiting, t->waiting + n,
			t->nwaiting * sizeof(*t->waiting));
	}
	return err ? err : (int)t->nwaiting;
}
