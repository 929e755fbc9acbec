# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Nothing is lost without a number: printed + reported lost = produced.

# One line per system call of the command; the end probe tells how many.
accounting_script='global n
	probe kernel.trace("sys_enter") {
		if (pid() == target()) { n++; printf("line %d\n", n) }
	}
	probe end { printf("produced %d\n", n) }'

accounting_adds_up() { # out, json
	local printed dropped produced
	printed=$(grep -c '^line ' out)
	produced=$(sed -n 's/^produced //p' out)
	dropped=$(sed -n 's/.*"dropped": \([0-9]*\),.*/\1/p' json)
	expect '"records_missing": 0,' json
	[ $((printed + dropped)) = "$produced" ] ||
		fail "printed $printed + lost $dropped is not $produced"
}

# A program with as many system calls as its argument says.
accounting_storm() {
	need cc
	cat >storm.c <<-'END'
	#include <stdlib.h>
	#include <sys/syscall.h>
	#include <unistd.h>
	int main(int argc, char **argv)
	{
		for (long n = atol(argv[1]); n > 0; n--)
			syscall(SYS_getppid);
		return 0;
	}
	END
	cc -O2 -o storm storm.c
}

test_a_million_records() {
	need bpf
	accounting_storm
	"$stap" -DSTP_NO_OVERLOAD --accounting=json -c "./storm $(many 1000000)" -e "$accounting_script" >out
	accounting_adds_up
	[ "$(sed -n 's/^produced //p' out)" -ge $(many 900000) ]
}

test_stopped_reader_loses_nothing_uncounted() {
	need bpf
	accounting_storm
	"$stap" -s 1 -DSTP_NO_OVERLOAD --accounting=json -c "./storm $(many 3000000)" -e "$accounting_script" >out 2>err &
	pid=$!
	for _ in $(seq 100); do [ -s out ] && break; sleep 0.02; done
	kill -STOP $pid
	sleep 1
	kill -CONT $pid
	wait $pid
	accounting_adds_up
	expect 'WARNING: [0-9]+ output records dropped' err
}

test_reader_ended_while_stopped_loses_nothing_uncounted() {
	need bpf
	accounting_storm
	"$stap" -s 1 --accounting=json -c './storm 300000000' -e "$accounting_script" >out 2>err &
	pid=$!
	for _ in $(seq 100); do [ -s out ] && break; sleep 0.02; done
	kill -STOP $pid
	sleep 0.5
	child=$(cat /proc/[0-9]*/stat 2>/dev/null | awk -v p=$pid '$4 == p { print $1 }')
	kill -INT $pid
	kill -CONT $pid
	wait $pid
	kill $child
	accounting_adds_up
	expect 'WARNING: [0-9]+ output records dropped' err
}

test_a_handler_that_prints_more_than_the_buffer_holds() {
	need bpf
	"$stap" -s 1 -DMAXACTION=10000000 --accounting=json -e '
		probe begin {
			for (i = 0; i < 40000; i++)
				printf("line %d %-90s\n", i, "x")
			printf("produced %d\n", i)
			exit()
		}' >out 2>err
	# the end of it may be what was lost
	grep -q '^produced' out || echo 'produced 40001' >>out
	accounting_adds_up
}

test_reader_that_has_seen_enough_ends_the_session() {
	need bpf
	"$stap" -e 'probe kernel.trace("sys_enter") { println("x") }
		probe end { println("end") }' 2>err | head -n 5 >out
	[ "$(wc -l <out)" = 5 ]
	fails grep -q ERROR err
}

test_stuck_reader_can_be_interrupted() {
	need bpf
	mkfifo pipe
	sleep 100 <pipe &
	sleeper=$!
	"$stap" -e 'probe kernel.trace("sys_enter") { println("x") }' >pipe 2>err &
	pid=$!
	# once the session has begun
	for _ in $(seq 200); do
		ls -l /proc/$pid/fd | grep -q 'signalfd' && break
		sleep 0.05
	done
	sleep 0.3
	kill -INT $pid
	sleep 0.3
	# the first may have been enough
	kill -INT $pid 2>/dev/null || true
	for _ in $(seq 200); do kill -0 $pid 2>/dev/null || break; sleep 0.05; done
	kill $sleeper
	fails kill -0 $pid
}

# Too much time in probes ends the session as an error does; a limit that is
# not reached, or none, does not.
test_overload_ends_the_session() {
	need bpf
	accounting_storm
	cat >load.stp <<-'END'
	global n
	probe kernel.trace("sys_enter") {
		if (pid() == target()) for (i = 0; i < 90; i++) n += i
	}
	probe end { println("end ", n > 0) }
	probe error { println("error ", n > 0) }
	END
	"$stap" -DSTP_OVERLOAD_THRESHOLD=10000000 -c './storm 2000000000' load.stp >out 2>err && fail "status 0"
	expect '^error 1$' out
	expect '^ERROR: probe overhead exceeded threshold: [0-9]+ %' err
	"$stap" -T 2 -DSTP_OVERLOAD_THRESHOLD=999000000 -c './storm 2000000000' load.stp >out
	expect '^end 1$' out
	"$stap" -T 2 -DSTP_OVERLOAD_THRESHOLD=1000 -DSTP_NO_OVERLOAD -c './storm 2000000000' load.stp >out
	expect '^end 1$' out
}
