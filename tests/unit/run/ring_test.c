// SPDX-License-Identifier: GPL-2.0-or-later
/* The ring buffer's reading end, with a producer made by hand. */
#include "unit/run/build_image.h"

#include <linux/bpf.h>

#include "run/ring.h"

#define SIZE 4096

struct ring {
	struct run_ring r;
	unsigned long consumer, producer;
	_Alignas(8) char data[2 * SIZE]; /* the second half mirrors the first */
	char got[4096];
	int stop_after;
};

static struct ring *ring_new(void)
{
	struct ring *g = calloc(1, sizeof(*g));

	g->r = (struct run_ring){.consumer_pos = &g->consumer,
				 .producer_pos = &g->producer,
				 .data = g->data,
				 .mask = SIZE - 1};
	g->stop_after = -1;
	return g;
}

static void put_at(struct ring *g, unsigned long pos, const void *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		g->data[(pos + i) & (SIZE - 1)] = ((const char *)p)[i];
		g->data[((pos + i) & (SIZE - 1)) + SIZE] = ((const char *)p)[i];
	}
}

/* As bpf_ringbuf_output(); the position of its header. */
static unsigned long produce(struct ring *g, const char *text, uint32_t flags)
{
	uint32_t len = (uint32_t)strlen(text), header = len | flags;
	unsigned long at = g->producer;

	put_at(g, at, &header, 4);
	put_at(g, at + BPF_RINGBUF_HDR_SZ, text, len);
	g->producer += (len + BPF_RINGBUF_HDR_SZ + 7) & ~7u;
	assert_true(g->producer - g->consumer <= SIZE);
	return at;
}

static int take(void *arg, const void *p, size_t n)
{
	struct ring *g = arg;

	strncat(g->got, p, n);
	strcat(g->got, ";");
	return g->stop_after > 0 && --g->stop_after == 0;
}

static void records_come_in_order(void **state)
{
	struct ring *g = ring_new();

	assert_int_equal(run_ring_consume(&g->r, take, g, 1000), 0);
	produce(g, "one", 0);
	produce(g, "twelve bytes", 0);
	assert_int_equal(run_ring_consume(&g->r, take, g, 1000), 2);
	assert_string_equal(g->got, "one;twelve bytes;");
	assert_true(g->consumer == g->producer);
	free(g);
}

static void a_record_being_written_holds_up_the_rest(void **state)
{
	struct ring *g = ring_new();
	uint32_t done = 4;
	unsigned long at;

	produce(g, "one", 0);
	at = produce(g, "busy", BPF_RINGBUF_BUSY_BIT);
	produce(g, "three", 0);
	assert_int_equal(run_ring_consume(&g->r, take, g, 1000), 1);
	assert_string_equal(g->got, "one;");
	assert_true(g->consumer == at);
	put_at(g, at, &done, 4);
	assert_int_equal(run_ring_consume(&g->r, take, g, 1000), 2);
	assert_string_equal(g->got, "one;busy;three;");
	free(g);
}

static void discarded_records_are_skipped(void **state)
{
	struct ring *g = ring_new();

	produce(g, "gone", BPF_RINGBUF_DISCARD_BIT);
	produce(g, "here", 0);
	assert_int_equal(run_ring_consume(&g->r, take, g, 1000), 1);
	assert_string_equal(g->got, "here;");
	assert_true(g->consumer == g->producer);
	free(g);
}

static void a_call_takes_a_bounded_amount(void **state)
{
	struct ring *g = ring_new();

	for (int i = 0; i < 8; i++)
		produce(g, "12345678", 0);
	assert_int_equal(run_ring_consume(&g->r, take, g, 40), 3);
	assert_int_equal(run_ring_consume(&g->r, take, g, 1000), 5);
	free(g);
}

static void the_callback_can_stop_it(void **state)
{
	struct ring *g = ring_new();

	produce(g, "one", 0);
	produce(g, "two", 0);
	g->stop_after = 1;
	assert_int_equal(run_ring_consume(&g->r, take, g, 1000), 1);
	assert_string_equal(g->got, "one;");
	/* nothing is lost, nothing comes twice */
	assert_int_equal(run_ring_consume(&g->r, take, g, 1000), 1);
	assert_string_equal(g->got, "one;two;");
	free(g);
}

static void records_across_the_end_are_whole(void **state)
{
	struct ring *g = ring_new();
	char text[1001];
	size_t total = 0;

	memset(text, 'r', 1000);
	text[1000] = 0;
	for (int i = 0; i < 20; i++) {
		produce(g, text, 0);
		g->got[0] = 0;
		assert_int_equal(run_ring_consume(&g->r, take, g, 5000), 1);
		assert_int_equal(strlen(g->got), 1001);
		total += strlen(g->got);
	}
	assert_int_equal(total, 20 * 1001);
	free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_in_order),
		cmocka_unit_test(a_record_being_written_holds_up_the_rest),
		cmocka_unit_test(discarded_records_are_skipped),
		cmocka_unit_test(a_call_takes_a_bounded_amount),
		cmocka_unit_test(the_callback_can_stop_it),
		cmocka_unit_test(records_across_the_end_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
