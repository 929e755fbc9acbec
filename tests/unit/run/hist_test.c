// SPDX-License-Identifier: GPL-2.0-or-later
/* Histograms are drawn as SystemTap draws them; figures from its manual. */
#include "unit/run/build_image.h"

#include "run/hist.h"

struct row {
	int64_t value; /* label of the bucket */
	uint64_t count;
};

static uint32_t log_index(int64_t label)
{
	uint32_t i = RT_HIST_LOG_ZERO;

	if (label > 0)
		for (i++; label > 1; label >>= 1)
			i++;
	if (label < 0)
		for (i--; label < -1; label /= 2)
			i--;
	return i;
}

static const char *draw(const struct hist *h, int elision)
{
	static char text[65536];
	struct run_out o;
	int fd = capture_fd();

	assert_int_equal(run_out_init(&o, fd), 0);
	hist_print(&o, h, elision, 0);
	run_out_close(&o);
	snprintf(text, sizeof(text), "%s", captured(fd));
	close(fd);
	/* an empty line ends each */
	assert_true(strlen(text) > 2);
	assert_string_equal(text + strlen(text) - 2, "\n\n");
	text[strlen(text) - 1] = 0;
	return text;
}

static const char *draw_log(const struct row *rows, size_t n, int elision)
{
	static uint64_t bucket[RT_HIST_LOG_BUCKETS];
	struct hist h = {.bucket = bucket, .nbuckets = RT_HIST_LOG_BUCKETS};

	memset(bucket, 0, sizeof(bucket));
	for (size_t i = 0; i < n; i++)
		bucket[log_index(rows[i].value)] = rows[i].count;
	return draw(&h, elision);
}

#define LINE "|-------------------------------------------------- count\n"
#define ROWS(...)                                                              \
	(const struct row[]){__VA_ARGS__},                                     \
		sizeof((const struct row[]){__VA_ARGS__}) / sizeof(struct row)

/* The language reference's example of @hist_linear(reads, 0, 10240, 200). */
static void linear_as_in_the_manual(void **state)
{
	uint64_t bucket[54] = {0};
	struct hist h = {.linear = 1,
			 .low = 0,
			 .high = 10240,
			 .step = 200,
			 .bucket = bucket,
			 .nbuckets = 54};

	bucket[1] = 1650;
	bucket[2] = 8;
	bucket[8] = 1;
	assert_string_equal(
		draw(&h, 2),
		"value " LINE
		"    0 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ "
		"1650\n"
		"  200 |                                                      "
		"8\n"
		"  400 |                                                      "
		"0\n"
		"  600 |                                                      "
		"0\n"
		"      ~\n"
		" 1000 |                                                      "
		"0\n"
		" 1200 |                                                      "
		"0\n"
		" 1400 |                                                      "
		"1\n"
		" 1600 |                                                      "
		"0\n"
		" 1800 |                                                      "
		"0\n");
}

/* The language reference's example of @hist_log. */
static void log_as_in_the_manual(void **state)
{
	assert_string_equal(
		draw_log(ROWS({32, 254}, {64, 3}, {128, 2}, {256, 2}, {512, 4},
			      {1024, 16689}),
			 2),
		"value " LINE "    8 |                                         "
		"              0\n"
		"   16 |                                                       "
		"0\n"
		"   32 |                                                     "
		"254\n"
		"   64 |                                                       "
		"3\n"
		"  128 |                                                       "
		"2\n"
		"  256 |                                                       "
		"2\n"
		"  512 |                                                       "
		"4\n"
		" 1024 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@  "
		"16689\n"
		" 2048 |                                                       "
		"0\n"
		" 4096 |                                                       "
		"0\n");
}

/* Counts up to 50 are drawn one to one. */
static void small_counts_are_not_scaled(void **state)
{
	assert_string_equal(
		draw_log(ROWS({4, 4}, {8, 27}, {16, 34}, {512, 1}), 2),
		"value " LINE
		"    1 |                                                    0\n"
		"    2 |                                                    0\n"
		"    4 |@@@@                                                4\n"
		"    8 |@@@@@@@@@@@@@@@@@@@@@@@@@@@                        27\n"
		"   16 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@                 34\n"
		"   32 |                                                    0\n"
		"   64 |                                                    0\n"
		"  128 |                                                    0\n"
		"  256 |                                                    0\n"
		"  512 |@                                                   1\n"
		" 1024 |                                                    0\n"
		" 2048 |                                                    "
		"0\n");
}

/* Larger ones by the smallest whole number that makes them fit. */
static void large_counts_are_scaled_down(void **state)
{
	assert_string_equal(
		draw_log(ROWS({2048, 2}, {4096, 278}, {8192, 1}, {16384, 5}),
			 2),
		"value " LINE "  512 |                                         "
		"            0\n"
		" 1024 |                                                     "
		"0\n"
		" 2048 |                                                     "
		"2\n"
		" 4096 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@     "
		"278\n"
		" 8192 |                                                     "
		"1\n"
		"16384 |                                                     "
		"5\n"
		"32768 |                                                     "
		"0\n"
		"65536 |                                                     "
		"0\n");
	assert_non_null(
		strstr(draw_log(ROWS({16384, 135}, {32768, 8}), 2),
		       " 16384 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@  "
		       "    135\n"
		       " 32768 |@@                                             "
		       "      8\n"));
}

/* 50 is one to one, 51 no longer fits. */
static void the_bar_is_at_most_fifty_wide(void **state)
{
	assert_non_null(strstr(
		draw_log(ROWS({1, 50}), 2),
		"|@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 50\n"));
	assert_non_null(strstr(
		draw_log(ROWS({1, 51}), 2),
		"|@@@@@@@@@@@@@@@@@@@@@@@@@                          51\n"));
	assert_non_null(strstr(draw_log(ROWS({1, UINT64_MAX}), 2),
			       "@  18446744073709551615\n"));
}

/* A disk's seeks, forward and back. */
static void negative_values_have_their_own_buckets(void **state)
{
	assert_string_equal(
		draw_log(ROWS({-8589934592ll, 1}, {-67108864, 1}, {-8192, 47},
			      {-4096, 115}, {-2048, 31}, {0, 246}, {32, 1},
			      {64, 3}, {128, 1}, {256, 1}, {512, 8}, {1024, 7},
			      {2048, 102}, {4096, 102}, {8192, 37}, {16384, 3},
			      {67108864, 2}, {8589934592ll, 1}),
			 2),
		"       value "
		"|-------------------------------------------------- count\n"
		"-34359738368 |                                                "
		"     0\n"
		"-17179869184 |                                                "
		"     0\n"
		" -8589934592 |                                                "
		"     1\n"
		" -4294967296 |                                                "
		"     0\n"
		" -2147483648 |                                                "
		"     0\n"
		"             ~\n"
		"  -268435456 |                                                "
		"     0\n"
		"  -134217728 |                                                "
		"     0\n"
		"   -67108864 |                                                "
		"     1\n"
		"   -33554432 |                                                "
		"     0\n"
		"   -16777216 |                                                "
		"     0\n"
		"             ~\n"
		"      -32768 |                                                "
		"     0\n"
		"      -16384 |                                                "
		"     0\n"
		"       -8192 |@@@@@@@@@                                       "
		"    47\n"
		"       -4096 |@@@@@@@@@@@@@@@@@@@@@@@                         "
		"   115\n"
		"       -2048 |@@@@@@                                          "
		"    31\n"
		"       -1024 |                                                "
		"     0\n"
		"        -512 |                                                "
		"     0\n"
		"             ~\n"
		"          -2 |                                                "
		"     0\n"
		"          -1 |                                                "
		"     0\n"
		"           0 "
		"|@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@  246\n"
		"           1 |                                                "
		"     0\n"
		"           2 |                                                "
		"     0\n"
		"             ~\n"
		"           8 |                                                "
		"     0\n"
		"          16 |                                                "
		"     0\n"
		"          32 |                                                "
		"     1\n"
		"          64 |                                                "
		"     3\n"
		"         128 |                                                "
		"     1\n"
		"         256 |                                                "
		"     1\n"
		"         512 |@                                               "
		"     8\n"
		"        1024 |@                                               "
		"     7\n"
		"        2048 |@@@@@@@@@@@@@@@@@@@@                            "
		"   102\n"
		"        4096 |@@@@@@@@@@@@@@@@@@@@                            "
		"   102\n"
		"        8192 |@@@@@@@                                         "
		"    37\n"
		"       16384 |                                                "
		"     3\n"
		"       32768 |                                                "
		"     0\n"
		"       65536 |                                                "
		"     0\n"
		"             ~\n"
		"    16777216 |                                                "
		"     0\n"
		"    33554432 |                                                "
		"     0\n"
		"    67108864 |                                                "
		"     2\n"
		"   134217728 |                                                "
		"     0\n"
		"   268435456 |                                                "
		"     0\n"
		"             ~\n"
		"  2147483648 |                                                "
		"     0\n"
		"  4294967296 |                                                "
		"     0\n"
		"  8589934592 |                                                "
		"     1\n"
		" 17179869184 |                                                "
		"     0\n"
		" 34359738368 |                                                "
		"     0\n");
}

static void the_zero_bucket_is_the_first_without_negatives(void **state)
{
	assert_string_equal(
		draw_log(ROWS({1, 9}, {2, 46}), 2),
		"value " LINE
		"    0 |                                                    0\n"
		"    1 |@@@@@@@@@                                           9\n"
		"    2 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@     46\n"
		"    4 |                                                    0\n"
		"    8 |                                                    "
		"0\n");
}

/* "10 consecutive empty buckets, HIST_ELISION 3: the first 3 and the last 3
   are printed, the middle 4 become a tilde." */
static void elision_keeps_the_given_number(void **state)
{
	uint64_t bucket[15] = {0};
	struct hist h = {.linear = 1,
			 .high = 12,
			 .step = 1,
			 .bucket = bucket,
			 .nbuckets = 15};

	bucket[1] = bucket[12] = 1;
	assert_string_equal(
		draw(&h, 3),
		"value " LINE
		"    0 |@                                                  1\n"
		"    1 |                                                   0\n"
		"    2 |                                                   0\n"
		"    3 |                                                   0\n"
		"      ~\n"
		"    8 |                                                   0\n"
		"    9 |                                                   0\n"
		"   10 |                                                   0\n"
		"   11 |@                                                  1\n"
		"   12 |                                                   "
		"0\n");
	assert_string_equal(
		draw(&h, 0),
		"value " LINE
		"    0 |@                                                  1\n"
		"      ~\n"
		"   11 |@                                                  "
		"1\n");
	/* exactly twice the number: nothing to leave out */
	assert_null(strchr(draw(&h, 5), '~'));
	/* negative: every bucket */
	assert_null(strchr(draw(&h, -1), '~'));
	assert_non_null(strstr(draw(&h, -1), "\n    6 |"));
}

static void overflow_shows_when_it_happened(void **state)
{
	uint64_t bucket[6] = {2, 0, 1, 0, 0, 3};
	struct hist h = {.linear = 1,
			 .low = 10,
			 .high = 40,
			 .step = 10,
			 .bucket = bucket,
			 .nbuckets = 6};

	assert_string_equal(
		draw(&h, 2),
		"value " LINE
		"  <10 |@@                                                 2\n"
		"   10 |                                                   0\n"
		"   20 |@                                                  1\n"
		"   30 |                                                   0\n"
		"   40 |                                                   0\n"
		"  >40 |@@@                                                "
		"3\n");
}

static void an_empty_histogram_is_its_heading(void **state)
{
	assert_string_equal(draw_log(NULL, 0, 2), "value " LINE);
}

static void the_extreme_buckets_have_labels(void **state)
{
	uint64_t bucket[RT_HIST_LOG_BUCKETS] = {0};
	struct hist h = {.bucket = bucket, .nbuckets = RT_HIST_LOG_BUCKETS};

	bucket[0] = bucket[RT_HIST_LOG_BUCKETS - 1] = 1;
	assert_non_null(strstr(draw(&h, 2), "\n-9223372036854775808 |@"));
	assert_non_null(strstr(draw(&h, 2), "\n 4611686018427387904 |@"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linear_as_in_the_manual),
		cmocka_unit_test(log_as_in_the_manual),
		cmocka_unit_test(small_counts_are_not_scaled),
		cmocka_unit_test(large_counts_are_scaled_down),
		cmocka_unit_test(the_bar_is_at_most_fifty_wide),
		cmocka_unit_test(negative_values_have_their_own_buckets),
		cmocka_unit_test(
			the_zero_bucket_is_the_first_without_negatives),
		cmocka_unit_test(elision_keeps_the_given_number),
		cmocka_unit_test(overflow_shows_when_it_happened),
		cmocka_unit_test(an_empty_histogram_is_its_heading),
		cmocka_unit_test(the_extreme_buckets_have_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
