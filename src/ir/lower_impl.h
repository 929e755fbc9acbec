/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by lower*.c only.
 *
 * How values travel. A long is a register or an immediate. A string is the
 * heap offset of a struct rt_str, as an operand: constant (HEAP), in the frame
 * (SLOT), or computed (REG). Reading a variable makes no copy: the value is
 * "borrowed" from it, and changes when the variable does. Who evaluates
 * several expressions before using the first one goes through
 * lower_operands(), which copies what a later one may change.
 *
 * Strings are made where they are wanted: lower_str_into(e, dst) builds the
 * text in dst. dst must be memory that evaluating e does not touch; a
 * variable that e mentions is assigned through a temporary
 * (lower_assign_str()).
 *
 * Errors: lower_check() after each operation that can fail. Its stub notes the
 * position and goes to L->on_error: the innermost catch, or the exit.
 */
#ifndef IR_LOWER_IMPL_H
#define IR_LOWER_IMPL_H

#include <stddef.h>

#include "base/map.h"
#include "ir/lower.h"
#include "rt.h"
#include "syntax/format.h"

#define NO_BLOCK UINT32_MAX /* L->bb after a jump: what follows is dead */

/* Zero memory is placed after all constants, whose size is known only at the
   end: until then its offsets start here. See heap_finish(). */
#define HEAP_ZERO 0x40000000u

/* ---- a rvalue ---- */
struct val {
	struct ir_val v;
	/* changes when this variable does; NULL: never */
	const struct var_decl *of;
};

/* A place to jump to; its block exists once somebody does. */
struct label {
	uint32_t block; /* 0: unused (block 0 is the entry) */
};

struct loop {
	struct label *brk, *cont;
	struct loop *outer;
};

/* What a function or handler does to globals: bit per global id. */
struct effects {
	uint64_t *reads, *writes;
	uint64_t *sorts; /* order of elements changes: matters for locks */
};

#define COST_MANY UINT32_MAX /* loops or recursion: no static bound */

/* What a function wants to know that only the handler's entry can tell. */
#define ASKS_POINT 1u  /* where it is: pp() and the like */
#define ASKS_REGS 2u   /* the registers at the hit */
#define ASKS_KSTACK 4u /* the kernel's stack at the hit */

/* func_decl.aux */
struct fn_info {
	struct func_decl *fn;
	struct ir_func *irf;
	struct effects eff; /* with everything it calls */
	VEC(struct func_decl *) callees;
	uint64_t *reach; /* bit per function id: may be called below it */
	struct func_decl *next; /* where "next" goes on; or NULL */
	bool recursive;
	bool accounts;	 /* counts its statements itself */
	uint32_t asks;	 /* ASKS_*, in it or below */
	uint32_t depth;	 /* of calls, recursion not counted */
	uint32_t cost;	 /* statements, at most */
};

/* One per handler of the program, in order. */
struct handler_info {
	const struct handler *h;
	struct effects eff;
	VEC(struct func_decl *) callees;
	uint32_t cost;
	bool accounts;
	uint32_t asks; /* ASKS_*, in it or below */
	bool reads_args; /* parameters of the probed function */
	/* Its site was to be fentry or fexit and is a kprobe: context loads
	   still name parameters by number. */
	bool by_kprobe;
};

/* var_decl.aux */
struct var_info {
	uint32_t serial;   /* locals: L->serial of the function it belongs to */
	ir_reg reg;	   /* local long; or a parameter string's offset */
	struct ir_val mem; /* strings, globals */
	/* globals */
	uint32_t off;  /* heap offset: value, struct rt_map or struct rt_stat */
	uint32_t desc; /* struct rt_stat_desc */
	uint32_t nbuckets;
	uint32_t lock; /* id of the global whose lock is taken; NO_LOCK: none */
	/* arrays */
	uint32_t key_off, key_cap, val_off, val_size;
};
#define NO_LOCK UINT32_MAX

struct heap {
	uint8_t *init;
	uint32_t len, cap;
	uint32_t zero;	       /* bytes of zero memory asked for */
	struct map strings;    /* text -> offset + 1 */
	struct map regexes;    /* pattern -> offset */
	struct map keys;       /* packed bytes as hex -> offset + 1 */
	VEC(uint32_t) patches; /* where init holds HEAP_ZERO-based offsets */
	bool too_big;
};

struct image_builder {
	struct strbuf strings;
	struct map interned; /* text -> offset + 1 */
	struct map formats;  /* key -> index + 1 */
	struct map locs;
	VEC(struct image_part) parts;
	VEC(struct image_format) formats_v;
	VEC(struct image_loc) locs_v;
	VEC(struct image_handler) handlers;
	VEC(struct wire_attach) attach;
};

/* One handler program to make: all sites of a handler, or one of them. */
struct job {
	const struct handler_info *hi;
	const struct probe_site *site; /* NULL: all */
	uint32_t first_attach; /* number of the first site's attach record */
};

struct lock_region;

/* What a handler may ask about its probe point: pp() and the like. */
enum point_fact {
	POINT_NAME,
	POINT_WRITTEN,
	POINT_FUNC,
	POINT_SYMBOL,
	POINT_TYPE,
	POINT_FACTS
};

struct lower {
	struct arena *arena;
	struct diag *diag;
	const struct program *prog;
	const struct lower_opts *opts;
	struct ir_module *m;
	struct heap heap;
	struct image_builder img;
	struct handler_info *handlers;
	VEC(struct job) jobs;
	uint32_t global_words; /* of an effects bit set */
	uint32_t fn_words;
	bool uses_matched; /* matched() is called somewhere */
	bool collecting;   /* effects_analyse() looks at everything first */
	bool count_nesting;
	uint32_t max_nesting;
	uint32_t string_cap, string_size; /* bytes of text; of memory */
	uint32_t input_off;		  /* heap_input(), or 0 */
	uint32_t zero_stat; /* an aggregate that is always empty */
	uint32_t zero_stat_size;
	uint32_t out_need; /* longest output entry */

	uint32_t *lock_off; /* by global id: heap offset of its lock word */
	/* tables by ctx.probe, made when first used: heap offsets */
	uint32_t point_table[POINT_FACTS];

	/* the function that is being lowered */
	struct ir_func *f;
	struct func_decl *fn; /* NULL in a handler */
	const struct job *job;
	uint32_t handler_index;
	uint32_t serial;
	uint32_t bb;
	struct loc loc;
	struct label *on_error, *exit;
	bool locking;		     /* the handler may run beside others */
	struct lock_region *pending; /* begun, but not locked yet */
	struct loop *loop;
	uint32_t try_depth;
	ir_reg ret;	       /* result register */
	struct ir_val ret_str; /* result memory */
	ir_reg *params;	       /* as passed */
	bool accounts;
	bool in_library;     /* a function that came with stap */
	uint32_t actions;    /* statements not yet charged */
	VEC(uint32_t) temps; /* string slots for reuse */
	uint32_t temps_used;
	VEC(uint32_t) key_bufs;
	VEC(uint32_t) key_sizes;
	uint32_t keys_used;
	struct map ctx_loads; /* CTXLDs in the entry block: register */
	struct map stubs;     /* error stubs of this function */
};

/* ---- emission (lower_emit.c) ---- */
struct ir_insn *lower_emit(struct lower *L, struct ir_insn in);
ir_reg lower_reg(struct lower *L);
void lower_move(struct lower *L, ir_reg d, struct ir_val a);
struct ir_val lower_op(struct lower *L, enum ir_op op, struct ir_val a,
		       struct ir_val b);
struct ir_val lower_set(struct lower *L, enum ir_cc cc, struct ir_val a,
			struct ir_val b);
struct ir_val lower_load(struct lower *L, struct ir_val base, int32_t off,
			 unsigned size, bool is_signed);
void lower_store(struct lower *L, struct ir_val base, int32_t off,
		 struct ir_val v, unsigned size);
/* A memory operand (or an offset in a register), moved on by off. */
struct ir_val lower_at(struct lower *L, struct ir_val base, int64_t off);
/* Its heap offset as a value that arithmetic takes. */
struct ir_val lower_addr(struct lower *L, struct ir_val mem);
struct ir_val lower_rt(struct lower *L, enum rt_fn fn,
		       const struct ir_val *args, uint32_t nargs);
#define RT_CALL(L, name, ...)                                                  \
	lower_rt((L), RT_FN_##name, (struct ir_val[]){__VA_ARGS__},            \
		 sizeof((struct ir_val[]){__VA_ARGS__}) /                      \
			 sizeof(struct ir_val))
#define LOWER_CTX iv_ctx(0)

void lower_jump(struct lower *L, struct label *to);
void lower_branch(struct lower *L, enum ir_cc cc, struct ir_val a,
		  struct ir_val b, struct label *yes, struct label *no);
/* Goes on here; dead when nobody came. */
void lower_place(struct lower *L, struct label *l);
static inline bool lower_dead(const struct lower *L)
{
	return L->bb == NO_BLOCK;
}
/* The operation just emitted failed? Then note loc and unwind. */
void lower_check(struct lower *L, struct loc loc);
/* The same after a script function, which noted the position itself. */
void lower_check_call(struct lower *L, struct loc loc);
/* Raises a built-in error, and unwinds: the call of the function being lowered
   is what is wrong. */
void lower_raise_at_call(struct lower *L, enum rt_msg msg);
/* Statements were run, see lower_emit.c: taken off the account now, or
   counted until a lower_charge(). */
void lower_spend(struct lower *L, uint32_t n);
/* A statement; a round of a loop. */
void lower_count(struct lower *L);
void lower_tick(struct lower *L);
/* Takes off the account what was counted, but for `level` statements. */
void lower_charge_to(struct lower *L, uint32_t level);
void lower_charge(struct lower *L);
/* An error at loc when the account is overdrawn; charging first. */
void lower_check_account(struct lower *L, struct loc loc);
void lower_charge_check(struct lower *L, struct loc loc);

/* ---- temporaries ---- */
struct temps_mark {
	uint32_t strings, keys;
};
struct temps_mark lower_temps_mark(const struct lower *L);
void lower_temps_release(struct lower *L, struct temps_mark m);
struct ir_val lower_temp_str(struct lower *L);
struct ir_val lower_temp_key(struct lower *L, uint32_t size);

/* ---- heap (lower_heap.c) ---- */
void heap_init(struct lower *L);
/* Initialised memory; never moves in offset, but init may be reallocated. */
uint32_t heap_alloc(struct lower *L, uint32_t size, uint32_t align);
/* The string that the runner fills for input probes. */
uint32_t heap_input(struct lower *L);
uint32_t heap_zero(struct lower *L, uint64_t size, uint32_t align);
void heap_put32(struct lower *L, uint32_t off, uint32_t v);
uint32_t heap_string(struct lower *L, const char *s, size_t len,
		     struct loc loc);
struct ir_val heap_cstring(struct lower *L, const char *s);
uint32_t heap_spec(struct lower *L, const struct wire_spec *spec);
/* Bytes, deduplicated. */
uint32_t heap_bytes(struct lower *L, const void *p, uint32_t size);
void heap_symbol(struct lower *L, const char *name, uint32_t off,
		 uint32_t size);
/* Places zero memory, fills rt_head and the image's heap fields. */
void heap_finish(struct lower *L);
/* Globals (lower_globals.c) */
void globals_layout(struct lower *L);

/* ---- image (lower_image.c) ---- */
uint32_t image_string(struct lower *L, const char *s);
uint32_t image_loc(struct lower *L, struct loc loc);
/* parts are combined; returns the format's number. */
struct piece {
	const char *literal; /* text, or NULL: an argument */
	size_t literal_len;
	struct wire_spec spec;
};
uint32_t image_format(struct lower *L, const struct piece *pieces, uint32_t n);
void image_handler(struct lower *L, const struct job *j);
/* The handler made last, which finds out whether handler `of` is to be
   attached, and perhaps others. */
void image_condition(struct lower *L, uint32_t of);
/* Whether handler `of` is to be attached is left in `word` by `condition`. */
void image_arm(struct lower *L, uint32_t of, uint32_t condition, uint32_t word);
void image_finish(struct lower *L);

/* ---- effects (lower_effects.c) ---- */
void effects_analyse(struct lower *L);
/* May evaluating e change / read or change the variable? */
bool effects_modifies(struct lower *L, const struct expr *e,
		      const struct var_decl *v);
bool effects_touches(struct lower *L, const struct expr *e,
		     const struct var_decl *v);
/* [k, *] */
bool effects_has_star(const expr_list *keys);
/* Only begin probes: no other handler runs beside it. */
bool effects_runs_alone(const struct handler *h);
/* Are there loops in it? */
bool effects_loops(const struct stmt *s);
/* May evaluating e raise an error? */
bool effects_can_fail(const struct expr *e);
/* Globals that a statement or an expression touches, calls included. */
void effects_of_stmt(struct lower *L, struct stmt *s, struct effects *out);
void effects_of_expr(struct lower *L, struct expr *e, struct effects *out);
struct effects effects_new(struct lower *L);
bool effects_has(const uint64_t *set, uint32_t id);

/* ---- variables ---- */
/* Where it is; for a global, its locks are taken from here on. */
struct var_info *lower_var(struct lower *L, const struct var_decl *v);
/* What is constant about a global. */
static inline const struct var_info *lower_info(const struct var_decl *v)
{
	return v->aux;
}
void lower_need_locks(struct lower *L);

/*
 * try { } catch { }: what lies between begin and caught is tried, and what lies
 * between caught and end handles an error that may be caught, if caught says
 * that it can be reached. The locks must be held before (lower_need_locks()).
 */
struct lower_trial {
	struct label caught, soft, end, *outer;
	uint32_t before; /* actions when it began */
};
void lower_trial_begin(struct lower *L, struct lower_trial *t);
bool lower_trial_caught(struct lower *L, struct lower_trial *t);
void lower_trial_end(struct lower *L, struct lower_trial *t);
bool lower_locks_needed(const struct lower *L, const struct effects *e);

/* ---- statements ---- */
void lower_stmt(struct lower *L, const struct stmt *s);
void lower_if(struct lower *L, const struct stmt *s,
	      void (*branch)(struct lower *L, const struct stmt *s));

/* ---- expressions ---- */
/* Sees through what pass 2 put in place of a node. */
const struct expr *lower_bound(const struct expr *e);
struct val lower_value(struct lower *L, const struct expr *e);
struct ir_val lower_long(struct lower *L, const struct expr *e);
void lower_discard(struct lower *L, const struct expr *e);
void lower_cond(struct lower *L, const struct expr *e, struct label *yes,
		struct label *no);
/* n values, evaluated from left to right, valid together. */
void lower_operands(struct lower *L, struct expr *const *e, uint32_t n,
		    struct val *out);
struct val lower_assign(struct lower *L, const struct expr *e);
struct val lower_incdec(struct lower *L, const struct expr *e);
struct ir_val lower_regex(struct lower *L, const struct expr *e);
/* var = v, for loops and catch; v is long or string as the variable is. */
void lower_set_var(struct lower *L, const struct var_decl *var,
		   struct ir_val v);
struct val lower_get_var(struct lower *L, const struct var_decl *var);

/* ---- strings (lower_str.c) ---- */
struct val lower_str(struct lower *L, const struct expr *e);
void lower_str_into(struct lower *L, const struct expr *e, struct ir_val dst);
/* The same; dst keeps what it holds when evaluating e fails. */
void lower_str_whole(struct lower *L, const struct expr *e, struct ir_val dst);
void lower_str_empty(struct lower *L, struct ir_val dst);
void lower_str_literal(struct lower *L, struct ir_val dst, const char *s,
		       size_t len, struct loc loc);
void lower_str_copy(struct lower *L, struct ir_val dst, struct ir_val src);
/* The memory of variable `of` becomes the value of e. */
void lower_assign_str(struct lower *L, const struct expr *e, struct ir_val dst,
		      const struct var_decl *of);
struct ir_val lower_str_len(struct lower *L, struct ir_val s);
struct ir_val lower_compare_str(struct lower *L, enum ir_cc cc, struct expr *a,
				struct expr *b);

/* ---- calls (lower_call.c) ---- */
/* dst: where a string result goes; IV_NONE: wherever, or no string. */
struct val lower_call(struct lower *L, const struct expr *e, struct ir_val dst);
struct val lower_prim(struct lower *L, const struct expr *e, struct ir_val dst);
void lower_next_overload(struct lower *L);

/* ---- arrays (lower_array.c) ---- */
struct key {
	struct ir_val buf; /* packed key; or the only, integer key */
	struct ir_val words;
	bool single;
	/* for slices: where each component is; IV_NONE for '*' */
	struct ir_val part[AST_MAX_KEYS];
};
void lower_key(struct lower *L, const struct var_decl *array,
	       struct expr *const *keys, uint32_t n, struct key *k);
struct ir_val lower_find(struct lower *L, const struct var_decl *array,
			 const struct key *k);
struct ir_val lower_insert(struct lower *L, const struct var_decl *array,
			   const struct key *k, struct loc loc);
struct val lower_index_get(struct lower *L, const struct expr *e);
struct ir_val lower_in(struct lower *L, const struct expr *e);
void lower_delete(struct lower *L, const struct stmt *s);
/* entry matches the slice? else goes to no */
void lower_match(struct lower *L, const struct var_decl *array,
		 const struct key *k, struct ir_val entry, struct label *no);
void lower_foreach(struct lower *L, const struct stmt *s);

/* ---- statistics (lower_stat.c) ---- */
struct stat_ref {
	struct ir_val stat, desc;
	const struct var_info *var;
};
struct stat_ref lower_stat_ref(struct lower *L, const struct expr *e);
/* The variable of @count(x) and the like. */
const struct var_info *lower_stat_var(const struct expr *statop);
void lower_aggregate(struct lower *L, const struct expr *e);
struct ir_val lower_statop(struct lower *L, const struct expr *e);
struct ir_val lower_bucket(struct lower *L, const struct expr *e);
struct ir_val lower_bucket_at(struct lower *L, const struct expr *statop,
			      struct ir_val index);

/* ---- printing (lower_print.c) ---- */
void lower_print(struct lower *L, const struct expr *e);
/* Into dst, or behind the text that is there. */
void lower_sprint(struct lower *L, const struct expr *e, struct ir_val dst,
		  bool append);

/* ---- problems ---- */
#define lower_error(L, tag, loc, what, ...)                                    \
	diag_report((L)->diag, tag, (loc), (what), ##__VA_ARGS__)
/* For what pass 2 refuses: reaching it is a bug of ours. */
#define lower_impossible(L, loc)                                               \
	lower_error(L, INTERNAL, loc, NULL,                                    \
		    "pass 2 let pass what has no meaning here")

/* ---- symbols of programs (lower_umods.c) ---- */
/* Places them, when the code asks for any; before heap_finish(). */
void umods_place(struct lower *L);
/* The source of the kernel's code (lower_ksources.c). */
void ksources_place(struct lower *L);

#endif
