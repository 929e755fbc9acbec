// SPDX-License-Identifier: GPL-2.0-or-later
/* System calls whose arguments tests/live/syscalls.sh knows. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
	struct sockaddr_in in = {AF_INET, htons(80), {htonl(0x7f000001)}, {0}};
	struct timespec ts = {0, 1000};
	/* a text that no one has read yet may not be in memory */
	int fd = access("/dev/null", F_OK);

	fd = (int)syscall(SYS_openat, AT_FDCWD, "/dev/null",
			  O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	syscall(SYS_openat, AT_FDCWD, "/no\"where\n", O_RDONLY);
	syscall(SYS_write, fd, "hello\nworld", 11L);
	syscall(SYS_pwrite64, fd, "abc", 3L, 7L);
	syscall(SYS_lseek, -1, -5L, SEEK_CUR);
	syscall(SYS_faccessat, AT_FDCWD, "/etc", R_OK | W_OK);
	syscall(SYS_mprotect, 0x1000L, 4096L, PROT_READ | PROT_EXEC);
	syscall(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	syscall(SYS_connect, 99, &in, sizeof(in));
	syscall(SYS_sendto, 99, "hi", 2L, MSG_DONTWAIT | MSG_NOSIGNAL, 0L, 0);
	syscall(SYS_kill, getpid(), 0);
	syscall(SYS_nanosleep, &ts, 0L);
	syscall(SYS_dup3, fd, 51, O_CLOEXEC);
	syscall(SYS_unlinkat, AT_FDCWD, "/nofile", AT_REMOVEDIR);
	syscall(SYS_mknodat, AT_FDCWD, "/nodir/x", S_IFIFO | 0644, 0);
	syscall(SYS_umask, 022);
	syscall(SYS_sched_setscheduler, 0, SCHED_BATCH, 0L);
	syscall(SYS_futex, &ts, 129, 1, 0L, 0L, 0);
	syscall(SYS_close, 99);
	return 0;
}
