// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/bpf_int.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <unistd.h>

static int from_notes(Elf_Data *data, uint8_t id[20])
{
	size_t off = 0, name, desc;
	GElf_Nhdr n;

	while ((off = gelf_getnote(data, off, &n, &name, &desc)) > 0) {
		const char *base = data->d_buf;

		if (n.n_type != NT_GNU_BUILD_ID || n.n_namesz != 4 ||
		    memcmp(base + name, "GNU", 4))
			continue;
		if (n.n_descsz > 20)
			n.n_descsz = 20;
		memcpy(id, base + desc, n.n_descsz);
		return (int)n.n_descsz;
	}
	return 0;
}

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
			n = from_notes(data, id);
	}
out:
	elf_end(elf);
	close(fd);
	return n;
}
