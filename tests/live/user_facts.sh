# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What handlers say of the process that hit them, against what that process
# says of itself: one line a function, "name value", and the two must be equal.

facts_program() {
	cat >facts.c <<-'EOF2'
	#define _GNU_SOURCE
	#include <dlfcn.h>
	#include <pthread.h>
	#include <sched.h>
	#include <stdio.h>
	#include <stdlib.h>
	#include <string.h>
	#include <sys/prctl.h>
	#include <sys/syscall.h>
	#include <sys/wait.h>
	#include <unistd.h>

	/* More arguments than registers, each of its own width and sign. */
	__attribute__((noinline)) long args(int a, unsigned b, long c, unsigned long d, long long e,
		unsigned long long f, const char *g, int h, unsigned i, short j)
	{
		__asm__ volatile("" ::: "memory");
		return a + b + c + d + e + f + (g != 0) + h + i + j;
	}

	__attribute__((noinline)) void hit(void *caller) { __asm__ volatile("" :: "r"(caller) : "memory"); }

	static void *in_thread(void *unused)
	{
		char comm[17] = "", line[4096] = "", path[64], *word;
		cpu_set_t one;
		FILE *f;
		size_t n, at;
		int cpu = (int)sysconf(_SC_NPROCESSORS_ONLN) - 1;

		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
		prctl(PR_SET_NAME, "facts-thread");
		sprintf(path, "/proc/%d/comm", getppid());
		f = fopen(path, "r");
		fgets(comm, sizeof(comm), f);
		fclose(f);
		comm[strcspn(comm, "\n")] = 0;
		printf("pid %d\ntid %d\nppid %d\npgrp %d\nsid %d\n", getpid(), (int)syscall(SYS_gettid), getppid(), getpgrp(), getsid(0));
		printf("uid %d\neuid %d\ngid %d\negid %d\n", getuid(), geteuid(), getgid(), getegid());
		printf("execname facts-thread\npexecname %s\ncpu %d\n", comm, cpu);
		printf("task_pid %d\ntask_tid %d\ntask_uid %d\ntask_euid %d\ntask_gid %d\ntask_egid %d\ntask_cpu %d\ntask_execname facts-thread\n",
			getpid(), (int)syscall(SYS_gettid), getuid(), geteuid(), getgid(), getegid(), cpu);
		f = fopen("/proc/self/cmdline", "r");
		n = fread(line, 1, sizeof(line) - 1, f);
		fclose(f);
		printf("cmdline_str");
		for (word = line; word < line + n; word += strlen(word) + 1)
			printf(" %s", word);
		printf("\n");
		for (word = line, at = 0; word < line + n; word += strlen(word) + 1)
			printf("cmdline_arg %zu %s\n", at++, word);
		printf("env_var FACT %s\nenv_var EMPTY %s|\nenv_var NONE |\n", getenv("FACT"), getenv("EMPTY"));
		printf("usymname hit\nuaddr %d\ncaller 1\numodname %s\nuser_mode 1\nis_return 0\nprobefunc hit\nppfunc hit\nis_myproc 0\n", 1,
			getenv("FACTS"));
		printf("registers_valid 1\n");
		fflush(stdout);
		hit((void *)hit);
		printf("int_arg -1\nuint_arg 4294967295\nlong_arg -3\nulong_arg 18446744073709551612\nlonglong_arg -5\nulonglong_arg 6\n");
		printf("s32_arg -1\nu32_arg 4294967295\ns64_arg -3\nu64_arg 18446744073709551612\npointer_arg text\nint_arg8 -8\nuint_arg9 4294967287\nint_arg10 -10\n");
		fflush(stdout);
		args(-1, -1, -3, -4, -5, 6, "text", -8, -9, -10);
		return 0;
	}

	int main(int argc, char **argv)
	{
		pthread_t t;

		if (argc > 1 && !strcmp(argv[1], "outer")) {
			argv[1] = (char *)"inner process";
			prctl(PR_SET_NAME, "facts-parent");
			if (!fork()) {
				setsid();
				if (!fork()) {
					setpgid(0, 0);
					if (!getuid() && (setresgid(4001, 4002, 4001) || setresuid(3001, 3002, 3001)))
						return 1;
					execv(argv[0], argv);
				}
			}
			while (wait(0) > 0)
				;
			return 0;
		}
		pthread_create(&t, 0, in_thread, 0);
		pthread_join(t, 0);
		return 0;
	}
	EOF2
	cc -g -O1 "$@" facts.c -o facts -lpthread -ldl
}

test_facts_of_the_process_that_hits() {
	need bpf
	need pids
	need cc
	facts_program || fail "cc"
	chmod 755 . facts
	# by a relative path: another user may not search the directory
	FACTS=$PWD/facts FACT='two words' EMPTY='' "$stap" -c "./facts outer 'a b' last" -o told -e '
		probe process(@1).function("hit") {
			t = task_current()
			printf("pid %d\ntid %d\nppid %d\npgrp %d\nsid %d\n", pid(), tid(), ppid(), pgrp(), sid())
			printf("uid %d\neuid %d\ngid %d\negid %d\n", uid(), euid(), gid(), egid())
			printf("execname %s\npexecname %s\ncpu %d\n", execname(), pexecname(), cpu())
			printf("task_pid %d\ntask_tid %d\ntask_uid %d\ntask_euid %d\ntask_gid %d\ntask_egid %d\ntask_cpu %d\ntask_execname %s\n",
				task_pid(t), task_tid(t), task_uid(t), task_euid(t), task_gid(t), task_egid(t), task_cpu(t), task_execname(t))
			printf("cmdline_str %s\n", cmdline_str())
			for (i = 0; i < 4; i++) printf("cmdline_arg %d %s\n", i, cmdline_arg(i))
			printf("env_var FACT %s\nenv_var EMPTY %s|\nenv_var NONE %s|\n", env_var("FACT"), env_var("EMPTY"), env_var("NONE"))
			a = uaddr()
			printf("usymname %s\nuaddr %d\n", usymname(a), a == pointer_arg(1) && a == register("rip") && a == ustack(0))
			printf("caller %d\numodname %s\nuser_mode %d\nis_return %d\nprobefunc %s\nppfunc %s\nis_myproc %d\n",
				usymname(ustack(1)) == "in_thread", umodname(a), user_mode(), is_return(), probefunc(), ppfunc(), is_myproc())
			printf("registers_valid %d\n", registers_valid())
		}
		probe process(@1).function("args").call {
			printf("int_arg %d\nuint_arg %d\nlong_arg %d\nulong_arg %u\nlonglong_arg %d\nulonglong_arg %u\n",
				int_arg(1), uint_arg(2), long_arg(3), ulong_arg(4), longlong_arg(5), ulonglong_arg(6))
			printf("s32_arg %d\nu32_arg %d\ns64_arg %d\nu64_arg %u\npointer_arg %s\nint_arg8 %d\nuint_arg9 %d\nint_arg10 %d\n",
				s32_arg(1), u32_arg(2), s64_arg(3), u64_arg(4), user_string(pointer_arg(7)), int_arg(8), uint_arg(9), int_arg(10))
		}' "$PWD/facts" >knows 2>err || fail "$(cat err)"
	[ -s knows ] || fail "the program did not run"
	diff knows told || fail "differs from what the process says"
}
