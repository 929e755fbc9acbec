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

# Lines "number name" on stdin -> a function; $1 declaration, $2 value of
# numbers without a name.
tree() {
	sort -n -u -k1,1 | awk -v head="$1" -v other="$2" '
	function indent(d,   i, s) {
		s = ""
		for (i = 0; i < d; i++)
			s = s "\t"
		return s
	}
	function emit(lo, hi, d,   mid) {
		if (lo == hi) {
			printf "%sif (n == %d) return \"%s\"\n", indent(d), \
				num[lo], name[lo]
			return
		}
		mid = int((lo + hi + 1) / 2)
		printf "%sif (n < %d) {\n", indent(d), num[mid]
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

{
	header
	echo '#include <asm/unistd_64.h>' | macros __NR_ |
		sed 's/__NR_//' |
		tree "function __syscall_name:string (n:long)" '""'
} >"$out/x86_64/syscall_names.stp"

{
	header
	echo '#include <asm-generic/unistd.h>' |
		macros __NR_ -D__aarch64__ -D__ARCH_WANT_RENAMEAT \
			-D__ARCH_WANT_NEW_STAT -D__ARCH_WANT_SET_GET_RLIMIT \
			-D__ARCH_WANT_SYS_CLONE3 -D__ARCH_WANT_MEMFD_SECRET |
		sed 's/__NR3264_//; s/__NR_//' |
		grep -v -e ' syscalls$' -e arch_specific |
		tree "function __syscall_name:string (n:long)" '""'
} >"$out/arm64/syscall_names.stp"
