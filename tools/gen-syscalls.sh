#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Writes tapset/generated/syscalls.stp, the aliases syscall.*, and
# syscall_constants.stp, names of what they are called with, from syscalls.tbl
# and syscall_names.tbl beside this file and this machine's headers.
#
#	tools/gen-syscalls.sh [tapset directory]
set -eu

here=$(dirname "$0")
out=${1:-$here/../tapset}/generated
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

header() {
	echo "# SPDX-License-Identifier: GPL-2.0-or-later"
	echo "# Made by tools/gen-syscalls.sh; do not edit."
}

# The names of syscall_names.tbl become NAME=NUMBER.
values() {
	{
		cat <<-END
		#define _GNU_SOURCE
		#include <asm/prctl.h>
		#include <fcntl.h>
		#include <linux/bpf.h>
		#include <linux/falloc.h>
		#include <linux/futex.h>
		#include <linux/mempolicy.h>
		#include <linux/perf_event.h>
		#include <linux/stat.h>
		#include <linux/xattr.h>
		#include <sched.h>
		#include <stdio.h>
		#include <sys/epoll.h>
		#include <sys/eventfd.h>
		#include <sys/file.h>
		#include <sys/inotify.h>
		#include <sys/ipc.h>
		#include <sys/mman.h>
		#include <sys/mount.h>
		#include <sys/msg.h>
		#include <sys/prctl.h>
		#include <sys/ptrace.h>
		#include <sys/random.h>
		#include <sys/resource.h>
		#include <sys/sem.h>
		#include <sys/shm.h>
		#include <sys/signalfd.h>
		#include <sys/socket.h>
		#include <sys/timerfd.h>
		#include <sys/time.h>
		#include <sys/uio.h>
		#include <sys/wait.h>
		#include <time.h>
		#include <unistd.h>
		#define CLONE_DETACHED 0x00400000
		#define MREMAP_DONTUNMAP 4
		#undef O_LARGEFILE
		#define O_LARGEFILE 0100000
		int main(void) {
		END
		grep -v '^#' "$here/syscall_names.tbl" | awk '{
			printf "printf(\"%s %s", $1, $2
			first = 3
			if ($1 == "bits") {
				printf " %s", $3
				first = 4
			}
			printf "\");\n"
			for (i = first; i <= NF; i++) {
				n = split($i, p, "=")
				printf "printf(\" %s=%%llu\", " \
				       "(unsigned long long)(unsigned)%s);\n",
				       p[1], (n > 1 ? p[2] : p[1])
			}
			print "puts(\"\");"
		}'
		echo "}"
	} >"$tmp/values.c"
	"${CC:-cc}" -o "$tmp/values" "$tmp/values.c"
	"$tmp/values"
}

{
	header
	values | awk '{
		printf "\nfunction __sys_%s:string (n:long)\n{\n", $2
		if ($1 == "name") {
			for (i = 3; i <= NF; i++) {
				split($i, p, "=")
				printf "\tif (n == %s)\n\t\treturn \"%s\"\n",
				       p[2], p[1]
			}
			print "\treturn sprintf(\"0x%x\", n)\n}"
			next
		}
		print "\tres = \"\""
		for (i = 4; i <= NF; i++) {
			split($i, p, "=")
			printf "\tif ((n & %s) == %s) {\n", p[2], p[2]
			printf "\t\tres .= \"|%s\"\n\t\tn &= ~%s\n\t}\n",
			       p[1], p[2]
		}
		zero = $3 == "-" ? "0x0" : $3
		print "\tif (n)\n\t\tres .= sprintf(\"|0x%x\", n)"
		printf "\treturn res == \"\" ? \"%s\" : substr(res, 1, strlen(res))\n}\n", zero
	}'
} >"$out/syscall_constants.stp"

{
	header
	grep -v '^#' "$here/syscalls.tbl" | awk '
	# The value of argument n as the type says.
	function value(type, n) {
		if (type == "i")
			return "$arg" n " << 32 >> 32"
		if (type == "l" || type == "p" || is_text(type) ||
		    type in memory)
			return "$arg" n
		if (type == "dirfd")
			return "$arg" n " << 32 >> 32"
		return "$arg" n " & 0xffffffff"
	}
	function is_text(type) { return type == "s" || type == "n" }
	function set(name, expr) { body = body "\t" name " = " expr "\n" }
	function shown(format, expr) {
		formats = formats (formats == "" ? "" : ", ") format
		exprs = exprs ", " expr
	}
	# What connect() and bind() have of an address by itself.
	function address_parts(name,   i, n, part) {
		n = split("af ip ip_port ipv6_flowinfo ipv6_scope_id", part, " ")
		for (i = 1; i <= n; i++)
			set("uaddr_" part[i],
			    "__sys_addr_" part[i] "(" name ")")
	}
	# One argument; the number that the next one has.
	function argument(word, n,   same, hidden, p, q, type, name, other) {
		if (same = sub(/^=/, "", word)) ;
		hidden = sub(/^-/, "", word)
		split(word, p, ":")
		split(p[2], q, ">")
		type = p[1]
		name = q[1]
		other = q[2] != "" ? q[2] : name "_str"
		if (type == "s") {
			set(name, "user_string_quoted($arg" n ")")
			set(name "_unquoted", "__sys_text($arg" n ")")
			if (!hidden)
				shown("%s", name)
		} else if (type == "n") {
			set(name, "$arg" n)
			set(other, "user_string_quoted($arg" n ")")
			set(other "_unquoted", "__sys_text($arg" n ")")
			if (!hidden)
				shown("%s", other)
		} else {
			set(name, value(type, n))
			if (!(type in formatof)) {
				set(other, "__sys_" type "(" name ")")
				if (other == "__addr")
					address_parts(name)
				if (!hidden)
					shown("%s", other)
			} else if (!hidden) {
				shown(formatof[type], name)
			}
		}
		return n + !same
	}
	function alias(suffix) {
		printf "\nprobe syscall.%s%s = nd_syscall.%s%s =\n" \
		       "      tp_syscall.%s%s =\n\tkernel.syscall(\"%s\")%s\n{\n",
		       $1, suffix, $1, suffix, $1, suffix, call[1], suffix
		printf "\tname = \"%s\"\n", call[2] != "" ? call[2] : $1
	}
	BEGIN {
		formatof["i"] = formatof["u"] = formatof["l"] = "%d"
		formatof["o"] = "%#o"
		formatof["x"] = formatof["p"] = "0x%x"
		split("timespec timespecs timeval timevals null itimerval itimerspec " \
		      "sockaddr argv fildes rlimits sigaction sigset", m, " ")
		for (i in m)
			memory[m[i]]
	}
	{
		delete call
		split($2, call, "=")
		body = formats = exprs = argstr = ""
		retstr = "return_str(1, $return)"
		arg = 1
		for (i = 3; i <= NF; i++) {
			if ($i ~ /^[|@]/) {
				rest = $0
				match(rest, / [|@]/)
				rest = substr(rest, RSTART + 2)
				if ($i ~ /^@/)
					retstr = rest
				else
					argstr = rest
				break
			}
			arg = argument($i, arg)
		}
		if (argstr == "")
			argstr = exprs == "" ? "\"\"" : \
				"sprintf(\"" formats "\"" exprs ")"
		alias("")
		printf "%s\targstr = %s\n}\n", body, argstr
		alias(".return")
		printf "\tretval = $return\n\tretstr = %s\n}\n", retstr
	}'
} >"$out/syscalls.stp"
