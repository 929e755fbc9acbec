# SPDX-License-Identifier: GPL-2.0-or-later
"""One program, every variable at its breakpoints: gdb's answer against ours.

Run by gdb itself (run.sh does):
  PROG=/abs/program SRC=program.c STAP=stap WORK=dir gdb -batch -x compare.py

Places are the functions of SRC (as "break f" puts them) and its lines marked
"@". gdb stops at each once and writes down all that is visible, down to
integers: "$node->in->s[1]". The same program is then run under a script that
prints the same expressions at the same addresses. Both runs have an empty
environment and no address randomisation, so pointers are equal too.

What functions return is asked of gdb's "finish" for the first call of each, and
of $return where the stack pointer says that it is the same call. $$parms,
$$locals and $$vars must name the variables that gdb has there, with the same
values, or "?" where only a caller's caller tells.

Values are compared as 64 bits (floats by their bits, as the language has
them); what gdb calls optimised out must not be defined or fail for us, and
what it cannot access must fault.
"""
import functools
import os
import re
import struct
import subprocess
import sys

import gdb

PROG = os.environ["PROG"]
SRC = os.environ["SRC"]
LIB = os.environ.get("LIB")  # a library of the program: the places are in it
TARGET = f'process("{PROG}")' + (f'.library("{LIB}")' if LIB else "")
STAP = os.environ["STAP"]
WORK = os.environ["WORK"]
VERBOSE = os.environ.get("VERBOSE")
ONLY = os.environ.get("ONLY")  # one place: its address or its name
MASK = (1 << 64) - 1
MAX_LEAVES = 60  # a place
MAX_PLACES = 60  # a program: no more probes than that in a session
GONE, FAULT = "optimised out", "fault"
RUST = SRC.endswith(".rs")


def fits(code, *names):
    return any(code == getattr(gdb, "TYPE_CODE_" + n, -1) for n in names)


class Leaf:
    def __init__(self, expr, want, kind="%d", is_float=False):
        self.expr, self.want, self.kind = expr, want, kind
        self.is_float = is_float


def integer(v, t):
    """As the language has it: 64 bits."""
    try:
        if v.is_optimized_out:
            return GONE
        text = v.format_string(raw=True)
        if "<optimized out>" in text:
            return GONE
        if "synthetic pointer" in text:
            return GONE  # its target may be read, it has no value
        if fits(t.code, "FLT"):
            if t.sizeof not in (4, 8):
                return None
            return struct.unpack("<Q", struct.pack("<d", float(v)))[0]
        return int(v) & MASK
    except gdb.MemoryError:
        return FAULT
    except gdb.error as e:
        if "optimized out" in str(e):
            return GONE
        if "Cannot access memory" in str(e):
            return FAULT
        return None


class Walker:
    """Leaves of a value; stops at cycles by depth."""

    def __init__(self):
        self.leaves = []
        self.implied = 0  # within an object that has no address

    def add(self, expr, want, kind="%d", is_float=False):
        if want is not None and len(self.leaves) < MAX_LEAVES:
            self.leaves.append(Leaf(expr, want, kind, is_float))

    def fields(self, expr, v, t, depth):
        for f in t.fields():
            if not hasattr(f, "bitpos") and not f.is_base_class:
                if f.name and depth < 2 and re.fullmatch(r"\w+", f.name):
                    self.walk(f"{expr}->{f.name}", v[f], depth + 1)
                continue
            if f.artificial:
                continue
            if f.is_base_class or not f.name:
                self.walk(expr, v[f], depth)
            elif re.fullmatch(r"\w+", f.name):
                self.walk(f"{expr}->{f.name}", v[f], depth + 1)

    def pointer(self, expr, v, t, depth):
        self.add(expr, integer(v, t))
        if depth >= 2:
            return
        to = t.target().strip_typedefs()
        if fits(to.code, "FUNC", "VOID"):
            return
        try:
            target = v.dereference()
            if fits(to.code, "STRUCT", "UNION"):
                implied = "synthetic pointer" in v.format_string(raw=True)
                self.implied += implied
                self.fields(expr, target, to, depth + 1)
                self.implied -= implied
                return
            if to.sizeof == 1 and "char" in to.name and int(v):
                s = v.string("latin-1", length=-1)
                if s.isprintable() and s.isascii() and len(s) < 64:
                    self.add(f"user_string({expr})", s, "%s")
        except gdb.error:
            pass
        if fits(to.code, "INT", "ENUM", "PTR", "FLT", "BOOL", "CHAR"):
            self.add(f"{expr}[0]", integer(v.dereference(), to))

    def array(self, expr, v, t, depth):
        lo, hi = t.range()
        picks = [i for i in (0, 1, hi) if lo <= i <= hi]
        for i in sorted(set(picks)):
            self.walk(f"{expr}[{i}]", v[i], depth + 1)

    def walk(self, expr, v, depth=0):
        t = v.type.strip_typedefs()
        if depth > 4:
            return
        if fits(t.code, "STRUCT", "UNION"):
            self.fields(expr, v, t, depth)
        elif fits(t.code, "ARRAY"):
            self.array(expr, v, t, depth)
        elif fits(t.code, "REF", "RVALUE_REF"):
            self.reference(expr, v, t, depth)
        elif fits(t.code, "PTR"):
            self.pointer(expr, v, t, depth)
        elif fits(t.code, "INT", "ENUM", "FLT", "BOOL", "CHAR"):
            self.add(expr, integer(v, t), is_float=fits(t.code, "FLT"))

    def reference(self, expr, v, t, depth):
        """A pointer, for us."""
        to = t.target().strip_typedefs()
        if self.implied:
            return  # gdb 13 dies of references in pieces (coerce_pieced_ref)
        try:
            target = v.referenced_value()
            # without an address: a synthetic pointer to pieces
            self.add(expr, GONE if target.address is None else
                     int(target.address) & MASK)
        except gdb.error as e:
            gone = "optimized out" in str(e) or "synthetic" in str(e)
            self.add(expr, GONE if gone else None)
            return
        if fits(to.code, "STRUCT", "UNION"):
            self.fields(expr, target, to, depth + 1)
        elif not fits(to.code, "ARRAY"):
            self.add(f"{expr}[0]", integer(target, to))


class Place:
    def __init__(self, pc, what):
        self.pc, self.what, self.leaves = pc, what, []
        self.point = f'statement(0x{pc - load_bias():x}).absolute'
        self.scalars = {}  # name -> (value, bytes, is an argument)


class Finish(gdb.FinishBreakpoint):
    def __init__(self, frame, place):
        super().__init__(frame, internal=True)
        self.silent = True
        self.place = place

    def stop(self):
        w = Walker()
        try:
            if self.return_value is not None:
                w.walk("$return", self.return_value)
        except gdb.error as e:
            print(f"# {self.place.what} $return: {e}")
        self.place.leaves = w.leaves
        return False


def await_return(returns):
    """The call that has just begun, unless its function was seen, is main or
    was inlined."""
    frame = gdb.newest_frame()
    if RUST or not frame.function() or frame.name() in returns:
        return
    block = frame.block()
    while not block.function:
        block = block.superblock
    older = frame.older()
    if ".cold" in gdb.execute(f"info symbol {block.start:#x}", to_string=True):
        return  # in pieces, and another one is where it begins
    place = Place(block.start, f"{frame.name()} returned")
    returns[frame.name()] = place
    if (frame.name() == "main" or not older or
            {frame.type(), older.type()} != {gdb.NORMAL_FRAME}):
        return
    place.point = f"function(0x{place.pc - load_bias():x}).return"
    place.sp = int(older.read_register("rsp")) & MASK
    try:
        Finish(frame, place)
    except (ValueError, RuntimeError, gdb.error):
        pass


def symbols_of(block):
    for s in block:
        if (s.is_variable or s.is_argument) and re.fullmatch(r"\w+", s.name):
            yield s


def visible(pc):
    """Innermost first, down to the (inlined) function; then the file's."""
    block, seen = gdb.block_for_pc(pc), set()
    while block:
        if block.is_global or block.is_static:
            break
        for s in symbols_of(block):
            if s.name not in seen:
                seen.add(s.name)
                yield s, "$" + s.name
        if block.function:
            break
        block = block.superblock
    block = gdb.block_for_pc(pc)
    if RUST or not block:
        return
    for b in (block.global_block, block.static_block):
        for s in symbols_of(b):
            if s.name not in seen and s.symtab.filename.endswith(SRC):
                seen.add(s.name)
                yield s, "$" + s.name


def look(place):
    frame = gdb.newest_frame()
    w = Walker()
    for sym, expr in visible(place.pc):
        try:
            v = sym.value(frame) if sym.needs_frame else sym.value()
        except gdb.error as e:
            if "optimized out" in str(e):
                w.add(expr, GONE)
            elif VERBOSE:
                print(f"# {place.what} {expr}: {e}")
            continue
        try:
            w.walk(expr, v)
            note_scalar(place, sym, v)
        except gdb.error as e:
            print(f"# {place.what} {expr}: {e}")
    place.leaves = w.leaves


def note_scalar(place, sym, v):
    t = v.type.strip_typedefs()
    if fits(t.code, "INT", "ENUM", "BOOL", "CHAR", "PTR"):
        want = integer(v, t)
        if isinstance(want, int):
            place.scalars[sym.name] = (want, t.sizeof, sym.is_argument)


def specs():
    """What to break at: names of functions, lines with a mark."""
    out = []
    with open(os.path.join(os.path.dirname(__file__), SRC)) as f:
        for n, line in enumerate(f, 1):
            if re.search(r"/\* @|// @", line):
                out.append(f"{SRC}:{n}")
    found = gdb.execute(f"info functions -n .", to_string=True)
    here = False
    for line in found.split("\n"):
        if line.startswith("File "):
            here = line.rstrip(":").endswith(SRC)
        m = re.match(r"(\d+):", line)
        if here and m and "paint" not in line:
            out.append(f"{SRC}:{m.group(1)}")
    return out


def gdb_side():
    for c in ("pagination off", "confirm off", "width 0",
              "startup-with-shell off", "breakpoint pending on", "disable-randomization on",
              "print entry-values no",
              "print static-members on", "debuginfod enabled off"):
        gdb.execute("set " + c)
    places, returns = {}, {}
    gdb.execute("unset environment")
    gdb.execute("exec-file " + PROG)
    gdb.execute("symbol-file " + os.environ.get("REF", PROG))
    resolved = []
    for spec in specs():
        try:
            b = gdb.Breakpoint(spec)
        except gdb.error:
            continue
        b.silent = True
        resolved.append((spec, b))
    gdb.execute("run", to_string=True)
    while gdb.selected_inferior().pid:
        pc = gdb.newest_frame().pc()
        if (bool(in_library(pc)) == bool(LIB) and "thunk" not in
                (gdb.newest_frame().name() or "") and pc not in places and
                len(places) < MAX_PLACES):
            fn = gdb.newest_frame().name()
            sal = gdb.newest_frame().find_sal()
            places[pc] = Place(pc, f"{fn}:{sal.line}")
            look(places[pc])
            await_return(returns)
        gdb.execute("continue", to_string=True)
    # Run-time addresses to the file's: where is a known function?
    return list(places.values()), [r for r in returns.values() if r.leaves]


@functools.cache
def library_bias():
    with open(f"/proc/{gdb.selected_inferior().pid}/maps") as f:
        return min(int(line.split("-")[0], 16) for line in f if LIB in line)


def in_library(pc):
    return (gdb.solib_name(pc) or "") == LIB if LIB else gdb.solib_name(pc)


def load_bias():
    """Addresses in memory less those in the file; without randomisation."""
    if LIB:
        return library_bias()
    out = subprocess.run(["readelf", "-hW", PROG], text=True,
                         stdout=subprocess.PIPE, check=True).stdout
    return 0x555555554000 if re.search(r"Type:\s+DYN", out) else 0


def print_leaf(tag, leaf):
    return (f"  if (@defined({leaf.expr})) try {{ "
            f'printf("{tag} {leaf.kind}\\n", {leaf.expr}) }} '
            f'catch (m) {{ printf("{tag} ! %s\\n", m) }} '
            f'else printf("{tag} -\\n")')


def script(places, returns, bias):
    lines = ["global seen, back"]
    for n, r in enumerate(returns):
        lines.append(f'probe {TARGET}.function(0x{r.pc - bias:x})'
                     ".return {")
        lines.append(f'  if (register("rsp") != 0x{r.sp:x} || back[{n}]++) '
                     "next")
        for k, leaf in enumerate(r.leaves):
            lines.append(print_leaf(f"r{n}.{k}", leaf))
        lines.append("}")
    for n, p in enumerate(places):
        lines.append(f'probe {TARGET}.statement(0x{p.pc - bias:x})'
                     ".absolute {")
        lines.append(f"  if (seen[{n}]++) next")
        for k, leaf in enumerate(p.leaves):
            lines.append(print_leaf(f"{n}.{k}", leaf))
        if p.scalars and not RUST:
            lines.append(f'  printf("{n}.vars %s\\n{n}.parms %s\\n'
                         f'{n}.locals %s\\n", $$vars, $$parms, $$locals)')
        lines.append("}")
    return "\n".join(lines) + "\n"


def our_side(places, returns):
    stp = os.path.join(WORK, os.path.basename(PROG) + ".stp")
    with open(stp, "w") as f:
        f.write(script(places, returns, load_bias()))
    r = subprocess.run(
        [STAP, "-g", "-DMAXACTION=100000", "-c",
         "env -i setarch -R " + PROG, stp],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    if r.returncode:
        print(f"{PROG}: stap failed:\n" + r.stderr[:4000])
        sys.exit(1)
    got = {}
    for line in r.stdout.split("\n"):
        m = re.match(r"(r?\d+)\.(\w+) (.*)", line)
        if m:
            got[m.group(1), m.group(2)] = m.group(3)
    return got


def equal(leaf, got):
    if got is None:
        return False
    if leaf.want == GONE:
        return got == "-" or got.startswith("! ") and "optimised" in got
    if leaf.want == FAULT:
        return got.startswith("! ")
    if leaf.kind == "%s":
        return got == leaf.want
    return re.fullmatch(r"-?\d+", got) and int(got) & MASK == leaf.want


def is_refused(place, leaf):
    """What cannot be done, and must be said: BPF programs do not read vector
    registers."""
    r = subprocess.run(
        [STAP, "-g", "-p2", "-e",
         f'probe {TARGET}.{place.point} {{ println({leaf.expr}) }}'],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return "floating point" in r.stdout


def show(want):
    return f"{want} (0x{want:x})" if isinstance(want, int) else want


def compare_texts(n, place, got):
    """$$vars and its parts against gdb's scalars: equal, different."""
    good = bad = alone = 0
    sets = {w: dict(re.findall(r"(\w+)=(\S+)", got.get((n, w), "")))
            for w in ("vars", "parms", "locals")}
    for name, (want, size, is_arg) in place.scalars.items():
        for where in ("vars", "parms" if is_arg else "locals"):
            text = sets[where].get(name)
            mask = (1 << 8 * size) - 1
            if text is None and not is_arg:
                continue  # of the file, not of the function
            if text == "?":
                alone += 1  # only $name finds it, through several callers
                continue
            if (text and re.fullmatch(r"0x[0-9a-f]+", text)
                    and int(text, 16) & mask == want & mask):
                good += 1
                continue
            bad += 1
            print(f"DIFF {os.path.basename(PROG)} {place.what} "
                  f"{place.pc - load_bias():#x} $${where} {name}: "
                  f"gdb {show(want)}, ours {text}")
    return good, bad, alone


def main():
    places, returns = gdb_side()
    if ONLY:
        places = [p for p in places if ONLY in (p.what, hex(p.pc))]
    # apart: a return probe hides the return address, which tells who called
    got = our_side(places, [])
    if returns:
        got.update(our_side([], returns))
    good = gone = refused = bad = texts = alone = 0
    for n, p in ([(f"r{n}", r) for n, r in enumerate(returns)] +
                 [(str(n), p) for n, p in enumerate(places)]):
        if p.scalars and not RUST:
            right, wrong, missing = compare_texts(n, p, got)
            texts += right
            bad += wrong
            alone += missing
        for k, leaf in enumerate(p.leaves):
            ours = got.get((n, str(k)))
            if equal(leaf, ours):
                good += 1
                gone += leaf.want == GONE
                continue
            if ours == "-" and leaf.is_float and is_refused(p, leaf):
                refused += 1
                continue
            bad += 1
            print(f"DIFF {os.path.basename(PROG)} {p.what} "
                  f"{p.pc - load_bias():#x} {leaf.expr}: "
                  f"gdb {show(leaf.want)}, ours {ours}")
    returned = sum(len(r.leaves) for r in returns)
    print(f"{os.path.basename(PROG)}: {len(places)} places, {good + texts} "
          f"equal ({gone} optimised out, {returned} returned, {texts} in "
          f"texts, {alone} ? there), {refused} refused, {bad} different")
    sys.exit(bad > 0)


try:
    main()
except SystemExit as e:
    gdb.execute(f"quit {int(bool(e.code))}")
except BaseException:
    import traceback
    traceback.print_exc()
    gdb.execute("quit 2")
