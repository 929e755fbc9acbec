/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a compiled script and its runner agree on: the layout of the heap's
 * head, counters, output records, format table, attach records and the image
 * header. Plain data, no code, included by the run-time library too, so it
 * includes nothing and uses only the fixed-size types below.
 *
 * The heap is one block of memory addressed by 32-bit offsets ("off"). At
 * offset 0 stands struct rt_head. Everything is little or big endian as the
 * machine is; an image is not portable between byte orders.
 */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

typedef unsigned char w_u8;
typedef unsigned short w_u16;
typedef unsigned int w_u32;
typedef unsigned long long w_u64;
typedef short w_s16;
typedef int w_s32;
typedef long long w_s64;

#define WIRE_MAGIC 0x53544150u /* "STAP" */
#define WIRE_VERSION 1u

/* Bytes behind every heap that may be touched: the longest copy of the
   run-time library (a string of 64 kB), and a power of two. */
#define WIRE_SLACK 0x20000u

/* ------------------------------------------------------------------ *
 * Counters: nothing is lost silently. One row each: name in rt_head,
 * what is printed, and whether it makes the run's result incomplete.
 * ------------------------------------------------------------------ */
#define WIRE_COUNTERS(X)                                                      \
	X(RECORDS, "output records written")                                  \
	X(DROPPED, "output records dropped: the transport buffer was full")   \
	X(SKIP_CONTEXT, "hits skipped: no free context (re-entered probe)")   \
	X(SKIP_LOCK, "hits skipped: a global was locked for too long")        \
	X(SKIP_OVERLOAD, "hits skipped: overload")                            \
	X(SKIP_STOPPED, "hits skipped: the session had ended")                \
	X(ERRORS, "errors in handlers")                                       \
	X(ERRORS_SUPPRESSED, "errors in handlers, suppressed")                \
	X(MISSED, "hits missed by the kernel (recursion, no kretprobe slot)") \
	X(TRUNCATED, "strings truncated to MAXSTRINGLEN")                     \
	X(ARRAY_FULL, "array insertions refused: the array was full")         \
	X(UNRESOLVED, "code addresses without a known function (-d PROGRAM)") \
	X(BACKTRACE, "backtraces cut at MAXBACKTRACE frames")

enum wire_counter {
#define X(id, text) WIRE_CNT_##id,
	WIRE_COUNTERS(X)
#undef X
	WIRE_CNT_COUNT
};

/* ------------------------------------------------------------------ *
 * The head of the heap
 * ------------------------------------------------------------------ */
enum rt_state {
	RT_STARTING = 0, /* begin probes run; others are not armed */
	RT_RUNNING = 1,
	RT_STOPPING = 2, /* exit() was called or asked for; no more hits */
	RT_ENDING = 3, /* end/error probes run */
	RT_STOPPED = 4,
};

struct rt_head {
	w_u64 zero; /* always 0: an integer the BPF verifier does not know */
	w_u32 state; /* enum rt_state; changed by atomics */
	w_u32 exit_status; /* set by exit paths: 1 when ended by errors */
	w_u32 soft_errors; /* errors so far, compared with max_errors */
	w_u32 skipped; /* skipped hits so far, compared with max_skipped */

	/* configuration, constant during a run */
	w_u32 heap_size; /* power of two; accesses use off & (size - 1) */
	w_u32 string_cap; /* bytes of text a string holds: MAXSTRINGLEN - 1,
			     see struct rt_str */
	w_u32 max_errors, max_skipped, max_trylock, max_nesting;
	w_u32 max_action, max_action_interruptible;
	w_u32 ctx_off; /* first context */
	w_u32 ctx_size; /* bytes from one context to the next */
	w_u32 ctx_count; /* power of two */
	w_u32 out_cap; /* bytes of a context's output buffer */
	w_u32 flags; /* RT_F_* */
	w_u32 nprobes;
	w_u32 probe_stats_off; /* struct rt_probe_stat[nprobes]; 0: none */
	w_u32 globals_off, globals_size; /* for inspection */
	w_u32 rand_state[2];
	w_u32 target_pid; /* target() */
	w_u32 stap_pid;
	w_u32 msgs_off; /* w_u32[RT_MSG_COUNT]: heap offset of each built-in
			   message (rt_msg.def), a struct rt_str; the compiler
			   places them, because BPF has no constant data. 0:
			   errors have empty texts */
	w_u64 start_ns; /* CLOCK_MONOTONIC when the session started */
	w_u64 realtime_base_ns; /* CLOCK_REALTIME - CLOCK_MONOTONIC (or
				   BOOTTIME where that clock is read) */
	w_s64 tz_offset_s; /* seconds east of UTC of the runner's zone */
	w_u8 tz_name[16];
	w_u32 cpu_khz, hz;
	w_u32 ctx_strings_off; /* bytes from a context's start to its
				  RT_CTX_STRINGS strings of RT_STR_SIZE(
				  string_cap) each; 0: the script neither
				  tokenizes nor uses matched() */
	w_s32 hist_elision; /* 0: the default; n > 0: HIST_ELISION is n - 1;
			       negative: print every bucket */
	w_u64 counters[WIRE_CNT_COUNT]; /* atomics */
	/* Modules of processes that the script asks about: struct
	   rt_umod[numods] */
	w_u32 umods_off, numods;
	w_u32 max_backtrace; /* frames */
	/* Where the kernel's structs hold what says which file an address
	   belongs to, and the registers: by the runner, from BTF; all 0 when it
	   cannot be told */
	w_u32 vma_start, vma_end, vma_pgoff, vma_file;
	w_u32 file_inode, inode_ino, inode_sb, sb_dev;
	w_u32 ureg_pc, ureg_sp, ureg_bp; /* in struct pt_regs */
	w_u32 seen_off; /* struct rt_seen[RT_SEEN]; 0: there are no modules */
	w_u32 hist_width; /* columns of the longest bar; 0: the default */
	/* Of every so many cycles of a CPU at most this many may be spent in
	   probes; 0: there is no limit */
	w_u64 overload_interval, overload_threshold;
	/* Bytes from a context's start to the kernel's stack at the hit, w_u64
	   each, and how many there is room for; 0: the script does not ask */
	w_u32 kstack_off, kstack_max;
	/* The source of the kernel's code: struct rt_source[], offsets count
	   from where its _stext is (by the runner; 0: not known) */
	w_u32 ksources_off, nksources;
	w_u64 kernel_text;
};

/* A program or library as rt_umod() finds it. */
struct rt_umod {
	w_u64 ino; /* of the file; 0: it cannot be told, matches nothing */
	w_u32 dev; /* kernel's number of its device; 0: not compared */
	w_u32 path, build_id; /* struct rt_str each */
	w_u32 span; /* bytes of memory that it takes, all pages */
	w_u32 syms, nsyms; /* struct rt_usym[], by offset */
	w_u32 unwinds, nunwinds; /* struct rt_unwind[], by offset */
	w_u32 sources, nsources; /* struct rt_source[], by offset */
	w_u64 bias; /* virtual address in the file - offset in the file */
	/* Writable data: from this offset to that one, which may lie behind the
	   file's end (.bss), another difference holds. */
	w_u32 data_off, data_end;
	w_u64 data_bias;
};

/*
 * A mapping of a module that was found in some process: addresses are still
 * known when that process is gone, or when somebody else asks about them.
 * Entries are overwritten without a lock; mod is written last, and 0 while the
 * others change.
 */
struct rt_seen {
	w_u64 start, end; /* addresses */
	w_u64 off;	  /* of start, in the file */
	w_u64 mod;	  /* heap offset of the struct rt_umod */
};
#define RT_SEEN 1024u /* a power of 2 */

/* The source of code from this offset (in the file) on, to the next one's. */
struct rt_source {
	w_u32 off;
	w_u32 line; /* 0: not known */
	w_u32 file; /* struct rt_str */
	w_u32 frame; /* the innermost struct rt_inline here, or 0 */
};

/* A function's body within another one. */
struct rt_inline {
	w_u32 name; /* struct rt_str */
	w_u32 file, line; /* where it is called */
	w_u32 outer; /* the struct rt_inline around it, or 0 */
};

/* A function, or data. */
struct rt_usym {
	w_u32 off; /* in the file */
	w_u32 size; /* bytes; 0: until the next one */
	w_u32 name; /* struct rt_str */
	w_u32 pad_;
};

/* How code from this offset (in the file) on is unwound, to the next row. */
struct rt_unwind {
	w_u32 off;
	w_s32 cfa_off; /* canonical frame address: register + this */
	w_s32 bp_off; /* the caller's frame pointer is at CFA + this; 0: it was
			 not changed */
	w_s16 ra_off; /* the return address at CFA + this; 0: unchanged */
	w_u16 cfa_reg; /* RT_UNWIND_* */
};
#define RT_UNWIND_NONE 0u /* not known: try frame pointers */
#define RT_UNWIND_SP 1u
#define RT_UNWIND_BP 2u
#define RT_UNWIND_END 3u /* nobody called this */
/* A frame that the kernel made for a signal: all offsets count from the stack
   pointer; the caller's stack pointer is the word at cfa_off. */
#define RT_UNWIND_SIGNAL 4u

#define RT_F_SUPPRESS_ERRORS 1u /* --suppress-handler-errors */
#define RT_F_NO_TIME_LIMITS 2u /* --suppress-time-limits */
#define RT_F_TIMING 4u /* -t: fill probe_stats */

/* Flags of rt_read() and rt_read_str(). */
#define RT_READ_USER 1u /* of the current process, not the kernel's */
#define RT_READ_SIGNED 2u
#define RT_READ_NO_ERROR 4u /* a fault is "" */
#define RT_READ_LIMITED 8u /* a limit of 0 is one, too */

/* -t: per probe, updated with atomics (min/max by compare-and-exchange) */
struct rt_probe_stat {
	w_u64 hits, total_ns, min_ns, max_ns;
};

/*
 * A string: the text's length and the text, NUL-terminated, zero-padded up to
 * the next multiple of 8 bytes *beyond the NUL's word only*: bytes
 * [0, round8(len + 1)) of `text` are text and zeros. Words can so be compared,
 * hashed and copied without looking at single bytes. Size in memory of a
 * string that can hold cap bytes of text: RT_STR_SIZE(cap).
 */
struct rt_str {
	w_u32 len; /* bytes, without the NUL; text may hold no NUL */
	w_u32 spare; /* 0: the header is compared as one word */
	w_u8 text[];
};
#define RT_STR_HDR 8u
#define RT_STR_WORDS(len) (((len) + 8u) >> 3) /* words of text incl. NUL */
#define RT_STR_SIZE(cap) (RT_STR_HDR + (((cap) + 8u) & ~7u))

#define RT_FP_WORK 1856u /* bytes that rt_fp_text() and rt_fp_parse() need */

/*
 * A handler's context. The frame area (slots of the handler and of the
 * functions it calls) starts RT_CTX_FRAME bytes in; the last out_cap bytes of
 * the ctx_size are the output buffer. Nothing in it needs initial values:
 * rt_enter() sets what is read.
 */
#define RT_LOC_CALL 0xffffffffu /* where the function was called */

struct rt_ctx {
	w_u32 busy; /* 0 free; taken with an atomic exchange */
	w_u32 probe; /* index into the image's probe table */
	w_u32 error; /* 0, or enum rt_error: the handler is unwinding */
	w_u32 action_left; /* statements that may still run */
	w_u64 enter_ns; /* -t only */
	w_u32 out_off; /* heap offset of the output buffer: this context's
			  offset + ctx_size - out_cap; set by rt_enter() */
	w_u32 out_len; /* bytes filled, incl. the record header */
	w_u32 nesting; /* script function depth */
	w_u32 cpu; /* where the handler started; it stays there */
	w_u32 error_loc; /* index of the failing statement's location, or
			    RT_LOC_CALL */
	w_u32 flags; /* RT_CTX_* */
	w_u64 ret; /* integer result of a script function */
	w_u64 scratch[8]; /* for the run-time library */
	/* dispatcher of suspended functions and loops (ebpf/) */
	w_u32 cur_fn, cur_frame, cur_resume, base_frame;
	w_u32 regex_groups[20]; /* matched(n): start/end pairs */
	w_u32 regex_subject; /* heap offset of the subject's copy, or 0 */
	w_u32 regex_ngroups; /* 0: the last match failed */
	w_u32 regex_regs[48]; /* tag registers of the automaton */
	w_u32 out_entry; /* offset of the entry being built, in the buffer */
	w_u32 tok_pos; /* tokenize(): where the next token is looked for */
	w_u32 site; /* attach record that the hit belongs to; set only in
		       handlers that ask where they are */
	w_u32 ncallers; /* of the pending error, innermost first; more than */
	w_u32 callers[16]; /* RT_CALLERS are only counted: location indexes */
	/* rt_env_find_vma(): the mapping; rt_umod(): offset in its file */
	w_u64 vma_start, vma_end, vma_pgoff, vma_ino, vma_dev, usym_off;
	w_u64 unw_pc, unw_sp, unw_bp; /* rt_unwind_next(), in this order */
	w_u32 unw_count; /* frames since the last signal's */
	w_u32 unw_frames;
	/* In handlers that ask (IMAGE_HANDLER_REGS): the program's context, and
	   what it is */
	w_u64 entry;
	w_u32 entry_kind; /* RT_ENTRY_* */
	/* IMAGE_HANDLER_KSTACK: addresses at kstack_off, bytes or negative; the
	   first that belongs to the kernel's own work (rt_kstack()), + 1 */
	w_s32 kstack_len;
	w_u32 kstack_first;
	w_u32 verdict; /* IMAGE_PROG_NETFILTER: what the program returns */
	/* In both: the instruction that the probe is at, where registers and
	   stack show one behind it; or 0 */
	w_u64 entry_at;
	w_u64 returns_from; /* where the function begins that returns, or 0 */
	/* message of the pending error */
	w_u32 errmsg_len, errmsg_spare; /* a struct rt_str with */
	w_u8 errmsg_text[256]; /* RT_ERRMSG_CAP bytes of text */
};
#define RT_ERRMSG_CAP 255u
#define RT_CALLERS 16u
#define RT_CTX_FRAME 896u /* sizeof(struct rt_ctx) rounded up; checked */
#define RT_ENTRY_PLAIN 0u /* no registers */
#define RT_ENTRY_REGS 1u  /* struct pt_regs */
#define RT_ENTRY_PERF 2u  /* begins with a pointer to it */
#define RT_CTX_WAKE 1u /* the next flush wakes the reader at once */
#define RT_CTX_USER 4u /* hit in user mode; set only in handlers that ask */
#define RT_CTX_LONG_ERROR 8u /* the message is longer than RT_ERRMSG_CAP */
#define RT_CTX_CONT 2u /* this activation has flushed a record already */
/* strings at ctx_strings_off */
#define RT_CTX_STRINGS 3u
#define RT_CTX_STR_TOKENS 0u /* what tokenize() goes on with */
#define RT_CTX_STR_SUBJECT 1u /* what matched() cuts from */
#define RT_CTX_STR_ERROR 2u /* RT_CTX_LONG_ERROR: the pending error's message */

enum rt_error {
	RT_ERR_NONE = 0,
	RT_ERR_SOFT = 1, /* error(), faults, ...: try/catch sees it */
	RT_ERR_ABORT = 2, /* abort(), MAXACTION: not caught */
};

/* ------------------------------------------------------------------ *
 * Output: one ring-buffer record holds what one handler activation printed
 * (or a part, when its buffer filled up): a header, then entries.
 * ------------------------------------------------------------------ */
struct wire_record {
	w_u32 size; /* bytes, header included, multiple of 8 */
	w_u16 kind; /* enum wire_record_kind */
	w_u16 cpu;
	w_u32 probe; /* index, for messages */
	w_u32 seq; /* entries in this record */
};

enum wire_record_kind {
	WIRE_REC_OUTPUT = 1, /* entries follow */
	WIRE_REC_CONT = 2, /* entries follow; the same handler goes on */
};

/* An entry: header, nlongs 64-bit integers, then its strings, each as a
   struct rt_str; the next entry follows at the next multiple of 8. */
struct wire_entry {
	w_u16 kind; /* enum wire_entry_kind */
	w_u16 format; /* index into the format table, or 0 */
	w_u32 size; /* bytes of this entry, header included, multiple of 8 */
};

enum wire_entry_kind {
	WIRE_ENT_FORMAT = 1, /* print by format; longs first, then strings,
				each group in argument order */
	WIRE_ENT_TEXT = 2, /* one string: print it as it is */
	WIRE_ENT_WARN = 3, /* one string: warn() */
	WIRE_ENT_ERROR = 4, /* longs: location index, probe | callers << 32, then
			       rt_ctx.callers as it is; string: message */
	WIRE_ENT_LOG = 5, /* one string: log() */
	WIRE_ENT_EXIT = 6, /* exit() was called */
	WIRE_ENT_HIST = 7, /* longs: enum-statop-like kind (0 log, 1 linear),
			      low, high, step, then count, sum, min, max, then
			      the buckets */
	WIRE_ENT_SYSTEM = 8, /* one string: system() */
	WIRE_ENT_SWITCH_FILE = 9, /* one string */
	WIRE_ENT_FTRACE = 10, /* one string */
	WIRE_ENT_PRINTK = 11, /* long: level; string */
	WIRE_ENT_BINARY = 12, /* %m-like raw bytes as one string */
	WIRE_ENT_REPLY = 13, /* one string: what a procfs file holds */
	WIRE_ENT_REPLY_MORE = 14, /* one string: appended to it */
};

/* ------------------------------------------------------------------ *
 * printf directives
 * ------------------------------------------------------------------ */
#define WIRE_SPEC_LEFT 1u /* - */
#define WIRE_SPEC_PLUS 2u /* + */
#define WIRE_SPEC_SPACE 4u
#define WIRE_SPEC_ZERO 8u
#define WIRE_SPEC_ALT 16u /* # */
#define WIRE_SPEC_WIDTH_ARG 32u /* '*' */
#define WIRE_SPEC_PREC_ARG 64u
#define WIRE_SPEC_HAS_PREC 128u

/* Widths and precisions; what is larger counts as this. */
#define WIRE_MAX_FIELD 65536u

struct wire_spec {
	w_u8 conv; /* 's' 'd' 'u' 'x' 'X' 'o' 'c' 'b' 'p' 'm' 'M', or 0;
		      'i' is stored as 'd'. %% is literal text */
	w_u8 flags; /* WIRE_SPEC_* */
	w_u16 pad_;
	w_u32 width, prec;
};

/* ------------------------------------------------------------------ *
 * Statistics: what one aggregate holds, at its heap offset.
 * ------------------------------------------------------------------ */
enum rt_hist { RT_HIST_NONE, RT_HIST_LOG, RT_HIST_LINEAR };

struct rt_stat {
	w_s64 count, sum, min, max;
	/* Welford: mean scaled by 1 << shift, sum of squared distances scaled
	   by 1 << 2 * shift; 0 unless @variance is used */
	w_s64 avg_s, var_s;
	/* followed by the buckets, w_u64 each */
};
/* Aggregate operations, as rt_stat_get() and rt_map_sort() take them. */
enum rt_statop {
	RT_STAT_COUNT,
	RT_STAT_SUM,
	RT_STAT_MIN,
	RT_STAT_MAX,
	RT_STAT_AVG,
	RT_STAT_VARIANCE,
};
/* Where a drawing of a histogram is; see runtime/hist.c. */
struct rt_hist_rows {
	w_u64 next, last; /* buckets of the next line and the last one */
	w_u64 run_end;	  /* the empty buckets before this one were looked at */
	w_u64 gap, gap_end; /* those from gap to before gap_end are left out */
	w_u64 width, count_width; /* of the columns */
	w_u64 scale;		  /* counts that one '@' stands for */
	w_u64 headed;		  /* the heading was drawn */
	/* the buckets with a count, while they are looked for */
	w_u64 at, index, first, max;
};

/* Buckets of @hist_log: 0 is value 0's; see runtime/stat.c. */
#define RT_HIST_LOG_BUCKETS 128u
#define RT_HIST_LOG_ZERO 64u /* index of the bucket of value 0 */

/* Constant description of an aggregate, next to the global it belongs to. */
struct rt_stat_desc {
	w_u8 hist; /* enum rt_hist */
	w_u8 variance_shift; /* 0 .. 62: bits that the samples are scaled by */
	w_u8 want_variance;
	w_u8 in_array; /* of an array's elements */
	w_u32 nbuckets; /* linear: (high - low) / step + 1, + 2 for under- and
			   overflow; bucket 0 is underflow */
	w_s64 low, high, step;
	w_u32 size; /* bytes of one aggregate: struct rt_stat + buckets */
	w_u32 pad2_;
};

/* ------------------------------------------------------------------ *
 * Associative arrays: the header at the array's heap offset. Memory of
 * nbuckets u32 chain heads, then max_entries entries of entry_size bytes,
 * follows where the offsets say. All zero but the constants at start.
 * ------------------------------------------------------------------ */
#define RT_MAP_LAST 8u /* power of two */
struct rt_map {
	w_u32 buckets_off, nbuckets; /* nbuckets is a power of two */
	w_u32 entries_off, entry_size, max_entries;
	w_u32 key_off; /* of the packed key within an entry */
	w_u32 key_cap; /* bytes */
	w_u32 val_off, val_size; /* value within an entry */
	w_u32 flags; /* RT_MAP_* */
	w_u32 stat_desc_off; /* struct rt_stat_desc, when the values are */
	w_u32 nkeys;
	w_u8 key_kind[12]; /* 0 long, 1 string */
	/* state */
	w_u32 count;
	w_u32 fresh; /* entries never used yet start at this index */
	w_u32 free; /* free list: entry offset, or 0 */
	w_u32 head, tail; /* all entries in insertion (or sorted) order */
	w_u32 last[RT_MAP_LAST]; /* by CPU: an entry that is in the array and
				    was found lately, or 0 (see ebpf/quick.c) */
	w_u32 full_msg; /* heap offset of the error's text when it is full; 0:
			   RT_MSG_ARRAY_FULL */
	w_u32 spare;
	w_u32 sort[36]; /* working memory of rt_map_sort() */
};
#define RT_MAP_WRAP 1u /* when full, the oldest entry is reused */
#define RT_MAP_STAT 2u /* values are aggregates */
#define RT_MAP_STRVAL 4u /* values are strings */

/* At the start of every entry. Offsets are heap offsets, 0 is none. */
struct rt_entry {
	w_u32 chain; /* next in the bucket */
	w_u32 hash;
	w_u32 next, prev; /* list order */
	w_u32 key_words; /* 8-byte words of packed key */
	w_u32 spare; /* rt_map_sort(): offset of what is compared */
};
/*
 * Packed key: each component in order; a long is one word; a string is its
 * struct rt_str header word (spare = 0) and RT_STR_WORDS(len) words of text.
 */

/* ------------------------------------------------------------------ *
 * The image: everything the runner needs besides the code.
 * ------------------------------------------------------------------ */
enum wire_probe_kind {
	WIRE_PROBE_BEGIN,
	WIRE_PROBE_END,
	WIRE_PROBE_ERROR,
	WIRE_PROBE_NEVER,
	WIRE_PROBE_TIMER, /* period_ns, randomize_ns: driven by timerfd */
	WIRE_PROBE_PROFILE, /* perf cpu-clock, every CPU: freq_hz or period_ns */
	WIRE_PROBE_RAWTP, /* target: tracepoint name */
	WIRE_PROBE_UPROBE, /* target: path; offset; is_return; pid filter */
	WIRE_PROBE_PROCESS, /* process.begin/end/thread.begin/thread.end:
			       event, target: path or "", pid */
	WIRE_PROBE_INPUT, /* input.char (event 0), input.line (event 1): the
			     runner puts the text into the struct rt_str at
			     heap offset `offset` (string_cap bytes; only
			     these handlers read it, one at a time), then runs
			     the handler; its argument 0 is the length */
	WIRE_PROBE_KPROBE, /* an instruction of the kernel: symbol, target:
			      module or "", offset within the symbol, nth of its
			      namesakes; address: where it is in this boot, or
			      0; maxactive */
	WIRE_PROBE_FENTRY, /* symbol: function of vmlinux; btf_id */
	WIRE_PROBE_PERF, /* event: perf type; address: its config; every
			    freq_hz per second, or at each `period` counts; in
			    the tasks of the target (TARGET_ONLY) or of pid, or
			    on every CPU */
	WIRE_PROBE_PROCFS, /* a file; target: its name; event: enum
			      wire_procfs_event; offset: as for INPUT, of a
			      write; period: bytes of content at most (read), 0:
			      a string's; UMASK: nth is the umask */
	WIRE_PROBE_DATA, /* accesses of memory at `address`, or of the kernel's
			    variable `symbol`; event: 2 write, 3 read or write;
			    period: bytes; where: as for PERF */
	WIRE_PROBE_NETFILTER, /* event: family (NFPROTO_); nth: number of its
				 hook; order: priority */
	WIRE_PROBE_COUNTER, /* not hit but read: rt_counter(nth); event and
			       address: as for PERF; of each task for itself
			       (PER_TASK), or of each CPU */
	WIRE_PROBE_CONDITION, /* whether handler `event` is to be attached: the
				 session runs it and finds 0 or 1 in the 64-bit
				 word at heap offset `offset` */
	WIRE_PROBE_KINDS
};

enum wire_procfs_event { WIRE_PROCFS_READ, WIRE_PROCFS_WRITE };

/*
 * Counters of perf events (@perf). Two maps that the program and its runner
 * (run/bpf_counter.c) share: the events, number cpu * RT_COUNTERS + counter in
 * a PERF_EVENT_ARRAY, and a hash table of struct rt_counts. Its key is a CPU's
 * number: what its events had counted when the CPU last changed tasks; or the
 * address of a task_struct: what was counted while that task ran, until then.
 */
#define RT_COUNTERS 15u
struct rt_counts {
	w_u64 switches; /* how often this was changed */
	w_u64 sum[RT_COUNTERS];
};

enum wire_process_event {
	WIRE_PROC_BEGIN,
	WIRE_PROC_END,
	WIRE_PROC_THREAD_BEGIN,
	WIRE_PROC_THREAD_END,
};

/* One place where a handler is attached. */
struct wire_attach {
	w_u32 kind; /* enum wire_probe_kind */
	w_u32 handler; /* index of the handler (program) */
	w_u32 name; /* string table: the probe point as the user may see it:
		       pp() */
	w_u32 target; /* string table */
	w_u32 symbol; /* string table: function name, for ppfunc() */
	w_u32 flags; /* WIRE_ATTACH_* */
	w_s64 order; /* begin(N), end(N), error(N) */
	w_u64 period_ns, randomize_ns; /* timers */
	w_u64 offset; /* uprobe: file offset */
	w_u64 address; /* virtual address in the file, for messages */
	w_u64 semaphore; /* uprobe: file offset of a 16-bit counter that the
			    kernel counts up while attached; 0: none */
	w_s32 pid; /* -1: any */
	w_u32 event; /* enum wire_process_event */
	w_u64 freq_hz;
	w_u8 build_id[20];
	w_u32 build_id_len;
	w_u32 maxactive; /* kretprobe: calls that may be under way; 0: default */
	w_u32 btf_id; /* of the FUNC in the BTF of the kernel that the script
			 was translated on */
	w_u32 nth;
	w_u32 syscall; /* sys_enter, sys_exit: the number of the only system call
			  that the handler is for, plus 1; 0: any */
	w_u64 period; /* perf: counts from one hit to the next */
};
#define WIRE_ATTACH_RETURN 1u
#define WIRE_ATTACH_OPTIONAL 2u /* failure to attach is a warning */
#define WIRE_ATTACH_TARGET_ONLY 4u /* only in target()'s process tree */
#define WIRE_ATTACH_UMASK 32u
#define WIRE_ATTACH_PER_TASK 64u /* of a COUNTER */
#define WIRE_ATTACH_COMPAT 128u /* `syscall` is a number of 32-bit programs */
#define WIRE_ATTACH_ABSOLUTE 16u /* `address` is what the script says */

#endif
