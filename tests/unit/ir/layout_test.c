// SPDX-License-Identifier: GPL-2.0-or-later
/* Where contexts go, and how deep stacks of frames get. */
#include "unit/ir/ir_util.h"

static struct ir_module *module(struct arena *a, uint32_t statics,
				uint32_t init_len)
{
	struct ir_module *m = ir_module_new(a);
	w_u8 *init = arena_alloc(a, init_len);

	m->statics_end = statics;
	m->image = arena_new_obj(a, struct image);
	memset(init, 0x5a, init_len);
	m->image->heap_init = init;
	m->image->heap_init_len = init_len;
	return m;
}

static const struct rt_head *head_of(const struct ir_module *m)
{
	return (const struct rt_head *)m->image->heap_init;
}

static void contexts_follow_the_static_data(void **state)
{
	struct arena *a = arena_new();
	struct ir_module *m = module(a, 5000, 5000);
	const w_u8 *before = m->image->heap_init;
	const struct rt_head *h;

	assert_true(ir_layout_contexts(m, 1000, 4096, 8));
	h = head_of(m);
	assert_true(h->ctx_off >= 5000);
	assert_int_equal(h->ctx_off % 64, 0);
	assert_int_equal(h->ctx_count, 8);
	assert_int_equal(h->out_cap, 4096);
	assert_true(h->ctx_size >= RT_CTX_FRAME + 1000 + 4096);
	assert_int_equal(h->ctx_size % 64, 0);
	/* the smallest power of two that holds all */
	assert_true(h->ctx_off + 8 * h->ctx_size <= h->heap_size);
	assert_true(h->ctx_off + 8 * h->ctx_size > h->heap_size / 2);
	assert_int_equal(h->heap_size & (h->heap_size - 1), 0);
	assert_int_equal(m->image->heap_size, h->heap_size);
	assert_int_equal(m->image->heap_slack, IR_SLACK);
	/* the rest of the initial bytes stays, and so does the old copy */
	assert_int_equal(m->image->heap_init_len, 5000);
	assert_int_equal(m->image->heap_init[4999], 0x5a);
	assert_int_equal(h->max_nesting, 0x5a5a5a5a);
	assert_int_equal(((const struct rt_head *)before)->heap_size,
			 0x5a5a5a5a);
	arena_free(a);
}

static void a_heap_without_static_data_still_has_its_head(void **state)
{
	struct arena *a = arena_new();
	struct ir_module *m = module(a, 0, 0);

	m->image->heap_init = NULL;
	assert_true(ir_layout_contexts(m, 0, 64, 1));
	assert_true(m->image->heap_init_len >= sizeof(struct rt_head));
	assert_true(head_of(m)->ctx_off >= sizeof(struct rt_head));
	assert_int_equal(m->image->heap_size, 4096);
	arena_free(a);
}

static void a_heap_too_large_changes_nothing(void **state)
{
	struct arena *a = arena_new();
	struct ir_module *m = module(a, 5000, 5000);
	const w_u8 *before = m->image->heap_init;

	assert_false(ir_layout_contexts(m, 1u << 20, 4096, 512));
	assert_false(ir_layout_contexts(m, UINT32_MAX, UINT32_MAX, 1u << 31));
	assert_ptr_equal(m->image->heap_init, before);
	assert_int_equal(m->image->heap_size, 0);
	m->statics_end = IR_HEAP_MAX;
	assert_false(ir_layout_contexts(m, 8, 64, 1));
	/* exactly full */
	m->statics_end = IR_HEAP_MAX - RT_CTX_FRAME - 64;
	assert_true(ir_layout_contexts(m, 0, 64, 1));
	assert_int_equal(m->image->heap_size, IR_HEAP_MAX);
	arena_free(a);
}

/* Functions that only call: "a: b c" as text. */
#define FUNC(name, calls) "func " name "(0) {\nb0:\n" calls "ret\n}\n"
#define PROBE(n, name, calls) "handler " n " " name " {\nb0:\n" calls "ret\n}\n"

static uint32_t depth(const char *text, const uint32_t *sizes,
		      uint32_t max_nesting)
{
	struct arena *a = arena_new();
	struct ir_module *m = util_parse(a, text);
	uint32_t n = ir_stack_bytes(a, m, sizes, max_nesting);

	arena_free(a);
	return n;
}

static void the_deepest_path_counts(void **state)
{
	static const uint32_t sizes[] = {1, 10, 100, 1000, 10000};

	assert_int_equal(depth(FUNC("a", "") FUNC("b", "call a()\n")
				       FUNC("c", "call a()\ncall b()\n")
					       PROBE("0", "p", "call c()\n")
						       FUNC("unused", ""),
			       sizes, 10),
			 1000 + 100 + 10 + 1);
	/* the deepest of several handlers */
	assert_int_equal(depth(FUNC("a", "") PROBE("0", "p", "call a()\n")
				       PROBE("1", "q", "call a()\n"),
			       sizes, 10),
			 101);
	assert_int_equal(depth(FUNC("a", ""), sizes, 10), 0);
}

static void recursion_counts_as_often_as_nesting_allows(void **state)
{
	static const uint32_t sizes[] = {1, 10, 100, 1000};

	assert_int_equal(depth(FUNC("leaf", "")
				       FUNC("rec", "call rec()\ncall leaf()\n")
					       PROBE("0", "p", "call rec()\n"),
			       sizes, 4),
			 100 + 5 * 10 + 1);
	/* a cycle of two, and a leaf behind it */
	assert_int_equal(
		depth(FUNC("leaf", "") FUNC("x", "call y()\ncall leaf()\n")
			      FUNC("y", "call x()\n")
				      PROBE("0", "p", "call y()\n"),
		      sizes, 4),
		1000 + 5 * 110 + 1);
}

static void depths_beyond_32_bits_saturate(void **state)
{
	static const uint32_t sizes[] = {4000000000u, 4000000000u, 1};

	assert_int_equal(depth(FUNC("a", "call a()\n")
				       FUNC("b", "call a()\ncall b()\n")
					       PROBE("0", "p", "call b()\n"),
			       sizes, UINT32_MAX),
			 UINT32_MAX);
}

static void long_chains_do_not_use_the_c_stack(void **state)
{
	struct arena *a = arena_new();
	struct ir_module *m = ir_module_new(a);
	uint32_t n = 50000;
	uint32_t *sizes = arena_new_array(a, uint32_t, n);

	for (uint32_t i = 0; i < n; i++) {
		struct ir_func *f = ir_func_new(m, arena_printf(a, "f_%u", i));

		sizes[i] = 2;
		f->is_handler = i + 1 == n;
		ir_block_new(m, f);
		if (i)
			ir_emit(m, f, 0,
				(struct ir_insn){.op = IR_CALL, .fn = i - 1});
		ir_emit(m, f, 0, (struct ir_insn){.op = IR_RET});
	}
	assert_int_equal(ir_stack_bytes(a, m, sizes, 10), 2 * n);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contexts_follow_the_static_data),
		cmocka_unit_test(a_heap_without_static_data_still_has_its_head),
		cmocka_unit_test(a_heap_too_large_changes_nothing),
		cmocka_unit_test(the_deepest_path_counts),
		cmocka_unit_test(recursion_counts_as_often_as_nesting_allows),
		cmocka_unit_test(depths_beyond_32_bits_saturate),
		cmocka_unit_test(long_chains_do_not_use_the_c_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
