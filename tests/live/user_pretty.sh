# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# $v$, $v$$ and $$vars$$, as SystemTap 5.6 prints the same variables.

test_variables_as_text() {
	need bpf
	cat >texts.c <<-'EOF2'
	#include <stdint.h>
	typedef int row[3];
	struct pt { short x, y; };
	struct anon { int a; union { int b; float c; }; struct { char d, e; }; unsigned f:5; signed g:4; unsigned long long h:40; };
	struct big { char names[2][8]; row rows[2]; struct pt pts[2]; struct pt *pp; char *strs[2]; int (*fp)(int, char);
		uint8_t u8[4]; signed char sc; unsigned char uc; const volatile unsigned char cv; double d; _Bool yes; };
	const char *quote = "a\"b\\c\t\001z\x7f";
	__attribute__((noinline)) int show(struct big *b, struct anon an, const char *none, const char *bad, const struct pt pt)
	{
		struct pt ptv[2] = {{1, 2}, {3, 4}};
		return b->uc + an.a + ptv[1].x + (none == bad) + pt.x; /* HERE */
	}
	int main(void)
	{
		struct pt p0 = {7, -8};
		struct big b = {{"one", "two"}, {{1, 2, 3}, {4, 5, 6}}, {{1, 2}, {3, 4}}, &p0, {"s1", 0}, 0, {1, 2, 3, 4}, -5, 'u', 0, 1.5, 1};
		struct anon an = {1, {2}, {'d', 'e'}, 31, -3, 0xfedcba9876ull};
		return show(&b, an, 0, (char *)16, (struct pt){5, 6}) & 0;
	}
	EOF2
	cc -g -O0 texts.c -o texts || fail "cc"
	line=$(grep -n HERE texts.c | cut -d: -f1)
	"$stap" -c "$PWD/texts" -e '
		probe process(@1).statement(@2) {
			println($b$)
			println($b$$)
			println($$locals$$)
			println($$parms$)
			printf("%s %s %s|%s|%s\n", $b->fp$, $b->names$, $b->rows$, $b->rows[1]$, $b->sc$)
			println(@var("quote@texts.c")$)
		}' "$PWD/texts" "show@texts.c:$line" | sed 's/0x7f[0-9a-f]*/STACK/g' >out
	cat >expected <<-'EOF2'
	{.names=[...], .rows=[...], .pts=[...], .pp=STACK, .strs=[...], .fp=0x0, .u8=[...], .sc='\373', .uc='u', .cv='\000', .d=?, .yes=1}
	{.names="one", .rows=[1, ...], .pts=[{.x=1, .y=2}, ...], .pp=STACK, .strs=["s1", ...], .fp=0x0, .u8="\001\002\003\004", .sc='\373', .uc='u', .cv='\000', .d=?, .yes=1}
	ptv=[{.x=1, .y=2}, ...]
	b={.names=[...], .rows=[...], .pts=[...], .pp=STACK, .strs=[...], .fp=0x0, .u8=[...], .sc='\373', .uc='u', .cv='\000', .d=?, .yes=1} an={.a=1, <union>={...}, <class>={...}, .f=31, .g=-3, .h=1094624909430} none=0x0 bad=0x10 pt={.x=5, .y=6}
	<function>:0x0 "one" [1, ...]|[4, ...]|'\373'
	"a\"b\\c\t\001z\177"
	EOF2
	diff expected out || fail "differs from what SystemTap prints"
	"$stap" -L "process(\"$PWD/texts\").function(\"show\")" >out
	expect ' \$b:struct big\* \$an:struct anon \$none:char const\* \$bad:char const\* \$pt:struct pt const( |$)' out
}
