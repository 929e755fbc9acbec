#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/eval/run.sh [target...]	default: user bpf
#
# Runs every group of tests/eval/*.eval on each target. A group is
#
#	--- name [:: more arguments for stap [:: arguments of the script]]
#	script
#	>>>
#	expected standard output
#	!!! status
#	extended regular expressions, one a line: each must match some line of
#	standard error
#
# The part from "!!!" on is optional; without it the status must be 0. Empty
# lines between groups do not count. Output that ends in empty lines, or without
# a newline, is written with a last line "\c": the text then ends before the
# newline in front of that line. FILTER=regex selects groups by "file/name"; JOBS=n runs n at a time,
# LIMIT seconds each; KEEP=1 keeps what was written. The last line is the summary.
#
# tests/eval/run.sh --prepare DIR
# only writes the groups, each a directory in DIR (a new one), and what stap -p4
# makes of them, for batch.c.

set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
STAP=${STAP:-$top/stap}
FILTER=${FILTER:-.}
JOBS=${JOBS:-2}
[ $# -gt 0 ] || set -- user bpf

if [ "$1" = --prepare ]; then
	mkdir -p "${2:?a directory}" && work=$(cd "$2" && pwd) || exit 2
	set -- prepare
else
	work=$(mktemp -d "${TMPDIR:-/tmp}/eval.XXXXXX") || exit 2
	[ "${KEEP:-}" ] && echo "kept: $work" || trap 'rm -rf "$work"' EXIT
fi

# One directory per group: script, args, want, status, stderr
split_groups()
{
	awk -v work="$work" '
	function finish() {
		if (!dir) return
		if (nocr) sub(/\n$/, "", want)
		else if (want ~ /^\n*$/) want = ""
		else sub(/\n+$/, "\n", want)
		printf "%s", want > (dir "/want"); close(dir "/want")
	}
	FNR == 1 {
		n = split(FILENAME, p, "/"); file = p[n]; sub(/\.eval$/, "", file)
		state = ""
	}
	/^--- / {
		finish()
		n = split(substr($0, 5), part, / ::( |$)/)
		name = part[1]
		args = n > 1 ? part[2] : ""; script_args = n > 2 ? part[3] : ""
		gsub(/ /, "-", name)
		if (seen[file "/" name]++) {
			print "duplicate group " file "/" name > "/dev/stderr"
			bad = 1
		}
		dir = sprintf("%s/%04d", work, ++count)
		system("mkdir " dir)
		print file "/" name > (dir "/name"); close(dir "/name")
		print args "\n" script_args > (dir "/args"); close(dir "/args")
		print 0 > (dir "/status"); close(dir "/status")
		printf "" > (dir "/script"); printf "" > (dir "/stderr")
		want = ""; nocr = 0; state = "script"
		next
	}
	state == "script" && /^>>>$/ { close(dir "/script"); state = "want"; next }
	(state == "want" || state == "end" || state == "script") && /^!!!/ {
		close(dir "/status")
		print ($2 == "" ? 0 : $2) > (dir "/status"); close(dir "/status")
		state = "stderr"; next
	}
	state == "script" { print > (dir "/script"); next }
	state == "want" && $0 == "\\c" { nocr = 1; state = "end"; next }
	state == "want" { want = want $0 "\n"; next }
	state == "stderr" && $0 != "" { print > (dir "/stderr"); next }
	state == "" && $0 != "" && !/^#/ {
		print FILENAME ":" FNR ": text outside a group" > "/dev/stderr"
		bad = 1
	}
	END { finish(); exit bad }
	' "$here"/*.eval
}

run_group()
{
	local dir=$1 target=$2 out=$1/out.$2 err=$1/err.$2 status args script_args bad=

	local opts=()
	[ "$target" = bpf ] || opts=("--runtime=$target")
	{ read -r -a args; read -r -a script_args; } <"$dir/args"
	timeout -k 5 "${LIMIT:-20}" "$STAP" "${opts[@]}" "${args[@]}" "$dir/script" "${script_args[@]}" \
		>"$out" 2>"$err" </dev/null
	status=$?
	[ $status = "$(<"$dir/status")" ] || bad="status $status"
	cmp -s "$out" "$dir/want" || bad="${bad:+$bad, }output"
	while IFS= read -r want; do
		grep -Eq -- "$want" "$err" || bad="${bad:+$bad, }no \"$want\" on stderr"
	done <"$dir/stderr"
	if [ "$bad" ]; then
		{
			echo "FAIL $target $(<"$dir/name"): $bad"
			diff -u --label expected --label got "$dir/want" "$out"
			sed 's/^/    stderr: /' "$err"
		} >"$dir/fail.$target"
	else
		: >"$dir/ok.$target"
	fi
}

# Not all become one: some must be refused.
make_object()
{
	local args script_args
	{ read -r -a args; read -r -a script_args; } <"$1/args"
	(cd "$1" && "$STAP" -p4 -m obj "${args[@]}" script "${script_args[@]}") \
		>/dev/null 2>"$1/obj.err" </dev/null
}
export -f run_group make_object
export STAP

split_groups || exit 2
groups=()
for dir in "$work"/[0-9]*/; do
	dir=${dir%/}
	[[ $(<"$dir/name") =~ $FILTER ]] && groups+=("$dir")
done
[ ${#groups[@]} -gt 0 ] || { echo "no group matches $FILTER"; exit 2; }

if [ "$1" = prepare ]; then
	printf '%s\0' "${groups[@]}" | xargs -0 -n 8 -P "$JOBS" bash -c \
		'for d; do make_object "$d"; done; true' _
	exit
fi

passed=0 failed=0 skipped=0
for target; do
	# what this machine does not permit is skipped, and said
	if [ "$target" != user ] && ! why=$("$here/../bpf-usable"); then
		echo "SKIP target $target: $why"
		skipped=$((skipped + ${#groups[@]}))
		continue
	fi
	printf '%s\0' "${groups[@]}" |
		xargs -0 -n 8 -P "$JOBS" bash -c \
			'for d in "${@:2}"; do run_group "$d" "$1"; done' _ "$target"
	for dir in "${groups[@]}"; do
		if [ -e "$dir/ok.$target" ]; then
			passed=$((passed + 1))
		else
			failed=$((failed + 1))
			cat "$dir/fail.$target"
		fi
	done
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
