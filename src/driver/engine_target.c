// SPDX-License-Identifier: GPL-2.0-or-later
#include "driver/engine_target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/engine.h"

struct engine_target {
	struct run_target base; /* first: see run.h */
	struct engine *engine;
	/* records waiting for consume(), oldest first, back to back */
	char *buf;
	size_t size, head, tail, limit;
};

static int take_record(void *data, const void *record, w_u64 size, w_u32 flags)
{
	struct engine_target *t = data;

	(void)flags;
	if (t->head == t->tail)
		t->head = t->tail = 0;
	if (t->size - t->tail < size && t->head) {
		memmove(t->buf, t->buf + t->head, t->tail - t->head);
		t->tail -= t->head;
		t->head = 0;
	}
	if (t->size - t->tail < size) {
		/* Nothing empties the queue while a handler runs: it grows. */
		size_t want = t->size * 2 + size;
		char *buf = want <= t->limit ? realloc(t->buf, want) : NULL;

		if (!buf)
			return -1;
		t->buf = buf;
		t->size = want;
	}
	memcpy(t->buf + t->tail, record, size);
	t->tail += size;
	return 0;
}

static int run_handler(struct run_target *rt, uint32_t handler,
		       const uint64_t *args, unsigned nargs)
{
	struct engine_target *t = (struct engine_target *)rt;

	return engine_run_handler(
		t->engine, handler,
		IMAGE_HANDLER_STATES(rt->image->handlers[handler].flags), args,
		nargs * sizeof(*args));
}

static int attach(struct run_target *rt, struct diag *d, const uint32_t *index,
		  uint32_t n)
{
	int res = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct wire_attach *at = &rt->image->attach[index[i]];
		struct diag_msg *m =
			diag_report(d, RUN_ATTACH, LOC_NONE, NULL,
				    rt->image->strings + at->name,
				    "the in-process engine has no such probes");

		diag_remedy(m, "leave --runtime=user out, as root");
		if (!(at->flags & WIRE_ATTACH_OPTIONAL))
			res = -EOPNOTSUPP;
	}
	return res;
}

static void detach(struct run_target *rt)
{
	(void)rt;
}

static int consume(struct run_target *rt, run_record_fn fn, void *arg,
		   size_t max_bytes)
{
	struct engine_target *t = (struct engine_target *)rt;
	size_t done = 0;
	int n = 0;

	while (t->head < t->tail && done < max_bytes) {
		struct wire_record rec;

		memcpy(&rec, t->buf + t->head, sizeof(rec));
		const char *at = t->buf + t->head;

		t->head += rec.size;
		done += rec.size;
		n++;
		if (fn(arg, at, rec.size))
			break;
	}
	return n;
}

static int record_fd(struct run_target *rt)
{
	(void)rt;
	return -1;
}

static uint64_t missed(struct run_target *rt)
{
	(void)rt;
	return 0;
}

static void close_target(struct run_target *rt)
{
	struct engine_target *t = (struct engine_target *)rt;

	engine_free(t->engine);
	free(t->buf);
	free(t);
}

static const struct run_target_ops ops = {
	.run_handler = run_handler,
	.attach = attach,
	.detach = detach,
	.consume = consume,
	.record_fd = record_fd,
	.missed = missed,
	.close = close_target,
};

int engine_target_open(const struct ir_module *m, size_t limit,
		       struct run_target **out)
{
	struct engine_target *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->limit = limit;
	t->size = 64u << 10;
	t->buf = malloc(t->size);
	if (!t->buf) {
		free(t);
		return -ENOMEM;
	}
	struct engine_env env = {.output = take_record, .data = t};

	t->engine = engine_new(m, &env);
	if (!t->engine) {
		int e = errno;

		free(t->buf);
		free(t);
		return -e;
	}
	t->base.ops = &ops;
	t->base.image = m->image;
	t->base.heap = engine_heap(t->engine);
	t->base.heap_len = m->image->heap_size;
	t->base.realtime_clock = CLOCK_MONOTONIC;
	*out = &t->base;
	return 0;
}
