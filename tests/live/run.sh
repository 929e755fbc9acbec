#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Live tests: real probes on the running kernel and on real programs. Every
# test is a function test_*; "need FEATURE" skips it by name. Arguments are
# patterns of the tests to run, need=FEATURE: those that state it, or -PATTERN:
# not these, which count as skipped. LIMIT is the seconds that one may take;
# TIME those after which none begins, the rest is skipped; VERBOSE=1 tells each
# one's.
cd "$(dirname "$0")/../.." || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0 skipped=0
stap=$PWD/stap
bpf=

why=$(tests/bpf-usable) && bpf=yes

skip() { echo "$1" >"$dir/skip"; exit 77; }
need() {
	case $1 in
	bpf) [ "$bpf" ] || skip "$why" ;;
	kprobes)
		need bpf
		[ -r /sys/bus/event_source/devices/kprobe/type ] ||
			skip "needs kprobes in the kernel (CONFIG_KPROBE_EVENTS)" ;;
	sleepable)
		need bpf
		"$stap" -v -c true -e 'probe process("/bin/sh").library("libc.so.6")
			.function("exit") { if (user_long(0)) exit() }' 2>&1 |
			grep -q 'no sleepable uprobes' &&
			skip "needs uprobes that may sleep (Linux 6.0)"
		true ;;
	write-user)
		need bpf
		"$stap" -g -c true -e 'probe process("/bin/sh").library("libc.so.6")
			.function("exit") { if (pid() == 1) set_user_int(0, 0) }' 2>&1 |
			grep -q 'does not let it write memory' &&
			skip "needs a kernel that lets BPF write memory of processes"
		true ;;
	pids) # pid() is what the kernel calls a process
		[ "$(readlink /proc/self/ns/pid)" = 'pid:[4026531836]' ] ||
			skip "needs the initial PID namespace" ;;
	process-end)
		need bpf
		"$stap" -c true -e 'probe process("/bin/sh").end { }' 2>&1 |
			grep -q 'do_exit' &&
			skip "needs an exit event that knows the program (Linux 6.16), or kprobes"
		true ;;
	root) [ "$(id -u)" = 0 ] || skip "needs root" ;;
	*) command -v "$1" >/dev/null || skip "needs $1" ;;
	esac
}
# N of something, or fewer where the machine is STAP_TEST_SLOW times slower.
many() { echo $(($1 / ${STAP_TEST_SLOW:-1})); }
fail() { echo "$*"; exit 1; }
# What the runner prints when the test has passed.
note() { echo "$*" >"$dir/note"; }
# "! cmd" would not end a test under set -e.
fails() { if "$@"; then fail "succeeded: $*"; fi; }
expect() { # text, file: the file holds a line that matches
	grep -qE -- "$1" "$2" || { cat "$2"; fail "expected: $1"; }
}

for file in tests/live/*.sh; do
	[ "$file" = tests/live/run.sh ] || . "$file"
done

wanted() { # test, pattern...
	local t=$1 p any=
	shift
	for p; do
		[[ $p == -* ]] || any=yes
	done
	[ "$any" ] || return 0
	for p; do
		# shellcheck disable=SC2053
		[[ $t == $p ]] && return
		[[ $p == need=* ]] && declare -f "$t" |
			grep -q "need ${p#need=};" && return
	done
	return 1
}
left_out() { # test, pattern...
	local t=$1 p
	shift
	for p; do
		# shellcheck disable=SC2053
		[[ $p == -* && $t == ${p#-} ]] && return
	done
	return 1
}
# A test runs in a process group of its own, takes no longer than the limit, and
# leaves no process behind, however it or this run ends.
run_limited() {
	local pid guard rc
	set -m
	(cd "$dir/t" && set +m && set -e && $1) </dev/null &
	pid=$!
	(sleep "${LIMIT:-120}"; echo "no end after ${LIMIT:-120} seconds"
		kill -KILL -- -$pid) &
	guard=$!
	set +m
	trap 'kill -KILL -- -$pid -$guard; exit 1' TERM INT HUP
	wait $pid
	rc=$?
	trap - TERM INT HUP
	{ kill -KILL -- -$guard -$pid; wait $guard; } 2>/dev/null
	return $rc
}

for t in $(declare -F | sed -n 's/^declare -f \(test_\)/\1/p'); do
	wanted "$t" "$@" || continue
	if left_out "$t" "$@"; then
		skipped=$((skipped + 1))
		echo "SKIP $t: left out"
		continue
	fi
	if [ $SECONDS -ge "${TIME:-999999}" ]; then
		skipped=$((skipped + 1))
		echo "SKIP $t: the time is over"
		continue
	fi
	mkdir -p "$dir/t"
	rm -f "$dir/note"
	start=$SECONDS
	run_limited "$t" >"$dir/out" 2>&1
	rc=$?
	[ "${VERBOSE:-}" ] && echo "$t: status $rc after $((SECONDS - start)) s"
	if [ $rc = 77 ]; then
		skipped=$((skipped + 1))
		echo "SKIP $t: $(cat "$dir/skip")"
	elif [ $rc = 0 ]; then
		passed=$((passed + 1))
		[ ! -e "$dir/note" ] || echo "$t: $(cat "$dir/note")"
	else
		failed=$((failed + 1))
		echo "FAIL $t"
		sed 's/^/    /' "$dir/out" | tail -n 40
	fi
	rm -rf "$dir/t"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
