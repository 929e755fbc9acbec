# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Every family of probe points of man stapprobes: on this kernel it works, or one
# sentence says why not. STAP_FAMILIES=FILE keeps the table of both.

families() {
	cat <<'LIST'
begin
begin(-5)
end
end(7)
error
never
timer.s(1)
timer.ms(10)
timer.us(2000)
timer.jiffies(2)
timer.hz(50)
timer.ms(10).randomize(3)
timer.profile
timer.profile.freq.hz(50)
kernel.function("vfs_read")
kernel.function("vfs_read").call
kernel.function("vfs_read").return
kernel.function("vfs_read").return.maxactive(10)
kernel.function("vfs_read").exported
kernel.function("vfs_read").inline
kernel.function("vfs_read").label("out")
kernel.function("vfs_read").callee("rw_verify_area")
kernel.function("vfs_read").callees
kernel.function("vfs_read@fs/read_write.c")
kernel.statement("vfs_read")
kernel.statement("vfs_read@fs/read_write.c:*")
kernel.statement("vfs_read@fs/read_write.c:1").nearest
kernel.statement(0xffffffff81000000)
kernel.statement(0xffffffff81000000).absolute
module("ext4").function("ext4_file_open")
module("ext4").function("ext4_file_open").return
module("ext4").statement("ext4_file_open")
kprobe.function("vfs_read")
kprobe.function("vfs_read").return
kprobe.module("ext4").function("ext4_file_open")
kprobe.statement(0xffffffff81000000).absolute
kernel.trace("sched_process_exec")
kernel.trace("sched:sched_process_exec")
kernel.trace("sched_process_*")
kernel.tracepoint("sched_process_exec")
kernel.lsm("file_open")
kernel.mark("x")
kernel.data("jiffies").write
kernel.data("jiffies").rw
kernel.data(0xffffffff81000000).length(8).write
process("/bin/true").begin
process("/bin/true").end
process("/bin/true").thread.begin
process("/bin/true").thread.end
process("/bin/true").syscall
process("/bin/true").syscall.return
process("/bin/true").insn
process("/bin/true").insn.block
process.begin
process.syscall
process("/bin/sh").function("*")
process("/bin/sh").function("main").call
process("/bin/sh").plt("strlen")
process("/bin/sh").library("libc.so.6").function("malloc")
process("/bin/sh").library("libc.so.6").function("malloc").return
process("/bin/sh").library("libc.so.6").mark("*")
process("/bin/sh").statement(0x1000).absolute
process.data(0x1000).write
java("x").class("C").method("m")
python3.module("m").function("f")
debuginfod.process("/bin/true").function("main")
perf.type(1).config(0).sample(1000000)
perf.type(1).config(0).hz(100)
perf.sw.cpu_clock
perf.sw.page_faults.process("/bin/true")
perf.sw.page_faults.process("/bin/true").counter("faults")
perf.hw.cpu_cycles
procfs("x").read
procfs("x").write
procfs("x").umask(0077).read
input.char
input.line
netfilter.hook("NF_INET_LOCAL_IN").pf("NFPROTO_IPV4")
netfilter.hook("NF_INET_LOCAL_IN").pf("NFPROTO_IPV6").priority("NF_IP6_PRI_FILTER")
netfilter.ip.local_in
LIST
}

# A complaint is one error, with its tag and what to do or to use instead; in pass
# 2 a line before it says which point is meant.
one_sentence() { # file
	grep -vE '^semantic error: while resolving probe point: ' "$1" >said
	[ "$(grep -cE '^(semantic error|ERROR|parse error): .*\[[a-z-]+\]' said)" = 1 ] &&
		[ "$(grep -cE '^(semantic error|ERROR|parse error):' said)" = 1 ] &&
		grep -qE '^ +(remedy|note): |^ERROR: .*; ' said
}

test_every_family_works_or_says_why_not() {
	need bpf
	local n=0 works=0 rc point answer bad=
	while IFS= read -r point; do
		n=$((n + 1))
		rc=0
		timeout 60 "$stap" -g -e "global hits probe $point { hits++ }
			probe begin { println(\"runs\") } probe timer.ms(1) { exit() }" \
			>out 2>err </dev/null || rc=$?
		if [ $rc = 0 ] && grep -qx runs out; then
			answer=works
			works=$((works + 1))
		elif [ $rc = 1 ] && one_sentence err; then
			answer=$(sed -nE 's/^(semantic error|ERROR): (.*\[[a-z-]+\]).*/\2/p' said)
		else
			bad+="$point: status $rc: $(cat out err)"$'\n'
			answer=BAD
		fi
		printf '%s\t%s\n' "$point" "$answer"
	done < <(families) >table
	[ -z "${STAP_FAMILIES:-}" ] || cp table "$STAP_FAMILIES"
	[ -z "$bad" ] || fail "$bad"
	[ $n -ge 70 ] && [ $works -ge 30 ] || fail "$works of $n work"
}

# A session whose object is kept is refused as early, by the same sentence.
test_a_kept_object_that_runs_here_is_refused_in_pass_2() {
	need bpf
	[ ! -r /sys/bus/event_source/devices/kprobe/type ] ||
		skip "needs a kernel without kprobes"
	fails "$stap" -m kept -e 'probe kernel.function("vfs_read") { println(1) }' >out 2>&1
	one_sentence out
	expect '\[probe-point-unavailable\]' out
	expect '^Pass 2: analysis failed' out
	"$stap" -p4 -m kept -e 'probe kernel.function("vfs_read") { println(1) }' >out
	expect '^kept.bpf.o$' out
}
