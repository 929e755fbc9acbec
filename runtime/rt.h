/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run-time library: what arrays, strings, statistics and output *do*, for
 * every target. Restricted C: it is compiled by clang to BPF, natively for the
 * in-process engine and the tests, and by kbuild into generated modules.
 *
 * Rules that make this possible:
 *  - Memory is the heap only, through rt_at(); no pointers are stored, no
 *    static data, no recursion, no 64-bit signed division, no float, no
 *    struct by value, no variable-length anything on the stack.
 *  - Public functions (rt.def) take and return w_u64 only.
 *  - Loops go through RT_LOOP (below), because the BPF verifier must see them
 *    end.
 *  - A BPF stack frame holds at most 48 bytes. Call depth within the library
 *    is at most 3.
 */
#ifndef RUNTIME_RT_H
#define RUNTIME_RT_H

#include "wire/wire.h"

#define RT(name, nargs, flags) RT_DECL_##nargs(rt_##name)
#define RT_DECL_0(f) w_u64 f(void);
#define RT_DECL_1(f) w_u64 f(w_u64);
#define RT_DECL_2(f) w_u64 f(w_u64, w_u64);
#define RT_DECL_3(f) w_u64 f(w_u64, w_u64, w_u64);
#define RT_DECL_4(f) w_u64 f(w_u64, w_u64, w_u64, w_u64);
#define RT_DECL_5(f) w_u64 f(w_u64, w_u64, w_u64, w_u64, w_u64);
#include "rt.def"
#undef RT

/* Built-in error messages, for rt_error_code(); text in rt_msg.def order. */
enum rt_msg {
#define M(id, text) RT_MSG_##id,
#include "rt_msg.def"
#undef M
	RT_MSG_COUNT
};

#endif
