# SPDX-License-Identifier: GPL-2.0-or-later
# What only -g allows, apart from writing memory (user_memory.sh).

test_delays_wait_and_say_when_they_cannot() {
	local rt
	for rt in user ${bpf:+bpf}; do
		"$stap" --runtime=$rt -g -e 'probe begin {
			t = ktime_get_ns()
			mdelay(20); udelay(5000)
			took = (ktime_get_ns() - t) / 1000000
			println(took >= 25 ? "waited" : sprint("only ", took))
			mdelay(0); udelay(-5)
			try { mdelay(100000) } catch (m) { println(m) }
			exit()
		}' >out || { echo "$rt fails"; return 1; }
		diff - out <<-'END' || return 1
			waited
			a BPF program cannot wait that long
		END
	done
}

test_a_signal_is_raised_in_the_thread_that_was_hit() {
	need bpf
	need pids
	SECONDS=0
	fails "$stap" -g -c 'sleep 30' -e 'global n
		probe kernel.trace("sys_enter") {
			if (pid() == target() && $id == 230 && !n++) raise(15)
		}
		probe begin { try { raise(-1) } catch (m) { println(m) } }' >out 2>err
	expect '^signal -1 could not be sent: EINVAL$' out
	expect 'exited with signal 15' err
	[ $SECONDS -lt 25 ]
}
