#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# docs/language.md tells the truth: every test that it names exists; every
# function in it is defined and occurs in its test; every function of
# functions.txt is defined and has a row. That list is the manual's (the names
# of its pages function::*, tools/manual-functions); those that say something
# about the probe's context, or change the traced system, are marked: they are
# tested by live tests.
cd "$(dirname "$0")/../.." || exit 1
doc=docs/language.md
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

./stap --dump-functions | sed 's/[:( ].*//' | sort -u >"$tmp/defined" || exit 1
[ -s "$tmp/defined" ] || { echo "stap --dump-functions lists nothing"; exit 1; }

fail() {
	echo "FAIL $doc: $1"
	failed=$((failed + 1))
}

# The script of a group of tests/eval, "" when there is none.
group() { # file group
	[ -f "tests/eval/$1.eval" ] || return
	awk -v want="$2" '
		/^--- / { name = substr($0, 5); sub(/ :: .*/, "", name); on = name == want; next }
		/^>>>$/ { on = 0 }
		on { print }' "tests/eval/$1.eval"
}

while IFS= read -r row; do
	what=${row#| } test=${row%" |"}
	test=${test##*"| "} what=${what%%" | "*}
	IFS=/ read -r kind file name <<<"$test"
	case $kind in
	eval)
		group "$file" "$name" >"$tmp/script"
		[ -s "$tmp/script" ] || { fail "no test $test"; continue; }
		;;
	live) # a function of tests/live/FILE.sh
		awk -v want="$name() {" '$0 == want { on = 1 } on { print }
			/^}/ { on = 0 }' "tests/live/$file.sh" >"$tmp/script"
		[ -s "$tmp/script" ] || { fail "no test $test"; continue; }
		;;
	golden)
		cat "tests/golden/$file/$name.stp" >"$tmp/script" 2>/dev/null ||
			{ fail "no test $test"; continue; }
		;;
	live)
		sed -n "/^$name() {/,/^}/p" "tests/live/$file.sh" >"$tmp/script"
		[ -s "$tmp/script" ] || { fail "no test $test"; continue; }
		;;
	*)
		fail "not a test: $test"
		continue
		;;
	esac
	if [[ $what =~ ^([A-Za-z_0-9]+)\(\)$ ]]; then
		f=${BASH_REMATCH[1]}
		echo "$f" >>"$tmp/rows"
		grep -qx "$f" "$tmp/defined" || { fail "no function $f"; continue; }
		grep -Eq "(^|[^A-Za-z_0-9@\$])$f *\(" "$tmp/script" ||
			{ fail "$test does not use $f()"; continue; }
	fi
	passed=$((passed + 1))
done < <(grep '^| ' "$doc" | grep -Ev '^\| (what|function) \|')

while read -r f context; do
	[ -z "$context" ] || continue
	grep -qx "$f" "$tmp/defined" || { fail "the library lacks $f()"; continue; }
	grep -qx "$f" "$tmp/rows" || { fail "no row for $f()"; continue; }
	passed=$((passed + 1))
done <tests/docs/functions.txt

echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
