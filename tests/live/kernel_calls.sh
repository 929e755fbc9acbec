# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What probes of the kernel say of calls, beside a program that knows what it
# did: it writes the lines that the script must print. Functions that kernels
# know by different names are joined by "!".

# The one-liner that everybody tries first.
test_reads_by_name_and_count() {
	need kprobes
	need cc
	cat >reader.c <<'C'
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(void)
{
	char buf[70000], name[32];
	FILE *said = fopen("said", "w");
	for (int i = 1; i <= 40; i++) {
		sprintf(name, "number-%d", i);
		int fd = open(name, O_RDWR | O_CREAT, 0600);
		read(fd, buf, i * i * 31);
		close(fd);
		fprintf(said, "reader %d %s\n", i * i * 31, name);
	}
	return fclose(said);
}
C
	cc -O1 -w reader.c -o reader
	"$stap" -w -c ./reader -e 'probe kernel.function("vfs_read") { printf("%s %d %s\n", execname(), $count, kernel_string($file->f_path->dentry->d_name->name)) }' >out
	grep '^reader .* number-' out >seen
	diff said seen
	note "$(wc -l <said) reads by name and count"
}

# A program that says what it does, in the words of the script below.
write_doer() {
	cat >doer.c <<'C'
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define SAY(...) fprintf(log_, __VA_ARGS__)
static FILE *log_;

int main(int argc, char **argv)
{
	char buf[4096] = "hello";
	struct stat st;

	log_ = fopen(argv[1], "w");
	setvbuf(log_, malloc(1 << 16), _IOFBF, 1 << 16);
	int fd = open("file-a", O_RDWR | O_CREAT | O_EXCL, 0640);
	SAY("do_sys_openat2 file-a %d\n", O_RDWR | O_CREAT | O_EXCL | 0100000);
	SAY("vfs_write file-a 1234 = %ld\n", (long)write(fd, buf, 1234));
	SAY("lseek %d %d %d = %ld\n", fd, 77, SEEK_SET,
	    (long)lseek(fd, 77, SEEK_SET));
	SAY("vfs_read file-a 555 = %ld\n", (long)read(fd, buf, 555));
	SAY("vfs_fallocate file-a 0 4096 8192 = %d\n",
	    fallocate(fd, 0, 4096, 8192));
	SAY("do_truncate file-a 4321 = %d\n", ftruncate(fd, 4321));
	SAY("do_fcntl %d %d %d = %d\n", fd, F_SETFL, O_APPEND,
	    fcntl(fd, F_SETFL, O_APPEND));
	SAY("chmod_common file-a %o = %d\n", 0600, fchmod(fd, 0600));
	SAY("chown_common file-a %d %d = %d\n", 12, 34, fchown(fd, 12, 34));
	struct iovec iov[3] = {{buf, 10}, {buf, 20}, {buf, 30}};
	lseek(fd, 0, SEEK_SET);
	SAY("lseek %d %d %d = 0\n", fd, 0, SEEK_SET);
	SAY("vfs_readv file-a 3 = %ld\n", (long)readv(fd, iov, 3));
	SAY("vfs_mkdir dir-a\n");
	SAY("do_mkdirat dir-a %o = %d\n", 0711, mkdir("dir-a", 0711));
	SAY("do_linkat file-a file-b = %d\n", link("file-a", "file-b"));
	SAY("do_symlinkat target-c file-c = %d\n", symlink("target-c", "file-c"));
	SAY("do_renameat2 file-b file-d %d = %d\n", 1,
	    (int)syscall(SYS_renameat2, AT_FDCWD, "file-b", AT_FDCWD, "file-d",
			 1));
	SAY("vfs_statx file-d = %d\n", stat("file-d", &st));
	SAY("do_unlinkat file-d = %d\n", unlink("file-d"));
	SAY("do_rmdir dir-a = %d\n", rmdir("dir-a"));
	SAY("do_rmdir no-such = %d\n", rmdir("no-such") ? -2 : 0);
	int d = dup3(fd, 200, O_CLOEXEC);
	SAY("ksys_dup3 %d 200 %d = %d\n", fd, O_CLOEXEC, d);
	int p[2], r = pipe2(p, O_NONBLOCK);
	SAY("do_pipe2 %d = %d\n", O_NONBLOCK, r);
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	SAY("__sys_socket %d %d 0 = %d\n", AF_UNIX, SOCK_STREAM, s);
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "sock-a"};
	r = bind(s, (void *)&un, sizeof(un));
	SAY("__sys_bind %d sock-a %d = %d\n", s, (int)sizeof(un), r);
	SAY("__sys_listen %d 17 = %d\n", s, listen(s, 17));
	int c = socket(AF_UNIX, SOCK_STREAM, 0);
	SAY("__sys_socket %d %d 0 = %d\n", AF_UNIX, SOCK_STREAM, c);
	r = connect(c, (void *)&un, sizeof(un));
	SAY("__sys_connect %d sock-a = %d\n", c, r);
	SAY("__sys_sendto %d 100 %d = %ld\n", c, MSG_NOSIGNAL,
	    (long)send(c, buf, 100, MSG_NOSIGNAL));
	struct timespec ts = {0, 1234567};
	nanosleep(&ts, NULL);
	SAY("hrtimer_nanosleep 1234567\n");
	SAY("set_user_nice 5\n");
	setpriority(PRIO_PROCESS, 0, 5);
	SAY("__set_task_comm new-name\n");
	prctl(PR_SET_NAME, "new-name");
	struct sigaction sa = {.sa_handler = SIG_IGN};
	sigaction(SIGUSR2, &sa, NULL);
	SAY("do_sigaction %d 1\n", SIGUSR2);
	int e = epoll_create1(0), ev = eventfd(42, EFD_NONBLOCK);
	SAY("do_eventfd 42 %d = %d\n", EFD_NONBLOCK, ev);
	struct epoll_event ee = {.events = EPOLLIN};
	SAY("do_epoll_ctl %d %d %d = %d\n", e, EPOLL_CTL_ADD, ev,
	    epoll_ctl(e, EPOLL_CTL_ADD, ev, &ee));
	int t = timerfd_create(CLOCK_MONOTONIC, 0);
	struct itimerspec its = {.it_value = {3, 4}};
	SAY("do_timerfd_settime %d 3 4 = %d\n", t,
	    timerfd_settime(t, 0, &its, NULL));
	fsetxattr(fd, "user.a", "12345", 5, 0);
	SAY("vfs_setxattr file-a user.a 5\n");
	struct rlimit rl;
	getrlimit(RLIMIT_NOFILE, &rl);
	SAY("do_prlimit %d\n", RLIMIT_NOFILE);
	pid_t kid = fork();
	if (!kid)
		_exit(3);
	int status;
	waitpid(kid, &status, 0);
	SAY("kernel_wait4 kid = kid\n");
	close(c);
	SAY("filp_close %s\n", "socket");
	fclose(log_);
	return 0;
}
C
	cc -O1 -w doer.c -o doer
}

write_doer_script() {
	cat >doer.stp <<'S'
function file_name:string(file:long)
{
	return kernel_string(@cast(file, "struct file", "kernel")->f_path->dentry->d_name->name)
}
# only the program itself, and not what it does at its start and end
function mine:long() { return pid() == target() && on }
global on
probe kernel.function("do_sys_openat2") {
	if (pid() != target()) next
	name = user_string($filename)
	if (name == "file-a") { on = 1; printf("do_sys_openat2 %s %d\n", name, $how->flags) }
}
probe kernel.function("vfs_write").return {
	if (mine()) { n = file_name(@entry($file)); if (n == "file-a") printf("vfs_write %s %d = %d\n", n, @entry($count), $return) }
}
probe kernel.function("vfs_read").return {
	if (mine()) { n = file_name(@entry($file)); if (n == "file-a") printf("vfs_read %s %d = %d\n", n, @entry($count), $return) }
}
probe kernel.function("__x64_sys_lseek").return {
	if (mine()) printf("lseek %d %d %d = %d\n", @entry($regs->di), @entry($regs->si), @entry($regs->dx), $return)
}
probe kernel.function("vfs_fallocate").return {
	if (mine()) printf("vfs_fallocate %s %d %d %d = %d\n", file_name(@entry($file)), @entry($mode), @entry($offset), @entry($len), $return)
}
probe kernel.function("do_truncate").return {
	if (mine()) printf("do_truncate %s %d = %d\n", kernel_string(@entry($dentry->d_name->name)), @entry($length), $return)
}
probe kernel.function("do_fcntl").return {
	if (mine()) printf("do_fcntl %d %d %d = %d\n", @entry($fd), @entry($cmd), @entry($arg), $return)
}
probe kernel.function("chmod_common").return {
	if (mine()) printf("chmod_common %s %o = %d\n", kernel_string(@entry($path->dentry->d_name->name)), @entry($mode), $return)
}
probe kernel.function("chown_common").return {
	if (mine()) printf("chown_common %s %d %d = %d\n", kernel_string(@entry($path->dentry->d_name->name)), @entry($user), @entry($group), $return)
}
probe kernel.function("vfs_readv").return {
	if (mine()) printf("vfs_readv %s %d = %d\n", file_name(@entry($file)), @entry($vlen), $return)
}
probe kernel.function("do_mkdirat").return!, kernel.function("filename_mkdirat").return {
	if (mine()) printf("do_mkdirat %s %o = %d\n", @entry(kernel_string($name->name)), @entry($mode), $return)
}
probe kernel.function("vfs_mkdir") {
	if (mine()) printf("vfs_mkdir %s\n", kernel_string($dentry->d_name->name))
}
probe kernel.function("do_linkat").return!, kernel.function("filename_linkat").return {
	if (mine()) printf("do_linkat %s %s = %d\n", @entry(kernel_string($old->name)), @entry(kernel_string($new->name)), $return)
}
probe kernel.function("do_symlinkat").return!, kernel.function("filename_symlinkat").return {
	if (mine()) printf("do_symlinkat %s %s = %d\n", @entry(kernel_string($from->name)), @entry(kernel_string($to->name)), $return)
}
probe kernel.function("do_renameat2").return!, kernel.function("filename_renameat2").return {
	if (mine()) printf("do_renameat2 %s %s %d = %d\n", @entry(kernel_string($from->name)), @entry(kernel_string($to->name)), @entry($flags), $return)
}
probe kernel.function("vfs_statx").return {
	if (mine()) { n = @entry(kernel_string($filename->name)); if (n == "file-d") printf("vfs_statx %s = %d\n", n, $return) }
}
probe kernel.function("do_unlinkat").return!, kernel.function("filename_unlinkat").return {
	if (mine()) printf("do_unlinkat %s = %d\n", @entry(kernel_string($name->name)), $return)
}
probe kernel.function("do_rmdir").return!, kernel.function("filename_rmdir").return {
	if (mine()) printf("do_rmdir %s = %d\n", @entry(kernel_string($name->name)), $return)
}
probe kernel.function("ksys_dup3").return {
	if (mine()) printf("ksys_dup3 %d %d %d = %d\n", @entry($oldfd), @entry($newfd), @entry($flags), $return)
}
probe kernel.function("do_pipe2").return {
	if (mine()) printf("do_pipe2 %d = %d\n", @entry($flags), $return)
}
probe kernel.function("__sys_socket").return {
	if (mine()) printf("__sys_socket %d %d %d = %d\n", @entry($family), @entry($type), @entry($protocol), $return)
}
probe kernel.function("__sys_bind").return {
	if (mine()) printf("__sys_bind %d %s %d = %d\n", @entry($fd), @entry(user_string($umyaddr + 2)), @entry($addrlen), $return)
}
probe kernel.function("__sys_listen").return {
	if (mine()) printf("__sys_listen %d %d = %d\n", @entry($fd), @entry($backlog), $return)
}
probe kernel.function("__sys_connect").return {
	if (mine()) printf("__sys_connect %d %s = %d\n", @entry($fd), @entry(user_string($uservaddr + 2)), $return)
}
probe kernel.function("__sys_sendto").return {
	if (mine()) printf("__sys_sendto %d %d %d = %d\n", @entry($fd), @entry($len), @entry($flags), $return)
}
probe kernel.function("hrtimer_nanosleep") {
	if (mine()) printf("hrtimer_nanosleep %d\n", $rqtp)
}
probe kernel.function("set_user_nice") {
	if (mine()) printf("set_user_nice %d\n", $nice)
}
probe kernel.function("__set_task_comm") {
	if (mine()) printf("__set_task_comm %s\n", kernel_string($buf))
}
probe kernel.function("do_sigaction") {
	if (mine() && $sig == 12) printf("do_sigaction %d %d\n", $sig, $act->sa->sa_handler)
}
probe kernel.function("do_eventfd").return {
	if (mine()) printf("do_eventfd %d %d = %d\n", @entry($count), @entry($flags), $return)
}
probe kernel.function("do_epoll_ctl").return {
	if (mine()) printf("do_epoll_ctl %d %d %d = %d\n", @entry($epfd), @entry($op), @entry($fd), $return)
}
probe kernel.function("do_timerfd_settime").return {
	if (mine()) printf("do_timerfd_settime %d %d %d = %d\n", @entry($ufd), @entry($new->it_value->tv_sec), @entry($new->it_value->tv_nsec), $return)
}
probe kernel.function("vfs_setxattr") {
	if (mine()) printf("vfs_setxattr %s %s %d\n", kernel_string($dentry->d_name->name), kernel_string($name), $size)
}
probe kernel.function("do_prlimit") {
	if (mine() && $resource == 7) printf("do_prlimit %d\n", $resource)
}
probe kernel.function("kernel_wait4").return {
	if (mine()) printf("kernel_wait4 %s = %s\n", @entry($upid) > 0 ? "kid" : "?", $return == @entry($upid) ? "kid" : "?")
}
probe kernel.function("filp_close") {
	if (mine() && ($filp->f_inode->i_mode & 0170000) == 0140000) { printf("filp_close socket\n"); on = 0 }
}
S
}

test_kernel_functions_tell_what_a_program_did() {
	need kprobes
	need cc
	write_doer
	write_doer_script
	"$stap" -w -c './doer said' doer.stp >seen 2>err || { cat err; false; }
	diff said seen
	note "$(wc -l <said) calls of $(awk '{ print $1 }' said | sort -u | wc -l) functions"
	[ "$(wc -l <said)" -ge 37 ]
}

# Arguments and results of every type.
write_typer() {
	cat >typer.c <<'C'
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define SAY(...) fprintf(log_, __VA_ARGS__)
static FILE *log_;
static void handler(int sig) { }

/* a call that nothing else makes: here the script begins and ends */
static void mark(int on) { syscall(SYS_prctl, 0x7e57, on, 0, 0, 0); }

int main(int argc, char **argv)
{
	int fd = open("file-t", O_RDWR | O_CREAT, 0600), one = 1, r;
	int null = open("/dev/null", O_WRONLY);
	char helper[256], host[256];

	log_ = fopen(argv[1], "w");
	setvbuf(log_, malloc(1 << 16), _IOFBF, 1 << 16);
	FILE *f = fopen("/proc/sys/kernel/modprobe", "r");
	fscanf(f, "%255s", helper);
	fclose(f);
	mark(1);

	/* characters, one byte each */
	int pty = posix_openpt(O_RDWR | O_NOCTTY);
	unlockpt(pty);
	int tty = open(ptsname(pty), O_RDWR | O_NOCTTY);
	write(tty, "\n\t", 2);
	SAY("u8 10\nu8 9\n");

	/* bool: as a result */
	gethostname(host, sizeof(host));
	sethostname(host, strlen(host));
	SAY("bool capable 21 = 1\n");

	/* enumerations */
	struct timespec ts = {0, 1000001};
	clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
	SAY("enum hrtimer_mode 1 clock %d for 1000001\n", CLOCK_MONOTONIC);
	SAY("parms rqtp=0xf4241 mode=0x1 clockid=0x1\n");
	clock_gettime(CLOCK_REALTIME, &ts);
	clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &ts, NULL);
	SAY("enum hrtimer_mode 0 clock %d for %lld\n", CLOCK_REALTIME,
	    ts.tv_sec * 1000000000ll + ts.tv_nsec);
	signal(SIGUSR1, SIG_IGN);
	kill(getpid(), SIGUSR1);
	SAY("enum pid_type 1 signal %d\n", SIGUSR1);
	tgkill(getpid(), gettid(), SIGUSR2 - 2);
	SAY("enum pid_type 0 signal %d\n", SIGUSR2 - 2);

	/* function pointers, masks in arrays */
	struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_NODEFER};
	sigaddset(&sa.sa_mask, 3);
	sigaddset(&sa.sa_mask, 64);
	sigaction(SIGWINCH, &sa, NULL);
	SAY("function pointer %lx mask 8000000000000004 nodefer 1\n",
	    (long)handler);
	write(null, "x", 1);
	SAY("function pointer write_null\n");

	/* unions: the value that comes with a signal */
	sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = -4711});
	SAY("union %d value -4711\n", SIGUSR1);

	/* arrays of structures */
	int sem = semget(IPC_PRIVATE, 9, 0600);
	struct sembuf ops[3] = {{1, 5, 0}, {4, 7, IPC_NOWAIT}, {4, -2, SEM_UNDO}};
	semop(sem, ops, 3);
	SAY("array 1 5 0, 4 7 %d, 4 -2 %d\n", IPC_NOWAIT, SEM_UNDO);
	semctl(sem, 0, IPC_RMID);

	/* pointers to pointers */
	socket(AF_X25, SOCK_SEQPACKET, 77);
	SAY("char ** %s %s net-pf-%d HOME=/\n", helper, "-q", AF_X25);

	/* bit-fields, one and four bits wide, and those beside them */
	for (int on = 0; on < 2; on++) {
		int s = socket(AF_INET, SOCK_STREAM, 0);
		if (on) {
			setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
			setsockopt(s, SOL_SOCKET, SO_NO_CHECK, &one, sizeof(one));
		} else {
			setsockopt(s, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
		}
		listen(s, 5 + on);
		SAY("bit-fields %d %d %d type %d backlog %d\n", on, !on, on,
		    SOCK_STREAM, 5 + on);
		close(s);
	}

	/* 64 bits, unsigned and signed; $$parms */
	fsync(fd);
	SAY("loff_t 0 9223372036854775807 datasync 0\n");
	posix_fadvise(fd, 4096, 1l << 40, POSIX_FADV_RANDOM);
	SAY("ksys_fadvise64_64 %d 4096 %ld %d\n", fd, 1l << 40, POSIX_FADV_RANDOM);

	/* 16 bits */
	mqd_t q = mq_open("/a-queue", O_CREAT | O_RDWR, 0642,
			  &(struct mq_attr){.mq_maxmsg = 3, .mq_msgsize = 77});
	SAY("umode_t a-queue %o 3 77 = %d\n", 0642, (int)q);
	mq_unlink("/a-queue");

	/* structures behind pointers */
	setitimer(ITIMER_REAL, &(struct itimerval){{8, 500}, {9000000, 7}}, 0);
	SAY("struct timespec64 %d 9000000 7000 8 500000\n", ITIMER_REAL);
	setrlimit(RLIMIT_CORE, &(struct rlimit){12345, 67890});
	SAY("struct rlimit %d 12345 67890\n", RLIMIT_CORE);
	r = msgget(IPC_PRIVATE, 0600);
	struct { long type; char text[8]; } m = {99, "text"};
	msgsnd(r, &m, 5, 0);
	SAY("long do_msgsnd %d 99 5 text\n", r);
	msgctl(r, IPC_RMID, NULL);

	/* strings of the kernel, those of the process */
	mkdir("mnt", 0700);
	r = mount("a-device", "mnt", "tmpfs", MS_NOSUID | MS_NODEV, "size=64k");
	SAY("char * a-device tmpfs %d size=64k = %d\n", MS_NOSUID | MS_NODEV, r);
	umount("mnt");
	int u = socket(AF_UNIX, SOCK_DGRAM, 0);
	sendto(u, "some words", 10, 0, NULL, 0);
	SAY("process's memory some %d\n", *(int *)("some words" + 3));

	/* negative numbers */
	r = openat(AT_FDCWD, "no-such-t", O_RDONLY);
	SAY("int %d no-such-t\n", AT_FDCWD);
	r = setpriority(PRIO_PROCESS, 0, -3);
	SAY("int nice -3\n");

	/* per-CPU variables and the task itself */
	getpgid(0);
	SAY("per-CPU %d %s\n", gettid(), "typer");

	/* tracepoints; a child, by number */
	fflush(log_);
	pid_t kid = fork();
	if (!kid)
		_exit(5);
	SAY("trace fork %d\n", kid);
	int status;
	waitpid(kid, &status, 0);
	SAY("trace exit %d %d\n", kid, 5);
	SAY("trace signal %d to %d\n", SIGCHLD, getpid());
	prctl(PR_SET_NAME, "renamed");
	SAY("trace task_rename renamed\n");
	chmod("a-script", 0700);
	if (!vfork()) {
		execl("a-script", "a-script", "arg", NULL);
		_exit(1);
	}
	wait(&status);
	SAY("array of char #! /bin/true a-script\n");

	/* an address in the code */
	for (int i = 0; i < 17; i++)
		syscall(SYS_umask, 022);
	mark(0);
	SAY("addresses 17 17\n");
	fclose(log_);
	return 0;
}
C
	cc -O1 -w typer.c -o typer
	printf '#! /bin/true\n' >a-script
	{
	echo "probe kernel.statement(0x$(kallsym __x64_sys_umask)).absolute { if (mine()) at++ }"
	cat <<'S'
global on, at, by
function mine:long() { return on && pid() == target() }
probe kernel.trace("sys_enter") {
	if (pid() != target() || $regs->di != 0x7e57 || $id != 157) next
	on = $regs->si
	if (!on) printf("addresses %d %d\n", at, by)
}
probe kernel.function("__x64_sys_umask") { if (mine()) by++ }
probe kernel.function("do_output_char") { if (mine()) printf("u8 %d\n", $c) }
probe kernel.function("ns_capable").return {
	if (mine() && @entry($cap) == 21 && !n++) printf("bool capable %d = %d\n", @entry($cap), $return)
}
global n
probe kernel.function("hrtimer_nanosleep") { if (mine()) {
	printf("enum hrtimer_mode %d clock %d for %d\n", $mode, $clockid, $rqtp)
	if ($mode == 1) printf("parms %s\n", $$parms)
} }
probe kernel.function("do_send_sig_info").call {
	if (!mine()) next
	if ($info->si_code == -1) printf("union %d value %d\n", $info->si_signo, $info->_sifields->_rt->_sigval->sival_int)
	else printf("enum pid_type %d signal %d\n", $type, $sig)
}
probe kernel.function("do_sigaction") {
	if (mine() && $sig == 28) printf("function pointer %x mask %x nodefer %d\n", $act->sa->sa_handler,
		$act->sa->sa_mask->sig[0], ($act->sa->sa_flags & 0x40000000) != 0)
}
probe kernel.function("vfs_write") {
	if (mine() && $count == 1) printf("function pointer %s\n", symname($file->f_op->write))
}
probe kernel.function("__do_semtimedop") {
	if (mine()) printf("array %d %d %d, %d %d %d, %d %d %d\n", $sops[0]->sem_num, $sops[0]->sem_op, $sops[0]->sem_flg,
		$sops[1]->sem_num, $sops[1]->sem_op, $sops[1]->sem_flg, $sops[2]->sem_num, $sops[2]->sem_op, $sops[2]->sem_flg)
}
probe kernel.function("call_usermodehelper_setup") {
	if (mine() && !calls++) printf("char ** %s %s %s %s\n", kernel_string($argv[0]), kernel_string($argv[1]), kernel_string($argv[3]), kernel_string($envp[0]))
}
global calls, synced
probe kernel.function("inet_listen") {
	if (mine()) printf("bit-fields %d %d %d type %d backlog %d\n", $sock->sk->__sk_common->skc_reuse,
		$sock->sk->__sk_common->skc_reuseport, $sock->sk->sk_no_check_tx, $sock->type, $backlog)
}
# the one that files have, where the compiler put the other into its caller
probe kernel.function("vfs_fsync_range").call, kernel.function("noop_fsync")? { if (mine() && !synced++) printf("loff_t %d %d datasync %d\n", $start, $end, $datasync) }
probe kernel.function("ksys_fadvise64_64") { if (mine()) printf("ksys_fadvise64_64 %d %d %d %d\n", $fd, $offset, $len, $advice) }
probe kernel.function("do_mq_open").return {
	if (mine()) printf("umode_t %s %o %d %d = %d\n", @entry(user_string($u_name)), @entry($mode), @entry($attr->mq_maxmsg), @entry($attr->mq_msgsize), $return)
}
probe kernel.function("do_setitimer") {
	if (mine()) printf("struct timespec64 %d %d %d %d %d\n", $which, $value->it_value->tv_sec, $value->it_value->tv_nsec,
		$value->it_interval->tv_sec, $value->it_interval->tv_nsec)
}
probe kernel.function("do_prlimit") { if (mine() && $new_rlim) printf("struct rlimit %d %d %d\n", $resource, $new_rlim->rlim_cur, $new_rlim->rlim_max) }
probe kernel.function("do_msgsnd") { if (mine()) printf("long do_msgsnd %d %d %d %s\n", $msqid, $mtype, $msgsz, user_string($mtext)) }
probe kernel.function("path_mount").return {
	if (mine()) printf("char * %s %s %d %s = %d\n", @entry(kernel_string($dev_name)), @entry(kernel_string($type_page)), @entry($flags),
		@entry(kernel_string($data_page)), $return)
}
probe kernel.function("__sys_sendto") { if (mine()) printf("process's memory %s %d\n", user_string_n($buff, 4), user_int32($buff + 3)) }
# a name in the C library may lie in a page that nobody has touched yet
probe kernel.function("do_sys_openat2") { if (mine() && user_string2($filename, "?") == "no-such-t") printf("int %d %s\n", $dfd, user_string($filename)) }
probe kernel.function("set_user_nice") { if (mine()) printf("int nice %d\n", $nice) }
probe kernel.function("__x64_sys_getpgid") {
	if (mine()) printf("per-CPU %d %s\n", @var("runqueues")->curr->pid, kernel_string(@cast(task_current(), "task_struct", "kernel")->comm))
}
probe kernel.trace("sched:sched_process_fork") { if (mine() && !kid) { kid = $child->pid printf("trace fork %d\n", kid) } }
probe kernel.trace("sched_process_exit") { if (on && kid == $p->pid) printf("trace exit %d %d\n", $p->pid, $p->exit_code >> 8) }
probe kernel.trace("signal:signal_generate") { if (on && pid() == kid) printf("trace signal %d to %d\n", $sig, $task->pid) }
probe kernel.trace("task:task_rename") { if (mine()) printf("trace task_rename %s\n", kernel_string($comm)) }
global kid
probe kernel.function("load_script") {
	if (on && ppid() == target() && $bprm->buf[0] == 35) printf("array of char %c%c %s %s\n", $bprm->buf[0], $bprm->buf[1],
		substr(kernel_string(&$bprm->buf[3]), 0, 9), kernel_string($bprm->filename))
}
S
	} >typer.stp
}

test_kernel_functions_have_arguments_of_every_type() {
	need kprobes
	need cc
	need root
	need pids
	write_typer
	"$stap" -g -w -c './typer said' typer.stp >seen 2>err || { cat err; false; }
	diff said seen
	note "$(wc -l <said) arguments and results"
	[ "$(wc -l <said)" -ge 31 ]
}

# A function of a module: what was sent, and how long.
test_module_functions_tell_what_was_sent() {
	need kprobes
	need ip
	need cc
	modprobe -n dummy 2>/dev/null || skip "needs the module dummy"
	modprobe dummy numdummies=1
	ip link set dummy0 up
	ip address add 10.9.9.1/24 dev dummy0
	cat >send.c <<'C'
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
int main(void)
{
	static char data[1000];
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(7777)};
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	FILE *f = fopen("said", "w");
	inet_pton(AF_INET, "10.9.9.77", &to.sin_addr);
	for (int i = 1; i <= 30; i++) {
		sendto(s, data, i * 31, 0, (void *)&to, sizeof(to));
		fprintf(f, "dummy0 %d 8 10.9.9.77 7777 = 0\n", 14 + 20 + 8 + i * 31);
	}
	/* last: the kernel drops what is sent until it has noticed the change */
	for (int i = 0; i < 2; i++) {
		int c = open("/sys/class/net/dummy0/carrier", O_WRONLY);
		write(c, i ? "1" : "0", 1);
		close(c);
		fprintf(f, "bool dummy0 %d\n", i);
	}
	fclose(f);
	return 0;
}
C
	cc -O1 -w send.c -o send
	"$stap" -w -c ./send -e '
probe kernel.function("dev_change_carrier") {
	if (pid() == target()) printf("bool %s %d\n", kernel_string($dev->name), $new_carrier)
}
probe module("dummy").function("dummy_xmit").return {
	if (pid() != target()) next
	printf("%s = %d\n", @entry(sprintf("%s %d %d %s %d", kernel_string($dev->name), $skb->len, $skb->protocol,
		ip_ntop(@cast($skb->head + $skb->network_header, "iphdr", "kernel")->daddr),
		ntohs(@cast($skb->head + $skb->transport_header, "udphdr", "kernel")->dest))), $return)
}' >seen
	diff said seen
	note "$(wc -l <said) calls"
}
