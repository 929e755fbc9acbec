/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BPF instructions by name. Encodings that the system's linux/bpf.h may be too
 * old to know are here; tested by trying them (features.c).
 */
#ifndef BASE_INSN_H
#define BASE_INSN_H

#include <linux/bpf.h>
#include <stdint.h>

enum bpf_regno { R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, R10 };

#define INSN_MAY_GOTO 0xe5		/* BPF_JMP | BPF_JCOND, Linux 6.9 */
#define INSN_GOTOL (BPF_JMP32 | BPF_JA) /* offset in imm; Linux 6.6 */
#define ATTACH_TRACE_UPROBE_MULTI ((enum bpf_attach_type)48) /* Linux 6.6 */
#define ATTACH_NETFILTER ((enum bpf_attach_type)45)	     /* Linux 6.4 */
#define PROG_TYPE_NETFILTER ((enum bpf_prog_type)32)	     /* the same */
#define INSN_LD_IMM64 (BPF_LD | BPF_IMM | BPF_DW)
#define INSN_CALL (BPF_JMP | BPF_CALL)
#define INSN_EXIT (BPF_JMP | BPF_EXIT)
#define INSN_JA (BPF_JMP | BPF_JA)

static inline struct bpf_insn insn_make(uint8_t code, int dst, int src,
					int16_t off, int32_t imm)
{
	return (struct bpf_insn){.code = code,
				 .dst_reg = (uint8_t)dst & 15,
				 .src_reg = (uint8_t)src & 15,
				 .off = off,
				 .imm = imm};
}

/* op: BPF_ADD ... */
#define ALU64_REG(op, dst, src)                                                \
	insn_make(BPF_ALU64 | (op) | BPF_X, dst, src, 0, 0)
#define ALU64_IMM(op, dst, imm)                                                \
	insn_make(BPF_ALU64 | (op) | BPF_K, dst, 0, 0, imm)
#define MOV_REG(dst, src) ALU64_REG(BPF_MOV, dst, src)
#define MOV_IMM(dst, imm) ALU64_IMM(BPF_MOV, dst, imm)
/* size: BPF_B BPF_H BPF_W BPF_DW */
#define LDX(size, dst, src, off)                                               \
	insn_make(BPF_LDX | BPF_MEM | (size), dst, src, off, 0)
#define STX(size, dst, off, src)                                               \
	insn_make(BPF_STX | BPF_MEM | (size), dst, src, off, 0)
#define ST_IMM(size, dst, off, imm)                                            \
	insn_make(BPF_ST | BPF_MEM | (size), dst, 0, off, imm)
#define ATOMIC(size, dst, off, src, op)                                        \
	insn_make(BPF_STX | BPF_ATOMIC | (size), dst, src, off, op)
#define JMP_REG(op, dst, src, off)                                             \
	insn_make(BPF_JMP | (op) | BPF_X, dst, src, off, 0)
#define JMP_IMM(op, dst, imm, off)                                             \
	insn_make(BPF_JMP | (op) | BPF_K, dst, 0, off, imm)
#define JA(off) insn_make(INSN_JA, 0, 0, off, 0)
#define EXIT_INSN insn_make(INSN_EXIT, 0, 0, 0, 0)
#define HELPER(id) insn_make(INSN_CALL, 0, 0, 0, id)
/* a function of the kernel, by its id in vmlinux's BTF (Linux 5.13) */
#define KFUNC(btf_id)                                                          \
	insn_make(INSN_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, (int32_t)(btf_id))

#endif
