# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Files of procfs probes.

# procfs_start NAME SCRIPT...: a session whose begin probe says "ready"; its
# files are in $files then.
procfs_start() {
	local name=stap_test_$$_$1
	shift
	files=/var/tmp/systemtap-$(id -un)/$name
	timeout 30 "$stap" -m "$name" "$@" >out 2>err &
	session=$!
	for _ in $(seq 100); do
		grep -q ready out && return
		sleep 0.1
	done
	cat err
	fail "the session did not start"
}

procfs_use() { # what every executor must do
	procfs_start "$1" "${@:2}" -e 'global n
		probe begin { println("ready") }
		probe procfs("count").read { $value = sprintf("%d\n", ++n) }
		probe procfs("count").write { n = strtol($value, 10) }
		probe procfs("long").read.maxsize(70000) {
			$value = "lost"
			$value = ""
			for (i = 0; i < 1000; i++) $value .= sprintf("%064d\n", i)
		}
		probe procfs("short").read.maxsize(10) { $value = "0123456789abc" }
		probe procfs.umask(022).write { printf("<%s>", $value) }
		probe procfs("quit").write { exit() }'
	[ "$(stat -c %a%F "$files/count")" = 600fifo ]
	[ "$(stat -c %a "$files/long")" = 400 ]
	[ "$(stat -c %a "$files/command")" = 200 ]
	got=
	for _ in 1 2 3 4 5 6; do got+=$(cat "$files/count"); done
	[ "$got" = 123456 ]
	echo 40 >"$files/count"
	sleep 0.1
	[ "$(cat "$files/count")" = 41 ]
	[ "$(cat "$files/long" | md5sum)" = "$(seq -f %064.0f 0 999 | md5sum)" ]
	[ "$(cat "$files/short")" = 0123456789 ]
	echo one >"$files/command"
	sleep 0.1
	printf two >"$files/command"
	sleep 0.1
	echo >"$files/quit"
	wait $session
	[ ! -e "$files" ]
	[ "$(tr '\n' ' ' <out)" = 'ready <one ><two>' ]
	[ ! -s err ]
}

test_procfs_files() {
	need bpf
	procfs_use bpf
}

test_procfs_files_of_the_engine() {
	procfs_use engine --runtime=user
}

test_procfs_names_are_not_shared() {
	need bpf
	procfs_start twice -e 'probe begin { println("ready") }
		probe procfs("quit").write { exit() }'
	fails "$stap" -m "${files##*/}" -e 'probe procfs.read { $value = "x" }' 2>err2
	expect 'another session of this name runs' err2
	echo >"$files/quit"
	wait $session
}
