#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The documents are true: every "$ command" in a ```console block of docs/*.md
# and README.md is run in docs/ and must print what stands below it; in other
# blocks of README.md every "$ stap ..." line must at least be translated.
#   tests/docs/run.sh [--bless]     --bless puts what is printed in its place
cd "$(dirname "$0")/../.." || exit 1
PATH=$PWD:$PATH
bless=
[ "${1:-}" = --bless ] && bless=1
passed=0 failed=0 skipped=0
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cp -r docs "$tmp/docs" || exit 1 # the commands write files

# times and sizes of this run
normalise() {
	sed -E 's,[0-9]+virt/[0-9]+res/[0-9]+shr/[0-9]+data kb,Nvirt/Nres/Nshr/Ndata kb,;
		s,[0-9]+usr/[0-9]+sys/[0-9]+real ms,Nusr/Nsys/Nreal ms,;
		s,stap_[0-9a-f]{16}_[0-9]+,stap_ID,g;
		s,and [0-9]+ library scripts,and N library scripts,'
}

console() { # file
	local file=$1 in_block= cmd= line
	: >"$tmp/new"
	flush() {
		[ "$cmd" ] || return
		# what would run in the kernel
		if [ ! "$bpf" ] && [[ $cmd == *stap* && $cmd != *' -p'[1-4]* && $cmd != *--runtime=user* ]]; then
			skipped=$((skipped + 1))
			echo "SKIP $file: $cmd: $why"
			[ "$bless" ] && cat "$tmp/want" >>"$tmp/new"
			cmd=
			return
		fi
		(cd "$tmp/docs" && eval "$cmd") 2>&1 </dev/null | normalise >"$tmp/got"
		if [ "$bless" ]; then
			cat "$tmp/got" >>"$tmp/new"
		elif cmp -s "$tmp/want" "$tmp/got"; then
			passed=$((passed + 1))
		else
			failed=$((failed + 1))
			echo "FAIL $file: \$ $cmd"
			diff "$tmp/want" "$tmp/got" | sed 's/^/    /' | head -n 20
		fi
		cmd=
	}
	while IFS= read -r line || [ "$line" ]; do
		if [ "$line" = '```console' ]; then
			in_block=1
			printf '%s\n' "$line" >>"$tmp/new"
		elif [ "$in_block" ] && [ "$line" = '```' ]; then
			flush
			in_block=
			printf '%s\n' "$line" >>"$tmp/new"
		elif [ "$in_block" ] && [[ $line == '$ '* ]]; then
			flush
			cmd=${line#\$ }
			: >"$tmp/want"
			printf '%s\n' "$line" >>"$tmp/new"
		elif [ "$in_block" ]; then
			printf '%s\n' "$line" >>"$tmp/want"
		else
			printf '%s\n' "$line" >>"$tmp/new"
		fi
	done <"$file"
	if [ "$bless" ]; then
		cp "$tmp/new" "$file"
	fi
}

bpf=
why=$(tests/bpf-usable) && bpf=yes
for f in docs/*.md README.md; do
	console "$f"
done
if [ ! "$bless" ]; then
	while IFS= read -r line; do
		cmd="stap -p3 ${line#\$ stap }"
		if (eval "$cmd") >/dev/null 2>"$tmp/err" </dev/null; then
			passed=$((passed + 1))
		elif [ ! "$bpf" ]; then
			skipped=$((skipped + 1))
			echo "SKIP README.md: $line: not permitted here"
		else
			failed=$((failed + 1))
			echo "FAIL README.md: $line"
			sed 's/^/    /' "$tmp/err" | head -n 10
		fi
	done < <(grep '^\$ stap ' README.md)
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
