#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Writes tapset/generated/: names of error numbers, signals and system calls,
# from the C library's and the kernel's headers of the machine it runs on.
#
#	tools/gen-tapset-tables.sh [tapset directory]
#
# A name is found by halving the range of numbers, so a look-up costs about
# ten comparisons.
set -eu

out=${1:-$(dirname "$0")/../tapset}/generated
CC=${CC:-cc}

# Sorted lines "number name" on stdin -> a function that halves their range; $1
# how a line is compared (n: the number is given, s: the text), $2 declaration,
# $3 value of what is in no line.
halves() {
	awk -v by="$1" -v head="$2" -v other="$3" '
	function indent(d,   i, s) {
		s = ""
		for (i = 0; i < d; i++)
			s = s "\t"
		return s
	}
	function key(i) {
		return by == "n" ? num[i] : "\"" name[i] "\""
	}
	function emit(lo, hi, d,   mid) {
		if (lo == hi) {
			printf "%sif (%s == %s) return %s\n", indent(d), by, \
				key(lo), by == "n" ? "\"" name[lo] "\"" : num[lo]
			return
		}
		mid = int((lo + hi + 1) / 2)
		printf "%sif (%s < %s) {\n", indent(d), by, key(mid)
		emit(lo, mid - 1, d + 1)
		printf "%s} else {\n", indent(d)
		emit(mid, hi, d + 1)
		printf "%s}\n", indent(d)
	}
	{ num[NR] = $1; name[NR] = $2 }
	END {
		print head
		print "{"
		if (NR)
			emit(1, NR, 1)
		print "\treturn " other
		print "}"
	}'
}

# From numbers to texts: $1 declaration, $2 value of numbers without a name.
tree() {
	sort -n -u -k1,1 | halves n "$1" "$2"
}

# From texts to numbers: $1 name of the function of one string; -1 for texts
# without a number. Of equal texts the first counts.
texts() {
	echo
	awk '!seen[$2]++' | LC_ALL=C sort -k2,2 |
		halves s "function $1:long (s:string)" -1
}

# Both directions: $1 common part of the two functions' names.
both() {
	cat >"$tmp.both"
	tree "function $1_name:string (n:long)" '""' <"$tmp.both"
	texts "$1_number" <"$tmp.both"
	echo
}

# "FIRST name name ..." -> lines "number name", counted up; "-" is a gap.
numbered() {
	awk '{
		n = $1
		for (i = 2; i <= NF; i++) {
			if ($i != "-")
				print n, $i
			n++
		}
	}'
}

header() {
	echo "# SPDX-License-Identifier: GPL-2.0-or-later"
	echo "# Made by tools/gen-tapset-tables.sh; do not edit."
	echo
}

# macros PREFIX [cc flags] < C text: "number NAME" of #define PREFIX...
macros() {
	prefix=$1
	shift
	cat >"$tmp.c"
	"$CC" "$@" -E -dM "$tmp.c" | awk -v p="^$prefix" '
		$1 == "#define" && $2 ~ p && $2 !~ /\(/ { print $2 }' |
		sort >"$tmp.names"
	{
		cat "$tmp.c"
		while read -r n; do
			echo "stap_value $n $n"
		done <"$tmp.names" | sed 's/ \([A-Za-z_0-9]*\) / "\1" /'
	} >"$tmp.2.c"
	"$CC" "$@" -E -P "$tmp.2.c" | sed -n 's/"//g; s/^stap_value //p' |
		awk '$2 ~ /^[0-9]+$/ && NF == 2 { print $2, $1 }'
}

tmp=$(mktemp -d)/t
trap 'rm -rf "$(dirname "$tmp")"' EXIT
mkdir -p "$out/x86_64" "$out/arm64"

# Names of the kernel that no header of programs has, and protocols by their
# usual names.
{
	header
	both __socket_family <<-END
	$(echo '#include <sys/socket.h>' | macros 'AF_[A-Z0-9]+$' |
		sed 's/AF_//' | grep -v -e UNIX -e FILE -e ROUTE -e MAX)
	END
	both __socket_state <<-END
	$(echo 0 FREE UNCONNECTED CONNECTING CONNECTED DISCONNECTING | numbered)
	END
	both __socket_type <<-END
	$(echo 1 STREAM DGRAM RAW RDM SEQPACKET DCCP - - - PACKET | numbered)
	END
	echo 0 ASYNC_NOSPACE ASYNC_WAITDATA NOSPACE PASSCRED PASSSEC |
		numbered |
		tree "function __socket_flag_name:string (n:long)" '""'
	echo
	echo 0 OOB PEEK 'DONTROUTE|TRYHARD' CTRUNC PROBE TRUNC DONTWAIT EOR \
		WAITALL FIN SYN CONFIRM RST ERRQUEUE NOSIGNAL MORE | numbered |
		tree "function __msg_flag_name:string (n:long)" '""'
	echo
	echo '#include <netinet/tcp.h>' | macros 'TCP_[A-Z0-9_]+$' |
		grep -E '^([1-9]|1[0-9]|2[0-9]|3[0-9]) ' |
		grep -E ' TCP_(NODELAY|MAXSEG|CORK|KEEP[A-Z]*|SYNCNT|LINGER2|DEFER_ACCEPT|WINDOW_CLAMP|INFO|QUICKACK|CONGESTION|MD5SIG|THIN_.*|USER_TIMEOUT|REPAIR|REPAIR_QUEUE|QUEUE_SEQ|REPAIR_OPTIONS|FASTOPEN|TIMESTAMP|NOTSENT_LOWAT|CC_INFO|SAVE.*|ULP|MD5SIG_EXT|FASTOPEN_.*|INQ|TX_DELAY)$' |
		grep -v KEEPALIVE |
		tree "function __tcp_option_name:string (n:long)" '""'
	echo
	echo '#include <linux/in6.h>' | macros 'IPV6_[A-Z0-9_]+$' |
		grep -v -e PREFER_SRC -e PMTUDISC -e PRIORITY -e FL_ -e TLV |
		sed 's/IPV6_ADD_MEMBERSHIP.*/IPV6_ADD_MEMBERSHIP/' |
		tree "function __ipv6_option_name:string (n:long)" '""'
	echo
	echo 1 ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT \
		CLOSE CLOSE_WAIT LAST_ACK LISTEN CLOSING MAX_STATES | numbered |
		sed 's/ / TCP_/' |
		tree "function __tcp_state_name:string (n:long)" '""'
	echo
	both __ip_protocol <<-END
	$(numbered <<-LIST
	0 IP ICMP IGMP GGP IPENCAP ST TCP CBT EGP IGP BBN-RCC NVP PUP ARGUS
	14 EMCON XNET CHAOS UDP MUX DCN HMP PRM XNS-IDP TRUNK-1 TRUNK-2 LEAF-1
	26 LEAF-2 RDP IRTP ISO-TP4 NETBLT MFE-NSP MERIT-INP SEP 3PC IDPR XTP
	37 DDP IDPR-CMTP TP++ IL IPV6 SDRP IPV6-ROUTE IPV6-FRAG IDRP RSVP GRE
	48 MHRP BNA IPV6-CRYPT IPV6-AUTH I-NLSP SWIPE NARP MOBILE TLSP SKIP
	58 IPV6-ICMP IPV6-NONXT IPV6-OPTS - CFTP - SAT-EXPAK KRYPTOLAN RVD IPPC
	68 - SAT-MON VISA IPCV CPNX CPHB WSN PVP BR-SAT-MON SUN-ND WB-MON
	79 WB-EXPAK ISO-IP VMTP SECURE-VMTP VINES TTP NSFNET-IGP DGP TCF EIGRP
	89 OSPF SPRITE-RPC LARP MTP AX.25 IPIP MICP SCC-SP ETHERIP ENCAP - GMTP
	101 IFMP PNNI PIM ARIS SCPS QNX A/N IPCOMP SNP COMPAQ-PEER IPX-IN-IP
	112 VRRP PGM - L2TP DDX IATP STP SRP UTI SMP SM PTP ISIS FIRE CRTP CRDUP
	128 SSCOPMCE IPLT SPS PIPE SCTP FC RSVP-E2E-IGNORE Mobility-Header
	136 UDPLite MPLS-IN-IP
	LIST
	)
	END
} | cat -s >"$out/socket_names.stp"

{
	header
	echo 0 CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS \
		SIGPENDING MSGQUEUE NICE RTPRIO RTTIME | numbered |
		texts __rlimit_number
} | cat -s >"$out/rlimit_numbers.stp"

# RFC 1094, 1813, 7530, 5661
{
	header
	{
		numbered <<-LIST
		0 NFS_OK NFSERR_PERM NFSERR_NOENT - - NFSERR_IO NFSERR_NXIO
		11 NFSERR_EAGAIN - NFSERR_ACCES - - - NFSERR_EXIST NFSERR_XDEV
		19 NFSERR_NODEV NFSERR_NOTDIR NFSERR_ISDIR NFSERR_INVAL
		27 NFSERR_FBIG NFSERR_NOSPC - NFSERR_ROFS NFSERR_MLINK
		45 NFSERR_OPNOTSUPP
		63 NFSERR_NAMETOOLONG - - NFSERR_NOTEMPTY - - NFSERR_DQUOT
		70 NFSERR_STALE NFSERR_REMOTE
		99 NFSERR_WFLUSH
		10001 NFSERR_BADHANDLE NFSERR_NOT_SYNC NFSERR_BAD_COOKIE
		10004 NFSERR_NOTSUPP NFSERR_TOOSMALL NFSERR_SERVERFAULT
		10007 NFSERR_BADTYPE NFSERR_JUKEBOX NFSERR_SAME NFSERR_DENIED
		10011 NFSERR_EXPIRED NFSERR_LOCKED NFSERR_GRACE -
		10015 NFSERR_SHARE_DENIED NFSERR_WRONGSEC NFSERR_CLID_INUSE
		10018 NFSERR_RESOURCE NFSERR_MOVED NFSERR_NOFILEHANDLE
		10021 NFSERR_MINOR_VERS_MISMATCH NFSERR_STALE_CLIENTID
		10023 NFSERR_STALE_STATEID NFSERR_OLD_STATEID NFSERR_BAD_STATEID
		10026 NFSERR_BAD_SEQID NFSERR_NOT_SAME - NFSERR_SYMLINK
		10030 NFSERR_RESTOREFH - NFSERR_ATTRNOTSUPP NFSERR_NO_GRACE
		10034 NFSERR_RECLAIM_BAD - NFSERR_BAD_XDR NFSERR_LOCKS_HELD
		10038 NFSERR_OPENMODE
		10041 NFSERR_BADNAME
		10044 NFSERR_OP_ILLEGAL NFSERR_DEADLOCK
		10048 NFSERR_CB_PATH_DOWN NFS4ERR_BADIOMODE NFS4ERR_BADLAYOUT
		10051 NFS4ERR_BAD_SESSION_DIGEST NFS4ERR_BADSESSION NFS4ERR_BADSLOT
		10054 NFS4ERR_COMPLETE_ALREADY NFS4ERR_CONN_NOT_BOUND_TO_SESSION
		10056 NFS4ERR_DELEG_ALREADY_WANTED NFS4ERR_BACK_CHAN_BUSY
		10058 NFS4ERR_LAYOUTTRYLATER NFS4ERR_LAYOUTUNAVAILABLE
		10060 NFS4ERR_NOMATCHING_LAYOUT NFS4ERR_RECALLCONFLICT
		10062 NFS4ERR_UNKNOWN_LAYOUTTYPE NFS4ERR_SEQ_MISORDERED
		10064 NFS4ERR_SEQUENCE_POS NFS4ERR_REQ_TOO_BIG NFS4ERR_REP_TOO_BIG
		10067 NFS4ERR_REP_TOO_BIG_TO_CACHE NFS4ERR_RETRY_UNCACHED_REP
		10069 NFS4ERR_UNSAFE_COMPOUND NFS4ERR_TOO_MANY_OPS
		10071 NFS4ERR_OP_NOT_IN_SESSION NFS4ERR_HASH_ALG_UNSUPP
		10074 NFS4ERR_CLIENTID_BUSY NFS4ERR_PNFS_IO_HOLE
		10076 NFS4ERR_SEQ_FALSE_RETRY NFS4ERR_BAD_HIGH_SLOT
		10078 NFS4ERR_DEADSESSION NFS4ERR_ENCR_ALG_UNSUPP
		10080 NFS4ERR_PNFS_NO_LAYOUT NFS4ERR_NOT_ONLY_OP
		10082 NFS4ERR_WRONG_CRED NFS4ERR_WRONG_TYPE
		10084 NFS4ERR_DIRDELEG_UNAVAIL NFS4ERR_REJECT_DELEG
		10086 NFS4ERR_RETURNCONFLICT NFS4ERR_DELEG_REVOKED
		LIST
	} | tree "function __nfs_error_name:string (n:long)" '""'
} >"$out/nfs_error_names.stp"

# Of two names for a number the alphabet decides, but the usual one wins.
{
	header
	echo '#include <errno.h>' | macros 'E[A-Z0-9]+$' |
		grep -v -e EWOULDBLOCK -e EDEADLOCK -e ENOTSUP |
		tree "function __errno_name:string (n:long)" '""'
} >"$out/errno_names.stp"

{
	header
	echo '#include <signal.h>' | macros 'SIG[A-Z0-9]+$' |
		grep -v -e SIGIOT -e SIGCLD -e SIGPOLL -e SIGSTKSZ \
			-e SIGRTMIN -e SIGRTMAX -e SIGUNUSED |
		awk '$1 > 0 && $1 < 64' |
		tree "function __signal_name:string (n:long)" '""'
} >"$out/signal_names.stp"

# Newer than the headers may be; the same number everywhere.
new_syscalls()
{
	echo 450 set_mempolicy_home_node cachestat fchmodat2 map_shadow_stack \
		futex_wake futex_wait futex_requeue statmount listmount \
		lsm_get_self_attr lsm_set_self_attr lsm_list_modules mseal \
		setxattrat getxattrat listxattrat removexattrat open_tree_attr \
		file_getattr file_setattr | numbered
}

x86_64_syscalls()
{
	{
		echo '#include <asm/unistd_64.h>' | macros __NR_ |
			sed 's/__NR_//'
		new_syscalls
	} | sort -n -u -k1,1
}

ia32_syscalls()
{
	echo '#include <asm/unistd_32.h>' | macros __NR_ | sed 's/__NR_//' |
		sort -n -u -k1,1
}

arm64_syscalls()
{
	{
		echo '#include <asm-generic/unistd.h>' |
			macros __NR_ -D__aarch64__ -D__ARCH_WANT_RENAMEAT \
				-D__ARCH_WANT_NEW_STAT \
				-D__ARCH_WANT_SET_GET_RLIMIT \
				-D__ARCH_WANT_SYS_CLONE3 \
				-D__ARCH_WANT_MEMFD_SECRET |
			sed 's/__NR3264_//; s/__NR_//' |
			grep -v -e ' syscalls$' -e arch_specific
		new_syscalls
	} | sort -n -u -k1,1
}

for arch in x86_64 arm64; do
	{
		header
		"${arch}_syscalls" |
			tree "function __syscall_name:string (n:long)" '""'
	} >"$out/$arch/syscall_names.stp"
done

{
	echo "/* SPDX-License-Identifier: GPL-2.0-or-later */"
	echo "/* Made by tools/gen-tapset-tables.sh; do not edit. */"
	for arch in x86_64 arm64 ia32; do
		"${arch}_syscalls" |
			awk -v a=$arch '{ print "S(" a ", " $2 ", " $1 ")" }'
	done
} >"$out/../../src/probe/syscalls.def"
