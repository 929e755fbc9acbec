// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nothing in the file says which entry calls what; but each entry jumps through
 * a word of the global offset table, and the relocation of that word names the
 * function. So the entries' instructions are decoded as far as that:
 *
 *   x86_64  [endbr64] [bnd] jmp *disp(%rip)
 *   i386    jmp *addr, or jmp *off(%ebx) with %ebx at the table
 *   arm64   [bti c] adrp x16, page; ldr x17, [x16, #off]; ...
 */
#include "target/plt.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct slot {
	uint64_t addr;
	const char *name;
};

struct reader {
	struct arena *arena;
	const struct elf_file *f;
	struct plt_table *out;
	VEC(struct slot) slots;
	uint64_t got; /* what %ebx points to: .got.plt, or .got */
};

/* ---- slots ---- */

static void read_relocs(struct reader *r, Elf *e, Elf_Scn *scn,
			const GElf_Shdr *sh)
{
	Elf_Data *d = elf_getdata(scn, NULL);
	Elf_Scn *symscn = elf_getscn(e, sh->sh_link);
	GElf_Shdr symsh;
	Elf_Data *syms = symscn && gelf_getshdr(symscn, &symsh) &&
					 symsh.sh_type == SHT_DYNSYM
				 ? elf_getdata(symscn, NULL)
				 : NULL;

	if (!d || !d->d_buf || !syms || !sh->sh_entsize)
		return;
	size_t n = d->d_size / sh->sh_entsize;
	for (size_t i = 0; i < n && i < INT32_MAX; i++) {
		GElf_Rela rela;
		GElf_Rel rel;
		GElf_Sym s;
		if (sh->sh_type == SHT_RELA) {
			if (!gelf_getrela(d, (int)i, &rela))
				return;
		} else {
			if (!gelf_getrel(d, (int)i, &rel))
				return;
			rela.r_offset = rel.r_offset;
			rela.r_info = rel.r_info;
		}
		if (!gelf_getsym(syms, (int)GELF_R_SYM(rela.r_info), &s))
			continue;
		const char *name = elf_strptr(e, symsh.sh_link, s.st_name);
		if (!name || !*name)
			continue;
		struct slot slot = {rela.r_offset,
				    arena_strdup(r->arena, name)};
		vec_push(r->arena, &r->slots, slot);
	}
}

static int slot_order(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static void add_entry(struct reader *r, uint64_t addr, uint64_t slot)
{
	struct slot key = {.addr = slot};
	const struct slot *s =
		r->slots.n ? bsearch(&key, r->slots.v, r->slots.n, sizeof(key),
				     slot_order)
			   : NULL;
	struct plt_entry entry = {.addr = addr};

	if (!s || !elf_offset_of(r->f, addr, &entry.file_off))
		return;
	entry.name = s->name;
	vec_push(r->arena, &r->out->v, entry);
}

/* ---- entries ---- */

static uint32_t word_at(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

/* Where the entry begins whose jmp is at i. */
static size_t x86_start(const uint8_t *p, size_t i)
{
	static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};

	if (i && p[i - 1] == 0xf2) /* bnd */
		i--;
	if (i >= 4 && !memcmp(p + i - 4, endbr64, 3) && (p[i - 1] | 1) == 0xfb)
		i -= 4;
	return i;
}

static void x86_entries(struct reader *r, const uint8_t *p, size_t n,
			uint64_t addr)
{
	bool wide = r->f->machine == EM_X86_64;

	for (size_t i = 0; i + 6 <= n; i++) {
		if (p[i] != 0xff || (p[i + 1] != 0x25 && p[i + 1] != 0xa3))
			continue;
		int32_t disp = (int32_t)word_at(p + i + 2);
		uint64_t slot;
		if (wide && p[i + 1] == 0x25)
			slot = addr + i + 6 + (uint64_t)(int64_t)disp;
		else if (wide)
			continue;
		else
			slot = (uint32_t)disp +
			       (p[i + 1] == 0xa3 ? (uint32_t)r->got : 0);
		add_entry(r, addr + x86_start(p, i), slot);
		i += 5;
	}
}

static void arm64_entries(struct reader *r, const uint8_t *p, size_t n,
			  uint64_t addr)
{
	for (size_t i = 0; i + 8 <= n; i += 4) {
		uint32_t adrp = word_at(p + i), ldr = word_at(p + i + 4);
		if ((adrp & 0x9f00001f) != 0x90000010 ||
		    (ldr & 0xffc003ff) != 0xf9400211)
			continue;
		int64_t pages = (int64_t)((uint64_t)(adrp >> 5 & 0x7ffff) << 45 |
					  (uint64_t)(adrp >> 29 & 3) << 43) >>
				43;
		uint64_t slot = ((addr + i) & ~4095ull) +
				(uint64_t)pages * 4096 +
				(uint64_t)(ldr >> 10 & 0xfff) * 8;
		bool bti = i >= 4 && word_at(p + i - 4) == 0xd503245f;
		add_entry(r, addr + i - (bti ? 4 : 0), slot);
	}
}

static int entry_order(const void *a, const void *b)
{
	const struct plt_entry *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : x->addr < y->addr ? -1 : x->addr > y->addr;
}

static bool run_reader(struct reader *r, Elf *e, const char **why)
{
	size_t names = 0;
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	if (!e || elf_kind(e) != ELF_K_ELF || elf_getshdrstrndx(e, &names)) {
		*why = "its section headers are damaged (is it truncated?)";
		return false;
	}
	while ((scn = elf_nextscn(e, scn))) {
		const char *name = gelf_getshdr(scn, &sh)
					   ? elf_strptr(e, names, sh.sh_name)
					   : NULL;
		if (!name)
			continue;
		if (sh.sh_type == SHT_RELA || sh.sh_type == SHT_REL)
			read_relocs(r, e, scn, &sh);
		if (!strcmp(name, ".got.plt") ||
		    (!strcmp(name, ".got") && !r->got))
			r->got = sh.sh_addr;
	}
	if (r->slots.n)
		qsort(r->slots.v, r->slots.n, sizeof(*r->slots.v), slot_order);
	while ((scn = elf_nextscn(e, scn))) {
		const char *name = gelf_getshdr(scn, &sh)
					   ? elf_strptr(e, names, sh.sh_name)
					   : NULL;
		Elf_Data *d;
		if (!name || strncmp(name, ".plt", 4) ||
		    !(sh.sh_flags & SHF_EXECINSTR) ||
		    !(d = elf_getdata(scn, NULL)) || !d->d_buf)
			continue;
		if (r->f->machine == EM_AARCH64)
			arm64_entries(r, d->d_buf, d->d_size, sh.sh_addr);
		else
			x86_entries(r, d->d_buf, d->d_size, sh.sh_addr);
	}
	if (r->out->v.n)
		qsort(r->out->v.v, r->out->v.n, sizeof(*r->out->v.v),
		      entry_order);
	return true;
}

bool plt_read(struct arena *a, const struct elf_file *f, struct plt_table *out,
	      const char **why)
{
	struct reader r = {.arena = a, .f = f, .out = out};
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		*why = arena_strdup(a, strerror(errno));
		return false;
	}
	elf_version(EV_CURRENT);
	Elf *e = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	bool ok = run_reader(&r, e, why);
	elf_end(e);
	close(fd);
	return ok;
}

bool plt_read_memory(struct arena *a, const struct elf_file *f, void *data,
		     size_t len, struct plt_table *out, const char **why)
{
	struct reader r = {.arena = a, .f = f, .out = out};

	elf_version(EV_CURRENT);
	Elf *e = elf_memory(data, len);
	bool ok = run_reader(&r, e, why);
	elf_end(e);
	return ok;
}
