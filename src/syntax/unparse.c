// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The un-parser: a tree back to text that parses to the same tree. Parentheses
 * stand where they were written and where precedence asks for them; every
 * simple statement gets its semicolon, so that no two can run together.
 */
#include "syntax/parse.h"

#include <inttypes.h>

/* How tightly a construct binds: the rules of parse_expr.c, loosest first. */
enum prec {
	PREC_ANY,
	PREC_TERNARY,
	PREC_LOGOR,
	PREC_LOGAND,
	PREC_BITOR,
	PREC_BITXOR,
	PREC_BITAND,
	PREC_IN,
	PREC_COMPARE,
	PREC_SHIFT,
	PREC_CONCAT,
	PREC_ADD,
	PREC_MUL,
	PREC_UNARY,
	PREC_CREMENT,
	PREC_DWARF,
	PREC_VALUE,
};

static void expr_at(struct strbuf *b, const struct expr *e, enum prec min);

static enum prec op_prec(enum op op)
{
	switch (op) {
	case OP_MUL:
	case OP_DIV:
	case OP_MOD:
		return PREC_MUL;
	case OP_ADD:
	case OP_SUB:
		return PREC_ADD;
	case OP_CONCAT:
		return PREC_CONCAT;
	case OP_SHL:
	case OP_SHR:
	case OP_USHR:
		return PREC_SHIFT;
	case OP_BITAND:
		return PREC_BITAND;
	case OP_BITXOR:
		return PREC_BITXOR;
	case OP_BITOR:
		return PREC_BITOR;
	case OP_LOGAND:
		return PREC_LOGAND;
	case OP_LOGOR:
		return PREC_LOGOR;
	default:
		return PREC_COMPARE;
	}
}

static bool is_negative_number(const struct expr *e)
{
	if (e->kind != E_NUMBER)
		return false;
	return e->num.text ? e->num.text[0] == '-' : e->num.v < 0;
}

static enum prec target_prec(const struct expr *e)
{
	if (e->target.addr_of)
		return PREC_UNARY;
	switch (e->target.tk) {
	case TGT_VAR:
	case TGT_ATVAR:
	case TGT_CAST:
	case TGT_AUTOCAST:
		return PREC_DWARF;
	default:
		return PREC_VALUE;
	}
}

static enum prec prec_of(const struct expr *e)
{
	switch (e->kind) {
	case E_ASSIGN:
		return PREC_ANY;
	case E_TERNARY:
		return PREC_TERNARY;
	case E_BINARY:
		return op_prec(e->binary.op);
	case E_IN:
		return PREC_IN;
	case E_REGEX:
		return PREC_COMPARE;
	case E_UNARY:
		return PREC_UNARY;
	case E_INCDEC:
		return PREC_CREMENT;
	case E_TARGET:
		return target_prec(e);
	case E_NUMBER:
		return is_negative_number(e) ? PREC_UNARY : PREC_VALUE;
	default:
		return PREC_VALUE;
	}
}

/* ------------------------------------------------------------------ *
 * Values
 * ------------------------------------------------------------------ */

static void quoted(struct strbuf *b, const char *s)
{
	static const char from[] = "\a\b\f\n\r\t\v\\\"";
	static const char to[] = "abfnrtv\\\"";

	sb_putc(b, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		const char *hit = __builtin_strchr(from, *s);

		if (hit)
			sb_printf(b, "\\%c", to[hit - from]);
		else if (c < 32 || c == 127)
			sb_printf(b, "\\%03o", c);
		else
			sb_putc(b, *s);
	}
	sb_putc(b, '"');
}

static void number(struct strbuf *b, const struct expr *e)
{
	if (e->num.text)
		sb_puts(b, e->num.text);
	else
		sb_printf(b, "%" PRId64, e->num.v);
}

/* NULL elements are stars. */
/* prec: what an element may be without parentheses. */
static void list(struct strbuf *b, const expr_list *l, enum prec prec)
{
	vec_for (l, i) {
		sb_puts(b, i ? ", " : "");
		if (l->v[i])
			expr_at(b, l->v[i], prec);
		else
			sb_putc(b, '*');
	}
}

static void string_args(struct strbuf *b, const struct expr *e, bool comma)
{
	const char *arg[] = {e->target.name, e->target.module};

	for (int i = 0; i < 2 && arg[i]; i++) {
		sb_puts(b, comma ? ", " : "");
		quoted(b, arg[i]);
		comma = true;
	}
}

static const char *const target_names[] = {
	[TGT_ATVAR] = "@var",		[TGT_CAST] = "@cast",
	[TGT_PERF] = "@perf",		[TGT_KREGISTER] = "@kregister",
	[TGT_UREGISTER] = "@uregister", [TGT_KDEREF] = "@kderef",
	[TGT_UDEREF] = "@uderef",	[TGT_CONST] = "@const",
	[TGT_ENUM] = "@enum",		[TGT_ENUMNAME] = "@enumname",
};

static void target_base(struct strbuf *b, const struct expr *e)
{
	switch (e->target.tk) {
	case TGT_VAR:
		sb_printf(b, "$%s", e->target.name);
		return;
	case TGT_ERRNO:
		sb_puts(b, "@errno");
		return;
	case TGT_AUTOCAST:
		/* "p$" would be a name. */
		if (!e->target.steps.n && !e->target.arg->parens &&
		    e->target.arg->kind == E_SYMBOL)
			sb_printf(b, "(%s)", e->target.arg->sym.name);
		else
			expr_at(b, e->target.arg, PREC_VALUE);
		return;
	default:
		break;
	}
	sb_printf(b, "%s(", target_names[e->target.tk]);
	if (e->target.arg2) {
		expr_at(b, e->target.arg2, PREC_ANY);
		sb_puts(b, ", ");
	}
	if (e->target.arg)
		expr_at(b, e->target.arg, PREC_ANY);
	string_args(b, e, e->target.arg != NULL);
	sb_putc(b, ')');
}

static void target(struct strbuf *b, const struct expr *e)
{
	if (e->target.addr_of)
		sb_putc(b, '&');
	target_base(b, e);
	vec_for (&e->target.steps, i) {
		const struct target_step *s = &e->target.steps.v[i];

		if (s->kind == STEP_MEMBER) {
			sb_printf(b, "->%s", s->member);
			continue;
		}
		sb_putc(b, '[');
		expr_at(b, s->index, PREC_ANY);
		sb_putc(b, ']');
	}
	sb_puts(b, e->target.pretty == 2 ? "$$" : e->target.pretty ? "$" : "");
}

static const char *const stat_names[] = {
	[STAT_COUNT] = "@count",       [STAT_SUM] = "@sum",
	[STAT_MIN] = "@min",	       [STAT_MAX] = "@max",
	[STAT_AVG] = "@avg",	       [STAT_VARIANCE] = "@variance",
	[STAT_HIST_LOG] = "@hist_log", [STAT_HIST_LINEAR] = "@hist_linear",
};

static void statop(struct strbuf *b, const struct expr *e)
{
	sb_printf(b, "%s(", stat_names[e->statop.op]);
	expr_at(b, e->statop.stat, PREC_ANY);
	for (uint32_t i = 0; i < e->statop.nparams; i++)
		sb_printf(b, ", %" PRId64, e->statop.param[i]);
	sb_putc(b, ')');
}

static void print(struct strbuf *b, const struct expr *e)
{
	sb_printf(b, "%sprint%s%s%s(", e->print.to_string ? "s" : "",
		  e->print.with_format	? "f"
		  : e->print.with_delim ? "d"
					: "",
		  e->print.newline ? "ln" : "",
		  e->print.is_char ? "_char" : "");
	if (e->print.format) {
		expr_at(b, e->print.format, PREC_ANY);
		sb_puts(b, e->print.args.n ? ", " : "");
	}
	list(b, &e->print.args, PREC_ANY);
	sb_putc(b, ')');
}

/* Only in trees of pass 2; these do not parse. */
static void prim(struct strbuf *b, const struct expr *e)
{
	static const char *const names[] = {
		[PRIM_CTX] = "context",
		[PRIM_READ_KERNEL] = "read_kernel",
		[PRIM_READ_USER] = "read_user",
		[PRIM_STR_KERNEL] = "string_kernel",
		[PRIM_STR_USER] = "string_user",
		[PRIM_FIELD_OFFSET] = "offset",
		[PRIM_EXTRACT] = "extract",
		[PRIM_INPUT] = "input",
		[PRIM_REPLY] = "reply",
		[PRIM_VERDICT] = "verdict",
	};

	sb_printf(b, "<%s", names[e->prim.op]);
	if (e->prim.op == PRIM_CTX)
		sb_printf(b, " +%u", e->prim.off);
	if (e->prim.op == PRIM_FIELD_OFFSET)
		sb_printf(b, " %" PRId64, e->prim.value);
	if (e->prim.op == PRIM_EXTRACT)
		sb_printf(b, " <<%u >>%u", e->prim.shl, e->prim.shr);
	if (e->prim.size)
		sb_printf(b, " %c%u", e->prim.is_signed ? 's' : 'u',
			  e->prim.size * 8);
	for (int i = 0; i < 2 && e->prim.arg[i]; i++) {
		sb_puts(b, i ? ", " : " ");
		expr_at(b, e->prim.arg[i], PREC_ANY);
	}
	sb_putc(b, '>');
}

/* ------------------------------------------------------------------ *
 * Expressions
 * ------------------------------------------------------------------ */

static void call_like(struct strbuf *b, const char *name,
		      const struct expr *arg)
{
	sb_printf(b, "%s(", name);
	expr_at(b, arg, PREC_ANY);
	sb_putc(b, ')');
}

/* "- -x" and "+ ++x" need their blank. */
static bool runs_together(enum op op, const struct expr *a)
{
	if (a->parens)
		return false;
	if (a->kind == E_UNARY)
		return a->unary.op == OP_NEG || a->unary.op == OP_POS ||
		       (op == OP_NOT && a->unary.op == OP_BITNOT);
	return (a->kind == E_INCDEC && a->incdec.prefix) ||
	       is_negative_number(a);
}

static void unary(struct strbuf *b, const struct expr *e)
{
	sb_puts(b, op_text(e->unary.op));
	if (runs_together(e->unary.op, e->unary.a))
		sb_putc(b, ' ');
	expr_at(b, e->unary.a, PREC_UNARY);
}

static void incdec(struct strbuf *b, const struct expr *e)
{
	const char *op = e->incdec.delta > 0 ? "++" : "--";

	sb_puts(b, e->incdec.prefix ? op : "");
	expr_at(b, e->incdec.a, PREC_DWARF);
	sb_puts(b, e->incdec.prefix ? "" : op);
}

static void binary(struct strbuf *b, const struct expr *e)
{
	enum prec prec = op_prec(e->binary.op);

	bool match = prec == PREC_COMPARE && e->binary.a->kind == E_REGEX;

	/* No comparison goes on behind a match. */
	expr_at(b, e->binary.a, match ? PREC_SHIFT : prec);
	sb_printf(b, " %s ", op_text(e->binary.op));
	expr_at(b, e->binary.b, prec + 1);
}

static void assign(struct strbuf *b, const struct expr *e)
{
	expr_at(b, e->assign.a, PREC_LOGOR);
	sb_printf(b, " %s%s ", op_text(e->assign.op),
		  e->assign.op == OP_AGGREGATE ? "" : "=");
	expr_at(b, e->assign.b, PREC_ANY);
}

static void ternary(struct strbuf *b, const struct expr *e)
{
	expr_at(b, e->ternary.cond, PREC_LOGOR);
	sb_puts(b, " ? ");
	expr_at(b, e->ternary.a, PREC_ANY);
	sb_puts(b, " : ");
	expr_at(b, e->ternary.b, PREC_TERNARY);
}

static void bracketed(struct strbuf *b, const expr_list *keys, enum prec prec)
{
	sb_putc(b, '[');
	list(b, keys, prec);
	sb_putc(b, ']');
}

static void bare_expr(struct strbuf *b, const struct expr *e)
{
	switch (e->kind) {
	case E_NUMBER:
		number(b, e);
		break;
	case E_STRING:
		quoted(b, e->str.s);
		break;
	case E_SYMBOL:
		sb_puts(b, e->sym.name);
		break;
	case E_INDEX:
		expr_at(b, e->index.base, PREC_VALUE);
		bracketed(b, &e->index.keys, PREC_ANY);
		break;
	case E_TARGET:
		target(b, e);
		break;
	case E_UNARY:
		unary(b, e);
		break;
	case E_INCDEC:
		incdec(b, e);
		break;
	case E_BINARY:
		binary(b, e);
		break;
	case E_ASSIGN:
		assign(b, e);
		break;
	case E_TERNARY:
		ternary(b, e);
		break;
	case E_IN:
		/* SystemTap takes nothing here that binds looser */
		bracketed(b, &e->in.keys, PREC_COMPARE);
		sb_puts(b, " in ");
		expr_at(b, e->in.array, PREC_VALUE);
		break;
	case E_REGEX:
		expr_at(b, e->regex.a, PREC_SHIFT);
		sb_puts(b, e->regex.negated ? " !~ " : " =~ ");
		expr_at(b, e->regex.pattern, PREC_VALUE);
		break;
	case E_CALL:
		sb_printf(b, "%s(", e->call.name);
		list(b, &e->call.args, PREC_ANY);
		sb_putc(b, ')');
		break;
	case E_STATOP:
		statop(b, e);
		break;
	case E_PRINT:
		print(b, e);
		break;
	case E_DEFINED:
		call_like(b, "@defined", e->defined.arg);
		break;
	case E_ENTRY:
		call_like(b, "@entry", e->defined.arg);
		break;
	case E_PROBEWRITE:
		call_like(b, "@probewrite", e->defined.arg);
		break;
	case E_EMBEDDED:
		sb_printf(b, "%%{%s%%}", e->embedded.code);
		break;
	case E_PRIM:
		prim(b, e);
		break;
	case E_KIND_COUNT:
		break;
	}
}

static void expr_at(struct strbuf *b, const struct expr *e, enum prec min)
{
	bool parens = e->parens || prec_of(e) < min;

	if (parens)
		sb_putc(b, '(');
	bare_expr(b, e);
	if (parens)
		sb_putc(b, ')');
}

void unparse_expr(struct strbuf *out, const struct expr *e)
{
	expr_at(out, e, PREC_ANY);
}

/* ------------------------------------------------------------------ *
 * Statements
 * ------------------------------------------------------------------ */

static void indent_by(struct strbuf *b, int indent)
{
	for (int i = 0; i < indent; i++)
		sb_puts(b, "  ");
}

/* Would an "else" that follows belong to an "if" within? */
static bool ends_in_open_if(const struct stmt *s)
{
	for (;;) {
		switch (s->kind) {
		case S_IF:
			if (!s->if_.otherwise)
				return true;
			s = s->if_.otherwise;
			break;
		case S_WHILE:
		case S_FOR:
			s = s->loop.body;
			break;
		case S_FOREACH:
			s = s->foreach.body;
			break;
		default:
			return false;
		}
	}
}

/* A body: a block goes on in the same line, anything else stands below. */
static void body(struct strbuf *b, const struct stmt *s, int indent)
{
	if (s->kind == S_BLOCK) {
		sb_putc(b, ' ');
		unparse_stmt(b, s, -indent - 1);
		return;
	}
	sb_putc(b, '\n');
	unparse_stmt(b, s, indent + 1);
}

static void if_statement(struct strbuf *b, const struct stmt *s, int indent)
{
	sb_puts(b, "if (");
	unparse_expr(b, s->if_.cond);
	sb_putc(b, ')');
	if (s->if_.otherwise && ends_in_open_if(s->if_.then)) {
		sb_puts(b, " {\n");
		unparse_stmt(b, s->if_.then, indent + 1);
		indent_by(b, indent);
		sb_puts(b, "}\n");
	} else {
		body(b, s->if_.then, indent);
	}
	if (!s->if_.otherwise)
		return;
	indent_by(b, indent);
	sb_puts(b, "else");
	if (s->if_.otherwise->kind == S_IF) {
		sb_putc(b, ' ');
		if_statement(b, s->if_.otherwise, indent);
	} else {
		body(b, s->if_.otherwise, indent);
	}
}

static void for_loop(struct strbuf *b, const struct stmt *s, int indent)
{
	sb_puts(b, "for (");
	if (s->loop.init)
		unparse_expr(b, s->loop.init);
	sb_puts(b, "; ");
	if (s->loop.cond)
		unparse_expr(b, s->loop.cond);
	sb_puts(b, "; ");
	if (s->loop.step)
		unparse_expr(b, s->loop.step);
	sb_putc(b, ')');
	body(b, s->loop.body, indent);
}

static void sort_suffix(struct strbuf *b, const struct stmt *s, int column)
{
	if (s->foreach.sort_dir && s->foreach.sort_column == column)
		sb_putc(b, s->foreach.sort_dir > 0 ? '+' : '-');
}

static void foreach_keys(struct strbuf *b, const struct stmt *s)
{
	const expr_list *keys = &s->foreach.keys;

	sb_puts(b, keys->n > 1 ? "[" : "");
	vec_for (keys, i) {
		sb_puts(b, i ? ", " : "");
		unparse_expr(b, keys->v[i]);
		sort_suffix(b, s, (int)i + 1);
	}
	sb_puts(b, keys->n > 1 ? "]" : "");
}

static void foreach_loop(struct strbuf *b, const struct stmt *s, int indent)
{
	sb_puts(b, "foreach (");
	if (s->foreach.value) {
		unparse_expr(b, s->foreach.value);
		sb_puts(b, " = ");
	}
	foreach_keys(b, s);
	sb_puts(b, " in ");
	unparse_expr(b, s->foreach.base);
	if (s->foreach.slice.n)
		bracketed(b, &s->foreach.slice, PREC_ANY);
	if (s->foreach.sort_has_stat)
		sb_printf(b, " %s", stat_names[s->foreach.sort_stat]);
	sort_suffix(b, s, -1);
	if (s->foreach.limit) {
		sb_puts(b, " limit ");
		unparse_expr(b, s->foreach.limit);
	}
	sb_putc(b, ')');
	body(b, s->foreach.body, indent);
}

static void try_statement(struct strbuf *b, const struct stmt *s, int indent)
{
	sb_puts(b, "try");
	body(b, s->try_.body, indent);
	indent_by(b, indent);
	sb_puts(b, "catch");
	if (s->try_.var) {
		sb_puts(b, " (");
		unparse_expr(b, s->try_.var);
		sb_putc(b, ')');
	}
	body(b, s->try_.handler, indent);
}

static void block(struct strbuf *b, const struct stmt *s, int indent)
{
	sb_puts(b, "{\n");
	vec_for (&s->block.list, i)
		unparse_stmt(b, s->block.list.v[i], indent + 1);
	indent_by(b, indent);
	sb_puts(b, "}\n");
}

static void operand(struct strbuf *b, const char *word, const struct expr *e)
{
	sb_puts(b, word);
	if (e) {
		sb_putc(b, ' ');
		unparse_expr(b, e);
	}
	sb_puts(b, ";\n");
}

/* A negative indent -n - 1: depth n, and the line has been started. */
void unparse_stmt(struct strbuf *b, const struct stmt *s, int indent)
{
	if (indent >= 0)
		indent_by(b, indent);
	else
		indent = -indent - 1;
	switch (s->kind) {
	case S_NULL:
		sb_puts(b, ";\n");
		break;
	case S_EXPR:
		unparse_expr(b, s->expr);
		sb_puts(b, ";\n");
		break;
	case S_BLOCK:
		block(b, s, indent);
		break;
	case S_IF:
		if_statement(b, s, indent);
		break;
	case S_WHILE:
		sb_puts(b, "while (");
		unparse_expr(b, s->loop.cond);
		sb_putc(b, ')');
		body(b, s->loop.body, indent);
		break;
	case S_FOR:
		for_loop(b, s, indent);
		break;
	case S_FOREACH:
		foreach_loop(b, s, indent);
		break;
	case S_BREAK:
		operand(b, "break", NULL);
		break;
	case S_CONTINUE:
		operand(b, "continue", NULL);
		break;
	case S_RETURN:
		operand(b, "return", s->expr);
		break;
	case S_NEXT:
		operand(b, "next", NULL);
		break;
	case S_DELETE:
		operand(b, "delete", s->expr);
		break;
	case S_TRY:
		try_statement(b, s, indent);
		break;
	case S_EMBEDDED:
		sb_printf(b, "%%{%s%%}\n", s->embedded);
		break;
	case S_KIND_COUNT:
		break;
	}
}

/* ------------------------------------------------------------------ *
 * Declarations
 * ------------------------------------------------------------------ */

void unparse_probe_point(struct strbuf *out, const struct probe_point *p)
{
	vec_for (&p->comps, i) {
		const struct pp_component *c = &p->comps.v[i];

		sb_printf(out, "%s%s", i ? "." : "", c->name);
		if (c->arg) {
			sb_putc(out, '(');
			bare_expr(out, c->arg);
			sb_putc(out, ')');
		}
	}
	sb_puts(out, p->sufficient ? "!" : p->optional ? "?" : "");
	if (p->cond) {
		sb_puts(out, " if (");
		unparse_expr(out, p->cond);
		sb_putc(out, ')');
	}
}

static void points(struct strbuf *b, struct probe_point *const *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		sb_puts(b, i ? ", " : "");
		unparse_probe_point(b, v[i]);
	}
}

void unparse_alias_head(struct strbuf *out, const struct alias_decl *al)
{
	for (uint32_t i = 0; i < al->names.n; i++) {
		unparse_probe_point(out, al->names.v[i]);
		sb_puts(out, al->epilogue_style && i + 1 == al->names.n
				     ? " += "
				     : " = ");
	}
	points(out, al->points.v, al->points.n);
}

static void alias(struct strbuf *b, const struct alias_decl *al)
{
	sb_puts(b, "probe ");
	unparse_alias_head(b, al);
	body(b, al->body, 0);
	if (al->body2) {
		sb_putc(b, ',');
		body(b, al->body2, 0);
	}
}

static void global(struct strbuf *b, const struct var_decl *g)
{
	sb_printf(b, "%sglobal %s%s", g->is_private ? "private " : "", g->name,
		  g->wrap ? "%" : "");
	if (g->max_entries)
		sb_printf(b, "[%" PRId64 "]", g->max_entries);
	if (g->init) {
		sb_puts(b, " = ");
		bare_expr(b, g->init);
	}
	sb_putc(b, '\n');
}

static const char *type_suffix(enum type t)
{
	return t == TY_LONG ? ":long" : t == TY_STRING ? ":string" : "";
}

static void function(struct strbuf *b, const struct func_decl *f)
{
	sb_printf(b, "%sfunction %s%s (", f->is_private ? "private " : "",
		  f->name, f->ret_declared ? type_suffix(f->ret) : "");
	vec_for (&f->params, i)
		sb_printf(b, "%s%s%s", i ? ", " : "", f->params.v[i]->name,
			  type_suffix(f->params.v[i]->type));
	sb_putc(b, ')');
	if (f->has_priority)
		sb_printf(b, ":%" PRId64, f->priority);
	sb_putc(b, ' ');
	unparse_stmt(b, f->body, -1);
}

void unparse_file(struct strbuf *out, const struct file *f)
{
	vec_for (&f->order, i) {
		const struct decl *d = &f->order.v[i];

		/* Globals stand together, all else apart. */
		if (i && (d->kind != DECL_GLOBAL ||
			  f->order.v[i - 1].kind != DECL_GLOBAL))
			sb_putc(out, '\n');
		switch (d->kind) {
		case DECL_PROBE: {
			const struct probe_decl *pr = d->p;

			sb_puts(out, "probe ");
			points(out, pr->points.v, pr->points.n);
			body(out, pr->body, 0);
			break;
		}
		case DECL_ALIAS:
			alias(out, d->p);
			break;
		case DECL_GLOBAL:
			global(out, d->p);
			break;
		case DECL_FUNC:
			function(out, d->p);
			break;
		case DECL_EMBEDDED:
			sb_printf(out, "%%{%s%%}\n",
				  ((const struct embedded_decl *)d->p)->code);
			break;
		}
	}
}
