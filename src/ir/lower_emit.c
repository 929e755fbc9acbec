/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Appending to the function that is being lowered. */
#include "ir/lower_impl.h"

struct ir_insn *lower_emit(struct lower *L, struct ir_insn in)
{
	if (lower_dead(L)) /* code that cannot be reached */
		return arena_new_obj(L->arena, struct ir_insn);
	if (!in.loc.src)
		in.loc = L->loc;
	return ir_emit(L->m, L->f, L->bb, in);
}

ir_reg lower_reg(struct lower *L)
{
	return ir_reg_new(L->f);
}

void lower_move(struct lower *L, ir_reg d, struct ir_val a)
{
	if (a.kind == IV_HEAP || a.kind == IV_SLOT || a.kind == IV_CTX)
		lower_emit(L, (struct ir_insn){.op = IR_ADDR, .d = d, .a = a});
	else
		lower_emit(L, (struct ir_insn){.op = IR_MOV, .d = d, .a = a});
}

struct ir_val lower_op(struct lower *L, enum ir_op op, struct ir_val a,
		       struct ir_val b)
{
	ir_reg d;

	if (a.kind == IV_IMM && (b.kind == IV_IMM || b.kind == IV_NONE))
		return iv_imm(
			(int64_t)ir_eval(op, (uint64_t)a.imm, (uint64_t)b.imm));
	d = lower_reg(L);
	lower_emit(L, (struct ir_insn){.op = op, .d = d, .a = a, .b = b});
	return iv_reg(d);
}

struct ir_val lower_set(struct lower *L, enum ir_cc cc, struct ir_val a,
			struct ir_val b)
{
	ir_reg d;

	if (a.kind == IV_IMM && b.kind == IV_IMM)
		return iv_imm(ir_eval_cc(cc, (uint64_t)a.imm, (uint64_t)b.imm));
	d = lower_reg(L);
	lower_emit(L, (struct ir_insn){
			      .op = IR_SET, .cc = cc, .d = d, .a = a, .b = b});
	return iv_reg(d);
}

/* Constant displacements of memory operands go into the operand. */
static void fold_offset(struct ir_val *base, int32_t *off)
{
	if (base->kind != IV_REG) {
		base->imm += *off;
		*off = 0;
	}
}

struct ir_val lower_load(struct lower *L, struct ir_val base, int32_t off,
			 unsigned size, bool is_signed)
{
	ir_reg d = lower_reg(L);

	fold_offset(&base, &off);
	lower_emit(L, (struct ir_insn){.op = IR_LD,
				       .d = d,
				       .a = base,
				       .off = off,
				       .size = (uint8_t)size,
				       .is_signed = is_signed});
	return iv_reg(d);
}

void lower_store(struct lower *L, struct ir_val base, int32_t off,
		 struct ir_val v, unsigned size)
{
	fold_offset(&base, &off);
	lower_emit(L, (struct ir_insn){.op = IR_ST,
				       .a = base,
				       .b = v,
				       .off = off,
				       .size = (uint8_t)size});
}

struct ir_val lower_at(struct lower *L, struct ir_val base, int64_t off)
{
	if (base.kind != IV_REG) {
		base.imm += off;
		return base;
	}
	return off ? lower_op(L, IR_ADD, base, iv_imm(off)) : base;
}

struct ir_val lower_addr(struct lower *L, struct ir_val mem)
{
	ir_reg d;

	if (mem.kind == IV_REG || mem.kind == IV_IMM)
		return mem;
	d = lower_reg(L);
	lower_move(L, d, mem);
	return iv_reg(d);
}

struct ir_val lower_rt(struct lower *L, enum rt_fn fn,
		       const struct ir_val *args, uint32_t nargs)
{
	ir_reg d = rt_info[fn].flags & RTF_VALUE ? lower_reg(L) : 0;

	lower_emit(L, (struct ir_insn){.op = IR_RT,
				       .d = d,
				       .fn = fn,
				       .args = ir_args(L->m, args, nargs),
				       .nargs = nargs});
	return d ? iv_reg(d) : iv_imm(0);
}

/* ---- control flow ---- */

static uint32_t label_block(struct lower *L, struct label *l)
{
	if (!l->block)
		l->block = ir_block_new(L->m, L->f);
	return l->block;
}

void lower_jump(struct lower *L, struct label *to)
{
	if (lower_dead(L))
		return;
	lower_emit(L,
		   (struct ir_insn){.op = IR_JMP, .to = {label_block(L, to)}});
	L->bb = NO_BLOCK;
}

void lower_branch(struct lower *L, enum ir_cc cc, struct ir_val a,
		  struct ir_val b, struct label *yes, struct label *no)
{
	if (lower_dead(L))
		return;
	if (a.kind == IV_IMM && b.kind == IV_IMM) {
		lower_jump(L, ir_eval_cc(cc, (uint64_t)a.imm, (uint64_t)b.imm)
				      ? yes
				      : no);
		return;
	}
	lower_need_locks(L); /* before paths part */
	lower_emit(L, (struct ir_insn){
			      .op = IR_BR,
			      .cc = cc,
			      .a = a,
			      .b = b,
			      .to = {label_block(L, yes), label_block(L, no)}});
	L->bb = NO_BLOCK;
}

void lower_place(struct lower *L, struct label *l)
{
	if (!l->block)
		return; /* nobody jumps here */
	lower_jump(L, l);
	L->bb = l->block;
}

static void note_position(struct lower *L, struct loc loc)
{
	lower_store(L, iv_ctx(offsetof(struct rt_ctx, error_loc)), 0,
		    iv_imm(image_loc(L, loc)), 4);
}

/* The block that notes loc and unwinds to the innermost catch or the exit. */
static uint32_t error_stub(struct lower *L, struct loc loc)
{
	uint32_t target = label_block(L, L->on_error);
	char *key = arena_printf(L->arena, "%u %u", image_loc(L, loc), target);
	uintptr_t known = (uintptr_t)map_get(&L->stubs, key);
	uint32_t here = L->bb;
	uint32_t stub;

	if (known)
		return (uint32_t)known;
	stub = ir_block_new(L->m, L->f);
	map_put(&L->stubs, key, (void *)(uintptr_t)stub);
	L->bb = stub;
	note_position(L, loc);
	lower_jump(L, L->on_error);
	L->bb = here;
	return stub;
}

/* The same after a call: the callee has noted the position; this one is where
   it was called from. */
static uint32_t call_error_stub(struct lower *L, struct loc loc)
{
	uint32_t here = L->bb, stub;

	stub = ir_block_new(L->m, L->f);
	L->bb = stub;
	RT_CALL(L, error_from, LOWER_CTX, iv_imm(image_loc(L, loc)));
	lower_jump(L, L->on_error);
	L->bb = here;
	return stub;
}

static void branch_error(struct lower *L, uint32_t to)
{
	uint32_t go_on;

	go_on = ir_block_new(L->m, L->f);
	lower_emit(L, (struct ir_insn){.op = IR_BRERR, .to = {to, go_on}});
	L->bb = go_on;
}

void lower_check(struct lower *L, struct loc loc)
{
	if (lower_dead(L))
		return;
	branch_error(L, error_stub(L, loc));
}

void lower_check_call(struct lower *L, struct loc loc)
{
	if (lower_dead(L))
		return;
	branch_error(L, call_error_stub(L, loc));
}

void lower_raise_at_call(struct lower *L, enum rt_msg msg)
{
	RT_CALL(L, error_code, LOWER_CTX, iv_imm(msg));
	lower_store(L, iv_ctx(offsetof(struct rt_ctx, error_loc)), 0,
		    iv_imm(RT_LOC_CALL), 4);
	lower_jump(L, L->on_error);
}

/* ---- MAXACTION ---- */

/*
 * Statements are counted while they are lowered, and taken off the context's
 * account where control flow splits for long: at jumps and at the ends of
 * branches, so that each path pays for what it ran. Only loops, recursion and
 * a handler's end look whether the account is overdrawn. Running out is not
 * for try/catch to see: it leaves the function at once, and the callers'
 * catches look at the class of the error.
 *
 * Every loop has such a look and so a way out that passes all catches, even
 * when time limits are off (then nothing is ever taken off): a target that
 * must end a loop by force uses that way.
 */
#define ACCOUNT iv_ctx(offsetof(struct rt_ctx, action_left))

void lower_tick(struct lower *L)
{
	if (L->accounts && !L->opts->suppress_time_limits)
		L->actions++;
}

void lower_count(struct lower *L)
{
	if (!L->in_library)
		lower_tick(L);
}

static struct ir_val withdraw(struct lower *L, uint32_t n)
{
	struct ir_val left = lower_load(L, ACCOUNT, 0, 4, true);

	if (!n)
		return left;
	left = lower_op(L, IR_SUB, left, iv_imm(n));
	lower_store(L, ACCOUNT, 0, left, 4);
	return left;
}

void lower_spend(struct lower *L, uint32_t n)
{
	if (L->accounts && !L->opts->suppress_time_limits)
		withdraw(L, n);
}

void lower_charge_to(struct lower *L, uint32_t level)
{
	if (!lower_dead(L) && L->actions > level)
		withdraw(L, L->actions - level);
	L->actions = level;
}

void lower_charge(struct lower *L)
{
	lower_charge_to(L, 0);
}

static void check_account(struct lower *L, struct ir_val left, struct loc loc)
{
	struct label fine = {0}, over = {0};

	lower_branch(L, CC_LT, left, iv_imm(0), &over, &fine);
	lower_place(L, &over);
	RT_CALL(L, error_code, LOWER_CTX, iv_imm(RT_MSG_MAXACTION));
	note_position(L, loc);
	lower_jump(L, L->exit);
	lower_place(L, &fine);
}

void lower_check_account(struct lower *L, struct loc loc)
{
	if (L->accounts && !lower_dead(L))
		check_account(L, withdraw(L, 0), loc);
}

void lower_charge_check(struct lower *L, struct loc loc)
{
	uint32_t n = L->actions;

	L->actions = 0;
	if (L->accounts && !lower_dead(L))
		check_account(L, withdraw(L, n), loc);
}

/* ---- temporaries: slots are reused once their statement is done ---- */

struct temps_mark lower_temps_mark(const struct lower *L)
{
	return (struct temps_mark){L->temps_used, L->keys_used};
}

void lower_temps_release(struct lower *L, struct temps_mark m)
{
	L->temps_used = m.strings;
	L->keys_used = m.keys;
}

struct ir_val lower_temp_str(struct lower *L)
{
	if (L->temps_used == L->temps.n)
		vec_push(L->arena, &L->temps,
			 ir_slot_new(L->m, L->f, "tmp", L->string_size));
	return iv_slot(L->temps.v[L->temps_used++], 0);
}

struct ir_val lower_temp_key(struct lower *L, uint32_t size)
{
	uint32_t i = L->keys_used++;

	if (i == L->key_bufs.n) {
		vec_push(L->arena, &L->key_bufs,
			 ir_slot_new(L->m, L->f, "key", size));
		vec_push(L->arena, &L->key_sizes, size);
	}
	if (L->key_sizes.v[i] < size) {
		L->key_sizes.v[i] = size;
		L->f->slots.v[L->key_bufs.v[i]].size = size;
	}
	return iv_slot(L->key_bufs.v[i], 0);
}
