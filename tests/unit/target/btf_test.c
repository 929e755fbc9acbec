// SPDX-License-Identifier: GPL-2.0-or-later
/* BTF: what is found, what is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "target/target.h"
#include "unit/target/fake_kernel.h"

struct fixture {
	struct fake_types t;
	struct btf *b;
	uint8_t *raw; /* private copy: may be damaged */
	unsigned len;
	struct kbtf *k;
	const char *why;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->b = fake_btf(&f->t);
	assert_non_null(f->b);
	const void *raw = btf__raw_data(f->b, &f->len);
	f->raw = malloc(f->len);
	memcpy(f->raw, raw, f->len);
	assert_int_equal(kbtf_from_memory(f->raw, f->len, NULL, &f->k, &f->why),
			 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	kbtf_close(f->k);
	btf__free(f->b);
	free(f->raw);
	free(f);
	return 0;
}

static struct ttype type_of(const struct fixture *f, uint32_t id)
{
	struct ttype t;
	const struct type_src *s = kbtf_types(f->k);

	assert_true(s->ops->get(s, id, &t));
	return t;
}

static void test_finds_types_by_name(void **state)
{
	struct fixture *f = *state;
	const struct type_src *s = kbtf_types(f->k);
	uint32_t id;

	assert_true(s->ops->find(s, TT_STRUCT, "task_struct", &id));
	assert_int_equal(id, f->t.task);
	assert_false(s->ops->find(s, TT_UNION, "task_struct", &id));
	assert_false(s->ops->find(s, TT_STRUCT, "task_struc", &id));
	assert_false(s->ops->find(s, TT_STRUCT, "ask_struct", &id));
	assert_false(s->ops->find(s, TT_STRUCT, "", &id));
	assert_true(s->ops->find_typedef(s, "atomic_t", &id));
	assert_int_equal(id, f->t.atomic);
	assert_int_equal(kbtf_first_id(f->k), 1);
	assert_int_equal(kbtf_end_id(f->k), btf__type_cnt(f->b));
}

/* Of every name what a reader says that was asked for nothing else yet, and one
   that was asked for so many that it has made an index. */
static void test_finds_the_same_by_index(void **state)
{
	static const enum ttype_kind kinds[] = {TT_STRUCT, TT_UNION, TT_ENUM,
						TT_INT};
	struct fixture *f = *state;
	const struct type_src *s = kbtf_types(f->k);
	uint32_t id, n = btf__type_cnt(f->b), found = 0;

	for (uint32_t i = 0; i < 100; i++)
		assert_false(s->ops->find(s, TT_STRUCT, "no_such_type", &id));
	for (uint32_t i = 1; i < n; i++) {
		const char *name = btf__name_by_offset(
			f->b, btf__type_by_id(f->b, i)->name_off);

		for (unsigned k = 0; k < 4; k++) {
			uint32_t fresh_id = 0, indexed_id = 0;
			struct kbtf *fresh;

			assert_int_equal(kbtf_from_memory(f->raw, f->len, NULL,
							  &fresh, &f->why),
					 0);
			const struct type_src *other = kbtf_types(fresh);
			bool is = other->ops->find(other, kinds[k], name,
						   &fresh_id);

			assert_int_equal(s->ops->find(s, kinds[k], name,
						      &indexed_id),
					 is);
			if (is)
				assert_int_equal(indexed_id, fresh_id);
			found += is;
			kbtf_close(fresh);
		}
	}
	assert_true(found > 5);
}

static void test_integers_keep_size_and_sign(void **state)
{
	struct fixture *f = *state;
	struct ttype t = type_of(f, f->t.int_);

	assert_int_equal(t.kind, TT_INT);
	assert_int_equal(t.size, 4);
	assert_true(t.is_signed);
	t = type_of(f, f->t.u8);
	assert_false(t.is_signed);
	assert_true(t.is_char);
	assert_true(type_of(f, f->t.char_).is_char);
	assert_true(type_of(f, f->t.bool_).is_bool);
	assert_int_equal(type_of(f, 0).kind, TT_VOID);
	assert_int_equal(type_of(f, f->t.fwd).kind, TT_FWD);
}

static void test_follows_typedefs_and_tags(void **state)
{
	struct fixture *f = *state;
	struct ttype t = type_of(f, f->t.atomic);

	assert_int_equal(t.kind, TT_STRUCT);
	assert_string_equal(t.alias, "atomic_t");
	assert_int_equal(t.alias_id, f->t.atomic);
	assert_string_equal(t.name, "");
	t = type_of(f, f->t.user_ptr);
	assert_int_equal(t.kind, TT_PTR);
	assert_true(t.user);
	assert_false(type_of(f, f->t.char_ptr).user);
}

static void test_members_within_anonymous_ones(void **state)
{
	struct fixture *f = *state;
	struct ttype t = type_of(f, f->t.task);
	struct tmember_path m;

	assert_true(ttype_find_member(&t, "u_int", &m));
	assert_int_equal(m.bit_off, 320);
	assert_int_equal(m.depth, 2);
	assert_int_equal(m.index[0], 4);
	assert_int_equal(m.index[1], 1);
	assert_true(ttype_find_member(&t, "bits3", &m));
	assert_int_equal(m.bit_off, 385);
	assert_int_equal(m.bit_size, 3);
	assert_true(ttype_find_member(&t, "arr", &m));
	assert_int_equal(m.bit_size, 0);
	assert_false(ttype_find_member(&t, "nope", &m));
	assert_false(ttype_find_member(&t, "", &m));
}

static void test_enumerators(void **state)
{
	struct fixture *f = *state;
	struct ttype t = type_of(f, f->t.color);
	const char *name;
	int64_t v;

	assert_int_equal(t.kind, TT_ENUM);
	assert_true(t.src->ops->enumerator(&t, 1, &name, &v));
	assert_string_equal(name, "GREEN");
	assert_int_equal(v, 5);
	assert_false(t.src->ops->enumerator(&t, 2, &name, &v));
	assert_true(kbtf_find_enumerator(f->k, "GREEN", &v));
	assert_int_equal(v, 5);
	assert_false(kbtf_find_enumerator(f->k, "BLUE", &v));
}

static void test_tracepoint_parameters(void **state)
{
	struct fixture *f = *state;
	struct kbtf_tp tp;
	struct kbtf_param p[16];

	assert_true(kbtf_find_tp(f->k, "demo", &tp));
	assert_string_equal(tp.name, "demo");
	assert_int_equal(kbtf_tp_params(&tp, p, 16), 9);
	assert_string_equal(p[0].name, "count");
	assert_int_equal(p[0].type, f->t.int_);
	assert_string_equal(p[2].name, "task");
	assert_true(kbtf_find_tp(f->k, "demo_none", &tp));
	assert_int_equal(kbtf_tp_params(&tp, p, 16), 0);
	assert_false(kbtf_find_tp(f->k, "dem", &tp));
	assert_false(kbtf_find_tp(f->k, "", &tp));
}

static void test_nameless_parameters_are_still_counted(void **state)
{
	struct fixture *f = *state;
	struct kbtf_tp tp;
	struct kbtf_param p[2];

	assert_true(kbtf_find_tp(f->k, "demo_bare", &tp));
	assert_int_equal(kbtf_tp_params(&tp, p, 2), 2);
	assert_null(p[0].name);
	assert_int_equal(p[1].type, f->t.long_);
	/* more than asked for: counted, not stored */
	p[1].name = "kept";
	assert_int_equal(kbtf_tp_params(&tp, p, 1), 2);
	assert_string_equal(p[1].name, "kept");
}

static bool count_tp(void *ctx, const struct kbtf_tp *tp)
{
	return ++*(unsigned *)ctx < 100 && tp->proto;
}

static void test_lists_tracepoints(void **state)
{
	struct fixture *f = *state;
	unsigned n = 0;

	kbtf_each_tp(f->k, count_tp, &n);
	assert_int_equal(n, 7);
}

static void test_per_cpu_variables(void **state)
{
	struct fixture *f = *state;
	uint32_t type;

	assert_true(kbtf_find_var(f->k, "cpu_number", &type));
	assert_int_equal(type, f->t.int_);
	assert_false(kbtf_find_var(f->k, "jiffies", &type));
	assert_string_equal(kbtf_var_section(f->k, "pcpu_task"),
			    ".data..percpu");
	assert_string_equal(kbtf_var_section(f->k, "cpu_number"), "");
	assert_string_equal(kbtf_var_section(f->k, "jiffies"), "");
}

static void test_split_btf_continues_the_base(void **state)
{
	struct fixture *f = *state;
	struct btf *m = btf__new_empty_split(f->b);
	const int types[] = {f->t.task_ptr, 0};
	static const char *const names[] = {"task", "mod_thing"};
	struct kbtf *k;
	struct kbtf_tp tp;
	struct kbtf_param p[4];
	uint32_t id;
	unsigned len;

	int thing = btf__add_struct(m, "mod_thing", 4);
	btf__add_field(m, "pid", f->t.int_, 0, 0);
	int args[] = {types[0], btf__add_ptr(m, thing)};
	fake_tp(m, "mod_event", args, names, 2, f->t.void_ptr);
	const void *raw = btf__raw_data(m, &len);
	assert_int_equal(kbtf_from_memory(raw, len, f->k, &k, &f->why), 0);
	assert_int_equal(kbtf_first_id(k), kbtf_end_id(f->k));

	assert_true(kbtf_find_tp(k, "mod_event", &tp));
	assert_int_equal(kbtf_tp_params(&tp, p, 4), 2);
	assert_string_equal(p[0].name, "task");
	const struct type_src *s = kbtf_types(k);
	struct ttype t;
	assert_true(s->ops->get(s, p[0].type, &t));
	assert_true(s->ops->get(s, t.elem, &t));
	assert_string_equal(t.name, "task_struct");
	/* own types and the base's are found, base tracepoints are not ours */
	assert_true(s->ops->find(s, TT_STRUCT, "mod_thing", &id));
	assert_int_equal(id, thing);
	assert_true(s->ops->find(s, TT_STRUCT, "task_struct", &id));
	assert_false(kbtf_find_tp(k, "demo", &tp));
	/* "pid" is a string of the base */
	assert_true(s->ops->get(s, thing, &t));
	struct tmember_path mp;
	assert_true(ttype_find_member(&t, "pid", &mp));
	kbtf_close(k);
	btf__free(m);
}

/* ---- damaged data ---- */

static void expect_refused(struct fixture *f, size_t len, const char *part)
{
	struct kbtf *k = NULL;
	const char *why = NULL;

	assert_int_equal(kbtf_from_memory(f->raw, len, NULL, &k, &why),
			 -EINVAL);
	assert_null(k);
	if (!strstr(why, part))
		fail_msg("\"%s\" lacks \"%s\"", why, part);
}

static void test_refuses_what_is_cut_off(void **state)
{
	struct fixture *f = *state;

	expect_refused(f, 0, "short");
	expect_refused(f, 23, "short");
	expect_refused(f, 24, "outside");
	expect_refused(f, f->len - 1, "outside");
	uint32_t *str_len = (uint32_t *)(f->raw + 20);
	*str_len -= 1;
	expect_refused(f, f->len, "strings do not end");
	*str_len = 0;
	expect_refused(f, f->len, "strings do not end");
}

static void test_refuses_a_bad_header(void **state)
{
	struct fixture *f = *state;
	uint32_t *h = (uint32_t *)f->raw;

	h[1] = 8;
	expect_refused(f, f->len, "header");
	h[1] = 25;
	expect_refused(f, f->len, "");
	h[1] = 24;
	f->raw[2] = 9;
	expect_refused(f, f->len, "version");
	f->raw[0] = 0;
	expect_refused(f, f->len, "byte order");
}

static void test_refuses_types_beyond_their_section(void **state)
{
	struct fixture *f = *state;
	uint32_t *type_len = (uint32_t *)(f->raw + 12);

	*type_len -= 4;
	expect_refused(f, f->len, "cut off");
	*type_len += 4;
	/* the first type becomes a kind that does not exist */
	uint32_t *info = (uint32_t *)(f->raw + 24 + 4);
	*info = 31u << 24;
	expect_refused(f, f->len, "unknown");
}

static void test_survives_types_that_form_a_ring(void **state)
{
	struct fixture *f = *state;
	struct btf *b = btf__new_empty();
	struct kbtf *k;
	struct ttype t;
	struct tmember_path m;
	struct name_list l = {0};
	unsigned len;

	int a = btf__add_typedef(b, "a", 2);
	btf__add_const(b, a);
	/* an anonymous struct that holds itself, twice */
	int ring = btf__add_struct(b, NULL, 4);
	btf__add_field(b, "", ring, 0, 0);
	btf__add_field(b, "", ring, 0, 0);
	int array = btf__add_array(b, 1, ring + 1, 9);
	const void *raw = btf__raw_data(b, &len);
	assert_int_equal(kbtf_from_memory(raw, len, NULL, &k, &f->why), 0);
	const struct type_src *s = kbtf_types(k);
	assert_false(s->ops->get(s, (uint32_t)a, &t));
	assert_false(s->ops->get(s, kbtf_end_id(k), &t));
	assert_false(s->ops->get(s, UINT32_MAX, &t));
	assert_true(s->ops->get(s, (uint32_t)ring, &t));
	assert_false(ttype_find_member(&t, "x", &m));
	struct arena *ar = arena_new();
	ttype_all_members(ar, &t, &l);
	assert_int_equal(l.v.n, 0);
	arena_free(ar);
	struct strbuf sb = {0};
	ttype_spell(&sb, s, (uint32_t)array);
	assert_non_null(strstr(sb_str(&sb), "unknown"));
	sb_free(&sb);
	kbtf_close(k);
	btf__free(b);
}

static void test_missing_file(void **state)
{
	struct kbtf *k;
	const char *why;

	assert_int_equal(kbtf_from_file("/nonexistent/btf", NULL, &k, &why),
			 -ENOENT);
	assert_string_equal(why, strerror(ENOENT));
}

static void test_running_kernel(void **state)
{
	struct kbtf *k;
	const char *why;
	uint32_t id;
	struct kbtf_tp tp;
	struct kbtf_param p[8];

	if (kbtf_from_file("/sys/kernel/btf/vmlinux", NULL, &k, &why)) {
		print_message("no BTF of the running kernel: %s\n", why);
		skip();
	}
	const struct type_src *s = kbtf_types(k);
	struct ttype t;
	struct tmember_path m;
	assert_true(s->ops->find(s, TT_STRUCT, "task_struct", &id));
	assert_true(s->ops->get(s, id, &t));
	assert_true(ttype_find_member(&t, "tgid", &m));
	assert_true(kbtf_find_tp(k, "sched_switch", &tp));
	uint32_t n = kbtf_tp_params(&tp, p, 8);
	assert_in_range(n, 3, 8);
	assert_string_equal(p[1].name, "prev");
	assert_string_equal(p[2].name, "next");
	kbtf_close(k);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_finds_types_by_name),
		T(test_finds_the_same_by_index),
		T(test_integers_keep_size_and_sign),
		T(test_follows_typedefs_and_tags),
		T(test_members_within_anonymous_ones),
		T(test_enumerators),
		T(test_tracepoint_parameters),
		T(test_nameless_parameters_are_still_counted),
		T(test_lists_tracepoints),
		T(test_per_cpu_variables),
		T(test_split_btf_continues_the_base),
		T(test_refuses_what_is_cut_off),
		T(test_refuses_a_bad_header),
		T(test_refuses_types_beyond_their_section),
		T(test_survives_types_that_form_a_ring),
		cmocka_unit_test(test_missing_file),
		cmocka_unit_test(test_running_kernel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
