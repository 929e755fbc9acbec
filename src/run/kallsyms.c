// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the functions of a compiled script are in this kernel, this time. */
#include "run/kallsyms.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct wanted {
	const char *name, *module;
	uint32_t nth, index;
	uint32_t seen; /* of the first with this name: namesakes so far */
};

static int by_name(const void *pa, const void *pb)
{
	const struct wanted *a = pa, *b = pb;
	int r = strcmp(a->name, b->name);

	if (!r)
		r = strcmp(a->module, b->module);
	return r ? r : (a->index > b->index) - (a->index < b->index);
}

/* The first record of this symbol, or n. */
static uint32_t find(const struct wanted *w, uint32_t n, const char *name,
		     const char *module)
{
	uint32_t lo = 0, hi = n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int r = strcmp(w[mid].name, name);

		if (!r)
			r = strcmp(w[mid].module, module);
		if (r < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < n && !strcmp(w[lo].name, name) &&
	    !strcmp(w[lo].module, module))
		return lo;
	return n;
}

static void take_line(const struct image *img, char *line, struct wanted *w,
		      uint32_t n, uint64_t *out)
{
	char *end, *name, *module = "";
	uint64_t addr = strtoull(line, &end, 16);
	uint32_t first;

	if (end[0] != ' ' || !end[1] || !strchr("tTwW", end[1]) ||
	    end[2] != ' ')
		return;
	name = end + 3;
	end = name + strcspn(name, "\t \n");
	if (*end == '\t' && end[1] == '[') {
		module = end + 2;
		module[strcspn(module, "]")] = '\0';
	}
	*end = '\0';
	first = find(w, n, name, module);
	if (first == n)
		return;
	for (uint32_t i = first; i < n && !strcmp(w[i].name, name) &&
				 !strcmp(w[i].module, module);
	     i++)
		if (w[i].nth == w[first].seen && addr)
			out[w[i].index] =
				addr + img->attach[w[i].index].offset;
	w[first].seen++;
}

int run_kallsyms(const struct image *img, const uint32_t *index, uint32_t n,
		 uint64_t *out)
{
	struct wanted *w = calloc(n + 1, sizeof(*w));
	FILE *f = fopen("/proc/kallsyms", "re");
	char line[1024];
	int err = 0;

	if (!w || !f) {
		err = w ? -errno : -ENOMEM;
		goto out;
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct wire_attach *a = &img->attach[index[i]];

		w[i] = (struct wanted){.name = image_text(img, a->symbol),
				       .module = image_text(img, a->target),
				       .nth = a->nth,
				       .index = index[i]};
	}
	qsort(w, n, sizeof(*w), by_name);
	while (fgets(line, sizeof(line), f))
		take_line(img, line, w, n, out);
out:
	if (f)
		fclose(f);
	free(w);
	return err;
}

uint64_t run_kallsyms_data(const char *name)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	char line[1024], type;
	uint64_t addr = 0;
	int at;

	while (f && !addr && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\t\n")] = '\0';
		if (sscanf(line, "%" SCNx64 " %c %n", &addr, &type, &at) != 2 ||
		    strcmp(line + at, name))
			addr = 0;
	}
	if (f)
		fclose(f);
	return addr;
}
