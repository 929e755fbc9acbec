/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run-time library as one BPF translation unit. Nothing of it may need
 * constant data: no string literals, no jump tables, no arrays.
 */
#include "rt_int.h"

#include "arith.c"
#include "float.c"
#include "float_text.c"
#include "string.c"
#include "format.c"
#include "map.c"
#include "sort.c"
#include "stat.c"
#include "hist.c"
#include "regex.c"
#include "read.c"
#include "env.c"
#include "guru.c"
#include "counter.c"
#include "usym.c"
#include "ksym.c"
#include "output.c"
#include "lock.c"
#include "error.c"
#include "context.c"
