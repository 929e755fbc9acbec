// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where this kernel's structs say which file a mapping shows, and where its
 * struct pt_regs holds what backtraces start from: for the run-time library
 * (runtime/usym.c). From BTF of the running kernel, which need not be the one
 * that the script was translated on.
 */
#include "run/head.h"

#include <bpf/btf.h>
#include <stddef.h>
#include <string.h>

/* Bytes from the start of a struct to a member, anonymous ones entered; -1. */
static int member_offset(const struct btf *b, uint32_t id, const char *name,
			 int depth)
{
	const struct btf_type *t = btf__type_by_id(b, id);
	const struct btf_member *m;

	if (!t || !btf_is_composite(t) || depth > 8)
		return -1;
	m = btf_members(t);
	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		const char *have = btf__name_by_offset(b, m[i].name_off);
		int off = (int)(btf_member_bit_offset(t, i) / 8), in;

		if (have && !strcmp(have, name))
			return off;
		if (have && *have)
			continue;
		in = member_offset(b, m[i].type, name, depth + 1);
		if (in >= 0)
			return off + in;
	}
	return -1;
}

static const struct place {
	const char *type, *member;
	size_t head; /* where struct rt_head keeps it */
} places[] = {
	{"vm_area_struct", "vm_start", offsetof(struct rt_head, vma_start)},
	{"vm_area_struct", "vm_end", offsetof(struct rt_head, vma_end)},
	{"vm_area_struct", "vm_pgoff", offsetof(struct rt_head, vma_pgoff)},
	{"vm_area_struct", "vm_file", offsetof(struct rt_head, vma_file)},
	{"file", "f_inode", offsetof(struct rt_head, file_inode)},
	{"inode", "i_ino", offsetof(struct rt_head, inode_ino)},
	{"inode", "i_sb", offsetof(struct rt_head, inode_sb)},
	/* last: not 0 says that all are known */
	{"super_block", "s_dev", offsetof(struct rt_head, sb_dev)},
};

void run_head_structs(struct rt_head *h)
{
	struct btf *b;

#if defined(__aarch64__)
	h->ureg_pc = 256;
	h->ureg_sp = 248;
	h->ureg_bp = 232; /* x29 */
#else
	h->ureg_pc = 128;
	h->ureg_sp = 152;
	h->ureg_bp = 32;
#endif
	if (!h->numods)
		return;
	b = btf__load_vmlinux_btf();
	if (!b)
		return;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		const struct place *p = &places[i];
		int id = btf__find_by_name_kind(b, p->type, BTF_KIND_STRUCT);
		int off = id > 0 ? member_offset(b, (uint32_t)id, p->member, 0)
				 : -1;

		if (off < 0)
			break;
		*(uint32_t *)((char *)h + p->head) = (uint32_t)off;
	}
	btf__free(b);
}
