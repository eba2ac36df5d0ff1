/*
 * AssemblyScript. Sums of products over GF(2^8) of equally long blocks that lie in the host's shared memory.
 *
 * A product c·b is two look-ups: low[b & 15] ^ high[b >> 4], with two tables of 16 bytes per coefficient c; a swizzle does sixteen of
 * them at once (Plank, Greenan, Miller: "Screaming Fast Galois Field Arithmetic Using Intel SIMD Instructions", FAST 2013). The indexes
 * never pass 15, where relaxed and plain swizzle agree, so the result is the same on every machine.
 *
 * The module owns no byte of the memory: no data segments, no statics, no stack. All it touches is named by its arguments:
 *   sources: u32 per column, where the column's block lies
 *   tables:  column by column, row by row, the two tables of the coefficient
 *   outputs: u32 per row, where the row's block goes; outputs never overlap sources
 */

// A wasm global, not memory. Exported as mutable so that no compiler knows its value: V8 rebuilds known vectors in every round of a loop.
export let nibbleMask: i32 = 15

const step: usize = 32

// How many rows a pass computes is a type, so that each export is compiled without branches on it: u8, u16, u32 are 1, 2, 4 rows.
export function combine1(sources: usize, columns: usize, tables: usize, outputs: usize, bytes: usize): void {
  combine<u8>(sources, columns, tables, outputs, bytes)
}

export function combine2(sources: usize, columns: usize, tables: usize, outputs: usize, bytes: usize): void {
  combine<u16>(sources, columns, tables, outputs, bytes)
}

export function combine4(sources: usize, columns: usize, tables: usize, outputs: usize, bytes: usize): void {
  combine<u32>(sources, columns, tables, outputs, bytes)
}

// @ts-ignore: decorator
@inline
function combine<Rows>(sources: usize, columns: usize, tables: usize, outputs: usize, bytes: usize): void {
  if (bytes < step) {
    combineBytes<Rows>(sources, columns, tables, outputs, bytes)
    return
  }
  const last = bytes - step
  for (let at: usize = 0; ; at += step) {
    // The last step ends at the last byte; where it overlaps the one before, it writes the same bytes again.
    combineStep<Rows>(sources, columns, tables, outputs, min(at, last))
    if (at >= last) break
  }
}

// @ts-ignore: decorator
@inline
function combineStep<Rows>(sources: usize, columns: usize, tables: usize, outputs: usize, at: usize): void {
  const mask = i8x16.splat(<i8>nibbleMask)
  const end = sources + columns * 4
  let a0 = i8x16.splat(0), b0 = a0, a1 = a0, b1 = a0, a2 = a0, b2 = a0, a3 = a0, b3 = a0
  for (let source = sources; source < end; source += 4) {
    const block = <usize>load<u32>(source) + at
    const a = v128.load(block)
    const b = v128.load(block, 16)
    let x = v128.and(a, mask)
    let y = v128.and(b, mask)
    let table = v128.load(tables)
    a0 = add(a0, table, x)
    b0 = add(b0, table, y)
    if (sizeof<Rows>() >= 2) {
      table = v128.load(tables, 32)
      a1 = add(a1, table, x)
      b1 = add(b1, table, y)
    }
    if (sizeof<Rows>() >= 4) {
      table = v128.load(tables, 64)
      a2 = add(a2, table, x)
      b2 = add(b2, table, y)
      table = v128.load(tables, 96)
      a3 = add(a3, table, x)
      b3 = add(b3, table, y)
    }
    x = v128.and(i16x8.shr_u(a, 4), mask)
    y = v128.and(i16x8.shr_u(b, 4), mask)
    table = v128.load(tables, 16)
    a0 = add(a0, table, x)
    b0 = add(b0, table, y)
    if (sizeof<Rows>() >= 2) {
      table = v128.load(tables, 48)
      a1 = add(a1, table, x)
      b1 = add(b1, table, y)
    }
    if (sizeof<Rows>() >= 4) {
      table = v128.load(tables, 80)
      a2 = add(a2, table, x)
      b2 = add(b2, table, y)
      table = v128.load(tables, 112)
      a3 = add(a3, table, x)
      b3 = add(b3, table, y)
    }
    tables += sizeof<Rows>() * 32
  }
  put(outputs, 0, at, a0, b0)
  if (sizeof<Rows>() >= 2) put(outputs, 1, at, a1, b1)
  if (sizeof<Rows>() >= 4) {
    put(outputs, 2, at, a2, b2)
    put(outputs, 3, at, a3, b3)
  }
}

// @ts-ignore: decorator
@inline
function add(sum: v128, table: v128, nibbles: v128): v128 {
  return v128.xor(sum, i8x16.relaxed_swizzle(table, nibbles))
}

// @ts-ignore: decorator
@inline
function put(outputs: usize, row: usize, at: usize, a: v128, b: v128): void {
  const block = <usize>load<u32>(outputs + row * 4) + at
  v128.store(block, a)
  v128.store(block, b, 16)
}

// Blocks shorter than a step, byte by byte.
// @ts-ignore: decorator
@inline
function combineBytes<Rows>(sources: usize, columns: usize, tables: usize, outputs: usize, bytes: usize): void {
  for (let row: usize = 0; row < sizeof<Rows>(); row++) {
    const output = <usize>load<u32>(outputs + row * 4)
    for (let at: usize = 0; at < bytes; at++) {
      let sum: u32 = 0
      for (let column: usize = 0; column < columns; column++) {
        const byte = <usize>load<u8>(<usize>load<u32>(sources + column * 4) + at)
        const table = tables + (column * sizeof<Rows>() + row) * 32
        sum ^= load<u8>(table + (byte & 15)) ^ load<u8>(table + (byte >> 4), 16)
      }
      store<u8>(output + at, sum)
    }
  }
}
