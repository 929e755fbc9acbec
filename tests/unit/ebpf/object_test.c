// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the back end makes of a module, looked at from outside: listings, debug
 * information, sections, the quality of loops, and what happens when a script
 * does not fit into BPF.
 */
#include "unit/ebpf/ebpf_util.h"

#include <bpf/btf.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "ebpf/gen.h"
#include "base/insn.h"

#define HEAD "statics 4096\nsymbol out 3072 512\n"

static const struct ebpf_opts may_goto = {.may_goto = true, .long_jumps = true};

static const struct ebpf_func *find(const struct ebpf_object *obj,
				    const char *name)
{
	for (uint32_t i = 0; i < obj->nfuncs; i++)
		if (!strcmp(obj->funcs[i].name, name))
			return &obj->funcs[i];
	fail_msg("no function %s", name);
	return NULL;
}

/* Positions line `line` of a script for each instruction of block b. */
static void set_locs(struct ir_module *m, const struct source *src, uint32_t fn,
		     uint32_t b, uint32_t line)
{
	struct ir_block *block = m->funcs.v[fn]->blocks.v[b];

	vec_for (&block->insns, i)
		block->insns.v[i].loc = (struct loc){src, line, 3};
}

static struct ir_module *with_lines(struct arena *a)
{
	static const char script[] = "probe begin {\n"
				     "  out[0] = 5\n"
				     "  out[1] = twice(out[0])\n"
				     "}\n"
				     "function twice(x) { return x + x }\n";
	struct source *src =
		source_new(a, "small.stp", script, sizeof(script) - 1);
	struct ir_module *m = util_parse(
		a,
		HEAD "handler 0 probe_0 {\n"
		     "b0:\n  st.8 [@out], 5\n  jmp b1\n"
		     "b1:\n  %1 = ld.8 [@out]\n  %2 = call fn_twice(%1)\n"
		     "  st.8 [@out+8], %2\n  ret\n}\n"
		     "func fn_twice(1) value {\n"
		     "b0:\n  %1 = param 0\n  %2 = add %1, %1\n  ret %2\n}\n");

	m->funcs.v[0]->loc = (struct loc){src, 1, 1};
	m->funcs.v[1]->loc = (struct loc){src, 5, 1};
	set_locs(m, src, 0, 0, 2);
	set_locs(m, src, 0, 1, 3);
	set_locs(m, src, 1, 0, 5);
	return m;
}

static void listing_shows_script_and_names(void **state)
{
	static const char want[] =
		".text fn_twice, 10 instructions:\n"
		"  ; small.stp:5: function twice(x) { return x + x }\n"
		"     0: r6 = r2\n"
		"     1: r6 &= 32760\n"
		"     2: r0 = heap+0\n"
		"     4: r6 += r0\n"
		"     5: r5 = *(u64 *)(r6 +0)\n"
		"     6: r5 += r5\n"
		"     7: r0 = r5\n"
		"     8: exit\n";
	struct arena *a = arena_new();
	struct strbuf sb = {0};

	ebpf_list(&sb, ebpf_util_compile(a, with_lines(a), &may_goto));
	assert_non_null(strstr(sb_str(&sb), "raw_tp probe_0, "));
	assert_non_null(strstr(sb_str(&sb), "  ; small.stp:2: out[0] = 5\n"));
	assert_non_null(strstr(sb_str(&sb), "r1 = @out+8\n"));
	assert_non_null(strstr(sb_str(&sb), "call fn_twice\n"));
	assert_non_null(strstr(sb_str(&sb), "call rt_i_leave\n"));
	if (!strstr(sb_str(&sb), strchr(want, '\n')))
		fail_msg("%s", sb_str(&sb));
	sb_free(&sb);
	arena_free(a);
}

static void the_kernel_knows_script_lines(void **state)
{
	ebpf_util_need_bpf();

	struct arena *a = arena_new();
	struct bpf_line_info lines[200];
	struct bpf_prog_info info = {0};
	uint32_t len = sizeof(info);
	struct ebpf_loaded l;
	bool found = false;
	struct btf *btf;

	if (ebpf_util_skip(true))
		return;
	ebpf_util_load(a, with_lines(a), true, &l);
	info.line_info = (uintptr_t)lines;
	info.line_info_rec_size = sizeof(*lines);
	info.nr_line_info = 200;
	assert_int_equal(
		bpf_obj_get_info_by_fd(
			bpf_program__fd(bpf_object__find_program_by_name(
				l.obj, "probe_0")),
			&info, &len),
		0);
	btf = btf__load_from_kernel_by_id(info.btf_id);
	assert_non_null(btf);
	assert_true(info.nr_line_info > 5 && info.nr_line_info < 200);
	for (uint32_t i = 0; i < info.nr_line_info; i++) {
		const char *file =
			btf__name_by_offset(btf, lines[i].file_name_off);
		const char *text = btf__name_by_offset(btf, lines[i].line_off);

		if (strcmp(file, "small.stp") || lines[i].line_col >> 10 != 3)
			continue;
		assert_string_equal(text, "out[1] = twice(out[0])");
		found = true;
	}
	assert_true(found);
	btf__free(btf);
	ebpf_unload(&l);
	arena_free(a);
}

static void programs_stand_in_sections_by_type(void **state)
{
	ebpf_util_need_bpf();

	static const struct wire_attach attach[] = {
		{.kind = WIRE_PROBE_UPROBE, .handler = 2},
		{.kind = WIRE_PROBE_UPROBE, .handler = 1},
	};
	static const struct {
		uint32_t type;
		const char *section;
		enum bpf_prog_type bpf;
	} want[] = {
		{IMAGE_PROG_RUN, "raw_tp", BPF_PROG_TYPE_RAW_TRACEPOINT},
		{IMAGE_PROG_UPROBE, "uprobe", BPF_PROG_TYPE_KPROBE},
		{IMAGE_PROG_UPROBE, "uprobe.s", BPF_PROG_TYPE_KPROBE},
		{IMAGE_PROG_PERF, "perf_event", BPF_PROG_TYPE_PERF_EVENT},
		{IMAGE_PROG_RAWTP, "raw_tp", BPF_PROG_TYPE_RAW_TRACEPOINT},
	};
	struct arena *a = arena_new();
	struct strbuf sb = {0};
	struct ebpf_object *obj;
	struct ebpf_loaded l;
	struct bpf_object *bo;
	struct ir_module *m;

	sb_puts(&sb, HEAD);
	/* every kind of program may read the start of its context */
	for (int i = 0; i < 5; i++)
		sb_printf(&sb,
			  "handler %d probe_%d {\nb0:\n"
			  "  %%1 = ctxld.8 [0]\n  st.8 [@out], %%1\n"
			  "  ret\n}\n",
			  i, i);
	m = util_parse(a, sb_str(&sb));
	util_image(a, m);
	for (int i = 0; i < 5; i++)
		((struct image_handler *)m->image->handlers)[i].prog_type =
			want[i].type;
	((struct image_handler *)m->image->handlers)[2].flags |=
		IMAGE_HANDLER_SLEEPABLE;
	m->image->attach = attach;
	m->image->nattach = 2;
	obj = ebpf_util_compile(a, m, &may_goto);
	libbpf_set_print(ebpf_quiet_);
	bo = bpf_object__open_mem(obj->data, obj->size, NULL);
	assert_non_null(bo);
	for (int i = 0; i < 5; i++) {
		struct bpf_program *p = bpf_object__find_program_by_name(
			bo, arena_printf(a, "probe_%d", i));

		assert_non_null(p);
		assert_string_equal(bpf_program__section_name(p),
				    want[i].section);
		assert_int_equal(bpf_program__type(p), want[i].bpf);
	}
	bpf_object__close(bo);
	if (!ebpf_util_skip(true)) {
		assert_int_equal(ebpf_load(&l, obj->data, obj->size, m->image),
				 0);
		ebpf_unload(&l);
	}
	sb_free(&sb);
	arena_free(a);
}

/* ---- quality of code ---- */
static uint32_t count_memory(const struct ebpf_func *f, uint32_t from,
			     uint32_t to)
{
	uint32_t n = 0;

	for (uint32_t i = from; i < to; i++) {
		uint8_t cls = BPF_CLASS(f->code.v[i].code);

		n += cls == BPF_LDX || cls == BPF_ST || cls == BPF_STX;
	}
	return n;
}

/* The instructions from the last may_goto to the jump back to it. */
static void find_loop(const struct ebpf_func *f, uint32_t *from, uint32_t *to)
{
	*from = *to = 0;
	for (uint32_t i = 0; i < f->code.n; i++) {
		const struct bpf_insn *in = &f->code.v[i];

		if (in->code == INSN_MAY_GOTO)
			*from = i;
		if (BPF_CLASS(in->code) == BPF_JMP && in->off < 0 &&
		    in->code != INSN_CALL)
			*to = i + 1;
	}
	assert_true(*from && *to > *from);
}

static void hot_loops_stay_in_registers(void **state)
{
	struct arena *a = arena_new();
	struct ir_module *m = util_parse(
		a,
		HEAD "handler 0 probe_0 {\n"
		     "b0:\n"
		     "  %1 = mov 0\n  %2 = mov 0\n  %3 = ctxld.8 [0]\n"
		     "  jmp b1\n"
		     "b1:\n  br lt %1, %3 -> b2, b3\n"
		     "b2:\n"
		     "  %4 = mul %1, %1\n  %2 = add %2, %4\n  %1 = add %1, 1\n"
		     "  jmp b1\n"
		     "b3:\n  st.8 [@out], %2\n  ret\n}\n");
	const struct ebpf_func *f;
	uint32_t from, to;

	f = find(ebpf_util_compile(a, m, &may_goto), "probe_0");
	find_loop(f, &from, &to);
	assert_int_equal(count_memory(f, from, to), 0);
	/* may_goto, branch, move, mul, add, add, jump */
	assert_int_equal(to - from, 7);
	arena_free(a);
}

static void values_across_calls_use_saved_registers(void **state)
{
	struct arena *a = arena_new();
	struct ir_module *m = util_parse(
		a, HEAD "handler 0 probe_0 {\n"
			"b0:\n"
			"  %1 = mov 0\n  %2 = mov 0\n  %3 = ctxld.8 [0]\n"
			"  jmp b1\n"
			"b1:\n  br lt %1, %3 -> b2, b3\n"
			"b2:\n"
			"  %4 = rt cpu()\n  %2 = add %2, %4\n  %1 = add %1, 1\n"
			"  jmp b1\n"
			"b3:\n  st.8 [@out], %2\n  ret\n}\n");
	const struct ebpf_func *f;
	uint32_t from, to;

	f = find(ebpf_util_compile(a, m, &may_goto), "probe_0");
	find_loop(f, &from, &to);
	assert_int_equal(count_memory(f, from, to), 0);
	arena_free(a);
}

static void accesses_share_a_pointer(void **state)
{
	struct arena *a = arena_new();
	struct ir_module *m = util_parse(
		a, HEAD
		"func fn_f(1) value {\n"
		"b0:\n"
		"  %1 = param 0\n"
		"  %2 = ld.8 [%1+8]\n  %2 = add %2, 1\n  st.8 [%1+8], %2\n"
		"  %3 = ld.8 [%1+16]\n  st.8 [%1+24], %3\n"
		"  ret %3\n}\n"
		"handler 0 probe_0 {\nb0:\n  %1 = call fn_f(3072)\n  ret\n}\n");
	const struct ebpf_func *f;
	uint32_t masks = 0;

	f = find(ebpf_util_compile(a, m, &may_goto), "fn_f");
	for (uint32_t i = 0; i < f->code.n; i++)
		masks += f->code.v[i].code == (BPF_ALU64 | BPF_AND | BPF_K);
	assert_int_equal(masks, 2); /* the frame, and one for %1 */
	arena_free(a);
}

/* ---- limits ---- */
static void expect_limit(struct arena *a, struct ir_module *m,
			 const struct ebpf_opts *o, const char *text)
{
	struct diag *d = diag_new(a, (struct diag_opts){0});
	char buf[1000] = "";
	FILE *f = fmemopen(buf, sizeof(buf), "w");

	ebpf_util_layout(a, m, o);
	assert_null(ebpf_compile(a, d, m, o));
	assert_int_equal(diag_errors(d), 1);
	diag_flush(d, f);
	fclose(f);
	if (!strstr(buf, text) || !strstr(buf, "remedy:"))
		fail_msg("%s", buf);
}

/* n times what does not fold, behind a branch over all of it */
static struct ir_module *long_handler(struct arena *a, uint32_t n)
{
	struct strbuf sb = {0};
	struct ir_module *m;

	sb_puts(&sb, HEAD "handler 0 probe_0 {\nb0:\n  %1 = ctxld.8 [0]\n"
			  "  br eq %1, 11 -> b1, b2\n"
			  "b1:\n  st.8 [@out], 1\n  jmp b3\n"
			  "b2:\n");
	for (uint32_t i = 0; i < n; i++)
		sb_puts(&sb, "  %1 = mul %1, 3\n  st.8 [@out], %1\n");
	sb_puts(&sb, "  jmp b3\nb3:\n  ret\n}\n");
	m = util_parse(a, sb_str(&sb));
	sb_free(&sb);
	return m;
}

static void too_long_functions_are_reported(void **state)
{
	struct ebpf_opts o = {.may_goto = true};
	struct arena *a = arena_new();

	expect_limit(a, long_handler(a, 12000), &o,
		     "this probe handler is too long for BPF");
	arena_free(a);
}

static void long_jumps_reach_everywhere(void **state)
{
	ebpf_util_need_bpf();

	const uint64_t args[][1] = {{11}, {1}};
	struct arena *a = arena_new();
	struct ebpf_loaded l;
	const char *cause;
	uint64_t x = 1;

	if (ebpf_util_skip(true))
		return;
	if (!ebpf_feature(EBPF_LONG_JUMP, &cause)) {
		print_message("SKIP: %s\n", cause);
		return;
	}
	ebpf_util_load(a, long_handler(a, 12000), true, &l);
	assert_int_equal(ebpf_run(&l, "probe_0", args[0], 1), 0);
	assert_int_equal(ebpf_word(&l, OUT), 1);
	assert_int_equal(ebpf_run(&l, "probe_0", args[1], 1), 0);
	for (int i = 0; i < 12000; i++)
		x *= 3;
	assert_int_equal(ebpf_word(&l, OUT), (int64_t)x);
	ebpf_unload(&l);
	arena_free(a);
}

static void too_many_branches_are_reported(void **state)
{
	struct arena *a = arena_new();
	struct strbuf sb = {0};

	sb_puts(&sb, HEAD "func fn_f(1) {\nb0:\n  %1 = param 0\n  jmp b1\n");
	for (uint32_t i = 1; i < 16200; i += 2)
		sb_printf(&sb,
			  "b%u:\n  br eq %%1, %u -> b%u, b%u\n"
			  "b%u:\n  st.8 [@out], %u\n  jmp b%u\n",
			  i, i, i + 1, i + 2, i + 1, i, i + 2);
	sb_puts(&sb, "b16201:\n  ret\n}\n"
		     "handler 0 probe_0 {\nb0:\n  call fn_f(3)\n  ret\n}\n");
	expect_limit(a, util_parse(a, sb_str(&sb)), &may_goto,
		     "this function has too many branches");
	sb_free(&sb);
	arena_free(a);
}

static void too_large_frames_are_reported(void **state)
{
	struct arena *a = arena_new();

	expect_limit(a,
		     util_parse(a, HEAD "handler 0 probe_0 {\n"
					"  slot0 a 5000000\n  slot1 b 5000000\n"
					"b0:\n  st.8 [slot1], 1\n  ret\n}\n"),
		     &may_goto, "the local variables of a function need");
	arena_free(a);
}

/* ---- files ---- */
static void objects_are_written(void **state)
{
	char path[] = "/tmp/stap-object-XXXXXX";
	struct arena *a = arena_new();
	struct ebpf_object *obj =
		ebpf_util_compile(a, with_lines(a), &may_goto);
	int fd = mkstemp(path);
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(ebpf_write_file(obj, path), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, obj->size);
	close(fd);
	unlink(path);
	assert_int_equal(ebpf_write_file(obj, "/nonexistent/x"), -ENOENT);
	assert_int_equal(ebpf_write_file(obj, "/dev/full"), -ENOSPC);
	assert_int_equal(access("/dev/full", F_OK), 0);
	arena_free(a);
}

static bool wants(struct arena *a, const char *text, enum ebpf_feature f)
{
	struct ir_module *m = util_parse(a, text);

	util_image(a, m);
	return ebpf_wants(a, m, f);
}

static void asks_for_features_only_when_they_help(void **state)
{
	struct arena *a = arena_new();
	struct strbuf text = {0};
	const char *plain = HEAD "handler 0 probe_0 {\nb0:\n"
				 "  %1 = rt lock(ctx, @out, 1)\n  ret\n}\n";

	(void)state;
	assert_false(wants(a, plain, EBPF_MAY_GOTO));
	assert_false(wants(a, plain, EBPF_LONG_JUMP));
	assert_true(wants(a,
			  HEAD "handler 0 probe_0 {\nb0:\n"
			       "  rt map_clear(@out)\n  ret\n}\n",
			  EBPF_MAY_GOTO));
	assert_true(wants(a,
			  HEAD "handler 0 probe_0 {\nb0:\n"
			       "  %1 = ld.8 [@out]\n  jmp b1\n"
			       "b1:\n  br ne %1, 0 -> b1, b2\n"
			       "b2:\n  ret\n}\n",
			  EBPF_MAY_GOTO));
	sb_puts(&text, HEAD "handler 0 probe_0 {\nb0:\n");
	for (int i = 0; i < 1000; i++)
		sb_puts(&text, "  st.8 [@out], 5\n");
	sb_puts(&text, "  ret\n}\n");
	assert_false(wants(a, sb_str(&text), EBPF_MAY_GOTO));
	assert_true(wants(a, sb_str(&text), EBPF_LONG_JUMP));
	sb_free(&text);
	arena_free(a);
}

static void features_answer_or_say_why(void **state)
{
	ebpf_util_need_bpf();
	if (tests_bpf_unusable())
		skip();
	for (int f = 0; f < EBPF_FEATURE_COUNT; f++) {
		const char *cause = NULL, *again;
		bool ok = ebpf_feature(f, &cause);

		assert_int_equal(ok, !*cause);
		assert_int_equal(ebpf_feature(f, &again), ok);
		if (!ok)
			assert_int_equal(strncmp(cause, ebpf_feature_name(f),
						 strlen(ebpf_feature_name(f))),
					 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listing_shows_script_and_names),
		cmocka_unit_test(the_kernel_knows_script_lines),
		cmocka_unit_test(programs_stand_in_sections_by_type),
		cmocka_unit_test(hot_loops_stay_in_registers),
		cmocka_unit_test(values_across_calls_use_saved_registers),
		cmocka_unit_test(accesses_share_a_pointer),
		cmocka_unit_test(too_long_functions_are_reported),
		cmocka_unit_test(long_jumps_reach_everywhere),
		cmocka_unit_test(too_many_branches_are_reported),
		cmocka_unit_test(too_large_frames_are_reported),
		cmocka_unit_test(objects_are_written),
		cmocka_unit_test(asks_for_features_only_when_they_help),
		cmocka_unit_test(features_answer_or_say_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
