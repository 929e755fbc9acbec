#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs every fuzzer, built without libFuzzer, over its corpus and over files of
# the tests that it can read: seeds.sh BUILD-DIRECTORY. A test a fuzzer.
cd "$(dirname "$0")/../.." || exit 1
shopt -s nullglob
scripts=(tests/golden/*/*.stp examples/*.stp tapset/*.stp tapset/*.stpm)
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
passed=0 failed=0 skipped=0
for f in tests/fuzz/*_fuzz.c; do
	n=$(basename "$f" .c)
	seeds=(tests/fuzz/corpus/"$n"/*)
	case $n in
	parse_fuzz | sema_fuzz) seeds+=("${scripts[@]}") ;;
	record_fuzz) seeds+=(tests/golden/*/*.out) ;; # any bytes
	target_fuzz | sdt_fuzz | dwarf_fuzz) seeds+=("$1"/tools/rtembed "$1"/rt/*.o) ;;
	esac
	if [ ${#seeds[@]} = 0 ]; then
		skipped=$((skipped + 1))
		echo "SKIP $n: it has no seeds"
	elif timeout 300 "$1/tests/fuzz/$n" "${seeds[@]}" >"$out" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $n"
		tail -n 30 "$out" | sed 's/^/    /'
	fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
