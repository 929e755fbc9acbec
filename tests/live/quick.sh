# SPDX-License-Identifier: GPL-2.0-or-later
# Quick paths (src/ebpf/quick.c): handlers that count without entering must
# count every hit, whatever else touches the same array at the same time.

# Four programs at once, two of them alike, each with that many getppid(): the
# names are shorter than a word, just one, longer, and cut by the kernel.
calls=20000
quick_load() {
	cat >load.sh <<'L'
for n in seven77 eightchr fifteencharname longer_than_a_task_name fifteencharname; do
	perl -e '$0 = shift; for (1 .. shift) { getppid() }' $n $1 &
done
wait
L
	echo "sh load.sh $calls"
}
quick_expect() { # file: what each name has
	expect "^seven77 $calls\$" "$1"
	expect "^eightchr $calls\$" "$1"
	expect "^fifteencharname $((2 * calls))\$" "$1"
	expect "^longer_than_a_t $calls\$" "$1"
	fails grep 'hits skipped' err
}

test_quick_paths_are_taken() {
	need bpf
	for body in 'c[execname()]++' 'p[execname(), pid()] += $id' 's[tid()] <<< $id' \
		'q[pid(), tid()]++' 'if (pid() == target() && $id != 1) c[execname()]++' 'n++' 'next' \
		'if (execname() == "getppid") n++' 'if (execname() != "fifteencharname") n++' \
		'if (execname() =~ "^(get|set)[a-z]*id$") c[execname()]++'; do
		TMPDIR=$PWD "$stap" -k -p4 -w -e "global c, p, s, q, n
			probe kernel.trace(\"sys_enter\") { $body }" >/dev/null 2>&1
		# it ends before a context is asked for
		sed -n '/^raw_tp probe_0/,/^$/p' stap*/*.bpf.txt >code
		awk '/: exit/ { n++ } /get_smp_processor_id/ { cpu = n } END { exit !(n > 2) }' code ||
			fail "no quick path: $body"
		rm -rf stap* code
	done
}

test_quick_counts_are_exact() {
	need bpf
	need perl
	# the command itself calls while the probes are being attached
	"$stap" -DMAXTRYLOCK=100000 -c "$(quick_load)" -e '
		global c, p, q, r, s
		probe kernel.trace("sys_enter") { if ($id == 110 && pid() != target()) c[execname()]++ }
		probe kernel.trace("sys_enter") { if ($id == 110 && pid() != target()) p[execname(), pid()] += 2 }
		probe kernel.trace("sys_enter") { if ($id == 110 && pid() != target()) q[pid(), tid()]++ }
		probe kernel.trace("sys_enter") { if ($id == 110 && pid() != target()) s[pid()] <<< $id }
		probe end {
			foreach (n in c) printf("%s %d\n", n, c[n])
			foreach ([n, i] in p) {
				r[n] += p[n, i]
				if (p[n, i] != 2 * q[i, i] || @count(s[i]) != q[i, i] ||
				    @sum(s[i]) != 110 * q[i, i])
					printf("differ: %s %d\n", n, i)
			}
			foreach (n in r) if (r[n] != 2 * c[n]) printf("sum: %s\n", n)
		}' >out 2>err
	quick_expect out
	fails grep -E '^(differ|sum)' out
}

# Deleting entries while others count: no entry that is gone may be found again.
test_quick_counts_survive_deletes() {
	need bpf
	need perl
	"$stap" -DSTP_NO_OVERLOAD -DMAXTRYLOCK=100000 -c "$(quick_load)" -e '
		global c, total, d, e, moved
		probe kernel.trace("sys_enter") { if ($id == 110) c[execname()]++ }
		probe kernel.trace("sys_enter") { if ($id == 110) d[pid()]++ }
		probe kernel.trace("sys_exit") {
			if (d[pid()] > 9) { e[execname()] += d[pid()]; delete d[pid()] }
		}
		probe timer.ms(1) {
			foreach (n in c) total[n] += c[n]
			delete c
			moved++
		}
		probe end {
			foreach (n in c) total[n] += c[n]
			foreach (n in total) {
				printf("%s %d\n", n, total[n])
				all += total[n]
			}
			foreach (n in e) s += e[n]
			foreach (i in d) s += d[i]
			printf("by pid %s, moved %d\n", s == all ? "alike" : "other", moved > 3)
		}' >out 2>err
	quick_expect out
	expect '^by pid alike, moved 1$' out
}

# Of a session with --accounting=json.
hits_lost() {
	awk -F '[:,]' '/"(skip_lock|missed)":/ { n += $2 } END { print n }' json
}

# Both CPUs, and timers that interrupt handlers, some of which hold the lock for
# long: whatever is skipped for a lock is skipped as a whole and counted.
test_locks_account_for_every_hit() {
	need bpf
	need perl
	# system calls that nobody else makes in numbers: getpgrp or getpgid
	local n=20000 counted lost
	for i in 1 2 3; do
		echo "perl -e 'for (1 .. $n) { getpgrp() }' &"
	done >load.sh
	echo wait >>load.sh
	"$stap" -DSTP_NO_OVERLOAD -DMAXSKIPPED=1000000 -DMAXACTION=100000 --accounting=json -c 'sh load.sh' -e '
		global n, calls, slow, ticks, held
		probe kernel.trace("sys_enter") { if ($id == 111 || $id == 121) { n++; calls++ } }
		probe kernel.trace("sys_enter") {
			if ($id == 111 || $id == 121) {
				if (n % 64 == 7) for (i = 0; i < 1000; i++) held += n & 1
				n++
				slow++
			}
		}
		probe timer.us(100) { n++; ticks++ }
		probe end {
			printf("sum %d, hits %d, ticks %d\n", n - calls - slow - ticks, calls + slow, ticks > 10)
		}' >out 2>err
	expect '^sum 0, hits [0-9]*, ticks 1$' out
	counted=$(sed -n 's/.*hits \([0-9]*\),.*/\1/p' out)
	lost=$(hits_lost)
	[ $((counted + lost)) -ge $((6 * n)) ] && [ "$counted" -le $((6 * n + 100)) ] ||
		fail "counted $counted, lost $lost of $((6 * n))"
}

# What a handler does to several globals is seen as a whole, by handlers that
# interrupt it too; hits that had to be skipped for that are counted.
test_handlers_are_atomic() {
	need bpf
	need perl
	local n=20000 done lost
	for i in 1 2; do
		echo "perl -e 'for (1 .. $n) { getpgrp() }' &"
	done >load.sh
	echo wait >>load.sh
	"$stap" -DSTP_NO_OVERLOAD -DMAXSKIPPED=1000000 -DMAXACTION=100000 --accounting=json -c 'sh load.sh' -e '
		global a, b, sum, log, torn, seen
		function both(k) { a++; for (i = 0; i < 40; i++) sum += k; b++; return a - b }
		probe kernel.trace("sys_enter") {
			if ($id == 111 || $id == 121) { log[cpu()] <<< both(1); }
		}
		probe timer.profile, timer.us(200) { if (a != b || sum != 40 * a) torn++; seen++ }
		probe end {
			foreach (c in log) all += @count(log[c])
			printf("%d %d %d %d\n", a - b, sum - 40 * a, all - a, torn)
			printf("done %d, looks %d\n", a, seen > 10)
		}' >out 2>err
	expect '^0 0 0 0$' out
	expect ', looks 1$' out
	done=$(sed -n 's/^done \([0-9]*\),.*/\1/p' out)
	lost=$(hits_lost)
	[ $((done + lost)) -ge $((2 * n)) ] && [ "$done" -le $((2 * n + 100)) ] ||
		fail "done $done, lost $lost of $((2 * n))"
}

test_quick_names_are_compared_to_their_end() {
	need bpf
	need perl
	# a guest's CPU may be taken away while a global is held
	"$stap" -DSTP_NO_OVERLOAD -DMAXTRYLOCK=1000000 -c "$(quick_load)" -e '
		global n
		probe kernel.trace("sys_enter") { if ($id == 110 && pid() != target()) {
			if (execname() == "seven77") n["seven77"]++
			if (execname() == "eightchr") n["eightchr"]++
			if ("fifteencharname" == execname()) n["fifteencharname"]++
			if (execname() == "longer_than_a_task_name") n["never"]++
			if (execname() == "seven7") n["never"]++
			if (execname() == "eightchrs") n["never"]++
			if (execname() == "") n["never"]++
		} }
		probe kernel.trace("sys_enter") { if ($id == 110 && pid() != target() && execname() == "seven77") n["alone"]++ }
		probe kernel.trace("sys_enter") { if ($id == 110 && pid() != target() && execname() != "seven77") n["others"]++ }
		probe kernel.trace("sys_enter") { if ($id == 110 && pid() != target() && execname() =~ "^seven77$") n["re seven"]++ }
		probe kernel.trace("sys_enter") { if ($id == 110 && pid() != target() && execname() =~ "n(a|_)[a-z]+$") n["re end"]++ }
		probe kernel.trace("sys_enter") { if ($id == 110 && pid() != target() && execname() !~ "[0-9]|long") n["re not"]++ }
		probe end { foreach (k+ in n) printf("%s %d\n", k, n[k]) }' >out 2>err
	for want in "seven77 $calls" "eightchr $calls" "fifteencharname $((2 * calls))" \
		"alone $calls" "others $((4 * calls))" "re seven $calls" \
		"re end $((2 * calls))" "re not $((3 * calls))"; do
		expect "^$want\$" out
	done
	fails grep never out
	fails grep 'hits skipped' err
}
