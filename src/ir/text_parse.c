// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text form, in; text_print.c has the grammar. Lines are independent but
 * for calls, which may name functions that come later: a first round makes
 * all functions from their header lines, a second one fills them.
 */
#include "ir/ir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"

/* Larger numbers are typing errors; memory stays in proportion to the text. */
#define MAX_REG 65535u

struct parser {
	struct arena *arena;
	struct ir_module *m;
	const char *p; /* within the line */
	uint32_t line;
	struct ir_func *f; /* between { and } */
	uint32_t nfuncs;   /* seen in this round */
	struct map funcs, symbols, rt;
	const char *err;
};

/* ---- words ---- */
__attribute__((format(printf, 2, 3))) static bool fail(struct parser *p,
						       const char *fmt, ...)
{
	va_list ap;

	if (p->err)
		return false;
	va_start(ap, fmt);
	p->err = arena_printf(p->arena, "line %u: %s", p->line,
			      arena_vprintf(p->arena, fmt, ap));
	va_end(ap);
	return false;
}

static void skip_space(struct parser *p)
{
	while (*p->p == ' ' || *p->p == '\t')
		p->p++;
}

static bool at_end(struct parser *p)
{
	skip_space(p);
	return *p->p == '\0' || *p->p == '\n' || *p->p == ';';
}

static bool accept(struct parser *p, const char *s)
{
	size_t n = strlen(s);

	skip_space(p);
	if (strncmp(p->p, s, n) != 0)
		return false;
	p->p += n;
	return true;
}

static bool expect(struct parser *p, const char *s)
{
	return accept(p, s) || fail(p, "'%s' expected", s);
}

static bool word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '$';
}

/* A word of letters and digits, with dots if `dots`; "" when there is none. */
static const char *word(struct parser *p, bool dots)
{
	const char *start;

	skip_space(p);
	start = p->p;
	while (word_char(*p->p) || (dots && *p->p == '.'))
		p->p++;
	return arena_strndup(p->arena, start, p->p - start);
}

/* The whole word, not a prefix of one. */
static bool accept_word(struct parser *p, const char *s)
{
	const char *start = p->p;

	if (accept(p, s) && !word_char(*p->p))
		return true;
	p->p = start;
	return false;
}

/* Signed decimal, or hexadecimal up to 64 bits. */
static bool number(struct parser *p, int64_t *out)
{
	char *end;
	bool neg;
	uint64_t v;

	skip_space(p);
	neg = *p->p == '-';
	if (*p->p == '-' || *p->p == '+')
		p->p++;
	if (*p->p < '0' || *p->p > '9')
		return fail(p, "number expected");
	errno = 0;
	v = strtoull(p->p, &end, p->p[1] == 'x' ? 16 : 10);
	if (errno)
		return fail(p, "number out of range");
	p->p = end;
	*out = (int64_t)(neg ? -v : v);
	return true;
}

static bool number_u32(struct parser *p, uint32_t *out, uint32_t max)
{
	int64_t v;

	if (!number(p, &v))
		return false;
	if (v < 0 || v > max)
		return fail(p, "number out of range");
	*out = (uint32_t)v;
	return true;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
				      : -1;
}

/* After the opening quote. */
static const char *quoted(struct parser *p)
{
	char *out = arena_alloc(p->arena, strcspn(p->p, "\n") + 1);
	size_t n = 0;

	for (; *p->p != '"'; p->p++) {
		char c = *p->p;

		if (c == '\0' || c == '\n') {
			fail(p, "unterminated name");
			return "";
		}
		if (c == '\\') {
			c = *++p->p;
			if (c == 'n') {
				c = '\n';
			} else if (c == 't') {
				c = '\t';
			} else if (c == 'x') {
				int hi = hex_digit(p->p[1]), lo;

				lo = hi < 0 ? -1 : hex_digit(p->p[2]);
				if (lo < 0 || (!hi && !lo)) {
					fail(p, "bad \\x escape");
					return "";
				}
				c = (char)(hi << 4 | lo);
				p->p += 2;
			} else if (c != '"' && c != '\\') {
				fail(p, "bad escape");
				return "";
			}
		}
		out[n++] = c;
	}
	p->p++;
	return out;
}

static const char *name(struct parser *p)
{
	const char *s;

	if (accept(p, "\""))
		return quoted(p);
	s = word(p, true);
	if (!*s)
		fail(p, "name expected");
	return s;
}

/* ---- operands ---- */
static bool reg(struct parser *p, ir_reg *out)
{
	if (!number_u32(p, out, MAX_REG))
		return false;
	if (!*out)
		return fail(p, "registers count from %%1");
	if (*out >= p->f->nregs)
		p->f->nregs = *out + 1;
	return true;
}

static bool heap_base(struct parser *p, struct ir_val *v)
{
	struct ir_symbol *s;

	*v = iv_heap(0);
	if ((*p->p >= '0' && *p->p <= '9') || *p->p == '-')
		return number(p, &v->imm);
	const char *sym = name(p);

	if (p->err)
		return false;
	s = map_get(&p->symbols, sym);
	if (!s)
		return fail(p, "no symbol '%s'", sym);
	v->imm = s->off;
	return true;
}

static bool val(struct parser *p, struct ir_val *v)
{
	int64_t off;

	if (accept(p, "%")) {
		*v = iv_reg(0);
		return reg(p, &v->reg);
	}
	if (accept(p, "@")) {
		if (!heap_base(p, v))
			return false;
	} else if (accept_word(p, "ctx")) {
		*v = iv_ctx(0);
	} else if (accept(p, "slot")) {
		*v = iv_slot(0, 0);
		if (!number_u32(p, &v->reg, UINT32_MAX))
			return false;
	} else {
		*v = iv_imm(0);
		return number(p, &v->imm);
	}
	skip_space(p);
	if (*p->p == '+' || *p->p == '-') {
		if (!number(p, &off))
			return false;
		v->imm = (int64_t)((uint64_t)v->imm + (uint64_t)off);
	}
	return true;
}

static bool mem(struct parser *p, struct ir_insn *in)
{
	int64_t off = 0;

	if (!expect(p, "["))
		return false;
	if (in->op == IR_CTXLD) {
		if (!number(p, &off))
			return false;
	} else {
		if (!val(p, &in->a))
			return false;
		skip_space(p);
		if ((*p->p == '+' || *p->p == '-') && !number(p, &off))
			return false;
	}
	if (off < INT32_MIN || off > INT32_MAX)
		return fail(p, "offset out of range");
	in->off = (int32_t)off;
	return expect(p, "]");
}

static bool block_ref(struct parser *p, uint32_t *out)
{
	return expect(p, "b") && number_u32(p, out, UINT32_MAX);
}

static bool cond(struct parser *p, struct ir_insn *in)
{
	const char *cc = word(p, false);

	for (uint32_t i = 0; i < IR_CC_COUNT; i++) {
		if (strcmp(cc, ir_cc_text[i]) == 0) {
			in->cc = i;
			return val(p, &in->a) && expect(p, ",") &&
			       val(p, &in->b);
		}
	}
	return fail(p, "no condition '%s'", cc);
}

/* ---- instructions ---- */
static bool call(struct parser *p, struct ir_insn *in)
{
	const char *fn = word(p, false);
	VEC(struct ir_val) args = {0};
	struct ir_val v;

	if (in->op == IR_RT) {
		if (!map_has(&p->rt, fn))
			return fail(p, "no run-time function '%s'", fn);
		in->fn = (uint32_t)((struct rt_info *)map_get(&p->rt, fn) -
				    rt_info);
	} else {
		struct ir_func *callee = map_get(&p->funcs, fn);

		if (!callee)
			return fail(p, "no function '%s'", fn);
		in->fn = callee->index;
	}
	if (!expect(p, "("))
		return false;
	while (!accept(p, ")")) {
		if (args.n && !expect(p, ","))
			return false;
		if (!val(p, &v))
			return false;
		vec_push(p->arena, &args, v);
	}
	in->args = args.v;
	in->nargs = args.n;
	return true;
}

static bool end_insn(struct parser *p, struct ir_insn *in)
{
	switch (in->op) {
	case IR_JMP:
		return block_ref(p, &in->to[0]);
	case IR_BR:
		return cond(p, in) && expect(p, "->") &&
		       block_ref(p, &in->to[0]) && expect(p, ",") &&
		       block_ref(p, &in->to[1]);
	case IR_BRERR:
		return block_ref(p, &in->to[0]) && expect(p, ",") &&
		       block_ref(p, &in->to[1]);
	default:
		return at_end(p) || val(p, &in->a);
	}
}

static bool mem_insn(struct parser *p, struct ir_insn *in)
{
	uint32_t size = 0;

	if (!expect(p, ".") || !number_u32(p, &size, 8))
		return false;
	in->size = size;
	in->is_signed = *p->p == 's';
	if (in->is_signed)
		p->p++;
	if (!mem(p, in))
		return false;
	if (in->op == IR_LD || in->op == IR_CTXLD)
		return true;
	return expect(p, ",") && val(p, &in->b);
}

static bool insn(struct parser *p)
{
	struct ir_insn in = {0};
	const char *op;

	if (!p->f->blocks.n)
		return fail(p, "instruction outside of a block");
	if (accept(p, "%") && (!reg(p, &in.d) || !expect(p, "=")))
		return false;
	op = word(p, false);
	while (in.op < IR_OP_COUNT && strcmp(op, ir_op_info[in.op].text) != 0)
		in.op++;
	if (in.op == IR_OP_COUNT)
		return fail(p, "no operation '%s'", op);
	bool ok = true;

	switch (ir_op_info[in.op].cls) {
	case IR_CLASS_UN:
		ok = val(p, &in.a);
		break;
	case IR_CLASS_BIN:
		ok = val(p, &in.a) && expect(p, ",") && val(p, &in.b);
		break;
	case IR_CLASS_CMP:
		ok = cond(p, &in);
		break;
	case IR_CLASS_MEM:
		ok = mem_insn(p, &in);
		break;
	case IR_CLASS_CALL:
		ok = call(p, &in);
		break;
	case IR_CLASS_END:
		ok = end_insn(p, &in);
		break;
	}
	if (ok)
		ir_emit(p->m, p->f, p->f->blocks.n - 1, in);
	return ok;
}

/* ---- lines ---- */
static bool statics_line(struct parser *p)
{
	return number_u32(p, &p->m->statics_end, UINT32_MAX);
}

static bool symbol_line(struct parser *p)
{
	struct ir_symbol s = {.name = name(p)};

	if (p->err || !number_u32(p, &s.off, UINT32_MAX) ||
	    !number_u32(p, &s.size, UINT32_MAX))
		return false;
	vec_push(p->arena, &p->m->symbols, s);
	return true;
}

static bool slot_line(struct parser *p)
{
	uint32_t n = 0, size = 0;
	const char *s;

	if (!number_u32(p, &n, UINT32_MAX))
		return false;
	if (n != p->f->slots.n || p->f->blocks.n)
		return fail(p, "slots stand in order, before the blocks");
	s = name(p);
	if (p->err || !number_u32(p, &size, UINT32_MAX))
		return false;
	ir_slot_new(p->m, p->f, s, size);
	return true;
}

static bool label_line(struct parser *p)
{
	uint32_t n = 0;

	p->p++;
	if (!number_u32(p, &n, UINT32_MAX) || !expect(p, ":"))
		return false;
	if (n != p->f->blocks.n)
		return fail(p, "blocks stand in order");
	ir_block_new(p->m, p->f);
	return true;
}

/* "handler 0 name {" or "func name(1) value {" */
static bool header_line(struct parser *p, bool is_handler)
{
	struct ir_func h = {.is_handler = is_handler};
	struct ir_func *f;

	if (is_handler && !number_u32(p, &h.handler, UINT32_MAX))
		return false;
	h.name = word(p, false);
	if (!*h.name)
		return fail(p, "function name expected");
	if (map_has(&p->funcs, h.name))
		return fail(p, "second function '%s'", h.name);
	if (!is_handler) {
		if (!expect(p, "(") || !number_u32(p, &h.nparams, MAX_REG) ||
		    !expect(p, ")"))
			return false;
		h.returns_value = accept_word(p, "value");
	}
	if (!expect(p, "{"))
		return false;
	f = ir_func_new(p->m, h.name);
	f->is_handler = h.is_handler;
	f->handler = h.handler;
	f->nparams = h.nparams;
	f->returns_value = h.returns_value;
	map_put(&p->funcs, f->name, f);
	return true;
}

/* First round: everything but the inside of functions. */
static bool outer_line(struct parser *p)
{
	bool ok;

	if (p->f) {
		if (accept(p, "}"))
			p->f = NULL;
		return true;
	}
	if (accept_word(p, "statics")) {
		ok = statics_line(p);
	} else if (accept_word(p, "symbol")) {
		ok = symbol_line(p);
	} else if (accept_word(p, "handler") || accept_word(p, "func")) {
		ok = header_line(p, p->p[-1] == 'r');
		if (ok)
			p->f = vec_last(&p->m->funcs);
	} else {
		return fail(p, "statics, symbol, handler or func expected");
	}
	return ok && (at_end(p) || fail(p, "more than expected"));
}

static bool is_label(const char *s)
{
	return s[0] == 'b' && s[1] >= '0' && s[1] <= '9';
}

/* Second round: the inside of functions only. */
static bool inner_line(struct parser *p)
{
	bool ok;

	if (!p->f) {
		if (accept_word(p, "handler") || accept_word(p, "func"))
			p->f = p->m->funcs.v[p->nfuncs++];
		return true;
	}
	if (accept(p, "}")) {
		p->f = NULL;
		ok = true;
	} else if (accept(p, "slot")) {
		ok = slot_line(p);
	} else if (is_label(p->p)) {
		ok = label_line(p);
	} else {
		ok = insn(p);
	}
	return ok && (at_end(p) || fail(p, "more than expected"));
}

static bool each_line(struct parser *p, const char *text,
		      bool (*line)(struct parser *))
{
	p->line = 0;
	p->f = NULL;
	while (*text) {
		const char *nl = strchr(text, '\n');

		p->line++;
		p->p = text;
		if (!at_end(p) && !line(p))
			return false;
		if (!nl)
			break;
		text = nl + 1;
	}
	return !p->f || fail(p, "'}' expected");
}

static bool parse(struct parser *p, const char *text)
{
	if (!each_line(p, text, outer_line))
		return false;
	/* A name that stands for two symbols means the first. */
	vec_for (&p->m->symbols, i) {
		struct ir_symbol *s = &p->m->symbols.v[i];

		if (!map_has(&p->symbols, s->name))
			map_put(&p->symbols, s->name, s);
	}
	return each_line(p, text, inner_line);
}

struct ir_module *ir_parse(struct arena *a, const char *text, const char **err)
{
	struct parser p = {.arena = a, .m = ir_module_new(a)};

	map_init(&p.funcs, a);
	map_init(&p.symbols, a);
	map_init(&p.rt, a);
	for (uint32_t i = 0; i < RT_FN_COUNT; i++)
		map_put(&p.rt, rt_info[i].name, (void *)&rt_info[i]);
	if (!parse(&p, text)) {
		*err = p.err;
		return NULL;
	}
	return p.m;
}
