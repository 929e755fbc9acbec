// SPDX-License-Identifier: GPL-2.0-or-later
/* Static marks: every form of operand, and damaged notes. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "target/sdt.h"

static struct arena *a;

static int setup(void **state)
{
	a = arena_new();
	return 0;
}

static int teardown(void **state)
{
	arena_free(a);
	return 0;
}

/* "-4 mem 8+sym+r32/8+r80/8*4" or "? why" for the first operand. */
static const char *show(uint16_t machine, const char *text)
{
	static const char *const kinds[] = {"imm", "reg", "mem"};
	struct strbuf sb = {0};
	struct sdt_arg arg;
	const char *why;

	if (!sdt_next_arg(a, machine, &text, &arg, &why))
		return why ? arena_printf(a, "? %s", why) : "end";
	sb_printf(&sb, "%s%d%s %s %lld", arg.is_signed ? "-" : "", arg.size,
		  arg.is_float ? "f" : "", kinds[arg.kind],
		  (long long)arg.disp);
	if (arg.symbol)
		sb_printf(&sb, "+%s%s", arg.symbol,
			  arg.pc_relative ? "(pc)" : "");
	if (arg.base.size)
		sb_printf(&sb, "+r%u/%u", arg.base.off, arg.base.size);
	if (arg.index.size)
		sb_printf(&sb, "+r%u/%u*%u", arg.index.off, arg.index.size,
			  arg.scale);
	const char *s = arena_strdup(a, sb_str(&sb));
	sb_free(&sb);
	return s;
}

static void operands_of_x86_64(void **state)
{
	static const struct {
		const char *text, *want;
	} t[] = {
		{"-4@$5", "-4 imm 5"},
		{"8@$-1", "8 imm -1"},
		{"1@$0xff", "1 imm 255"},
		{"8@$sym", "8 imm 0+sym"},
		{"8@%rax", "8 reg 0+r80/8"},
		{"-4@%edi", "-4 reg 0+r112/4"},
		{"2@%cx", "2 reg 0+r88/2"},
		{"-1@%dil", "-1 reg 0+r112/1"},
		{"1@%ah", "1 reg 0+r81/1"},
		{"1@%r15b", "1 reg 0+r0/1"},
		{"4@%r8d", "4 reg 0+r72/4"},
		{"%rbx", "-8 reg 0+r40/8"},
		{"8@(%rsp)", "8 mem 0+r152/8"},
		{"-4@-20(%rbp)", "-4 mem -20+r32/8"},
		{"8@8(%rax,%rbx)", "8 mem 8+r80/8+r40/8*1"},
		{"8@-8(%r12,%rax,8)", "8 mem -8+r24/8+r80/8*8"},
		{"8@table(,%rdi,8)", "8 mem 0+table+r112/8*8"},
		{"4@16(,%rdi,4)", "4 mem 16+r112/8*4"},
		{"-4@counter(%rip)", "-4 mem 0+counter(pc)"},
		{"-4@40+Stats(%rip)", "-4 mem 40+Stats(pc)"},
		{"-4@Stats+40(%rip)", "-4 mem 40+Stats(pc)"},
		{"-4@Stats+8-4(%rip)", "-4 mem 4+Stats(pc)"},
		{"8@local.1234(%rip)", "8 mem 0+local.1234(pc)"},
		{"4@4096", "4 mem 4096"},
		{"8f@%xmm0", "? it lies in register %xmm0, which probes "
			     "cannot read"},
		{"8f@8(%rsp)", "8f mem 8+r152/8"},
	};

	for (unsigned i = 0; i < sizeof(t) / sizeof(*t); i++)
		assert_string_equal(show(EM_X86_64, t[i].text), t[i].want);
}

static void operands_of_arm64(void **state)
{
	static const struct {
		const char *text, *want;
	} t[] = {
		{"8@x19", "8 reg 0+r152/8"},
		{"-4@w3", "-4 reg 0+r24/4"},
		{"-4@5", "-4 imm 5"},
		{"-4@#-5", "-4 imm -5"},
		{"4@wzr", "4 imm 0"},
		{"8@[sp]", "8 mem 0+r248/8"},
		{"8@[sp, 16]", "8 mem 16+r248/8"},
		{"-4@[x29, #-4]", "-4 mem -4+r232/8"},
		{"8@[x0, x1]", "8 mem 0+r0/8+r8/8*1"},
		{"8@[x0, x1, lsl 3]", "8 mem 0+r0/8+r8/8*8"},
		{"8f@d0", "? it lies in register d0, which probes cannot read"},
	};

	for (unsigned i = 0; i < sizeof(t) / sizeof(*t); i++)
		assert_string_equal(show(EM_AARCH64, t[i].text), t[i].want);
}

static void what_is_no_operand(void **state)
{
	static const char *const bad[] = {
		"3@%rax",	"8@",	    "8@%",	"8@(%rax",
		"8@8(%rax))",	"8@(%rax,%rbx,3)", "8@8(%rip,%rax)",
		"8@a+b(%rip)",	"8@$",	    "@",	"-@%rax",
		"8@99999999999999999999(%rax)",
	};

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *s = show(EM_X86_64, bad[i]);
		if (*s != '?')
			fail_msg("%s: %s", bad[i], s);
	}
	assert_string_equal(show(EM_X86_64, "  "), "end");
}

static void operands_are_counted(void **state)
{
	assert_int_equal(sdt_count_args(""), 0);
	assert_int_equal(sdt_count_args("8@%rax -4@8(%rsp)  1@$3 "), 3);
	assert_int_equal(sdt_count_args("8@[x0, x1, lsl 3] 8@x2"), 2);
	const char *text = "8@[x0, 8] 4@w1";
	struct sdt_arg arg;
	const char *why;
	assert_true(sdt_next_arg(a, EM_AARCH64, &text, &arg, &why));
	assert_true(sdt_next_arg(a, EM_AARCH64, &text, &arg, &why));
	assert_int_equal(arg.base.off, 8);
	assert_false(sdt_next_arg(a, EM_AARCH64, &text, &arg, &why));
	assert_null(why);
}

/* ---- files ---- */

/* An ELF file: one segment that is the whole file, and one note. */
struct file {
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	Elf64_Shdr sh[3];
	char names[64];
	struct {
		Elf64_Nhdr n;
		char owner[8];
		uint64_t pc, base, sem;
		char text[40];
	} __attribute__((packed)) note;
};

static void make_file(struct file *f, uint64_t pc, uint64_t base, uint64_t sem)
{
	static const char names[] = "\0.note.stapsdt\0.stapsdt.base\0.shstr";
	static const char text[] = "prov\0name\0008@%rax\0";

	memset(f, 0, sizeof(*f));
	memcpy(f->eh.e_ident, "\177ELF\2\1\1", 7);
	f->eh.e_type = ET_DYN;
	f->eh.e_machine = EM_X86_64;
	f->eh.e_version = 1;
	f->eh.e_ehsize = sizeof(f->eh);
	f->eh.e_phoff = offsetof(struct file, ph);
	f->eh.e_phentsize = sizeof(f->ph);
	f->eh.e_phnum = 1;
	f->eh.e_shoff = offsetof(struct file, sh);
	f->eh.e_shentsize = sizeof(f->sh[0]);
	f->eh.e_shnum = 3;
	f->eh.e_shstrndx = 2;
	f->ph = (Elf64_Phdr){.p_type = PT_LOAD,
			     .p_flags = PF_X | PF_R,
			     .p_vaddr = 0x1000,
			     .p_paddr = 0x1000,
			     .p_filesz = sizeof(*f),
			     .p_memsz = sizeof(*f),
			     .p_align = 4096};
	f->sh[1] = (Elf64_Shdr){.sh_name = 1,
				.sh_type = SHT_NOTE,
				.sh_offset = offsetof(struct file, note),
				.sh_size = sizeof(f->note),
				.sh_addralign = 4};
	f->sh[2] = (Elf64_Shdr){.sh_name = 29,
				.sh_type = SHT_STRTAB,
				.sh_offset = offsetof(struct file, names),
				.sh_size = sizeof(f->names),
				.sh_addralign = 1};
	memcpy(f->names, names, sizeof(names));
	f->note.n = (Elf64_Nhdr){8, 24 + sizeof(f->note.text), 3};
	memcpy(f->note.owner, "stapsdt", 8);
	f->note.pc = pc;
	f->note.base = base;
	f->note.sem = sem;
	memcpy(f->note.text, text, sizeof(text));
}

static void notes_become_marks(void **state)
{
	struct file f;
	const char *why = NULL;

	make_file(&f, 0x1010, 0, 0x1020);
	struct sdt_file *s = sdt_file_from_memory(a, &f, sizeof(f), &why);
	assert_non_null(s);
	assert_int_equal(s->nmarks, 1);
	assert_string_equal(s->marks[0].provider, "prov");
	assert_string_equal(s->marks[0].name, "name");
	assert_string_equal(s->marks[0].args, "8@%rax");
	assert_int_equal(s->marks[0].file_off, 0x10);
	assert_int_equal(s->marks[0].sem_off, 0x20);
}

/* prelink moved the file by 0x1000, the note knows the old addresses. */
static void a_moved_file_moves_its_marks(void **state)
{
	struct file f;
	const char *why = NULL;

	make_file(&f, 0x010, 0x800, 0x020);
	struct sdt_file *s = sdt_file_from_memory(a, &f, sizeof(f), &why);
	assert_int_equal(s->nmarks, 0); /* outside of the code */
	assert_int_equal(s->n_bad, 1);
	f.sh[2].sh_addr = 0x1800;
	f.sh[2].sh_name = 15; /* .stapsdt.base; also holds the names */
	s = sdt_file_from_memory(a, &f, sizeof(f), &why);
	assert_int_equal(s->nmarks, 1);
	assert_int_equal(s->marks[0].addr, 0x1010);
	assert_int_equal(s->marks[0].sem_off, 0x20);
}

static void damaged_notes_are_counted(void **state)
{
	struct file f;
	const char *why = NULL;

	make_file(&f, 0x1010, 0, 0);
	memset(f.note.text, 'x', sizeof(f.note.text)); /* no NUL */
	struct sdt_file *s = sdt_file_from_memory(a, &f, sizeof(f), &why);
	assert_int_equal(s->nmarks, 0);
	assert_int_equal(s->n_bad, 1);
	make_file(&f, 0x1010, 0, 0x90000000); /* semaphore outside */
	s = sdt_file_from_memory(a, &f, sizeof(f), &why);
	assert_int_equal(s->n_bad, 1);
	make_file(&f, 0x1010, 0, 0);
	f.note.n.n_descsz = 0xfffffff0; /* longer than the section */
	s = sdt_file_from_memory(a, &f, sizeof(f), &why);
	assert_int_equal(s->nmarks, 0);
	for (size_t len = 0; len < sizeof(f); len += 8)
		sdt_file_from_memory(a, &f, len, &why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operands_of_x86_64),
		cmocka_unit_test(operands_of_arm64),
		cmocka_unit_test(what_is_no_operand),
		cmocka_unit_test(operands_are_counted),
		cmocka_unit_test(notes_become_marks),
		cmocka_unit_test(a_moved_file_moves_its_marks),
		cmocka_unit_test(damaged_notes_are_counted),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
