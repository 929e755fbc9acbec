/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * printf formats, parsed once at translation; the same parts are used by
 * pass 2 (types of the arguments), pass 3 and the formatter of pass 5.
 */
#ifndef SYNTAX_FORMAT_H
#define SYNTAX_FORMAT_H

#include "base/diag.h"
#include "wire/wire.h"

struct format_part {
	const char *literal; /* text before the directive; may be "" */
	uint32_t literal_len;
	struct wire_spec spec; /* spec.conv 0: none (the trailing literal) */
};

struct format {
	VEC(struct format_part) parts;
	uint32_t nargs; /* arguments that the format consumes, '*' included */
};

/* NULL after reporting an error at loc. */
struct format *format_parse(struct arena *a, struct diag *d, struct loc loc,
			    const char *text);

#endif
