/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing .BTF: shared by btf.c and core.c. */
#ifndef EBPF_INFO_H
#define EBPF_INFO_H

#include "base/map.h"
#include "ebpf/gen.h"

struct core_local; /* core.c */

struct info {
	struct unit *u;
	struct bytes types, strs, ext;
	struct map seen; /* string -> offset */
	uint32_t ntypes;
	/* types made so far */
	uint32_t u64, s32, u8, ptr_void, proto[6], proto_handler;
	uint32_t *func; /* by unit.out index */
	VEC(struct core_local *) locals;
};

uint32_t info_str(struct info *b, const char *s);
/* Returns the type's id; what its kind wants behind the head follows. */
uint32_t info_type(struct info *b, const char *name, uint32_t kind,
		   uint32_t vlen, uint32_t size_or_type);
uint32_t info_int(struct info *b, const char *name, uint32_t bytes,
		  uint32_t encoding);
uint32_t info_array(struct info *b, uint32_t elem, uint32_t n);
/* Of the struct or union begun last. */
void info_member(struct info *b, const char *name, uint32_t of,
		 uint32_t bit_off);

/*
 * Appends a CO-RE record to .BTF.ext: the instruction at this byte offset
 * holds the field's offset. Returns how many: 0 when the field cannot be
 * described, and so keeps its offset.
 */
uint32_t core_record(struct info *b, const struct field_reloc *field,
		     uint32_t insn_off);

#endif
