// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Why the kernel says no. EPERM has many fathers: a missing capability, the
 * sysctl that switches unprivileged BPF off, lockdown, a container's seccomp
 * filter, a user namespace whose root is nobody outside. The user should read
 * which one, and what to do.
 */
#include "run/bpf_int.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct facts {
	uint64_t caps;		       /* effective */
	int seccomp;		       /* 0 none, 1 strict, 2 filter */
	int unprivileged_bpf_disabled; /* -1: cannot be read */
	bool lockdown_confidentiality;
	bool user_namespace; /* not the initial one */
	bool container;
};

static bool has(const struct facts *f, int cap)
{
	return f->caps >> cap & 1;
}

static void read_status(struct facts *f)
{
	FILE *in = fopen("/proc/self/status", "re");
	char line[256];

	while (in && fgets(line, sizeof(line), in)) {
		sscanf(line, "CapEff: %" SCNx64, &f->caps);
		sscanf(line, "Seccomp: %d", &f->seccomp);
	}
	if (in)
		fclose(in);
}

static bool read_line(const char *path, char *line, int size)
{
	FILE *in = fopen(path, "re");
	bool ok = in && fgets(line, size, in);

	if (in)
		fclose(in);
	return ok;
}

static void gather(struct facts *f)
{
	unsigned long first, outside, count;
	char line[128];

	*f = (struct facts){.unprivileged_bpf_disabled = -1};
	read_status(f);
	if (read_line("/proc/sys/kernel/unprivileged_bpf_disabled", line,
		      sizeof(line)))
		f->unprivileged_bpf_disabled = atoi(line);
	if (read_line("/sys/kernel/security/lockdown", line, sizeof(line)))
		f->lockdown_confidentiality =
			strstr(line, "[confidentiality]") != NULL;
	if (read_line("/proc/self/uid_map", line, sizeof(line)) &&
	    sscanf(line, "%lu %lu %lu", &first, &outside, &count) == 3)
		f->user_namespace = outside != 0 || count < 4294967295ul;
	f->container = !access("/.dockerenv", F_OK) ||
		       !access("/run/.containerenv", F_OK) ||
		       getenv("container");
}

#define CONTAINER_GRANT                                                        \
	"--privileged, or with --cap-add=BPF --cap-add=PERFMON and "           \
	"--security-opt seccomp=unconfined"

/* The most likely reason, and what helps. */
static void explain(const struct facts *f, char *why, size_t why_len,
		    char *remedy, size_t remedy_len)
{
	bool admin = has(f, CAP_SYS_ADMIN);
	bool bpf = admin || has(f, CAP_BPF);
	bool perfmon = admin || has(f, CAP_PERFMON);

	if (!bpf || !perfmon) {
		snprintf(why, why_len, "this process lacks %s%s%s%s",
			 bpf ? "" : "CAP_BPF", !bpf && !perfmon ? " and " : "",
			 perfmon ? "" : "CAP_PERFMON",
			 f->unprivileged_bpf_disabled > 0 && !bpf
				 ? ", and kernel.unprivileged_bpf_disabled is "
				   "set"
				 : "");
		snprintf(remedy, remedy_len,
			 "%s; or use --runtime=user, which runs begin, end, "
			 "timer and input probes without",
			 geteuid() && f->container
				 ? "run it as root, in a container that "
				   "grants CAP_BPF and CAP_PERFMON ("
				   CONTAINER_GRANT ")"
			 : geteuid()
				 ? "run it as root (sudo stap ...), or give "
				   "it CAP_BPF and CAP_PERFMON"
			 : f->container
				 ? "start the container with " CONTAINER_GRANT
				 : "root's capabilities were dropped: start "
				   "this shell with CAP_BPF and CAP_PERFMON");
	} else if (f->user_namespace) {
		snprintf(why, why_len,
			 "this is a user namespace, whose root "
			 "may not use BPF");
		snprintf(remedy, remedy_len,
			 "run it in the host's user namespace");
	} else if (f->lockdown_confidentiality) {
		snprintf(why, why_len,
			 "the kernel is locked down "
			 "(confidentiality mode)");
		snprintf(remedy, remedy_len,
			 "boot with lockdown=integrity, or without Secure "
			 "Boot");
	} else if (f->seccomp == 2) {
		snprintf(why, why_len, "a seccomp filter (%s) forbids bpf(2)",
			 f->container ? "the container's"
				      : "of whatever started this shell");
		snprintf(remedy, remedy_len,
			 f->container ? "start the container with "
					"--security-opt seccomp=unconfined"
				      : "run it outside of that sandbox");
	} else {
		snprintf(why, why_len,
			 "a security module of the kernel "
			 "forbids it");
		snprintf(remedy, remedy_len,
			 "look for a denial in the kernel's log (dmesg, "
			 "ausearch -m avc)");
	}
}

void run_report_permission(struct diag *d, const char *what)
{
	char why[256], remedy[512], text[512];
	struct facts f;

	gather(&f);
	explain(&f, why, sizeof(why), remedy, sizeof(remedy));
	snprintf(text, sizeof(text), "no permission for %s: %s", what, why);
	diag_remedy(diag_report(d, RUN_NO_PERMISSION, LOC_NONE, NULL, text),
		    "%s", remedy);
}

int run_bpf_permitted(char *why, size_t why_len, char *remedy,
		      size_t remedy_len)
{
	/* r0 = 0; exit */
	static const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr;
	struct facts f;
	int fd, err;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = 2;
	attr.license = (uintptr_t) "GPL";
	fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd >= 0) {
		close(fd);
		return 0;
	}
	err = errno;
	if (err == ENOSYS) {
		snprintf(why, why_len, "this kernel has no bpf(2) system call");
		snprintf(remedy, remedy_len,
			 "use a kernel with CONFIG_BPF_SYSCALL, 5.17 or later");
		return -ENOSYS;
	}
	if (err == EPERM || err == EACCES) {
		gather(&f);
		explain(&f, why, why_len, remedy, remedy_len);
		return -EPERM;
	}
	snprintf(why, why_len, "loading a BPF program fails: %s",
		 strerror(err));
	snprintf(remedy, remedy_len, "use a kernel of version 5.17 or later");
	return -ENOSYS;
}
