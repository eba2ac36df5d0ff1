// A wasm global, not memory. Exported as mutable so that no compiler knows its value: V8 rebuilds known vectors in every round of a loop.
export let nibbleMask: i32 = 15

// Bytes of each block that a step handles: two vectors.
export const step: usize = 32
// Bytes of each block that all columns are added over before the next: four rows of it stay in the first-level cache.
export const tile: usize = 4096

// sum + the products of sixteen nibbles.
// @ts-ignore: decorator
@inline
export function add(sum: v128, table: v128, nibbles: v128): v128 {
  return v128.xor(sum, ASC_FEATURE_RELAXED_SIMD ? i8x16.relaxed_swizzle(table, nibbles) : i8x16.swizzle(table, nibbles))
}
