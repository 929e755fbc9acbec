// SPDX-License-Identifier: GPL-2.0-or-later
/* Making modules, functions, blocks and instructions. */
#include "ir/ir.h"

struct ir_module *ir_module_new(struct arena *a)
{
	struct ir_module *m = arena_new_obj(a, struct ir_module);

	m->arena = a;
	return m;
}

const uint8_t *ir_constant(const struct ir_module *m, int64_t off, uint32_t *n)
{
	const struct image *im = m->image;

	if (!im || off < (int64_t)sizeof(struct rt_head) ||
	    off >= im->heap_init_len)
		return NULL;
	vec_for (&m->symbols, i) {
		const struct ir_symbol *s = &m->symbols.v[i];

		if (off >= s->off && off < (int64_t)s->off + s->size)
			return NULL;
	}
	*n = im->heap_init_len - (uint32_t)off;
	return im->heap_init + off;
}

struct ir_func *ir_func_new(struct ir_module *m, const char *name)
{
	struct ir_func *f = arena_new_obj(m->arena, struct ir_func);

	f->name = name;
	f->index = m->funcs.n;
	f->nregs = 1;
	vec_push(m->arena, &m->funcs, f);
	return f;
}

uint32_t ir_block_new(struct ir_module *m, struct ir_func *f)
{
	struct ir_block *b = arena_new_obj(m->arena, struct ir_block);

	vec_push(m->arena, &f->blocks, b);
	return f->blocks.n - 1;
}

ir_reg ir_reg_new(struct ir_func *f)
{
	return f->nregs++;
}

uint32_t ir_slot_new(struct ir_module *m, struct ir_func *f, const char *name,
		     uint32_t size)
{
	struct ir_slot s = {.name = name, .size = size};

	vec_push(m->arena, &f->slots, s);
	return f->slots.n - 1;
}

struct ir_insn *ir_emit(struct ir_module *m, struct ir_func *f, uint32_t block,
			struct ir_insn insn)
{
	struct ir_block *b = f->blocks.v[block];

	vec_push(m->arena, &b->insns, insn);
	return &vec_last(&b->insns);
}

struct ir_val *ir_args(struct ir_module *m, const struct ir_val *args,
		       uint32_t n)
{
	return arena_memdup(m->arena, args, sizeof(*args) * n);
}
