#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/golden/run.sh [--bless] [directory...]
#
# Every NAME.stp below this directory is run, and what it prints is compared
# with NAME.out: standard output, then standard error, then the exit status
# when it is not 0. --bless writes NAME.out.
#
# A first line "#! ARGS" in the script says how, in place of the directory's
# own default: err and elaborate stop behind pass 2 (elaborate with -v, to see
# the bodies), parse behind pass 1. In ARGS $D is the test's directory, $S the
# script (which comes last when no other is named), $STAP the program under test. A line
# "#? PATH..." names what must exist or the test is skipped.
# FILTER=regex selects by "directory/name". The last line is the summary.

set -u
here=$(cd "$(dirname "$0")" && pwd)
STAP=$(realpath "${STAP:-$here/../../stap}")
FILTER=${FILTER:-.}
bless=
[ "${1:-}" = --bless ] && bless=1 && shift
cd "$here" || exit 1
[ $# -gt 0 ] || set -- */
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0 skipped=0
T=$tmp/T
export TMPDIR=$tmp LC_ALL=C SYSTEMTAP_DIR=$T
unset SYSTEMTAP_COLORS SYSTEMTAP_TAPSET

default_args() {
	case $1 in
	parse) echo -p1 ;;
	elaborate) echo '-p2 --vp 01' ;;
	*) echo -p2 ;;
	esac
}

# What differs from machine to machine and from run to run. The subsystem of a
# tracepoint is known only where tracefs is mounted.
normalise() {
	sed -E "s,$STAP,STAP,g; s,$(uname -r),RELEASE,g; s,$T\\b,T,g; s,$here/,,g; s,$(cd "$here/../../tapset" && pwd)/,tapset/,g
		/^Pass [1-5]: /d
		s,<offset [0-9]+>,<offset N>,g
		s,btf id [0-9]+,btf id N,g
		s,@/[^\"]*/src/cmd/stap.c:[0-9]+,@stap.c:N,g
		s,trace\(\"[a-z0-9_]+:([a-z0-9_]+)\",trace(\"\1\",g"
}

for dir; do
	dir=${dir%/}
	for script in "$dir"/*.stp; do
		name=${script%.stp}
		[ -e "$script" ] && [[ $name =~ $FILTER ]] || continue
		need=$(sed -n 's/^#? //p' "$script")
		for n in $need; do
			[ -e "$n" ] || { echo "SKIP $name: no $n"; break; }
		done
		[ ! "$need" ] || [ -e "$n" ] || { ((skipped++)); continue; }
		D=$here/$dir
		args=$(sed -n '1s/^#! //p' "$script")
		[ "$args" ] || args=$(default_args "$dir")
		prog=$STAP
		[[ $args == staprun* ]] && prog=${STAP%stap}$args && args=
		[[ ! $args || $args == *'$S'* || $args == *.stp* ]] || args="$args \$S"
		S=$script
		rm -rf "$T"
		mkdir "$T"
		(
			eval "$(sed -n 's/^#\$ //p' "$script")"
			eval "timeout 60 $prog $args"
		) >"$tmp/stdout" 2>"$tmp/stderr" </dev/null
		rc=$?
		{
			cat "$tmp/stdout" "$tmp/stderr"
			[ $rc = 0 ] || echo "exit status $rc"
		} | normalise >"$tmp/got"
		if [ "$bless" ]; then
			cp "$tmp/got" "$name.out"
			((passed++))
		elif [ -e "$name.out" ] && cmp -s "$name.out" "$tmp/got"; then
			((passed++))
		else
			((failed++))
			echo "FAIL $name"
			diff -u "$name.out" "$tmp/got" | sed 's/^/    /'
		fi
	done
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
