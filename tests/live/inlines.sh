# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Functions that were put into others.

test_parameters_of_inlined_functions_keep_their_order() {
	need gcc
	for level in 1 2 3; do
		gcc -g -O$level "$(dirname "$stap")/tests/dwarf/opt.c" -o inl
		"$stap" -L 'process("./inl").function("*").inline' >out
		# its copies have no variable in common where more is optimised
		vars='$'
		[ $level != 1 ] || vars=' \$p:struct pair \$scale:int( |$)'
		expect "\"add_pair@[^ ]*\.inline$vars" out
		expect '"depth_one@.*\.inline \$first:int \$second:int const\* \$third:struct small\*( |$)' out
		expect '"depth_two@.*\.inline \$alpha:int \$beta:int( |$)' out
		fails grep -qE 'scale.*\$p:|second.*\$first|beta.*\$alpha' out
	done
}
