// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/code.h"
#include "native.h"
#include "rt.h"

#define GUARD_BYTES 65536u /* a page of any size */

/* Where the frame area of a context ends: see ir/layout.c. */
static uint32_t frames_end(const struct rt_head *head)
{
	return head->ctx_strings_off ? head->ctx_strings_off
				     : head->ctx_size - head->out_cap;
}

static int map_heap(struct engine *e, const struct image *image)
{
	size_t size = (size_t)image->heap_size + image->heap_slack;
	const struct rt_head *head;
	void *p;

	p = mmap(NULL, size + GUARD_BYTES, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return -ENOMEM;
	e->heap = p;
	e->heap_map = size + GUARD_BYTES;
	e->heap_size = image->heap_size;
	if (mprotect(p, size, PROT_READ | PROT_WRITE) < 0)
		return -ENOMEM;
	memcpy(p, image->heap_init, image->heap_init_len);
	head = p;
	e->ctx_off = head->ctx_off;
	e->ctx_size = head->ctx_size;
	e->ctx_count = head->ctx_count;
	e->frame_bytes = frames_end(head) - RT_CTX_FRAME;
	return 0;
}

static bool image_usable(const struct image *image)
{
	const struct rt_head *head;

	if (!image || !image->heap_init ||
	    image->heap_init_len < sizeof(struct rt_head) ||
	    image->heap_init_len > image->heap_size ||
	    image->heap_slack < IR_SLACK || image->heap_size > IR_HEAP_MAX ||
	    (image->heap_size & (image->heap_size - 1)))
		return false;
	head = (const struct rt_head *)image->heap_init;
	return head->heap_size == image->heap_size && head->ctx_count &&
	       head->ctx_size >= RT_CTX_FRAME + (uint64_t)head->out_cap &&
	       frames_end(head) >= RT_CTX_FRAME &&
	       frames_end(head) <= head->ctx_size &&
	       head->ctx_off + (uint64_t)head->ctx_size * head->ctx_count <=
		       head->heap_size;
}

/* Registers and activations of the deepest chain of calls. */
static int alloc_stacks(struct engine *e, const struct ir_module *m)
{
	const struct rt_head *head = (const struct rt_head *)e->heap;
	struct arena *a = arena_new();
	uint32_t *each = arena_new_array(a, uint32_t, e->nfuncs);
	size_t ncalls, nregs;

	for (uint32_t i = 0; i < e->nfuncs; i++)
		each[i] = 1;
	ncalls = ir_stack_bytes(a, m, each, head->max_nesting);
	for (uint32_t i = 0; i < e->nfuncs; i++)
		each[i] = e->funcs[i].frame_regs;
	nregs = ir_stack_bytes(a, m, each, head->max_nesting);
	arena_free(a);

	/* calloc() leaves what is never used unmapped. */
	e->regs = calloc(nregs + 1, sizeof(*e->regs));
	e->calls = calloc(ncalls + 1, sizeof(*e->calls));
	if (!e->regs || !e->calls)
		return -ENOMEM;
	e->regs_end = e->regs + nregs;
	e->calls_end = e->calls + ncalls;
	return 0;
}

struct engine *engine_new(const struct ir_module *m,
			  const struct engine_env *env)
{
	struct engine *e;
	int err;

	if (!image_usable(m->image)) {
		errno = EINVAL;
		return NULL;
	}
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->env = *env;
	err = map_heap(e, m->image);
	if (!err)
		err = engine_decode(e, m);
	if (!err)
		err = alloc_stacks(e, m);
	if (err) {
		engine_free(e);
		errno = -err;
		return NULL;
	}
	return e;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	if (e->heap)
		munmap(e->heap, e->heap_map);
	free(e->code);
	free(e->args);
	free(e->funcs);
	free(e->handlers);
	free(e->regs);
	free(e->calls);
	free(e);
}

/* The native run-time library has one binding per thread, which other engines
   and the runner's formatter change, too. */
static void bind_native(struct engine *e)
{
	rt_native_bind(e->heap, e->heap_size);
	if (e->env.answers)
		rt_native_env = *e->env.answers;
	else
		rt_native_env_reset();
	rt_native_env.output = e->env.output;
	rt_native_env.data = e->env.data;
}

static bool is_context(const struct engine *e, uint64_t c)
{
	uint64_t at = c - e->ctx_off;

	return c >= e->ctx_off && at % e->ctx_size == 0 &&
	       at / e->ctx_size < e->ctx_count;
}

int engine_run_handler(struct engine *e, uint32_t handler, uint32_t states,
		       const void *pctx, size_t pctx_len)
{
	const struct handler *h;
	uint64_t c;
	int err;

	if (handler >= e->nhandlers || !e->handlers[handler].func)
		return -ENOENT;
	h = &e->handlers[handler];
	bind_native(e);
	c = rt_enter(handler, h->flags, states);
	if (!c)
		return 0;
	if (!is_context(e, c))
		return -EFAULT;
	e->pctx = pctx;
	e->pctx_len = pctx ? pctx_len : 0;
	err = engine_exec(e, h->func, (uint32_t)c);
	rt_leave(c);
	return err;
}

void *engine_heap(struct engine *e)
{
	return e->heap;
}
