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

# A program in a known state says what /proc tells of it, each task function
# what it finds in the task: the lines must be the same.
write_stater() {
	cat >stater.c <<'C'
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char text[1 << 16];

static char *contents(const char *format, int pid)
{
	char path[256];
	snprintf(path, sizeof(path), format, pid);
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n < 0 ? 0 : n] = 0;
	return text;
}

/* number n of /proc/PID/stat as proc(5) counts them */
static long stat_field(int pid, int n)
{
	char *p = strrchr(contents("/proc/%d/stat", pid), ')') + 2;
	if (n == 3)
		return *p;
	for (int i = 3; i < n; i++)
		p = strchr(p, ' ') + 1;
	return atol(p);
}

static long status_field(int pid, const char *name, int column)
{
	char *p = strstr(contents("/proc/%d/status", pid), name) + strlen(name);
	for (int i = 0; i < column; i++)
		strtol(p, &p, 10);
	return strtol(p, NULL, 10);
}

static void show_link(const char *what, const char *format, int pid)
{
	char path[256], buf[4096];
	snprintf(path, sizeof(path), format, pid);
	ssize_t n = readlink(path, buf, sizeof(buf) - 1);
	buf[n < 0 ? 0 : n] = 0;
	printf("%s %s\n", what, buf);
}

static int count_files(int pid)
{
	char path[256];
	int n = 0;
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	DIR *d = opendir(path);
	for (struct dirent *e; (e = readdir(d));)
		n += *e->d_name != '.';
	closedir(d);
	return pid == getpid() ? n - 1 : n;
}

static void show_limits(void)
{
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit r;
		getrlimit(i, &r);
		printf("limit %d %ld\n", i, (long)r.rlim_cur);
	}
}

static void ask(const char *what, int pid)
{
	fflush(stdout);
	printf("%s\n", what);
	syscall(SYS_prctl, 0x7e57, what, pid, 0, 0);
}

/* what is the same for every process, in the order of the script */
static void show(const char *what, int pid)
{
	ask(what, pid);
	printf("execname %s", contents("/proc/%d/comm", pid));
	printf("tid %d\n", pid);
	printf("pid %ld parent %ld\n", status_field(pid, "Tgid:", 0),
	       status_field(pid, "PPid:", 0));
	long s = stat_field(pid, 3);
	printf("state %d\n", s == 'R' ? 0 : s == 'S' ? 1 : s == 'T' ? 4 :
	       s == 't' ? 8 : s == 'Z' ? 128 : -1);
	printf("prio %ld nice %ld\n", stat_field(pid, 18), stat_field(pid, 19));
	printf("cpu %ld\n", stat_field(pid, 39));
	printf("uid %ld euid %ld gid %ld egid %ld\n",
	       status_field(pid, "Uid:", 0), status_field(pid, "Uid:", 1),
	       status_field(pid, "Gid:", 0), status_field(pid, "Gid:", 1));
	printf("started %ld\n", stat_field(pid, 22));
}

static void show_files(const char *what, int pid)
{
	ask(what, pid);
	printf("files %d of %ld\n", count_files(pid),
	       status_field(pid, "FDSize:", 0));
	show_link("cwd", "/proc/%d/cwd", pid);
	show_link("exe", "/proc/%d/exe", pid);
}

static int gate[2];

static pid_t kid(int how)
{
	pid_t pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	char name[16] = "kid-0";
	name[4] += how;
	prctl(PR_SET_NAME, name);
	setpriority(PRIO_PROCESS, 0, how * 3 + 1);
	if (how == 1)
		chdir("/usr/share");
	if (how == 2)
		sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){9});
	for (int i = 0; i < how * 70; i++)
		dup(1);
	setresgid(100 + how, 200 + how, 300);
	setresuid(400 + how, 500 + how, 600);
	write(gate[1], "x", 1);
	if (how == 0)
		pause();
	if (how == 1)
		raise(SIGSTOP);
	if (how == 2)
		sleep(1000);
	_exit(0);
}

static void *thread(void *arg)
{
	prctl(PR_SET_NAME, "a-thread");
	show("other", gettid());
	return arg;
}

static void settle(int pid, char want)
{
	for (int i = 0; i < 5000 && stat_field(pid, 3) != want; i++)
		usleep(2000);
}

int main(int argc, char **argv)
{
	cpu_set_t one;
	pthread_t t;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	setvbuf(stdout, malloc(1 << 16), _IOFBF, 1 << 16);
	prctl(PR_SET_NAME, "a stater");
	setpriority(PRIO_PROCESS, 0, -7);
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){1000, 1001});
	setrlimit(RLIMIT_STACK, &(struct rlimit){7 << 20, 8 << 20});
	chdir("/usr/include");
	for (int i = 0; i < 300; i++)
		open("/dev/null", O_RDONLY);
	for (int i = 250; i < 280; i++)
		close(i);
	ask("limits", 0);
	show_limits();
	show_files("self files", getpid());
	if (argc > 1) {
		static const char state[] = "STSZ";
		pid_t kids[4];
		char c;

		pipe(gate);
		for (int i = 0; i < 4; i++) {
			kids[i] = kid(i);
			read(gate[0], &c, 1);
			settle(kids[i], state[i]);
			if (i < 3)
				show_files("other files", kids[i]);
			show("other", kids[i]);
		}
		pthread_create(&t, NULL, thread, NULL);
		pthread_join(t, NULL);
		for (int i = 0; i < 4; i++)
			kill(kids[i], SIGKILL);
		show("self", getpid());
	}
	setresgid(11, 12, 13);
	setresuid(21, 22, 23);
	ask("ids", 0);
	printf("%d %d %d %d %d %d\n", getpid(), gettid(), getuid(), geteuid(),
	       getgid(), getegid());
	return 0;
}
C
	cc -O1 -w -pthread stater.c -o stater
	cat >stater.stp <<'S'
function show(t:long) {
	printf("execname %s\n", task_execname(t))
	printf("tid %d\n", task_tid(t))
	printf("pid %d parent %d\n", task_pid(t), task_pid(task_parent(t)))
	# without the bits that say what may wake it
	printf("state %d\n", task_state(t) & 0xff)
	printf("prio %d nice %d\n", task_prio(t), task_nice(t))
	printf("cpu %d\n", task_cpu(t))
	printf("uid %d euid %d gid %d egid %d\n", task_uid(t), task_euid(t),
	       task_gid(t), task_egid(t))
	printf("started %d\n", task_start_time(task_tid(t)) / 10000000)
}
function show_files(t:long) {
	printf("files %d of %d\n", task_open_file_handles(t), task_max_file_handles(t))
	printf("cwd %s\n", fullpath_struct_path(task_cwd_path(t)))
	printf("exe %s\n", fullpath_struct_file(t, task_exe_file(t)))
}
probe kernel.trace("sys_enter") {
	if (pid() != target() || $id != 157 ||
	    @cast($regs, "pt_regs", "kernel")->di != 0x7e57)
		next
	what = user_string(@cast($regs, "pt_regs", "kernel")->si)
	pid = @cast($regs, "pt_regs", "kernel")->dx
	println(what)
	t = task_current()
	if (what == "limits") {
		for (i = 0; i < 16; i++)
			printf("limit %d %d\n", i, __task_rlimit(t, i))
		if (task_rlimit(t, "RLIMIT_NOFILE") != 1000 || task_rlimit_nofile(t) != 1000 ||
		    task_rlimit_stack(t) != 7340032 || task_rlimit(t, "RLIMIT_NO") != -1 ||
		    task_rlimit_rttime(t) != __task_rlimit(t, 15))
			println("task_rlimit_*")
	} else if (what == "ids") {
		printf("%d %d %d %d %d %d\n", task_ns_pid(t), task_ns_tid(t), task_ns_uid(t),
		       task_ns_euid(t), task_ns_gid(t), task_ns_egid(t))
	} else if (what == "self files")
		show_files(t)
	else if (what == "self")
		show(t)
	else if (what == "other files")
		show_files(pid2task(pid))
	else if (what == "other")
		show(pid2task(pid))
}
S
}

test_task_functions_one_by_one() {
	need bpf
	need cc
	need root
	write_stater
	"$stap" -o kernel -c ./stater stater.stp >program
	diff program kernel
	[ "$(wc -l <kernel)" = 23 ]
}

test_task_functions_of_other_processes() {
	need bpf
	need cc
	need root
	need pids
	write_stater
	"$stap" -o kernel -c './stater all' stater.stp >program
	diff program kernel
	[ "$(grep -c ^started kernel)" = 6 ]
}

# grandparent=>parent=>process, by following the numbers in /proc.
test_the_ancestry_of_a_task() {
	need bpf
	need pids
	local pid=$BASHPID text= name stat
	# a thread of the first process may be what started the next
	while [ "$pid" -gt 1 ]; do
		read -r name </proc/"$pid"/comm
		text="$name${text:+=>}$text"
		stat=$(</proc/"$pid"/stat)
		read -r _ pid _ <<<"${stat##*)}"
	done
	"$stap" -o out -c 'sleep 0.2' -e 'probe kernel.trace("sys_enter") {
		if (pid() == target() && execname() == "sleep") {
			println(task_ancestry(task_current(), 0))
			println(task_ancestry(task_current(), 1))
			exit()
		} }'
	cat out
	echo "$text"
	grep -qF "=>$text=>" out
	expect '^swapper/0=>.*=>sleep$' out
	expect '^swapper/0\(0\)=>.*=>sleep\([0-9]{9,}\)$' out
}
