/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The syntax tree: what pass 1 makes of a script or tapset file, what pass 2
 * annotates and rewrites, and what pass 3 lowers to the IR.
 *
 * Every node remembers where it came from (loc). Nodes live in the session's
 * arena. Fields under "sema:" are zero after parsing and filled by pass 2;
 * the parser and the un-parser never look at them.
 *
 * Names are arena strings, compared with strcmp.
 */
#ifndef SYNTAX_AST_H
#define SYNTAX_AST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/source.h"

/* Types of the language. TY_NONE: a function that returns no value. */
enum type { TY_UNKNOWN, TY_LONG, TY_STRING, TY_STATS, TY_NONE };

#define AST_MAX_KEYS 9 /* keys of an array; SystemTap's limit */
#define AST_MAX_HEIGHT 1000 /* of an expression's tree */
#define AST_MAX_NESTING 500 /* of statements */

struct expr;
struct stmt;
struct value_type;
struct var_decl;
struct func_decl;
struct probe_decl;
struct file;

typedef VEC(struct expr *) expr_list;
typedef VEC(struct stmt *) stmt_list;

/* ------------------------------------------------------------------ *
 * Expressions
 * ------------------------------------------------------------------ */

enum expr_kind {
	E_NUMBER, /* num */
	E_STRING, /* str */
	E_SYMBOL, /* sym: local, global, parameter */
	E_INDEX, /* index: a[k, ...], also on histograms: @hist_log(v)[i] */
	E_TARGET, /* target: $v, $$parms, @var(...), @cast(...), @perf, ... */
	E_UNARY, /* unary */
	E_INCDEC, /* incdec: ++v v++ --v v-- */
	E_BINARY, /* binary: arithmetic, comparison, logic, '.' */
	E_ASSIGN, /* assign, incl. <<< */
	E_TERNARY, /* ternary */
	E_IN, /* in: [k, *] in a */
	E_REGEX, /* regex: s =~ "re" */
	E_CALL, /* call */
	E_STATOP, /* statop: @count(v) ... @hist_linear(v, ...) */
	E_PRINT, /* print: the whole print family */
	E_DEFINED, /* defined: @defined(expr) */
	E_ENTRY, /* defined.arg: @entry(expr) */
	E_PROBEWRITE, /* defined.arg: @probewrite(sym) */
	E_EMBEDDED, /* embedded: %{ C %} as an expression */
	E_PRIM, /* prim: made by pass 2 only (target variable access) */
	E_KIND_COUNT
};

enum op {
	OP_NONE,
	/* unary */
	OP_NEG, /* - */
	OP_POS, /* + */
	OP_NOT, /* ! */
	OP_BITNOT, /* ~ */
	OP_ADDR, /* & before a target variable */
	/* binary, and the operator part of an assignment */
	OP_MUL,
	OP_DIV,
	OP_MOD,
	OP_ADD,
	OP_SUB,
	OP_CONCAT, /* . */
	OP_SHL, /* << */
	OP_SHR, /* >>  arithmetic */
	OP_USHR, /* >>> logical */
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_EQ,
	OP_NE,
	OP_BITAND,
	OP_BITXOR,
	OP_BITOR,
	OP_LOGAND,
	OP_LOGOR,
	OP_AGGREGATE, /* <<<, only in E_ASSIGN */
	OP_COUNT
};

/* "+", "<<", ... as in a script. */
const char *op_text(enum op op);

/* One step of a target variable access: ->name, [expr], or the suffix. */
enum step_kind { STEP_MEMBER, STEP_INDEX };
struct target_step {
	enum step_kind kind;
	struct loc loc;
	const char *member; /* STEP_MEMBER */
	struct expr *index; /* STEP_INDEX */
};

enum target_kind {
	TGT_VAR, /* $name, $$name ("name" holds no '$' for $name and one '$'
		    for $$name: "$parms") */
	TGT_ATVAR, /* @var("name@file", "module") */
	TGT_CAST, /* @cast(expr, "type", "module") */
	TGT_PERF, /* @perf("counter") */
	TGT_KREGISTER, /* @kregister(n) */
	TGT_UREGISTER,
	TGT_KDEREF, /* @kderef(size, addr) */
	TGT_UDEREF,
	TGT_CONST, /* @const("expr") */
	TGT_ERRNO, /* @errno */
	TGT_ENUM, /* @enum("C") */
	TGT_ENUMNAME, /* @enumname(expr, "type", "module") */
	TGT_AUTOCAST, /* expr->member where expr is not a target variable */
};

/*
 * Low-level access primitives that pass 2 puts in place of E_TARGET. They are
 * all that pass 3 needs to know of target variables.
 */
enum prim_op {
	/* u64/u32/... at a constant byte offset of the probe's context (args[]
	   of a raw tracepoint, pt_regs of a uprobe): off, size, is_signed. */
	PRIM_CTX,
	/* Integer of `size` bytes at address arg (0), kernel or user memory.
	   A fault is a script error. */
	PRIM_READ_KERNEL,
	PRIM_READ_USER,
	/* NUL-terminated string at address arg (0), at most arg (1) bytes when
	   present; a string. A fault is a script error. */
	PRIM_STR_KERNEL,
	PRIM_STR_USER, /* off: PRIM_STR_SOFT */
	/* Constant `value`; reloc says what it is, for CO-RE. */
	PRIM_FIELD_OFFSET,
	/* (arg0 << shl) >> shr, arithmetic when is_signed: sign extension and
	   bit fields. */
	PRIM_EXTRACT,
	/* What the runner read for an input probe; a string. */
	PRIM_INPUT,
	/* $value of a procfs read probe: only what is assigned to; pass 2
	   leaves none. */
	PRIM_REPLY,
	/* What a netfilter handler decides; assigned to only. */
	PRIM_VERDICT,
};

#define PRIM_STR_SOFT 1u /* a fault gives "" instead of an error */

/* What a PRIM_FIELD_OFFSET stands for on another kernel. */
struct field_reloc {
	const char *type_name; /* "task_struct" */
	bool is_union;
	const char *access; /* CO-RE access string, "0:12:3" */
	uint32_t btf_id; /* of the type in vmlinux BTF of this machine */
	const struct type_src *types; /* what btf_id counts in (target/) */
};

struct expr {
	enum expr_kind kind;
	struct loc loc;
	enum type type; /* sema: (parser leaves TY_UNKNOWN) */
	bool parens; /* was written in parentheses (un-parse, warnings) */
	uint16_t height; /* of the tree below; the parser bounds it, so that
			    passes may recurse (AST_MAX_HEIGHT) */
	/* sema: what this integer points to in C (probe/access.h), so that
	   `->` may follow it after it went through a script variable */
	const struct value_type *ctype;
	union {
		struct {
			int64_t v;
			const char *text; /* as written, for un-parse */
		} num;
		struct {
			const char *s; /* escapes decoded; no embedded NUL */
			uint32_t len;
		} str;
		struct {
			const char *name;
			struct var_decl *ref; /* sema: */
		} sym;
		struct {
			/* E_SYMBOL for an array, E_STATOP for a histogram */
			struct expr *base;
			/* NULL element: '*' (only under E_IN and delete) */
			expr_list keys;
		} index;
		struct {
			enum target_kind tk;
			const char *name; /* variable, type, counter, ... */
			const char *module; /* third argument of @cast,
					       second of @var; or NULL */
			struct expr *arg; /* @cast's pointer, @kderef's addr,
					     AUTOCAST's base, ... */
			struct expr *arg2; /* @kderef's size */
			VEC(struct target_step) steps;
			bool addr_of; /* &$v->f */
			uint8_t pretty; /* 0, 1 for "$", 2 for "$$" suffix */
			struct expr *bound; /* sema: replacement tree */
			struct unbound *unbound; /* sema: or why not */
		} target;
		struct {
			enum op op;
			struct expr *a;
		} unary;
		struct {
			struct expr *a; /* lvalue */
			int8_t delta; /* +1 or -1 */
			bool prefix;
			bool no_lvalue; /* sema: of 1++, f()++ */
		} incdec;
		struct {
			enum op op;
			struct expr *a, *b;
		} binary;
		struct {
			enum op op; /* OP_NONE for '=', OP_ADD for '+=', ... */
			struct expr *a, *b;
		} assign;
		struct {
			struct expr *cond, *a, *b;
		} ternary;
		struct {
			expr_list keys; /* NULL element: '*' */
			struct expr *array; /* E_SYMBOL */
		} in;
		struct {
			struct expr *a; /* subject */
			struct expr *pattern; /* E_STRING */
			bool negated;
		} regex;
		struct {
			const char *name;
			expr_list args;
			/* sema: all same-arity overloads in the order in which
			   they are tried; one element usually */
			VEC(struct func_decl *) funcs;
			const struct builtin *builtin; /* sema: or this */
		} call;
		struct {
			enum statop {
				STAT_COUNT,
				STAT_SUM,
				STAT_MIN,
				STAT_MAX,
				STAT_AVG,
				STAT_VARIANCE,
				STAT_HIST_LOG,
				STAT_HIST_LINEAR,
			} op;
			struct expr *stat; /* E_SYMBOL or E_INDEX */
			int64_t param[3]; /* low, high, interval; or shift */
			uint32_t nparams;
		} statop;
		struct {
			bool to_string; /* sprint* */
			bool with_format; /* printf, sprintf */
			bool with_delim; /* printd*, sprintd* */
			bool newline; /* println*, printdln*, ... */
			bool is_char; /* print_char */
			/* with_format: the literal; with_delim: any string */
			struct expr *format;
			expr_list args;
			/* with_format: parsed, see syntax/format.h */
			struct format *fmt;
			/* to_string: the text when an argument fails, or NULL */
			const char *on_error;
		} print;
		struct {
			struct expr *arg;
		} defined; /* E_DEFINED, E_ENTRY, E_PROBEWRITE */
		struct {
			const char *code;
		} embedded;
		struct {
			enum prim_op op;
			struct expr *arg[2];
			uint32_t off, size; /* bytes */
			bool is_signed;
			uint8_t shl, shr; /* PRIM_EXTRACT, bits */
			int64_t value; /* PRIM_FIELD_OFFSET */
			const struct field_reloc *reloc;
		} prim;
	};
};

/* ------------------------------------------------------------------ *
 * Statements
 * ------------------------------------------------------------------ */

enum stmt_kind {
	S_NULL, /* ; */
	S_EXPR, /* expr */
	S_BLOCK, /* block */
	S_IF, /* if_ */
	S_WHILE, /* loop: cond, body */
	S_FOR, /* loop: init, cond, step, body */
	S_FOREACH, /* foreach */
	S_BREAK,
	S_CONTINUE,
	S_RETURN, /* expr or NULL */
	S_NEXT,
	S_DELETE, /* expr: E_SYMBOL or E_INDEX */
	S_TRY, /* try_ */
	S_EMBEDDED, /* embedded C as a whole function body */
	S_KIND_COUNT
};

struct stmt {
	enum stmt_kind kind;
	struct loc loc;
	union {
		struct expr *expr;
		struct {
			stmt_list list;
			struct loc end; /* of the closing brace */
		} block;
		struct {
			struct expr *cond;
			struct stmt *then, *otherwise; /* NULL: no else */
		} if_;
		struct {
			struct expr *init, *cond, *step; /* NULL if absent */
			struct stmt *body;
		} loop;
		struct {
			/* E_SYMBOL each; over a histogram: one */
			expr_list keys;
			struct expr *value; /* E_SYMBOL, or NULL */
			struct expr *base; /* E_SYMBOL or E_STATOP (hist) */
			expr_list slice; /* a[1, *]: NULL is '*'; may be empty */
			/* 0: none; 1..n: key column; -1: by value */
			int sort_column;
			int sort_dir; /* +1 ascending, -1 descending, 0 none */
			/* sort by value of this aggregate operation */
			bool sort_has_stat;
			enum statop sort_stat;
			struct expr *limit; /* or NULL */
			struct stmt *body;
		} foreach;
		struct {
			struct stmt *body, *handler;
			struct expr *var; /* E_SYMBOL or NULL */
		} try_;
		const char *embedded;
	};
};

/* ------------------------------------------------------------------ *
 * Declarations
 * ------------------------------------------------------------------ */

enum var_kind { VAR_GLOBAL, VAR_LOCAL, VAR_PARAM };

struct var_decl {
	enum var_kind kind;
	const char *name; /* as written */
	struct loc loc;
	struct file *file;

	/* globals, from the source */
	bool is_private;
	struct expr *init; /* E_NUMBER or E_STRING, or NULL */
	bool given; /* init is that of -G, whose type is what the uses say */
	int64_t max_entries; /* [N]; 0: default */
	bool wrap; /* % */
	bool is_synthetic; /* made by pass 2 */

	/* from ":type" (parameters) or inferred */
	enum type type; /* of the scalar, or of an array's values */
	bool is_array; /* sema: */
	uint32_t nkeys; /* sema: */
	enum type key_type[AST_MAX_KEYS]; /* sema: */

	/* sema: facts that later passes use */
	struct loc type_loc; /* where the type was first inferred */
	bool type_declared;  /* ":type", or an initial value has it */
	uint32_t type_arg;   /* it was that of argument type_arg - 1, or 0 */
	struct loc key_loc[AST_MAX_KEYS]; /* where the keys were */
	bool read, written; /* anywhere in live code */
	/* statistics: what is asked of this aggregate anywhere */
	uint32_t stat_ops; /* bit per enum statop */
	int64_t hist_low, hist_high, hist_step; /* @hist_linear */
	uint32_t variance_shift;
	uint32_t id; /* sema: dense number among its kind */
	void *aux; /* sema/lowering private */
};

struct func_decl {
	const char *name;
	struct loc loc;
	struct file *file;
	bool is_private;
	enum type ret; /* declared or inferred; TY_NONE */
	struct loc ret_loc; /* sema: what the inferred type came from */
	bool ret_declared;
	VEC(struct var_decl *) params;
	bool has_priority;
	int64_t priority;
	struct stmt *body; /* S_BLOCK, or S_EMBEDDED */

	/* sema: */
	VEC(struct var_decl *) locals;
	bool live; /* reachable from a probe */
	bool uses_next; /* overload falls through with "next" */
	uint32_t id;
	void *aux;
};

/* kernel.function("f", ...) one dotted component */
struct pp_component {
	const char *name; /* may hold wildcards; braces are expanded */
	struct loc loc;
	struct expr *arg; /* E_NUMBER, E_STRING or NULL */
};

struct alias_decl;
struct probe_point {
	struct loc loc;
	VEC(struct pp_component) comps;
	bool optional; /* ? */
	bool sufficient; /* ! */
	struct expr *cond; /* if (...) */
	/* sema: the point this came from when an alias was expanded, and the
	   point of that alias as it is written */
	const struct probe_point *from, *written;
	const struct alias_decl *alias;
};

struct probe_decl {
	struct loc loc;
	struct file *file;
	VEC(struct probe_point *) points;
	struct stmt *body; /* S_BLOCK */
	bool is_synthetic;
};

/* probe NAME, NAME = POINTS { prologue }, { epilogue } */
struct alias_decl {
	struct loc loc;
	struct file *file;
	VEC(struct probe_point *) names;
	VEC(struct probe_point *) points;
	bool epilogue_style; /* += */
	struct stmt *body; /* prologue for =, epilogue for += */
	struct stmt *body2; /* second block: epilogue for "= {} , {}" */
};

struct embedded_decl {
	struct loc loc;
	const char *code;
};

/* A parsed file; order[] keeps the source order for the un-parser. */
enum decl_kind { DECL_PROBE, DECL_ALIAS, DECL_GLOBAL, DECL_FUNC, DECL_EMBEDDED };
struct decl {
	enum decl_kind kind;
	void *p;
};

struct file {
	const struct source *src;
	bool is_tapset;
	bool guru; /* embedded C is allowed here */
	/* By the semantic pass: something in it is used; its probes are built */
	bool used, probed;
	VEC(struct probe_decl *) probes;
	VEC(struct alias_decl *) aliases;
	VEC(struct var_decl *) globals;
	VEC(struct func_decl *) funcs;
	VEC(struct embedded_decl *) embeds;
	VEC(struct decl) order;
};

/* ------------------------------------------------------------------ *
 * Helpers (ast.c)
 * ------------------------------------------------------------------ */

struct expr *expr_new(struct arena *a, enum expr_kind k, struct loc loc);
struct stmt *stmt_new(struct arena *a, enum stmt_kind k, struct loc loc);
struct expr *expr_number(struct arena *a, struct loc loc, int64_t v);
struct expr *expr_string(struct arena *a, struct loc loc, const char *s);
struct expr *expr_symbol(struct arena *a, struct loc loc, const char *name);
struct expr *expr_binary(struct arena *a, struct loc loc, enum op op,
			 struct expr *l, struct expr *r);
struct expr *expr_call(struct arena *a, struct loc loc, const char *name);

/* Deep copies: an alias body is copied into each probe that uses it. */
struct expr *expr_clone(struct arena *a, const struct expr *e);
struct stmt *stmt_clone(struct arena *a, const struct stmt *s);

/*
 * Visit every direct child. The callback gets the address of the child
 * pointer, so that it can replace the node; it recurses by calling
 * expr_children / stmt_children itself.
 */
struct visitor {
	void (*expr)(struct visitor *v, struct expr **e);
	void (*stmt)(struct visitor *v, struct stmt **s);
	void *ctx;
};
void expr_children(struct visitor *v, struct expr *e);
void stmt_children(struct visitor *v, struct stmt *s);

/* True when both trees are the same program (locations ignored). */
bool file_equal(const struct file *a, const struct file *b);
bool expr_equal(const struct expr *a, const struct expr *b);
bool stmt_equal(const struct stmt *a, const struct stmt *b);

#endif
