/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls: script functions, built-in functions, target variable access. */
#include <stdio.h>
#include <string.h>

#include "ir/lower_impl.h"
#include "probe/kind.h"
#include "sema/regex.h"
#include "target/arch.h"

/* ---- script functions ---- */

/*
 * Strings are passed by reference and seen by the callee as they are, so a
 * variable that the callee may change is passed as a copy.
 */
static struct ir_val pass_string(struct lower *L, struct val v,
				 const struct fn_info *fi)
{
	struct ir_val tmp;

	if (!v.of || v.of->kind != VAR_GLOBAL ||
	    !effects_has(fi->eff.writes, v.of->id))
		return v.v;
	tmp = lower_temp_str(L);
	lower_str_copy(L, tmp, v.v);
	return tmp;
}

static struct val call_script(struct lower *L, const struct expr *e,
			      struct ir_val dst)
{
	struct func_decl *fn = e->call.funcs.v[0];
	const struct fn_info *fi = fn->aux;
	uint32_t n = e->call.args.n, at = 0;
	struct val *v = arena_new_array(L->arena, struct val, n + 1);
	struct ir_val *args = arena_new_array(L->arena, struct ir_val, n + 1);
	ir_reg d = 0;

	lower_operands(L, e->call.args.v, n, v);
	if (fn->ret == TY_STRING) {
		if (dst.kind == IV_NONE)
			dst = lower_temp_str(L);
		args[at++] = dst;
	}
	for (uint32_t i = 0; i < n; i++)
		args[at++] = e->call.args.v[i]->type == TY_STRING
				     ? pass_string(L, v[i], fi)
				     : v[i].v;
	if (lower_locks_needed(L, &fi->eff))
		lower_need_locks(L);
	if (!fi->accounts)
		lower_spend(L, fi->cost);
	if (fi->irf->returns_value)
		d = lower_reg(L);
	lower_emit(L, (struct ir_insn){.op = IR_CALL,
				       .d = d,
				       .fn = fi->irf->index,
				       .args = args,
				       .nargs = at});
	lower_check_call(L, e->loc);
	if (fn->ret == TY_STRING)
		return (struct val){.v = dst};
	return (struct val){.v = d ? iv_reg(d) : iv_imm(0)};
}

/* ---- where the probe is: pp() and the like ---- */

/* probe_type(): SystemTap's words where it has the kind. */
static const char *const probe_types[WIRE_PROBE_KINDS] = {
	[WIRE_PROBE_BEGIN] = "begin_end",
	[WIRE_PROBE_END] = "begin_end",
	[WIRE_PROBE_ERROR] = "begin_end",
	[WIRE_PROBE_NEVER] = "never",
	[WIRE_PROBE_TIMER] = "hrtimer",
	[WIRE_PROBE_PROFILE] = "perf_event",
	[WIRE_PROBE_RAWTP] = "tracepoint",
	[WIRE_PROBE_UPROBE] = "uprobe",
	[WIRE_PROBE_PROCESS] = "utrace",
	[WIRE_PROBE_INPUT] = "input",
	[WIRE_PROBE_KPROBE] = "kprobe",
	[WIRE_PROBE_FENTRY] = "kprobe",
	[WIRE_PROBE_PERF] = "perf_event",
	[WIRE_PROBE_PROCFS] = "procfs",
	[WIRE_PROBE_DATA] = "hwbkpt",
	[WIRE_PROBE_NETFILTER] = "netfilter",
	[WIRE_PROBE_COUNTER] = "perf_event",
};

static const char *type_of_site(const struct probe_site *s)
{
	if (s->attach.kind == WIRE_PROBE_RAWTP &&
	    s->kind == &probe_kind_process_syscall)
		return "utrace_syscall";
	return probe_types[s->attach.kind];
}

static const char *site_fact(const struct probe_site *s, enum point_fact fact)
{
	switch (fact) {
	case POINT_NAME:
		return s->name;
	case POINT_WRITTEN: /* with what wildcards stand for */
		return s->alias ? s->alias : s->name;
	case POINT_TYPE:
		return type_of_site(s);
	default:
		return s->func ? s->func : s->symbol ? s->symbol : "";
	}
}

static uint32_t job_sites(const struct job *j)
{
	return j->site ? 1 : j->hi->h->sites.n;
}

static const struct probe_site *job_site(const struct job *j, uint32_t i)
{
	return j->site ? j->site : j->hi->h->sites.v[i];
}

/* Offsets of strings, by attach record, `from` being the first. */
static struct ir_val fact_at(struct lower *L, uint32_t table, uint32_t from)
{
	struct ir_val i, at;

	i = lower_load(L, iv_ctx(offsetof(struct rt_ctx, site)), 0, 4, false);
	if (from)
		i = lower_op(L, IR_ADD, i, iv_imm(-(int64_t)from));
	i = lower_op(L, IR_SHL, i, iv_imm(2));
	at = lower_op(L, IR_ADD, i, lower_addr(L, iv_heap(table)));
	return lower_load(L, at, 0, 4, false);
}

static void fill_table(struct lower *L, uint32_t table, const struct job *j,
		       enum point_fact fact)
{
	for (uint32_t i = 0; i < job_sites(j); i++) {
		struct ir_val s = heap_cstring(
			L, site_fact(job_site(j, i), fact));

		heap_put32(L, table + 4 * i, (uint32_t)s.imm);
	}
}

/* In a function the place is known only when it runs. */
static struct ir_val fact_in_function(struct lower *L, enum point_fact fact)
{
	const struct job *last = &vec_last(&L->jobs);

	if (!L->point_table[fact]) {
		uint32_t table = heap_alloc(
			L, 4 * (last->first_attach + job_sites(last)), 8);

		L->point_table[fact] = table;
		vec_for (&L->jobs, j)
			if (L->jobs.v[j].hi->asks & ASKS_POINT)
				fill_table(L,
					   table + 4 * L->jobs.v[j].first_attach,
					   &L->jobs.v[j], fact);
	}
	return fact_at(L, L->point_table[fact], 0);
}

static struct ir_val point_fact(struct lower *L, enum point_fact fact)
{
	const struct job *j = L->job;
	const char *first;
	bool same = true;
	uint32_t table;

	if (!j)
		return fact_in_function(L, fact);
	first = site_fact(job_site(j, 0), fact);
	for (uint32_t i = 1; same && i < job_sites(j); i++)
		same = !strcmp(first, site_fact(job_site(j, i), fact));
	if (same)
		return heap_cstring(L, first);
	table = heap_alloc(L, 4 * job_sites(j), 8);
	fill_table(L, table, j, fact);
	return fact_at(L, table, j->first_attach);
}

/* ---- built-in functions ---- */

static struct ir_val half(struct lower *L, struct ir_val pair, bool high)
{
	return high ? lower_op(L, IR_SHR, pair, iv_imm(32))
		    : lower_op(L, IR_AND, pair, iv_imm(0xffffffff));
}

static struct ir_val clock_in(struct lower *L, int64_t unit)
{
	return RT_CALL(L, div, LOWER_CTX, lower_rt(L, RT_FN_real_ns, NULL, 0),
		       iv_imm(unit));
}

static struct ir_val head_field(struct lower *L, uint32_t off)
{
	return lower_load(L, iv_heap(off), 0, 4, false);
}

static struct ir_val out_text(struct lower *L, enum wire_entry_kind kind,
			      struct ir_val s)
{
	return RT_CALL(L, out_text, LOWER_CTX, iv_imm(kind), s);
}

static struct ir_val printk(struct lower *L, struct ir_val level,
			    struct ir_val s)
{
	struct ir_val at = RT_CALL(L, out, LOWER_CTX, iv_imm(WIRE_ENT_PRINTK),
				   iv_imm(1), iv_imm(L->string_size));

	lower_store(L, at, 0, level, 8);
	RT_CALL(L, out_str, LOWER_CTX, s);
	return RT_CALL(L, out_end, LOWER_CTX);
}

static struct ir_val fp_memory(struct lower *L)
{
	return iv_slot(ir_slot_new(L->m, L->f, "fp", RT_FP_WORK), 0);
}

static struct ir_val fp_parse(struct lower *L, const struct expr *e,
			      struct ir_val s)
{
	struct ir_val r = RT_CALL(L, fp_parse, LOWER_CTX, s, fp_memory(L));

	lower_check(L, e->loc);
	return r;
}

static struct ir_val fp_text(struct lower *L, struct ir_val a,
			     struct ir_val prec)
{
	struct ir_val dst = lower_temp_str(L);

	RT_CALL(L, fp_text, LOWER_CTX, dst, fp_memory(L), a, prec);
	return dst;
}

/* Built-ins that are more, or less, than one run-time call. */
static struct ir_val call_special(struct lower *L, const struct expr *e,
				  const struct val *v)
{
	switch (e->call.builtin->id) {
	case BUILTIN_strlen:
		return lower_str_len(L, v[0].v);
	case BUILTIN_warn:
		return out_text(L, WIRE_ENT_WARN, v[0].v);
	case BUILTIN_log:
		return out_text(L, WIRE_ENT_LOG, v[0].v);
	case BUILTIN_system:
		return out_text(L, WIRE_ENT_SYSTEM, v[0].v);
	case BUILTIN___switch_file:
		return out_text(L, WIRE_ENT_SWITCH_FILE, v[0].v);
	case BUILTIN___reply:
		return out_text(L, WIRE_ENT_REPLY, v[0].v);
	case BUILTIN___reply_more:
		return out_text(L, WIRE_ENT_REPLY_MORE, v[0].v);
	case BUILTIN_ftrace:
		return out_text(L, WIRE_ENT_FTRACE, v[0].v);
	case BUILTIN_printk:
		return printk(L, v[0].v, v[1].v);
	case BUILTIN_pid:
	case BUILTIN_tid:
		return half(L, lower_rt(L, RT_FN_pid_tgid, NULL, 0),
			    e->call.builtin->id == BUILTIN_pid);
	case BUILTIN_uid:
	case BUILTIN_gid:
		return half(L, lower_rt(L, RT_FN_uid_gid, NULL, 0),
			    e->call.builtin->id == BUILTIN_gid);
	case BUILTIN___ngroups:
		return lower_load(
			L, iv_ctx(offsetof(struct rt_ctx, regex_ngroups)), 0, 4,
			false);
	case BUILTIN_user_mode:
		return lower_op(
			L, IR_AND,
			lower_op(L, IR_SHR,
				 lower_load(L, iv_ctx(offsetof(struct rt_ctx,
							       flags)),
					    0, 4, false),
				 iv_imm(2)),
			iv_imm(1));
	case BUILTIN_target:
		return head_field(L, offsetof(struct rt_head, target_pid));
	case BUILTIN_stp_pid:
		return head_field(L, offsetof(struct rt_head, stap_pid));
	case BUILTIN___cpu_khz:
		return head_field(L, offsetof(struct rt_head, cpu_khz));
	case BUILTIN_tz_gmtoff:
		return lower_op(L, IR_SUB, iv_imm(0),
				lower_load(L,
					   iv_heap(offsetof(struct rt_head,
							    tz_offset_s)),
					   0, 8, true));
	case BUILTIN_gettimeofday_us:
		return clock_in(L, 1000);
	case BUILTIN_gettimeofday_ms:
		return clock_in(L, 1000000);
	case BUILTIN_gettimeofday_s:
		return clock_in(L, 1000000000);
	case BUILTIN_string_to_fp:
		return fp_parse(L, e, v[0].v);
	case BUILTIN_fp_to_string:
		return fp_text(L, v[0].v, v[1].v);
	case BUILTIN_pp:
		return point_fact(L, POINT_NAME);
	case BUILTIN_pn:
		return point_fact(L, POINT_WRITTEN);
	case BUILTIN_ppfunc:
		return point_fact(L, POINT_FUNC);
	case BUILTIN_probefunc:
		return point_fact(L, POINT_SYMBOL);
	case BUILTIN_probe_type:
		return point_fact(L, POINT_TYPE);
	case BUILTIN_module_name:
		return heap_cstring(L, L->opts->module_name);
	default:
		lower_impossible(L, e->loc);
		return iv_imm(0);
	}
}

static bool rt_by_name(const char *name, enum rt_fn *fn)
{
	for (uint32_t i = 0; i < RT_FN_COUNT; i++) {
		if (!strcmp(rt_info[i].name, name)) {
			*fn = i;
			return true;
		}
	}
	return false;
}

/* [context] [memory of a string result] arguments... */
static struct val call_general(struct lower *L, const struct expr *e,
			       const struct val *v, struct ir_val dst)
{
	const struct builtin *b = e->call.builtin;
	struct ir_val args[8], r;
	uint32_t n = 0;
	enum rt_fn fn;

	if (!rt_by_name(b->rt_name, &fn)) {
		lower_impossible(L, e->loc);
		return (struct val){.v = iv_imm(0)};
	}
	if (b->flags & BF_CTX)
		args[n++] = LOWER_CTX;
	if (b->ret == 's') {
		if (dst.kind == IV_NONE)
			dst = lower_temp_str(L);
		args[n++] = dst;
	}
	for (uint32_t i = 0; i < e->call.args.n; i++)
		args[n++] = v[i].v;
	r = lower_rt(L, fn, args, n);
	if (rt_info[fn].flags & RTF_FAIL)
		lower_check(L, e->loc);
	return (struct val){.v = b->ret == 's' ? dst : r};
}

struct val lower_call(struct lower *L, const struct expr *e, struct ir_val dst)
{
	const struct builtin *b = e->call.builtin;
	struct val *v, r;

	if (!b)
		return call_script(L, e, dst);
	v = arena_new_array(L->arena, struct val, e->call.args.n + 1);
	lower_operands(L, e->call.args.v, e->call.args.n, v);
	if (b->flags & BF_SPECIAL)
		r = (struct val){.v = call_special(L, e, v)};
	else
		r = call_general(L, e, v, dst);
	if (b->ret == '-')
		return (struct val){.v = iv_imm(0)};
	if (!(b->flags & BF_SPECIAL))
		return r;
	if (b->ret == 's' && dst.kind != IV_NONE)
		lower_str_copy(L, dst, r.v);
	return r;
}

/* ---- target variables ---- */

/* Offset in the probe's context. */
static uint32_t context_offset(const struct lower *L, const struct expr *e)
{
	const struct arch *arch = arch_native();

	if (!L->job->hi->by_kprobe)
		return e->prim.off;
	return e->prim.off == IMAGE_CTX_RETVAL ? arch->ret
					       : arch->arg[e->prim.off / 8];
}

/* Loaded once, in the entry block. */
static struct ir_val context_value(struct lower *L, const struct expr *e)
{
	char key[32];
	uintptr_t known;
	ir_reg r;

	if (!L->job) {
		lower_impossible(L, e->loc);
		return iv_imm(0);
	}
	snprintf(key, sizeof(key), "%u %u %d", e->prim.off, e->prim.size,
		 e->prim.is_signed);
	known = (uintptr_t)map_get(&L->ctx_loads, key);
	if (known)
		return iv_reg((ir_reg)known);
	r = lower_reg(L);
	ir_emit(L->m, L->f, 0,
		(struct ir_insn){.op = IR_CTXLD,
				 .d = r,
				 .off = (int32_t)context_offset(L, e),
				 .size = (uint8_t)e->prim.size,
				 .is_signed = e->prim.is_signed,
				 .loc = L->f->loc});
	map_put(&L->ctx_loads, arena_strdup(L->arena, key),
		(void *)(uintptr_t)r);
	return iv_reg(r);
}

static struct ir_val field_offset(struct lower *L, const struct expr *e)
{
	ir_reg d = lower_reg(L);

	lower_emit(L, (struct ir_insn){.op = IR_MOV,
				       .d = d,
				       .a = iv_imm(e->prim.value),
				       .reloc = e->prim.reloc});
	return iv_reg(d);
}

static struct ir_val read_integer(struct lower *L, const struct expr *e)
{
	int64_t flags = (e->prim.op == PRIM_READ_USER ? RT_READ_USER : 0) |
			(e->prim.is_signed ? RT_READ_SIGNED : 0);
	struct ir_val addr = lower_long(L, e->prim.arg[0]);
	struct ir_val r = RT_CALL(L, read, LOWER_CTX, addr,
				  iv_imm(e->prim.size), iv_imm(flags));

	lower_check(L, e->loc);
	return r;
}

static struct ir_val read_string(struct lower *L, const struct expr *e,
				 struct ir_val dst)
{
	struct ir_val arg[2] = {iv_imm(0), iv_imm(0)};
	struct val v[2];

	lower_operands(L, e->prim.arg, e->prim.arg[1] ? 2 : 1, v);
	arg[0] = v[0].v;
	if (e->prim.arg[1])
		arg[1] = v[1].v;
	if (dst.kind == IV_NONE)
		dst = lower_temp_str(L);
	RT_CALL(L, read_str, LOWER_CTX, dst, arg[0], arg[1],
		iv_imm((e->prim.op == PRIM_STR_USER ? RT_READ_USER : 0) |
		       (e->prim.arg[1] ? RT_READ_LIMITED : 0) |
		       (e->prim.off & PRIM_STR_SOFT ? RT_READ_NO_ERROR : 0)));
	lower_check(L, e->loc);
	return dst;
}

static struct ir_val input_string(struct lower *L, struct ir_val dst)
{
	if (dst.kind == IV_NONE)
		dst = lower_temp_str(L);
	lower_str_copy(L, dst, iv_heap(heap_input(L)));
	return dst;
}

static struct ir_val extract(struct lower *L, const struct expr *e)
{
	struct ir_val v = lower_long(L, e->prim.arg[0]);

	if (e->prim.shl)
		v = lower_op(L, IR_SHL, v, iv_imm(e->prim.shl));
	if (e->prim.shr)
		v = lower_op(L, e->prim.is_signed ? IR_SAR : IR_SHR, v,
			     iv_imm(e->prim.shr));
	return v;
}

struct val lower_prim(struct lower *L, const struct expr *e, struct ir_val dst)
{
	struct val r = {.v = IV_NOTHING};

	switch (e->prim.op) {
	case PRIM_CTX:
		r.v = context_value(L, e);
		break;
	case PRIM_READ_KERNEL:
	case PRIM_READ_USER:
		r.v = read_integer(L, e);
		break;
	case PRIM_STR_KERNEL:
	case PRIM_STR_USER:
		r.v = read_string(L, e, dst);
		break;
	case PRIM_FIELD_OFFSET:
		r.v = field_offset(L, e);
		break;
	case PRIM_EXTRACT:
		r.v = extract(L, e);
		break;
	case PRIM_INPUT:
		r.v = input_string(L, dst);
		break;
	case PRIM_REPLY:
	case PRIM_VERDICT:
		lower_impossible(L, e->loc);
		break;
	}
	return r;
}

/* ---- s =~ "pattern" ---- */

/* The automaton's offset; each pattern is compiled once. */
static uint32_t automaton(struct lower *L, const struct expr *pattern)
{
	struct regex_table t;
	const char *err;
	uint32_t at, off;
	uintptr_t known = (uintptr_t)map_get(&L->heap.regexes, pattern->str.s);

	if (known)
		return (uint32_t)known;
	if (!regex_compile(L->arena, pattern->str.s, L->uses_matched, &t, &err,
			   &at)) {
		lower_error(L, REGEX_TOO_LONG, pattern->loc, NULL,
			    pattern->str.s, err);
		return 0;
	}
	off = heap_bytes(L, t.data, t.size);
	map_put(&L->heap.regexes, pattern->str.s, (void *)(uintptr_t)off);
	return off;
}

struct ir_val lower_regex(struct lower *L, const struct expr *e)
{
	uint32_t off = automaton(L, e->regex.pattern);
	struct ir_val s = lower_str(L, e->regex.a).v, r;

	r = RT_CALL(L, regex_match, LOWER_CTX, iv_heap(off), s);
	lower_check(L, e->loc);
	return e->regex.negated ? lower_op(L, IR_XOR, r, iv_imm(1)) : r;
}
