/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the library asks its surroundings: BPF helpers by number, or hooks of
 * the process it runs in (native.h). A kernel module will answer the same
 * questions here.
 */
#ifndef RUNTIME_ENV_H
#define RUNTIME_ENV_H

/* rt_env_output() */
#define RT_OUT_WAKE 1u /* wake the reader now */

#ifdef RT_BPF

/* The ring buffer map; the loader puts its descriptor into the relocation. */
#ifndef RT_TEST_BPF
extern char rt_ring[];
#endif
#define RT_RB_NO_WAKEUP 1u
#define RT_RB_FORCE_WAKEUP 2u

static long (*rt_h_ringbuf_output)(void *map, void *data, w_u64 size,
				   w_u64 flags) = (void *)130;
static w_u64 (*rt_h_pid_tgid)(void) = (void *)14;
static w_u64 (*rt_h_uid_gid)(void) = (void *)15;
static w_u32 (*rt_h_cpu)(void) = (void *)8;
static w_u64 (*rt_h_task)(void) = (void *)35;
static long (*rt_h_comm)(void *buf, w_u32 size) = (void *)16;
static void *(*rt_h_task_btf)(void) = (void *)158;
static w_u64 (*rt_h_mono_ns)(void) = (void *)5;
static w_u64 (*rt_h_boot_ns)(void) = (void *)125;
static w_u32 (*rt_h_random)(void) = (void *)7;
static long (*rt_h_send_signal_thread)(w_u32 sig) = (void *)117;
static long (*rt_h_read_user)(void *dst, w_u32 size,
			      const void *src) = (void *)112;
static long (*rt_h_read_user_str)(void *dst, w_u32 size,
				  const void *src) = (void *)114;
static long (*rt_h_read_kernel_str)(void *dst, w_u32 size,
				    const void *src) = (void *)115;

static long (*rt_h_write_user)(void *dst, const void *src,
			       w_u32 size) = (void *)36;
static long (*rt_h_snprintf)(void *dst, w_u32 size, const char *fmt,
			     const void *data, w_u32 data_len) = (void *)165;
static void *(*rt_h_task_pt_regs)(void *task) = (void *)175;
static long (*rt_h_find_vma)(void *task, w_u64 addr, void *fn, void *ctx,
			     w_u64 flags) = (void *)180;

/* Counters of perf events; see struct rt_counts. */
#ifndef RT_TEST_BPF
extern char rt_events[], rt_tasks[];
#endif
static void *(*rt_h_map_lookup)(void *map, const void *key) = (void *)1;
static long (*rt_h_perf_read)(void *map, w_u64 index, void *value,
			      w_u32 size) = (void *)55;

/* 0, or negative when the transport has no room. */
RT_INLINE long rt_env_output(w_u64 at, w_u64 size, w_u64 flags)
{
	return rt_h_ringbuf_output(
		(void *)rt_ring, rt_at(at), rt_helper_size(size),
		flags & RT_OUT_WAKE ? RT_RB_FORCE_WAKEUP : RT_RB_NO_WAKEUP);
}
RT_INLINE w_u64 rt_env_pid_tgid(void)
{
	return rt_h_pid_tgid();
}
RT_INLINE w_u64 rt_env_uid_gid(void)
{
	return rt_h_uid_gid();
}
RT_INLINE w_u64 rt_env_cpu(void)
{
	return rt_h_cpu();
}
RT_INLINE w_u64 rt_env_task(void)
{
	return rt_h_task();
}
/* 16 bytes at heap offset `at`. */
RT_INLINE void rt_env_comm(w_u64 at)
{
	rt_h_comm(rt_at(at), 16);
}
RT_INLINE w_u64 rt_env_mono_ns(void)
{
	return rt_h_mono_ns();
}
RT_INLINE w_u64 rt_env_boot_ns(void)
{
	return rt_h_boot_ns();
}
RT_INLINE w_u64 rt_env_real_ns(void)
{
	return rt_h_mono_ns() + rt_head()->realtime_base_ns;
}
RT_INLINE w_u64 rt_env_random(void)
{
	w_u64 high = rt_h_random();

	return high << 32 | rt_h_random();
}
/* A signal to the current thread; 0 or -errno. */
RT_INLINE w_s64 rt_env_raise(w_u64 signo)
{
	return rt_h_send_signal_thread((w_u32)signo);
}
/* Word n of the counts whose key is in the heap word `key`, to the heap word
   `at`; 0 when there are none. */
RT_INLINE void rt_env_counts(w_u64 key, w_u64 n, w_u64 at)
{
	rt_word *row = rt_h_map_lookup((void *)rt_tasks, rt_at(key));

	asm("%0 &= 15" : "+r"(n));
	rt_st64(at, row ? row[n] : 0);
}
/* The event to the heap word `at`, which two more words follow; 0 or -errno. */
RT_INLINE long rt_env_event(w_u64 at, w_u64 index)
{
	return rt_h_perf_read((void *)rt_events, (w_u32)index, rt_at(at), 24);
}
/* Memory of the traced system to heap offset `at`; negative: fault. In programs
   that may sleep, absent pages of the process are waited for
   (run/bpf_sleep.c). */
RT_INLINE long rt_env_read(w_u64 at, w_u64 size, w_u64 addr, w_u64 user)
{
	size = rt_helper_size(size);
	if (user)
		return rt_h_read_user(rt_at(at), size, (void *)addr);
	return rt_probe_read_kernel(rt_at(at), size, (void *)addr);
}
/* A NUL-terminated text of at most size bytes with its NUL (which is always
   written); bytes with the NUL, or negative: fault. */
RT_INLINE long rt_env_read_str(w_u64 at, w_u64 size, w_u64 addr, w_u64 user)
{
	size = rt_helper_size(size);
	if (user)
		return rt_h_read_user_str(rt_at(at), size, (void *)addr);
	return rt_h_read_kernel_str(rt_at(at), size, (void *)addr);
}
/* The other way, to the current process; 1 to 65536 bytes (the verifier wants
   to see that there are some). */
RT_INLINE long rt_env_write_user(w_u64 at, w_u64 size, w_u64 addr)
{
	size--;
	asm("%0 &= 0xffff" : "+r"(size));
	size++;
	return rt_h_write_user((void *)addr, rt_at(at), size);
}

/* The back end puts them into memory that is seen not to change. */
#ifdef RT_TEST_BPF
const char rt_texts[] = "%ps\0%pS";
#else
extern const char rt_texts[]; /* RTLIB_TEXTS */
#endif

/* Can the handler see the kernel's registers, stack and names? */
RT_INLINE w_u64 rt_env_has_kernel(void)
{
	return 1;
}
/* The frame pointer, through the heap word `at`, as a number. */
RT_INLINE w_u64 rt_env_frame(w_u64 at)
{
	rt_word *word = rt_at(at);

	asm volatile("*(u64 *)(%0 + 0) = r10" : : "r"(word) : "memory");
	return rt_ld64(at);
}
/* The kernel's name for the address in the word at heap offset `at`: size bytes
   at most to dst, with its NUL; which 1: with place and size. Bytes that it
   wants, or negative. */
RT_INLINE long rt_env_ksym(w_u64 dst, w_u64 size, w_u64 at, w_u64 which)
{
	size = rt_helper_size(size);
	if (which)
		return rt_h_snprintf(rt_at(dst), size, rt_texts + 4, rt_at(at),
				     8);
	return rt_h_snprintf(rt_at(dst), size, rt_texts, rt_at(at), 8);
}
/* A pointer that goes through the heap is a number. */
RT_INLINE w_u64 rt_env_uregs(w_u64 c)
{
	w_u64 at = RT_SCRATCH(c);

	rt_st64(at, (w_u64)rt_h_task_pt_regs(rt_h_task_btf()));
	asm volatile("" : : : "memory");
	return rt_ld64(at);
}

/* A word of kernel memory to heap offset `at`, and its value. */
RT_INLINE w_u64 rt_kernel_word(w_u64 at, w_u64 size, w_u64 addr)
{
	rt_st64(at, 0);
	rt_probe_read_kernel(rt_at(at), size, (void *)addr);
	return rt_ld64(at);
}

static __attribute__((noinline)) long rt_on_vma(void *task, void *vma,
						struct rt_in_heap *st)
{
	struct rt_head *h = rt_head();
	w_u64 c = st->at, at = RT_SCRATCH(c), v, file, inode, sb;

	rt_st64(at, (w_u64)vma);
	asm volatile("" : : : "memory");
	v = rt_ld64(at);
	rt_ctx(c)->vma_start = rt_kernel_word(at, 8, v + h->vma_start);
	rt_ctx(c)->vma_end = rt_kernel_word(at, 8, v + h->vma_end);
	rt_ctx(c)->vma_pgoff = rt_kernel_word(at, 8, v + h->vma_pgoff);
	file = rt_kernel_word(at, 8, v + h->vma_file);
	if (!file)
		return 0;
	inode = rt_kernel_word(at, 8, file + h->file_inode);
	rt_ctx(c)->vma_ino = rt_kernel_word(at, 8, inode + h->inode_ino);
	sb = rt_kernel_word(at, 8, inode + h->inode_sb);
	rt_ctx(c)->vma_dev = rt_kernel_word(at, 4, sb + h->sb_dev);
	return 0;
}

/* The mapping that holds an address of the current process, to ctx.vma_*; 0,
   or negative: it has no file, or (vma_start is 0) there is none or it cannot
   be told now. */
RT_INLINE long rt_env_find_vma(w_u64 c, w_u64 addr)
{
	struct rt_in_heap st;

	rt_ctx(c)->vma_ino = 0;
	rt_ctx(c)->vma_start = 0;
	if (!rt_head()->sb_dev)
		return -1;
	st.at = c;
	if (rt_h_find_vma(rt_h_task_btf(), addr, rt_on_vma, &st, 0))
		return -1;
	return rt_ctx(c)->vma_ino ? 0 : -1;
}

#else
#include "native.h"

RT_INLINE w_u64 rt_env_has_kernel(void)
{
	return 0;
}
RT_INLINE long rt_env_ksym(w_u64 dst, w_u64 size, w_u64 at, w_u64 which)
{
	return 0;
}
RT_INLINE w_u64 rt_env_frame(w_u64 at)
{
	return 0;
}
/* The engine attaches to nothing that has registers. */
RT_INLINE w_u64 rt_env_uregs(w_u64 c)
{
	return 0;
}
RT_INLINE long rt_env_find_vma(w_u64 c, w_u64 addr)
{
	rt_ctx(c)->vma_start = 0;
	return -1;
}
RT_INLINE long rt_env_write_user(w_u64 at, w_u64 size, w_u64 addr)
{
	return -1;
}

RT_INLINE long rt_env_output(w_u64 at, w_u64 size, w_u64 flags)
{
	return rt_native_env.output(rt_native_env.data, rt_at(at), size,
				    (w_u32)flags);
}
RT_INLINE w_u64 rt_env_pid_tgid(void)
{
	return rt_native_env.pid_tgid(rt_native_env.data);
}
RT_INLINE w_u64 rt_env_uid_gid(void)
{
	return rt_native_env.uid_gid(rt_native_env.data);
}
RT_INLINE w_u64 rt_env_cpu(void)
{
	return rt_native_env.cpu(rt_native_env.data);
}
RT_INLINE w_u64 rt_env_task(void)
{
	return 0;
}
RT_INLINE void rt_env_comm(w_u64 at)
{
	rt_native_env.comm(rt_native_env.data, rt_at(at));
}
RT_INLINE w_u64 rt_env_mono_ns(void)
{
	return rt_native_env.mono_ns(rt_native_env.data);
}
RT_INLINE w_u64 rt_env_boot_ns(void)
{
	return rt_native_env.boot_ns(rt_native_env.data);
}
RT_INLINE w_u64 rt_env_real_ns(void)
{
	return rt_native_env.real_ns(rt_native_env.data);
}
RT_INLINE w_u64 rt_env_random(void)
{
	return rt_native_env.random(rt_native_env.data);
}
RT_INLINE void rt_env_counts(w_u64 key, w_u64 n, w_u64 at)
{
}
RT_INLINE long rt_env_event(w_u64 at, w_u64 index)
{
	return -1;
}
RT_INLINE w_s64 rt_env_raise(w_u64 signo)
{
	return rt_native_env.raise(rt_native_env.data, (int)signo);
}
RT_INLINE long rt_env_read(w_u64 at, w_u64 size, w_u64 addr, w_u64 user)
{
	return rt_native_env.read(rt_native_env.data, rt_at(at), size, addr,
				  user != 0);
}
RT_INLINE long rt_env_read_str(w_u64 at, w_u64 size, w_u64 addr, w_u64 user)
{
	return rt_native_env.read_str(rt_native_env.data, rt_at(at), size, addr,
				      user != 0);
}
#endif

#endif
