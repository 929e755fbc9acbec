// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Variables: which are visible at an address, and where they are there.
 *
 * A concrete function or inlined instance repeats only the variables that
 * have a place; those that were optimised out show in the abstract function
 * alone. They are listed too: "optimised out" is an answer.
 */
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "target/dwarf_int.h"

/* ---- what is visible ---- */

struct vis {
	struct dw_module *m;
	uint64_t pc;
	dw_var_list *out;
};

static bool has_name(const dw_var_list *l, const char *name)
{
	vec_for (l, i)
		if (!strcmp(l->v[i].name, name))
			return true;
	return false;
}

static void take_vars(struct vis *v, Dwarf_Die *scope)
{
	Dwarf_Die d;

	if (dwarf_child(scope, &d))
		return;
	do {
		int tag = dwarf_tag(&d);
		if (tag != DW_TAG_variable && tag != DW_TAG_formal_parameter)
			continue;
		const char *name = dwarf_diename(&d);
		if (!name || has_name(v->out, name))
			continue;
		struct dw_var var = {.name = name,
				     .die = d,
				     .is_param =
					     tag == DW_TAG_formal_parameter};
		/* extern int x; within a block: the global, elsewhere */
		if (dw_flag(&d, DW_AT_declaration) &&
		    dw_flag(&d, DW_AT_external))
			continue;
		dw_type_of(v->m, &d, &var.type);
		vec_push(v->m->arena, v->out, var);
	} while (!dwarf_siblingof(&d, &d));
}

/* Blocks around pc, the innermost first. */
static void take_blocks(struct vis *v, Dwarf_Die *scope, unsigned depth)
{
	Dwarf_Die d;

	if (depth > DW_MAX_DEPTH || dwarf_child(scope, &d))
		return;
	do {
		if (dwarf_tag(&d) != DW_TAG_lexical_block ||
		    dwarf_haspc(&d, v->pc) <= 0)
			continue;
		take_blocks(v, &d, depth + 1);
		take_vars(v, &d);
		break;
	} while (!dwarf_siblingof(&d, &d));
}

/*
 * An inlined instance lists its parameters in any order; the abstract function
 * has them as they are written.
 */
static void order_params(struct vis *v, uint32_t first, Dwarf_Die *abstract)
{
	uint32_t next = first;
	Dwarf_Die d;

	if (dwarf_child(abstract, &d))
		return;
	do {
		const char *name = dwarf_diename(&d);
		if (dwarf_tag(&d) != DW_TAG_formal_parameter || !name)
			continue;
		for (uint32_t i = next; i < v->out->n; i++) {
			struct dw_var var = v->out->v[i];
			if (!var.is_param || strcmp(var.name, name))
				continue;
			for (; i > next; i--)
				v->out->v[i] = v->out->v[i - 1];
			v->out->v[next++] = var;
			break;
		}
	} while (!dwarf_siblingof(&d, &d));
}

void dw_visible(struct dw_module *m, Dwarf_Die *func, uint64_t pc,
		dw_var_list *out)
{
	struct vis v = {.m = m, .pc = pc, .out = out};
	Dwarf_Attribute a;
	Dwarf_Die origin;

	take_blocks(&v, func, 0);
	uint32_t first = out->n;
	take_vars(&v, func);
	if (dwarf_attr(func, DW_AT_abstract_origin, &a) &&
	    dwarf_formref_die(&a, &origin)) {
		take_vars(&v, &origin);
		order_params(&v, first, &origin);
	}
}

/* ---- where they are ---- */

static bool const_value(struct dw_module *m, Dwarf_Die *var,
			struct dw_loc *out)
{
	Dwarf_Attribute a;
	Dwarf_Block b;
	Dwarf_Sword s;
	Dwarf_Word u;
	int64_t v;

	if (!dwarf_attr_integrate(var, DW_AT_const_value, &a))
		return false;
	out->kind = DW_LOC_BYTES;
	if (!dwarf_formblock(&a, &b)) {
		out->bytes = b.data;
		out->nbytes = b.length;
		return true;
	}
	/* A string stands for an array of its characters. */
	const char *str = dwarf_formstring(&a);
	if (str) {
		out->bytes = (const uint8_t *)str;
		out->nbytes = strlen(str) + 1;
		return true;
	}
	unsigned form = dwarf_whatform(&a);
	if (form == DW_FORM_sdata || form == DW_FORM_implicit_const) {
		if (dwarf_formsdata(&a, &s))
			return false;
		v = s;
	} else {
		if (dwarf_formudata(&a, &u))
			return false;
		v = (int64_t)u;
	}
	out->bytes = arena_memdup(m->arena, &v, sizeof(v));
	out->nbytes = sizeof(v);
	return true;
}

/* Of a variable that is only declared: its symbol's address. */
static bool extern_location(struct dw_module *m, Dwarf_Die *var,
			    struct dw_loc *out)
{
	const char *name = dwarf_diename(var);
	uint64_t addr;

	if (!name || !dw_flag(var, DW_AT_declaration) ||
	    !dw_symbol_address(m, name, &addr))
		return false;
	out->kind = DW_LOC_EXPR;
	out->ops = arena_new_obj(m->arena, Dwarf_Op);
	*out->ops = (Dwarf_Op){.atom = DW_OP_addr, .number = addr - m->dw_bias};
	out->nops = 1;
	return true;
}

bool dw_location(struct dw_module *m, Dwarf_Die *var, uint64_t pc,
		 struct dw_loc *out, const char **why)
{
	Dwarf_Op *ops;
	size_t n;

	*out = (struct dw_loc){.kind = DW_LOC_NONE};
	if (!dwarf_attr_integrate(var, DW_AT_location, &out->attr)) {
		if (!const_value(m, var, out))
			extern_location(m, var, out);
		return true;
	}
	int found = dwarf_getlocation_addr(&out->attr, pc, &ops, &n, 1);
	if (found < 0) {
		*why = arena_printf(m->arena,
				    "its location is damaged or unknown to "
				    "libdw (%s)",
				    dwarf_errmsg(-1));
		return false;
	}
	if (!found || !n)
		return true;
	out->kind = DW_LOC_EXPR;
	out->ops = ops;
	out->nops = n;
	return true;
}

bool dw_frame_base(struct dw_module *m, uint64_t pc, struct dw_loc *out,
		   const char **why)
{
	Dwarf_Die func;
	Dwarf_Op *ops;
	size_t n;

	*out = (struct dw_loc){.kind = DW_LOC_NONE};
	if (!dw_outer_func(m, pc, &func) ||
	    !dwarf_attr_integrate(&func, DW_AT_frame_base, &out->attr) ||
	    dwarf_getlocation_addr(&out->attr, pc, &ops, &n, 1) <= 0 || !n) {
		*why = "the frame base of its function is not known here";
		return false;
	}
	out->kind = DW_LOC_EXPR;
	out->ops = ops;
	out->nops = n;
	return true;
}

/* ---- call frames ---- */

static void read_cfi(struct dw_module *m)
{
	if (m->cfi_read)
		return;
	m->cfi_read = true;
	m->dw_cfi = dwfl_module_dwarf_cfi(m->mod, &m->dw_cfi_bias);
	m->eh_cfi = dwfl_module_eh_cfi(m->mod, &m->eh_bias);
}

static Dwarf_Frame *frame_at(struct dw_module *m, uint64_t pc)
{
	Dwarf_Frame *f = NULL;
	uint64_t addr = pc + m->dw_bias;

	read_cfi(m);
	if (m->eh_cfi && !dwarf_cfi_addrframe(m->eh_cfi, addr - m->eh_bias, &f))
		return f;
	if (m->dw_cfi &&
	    !dwarf_cfi_addrframe(m->dw_cfi, addr - m->dw_cfi_bias, &f))
		return f;
	return NULL;
}

/* Operations live as long as the frame; a copy outlives it. */
static Dwarf_Op *copy_ops(struct dw_module *m, const Dwarf_Op *ops, size_t n)
{
	return n ? arena_memdup(m->arena, ops, n * sizeof(*ops)) : NULL;
}

bool dw_cfa(struct dw_module *m, uint64_t pc, Dwarf_Op **ops, size_t *nops,
	    const char **why)
{
	Dwarf_Frame *f = frame_at(m, pc);
	Dwarf_Op *o;
	size_t n;

	if (!f) {
		*why = "the frame is not described here (.eh_frame)";
		return false;
	}
	bool ok = !dwarf_frame_cfa(f, &o, &n) && n;
	if (ok) {
		*ops = copy_ops(m, o, n);
		*nops = n;
	} else {
		*why = "the frame's address is not known here";
	}
	free(f);
	return ok;
}

bool dw_caller_reg(struct dw_module *m, uint64_t pc, int reg, Dwarf_Op **ops,
		   size_t *nops)
{
	Dwarf_Frame *f = frame_at(m, pc);
	Dwarf_Op mem[3], *o;
	size_t n;

	if (!f)
		return false;
	bool ok = !dwarf_frame_register(f, reg, mem, &o, &n) &&
		  !(n == 0 && o == mem); /* undefined */
	if (ok) {
		*ops = copy_ops(m, o, n);
		*nops = n;
	}
	free(f);
	return ok;
}

bool dw_return_address(struct dw_module *m, uint64_t pc, Dwarf_Op **ops,
		       size_t *nops)
{
	Dwarf_Frame *f = frame_at(m, pc);
	int reg = f ? dwarf_frame_info(f, NULL, NULL, NULL) : -1;

	free(f);
	return reg >= 0 && dw_caller_reg(m, pc, reg, ops, nops) && *nops;
}

bool dw_tls_offset(struct dw_module *m, uint64_t offset, int64_t *from_tp)
{
	GElf_Addr bias;
	Elf *e = dwfl_module_getelf(m->mod, &bias);
	GElf_Phdr ph;
	size_t n;

	if (!e || elf_getphdrnum(e, &n))
		return false;
	for (size_t i = 0; i < n && i < 65536; i++) {
		if (!gelf_getphdr(e, (int)i, &ph) || ph.p_type != PT_TLS)
			continue;
		uint64_t align = ph.p_align ? ph.p_align : 1;
		if (offset >= ph.p_memsz || (align & (align - 1)))
			return false;
		if (m->machine == EM_AARCH64) {
			uint64_t head = 16 > align ? 16 : align;
			*from_tp = (int64_t)(head + offset);
			return true;
		}
		/* The block ends at the thread pointer and begins where its
		   address has the same remainder as in the file. */
		uint64_t size = ph.p_memsz;
		size = (size + align - 1) & ~(align - 1);
		if (ph.p_vaddr & (align - 1))
			size = ((ph.p_memsz + align - 1 +
				 (-ph.p_vaddr & (align - 1))) &
				~(align - 1)) -
			       (-ph.p_vaddr & (align - 1));
		*from_tp = (int64_t)(offset - size);
		return true;
	}
	return false;
}

/* How much a relocation tells: nothing, the best, what another may replace. */
static unsigned slot_rank(const GElf_Rela *r)
{
	bool own = !GELF_R_SYM(r->r_info);

	switch (GELF_R_TYPE(r->r_info)) {
	case R_X86_64_DTPMOD64:
		return own ? 4 : 2;
	case R_X86_64_TPOFF64:
		return own ? 3 : 1;
	}
	return 0;
}

/* What the symbol of a relocation has as its offset; false: not of this file. */
static bool own_symbol(Elf *e, const GElf_Shdr *rel, const GElf_Rela *r,
		       uint64_t *value)
{
	Elf_Scn *scn = elf_getscn(e, rel->sh_link);
	Elf_Data *d = scn ? elf_getdata(scn, NULL) : NULL;
	GElf_Sym sym;

	*value = 0;
	if (!GELF_R_SYM(r->r_info))
		return true;
	if (!d || !gelf_getsym(d, (int)GELF_R_SYM(r->r_info), &sym) ||
	    sym.st_shndx == SHN_UNDEF)
		return false;
	*value = sym.st_value;
	return true;
}

static void best_slot(Elf *e, const GElf_Shdr *sh, Elf_Data *d, unsigned *rank,
		      struct dw_tls_slot *out)
{
	size_t n = sh->sh_entsize ? d->d_size / sh->sh_entsize : 0;
	uint64_t value;
	GElf_Rela r;

	for (size_t i = 0; i < n && i < INT32_MAX; i++) {
		if (!gelf_getrela(d, (int)i, &r) || slot_rank(&r) <= *rank ||
		    !own_symbol(e, sh, &r, &value))
			continue;
		*rank = slot_rank(&r);
		out->addr = r.r_offset;
		out->is_module = GELF_R_TYPE(r.r_info) == R_X86_64_DTPMOD64;
		out->more = r.r_addend + (int64_t)value;
	}
}

bool dw_tls_slot(struct dw_module *m, struct dw_tls_slot *out)
{
	GElf_Addr bias;
	Elf *e = dwfl_module_getelf(m->mod, &bias);
	Elf_Scn *scn = NULL;
	unsigned rank = 0;

	if (!e || m->machine != EM_X86_64)
		return false;
	while ((scn = elf_nextscn(e, scn))) {
		GElf_Shdr sh;
		Elf_Data *d;

		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_RELA &&
		    (sh.sh_flags & SHF_ALLOC) &&
		    (d = elf_getdata(scn, NULL)))
			best_slot(e, &sh, d, &rank, out);
	}
	return rank != 0;
}
