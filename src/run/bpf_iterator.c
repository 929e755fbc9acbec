// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tracepoints whose programs are kprobes of __traceiter_NAME (for when, see
 * probe/trace_way.c). The kernel calls the only handler of a tracepoint
 * directly, and through that function from two on: so it is given two that do
 * nothing.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/bpf_int.h"

static bool is_enabled(const struct bpf_target *t, const char *name)
{
	for (uint32_t i = 0; i < t->nkept; i++)
		if (t->kept[i].group == t->base.group && t->kept[i].enables &&
		    !strcmp(t->kept[i].enables, name))
			return true;
	return false;
}

static int idle_program(struct bpf_target *t)
{
	/* r0 = 0; exit */
	static const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};

	if (t->idle_fd < 0)
		t->idle_fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT,
					   "stap_idle", "GPL", insns, 2, NULL);
	return t->idle_fd;
}

/* From now on the kernel calls this tracepoint's handlers by __traceiter_NAME.
   0 or -errno. */
static int enable(struct bpf_target *t, const char *name)
{
	int prog = idle_program(t), fd, err;

	if (prog < 0)
		return prog;
	if (is_enabled(t, name))
		return 0;
	for (int i = 0; i < 2; i++) {
		fd = bpf_open_raw_tracepoint(name, prog, 0);
		err = fd < 0 ? fd : bpf_keep_fd(t, fd);
		if (err)
			return err;
		t->kept[t->nkept - 1].enables = name;
	}
	return 0;
}

/* Takes the records whose tracepoints cannot be had out of index[0..n), says so,
   and returns how many remain. */
static uint32_t enable_all(struct bpf_target *t, struct diag *d,
			   uint32_t *index, uint32_t n, int *err)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < n && !*err; i++) {
		int e = enable(t, bpf_tracepoint_name(t->base.image, index[i]));

		if (e)
			*err = bpf_tracepoint_report(t, d, index[i], e);
		else
			index[left++] = index[i];
	}
	return left;
}

/* All of one handler: index[0..n). */
static int link_handler(struct bpf_target *t, struct diag *d,
			const uint32_t *index, uint32_t n)
{
	const struct image *img = t->base.image;
	char(*names)[128] = calloc(n, sizeof(*names));
	const char **syms = calloc(n, sizeof(*syms));
	int err = -ENOMEM;

	if (names && syms) {
		for (uint32_t i = 0; i < n; i++) {
			snprintf(names[i], sizeof(names[i]), "__traceiter_%s",
				 bpf_tracepoint_name(img, index[i]));
			syms[i] = names[i];
		}
		err = bpf_link_functions(t, d, index, syms, n);
	}
	free(names);
	free(syms);
	return err;
}

int bpf_attach_iterators(struct bpf_target *t, struct diag *d, uint32_t *index,
			 uint32_t n)
{
	const struct wire_attach *a = t->base.image->attach;
	int err = 0;

	n = enable_all(t, d, index, n, &err);

	for (uint32_t i = 0, k; i < n && !err; i = k) {
		for (k = i + 1;
		     k < n && a[index[k]].handler == a[index[i]].handler;)
			k++;
		err = link_handler(t, d, index + i, k - i);
	}
	return err;
}
