#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/golden/tags.sh
#
# Every tag of src/base/diag.def must be the outcome of a test: of a golden file
# or of wrong.cases; or, where that takes a machine in a certain state, of a live
# or a unit test that expects "[tag]". Tells those that have none.

cd "$(dirname "$0")/../.." || exit 1
tested=$(
	grep -rhoE '\[[a-z0-9-]+\]' tests/golden --include='*.out'
	awk '/^--- / { print "[" $2 "]" }' tests/golden/wrong.cases
	# in a pattern the brackets are escaped
	cat tests/live/*.sh tests/unit/*/*.c | tr -d '\\' | grep -oE '\[[a-z0-9-]+\]'
)
passed=0 failed=0
for tag in $(sed -n 's/^D(\([A-Z0-9_]*\),.*/\1/p' src/base/diag.def | tr A-Z_ a-z-); do
	case $tag in
	internal) continue ;; # a bug of ours; no input is known to cause it
	esac
	if grep -qxF "[$tag]" <<<"$tested"; then
		((passed++))
	else
		((failed++))
		echo "FAIL no test produces [$tag]"
	fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ] && [ $passed -gt 100 ]
