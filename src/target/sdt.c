// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The notes: owner "stapsdt", type 3. Each holds three addresses as the linker
 * saw them (the mark, the section .stapsdt.base, the semaphore or 0) and three
 * texts (provider, name, operands). A tool that moves sections afterwards, as
 * prelink does, leaves the notes as they are; how far .stapsdt.base moved
 * tells how far the rest did.
 *
 * A semaphore is a 16-bit counter in the program's data: not 0 while somebody
 * listens. The kernel counts it up for a uprobe that names its file offset.
 */
#include "target/sdt.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NT_SDT 3
#define MAX_MARKS 100000u

struct segment {
	uint64_t addr, size, file_off;
	bool exec;
};

struct reader {
	struct arena *arena;
	struct sdt_file *f;
	bool is64;
	uint64_t base; /* address of .stapsdt.base now; 0: it is gone */
	VEC(struct segment) segs;
	VEC(struct sdt_mark) marks;
	VEC(struct sdt_symbol) symbols;
};

/* ---- the file ---- */

static const char *read_segments(struct reader *r, Elf *e)
{
	size_t n = 0;

	if (elf_getphdrnum(e, &n))
		return "its program headers are damaged (is it truncated?)";
	for (size_t i = 0; i < n && i < 65536; i++) {
		GElf_Phdr ph;
		if (!gelf_getphdr(e, (int)i, &ph))
			return "its program headers are damaged (is it "
			       "truncated?)";
		struct segment s = {ph.p_vaddr, ph.p_filesz, ph.p_offset,
				    ph.p_flags & PF_X};
		if (ph.p_type == PT_LOAD)
			vec_push(r->arena, &r->segs, s);
	}
	return NULL;
}

static bool offset_of(const struct reader *r, uint64_t addr, bool code,
		      uint64_t *off)
{
	vec_for (&r->segs, i) {
		const struct segment *s = &r->segs.v[i];
		if (addr >= s->addr && addr - s->addr < s->size &&
		    (!code || s->exec)) {
			*off = addr - s->addr + s->file_off;
			return true;
		}
	}
	return false;
}

static uint64_t word_at(const struct reader *r, const uint8_t *p)
{
	uint64_t v64;
	uint32_t v32;

	if (r->is64) {
		memcpy(&v64, p, 8);
		return v64;
	}
	memcpy(&v32, p, 4);
	return v32;
}

/* The text at *p, which moves behind it; NULL: no NUL before the end. */
static const char *text_at(struct reader *r, const uint8_t **p,
			   const uint8_t *end)
{
	size_t n = strnlen((const char *)*p, (size_t)(end - *p));

	if (n == (size_t)(end - *p))
		return NULL;
	const char *s = arena_strndup(r->arena, (const char *)*p, n);
	*p += n + 1;
	return s;
}

static bool read_mark(struct reader *r, const uint8_t *desc, size_t len,
		      struct sdt_mark *m)
{
	size_t word = r->is64 ? 8 : 4;
	const uint8_t *p = desc + 3 * word, *end = desc + len;

	if (len < 3 * word + 3)
		return false;
	uint64_t base = word_at(r, desc + word);
	uint64_t sem = word_at(r, desc + 2 * word);
	uint64_t moved = r->base && base ? r->base - base : 0;
	m->addr = word_at(r, desc) + moved;
	m->provider = text_at(r, &p, end);
	m->name = m->provider ? text_at(r, &p, end) : NULL;
	m->args = m->name ? text_at(r, &p, end) : NULL;
	if (!m->args || !*m->name ||
	    !offset_of(r, m->addr, true, &m->file_off))
		return false;
	/* The section .probes moves by itself; a tool that does so knows. */
	return !sem || offset_of(r, sem + moved, false, &m->sem_off);
}

static void read_notes(struct reader *r, Elf_Scn *scn)
{
	Elf_Data *d = elf_getdata(scn, NULL);
	size_t at = 0, name, desc;
	GElf_Nhdr n;

	while (d && d->d_buf && r->marks.n < MAX_MARKS &&
	       (at = gelf_getnote(d, at, &n, &name, &desc)) > 0) {
		struct sdt_mark m = {0};
		if (n.n_type != NT_SDT || n.n_namesz != 8 ||
		    memcmp((char *)d->d_buf + name, "stapsdt", 8))
			continue;
		if (read_mark(r, (uint8_t *)d->d_buf + desc, n.n_descsz, &m))
			vec_push(r->arena, &r->marks, m);
		else
			r->f->n_bad++;
	}
}

static void read_symbols(struct reader *r, Elf *e, Elf_Scn *scn,
			 const GElf_Shdr *sh)
{
	Elf_Data *d = elf_getdata(scn, NULL);

	if (!d || !d->d_buf || !sh->sh_entsize)
		return;
	size_t n = d->d_size / sh->sh_entsize;
	for (size_t i = 1; i < n && i < INT32_MAX; i++) {
		GElf_Sym s;
		if (!gelf_getsym(d, (int)i, &s))
			break;
		unsigned type = GELF_ST_TYPE(s.st_info);
		const char *name = elf_strptr(e, sh->sh_link, s.st_name);
		if (!name || !*name || s.st_shndx == SHN_UNDEF ||
		    (type != STT_OBJECT && type != STT_FUNC &&
		     type != STT_NOTYPE))
			continue;
		struct sdt_symbol sym = {
			arena_strndup(r->arena, name, strcspn(name, "@")),
			s.st_value};
		vec_push(r->arena, &r->symbols, sym);
	}
}

static int mark_order(const void *a, const void *b)
{
	const struct sdt_mark *x = a, *y = b;
	int c = strcmp(x->provider, y->provider);

	if (!c)
		c = strcmp(x->name, y->name);
	return c ? c : x->addr < y->addr ? -1 : x->addr > y->addr;
}

static int symbol_order(const void *a, const void *b)
{
	const struct sdt_symbol *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Notes are found by their section: it is not loaded at run time. */
static void read_sections(struct reader *r, Elf *e)
{
	size_t names = 0;
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	if (elf_getshdrstrndx(e, &names))
		return;
	while ((scn = elf_nextscn(e, scn))) {
		const char *name =
			gelf_getshdr(scn, &sh)
				? elf_strptr(e, names, sh.sh_name)
				: NULL;
		if (name && !strcmp(name, ".stapsdt.base"))
			r->base = sh.sh_addr;
	}
	while ((scn = elf_nextscn(e, scn)))
		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_NOTE)
			read_notes(r, scn);
	/* Reading all symbols is worth it for those who use them only. */
	if (!r->marks.n)
		return;
	while ((scn = elf_nextscn(e, scn)))
		if (gelf_getshdr(scn, &sh) && (sh.sh_type == SHT_SYMTAB ||
					       sh.sh_type == SHT_DYNSYM))
			read_symbols(r, e, scn, &sh);
}

static struct sdt_file *run_reader(struct arena *a, Elf *e, const char **why)
{
	struct reader r = {.arena = a,
			   .f = arena_new_obj(a, struct sdt_file)};
	GElf_Ehdr eh;

	if (!e || elf_kind(e) != ELF_K_ELF || !gelf_getehdr(e, &eh)) {
		*why = "it is not an ELF file";
		return NULL;
	}
	r.is64 = eh.e_ident[EI_CLASS] == ELFCLASS64;
	r.f->machine = eh.e_machine;
	r.f->fixed = eh.e_type == ET_EXEC;
	*why = read_segments(&r, e);
	if (*why)
		return NULL;
	read_sections(&r, e);
	if (r.marks.n)
		qsort(r.marks.v, r.marks.n, sizeof(*r.marks.v), mark_order);
	if (r.symbols.n)
		qsort(r.symbols.v, r.symbols.n, sizeof(*r.symbols.v),
		      symbol_order);
	r.f->marks = r.marks.v;
	r.f->nmarks = r.marks.n;
	r.f->symbols = r.symbols.v;
	r.f->nsymbols = r.symbols.n;
	return r.f;
}

struct sdt_file *sdt_file_read(struct arena *a, const char *path,
			       const char **why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		*why = arena_strdup(a, strerror(errno));
		return NULL;
	}
	elf_version(EV_CURRENT);
	Elf *e = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	struct sdt_file *f = run_reader(a, e, why);
	elf_end(e);
	close(fd);
	return f;
}

struct sdt_file *sdt_file_from_memory(struct arena *a, void *data, size_t len,
				      const char **why)
{
	elf_version(EV_CURRENT);
	Elf *e = elf_memory(data, len);
	struct sdt_file *f = run_reader(a, e, why);

	elf_end(e);
	return f;
}

bool sdt_symbol_addr(const struct sdt_file *f, const char *name, uint64_t *addr)
{
	struct sdt_symbol key = {.name = name};
	const struct sdt_symbol *s =
		f->nsymbols ? bsearch(&key, f->symbols, f->nsymbols,
				      sizeof(key), symbol_order)
			    : NULL;

	if (!s)
		return false;
	*addr = s->addr;
	return true;
}
