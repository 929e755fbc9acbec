// SPDX-License-Identifier: GPL-2.0-or-later
// Rust: structures, enums with data, slices, references, tuples.
use std::hint::black_box;

#[derive(Clone, Copy)]
struct Point {
    x: i32,
    y: u16,
}

struct Outer<'a> {
    p: Point,
    name: &'a str,
    pair: (i8, u64),
    arr: [i16; 3],
    flag: bool,
    ch: char,
}

enum Kind {
    One(i32),
    Two { a: u8, b: u32 },
    Three,
}

static GLOBAL: u32 = 77;

#[inline(never)]
fn scalars(a: i8, b: u16, c: i64, d: f64, e: bool, f: char) -> i64 {
    let sum = a as i64 + b as i64 + c;
    black_box(sum); // @
    sum + d as i64 + e as i64 + f as i64
}

#[inline(never)]
fn structs(o: &Outer, p: Point, s: &[i32]) -> i32 {
    let total = o.p.x + p.x + s[1];
    black_box(total); // @
    total + o.pair.0 as i32 + o.arr[2] as i32 + p.y as i32
}

#[inline(never)]
fn kinds(k: &Kind) -> u32 {
    let r = match k {
        Kind::One(v) => *v as u32,
        Kind::Two { a, b } => *a as u32 + *b,
        Kind::Three => GLOBAL,
    };
    black_box(r); // @
    r
}

#[inline(never)]
fn loops(n: u32) -> u64 {
    let mut acc = 1u64;
    for i in 0..n {
        acc = acc * 3 + i as u64;
        black_box(acc); // @
    }
    acc
}

fn main() {
    let p = Point { x: 4, y: 9 };
    let o = Outer {
        p,
        name: "outer",
        pair: (-3, 1 << 40),
        arr: [7, -8, 9],
        flag: true,
        ch: 'r',
    };
    let v = [11, 22, 33];
    black_box(scalars(-5, 500, -1 << 33, 2.5, true, 'x'));
    black_box(structs(&o, p, &v));
    black_box(kinds(&Kind::One(-7)));
    black_box(kinds(&Kind::Two { a: 3, b: 40 }));
    black_box(kinds(&Kind::Three));
    black_box(loops(3));
    black_box((o.name, o.flag, o.ch, o.p.y)); // @
}
