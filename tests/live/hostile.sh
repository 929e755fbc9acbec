# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Files that lie and programs that misbehave: a clear error or a right answer,
# no crash, no hang, nothing left attached.

hostile_source() {
	cat >h.c <<-'C'
	#include <stdint.h>
	typedef int number;
	typedef struct pair { number a; struct pair *next; } pair;
	volatile int sink;
	static inline __attribute__((always_inline)) int twice(pair *p)
	{
		number local = p->a * 2;
		sink = local;
		return local;
	}
	__attribute__((noinline)) int f(pair *p, number n)
	{
		return twice(p) + twice(p->next ? p->next : p) + n;
	}
	int main(void)
	{
		pair q = {3, 0};
		sink = f(&q, 4);
		return 0;
	}
	C
}
hostile_program() {
	hostile_source
	gcc -g -O2 h.c -o h
}

# Asks for everything in a file. Any answer, but no crash and no hang; text
# goes to out.
survives() { # file
	local q rc
	: >out
	for q in 'function("*")' 'statement("*@h.c:*")' \
		'function("*").inline' 'function("f").callees(3)'; do
		rc=0
		timeout 20 "$stap" -L "process(\"$1\").$q" >>out 2>&1 || rc=$?
		[ $rc -le 1 ] || fail "$q: exit status $rc"
	done
	rc=0
	timeout 20 "$stap" -p3 -e "probe process(\"$1\").function(\"f\") {
		print(\$\$vars\$\$); print(\$p->next->a); print(@var(\"sink\")) }
		probe process(\"$1\").statement(\"*@h.c:*\") { print(\$\$vars\$) }" \
		>/dev/null 2>>out || rc=$?
	[ $rc -le 1 ] || fail "variables: exit status $rc"
}
# place N bytes of value V at an offset of a file
poke() { # file offset hex...
	local f=$1 off=$2
	shift 2
	printf "$(printf '\\x%s' "$@")" |
		dd of="$f" bs=1 seek="$off" conv=notrunc status=none
}
# "offset size" of a section in the file
section() { # file name
	local off size
	read -r off size < <(readelf -SW "$1" | sed 's/^ *\[ *[0-9]*\]//' |
		awk -v n="$2" '$1 == n { print $4, $5 }')
	[ "$off" ] || fail "$1 has no $2"
	echo $((16#$off)) $((16#$size))
}
scribble() { # file section: every 7th byte
	local off size i
	read -r off size < <(section "$1" "$2")
	for ((i = 3; i < size; i += 7 + size / 200)); do
		poke "$1" $((off + i)) $(printf %02x $((i * 37 % 256)))
	done
}
# The attribute of all DIEs with a tag refers to its own DIE.
cycle() { # tag attribute
	gcc -g -O2 -gdwarf-4 -fno-eliminate-unused-debug-types -S -dA "$3" -o c.s
	awk -v tag="$1" -v attr="$2" '
		match($0, /\(DIE \(0x[0-9a-f]+\) DW_TAG_[a-z_]+/) {
			split(substr($0, RSTART, RLENGTH), a, /[() ]+/)
			die = a[3]; is = a[4] == tag
		}
		is && /\.long/ && index($0, attr) && $2 ~ /^0x/ {
			print "\t.long\t" die; n++; next
		}
		{ print }
		END { exit n == 0 }' c.s >cycle.s || fail "no $2 of a $1"
	gcc cycle.s -o h
}

test_hostile_truncated_files() {
	hostile_program
	size=$(stat -c %s h)
	for ((n = 0; n < size; n += size / 12 + 1)); do
		head -c $n h >t
		chmod +x t
		rc=0
		timeout 20 "$stap" -p2 -e 'probe process("./t").function("f") {}' >out 2>&1 || rc=$?
		[ $rc -le 1 ] || fail "cut at $n: exit status $rc"
		[ -s out ] || fail "cut at $n: no word"
	done
	head -c 100 h >t
	fails "$stap" -p2 -e 'probe process("./t").function("f") {}' 2>out
	expect '^semantic error: cannot use process' out
}
test_hostile_section_table_beyond_the_end() {
	hostile_program
	poke h 40 ff ff ff 7f
	survives ./h
}
test_hostile_number_of_sections() {
	hostile_program
	poke h 60 ff fe
	survives ./h
}
test_hostile_section_sizes() {
	hostile_program
	at=$(readelf -h h | sed -n 's/.*Start of section headers: *\([0-9]*\).*/\1/p')
	for i in 12 20 28 30; do
		poke h $((at + i * 64 + 32)) ff ff ff ff ff ff ff 7f
	done
	survives ./h
}
test_hostile_program_headers() {
	hostile_program
	for i in 2 3 4 5; do
		poke h $((64 + i * 56 + 8)) f0 ff ff ff ff ff ff ff
	done
	survives ./h
}
test_hostile_type_cycle() {
	hostile_source
	cycle DW_TAG_typedef DW_AT_type h.c
	survives ./h
	expect 'process\("./h"\).function\("f@|process\(".*/h"\).function\("f@' out
}
test_hostile_pointer_cycle() {
	hostile_source
	cycle DW_TAG_pointer_type DW_AT_type h.c
	survives ./h
}
test_hostile_member_of_itself() {
	hostile_source
	cycle DW_TAG_member DW_AT_type h.c
	survives ./h
}
test_hostile_origin_cycle() {
	hostile_source
	cycle DW_TAG_inlined_subroutine DW_AT_abstract_origin h.c
	survives ./h
}
test_hostile_subprogram_origin_cycle() {
	sed 's/static inline __attribute__((always_inline))/static __attribute__((noinline))/' \
		<(hostile_source; cat h.c) >n.c
	cat >>n.c <<-'C'
	inline __attribute__((always_inline)) int both(int x) { return x * sink; }
	int (*keep)(int) = both;
	int more(int x) { return both(x); }
	extern int both(int x);
	C
	cycle DW_TAG_subprogram DW_AT_abstract_origin n.c
	survives ./h
}
test_hostile_specification_cycle() {
	need g++
	cat >s.cc <<-'C'
	struct S { int v; int get(int k); static int count; };
	int S::get(int k) { return v + k; }
	int S::count = 4;
	int f(S *p, int n) { return p->get(n); }
	int main() { S s{1}; return f(&s, 2); }
	C
	cycle DW_TAG_subprogram DW_AT_specification s.cc
	survives ./h
}
test_hostile_abbreviations() {
	hostile_program
	scribble h .debug_abbrev
	survives ./h
}
test_hostile_dies() {
	hostile_program
	scribble h .debug_info
	survives ./h
}
test_hostile_lines() {
	hostile_program
	scribble h .debug_line
	survives ./h
}
test_hostile_locations() {
	hostile_program
	scribble h .debug_loclists
	scribble h .debug_rnglists
	survives ./h
}
test_hostile_call_frames() {
	hostile_program
	scribble h .eh_frame
	survives ./h
}
test_hostile_compressed_section() {
	hostile_source
	gcc -g -O2 -gz=zlib h.c -o h
	scribble h .debug_info
	survives ./h
}
test_hostile_deep_nesting() {
	{
		echo 'int sink; int f(int n) {'
		for ((i = 0; i < 150; i++)); do echo "{ int v$i = n;"; done
		echo 'sink = n;'
		for ((i = 0; i < 150; i++)); do echo '}'; done
		echo 'return n; } int main(void) { return f(0); }'
	} >h.c
	gcc -g -O0 h.c -o h 2>/dev/null || skip "needs a compiler that nests so deep"
	survives ./h
}

# Another program's debug information would give wrong variables.
test_hostile_debug_file_of_another_build() {
	hostile_program
	id=$(readelf -n h | sed -n 's/.*Build ID: //p')
	sed 's/p->a \* 2/p->a * 3/' h.c >o.c
	gcc -g -O2 o.c -o o
	mkdir -p "d/.build-id/${id:0:2}"
	objcopy --only-keep-debug o "d/.build-id/${id:0:2}/${id:2}.debug"
	objcopy -g h
	fails env SYSTEMTAP_DEBUGINFO_PATH="$PWD/d" "$stap" -p2 \
		-e 'probe process("./h").function("f") { print($n) }' 2>err
	expect 'no DWARF|has no debug|debug information' err
}
test_hostile_things_that_are_no_programs() {
	mkdir d
	mkfifo p
	: >e
	printf '#!/nonexistent/interpreter\n' >s
	chmod +x e s p
	for f in ./d ./p ./e ./s /dev/null /dev/zero /proc/self/mem; do
		rc=0
		timeout 20 "$stap" -p2 -e "probe process(\"$f\").function(\"*\") {}" >out 2>&1 || rc=$?
		[ $rc = 1 ] || fail "$f: exit status $rc"
		expect '^semantic error: ' out
	done
}

# ---- programs ----

test_hostile_target_that_dies() {
	need bpf
	cat >h.c <<-'C'
	#include <signal.h>
	__attribute__((noinline)) void f(int n) { if (n == 5) raise(SIGKILL); }
	int main(void) { for (int i = 0;; i++) f(i); }
	C
	gcc -g h.c -o h
	timeout 30 "$stap" -c ./h -e 'probe process("./h").function("f") { println($n) }' >out 2>err || :
	[ "$(tr '\n' ' ' <out)" = "0 1 2 3 4 5 " ] || { cat out err; fail "not six calls"; }
}
test_hostile_target_that_execs() {
	need bpf
	cat >h.c <<-'C'
	#include <unistd.h>
	__attribute__((noinline)) int f(int n) { return n + 1; }
	int main(int argc, char **argv)
	{
		f(argc);
		if (argc < 4)
			execl(argv[0], argv[0], "x", argc > 1 ? "y" : (char *)0, argc > 2 ? "z" : (char *)0, (char *)0);
		return 0;
	}
	C
	gcc -g h.c -o h
	timeout 30 "$stap" -c ./h -e 'probe process("./h").function("f") { println($n) }' >out
	[ "$(tr '\n' ' ' <out)" = "1 2 3 4 " ] || { cat out; fail "not four calls"; }
}
test_hostile_target_with_a_thousand_children() {
	need bpf
	cat >h.c <<-'C'
	#include <sys/wait.h>
	#include <unistd.h>
	__attribute__((noinline)) int f(int n) { return n + 1; }
	int main(void)
	{
		for (int i = 0; i < 1000; i++) {
			if (!fork())
				_exit(f(i) > 2000);
			if (i % 50 == 49)
				while (wait(0) > 0)
					;
		}
		return 0;
	}
	C
	gcc -g h.c -o h
	timeout 60 "$stap" -c ./h -e 'global n, sum
		probe process("./h").function("f") { n++; sum += $n }
		probe end { println(n, " ", sum) }' >out
	expect '^1000 499500$' out
}
test_hostile_library_that_is_unloaded() {
	need bpf
	echo '__attribute__((noinline)) int f(int n) { return n + 1; }' >l.c
	cat >h.c <<-'C'
	#include <dlfcn.h>
	int main(void)
	{
		for (int i = 0; i < 20; i++) {
			void *l = dlopen("./l.so", RTLD_NOW);
			int (*f)(int) = (int (*)(int))dlsym(l, "f");
			f(i);
			dlclose(l);
		}
		return 0;
	}
	C
	gcc -g -shared -fPIC l.c -o l.so
	gcc h.c -o h -ldl
	timeout 30 "$stap" -c ./h -e 'global n, sum
		probe process("./l.so").function("f") { n++; sum += $n }
		probe process("./l.so").function("f").return { sum += $return }
		probe end { println(n, " ", sum) }' >out
	expect '^20 400$' out
}
# The session is killed: the program's code is whole again.
test_hostile_end_of_the_session() {
	need bpf
	cat >h.c <<-'C'
	#include <stdio.h>
	#include <unistd.h>
	__attribute__((noinline)) int f(int n) { usleep(1000); return n + 1; }
	int main(void)
	{
		printf("%p\n", (void *)f);
		fflush(stdout);
		for (int i = 0; i < 20000; i++)
			f(i);
		return 0;
	}
	C
	gcc -g h.c -o h
	./h >addr &
	target=$!
	byte() { dd if=/proc/$target/mem bs=1 skip=$(($(cat addr))) count=1 status=none | od -An -tx1; }
	for ((i = 0; i < 50; i++)); do [ -s addr ] && break; sleep 0.1; done
	before=$(byte)
	"$stap" -e 'probe begin { println("ready") }
		probe process("./h").function("f") { println($n) }' >out &
	session=$!
	for ((i = 0; i < 200; i++)); do
		[ "$(wc -l <out)" -ge 5 ] && break
		sleep 0.1
	done
	kill -9 $session
	wait $session || :
	for ((i = 0; i < 100; i++)); do
		[ "$(byte)" = "$before" ] && break
		sleep 0.1
	done
	after=$(byte)
	kill -0 $target || fail "the program has died"
	kill $target
	[ "$(wc -l <out)" -ge 5 ] || fail "no hits"
	[ "$before" = "$after" ] || fail "code was $before, is $after"
}
