/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image within an ELF object: struct image_file in IMAGE_SEC_HEADER, and
 * each table of struct image in a section of its own. An object is for the
 * byte order and WIRE_VERSION it was written for.
 */
#ifndef WIRE_IMAGE_FILE_H
#define WIRE_IMAGE_FILE_H

#include "wire/image.h"

struct image_file {
	w_u32 magic;	   /* WIRE_MAGIC */
	w_u32 version;	   /* WIRE_VERSION */
	w_u32 header_size; /* sizeof(struct image_file) */
	w_u32 name;	   /* these as in struct image */
	w_u32 heap_size, heap_slack;
	w_u32 ringbuf_size;
	w_u32 kernel_release, arch;
	w_u32 kernel_id;
	w_u32 spare[6]; /* 0 */
};

#define IMAGE_SEC_HEADER ".stap.image"
/* X(section, pointer field, count field) */
#define IMAGE_FILE_TABLES(X)                                                   \
	X(".stap.heap", heap_init, heap_init_len)                              \
	X(".stap.strings", strings, nstrings)                                  \
	X(".stap.parts", parts, nparts)                                        \
	X(".stap.formats", formats, nformats)                                  \
	X(".stap.locs", locs, nlocs)                                           \
	X(".stap.handlers", handlers, nhandlers)                               \
	X(".stap.attach", attach, nattach)

#endif
