# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Processes and threads: their begin and end, and whose are meant.

test_threads_begin_and_end() {
	need process-end
	hasher=$(dirname "$stap")/build/block_hasher
	head -c 65536 /dev/zero >data
	"$stap" -c "$hasher -d data -b 512 -t 5 -n 10" -e '
		global n, own
		probe process(@1).begin { n["begin"]++; own += tid() == target() }
		probe process(@1).end { n["end"]++; own += pid() == target() }
		probe process(@1).thread.begin { n["thread.begin"]++
			own += pid() == target() && tid() != pid() }
		probe process(@1).thread.end { n["thread.end"]++
			own += pid() == target() && tid() != pid() }
		probe end { foreach (k+ in n) printf("%s %d\n", k, n[k])
			printf("own %d\n", own) }' "$hasher" >out
	expect '^begin 1$' out
	expect '^end 1$' out
	expect '^thread.begin 5$' out
	expect '^thread.end 5$' out
	expect '^own 12$' out
}

# Without a path: the command and what it starts, nobody else's processes.
test_only_the_targets_tree() {
	need bpf
	(while :; do /bin/true; done) &
	noise=$!
	"$stap" -c 'sh -c "/bin/true; (/bin/true; /bin/true); exit 0"' -e '
		global begun, ended
		probe process.begin { if (execname() == "true") begun++ }
		probe process.end { if (execname() == "true") ended++ }
		probe end { printf("begun %d ended %d\n", begun, ended) }' >out
	kill $noise
	expect '^begun 3 ended 3$' out
}

# The program is known by its file, whatever it is called.
test_program_by_another_name() {
	need bpf
	cp /bin/true original
	ln original hardlink
	ln -s original symlink
	cp original other
	"$stap" -c 'sh -c "./hardlink; ./symlink; ./other; ./original; exit 0"' -e '
		global names
		probe process("./original").begin { names .= execname() . " " }
		probe end { println(names) }' >out
	expect '^hardlink symlink original $' out
}

test_one_process() {
	need bpf
	need pids
	sleep $((${STAP_TEST_SLOW:-1})) &
	pid=$!
	"$stap" -e '
		probe process($1).end { printf("ended %d\n", pid()); exit() }
		probe timer.s(15) { exit() }' "$pid" >out
	expect "^ended $pid\$" out
}
