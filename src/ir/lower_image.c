/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an image holds besides code and heap: strings, formats, positions,
   handlers and attach records. */
#include <ctype.h>
#include <string.h>

#include "ir/lower_impl.h"

uint32_t image_string(struct lower *L, const char *s)
{
	struct image_builder *b = &L->img;
	uintptr_t known;
	uint32_t off;

	if (!b->interned.arena) {
		map_init(&b->interned, L->arena);
		map_init(&b->formats, L->arena);
		map_init(&b->locs, L->arena);
		sb_putc(&b->strings, '\0'); /* offset 0 is "" */
	}
	if (!s || !*s)
		return 0;
	known = (uintptr_t)map_get(&b->interned, s);
	if (known)
		return (uint32_t)known;
	off = (uint32_t)b->strings.len;
	sb_write(&b->strings, s, strlen(s) + 1);
	map_put(&b->interned, arena_strdup(L->arena, s),
		(void *)(uintptr_t)off);
	return off;
}

/* ---- positions ---- */

static bool is_keyword(const char *s, size_t n)
{
	static const char *const words[] = {
		"break", "catch",   "continue", "delete", "else",
		"for",	 "foreach", "function", "global", "if",
		"in",	 "limit",   "long",	"next",	  "private",
		"probe", "return",  "string",	"try",	  "while",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == n && !memcmp(words[i], s, n))
			return true;
	return false;
}

static size_t operator_length(const char *s, size_t n)
{
	static const char *const ops[] = {
		">>>=", "<<<", ">>>", "<<=", ">>=", "<<", ">>", "<=", ">=",
		"==",	"!=",  "=~",  "!~",  "&&",  "||", "++", "--", "->",
		"*=",	"/=",  "%=",  "+=",  "-=",  "&=", "^=", "|=", ".=",
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		size_t len = strlen(ops[i]);

		if (len <= n && !memcmp(ops[i], s, len))
			return len;
	}
	return 1;
}

/* "operator '/'", "identifier 'x'": what stands at loc, as users know it from
   error messages. */
static const char *what_stands_at(struct lower *L, struct loc loc)
{
	size_t len, n = 0;
	const char *kind, *line = source_line(loc.src, loc.line, &len);
	const char *s;

	if (!line || !loc.col || loc.col > len)
		return NULL;
	s = line + loc.col - 1;
	len -= loc.col - 1;
	if (isalpha((unsigned char)*s) || *s == '_' || *s == '$' || *s == '@') {
		while (n < len && (isalnum((unsigned char)s[n]) ||
				   s[n] == '_' || s[n] == '$' || s[n] == '@'))
			n++;
		kind = *s == '@'	 ? "operator"
		       : is_keyword(s, n) ? "keyword"
					  : "identifier";
	} else if (isdigit((unsigned char)*s)) {
		while (n < len && isalnum((unsigned char)s[n]))
			n++;
		kind = "number";
	} else if (*s == '"') {
		for (n = 1; n < len && s[n] != '"'; n++)
			n += s[n] == '\\';
		s++;
		n = (n < len ? n : len) - 1;
		kind = "string";
	} else {
		n = operator_length(s, len);
		kind = "operator";
	}
	return arena_printf(L->arena, "%s '%.*s'", kind, (int)n, s);
}

uint32_t image_loc(struct lower *L, struct loc loc)
{
	struct image_builder *b = &L->img;
	struct image_loc entry = {0};
	uintptr_t known;
	char *key;

	if (!b->locs_v.n) /* number 0 is "no position" */
		vec_push(L->arena, &b->locs_v, entry);
	if (!loc.src)
		return 0;
	key = arena_printf(L->arena, "%p %u %u", (const void *)loc.src,
			   loc.line, loc.col);
	image_string(L, ""); /* makes the tables */
	known = (uintptr_t)map_get(&b->locs, key);
	if (known)
		return (uint32_t)known;
	entry.file = image_string(L, loc.src->name);
	entry.line = loc.line;
	entry.col = loc.col;
	entry.what = image_string(L, what_stands_at(L, loc));
	map_put(&b->locs, key, (void *)(uintptr_t)b->locs_v.n);
	vec_push(L->arena, &b->locs_v, entry);
	return b->locs_v.n - 1;
}

/* ---- formats ---- */

/* Neighbouring texts become one, each in front of the directive it belongs
   to; the last part may be text only. */
uint32_t image_format(struct lower *L, const struct piece *pieces, uint32_t n)
{
	struct image_builder *b = &L->img;
	struct strbuf text = {0}, key = {0};
	struct image_format f = {0};
	VEC(struct image_part) parts = {0};
	uintptr_t known;

	for (uint32_t i = 0; i <= n; i++) {
		struct image_part p = {0};

		if (i < n && pieces[i].literal) {
			sb_write(&text, pieces[i].literal,
				 pieces[i].literal_len);
			continue;
		}
		if (i == n && !text.len)
			break;
		p.literal = image_string(L, sb_str(&text));
		p.literal_len = (w_u32)text.len;
		sb_reset(&text);
		if (i < n) {
			p.spec = pieces[i].spec;
			f.nargs += 1 + !!(p.spec.flags & WIRE_SPEC_WIDTH_ARG) +
				   !!(p.spec.flags & WIRE_SPEC_PREC_ARG);
		}
		vec_push(L->arena, &parts, p);
		sb_printf(&key, "%u %u %u %u %u %u,", p.literal, p.literal_len,
			  p.spec.conv, p.spec.flags, p.spec.width, p.spec.prec);
	}
	sb_free(&text);
	image_string(L, "");
	known = (uintptr_t)map_get(&b->formats, sb_str(&key));
	if (!known) {
		f.first_part = b->parts.n;
		f.nparts = parts.n;
		vec_for (&parts, i)
			vec_push(L->arena, &b->parts, parts.v[i]);
		vec_push(L->arena, &b->formats_v, f);
		known = b->formats_v.n;
		map_put(&b->formats, arena_strdup(L->arena, sb_str(&key)),
			(void *)known);
		if (known == 0x10000)
			lower_error(L, TOO_MANY_FORMATS, L->loc, NULL);
	}
	sb_free(&key);
	return (uint32_t)known - 1;
}

/* ---- handlers ---- */

static void add_attach(struct lower *L, const struct probe_site *s)
{
	struct wire_attach a = s->attach;

	a.handler = L->img.handlers.n;
	a.name = image_string(L, s->name);
	a.target = image_string(L, s->target);
	a.symbol = image_string(L, s->symbol);
	if (a.kind == WIRE_PROBE_INPUT ||
	    (a.kind == WIRE_PROBE_PROCFS && a.event == WIRE_PROCFS_WRITE))
		a.offset = heap_input(L);
	vec_push(L->arena, &L->img.attach, a);
}

void image_handler(struct lower *L, const struct job *j)
{
	const struct handler *h = j->hi->h;
	const struct probe_site *first = j->site ? j->site : h->sites.v[0];
	struct image_handler ih = {0};
	struct strbuf point = {0};
	char name[32];

	snprintf(name, sizeof(name), "probe_%u", L->img.handlers.n);
	unparse_probe_point(&point, first->point);
	ih.name = image_string(L, name);
	ih.point = image_string(L, sb_str(&point));
	ih.pp = image_string(L, first->name);
	ih.prog_type = first->prog_type;
	ih.flags = first->handler_flags;
	if (j->hi->asks & ASKS_POINT && !j->site)
		ih.flags |= IMAGE_HANDLER_SITE;
	if (j->hi->asks & ASKS_REGS)
		ih.flags |= IMAGE_HANDLER_REGS;
	if (j->hi->asks & ASKS_KSTACK)
		ih.flags |= IMAGE_HANDLER_KSTACK;
	if (h->decl->loc.src) {
		ih.file = image_string(L, h->decl->loc.src->name);
		ih.line = h->decl->loc.line;
		ih.col = h->decl->loc.col;
	}
	sb_free(&point);
	vec_for (&h->sites, i)
		if (!j->site || j->site == h->sites.v[i])
			add_attach(L, h->sites.v[i]);
	vec_push(L->arena, &L->img.handlers, ih);
}

void image_condition(struct lower *L, uint32_t of)
{
	const struct image_handler *h = &L->img.handlers.v[of];
	struct image_handler ih = {
		.point = h->point,
		.pp = h->pp,
		.file = h->file,
		.line = h->line,
		.col = h->col,
		.prog_type = IMAGE_PROG_RUN,
		.flags = IMAGE_HANDLER_INTERRUPTIBLE |
			 IMAGE_HANDLER_STATE(RT_STARTING) |
			 IMAGE_HANDLER_STATE(RT_RUNNING),
	};
	char name[32];

	snprintf(name, sizeof(name), "condition_%u", of);
	ih.name = image_string(L, name);
	vec_push(L->arena, &L->img.handlers, ih);
}

void image_arm(struct lower *L, uint32_t of, uint32_t condition, uint32_t word)
{
	struct wire_attach a = {
		.kind = WIRE_PROBE_CONDITION,
		.handler = condition,
		.event = of,
		.offset = word,
		.name = L->img.handlers.v[of].pp,
	};

	vec_push(L->arena, &L->img.attach, a);
}

/* ---- handlers that may wait for pages ---- */

static bool reads_process(const struct ir_insn *in)
{
	/* the flags are the last argument, a constant */
	return in->op == IR_RT &&
	       (in->fn == RT_FN_unwind_next ||
		((in->fn == RT_FN_read || in->fn == RT_FN_read_str) &&
		 in->args[in->nargs - 1].imm & RT_READ_USER));
}

/* Programs that may sleep are refused the map that this needs. */
static bool reads_counter(const struct ir_insn *in)
{
	return in->op == IR_RT && in->fn == RT_FN_counter;
}

typedef bool insn_test(const struct ir_insn *in);

/* Once more over a function: does it do that, or call one that is known to? */
static bool visit_does(const struct ir_module *m, uint32_t fn, insn_test *test,
		       bool *does)
{
	const struct ir_func *f = m->funcs.v[fn];

	if (does[fn])
		return false;
	vec_for (&f->blocks, b)
		vec_for (&f->blocks.v[b]->insns, i) {
			const struct ir_insn *in = &f->blocks.v[b]->insns.v[i];

			if (test(in) || (in->op == IR_CALL && does[in->fn]))
				return does[fn] = true;
		}
	return false;
}

/* By function: whether it does, itself or by what it calls. */
static bool *which_do(struct lower *L, insn_test *test)
{
	const struct ir_module *m = L->m;
	bool *does = arena_new_array(L->arena, bool, m->funcs.n);
	bool changed;

	do {
		changed = false;
		vec_for (&m->funcs, i)
			changed |= visit_does(m, i, test, does);
	} while (changed);
	return does;
}

static void mark_sleepable(struct lower *L)
{
	const struct ir_module *m = L->m;
	const bool *reads = which_do(L, reads_process);
	const bool *counts = which_do(L, reads_counter);

	vec_for (&m->funcs, i) {
		const struct ir_func *f = m->funcs.v[i];
		struct image_handler *h;

		if (!f->is_handler || !reads[i] || counts[i])
			continue;
		h = &L->img.handlers.v[f->handler];
		if (h->prog_type == IMAGE_PROG_UPROBE)
			h->flags |= IMAGE_HANDLER_SLEEPABLE;
	}
}

void image_finish(struct lower *L)
{
	struct image_builder *b = &L->img;
	struct image *img = L->m->image;
	const struct lower_opts *o = L->opts;

	mark_sleepable(L);
	image_loc(L, LOC_NONE);
	img->version = WIRE_VERSION;
	img->name = image_string(L, o->module_name);
	img->kernel_release = image_string(L, o->kernel_release);
	img->arch = image_string(L, o->arch);
	img->kernel_id = image_string(L, o->kernel_id);
	img->ringbuf_size = o->ringbuf_size;
	img->nparts = b->parts.n;
	img->parts = b->parts.v;
	img->nformats = b->formats_v.n;
	img->formats = b->formats_v.v;
	img->nlocs = b->locs_v.n;
	img->locs = b->locs_v.v;
	img->nhandlers = b->handlers.n;
	img->handlers = b->handlers.v;
	img->nattach = b->attach.n;
	img->attach = b->attach.v;
	img->nstrings = (w_u32)b->strings.len;
	img->strings =
		arena_memdup(L->arena, sb_str(&b->strings), b->strings.len);
	sb_free(&b->strings);
}
