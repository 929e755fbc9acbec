/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Diagnostics. Every message has a tag (a row of diag.def), a position where
 * there is one, and where possible a remedy. The printed form keeps what
 * SystemTap's users and tools match:
 *
 *   semantic error: unresolved function 'prinln' (similar: println, print)
 * [unresolved-function]: identifier 'prinln' at <input>:1:15 source: probe
 * begin { prinln("x") }
 *                                 ^
 *           note: ...second place, with its own "source:" and caret
 *           remedy: ...what to do
 *
 * Messages are kept in order and printed by diag_flush(); the number of
 * errors decides whether a pass failed. Identical warnings (same tag and
 * text) are printed once unless verbose.
 */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/source.h"

enum diag_class {
	DIAG_CLASS_PARSE,    /* "parse error: " */
	DIAG_CLASS_SEMANTIC, /* "semantic error: " */
	DIAG_CLASS_WARNING,  /* "WARNING: " */
	DIAG_CLASS_ERROR,    /* "ERROR: " options, files, machine, run time */
	DIAG_CLASS_PREPROC,  /* "parse error: " of the preprocessor */
	DIAG_CLASS_INPUT,    /* of a whole file: "Input file ..." */
};

enum diag_id {
#define D(tag, cls, text) DIAG_##tag,
#include "base/diag.def"
#undef D
	DIAG_COUNT
};

/* The format of each tag, as a constant the compiler can check. */
#define D(tag, cls, text)                                                      \
	static const char diag_fmt_##tag[] __attribute__((unused)) = text;
#include "base/diag.def"
#undef D

struct diag;	 /* collector of one session */
struct diag_msg; /* one message, for adding notes to it */

struct diag_opts {
	bool color;
	bool verbose;		  /* print repeated warnings each time */
	bool no_warnings;	  /* -w */
	bool warnings_are_errors; /* -W */
	bool show_tag;		  /* append "[tag]" */
};

struct diag *diag_new(struct arena *a, struct diag_opts opts);
struct arena *diag_arena(const struct diag *d); /* what it was made in */
void diag_set_opts(struct diag *d, struct diag_opts opts);

/*
 * diag_report(d, PARSE_EXPECTED, loc, arguments of the tag's format...)
 * `what` names the thing at loc as the user sees it ("identifier 'x'",
 * "operator '+'"), or NULL.
 */
#define diag_report(d, tag, loc, what, ...)                                    \
	diag_emit((d), DIAG_##tag, (loc), (what), diag_fmt_##tag, ##__VA_ARGS__)
struct diag_msg *diag_emit(struct diag *d, enum diag_id id, struct loc loc,
			   const char *what, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* What was being done at another place ("while resolving probe point") is said
   first, in a message of its own. */
void diag_while(struct diag_msg *m, struct loc loc, const char *what,
		const char *doing);
/* A second place that matters. loc may be LOC_NONE. */
void diag_note(struct diag_msg *m, struct loc loc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The token at the place of the last note: "identifier 'x'". */
void diag_note_what(struct diag_msg *m, const char *what);
/* What the user can do about it; printed as "remedy: ...". */
void diag_remedy(struct diag_msg *m, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

struct loc diag_where(const struct diag_msg *m);

/* The message reported last, to add notes to; NULL when there is none. */
struct diag_msg *diag_last(struct diag *d);

unsigned diag_errors(const struct diag *d);
unsigned diag_warnings(const struct diag *d);
/* Prints and forgets what was collected since the last flush (counts stay). */
void diag_flush(struct diag *d, FILE *out);
/*
 * For trying something out: messages since a mark can be dropped again, as if
 * they had never been reported.
 */
unsigned diag_mark(const struct diag *d);
void diag_rollback(struct diag *d, unsigned mark);

/*
 * The terminal's code ("01;31") for a part of a message: SystemTap's defaults,
 * changed by SYSTEMTAP_COLORS (stap(1)).
 */
enum diag_role {
	DIAG_ROLE_ERROR,
	DIAG_ROLE_WARNING,
	DIAG_ROLE_SOURCE,
	DIAG_ROLE_CARET,
	DIAG_ROLE_TOKEN,
};
void diag_color_code(enum diag_role role, char code[24]);

/* "parse-expected" for DIAG_PARSE_EXPECTED. */
const char *diag_tag_name(enum diag_id id);

/*
 * Up to max_out candidate names nearest to `name` by edit distance (only
 * plausible ones), best first, joined by ", "; NULL when there are none.
 */
const char *diag_similar(struct arena *a, const char *name,
			 const char *const *cands, unsigned n,
			 unsigned max_out);

#endif
