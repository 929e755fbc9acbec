/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Build-ids: what the linker calls a program by its contents. */
#ifndef BASE_BUILD_ID_H
#define BASE_BUILD_ID_H

#include <stddef.h>
#include <stdint.h>

#define BUILD_ID_MAX 20u
#define BUILD_ID_TEXT (2 * BUILD_ID_MAX + 1)

/* Of the GNU note among ELF notes in this machine's byte order. align: of the
   segment or section (8 pads names and contents to 8, all else to 4). Its
   bytes, at most BUILD_ID_MAX; 0: none. */
uint32_t build_id_in_notes(const void *notes, size_t len, size_t align,
			   uint8_t id[BUILD_ID_MAX]);
/* The running kernel's; 0: it does not tell. */
uint32_t build_id_of_kernel(uint8_t id[BUILD_ID_MAX]);
/* In hexadecimal digits. */
void build_id_text(const uint8_t *id, uint32_t n, char out[BUILD_ID_TEXT]);

#endif
