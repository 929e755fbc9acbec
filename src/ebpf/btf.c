// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * .BTF and .BTF.ext: what the kernel wants to know of global functions, the
 * two maps, and where each instruction comes from in the script (so that
 * "bpftool prog dump xlated" and the verifier's log show script lines).
 */
#include "ebpf/gen.h"

#include <linux/btf.h>
#include <string.h>

#include "ebpf/info.h"

enum ext_table { EXT_FUNCS, EXT_LINES, EXT_CORE };

uint32_t info_str(struct info *b, const char *s)
{
	uintptr_t off = (uintptr_t)map_get(&b->seen, s);

	if (!off && *s) {
		off = bytes_str(b->u->arena, &b->strs, s);
		map_put(&b->seen, arena_strdup(b->u->arena, s), (void *)off);
	}
	return (uint32_t)off;
}

static void words(struct info *b, struct bytes *to, const uint32_t *w,
		  uint32_t n)
{
	bytes_add(b->u->arena, to, w, n * 4);
}
#define put(b, to, ...)                                                        \
	words((b), (to), (const uint32_t[]){__VA_ARGS__},                      \
	      sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

uint32_t info_type(struct info *b, const char *name, uint32_t kind,
		   uint32_t vlen, uint32_t size_or_type)
{
	put(b, &b->types, info_str(b, name), kind << 24 | vlen, size_or_type);
	return ++b->ntypes;
}

uint32_t info_int(struct info *b, const char *name, uint32_t bytes,
		  uint32_t encoding)
{
	uint32_t id = info_type(b, name, BTF_KIND_INT, 0, bytes);

	put(b, &b->types, encoding << 24 | bytes * 8);
	return id;
}

uint32_t info_array(struct info *b, uint32_t elem, uint32_t n)
{
	uint32_t id = info_type(b, "", BTF_KIND_ARRAY, 0, 0);

	put(b, &b->types, elem, b->s32, n);
	return id;
}

void info_member(struct info *b, const char *name, uint32_t of,
		 uint32_t bit_off)
{
	put(b, &b->types, info_str(b, name), of, bit_off);
}

static uint32_t var(struct info *b, const char *name, uint32_t of)
{
	uint32_t id = info_type(b, name, BTF_KIND_VAR, 0, of);

	put(b, &b->types, BTF_VAR_GLOBAL_ALLOCATED);
	return id;
}

static void datasec(struct info *b, const char *name, uint32_t of,
		    uint32_t size)
{
	info_type(b, name, BTF_KIND_DATASEC, 1, size);
	put(b, &b->types, of, 0, size);
}

/* A map as libbpf reads it: a struct whose members point to arrays, of which
   the length is what is said. */
static uint32_t map_var(struct info *b, const char *name, uint32_t type,
			uint32_t entries, uint32_t key, uint32_t value)
{
	const struct {
		const char *name;
		uint32_t n;
	} say[] = {{"type", type},
		   {"max_entries", entries},
		   {"key_size", key},
		   {"value_size", value}};
	uint32_t n = key ? 4 : 2, of[4], map;

	for (uint32_t i = 0; i < n; i++)
		of[i] = info_type(b, "", BTF_KIND_PTR, 0,
				  info_array(b, b->s32, say[i].n));
	map = info_type(b, "", BTF_KIND_STRUCT, n, 8 * n);
	for (uint32_t i = 0; i < n; i++)
		info_member(b, say[i].name, of[i], 64 * i);
	return var(b, name, map);
}

static void base_types(struct info *b)
{
	static const char *const arg[] = {"a", "b", "c", "d", "e"};

	b->u64 = info_int(b, "unsigned long long", 8, 0);
	b->s32 = info_int(b, "int", 4, BTF_INT_SIGNED);
	b->u8 = info_int(b, "unsigned char", 1, 0);
	b->ptr_void = info_type(b, "", BTF_KIND_PTR, 0, 0);
	for (uint32_t n = 0; n <= 5; n++) {
		b->proto[n] = info_type(b, "", BTF_KIND_FUNC_PROTO, n, b->u64);
		for (uint32_t i = 0; i < n; i++)
			put(b, &b->types, info_str(b, arg[i]), b->u64);
	}
	b->proto_handler = info_type(b, "", BTF_KIND_FUNC_PROTO, 1, b->s32);
	put(b, &b->types, info_str(b, "ctx"), b->ptr_void);
}

static void map_types(struct info *b)
{
	const struct image *im = b->u->m->image;
	uint32_t size, at = EBPF_MAP_RING, ring, events, tasks;

	ring = map_var(b, EBPF_RING, BPF_MAP_TYPE_RINGBUF, im->ringbuf_size, 0,
		       0);
	if (unit_refers(b->u, CODE_EVENTS)) {
		/* The runner says how many there are. */
		events = map_var(b, EBPF_EVENTS, BPF_MAP_TYPE_PERF_EVENT_ARRAY,
				 RT_COUNTERS, 4, 4);
		tasks = map_var(b, EBPF_TASKS, BPF_MAP_TYPE_HASH, 1, 8,
				sizeof(struct rt_counts));
		info_type(b, ".maps", BTF_KIND_DATASEC, 3,
			  at + 2 * EBPF_MAP_OTHER);
		put(b, &b->types, ring, 0, at, events, at, EBPF_MAP_OTHER,
		    tasks, at + EBPF_MAP_OTHER, EBPF_MAP_OTHER);
	} else {
		datasec(b, ".maps", ring, at);
	}

	size = im->heap_size + b->u->slack;
	datasec(b, ".bss", var(b, EBPF_HEAP, info_array(b, b->u8, size)), size);
}

static void func_types(struct info *b)
{
	b->func = arena_new_array(b->u->arena, uint32_t, b->u->out.n);
	vec_for (&b->u->out, i) {
		const struct ebpf_func *f = &b->u->out.v[i];

		if (f->merged)
			continue;
		b->func[i] = info_type(
			b, f->name, BTF_KIND_FUNC,
			f->is_static ? BTF_FUNC_STATIC : BTF_FUNC_GLOBAL,
			f->is_handler ? b->proto_handler : b->proto[f->nargs]);
	}
}

/* ---- .BTF.ext ---- */
static uint32_t line_text(struct info *b, struct loc loc)
{
	size_t len;
	const char *text = source_line(loc.src, loc.line, &len);

	while (len && (*text == ' ' || *text == '\t')) {
		text++;
		len--;
	}
	return info_str(b, arena_strndup(b->u->arena, text, len));
}

static void line_record(struct info *b, const struct ebpf_func *f,
			const struct code_line *l)
{
	uint32_t col = l->loc.col > 1023 ? 1023 : l->loc.col;
	uint32_t at = 8 * (f->sec_insn + l->insn);

	if (l->loc.src)
		put(b, &b->ext, at, info_str(b, l->loc.src->name),
		    line_text(b, l->loc), l->loc.line << 10 | col);
	else
		put(b, &b->ext, at, info_str(b, "<runtime>"),
		    info_str(b, f->name), 1 << 10);
}

static uint32_t records(struct info *b, const struct ebpf_func *f, uint32_t fn,
			enum ext_table kind)
{
	uint32_t n = 0;

	switch (kind) {
	case EXT_FUNCS:
		put(b, &b->ext, 8 * f->sec_insn, b->func[fn]);
		return 1;
	case EXT_LINES:
		vec_for (&f->lines, i)
			if (f->lines.v[i].insn < f->code.n) {
				line_record(b, f, &f->lines.v[i]);
				n++;
			}
		return n;
	default:
		vec_for (&f->cores, i)
			n += core_record(
				b, f->cores.v[i].field,
				8 * (f->sec_insn + f->cores.v[i].insn));
		return n;
	}
}

/* One of the tables; returns its size. */
static uint32_t table(struct info *b, const char *const *sections, uint32_t n,
		      enum ext_table kind)
{
	uint32_t start = b->ext.n;

	put(b, &b->ext, kind == EXT_FUNCS ? 8 : 16);
	for (uint32_t s = 0; s < n; s++) {
		uint32_t head = b->ext.n, count = 0;

		put(b, &b->ext, info_str(b, sections[s]), 0);
		vec_for (&b->u->layout, i) {
			uint32_t fn = b->u->layout.v[i];

			if (!strcmp(b->u->out.v[fn].section, sections[s]))
				count += records(b, &b->u->out.v[fn], fn, kind);
		}
		memcpy(b->ext.v + head + 4, &count, 4);
		if (!count)
			b->ext.n = head;
	}
	if (kind == EXT_CORE && b->ext.n == start + 4)
		b->ext.n = start; /* none */
	return b->ext.n - start;
}

static void write_ext(struct info *b, const char *const *sections, uint32_t n)
{
	uint32_t h[8] = {0};

	bytes_add(b->u->arena, &b->ext, h, sizeof(h));
	h[0] = BTF_MAGIC | BTF_VERSION << 16;
	h[1] = sizeof(h);
	h[2] = 0;
	h[3] = table(b, sections, n, EXT_FUNCS);
	h[4] = h[3];
	h[5] = table(b, sections, n, EXT_LINES);
	h[6] = h[4] + h[5];
	h[7] = table(b, sections, n, EXT_CORE);
	memcpy(b->ext.v, h, sizeof(h));
}

void btf_write(struct unit *u, const char *const *sections, uint32_t nsections,
	       struct bytes *btf, struct bytes *ext)
{
	struct info b = {.u = u};
	struct btf_header h = {.magic = BTF_MAGIC,
			       .version = BTF_VERSION,
			       .hdr_len = sizeof(h)};

	map_init(&b.seen, u->arena);
	bytes_str(u->arena, &b.strs, "");
	base_types(&b);
	map_types(&b);
	func_types(&b);
	write_ext(&b, sections, nsections);
	h.type_len = b.types.n;
	h.str_off = b.types.n;
	h.str_len = b.strs.n;
	bytes_add(u->arena, btf, &h, sizeof(h));
	bytes_add(u->arena, btf, b.types.v, b.types.n);
	bytes_add(u->arena, btf, b.strs.v, b.strs.n);
	*ext = b.ext;
}
