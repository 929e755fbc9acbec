# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The tapset library on the running kernel.


test_context_functions_tell_what_proc_tells() {
	need bpf
	need pids
	cat >t.sh <<'S'
echo "$$ $PPID $(cut -d ' ' -f 5-6 /proc/$$/stat) $(id -u) $(id -g)" >want
true
S
	"$stap" -c "sh t.sh" -e 'global done probe syscall_any {
		if (pid() == target() && name == "exit_group" && !done++) {
			printf("%d %d %d %d %d %d\n", pid(), ppid(), pgrp(), sid(), euid(), egid())
			printf("%s|%s|%s\n", cmdline_str(), cmdline_arg(1), pexecname())
		} }' >out
	[ "$(head -n 1 out)" = "$(cat want)" ] || { cat out want; fail "differs"; }
	expect '^sh t.sh\|t.sh\|' out
}

test_environment_of_the_target() {
	need bpf
	FLAVOUR=mint "$stap" -c 'true' -e 'global n probe syscall_any {
		if (pid() == target() && name == "exit_group" && !n++)
			println(env_var("FLAVOUR"), "[", env_var("FLAVOU"), "]") }' >out
	[ "$(head -n 1 out)" = 'mint[]' ]
}

test_task_functions() {
	need bpf
	"$stap" -c 'nice -n 5 true' -e 'global n probe syscall_any {
		t = task_current()
		if (pid() == target() && name == "exit_group" && !n++) {
			println(task_pid(t) == pid(), task_tid(t) == tid(), task_execname(t) == execname(),
				task_uid(t) == uid(), task_gid(t) == gid(), task_euid(t) == euid(), task_egid(t) == egid(),
				task_cpu(t) == cpu(), task_state(t))
			println(task_nice(t), " ", task_prio(t), " ", task_max_file_handles(t) >= 64)
			println(task_pid(task_parent(t)) == ppid(), isinstr(task_ancestry(t, 0), "=>true"))
		} }' >out
	expect '^111111110$' out
	nice=$(nice -n 5 nice) # of this run's own
	expect "^$nice $((20 + nice)) 1\$" out
	expect '^11$' out
}

test_syscall_any_names_calls_and_results() {
	need bpf
	"$stap" -c 'cat /nonexistent/file' -e 'global n
		probe syscall_any { if (pid() == target()) n[name]++ }
		probe syscall_any.return { if (pid() == target() && name == "openat" && retval < 0)
			println(name, " ", syscall_nr, " ", return_str(1, retval)) }
		probe end { println(n["openat"] > 0, n["exit_group"]) }' >out 2>err || true
	expect '^openat [0-9]+ -2 \(ENOENT\)$' out
	expect '^11$' out
}

test_scheduler_aliases_fire() {
	need bpf
	"$stap" -c 'sh -c "sleep 0.05; true; kill -0 \$\$"' -e 'global n, bad
		probe scheduler.ctxswitch { n[name]++
			if (prev_tid != tid() || prev_task_name != execname()) bad++
			if (next_pid < 0 || next_priority > 139 || prevtsk_state < 0 || nexttsk_state < 0) bad++ }
		probe scheduler.cpu_off { n[name]++ if (task_prev != task_current()) bad++ }
		probe scheduler.cpu_on { n[name]++ if (idle != (task_next == task_prev) && idle > 1) bad++ }
		probe scheduler.wakeup { n[name]++ if (task_tid <= 0 || task_cpu < 0) bad++ }
		probe scheduler.wakeup_new { n[name]++ }
		probe scheduler.process_fork { n[name]++ if (parent_pid != pid()) bad++ }
		probe scheduler.process_exit { n[name]++ if (tid != tid()) bad++ }
		probe scheduler.signal_send { n[name]++ }
		probe end { foreach (k+ in n) printf("%s ", k) printf("%d\n", bad) }' >out
	[ "$(cat out)" = 'cpu_off cpu_on ctxswitch process_exit process_fork signal_send wakeup wakeup_new 0' ]
}

test_kprocess_aliases_fire() {
	need bpf
	"$stap" -c 'sh -c "/bin/true; sleep 0.2; exit 3"' -e 'global n, file
		probe kprocess.create { n["create"]++ }
		probe kprocess.exec_complete { n["exec"]++ if (success && execname() == "true") file++ }
		probe kprocess.exit { n["exit"]++ if (pid() == target()) println("code ", code >> 8) }
		probe kprocess.release { n["release"]++ }
		probe end { foreach (k+ in n) printf("%s ", k) printf("%d\n", file > 0) }' >out || true
	expect '^code 3$' out
	expect '^create exec exit release 1$' out
}

test_aliases_of_kill_name_the_signal_and_who_gets_it() {
	need bpf
	"$stap" -c 'bash -c "kill -0 \$\$; kill -0 999999999 2>/dev/null; true"' -e '
probe signal.syskill { if (pid() == target()) printf("%s %d %d %d\n", name, sig, sig_pid == pid(), task != 0) }
probe signal.syskill.return { if (pid() == target()) println(retstr) }' >out
	printf 'syskill 0 1 1\n0\nsyskill 0 0 0\n-3 (ESRCH)\n' | diff - out
}

test_signal_aliases_fire() {
	need bpf
	"$stap" -c 'sh -c "trap : USR1; kill -USR1 \$\$; true"' -e '
		probe signal.send { if (sig_pid == target()) println("send ", sig_name, " ", pid_name, " ", sig_pid == pid()) }
		probe signal.handle { if (pid() == target()) println("handle ", sig_name) }' >out
	expect '^send SIGUSR1 sh 1$' out
	expect '^handle SIGUSR1$' out
}

test_interrupt_aliases_fire() {
	need bpf
	"$stap" -T 60 -e 'global n, open probe softirq.entry { n["entry"]++ open[cpu()] = vec_nr + 1 }
		probe softirq.exit { if (open[cpu()] == vec_nr + 1) n["exit"]++ delete open[cpu()] }
		probe workqueue.execute { if (work && work_func && wq_thread == task_current()) n["execute"]++ }
		probe workqueue.insert { if (work && work_func) n["insert"]++ }
		probe timer.ms(200) { if (n["entry"] && n["exit"] && n["execute"] && n["insert"]) exit() }
		probe end { foreach (k+ in n) printf("%s ", k) println(n["entry"] - n["exit"] < 10) }' >out
	expect '^entry execute exit insert 1$' out
}

# The table of soft interrupts: what is in it is what the kernel's symbols call so.
test_soft_interrupts_tell_their_handlers() {
	need bpf
	grep -q ' softirq_vec$' /proc/kallsyms ||
		skip "needs the symbol softirq_vec (CONFIG_KALLSYMS_ALL)"
	"$stap" -T 60 -e 'global n probe softirq.entry, softirq.exit {
			printf("%d %d %s %s\n", vec_nr, (h - vec) / 8, symname(vec), symname(action))
			if (n++ > 200) exit() }' | sort -u >out
	cat out
	expect '^1 1 softirq_vec run_timer_softirq$' out
	expect '^9 9 softirq_vec rcu_core_si$' out
}

test_queue_statistics_line() {
	"$stap" --runtime=user -e 'probe begin { qsq_start("disk") qs_wait("disk") qs_run("disk") qs_done("disk")
		qsq_print("disk") exit() }' >out
	expect '^disk: [0-9.]+ ops/s, [0-9.]+ qlen, [0-9.]+ wait us, [0-9.]+ service us, [0-9.]+% blocked, [0-9.]+% busy$' out
}

test_thread_indent_of_a_program() {
	need bpf
	need cc
	cat >p.c <<'C'
__attribute__((noinline)) int inner(int x) { asm volatile("" : "+r"(x)); return x; }
__attribute__((noinline)) int outer(int x) { return inner(x) + 1; }
int main(int argc, char **argv) { return outer(argc) - 2; }
C
	cc -O1 -fno-optimize-sibling-calls p.c -o p
	"$stap" -c ./p -e '
		probe process("./p").function("*er") { println(thread_indent(1), "->", ppfunc()) }
		probe process("./p").function("*er").return { println(thread_indent(-1), "<-", ppfunc()) }' |
		sed 's/^ *[0-9]* p([0-9]*)//' | grep er >out
	printf '%s\n' ':->outer' ': ->inner' ': <-inner' ':<-outer' >want
	diff want out
}
