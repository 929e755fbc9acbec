/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass 5: a session. run_session() takes an image and an executor for it
 * (struct run_target: the kernel by BPF, or the in-process engine), starts the
 * command, runs begin probes, attaches, waits, detaches, runs end probes,
 * prints everything the handlers send, and accounts for what was lost.
 *
 * Unlike the compiler passes this code is long-running and privileged: it
 * returns -errno, leaves outputs untouched on failure, and every descriptor
 * has one owner. All kernel objects are held by descriptors only, so that
 * nothing stays behind when the process is killed.
 */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/diag.h"
#include "wire/image.h"
#include "wire/wire.h"

/* A text of the image; "" for an offset that is not in it. */
static inline const char *image_text(const struct image *img, uint32_t off)
{
	return off < img->nstrings ? img->strings + off : "";
}

struct run_target;

/* Takes one whole output record (struct wire_record and what follows it).
   Nonzero ends consume() early. */
typedef int (*run_record_fn)(void *arg, const void *record, size_t size);

struct run_target_ops {
	/*
	 * Runs a handler of type IMAGE_PROG_RUN to its end, with args as its
	 * probe context (CTXLD offset 8 * i reads args[i]). Its output is
	 * there for consume() afterwards. -errno only when it could not be
	 * run; errors of the script are in the records.
	 */
	int (*run_handler)(struct run_target *t, uint32_t handler,
			   const uint64_t *args, unsigned nargs);
	/*
	 * Arms the n attach records with these indexes (kinds RAWTP, PROCESS,
	 * UPROBE, PROFILE; never the ones that the session drives itself).
	 * Reports what failed; records with WIRE_ATTACH_OPTIONAL as warnings.
	 * -errno when a record that is not optional could not be attached;
	 * then the session calls detach().
	 */
	int (*attach)(struct run_target *t, struct diag *d,
		      const uint32_t *index, uint32_t n);
	/* Arms what is of modules that have been loaded since attach(), or once
	   more; how many records are of modules, or -errno as attach(). May be
	   NULL. */
	int (*attach_late)(struct run_target *t, struct diag *d);
	/* No handler starts after this returns, none is running. */
	void (*detach)(struct run_target *t);
	/* Takes back what was attached while t->group was this number, not 0;
	   it may be attached again. */
	void (*disarm)(struct run_target *t, uint32_t group);
	/*
	 * Hands over records that are ready, oldest first, at most about
	 * max_bytes of them. Returns the number of records handed over, or
	 * -errno. Never waits.
	 */
	int (*consume)(struct run_target *t, run_record_fn fn, void *arg,
		       size_t max_bytes);
	/* Readable when consume() should be called early; -1: there is none,
	   the session's tick does it. */
	int (*record_fd)(struct run_target *t);
	/* Hits that the kernel dropped before the handler started. */
	uint64_t (*missed)(struct run_target *t);
	/* Begins (or ends) to measure how long handlers run; -errno when that
	   cannot be measured. NULL: there is nothing to measure. */
	int (*measure)(struct run_target *t, bool on);
	/* The time measured so far, of all handlers on all CPUs, ns. */
	uint64_t (*run_ns)(struct run_target *t);
	void (*close)(struct run_target *t);
};

/* First member of each implementation. */
struct run_target {
	const struct run_target_ops *ops;
	const struct image *image;
	/* The heap, shared with the handlers; heap_init is already in place.
	   The session changes only struct rt_head, input strings and nothing
	   else. */
	struct rt_head *heap;
	size_t heap_len;
	/* The process of -c (stopped until probes are attached) or -x, as seen
	   from here; 0: none. Set by the session before attach(). */
	pid_t target_pid;
	/* rt_real_ns() adds realtime_base_ns to this clock. */
	clockid_t realtime_clock;
	/* Attached handlers run without the session's help (BPF): poll for
	   their records every few milliseconds. */
	bool asynchronous;
	uint32_t group; /* that attach() is called for; 0: none in particular */
};

/*
 * The kernel's BPF as executor (bpf_target.c). elf is an object written by
 * ebpf/object.c; it and the image must stay valid until close. -errno after
 * reporting what is missing, in the user's terms.
 */
struct run_bpf_opts {
	const void *elf;
	size_t elf_len;
	const struct image *image;
	uint32_t buffer_mb; /* -s: size of the ring buffer; 0: the image's */
	int verbose;
	/* Where a verifier log goes when the kernel refuses a program; NULL:
	   a new file in $TMPDIR. */
	const char *log_dir;
	/* The image was written by another run, perhaps on another machine:
	   addresses and type numbers in it mean nothing here. */
	bool from_file;
};
int run_bpf_open(const struct run_bpf_opts *o, struct diag *d,
		 struct run_target **out);

/*
 * Whether this process may load BPF programs here: 0, or -EPERM or -ENOSYS
 * with the missing capability, sysctl or seccomp filter written to why, and
 * what the user can do to remedy. Cheap; loads nothing but a two-instruction
 * program.
 */
int run_bpf_permitted(char *why, size_t why_len, char *remedy,
		      size_t remedy_len);

struct run_opts {
	const struct image *image;
	struct run_target *target; /* the session closes it */
	struct diag *diag;	   /* flushed to stderr by the session */

	const char *cmd;       /* -c, or NULL */
	pid_t pid;	       /* -x, or 0 */
	bool end_with_pid;     /* -x: end when that process ends (SystemTap goes
				  on) */
	const char *output;    /* -o: strftime(3) escapes; NULL: stdout */
	uint64_t output_limit; /* -S: bytes per file; 0: one file */
	uint32_t output_files; /* -S: files to keep; 0: all */
	bool append;	       /* -A of staprun: keep what the file holds */
	double timeout_s;      /* -T: 0: none */

	int verbose;
	bool timing;	  /* -t: print the probe report and all counters */
	bool quiet;	  /* no accounting on stderr; exit status still tells */
	bool no_warnings; /* -w: neither ours nor warn() */
	bool suppress_handler_errors;
	bool color;	  /* of WARNING: and ERROR: */
	const char *json; /* accounting as JSON to this file, or NULL */
	/* Descriptors, so that tests can see what is printed; 0 means the
	   usual 1, 2 and 0 of the process. */
	int out_fd, err_fd, in_fd;
};

struct run_result {
	int exit_status;	  /* 0 or 1, SystemTap's */
	bool interrupted;	  /* by a signal */
	bool forced;		  /* second signal: end probes were skipped */
	bool child_failed;	  /* -c: exited with another status than 0 */
	int child_status;	  /* as from waitpid(2) */
	uint64_t errors, skipped; /* "Number of errors: 1, skipped probes: 0" */
	uint64_t records; /* entries (one per print) received and printed */
	uint64_t missing; /* entries that were sent and counted but never
			     printed: 0, or the session was forced to end, or
			     something is broken */
	uint64_t timer_overruns;
	uint64_t counters[WIRE_CNT_COUNT]; /* as at the end */
};

/*
 * Runs the session to its end and closes the target. Returns
 * result->exit_status: 0; or 1 when it could not be started, handlers failed
 * (MAXERRORS or not), the command failed, or output was lost to an error
 * of the output file. Messages are already printed, except the two lines that
 * stap prints for a failed run ("WARNING: ... exited with status: 1",
 * "Pass 5: run failed.  [man error::pass5]"), which are the driver's.
 *
 * Blocks SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGCHLD while it runs and takes
 * them by signalfd; the mask is restored at the end.
 */
int run_session(const struct run_opts *o, struct run_result *result);

#endif
