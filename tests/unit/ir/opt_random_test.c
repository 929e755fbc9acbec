// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The optimiser keeps the meaning: random modules run on the engine as they
 * are, and after each pass alone, and after all of them. Every stored word,
 * string, error and counter must agree. IR_SEED=n runs one seed and prints
 * what it does; IR_SEEDS=n runs that many.
 */
#include "unit/ir/ir_random.h"

#define RUNS 4u

struct outcome {
	int result[RUNS];
	w_u8 out[RUNS][RANDOM_OUT_SIZE];
	w_u64 counters[WIRE_CNT_COUNT];
	w_u64 output; /* a sum over the bytes of all entries */
};

static int on_output(void *data, const void *record, w_u64 size, w_u32 flags)
{
	struct outcome *o = data;
	const w_u8 *p = record;

	/* the header names the CPU */
	for (w_u64 i = sizeof(struct wire_record); i < size; i++)
		o->output = (o->output ^ p[i]) * 0x100000001b3ull;
	return 0;
}

static void run(struct arena *a, struct ir_module *m, struct outcome *o)
{
	struct engine_env env = {
		.output = on_output, .data = o, .step_limit = 100000};
	const struct rt_head *head;
	struct engine *e;

	util_image(a, m);
	e = engine_new(m, &env);
	assert_non_null(e);
	for (uint32_t i = 0; i < RUNS; i++) {
		uint64_t ctx[8];

		for (uint32_t k = 0; k < 8; k++)
			ctx[k] = i == 0 ? 0 : i == 1 ? k : -(uint64_t)k * i;
		o->result[i] = engine_run_handler(e, 0, UTIL_RUNNING, ctx,
						  sizeof(ctx));
		memcpy(o->out[i], (char *)engine_heap(e) + RANDOM_OUT,
		       RANDOM_OUT_SIZE);
	}
	head = engine_heap(e);
	memcpy(o->counters, head->counters, sizeof(o->counters));
	/* strings that nobody looks at may not be made at all */
	o->counters[WIRE_CNT_TRUNCATED] = 0;
	engine_free(e);
}

/* A fresh copy of the module, changed by `pass` ("all": ir_optimise()). */
static struct ir_module *changed_by(struct arena *a, uint64_t seed,
				    const char *pass, bool show)
{
	struct ir_module *m = random_module(a, seed);
	const char *err;

	if (strcmp(pass, "all") == 0)
		ir_optimise(m);
	else
		assert_true(ir_optimise_pass(m, pass));
	err = ir_check(a, m);
	if (err || show)
		printf("---- seed %llu after %s\n%s", (unsigned long long)seed,
		       pass, util_print(a, m));
	if (err)
		fail_msg("seed %llu, %s: %s", (unsigned long long)seed, pass,
			 err);
	return m;
}

static uint64_t count_insns(const struct ir_module *m)
{
	uint64_t n = 0;

	vec_for (&m->funcs, i)
		vec_for (&m->funcs.v[i]->blocks, b)
			n += m->funcs.v[i]->blocks.v[b]->insns.n;
	return n;
}

static void one_seed(uint64_t seed, bool show, uint64_t *before,
		     uint64_t *after)
{
	static struct outcome want, got;
	struct arena *a = arena_new();
	struct ir_module *m = random_module(a, seed);

	util_check(a, m);
	if (show)
		printf("---- seed %llu\n%s", (unsigned long long)seed,
		       util_print(a, m));
	memset(&want, 0, sizeof(want));
	run(a, m, &want);
	*before += count_insns(m);
	for (uint32_t p = 0;; p++) {
		const char *pass = ir_pass_names[p] ? ir_pass_names[p] : "all";

		m = changed_by(a, seed, pass, show);
		memset(&got, 0, sizeof(got));
		run(a, m, &got);
		if (memcmp(&want, &got, sizeof(want)) != 0)
			fail_msg("seed %llu: %s changes what it does",
				 (unsigned long long)seed, pass);
		if (!ir_pass_names[p])
			break;
	}
	*after += count_insns(m);
	arena_free(a);
}

static void random_modules_do_the_same_after_every_pass(void **state)
{
	const char *one = getenv("IR_SEED"), *n = getenv("IR_SEEDS");
	uint64_t count = n ? strtoull(n, NULL, 10) : 3000;
	uint64_t before = 0, after = 0;

	if (one) {
		one_seed(strtoull(one, NULL, 10), true, &before, &after);
		return;
	}
	for (uint64_t seed = 1; seed <= count; seed++)
		one_seed(seed, false, &before, &after);
	/* and there is a point to it */
	assert_true(after < before * 9 / 10);
}

static void optimised_modules_round_trip_as_text(void **state)
{
	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct arena *a = arena_new();
		char *text = util_print(a, changed_by(a, seed, "all", false));

		assert_string_equal(util_print(a, util_parse(a, text)), text);
		arena_free(a);
	}
}

static void a_second_time_changes_nothing(void **state)
{
	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct arena *a = arena_new();
		struct ir_module *m = changed_by(a, seed, "all", false);
		char *once = util_print(a, m);

		for (uint32_t p = 0; ir_pass_names[p]; p++)
			ir_optimise_pass(m, ir_pass_names[p]);
		assert_string_equal(util_print(a, m), once);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_modules_do_the_same_after_every_pass),
		cmocka_unit_test(optimised_modules_round_trip_as_text),
		cmocka_unit_test(a_second_time_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
