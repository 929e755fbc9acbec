// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Symbols and unwind tables of the programs that the script may meet, for the
 * run-time library (runtime/usym.c): the files with probes, what they are
 * linked to, and those named by -d. Made only when the script asks.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "ir/lower_impl.h"
#include "target/demangle.h"
#include "target/dwarf.h"
#include "target/target.h"
#include "target/unwind.h"

struct uses {
	bool names, unwinds, sources;
};

static void note_uses(const struct ir_module *m, struct uses *u)
{
	vec_for (&m->funcs, f)
		vec_for (&m->funcs.v[f]->blocks, b) {
			const struct ir_block *bl = m->funcs.v[f]->blocks.v[b];

			vec_for (&bl->insns, i) {
				if (bl->insns.v[i].op != IR_RT)
					continue;
				enum rt_fn fn = bl->insns.v[i].fn;
				u->names |= fn == RT_FN_umod ||
					  fn == RT_FN_umod_text ||
					  fn == RT_FN_umod_addr ||
					  fn == RT_FN_umod_span ||
					  fn == RT_FN_usym_name ||
					  fn == RT_FN_usym_place;
				u->unwinds |= fn == RT_FN_unwind_next;
				u->sources |= fn == RT_FN_usym_line ||
					      fn == RT_FN_usym_file ||
					      fn == RT_FN_usym_inline;
			}
		}
}

#define PADDING 64 /* the largest usual alignment of functions */

typedef VEC(const struct elf_file *) elf_list;
typedef VEC(struct rt_unwind) unwind_list;

static void add_file(struct lower *L, elf_list *l, const char *path)
{
	const char *why;
	const struct elf_file *f = target_elf(L->opts->targets, path, &why);

	vec_for (l, i)
		if (l->v[i] == f)
			return;
	if (f)
		vec_push(L->arena, l, f);
}

/* With what each is linked to: a program's code is called by its libraries. */
static void collect(struct lower *L, elf_list *l)
{
	const struct elf_file *f;

	vec_for (&L->img.attach, i) {
		const struct wire_attach *a = &L->img.attach.v[i];

		if (a->kind == WIRE_PROBE_UPROBE)
			add_file(L, l, sb_str(&L->img.strings) + a->target);
	}
	/* and the programs whose libraries are probed */
	for (uint32_t i = 0; (f = target_elf_opened(L->opts->targets, i)); i++)
		if (f->is_program)
			add_file(L, l, f->path);
	for (unsigned i = 0; i < L->opts->nmodules; i++)
		add_file(L, l, L->opts->modules[i]);
	for (uint32_t i = 0, n = l->n; i < n; i++) {
		struct name_list found = {0}, known = {0};

		target_libraries(L->opts->targets, l->v[i], 0, "*", &found,
				 &known);
		vec_for (&found.v, k)
			add_file(L, l, found.v.v[k]);
	}
}

static uint32_t name_at(struct lower *L, const char *s)
{
	size_t n = strlen(s);

	return heap_string(L, s, n < L->string_cap ? n : L->string_cap,
			   LOC_NONE);
}

/* What the offsets in an executable segment differ from addresses by. */
static uint64_t bias_of(const struct elf_file *f)
{
	return f->segs.v[0].addr - f->segs.v[0].file_off;
}

typedef VEC(struct rt_usym) usym_list;

static void add_symbol(struct lower *L, usym_list *l, uint64_t off,
		       uint64_t size, const char *name)
{
	const char *plain = target_demangle(L->arena, name);
	struct rt_usym s = {.off = (w_u32)off,
			    .size = size < UINT32_MAX ? (w_u32)size : 0};

	if (off > UINT32_MAX)
		return;
	s.name = name_at(L, plain ? plain : name);
	vec_push(L->arena, l, s);
}

static int by_offset(const void *a, const void *b)
{
	const struct rt_usym *x = a, *y = b;

	return x->off < y->off ? -1 : x->off > y->off;
}

/* Where the segment ends that holds the offset. */
static uint64_t segment_end(const struct elf_file *f, uint64_t off)
{
	vec_for (&f->segs, i) {
		const struct elf_segment *s = &f->segs.v[i];
		if (off >= s->file_off && off - s->file_off < s->size)
			return s->file_off + s->size;
	}
	return UINT32_MAX;
}

/* Functions are sorted, the best name of an address first. */
static void add_functions(struct lower *L, const struct elf_file *f,
			  usym_list *v)
{
	for (uint32_t i = 0; i < f->nfuncs; i++) {
		const struct elf_func *fn = &f->funcs[i];
		if (!v->n || v->v[v->n - 1].off != fn->file_off)
			add_symbol(L, v, fn->file_off, fn->size, fn->name);
	}
	/* What fills the room up to the next function belongs to this one. */
	for (uint32_t i = 0; i < v->n; i++) {
		uint64_t end = segment_end(f, v->v[i].off);
		uint64_t next = i + 1 < v->n ? v->v[i + 1].off : UINT64_MAX;
		w_u32 room = (w_u32)((next < end ? next : end) - v->v[i].off);
		if (!v->v[i].size || room < v->v[i].size + PADDING)
			v->v[i].size = room;
	}
}

/* One name for each place. */
static void add_objects(struct lower *L, const struct elf_file *f, usym_list *v)
{
	uint32_t n = 0, first = v->n;
	elf_object_list objects = {0};

	elf_file_objects(L->arena, f, &objects);
	vec_for (&objects, i) {
		const struct elf_object *o = &objects.v[i];
		add_symbol(L, v, o->file_off, o->size, o->name);
	}
	if (v->n > first)
		qsort(v->v, v->n, sizeof(*v->v), by_offset);
	for (uint32_t i = 0; i < v->n; i++)
		if (!n || v->v[n - 1].off != v->v[i].off)
			v->v[n++] = v->v[i];
	v->n = n;
}

static void place_symbols(struct lower *L, const struct elf_file *f,
			  struct rt_umod *m)
{
	usym_list v = {0};

	add_functions(L, f, &v);
	add_objects(L, f, &v);
	m->nsyms = v.n;
	m->syms = heap_alloc(L, v.n * (uint32_t)sizeof(*v.v), 8);
	if (!L->heap.too_big && v.n)
		memcpy(L->heap.init + m->syms, v.v, v.n * sizeof(*v.v));
}

/* The last one in memory is what the program writes to. */
static void place_data(const struct elf_file *f, struct rt_umod *m)
{
	const struct elf_segment *last = NULL;

	m->data_off = m->data_end = UINT32_MAX;
	vec_for (&f->data_segs, i)
		if (!last || f->data_segs.v[i].addr > last->addr)
			last = &f->data_segs.v[i];
	if (!last || last->file_off + last->size > UINT32_MAX)
		return;
	m->data_off = (w_u32)last->file_off;
	m->data_end = (w_u32)(last->file_off + last->size);
	m->data_bias = last->addr - last->file_off;
}

/*
 * A program without .eh_frame (Go's): its functions are entered with the
 * return address on top of the stack, and keep a frame pointer from then on.
 */
static void guess_unwinds(struct lower *L, const struct elf_file *f,
			  unwind_list *v)
{
	for (uint32_t i = 0; f->machine == EM_X86_64 && i < f->nfuncs; i++) {
		const struct elf_func *fn = &f->funcs[i];
		struct rt_unwind u = {.off = (w_u32)fn->file_off,
				      .cfa_reg = UNWIND_SP,
				      .cfa_off = 8,
				      .ra_off = -8};

		if (fn->file_off >= UINT32_MAX ||
		    (i && f->funcs[i - 1].file_off == fn->file_off))
			continue;
		vec_push(L->arena, v, u);
		u.off++;
		u.cfa_reg = UNWIND_BP;
		u.cfa_off = 16;
		u.bp_off = -16;
		vec_push(L->arena, v, u);
	}
}

static void place_unwinds(struct lower *L, const struct elf_file *f,
			  struct rt_umod *m)
{
	struct unwind_table t = {0};
	unwind_list v = {0};

	unwind_read(L->arena, f->path, &t);
	vec_for (&t.v, i) {
		const struct unwind_row *r = &t.v.v[i];
		struct rt_unwind u = {.cfa_off = r->cfa_off,
				      .bp_off = r->bp_off,
				      .ra_off = (w_s16)r->ra_off,
				      .cfa_reg = (w_u16)r->cfa};
		uint64_t off;

		if (elf_offset_of(f, r->addr, &off) && off <= UINT32_MAX) {
			u.off = (w_u32)off;
			vec_push(L->arena, &v, u);
		}
	}
	if (!t.v.n)
		guess_unwinds(L, f, &v);
	m->nunwinds = v.n;
	m->unwinds = heap_alloc(L, v.n * (uint32_t)sizeof(*v.v), 8);
	if (!L->heap.too_big && v.n)
		memcpy(L->heap.init + m->unwinds, v.v, v.n * sizeof(*v.v));
}

/* Offsets of the frames; bodies around others stand before them. */
static uint32_t *place_frames(struct lower *L, const struct dw_source_table *t)
{
	uint32_t *at = arena_new_array(L->arena, uint32_t, t->frames.n + 1);
	uint32_t first = heap_alloc(
		L, t->frames.n * (uint32_t)sizeof(struct rt_inline), 8);

	vec_for (&t->frames, i) {
		const struct dw_source_frame *f = &t->frames.v[i];
		struct rt_inline in = {
			.name = name_at(L, f->name),
			.file = f->file ? name_at(L, f->file) : 0,
			.line = f->line,
			.outer = at[f->outer],
		};

		at[i + 1] = first + i * (uint32_t)sizeof(in);
		if (!L->heap.too_big)
			memcpy(L->heap.init + at[i + 1], &in, sizeof(in));
	}
	return at;
}

static void place_sources(struct lower *L, const struct elf_file *f,
			  struct rt_umod *m)
{
	const char *why, *remedy;
	struct dw_module *dw =
		target_dwarf(L->opts->targets, f->path, &why, &remedy);
	VEC(struct rt_source) v = {0};
	struct dw_source_table t = {0};
	const uint32_t *frames;

	if (!dw)
		return;
	dw_sources(dw, &t);
	frames = place_frames(L, &t);
	vec_for (&t.rows, i) {
		const struct dw_source *r = &t.rows.v[i];
		struct rt_source s = {.line = r->line,
				      .frame = frames[r->frame]};
		uint64_t off;

		if (!elf_offset_of(f, r->addr, &off) || off > UINT32_MAX)
			continue;
		s.off = (w_u32)off;
		if (r->file)
			s.file = name_at(L, r->file);
		vec_push(L->arena, &v, s);
	}
	m->nsources = v.n;
	m->sources = heap_alloc(L, v.n * (uint32_t)sizeof(*v.v), 8);
	if (!L->heap.too_big && v.n)
		memcpy(L->heap.init + m->sources, v.v, v.n * sizeof(*v.v));
}

void umods_place(struct lower *L)
{
	struct uses u = {0};
	elf_list l = {0};
	struct rt_umod *mods;
	uint32_t at;

	note_uses(L->m, &u);
	if (L->opts->native || !L->opts->targets ||
	    (!u.names && !u.unwinds && !u.sources))
		return;
	collect(L, &l);
	mods = arena_new_array(L->arena, struct rt_umod, l.n);
	vec_for (&l, i) {
		const struct elf_file *f = l.v[i];
		struct rt_umod *m = &mods[i];

		m->ino = f->ino;
		m->dev = f->odd_dev ? 0
				    : (w_u32)(major(f->dev) << 20 |
					      minor(f->dev));
		m->path = name_at(L, f->path);
		m->build_id = name_at(L, elf_build_id_text(L->arena, f));
		m->bias = bias_of(f);
		m->span = (w_u32)elf_span(f);
		place_data(f, m);
		if (u.names)
			place_symbols(L, f, m);
		if (u.unwinds)
			place_unwinds(L, f, m);
		if (u.sources)
			place_sources(L, f, m);
	}
	at = heap_alloc(L, l.n * (uint32_t)sizeof(*mods), 8);
	if (L->heap.too_big || !l.n)
		return;
	memcpy(L->heap.init + at, mods, l.n * sizeof(*mods));
	heap_put32(L, offsetof(struct rt_head, umods_off), at);
	heap_put32(L, offsetof(struct rt_head, seen_off),
		   heap_zero(L, RT_SEEN * sizeof(struct rt_seen), 8));
	heap_put32(L, offsetof(struct rt_head, numods), l.n);
}
