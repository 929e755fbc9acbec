// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the optimiser may assume of run-time functions beyond rt.def's flags.
 * A function without a row may do anything.
 */
#include "ir/opt.h"

#define A(n) (1u << (n))

const struct opt_rt opt_rt[RT_FN_COUNT] = {
	[RT_FN_error] = {EFFECT_CTX, A(1), false},
	[RT_FN_error_code] = {EFFECT_CTX, 0, false},
	[RT_FN_catch] = {EFFECT_DST, 0, false},

	[RT_FN_str_copy] = {EFFECT_DST, A(2), true},
	[RT_FN_str_cat] = {EFFECT_DST, A(2), true},
	[RT_FN_str_set] = {EFFECT_DST, 0, true},
	[RT_FN_str_nul] = {EFFECT_DST, 0, true},
	[RT_FN_str_eq] = {EFFECT_CTX, A(0) | A(1), false},
	[RT_FN_str_cmp] = {EFFECT_CTX, A(0) | A(1), false},
	[RT_FN_substr] = {EFFECT_DST, A(2), true},
	[RT_FN_isinstr] = {EFFECT_CTX, A(0) | A(1), false},
	[RT_FN_strpos] = {EFFECT_CTX, A(0) | A(1), false},
	[RT_FN_stringat] = {EFFECT_CTX, A(1), false},
	[RT_FN_strtol] = {EFFECT_CTX, A(0), false},
	[RT_FN_isdigit] = {EFFECT_CTX, A(0), false},
	[RT_FN_str_replace] = {EFFECT_DST, A(2) | A(3) | A(4), true},
	[RT_FN_tokenize] = {EFFECT_DST, A(2) | A(3), false},
	[RT_FN_text_str] = {EFFECT_DST, A(2), true},
	[RT_FN_text_strn] = {EFFECT_DST, A(2), true},
	[RT_FN_string_quoted] = {EFFECT_DST, A(2), true},

	[RT_FN_fmt_lit] = {EFFECT_DST, A(2), true},
	[RT_FN_fmt_long] = {EFFECT_DST, 0, true},
	[RT_FN_fmt_str] = {EFFECT_DST, A(3), true},

	/* the key is built in memory that only it knows the extent of */
	[RT_FN_key_str] = {EFFECT_ANY, A(1), false},

	[RT_FN_out] = {EFFECT_CTX, 0, false},
	[RT_FN_out_str] = {EFFECT_CTX, A(1), false},
	[RT_FN_out_end] = {EFFECT_CTX, 0, false},
	[RT_FN_out_text] = {EFFECT_CTX, A(2), false},
	[RT_FN_out_hist] = {EFFECT_CTX, 0, false},

	[RT_FN_execname] = {EFFECT_DST, 0, true},
	[RT_FN_random] = {EFFECT_CTX, 0, false},
	[RT_FN_tz_name] = {EFFECT_DST, 0, false},
	[RT_FN_ctime] = {EFFECT_DST, 0, false},
	[RT_FN_read_str] = {EFFECT_DST, 0, false},
	[RT_FN_regex_match] = {EFFECT_CTX, A(2), false},
	[RT_FN_regex_group] = {EFFECT_DST, 0, false},
};
