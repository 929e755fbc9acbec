/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The image in an ELF object that ebpf/object.c wrote (wire/image_file.h). */
#ifndef RUN_IMAGE_READ_H
#define RUN_IMAGE_READ_H

#include <stddef.h>

#include "wire/image.h"

/*
 * Reads and checks the image: every size, offset and index is in range, so
 * that its user need not look again, wherever the file is from. The tables
 * point into data, which must be aligned to 8 and outlive them.
 *
 * 0; or with a line of text in why: -ENOEXEC (no ELF object, or none of
 * ours), -EPROTO (another version or byte order), -EBADMSG (damaged). *out is
 * untouched then.
 */
int image_read(const void *data, size_t len, struct image *out, char *why,
	       size_t why_len);

#endif
