# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the kernel knows of tasks and files, against what the program itself
# and /proc say.

test_task_functions_agree_with_proc() {
	need bpf
	need cc
	cat >p.c <<'C'
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void show_link(const char *what, const char *path)
{
	char buf[4096];
	ssize_t n = readlink(path, buf, sizeof(buf) - 1);

	buf[n < 0 ? 0 : n] = 0;
	printf("%s %s\n", what, buf);
}

int main(void)
{
	int p[2], fds = 0;
	struct dirent *e;
	DIR *d;
	char text[4096];
	FILE *f;

	for (volatile long i = 0; i < 50000000; i++)
		;
	chdir("/usr/share");
	dup2(open("/proc/self/status", O_RDONLY), 70);
	pipe(p);
	dup2(p[0], 71);
	dup2(socket(AF_UNIX, SOCK_STREAM, 0), 72);
	f = fopen("/proc/self/statm", "r");
	fgets(text, sizeof(text), f);
	fclose(f);
	text[strcspn(text, " ")] = 0;
	d = opendir("/proc/self/fd");
	while ((e = readdir(d)))
		fds += *e->d_name != '.';
	closedir(d);
	/* without the directory's own */
	printf("files %d\n", fds - 1);
	show_link("exe", "/proc/self/exe");
	show_link("cwd", "/proc/self/cwd");
	show_link("fd70", "/proc/self/fd/70");
	show_link("fd71", "/proc/self/fd/71");
	show_link("fd72", "/proc/self/fd/72");
	printf("ns %d %d %d %d %d %d %d\n", getpid(), gettid(), getppid(),
	       getpgrp(), getsid(0), getuid(), getegid());
	printf("size %s\n", text);
	fflush(stdout);
	syscall(SYS_getpgid, 0x7e57);
	return 0;
}
C
	cc -O1 p.c -o p
	"$stap" -o kernel -c ./p -e 'probe kernel.trace("sys_enter") {
		if (pid() != target() || @cast($regs, "pt_regs", "kernel")->di != 0x7e57) next
		t = task_current()
		printf("files %d\n", task_open_file_handles(t))
		printf("exe %s\n", fullpath_struct_file(t, current_exe_file()))
		printf("cwd %s\n", fullpath_struct_path(task_cwd_path(t)))
		for (fd = 70; fd < 73; fd++)
			printf("fd%d %s\n", fd, fullpath_struct_file(t, task_fd_lookup(t, fd)))
		printf("ns %d %d %d %d %d %d %d\n", ns_pid(), ns_tid(), ns_ppid(),
		       ns_pgrp(), ns_sid(), ns_uid(), ns_egid())
		printf("size %d\n", proc_mem_size())
		if (pid2task(tid()) != t || pid2execname(pid()) != execname() ||
		    pid2task(987654321) || task_fd_lookup(t, 73) ||
		    task_fd_lookup(t, 123456))
			println("pid2task")
		if (task_utime() < 10000000 || task_utime() != task_utime(tid()) ||
		    task_time_string() !~ "^usr: 0m[0-9]+.[0-9][0-9][0-9]s, sys: ")
			println(task_time_string())
		if (task_ns_pid(task_parent(t)) != ns_ppid() || task_ns_uid(t) != uid())
			println("task_ns")
		rss = proc_mem_rss()
		if (rss < 50 || rss < proc_mem_shr() || rss != proc_mem_rss(pid()) ||
		    proc_mem_txt() < 1 || proc_mem_data() < 10)
			println(proc_mem_string())
		since = (ktime_get_ns() - task_start_time(tid())) / 1000000000
		if (since < 0 || since > 20)
			println("started ", since)
		exit()
	}' >program
	diff program kernel
}
