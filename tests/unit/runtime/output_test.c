/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records: what a handler prints is what the reader finds. */
#include "rt_test.h"

/* Records as the transport got them. */
static struct {
	unsigned char data[1 << 16];
	size_t len, room;
	unsigned calls, wakes;
} out;

static int output(void *data, const void *record, w_u64 size, w_u32 flags)
{
	out.calls++;
	out.wakes += flags & 1;
	if (out.len + size > out.room)
		return -1;
	memcpy(out.data + out.len, record, size);
	out.len += size;
	return 0;
}

static void new_run(w_u32 cap)
{
	heap_new(cap);
	memset(&out, 0, sizeof(out));
	out.room = sizeof(out.data);
	rt_native_env.output = output;
}

/* A walk over all entries of all records, checking the framing. */
struct walk {
	size_t pos, end;
	unsigned left; /* entries that the record still announces */
	const struct wire_record *rec;
};

static const struct wire_entry *walk_next(struct walk *w)
{
	const struct wire_entry *e;

	if (w->pos == w->end) {
		assert_int_equal(w->left, 0);
		if (w->end == out.len)
			return NULL;
		w->rec = (void *)(out.data + w->end);
		assert_int_equal(w->rec->size % 8, 0);
		w->pos = w->end + sizeof(*w->rec);
		w->end += w->rec->size;
		w->left = w->rec->seq;
		assert_true(w->end <= out.len);
		assert_true(w->left > 0);
	}
	e = (void *)(out.data + w->pos);
	assert_int_equal(e->size % 8, 0);
	assert_true(e->size >= sizeof(*e));
	w->pos += e->size;
	w->left--;
	assert_true(w->pos <= w->end);
	return e;
}

static const w_u64 *longs(const struct wire_entry *e)
{
	return (const void *)(e + 1);
}

static void a_handler_makes_one_record(void **state)
{
	struct walk w = {0};
	const struct wire_entry *e;
	const struct rt_str *s;
	w_u64 at_off;

	new_run(63);
	context()->probe = 7;
	at_off = rt_out(ctx, WIRE_ENT_FORMAT | 5 << 16, 2, 0);
	((w_u64 *)at(at_off))[0] = 11;
	((w_u64 *)at(at_off))[1] = 22;
	at_off = rt_out(ctx, WIRE_ENT_FORMAT | 6 << 16, 1, 2 * RT_STR_SIZE(63));
	*(w_u64 *)at(at_off) = 33;
	rt_out_str(ctx, str("first"));
	rt_out_str(ctx, str("the second one"));
	rt_out_end(ctx);
	rt_out_text(ctx, WIRE_ENT_TEXT, str("text"));
	assert_int_equal(out.calls, 0);
	rt_leave(ctx);
	assert_int_equal(out.calls, 1);
	assert_int_equal(out.wakes, 0);

	e = walk_next(&w);
	assert_int_equal(w.rec->kind, WIRE_REC_OUTPUT);
	assert_int_equal(w.rec->probe, 7);
	assert_int_equal(w.rec->seq, 3);
	assert_int_equal(e->kind, WIRE_ENT_FORMAT);
	assert_int_equal(e->format, 5);
	assert_int_equal(longs(e)[0], 11);
	assert_int_equal(longs(e)[1], 22);
	e = walk_next(&w);
	assert_int_equal(e->format, 6);
	assert_int_equal(longs(e)[0], 33);
	s = (const void *)(longs(e) + 1);
	assert_string_equal((const char *)s->text, "first");
	s = (const void *)((const char *)s + RT_STR_SIZE(s->len));
	assert_string_equal((const char *)s->text, "the second one");
	e = walk_next(&w);
	assert_int_equal(e->kind, WIRE_ENT_TEXT);
	s = (const void *)(e + 1);
	assert_string_equal((const char *)s->text, "text");
	assert_null(walk_next(&w));
	assert_int_equal(counter(WIRE_CNT_RECORDS), 3);
}

static void nothing_printed_means_no_record(void **state)
{
	new_run(63);
	rt_leave(ctx);
	assert_int_equal(out.calls, 0);
}

static void a_full_buffer_goes_on_in_another_record(void **state)
{
	struct walk w = {0};
	const struct wire_entry *e;
	unsigned n = 0;

	new_run(63);
	head()->out_cap = 256;
	rt_leave(ctx);
	assert_int_equal(rt_enter(0, 0, 2), ctx);
	for (w_u64 i = 0; i < 100; i++) {
		w_u64 o = rt_out(ctx, WIRE_ENT_FORMAT, 1 + i % 3, 0);

		*(w_u64 *)at(o) = i;
		assert_true(context()->out_len <= 256);
	}
	rt_leave(ctx);
	while ((e = walk_next(&w))) {
		assert_int_equal(longs(e)[0], n);
		assert_int_equal(w.rec->kind, w.rec == (void *)out.data
						      ? WIRE_REC_OUTPUT
						      : WIRE_REC_CONT);
		n++;
	}
	assert_int_equal(n, 100);
	assert_true(out.calls > 5);
	assert_int_equal(counter(WIRE_CNT_RECORDS), 100);
	/* the next handler starts a record of its own */
	out.len = 0;
	assert_int_equal(rt_enter(0, 0, 2), ctx);
	rt_out(ctx, WIRE_ENT_FORMAT, 0, 0);
	rt_leave(ctx);
	assert_int_equal(((struct wire_record *)out.data)->kind,
			 WIRE_REC_OUTPUT);
}

static void strings_are_cut_to_the_buffer(void **state)
{
	new_run(200);
	head()->out_cap = 64;
	rt_leave(ctx);
	assert_int_equal(rt_enter(0, 0, 2), ctx);
	char long_text[201];
	memset(long_text, 'x', 200);
	long_text[200] = 0;
	w_u32 behind = context()->out_off + 64;
	*(w_u64 *)at(behind) = CANARY;
	w_u32 s = str(long_text);
	rt_out(ctx, WIRE_ENT_FORMAT, 0, 3 * RT_STR_SIZE(200));
	rt_out_str(ctx, str("abc"));
	rt_out_str(ctx, s);
	rt_out_str(ctx, s);
	rt_out_end(ctx);
	assert_true(context()->out_len <= 64);
	assert_int_equal(counter(WIRE_CNT_TRUNCATED), 2);
	rt_leave(ctx);
	assert_true(*(w_u64 *)at(behind) == CANARY);

	struct walk w = {0};
	const struct wire_entry *e = walk_next(&w);
	const struct rt_str *t = (const void *)(e + 1);
	assert_string_equal((const char *)t->text, "abc");
	t = (const void *)((const char *)t + RT_STR_SIZE(t->len));
	assert_int_equal(t->len, 15);
	assert_string_equal((const char *)t->text, "xxxxxxxxxxxxxxx");
	assert_null(walk_next(&w));
}

static void lost_entries_are_counted_one_by_one(void **state)
{
	struct walk w = {0};
	unsigned produced = 0, delivered = 0;

	new_run(63);
	out.room = 5000;
	rt_leave(ctx);
	for (int i = 0; i < 300; i++) {
		assert_int_equal(rt_enter(0, 0, 2), ctx);
		for (w_u64 k = rnd(5); k; k--) {
			rt_out(ctx, WIRE_ENT_FORMAT, rnd(9), 0);
			produced++;
		}
		rt_leave(ctx);
		if (i == 250)
			out.room = 6000; /* the reader caught up a little */
	}
	while (walk_next(&w))
		delivered++;
	assert_int_equal(counter(WIRE_CNT_RECORDS), delivered);
	assert_int_equal(counter(WIRE_CNT_DROPPED), produced - delivered);
	assert_true(delivered > 0 && delivered < produced);
}

static void histograms_carry_their_buckets(void **state)
{
	new_run(63);
	w_u32 desc = heap_alloc(sizeof(struct rt_stat_desc));
	struct rt_stat_desc *d = at(desc);
	struct walk w = {0};
	const struct wire_entry *e;

	d->hist = RT_HIST_LINEAR;
	d->low = 0;
	d->high = 30;
	d->step = 10;
	d->nbuckets = 6;
	d->size = sizeof(struct rt_stat) + 48;
	w_u32 stat = heap_alloc(d->size);
	rt_stat_add(stat, desc, 12);
	rt_stat_add(stat, desc, 15);
	rt_stat_add(stat, desc, 99);
	rt_out_hist(ctx, stat, desc);
	d->hist = RT_HIST_LOG;
	w_u32 log =
		heap_alloc(sizeof(struct rt_stat) + 8 * RT_HIST_LOG_BUCKETS);
	rt_stat_add(log, desc, 4);
	rt_out_hist(ctx, log, desc);
	rt_leave(ctx);
	e = walk_next(&w);
	assert_int_equal(e->kind, WIRE_ENT_HIST);
	static const w_u64 want[] = {1,	 0, 30, 10, 3, 126, 12,
				     99, 0, 0,	2,  0, 0,   1};
	assert_int_equal(e->size, 8 + sizeof(want));
	assert_memory_equal(longs(e), want, sizeof(want));
	e = walk_next(&w);
	assert_int_equal(longs(e)[0], 0);
	assert_int_equal(e->size, 8 + 64 + 8 * RT_HIST_LOG_BUCKETS);
	assert_int_equal(longs(e)[8 + 67], 1);
	assert_null(walk_next(&w));
}

static void a_histogram_that_fits_no_buffer_is_counted(void **state)
{
	new_run(63);
	head()->out_cap = 512;
	w_u32 desc = heap_alloc(sizeof(struct rt_stat_desc));
	((struct rt_stat_desc *)at(desc))->hist = RT_HIST_LOG;
	w_u32 stat =
		heap_alloc(sizeof(struct rt_stat) + 8 * RT_HIST_LOG_BUCKETS);
	((struct rt_stat *)at(stat))->count = 1;
	rt_out_hist(ctx, stat, desc);
	rt_leave(ctx);
	assert_int_equal(out.calls, 0);
	assert_int_equal(counter(WIRE_CNT_DROPPED), 1);
}

static void exit_wakes_the_reader(void **state)
{
	struct walk w = {0};

	new_run(63);
	rt_exit(ctx);
	rt_out_text(ctx, WIRE_ENT_TEXT, str("still printed"));
	rt_leave(ctx);
	assert_int_equal(out.calls, 1);
	assert_int_equal(out.wakes, 1);
	assert_int_equal(walk_next(&w)->kind, WIRE_ENT_EXIT);
	assert_int_equal(walk_next(&w)->kind, WIRE_ENT_TEXT);
	assert_null(walk_next(&w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handler_makes_one_record),
		cmocka_unit_test(nothing_printed_means_no_record),
		cmocka_unit_test(a_full_buffer_goes_on_in_another_record),
		cmocka_unit_test(strings_are_cut_to_the_buffer),
		cmocka_unit_test(lost_entries_are_counted_one_by_one),
		cmocka_unit_test(histograms_carry_their_buckets),
		cmocka_unit_test(a_histogram_that_fits_no_buffer_is_counted),
		cmocka_unit_test(exit_wakes_the_reader),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	heap_free();
	return r;
}
