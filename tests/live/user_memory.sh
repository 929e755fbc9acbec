# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Memory of processes: pages that are absent.

# Maps pages of a file that nobody has touched, in the process or its child, and
# hands out pointers into them: a number, a text across two pages, one at the
# very end of the mapping, one behind it.
build_absent() {
	cat >absent.c <<-'EOF'
	#include <fcntl.h>
	#include <stdio.h>
	#include <string.h>
	#include <sys/mman.h>
	#include <sys/wait.h>
	#include <unistd.h>
	struct item { long number; const char *text; };
	__attribute__((noinline)) void look(struct item *it, const char *across, const char *last, const char *beyond)
	{ __asm__ volatile("" : : "r"(it), "r"(across), "r"(last), "r"(beyond) : "memory"); }
	static char page[4096];
	int main(int argc, char **argv)
	{
		int fd = open("pages", O_RDWR | O_CREAT | O_TRUNC, 0600);
		for (int i = 0; i < 4; i++) write(fd, page, 4096);
		char *m = mmap(0, 5 * 4096, PROT_READ, MAP_PRIVATE, fd, 0);
		mprotect(m + 4 * 4096, 4096, PROT_NONE);
		struct item it = {4711, m + 100};
		pwrite(fd, &it, sizeof(it), 64);
		pwrite(fd, "a text", 6, 100);
		pwrite(fd, "from one page to the next", 25, 2 * 4096 - 10);
		pwrite(fd, "end", 3, 4 * 4096 - 4);
		if (argc > 1 && fork()) { wait(0); return 0; }
		madvise(m, 4 * 4096, MADV_DONTNEED);
		look((void *)(m + 64), m + 2 * 4096 - 10, m + 4 * 4096 - 4, m + 4 * 4096 + 1);
		return 0;
	}
	EOF
	cc -g "$1" absent.c -o absent || fail "cc"
}

# shellcheck disable=SC2016
read_absent() {
	"$stap" -c "$PWD/absent $*" -e '
		probe process(@1).function("look") {
			printf("%d|%s|%s|%s\n", $it->number, user_string($it->text), user_string($across), user_string($last))
			try { println(user_string($beyond)) } catch (e) { println(e) }
			try { println(user_long_error($beyond)) } catch { println("fault") }
			println($it$)
		}' "$PWD/absent" >out
	expect '^4711\|a text\|from one page to the next\|end$' out
	expect '^user string copy fault' out
	expect '^fault$' out
	expect '^\{.number=4711, .text="a text"\}$' out
}

test_absent_pages_of_a_file() { need bpf; need sleepable; build_absent -O0; read_absent; }
test_absent_pages_of_a_child() { need bpf; need sleepable; build_absent -O2; read_absent fork; }

# The first thing that a child of fork() does: its page tables are empty.
test_strings_right_after_a_fork() {
	need bpf
	need sleepable
	build_absent -O2
	cat >forks.c <<-'EOF'
	#include <stdlib.h>
	#include <string.h>
	#include <sys/mman.h>
	#include <sys/wait.h>
	#include <unistd.h>
	__attribute__((noinline)) void child(const char *s) { __asm__ volatile("" : : "r"(s) : "memory"); }
	int main(void)
	{
		char *m = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		strcpy(m, "of the parent");
		for (int i = 0; i < 200; i++)
			if (!fork()) { child(m); _exit(0); }
		while (wait(0) > 0) ;
	}
	EOF
	cc -O1 forks.c -o forks
	"$stap" -DMAXTRYLOCK=1000000 -c "$PWD/forks" -e '
		global n
		probe process(@1).function("child") { n[user_string(pointer_arg(1))]++ }
		probe end { foreach (s in n) printf("%s %d\n", s, n[s]) }' "$PWD/forks" >out
	expect '^of the parent 200$' out
}

# Guru mode: the program goes on with what the script wrote.
test_memory_of_a_process_is_written() {
	need write-user
	cat >w.c <<-'EOF2'
	#include <stdio.h>
	struct s { int a; unsigned short b; char n[16]; struct s *next; };
	int g = 5;
	__attribute__((noinline)) int f(struct s *p, int x)
	{ __asm__ volatile("" ::: "memory"); return p->a + x; }
	int main(void)
	{
		struct s q = {.a = 1, .b = 3, .n = "hello"};
		q.next = &q;
		int r = f(&q, 2);
		printf("%d %d %d %s %d %d\n", r, q.a, q.b, q.n, g, q.next == 0);
		return 0;
	}
	EOF2
	cc -g -O0 w.c -o w
	"$stap" -g -c "$PWD/w" -e '
		probe process(@1).function("f") {
			x = $p->a = 40
			$x += 2
			y = $p->b++
			@var("g")++
			set_user_string(&$p->n, "goodbye")
			set_user_pointer(&$p->next, 0)
			printf("%d %d %d\n", x, y, $x)
			try { set_user_long(0x10, 1) } catch (e) { println(e) }
			set_user_string_arg(0x10, "a")
		}' "$PWD/w" >out 2>err
	expect '^44 40 4 goodbye 6 1$' out
	expect '^40 3 4$' out
	expect '^write fault \[man error::fault\] at 0x0*10' out
	expect '^WARNING: write fault' err
	fails "$stap" -g -p2 -e 'probe process(@1).function("f").return { $return = 3 }' "$PWD/w" 2>err
	expect 'cannot be modified after the function' err
}

# The seventh argument of a function is in memory; registers are not written.
test_arguments_are_written() {
	need bpf
	cat >args.c <<-'EOF2'
	#include <stdio.h>
	__attribute__((noinline)) void show(int a, int b, int c, int d, int e, int f, long g, int h)
	{ printf("%d %ld %d\n", a, g, h); }
	int main(void) { show(1, 2, 3, 4, 5, 6, 7, 8); return 0; }
	EOF2
	cc -O1 args.c -o args
	fails "$stap" -p2 -e 'probe process("./args").function("show") { set_long_arg(7, 70) }' 2>err
	expect 'guru-function' err
	need write-user
	"$stap" -g -c ./args -e 'probe process("./args").function("show") {
		set_long_arg(7, -70) set_int_arg(8, 80)
		try { set_int_arg(1, 10) } catch (m) { println(m) }
	}' >out
	expect '^1 -70 80$' out
	expect '^cannot set arg\(1\): it is in a register, which BPF programs do not change$' out
}
