/*
 * As combine1 and combine2 where all coefficients of the first row are 1: that row is a sum without look-ups, and has no tables.
 */
import { add, nibbleMask, step } from './arithmetic'

export function plain1(sources: usize, columns: usize, tables: usize, outputs: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += step) plainStep(sources, columns, tables, outputs, min(at, bytes - step), 1)
}

export function plain2(sources: usize, columns: usize, tables: usize, outputs: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += step) plainStep(sources, columns, tables, outputs, min(at, bytes - step), 2)
}

// @ts-ignore: decorator
@inline
function plainStep(sources: usize, columns: usize, tables: usize, outputs: usize, at: usize, rows: usize): void {
  const mask = i8x16.splat(<i8>nibbleMask)
  const end = sources + columns * 4
  let p0 = i8x16.splat(0), p1 = p0, q0 = p0, q1 = p0
  for (let source = sources; source < end; source += 4, tables += 32) {
    const block = <usize>load<u32>(source) + at
    const a = v128.load(block)
    const b = v128.load(block, 16)
    p0 = v128.xor(p0, a)
    q0 = v128.xor(q0, b)
    if (rows == 2) {
      let t = v128.load(tables)
      p1 = add(p1, t, v128.and(a, mask)); q1 = add(q1, t, v128.and(b, mask))
      t = v128.load(tables, 16)
      p1 = add(p1, t, v128.and(i16x8.shr_u(a, 4), mask)); q1 = add(q1, t, v128.and(i16x8.shr_u(b, 4), mask))
    }
  }
  const o0 = <usize>load<u32>(outputs) + at
  v128.store(o0, p0); v128.store(o0, q0, 16)
  if (rows == 2) {
    const o1 = <usize>load<u32>(outputs, 4) + at
    v128.store(o1, p1); v128.store(o1, q1, 16)
  }
}
