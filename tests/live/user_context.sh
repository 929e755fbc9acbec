# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Where a process is: symbols, backtraces, arguments, system calls.

need_chain() { # builds a program whose calls nest: main qsort cmp mid leaf
	cat >chain.c <<-'EOF'
	#include <signal.h>
	#include <stdio.h>
	#include <stdlib.h>
	#include <string.h>
	int depth;
	struct wide { long a, b, c; };
	__attribute__((noinline)) int leaf(int x, unsigned y, long z, char *s, short t, void *p, int seven, long eight)
	{ depth++; __asm__ volatile(""); return x + 1; }
	static __attribute__((noinline)) int mid(int x)
	{
		static char text[8] = "text";
		if (text[0] != 't') return 0;
		int r = leaf(x - 7, 0xfffffff0u, -3, text, -9, text + 4, -77, 1234567890123);
		depth++;
		return r + 1;
	}
	static int cmp(const void *a, const void *b) { int r = mid(*(int *)a); depth++; return r & 0; }
	static void on_signal(int s) { mid(s); depth++; }
	int main(int argc, char **argv)
	{
		int v[2] = {2, 1};
		if (argc > 1) { signal(SIGUSR1, on_signal); raise(SIGUSR1); return 0; }
		qsort(v, 2, sizeof(int), cmp);
		puts("done");
		return 0;
	}
	EOF
	cc "$@" chain.c -o chain || fail "cc"
}

chain_backtrace() {
	"$stap" -c "$PWD/chain" -e '
		probe process(@1).function("leaf") { print(sprint_ubacktrace()); exit() }' "$PWD/chain" >out
	sed 's/+0x[0-9a-f]*//; s/\.isra\.0//; s/\.constprop\.0//' out | awk '/\[/ { print $1 }' | tr '\n' ' ' >names
	expect '^leaf mid cmp .*(qsort|msort).* main .*' names
}

test_user_backtrace_without_frame_pointers() { need bpf; need_chain -O2; chain_backtrace; }
test_user_backtrace_with_frame_pointers() { need bpf; need_chain -O1 -fno-omit-frame-pointer; chain_backtrace; }
test_user_backtrace_of_fixed_addresses() { need bpf; need_chain -O2 -no-pie -fno-pie; chain_backtrace; }
# Symbols of a static program's libc, too.
test_user_backtrace_of_a_static_program() { need bpf; need_chain -O2 -static; chain_backtrace; }

test_user_backtrace_crosses_a_signal() {
	need bpf
	need_chain -O2
	"$stap" -c "$PWD/chain signal" -e '
		probe process(@1).function("leaf") { print_ubacktrace_brief(); exit() }' "$PWD/chain" >out
	expect '^on_signal\+' out
	expect '^main\+' out
}

test_user_backtrace_is_cut_and_counted() {
	need bpf
	need_chain -O2
	"$stap" -DMAXBACKTRACE=2 -c "$PWD/chain" -e '
		probe process(@1).function("leaf") { print_ubacktrace(); exit() }' "$PWD/chain" >out 2>err
	[ "$(grep -c ' : ' out)" = 2 ] || fail "$(cat out)"
	expect 'backtraces cut at MAXBACKTRACE' err
}

test_symbols_of_a_process() {
	need bpf
	need_chain -O2
	"$stap" -c "$PWD/chain" -e '
		global calls
		probe process(@1).function("leaf") {
			calls[usymname(ustack(1))]++
			a = uaddr()
			printf("%s|%s|%s|%x|%s\n", usymname(a), usymdata(a + 1), umodname(a), umodaddr(a), usymname(0x10))
			try { umodname(0x10) } catch (e) { println(e) }
		}
		probe end { foreach (n in calls) println("caller ", n) }' "$PWD/chain" >out 2>/dev/null
	addr=$(nm chain | awk '$3 == "leaf" { sub("^0*", "", $1); print $1 }')
	expect "^leaf\\|leaf\\+0x1/0x[0-9a-f]+ \\[$PWD/chain\\]\\|$PWD/chain\\|$addr\\|0x10\$" out
	expect '^module cannot be found$' out
	expect '^caller mid' out
}

# The addresses were kept; the program ran twelve times, elsewhere each time (so
# many, that what is remembered of them wants the same place now and then).
test_addresses_of_a_process_that_has_exited() {
	need bpf
	need_chain -O2 -g
	"$stap" -c "sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do $PWD/chain; done; sleep 0.2'" -e '
		global traces, at
		probe process(@1).function("leaf") { traces[pid()] = ubacktrace() at[uaddr()] = pid() }
		probe end {
			foreach (p+ in traces) print_usyms(traces[p])
			foreach (a in at) printf("%s %s %s\n", usymname(a), umodname(a), usymfileline(a))
		}' "$PWD/chain" >out
	[ "$(grep -cE '^ 0x[0-9a-f]+ : leaf\+' out)" = 12 ] || fail "$(cat out)"
	[ "$(grep -cE '^ 0x[0-9a-f]+ : main(\.cold)?\+.*/chain\]$' out)" = 12 ] || fail "$(cat out)"
	[ "$(grep -cE '^ 0x[0-9a-f]+ : __libc_start_main.*libc.*\]$' out)" = 12 ] || fail "$(cat out)"
	[ "$(grep -cE '^leaf .*/chain .*/chain.c:[0-9]+$' out)" = 12 ] || fail "$(cat out)"
}

test_symbols_of_data() {
	need bpf
	cat >data.c <<-'EOF2'
	int first = 1; char second[100] = "x"; static const short table[50] = {1, 2}; int none; long big[30000];
	__attribute__((noinline)) void hit(void *a, void *b, const void *c, void *d, void *e, void *f) { __asm__ volatile("" ::: "memory"); }
	int main(void) { hit(&first, second + 7, table + 3, &none, big + 20000, &e_end); return 0; }
	EOF2
	sed -i 's/int main/int e_end; int main/' data.c
	for opts in '' '-no-pie -fno-pie' '-static'; do
		# shellcheck disable=SC2086
		cc -O0 -g $opts data.c -o data
		"$stap" -c "$PWD/data" -e '
			probe process(@1).function("hit") {
				for (i = 1; i <= 6; i++) printf("%s\n", usymdata(pointer_arg(i)))
				printf("%x\n", umodaddr(pointer_arg(4)))
			}' "$PWD/data" >out
		expect "^first\\+0x0/0x4 \\[$PWD/data\\]$" out
		expect "^second\\+0x7/0x64 " out
		expect "^table\\+0x6/0x64 " out
		expect "^none\\+0x0/0x4 " out
		expect "^big\\+0x27100/0x3a980 " out
		expect "^e_end\\+0x0/0x4 " out
		expect "^$(nm data | awk '$3 == "none" { sub("^0*", "", $1); print $1 }')$" out
	done
}

test_symbols_of_a_library() {
	need bpf
	need_chain -O2
	"$stap" -c "$PWD/chain" -e '
		probe process(@1).library("libc.so.6").function("puts") { println(usymname(uaddr()), " ", usymname(ustack(1))) exit() }' "$PWD/chain" >out
	expect '(puts|_IO_puts) main(\.cold)?$' out
}

test_arguments_by_calling_convention() {
	need bpf
	need_chain -O2
	"$stap" -c "$PWD/chain" -e '
		probe process(@1).function("leaf") {
			printf("%d %u %d %s %d %d %d\n", int_arg(1), uint_arg(2), long_arg(3), user_string(pointer_arg(4)),
				int_arg(5), int_arg(7), longlong_arg(8))
			printf("%x %x\n", register("edi"), u_register("edi"))
			printf("%s %d %s %s\n", user_string_quoted(pointer_arg(4)), user_char(pointer_arg(4)),
				user_string_quoted(0x10), user_buffer_quoted(pointer_arg(4), 3, 30))
			printf("%s|%d|%s\n", user_string_n(pointer_arg(4), 2), user_int(0x10), user_string2(0x10, "none"))
			try { println(user_int_error(0x10)) } catch { println("fault") }
			exit()
		}' "$PWD/chain" >out
	expect '^-5 4294967280 -3 text -9 -77 1234567890123$' out
	expect '^fffffffffffffffb fffffffb$' out
	expect '^"text" 116 0x10 "tex"$' out
	expect '^te\|0\|none$' out
	expect '^fault$' out
}

# Parts of registers, signed and not, as SystemTap 5.6 prints them; what
# does not exist.
test_parts_of_registers() {
	need bpf
	[ "$(uname -m)" = x86_64 ] || skip "needs x86-64"
	cat >regs.c <<-'EOF2'
	__asm__(".globl regs_hit\n.type regs_hit,@function\nregs_hit: nop\nret\n.size regs_hit,.-regs_hit\n");
	__attribute__((noinline)) int calls(void)
	{
		__asm__ volatile("sub $256,%%rsp\n mov $0x8111222283334484,%%rdx\n mov $0x8111222283338485,%%rsi\n mov $12,%%r12\n"
			"call regs_hit\n add $256,%%rsp" ::: "rax", "rdx", "rcx", "rdi", "rsi", "r8", "r9", "r10", "r11", "r12", "memory");
		return 0;
	}
	int main(void) { return calls(); }
	EOF2
	cc -g -O1 regs.c -o regs
	"$stap" -c "$PWD/regs" -e '
		function show(r) { try { printf("%s %x %x\n", r, register(r), u_register(r)) } catch (m) { println(m) } }
		probe process(@1).function("regs_hit") {
			show("rdx") show("edx") show("dx") show("dl") show("dh") show("rsi") show("esi") show("si") show("r12") show("sil")
			println(u_register("sp") == u_register("rsp") % 65536)
			try { ustack(100) } catch (m) { println(m) }
			try { long_arg(0) } catch (m) { println(m) }
		}' "$PWD/regs" >out
	cat >expected <<-'EOF2'
	rdx 8111222283334484 8111222283334484
	edx ffffffff83334484 83334484
	dx 4484 4484
	dl ffffffffffffff84 84
	dh 44 44
	rsi 8111222283338485 8111222283338485
	esi ffffffff83338485 83338485
	si ffffffffffff8485 8485
	r12 c c
	Unknown register: sil
	1
	reached end of stack before unwinding to level 100
	cannot access arg(0)
	EOF2
	diff expected out
}

# The mechanism behind a probe, in SystemTap's words.
test_types_of_probes() {
	need bpf
	need_chain -O2
	"$stap" -c "$PWD/chain" -e '
		global seen
		probe begin, end { println("1 ", probe_type()) }
		probe timer.ms(10) { if (!seen[2]++) println("2 ", probe_type()) }
		probe process(@1).begin { println("3 ", probe_type()) }
		probe process(@1).syscall { if (!seen[4]++) println("4 ", probe_type()) }
		probe process(@1).function("main"), process(@1).plt("qsort") { println("5 ", probe_type()) }
		probe perf.sw.cpu_clock { if (!seen[6]++) println("6 ", probe_type()) }' "$PWD/chain" | grep -v done | sort | uniq -c | awk '{ print $1 $2 $3 }' >out
	expect '^21begin_end$' out
	expect '^13utrace$' out
	expect '^14utrace_syscall$' out
	expect '^25uprobe$' out
}

# An alias is called by its name, a pattern by what it stands for.
test_names_of_probe_points() {
	need bpf
	need_chain -O2 -g
	"$stap" -c "$PWD/chain" -e '
		probe mine = process(@1).function("mid") { n = 1 }
		probe mine { printf("%d %s|%s\n", n, pn(), pp()) }
		probe process(@1).function("lea*") { printf("%s|%s\n", pn(), pp()) printf("from %s %d\n", tokenize(caller(), " "), caller_addr() == ustack(1)) }
		probe process(@1).function("leaf").return { printf("back in %s %d\n", tokenize(caller(), " "), caller_addr() == uaddr()) }' "$PWD/chain" >out
	expect '^1 mine\|process\(".*chain"\)\.function\("mid@.*chain.c:9"\)$' out
	expect '^from mid[.a-z0-9]* 1$' out
	expect '^back in mid[.a-z0-9]* 1$' out
	expect '^process\(".*chain"\)\.function\("leaf@.*chain.c:7"\)\|process\(".*chain"\)\.function\("leaf@.*chain.c:7"\)$' out
}

test_calls_through_the_linkage_table() {
	need bpf
	need_chain -O2
	"$stap" -l "process(\"$PWD/chain\").plt(\"*so*t\")" >out
	expect 'plt\("qsort"\)$' out
	"$stap" -c "$PWD/chain" -e '
		probe process(@1).plt { printf("%s|%s\n", $$name, pn()) }
		probe process(@1).plt("puts").return { printf("back from %s %d\n", $$name, register("eax") > 0) }' "$PWD/chain" >out
	expect '^qsort\|process\(.*chain"\)\.plt\("qsort"\)$' out
	expect '^back from puts 1$' out
}

test_system_calls_of_a_process() {
	need bpf
	need_chain -O2
	"$stap" -c "sh -c '$PWD/chain; true'" -e '
		probe process(@1).syscall { if ($syscall == 1) printf("write %d %s %d %s\n", $arg1, user_string_n($arg2, 4), $arg3, execname()) }
		probe process(@1).syscall.return { if ($syscall == 1) printf("wrote %d\n", $return) }' "$PWD/chain" >out
	expect '^write 1 done 5 chain$' out
	expect '^wrote 5$' out
}

test_process_begin_of_running_programs() {
	need bpf
	need pids
	cp "$(command -v dash)" runner 2>/dev/null || skip "needs dash"
	./runner -c 'while :; do sleep 0.1; done' &
	pid=$!
	"$stap" -T $((2 * ${STAP_TEST_SLOW:-1})) -e 'probe process(@1).begin { printf("%d %s\n", pid(), execname()) }' "$PWD/runner" >out
	kill $pid
	[ "$(grep -c "^$pid runner" out)" = 1 ] || fail "$(cat out)"
}

test_program_of_a_script() {
	need bpf
	printf '#!%s\necho hello\n' "$(command -v dash)" >s.sh
	chmod +x s.sh
	"$stap" -c "$PWD/s.sh" -e 'probe process(@1).begin { printf("%s %s\n", pp(), execname()) }' "$PWD/s.sh" >out
	expect 'process\(".*dash"\)\.begin s\.sh$' out
}

# Lines of the source, of inlined bodies too; a caller's is that of its call.
test_source_lines_of_a_backtrace() {
	need bpf
	cat >lines.c <<-'EOF2'
	__attribute__((noinline)) int leaf(int x) { __asm__ volatile(""); return x + 1; }
	static inline __attribute__((always_inline)) int inner(int x)
	{
		int r = leaf(x);
		return r * 2;
	}
	__attribute__((noinline)) int mid(int x)
	{
		int r = inner(x + 1);
		return r + 1;
	}
	int main(void)
	{
		return mid(3) & 0;
	}
	EOF2
	for opts in '-g -O2' '-gdwarf-4 -O1'; do
		# shellcheck disable=SC2086
		cc $opts lines.c -o lines
		"$stap" -c "$PWD/lines" -e '
			probe process(@1).function("leaf") {
				a = uaddr()
				printf("%s|%s|%s|%s %s %s\n", usymfile(a), usymline(a), usymfileline(a), usymfile(16), usymline(16), usymfileline(16))
				print_ubacktrace_fileline()
			}' "$PWD/lines" >out
		expect "^$PWD/lines.c\\|1\\|$PWD/lines.c:1\\|0x10 0x10 0x10\$" out
		expect "^ 0x[0-9a-f]+ : leaf\\+0x0/0x[0-9a-f]+ at $PWD/lines.c:1 \\[$PWD/lines\\]\$" out
		expect "^ 0x[0-9a-f]+ : inner \\(inlined\\) at $PWD/lines.c:4 \\[$PWD/lines\\]\$" out
		expect "^ 0x[0-9a-f]+ : mid\\+0x[0-9a-f]+/0x[0-9a-f]+ at $PWD/lines.c:9 \\[$PWD/lines\\]\$" out
		expect "^ 0x[0-9a-f]+ : main\\+0x[0-9a-f]+/0x[0-9a-f]+ at $PWD/lines.c:14 \\[$PWD/lines\\]\$" out
	done
}

test_user_mode() {
	need bpf
	need_chain -O2
	"$stap" -c "$PWD/chain" -e '
		global samples
		probe process(@1).function("leaf") { printf("user %d\n", user_mode()) }
		probe kernel.trace("sched_process_exit") { if (pid() == target()) printf("kernel %d\n", user_mode()) }
		probe timer.profile { samples[user_mode()]++ }
		probe end { foreach (m in samples) if (m > 1) println("mode ", m) }' "$PWD/chain" >out
	expect '^user 1$' out
	expect '^kernel 0$' out
	fails grep -q mode out
	"$stap" -T 1 -c 'sh -c "while :; do :; done"' -e '
		global n probe timer.profile { if (pid() == target()) n[user_mode()]++ }
		probe end { println(n[1] > n[0]) }' >out
	expect '^1$' out
}

# C++ names by the symbol table alone.
test_cxx_names_without_debug_information() {
	need bpf
	need g++
	cat >names.cc <<-'EOF2'
	#include <cstdio>
	namespace ns {
	struct box {
		int v;
		__attribute__((noinline)) int get(int x) const { __asm__ volatile(""); return v + x; }
		__attribute__((noinline)) int operator()(long x) { __asm__ volatile(""); return (int)x + get(1); }
	};
	template <typename T> __attribute__((noinline)) T twice(T x) { box b{1}; return x + x + b((long)x); }
	}
	namespace { __attribute__((noinline)) int hidden(int x) { __asm__ volatile(""); return ns::twice<int>(x); } }
	int main() { std::printf("%d\n", hidden(2)); }
	EOF2
	g++ -O1 names.cc -o names || fail "g++"
	"$stap" -c "$PWD/names" -e '
		probe process(@1).function("ns::box::get") { println(probefunc(), "|", usymname(uaddr())) print_ubacktrace_brief() }
		probe process(@1).function("twice") { println("twice ", ppfunc()) }
		probe process(@1).function("ns::box::operator()") { println("operator") }' "$PWD/names" >out
	expect '^ns::box::get\|ns::box::get$' out
	expect '^twice ns::twice<int>$' out
	expect '^operator$' out
	expect '^\(anonymous namespace\)::hidden\+' out
	"$stap" -l "process(\"$PWD/names\").function(\"_ZN2ns*\")" >list
	expect 'function\("ns::twice<int>"\)$' list
	fails "$stap" -p2 -e 'probe process(@1).function("ns::box::nosuch") { }' "$PWD/names" 2>err
	expect 'process-no-function' err
}

# Rust's newer names, by the symbol table alone.
test_rust_names_without_debug_information() {
	need bpf
	PATH=$PATH:$HOME/.cargo/bin
	need rustc
	cat >names.rs <<-'EOF2'
	mod shapes {
		pub trait Area { fn area(&self) -> u32; }
		pub struct Square(pub u32);
		impl Area for Square { #[inline(never)] fn area(&self) -> u32 { self.0 * self.0 } }
		#[inline(never)] pub fn total<T: Area>(v: &[T]) -> u32 { let mut s = 0; for x in v { s += x.area(); } s }
	}
	fn main() { println!("{}", shapes::total(&[shapes::Square(3), shapes::Square(4)])); }
	EOF2
	rustc -C opt-level=1 -C symbol-mangling-version=v0 names.rs -o names 2>err || skip "needs a rustc with v0 names"
	"$stap" -c ./names -e '
		probe process("./names").function("names::shapes::total*") { println(probefunc()) print_ubacktrace_brief() }
		probe process("./names").function("*Area>::area") { println(usymname(uaddr())) }' >out
	expect '^names::shapes::total<names::shapes::Square>$' out
	expect '^names::main\+' out
	[ "$(grep -c '^<names::shapes::Square as names::shapes::Area>::area$' out)" = 2 ] || fail "$(cat out)"
}

# The program of -c, and of -x, is known without -d and without a probe in it.
test_backtraces_of_the_target_have_names() {
	need bpf
	need cc
	cat >p.c <<'C'
#include <sys/syscall.h>
#include <unistd.h>
__attribute__((noinline)) long inner(void) { return syscall(SYS_getegid) + 1; }
__attribute__((noinline)) long outer(void) { return inner() + 1; }
int main(int argc, char **argv)
{
	(void)argv;
	for (int i = 0; argc > 1 && i < 200; i++) {
		usleep(50000);
		outer();
	}
	return outer() < 0;
}
C
	cc -O1 -fomit-frame-pointer p.c -o p
	cat >bt.stp <<'S'
probe kernel.trace("sys_enter") {
	if (pid() == target() && $id == 108) {
		print_ubacktrace()
		println(usymname(ustack(1)))
		exit()
	}
}
S
	"$stap" -c ./p bt.stp >out
	expect ' : inner\+.*/p\]$' out
	expect ' : outer\+.*/p\]$' out
	expect ' : main\+.*/p\]$' out
	expect '^inner$' out
	./p again &
	p=$!
	sleep 0.2
	"$stap" -x $p bt.stp >out
	kill $p
	expect ' : outer\+.*/p\]$' out
	expect '^inner$' out
}
