// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A reader of a file of /proc gets an answer made for him, up to its end; a
 * writer is heard at once. A named pipe knows neither sessions nor ends, so
 * each peer gets a pipe of its own: as soon as one has opened the pipe, a new
 * one takes its name, and the next peer opens that. The first one's pipe then
 * belongs to him and us alone: a reader reads the answer and, when we close,
 * the end; a writer is read until he closes.
 *
 * Nothing tells that a peer waits in open(2), so it is tried:
 *
 *   for a reader: opening for writing without waiting fails as long as nobody
 *   reads (ENXIO);
 *   for a writer: opening for reading always works; reading gives EAGAIN when
 *   there is a writer, and the end when there is none. Where no read probe is
 *   in the way, the pipe is held open for reading, and writers need not wait.
 *
 * (When two readers open the same pipe within the few milliseconds between two
 * turns, one of them gets the answer and the other the end.)
 */
#include "run/procfs.h"

#include "run/input.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_NAME ".new"
#define DEFAULT_UMASK 0077u

/* ---- the directory ---- */

static int report(struct diag *d, const char *path, int err)
{
	diag_remedy(diag_report(d, RUN_PROCFS, LOC_NONE, NULL, path,
				err == -EWOULDBLOCK
					? "another session of this name runs"
					: strerror(-err)),
		    "-m NAME gives the session another name");
	return err;
}

/* Ours, and nobody else can put something into it. */
static int make_dir(const char *path)
{
	struct stat st;

	if (mkdir(path, 0755) && errno != EEXIST)
		return -errno;
	if (lstat(path, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	if (st.st_uid != geteuid() || (st.st_mode & 022))
		return -EPERM;
	return 0;
}

static const char *user_name(char *buf, size_t size)
{
	const struct passwd *pw = getpwuid(geteuid());

	if (pw && !strchr(pw->pw_name, '/'))
		return pw->pw_name;
	snprintf(buf, size, "%u", (unsigned)geteuid());
	return buf;
}

static int open_dir(struct run_procfs *p, const char *name)
{
	char id[16];
	int err;

	if (asprintf(&p->dir, "/var/tmp/systemtap-%s", user_name(id, sizeof(id))) < 0) {
		p->dir = NULL;
		return -ENOMEM;
	}
	err = make_dir(p->dir);
	if (err)
		return err;
	char *whole;
	if (asprintf(&whole, "%s/%s", p->dir, name) < 0)
		return -ENOMEM;
	free(p->dir);
	p->dir = whole;
	err = make_dir(p->dir);
	if (err)
		return err;
	p->dir_fd = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->dir_fd < 0 || flock(p->dir_fd, LOCK_EX | LOCK_NB))
		return -errno;
	return 0;
}

/* The folders that a path names: made, or removed where they are empty, the
   deepest first. */
static int make_folders(const struct run_procfs *p, const char *path)
{
	char name[PATH_MAX];

	for (const char *end = strchr(path, '/'); end;
	     end = strchr(end + 1, '/')) {
		snprintf(name, sizeof(name), "%.*s", (int)(end - path), path);
		if (mkdirat(p->dir_fd, name, 0755) && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static void remove_folders(const struct run_procfs *p, const char *path)
{
	char name[PATH_MAX], *end;

	snprintf(name, sizeof(name), "%s", path);
	while ((end = strrchr(name, '/'))) {
		*end = 0;
		if (unlinkat(p->dir_fd, name, AT_REMOVEDIR))
			return;
	}
}

/* ---- the pipes ---- */

/* A new pipe takes the file's name. */
static int renew(struct run_procfs *p, struct procfs_file *f)
{
	unlinkat(p->dir_fd, NEW_NAME, 0);
	if (mkfifoat(p->dir_fd, NEW_NAME, 0600) ||
	    fchmodat(p->dir_fd, NEW_NAME, f->mode, 0))
		return -errno;
	if (f->in_fd >= 0)
		close(f->in_fd);
	f->in_fd = -1;
	if (f->writes && !f->reads)
		f->in_fd = openat(p->dir_fd, NEW_NAME,
				  O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (renameat(p->dir_fd, NEW_NAME, p->dir_fd, f->path))
		return -errno;
	return 0;
}

static struct procfs_file *find_file(struct run_procfs *p, const char *path)
{
	for (uint32_t i = 0; i < p->nfiles; i++)
		if (!strcmp(p->file[i].path, path))
			return &p->file[i];
	struct procfs_file *f = &p->file[p->nfiles++];
	*f = (struct procfs_file){.path = path,
				  .in_fd = -1,
				  .writer_fd = -1,
				  .reader_fd = -1};
	return f;
}

static void note_probe(struct run_procfs *p, const struct wire_attach *a)
{
	struct procfs_file *f = find_file(p, image_text(p->t->image, a->target));
	uint32_t mask = a->flags & WIRE_ATTACH_UMASK ? a->nth : DEFAULT_UMASK;

	if (a->event == WIRE_PROCFS_READ) {
		f->reads = true;
		f->mode |= 0444 & ~mask;
		uint32_t size = a->period ? (uint32_t)a->period
					  : p->t->heap->string_cap;
		if (size > f->max_size)
			f->max_size = size;
	} else {
		f->writes = true;
		f->mode |= 0222 & ~mask;
	}
}

int run_procfs_init(struct run_procfs *p, struct run_target *t,
		    const char *name, struct diag *d)
{
	const struct image *img = t->image;
	uint32_t n = 0;
	int err;

	memset(p, 0, sizeof(*p));
	p->t = t;
	p->dir_fd = -1;
	for (uint32_t i = 0; i < img->nattach; i++)
		n += img->attach[i].kind == WIRE_PROBE_PROCFS;
	if (!n)
		return 0;
	p->file = calloc(n, sizeof(*p->file));
	if (!p->file)
		return -ENOMEM;
	for (uint32_t i = 0; i < img->nattach; i++)
		if (img->attach[i].kind == WIRE_PROBE_PROCFS)
			note_probe(p, &img->attach[i]);
	err = open_dir(p, name);
	for (uint32_t i = 0; !err && i < p->nfiles; i++) {
		err = make_folders(p, p->file[i].path);
		if (!err)
			err = renew(p, &p->file[i]);
	}
	if (err)
		report(d, p->dir, err);
	return err;
}

void run_procfs_free(struct run_procfs *p)
{
	for (uint32_t i = 0; i < p->nfiles; i++) {
		struct procfs_file *f = &p->file[i];

		if (p->dir_fd >= 0) {
			unlinkat(p->dir_fd, f->path, 0);
			remove_folders(p, f->path);
		}
		if (f->in_fd >= 0)
			close(f->in_fd);
		if (f->writer_fd >= 0)
			close(f->writer_fd);
		if (f->reader_fd >= 0)
			close(f->reader_fd);
		free(f->reply);
	}
	if (p->dir_fd >= 0) {
		rmdir(p->dir);
		close(p->dir_fd);
	}
	free(p->dir);
	free(p->file);
	memset(p, 0, sizeof(*p));
	p->dir_fd = -1;
}

/* ---- handlers ---- */

static void run_handlers(struct run_procfs *p, const struct procfs_file *f,
			 uint32_t event, const char *text, size_t len,
			 procfs_call call, void *arg)
{
	const struct image *img = p->t->image;

	for (uint32_t i = 0; i < img->nattach; i++) {
		const struct wire_attach *a = &img->attach[i];

		if (a->kind != WIRE_PROBE_PROCFS || a->event != event ||
		    strcmp(image_text(img, a->target), f->path))
			continue;
		if (event == WIRE_PROCFS_WRITE)
			len = run_put_text(p->t, a->offset, text, len);
		call(arg, a->handler, len);
	}
}

/* ---- readers ---- */

void run_procfs_reply(struct run_procfs *p, const char *text, size_t len,
		      bool append)
{
	struct procfs_file *f = p->replying;
	size_t have;
	char *bigger;

	if (!f)
		return;
	have = append ? f->reply_len : 0;
	if (have + len > f->max_size)
		len = f->max_size - have;
	bigger = realloc(f->reply, have + len + 1);
	if (!bigger)
		return;
	f->reply = bigger;
	memcpy(bigger + have, text, len);
	f->reply_len = have + len;
}

static void send_reply(struct procfs_file *f)
{
	while (f->sent < f->reply_len) {
		ssize_t n = write(f->reader_fd, f->reply + f->sent,
				  f->reply_len - f->sent);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return; /* his turn */
		if (n < 0)
			break; /* he went away */
		f->sent += (size_t)n;
	}
	close(f->reader_fd);
	f->reader_fd = -1;
}

static void serve_reader(struct run_procfs *p, struct procfs_file *f,
			 procfs_call call, void *arg)
{
	if (f->reader_fd < 0) {
		int fd = openat(p->dir_fd, f->path,
				O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			return;
		renew(p, f);
		f->reader_fd = fd;
		f->reply_len = f->sent = 0;
		p->replying = f;
		run_handlers(p, f, WIRE_PROCFS_READ, NULL, 0, call, arg);
		p->replying = NULL;
	}
	send_reply(f);
}

/* ---- writers ---- */

#define PIECE 65536

/*
 * Takes what there is of a writer's text. Returns whether he still may write:
 * -EAGAIN; 0: there is no writer (any more).
 */
static int hear(struct run_procfs *p, struct procfs_file *f, int fd,
		procfs_call call, void *arg)
{
	size_t cap = p->t->heap->string_cap;
	char buf[PIECE];
	ssize_t n;

	if (cap > sizeof(buf))
		cap = sizeof(buf);
	for (;;) {
		n = read(fd, buf, cap);
		if (n <= 0)
			return n < 0 ? -EAGAIN : 0;
		/* The next one gets a pipe of his own. */
		if (f->writer_fd != fd) {
			f->in_fd = f->in_fd == fd ? -1 : f->in_fd;
			f->writer_fd = fd;
			renew(p, f);
		}
		/* Texts hold no NUL. */
		run_handlers(p, f, WIRE_PROCFS_WRITE, buf,
			     strnlen(buf, (size_t)n), call, arg);
	}
}

static void serve_writer(struct run_procfs *p, struct procfs_file *f,
			 procfs_call call, void *arg)
{
	int fd = f->writer_fd, err;

	if (fd < 0)
		fd = f->in_fd;
	if (fd < 0)
		fd = openat(p->dir_fd, f->path,
			    O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	err = hear(p, f, fd, call, arg);
	if (err == -EAGAIN && f->writer_fd < 0) {
		/* Somebody is there and has not written yet. */
		f->in_fd = -1;
		f->writer_fd = fd;
		renew(p, f);
	} else if (!err && fd != f->in_fd) {
		close(fd);
		f->writer_fd = -1;
	}
}

void run_procfs_turn(struct run_procfs *p, procfs_call call, void *arg)
{
	for (uint32_t i = 0; i < p->nfiles; i++) {
		if (p->file[i].reads)
			serve_reader(p, &p->file[i], call, arg);
		if (p->file[i].writes)
			serve_writer(p, &p->file[i], call, arg);
	}
}
