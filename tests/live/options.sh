# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The command line, and what a session does with signals and bad surroundings.
# Most of it needs no BPF: the in-process engine has the same front and back.

user() { SYSTEMTAP_DIR=$PWD timeout $((20 * ${STAP_TEST_SLOW:-1})) "$stap" --runtime=user "$@"; }

wait_for() { # text, file
	for _ in $(seq 200); do
		grep -q "$1" "$2" 2>/dev/null && return
		sleep 0.05
	done
	fail "never came: $1"
}

test_rc_options_come_first() {
	printf '# defaults\n\n  --runtime=user\n-G "text=from rc" -v\n' >rc
	SYSTEMTAP_DIR=$PWD "$stap" -e 'global text = "" probe begin { println(text) exit() }' >out 2>err
	[ "$(cat out)" = 'from rc' ]
	expect '^Pass 5: run completed' err
	# the command line has the last word
	user -G text=later -e 'global text = "" probe begin { println(text) exit() }' >out 2>err
	[ "$(cat out)" = later ]
}

test_rc_mistakes_name_the_file() {
	echo '--nonsense' >rc
	fails user -e 'probe begin { exit() }' 2>err
	expect "unknown option '--nonsense'" err
	expect 'note: in .*/rc' err
	echo '-v file.stp' >rc
	fails user -e 'probe begin { exit() }' 2>err
	expect "rc may hold only options, not 'file.stp'" err
	echo '-D "MAXACTION' >rc
	fails user -e 'probe begin { exit() }' 2>err
	expect 'rc", line 1: a quote is not closed' err
}

test_help_and_version_go_to_standard_output() {
	user --help >out 2>err
	expect '--runtime' out
	expect '^  MAXACTION ' out
	[ ! -s err ]
	user -V >out 2>err
	expect '^Systemtap translator/driver \(version .*, language .*\)$' out
	[ ! -s err ]
}

test_full_standard_output_is_an_error() {
	fails user --help >/dev/full 2>err
	expect 'No space left' err
	fails user -p1 -e 'probe begin { }' >/dev/full 2>err
	expect 'No space left' err
}

test_listing_says_by_its_status_whether_something_matched() {
	user -l 'timer.s(1)' >out
	[ "$(cat out)" = 'timer.s(1)' ]
	fails user -l 'no.such.thing' >out 2>err
	[ ! -s out ]
}

test_arguments_reach_the_script() {
	user -e 'probe begin { printf("%d %s %d %s\n", $1, @2, $#, @#) exit() }' -- -5 'a "b"\n' >out
	[ "$(cat out)" = '-5 a "b"\n 2 2' ]
	user -e 'probe begin { println(@1, @2) exit() }' x -- -v >out 2>err
	[ "$(cat out)" = x-v ]
	[ ! -s err ]
}

test_unusual_script_files() {
	printf 'probe begin { println("no newline") exit() }' >a.stp
	printf '\xef\xbb\xbf#!/usr/bin/env stap\r\nprobe begin {\r\n\tprintln("crlf")\r\n\texit()\r\n}\r\n' >b.stp
	user a.stp >out
	user b.stp >>out
	[ "$(cat out)" = $'no newline\ncrlf' ]
	: >empty.stp
	fails user empty.stp 2>err
	expect "^Input file 'empty.stp' is empty\." err
	expect '^Pass 1: parse failed\.  \[man error::pass1\]$' err
}

test_large_scripts() {
	{
		echo 'global n'
		for i in $(seq 3000); do echo "probe begin($i) { n++ }"; done
		echo 'probe begin(5000) { println(n) exit() }'
	} >many.stp
	user many.stp >out
	[ "$(cat out)" = 3000 ]
	{
		echo 'probe begin { x = 0'
		yes '	x += 1 // some text that makes the line longer' | head -n 20000
		echo 'println(x) exit() }'
	} >long.stp
	user -DMAXACTION_INTERRUPTIBLE=100000 long.stp >out
	[ "$(cat out)" = 20000 ]
}

test_more_programs_than_the_kernel_frees_safely() {
	need bpf
	# tracepoint handlers are a program each; refused before one is loaded
	for i in $(seq 600); do
		echo "probe kernel.trace(\"sys_enter\") { println($i) }"
	done >many.stp
	fails "$stap" -T 1 many.stp >out 2>err
	expect '^ERROR: the script needs 6[0-9][0-9] BPF programs.* \[too-many-programs\]$' err
	expect '^Pass 4: compilation failed' err
}

test_temporary_directory() {
	TMPDIR=$PWD/missing fails user -k -e 'probe begin { exit() }' 2>err
	expect '^ERROR: cannot write ".*/missing": No such file' err
	user -k --tmpdir=. -p3 -e 'probe begin { exit() }' >/dev/null 2>err
	expect '^Keeping temporary directory "\./stap[A-Za-z0-9]+"$' err
	[ -s stap*/pass1.stp ] && [ -s stap*/pass2.txt ] && ls stap*/*.ir >/dev/null
	user -e 'probe begin { exit() }'
	[ "$(find . -maxdepth 1 -name 'stap*' | wc -l)" = 1 ]
}

test_output_that_cannot_be_opened() {
	fails user -o missing/out -e 'probe begin { exit() }' 2>err
	expect "^ERROR: cannot open the output file 'missing/out': No such file" err
	expect '^Pass 5: run failed\.  \[man error::pass5\]$' err
}

test_closed_standard_files() {
	fails user -e 'probe begin { println("x") exit() }' >&- 2>err
	expect '^ERROR: cannot write the output: Bad file descriptor' err
	user -o out -e 'probe begin { println("x") exit() }' <&- >&- 2>&-
	[ "$(cat out)" = x ]
}

test_interrupt_ends_a_run_with_success() {
	for sig in INT TERM HUP; do
		: >out
		"$stap" --runtime=user -e 'probe begin { println("up") } probe end { println("bye") }' >out 2>err &
		wait_for up out
		kill -$sig $!
		wait $!
		[ "$(cat out)" = $'up\nbye' ]
		[ ! -s err ]
	done
}

test_second_interrupt_does_not_wait_for_the_reader() {
	mkfifo pipe
	sleep 120 <pipe &
	reader=$!
	"$stap" --runtime=user -e 'probe begin { warn("up") }
		probe timer.ms(1) { for (i = 0; i < 500; i++) println("a line of text for a reader that sleeps") }' >pipe 2>err &
	pid=$!
	wait_for up err
	sleep 0.5
	kill -INT $pid
	sleep 0.2
	kill -INT $pid
	for _ in $(seq 100); do kill -0 $pid 2>/dev/null || break; sleep 0.05; done
	kill $reader
	fails kill -0 $pid
}

test_reader_that_leaves_ends_the_run() {
	timeout 20 "$stap" --runtime=user -e 'probe timer.ms(1) { println("y") }' 2>err | head -n 3 >out
	[ "${PIPESTATUS[0]}" = 0 ]
	[ "$(wc -l <out)" = 3 ]
}

test_two_sessions_of_one_script() {
	echo 'probe begin { println("up") } probe end { println("bye") }' >s.stp
	"$stap" --runtime=user s.stp >one & first=$!
	"$stap" --runtime=user s.stp >two & second=$!
	wait_for up one
	wait_for up two
	kill -INT $first
	wait $first
	[ "$(cat one)" = $'up\nbye' ]
	kill -0 $second
	kill -INT $second
	wait $second
	[ "$(cat two)" = $'up\nbye' ]
}

test_without_capabilities_says_what_is_missing() {
	need root
	need setpriv
	fails setpriv --bounding-set -all --inh-caps -all "$stap" -e 'probe begin { exit() }' >out 2>err
	expect '^ERROR: no permission for .*CAP_BPF and CAP_PERFMON.*\[run-no-permission\]$' err
	expect 'remedy: .*--runtime=user' err
	expect '^Pass 5: run failed' err
	setpriv --bounding-set -all --inh-caps -all "$stap" --runtime=user -c 'echo from the command' \
		-e 'probe end { println("end") }' >out
	[ "$(sort out)" = $'end\nfrom the command' ]
}

test_input_reaches_the_script_without_the_kernel() {
	printf 'hello\nquit\n' | user "${stap%/*}/examples/echo.stp" >out
	[ "$(cat out)" = $'type lines; quit ends\n5 characters: hello' ]
}

test_unchanged_commands_of_systemtap() {
	user -P -B CONFIG_X=y --modinfo=a=b -a "$(uname -m)" --disable-cache \
		--poison-cache --prologue-searching=auto --check-version \
		--use-server --unprivileged -DSTP_NO_OVERLOAD -DMAXUPROBES=9 \
		-e 'probe begin { println("runs") exit() }' >out 2>err
	[ "$(cat out)" = runs ]
	[ ! -s err ] || { cat err; fail "said something"; }
	user --clean-cache
}

test_limits_of_resources() {
	user --rlimit-fsize=4096 -o big -e 'probe begin {
		for (i = 0; i < 900; i++) println("0123456789") exit() }' 2>err &&
		fail "wrote more than the limit"
	[ "$(stat -c %s big)" -le 4096 ]
}

test_background_session_writes_its_file() {
	user -F -o ticks -e 'global n
		probe timer.ms(20) { printf("tick %d\n", n++) }
		probe end { println("ended") }' >pid
	expect '^[0-9]+$' pid
	wait_for 'tick 3' ticks
	kill "$(cat pid)"
	wait_for '^ended$' ticks
	for _ in $(seq 100); do [ -e "/proc/$(cat pid)/exe" ] || return 0; sleep 0.05; done
	fail "still there"
}

test_an_example_by_its_name() {
	user -p1 --example echo.stp >out
	expect '^probe' out
}

# Options may stand behind the script; what follows "--" is the script's.
test_options_behind_the_script() {
	echo 'probe begin { println(target() > 0, " ", $#, " ", @2) exit() }' >args.stp
	user args.stp one -c true two >out || fail "stap"
	[ "$(cat out)" = '1 2 two' ]
	user -e 'probe begin { println(argv_1, argv_2, "[", argv_3, "]", argv[2], argc) exit() }' one two >out
	[ "$(cat out)" = 'onetwo[]two2' ]
	user args.stp one -- -c true >out || fail "--"
	[ "$(cat out)" = '0 3 -c' ]
	fails user args.stp one -5 2>err
	expect "unknown option '-5'" err
	expect 'behind --' err
}

test_switch_file_goes_on_with_the_next() {
	user -S 1,9 -o log -e 'probe begin { println("one"); switch_file(); println("two"); exit() }' || fail "stap"
	[ "$(cat log.0) $(cat log.1)" = 'one two' ]
}

test_options_that_are_not_here_say_why() {
	for o in -i --interactive --dyninst --monitor=3 --remote=host --remote-prefix --debug=x \
		--build-as=POLICY --sysenv=A=b --target-namespaces=1 --trust-servers --list-servers \
		--language-server; do
		fails user $o -e 'probe begin { exit() }' 2>err
		expect "^ERROR: there is no option ${o%%=*}: [a-z]" err
	done
	fails "$stap" --runtime=kernel -e 'probe begin { exit() }' 2>err
	expect "there is no runtime 'kernel' here" err
	user -q --semantic-keep-going -e 'probe begin { println("on") exit() }' >out
	[ "$(cat out)" = on ]
}

test_dumped_functions_are_the_public_ones() {
	user --dump-functions >out
	expect '^kernel_string_n:string \(long, long\)$' out
	grep -q '^_' out && fail "own names"
	user -v --dump-functions >out
	grep -q '^__' out
}

# A session in the background without a file: staprun -A has what it said.
test_flight_recorder_in_memory() {
	runner=$(dirname "$stap")/staprun
	user -F -m "recorder$$" -e 'global n probe timer.ms(20) { println("tick ", ++n) }
		probe end { println("bye") }' >out || fail "start"
	expect "\"staprun -A recorder$$\" shows" out
	fails user -F -m "recorder$$" -e 'probe begin { println("two") }' 2>err
	expect 'another session of this name runs' err
	sleep 0.3
	"$runner" -A "recorder$$" >kept &
	attached=$!
	wait_for 'tick 12' kept
	kill -INT $attached
	wait $attached || fail "status"
	[ "$(head -n 2 kept | tr '\n' ' ')" = 'tick 1 tick 2 ' ] || fail "beginning"
	[ "$(tail -n 1 kept)" = bye ] || fail "end"
	fails "$runner" -A "recorder$$" 2>err
	expect '\[run-no-recorder\]' err
	# what ended by itself is kept as well; -d forgets
	user -F -m "recorder$$" -e 'probe begin { println("once") exit() }' >out
	"$runner" -A "recorder$$" >kept
	[ "$(cat kept)" = once ]
	user -F -m "recorder$$" -e 'probe begin { println("never") }' >out
	"$runner" -d "recorder$$" || fail "-d"
	fails "$runner" -A "recorder$$" 2>err
}

# Only the newest megabytes stay, from the beginning of a line on.
test_flight_recorder_keeps_the_newest() {
	runner=$(dirname "$stap")/staprun
	user -F -s 1 -m "newest$$" -DMAXACTION=10000000 -e 'probe begin {
		for (i = 0; i < 200000; i++) println("line ", i) exit() }' >out || fail "start"
	sleep 0.5
	"$runner" -A "newest$$" >kept
	[ "$(tail -n 1 kept)" = 'line 199999' ] || fail "end"
	expect '^line [0-9]+$' kept
	head -n 1 kept | grep -qE '^line [1-9][0-9]+$' || fail "beginning"
	[ "$(stat -c %s kept)" -le 1048576 ]
}
