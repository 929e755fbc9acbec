# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Static marks of programs (SDT), libraries, linkage tables.

need_marks() { # builds sdt_marks with the given flags
	echo "#include <sys/sdt.h>" | cc -E - >/dev/null 2>&1 || skip "needs systemtap-sdt-dev"
	cc "$@" "$(dirname "$stap")/tests/live/sdt_marks.c" -o "$PWD/marks" || fail "cc"
}

marks_arguments() {
	"$stap" -c "$PWD/marks 2" -e '
		probe process(@1).mark("many") {
			if ($arg12 == 0)
				printf("%d %d %d %d %d %d %d %x %d %s %d\n",
					$arg1, $arg2, $arg3, $arg4, $arg5, $arg6, $arg7, $arg8,
					user_long($arg9), user_string($arg10), user_int($arg11))
		}
		probe process(@1).provider("demo").mark("mem*") {
			printf("%s:%s %d %d %d %s\n", $$provider, $$name, $arg1, $arg2, $arg3, $$vars)
		}' "$PWD/marks" >out
	expect '^-1 200 -300 60000 -70000 4000000000 -5000000000 fedcba9876543210 22 hello 7$' out
	expect '^demo:memory 44 5 42 \$arg1=0x2c \$arg2=0x5 \$arg3=0x2a$' out
	[ "$(grep -c demo:memory out)" = 2 ] || fail "$(cat out)"
}

test_mark_arguments_of_all_sizes() { need bpf; need_marks -O2; marks_arguments; }
test_mark_arguments_without_optimisation() { need bpf; need_marks -O0; marks_arguments; }
test_mark_arguments_at_fixed_addresses() { need bpf; need_marks -O2 -no-pie -fno-pie; marks_arguments; }

test_mark_semaphore_is_counted_up_and_down() {
	need bpf
	need_marks -O2
	"$stap" -c "$PWD/marks 4" -e '
		probe process(@1).mark("guarded") { printf("i=%d\n", $arg1) }' "$PWD/marks" >out
	[ "$(grep -c armed out)" = 4 ] || fail "$(cat out)"
	expect '^i=3$' out
	"$stap" -c "$PWD/marks 4" -e 'probe process(@1).mark("many") { }' "$PWD/marks" >out
	! grep armed out || fail "another mark's semaphore was raised"
}

test_mark_listing() {
	need_marks -O2
	"$stap" -L "process(\"$PWD/marks\").mark(\"*\")" >out
	expect 'marks"\).mark\("guarded"\) \$arg1:long$' out
	expect 'mark\("memory"\) \$arg1:long \$arg2:long \$arg3:long$' out
	"$stap" -l "process(\"$PWD/marks\").provider(\"d*\").mark(\"m*\")" >out
	expect 'provider\("demo"\).mark\("many"\)$' out
	[ "$(wc -l <out)" = 2 ] || fail "$(cat out)"
}

test_mark_names_of_the_probe_point() {
	need bpf
	need_marks -O2
	"$stap" -c "$PWD/marks 1" -e 'probe process(@1).mark("m*") { printf("%s|%s\n", pn(), pp()) }' "$PWD/marks" >out
	expect 'mark\("many"\)\|process\(".*"\)\.statement\(0x[0-9a-f]+\)$' out
}

# A real program's: Debian's python3 has marks with semaphores.
test_marks_of_python() {
	need bpf
	"$stap" -l 'process("/usr/bin/python3").mark("line")' 2>/dev/null | grep -q line || skip "needs a python3 with marks"
	cat >t.py <<-'EOF'
	def hello(x):
	    return x
	for i in range(3):
	    hello(i)
	EOF
	"$stap" -c "/usr/bin/python3 t.py" -e '
		probe process("/usr/bin/python3").mark("line") {
			if (user_string($arg2) == "hello") printf("%s:%d\n", user_string($arg1), $arg3)
		}' >out
	[ "$(grep -c 't.py:2' out)" = 3 ] || fail "$(cat out)"
}

# A library's, only in the program that was named.
test_marks_of_a_library() {
	need bpf
	need c++
	cat >t.cc <<-'EOF'
	#include <stdexcept>
	int main() { for (int i = 0; i < 5; i++) try { throw std::runtime_error("x"); } catch (std::exception &) {} }
	EOF
	c++ -O1 t.cc -o one && cp one two
	"$stap" -l "process(\"$PWD/one\").library(\"libstdc*\").mark(\"throw\")" >out
	expect 'one"\)\.library\(".*libstdc.*"\)\.mark\("throw"\)' out
	"$stap" -c 'sh -c "./one; ./two"' -e '
		global n
		probe process(@1).library("libstdc++.so.6").mark("throw") { n[execname()]++ }
		probe end { foreach (k in n) printf("%s=%d\n", k, n[k]) }' "$PWD/one" >out
	[ "$(cat out)" = one=5 ] || fail "$(cat out)"
}

test_function_of_a_library_of_one_program() {
	need bpf
	cat >t.c <<-'EOF'
	#include <stdio.h>
	int main(void) { for (int i = 0; i < 3; i++) puts("x"); }
	EOF
	cc t.c -fno-builtin -o one && cp one two
	"$stap" -c 'sh -c "./two; ./one"' -e '
		global n
		probe process(@1).library("libc.so.6").function("puts") { n[execname()]++ }
		probe end { foreach (k in n) printf("%s=%d\n", k, n[k]) }' "$PWD/one" >out
	expect '^one=3$' out
	! grep two out || fail "$(cat out)"
}

# Marks carry no types: the script says them, by the program's debug information.
test_mark_argument_with_a_type() {
	need bpf
	need_marks -O2 -g
	"$stap" -c "$PWD/marks 1" -e '
		probe process(@1).mark("many") { printf("%d %d\n", @cast($arg11, "spot")->y, @cast($arg11, "spot")->x) }' "$PWD/marks" >out
	expect '^-9 7$' out
}
