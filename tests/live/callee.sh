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

# As SystemTap lists them: with the caller, bodies inlined there among them,
# which count when their function was called so.
test_inlined_callees_are_callees() {
	need bpf
	need gcc
	cat >inl.c <<-'C'
	volatile int sink;
	#define KEEP __attribute__((noinline, noclone))
	static inline __attribute__((always_inline)) int inl(int x) { sink += x; return x * 3; }
	KEEP int leaf(int x) { sink += x; return x + 1; }
	KEEP int mid(int x) { int r = leaf(x) + inl(x); sink += r; return r; }
	KEEP int other(int x) { int r = mid(x) + 1; sink += r; return r; }
	int main(void) { return mid(1) + inl(2) + other(3) == 0; }
	C
	gcc -g -O1 inl.c -o inl
	at="process(\"$PWD/inl\").function"
	"$stap" -l 'process("./inl").function("main").callees(2)' | sed "s,@$PWD/inl.c,,g" >out
	cat >want <<-END
	$at("main:7").callee("inl:3")
	$at("main:7").callee("mid:5")
	$at("main:7").callee("other:6")
	$at("mid:5").callee("inl:3")
	$at("mid:5").callee("leaf:4")
	$at("other:6").callee("mid:5")
	END
	diff want out
	"$stap" -c ./inl -e 'probe process(@1).function("main").callees(2) {
		printf("%s %d\n", pn(), $x)
	}' ./inl | sed 's/.*callee("\([a-z]*\)@[^"]*")/\1/' | sort >out
	# in mid when main has called that, but not when other has
	printf '%s\n' 'inl 1' 'inl 2' 'leaf 1' 'mid 1' 'mid 3' 'other 3' >want
	diff want out
}
