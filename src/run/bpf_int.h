/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The BPF executor's insides, shared by bpf_target.c and bpf_attach.c. */
#ifndef RUN_BPF_INT_H
#define RUN_BPF_INT_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "run/ring.h"
#include "run/run.h"

struct bpf_target {
	struct run_target base;
	struct bpf_object *obj;
	int heap_fd, ring_fd;
	struct run_ring ring;
	int *prog_fd; /* per handler; owned by obj */
	/* Everything that is attached: closing it detaches. */
	int *fd;
	uint32_t nfds, cap_fds;
	uint64_t missed; /* taken when detached */
	bool uprobe_multi;
};

/* ---- bpf_attach.c ---- */
int bpf_target_attach(struct run_target *t, struct diag *d,
		      const uint32_t *index, uint32_t n);
void bpf_target_detach_fds(struct bpf_target *t);
/* Whether links of one program to many places of a file work (Linux 6.6). */
bool bpf_has_uprobe_multi(void);

/* ---- bpf_log.c ---- */
/* libbpf's messages, verifier logs among them, from here on go to a buffer
   (to stderr as well when verbose > 2). */
void bpf_log_begin(int verbose);
void bpf_log_end(void);
/*
 * Reports why bpf_object__load() failed with err: permission, or which
 * program the verifier refused and the gist of its log, the whole of which is
 * written to a new file in dir (NULL: $TMPDIR).
 */
void bpf_log_report(struct diag *d, const struct image *img, int err,
		    const char *dir);

/* ---- perm.c ---- */
/* RUN_NO_PERMISSION with what is missing here. */
void run_report_permission(struct diag *d, const char *what);

/* ---- build_id.c ---- */
/* Reads the GNU build-id of an ELF file; its length, 0: has none, -errno. */
int run_build_id(const char *path, uint8_t id[20]);

#endif
