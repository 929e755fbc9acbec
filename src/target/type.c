// SPDX-License-Identifier: GPL-2.0-or-later
/* What can be said of types whatever their source. */
#include "target/type.h"

#include <ctype.h>
#include <string.h>

/* Malformed types may contain themselves, many times: members looked at. */
#define MAX_VISITED 8192u

static bool find_member(const struct ttype *t, const char *name,
			struct tmember_path *out, uint32_t depth,
			uint64_t bit_off, uint32_t *budget)
{
	struct tmember m;

	if (depth >= TTYPE_MAX_DEPTH)
		return false;
	for (uint32_t i = 0; i < t->n && t->src->ops->member(t, i, &m); i++) {
		if (!*budget)
			return false;
		--*budget;
		out->index[depth] = i;
		if (*m.name) {
			if (strcmp(m.name, name))
				continue;
			out->type = m.type;
			out->bit_off = bit_off + m.bit_off;
			out->bit_size = m.bit_size;
			out->depth = depth + 1;
			out->vbase = 0;
			return true;
		}
		struct ttype in;
		if (!t->src->ops->get(t->src, m.type, &in) ||
		    (in.kind != TT_STRUCT && in.kind != TT_UNION) ||
		    !find_member(&in, name, out, depth + 1, bit_off + m.bit_off,
				 budget))
			continue;
		if (m.vbase) {
			out->type = m.type;
			out->bit_off = bit_off;
			out->bit_size = 0;
			out->vbase = m.vbase;
		}
		return true;
	}
	return false;
}

bool ttype_find_member(const struct ttype *t, const char *name,
		       struct tmember_path *out)
{
	uint32_t budget = MAX_VISITED;

	if ((t->kind != TT_STRUCT && t->kind != TT_UNION) || !*name)
		return false;
	out->vbase = 0;
	return find_member(t, name, out, 0, 0, &budget);
}

static void all_members(struct arena *a, const struct ttype *t,
			struct name_list *out, unsigned depth, uint32_t *budget)
{
	struct tmember m;

	if (depth >= TTYPE_MAX_DEPTH)
		return;
	for (uint32_t i = 0; i < t->n && t->src->ops->member(t, i, &m); i++) {
		struct ttype in;
		if (!*budget)
			return;
		--*budget;
		if (*m.name)
			vec_push(a, &out->v, m.name);
		else if (t->src->ops->get(t->src, m.type, &in) &&
			 (in.kind == TT_STRUCT || in.kind == TT_UNION))
			all_members(a, &in, out, depth + 1, budget);
	}
}

void ttype_all_members(struct arena *a, const struct ttype *t,
		       struct name_list *out)
{
	uint32_t budget = MAX_VISITED;

	if (t->kind == TT_STRUCT || t->kind == TT_UNION)
		all_members(a, t, out, 0, &budget);
}

const char *ttype_member_names(struct arena *a, const struct ttype *t,
			       uint32_t max)
{
	struct name_list l = {0};
	struct strbuf sb = {0};

	ttype_all_members(a, t, &l);
	vec_for (&l.v, i) {
		if (i == max) {
			sb_puts(&sb, ", ...");
			break;
		}
		sb_printf(&sb, "%s%s", i ? ", " : "", l.v.v[i]);
	}
	const char *s = arena_strdup(a, sb_str(&sb));
	sb_free(&sb);
	return s;
}

bool ttype_size(const struct type_src *s, uint32_t id, uint64_t *size)
{
	uint64_t n = 1;
	struct ttype t;

	for (int depth = 0; depth < TTYPE_MAX_DEPTH; depth++) {
		if (!s->ops->get(s, id, &t))
			return false;
		if (t.kind != TT_ARRAY) {
			*size = n * t.size;
			return *size != 0;
		}
		if (t.n && n > UINT32_MAX / t.n)
			return false;
		n *= t.n;
		id = t.elem;
	}
	return false;
}

static const char *tag_word(const struct ttype *t)
{
	return t->kind == TT_STRUCT  ? t->is_class ? "class " : "struct "
	       : t->kind == TT_UNION ? "union "
	       : t->kind == TT_ENUM  ? "enum "
				     : "";
}

/*
 * Pointers and arrays follow what they lead to: "char const*", "int* const[]";
 * of functions they stand within: "int (*[]) (char)". Dimensions of an array
 * are not told, nor how many there are.
 */
static void spell(struct strbuf *out, const struct type_src *s, uint32_t id,
		  const char *behind, unsigned depth);

static void put_quals(struct strbuf *out, const struct ttype *t)
{
	sb_puts(out, t->quals & TTYPE_CONST ? " const" : "");
	sb_puts(out, t->quals & TTYPE_VOLATILE ? " volatile" : "");
	sb_puts(out, t->quals & TTYPE_RESTRICT ? " restrict" : "");
}

/* int (*) (struct file*, ...) */
static void spell_function(struct strbuf *out, const struct ttype *t,
			   const char *behind, unsigned depth)
{
	uint32_t type;

	spell(out, t->src, t->elem, "", depth + 1);
	sb_printf(out, " (%s) (", behind);
	for (uint32_t i = 0; i < t->n && t->src->ops->param(t, i, &type); i++) {
		if (i)
			sb_puts(out, ", ");
		spell(out, t->src, type, "", depth + 1);
	}
	if (t->is_variadic)
		sb_puts(out, t->n ? ", ..." : "...");
	else if (!t->n)
		sb_puts(out, "void");
	sb_putc(out, ')');
}

/* The elements of an array of arrays. */
static uint32_t innermost(const struct ttype *t)
{
	uint32_t id = t->elem;
	struct ttype to;

	for (int i = 0; i < TTYPE_MAX_DEPTH; i++) {
		if (!t->src->ops->get(t->src, id, &to) || to.kind != TT_ARRAY ||
		    to.alias)
			break;
		id = to.elem;
	}
	return id;
}

static void spell_derived(struct strbuf *out, const struct ttype *t,
			  const char *behind, unsigned depth)
{
	bool array = t->kind == TT_ARRAY;
	struct strbuf sb = {0};

	sb_puts(&sb, array ? "[]" : "*");
	put_quals(&sb, t);
	sb_puts(&sb, behind);
	spell(out, t->src, array ? innermost(t) : t->elem, sb_str(&sb),
	      depth + 1);
	sb_free(&sb);
}

static void spell(struct strbuf *out, const struct type_src *s, uint32_t id,
		  const char *behind, unsigned depth)
{
	struct ttype t;

	if (depth > TTYPE_MAX_DEPTH || !s->ops->get(s, id, &t)) {
		sb_printf(out, "unknown%s", behind);
		return;
	}
	bool named = t.alias && *t.alias;
	if (!named && (t.kind == TT_PTR || t.kind == TT_ARRAY)) {
		spell_derived(out, &t, behind, depth);
		return;
	}
	if (!named && t.kind == TT_FUNC) {
		spell_function(out, &t, behind, depth);
		return;
	}
	if (named)
		sb_puts(out, t.alias);
	else if (t.kind == TT_VOID)
		sb_puts(out, "void");
	else if (t.kind == TT_FWD)
		sb_printf(out, "struct %s", t.name);
	else
		sb_printf(out, "%s%s", tag_word(&t),
			  *t.name ? t.name : "{...}");
	put_quals(out, &t);
	sb_puts(out, behind);
}

void ttype_spell(struct strbuf *out, const struct type_src *s, uint32_t id)
{
	spell(out, s, id, "", 0);
}

/* ---- type names as a script writes them ---- */

struct type_words {
	enum { TAG_ANY, TAG_STRUCT, TAG_UNION, TAG_ENUM } tag;
	const char *name; /* within the text */
	size_t len;
	unsigned stars;
	/* base types */
	bool is_base, is_unsigned, is_signed;
	unsigned longs;
	bool is_short, is_char, is_int;
};

static bool word_is(const char *w, size_t n, const char *s)
{
	return strlen(s) == n && !memcmp(w, s, n);
}

static bool base_word(struct type_words *t, const char *w, size_t n)
{
	if (word_is(w, n, "unsigned"))
		t->is_unsigned = true;
	else if (word_is(w, n, "signed"))
		t->is_signed = true;
	else if (word_is(w, n, "long"))
		t->longs++;
	else if (word_is(w, n, "short"))
		t->is_short = true;
	else if (word_is(w, n, "char"))
		t->is_char = true;
	else if (word_is(w, n, "int"))
		t->is_int = true;
	else
		return false;
	t->is_base = true;
	return true;
}

static bool take_word(struct type_words *t, const char *w, size_t n)
{
	if (word_is(w, n, "const") || word_is(w, n, "volatile"))
		return true;
	if (t->stars || t->name)
		return false;
	if (t->tag == TAG_ANY && base_word(t, w, n))
		return true;
	if (t->is_base)
		return false;
	if (t->tag == TAG_ANY &&
	    (word_is(w, n, "struct") || word_is(w, n, "class")))
		t->tag = TAG_STRUCT;
	else if (t->tag == TAG_ANY && word_is(w, n, "union"))
		t->tag = TAG_UNION;
	else if (t->tag == TAG_ANY && word_is(w, n, "enum"))
		t->tag = TAG_ENUM;
	else {
		t->name = w;
		t->len = n;
	}
	return true;
}

/* "int", "ns::pair<int, char const*>" */
static size_t word_length(const char *s)
{
	size_t n = 0;
	int depth = 0;

	for (; s[n]; n++) {
		if (s[n] == '<')
			depth++;
		else if (s[n] == '>' && depth)
			depth--;
		else if (!depth && !isalnum((unsigned char)s[n]) &&
			 s[n] != '_' && s[n] != ':' && s[n] != '$')
			break;
	}
	return n;
}

static bool split_words(const char *s, struct type_words *t)
{
	*t = (struct type_words){0};
	for (;;) {
		while (isspace((unsigned char)*s))
			s++;
		if (!*s)
			return t->is_base || t->name;
		if (*s == '*') {
			if (!t->is_base && !t->name)
				return false;
			t->stars++;
			s++;
			continue;
		}
		size_t n = word_length(s);
		if (!n || !take_word(t, s, n))
			return false;
		s += n;
	}
}

/* As gcc and clang name base types in debug information. */
static const char *base_name(const struct type_words *t)
{
	if (t->is_char)
		return t->is_unsigned ? "unsigned char"
		       : t->is_signed ? "signed char"
				      : "char";
	if (t->is_short)
		return t->is_unsigned ? "short unsigned int" : "short int";
	if (t->longs > 1)
		return t->is_unsigned ? "long long unsigned int"
				      : "long long int";
	if (t->longs)
		return t->is_unsigned ? "long unsigned int" : "long int";
	return t->is_unsigned ? "unsigned int" : "int";
}

/* clang spells some base types as C does. */
static const char *base_name_clang(const struct type_words *t)
{
	if (t->is_short)
		return t->is_unsigned ? "unsigned short" : "short";
	if (t->longs > 1)
		return t->is_unsigned ? "unsigned long long" : "long long";
	if (t->longs)
		return t->is_unsigned ? "unsigned long" : "long";
	return base_name(t);
}

static bool find_tagged(const struct type_src *s, const struct type_words *t,
			const char *name, uint32_t *id)
{
	const struct type_ops *o = s->ops;

	switch (t->tag) {
	case TAG_STRUCT:
		return o->find(s, TT_STRUCT, name, id);
	case TAG_UNION:
		return o->find(s, TT_UNION, name, id);
	case TAG_ENUM:
		return o->find(s, TT_ENUM, name, id);
	default:
		return o->find(s, TT_STRUCT, name, id) ||
		       o->find(s, TT_UNION, name, id) ||
		       o->find_typedef(s, name, id) ||
		       o->find(s, TT_ENUM, name, id) ||
		       o->find(s, TT_INT, name, id);
	}
}

bool ttype_parse(const struct type_src *s, const char *text, uint32_t *id,
		 unsigned *stars)
{
	struct type_words t;
	char name[256];

	if (!split_words(text, &t))
		return false;
	*stars = t.stars;
	if (t.is_base)
		return s->ops->find(s, TT_INT, base_name(&t), id) ||
		       s->ops->find(s, TT_INT, base_name_clang(&t), id);
	if (t.len >= sizeof(name))
		return false;
	memcpy(name, t.name, t.len);
	name[t.len] = '\0';
	if (!strcmp(name, "void") && t.tag == TAG_ANY) {
		*id = 0;
		return true;
	}
	return find_tagged(s, &t, name, id);
}
