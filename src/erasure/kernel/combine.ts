/*
 * AssemblyScript. Sums of products over GF(2^8) of equally long blocks that lie in the host's shared memory.
 *
 * A product c·b is two look-ups: low[b & 15] ^ high[b >> 4], with two tables of 16 bytes per coefficient c; a swizzle does sixteen of
 * them at once (Plank, Greenan, Miller: "Screaming Fast Galois Field Arithmetic Using Intel SIMD Instructions", FAST 2013). The indexes
 * never pass 15, where relaxed and plain swizzle agree, so the result is the same on every machine.
 *
 * The module owns no byte of the memory: no data segments, no statics, no stack. All it touches is named by its arguments:
 *   sources: u32 per column, where the column's block lies; at least 1, for four rows an even number
 *   tables:  column by column, row by row, the two tables of the coefficient
 *   outputs: u32 per row, where the row's block goes; outputs never overlap sources
 *   bytes:   at least 32
 *
 * Four rows are computed tile by tile and few columns at a time, the sums resting in the outputs meanwhile: blocks often lie a power of
 * two apart, where a cache keeps only eight lines.
 */
import { add, nibbleMask, step, tile } from './arithmetic'

export { nibbleMask } from './arithmetic'
export { mirror4 } from './mirror'
export { plain1, plain2 } from './plain'

export function combine1(sources: usize, columns: usize, tables: usize, outputs: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += step) combineStep(sources, columns, tables, outputs, min(at, bytes - step), 1)
}

export function combine2(sources: usize, columns: usize, tables: usize, outputs: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += step) combineStep(sources, columns, tables, outputs, min(at, bytes - step), 2)
}

export function combine4(sources: usize, columns: usize, tables: usize, outputs: usize, bytes: usize): void {
  const end = bytes & -step
  for (let from: usize = 0; from < end; from += tile) combineTile(sources, columns, tables, outputs, from, min(from + tile, end))
  // What is left ends at the last byte; where it overlaps what is done, it writes the same bytes again.
  if (end < bytes) combineTile(sources, columns, tables, outputs, bytes - step, bytes)
}

function combineTile(sources: usize, columns: usize, tables: usize, outputs: usize, from: usize, to: usize): void {
  startPair(sources, tables, outputs, from, to)
  for (let column: usize = 2; column < columns; column += 2) {
    addPair(sources + column * 4, tables + column * 128, outputs, from, to)
  }
}

function startPair(source: usize, tables: usize, outputs: usize, from: usize, to: usize): void {
  combinePair(source, tables, outputs, from, to, true)
}

function addPair(source: usize, tables: usize, outputs: usize, from: usize, to: usize): void {
  combinePair(source, tables, outputs, from, to, false)
}

// Two columns, four rows: p0 … p3 are the sums of a step's first half, q0 … q3 of its second.
// @ts-ignore: decorator
@inline
function combinePair(source: usize, tables: usize, outputs: usize, from: usize, to: usize, isFirst: bool): void {
  const mask = i8x16.splat(<i8>nibbleMask)
  const s0 = <usize>load<u32>(source), s1 = <usize>load<u32>(source, 4)
  const o0 = <usize>load<u32>(outputs), o1 = <usize>load<u32>(outputs, 4)
  const o2 = <usize>load<u32>(outputs, 8), o3 = <usize>load<u32>(outputs, 12)
  let a: v128, b: v128, x: v128, y: v128, t: v128
  for (let at = from; at < to; at += step) {
    let p0 = i8x16.splat(0), p1 = p0, p2 = p0, p3 = p0, q0 = p0, q1 = p0, q2 = p0, q3 = p0
    if (!isFirst) {
      p0 = v128.load(o0 + at); q0 = v128.load(o0 + at, 16)
      p1 = v128.load(o1 + at); q1 = v128.load(o1 + at, 16)
      p2 = v128.load(o2 + at); q2 = v128.load(o2 + at, 16)
      p3 = v128.load(o3 + at); q3 = v128.load(o3 + at, 16)
    }
    a = v128.load(s0 + at)
    b = v128.load(s0 + at, 16)
    x = v128.and(a, mask)
    y = v128.and(b, mask)
    t = v128.load(tables, 0); p0 = add(p0, t, x); q0 = add(q0, t, y)
    t = v128.load(tables, 32); p1 = add(p1, t, x); q1 = add(q1, t, y)
    t = v128.load(tables, 64); p2 = add(p2, t, x); q2 = add(q2, t, y)
    t = v128.load(tables, 96); p3 = add(p3, t, x); q3 = add(q3, t, y)
    x = v128.and(i16x8.shr_u(a, 4), mask)
    y = v128.and(i16x8.shr_u(b, 4), mask)
    t = v128.load(tables, 16); p0 = add(p0, t, x); q0 = add(q0, t, y)
    t = v128.load(tables, 48); p1 = add(p1, t, x); q1 = add(q1, t, y)
    t = v128.load(tables, 80); p2 = add(p2, t, x); q2 = add(q2, t, y)
    t = v128.load(tables, 112); p3 = add(p3, t, x); q3 = add(q3, t, y)
    a = v128.load(s1 + at)
    b = v128.load(s1 + at, 16)
    x = v128.and(a, mask)
    y = v128.and(b, mask)
    t = v128.load(tables, 128); p0 = add(p0, t, x); q0 = add(q0, t, y)
    t = v128.load(tables, 160); p1 = add(p1, t, x); q1 = add(q1, t, y)
    t = v128.load(tables, 192); p2 = add(p2, t, x); q2 = add(q2, t, y)
    t = v128.load(tables, 224); p3 = add(p3, t, x); q3 = add(q3, t, y)
    x = v128.and(i16x8.shr_u(a, 4), mask)
    y = v128.and(i16x8.shr_u(b, 4), mask)
    t = v128.load(tables, 144); p0 = add(p0, t, x); q0 = add(q0, t, y)
    t = v128.load(tables, 176); p1 = add(p1, t, x); q1 = add(q1, t, y)
    t = v128.load(tables, 208); p2 = add(p2, t, x); q2 = add(q2, t, y)
    t = v128.load(tables, 240); p3 = add(p3, t, x); q3 = add(q3, t, y)
    v128.store(o0 + at, p0); v128.store(o0 + at, q0, 16)
    v128.store(o1 + at, p1); v128.store(o1 + at, q1, 16)
    v128.store(o2 + at, p2); v128.store(o2 + at, q2, 16)
    v128.store(o3 + at, p3); v128.store(o3 + at, q3, 16)
  }
}

// All columns of one step, one row or two.
// @ts-ignore: decorator
@inline
function combineStep(sources: usize, columns: usize, tables: usize, outputs: usize, at: usize, rows: usize): void {
  const mask = i8x16.splat(<i8>nibbleMask)
  const end = sources + columns * 4
  let p0 = i8x16.splat(0), p1 = p0, q0 = p0, q1 = p0
  for (let source = sources; source < end; source += 4, tables += rows * 32) {
    const block = <usize>load<u32>(source) + at
    const a = v128.load(block)
    const b = v128.load(block, 16)
    let x = v128.and(a, mask)
    let y = v128.and(b, mask)
    let t = v128.load(tables)
    p0 = add(p0, t, x); q0 = add(q0, t, y)
    if (rows == 2) {
      t = v128.load(tables, 32); p1 = add(p1, t, x); q1 = add(q1, t, y)
    }
    x = v128.and(i16x8.shr_u(a, 4), mask)
    y = v128.and(i16x8.shr_u(b, 4), mask)
    t = v128.load(tables, 16)
    p0 = add(p0, t, x); q0 = add(q0, t, y)
    if (rows == 2) {
      t = v128.load(tables, 48); p1 = add(p1, t, x); q1 = add(q1, t, y)
    }
  }
  const o0 = <usize>load<u32>(outputs) + at
  v128.store(o0, p0); v128.store(o0, q0, 16)
  if (rows == 2) {
    const o1 = <usize>load<u32>(outputs, 4) + at
    v128.store(o1, p1); v128.store(o1, q1, 16)
  }
}
