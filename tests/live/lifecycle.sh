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

# ./server calls tick() again and again; OLD and NEW have other build-ids.
build_server() {
	cat >server.c <<-'EOF2'
	#include <unistd.h>
	__attribute__((noinline)) int tick(int n) { __asm__ volatile(""); return n + STEP; }
	int main(void) { for (int n = 0;; n = tick(n)) usleep(10000); }
	EOF2
	cc -g -O1 -Wl,--build-id -DSTEP=1 server.c -o old
	cc -g -O1 -Wl,--build-id -DSTEP=2 server.c -o new
}

# Until the process is the program, on a busy machine.
runs() { # pid, program
	for _ in $(seq 100); do
		[ "$(readlink /proc/$1/exe)" = "$PWD/$2" ] && return
		sleep 0.05
	done
	fail "process $1 does not run $2"
}

test_a_program_that_was_replaced_or_deleted() {
	need bpf
	build_server
	cp old server
	./server &
	pid=$!
	runs $pid server
	mv new server
	# the file is another one
	"$stap" -T 1 -x $pid -e 'global n probe process(@1).function("tick") { n++ } probe end { println("new ", n) }' \
		"$PWD/server" >out 2>err || true
	expect "WARNING: Build-id mismatch: \"$PWD/server\" pid $pid, the file has [0-9a-f]+, what the process has mapped [0-9a-f]+ \\[build-id-mismatch\\]" err
	expect '^new 0$' out
	# nobody was named, and somebody runs the old one
	"$stap" -T 1 -e 'global n probe process(@1).function("tick") { n++ } probe end { println("new ", n) }' \
		"$PWD/server" >out 2>err || true
	expect "WARNING: Build-id mismatch: \"$PWD/server\" pid $pid, " err
	# the process knows its own, which now is gone
	rm server
	"$stap" -T 1 -e "global n probe process($pid).function(\"tick\") { n++; x = \$n }
		probe end { println(n > 3 ? \"ticks\" : \"none\") }" >out 2>err
	kill $pid
	expect '^ticks$' out
	fails grep -q mismatch err
}

# The same of a library that is mapped: another one stands in its place, then
# none.
test_a_library_that_was_replaced_or_deleted() {
	need bpf
	printf '__attribute__((noinline)) int tock(int n) { __asm__ volatile(""); return n + STEP; }\n' >lib.c
	printf '#include <unistd.h>\nint tock(int); int main(void) { for (int n = 0;; n = tock(n)) usleep(10000); }\n' >user.c
	cc -g -O1 -shared -fPIC -Wl,--build-id -DSTEP=1 lib.c -o libtock.so
	cc -g -O1 user.c -L. -ltock -Wl,-rpath,"$PWD" -o user
	./user &
	pid=$!
	cc -g -O1 -shared -fPIC -Wl,--build-id -DSTEP=2 lib.c -o new.so
	sleep 0.2
	mv new.so libtock.so
	script='global n probe process(@1).library("libtock.so").function("tock") { n++ } probe end { println("new ", n) }'
	for who in '' "-x $pid"; do
		# shellcheck disable=SC2086
		"$stap" -T 1 $who -e "$script" "$PWD/user" >out 2>err || true
		expect "WARNING: Build-id mismatch: \"$PWD/libtock.so\" pid $pid, " err
		expect '^new 0$' out
	done
	rm libtock.so
	"$stap" -T 1 -e "global n probe process($pid).library(\"*libtock.so*\").function(\"tock\") { n++; x = \$n }
		probe end { println(n > 3 ? \"tocks\" : \"none\") }" >out 2>err
	kill $pid
	expect '^tocks$' out
	fails grep -q mismatch err
}

test_programs_under_other_mounts() {
	need bpf
	need root
	unshare -m true 2>/dev/null || skip "needs mount namespaces"
	build_server
	mkdir mnt
	# shellcheck disable=SC2016
	unshare -m sh -c 'mount -t tmpfs none mnt && cp old mnt/server && echo $$ >pid && exec "$PWD/mnt/server"' &
	until [ -s pid ] && cmp -s "/proc/$(cat pid)/exe" old; do
		sleep 0.1
	done
	pid=$(cat pid)
	[ ! -e mnt/server ] || fail "the mount is seen here"
	for script in "probe process(\"$PWD/mnt/server\").function(\"tick\") { n++ }" \
		"probe process($pid).function(\"tick\") { n++ }" \
		"probe process(\"$PWD/mnt/server\").library(\"libc.so.6\").function(\"usleep\") { n++ }"; do
		"$stap" -T 1 -x "$pid" -e "global n $script
			probe end { println(n > 3 ? \"ticks\" : \"none\") }" >out 2>err || true
		expect '^ticks$' out
	done
	kill "$pid"
}
