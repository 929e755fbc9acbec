/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of stap, read-only once parsed. */
#ifndef DRIVER_OPTIONS_H
#define DRIVER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"

#define STAP_VERSION "0.1"
#define STAP_LANGUAGE "5.2" /* SystemTap language version: systemtap_v */

struct name_value {
	const char *name, *value;
};

struct options {
	int last_pass;	     /* 1..5 */
	unsigned verbose[6]; /* per pass, index 1..5; [0]: -v count */
	bool keep, guru, unoptimised, no_warnings, warnings_are_errors, timing;
	bool suppress_errors, no_time_limits, skip_badvars, no_global_display;
	bool bulk, background, example;
	bool color;
	const char *runtime;	 /* "bpf" or "user" */
	const char *module_name; /* -m, or NULL */
	const char *output;
	uint64_t rotate_bytes; /* -S; 0: one file */
	unsigned rotate_files; /* how many to keep; 0: all */
	const char *command;   /* -c */
	const char *release, *sysroot, *compatible, *privilege, *tmpdir;
	const char *accounting;
	int pid;	    /* -x; 0: none */
	double timeout_s;   /* -T; 0: none */
	unsigned buffer_mb; /* -s; 0: default */
	const char *list;   /* -l or -L */
	bool list_vars;
	bool dump_types, dump_functions, dump_aliases;
	const char *update_index;

	const char *script;	   /* -e text, or NULL */
	const char *script_file;   /* path, "-" for standard input, or NULL */
	VEC(const char *) extra;   /* -E texts */
	VEC(const char *) include; /* -I */
	VEC(const char *) modules; /* -d: paths */
	VEC(struct name_value) define; /* -D */
	VEC(struct name_value) global; /* -G */
	const char *const *args;       /* script arguments */
	unsigned nargs;
};

enum options_result {
	OPTIONS_RUN,  /* go on */
	OPTIONS_DONE, /* -h, -V: printed, exit 0 */
	OPTIONS_BAD,  /* reported, exit 1 */
};

/*
 * Options of the file $SYSTEMTAP_DIR/rc (~/.systemtap/rc) first, then those of
 * the command line. From here on d prints in the way that they ask for.
 */
enum options_result options_parse(struct arena *a, struct diag *d, int argc,
				  char **argv, struct options *o);

#endif
