// SPDX-License-Identifier: GPL-2.0-or-later
/* The back end's passes in order. */
#include "ebpf/gen.h"

uint32_t *ebpf_frame_sizes(struct arena *a, const struct ir_module *m,
			   const struct ebpf_opts *o)
{
	struct unit u = {.arena = a, .m = m, .opts = o};
	uint32_t *sizes = arena_new_array(a, uint32_t, m->funcs.n);

	plan_unit(&u);
	vec_for (&m->funcs, i) {
		/* One that nobody calls may still be counted by others. */
		if (u.funcs[i].used)
			sizes[i] = u.funcs[i].frame_size;
	}
	return sizes;
}

static void translate_functions(struct unit *u)
{
	vec_for (&u->m->funcs, i) {
		struct m_func *f = &u->funcs[i];

		if (!f->used)
			continue;
		select_body(u, f);
		if (f->drive != NO_FUNC)
			entry_dispatcher(u, f);
		if (f->ir->is_handler && f->step)
			entry_step_handler(u, f);
	}
}

/*
 * A frame is reached from the masked address of its start: the verifier wants
 * the memory behind the heap to cover all of it.
 */
static bool choose_slack(struct unit *u)
{
	uint32_t most = 0;

	vec_for (&u->m->funcs, i)
		if (u->funcs[i].used && u->funcs[i].frame_size > most)
			most = u->funcs[i].frame_size;
	if (most > WIRE_SLACK_MAX / 2) {
		unit_fail(u, LOC_NONE, "lower -DMAXSTRINGLEN",
			  "the local variables of a function need %u bytes; "
			  "BPF leaves room for %u",
			  most, WIRE_SLACK_MAX / 2);
		return false;
	}
	u->slack = (most + FRAME_AROUND + 4095) & ~4095u;
	if (u->slack < u->m->image->heap_slack)
		u->slack = u->m->image->heap_slack;
	return true;
}

struct ebpf_object *ebpf_compile(struct arena *a, struct diag *d,
				 const struct ir_module *m,
				 const struct ebpf_opts *o)
{
	struct unit u = {.arena = a, .diag = d, .m = m, .opts = o};

	u.mask = m->image->heap_size - 1;
	if (!plan_unit(&u) || !choose_slack(&u))
		return NULL;
	translate_functions(&u);
	for (uint32_t i = 0; i < u.rt->nfuncs && !u.failed; i++)
		if (u.rt_out[i] != NO_FUNC)
			entry_runtime(&u, i);
	if (u.failed)
		return NULL;
	group_programs(&u);
	return object_write(&u);
}
