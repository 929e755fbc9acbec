# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Memory of the kernel by the library's functions and as text: what SystemTap 5.6
# gives for the same bytes. The bytes are the task's name, which a program
# chooses.

write_namer() {
	cat >namer.c <<'C'
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
static char *abc = "abcdefghijkl";
static unsigned char raw[] = {0, 1, 2, '1', 0, '1', 7, 8, 9, 10, 13, 27, 127,
	128, '"', '\\', 'a', 11, 12, '%', '?', 0};
static void name(const char *s, long n)
{
	prctl(PR_SET_NAME, s);
	syscall(SYS_getpgid, 0x7e57, n, abc, raw);
}
int main(void)
{
	volatile char touched = *abc + raw[1];
	name("\x82\xff\xfe\xfd\xfc\xfb\xfa\xf9" "abcdef", 1);
	name("BADC", 2);
	name("xy\x01", 3);
	name("q\"uo\n\te\\", 4);
	return 0;
}
C
	cc -w -O1 namer.c -o namer
}

# The handler's text runs for call number $n, with c the name's address, abc and
# raw those of the program's.
of_names() { # stap's options... script
	local script=${*: -1}
	set -- "${@:1:$#-1}"
	"$stap" "$@" -c ./namer -e '
	probe kernel.trace("sys_enter") {
		if (pid() != target() || $id != 121 || $regs->di != 0x7e57) next
		t = task_current()
		n = $regs->si; abc = $regs->dx; raw = $regs->r10
		c = &@cast(t, "task_struct")->comm[0]
		'"$script"'
	}'
}

test_numbers_at_kernel_addresses() {
	need bpf
	need cc
	write_namer
	of_names 'if (n != 1) next
		println(kernel_char(c), " ", kernel_short(c), " ", kernel_int(c), " ", kernel_long(c))
		printf("%x %d\n", kernel_pointer(c), kernel_char(c + 8))
		println(@kderef(1, c), " ", @kderef(2, c), " ", @kderef(4, c), " ", @kderef(8, c))
		for (i = 8; i < 17; i++) printf("%d ", @cast(t, "task_struct")->comm[i])
		println(&@cast(t, "task_struct")->comm[3] - c)
		try { v = kernel_char(0) println(v) } catch (e) { println(e) }
		try { v = kernel_short(8) println(v) } catch (e) { println(e) }
		try { v = kernel_int(8) println(v) } catch (e) { println(e) }
		try { v = kernel_long(8) println(v) } catch (e) { println(e) }
		try { v = kernel_pointer(8) println(v) } catch (e) { println(e) }
		try { v = @cast(0, "list_head")->prev println(v) } catch (e) { println(e) }
		' >out
	diff - out <<'W'
-126 -126 -33620094 -433757350076153982
f9fafbfcfdfeff82 97
130 65410 4261347202 -433757350076153982
97 98 99 100 101 102 0 0 0 3
kernel char copy fault at 0x0 [man error::fault]
kernel short copy fault at 0x8 [man error::fault]
kernel int copy fault at 0x8 [man error::fault]
kernel long copy fault at 0x8 [man error::fault]
kernel pointer copy fault at 0x8 [man error::fault]
read fault [man error::fault] at 0x8
W
}

test_texts_at_kernel_addresses() {
	need bpf
	need cc
	write_namer
	of_names '
		if (n == 2) println(kernel_string_utf16(c), kernel_string_quoted_utf16(c))
		if (n == 3) println(kernel_string_utf32(c), kernel_string_quoted_utf32(c))
		if (n == 4) {
			println(kernel_string_quoted(c), kernel_string_n(c, 3), kernel_or_user_string_quoted(c))
			println(@cast(t, "task_struct")->comm$, @cast(t, "task_struct")->comm$$)
		}
		if (n != 1) next
		println("[", kernel_string_n(c + 8, 0), kernel_string_n(c + 8, -1), user_string_n(abc, 0),
			user_string_n(abc, -1), "]", kernel_string_n(c + 8, 3), kernel_string_n(c + 8, 100))
		println(user_string_n_quoted(abc, 0), user_string_n_quoted(abc, 2))
		println(kernel_string2(8, "a"), kernel_string(8, "b"), kernel_string_quoted(8),
			kernel_string2_utf16(8, "c"), kernel_string2_utf32(8, "d"), kernel_string_quoted_utf16(8))
		try { s = kernel_string(8) println(s) } catch (e) { println(e) }
		try { s = kernel_string_n(8, 3) println(s) } catch (e) { println(e) }
		try { s = kernel_string_utf16(8) println(s) } catch (e) { println(e) }
		try { s = kernel_string_utf32(8) println(s) } catch (e) { println(e) }
		' >out
	diff - out <<'W'
[]abcabcdef
"""ab"
ab0x8cd0x8
kernel string copy fault at 0x8 [man error::fault]
kernel string copy fault at 0x8 [man error::fault]
kernel string copy fault at 0x8 [man error::fault]
kernel string copy fault at 0x8 [man error::fault]
䅂䍄"\u4142\u4344"
𗥸"\U00017978"
"q\"uo\n\te\\"q"u"q\"uo\n\te\\"
"q\"uo\n\te\\""q\"uo\n\te\\"
W
}

test_quoted_buffers_fit() {
	need bpf
	need cc
	write_namer
	of_names -DMAXACTION=10000 'if (n != 1) next
		for (i = 0; i < 16; i++)
			println(i, user_buffer_quoted(abc, 12, i), kernel_buffer_quoted(c + 8, 6, i))
		for (i = 0; i < 10; i++) print(user_buffer_quoted(abc, i, 10))
		println("")
		println(user_buffer_quoted(raw, 22, 200), kernel_buffer_quoted(c, 16))
		println(kernel_buffer_quoted(8, 3, 20), user_buffer_quoted(8, 3, 20))
		try { s = kernel_buffer_quoted_error(8, 3, 20) println(s) } catch (e) { println(e) }
		try { s = user_buffer_quoted_error(8, 3, 20) println(s) } catch (e) { println(e) }
		' >out
	diff - out <<'W'
0
1""...""...
2""...""...
3""...""...
4""...""...
5""...""...
6"a"..."a"...
7"ab"..."ab"...
8"abc"..."abcdef"
9"abcd"..."abcdef"
10"abcde"..."abcdef"
11"abcdef"..."abcdef"
12"abcdefg"..."abcdef"
13"abcdefgh"..."abcdef"
14"abcdefghijkl""abcdef"
15"abcdefghijkl""abcdef"
"abcde"..."a""ab""abc""abcd""abcde""abcdef""abcdefg""abcdefgh""abcde"...
"\0\001\0021\01\a\b\t\n\r\033\177\200\"\\a\v\f%?\0""\202\377\376\375\374\373\372\371abcdef\0\0"
0x80x8
Unable to access kernel space data at 0x8
Unable to access user space data at 0x8
W
}

# One word where a structure, or a text that it points to, cannot be read.
test_pretty_printing_of_what_is_not_there() {
	need bpf
	need cc
	write_namer
	of_names 'if (n != 1) next
		println(@cast(c - 8, "qstr")->name$, " ", @cast(c - 8, "qstr")$, " ", @cast(8, "list_head")->next$)
		println(@cast(8, "task_struct")->pid$ . "|" . @cast(8, "task_struct")->cred$$, @cast(t, "task_struct")->pid$ == sprint(tid()))
		println(@cast(c, "in6_addr")$$)
		println(@cast(c, "in6_addr")->in6_u->u6_addr8[0]$, @cast(c, "in6_addr")->in6_u->u6_addr8$)
		' >out
	diff - out <<'W'
ERROR ERROR ERROR
ERROR|ERROR1
{.in6_u={.u6_addr8="\202\377\376\375\374\373\372\371abcdef", .u6_addr16=[65410, ...], .u6_addr32=[4261347202, ...]}}
'\202'"\202\377\376\375\374\373\372\371abcdef"
W
}

test_well_known_variables_need_no_debug_information() {
	need bpf
	grep -q ' init_task$' /proc/kallsyms ||
		skip "needs variables in the kernel's symbols (CONFIG_KALLSYMS_ALL)"
	"$stap" -o out -c true -e 'probe kernel.trace("sys_enter") {
		if (pid() != target()) next
		println(@var("init_task")->comm$, @var("init_task")->pid, &@var("init_task") == task_parent(pid2task(1)))
		println(@var("jiffies") == jiffies(), " ", @var("runqueues")->curr->pid == tid(), @var("runqueues")->curr == task_current())
		println(kernel_string(@var("saved_command_line")))
		print(kernel_string(@var("linux_banner")))
		printf("%d.%02d\n", (@var("avenrun")[0] + 10) >> 11, (((@var("avenrun")[0] + 10) & 2047) * 100) >> 11)
		println(@var("__num_online_cpus")->counter)
		println(@var("init_uts_ns")->name->release$)
		println(@cast(@cast(&@var("runqueues"), "rq") + @var("__per_cpu_offset")[0] - @var("__per_cpu_offset")[cpu()], "rq")->cpu)
		exit()
	}'
	read -r load _ </proc/loadavg
	{
		echo '"swapper/0"01'
		echo '1 11'
		cat /proc/cmdline
		cat /proc/version
		echo "$load"
		nproc
		echo "\"$(uname -r)\""
		echo 0
	} >want
	sed -i 's/ *$//' out want
	# the load moves on
	sed -i '5d' out want
	diff want out
}

test_the_same_warning_is_given_once() {
	"$stap" --runtime=user -e 'probe begin { warn("one") warn("one") warn("two") exit() }' 2>out
	diff - out <<<$'WARNING: one\nWARNING: two'
	"$stap" -v --runtime=user -e 'probe begin { warn("one") warn("one") exit() }' 2>out
	[ "$(grep -c '^WARNING: one$' out)" = 2 ]
}
