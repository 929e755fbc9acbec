/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass 3, from the top: which functions are made, their frames, and how they
 * begin and end. Statements and expressions are in the other lower_*.c.
 */
#include <stdio.h>
#include <string.h>

#include "ir/lower_impl.h"

void lower_opts_init(struct lower_opts *o)
{
	memset(o, 0, sizeof(*o));
#define LIMIT(name, field, def, least, most, help) o->limits.field = def;
#include "ir/limits.def"
#undef LIMIT
	o->ringbuf_size = 1u << 20;
	o->module_name = "stap";
}

int lower_limit_set(struct lower_limits *l, const char *name, int64_t value,
		    int64_t *least_out, int64_t *most_out)
{
	static const struct {
		const char *name;
		size_t off;
		int64_t least, most;
	} table[] = {
#define LIMIT(name, field, def, least, most, help)                             \
	{#name, offsetof(struct lower_limits, field), least, most},
#include "ir/limits.def"
#undef LIMIT
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strcmp(table[i].name, name))
			continue;
		*least_out = table[i].least;
		*most_out = table[i].most;
		if (value < table[i].least || value > table[i].most)
			return -1;
		*(int64_t *)((char *)l + table[i].off) = value;
		return 1;
	}
	return 0;
}

/* ---- variables of the function being lowered ---- */

/* Into the entry block, which stays open until the function is finished. */
static void emit_entry(struct lower *L, struct ir_insn in)
{
	in.loc = L->f->loc;
	ir_emit(L->m, L->f, 0, in);
}

static struct var_info *new_local(struct lower *L, struct var_decl *v)
{
	struct var_info *i = arena_new_obj(L->arena, struct var_info);

	i->serial = L->serial;
	i->lock = NO_LOCK;
	v->aux = i;
	return i;
}

struct var_info *lower_var(struct lower *L, const struct var_decl *cv)
{
	struct var_decl *v = (struct var_decl *)cv; /* only aux changes */
	struct var_info *i = v->aux;

	if (v->kind == VAR_GLOBAL) {
		if (i->lock != NO_LOCK)
			lower_need_locks(L);
		return i;
	}
	if (i && i->serial == L->serial)
		return i;
	i = new_local(L, v);
	if (v->type == TY_STRING) {
		i->mem = iv_slot(
			ir_slot_new(L->m, L->f, v->name, L->string_size), 0);
		for (int w = 0; w < 2; w++)
			emit_entry(L, (struct ir_insn){
					      .op = IR_ST,
					      .a = iv_slot(i->mem.reg, 8 * w),
					      .b = iv_imm(0),
					      .size = 8});
	} else {
		i->reg = lower_reg(L);
		emit_entry(L, (struct ir_insn){.op = IR_MOV,
					       .d = i->reg,
					       .a = iv_imm(0)});
	}
	return i;
}

/* ---- beginning and end of any function ---- */

struct frame {
	struct label exit, body;
};

static void begin_function(struct lower *L, struct ir_func *f, struct frame *fr,
			   struct loc loc)
{
	memset(fr, 0, sizeof(*fr));
	f->loc = loc;
	L->f = f;
	L->serial++;
	L->loc = loc;
	L->temps.n = L->temps_used = 0;
	L->key_bufs.n = L->key_sizes.n = L->keys_used = 0;
	L->actions = 0;
	L->loop = NULL;
	L->try_depth = 0;
	L->ret = 0;
	L->exit = L->on_error = &fr->exit;
	map_init(&L->stubs, L->arena);
	map_init(&L->ctx_loads, L->arena);
	ir_block_new(L->m, f); /* the entry */
	fr->body.block = ir_block_new(L->m, f);
	L->bb = fr->body.block;
}

static void end_function(struct lower *L, struct frame *fr)
{
	emit_entry(L, (struct ir_insn){.op = IR_JMP, .to = {fr->body.block}});
	L->f = NULL;
	L->bb = NO_BLOCK;
}

/* ---- script functions ---- */

static void take_params(struct lower *L)
{
	struct func_decl *fn = L->fn;
	bool str = fn->ret == TY_STRING;

	L->params = arena_new_array(L->arena, ir_reg, fn->params.n + 1);
	for (uint32_t i = 0; i < fn->params.n + str; i++) {
		ir_reg r = lower_reg(L);

		emit_entry(L, (struct ir_insn){
				      .op = IR_PARAM, .d = r, .a = iv_imm(i)});
		if (str && i == 0)
			L->ret_str = iv_reg(r);
		else
			L->params[i - str] = r;
	}
	vec_for (&fn->params, i) {
		struct var_decl *v = fn->params.v[i];
		struct ir_val passed = iv_reg(L->params[i]);
		struct var_info *vi;

		/* the caller's value, as long as nothing is assigned to it */
		if (!v->written) {
			vi = new_local(L, v);
			vi->reg = passed.reg;
			vi->mem = passed;
			continue;
		}
		v->aux = NULL;
		vi = lower_var(L, v);
		if (v->type == TY_STRING)
			lower_str_copy(L, vi->mem, passed);
		else
			lower_move(L, vi->reg, passed);
	}
}

#define NESTING offsetof(struct rt_ctx, nesting)

static void enter_level(struct lower *L, struct label *refused)
{
	struct ir_val n;
	struct label ok = {0}, deep = {0};

	if (!L->count_nesting)
		return;
	n = lower_load(L, iv_ctx(NESTING), 0, 4, false);
	lower_branch(L, CC_ULT, n, iv_imm(L->max_nesting), &ok, &deep);
	lower_place(L, &deep);
	L->on_error = refused;
	lower_raise_at_call(L, RT_MSG_MAXNESTING);
	L->on_error = L->exit;
	lower_place(L, &ok);
	lower_store(L, iv_ctx(NESTING), 0, lower_op(L, IR_ADD, n, iv_imm(1)),
		    4);
}

static void leave_level(struct lower *L)
{
	struct ir_val n;

	if (!L->count_nesting)
		return;
	n = lower_load(L, iv_ctx(NESTING), 0, 4, false);
	lower_store(L, iv_ctx(NESTING), 0, lower_op(L, IR_SUB, n, iv_imm(1)),
		    4);
}

static void emit_return(struct lower *L)
{
	if (lower_dead(L))
		return;
	lower_emit(L,
		   (struct ir_insn){.op = IR_RET,
				    .a = L->ret ? iv_reg(L->ret) : IV_NOTHING});
	L->bb = NO_BLOCK;
}

/* "next": the following overload gets what this one was called with. */
void lower_next_overload(struct lower *L)
{
	struct fn_info *fi = L->fn->aux;
	struct ir_val *args;
	uint32_t n = 0;
	struct fn_info *to;

	if (!fi->next) {
		lower_raise_at_call(L, RT_MSG_NEXT_FUNC);
		return;
	}
	to = fi->next->aux;
	args = arena_new_array(L->arena, struct ir_val, L->fn->params.n + 1);
	if (to->fn->ret == TY_STRING)
		args[n++] = L->ret_str;
	vec_for (&L->fn->params, i)
		args[n++] = iv_reg(L->params[i]);
	leave_level(L);
	lower_emit(L, (struct ir_insn){.op = IR_CALL,
				       .d = to->irf->returns_value ? L->ret : 0,
				       .fn = to->irf->index,
				       .args = args,
				       .nargs = n});
	/* an error is the caller's business: it looks after every call */
	emit_return(L);
}

static void lower_function(struct lower *L, struct func_decl *fn)
{
	struct fn_info *fi = fn->aux;
	struct frame fr;
	struct label refused = {0};

	L->fn = fn;
	L->job = NULL;
	begin_function(L, fi->irf, &fr, fn->loc);
	L->accounts = fi->accounts;
	L->in_library = fn->file->is_tapset;
	if (fi->irf->returns_value) {
		L->ret = lower_reg(L);
		emit_entry(L, (struct ir_insn){.op = IR_MOV,
					       .d = L->ret,
					       .a = iv_imm(0)});
	}
	take_params(L);
	enter_level(L, &refused);
	if (fi->recursive)
		lower_charge_check(L, fn->loc);
	lower_stmt(L, fn->body);
	lower_charge(L);
	if (fn->ret == TY_STRING && !lower_dead(L))
		lower_str_empty(L, L->ret_str);
	lower_place(L, L->exit);
	if (!lower_dead(L))
		leave_level(L);
	lower_place(L, &refused);
	emit_return(L);
	end_function(L, &fr);
}

static const char *function_name(struct lower *L, const struct func_decl *fn)
{
	unsigned same = 0;

	vec_for (&L->prog->funcs, i) {
		if (L->prog->funcs.v[i] == fn)
			break;
		same += !strcmp(L->prog->funcs.v[i]->name, fn->name);
	}
	return same ? arena_printf(L->arena, "fn_%s_%u", fn->name, same + 1)
		    : arena_printf(L->arena, "fn_%s", fn->name);
}

static void declare_functions(struct lower *L)
{
	vec_for (&L->prog->funcs, i) {
		struct func_decl *fn = L->prog->funcs.v[i];
		struct fn_info *fi = fn->aux;

		fi->irf = ir_func_new(L->m, function_name(L, fn));
		fi->irf->returns_value = fn->ret == TY_LONG;
		fi->irf->nparams = fn->params.n + (fn->ret == TY_STRING);
	}
}

/* ---- handlers ---- */

/*
 * Locks are held for as short as the language's meaning allows: from the first
 * access to a global that needs one to the end of the last statement (of the
 * handler's top level) that makes one. A filter in front (`if (pid() != x)
 * next`) or around it (`if (pid() == x) { ... }`) runs without.
 */
/* Statements in sequence; the handler's condition is one of them, and so is to
   store 1 to a word of the heap. */
struct item {
	const struct stmt *stmt;
	const struct expr *cond;
	uint32_t word; /* neither */
};

typedef VEC(struct item) item_list;

struct lock {
	uint32_t off;
	bool write;
};

struct lock_region {
	const struct lock *locks;
	uint32_t n;
	/* [k]: leave with k locks taken; [0]: the exit without any */
	struct label *held;
	struct label *outer;
};

static void add_items(struct lower *L, item_list *l, const struct stmt *s)
{
	if (s->kind == S_BLOCK) {
		vec_for (&s->block.list, i)
			add_items(L, l, s->block.list.v[i]);
		return;
	}
	vec_push(L->arena, l, ((struct item){.stmt = s}));
}

bool lower_locks_needed(const struct lower *L, const struct effects *e)
{
	vec_for (&L->prog->globals, g) {
		const struct var_info *vi = L->prog->globals.v[g]->aux;

		if (vi->lock != NO_LOCK &&
		    (effects_has(e->reads, g) || effects_has(e->writes, g)))
			return true;
	}
	return false;
}

static bool expr_needs_locks(struct lower *L, const struct expr *x)
{
	struct effects e = effects_new(L);

	effects_of_expr(L, (struct expr *)x, &e);
	return lower_locks_needed(L, &e);
}

static void add_effects(struct lower *L, const struct item *it,
			struct effects *e)
{
	if (it->cond)
		effects_of_expr(L, (struct expr *)it->cond, e);
	else if (it->stmt)
		effects_of_stmt(L, (struct stmt *)it->stmt, e);
}

/* In the one global order: by the number of the global. */
static void choose_locks(struct lower *L, const struct effects *e,
			 struct lock_region *r)
{
	uint32_t n = L->prog->globals.n;
	struct lock *locks = arena_new_array(L->arena, struct lock, n + 1);
	bool *seen = arena_new_array(L->arena, bool, n + 1);
	bool *write = arena_new_array(L->arena, bool, n + 1);

	for (uint32_t g = 0; g < n; g++) {
		const struct var_info *vi = L->prog->globals.v[g]->aux;
		bool changed =
			effects_has(e->writes, g) || effects_has(e->sorts, g);

		if (vi->lock == NO_LOCK ||
		    !(changed || effects_has(e->reads, g)))
			continue;
		seen[vi->lock] = true;
		write[vi->lock] |= changed;
	}
	r->locks = locks;
	for (uint32_t g = 0; g < n; g++)
		if (seen[g])
			locks[r->n++] = (struct lock){L->lock_off[g], write[g]};
}

static void unlock(struct lower *L, const struct lock *l)
{
	RT_CALL(L, unlock, LOWER_CTX, iv_heap(l->off), iv_imm(l->write));
}

/* Takes the locks of the region that was begun, unless they are taken. */
void lower_need_locks(struct lower *L)
{
	struct lock_region *r = L->pending;

	if (!r || lower_dead(L))
		return;
	L->pending = NULL;
	for (uint32_t i = 0; i < r->n; i++) {
		struct label go_on = {0};
		struct ir_val got =
			RT_CALL(L, lock, LOWER_CTX, iv_heap(r->locks[i].off),
				iv_imm(r->locks[i].write));

		lower_branch(L, CC_NE, got, iv_imm(0), &go_on,
			     i ? &r->held[i] : r->outer);
		lower_place(L, &go_on);
	}
	L->exit = L->on_error = &r->held[r->n];
}

/* For items [from, to]. */
static void begin_region(struct lower *L, struct lock_region *r,
			 const item_list *l, uint32_t from, uint32_t to)
{
	struct effects e = effects_new(L);

	for (uint32_t i = from; i <= to; i++)
		add_effects(L, &l->v[i], &e);
	memset(r, 0, sizeof(*r));
	choose_locks(L, &e, r);
	r->held = arena_new_array(L->arena, struct label, r->n + 1);
	r->outer = L->exit;
	L->pending = r;
}

/* tail: nothing follows in the handler, so both ways out are one. */
static void end_region(struct lower *L, struct lock_region *r, bool tail)
{
	struct label go_on = {0};

	L->pending = NULL;
	if (tail) {
		lower_jump(L, L->exit);
	} else {
		for (uint32_t k = r->n; k-- && !lower_dead(L);)
			unlock(L, &r->locks[k]);
		lower_jump(L, &go_on);
	}
	L->exit = L->on_error = r->outer;
	for (uint32_t k = r->n; k > 0; k--) {
		lower_place(L, &r->held[k]);
		if (!lower_dead(L))
			unlock(L, &r->locks[k - 1]);
	}
	lower_jump(L, L->exit);
	lower_place(L, &go_on);
}

static void lower_item(struct lower *L, const struct item *it)
{
	struct label yes = {0};

	if (it->stmt) {
		lower_stmt(L, it->stmt);
		return;
	}
	if (!it->cond) {
		lower_store(L, iv_heap(it->word), 0, iv_imm(1), 8);
		return;
	}
	lower_need_locks(L); /* where L->exit goes must be known */
	lower_cond(L, it->cond, &yes, L->exit);
	lower_place(L, &yes);
}

static void lower_items(struct lower *L, const item_list *l, bool tail);

static void lower_branch_items(struct lower *L, const struct stmt *s)
{
	item_list l = {0};

	add_items(L, &l, s);
	lower_items(L, &l, false);
}

static void lower_items(struct lower *L, const item_list *l, bool tail)
{
	uint32_t first = l->n, last = 0;
	struct lock_region r;
	const struct stmt *s;

	for (uint32_t i = 0; i < l->n && L->locking; i++) {
		struct effects e = effects_new(L);

		add_effects(L, &l->v[i], &e);
		if (!lower_locks_needed(L, &e))
			continue;
		if (first == l->n)
			first = i;
		last = i;
	}
	for (uint32_t i = 0; i < l->n; i++) {
		s = l->v[i].stmt;
		if (i == first && i == last && s && s->kind == S_IF &&
		    !expr_needs_locks(L, s->if_.cond)) {
			lower_if(L, s, lower_branch_items);
			continue;
		}
		if (i == first)
			begin_region(L, &r, l, first, last);
		lower_item(L, &l->v[i]);
		if (i == first) /* later ones may leave through L->exit */
			lower_need_locks(L);
		if (i == last && first <= last)
			end_region(L, &r, tail && i + 1 == l->n);
	}
}

/* For the functions it calls; a cookie comes from the program's entry. */
static void note_site(struct lower *L, const struct job *j)
{
	if (j->hi->asks & ASKS_POINT && j->site)
		lower_store(L, iv_ctx(offsetof(struct rt_ctx, site)), 0,
			    iv_imm(j->first_attach), 4);
}

#define CTX_CS 136 /* code segment in struct pt_regs of x86-64, where the
		      context of a perf event begins with one */

/* For user_mode(). */
static void note_mode(struct lower *L, const struct job *j)
{
	const struct probe_site *s = j->site ? j->site : j->hi->h->sites.v[0];
	struct ir_val mode = iv_imm(
		s->prog_type == IMAGE_PROG_UPROBE ? RT_CTX_USER : 0);
	ir_reg cs;

	if (!(j->hi->asks & ASKS_POINT))
		return;
#ifdef __x86_64__
	if (s->prog_type == IMAGE_PROG_PERF) {
		cs = lower_reg(L);
		lower_emit(L, (struct ir_insn){.op = IR_CTXLD,
					       .d = cs,
					       .off = CTX_CS,
					       .size = 8});
		/* privilege 3: bit 1 becomes RT_CTX_USER */
		mode = lower_op(L, IR_SHL,
				lower_op(L, IR_AND, iv_reg(cs), iv_imm(2)),
				iv_imm(1));
	}
#endif
	lower_store(L, iv_ctx(offsetof(struct rt_ctx, flags)), 0, mode, 4);
}

static void lower_handler(struct lower *L, const struct job *j)
{
	const struct handler *h = j->hi->h;
	struct ir_func *f;
	struct frame fr;
	item_list items = {0};

	L->handler_index = L->img.handlers.n;
	L->fn = NULL;
	L->job = j;
	f = ir_func_new(L->m,
			arena_printf(L->arena, "probe_%u", L->handler_index));
	f->is_handler = true;
	f->handler = L->handler_index;
	begin_function(L, f, &fr, h->decl->loc);
	L->accounts = j->hi->accounts;
	L->in_library = false;
	note_site(L, j);
	note_mode(L, j);
	if (h->cond)
		vec_push(L->arena, &items, ((struct item){.cond = h->cond}));
	add_items(L, &items, h->body);
	L->locking = !effects_runs_alone(h);
	L->pending = NULL;
	lower_items(L, &items, true);
	if (L->actions)
		lower_charge_check(L, h->decl->loc);
	lower_place(L, &fr.exit);
	emit_return(L);
	end_function(L, &fr);
	image_handler(L, j);
}

/*
 * A handler with a condition is attached only while that is true. The session
 * finds out by another handler, which leaves 0 or 1 in a word of the heap. Where
 * it fails (a division by zero) the answer is 1: the error is that of the hit.
 */
static void lower_condition(struct lower *L, const struct job *j, uint32_t of,
			    uint32_t word)
{
	const struct handler *h = j->hi->h;
	struct label failed = {0}, fine = {0};
	item_list items = {0};
	struct ir_func *f;
	struct frame fr;

	L->handler_index = L->img.handlers.n;
	L->fn = NULL;
	L->job = j;
	f = ir_func_new(L->m, arena_printf(L->arena, "condition_%u", of));
	f->is_handler = true;
	f->handler = L->handler_index;
	begin_function(L, f, &fr, h->cond->loc);
	L->accounts = false;
	L->in_library = false;
	lower_store(L, iv_heap(word), 0, iv_imm(0), 8);
	vec_push(L->arena, &items, ((struct item){.cond = h->cond}));
	vec_push(L->arena, &items, ((struct item){.word = word}));
	L->locking = true;
	L->pending = NULL;
	lower_items(L, &items, true);
	lower_place(L, &fr.exit);
	lower_branch(L, CC_NE,
		     lower_load(L, iv_ctx(offsetof(struct rt_ctx, error)), 0, 4,
				false),
		     iv_imm(0), &failed, &fine);
	lower_place(L, &failed);
	lower_store(L, iv_ctx(offsetof(struct rt_ctx, error)), 0, iv_imm(0), 4);
	lower_store(L, iv_heap(word), 0, iv_imm(1), 8);
	lower_jump(L, &fine);
	lower_place(L, &fine);
	emit_return(L);
	end_function(L, &fr);
	image_condition(L, of);
}

/* The kernel attaches them; one kretprobe with its own number of calls has a
   name there, and stays. */
static bool is_armed(const struct job *j)
{
	const struct handler *h = j->hi->h;

	if (!h->cond || h->sites.v[0]->prog_type == IMAGE_PROG_RUN ||
	    h->sites.v[0]->attach.kind == WIRE_PROBE_COUNTER)
		return false;
	vec_for (&h->sites, i)
		if (h->sites.v[i]->attach.maxactive)
			return false;
	return true;
}

/* The same for conditions that are one: written once, for many points. */
static const char *condition_key(struct lower *L, const struct expr *cond)
{
	struct strbuf text = {0};
	const char *key;

	unparse_expr(&text, cond);
	key = arena_printf(L->arena, "%s:%u:%u %s", cond->loc.src->name,
			   cond->loc.line, cond->loc.col, sb_str(&text));
	sb_free(&text);
	return key;
}

/* What answers for a condition: a handler, and the word where it leaves that. */
struct asker {
	uint32_t handler, word;
};

static void lower_conditions(struct lower *L)
{
	struct map askers; /* condition_key() -> struct asker */

	map_init(&askers, L->arena);
	vec_for (&L->jobs, i) {
		const struct job *j = &L->jobs.v[i];
		struct asker *asker;
		const char *key;

		if (!is_armed(j))
			continue;
		key = condition_key(L, j->hi->h->cond);
		asker = map_get(&askers, key);
		if (!asker) {
			asker = arena_new_obj(L->arena, struct asker);
			asker->handler = L->img.handlers.n;
			asker->word = heap_alloc(L, 8, 8);
			map_put(&askers, key, asker);
			lower_condition(L, j, i, asker->word);
		}
		image_arm(L, i, asker->handler, asker->word);
	}
}

/*
 * A program that runs at one tracepoint is not run at another that is hit
 * within (the kernel counts it as missed); one for each does not miss these,
 * but a kernel takes only so many.
 */
#define MANY_TRACEPOINTS 64u

static bool at_many_tracepoints(const struct handler *h)
{
	const struct probe_site *s = h->sites.v[0];

	return s->prog_type == IMAGE_PROG_RAWTP &&
	       s->attach.kind == WIRE_PROBE_RAWTP && !s->attach.syscall &&
	       h->sites.n > MANY_TRACEPOINTS;
}

bool lower_wants_cookies(const struct program *p)
{
	vec_for (&p->handlers, i)
		if (at_many_tracepoints(p->handlers.v[i]))
			return true;
	return false;
}

/* All kernels that know these programs let an attachment have a cookie, but
   for raw tracepoints (Linux 6.10). */
static bool has_cookie(const struct lower *L, const struct handler *h)
{
	enum image_prog_type type = h->sites.v[0]->prog_type;

	return type == IMAGE_PROG_UPROBE || type == IMAGE_PROG_KPROBE ||
	       type == IMAGE_PROG_ITERATOR ||
	       (L->opts->tracepoint_cookies && at_many_tracepoints(h));
}

static void push_job(struct lower *L, struct job j, uint32_t nsites,
		     uint32_t *nattach)
{
	j.first_attach = *nattach;
	*nattach += nsites;
	vec_push(L->arena, &L->jobs, j);
}

/*
 * fentry and fexit are cheaper than kprobes, but have no registers. (A kprobe
 * at the return does not know the parameters: there it stays.)
 */
static void make_kprobe(struct handler_info *hi)
{
	struct probe_site *s = hi->h->sites.v[0];
	bool is_return = s->prog_type == IMAGE_PROG_FEXIT;

	if (!(hi->asks & ASKS_REGS) || hi->h->sites.n != 1 ||
	    s->attach.kind != WIRE_PROBE_FENTRY ||
	    (is_return && hi->reads_args))
		return;
	s->attach.kind = WIRE_PROBE_KPROBE;
	s->prog_type = IMAGE_PROG_KPROBE;
	hi->by_kprobe = true;
}

/* Handlers that ask where they are get a program per site, where nothing else
   can tell them. */
static void make_jobs(struct lower *L)
{
	uint32_t nattach = 0;

	vec_for (&L->prog->handlers, i) {
		struct handler_info *hi = &L->handlers[i];
		const struct handler *h = hi->h;
		struct job j = {.hi = hi};

		make_kprobe(hi);
		if (!(hi->asks & ASKS_POINT) || h->sites.n < 2 ||
		    has_cookie(L, h)) {
			j.site = h->sites.n == 1 ? h->sites.v[0] : NULL;
			push_job(L, j, h->sites.n, &nattach);
			continue;
		}
		vec_for (&h->sites, s) {
			j.site = h->sites.v[s];
			push_job(L, j, 1, &nattach);
		}
	}
}

struct ir_module *ir_lower(struct arena *a, struct diag *d,
			   const struct program *p, const struct lower_opts *o)
{
	struct lower *L = arena_new_obj(a, struct lower);

	L->arena = a;
	L->diag = d;
	L->prog = p;
	L->opts = o;
	L->m = ir_module_new(a);
	L->m->image = arena_new_obj(a, struct image);
	L->string_cap = (uint32_t)o->limits.max_string - 1;
	L->string_size = RT_STR_SIZE(L->string_cap);
	L->bb = NO_BLOCK;
	heap_init(L);
	image_string(L, "");
	effects_analyse(L);
	declare_functions(L);
	make_jobs(L);
	vec_for (&p->funcs, i)
		lower_function(L, p->funcs.v[i]);
	vec_for (&L->jobs, i)
		lower_handler(L, &L->jobs.v[i]);
	lower_conditions(L);
	umods_place(L);
	ksources_place(L);
	heap_finish(L);
	image_finish(L);
	L->m->out_need = L->out_need;
	return L->m;
}
