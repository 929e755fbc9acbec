// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Quick paths: the usual case of a small handler, in front of its program.
 *
 * Most handlers that are hit millions of times count: `calls[execname()]++`,
 * `if (pid() == target()) sizes[tid()] <<< $len`. What they do takes less time
 * than entering does: a context is memory that has not been touched since the
 * last hit, and so is each step from an array to its entry. A quick path does
 * without a context. It keeps integers and keys on the BPF stack, takes locks
 * only when they are free, finds only entries that are there already (first of
 * all the one that this CPU found last), and ends the program. In every other
 * case it gives back what it took and falls through to the whole handler,
 * which begins from the start. So nothing may have happened by then: once a
 * path has changed the heap, nothing may follow on it that could turn back.
 *
 * The path is made by walking through the handler's IR on the ways where
 * nothing fails, one instruction after the other, each branch to its ends. An
 * instruction that is not known here, and there is no quick path.
 *
 * Only for programs that cannot be preempted: others share stacks (gen.h).
 *
 *	r6  the program's context pointer
 *	r8  the entry found, as a pointer; r9 as a heap offset
 */
#include "ebpf/gen.h"

#include <string.h>

#include "base/insn.h"
#include "regex.h"

#define STACK_MAX 128 /* bytes */
#define LOCKS_MAX 4
#define STEPS_MAX 96 /* instructions walked, over all ways */
#define KEY_LONGS 2
#define NAME_LEN 15 /* bytes of a task's name, at most */

/* What an IR register holds. */
enum kind {
	V_NONE,
	V_STACK, /* an integer at [r10 + n] */
	V_YES,	 /* what a lock answered: it is taken */
	V_ENTRY, /* the entry's heap offset + n */
	V_SLOT,	 /* heap offset of a slot's start */
	/* of the string in a slot, which is the start of a packed key */
	V_LEN,	  /* its length */
	V_LEN16,  /* ... + 16 */
	V_WORDS,  /* its words, with its head, + n */
	V_BYTES,  /* ... * 8 */
	V_BEHIND, /* heap offset of what follows it */
};

struct value {
	uint8_t kind;
	uint32_t slot;
	int32_t n;
};

/* A slot that a key is built in: the task's name, integers, or both. */
struct key {
	bool has_name;
	uint8_t nlongs;
	int32_t name; /* its two words: [r10 + name], [r10 + name + 8] */
	int32_t longs[KEY_LONGS];
};

struct lock {
	uint32_t word;
	bool write;
};

/* Where the walk stands; copied at branches. */
struct state {
	struct value *regs;
	struct key *keys;
	struct lock locks[LOCKS_MAX];
	uint32_t nlocks;
	int32_t cpu;  /* place on the stack; 0: not known */
	int32_t used; /* bytes of stack */
	bool changed; /* the heap */
};

struct quick {
	struct gen *g;
	const struct ir_func *f;
	bool dry; /* only to see whether it can be done */
	uint32_t steps;
	/* the register that went to the stack in the instruction before `pos`,
	   and its place there */
	struct {
		uint32_t pos;
		int reg;
		int32_t at;
	} fresh;
	VEC(uint32_t) slow; /* jumps to the whole handler */
};

static bool walk(struct quick *q, struct state *s, uint32_t block);

static struct bpf_insn jump32(int op, int dst, int imm)
{
	return insn_make(BPF_JMP32 | (uint8_t)op | BPF_K, dst, 0, 0, imm);
}

static int mem_size(uint32_t size)
{
	return size == 1   ? BPF_B
	       : size == 2 ? BPF_H
	       : size == 4 ? BPF_W
			   : BPF_DW;
}

static void to_slow(struct quick *q, struct bpf_insn jump)
{
	vec_push(q->g->u->arena, &q->slow, gen_emit(q->g, jump));
}

/* bytes of stack: their offset from r10; 0: there are none left. */
static int32_t take_stack(struct state *s, int32_t bytes)
{
	if (s->used + bytes > STACK_MAX)
		return 0;
	s->used += bytes;
	return -s->used;
}

static void to_stack(struct quick *q, int32_t at, int reg)
{
	gen_emit(q->g, STX(BPF_DW, R10, (int16_t)at, reg));
	q->fresh.pos = gen_pos(q->g);
	q->fresh.reg = reg;
	q->fresh.at = at;
}

/* What has just been stored is not loaded again: that would wait for it. */
static void from_stack(struct quick *q, int reg, int32_t at)
{
	if (q->fresh.pos != gen_pos(q->g) || q->fresh.at != at)
		gen_emit(q->g, LDX(BPF_DW, reg, R10, (int16_t)at));
	else if (q->fresh.reg != reg)
		gen_emit(q->g, MOV_REG(reg, q->fresh.reg));
}

/* d = reg */
static bool put(struct quick *q, struct state *s, ir_reg d, int reg)
{
	int32_t at = take_stack(s, 8);

	if (!at)
		return false;
	to_stack(q, at, reg);
	s->regs[d] = (struct value){V_STACK, 0, at};
	return true;
}

/* reg = an integer operand */
static bool get(struct quick *q, const struct state *s, int reg,
		struct ir_val v)
{
	if (v.kind == IV_IMM) {
		gen_imm64(q->g, reg, v.imm);
		return true;
	}
	if (v.kind != IV_REG || s->regs[v.reg].kind != V_STACK)
		return false;
	from_stack(q, reg, s->regs[v.reg].n);
	return true;
}

static const struct value *value_of(const struct state *s, struct ir_val v)
{
	static const struct value none;

	return v.kind == IV_REG ? &s->regs[v.reg] : &none;
}

static bool is_imm(struct ir_val v, int64_t n)
{
	return v.kind == IV_IMM && v.imm == n;
}

/* ---- locks ---- */

/* Where stores stay in order by themselves, a writer's lock needs no exchange
   to be given back (RT_RELEASE in the run-time library). */
#ifdef __x86_64__
#define STORES_IN_ORDER true
#else
#define STORES_IN_ORDER false
#endif

static void release(struct quick *q, const struct lock *l)
{
	gen_heap_addr(q->g, R1, l->word);
	gen_emit(q->g, MOV_IMM(R2, l->write ? 0 : -1));
	if (l->write && STORES_IN_ORDER)
		gen_emit(q->g, STX(BPF_W, R1, 0, R2));
	else
		gen_emit(q->g, ATOMIC(BPF_W, R1, 0, R2,
				      l->write ? BPF_XCHG : BPF_ADD));
}

static void give_up(struct quick *q, const struct state *s)
{
	for (uint32_t i = s->nlocks; i-- > 0;)
		release(q, &s->locks[i]);
	to_slow(q, JA(0));
}

static bool lock(struct quick *q, struct state *s, const struct ir_insn *in)
{
	struct lock l = {0};
	uint32_t got;

	if (s->changed || s->nlocks == LOCKS_MAX ||
	    in->args[1].kind != IV_HEAP || in->args[1].imm % 4 ||
	    in->args[2].kind != IV_IMM)
		return false;
	l.word = (uint32_t)in->args[1].imm;
	l.write = in->args[2].imm != 0;
	if (!s->cpu) {
		s->cpu = take_stack(s, 8);
		if (!s->cpu)
			return false;
		gen_emit(q->g, HELPER(BPF_FUNC_get_smp_processor_id));
		to_stack(q, s->cpu, R0);
	}
	if (l.write) {
		from_stack(q, R1, s->cpu);
		gen_emit(q->g, ALU64_IMM(BPF_ADD, R1, 1));
		gen_emit(q->g, ALU64_IMM(BPF_LSH, R1, 16));
	} else {
		gen_emit(q->g, MOV_IMM(R1, 1));
	}
	gen_heap_addr(q->g, R2, l.word);
	gen_emit(q->g, MOV_IMM(R0, 0));
	gen_emit(q->g, ATOMIC(BPF_W, R2, 0, R1, BPF_CMPXCHG));
	got = gen_emit(q->g, jump32(BPF_JEQ, R0, 0));
	give_up(q, s);
	gen_here(q->g, got);
	s->locks[s->nlocks++] = l;
	s->regs[in->d].kind = V_YES;
	return true;
}

static bool unlock(struct quick *q, struct state *s, const struct ir_insn *in)
{
	for (uint32_t i = s->nlocks; i-- > 0;) {
		if (in->args[1].kind != IV_HEAP ||
		    in->args[1].imm != s->locks[i].word)
			continue;
		release(q, &s->locks[i]);
		s->locks[i] = s->locks[--s->nlocks];
		return true;
	}
	return false;
}

/* ---- keys ---- */

/* The name's two words, whatever follows its NUL. */
static bool name(struct quick *q, struct state *s, const struct ir_insn *in)
{
	uint32_t off = q->g->u->opts->comm_off;
	struct key *k;

	if (in->args[1].kind != IV_SLOT || in->args[1].imm)
		return false;
	k = &s->keys[in->args[1].reg];
	*k = (struct key){.has_name = true, .name = take_stack(s, 16)};
	if (!k->name)
		return false;
	if (off) {
		gen_emit(q->g, HELPER(BPF_FUNC_get_current_task_btf));
		gen_emit(q->g, LDX(BPF_DW, R1, R0, (int16_t)off));
		gen_emit(q->g, STX(BPF_DW, R10, (int16_t)k->name, R1));
		gen_emit(q->g, LDX(BPF_DW, R1, R0, (int16_t)(off + 8)));
		gen_emit(q->g, STX(BPF_DW, R10, (int16_t)(k->name + 8), R1));
		return true;
	}
	gen_emit(q->g, MOV_REG(R1, R10));
	gen_emit(q->g, ALU64_IMM(BPF_ADD, R1, k->name));
	gen_emit(q->g, MOV_IMM(R2, 16));
	gen_emit(q->g, HELPER(BPF_FUNC_get_current_comm));
	return true;
}

/* Stores to the slot a key is built in. */
static bool add_to_key(struct quick *q, struct state *s, uint32_t slot,
		       int64_t off, const struct ir_insn *in)
{
	struct key *k = &s->keys[slot];
	int32_t at = take_stack(s, 8);

	if (!at || in->size != 8 || k->nlongs == KEY_LONGS ||
	    off != 8 * k->nlongs || !get(q, s, R1, in->b))
		return false;
	gen_emit(q->g, STX(BPF_DW, R10, (int16_t)at, R1));
	k->longs[k->nlongs++] = at;
	return true;
}

/* Jumps away (kept in `miss`) unless the entry's key word is the cell. */
static void compare_word(struct quick *q, uint32_t off, int32_t cell,
			 uint32_t *miss, uint32_t *nmiss)
{
	gen_emit(q->g, LDX(BPF_DW, R1, R8, (int16_t)off));
	gen_emit(q->g, LDX(BPF_DW, R2, R10, (int16_t)cell));
	miss[(*nmiss)++] = gen_emit(q->g, JMP_REG(BPF_JNE, R1, R2, 0));
}

static void compare_longs(struct quick *q, const struct key *k, uint32_t off,
			  uint32_t *miss, uint32_t *nmiss)
{
	for (uint32_t i = 0; i < k->nlongs; i++)
		compare_word(q, off + 8 * i, k->longs[i], miss, nmiss);
}

/* r8 = heap + r9 */
static void point_to_entry(struct quick *q)
{
	gen_emit(q->g, MOV_REG(R8, R9));
	gen_pointer(q->g, R8, 1);
}

/* r0 = the entry by way of the array's chains, or 0 */
static void search(struct quick *q, const struct key *k, uint32_t map)
{
	struct gen *g = q->g;

	gen_imm64(g, R1, map);
	if (k->has_name) {
		gen_emit(g, LDX(BPF_DW, R2, R10, (int16_t)k->name));
		gen_emit(g, LDX(BPF_DW, R3, R10, (int16_t)(k->name + 8)));
		gen_emit(g, MOV_IMM(R4, 0));
		if (k->nlongs)
			gen_emit(g, LDX(BPF_DW, R4, R10, (int16_t)k->longs[0]));
		gen_emit(g, MOV_IMM(R5, k->nlongs));
	} else {
		gen_emit(g, LDX(BPF_DW, R2, R10, (int16_t)k->longs[0]));
		gen_emit(g, MOV_IMM(R3, 0));
		if (k->nlongs > 1)
			gen_emit(g, LDX(BPF_DW, R3, R10, (int16_t)k->longs[1]));
		gen_emit(g, MOV_IMM(R4, k->nlongs));
	}
	if (!q->dry)
		gen_call(g, plan_rt_internal(g->u, k->has_name ?
							   "i_near_name" :
							   "i_near_longs"));
}

/*
 * r8, r9 = the key's entry. The one that this CPU found last needs no hash: its
 * words are compared with the key. A name's words are compared as the kernel
 * keeps them: when they equal an entry's, nothing but zeros follows their end.
 */
static bool find(struct quick *q, struct state *s, const struct ir_insn *in,
		 const struct key *k)
{
	const struct image *im = q->g->u->m->image;
	uint32_t miss[8], nmiss = 0, hit, found, is_short, map, key_off;
	struct gen *g = q->g;

	if (s->changed || !s->cpu || !s->nlocks || in->args[1].kind != IV_HEAP)
		return false;
	map = (uint32_t)in->args[1].imm;
	if (map + sizeof(struct rt_map) > im->heap_init_len ||
	    k->nlongs > (k->has_name ? 1 : 2))
		return false;
	memcpy(&key_off, im->heap_init + map + offsetof(struct rt_map, key_off),
	       sizeof(key_off));
	gen_emit(g, LDX(BPF_DW, R1, R10, (int16_t)s->cpu));
	gen_emit(g, ALU64_IMM(BPF_AND, R1, RT_MAP_LAST - 1));
	gen_emit(g, ALU64_IMM(BPF_LSH, R1, 2));
	gen_heap_addr(g, R2, map + (uint32_t)offsetof(struct rt_map, last));
	gen_emit(g, ALU64_REG(BPF_ADD, R2, R1));
	gen_emit(g, LDX(BPF_W, R9, R2, 0));
	miss[nmiss++] = gen_emit(g, JMP_IMM(BPF_JEQ, R9, 0, 0));
	point_to_entry(q);
	if (k->has_name) {
		compare_word(q, key_off + 8, k->name, miss, &nmiss);
		gen_emit(g, LDX(BPF_W, R1, R8, (int16_t)key_off));
		is_short = gen_emit(g, JMP_IMM(BPF_JLT, R1, 8, 0));
		compare_word(q, key_off + 16, k->name + 8, miss, &nmiss);
		compare_longs(q, k, key_off + 24, miss, &nmiss);
		hit = gen_emit(g, JA(0));
		gen_here(g, is_short);
		compare_longs(q, k, key_off + 16, miss, &nmiss);
	} else {
		compare_longs(q, k, key_off, miss, &nmiss);
		hit = UINT32_MAX;
	}
	found = gen_emit(g, JA(0));
	for (uint32_t i = 0; i < nmiss; i++)
		gen_here(g, miss[i]);
	search(q, k, map);
	gen_emit(g, MOV_REG(R9, R0));
	gen_emit(g, JMP_IMM(BPF_JNE, R9, 0, 0));
	miss[0] = gen_pos(g) - 1;
	give_up(q, s);
	gen_here(g, miss[0]);
	point_to_entry(q);
	gen_here(g, found);
	if (hit != UINT32_MAX)
		gen_here(g, hit);
	/* one entry at a time is in the registers */
	for (uint32_t i = 0; i < q->f->nregs; i++)
		if (s->regs[i].kind == V_ENTRY)
			s->regs[i].kind = V_NONE;
	s->regs[in->d] = (struct value){V_ENTRY, 0, 0};
	return true;
}

static bool insert(struct quick *q, struct state *s, const struct ir_insn *in)
{
	struct ir_val n = in->args[3];
	const struct key *k;

	if (in->args[2].kind != IV_SLOT || in->args[2].imm)
		return false;
	k = &s->keys[in->args[2].reg];
	if (k->has_name) {
		const struct value *v = value_of(s, n);

		return v->kind == V_WORDS && v->slot == in->args[2].reg &&
		       v->n == k->nlongs && find(q, s, in, k);
	}
	return k->nlongs && is_imm(n, k->nlongs) && find(q, s, in, k);
}

static bool insert1(struct quick *q, struct state *s, const struct ir_insn *in)
{
	struct key k = {.nlongs = 1, .longs = {take_stack(s, 8)}};

	if (!k.longs[0] || !get(q, s, R1, in->args[2]))
		return false;
	gen_emit(q->g, STX(BPF_DW, R10, (int16_t)k.longs[0], R1));
	return find(q, s, in, &k);
}

/* ---- names ---- */

/* The name that a string operand is, with nothing cut off, or NULL. */
static const struct key *name_of(const struct quick *q, const struct state *s,
				 struct ir_val v)
{
	const void *head = q->g->u->m->image->heap_init;

	if (v.kind != IV_SLOT || v.imm || !s->keys[v.reg].has_name ||
	    ((const struct rt_head *)head)->string_cap < NAME_LEN)
		return NULL;
	return &s->keys[v.reg];
}

/* Away when a word of the name differs from `want` in its first n bytes. */
static void differ_in(struct quick *q, int32_t at, const uint8_t *want,
		      uint32_t n, uint32_t *jump)
{
	uint8_t mask[8] = {0}, bytes[8] = {0};
	uint64_t w;

	memset(mask, 0xff, n);
	memcpy(bytes, want, n);
	gen_emit(q->g, LDX(BPF_DW, R1, R10, (int16_t)at));
	if (n < 8) {
		memcpy(&w, mask, 8);
		gen_imm64(q->g, R2, (int64_t)w);
		gen_emit(q->g, ALU64_REG(BPF_AND, R1, R2));
	}
	memcpy(&w, bytes, 8);
	gen_imm64(q->g, R2, (int64_t)w);
	*jump = gen_emit(q->g, JMP_REG(BPF_JNE, R1, R2, 0));
}

/* execname() == "constant": its bytes with the NUL, as what follows it may be
   anything. */
static bool name_is(struct quick *q, struct state *s, const struct ir_insn *in)
{
	const struct key *k = name_of(q, s, in->args[0]);
	const struct ir_val *other = &in->args[k ? 1 : 0];
	uint32_t room, len, jump, last = 0;
	const uint8_t *c;

	k = k ? k : name_of(q, s, in->args[1]);
	if (!k || other->kind != IV_HEAP)
		return false;
	c = ir_constant(q->g->u->m, other->imm, &room);
	if (!c || room < RT_STR_SIZE(0))
		return false;
	memcpy(&len, c, sizeof(len));
	c += RT_STR_HDR;
	if (len > NAME_LEN || RT_STR_SIZE(len) > room)
		return false;
	gen_emit(q->g, MOV_IMM(R0, 0));
	differ_in(q, k->name, c, len < 8 ? len + 1 : 8, &jump);
	if (len >= 8)
		differ_in(q, k->name + 8, c + 8, len - 7, &last);
	gen_emit(q->g, MOV_IMM(R0, 1));
	gen_here(q->g, jump);
	if (last)
		gen_here(q->g, last);
	return put(q, s, in->d, R0);
}

/* execname() =~ "constant", without groups */
static bool name_matches(struct quick *q, struct state *s,
			 const struct ir_insn *in)
{
	const struct key *k = name_of(q, s, in->args[2]);
	struct rt_regex re;
	const uint8_t *c;
	uint32_t room;

	if (!k || in->args[1].kind != IV_HEAP)
		return false;
	c = ir_constant(q->g->u->m, in->args[1].imm, &room);
	if (!c || room < sizeof(re))
		return false;
	memcpy(&re, c, sizeof(re));
	if (!(re.flags & RT_REGEX_NO_GROUPS))
		return false;
	gen_imm64(q->g, R1, in->args[1].imm);
	gen_emit(q->g, LDX(BPF_DW, R2, R10, (int16_t)k->name));
	gen_emit(q->g, LDX(BPF_DW, R3, R10, (int16_t)(k->name + 8)));
	if (!q->dry)
		gen_call(q->g, plan_rt_internal(q->g->u, "i_regex_name"));
	return put(q, s, in->d, R0);
}

/* ---- instructions ---- */

/* Both ways to add a sample; the sample is the last argument. */
static bool stat_add(struct quick *q, struct state *s, const struct ir_insn *in)
{
	const struct value *v = value_of(s, in->args[0]);
	bool has_desc = in->fn == RT_FN_stat_add;

	if (has_desc && in->args[1].kind != IV_HEAP)
		return false;
	if (!get(q, s, has_desc ? R3 : R2, in->args[in->nargs - 1]))
		return false;
	if (v->kind == V_ENTRY) {
		gen_emit(q->g, MOV_REG(R1, R9));
		gen_emit(q->g, ALU64_IMM(BPF_ADD, R1, v->n));
	} else if (in->args[0].kind == IV_HEAP) {
		gen_imm64(q->g, R1, in->args[0].imm);
	} else {
		return false;
	}
	if (has_desc)
		gen_imm64(q->g, R2, in->args[1].imm);
	if (!q->dry)
		gen_rt(q->g, in->fn);
	s->changed = true;
	return true;
}

static bool run_time(struct quick *q, struct state *s, const struct ir_insn *in)
{
	switch (in->fn) {
	case RT_FN_lock:
		return lock(q, s, in);
	case RT_FN_unlock:
		return unlock(q, s, in);
	case RT_FN_execname:
		return name(q, s, in);
	case RT_FN_map_insert:
		return insert(q, s, in);
	case RT_FN_map_insert1:
		return insert1(q, s, in);
	case RT_FN_stat_add:
	case RT_FN_stat_add_basic:
		return stat_add(q, s, in);
	case RT_FN_str_eq:
		return name_is(q, s, in);
	case RT_FN_regex_match:
		return name_matches(q, s, in);
	case RT_FN_pid_tgid:
	case RT_FN_uid_gid:
	case RT_FN_cpu:
	case RT_FN_task:
	case RT_FN_mono_ns:
	case RT_FN_boot_ns:
	case RT_FN_real_ns:
		return entry_splice(q->g, in->fn, false) &&
		       put(q, s, in->d, R0);
	default:
		return false;
	}
}

/* Steps of computing where a key goes on, and how long it is. */
static bool key_arithmetic(struct state *s, const struct ir_insn *in)
{
	const struct value *a = value_of(s, in->a), *b = value_of(s, in->b);
	struct value r = *a;

	if (in->op == IR_ADD && a->kind == V_LEN && is_imm(in->b, 16))
		r.kind = V_LEN16;
	else if (in->op == IR_SHR && a->kind == V_LEN16 && is_imm(in->b, 3))
		r.kind = V_WORDS;
	else if (in->op == IR_SHL && a->kind == V_WORDS && !a->n &&
		 is_imm(in->b, 3))
		r.kind = V_BYTES;
	else if (in->op == IR_ADD && a->kind == V_WORDS &&
		 in->b.kind == IV_IMM && in->b.imm >= 0 &&
		 in->b.imm <= KEY_LONGS)
		r.n += (int32_t)in->b.imm;
	else if (in->op == IR_ADD && a->kind == V_SLOT && b->kind == V_BYTES &&
		 a->slot == b->slot)
		r.kind = V_BEHIND;
	else if (in->op == IR_ADD && a->kind == V_ENTRY &&
		 in->b.kind == IV_IMM && in->b.imm >= 0 && in->b.imm < 4096)
		r.n += (int32_t)in->b.imm;
	else
		return false;
	s->regs[in->d] = r;
	return true;
}

static bool arithmetic(struct quick *q, struct state *s,
		       const struct ir_insn *in)
{
	static const uint8_t ops[] = {
		[IR_ADD] = BPF_ADD, [IR_SUB] = BPF_SUB, [IR_MUL] = BPF_MUL,
		[IR_AND] = BPF_AND, [IR_OR] = BPF_OR,	[IR_XOR] = BPF_XOR,
		[IR_SHL] = BPF_LSH, [IR_SHR] = BPF_RSH, [IR_SAR] = BPF_ARSH,
	};

	if (key_arithmetic(s, in))
		return true;
	if (!get(q, s, R1, in->a) || !get(q, s, R2, in->b))
		return false;
	gen_emit(q->g, ALU64_REG(ops[in->op], R1, R2));
	return put(q, s, in->d, R1);
}

/* r1 = the base of an access that the quick path can make, at *off. */
static bool base(struct quick *q, const struct state *s,
		 const struct ir_insn *in, int32_t *off)
{
	const struct value *v = value_of(s, in->a);

	*off = in->off;
	if (in->a.kind == IV_HEAP) {
		gen_heap_addr(q->g, R1, (uint32_t)in->a.imm);
	} else if (v->kind == V_ENTRY) {
		gen_emit(q->g, MOV_REG(R1, R8));
		*off += v->n;
	} else {
		return false;
	}
	return *off >= 0 && *off < 0x7000;
}

static bool load(struct quick *q, struct state *s, const struct ir_insn *in)
{
	int32_t off;

	if (in->is_signed && in->size != 8)
		return false;
	if (in->a.kind == IV_SLOT && s->keys[in->a.reg].has_name &&
	    in->size == 4 && !in->a.imm && !in->off) {
		s->regs[in->d] = (struct value){V_LEN, in->a.reg, 0};
		return true;
	}
	if (!base(q, s, in, &off))
		return false;
	gen_emit(q->g, LDX(mem_size(in->size), R1, R1, (int16_t)off));
	return put(q, s, in->d, R1);
}

static bool store(struct quick *q, struct state *s, const struct ir_insn *in)
{
	const struct value *v = value_of(s, in->a);
	int32_t off;

	if (v->kind == V_BEHIND)
		return add_to_key(q, s, v->slot, in->off, in);
	if (in->a.kind == IV_SLOT) {
		int64_t at = in->a.imm + in->off;

		/* the head's second half, which a name has as 0 anyway */
		if (s->keys[in->a.reg].has_name)
			return in->size == 4 && at == 4 && is_imm(in->b, 0);
		return add_to_key(q, s, in->a.reg, at, in);
	}
	if (!get(q, s, R2, in->b) || !base(q, s, in, &off))
		return false;
	gen_emit(q->g, STX(mem_size(in->size), R1, (int16_t)off, R2));
	s->changed = true;
	return true;
}

static bool instruction(struct quick *q, struct state *s,
			const struct ir_insn *in)
{
	int32_t off;

	switch (in->op) {
	case IR_MOV:
		return !in->reloc && get(q, s, R1, in->a) &&
		       put(q, s, in->d, R1);
	case IR_ADDR:
		if (in->a.kind != IV_SLOT || in->a.imm)
			return false;
		s->regs[in->d] = (struct value){V_SLOT, in->a.reg, 0};
		return true;
	case IR_ADD:
	case IR_SUB:
	case IR_MUL:
	case IR_AND:
	case IR_OR:
	case IR_XOR:
	case IR_SHL:
	case IR_SHR:
	case IR_SAR:
		return arithmetic(q, s, in);
	case IR_CTXLD:
		off = gen_ctx_off(q->g->u->m, q->f->handler, in->off);
		if ((in->is_signed && in->size != 8) || off < 0)
			return false;
		gen_emit(q->g, LDX(mem_size(in->size), R1, R6, (int16_t)off));
		return put(q, s, in->d, R1);
	case IR_LD:
		return load(q, s, in);
	case IR_ST:
		return store(q, s, in);
	case IR_RT:
		return run_time(q, s, in);
	default:
		return false;
	}
}

static struct state *copy_state(struct quick *q, const struct state *s)
{
	struct arena *a = q->g->u->arena;
	struct state *c = arena_new_obj(a, struct state);

	*c = *s;
	c->regs = arena_new_array(a, struct value, q->f->nregs);
	c->keys = arena_new_array(a, struct key, q->f->slots.n);
	memcpy(c->regs, s->regs, q->f->nregs * sizeof(*c->regs));
	if (q->f->slots.n)
		memcpy(c->keys, s->keys, q->f->slots.n * sizeof(*c->keys));
	return c;
}

static bool branch(struct quick *q, struct state *s, const struct ir_insn *in)
{
	static const uint8_t ops[] = {
		[CC_EQ] = BPF_JEQ,  [CC_NE] = BPF_JNE,	[CC_LT] = BPF_JSLT,
		[CC_LE] = BPF_JSLE, [CC_GT] = BPF_JSGT, [CC_GE] = BPF_JSGE,
		[CC_ULT] = BPF_JLT, [CC_ULE] = BPF_JLE, [CC_UGT] = BPF_JGT,
		[CC_UGE] = BPF_JGE,
	};
	uint32_t jump;

	if (value_of(s, in->a)->kind == V_YES)
		return in->cc == CC_NE && is_imm(in->b, 0) &&
		       walk(q, s, in->to[0]);
	if (!get(q, s, R1, in->a) || !get(q, s, R2, in->b))
		return false;
	jump = gen_emit(q->g, JMP_REG(ops[in->cc], R1, R2, 0));
	if (!walk(q, copy_state(q, s), in->to[1]))
		return false;
	gen_here(q->g, jump);
	q->fresh.pos = UINT32_MAX;
	return walk(q, s, in->to[0]);
}

/* From the block's start to the ends of the program. */
static bool walk(struct quick *q, struct state *s, uint32_t block)
{
	const struct ir_block *b = q->f->blocks.v[block];

	vec_for (&b->insns, i) {
		const struct ir_insn *in = &b->insns.v[i];

		if (q->steps++ == STEPS_MAX)
			return false;
		switch (in->op) {
		case IR_JMP:
			return walk(q, s, in->to[0]);
		case IR_BR:
			return branch(q, s, in);
		case IR_BRERR:
			return walk(q, s, in->to[1]);
		case IR_RET:
			if (s->nlocks)
				return false;
			gen_end(q->g, q->f->handler, 0);
			return true;
		default:
			if (!instruction(q, s, in))
				return false;
		}
	}
	return false;
}

/* Away when the session does not run, or is to be timed. */
static void check_session(struct quick *q)
{
	struct gen *g = q->g;

	gen_emit(g, MOV_REG(R6, R1));
	gen_heap_addr(g, R2, 0);
	gen_emit(g, LDX(BPF_W, R3, R2, offsetof(struct rt_head, state)));
	to_slow(q, JMP_IMM(BPF_JNE, R3, RT_RUNNING, 0));
	gen_emit(g, LDX(BPF_W, R3, R2, offsetof(struct rt_head, flags)));
	to_slow(q, JMP_IMM(BPF_JSET, R3, RT_F_TIMING, 0));
}

static bool attempt(struct gen *g, const struct ir_func *f, bool dry)
{
	struct quick q = {.g = g, .f = f, .dry = dry};
	struct ebpf_func *out = gen_func(g);
	uint32_t ncode = out->code.n, nrelocs = out->relocs.n;
	struct arena *a = g->u->arena;
	struct state *s = arena_new_obj(a, struct state);
	bool done;

	s->regs = arena_new_array(a, struct value, f->nregs);
	s->keys = arena_new_array(a, struct key, f->slots.n + 1);
	check_session(&q);
	done = walk(&q, s, 0);
	vec_for (&q.slow, i)
		gen_here(g, q.slow.v[i]);
	gen_emit(g, MOV_REG(R1, R6));
	if (dry || !done) {
		out = gen_func(g); /* functions may have been added */
		out->code.n = ncode;
		out->relocs.n = nrelocs;
	}
	return done;
}

void gen_quick(struct gen *g, const struct ir_func *f)
{
	const struct image_handler *h = &g->u->m->image->handlers[f->handler];

	if ((h->prog_type != IMAGE_PROG_RAWTP &&
	     h->prog_type != IMAGE_PROG_ITERATOR &&
	     h->prog_type != IMAGE_PROG_PERF) ||
	    IMAGE_HANDLER_STATES(h->flags) != 1u << RT_RUNNING)
		return;
	if (attempt(g, f, true))
		attempt(g, f, false);
}
