// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CO-RE: objects are made for an invented kernel, where fields lie elsewhere;
 * loaded here, they must use this kernel's offsets.
 */
#include "unit/ebpf/ebpf_util.h"

#include <bpf/btf.h>

#include "syntax/ast.h"
#include "target/type.h"

/* ---- the invented kernel's types ---- */
enum {
	T_INT = 1,
	T_TASK,
	T_COMM,
	T_CHAR,
	T_LIST,
	T_PTR,
	T_FLAGS,
	T_ATOMIC,
	T_USAGE
};

static bool get(const struct type_src *s, uint32_t id, struct ttype *t)
{
	*t = (struct ttype){.src = s, .id = id, .name = ""};
	switch (id) {
	case T_INT:
		t->kind = TT_INT;
		t->name = "int";
		t->size = 4;
		return true;
	case T_TASK:
		t->kind = TT_STRUCT;
		t->name = "task_struct";
		t->size = 512;
		t->n = 5;
		return true;
	case T_COMM:
		t->kind = TT_ARRAY;
		t->elem = T_CHAR;
		t->n = 16;
		t->size = 16;
		return true;
	case T_CHAR:
		t->kind = TT_INT;
		t->name = "char";
		t->size = 1;
		return true;
	case T_LIST:
		t->kind = TT_STRUCT;
		t->name = "list_head";
		t->size = 16;
		t->n = 2;
		return true;
	case T_PTR:
		t->kind = TT_PTR;
		t->size = 8;
		return true;
	case T_USAGE: /* refcount_t: a typedef of struct refcount_struct */
		t->kind = TT_STRUCT;
		t->name = "refcount_struct";
		t->size = 4;
		t->n = 1;
		return true;
	case T_ATOMIC: /* atomic_t: a typedef of a struct without tag */
		t->kind = TT_STRUCT;
		t->alias = "atomic_t";
		t->alias_id = T_ATOMIC;
		t->size = 4;
		t->n = 1;
		return true;
	default:
		return false;
	}
}

static bool member(const struct ttype *t, uint32_t i, struct tmember *m)
{
	static const struct tmember task[] = {
		{"pid", T_INT, 8 * 24, 0, 0},
		{"comm", T_COMM, 8 * 40, 0, 0},
		{"tasks", T_LIST, 8 * 80, 0, 0},
		{"in_execve", T_INT, 8 * 100, 1, 0},
		{"usage", T_USAGE, 8 * 104, 0, 0},
	};
	static const struct tmember list[] = {{"next", T_PTR, 0, 0, 0},
					      {"prev", T_PTR, 64, 0, 0}};
	static const struct tmember usage[] = {{"refs", T_ATOMIC, 0, 0, 0}};
	static const struct tmember atomic[] = {{"counter", T_INT, 0, 0, 0}};

	*m = t->id == T_TASK	? task[i]
	     : t->id == T_LIST	? list[i]
	     : t->id == T_USAGE ? usage[i]
				: atomic[i];
	return true;
}

static const struct type_ops ops = {.get = get, .member = member};
static const struct type_src types = {&ops};

/* ---- what this kernel says ---- */
static uint32_t member_offset(const struct btf *b, const char *type,
			      const char *name)
{
	const struct btf_type *t;
	int id = btf__find_by_name_kind(b, type, BTF_KIND_STRUCT);

	assert_true(id > 0);
	t = btf__type_by_id(b, (uint32_t)id);
	for (uint32_t i = 0; i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(b, btf_members(t)[i].name_off),
			    name))
			return btf_member_bit_offset(t, i) / 8;
	fail_msg("%s has no %s", type, name);
	return 0;
}

struct field {
	const char *access;
	uint32_t here; /* offset on the invented kernel */
	uint32_t want;
};

static void store_fields(struct ir_module *m, const struct field *fields,
			 uint32_t n)
{
	struct ir_func *f = ir_func_new(m, "probe_0");
	uint32_t b = ir_block_new(m, f);

	f->is_handler = true;
	for (uint32_t i = 0; i < n; i++) {
		struct field_reloc *r =
			arena_new_obj(m->arena, struct field_reloc);
		ir_reg d = ir_reg_new(f);

		r->type_name = "task_struct";
		r->access = fields[i].access;
		r->btf_id = T_TASK;
		r->types = &types;
		ir_emit(m, f, b,
			(struct ir_insn){.op = IR_MOV,
					 .d = d,
					 .a = iv_imm(fields[i].here),
					 .reloc = r});
		ir_emit(m, f, b,
			(struct ir_insn){.op = IR_ST,
					 .size = 8,
					 .a = iv_heap(OUT + 8 * i),
					 .b = iv_reg(d)});
	}
	ir_emit(m, f, b, (struct ir_insn){.op = IR_RET});
}

static void run_fields(const struct field *fields, uint32_t n, bool core)
{
	struct arena *a = arena_new();
	struct ebpf_opts o = {.may_goto = ebpf_feature(EBPF_MAY_GOTO, NULL),
			      .core = core};
	struct ir_module *m = ir_module_new(a);
	struct ebpf_object *obj;
	struct ebpf_loaded l;

	m->statics_end = 4096;
	store_fields(m, fields, n);
	util_check(a, m);
	obj = ebpf_util_compile(a, m, &o);
	assert_non_null(obj);
	assert_int_equal(ebpf_load(&l, obj->data, obj->size, m->image), 0);
	assert_int_equal(ebpf_run(&l, "probe_0", NULL, 0), 0);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(ebpf_word(&l, OUT + 8 * i),
				 core ? fields[i].want : fields[i].here);
	ebpf_unload(&l);
	arena_free(a);
}

static void fields_are_found_on_another_kernel(void **state)
{
	ebpf_util_need_bpf();

	struct btf *b = btf__load_vmlinux_btf();
	struct field fields[6];
	uint32_t comm;

	if (!b || ebpf_util_skip(false)) {
		print_message("SKIP: no BTF of this kernel\n");
		return;
	}
	comm = member_offset(b, "task_struct", "comm");
	fields[0] = (struct field){"0:0", 24,
				   member_offset(b, "task_struct", "pid")};
	fields[1] = (struct field){"0:1", 40, comm};
	fields[2] = (struct field){"0:1:3", 43, comm + 3};
	fields[3] = (struct field){
		"0:2:1", 88, member_offset(b, "task_struct", "tasks") + 8};
	/* a bit-field's offset is left as it is */
	fields[4] = (struct field){"0:3", 100, 100};
	fields[5] = (struct field){"0:4:0:0", 104,
				   member_offset(b, "task_struct", "usage")};
	btf__free(b);
	run_fields(fields, 6, true);
	run_fields(fields, 6, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_found_on_another_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
