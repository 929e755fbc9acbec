// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/drain.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* Between two looks. The first comes after this time too, so that handlers
   that are done sooner, nearly all, never see the helper at work. */
#define PAUSE_NS 100000

/* Waits for a change, at most for the pause. Called with the lock held. */
static void pause_locked(struct run_drain *d)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_nsec += PAUSE_NS;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_nsec -= 1000000000;
		ts.tv_sec++;
	}
	pthread_cond_timedwait(&d->changed, &d->lock, &ts);
}

static void *drain_main(void *arg)
{
	struct run_drain *d = arg;

	pthread_mutex_lock(&d->lock);
	while (!d->quit) {
		if (!d->active) {
			d->idle = true;
			pthread_cond_broadcast(&d->changed);
			pthread_cond_wait(&d->changed, &d->lock);
			continue;
		}
		d->idle = false;
		pause_locked(d);
		if (!d->active)
			continue;
		pthread_mutex_unlock(&d->lock);
		d->fn(d->arg);
		pthread_mutex_lock(&d->lock);
	}
	d->idle = true;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

void run_drain_init(struct run_drain *d, void (*fn)(void *arg), void *arg)
{
	pthread_condattr_t attr;

	memset(d, 0, sizeof(*d));
	d->fn = fn;
	d->arg = arg;
	d->idle = true;
	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&d->changed, &attr);
	pthread_condattr_destroy(&attr);
}

void run_drain_begin(struct run_drain *d)
{
	if (!d->started)
		d->started = !pthread_create(&d->thread, NULL, drain_main, d);
	if (!d->started)
		return;
	pthread_mutex_lock(&d->lock);
	d->active = true;
	d->idle = false;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->lock);
}

void run_drain_end(struct run_drain *d)
{
	if (!d->started)
		return;
	pthread_mutex_lock(&d->lock);
	d->active = false;
	pthread_cond_broadcast(&d->changed);
	while (!d->idle)
		pthread_cond_wait(&d->changed, &d->lock);
	pthread_mutex_unlock(&d->lock);
}

void run_drain_free(struct run_drain *d)
{
	if (!d->fn)
		return;
	if (d->started) {
		pthread_mutex_lock(&d->lock);
		d->quit = true;
		pthread_cond_broadcast(&d->changed);
		pthread_mutex_unlock(&d->lock);
		pthread_join(d->thread, NULL);
	}
	pthread_cond_destroy(&d->changed);
	pthread_mutex_destroy(&d->lock);
	d->fn = NULL;
}
