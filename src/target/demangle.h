/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TARGET_DEMANGLE_H
#define TARGET_DEMANGLE_H

#include <stdbool.h>

#include "base/arena.h"

/* "ns::f" for "_ZN2ns1fEi", without parameters and result; NULL: the symbol is
   no such name. */
const char *target_demangle(struct arena *a, const char *symbol);
/* Of it, Rust's newer names: "a::f" for "_RNvC1a1f". */
const char *target_demangle_rust(struct arena *a, const char *symbol);

/* A C++ compiler's own function, which goes on to one that has a name. */
bool target_is_thunk(const char *symbol);

#endif
