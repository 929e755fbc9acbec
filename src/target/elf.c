// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Functions of an ELF file, through libelf. Two tables may tell: .symtab
 * (all functions; often stripped, or moved to a separate debug file) and
 * .dynsym (what the file exports). Both are read and merged by address.
 *
 * A probe is placed by file offset, so every function's address is translated
 * with the program headers, and one outside of what an executable segment
 * holds of the file is no place for a probe.
 */
#include "target/elf.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "target/gotab.h"

#define OVERLAYFS_MAGIC 0x794c7630
#define BTRFS_MAGIC 0x9123683e

struct reader {
	struct arena *arena;
	struct elf_file *f;
	VEC(struct elf_func) funcs;
	elf_object_list *objects; /* NULL: functions are asked for */
};

static bool offset_in(const struct elf_segment *s, uint64_t addr, uint64_t *off)
{
	if (addr < s->addr || addr - s->addr >= s->size)
		return false;
	*off = addr - s->addr + s->file_off;
	return true;
}

bool elf_offset_of(const struct elf_file *f, uint64_t addr, uint64_t *off)
{
	vec_for (&f->segs, i)
		if (offset_in(&f->segs.v[i], addr, off))
			return true;
	return false;
}

#define PAGE 4096ull

static void widen(const struct elf_segment *s, uint64_t *lo, uint64_t *hi)
{
	if (s->addr < *lo)
		*lo = s->addr;
	if (s->addr + s->size > *hi)
		*hi = s->addr + s->size;
}

uint64_t elf_span(const struct elf_file *f)
{
	uint64_t lo = UINT64_MAX, hi = 0;

	vec_for (&f->segs, i)
		widen(&f->segs.v[i], &lo, &hi);
	vec_for (&f->data_segs, i)
		widen(&f->data_segs.v[i], &lo, &hi);
	return lo > hi ? 0 : ((hi + PAGE - 1) & -PAGE) - (lo & -PAGE);
}

static bool machine_fits(uint16_t m)
{
#if defined(__x86_64__)
	return m == EM_X86_64 || m == EM_386;
#elif defined(__aarch64__)
	return m == EM_AARCH64 || m == EM_ARM;
#else
	return true;
#endif
}

static void read_notes(struct elf_file *f, Elf *e, const GElf_Phdr *ph)
{
	Elf_Data *d = elf_getdata_rawchunk(
		e, (int64_t)ph->p_offset, ph->p_filesz,
		ph->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);

	if (d)
		f->build_id_len = build_id_in_notes(d->d_buf, d->d_size,
						    ph->p_align, f->build_id);
}

static const char *read_segments(struct reader *r, Elf *e, const GElf_Ehdr *eh)
{
	struct elf_file *f = r->f;
	bool interp = false;
	size_t n = 0;

	if (elf_getphdrnum(e, &n))
		return "its program headers are damaged (is it truncated?)";
	for (size_t i = 0; i < n && i < 65536; i++) {
		GElf_Phdr ph;
		if (!gelf_getphdr(e, (int)i, &ph))
			return "its program headers are damaged (is it "
			       "truncated?)";
		if (ph.p_type == PT_INTERP)
			interp = true;
		if (ph.p_type == PT_NOTE && !f->build_id_len)
			read_notes(f, e, &ph);
		if (ph.p_type != PT_LOAD)
			continue;
		bool code = ph.p_flags & PF_X;
		struct elf_segment s = {
			ph.p_vaddr, code ? ph.p_filesz : ph.p_memsz,
			ph.p_offset};
		if (code)
			vec_push(r->arena, &f->segs, s);
		else
			vec_push(r->arena, &f->data_segs, s);
	}
	if (!f->segs.n)
		return eh->e_type == ET_REL
			       ? "it is an object file; probes go into "
				 "programs and shared libraries"
			       : "it has no executable segment";
	f->is_pie = eh->e_type == ET_DYN;
	f->is_program = interp || !f->is_pie;
	return NULL;
}

/* "name@VERSION" of some .symtabs is "name". */
static const char *plain_name(struct arena *a, const char *s)
{
	const char *at = strchr(s, '@');

	return at && at != s ? arena_strndup(a, s, (size_t)(at - s))
			     : arena_strdup(a, s);
}

static void take_object(struct reader *r, const GElf_Sym *s, const char *name)
{
	const struct elf_file *f = r->f;
	struct elf_object o = {.size = s->st_size};

	if (GELF_ST_TYPE(s->st_info) != STT_OBJECT || !name || !*name ||
	    s->st_shndx == SHN_UNDEF)
		return;
	vec_for (&f->data_segs, i)
		if (offset_in(&f->data_segs.v[i], s->st_value, &o.file_off)) {
			o.name = plain_name(r->arena, name);
			vec_push(r->arena, r->objects, o);
			return;
		}
}

static void take_function(struct reader *r, const GElf_Sym *s, const char *name,
			bool exported)
{
	struct elf_file *f = r->f;
	unsigned type = GELF_ST_TYPE(s->st_info);
	struct elf_func fn = {.addr = s->st_value,
			      .size = s->st_size,
			      .bind = GELF_ST_BIND(s->st_info),
			      .exported = exported};

	if (type == STT_GNU_IFUNC) {
		/* its address is that of the resolver */
		f->n_indirect++;
		return;
	}
	if (type != STT_FUNC || !name || !*name)
		return;
	if (s->st_shndx == SHN_UNDEF) {
		f->n_undefined++;
		return;
	}
	if (f->machine == EM_ARM)
		fn.addr &= ~(uint64_t)1; /* Thumb */
	if (!elf_offset_of(f, fn.addr, &fn.file_off)) {
		f->n_outside++;
		return;
	}
	fn.name = plain_name(r->arena, name);
	vec_push(r->arena, &r->funcs, fn);
}

static void read_table(struct reader *r, Elf *e, Elf_Scn *scn,
		       const GElf_Shdr *sh, bool exported)
{
	Elf_Data *d = elf_getdata(scn, NULL);

	if (!d || !d->d_buf || !sh->sh_entsize)
		return;
	size_t n = d->d_size / sh->sh_entsize;
	for (size_t i = 1; i < n && i < INT32_MAX; i++) {
		GElf_Sym s;
		if (!gelf_getsym(d, (int)i, &s))
			break;
		const char *name = elf_strptr(e, sh->sh_link, s.st_name);
		if (r->objects)
			take_object(r, &s, name);
		else
			take_function(r, &s, name, exported);
	}
}

/* want: SHT_SYMTAB or SHT_DYNSYM. */
static bool read_tables(struct reader *r, Elf *e, uint32_t want)
{
	bool any = false;
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(e, scn))) {
		GElf_Shdr sh;
		if (!gelf_getshdr(scn, &sh) || sh.sh_type != want)
			continue;
		any = true;
		read_table(r, e, scn, &sh, want == SHT_DYNSYM);
	}
	return any;
}

/* ---- Go ---- */

static void take_go(void *ctx, const char *name, uint64_t addr, uint64_t size)
{
	struct reader *r = ctx;
	struct elf_func fn = {.name = name, .addr = addr, .size = size};

	if (!elf_offset_of(r->f, addr, &fn.file_off))
		return;
	fn.name = arena_strdup(r->arena, name);
	vec_push(r->arena, &r->funcs, fn);
}

/* What a stripped Go program knows of its functions. */
static bool read_go_table(struct reader *r, Elf *e)
{
	Elf_Data *table = NULL;
	uint64_t text = 0;
	Elf_Scn *scn = NULL;
	size_t names;

	if (elf_getshdrstrndx(e, &names))
		return false;
	while ((scn = elf_nextscn(e, scn))) {
		GElf_Shdr sh;
		const char *name = gelf_getshdr(scn, &sh)
					   ? elf_strptr(e, names, sh.sh_name)
					   : NULL;
		if (name && !strcmp(name, ".text"))
			text = sh.sh_addr;
		else if (name && (!strcmp(name, ".gopclntab") ||
				  !strcmp(name, ".data.rel.ro.gopclntab")))
			table = elf_rawdata(scn, NULL);
	}
	return table && table->d_buf &&
	       gotab_functions(table->d_buf, table->d_size, text, take_go, r);
}

static unsigned underscores(const char *s)
{
	return (unsigned)strspn(s, "_");
}

/* By address; among the names of one address, the one people use first. */
static int func_order(const void *a, const void *b)
{
	static const uint8_t bind_rank[] = {2, 0, 1};
	const struct elf_func *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	unsigned bx = x->bind < 3 ? bind_rank[x->bind] : 3;
	unsigned by = y->bind < 3 ? bind_rank[y->bind] : 3;
	if (bx != by)
		return bx < by ? -1 : 1;
	unsigned ux = underscores(x->name), uy = underscores(y->name);
	if (ux != uy)
		return ux < uy ? -1 : 1;
	int c = strcmp(x->name, y->name);
	return c ? c : (int)y->exported - (int)x->exported;
}

/* The same function in both tables is one function. */
static void finish(struct reader *r)
{
	uint32_t n = 0;

	if (r->funcs.n)
		qsort(r->funcs.v, r->funcs.n, sizeof(*r->funcs.v), func_order);
	vec_for (&r->funcs, i) {
		struct elf_func *v = r->funcs.v;
		if (n && v[n - 1].addr == v[i].addr &&
		    !strcmp(v[n - 1].name, v[i].name)) {
			v[n - 1].exported |= v[i].exported;
			continue;
		}
		v[n++] = v[i];
	}
	r->f->funcs = r->funcs.v;
	r->f->nfuncs = n;
}

static const char *read_elf(struct reader *r, Elf *e)
{
	GElf_Ehdr eh;

	if (elf_kind(e) == ELF_K_AR)
		return "it is an archive; probes go into programs and shared "
		       "libraries";
	if (elf_kind(e) != ELF_K_ELF)
		return "it is not an ELF file";
	if (!gelf_getehdr(e, &eh))
		return "its header is damaged (is it truncated?)";
	if (!machine_fits(eh.e_machine))
		return "it is for another machine's processor";
	if (eh.e_type == ET_CORE)
		return "it is a core dump";
	r->f->machine = eh.e_machine;
	const char *why = read_segments(r, e, &eh);
	if (why)
		return why;
	r->f->has_symtab = read_tables(r, e, SHT_SYMTAB);
	r->f->has_dynsym = read_tables(r, e, SHT_DYNSYM);
	if (!r->f->has_symtab)
		r->f->has_go_table = read_go_table(r, e);
	return NULL;
}

/* ---- separate debug files ---- */

const char *elf_build_id_text(struct arena *a, const struct elf_file *f)
{
	char *s = arena_alloc(a, BUILD_ID_TEXT);

	build_id_text(f->build_id, f->build_id_len, s);
	return s;
}

static const char *debug_file(const struct reader *r, const char *root)
{
	const char *hex = elf_build_id_text(r->arena, r->f);

	if (r->f->build_id_len < 2)
		return NULL;
	return arena_printf(r->arena,
			    "%s/usr/lib/debug/.build-id/%.2s/%s.debug", root,
			    hex, hex + 2);
}

static bool same_build_id(const struct elf_file *a, const struct elf_file *b)
{
	return a->build_id_len == b->build_id_len &&
	       !memcmp(a->build_id, b->build_id, a->build_id_len);
}

/*
 * A stripped file's .symtab may stand in the distribution's debug file. Its
 * addresses are the same; its own segments say nothing about the file.
 */
static void read_debug_file(struct reader *r, const char *root)
{
	const char *path = debug_file(r, root);
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;

	if (fd < 0)
		return;
	Elf *e = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	GElf_Ehdr eh;
	if (e && elf_kind(e) == ELF_K_ELF && gelf_getehdr(e, &eh)) {
		struct elf_file other = {0};
		size_t n = 0;
		GElf_Phdr ph;
		if (!elf_getphdrnum(e, &n))
			for (size_t i = 0; i < n && i < 65536; i++)
				if (gelf_getphdr(e, (int)i, &ph) &&
				    ph.p_type == PT_NOTE && !other.build_id_len)
					read_notes(&other, e, &ph);
		/* Debug files of some linkers keep notes in sections only;
		   the path is made of the build-id, which is proof enough. */
		if ((!other.build_id_len || same_build_id(&other, r->f)) &&
		    read_tables(r, e, SHT_SYMTAB))
			r->f->debug_path = path;
	}
	elf_end(e);
	close(fd);
}

/* ---- data ---- */

static void objects_of(struct reader *r, const char *path)
{
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;

	if (fd < 0)
		return;
	Elf *e = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (e && elf_kind(e) == ELF_K_ELF) {
		read_tables(r, e, SHT_SYMTAB);
		read_tables(r, e, SHT_DYNSYM);
	}
	elf_end(e);
	close(fd);
}

void elf_file_objects(struct arena *a, const struct elf_file *f,
		      elf_object_list *out)
{
	struct reader r = {.arena = a,
			   .f = (struct elf_file *)f,
			   .objects = out};

	objects_of(&r, f->path);
	objects_of(&r, f->debug_path);
}

/* ---- entry points ---- */

static struct elf_file *run_reader(struct arena *a, Elf *e, const char *root,
				   const char *path, const char **why)
{
	struct reader r = {.arena = a, .f = arena_new_obj(a, struct elf_file)};

	r.f->path = arena_strdup(a, path);
	if (!e) {
		*why = "it is not an ELF file";
		return NULL;
	}
	*why = read_elf(&r, e);
	if (*why)
		return NULL;
	if (root && !r.f->has_symtab && !r.f->has_go_table)
		read_debug_file(&r, root);
	finish(&r);
	return r.f;
}

/* What to say of a script, or NULL. */
static const char *script_interpreter(struct arena *a, int fd)
{
	char line[128];
	ssize_t n = pread(fd, line, sizeof(line) - 1, 0);

	if (n < 3 || memcmp(line, "#!", 2))
		return NULL;
	line[n] = '\0';
	const char *p = line + 2 + strspn(line + 2, " \t");
	return arena_printf(a,
			    "it is a script; the program is its interpreter, "
			    "%.*s",
			    (int)strcspn(p, " \t\r\n"), p);
}

static void note_file(struct elf_file *f, int fd, const struct stat *st)
{
	struct statfs fs;

	f->ino = st->st_ino;
	f->dev = st->st_dev;
	f->odd_dev = fstatfs(fd, &fs) ||
		     (uint32_t)fs.f_type == OVERLAYFS_MAGIC ||
		     (uint32_t)fs.f_type == BTRFS_MAGIC;
}

struct elf_file *elf_file_read(struct arena *a, const char *root,
			       const char *path, const char **why)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		*why = arena_strdup(a, strerror(errno));
		return NULL;
	}
	struct elf_file *f = NULL;
	if (fstat(fd, &st)) {
		*why = arena_strdup(a, strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		*why = S_ISDIR(st.st_mode) ? "it is a directory"
					   : "it is not a regular file";
	} else if (!st.st_size) {
		*why = "it is empty";
	} else if ((*why = script_interpreter(a, fd))) {
		f = NULL;
	} else {
		elf_version(EV_CURRENT);
		Elf *e = elf_begin(fd, ELF_C_READ_MMAP, NULL);
		f = run_reader(a, e, root, path, why);
		elf_end(e);
		if (f)
			note_file(f, fd, &st);
	}
	close(fd);
	return f;
}

struct elf_file *elf_file_from_memory(struct arena *a, void *data, size_t len,
				      const char *path, const char **why)
{
	elf_version(EV_CURRENT);
	Elf *e = elf_memory(data, len);
	struct elf_file *f = run_reader(a, e, NULL, path, why);

	elf_end(e);
	return f;
}
