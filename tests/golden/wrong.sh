#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/golden/wrong.sh
#
# Every script of wrong.cases must be refused: exit status 1, and the first
# error has the tag and the position that its "---" line tells. A crash, or a
# report of a sanitizer, has another status. STAP is the program under test.

set -u
here=$(cd "$(dirname "$0")" && pwd)
STAP=$(realpath "${STAP:-$here/../../stap}")
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
export TMPDIR=$tmp LC_ALL=C SYSTEMTAP_DIR=$tmp
unset SYSTEMTAP_COLORS SYSTEMTAP_TAPSET
cd "$tmp" || exit 1

awk '/^--- / { n++; print $2, $3 > sprintf("%04d.want", n); next }
     n { print > sprintf("%04d.stp", n) }' "$here/wrong.cases"
passed=0 failed=0
for want in ????.want; do
	script=${want%.want}.stp
	timeout 60 "$STAP" -p2 "$script" >stdout 2>stderr </dev/null
	rc=$?
	# The position stands in the error's own line, or in the next ("saw:").
	got=$(awk -v script="$script" '
		/^(parse error|semantic error|ERROR):/ && match($0, /\[[a-z][a-z0-9-]*\]/) {
			tag = substr($0, RSTART + 1, RLENGTH - 2)
			at = "-"
			for (i = 0; i < 2; i++) {
				if (match($0, /\.stp:[0-9]+:[0-9]+/)) {
					at = substr($0, RSTART + 5, RLENGTH - 5)
					break
				}
				getline
			}
			print tag, at
			exit
		}' stderr)
	if [ $rc = 1 ] && [ "$got" = "$(cat "$want")" ]; then
		((passed++))
		continue
	fi
	((failed++))
	echo "FAIL wrong.cases: wanted $(cat "$want"), got $got, exit status $rc"
	sed 's/^/    /' "$script" stderr
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ] && [ $passed -ge 300 ]
