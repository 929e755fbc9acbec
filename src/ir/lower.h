/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass 3: the typed program to the IR and the image. This is where what the
 * language means is decided, once, for all targets.
 */
#ifndef IR_LOWER_H
#define IR_LOWER_H

#include "ir/ir.h"
#include "sema/sema.h"

struct target_cache;

struct lower_limits {
#define LIMIT(name, field, def, least, most, help) int64_t field;
#include "ir/limits.def"
#undef LIMIT
};

struct lower_opts {
	struct lower_limits limits;
	const char *module_name;	   /* "stap_4711" */
	/* Translated for; may be NULL. The id: see struct image */
	const char *kernel_release, *arch, *kernel_id;
	uint32_t ringbuf_size;		   /* bytes, power of two */
	bool timing;			   /* -t */
	bool suppress_handler_errors, suppress_time_limits;
	bool native; /* the in-process engine: no BPF restrictions */
	bool tracepoint_cookies; /* the kernel has them (Linux 6.10) */
	/* Where programs are looked up; NULL: no symbols of programs. */
	struct target_cache *targets;
	/* -d: more files whose symbols the script may ask for. */
	const char *const *modules;
	unsigned nmodules;
};

/* Defaults of limits.def; 1 MB of ring buffer. */
void lower_opts_init(struct lower_opts *o);

/*
 * -DNAME=VALUE. Returns 1 when the limit is set, 0 when there is no such
 * limit, -1 when the value is out of range; then *least and *most tell it.
 */
int lower_limit_set(struct lower_limits *l, const char *name, int64_t value,
		    int64_t *least, int64_t *most);

/* Whether it gains from tracepoint_cookies. */
bool lower_wants_cookies(const struct program *p);

/*
 * Never returns NULL; the module is usable only when diag_errors() is 0. The
 * context area is not placed yet: see ir_layout_contexts().
 */
struct ir_module *ir_lower(struct arena *a, struct diag *d,
			   const struct program *p, const struct lower_opts *o);

#endif
