/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contexts, errors, limits, locks, and what is read from the surroundings. */
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "rt_test.h"

#define RUNNING (1u << RT_RUNNING)

static unsigned char record[8192];
static size_t record_len;

static int output(void *data, const void *rec, w_u64 size, w_u32 flags)
{
	assert_true(size <= sizeof(record));
	memcpy(record, rec, size);
	record_len = size;
	return 0;
}

static w_u64 fixed_cpu;

static w_u64 cpu_hook(void *data)
{
	return fixed_cpu;
}

/* n contexts, none taken; small ones, since they only are taken here. */
static void contexts_new(w_u32 n)
{
	heap_new(31);
	rt_leave(ctx);
	head()->ctx_count = n;
	head()->ctx_off = heap_alloc(n * head()->ctx_size);
	rt_native_env.output = output;
	rt_native_env.cpu = cpu_hook;
	fixed_cpu = 0;
	record_len = 0;
}

/* ---- contexts ---- */

static void a_handler_owns_a_context(void **state)
{
	w_u64 c[8];

	contexts_new(8);
	fixed_cpu = 6;
	for (int i = 0; i < 8; i++) {
		c[i] = rt_enter((w_u64)i, 0, RUNNING);
		assert_int_equal(c[i],
				 head()->ctx_off +
					 (6 + (w_u32)i) % 8 * head()->ctx_size);
		assert_int_equal(((struct rt_ctx *)at(c[i]))->probe, i);
	}
	/* eight tries, then the hit is skipped */
	assert_int_equal(rt_enter(9, 0, RUNNING), 0);
	assert_int_equal(counter(WIRE_CNT_SKIP_CONTEXT), 1);
	assert_int_equal(head()->skipped, 1);
	rt_leave(c[1]);
	assert_int_equal(rt_enter(9, 0, RUNNING), c[1]);
	rt_leave(c[5]);
	fixed_cpu = 11; /* more CPUs than contexts */
	assert_int_equal(rt_enter(0, 0, RUNNING),
			 head()->ctx_off + 3 * head()->ctx_size);
}

static void a_context_starts_clean(void **state)
{
	contexts_new(1);
	head()->max_action = 111;
	head()->max_action_interruptible = 222;
	memset(at(head()->ctx_off + 4), 0xff, sizeof(struct rt_ctx) - 4);
	w_u64 c = rt_enter(3, 0, RUNNING);
	struct rt_ctx *x = at(c);

	assert_int_equal(x->probe, 3);
	assert_int_equal(x->error, 0);
	assert_int_equal(x->nesting, 0);
	assert_int_equal(x->out_len, 0);
	assert_int_equal(x->action_left, 111);
	assert_int_equal(x->out_off + head()->out_cap, c + head()->ctx_size);
	rt_leave(c);
	c = rt_enter(3, 1, RUNNING);
	assert_int_equal(x->action_left, 222);
}

static void hits_outside_their_state_do_not_run(void **state)
{
	contexts_new(2);
	head()->state = RT_STARTING;
	assert_int_equal(rt_enter(0, 0, RUNNING), 0);
	assert_int_equal(counter(WIRE_CNT_SKIP_STOPPED), 0);
	w_u64 c = rt_enter(0, 0, 1u << RT_STARTING);
	assert_int_not_equal(c, 0);
	rt_leave(c);
	head()->state = RT_ENDING;
	assert_int_equal(rt_enter(0, 0, RUNNING), 0);
	assert_int_equal(counter(WIRE_CNT_SKIP_STOPPED), 1);
	assert_int_equal(head()->skipped, 0);
}

static void too_many_skipped_hits_end_the_session(void **state)
{
	contexts_new(1);
	head()->max_skipped = 2;
	assert_int_not_equal(rt_enter(0, 0, RUNNING), 0);
	for (int i = 0; i < 2; i++)
		rt_enter(0, 0, RUNNING);
	assert_int_equal(head()->state, RT_RUNNING);
	rt_enter(0, 0, RUNNING);
	assert_int_equal(head()->state, RT_STOPPING);
	assert_int_equal(head()->exit_status, 1);
	assert_int_equal(counter(WIRE_CNT_SKIP_CONTEXT), 3);

	contexts_new(1);
	head()->max_skipped = 2;
	head()->flags = RT_F_SUPPRESS_ERRORS;
	for (int i = 0; i < 9; i++)
		rt_enter(0, 0, RUNNING);
	assert_int_equal(head()->state, RT_RUNNING);
	assert_int_equal(counter(WIRE_CNT_SKIP_CONTEXT), 8);
}

static w_u64 fake_ns;

static w_u64 fake_mono(void *data)
{
	return fake_ns;
}

static void times_are_kept_per_probe(void **state)
{
	static const w_u64 took[] = {30, 10, 50, 0};

	contexts_new(1);
	rt_native_env.mono_ns = fake_mono;
	head()->flags = RT_F_TIMING;
	head()->probe_stats_off = heap_alloc(2 * sizeof(struct rt_probe_stat));
	for (int i = 0; i < 4; i++) {
		w_u64 c = rt_enter(1, 0, RUNNING);

		fake_ns += took[i];
		rt_leave(c);
	}
	struct rt_probe_stat *ps = at(head()->probe_stats_off);
	assert_int_equal(ps[0].hits, 0);
	assert_int_equal(ps[1].hits, 4);
	assert_int_equal(ps[1].total_ns, 91); /* 0 counts as 1 */
	assert_int_equal(ps[1].min_ns, 1);
	assert_int_equal(ps[1].max_ns, 50);
}

/* ---- errors ---- */

static const struct wire_entry *entry(void)
{
	assert_true(record_len > sizeof(struct wire_record));
	return (void *)(record + sizeof(struct wire_record));
}

/* behind the longs of WIRE_ENT_ERROR and the header of the string */
#define ERROR_TEXT (16 + 4 * RT_CALLERS + RT_STR_HDR)

static void an_error_is_reported_and_counted(void **state)
{
	contexts_new(1);
	head()->max_errors = 1;
	w_u64 c = rt_enter(5, 0, RUNNING);
	((struct rt_ctx *)at(c))->error_loc = 17;
	rt_error(c, str("first"));
	rt_error(c, str("while unwinding"));
	rt_error_code(c, RT_MSG_DIV_ZERO);
	for (w_u64 i = 0; i < RT_CALLERS + 3; i++)
		rt_error_from(c, 100 + i);
	rt_leave(c);
	assert_int_equal(entry()->kind, WIRE_ENT_ERROR);
	assert_int_equal(((w_u64 *)(entry() + 1))[0], 17);
	assert_int_equal(((w_u64 *)(entry() + 1))[1],
			 5 | (RT_CALLERS + 3ull) << 32);
	for (w_u32 i = 0; i < RT_CALLERS; i++)
		assert_int_equal(((w_u32 *)(entry() + 1))[4 + i], 100 + i);
	assert_string_equal((char *)(entry() + 1) + ERROR_TEXT, "first");
	assert_int_equal(counter(WIRE_CNT_ERRORS), 1);
	assert_int_equal(head()->soft_errors, 1);
	assert_int_equal(head()->state, RT_RUNNING);
	c = rt_enter(5, 0, RUNNING);
	rt_error(c, str(""));
	rt_leave(c);
	assert_int_equal(counter(WIRE_CNT_ERRORS), 2);
	assert_int_equal(head()->state, RT_STOPPING);
	assert_int_equal(head()->exit_status, 1);
}

static void suppressed_errors_are_only_counted(void **state)
{
	contexts_new(1);
	head()->flags = RT_F_SUPPRESS_ERRORS;
	w_u64 c = rt_enter(5, 0, RUNNING);
	rt_error(c, str("quiet"));
	rt_leave(c);
	assert_int_equal(record_len, 0);
	assert_int_equal(counter(WIRE_CNT_ERRORS), 0);
	assert_int_equal(counter(WIRE_CNT_ERRORS_SUPPRESSED), 1);
	assert_int_equal(head()->state, RT_RUNNING);
}

static void a_caught_error_is_gone(void **state)
{
	contexts_new(1);
	w_u64 c = rt_enter(0, 0, RUNNING);
	w_u32 d = str_new();

	rt_div(c, 1, 0);
	assert_int_equal(((struct rt_ctx *)at(c))->error, RT_ERR_SOFT);
	rt_catch(c, d);
	assert_string_equal(text(d), "division by 0");
	assert_int_equal(((struct rt_ctx *)at(c))->error, 0);
	rt_error(c, str("dropped"));
	rt_catch(c, 0);
	rt_leave(c);
	assert_int_equal(record_len, 0);
	assert_int_equal(counter(WIRE_CNT_ERRORS), 0);
}

static void long_messages_are_cut(void **state)
{
	char longer[400];
	w_u32 msg;

	contexts_new(1);
	memset(longer, 'm', sizeof(longer));
	longer[399] = 0;
	msg = heap_alloc(RT_STR_SIZE(399));
	rt_heap_write_str(at(msg), longer);
	w_u64 c = rt_enter(0, 0, RUNNING);
	struct rt_ctx *x = at(c);
	rt_error(c, msg);
	assert_int_equal(x->errmsg_len, RT_ERRMSG_CAP);
	assert_int_equal(strlen((char *)x->errmsg_text), RT_ERRMSG_CAP);
	assert_int_equal(counter(WIRE_CNT_TRUNCATED), 1);
	/* and cut again to a string's size */
	w_u32 d = str_new();
	rt_catch(c, d);
	assert_int_equal(strlen(text(d)), 31);
}

/* Where the context keeps strings, the message is as long as strings are. */
static void long_messages_are_kept(void **state)
{
	char longer[400];
	w_u32 msg, d;

	heap_new(350);
	memset(longer, 'm', sizeof(longer));
	longer[300] = 0;
	msg = heap_alloc(RT_STR_SIZE(349));
	rt_heap_write_str(at(msg), longer);
	d = str_new();
	rt_error(ctx, msg);
	assert_int_equal(((struct rt_ctx *)at(ctx))->flags & RT_CTX_LONG_ERROR,
			 RT_CTX_LONG_ERROR);
	rt_catch(ctx, d);
	assert_string_equal(text(d), longer);
	/* the next one is short again */
	longer[20] = 0;
	rt_heap_write_str(at(msg), longer);
	rt_error(ctx, msg);
	rt_catch(ctx, d);
	assert_string_equal(text(d), longer);
	assert_int_equal(counter(WIRE_CNT_TRUNCATED), 0);
}

static void limits_are_not_caught(void **state)
{
	contexts_new(1);
	w_u64 c = rt_enter(0, 0, RUNNING);

	rt_error_code(c, RT_MSG_MAXACTION);
	rt_catch(c, str_new());
	assert_int_equal(((struct rt_ctx *)at(c))->error, RT_ERR_ABORT);
	rt_leave(c);
	assert_int_equal(counter(WIRE_CNT_ERRORS), 1);
	assert_string_equal((char *)(entry() + 1) + ERROR_TEXT, "MAXACTION exceeded");
}

static void every_built_in_message_has_its_text(void **state)
{
	contexts_new(1);
	for (w_u32 i = 0; i < RT_MSG_COUNT; i++) {
		w_u64 c = rt_enter(0, 0, RUNNING);
		struct rt_ctx *x = at(c);

		rt_error_code(c, i);
		assert_true(strlen(rt_msg_text(i)) > 0 ||
			    i == RT_MSG_READ_FAULT_END ||
			    i == RT_MSG_WRITE_FAULT_END ||
			    i == RT_MSG_DUMP_SIZE);
		assert_string_equal((char *)x->errmsg_text, rt_msg_text(i));
		x->error = 0;
		rt_leave(c);
	}
	assert_string_equal(rt_msg_text(RT_MSG_COUNT), "");
}

static void abort_ends_handler_and_session_without_an_error(void **state)
{
	contexts_new(1);
	w_u64 c = rt_enter(0, 0, RUNNING);

	rt_abort(c);
	rt_catch(c, 0);
	assert_int_equal(((struct rt_ctx *)at(c))->error, RT_ERR_ABORT);
	rt_leave(c);
	assert_int_equal(entry()->kind, WIRE_ENT_EXIT);
	assert_int_equal(counter(WIRE_CNT_ERRORS), 0);
	assert_int_equal(head()->state, RT_STOPPING);
	assert_int_equal(head()->exit_status, 0);
}

static void exit_moves_the_state_forward_only(void **state)
{
	static const w_u32 from_to[][2] = {
		{RT_STARTING, RT_STOPPING}, {RT_RUNNING, RT_STOPPING},
		{RT_STOPPING, RT_STOPPING}, {RT_ENDING, RT_ENDING},
		{RT_STOPPED, RT_STOPPED},
	};

	for (size_t i = 0; i < 5; i++) {
		contexts_new(1);
		head()->state = from_to[i][0];
		w_u64 c = rt_enter(0, 0, 0x1f);
		rt_exit(c);
		rt_leave(c);
		assert_int_equal(head()->state, from_to[i][1]);
	}
}

/* ---- locks ---- */

static void writers_exclude_everybody(void **state)
{
	contexts_new(1);
	w_u32 word = heap_alloc(8);

	head()->max_trylock = 5;
	head()->max_skipped = 1000;
	assert_int_equal(rt_lock(ctx, word, 1), 1);
	fixed_cpu = 1;
	assert_int_equal(rt_lock(ctx, word, 1), 0);
	assert_int_equal(rt_lock(ctx, word, 0), 0);
	assert_int_equal(counter(WIRE_CNT_SKIP_LOCK), 2);
	assert_int_equal(head()->skipped, 2);
	rt_unlock(ctx, word, 1);
	assert_int_equal(*(w_u32 *)at(word), 0);
	assert_int_equal(rt_lock(ctx, word, 0), 1);
	assert_int_equal(rt_lock(ctx, word, 0), 1);
	assert_int_equal(rt_lock(ctx, word, 1), 0);
	rt_unlock(ctx, word, 0);
	assert_int_equal(rt_lock(ctx, word, 1), 0);
	rt_unlock(ctx, word, 0);
	assert_int_equal(rt_lock(ctx, word, 1), 1);
}

static unsigned clock_reads;

static w_u64 counting_mono(void *data)
{
	clock_reads++;
	return 0;
}

static void nobody_waits_for_whom_he_interrupted(void **state)
{
	contexts_new(1);
	w_u32 word = heap_alloc(8);

	rt_native_env.mono_ns = counting_mono;
	head()->max_trylock = 1000;
	assert_int_equal(rt_lock(ctx, word, 1), 1);
	assert_int_equal(rt_lock(ctx, word, 1), 0);
	assert_int_equal(rt_lock(ctx, word, 0), 0);
	assert_int_equal(clock_reads, 0);
}

struct counting {
	w_u32 word, sum, c;
	w_u64 cpu;
};

static w_u64 data_cpu(void *data)
{
	return *(w_u64 *)data;
}

static void *add_up(void *arg)
{
	struct counting *k = arg;

	rt_native_bind(heap, HEAP);
	rt_native_env_reset();
	rt_native_env.cpu = data_cpu;
	rt_native_env.data = &k->cpu;
	for (int i = 0; i < 20000; i++) {
		while (!rt_lock(k->c, k->word, 1))
			;
		++*(volatile w_u64 *)at(k->sum);
		rt_unlock(k->c, k->word, 1);
	}
	return NULL;
}

static void a_lock_protects_between_threads(void **state)
{
	pthread_t t;

	contexts_new(1);
	head()->max_skipped = ~0u;
	w_u32 word = heap_alloc(8), sum = heap_alloc(8);
	struct counting a = {word, sum, ctx, 0}, b = {word, sum, ctx, 1};
	assert_int_equal(pthread_create(&t, NULL, add_up, &a), 0);
	add_up(&b);
	pthread_join(t, NULL);
	assert_int_equal(*(w_u64 *)at(sum), 40000);
	assert_int_equal(*(w_u32 *)at(word), 0);
}

/* ---- surroundings ---- */

static void integers_are_read_in_every_size(void **state)
{
	static const unsigned char mem[] = {0x80, 0xff, 0xff, 0xff,
					    1,	  2,	3,    0x84};
	w_u64 addr = (w_u64)(uintptr_t)mem, all;

	heap_new(31);
	memcpy(&all, mem, 8);
	assert_int_equal(rt_read(ctx, addr, 1, 1), 0x80);
	assert_int_equal((w_s64)rt_read(ctx, addr, 1, 3), -0x80);
	assert_int_equal(rt_read(ctx, addr, 2, 1), *(const uint16_t *)mem);
	assert_int_equal((w_s64)rt_read(ctx, addr, 2, 3),
			 *(const int16_t *)mem);
	assert_int_equal(rt_read(ctx, addr, 4, 1), *(const uint32_t *)mem);
	assert_int_equal((w_s64)rt_read(ctx, addr, 4, 3),
			 *(const int32_t *)mem);
	assert_true(rt_read(ctx, addr, 8, 1) == all);
	assert_true(rt_read(ctx, addr, 8, 3) == all);
	assert_no_error();
	static const struct {
		w_u64 addr;
		const char *text;
	} faults[] = {
		{0, "read fault [man error::fault] at 0x0"},
		{8, "read fault [man error::fault] at 0x8"},
		{0x9a, "read fault [man error::fault] at 0x9a"},
		{0xbcd, "read fault [man error::fault] at 0xbcd"},
		{0xfedcba9876543210,
		 "read fault [man error::fault] at 0xfedcba9876543210"},
		{0x800000000000000f,
		 "read fault [man error::fault] at 0x800000000000000f"},
	};
	for (unsigned i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		assert_int_equal(rt_read(ctx, faults[i].addr, 8, 1), 0);
		assert_error_text(faults[i].text);
	}
}

static void strings_are_read_up_to_their_end(void **state)
{
	heap_new(10);
	w_u32 d = str_new();
	w_u64 t = (w_u64)(uintptr_t) "0123456789abc";

	rt_read_str(ctx, d, t + 9, 0, 1);
	assert_string_equal(text(d), "9abc");
	rt_read_str(ctx, d, t, 4, 1);
	assert_string_equal(text(d), "0123");
	assert_int_equal(counter(WIRE_CNT_TRUNCATED), 0);
	rt_read_str(ctx, d, t + 3, 0, 1); /* fits exactly */
	assert_string_equal(text(d), "3456789abc");
	assert_int_equal(counter(WIRE_CNT_TRUNCATED), 0);
	rt_read_str(ctx, d, t, 0, 1);
	assert_string_equal(text(d), "0123456789");
	assert_int_equal(counter(WIRE_CNT_TRUNCATED), 1);
	rt_read_str(ctx, d, t, 10, 1); /* asked for no more */
	assert_int_equal(counter(WIRE_CNT_TRUNCATED), 1);
	rt_read_str(ctx, d, t, 12, 1); /* asked for more than fits */
	assert_string_equal(text(d), "0123456789");
	assert_int_equal(counter(WIRE_CNT_TRUNCATED), 2);
	assert_no_error();
	rt_read_str(ctx, d, 8, 0, 1);
	assert_string_equal(text(d), "");
	assert_error_text(
		"user string copy fault -14 at 0x8 [man error::fault]");
	rt_read_str(ctx, d, 0x1234, 0, 0);
	assert_error_text(
		"kernel string copy fault at 0x1234 [man error::fault]");
	rt_heap_write_str(at(d), "before");
	rt_read_str(ctx, d, 8, 0, 1 | 4);
	assert_string_equal(text(d), "");
	assert_no_error();
}

static void a_string_may_end_just_before_a_hole(void **state)
{
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	heap_new(31);
	w_u32 d = str_new();
	munmap(p + 4096, 4096);
	memcpy(p + 4090, "hello", 6);
	rt_read_str(ctx, d, (w_u64)(uintptr_t)p + 4090, 0, 1);
	assert_string_equal(text(d), "hello");
	assert_no_error();
	memset(p + 4090, 'x', 6);
	rt_read_str(ctx, d, (w_u64)(uintptr_t)p + 4090, 0, 1);
	assert_non_null(take_error());
	munmap(p, 4096);
}

static void the_process_answers_for_itself(void **state)
{
	heap_new(31);
	w_u32 d = str_new();
	w_u64 t;

	assert_int_equal(rt_pid_tgid() >> 32, getpid());
	assert_int_equal(rt_uid_gid() & 0xffffffff, getuid());
	assert_int_equal(rt_uid_gid() >> 32, getgid());
	rt_execname(ctx, d);
	assert_string_equal(text(d), "context_test");
	t = rt_mono_ns();
	assert_true(rt_mono_ns() >= t);
	t = rt_real_ns() / 1000000000;
	assert_true((time_t)t >= time(NULL) - 1);
	assert_true(rt_boot_ns() >= rt_mono_ns() / 2);
	assert_int_equal(rt_task(), 0);
}

static void long_names_fill_their_string(void **state)
{
	for (w_u32 cap = 1; cap < 20; cap++) {
		static const char name[] = "fifteen_letters";
		char want[16];

		heap_new(cap);
		pthread_setname_np(pthread_self(), name);
		w_u32 d = str_new();
		rt_execname(ctx, d);
		snprintf(want, sizeof(want), "%.*s", (int)cap, name);
		assert_string_equal(text(d), want);
		pthread_setname_np(pthread_self(), "eight888");
		rt_execname(ctx, d);
		snprintf(want, sizeof(want), "%.*s", (int)cap, "eight888");
		assert_string_equal(text(d), want);
	}
	pthread_setname_np(pthread_self(), "context_test");
}

static void random_numbers_stay_below_the_limit(void **state)
{
	unsigned seen = 0;

	heap_new(31);
	for (int i = 0; i < 1000; i++) {
		w_u64 r = rt_random(6);

		assert_true(r < 6);
		seen |= 1u << r;
	}
	assert_int_equal(seen, 0x3f);
	assert_int_equal(rt_random(0), 0);
	assert_int_equal(rt_random((w_u64)-5), 0);
	assert_int_equal(rt_random(1), 0);
}

static void dates_agree_with_the_c_library(void **state)
{
	heap_new(31);
	w_u32 d = str_new();

	for (int i = 0; i < 20000; i++) {
		time_t t = i == 0   ? -2147483648LL
			   : i == 1 ? 2147483647LL
			   : i == 2 ? 0
				    : (time_t)rnd(1ull << 32) - (1ll << 31);
		char want[32];

		asctime_r(gmtime(&t), want);
		want[24] = 0;
		rt_ctime(ctx, d, (w_u64)t);
		assert_string_equal(text(d), want);
	}
	assert_no_error();
	rt_ctime(ctx, d, 1ull << 31);
	assert_error(CTIME_LATE);
	assert_string_equal(text(d), "");
	rt_ctime(ctx, d, (w_u64) - (1ll << 31) - 1);
	assert_error(CTIME_EARLY);
}

static void kernel_code_has_lines(void **state)
{
	static const struct rt_source rows[] = {
		{0x10, 7, 0, 0}, {0x20, 9, 0, 0}, {0x40, 0, 0, 0}};
	const w_u64 base = 0xffffffff81000000ull;
	struct rt_source *row;
	w_u64 d;

	heap_new(31);
	d = str_new();
	head()->ksources_off = heap_alloc(sizeof(rows));
	row = at(head()->ksources_off);
	memcpy(row, rows, sizeof(rows));
	row[0].file = row[1].file = str("fs/a.c");
	/* where the kernel is, or how many rows there are, is not known */
	assert_int_equal(rt_ksym_line(base + 0x10), 0);
	head()->nksources = 3;
	assert_int_equal(rt_ksym_line(base + 0x10), 0);
	head()->kernel_text = base;
	assert_int_equal(rt_ksym_line(base + 0x10), 7);
	assert_int_equal(rt_ksym_line(base + 0x1f), 7);
	assert_int_equal(rt_ksym_line(base + 0x3f), 9);
	rt_ksym_file(ctx, d, base + 0x3f);
	assert_string_equal(text((w_u32)d), "fs/a.c");
	/* before the first, behind the end, too far, in a process */
	static const w_u64 none[] = {0xf, 0x40, 0x100000010, -0x81000000ull};
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(rt_ksym_line(base + none[i]), 0);
		rt_ksym_file(ctx, d, base + none[i]);
		assert_string_equal(text((w_u32)d), "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handler_owns_a_context),
		cmocka_unit_test(a_context_starts_clean),
		cmocka_unit_test(hits_outside_their_state_do_not_run),
		cmocka_unit_test(too_many_skipped_hits_end_the_session),
		cmocka_unit_test(times_are_kept_per_probe),
		cmocka_unit_test(an_error_is_reported_and_counted),
		cmocka_unit_test(suppressed_errors_are_only_counted),
		cmocka_unit_test(a_caught_error_is_gone),
		cmocka_unit_test(long_messages_are_cut),
		cmocka_unit_test(long_messages_are_kept),
		cmocka_unit_test(limits_are_not_caught),
		cmocka_unit_test(every_built_in_message_has_its_text),
		cmocka_unit_test(
			abort_ends_handler_and_session_without_an_error),
		cmocka_unit_test(exit_moves_the_state_forward_only),
		cmocka_unit_test(writers_exclude_everybody),
		cmocka_unit_test(nobody_waits_for_whom_he_interrupted),
		cmocka_unit_test(a_lock_protects_between_threads),
		cmocka_unit_test(integers_are_read_in_every_size),
		cmocka_unit_test(strings_are_read_up_to_their_end),
		cmocka_unit_test(a_string_may_end_just_before_a_hole),
		cmocka_unit_test(the_process_answers_for_itself),
		cmocka_unit_test(long_names_fill_their_string),
		cmocka_unit_test(random_numbers_stay_below_the_limit),
		cmocka_unit_test(dates_agree_with_the_c_library),
		cmocka_unit_test(kernel_code_has_lines),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	heap_free();
	return r;
}
