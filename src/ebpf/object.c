// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ELF file. Everything is put together in memory; see ebpf.h for what is
 * in it, wire/image.h and run/image_read.c for the ".stap" sections.
 */
#include "ebpf/gen.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/insn.h"
#include "wire/image_file.h"

#ifndef R_BPF_64_64
#define R_BPF_64_64 1
#endif
#ifndef R_BPF_64_32
#define R_BPF_64_32 10
#endif

uint32_t bytes_add(struct arena *a, struct bytes *b, const void *p, uint32_t n)
{
	uint32_t at = b->n;

	while (b->cap - b->n < n)
		b->v = vec_grow_(a, b->v, b->n, &b->cap, 1);
	if (p)
		memcpy(b->v + at, p, n);
	else
		memset(b->v + at, 0, n);
	b->n += n;
	return at;
}

uint32_t bytes_str(struct arena *a, struct bytes *b, const char *s)
{
	return bytes_add(a, b, s, (uint32_t)strlen(s) + 1);
}

void bytes_align(struct arena *a, struct bytes *b, uint32_t to)
{
	if (b->n % to)
		bytes_add(a, b, NULL, to - b->n % to);
}

struct section {
	const char *name;
	Elf64_Shdr h;
	const void *data;
};

/* Code sections come first: section 1 + index. */
struct object {
	struct unit *u;
	/* room for .text and a section for each handler */
	const char **code_name;
	struct bytes *code, *rel;
	uint32_t ncode, code_cap;
	VEC(struct section) sections;
	struct bytes syms, strs;
	VEC(uint32_t) func_sym; /* by unit.out index; 0: no global symbol */
	uint32_t heap_sym, ring_sym, text_sym, events_sym, tasks_sym;
	uint32_t maps_sec, bss_sec, rodata_sec, license_sec; /* rodata: or 0 */
	uint32_t nlocal;
};

#define SYM_TEXT 1 /* section symbol of .text */
#define SEC_TEXT 1

static uint32_t add_section(struct object *o, const char *name, uint32_t type,
			    uint64_t flags, const void *data, uint64_t size)
{
	struct section s = {.name = name, .data = data};

	s.h.sh_type = type;
	s.h.sh_flags = flags;
	s.h.sh_size = size;
	s.h.sh_addralign = 8;
	vec_push(o->u->arena, &o->sections, s);
	return o->sections.n; /* number 0 is the null section */
}

static struct section *section(struct object *o, uint32_t number)
{
	return &o->sections.v[number - 1];
}

/* ---- code ---- */
static uint32_t code_index(struct object *o, const char *name)
{
	for (uint32_t i = 0; i < o->ncode; i++)
		if (!strcmp(o->code_name[i], name))
			return i;
	o->code_name[o->ncode] = name;
	return o->ncode++;
}

/* .text is section SEC_TEXT and does not begin with a callback, as a reference
   to its start would look like one to nothing. */
static void place_code(struct object *o)
{
	struct unit *u = o->u;
	uint32_t *n = arena_new_array(u->arena, uint32_t, o->code_cap);

	code_index(o, ".text");
	for (int is_static = 0; is_static < 2; is_static++)
		vec_for (&u->out, i)
			if (u->out.v[i].is_static == is_static &&
			    !u->out.v[i].merged)
				vec_push(u->arena, &u->layout, i);
	vec_for (&u->layout, i) {
		struct ebpf_func *f = &u->out.v[u->layout.v[i]];
		uint32_t s = code_index(o, f->section);

		f->sec_insn = n[s];
		n[s] += f->code.n;
	}
}

static void copy_code(struct object *o)
{
	struct unit *u = o->u;

	vec_for (&u->layout, i) {
		struct ebpf_func *f = &u->out.v[u->layout.v[i]];

		bytes_add(u->arena, &o->code[code_index(o, f->section)],
			  f->code.v, f->code.n * sizeof(*f->code.v));
	}
	for (uint32_t i = 0; i < o->ncode; i++)
		add_section(o, o->code_name[i], SHT_PROGBITS,
			    SHF_ALLOC | SHF_EXECINSTR, o->code[i].v,
			    o->code[i].n);
}

/* ---- symbols ---- */
static uint32_t add_sym(struct object *o, const char *name, int bind, int type,
			uint32_t sec, uint64_t value, uint64_t size)
{
	Elf64_Sym s = {0};

	s.st_name = *name ? bytes_str(o->u->arena, &o->strs, name) : 0;
	s.st_info = (unsigned char)ELF64_ST_INFO(bind, type);
	s.st_shndx = (uint16_t)sec;
	s.st_value = value;
	s.st_size = size;
	return bytes_add(o->u->arena, &o->syms, &s, sizeof(s)) / sizeof(s);
}

static void add_symbols(struct object *o)
{
	const struct image *im = o->u->m->image;

	bytes_add(o->u->arena, &o->syms, NULL, sizeof(Elf64_Sym));
	add_sym(o, "", STB_LOCAL, STT_SECTION, SEC_TEXT, 0, 0);
	for (int is_static = 1; is_static >= 0; is_static--) {
		if (!is_static)
			o->nlocal = o->syms.n / sizeof(Elf64_Sym);
		vec_for (&o->u->out, i) {
			const struct ebpf_func *f = &o->u->out.v[i];

			if (f->is_static != is_static || f->merged)
				continue;
			o->func_sym.v[i] = add_sym(
				o, f->name, is_static ? STB_LOCAL : STB_GLOBAL,
				STT_FUNC, SEC_TEXT + code_index(o, f->section),
				8 * (uint64_t)f->sec_insn,
				8 * (uint64_t)f->code.n);
		}
	}
	o->heap_sym = add_sym(o, EBPF_HEAP, STB_GLOBAL, STT_OBJECT, o->bss_sec,
			      0, (uint64_t)im->heap_size + o->u->slack);
	o->ring_sym = add_sym(o, EBPF_RING, STB_GLOBAL, STT_OBJECT, o->maps_sec,
			      0, EBPF_MAP_RING);
	if (unit_refers(o->u, CODE_EVENTS)) {
		o->events_sym = add_sym(o, EBPF_EVENTS, STB_GLOBAL, STT_OBJECT,
					o->maps_sec, EBPF_MAP_RING,
					EBPF_MAP_OTHER);
		o->tasks_sym = add_sym(o, EBPF_TASKS, STB_GLOBAL, STT_OBJECT,
				       o->maps_sec,
				       EBPF_MAP_RING + EBPF_MAP_OTHER,
				       EBPF_MAP_OTHER);
	}
	if (o->rodata_sec)
		o->text_sym = add_sym(o, EBPF_TEXTS, STB_GLOBAL, STT_OBJECT,
				      o->rodata_sec, 0, sizeof(RTLIB_TEXTS));
	add_sym(o, "_license", STB_GLOBAL, STT_OBJECT, o->license_sec, 0, 4);
}

/* ---- relocations ---- */
static void relocate(struct object *o, const struct ebpf_func *f,
		     const struct code_reloc *r)
{
	uint32_t s = code_index(o, f->section), sym = 0, type = R_BPF_64_64;
	uint64_t at = 8 * (uint64_t)(f->sec_insn + r->insn);
	const struct ebpf_func *t = &o->u->out.v[r->target];
	struct bpf_insn insn;
	Elf64_Rel rel;

	memcpy(&insn, o->code[s].v + at, sizeof(insn));
	switch (r->kind) {
	case CODE_CALL:
		type = R_BPF_64_32;
		sym = t->is_static ? SYM_TEXT : o->func_sym.v[r->target];
		insn.src_reg = BPF_PSEUDO_CALL;
		insn.imm = t->is_static ? (int32_t)t->sec_insn - 1 : -1;
		break;
	case CODE_ADDR:
		sym = t->is_static ? SYM_TEXT : o->func_sym.v[r->target];
		insn.src_reg = 0;
		insn.imm = t->is_static ? 8 * (int32_t)t->sec_insn : 0;
		break;
	case CODE_HEAP:
		sym = o->heap_sym;
		break;
	case CODE_RING:
		sym = o->ring_sym;
		break;
	case CODE_EVENTS:
		sym = o->events_sym;
		break;
	case CODE_TASKS:
		sym = o->tasks_sym;
		break;
	case CODE_TEXT:
		sym = o->text_sym;
		break;
	}
	memcpy(o->code[s].v + at, &insn, sizeof(insn));
	rel.r_offset = at;
	rel.r_info = ELF64_R_INFO((uint64_t)sym, type);
	bytes_add(o->u->arena, &o->rel[s], &rel, sizeof(rel));
}

static void add_relocations(struct object *o, uint32_t symtab)
{
	struct unit *u = o->u;

	vec_for (&u->layout, i) {
		const struct ebpf_func *f = &u->out.v[u->layout.v[i]];

		vec_for (&f->relocs, r)
			relocate(o, f, &f->relocs.v[r]);
	}
	for (uint32_t i = 0; i < o->ncode; i++) {
		struct section *s;

		if (!o->rel[i].n)
			continue;
		s = section(o, add_section(o,
					   arena_printf(u->arena, ".rel%s",
							o->code_name[i]),
					   SHT_REL, SHF_INFO_LINK, o->rel[i].v,
					   o->rel[i].n));
		s->h.sh_link = symtab;
		s->h.sh_info = SEC_TEXT + i;
		s->h.sh_entsize = sizeof(Elf64_Rel);
	}
}

/* ---- the image ---- */
static void add_image(struct object *o)
{
	const struct image *im = o->u->m->image;
	struct image_file *h = arena_new_obj(o->u->arena, struct image_file);

	h->magic = WIRE_MAGIC;
	h->version = im->version;
	h->header_size = sizeof(*h);
	h->name = im->name;
	h->heap_size = im->heap_size;
	h->heap_slack = o->u->slack;
	h->ringbuf_size = im->ringbuf_size;
	h->kernel_release = im->kernel_release;
	h->arch = im->arch;
	h->kernel_id = im->kernel_id;
	add_section(o, IMAGE_SEC_HEADER, SHT_PROGBITS, 0, h, sizeof(*h));
#define X(sec, field, count)                                                   \
	add_section(o, sec, SHT_PROGBITS, 0, im->field,                        \
		    (uint64_t)im->count * sizeof(*im->field));
	IMAGE_FILE_TABLES(X)
#undef X
}

/* ---- the file ---- */
static struct ebpf_object *lay_out(struct object *o, uint32_t shstrndx)
{
	struct arena *a = o->u->arena;
	struct ebpf_object *obj = arena_new_obj(a, struct ebpf_object);
	struct bytes file = {0};
	Elf64_Ehdr e = {0};

	bytes_add(a, &file, NULL, sizeof(e));
	vec_for (&o->sections, i) {
		struct section *s = &o->sections.v[i];

		bytes_align(a, &file, 8);
		s->h.sh_offset = file.n;
		if (s->h.sh_type != SHT_NOBITS && s->h.sh_size)
			bytes_add(a, &file, s->data, (uint32_t)s->h.sh_size);
	}
	bytes_align(a, &file, 8);
	memcpy(e.e_ident, ELFMAG, SELFMAG);
	e.e_ident[EI_CLASS] = ELFCLASS64;
	e.e_ident[EI_DATA] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
				     ? ELFDATA2LSB
				     : ELFDATA2MSB;
	e.e_ident[EI_VERSION] = EV_CURRENT;
	e.e_type = ET_REL;
	e.e_machine = EM_BPF;
	e.e_version = EV_CURRENT;
	e.e_shoff = file.n;
	e.e_ehsize = sizeof(e);
	e.e_shentsize = sizeof(Elf64_Shdr);
	e.e_shnum = (uint16_t)(o->sections.n + 1);
	e.e_shstrndx = (uint16_t)shstrndx;
	memcpy(file.v, &e, sizeof(e));
	bytes_add(a, &file, NULL, sizeof(Elf64_Shdr));
	vec_for (&o->sections, i)
		bytes_add(a, &file, &o->sections.v[i].h, sizeof(Elf64_Shdr));
	obj->data = file.v;
	obj->size = file.n;
	obj->module = o->u->m;
	obj->funcs = o->u->out.v;
	obj->nfuncs = o->u->out.n;
	vec_for (&o->u->out, i) {
		const struct ebpf_func *f = &o->u->out.v[i];

		if (f->merged)
			continue;
		obj->ninsns += f->code.n;
		obj->nprograms += f->is_handler;
	}
	return obj;
}

bool unit_refers(const struct unit *u, enum code_reloc_kind kind)
{
	vec_for (&u->out, i)
		vec_for (&u->out.v[i].relocs, r)
			if (u->out.v[i].relocs.v[r].kind == kind)
				return true;
	return false;
}

struct ebpf_object *object_write(struct unit *u)
{
	struct object o = {.u = u};
	struct bytes btf = {0}, ext = {0};
	const struct image *im = u->m->image;
	uint32_t symtab, strtab, maps;
	struct section *s;

	o.func_sym.v = arena_new_array(u->arena, uint32_t, u->out.n);
	o.code_cap = u->m->image->nhandlers + 8;
	o.code_name = arena_new_array(u->arena, const char *, o.code_cap);
	o.code = arena_new_array(u->arena, struct bytes, o.code_cap);
	o.rel = arena_new_array(u->arena, struct bytes, o.code_cap);
	bytes_str(u->arena, &o.strs, "");
	place_code(&o);
	copy_code(&o);
	o.license_sec = add_section(&o, "license", SHT_PROGBITS,
				    SHF_ALLOC | SHF_WRITE, "GPL", 4);
	maps = EBPF_MAP_RING;
	if (unit_refers(u, CODE_EVENTS))
		maps += 2 * EBPF_MAP_OTHER;
	o.maps_sec =
		add_section(&o, ".maps", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE,
			    arena_alloc(u->arena, maps), maps);
	o.bss_sec = add_section(&o, ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE,
				NULL, (uint64_t)im->heap_size + u->slack);
	section(&o, o.bss_sec)->h.sh_addralign = 4096;
	if (unit_refers(u, CODE_TEXT))
		o.rodata_sec = add_section(&o, ".rodata", SHT_PROGBITS,
					   SHF_ALLOC, RTLIB_TEXTS,
					   sizeof(RTLIB_TEXTS));
	btf_write(u, o.code_name, o.ncode, &btf, &ext);
	add_section(&o, ".BTF", SHT_PROGBITS, 0, btf.v, btf.n);
	add_section(&o, ".BTF.ext", SHT_PROGBITS, 0, ext.v, ext.n);
	add_image(&o);
	add_symbols(&o);
	symtab = add_section(&o, ".symtab", SHT_SYMTAB, 0, o.syms.v, o.syms.n);
	add_relocations(&o, symtab);
	strtab = add_section(&o, ".strtab", SHT_STRTAB, 0, NULL, 0);
	s = section(&o, symtab);
	s->h.sh_link = strtab;
	s->h.sh_info = o.nlocal;
	s->h.sh_entsize = sizeof(Elf64_Sym);
	vec_for (&o.sections, i)
		o.sections.v[i].h.sh_name =
			bytes_str(u->arena, &o.strs, o.sections.v[i].name);
	s = section(&o, strtab);
	s->data = o.strs.v;
	s->h.sh_size = o.strs.n;
	return lay_out(&o, strtab);
}

static int write_all(int fd, const char *p, size_t left)
{
	while (left) {
		ssize_t n = write(fd, p, left);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			p += n;
			left -= (size_t)n;
		}
	}
	return 0;
}

int ebpf_write_file(const struct ebpf_object *obj, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	struct stat st;
	bool plain;
	int err;

	if (fd < 0)
		return -errno;
	plain = !fstat(fd, &st) && S_ISREG(st.st_mode);
	err = write_all(fd, obj->data, obj->size);
	if (close(fd) && !err)
		err = -errno;
	if (err && plain)
		unlink(path);
	return err;
}
