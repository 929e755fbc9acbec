// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each function's frame description is a little program: advance to an address,
 * change the rule of the frame address or of a register. It is run once, and
 * what it says about the stack pointer, the frame pointer and the return
 * address becomes rows of a table; other registers are of no interest to a
 * backtrace. Rules that need DWARF expressions are given up, but for the one
 * that linkage tables have (they push one word in the middle of an entry).
 */
#include "target/unwind.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_ROWS (1u << 20)
#define STATES 16 /* remember_state within each other */

struct state {
	unsigned cfa_reg;
	int64_t cfa_off;
	int64_t bp_off, ra_off; /* INT64_MIN: same value */
	bool expression;	/* the CFA is one */
	bool deref;		/* a signal frame: the CFA is the word at
				   sp + cfa_off, the rest is relative to sp */
	bool ra_undefined;
};

struct machine {
	struct arena *arena;
	struct unwind_table *out;
	uint16_t em;
	unsigned sp, bp, ra; /* DWARF numbers */
	uint64_t code_align;
	int64_t data_align;
	struct state s, initial, stack[STATES];
	unsigned depth;
	uint64_t loc;
};

/* ---- bytes ---- */

struct bytes {
	const uint8_t *p, *end;
	bool bad;
};

static uint64_t fixed(struct bytes *b, size_t n)
{
	uint64_t v = 0;

	if ((size_t)(b->end - b->p) < n) {
		b->bad = true;
		b->p = b->end;
		return 0;
	}
	memcpy(&v, b->p, n); /* little-endian machines */
	b->p += n;
	return v;
}

static uint64_t uleb(struct bytes *b)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 70; shift += 7) {
		uint64_t c = fixed(b, 1);
		if (shift < 64)
			v |= (c & 127) << shift;
		if (!(c & 128))
			return v;
	}
	b->bad = true;
	return 0;
}

static int64_t sleb(struct bytes *b)
{
	uint64_t v = 0;
	unsigned shift = 0;

	for (; shift < 70;) {
		uint64_t c = fixed(b, 1);
		if (shift < 64)
			v |= (c & 127) << shift;
		shift += 7;
		if (!(c & 128)) {
			if (shift < 64 && c & 64)
				v |= ~0ull << shift;
			return (int64_t)v;
		}
	}
	b->bad = true;
	return 0;
}

/* ---- rules ---- */

static void emit(struct machine *m)
{
	const struct state *s = &m->s;
	struct unwind_row r = {.addr = m->loc, .cfa = UNWIND_NONE};

	if (s->ra_undefined)
		r.cfa = UNWIND_END;
	else if (s->deref)
		r.cfa = UNWIND_SIGNAL;
	else if (!s->expression && s->cfa_reg == m->sp)
		r.cfa = UNWIND_SP;
	else if (!s->expression && s->cfa_reg == m->bp)
		r.cfa = UNWIND_BP;
	if (s->cfa_off != (int32_t)s->cfa_off)
		r.cfa = UNWIND_NONE;
	r.cfa_off = (int32_t)s->cfa_off;
	if (s->bp_off == (int32_t)s->bp_off)
		r.bp_off = (int32_t)s->bp_off;
	if (s->ra_off == (int16_t)s->ra_off)
		r.ra_off = (int32_t)s->ra_off;
	struct unwind_table *t = m->out;
	/* Several changes at one address are one. */
	if (t->v.n && t->v.v[t->v.n - 1].addr == m->loc)
		t->v.v[t->v.n - 1] = r;
	else if (t->v.n < MAX_ROWS)
		vec_push(m->arena, &t->v, r);
}

static void set_saved(struct machine *m, uint64_t reg, int64_t off)
{
	if (reg == m->bp)
		m->s.bp_off = off;
	if (reg == m->ra) {
		m->s.ra_off = off;
		m->s.ra_undefined = false;
	}
}

static void restore(struct machine *m, uint64_t reg)
{
	if (reg == m->bp)
		m->s.bp_off = m->initial.bp_off;
	if (reg == m->ra) {
		m->s.ra_off = m->initial.ra_off;
		m->s.ra_undefined = m->initial.ra_undefined;
	}
}

static void skip_block(struct bytes *b)
{
	uint64_t n = uleb(b);

	if (n > (uint64_t)(b->end - b->p))
		b->bad = true;
	else
		b->p += n;
}

/*
 * "sp + n ...": what a linkage table says while nothing is pushed yet, or,
 * with a dereference behind it, a frame that the kernel made for a signal.
 */
static void cfa_expression(struct machine *m, struct bytes *b)
{
	struct bytes in = *b;
	uint64_t n = uleb(&in);

	m->s.expression = true;
	skip_block(b);
	if (b->bad || n < 2)
		return;
	in.end = in.p + n;
	if (fixed(&in, 1) != DW_OP_breg0 + m->sp)
		return;
	m->s.cfa_off = sleb(&in);
	m->s.cfa_reg = m->sp;
	m->s.deref = in.p + 1 == in.end && *in.p == DW_OP_deref;
	m->s.expression = in.bad || (in.p != in.end && !m->s.deref &&
				     m->s.cfa_off != 8);
}

/* Where the kernel saved a register in a signal frame. */
static void saved_expression(struct machine *m, struct bytes *b)
{
	uint64_t reg = uleb(b);
	struct bytes in = *b;
	uint64_t n = uleb(&in);

	skip_block(b);
	if (b->bad || n < 2 || fixed(&in, 1) != DW_OP_breg0 + m->sp)
		return;
	set_saved(m, reg, sleb(&in));
}

static void advance(struct machine *m, uint64_t n, bool rows)
{
	if (rows)
		emit(m);
	m->loc += n * m->code_align;
}

/* The instructions whose operand is in the first byte, or that need no more. */
static bool run_extended(struct machine *m, struct bytes *b, uint8_t op,
			 bool rows)
{
	uint64_t reg;

	switch (op) {
	case DW_CFA_nop:
		break;
	case DW_CFA_advance_loc1:
		advance(m, fixed(b, 1), rows);
		break;
	case DW_CFA_advance_loc2:
		advance(m, fixed(b, 2), rows);
		break;
	case DW_CFA_advance_loc4:
		advance(m, fixed(b, 4), rows);
		break;
	case DW_CFA_offset_extended:
		reg = uleb(b);
		set_saved(m, reg, (int64_t)uleb(b) * m->data_align);
		break;
	case DW_CFA_offset_extended_sf:
		reg = uleb(b);
		set_saved(m, reg, sleb(b) * m->data_align);
		break;
	case DW_CFA_val_offset:
	case DW_CFA_register:
		reg = uleb(b);
		uleb(b);
		break;
	case DW_CFA_restore_extended:
		restore(m, uleb(b));
		break;
	case DW_CFA_undefined:
		if (uleb(b) == m->ra)
			m->s.ra_undefined = true;
		break;
	case DW_CFA_same_value:
		set_saved(m, uleb(b), INT64_MIN);
		break;
	case DW_CFA_remember_state:
		if (m->depth == STATES)
			return false;
		m->stack[m->depth++] = m->s;
		break;
	case DW_CFA_restore_state:
		if (!m->depth)
			return false;
		m->s = m->stack[--m->depth];
		break;
	case DW_CFA_def_cfa:
		m->s.cfa_reg = (unsigned)uleb(b);
		m->s.cfa_off = (int64_t)uleb(b);
		m->s.expression = false;
		break;
	case DW_CFA_def_cfa_sf:
		m->s.cfa_reg = (unsigned)uleb(b);
		m->s.cfa_off = sleb(b) * m->data_align;
		m->s.expression = false;
		break;
	case DW_CFA_def_cfa_register:
		m->s.cfa_reg = (unsigned)uleb(b);
		m->s.expression = false;
		break;
	case DW_CFA_def_cfa_offset:
		m->s.cfa_off = (int64_t)uleb(b);
		break;
	case DW_CFA_def_cfa_offset_sf:
		m->s.cfa_off = sleb(b) * m->data_align;
		break;
	case DW_CFA_def_cfa_expression:
		cfa_expression(m, b);
		break;
	case DW_CFA_expression:
		saved_expression(m, b);
		break;
	case DW_CFA_val_expression:
		uleb(b);
		skip_block(b);
		break;
	case DW_CFA_GNU_args_size:
		uleb(b);
		break;
	case DW_CFA_GNU_window_save: /* arm64: toggles a signed address */
		break;
	default:
		return false;
	}
	return !b->bad;
}

static bool run(struct machine *m, const uint8_t *p, const uint8_t *end,
		bool rows)
{
	struct bytes b = {p, end, false};

	while (b.p < b.end) {
		uint8_t op = (uint8_t)fixed(&b, 1), low = op & 63;
		switch (op & 0xc0) {
		case DW_CFA_advance_loc:
			advance(m, low, rows);
			break;
		case DW_CFA_offset:
			set_saved(m, low, (int64_t)uleb(&b) * m->data_align);
			break;
		case DW_CFA_restore:
			restore(m, low);
			break;
		default:
			if (!run_extended(m, &b, op, rows))
				return false;
		}
	}
	return !b.bad;
}

/* ---- entries ---- */

struct section {
	Elf_Data *data;
	uint64_t addr;
	const uint8_t *ident;
	bool wide;
};

/* An address in the encoding that the CIE's augmentation names. */
static bool encoded(const struct section *sec, struct bytes *b, uint8_t enc,
		    uint64_t *v)
{
	uint64_t at = sec->addr +
		      (uint64_t)(b->p - (const uint8_t *)sec->data->d_buf);

	switch (enc & 0x0f) {
	case DW_EH_PE_absptr:
		*v = fixed(b, sec->wide ? 8 : 4);
		break;
	case DW_EH_PE_udata2:
		*v = fixed(b, 2);
		break;
	case DW_EH_PE_udata4:
		*v = fixed(b, 4);
		break;
	case DW_EH_PE_sdata2:
		*v = (uint64_t)(int16_t)fixed(b, 2);
		break;
	case DW_EH_PE_sdata4:
		*v = (uint64_t)(int32_t)fixed(b, 4);
		break;
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		*v = fixed(b, 8);
		break;
	default:
		return false;
	}
	if ((enc & 0x70) == DW_EH_PE_pcrel)
		*v += at;
	else if (enc & 0x70)
		return false;
	return !b->bad;
}

/* How the CIE says that addresses of its FDEs are written. */
static uint8_t fde_encoding(const Dwarf_CIE *cie)
{
	const char *aug = cie->augmentation;
	struct bytes b = {cie->augmentation_data,
			  cie->augmentation_data + cie->augmentation_data_size,
			  false};

	if (*aug != 'z')
		return DW_EH_PE_absptr;
	for (aug++; *aug && !b.bad; aug++) {
		if (*aug == 'R')
			return (uint8_t)fixed(&b, 1);
		if (*aug == 'L')
			fixed(&b, 1);
		else if (*aug == 'P') {
			uint8_t enc = (uint8_t)fixed(&b, 1);
			fixed(&b, (enc & 7) == 2   ? 2
				  : (enc & 7) == 3 ? 4
						   : 8);
		}
	}
	return DW_EH_PE_absptr;
}

static void read_fde(struct machine *m, const struct section *sec,
		     const Dwarf_CIE *cie, const Dwarf_FDE *fde)
{
	struct bytes b = {fde->start, fde->end, false};
	uint8_t enc = fde_encoding(cie);
	uint64_t start, size;

	if (!encoded(sec, &b, enc, &start) ||
	    !encoded(sec, &b, enc & 0x0f, &size) || !size || !start)
		return;
	if (*cie->augmentation == 'z')
		skip_block(&b);
	if (b.bad)
		return;
	m->code_align = cie->code_alignment_factor;
	m->data_align = cie->data_alignment_factor;
	m->ra = (unsigned)cie->return_address_register;
	m->s = (struct state){.bp_off = INT64_MIN, .ra_off = INT64_MIN};
	m->depth = 0;
	m->loc = start;
	if (!run(m, cie->initial_instructions, cie->initial_instructions_end,
		 false))
		return;
	m->initial = m->s;
	if (run(m, b.p, fde->end, true)) {
		emit(m);
	} else {
		m->s.expression = true; /* not known from here on */
		emit(m);
	}
	/* What follows is nobody's, until the next function. */
	m->s = (struct state){.expression = true,
			      .bp_off = INT64_MIN,
			      .ra_off = INT64_MIN};
	m->loc = start + size;
	emit(m);
}

static void read_section(struct machine *m, const struct section *sec)
{
	Dwarf_Off off = 0, next, cie_off = (Dwarf_Off)-1;
	Dwarf_CFI_Entry e, cie;
	int rc = 0;

	for (; off != (Dwarf_Off)-1; off = next) {
		rc = dwarf_next_cfi(sec->ident, sec->data, true, off, &next,
				    &e);
		if (rc > 0 || (rc < 0 && next <= off))
			return;
		if (rc < 0 || dwarf_cfi_cie_p(&e))
			continue;
		if (e.fde.CIE_pointer != cie_off) {
			Dwarf_Off ignored;
			if (dwarf_next_cfi(sec->ident, sec->data, true,
					   e.fde.CIE_pointer, &ignored, &cie) ||
			    !dwarf_cfi_cie_p(&cie))
				continue;
			cie_off = e.fde.CIE_pointer;
		}
		read_fde(m, sec, &cie.cie, &e.fde);
	}
}

/* Where two rows have one address, the one that knows something is first. */
static int row_order(const void *a, const void *b)
{
	const struct unwind_row *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return (x->cfa == UNWIND_NONE) - (y->cfa == UNWIND_NONE);
}

static void finish(struct unwind_table *t)
{
	uint64_t last = 0; /* address that was decided, kept or not */
	uint32_t n = 0;

	if (t->v.n)
		qsort(t->v.v, t->v.n, sizeof(*t->v.v), row_order);
	vec_for (&t->v, i) {
		struct unwind_row *v = t->v.v;
		if (i && last == v[i].addr)
			continue;
		last = v[i].addr;
		if (n && v[n - 1].cfa == v[i].cfa &&
		    v[n - 1].cfa_off == v[i].cfa_off &&
		    v[n - 1].bp_off == v[i].bp_off &&
		    v[n - 1].ra_off == v[i].ra_off)
			continue;
		v[n++] = v[i];
	}
	t->v.n = n;
}

static bool read_elf(struct arena *a, Elf *e, struct unwind_table *out)
{
	struct machine m = {.arena = a, .out = out};
	size_t names = 0;
	Elf_Scn *scn = NULL;
	GElf_Ehdr eh;
	GElf_Shdr sh;

	if (!e || elf_kind(e) != ELF_K_ELF || !gelf_getehdr(e, &eh) ||
	    elf_getshdrstrndx(e, &names))
		return false;
	m.em = eh.e_machine;
	if (m.em == EM_X86_64) {
		m.sp = 7;
		m.bp = 6;
	} else if (m.em == EM_AARCH64) {
		m.sp = 31;
		m.bp = 29;
	} else {
		return false;
	}
	while ((scn = elf_nextscn(e, scn))) {
		const char *name = gelf_getshdr(scn, &sh)
					   ? elf_strptr(e, names, sh.sh_name)
					   : NULL;
		if (!name || strcmp(name, ".eh_frame") ||
		    sh.sh_type == SHT_NOBITS)
			continue;
		struct section sec = {elf_getdata(scn, NULL), sh.sh_addr,
				      eh.e_ident, true};
		if (sec.data && sec.data->d_buf)
			read_section(&m, &sec);
	}
	finish(out);
	return out->v.n > 0;
}

bool unwind_read(struct arena *a, const char *path, struct unwind_table *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return false;
	elf_version(EV_CURRENT);
	Elf *e = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	bool ok = read_elf(a, e, out);
	elf_end(e);
	close(fd);
	return ok;
}

bool unwind_read_memory(struct arena *a, void *data, size_t len,
			struct unwind_table *out)
{
	elf_version(EV_CURRENT);
	Elf *e = elf_memory(data, len);
	bool ok = read_elf(a, e, out);

	elf_end(e);
	return ok;
}
