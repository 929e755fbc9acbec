// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory of a process whose pages are absent: a file's that nobody has touched
 * yet, what a fork shares, what was swapped out. Most BPF programs may not
 * wait for a page; programs of uprobes may, when they are loaded for it (Linux
 * 6.0), and have a helper that does.
 *
 * It takes the same arguments as the one that does not wait, and fails in the
 * same way. So code is made for the latter, which every kernel accepts, and
 * what is loaded for sleeping gets the other number in each call. Functions are
 * put into every program that uses them before this is done, so it matters to
 * nobody else.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/insn.h"
#include "run/bpf_int.h"

#define SECTION "uprobe.s"

static int on_load(struct bpf_program *p, struct bpf_prog_load_opts *opts,
		   long cookie)
{
	size_t n = bpf_program__insn_cnt(p);
	struct bpf_insn *insns;
	int err;

	(void)opts;
	(void)cookie;
	if (!(bpf_program__flags(p) & BPF_F_SLEEPABLE))
		return 0;
	insns = malloc(n * sizeof(*insns));
	if (!insns)
		return -ENOMEM;
	memcpy(insns, bpf_program__insns(p), n * sizeof(*insns));
	for (size_t i = 0; i < n; i++)
		if (insns[i].code == INSN_LD_IMM64)
			i++;
		else if (insns[i].code == INSN_CALL && !insns[i].src_reg &&
			 insns[i].imm == BPF_FUNC_probe_read_user)
			insns[i].imm = BPF_FUNC_copy_from_user;
	err = bpf_program__set_insns(p, insns, n);
	free(insns);
	return err;
}

void bpf_sleep_begin(void)
{
	static int handler = -1;
	LIBBPF_OPTS(libbpf_prog_handler_opts, o,
		    .prog_prepare_load_fn = on_load);

	if (handler < 0)
		handler = libbpf_register_prog_handler(
			SECTION, BPF_PROG_TYPE_KPROBE, 0, &o);
}

bool bpf_has_sleepable_uprobes(bool multi, int verbose)
{
	const struct bpf_insn insns[] = {
		MOV_REG(R1, R10),
		ALU64_IMM(BPF_ADD, R1, -8),
		MOV_IMM(R2, 8),
		MOV_IMM(R3, 0),
		HELPER(BPF_FUNC_copy_from_user),
		MOV_IMM(R0, 0),
		EXIT_INSN,
	};
	LIBBPF_OPTS(bpf_prog_load_opts, o, .prog_flags = BPF_F_SLEEPABLE,
		    .expected_attach_type =
			    multi ? ATTACH_TRACE_UPROBE_MULTI : 0);
	int prog = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", insns,
				 sizeof(insns) / sizeof(insns[0]), &o);

	if (prog >= 0)
		close(prog);
	else if (verbose)
		fprintf(stderr,
			"Pass 5: no sleepable uprobes in this kernel (%s): "
			"absent pages of processes are faults.\n",
			strerror(-prog));
	return prog >= 0;
}
