// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading an image back. The file may come from anywhere, and what reads it
 * may be privileged, so nothing in it is believed: sections are looked up in
 * the raw ELF headers with every access checked, then the tables are checked
 * against each other. The code is not ours to check; the kernel does it.
 */
#include "run/image_read.h"

#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "wire/image_file.h"

#define HEAP_MAX (1u << 29) /* the BPF verifier's limit */
#define RING_MIN 4096u

struct reader {
	const unsigned char *data;
	size_t len;
	Elf64_Ehdr ehdr;
	char *why;
	size_t why_len;
};

__attribute__((format(printf, 3, 4))) static int bad(struct reader *r, int err,
						     const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->why, r->why_len, fmt, ap);
	va_end(ap);
	return -err;
}

static bool inside(uint64_t off, uint64_t size, uint64_t all)
{
	return off <= all && size <= all - off;
}

/* ---- ELF ---- */
static int read_header(struct reader *r)
{
	const unsigned char native = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
					     ? ELFDATA2LSB
					     : ELFDATA2MSB;
	Elf64_Ehdr *e = &r->ehdr;

	if (r->len < sizeof(*e) || memcmp(r->data, ELFMAG, SELFMAG))
		return bad(r, ENOEXEC, "not an ELF file");
	memcpy(e, r->data, sizeof(*e));
	if (e->e_ident[EI_CLASS] != ELFCLASS64)
		return bad(r, ENOEXEC, "not a BPF object");
	if (e->e_ident[EI_DATA] != native)
		return bad(r, EPROTO, "made for the other byte order");
	if (e->e_machine != EM_BPF)
		return bad(r, ENOEXEC, "not a BPF object");
	if (e->e_shentsize != sizeof(Elf64_Shdr) || !e->e_shnum ||
	    e->e_shstrndx >= e->e_shnum ||
	    !inside(e->e_shoff, (uint64_t)e->e_shnum * sizeof(Elf64_Shdr),
		    r->len))
		return bad(r, EBADMSG, "damaged ELF headers");
	return 0;
}

static void section_at(const struct reader *r, unsigned i, Elf64_Shdr *h)
{
	memcpy(h, r->data + r->ehdr.e_shoff + (uint64_t)i * sizeof(*h),
	       sizeof(*h));
}

static bool is_named(const struct reader *r, const Elf64_Shdr *names,
		     const Elf64_Shdr *h, const char *name)
{
	size_t n = strlen(name) + 1;

	return inside(h->sh_name, n, names->sh_size) &&
	       !memcmp(r->data + names->sh_offset + h->sh_name, name, n);
}

/* *p is NULL when the section is not there. */
static int find_section(struct reader *r, const char *name, const void **p,
			uint64_t *size)
{
	Elf64_Shdr names, h;

	*p = NULL;
	*size = 0;
	section_at(r, r->ehdr.e_shstrndx, &names);
	if (!inside(names.sh_offset, names.sh_size, r->len))
		return bad(r, EBADMSG, "damaged section names");
	for (unsigned i = 1; i < r->ehdr.e_shnum; i++) {
		section_at(r, i, &h);
		if (!is_named(r, &names, &h, name))
			continue;
		if (*p)
			return bad(r, EBADMSG, "two sections %s", name);
		if (h.sh_type != SHT_PROGBITS || h.sh_offset % 8 ||
		    !inside(h.sh_offset, h.sh_size, r->len))
			return bad(r, EBADMSG, "damaged section %s", name);
		*p = r->data + h.sh_offset;
		*size = h.sh_size;
	}
	return 0;
}

static int read_table(struct reader *r, const char *name, size_t elem,
		      const void **p, w_u32 *count)
{
	uint64_t size;
	int err = find_section(r, name, p, &size);

	if (err)
		return err;
	if (!*p)
		return bad(r, EBADMSG, "section %s is missing", name);
	if (size % elem || size / elem > UINT32_MAX / 64)
		return bad(r, EBADMSG, "section %s has a bad size", name);
	*count = (w_u32)(size / elem);
	return 0;
}

static int read_tables(struct reader *r, struct image *im)
{
	const struct image_file *f;
	const void *p;
	uint64_t size;
	int err = find_section(r, IMAGE_SEC_HEADER, &p, &size);

	if (err)
		return err;
	if (!p)
		return bad(r, ENOEXEC, "not a compiled script");
	f = p;
	if (size < sizeof(*f) || f->magic != WIRE_MAGIC)
		return bad(r, EBADMSG, "damaged section " IMAGE_SEC_HEADER);
	if (f->version != WIRE_VERSION || f->header_size != sizeof(*f))
		return bad(r, EPROTO,
			   "compiled by another version (format %u, this is "
			   "%u)",
			   f->version, WIRE_VERSION);
	im->version = f->version;
	im->name = f->name;
	im->heap_size = f->heap_size;
	im->heap_slack = f->heap_slack;
	im->ringbuf_size = f->ringbuf_size;
	im->kernel_release = f->kernel_release;
	im->arch = f->arch;
	im->kernel_id = f->kernel_id;
#define X(sec, field, counter)                                                 \
	err = read_table(r, sec, sizeof(*im->field), &p, &im->counter);        \
	if (err)                                                               \
		return err;                                                    \
	im->field = p;
	IMAGE_FILE_TABLES(X)
#undef X
	return 0;
}

/* ---- contents ---- */
static bool is_power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

static int check_heap(struct reader *r, const struct image *im)
{
	struct rt_head h;

	if (!is_power_of_two(im->heap_size) || im->heap_size < 4096 ||
	    im->heap_size > HEAP_MAX || im->heap_slack > WIRE_SLACK_MAX)
		return bad(r, EBADMSG, "bad heap size");
	if (!is_power_of_two(im->ringbuf_size) || im->ringbuf_size < RING_MIN)
		return bad(r, EBADMSG, "bad buffer size");
	if (im->heap_init_len < sizeof(h) || im->heap_init_len > im->heap_size)
		return bad(r, EBADMSG, "bad size of the heap's contents");
	memcpy(&h, im->heap_init, sizeof(h));
	if (h.heap_size != im->heap_size || h.zero)
		return bad(r, EBADMSG, "bad heap header");
	if (!is_power_of_two(h.ctx_count) || h.ctx_off % 8 || h.ctx_size % 8 ||
	    h.ctx_size < RT_CTX_FRAME || h.out_cap > h.ctx_size ||
	    !inside(h.ctx_off, (uint64_t)h.ctx_size * h.ctx_count,
		    im->heap_size))
		return bad(r, EBADMSG, "bad contexts");
	if (h.probe_stats_off &&
	    (h.probe_stats_off % 8 ||
	     !inside(h.probe_stats_off,
		     (uint64_t)h.nprobes * sizeof(struct rt_probe_stat),
		     im->heap_size)))
		return bad(r, EBADMSG, "bad probe statistics");
	if (!inside(h.globals_off, h.globals_size, im->heap_size))
		return bad(r, EBADMSG, "bad globals");
	return 0;
}

/* Is it an offset in the string table? */
static bool str_ok(const struct image *im, w_u32 off)
{
	return off < im->nstrings;
}

static int check_strings(struct reader *r, const struct image *im)
{
	if (!im->nstrings || im->strings[0] || im->strings[im->nstrings - 1])
		return bad(r, EBADMSG, "bad string table");
	if (!str_ok(im, im->name) || !str_ok(im, im->kernel_release) ||
	    !str_ok(im, im->kernel_id) ||
	    !str_ok(im, im->arch))
		return bad(r, EBADMSG, "bad image names");
	for (w_u32 i = 0; i < im->nlocs; i++)
		if (!str_ok(im, im->locs[i].file) ||
		    !str_ok(im, im->locs[i].what))
			return bad(r, EBADMSG, "bad location %u", i);
	return 0;
}

static int check_format(struct reader *r, const struct image *im, w_u32 i)
{
	const struct image_format *f = &im->formats[i];
	uint64_t args = 0;

	if (!inside(f->first_part, f->nparts, im->nparts))
		return bad(r, EBADMSG, "bad format %u", i);
	for (w_u32 k = 0; k < f->nparts; k++) {
		const struct wire_spec *s = &im->parts[f->first_part + k].spec;

		if (s->conv)
			args += 1u + !!(s->flags & WIRE_SPEC_WIDTH_ARG) +
				!!(s->flags & WIRE_SPEC_PREC_ARG);
	}
	if (args != f->nargs)
		return bad(r, EBADMSG, "format %u: bad number of arguments", i);
	return 0;
}

static int check_formats(struct reader *r, const struct image *im)
{
	for (w_u32 i = 0; i < im->nparts; i++) {
		const struct image_part *p = &im->parts[i];

		if (!inside(p->literal, p->literal_len, im->nstrings) ||
		    (p->spec.conv && !strchr("sduxXocbpmM", p->spec.conv)))
			return bad(r, EBADMSG, "bad format part %u", i);
	}
	for (w_u32 i = 0; i < im->nformats; i++) {
		int err = check_format(r, im, i);

		if (err)
			return err;
	}
	return 0;
}

static bool is_identifier(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz"
			     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return n && !s[n] && (*s < '0' || *s > '9');
}

/* What `event` is depends on the kind. */
static bool event_ok(const struct image *im, const struct wire_attach *a)
{
	switch (a->kind) {
	case WIRE_PROBE_PROCESS:
		return a->event <= WIRE_PROC_THREAD_END;
	case WIRE_PROBE_CONDITION:
		return a->event < im->nhandlers && a->offset % 8 == 0 &&
		       a->offset + 8 > a->offset &&
		       a->offset + 8 <= im->heap_size;
	case WIRE_PROBE_COUNTER:
		return a->nth < RT_COUNTERS;
	default:
		return true;
	}
}

static int check_handlers(struct reader *r, const struct image *im)
{
	for (w_u32 i = 0; i < im->nhandlers; i++) {
		const struct image_handler *h = &im->handlers[i];

		if (!str_ok(im, h->name) || !str_ok(im, h->point) ||
		    !str_ok(im, h->pp) || !str_ok(im, h->file) ||
		    h->prog_type >= IMAGE_PROG_TYPES ||
		    !is_identifier(im->strings + h->name))
			return bad(r, EBADMSG, "bad handler %u", i);
	}
	for (w_u32 i = 0; i < im->nattach; i++) {
		const struct wire_attach *a = &im->attach[i];

		if (a->kind >= WIRE_PROBE_KINDS || a->handler >= im->nhandlers ||
		    !str_ok(im, a->name) || !str_ok(im, a->target) ||
		    !str_ok(im, a->symbol) || a->pid < -1 ||
		    !event_ok(im, a) || a->build_id_len > sizeof(a->build_id))
			return bad(r, EBADMSG, "bad attach record %u", i);
	}
	return 0;
}

int image_read(const void *data, size_t len, struct image *out, char *why,
	       size_t why_len)
{
	struct reader r = {
		.data = data, .len = len, .why = why, .why_len = why_len};
	struct image im = {0};
	int err;

	if ((uintptr_t)data % 8)
		return bad(&r, EINVAL, "misaligned buffer");
	err = read_header(&r);
	if (!err)
		err = read_tables(&r, &im);
	if (!err)
		err = check_heap(&r, &im);
	if (!err)
		err = check_strings(&r, &im);
	if (!err)
		err = check_formats(&r, &im);
	if (!err)
		err = check_handlers(&r, &im);
	if (!err)
		*out = im;
	return err;
}
