// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/build_id.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

uint32_t build_id_in_notes(const void *notes, size_t len, size_t align,
			   uint8_t id[BUILD_ID_MAX])
{
	size_t pad = (align == 8 ? 8 : 4) - 1, at = 0;
	const char *p = notes;
	Elf64_Nhdr n;

	while (at < len && len - at >= sizeof(n)) {
		size_t name = at + sizeof(n), desc;

		memcpy(&n, p + at, sizeof(n));
		desc = (name + n.n_namesz + pad) & ~pad;
		if (desc > len || n.n_descsz > len - desc)
			return 0;
		if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == 4 &&
		    !memcmp(p + name, "GNU", 4) && n.n_descsz) {
			uint32_t size = n.n_descsz < BUILD_ID_MAX
						? n.n_descsz
						: BUILD_ID_MAX;

			memcpy(id, p + desc, size);
			return size;
		}
		at = (desc + n.n_descsz + pad) & ~pad;
	}
	return 0;
}

uint32_t build_id_of_kernel(uint8_t id[BUILD_ID_MAX])
{
	FILE *f = fopen("/sys/kernel/notes", "re");
	char notes[4096];
	size_t n = 0;

	if (f) {
		n = fread(notes, 1, sizeof(notes), f);
		fclose(f);
	}
	return build_id_in_notes(notes, n, 4, id);
}

void build_id_text(const uint8_t *id, uint32_t n, char out[BUILD_ID_TEXT])
{
	*out = '\0';
	for (uint32_t i = 0; i < n && i < BUILD_ID_MAX; i++)
		snprintf(out + 2 * (size_t)i, 3, "%02x", id[i]);
}
