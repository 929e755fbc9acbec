/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The print family. All of it becomes pieces, texts and directives in turn;
 * what is printed goes out as one record entry with a number of the format
 * table (longs first, then strings), what is returned as a string is put
 * together by the run-time library, piece by piece.
 *
 * Constant arguments become text of the format.
 */
#include <inttypes.h>
#include <string.h>

#include "ir/lower_impl.h"

/* A piece and the arguments that it consumes. */
struct print_piece {
	struct piece p;
	struct expr *value, *width, *prec; /* NULL when there is none */
	const struct expr *hist;
};

typedef VEC(struct print_piece) piece_list;

static void add_text(struct lower *L, piece_list *l, const char *s, size_t len)
{
	struct print_piece p = {.p = {.literal = s, .literal_len = len}};

	if (len)
		vec_push(L->arena, l, p);
}

static bool is_plain(const struct wire_spec *s)
{
	return !s->flags && !s->width;
}

/* A directive whose argument is known now. */
static bool add_constant(struct lower *L, piece_list *l,
			 const struct wire_spec *s, const struct expr *arg)
{
	if (!is_plain(s))
		return false;
	if (s->conv == 's' && arg->kind == E_STRING) {
		add_text(L, l, arg->str.s, arg->str.len);
		return true;
	}
	if (s->conv == 'd' && arg->kind == E_NUMBER) {
		const char *t = arena_printf(L->arena, "%" PRId64, arg->num.v);

		add_text(L, l, t, strlen(t));
		return true;
	}
	return false;
}

static void add_value(struct lower *L, piece_list *l, struct expr *arg)
{
	const struct expr *b = lower_bound(arg);
	struct print_piece p = {.value = arg};

	if (b->kind == E_STATOP && (b->statop.op == STAT_HIST_LOG ||
				    b->statop.op == STAT_HIST_LINEAR)) {
		p.value = NULL;
		p.hist = b;
		vec_push(L->arena, l, p);
		return;
	}
	p.p.spec.conv = arg->type == TY_STRING ? 's' : 'd';
	if (!add_constant(L, l, &p.p.spec, arg))
		vec_push(L->arena, l, p);
}

static void pieces_of_format(struct lower *L, const struct expr *e,
			     piece_list *l)
{
	const struct format *f = e->print.fmt;
	uint32_t arg = 0;

	vec_for (&f->parts, i) {
		const struct format_part *fp = &f->parts.v[i];
		struct print_piece p = {.p = {.spec = fp->spec}};

		add_text(L, l, fp->literal, fp->literal_len);
		if (!fp->spec.conv)
			continue;
		if (fp->spec.flags & WIRE_SPEC_WIDTH_ARG)
			p.width = e->print.args.v[arg++];
		if (fp->spec.flags & WIRE_SPEC_PREC_ARG)
			p.prec = e->print.args.v[arg++];
		p.value = e->print.args.v[arg++];
		if (!add_constant(L, l, &fp->spec, p.value))
			vec_push(L->arena, l, p);
	}
}

static void pieces_of_values(struct lower *L, const struct expr *e,
			     piece_list *l)
{
	const struct expr *delim = e->print.format;

	vec_for (&e->print.args, i) {
		if (i && e->print.with_delim && delim)
			add_text(L, l, delim->str.s, delim->str.len);
		if (e->print.is_char) {
			struct print_piece p = {.value = e->print.args.v[i]};

			p.p.spec.conv = 'c';
			vec_push(L->arena, l, p);
		} else {
			add_value(L, l, e->print.args.v[i]);
		}
	}
	/* a histogram ends its line, and prints an empty one, itself */
	if (e->print.newline && !(l->n && vec_last(l).hist))
		add_text(L, l, "\n", 1);
}

static void make_pieces(struct lower *L, const struct expr *e, piece_list *l)
{
	if (e->print.with_format)
		pieces_of_format(L, e, l);
	else
		pieces_of_values(L, e, l);
}

/* ---- evaluation: all arguments first, from left to right ---- */

struct print_arg {
	struct ir_val v;
	bool is_str;
};

typedef VEC(struct print_arg) arg_list;

static void evaluate(struct lower *L, const piece_list *l, arg_list *args)
{
	expr_list e = {0};
	struct val *v;

	vec_for (l, i) {
		const struct print_piece *p = &l->v[i];

		if (p->width)
			vec_push(L->arena, &e, p->width);
		if (p->prec)
			vec_push(L->arena, &e, p->prec);
		if (p->value)
			vec_push(L->arena, &e, p->value);
	}
	v = arena_new_array(L->arena, struct val, e.n + 1);
	lower_operands(L, e.v, e.n, v);
	vec_for (&e, i)
		vec_push(L->arena, args,
			 ((struct print_arg){v[i].v,
					     e.v[i]->type == TY_STRING}));
}

#define NOT_GIVEN 0xffffffffll

/* '*' values in one word: width << 32 | precision */
static struct ir_val star_word(struct lower *L, const struct print_piece *p,
			       struct ir_val width, struct ir_val prec)
{
	if (!p->width && !p->prec)
		return iv_imm(-1);
	if (p->width)
		width = lower_op(L, IR_SHL, width, iv_imm(32));
	else
		width = iv_imm((int64_t)((uint64_t)NOT_GIVEN << 32));
	if (p->prec)
		prec = lower_op(L, IR_AND, prec, iv_imm(NOT_GIVEN));
	else
		prec = iv_imm(NOT_GIVEN);
	return lower_op(L, IR_OR, width, prec);
}

static bool reads_memory(const struct wire_spec *s)
{
	return s->conv == 'm' || s->conv == 'M';
}

/* Appends a directive with its arguments, from *arg on, to the string dst. */
static void append_directive(struct lower *L, const struct print_piece *p,
			     const arg_list *args, uint32_t *arg,
			     struct ir_val dst)
{
	struct ir_val width = iv_imm(0), prec = iv_imm(0), spec, stars, v;

	if (p->width)
		width = args->v[(*arg)++].v;
	if (p->prec)
		prec = args->v[(*arg)++].v;
	v = args->v[(*arg)++].v;
	if (p->p.spec.conv == 's' && is_plain(&p->p.spec)) {
		RT_CALL(L, str_cat, LOWER_CTX, dst, v);
		return;
	}
	spec = iv_heap(heap_spec(L, &p->p.spec));
	stars = star_word(L, p, width, prec);
	if (p->p.spec.conv == 's') {
		RT_CALL(L, fmt_str, LOWER_CTX, dst, spec, v, stars);
		return;
	}
	RT_CALL(L, fmt_long, LOWER_CTX, dst, spec, v, stars);
	if (reads_memory(&p->p.spec))
		lower_check(L, p->value->loc);
}

/*
 * What %m and %M print must be read now: the text is made here, and travels as
 * a string.
 */
static void read_memory(struct lower *L, piece_list *l, arg_list *args)
{
	arg_list now = {0};
	uint32_t arg = 0;

	vec_for (l, i) {
		struct print_piece *p = &l->v[i];
		uint32_t n = !!p->width + !!p->prec + !!p->value;
		struct ir_val tmp;

		if (!p->value || !reads_memory(&p->p.spec)) {
			for (; n; n--)
				vec_push(L->arena, &now, args->v[arg++]);
			continue;
		}
		tmp = lower_temp_str(L);
		lower_str_empty(L, tmp);
		append_directive(L, p, args, &arg, tmp);
		p->width = p->prec = NULL;
		p->p.spec = (struct wire_spec){.conv = 's'};
		vec_push(L->arena, &now, ((struct print_arg){tmp, true}));
	}
	*args = now;
}

/* ---- records ---- */

/* One entry from pieces [from, to); their arguments start at *arg. */
static void emit_entry(struct lower *L, const piece_list *l, uint32_t from,
		       uint32_t to, const arg_list *args, uint32_t *arg)
{
	struct piece *pieces =
		arena_new_array(L->arena, struct piece, to - from + 1);
	uint32_t first = *arg, last, nlongs = 0, nstr = 0, at = 0, need;
	struct ir_val place;

	if (from == to)
		return;
	for (uint32_t i = from; i < to; i++) {
		const struct print_piece *p = &l->v[i];

		pieces[i - from] = p->p;
		*arg += !!p->width + !!p->prec + !!p->value;
	}
	last = *arg;
	for (uint32_t i = first; i < last; i++)
		args->v[i].is_str ? nstr++ : nlongs++;
	need = nstr * L->string_size;
	place = RT_CALL(
		L, out, LOWER_CTX,
		iv_imm(WIRE_ENT_FORMAT |
		       (int64_t)image_format(L, pieces, to - from) << 16),
		iv_imm(nlongs), iv_imm(need));
	need += sizeof(struct wire_entry) + 8 * nlongs;
	if (need > L->out_need)
		L->out_need = need;
	for (uint32_t i = first; i < last; i++)
		if (!args->v[i].is_str)
			lower_store(L, place, (int32_t)(8 * at++), args->v[i].v,
				    8);
	for (uint32_t i = first; i < last; i++)
		if (args->v[i].is_str)
			RT_CALL(L, out_str, LOWER_CTX, args->v[i].v);
	if (nstr)
		RT_CALL(L, out_end, LOWER_CTX);
}

static void emit_histogram(struct lower *L, const struct expr *statop)
{
	struct stat_ref r = lower_stat_ref(L, statop->statop.stat);
	uint32_t need = sizeof(struct wire_entry) + 8 * 8 + 8 * r.var->nbuckets;

	RT_CALL(L, out_hist, LOWER_CTX, r.stat, r.desc);
	lower_check(L, statop->loc);
	if (need > L->out_need)
		L->out_need = need;
}

void lower_print(struct lower *L, const struct expr *e)
{
	piece_list l = {0};
	arg_list args = {0};
	uint32_t from = 0, arg = 0;

	make_pieces(L, e, &l);
	evaluate(L, &l, &args);
	read_memory(L, &l, &args);
	if (l.n == 1 && l.v[0].value && l.v[0].p.spec.conv == 's' &&
	    is_plain(&l.v[0].p.spec)) {
		RT_CALL(L, out_text, LOWER_CTX, iv_imm(WIRE_ENT_TEXT),
			args.v[0].v);
		return;
	}
	for (uint32_t i = 0; i <= l.n; i++) {
		if (i < l.n && !l.v[i].hist)
			continue;
		emit_entry(L, &l, from, i, &args, &arg);
		if (i < l.n)
			emit_histogram(L, l.v[i].hist);
		from = i + 1;
	}
}

/* ---- strings ---- */

/* Neighbouring texts of a list become one piece. */
static void join_texts(struct lower *L, piece_list *l)
{
	uint32_t n = 0;

	vec_for (l, i) {
		struct piece *last = n ? &l->v[n - 1].p : NULL;
		const struct piece *p = &l->v[i].p;

		if (last && last->literal && p->literal) {
			last->literal = arena_printf(
				L->arena, "%.*s%.*s", (int)last->literal_len,
				last->literal, (int)p->literal_len, p->literal);
			last->literal_len += p->literal_len;
			continue;
		}
		l->v[n++] = l->v[i];
	}
	l->n = n;
}

/* Appends the drawing to the string dst. */
static void append_histogram(struct lower *L, const struct expr *statop,
			     struct ir_val dst)
{
	struct stat_ref r = lower_stat_ref(L, statop->statop.stat);
	struct ir_val rows = iv_slot(
		ir_slot_new(L->m, L->f, "hist", sizeof(struct rt_hist_rows)),
		0);
	struct label line = {0}, end = {0};

	RT_CALL(L, hist_begin, LOWER_CTX, rows, r.stat, r.desc);
	lower_check(L, statop->loc);
	lower_jump(L, &line);
	lower_place(L, &line);
	lower_branch(
		L, CC_NE,
		RT_CALL(L, hist_line, LOWER_CTX, dst, rows, r.stat, r.desc),
		iv_imm(0), &line, &end);
	lower_place(L, &end);
}

/* May the directive print a NUL? A string ends there. */
static bool may_print_nul(const struct piece *p)
{
	return !p->literal && (p->spec.conv == 'c' || p->spec.conv == 'b' ||
			       p->spec.conv == 'm');
}

void lower_sprint(struct lower *L, const struct expr *e, struct ir_val dst,
		  bool append)
{
	piece_list l = {0};
	arg_list args = {0};
	uint32_t arg = 0, i = 0;
	bool nul = false;

	make_pieces(L, e, &l);
	join_texts(L, &l);
	evaluate(L, &l, &args);
	for (uint32_t k = 0; k < l.n; k++)
		nul |= may_print_nul(&l.v[k].p);
	if (!append) {
		/* the first piece is a copy when it is a string */
		if (l.n && l.v[0].p.literal) {
			lower_str_literal(L, dst, l.v[0].p.literal,
					  l.v[0].p.literal_len, e->loc);
			i = 1;
		} else if (l.n && !l.v[0].hist && l.v[0].p.spec.conv == 's' &&
			   is_plain(&l.v[0].p.spec)) {
			lower_str_copy(L, dst, args.v[arg++].v);
			i = 1;
		} else {
			lower_str_empty(L, dst);
		}
	}
	for (; i < l.n; i++) {
		const struct piece *p = &l.v[i].p;

		if (p->literal)
			RT_CALL(L, fmt_lit, LOWER_CTX, dst,
				iv_heap(heap_string(L, p->literal,
						    p->literal_len, e->loc)));
		else if (l.v[i].hist)
			append_histogram(L, l.v[i].hist, dst);
		else
			append_directive(L, &l.v[i], &args, &arg, dst);
	}
	if (nul)
		RT_CALL(L, str_nul, LOWER_CTX, dst);
}
