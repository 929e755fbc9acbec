// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Turns the run-time library, as clang compiled it to BPF, into C tables
 * (src/ebpf/rtlib.h):
 *
 *	rtembed maygoto=FILE.o bpfloop=FILE.o >rtlib.c
 *
 * The functions of .text are told apart by their symbols; what they refer to
 * becomes relocations between functions, so that the back end can take only
 * those it needs. Anything else an object could hold (data, constants, maps of
 * its own, CO-RE) is refused: the library must do without.
 */
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ebpf/rtlib.h"

#ifndef R_BPF_64_64
#define R_BPF_64_64 1
#endif
#ifndef R_BPF_64_32
#define R_BPF_64_32 10
#endif
#define LD_IMM64 (BPF_LD | BPF_IMM | BPF_DW)
#define CALL_INSN (BPF_JMP | BPF_CALL)

struct func {
	const char *name;
	uint32_t first, ninsns;
	uint8_t nargs;
	bool returns_void, is_static;
};

struct input {
	const char *variant, *path;
	Elf *elf;
	struct btf *btf;
	size_t text, symtab, strtab;
	Elf_Data *syms;
	struct bpf_insn *insns;
	uint32_t ninsns;
	struct func *funcs; /* by rising position */
	uint32_t nfuncs;
	struct rtlib_reloc *relocs; /* insn: in .text */
	uint32_t nrelocs;
};

static void __attribute__((noreturn, format(printf, 2, 3)))
die(const struct input *in, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "rtembed: %s: ", in ? in->path : "error");
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		die(NULL, "out of memory");
	return p;
}

static const char *func_at(const struct input *in, uint32_t insn)
{
	for (uint32_t i = 0; i < in->nfuncs; i++)
		if (insn >= in->funcs[i].first &&
		    insn - in->funcs[i].first < in->funcs[i].ninsns)
			return in->funcs[i].name;
	return "?";
}

/* ---- sections ---- */
static void refuse_core(const struct input *in, const Elf_Data *data)
{
	/* struct btf_ext_header, which no public header has */
	enum { HDR_LEN = 4, CORE_LEN = 28, WITH_CORE = 32 };
	uint32_t hdr_len, core_len;

	if (!data || data->d_size < WITH_CORE)
		return;
	memcpy(&hdr_len, (char *)data->d_buf + HDR_LEN, 4);
	memcpy(&core_len, (char *)data->d_buf + CORE_LEN, 4);
	if (hdr_len >= WITH_CORE && core_len)
		die(in, "CO-RE relocations");
}

static bool is_harmless(const char *name, const GElf_Shdr *h)
{
	return h->sh_type == SHT_STRTAB || !h->sh_size ||
	       !(h->sh_flags & SHF_ALLOC) || !strcmp(name, "license");
}

static void read_sections(struct input *in)
{
	Elf_Scn *scn = NULL;
	size_t shstr;

	if (elf_getshdrstrndx(in->elf, &shstr))
		die(in, "no section names");
	while ((scn = elf_nextscn(in->elf, scn))) {
		const char *name;
		Elf_Data *data;
		GElf_Shdr h;

		if (!gelf_getshdr(scn, &h))
			die(in, "bad section header");
		name = elf_strptr(in->elf, shstr, h.sh_name);
		data = elf_getdata(scn, NULL);
		if (!name)
			die(in, "section without name");
		if (!strcmp(name, ".text")) {
			in->text = elf_ndxscn(scn);
			if (!data || data->d_size % sizeof(*in->insns))
				die(in, "bad .text");
			in->insns = data->d_buf;
			in->ninsns =
				(uint32_t)(data->d_size / sizeof(*in->insns));
		} else if (!strcmp(name, ".BTF.ext")) {
			refuse_core(in, data);
		} else if (h.sh_type == SHT_SYMTAB) {
			in->symtab = elf_ndxscn(scn);
			in->strtab = h.sh_link;
			in->syms = data;
		} else if (!is_harmless(name, &h)) {
			die(in, "section %s: the library may have no data",
			    name);
		}
	}
	if (!in->text || !in->syms)
		die(in, "no .text or no symbols");
}

/* ---- functions ---- */
static void describe(struct input *in, struct func *f)
{
	int id = btf__find_by_name_kind(in->btf, f->name, BTF_KIND_FUNC);
	const struct btf_type *t, *ret;

	if (id < 0)
		die(in, "%s: no type information (-g missing?)", f->name);
	t = btf__type_by_id(in->btf,
			    btf__type_by_id(in->btf, (uint32_t)id)->type);
	if (btf_vlen(t) > 5)
		die(in, "%s: more than 5 arguments", f->name);
	f->nargs = (uint8_t)btf_vlen(t);
	f->returns_void = !t->type;
	ret = t->type ? btf__type_by_id(in->btf, t->type) : NULL;
	if (f->is_static)
		return;
	if (!ret)
		die(in, "%s: a global function must return an integer",
		    f->name);
	for (uint32_t i = 0; i < f->nargs; i++) {
		int r = btf__resolve_type(in->btf, btf_params(t)[i].type);

		if (r < 0 || !btf_is_int(btf__type_by_id(in->btf, (uint32_t)r)))
			die(in,
			    "%s: argument %u of a global function must be an "
			    "integer",
			    f->name, i + 1);
	}
}

static int by_position(const void *pa, const void *pb)
{
	const struct func *a = pa, *b = pb;

	return a->first < b->first ? -1 : a->first > b->first;
}

static void read_funcs(struct input *in)
{
	size_t n = in->syms->d_size / sizeof(Elf64_Sym);
	uint32_t end = 0;

	in->funcs = xcalloc(n, sizeof(*in->funcs));
	for (size_t i = 0; i < n; i++) {
		struct func *f = &in->funcs[in->nfuncs];
		GElf_Sym s;

		gelf_getsym(in->syms, (int)i, &s);
		if (s.st_shndx != in->text ||
		    GELF_ST_TYPE(s.st_info) != STT_FUNC)
			continue;
		f->name = elf_strptr(in->elf, in->strtab, s.st_name);
		f->first = (uint32_t)(s.st_value / sizeof(*in->insns));
		f->ninsns = (uint32_t)(s.st_size / sizeof(*in->insns));
		f->is_static = GELF_ST_BIND(s.st_info) == STB_LOCAL;
		describe(in, f);
		in->nfuncs++;
	}
	if (in->nfuncs > UINT16_MAX)
		die(in, "too many functions");
	qsort(in->funcs, in->nfuncs, sizeof(*in->funcs), by_position);
	for (uint32_t i = 0; i < in->nfuncs; i++) {
		if (in->funcs[i].first != end)
			die(in, "code before %s belongs to no function",
			    in->funcs[i].name);
		end += in->funcs[i].ninsns;
	}
	if (end != in->ninsns)
		die(in, "code at the end belongs to no function");
}

/* The function that begins at this instruction of .text. */
static uint16_t func_index(const struct input *in, uint32_t at, int64_t first)
{
	for (uint32_t i = 0; i < in->nfuncs; i++)
		if (in->funcs[i].first == first)
			return (uint16_t)i;
	die(in, "%s+%u: refers to the middle of a function", func_at(in, at),
	    at);
}

/* ---- relocations ---- */
static void add_reloc(struct input *in, uint32_t insn, int kind,
		      uint16_t target)
{
	in->relocs[in->nrelocs++] = (struct rtlib_reloc){
		.insn = insn, .kind = (uint16_t)kind, .target = target};
}

static void read_reloc(struct input *in, const GElf_Rel *r)
{
	uint32_t at = (uint32_t)(r->r_offset / sizeof(*in->insns));
	uint32_t type = (uint32_t)GELF_R_TYPE(r->r_info);
	struct bpf_insn *insn = &in->insns[at];
	const char *name;
	bool in_text;
	GElf_Sym s;

	if (at >= in->ninsns ||
	    !gelf_getsym(in->syms, (int)GELF_R_SYM(r->r_info), &s))
		die(in, "bad relocation");
	name = elf_strptr(in->elf, in->strtab, s.st_name);
	in_text = s.st_shndx == in->text;
	if (type == R_BPF_64_32 && insn->code == CALL_INSN && in_text) {
		add_reloc(in, at, RTLIB_CALL,
			  func_index(in, at,
				     (int64_t)s.st_value / 8 + insn->imm + 1));
	} else if (type == R_BPF_64_64 && insn->code == LD_IMM64 && in_text) {
		add_reloc(in, at, RTLIB_FUNC,
			  func_index(in, at,
				     ((int64_t)s.st_value + insn->imm) / 8));
		insn[0].imm = 0;
	} else if (type == R_BPF_64_64 && insn->code == LD_IMM64 && name &&
		   !strcmp(name, "rt_heap")) {
		add_reloc(in, at, RTLIB_HEAP, 0);
	} else if (type == R_BPF_64_64 && insn->code == LD_IMM64 && name &&
		   !strcmp(name, "rt_ring") && !insn->imm) {
		add_reloc(in, at, RTLIB_RING, 0);
	} else if (type == R_BPF_64_64 && insn->code == LD_IMM64 && name &&
		   !strcmp(name, "rt_events") && !insn->imm) {
		add_reloc(in, at, RTLIB_EVENTS, 0);
	} else if (type == R_BPF_64_64 && insn->code == LD_IMM64 && name &&
		   !strcmp(name, "rt_tasks") && !insn->imm) {
		add_reloc(in, at, RTLIB_TASKS, 0);
	} else if (type == R_BPF_64_64 && insn->code == LD_IMM64 && name &&
		   !strcmp(name, "rt_texts")) {
		add_reloc(in, at, RTLIB_TEXT, 0);
	} else {
		die(in,
		    "%s: relocation of type %u against '%s', opcode %#x: the "
		    "library may refer to its functions, rt_heap, rt_ring, "
		    "rt_events, rt_tasks and rt_texts only",
		    func_at(in, at), type, name && *name ? name : "?",
		    insn->code);
	}
}

static bool has_reloc(const struct input *in, uint32_t insn)
{
	for (uint32_t i = 0; i < in->nrelocs; i++)
		if (in->relocs[i].insn == insn)
			return true;
	return false;
}

/* Calls that the assembler resolved itself, and masks. */
static void read_insns(struct input *in)
{
	for (uint32_t i = 0; i < in->ninsns; i++) {
		const struct bpf_insn *insn = &in->insns[i];
		bool is_and = insn->code == (BPF_ALU64 | BPF_AND | BPF_K) ||
			      insn->code == (BPF_ALU | BPF_AND | BPF_K);

		if (insn->code == CALL_INSN &&
		    insn->src_reg == BPF_PSEUDO_CALL && !has_reloc(in, i))
			add_reloc(
				in, i, RTLIB_CALL,
				func_index(in, i, (int64_t)i + insn->imm + 1));
		else if (is_and && insn->imm == RTLIB_MASK_MAGIC)
			add_reloc(in, i, RTLIB_MASK, 0);
		else if (insn->imm == RTLIB_MASK_MAGIC)
			die(in, "%s: the heap mask in opcode %#x",
			    func_at(in, i), insn->code);
		if (insn->code == LD_IMM64) {
			if (insn->src_reg)
				die(in, "%s: unexpected kind of ld_imm64",
				    func_at(in, i));
			i++;
		}
	}
}

static int by_insn(const void *pa, const void *pb)
{
	const struct rtlib_reloc *a = pa, *b = pb;

	return a->insn < b->insn ? -1 : a->insn > b->insn;
}

static void read_relocs(struct input *in)
{
	Elf_Scn *scn = NULL;

	in->relocs = xcalloc(in->ninsns, sizeof(*in->relocs));
	while ((scn = elf_nextscn(in->elf, scn))) {
		Elf_Data *data;
		GElf_Shdr h;
		GElf_Rel r;

		if (!gelf_getshdr(scn, &h) || h.sh_info != in->text)
			continue;
		if (h.sh_type == SHT_RELA)
			die(in, "RELA relocations");
		if (h.sh_type != SHT_REL)
			continue;
		data = elf_getdata(scn, NULL);
		for (int i = 0; gelf_getrel(data, i, &r); i++)
			read_reloc(in, &r);
	}
	read_insns(in);
	qsort(in->relocs, in->nrelocs, sizeof(*in->relocs), by_insn);
}

/* ---- output ---- */
static void print_func(const struct input *in, uint32_t index,
		       uint32_t *first_reloc)
{
	const struct func *f = &in->funcs[index];
	uint32_t n = 0, r = *first_reloc;

	printf("static const uint64_t %s_insns_%u[] = { /* %s */\n",
	       in->variant, index, f->name);
	for (uint32_t i = 0; i < f->ninsns; i++) {
		uint64_t word;

		memcpy(&word, &in->insns[f->first + i], sizeof(word));
		printf("%s0x%llxu,%s", i % 4 ? " " : "\t",
		       (unsigned long long)word,
		       i % 4 == 3 || i + 1 == f->ninsns ? "\n" : "");
	}
	printf("};\nstatic const struct rtlib_reloc %s_relocs_%u[] = {\n",
	       in->variant, index);
	for (; r < in->nrelocs && in->relocs[r].insn < f->first + f->ninsns;
	     r++, n++)
		printf("\t{ %u, %u, %u },\n", in->relocs[r].insn - f->first,
		       in->relocs[r].kind, in->relocs[r].target);
	if (!n)
		printf("\t{ 0 },\n");
	printf("};\n");
	*first_reloc = r;
}

static void print_table(const struct input *in)
{
	uint32_t r = 0;

	for (uint32_t i = 0; i < in->nfuncs; i++)
		print_func(in, i, &r);
	r = 0;
	printf("static const struct rtlib_func %s_funcs[] = {\n", in->variant);
	for (uint32_t i = 0; i < in->nfuncs; i++) {
		const struct func *f = &in->funcs[i];
		uint32_t start = r;

		while (r < in->nrelocs &&
		       in->relocs[r].insn < f->first + f->ninsns)
			r++;
		printf("\t{ \"%s\", %s_insns_%u, %s_relocs_%u, %u, %u, %u, %u, "
		       "%u },\n",
		       f->name, in->variant, i, in->variant, i, f->ninsns,
		       r - start, f->nargs, f->returns_void, f->is_static);
	}
	printf("};\nconst struct rtlib rtlib_%s = { %s_funcs, %u };\n",
	       in->variant, in->variant, in->nfuncs);
}

static void embed(const char *variant, const char *path)
{
	struct input in = {.variant = variant, .path = path};
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die(&in, "%s", strerror(errno));
	in.elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!in.elf || elf_kind(in.elf) != ELF_K_ELF)
		die(&in, "not an ELF file");
	in.btf = btf__parse_elf(path, NULL);
	if (!in.btf)
		die(&in, "no BTF: %s", strerror(errno));
	read_sections(&in);
	read_funcs(&in);
	read_relocs(&in);
	print_table(&in);
	btf__free(in.btf);
	free(in.funcs);
	free(in.relocs);
	elf_end(in.elf);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		die(NULL, "usage: rtembed VARIANT=FILE.o...");
	elf_version(EV_CURRENT);
	printf("/* Made by rtembed from the run-time library. */\n"
	       "#include \"ebpf/rtlib.h\"\n\n");
	for (int i = 1; i < argc; i++) {
		char *eq = strchr(argv[i], '=');

		if (!eq)
			die(NULL, "%s: not VARIANT=FILE.o", argv[i]);
		*eq = 0;
		embed(argv[i], eq + 1);
	}
	if (fflush(stdout) || ferror(stdout))
		die(NULL, "write error");
	return 0;
}
