// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/arch.h"

#include <string.h>

/* name of 64 bits, its parts and its short name, which scripts may use too */
#define X86(r64, r32, r16, r8, plain, off, dwarf)                              \
	{r64, off, 8, dwarf}, {r32, off, 4, -1}, {r16, off, 2, -1},            \
		{r8, off, 1, -1},                                              \
	{                                                                      \
		plain, off, 8, -1                                              \
	}
#define X86_NUM(r, off, dwarf)                                                 \
	{r, off, 8, dwarf}, {r "d", off, 4, -1}, {r "w", off, 2, -1},          \
	{                                                                      \
		r "b", off, 1, -1                                              \
	}

static const struct arch_reg x86_64_regs[] = {
	X86_NUM("r15", 0, 15),
	X86_NUM("r14", 8, 14),
	X86_NUM("r13", 16, 13),
	X86_NUM("r12", 24, 12),
	X86("rbp", "ebp", "bp", "bpl", "xbp", 32, 6),
	X86("rbx", "ebx", "bx", "bl", "xbx", 40, 3),
	X86_NUM("r11", 48, 11),
	X86_NUM("r10", 56, 10),
	X86_NUM("r9", 64, 9),
	X86_NUM("r8", 72, 8),
	X86("rax", "eax", "ax", "al", "xax", 80, 0),
	X86("rcx", "ecx", "cx", "cl", "xcx", 88, 2),
	X86("rdx", "edx", "dx", "dl", "xdx", 96, 1),
	X86("rsi", "esi", "si", "sil", "xsi", 104, 4),
	X86("rdi", "edi", "di", "dil", "xdi", 112, 5),
	{"orig_rax", 120, 8, -1},
	{"orig_ax", 120, 8, -1},
	{"rip", 128, 8, 16},
	{"eip", 128, 4, -1},
	{"xip", 128, 8, -1},
	{"xcs", 136, 8, -1},
	{"cs", 136, 8, -1},
	{"eflags", 144, 4, -1},
	{"flags", 144, 8, -1},
	{"rflags", 144, 8, -1},
	X86("rsp", "esp", "sp", "spl", "xsp", 152, 7),
	{"xss", 160, 8, -1},
	{"ss", 160, 8, -1},
};

static const uint16_t x86_64_args[] = {112, 104, 96, 88, 72, 64};

#define A64(n) {"x" #n, 8 * n, 8, n}, {"w" #n, 8 * n, 4, -1}

static const struct arch_reg arm64_regs[] = {
	A64(0),	 A64(1),  A64(2),  A64(3),  A64(4),  A64(5),
	A64(6),	 A64(7),  A64(8),  A64(9),  A64(10), A64(11),
	A64(12), A64(13), A64(14), A64(15), A64(16), A64(17),
	A64(18), A64(19), A64(20), A64(21), A64(22), A64(23),
	A64(24), A64(25), A64(26), A64(27), A64(28), A64(29),
	A64(30), {"fp", 232, 8, -1}, {"lr", 240, 8, -1},
	{"sp", 248, 8, 31}, {"pc", 256, 8, 32}, {"pstate", 264, 8, -1},
};

static const uint16_t arm64_args[] = {0, 8, 16, 24, 32, 40, 48, 56};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct arch archs[] = {
	{.name = "x86_64",
	 .regs = x86_64_regs,
	 .nregs = COUNT(x86_64_regs),
	 .arg = x86_64_args,
	 .nargs = COUNT(x86_64_args),
	 .ret = 80,
	 .ret2 = 96,
	 .pc = 128,
	 .sp = 152,
	 .fp = 32,
	 .stack_args = 8,
	 .return_on_stack = true},
	{.name = "arm64",
	 .regs = arm64_regs,
	 .nregs = COUNT(arm64_regs),
	 .arg = arm64_args,
	 .nargs = COUNT(arm64_args),
	 .ret = 0,
	 .ret2 = 8,
	 .pc = 256,
	 .sp = 248,
	 .fp = 232,
	 .stack_args = 0,
	 .link = 240},
};

const struct arch *arch_find(const char *name)
{
	for (uint32_t i = 0; i < COUNT(archs); i++)
		if (!strcmp(archs[i].name, name))
			return &archs[i];
	return NULL;
}

const struct arch *arch_native(void)
{
#if defined(__x86_64__)
	return arch_find("x86_64");
#elif defined(__aarch64__)
	return arch_find("arm64");
#else
	return NULL;
#endif
}

const struct arch_reg *arch_reg_named(const struct arch *a, const char *name)
{
	for (uint32_t i = 0; i < a->nregs; i++)
		if (!strcmp(a->regs[i].name, name))
			return &a->regs[i];
	return NULL;
}

const struct arch_reg *arch_reg_dwarf(const struct arch *a, unsigned number)
{
	for (uint32_t i = 0; i < a->nregs; i++)
		if (a->regs[i].dwarf >= 0 &&
		    (unsigned)a->regs[i].dwarf == number)
			return &a->regs[i];
	return NULL;
}
