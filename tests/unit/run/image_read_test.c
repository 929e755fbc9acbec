// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An image goes into an object and comes back; damaged ones are refused with
 * a word why, and never read outside of themselves (run with SAN=1).
 */
#include "unit/ebpf/ebpf_util.h"

#include <elf.h>

#include "run/image_read.h"
#include "wire/image_file.h"

static const char strings[] = "\0probe_0\0begin\0stap_1\0<input>\0x=%d\n";
enum { S_PROBE = 1, S_BEGIN = 9, S_NAME = 15, S_FILE = 22, S_FMT = 30 };

struct built {
	struct arena *a;
	const struct ir_module *m;
	unsigned char *data; /* malloc'ed: ASan sees every stray read */
	size_t size;
};

static void build(struct built *b)
{
	static const struct image_part parts[] = {
		{S_FMT, 2, {.conv = 'd', .flags = WIRE_SPEC_WIDTH_ARG}},
		{S_FMT + 4, 1, {0}},
	};
	static const struct image_format formats[] = {{0, 2, 2}};
	static const struct image_loc locs[] = {{S_FILE, 1, 2, 0}};
	static const struct image_handler handlers[] = {
		{.name = S_PROBE,
		 .point = S_BEGIN,
		 .pp = S_BEGIN,
		 .file = S_FILE,
		 .line = 1},
	};
	static const struct wire_attach attach[] = {
		{.kind = WIRE_PROBE_BEGIN, .name = S_BEGIN, .pid = -1},
	};
	struct ebpf_opts o = {.may_goto = true};
	struct ebpf_object *obj;
	struct ir_module *m;
	struct image *im;

	b->a = arena_new();
	m = util_parse(b->a, "handler 0 probe_0 {\nb0:\n  ret\n}\n");
	im = util_image(b->a, m);
	im->version = WIRE_VERSION;
	im->name = S_NAME;
	im->ringbuf_size = 65536;
	im->strings = strings;
	im->nstrings = sizeof(strings);
	im->parts = parts;
	im->nparts = 2;
	im->formats = formats;
	im->nformats = 1;
	im->locs = locs;
	im->nlocs = 1;
	im->handlers = handlers;
	im->attach = attach;
	im->nattach = 1;
	obj = ebpf_compile(b->a, diag_new(b->a, (struct diag_opts){0}), m, &o);
	assert_non_null(obj);
	b->m = m;
	b->size = obj->size;
	b->data = malloc(obj->size);
	memcpy(b->data, obj->data, obj->size);
}

static void drop(struct built *b)
{
	free(b->data);
	arena_free(b->a);
}

static int read_it(const struct built *b, struct image *im)
{
	char why[200] = "";
	int err = image_read(b->data, b->size, im, why, sizeof(why));

	/* a reason for each refusal, and only for those */
	assert_int_equal(err < 0, why[0] != 0);
	return err;
}

static Elf64_Shdr *find(struct built *b, const char *name)
{
	Elf64_Ehdr *e = (void *)b->data;
	Elf64_Shdr *h = (void *)(b->data + e->e_shoff);

	for (unsigned i = 1; i < e->e_shnum; i++)
		if (!strcmp((char *)b->data + h[e->e_shstrndx].sh_offset +
				    h[i].sh_name,
			    name))
			return &h[i];
	fail_msg("no section %s", name);
	return NULL;
}

static void *contents(struct built *b, const char *name)
{
	return b->data + find(b, name)->sh_offset;
}

static void what_was_written_is_read(void **state)
{
	struct built b;
	struct image im;
	const struct image *was;

	build(&b);
	was = b.m->image;
	assert_int_equal(read_it(&b, &im), 0);
	assert_int_equal(im.version, WIRE_VERSION);
	assert_int_equal(im.heap_size, was->heap_size);
	assert_int_equal(im.heap_slack, was->heap_slack);
	assert_int_equal(im.ringbuf_size, 65536);
	assert_string_equal(im.strings + im.name, "stap_1");
#define X(sec, field, count)                                                   \
	assert_int_equal(im.count, was->count);                                \
	assert_memory_equal(im.field, was->field, im.count * sizeof(*im.field));
	IMAGE_FILE_TABLES(X)
#undef X
	drop(&b);
}

/* Each breaks one thing. */
#define DAMAGES(X)                                                             \
	X(magic, -ENOEXEC, b->data[1] = 'x')                                   \
	X(machine, -ENOEXEC, e->e_machine = EM_X86_64)                         \
	X(byte_order, -EPROTO, b->data[EI_DATA] ^= 3)                          \
	X(section_headers, -EBADMSG, e->e_shoff = b->size)                     \
	X(section_headers_wrap, -EBADMSG, e->e_shoff = UINT64_MAX - 8)         \
	X(section_count, -EBADMSG, e->e_shnum = 60000)                         \
	X(name_section, -EBADMSG, e->e_shstrndx = e->e_shnum)                  \
	X(name_table, -EBADMSG, find(b, ".strtab")->sh_size = 1u << 30)        \
	X(not_ours, -ENOEXEC, *(char *)strstr_(b, IMAGE_SEC_HEADER) = '_')     \
	X(version, -EPROTO, ++file->version)                                   \
	X(header_size, -EPROTO, ++file->header_size)                           \
	X(image_magic, -EBADMSG, ++file->magic)                                \
	X(heap_odd, -EBADMSG, ++file->heap_size)                               \
	X(heap_large, -EBADMSG, file->heap_size = 1u << 30)                    \
	X(heap_other, -EBADMSG, file->heap_size *= 2)                          \
	X(slack, -EBADMSG, file->heap_slack = UINT32_MAX)                      \
	X(ring, -EBADMSG, file->ringbuf_size = 100)                            \
	X(name, -EBADMSG, file->name = sizeof(strings))                        \
	X(release, -EBADMSG, file->kernel_release = UINT32_MAX)                \
	X(strings_end, -EBADMSG,                                               \
	  ((char *)contents(b, ".stap.strings"))[sizeof(strings) - 1] = 'x')   \
	X(strings_start, -EBADMSG,                                             \
	  *(char *)contents(b, ".stap.strings") = 'x')                         \
	X(strings_empty, -EBADMSG, find(b, ".stap.strings")->sh_size = 0)      \
	X(table_size, -EBADMSG, --find(b, ".stap.parts")->sh_size)             \
	X(table_outside, -EBADMSG, find(b, ".stap.locs")->sh_size = 16u << 20) \
	X(table_offset, -EBADMSG, find(b, ".stap.locs")->sh_offset = -16ull)   \
	X(table_unaligned, -EBADMSG, ++find(b, ".stap.locs")->sh_offset)       \
	X(table_nobits, -EBADMSG, find(b, ".stap.locs")->sh_type = SHT_NOBITS) \
	X(table_missing, -EBADMSG, *(char *)strstr_(b, ".stap.attach") = '_')  \
	X(table_twice, -EBADMSG,                                               \
	  find(b, ".stap.attach")->sh_name = find(b, ".stap.locs")->sh_name)   \
	X(init_short, -EBADMSG, find(b, ".stap.heap")->sh_size = 8)            \
	X(init_long, -EBADMSG, file->heap_size = head->heap_size = 4096;       \
	  head->ctx_off = head->ctx_count = 0)                                 \
	X(zero_word, -EBADMSG, head->zero = 1)                                 \
	X(ctx_count, -EBADMSG, head->ctx_count = 3)                            \
	X(ctx_size, -EBADMSG, head->ctx_size = 1u << 31)                       \
	X(ctx_small, -EBADMSG, head->ctx_size = 8)                             \
	X(ctx_unaligned, -EBADMSG, head->ctx_off += 4)                         \
	X(ctx_off, -EBADMSG, head->ctx_off = head->heap_size)                  \
	X(out_cap, -EBADMSG, head->out_cap = head->ctx_size + 1)               \
	X(stats, -EBADMSG, head->probe_stats_off = head->heap_size - 8;        \
	  head->nprobes = 1)                                                   \
	X(globals, -EBADMSG, head->globals_size = UINT32_MAX)                  \
	X(part_text, -EBADMSG, part->literal_len = sizeof(strings))            \
	X(part_conv, -EBADMSG, part->spec.conv = 'q')                          \
	X(format_parts, -EBADMSG, format->nparts = 3)                          \
	X(format_wrap, -EBADMSG, format->first_part = UINT32_MAX)              \
	X(format_args, -EBADMSG, ++format->nargs)                              \
	X(loc, -EBADMSG, loc->what = sizeof(strings))                          \
	X(handler_name, -EBADMSG, handler->name = UINT32_MAX)                  \
	X(handler_empty, -EBADMSG, handler->name = 0)                          \
	X(handler_path, -EBADMSG, handler->name = S_FILE)                      \
	X(handler_type, -EBADMSG, handler->prog_type = 9)                      \
	X(attach_handler, -EBADMSG, attach->handler = 1)                       \
	X(attach_kind, -EBADMSG, attach->kind = 99)                            \
	X(attach_pid, -EBADMSG, attach->pid = -2)                              \
	X(attach_target, -EBADMSG, attach->target = sizeof(strings))           \
	X(attach_event, -EBADMSG,                                              \
	  (attach->kind = WIRE_PROBE_PROCESS, attach->event = 4))              \
	X(attach_condition, -EBADMSG,                                          \
	  (attach->kind = WIRE_PROBE_CONDITION, attach->event = 9999))         \
	X(attach_answer, -EBADMSG,                                             \
	  (attach->kind = WIRE_PROBE_CONDITION, attach->offset = ~7ull))       \
	X(attach_build_id, -EBADMSG, attach->build_id_len = 21)

/* Where the section's name stands in the file. */
static void *strstr_(struct built *b, const char *name)
{
	Elf64_Ehdr *e = (void *)b->data;
	Elf64_Shdr *h = (void *)(b->data + e->e_shoff);

	return b->data + h[e->e_shstrndx].sh_offset + find(b, name)->sh_name;
}

#define DAMAGE(id, err, change)                                                \
	static void damage_##id(struct built *b)                               \
	{                                                                      \
		Elf64_Ehdr *e = (void *)b->data;                               \
		struct image_file *file = contents(b, IMAGE_SEC_HEADER);       \
		struct rt_head *head = contents(b, ".stap.heap");              \
		struct image_part *part = contents(b, ".stap.parts");          \
		struct image_format *format = contents(b, ".stap.formats");    \
		struct image_loc *loc = contents(b, ".stap.locs");             \
		struct image_handler *handler = contents(b, ".stap.handlers"); \
		struct wire_attach *attach = contents(b, ".stap.attach");      \
                                                                               \
		(void)e, (void)file, (void)head, (void)part;                   \
		(void)format, (void)loc, (void)handler, (void)attach;          \
		change;                                                        \
	}
DAMAGES(DAMAGE)
#undef DAMAGE

static const struct {
	const char *name;
	int err;
	void (*change)(struct built *b);
} damages[] = {
#define X(id, err, change) {#id, err, damage_##id},
	DAMAGES(X)
#undef X
};

static void damage_is_refused(void **state)
{
	for (size_t i = 0; i < sizeof(damages) / sizeof(*damages); i++) {
		struct image im = {.version = 12345};
		struct built b;
		int err;

		build(&b);
		damages[i].change(&b);
		err = read_it(&b, &im);
		if (err != damages[i].err)
			fail_msg("%s: %d instead of %d", damages[i].name, err,
				 damages[i].err);
		assert_int_equal(im.version, 12345); /* untouched */
		drop(&b);
	}
}

static void truncated_files_are_refused(void **state)
{
	struct built b;
	size_t size;

	build(&b);
	size = b.size;
	for (b.size = 0; b.size < size; b.size += 1 + b.size / 64) {
		struct image im;
		unsigned char *all = b.data;

		b.data = malloc(b.size ? b.size : 1);
		memcpy(b.data, all, b.size);
		assert_true(read_it(&b, &im) < 0);
		free(b.data);
		b.data = all;
	}
	drop(&b);
}

/* What is accepted must be safe to use. */
static uint64_t use_everything(const struct image *im)
{
	uint64_t sum =
		strlen(im->strings + im->name) + strlen(im->strings + im->arch);

	for (uint32_t i = 0; i < im->heap_init_len; i++)
		sum += im->heap_init[i];
	for (uint32_t i = 0; i < im->nlocs; i++)
		sum += strlen(im->strings + im->locs[i].file) +
		       strlen(im->strings + im->locs[i].what);
	for (uint32_t i = 0; i < im->nformats; i++)
		for (uint32_t k = 0; k < im->formats[i].nparts; k++) {
			const struct image_part *p =
				&im->parts[im->formats[i].first_part + k];

			for (uint32_t c = 0; c < p->literal_len; c++)
				sum += (unsigned char)
					       im->strings[p->literal + c];
		}
	for (uint32_t i = 0; i < im->nhandlers; i++)
		sum += strlen(im->strings + im->handlers[i].pp) +
		       strlen(im->strings + im->handlers[i].name);
	for (uint32_t i = 0; i < im->nattach; i++)
		sum += im->handlers[im->attach[i].handler].line +
		       strlen(im->strings + im->attach[i].target);
	return sum;
}

static void random_damage_is_survived(void **state)
{
	uint64_t seed = 88172645463325252ull, sum = 0;
	unsigned accepted = 0;
	struct built b;
	unsigned char *good;

	build(&b);
	good = malloc(b.size);
	memcpy(good, b.data, b.size);
	for (int i = 0; i < 20000; i++) {
		struct image im;
		int n = 1 + i % 4;

		memcpy(b.data, good, b.size);
		while (n--) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			/* half of it in the headers at the end */
			b.data[seed & 1 ? (seed >> 8) % b.size
					: b.size - 1 - (seed >> 8) % 1600] ^=
				(unsigned char)(1u << (seed >> 56 & 7));
		}
		if (!read_it(&b, &im)) {
			sum += use_everything(&im);
			accepted++;
		}
	}
	/* most bits are code, names and numbers that mean nothing here */
	assert_true(accepted > 1000 && accepted < 20000);
	assert_true(sum > 0);
	free(good);
	drop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(damage_is_refused),
		cmocka_unit_test(truncated_files_are_refused),
		cmocka_unit_test(random_damage_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
