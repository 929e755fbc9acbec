# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Functions when they are called by one function: .callee() and .callees().

callee_program() { # -O level
	cat >calls.c <<-'C'
	volatile int sink;
	#define KEEP __attribute__((noinline, noclone))
	KEEP int leaf(int x) { sink += x; return x + 1; }
	KEEP int other(int x) { sink += x; return leaf(x * 2) + 1; }
	KEEP int foo(int a) { int r = leaf(a) + other(a); sink += r; return r; }
	int main(void)
	{
		for (int i = 0; i < 3; i++) {
			foo(i);
			leaf(100 + i);
			other(50);
		}
		return 0;
	}
	C
	gcc -g "-O$1" calls.c -o calls
}

test_callees_are_seen_from_their_caller_only() {
	need bpf
	need gcc
	callee_program 2
	cat >calls.stp <<-'STP'
	probe process(@1).function("foo").callee("leaf") { printf("leaf %d\n", $x) }
	probe process(@1).function("foo").callee("l*").return { printf("return %d\n", $return) }
	probe process(@1).function("foo").callees.call { printf("direct %s\n", probefunc()) }
	probe process(@1).function("foo").callees(2) { printf("deep %s\n", probefunc()) }
	probe process(@1).function("nothing").callee("leaf") ? { println("never") }
	STP
	"$stap" -c ./calls calls.stp ./calls | sort | uniq -c | sed 's/^ *//' >out
	cat >want <<-'END'
	3 deep leaf
	3 deep other
	3 direct leaf
	3 direct other
	1 leaf 0
	1 leaf 1
	1 leaf 2
	1 return 1
	1 return 2
	1 return 3
	END
	# leaf is called by foo, and by other when foo has called that
	sed -i 's/^3 deep leaf/6 deep leaf/' want
	diff <(sort want) <(sort out)
}

test_calls_that_are_not_listed_are_an_error() {
	need gcc
	callee_program 0
	fails "$stap" -p2 -e 'probe process("./calls").function("foo").callee("leaf") {}' 2>err
	expect 'the debug information lists no such call \[probe-point-unavailable\]' err
	expect 'remedy: compilers list calls from -O1 on' err
}
