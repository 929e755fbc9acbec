// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the reader's side of pass 5: any bytes may arrive as an output
 * record. Nothing beyond them is read; what is not a record is counted.
 *
 * With clang -fsanitize=fuzzer this is a libFuzzer target. Without it
 * (-DFUZZ_MAIN) the program runs each file named on its command line.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char strings[] = "\0a=\0 b=\0\n\0<input>\0operator '/'";

/* Formats of every kind: fast, slow, with '*', literal only, empty. */
static const struct image_part parts[] = {
	{1, 2, {.conv = 'd'}},
	{4, 3, {.conv = 's', .flags = WIRE_SPEC_LEFT, .width = 9}},
	{8, 1, {0}},
	{0,
	 0,
	 {.conv = 'X', .flags = WIRE_SPEC_ALT | WIRE_SPEC_ZERO, .width = 20}},
	{0,
	 0,
	 {.conv = 's', .flags = WIRE_SPEC_WIDTH_ARG | WIRE_SPEC_PREC_ARG}},
	{0, 0, {.conv = 'c'}},
	{0, 0, {.conv = 'b', .prec = 4}},
	{0, 0, {.conv = 'm'}},
	{0, 0, {.conv = 'd', .flags = WIRE_SPEC_WIDTH_ARG}},
};
static const struct image_format formats[] = {
	{0, 3, 2}, {3, 6, 9}, {2, 1, 0}, {0, 0, 0}, {1, 1, 1},
};
static const struct image_loc locs[] = {{0}, {10, 1, 2, 18}};

static const struct image image = {
	.version = WIRE_VERSION,
	.nstrings = sizeof(strings),
	.strings = strings,
	.nparts = sizeof(parts) / sizeof(*parts),
	.parts = parts,
	.nformats = sizeof(formats) / sizeof(*formats),
	.formats = formats,
	.nlocs = sizeof(locs) / sizeof(*locs),
	.locs = locs,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct printer p;
	static struct run_out out;
	static FILE *null;
	uint8_t *copy;

	if (!null) {
		int fd = open("/dev/null", O_WRONLY);

		null = fdopen(dup(fd), "w");
		if (!null || run_out_init(&out, fd) ||
		    printer_init(&p, &image, &out, null))
			abort();
		/* printk() and ftrace() must not reach the kernel */
		p.kmsg_fd = fd;
		p.marker_fd = fd;
	}
	/* exactly as large as it is, for the sanitizer */
	copy = malloc(size ? size : 1);
	memcpy(copy, data, size);
	printer_record(&p, copy, size);
	free(copy);
	return 0;
}

#define FUZZ_MAX (1 << 20)
#include "fuzz_main.h"
