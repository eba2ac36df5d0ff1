/*
 * As combine4, for pairs of columns x, y and of rows whose coefficients mirror each other: ax + by and bx + ay. With s = x + y and
 * c = a + b these are p = as + cy and p + cs: three products instead of four.
 * Tables: pair by pair of columns, those of a and c for the first pair of rows, then for the second.
 */
import { add, nibbleMask, step, tile } from './arithmetic'

export function mirror4(sources: usize, columns: usize, tables: usize, outputs: usize, bytes: usize): void {
  const end = bytes & -step
  for (let from: usize = 0; from < end; from += tile) mirrorTile(sources, columns, tables, outputs, from, min(from + tile, end))
  if (end < bytes) mirrorTile(sources, columns, tables, outputs, bytes - step, bytes)
}

// The first one to three pairs, then two at a time: what the registers hold.
function mirrorTile(sources: usize, columns: usize, tables: usize, outputs: usize, from: usize, to: usize): void {
  let column: usize = 4
  if (columns == 2) {
    start1(sources, tables, outputs, from, to)
  } else if (columns & 2) {
    start3(sources, tables, outputs, from, to)
    column = 6
  } else {
    start2(sources, tables, outputs, from, to)
  }
  for (; column < columns; column += 4) add2(sources + column * 4, tables + column * 64, outputs, from, to)
}

function start1(source: usize, tables: usize, outputs: usize, from: usize, to: usize): void {
  mirrorPairs(source, tables, outputs, from, to, 1, true)
}

function start2(source: usize, tables: usize, outputs: usize, from: usize, to: usize): void {
  mirrorPairs(source, tables, outputs, from, to, 2, true)
}

function start3(source: usize, tables: usize, outputs: usize, from: usize, to: usize): void {
  mirrorPairs(source, tables, outputs, from, to, 3, true)
}

function add2(source: usize, tables: usize, outputs: usize, from: usize, to: usize): void {
  mirrorPairs(source, tables, outputs, from, to, 2, false)
}

// Within a step p0 is p and p1 is cs of the first pair of rows, p2 and p3 of the second; the q are those of the step's second half.
// @ts-ignore: decorator
@inline
function mirrorPairs(source: usize, tables: usize, outputs: usize, from: usize, to: usize, pairs: i32, isFirst: bool): void {
  const mask = i8x16.splat(<i8>nibbleMask)
  const s0 = <usize>load<u32>(source), s1 = <usize>load<u32>(source, 4)
  let s2: usize = 0, s3: usize = 0, s4: usize = 0, s5: usize = 0
  if (pairs >= 2) {
    s2 = load<u32>(source, 8)
    s3 = load<u32>(source, 12)
  }
  if (pairs == 3) {
    s4 = load<u32>(source, 16)
    s5 = load<u32>(source, 20)
  }
  const o0 = <usize>load<u32>(outputs), o1 = <usize>load<u32>(outputs, 4)
  const o2 = <usize>load<u32>(outputs, 8), o3 = <usize>load<u32>(outputs, 12)
  let a: v128, b: v128, c: v128, d: v128, x: v128, y: v128, z: v128, w: v128, t: v128
  for (let at = from; at < to; at += step) {
    let p0 = i8x16.splat(0), p1 = p0, p2 = p0, p3 = p0, q0 = p0, q1 = p0, q2 = p0, q3 = p0
    if (!isFirst) {
      p0 = v128.load(o0 + at); q0 = v128.load(o0 + at, 16)
      p1 = v128.xor(p0, v128.load(o1 + at)); q1 = v128.xor(q0, v128.load(o1 + at, 16))
      p2 = v128.load(o2 + at); q2 = v128.load(o2 + at, 16)
      p3 = v128.xor(p2, v128.load(o3 + at)); q3 = v128.xor(q2, v128.load(o3 + at, 16))
    }
    c = v128.load(s1 + at); a = v128.xor(v128.load(s0 + at), c)
    d = v128.load(s1 + at, 16); b = v128.xor(v128.load(s0 + at, 16), d)
    x = v128.and(a, mask); y = v128.and(b, mask)
    z = v128.and(c, mask); w = v128.and(d, mask)
    t = v128.load(tables, 0); p0 = add(p0, t, x); q0 = add(q0, t, y)
    t = v128.load(tables, 32); p1 = add(p1, t, x); q1 = add(q1, t, y); p0 = add(p0, t, z); q0 = add(q0, t, w)
    t = v128.load(tables, 64); p2 = add(p2, t, x); q2 = add(q2, t, y)
    t = v128.load(tables, 96); p3 = add(p3, t, x); q3 = add(q3, t, y); p2 = add(p2, t, z); q2 = add(q2, t, w)
    x = v128.and(i16x8.shr_u(a, 4), mask); y = v128.and(i16x8.shr_u(b, 4), mask)
    z = v128.and(i16x8.shr_u(c, 4), mask); w = v128.and(i16x8.shr_u(d, 4), mask)
    t = v128.load(tables, 16); p0 = add(p0, t, x); q0 = add(q0, t, y)
    t = v128.load(tables, 48); p1 = add(p1, t, x); q1 = add(q1, t, y); p0 = add(p0, t, z); q0 = add(q0, t, w)
    t = v128.load(tables, 80); p2 = add(p2, t, x); q2 = add(q2, t, y)
    t = v128.load(tables, 112); p3 = add(p3, t, x); q3 = add(q3, t, y); p2 = add(p2, t, z); q2 = add(q2, t, w)
    if (pairs >= 2) {
      c = v128.load(s3 + at); a = v128.xor(v128.load(s2 + at), c)
      d = v128.load(s3 + at, 16); b = v128.xor(v128.load(s2 + at, 16), d)
      x = v128.and(a, mask); y = v128.and(b, mask)
      z = v128.and(c, mask); w = v128.and(d, mask)
      t = v128.load(tables, 128); p0 = add(p0, t, x); q0 = add(q0, t, y)
      t = v128.load(tables, 160); p1 = add(p1, t, x); q1 = add(q1, t, y); p0 = add(p0, t, z); q0 = add(q0, t, w)
      t = v128.load(tables, 192); p2 = add(p2, t, x); q2 = add(q2, t, y)
      t = v128.load(tables, 224); p3 = add(p3, t, x); q3 = add(q3, t, y); p2 = add(p2, t, z); q2 = add(q2, t, w)
      x = v128.and(i16x8.shr_u(a, 4), mask); y = v128.and(i16x8.shr_u(b, 4), mask)
      z = v128.and(i16x8.shr_u(c, 4), mask); w = v128.and(i16x8.shr_u(d, 4), mask)
      t = v128.load(tables, 144); p0 = add(p0, t, x); q0 = add(q0, t, y)
      t = v128.load(tables, 176); p1 = add(p1, t, x); q1 = add(q1, t, y); p0 = add(p0, t, z); q0 = add(q0, t, w)
      t = v128.load(tables, 208); p2 = add(p2, t, x); q2 = add(q2, t, y)
      t = v128.load(tables, 240); p3 = add(p3, t, x); q3 = add(q3, t, y); p2 = add(p2, t, z); q2 = add(q2, t, w)
    }
    if (pairs == 3) {
      c = v128.load(s5 + at); a = v128.xor(v128.load(s4 + at), c)
      d = v128.load(s5 + at, 16); b = v128.xor(v128.load(s4 + at, 16), d)
      x = v128.and(a, mask); y = v128.and(b, mask)
      z = v128.and(c, mask); w = v128.and(d, mask)
      t = v128.load(tables, 256); p0 = add(p0, t, x); q0 = add(q0, t, y)
      t = v128.load(tables, 288); p1 = add(p1, t, x); q1 = add(q1, t, y); p0 = add(p0, t, z); q0 = add(q0, t, w)
      t = v128.load(tables, 320); p2 = add(p2, t, x); q2 = add(q2, t, y)
      t = v128.load(tables, 352); p3 = add(p3, t, x); q3 = add(q3, t, y); p2 = add(p2, t, z); q2 = add(q2, t, w)
      x = v128.and(i16x8.shr_u(a, 4), mask); y = v128.and(i16x8.shr_u(b, 4), mask)
      z = v128.and(i16x8.shr_u(c, 4), mask); w = v128.and(i16x8.shr_u(d, 4), mask)
      t = v128.load(tables, 272); p0 = add(p0, t, x); q0 = add(q0, t, y)
      t = v128.load(tables, 304); p1 = add(p1, t, x); q1 = add(q1, t, y); p0 = add(p0, t, z); q0 = add(q0, t, w)
      t = v128.load(tables, 336); p2 = add(p2, t, x); q2 = add(q2, t, y)
      t = v128.load(tables, 368); p3 = add(p3, t, x); q3 = add(q3, t, y); p2 = add(p2, t, z); q2 = add(q2, t, w)
    }
    v128.store(o0 + at, p0); v128.store(o0 + at, q0, 16)
    v128.store(o1 + at, v128.xor(p0, p1)); v128.store(o1 + at, v128.xor(q0, q1), 16)
    v128.store(o2 + at, p2); v128.store(o2 + at, q2, 16)
    v128.store(o3 + at, v128.xor(p2, p3)); v128.store(o3 + at, v128.xor(q2, q3), 16)
  }
}
