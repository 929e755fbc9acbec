/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "native.h"

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "rt_int.h"

__thread char *rt_heap_base;
__thread w_u32 rt_heap_mask;
static __thread w_u32 free_off;

static int default_output(void *data, const void *record, w_u64 size,
			  w_u32 flags)
{
	return -1;
}

static w_u64 default_pid_tgid(void *data)
{
	return (w_u64)getpid() << 32 | (w_u32)syscall(SYS_gettid);
}

static w_u64 default_uid_gid(void *data)
{
	return (w_u64)getgid() << 32 | getuid();
}

static w_u64 default_cpu(void *data)
{
	int cpu = sched_getcpu();

	return cpu < 0 ? 0 : (w_u64)cpu;
}

static void default_comm(void *data, void *buf)
{
	memset(buf, 0, 16);
	prctl(PR_GET_NAME, buf);
}

static w_u64 clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (w_u64)ts.tv_sec * 1000000000u + (w_u64)ts.tv_nsec;
}

static w_u64 default_mono_ns(void *data)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static w_u64 default_boot_ns(void *data)
{
	return clock_ns(CLOCK_BOOTTIME);
}

static w_u64 default_real_ns(void *data)
{
	return clock_ns(CLOCK_REALTIME);
}

/* A generator of Vigna's splitmix kind, seeded once from the system. */
static w_u64 default_random(void *data)
{
	static __thread w_u64 state;
	w_u64 z;

	if (!state && getrandom(&state, sizeof(state), 0) != sizeof(state))
		state = clock_ns(CLOCK_MONOTONIC) | 1;
	z = state += 0x9e3779b97f4a7c15ull;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static int default_raise(void *data, int signo)
{
	return signo > 0 && !syscall(SYS_tgkill, getpid(), syscall(SYS_gettid),
				     signo)
		       ? 0
		       : -EINVAL;
}

/* Our own memory, without dying of a bad address. */
static int default_read(void *data, void *dst, w_u64 size, w_u64 addr, int user)
{
	struct iovec to = {dst, size};
	struct iovec from = {(void *)(uintptr_t)addr, size};

	if (!size)
		return 0;
	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)size
		       ? 0
		       : -1;
}

static long default_read_str(void *data, void *dst, w_u64 size, w_u64 addr,
			     int user)
{
	char *out = dst;
	w_u64 done = 0;

	if (!size)
		return -1;
	while (done < size - 1) {
		/* a page at a time: the text may end just before a hole */
		w_u64 n = 4096 - ((addr + done) & 4095);
		char *nul;

		if (n > size - 1 - done)
			n = size - 1 - done;
		if (rt_native_env.read(data, out + done, n, addr + done, user))
			return -1;
		nul = memchr(out + done, 0, n);
		if (nul)
			return nul - out + 1;
		done += n;
	}
	out[done] = 0;
	return (long)done + 1;
}

#define DEFAULT_ENV                                                            \
	{                                                                      \
		.output = default_output, .pid_tgid = default_pid_tgid,        \
		.uid_gid = default_uid_gid, .cpu = default_cpu,                \
		.comm = default_comm, .mono_ns = default_mono_ns,              \
		.boot_ns = default_boot_ns, .real_ns = default_real_ns,        \
		.random = default_random, .raise = default_raise,              \
		.read = default_read, .read_str = default_read_str,            \
	}

__thread struct rt_native_env rt_native_env = DEFAULT_ENV;

void rt_native_env_reset(void)
{
	rt_native_env = (struct rt_native_env)DEFAULT_ENV;
}

void rt_native_bind(void *base, w_u32 size)
{
	rt_heap_base = base;
	rt_heap_mask = size - 1;
}

void *rt_native_base(void)
{
	return rt_heap_base;
}

void rt_native_restore(void *base)
{
	rt_native_bind(base, base ? ((struct rt_head *)base)->heap_size : 1);
}

w_u32 rt_native_setup(void *base, w_u32 size, w_u32 string_cap)
{
	struct rt_head *h = base;

	rt_native_bind(base, size);
	memset(h, 0, sizeof(*h));
	h->state = RT_RUNNING;
	h->heap_size = size;
	h->string_cap = string_cap;
	h->max_trylock = 1000;
	h->max_skipped = 100;
	h->max_nesting = 10;
	h->max_action = 1000;
	h->max_action_interruptible = 10000;
	h->ctx_off = sizeof(*h);
	h->ctx_count = 1;
	h->ctx_strings_off = RT_CTX_FRAME;
	h->out_cap = RT_NATIVE_OUT_CAP;
	h->ctx_size = RT_CTX_FRAME + RT_CTX_STRINGS * RT_STR_SIZE(string_cap) +
		      RT_NATIVE_OUT_CAP;
	memset((char *)base + h->ctx_off, 0, h->ctx_size);
	free_off = h->ctx_off + h->ctx_size;
	return h->ctx_off;
}

w_u32 rt_native_free_off(void)
{
	return free_off;
}

w_u32 rt_heap_write_strn(void *at, const char *text, w_u32 len)
{
	w_u32 size = RT_STR_SIZE(len);
	struct rt_str *s = at;

	memset(at, 0, size);
	s->len = len;
	memcpy(s->text, text, len);
	return size;
}

w_u32 rt_heap_write_str(void *at, const char *text)
{
	return rt_heap_write_strn(at, text, (w_u32)strlen(text));
}

static const char *const msg_text[] = {
#define M(id, text) [RT_MSG_##id] = text,
#include "rt_msg.def"
#undef M
};

const char *rt_msg_text(w_u32 code)
{
	return code < RT_MSG_COUNT ? msg_text[code] : "";
}

#define MSG_TABLE (((w_u32)sizeof(w_u32) * RT_MSG_COUNT + 7u) & ~7u)

w_u32 rt_msgs_size(void)
{
	w_u32 size = MSG_TABLE;

	for (w_u32 i = 0; i < RT_MSG_COUNT; i++)
		size += RT_STR_SIZE((w_u32)strlen(msg_text[i]));
	return size;
}

void rt_write_msgs(void *at, w_u32 off)
{
	w_u32 *table = at;
	w_u32 pos = MSG_TABLE;

	memset(at, 0, MSG_TABLE);
	for (w_u32 i = 0; i < RT_MSG_COUNT; i++) {
		table[i] = off + pos;
		pos += rt_heap_write_str((char *)at + pos, msg_text[i]);
	}
}
