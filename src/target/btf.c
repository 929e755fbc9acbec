// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BTF is a header, a section of types and a section of strings. A type is 12
 * bytes (name, info, size or type) and what its kind adds; ids count types
 * from 1, 0 is void. A module's BTF continues the ids and the string offsets
 * of vmlinux ("split BTF").
 *
 * Nothing in the data is trusted: the walk at opening proves that each type
 * lies within its section and that the strings end in a NUL; ids and string
 * offsets are checked where they are followed, and chains of types end after
 * a fixed number of steps. Names are assumed to be stored once (pahole and
 * the kernel's resolve_btfids deduplicate), which makes finding one a search
 * for its bytes; were one stored twice, both are tried.
 */
#include "target/btf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

/* Newer than the uapi header of older systems. */
#define KIND_DECL_TAG 17u
#define KIND_TYPE_TAG 18u
#define KIND_ENUM64 19u

/* Memory that is touched costs more than steps: an offset for each type would
   make half of the time to open vmlinux. */
#define STRIDE 32u

#define MAX_HOPS 32 /* typedefs and qualifiers on top of each other */

struct kbtf {
	struct type_src src; /* first: a source of types */
	const struct kbtf *base;
	const uint8_t *types;
	const char *strs;
	uint32_t types_len, strs_len;
	uint32_t first_id, first_str;
	uint32_t *off; /* of every STRIDEth type within types */
	uint32_t n;
	struct name_index *names;
	void *map; /* what kbtf_close() gives back, or NULL */
	size_t map_len;
};

/*
 * The types by name, made when so many names have been asked for that it pays:
 * one look-up without it takes as long as a tenth of making it.
 */
struct name_index {
	uint32_t asked; /* so far, without the index */
	uint32_t mask;	/* slots - 1 */
	uint32_t *slot; /* type + 1 (from 0 on, not its id), 0: free; or NULL */
};

#define INDEX_AFTER 20u

struct rec {
	uint32_t name_off, info, size_or_type;
};

static inline uint32_t rec_kind(const struct rec *r)
{
	return (r->info >> 24) & 0x1f;
}

static inline uint32_t rec_vlen(const struct rec *r)
{
	return r->info & 0xffff;
}

static inline bool rec_kflag(const struct rec *r)
{
	return r->info >> 31;
}

/* Bytes that follow the 12 of every type; -1: a kind we do not know. */
static long extra_bytes(uint32_t kind, uint32_t vlen)
{
	switch (kind) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_DATASEC:
	case KIND_ENUM64:
		return (long)vlen * 12;
	case BTF_KIND_ENUM:
	case BTF_KIND_FUNC_PROTO:
		return (long)vlen * 8;
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case KIND_TYPE_TAG:
		return 0;
	default:
		return -1;
	}
}

static const char *index_types(struct kbtf *b)
{
	/* A type takes 12 bytes at least. */
	uint32_t cap = b->types_len / sizeof(struct rec) / STRIDE + 1;
	b->off = malloc(cap * sizeof(*b->off));
	if (!b->off)
		return "out of memory";
	uint32_t at = 0, n = 0;
	while (at < b->types_len) {
		if (b->types_len - at < sizeof(struct rec))
			return "the last type is cut off";
		const struct rec *r = (const void *)(b->types + at);
		long extra = extra_bytes(rec_kind(r), rec_vlen(r));
		if (extra < 0)
			return "it holds a kind of type that is unknown here";
		if ((uint32_t)extra > b->types_len - at - sizeof(*r))
			return "the last type is cut off";
		if (n % STRIDE == 0)
			b->off[n / STRIDE] = at;
		n++;
		at += sizeof(*r) + (uint32_t)extra;
	}
	b->n = n;
	return NULL;
}

static const char *open_sections(struct kbtf *b, const uint8_t *p, size_t len)
{
	struct btf_header h;

	if (len < sizeof(h))
		return "it is too short";
	memcpy(&h, p, sizeof(h));
	if (h.magic != BTF_MAGIC)
		return "it is not BTF of this machine's byte order";
	if (h.version != BTF_VERSION)
		return "its version is unknown";
	if (h.hdr_len < sizeof(h) || h.hdr_len > len)
		return "its header is cut off";
	size_t rest = len - h.hdr_len;
	if (h.type_off > rest || h.type_len > rest - h.type_off ||
	    h.str_off > rest || h.str_len > rest - h.str_off)
		return "a section lies outside of the file";
	if ((h.hdr_len | h.type_off | (uintptr_t)p) & 3)
		return "its types are not aligned";
	b->types = p + h.hdr_len + h.type_off;
	b->types_len = h.type_len;
	b->strs = (const char *)p + h.hdr_len + h.str_off;
	b->strs_len = h.str_len;
	if (!b->strs_len || b->strs[b->strs_len - 1])
		return "its strings do not end";
	return index_types(b);
}

static const struct type_ops btf_ops;

int kbtf_from_memory(const void *data, size_t len, const struct kbtf *base,
		     struct kbtf **out, const char **why)
{
	struct kbtf *b = calloc(1, sizeof(*b));

	if (!b) {
		*why = "out of memory";
		return -ENOMEM;
	}
	b->src.ops = &btf_ops;
	b->base = base;
	b->first_id = base ? kbtf_end_id(base) : 1;
	b->first_str = base ? base->strs_len : 0;
	b->names = calloc(1, sizeof(*b->names));
	*why = b->names ? open_sections(b, data, len) : "out of memory";
	if (*why) {
		free(b->names);
		free(b->off);
		free(b);
		return -EINVAL;
	}
	*out = b;
	return 0;
}

/*
 * For kernels whose file cannot be mapped. Faulting in each page of the buffer
 * on its own would take longer than reading: MAP_POPULATE. *cap: size of the
 * mapping.
 */
static int read_all(int fd, void **data, size_t *len, size_t *cap)
{
	size_t room = 64 * 1024, n = 0;
	struct stat st;

	/* One byte more shows the end of the file at once. */
	if (!fstat(fd, &st) && st.st_size > 0 && st.st_size < (1 << 30))
		room = (size_t)st.st_size + 1;
	char *p = mmap(NULL, room, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (p == MAP_FAILED)
		return -ENOMEM;
	for (;;) {
		ssize_t got = read(fd, p + n, room - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int err = -errno;
			munmap(p, room);
			return err;
		}
		if (!got)
			break;
		n += (size_t)got;
		if (n < room)
			continue;
		char *q = mremap(p, room, room * 2, MREMAP_MAYMOVE);
		if (q == MAP_FAILED) {
			munmap(p, room);
			return -ENOMEM;
		}
		p = q;
		room *= 2;
	}
	*data = p;
	*len = n;
	*cap = room;
	return 0;
}

int kbtf_from_file(const char *path, const struct kbtf *base, struct kbtf **out,
		   const char **why)
{
	void *data = MAP_FAILED;
	size_t len = 0, cap = 0;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;

	if (fd < 0) {
		err = -errno;
		*why = strerror(-err);
		return err;
	}
	/* Only the kernel's own file cannot shrink under our feet. */
	if (!strncmp(path, "/sys/", 5) && !fstat(fd, &st) && st.st_size > 0) {
		len = cap = (size_t)st.st_size;
		data = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	if (data == MAP_FAILED)
		err = read_all(fd, &data, &len, &cap);
	close(fd);
	if (err) {
		*why = strerror(-err);
		return err;
	}
	struct kbtf *b = NULL;
	err = kbtf_from_memory(data, len, base, &b, why);
	if (err) {
		munmap(data, cap);
		return err;
	}
	b->map = data;
	b->map_len = cap;
	*out = b;
	return 0;
}

void kbtf_close(struct kbtf *b)
{
	if (!b)
		return;
	if (b->map)
		munmap(b->map, b->map_len);
	free(b->names->slot);
	free(b->names);
	free(b->off);
	free(b);
}

const struct type_src *kbtf_types(const struct kbtf *b)
{
	return &b->src;
}

uint32_t kbtf_first_id(const struct kbtf *b)
{
	return b->first_id;
}

uint32_t kbtf_end_id(const struct kbtf *b)
{
	return b->first_id + b->n;
}

static const struct rec *first_rec(const struct kbtf *b)
{
	return (const void *)b->types;
}

/* The walk at opening proved that it ends where the section does. */
static const struct rec *next_rec(const struct rec *r)
{
	return (const void *)((const uint8_t *)(r + 1) +
			      extra_bytes(rec_kind(r), rec_vlen(r)));
}

static const struct rec *rec_at(const struct kbtf *b, uint32_t id)
{
	while (b && id < b->first_id)
		b = b->base;
	if (!b || id - b->first_id >= b->n)
		return NULL;
	uint32_t i = id - b->first_id;
	const struct rec *r = (const void *)(b->types + b->off[i / STRIDE]);
	for (i %= STRIDE; i; i--)
		r = next_rec(r);
	return r;
}

static const char *str_at(const struct kbtf *b, uint32_t off)
{
	while (b && off < b->first_str)
		b = b->base;
	if (!b || off - b->first_str >= b->strs_len)
		return "";
	return b->strs + (off - b->first_str);
}

static inline const void *payload(const struct rec *r)
{
	return r + 1;
}

#define KIND_BIT(k) (1u << (k))

/* The first type of one of `kinds` whose name stands at this offset. */
static uint32_t scan_name(const struct kbtf *b, uint32_t kinds,
			  uint32_t name_off)
{
	const struct rec *r = first_rec(b);
	for (uint32_t i = 0; i < b->n; i++, r = next_rec(r)) {
		if (r->name_off == name_off && (KIND_BIT(rec_kind(r)) & kinds))
			return b->first_id + i;
	}
	return 0;
}

/* Strings of a split file may stand in the base's section. */
static uint32_t find_in_strings(const struct kbtf *b, const struct kbtf *holder,
				uint32_t kinds, const char *name)
{
	size_t len = strlen(name) + 1;
	const char *p = holder->strs, *end = p + holder->strs_len;

	while (len > 1 && (size_t)(end - p) >= len) {
		p = memmem(p, (size_t)(end - p), name, len);
		if (!p)
			break;
		if (p == holder->strs || !p[-1]) {
			uint32_t id =
				scan_name(b, kinds,
					  holder->first_str +
						  (uint32_t)(p - holder->strs));
			if (id)
				return id;
		}
		p++;
	}
	return 0;
}

/* Slots in the order of the types: the first of a name is found first. */
static void index_names(const struct kbtf *b)
{
	struct name_index *x = b->names;
	const struct rec *r = first_rec(b);
	uint32_t slots = 16;

	while (slots < b->n * 2 && slots < 1u << 30)
		slots *= 2;
	x->slot = calloc(slots, sizeof(*x->slot));
	x->mask = slots - 1;
	for (uint32_t i = 0; x->slot && i < b->n; i++, r = next_rec(r)) {
		const char *name = str_at(b, r->name_off);

		if (!*name)
			continue;
		uint32_t at = hash_bytes32(name, strlen(name)) & x->mask;

		while (x->slot[at])
			at = (at + 1) & x->mask;
		x->slot[at] = i + 1;
	}
}

static uint32_t find_indexed(const struct kbtf *b, uint32_t kinds,
			     const char *name)
{
	const struct name_index *x = b->names;
	uint32_t at = hash_bytes32(name, strlen(name)) & x->mask, i;

	for (; (i = x->slot[at]) != 0; at = (at + 1) & x->mask) {
		const struct rec *r = rec_at(b, b->first_id + i - 1);

		if ((KIND_BIT(rec_kind(r)) & kinds) &&
		    !strcmp(str_at(b, r->name_off), name))
			return b->first_id + i - 1;
	}
	return 0;
}

static uint32_t find_own(const struct kbtf *b, uint32_t kinds, const char *name)
{
	if (!*name)
		return 0;
	if (++b->names->asked == INDEX_AFTER)
		index_names(b);
	if (b->names->slot)
		return find_indexed(b, kinds, name);
	for (const struct kbtf *h = b; h; h = h->base) {
		uint32_t id = find_in_strings(b, h, kinds, name);
		if (id)
			return id;
	}
	return 0;
}

static uint32_t find_any(const struct kbtf *b, uint32_t kinds, const char *name)
{
	for (; b; b = b->base) {
		uint32_t id = find_own(b, kinds, name);
		if (id)
			return id;
	}
	return 0;
}

/* ---- struct ttype ---- */

static void get_array(const struct rec *r, struct ttype *t)
{
	const struct btf_array *a = payload(r);

	t->kind = TT_ARRAY;
	t->elem = a->type;
	t->n = a->nelems;
}

static void get_int(const struct rec *r, struct ttype *t)
{
	uint32_t v = *(const uint32_t *)payload(r);

	t->kind = TT_INT;
	t->size = r->size_or_type;
	t->is_signed = BTF_INT_ENCODING(v) & BTF_INT_SIGNED;
	t->is_bool = BTF_INT_ENCODING(v) & BTF_INT_BOOL;
	/* Compilers leave BTF_INT_CHAR unset; the name tells. */
	t->is_char = t->size == 1 && (!strcmp(t->name, "char") ||
				      !strcmp(t->name, "unsigned char") ||
				      !strcmp(t->name, "signed char"));
}

/* __user stands as a tag between the pointer and what it points to. */
static bool points_to_user(const struct kbtf *b, uint32_t id)
{
	for (int hops = 0; hops < MAX_HOPS; hops++) {
		const struct rec *r = id ? rec_at(b, id) : NULL;
		if (!r)
			return false;
		switch (rec_kind(r)) {
		case KIND_TYPE_TAG:
			if (!strcmp(str_at(b, r->name_off), "user"))
				return true;
			break;
		case BTF_KIND_VOLATILE:
		case BTF_KIND_CONST:
		case BTF_KIND_RESTRICT:
			break;
		default:
			return false;
		}
		id = r->size_or_type;
	}
	return false;
}

static void get_proto(const struct rec *r, struct ttype *t)
{
	const struct btf_param *p = payload(r);

	t->elem = r->size_or_type;
	/* "..." is a last parameter without type and name */
	t->is_variadic = t->n && !p[t->n - 1].type && !p[t->n - 1].name_off;
	t->n -= t->is_variadic;
}

static bool btf_param(const struct ttype *t, uint32_t i, uint32_t *type)
{
	const struct rec *r = rec_at((const struct kbtf *)t->src, t->id);
	const struct btf_param *p;

	if (!r || rec_kind(r) != BTF_KIND_FUNC_PROTO || i >= rec_vlen(r))
		return false;
	p = payload(r);
	*type = p[i].type;
	return true;
}

/* Fills t from a type that is no typedef or qualifier. */
static bool get_plain(const struct kbtf *b, const struct rec *r,
		      struct ttype *t)
{
	t->n = rec_vlen(r);
	t->size = r->size_or_type;
	switch (rec_kind(r)) {
	case BTF_KIND_INT:
		get_int(r, t);
		return true;
	case BTF_KIND_PTR:
		t->kind = TT_PTR;
		t->size = sizeof(void *);
		t->elem = r->size_or_type;
		t->user = points_to_user(b, t->elem);
		return true;
	case BTF_KIND_ARRAY:
		t->size = 0;
		get_array(r, t);
		return true;
	case BTF_KIND_STRUCT:
		t->kind = TT_STRUCT;
		return true;
	case BTF_KIND_UNION:
		t->kind = TT_UNION;
		return true;
	case BTF_KIND_ENUM:
	case KIND_ENUM64:
		t->kind = TT_ENUM;
		t->is_signed = rec_kflag(r);
		return true;
	case BTF_KIND_FWD:
		t->kind = TT_FWD;
		t->size = 0;
		return true;
	case BTF_KIND_FUNC_PROTO:
		t->kind = TT_FUNC;
		t->size = 0;
		get_proto(r, t);
		return true;
	case BTF_KIND_FLOAT:
		t->kind = TT_FLOAT;
		return true;
	default:
		return false;
	}
}

static bool btf_get(const struct type_src *s, uint32_t id, struct ttype *t)
{
	const struct kbtf *b = (const struct kbtf *)s;

	*t = (struct ttype){.src = s, .name = ""};
	for (int hops = 0; hops < MAX_HOPS; hops++) {
		t->id = id;
		if (!id) {
			t->kind = TT_VOID;
			return true;
		}
		const struct rec *r = rec_at(b, id);
		if (!r)
			return false;
		const char *name = str_at(b, r->name_off);
		switch (rec_kind(r)) {
		case BTF_KIND_TYPEDEF:
			if (t->alias)
				break;
			t->alias = name;
			t->alias_id = id;
			break;
		case KIND_TYPE_TAG:
			break;
		case BTF_KIND_VOLATILE:
			t->quals |= t->alias ? 0 : TTYPE_VOLATILE;
			break;
		case BTF_KIND_CONST:
			t->quals |= t->alias ? 0 : TTYPE_CONST;
			break;
		case BTF_KIND_RESTRICT:
			t->quals |= t->alias ? 0 : TTYPE_RESTRICT;
			break;
		default:
			t->name = name;
			return get_plain(b, r, t);
		}
		id = r->size_or_type;
	}
	return false;
}

static bool btf_member(const struct ttype *t, uint32_t i, struct tmember *out)
{
	const struct kbtf *b = (const struct kbtf *)t->src;
	const struct rec *r = rec_at(b, t->id);

	if (!r || i >= rec_vlen(r) ||
	    (rec_kind(r) != BTF_KIND_STRUCT && rec_kind(r) != BTF_KIND_UNION))
		return false;
	const struct btf_member *m = (const struct btf_member *)payload(r) + i;
	*out = (struct tmember){.name = str_at(b, m->name_off),
				.type = m->type,
				.bit_off = m->offset};
	if (rec_kflag(r)) {
		out->bit_off = BTF_MEMBER_BIT_OFFSET(m->offset);
		out->bit_size = BTF_MEMBER_BITFIELD_SIZE(m->offset);
	}
	return true;
}

static bool btf_enumerator(const struct ttype *t, uint32_t i, const char **name,
			   int64_t *value)
{
	const struct kbtf *b = (const struct kbtf *)t->src;
	const struct rec *r = rec_at(b, t->id);

	if (!r || i >= rec_vlen(r))
		return false;
	if (rec_kind(r) == BTF_KIND_ENUM) {
		const struct btf_enum *e =
			(const struct btf_enum *)payload(r) + i;
		*name = str_at(b, e->name_off);
		*value = rec_kflag(r) ? (int64_t)e->val
				      : (int64_t)(uint32_t)e->val;
		return true;
	}
	if (rec_kind(r) == KIND_ENUM64) {
		const uint32_t *e =
			(const uint32_t *)payload(r) + 3 * (size_t)i;
		*name = str_at(b, e[0]);
		*value = (int64_t)((uint64_t)e[2] << 32 | e[1]);
		return true;
	}
	return false;
}

static bool btf_find(const struct type_src *s, enum ttype_kind kind,
		     const char *name, uint32_t *id)
{
	static const uint32_t kinds[] = {
		[TT_INT] = KIND_BIT(BTF_KIND_INT),
		[TT_ENUM] = KIND_BIT(BTF_KIND_ENUM) | KIND_BIT(KIND_ENUM64),
		[TT_FLOAT] = KIND_BIT(BTF_KIND_FLOAT),
		[TT_STRUCT] = KIND_BIT(BTF_KIND_STRUCT),
		[TT_UNION] = KIND_BIT(BTF_KIND_UNION),
		[TT_FWD] = KIND_BIT(BTF_KIND_FWD),
	};

	*id = find_any((const struct kbtf *)s, kinds[kind], name);
	return *id != 0;
}

static bool btf_find_typedef(const struct type_src *s, const char *name,
			     uint32_t *id)
{
	*id = find_any((const struct kbtf *)s, KIND_BIT(BTF_KIND_TYPEDEF),
		       name);
	return *id != 0;
}

static const struct type_ops btf_ops = {
	.relocatable = true,
	.get = btf_get,
	.member = btf_member,
	.enumerator = btf_enumerator,
	.param = btf_param,
	.find = btf_find,
	.find_typedef = btf_find_typedef,
};

/* ---- tracepoints ---- */

/*
 * For each tracepoint that BPF may attach to, the kernel's headers make
 *   typedef void (*btf_trace_NAME)(void *__data, arguments);
 * in vmlinux and in modules. The typedef's prototype has no names for the
 * arguments. They stand in functions of the same arguments: __traceiter_NAME
 * (5.10; every tracepoint has one), __probestub_NAME (6.6), and
 * __bpf_trace_CLASS, where CLASS is mostly not NAME.
 */
#define TP_PREFIX "btf_trace_"

static uint32_t tp_proto(const struct kbtf *b, const struct rec *td)
{
	const struct rec *r = rec_at(b, td->size_or_type);

	if (!r || rec_kind(r) != BTF_KIND_PTR)
		return 0;
	uint32_t id = r->size_or_type;
	r = rec_at(b, id);
	return r && rec_kind(r) == BTF_KIND_FUNC_PROTO ? id : 0;
}

static void tp_fill(const struct kbtf *b, const struct rec *td,
		    struct kbtf_tp *out)
{
	out->btf = b;
	out->name = str_at(b, td->name_off) + strlen(TP_PREFIX);
	out->proto = tp_proto(b, td);
}

void kbtf_each_tp(const struct kbtf *b,
		  bool (*found)(void *ctx, const struct kbtf_tp *tp), void *ctx)
{
	const struct rec *r = first_rec(b);
	for (uint32_t i = 0; i < b->n; i++, r = next_rec(r)) {
		if (rec_kind(r) != BTF_KIND_TYPEDEF)
			continue;
		const char *name = str_at(b, r->name_off);
		if (strncmp(name, TP_PREFIX, strlen(TP_PREFIX)))
			continue;
		struct kbtf_tp tp;
		tp_fill(b, r, &tp);
		if (!found(ctx, &tp))
			return;
	}
}

/* Names longer than a symbol may be are no tracepoint's. */
#define NAME_MAX_LEN 256

static uint32_t find_prefixed(const struct kbtf *b, uint32_t kind,
			      const char *prefix, const char *name)
{
	char full[NAME_MAX_LEN + 32];
	size_t p = strlen(prefix), n = strlen(name);

	if (n > NAME_MAX_LEN)
		return 0;
	memcpy(full, prefix, p);
	memcpy(full + p, name, n + 1);
	return find_own(b, KIND_BIT(kind), full);
}

bool kbtf_find_tp(const struct kbtf *b, const char *name, struct kbtf_tp *out)
{
	uint32_t id = find_prefixed(b, BTF_KIND_TYPEDEF, TP_PREFIX, name);

	if (!id)
		return false;
	tp_fill(b, rec_at(b, id), out);
	return true;
}

/* The prototype with names for this many parameters, or NULL. */
static const struct btf_param *named_proto(const struct kbtf_tp *tp, uint32_t n)
{
	static const char *const sources[] = {"__traceiter_", "__probestub_",
					      "__bpf_trace_"};

	for (unsigned i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
		uint32_t id = find_prefixed(tp->btf, BTF_KIND_FUNC, sources[i],
					    tp->name);
		const struct rec *r = id ? rec_at(tp->btf, id) : NULL;
		r = r ? rec_at(tp->btf, r->size_or_type) : NULL;
		if (r && rec_kind(r) == BTF_KIND_FUNC_PROTO && rec_vlen(r) == n)
			return payload(r);
	}
	return NULL;
}

uint32_t kbtf_tp_params(const struct kbtf_tp *tp, struct kbtf_param *out,
			uint32_t max)
{
	const struct rec *r = tp->proto ? rec_at(tp->btf, tp->proto) : NULL;

	if (!r || rec_vlen(r) < 1)
		return 0;
	uint32_t n = rec_vlen(r) - 1;
	const struct btf_param *p = (const struct btf_param *)payload(r) + 1;
	const struct btf_param *names = n ? named_proto(tp, n + 1) : NULL;
	for (uint32_t i = 0; i < n && i < max; i++) {
		out[i].type = p[i].type;
		out[i].name =
			names ? str_at(tp->btf, names[i + 1].name_off) : NULL;
		if (out[i].name && !*out[i].name)
			out[i].name = NULL;
	}
	return n;
}

/* ---- functions ---- */

void kbtf_each_func(const struct kbtf *b,
		    bool (*found)(void *ctx, const char *name, uint32_t proto),
		    void *ctx)
{
	const struct rec *r = first_rec(b);

	for (uint32_t i = 0; i < b->n; i++, r = next_rec(r))
		if (rec_kind(r) == BTF_KIND_FUNC &&
		    !found(ctx, str_at(b, r->name_off), r->size_or_type))
			return;
}

uint32_t kbtf_find_func(const struct kbtf *b, const char *name, uint32_t *id)
{
	*id = find_own(b, KIND_BIT(BTF_KIND_FUNC), name);
	const struct rec *r = *id ? rec_at(b, *id) : NULL;
	uint32_t proto = r ? r->size_or_type : 0;

	r = proto ? rec_at(b, proto) : NULL;
	return r && rec_kind(r) == BTF_KIND_FUNC_PROTO ? proto : 0;
}

uint32_t kbtf_func_params(const struct kbtf *b, uint32_t proto,
			  struct kbtf_param *out, uint32_t max, uint32_t *ret,
			  bool *variadic)
{
	const struct rec *r = proto ? rec_at(b, proto) : NULL;

	*ret = 0;
	*variadic = false;
	if (!r || rec_kind(r) != BTF_KIND_FUNC_PROTO)
		return 0;
	const struct btf_param *p = payload(r);
	uint32_t n = rec_vlen(r);
	*ret = r->size_or_type;
	/* "..." is a last parameter without type and name */
	if (n && !p[n - 1].type && !p[n - 1].name_off) {
		*variadic = true;
		n--;
	}
	for (uint32_t i = 0; i < n && i < max; i++) {
		out[i].type = p[i].type;
		out[i].name = str_at(b, p[i].name_off);
		if (!*out[i].name)
			out[i].name = NULL;
	}
	return n;
}

bool kbtf_find_var(const struct kbtf *b, const char *name, uint32_t *type)
{
	uint32_t id = find_any(b, KIND_BIT(BTF_KIND_VAR), name);
	const struct rec *r = id ? rec_at(b, id) : NULL;

	if (!r)
		return false;
	*type = r->size_or_type;
	return true;
}

const char *kbtf_var_section(const struct kbtf *b, const char *name)
{
	uint32_t id = find_own(b, KIND_BIT(BTF_KIND_VAR), name);
	const struct rec *r = first_rec(b);

	for (uint32_t i = 0; id && i < b->n; i++, r = next_rec(r)) {
		const struct btf_var_secinfo *v = payload(r);

		if (rec_kind(r) != BTF_KIND_DATASEC)
			continue;
		for (uint32_t k = 0; k < rec_vlen(r); k++)
			if (v[k].type == id)
				return str_at(b, r->name_off);
	}
	return "";
}

bool kbtf_find_enumerator(const struct kbtf *b, const char *name,
			  int64_t *value)
{
	for (; b; b = b->base) {
		const struct rec *r = first_rec(b);
		for (uint32_t i = 0; i < b->n; i++, r = next_rec(r)) {
			if (rec_kind(r) != BTF_KIND_ENUM &&
			    rec_kind(r) != KIND_ENUM64)
				continue;
			struct ttype t = {.src = &b->src,
					  .id = b->first_id + i};
			const char *s;
			for (uint32_t k = 0; k < rec_vlen(r); k++)
				if (btf_enumerator(&t, k, &s, value) &&
				    !strcmp(s, name))
					return true;
		}
	}
	return false;
}
