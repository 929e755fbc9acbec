/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DWARF of one ELF file, be it a program, a library, vmlinux or a kernel
 * module: functions and their inlined instances, lines, variables, types.
 *
 * Addresses are link-time ones, as nm and objdump print them (of a kernel
 * module: as if each section were where libdwfl lays it out). What makes
 * run-time addresses of them is the caller's business, and so is where
 * registers come from: nothing here knows of user space or the kernel.
 *
 * Debug information may stand in the file, in a separate one (found by
 * build-id, .gnu_debuglink or, when DEBUGINFOD_URLS is set, a debuginfod
 * server), in a shared dwz file and in .dwo files. All is read when first
 * asked for: opening costs a section table, the function index one walk over
 * the top levels of each unit.
 */
#ifndef TARGET_DWARF_H
#define TARGET_DWARF_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "target/type.h"

struct dw_module;

/*
 * Opens the debug information of a file. root: "" or the directory that
 * stands for "/". NULL: *why is a sentence without the path, *remedy (or
 * NULL) what to install. Close with dw_close().
 */
struct dw_module *dw_open(struct arena *a, const char *root, const char *path,
			  const char **why, const char **remedy);
/* The same from a file descriptor (tests, fuzzing); it is taken over. */
struct dw_module *dw_open_fd(struct arena *a, int fd, const char *name,
			     const char **why);
void dw_close(struct dw_module *m);

const char *dw_path(const struct dw_module *m);
uint16_t dw_machine(const struct dw_module *m); /* EM_* */
bool dw_is_relocated(const struct dw_module *m); /* ET_DYN or ET_REL */
/* Its types; what ids mean is private to it. */
const struct type_src *dw_types(const struct dw_module *m);

/* ---- symbols (dwarf_symbols.c) ---- */
/* The function's symbol that covers an address, or NULL. */
const char *dw_symbol_at(struct dw_module *m, uint64_t addr, uint64_t *off);
/* How many functions of this name come before the one at addr. */
uint32_t dw_symbol_number(struct dw_module *m, const char *name, uint64_t addr);
bool dw_symbol_address(struct dw_module *m, const char *name, uint64_t *addr);

/* The section that an address lies in, and where that starts; or NULL. */
const char *dw_section_at(struct dw_module *m, uint64_t addr, uint64_t *start);

/* ---- functions (dwarf_funcs.c) ---- */

struct dw_func {
	const char *name;    /* "f" */
	const char *scope;   /* "ns::class", "" at the top */
	const char *linkage; /* mangled name, or NULL */
	const char *file;    /* dw_func_file() fills it in */
	unsigned line;	     /* where it is declared */
	uint64_t entry;	 /* of an out-of-line copy; 0: there is none */
	uint64_t size;	 /* of the part at entry */
	bool external;
	bool is_thunk;	 /* it has a linkage name only: no pattern fits it */
	bool can_inline; /* an abstract function: may have inlined instances */
	Dwarf_Die die;	 /* concrete when entry, abstract otherwise */
};

/* All functions, by address, those without code last. *n of them. */
const struct dw_func *dw_funcs(struct dw_module *m, uint32_t *n);

/* The file that declares it, absolute if known; "" when unknown. */
const char *dw_func_file(struct dw_module *m, const struct dw_func *f);

/* A place where a function's body was put into another's. */
struct dw_inline {
	const struct dw_func *func;  /* the abstract one */
	const struct dw_func *outer; /* whose body, inlined or not, it is in */
	unsigned level;		     /* how many inlined bodies are around it */
	uint64_t entry;
	Dwarf_Die die;
};
typedef VEC(struct dw_inline) dw_inline_list;
/* Those of one function, by address, each once: the bodies of its unit are
   walked, and of those units that refer to others. */
void dw_inlines_of(struct dw_module *m, const struct dw_func *f,
		   dw_inline_list *out);
/* Those in the body of one function, at most so many within each other. */
void dw_inlines_in(struct dw_module *m, const struct dw_func *f, unsigned depth,
		   dw_inline_list *out);

/* ---- calls (dwarf_calls.c) ---- */

struct dw_call {
	const struct dw_func *caller; /* with code; inlined bodies count as its */
	const struct dw_func *callee; /* NULL: not known, or in another file */
	uint64_t return_pc;	      /* behind the call instruction */
	bool is_tail;		      /* a jump: nothing returns to it */
	Dwarf_Die die;
};
typedef VEC(struct dw_call) dw_call_list;
/* Those in the body of one function (appended), inlined bodies included. */
void dw_calls_in(struct dw_module *m, const struct dw_func *f,
		 dw_call_list *out);
/* All that the debug information lists; the first call walks all bodies. */
const struct dw_call *dw_calls(struct dw_module *m, uint32_t *n);
/* Those of the function with code at entry, by return_pc. */
const struct dw_call *dw_calls_of(struct dw_module *m, uint64_t entry,
				  uint32_t *n);
/*
 * What the argument in DWARF's register reg (or, when param is given, of that
 * formal parameter) is, as an expression in the caller's frame. False: the
 * compiler does not say.
 */
struct dw_loc;
bool dw_call_argument(const struct dw_call *c, unsigned reg,
		      const Dwarf_Die *param, struct dw_loc *out);

/* A pattern of functions: "f", "f@file.c", "ns::f@dir/file.cc:12". */
struct dw_pattern {
	const char *func; /* without scopes; may hold wildcards */
	const char *scope; /* "ns::cls": innermost scopes, or NULL */
	bool rooted;	   /* it began with "::" */
	const char *file;  /* or NULL */
	enum dw_line_kind {
		DW_LINE_NONE,
		DW_LINE_ABSOLUTE, /* :12 */
		DW_LINE_RELATIVE, /* +2, from the declaration */
		DW_LINE_RANGE,	  /* :12-20, also lists */
		DW_LINE_ALL,	  /* :* */
	} line_kind;
	struct dw_range {
		unsigned lo, hi;
	} *lines;
	unsigned nlines;
};
/* False: it makes no sense, *why. */
bool dw_pattern_parse(struct arena *a, const char *text, struct dw_pattern *out,
		      const char **why);
bool dw_pattern_fits(struct dw_module *m, const struct dw_pattern *p,
		     const struct dw_func *f);
/* Takes "ns::f" apart: name and scope of a function without debug
   information. */
void dw_name_split(struct arena *a, const char *full, struct dw_func *out);
/* The same without the file. */
bool dw_pattern_names(const struct dw_pattern *p, const struct dw_func *f);
/* A file pattern fits a path when it is the whole, or its last components. */
bool dw_file_fits(const char *pattern, const char *path);

/* The innermost function or inlined instance at pc; false: none. */
bool dw_func_at(struct dw_module *m, uint64_t pc, Dwarf_Die *out);

/* The innermost inlined instance at pc. */
bool dw_inline_at(struct dw_module *m, uint64_t pc, struct dw_inline *out);
/* The function with code at pc, or NULL. */
const struct dw_func *dw_func_of(struct dw_module *m, uint64_t pc);

/* The function at pc and the inlined bodies in it, outermost first: how many,
   at most max. */
uint32_t dw_bodies_at(struct dw_module *m, uint64_t pc, Dwarf_Die *out,
		      uint32_t max);

/* Labels of a function: "L" may hold wildcards. */
struct dw_label {
	const char *name;
	uint64_t addr;
	unsigned line;
	const char *file;
};
typedef VEC(struct dw_label) dw_label_list;
void dw_labels(struct dw_module *m, Dwarf_Die *func, const char *pattern,
	       dw_label_list *out);

/* ---- lines (dwarf_lines.c) ---- */

/*
 * Where the function's own statements begin, after the code that makes the
 * frame: the address of its second line entry; f->entry when there is none or
 * when its variables can be had at entry (locations by pc).
 */
uint64_t dw_after_prologue(struct dw_module *m, const struct dw_func *f);

struct dw_line {
	uint64_t addr;
	unsigned line;
	const char *file;
	Dwarf_Die body; /* of dw_lines(): the function or inlined instance */
};
typedef VEC(struct dw_line) dw_line_list;
/*
 * Places of source lines: in functions that fit (or, without a function part,
 * anywhere in the files that fit) the first address of each run of a line.
 * near: when a line has no code, the next that has. Returns the number found;
 * around, when not NULL, gets up to two lines next to a missing one.
 */
uint32_t dw_lines(struct dw_module *m, const struct dw_pattern *p, bool near,
		  dw_line_list *out, unsigned around[2]);
/* Does the function, from its declaration to the last line of its code, reach
   the lines that the pattern states, if it states any? */
bool dw_pattern_covers(struct dw_module *m, const struct dw_pattern *p,
		       const struct dw_func *f);
/* The line of an address, and where its code begins; false: not known. */
bool dw_line_at(struct dw_module *m, uint64_t addr, struct dw_line *out);

/* ---- the source of all code (dwarf_source.c) ---- */

/* An inlined body. */
struct dw_source_frame {
	const char *name;
	const char *file; /* where it is called, or NULL */
	unsigned line;
	uint32_t outer; /* the body around it: index + 1; 0: the function */
};
/* Code from addr up to the next row's. */
struct dw_source {
	uint64_t addr;
	unsigned line;	  /* 0: not known */
	const char *file; /* or NULL */
	uint32_t frame;	  /* the innermost inlined body: index + 1; 0: none */
};
struct dw_source_table {
	VEC(struct dw_source) rows; /* by address */
	VEC(struct dw_source_frame) frames;
};
void dw_sources(struct dw_module *m, struct dw_source_table *out);

/* Only lines, for the largest of files: from addr on, to the next row. */
struct dw_source_line {
	uint64_t addr;
	uint32_t line; /* 0: not known */
	uint32_t file; /* index in files */
};
struct dw_source_lines {
	VEC(struct dw_source_line) rows; /* by address */
	VEC(const char *) files;
};
void dw_source_lines(struct dw_module *m, struct dw_source_lines *out);

/* ---- variables (dwarf_vars.c) ---- */

/* A location expression, or a constant. */
struct dw_loc {
	enum {
		DW_LOC_NONE, /* optimised out here */
		DW_LOC_EXPR,
		DW_LOC_BYTES, /* DW_AT_const_value, little-endian */
	} kind;
	Dwarf_Op *ops;
	size_t nops;
	Dwarf_Attribute attr; /* ops came from it; for implicit values */
	const uint8_t *bytes;
	size_t nbytes;
};
struct dw_var {
	const char *name;
	Dwarf_Die die;
	bool is_param;
	uint32_t type; /* in dw_types() */
};
typedef VEC(struct dw_var) dw_var_list;
/*
 * Parameters and locals visible at pc within func (a subprogram or inlined
 * instance), each name once: the innermost.
 */
void dw_visible(struct dw_module *m, Dwarf_Die *func, uint64_t pc,
		dw_var_list *out);
/*
 * A variable of a unit, "v" or "v@file": of near's unit, otherwise (unless
 * only_near) of any. near may be NULL. One that units only declare is found when
 * a symbol tells where it is.
 */
bool dw_find_global(struct dw_module *m, Dwarf_Die *near, bool only_near,
		    const char *name, struct dw_var *out);
/* A static member of a class, or of a class that it inherits from. */
bool dw_static_member(struct dw_module *m, uint32_t type, const char *name,
		      struct dw_var *out);
/*
 * What a function returns and where the calling convention leaves it
 * (dwarf_return.c). False: nothing, or *why it cannot be had.
 */
bool dw_return_value(struct dw_module *m, Dwarf_Die *func, uint32_t *type,
		     struct dw_loc *out, const char **why);
/* The function that contains this die and is no inlined instance. */
bool dw_outer_func(struct dw_module *m, uint64_t pc, Dwarf_Die *out);
/*
 * Where a function, or an inlined body, begins: of one in several pieces (its
 * cold part is elsewhere) the first one. False: it has no code.
 */
bool dw_entry(Dwarf_Die *die, Dwarf_Addr *entry);

/* Where the variable is at pc. False: damaged, *why. */
bool dw_location(struct dw_module *m, Dwarf_Die *var, uint64_t pc,
		 struct dw_loc *out, const char **why);
/* The frame base of the function at pc. */
bool dw_frame_base(struct dw_module *m, uint64_t pc, struct dw_loc *out,
		   const char **why);
/* The canonical frame address at pc, as an expression of registers. */
bool dw_cfa(struct dw_module *m, uint64_t pc, Dwarf_Op **ops, size_t *nops,
	    const char **why);
/* Where register `reg` of the caller is at pc: ops on the CFA; nops 0: the
   same register. False: lost. */
bool dw_caller_reg(struct dw_module *m, uint64_t pc, int reg, Dwarf_Op **ops,
		   size_t *nops);
/* The same for the return address. */
bool dw_return_address(struct dw_module *m, uint64_t pc, Dwarf_Op **ops,
		       size_t *nops);
/* Offset of the thread pointer's block of a program's own TLS variables. */
bool dw_tls_offset(struct dw_module *m, uint64_t offset, int64_t *from_tp);
/*
 * Where the dynamic linker has left word of a library's TLS block, for the
 * library's own code (x86_64).
 */
struct dw_tls_slot {
	uint64_t addr;	/* link-time, of the word */
	bool is_module; /* it is the library's number; else its block's offset
			   from the thread pointer, plus `more` */
	int64_t more;
};
bool dw_tls_slot(struct dw_module *m, struct dw_tls_slot *out);

/*
 * How many elements an array has whose length is known at run time only: the
 * value of an expression, or of a variable, and `more`. False: not known.
 */
struct dw_length {
	bool is_var;
	struct dw_var var;
	struct dw_loc expr;
	int64_t more;
};
bool dw_array_length(struct dw_module *m, const struct ttype *array,
		     struct dw_length *out);

/* An id in dw_types() for a type's die. */
uint32_t dw_type_id(struct dw_module *m, Dwarf_Die *type);
/* Of DW_AT_type, abstract origins followed; false: none (void). */
bool dw_type_of(struct dw_module *m, Dwarf_Die *die, uint32_t *type);
/* An enumerator by name. */
bool dw_find_enumerator(struct dw_module *m, const char *name, int64_t *value);

#endif
