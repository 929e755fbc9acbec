# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Packets at the hooks of netfilter, against a program that knows what it sent.

need_netfilter() {
	need bpf
	if "$stap" -p2 -e 'probe netfilter.ip.local_in { exit() }' 2>&1 |
		grep -q 'does not let BPF programs'; then
		skip "needs netfilter links of BPF (Linux 6.4)"
	fi
}

write_sender() {
	cat >sender.c <<'C'
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
int main(int argc, char **argv)
{
	struct sockaddr_in me = {.sin_family = AF_INET}, to = me;
	socklen_t n = sizeof(me);
	int s = socket(AF_INET, SOCK_DGRAM, 0), r = socket(AF_INET, SOCK_DGRAM, 0);
	me.sin_addr.s_addr = to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bind(s, (void *)&me, sizeof(me));
	bind(r, (void *)&to, sizeof(to));
	getsockname(s, (void *)&me, &n);
	getsockname(r, (void *)&to, &n);
	FILE *f = fopen(argv[1], "w");
	for (int i = 1; i <= 5; i++) {
		int ok = sendto(s, "0123456789", i, 0, (void *)&to, sizeof(to)) == i;
		fprintf(f, "127.0.0.1:%d -> 127.0.0.1:%d 17 %d lo%s\n",
			ntohs(me.sin_port), ntohs(to.sin_port), 28 + i, ok ? "" : " refused");
	}
	return 0;
}
C
	cc -O1 -o sender sender.c
}

test_packets_are_what_was_sent() {
	need_netfilter
	write_sender
	"$stap" -c './sender sent' -e '
probe netfilter.ip.local_out { if (pid() == target())
	printf("%s:%d -> %s:%d %d %d %s\n", saddr, sport, daddr, dport, protocol, length, outdev_name) }' >out
	cmp sent out
	# the places next to the kernel's own
	"$stap" -c './sender sent' -e '
global n
probe netfilter.hook("NF_INET_LOCAL_OUT").pf("NFPROTO_IPV4").priority("NF_IP_PRI_FIRST") { if (pid() == target()) n++ }
probe netfilter.hook("NF_INET_LOCAL_OUT").pf("NFPROTO_IPV4").priority("NF_IP_PRI_LAST") { if (pid() == target()) n += 100 }
probe end { println(n) }' >out
	[ "$(cat out)" = 505 ] || fail "$(cat out)"
	"$stap" -c './sender sent' -e '
probe netfilter.pf("NFPROTO_IPV4").hook("NF_INET_LOCAL_IN").priority("NF_IP_PRI_FILTER") {
	if ($skb->len <= 33) printf("%d %d %s %d\n", $hooknum, $skb->len, kernel_string($in->name), $out) }' >out
	printf '1 %d lo 0\n' 29 30 31 32 33 | cmp - out
}

test_a_verdict_drops_packets_in_guru_mode() {
	need_netfilter
	write_sender
	fails "$stap" -p2 -e 'probe netfilter.ip.local_out { $verdict = nf_drop }' >out 2>&1
	"$stap" -g -c './sender sent' -e '
probe netfilter.ip.local_out { if (pid() == target() && length == 30) $verdict = nf_drop
	else $verdict = nf_accept }' >out
	[ "$(grep -c refused sent)" = 1 ] && grep -q ' 30 lo refused' sent ||
		fail "$(cat sent)"
	local rc=0
	"$stap" -g -c './sender sent' -e 'probe netfilter.ip.local_out { $verdict = 3 }' >out 2>&1 || rc=$?
	expect 'can only drop \(0\) or accept \(1\) a packet' out
}

test_netfilter_points_that_cannot_be() {
	need_netfilter
	fails "$stap" -p2 -e 'probe netfilter.hook("NF_ARP_IN").pf("NFPROTO_ARP") { exit() }' >out 2>&1
	expect 'IPv4 and IPv6 only' out
	fails "$stap" -p2 -e 'probe netfilter.hook("NF_INET_LOCAL").pf("NFPROTO_IPV4") { exit() }' >out 2>&1
	expect "there is no hook 'NF_INET_LOCAL'.*NF_INET_LOCAL_IN" out
}

test_several_handlers_at_one_hook() {
	need root
	need_netfilter
	"$stap" -c 'bash -c "echo hello >/dev/udp/127.0.0.1/9"' -e 'global n
		probe netfilter.ip.local_out { if (dport == 9) n["a"]++ }
		probe netfilter.ip.local_out { if (dport == 9) n["b"]++ }
		probe netfilter.hook("NF_INET_LOCAL_OUT").pf("NFPROTO_IPV4").priority("7") { n["c"]++ }
		probe end { println(n["a"] == n["b"], n["a"] > 0, n["c"] > 0) }' >out || fail "stap"
	[ "$(cat out)" = 111 ]
}
