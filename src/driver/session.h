/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of stap: the five passes over one set of options. */
#ifndef DRIVER_SESSION_H
#define DRIVER_SESSION_H

#include "driver/options.h"

/* Runs the passes that the options ask for; the process's exit status. */
int session_run(struct arena *a, struct diag *d, const struct options *o);

#endif
