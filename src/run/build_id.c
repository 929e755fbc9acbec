// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/bpf_int.h"

#include "base/build_id.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <unistd.h>

int run_build_id(const char *path, uint8_t id[20])
{
	int fd, n = 0;
	size_t nphdr = 0;
	Elf *elf;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf || elf_getphdrnum(elf, &nphdr)) {
		n = -ENOEXEC;
		goto out;
	}
	for (size_t i = 0; i < nphdr && !n; i++) {
		Elf_Data *data;
		GElf_Phdr ph;

		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_NOTE)
			continue;
		data = elf_getdata_rawchunk(
			elf, (int64_t)ph.p_offset, ph.p_filesz,
			ph.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
		if (data)
			n = (int)build_id_in_notes(data->d_buf, data->d_size,
						   ph.p_align, id);
	}
out:
	elf_end(elf);
	close(fd);
	return n;
}
