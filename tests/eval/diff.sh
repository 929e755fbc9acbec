#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/eval/diff.sh [count [first seed]]	default: 50 from 1
#
# Random scripts (gen.pl) on the engine, on the engine without the optimiser,
# and on BPF where that is permitted: output, exit status and errors must be
# the same. A script that the kernel's verifier finds too complex is counted
# apart. Failing scripts are kept and named. BPF=0 leaves the kernel out. The
# last line is the summary.

set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
STAP=${STAP:-$top/stap}
count=${1:-50} first=${2:-1}
work=$(mktemp -d "${TMPDIR:-/tmp}/diff.XXXXXX") || exit 2

run()	# name options...: output, then errors in a form that can be compared
{
	local name=$1
	shift
	timeout -k 5 30 "$STAP" "$@" -DMAXACTION_INTERRUPTIBLE=100000 \
		"$work/s.stp" >"$work/$name" 2>"$work/$name.err" </dev/null
	echo "status $?" >>"$work/$name"
	grep '^ERROR' "$work/$name.err" >>"$work/$name"
}

bpf=${BPF:-1}
[ "$bpf" = 0 ] || timeout -k 5 20 "$STAP" -e 'probe begin { exit() }' \
	>/dev/null 2>&1 </dev/null || bpf=0

same=0 failed=0 complex=0 refused=0
for ((seed = first; seed < first + count; seed++)); do
	"$here/gen.pl" "$seed" >"$work/s.stp"
	run user --runtime=user
	if grep -Eq '^(parse|semantic) error' "$work/user.err"; then
		echo "seed $seed: the script is wrong:"
		grep -Em1 '^(parse|semantic) error' "$work/user.err"
		refused=$((refused + 1))
		continue
	fi
	others=(plain)
	run plain --runtime=user -u
	[ $bpf = 0 ] || { others+=(bpf); run bpf; }
	ok=1
	for o in "${others[@]}"; do
		if [ "$o" = bpf ] && grep -q 'too complex' "$work/bpf.err"; then
			complex=$((complex + 1))
			continue
		fi
		cmp -s "$work/user" "$work/$o" && continue
		ok=0
		cp "$work/s.stp" "$work/seed$seed.stp"
		echo "FAIL seed $seed: user and $o differ: $work/seed$seed.stp"
		diff "$work/user" "$work/$o" | head -5
	done
	[ $ok = 1 ] && same=$((same + 1)) || failed=$((failed + 1))
done
[ $failed = 0 ] && rm -rf "$work"
where=$([ $bpf = 1 ] && echo "engine and BPF" || echo "the engine only: BPF was left out or is not permitted here")
echo "$same agree, $failed differ, $complex too complex for the verifier, $refused wrong scripts ($where)"
[ $((failed + refused)) = 0 ]
