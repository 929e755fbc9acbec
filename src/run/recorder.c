// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The recorder reads the session's output from a pipe into a ring and listens
 * at a socket in the abstract namespace, so nothing is left on disk. A peer
 * sends one byte, what it wants:
 *
 *	'A'  it gets what the ring holds and from then on all that comes, until
 *	     the session ends; then the recorder ends too
 *	'S'  (later, by the same peer) the session is told to end
 *	'D'  the session is told to end, and the recorder ends with it
 *
 * Only processes of the same user, or root's, are heard.
 */
#include "run/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/diag.h"

#define CHUNK 65536u

struct ring {
	char *data;
	uint64_t size, end; /* bytes that ever came */
};

struct recorder {
	struct ring ring;
	int pipe, listener, peer; /* -1: none */
	pid_t session;
};

/* ---- names ---- */

static socklen_t address(struct sockaddr_un *a, const char *name)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	int n = snprintf(a->sun_path + 1, sizeof(a->sun_path) - 1,
			 "stap-recorder/%u/%s", (unsigned)geteuid(), name);
	if (n >= (int)sizeof(a->sun_path) - 1)
		n = sizeof(a->sun_path) - 2;
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   (size_t)n);
}

static bool is_ours(int fd)
{
	struct ucred c;
	socklen_t len = sizeof(c);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &len) &&
	       (c.uid == geteuid() || !c.uid);
}

static int listen_as(const char *name)
{
	struct sockaddr_un a;
	socklen_t len = address(&a, name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&a, len) || listen(fd, 4)) {
		int err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* ---- the recorder ---- */

static bool send_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t w = send(fd, p, n, MSG_NOSIGNAL);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return false;
		p += w;
		n -= (size_t)w;
	}
	return true;
}

static void drop_peer(struct recorder *r)
{
	if (r->peer >= 0)
		close(r->peer);
	r->peer = -1;
}

/* What the ring holds, from the beginning of a line on. */
static bool send_ring(const struct ring *g, int fd)
{
	uint64_t from = g->end > g->size ? g->end - g->size : 0;

	if (from)
		while (from < g->end && g->data[from++ % g->size] != '\n')
			;
	while (from < g->end) {
		uint64_t at = from % g->size, n = g->end - from;

		if (n > g->size - at)
			n = g->size - at;
		if (!send_all(fd, g->data + at, n))
			return false;
		from += n;
	}
	return true;
}

static void keep(struct ring *g, const char *p, size_t n)
{
	for (size_t done = 0; done < n;) {
		uint64_t at = g->end % g->size, part = n - done;

		if (part > g->size - at)
			part = g->size - at;
		memcpy(g->data + at, p + done, part);
		done += part;
		g->end += part;
	}
}

/* False: the session has closed its end. */
static bool take_output(struct recorder *r)
{
	static char buf[CHUNK];
	ssize_t n = read(r->pipe, buf, sizeof(buf));

	if (n < 0)
		return errno == EINTR;
	if (!n)
		return false;
	keep(&r->ring, buf, (size_t)n);
	if (r->peer >= 0 && !send_all(r->peer, buf, (size_t)n))
		drop_peer(r);
	return true;
}

static void hear_peer(struct recorder *r)
{
	char c;
	ssize_t n = recv(r->peer, &c, 1, 0);

	if (n < 0 && errno == EINTR)
		return;
	if (n == 1 && c == 'S')
		kill(r->session, SIGINT);
	else
		drop_peer(r);
}

static void greet(struct recorder *r)
{
	int fd = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);
	char c;

	if (fd < 0)
		return;
	if (!is_ours(fd) || recv(fd, &c, 1, 0) != 1) {
		close(fd);
		return;
	}
	if (c == 'D') {
		kill(r->session, SIGINT);
		_exit(0);
	}
	drop_peer(r);
	r->peer = fd;
	if (!send_ring(&r->ring, fd))
		drop_peer(r);
}

static void __attribute__((noreturn)) record(struct recorder *r)
{
	bool runs = true;

	while (runs || r->peer < 0) {
		struct pollfd p[] = {
			{.fd = runs ? r->pipe : -1, .events = POLLIN},
			{.fd = r->listener, .events = POLLIN},
			{.fd = r->peer, .events = POLLIN},
		};

		if (poll(p, 3, -1) < 0)
			continue;
		if (p[0].revents)
			runs = take_output(r);
		if (p[2].revents)
			hear_peer(r);
		if (p[1].revents)
			greet(r);
	}
	_exit(0);
}

/* ---- starting ---- */

/* Of no terminal: nothing in, and nothing out but `out`. */
static void detach(int out)
{
	int null = open("/dev/null", O_RDWR);

	setsid();
	if (null >= 0) {
		dup2(null, 0);
		dup2(out >= 0 ? out : null, 1);
		close(null);
	}
}

static void __attribute__((noreturn))
become_recorder(struct recorder *r, int session_end)
{
	close(session_end);
	detach(-1);
	dup2(0, 2);
	signal(SIGINT, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	record(r);
}

pid_t run_recorder_start(const char *name, uint64_t bytes)
{
	struct recorder r = {.ring.size = bytes, .peer = -1};
	int ends[2];
	pid_t pid;

	r.ring.data = malloc(bytes);
	r.listener = r.ring.data ? listen_as(name) : -ENOMEM;
	if (r.listener < 0 || pipe2(ends, O_CLOEXEC)) {
		pid = r.listener < 0 ? r.listener : -errno;
		free(r.ring.data);
		return pid;
	}
	r.pipe = ends[0];
	pid = fork();
	if (!pid) {
		/* the session; its parent is the recorder of the next fork */
		close(r.listener);
		close(r.pipe);
		detach(ends[1]);
		close(ends[1]);
		return 0;
	}
	r.session = pid;
	pid_t recorder = pid < 0 ? -1 : fork();
	if (!recorder)
		become_recorder(&r, ends[1]);
	if (recorder < 0) {
		int err = -errno;
		if (pid > 0)
			kill(pid, SIGKILL);
		pid = err;
	}
	close(r.listener);
	close(r.pipe);
	close(ends[1]);
	free(r.ring.data);
	return pid;
}

/* ---- the other side ---- */

static int reach(struct diag *d, const char *name)
{
	struct sockaddr_un a;
	socklen_t len = address(&a, name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && !connect(fd, (struct sockaddr *)&a, len) && is_ours(fd))
		return fd;
	if (fd >= 0)
		close(fd);
	diag_remedy(diag_report(d, RUN_NO_RECORDER, LOC_NONE, NULL, name),
		    "stap -F -m %s SCRIPT starts one", name);
	return -1;
}

static int attached = -1;

static void tell_to_end(int signal)
{
	(void)signal;
	send(attached, "S", 1, MSG_NOSIGNAL);
}

int run_recorder_attach(struct diag *d, const char *name)
{
	static char buf[CHUNK];
	struct sigaction sa = {.sa_handler = tell_to_end};
	ssize_t n;

	attached = reach(d, name);
	if (attached < 0)
		return 1;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	if (!send_all(attached, "A", 1))
		return 1;
	while ((n = recv(attached, buf, sizeof(buf), 0)) > 0 ||
	       (n < 0 && errno == EINTR))
		if (n > 0 && (fwrite(buf, 1, (size_t)n, stdout) != (size_t)n ||
			      fflush(stdout)))
			return 1;
	close(attached);
	return n < 0;
}

int run_recorder_remove(struct diag *d, const char *name)
{
	int fd = reach(d, name);
	bool told = fd >= 0 && send_all(fd, "D", 1);

	if (fd >= 0)
		close(fd);
	return !told;
}
