# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The kernel's debug information: which places it knows, and their variables.

# A "kernel" with debug information: kernel.c's lines matter.
write_debug_kernel() { # directory
	mkdir -p "$1"
	cat >kernel.c <<'C'
const char linux_banner[] = "Linux version 9.9.9-test (nobody@nowhere)";
struct item { int count; const char *name; };
int total;
__attribute__((noinline)) int leaf(int x)
{
	total += x;
	return x * 3;
}
static inline __attribute__((always_inline)) int twice(struct item *it, int by)
{
	int sum = it->count * by;

	total += sum;
	return leaf(sum) + sum;
}
__attribute__((noinline)) long outer(struct item *it, int n)
{
	long all = 0;

	for (int i = 0; i < n; i++) {
		all += twice(it, i);
		if (all > 1000)
			goto enough;
	}
	return all;
enough:
	total = 0;
	return -1;
}
__attribute__((noinline)) static int (*pick(int (*f)(int), const int *p))(int)
{
	return *p ? f : 0;
}
int main(int argc, char **argv)
{
	struct item it = { argc, argv[0] };

	return (int)outer(&it, argc) + (pick(leaf, &argc) != 0);
}
C
	cc -g -O2 -fno-pie -no-pie -Wl,--build-id=0xabcdef0123 -o "$1/vmlinux" kernel.c
}

test_places_of_the_kernel_by_debug_information() {
	need cc
	write_debug_kernel tree
	k="$stap -r $PWD/tree/vmlinux"
	$k -L 'kernel.function("outer")' >out
	expect '^kernel.function\("outer@.*kernel.c:16"\) \$it:struct item\* \$n:int' out
	$k -L 'kernel.function("outer@kernel.c:23").return' >out
	expect '^kernel.function\("outer@.*kernel.c:16"\).return \$return:long int \$it:struct item\* \$n:int' out
	$k -L 'kernel.function("twice").inline' >out
	expect '^kernel.function\("twice@.*kernel.c:9"\).inline \$it:struct item\* \$by:int' out
	$k -l 'kernel.function("twice")' >out
	expect '^kernel.function\("twice@.*kernel.c:9"\)$' out
	$k -L 'kernel.function("outer").label("*")' >out
	expect '^kernel.function\("outer@.*kernel.c:26"\).label\("enough"\) ' out
	$k -l 'kernel.function("outer").callee("*")' >out
	expect '^kernel.function\("outer@.*:16"\).callee\("leaf@.*:4"\)$' out
	expect '^kernel.function\("outer@.*:16"\).callee\("twice@.*:9"\)$' out
	$k -l 'kernel.function("*@kernel.c").call' >out
	[ "$(wc -l <out)" = 4 ] || fail "$(cat out)"
	$k -L 'kernel.function("pick")' >out
	expect '\$f:int \(\*\) \(int\) \$p:int const\*$' out
	$k -L 'kernel.statement("outer@kernel.c:22")' >out
	expect '^kernel.statement\("outer@.*kernel.c:22"\) .*\$all:long int' out
	$k -l 'kernel.statement("leaf@kernel.c+2")' >out
	expect '^kernel.statement\("leaf@.*kernel.c:6"\)$' out
	$k -l 'kernel.statement("leaf@kernel.c:*")' >out
	expect 'kernel.c:6"\)$' out
	expect 'kernel.c:7"\)$' out
	$k -l 'kernel.statement("outer@kernel.c:27-29")' >out
	expect 'kernel.c:27"\)$' out
	$k -p2 -e 'probe kernel.statement("outer@kernel.c:28").nearest { }' >out
	expect '^kernel.statement\("outer@.*kernel.c:[23][0-9]"\).nearest' out
	fails $k -p2 -e 'probe kernel.statement("outer@kernel.c:19") { }' >out 2>&1
	expect 'no statement of the kernel matches.*lines with code.*\[process-no-line\]' out
	at=0x$(nm tree/vmlinux | awk '$3 == "leaf" { print $1 }')
	$k -L "kernel.statement($at)" >out
	expect '^kernel.statement\(0x[0-9a-f]+\) \$x:int$' out
	fails $k -p2 -e "probe kernel.statement($((at + 1))) { }" >out 2>&1
	expect 'no statement begins there' out
}

# A program and a kernel are described in the same way.
test_variables_are_those_of_a_program() {
	need cc
	write_debug_kernel tree
	for what in 'function("outer")' 'function("leaf")' 'function("twice").inline' \
		'function("outer").label("enough")' 'statement("outer@kernel.c:*")' \
		'statement("twice@kernel.c:*")' 'function("outer").return'; do
		"$stap" -r "$PWD/tree/vmlinux" -L "kernel.$what" >out
		"$stap" -L "process(\"$PWD/tree/vmlinux\").$what" |
			sed 's/^process("[^"]*")/kernel/' >want
		[ -s want ] || fail "$what: nothing"
		diff want out || fail "$what"
	done
}

test_locals_are_translated() {
	need cc
	write_debug_kernel tree
	"$stap" -r "$PWD/tree/vmlinux" -p4 -m there -e '
probe kernel.statement("outer@kernel.c:22") {
	printf("%d %d %s %s\n", $all, $it->count, $$locals, $$vars)
}
probe kernel.function("outer").return { println($n, $return, @var("total")) }
probe kernel.function("twice").inline { println(probefunc(), $by, $it$) }
probe kernel.function("outer").callee("leaf") { println($x) }' >out 2>err
	expect '^there.bpf.o$' out
	fails "$stap" -r "$PWD/tree/vmlinux" -p2 \
		-e 'probe kernel.function("leaf") { println($nothing) }' >out 2>&1
	expect 'unresolved-target' out
}

test_without_debug_information_one_sentence_says_so() {
	for point in 'function("vfs_read@fs/read_write.c")' 'function("vfs_read").inline' \
		'function("vfs_read").label("x")' 'function("vfs_read").callees' \
		'statement("vfs_read@fs/read_write.c:10")' 'statement(0xffffffff81000000)'; do
		fails "$stap" -p2 -e "probe kernel.$point { }" >out 2>&1
		grep -q 'from debug information only' out || continue
		expect "and debug information of Linux $(uname -r | sed 's/[+.]/\\&/g') is not here \[" out
		expect 'remedy: install its debug package \(linux-image-.*DEBUGINFOD_URLS' out
		one_sentence out || fail "$(cat out)"
	done
}

need_debug_package() { # files of it, below the kernel's folder
	local f folder
	folder=/usr/lib/debug/lib/modules/$(uname -r)
	for f in vmlinux "$@"; do
		[ -r "$folder/$f" ] || skip "needs the kernel's debug package"
	done
}

# A module's own variables, from any probe and by their file.
test_variables_of_a_module() {
	need kprobes
	need_debug_package kernel/drivers/block/loop.ko
	[ -d /sys/module/loop ] || modprobe loop 2>/dev/null ||
		skip "needs the module loop"
	"$stap" -e 'probe begin {
	printf("%d %d %s\n", @var("max_part", "loop"),
	       @var("hw_queue_depth@drivers/block/loop.c", "loop"),
	       symname(@var("lo_fops", "loop")->ioctl))
	println(@defined(@var("no_such", "loop")))
	exit() }' >out
	echo "$(cat /sys/module/loop/parameters/max_part)" \
	     "$(cat /sys/module/loop/parameters/hw_queue_depth) lo_ioctl" >want
	echo 0 >>want
	diff want out
}

# Some of the places that a body was put to must not be probed: the others are.
test_inlined_bodies_of_the_kernel_where_they_may_be_probed() {
	need kprobes
	need_debug_package
	echo hello >some-file
	"$stap" -o out -c 'cat some-file' -e '
probe kernel.function("d_backing_inode").inline { if (pid() == target()) n++ }
probe end { printf("%d\n", n > 0) }
global n' 2>err || fail "$(cat err)"
	[ "$(cat out)" = 1 ] || fail "$(cat out err)"
	expect 'left out [0-9]+ functions? that must not be probed' err
}

# Parameters by BTF (kprobe.function never asks debug information) and by DWARF.
test_btf_and_dwarf_agree() {
	rel=${STAP_TEST_DEBUG_KERNEL:-$(uname -r)}
	[ -r "/usr/lib/debug/lib/modules/$rel/vmlinux" ] ||
		skip "needs the kernel's debug package"
	for pattern in 'vfs_*' 'tcp_*' 'do_*' 'blk_*'; do
		"$stap" -r "$rel" -L "kprobe.function(\"$pattern\")" |
			sed -E 's/^kprobe.function\("([^"]*)"\)/\1/' | sort >btf
		"$stap" -r "$rel" -L "kernel.function(\"$pattern\").call" |
			sed -E 's/^kernel.function\("([^"@]*)(@[^"]*)?"\).call/\1/' | sort >dwarf
		# DWARF knows locals that have a place at the entry, too; a function
		# in parts has what all parts have
		"$stap" -r "$rel" -l "kprobe.function(\"$pattern.part*\")" |
			sed -E 's/.*\("([^"]*)\.part.*/\1/' | sort -u >parts
		join -v 1 dwarf parts >whole
		awk '{ n = $1 } NR == FNR { seen[n]++; line[n] = $0; next }
			seen[n] == 1 { both++; if (index($0 " ", line[n] " ") != 1) {
				print line[n]; print $0; bad++ } }
			END { if (bad || both < 30) { print both " in both"; exit 1 } }' btf whole ||
			fail "$pattern"
	done
}
