// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/build_id.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

static size_t padded(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

uint32_t build_id_in_notes(const void *notes, size_t len,
			   uint8_t id[BUILD_ID_MAX])
{
	const char *p = notes;
	Elf64_Nhdr n;

	while (len >= sizeof(n)) {
		size_t name, desc;

		memcpy(&n, p, sizeof(n));
		name = padded(n.n_namesz);
		desc = padded(n.n_descsz);
		p += sizeof(n);
		len -= sizeof(n);
		if (name > len || n.n_descsz > len - name)
			return 0;
		if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == 4 &&
		    !memcmp(p, "GNU", 4)) {
			uint32_t size = n.n_descsz < BUILD_ID_MAX
						? n.n_descsz
						: BUILD_ID_MAX;

			memcpy(id, p + name, size);
			return size;
		}
		if (desc > len - name)
			return 0;
		p += name + desc;
		len -= name + desc;
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
	return build_id_in_notes(notes, n, id);
}

void build_id_text(const uint8_t *id, uint32_t n, char out[BUILD_ID_TEXT])
{
	*out = '\0';
	for (uint32_t i = 0; i < n && i < BUILD_ID_MAX; i++)
		snprintf(out + 2 * (size_t)i, 3, "%02x", id[i]);
}
