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

# Labels: what the probe's name says, and what was reached.
test_labels_have_names() {
	need bpf
	cat >labels.c <<-'C'
	#include <stdlib.h>
	int n;
	int main(int argc, char **argv)
	{
		int left = atoi(argv[1]);
	again:
		n++;
		if (--left > 0)
			goto again;
		if (argc > 9)
			goto out;
		n += 5;
	out:
		return n == 0;
	}
	C
	cc -g -O0 labels.c -o labels
	"$stap" -c './labels 4' -e 'global c
		probe process("./labels").function("main").label("*") { c[pnlabel()]++ }
		probe end { foreach (l+ in c) printf("%s %d\n", l, c[l]) }' >out 2>err
	expect '^again 4$' out
	expect '^out 1$' out
	# anywhere else it is an error
	fails "$stap" -e 'probe begin { println(pnlabel()) }' >out 2>err
	expect 'needs a .label probe' err
}
