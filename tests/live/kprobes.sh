# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Functions of the kernel, on kernels that let them be probed.

# The same functions by the other mechanisms: wildcards are kprobes, maxactive
# makes kretprobes of the old kind.
test_every_mechanism_sees_the_same() {
	need kprobes
	need cc
	cat >p.c <<'C'
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
int main(void)
{
	for (int i = 0; i < 1000; i++)
		mkdir(i % 2 ? "made" : "/", i);
	return 0;
}
C
	cc -O1 p.c -o p
	f=do_mkdirat
	"$stap" -l "kernel.function(\"$f\")" >/dev/null 2>&1 || f=filename_mkdirat
	"$stap" -w -c ./p -e '
		global a, b, c, sa, sb, sc, ra, rb, rc, rs, kids
		function mine() { return pid() == target() }
		probe kernel.function("'$f'") { if (mine()) { a++ sa += $mode } }
		probe kernel.function("'${f%?}'?") { if (mine()) { b++ sb += $mode } }
		probe kprobe.function("'$f'") { if (mine()) { c++ sc += $mode } }
		probe kernel.function("'$f'").return { if (mine()) { ra++ rs += $return } }
		probe kernel.function("'${f%?}'*").return { if (mine()) { rb++ rs -= $return } }
		probe kernel.function("'$f'").return.maxactive(20) { if (mine()) { rc++ kids += $return == -17 } }
		probe end { printf("%d %d %d %d %d %d %d %d %d %d %d\n", a, b, c, sa, sb, sc, ra, rb, rc, rs, kids) }' >out
	expect '^1000 1000 1000 499500 499500 499500 1000 1000 1000 0 999$' out
	! grep -q stap_kretprobes /sys/kernel/tracing/kprobe_events
}

test_entry_values_survive_recursion_and_threads() {
	need kprobes
	need cc
	cat >p.c <<'C'
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>
static void *work(void *arg)
{
	char buf[4096];
	int fd = open("/dev/zero", 0);
	for (int i = 1; i <= 500; i++)
		read(fd, buf, i + 1000 * (int)(long)arg % 4096);
	return 0;
}
int main(void)
{
	pthread_t t[4];
	for (long i = 0; i < 4; i++)
		pthread_create(&t[i], 0, work, (void *)i);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], 0);
	return 0;
}
C
	cc -O1 -w -pthread p.c -o p
	# what was asked for is what was read; path walks nest in each other;
	# who holds a global may lose its virtual CPU
	"$stap" -w -DMAXTRYLOCK=1000000 -c ./p -e '
		global n, bad, times, deep
		probe kernel.function("vfs_read").return {
			if (pid() != target()) next
			if (@entry(kernel_string($file->f_path->dentry->d_name->name)) != "zero") next
			n++
			if (@entry($count) != $return || $count != $return) bad++
		}
		probe kernel.function("vfs_r*").return {
			if (pid() == target()) times <<< gettimeofday_ns() - @entry(gettimeofday_ns())
		}
		probe end { printf("%d %d %d\n", n, bad, @min(times) > 0 && @max(times) < 10000000000) }' >out
	expect '^2000 0 1$' out
}

test_missed_returns_are_counted_as_the_kernel_counts() {
	need kprobes
	need cc
	cat >p.c <<'C'
#include <time.h>
#include <pthread.h>
static void *work(void *arg)
{
	struct timespec t = {0, 300000000};
	nanosleep(&t, 0);
	return arg;
}
int main(void)
{
	pthread_t t[8];
	for (int i = 0; i < 8; i++)
		pthread_create(&t[i], 0, work, 0);
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], 0);
	return 0;
}
C
	cc -O1 -pthread p.c -o p
	"$stap" -w --accounting=acc.json -c ./p -e '
		global n
		probe kernel.function("hrtimer_nanosleep").return.maxactive(3) { if (pid() == target()) n++ }
		probe kernel.function("kernel_clone").return { }
		probe end { println(n) }' >out 2>err || true
	cat out acc.json
	# eight slept at the same time, and there was room for three
	[ "$(cat out)" = 3 ]
	expect '"missed": *5' acc.json
}

test_kernel_faults_are_script_errors() {
	need kprobes
	"$stap" -w -c true -e 'probe kernel.function("vfs_read") {
		try { println(@cast(8, "task_struct", "kernel")->pid) } catch (e) { println(e) }
		try { println(kernel_string(5)) } catch (e) { println(e) }
		try { println(kernel_long(5)) } catch (e) { println(e) }
		println(kernel_string2(5, "unknown"))
		exit() }' >out
	cat out
	expect '^read fault .*at 0x[0-9a-f]+' out
	expect '^kernel string copy fault at 0x5' out
	expect '^kernel long copy fault at 0x5' out
	expect '^unknown$' out
}

test_modules_of_the_kernel() {
	need kprobes
	need ip
	modprobe -n dummy 2>/dev/null || skip "needs the module dummy"
	[ ! -d /sys/module/dummy ] || modprobe -r dummy
	# one that is loaded while the session runs
	cat >load <<'C'
sleep 0.2
modprobe dummy numdummies=1
sleep 1
ip link set dummy0 up
ip address add 10.9.9.1/24 dev dummy0
for i in 1 2 3; do echo x >/dev/udp/10.9.9.77/7777; sleep 1; done
C
	"$stap" -c 'bash ./load' -e 'global n, r
		probe module("dummy").function("dummy_xmit") { n++ }
		probe module("dummy").function("dummy_xm*").return { r++ }
		probe end { printf("later %d %d\n", n, r) }' >out 2>err || true
	cat out err
	expect '^later [1-9][0-9]* [1-9]' out
	expect '^WARNING: module dummy is not loaded: 2 probes will be attached when it is \[run-module-wait\]' err
	expect 'modprobe dummy' err
	ip link set dummy0 up
	"$stap" -T 20 -e 'probe begin { system("ping -c 1 -W 1 -I dummy0 10.9.9.9 >/dev/null 2>&1; ip -6 address add fd00::1/64 dev dummy0") }
		probe module("dummy").function("dummy_xmit") { printf("%s %s\n", kernel_string($dev->name), ppfunc()); exit() }' >out
	expect '^dummy0 dummy_xmit$' out
}

# Where the kernel lets a module go that is probed.
test_modules_that_are_loaded_again() {
	need kprobes
	modprobe -n loop 2>/dev/null || skip "needs the module loop"
	modprobe loop
	cat >again <<'C'
for i in 1 2 3; do
	modprobe loop
	sleep 1
	for k in 1 2 3 4 5 6 7 8; do
		losetup -f >/dev/null 2>&1
		sleep 0.2
	done
	echo "round $i"
	rmmod loop || { echo pinned; break; }
done
C
	"$stap" -w -c 'bash ./again' -e 'global on = 1
		probe module("loop").function("loop_control_ioctl") { println("hit ", modname(addr())) }
		probe module("loop").function("loop_control_ioctl").return { println("ret ", $return >= 0) }
		probe module("loop").function("loop_control_ioctl") if (on) { println("if ") }
		probe timer.s(100) { on = 0 }' >out 2>err
	grep -q pinned out && skip "needs a kernel that lets a probed module go"
	sort out err | uniq -c
	[ "$(grep -c '^hit loop$' out)" = 24 ]
	[ "$(grep -c '^ret 1$' out)" = 24 ]
	[ "$(awk '/^if/ { seen = 1 } /^round/ { n += seen; seen = 0 } END { print n }' out)" = 3 ]
}

# Loaded or not: what runs while a module is loaded cannot be probed.
test_init_functions_of_modules_say_so() {
	need kprobes
	modprobe -n dummy 2>/dev/null || skip "needs the module dummy"
	for point in dummy_init_module '*init_mod*'; do
		"$stap" -p2 -e "probe module(\"dummy\").function(\"$point\") { exit() }" 2>err &&
			fail "$point"
		expect 'dummy_init_module runs once, while module dummy is being loaded.*\[kernel-init-function\]' err
	done
	modprobe dummy numdummies=1
	"$stap" -p2 -e 'probe module("dummy").function("dummy_init_module") { exit() }' 2>err &&
		fail "of a loaded module"
	expect '\[kernel-init-function\]' err
}

# Kernels whose BTF describes the first of several functions of a name.
test_namesakes_have_no_parameters_of_another() {
	need kprobes
	local version
	version=$(sed -n 's/^CONFIG_PAHOLE_VERSION=//p' "/boot/config-$(uname -r)" 2>/dev/null)
	[ "${version:-999}" -lt 125 ] || skip "needs types by pahole before 1.25"
	[ "$(grep -c ' do_fault$' /proc/kallsyms)" -gt 1 ] || skip "needs two functions do_fault"
	[ ! -e "/usr/lib/debug/lib/modules/$(uname -r)/vmlinux" ] || skip "has debug information"
	"$stap" -p2 -e 'probe kernel.function("do_fault") { println($work) }' 2>err &&
		fail "bound"
	expect 'the kernel has 2 functions do_fault, and its type information describes one of them' err
	# but both can be probed, and tell what needs no types
	"$stap" -T 30 -c 'cat /proc/self/maps' -e 'probe kernel.function("do_fault") {
		if (pid() == target()) { printf("hit %s %d\n", ppfunc(), pointer_arg(1) != 0); exit() } }' >out
	expect '^hit do_fault 1$' out
}

test_types_of_modules() {
	need kprobes
	modprobe ext4 2>/dev/null || skip "needs the module ext4"
	"$stap" -e 'probe begin { println(&@cast(0, "struct ext4_inode_info", "ext4")->vfs_inode > 0); exit() }' >out
	expect '^1$' out
	# at a probe in the module, its types need no name
	"$stap" -w -p2 -e 'probe module("ext4").function("ext4_sync_file") {
		println(&@cast(0, "ext4_inode_info")->vfs_inode, $datasync) }' >out
	expect 'module."ext4".*ext4_sync_file' out
	"$stap" -l 'module("ext4").trace("ext4_sync_*")' >out
	expect 'module."ext4"..trace.".*ext4_sync_file_enter"' out
	! grep -q jbd2 out
}

test_a_kept_script_finds_its_functions_again() {
	need kprobes
	# newer kernels call it by another name
	local open=do_filp_open
	"$stap" -l 'kernel.function("do_file_open")' >/dev/null 2>&1 && open=do_file_open
	"$stap" -w -p4 -m kept -e 'probe kernel.function("vfs_rea*") { if (pid() == target() && probefunc() == "vfs_read") hits++ }
		probe kernel.function("vfs_read").return { if (pid() == target()) returns += $return > 0 }
		probe kprobe.function("'$open'") { if (pid() == target()) name = kernel_string($pathname->name) }
		global hits, returns, name
		probe end { printf("%d %d %s\n", hits > 0, returns > 0, name) }'
	echo text >some-file
	"${stap}run" -c 'cat some-file' kept.bpf.o >out
	expect '^1 1 some-file$' out
}

test_variables_of_the_kernel() {
	need kprobes
	grep -q ' runqueues$' /proc/kallsyms || skip "needs symbols of data (CONFIG_KALLSYMS_ALL)"
	"$stap" -w -c 'sleep 0.1' -e 'global n, good
		probe kernel.function("hrtimer_nanosleep") {
			if (pid() != target()) next
			n++
			# the per-CPU copy of this CPU, structures and pointers
			if (@var("runqueues")->cpu == cpu() && @var("runqueues")->curr->pid == tid() &&
			    @var("runqueues")->curr == task_current() &&
			    kernel_string(@var("runqueues")->curr->comm) == "sleep" &&
			    @cast(&@var("init_task"), "struct task_struct", "kernel<linux/sched.h>")->pid == 0 &&
			    kernel_string(@cast(&@var("init_task"), "task_struct")->comm) == "swapper/0")
				good++
		}
		probe end { printf("%d %d\n", n > 0, n == good) }' >out
	expect '^1 1$' out
}

test_returns_of_twenty_functions_are_timed() {
	need kprobes
	points=
	for f in vfs_read vfs_write vfs_open vfs_statx vfs_getattr do_sys_openat2 \
		do_filp_open path_openat filp_close kernel_clone kernel_wait4 \
		iterate_dir do_unlinkat do_sigaction vfs_getattr_nosec \
		getname_flags link_path_walk vm_munmap ksys_mmap_pgoff \
		load_elf_binary; do
		points="$points${points:+, }kernel.function(\"$f\").return?"
	done
	"$stap" -w -c 'sh -c "ls -lR /sys/bus >/dev/null; echo x >f; cat f; rm f"' -e '
		global t, n
		probe '"$points"' {
			d = gettimeofday_ns() - @entry(gettimeofday_ns())
			t[ppfunc()] <<< d
			if (d <= 0) n++
		}
		probe end { k = 0; foreach (f in t) { k++; if (@count(t[f]) == 0) n++ }
			printf("%d %d\n", k, n)
			foreach (f in t- limit 1) print(@hist_log(t[f])) }' >out 2>err || { cat err; false; }
	cat out
	# what is inlined on one kernel or the other is passed over
	expect '^(1[5-9]|20) 0$' out
	expect '@@@' out
}

# Of some functions (parts that the compiler split off) the kernel's type
# information says nothing: they must not hinder the pattern's others.
test_parameters_of_the_functions_of_a_pattern() {
	need kprobes
	"$stap" -c 'cat /etc/hostname' -e '
		probe kernel.function("vfs_*").call { if (pid() == target()) println("> ", ppfunc(), " ", $$parms) }
		probe kernel.function("vfs_*").return { if (pid() == target()) println("< ", ppfunc(), " ", $$return) }' >out ||
		fail "stap"
	expect '^> vfs_read file=0x[0-9a-f]+ buf=0x[0-9a-f]+ count=0x[0-9a-f]+ pos=0x' out
	expect '^< vfs_read return=0x' out
}
