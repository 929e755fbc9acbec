/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs and libraries as far as probes need them: which functions they
   have and where in the file those start. */
#ifndef TARGET_ELF_H
#define TARGET_ELF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/build_id.h"

struct elf_func {
	const char *name;  /* without a symbol version */
	uint64_t addr;	   /* virtual address in the file */
	uint64_t size;	   /* 0: the symbol table does not tell */
	uint64_t file_off; /* where a uprobe goes */
	uint8_t bind;	   /* 0 local, 1 global, 2 weak */
	bool exported;	   /* from .dynsym */
};

/* A piece of data with a name. */
struct elf_object {
	const char *name;
	uint64_t size;
	uint64_t file_off; /* as its segment counts on, behind the file's part
			      (.bss) too */
};

/* A segment. */
struct elf_segment {
	uint64_t addr, size, file_off; /* size: of what the file holds; of data,
					  in memory */
};

struct elf_file {
	const char *path; /* real path */
	/* From stat(), to recognise the file again (st_ino, st_dev). */
	uint64_t ino, dev;
	bool odd_dev;	  /* overlay or btrfs: dev is not the superblock's */
	bool is_pie;	  /* ET_DYN */
	bool is_program;  /* has an interpreter, or is not ET_DYN */
	uint16_t machine; /* EM_* */
	uint8_t build_id[BUILD_ID_MAX];
	uint32_t build_id_len;
	/* Functions that can hold a probe, sorted by address; several names
	   of one address stand together, the best name first. */
	struct elf_func *funcs;
	uint32_t nfuncs;
	/* Symbols of functions left out, and why. */
	uint32_t n_undefined, n_indirect, n_outside;
	VEC(struct elf_segment) segs;	   /* executable */
	VEC(struct elf_segment) data_segs; /* others that are loaded */
	bool has_symtab, has_dynsym; /* of the file itself */
	bool has_go_table;	     /* it is stripped, but Go's own */
	const char *debug_path; /* separate file that gave .symtab, or NULL */
};

/*
 * Reads a file. root: "" or a directory under which debug files are looked
 * for. NULL: *why, a sentence without the path. Everything is in the arena;
 * the file is closed again.
 */
struct elf_file *elf_file_read(struct arena *a, const char *root,
			       const char *path, const char **why);
/*
 * The same for an image in memory (fuzzing, tests); path only names it.
 */
struct elf_file *elf_file_from_memory(struct arena *a, void *data, size_t len,
				      const char *path, const char **why);

/* Its data in data_segs that have names, in no order: the file is opened
   again. */
typedef VEC(struct elf_object) elf_object_list;
void elf_file_objects(struct arena *a, const struct elf_file *f,
		      elf_object_list *out);

/* In hexadecimal digits. */
const char *elf_build_id_text(struct arena *a, const struct elf_file *f);

/* The file offset of a virtual address in an executable segment. */
bool elf_offset_of(const struct elf_file *f, uint64_t addr, uint64_t *off);

/*
 * Bytes of memory from the first segment's start to the last one's end, in
 * whole pages, as they are mapped.
 */
uint64_t elf_span(const struct elf_file *f);

#endif
