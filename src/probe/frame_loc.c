// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DWARF location expressions, run when the script is translated: the stack
 * holds trees instead of numbers, so what comes out is an address or a value
 * as an expression of registers and memory. A conditional jump becomes a choice
 * between two trees; loops cannot be done, and compilers do not make them.
 */
#include <dwarf.h>
#include <string.h>

#include "probe/frame_int.h"
#include "target/arch.h"

#define MAX_STACK 16u
#define MAX_OPS 256u
#define MAX_PARTS 64u
#define MAX_NESTED 8u /* frame bases, entry values, callers */

/* ---- registers ---- */

struct expr *frame_pt_reg(const struct frame *f, const struct probe_env *env,
			  struct loc loc, unsigned regno, const char **why)
{
	const struct arch *a = arch_native();
	const struct arch_reg *r = a ? arch_reg_dwarf(a, regno) : NULL;

	if (r)
		return prim_ctx(env->arena, loc, r->off, r->size, false);
	*why = "it is in a vector or floating point register, which BPF "
	       "programs cannot read";
	return NULL;
}

/* ---- the machine ---- */

/* What one simple location description came to. */
struct simple {
	enum {
		SIMPLE_NONE,  /* optimised out */
		SIMPLE_MEM,   /* x: address */
		SIMPLE_VALUE, /* x: register or stack value */
		SIMPLE_BYTES,
		SIMPLE_POINTER, /* implicit: to `to` + off */
	} kind;
	struct expr *x;
	const uint8_t *bytes;
	size_t nbytes;
	Dwarf_Die to;
	int64_t off;
};

struct eval {
	const struct frame *f;
	const struct probe_env *env;
	struct arena *a;
	struct loc loc;
	const char **why;
	unsigned nested;
	Dwarf_Attribute *attr; /* of the expression, for its operands */
	struct expr *stack[MAX_STACK];
	unsigned n;
	struct simple now;
	bool is_value; /* DW_OP_stack_value was seen */
	struct access_part *parts;
	unsigned nparts;
	uint64_t bits; /* of parts so far */
	const char *lost; /* why a part of it is missing, or NULL */
	unsigned forks;	  /* conditional jumps so far */
};

static bool fail(struct eval *v, const char *why)
{
	*v->why = why;
	return false;
}

static bool push(struct eval *v, struct expr *x)
{
	if (!x)
		return false;
	if (v->n == MAX_STACK)
		return fail(v, "its location expression is too complex");
	v->stack[v->n++] = x;
	return true;
}

static bool push_num(struct eval *v, int64_t n)
{
	return push(v, prim_number(v->a, v->loc, n));
}

static struct expr *pop(struct eval *v)
{
	if (!v->n) {
		fail(v, "its location expression is damaged");
		return NULL;
	}
	return v->stack[--v->n];
}

static struct expr *peek(struct eval *v, unsigned depth)
{
	if (depth >= v->n) {
		fail(v, "its location expression is damaged");
		return NULL;
	}
	return expr_clone(v->a, v->stack[v->n - 1 - depth]);
}

static struct expr *reg(struct eval *v, unsigned regno)
{
	return v->f->reg(v->f, v->env, v->loc, regno, v->why);
}

static struct expr *add(struct eval *v, struct expr *x, int64_t n)
{
	if (!x || !n)
		return x;
	if (x->kind == E_NUMBER)
		return prim_number(v->a, v->loc,
				   (int64_t)((uint64_t)x->num.v + (uint64_t)n));
	return long_add(v->a, x, prim_number(v->a, v->loc, n));
}

static bool eval_ops(struct eval *v, Dwarf_Op *ops, size_t n);

/* An expression that comes to one address or value. */
static bool eval_simple(struct eval *v, Dwarf_Op *ops, size_t n)
{
	if (v->nested > MAX_NESTED)
		return fail(v, "its location expression is too complex");
	if (!eval_ops(v, ops, n))
		return false;
	if (v->nparts ||
	    (v->now.kind != SIMPLE_MEM && v->now.kind != SIMPLE_VALUE))
		return fail(v, "its location expression is damaged");
	return true;
}

/* A sub-expression to a number (an address or a register's value). */
static struct expr *eval_number(struct eval *outer, Dwarf_Op *ops, size_t n,
				Dwarf_Attribute *attr, const struct frame *f)
{
	struct eval v = {.f = f,
			 .env = outer->env,
			 .a = outer->a,
			 .loc = outer->loc,
			 .why = outer->why,
			 .nested = outer->nested + 1,
			 .attr = attr};

	return eval_simple(&v, ops, n) ? v.now.x : NULL;
}

struct expr *frame_number(const struct frame *f, const struct probe_env *env,
			  struct loc loc, struct dw_loc *l, unsigned nested,
			  const char **why)
{
	struct eval v = {.f = f,
			 .env = env,
			 .a = env->arena,
			 .loc = loc,
			 .why = why,
			 .nested = nested,
			 .attr = &l->attr};

	return eval_simple(&v, l->ops, l->nops) ? v.now.x : NULL;
}

struct expr *frame_saved(const struct frame *f, const struct probe_env *env,
			 struct loc loc, Dwarf_Op *ops, size_t n,
			 unsigned nested, const char **why)
{
	struct eval v = {.f = f,
			 .env = env,
			 .a = env->arena,
			 .loc = loc,
			 .why = why,
			 .nested = nested};

	if (!eval_simple(&v, ops, n))
		return NULL;
	return v.now.kind == SIMPLE_VALUE
		       ? v.now.x
		       : prim_read(env->arena, loc, v.now.x, 8, false, f->user);
}

static struct expr *cfa(struct eval *v)
{
	Dwarf_Op *ops;
	size_t n;

	if (!dw_cfa(v->f->m, v->f->pc, &ops, &n, v->why))
		return NULL;
	return eval_number(v, ops, n, NULL, v->f);
}

static struct expr *frame_base(struct eval *v)
{
	struct dw_loc l;

	if (!dw_frame_base(v->f->m, v->f->pc, &l, v->why))
		return NULL;
	return eval_number(v, l.ops, l.nops, &l.attr, v->f);
}

/* The value of a register when the function was entered. */
static bool entry_value(struct eval *v, Dwarf_Op *op)
{
	Dwarf_Attribute a;
	Dwarf_Die func;
	uint64_t entry;
	Dwarf_Op *ops;
	size_t n;

	if (!v->attr || dwarf_getlocation_attr(v->attr, op, &a) ||
	    dwarf_getlocation(&a, &ops, &n) || !n)
		return fail(v, "its location expression is damaged");
	if (dw_outer_func(v->f->m, v->f->pc, &func) &&
	    dw_entry(&func, &entry) && entry == v->f->pc)
		return push(v, eval_number(v, ops, n, &a, v->f));
	bool is_reg = ops[0].atom >= DW_OP_reg0 && ops[0].atom <= DW_OP_reg31;
	if (n != 1 || (!is_reg && ops[0].atom != DW_OP_regx &&
		       ops[0].atom != DW_OP_regval_type &&
		       ops[0].atom != DW_OP_GNU_regval_type))
		return fail(v, "it was optimised out here: only its value at "
			       "the function's entry is known, and that is "
			       "gone");
	return push(v, frame_entry_value(
			       v->f, v->env, v->loc,
			       is_reg ? (unsigned)(ops[0].atom - DW_OP_reg0)
				      : (unsigned)ops[0].number,
			       NULL, v->nested, v->why));
}

/* A parameter that the function has no more, but its callers know. */
static bool parameter_ref(struct eval *v, Dwarf_Op *op)
{
	Dwarf_Die param;

	if (!v->attr || dwarf_getlocation_die(v->attr, op, &param))
		return fail(v, "its location expression is damaged");
	return push(v, frame_entry_value(v->f, v->env, v->loc, 0, &param,
					 v->nested, v->why));
}

static bool tls(struct eval *v)
{
	struct expr *off = pop(v);

	if (!off || !v->f->tls)
		return fail(v, "thread-local variables cannot be read here");
	if (off->kind != E_NUMBER)
		return fail(v, "the place of the thread-local variable is not "
			       "known");
	return push(v, v->f->tls(v->f, v->env, v->loc, (uint64_t)off->num.v,
				 v->why));
}

/* .debug_addr's entry: an address, or a constant. */
static bool indexed(struct eval *v, Dwarf_Op *op, bool is_address)
{
	Dwarf_Attribute a;
	Dwarf_Addr addr;

	if (!v->attr || dwarf_getlocation_attr(v->attr, op, &a) ||
	    dwarf_formaddr(&a, &addr))
		return fail(v, "its location expression is damaged");
	if (!is_address)
		return push_num(v, (int64_t)addr);
	return push(v, v->f->address(v->f, v->env, v->loc, addr, v->why));
}

static bool deref(struct eval *v, unsigned size)
{
	struct expr *x = pop(v);

	if (size != 1 && size != 2 && size != 4 && size != 8)
		return fail(v, "its location expression is damaged");
	return x && push(v, prim_read(v->a, v->loc, x, size, false,
				      v->f->user));
}

static bool binary(struct eval *v, enum op op)
{
	struct expr *y = pop(v), *x = y ? pop(v) : NULL;

	if (!x)
		return false;
	if (op == OP_ADD && y->kind == E_NUMBER)
		return push(v, add(v, x, y->num.v));
	return push(v, long_binary(v->a, op, x, y));
}

/* To a base type: cut, and extend as it says. */
static bool convert(struct eval *v, Dwarf_Op *op, struct expr *x)
{
	const struct type_src *src = dw_types(v->f->m);
	struct ttype t;
	Dwarf_Die die;

	if (!x)
		return false;
	if (!op->number && op->atom != DW_OP_regval_type &&
	    op->atom != DW_OP_GNU_regval_type)
		return push(v, x); /* the generic type */
	if (!v->attr || dwarf_getlocation_die(v->attr, op, &die) ||
	    !src->ops->get(src, dw_type_id(v->f->m, &die), &t))
		return fail(v, "its location expression is damaged");
	if (t.kind == TT_FLOAT || t.size > 8)
		return fail(v, "it must be computed by floating point or wide "
			       "arithmetic, which BPF programs have not");
	return push(v, prim_extract(v->a, v->loc, x, 0, (unsigned)t.size * 8,
				    t.is_signed));
}

static bool constant(struct eval *v, Dwarf_Op *op)
{
	Dwarf_Attribute a;
	Dwarf_Block b;
	uint64_t x = 0;

	if (!v->attr || dwarf_getlocation_attr(v->attr, op, &a) ||
	    dwarf_formblock(&a, &b) || b.length > 8)
		return fail(v, "its location expression is damaged");
	memcpy(&x, b.data, b.length);
	return push_num(v, (int64_t)x);
}

static bool implicit_value(struct eval *v, Dwarf_Op *op)
{
	Dwarf_Block b;

	if (!v->attr || dwarf_getlocation_implicit_value(v->attr, op, &b))
		return fail(v, "its location expression is damaged");
	v->now = (struct simple){.kind = SIMPLE_BYTES,
				 .bytes = b.data,
				 .nbytes = b.length};
	return true;
}

static bool implicit_pointer(struct eval *v, Dwarf_Op *op)
{
	v->now = (struct simple){.kind = SIMPLE_POINTER,
				 .off = (int64_t)op->number2};
	if (!v->attr || dwarf_getlocation_die(v->attr, op, &v->now.to))
		return fail(v, "its location expression is damaged");
	return true;
}

static bool absolute(struct eval *v)
{
	struct expr *x = pop(v), *c, *e;

	if (!x)
		return false;
	c = long_binary(v->a, OP_LT, x, prim_number(v->a, v->loc, 0));
	e = expr_new(v->a, E_TERNARY, v->loc);
	e->type = TY_LONG;
	e->ternary.cond = c;
	e->ternary.a = long_binary(v->a, OP_SUB, prim_number(v->a, v->loc, 0),
				   expr_clone(v->a, x));
	e->ternary.b = expr_clone(v->a, x);
	return push(v, e);
}

static bool rotate(struct eval *v)
{
	if (v->n < 3)
		return fail(v, "its location expression is damaged");
	struct expr **s = &v->stack[v->n - 3], *top = s[2];
	s[2] = s[1];
	s[1] = s[0];
	s[0] = top;
	return true;
}

static bool swap(struct eval *v)
{
	struct expr *y = pop(v), *x = y ? pop(v) : NULL;

	return x && push(v, y) && push(v, x);
}

static const struct {
	uint8_t atom;
	enum op op;
} binaries[] = {
	{DW_OP_and, OP_BITAND}, {DW_OP_or, OP_BITOR}, {DW_OP_xor, OP_BITXOR},
	{DW_OP_plus, OP_ADD},	{DW_OP_minus, OP_SUB}, {DW_OP_mul, OP_MUL},
	{DW_OP_div, OP_DIV},	{DW_OP_mod, OP_MOD},  {DW_OP_shl, OP_SHL},
	{DW_OP_shr, OP_USHR},	{DW_OP_shra, OP_SHR}, {DW_OP_eq, OP_EQ},
	{DW_OP_ne, OP_NE},	{DW_OP_lt, OP_LT},    {DW_OP_le, OP_LE},
	{DW_OP_gt, OP_GT},	{DW_OP_ge, OP_GE},
};

static bool find_binary(uint8_t atom, enum op *op)
{
	for (unsigned i = 0; i < sizeof(binaries) / sizeof(*binaries); i++) {
		if (binaries[i].atom != atom)
			continue;
		*op = binaries[i].op;
		return true;
	}
	return false;
}

static bool stack_op(struct eval *v, Dwarf_Op *op)
{
	enum op o;

	if (find_binary(op->atom, &o))
		return binary(v, o);
	switch (op->atom) {
	case DW_OP_dup:
		return push(v, peek(v, 0));
	case DW_OP_over:
		return push(v, peek(v, 1));
	case DW_OP_pick:
		return push(v, peek(v, (unsigned)op->number));
	case DW_OP_drop:
		return pop(v) != NULL;
	case DW_OP_swap:
		return swap(v);
	case DW_OP_rot:
		return rotate(v);
	case DW_OP_deref:
		return deref(v, 8);
	case DW_OP_deref_size:
	case DW_OP_deref_type:
	case DW_OP_GNU_deref_type:
		return deref(v, (unsigned)op->number);
	case DW_OP_plus_uconst:
		return push(v, add(v, pop(v), (int64_t)op->number));
	case DW_OP_neg:
		return push_num(v, 0) && swap(v) && binary(v, OP_SUB);
	case DW_OP_not:
		return push_num(v, -1) && binary(v, OP_BITXOR);
	case DW_OP_abs:
		return absolute(v);
	case DW_OP_call_frame_cfa:
		return push(v, cfa(v));
	case DW_OP_fbreg:
		return push(v, add(v, frame_base(v), (int64_t)op->number));
	case DW_OP_bregx:
		return push(v, add(v, reg(v, (unsigned)op->number),
				   (int64_t)op->number2));
	case DW_OP_addr:
		return push(v, v->f->address(v->f, v->env, v->loc, op->number,
					     v->why));
	case DW_OP_addrx:
	case DW_OP_GNU_addr_index:
		return indexed(v, op, true);
	case DW_OP_constx:
	case DW_OP_GNU_const_index:
		return indexed(v, op, false);
	case DW_OP_const_type:
	case DW_OP_GNU_const_type:
		return constant(v, op);
	case DW_OP_convert:
	case DW_OP_GNU_convert:
	case DW_OP_reinterpret:
	case DW_OP_GNU_reinterpret:
		return convert(v, op, pop(v));
	case DW_OP_regval_type:
	case DW_OP_GNU_regval_type:
		return convert(v, op, reg(v, (unsigned)op->number));
	case DW_OP_entry_value:
	case DW_OP_GNU_entry_value:
		return entry_value(v, op);
	case DW_OP_GNU_parameter_ref:
		return parameter_ref(v, op);
	case DW_OP_form_tls_address:
	case DW_OP_GNU_push_tls_address:
		return tls(v);
	case DW_OP_GNU_uninit:
	case DW_OP_nop:
		return true;
	}
	*v->why = arena_printf(v->a,
			       "its location needs the DWARF operation 0x%x, "
			       "which cannot be done ahead of time",
			       op->atom);
	return false;
}

/* Constants by their many names. */
static bool is_constant(const Dwarf_Op *op, int64_t *n)
{
	if (op->atom >= DW_OP_lit0 && op->atom <= DW_OP_lit31) {
		*n = op->atom - DW_OP_lit0;
		return true;
	}
	*n = (int64_t)op->number;
	switch (op->atom) {
	case DW_OP_const1u:
	case DW_OP_const1s:
	case DW_OP_const2u:
	case DW_OP_const2s:
	case DW_OP_const4u:
	case DW_OP_const4s:
	case DW_OP_const8u:
	case DW_OP_const8s:
	case DW_OP_constu:
	case DW_OP_consts:
		return true;
	}
	return false;
}

static bool step(struct eval *v, Dwarf_Op *op)
{
	int64_t n;

	if (is_constant(op, &n))
		return push_num(v, n);
	if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31)
		return push(v, add(v, reg(v, op->atom - DW_OP_breg0),
				   (int64_t)op->number));
	bool is_reg = op->atom >= DW_OP_reg0 && op->atom <= DW_OP_reg31;
	if (is_reg || op->atom == DW_OP_regx) {
		unsigned r = is_reg ? (unsigned)(op->atom - DW_OP_reg0)
				    : (unsigned)op->number;
		v->now = (struct simple){.kind = SIMPLE_VALUE, .x = reg(v, r)};
		return v->now.x != NULL;
	}
	switch (op->atom) {
	case DW_OP_stack_value:
		v->is_value = true;
		return true;
	case DW_OP_implicit_value:
		return implicit_value(v, op);
	case DW_OP_implicit_pointer:
	case DW_OP_GNU_implicit_pointer:
		return implicit_pointer(v, op);
	}
	return stack_op(v, op);
}

/* What stands on the stack is the result, unless something else was said. */
static void settle(struct eval *v)
{
	if (v->now.kind == SIMPLE_NONE && v->n) {
		v->now.kind = v->is_value ? SIMPLE_VALUE : SIMPLE_MEM;
		v->now.x = v->stack[v->n - 1];
	}
}

static bool add_part(struct eval *v, unsigned bits, struct expr *x)
{
	if (v->nparts == MAX_PARTS)
		return fail(v, "it is in too many pieces");
	if (!v->parts)
		v->parts = arena_new_array(v->a, struct access_part, MAX_PARTS);
	v->parts[v->nparts++] = (struct access_part){
		.bit_off = v->bits, .bit_size = bits, .value = x};
	v->bits += bits;
	return true;
}

/* Little-endian bytes, eight at a time. */
static bool add_bytes(struct eval *v, const uint8_t *p, size_t n)
{
	while (n) {
		uint64_t x = 0;
		size_t k = n < 8 ? n : 8;
		memcpy(&x, p, k);
		if (!add_part(v, (unsigned)k * 8,
			      prim_number(v->a, v->loc, (int64_t)x)))
			return false;
		p += k;
		n -= k;
	}
	return true;
}

static struct expr *byte_read(struct eval *v, struct expr *addr, uint64_t off,
			      unsigned size)
{
	struct expr *at = add(v, expr_clone(v->a, addr), (int64_t)off);

	return prim_read(v->a, v->loc, at, size, false, v->f->user);
}

static bool add_memory(struct eval *v, struct expr *addr, uint64_t bits)
{
	uint64_t bytes = bits / 8;
	unsigned rest = bits % 8;

	for (uint64_t off = 0; off < bytes;) {
		unsigned k = 8;
		while (k > bytes - off)
			k /= 2;
		if (!add_part(v, k * 8, byte_read(v, addr, off, k)))
			return false;
		off += k;
	}
	return !rest ||
	       add_part(v, rest,
			prim_extract(v->a, v->loc, byte_read(v, addr, bytes, 1),
				     0, rest, false));
}

static bool end_piece(struct eval *v, uint64_t bits, uint64_t skip)
{
	bool ok;

	settle(v);
	if (bits > 1u << 20)
		return fail(v, "its location expression is damaged");
	switch (v->now.kind) {
	case SIMPLE_MEM:
		ok = !skip && add_memory(v, v->now.x, bits);
		break;
	case SIMPLE_VALUE:
		ok = bits + skip <= 64
			     ? add_part(v, (unsigned)bits,
					prim_extract(v->a, v->loc, v->now.x,
						     (unsigned)skip,
						     (unsigned)bits, false))
			     : add_part(v, 64, v->now.x);
		if (bits + skip > 64)
			v->bits += bits - 64;
		break;
	case SIMPLE_BYTES:
		ok = v->now.nbytes * 8 >= bits && !(bits % 8) && !skip &&
		     add_bytes(v, v->now.bytes, bits / 8);
		break;
	default: /* optimised out */
		v->bits += bits;
		ok = true;
	}
	if (!ok && !*v->why)
		return fail(v, "its pieces do not begin and end at bytes");
	if (!v->parts)
		v->parts = arena_new_array(v->a, struct access_part, MAX_PARTS);
	v->n = 0;
	v->is_value = false;
	v->now = (struct simple){0};
	return ok;
}

static bool is_piece(const Dwarf_Op *op)
{
	return op->atom == DW_OP_piece || op->atom == DW_OP_bit_piece;
}

static bool end_of_piece(struct eval *v, const Dwarf_Op *op)
{
	return op->atom == DW_OP_piece ? end_piece(v, op->number * 8, 0)
				       : end_piece(v, op->number, op->number2);
}

/* ---- jumps ---- */

static bool run_span(struct eval *v, Dwarf_Op *ops, size_t i, size_t end);

/* Where the jump at i goes; only forwards, so that there are no loops. */
static bool jump_to(struct eval *v, Dwarf_Op *ops, size_t i, size_t end,
		    size_t *to)
{
	uint64_t at = ops[i].offset + 3 + (uint64_t)(int16_t)ops[i].number;

	for (size_t k = i + 1; k < end; k++)
		if (ops[k].offset == at) {
			*to = k;
			return true;
		}
	*to = end;
	return at > ops[end - 1].offset ||
	       fail(v, "its location expression has a loop");
}

/*
 * Both ways are gone to the end; the condition then chooses between what each
 * came to. 2 to the power of MAX_FORKS ends at most.
 */
#define MAX_FORKS 5u

static bool fork_at(struct eval *v, Dwarf_Op *ops, size_t i, size_t end)
{
	struct expr *cond = pop(v), *e;
	struct eval jumped = *v;
	size_t to;

	if (!cond || !jump_to(v, ops, i, end, &to))
		return false;
	if (++v->forks > MAX_FORKS)
		return fail(v, "its location expression is too complex");
	jumped.forks = v->forks;
	for (unsigned k = 0; k < v->n; k++)
		jumped.stack[k] = expr_clone(v->a, v->stack[k]);
	if (!run_span(&jumped, ops, to, end) || !run_span(v, ops, i + 1, end))
		return false;
	v->forks = jumped.forks > v->forks ? jumped.forks : v->forks;
	if (!v->n || !jumped.n || v->is_value != jumped.is_value ||
	    v->now.kind != SIMPLE_NONE || jumped.now.kind != SIMPLE_NONE)
		return fail(v, "its location expression is damaged");
	e = expr_new(v->a, E_TERNARY, v->loc);
	e->type = TY_LONG;
	e->ternary.cond = cond;
	e->ternary.a = pop(&jumped);
	e->ternary.b = pop(v);
	return push(v, e);
}

/* Operations up to the end of a piece, or of all. */
static bool run_span(struct eval *v, Dwarf_Op *ops, size_t i, size_t end)
{
	for (; i < end; i++) {
		if (ops[i].atom == DW_OP_bra)
			return fork_at(v, ops, i, end);
		if (ops[i].atom == DW_OP_skip) {
			if (!jump_to(v, ops, i, end, &i))
				return false;
			i--;
		} else if (!step(v, &ops[i])) {
			return false;
		}
	}
	return true;
}

/* What comes before the piece's end at ops[i] cannot be told: it is gone. */
static bool lose_piece(struct eval *v, Dwarf_Op *op)
{
	if (!v->lost)
		v->lost = *v->why;
	*v->why = NULL;
	v->n = 0;
	v->is_value = false;
	v->now = (struct simple){0};
	return end_of_piece(v, op);
}

/* False: *why. Afterwards parts (and bits), or `now`. */
static bool eval_ops(struct eval *v, Dwarf_Op *ops, size_t n)
{
	if (n > MAX_OPS)
		return fail(v, "its location expression is too complex");
	for (size_t i = 0, end; i < n; i = end + 1) {
		for (end = i; end < n && !is_piece(&ops[end]);)
			end++;
		bool ok = run_span(v, ops, i, end);
		if (end == n && !ok)
			return false;
		if (end < n && !(ok ? end_of_piece(v, &ops[end])
				    : lose_piece(v, &ops[end])))
			return false;
	}
	if (!v->bits)
		settle(v);
	return true;
}

/* ---- places ---- */

static bool place_die(const struct frame *f, const struct probe_env *env,
		      struct loc loc, Dwarf_Die *die, uint32_t type,
		      unsigned nested, struct access *out, const char **why);

/* An optimised-out object that a pointer stands for. */
struct implied {
	const struct frame *f;
	Dwarf_Die die;
	int64_t off;
	uint32_t pointee;
	unsigned nested;
};

static bool follow_implied(struct access *a, const char **why)
{
	const struct implied *im = a->deref_ctx;
	Dwarf_Die die = im->die;
	struct access to;
	uint32_t type;

	dw_type_of(im->f->m, &die, &type);
	if (!place_die(im->f, a->env, a->loc, &die, type, im->nested + 1, &to,
		       why))
		return false;
	if (im->off) {
		if (to.value || to.deref) {
			*why = "it was optimised out here";
			access_free(&to);
			return false;
		}
		to.bit_off += (uint64_t)im->off * 8;
		to.type = im->pointee;
		if (to.base)
			to.root = im->pointee;
	}
	access_free(a);
	*a = to;
	return true;
}

/* A register holds a value of any type in its low bits. */
static void place_value(struct eval *v, const struct type_src *src,
			uint32_t type, struct expr *x, struct access *out)
{
	struct access_part *p;
	struct ttype t;

	if (!src->ops->get(src, type, &t))
		t.size = 8;
	bool scalar = t.kind == TT_INT || t.kind == TT_ENUM ||
		      t.kind == TT_PTR || t.kind == TT_FLOAT;
	if (scalar && t.size && t.size <= 8) {
		if (t.size < 8)
			x = prim_extract(v->a, v->loc, x, 0,
					 (unsigned)t.size * 8, t.is_signed);
		access_value(out, v->env, v->loc, src, type, x);
		return;
	}
	p = arena_new_obj(v->a, struct access_part);
	*p = (struct access_part){.bit_size = 64, .value = x};
	access_parts(out, v->env, v->loc, src, type, p, 1);
}

static bool place_implied(struct eval *v, const struct type_src *src,
			  uint32_t type, struct access *out)
{
	struct implied *im = arena_new_obj(v->a, struct implied);
	struct ttype t;

	*im = (struct implied){.f = v->f,
			       .die = v->now.to,
			       .off = v->now.off,
			       .nested = v->nested};
	if (v->nested > MAX_NESTED || !src->ops->get(src, type, &t) ||
	    t.kind != TT_PTR)
		return fail(v, "it was optimised out here");
	im->pointee = t.elem;
	access_value(out, v->env, v->loc, src, type,
		     prim_number(v->a, v->loc, 0));
	out->deref = follow_implied;
	out->deref_ctx = im;
	return true;
}

static bool place_result(struct eval *v, uint32_t type, struct access *out)
{
	const struct type_src *src = dw_types(v->f->m);

	if (v->bits) {
		access_parts(out, v->env, v->loc, src, type, v->parts,
			     v->nparts);
		out->lost = v->lost;
		return true;
	}
	switch (v->now.kind) {
	case SIMPLE_MEM:
		access_memory(out, v->env, v->loc, src, type, v->now.x,
			      v->f->user);
		return true;
	case SIMPLE_VALUE:
		place_value(v, src, type, v->now.x, out);
		return true;
	case SIMPLE_BYTES:
		if (!add_bytes(v, v->now.bytes, v->now.nbytes))
			return false;
		access_parts(out, v->env, v->loc, src, type, v->parts,
			     v->nparts);
		return true;
	case SIMPLE_POINTER:
		return place_implied(v, src, type, out);
	case SIMPLE_NONE:
		break;
	}
	return fail(v, "it was optimised out here");
}

static bool static_member(struct access *a, const struct ttype *owner,
			  const char *name, const char **why)
{
	const struct frame *f = a->place_ctx;
	struct access to;
	struct dw_var var;

	if (!dw_static_member(f->m, owner->id, name, &var) ||
	    !frame_place(f, a->env, a->loc, &var, &to, why))
		return false;
	access_free(a);
	*a = to;
	return true;
}

static struct expr *elements_of(struct access *a, const struct ttype *array,
				const char **why)
{
	const struct frame *f = a->place_ctx;
	struct arena *ar = a->env->arena;
	struct dw_length n;
	struct access at;
	struct expr *x;

	if (!dw_array_length(f->m, array, &n))
		return NULL;
	if (!n.is_var)
		x = frame_number(f, a->env, a->loc, &n.expr, 0, why);
	else
		x = frame_place(f, a->env, a->loc, &n.var, &at, why)
			    ? access_load(&at, why)
			    : NULL;
	return x ? long_add(ar, x, prim_number(ar, a->loc, n.more)) : NULL;
}

static bool place_at(const struct frame *f, const struct probe_env *env,
		     struct loc loc, struct dw_loc *l, uint32_t type,
		     unsigned nested, struct access *out, const char **why)
{
	struct eval v = {.f = f,
			 .env = env,
			 .a = env->arena,
			 .loc = loc,
			 .why = why,
			 .nested = nested,
			 .attr = l->attr.valp ? &l->attr : NULL};

	*why = NULL;
	switch (l->kind) {
	case DW_LOC_EXPR:
		if (!eval_ops(&v, l->ops, l->nops))
			return false;
		break;
	case DW_LOC_BYTES:
		v.now = (struct simple){.kind = SIMPLE_BYTES,
					.bytes = l->bytes,
					.nbytes = l->nbytes};
		break;
	case DW_LOC_NONE:
		break;
	}
	if (!place_result(&v, type, out))
		return false;
	/* also of values: what they point to */
	out->user = f->user;
	out->statics = static_member;
	out->elements = elements_of;
	out->place_ctx = f;
	return true;
}

static bool place_die(const struct frame *f, const struct probe_env *env,
		      struct loc loc, Dwarf_Die *die, uint32_t type,
		      unsigned nested, struct access *out, const char **why)
{
	struct dw_loc l;

	return dw_location(f->m, die, f->pc, &l, why) &&
	       place_at(f, env, loc, &l, type, nested, out, why);
}

bool frame_place(const struct frame *f, const struct probe_env *env,
		 struct loc loc, struct dw_var *var, struct access *out,
		 const char **why)
{
	return place_die(f, env, loc, &var->die, var->type, 0, out, why);
}

bool frame_return(const struct frame *f, const struct probe_env *env,
		  struct loc loc, struct access *out, const char **why)
{
	Dwarf_Die func = f->func;
	struct dw_loc l;
	uint32_t type;

	return dw_return_value(f->m, &func, &type, &l, why) &&
	       place_at(f, env, loc, &l, type, 0, out, why);
}
