#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# gen.pl SEED: prints a random script that is well-typed, ends, and prints
# what it computes. The same seed gives the same script. diff.sh runs it on
# several targets, which must agree.
use strict;
use warnings;

my $seed = shift // 1;
my $state = ($seed * 2654435761 + 88172645463325252) & 0xffffffff;

# An own generator: perl's differs from version to version.
sub rnd {
	my $n = shift;
	$state = ($state * 1664525 + 1013904223) & 0xffffffff;
	return int($state / 65536) % $n;
}
sub pick { return @_ ? $_[rnd(scalar @_)] : undef }
sub chance { return rnd(100) < $_[0] }

# ---- what can be named ----
my @globals_l = ('gl0', 'gl1', 'gl2');
my @globals_s = ('gs0', 'gs1');
my (@longs, @strs, @ro); # variables in scope; loop counters are read only
my @funcs_l = (); # [name, parameter types]
my @funcs_s = ();
my ($depth, $loops, $tries, $in_func, $tmp) = (0, 0, 0, 0, 0);
my $shift = pick(0, 3, 8); # a script has one
my %busy; # arrays that a foreach walks over

# arrays: name => [key types], value type
my %arrays = (
	ll => ['l', 'l'], sl => ['s', 'l'], ls => ['l', 's'],
	lsl => ['ls', 'l'], sls => ['sls', 's'], slx => ['sl', 'x'], x => ['l', 'x'],
);

sub number {
	return pick(0, 1, -1, 2, 3, 7, 10, 63, 64, 100, -5, 255, 4096, 1 << 20,
		'0x7fffffffffffffff', '0x8000000000000000', '-9223372036854775807',
		'0xffffffff', rnd(1000), rnd(10), rnd(5));
}
sub literal {
	return '"' . pick('', 'a', 'b', 'ab', 'abc', 'x', 'hello', '0123456789', '42', '-7',
		'long enough to need several words of memory', 'a b', '%d', 'z') . '"';
}

sub key {
	my ($types) = @_;
	return join ', ', map { $_ eq 'l' ? small() : str(0) } split //, $types;
}
# keys from a small range, so that elements are met again
sub small {
	return chance(60) ? rnd(4) : chance(50) ? '(' . long(1) . ') & 3' : pick(@longs, @ro, 5);
}
sub element {
	my ($val) = @_;
	my $a = pick(grep { $arrays{$_}[1] eq $val } sort keys %arrays);
	return "$a\[" . key($arrays{$a}[0]) . ']';
}
sub element_to_change {
	my ($val) = @_;
	my @a = grep { $arrays{$_}[1] eq $val && !$busy{$_} } sort keys %arrays;
	return @a ? do { my $a = pick(@a); "$a\[" . key($arrays{$a}[0]) . ']' } : undef;
}
sub call {
	my ($list) = @_;
	my $f = pick(@$list);
	return "$f->[0](" . join(', ', map { $_ eq 'l' ? long(1) : str(1) } split //, $f->[1]) . ')';
}

sub long {
	my ($d) = @_;
	return chance(60) ? pick(@longs, @ro) : number() if $d >= 3 || chance(20);
	my $r = rnd(37);
	return '(' . long($d + 1) . ' ' . pick('+', '-', '*', '&', '|', '^') . ' ' . long($d + 1) . ')' if $r < 8;
	return '(' . long($d + 1) . ' ' . pick('/', '%') . ' ' . pick(2, 3, 7, 8, -1, 10, '(' . long(3) . ' | 1)') . ')' if $r < 10;
	return '(' . long($d + 1) . ' ' . pick('<<', '>>', '>>>') . ' ' . pick(0, 1, 5, 31, 63, '(' . long(3) . ' & 63)') . ')' if $r < 12;
	return '(' . long($d + 1) . ' ' . pick('<', '<=', '>', '>=', '==', '!=') . ' ' . long($d + 1) . ')' if $r < 14;
	return '(' . str($d + 1) . ' ' . pick('<', '<=', '>', '>=', '==', '!=') . ' ' . str($d + 1) . ')' if $r < 16;
	return '(' . long($d + 1) . ' ' . pick('&&', '||') . ' ' . long($d + 1) . ')' if $r < 18;
	return '(' . long($d + 1) . ' ? ' . long($d + 1) . ' : ' . long($d + 1) . ')' if $r < 20;
	return pick('-', '~', '!') . '(' . long($d + 1) . ')' if $r < 21;
	return 'strlen(' . str($d + 1) . ')' if $r < 22;
	return 'strtol(' . str($d + 1) . ', 10)' if $r < 23;
	return 'isinstr(' . str($d + 1) . ', ' . str($d + 1) . ')' if $r < 24;
	return element('l') if $r < 27;
	if ($r < 28) {
		my $a = pick(sort keys %arrays);
		return '([' . key($arrays{$a}[0]) . "] in $a)";
	}
	if ($r < 29 && !$in_func) {
		my $v = pick(@longs);
		return '(' . pick("$v++", "++$v", "$v--", "--$v", "$v += " . long(3)) . ')';
	}
	return '@' . pick('count', 'sum') . '(' . element('x') . ')' if $r < 30;
	return '@count(st)' if $r < 31;
	return statistic() if $r < 32;
	return '(' . str($d + 1) . ' ' . pick('=~', '!~') . ' ' . regex() . ')' if $r < 33;
	return 'strpos(' . str($d + 1) . ', ' . str($d + 1) . ')' if $r < 34;
	return call(\@funcs_l) if @funcs_l;
	return pick(@longs, @ro);
}

sub regex {
	return '"' . pick('', '^') . join('', map {
		pick('a', 'b', '[a-c]', '[^0-9]', '(a|b)', '(ab|[0-9]+)', 'l', '.', '[[:digit:]]', '(x*)(y?)') .
		pick('', '', '*', '+', '?', '{2}', '{1,3}')
	} 0 .. rnd(3)) . pick('', '', '$') . '"';
}

# Of a statistic with no samples the others are errors.
sub statistic {
	my $s = chance(60) ? 'st' : 'x[' . rnd(4) . ']';
	return "(\@count($s) ? " . pick("\@avg($s)", "\@min($s)", "\@max($s)", 
		"\@variance($s, $shift)") . ' : ' . number() . ')';
}

sub str {
	my ($d) = @_;
	return chance(60) ? pick(@strs) : literal() if $d >= 3 || chance(25);
	my $r = rnd(24);
	return '(' . str($d + 1) . ' . ' . str($d + 1) . ')' if $r < 5;
	return 'sprint(' . join(', ', map { chance(50) ? long($d + 1) : str($d + 1) } 0 .. rnd(3)) . ')' if $r < 7;
	return 'sprintf("' . pick('%d', '%5d|', '<%x>', '%-4d', '%u', '%05d', '%o') . pick('%s', '[%5s]', '%-6s.', '%.2s') .
		'", ' . long($d + 1) . ', ' . str($d + 1) . ')' if $r < 10;
	return '(' . long($d + 1) . ' ? ' . str($d + 1) . ' : ' . str($d + 1) . ')' if $r < 12;
	return element('s') if $r < 14;
	return 'substr(' . str($d + 1) . ', ' . rnd(4) . ', ' . rnd(12) . ')' if $r < 16;
	return 'str_replace(' . str($d + 1) . ', "a", ' . str($d + 1) . ')' if $r < 17;
	return pick('text_str', 'string_quoted') . '(' . str($d + 1) . ')' if $r < 18;
	return 'text_strn(' . str($d + 1) . ', ' . rnd(9) . ', ' . rnd(2) . ')' if $r < 19;
	return '(' . str($d + 1) . ' =~ ' . regex() . ' ? matched(0) : "-")' if $r < 20;
	return 'tokenize(' . str($d + 1) . ', ' . pick('" "', '"a"', '" lo"') . ')' if $r < 21;
	return call(\@funcs_s) if @funcs_s;
	return pick(@strs);
}

my $indent = 1;
sub line { print "\t" x $indent, @_, "\n" }

sub block {
	my ($n) = @_;
	$indent++;
	statement() for 1 .. $n;
	$indent--;
}

sub print_something {
	my $r = rnd(8);
	return line 'print(@hist_log(st))' if $r == 5;
	my $k = rnd(4);
	return line "if (\@count(x[$k])) print(\@hist_linear(x[$k], -100, 100, 20))" if $r == 6;
	return line 'printf("%*d|%-*s|%.*s|%+d|%#x|%c\n", ', join(', ', rnd(9), long(2), rnd(9), str(2),
		rnd(6), str(2), long(2), long(2), 32 + rnd(90)), ')' if $r == 7;
	return line 'println(', join(', " ", ', map { chance(50) ? long(1) : str(1) } 0 .. rnd(3)), ')' if $r < 3;
	return line 'printf("%d [%s] %x\n", ', long(1), ', ', str(1), ', ', long(1), ')' if $r < 4;
	line 'printdln("/", ', long(1), ', ', str(1), ')';
}

sub assign {
	my $r = rnd(12);
	my $e;
	return line pick(@longs), ' = ', long(0) if $r < 3;
	return line pick(@longs), ' ', pick('+=', '-=', '*=', '&=', '|=', '^='), ' ', long(1) if $r < 4;
	return line pick(@strs), ' = ', str(0) if $r < 6;
	return line pick(@strs), ' .= ', str(1) if $r < 7;
	if ($r < 9) {
		return print_something() unless defined($e = element_to_change('l'));
		return line $e, ' ', pick('=', '+=', '-=', '^='), ' ', long(1);
	}
	if ($r < 10) {
		return print_something() unless defined($e = element_to_change('s'));
		return line $e, ' ', pick('=', '.='), ' ', str(1);
	}
	if ($r < 11) {
		return print_something() unless defined($e = element_to_change('x'));
		return line $e, ' <<< ', long(1);
	}
	line 'st <<< ', long(1);
}

# Names of foreach variables say their type, so that they are the same
# everywhere.
sub walk {
	my $a = pick(grep { !$busy{$_} } sort keys %arrays);
	return print_something() unless defined $a && $loops < 2;
	my ($types, $val) = @{$arrays{$a}};
	my (@keys, $i);
	$i = $tmp++;
	my $n = 0;
	for (split //, $types) { push @keys, "k$_$i" . '_' . $n++ }
	my @shown = @keys;
	my $sort = rnd(3);
	my $after = '';
	if ($sort == 1) { my $k = rnd(scalar @keys); $shown[$k] .= pick('+', '-') }
	if ($sort == 2) { $after = ($val eq 'x' ? pick(' @count', ' @sum', '') : '') . pick('+', '-') }
	my $value = $val eq 'x' ? '' : "v$val$i = ";
	my $limit = chance(30) ? ' limit ' . rnd(4) : '';
	line 'foreach (', $value, '[', join(', ', @shown), "] in $a$after$limit) {";
	my ($ol, $os) = (scalar @ro, [@strs]);
	my @oro = @ro;
	push @ro, grep { /^kl/ } @keys;
	my @ns = grep { /^ks/ } @keys;
	push @ro, "vl$i" if $val eq 'l';
	push @ns, "vs$i" if $val eq 's';
	my @olds = @strs;
	push @strs, @ns;
	my $was = $busy{$a};
	$busy{$a} = 1;
	$loops++; $depth++; $indent++;
	line 'println(', join(', " ", ', @keys, $val eq 'x' ? "\@sum($a\[" . join(', ', @keys) . '])' : "v$val$i"), ')';
	$indent--;
	block(1 + rnd(2));
	$loops--; $depth--;
	$busy{$a} = $was;
	@strs = @olds; @ro = @oro;
	line '}';
}

sub statement {
	my $r = rnd(31);
	return assign() if $r < 13 || ($depth >= 3 && $r < 22);
	return print_something() if $r < 18 || $depth >= 3;
	if ($r < 21) {
		line 'if (', long(1), ') {';
		$depth++;
		block(1 + rnd(3));
		if (chance(40)) { line '} else {'; block(1 + rnd(2)) }
		$depth--;
		return line '}';
	}
	if ($r < 23 && $loops < 2) {
		my $i = 'i' . $tmp++;
		line "for ($i = 0; $i < ", 1 + rnd(4), "; $i++) {";
		push @ro, $i;
		$loops++; $depth++;
		block(1 + rnd(3));
		if (chance(30)) { $indent++; line 'if (', long(2), ') ', pick('break', 'continue'); $indent-- }
		$loops--; $depth--;
		pop @ro;
		return line '}';
	}
	return walk() if $r < 26;
	if ($r < 27 && $loops < 2) {
		my $i = 'w' . $tmp++;
		line "$i = ", rnd(5);
		line "while ($i-- > 0) {";
		push @ro, $i;
		$loops++; $depth++;
		block(1 + rnd(2));
		$loops--; $depth--;
		pop @ro;
		return line '}';
	}
	if ($r < 29) {
		line 'try {';
		$depth++; $tries++;
		block(1 + rnd(2));
		$indent++;
		line pick('println(' . long(1) . ' / (' . long(2) . ' & 1))', 'error(' . str(2) . ')',
			'println(@avg(st))', 'println(@min(' . element('x') . '))',
			'println(stringat(' . str(2) . ', 3))');
		$indent--;
		my $m = 'm' . $tmp++;
		$tries--;
		line "} catch ($m) {";
		$indent++; line "println(\"caught \", $m)"; $indent--;
		block(rnd(2));
		if ($tries && chance(30)) { $indent++; line "error($m . \"!\")"; $indent-- }
		$depth--;
		return line '}';
	}
	my @free = grep { !$busy{$_} } sort keys %arrays;
	return print_something() unless @free;
	my $a = pick(@free);
	return line chance(20) ? "delete $a" : chance(30) && length($arrays{$a}[0]) > 1 ?
		"delete $a\[" . join(', ', map { chance(50) ? '*' : $_ eq 'l' ? small() : str(1) } split //, $arrays{$a}[0]) . ']' :
		"delete $a\[" . key($arrays{$a}[0]) . ']';
}

# ---- the script ----
print "# gen.pl $seed\n";
print 'global gl0 = ', rnd(100), ', gl1 = ', number(), ', gl2 = 0, gs0 = ', literal(), ', gs1 = "", st, ',
	join(', ', map { $_ . pick('', '', '[40]', '%[6]') } sort keys %arrays), "\n";

for my $n (0 .. rnd(4)) {
	my $ret = pick('l', 's');
	my $types = join '', map { pick('l', 's') } 0 .. rnd(3);
	my @p = map { 'p' . $_ } 0 .. length($types) - 1;
	my (@pl, @ps);
	push @{ substr($types, $_, 1) eq 'l' ? \@pl : \@ps }, $p[$_] for 0 .. $#p;
	# an overload that often passes on to the next one
	my $again = chance(30) && $pl[0];
	print "function f$n:", $ret eq 'l' ? 'long' : 'string', '(',
		join(', ', map { $p[$_] . ':' . (substr($types, $_, 1) eq 'l' ? 'long' : 'string') } 0 .. $#p),
		"):1\n{\n\tif ($again & 1) next\n\treturn ", $ret eq 'l' ? $again : "sprint($again)", "\n}\n" if $again;
	print "function f$n:", $ret eq 'l' ? 'long' : 'string', '(',
		join(', ', map { $p[$_] . ':' . (substr($types, $_, 1) eq 'l' ? 'long' : 'string') } 0 .. $#p), $again ? '):2' : ')', "\n{\n";
	@longs = (@globals_l, @pl, 'lv'); @strs = (@globals_s, @ps, 'sv'); @ro = ();
	# a function may be called from within any foreach
	%busy = map { $_ => 1 } keys %arrays;
	($depth, $loops, $indent) = (2, 1, 1);
	line 'lv = ', rnd(9); line 'sv = ', literal();
	statement() for 1 .. 1 + rnd(3);
	line 'if (', long(2), ') return ', $ret eq 'l' ? long(2) : str(2) if chance(40);
	line 'return ', $ret eq 'l' ? long(1) : str(1);
	print "}\n";
	push @{ $ret eq 'l' ? \@funcs_l : \@funcs_s }, ["f$n", $types];
}

# types are inferred: each array is used once for sure
print "probe begin(-1) {\n";
for my $a (sort keys %arrays) {
	my ($types, $val) = @{$arrays{$a}};
	print "\t$a\[", join(', ', map { $_ eq 'l' ? 1 : '"a"' } split //, $types), '] ',
		$val eq 'x' ? '<<< 1' : $val eq 'l' ? '= 1' : '= "a"', "\n";
}
print "\tst <<< 5\n}\n";

for my $h (0 .. rnd(3)) {
	%busy = ();
	@longs = (@globals_l, 'l0', 'l1'); @strs = (@globals_s, 's0', 's1'); @ro = ();
	($depth, $loops, $indent, $tmp) = (0, 0, 1, 0);
	print "probe begin {\n";
	line 'l0 = ', number(); line 'l1 = ', rnd(9); line 's0 = ', literal(); line 's1 = ', literal();
	statement() for 1 .. 4 + rnd(8);
	line 'println(l0, " ", l1, "[", s0, "][", s1, "]")';
	print "}\n";
}
print "probe begin(1) { exit() }\n";
print "probe end {\n";
print "\tprintln(gl0, \" \", gl1, \" \", gl2, \"[\", gs0, \"][\", gs1, \"]\", \@count(st), \@sum(st))\n";
for my $a (sort keys %arrays) {
	my ($types, $val) = @{$arrays{$a}};
	my $n = 0;
	my @k = map { "e$_" . $n++ } split //, $types;
	my $e = "$a\[" . join(', ', @k) . ']';
	print "\tforeach ([", join(', ', @k), "] in $a) println(\"$a \", ", join(', " ", ', @k),
		', "=", ', $val eq 'x' ? "\@count($e), \" \", \@sum($e), \" \", \@max($e)" : $e, ")\n";
}
print "}\n";
