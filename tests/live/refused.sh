# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What can go wrong between a compiled script and the machine it runs on.

# compiled SCRIPT: writes compiled.bpf.o
compiled() { "$stap" -p4 -m compiled -e "$1" >/dev/null; }
# refused '[TAG]': running it is
refused() {
	fails timeout 30 "${stap}run" compiled.bpf.o >out 2>err
	grep -qE '^ERROR: .* \[' err && grep -qF "$1" err || { cat err; fail "expected $1"; }
}
program() { # file, body of main: a program to be probed
	echo "int main(void) { $2 }" | cc -x c "${@:3}" - -o "$1"
}

test_traced_program_that_is_gone() {
	need bpf
	need cc
	program prog 'return 0;'
	compiled 'probe process("./prog").function("main") { println("x") }'
	rm prog
	refused '[run-target-gone]'
	expect "cannot open '.*/prog': No such file" err
}

test_traced_program_that_was_built_again() {
	need bpf
	need cc
	program prog 'return 0;'
	compiled 'probe process("./prog").function("main") { println("x") }'
	rm prog
	program prog 'return 1;'
	refused '[run-target-changed]'
	expect 'its build-id differs' err
	expect 'remedy: translate the script again' err
}

test_optional_point_that_cannot_be_attached() {
	need bpf
	need cc
	program prog 'return 0;'
	compiled 'probe process("./prog").function("main") ? { println("x") }
		probe begin { println("begin") } probe timer.ms(1) { exit() }'
	rm prog
	"${stap}run" compiled.bpf.o >out 2>err
	expect '^begin$' out
	expect '^WARNING: cannot attach .*\[run-attach-optional\]$' err
}

test_point_that_the_kernel_refuses() {
	need bpf
	need cc
	program prog 'return 0;' -Wl,--build-id=none
	compiled 'probe process("./prog").function("main") { println("x") }'
	rm prog
	echo 'no program at all' >prog
	refused '[run-attach]'
}

test_tracepoint_of_another_kernel() {
	need bpf
	compiled 'probe kernel.trace("sched_process_exec") { println("x") }'
	sed -i s/sched_process_exec/sched_process_exeX/g compiled.bpf.o
	refused '[run-no-tracepoint]'
	expect "this kernel has no tracepoint 'sched_process_exeX'" err
	expect 'remedy: .*load the module' err
}

test_damaged_object() {
	need bpf
	compiled 'probe begin { println("x") exit() }'
	# the last occurrence is in the table of symbols
	at=$(grep -abo probe_0 compiled.bpf.o | tail -1 | cut -d: -f1)
	printf probe_X | dd of=compiled.bpf.o bs=1 seek="$at" conv=notrunc status=none
	refused '[run-image]'
	expect 'a handler has no program' err
}

test_two_sessions_of_one_name() {
	need bpf
	procfs_start same -e 'probe begin { println("ready") } probe procfs("x").read { $value = "1" }'
	fails "$stap" -m "stap_test_$$_same" -e 'probe procfs("x").read { $value = "1" }' >out2 2>err2
	kill -INT $session
	wait $session
	expect '^ERROR: .*another session of this name runs \[run-procfs\]$' err2
}

test_container_without_the_means_to_see_outside() {
	need bpf
	need root
	unshare -pmf --mount-proc true 2>/dev/null || skip "needs PID namespaces"
	unshare -pmf --mount-proc sh -c 'mount -t tmpfs none /sys/kernel/btf &&
		exec "$@"' sh "$stap" -c true -e 'probe begin { println("begin") }' >out 2>err
	expect '^begin$' out
	expect '^WARNING: process [0-9]+ of this PID namespace .*\[run-pid-namespace\]$' err
}
