# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Translating for a kernel that is not the running one.

# A "vmlinux" of release 9.9.9-test that has this kernel's types.
write_kernel() { # directory
	mkdir -p "$1"
	cat >kernel.c <<'C'
const char linux_banner[] = "Linux version 9.9.9-test (nobody@nowhere)";
long vfs_read(void) { return 1; }
long vfs_write(void) { return 2; }
static long vfs_unused_but_named(void) { return 3; }
long (*keep)(void) = vfs_unused_but_named;
int main(void) { return (int)(vfs_read() + vfs_write()); }
C
	cc -g0 -O0 -Wl,--build-id=0xabcdef0123 -o plain kernel.c
	objcopy --add-section ".BTF=${2:-/sys/kernel/btf/vmlinux}" plain "$1/vmlinux-9.9.9-test"
}

test_an_unknown_kernel_is_an_error() {
	local rc=0
	"$stap" -r nosuch -e 'probe begin { exit() }' >out 2>&1 || rc=$?
	[ $rc = 1 ] || fail "status $rc: $(cat out)"
	expect 'no kernel nosuch is known here.*\[kernel-no-release\]' out
	for where in / /etc/passwd /no/such/place; do
		fails "$stap" -r "$where" -p2 -e 'probe begin { exit() }' >out 2>&1
		expect '\[kernel-no-release\]' out
	done
	[ "$("$stap" -r "$(uname -r)" --runtime=user -e 'probe begin { print(kernel_vr()) exit() }
function kernel_vr() { return "same" }')" = same ]
}

test_another_kernels_types_and_symbols_are_used() {
	need objcopy
	[ -r /sys/kernel/btf/vmlinux ] || skip "needs BTF in the kernel"
	write_kernel root/boot
	echo 'CONFIG_OF_ANOTHER_KERNEL=y' >root/boot/config-9.9.9-test
	local other="$stap -r 9.9.9-test --sysroot=$PWD/root"
	$other -L 'kernel.function("vfs_*")' >out
	expect '^kernel.function\("vfs_read"\) \$file:struct file\* \$buf:char\*' out
	expect '^kernel.function\("vfs_write"\) \$file:struct file\* \$buf:char const\*' out
	fails grep -q vfs_open out
	$other -p1 -e '%( kernel_v == "9.9.9" && kernel_vr == "9.9.9-test" &&
		CONFIG_OF_ANOTHER_KERNEL == "y" %? probe begin { exit() } %: other %)' >out
	"$stap" -r "$PWD/root/boot/vmlinux-9.9.9-test" -p2 \
		-e 'probe kernel.function("vfs_write") { println($count) }' >out
	expect '^kernel.function\("vfs_write"\)' out
	# what is no module of that kernel is a part of it
	mkdir -p root/lib/modules/9.9.9-test
	echo kernel/drivers/virtio/virtio-ring.ko >root/lib/modules/9.9.9-test/modules.builtin
	fails $other -p2 -e 'probe module("virtio_ring").function("vfs_read") { exit() }' >out 2>&1
	expect 'virtio_ring is no module of this kernel, but a part of it \[kernel-builtin\]' out
	expect 'kernel.function\("vfs_read"\) looks there' out
	# a kernel without types says what to install
	cp plain root/boot/vmlinux-9.9.9-test
	fails $other -p2 -e 'probe kernel.trace("sched_switch") { println($prev->pid) }' \
		>out 2>&1
	expect 'type information of Linux 9.9.9-test' out
	expect 'linux-image-9.9.9-test-dbg' out
}

test_what_fits_another_kernel_runs_there() {
	need bpf; need objcopy
	write_kernel .
	"$stap" -r "$PWD/vmlinux-9.9.9-test" -m there \
		-e 'probe kernel.trace("sched_switch") { if ($prev->pid >= 0) println("fits") exit() }' >out 2>err
	expect 'runs another kernel than 9.9.9-test' err
	expect '^there.bpf.o$' out
	"${stap%stap}staprun" there.bpf.o | grep -qx fits
}

test_what_does_not_fit_is_refused_with_both_build_ids() {
	need bpf; need objcopy; need clang
	cat >types.c <<'C'
struct task_struct { int no_kernel_has_this; } ;
struct task_struct *f(struct task_struct *t) { return t; }
typedef void (*btf_trace_sched_exotic)(void *, struct task_struct *t);
btf_trace_sched_exotic tp;
C
	clang -target bpf -g -O1 -c -o types.o types.c
	# objcopy need not know BPF
	local at size
	read -r at size < <(readelf -SW types.o | tr -d '[]' |
		awk '$2 == ".BTF" { print $5, $6 }')
	tail -c +$((0x$at + 1)) types.o | head -c $((0x$size)) >other.btf
	write_kernel . "$PWD/other.btf"
	"$stap" -r "$PWD/vmlinux-9.9.9-test" -m there -e 'probe begin {
	println(@cast(task_current(), "task_struct", "kernel")->no_kernel_has_this) exit() }' >out
	local rc=0
	"${stap%stap}staprun" there.bpf.o >out 2>&1 || rc=$?
	[ $rc = 1 ] || fail "status $rc: $(cat out)"
	expect 'Build-id mismatch .*"kernel" [0-9a-f]{40} vs. "vmlinux" abcdef0123 \(Linux 9.9.9-test\)' out
}
