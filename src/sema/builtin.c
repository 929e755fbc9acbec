// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "sema/sema.h"

const struct builtin builtins[BUILTIN_COUNT] = {
#define B(name, ret, args, params, rt, flags, help)                            \
	[BUILTIN_##name] = {BUILTIN_##name, #name, ret, args,                  \
			    params, flags, #rt, help},
#include "sema/builtin.def"
#undef B
};

const struct builtin *builtin_find(const char *name, unsigned nargs)
{
	for (unsigned i = 0; i < BUILTIN_COUNT; i++)
		if (!strcmp(builtins[i].name, name) &&
		    strlen(builtins[i].args) == nargs)
			return &builtins[i];
	return NULL;
}
