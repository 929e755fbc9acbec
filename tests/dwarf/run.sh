#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every variable of small programs, as gdb prints it and as we do (compare.py).
#   run.sh         one build of each kind: a minute's worth for "make check"
#   run.sh all     both compilers, -O0 to -O3, DWARF 4 and 5
#   run.sh NAME    one test: a program's ("opt.gcc.O2.5") or a variant's
# What is missing on the machine is skipped by name.
cd "$(dirname "$0")/../.." || exit 1
top=$PWD here=$PWD/tests/dwarf
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"; [ -z "$server" ] || kill "$server"' EXIT
server='' mode=${1:-some}
places=0 equal=0 tests=0 failed=0 skipped=0
export DEBUGINFOD_URLS= SYSTEMTAP_DEBUGINFO_PATH=
PATH=$PATH:$HOME/.cargo/bin

skip() { skipped=$((skipped + 1)); echo "SKIP $1: $2"; }
have() { command -v "$1" >/dev/null; }

if why=$(tests/bpf-usable); [ $? != 0 ]; then
	skip dwarf "$why"
elif ! have gdb; then
	skip dwarf "needs gdb"
elif ! gdb -nx -batch -ex 'python print(1)' 2>/dev/null | grep -q 1; then
	skip dwarf "needs a gdb with Python"
fi
[ $skipped = 0 ] || { echo "0 passed, 0 failed, 1 skipped"; exit 0; }

wanted() { [ "$mode" = some ] || [ "$mode" = all ] || [ "$mode" = "$1" ]; }

# compare NAME PROGRAM SOURCE [REFERENCE]: gdb's symbols come from REFERENCE
compare() {
	local out
	tests=$((tests + 1))
	out=$(PROG=$2 SRC=$3 REF=${4:-$2} STAP=$top/stap WORK=$work \
		timeout 600 gdb -nx -batch -x "$here/compare.py" 2>&1)
	if [ $? != 0 ]; then
		failed=$((failed + 1))
		echo "FAIL $1"
		grep -vE '^(Breakpoint|\[Inferior)' <<<"$out" | tail -n 30 |
			sed 's/^/    /'
	fi
	set -- $(sed -n 's/.*: \([0-9]*\) places, \([0-9]*\) equal.*/\1 \2/p' \
		<<<"$out")
	places=$((places + ${1:-0})) equal=$((equal + ${2:-0}))
}

# build OUT SOURCE COMPILER FLAGS...: a C or C++ program
build() {
	local out=$1 src=$2 cc=$3
	shift 3
	[[ $src != *.cc ]] || case $cc in
	gcc) cc=g++ ;;
	clang) cc=clang++ ;;
	esac
	(cd "$here" && "$cc" -g -fno-stack-protector "$@" "$src" -o "$out")
}

# --- by compiler, optimisation and version -----------------------------------
matrix() { # source compiler level version
	local name=${1%.*}.$2.O$3.$4
	wanted "$name" || return 0
	have "$2" || { skip "$name" "needs $2"; return; }
	build "$work/$name" "$1" "$2" "-O$3" "-gdwarf-$4" || exit 1
	compare "$name" "$work/$name" "$1"
}
rust() { # level
	local name=plain.rust.O$1
	wanted "$name" || return 0
	have rustc || { skip "$name" "needs rustc"; return; }
	(cd "$here" && rustc -g -C opt-level="$1" plain.rs -o "$work/$name") ||
		exit 1
	compare "$name" "$work/$name" plain.rs
}

# --- where debug information is kept ------------------------------------------
strip_into() { # program, file for its debug information
	objcopy --only-keep-debug "$1" "$2" && objcopy -g "$1" "$1.s" &&
		mv "$1.s" "$1"
}
id_of() { readelf -n "$1" | sed -n 's/.*Build ID: //p'; }

variant_split4() {
	build "$1" opt.c gcc -O2 -gdwarf-4 -gsplit-dwarf && compare "$2" "$1" opt.c
}
variant_split5() {
	build "$1" opt.c gcc -O2 -gdwarf-5 -gsplit-dwarf && compare "$2" "$1" opt.c
}
variant_compressed() {
	build "$1" classes.cc gcc -O2 -gz=zlib && compare "$2" "$1" classes.cc
}
variant_type_units() {
	build "$1" classes.cc gcc -O0 -fdebug-types-section &&
		compare "$2" "$1" classes.cc
}
variant_nopie() {
	build "$1" opt.c gcc -O2 -no-pie && compare "$2" "$1" opt.c
}
variant_static() {
	build "$1" types.c gcc -O1 -static && compare "$2" "$1" types.c
}
variant_dwz() {
	have dwz || { skip "$2" "needs dwz"; return; }
	build "$1" types.c gcc -O2 && build "$1.b" types.c gcc -O1 &&
		cp "$1" "$1.ref" && dwz -m "$work/common.debug" "$1" "$1.b" &&
		compare "$2" "$1" types.c "$1.ref"
}
variant_buildid() {
	build "$1" types.c gcc -O2 -Wl,--build-id && cp "$1" "$1.ref" || return
	local id dir
	id=$(id_of "$1") dir=$work/debug/.build-id/${id:0:2}
	mkdir -p "$dir" && strip_into "$1" "$dir/${id:2}.debug" &&
		SYSTEMTAP_DEBUGINFO_PATH=$work/debug \
			compare "$2" "$1" types.c "$1.ref"
}
variant_debuglink() {
	build "$1" opt.c gcc -O2 -Wl,--build-id=none && cp "$1" "$1.ref" &&
		mkdir -p "$work/.debug" &&
		strip_into "$1" "$work/.debug/linked.debug" &&
		objcopy --add-gnu-debuglink="$work/.debug/linked.debug" "$1" &&
		compare "$2" "$1" opt.c "$1.ref"
}
variant_debuginfod() {
	have debuginfod || { skip "$2" "needs debuginfod"; return; }
	have curl || { skip "$2" "needs curl"; return; }
	local port=$((20000 + $$ % 20000)) id i
	build "$1" opt.c gcc -O2 -Wl,--build-id && cp "$1" "$1.ref" || return
	mkdir -p "$work/served" && strip_into "$1" "$work/served/opt.debug" ||
		return
	debuginfod -d :memory: -p "$port" -F "$work/served" \
		>"$work/server.log" 2>&1 &
	server=$!
	id=$(id_of "$1")
	for ((i = 0; i < 100; i++)); do
		curl -sf -o /dev/null \
			"http://127.0.0.1:$port/buildid/$id/debuginfo" && break
		sleep 0.1
	done
	DEBUGINFOD_URLS=http://127.0.0.1:$port DEBUGINFOD_CACHE_PATH=$work/cache \
		compare "$2" "$1" opt.c "$1.ref"
	kill $server
	wait $server 2>/dev/null
	server=
}

# The same names in two files and a library, which has TLS of its own. What is
# looked at is the program, its other file, then the library.
build_spread() { # out
	(cd "$here" && "${2:-gcc}" -g -O1 -shared -fPIC -DLIBRARY spread_other.c -o "$1.so" &&
		"${2:-gcc}" -g -O1 spread.c spread_other.c "$1.so" -o "$1")
}
variant_spread() {
	build_spread "$1" && compare "$2" "$1" spread.c &&
		compare "$2.other" "$1" spread_other.c &&
		LIB=$1.so compare "$2.library" "$1" spread_other.c
}

variants() {
	local v
	for v in $(declare -F | sed -n 's/^declare -f variant_//p'); do
		wanted "$v" || continue
		"variant_$v" "$work/$v" "$v" || exit 1
	done
}

sources="types.c opt.c classes.cc layout.c scopes.c deep.c virtual.cc"
if [ "$mode" = some ]; then
	matrix types.c gcc 0 5
	matrix types.c clang 2 4
	matrix opt.c gcc 2 5
	matrix classes.cc gcc 2 4
	matrix scopes.c gcc 0 5
	rust 0
	mode=buildid variants
else
	for src in $sources; do
		for cc in gcc clang; do
			for level in 0 1 2 3; do
				matrix $src $cc $level 4
				matrix $src $cc $level 5
			done
		done
	done
	rust 0
	rust 2
	variants
fi
echo "$places places, $equal values as in gdb"
echo "$((tests - failed)) passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
