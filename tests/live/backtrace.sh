# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The kernel's stack at a hit, and what its addresses are called.

kallsym() { # name: its address, where it may be read
	awk -v n="$1" '$3 == n && $1 !~ /^0+$/ && !$4 { print $1; exit }' \
		/proc/kallsyms
}

# A kernel shows addresses to those who may see them.
need_kallsyms() {
	[ "$(kallsym schedule)" ] || skip "needs addresses in /proc/kallsyms"
}

test_a_tracepoint_has_the_kernels_stack() {
	need bpf
	"$stap" -c 'sleep 0.2' -e '
probe kernel.trace("sched_switch") {
	if (pid() != target() || !isinstr(sprint_backtrace(), "nanosleep") || n++) next
	printf("first %s\n", symname(stack(0)))
	printf("string %s\ncallers %s\ntwo %s\n", backtrace(), callers(-1), callers(1))
	printf("caller %s\n", caller())
	print_backtrace()
	printf("end\n%s", sprint_backtrace())
	try { stack(1000) } catch (e) { printf("beyond %s, %d\n", e, stack(-1)) }
	try { callers(999) } catch (e) { printf("%s\n", e) }
	printf("size %d used %d unused %d\n", stack_size(), stack_used(), stack_unused())
}
global n' >out
	expect '^first __schedule$' out
	expect '^ 0xf{4,}[0-9a-f]+ : __schedule\+0x[0-9a-f]+/0x[0-9a-f]+ \[kernel\]$' out
	expect '^ 0xf{4,}[0-9a-f]+ : entry_SYSCALL_64_after_hwframe\+' out
	expect '^caller schedule 0xf{4,}[0-9a-f]+$' out
	expect '^beyond reached end of stack before unwinding to level 1000, 0$' out
	expect '^reached end of stack before unwinding to level [0-9]+$' out
	[ "$(sed -n 's/^string \(.*\) $/\1/p' out)" = \
		"$(sed -n 's/^callers //p' out)" ] || fail "$(cat out)"
	# the same places, each in its form
	sed -n 's/^ 0x\([0-9a-f]*\) : .*/0x\1/p' out | paste -sd' ' >addresses
	[ "$(cat addresses)" = "$(sed -n 's/^callers //p' out)" ] ||
		fail "$(cat out)"
	cut -d' ' -f1,2 addresses | cmp - <(sed -n 's/^two //p' out)
	sed -n 's/^ 0x[0-9a-f]* : //p' out >names
	sed '1,/^end$/d; /^beyond/,$d' out | diff - <(sed 's|/0x[0-9a-f]*||' names)
	awk '/^size/ { exit !($2 >= 8192 && $4 > 0 && $4 + $6 > $2 - 512 && $4 + $6 < $2 + 512) }' out ||
		fail "$(cat out)"
	fails grep -qE 'bpf|__trace' names
}

test_addresses_have_the_names_of_kallsyms() {
	local n
	need bpf; need_kallsyms
	for n in schedule vfs_read do_exit; do
		[ "$(kallsym $n)" ] && echo "$n 0x$(kallsym $n)"
	done >known
	awk '{ printf "probe begin { printf(\"%%s %%#x\\n\", symname(%s + 3), %s)"\
	       " println(symdata(%s + 3)) println(modname(%s)) }\n", $2, $2, $2, $2 }
	     END { print "probe begin { exit() }" }' known >t.stp
	"$stap" t.stp >out
	awk '{ print }' known | while read -r n at; do
		grep -qx "$n $at" out || fail "$n: $(cat out)"
		grep -qE "^$n\+0x3/0x[0-9a-f]+ \[kernel\]$" out ||
			fail "$n: $(cat out)"
	done
	[ "$(grep -cx kernel out)" = "$(wc -l <known)" ] || fail "$(cat out)"
}

test_what_has_no_name_is_shown_as_an_address() {
	need bpf
	"$stap" -e 'probe begin {
	printf("%s %s\n", symname(0x1234), symdata(0x1234))
	try { modname(0x1234) } catch (e) { println(e) }
	print_syms("0x10 0x20") printf("[%s]", sprint_syms("0x30"))
	print_stack("0x40") printf("[%s]\n", sprint_stack("0x50"))
	exit() }' >out
	printf '0x1234 0x1234\nCannot determine kernel module name\n 0x10 : 0x10\n 0x20 : 0x20\n[ 0x30 : 0x30\n] 0x40 : 0x40\n[ 0x50 : 0x50\n]\n' |
		diff - out
}

test_a_backtrace_ends_at_MAXBACKTRACE() {
	need bpf
	"$stap" -DMAXBACKTRACE=2 -c 'sleep 0.1' -e '
probe kernel.trace("sched_switch") { if (pid() == target() && !n++) print_backtrace() }
global n' >out 2>err
	[ "$(grep -c '^ 0x' out)" = 2 ] || fail "$(cat out err)"
	expect 'backtraces cut at MAXBACKTRACE' err
}

# Samples of a program that does nothing but system calls: in the kernel its
# stack ends in the system call, in the program the kernel has none.
test_samples_know_where_they_were_taken() {
	need bpf
	cat >t.c <<'C'
#include <unistd.h>
#include <sys/syscall.h>
int main(void) { for (long i = 0; i < 3000000; i++) syscall(SYS_getppid); return 0; }
C
	cc -O1 -o calls t.c
	"$stap" -c ./calls -e '
global user, kernel, bad
probe timer.profile {
	if (pid() != target()) next
	if (user_mode()) {
		user++
		try { stack(0); bad++ } catch { } # the kernel has no frame then
		if (strpos(symdata(addr()), "+") >= 0) bad++
	}
	else { kernel++; if (stack(0) != addr() || symname(addr()) == sprintf("%#x", addr())) bad++ }
}
probe end { printf("%d %d %d\n", user > 0, kernel > 0, bad) }' >out
	[ "$(cat out)" = "1 1 0" ] || fail "$(cat out)"
}

test_kprobes_have_registers_and_stack() {
	need kprobes
	echo hello >some-file
	"$stap" -c 'cat some-file' -e '
global n, m
probe kernel.function("vfs_read") {
	if (pid() != target() || n++) next
	printf("at %s %s\n", symdata(addr()), symdata(stack(0)))
	printf("probefunc %s %s\n", probefunc(), ppfunc())
	printf("by %s\n", symname(caller_addr()))
	printf("%s", sprint_backtrace())
	printf("file %d\n", pointer_arg(1) == $file && ulong_arg(3) == $count)
	printf("used %d\n", stack_used() > 0 && stack_used() < stack_size())
}
probe kernel.function("vfs_read").return {
	if (pid() != target() || m++) next
	print_backtrace()
	printf("then %s", sprint_backtrace())
}
# without registers, by a program that is called from the function
probe kernel.function("vfs_read") {
	if (pid() == target() && !first++) printf("first %s\n", symdata(stack(0)))
}
global first' >out
	# the instruction itself, not where the breakpoint led
	expect '^at vfs_read\+0x0/0x[0-9a-f]+ \[kernel\] vfs_read\+0x0/' out
	expect '^first vfs_read\+0x0/' out
	expect '^probefunc vfs_read vfs_read$' out
	expect '^by ksys_read$' out
	expect '^ksys_read\+0x[0-9a-f]+ \[kernel\]$' out
	expect '^Returning from:  0x[0-9a-f]+ : vfs_read\+0x0/0x[0-9a-f]+ \[kernel\]$' out
	expect '^Returning to  :  0x[0-9a-f]+ : ksys_read\+0x[0-9a-f]+/' out
	expect '^ 0x[0-9a-f]+ : do_syscall_64\+' out
	expect '^then ksys_read\+0x[0-9a-f]+ \[kernel\]$' out
	expect '^file 1$' out
	expect '^used 1$' out
	fails grep -q bpf out
}

test_source_of_code_that_is_not_known_is_the_address() {
	need bpf
	"$stap" -c 'sleep 0.01' -e 'probe kernel.trace("sched_switch") {
		println(symfile(16), " ", symline(16), " ", symfileline(16)) exit() }' >out
	expect '^0x10 0x10 0x10$' out
}

# Frames with and without source are the frames of print_backtrace().
test_a_backtrace_with_source_has_the_same_frames() {
	need bpf
	"$stap" -c 'sleep 0.01' -e 'global n probe kernel.trace("sched_switch") {
		if (pid() != target() || n++) next
		print_backtrace() println("--") print_backtrace_fileline() exit() }' >out
	sed '1,/^--$/d; s/ at [^ ]*:[0-9]*//' out >second
	sed '/^--$/,$d' out >first
	[ "$(wc -l <first)" -ge 3 ] && cmp first second || fail "$(cat out)"
}

# addr2line knows the same debug information.
test_source_lines_of_the_kernel() {
	need kprobes
	local vmlinux= at line f want bias
	for f in /usr/lib/debug/{boot,lib/modules/$(uname -r)}/vmlinux{-$(uname -r),}; do
		[ ! -r "$f" ] || vmlinux=$f
	done
	[ "$vmlinux" ] || skip "needs debug information of this kernel"
	"$stap" -c 'cat /proc/self/stat' -e 'global n probe kernel.function("vfs_read") {
		if (pid() != target() || n++) next
		for (word = tokenize(backtrace(), " "); word != ""; word = tokenize("", " ")) {
			pc = strtol(word, 16)
			printf("%#x %s %s %s\n", pc, symfileline(pc), symfile(pc), symline(pc))
		}
		exit() }' | grep '^0x' >out
	bias=$((0x$(awk '$3 == "_stext" { print $1 }' /proc/kallsyms) -
		0x$(nm "$vmlinux" | awk '$3 == "_stext" { print $1 }')))
	[ "$(wc -l <out)" -ge 4 ] || fail "$(cat out)"
	while read -r at f file line; do
		[ "$f" = "$file:$line" ] || fail "$f, $file, $line"
		want=$(addr2line -e "$vmlinux" "$(printf %#x $((at - bias)))")
		# the directory that it was compiled in goes before
		[[ ${want% (disc*} == *"$f" ]] || fail "$at: $f, not $want"
	done <out
}

# A task that sleeps: where it stopped, as at its last switch away and as the
# kernel lists it.
test_the_stack_of_a_task_that_sleeps() {
	need bpf
	cat >t.stp <<'S'
global task, at
probe kernel.trace("sched_switch") {
	if ($prev->pid != target()) next
	task = $prev
	at = callers(-1)
}
probe timer.ms(100) {
	if (!task || @cast(task, "task_struct", "kernel")->on_cpu ||
	    !isinstr(sprint_syms(at), "nanosleep"))
		next
	println("stack ", task_backtrace(task))
	println("switch ", at)
	print_syms(task_backtrace(task))
	println("own ", task_backtrace(task_current()) == backtrace())
	system(sprintf("cat /proc/%d/stack; kill %d", target(), target()))
	exit()
}
S
	"$stap" -c 'sleep 100' t.stp >out 2>err || true
	# the place in the scheduler itself is a few instructions apart
	sed -n 's/^switch [^ ]* //p' out >want
	sed -n 's/^stack [^ ]* //p' out | cmp - want || { cat out err; false; }
	[ "$(wc -w <want)" -ge 4 ]
	expect '^ 0xf{4,}[0-9a-f]+ : schedule\+0x' out
	expect '^ 0xf{4,}[0-9a-f]+ : entry_SYSCALL_64_after_hwframe\+' out
	expect '^own 1$' out
	sed -n 's/^\[<0>\] //p' out >proc
	[ ! -s proc ] || sed -n 's/^ 0x[0-9a-f]* : //p' out |
		sed 's/ \[kernel\]//' | tail -n "$(wc -l <proc)" | diff proc -
}

# Whatever a return handler asks for, it has the parameters and the registers.
test_returns_have_parameters_and_registers() {
	need kprobes
	seq 100 >some-file
	"$stap" -o out -c "cat some-file" -e 'global n
probe kernel.function("vfs_read").return {
	if (pid() != target() || $return != 292 || n++) next
	printf("%d %s %s %s\n", returnval(), returnstr(1), returnstr(2), returnstr(3))
	printf("%s %d\n", $$return, register("rax"))
	printf("%s|%s\n", $$parms == $$vars ? "parms" : "vars", $$locals)
	printf("%d %s\n", $count >= 292, kernel_string($file->f_path->dentry->d_name->name))
	printf("to %s %s\n", symname(addr()), caller())
	printf("at %s %s %s\n", probefunc(), ppfunc(), probemod())
	print_regs()
	printf("%s", sprint_backtrace())
}' >/dev/null
	expect '^292 292 0x124 0444$' out
	expect '^return=0x124 292$' out
	expect '^parms\|$' out
	expect '^1 some-file$' out
	expect '^to ksys_read [a-z0-9_.]+ 0xf{4,}[0-9a-f]+$' out
	expect '^at vfs_read vfs_read kernel$' out
	expect '^RAX: 0{13}124 RBX: [0-9a-f]{16} RCX: ' out
	expect '^RIP: f{8}[0-9a-f]{8}$' out
	[ "$(grep -m 1 '\[kernel\]' out | cut -d+ -f1)" = ksys_read ] || fail "$(cat out)"
}
