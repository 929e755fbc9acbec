/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run-time library as BPF, in both loop variants: the running kernel's
 * verifier accepts every public function, and each does to the heap exactly
 * what the native build does. verify.bpf.c is the library with a heap of its
 * own and one program per function.
 *
 * With RT_TIMES set in the environment: also how long some paths take.
 */
#include <errno.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../../bpf_usable.h"
#include "rt_test.h"
#include "regex_table.h"
#include "verify.h"

_Static_assert(HEAP == VERIFY_HEAP, "both heaps are alike");

/* ---- public functions ---- */
struct function {
	const char *name;
	unsigned nargs;
	void (*call)(void);
	unsigned calls; /* compared with BPF's */
};
static struct function functions[] = {
#define RT(name, nargs, flags) {#name, nargs, (void (*)(void))rt_##name, 0},
#include "rt.def"
#undef RT
};
#define NFUNCTIONS (sizeof(functions) / sizeof(*functions))

static w_u64 call_native(const struct function *f, const w_u64 *a)
{
	switch (f->nargs) {
	case 0:
		return ((w_u64(*)(void))f->call)();
	case 1:
		return ((w_u64(*)(w_u64))f->call)(a[0]);
	case 2:
		return ((w_u64(*)(w_u64, w_u64))f->call)(a[0], a[1]);
	case 3:
		return ((w_u64(*)(w_u64, w_u64, w_u64))f->call)(a[0], a[1],
								a[2]);
	case 4:
		return ((w_u64(*)(w_u64, w_u64, w_u64, w_u64))f->call)(
			a[0], a[1], a[2], a[3]);
	default:
		return ((w_u64(*)(w_u64, w_u64, w_u64, w_u64, w_u64))f->call)(
			a[0], a[1], a[2], a[3], a[4]);
	}
}

/* ---- BPF ---- */
static struct bpf_object *object;
static char *bpf_heap;
static struct ring_buffer *ring;
static int prog_fds[NFUNCTIONS];
static int no_bpf; /* errno of a refusal */

static int quiet(enum libbpf_print_level level, const char *fmt, va_list args)
{
	if (level != LIBBPF_WARN || !getenv("RT_VERBOSE"))
		return 0;
	return vfprintf(stderr, fmt, args);
}

/* Kernels that are locked down lack the helper that writes memory of programs;
   a whole object is then refused for it. */
static bool needs_missing_helper(const struct bpf_program *p)
{
	static int has_write = -1;

	if (strncmp(bpf_program__name(p), "call_write_user", 15))
		return false;
	if (has_write < 0) {
		/* libbpf_probe_bpf_helper() of 1.1 takes this refusal for yes */
		struct bpf_insn in[] = {
			{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1},
			{.code = BPF_ALU64 | BPF_MOV | BPF_X,
			 .dst_reg = 2,
			 .src_reg = 10},
			{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3},
			{.code = BPF_JMP | BPF_CALL,
			 .imm = BPF_FUNC_probe_write_user},
			{.code = BPF_JMP | BPF_EXIT},
		};
		int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, NULL,
				       "GPL", in, 5, NULL);

		has_write = fd >= 0;
		if (has_write)
			close(fd);
		else
			print_message("skipped: call_write_user*: this kernel "
				      "has no bpf_probe_write_user\n");
	}
	return !has_write;
}

static struct bpf_object *open_variant(const char *variant)
{
	char path[4096], exe[2048];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	struct bpf_program *p;
	struct bpf_object *o;

	assert_true(n > 0);
	exe[n] = 0;
	*strrchr(exe, '/') = 0;
	snprintf(path, sizeof(path), "%s/../../../rt/test_%s.o", exe, variant);
	o = bpf_object__open(path);
	if (libbpf_get_error(o))
		fail_msg("%s: %s", path, strerror(errno));
	bpf_object__for_each_program(p, o) if (needs_missing_helper(p))
		bpf_program__set_autoload(p, false);
	return o;
}

/* Whether a kernel says no to any BPF program. */
static void need_bpf(void)
{
	static int asked;

	if (tests_bpf_unusable())
		skip();
	if (!asked) {
		struct bpf_insn ret[] = {
			{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 0},
			{.code = BPF_JMP | BPF_EXIT},
		};
		int fd;

		asked = 1;
		libbpf_set_print(quiet);
		fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, NULL, "GPL",
				   ret, 2, NULL);
		if (fd < 0)
			no_bpf = errno;
		else
			close(fd);
	}
	if (no_bpf) {
		print_message("skipped: BPF is not permitted here (%s)\n",
			      strerror(no_bpf));
		skip();
	}
}

/* ---- every function is accepted ---- */

/* Larger frames are shared between preempted handlers on some kernels (6.13 to
   6.18 with private stacks). */
#define STACK_MAX 48

static void check_stack(const struct bpf_program *p)
{
	const struct bpf_insn *in = bpf_program__insns(p);

	for (size_t i = 0; i < bpf_program__insn_cnt(p); i++) {
		int class = in[i].code & 7, low = 0;

		if ((class == BPF_LDX && in[i].src_reg == 10) ||
		    ((class == BPF_ST || class == BPF_STX) &&
		     in[i].dst_reg == 10))
			low = in[i].off;
		if (i && in[i].code == (BPF_ALU64 | BPF_ADD | BPF_K) &&
		    in[i - 1].code == (BPF_ALU64 | BPF_MOV | BPF_X) &&
		    in[i - 1].src_reg == 10)
			low = in[i].imm;
		if (low < -STACK_MAX)
			fail_msg("%s uses %d bytes of stack",
				 bpf_program__name(p), -low);
	}
}

static void all_are_accepted(const char *variant)
{
	char names[128][64];
	unsigned n = 0, refused = 0, left_out = 0;
	unsigned long insns = 0;
	struct bpf_object *o = open_variant(variant);
	struct bpf_program *p;

	bpf_object__for_each_program(p, o)
		if (bpf_program__autoload(p))
			snprintf(names[n++], 64, "%s", bpf_program__name(p));
		else
			left_out++;
	bpf_object__close(o);
	assert_true(n + left_out >= NFUNCTIONS);
	for (unsigned i = 0; i < n; i++) {
		o = open_variant(variant);
		bpf_object__for_each_program(p, o) bpf_program__set_autoload(
			p, !strcmp(bpf_program__name(p), names[i]));
		if (bpf_object__load(o)) {
			print_error("%s: %s is refused: %s\n", variant,
				    names[i], strerror(errno));
			refused++;
		} else {
			struct bpf_prog_info info = {0};
			__u32 len = sizeof(info);

			p = bpf_object__find_program_by_name(o, names[i]);
			assert_int_equal(
				bpf_obj_get_info_by_fd(bpf_program__fd(p),
						       &info, &len),
				0);
			insns += info.verified_insns;
			check_stack(p);
			if (getenv("RT_TIMES"))
				print_message("%s %s: %u instructions "
					      "verified\n",
					      variant, names[i],
					      info.verified_insns);
		}
		bpf_object__close(o);
	}
	print_message("%s: %u programs, %lu instructions verified\n", variant,
		      n, insns);
	assert_int_equal(refused, 0);
}

/* may_goto is younger than bpf_loop (6.9): is it known here? */
static bool has_may_goto(void)
{
	struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 0},
		{.code = BPF_JMP | 0xe0, .off = 1},
		{.code = BPF_JMP | BPF_JA, .off = -2},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, NULL, "GPL", insns,
			       4, NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void need_may_goto(void)
{
	need_bpf();
	if (!has_may_goto()) {
		print_message("skipped: this kernel has no may_goto\n");
		skip();
	}
}

static void with_may_goto_all_are_accepted(void **state)
{
	need_may_goto();
	all_are_accepted("maygoto");
}

static void with_bpf_loop_all_are_accepted(void **state)
{
	need_bpf();
	all_are_accepted("bpfloop");
}

/* ---- records ---- */
struct records {
	unsigned char data[65536];
	size_t len;
};
static struct records native_out, bpf_out;

static int keep(struct records *r, const void *data, size_t size)
{
	if (r->len + size > sizeof(r->data))
		r->len = 0;
	memcpy(r->data + r->len, data, size);
	r->len += size;
	return 0;
}

static int native_output(void *data, const void *record, w_u64 size,
			 w_u32 flags)
{
	return keep(&native_out, record, size);
}

static int bpf_output(void *data, void *record, size_t size)
{
	return keep(&bpf_out, record, size);
}

static void load_variant(const char *variant)
{
	struct bpf_map *map;

	object = open_variant(variant);
	assert_int_equal(bpf_object__load(object), 0);
	map = bpf_object__find_map_by_name(object, ".bss");
	assert_true(bpf_map__value_size(map) >= HEAP);
	bpf_heap = mmap(NULL, HEAP, PROT_READ | PROT_WRITE, MAP_SHARED,
			bpf_map__fd(map), 0);
	assert_true(bpf_heap != MAP_FAILED);
	map = bpf_object__find_map_by_name(object, "rt_ring_map");
	ring = ring_buffer__new(bpf_map__fd(map), bpf_output, NULL, NULL);
	assert_non_null(ring);
	for (unsigned i = 0; i < NFUNCTIONS; i++) {
		struct bpf_program *p;
		char name[80];

		snprintf(name, sizeof(name), "call_%s", functions[i].name);
		p = bpf_object__find_program_by_name(object, name);
		prog_fds[i] = bpf_program__fd(p);
		assert_true(prog_fds[i] >= 0 || needs_missing_helper(p));
	}
}

static void unload_variant(void)
{
	ring_buffer__free(ring);
	munmap(bpf_heap, HEAP);
	bpf_object__close(object);
}

static void run_prog(int fd)
{
	DECLARE_LIBBPF_OPTS(bpf_test_run_opts, opts);

	assert_int_equal(bpf_prog_test_run_opts(fd, &opts), 0);
}

/* ---- both heaps ---- */

static void copy_to_bpf(void)
{
	memcpy(bpf_heap, heap, next_off);
}

/* Writes to both. */
static void put(w_u32 off, const void *data, size_t size)
{
	memcpy(heap + off, data, size);
	memcpy(bpf_heap + off, data, size);
}

static void differ(const char *name, const w_u64 *a, unsigned nargs)
{
	w_u32 i = 0;

	while (heap[i] == bpf_heap[i])
		i++;
	print_error("%s(", name);
	for (unsigned k = 0; k < nargs; k++)
		print_error("%s%#llx", k ? ", " : "", a[k]);
	print_error("): heaps differ at %#x (context %#x): native %#llx, BPF "
		    "%#llx\n",
		    i, ctx, *(w_u64 *)(heap + (i & ~7u)),
		    *(w_u64 *)(bpf_heap + (i & ~7u)));
}

/* What a read leaves in a string's memory behind its text is anyone's guess. */
static void forget_rest(char *base, w_u64 string)
{
	struct rt_str *s = (struct rt_str *)(base + string);
	w_u32 used = RT_STR_WORDS(s->len) * 8;

	memset(s->text + used, 0,
	       RT_STR_SIZE(head()->string_cap) - RT_STR_HDR - used);
}

/* Runs a function in both, compares everything. */
/* PROC_PID_INIT_INO of include/linux/proc_ns.h */
static bool initial_pids(void)
{
	struct stat st;

	return !stat("/proc/self/ns/pid", &st) && st.st_ino == 0xeffffffc;
}

static w_u64 both(const char *name, const w_u64 *a)
{
	unsigned i = 0;
	w_u64 want, got;

	while (strcmp(functions[i].name, name)) {
		i++;
		assert_true(i < NFUNCTIONS);
	}
	memcpy(bpf_heap + VERIFY_ARGS, a, 5 * 8);
	native_out.len = bpf_out.len = 0;
	want = call_native(&functions[i], a);
	run_prog(prog_fds[i]);
	got = *(w_u64 *)(bpf_heap + VERIFY_RESULT);
	ring_buffer__consume(ring);
	if (want != got)
		print_error("%s: native returns %#llx, BPF %#llx\n", name, want,
			    got);
	if (!strcmp(name, "read_str")) {
		forget_rest(heap, a[1]);
		forget_rest(bpf_heap, a[1]);
	}
	if (!strcmp(name, "execname")) {
		/* before 6.2 the helper leaves something behind the name */
		w_u32 scratch = ctx + offsetof(struct rt_ctx, scratch);

		memset(heap + scratch, 0, 16);
		memset(bpf_heap + scratch, 0, 16);
	}
	if (memcmp(heap, bpf_heap, next_off)) {
		differ(name, a, functions[i].nargs);
		fail();
	}
	/* programs know no containers */
	if (strcmp(name, "pid_tgid") || initial_pids())
		assert_true(want == got);
	assert_int_equal(native_out.len, bpf_out.len);
	assert_memory_equal(native_out.data, bpf_out.data, native_out.len);
	functions[i].calls++;
	return want;
}

#define RUN(name, ...) both(#name, (w_u64[5]){__VA_ARGS__})

/* ---- what the operations work on ---- */
#define NSTR 12
#define NKEYS 24
enum { MAP_MIXED, MAP_LONG, MAP_STAT, MAP_WRAP, NMAPS };

static struct {
	w_u32 src[NSTR], dst[NSTR];
	w_u32 spec[16];
	w_u32 fp_work;
	w_u32 map[NMAPS];
	w_u32 key[NKEYS], words[NKEYS];
	w_u32 key_build;
	w_u32 stat[3], desc[3], rows;
	w_u32 regex[3];
	w_u32 lock;
	char user[64]; /* memory of the traced process */
} w;

static w_u32 desc_make(w_u8 hist)
{
	w_u32 off = heap_alloc(sizeof(struct rt_stat_desc));
	struct rt_stat_desc *d = at(off);

	d->hist = hist;
	d->want_variance = 1;
	d->variance_shift = 3;
	d->low = -50;
	d->high = 50;
	d->step = 7;
	d->nbuckets = hist == RT_HIST_LOG ? RT_HIST_LOG_BUCKETS : 17;
	d->size = (w_u32)sizeof(struct rt_stat);
	if (hist)
		d->size += 8 * d->nbuckets;
	return off;
}

static w_u32 map_make(const char *kinds, w_u32 max, w_u32 flags, w_u32 desc)
{
	w_u32 off = heap_alloc(sizeof(struct rt_map));
	struct rt_map *m = at(off);

	m->nkeys = (w_u32)strlen(kinds);
	for (w_u32 i = 0; i < m->nkeys; i++)
		m->key_kind[i] = kinds[i] == 's';
	m->nbuckets = 8;
	m->buckets_off = heap_alloc(32);
	m->key_off = sizeof(struct rt_entry);
	m->key_cap = 128;
	m->val_off = m->key_off + m->key_cap;
	m->val_size = desc ? ((struct rt_stat_desc *)at(desc))->size : 64;
	m->entry_size = m->val_off + m->val_size;
	m->max_entries = max;
	m->entries_off = heap_alloc(max * m->entry_size);
	m->flags = flags;
	m->stat_desc_off = desc;
	return off;
}

static const char *const some_texts[] = {
	"",    "a",	 "word",     "seven77",	 "eight888",
	"a\n", "xaaby ", "nine_9_9", "01234567", "a,b;c,,d and more of it",
	"-17", "0x7fff",
};

static void world_new(void)
{
	heap_new(55);
	rt_native_env.output = native_output;
	head()->out_cap = 4096;
	head()->max_errors = 1u << 30;
	head()->max_skipped = 1u << 30;
	head()->flags = 0;
	for (int i = 0; i < NSTR; i++) {
		w.src[i] = str(some_texts[i]);
		w.dst[i] = str("");
	}
	for (unsigned i = 0; i < 16; i++) {
		struct wire_spec *s;

		w.spec[i] = heap_alloc(sizeof(*s));
		s = at(w.spec[i]);
		s->conv = (w_u8) "duxXocbpdxsuodxc"[i];
		s->flags = (w_u8)(i < 8 ? 0 : rnd(256));
		s->width = (w_u32)(i < 8 ? 0 : rnd(24));
		s->prec = (w_u32)rnd(24);
	}
	w.fp_work = heap_alloc(RT_FP_WORK);
	w.rows = heap_alloc(sizeof(struct rt_hist_rows));
	for (w_u8 i = 0; i < 3; i++) {
		w.desc[i] = desc_make(i);
		w.stat[i] = heap_alloc(
			((struct rt_stat_desc *)at(w.desc[i]))->size);
	}
	w.map[MAP_MIXED] = map_make("sis", 16, RT_MAP_STRVAL, 0);
	w.map[MAP_LONG] = map_make("i", 16, 0, 0);
	w.map[MAP_STAT] = map_make("sis", 16, RT_MAP_STAT, w.desc[0]);
	w.map[MAP_WRAP] = map_make("sis", 8, RT_MAP_WRAP, 0);
	w.key_build = heap_alloc(256);
	for (int i = 0; i < NKEYS; i++) {
		w_u64 end;

		w.key[i] = heap_alloc(128);
		end = rt_key_str(w.key[i], w.src[rnd(NSTR)]);
		*(w_u64 *)at(end) = rnd(2);
		end = rt_key_str(end + 8, w.src[rnd(4)]);
		w.words[i] = (w_u32)(end - w.key[i]) / 8;
	}
	w.regex[0] = table_groups(0);
	w.regex[1] = table_prefix();
	w.regex[2] = table_groups(RT_REGEX_NO_GROUPS);
	w.lock = heap_alloc(8);
	strcpy(w.user, "text of the traced process, longer than a string here");
	copy_to_bpf();
}

static w_u64 a_src(void)
{
	return rnd(4) ? w.src[rnd(NSTR)] : w.dst[rnd(NSTR)];
}

static w_u64 odd(void)
{
	static const w_u64 v[] = {0,   1,  ~0ull,      1ull << 63, 10,
				  255, 64, 0x7fffffff, 1000,	   7};

	return rnd(3) ? v[rnd(10)] : (rnd(1ull << 62) << 1) >> rnd(63);
}

/* Strings: source and destination are apart where they must be. */
static void do_string(void)
{
	w_u64 d = w.dst[rnd(NSTR)], s = a_src(), t = a_src(), u = a_src();
	w_u64 apart = w.src[rnd(NSTR)], word = 0;

	switch (rnd(20)) {
	case 19: /* "%c" made a NUL somewhere in it */
		put((w_u32)(d + RT_STR_HDR + rnd(24)), &word, 1);
		RUN(str_nul, ctx, d);
		break;
	case 0:
		RUN(str_copy, ctx, d, s);
		break;
	case 1:
		RUN(str_cat, ctx, d, s);
		break;
	case 2:
		memcpy(&word, "abcdefgh", rnd(9));
		RUN(str_set, ctx, d, word);
		break;
	case 3:
		RUN(str_eq, s, t);
		break;
	case 4:
		RUN(str_cmp, s, t);
		break;
	case 5:
		RUN(substr, ctx, d, s, rnd(40) - 2, rnd(40) - 2);
		break;
	case 6:
		RUN(isinstr, s, t);
		break;
	case 7:
		RUN(strpos, s, t);
		break;
	case 8:
		RUN(stringat, ctx, s, rnd(70) - 2);
		break;
	case 9:
		RUN(strtol, s, rnd(40) - 1);
		break;
	case 10:
		RUN(isdigit, s);
		break;
	case 11:
		RUN(str_replace, ctx, d, apart, w.src[rnd(NSTR)],
		    w.src[rnd(NSTR)]);
		break;
	case 12:
		RUN(tokenize, ctx, d, rnd(3) ? w.src[0] : s, u);
		break;
	case 13:
		RUN(text_str, ctx, d, apart);
		break;
	case 14:
		RUN(text_strn, ctx, d, apart, rnd(20), rnd(2));
		break;
	case 15:
		RUN(string_quoted, ctx, d, apart);
		break;
	case 16:
		RUN(fmt_lit, ctx, d, apart);
		break;
	case 17:
		RUN(fmt_long, ctx, d, w.spec[rnd(16)], odd(),
		    rnd(60) << 32 | rnd(30));
		break;
	default:
		RUN(fmt_str, ctx, d, w.spec[10], apart, ~0ull);
		break;
	}
}

static w_u64 random_entry(w_u32 m)
{
	struct rt_map *map = at(m);
	w_u64 e = map->head;

	for (w_u64 k = rnd(map->count + 1); k && e; k--)
		if (((struct rt_entry *)at(e))->next)
			e = ((struct rt_entry *)at(e))->next;
	return e;
}

static void do_map(void)
{
	static const int mixed[] = {MAP_MIXED, MAP_STAT, MAP_WRAP};
	int which = mixed[rnd(3)];
	w_u64 m = w.map[which], k = rnd(NKEYS), e, n;

	switch (rnd(13)) {
	case 0:
		n = RUN(key_str, w.key_build, a_src());
		RUN(key_str, n, a_src());
		break;
	case 1:
		RUN(map_find, m, w.key[k], w.words[k]);
		break;
	case 2:
	case 3:
	case 4:
		e = RUN(map_insert, ctx, m, w.key[k], w.words[k]);
		if (e && which == MAP_MIXED)
			RUN(str_copy, ctx,
			    e + ((struct rt_map *)at(m))->val_off, a_src());
		else if (e && which == MAP_STAT)
			RUN(stat_add, e + ((struct rt_map *)at(m))->val_off,
			    w.desc[0], rnd(100) - 50);
		break;
	case 5:
		RUN(map_delete, m, w.key[k], w.words[k]);
		break;
	case 6:
		RUN(map_find1, w.map[MAP_LONG], rnd(40));
		break;
	case 7:
		e = RUN(map_insert1, ctx, w.map[MAP_LONG], rnd(40));
		if (e) {
			n = rnd(5);
			put((w_u32)e + ((struct rt_map *)at(w.map[MAP_LONG]))
					       ->val_off,
			    &n, 8);
		}
		break;
	case 8:
		if (!rnd(10))
			RUN(map_clear, rnd(2) ? m : w.map[MAP_LONG]);
		break;
	case 9:
		if ((e = random_entry((w_u32)m)))
			RUN(map_remove, m, e);
		break;
	case 10:
		n = rnd(4);
		if (which == MAP_STAT && n == 0)
			n = 16 + rnd(6);
		RUN(map_sort, m, n, rnd(2) ? 1 : ~0ull, 0);
		RUN(map_sort, w.map[MAP_LONG], rnd(2), rnd(2) ? 1 : ~0ull, 3);
		break;
	case 11:
		if ((e = random_entry((w_u32)m)))
			RUN(entry_key, m, e, rnd(3));
		break;
	default:
		if ((e = random_entry((w_u32)m))) {
			n = rnd(3);
			RUN(key_match, m, e, n,
			    rt_entry_key(m, random_entry((w_u32)m), n));
		}
		break;
	}
}

static void draw_histogram(w_u64 stat, w_u64 desc)
{
	w_u64 n = rnd(150);

	RUN(hist_begin, ctx, w.rows, stat, desc);
	if (!((struct rt_stat *)at((w_u32)stat))->count)
		return;
	while (n-- && RUN(hist_line, ctx, w.dst[0], w.rows, stat, desc))
		if (rnd(2))
			RUN(str_copy, ctx, w.dst[0], w.src[0]);
}

static void do_stat(void)
{
	w_u64 i = rnd(3), v = odd();

	switch (rnd(9)) {
	case 0:
	case 1:
		RUN(stat_add, w.stat[i], w.desc[i], rnd(2) ? v : rnd(140) - 70);
		break;
	case 2:
		RUN(stat_add_basic, w.stat[i], rnd(2) ? v : rnd(140) - 70);
		break;
	case 3:
		RUN(stat_get, ctx, w.stat[i], w.desc[i], rnd(6));
		break;
	case 4:
		RUN(stat_bucket, ctx, w.stat[i], w.desc[i], rnd(140));
		break;
	case 5:
		RUN(stat_bucket_low, w.desc[i], rnd(129));
		break;
	case 6:
		draw_histogram(w.stat[i], w.desc[i]);
		break;
	case 7:
		both(rnd(2) ? "div" : "mod",
		     (w_u64[5]){ctx, odd(), rnd(2) ? odd() : -odd()});
		break;
	default:
		if (!rnd(8))
			RUN(stat_clear, w.stat[i], w.desc[i]);
		break;
	}
}

static void do_output(void)
{
	w_u64 i, n;

	switch (rnd(7)) {
	case 0:
	case 1:
		n = rnd(6);
		i = RUN(out, ctx, WIRE_ENT_FORMAT | rnd(9) << 16, n, 0);
		for (; n; n--)
			put((w_u32)(i + 8 * n - 8), &n, 8);
		break;
	case 2:
		RUN(out, ctx, WIRE_ENT_FORMAT, 0, 3 * 64);
		for (n = rnd(3) + 1; n; n--)
			RUN(out_str, ctx, a_src());
		RUN(out_end, ctx);
		break;
	case 3:
		RUN(out_text, ctx, rnd(5) + 2, a_src());
		break;
	case 4:
		i = 1 + rnd(2);
		RUN(out_hist, ctx, w.stat[i], w.desc[i]);
		break;
	case 5:
		RUN(flush, ctx);
		break;
	default:
		/* the handler ends, the next begins */
		RUN(leave, ctx);
		n = head()->state;
		RUN(enter, rnd(4), rnd(2), 1u << RT_RUNNING | 1u << n);
		break;
	}
}

static void do_error(void)
{
	w_u32 running = RT_RUNNING;

	switch (rnd(6)) {
	case 0:
		RUN(error, ctx, a_src());
		break;
	case 1:
		RUN(error_code, ctx, rnd(RT_MSG_COUNT));
		RUN(error_from, ctx, rnd(1000));
		break;
	case 2:
	case 3:
		RUN(catch, ctx, rnd(4) ? w.dst[rnd(NSTR)] : 0);
		break;
	case 4:
		if (!rnd(10))
			RUN(abort, ctx);
		break;
	default:
		RUN(exit, ctx);
		RUN(enter, 0, 0, 1u << RT_RUNNING); /* not any more */
		break;
	}
	put(offsetof(struct rt_head, state), &running, 4);
}

/* Any pattern of bits is a number, an infinity or NaN; near ones are rarer
   but for those made of integers. */
static w_u64 a_double(void)
{
	return rnd(3) ? RUN(fp_of_long, odd()) : odd();
}

static void do_float(void)
{
	w_u64 a = a_double(), b = a_double();

	RUN(fp_add, a, b);
	RUN(fp_mul, a, b);
	RUN(fp_div, a, b);
	RUN(fp_rem, a, b);
	RUN(fp_sqrt, a);
	RUN(fp_to_long, a, rnd(5));
	RUN(fp_text, ctx, w.dst[rnd(NSTR)], w.fp_work, a, rnd(20));
	RUN(fp_parse, ctx, a_src(), w.fp_work);
}

static void do_rest(void)
{
	w_u64 d = w.dst[rnd(NSTR)], i = rnd(3);
	w_u64 user = (w_u64)(uintptr_t)w.user;

	switch (rnd(13)) {
	case 12:
		do_float();
		break;
	case 0:
	case 1:
		RUN(regex_match, ctx, w.regex[i], a_src());
		break;
	case 2:
		RUN(regex_group, ctx, d, rnd(4));
		break;
	case 3:
		i = rnd(2);
		if (RUN(lock, ctx, w.lock, i)) {
			RUN(lock, ctx, w.lock, rnd(2) & i);
			RUN(unlock, ctx, w.lock, i);
		}
		i = 0;
		put(w.lock, &i, 8);
		break;
	case 4:
		RUN(pid_tgid);
		RUN(uid_gid);
		RUN(cpu);
		break;
	case 5:
		RUN(execname, ctx, d);
		RUN(tz_name, ctx, d);
		break;
	case 6:
		RUN(ctime, ctx, d,
		    rnd(5) ? rnd(1ull << 32) - (1ull << 31) : odd());
		break;
	case 7:
		i = rnd(8);
		RUN(read, ctx, user + i, 1u << rnd(4), 1 + 2 * rnd(2));
		break;
	case 8:
		RUN(read, ctx, 8, 8, 1); /* nothing is there */
		RUN(verdict, ctx, rnd(7));
		break;
	case 9:
		RUN(read_str, ctx, d, user + rnd(8), rnd(3) ? rnd(60) : 0, 1);
		break;
	case 10:
		RUN(read_str, ctx, d, 8, 0, 1 + 4 * rnd(2));
		break;
	default:
		RUN(random, -rnd(3));
		RUN(random, 1);
		RUN(delay, ctx, (w_u64)rnd(2000) - 1000);
		break;
	}
}

/* Names that are not compared: their results differ from call to call, or
   are facts about a process that only the kernel knows; or they write to a
   process. */
static const char *const changing[] = {
	"task",	     "mono_ns",	  "boot_ns",	  "real_ns",   "uregs",
	"umod",	     "umod_text", "umod_addr", "umod_span",	  "usym_name", "usym_place",
	"usym_line", "usym_file", "usym_inline",
	"unwind_start", "unwind_next", "kregs",	  "kplace", "kfrom", "ksp", "kstack",
	"ksym",	     "write_user", "write_user_str", "raise",	  "counter",
	"ksym_line", "ksym_file", "ip_row", "span_node",
};

static void agrees_with_native(const char *variant)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	assert_int_equal(sched_setaffinity(0, sizeof(cpus), &cpus), 0);
	for (unsigned i = 0; i < NFUNCTIONS; i++)
		functions[i].calls = 0;
	load_variant(variant);
	world_new();
	for (int round = 0; round < 12000; round++) {
		switch (rnd(6)) {
		case 0:
		case 1:
			do_string();
			break;
		case 2:
			do_map();
			break;
		case 3:
			do_stat();
			break;
		case 4:
			do_output();
			break;
		default:
			if (rnd(2))
				do_error();
			else
				do_rest();
			break;
		}
		if (context()->error == RT_ERR_ABORT || !rnd(50)) {
			w_u32 none = 0;

			put(ctx + offsetof(struct rt_ctx, error), &none, 4);
		}
	}
	for (unsigned i = 0; i < NFUNCTIONS; i++) {
		bool skipped = false;

		for (size_t k = 0; k < sizeof(changing) / sizeof(*changing);
		     k++)
			skipped |= !strcmp(changing[k], functions[i].name);
		if (!skipped && functions[i].calls < 10)
			fail_msg("%s was compared %u times only",
				 functions[i].name, functions[i].calls);
	}
	unload_variant();
}

static void with_may_goto_agrees_with_native(void **state)
{
	need_may_goto();
	agrees_with_native("maygoto");
}

static void with_bpf_loop_agrees_with_native(void **state)
{
	need_bpf();
	agrees_with_native("bpfloop");
}

/* Ten thousand entries: by value, then back by key. */
static void sorts_ten_thousand(const char *variant)
{
	struct rt_map *m;
	struct timespec a, b;
	w_u32 map;

	load_variant(variant);
	heap_new(55);
	map = map_make("i", 0, 0, 0);
	m = at(map);
	m->nbuckets = 4096;
	m->buckets_off = heap_alloc(4 * m->nbuckets);
	m->val_off = m->key_off + 8;
	m->entry_size = m->val_off + 8;
	m->max_entries = 10000;
	m->entries_off = heap_alloc(m->max_entries * m->entry_size);
	for (w_u32 i = 0; i < m->max_entries; i++) {
		w_u64 e = rt_map_insert1(ctx, map, i);

		*(w_u64 *)at(e + m->val_off) = rnd(5000);
	}
	copy_to_bpf();
	clock_gettime(CLOCK_MONOTONIC, &a);
	RUN(map_sort, map, 0, ~0ull, 0);
	clock_gettime(CLOCK_MONOTONIC, &b);
	if (getenv("RT_TIMES"))
		print_message("%s: sort of 10000 entries, with the native "
			      "one: %ld us\n",
			      variant,
			      (b.tv_sec - a.tv_sec) * 1000000 +
				      (b.tv_nsec - a.tv_nsec) / 1000);
	RUN(map_sort, map, 1, 1, 0);
	assert_int_equal(counter(WIRE_CNT_SKIP_OVERLOAD), 0);
	assert_int_equal(*(w_u64 *)at(rt_entry_key(map, m->head, 0)), 0);
	unload_variant();
}

static void with_may_goto_sorts_ten_thousand(void **state)
{
	need_may_goto();
	sorts_ten_thousand("maygoto");
}

static void with_bpf_loop_sorts_ten_thousand(void **state)
{
	need_bpf();
	sorts_ten_thousand("bpfloop");
}

/* ---- kernel side of the environment ---- */

static w_u64 bpf_call(const char *name, w_u64 a, w_u64 b, w_u64 c, w_u64 d)
{
	w_u64 args[5] = {a, b, c, d, 0};

	memcpy(bpf_heap + VERIFY_ARGS, args, sizeof(args));
	for (unsigned i = 0; i < NFUNCTIONS; i++)
		if (!strcmp(functions[i].name, name))
			run_prog(prog_fds[i]);
	return *(w_u64 *)(bpf_heap + VERIFY_RESULT);
}

static void the_kernel_answers(void **state)
{
	need_bpf();
	load_variant("bpfloop");
	world_new();
	w_u64 before = rt_mono_ns();
	w_u64 mono = bpf_call("mono_ns", 0, 0, 0, 0);
	assert_true(mono >= before && mono <= rt_mono_ns());
	before = rt_boot_ns();
	assert_true(bpf_call("boot_ns", 0, 0, 0, 0) >= before);
	w_u64 base = rt_real_ns() - rt_mono_ns();
	put(offsetof(struct rt_head, realtime_base_ns), &base, 8);
	before = rt_real_ns();
	w_u64 real = bpf_call("real_ns", 0, 0, 0, 0);
	assert_true(real + 1000000000 > before && real < before + 1000000000);
	w_u64 task = bpf_call("task", 0, 0, 0, 0);
	assert_true(task >> 48 == 0xffff);
	/* kernel memory: the task is readable, address 8 is not */
	bpf_call("read", ctx, task, 8, 0);
	assert_int_equal(((struct rt_ctx *)(bpf_heap + ctx))->error, 0);
	bpf_call("read", ctx, 8, 8, 0);
	assert_int_equal(((struct rt_ctx *)(bpf_heap + ctx))->error,
			 RT_ERR_SOFT);
	unsigned seen = 0;
	for (int i = 0; i < 200; i++) {
		w_u64 r = bpf_call("random", 8, 0, 0, 0);

		assert_true(r < 8);
		seen |= 1u << r;
	}
	assert_int_equal(seen, 0xff);
	unload_variant();
}

/* A full ring buffer: what was delivered and what is counted as dropped add up
   to what was printed. */
static void what_does_not_fit_is_counted(void **state)
{
	struct rt_head *h;
	unsigned produced = 0;

	need_bpf();
	load_variant("bpfloop");
	world_new();
	h = (struct rt_head *)bpf_heap;
	for (int i = 0; i < 600; i++) {
		for (int k = 0; k < 7; k++) {
			bpf_call("out", ctx, WIRE_ENT_FORMAT, 40, 0);
			produced++;
		}
		bpf_call("flush", ctx, 0, 0, 0);
	}
	assert_true(h->counters[WIRE_CNT_DROPPED] > 0);
	assert_int_equal(h->counters[WIRE_CNT_DROPPED] +
				 h->counters[WIRE_CNT_RECORDS],
			 produced);
	unload_variant();
}

/* ---- times ---- */

/* The best of many runs, per repetition. */
static double time_prog(const char *name)
{
	char full[64];
	w_u64 best = ~0ull, ns;
	int fd;

	snprintf(full, sizeof(full), "time_%s", name);
	fd = bpf_program__fd(bpf_object__find_program_by_name(object, full));
	for (int i = 0; i < 100; i++) {
		run_prog(fd);
		ring_buffer__consume(ring);
		ns = *(w_u64 *)(bpf_heap + VERIFY_RESULT);
		best = ns < best ? ns : best;
	}
	return (double)best / VERIFY_REPEAT;
}

static void print_time(const char *variant, const char *name, const char *what)
{
	print_message("%s: %s: %.1f ns\n", variant, what,
		      time_prog(name) - time_prog("nothing"));
}

static void times(const char *variant)
{
	w_u64 args[5] = {0};

	load_variant(variant);
	world_new();
	rt_leave(ctx);
	copy_to_bpf();
	args[0] = w.map[MAP_MIXED];
	args[1] = w.key_build;
	args[2] = w.dst[0];
	memcpy(bpf_heap + VERIFY_ARGS, args, sizeof(args));
	print_time(variant, "enter_leave", "enter, leave");
	print_time(variant, "count",
		   "enter, counts[execname(), pid()]++, leave");
	print_time(variant, "out", "enter, printf of 3 longs, leave");
	args[1] = ctx;
	args[2] = w.key_build;
	args[3] = 5;
	args[4] = w.map[MAP_LONG];
	memcpy(bpf_heap + VERIFY_ARGS, args, sizeof(args));
	print_time(variant, "map_insert", "map_insert, key of 5 words");
	print_time(variant, "map_insert1", "map_insert1");
	args[2] = w.dst[0];
	args[3] = w.key_build;
	memcpy(bpf_heap + VERIFY_ARGS, args, sizeof(args));
	print_time(variant, "execname", "execname");
	print_time(variant, "key_str", "key_str of a name");
	print_time(variant, "str_copy", "str_copy of a name");
	args[3] = w.spec[0];
	memcpy(bpf_heap + VERIFY_ARGS, args, sizeof(args));
	print_time(variant, "fmt_long", "sprintf of one long");
	unload_variant();
}

static void takes_so_long(void **state)
{
	need_may_goto();
	if (!getenv("RT_TIMES"))
		skip();
	times("maygoto");
	times("bpfloop");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_may_goto_all_are_accepted),
		cmocka_unit_test(with_bpf_loop_all_are_accepted),
		cmocka_unit_test(with_may_goto_agrees_with_native),
		cmocka_unit_test(with_bpf_loop_agrees_with_native),
		cmocka_unit_test(with_may_goto_sorts_ten_thousand),
		cmocka_unit_test(with_bpf_loop_sorts_ten_thousand),
		cmocka_unit_test(the_kernel_answers),
		cmocka_unit_test(what_does_not_fit_is_counted),
		cmocka_unit_test(takes_so_long),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	heap_free();
	return r;
}
