// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A task has a number in each PID namespace from the initial one down to its
 * own: task->thread_pid->numbers[level], each with the namespace it belongs to.
 * The iterator below visits every task, looks for the number in the namespace
 * of the asker, and writes the tgid (the number in the initial one). It is
 * loaded only in a container, and only once or twice a session.
 */
#include "run/pidns.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/insn.h"

/* PROC_PID_INIT_INO, include/linux/proc_ns.h: fixed since Linux 3.8 */
#define INITIAL_PID_NS 0xeffffffcu
/* MAX_PID_NS_LEVEL, include/linux/pid_namespace.h */
#define MAX_LEVEL 32
/* 19 instructions around, 45 for each level */
#define INSN_MAX (24 + 48 * (MAX_LEVEL + 1))

/* Where the members stand in this kernel, in bytes. */
struct places {
	int task_thread_pid, task_tgid;
	int pid_level, pid_numbers;
	int upid_size, upid_nr, upid_ns;
	int ns_inum; /* pid_namespace.ns.inum */
	int target;  /* BTF id of bpf_iter_task() */
};

static int member_of(const struct btf *btf, const char *type, const char *name)
{
	int id = btf__find_by_name_kind(btf, type, BTF_KIND_STRUCT);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, id) : NULL;
	const struct btf_member *m = t ? btf_members(t) : NULL;

	for (int i = 0; t && i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, m[i].name_off), name))
			return (int)btf_member_bit_offset(t, i) / 8;
	return -ENOENT;
}

static int find_places(struct places *p)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int ns, inum, upid;

	if (!btf)
		return -errno;
	upid = btf__find_by_name_kind(btf, "upid", BTF_KIND_STRUCT);
	ns = member_of(btf, "pid_namespace", "ns");
	inum = member_of(btf, "ns_common", "inum");
	*p = (struct places){
		.task_thread_pid = member_of(btf, "task_struct", "thread_pid"),
		.task_tgid = member_of(btf, "task_struct", "tgid"),
		.pid_level = member_of(btf, "pid", "level"),
		.pid_numbers = member_of(btf, "pid", "numbers"),
		.upid_size = upid < 0 ? upid : (int)btf__resolve_size(btf, upid),
		.upid_nr = member_of(btf, "upid", "nr"),
		.upid_ns = member_of(btf, "upid", "ns"),
		.ns_inum = ns < 0 || inum < 0 ? -ENOENT : ns + inum,
		.target = btf__find_by_name_kind(btf, "bpf_iter_task",
						 BTF_KIND_FUNC),
	};
	btf__free(btf);
	if (p->task_thread_pid < 0 || p->task_tgid < 0 || p->pid_level < 0 ||
	    p->pid_numbers < 0 || p->upid_size < 0 || p->upid_nr < 0 ||
	    p->upid_ns < 0 || p->ns_inum < 0 || p->target < 0)
		return -EOPNOTSUPP;
	return 0;
}

/* dst = *(size bytes)(src + off), by helper: src is any kernel address. The
   value passes through the stack at r10 - 8. */
static struct bpf_insn *read_kernel(struct bpf_insn *i, int dst, int src,
				    int off, int size)
{
	*i++ = ST_IMM(BPF_DW, R10, -8, 0);
	*i++ = MOV_REG(R3, src);
	*i++ = ALU64_IMM(BPF_ADD, R3, off);
	*i++ = MOV_REG(R1, R10);
	*i++ = ALU64_IMM(BPF_ADD, R1, -8);
	*i++ = MOV_IMM(R2, size);
	*i++ = HELPER(BPF_FUNC_probe_read_kernel);
	*i++ = LDX(BPF_DW, dst, R10, -8);
	return i;
}

/* struct bpf_iter__task at r1: the meta pointer, the task (NULL at the end). */
static unsigned iterator(struct bpf_insn *code, const struct places *p,
			 pid_t pid, uint32_t ns_ino)
{
	struct bpf_insn *i = code, *to_end[2 * (MAX_LEVEL + 1) + 1], *next[2];
	unsigned ends = 0;

	*i++ = MOV_REG(R6, R1);
	*i++ = LDX(BPF_DW, R7, R6, 8);
	to_end[ends++] = i;
	*i++ = JMP_IMM(BPF_JEQ, R7, 0, 0);
	i = read_kernel(i, R8, R7, p->task_thread_pid, 8);
	i = read_kernel(i, R9, R8, p->pid_level, 4);
	for (int level = 0; level <= MAX_LEVEL; level++) {
		int at = p->pid_numbers + level * p->upid_size;

		to_end[ends++] = i;
		*i++ = JMP_IMM(BPF_JLT, R9, level, 0);
		i = read_kernel(i, R0, R8, at + p->upid_nr, 4);
		next[0] = i;
		*i++ = JMP_IMM(BPF_JNE, R0, pid, 0);
		i = read_kernel(i, R3, R8, at + p->upid_ns, 8);
		i = read_kernel(i, R0, R3, p->ns_inum, 4);
		*i++ = (struct bpf_insn){.code = BPF_ALU | BPF_MOV | BPF_K,
					 .dst_reg = R1,
					 .imm = (int32_t)ns_ino};
		next[1] = i;
		*i++ = JMP_REG(BPF_JNE, R0, R1, 0);
		i = read_kernel(i, R1, R7, p->task_tgid, 4);
		*i++ = LDX(BPF_DW, R1, R6, 0);
		*i++ = LDX(BPF_DW, R1, R1, 0); /* meta->seq */
		*i++ = MOV_REG(R2, R10);
		*i++ = ALU64_IMM(BPF_ADD, R2, -8);
		*i++ = MOV_IMM(R3, 4);
		*i++ = HELPER(BPF_FUNC_seq_write);
		to_end[ends++] = i;
		*i++ = JA(0);
		for (unsigned n = 0; n < 2; n++)
			next[n]->off = (int16_t)(i - next[n] - 1);
	}
	while (ends--)
		to_end[ends]->off = (int16_t)(i - to_end[ends] - 1);
	*i++ = MOV_IMM(R0, 0);
	*i++ = EXIT_INSN;
	return (unsigned)(i - code);
}

static pid_t ask(int prog)
{
	int link = bpf_link_create(prog, 0, BPF_TRACE_ITER, NULL), iter;
	pid_t found = 0;
	ssize_t n;

	if (link < 0)
		return link;
	iter = bpf_iter_create(link);
	close(link);
	if (iter < 0)
		return iter;
	do
		n = read(iter, &found, sizeof(found));
	while (n < 0 && (errno == EINTR || errno == EAGAIN));
	close(iter);
	return n < 0 ? -errno : n == sizeof(found) ? found : -ESRCH;
}

static pid_t look_up(const struct places *p, pid_t pid, uint32_t ns_ino)
{
	struct bpf_insn code[INSN_MAX];
	LIBBPF_OPTS(bpf_prog_load_opts, o,
		    .expected_attach_type = BPF_TRACE_ITER,
		    .attach_btf_id = (uint32_t)p->target);
	int prog = bpf_prog_load(BPF_PROG_TYPE_TRACING, NULL, "GPL", code,
				 iterator(code, p, pid, ns_ino), &o);

	if (prog < 0)
		return prog;
	pid = ask(prog);
	close(prog);
	return pid;
}

int pidns_global(uint32_t *pids, unsigned n, unsigned *failed)
{
	struct places places = {0};
	struct stat st;
	int err;

	*failed = 0;
	if (stat("/proc/self/ns/pid", &st) || st.st_ino == INITIAL_PID_NS)
		return 0;
	err = find_places(&places);
	for (; !err && *failed < n; ++*failed) {
		uint32_t *pid = &pids[*failed];
		pid_t found = *pid ? look_up(&places, (pid_t)*pid,
					     (uint32_t)st.st_ino)
				   : 0;

		if (found < 0)
			return found;
		*pid = (uint32_t)found;
	}
	return err;
}
