# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Aliases of the kernel's subsystems, against programs that know what they did
# and counters of the kernel.

need_function() { # names: one of them can be probed
	local f
	need kprobes
	for f in "$@"; do
		"$stap" -l "kernel.function(\"$f\")" >/dev/null 2>&1 && return
	done
	skip "needs the function $1 in the kernel's type information"
}

test_vfs_aliases_tell_what_a_program_reads_and_writes() {
	need_function vfs_read
	cat >t.c <<'C'
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>
int main(void)
{
	char b[100];
	struct iovec v[2] = {{b, 10}, {b + 10, 7}};
	int f = open("data", O_RDWR | O_CREAT | O_TRUNC, 0644), d = open("/", O_RDONLY);
	write(f, "hello, world of files\n", 22);
	writev(f, v, 2);
	pread(f, b, 9, 3);
	return read(d, b, 5) != -1;
}
C
	cc -w -o t t.c
	"$stap" -c ./t -e '
global on
function mine() { return pid() == target() && on }
probe vfs.open { if (pid() == target() && pathname =~ "/data$") { on = 1 printf("open %s\n", argstr) } }
probe vfs.open.return { if (mine() && pathname =~ "/data$") printf("opened %s\n", retstr) }
probe vfs.write { if (mine()) printf("%s %d\n", name, bytes_to_write) }
probe vfs.write.return, vfs.writev.return { if (mine()) printf("%s %d %s\n", name, bytes_written, retstr) }
probe vfs.read { if (mine()) printf("%s %d\n", name, bytes_to_read) }
probe vfs.read.return { if (mine()) printf("%s %d error %d %s %s %d\n", name, bytes_read, error, error_str, retstr, ino > 0) }
' >out 2>err
	cat >want <<'W'
opened 0
vfs.write 22
vfs.write 22 22
vfs.writev 17 17
vfs.read 9
vfs.read 9 error 0  9 1
vfs.read 5
vfs.read 0 error -21 EISDIR -21 1
W
	grep -v '^open ' out | diff want - || fail "$(cat out err)"
	expect "^open $PWD/data, 0xffff[0-9a-f]*$" out
	[ ! -s err ] || fail "$(cat err)"
}

write_talker() { # a program that talks to itself by TCP and UDP
	cat >talk.c <<'C'
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
static struct sockaddr_in at(int port)
{
	return (struct sockaddr_in){AF_INET, htons(port), {htonl(INADDR_LOOPBACK)}};
}
int main(void)
{
	struct sockaddr_in a = at(5123), b = at(5999), u = at(5124), v = at(5125);
	int l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0);
	int r = socket(AF_INET, SOCK_DGRAM, 0), s = socket(AF_INET, SOCK_DGRAM, 0);
	int one = 1, n = sizeof(a);
	char text[100];
	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	bind(l, (void *)&a, n); listen(l, 5); connect(c, (void *)&a, n);
	int p = accept(l, 0, 0);
	setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	send(c, "0123456789", 10, 0); recv(p, text, 100, 0);
	bind(r, (void *)&u, n); bind(s, (void *)&v, n);
	sendto(s, "0123456", 7, 0, (void *)&u, n); recv(r, text, 100, 0);
	close(c); close(p); close(l);
	c = socket(AF_INET, SOCK_STREAM, 0); connect(c, (void *)&b, n); close(c);
	return 0;
}
C
	cc -w -o talk talk.c
	ip link set lo up 2>/dev/null || true
}

test_tcp_udp_and_socket_aliases_tell_what_was_said() {
	need_function tcp_sendmsg
	write_talker
	"$stap" -c ./talk -e '
function mine() { return pid() == target() }
probe tcp.sendmsg { if (mine()) printf("%s %d %d\n", name, family, size) }
probe tcp.sendmsg.return, udp.sendmsg.return { if (mine()) printf("%s returns %d\n", name, size) }
probe tcp.recvmsg.return { if (mine()) printf("%s %s:%d %s %d\n", name, saddr, sport, daddr, size) }
probe tcp.recvmsg { if (mine() && (inet_get_ip_dest(sock) != daddr || inet_get_dest_port(sock) != dport)) println("another end") }
probe tcp.setsockopt { if (mine()) printf("%s %d %s %d\n", name, level, optstr, optlen) }
probe udp.sendmsg { if (mine()) printf("%s %s:%d %d\n", name, saddr, sport, size) }
probe udp.recvmsg.return { if (mine()) printf("%s %s:%d %d\n", name, saddr, sport, size) }
probe socket.create.return { if (mine()) created++ }
probe socket.close { if (mine() && family == 2) closed++ }
probe socket.send, socket.receive { if (mine()) printf("%s %d %d %d %d\n", name, size, success, protocol, type) }
probe tcp.receive { if (mine() && psh) printf("segment %s:%d %d\n", daddr, dport, syn) }
probe end { printf("%d %d\n", created, closed) }
global created, closed' >out 2>err
	sort out >sorted
	cat >want <<'W'
5 6
segment 127.0.0.1:5123 0
socket.receive 10 1 6 1
socket.receive 7 1 17 2
socket.send 10 1 6 1
socket.send 7 1 17 2
tcp.ipv4.setsockopt 6 TCP_NODELAY 4
tcp.recvmsg 127.0.0.1:5123 127.0.0.1 10
tcp.sendmsg 2 10
tcp.sendmsg returns 10
udp.recvmsg 127.0.0.1:5124 7
udp.sendmsg 127.0.0.1:5125 7
udp.sendmsg returns 7
W
	diff want sorted || fail "$(cat out err)"
	[ ! -s err ] || fail "$(cat err)"
}

test_mib_aliases_count_as_the_kernel_does() {
	need_function tcp_set_state
	write_talker
	grep -E '^(Tcp|Ip):' /proc/net/snmp >before
	"$stap" -c ./talk -e '
probe ipmib.InReceives, ipmib.OutRequests, tcpmib.InSegs, tcpmib.ActiveOpens,
      tcpmib.PassiveOpens, tcpmib.AttemptFails, tcpmib.EstabResets, tcpmib.OutRsts {}
probe end {
	printf("InReceives %d\nOutRequests %d\nInSegs %d\nActiveOpens %d\nPassiveOpens %d\n",
	       InReceives[1], OutRequests[1], InSegs[1], ActiveOpens[1], PassiveOpens[1])
	printf("AttemptFails %d\nEstabResets %d\nOutRsts %d\n",
	       AttemptFails[1], EstabResets[1], OutRsts[1]) }' >out
	grep -E '^(Tcp|Ip):' /proc/net/snmp >after
	awk 'FNR % 2 { split($0, name); next }
	     { for (i = 2; i <= NF; i++) v[FILENAME, name[1] name[i]] = $i; for (i = 2; i <= NF; i++) names[name[i]] = name[1] name[i] }
	     END { for (n in names) print n, v["after", names[n]] - v["before", names[n]] }' before after >counted
	while read -r name n; do
		grep -qx "$name $n" counted || fail "$name $n: $(cat counted)"
	done <out
	# a script's own keys
	"$stap" -c ./talk -e '
function ipmib_filter_key:long (skb:long, op:long, l:long) { return ipmib_tcp_remote_port(skb, l) }
probe ipmib.InReceives {}
probe end { printf("%d %d\n", InReceives[5999], InReceives[5124]) }' >out
	[ "$(cat out)" = "1 0" ] || fail "$(cat out)"
}

test_block_aliases_tell_what_was_asked_of_a_disk() {
	need_function submit_bio_noacct
	[ -b /dev/ram0 ] || modprobe brd rd_nr=1 rd_size=65536 2>/dev/null ||
		skip "needs a ram disk"
	cat >t.c <<'C'
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(void)
{
	int f = open("/dev/ram0", O_RDWR | O_DIRECT);
	void *p;
	posix_memalign(&p, 4096, 8192);
	memset(p, 1, 8192);
	return pwrite(f, p, 8192, 4096) != 8192 || pread(f, p, 4096, 8192) != 4096;
}
C
	cc -w -o t t.c
	"$stap" -c ./t -e '
probe ioblock.request, ioblock_trace.request { if (pid() == target())
	printf("%s %s %d+%d %s %d\n", name, devname, sector, size, bio_rw_str(rw), vcnt > 0) }
probe ioblock.end { if (pid() == target()) printf("%s %s %d\n", name, devname, error) }
' | sort >out
	cat >want <<'W'
ioblock.end ram0 0
ioblock.end ram0 0
ioblock.request ram0 16+4096 R 1
ioblock.request ram0 8+8192 W 1
ioblock_trace.request ram0 16+4096 R 1
ioblock_trace.request ram0 8+8192 W 1
W
	diff want out
}

test_signal_memory_and_terminal_aliases() {
	need_function check_kill_permission
	cat >t.c <<'C'
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
static void h(int s) { (void)s; }
int main(void)
{
	struct sigaction sa = {.sa_handler = h};
	struct winsize w = {25, 80, 1, 2};
	char text[100];
	char *p = mmap((void *)0x7000000, 8192, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	sigaction(SIGUSR1, &sa, 0);
	kill(getpid(), SIGUSR1);
	kill(getpid(), 0);
	p[4096] = 1;
	munmap(p, 8192);
	int m = posix_openpt(O_RDWR | O_NOCTTY);
	grantpt(m); unlockpt(m);
	int s = open(ptsname(m), O_RDWR | O_NOCTTY);
	write(s, "hello\n", 6);
	ioctl(m, TIOCSWINSZ, &w);
	/* it may come in parts */
	for (int n = 0, got; n < 7; n += got)
		if ((got = read(m, text, 100)) <= 0)
			return 1;
	return 0;
}
C
	cc -w -o t t.c
	"$stap" -c ./t -e '
function mine() { return pid() == target() }
probe signal.do_action { if (mine() && sig == 10) printf("%s %s %d\n", name, sig_name, sa_handler > 1) }
probe signal.checkperm { if (mine() && sig == 10) printf("%s %s %d %s\n", name, sig_name, sig_pid == pid(), pid_name) }
probe signal.send { if (mine() && sig == 10) printf("send %s %s\n", sig_name, si_code) }
probe signal.handle { if (mine() && sig == 10) printf("%s %d\n", name, sig_code) }
probe vm.mmap { if (mine() && address == 0x7000000) printf("%s %d\n", name, length) }
probe vm.pagefault { if (mine() && address >= 0x7000000 && address < 0x7002000) printf("%s %#x %d\n", name, address, write_access) }
probe vm.munmap { if (mine() && address == 0x7000000) printf("%s %d\n", name, length) }
probe tty.write { if (mine()) printf("tty %s %d %s\n", buffer, nr, driver_name) }
probe tty.resize { if (mine()) printf("resize %d %d -> %d %d\n", old_row, old_col, new_row, new_col) }
' >out 2>err
	cat >want <<'W'
mmap 8192
do_action SIGUSR1 1
checkperm SIGUSR1 1 t
send SIGUSR1 SI_USER or SI_TIMER or SI_ASYNCIO
handle 0
pagefault 0x7001000 1
munmap 8192
tty "hello\n" 6 "pty_slave"
resize 0 0 -> 25 80
W
	diff want out || fail "$(cat out err)"
}

test_packets_of_arp_and_of_a_bridge() {
	need_function arp_process
	modprobe veth 2>/dev/null && modprobe bridge 2>/dev/null ||
		skip "needs the modules veth and bridge"
	ip netns add far
	ip link add near type veth peer name far netns far
	ip netns exec far ip addr add 10.9.0.2/24 dev far
	ip netns exec far ip link set far up
	ip link add br0 type bridge
	ip link set near up master br0
	ip addr add 10.9.0.1/24 dev br0
	ip link set br0 up
	sleep 1
	echo 'echo hi >/dev/udp/10.9.0.2/99; sleep 1' >say.sh
	"$stap" -c 'bash say.sh' -e '
probe netfilter.arp.out { if (outdev_name == "br0" && ar_op == 1) printf("asks %s %s %s %d\n", ar_sha, ar_sip, ar_tip, ar_hrd) }
probe netfilter.arp.in { if (indev_name == "br0" && ar_op == 2) printf("is told %s %s\n", ar_sha, ar_sip) }
probe netfilter.bridge.local_out { if (protocol == 0x806) printf("out by %s from %s\n", outdev_name, br_mac) }
probe netfilter.bridge.pre_routing { if (protocol == 0x806) printf("in by %s from %s\n", indev_name, br_mac) }
probe netfilter.bridge.local_in { if (protocol == 0x806) printf("for us from %s\n", br_mac) }
probe netfilter.bridge.forward { if (protocol == 0x806) println("forwarded") }
' >out 2>err
	us=$(cat /sys/class/net/br0/address)
	them=$(ip netns exec far cat /sys/class/net/far/address)
	ip link del br0; ip netns del far
	for line in "asks $us 10.9.0.1 10.9.0.2 1" "is told $them 10.9.0.2" \
		    "out by near from $us" "in by near from $them" "for us from $them"; do
		grep -qxF "$line" out || fail "$line: $(cat out err)"
	done
	fails grep -q forwarded out
}
