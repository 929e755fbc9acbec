# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sessions: starting, ending, signals, commands, output, exit statuses.

test_hello() {
	need bpf
	"$stap" -e 'probe begin { println("Started") exit() }' >out
	[ "$(cat out)" = Started ]
}

test_verbose_has_a_line_per_pass() {
	need bpf
	"$stap" -v -e 'probe begin { println("Started") exit() }' >out 2>err
	[ "$(cat out)" = Started ]
	expect '^Pass 1: parsed user script and [0-9]+ library scripts using [0-9]+virt/[0-9]+res/[0-9]+shr/[0-9]+data kb, in [0-9]+usr/[0-9]+sys/[0-9]+real ms\.$' err
	expect '^Pass 2: analyzed script: 1 probe, 0 functions, 0 embeds, 0 globals using .* kb, in .* ms\.$' err
	expect '^Pass 3: translated to .* into ".*" using .* kb, in .* ms\.$' err
	expect '^Pass 4: compiled .* into ".*" in .* ms\.$' err
	expect '^Pass 5: starting run\.$' err
	expect '^Pass 5: run completed in [0-9]+usr/[0-9]+sys/[0-9]+real ms\.$' err
}

test_script_from_file_stdin_and_shebang() {
	need bpf
	printf '#!%s\nprobe begin { printf("%%s %%d\\n", @1, $2) exit() }\n' "$stap" >s.stp
	chmod +x s.stp
	./s.stp a 7 >out
	"$stap" s.stp b 8 >>out
	"$stap" - c 9 <s.stp >>out
	[ "$(cat out)" = $'a 7\nb 8\nc 9' ]
}

test_interrupt_runs_end_probes() {
	need bpf
	"$stap" -e 'probe begin { println("up") } probe end { println("bye") }' >out &
	for _ in $(seq 100); do grep -q up out 2>/dev/null && break; sleep 0.05; done
	kill -INT $!
	wait $!
	[ "$(cat out)" = $'up\nbye' ]
}

test_command_starts_after_attach_and_ends_the_session() {
	need bpf
	"$stap" -c 'sh -c "exit 0"' -e 'probe begin { printf("%d\n", target() > 1) }
		probe end { println("end") }' >out
	[ "$(cat out)" = $'1\nend' ]
}

test_failing_command_is_passed_on() {
	need bpf
	fails "$stap" -c 'sh -c "exit 3"' -e 'probe end { println("end") }' >out 2>err
	expect '^end$' out
	expect 'WARNING: .*status.* 3' err
}

test_missing_command() {
	need bpf
	fails "$stap" -c /nonexistent/prog -e 'probe begin { println("x") }' >out 2>err
	expect 'nonexistent' err
}

test_output_file() {
	need bpf
	"$stap" -o out.txt -e 'probe begin { println("to file") exit() }' >out
	[ ! -s out ]
	[ "$(cat out.txt)" = 'to file' ]
}

test_full_disk_is_an_error() {
	need bpf
	fails "$stap" -o /dev/full -e 'probe begin { println("x") exit() }' 2>err
	expect 'ERROR: ' err
}

test_error_in_handler_fails_the_run() {
	need bpf
	fails "$stap" -e 'probe begin { x = 0 println(1 / x) }' >out 2>err
	expect '^ERROR: division by 0 near operator .* at <input>:1:' err
	expect 'Number of errors: 1, skipped probes: 0' err
	expect 'Pass 5: run failed' err
}

test_timeout() {
	local from to
	need bpf
	from=$(date +%s%N)
	"$stap" -T 1 -e 'probe timer.ms(100) { n++ } global n, t probe begin { t = gettimeofday_ms() }
		probe end { println(n, " ", gettimeofday_ms() - t) }' >out
	to=$(date +%s%N)
	read -r n ms <out
	# a machine that is busy leaves out ticks, and begins late
	[ $(((to - from) / 1000000)) -ge 1000 ] || fail "ended early"
	[ "$n" -ge $((5 / ${STAP_TEST_SLOW:-1})) ] && [ "$n" -le $((ms / 100 + 1)) ] &&
		[ "$ms" -ge 500 ] && [ "$ms" -le $((3000 * ${STAP_TEST_SLOW:-1})) ] ||
		fail "$n ticks in $ms ms"
}

test_keep_directory() {
	need bpf
	"$stap" -k --tmpdir=. -e 'probe begin { exit() }' 2>err
	expect '^Keeping temporary directory "\./stap[A-Za-z0-9]+"$' err
	[ -s stap*/pass1.stp ] && [ -s stap*/*.ir ] && [ -s stap*/*.bpf.o ]
}

test_compiled_object_runs_by_staprun() {
	need bpf
	obj=$("$stap" -p4 -m hello_obj -e 'probe begin { println("from staprun") exit() }')
	[ "$obj" = hello_obj.bpf.o ]
	"${stap}run" ./hello_obj.bpf.o >out
	[ "$(cat out)" = 'from staprun' ]
}

test_killed_session_leaves_nothing() {
	need bpf
	need root
	before=$(ls /sys/kernel/tracing/events/uprobes 2>/dev/null | wc -l)
	"$stap" -e 'global c probe kernel.trace("sys_enter") { c[pid()]++ }
		probe begin { println("up") }' >out &
	for _ in $(seq 100); do grep -q up out 2>/dev/null && break; sleep 0.05; done
	expect up out
	kill -9 $!
	wait $! || true
	if command -v bpftool >/dev/null; then
		# the kernel frees them after a grace period of its own
		for _ in $(seq 100); do
			bpftool prog show >progs 2>/dev/null
			bpftool map show >maps 2>/dev/null
			grep -qwE 'name (probe_[0-9]*|rt_ring)' progs maps || break
			sleep 0.1
		done
		fails grep -qw 'name probe_[0-9]*' progs
		fails grep -qw 'name rt_ring' maps
	fi
	[ "$(ls /sys/kernel/tracing/events/uprobes 2>/dev/null | wc -l)" = "$before" ]
}
