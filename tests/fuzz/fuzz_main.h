/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Without libFuzzer (-DFUZZ_MAIN): runs each file named on the command line, of
 * which FUZZ_MAX bytes count. Included last.
 */
#ifdef FUZZ_MAIN
#include <stdio.h>

int main(int argc, char **argv)
{
	static uint8_t buf[FUZZ_MAX];

	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		size_t n;

		if (!f) {
			perror(argv[i]);
			return 1;
		}
		n = fread(buf, 1, sizeof(buf), f);
		fclose(f);
		LLVMFuzzerTestOneInput(buf, n);
	}
	return 0;
}
#endif
