# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What probes of kernel functions say, beside what the kernel itself says of the
# same: its tracer's counts, its own number of missed returns, its list of
# functions.

tracefs=/sys/kernel/tracing

# Every call that the kernel's own tracer saw a program make is seen by our
# probes.
test_counts_equal_those_of_the_kernels_tracer() {
	need kprobes
	need cc
	grep -qw function $tracefs/available_tracers ||
		skip "needs the kernel's function tracer"
	cat >work.c <<'C'
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/resource.h>
#include <unistd.h>
int main(void)
{
	for (int i = 0; i < 300; i++) {
		mkdir("d", 0700);
		symlink("d", "l");
		rename("l", "m");
		unlink("m");
		rmdir("d");
		setpriority(PRIO_PROCESS, 0, i % 5);
		setpgid(0, 0);
		umask(i % 8);
	}
	return 0;
}
C
	cc -O1 -w work.c -o work
	points=
	# each is there by the one name or the other
	for f in {do,filename}_{mkdirat,symlinkat,renameat2,unlinkat,rmdir} \
		set_user_nice __x64_sys_setpgid __x64_sys_umask vfs_mkdir \
		vfs_rmdir vfs_symlink vfs_unlink vfs_rename; do
		grep -qw "$f" $tracefs/available_filter_functions || continue
		echo "$f"
		points="$points${points:+, }kernel.function(\"$f\")"
	done >$tracefs/set_ftrace_filter
	echo function >$tracefs/current_tracer
	echo >$tracefs/trace
	"$stap" -w -c ./work -e '
		global n
		probe '"$points"' { if (execname() == "work") n[ppfunc()]++ }
		probe end { foreach (f+ in n) printf("%s %d\n", f, n[f]) }' >seen
	sed -n 's/^ *work-[0-9].*: \([a-z0-9_]*\) <-.*/\1/p' $tracefs/trace >calls
	echo nop >$tracefs/current_tracer
	echo >$tracefs/set_ftrace_filter
	sort calls | uniq -c | awk '{ print $2, $1 }' >kernel
	sort seen >ours
	diff kernel ours
	[ "$(wc -l <ours)" = 13 ]
	expect '_mkdirat 300$' ours
}

test_missed_returns_are_the_kernels_number() {
	need kprobes
	need cc
	cat >sleepers.c <<'C'
#include <pthread.h>
#include <time.h>
static void *work(void *arg)
{
	for (int i = 0; i < 5; i++)
		nanosleep(&(struct timespec){0, 50000000}, 0);
	return arg;
}
int main(void)
{
	pthread_t t[12];
	for (int i = 0; i < 12; i++)
		pthread_create(&t[i], 0, work, 0);
	for (int i = 0; i < 12; i++)
		pthread_join(t[i], 0);
	return 0;
}
C
	cc -O1 -pthread sleepers.c -o sleepers
	# a probe that others made by hand, with as little room
	echo "r2:live_test/byhand hrtimer_nanosleep" >>$tracefs/kprobe_events
	echo 1 >$tracefs/events/live_test/byhand/enable
	"$stap" -w --accounting=acc.json -c ./sleepers -e '
		global n
		probe kernel.function("hrtimer_nanosleep").return.maxactive(2) { n++ }
		probe end { println(n) }' >out 2>err || true
	echo 0 >$tracefs/events/live_test/byhand/enable
	read -r _ hits misses < <(grep byhand $tracefs/kprobe_profile)
	echo "-:live_test/byhand" >>$tracefs/kprobe_events
	missed=$(sed -n 's/.*"missed": *\([0-9]*\).*/\1/p' acc.json)
	echo "ours: $(cat out) and $missed missed; by hand: $hits and $misses missed"
	[ $(($(cat out) + missed)) = $((hits + misses)) ]
	[ $((hits + misses)) -ge 60 ] && [ "$missed" -ge 8 ]
}

# What a pattern attaches to is what the kernel's list of functions has.
test_patterns_attach_to_what_can_be_probed() {
	need kprobes
	[ -r $tracefs/available_filter_functions ] ||
		skip "needs the kernel's list of traceable functions"
	"$stap" -p2 -e 'probe kernel.function("vfs_*") { }' |
		sed -n 's/^kernel.function("\(vfs_[a-z0-9_]*\)[@"].*/\1/p' | sort -u >ours
	awk '$1 ~ /^vfs_/ && !$2 { sub(/\..*/, "", $1); print $1 }' \
		$tracefs/available_filter_functions | sort -u >kernel
	# nothing that can be traced is left out
	comm -13 ours kernel >left_out
	[ ! -s left_out ] || { cat left_out; false; }
	[ "$(wc -l <ours)" -ge 60 ]
}

# Milliseconds until all of a pattern's functions are attached, and detached
# again: the best of three, other work may stand in the way.
time_to_attach() { # pattern
	local i took best=
	for i in 1 2 3; do
		"$stap" -v -w -e "global n
			probe $1 { n++ } probe begin { println(\"up\") exit() }" >out 2>err
		expect '^up$' out
		took=$(sed -nE 's|^Pass 5: run completed in .*/([0-9]+)real ms.*|\1|p' err)
		[ "$best" ] && [ "$best" -lt "$took" ] || best=$took
		[ "$best" -ge 1000 ] || break
	done
	echo "$best"
}

test_subsystems_are_attached_at_once() {
	need kprobes
	local told= took
	modprobe ext4 2>/dev/null || true
	for pattern in 'kernel.function("vfs_*")' 'kernel.function("tcp_*")' \
		'module("ext4").function("ext4_*")?'; do
		took=$(time_to_attach "$pattern")
		told+="${told:+, }$pattern $took ms"
		echo "$told"
		[ "$took" -lt $((1000 * ${STAP_TEST_SLOW:-1})) ]
	done
	note "$told"
}
