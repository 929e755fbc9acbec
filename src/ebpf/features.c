// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the running kernel can do: each question is answered by trying a
 * program, map or link of a few instructions, never by the kernel's version.
 * Nothing is left behind.
 */
#include "ebpf/ebpf.h"

#include <errno.h>
#include <linux/btf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/insn.h"

#define RINGBUF_SIZE 65536    /* a multiple of every page size */

/* Each returns 0 or -errno. */
static int sys_bpf(int cmd, void *attr, unsigned size)
{
	long r = syscall(__NR_bpf, cmd, attr, size);

	return r < 0 ? -errno : (int)r;
}

static int close_fd(int fd)
{
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static int load(union bpf_attr *attr, uint32_t type,
		const struct bpf_insn *insns, uint32_t n)
{
	attr->prog_type = type;
	attr->insns = (uintptr_t)insns;
	attr->insn_cnt = n;
	attr->license = (uintptr_t) "GPL";
	return sys_bpf(BPF_PROG_LOAD, attr, sizeof(*attr));
}

static int try_insns(const struct bpf_insn *insns, uint32_t n)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	return close_fd(load(&attr, BPF_PROG_TYPE_RAW_TRACEPOINT, insns, n));
}

static int probe_permission(void)
{
	const struct bpf_insn insns[] = {MOV_IMM(R0, 0), EXIT_INSN};

	return try_insns(insns, 2);
}

bool ebpf_comm_readable(uint32_t comm_off)
{
	const struct bpf_insn insns[] = {
		HELPER(BPF_FUNC_get_current_task_btf),
		LDX(BPF_DW, R1, R0, (int16_t)comm_off),
		LDX(BPF_DW, R1, R0, (int16_t)(comm_off + 8)),
		MOV_IMM(R0, 0),
		EXIT_INSN,
	};

	return comm_off && comm_off < 0x7ff0 && !try_insns(insns, 5);
}

static int probe_may_goto(void)
{
	const struct bpf_insn insns[] = {
		insn_make(INSN_MAY_GOTO, 0, 0, 1, 0),
		JA(-2),
		MOV_IMM(R0, 0),
		EXIT_INSN,
	};

	return try_insns(insns, 4);
}

static int probe_long_jump(void)
{
	const struct bpf_insn insns[] = {
		MOV_IMM(R0, 0),
		insn_make(INSN_GOTOL, 0, 0, 0, 0),
		EXIT_INSN,
	};

	return try_insns(insns, 3);
}

/* ---- maps ---- */
static int try_map(uint32_t type, uint32_t key, uint32_t value, uint32_t n,
		   uint32_t flags)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = type;
	attr.key_size = key;
	attr.value_size = value;
	attr.max_entries = n;
	attr.map_flags = flags;
	return close_fd(sys_bpf(BPF_MAP_CREATE, &attr, sizeof(attr)));
}

static int probe_mmap_array(void)
{
	return try_map(BPF_MAP_TYPE_ARRAY, 4, 8, 1, BPF_F_MMAPABLE);
}

static int probe_ringbuf(void)
{
	return try_map(BPF_MAP_TYPE_RINGBUF, 0, 0, RINGBUF_SIZE, 0);
}

/* ---- programs of two functions, which need BTF ---- */
#define FUNC_GLOBAL 3 /* type ids in the BTF below */
#define FUNC_STATIC 4

static int load_btf(void)
{
	static const char strs[] = "\0u64\0f";
	const struct {
		struct btf_header h;
		uint32_t types[17];
		char strs[sizeof(strs)];
	} btf = {{.magic = BTF_MAGIC,
		  .version = BTF_VERSION,
		  .hdr_len = sizeof(struct btf_header),
		  .type_len = sizeof(btf.types),
		  .str_off = sizeof(btf.types),
		  .str_len = sizeof(strs)},
		 {/* 1: u64 */
		  1, BTF_KIND_INT << 24, 8, 64,
		  /* 2: u64 (*)(u64 f, u64 f) */
		  0, BTF_KIND_FUNC_PROTO << 24 | 2, 1, 5, 1, 5, 1,
		  /* 3, 4: its functions */
		  5, BTF_KIND_FUNC << 24 | BTF_FUNC_GLOBAL, 2, 5,
		  BTF_KIND_FUNC << 24 | BTF_FUNC_STATIC, 2},
		 "\0u64\0f"};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.btf = (uintptr_t)&btf;
	/* the struct may have padding at its end */
	attr.btf_size = offsetof(typeof(btf), strs) + sizeof(strs);
	return sys_bpf(BPF_BTF_LOAD, &attr, sizeof(attr));
}

static int try_two_functions(const struct bpf_insn *insns, uint32_t n,
			     uint32_t second, uint32_t second_type)
{
	const struct bpf_func_info info[] = {{0, FUNC_GLOBAL},
					     {second, second_type}};
	union bpf_attr attr;
	int btf = load_btf(), err;

	if (btf < 0)
		return btf;
	memset(&attr, 0, sizeof(attr));
	attr.prog_btf_fd = (uint32_t)btf;
	attr.func_info_rec_size = sizeof(info[0]);
	attr.func_info = (uintptr_t)info;
	attr.func_info_cnt = 2;
	err = close_fd(load(&attr, BPF_PROG_TYPE_RAW_TRACEPOINT, insns, n));
	close(btf);
	return err;
}

static int probe_global_func(void)
{
	const struct bpf_insn insns[] = {
		MOV_IMM(R1, 1),
		MOV_IMM(R2, 2),
		insn_make(INSN_CALL, 0, BPF_PSEUDO_CALL, 0, 2),
		MOV_IMM(R0, 0),
		EXIT_INSN,
		MOV_REG(R0, R1),
		EXIT_INSN,
	};

	return try_two_functions(insns, 7, 5, FUNC_GLOBAL);
}

bool ebpf_preempt_works(uint32_t off_id, uint32_t on_id)
{
	const struct bpf_insn insns[] = {
		KFUNC(off_id),
		MOV_IMM(R1, 1),
		MOV_IMM(R2, 2),
		insn_make(INSN_CALL, 0, BPF_PSEUDO_CALL, 0, 3),
		KFUNC(on_id),
		MOV_IMM(R0, 0),
		EXIT_INSN,
		MOV_REG(R0, R1),
		EXIT_INSN,
	};

	return !try_two_functions(insns, 9, 7, FUNC_GLOBAL);
}

static int probe_bpf_loop(void)
{
	const struct bpf_insn insns[] = {
		MOV_IMM(R1, 1),
		insn_make(INSN_LD_IMM64, R2, BPF_PSEUDO_FUNC, 0, 6),
		insn_make(0, 0, 0, 0, 0),
		MOV_IMM(R3, 0),
		MOV_IMM(R4, 0),
		HELPER(BPF_FUNC_loop),
		MOV_IMM(R0, 0),
		EXIT_INSN,
		MOV_IMM(R0, 0),
		EXIT_INSN,
	};

	return try_two_functions(insns, 10, 8, FUNC_STATIC);
}

/* ---- links ---- */

/*
 * Some kernels load the program and refuse the link. "/" is no regular file,
 * which only a kernel that knows the link gets to say (EBADF).
 */
static int probe_uprobe_multi(void)
{
	const struct bpf_insn insns[] = {MOV_IMM(R0, 0), EXIT_INSN};
	const uint64_t offset = 0;
	struct {
		uint32_t prog_fd, target_fd, attach_type, flags;
		uint64_t path, offsets, ref_ctr_offsets, cookies;
		uint32_t cnt, multi_flags, pid, pad;
	} link = {0};
	union bpf_attr attr;
	int prog, err;

	memset(&attr, 0, sizeof(attr));
	attr.expected_attach_type = ATTACH_TRACE_UPROBE_MULTI;
	prog = load(&attr, BPF_PROG_TYPE_KPROBE, insns, 2);
	if (prog < 0)
		return prog;
	link.prog_fd = (uint32_t)prog;
	link.attach_type = ATTACH_TRACE_UPROBE_MULTI;
	link.path = (uintptr_t) "/";
	link.offsets = (uintptr_t)&offset;
	link.cnt = 1;
	err = close_fd(sys_bpf(BPF_LINK_CREATE, &link, sizeof(link)));
	close(prog);
	return err == -EBADF ? 0 : err;
}

/* Linux 6.10; before, these programs may not call the helper. */
static int probe_tracepoint_cookie(void)
{
	const struct bpf_insn insns[] = {HELPER(BPF_FUNC_get_attach_cookie),
					 MOV_IMM(R0, 0), EXIT_INSN};

	return try_insns(insns, 3);
}

/* perf events that are kprobes */
static int probe_kprobe(void)
{
	return access("/sys/bus/event_source/devices/kprobe/type", R_OK)
		       ? -EOPNOTSUPP
		       : 0;
}

/* A kernel without fprobe refuses before it looks for the name. */
static int probe_kprobe_multi(void)
{
	const struct bpf_insn insns[] = {MOV_IMM(R0, 0), EXIT_INSN};
	const char *const sym = "stap no such symbol";
	struct {
		uint32_t prog_fd, target_fd, attach_type, flags;
		uint32_t multi_flags, cnt;
		uint64_t syms, addrs, cookies;
	} link = {0};
	union bpf_attr attr;
	int prog, err;

	memset(&attr, 0, sizeof(attr));
	attr.expected_attach_type = BPF_TRACE_KPROBE_MULTI;
	prog = load(&attr, BPF_PROG_TYPE_KPROBE, insns, 2);
	if (prog < 0)
		return prog;
	link.prog_fd = (uint32_t)prog;
	link.attach_type = BPF_TRACE_KPROBE_MULTI;
	link.cnt = 1;
	link.syms = (uintptr_t)&sym;
	err = close_fd(sys_bpf(BPF_LINK_CREATE, &link, sizeof(link)));
	close(prog);
	return err == -ESRCH || err == -ENOENT ? 0 : err;
}

bool ebpf_fentry_works(uint32_t btf_id)
{
	const struct bpf_insn insns[] = {MOV_IMM(R0, 0), EXIT_INSN};
	static int known = -1;
	union bpf_attr attr;
	int prog, link;

	if (known >= 0)
		return known;
	known = 0;
	memset(&attr, 0, sizeof(attr));
	attr.expected_attach_type = BPF_TRACE_FEXIT;
	attr.attach_btf_id = btf_id;
	prog = load(&attr, BPF_PROG_TYPE_TRACING, insns, 2);
	if (prog < 0)
		return false;
	memset(&attr, 0, sizeof(attr));
	attr.raw_tracepoint.prog_fd = (uint32_t)prog;
	link = sys_bpf(BPF_RAW_TRACEPOINT_OPEN, &attr, sizeof(attr));
	known = link >= 0;
	if (link >= 0)
		close(link);
	close(prog);
	return known;
}

/* ---- the table ---- */
static const struct {
	const char *name;
	int (*probe)(void);
} features[EBPF_FEATURE_COUNT] = {
#define F(id, name, probe) [EBPF_##id] = {name, probe},
#include "ebpf/features.def"
#undef F
};

static struct {
	bool known, ok;
	char cause[200];
} answers[EBPF_FEATURE_COUNT];

static const char *hint(int err)
{
	switch (-err) {
	case EPERM:
	case EACCES:
		return " (needs root, or CAP_BPF and CAP_PERFMON)";
	case ENOSYS:
		return " (no bpf() system call here)";
	default:
		return " (not in this kernel)";
	}
}

bool ebpf_feature(enum ebpf_feature f, const char **cause)
{
	if (!answers[f].known) {
		int err = features[f].probe();

		answers[f].known = true;
		answers[f].ok = !err;
		if (err)
			snprintf(answers[f].cause, sizeof(answers[f].cause),
				 "%s: %s%s", features[f].name, strerror(-err),
				 hint(err));
	}
	if (cause)
		*cause = answers[f].cause;
	return answers[f].ok;
}

const char *ebpf_feature_name(enum ebpf_feature f)
{
	return features[f].name;
}
