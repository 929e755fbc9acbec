# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Interactive scripts on a terminal.

# terminal KEYS SCRIPT: types the keys, one by one, at a script on a terminal;
# what that showed, and whether the terminal is as before, to out. "^T" sends
# SIGTERM to the session.
terminal() {
	cat >typist.py <<'P'
import glob, os, pty, select, signal, sys, time
keys, stap, script = sys.argv[1:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp('sh', ['sh', '-c', '''trap : INT
stty -a >before; "$@"; echo "status $?"; stty -a >after
cmp -s before after && echo "the same terminal"''', 'sh',
              stap, '--runtime=user', '-e', script])
out, typed, end = b'', 0, time.time() + 20
while time.time() < end:
    if select.select([fd], [], [], 0.2)[0]:
        try:
            data = os.read(fd, 4096)
        except OSError:
            break
        if not data:
            break
        out += data
        continue
    if b'ready' in out and typed < len(keys):
        if keys[typed] == 'T':
            for stat in glob.glob('/proc/[0-9]*/stat'):
                try:
                    words = open(stat).read().rsplit(')', 1)[1].split()
                except OSError:
                    continue # it has ended
                if int(words[1]) == pid:
                    os.kill(int(stat.split('/')[2]), signal.SIGTERM)
        else:
            os.write(fd, keys[typed].replace('C', '\x03').encode())
        typed += 1
os.waitpid(pid, 0)
sys.stdout.write(out.decode().replace('\r', ''))
P
	python3 typist.py "$1" "$stap" "$2" >out
	expect 'the same terminal' out
}

test_keys_come_one_by_one() {
	need python3
	terminal abq 'probe begin { println("ready") }
		probe input.char { printf("<%s>", char) if (char == "q") exit() }
		probe end { println("end") }'
	expect '^<a><b><q>end$' out
	expect 'status 0' out
}

test_terminal_is_restored_after_signals() {
	need python3
	terminal aC 'probe begin { println("ready") }
		probe input.char { printf("<%s>", char) }
		probe end { println("end") }'
	expect '^<a>.*end$' out
	terminal aT 'probe begin { println("ready") }
		probe input.char { printf("<%s>", char) }
		probe end { println("end") }'
	expect '^<a>end$' out
}

test_terminal_is_restored_after_errors() {
	need python3
	terminal ae 'probe begin { println("ready") }
		probe input.char { if (char == "e") error("no e") }'
	expect 'no e near' out
	expect 'status 1' out
}

test_lines_come_whole() {
	need python3
	terminal $'ab\nq\n' 'probe begin { println("ready") }
		probe input.line { printf("<%s>", line) if (line == "q\n") exit() }'
	expect '^<ab$' out
	expect 'status 0' out
}
