// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pretty-printing is source to source: $v$ becomes a sprintf whose format
 * spells the structure ("{.a=%d, .b=%u, .c={...}}") and whose arguments read
 * the members. Pointers are not followed, but for the outermost and for char*.
 *
 * The members share one base address. When that is not a simple value it is
 * computed by the first argument, which keeps it in a local variable for the
 * others: arguments are evaluated in order.
 */
#include <string.h>

#include "probe/access.h"
#include "syntax/format.h"

/* More than fits in a string of the usual length. */
#define MAX_ARGS 64u

struct printer {
	struct pretty out;
	bool deep;
	const char *temp;  /* local variable that holds the base, or NULL */
	struct expr *base; /* computes it */
	bool temp_set;	   /* an argument that sets it is in the list */
};

void pretty_init(struct pretty *p, const struct probe_env *env, struct loc loc)
{
	*p = (struct pretty){.env = env, .loc = loc};
}

void pretty_text(struct pretty *p, const char *text)
{
	for (; *text; text++) {
		if (*text == '%')
			sb_putc(&p->fmt, '%');
		sb_putc(&p->fmt, *text);
	}
}

void pretty_arg(struct pretty *p, const char *directive, struct expr *e)
{
	sb_puts(&p->fmt, directive);
	vec_push(p->env->arena, &p->args, e);
}

struct expr *pretty_done(struct pretty *p)
{
	struct arena *a = p->env->arena;
	const char *fmt = arena_strdup(a, sb_str(&p->fmt));
	struct expr *e = expr_new(a, E_PRINT, p->loc);

	e->print.to_string = true;
	e->print.with_format = true;
	e->print.format = expr_string(a, p->loc, fmt);
	e->print.args = p->args;
	e->print.fmt = format_parse(a, p->env->diag, p->loc, fmt);
	sb_free(&p->fmt);
	return e;
}

/* Text: the characters of C, u8 and uint8_t among them. */
static bool is_char_type(const struct type_src *s, uint32_t id)
{
	struct ttype t;

	return s->ops->get(s, id, &t) && t.kind == TT_INT && t.is_char;
}

static bool is_kind(const struct type_src *s, uint32_t id, enum ttype_kind kind)
{
	struct ttype t;

	return s->ops->get(s, id, &t) && t.kind == kind;
}

static void copy_place(struct access *to, const struct access *from)
{
	*to = *from;
	to->path = (struct strbuf){0};
	sb_puts(&to->path, from->path.len ? from->path.s : "");
}

/*
 * Appends an argument that reads the place by `read`; "?" when it cannot be
 * read. Only an argument that is used may be the one that sets the variable.
 */
static void put_read(struct printer *p, struct access *a, const char *directive,
		     struct expr *(*read)(struct access *a, const char **why))
{
	const char *why = NULL;
	struct arena *ar = a->env->arena;
	bool shared = p->temp && a->base == p->base;
	bool first = shared && !p->temp_set;

	if (shared)
		a->base = first ? expr_assign(ar, a->loc, p->temp, p->base)
				: expr_symbol(ar, a->loc, p->temp);
	else if (a->base)
		a->base = expr_clone(ar, a->base);
	struct expr *e = read(a, &why);
	if (!e) {
		pretty_text(&p->out, "?");
		return;
	}
	p->temp_set |= first;
	pretty_arg(&p->out, directive, e);
}

/*
 * The text at an address, quoted and escaped; at most n bytes of it, or up to
 * its NUL (n 0). Where none can be read: of a process the address, of the
 * kernel an error.
 */
static struct expr *quoted_call(const struct access *a, struct expr *addr,
				uint32_t n, bool user)
{
	struct arena *ar = a->env->arena;
	struct expr *call = expr_call(ar, a->loc,
				      !user ? "__kernel_text"
				      : n   ? "user_string_n_quoted"
					    : "user_string_quoted");

	vec_push(ar, &call->call.args, addr);
	if (n)
		vec_push(ar, &call->call.args, expr_number(ar, a->loc, n));
	return call;
}

static struct expr *read_string_ptr(struct access *a, const char **why)
{
	struct ttype t;
	struct expr *v = access_load(a, why);

	if (!v || !a->src->ops->get(a->src, a->type, &t))
		return NULL;
	return quoted_call(a, v, 0, a->user || t.user);
}

static struct expr *read_string_array(struct access *a, const char **why)
{
	struct ttype t;
	struct expr *v = access_address(a, why);

	if (!v || !a->src->ops->get(a->src, a->type, &t))
		return NULL;
	/* [0]: as long as the text is */
	return quoted_call(a, v, t.n, a->user);
}

static void put_place(struct printer *p, struct access *a, unsigned depth);

static bool full(const struct printer *p)
{
	return p->out.args.n >= MAX_ARGS;
}

static const char *anonymous(const struct type_src *s, uint32_t type)
{
	struct ttype t;

	return s->ops->get(s, type, &t) && t.kind == TT_UNION ? "<union>"
							      : "<class>";
}

static void put_members(struct printer *p, struct access *a,
			const struct ttype *t, unsigned depth)
{
	struct tmember m;

	pretty_text(&p->out, "{");
	for (uint32_t i = 0; i < t->n && a->src->ops->member(t, i, &m); i++) {
		if (i)
			pretty_text(&p->out, ", ");
		if (full(p)) {
			pretty_text(&p->out, "...");
			break;
		}
		struct access sub;
		copy_place(&sub, a);
		if (!sub.value && !sub.path.len)
			sb_puts(&sub.path, "0");
		if (!sub.value && !m.vbase) {
			sb_printf(&sub.path, ":%u", i);
			sub.reloc = true;
			sub.bit_off += m.bit_off;
			sub.bit_size = m.bit_size;
			sub.type = m.type;
		}
		pretty_text(&p->out, *m.name ? "." : anonymous(a->src, m.type));
		pretty_text(&p->out, m.name);
		pretty_text(&p->out, "=");
		const char *why = NULL, *have = NULL;
		if (m.vbase ? !access_vbase(&sub, 0, m.vbase, m.type, &why)
		    : sub.value &&
			    (!*m.name ||
			     !access_member(&sub, m.name, &why, &have)))
			pretty_text(&p->out, "?");
		else
			put_place(p, &sub, depth + 1);
		access_free(&sub);
	}
	pretty_text(&p->out, "}");
}

static bool is_array(const struct access *a, struct ttype *t)
{
	return a->src->ops->get(a->src, a->type, t) && t->kind == TT_ARRAY;
}

/* The first one stands for all, in all dimensions. */
static void put_elements(struct printer *p, struct access *a, unsigned depth)
{
	struct access sub;
	const char *why = NULL;
	struct ttype t;
	bool text = false, ok = true;

	copy_place(&sub, a);
	while (ok && !text && is_array(&sub, &t)) {
		text = is_char_type(a->src, t.elem);
		ok = text || access_index(&sub, expr_number(a->env->arena,
							    a->loc, 0), &why);
	}
	if (text) {
		put_read(p, &sub, "%s", read_string_array);
	} else {
		pretty_text(&p->out, "[");
		if (ok)
			put_place(p, &sub, depth + 1);
		else
			pretty_text(&p->out, "?");
		pretty_text(&p->out, ", ...]");
	}
	access_free(&sub);
}

static void put_int(struct printer *p, struct access *a, const struct ttype *t)
{
	if (t->is_char && !a->bit_size)
		put_read(p, a, "'%#c'", access_load);
	else
		put_read(p, a, t->is_signed ? "%d" : "%u", access_load);
}

/* depth 0: what the script asked for; its own members are always shown. */
static void put_place(struct printer *p, struct access *a, unsigned depth)
{
	struct ttype t;
	bool closed = depth && !p->deep;

	if (depth > TTYPE_MAX_DEPTH || !a->src->ops->get(a->src, a->type, &t)) {
		pretty_text(&p->out, "?");
		return;
	}
	switch (t.kind) {
	case TT_INT:
	case TT_ENUM:
		put_int(p, a, &t);
		break;
	case TT_PTR:
		if (is_char_type(a->src, t.elem))
			put_read(p, a, "%s", read_string_ptr);
		else if (!depth && is_kind(a->src, t.elem, TT_FUNC))
			put_read(p, a, "<function>:%p", access_load);
		else
			put_read(p, a, "%p", access_load);
		break;
	case TT_ARRAY:
		if (closed)
			pretty_text(&p->out, "[...]");
		else
			put_elements(p, a, depth);
		break;
	case TT_STRUCT:
	case TT_UNION:
		if (closed)
			pretty_text(&p->out, "{...}");
		else
			put_members(p, a, &t, depth);
		break;
	default:
		pretty_text(&p->out, "?");
	}
}

static bool is_simple(const struct expr *e)
{
	return e->kind == E_NUMBER || e->kind == E_SYMBOL ||
	       (e->kind == E_PRIM && e->prim.op == PRIM_CTX);
}

static bool points_to_struct(const struct access *a, const struct ttype *t)
{
	struct ttype e;

	return t->kind == TT_PTR && a->src->ops->get(a->src, t->elem, &e) &&
	       (e.kind == TT_STRUCT || e.kind == TT_UNION);
}

struct expr *access_pretty(struct access *a, bool deep, const char **why)
{
	struct printer p = {.deep = deep};
	struct ttype t;

	if (!a->src->ops->get(a->src, a->type, &t)) {
		*why = "its type is damaged";
		return NULL;
	}
	if (points_to_struct(a, &t)) {
		/* The structure pointed to is what is meant. */
		struct expr *addr = access_load(a, why);
		if (!addr)
			return NULL;
		struct access to;
		access_memory(&to, a->env, a->loc, a->src, t.elem, addr,
			      a->user || t.user);
		access_free(a);
		*a = to;
	}
	pretty_init(&p.out, a->env, a->loc);
	if (a->base && !is_simple(a->base)) {
		p.base = a->base;
		p.temp = arena_printf(a->env->arena, "__pretty_%u_%u",
				      a->loc.line, a->loc.col);
	}
	put_place(&p, a, 0);
	struct expr *e = pretty_done(&p.out);
	if (e->kind == E_PRINT)
		e->print.on_error = "ERROR";
	return e;
}

void pretty_named(struct pretty *p, const char *name, struct access *a,
		  unsigned depth)
{
	const char *why = NULL;
	struct ttype t;

	pretty_text(p, name);
	pretty_text(p, "=");
	if (depth && a->src->ops->get(a->src, a->type, &t)) {
		struct expr *e = access_pretty(a, depth > 1, &why);
		if (e)
			pretty_arg(p, "%s", e);
		else
			pretty_text(p, "?");
		return;
	}
	struct expr *v = access_load(a, &why);
	if (v)
		pretty_arg(p, "%#x", v);
	else
		pretty_text(p, "{...}");
}
