// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Operands of marks, in the assembler's own notation:
 *
 *   [N@]OPERAND    N: bytes of the argument, negative when it is signed; an
 *                  'f' behind it says floating point
 *   x86_64, i386   $imm $symbol %reg disp(base,index,scale) symbol+off(%rip)
 *   arm64          imm x3 w3 [x3] [x3, imm] [x3, x4, lsl 3]
 *
 * Where N is missing the size is the register's, or a word's.
 */
#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/sdt.h"

struct scan {
	struct arena *arena;
	const char *p, *end;
};

static void skip_blanks(struct scan *s)
{
	while (s->p < s->end && isspace((unsigned char)*s->p))
		s->p++;
}

static bool take(struct scan *s, char c)
{
	skip_blanks(s);
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static bool take_number(struct scan *s, int64_t *v)
{
	char *end;

	skip_blanks(s);
	const char *digits = s->p + (s->p < s->end && strchr("+-", *s->p));
	if (digits >= s->end || !isdigit((unsigned char)*digits))
		return false;
	errno = 0;
	*v = *s->p == '-' ? (int64_t)strtoll(s->p, &end, 0)
			  : (int64_t)strtoull(s->p, &end, 0);
	if (errno || end > s->end)
		return false;
	s->p = end;
	return true;
}

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || strchr("_.$", c);
}

/* A name; NULL: there is none. */
static const char *take_word(struct scan *s)
{
	const char *from;

	skip_blanks(s);
	for (from = s->p; s->p < s->end && *s->p && in_word(*s->p);)
		s->p++;
	return s->p == from
		       ? NULL
		       : arena_strndup(s->arena, from, (size_t)(s->p - from));
}

/* ---- x86 ---- */

/* Names by size; what is missing does not exist. pt_regs offsets. */
static const struct x86_reg {
	uint16_t off;
	const char *q, *d, *w, *b;
} x86_regs[] = {
	{80, "rax", "eax", "ax", "al"},	   {40, "rbx", "ebx", "bx", "bl"},
	{88, "rcx", "ecx", "cx", "cl"},	   {96, "rdx", "edx", "dx", "dl"},
	{104, "rsi", "esi", "si", "sil"},  {112, "rdi", "edi", "di", "dil"},
	{32, "rbp", "ebp", "bp", "bpl"},   {152, "rsp", "esp", "sp", "spl"},
	{72, "r8", "r8d", "r8w", "r8b"},   {64, "r9", "r9d", "r9w", "r9b"},
	{56, "r10", "r10d", "r10w", "r10b"}, {48, "r11", "r11d", "r11w", "r11b"},
	{24, "r12", "r12d", "r12w", "r12b"}, {16, "r13", "r13d", "r13w", "r13b"},
	{8, "r14", "r14d", "r14w", "r14b"},  {0, "r15", "r15d", "r15w", "r15b"},
	{128, "rip", "eip", "ip", ""},	     {81, "", "", "", "ah"},
	{41, "", "", "", "bh"},		     {89, "", "", "", "ch"},
	{97, "", "", "", "dh"},
};

static bool x86_reg(const char *name, struct sdt_reg *r)
{
	for (size_t i = 0; name && i < sizeof(x86_regs) / sizeof(*x86_regs);
	     i++) {
		const struct x86_reg *x = &x86_regs[i];
		const char *const names[] = {x->q, x->d, x->w, x->b};
		for (unsigned k = 0; k < 4; k++)
			if (!strcmp(names[k], name)) {
				*r = (struct sdt_reg){x->off,
						      (uint8_t)(8 >> k)};
				return true;
			}
	}
	return false;
}

static bool x86_take_reg(struct scan *s, struct sdt_reg *r, const char **why)
{
	if (!take(s, '%'))
		return false;
	const char *name = take_word(s);
	if (x86_reg(name, r))
		return true;
	*why = arena_printf(s->arena,
			    "it lies in register %%%s, which probes cannot read",
			    name ? name : "");
	return false;
}

/* Numbers and at most one symbol, in any order: "40+CheckpointStats". */
static bool x86_displacement(struct scan *s, struct sdt_arg *a)
{
	for (;;) {
		int64_t v;
		bool minus = false;
		skip_blanks(s);
		if (take_number(s, &v)) {
			a->disp += v;
			continue;
		}
		if (s->p == s->end || *s->p == '(')
			return true;
		if (*s->p == '+' || *s->p == '-') {
			minus = *s->p == '-';
			s->p++;
		}
		const char *name = take_word(s);
		if (!name || isdigit((unsigned char)*name) || minus ||
		    a->symbol)
			return false;
		a->symbol = name;
	}
}

static bool x86_memory(struct scan *s, struct sdt_arg *a, const char **why)
{
	a->kind = SDT_MEM;
	a->scale = 1;
	const char *from = s->p;
	if (!x86_displacement(s, a))
		return false;
	if (!take(s, '('))
		return s->p > from;
	skip_blanks(s);
	if (s->p < s->end && *s->p == '%' && !x86_take_reg(s, &a->base, why))
		return false;
	if (take(s, ',')) {
		int64_t scale = 1;
		skip_blanks(s);
		if (s->p < s->end && *s->p == '%' &&
		    !x86_take_reg(s, &a->index, why))
			return false;
		if (take(s, ',') && (!take_number(s, &scale) || scale < 1 ||
				     scale > 8 || (scale & (scale - 1))))
			return false;
		a->scale = (uint8_t)scale;
	}
	if (!take(s, ')') || (a->index.size && a->base.off == 128))
		return false;
	/* symbol(%rip): the symbol's own address, however it is written */
	if (a->base.size && a->base.off == 128) {
		a->pc_relative = true;
		if (a->symbol)
			a->base.size = 0;
	}
	return true;
}

static bool x86_operand(struct scan *s, struct sdt_arg *a, const char **why)
{
	skip_blanks(s);
	if (s->p < s->end && *s->p == '%') {
		a->kind = SDT_REG;
		return x86_take_reg(s, &a->base, why);
	}
	if (take(s, '$')) {
		const char *from = s->p;
		a->kind = SDT_IMM;
		return x86_displacement(s, a) && s->p > from;
	}
	return x86_memory(s, a, why);
}

/* ---- arm64 ---- */

static bool arm64_reg(struct scan *s, struct sdt_reg *r, const char **why)
{
	const char *name = take_word(s);
	char *end;

	if (!name)
		return false;
	if (!strcmp(name, "sp")) {
		*r = (struct sdt_reg){248, 8};
		return true;
	}
	unsigned long n = strtoul(name + 1, &end, 10);
	if ((name[0] != 'x' && name[0] != 'w') || !name[1] || *end || n > 30) {
		*why = arena_printf(s->arena,
				    "it lies in register %s, which probes "
				    "cannot read",
				    name);
		return false;
	}
	*r = (struct sdt_reg){(uint16_t)(8 * n), name[0] == 'x' ? 8 : 4};
	return true;
}

static bool arm64_memory(struct scan *s, struct sdt_arg *a, const char **why)
{
	a->kind = SDT_MEM;
	a->scale = 1;
	if (!arm64_reg(s, &a->base, why))
		return false;
	if (take(s, ',')) {
		take(s, '#');
		if (!take_number(s, &a->disp)) {
			int64_t shift = 0;
			if (!arm64_reg(s, &a->index, why))
				return false;
			if (take(s, ',')) {
				const char *op = take_word(s);
				take(s, '#');
				if (!op || strcmp(op, "lsl") ||
				    !take_number(s, &shift) || shift < 0 ||
				    shift > 3)
					return false;
			}
			a->scale = (uint8_t)(1u << shift);
		}
	}
	return take(s, ']');
}

static bool arm64_operand(struct scan *s, struct sdt_arg *a, const char **why)
{
	if (take(s, '['))
		return arm64_memory(s, a, why);
	take(s, '#');
	if (take_number(s, &a->disp)) {
		a->kind = SDT_IMM;
		return true;
	}
	const char *from = s->p;
	const char *name = take_word(s);
	if (name && (!strcmp(name, "xzr") || !strcmp(name, "wzr"))) {
		a->kind = SDT_IMM;
		return true;
	}
	s->p = from;
	a->kind = SDT_REG;
	return arm64_reg(s, &a->base, why);
}

/* ---- any ---- */

static const char blanks[] = " \t\n\v\f\r"; /* isspace() */

/* Behind the operand: blanks separate, but not those within brackets. */
static const char *operand_end(const char *p)
{
	int depth = 0;

	for (; *p && (depth || !isspace((unsigned char)*p)); p++)
		depth += (*p == '[' || *p == '(') - (*p == ']' || *p == ')');
	return p;
}

unsigned sdt_count_args(const char *text)
{
	unsigned n = 0;

	for (;; n++) {
		text += strspn(text, blanks);
		if (!*text)
			return n;
		text = operand_end(text);
	}
}

/* "-4@" or "8f@"; true also when there is none. */
static bool take_size(struct scan *s, struct sdt_arg *a)
{
	const char *at = memchr(s->p, '@', (size_t)(s->end - s->p));
	int64_t n;

	if (!at || (!isdigit((unsigned char)*s->p) && *s->p != '-'))
		return true;
	if (!take_number(s, &n))
		return false;
	a->is_float = take(s, 'f');
	if (!take(s, '@'))
		return false;
	a->is_signed = n < 0;
	n = n < 0 ? -n : n;
	a->size = (uint8_t)n;
	return n == 1 || n == 2 || n == 4 || n == 8;
}

bool sdt_next_arg(struct arena *a, uint16_t machine, const char **text,
		  struct sdt_arg *out, const char **why)
{
	struct scan s = {.arena = a, .p = *text + strspn(*text, blanks)};
	const char *from = s.p;
	bool wide = machine != EM_386 && machine != EM_ARM, ok = false;

	*why = NULL;
	memset(out, 0, sizeof(*out));
	if (!*from)
		return false;
	s.end = *text = operand_end(from);
	out->addr_size = wide ? 8 : 4;
	if (take_size(&s, out)) {
		if (machine == EM_X86_64 || machine == EM_386)
			ok = x86_operand(&s, out, why);
		else if (machine == EM_AARCH64)
			ok = arm64_operand(&s, out, why);
	}
	skip_blanks(&s);
	ok = ok && s.p == s.end;
	if (ok && !out->size) {
		/* Old notes: all are signed words. */
		out->size = out->kind == SDT_REG ? out->base.size
						 : out->addr_size;
		out->is_signed = true;
	}
	if (!ok && !*why)
		*why = arena_printf(a, "its operand '%.*s' is not understood",
				    (int)(*text - from), from);
	return ok;
}
