/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compiles little programs for tests that read ELF files. */
#ifndef MAKE_ELF_H
#define MAKE_ELF_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char make_elf_source[] =
	"static __attribute__((noinline, used)) int helper(int x)\n"
	"{ __asm__ volatile(\"\"); return x * 2; }\n"
	"int first_name(int x) { return helper(x) + 1; }\n"
	"int second_name(int x) __attribute__((alias(\"first_name\")));\n"
	"int weak_fn(void) __attribute__((weak));\n"
	"int weak_fn(void) { return 3; }\n"
	"int some_data = 4;\n"
	"static int impl(void) { return 5; }\n"
	"static void *choose(void) { return (void *)impl; }\n"
	"int chosen(void) __attribute__((ifunc(\"choose\")));\n"
	"extern int puts(const char *);\n"
	"int main(void) { return chosen() + (int)puts(\"\") + first_name(1) +"
	" second_name(2) + weak_fn(); }\n";

/* dir: a template for mkdtemp. */
static inline void make_elf_dir(char *dir)
{
	char path[64];

	if (!mkdtemp(dir))
		abort();
	snprintf(path, sizeof(path), "%s/t.c", dir);
	FILE *f = fopen(path, "w");
	if (!f)
		abort();
	fputs(make_elf_source, f);
	fclose(f);
}

/* Runs a shell command in the directory. */
static inline void in_dir(const char *dir, const char *cmd)
{
	char line[1024];

	snprintf(line, sizeof(line), "cd %s && %s", dir, cmd);
	if (system(line)) {
		fprintf(stderr, "failed: %s\n", line);
		abort();
	}
}

#endif
