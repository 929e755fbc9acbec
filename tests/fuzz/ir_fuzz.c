// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the IR: its text form, checker, optimiser and the engine. What parses
 * must print to text that parses to the same; what ir_check() accepts must run
 * on the engine within a step budget without touching memory of others, must
 * still pass the checker when it is optimised, and run again.
 *
 * With clang -fsanitize=fuzzer this is a libFuzzer target. Without it
 * (-DFUZZ_MAIN) the program runs each file named on its command line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "ir/ir.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_HEAP (1u << 20)
#define STEPS 20000u

static void fail(const char *what, const char *text)
{
	fprintf(stderr, "%s:\n%s\n", what, text);
	abort();
}

static char *print(struct arena *a, const struct ir_module *m)
{
	struct strbuf sb = {0};
	char *s;

	ir_print(&sb, m, false);
	s = arena_strdup(a, sb_str(&sb));
	sb_free(&sb);
	return s;
}

static void check_round_trip(struct arena *a, const struct ir_module *m)
{
	const char *err = NULL, *text = print(a, m);
	struct ir_module *back = ir_parse(a, text, &err);

	if (!back)
		fail(err, text);
	if (strcmp(print(a, back), text) != 0)
		fail("prints differently after parsing", text);
}

/*
 * Functions whose work does not grow with what wild offsets point to (a list
 * that is a circle, a length of 4 GB).
 */
static bool is_bounded(enum rt_fn fn)
{
	switch (fn) {
	case RT_FN_error:
	case RT_FN_error_code:
	case RT_FN_abort:
	case RT_FN_catch:
	case RT_FN_exit:
	case RT_FN_div:
	case RT_FN_mod:
	case RT_FN_str_copy:
	case RT_FN_str_cat:
	case RT_FN_str_set:
	case RT_FN_substr:
	case RT_FN_execname:
	case RT_FN_out_text:
	case RT_FN_flush:
		return true;
	default:
		return rt_info[fn].nargs == 0;
	}
}

/* The library may assume that offsets of strings and contexts are aligned. */
static bool is_aligned(const struct ir_insn *in)
{
	if (in->fn == RT_FN_div || in->fn == RT_FN_mod)
		return in->args[0].kind == IV_CTX && !in->args[0].imm;
	for (uint32_t i = 0; i < in->nargs; i++)
		if (in->args[i].kind == IV_REG || in->args[i].imm % 8)
			return false;
	return true;
}

static bool can_run(const struct ir_module *m)
{
	vec_for (&m->funcs, i) {
		const struct ir_func *f = m->funcs.v[i];

		vec_for (&f->blocks, b)
			vec_for (&f->blocks.v[b]->insns, k) {
				const struct ir_insn *in =
					&f->blocks.v[b]->insns.v[k];

				if (in->op == IR_RT &&
				    (!is_bounded(in->fn) || !is_aligned(in)))
					return false;
			}
	}
	return true;
}

static int no_output(void *data, const void *record, w_u64 size, w_u32 flags)
{
	return 0;
}

/* An image for whatever handlers there are; false: too large to bother. */
static bool make_image(struct arena *a, struct ir_module *m)
{
	uint32_t *frames = arena_new_array(a, uint32_t, m->funcs.n), bytes;
	struct image *image = arena_new_obj(a, struct image);
	struct rt_head *head;

	if (m->statics_end < sizeof(*head) || m->statics_end > MAX_HEAP)
		return false;
	head = arena_alloc(a, m->statics_end);
	head->state = RT_RUNNING;
	head->string_cap = 63;
	head->max_nesting = 5;
	head->max_errors = head->max_skipped = 1u << 30;
	image->heap_init = (const w_u8 *)head;
	image->heap_init_len = m->statics_end;
	vec_for (&m->funcs, i) {
		struct ir_func *f = m->funcs.v[i];

		/* dense numbers; their order does not matter here */
		if (f->is_handler)
			f->handler = image->nhandlers++;
	}
	image->handlers =
		arena_new_array(a, struct image_handler, image->nhandlers);
	m->image = image;
	engine_frame_sizes(m, frames);
	bytes = ir_stack_bytes(a, m, frames, head->max_nesting);
	return bytes <= MAX_HEAP && ir_layout_contexts(m, bytes, 4096, 1);
}

static void run(struct ir_module *m)
{
	struct engine_env env = {.output = no_output, .step_limit = STEPS};
	struct engine *e = engine_new(m, &env);
	uint64_t ctx[4] = {0, 1, ~0ull, 0x123456789};

	if (!e)
		return;
	for (uint32_t i = 0; i < m->image->nhandlers && i < 4; i++)
		engine_run_handler(e, i, 1u << RT_RUNNING, ctx, sizeof(ctx));
	engine_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *err = NULL;
	struct ir_module *m;
	char *text = arena_strndup(a, (const char *)data, size);

	m = ir_parse(a, text, &err);
	if (!m && !err)
		fail("refused without a reason", text);
	if (m) {
		check_round_trip(a, m);
		if (!ir_check(a, m)) {
			bool runs = can_run(m) && make_image(a, m);

			if (runs)
				run(m);
			ir_optimise(m);
			err = ir_check(a, m);
			if (err)
				fail(err, print(a, m));
			check_round_trip(a, m);
			if (runs)
				run(m);
		}
	}
	arena_free(a);
	return 0;
}

#define FUZZ_MAX (1 << 20)
#include "fuzz_main.h"
