# SPDX-License-Identifier: GPL-2.0-or-later
# Scripts with many handlers, which share programs (src/ebpf/group.c).

many_programs() { # script, options...: how many programs it is
	"$stap" -p4 -w -m many "$@" >/dev/null
	readelf -sW many.bpf.o | grep -cE ' (probes|probe)_[0-9]+$'
}

test_many_begin_probes() {
	need bpf
	awk 'BEGIN {
		print "global n, a"
		for (i = 0; i < 300; i++)
			printf "probe begin(%d) { printf(\"%%d\\n\", %d) n += %d; a[%d] = n }\n", i, i, i, i
		# loops, functions, errors and timers among them
		print "function f(x) { return x ? x + f(x - 1) : 0 }"
		print "probe begin(301) { for (i = 0; i < 10; i++) s += i; printf(\"loop %d\\n\", s) }"
		print "probe begin(302) { printf(\"call %d\\n\", f(4)) }"
		print "probe begin(303) { try { error(\"x\") } catch (m) { println(m) } }"
		print "probe timer.ms(10) { printf(\"timer\\n\") exit() }"
		print "probe end { printf(\"sum %d %d\\n\", n, a[299]) }"
	}' >many.stp
	[ "$(many_programs many.stp)" -lt 60 ] || fail "too many programs"
	"$stap" -w many.stp >out
	{ seq 0 299; printf '%s\n' 'loop 45' 'call 10' x timer 'sum 44850 44850'; } >want
	diff want out
}

test_many_functions_with_handlers_of_their_own() {
	need bpf
	need gcc
	awk 'BEGIN {
		for (i = 0; i < 100; i++)
			printf "__attribute__((noinline, noclone)) int f%d(int a) { __asm__ volatile(\"\"); return a + %d; }\n", i, i
		print "int main(void) { int s = 0;"
		for (i = 0; i < 100; i++)
			printf "s += f%d(s); if (%d %% 7 == 0) s += f%d(1);\n", i, i, i
		print "return s == 1; }"
	}' >many.c
	gcc -g -O1 -o many many.c
	awk -v p="$PWD/many" 'BEGIN {
		print "global c, r, a"
		for (i = 0; i < 100; i++)
			printf "probe process(\"%s\").function(\"f%d\") { c[%d] += 1 + %d - %d }\n", p, i, i, i, i
		for (i = 0; i < 100; i += 5)
			printf "probe process(\"%s\").function(\"f%d\").return { r += %d }\n", p, i, i + 1
		# the number of the place and its arguments
		printf "probe process(\"%s\").function(\"f9*\") { a[ppfunc()] += $a == 1 }\n", p
		print "probe end { for (i = 0; i < 100; i++) if (c[i] != 1 + (i % 7 == 0)) printf(\"wrong %d %d\\n\", i, c[i])"
		print "printf(\"%d %d %d\\n\", r, a[\"f91\"], a[\"f98\"]) }"
	}' >many.stp
	[ "$(many_programs many.stp)" -lt 60 ] || fail "too many programs"
	"$stap" -w -DMAXACTION=100000 -c ./many many.stp >out
	[ "$(cat out)" = "1078 1 1" ] || { cat out; fail "other counts"; }
}
