#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/eval/diff.sh [-t seconds | -n count] [first seed]	default: 50 scripts
#
# Random scripts (gen.pl) on the engine, on the engine without the optimiser,
# and on BPF where that is permitted: output, exit status and errors must be
# the same. Without a seed the clock gives one; it is printed, and the same
# seed gives the same scripts. A script that the kernel's verifier finds too
# complex is counted apart. Failing scripts are kept and named. BPF=0 leaves
# the kernel out; otherwise every BPF=n th script (default 10) runs there, and
# no more than 30 in a minute: some kernels do not bear it when many programs
# are freed in a short time. The last line is the summary.

set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
STAP=${STAP:-$top/stap}
count=50 seconds=
while getopts t:n: o; do
	case $o in
	t) seconds=$OPTARG count=1000000000 ;;
	n) count=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
first=${1:-$(date +%s)}
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

bpf=${BPF:-10} bpf_runs=0
if [ "$bpf" != 0 ] && ! "$here/../bpf-usable" >/dev/null; then
	echo "SKIP target bpf: not permitted here"
	bpf=0
fi

same=0 failed=0 complex=0
for ((seed = first; seed < first + count; seed++)); do
	[ ! "$seconds" ] || [ $SECONDS -lt "$seconds" ] || break
	"$here/gen.pl" "$seed" >"$work/s.stp"
	run user --runtime=user
	if grep -Eq '^(parse|semantic) error' "$work/user.err"; then
		cp "$work/s.stp" "$work/seed$seed.stp"
		echo "FAIL seed $seed: the script is wrong: $work/seed$seed.stp"
		grep -Em1 '^(parse|semantic) error' "$work/user.err"
		failed=$((failed + 1))
		continue
	fi
	others=(plain)
	run plain --runtime=user -u
	if [ "$bpf" != 0 ] && [ $((seed % bpf)) = 0 ] &&
	   [ $bpf_runs -le $((SECONDS / 2)) ]; then
		bpf_runs=$((bpf_runs + 1))
		others+=(bpf)
		run bpf
	fi
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
echo "seeds $first to $((seed - 1)): $((bpf_runs - complex)) of them on BPF too, $complex too complex for the verifier"
echo "$same passed, $failed failed, 0 skipped"
[ $failed = 0 ]
