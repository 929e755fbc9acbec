// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The source of the kernel's code, for symfileline() and its like: the lines of
 * vmlinux as one table in the heap, of two million rows. Made only when the
 * script asks, and there is debug information.
 */
#include <string.h>

#include "ir/lower_impl.h"
#include "target/dwarf.h"
#include "target/target.h"

static bool asks(const struct ir_module *m)
{
	return ir_module_calls_rt(m, RT_FN_ksym_line) ||
	       ir_module_calls_rt(m, RT_FN_ksym_file);
}

static bool link_time_text(struct lower *L, uint64_t *addr)
{
	uint64_t bias;
	const char *why;

	if (!target_kernel_symbol(L->opts->targets, "_stext", addr, &why) ||
	    !target_kernel_bias(L->opts->targets, &bias))
		return false;
	*addr -= bias;
	return true;
}

static uint32_t file_at(struct lower *L, const char *name)
{
	size_t n = strlen(name);

	if (!n)
		return 0;
	return heap_string(L, name, n < L->string_cap ? n : L->string_cap,
			   LOC_NONE);
}

void ksources_place(struct lower *L)
{
	VEC(struct rt_source) v = {0};
	struct dw_source_lines t = {0};
	struct dw_module *dw;
	uint32_t at, *file;
	uint64_t text;

	if (L->opts->native || !L->opts->targets || !asks(L->m))
		return;
	dw = target_kernel_dwarf(L->opts->targets, NULL, NULL, NULL);
	if (!dw || !link_time_text(L, &text))
		return;
	dw_source_lines(dw, &t);
	file = arena_new_array(L->arena, uint32_t, t.files.n + 1);
	vec_for (&t.files, i)
		file[i] = file_at(L, t.files.v[i]);
	vec_for (&t.rows, i) {
		const struct dw_source_line *r = &t.rows.v[i];

		if (r->addr < text || r->addr - text > UINT32_MAX)
			continue;
		vec_push(L->arena, &v,
			 ((struct rt_source){.off = (w_u32)(r->addr - text),
					     .line = r->line,
					     .file = r->line ? file[r->file]
							     : 0}));
	}
	at = heap_alloc(L, v.n * (uint32_t)sizeof(*v.v), 8);
	if (L->heap.too_big || !v.n)
		return;
	memcpy(L->heap.init + at, v.v, v.n * sizeof(*v.v));
	heap_put32(L, offsetof(struct rt_head, ksources_off), at);
	heap_put32(L, offsetof(struct rt_head, nksources), v.n);
}
