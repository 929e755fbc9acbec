# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Programs: functions by ELF symbol.

test_function_calls_and_returns() {
	need bpf
	hasher=$OLDPWD/build/block_hasher
	[ -x "$hasher" ] || hasher=$(dirname "$stap")/build/block_hasher
	head -c 65536 /dev/zero >data
	"$stap" -c "$hasher -d data -b 512 -t 5 -n 10" -e '
		global calls, returns
		probe process(@1).function("thread_func") { calls++ }
		probe process(@1).function("thread_func").return { returns++ }
		probe end { printf("%d %d\n", calls, returns) }' "$hasher" >out
	expect '^5 5$' out
}

test_call_graph_nests() {
	need bpf
	hasher=$(dirname "$stap")/build/block_hasher
	head -c 65536 /dev/zero >data
	"$stap" -c "$hasher -d data -b 512 -t 2 -n 10" "$(dirname "$stap")/examples/callgraph.stp" "$hasher" 'bdev_*' >out
	expect 'block_hasher\([0-9]+\):->bdev_open' out
	expect 'block_hasher\([0-9]+\):<-bdev_open' out
	expect 'block_hasher\([0-9]+\):->bdev_close' out
}

# Each thread's entries and returns nest by themselves, none is lost; _start
# alone does not return.
test_call_graph_nests_in_each_of_ten_threads() {
	need bpf
	hasher=$(dirname "$stap")/build/block_hasher
	head -c 65536 /dev/zero >data
	# a guest's CPU may be taken away while the array of depths is held
	"$stap" -DMAXTRYLOCK=1000000 -c "sh -c '$hasher -d data -b 512 -t 10 -n 2 >hashed'" \
		"$(dirname "$stap")/examples/callgraph.stp" "$hasher" '*' >out
	expect '^10 threads' hashed
	cat >nest.awk <<-'EOF2'
	{
		match($0, /\([0-9]+\): */)
		tid = substr($0, RSTART + 1); sub(/\).*/, "", tid)
		rest = substr($0, RSTART); sub(/^\([0-9]+\):/, "", rest)
		indent = match(rest, /[-<]/) - 1
		name = substr(rest, indent + 3); sub(/ .*/, "", name)
		if (rest ~ /^ *->/) {
			if (indent != depth[tid]) { print "indented by " indent ", " depth[tid] " deep: " $0; bad++ }
			open[tid, depth[tid]++] = name
			entries++
		} else {
			if (indent != --depth[tid] || open[tid, depth[tid]] != name) { print "return from " open[tid, depth[tid]] ", depth " depth[tid] ": " $0; bad++ }
			returns++
		}
		if (name == "thread_func") threads[tid]++
	}
	END { for (t in threads) n++; print entries - returns, n, bad + 0, (entries > 100) }
	EOF2
	awk -f nest.awk out >nested
	expect '^1 10 0 1$' nested
}

# Handlers see the numbers of the initial PID namespace, the session those of
# its own: -c and -x must still mean the same process.
test_targets_are_found_in_a_pid_namespace() {
	need bpf
	need root
	unshare -pmf --mount-proc true 2>/dev/null || skip "needs PID namespaces"
	cat >count.stp <<-'STP'
	global n
	probe kernel.trace("sys_enter") { if (pid() == target()) { n++ exit() } }
	probe end { printf("%d\n", n > 0) }
	STP
	unshare -pmf --mount-proc "$stap" -c 'true' count.stp >out
	expect '^1$' out
	# the namespace ends, and all that runs in it, with its first process
	unshare -pmf --mount-proc sh -c '
		(while :; do kill -0 1; done) &
		"$0" -T 60 -x $! count.stp' "$stap" >out
	expect '^1$' out
	unshare -pmf --mount-proc sh -c '
		(while :; do kill -0 1; done) &
		"$0" -T 60 -e "global n probe process($!).syscall { n++ exit() }
			probe end { println(n > 0) }"' "$stap" >out
	expect '^1$' out
}

# A line without code stands for the next one that has some.
test_the_nearest_line_with_code() {
	need bpf
	printf 'int sink;\nint main(int argc, char **argv)\n{\n\tsink = argc;\n\n\t/* nothing */\n\n\tsink += 2;\n\treturn 0;\n}\n' >n.c
	cc -g -O0 n.c -o n
	fails "$stap" -l "process(\"$PWD/n\").statement(\"main@n.c:6\")" 2>err
	"$stap" -l "process(\"$PWD/n\").statement(\"main@n.c:6\").nearest" >out
	expect 'statement\("main@.*/n.c:8"\).nearest$' out
	"$stap" -c "$PWD/n" -e 'probe process(@1).statement("main@n.c:6").nearest { printf("%d %d\n", $argc, $sink) }' "$PWD/n" >out
	expect '^1 1$' out
}

# Link-time optimisation and dwz put bodies of one unit's functions into another.
test_inlined_bodies_in_other_units() {
	need gcc
	printf 'volatile int sink;\nint shared(int x)\n{\n\tsink += x;\n\treturn x * 3;\n}\n' >a.c
	printf 'int shared(int);\nint main(int argc, char **argv)\n{\n\treturn shared(argc) + shared(argc * 2);\n}\n' >b.c
	gcc -g -O2 -flto a.c b.c -o lto
	nm lto | grep -q ' shared$' && skip "needs gcc to inline across files"
	"$stap" -L "process(\"$PWD/lto\").function(\"shared\").inline" >out
	expect 'function\("shared@.*/a.c:2"\).inline \$x:int$' out
	readelf --debug-dump=abbrev lto | grep -q 'abstract_origin.*ref_addr' ||
		fail "no reference leads out of its unit"
	"$stap" -p2 -e "probe process(\"$PWD/lto\").function(\"shared\") { println(\$x) }" >out
	[ "$(grep -c '^process' out)" = 2 ] || fail "$(cat out)"
}

# An address stands for what holds it; .call and .return for the function.
test_functions_by_address() {
	need gcc
	cat >at.c <<-'C'
	volatile int sink;
	static inline __attribute__((always_inline)) int inl(int x) { sink += x; return x * 3; }
	__attribute__((noinline)) int mid(int y) { sink = y; y = inl(y + 1); sink++; return y; }
	int main(int argc, char **argv) { return mid(argc); }
	C
	gcc -g -O1 at.c -o at
	mid=0x$(nm at | awk '$3 == "mid" { print $1 }') mid=$(printf '%#x' "$mid")
	in=$(objdump -d --no-show-raw-insn at | awk '/<mid>:/ { f = 1 } f && /add .*\$0x1/ { print "0x" $1; exit }' | tr -d :)
	p="process(\"$PWD/at\")"
	"$stap" -L "$p.function($((mid + 1)))" >out
	expect "^process.*function\($mid\) .*y:int" out
	"$stap" -L "$p.function($((mid + 1))).return" >out
	expect "^process.*function\($mid\).return \\\$return:int" out
	"$stap" -L "$p.function($((in + 4))).inline" >out
	expect '^process.*function\(0x[0-9a-f]*\).inline \$x:int' out
	"$stap" -l "$p.function($((in + 4))).call" >out
	expect "function\($mid\).call" out
	fails "$stap" -l "$p.function($mid).inline"
}

# Types are spelled as SystemTap spells them.
test_types_of_listed_variables() {
	need cc
	cat >types.c <<-'C'
	typedef int fn(int);
	struct s { int a; };
	volatile int sink;
	int f(int n)
	{
		int a2[3][4] = {{n}}; int (*af[2])(int) = {0}; int (*const cf)(int) = 0; int (*volatile *vf)(int) = 0; fn **tff = 0;
		int (*up)() = 0; int (*(*ff)(int))(char) = 0; void (*v1)(int, ...) = 0; int (*pa2)[3][4] = &a2;
		struct s *(*sf)(struct s *, const char *, unsigned long) = 0; int (*(*paf)[2])(int) = &af;
		const int *const *pc = 0; int *ap[3] = {0}; int (*pm[2][3])(void) = {0}; int *restrict r = 0;
		return sink = n;
	}
	int main(int argc, char **argv) { return f(argc); }
	C
	cc -g -O0 types.c -o types
	"$stap" -L "process(\"$PWD/types\").statement(\"f@types.c:10\")" |
		sed 's/ \$/\n$/g' | sed 1d >out
	cat >want <<-'END'
	$n:int
	$a2:int[]
	$af:int (*[]) (int)
	$cf:int (* const) (int)
	$vf:int (* volatile*) (int)
	$tff:fn**
	$up:int (*) (...)
	$ff:int (*) (char) (*) (int)
	$v1:void (*) (int, ...)
	$pa2:int[]*
	$sf:struct s* (*) (struct s*, char const*, long unsigned int)
	$paf:int (*[]*) (int)
	$pc:int const* const*
	$ap:int*[]
	$pm:int (*[]) (void)
	$r:int* restrict
	END
	diff want out
}

# What a function was entered with is known through one that jumps to it: a
# thunk of a virtual function.
test_entry_values_through_a_thunk() {
	need bpf
	need g++
	cat >thunk.cc <<-'C'
	volatile long sink;
	struct A { virtual long f(int k) { return k; } long a = 1; };
	struct B { virtual long g(int k) { return k; } long b = 2; };
	struct C : A, B {
		__attribute__((noinline)) long g(int k) override
		{
			sink = b * k + a;
			sink++; /* here */
			return sink;
		}
	};
	__attribute__((noinline, noclone)) long via(B *b, int k) { return b->g(k) + 1; }
	int main() { C *c = new C; return via(c, 7) == 0; }
	C
	g++ -g -O2 -gdwarf-4 thunk.cc -o thunk
	nm -C thunk | grep -q 'thunk to C::g' || skip "needs g++ to make a thunk"
	"$stap" -l "process(\"$PWD/thunk\").function(\"C::g\")" >out
	[ "$(wc -l <out)" = 1 ] || fail "$(cat out)"
	expect 'function\("C::g@.*/thunk.cc:5"\)$' out
	"$stap" -l "process(\"$PWD/thunk\").function(\"*g*\")" >out
	expect 'function\("_ZThn[0-9]*_N1C1gEi"\)$' out
	expect 'function\("g@.*/thunk.cc:5"\)$' out
	"$stap" -c ./thunk -e 'probe process(@1).statement("C::g@thunk.cc:8") {
		if (@defined($k)) printf("%d\n", $k); else println("gone")
	}' ./thunk >out
	expect '^(7|gone)$' out
}

# Go programs keep a table of their functions when they are stripped.
test_stripped_go_programs() {
	need bpf
	need go
	mkdir -p go && cat >go/m.go <<-'GO'
	package main

	//go:noinline
	func add(a int, b int) int { return a + b }

	//go:noinline
	func worker(n int, c chan int) { c <- add(n, 7) }

	func main() {
		c := make(chan int)
		go worker(1, c)
		println(<-c)
	}
	GO
	HOME=$PWD GOFLAGS=-mod=mod go build -ldflags='-s -w' -o stripped go/m.go ||
		skip "needs go to build"
	"$stap" -l "process(\"$PWD/stripped\").function(\"main.*\")" >out
	expect 'function\("main.add"\)$' out
	expect 'function\("main.worker"\)$' out
	"$stap" -c ./stripped -e 'probe process(@1).function("main.add") {
		println(probefunc(), " ", usymname(uaddr()))
		print_ubacktrace()
	}' ./stripped >out 2>/dev/null
	expect '^main.add main.add$' out
	expect ' : main.worker\+' out
	expect ' : runtime.goexit' out
}

# C only declares it: there is no place in the debug information, but a symbol.
test_variables_that_assembly_defines() {
	need bpf
	need cc
	cat >asm.s <<'S'
	.globl from_asm
	.data
from_asm: .long 4711
	.size from_asm, 4
	.type from_asm, @object
	.section .note.GNU-stack
S
	cat >p.c <<'C'
extern int from_asm, nowhere;
__attribute__((noinline)) int f(int x) { return x + from_asm; }
int main(int argc, char **argv)
{
	(void)argv;
	return f(argc) != 4712 && nowhere;
}
C
	cc -g -O2 -c p.c && cc -c asm.s
	for pie in -pie -no-pie; do
		cc $pie -Wl,--unresolved-symbols=ignore-all p.o asm.o -o p
		"$stap" -c ./p -e 'probe process("./p").function("f") {
			println(@var("from_asm"), " ", @defined(@var("nowhere"))) }' >out
		[ "$(cat out)" = '4711 0' ]
	done
}
