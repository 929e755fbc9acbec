// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Many handlers in few programs.
 *
 * Each handler becomes a program of its own, which is simple to read and to
 * trace; but thousands of programs cost too much, and can block the kernel when
 * they are freed (see driver/session.c). So when there are many, those whose
 * program can learn at run time which of them is meant become one: a search
 * tree over the number, then the handlers' codes as they are, each with its own
 * beginning and end. A handler is entered with the same registers as alone (r1
 * is the program's context), so nothing in it changes but where it stands, and
 * the verifier sees each once.
 *
 *	begin, end, timers	the runner gives the handler's number as the last
 *				argument of the program (IMAGE_RUN_ARG)
 *	uprobes			the attachment's cookie is the number of its
 *				attach record
 *	one system call each	sys_enter passes the system call's number; at
 *				sys_exit it is in the registers
 *
 * Other raw tracepoints have no cookies before Linux 6.10; perf events are few.
 * Both stay as they are. The program of system calls is attached once, so two
 * handlers of the same call are in two programs. A number that no member is for
 * reaches some member, which leaves by its own check.
 */
#include "ebpf/gen.h"

#include <stdlib.h>
#include <string.h>

#include "base/insn.h"

#define MAX_KEYS 8000	/* branches of the tree */
#define MAX_SUBPROGS 200 /* BPF_MAX_SUBPROGS is 256 */
/*
 * How long a program gets. What the kernel does to a program takes time by the
 * square of its length (on 6.18, liveness of stack slots, and each helper that
 * is put in line moves all that follows), so they are as short as is possible
 * with a number of programs that is safe. Without 32-bit jumps each handler
 * must be reached; with them, the verifier walks through a million
 * instructions at most, some of them more than once.
 */
#define PROGRAMS 40u /* that are aimed at */
#define MIN_INSNS 6000u
#define MAX_INSNS_SHORT 24000u
#define MAX_INSNS_LONG 200000u

struct key {
	uint32_t first; /* this number and those up to the next key's */
	uint32_t member;
};

struct group {
	struct unit *u;
	VEC(uint32_t) members; /* in unit.out */
	VEC(struct key) keys;
	uint32_t ninsns, nsubprogs;
	uint32_t most; /* instructions */
	uint32_t *seen; /* by unit.out index: the group that counted it */
	uint32_t number;
};

/* Functions that fn calls and that this group has not counted yet. */
static uint32_t count_callees(struct group *g, uint32_t fn)
{
	const struct ebpf_func *f = &g->u->out.v[fn];
	uint32_t n = 0;

	vec_for (&f->relocs, i) {
		const struct code_reloc *r = &f->relocs.v[i];

		if ((r->kind != CODE_CALL && r->kind != CODE_ADDR) ||
		    g->seen[r->target] == g->number + 1)
			continue;
		g->seen[r->target] = g->number + 1;
		n += 1 + count_callees(g, r->target);
	}
	return n;
}

/* Of a handler of one system call: its attach record; else NULL. */
static const struct wire_attach *syscall_attach(const struct image *im,
						uint32_t handler)
{
	for (uint32_t i = 0; i < im->nattach; i++)
		if (im->attach[i].handler == handler && im->attach[i].syscall)
			return &im->attach[i];
	return NULL;
}

static void add_keys(struct group *g, uint32_t member)
{
	const struct image *im = g->u->m->image;
	uint32_t handler = g->u->out.v[member].ir->handler;
	uint32_t at = g->members.n;
	struct key k = {handler, at};
	const struct wire_attach *call = syscall_attach(im, handler);

	if (call)
		k.first = call->syscall - 1;
	if (call || im->handlers[handler].prog_type == IMAGE_PROG_RUN) {
		vec_push(g->u->arena, &g->keys, k);
		return;
	}
	for (uint32_t i = 0; i < im->nattach; i++) {
		if (im->attach[i].handler != handler ||
		    (i && im->attach[i - 1].handler == handler))
			continue;
		k.first = i;
		vec_push(g->u->arena, &g->keys, k);
	}
}

static int compare_keys(const void *pa, const void *pb)
{
	const struct key *a = pa, *b = pb;

	return a->first < b->first ? -1 : a->first > b->first;
}

/* Jumps to the members (kept in jumps, by key) for the number in r2. */
static void emit_tree(struct group *g, struct gen *out, uint32_t *jumps,
		      uint32_t from, uint32_t to)
{
	uint32_t mid = from + (to - from) / 2, right;

	if (to - from == 1) {
		jumps[from] = gen_emit(
			out, g->u->opts->long_jumps ?
				     insn_make(INSN_GOTOL, 0, 0, 0, 0) :
				     JA(0));
		return;
	}
	right = gen_emit(out, JMP_IMM(BPF_JGE, R2,
				      (int32_t)g->keys.v[mid].first, 0));
	emit_tree(g, out, jumps, from, mid);
	gen_here(out, right);
	emit_tree(g, out, jumps, mid, to);
}

/* The member's code at the end of the group's; where it begins. */
static uint32_t append(struct gen *out, uint32_t member)
{
	struct ebpf_func *f = &out->u->out.v[member], *to = gen_func(out);
	struct arena *a = out->u->arena;
	uint32_t base = to->code.n;

	vec_for (&f->code, i)
		vec_push(a, &to->code, f->code.v[i]);
	vec_for (&f->relocs, i) {
		struct code_reloc r = f->relocs.v[i];

		r.insn += base;
		vec_push(a, &to->relocs, r);
	}
	vec_for (&f->lines, i) {
		struct code_line l = f->lines.v[i];

		l.insn += base;
		vec_push(a, &to->lines, l);
	}
	vec_for (&f->cores, i) {
		struct code_core c = f->cores.v[i];

		c.insn += base;
		vec_push(a, &to->cores, c);
	}
	f->merged = true;
	return base;
}

/* dst = argument n of the handler; r1 is the program's context. */
static void emit_word(struct gen *out, int dst, uint32_t handler, int32_t n)
{
	gen_emit(out, LDX(BPF_DW, dst, R1,
			  (int16_t)gen_ctx_off(out->u->m, handler, 8 * n)));
}

/*
 * r2 = the system call's number, at sys_exit(regs, result): `at` is where regs
 * has it, a word whose upper half may be something else.
 */
static void emit_number_at_exit(struct gen *out, uint32_t handler, uint64_t at)
{
	gen_emit(out, MOV_REG(R6, R1));
	emit_word(out, R3, handler, 0);
	gen_emit(out, ALU64_IMM(BPF_ADD, R3, (int32_t)at));
	gen_emit(out, MOV_REG(R1, R10));
	gen_emit(out, ALU64_IMM(BPF_ADD, R1, -8));
	gen_emit(out, MOV_IMM(R2, 4));
	gen_emit(out, HELPER(BPF_FUNC_probe_read_kernel));
	gen_emit(out, LDX(BPF_W, R2, R10, -8));
	gen_emit(out, MOV_REG(R1, R6));
}

/* r2 = the number that tells the members apart */
static void emit_number(struct group *g, struct gen *out, uint32_t handler)
{
	const struct image *im = g->u->m->image;
	const struct wire_attach *call = syscall_attach(im, handler);

	if (call && call->flags & WIRE_ATTACH_RETURN) {
		emit_number_at_exit(out, handler, call->offset);
	} else if (call) {
		emit_word(out, R2, handler, 1);
	} else if (im->handlers[handler].prog_type == IMAGE_PROG_RUN) {
		gen_emit(out, LDX(BPF_DW, R2, R1, IMAGE_RUN_ARG * 8));
	} else {
		gen_emit(out, MOV_REG(R6, R1));
		gen_emit(out, HELPER(BPF_FUNC_get_attach_cookie));
		gen_emit(out, MOV_REG(R2, R0));
		gen_emit(out, MOV_REG(R1, R6));
	}
}

static void emit_group(struct group *g, const char *name)
{
	struct unit *u = g->u;
	const struct ebpf_func *first = &u->out.v[g->members.v[0]];
	const struct ir_func *ir = first->ir;
	struct gen out = {u, gen_new_func(u, name, first->section, 1)};
	uint32_t *jumps = arena_new_array(u->arena, uint32_t, g->keys.n);
	uint32_t *start = arena_new_array(u->arena, uint32_t, g->members.n);

	gen_func(&out)->is_handler = true;
	gen_func(&out)->ir = ir;
	gen_line(&out, ir->loc);
	emit_number(g, &out, ir->handler);
	qsort(g->keys.v, g->keys.n, sizeof(*g->keys.v), compare_keys);
	emit_tree(g, &out, jumps, 0, g->keys.n);
	vec_for (&g->members, i)
		start[i] = append(&out, g->members.v[i]);
	vec_for (&g->keys, i) {
		struct bpf_insn *in = &gen_func(&out)->code.v[jumps[i]];
		uint32_t off = start[g->keys.v[i].member] - jumps[i] - 1;

		if (in->code == INSN_GOTOL)
			in->imm = (int32_t)off;
		else
			in->off = (int16_t)off;
	}
}

/* The image's handlers name their new program. */
static void rename_program(struct group *g, struct image_handler *h,
			   const char **name)
{
	struct image *im = g->u->m->image;
	uint32_t len;
	char *strings;

	*name = arena_printf(g->u->arena, "probes_%u", g->number);
	len = (uint32_t)strlen(*name) + 1;
	strings = arena_alloc(g->u->arena, im->nstrings + len);
	memcpy(strings, im->strings, im->nstrings);
	memcpy(strings + im->nstrings, *name, len);
	vec_for (&g->members, i)
		h[g->u->out.v[g->members.v[i]].ir->handler].name = im->nstrings;
	im->strings = strings;
	im->nstrings += len;
}

static void end_group(struct group *g, struct image_handler *h)
{
	const char *name;

	if (g->members.n > 1) {
		rename_program(g, h, &name);
		emit_group(g, name);
	}
	g->members.n = g->keys.n = 0;
	g->ninsns = g->nsubprogs = 0;
	g->number++;
}

static void add_member(struct group *g, struct image_handler *h, uint32_t fn)
{
	uint32_t n = g->u->out.v[fn].code.n, nkeys = g->keys.n;
	uint32_t callees = count_callees(g, fn);

	add_keys(g, fn);
	if (g->members.n &&
	    (g->ninsns + n > g->most || g->keys.n > MAX_KEYS ||
	     g->nsubprogs + callees > MAX_SUBPROGS)) {
		g->keys.n = nkeys;
		end_group(g, h);
		callees = count_callees(g, fn);
		add_keys(g, fn);
	}
	vec_push(g->u->arena, &g->members, fn);
	g->ninsns += n;
	g->nsubprogs += callees;
}

/* Instructions for a program, so that there are PROGRAMS of them. */
static uint32_t program_length(const struct unit *u)
{
	uint32_t most = u->opts->long_jumps ? MAX_INSNS_LONG : MAX_INSNS_SHORT;
	uint32_t n = 0;

	vec_for (&u->out, i)
		if (u->out.v[i].is_handler)
			n += u->out.v[i].code.n;
	n /= PROGRAMS;
	return n < MIN_INSNS ? MIN_INSNS : n > most ? most : n;
}

/* Those that a condition attaches and detaches have to stay apart. */
static bool has_conditions(const struct image *im)
{
	for (uint32_t i = 0; i < im->nattach; i++)
		if (im->attach[i].kind == WIRE_PROBE_CONDITION)
			return true;
	return false;
}

#define CALL_KIND (WIRE_ATTACH_RETURN | WIRE_ATTACH_COMPAT)

/* How many handlers before this one are for the same end of the same call. */
static uint32_t nth_of_call(const struct image *im,
			    const struct wire_attach *call)
{
	uint32_t n = 0;

	for (const struct wire_attach *a = im->attach; a < call; a++)
		n += a->syscall == call->syscall &&
		     !((a->flags ^ call->flags) & CALL_KIND);
	return n;
}

/* The handlers of system calls of a kind (flags): the nth of each call. */
static bool group_calls(struct group *g, struct image_handler *h,
			uint32_t nout, uint32_t kind, uint32_t nth)
{
	struct unit *u = g->u;
	bool found = false;

	for (uint32_t i = 0; i < nout; i++) {
		const struct ebpf_func *f = &u->out.v[i];
		const struct wire_attach *call =
			f->is_handler
				? syscall_attach(u->m->image, f->ir->handler)
				: NULL;

		if (!call ||
		    (call->flags & CALL_KIND) != kind ||
		    nth_of_call(u->m->image, call) != nth)
			continue;
		add_member(g, h, i);
		found = true;
	}
	end_group(g, h);
	return found;
}

void group_programs(struct unit *u)
{
	static const char *const sections[] = {"raw_tp", "uprobe", "uprobe.s"};
	static const uint32_t kinds[] = {0, WIRE_ATTACH_RETURN,
					 WIRE_ATTACH_COMPAT, CALL_KIND};
	struct image *im = u->m->image;
	struct group g = {.u = u};
	struct image_handler *h;
	uint32_t nout = u->out.n;

	if (im->nhandlers <= GROUP_FROM)
		return;
	h = arena_memdup(u->arena, im->handlers, im->nhandlers * sizeof(*h));
	im->handlers = h;
	/* groups are added behind; nobody calls them */
	g.most = program_length(u);
	g.seen = arena_new_array(u->arena, uint32_t, nout);
	for (uint32_t s = 0; s < 3; s++) {
		for (uint32_t i = 0; i < nout; i++) {
			const struct ebpf_func *f = &u->out.v[i];

			if (f->is_handler && !strcmp(f->section, sections[s]) &&
			    (s || h[f->ir->handler].prog_type == IMAGE_PROG_RUN))
				add_member(&g, h, i);
		}
		end_group(&g, h);
	}
	for (uint32_t nth = 0, more = !has_conditions(im); more; nth++) {
		more = 0;
		for (uint32_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++)
			if (group_calls(&g, h, nout, kinds[k], nth))
				more = 1;
	}
}
