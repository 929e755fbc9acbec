/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A helper thread that empties the transport while the session's thread is
 * inside a handler: an end probe may print more than the ring holds. Only one
 * of the two ever works: the helper between run_drain_begin() and
 * run_drain_end(), during which the session waits for the kernel.
 */
#ifndef RUN_DRAIN_H
#define RUN_DRAIN_H

#include <pthread.h>
#include <stdbool.h>

struct run_drain {
	/* Takes what is there; called again and again, with pauses. */
	void (*fn)(void *arg);
	void *arg;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool started, active, idle, quit;
};

void run_drain_init(struct run_drain *d, void (*fn)(void *arg), void *arg);
/* Starts the thread when there is none yet. Without one (no memory) the
   session goes on, and prints afterwards. */
void run_drain_begin(struct run_drain *d);
/* Returns when the helper has stopped working. */
void run_drain_end(struct run_drain *d);
void run_drain_free(struct run_drain *d);

#endif
