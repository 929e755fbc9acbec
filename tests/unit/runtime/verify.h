/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where verify.bpf.c takes arguments from and leaves results, in its heap. */
#ifndef TESTS_VERIFY_H
#define TESTS_VERIFY_H

#define VERIFY_HEAP (1u << 20)
#define VERIFY_ARGS (VERIFY_HEAP - 64)
#define VERIFY_RESULT (VERIFY_HEAP - 16)
#define VERIFY_REPEAT 10000u

#endif
