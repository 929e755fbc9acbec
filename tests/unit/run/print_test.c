// SPDX-License-Identifier: GPL-2.0-or-later
/* Records become text: every directive, every kind of entry, damaged ones. */
#include "unit/run/build_image.h"

#include <errno.h>

#include "run/print.h"

struct fixture {
	struct image_builder *b;
	struct run_out out;
	struct printer p;
	struct rec r;
	int out_fd, err_fd;
	FILE *err;
	int exits;
	char command[64];
};

static void on_exit_entry(void *arg)
{
	((struct fixture *)arg)->exits++;
}

static void on_system_entry(void *arg, const char *cmd)
{
	struct fixture *f = arg;

	snprintf(f->command, sizeof(f->command), "%s", cmd);
}

static struct fixture *begin(struct image_builder *b)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->b = b;
	f->out_fd = capture_fd();
	f->err_fd = capture_fd();
	f->err = fdopen(dup(f->err_fd), "w");
	assert_int_equal(run_out_init(&f->out, f->out_fd), 0);
	assert_int_equal(printer_init(&f->p, &b->img, &f->out, f->err), 0);
	f->p.hooks = (struct print_hooks){
		.exit = on_exit_entry, .system = on_system_entry, .arg = f};
	rec_begin(&f->r);
	return f;
}

/* Prints the record made in f->r; everything printed so far. */
static const char *print(struct fixture *f)
{
	assert_int_equal(printer_record(&f->p, f->r.b, f->r.len), 0);
	run_out_flush(&f->out);
	rec_begin(&f->r);
	return captured(f->out_fd);
}

static void end(struct fixture *f)
{
	printer_free(&f->p);
	run_out_close(&f->out);
	fclose(f->err);
	close(f->out_fd);
	close(f->err_fd);
	free(f->b);
	free(f);
}

static void prints_plain_directives(void **state)
{
	struct image_builder *b = image_new();
	struct part p[] = {{"n=", {.conv = 'd'}},
			   {" s=", {.conv = 's'}},
			   {" u=", {.conv = 'u'}},
			   {" x=", {.conv = 'x'}},
			   {"\n", {0}}};
	w_u32 fmt = image_fmt(b, p, 5);
	struct fixture *f = begin(b);

	rec_entry(&f->r, WIRE_ENT_FORMAT, fmt);
	rec_long(&f->r, -42);
	rec_long(&f->r, -1);
	rec_long(&f->r, 0xbeef);
	rec_str(&f->r, "text");
	rec_entry(&f->r, WIRE_ENT_FORMAT, fmt);
	rec_long(&f->r, INT64_MIN);
	rec_long(&f->r, 0);
	rec_long(&f->r, -1);
	rec_str(&f->r, "");
	assert_string_equal(
		print(f), "n=-42 s=text u=18446744073709551615 x=beef\n"
			  "n=-9223372036854775808 s= u=0 x=ffffffffffffffff\n");
	assert_int_equal(f->p.records, 1);
	assert_int_equal(f->p.entries, 2);
	assert_int_equal(f->p.malformed, 0);
	end(f);
}

static void prints_every_other_directive(void **state)
{
	struct image_builder *b = image_new();
	struct part p[] = {
		{"", {.conv = 'd', .flags = WIRE_SPEC_ZERO, .width = 6}},
		{"|", {.conv = 'd', .flags = WIRE_SPEC_PLUS}},
		{"|", {.conv = 'X', .flags = WIRE_SPEC_ALT}},
		{"|", {.conv = 'o', .flags = WIRE_SPEC_ALT}},
		{"|", {.conv = 'p'}},
		{"|", {.conv = 'c'}},
		{"|", {.conv = 's', .flags = WIRE_SPEC_HAS_PREC, .prec = 3}},
		{"|",
		 {.conv = 's',
		  .flags = WIRE_SPEC_WIDTH_ARG | WIRE_SPEC_PREC_ARG}},
		{"|", {.conv = 'd', .flags = WIRE_SPEC_HAS_PREC, .prec = 4}},
		{"|\n", {0}},
	};
	w_u32 fmt = image_fmt(b, p, 10);
	struct fixture *f = begin(b);

	rec_entry(&f->r, WIRE_ENT_FORMAT, fmt);
	rec_long(&f->r, -12);
	rec_long(&f->r, 5);
	rec_long(&f->r, 255);
	rec_long(&f->r, 8);
	rec_long(&f->r, 0xbc614e);
	rec_long(&f->r, 'A');
	rec_long(&f->r, 7); /* width */
	rec_long(&f->r, 2); /* precision */
	rec_long(&f->r, 42);
	rec_str(&f->r, "abcdef");
	rec_str(&f->r, "wxyz");
	assert_string_equal(
		print(f), "-00012|+5|0XFF|010|0xbc614e|A|abc|     wx|0042|\n");
	end(f);
}

static void prints_binary_and_memory_bytes(void **state)
{
	struct image_builder *b = image_new();
	struct part p[] = {{"", {.conv = 'b', .width = 2}},
			   {"", {.conv = 'm'}},
			   {".", {0}}};
	w_u32 fmt = image_fmt(b, p, 3);
	struct fixture *f = begin(b);
	static const char expect[] = {0x34, 0x12, 'a', 0, 'b', '.'};

	rec_entry(&f->r, WIRE_ENT_FORMAT, fmt);
	rec_long(&f->r, 0x1234);
	rec_strn(&f->r, "a\0b", 3);
	assert_memory_equal(print(f), expect, sizeof(expect));
	assert_int_equal(lseek(f->out_fd, 0, SEEK_END), sizeof(expect));
	end(f);
}

/* The directives that print.c does itself give what the library gives. */
static void fast_and_slow_directives_agree(void **state)
{
	static const int64_t value[] = {
		0,   1,	    9,	       10,	  99,	     100,    101, -1,
		-10, 65535, INT64_MAX, INT64_MIN, 1ll << 32, -99999, 255, 16};
	static const char *const text[] = {"", "a", "twelve bytes",
					   "exactly 16 bytes",
					   "with\nnewline\tand tab"};
	static const uint32_t width[] = {0, 1, 5, 19, 20, 21, 64};
	struct run_fmt *slow = run_fmt_new();

	assert_non_null(slow);
	for (size_t c = 0; c < 4; c++)
		for (size_t w = 0; w < 7; w++)
			for (unsigned left = 0; left < 2; left++) {
				struct image_builder *b = image_new();
				struct part p = {
					"",
					{.conv = (w_u8) "duxs"[c],
					 .flags = left ? WIRE_SPEC_LEFT : 0,
					 .width = width[w]}};
				w_u32 fmt = image_fmt(b, &p, 1);
				struct fixture *f = begin(b);
				char expect[8192];
				size_t n = 0, len;
				const char *s;

				assert_true(f->p.formats[fmt].all_fast);
				for (size_t i = 0; p.spec.conv != 's' && i < 16;
				     i++) {
					rec_entry(&f->r, WIRE_ENT_FORMAT, fmt);
					rec_long(&f->r, value[i]);
					s = run_fmt_long(slow, &p.spec,
							 (uint64_t)value[i],
							 RUN_FMT_NOT_GIVEN,
							 RUN_FMT_NOT_GIVEN,
							 &len);
					memcpy(expect + n, s, len);
					n += len;
				}
				for (size_t i = 0; p.spec.conv == 's' && i < 5;
				     i++) {
					rec_entry(&f->r, WIRE_ENT_FORMAT, fmt);
					rec_str(&f->r, text[i]);
					s = run_fmt_str(
						slow, &p.spec, text[i],
						(uint32_t)strlen(text[i]),
						RUN_FMT_NOT_GIVEN,
						RUN_FMT_NOT_GIVEN, &len);
					memcpy(expect + n, s, len);
					n += len;
				}
				expect[n] = 0;
				assert_true(n > 0);
				assert_string_equal(print(f), expect);
				end(f);
			}
	run_fmt_free(slow);
}

static void text_and_log_go_to_the_output(void **state)
{
	struct fixture *f = begin(image_new());

	rec_entry(&f->r, WIRE_ENT_TEXT, 0);
	rec_str(&f->r, "hello ");
	rec_entry(&f->r, WIRE_ENT_LOG, 0);
	rec_str(&f->r, "world");
	assert_string_equal(print(f), "hello world\n");
	end(f);
}

static void errors_say_who_called(void **state)
{
	struct image_builder *b = image_new();
	struct fixture *f;

	for (unsigned i = 0; i < 3; i++)
		b->locs[b->img.nlocs++] = (struct image_loc){
			.file = image_str(b, "x.stp"),
			.line = i + 1,
			.col = 7,
			.what = image_str(b, "identifier 'f'")};
	f = begin(b);
	rec_entry(&f->r, WIRE_ENT_ERROR, 0);
	rec_long(&f->r, 1);
	rec_long(&f->r, UINT32_MAX | 2ull << 32);
	rec_callers(&f->r, 2, 3);
	rec_str(&f->r, "deep");
	print(f);
	assert_string_equal(captured(f->err_fd),
			    "ERROR: deep near identifier 'f' at x.stp:1:7 "
			    "(called from identifier 'f' at x.stp:2:7) "
			    "(called from identifier 'f' at x.stp:3:7)\n");
	end(f);
}

static void errors_say_where(void **state)
{
	struct image_builder *b = image_new();
	struct fixture *f;

	b->locs[b->img.nlocs++] =
		(struct image_loc){.file = image_str(b, "<input>"),
				   .line = 1,
				   .col = 24,
				   .what = image_str(b, "operator '/'")};
	f = begin(b);
	rec_entry(&f->r, WIRE_ENT_ERROR, 0);
	rec_long(&f->r, 1);
	rec_long(&f->r, 0);
	rec_callers(&f->r, 0, 0);
	rec_str(&f->r, "division by 0");
	rec_entry(&f->r, WIRE_ENT_ERROR, 0);
	rec_long(&f->r, 0);
	rec_long(&f->r, 0);
	rec_callers(&f->r, 0, 0);
	rec_str(&f->r, "nowhere");
	rec_entry(&f->r, WIRE_ENT_WARN, 0);
	rec_str(&f->r, "careful");
	print(f);
	assert_string_equal(
		captured(f->err_fd),
		"ERROR: division by 0 near operator '/' at <input>:1:24\n"
		"ERROR: nowhere\n"
		"WARNING: careful\n");
	assert_int_equal(f->p.errors, 2);
	end(f);
}

static void no_warnings_drops_warn_only(void **state)
{
	struct fixture *f = begin(image_new());

	f->p.no_warnings = true;
	rec_entry(&f->r, WIRE_ENT_WARN, 0);
	rec_str(&f->r, "unwanted");
	rec_entry(&f->r, WIRE_ENT_ERROR, 0);
	rec_long(&f->r, 0);
	rec_long(&f->r, 0);
	rec_callers(&f->r, 0, 0);
	rec_str(&f->r, "wanted");
	print(f);
	assert_string_equal(captured(f->err_fd), "ERROR: wanted\n");
	end(f);
}

/* A warning comes after the output that was printed before it. */
static void messages_keep_the_order(void **state)
{
	struct fixture *f = begin(image_new());

	/* both to the same file */
	dup2(f->out_fd, fileno(f->err));
	rec_entry(&f->r, WIRE_ENT_TEXT, 0);
	rec_str(&f->r, "one\n");
	rec_entry(&f->r, WIRE_ENT_WARN, 0);
	rec_str(&f->r, "two");
	rec_entry(&f->r, WIRE_ENT_TEXT, 0);
	rec_str(&f->r, "three\n");
	assert_string_equal(print(f), "one\nWARNING: two\nthree\n");
	end(f);
}

static void colours_mark_the_severity(void **state)
{
	struct fixture *f = begin(image_new());

	f->p.color = true;
	rec_entry(&f->r, WIRE_ENT_WARN, 0);
	rec_str(&f->r, "w");
	print(f);
	assert_string_equal(captured(f->err_fd),
			    "\033[00;33m\033[KWARNING: \033[m\033[Kw\n");
	end(f);
}

static void exit_and_system_reach_the_session(void **state)
{
	struct fixture *f = begin(image_new());

	rec_entry(&f->r, WIRE_ENT_SYSTEM, 0);
	rec_str(&f->r, "echo hi");
	rec_entry(&f->r, WIRE_ENT_EXIT, 0);
	print(f);
	assert_int_equal(f->exits, 1);
	assert_string_equal(f->command, "echo hi");
	end(f);
}

static void prints_histograms(void **state)
{
	struct fixture *f = begin(image_new());

	rec_entry(&f->r, WIRE_ENT_HIST, 0);
	rec_long(&f->r, 1);
	rec_long(&f->r, 0);
	rec_long(&f->r, 20);
	rec_long(&f->r, 10);
	for (int i = 0; i < 4; i++)
		rec_long(&f->r, 0);
	rec_long(&f->r, 0);
	rec_long(&f->r, 3);
	rec_long(&f->r, 1);
	rec_long(&f->r, 0);
	rec_long(&f->r, 0);
	assert_string_equal(
		print(f),
		"value |-------------------------------------------------- "
		"count\n"
		"    0 |@@@                                                3\n"
		"   10 |@                                                  1\n"
		"   20 |                                                   "
		"0\n\n");
	end(f);
}

/* Whatever arrives: counted, nothing read or printed beyond it. */
static void damaged_records_are_counted(void **state)
{
	struct image_builder *b = image_new();
	struct part p[] = {{"", {.conv = 'd'}}, {"", {.conv = 's'}}};
	w_u32 fmt = image_fmt(b, p, 2);
	struct fixture *f = begin(b);
	struct wire_record *h = (void *)f->r.b;
	struct wire_entry *e;
	uint64_t n = 0;

	/* shorter than a header */
	printer_record(&f->p, f->r.b, 8);
	assert_int_equal(f->p.malformed, ++n);
	/* claims more than there is */
	h->size = 4096;
	print(f);
	assert_int_equal(f->p.malformed, ++n);
	/* an unknown kind */
	h->kind = 77;
	print(f);
	assert_int_equal(f->p.malformed, ++n);
	/* a format that does not exist */
	rec_entry(&f->r, WIRE_ENT_FORMAT, 9);
	print(f);
	assert_int_equal(f->p.malformed, ++n);
	/* no arguments */
	rec_entry(&f->r, WIRE_ENT_FORMAT, fmt);
	print(f);
	assert_int_equal(f->p.malformed, ++n);
	/* the string is missing */
	rec_entry(&f->r, WIRE_ENT_FORMAT, fmt);
	rec_long(&f->r, 1);
	print(f);
	assert_int_equal(f->p.malformed, ++n);
	/* the string is longer than the entry */
	rec_entry(&f->r, WIRE_ENT_TEXT, 0);
	rec_str(&f->r, "abc");
	f->r.b[f->r.entry + 8] = 100;
	print(f);
	assert_int_equal(f->p.malformed, ++n);
	f->r.b[f->r.entry + 8] = 0;
	/* an entry of no size, for ever */
	rec_entry(&f->r, WIRE_ENT_TEXT, 0);
	e = (void *)(f->r.b + f->r.entry);
	e->size = 0;
	print(f);
	assert_int_equal(f->p.malformed, ++n);
	/* a histogram without buckets */
	rec_entry(&f->r, WIRE_ENT_HIST, 0);
	for (int i = 0; i < 8; i++)
		rec_long(&f->r, 0);
	print(f);
	assert_int_equal(f->p.malformed, ++n);
	/* entries that are not there */
	rec_entry(&f->r, WIRE_ENT_TEXT, 0);
	rec_str(&f->r, "shown");
	h->seq = 3;
	assert_string_equal(print(f), "shown");
	assert_int_equal(f->p.malformed, ++n);
	end(f);
}

static void damaged_format_table_is_refused(void **state)
{
	struct image_builder *b = image_new();
	struct part p = {"x", {.conv = 'd'}};
	struct run_out out;
	struct printer pr;

	assert_int_equal(run_out_init(&out, 1), 0);
	image_fmt(b, &p, 1);
	b->formats[0].nparts = 1000;
	assert_int_equal(printer_init(&pr, &b->img, &out, stderr), -EINVAL);
	b->formats[0].nparts = 1;
	b->parts[0].literal = 4000;
	assert_int_equal(printer_init(&pr, &b->img, &out, stderr), -EINVAL);
	run_out_close(&out);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_plain_directives),
		cmocka_unit_test(prints_every_other_directive),
		cmocka_unit_test(prints_binary_and_memory_bytes),
		cmocka_unit_test(fast_and_slow_directives_agree),
		cmocka_unit_test(text_and_log_go_to_the_output),
		cmocka_unit_test(errors_say_who_called),
		cmocka_unit_test(errors_say_where),
		cmocka_unit_test(no_warnings_drops_warn_only),
		cmocka_unit_test(messages_keep_the_order),
		cmocka_unit_test(colours_mark_the_severity),
		cmocka_unit_test(exit_and_system_reach_the_session),
		cmocka_unit_test(prints_histograms),
		cmocka_unit_test(damaged_records_are_counted),
		cmocka_unit_test(damaged_format_table_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
